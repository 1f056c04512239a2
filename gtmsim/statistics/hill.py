"""The tail index of a Pareto tail, with the exact error of its estimate."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import gammaincinv

from gtmsim.core._types import Floats
from gtmsim.errors import ArgumentError, check_count
from gtmsim.statistics.intervals import Interval, check_level
from gtmsim.statistics.points import amounts

_LEAST = 10
_MISFIT = 2.5


@dataclass(frozen=True)
class TailIndex:
    """A tail index read from draws.

    Attributes
    ----------
    interval : Interval
        Estimate and ends; exact if what exceeds the threshold is Pareto.
    k : int
        Draws above the threshold, on which it rests.
    threshold : float

    Examples
    --------
    >>> index = hill([1.0, 2.0, 4.0], k=1)
    >>> index.k, index.threshold, round(index.estimate, 4)
    (1, 2.0, 1.4427)
    """

    interval: Interval
    k: int
    threshold: float

    @property
    def estimate(self) -> float:
        """The tail index; infinite if all draws above the threshold are equal to it."""
        return self.interval.estimate


def hill(values: ArrayLike, k: int | None = None, level: float = 0.95) -> TailIndex:
    """Return Hill's estimate of the tail index.

    Parameters
    ----------
    values : array_like (draw,)
        Independent draws, not negative; zeros are misses and are left out.
    k : int, optional
        Number of largest draws to use, below the number of positive ones. By default
        m**(2/3) / 2 of m positive draws, halved while their logarithms above the threshold are no
        exponential law (their second moment is 2.5 standard errors away from that of one), but at
        least 10.
    level : float, default 0.95

    Returns
    -------
    TailIndex

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If a value is negative or not finite, or there are no more than k positive ones.

    Notes
    -----
    Above the threshold the logarithms of a Pareto law are exponential, so k alpha divided by the
    estimate is a gamma variable of shape k. Of a law that is only close to a Pareto, as a Lomax or
    a sum is, the estimate is biased by its shift, often by more than the interval is wide; the
    test cannot see all of it. :func:`gtmsim.statistics.pareto_tail` has no such bias.

    References
    ----------
    B. M. Hill, "A simple general approach to inference about the tail of a distribution", Annals
    of Statistics 3 (1975), 1163-1174.

    Examples
    --------
    >>> draws = np.random.default_rng(1).pareto(1.5, 10_000) + 1.0
    >>> index = hill(draws, k=2_000)
    >>> index.interval.low < 1.5 < index.interval.high
    True
    """
    level = check_level(level)
    x = amounts(values)
    x = np.sort(x[x > 0.0])[::-1]
    if k is not None:
        k = check_count("k", k)
    least = _LEAST if k is None else k
    if x.size <= least:
        rule = f"must hold more than {least} positive values"
        raise ArgumentError("values", rule, x.size, "take fewer of them as k" if k else None)
    if k is None:
        k = _chosen(x)
    # The mean of logarithms of ratios, which neither overflow nor lose digits.
    inverse = float(np.log(x[:k] / x[k]).mean())
    estimate = 1.0 / inverse if inverse > 0.0 else math.inf
    low, high = (
        estimate * float(gammaincinv(k, p)) / k for p in (0.5 - level / 2.0, 0.5 + level / 2.0)
    )
    return TailIndex(Interval(estimate, low, high, level, "Hill"), k, float(x[k]))


def _chosen(x: Floats) -> int:
    """Return how many of the draws, descending, look Pareto."""
    k = max(int(x.size ** (2.0 / 3.0) / 2.0), _LEAST)
    while k >= 2 * _LEAST:
        w = np.log(x[:k] / x[k])
        mean = float(w.mean())
        # Of an exponential law this ratio is 1, with variance 1 / k.
        if mean == 0.0 or abs(np.mean(w**2) / (2.0 * mean**2) - 1.0) <= _MISFIT / math.sqrt(k):
            break
        k //= 2
    return k
