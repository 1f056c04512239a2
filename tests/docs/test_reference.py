"""The reference names what there is, and every equation names the file and tests that hold it."""

from __future__ import annotations

import ast
import importlib
import re
from functools import cache
from pathlib import Path

import pytest

from gtmsim.model import Model
from tests.docs.pages import DOCS, ROOT, needs_pages, needs_sphinx

pytestmark = needs_pages

MODULES = ("", "decide", "errors", "fit", "plots", "presets", "report", "statistics")


def documented(pages: dict[str, str]) -> set[str]:
    """Full names that the pages of the reference document."""
    text = "\n".join(pages.values())
    found = set(re.findall(r"^\.\. automodule:: (\S+)$", text, re.MULTILINE))
    for module, names in re.findall(
        r"^```\{documents\} (\S+)\n(.*?)^```$", text, re.DOTALL | re.MULTILINE
    ):
        found |= {f"{module}.{name}" for name in names.split()}
    return found


def missing_names(pages: dict[str, str]) -> list[str]:
    """Public names that no page documents, under this or another public name."""
    names = documented(pages)
    values = [_value(name) for name in names]
    missing = []
    for part in MODULES:
        module = importlib.import_module(f"gtmsim.{part}".rstrip("."))
        for name in getattr(module, "__all__", ()):
            value, full = getattr(module, name), f"{module.__name__}.{name}"
            plain = isinstance(value, str | int | float)
            if full not in names and (plain or not any(value is other for other in values)):
                missing.append(full)
    return missing


def _value(name: str) -> object:
    try:
        return importlib.import_module(name)
    except ImportError:
        owner, _, last = name.rpartition(".")
        return getattr(importlib.import_module(owner), last)


def reference_pages() -> dict[str, str]:
    return {p.name: p.read_text(encoding="utf-8") for p in (DOCS / "reference").glob("*.md")}


def test_the_reference_lists_every_public_name() -> None:
    assert not missing_names(reference_pages())


def test_a_name_that_is_left_out_is_seen() -> None:
    pages = reference_pages()
    for name in ("simulate_portfolio", "Kelly", "hill", "pr_viral", "GREY", "HistoryError"):
        less = {
            page: re.sub(rf"^{name}$\n", "", text, flags=re.MULTILINE)
            for page, text in pages.items()
        }
        assert [full.rpartition(".")[2] for full in missing_names(less)] == [name]
    del pages["fit.md"]
    assert "gtmsim.fit" in missing_names(pages)


@needs_sphinx
def test_every_field_of_a_plan_has_its_unit_and_meaning(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.syspath_prepend(str(DOCS))
    site_tables = importlib.import_module("site_tables")
    written = site_tables.plan_fields()
    models: list[type[Model]] = [m for group in site_tables.TABLES.values() for m in group]
    rows = re.findall(r"^\| `(\w+)` \| (.*?) \| (.*?) \| (.*?) \| (.*?) \|$", written, re.MULTILINE)
    assert [row[0] for row in rows] == [name for model in models for name in model.model_fields]
    for name, meaning, unit, rule, default in rows:
        assert default, name
        assert rule, name
        assert meaning, name
        assert unit or not re.search(r"above|at least|number", rule), name


@cache
def functions(path: Path) -> frozenset[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))


def evidence_gone(text: str) -> list[str]:
    """Files and tests that a page names and that are not there."""
    gone = []
    for named in re.findall(r"`((?:gtmsim|tests)/[^`\s]*)`", text):
        file, _, test = named.partition("::")
        path = ROOT / file
        if not path.exists() or (test and test not in functions(path)):
            gone.append(named)
    return gone


def without_evidence(text: str) -> list[str]:
    """Equations of whose paragraph, up to the next in bold, no file or no test is named."""
    return [
        equation
        for paragraph in re.split(r"^(?=## |\*\*)", text, flags=re.MULTILINE)
        for equation in re.findall(r"^\$\$$(.*?)^\$\$$", paragraph, re.DOTALL | re.MULTILINE)
        if not re.search(r"`gtmsim/[^`]*\.py`", paragraph) or "::test_" not in paragraph
    ]


def test_every_equation_names_its_file_and_tests() -> None:
    text = (DOCS / "numbers.md").read_text(encoding="utf-8")
    assert len(re.findall(r"::test_\w+`", text)) > 80
    assert not evidence_gone(text)
    assert not without_evidence(text)


def test_evidence_that_is_gone_is_seen() -> None:
    text = (DOCS / "numbers.md").read_text(encoding="utf-8")
    assert evidence_gone(text.replace("test_ramps`", "test_ramp`")) == [
        "tests/test_reference.py::test_ramp"
    ]
    assert evidence_gone("`gtmsim/core/sale.py`") == ["gtmsim/core/sale.py"]
    assert without_evidence("$$\nx\n$$\n\n`gtmsim/tails.py`\n") == ["\nx\n"]
    named = "$$\nx\n$$\n\n`gtmsim/tails.py`, `tests/a.py::test_b`\n\n"
    assert without_evidence(named) == []
    assert without_evidence(f"**A.** It is\n\n$$\ny\n$$\n\n**B.** So is\n\n{named}") == ["\ny\n"]
