"""What every multiple can do."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Sequence
from typing import Any, Self, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gtmsim.errors import ArgumentError, ArgumentTypeError, check_count, check_number
from gtmsim.model import Model

Floats = NDArray[np.float64]


class Multiple(Model):
    """Base class of the laws of value returned per 1 spent, given a hit.

    Every method takes ``cap``, the market's size: it then speaks of min(X, cap).

    All moments come from one primitive, :meth:`upper_moment`; a family defines its survival
    function, the inverse, that primitive in closed form, and how it scales.
    """

    @overload
    def sf(self, x: float, cap: float | None = None) -> float: ...
    @overload
    def sf(self, x: Sequence[float] | NDArray[Any], cap: float | None = None) -> Floats: ...
    def sf(self, x: ArrayLike, cap: float | None = None) -> float | Floats:
        """Return P(min(X, cap) > x), the survival function.

        Parameters
        ----------
        x : float or array_like (point,)
            Multiples.
        cap : float, optional
            The market's size; from it on the result is 0.

        Returns
        -------
        float or array (point,)

        Raises
        ------
        ArgumentError, ArgumentTypeError
            If x is not made of numbers, or the cap is not above 0.

        Examples
        --------
        >>> from gtmsim.distributions import Pareto
        >>> Pareto(tail_index=1.0).sf([1.0, 4.0, 100.0], cap=50.0)
        array([1.  , 0.25, 0.  ])
        """
        limit, points = _limit(cap), _numbers("x", x)
        with np.errstate(all="ignore"):
            inside = self._sf(np.maximum(points, 0.0))
        return _like(x, np.where(points < 0.0, 1.0, inside) * (points < limit))

    @overload
    def isf(self, q: float, cap: float | None = None) -> float: ...
    @overload
    def isf(self, q: Sequence[float] | NDArray[Any], cap: float | None = None) -> Floats: ...
    def isf(self, q: ArrayLike, cap: float | None = None) -> float | Floats:
        """Return the multiple that is exceeded with probability q.

        It is the smallest x at which sf(x) <= q, to full precision however small q is.

        Parameters
        ----------
        q : float or array_like (point,)
            Probabilities, from 0 to 1.
        cap : float, optional
            The market's size, the largest value returned.

        Returns
        -------
        float or array (point,)

        Raises
        ------
        ArgumentError, ArgumentTypeError
            If q is not made of numbers between 0 and 1, or the cap is not above 0.

        Examples
        --------
        >>> from gtmsim.distributions import Pareto
        >>> Pareto(tail_index=0.5).isf(2.0**-64) == 2.0**128
        True
        """
        limit, levels = _limit(cap), _numbers("q", q)
        if not np.all((levels >= 0.0) & (levels <= 1.0)):
            raise ArgumentError("q", "must be between 0 and 1", q)
        with np.errstate(all="ignore"):
            return _like(q, np.minimum(self._isf(levels), limit))

    def upper_moment(self, p: float = 1.0, order: int = 1, cap: float | None = None) -> float:
        """Return what the best fraction p adds to E[min(X, cap)**order].

        Parameters
        ----------
        p : float, default 1
            Fraction of hits, from 0 to 1; at 1 the result is the moment itself.
        order : {1, 2}
            Order of the moment.
        cap : float, optional
            The market's size.

        Returns
        -------
        float
            The integral of isf(q, cap)**order over q from 0 to p; infinite where it diverges.

        Raises
        ------
        ArgumentError, ArgumentTypeError
            If an argument is out of its range.

        Notes
        -----
        With x = isf(p), integration by parts gives p x**k plus the integral of k t**(k-1) sf(t)
        from x to the cap, a sum of positive terms; the power laws use it.

        Examples
        --------
        >>> from gtmsim.distributions import Pareto
        >>> Pareto(tail_index=2.0).upper_moment(0.25)
        1.0
        """
        level = check_number("p", p, low=0.0, high=1.0)
        k = check_count("order", order, low=1, high=2)
        return self._moment(level, k, _limit(cap))

    @overload
    def stop_loss(self, x: float, cap: float | None = None) -> float: ...
    @overload
    def stop_loss(self, x: Sequence[float] | NDArray[Any], cap: float | None = None) -> Floats: ...
    def stop_loss(self, x: ArrayLike, cap: float | None = None) -> float | Floats:
        """Return E[max(min(X, cap) - x, 0)], the mean of what lies above x.

        Parameters
        ----------
        x : float or array_like (point,)
            Multiples.
        cap : float, optional
            The market's size; from it on the result is 0.

        Returns
        -------
        float or array (point,)
            The integral of sf(t, cap) over t from x on; infinite where it diverges.

        Raises
        ------
        ArgumentError, ArgumentTypeError
            If x is not made of numbers, or the cap is not above 0.
        MetricError
            If a distribution of scipy.stats cannot be integrated.

        Examples
        --------
        >>> from gtmsim.distributions import Pareto
        >>> Pareto(tail_index=2.0).stop_loss([0.0, 1.0, 4.0])
        array([2.  , 1.  , 0.25])
        """
        limit, points = _limit(cap), _numbers("x", x)
        with np.errstate(all="ignore"):
            inside = self._stop_loss(np.clip(points, 0.0, limit).ravel(), limit)
        inside = inside.reshape(points.shape)
        return _like(x, np.where(points < limit, inside - np.minimum(points, 0.0), 0.0))

    def mean(self, cap: float | None = None) -> float:
        """Return E[min(X, cap)], infinite where it does not exist.

        Examples
        --------
        >>> from gtmsim.distributions import Pareto
        >>> Pareto(tail_index=2.0).mean(), Pareto(tail_index=1.0).mean()
        (2.0, inf)
        """
        return self._moment(1.0, 1, _limit(cap))

    def variance(self, cap: float | None = None) -> float:
        """Return the variance of min(X, cap), infinite where it does not exist.

        Examples
        --------
        >>> from gtmsim.distributions import Pareto
        >>> Pareto(tail_index=3.0).variance(), Pareto(tail_index=2.0).variance()
        (0.75, inf)
        """
        with np.errstate(all="ignore"):
            return float(self._variance(_limit(cap)))

    def top_share(self, p: float, *, hit_rate: float = 1.0, cap: float | None = None) -> float:
        """Return the share of all value that the best fraction p of campaigns holds.

        This is the share of the population, the limit for very many campaigns of equal spend, of
        which a fraction 1 - hit_rate returns nothing.

        Parameters
        ----------
        p : float
            Fraction of campaigns, from 0 to 1.
        hit_rate : float, default 1
            Fraction of campaigns that return anything, above 0 and at most 1.
        cap : float, optional
            The market's size.

        Returns
        -------
        float
            At least p, and 1 from the hit rate on; NaN where the mean is infinite (no such share
            exists, and a sample's depends on its size) or 0.

        Raises
        ------
        ArgumentError, ArgumentTypeError
            If an argument is out of its range.

        Examples
        --------
        >>> from gtmsim.distributions import Pareto
        >>> round(Pareto(tail_index=1.16).top_share(0.2), 2)  # "80/20"
        0.8
        """
        level = check_number("p", p, low=0.0, high=1.0)
        level /= check_number("hit_rate", hit_rate, low=0.0, high=1.0, low_open=True)
        limit = _limit(cap)
        if level >= 1.0:
            return 1.0
        total = self._moment(1.0, 1, limit)
        if total == 0.0 or math.isinf(total):
            return math.nan
        return min(self._moment(level, 1, limit) / total, 1.0)

    def with_mean(self, mean: float, hit_rate: float = 1.0, cap: float | None = None) -> Self:
        """Return the law scaled so that hit_rate * E[min(X, cap)] is the mean asked for.

        Parameters
        ----------
        mean : float
            Above 0; misses and cap included.
        hit_rate : float, default 1
        cap : float, optional
            The market's size.

        Raises
        ------
        ArgumentError
            If no factor gives that mean: it is beyond what every hit at the cap returns, or the
            law's own mean is infinite and there is no cap.

        Examples
        --------
        >>> from gtmsim.distributions import Lomax
        >>> Lomax(tail_index=2.0, scale=1.0).with_mean(3.0, hit_rate=0.5).scale
        6.0
        """
        asked = check_number("mean", mean, low=0.0, low_open=True)
        rate = check_number("hit_rate", hit_rate, low=0.0, high=1.0, low_open=True)
        limit, own = _limit(cap), self.mean()
        reach = rate * limit * self.sf(0.0) if own > 0.0 else 0.0
        if asked >= reach:
            rule = f"must be below {reach:g}, which is returned when every hit reaches the cap"
            raise ArgumentError("mean", rule, mean, "raise the cap or the hit rate")
        if math.isinf(limit) and math.isinf(own):
            fix = "give the market's size, or take a tail_index above 1"
            raise ArgumentError("cap", "must be given where the mean is infinite", cap, fix)
        target = asked / rate
        return self.scaled(target / own if math.isinf(limit) else self._factor(target, limit))

    @abstractmethod
    def scaled(self, factor: float) -> Self:
        """Return the law of factor * X.

        Parameters
        ----------
        factor : float
            Above 0.

        Raises
        ------
        PlanError
            If the scaled law is not one of the family.
        """

    @abstractmethod
    def _sf(self, x: Floats | np.float64) -> Floats:
        """P(X > x) at x >= 0."""

    @abstractmethod
    def _isf(self, q: Floats) -> Floats:
        """Inverse of the survival function, infinite at 0 if X is not bounded."""

    @abstractmethod
    def _ppf(self, p: Floats) -> Floats:
        """Inverse of 1 - sf, to full precision however small p > 0 is."""

    @abstractmethod
    def _upper_moment(self, p: float, order: int, cap: float) -> float:
        """Integral of min(isf(q), cap)**order from 0 to p > 0; the cap may be infinite."""

    @abstractmethod
    def _stop_loss(self, x: Floats, cap: float) -> Floats:
        """Integral of sf from x (point,) >= 0 to the cap, not below x and perhaps infinite."""

    def _highest(self, p: float, cap: float) -> np.float64:
        """Where the best fraction p of hits begins, as a scalar that may overflow to inf."""
        return np.float64(min(float(self._isf(np.asarray(p))), cap))

    def _moment(self, p: float, order: int, cap: float) -> float:
        with np.errstate(all="ignore"):
            return float(self._upper_moment(p, order, cap)) if p > 0.0 else 0.0

    def _variance(self, cap: float) -> float:
        second = self._moment(1.0, 2, cap)
        if math.isinf(second):
            return math.inf
        return max(second - self._moment(1.0, 1, cap) ** 2, 0.0)

    def _factor(self, target: float, cap: float) -> float:
        """Find the factor at which the capped mean is the target, which is below the cap."""
        from scipy.optimize import brentq

        def excess(log_factor: float) -> float:
            factor = math.exp(log_factor)
            return math.log(factor * self._moment(1.0, 1, cap / factor) / target)

        low = high = math.log(target / self.mean(cap))
        step = 1.0
        while excess(low) > 0.0:
            low, step = low - step, 2.0 * step
        step = 1.0
        while excess(high) < 0.0:
            high, step = high + step, 2.0 * step
        return math.exp(brentq(excess, low, high, xtol=1e-15, rtol=1e-14))


def _limit(cap: float | None) -> float:
    return math.inf if cap is None else check_number("cap", cap, low=0.0, low_open=True)


def _numbers(name: str, values: ArrayLike) -> Floats:
    try:
        array = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        raise ArgumentTypeError(name, "must be a number or an array of numbers", values) from None
    if np.isnan(array).any():
        raise ArgumentError(name, "must not be NaN", values)
    return array


def _like(given: ArrayLike, result: Floats) -> float | Floats:
    return result if np.ndim(given) else float(result)
