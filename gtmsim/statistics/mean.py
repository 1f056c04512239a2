"""The interval of a mean under fat tails.

Where the variance is infinite, the mean of the draws hangs on the largest few, and the normal
interval holds the truth as rarely as one time in four. Here the draws beyond a high threshold are
replaced by a law whose form the plan gives and whose scale they give: a power law of known index,
or a lognormal tail where all moments exist. What each draw then adds to the mean is bounded, or
nearly so, and the interval is that of an ordinary mean.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import log_ndtr

from gtmsim.core._types import Floats
from gtmsim.errors import ArgumentError, ArgumentTypeError, MetricError, PrecisionError
from gtmsim.histograms import Histogram
from gtmsim.statistics.intervals import FEWEST, Interval, check_level, interval_of_mean
from gtmsim.statistics.points import Points, points_of

_WELL_BEHAVED = 250.0
"""Draws per squared skewness from which a normal interval keeps its promise (Cochran: 25)."""

_HEAVY = 1.5
"""Tail index up to which as many draws as possible are taken as the tail."""

_DOUBT, _MISFIT = 1.5, 3.5
"""Standard errors by which a higher threshold may change the mean. From the first to the second the
interval grows to hold those of both thresholds, and over as many again it shrinks to that of the
higher one alone: steadily, so that little turns on which side of a bound a sample falls."""

_HEAVIEST = 20.0
"""Logarithm of the mean of a tail over its threshold, at most: more is no lognormal tail."""


def mean_interval(
    values: ArrayLike | Histogram, level: float = 0.95, tail_index: float = math.inf
) -> Interval:
    """Return the interval of a mean, given the tail index of the law.

    Parameters
    ----------
    values : array_like (draw,) or Histogram
        Independent draws. Their upper tail may be heavy; the lower one must be light, as that of a
        value or a net is.
    level : float, default 0.95
    tail_index : float, default infinite
        Index of the upper tail, from the plan and not from the draws; infinite if all moments
        exist, as those of a lognormal do.

    Returns
    -------
    Interval
        Its method is "power-law tail" for a finite index, else "normal" where the draws are many
        for their skewness, else "lognormal tail". The estimate is not the mean of the draws where
        a tail was fitted: it is nearer to the truth.

    Raises
    ------
    MetricError
        If the tail index is at most 1: the mean does not exist.
    PrecisionError
        If the draws are too few for their tail.
    ArgumentError, ArgumentTypeError
        If an argument is out of its range, or a value is not finite.

    Notes
    -----
    Peng's splice: the mean is that of the draws below a threshold u, and what exceeds it follows a
    generalised Pareto law with shape 1/alpha, whose scale is fitted by maximum likelihood. The
    shift that a sum gives to its tail is part of that law. n**(2/3) / 2 draws are taken as the
    tail, beyond an index of 1.5 the square root of n. Where a smaller tail, down to 25 draws, says
    otherwise of the mean by 1.5 standard errors, the interval begins to grow; by 3.5 it holds both,
    and the estimate is midway; by 5.5 the smallest alone is believed. So it is where a rare program
    has a heavier tail than what happens in most scenarios. What fewer than 25 draws show of such a
    tail is not seen: then ask for the mean of each channel.

    Without a tail index the logarithms beyond the threshold are taken as the end of a normal law,
    again by maximum likelihood: n**(2/3) of them.

    References
    ----------
    L. Peng, "Estimating the mean of a heavy tailed distribution", Statistics and Probability
    Letters 52 (2001), 255-264; J. Johansson, "Estimating the mean of heavy-tailed distributions",
    Extremes 6 (2003), 91-109; W. G. Cochran, "Sampling techniques", 3rd edition (1977), section
    2.15.

    Examples
    --------
    >>> draws = np.random.default_rng(1).pareto(1.5, 10_000)  # the mean is 2
    >>> interval = mean_interval(draws, tail_index=1.5)
    >>> interval.low < 2.0 < interval.high, interval.method
    (True, 'power-law tail')
    """
    level = check_level(level)
    alpha = _check_index(tail_index)
    points = points_of(values)
    if not np.isfinite(points.value[[0, -1]]).all():
        raise ArgumentError("values", "must be finite", points.value[[0, -1]].tolist())
    if points.value[0] == points.value[-1]:
        return interval_of_mean(points.value, points.count, level, "normal")
    if math.isfinite(alpha):
        return _power_law_interval(points, alpha, level)
    if points.n >= _WELL_BEHAVED * max(_skewness(points) ** 2, 0.1):
        return interval_of_mean(points.value, points.count, level, "normal")
    parts, count = _lognormal_parts(points)
    return interval_of_mean(parts, count, level, "lognormal tail")


def _check_index(tail_index: object) -> float:
    if isinstance(tail_index, bool) or not isinstance(tail_index, (int, float, np.number)):
        raise ArgumentTypeError("tail_index", "must be a number", tail_index)
    alpha = float(tail_index)
    if not alpha > 0.0:
        raise ArgumentError("tail_index", "must be above 0", tail_index)
    if alpha <= 1.0:
        fix = "no mean exists; ask for a quantile, or give the market's size as a cap"
        raise MetricError("tail_index", "must be above 1 for a mean", tail_index, fix)
    return alpha


def _skewness(points: Points) -> float:
    mean = points.count @ points.value / points.n
    off = (points.value - mean) / max(abs(points.value[0] - mean), abs(points.value[-1] - mean))
    square = points.count @ off**2 / points.n
    return float(points.count @ off**3 / points.n / square**1.5)


def _split(points: Points, tail: int) -> int:
    """Return the last point of the body, beyond which at most ``tail`` draws lie."""
    place = points.threshold(tail)
    beyond = int(points.count[place + 1 :].sum())
    if beyond < FEWEST:
        rule = f"must have at least {FEWEST} draws in the tail"
        raise PrecisionError("values", rule, beyond, "take more draws")
    return place


def _power_law_interval(points: Points, alpha: float, level: float) -> Interval:
    """Return the interval from a tail of known index, as large as higher thresholds allow."""
    # A lighter tail adds less to the error, and a smaller one follows its index more closely.
    tail = points.n ** (2.0 / 3.0) / 2.0 if alpha <= _HEAVY else math.sqrt(points.n)
    xi, ladder = 1.0 / alpha, [_split(points, max(int(tail), FEWEST))]
    while (tail := tail / 2.0) >= FEWEST:
        ladder.append(_split(points, int(tail)))

    def fitted(place: int) -> tuple[Interval, float]:
        u, count = float(points.upper[place]), points.count[place + 1 :]
        scale = _scale(points.value[place + 1 :] - u, count, xi)
        parts = _tail_parts(points, place, place, scale, xi)
        values = np.concatenate((points.value[: place + 1], parts))
        # The scale beyond a higher threshold that this one implies: so this is a score test, and
        # it compares the bias of the mean with its error.
        implied = ((p, scale + xi * (float(points.upper[p]) - u)) for p in ladder if p > place)
        apart = (_tail_parts(points, place, p, s, xi) - parts for p, s in implied)
        misfit = max((abs(count @ d) / math.sqrt(count @ d**2) for d in apart), default=0.0)
        return interval_of_mean(values, points.count, level, "power-law tail"), float(misfit)

    wide, misfit = fitted(ladder[0])
    doubt, disbelief = np.clip((misfit - np.array([_DOUBT, _MISFIT])) / 2.0, 0.0, 1.0).tolist()
    if doubt == 0.0:
        return wide
    deep, _ = fitted(ladder[-1])
    low, high = min(deep.low, wide.low), max(deep.high, wide.high)
    return replace(
        wide,
        estimate=wide.estimate + 0.5 * (doubt + disbelief) * (deep.estimate - wide.estimate),
        low=wide.low + doubt * (low - wide.low) + disbelief * (deep.low - low),
        high=wide.high + doubt * (high - wide.high) + disbelief * (deep.high - high),
    )


def _tail_parts(points: Points, place: int, beyond: int, scale: float, xi: float) -> Floats:
    """What draws above ``place`` add to the mean, if the law holds beyond another point.

    The score of the scale has mean 0 at the fit, so the parts have the mean u + scale / (1 - xi).
    """
    u, x = float(points.upper[beyond]), points.value[beyond + 1 :]
    score = (1.0 + xi) * (x - u) / (scale + xi * (x - u)) - 1.0
    tail = u + scale / (1.0 - xi) * (1.0 + (1.0 + 2.0 * xi) * score)
    return np.concatenate((points.value[place + 1 : beyond + 1], tail))


def _scale(excess: Floats, count: Floats, xi: float) -> float:
    """Scale of a generalised Pareto law of known shape, by maximum likelihood.

    Newton's method in log scale: what is solved for falls from 1 / xi to -1 as the scale rises.
    """
    k = count.sum()
    middle = float(excess[np.searchsorted(np.cumsum(count), 0.5 * k)])
    log_scale = math.log(middle * xi / (2.0**xi - 1.0))
    for _ in range(100):
        ratio = xi * excess / (math.exp(log_scale) + xi * excess)
        slope = (1.0 + xi) / xi * float(count @ (ratio * (1.0 - ratio))) / k
        step = ((1.0 + xi) / xi * float(count @ ratio) / k - 1.0) / slope
        log_scale += min(max(step, -1.0), 1.0)
        if abs(step) < 1e-12:
            break
    return math.exp(log_scale)


def _lognormal_parts(points: Points) -> tuple[Floats, Floats]:
    """Return draws whose mean is the estimate and whose spread is its error, lognormal tail.

    With w the logarithm of x / u, the fit is an exponential family in w and w**2. An error of
    their means moves the estimate by its covariances with them, divided by theirs.
    """
    place = _split(points, min(max(int(points.n ** (2.0 / 3.0)), FEWEST), points.n - 2))
    # From the least draw on, so that what is taken off every draw makes no difference.
    floor = float(points.lower[0])
    u = float(points.upper[place]) - floor
    w, count = np.log((points.value[place + 1 :] - floor) / u), points.count[place + 1 :]
    first, second = (float(count @ w**j / count.sum()) for j in (1, 2))
    tau = _truncation(second / first**2)
    s = first / _moments(tau)[1]
    here = [s**j * m for j, m in enumerate(_moments(tau))]
    tilted = [s**j * m for j, m in enumerate(_moments(tau + s))]
    exponent = tau * s + s * s / 2.0 + float(log_ndtr(tau + s) - log_ndtr(tau))
    if exponent > _HEAVIEST:
        rule, largest = "must have a tail of which all moments exist", float(points.value[-1])
        raise PrecisionError("values", rule, largest, "give its tail_index")
    mean = math.exp(exponent)
    moves = np.linalg.solve(
        [
            [here[2] - here[1] ** 2, here[3] - here[1] * here[2]],
            [here[3] - here[1] * here[2], here[4] - here[2] ** 2],
        ],
        [mean * (tilted[1] - here[1]), mean * (tilted[2] - here[2])],
    )
    parts = floor + u * (mean + moves[0] * (w - first) + moves[1] * (w**2 - second))
    return np.concatenate((points.value[: place + 1], parts)), points.count


def _moments(tau: float) -> list[float]:
    """Moments 0 to 4 of a normal of mean tau and deviation 1, given that it is positive."""
    hazard = math.exp(-0.5 * tau**2 - 0.5 * math.log(2.0 * math.pi) - log_ndtr(tau))
    moments = [1.0, tau + hazard]
    for order in range(2, 5):
        moments.append(tau * moments[-1] + (order - 1) * moments[-2])
    return moments


def _truncation(ratio: float) -> float:
    """Return tau at which the second moment is ``ratio`` times the square of the first.

    The ratio falls from 2, an exponential law, to 1. At -20 it is 1.995, a power law to all ends.
    """
    low, high = -20.0, 8.0
    for _ in range(60):
        tau = 0.5 * (low + high)
        moments = _moments(tau)
        above = moments[2] / moments[1] ** 2 > ratio
        low, high = (tau, high) if above else (low, tau)
    return low
