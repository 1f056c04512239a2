"""Counting values into logarithmic bins, exactly and in any order.

A positive float64's bits are its bin: the exponent and the first seven bits of the mantissa, 128
bins an octave, each at most 1/128 wide relative to its lower edge. No logarithm is taken. What a
value adds to its bin's sum is an integer too, the next 28 bits of its mantissa, so that sums, like
counts, are equal to the last bit whatever the order of addition or merge.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from gtmsim.core._jit import float_bits, helper, kernel
from gtmsim.core._types import Floats, Ints

BIN_BITS: Final = 7
BINS_PER_OCTAVE: Final = 2**BIN_BITS
SUM_BITS: Final = 28
"""Bits of a value that its bin's sum keeps: a relative error below 2**-36 a value."""

_BIN_SHIFT = np.uint64(52 - BIN_BITS)
_SUM_SHIFT = np.uint64(52 - BIN_BITS - SUM_BITS)
_SUM_MASK = np.uint64(2**SUM_BITS - 1)
_EMPTY = np.int64(2**62)


@helper
def bin_of(x: float) -> np.int64:
    """Bin of a positive float64."""
    return np.int64(float_bits(x) >> _BIN_SHIFT)


@kernel
def scan_rows(rows: Floats, count: int, extremes: Floats, lowest: Ints, highest: Ints) -> None:
    """Find what the first ``count`` values of rows (row, value) need.

    Widens extremes (row, [min, max]); fills lowest and highest (row, sign), the first and last bin
    of the positive values (sign 0) and of the negated negative ones (sign 1).
    """
    for r in range(rows.shape[0]):
        row = rows[r]
        low, high = extremes[r, 0], extremes[r, 1]
        least_positive, least_negative = np.inf, np.inf
        most_positive, most_negative = 0.0, 0.0
        for i in range(count):
            x = row[i]
            low = x if x < low else low
            high = x if x > high else high
            positive = x if x > 0.0 else np.inf
            negative = -x if x < 0.0 else np.inf
            least_positive = positive if positive < least_positive else least_positive
            least_negative = negative if negative < least_negative else least_negative
            most_positive = x if x > most_positive else most_positive
            most_negative = -x if -x > most_negative else most_negative
        extremes[r, 0], extremes[r, 1] = low, high
        lowest[r, 0] = bin_of(least_positive) if most_positive > 0.0 else _EMPTY
        highest[r, 0] = bin_of(most_positive) if most_positive > 0.0 else -1
        lowest[r, 1] = bin_of(least_negative) if most_negative > 0.0 else _EMPTY
        highest[r, 1] = bin_of(most_negative) if most_negative > 0.0 else -1


@kernel
def add_rows(rows: Floats, count: int, start: Ints, lowest: Ints, bins: Ints, zeros: Ints) -> None:
    """Add the first ``count`` of rows (row, value) to bins (bin, [count, sum]) with room for them.

    The bins of row r and sign s begin at bins[start[r, s]] with bin lowest[r, s]; zeros (row,)
    counts the values equal to zero. NaN is passed over.
    """
    for r in range(rows.shape[0]):
        row = rows[r]
        at = start[r, 0] - lowest[r, 0]
        at_negative = start[r, 1] - lowest[r, 1]
        for i in range(count):
            x = row[i]
            bits = float_bits(abs(x))
            place = np.int64(bits >> _BIN_SHIFT)
            part = np.int64((bits >> _SUM_SHIFT) & _SUM_MASK)
            if x > 0.0:
                bins[at + place, 0] += 1
                bins[at + place, 1] += part
            elif x < 0.0:
                bins[at_negative + place, 0] += 1
                bins[at_negative + place, 1] += part
            elif x == 0.0:
                zeros[r] += 1


@kernel
def merge_bins(
    start: Ints,
    lowest: Ints,
    bins: Ints,
    other_start: Ints,
    other_lowest: Ints,
    other_width: Ints,
    other_bins: Ints,
) -> None:
    """Add other bins (bin, [count, sum]) to bins that are known to hold them.

    Rows and signs are laid out as in :func:`add_rows`; other_width (row, sign) counts bins.
    """
    for r in range(start.shape[0]):
        for sign in range(2):
            to = start[r, sign] + other_lowest[r, sign] - lowest[r, sign]
            source = other_start[r, sign]
            for k in range(other_width[r, sign]):
                bins[to + k, 0] += other_bins[source + k, 0]
                bins[to + k, 1] += other_bins[source + k, 1]
