"""Intervals against exact binomial sums, closed forms, and the coverage that they promise."""

from __future__ import annotations

import math
import re
from typing import Any

import numpy as np
import pytest
from scipy import special, stats

from gtmsim.core._types import Floats
from gtmsim.distributions import Pareto
from gtmsim.errors import ArgumentError, ArgumentTypeError, PrecisionError
from gtmsim.histograms import Histogram, Histograms
from gtmsim.statistics import (
    Interval,
    lower_mean_interval,
    probability_interval,
    quantile_interval,
    quantile_ranks,
)
from gtmsim.statistics.intervals import interval_of_mean
from gtmsim.statistics.points import points_of
from tests.laws import expect_proportion, rejects


def histogram(values: Floats) -> Histogram:
    rows = Histograms(1)
    rows.add(values[None, :])
    return rows.row(0)


def binned(values: Floats) -> list[Floats | Histogram]:
    return [values, histogram(values)]


# -- Quantiles ----------------------------------------------------------------------------------


def chance(n: int, q: float, low: int, high: int) -> float:
    """Chance that the quantile lies between two order statistics, summed in plain Python."""
    return math.fsum(math.comb(n, b) * q**b * (1.0 - q) ** (n - b) for b in range(low, high))


@pytest.mark.parametrize("level", [0.5, 0.9, 0.95, 0.99])
@pytest.mark.parametrize("q", [0.02, 0.1, 0.5, 0.9])
@pytest.mark.parametrize("n", [1, 7, 60, 300])
def test_ranks_are_the_shortest_that_keep_the_level(n: int, q: float, level: float) -> None:
    low, high = quantile_ranks(n, q, level)
    assert 0 <= low < high <= n + 1
    assert chance(n, q, low, high) >= level - 1e-12
    for start in range(1, n + 1):
        stop = start + (high - low) - 1
        if stop <= n:
            assert chance(n, q, start, stop) < level
    if low >= 1 and high <= n:
        best = max(chance(n, q, a, a + high - low) for a in range(1, n - (high - low) + 1))
        assert chance(n, q, low, high) == pytest.approx(best, abs=1e-12)


def test_an_end_is_infinite_only_where_no_finite_pair_will_do() -> None:
    for n in range(1, 60):
        low, high = quantile_ranks(n, 0.5)
        finite = chance(n, 0.5, 1, n) >= 0.95
        assert (low >= 1 and high <= n) is finite
    assert quantile_ranks(1, 0.5) == (0, 2)
    assert quantile_ranks(20, 0.05) == (0, 4)
    interval = quantile_interval(range(20), 0.05)
    assert (interval.low, interval.high) == (-math.inf, 3.0)


def test_ranks_of_a_million_draws_are_those_of_a_normal_law() -> None:
    low, high = quantile_ranks(1_000_000, 0.1)
    assert low == pytest.approx(1e5 - 1.959964 * 300.0, abs=3.0)
    assert high == pytest.approx(1e5 + 1.959964 * 300.0, abs=3.0)
    fewer = special.bdtr(np.array([low - 1.0, high - 1.0]), 1_000_000, 0.1)
    assert 0.95 <= fewer[1] - fewer[0] < 0.9505


def test_a_quantile_has_its_estimate_ends_and_method() -> None:
    values = np.random.default_rng(1).permutation(np.arange(1.0, 102.0))
    interval = quantile_interval(values, 0.25)
    low, high = quantile_ranks(101, 0.25)
    assert interval == Interval(26.0, float(low), float(high), 0.95, "order statistics")
    assert interval.half_width == (high - low) / 2.0
    assert quantile_interval([2.0, 2.0, 2.0, 2.0, 2.0, 2.0, 2.0], 0.5).half_width == 0.0


def test_a_histogram_gives_a_wider_interval_by_at_most_a_bin_on_either_side() -> None:
    values = np.random.default_rng(2).standard_normal(5_000) * 100.0
    for q in (0.01, 0.1, 0.5, 0.9):
        exact, wide = (quantile_interval(x, q) for x in binned(values))
        assert exact.low - abs(exact.low) / 127 <= wide.low <= exact.low
        assert exact.high <= wide.high <= exact.high + abs(exact.high) / 127
        assert wide.estimate == pytest.approx(exact.estimate, rel=1 / 64)
    least, most = (quantile_interval(x, 0.5, 0.999999) for x in binned(np.arange(3.0)))
    assert (least.low, least.high) == (most.low, most.high) == (-math.inf, math.inf)


@pytest.mark.parametrize("q", [0.1, 0.5, 0.9])
def test_a_quantile_is_held_as_often_as_promised(q: float) -> None:
    rng, held, short, law = np.random.default_rng(3), 0, 0, Pareto(tail_index=0.5)
    low, high = quantile_ranks(500, q)
    exact = float(stats.binom(500, q).cdf(high - 1) - stats.binom(500, q).cdf(low - 1))
    for _ in range(1_000):
        interval = quantile_interval(law.isf(rng.random(500)), q)
        held += interval.low <= law.isf(1.0 - q) <= interval.high
        narrow = quantile_interval(law.isf(rng.random(500)), q, level=0.8)
        short += narrow.low <= law.isf(1.0 - q) <= narrow.high
    expect_proportion(held, 1_000, exact)
    rejects(expect_proportion, short, 1_000, exact)


# -- Probabilities ------------------------------------------------------------------------------


@pytest.mark.parametrize("level", [0.8, 0.95])
@pytest.mark.parametrize(("successes", "trials"), [(0, 10), (3, 10), (10, 10), (40, 1_000)])
def test_the_ends_of_a_probability_solve_its_score_test(
    successes: int, trials: int, level: float
) -> None:
    interval = probability_interval(successes, trials, level)
    z = stats.norm.ppf(0.5 + level / 2.0)
    assert interval.estimate == successes / trials
    for end in (interval.low, interval.high):
        if 0.0 < end < 1.0:
            score = (interval.estimate - end) / math.sqrt(end * (1.0 - end) / trials)
            assert abs(score) == pytest.approx(z)
    assert (interval.low == 0.0) is (successes == 0)
    assert (interval.high == 1.0) is (successes == trials)
    assert interval.method == "Wilson"


# -- Means of the worst -------------------------------------------------------------------------


def test_a_lower_mean_is_the_mean_of_the_worst_the_last_in_part() -> None:
    values = np.random.default_rng(4).permutation(np.arange(1_010.0))
    interval = lower_mean_interval(values, 0.0999)
    wanted = 0.0999 * 1_010
    exact = (np.arange(100).sum() + (wanted - 100) * 100.0) / wanted
    assert interval.estimate == pytest.approx(exact, rel=1e-12)
    assert lower_mean_interval(values, 50 / 1_010).estimate == pytest.approx(24.5)


def test_a_histogram_gives_the_same_lower_mean() -> None:
    values = np.random.default_rng(5).lognormal(0.0, 1.0, 20_000) - 0.3
    exact, near = (lower_mean_interval(x, 0.05) for x in binned(values))
    assert near.estimate == pytest.approx(exact.estimate, abs=0.05 * exact.half_width)
    assert near.half_width == pytest.approx(exact.half_width, rel=0.02)


def test_a_lower_mean_is_held_as_often_as_promised() -> None:
    """The mean of the worst 5 % of a law without a mean."""
    rng, law, held, short = np.random.default_rng(6), Pareto(tail_index=0.5), 0, 0
    worst = law.isf(0.95)
    truth = (law.mean(cap=worst) - worst * 0.95) / 0.05
    for _ in range(600):
        values = law.isf(rng.random(2_000))
        interval = lower_mean_interval(values, 0.05)
        held += interval.low <= truth <= interval.high
        # What is wrong: the quantile taken as known and the worst as a sample of its own.
        lowest = np.sort(values)[:100]
        short += abs(lowest.mean() - truth) <= 1.96 * lowest.std() / math.sqrt(100)
    expect_proportion(held, 600, 0.95)
    rejects(expect_proportion, short, 600, 0.95)


# -- Skewness -----------------------------------------------------------------------------------


def test_the_ends_of_a_mean_solve_halls_cubic() -> None:
    values = np.random.default_rng(7).exponential(size=40)
    interval = interval_of_mean(values, np.ones(40), 0.9, "normal")
    g = float(stats.skew(values)) / math.sqrt(40)
    for end, z in ((interval.low, 1.0), (interval.high, -1.0)):
        t = (values.mean() - end) / (values.std() / math.sqrt(40))
        cubic = t + g * t**2 / 3.0 + g**2 * t**3 / 27.0 + g / 6.0
        assert cubic == pytest.approx(z * stats.norm.ppf(0.95))
    assert interval.high - values.mean() > values.mean() - interval.low


def test_counts_stand_for_repeated_draws() -> None:
    value, count = np.array([0.0, 1.0, 5.0]), np.array([6.0, 3.0, 1.0])
    repeated = np.repeat(value, count.astype(int))
    one = interval_of_mean(value, count, 0.95, "normal")
    other = interval_of_mean(repeated, np.ones(10), 0.95, "normal")
    assert (one.low, one.high) == pytest.approx((other.low, other.high))
    points = points_of(repeated)
    assert (points.value.tolist(), points.count.tolist()) == (value.tolist(), count.tolist())
    assert (points.n, points.threshold(1), points.threshold(4)) == (10, 2, 1)


# -- Errors -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: quantile_ranks(0, 0.5), ArgumentError, "n: must be at least 1, got 0"),
        (
            lambda: quantile_ranks(9, 1.0),
            ArgumentError,
            "q: must be above 0 and below 1, got 1.0",
        ),
        (
            lambda: quantile_interval([1.0], 0.5, level=1.0),
            ArgumentError,
            "level: must be above 0 and below 1, got 1.0",
        ),
        (
            lambda: quantile_interval([], 0.5),
            ArgumentError,
            "values: must hold at least one value, got []",
        ),
        (
            lambda: quantile_interval(Histograms(1).row(0), 0.5),
            ArgumentError,
            "values: must hold at least one value, got 0",
        ),
        (
            lambda: quantile_interval([1.0, math.nan], 0.5),
            ArgumentError,
            "values[1]: must not be NaN, got nan",
        ),
        (
            lambda: quantile_interval([[1.0]], 0.5),
            ArgumentError,
            "values: must have one dimension, got 'shape (1, 1)'",
        ),
        (
            lambda: quantile_interval(["a"], 0.5),
            ArgumentTypeError,
            "values: must be a sequence of numbers, got ['a']",
        ),
        (
            lambda: probability_interval(5, 4),
            ArgumentError,
            "successes: must be at least 0 and at most 4, got 5",
        ),
        (
            lambda: lower_mean_interval(np.ones(499), 0.05),
            PrecisionError,
            "values: must have at least 25 draws in the fraction, got 499 "
            "(take at least 500 draws)",
        ),
    ],
)
def test_what_is_wrong_is_said(call: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=f"^{re.escape(message)}$"):
        call()


def test_infinite_values_have_quantiles() -> None:
    interval = quantile_interval([*np.arange(99.0), math.inf], 0.5)
    assert math.isfinite(interval.half_width)
