"""Histories like the one seen, and the power law fitted to each in the same way.

A replicate's values are drawn in ascending order, so nothing is sorted: values seen before are
drawn by counting, and exponential variates by their spacings.

References
----------
A. Clauset, C. R. Shalizi and M. E. J. Newman, "Power-law distributions in empirical data", SIAM
Review 51 (2009), 661-703, section 4.1 and appendix D.
A. Rényi, "On the theory of order statistics", Acta Mathematica Hungarica 4 (1953), 191-231.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from gtmsim.core._jit import helper, kernel, part
from gtmsim.core._types import Floats, Ints, Words
from gtmsim.core.streams import RESAMPLE, survival, words_at
from gtmsim.core.tail_scan import TailPoints, best_threshold, fit_from
from gtmsim.core.tail_zeta import scaled_zeta

_CHOICE, _TAIL, _AGAIN = 0, 1, 2
_53 = 2.0**53
_11 = np.uint64(11)
# From here on the first guess of a whole number is taken.
_LARGE = 1e8
# exp does not overflow.
_REACH = 600.0


class History(NamedTuple):
    """What replicates are made of.

    Different values, ascending: ``log`` and ``value`` (point,). ``owner`` (draw,) is the point of
    each value seen, ascending, and ``body`` how many of them lie below the minimum. From the
    ``minimum`` on, whose logarithm is ``start``, there is a power law of exponent ``alpha``. If it
    is ``given``, it is not fitted.
    """

    log: Floats
    value: Floats
    owner: Ints
    body: int
    start: float
    minimum: float
    alpha: float
    discrete: bool
    given: bool


class _Room(NamedTuple):
    """Arrays that replicates are written to, one after the other."""

    counts: Floats
    log: Floats
    value: Floats
    upper: Floats
    totals: Floats


@part
def _next_words(
    key0: np.uint64, key1: np.uint64, group: int, scenario: np.uint64, i: int, held: Words
) -> None:
    """Fill held (2,) with the words of a counter, if i is even: word i is then at i & 1."""
    if i & 1 == 0:
        a, b = words_at(
            key0,
            key1,
            np.uint64(0),
            np.uint64(RESAMPLE),
            np.uint64(group),
            scenario,
            np.uint64(i >> 1),
        )
        held[0], held[1] = a, b


@helper
def _below(word: np.uint64, n: int) -> int:
    """A whole number from 0 to n - 1."""
    return int(min(np.float64(word >> _11) / _53 * n, n - 1.0))


@part
def _count_again(
    key0: np.uint64, key1: np.uint64, group: int, scenario: np.uint64, seen: History, room: _Room
) -> int:
    """Draw as many values as were seen, count those of the body, and return how many are not."""
    room.counts[:] = 0.0
    held = np.empty(2, np.uint64)
    n, beyond = seen.owner.size, 0
    limit = n if group == _AGAIN else seen.body
    for i in range(n):
        _next_words(key0, key1, group, scenario, i, held)
        which = _below(held[i & 1], n)
        if which < limit:
            room.counts[seen.owner[which]] += 1.0
        else:
            beyond += 1
    return beyond


@part
def _keep_counted(seen: History, room: _Room) -> int:
    """Write the points that were counted, and return their number."""
    m = 0
    for j in range(seen.log.size):
        if room.counts[j] > 0.0:
            room.log[m], room.value[m] = seen.log[j], seen.value[j]
            room.upper[m] = room.counts[j]
            m += 1
    return m


@part
def _whole(exponential: float, seen: History, scale: float, least: float) -> tuple[float, float]:
    """Return the value of a discrete law, and -log P(X > value), or less where it is large.

    It is the largest x with -log P(X >= x) at most the exponential variate; ``least`` is known to
    be no larger. The first guess, by P(X >= x) ~ (x - 1/2)**-alpha, is a few units off at most,
    and right for large x.
    """
    start = math.log(seen.alpha * scale / seen.minimum)
    reach = min((exponential - start) / seen.alpha, _REACH)
    x = max(math.floor(seen.minimum * math.exp(reach) + 0.5), least)
    if x >= _LARGE:
        return x, exponential
    while x > least and _surprise(x, seen, scale) > exponential:
        x -= 1.0
    after = _surprise(x + 1.0, seen, scale)
    while after <= exponential:
        x += 1.0
        after = _surprise(x + 1.0, seen, scale)
    return x, after


@helper
def _surprise(x: float, seen: History, scale: float) -> float:
    """-log P(X >= x) of the discrete law."""
    log = math.log(x / seen.minimum)
    s = 1.0 + seen.alpha
    return s * log - math.log(scaled_zeta(s, x) / scale)


@part
def _append_tail(
    key0: np.uint64,
    key1: np.uint64,
    scenario: np.uint64,
    seen: History,
    count: int,
    m: int,
    room: _Room,
) -> int:
    """Draw values from the law, write them after ``m`` points, and return the number of points."""
    held = np.empty(2, np.uint64)
    scale = scaled_zeta(1.0 + seen.alpha, seen.minimum) if seen.discrete else 1.0
    exponential, after, x = 0.0, -1.0, seen.minimum
    for i in range(count):
        _next_words(key0, key1, _TAIL, scenario, i, held)
        exponential -= math.log(survival(held[i & 1])) / (count - i)
        log = seen.start + exponential / seen.alpha
        if seen.discrete:
            if exponential >= after:
                x, after = _whole(exponential, seen, scale, x)
            log = seen.start + math.log(x / seen.minimum)
        new = m == 0 or log > room.log[m - 1]
        if new:
            room.log[m], room.value[m], room.upper[m] = log, x, 1.0
            m += 1
        else:
            room.upper[m - 1] += 1.0
    return m


@part
def _fit(seen: History, m: int, room: _Room) -> tuple[float, float]:
    """Return exponent and distance of the points written; NaN if they are too few."""
    for j in range(m - 2, -1, -1):
        room.upper[j] += room.upper[j + 1]
    points = TailPoints(room.log, room.value, room.upper, m)
    if seen.given:
        if m < 2:
            return math.nan, math.nan
        return fit_from(points, seen.discrete, seen.start, seen.minimum)
    if m < 3:
        return math.nan, math.nan
    _, alpha, least = best_threshold(points, seen.discrete, room.totals)
    return alpha, least


@kernel
def refit(
    key0: np.uint64,
    key1: np.uint64,
    seen: History,
    first: int,
    law_alpha: Floats,
    law_distance: Floats,
    again_alpha: Floats,
) -> None:
    """Fit replicates from number ``first`` on, as many as the outputs (replicate,) hold.

    ``law_alpha`` and ``law_distance`` are of histories with a power law from the minimum on and
    values seen below it; ``again_alpha`` of values seen alone, unless the minimum is given.
    """
    n = seen.owner.size
    room = _Room(np.empty(seen.log.size), np.empty(n), np.empty(n), np.empty(n), np.empty(n))
    for r in range(law_alpha.size):
        scenario = np.uint64(first + r)
        beyond = _count_again(key0, key1, _CHOICE, scenario, seen, room)
        m = _keep_counted(seen, room)
        m = _append_tail(key0, key1, scenario, seen, beyond, m, room)
        law_alpha[r], law_distance[r] = _fit(seen, m, room)
        again_alpha[r] = math.nan
        if not seen.given:
            _count_again(key0, key1, _AGAIN, scenario, seen, room)
            again_alpha[r], _ = _fit(seen, _keep_counted(seen, room), room)
