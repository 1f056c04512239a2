"""One result and its report for all tests of the folder."""

from __future__ import annotations

import pytest

import gtmsim as gtm
from tests.report.pages import Element, parse


@pytest.fixture(scope="session")
def result() -> gtm.PortfolioResult:
    return gtm.simulate_portfolio(gtm.presets.example_plan(), scenarios=4_000, rng=7)


@pytest.fixture(scope="session")
def html(result: gtm.PortfolioResult) -> str:
    return result.to_html()


@pytest.fixture(scope="session")
def page(html: str) -> Element:
    return parse(html)
