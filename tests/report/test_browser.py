"""The report in a real browser; skipped where none is installed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.report.browser import CHROMIUM, CUT_OFF, DRIVER, OVERFLOWING, TOO_WIDE, Browser, started

if not (CHROMIUM.exists() and DRIVER.exists()):
    pytest.skip("chromium or chromedriver is not installed", allow_module_level=True)
pytest.importorskip("selenium", reason="selenium is not installed")
pypdf = pytest.importorskip("pypdf", reason="pypdf is not installed")


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with started(tmp_path_factory.mktemp("chromium")) as found:
        yield found


@pytest.fixture(scope="module")
def report(html: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("page") / "report.html"
    path.write_text(html, encoding="utf-8")
    return path


def faults(browser: Browser) -> dict[str, list[str]]:
    """What is wrong with the page that is open, by kind."""
    width = browser.ask("return document.documentElement.scrollWidth;")
    found = {
        "console": browser.messages(),
        "requests": browser.requests(),
        "scrolls": [str(width)] if width > browser.width else [],
        "too wide": browser.ask(TOO_WIDE),
        "overflowing": browser.ask(OVERFLOWING),
        "cut off": browser.ask(CUT_OFF),
    }
    return {kind: what for kind, what in found.items() if what}


@pytest.mark.parametrize("width", [380, 1_400])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_is_whole(browser: Browser, report: Path, width: int, scheme: str) -> None:
    browser.open(report, width, scheme)
    assert faults(browser) == {}
    colours = browser.ask(
        "const s = getComputedStyle(document.body); return [s.backgroundColor, s.color];"
    )
    dark = ["rgb(20, 23, 27)", "rgb(233, 236, 239)"]
    assert (colours == dark) == (scheme == "dark")
    # What is black in a picture takes the colour of the page's text.
    drawn = browser.ask("return getComputedStyle(document.querySelector('svg.picture text')).fill;")
    assert drawn == colours[1]


def test_a_broken_page_is_seen(browser: Browser, tmp_path: Path) -> None:
    path = tmp_path / "broken.html"
    path.write_text(
        "<!doctype html><meta name='viewport' content='width=device-width'>"
        "<div style='width: 900px'>wide</div>"
        "<p style='width: 40px'>incomprehensibilities</p>"
        "<svg class='picture' width='100' height='20'><text x='80' y='9'>too far out</text></svg>"
        "<script>console.error('broken')</script><img src='http://127.0.0.1:9/missing.png'>",
        encoding="utf-8",
    )
    browser.open(path, 380)
    found = faults(browser)
    assert set(found) == {"console", "requests", "scrolls", "too wide", "overflowing", "cut off"}


def test_it_prints_on_two_or_three_pages(browser: Browser, report: Path, tmp_path: Path) -> None:
    browser.open(report, 1_400, "dark")
    printed = pypdf.PdfReader(browser.printed(tmp_path / "report.pdf"))
    assert len(printed.pages) in (2, 3)
    width, height = (float(side) / 72.0 * 25.4 for side in printed.pages[0].mediabox[2:])
    assert (round(width), round(height)) == (210, 297)
    text = " ".join(page.extract_text() for page in printed.pages)
    for heading in ("Will we hit the number?", "The channels", "How to run it again"):
        assert heading in text


def test_a_page_without_print_rules_is_longer(browser: Browser, html: str, tmp_path: Path) -> None:
    path = tmp_path / "plain.html"
    path.write_text(html.replace("@media print", "@media speech"), encoding="utf-8")
    browser.open(path)
    assert len(pypdf.PdfReader(browser.printed(tmp_path / "plain.pdf")).pages) > 3
