"""Counting values into logarithmic bins, exactly and in any order.

A positive float64's bits are its bin: the exponent and the first seven bits of the mantissa, 128
bins an octave, each at most 1/128 wide relative to its lower edge. No logarithm is taken. What a
value adds to its bin's sum is an integer too, the next 28 bits of its mantissa, so that sums, like
counts, are equal to the last bit whatever the order of addition or merge.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from gtmsim.core._jit import bits_float, float_bits, helper, kernel
from gtmsim.core._types import Floats, Ints

BIN_BITS: Final = 7
BINS_PER_OCTAVE: Final = 2**BIN_BITS
SUM_BITS: Final = 28
"""Bits of a value that its bin's sum keeps: a relative error below 2**-36 a value."""

_BIN_SHIFT = np.uint64(52 - BIN_BITS)
_SUM_SHIFT = np.uint64(52 - BIN_BITS - SUM_BITS)
_SUM_MASK = np.uint64(2**SUM_BITS - 1)
_EMPTY = np.int64(2**62)
_TILE = 512
_63 = np.int64(63)
_MAGNITUDE = np.int64(2**63 - 1)
_INFINITY = np.int64(0x7FF0000000000000)


@helper
def bin_of(x: float) -> np.int64:
    """Bin of a positive float64."""
    return np.int64(float_bits(x) >> _BIN_SHIFT)


@helper
def _order(x: float) -> np.int64:
    """A whole number that orders floats as they are ordered: 0 for 0, -1 for -0.

    The maximum of whole numbers is found with vectors, that of floats is not.
    """
    bits = np.int64(float_bits(x))
    return bits ^ ((bits >> _63) & _MAGNITUDE)


@helper
def _unordered(order: np.int64) -> float:
    """The float of an order."""
    return bits_float(np.uint64(order ^ ((order >> _63) & _MAGNITUDE)))


@kernel
def scan_rows(rows: Floats, count: int, extremes: Floats, lowest: Ints, highest: Ints) -> None:
    """Find what the first ``count`` values of rows (row, value) need.

    Widens extremes (row, [min, max]); fills lowest and highest (row, sign), the first and last bin
    of the positive values (sign 0) and of the negated negative ones (sign 1). NaN is passed over.
    """
    for r in range(rows.shape[0]):
        row = rows[r]
        least, most = _order(extremes[r, 0]), _order(extremes[r, 1])
        least_positive, most_negative = _INFINITY, -_INFINITY - 1
        for i in range(count):
            order = _order(row[i])
            number = (order <= _INFINITY) & (order >= -_INFINITY - 1)
            low = order if number else _INFINITY
            high = order if number else -_INFINITY - 1
            positive = low if low > 0 else _INFINITY
            negative = high if high < -1 else -_INFINITY - 1
            least = low if low < least else least
            most = high if high > most else most
            least_positive = positive if positive < least_positive else least_positive
            most_negative = negative if negative > most_negative else most_negative
        first, last = np.inf, -np.inf
        if least <= most:
            first, last = _unordered(least) + 0.0, _unordered(most) + 0.0
        extremes[r, 0], extremes[r, 1] = first, last
        lowest[r, 0] = bin_of(_unordered(least_positive)) if last > 0.0 else _EMPTY
        highest[r, 0] = bin_of(last) if last > 0.0 else -1
        lowest[r, 1] = bin_of(-_unordered(most_negative)) if first < 0.0 else _EMPTY
        highest[r, 1] = bin_of(-first) if first < 0.0 else -1


@kernel
def add_rows(rows: Floats, count: int, start: Ints, lowest: Ints, bins: Ints, zeros: Ints) -> None:
    """Add the first ``count`` of rows (row, value) to bins (bin, [count, sum]) with room for them.

    The bins of row r and sign s begin at bins[start[r, s]] with bin lowest[r, s]; zeros (row,)
    counts the values equal to zero. NaN is passed over. The last bin is written to, and cleared.
    """
    places, parts = np.empty(_TILE, np.int64), np.empty(_TILE, np.int64)
    spare = bins.shape[0] - 1
    for r in range(rows.shape[0]):
        row = rows[r]
        at = start[r, 0] - lowest[r, 0]
        at_negative = start[r, 1] - lowest[r, 1]
        zero = np.int64(0)
        for first in range(0, count, _TILE):
            size = min(_TILE, count - first)
            tile = row[first : first + size]
            # Where each goes, without a branch; then the counting, which waits for memory.
            for i in range(size):
                x = tile[i]
                bits = float_bits(abs(x))
                bin_ = np.int64(bits >> _BIN_SHIFT)
                place = bin_ + (at if x > 0.0 else at_negative)
                places[i] = place if (x > 0.0) | (x < 0.0) else spare
                parts[i] = np.int64((bits >> _SUM_SHIFT) & _SUM_MASK)
            for i in range(size):
                zero += np.int64(tile[i] == 0.0)
            for i in range(size):
                place_ = np.uint64(places[i])
                bins[place_, 0] += 1
                bins[place_, 1] += parts[i]
        zeros[r] += zero
    bins[spare] = 0


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

    Runs are given by their start and lowest bin (run,); other_width (run,) counts bins. The two may
    be runs of one array that do not overlap.
    """
    for run in range(start.size):
        to = start[run] + other_lowest[run] - lowest[run]
        source = other_start[run]
        for k in range(other_width[run]):
            bins[to + k, 0] += other_bins[source + k, 0]
            bins[to + k, 1] += other_bins[source + k, 1]
