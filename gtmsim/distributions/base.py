"""What every multiple knows, derived from its survival function and one integral."""

from __future__ import annotations

import math
from abc import abstractmethod
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from gtmsim.errors import ArgumentError, check_number
from gtmsim.model import Model

Floats = npt.NDArray[np.float64]


class Multiple(Model):
    """Base of the laws of value returned per 1 spent, given a hit.

    Every method takes ``cap``, the market's size: the multiple is clipped at it, so that its
    probability beyond the cap stands at the cap. A moment that does not exist is ``inf``.
    """

    @abstractmethod
    def _sf(self, x: Floats) -> Floats:
        """P(X > x) without a cap."""

    @abstractmethod
    def _isf(self, q: Floats) -> Floats:
        """Smallest x with P(X > x) <= q, without a cap."""

    @abstractmethod
    def _integral(self, a: float, b: float, order: int) -> float:
        """Integral of isf(q)**order over q from a to b; ``inf`` where it diverges."""

    @abstractmethod
    def scaled(self, factor: float) -> Self:
        """Return the law of ``factor`` times the multiple.

        Parameters
        ----------
        factor : float
            Above 0.

        Returns
        -------
        Multiple
        """

    def sf(self, x: npt.ArrayLike, cap: float | None = None) -> Floats:
        """Return P(min(X, cap) > x).

        Examples
        --------
        >>> from gtmsim import Pareto
        >>> float(Pareto(tail_index=2.0).sf(10.0))
        0.01
        """
        x = np.asarray(x, dtype=np.float64)
        survival = self._sf(x)
        return survival if cap is None else np.where(x >= _cap(cap), 0.0, survival)

    def isf(self, q: npt.ArrayLike, cap: float | None = None) -> Floats:
        """Return the inverse of the survival function: the multiple exceeded with probability q.

        Raises
        ------
        ArgumentError
            If a probability is outside [0, 1].

        Examples
        --------
        >>> from gtmsim import Pareto
        >>> float(Pareto(tail_index=2.0).isf(0.01))
        10.0
        """
        q = np.asarray(q, dtype=np.float64)
        if not np.all((q >= 0.0) & (q <= 1.0)):
            raise ArgumentError("q", "must be between 0 and 1", q)
        with np.errstate(divide="ignore"):
            x = self._isf(q)
        return x if cap is None else np.minimum(x, _cap(cap))

    def upper_moment(self, p: float = 1.0, order: int = 1, cap: float | None = None) -> float:
        """Return the integral of isf(q)**order over q from 0 to p.

        It is the contribution of the best fraction p of hits to the moment of that order, and for
        p = 1 the moment itself.

        Raises
        ------
        ArgumentError
            If p is outside [0, 1] or order is not 1 or 2.

        Examples
        --------
        >>> from gtmsim import Pareto
        >>> Pareto(tail_index=2.0).upper_moment(0.25)
        1.0
        """
        p = check_number("p", p, low=0.0, high=1.0)
        if order not in (1, 2):
            raise ArgumentError("order", "must be 1 or 2", order)
        if cap is None:
            return self._integral(0.0, p, order)
        at_cap = float(self._sf(np.asarray(_cap(cap))))
        clipped = min(p, at_cap) * cap**order
        return clipped + (self._integral(at_cap, p, order) if p > at_cap else 0.0)

    def mean(self, cap: float | None = None) -> float:
        """Return the mean multiple of a hit, ``inf`` where it does not exist.

        Examples
        --------
        >>> from gtmsim import Pareto
        >>> Pareto(tail_index=0.9).mean(), Pareto(tail_index=3.0).mean()
        (inf, 1.5)
        """
        return self.upper_moment(1.0, 1, cap)

    def variance(self, cap: float | None = None) -> float:
        """Return the variance of a hit's multiple, ``inf`` where it does not exist.

        Examples
        --------
        >>> from gtmsim import Pareto
        >>> Pareto(tail_index=1.5).variance(), round(Pareto(tail_index=3.0).variance(), 12)
        (inf, 0.75)
        """
        second = self.upper_moment(1.0, 2, cap)
        return second if math.isinf(second) else max(second - self.mean(cap) ** 2, 0.0)

    def top_share(self, p: float, *, hit_rate: float = 1.0, cap: float | None = None) -> float:
        """Return the population share of value that the best fraction p of campaigns brings.

        Parameters
        ----------
        p : float
            Fraction of campaigns, zeros included.
        hit_rate : float, default 1
            Probability that a campaign returns anything.
        cap : float, optional

        Returns
        -------
        float
            NaN where the mean is infinite: no population share exists, and a sample's share
            depends on its size.

        References
        ----------
        For a Pareto law (p / h)**(1 - 1/alpha): N. N. Taleb, "Statistical consequences of fat
        tails" (2020), chapter 13.

        Examples
        --------
        >>> from gtmsim import Pareto
        >>> round(Pareto(tail_index=2.0).top_share(0.01), 12)
        0.1
        """
        p = check_number("p", p, low=0.0, high=1.0)
        hit_rate = check_number("hit_rate", hit_rate, low=0.0, high=1.0, low_open=True)
        if p >= hit_rate:
            return 1.0
        total = self.upper_moment(1.0, 1, cap)
        if math.isinf(total) or total == 0.0:
            return math.nan
        return self.upper_moment(p / hit_rate, 1, cap) / total

    @classmethod
    def _unit(cls, shape: dict[str, Any]) -> Self:
        """Return the law with these shape parameters and any one scale."""
        return cls(**shape)

    @classmethod
    def from_mean(
        cls, mean: float, *, hit_rate: float = 1.0, cap: float | None = None, **shape: Any
    ) -> Self:
        """Return the law whose scale gives a campaign this mean multiple, zeros included.

        Parameters
        ----------
        mean : float
            hit_rate times the mean of min(X, cap).
        hit_rate : float, default 1
        cap : float, optional
        **shape
            The family's parameters other than its scale, such as ``tail_index``.

        Returns
        -------
        Multiple

        Raises
        ------
        ArgumentError
            If no scale gives this mean: the law has none, or the cap is too low.

        Examples
        --------
        >>> from gtmsim import Lomax
        >>> law = Lomax.from_mean(1.8, tail_index=1.5, hit_rate=0.4, cap=100.0)
        >>> round(law.scale, 2), round(0.4 * law.mean(cap=100.0), 12)
        (2.69, 1.8)
        """
        mean = check_number("mean", mean, low=0.0, low_open=True)
        hit_rate = check_number("hit_rate", hit_rate, low=0.0, high=1.0, low_open=True)
        unit, wanted = cls._unit(shape), mean / hit_rate
        if cap is None:
            natural = unit.mean()
            if not 0.0 < natural < math.inf:
                raise ArgumentError(
                    "mean", "must exist: this law has none", mean, "set a cap, or an alpha above 1"
                )
            return unit.scaled(wanted / natural)
        highest = _cap(cap) * unit.sf(0.0).item()
        if wanted >= highest:
            rule = f"must be below {hit_rate * highest:g}, what it would be were every hit capped"
            raise ArgumentError("mean", rule, mean, "raise the cap or the hit rate")
        from scipy.optimize import brentq

        def excess(log_scale: float) -> float:
            scale = math.exp(log_scale)
            return scale * unit.mean(cap / scale) / wanted - 1.0

        return unit.scaled(math.exp(brentq(excess, -200.0, 200.0, xtol=1e-14, rtol=1e-14)))


def _cap(cap: float) -> float:
    return check_number("cap", cap, low=0.0, low_open=True)
