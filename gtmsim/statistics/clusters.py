"""Intervals from draws that come in clusters, which share something that is drawn for each anew.

Draws of a cluster are alike, so they say less than as many independent ones. What a cluster says is
one independent draw. A mean is that of the clusters; for a probability and a quantile the number of
draws is cut to that of independent ones with the same error, the effective number.
"""

from __future__ import annotations

import math

import numpy as np
from scipy.special import ndtri, stdtrit

from gtmsim.core._types import Floats, Ints
from gtmsim.errors import PrecisionError
from gtmsim.statistics.intervals import (
    FEWEST,
    Interval,
    check_level,
    interval_of_mean,
    quantile_ranks,
    wilson,
    worst_parts,
)
from gtmsim.statistics.mean import mean_interval


def effective_number(inside: np.ndarray, cluster: Ints, level: float = 0.95) -> float:
    """Return how many independent draws would show a probability as precisely.

    Parameters
    ----------
    inside : array (draw,) of bool
        Whether a draw is in the set whose probability is sought.
    cluster : array (draw,) of int
        Number of each draw's cluster, from 0, ascending.
    level : float, default 0.95
        Of the interval: it is cut further, so that a normal interval is as wide as Student's.

    Returns
    -------
    float
        Before this cut at least the number of clusters, as if all draws of a cluster were the same,
        and at most that of draws. If no draw is inside, or all are, nothing tells how alike draws
        of a cluster are, and it is the former.

    Raises
    ------
    PrecisionError
        If there are fewer than two clusters.

    References
    ----------
    L. Kish, "Survey sampling" (1965), section 5.4 (design effect); E. L. Korn and B. I. Graubard,
    "Confidence intervals for proportions with small expected number of positive counts estimated
    from survey data", Survey Methodology 24 (1998), 193-201.

    Examples
    --------
    >>> cluster = np.repeat(np.arange(1_000), 100)
    >>> rng = np.random.default_rng(1)
    >>> alike = effective_number(rng.random(1_000)[cluster] < 0.3, cluster)
    >>> apart = effective_number(rng.random(100_000) < 0.3, cluster)
    >>> 900 < alike < 1_000, 80_000 < apart < 100_000
    (True, True)
    """
    count = np.bincount(cluster)
    clusters, n = _clusters(count), cluster.size
    share = float(np.mean(inside))
    off = np.bincount(cluster, weights=inside) - share * count
    independent = share * (1.0 - share) / n
    found = float(off @ off) / n**2 * clusters / (clusters - 1.0)
    effect = found / independent if independent > 0.0 else math.inf
    return n / min(max(effect, 1.0), n / clusters) / _student(clusters, level) ** 2


def clustered_probability_interval(
    inside: np.ndarray, cluster: Ints, level: float = 0.95
) -> Interval:
    """Return the interval of a probability; parameters as of :func:`effective_number`.

    Examples
    --------
    >>> cluster = np.repeat(np.arange(50), 10)
    >>> interval = clustered_probability_interval(cluster % 2 == 0, cluster)
    >>> interval.estimate, round(interval.half_width, 2)
    (0.5, 0.14)
    """
    level = check_level(level)
    share = float(np.mean(inside))
    ends = wilson(share, effective_number(inside, cluster, level), level)
    return Interval(share, *ends, level, "Wilson, by block")


def clustered_quantile_interval(
    values: Floats, cluster: Ints, q: float, level: float = 0.95
) -> Interval:
    """Return the interval of a quantile, by order statistics of the effective number of draws.

    Parameters
    ----------
    values : array (draw,)
    cluster : array (draw,) of int
        As of :func:`effective_number`.
    q : float
        The quantile, above 0 and below 1.
    level : float, default 0.95

    References
    ----------
    R. S. Woodruff, "Confidence intervals for medians and other position measures", Journal of the
    American Statistical Association 47 (1952), 635-646.

    Examples
    --------
    >>> cluster = np.repeat(np.arange(1_000), 100)
    >>> values = np.random.default_rng(1).normal(size=1_000)[cluster]
    >>> interval = clustered_quantile_interval(values, cluster, 0.5)
    >>> interval.low < 0.0 < interval.high, interval.half_width > 0.05
    (True, True)
    """
    level = check_level(level)
    estimate = float(np.quantile(values, q))
    inside = values <= estimate
    # Where nothing lies above, as with a share of 1, what lies below is what can vary.
    inside = values < estimate if inside.all() else inside
    n = values.size
    alone = max(int(effective_number(inside, cluster, level)), 1)
    low, high = quantile_ranks(alone, q, level)
    ordered, stretch = np.sort(values), (n + 1) / (alone + 1)
    return Interval(
        estimate=estimate,
        low=float(ordered[math.floor(low * stretch) - 1]) if low >= 1 else -math.inf,
        high=float(ordered[math.ceil(high * stretch) - 1]) if high <= alone else math.inf,
        level=level,
        method="order statistics, by block",
    )


def clustered_mean_interval(values: Floats, cluster: Ints, level: float = 0.95) -> Interval:
    """Return the interval of a mean, that of the clusters' means.

    Parameters
    ----------
    values : array (draw,)
    cluster : array (draw,) of int
        As of :func:`effective_number`.
    level : float, default 0.95

    Raises
    ------
    PrecisionError
        If the clusters are fewer than 25, or the draws too few for their skewness.

    Examples
    --------
    >>> cluster = np.repeat(np.arange(1_000), 10)
    >>> values = np.random.default_rng(1).normal(size=1_000)[cluster]
    >>> round(clustered_mean_interval(values, cluster).half_width, 2)
    0.06
    """
    level = check_level(level)
    means = cluster_draws(values, cluster, level)
    # Not the skewness of the means: to judge a few clusters by it picks those that look harmless.
    if means.size < FEWEST or not _well_behaved(values):
        rule = f"must be of at least {FEWEST} blocks and many scenarios for their skewness"
        raise PrecisionError("values", rule, means.size, "take more scenarios")
    return interval_of_mean(means, np.ones(means.size), level, "normal, by block")


def clustered_lower_mean_interval(
    values: Floats, cluster: Ints, p: float, level: float = 0.95
) -> Interval:
    """Return the interval of the mean of the worst fraction p.

    Parameters
    ----------
    values : array (draw,)
    cluster : array (draw,) of int
        As of :func:`effective_number`.
    p : float
        Fraction, above 0 and below 1.
    level : float, default 0.95

    Raises
    ------
    PrecisionError
        If fewer than 25 draws lie in the fraction, or there are fewer than two clusters.

    Examples
    --------
    >>> cluster = np.repeat(np.arange(1_000), 10)
    >>> values = np.random.default_rng(1).random(1_000)[cluster]
    >>> interval = clustered_lower_mean_interval(values, cluster, 0.2)
    >>> interval.low < 0.1 < interval.high
    True
    """
    level = check_level(level)
    if p * values.size < FEWEST:
        fix = f"take at least {math.ceil(FEWEST / p):,} draws"
        rule = f"must have at least {FEWEST} draws in the fraction"
        raise PrecisionError("values", rule, values.size, fix)
    place = max(math.ceil(p * values.size * (1.0 - 1e-12)), 1) - 1
    parts = worst_parts(values, float(np.partition(values, place)[place]), p)
    means = cluster_draws(parts, cluster, level)
    return interval_of_mean(means, np.ones(means.size), level, "influence function, by block")


def cluster_draws(values: Floats, cluster: Ints, level: float) -> Floats:
    """Return one draw for each cluster (cluster,), as independent as clusters are.

    Their mean is that of all values, and their normal interval is Student's: they are spread by as
    much as its quantile is larger. A cluster counts by its size, as in a ratio of two sums.

    Raises
    ------
    PrecisionError
        If there are fewer than two clusters.

    References
    ----------
    W. G. Cochran, "Sampling techniques", 3rd edition (1977), section 9A.1 (ratio to size).

    Examples
    --------
    >>> draws = cluster_draws(np.array([0.0, 2.0, 4.0]), np.array([0, 0, 1]), 0.95)
    >>> round(float(draws.mean()), 9)
    2.0
    """
    count = np.bincount(cluster)
    clusters = _clusters(count)
    base = float(values[0])  # so that equal values stay equal
    mean = base + float(np.mean(values - base))
    off = np.bincount(cluster, weights=values - mean) * (clusters / values.size)
    spread = _student(clusters, level) * math.sqrt(clusters / (clusters - 1.0))
    return np.asarray(mean + off * spread)


def _well_behaved(values: Floats) -> bool:
    try:
        return mean_interval(values).method == "normal"
    except PrecisionError:
        return False


def _clusters(count: Ints) -> int:
    if count.size < 2:
        rule = "must be of at least two blocks of scenarios"
        raise PrecisionError("values", rule, count.size, "take more scenarios")
    return count.size


def _student(clusters: int, level: float) -> float:
    """How many times as wide Student's interval is as the normal one."""
    tail = 0.5 + level / 2.0
    return float(stdtrit(clusters - 1.0, tail) / ndtri(tail))
