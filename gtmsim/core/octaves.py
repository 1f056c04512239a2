"""Many draws of one law: how many fall into each octave of probability, then a polynomial each.

Half of the hits lie above the median. Of these half again have a survival probability below 1/4,
and so on: the number of hits in each octave is a binomial draw with probability 1/2, a count of
random bits. Within an octave the survival probability is uniform, its exponent is known, and the
multiple is one polynomial of it: no logarithm, no power, and 32 random bits are enough. Below the
median the same is done with the probability of being smaller.

The law is exact but for the polynomials' relative error, which :mod:`gtmsim.sampling` measures when
it fits them. Hits beyond the last octave are few, and drawn one by one from 64 bits each.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from gtmsim.core._jit import bit_count, bits_float, helper, part
from gtmsim.core._types import Floats, Words
from gtmsim.core.streams import LANES, OCTAVE_COUNT, place, tile_halves

DEGREE: Final = 12
"""Degree of the polynomial of an octave."""

OCTAVES: Final = 24
"""Most octaves of a side."""

UPPER: Final = 1 + OCTAVES
"""Number of the first octave above the median in an address; those below begin at 1."""

_NONE = np.uint64(0)
_ALL = np.uint64(0xFFFFFFFFFFFFFFFF)
_1 = np.uint64(1)
_20 = np.uint64(20)
_24 = np.uint64(24)
_ONE_BITS = np.uint64(0x3FF0000000000000)
# Half a unit of 32 bits above the middle of [1, 2).
_MIDDLE = 1.5 - 2.0**-33


@helper
def octave_index(octave: int, index: int) -> np.uint64:
    """Index of a counter within an octave; octave 0 is the split at the median."""
    return (np.uint64(octave) << _24) | np.uint64(index)


@helper
def _heads(half: np.uint64, trials: float) -> np.uint64:
    """Bits set among the first of 32, as many as there are trials left."""
    count = trials if trials < 32.0 else 32.0
    count = count if count > 0.0 else 0.0
    return bit_count(half & ((_1 << np.uint64(np.int64(count))) - _1))


@part
def split(
    key0: np.uint64,
    key1: np.uint64,
    stream: np.uint64,
    group: np.uint64,
    octave: int,
    first: np.uint64,
    rest: Floats,
    halves: Words,
    counts: Floats,
) -> None:
    """Fill counts (lane,) with binomial draws of ``rest`` (lane,) trials of probability 1/2.

    ``halves`` is working memory for the words of one counter.
    """
    most = highest(rest)
    counts[:] = 0.0
    for i in range((most + 127) // 128):
        index = octave_index(octave, i)
        tile_halves(key0, key1, stream, np.uint64(OCTAVE_COUNT), group, index, 1, first, halves)
        for lane in range(LANES):
            left = rest[lane] - 128.0 * i
            heads = (
                _heads(halves[lane], left)
                + _heads(halves[place(1, lane)], left - 32.0)
                + _heads(halves[place(2, lane)], left - 64.0)
                + _heads(halves[place(3, lane)], left - 96.0)
            )
            counts[lane] += np.float64(np.int64(heads))


@part
def sample_octave(coefficients: Floats, halves: Words, count: int, cap: float, x: Floats) -> None:
    """Fill x[:count] with multiples of one octave from 32-bit words, clipped at the cap.

    ``coefficients`` (power,) are of the place within the octave, from -1/2 to 1/2.
    """
    c0, c1, c2, c3 = coefficients[0], coefficients[1], coefficients[2], coefficients[3]
    c4, c5, c6, c7 = coefficients[4], coefficients[5], coefficients[6], coefficients[7]
    c8, c9, c10, c11 = coefficients[8], coefficients[9], coefficients[10], coefficients[11]
    c12 = coefficients[12]
    for i in range(count):
        t = bits_float(_ONE_BITS | (halves[i] << _20)) - _MIDDLE
        y = ((c12 * t + c11) * t + c10) * t + c9
        y = (((y * t + c8) * t + c7) * t + c6) * t + c5
        y = (((y * t + c4) * t + c3) * t + c2) * t + c1
        y = y * t + c0
        x[i] = y if y < cap else cap


@part
def highest(x: Floats) -> Any:
    """Largest of x (lane,), of whole numbers."""
    # Of integers, whose maximum has no order to keep: of floats it would not be vectorised.
    most = np.int64(0)
    for lane in range(LANES):
        here = np.int64(x[lane])
        most = here if here > most else most
    return most


@part
def lowest(x: Floats) -> Any:
    """Smallest of x (lane,), of whole numbers."""
    least = np.int64(2**62)
    for lane in range(LANES):
        here = np.int64(x[lane])
        least = here if here < least else least
    return least


@part
def shift_words(words: Words, count: int, shift: np.uint64, below: bool) -> None:
    """Turn words[:count] into those of survival probabilities below 2**-shift, or above 1 - that.

    From 64 bits 64 - shift are left, of a probability that is known to be that small.
    """
    flip = _ALL if below else _NONE
    for i in range(count):
        words[i] = (words[i] >> shift) ^ flip
