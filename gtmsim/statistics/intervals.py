"""Intervals of quantiles, probabilities and tail means."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import betainc, ndtri

from gtmsim.core._types import Floats
from gtmsim.errors import PrecisionError, check_count, check_number
from gtmsim.histograms import Histogram
from gtmsim.statistics.points import points_of

FEWEST = 25
"""Draws on which the interval of a tail mean must rest: with fewer its coverage falls short."""


@dataclass(frozen=True, repr=False)
class Interval:
    """An estimate, the interval that holds the truth with a stated probability, and its method.

    Attributes
    ----------
    estimate, low, high : float
    level : float
        Probability with which such an interval holds the truth, 0.95 for 95 %.
    method : str
        How it was made, in words.

    Examples
    --------
    >>> Interval(2.0, 1.5, 3.5, 0.95, "order statistics").half_width
    1.0
    >>> Interval(2.0, 1.5, 3.5, 0.95, "order statistics")
    Interval(2 [1.5, 3.5], 95 %, order statistics)
    """

    estimate: float
    low: float
    high: float
    level: float
    method: str

    @property
    def half_width(self) -> float:
        """Half of the distance between the ends."""
        return (self.high - self.low) / 2.0

    def __repr__(self) -> str:
        ends = f"[{self.low:.4g}, {self.high:.4g}]"
        return f"Interval({self.estimate:.4g} {ends}, {100.0 * self.level:g} %, {self.method})"


def check_level(level: object) -> float:
    """Return the probability of an interval, above 0 and below 1.

    Examples
    --------
    >>> check_level(0.95)
    0.95
    """
    return check_number("level", level, low=0.0, high=1.0, low_open=True, high_open=True)


def quantile_ranks(n: int, q: float, level: float = 0.95) -> tuple[int, int]:
    """Return the ranks of the order statistics that enclose a quantile.

    Parameters
    ----------
    n : int
        Number of draws.
    q : float
        The quantile, above 0 and below 1.
    level : float, default 0.95

    Returns
    -------
    low, high : int
        Ranks from 1, the shortest pair whose coverage is at least the level, and of the shortest
        the one with most coverage. 0 or n + 1 where no draw lies far enough out: that end is
        infinite.

    Notes
    -----
    The number of draws below the quantile is binomial, whatever the law of the draws. So the
    coverage is the chance that it is at least ``low`` and below ``high``: exact for a continuous
    law, and higher where values repeat.

    References
    ----------
    H. A. David and H. N. Nagaraja, "Order statistics", 3rd edition (2003), section 7.1.

    Examples
    --------
    >>> quantile_ranks(100, 0.5)
    (40, 60)
    >>> quantile_ranks(10, 0.01)
    (0, 2)
    """
    n = check_count("n", n)
    q = check_number("q", q, low=0.0, high=1.0, low_open=True, high_open=True)
    level = check_level(level)
    # Twelve standard deviations and more leave out less than rounding does.
    reach = 12.0 * math.sqrt(n * q * (1.0 - q)) + 40.0
    first, last = max(math.floor(n * q - reach), 0), min(math.ceil(n * q + reach), n)
    ranks = np.arange(first, last + 2)
    # P(fewer than rank draws are below): 0 at rank 0, 1 at rank n + 1.
    inside = np.clip(ranks, 1, n)
    fewer = betainc(n - inside + 1.0, inside.astype(np.float64), 1.0 - q)
    fewer = np.where(ranks == 0, 0.0, np.where(ranks > n, 1.0, fewer))
    partner = np.searchsorted(fewer, fewer + level)
    low = np.flatnonzero(partner < ranks.size)
    high = partner[low]
    length = ranks[high] - ranks[low]
    # An infinite end is taken only where there is no other, and then only one if one does.
    length = length + (n + 2) * ((ranks[low] == 0).astype(np.int64) + (ranks[high] == n + 1))
    best = np.flatnonzero(length == length.min())
    place = best[np.argmax(fewer[high[best]] - fewer[low[best]])]
    return int(ranks[low[place]]), int(ranks[high[place]])


def quantile_interval(values: ArrayLike | Histogram, q: float, level: float = 0.95) -> Interval:
    """Return the interval of a quantile, by order statistics.

    Parameters
    ----------
    values : array_like (draw,) or Histogram
        Independent draws. A histogram's ends are the outer edges of bins, so that the interval is
        a little wider and never less sure.
    q : float
        The quantile, above 0 and below 1.
    level : float, default 0.95

    Returns
    -------
    Interval
        The estimate is numpy's, linear between neighbours. An end is infinite where no draw lies
        far enough out: see :func:`quantile_ranks`.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If an argument is out of its range, or a value is NaN.

    Examples
    --------
    >>> interval = quantile_interval(range(1, 101), 0.5)
    >>> interval.estimate, interval.low, interval.high
    (50.5, 40.0, 60.0)
    """
    points = points_of(values)
    low, high = quantile_ranks(points.n, q, level)
    if isinstance(values, Histogram):
        estimate = float(values.quantile(q))
    else:
        estimate = float(np.quantile(np.asarray(values, dtype=np.float64), q))
    through = np.cumsum(points.count)
    return Interval(
        estimate=estimate,
        low=float(points.lower[np.searchsorted(through, low)]) if low >= 1 else -math.inf,
        high=float(points.upper[np.searchsorted(through, high)]) if high <= points.n else math.inf,
        level=float(level),
        method="order statistics",
    )


def probability_interval(successes: int, trials: int, level: float = 0.95) -> Interval:
    """Return the interval of a probability (Wilson 1927).

    Parameters
    ----------
    successes, trials : int
    level : float, default 0.95

    Returns
    -------
    Interval
        Within [0, 1]; its ends are 0 and 1 exactly where all or none succeeded.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If an argument is out of its range.

    References
    ----------
    E. B. Wilson, "Probable inference, the law of succession, and statistical inference", Journal
    of the American Statistical Association 22 (1927), 209-212.

    Examples
    --------
    >>> interval = probability_interval(0, 10)
    >>> interval.low, round(interval.high, 4)
    (0.0, 0.2775)
    """
    trials = check_count("trials", trials)
    successes = check_count("successes", successes, low=0, high=trials)
    level = check_level(level)
    return Interval(successes / trials, *wilson(successes / trials, trials, level), level, "Wilson")


def wilson(share: float, trials: float, level: float) -> tuple[float, float]:
    """Return the ends of Wilson's interval of a share of trials, which need not be whole.

    Examples
    --------
    >>> low, high = wilson(0.5, 10.0, 0.95)
    >>> round(low, 4), round(high, 4)
    (0.2366, 0.7634)
    """
    z2 = float(ndtri(0.5 + level / 2.0)) ** 2
    middle = (share + z2 / (2 * trials)) / (1 + z2 / trials)
    half = math.sqrt(share * (1 - share) * z2 / trials + (z2 / (2 * trials)) ** 2)
    half /= 1 + z2 / trials
    return 0.0 if share == 0.0 else middle - half, 1.0 if share == 1.0 else middle + half


def lower_mean_interval(values: ArrayLike | Histogram, p: float, level: float = 0.95) -> Interval:
    """Return the interval of the mean of the worst fraction p, the conditional value at risk.

    Parameters
    ----------
    values : array_like (draw,) or Histogram
        Independent draws whose lower tail is light: what can be lost is bounded by what is spent.
    p : float
        Fraction, above 0 and below 1.
    level : float, default 0.95

    Returns
    -------
    Interval

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If an argument is out of its range, or a value is NaN.
    PrecisionError
        If fewer than 25 draws lie in the fraction.

    Notes
    -----
    With q the quantile at p, the mean of the worst is that of q - max(q - x, 0) / p over all draws,
    and an error of q moves it by nothing to first order. So its interval is that of a mean.

    References
    ----------
    R. T. Rockafellar and S. Uryasev, "Conditional value-at-risk for general loss distributions",
    Journal of Banking and Finance 26 (2002), theorem 10; P. Hall, "On the removal of skewness by
    transformation", Journal of the Royal Statistical Society B 54 (1992), 221-228.

    Examples
    --------
    >>> interval = lower_mean_interval(np.arange(1_000.0), 0.05)
    >>> interval.estimate, interval.low < 24.5 < interval.high
    (24.5, True)
    """
    p = check_number("p", p, low=0.0, high=1.0, low_open=True, high_open=True)
    level = check_level(level)
    points = points_of(values)
    if p * points.n < FEWEST:
        fix = f"take at least {math.ceil(FEWEST / p):,} draws"
        raise PrecisionError(
            "values", f"must have at least {FEWEST} draws in the fraction", points.n, fix
        )
    place = np.searchsorted(np.cumsum(points.count), p * points.n * (1.0 - 1e-12))
    q = points.value[place]
    parts = worst_parts(points.value, q, p)
    return interval_of_mean(parts, points.count, level, "influence function")


def worst_parts(value: Floats, q: float, p: float) -> Floats:
    """Return what each draw adds to the mean of the worst fraction p, with q the quantile at p.

    Examples
    --------
    >>> worst_parts(np.array([1.0, 2.0, 3.0, 4.0]), 2.0, 0.5).tolist()
    [0.0, 2.0, 2.0, 2.0]
    """
    parts: Floats = q - np.maximum(q - value, 0.0) / p
    return parts


def interval_of_mean(value: Floats, count: Floats, level: float, method: str) -> Interval:
    """Return the interval of a mean whose third moment exists, corrected for skewness.

    Hall's cubic turns the studentised mean into a variable that is normal up to terms of order
    1/n, and can be solved for the mean.

    Examples
    --------
    >>> round(interval_of_mean(np.arange(5.0), np.ones(5), 0.95, "normal").half_width, 3)
    1.24
    """
    n = count.sum()
    mean = float(count @ value / n)
    reach = float(np.abs(value - mean).max())
    if reach == 0.0:
        return Interval(mean, mean, mean, level, method)
    off = (value - mean) / reach  # so that no square overflows
    sd = math.sqrt(count @ off**2 / n)
    skewness = float(count @ off**3 / n) / sd**3 / math.sqrt(n)
    error = reach * sd / math.sqrt(n)
    z = float(ndtri(0.5 + level / 2.0))
    low, high = (mean - error * _unskewed(end, skewness) for end in (z, -z))
    return Interval(mean, low, high, level, method)


def _unskewed(v: float, g: float) -> float:
    """Solve t + g t**2 / 3 + g**2 t**3 / 27 + g / 6 = v for t."""
    if abs(g) < 1e-6:
        return v
    return 3.0 / g * (math.cbrt(1.0 + g * (v - g / 6.0)) - 1.0)
