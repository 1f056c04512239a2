"""Draws of the posterior, by importance sampling that adapts, and its evidence.

The search begins at the mode. Rounds of draws from multivariate t laws follow, each centred and
spread as the weighted draws before it; all rounds together are weighted by the mixture they came
from, so none is lost.

References
----------
J.-M. Cornuet, J.-M. Marin, A. Mira and C. P. Robert, "Adaptive multiple importance sampling",
Scandinavian Journal of Statistics 39 (2012), 798-812.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.special import gammaln, logsumexp

from gtmsim.core._types import Floats

_DEGREES = 5.0
"""Of freedom: tails heavier than any posterior's here."""

_PER_ROUND, _ROUNDS, _MOST_ROUNDS = 800, 4, 12
_ENOUGH = 600.0
"""Effective draws at which the rounds end."""


@dataclass(frozen=True)
class Draws:
    """Draws of a posterior, and the log of its evidence.

    Attributes
    ----------
    theta : array (draw, coordinate)
        Equally likely.
    log_evidence : float
    effective : float
        Independent draws that the weighted ones are worth.
    mode : array (coordinate,)
    """

    theta: Floats
    log_evidence: float
    effective: float
    mode: Floats


def sample_posterior(
    log_posterior: Callable[[Floats], Floats],
    start: Floats,
    size: int,
    rng: np.random.Generator,
) -> Draws:
    """Draw from an unnormalised log-density of coordinates (draw, coordinate).

    Parameters
    ----------
    log_posterior : callable
        From (draw, coordinate) to (draw,); NaN stands for no density.
    start : array (coordinate,)
        Where to look for the mode.
    size : int
    rng : numpy.random.Generator

    Returns
    -------
    Draws

    Examples
    --------
    >>> normal = lambda theta: -0.5 * (theta**2).sum(axis=1)
    >>> found = sample_posterior(normal, np.ones(2), 1_000, np.random.default_rng(1))
    >>> bool(abs(found.log_evidence - np.log(2 * np.pi)) < 0.05)
    True
    """
    mode = _mode(log_posterior, start)
    center, cover = mode, _covariance(log_posterior, mode)
    parts: list[Floats] = []
    centres: list[tuple[Floats, Floats]] = []
    logs: list[Floats] = []
    for turn in range(_MOST_ROUNDS):
        root: Floats = np.linalg.cholesky(cover).astype(np.float64)
        parts.append(_student(center, root, _PER_ROUND, rng))
        centres.append((center, root))
        found = log_posterior(parts[-1])
        # Far out a law may leave a double's range; one that cannot be told is none.
        logs.append(np.where(np.isnan(found), -np.inf, found))
        theta, target = np.concatenate(parts), np.concatenate(logs)
        densities = [_log_student(theta, *place) for place in centres]
        log_weight = target - (logsumexp(densities, axis=0) - math.log(len(centres)))
        weight = np.exp(log_weight - log_weight.max())
        weight /= weight.sum()
        effective = 1.0 / float(weight @ weight)
        if turn + 1 >= _ROUNDS and effective >= _ENOUGH:
            break
        center = weight @ theta
        spread = theta - center
        moved = (weight[:, None] * spread).T @ spread
        # Few effective draws know a covariance badly: the last one steadies it.
        trust = min(effective / 100.0, 1.0)
        cover = trust * moved + (1.0 - trust) * cover + 1e-10 * np.eye(center.size)
    # Systematic resampling: a draw appears as often as its weight says, rounded by one uniform.
    cumulative = np.cumsum(weight)
    places = np.searchsorted(cumulative, (np.arange(size) + rng.random()) / size)
    chosen = rng.permutation(np.minimum(places, weight.size - 1))
    log_evidence = float(logsumexp(log_weight) - math.log(log_weight.size))
    return Draws(theta[chosen], log_evidence, effective, mode)


def _mode(log_posterior: Callable[[Floats], Floats], start: Floats) -> Floats:
    from scipy.optimize import minimize

    def loss(point: Floats) -> float:
        value = -float(log_posterior(point[None, :])[0])
        return value if math.isfinite(value) else 1e300

    simplex = np.vstack([start, start + 0.5 * np.eye(start.size)])
    found = minimize(
        loss,
        start,
        method="Nelder-Mead",
        options={
            "initial_simplex": simplex,
            "xatol": 1e-3,
            "fatol": 1e-3,
            "maxfev": 400 * start.size,
        },
    )
    return np.asarray(found.x)


def _covariance(log_posterior: Callable[[Floats], Floats], mode: Floats) -> Floats:
    """Return the inverse of the curvature at the mode, each coordinate at most 2 wide."""
    d, step = mode.size, 0.05
    shifts = step * np.eye(d)
    points = [mode]
    for i in range(d):
        for j in range(i + 1):
            points += [
                mode + a * shifts[i] + b * shifts[j]
                for a, b in ((1, 1), (1, -1), (-1, 1), (-1, -1))
            ]
    values = log_posterior(np.array(points))[1:]
    curve = np.zeros((d, d))
    place = 0
    for i in range(d):
        for j in range(i + 1):
            pp, pm, mp, mm = values[place : place + 4]
            with np.errstate(invalid="ignore"):
                curve[i, j] = curve[j, i] = -(pp - pm - mp + mm) / (4.0 * step * step)
            place += 4
    curve = np.nan_to_num(curve, nan=0.0, posinf=0.0, neginf=0.0)
    size, axes = np.linalg.eigh(curve)
    return np.asarray((axes / np.maximum(size, 0.25)) @ axes.T)


def _student(center: Floats, root: Floats, size: int, rng: np.random.Generator) -> Floats:
    normal = rng.standard_normal((size, center.size)) @ root.T
    stretch = np.sqrt(_DEGREES / rng.chisquare(_DEGREES, size))
    return np.asarray(center + normal * stretch[:, None])


def _log_student(theta: Floats, center: Floats, root: Floats) -> Floats:
    d = center.size
    scaled = np.linalg.solve(root, (theta - center).T)
    distance = (scaled**2).sum(axis=0)
    norm = gammaln(0.5 * (_DEGREES + d)) - gammaln(0.5 * _DEGREES)
    norm -= 0.5 * d * math.log(_DEGREES * math.pi) + float(np.log(np.diag(root)).sum())
    return np.asarray(norm - 0.5 * (_DEGREES + d) * np.log1p(distance / _DEGREES))
