"""Paired intervals hold the truth as often as they say; others do not."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from gtmsim.decide.paired import (
    Figure,
    correlation,
    cvar_figure,
    difference,
    probability_figure,
    quantile_figure,
)
from gtmsim.statistics import mean_interval
from tests.laws import FALSE_ALARM, rejects


def _pair(rng: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Two lognormals of unlike spread whose logarithms correlate at 0.9."""
    x, y = rng.multivariate_normal([0.0, 0.0], [[1.0, 0.9], [0.9, 1.0]], n).T
    return np.exp(0.5 * x), np.exp(0.1 + 0.8 * y)


def _cvar(median: float, sigma: float) -> float:
    """Mean of the worst tenth of a lognormal."""
    mean = median * math.exp(0.5 * sigma**2)
    return float(mean * stats.norm.cdf(stats.norm.ppf(0.1) - sigma) / 0.1)


def _quantile_gap(q: float) -> float:
    z = float(stats.norm.ppf(q))
    return math.exp(0.5 * z) - math.exp(0.1 + 0.8 * z)


_TRUTHS = {
    **{f"p{round(100 * q)}": _quantile_gap(q) for q in (0.1, 0.5, 0.9)},
    "prob": float(stats.norm.sf(math.log(1.5) / 0.5) - stats.norm.sf((math.log(1.5) - 0.1) / 0.8)),
    "cvar": _cvar(1.0, 0.5) - _cvar(math.exp(0.1), 0.8),
}


def _figure(name: str, values: np.ndarray) -> Figure:
    if name == "prob":
        return probability_figure(values >= 1.5, 0.95)
    if name == "cvar":
        return cvar_figure(values, 0.1, 0.95)
    return quantile_figure(values, float(name[1:]) / 100.0, 0.95)


@pytest.fixture(scope="module")
def coverage() -> dict[str, dict[str, int]]:
    """How many of 800 intervals hold the truth: paired, as if not paired, as if all were shared."""
    rng = np.random.default_rng(20_250_301)
    found = {name: {"paired": 0, "unpaired": 0, "alike": 0} for name in _TRUTHS}
    for _ in range(800):
        x, y = _pair(rng, 1_000)
        for name, truth in _TRUTHS.items():
            a, b = _figure(name, x), _figure(name, y)
            same = Figure(b.interval, a.parts)
            none = Figure(b.interval, None)
            for kind, other in (("paired", b), ("unpaired", none), ("alike", same)):
                interval = difference(a, other)
                found[name][kind] += interval.low <= truth <= interval.high
    return found


@pytest.mark.parametrize("name", list(_TRUTHS))
def test_paired_intervals_hold_the_truth_as_often_as_they_say(
    coverage: dict[str, dict[str, int]], name: str
) -> None:
    # Half a point is allowed for the nominal level being one of large samples.
    def expect(covered: int) -> None:
        assert stats.binom(800, 0.945).cdf(covered) >= FALSE_ALARM, covered
        assert stats.binom(800, 0.96).sf(covered - 1) >= FALSE_ALARM, covered

    expect(coverage[name]["paired"])
    rejects(expect, coverage[name]["alike"])
    if name != "p90":  # where one spread is far wider, the other hardly matters
        rejects(expect, coverage[name]["unpaired"])


def test_a_paired_difference_of_means_is_that_of_the_differences() -> None:
    x, y = _pair(np.random.default_rng(3), 20_000)
    a, b = (Figure(mean_interval(v), v) for v in (x, y))
    interval = difference(a, b)
    error = (x - y).std() / math.sqrt(x.size) * stats.norm.isf(0.025)
    assert interval.half_width == pytest.approx(error, rel=0.02)
    assert correlation(a, b) == pytest.approx(np.corrcoef(x, y)[0, 1])


def test_nothing_lies_between_a_figure_and_itself() -> None:
    x = np.random.default_rng(5).exponential(size=1_001)
    one, same = (quantile_figure(x, 0.1, 0.95) for _ in range(2))
    # Its ends are not symmetric, so adding up distances alone would leave a width.
    assert one.interval.high - one.interval.estimate != one.interval.estimate - one.interval.low
    apart = difference(one, same)
    assert (apart.estimate, apart.low, apart.high) == (0.0, 0.0, 0.0)
    other = difference(one, quantile_figure(np.roll(x, 1), 0.1, 0.95))
    assert other.low < 0.0 < other.high
