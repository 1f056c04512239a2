"""How the report is made: escaped, self-contained, and readable by everyone."""

from __future__ import annotations

import re
from importlib.resources import files
from itertools import pairwise

import pytest

import gtmsim as gtm
from gtmsim.plots.svg import inline_svg
from tests.report.pages import Element, parse

NASTY = "<script>alert(\"1\")</script> & 'q' $5_{k}$ שלום 😀 " + "x" * 150
CSS = files("gtmsim.report").joinpath("templates", "report.css").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def nasty() -> Element:
    plan = gtm.presets.example_plan()
    channels = [c.replace(name=f"{i}{NASTY}") for i, c in enumerate(plan.channels[2:])]
    changed = plan.replace(name=NASTY, basis=NASTY, currency="<b>&", channels=channels)
    return parse(gtm.simulate_portfolio(changed, scenarios=500, rng=7).to_html(validate=False))


def test_every_text_of_a_plan_is_escaped(nasty: Element) -> None:
    assert nasty.all("script") == []
    # Two for each of "Evidence", "Illustrative" and "Sources" would be too many.
    assert all(b.text().endswith(":") for b in nasty.all("b"))
    assert nasty.all("h1")[0].text() == NASTY
    headers = [e.text() for e in nasty.by_id("channels").all("th")]
    assert f"0{NASTY}" in headers
    drawn = " ".join(e.text() for svg in nasty.all("svg") for e in svg.all("text", "title"))
    assert "<script>" in drawn
    assert "$5_{k}$" in drawn


def test_a_page_that_is_not_escaped_is_seen() -> None:
    with pytest.raises(AssertionError):
        parse(f"<!doctype html><h1>{'</b>'}{NASTY}</h1>")
    assert parse("<h1><script>alert(1)</script></h1>").all("script") != []


def test_nothing_is_loaded_and_nothing_runs(html: str, page: Element) -> None:
    assert page.all("script", "link", "iframe", "object", "embed", "img") == []
    for element in page.all():
        assert not any(key.startswith("on") for key in element.attributes)
        for key in ("src", "href", "xlink:href", "data"):
            assert element.attributes.get(key, "#").startswith("#")
    assert not re.search(r"url\((?!#)|@import|https?://", html)
    assert any("default-src 'none'" in e.attributes.get("content", "") for e in page.all("meta"))


def test_headings_tables_and_pictures_have_names(page: Element) -> None:
    assert page.all("html")[0].attributes["lang"] == "en"
    levels = [int(e.tag[1]) for e in page.all("h1", "h2", "h3", "h4")]
    assert levels.count(1) == 1
    assert levels[0] == 1
    assert all(b <= a + 1 for a, b in pairwise(levels))
    for table in page.all("table"):
        assert table.all("caption")
        assert all(e.attributes["scope"] in ("col", "row") for e in table.all("th"))
        assert all(r.all("th") for r in table.all("tr"))
    ids = [e.attributes["id"] for e in page.all() if "id" in e.attributes]
    assert len(ids) == len(set(ids))
    pictures = page.all("svg")
    assert len(pictures) >= 6
    for picture in pictures:
        assert picture.attributes["role"] == "img"
        names = picture.attributes["aria-labelledby"].split()
        assert all(len(page.by_id(name).text()) > 20 for name in names)
        for element in picture.all("use"):
            assert element.attributes["href"].removeprefix("#") in ids
    for region in page.all():
        if region.attributes.get("role") == "region":
            assert region.attributes["aria-label"]


def schemes(css: str) -> dict[str, dict[str, str]]:
    """Return the colours of the three schemes: light, dark and print."""
    blocks = re.findall(r":root \{(.*?)\}", css, re.DOTALL)
    found = [dict(re.findall(r"--(\w+): (#[0-9a-f]{6})", block)) for block in blocks]
    return dict(zip(("light", "dark", "print"), found, strict=True))


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of two colours as WCAG 2 defines it."""

    def luminance(colour: str) -> float:
        parts = [int(colour[i : i + 2], 16) / 255.0 for i in (1, 3, 5)]
        linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark", "print"])
def test_text_stands_out_from_its_paper(scheme: str) -> None:
    colours = schemes(CSS)[scheme]
    for paper in ("paper", "panel"):
        for text in ("ink", "muted", "accent", "good", "bad"):
            assert contrast(colours[text], colours[paper]) >= 4.5, (text, paper)


def test_contrast_is_that_of_the_standard() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21.0)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)
    assert contrast("#565d66", "#14171b") < 4.5, "light ink on dark paper"


def test_pictures_follow_the_page() -> None:
    def draw(ax: object) -> None:
        ax.plot([0, 1], [0, 1], color="black", label="<b>")  # type: ignore[attr-defined]
        ax.plot([0, 1], [1, 0], color="white", marker="o")  # type: ignore[attr-defined]
        ax.legend()  # type: ignore[attr-defined]
        ax.set_title("5 < 6 & 7", loc="left")  # type: ignore[attr-defined]

    first, again = (inline_svg(draw, prefix="a", description='"so"') for _ in range(2))
    other = inline_svg(draw, prefix="b")
    assert first == again
    svg = parse(first).all("svg")[0]
    assert svg.all("title")[0].text() == "5 < 6 & 7"
    assert svg.all("desc")[0].text() == '"so"'
    assert "<b>" in [e.text() for e in svg.all("text")]
    assert "currentColor" in first
    assert "var(--paper" in first
    assert "#000000" not in first
    assert "DejaVu" not in first
    names = [set(re.findall(r'id="([^"]*)"', text)) for text in (first, other)]
    assert names[0]
    assert not names[0] & names[1]


def test_a_long_plan_stays_small() -> None:
    names = ("paid_search_generic", "paid_social", "display", "events", "brand", "pr_viral")
    programs = [gtm.presets.get(name)() for name in names]
    more = [p.replace(name=f"{p.name} again") for p in programs]
    plan = gtm.Plan(horizon=60, channels=[*programs, *more], target=5e6)
    result = gtm.simulate_portfolio(plan, scenarios=500, rng=7)
    assert len(result.to_html(validate=False).encode()) < 400_000
