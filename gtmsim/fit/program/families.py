"""The families a hit's multiple may follow, their coordinates, and what is believed beforehand.

Every family is described by its hit rate, the median of a hit and its shape, in coordinates that
run over all real numbers: logit of the hit rate, log of the median, log of sigma or of 1 / alpha,
logit of the tail's share. So the families' priors are about the same things, and their evidence can
be compared.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from scipy.special import betaln, expit, log_expit, ndtri

from gtmsim.core._types import Floats
from gtmsim.distributions import LogNormal, Lomax, Multiple, Pareto, Spliced
from gtmsim.plan import CampaignProgram

LOGIT_SD, MEDIAN_SD, SHAPE_SD = 0.7, 0.8, 0.25
"""What a preset is worth: standard deviations of its hit rate's logit, its median's log and its
shape's log. They are about the ranges that its sources give."""

_WEAK_MEDIAN_SD = 3.0
_TAIL_SHARE = (2.0, 18.0)
"""Beta law of the share of hits in a spliced tail: about a tenth."""

_LOWEST, _HIGHEST = 0.1, 1e4
"""Of a tail index, as the models take it; log-sds are within the two below."""

_NARROWEST, _WIDEST = 1e-3, 10.0


class Family(ABC):
    """A law of multiples in coordinates (draw, coordinate), the hit rate's first."""

    name: ClassVar[str]
    shape_name: ClassVar[str]
    coordinates: ClassVar[tuple[str, ...]]

    @abstractmethod
    def sf(self, theta: Floats, x: Floats) -> Floats:
        """Return the survival functions (draw, point) of all draws at points (point,).

        Laws whose parameters are columns (draw, 1) answer for all draws at once; they are made
        without checks.
        """

    @abstractmethod
    def law(self, theta: Floats) -> LogNormal | Lomax | Spliced:
        """Return the law of one draw (coordinate,)."""

    @abstractmethod
    def log_weak_shape(self, theta: Floats) -> Floats:
        """Return the log-density of a shape about which nothing is known (draw,)."""

    @abstractmethod
    def spread_of(self, program: CampaignProgram) -> float:
        """Return the shape's coordinate at which the family spreads as a program's multiple."""

    def start(self, multiples: Floats) -> Floats:
        """Return coordinates to start the search from, given the hits' multiples (hit,)."""
        logs = np.log(multiples)
        return np.array([1.0, float(np.median(logs)), math.log(max(float(logs.std()), 0.2))])

    def mass(self, theta: Floats, low: Floats, high: Floats, cap: float) -> Floats:
        """Return the probability (draw, cell) of each cell under each draw's law, capped."""
        with np.errstate(all="ignore"):
            begins = self.sf(theta, low) * (low <= cap)
            return np.asarray(begins - self.sf(theta, high) * (high <= cap))


class LogNormalFamily(Family):
    """Lognormal hits; the shape is log(sigma)."""

    name = "lognormal"
    shape_name = "sigma"
    coordinates = ("hit_rate", "median", "sigma")

    def sf(self, theta: Floats, x: Floats) -> Floats:
        """Return the survival functions; see the base."""
        median, sigma = np.exp(theta[:, 1:3]).T[:, :, None]
        return LogNormal.model_construct(median=median, sigma=sigma)._sf(x)

    def law(self, theta: Floats) -> LogNormal:
        """Return the law of one draw."""
        return LogNormal(median=math.exp(theta[1]), sigma=math.exp(theta[2]))

    def log_weak_shape(self, theta: Floats) -> Floats:
        """Half-Cauchy law of sigma, of scale 1 (A. Gelman, Bayesian Analysis 1, 2006, 515-534)."""
        mass = math.atan(_WIDEST) - math.atan(_NARROWEST)
        return np.asarray(theta[:, 2] - np.log1p(np.exp(2.0 * theta[:, 2])) - math.log(mass))

    def spread_of(self, program: CampaignProgram) -> float:
        """Return log(sigma)."""
        return math.log(_spread(program.multiple) / -float(ndtri(0.1)))


class LomaxFamily(Family):
    """Power-law hits that begin at zero; the shape is log(1 / alpha)."""

    name = "lomax"
    shape_name = "tail_index"
    coordinates = ("hit_rate", "median", "tail_index")

    def sf(self, theta: Floats, x: Floats) -> Floats:
        """Return the survival functions; see the base."""
        index, scale = _lomax(theta[:, 1], theta[:, 2])
        return Lomax.model_construct(tail_index=index[:, None], scale=scale[:, None])._sf(x)

    def law(self, theta: Floats) -> Lomax:
        """Return the law of one draw."""
        index, scale = _lomax(theta[1:2], theta[2:3])
        return Lomax(tail_index=float(index[0]), scale=float(scale[0]))

    def log_weak_shape(self, theta: Floats) -> Floats:
        """Jeffreys' law of 1 / alpha, given the scale, for the exceedances of a power law.

        E. Castellanos and S. Cabras, Journal of Statistical Planning and Inference 137 (2007),
        473-483.
        """
        xi = np.exp(theta[:, 2])
        low, high = (math.atan(math.sqrt(1.0 + 2.0 / index)) for index in (_HIGHEST, _LOWEST))
        return np.asarray(
            theta[:, 2] - np.log1p(xi) - 0.5 * np.log1p(2.0 * xi) - math.log(2.0 * (high - low))
        )

    def spread_of(self, program: CampaignProgram) -> float:
        """Return log(1 / alpha)."""
        if math.isfinite(program.multiple.tail_index):
            return -math.log(program.multiple.tail_index)
        from scipy.optimize import brentq

        spread = _spread(program.multiple)

        def excess(log_xi: float) -> float:
            xi = math.exp(log_xi)
            return (
                math.log(math.expm1(xi * math.log(10.0)) / math.expm1(xi * math.log(2.0))) - spread
            )

        # An alpha of 20 is an exponential law, as narrow as the family gets.
        low, high = -3.0, 2.3
        return low if excess(low) > 0.0 else float(brentq(excess, low, high))


class SplicedFamily(Family):
    """A lognormal body with a power-law tail; the shapes are log(sigma) and log(1 / alpha)."""

    name = "spliced"
    shape_name = "tail_index"
    coordinates = ("hit_rate", "median", "sigma", "tail_share", "tail_index")

    def sf(self, theta: Floats, x: Floats) -> Floats:
        """Return the survival functions; see the base."""
        median, sigma, threshold, index = (column[:, None] for column in _spliced(theta))
        body = LogNormal.model_construct(median=median, sigma=sigma)
        tail = Pareto.model_construct(tail_index=index, minimum=threshold)
        share = expit(theta[:, 3:4])
        return np.where(x < threshold, body._sf(x), share * tail._sf(x))

    def law(self, theta: Floats) -> Spliced:
        """Return the law of one draw."""
        median, sigma, threshold, index = (float(column[0]) for column in _spliced(theta[None, :]))
        return Spliced(median=median, sigma=sigma, threshold=threshold, tail_index=index)

    def log_weak_shape(self, theta: Floats) -> Floats:
        """As of the lognormal and of the power law; the tail's share is about a tenth."""
        sigma = LogNormalFamily().log_weak_shape(theta)
        index = LomaxFamily().log_weak_shape(theta[:, [0, 1, 4]])
        return sigma + index + _log_beta(theta[:, 3], *_TAIL_SHARE)

    def spread_of(self, program: CampaignProgram) -> float:
        """Return log(sigma)."""
        return LogNormalFamily().spread_of(program)

    def start(self, multiples: Floats) -> Floats:
        """Return coordinates to start the search from."""
        return np.append(super().start(multiples), [-2.2, -0.5])


FAMILIES: tuple[Family, ...] = (LogNormalFamily(), LomaxFamily(), SplicedFamily())


@dataclass(frozen=True)
class Prior:
    """What is believed of a family before the history: weakly, or as a preset has it.

    Attributes
    ----------
    family : Family
    middle : float
        Log of the median about which a weak prior lies.
    preset : CampaignProgram, optional
    """

    family: Family
    middle: float
    preset: CampaignProgram | None = None

    @property
    def normals(self) -> dict[int, tuple[float, float]]:
        """Mean and standard deviation of each coordinate that the preset speaks of."""
        if self.preset is None:
            return {}
        rate = min(max(self.preset.hit_rate, 0.01), 0.99)
        median = float(self.preset.multiple.isf(0.5))
        known = {
            0: (math.log(rate / (1.0 - rate)), LOGIT_SD),
            1: (math.log(median), MEDIAN_SD),
            2: (self.family.spread_of(self.preset), SHAPE_SD),
        }
        if len(self.family.coordinates) > 3 and math.isfinite(self.preset.multiple.tail_index):
            known[4] = (-math.log(self.preset.multiple.tail_index), SHAPE_SD)
        return known

    def log_density(self, theta: Floats) -> Floats:
        """Return the log-density (draw,) of coordinates (draw, coordinate)."""
        known = self.normals
        if not known:
            density = _log_beta(theta[:, 0], 0.5, 0.5)
            density = density + _log_normal(theta[:, 1], self.middle, _WEAK_MEDIAN_SD)
            density = density + self.family.log_weak_shape(theta)
        else:
            density = sum(
                (_log_normal(theta[:, i], *known[i]) for i in known), np.zeros(len(theta))
            )
            if len(self.family.coordinates) > 3:
                density = density + _log_beta(theta[:, 3], *_TAIL_SHARE)
                if 4 not in known:
                    density = density + LomaxFamily().log_weak_shape(theta[:, [0, 1, 4]])
        return np.where(self._allowed(theta), density, -np.inf)

    def _allowed(self, theta: Floats) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
        """Within what the models of multiples take."""
        inside = np.abs(theta[:, 1]) < 100.0
        for place, name in enumerate(self.family.coordinates):
            if name == "tail_index":
                low, high = -math.log(_HIGHEST), -math.log(_LOWEST)
                inside &= (theta[:, place] > low) & (theta[:, place] < high)
            if name == "sigma":
                low, high = math.log(_NARROWEST), math.log(_WIDEST)
                inside &= (theta[:, place] > low) & (theta[:, place] < high)
        return inside


def _spread(multiple: Multiple) -> float:
    """Log of the best tenth's begin over the median."""
    return math.log(float(multiple.isf(0.1)) / float(multiple.isf(0.5)))


def _lomax(log_median: Floats, log_xi: Floats) -> tuple[Floats, Floats]:
    # Beyond what the models take the prior is 0 whatever this gives.
    xi = np.exp(np.clip(log_xi, -10.0, 3.0))
    return 1.0 / xi, np.exp(log_median) / np.expm1(xi * math.log(2.0))


def _spliced(theta: Floats) -> tuple[Floats, Floats, Floats, Floats]:
    median, sigma = np.exp(theta[:, 1]), np.exp(theta[:, 2])
    threshold = median * np.exp(-sigma * ndtri(expit(theta[:, 3])))
    return median, sigma, threshold, np.exp(-theta[:, 4])


def _log_beta(logit: Floats, a: float, b: float) -> Floats:
    return np.asarray(a * log_expit(logit) + b * log_expit(-logit) - betaln(a, b))


def _log_normal(x: Floats, mean: float, sd: float) -> Floats:
    return np.asarray(-0.5 * ((x - mean) / sd) ** 2 - math.log(sd * math.sqrt(2.0 * math.pi)))
