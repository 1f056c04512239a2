"""The pages as they stand: their code prints what they show, and their links lead somewhere.

``python -m tests.docs.test_pages [PAGE ...]`` writes anew what pages say that their code prints.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

import matplotlib.pyplot as plt
import pytest

from tests.docs.pages import DOCS, PAGES, ROOT, name_of, needs_pages

pytestmark = needs_pages

FENCE = re.compile(r"^```(?P<kind>\S*)[^\n]*\n(?P<body>.*?)^```$", re.DOTALL | re.MULTILINE)
WITH_CODE = [path for path in PAGES if "```python" in path.read_text(encoding="utf-8")]
BESIDE = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md"]
READ_ON_GITHUB = [*filter(Path.exists, BESIDE), ROOT / "gtmsim" / "fit" / "COLUMNS.md", *PAGES]


def run_page(text: str) -> Iterator[tuple[re.Match[str], str]]:
    """Run a page's Python from top to bottom; yield each shown output and what was printed."""
    names: dict[str, object] = {"__name__": "__main__"}
    printed, end = None, 0
    for block in FENCE.finditer(text):
        follows = not text[end : block.start()].strip()
        if block["kind"] == "python":
            out = io.StringIO()
            with contextlib.redirect_stdout(out):
                exec(compile(block["body"], "page", "exec"), names)  # noqa: S102 -- our own pages
            printed = out.getvalue()
        elif block["kind"] == "text" and printed is not None and follows:
            yield block, printed
            printed = None
        else:
            printed = None
        end = block.end()


def lines_of(text: str) -> list[str]:
    return [line.rstrip() for line in text.strip("\n").splitlines()]


def wrong_outputs(text: str) -> list[str]:
    return [
        f"shown:\n{block['body']}printed:\n{printed}"
        for block, printed in run_page(text)
        if lines_of(block["body"]) != lines_of(printed)
    ]


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages write files, and draw."""
    monkeypatch.chdir(tmp_path)
    plt.switch_backend("Agg")


@pytest.mark.usefixtures("elsewhere")
@pytest.mark.parametrize("path", WITH_CODE, ids=name_of)
def test_code_prints_what_the_page_shows(path: Path) -> None:
    assert not wrong_outputs(path.read_text(encoding="utf-8"))
    plt.close("all")


def test_wrong_code_and_wrong_outputs_are_seen() -> None:
    page = "```python\nx = 2\nprint(x)\n```\n\n```text\n{}\n```\n\n```python\nprint(x + 1)\n```\n"
    assert not wrong_outputs(page.format(2))
    assert wrong_outputs(page.format(3))
    assert wrong_outputs(page.format(""))
    with pytest.raises(NameError, match="y"):
        wrong_outputs("```python\ny\n```\n")


def prose(text: str) -> str:
    """Text without its blocks and spans of code."""
    return re.sub(r"`[^`\n]*`", "", FENCE.sub("", text))


def github_anchors(text: str) -> set[str]:
    """Anchors of headings: lower case, without signs, hyphens for spaces, numbered if repeated."""
    anchors: set[str] = set()
    for heading in re.findall(r"^#{1,6} (.+)$", FENCE.sub("", text), re.MULTILINE):
        plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).strip().lower()
        slug = re.sub(r"[^\w\- ]", "", plain).replace(" ", "-")
        number = 0
        while (anchor := f"{slug}-{number}" if number else slug) in anchors:
            number += 1
        anchors.add(anchor)
    return anchors


def broken_links(path: Path, text: str) -> list[str]:
    broken = []
    for link in re.findall(r"\]\(\s*<?([^)\s>]+)>?(?:\s+\"[^\"]*\")?\s*\)", prose(text)):
        parts = urlsplit(link)
        if parts.scheme or parts.netloc:
            continue
        target = path.parent / unquote(parts.path) if parts.path else path
        if not target.exists():
            broken.append(link)
        elif parts.fragment and target.suffix == ".md":
            there = text if target == path else target.read_text(encoding="utf-8")
            if parts.fragment not in github_anchors(there):
                broken.append(link)
    return broken


@pytest.mark.parametrize("path", READ_ON_GITHUB, ids=name_of)
def test_links_lead_somewhere(path: Path) -> None:
    assert not broken_links(path, path.read_text(encoding="utf-8"))


def test_broken_links_are_seen() -> None:
    page = "# A b: c\n\n# A b: c\n\n[x](#a-b-c-1) [y](numbers.md#cash) [z](https://x.org/no)\n"
    wrong = "[x](#a-b-c-2) [y](numbers.md#no) [z](no.md) `[z](no.md)`\n"
    assert not broken_links(DOCS / "index.md", page)
    assert broken_links(DOCS / "index.md", page + wrong) == ["#a-b-c-2", "numbers.md#no", "no.md"]


def write_outputs(path: Path) -> None:
    """Put what a page's code prints into the page."""
    text = path.read_text(encoding="utf-8")
    for block, printed in reversed(list(run_page(text))):
        shown = "\n".join(lines_of(printed))
        text = f"{text[: block.start('body')]}{shown}\n{text[block.end('body') :]}"
    path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    plt.switch_backend("Agg")
    chosen = [Path(name).resolve() for name in sys.argv[1:]] or WITH_CODE
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        for page in chosen:
            write_outputs(page)
