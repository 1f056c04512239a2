"""A lognormal body with a power law beyond a threshold."""

from __future__ import annotations

import math
from typing import Literal, Self

import numpy as np
from pydantic import Field, model_validator
from scipy.special import ndtri

from gtmsim.distributions.base import Floats, Multiple
from gtmsim.distributions.lognormal import LogNormal
from gtmsim.distributions.powerlaw import Pareto, Scale, TailIndex
from gtmsim.errors import PlanError, Problem, check_number

LOWEST_TAIL_SHARE = 1e-18
"""Smallest probability of the tail: a 64-bit uniform would not draw a rarer one."""


class Spliced(Multiple):
    """A lognormal body whose tail beyond a threshold is a power law.

    Of hits up to the threshold the law is the lognormal's. Those beyond it, as many as the
    lognormal has there, follow a Pareto law that begins at the threshold.

    Parameters
    ----------
    median : float
        Median multiple of the lognormal body, above 0.
    sigma : float
        Standard deviation of the body's logarithm, above 0 and at most 10.
    threshold : float
        Multiple from which the power law takes over, above 0; the body must exceed it with a
        probability of at least 1e-18.
    tail_index : float
        The survival exponent alpha beyond the threshold, at least 0.1. The mean is infinite at 1
        and below, the variance at 2 and below.

    Notes
    -----
    P(X > x) is the body's up to the threshold u, and P(body > u) (x / u)**-tail_index from there
    on: the share of the tail is the body's own. So the survival function is continuous, while the
    density may step at the threshold. In the composite laws of the references it does not, which
    costs them a free parameter.

    References
    ----------
    K. Cooray and M. M. A. Ananda, "Modeling actuarial data with a composite lognormal-Pareto
    model", Scandinavian Actuarial Journal (2005), 321-334.

    D. P. M. Scollnik, "On composite lognormal-Pareto models", Scandinavian Actuarial Journal
    (2007), 20-33.

    Examples
    --------
    >>> law = Spliced(median=1.0, sigma=1.0, threshold=5.0, tail_index=1.5)
    >>> round(law.tail_share, 4), round(law.sf(20.0) / law.sf(5.0), 4)
    (0.0538, 0.125)
    """

    family: Literal["spliced"] = "spliced"
    median: Scale = Field(description="median multiple of the lognormal body")
    sigma: float = Field(gt=0.0, le=10.0, description="standard deviation of the body's logarithm")
    threshold: Scale = Field(description="multiple beyond which the tail is a power law")
    tail_index: TailIndex = Field(description="survival exponent alpha beyond the threshold")

    @classmethod
    def from_mean(
        cls,
        mean: float,
        *,
        sigma: float,
        tail_share: float,
        tail_index: float,
        hit_rate: float = 1.0,
        cap: float | None = None,
    ) -> Self:
        """Return the law with which hit_rate * E[min(X, cap)] is ``mean``.

        Median and threshold are scaled together, so the tail keeps its share.

        Parameters
        ----------
        mean : float
        sigma : float
            Standard deviation of the body's logarithm.
        tail_share : float
            Fraction of hits beyond the threshold, above 0 and below 1.
        tail_index : float
            The survival exponent alpha beyond the threshold.
        hit_rate : float, default 1
        cap : float, optional
            The market's size.

        Raises
        ------
        ArgumentError
            If the tail's share is not between 0 and 1, or no median gives that mean: it is
            hit_rate * cap or more, or infinite without a cap.
        PlanError
            If a parameter breaks its rule.

        Examples
        --------
        >>> law = Spliced.from_mean(1.5, sigma=1.0, tail_share=0.05, tail_index=1.5, hit_rate=0.5)
        >>> round(law.median, 3), round(law.threshold, 3), round(0.5 * law.mean(), 3)
        (1.502, 7.779, 1.5)
        """
        share = check_number(
            "tail_share", tail_share, low=0.0, high=1.0, low_open=True, high_open=True
        )
        ratio = LogNormal(median=1.0, sigma=sigma).isf(share)
        law = cls(median=1.0, sigma=sigma, threshold=ratio, tail_index=tail_index)
        return law.with_mean(mean, hit_rate, cap)

    @property
    def tail_share(self) -> float:
        """The fraction of hits beyond the threshold.

        Examples
        --------
        >>> Spliced(median=2.0, sigma=1.0, threshold=2.0, tail_index=1.5).tail_share
        0.5
        """
        return self._body.sf(self.threshold)

    def scaled(self, factor: float) -> Self:
        """Return the law of factor * X.

        Examples
        --------
        >>> twice = Spliced(median=1.0, sigma=1.0, threshold=5.0, tail_index=1.5).scaled(2.0)
        >>> twice.median, twice.threshold
        (2.0, 10.0)
        """
        factor = check_number("factor", factor, low=0.0, low_open=True)
        return self.replace(median=factor * self.median, threshold=factor * self.threshold)

    @model_validator(mode="after")
    def _check_tail(self) -> Self:
        if self.tail_share < LOWEST_TAIL_SHARE:
            highest = self.median * math.exp(-self.sigma * ndtri(LOWEST_TAIL_SHARE))
            rule = "must be exceeded by the body at least once in 1e18 hits"
            fix = f"take less than {highest:.3g}, or LogNormal: no hit is drawn from such a tail"
            raise PlanError([Problem("threshold", rule, self.threshold, fix)])
        return self

    @property
    def _body(self) -> LogNormal:
        return LogNormal(median=self.median, sigma=self.sigma)

    @property
    def _tail(self) -> Pareto:
        """The law of what lies beyond the threshold."""
        return Pareto(tail_index=self.tail_index, minimum=self.threshold)

    def _sf(self, x: Floats | np.float64) -> Floats:
        tail = self.tail_share * self._tail._sf(x)
        return np.where(x < self.threshold, self._body._sf(x), tail)

    def _isf(self, q: Floats) -> Floats:
        return self._spliced(self._body._isf(q), q)

    def _ppf(self, p: Floats) -> Floats:
        return self._spliced(self._body._ppf(p), 1.0 - p)

    def _spliced(self, body: Floats, q: Floats) -> Floats:
        """Keep quantiles of the body up to the threshold; q are their survival probabilities."""
        return np.where(body < self.threshold, body, self._tail._isf(q / self.tail_share))

    def _upper_moment(self, p: float, order: int, cap: float) -> float:
        share, tail = self.tail_share, self._tail
        if p < share:
            return share * tail._upper_moment(p / share, order, cap)
        # The body, clipped where the tail begins, and what the tail adds to that.
        edge = min(self.threshold, cap)
        added = tail._upper_moment(1.0, order, cap) - edge**order
        return self._body._upper_moment(p, order, edge) + share * added

    def _stop_loss(self, x: Floats, cap: float) -> Floats:
        edge = min(self.threshold, cap)
        below = self._body._stop_loss(np.minimum(x, edge), edge)
        return below + self.tail_share * self._tail._stop_loss(np.maximum(x, edge), cap)
