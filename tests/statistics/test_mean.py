"""The interval of a mean: its fit against scipy's, its spread, and the coverage it promises."""

from __future__ import annotations

import math
import re
from typing import Any

import numpy as np
import pytest
from scipy import optimize, stats

from gtmsim.core._types import Floats
from gtmsim.errors import ArgumentError, ArgumentTypeError, MetricError, PrecisionError
from gtmsim.histograms import Histograms
from gtmsim.statistics import Interval, mean_interval
from gtmsim.statistics.mean import _moments, _scale, _truncation
from tests.laws import expect_proportion, rejects


def normal_interval(values: Floats) -> Interval:
    half = 1.959964 * values.std() / math.sqrt(values.size)
    return Interval(values.mean(), values.mean() - half, values.mean() + half, 0.95, "normal")


# -- Power-law tails ----------------------------------------------------------------------------


@pytest.mark.parametrize("alpha", [1.05, 1.5, 4.0])
def test_the_scale_is_scipys_by_maximum_likelihood(alpha: float) -> None:
    excess = np.sort(stats.genpareto(1.0 / alpha, scale=3.0).rvs(400, random_state=1))
    found = _scale(excess, np.ones(400), 1.0 / alpha)

    def cost(log_scale: float) -> float:
        law = stats.genpareto(1.0 / alpha, scale=math.exp(log_scale))
        return -float(law.logpdf(excess).sum())

    best = optimize.minimize_scalar(cost, bracket=(-1.0, 3.0), options={"xtol": 1e-10})
    assert math.log(found) == pytest.approx(best.x, abs=1e-6)


def test_the_estimate_is_the_body_and_the_mean_of_the_fitted_tail() -> None:
    alpha, n = 1.3, 8_000
    values = np.sort(stats.pareto(alpha).rvs(n, random_state=3))
    k = int(n ** (2.0 / 3.0) / 2.0)
    u = values[n - k - 1]
    excess = values[n - k :] - u
    scale = _scale(excess, np.ones(k), 1.0 / alpha)
    tail = u + scale / (1.0 - 1.0 / alpha)
    interval = mean_interval(values, tail_index=alpha)
    assert interval.estimate == pytest.approx((values[: n - k].sum() + k * tail) / n, rel=1e-9)
    assert interval.method == "power-law tail"


@pytest.mark.parametrize("alpha", [1.2, 1.7])
def test_the_width_is_the_spread_of_the_estimate(alpha: float) -> None:
    rng = np.random.default_rng(4)
    found = [mean_interval(rng.pareto(alpha, 4_000), tail_index=alpha) for _ in range(400)]
    spread = 1.96 * np.std([interval.estimate for interval in found])
    assert np.median([interval.half_width for interval in found]) == pytest.approx(spread, rel=0.15)


def sums(alpha: float, n: int, rng: np.random.Generator) -> Floats:
    """Twenty campaigns of which 3 in 10 hit, beside a steady channel."""
    hits = rng.random((n, 20)) < 0.3
    values = (rng.pareto(alpha, (n, 20)) + 1.0) * hits
    return np.asarray(values.sum(axis=1) + 10.0 * np.exp(0.5 * rng.standard_normal(n)))


@pytest.mark.parametrize("alpha", [1.1, 1.5, 2.2])
def test_the_mean_of_a_power_law_is_held_as_often_as_promised(alpha: float) -> None:
    rng, truth, held, normal = np.random.default_rng(5), 1.0 / (alpha - 1.0), 0, 0
    for _ in range(500):
        values = rng.pareto(alpha, 5_000)
        interval, control = mean_interval(values, tail_index=alpha), normal_interval(values)
        held += interval.low <= truth <= interval.high
        normal += control.low <= truth <= control.high
    expect_proportion(held, 500, 0.95)
    if alpha < 2.0:
        rejects(expect_proportion, normal, 500, 0.95)


def test_the_mean_of_sums_is_held_as_often_as_promised() -> None:
    rng, held, normal = np.random.default_rng(6), 0, 0
    truth = 6.0 * 1.3 / 0.3 + 10.0 * math.exp(0.125)
    for _ in range(300):
        values = sums(1.3, 2_000, rng)
        interval, control = mean_interval(values, tail_index=1.3), normal_interval(values)
        held += interval.low <= truth <= interval.high
        normal += control.low <= truth <= control.high
    expect_proportion(held, 300, 0.95)
    rejects(expect_proportion, normal, 300, 0.95)


def test_misses_do_not_set_the_threshold() -> None:
    """Only 100 of 10,000 draws hit, fewer than would be taken as the tail."""
    rng, held, truth = np.random.default_rng(7), 0, 0.01 * 3.0
    for _ in range(300):
        values = np.where(rng.random(10_000) < 0.01, rng.pareto(1.5, 10_000) + 1.0, 0.0)
        interval = mean_interval(values, tail_index=1.5)
        held += interval.low <= truth <= interval.high
    expect_proportion(held, 300, 0.95)


def test_a_heavier_tail_that_few_draws_show_is_not_missed(monkeypatch: pytest.MonkeyPatch) -> None:
    """One draw in 33 has a program of index 1.3 beside a channel of index 4."""
    truth = 5.0 * 4.0 / 3.0 + 0.03 * 1.3 / 0.3

    def held(repetitions: int) -> int:
        rng, count = np.random.default_rng(12), 0
        for _ in range(repetitions):
            values = 5.0 * (rng.pareto(4.0, 20_000) + 1.0)
            values += np.where(rng.random(20_000) < 0.03, rng.pareto(1.3, 20_000) + 1.0, 0.0)
            interval = mean_interval(values, tail_index=1.3)
            count += interval.low <= truth <= interval.high
        return count

    expect_proportion(held(300), 300, 0.95)
    monkeypatch.setattr("gtmsim.statistics.mean._DOUBT", math.inf)
    rejects(expect_proportion, held(100), 100, 0.95)


def test_a_shift_and_a_scale_move_the_interval_with_them() -> None:
    values = np.random.default_rng(8).pareto(1.4, 5_000)
    for index in (1.4, math.inf):
        one = mean_interval(values, tail_index=index)
        other = mean_interval(values * 8.0 - 16.0, tail_index=index)
        for name in ("estimate", "low", "high"):
            moved = 8.0 * getattr(one, name) - 16.0
            assert getattr(other, name) == pytest.approx(moved, rel=1e-7)


# -- Lognormal tails ----------------------------------------------------------------------------


@pytest.mark.parametrize("tau", [-12.0, -3.0, 0.0, 2.0])
def test_moments_are_those_of_scipys_truncated_normal(tau: float) -> None:
    law = stats.truncnorm(-tau, math.inf, loc=tau)
    exact = [law.moment(order) for order in range(1, 5)]
    assert _moments(tau)[1:] == pytest.approx(exact, rel=1e-5)
    moments = _moments(tau)
    assert _truncation(moments[2] / moments[1] ** 2) == pytest.approx(tau, abs=1e-6)


@pytest.mark.parametrize(("sigma", "method"), [(0.5, "normal"), (2.0, "lognormal tail")])
def test_the_mean_of_a_lognormal_is_held_as_often_as_promised(sigma: float, method: str) -> None:
    rng, truth, held, normal = np.random.default_rng(9), math.exp(sigma**2 / 2.0), 0, 0
    for _ in range(500):
        values = np.exp(sigma * rng.standard_normal(4_000))
        interval, control = mean_interval(values), normal_interval(values)
        assert interval.method == method
        held += interval.low <= truth <= interval.high
        normal += control.low <= truth <= control.high
    expect_proportion(held, 500, 0.95)
    if sigma == 2.0:
        rejects(expect_proportion, normal, 500, 0.95)


def test_the_width_is_the_spread_of_a_lognormal_estimate() -> None:
    rng = np.random.default_rng(10)
    found = [mean_interval(np.exp(1.5 * rng.standard_normal(4_000))) for _ in range(400)]
    assert {interval.method for interval in found} == {"lognormal tail"}
    spread = 1.96 * np.std([interval.estimate for interval in found])
    assert np.mean([interval.half_width for interval in found]) == pytest.approx(spread, rel=0.2)


# -- Histograms and errors ----------------------------------------------------------------------


@pytest.mark.parametrize("n", [5_000, 200_000])
@pytest.mark.parametrize("index", [1.3, 2.2, math.inf])
def test_a_histogram_gives_the_same_interval(index: float, n: int) -> None:
    rng = np.random.default_rng(11)
    values = np.exp(1.5 * rng.standard_normal(n)) if math.isinf(index) else rng.pareto(index, n)
    rows = Histograms(1)
    rows.add(values[None, :] - 0.5)
    exact, near = (mean_interval(x, tail_index=index) for x in (values - 0.5, rows.row(0)))
    assert near.method == exact.method
    for name in ("estimate", "low", "high"):
        apart = abs(getattr(near, name) - getattr(exact, name))
        # The threshold lies at the edge of a bin, so the tail is a few draws shorter.
        assert apart < 0.1 * exact.half_width


def test_equal_draws_have_no_spread() -> None:
    assert mean_interval([3.0] * 5) == Interval(3.0, 3.0, 3.0, 0.95, "normal")


@pytest.mark.parametrize("index", [0.5, 1.0])
def test_a_mean_that_does_not_exist_has_no_interval(index: float) -> None:
    message = (
        f"tail_index: must be above 1 for a mean, got {index} (no mean exists; ask for a "
        "quantile, or give the market's size as a cap)"
    )
    with pytest.raises(MetricError, match=f"^{re.escape(message)}$"):
        mean_interval(np.arange(1_000.0), tail_index=index)


@pytest.mark.parametrize(
    ("values", "index", "error", "message"),
    [
        (
            np.arange(20.0),
            1.5,
            PrecisionError,
            "values: must have at least 25 draws in the tail, got 19 (take more draws)",
        ),
        (
            [0.0] * 10_000 + [1.0, 2.0, 3.0],
            1.5,
            PrecisionError,
            "values: must have at least 25 draws in the tail, got 2 (take more draws)",
        ),
        (
            [0.0] * 20 + [100.0],
            math.inf,
            PrecisionError,
            "values: must have at least 25 draws in the tail, got 0 (take more draws)",
        ),
        (
            2.0 ** np.arange(1_000.0),
            math.inf,
            PrecisionError,
            f"values: must have a tail of which all moments exist, got {2.0**999!r} "
            "(give its tail_index)",
        ),
        ([1.0, math.inf], 1.5, ArgumentError, "values: must be finite, got [1.0, inf]"),
        ([1.0, 2.0], 0.0, ArgumentError, "tail_index: must be above 0, got 0.0"),
        ([1.0, 2.0], math.nan, ArgumentError, "tail_index: must be above 0, got nan"),
        ([1.0, 2.0], "2", ArgumentTypeError, "tail_index: must be a number, got '2'"),
        ([1.0, 2.0], True, ArgumentTypeError, "tail_index: must be a number, got True"),
    ],
)
def test_what_is_wrong_is_said(
    values: Any, index: Any, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=f"^{re.escape(message)}$"):
        mean_interval(values, tail_index=index)
