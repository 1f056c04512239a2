"""Shares within a set, against an exact oracle and one that draws campaigns one by one."""

from __future__ import annotations

import math
from functools import cache

import numpy as np
import pytest
from numpy.typing import NDArray

from gtmsim.claim import (
    ClaimProbability,
    claim_probability,
)

SIZES = (100, 1_000, 10_000)


def exact_median_largest_share(alpha: float, n: int, reach: float) -> float:
    """Median of largest / total of n Pareto draws, without any random number.

    Given the largest, the others are independent and below it: their sum, in its units, is
    convolved on a grid (tilted against wrap-around) and averaged over the law of the largest.
    """
    points, slices = 2**14, 300
    step, tilt = reach / points, 10.0 / points
    grid = np.arange(2 * points)
    edge = (grid + 0.5) * step
    cdf = np.zeros(points)
    for level in (np.arange(slices) + 0.5) / slices:
        u = -math.expm1(math.log1p(-level) / n)  # survival probability of the largest
        below = np.where(edge >= 1.0, 1.0, np.clip((1 / u - edge**-alpha) / (1 / u - 1), 0.0, 1.0))
        mass = np.diff(below, prepend=0.0) * np.exp(-tilt * grid)
        total = np.fft.irfft(np.fft.rfft(mass) ** (n - 1), 2 * points) * np.exp(tilt * grid)
        cdf += np.cumsum(total[:points]) / slices
    return float(1.0 / (1.0 + np.interp(0.5, cdf, grid[:points] * step)))


def numpy_shares(
    alpha: float, n: int, sets: int, hit_rate: float = 1.0, cap: float = math.inf
) -> NDArray[np.float64]:
    """Top-1 % shares of sets drawn one by one; NaN where nothing hits."""
    random = np.random.default_rng(20_240_229)
    shares = np.full(sets, math.nan)
    for i in range(sets):
        hits = (1.0 - random.random(n)) ** (-1.0 / alpha) * (random.random(n) < hit_rate)
        values = np.sort(np.minimum(hits, cap))[::-1]
        if values[0] > 0.0:
            shares[i] = values[: n // 100].sum() / values.sum()
    return shares


def median_error(shares: NDArray[np.float64]) -> float:
    """Standard error of a median: half the distance between order statistics one sd apart."""
    ordered, n = np.sort(shares), shares.size
    reach = math.sqrt(n) / 2
    return float(ordered[round(n / 2 + reach)] - ordered[round(n / 2 - reach)]) / 2


@cache
def simulated(alpha: float, campaigns: int) -> ClaimProbability:
    return claim_probability(alpha, campaigns, scenarios=4_000, rng=1)


def standard_error(result: ClaimProbability) -> float:
    low, high = result.median_interval
    return (high - low) / 2 / 1.96


@pytest.mark.parametrize(("alpha", "wrong", "reach"), [(0.5, 0.6, 4.0), (1.5, 1.6, 30.0)])
def test_median_share_of_a_hundred_is_exact(alpha: float, wrong: float, reach: float) -> None:
    result = simulated(alpha, 100)
    error = standard_error(result)
    assert abs(result.median_share - exact_median_largest_share(alpha, 100, reach)) < 3 * error
    assert abs(result.median_share - exact_median_largest_share(wrong, 100, reach)) > 3 * error


@pytest.mark.parametrize("campaigns", SIZES)
@pytest.mark.parametrize(("alpha", "wrong"), [(0.5, 0.7), (1.5, 1.8)])
def test_median_share_is_that_of_numpy(alpha: float, wrong: float, campaigns: int) -> None:
    result = simulated(alpha, campaigns)
    right_shares = numpy_shares(alpha, campaigns, 1_000)
    error = math.hypot(standard_error(result), median_error(right_shares))
    assert abs(result.median_share - np.median(right_shares)) < 3 * error
    wrong_shares = numpy_shares(wrong, campaigns, 1_000)
    error = math.hypot(standard_error(result), median_error(wrong_shares))
    assert abs(result.median_share - np.median(wrong_shares)) > 3 * error


def test_a_hit_rate_and_a_cap_are_those_of_numpy() -> None:
    result = claim_probability(0.5, 1_000, 0.1, cap=1e5, value_share=0.9, scenarios=4_000, rng=2)
    shares = numpy_shares(0.5, 1_000, 1_000, hit_rate=0.1, cap=1e5)
    met = np.mean(shares >= 0.9)
    error = math.sqrt(met * (1 - met) * (1 / shares.size + 1 / result.scenarios))
    assert abs(result.probability - met) < 3 * error
    assert abs(simulated(0.5, 1_000).probability - met) > 3 * error
