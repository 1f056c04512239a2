"""Every path, and every name beside it, that CONTRIBUTING.md sends a reader to exists."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "CONTRIBUTING.md"
_PATH = re.compile(r"(?<![\w/.-])(?:gtmsim|tests|docs|notebooks|benchmarks|\.ci)/[\w./-]*\w/?")
_NAMES = {
    "METRICS": "gtmsim/summary.py",
    "MONTHLY_METRICS": "gtmsim/summary.py",
    "scenario_metrics": "gtmsim/summary.py",
    "PortfolioDraws": "gtmsim/core/portfolio.py",
    "_HEAVY_METRICS": "gtmsim/result/intervals.py",
    "HEADERS": "gtmsim/result/display.py",
    "Multiple": "gtmsim/distributions/base.py",
    "AnyMultiple": "gtmsim/distributions/__init__.py",
    "as_multiple": "gtmsim/claim/probability.py",
    "_WORDS": "gtmsim/fit/program/fitting.py",
    "STREAM_VERSION": "gtmsim/core/streams.py",
}

pytestmark = pytest.mark.skipif(not PAGE.exists(), reason="CONTRIBUTING.md is not beside the tests")


def text() -> str:
    return PAGE.read_text(encoding="utf-8")


def missing(page: str) -> list[str]:
    """Return the paths that a page names and that are not there."""
    return sorted({path for path in _PATH.findall(page) if not (ROOT / path).exists()})


def test_every_path_exists() -> None:
    assert len(set(_PATH.findall(text()))) > 50
    assert missing(text()) == []


def test_a_path_that_is_gone_is_seen() -> None:
    page = "`gtmsim/summary.py`, `gtmsim/summaries.py` and `tests/gone/`"
    assert missing(page) == ["gtmsim/summaries.py", "tests/gone/"]


@pytest.mark.parametrize("name", _NAMES)
def test_every_name_is_defined_where_it_is_sought(name: str) -> None:
    assert f"`{name}`" in text()
    source = (ROOT / _NAMES[name]).read_text(encoding="utf-8")
    assert re.search(rf"^(?:class |def )?{name}\b", source, re.MULTILINE)


def test_commands_are_those_that_the_tree_knows() -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"][
        "optional-dependencies"
    ]
    assert set(re.findall(r"'\.\[(\w+)\]'", text())) <= set(extras)
