"""Results that several files save and read."""

from __future__ import annotations

import pytest

import gtmsim as gtm
from gtmsim.presets import example_plan
from gtmsim.result import PortfolioResult
from tests.simulate.saved import LAW, RUN


@pytest.fixture(scope="module")
def plan() -> gtm.Plan:
    return example_plan().replace(target=9_000_000.0)


@pytest.fixture(scope="module")
def whole(plan: gtm.Plan) -> PortfolioResult:
    return gtm.simulate_portfolio(plan, scenarios=RUN, rng=7)


@pytest.fixture(scope="module")
def small() -> PortfolioResult:
    bets = gtm.CampaignProgram(name="bets", campaigns=9, spend=1.0, multiple=LAW)
    return gtm.simulate_portfolio(gtm.Plan(horizon=3, channels=[bets]), scenarios=300, rng=7)
