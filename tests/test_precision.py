"""Run until precise: it stops where the interval says so, and says why where it cannot."""

from __future__ import annotations

import math

import numpy as np
import pytest

from gtmsim import (
    CampaignProgram,
    Pareto,
    Plan,
    Precision,
    scenarios_needed,
    simulate_portfolio,
)
from gtmsim.errors import ArgumentError, ArgumentTypeError, MetricError, PrecisionError
from gtmsim.presets import example_plan

PLAN = example_plan()


def bets(alpha: float, **fields) -> Plan:
    law = Pareto(tail_index=alpha)
    return Plan(
        horizon=3,
        channels=[CampaignProgram(name="bets", campaigns=5, spend=1.0, multiple=law, **fields)],
    )


def test_it_stops_at_the_first_look_that_is_precise_enough():
    until = Precision("p10", relative=0.004)
    result = simulate_portfolio(PLAN, until=until, rng=7)
    reached = result.interval("p10")
    assert reached.half_width <= 0.004 * reached.estimate
    assert result.scenarios in 2**14 * 2 ** np.arange(1, 8)
    half = simulate_portfolio(PLAN, scenarios=result.scenarios // 2, rng=7).interval("p10")
    assert half.half_width > 0.004 * half.estimate


def test_its_scenarios_are_those_of_a_run_of_fixed_length():
    until = Precision("p10", relative=0.004)
    stopped = simulate_portfolio(PLAN, until=until, rng=7, workers=2)
    fixed = simulate_portfolio(PLAN, scenarios=stopped.scenarios, rng=7, workers=1)
    np.testing.assert_array_equal(stopped.values(), fixed.values())
    assert stopped.manifest["scenarios"] == stopped.scenarios
    binned = simulate_portfolio(PLAN, until=until, rng=7, keep="summary")
    first = simulate_portfolio(PLAN, scenarios=binned.scenarios, rng=7)
    assert binned.interval("prob_loss") == first.interval("prob_loss")


def test_the_planner_says_how_many_it_takes():
    needed = scenarios_needed(PLAN, "p10", 0.004, rng=7)
    interval = simulate_portfolio(PLAN, scenarios=needed, rng=8).interval("p10")
    assert interval.half_width / interval.estimate == pytest.approx(0.004, rel=0.25)
    assert scenarios_needed(PLAN, "p10", 0.008, rng=7) == pytest.approx(needed / 4, rel=1e-3)
    assert scenarios_needed(PLAN, "p10", 0.004, confidence=0.5, rng=7) < needed / 5


def test_stopping_early_hardly_bends_the_coverage():
    """60 runs that stop at some look hold the truth within 5 standard errors of 95 %."""
    truth = simulate_portfolio(bets(1.5), scenarios=2_000_000, rng=12345).quantile(0.5)
    held = wrong = 0
    for seed in range(60):
        interval = simulate_portfolio(
            bets(1.5), until=Precision("p50", 0.004), rng=seed, keep="scenarios"
        ).interval("p50")
        held += interval.low <= truth <= interval.high
        wrong += interval.low <= 1.01 * truth <= interval.high
    least = 60 * 0.95 - 5 * math.sqrt(60 * 0.95 * 0.05)
    assert held >= least
    assert wrong < least


def test_what_does_not_converge_is_refused():
    with pytest.raises(MetricError, match=r"must exist: with tail index 0.9 portfolio has no mean"):
        simulate_portfolio(bets(0.9), until=Precision("mean", 0.01), rng=7)
    rule = (
        r"metric: must converge: with tail index 1.5 the mean of n scenarios comes near as n\*\*-"
    )
    with pytest.raises(MetricError, match=rule):
        simulate_portfolio(bets(1.5), until=Precision("mean", 0.01), rng=7)
    with pytest.raises(MetricError, match=rule):
        scenarios_needed(bets(1.5), "net_mean", 0.01, rng=7)
    with pytest.raises(MetricError, match=r"metric: must be prob_loss"):
        simulate_portfolio(PLAN, until=Precision("profit", 0.01), rng=7)


def test_a_channel_that_is_not_there_is_named():
    for metric in ("mean", "p10", "prob_loss"):
        with pytest.raises(MetricError, match=r"channel: must be one of .*, got .x."):
            scenarios_needed(bets(1.5), metric, 0.01, channel="x", rng=7)


def test_what_cannot_be_reached_says_what_it_would_take():
    rule = r"max_scenarios: must be enough for 0.0001 of p10, which takes about [\d,]+, got 20000"
    with pytest.raises(PrecisionError, match=rule):
        simulate_portfolio(PLAN, until=Precision("p10", 1e-4), max_scenarios=20_000, rng=7)
    # So far out that no draw lies beyond the upper end of the interval.
    rare = bets(1.5, hit_rate=1e-4)
    with pytest.raises(PrecisionError, match=r"which takes more than that, got 16384"):
        simulate_portfolio(rare, until=Precision("p99.99", 0.01), max_scenarios=16_384, rng=7)
    with pytest.raises(PrecisionError, match=r"metric: must have an interval and not be 0"):
        scenarios_needed(rare, "p99.999", 0.01, rng=7)


def test_bad_arguments():
    with pytest.raises(ArgumentError, match=r"relative: must be above 0 and below 1, got 0"):
        Precision("p10", 0)
    with pytest.raises(ArgumentError, match=r"confidence: must be above 0 and below 1, got 95"):
        Precision("p10", 0.1, confidence=95)
    with pytest.raises(ArgumentTypeError, match=r"until: must be a Precision, got 0.01 \(write"):
        simulate_portfolio(PLAN, until=0.01)
    with pytest.raises(ArgumentError, match=r"max_scenarios: must be at least 16384"):
        simulate_portfolio(PLAN, until=Precision("p10", 0.1), max_scenarios=10)
