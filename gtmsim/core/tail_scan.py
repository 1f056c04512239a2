"""Where a power law begins: the threshold with the smallest Kolmogorov-Smirnov distance.

The distance at a threshold is the greatest of |P(X >= x) of the data - of the law| over the points
x from there on, the law being the likeliest one. Both probabilities fall with x, so between two
points neither leaves what it is at the ends, and a stretch whose ends bound it by less than the
greatest difference so far is left out whole. A threshold is left as soon as one point of it is
further off than the best threshold's distance, and a point that served one threshold is tried
first at the next. The result is that of trying everything.

References
----------
A. Clauset, C. R. Shalizi and M. E. J. Newman, "Power-law distributions in empirical data", SIAM
Review 51 (2009), 661-703, sections 3.1 and 3.3, equation 3.9.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from gtmsim.core._jit import helper, kernel, part
from gtmsim.core._types import Floats
from gtmsim.core.tail_zeta import discrete_index, log_moments, scaled_zeta, tail_survival

# Rounding of the bounds: relative to probabilities, so to 1.
_SLACK = 1e-13
_DEPTH = 128


class TailPoints(NamedTuple):
    """Different values, ascending (point,): logarithms, values, and how many are as large.

    ``upper`` is the number of values at or above the point.
    """

    log: Floats
    value: Floats
    upper: Floats
    size: int


class _Law(NamedTuple):
    """A power law from a threshold on, and the number of values there."""

    discrete: bool
    alpha: float
    log: float
    minimum: float
    scale: float
    n: float


@helper
def _off(points: TailPoints, law: _Law, j: int) -> tuple[float, float]:
    """P(X >= x) at a point, of the data and of the law."""
    log = points.log[j] - law.log
    expected = tail_survival(law.discrete, law.alpha, log, points.value[j], law.minimum, law.scale)
    return points.upper[j] / law.n, expected


@part
def law_at(
    points: TailPoints, discrete: bool, log: float, minimum: float, start: int, total: float
) -> _Law:
    """Return the likeliest power law from a threshold on.

    ``start`` is the first point there, ``total`` the sum of log(x / minimum) over values there.
    """
    n = points.upper[start]
    alpha = discrete_index(total / n, minimum) if discrete else n / total
    scale = scaled_zeta(1.0 + alpha, minimum) if discrete else 1.0
    return _Law(discrete, alpha, log, minimum, scale, n)


@part
def distance(
    points: TailPoints, law: _Law, start: int, bound: float, hint: int
) -> tuple[float, int]:
    """Return the distance from point ``start`` on, and where it is.

    As soon as a difference above the bound is found, that is returned instead. The point ``hint``
    is tried first.
    """
    worst, place = -1.0, start
    if hint > start:
        data, expected = _off(points, law, hint)
        worst, place = abs(data - expected), hint
        if worst > bound:
            return worst, place
    last = points.size - 1
    # Stretches still to be searched, each with both probabilities at both ends.
    first, end = np.empty(_DEPTH, np.int64), np.empty(_DEPTH, np.int64)
    held = np.empty((_DEPTH, 4))
    held[0, 0], held[0, 1] = _off(points, law, start)
    held[0, 2], held[0, 3] = _off(points, law, last)
    for side in range(2):
        off = abs(held[0, 2 * side] - held[0, 2 * side + 1])
        if off > worst:
            worst, place = off, start if side == 0 else last
    first[0], end[0] = start, last
    depth = 1
    while depth > 0 and worst <= bound:
        depth -= 1
        a, b = first[depth], end[depth]
        data_a, law_a, data_b, law_b = (
            held[depth, 0],
            held[depth, 1],
            held[depth, 2],
            held[depth, 3],
        )
        if b - a < 2 or max(data_a - law_b, law_a - data_b) + _SLACK < worst:
            continue
        c = (a + b) >> 1
        data_c, law_c = _off(points, law, c)
        off = abs(data_c - law_c)
        if off > worst:
            worst, place = off, c
        for side in range(2):
            first[depth], end[depth] = (a, c) if side == 0 else (c, b)
            held[depth, 0], held[depth, 1] = (data_a, law_a) if side == 0 else (data_c, law_c)
            held[depth, 2], held[depth, 3] = (data_c, law_c) if side == 0 else (data_b, law_b)
            depth += 1
    return worst, place


@part
def best_threshold(points: TailPoints, discrete: bool, totals: Floats) -> tuple[int, float, float]:
    """Return the point, exponent and distance of the best threshold; the first of equal ones.

    The two largest points are no thresholds. ``totals`` (point,) is room for work. Thresholds are
    tried in ever finer steps, so that a good one is known early and is seldom improved.
    """
    m = points.size
    totals[m - 1] = 0.0
    for i in range(m - 2, -1, -1):
        gap = points.log[i + 1] - points.log[i]
        totals[i] = totals[i + 1] + points.upper[i + 1] * gap
    best, best_alpha, least = -1, math.nan, math.inf
    step = 1
    while 2 * step < m - 2:
        step *= 2
    begin, stride = 0, step
    while step > 0:
        hint = -1
        for i in range(begin, m - 2, stride):
            law = law_at(points, discrete, points.log[i], points.value[i], i, totals[i])
            found, hint = distance(points, law, i, least, hint)
            if found < least or (found == least and i < best):
                best, best_alpha, least = i, law.alpha, found
        begin, stride = step >> 1, step
        step >>= 1
    return best, best_alpha, least


@kernel
def scan_thresholds(
    log: Floats, value: Floats, upper: Floats, discrete: bool
) -> tuple[int, float, float]:
    """Return the point, exponent and distance of the best threshold of points (point,)."""
    points = TailPoints(log, value, upper, log.size)
    return best_threshold(points, discrete, np.empty(log.size))


@part
def fit_from(points: TailPoints, discrete: bool, log: float, minimum: float) -> tuple[float, float]:
    """Return exponent and distance of all points, the threshold being given."""
    total = 0.0
    for j in range(points.size):
        above = points.upper[j + 1] if j + 1 < points.size else 0.0
        total += (points.upper[j] - above) * (points.log[j] - log)
    law = law_at(points, discrete, log, minimum, 0, total)
    found, _ = distance(points, law, 0, math.inf, -1)
    return law.alpha, found


@kernel
def fit_given(
    log: Floats, value: Floats, upper: Floats, discrete: bool, start: float, minimum: float
) -> tuple[float, float]:
    """Return exponent and distance from a given minimum on, whose logarithm is ``start``."""
    return fit_from(TailPoints(log, value, upper, log.size), discrete, start, minimum)


@kernel
def zeta_survival(alpha: float, minimum: float, value: Floats, survival: Floats) -> None:
    """Fill survival (value,) with P(X >= value) of a discrete power law, values being whole."""
    scale = scaled_zeta(1.0 + alpha, minimum)
    for i in range(value.size):
        log = math.log(value[i] / minimum)
        survival[i] = tail_survival(True, alpha, log, value[i], minimum, scale)


@kernel
def zeta_at(s: float, q: float) -> float:
    """Return q**s zeta(s, q)."""
    return scaled_zeta(s, q)


@kernel
def log_variance(alpha: float, minimum: float) -> float:
    """Return the variance of log X under a discrete power law."""
    _, variance = log_moments(1.0 + alpha, minimum)
    return variance
