"""Whole plans at random: whatever is legal gives finite numbers that agree with one another."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings

import gtmsim as gtm
from gtmsim.histograms import RELATIVE_WIDTH
from gtmsim.plan import Plan
from gtmsim.summary import METRICS
from tests.strategies import plans

SCENARIOS = 96


@settings(max_examples=60, deadline=None)
@given(plans())
def test_every_legal_plan_gives_consistent_numbers(plan: Plan) -> None:
    result = gtm.simulate_portfolio(plan, scenarios=SCENARIOS, rng=1, workers=1)
    slim = gtm.simulate_portfolio(plan, scenarios=SCENARIOS, rng=1, workers=1, keep="summary")
    for name in result.distributions.names:
        value, spend = result.values("value", name), result.values("spend", name)
        assert np.isfinite(value).all()
        assert (value >= 0.0).all()
        assert (spend > 0.0).all()
        shares = result.values("top_share", name)
        assert np.array_equal(np.isnan(shares), value == 0.0)
        assert ((shares[value > 0.0] >= 0.0) & (shares[value > 0.0] <= 1.0)).all()
        assert (result.values("largest", name) <= value * (1.0 + 1e-9)).all()
        for metric in METRICS:
            levels = result.quantiles((0.1, 0.5, 0.9), metric, name)
            assert (np.diff(levels) >= 0.0).all() or np.isnan(levels).all()
            binned = slim.quantiles((0.1, 0.5, 0.9), metric, name)
            size = np.maximum(np.nanmax(np.abs(result.values(metric, name)), initial=0.0), 1e-300)
            if (result.values(metric, name) >= 0.0).all():
                np.testing.assert_allclose(binned, levels, rtol=RELATIVE_WIDTH)
            else:
                np.testing.assert_allclose(binned, levels, atol=RELATIVE_WIDTH * size)
    parts = sum(result.values("value", name) for name in result.channels)
    np.testing.assert_allclose(parts, result.values("value"), rtol=1e-9)
    text = repr(result)
    assert "nan" not in text.lower().replace(plan.name.lower(), "")


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
