"""Draws as points in ascending order, each of which may stand for several.

A sorted sample and a histogram are the same thing here, so every statistic is written once. The
bins of a histogram are 1/128 wide and their sums are exact, which moves an interval by a small part
of its width.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from gtmsim.core._types import Floats
from gtmsim.errors import ArgumentError, ArgumentTypeError
from gtmsim.histograms import Histogram


@dataclass(frozen=True)
class Points:
    """Different values in ascending order, with the number of draws that each stands for.

    Attributes
    ----------
    value, lower, upper : array (point,)
        Mean of the draws and the bounds of where they lie: all three the same for a single draw.
    count : array (point,)
    """

    value: Floats
    lower: Floats
    upper: Floats
    count: Floats

    @property
    def n(self) -> int:
        """Number of draws."""
        return int(self.count.sum())

    def threshold(self, tail: int) -> int:
        """Return the point beyond which the tail lies: at most ``tail`` draws, most often so many.

        It is the least point that has, with itself, at most one draw more. So where most draws are
        the same, as misses are, the threshold is the least of the others and not the misses.

        Examples
        --------
        >>> points_of([0.0, 0.0, 0.0, 1.0, 2.0]).threshold(2)
        1
        """
        from_here = np.cumsum(self.count[::-1])[::-1]
        return min(int(np.searchsorted(-from_here, -(tail + 1))), self.value.size - 1)


def points_of(values: ArrayLike | Histogram, name: str = "values") -> Points:
    """Return draws or a histogram's bins as points.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If there is no value, or values are NaN or no numbers.

    Examples
    --------
    >>> points_of([3.0, 1.0]).value.tolist()
    [1.0, 3.0]
    """
    if isinstance(values, Histogram):
        if values.n == 0:
            raise ArgumentError(name, "must hold at least one value", 0)
        lower = np.maximum(values.lower, values.minimum)
        upper = np.minimum(values.upper, values.maximum)
        mean = np.clip(values.sums / values.counts, lower, upper)
        return Points(mean, lower, upper, values.counts.astype(np.float64))
    x = np.sort(numbers(values, name))
    first = np.flatnonzero(np.concatenate(([True], x[1:] != x[:-1])))
    count = np.diff(first, append=x.size).astype(np.float64)
    return Points(x[first], x[first], x[first], count)


def numbers(values: ArrayLike, name: str = "values") -> Floats:
    """Return values (draw,) as an array: one dimension, at least one, none of them NaN.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If they are anything else.

    Examples
    --------
    >>> numbers([1, 2])
    array([1., 2.])
    """
    x = _sequence(values, name)
    for i in np.flatnonzero(np.isnan(x))[:1]:
        raise ArgumentError(f"{name}[{i}]", "must not be NaN", float("nan"))
    return x


def amounts(values: ArrayLike, name: str = "values") -> Floats:
    """Return values (draw,) that are finite and not negative, as campaigns return them.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If they are anything else.

    Examples
    --------
    >>> amounts([0, 2])
    array([0., 2.])
    """
    x = _sequence(values, name)
    for i in np.flatnonzero(~(np.isfinite(x) & (x >= 0.0)))[:1]:
        rule = "must be a finite number that is not negative"
        raise ArgumentError(f"{name}[{i}]", rule, x[i].item())
    return x


def _sequence(values: ArrayLike, name: str) -> Floats:
    try:
        if np.iscomplexobj(values):
            raise TypeError  # numpy would drop the imaginary part with no more than a warning
        x = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        raise ArgumentTypeError(name, "must be a sequence of numbers", values) from None
    if x.ndim != 1:
        raise ArgumentError(name, "must have one dimension", f"shape {x.shape}")
    if x.size == 0:
        raise ArgumentError(name, "must hold at least one value", [])
    return x
