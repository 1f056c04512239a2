"""Intervals that allow for what scenarios of a block share."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import optimize, stats

from gtmsim import Empirical, LogNormal, Precision, scenarios_needed, simulate_portfolio
from gtmsim.core.streams import LANES
from gtmsim.errors import MetricError, PrecisionError
from gtmsim.result import PortfolioResult
from gtmsim.statistics import probability_interval, quantile_interval
from gtmsim.summary import Summary
from tests.alternatives.plans import PLAN, VARIED, alone, bets, same_bits

MEDIANS = np.exp(0.3 * stats.norm.ppf((np.arange(50) + 0.5) / 50))
SIGMA = 0.5


def mixed_cdf(x: float) -> float:
    return float(stats.norm.cdf(np.log(x / MEDIANS) / SIGMA).mean())


def test_intervals_hold_the_truth_as_often_as_they_say():
    """Of 300 runs each: 95 % within chance; those that take scenarios as independent, never so."""
    versions = [
        bets(campaigns=1, multiple=LogNormal(median=m, sigma=SIGMA)) for m in MEDIANS.tolist()
    ]
    runs, blocks = 300, 60
    whole = simulate_portfolio(
        alone(versions[0]),
        scenarios=runs * blocks * LANES,
        rng=5,
        alternatives={"bets": versions},
    )
    low = optimize.brentq(lambda x: mixed_cdf(x) - 0.1, 1e-3, 1e3)
    worst = MEDIANS * math.exp(SIGMA**2 / 2) * stats.norm.cdf(np.log(low / MEDIANS) / SIGMA - SIGMA)
    truth = {
        "p10": low,
        "p50": optimize.brentq(lambda x: mixed_cdf(x) - 0.5, 1e-3, 1e3),
        "prob_loss": mixed_cdf(1.0),
        "mean": MEDIANS.mean() * math.exp(SIGMA**2 / 2),
        "value_cvar_90": worst.mean() / 0.1,
    }
    held = dict.fromkeys(truth, 0)
    naive = dict.fromkeys(("p50", "prob_loss", "mean"), 0)
    for run in range(runs):
        part = slice(run * blocks * LANES, (run + 1) * blocks * LANES)
        result = segment(whole, part)
        for figure, exact in truth.items():
            interval = result.interval(figure)
            held[figure] += interval.low <= exact <= interval.high
            assert interval.method.endswith("by block")
        x = result.values()
        independent = {
            "p50": quantile_interval(x, 0.5),
            "prob_loss": probability_interval(int(np.sum(x < 1.0)), x.size),
        }
        for figure, interval in independent.items():
            naive[figure] += interval.low <= truth[figure] <= interval.high
        naive["mean"] += abs(x.mean() - truth["mean"]) <= 1.96 * x.std() / math.sqrt(x.size)
    for figure, count in held.items():
        assert stats.binom(runs, 0.95).cdf(count) > 1e-4, (figure, count)
        assert count < runs, figure
    for figure, count in naive.items():
        assert stats.binom(runs, 0.95).cdf(count) < 1e-6, (figure, count)


def segment(whole: PortfolioResult, part: slice) -> PortfolioResult:
    """Some blocks of a long run as a run of its own."""
    assert whole.kept is not None
    own = Summary(whole.distributions.names, whole.distributions.horizon, None)
    kept = whole.kept[:, :, part]
    own.scenarios = kept.shape[2]
    return PortfolioResult(whole.plan, whole.seed, {}, own, kept, whole.alternatives)


def test_an_interval_without_variation_is_hardly_wider():
    """Versions that are all the same cost little width, and never save any."""
    same = {"paid social": [PLAN["paid social"]] * 3}
    plain = simulate_portfolio(PLAN, scenarios=20_000, rng=7)
    result = simulate_portfolio(PLAN, scenarios=20_000, rng=7, alternatives=same)
    for figure in ("p10", "p50", "prob_loss", "prob_target", "mean", "net_cvar_90", "hit_rate"):
        usual, ours = plain.interval(figure), result.interval(figure)
        assert ours.estimate == pytest.approx(usual.estimate, rel=1e-12)
        assert 0.8 * usual.half_width < ours.half_width < 1.5 * usual.half_width
    assert result.interval("spend").estimate == pytest.approx(plain.interval("spend").estimate)


def test_shown_errors_allow_for_blocks():
    rates = (0.05, 0.95)
    plan = PLAN.replace(channels=[PLAN["paid social"], PLAN["PR"]], target=2e6)
    wide = {"paid social": [PLAN["paid social"].replace(hit_rate=rate) for rate in rates]}
    runs = (
        simulate_portfolio(plan, scenarios=20_000, rng=7, alternatives=wide, keep=keep)
        for keep in ("scenarios", "summary")
    )
    shown = [repr(run) for run in (simulate_portfolio(plan, scenarios=20_000, rng=7), *runs)]
    for text, digits in zip(shown, (2, 0, 0), strict=True):
        lines = text.splitlines()
        rate = next(line for line in lines if line.startswith("paid social")).split()[-2]
        assert len(rate.partition(".")[2]) == digits, rate
        # What does not vary is shown in full.
        assert any(line.startswith("PR ") and " 440.5k " in line for line in lines)
    said = ["paid social: the mean is exact; single scenarios were not kept" in t for t in shown]
    assert said == [False, False, True]


def test_intervals_ask_for_single_scenarios():
    slim = simulate_portfolio(PLAN, scenarios=400, rng=7, keep="summary", alternatives=VARIED)
    rule = r"keep: must be 'scenarios' for an interval of a run with alternatives, got 'summary'"
    for figure in ("p10", "prob_loss", "mean", "hit_rate"):
        with pytest.raises(MetricError, match=rule):
            slim.interval(figure)
    with pytest.raises(MetricError, match=r"simulate again with keep='scenarios'"):
        slim.summary(intervals=True)
    with pytest.raises(MetricError, match=rule):
        simulate_portfolio(
            PLAN, until=Precision("p10", 0.01), rng=7, keep="summary", alternatives=VARIED
        )
    assert slim.summary()["value_mean"]["portfolio"] == slim.exact["value_mean"]["portfolio"]


def test_too_few_blocks_have_no_interval():
    one = simulate_portfolio(PLAN, scenarios=LANES, rng=7, alternatives=VARIED)
    for figure in ("p10", "prob_loss", "spend"):
        with pytest.raises(PrecisionError, match=r"values: must be of at least two blocks"):
            one.interval(figure)
    assert "parameters of" in repr(one)
    few = simulate_portfolio(PLAN, scenarios=20 * LANES, rng=7, alternatives=VARIED)
    with pytest.raises(PrecisionError, match=r"values: must be of at least 25 blocks and many"):
        few.interval("mean")
    with pytest.raises(PrecisionError, match=r"values: must have at least 25 draws in the"):
        few.interval("cvar_99.5")
    assert few.summary(intervals=True)["hit_rate"].isna().all(axis=None)
    wide, narrow = (
        simulate_portfolio(PLAN, scenarios=k * LANES, rng=7, alternatives=VARIED).interval("p50")
        for k in (2, 40)
    )
    assert wide.low == -math.inf
    assert math.isfinite(narrow.half_width)


def test_a_probability_of_none_counts_blocks():
    sure = [bets(multiple=Empirical(values=[v])) for v in (3.0, 4.0)]
    result = simulate_portfolio(
        alone(sure[0]), scenarios=100 * LANES, rng=7, alternatives={"bets": sure}
    )
    interval = result.interval("prob_loss")
    as_blocks, as_scenarios = probability_interval(0, 100), probability_interval(0, 100 * LANES)
    assert interval.low == interval.estimate == 0.0
    assert as_blocks.high < interval.high < 1.1 * as_blocks.high
    assert interval.high > 50 * as_scenarios.high
    share = result.interval("top_share_p50")
    assert share.low == share.high == share.estimate


def test_it_runs_until_blocks_are_precise_enough():
    plan = alone(bets(campaigns=20, multiple=LogNormal(median=1.0, sigma=0.5)))
    wide = {"bets": [plan["bets"].replace(hit_rate=rate) for rate in (0.3, 0.5)]}
    until = Precision("p50", relative=0.02)
    plain = simulate_portfolio(plan, until=until, rng=7)
    result = simulate_portfolio(plan, until=until, rng=7, alternatives=wide)
    reached = result.interval("p50")
    assert reached.half_width <= 0.02 * reached.estimate
    assert result.scenarios > plain.scenarios
    fixed = simulate_portfolio(plan, scenarios=result.scenarios, rng=7, alternatives=wide)
    assert same_bits(result, fixed, "portfolio", slice(None))
    needed = scenarios_needed(plan, "p50", 0.02, rng=7, alternatives=wide)
    assert needed > 10 * scenarios_needed(plan, "p50", 0.02, rng=7)
