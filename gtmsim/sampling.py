"""From beliefs to arrays: the tables that kernels draw multiples and hit counts from."""

from __future__ import annotations

import hashlib
import math
from functools import lru_cache

import numpy as np
from scipy.special import betainc, betaincc

from gtmsim.core._types import Floats, Ints, Words
from gtmsim.core.elementary import LOG2_E
from gtmsim.core.samplers import (
    EMPIRICAL,
    LOGNORMAL,
    LOMAX,
    PARETO,
    PIECES,
    PIECES_LOG2,
    ROWS,
    TABLE,
    Sampler,
)
from gtmsim.distributions import (
    AnyMultiple,
    Empirical,
    LogNormal,
    Lomax,
    Pareto,
    ScipyDistribution,
)
from gtmsim.errors import ArgumentError

TABLE_TOLERANCE = 1e-8
"""Largest relative error that a tabulated inverse may have; above it the table is refused."""

_DEGREE = 6
_PIECE_SHIFT = 52 - PIECES_LOG2
_NO_TABLE = np.zeros((1, 1))
_NO_VALUES = np.zeros(1)


def stream_of(name: str) -> np.uint64:
    """Return the 32-bit stream of a channel, a digest of its name and of nothing else.

    Examples
    --------
    >>> int(stream_of("paid social")) == int(stream_of("paid social"))
    True
    """
    digest = hashlib.blake2b(name.encode(), digest_size=4).digest()
    # 0 is the plan's own stream.
    return np.uint64(int.from_bytes(digest, "little") or 1)


def compile_multiple(multiple: AnyMultiple, cap: float | None = None) -> Sampler:
    """Return what a kernel needs to draw from a multiple, clipped at ``cap``.

    Parameters
    ----------
    multiple : Multiple
        The law of value per 1 spent, given a hit.
    cap : float, optional
        The market's size: larger multiples are set to it.

    Returns
    -------
    Sampler

    Raises
    ------
    ArgumentError
        If a scipy distribution cannot be tabulated to a relative error of 1e-8.

    Examples
    --------
    >>> compile_multiple(Pareto(tail_index=1.5), cap=100.0).cap
    100.0
    """
    limit = math.inf if cap is None else float(cap)
    table, values = _NO_TABLE, _NO_VALUES
    if isinstance(multiple, Pareto):
        family, scale, shape = PARETO, multiple.minimum, 1.0 / multiple.tail_index
    elif isinstance(multiple, Lomax):
        family, scale, shape = LOMAX, multiple.scale, 1.0 / multiple.tail_index
    elif isinstance(multiple, LogNormal):
        family, scale, shape = LOGNORMAL, multiple.median, multiple.sigma * LOG2_E
    elif isinstance(multiple, Empirical):
        family, scale, shape = EMPIRICAL, 1.0, 1.0
        values = np.sort(np.asarray(multiple.values, dtype=np.float64))[::-1].copy()
    else:
        family, scale, shape = TABLE, 1.0, 1.0
        table = _quantile_table(multiple, cap)
    return Sampler(family, float(scale), float(shape), limit, table, values)


@lru_cache(maxsize=64)
def _quantile_table(multiple: ScipyDistribution, cap: float | None) -> Floats:
    """Fit one polynomial per piece of each octave of probability, on both sides of the median.

    Returns (2 * row, coefficient): first isf(p), then ppf(p), for p from 1/2 down to 2**-65.
    """
    limit = math.inf if cap is None else cap
    frozen = multiple.frozen()
    sides = {"upper": frozen.isf, "lower": frozen.ppf}
    # Row 0 begins at p = 1/2; each later row is the next piece of an octave, downwards.
    pieces = (1022 * PIECES - np.arange(ROWS + 1) + 1).astype(np.uint64) << np.uint64(_PIECE_SHIFT)
    edges = pieces.view(np.float64)
    first, width = edges[1:, None], -np.diff(edges)[:, None]
    nodes = 0.5 - 0.5 * np.cos(np.pi * (np.arange(_DEGREE + 1) + 0.5) / (_DEGREE + 1))
    checks = np.linspace(0.0, 1.0, 2 * _DEGREE + 3)[1:-1]
    halves = []
    for side, inverse in sides.items():
        values = inverse(np.minimum(first + width * nodes, 0.5))
        exact = inverse(np.minimum(first + width * checks, 0.5))
        # The kernel clips: a piece that lies beyond the cap needs no more than to be there.
        beyond = np.minimum(values.min(axis=1), exact.min(axis=1)) >= limit
        values[beyond] = exact[beyond] = limit
        coefficients = np.linalg.solve(np.vander(nodes, increasing=True), values.T).T
        fitted = coefficients @ np.vander(checks, _DEGREE + 1, increasing=True).T
        floor = TABLE_TOLERANCE * np.abs(exact[0]).max()
        error = np.abs(fitted - exact) / np.maximum(np.abs(exact), floor)
        if not np.all(error <= TABLE_TOLERANCE):
            raise ArgumentError(
                "multiple",
                f"must have a quantile function that a table reproduces within {TABLE_TOLERANCE:g}"
                f" (its {side} half is off by {np.max(error):.2g})",
                multiple,
                "use Empirical for a law with steps, or set a cap where the tail is not known",
            )
        halves.append(coefficients)
    return np.ascontiguousarray(np.concatenate(halves))


def compile_hits(campaigns: int, hit_rate: float) -> tuple[int, Words]:
    """Return the inverse of a binomial law: a base and the thresholds of a 64-bit word.

    The number of hits for a word w is the base plus the number of thresholds that w reaches.
    Outcomes less likely than 2**-64 are left out: no word can show them.

    Parameters
    ----------
    campaigns : int
        Number of campaigns.
    hit_rate : float
        Probability that a campaign returns anything.

    Returns
    -------
    base : int
    thresholds : array (outcome,) of uint64, ascending

    Examples
    --------
    >>> base, thresholds = compile_hits(2, 0.5)
    >>> base, [int(t) / 2**64 for t in thresholds]
    (0, [0.25, 0.75])
    """
    mean = campaigns * hit_rate
    reach = 10.0 * math.sqrt(mean * (1.0 - hit_rate)) + 64.0
    low, high = max(0, math.floor(mean - reach)), min(campaigns, math.ceil(mean + reach))
    hits = np.arange(low, high)
    more, rest = hits + 1.0, campaigns - hits
    below, above = betaincc(more, rest, hit_rate), betainc(more, rest, hit_rate)
    thresholds = [
        round(p * 2.0**64) if p < q else 2**64 - round(q * 2.0**64)
        for p, q in zip(below.tolist(), above.tolist(), strict=True)
    ]
    inside = [t for t in thresholds if 0 < t < 2**64]
    return low + sum(t <= 0 for t in thresholds), np.array(inside, dtype=np.uint64)


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
    below exp(-50), 2e-22, that the hits above it cover less than the target; where no bar achieves
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


_CERTAIN = 50.0
_LOWEST, _HIGHEST = 1e-9, 1e60
