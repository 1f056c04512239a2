"""Shocks made likelier: a defensive mixture of normals, whose likelihood ratio is bounded."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from gtmsim.core._types import Floats
from gtmsim.rare.total import Total, tail_index

_STEP = 1.5
"""Standard deviations from one component of a mixture to the next."""

_FARTHEST = 38.0
"""Standard deviations at which a normal's tail leaves the range of floating-point numbers."""


class Shocks(NamedTuple):
    """Shocks (path, shock), their likelihood ratio (path,) and where they may come from.

    ``origin`` (path, component) is the probability that a path was drawn from a component.
    """

    values: Floats
    ratio: Floats
    origin: Floats


@dataclass(frozen=True)
class ShockTilts:
    """A mixture of normals of unit variance.

    Attributes
    ----------
    shifts : array (component, shock)
        Their means; one of them is 0.
    weights : array (component,)
    """

    shifts: Floats
    weights: Floats

    def draw(self, rng: np.random.Generator, paths: int) -> Shocks:
        """Draw shocks for some paths."""
        component = rng.choice(self.weights.size, size=paths, p=self.weights)
        values = self.shifts[component] + rng.standard_normal((paths, self.shifts.shape[1]))
        logs = values @ self.shifts.T - 0.5 * np.sum(self.shifts**2, axis=1)
        logs += np.log(self.weights)
        peak = logs.max(axis=1)
        parts = np.exp(logs - peak[:, None])
        density = np.sum(parts, axis=1)
        return Shocks(values, np.exp(-peak) / density, parts / density[:, None])

    def tuned(self, contributions: Floats) -> ShockTilts:
        """Let half of the weights follow what each component (component,) contributed.

        References
        ----------
        O. Cappe, R. Douc, A. Guillin, J.-M. Marin and C. P. Robert, "Adaptive importance sampling
        in general mixture classes", Statistics and Computing 18 (2008), section 2.
        """
        total = float(contributions.sum())
        if total == 0.0:
            return self
        even = 1.0 / self.weights.size
        return replace(self, weights=0.5 * even + 0.5 * contributions / total)


def shock_tilts(total: Total, teams: Floats, x: float) -> ShockTilts:
    """Choose shifts at which the total comes near x; teams (team,) are their means.

    Notes
    -----
    A power law of index alpha is best served by the shift alpha * sigma, where the shock's
    exponential tilt is that of its alpha-th moment (Breiman's theorem); anything lighter by the
    shift that takes its typical value to x. Shifts on the way to either are taken as well.

    References
    ----------
    A. Owen and Y. Zhou, "Safe and effective importance sampling", Journal of the American
    Statistical Association 95 (2000), section 2 (defensive mixtures).
    """
    typical = np.concatenate(([_typical(total, i) for i in range(len(total.programs))], teams))
    shifts = [np.zeros((1, total.loads.shape[1]))]
    indices = [tail_index(program) for program in total.programs] + [math.inf] * len(teams)
    for index, load, value in zip(indices, total.loads, typical, strict=True):
        sigma = float(np.linalg.norm(load))
        if sigma > 1e-9 and value > 0.0:
            far = math.log(max(3.0 * x / value, 1.0))
            farthest = min(index * sigma, far / sigma + 0.5 * sigma, _FARTHEST)
            shifts.append(_ladder(load / sigma * farthest))
    some = typical > 0.0
    shifts.append(_ladder(_design_point(typical[some], total.loads[some], x)))
    distinct = np.unique(np.concatenate(shifts), axis=0)
    return ShockTilts(distinct, np.full(len(distinct), 1.0 / len(distinct)))


def _typical(total: Total, place: int) -> float:
    program = total.programs[place]
    middle = program.multiple.isf(0.5, program.cap) or program.multiple.mean(program.cap)
    hits = max(program.hit_rate, 1.0 / float(program.sizes.sum()))
    return float(hits * middle * (program.sizes @ program.worth))


def _ladder(shift: Floats) -> Floats:
    """Shifts (rung, shock) on the way to one."""
    rungs = math.ceil(float(np.linalg.norm(shift)) / _STEP)
    return np.arange(1, rungs + 1)[:, None] / max(rungs, 1) * shift


def _design_point(typical: Floats, loads: Floats, x: float) -> Floats:
    """The smallest shocks that take the sum of typical values to x, by linearising its log."""
    point = np.zeros(loads.shape[1])
    if x <= typical.sum():
        return point
    for _ in range(50 if typical.size else 0):
        logs = np.log(typical) + loads @ point - 0.5 * np.sum(loads**2, axis=1)
        log_total = float(np.logaddexp.reduce(logs))
        slope = np.exp(logs - log_total) @ loads
        square = float(slope @ slope)
        if square < 1e-12:
            break
        point = slope * ((slope @ point + math.log(x) - log_total) / square)
        point *= min(1.0, _FARTHEST / max(float(np.linalg.norm(point)), _FARTHEST))
    return point
