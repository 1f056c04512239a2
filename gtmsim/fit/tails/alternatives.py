"""What else a tail may be: lognormal, exponential and stretched exponential laws above a minimum.

Of a value x the laws see y = log(x / origin), at least 0, whose law does not depend on the unit:

=====================  ==========================================  =======================
law of x               density of y, up to a factor                becomes a power law as
=====================  ==========================================  =======================
lognormal              exp(-((y - m) / s)**2 / 2)                  m / s -> -infinity
stretched exponential  exp(b y - k (exp(b y) - 1) / b)             b -> 0
exponential            the same with b = 1                         never
=====================  ==========================================  =======================

The origin of amounts is their minimum. Whole numbers are amounts that were rounded: their origin
is half a unit below, and P(X = x) is the difference of the survival function half a unit to either
side.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

import numpy as np
from scipy.special import log_ndtr

from gtmsim.core._types import Floats

Law: TypeAlias = Callable[[Floats], Floats]

# exp overflows soon after.
_MOST = 600.0
# From here on the mass of a whole number is the density at it, to 1e-7.
_LARGE = 1_000.0
_LOG_2PI = math.log(2.0 * math.pi)
# A lognormal law is so close to a power law here that no sample tells them apart.
_FLAT = 100.0


@dataclass(frozen=True)
class Tail:
    """Values from a minimum on: different ones, ascending, and how often each was seen (point,).

    ``alpha`` is the survival exponent of the likeliest power law.
    """

    value: Floats
    count: Floats
    minimum: float
    alpha: float
    discrete: bool

    @property
    def origin(self) -> float:
        """Where the laws of amounts begin."""
        return self.minimum - 0.5 if self.discrete else self.minimum

    @property
    def rounded(self) -> bool:
        """Whether the masses of whole numbers differ from the density."""
        return self.discrete and self.minimum < _LARGE

    @cached_property
    def n(self) -> float:
        """Number of values."""
        return float(self.count.sum())

    @cached_property
    def y(self) -> Floats:
        """Logarithms of value / origin (point,)."""
        return self.logs(self.value, self.origin)

    @cached_property
    def log_ratio(self) -> Floats:
        """Logarithms of value / minimum (point,)."""
        return self.logs(self.value, self.minimum)

    @staticmethod
    def logs(x: Floats, origin: float) -> Floats:
        """Return log(x / origin), 0 at least."""
        return np.maximum(np.log(x) - math.log(origin), 0.0)

    def mean(self, per_point: Floats) -> float:
        """Return the mean over all values of something that each point has."""
        return float(self.count @ per_point) / self.n


@dataclass(frozen=True)
class Shape:
    """A law of y by its parameters: logarithms of its density and its survival function."""

    log_density: Law
    log_survival: Law


def stretched(b: float, k: float) -> Shape:
    """Return the law of y of a stretched exponential law of x.

    Examples
    --------
    >>> stretched(1.0, 2.0).log_survival(np.log([1.0, 2.0])).tolist()
    [-0.0, -2.0]
    """

    def hazard(y: Floats) -> Floats:
        return k * (np.expm1(b * y) / b if b > 0.0 else y)

    return Shape(lambda y: math.log(k) + b * y - hazard(y), lambda y: -hazard(y))


def lognormal(w: float, mean: float) -> Shape:
    """Return the law of y of a lognormal law of x: normal, and cut off ``w`` deviations above m.

    ``mean`` is that of y.

    Examples
    --------
    >>> lognormal(0.0, 1.0).log_survival(np.array([0.0])).tolist()
    [0.0]
    """
    s = mean / _mills_excess(w)
    base = float(log_ndtr(-w))

    def log_density(y: Floats) -> Floats:
        return np.asarray(-0.5 * ((w + y / s) ** 2 + _LOG_2PI) - math.log(s) - base)

    return Shape(log_density, lambda y: np.asarray(log_ndtr(-(w + y / s)) - base))


def _mills_excess(w: float) -> float:
    """E[Z - w | Z > w] of a standard normal variable."""
    return math.exp(-0.5 * (w * w + _LOG_2PI) - float(log_ndtr(-w))) - w


def log_masses(tail: Tail, shape: Shape) -> Floats:
    """Return the log-likelihood of each point (point,): of x if discrete, of y if not.

    Examples
    --------
    >>> tail = Tail(np.array([1.0, 2.0]), np.ones(2), 1.0, 1.0, discrete=True)
    >>> np.exp(log_masses(tail, stretched(1.0, 0.5 * math.log(2.0)))).round(12).tolist()
    [0.5, 0.25]
    """
    if not tail.discrete:
        return shape.log_density(tail.y)
    mass = shape.log_density(tail.y) - np.log(tail.value)
    if tail.rounded:
        small = tail.value < _LARGE
        x = tail.value[small]
        before, after = (
            shape.log_survival(tail.logs(x + half, tail.origin)) for half in (-0.5, 0.5)
        )
        # Where even the logarithm of what lies beyond is -infinity, all of it is the mass.
        with np.errstate(divide="ignore"):
            mass[small] = before + np.log(-np.expm1(np.minimum(after - before, 0.0)))
    return mass


def exponential_masses(tail: Tail) -> Floats:
    """Return the log-likelihood of each point under the likeliest exponential law.

    Examples
    --------
    >>> tail = Tail(np.array([1.0, 2.0, 3.0]), np.ones(3), 1.0, 1.0, discrete=True)
    >>> np.exp(exponential_masses(tail)).round(12).tolist()  # geometric
    [0.5, 0.25, 0.125]
    """
    beyond = tail.mean(np.expm1(tail.y))
    if not tail.discrete:
        return log_masses(tail, stretched(1.0, 1.0 / beyond))
    steps = tail.value - tail.minimum
    mean = tail.mean(steps)
    return np.asarray(-steps * math.log1p(1.0 / mean) - math.log1p(mean))


def stretched_masses(tail: Tail) -> Floats | None:
    """Return the log-likelihood of each point under the likeliest stretched exponential law.

    Of amounts the rate k is known for each b, and what is left to be maximised is concave in b.
    None if there is no maximum: the likelihood rises towards that of the power law.
    """
    y, mean = tail.y, tail.mean(tail.y)

    def slope(b: float) -> float:
        grown = np.exp(b * (y - y[-1]))
        return mean + 1.0 / b - tail.mean(y * grown) / (tail.mean(grown) - math.exp(-b * y[-1]))

    most = _MOST / y[-1]
    b = 0.0 if _varied(tail) else root(slope, 1e-6 / mean, most)
    k = 1.0 / (tail.mean(np.expm1(b * y)) / b if b > 0.0 else mean)
    if tail.rounded:
        bounds = ((math.log(k) - 5.0, math.log(k) + 5.0), (0.0, most))
        start = (math.log(k), b)
        return _likeliest(tail, lambda p: stretched(p[1], math.exp(p[0])), start, bounds)
    return log_masses(tail, stretched(b, k)) if b > 0.0 else None


def lognormal_masses(tail: Tail) -> Floats | None:
    """Return the log-likelihood of each point under the likeliest lognormal law.

    Of amounts it has the mean and the mean square of y; their ratio depends on w alone. None if
    there is no maximum: the likelihood rises towards that of the power law.
    """
    mean = tail.mean(tail.y)
    ratio = tail.mean(tail.y**2) / mean**2

    def lack(w: float) -> float:
        excess = _mills_excess(w)
        return ratio - (1.0 - w * excess) / excess**2

    w = _FLAT if lack(_FLAT) >= 0.0 else root(lack, -1e6, _FLAT)
    if tail.rounded:
        start = (math.log(mean), max(min(w, _FLAT / 2.0), -_FLAT / 2.0))
        bounds = ((start[0] - 5.0, start[0] + 5.0), (-_FLAT, _FLAT))
        return _likeliest(tail, lambda p: lognormal(p[1], math.exp(p[0])), start, bounds)
    return log_masses(tail, lognormal(w, mean)) if w < _FLAT else None


def _varied(tail: Tail) -> bool:
    """Whether y varies as much as an exponential variable does, or more."""
    mean = tail.mean(tail.y)
    return tail.mean(tail.y**2) >= (2.0 - 1e-9) * mean**2


def root(function: Callable[[float], float], low: float, high: float) -> float:
    """Return where a falling function crosses zero; an end if it does not."""
    from scipy.optimize import brentq

    if function(low) <= 0.0:
        return low
    if function(high) >= 0.0:
        return high
    return float(brentq(function, low, high, xtol=1e-12, rtol=1e-12))


def _likeliest(
    tail: Tail,
    law: Callable[[Floats], Shape],
    start: tuple[float, float],
    bounds: tuple[tuple[float, float], tuple[float, float]],
) -> Floats:
    """Return the log-likelihood of each point under the likeliest law of two parameters."""
    from scipy.optimize import minimize

    def loss(parameters: Floats) -> float:
        # A law that cannot be gets a loss that is bad but finite, so that the search goes on.
        return -tail.mean(np.maximum(log_masses(tail, law(parameters)), -1e10))

    found = minimize(
        loss,
        np.array(start),
        method="Nelder-Mead",
        bounds=bounds,
        options={"xatol": 1e-6, "fatol": 1e-12, "maxfev": 2_000},
    )
    return log_masses(tail, law(found.x))
