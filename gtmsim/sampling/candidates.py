"""Which campaigns may be among the best, and how much room they take."""

from __future__ import annotations

import math

import numpy as np

from gtmsim.core._types import Floats, Ints
from gtmsim.core.cohorts import ALL_KEPT
from gtmsim.core.octaves import OCTAVES
from gtmsim.distributions import AnyMultiple

_CERTAIN = 34.0
_LOWEST, _HIGHEST = 1e-9, 1e60


def candidate_bars(
    multiple: AnyMultiple,
    cap: float | None,
    *,
    expected: Floats,
    most: Ints,
    rate: Floats,
    spend: Floats,
    target: float,
) -> tuple[Floats, int]:
    """Return the multiples above which hits cover a target spend, in practice always.

    The bar stands at one value per spend for all cohorts. It is as high as can be with a chance
    below exp(-34), 2e-15, that the hits above it cover less than the target; where no bar achieves
    that, every hit is above it.

    Parameters
    ----------
    multiple : Multiple
    cap : float, optional
    expected, most : array (cohort,)
        Hits that a cohort is expected to have, and campaigns, the most it can have.
    rate : array (cohort,)
        Value per spend for a multiple of 1.
    spend : array (cohort,)
        Spend of one campaign.
    target : float
        Spend to be covered.

    Returns
    -------
    bar : array (cohort,)
        Multiples; infinite where a cohort has no value.
    room : int
        Hits above the bar that there may be, with the same confidence.

    References
    ----------
    A. Maurer, "A bound on the deviation probability for sums of non-negative random variables",
    J. Inequalities in Pure and Applied Mathematics 4 (2003), theorem 2.1: a sum of independent
    terms falls short of its mean by d with a chance of at most exp(-d**2 / (2 sum E X**2)).
    H. Chernoff, "A measure of asymptotic efficiency for tests of a hypothesis", Annals of
    Mathematical Statistics 23 (1952): with terms in [0, 1], a sum of mean m is at most t < m with a
    chance of at most exp(t - m - t log(t / m)).

    Examples
    --------
    >>> from gtmsim.distributions import Pareto
    >>> one = np.ones(1)
    >>> bar, room = candidate_bars(
    ...     Pareto(tail_index=1.0), None, expected=1e4 * one, most=np.array([10_000]), rate=one,
    ...     spend=one, target=100.0
    ... )
    >>> bool(20.0 < bar[0] < 60.0), 250 < room < 900
    (True, True)
    """
    if target == 0.0:
        return np.full(rate.shape, np.inf), 0
    worth = rate > 0.0
    rates = np.where(worth, rate, 1.0)
    dearest = float(spend.max())

    def above(level: float) -> Floats:
        return expected * np.asarray(multiple.sf(level / rates, cap)) * worth

    def covers(level: float) -> bool:
        hits = above(level)
        mean = float(hits @ spend)
        if mean <= target:
            return False
        variance_bound = (mean - target) ** 2 / (2.0 * float(hits @ (spend * spend)))
        poisson_bound = (mean - target + target * math.log(target / mean)) / dearest
        return max(variance_bound, poisson_bound) >= _CERTAIN

    level = 0.0
    if covers(0.0):
        low, high = _LOWEST * float(rates[worth].min()), _HIGHEST * float(rates[worth].max())
        for _ in range(60):
            middle = math.sqrt(low) * math.sqrt(high)
            low, high = (middle, high) if covers(middle) else (low, middle)
        level = low if covers(low) else 0.0
    bar = np.where(worth, level / rates, np.inf)
    likely = float(above(level).sum())
    room = math.ceil(likely + math.sqrt(4.0 * _CERTAIN * likely) + 2.0 * _CERTAIN)
    return bar, min(room, int(most.sum()))


def kept_octaves(multiple: AnyMultiple, cap: float | None, bar: Floats) -> Ints:
    """Return the first octave above the median that reaches above each bar.

    Parameters
    ----------
    multiple : Multiple
    cap : float, optional
    bar : array (cohort,)
        Multiples.

    Returns
    -------
    array (cohort,) of int
        OCTAVES if none does, and ALL_KEPT where the bar is below the median.

    Examples
    --------
    >>> from gtmsim.distributions import Pareto
    >>> law = Pareto(tail_index=1.0)  # octaves begin at 2, 4, 8 ...
    >>> kept_octaves(law, None, np.array([1.0, 3.0, 5.0, np.inf])).tolist()
    [-1, 0, 1, 24]
    """
    # The last octave has no end, or ends at the cap.
    levels = np.append(2.0 ** -np.arange(1.0, OCTAVES + 1.0), 0.0)
    with np.errstate(all="ignore"):
        ends = multiple.isf(levels, cap)
    kept = np.searchsorted(ends, bar, side="right") - 1
    return np.where(np.isinf(bar), OCTAVES, kept).astype(np.int64)


def octave_rows(expected: Floats, most: Ints, octaves: Ints, kept: Ints) -> int:
    """Return room for the hits that cohorts keep of their octaves, with lanes side by side.

    Parameters
    ----------
    expected, most : array (cohort,)
        Hits a cohort is expected to have, and the most it can have.
    octaves, kept : array (cohort,) of int
        Octaves that are drawn as such, and the first of them that is kept.

    Returns
    -------
    int
        Rows: for each octave the hits that it exceeds with a chance below exp(-34).

    Examples
    --------
    >>> none = octave_rows(np.array([20.0]), np.array([40]), np.array([0]), np.array([0]))
    >>> some = octave_rows(np.array([500.0]), np.array([1000]), np.array([4]), np.array([2]))
    >>> none, 125 < some < 400
    (0, True)
    """
    rows = 0
    for hits, limit, last, first in zip(
        expected.tolist(), most.tolist(), octaves.tolist(), kept.tolist(), strict=True
    ):
        if last == 0 or first == OCTAVES:
            continue
        # The hits beyond the last octave are expected to be as many as it has itself.
        ends = np.append(np.arange(min(max(first, 0), last), last) + 2.0, last + 1.0)
        means = hits * 2.0**-ends
        if first == ALL_KEPT:
            means = np.concatenate((means, means, [0.5 * hits]))
        rows += int(np.minimum(_seldom_exceeded(means), limit).sum())
    return rows


def segment_rows(above: Floats, most: Ints, octaves: Ints) -> int:
    """Return room for the hits above their bars of cohorts that are drawn one by one.

    Lanes fill up at their own pace and are made level before each cohort that is drawn by octaves,
    so the rows are those of the fullest lane of each segment between two of these.

    Parameters
    ----------
    above, most : array (cohort,)
        Hits above the bar that a cohort is expected to have, and the most it can have.
    octaves : array (cohort,) of int
        As from :func:`octave_counts`: a cohort with octaves ends a segment.

    Returns
    -------
    int
        Rows: for each segment the hits that it exceeds with a chance below exp(-34).

    Examples
    --------
    >>> two, few = np.array([2.0, 2.0]), np.array([9, 9])
    >>> segment_rows(two, few, np.array([0, 0])), segment_rows(two, few, np.array([0, 3]))
    (18, 9)
    """
    single = octaves == 0
    segment = np.cumsum(~single)[single]
    if segment.size == 0:
        return 0
    means = np.bincount(segment, weights=above[single]).astype(np.float64)
    limits = np.bincount(segment, weights=most[single])
    some = means > 0.0
    return int(np.minimum(_seldom_exceeded(means[some]), limits[some]).sum())


def _seldom_exceeded(mean: Floats) -> Floats:
    """A number that a sum of indicators of this mean exceeds with a chance below exp(-34).

    By Chernoff's bound it is the root x > mean of x log(x / mean) - x + mean = 34.
    """
    x = mean + np.sqrt(4.0 * _CERTAIN * mean) + 2.0 * _CERTAIN
    for _ in range(60):
        # The bound is convex in x: Newton's steps come down to the root and stay above it.
        x -= (x * np.log(x / mean) - x + mean - _CERTAIN) / np.log(x / mean)
    return np.ceil(x)
