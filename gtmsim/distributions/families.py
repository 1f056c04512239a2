"""Pareto, Lomax, lognormal and empirical multiples."""

from __future__ import annotations

import math
from typing import Annotated, Any, Literal, Self

import numpy as np
from pydantic import Field
from scipy.special import ndtr, ndtri

from gtmsim.distributions.base import Floats, Multiple

# Below it a 64-bit survival uniform, raised to -1/alpha, leaves the range of a float64.
TailIndex = Annotated[float, Field(ge=0.1, le=1e6)]
Positive = Annotated[float, Field(gt=0.0, le=1e100)]


def _power_integral(a: float, b: float, exponent: float) -> float:
    """Integral of q**-exponent over q from a to b, accurate near exponent 1."""
    rest = 1.0 - exponent
    if a == 0.0:
        return float(b**rest) / rest if rest > 0.0 else math.inf
    span = math.log(b / a)
    if rest == 0.0:
        return span
    return float(a**rest) * math.expm1(rest * span) / rest


class Pareto(Multiple):
    """Power law above a floor: P(X > x) = (x / minimum)**-tail_index for x >= minimum.

    Attributes
    ----------
    tail_index : float
        Survival exponent alpha, at least 0.1. The mean is infinite at 1 and below, the variance at
        2 and below. Densities in the Clauset tradition print alpha + 1.
    minimum : float, default 1
        Smallest multiple of a hit.

    References
    ----------
    B. C. Arnold, "Pareto distributions", 2nd ed. (2015), section 3.2 (type I).

    Examples
    --------
    >>> Pareto(tail_index=1.5).mean()
    3.0
    """

    family: Literal["pareto"] = "pareto"
    tail_index: TailIndex = Field(description="survival exponent alpha")
    minimum: Positive = Field(default=1.0, description="smallest multiple of a hit")

    def _sf(self, x: Floats) -> Floats:
        return np.maximum(x / self.minimum, 1.0) ** -self.tail_index

    def _isf(self, q: Floats) -> Floats:
        return self.minimum * q ** (-1.0 / self.tail_index)

    def _integral(self, a: float, b: float, order: int) -> float:
        return self.minimum**order * _power_integral(a, b, order / self.tail_index)

    def scaled(self, factor: float) -> Self:
        """Return the law of ``factor`` times the multiple."""
        return self.replace(minimum=factor * self.minimum)


class Lomax(Multiple):
    """Power law with mass near zero: P(X > x) = (1 + x / scale)**-tail_index.

    Also called Pareto type II; numpy's ``pareto`` draws it.

    Attributes
    ----------
    tail_index : float
        Survival exponent alpha, at least 0.1.
    scale : float
        The multiple at which the power law sets in.

    References
    ----------
    K. S. Lomax, "Business failures", JASA 49 (1954), 847-852.

    Examples
    --------
    >>> Lomax(tail_index=3.0, scale=2.0).mean()
    1.0
    """

    family: Literal["lomax"] = "lomax"
    tail_index: TailIndex = Field(description="survival exponent alpha")
    scale: Positive = Field(description="multiple at which the power law sets in")

    def _sf(self, x: Floats) -> Floats:
        return (1.0 + np.maximum(x, 0.0) / self.scale) ** -self.tail_index

    def _isf(self, q: Floats) -> Floats:
        # expm1 keeps small multiples accurate, where q is close to 1.
        return self.scale * np.expm1(-np.log(q) / self.tail_index)

    def _integral(self, a: float, b: float, order: int) -> float:
        first = _power_integral(a, b, 1.0 / self.tail_index)
        if order == 1:
            return self.scale * (first - (b - a))
        second = _power_integral(a, b, 2.0 / self.tail_index)
        if math.isinf(second):
            return second
        return self.scale**2 * (second - 2.0 * first + (b - a))

    def scaled(self, factor: float) -> Self:
        """Return the law of ``factor`` times the multiple."""
        return self.replace(scale=factor * self.scale)

    @classmethod
    def _unit(cls, shape: dict[str, Any]) -> Self:
        return cls(**{"scale": 1.0} | shape)


class LogNormal(Multiple):
    """The exponential of a normal: median * exp(sigma * Z).

    Attributes
    ----------
    median : float
        The multiple that half of the hits exceed.
    sigma : float
        Standard deviation of the logarithm.

    References
    ----------
    N. L. Johnson, S. Kotz and N. Balakrishnan, "Continuous univariate distributions", vol. 1,
    2nd ed. (1994), chapter 14.

    Examples
    --------
    >>> round(LogNormal(median=1.0, sigma=1.0).mean(), 6)
    1.648721
    """

    family: Literal["lognormal"] = "lognormal"
    median: Positive = Field(description="multiple that half of the hits exceed")
    sigma: float = Field(gt=0.0, le=10.0, description="standard deviation of the logarithm")

    @property
    def tail_index(self) -> float:
        """Survival exponent: ``inf``, for the tail is not a power law."""
        return math.inf

    def _sf(self, x: Floats) -> Floats:
        with np.errstate(divide="ignore"):
            return np.asarray(ndtr(-np.log(np.maximum(x, 0.0) / self.median) / self.sigma))

    def _isf(self, q: Floats) -> Floats:
        return np.asarray(self.median * np.exp(-self.sigma * ndtri(q)))

    def _integral(self, a: float, b: float, order: int) -> float:
        shift = order * self.sigma
        part = float(ndtr(shift + ndtri(b)) - ndtr(shift + ndtri(a)))
        return self.median**order * math.exp(0.5 * shift * shift) * part

    def scaled(self, factor: float) -> Self:
        """Return the law of ``factor`` times the multiple."""
        return self.replace(median=factor * self.median)

    @classmethod
    def _unit(cls, shape: dict[str, Any]) -> Self:
        return cls(**{"median": 1.0} | shape)


class Empirical(Multiple):
    """One of the given multiples, each as likely as any other.

    Attributes
    ----------
    values : tuple of float
        Multiples, at least 0.

    Examples
    --------
    >>> Empirical(values=[0.5, 1.0, 6.0]).mean()
    2.5
    """

    family: Literal["empirical"] = "empirical"
    values: tuple[Annotated[float, Field(ge=0.0, le=1e100)], ...] = Field(
        min_length=1, max_length=10_000_000, description="multiples, each equally likely"
    )

    @property
    def tail_index(self) -> float:
        """Survival exponent: ``inf``, for the tail is not a power law."""
        return math.inf

    def _descending(self) -> Floats:
        return np.sort(np.asarray(self.values))[::-1]

    def _sf(self, x: Floats) -> Floats:
        ascending = self._descending()[::-1]
        return 1.0 - np.searchsorted(ascending, x, side="right") / ascending.size

    def _isf(self, q: Floats) -> Floats:
        values = self._descending()
        place = np.minimum((q * values.size).astype(np.int64), values.size - 1)
        return np.asarray(values[place])

    def _integral(self, a: float, b: float, order: int) -> float:
        values = self._descending() ** order
        edges = np.arange(values.size + 1) / values.size
        total = np.concatenate(([0.0], np.cumsum(values))) / values.size
        low, high = np.interp([a, b], edges, total)
        return float(high - low)

    def scaled(self, factor: float) -> Self:
        """Return the law of ``factor`` times the multiple."""
        return self.replace(values=tuple(factor * value for value in self.values))
