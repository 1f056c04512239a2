"""Moments and tails of plans whose parameters vary."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from gtmsim import (
    CampaignProgram,
    Empirical,
    LogNormal,
    Pareto,
    Plan,
    ScipyDistribution,
    exact_moments,
    simulate_portfolio,
)
from gtmsim.core.streams import LANES
from gtmsim.errors import MetricError
from gtmsim.result import PortfolioResult
from tests.alternatives.plans import RUN, alone, bets
from tests.laws import expect_mean, rejects


def test_mean_and_variance_are_those_of_total_variance():
    """Hit or miss with one of two hit rates: each block's mean and squares are independent."""
    n, gain, rates = 30, 5.0, np.array([0.2, 0.3])
    versions = [
        bets(campaigns=n, multiple=Empirical(values=[gain]), hit_rate=rate) for rate in rates
    ]
    result = simulate_portfolio(
        alone(versions[0]), scenarios=3_000 * LANES, rng=3, alternatives={"bets": versions}
    )
    mean = gain * n * rates.mean()
    within = gain**2 * n * (rates * (1.0 - rates)).mean()
    between = (gain * n) ** 2 * rates.var()
    blocks = result.values().reshape(-1, LANES)
    expect_mean(blocks.mean(axis=1), mean)
    squares = ((blocks - mean) ** 2).mean(axis=1)
    expect_mean(squares, within + between)
    rejects(expect_mean, squares, within)
    rejects(expect_mean, blocks.mean(axis=1), gain * n * rates[0])
    exact = result.exact.loc["bets"]
    assert exact["value_mean"] == pytest.approx(mean)
    assert exact["value_sd"] == pytest.approx(math.sqrt(within + between))
    assert exact["hits_sd"] == pytest.approx(math.sqrt(within + between) / gain)


def test_exact_moments_of_a_market_shared_by_versions():
    law = Empirical(values=[2.0])
    one = [bets(name="a", multiple=law, market_loading=b, hit_rate=0.5) for b in (0.0, 1.5)]
    other = [bets(name="b", multiple=law, market_loading=1.0, hit_rate=h) for h in (0.2, 0.9)]
    plan = Plan(horizon=2, channels=[one[0], other[0]], market_volatility=0.5)
    versions = {"a": one, "b": other}
    pairs = [exact_moments(plan.replace(channels=[x, y])) for x in one for y in other]
    result = simulate_portfolio(plan, scenarios=LANES, rng=3, alternatives=versions)
    for name in ("a", "b", "portfolio"):
        for metric in ("value", "hits"):
            mean, sd = (
                np.array([pair.loc[name, f"{metric}_{m}"] for pair in pairs])
                for m in ("mean", "sd")
            )
            found = result.exact.loc[name]
            assert found[f"{metric}_mean"] == pytest.approx(mean.mean())
            assert found[f"{metric}_sd"] == pytest.approx(math.sqrt((sd**2).mean() + mean.var()))
    alone_sd = math.hypot(result.exact["value_sd"]["a"], result.exact["value_sd"]["b"])
    assert result.exact["value_sd"]["portfolio"] > 1.02 * alone_sd


def test_the_tail_is_that_of_the_heaviest_version():
    laws = [Pareto(tail_index=3.0), Pareto(tail_index=0.9), LogNormal(median=1.0, sigma=1.0)]
    versions = [bets(multiple=law) for law in laws]
    plan = Plan(horizon=3, channels=[versions[2], bets(name="other", cap=10.0)])

    def run(*chosen: CampaignProgram) -> PortfolioResult:
        return simulate_portfolio(plan, scenarios=RUN, rng=7, alternatives={"bets": chosen})

    heavy, light = run(*versions), run(versions[0], versions[2])
    assert heavy.tail.loc["bets"].tolist() == ["power law", 0.9, False, False]
    assert heavy.tail.loc["portfolio", "tail_index"] == 0.9
    assert heavy.exact["value_mean"]["portfolio"] == math.inf
    assert heavy.summary()["value_mean"]["bets"] == math.inf
    assert "bets: the mean is infinite, with tail index 0.9" in repr(heavy)
    with pytest.raises(MetricError, match=r"must exist: with tail index 0.9 bets has no mean"):
        heavy.interval("mean", "bets")
    assert light.tail.loc["bets"].tolist() == ["power law", 3.0, True, True]
    means = [exact_moments(alone(v)).loc["bets", "value_mean"] for v in (versions[0], versions[2])]
    interval = light.interval("mean", "bets")
    assert (interval.low, interval.method) == (pytest.approx(np.mean(means)), "exact")
    with pytest.raises(MetricError, match=r"must not be a mean under a power law with alternat"):
        light.interval("multiple_mean", "bets")
    # Where one version's tail is not known, only what another lacks is known.
    odd = bets(multiple=ScipyDistribution.from_frozen(stats.lognorm(1.0)))
    assert run(odd, versions[0]).tail.loc["bets", "mean_exists"] is None
    assert run(odd, versions[1]).tail["mean_exists"].tolist() == [False, True, False]
    # Other channels' contracts are their own.
    assert heavy.tail.loc["other", "tail"] == "bounded"
