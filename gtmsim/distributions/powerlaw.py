"""Power laws: P(X > x) falls as x**-tail_index."""

from __future__ import annotations

import math
from typing import Annotated, Literal, Self

import numpy as np
from pydantic import AfterValidator, Field
from scipy.special import exprel

from gtmsim.distributions.base import Floats, Multiple
from gtmsim.errors import PlanError, Problem, check_number

LOWEST_TAIL_INDEX = 0.1
"""Smallest tail index; a draw's largest value is 2**(65 / tail_index)."""

LOWEST_SCALE = 1e-100
"""Smallest multiple that has a scale of its own: squares of values stay in range."""


def _check_tail_index(value: float) -> float:
    if value < LOWEST_TAIL_INDEX:
        rule = f"must be at least {LOWEST_TAIL_INDEX}"
        fix = "below it the rarest 64-bit uniform gives more than a double can hold"
        raise PlanError([Problem("", rule, value, fix)])
    return value


def _check_scale(value: float) -> float:
    if value < LOWEST_SCALE:
        raise PlanError([Problem("", f"must be at least {LOWEST_SCALE:g}", value)])
    return value


# Above 1e4 a Lomax is an exponential to four digits, and its inverse loses its own.
TailIndex = Annotated[
    float,
    Field(le=1e4, json_schema_extra={"minimum": LOWEST_TAIL_INDEX}),
    AfterValidator(_check_tail_index),
]
Scale = Annotated[float, Field(gt=0.0, le=1e100), AfterValidator(_check_scale)]


class Pareto(Multiple):
    """A pure power law: P(X > x) = (x / minimum)**-tail_index from the minimum on.

    Parameters
    ----------
    tail_index : float
        The survival exponent alpha, at least 0.1 (papers that print the exponent of the density
        print alpha + 1). The mean is infinite at 1 and below, the variance at 2 and below.
    minimum : float, default 1
        Smallest multiple, above 0.

    References
    ----------
    N. L. Johnson, S. Kotz and N. Balakrishnan, "Continuous univariate distributions", vol. 1, 2nd
    ed. (1994), chapter 20.

    Examples
    --------
    >>> Pareto(tail_index=1.5).mean()
    3.0
    """

    family: Literal["pareto"] = "pareto"
    tail_index: TailIndex = Field(description="survival exponent alpha")
    minimum: Scale = Field(default=1.0, description="smallest multiple of a hit")

    @classmethod
    def from_mean(
        cls, mean: float, *, tail_index: float, hit_rate: float = 1.0, cap: float | None = None
    ) -> Self:
        """Return the law with which hit_rate * E[min(X, cap)] is ``mean``.

        Raises
        ------
        ArgumentError
            If no minimum gives that mean: it is hit_rate * cap or more, or infinite without a cap.
        PlanError
            If the tail index breaks its rule.

        Examples
        --------
        >>> Pareto.from_mean(1.5, tail_index=1.5, hit_rate=0.25).minimum
        2.0
        """
        return cls(tail_index=tail_index).with_mean(mean, hit_rate, cap)

    def scaled(self, factor: float) -> Self:
        """Return the law of factor * X.

        Examples
        --------
        >>> Pareto(tail_index=1.5).scaled(2.0).minimum
        2.0
        """
        factor = check_number("factor", factor, low=0.0, low_open=True)
        return self.replace(minimum=factor * self.minimum)

    def _sf(self, x: Floats | np.float64) -> Floats:
        return np.power(np.maximum(x / self.minimum, 1.0), -self.tail_index)

    def _isf(self, q: Floats) -> Floats:
        return self.minimum * np.power(q, -1.0 / self.tail_index)

    def _ppf(self, p: Floats) -> Floats:
        return self.minimum * np.exp(-np.log1p(-p) / self.tail_index)

    def _upper_moment(self, p: float, order: int, cap: float) -> float:
        low = self._highest(p, cap)
        width = float(np.log(cap / low))
        tail = float(self._sf(low)) * _exponential_integral(order - self.tail_index, width)
        return float(low**order * (p + (order * tail if width > 0.0 else 0.0)))

    def _stop_loss(self, x: Floats, cap: float) -> Floats:
        low = np.clip(x, self.minimum, max(cap, self.minimum))
        width = np.log1p((cap - low) / low)
        tail = low * self._sf(low) * _exponential_integrals(1.0 - self.tail_index, width)
        # Below the minimum every multiple is above x.
        below = np.maximum(min(cap, self.minimum) - x, 0.0)
        return below + (tail if cap > self.minimum else 0.0)

    def _variance(self, cap: float) -> float:
        # What lies above the minimum is a Lomax: no large mean is squared and taken away.
        above = Lomax(tail_index=self.tail_index, scale=self.minimum)
        return above._variance(cap - self.minimum) if cap > self.minimum else 0.0


class Lomax(Multiple):
    """A power law that begins at zero: P(X > x) = (1 + x / scale)**-tail_index.

    Parameters
    ----------
    tail_index : float
        The survival exponent alpha, at least 0.1. The mean is infinite at 1 and below, the
        variance at 2 and below.
    scale : float
        Multiple from which the power law takes over, above 0.

    References
    ----------
    N. L. Johnson, S. Kotz and N. Balakrishnan, "Continuous univariate distributions", vol. 1, 2nd
    ed. (1994), chapter 20 (Pareto of the second kind).

    Examples
    --------
    >>> Lomax(tail_index=1.5, scale=2.0).mean()
    4.0
    """

    family: Literal["lomax"] = "lomax"
    tail_index: TailIndex = Field(description="survival exponent alpha")
    scale: Scale = Field(description="multiple at which the power law sets in")

    @classmethod
    def from_mean(
        cls, mean: float, *, tail_index: float, hit_rate: float = 1.0, cap: float | None = None
    ) -> Self:
        """Return the law with which hit_rate * E[min(X, cap)] is ``mean``.

        Raises
        ------
        ArgumentError
            If no scale gives that mean: it is hit_rate * cap or more, or infinite without a cap.
        PlanError
            If the tail index breaks its rule.

        Examples
        --------
        >>> round(Lomax.from_mean(1.8, tail_index=1.5, hit_rate=0.4, cap=100.0).scale, 2)
        2.68
        """
        return cls(tail_index=tail_index, scale=1.0).with_mean(mean, hit_rate, cap)

    def scaled(self, factor: float) -> Self:
        """Return the law of factor * X.

        Examples
        --------
        >>> Lomax(tail_index=1.5, scale=3.0).scaled(2.0).scale
        6.0
        """
        factor = check_number("factor", factor, low=0.0, low_open=True)
        return self.replace(scale=factor * self.scale)

    def _sf(self, x: Floats | np.float64) -> Floats:
        return np.exp(-self.tail_index * np.log1p(x / self.scale))

    def _isf(self, q: Floats) -> Floats:
        return self.scale * np.expm1(-np.log(q) / self.tail_index)

    def _ppf(self, p: Floats) -> Floats:
        return self.scale * np.expm1(-np.log1p(-p) / self.tail_index)

    def _upper_moment(self, p: float, order: int, cap: float) -> float:
        low = self._highest(p, cap)
        shifted, decay = self.scale + low, 1.0 - self.tail_index
        width = float(np.log1p((cap - low) / shifted))
        tail = shifted * self._sf(low) * _exponential_integral(decay, width)
        if order == 1 or math.isinf(tail):
            return float(p * low + tail)
        beyond = shifted**2 * self._sf(low) * _expm1_integral(decay, width)
        return float(p * low**2 + 2.0 * (low * tail + beyond))

    def _stop_loss(self, x: Floats, cap: float) -> Floats:
        shifted = self.scale + x
        width = np.log1p((cap - x) / shifted)
        return shifted * self._sf(x) * _exponential_integrals(1.0 - self.tail_index, width)


def _exponential_integral(rate: float, width: float) -> float:
    """Integral of exp(rate * v) for v from 0 to width; stable at and near rate 0."""
    return float(_exponential_integrals(rate, np.asarray(width)))


def _exponential_integrals(rate: float, width: Floats) -> Floats:
    endless = -1.0 / rate if rate < 0.0 else math.inf
    return np.where(np.isinf(width), endless, width * exprel(rate * width))


_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(20)


def _expm1_integral(rate: float, width: float) -> float:
    """Integral of (exp(v) - 1) * exp(rate * v) for v from 0 to width, without cancellation."""
    if math.isinf(width):
        return 1.0 / (rate * (rate + 1.0)) if rate < -1.0 else math.inf
    if width <= 1.0 and abs(rate) * width <= 1.0:
        # Both closed forms below lose digits here, where the integrand is smooth.
        v = 0.5 * width * (_NODES + 1.0)
        return float(0.5 * width * (_WEIGHTS @ (np.expm1(v) * np.exp(rate * v))))
    steeper = _exponential_integral(rate + 1.0, width)
    if abs(rate) <= 2.0:
        return steeper - _exponential_integral(rate, width)
    return float((np.expm1(width) * np.exp(rate * width) - steeper) / rate)
