"""A power law with an exponential cut-off: density proportional to x**(-1 - a) exp(-c x / minimum).

Its normaliser is an incomplete gamma function, exp(c) c**a Gamma(-a, c) with y = log(x / minimum),
which libraries have for a < 0 alone; and a discrete law has a sum in its place. Both are sums over
nodes here, of any sign of a. The law is an exponential family: the likeliest one has the mean of y
and the mean of x / minimum that were seen. At c = 0 it is the power law.
"""

from __future__ import annotations

import math
from functools import cache

import numpy as np

from gtmsim.core._types import Floats
from gtmsim.core.tail_scan import zeta_at
from gtmsim.fit.tails.alternatives import Tail, root

_NODES = 200
# Whole numbers that are summed one by one.
_TERMS = 1_000
# exp(-60) of the whole is nothing.
_FAR = 60.0


@cache
def _legendre() -> tuple[Floats, Floats]:
    x, w = np.polynomial.legendre.leggauss(_NODES)
    return (x + 1.0) / 2.0, w / 2.0


def nodes(a: float, c: float, minimum: float, discrete: bool) -> tuple[Floats, Floats]:
    """Return y (node,) and weights, so that a sum over nodes is that over the law's values.

    Of amounts the sum of exp(-a y - c (exp(y) - 1)) over nodes is its integral over y. Of whole
    numbers the sum of exp(-y) times that is one over them: the first are nodes, and the others
    are replaced by the integral from half a unit below.

    Examples
    --------
    >>> y, weight = nodes(1.5, 0.0, 1.0, discrete=False)
    >>> round(float(weight @ np.exp(-1.5 * y)), 12)
    0.666666666667
    """
    first = minimum + _TERMS - 0.5 if discrete else minimum
    start = math.log(first / minimum)
    far = math.log1p((_FAR + 20.0 * abs(a)) / (c * first / minimum)) if c > 0.0 else math.inf
    reach = min(far, _FAR / a if a > 0.0 else math.inf)
    place, share = _legendre()
    y, weight = start + reach * place, reach * share
    if not discrete:
        return y, weight
    x = minimum + np.arange(_TERMS + 1.0)
    ones = np.ones(_TERMS + 1)
    # The integral's error is the slope there, over 24.
    ones[-2:] = 1.0 - 1.0 / 24.0, 1.0 / 24.0
    return (
        np.concatenate((np.log(x / minimum), y)),
        np.concatenate((ones, weight * minimum * np.exp(y))),
    )


def moments(a: float, c: float, minimum: float, discrete: bool) -> tuple[float, float, float]:
    """Return the log-normaliser and the means of y and of exp(y) - 1.

    Examples
    --------
    >>> log_sum, mean, _ = moments(2.0, 0.0, 1.0, discrete=True)
    >>> round(math.exp(log_sum), 9)  # zeta(3)
    1.202056903
    """
    y, weight = nodes(a, c, minimum, discrete)
    beyond = np.expm1(y)
    exponent = -(a + 1.0 if discrete else a) * y - c * beyond
    top = float(exponent.max())
    mass = weight * np.exp(exponent - top)
    total = float(mass.sum())
    return top + math.log(total), float(mass @ y) / total, float(mass @ beyond) / total


def truncated_masses(tail: Tail) -> Floats | None:
    """Return the log-likelihood of each point under the likeliest law.

    It is that of x if discrete, and of y if not. None if the tail is no lighter than the power
    law's: then the likeliest law is the power law.
    """
    y = tail.log_ratio
    beyond = np.expm1(y)
    mean_y, mean_beyond = tail.mean(y), tail.mean(beyond)
    if _mean_beyond(tail) <= mean_beyond:
        return None

    def slope_a(a: float, c: float) -> float:
        return moments(a, c, tail.minimum, tail.discrete)[1] - mean_y

    def slope_c(log_c: float) -> float:
        c = math.exp(log_c)
        return moments(fitted_a(c), c, tail.minimum, tail.discrete)[2] - mean_beyond

    def fitted_a(c: float) -> float:
        # A cut-off leaves less of the tail, so the exponent before it is smaller.
        low, step = tail.alpha, 1.0
        while slope_a(low, c) < 0.0 and step < 1e6:
            low, step = low - step, 2.0 * step
        return root(lambda a: slope_a(a, c), low, tail.alpha)

    low = high = -math.log(mean_beyond)
    while slope_c(low) < 0.0:
        low -= 2.0
        if low < -math.log(beyond[-1]) - 25.0:
            return None
    while slope_c(high) > 0.0:
        high += 1.0
    c = math.exp(root(slope_c, low, high))
    a = fitted_a(c)
    log_sum = moments(a, c, tail.minimum, tail.discrete)[0]
    return -(a + 1.0 if tail.discrete else a) * y - c * beyond - log_sum


def _mean_beyond(tail: Tail) -> float:
    """Mean of x / minimum - 1 under the power law."""
    alpha, q = tail.alpha, tail.minimum
    if alpha <= 1.0:
        return math.inf
    if not tail.discrete:
        return 1.0 / (alpha - 1.0)
    return zeta_at(alpha, q) / zeta_at(1.0 + alpha, q) - 1.0


def power_law_masses(tail: Tail) -> Floats:
    """Return the log-likelihood of each point under the power law.

    It is that of x if discrete, and of y if not.

    Examples
    --------
    >>> tail = Tail(np.array([1.0, 2.0]), np.ones(2), 1.0, 1.0, discrete=True)
    >>> (math.pi**2 / 6.0 * np.exp(power_law_masses(tail))).round(12).tolist()
    [1.0, 0.25]
    """
    y = tail.log_ratio
    if not tail.discrete:
        return np.asarray(math.log(tail.alpha) - tail.alpha * y)
    s = 1.0 + tail.alpha
    return np.asarray(-s * y - math.log(zeta_at(s, tail.minimum)))
