"""One sampler per family: survival words -> multiples, block by block.

A sampler is exact: it inverts the survival function in closed form, or, for a tabulated family,
with the error that :mod:`gtmsim.sampling` measured when it made the table.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from gtmsim.core._jit import float_bits, helper, part
from gtmsim.core._types import Floats, Words
from gtmsim.core.elementary import exp2, log2, upper_normal_quantile
from gtmsim.core.streams import half_tail, survival

PARETO: Final = 0
LOMAX: Final = 1
LOGNORMAL: Final = 2
TABLE: Final = 3
EMPIRICAL: Final = 4
SPLICED: Final = 5

PIECES_LOG2: Final = 4
"""log2 of the polynomial pieces that a table has per octave of probability."""

PIECES: Final = 2**PIECES_LOG2
ROWS: Final = 65 * PIECES
"""Rows of each half of a table: octaves from [1/4, 1/2) down to 2**-65, and p = 1/2 itself."""

_SHIFT = np.uint64(52 - PIECES_LOG2)
_REST = np.uint64(2 ** (52 - PIECES_LOG2) - 1)
_REST_SCALE = 2.0 ** -(52 - PIECES_LOG2)
_HALF_ROW = np.int64(1022 << PIECES_LOG2)


class Sampler(NamedTuple):
    """A family as a kernel sees it.

    ``scale`` and ``shape`` are minimum and 1/alpha (Pareto), scale and 1/alpha (Lomax), or median
    and sigma * log2(e) (lognormal, and the body of a spliced law). ``table`` (2 * row, coefficient)
    holds isf(p) for p up to one half and then isf(1 - p). ``values`` (value,) are an empirical
    law's values, largest first, or of a spliced law log2(threshold / median), 1/alpha and the
    logarithm, of base 2, of the tail's share.
    ``lower`` and ``upper`` (octave, coefficient) are the polynomials of :mod:`gtmsim.core.octaves`
    on either side of the median, without a row where the law has none.
    """

    family: int
    scale: float
    shape: float
    cap: float
    table: Floats
    values: Floats
    lower: Floats
    upper: Floats


@helper
def normal(word: np.uint64) -> float:
    """Standard normal from a word, decreasing in the word as a survival uniform is."""
    p, sign = half_tail(word)
    return sign * upper_normal_quantile(p)


@helper
def lognormal(word: np.uint64, median: float, sigma_log2: float) -> float:
    """median * 2**(sigma_log2 * Z)."""
    return median * exp2(sigma_log2 * normal(word))


@helper
def table_row(p: float) -> tuple[np.int64, float]:
    """Row of a probability p in [2**-65, 1/2], and its place in [0, 1) within the row.

    The exponent and first mantissa bits of p are the row: no search and no logarithm.
    """
    bits = float_bits(p)
    row = _HALF_ROW - np.int64(bits >> _SHIFT)
    return row, float(np.float64(bits & _REST) * _REST_SCALE)


@part
def sample(sampler: Sampler, words: Words, count: int, x: Floats) -> None:
    """Fill x[:count] with multiples from words[:count] (draw,), clipped at the cap.

    Logarithms and powers are in loops of their own: in one, their constants would not all find
    room in registers.
    """
    scale, shape, cap = sampler.scale, sampler.shape, sampler.cap
    if sampler.family == PARETO or sampler.family == LOMAX:
        for i in range(count):
            x[i] = log2(survival(words[i]))
        origin = scale if sampler.family == LOMAX else 0.0
        for i in range(count):
            y = scale * exp2(-shape * x[i]) - origin
            x[i] = y if y < cap else cap
        return
    if sampler.family == LOGNORMAL:
        for i in range(count):
            x[i] = normal(words[i])
        for i in range(count):
            y = scale * exp2(shape * x[i])
            x[i] = y if y < cap else cap
        return
    if sampler.family == SPLICED:
        threshold, tail_shape, share = sampler.values[0], sampler.values[1], sampler.values[2]
        for i in range(count):
            x[i] = shape * normal(words[i])
        for i in range(count):
            tail = threshold + tail_shape * (share - log2(survival(words[i])))
            x[i] = x[i] if x[i] < threshold else tail
        for i in range(count):
            y = scale * exp2(x[i])
            x[i] = y if y < cap else cap
        return
    if sampler.family == TABLE:
        table = sampler.table
        for i in range(count):
            p, sign = half_tail(words[i])
            row, t = table_row(p)
            if sign < 0.0:
                row += ROWS
            value = table[row, table.shape[1] - 1]
            for k in range(table.shape[1] - 2, -1, -1):
                value = value * t + table[row, k]
            x[i] = value
    else:
        values = sampler.values
        for i in range(count):
            place = int(survival(words[i]) * values.size)
            x[i] = values[place if place < values.size else values.size - 1]
    for i in range(count):
        x[i] = x[i] if x[i] < cap else cap
