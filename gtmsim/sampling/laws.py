"""From laws of multiples to what kernels invert: parameters, tables and octaves of polynomials."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache

import numpy as np

from gtmsim.core._types import Floats, Ints
from gtmsim.core.elementary import LOG2_E
from gtmsim.core.octaves import DEGREE, OCTAVES
from gtmsim.core.samplers import (
    EMPIRICAL,
    LOGNORMAL,
    LOMAX,
    PARETO,
    PIECES,
    PIECES_LOG2,
    ROWS,
    SPLICED,
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
    Spliced,
)
from gtmsim.errors import ArgumentError

TABLE_TOLERANCE = 1e-8
"""Largest relative error that a tabulated inverse may have; above it the table is refused."""

_DEGREE = 6
_PIECE_SHIFT = 52 - PIECES_LOG2
_NO_TABLE = np.zeros((1, 1))
_NO_OCTAVES = np.zeros((0, DEGREE + 1))
_NO_VALUES = np.zeros(1)
_NEGLIGIBLE = 1e-6
"""Of the median: below it a multiple's error is as small as at it, and no longer relative."""

_MANY_HITS, _FEW_HITS = 32.0, 16.0


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
    elif isinstance(multiple, Spliced):
        family, scale, shape = SPLICED, multiple.median, multiple.sigma * LOG2_E
        threshold = math.log2(multiple.threshold / multiple.median)
        values = np.array([threshold, 1.0 / multiple.tail_index, math.log2(multiple.tail_share)])
    elif isinstance(multiple, Empirical):
        family, scale, shape = EMPIRICAL, 1.0, 1.0
        values = np.sort(np.asarray(multiple.values, dtype=np.float64))[::-1].copy()
    else:
        family, scale, shape = TABLE, 1.0, 1.0
        table = _quantile_table(multiple, cap)
    lower, upper = octave_polynomials(multiple, cap)
    return Sampler(family, float(scale), float(shape), limit, table, values, lower, upper)


@lru_cache(maxsize=256)
def octave_polynomials(multiple: AnyMultiple, cap: float | None) -> tuple[Floats, Floats]:
    """Fit a law's quantiles, one polynomial for each octave of probability on either side.

    Parameters
    ----------
    multiple : Multiple
    cap : float, optional
        Octaves beyond it are constant.

    Returns
    -------
    lower, upper : array (octave, coefficient)
        From the median downwards, where one polynomial serves for the whole side if it can, and
        from the median upwards. Coefficients are of the place in the octave, from -1/2 to 1/2. Both
        are without a row if the law has steps or a corner, or if an error is above 1e-8, which is
        measured between the points of the fit: then the law is drawn one by one. The error is
        relative to a multiple, or to a millionth of the median where the multiple is smaller.

    Examples
    --------
    >>> lower, upper = octave_polynomials(Pareto(tail_index=1.5), None)
    >>> lower.shape, upper.shape
    ((1, 13), (24, 13))
    >>> [half.size for half in octave_polynomials(Empirical(values=(1.0, 2.0)), None)]
    [0, 0]
    """
    # Steps, and a corner that may hide between the points of a fit.
    if isinstance(multiple, Empirical | Spliced):
        return _NO_OCTAVES, _NO_OCTAVES
    limit = math.inf if cap is None else cap
    floor = _NEGLIGIBLE * float(multiple.isf(0.5, cap))
    edges = 2.0 ** -np.arange(2.0, OCTAVES + 2.0)[:, None]
    with np.errstate(all="ignore"):
        whole = _octave_fit(multiple._ppf, np.zeros((1, 1)), np.full((1, 1), 0.5), limit, floor)
        lower = whole if whole.size else _octave_fit(multiple._ppf, edges, edges, limit, floor)
        upper = _octave_fit(multiple._isf, edges, edges, limit, floor)
    if lower.size and upper.size:
        return lower, upper
    return _NO_OCTAVES, _NO_OCTAVES


def _octave_fit(
    inverse: Callable[[Floats], Floats], first: Floats, width: Floats, limit: float, floor: float
) -> Floats:
    """Fit polynomials to an inverse on cells (cell, 1), or return none if one is not good enough.

    A cell from 0 on is divided by the probability first, so that what vanishes there keeps its
    relative precision.
    """
    from_zero = bool(first[0, 0] == 0.0) and float(inverse(np.zeros(1))[0]) == 0.0
    degree = DEGREE - 1 if from_zero else DEGREE
    nodes = -0.5 * np.cos(np.pi * (np.arange(degree + 1) + 0.5) / (degree + 1))
    checks = np.linspace(-0.5, 0.5, 4 * DEGREE + 3)[1:-1]
    if first[0, 0] == 0.0:
        # Down to the least that 32 bits show.
        checks = np.append(checks, 2.0 ** -np.arange(2.0, 34.0) - 0.5)
    values, exact = (inverse(first + width * (t + 0.5)) for t in (nodes, checks))
    # The kernel clips: a cell that lies beyond the cap needs no more than to be there.
    beyond = np.minimum(values.min(axis=1), exact.min(axis=1)) >= limit
    values[beyond] = exact[beyond] = limit
    if from_zero:
        values = values / (nodes + 0.5)
    fitted = np.linalg.solve(np.vander(nodes, increasing=True), values.T).T
    coefficients = np.zeros((first.size, DEGREE + 1))
    coefficients[:, : degree + 1] = fitted
    if from_zero:
        coefficients *= 0.5
        coefficients[:, 1:] += fitted
    error = np.abs(coefficients @ np.vander(checks, DEGREE + 1, increasing=True).T - exact)
    good = np.all(error <= TABLE_TOLERANCE * np.maximum(np.abs(exact), floor))
    return coefficients if good else _NO_OCTAVES


@lru_cache(maxsize=64)
def _quantile_table(multiple: ScipyDistribution, cap: float | None) -> Floats:
    """Fit one polynomial per piece of each octave of probability, on both sides of the median.

    Returns (2 * row, coefficient): first isf(p), then ppf(p), for p from 1/2 down to 2**-65.
    """
    limit = math.inf if cap is None else cap
    sides = {"upper": multiple._isf, "lower": multiple._ppf}
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


def octave_counts(expected: Floats, sampler: Sampler) -> Ints:
    """Return how many octaves of each side of the median are drawn octave by octave.

    Parameters
    ----------
    expected : array (cohort,)
        Hits a cohort is expected to have.
    sampler : Sampler

    Returns
    -------
    array (cohort,) of int
        As many as leave a few hits beyond the last, which are drawn one by one as all hits are of
        cohorts with few, and of laws without polynomials.

    Examples
    --------
    >>> law = compile_multiple(Pareto(tail_index=1.5))
    >>> octave_counts(np.array([20.0, 500.0, 1e6]), law).tolist()
    [0, 4, 15]
    """
    counts = np.floor(np.log2(np.maximum(expected, 1.0) / _FEW_HITS))
    most = sampler.upper.shape[0]
    return np.where(expected >= _MANY_HITS, np.clip(counts, 0.0, most), 0.0).astype(np.int64)
