"""The site as it is built: no warning, no link that leads nowhere, nothing from elsewhere."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from tests.docs.pages import DOCS, PAGES, ROOT, needs_pages, needs_sphinx
from tests.docs.test_reference import documented, reference_pages

pytestmark = needs_pages


@dataclass
class Page(HTMLParser):
    """What a page links to, loads from elsewhere, and can be linked at."""

    links: list[str] = field(default_factory=list)
    loads: list[str] = field(default_factory=list)
    anchors: set[str] = field(default_factory=set)
    style: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value for name, value in attrs if value is not None}
        self.anchors |= {given[name] for name in ("id", "name") if name in given}
        if "src" in given:
            self.loads.append(given["src"])
        if "href" in given:
            (self.links if tag == "a" else self.loads).append(given["href"])
        self.style.append(given.get("style", ""))

    def handle_data(self, data: str) -> None:
        if "url(" in data or "@import" in data:
            self.style.append(data)


def page_of(html: str) -> Page:
    page = Page()
    page.feed(html)
    return page


def outside(address: str) -> bool:
    parts = urlsplit(address)
    return bool(parts.netloc) or parts.scheme in ("http", "https", "ftp")


def wrong_in_site(site: Path) -> list[str]:
    """Links that lead nowhere, and whatever a page would load from another place."""
    pages = {
        path: page_of(path.read_text(encoding="utf-8")) for path in sorted(site.rglob("*.html"))
    }
    wrong = []
    for path, page in pages.items():
        for address in [*page.links, *page.loads]:
            if outside(address):
                continue
            parts = urlsplit(address)
            if parts.scheme in ("data", "mailto", "javascript"):
                continue
            target = (
                Path(os.path.normpath(path.parent / unquote(parts.path))) if parts.path else path
            )
            fragment = unquote(parts.fragment)
            here = pages.get(target)
            if not target.is_file() or (fragment and here and fragment not in here.anchors):
                wrong.append(f"{path.name}: {address} leads nowhere")
        wrong += [f"{path.name}: loads {a}" for a in page.loads if outside(a)]
        wrong += [
            f"{path.name}: {s}"
            for s in page.style
            if re.search(r"(url\(|@import)\W*(https?:)?//", s)
        ]
    for sheet in site.rglob("*.css"):
        if re.search(r"(url\(|@import)\W*(https?:)?//", sheet.read_text(encoding="utf-8")):
            wrong.append(f"{sheet.name}: loads from elsewhere")
    return wrong


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("site")
    run = subprocess.run(
        [sys.executable, "-m", "sphinx", "-q", "-W", "-n", "--keep-going", "-j", "1", DOCS, out],
        capture_output=True,
        text=True,
        cwd=ROOT,
    )
    assert run.returncode == 0, run.stderr
    assert run.stderr == ""
    return out


@needs_sphinx
def test_the_site_is_whole_and_needs_no_network(site: Path) -> None:
    assert len(list(site.rglob("*.html"))) > len(PAGES)
    assert not wrong_in_site(site)


@needs_sphinx
def test_the_site_documents_every_public_name(site: Path) -> None:
    anchors = set()
    for path in (site / "reference").glob("*.html"):
        anchors |= page_of(path.read_text(encoding="utf-8")).anchors
    names = documented(reference_pages())
    assert {
        name for name in names if name not in anchors and f"module-{name}" not in anchors
    } == set()


@needs_sphinx
def test_equations_and_tables_are_drawn(site: Path) -> None:
    numbers = (site / "numbers.html").read_text(encoding="utf-8")
    assert numbers.count("<math xmlns") > 100
    assert "\\frac" not in numbers
    assert "$" not in re.sub(r"<script.*?</script>", "", numbers, flags=re.DOTALL)
    fields = (site / "reference" / "plan-files.html").read_text(encoding="utf-8")
    assert "half_life" in fields
    assert "Usage: gtmsim run" in (site / "reference" / "commands.html").read_text(encoding="utf-8")


def test_what_is_wrong_in_a_site_is_seen(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text(
        '<p id="here"><a href="#here"></a><a href="b.html#there"></a></p>'
    )
    (tmp_path / "b.html").write_text('<i id="there"></i><a href="https://example.org/no">x</a>')
    assert not wrong_in_site(tmp_path)
    (tmp_path / "b.html").write_text(
        '<script src="https://cdn.example.org/x.js"></script><a href="c.html">'
    )
    assert wrong_in_site(tmp_path) == [
        "a.html: b.html#there leads nowhere",
        "b.html: c.html leads nowhere",
        "b.html: loads https://cdn.example.org/x.js",
    ]
    (tmp_path / "a.css").write_text("@import url(//fonts.example.org/x.css);")
    assert "a.css: loads from elsewhere" in wrong_in_site(tmp_path)
