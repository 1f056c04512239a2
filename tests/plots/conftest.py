"""Results that pictures are drawn from, and what no picture may leave behind."""

from __future__ import annotations

from collections.abc import Iterator

import matplotlib as mpl
import matplotlib.pyplot as plt
import pytest

import gtmsim as gtm
from gtmsim.result import PortfolioResult
from tests.plots.cases import SCENARIOS, heavy_plan


@pytest.fixture(scope="session")
def kept() -> PortfolioResult:
    return gtm.simulate_portfolio(gtm.presets.example_plan(), scenarios=SCENARIOS, rng=7)


@pytest.fixture(scope="session")
def summarised() -> PortfolioResult:
    return gtm.simulate_portfolio(
        gtm.presets.example_plan(), scenarios=SCENARIOS, rng=7, keep="summary"
    )


@pytest.fixture(scope="session")
def heavy() -> PortfolioResult:
    """A result whose PR has no cap: a power law of index 1.2."""
    return gtm.simulate_portfolio(heavy_plan(1.2), scenarios=SCENARIOS, rng=7)


@pytest.fixture(scope="session")
def varied() -> PortfolioResult:
    """A result whose scenarios share their parameters, block by block."""
    plan = gtm.presets.example_plan()
    versions = [plan["PR"].replace(hit_rate=rate / 100.0) for rate in (5, 15, 25)]
    return gtm.simulate_portfolio(plan, scenarios=SCENARIOS, rng=7, alternatives={"PR": versions})


@pytest.fixture(autouse=True)
def _no_trace() -> Iterator[None]:
    before = mpl.rcParams.copy()
    yield
    plt.close("all")
    assert mpl.rcParams == before
