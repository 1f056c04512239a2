"""Whole plans at random: whatever is legal gives finite numbers that agree with one another."""

from __future__ import annotations

import contextlib

import numpy as np
import pytest
from hypothesis import given, settings

import gtmsim as gtm
from gtmsim.errors import GtmsimError
from gtmsim.plan import Plan
from tests.robustness.consistency import check_plan, check_sums
from tests.strategies import plans

SCENARIOS = 96


@settings(max_examples=40, deadline=None)
@given(plans())
def test_every_usual_plan_gives_consistent_numbers(plan: Plan) -> None:
    check_plan(plan, SCENARIOS)


@settings(max_examples=8, deadline=None)
@given(plans(wide=True))
def test_every_legal_plan_gives_consistent_numbers(plan: Plan) -> None:
    # A law that cannot be tabulated is refused.
    with contextlib.suppress(GtmsimError):
        check_plan(plan, SCENARIOS)


def test_the_checks_see_a_wrong_number() -> None:
    result = gtm.simulate_portfolio(gtm.presets.example_plan(), scenarios=128, rng=1)
    check_sums(result)
    assert result.kept is not None
    result.kept[0, -1, 3] *= 1.0 + 1e-6
    with pytest.raises(AssertionError):
        check_sums(result)


@settings(max_examples=20, deadline=None)
@given(plans())
def test_listed_units_are_those_of_the_scenarios(plan: Plan) -> None:
    result = gtm.simulate_portfolio(plan, scenarios=2, rng=1, workers=1)
    for scenario, units in result.units.groupby("scenario"):
        at = int(str(scenario))
        assert units["units"].sum() == result.unit_count()
        assert np.isclose(units["value"].sum(), result.values("value")[at], rtol=1e-9)
        assert np.isclose(units["spend"].sum(), result.values("spend")[at], rtol=1e-9)
        if units["value"].sum() > 0.0:
            share = gtm.top_share(units["value"], spend=units["spend"])
            assert np.isclose(share, result.values("top_share")[at], rtol=1e-7)
