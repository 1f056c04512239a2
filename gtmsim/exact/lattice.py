"""Sums of independent terms on a lattice, with bounds on their distribution.

A term that lies between two points of the lattice is rounded up, split between both so that its
mean is kept, or rounded down. Sums of what was rounded up and down enclose the sum; what was split
estimates it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np
from scipy.fft import irfft, rfft

from gtmsim.core._types import Floats
from gtmsim.distributions import AnyMultiple, Empirical
from gtmsim.execute import default_workers

LOW, MID, HIGH = 0, 1, 2
"""Rows of a bracket: not above the distribution function, an estimate of it, and not below it."""

UNIT = 2.0**-53
"""Largest relative error of one rounding."""

_PADDING = 4
_MOST_MARKS = 64


class Term(Protocol):
    """One of ``size`` independent terms, each nothing but with probability ``hit_rate``."""

    @property
    def hit_rate(self) -> float:
        """Probability that it is anything."""

    @property
    def size(self) -> int:
        """How many there are of them."""

    def marks(self) -> Floats:
        """Return values that had better be points of the lattice, (mark,)."""

    def masses(self, step: float, points: int) -> Floats:
        """Return masses (part, row, point) at 0, step, 2 step, ... of what hits.

        Rows are rounded up, split and rounded down. The first part is all of the law, the second
        what lies on points of its own. Whatever is in neither rounds down to strictly less.
        """


@dataclass(frozen=True)
class Campaigns:
    """Campaigns of one worth, as in :class:`gtmsim.exact.terms.ProgramTerms`."""

    multiple: AnyMultiple
    cap: float | None
    hit_rate: float
    worth: float
    size: int

    @property
    def largest(self) -> float:
        """The largest value of all of them together, perhaps infinite."""
        return self.size * self.worth * self.multiple.isf(0.0, self.cap)

    @property
    def nothing(self) -> float:
        """The probability that they bring nothing."""
        return math.pow(1.0 - self.hit_rate * self.multiple.sf(0.0, self.cap), self.size)

    def exceeded(self, chance: float) -> float:
        """Return what one of them exceeds, so that any of them does with at most the chance."""
        # Where hits are rarer than that, the middle one: a lattice must reach beyond zero.
        level = min(0.5 * self.multiple.sf(0.0), chance / (self.size * self.hit_rate))
        return self.worth * self.multiple.isf(level, self.cap)

    def marks(self) -> Floats:
        """Where the law has a step or its density may jump; points of the lattice, if possible."""
        values, _ = self._steps()
        return self.worth * np.append(values, self.multiple.isf(1.0, self.cap))

    def masses(self, step: float, points: int) -> Floats:
        """Return masses (part, row, point); see :class:`Term`."""
        edges = (step / self.worth) * np.arange(points + 1.0)
        above, between = self._smooth_sf(edges), self._smooth_sf(edges[:-1] + 0.5 * edges[1])
        mean = (above[:-1] + 4.0 * between + above[1:]) / 6.0
        smooth = above[0] - np.stack([above[:-1], mean, above[1:]])
        values, chances = self._steps()
        place = places(np.minimum(values, edges[-1]), edges[1])
        steps = rounded(place, np.tile(chances, (3, 1)), points + 1)[:, :-1]
        return np.stack([np.diff(smooth, prepend=0.0) + steps, steps])

    def _steps(self) -> tuple[Floats, Floats]:
        """Return multiples that have a probability of their own, and those probabilities."""
        if isinstance(self.multiple, Empirical):
            values, counts = np.unique(self.multiple.values, return_counts=True)
            limit = math.inf if self.cap is None else self.cap
            return np.minimum(values, limit), counts.astype(np.float64) / counts.sum()
        if self.cap is None:
            return np.empty(0), np.empty(0)
        return np.array([self.cap]), np.array([self.multiple.sf(self.cap)])

    def _smooth_sf(self, x: Floats) -> Floats:
        """Return P(X > x) of multiples (point,) without a probability of their own."""
        if isinstance(self.multiple, Empirical):
            return np.zeros(x.size)
        beyond = 0.0 if self.cap is None else self.multiple.sf(self.cap)
        smooth: Floats = np.maximum(self.multiple.sf(x) - beyond, 0.0)
        return smooth


@dataclass(frozen=True)
class Grid:
    """Bounds on a distribution function at 0, step, 2 step, ..., and what is between.

    Attributes
    ----------
    step : float
    steps : array (row, point)
        What lies on points of its own.
    smooth : array (row, point)
        The rest, which is continuous or treated as if it were.
    error : float
        By how much roundings and aliasing may have moved any of them.
    """

    step: float
    steps: Floats
    smooth: Floats
    error: float

    @property
    def reach(self) -> float:
        """The last point."""
        return self.step * float(self.steps.shape[1] - 1)

    @property
    def points(self) -> Floats:
        """All points (point,)."""
        return self.step * np.arange(float(self.steps.shape[1]))

    def at(self, x: Floats) -> Floats:
        """Return the bracket (row, point) at x (point,), from 0 to the reach."""
        place = places(x, self.step)
        left = np.floor(place).astype(np.int64)
        right = np.minimum(np.ceil(place).astype(np.int64), self.steps.shape[1] - 1)
        low, mid, high = self.steps[:, left]
        low = low + self.smooth[LOW, left]
        high = high + self.smooth[HIGH, right]
        start, end = self.smooth[MID, left], self.smooth[MID, right]
        mid = np.clip(mid + start + (place - left) * (end - start), low, high)
        bracket: Floats = np.stack([low - self.error, mid, high + self.error])
        return np.clip(bracket, 0.0, 1.0)

    def around(self, chance: float) -> Floats:
        """Return the bracket (row, 1) of a probability that is known up to the error."""
        return np.clip(chance + self.error * np.array([[-1.0], [0.0], [1.0]]), 0.0, 1.0)

    def half_widths(self) -> Floats:
        """Return half of the bracket's width between each point and the next (point - 1,)."""
        steps, smooth = self.steps, self.smooth
        low = steps[LOW, :-1] + smooth[LOW, :-1] - self.error
        high = steps[HIGH, :-1] + smooth[HIGH, 1:] + self.error
        halves: Floats = 0.5 * (np.minimum(high, 1.0) - np.maximum(low, 0.0))
        return halves


class Mixture(NamedTuple):
    """Terms that are summed with a probability, such as given one shock."""

    chance: float
    terms: Sequence[Term]


def lattice_sum(mixtures: Sequence[Mixture], step: float, points: int, largest: float) -> Grid:
    """Return bounds on the distribution function of a sum of independent terms.

    Parameters
    ----------
    mixtures : sequence of Mixture
    step : float
    points : int
        Points of the lattice from 0 on, a power of two at best.
    largest : float
        The largest value of the sum, perhaps infinite.

    Returns
    -------
    Grid

    Notes
    -----
    What a term has beyond the lattice cannot be part of a sum inside it and is dropped. Transforms
    have four times its points. A sum beyond those comes back inside; with masses tilted by
    exp(-t k) it comes back with a factor of exp(-4 t points) or less, while roundings grow by
    exp(t points) at most. The tilt makes the sum of both errors smallest, and the bracket is
    widened by it. Roundings are bounded in the 2-norm: of each transform of n points by 8 log2(n)
    units, of powers and products by 8 units a term.

    References
    ----------
    R. Gruebel and R. Hermesmeier, "Computation of compound distributions I: aliasing errors and
    exponential tilting", ASTIN Bulletin 29 (1999), 197-214.

    P. Embrechts and M. Frei, "Panjer recursion versus FFT for compound distributions",
    Mathematical Methods of Operations Research 69 (2009), 497-508.

    N. J. Higham, "Accuracy and stability of numerical algorithms", 2nd ed. (2002), theorem 24.2.
    """
    size = max(sum(term.size for term in mixture.terms) for mixture in mixtures)
    hits = max(sum(t.size * t.hit_rate for t in mixture.terms) for mixture in mixtures)
    padded = _PADDING * points
    transforms = 8.0 * UNIT * math.log2(padded) * (1.0 + hits)
    rounding = math.sqrt(points) * (transforms + 8.0 * UNIT * size)
    growth, error = 1.0, rounding
    if largest / step + size >= padded:
        growth = max((_PADDING / rounding) ** (1.0 / (1.0 + _PADDING)), 1.0)
        error = growth * rounding + growth**-_PADDING
    tilt = np.exp(-math.log(growth) / points * np.arange(points))
    workers = default_workers()
    spectrum = np.zeros((2, 3, padded // 2 + 1), dtype=np.complex128)
    for chance, terms in mixtures:
        product = np.full_like(spectrum, chance)
        for term in terms:
            for part, masses in zip(product, term.masses(step, points) * tilt, strict=True):
                # Few laws have steps; the transform of nothing is nothing.
                hit = rfft(masses, padded, workers=workers) if masses.any() else 0.0
                part *= (1.0 - term.hit_rate + term.hit_rate * hit) ** term.size
        spectrum += product
    masses = irfft(spectrum, padded, workers=workers)[:, :, :points] / tilt
    every, steps = np.cumsum(masses, axis=-1)
    smooth = every - steps
    # Half of what is smooth at a point lies below it; what was rounded down to it lies above.
    smooth[MID] -= 0.5 * (masses[0, MID] - masses[1, MID])
    smooth[HIGH, 1:] = smooth[HIGH, :-1]
    smooth[MID:, 0] = 0.0
    # A bound is made of three sums.
    return Grid(step, steps, smooth, 3.0 * error)


def aligned(marks: Floats, least: float) -> float:
    """Return a step, at least the least and below twice it, that divides as many marks as it can.

    Earlier marks come first.

    Examples
    --------
    >>> aligned(np.array([3.0, 4.5, 0.7]), least=0.4)
    0.5
    """
    divisor = 0.0
    for mark in marks[marks > 0.0][:_MOST_MARKS]:
        common = _common_divisor(divisor, float(mark))
        if common >= least:
            divisor = common
    return divisor / (divisor // least) if divisor else least


def places(x: Floats, step: float) -> Floats:
    """Return x / step (point,), whole where it is whole up to rounding."""
    place = x / step
    whole = np.rint(place)
    return np.where(np.abs(place - whole) <= 1e-9 + 1e-11 * whole, whole, place)


def rounded(place: Floats, masses: Floats, points: int) -> Floats:
    """Put masses (row, place) on whole places below points: up, split between both, and down."""
    left, right = np.floor(place).astype(np.int64), np.ceil(place).astype(np.int64)
    part = (place - left) * masses[MID]
    rows = np.zeros((3, points))
    rows[LOW] = np.bincount(right, masses[LOW], minlength=points)
    rows[MID] = np.bincount(left, masses[MID] - part, minlength=points)
    rows[MID] += np.bincount(right, part, minlength=points)
    rows[HIGH] = np.bincount(left, masses[HIGH], minlength=points)
    return rows


def _common_divisor(a: float, b: float) -> float:
    """Return the greatest common divisor up to rounding (Euclid)."""
    large = max(a, b)
    while b > 1e-10 * large:
        a, b = b, abs(math.remainder(a, b))
    return large / round(large / a)
