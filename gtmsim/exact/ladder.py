"""Distributions on lattices of several steps, and what a lognormal shock makes of them."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

import numpy as np
from scipy.fft import irfft, next_fast_len, rfft
from scipy.special import ndtr

from gtmsim.core._types import Floats
from gtmsim.exact.lattice import HIGH, LOW, MID, UNIT, Grid, rounded

FAR = 7.0
"""Standard deviations beyond which a shock is left out: one side has a probability of 1.3e-12."""

_FINER = 4.0
_MOST_GRIDS = 64
_NOTHING_LOST = 1e-10


@dataclass(frozen=True)
class Ladder:
    """A law on grids, the finest first; each reaches further than those before it.

    Attributes
    ----------
    grids : tuple of Grid
    nothing : float
        The probability of zero.
    largest : float
        The largest value, perhaps infinite.
    """

    grids: tuple[Grid, ...]
    nothing: float
    largest: float

    @property
    def reach(self) -> float:
        """Where the bounds end."""
        return self.grids[-1].reach if self.grids else 0.0

    @cached_property
    def error(self) -> float:
        """The largest half-width of the bracket up to the reach."""
        widths, begin = [0.0], 0.0
        for grid in self.grids:
            widths.append(grid.half_widths()[int(begin / grid.step) :].max())
            begin = grid.reach
        return float(max(widths))

    def at(self, x: Floats) -> Floats:
        """Return the bracket (row, point) at x (point,), none below zero."""
        bracket = np.ones((3, x.size))
        begin = -1.0
        for grid in self.grids:
            inside = (x > begin) & (x <= grid.reach)
            bracket[:, inside] = grid.at(x[inside])
            begin = grid.reach
        if self.grids:
            bracket[:HIGH, x > begin] = self.grids[-1].at(np.array([begin]))[:HIGH]
        bracket[:, x == 0.0] = self.grids[0].around(self.nothing) if self.grids else 1.0
        bracket[:, x >= self.largest * (1.0 - 1e-11)] = 1.0
        return bracket

    def points(self) -> Floats:
        """Return all points, each of the finest grid that has it, (point,)."""
        parts, begin = [], -1.0
        for grid in self.grids:
            parts.append(grid.points[grid.points > begin])
            begin = grid.reach
        return np.concatenate(parts)


def ladder(build: Callable[[float], Grid], reach: float, nothing: float, largest: float) -> Ladder:
    """Return a law up to the reach, on as many grids as it needs to be even.

    Parameters
    ----------
    build : callable
        Returns the grid that ends at a value, or a little beyond it.
    reach : float
        Above 0.
    nothing, largest : float
        As in :class:`Ladder`.

    Notes
    -----
    A finer grid is added for the lowest quarter while the bracket is wider there than above it.
    A law that spreads over many powers of ten is thus known at each to about as much.
    """
    grids = [build(reach)]
    even = 0.0
    while len(grids) < _MOST_GRIDS:
        widths = grids[0].half_widths()
        quarter = int(widths.size / _FINER)
        even = max(even, widths[quarter:].max())
        if widths[:quarter].max() <= 1.25 * even:
            break
        grids.insert(0, build(grids[0].reach / _FINER))
    return Ladder(tuple(grids), nothing, largest)


@dataclass(frozen=True)
class Shocked:
    """A law times a lognormal shock, on a grid of the value's logarithm.

    Attributes
    ----------
    grid : Grid
    begin : float
        The logarithm of the value at the grid's first point.
    nothing : float
        The probability of zero.
    """

    grid: Grid
    begin: float
    nothing: float

    @property
    def largest(self) -> float:
        """Infinite."""
        return math.inf

    @property
    def reach(self) -> float:
        """Where the bounds end."""
        return math.exp(self.begin + self.grid.reach)

    @property
    def error(self) -> float:
        """The largest half-width of the bracket up to the reach."""
        return float(self.grid.half_widths().max())

    def at(self, x: Floats) -> Floats:
        """Return the bracket (row, point) at x (point,), none below zero."""
        with np.errstate(divide="ignore"):
            place = np.log(x) - self.begin
        end = self.grid.reach
        bracket = self.grid.at(np.clip(place, 0.0, end))
        bracket[HIGH, place > end + 1e-9] = 1.0
        bracket[:, x == 0.0] = self.grid.around(self.nothing)
        return bracket


def shocked(law: Ladder, sigma: float, reach: float, points: int) -> Shocked:
    """Return the law of exp(sigma Z - sigma**2 / 2) times a value, for a standard normal Z.

    Parameters
    ----------
    law : Ladder
    sigma : float
        Not 0.
    reach : float
        Where the bounds end; above 0.
    points : int
        How many points the grids of both logarithms have together.

    Notes
    -----
    The bounds of the law are step functions. Their steps are rounded to the grid of logarithms as
    in :mod:`gtmsim.exact.lattice`, and the normal distribution function is summed over them
    exactly, but for roundings. What exceeds zero but lies below all but 1e-10 of the law goes to
    zero or up to there.
    """
    sigma = abs(sigma)
    place = law.points()
    steps = monotone(law.at(0.5 * (place[:-1] + place[1:])))
    lost = int(np.searchsorted(steps[HIGH], law.nothing + _NOTHING_LOST))
    first = min(max(lost, 1), place.size - 1)
    start = np.array([law.nothing, law.nothing, steps[HIGH, first - 1]])
    end = law.at(place[-1:])
    end[HIGH] = 1.0
    masses = np.diff(np.hstack([start[:, None], steps[:, first:], end]))
    u = np.log(place[first:])
    begin = u[0] - FAR * sigma - 0.5 * sigma**2
    step = float(u[-1] - u[0] + max(math.log(reach) - begin, sigma)) / points
    before = math.ceil((u[0] - begin) / step)
    inner = math.ceil((u[-1] - u[0]) / step) + 1
    outer = max(before + math.ceil((math.log(reach) - u[0]) / step), 1) + 1
    # Differences of the two logarithms, from the lowest on.
    apart = step * (np.arange(inner + outer) - inner - before)
    steps = rounded((u - u[0]) / step, masses, inner)
    length = next_fast_len(inner + outer, real=True)
    kernel = rfft(ndtr(apart / sigma + 0.5 * sigma), length)
    table = irfft(rfft(steps, length) * kernel, length)[:, inner : inner + outer]
    error = 24.0 * UNIT * math.log2(length) * math.sqrt(length) + float(ndtr(-FAR))
    grid = Grid(step, np.zeros((3, outer)), start[:, None] + table, error)
    return Shocked(grid, float(u[0] - before * step), law.nothing)


Law: TypeAlias = Ladder | Shocked


@dataclass(frozen=True)
class Part:
    """A law times a factor, as one term of a sum; see :class:`gtmsim.exact.lattice.Term`."""

    law: Law
    factor: float
    hit_rate: float = 1.0
    size: int = 1

    def marks(self) -> Floats:
        """None are known."""
        return np.empty(0)

    def masses(self, step: float, points: int) -> Floats:
        """Return masses (part, row, point); all but zero rounds down to strictly less."""
        bracket = monotone(self.law.at((step / self.factor) * np.arange(points + 1.0)))
        mean = 0.5 * (bracket[MID, :-1] + bracket[MID, 1:])
        rows = np.stack([bracket[LOW, :-1], mean, bracket[HIGH, 1:]])
        steps = np.zeros((3, points))
        steps[:, 0] = self.law.nothing
        return np.stack([np.diff(rows, prepend=0.0), steps])


def monotone(bracket: Floats) -> Floats:
    """Return a bracket (row, point) at rising points whose rows do not fall."""
    return np.stack(
        [
            np.maximum.accumulate(bracket[LOW]),
            np.maximum.accumulate(bracket[MID]),
            np.minimum.accumulate(bracket[HIGH, ::-1])[::-1],
        ]
    )
