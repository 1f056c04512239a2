"""Which points are efficient, and where their frontier sags, with the errors of the points."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from gtmsim.core._types import Floats
from gtmsim.decide.paired import Figure
from gtmsim.statistics import Interval


@dataclass(frozen=True)
class Points:
    """Points to choose from: more of both coordinates is better.

    Attributes
    ----------
    objective, worst : array (point,)
    covariance : array (2 point, 2 point)
        Of the errors of the objectives and then of the worst, which common scenarios make alike.
    level : float
    """

    objective: Floats
    worst: Floats
    covariance: Floats
    level: float

    @classmethod
    def of(cls, objective: Sequence[Figure], worst: Sequence[Figure]) -> Points:
        """Return the points of two figures of each plan.

        Their errors are taken to first order, by influence functions.

        References
        ----------
        B. Efron, "The jackknife, the bootstrap and other resampling plans" (1982), chapter 6 (the
        infinitesimal jackknife).
        """
        errors = np.stack([figure.errors for figure in (*objective, *worst)])
        return cls(
            objective=np.array([figure.interval.estimate for figure in objective]),
            worst=np.array([figure.interval.estimate for figure in worst]),
            covariance=errors @ errors.T / errors.shape[1] ** 2,
            level=worst[0].interval.level,
        )

    def efficient(self) -> NDArray[np.bool_]:
        """Return the points (point,) that no other one is better than in both coordinates.

        Examples
        --------
        >>> points = Points(np.array([1.0, 2, 0]), np.array([2.0, 1, 1]), np.zeros((6, 6)), 0.95)
        >>> points.efficient().tolist()
        [True, True, False]
        """
        ahead, milder = _gaps(self.objective), _gaps(self.worst)
        better = (ahead >= 0.0) & (milder >= 0.0) & ((ahead > 0.0) | (milder > 0.0))
        return np.asarray(~better.any(axis=0))

    def dominated(self) -> NDArray[np.bool_]:
        """Return the points (point,) that some other is better than in both, beyond its error.

        The level is shared out among all others (Bonferroni), since any of them may be the one.
        """
        m = self.objective.size
        z = self._z(m - 1)
        sure = np.ones((m, m), dtype=bool)
        for values, own in (
            (self.objective, self.covariance[:m, :m]),
            (self.worst, self.covariance[m:, m:]),
        ):
            variance = np.diag(own)[:, None] + np.diag(own)[None, :] - 2.0 * own
            sure &= _gaps(values) > z * np.sqrt(np.maximum(variance, 0.0))
        return np.asarray(sure.any(axis=0))

    def dents(self) -> dict[int, Interval]:
        """Return by how much efficient points lie below the line between two others.

        Returns
        -------
        dict of int to Interval
            By place, in units of the objective; points on the concave hull are not there. The
            level is shared out among all efficient points.

        Examples
        --------
        >>> points = Points(np.array([4.0, 1, 0]), np.array([0.0, 1, 2]), np.zeros((6, 6)), 0.95)
        >>> points.dents()[1].estimate
        1.0
        """
        m = self.objective.size
        places = np.flatnonzero(self.efficient())
        places = places[np.argsort(self.worst[places], kind="stable")]
        # Equal points are one corner of the hull.
        places = places[np.concatenate(([True], np.diff(self.worst[places]) > 0.0))]
        z = self._z(max(places.size - 2, 1))
        found = {}
        for left, right in pairwise(self._hull(places.tolist())):
            run = self.worst[right] - self.worst[left]
            slope = (self.objective[right] - self.objective[left]) / run
            between = (self.worst[places] > self.worst[left]) & (
                self.worst[places] < self.worst[right]
            )
            for place in places[between].tolist():
                weight = (self.worst[right] - self.worst[place]) / run
                parts = np.zeros(2 * m)
                for corner, share in ((left, weight), (right, 1.0 - weight), (place, -1.0)):
                    parts[corner] += share
                    parts[m + corner] -= share * slope
                depth = float(parts[:m] @ self.objective)
                half = z * math.sqrt(max(float(parts @ self.covariance @ parts), 0.0))
                found[place] = Interval(
                    depth, depth - half, depth + half, self.level, "influence functions"
                )
        return found

    def _hull(self, places: list[int]) -> list[int]:
        """Corners of the upper concave hull, from the worst on (Andrew's monotone chain)."""
        hull: list[int] = []
        for place in places:
            while len(hull) > 1 and self._turns_up(hull[-2], hull[-1], place):
                hull.pop()
            hull.append(place)
        return hull

    def _turns_up(self, a: int, b: int, c: int) -> bool:
        x, y = self.worst, self.objective
        return bool((x[b] - x[a]) * (y[c] - y[a]) >= (x[c] - x[a]) * (y[b] - y[a]))

    def _z(self, comparisons: int) -> float:
        return float(ndtri(0.5 + (1.0 - (1.0 - self.level) / max(comparisons, 1)) / 2.0))


def _gaps(values: Floats) -> Floats:
    """By how much the first point of a pair is above the second, (point, point)."""
    return np.asarray(values[:, None] - values[None, :])
