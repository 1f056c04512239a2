"""The smallest budget for a target: where it is known, and how far away what is out of reach is."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import gtmsim as gtm
from gtmsim import Empirical, LogNormal, Plan
from gtmsim.decide.allocation import Barbell, Bounds, Fixed, SmallestBudget, smallest_budget
from gtmsim.errors import ArgumentError, InfeasibleError
from tests.decide.allocation.cases import bets, reps

SURE = bets("sure", multiple=Empirical(values=(2.0,)))


def least(
    target: float, confidence: float, channels: Any, constraints: Any = (), **options: Any
) -> SmallestBudget:
    fields: dict[str, Any] = {"scenarios": 2_000, "rng": 5}
    if not isinstance(channels, Plan):
        fields["horizon"] = 6
    return smallest_budget(target, confidence, channels, constraints, **(fields | options))


def test_what_is_sure_costs_what_it_brings() -> None:
    # Five campaigns of 100 bring 1,000 for sure.
    found = least(1_000.0, 0.8, [SURE])
    assert (found.budget.low, found.budget.estimate, found.budget.high) == (500.0,) * 3
    assert found.probability.estimate == 1.0
    half = least(1_000.0, 0.8, [SURE], decide={"sure": "spend"}, most=5_000.0)
    assert half.budget.estimate == pytest.approx(500.0, rel=2e-3)
    assert half.budget.estimate >= 500.0 * (1.0 - 1e-9)


def test_net_takes_more_than_value() -> None:
    assert least(1_000.0, 0.8, [SURE], metric="net").budget.estimate == 1_000.0


@pytest.mark.parametrize(("confidence", "bets_needed"), [(0.5, 1), (0.7, 2), (0.9, 3), (0.95, 4)])
def test_one_hit_takes_as_many_bets_as_its_logarithm(confidence: float, bets_needed: int) -> None:
    # 1 - 0.4**n is at least the confidence.
    found = least(250.0, confidence, [bets("binary")])
    assert found.budget.estimate == 100.0 * bets_needed
    assert 0.4**bets_needed <= 1.0 - confidence < 0.4 ** (bets_needed - 1)


def test_the_interval_of_the_budget_is_that_of_the_probability() -> None:
    even = bets("even", campaigns=20, multiple=LogNormal(median=1.3, sigma=0.8), shared_luck=0.2)
    plan = Plan(horizon=6, channels=[reps("team", hires=2), even])
    options: dict[str, Any] = {"decide": {"even": "spend"}}
    found = least(1_500.0, 0.8, plan, **options)
    assert found.budget.low < found.budget.estimate < found.budget.high
    assert found.probability.low < 0.8 < found.probability.high
    result = gtm.simulate_portfolio(found.plan, scenarios=2_000, rng=found.fresh_seed)
    assert np.mean(result.values() >= 1_500.0) == found.probability.estimate >= 0.8
    assert result.exact["spend_mean"]["portfolio"] == pytest.approx(found.budget.estimate)
    curve = found.curve()
    assert curve.index.is_monotonic_increasing
    below = curve[curve["spend"] < found.budget.low]
    assert (below["high"] < 0.8).all()
    assert not below.empty
    more = least(1_500.0, 0.8, plan, scenarios=8_000, **options)
    assert more.budget.half_width < found.budget.half_width
    assert "is the smallest budget that reaches 1,500 with 80 %" in found.verdict
    shown = " ".join(repr(found).split())
    assert all(line in shown for line in found.explain().splitlines())
    assert "of even" in found.explain()


def test_constraints_make_it_dearer() -> None:
    channels = [SURE, bets("poor", multiple=Empirical(values=(0.5,)))]
    assert least(1_000.0, 0.8, channels, [Fixed("poor")]).budget.estimate == 600.0
    barbell = Barbell(["poor"], share=0.1)
    assert least(1_000.0, 0.8, channels, [barbell]).budget.estimate == 700.0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"most": 300.0},
            r"^target: must be reached with 80 % for a budget of 300; the best mix reaches it with "
            r"0 %, and with 80 % it reaches 600, 400 short, got 1000\.0 \(raise most, or loosen",
        ),
        ({"constraints": [Bounds("sure", high=4)]}, "with 80 % it reaches 800, 200 short"),
        (
            {"most": 50.0, "constraints": [Fixed("sure")]},
            r"Fixed\('sure'\): must fit in the budget",
        ),
        (
            {"constraints": [Barbell(["sure"], share=9.0)], "most": 400.0},
            r"Barbell\('sure', share=9, probability=0\.9\): must hold for a budget of 400",
        ),
    ],
)
def test_out_of_reach(options: dict[str, Any], message: str) -> None:
    with pytest.raises(InfeasibleError, match=message):
        least(1_000.0, 0.8, [SURE], **options)


@pytest.mark.parametrize(
    ("target", "confidence", "options", "message"),
    [
        (1_000.0, 1.0, {}, "confidence: must be above 0 and below 1"),
        (float("inf"), 0.5, {}, "target: must be finite"),
        (1_000.0, 0.5, {"most": 0.0}, "most: must be above 0"),
        (1_000.0, 0.5, {"metric": "profit"}, "metric: must be 'net' or 'value'"),
    ],
)
def test_bad_arguments(
    target: float, confidence: float, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(ArgumentError, match=message):
        least(target, confidence, [SURE], **options)
