"""The generalised Pareto law of what exceeds a high threshold, with its shape read from draws."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from gtmsim.core._types import Floats
from gtmsim.errors import ArgumentError, check_count, check_number
from gtmsim.statistics.points import Points, amounts, points_of

_FEWEST = 5
_GRID = np.geomspace(1e-3, 1e4, 1_000)
"""Values of 2**shape - 1, which shape / scale times the median excess equals."""


def pareto_k(values: ArrayLike) -> float:
    """Return k-hat, the shape of the tail by which draws say how well their mean converges.

    Parameters
    ----------
    values : array_like (draw,)
        Independent draws, not negative; zeros are misses and count as draws.

    Returns
    -------
    float
        About 1 / tail index; NaN if fewer than 5 draws exceed the threshold.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If a value is negative or not finite.

    Notes
    -----
    The largest min(n / 5, 3 sqrt(n)) draws are the tail. The shape is the posterior mean of Zhang
    and Stephens, drawn towards 1/2 as if by ten more draws.

    References
    ----------
    J. Zhang and M. A. Stephens, "A new and efficient estimation method for the generalized Pareto
    distribution", Technometrics 51 (2009), 316-325; A. Vehtari, D. Simpson, A. Gelman, Y. Yao and
    J. Gabry, "Pareto smoothed importance sampling", Journal of Machine Learning Research 25 (2024),
    number 72.

    Examples
    --------
    >>> draws = np.random.default_rng(1).pareto(2.0, 100_000)
    >>> abs(pareto_k(draws) - 0.5) < 0.15
    True
    """
    x = np.sort(amounts(values))
    size = math.ceil(min(0.2 * x.size, 3.0 * math.sqrt(x.size)))
    if size >= x.size:
        return math.nan
    cut = x[x.size - size - 1]
    excess = x[x.size - size :] - cut
    excess = excess[excess > 0.0]
    k = excess.size
    if k < _FEWEST:
        return math.nan
    # Zhang and Stephens' grid: quantiles of their prior of -shape / scale.
    m = 30 + math.isqrt(k)
    spread = 1.0 - np.sqrt(m / (np.arange(1, m + 1) - 0.5))
    b = 1.0 / excess[-1] + spread / (3.0 * excess[math.floor(k / 4 + 0.5) - 1])
    shape = np.log1p(-b[:, None] * excess).mean(axis=1)
    log_likelihood = k * (np.log(-b / shape) - shape - 1.0)
    weight = np.exp(log_likelihood - log_likelihood.max())
    middle = float(b @ weight / weight.sum())
    found = float(np.log1p(-middle * excess).mean())
    return float((found * k + 0.5 * 10.0) / (k + 10.0))


def minimum_sample_size(k_hat: float) -> float:
    """Return the number of draws from which a mean with this tail shape can be relied on.

    Parameters
    ----------
    k_hat : float

    Returns
    -------
    float
        10**(1 / (1 - max(0, k_hat))); infinite from 1 on, where no number is enough.

    References
    ----------
    Vehtari and others (2024), section 3.2.4; see :func:`pareto_k`.

    Examples
    --------
    >>> minimum_sample_size(0.5), minimum_sample_size(1.0)
    (100.0, inf)
    """
    k = max(check_number("k_hat", k_hat), 0.0)
    # Beyond 10**308 there is no float, and no sample either.
    return float(10.0 ** (1.0 / (1.0 - k))) if 1.0 - k > 1.0 / 308.0 else math.inf


def convergence_rate(k_hat: float, n: int) -> float:
    """Return how fast the squared error of a mean falls with n, relative to 1 / n.

    Parameters
    ----------
    k_hat : float
    n : int
        Number of draws, at least 2.

    Returns
    -------
    float
        1 where the variance exists and n is large: the central limit theorem's rate. 0 from shape
        1 on: the error does not fall.

    References
    ----------
    Vehtari and others (2024), section 3.2.5; see :func:`pareto_k`.

    Examples
    --------
    >>> convergence_rate(0.0, 1_000), convergence_rate(1.0, 1_000)
    (1.0, 0.0)
    """
    k, n = check_number("k_hat", k_hat), check_count("n", n, low=2)
    if k <= 0.0:
        return 1.0
    if k >= 1.0:
        return 0.0
    if abs(k - 0.5) < 1e-6:
        return (n * (math.log(n) - 1.0) + 1.0) / ((n - 1.0) * math.log(n))
    power: float = n ** (2.0 * k)
    top = 2.0 * (k - 1.0) * n * power + (1.0 - 2.0 * k) * power + n**2
    return max(0.0, top / ((n - 1.0) * (n - power)))


@dataclass(frozen=True)
class ParetoTail:
    """What exceeds a threshold, as a generalised Pareto law of positive shape.

    Attributes
    ----------
    threshold : float
    excess : array (draw,)
        Ascending, above 0.
    shape, scale : float
        By maximum likelihood; the tail index is 1 / shape.

    Examples
    --------
    >>> tail = pareto_tail(np.random.default_rng(1).pareto(1.5, 10_000), k=500)
    >>> abs(tail.shape - 2 / 3) < 0.25
    True
    """

    threshold: float
    excess: Floats
    shape: float
    scale: float

    @property
    def k(self) -> int:
        """Number of draws above the threshold."""
        return self.excess.size

    def posterior(self, size: int, rng: np.random.Generator) -> tuple[Floats, Floats]:
        """Draw shapes and scales (draw,) that the excesses allow, under Jeffreys' prior.

        With theta = shape / scale, the likelihood depends on the excesses through
        S = sum log(1 + theta excess) alone: theta has one dimension, and the shape given theta is
        S divided by a gamma variable.

        References
        ----------
        J. A. A. Castellanos and S. Cabras, "A default Bayesian procedure for the generalized Pareto
        distribution", Journal of Statistical Planning and Inference 137 (2007), 473-483.
        """
        theta, total = _profile(self.excess)
        log_weight = self.k * np.log(theta) - (self.k - 1) * np.log(total) - total
        weight = np.exp(log_weight - log_weight.max())
        more = 4 * size
        place = rng.choice(theta.size, more, p=weight / weight.sum()) + rng.random(more) - 0.5
        grid = np.arange(theta.size)
        shape = np.exp(np.interp(place, grid, np.log(total))) / rng.standard_gamma(self.k - 1, more)
        prior = 1.0 / ((1.0 + shape) * np.sqrt(1.0 + 2.0 * shape))
        kept = rng.choice(more, size, p=prior / prior.sum())
        return shape[kept], shape[kept] / np.exp(np.interp(place[kept], grid, np.log(theta)))


def pareto_tail(values: ArrayLike, k: int) -> ParetoTail:
    """Return the generalised Pareto law of the largest k draws, by maximum likelihood.

    Parameters
    ----------
    values : array_like (draw,)
        Independent draws, not negative.
    k : int
        Number of draws taken as the tail, fewer if values repeat, or if most are the same.

    Returns
    -------
    ParetoTail

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If a value is negative or not finite, or fewer than 5 differ in the tail.

    References
    ----------
    S. D. Grimshaw, "Computing maximum likelihood estimates for the generalized Pareto
    distribution", Technometrics 35 (1993), 185-191: the reduction to one dimension.

    Examples
    --------
    >>> pareto_tail(np.arange(100.0) ** 3, k=50).threshold
    117649.0
    """
    return tail_of(points_of(amounts(values)), check_count("k", k))


def tail_of(points: Points, k: int) -> ParetoTail:
    """Return the generalised Pareto law of the k largest draws.

    Examples
    --------
    >>> tail_of(points_of(np.arange(1.0, 101.0)), 50).k
    50
    """
    place = points.threshold(k)
    threshold = float(points.upper[place])
    if points.value.size - place - 1 < _FEWEST:
        rule = f"must hold at least {_FEWEST + 1} different positive values"
        raise ArgumentError("values", rule, points.value.size - place)
    count = points.count[place + 1 :].astype(np.int64)
    excess = np.repeat(points.value[place + 1 :] - threshold, count)
    theta, total = _profile(excess)
    log_likelihood = excess.size * np.log(theta / total) - total
    best = min(max(int(np.argmax(log_likelihood)), 1), theta.size - 2)
    before, here, after = log_likelihood[best - 1 : best + 2]
    bend = before - 2.0 * here + after
    # The top of the parabola through three points, at most half a step away.
    move = min(max(0.5 * (before - after) / bend, -0.5), 0.5) if bend < 0.0 else 0.0
    top = float(theta[best] * (theta[best + 1] / theta[best]) ** move)
    shape = float(np.log1p(top * excess).mean())
    return ParetoTail(threshold, excess, shape, shape / top)


def _profile(excess: Floats) -> tuple[Floats, Floats]:
    """Return a grid of theta = shape / scale, and the sum of log(1 + theta excess) at each."""
    theta = _GRID / float(np.median(excess))
    rows = max(1_000_000 // excess.size, 1)
    parts = [theta[i : i + rows] for i in range(0, theta.size, rows)]
    return theta, np.concatenate([np.log1p(np.outer(t, excess)).sum(axis=1) for t in parts])
