"""The lognormal law."""

from __future__ import annotations

import math
from typing import Literal, Self

import numpy as np
from pydantic import Field
from scipy.special import ndtr, ndtri

from gtmsim.distributions.base import Floats, Multiple
from gtmsim.distributions.powerlaw import Scale
from gtmsim.errors import check_number


class LogNormal(Multiple):
    """A law whose logarithm is normal.

    Parameters
    ----------
    median : float
        Median multiple, above 0.
    sigma : float
        Standard deviation of the logarithm, above 0 and at most 10.

    References
    ----------
    N. L. Johnson, S. Kotz and N. Balakrishnan, "Continuous univariate distributions", vol. 1, 2nd
    ed. (1994), chapter 14.

    Examples
    --------
    >>> LogNormal(median=1.22, sigma=0.9).median
    1.22
    """

    family: Literal["lognormal"] = "lognormal"
    median: Scale = Field(description="multiple that half of the hits exceed")
    sigma: float = Field(gt=0.0, le=10.0, description="standard deviation of the logarithm")

    @property
    def tail_index(self) -> float:
        """Infinite: the tail is lighter than every power law."""
        return math.inf

    @classmethod
    def from_mean(
        cls, mean: float, *, sigma: float, hit_rate: float = 1.0, cap: float | None = None
    ) -> Self:
        """Return the law with which hit_rate * E[min(X, cap)] is ``mean``.

        Raises
        ------
        ArgumentError
            If no median gives that mean: it is hit_rate * cap or more.
        PlanError
            If sigma breaks its rule.

        Examples
        --------
        >>> round(LogNormal.from_mean(1.3, sigma=1.0, hit_rate=0.55, cap=30.0).median, 2)
        1.44
        """
        return cls(median=1.0, sigma=sigma).with_mean(mean, hit_rate, cap)

    def scaled(self, factor: float) -> Self:
        """Return the law of factor * X.

        Examples
        --------
        >>> LogNormal(median=1.5, sigma=1.0).scaled(2.0).median
        3.0
        """
        factor = check_number("factor", factor, low=0.0, low_open=True)
        return self.replace(median=factor * self.median)

    def _sf(self, x: Floats | np.float64) -> Floats:
        return ndtr(-np.log(x / self.median) / self.sigma)

    def _isf(self, q: Floats) -> Floats:
        return self.median * np.exp(-self.sigma * ndtri(q))

    def _ppf(self, p: Floats) -> Floats:
        return self.median * np.exp(self.sigma * ndtri(p))

    def _upper_moment(self, p: float, order: int, cap: float) -> float:
        low, high = -ndtri(p), np.log(cap / self.median) / self.sigma
        if low >= high:
            return float(p * np.float64(cap) ** order)
        shift = order * self.sigma
        full = np.float64(self.median) ** order * math.exp(0.5 * shift * shift)
        capped = 0.0 if math.isinf(cap) else np.float64(cap) ** order * ndtr(-high)
        return float(capped + full * _between(np.asarray(low - shift), np.asarray(high - shift)))

    def _stop_loss(self, x: Floats, cap: float) -> Floats:
        low, high = (np.log(level / self.median) / self.sigma for level in (x, np.asarray(cap)))
        full = self.median * math.exp(0.5 * self.sigma * self.sigma)
        inside = full * _between(low - self.sigma, high - self.sigma)
        capped = 0.0 if math.isinf(cap) else cap * ndtr(-high)
        wide = inside + capped - x * ndtr(-low)
        # On a narrow interval the terms cancel, and the survival function is smooth.
        width = np.log1p((cap - x) / x) / self.sigma
        width = np.where(width < 1.0, width, 0.0)
        places = low + width * _NODES[:, None]
        narrow = width * (_WEIGHTS @ (np.exp(self.sigma * places) * ndtr(-places)))
        return np.where(width > 0.0, self.sigma * self.median * narrow, wide)

    def _variance(self, cap: float) -> float:
        if math.isinf(cap):
            square = self.sigma * self.sigma
            return self.median**2 * math.exp(square) * math.expm1(square)
        return super()._variance(cap)


def _between(low: Floats, high: Floats) -> Floats:
    """P(low < Z < high) of a standard normal, from the smaller tail."""
    return np.where(low > 0.0, ndtr(-low) - ndtr(-high), ndtr(high) - ndtr(low))


_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(20)
_NODES, _WEIGHTS = 0.5 * (_NODES + 1.0), 0.5 * _WEIGHTS
