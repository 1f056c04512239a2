"""Rows of values counted in logarithmic bins that grow to hold what comes.

Every count and sum is an integer, so merging is addition: the same bits in any order, for any
number of tasks. Quantiles, tail means and shares follow with a stated error, the width of a bin.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from gtmsim.core._types import Floats, Ints
from gtmsim.core.histogram import (
    BIN_BITS,
    BINS_PER_OCTAVE,
    SUM_BITS,
    add_rows,
    merge_bins,
    scan_rows,
)

RELATIVE_WIDTH = 1.0 / BINS_PER_OCTAVE
"""Width of a bin relative to its lower edge: the largest relative error of a quantile."""

_MARGIN = BINS_PER_OCTAVE
"""Bins on either side of a new run; one that grows gets half of its width, to move seldom."""


def _edges(bins: Ints) -> Floats:
    """Lower edges of positive bins."""
    return (bins.astype(np.uint64) << np.uint64(52 - BIN_BITS)).view(np.float64)


def _side_by_side(width: Ints) -> tuple[Ints, int]:
    """Return where runs of bins start that stand side by side, and how many bins they have."""
    ends = np.cumsum(width).reshape(width.shape)
    # One more bin follows, which belongs to no run: values that go nowhere are counted there.
    return ends - width, int(width.sum())


def _narrow(values: Ints) -> npt.NDArray[np.uint8]:
    """Return the low bytes (value, byte) of whole numbers, as many as the largest has."""
    size = max(-(-int(values.max(initial=0)).bit_length() // 8), 1)
    return values.astype("<i8").view(np.uint8).reshape(-1, 8)[:, :size].copy()


def _widened(low: npt.NDArray[np.uint8]) -> Ints:
    """Return the whole numbers that :func:`_narrow` was given."""
    whole = np.zeros((low.shape[0], 8), dtype=np.uint8)
    whole[:, : low.shape[1]] = low
    return whole.view("<i8").ravel().astype(np.int64)


@dataclass(frozen=True)
class Histogram:
    """One row's values: bins in ascending order.

    Attributes
    ----------
    lower, upper : array (bin,)
        Edges; both are 0 for the bin of exact zeros.
    counts : array (bin,) of int
    sums : array (bin,)
        Sum of the values in each bin, within 2**-36 of itself.
    minimum, maximum : float
        Exact extremes, NaN if there is no value.
    """

    lower: Floats
    upper: Floats
    counts: Ints
    sums: Floats
    minimum: float
    maximum: float

    @property
    def n(self) -> int:
        """Number of values."""
        return int(self.counts.sum())

    @property
    def sum(self) -> float:
        """Sum of all values, within 2**-36 of the sum of their magnitudes."""
        return float(self.sums.sum())

    def quantile(self, q: npt.ArrayLike) -> Floats:
        """Quantiles, interpolated between neighbours as numpy does.

        Each neighbour is known to 1/128 of itself, the relative width of a bin.

        Examples
        --------
        >>> histograms = Histograms(1)
        >>> histograms.add(np.arange(1.0, 102.0)[None, :])
        >>> abs(float(histograms.row(0).quantile(0.5)) / 51.0 - 1.0) < 1 / 128
        True
        """
        q = np.asarray(q, dtype=np.float64)
        if self.n == 0:
            return np.full(q.shape, np.nan)
        rank = q * (self.n - 1)
        low = np.floor(rank)
        below = self._ranked(low)
        above = self._ranked(np.minimum(low + 1, self.n - 1))
        return np.asarray(below + (rank - low) * (above - below))

    def _ranked(self, rank: Floats) -> Floats:
        """Values of given ranks from 0, spread evenly within a bin."""
        after = np.cumsum(self.counts)
        place = np.minimum(np.searchsorted(after, rank, side="right"), after.size - 1)
        within = (rank - (after[place] - self.counts[place]) + 0.5) / self.counts[place]
        value = self.lower[place] + within * (self.upper[place] - self.lower[place])
        return np.asarray(np.clip(value, self.minimum, self.maximum))

    def share_at_least(self, x: float) -> float:
        """Share of values at least x; a bin that x divides is taken in proportion to its width."""
        if self.n == 0:
            return float("nan")
        if x <= self.minimum or x > self.maximum:
            return float(x <= self.minimum)
        width = np.where(self.upper > self.lower, self.upper - self.lower, 1.0)
        part = np.clip((self.upper - x) / width, 0.0, 1.0)
        part = np.where(self.upper == self.lower, self.lower >= x, part)
        return float((self.counts * part).sum() / self.n)

    def lower_mean(self, share: float) -> float:
        """Mean of the lowest ``share`` of values, the last bin taken at its mean."""
        if self.n == 0:
            return float("nan")
        wanted = share * self.n
        before = np.cumsum(self.counts) - self.counts
        take = np.clip(wanted - before, 0.0, self.counts)
        means = self.sums / np.maximum(self.counts, 1)
        return float((take * means).sum() / wanted)


class Histograms:
    """Many rows of values, each counted in bins that grow to hold what comes.

    Parameters
    ----------
    rows : int
        Number of rows.

    Notes
    -----
    A row has two runs of bins, one for positive values and one for negative ones (by magnitude);
    exact zeros are counted apart and NaN is not counted at all.

    Examples
    --------
    >>> one, other = Histograms(1), Histograms(1)
    >>> one.add(np.array([[1.0, 2.0, -3.0]]))
    >>> other.add(np.array([[0.0, 1e300]]))
    >>> one.merge(other)
    >>> one.row(0).n, one.row(0).minimum, one.row(0).maximum
    (5, -3.0, 1e+300)
    """

    def __init__(self, rows: int) -> None:
        self.rows = rows
        self.lowest = np.zeros((rows, 2), dtype=np.int64)
        self.width = np.zeros((rows, 2), dtype=np.int64)
        self.start = np.zeros((rows, 2), dtype=np.int64)
        self.bins = np.zeros((1, 2), dtype=np.int64)
        self.free = 0
        self.zeros = np.zeros(rows, dtype=np.int64)
        self.extremes = np.tile([np.inf, -np.inf], (rows, 1))

    def empty_like(self) -> Histograms:
        """Return empty rows with room for the same bins, which saves growing to them."""
        other = Histograms(self.rows)
        other.lowest, other.width = self.lowest.copy(), self.width.copy()
        other.start, total = _side_by_side(other.width)
        # Of zeros that the system gives when they are touched: many never are.
        other.bins = np.zeros((total + 1, 2), dtype=np.int64)
        return other

    def add(self, values: Floats, count: int | None = None) -> None:
        """Count values (row, value), or the first ``count`` of each row."""
        count = values.shape[1] if count is None else count
        lowest = np.empty((self.rows, 2), dtype=np.int64)
        highest = np.empty((self.rows, 2), dtype=np.int64)
        scan_rows(values, count, self.extremes, lowest, highest)
        self._cover(lowest, highest)
        add_rows(values, count, self.start, self.lowest, self.bins, self.zeros)

    def merge(self, other: Histograms) -> None:
        """Add another set of the same rows to this one."""
        self._cover(other.lowest, other.lowest + other.width - 1)
        merge_bins(
            self.start.ravel(),
            self.lowest.ravel(),
            self.bins,
            other.start.ravel(),
            other.lowest.ravel(),
            other.width.ravel(),
            other.bins,
        )
        self.zeros += other.zeros
        np.minimum(self.extremes[:, 0], other.extremes[:, 0], out=self.extremes[:, 0])
        np.maximum(self.extremes[:, 1], other.extremes[:, 1], out=self.extremes[:, 1])

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Return what there is to store or send, without empty bins; :meth:`from_arrays` reads it.

        Whether a bin is used takes a bit, its count and sum as many bytes as the largest needs.

        Examples
        --------
        >>> one = Histograms(1)
        >>> one.add(np.array([[1.0, 2.0]]))
        >>> Histograms.from_arrays(one.arrays()).row(0).n
        2
        """
        whole = self.empty_like()
        whole.merge(self)
        bins = whole.bins[:-1]
        used = bins[:, 0] > 0
        counts, sums = bins[used].T
        return {
            "lowest": self.lowest.astype(np.int32),
            "width": self.width.astype(np.int32),
            "used": np.packbits(used),
            "counts": _narrow(counts),
            "sums": _narrow(sums),
            "zeros": self.zeros,
            "extremes": self.extremes,
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, npt.NDArray[Any]]) -> Histograms:
        """Return the histograms that were stored."""
        found = cls(arrays["zeros"].size)
        found.lowest[:], found.width[:] = arrays["lowest"], arrays["width"]
        found.zeros[:], found.extremes[:] = arrays["zeros"], arrays["extremes"]
        found.start, total = _side_by_side(found.width)
        used = np.flatnonzero(np.unpackbits(arrays["used"], count=total))
        found.bins = np.zeros((total + 1, 2), dtype=np.int64)
        found.bins[used, 0] = _widened(arrays["counts"])
        found.bins[used, 1] = _widened(arrays["sums"])
        return found

    def _cover(self, lowest: Ints, highest: Ints) -> None:
        """Make room for bins lowest to highest (row, sign); highest < lowest asks for none."""
        wanted, unused = highest >= lowest, self.width == 0
        last = self.lowest + self.width - 1
        below = wanted & (unused | (lowest < self.lowest))
        above = wanted & (unused | (highest > last))
        grows = below | above
        if not grows.any():
            return
        margin = np.where(unused, _MARGIN, self.width // 2)
        low = np.where(below, lowest - margin, self.lowest)
        width = np.where(above, highest + margin, last) - low + 1
        used, bins = self.bins.shape[0] - 1 - self.free, self.bins
        if used + int(width[grows].sum()) < bins.shape[0]:
            # Runs that grow move behind all others; what they leave behind is not used again.
            start = used + _side_by_side(width[grows])[0]
        else:
            # All move, and leave nothing unused but room to grow.
            grows, used = np.ones_like(grows), 0
            start, total = _side_by_side(width.ravel())
            bins = np.zeros((total + total // 2 + 1, 2), dtype=np.int64)
        merge_bins(
            start,
            low[grows],
            bins,
            self.start[grows],
            self.lowest[grows],
            self.width[grows],
            self.bins,
        )
        self.bins, self.free = bins, bins.shape[0] - 1 - used - int(width[grows].sum())
        self.lowest[grows], self.width[grows], self.start[grows] = low[grows], width[grows], start

    def row(self, r: int) -> Histogram:
        """Return one row's bins, ascending, empty ones left out."""
        positive, negative = (self._run(r, sign) for sign in (0, 1))
        zero = np.zeros(1)
        lower = np.concatenate((-negative[1][::-1], zero, positive[0]))
        upper = np.concatenate((-negative[0][::-1], zero, positive[1]))
        counts = np.concatenate((negative[2][::-1], self.zeros[r : r + 1], positive[2]))
        sums = np.concatenate((-negative[3][::-1], zero, positive[3]))
        keep = counts > 0
        minimum, maximum = self.extremes[r] if keep.any() else (np.nan, np.nan)
        return Histogram(
            lower[keep], upper[keep], counts[keep], sums[keep], float(minimum), float(maximum)
        )

    def _run(self, r: int, sign: int) -> tuple[Floats, Floats, Ints, Floats]:
        start, width = int(self.start[r, sign]), int(self.width[r, sign])
        counts, sums = self.bins[start : start + width].T
        used = np.flatnonzero(counts)
        counts, sums, bins = counts[used], sums[used], used + self.lowest[r, sign]
        # Each value counts half a unit more than the bits that its sum kept.
        part = (sums + 0.5 * counts) / 2.0**SUM_BITS
        lower, upper = _edges(bins), _edges(bins + 1)
        return lower, upper, counts, counts * lower + part * (upper - lower)
