"""A result's figures with the interval that is right for each, and what is not shown."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

import gtmsim as gtm
from gtmsim import CampaignProgram, Lomax, Pareto, Plan, ScipyDistribution, simulate_portfolio
from gtmsim.errors import ArgumentError, MetricError, PrecisionError
from gtmsim.presets import example_plan
from gtmsim.statistics import mean_interval, probability_interval


@pytest.fixture(scope="module")
def result():
    return simulate_portfolio(example_plan(), scenarios=20_000, rng=7)


@pytest.fixture(scope="module")
def binned():
    return simulate_portfolio(example_plan(), scenarios=20_000, rng=7, keep="summary")


def bets(*indices: float) -> Plan:
    return Plan(
        horizon=12,
        channels=[
            CampaignProgram(name=f"a{a:g}", campaigns=20, spend=10.0, multiple=Pareto(tail_index=a))
            for a in indices
        ],
    )


METHODS = {
    "p10": "order statistics",
    "value_p99.5": "order statistics",
    "top_share": "order statistics",
    "prob_loss": "Wilson",
    "prob_target": "Wilson",
    "mean": "normal",
    "spend": "normal",
    "cvar_95": "influence function",
    "net_cvar_90": "influence function",
    "hit_rate": "normal",
    "largest_share_p50": "order statistics",
}


@pytest.mark.parametrize("figure", METHODS)
def test_each_figure_has_its_own_interval(result, binned, figure):
    interval = result.interval(figure)
    assert interval.method == METHODS[figure]
    assert interval.low < interval.estimate < interval.high
    assert result.interval(figure, level=0.5).half_width < 0.5 * interval.half_width
    coarse = binned.interval(figure)
    assert coarse.estimate == pytest.approx(interval.estimate, rel=1 / 64)
    # Bins widen an interval, by a bin at most; never do they make it much narrower.
    assert coarse.half_width > 0.99 * interval.half_width
    assert coarse.half_width < interval.half_width + abs(interval.estimate) / 32


def test_figures_are_those_of_the_summary(result):
    plain, wide = result.summary(), result.summary(intervals=True)
    assert list(wide.columns.levels[0].sort_values()) == sorted(plain.columns)
    for figure in plain:
        np.testing.assert_allclose(wide[figure, "estimate"], plain[figure], rtol=1e-9)
        ordered = wide[figure].dropna()
        assert (ordered["low"] <= ordered["high"]).all()


def test_the_interval_holds_what_is_exact_as_often_as_it_says():
    """Of 400 runs each: 95 % within 5 standard errors; at a false value, never so."""
    plan = bets(1.5)
    exact = 20 * 10.0 * 3.0
    values = simulate_portfolio(plan, scenarios=400 * 2_000, rng=3).values()
    held = wrong = naive = 0
    for part in np.split(values, 400):
        interval = mean_interval(part, tail_index=1.5)
        held += interval.low <= exact <= interval.high
        wrong += interval.low <= 1.1 * exact <= interval.high
        half = 1.96 * part.std() / math.sqrt(part.size)
        naive += abs(part.mean() - exact) <= half
    assert stats.binom(400, 0.95).cdf(held) > 1e-4
    assert stats.binom(400, 0.95).cdf(naive) < 1e-6
    assert stats.binom(400, 0.95).cdf(wrong) < 1e-6


def test_a_mean_that_does_not_exist_is_not_shown():
    result = simulate_portfolio(bets(0.8, 1.3, 2.5), scenarios=5_000, rng=7)
    means = result.summary()["value_mean"]
    assert means["a0.8"] == means["portfolio"] == math.inf
    assert means["a1.3"] == pytest.approx(20 * 10.0 * 1.3 / 0.3, rel=1e-12)
    rule = r"metric: must exist: with tail index 0\.8 portfolio has no mean, got 'value_mean'"
    with pytest.raises(MetricError, match=rule):
        result.interval("mean")
    assert result.interval("mean", "a1.3").method == "power-law tail"
    text = repr(result)
    assert "a0.8: the mean is infinite, with tail index 0.8" in text
    assert "a1.3: the mean is exact; with tail index 1.3 that of n scenarios comes near it" in text
    assert "n**-0.23" in result._repr_html_()
    assert text.count("infinite") == 4
    assert result.interval("spend").low == pytest.approx(600.0)


def test_the_mean_of_channels_together_is_exact_under_a_power_law():
    result = simulate_portfolio(bets(1.3, 2.5), scenarios=5_000, rng=7)
    interval = result.interval("mean")
    assert interval.method == "exact"
    assert interval.low == interval.high == result.exact["value_mean"]["portfolio"]
    assert result.interval("net_mean").estimate == pytest.approx(interval.estimate - 400.0)
    with pytest.raises(MetricError, match=r"metric: must not be the mean of channels together"):
        result.interval("multiple_mean")


def test_a_mean_that_is_not_known_is_not_shown():
    # scipy's law says nothing of its tail.
    law = ScipyDistribution.from_frozen(stats.lognorm(1.0))
    program = CampaignProgram(name="odd", campaigns=5, spend=1.0, multiple=law)
    result = simulate_portfolio(Plan(horizon=3, channels=[program]), scenarios=1_000, rng=7)
    assert math.isnan(result.summary()["value_mean"]["odd"])
    assert "the tail is not known, so neither is whether a mean exists" in repr(result)
    with pytest.raises(MetricError, match=r"must have a mean, and the tail of odd is not known"):
        result.interval("mean", "odd")
    # A cap settles it.
    capped = Plan(horizon=3, channels=[program.replace(cap=1e3)])
    assert simulate_portfolio(capped, scenarios=1_000, rng=7).summary()["value_mean"]["odd"] > 0.0


def test_too_few_scenarios_for_a_tail_give_the_exact_mean():
    program = CampaignProgram(
        name="p", campaigns=3, spend=1.0, multiple=Lomax(tail_index=1.1, scale=1.0), cap=1e6
    )
    result = simulate_portfolio(Plan(horizon=3, channels=[program]), scenarios=500, rng=7)
    assert result.summary()["value_mean"]["p"] == result.exact["value_mean"]["p"]
    assert "p: the mean is exact; the scenarios are too few for their tail" in repr(result)


def test_what_is_refused(result):
    with pytest.raises(MetricError, match=r"metric: must be prob_loss, .*, got 'profit' \(write"):
        result.interval("profit")
    with pytest.raises(MetricError, match=r"got 'value_p100'"):
        result.interval("value_p100")
    with pytest.raises(MetricError, match=r"channel: must be one of"):
        result.interval("p10", "nobody")
    with pytest.raises(ArgumentError, match=r"level: must be above 0 and below 1, got 1.0"):
        result.interval("p10", level=1.0)
    with pytest.raises(MetricError, match=r"metric: must be of a channel with campaigns, got 'hit"):
        result.interval("hit_rate", "enterprise")
    with pytest.raises(MetricError, match=r"must be of the portfolio of a plan with a target"):
        result.interval("prob_target", "enterprise")
    few = simulate_portfolio(example_plan(), scenarios=100, rng=7)
    with pytest.raises(PrecisionError, match=r"values: must have at least 25 draws in the"):
        few.interval("cvar_95")


def test_the_tail_of_the_draws_stands_beside_that_of_the_plan(binned):
    heavy = simulate_portfolio(bets(1.2), scenarios=50_000, rng=7)
    diagnostics = heavy.tail_diagnostics()
    assert diagnostics.pareto_k > 0.6
    assert diagnostics.tail_index.interval.low < 1.6
    light = simulate_portfolio(bets(8.0), scenarios=50_000, rng=7).tail_diagnostics()
    assert light.pareto_k < 0.3
    with pytest.raises(MetricError, match="keep"):
        binned.tail_diagnostics()


def test_public_names():
    assert gtm.prob_exceeds.__module__.startswith("gtmsim.rare")
    assert gtm.exact_moments.__module__.startswith("gtmsim.exact")


@pytest.mark.parametrize(
    ("successes", "trials", "low", "high"),
    # Newcombe, Statistics in Medicine 17 (1998), table I, method 3.
    [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_wilson_interval(successes: int, trials: int, low: float, high: float) -> None:
    interval = probability_interval(successes, trials)
    assert (interval.low, interval.high) == pytest.approx((low, high), abs=5e-5)
    mirrored = probability_interval(trials - successes, trials)
    assert (mirrored.low, mirrored.high) == pytest.approx((1.0 - high, 1.0 - low), abs=5e-5)
