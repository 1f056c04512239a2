"""What is made of a law and of its cohorts before octaves are drawn, and the room they take."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from scipy import stats

from gtmsim.core._types import Floats, Ints
from gtmsim.core.cohorts import ALL_KEPT
from gtmsim.core.octaves import OCTAVES
from gtmsim.distributions import (
    AnyMultiple,
    Empirical,
    LogNormal,
    Lomax,
    Pareto,
    ScipyDistribution,
)
from gtmsim.sampling import (
    compile_multiple,
    kept_octaves,
    octave_counts,
    octave_polynomials,
    octave_rows,
)
from gtmsim.sampling.laws import _FEW_HITS, _MANY_HITS
from tests.laws import rejects

CERTAIN = -34.0
"""Logarithm of the chance of a failure that room may have."""

PARETO = Pareto(tail_index=1.0)


def scipy_law(frozen: Any) -> AnyMultiple:
    return ScipyDistribution.from_frozen(frozen)


# -- Which laws have octaves ----------------------------------------------------------------------


def rows(law: AnyMultiple, cap: float | None = None) -> tuple[int, int]:
    lower, upper = octave_polynomials(law, cap)
    return lower.shape[0], upper.shape[0]


@pytest.mark.parametrize(
    ("law", "lower"),
    [
        (Pareto(tail_index=1.2), 1),
        (Lomax(tail_index=3.0, scale=2.68), 1),
        (LogNormal(median=1.0, sigma=1.0), OCTAVES),
        (scipy_law(stats.gamma(2.5)), OCTAVES),
        (scipy_law(stats.uniform(0.0, 2.0)), 1),
    ],
)
def test_one_polynomial_below_the_median_where_it_is_enough(law: AnyMultiple, lower: int) -> None:
    assert rows(law) == (lower, OCTAVES)
    sampler = compile_multiple(law)
    np.testing.assert_array_equal(sampler.lower, octave_polynomials(law, None)[0])
    np.testing.assert_array_equal(sampler.upper, octave_polynomials(law, None)[1])


@pytest.mark.parametrize(
    "law",
    [
        Empirical(values=(1.0, 2.0)),
        Pareto(tail_index=0.3),
        LogNormal(median=1.0, sigma=10.0),
    ],
)
def test_a_law_that_no_polynomial_follows_has_none(law: AnyMultiple) -> None:
    """Steps, and quantiles that are too steep: its hits are drawn one by one."""
    assert rows(law) == (0, 0)
    sampler = compile_multiple(law)
    assert octave_counts(np.array([1e6]), sampler).tolist() == [0]


def test_beyond_a_cap_a_law_is_no_longer_steep() -> None:
    steep = Pareto(tail_index=0.1)
    assert rows(steep) == (0, 0)
    assert rows(steep, cap=3.0) == (OCTAVES, OCTAVES)


# -- How many octaves a cohort has ----------------------------------------------------------------


def test_octaves_leave_a_few_hits() -> None:
    """Of either side's hits as many or up to twice as many beyond the last; none of few hits."""
    sampler = compile_multiple(PARETO)
    expected = np.concatenate((np.geomspace(_MANY_HITS, 5e7, 500), 2.0 ** np.arange(6, 25)))
    counts = octave_counts(expected, sampler)
    left = expected * 2.0**-counts
    assert np.all((left >= _FEW_HITS) & (left < 2.0 * _FEW_HITS))
    assert counts.min() == 1
    few = np.concatenate((np.geomspace(1e-9, 0.999 * _MANY_HITS, 50), [0.0]))
    assert octave_counts(few, sampler).tolist() == [0] * 51
    assert octave_counts(np.array([1e12]), sampler).tolist() == [OCTAVES]


# -- Which of them are kept -----------------------------------------------------------------------

LAWS: list[tuple[AnyMultiple, Any, float | None]] = [
    (Pareto(tail_index=1.2), stats.pareto(1.2), None),
    (LogNormal(median=0.7, sigma=1.3), stats.lognorm(1.3, scale=0.7), None),
    (LogNormal(median=0.7, sigma=1.3), stats.lognorm(1.3, scale=0.7), 30.0),
    (scipy_law(stats.gamma(2.5)), stats.gamma(2.5), None),
]


def expect_kept(frozen: Any, cap: float | None, bar: Floats, kept: Ints) -> None:
    """The first octave that ends above a bar: none before it does, and none is kept for nothing."""
    limit = math.inf if cap is None else cap
    for level, first in zip(bar.tolist(), kept.tolist(), strict=True):
        if level >= limit:
            assert first == OCTAVES
            continue
        chance = float(frozen.sf(level))
        ends = 2.0 ** -np.arange(2.0, OCTAVES + 2.0)
        # Nothing beyond the last octave is left out, for it has no end.
        above = np.flatnonzero(ends < chance)
        expected = int(above[0]) if above.size else OCTAVES
        assert first == (ALL_KEPT if chance > 0.5 else min(expected, OCTAVES - 1))


@pytest.mark.parametrize(("law", "frozen", "cap"), LAWS)
def test_the_first_octave_kept_is_the_bars(
    law: AnyMultiple, frozen: Any, cap: float | None
) -> None:
    bar = np.concatenate((frozen.isf(np.geomspace(2.0**-40, 0.99, 300)), [0.0, math.inf]))
    kept = kept_octaves(law, cap, bar)
    expect_kept(frozen, cap, bar, kept)
    rejects(expect_kept, frozen, cap, bar, kept_octaves(law, cap, 1.1 * bar))
    rejects(expect_kept, frozen, cap, bar, kept_octaves(law, cap, 0.9 * bar))
    assert kept[-2:].tolist() == [ALL_KEPT, OCTAVES]


# -- Room -----------------------------------------------------------------------------------------


def one(expected: float, most: int, octaves: int, kept: int) -> int:
    arrays = (np.array([value]) for value in (expected, most, octaves, kept))
    return octave_rows(*arrays)


def means(expected: float, octaves: int, kept: int) -> list[float]:
    """Expected hits of the octaves that are kept, and of what is beyond them."""
    upper = [expected * 2.0 ** -(j + 2) for j in range(octaves)] + [
        expected * 2.0 ** -(octaves + 1)
    ]
    if kept == ALL_KEPT:
        # Below the median there may be one octave, and there may be as many.
        return [*upper, *upper, 0.5 * expected]
    return upper[min(kept, octaves) :]


def expect_room(rooms: list[int], of: list[float], most: int) -> None:
    """Each room is exceeded as seldom as promised."""
    for room, mean in zip(rooms, of, strict=True):
        assert room == most or stats.binom.logsf(room, 10**9, mean / 10**9) < CERTAIN


@pytest.mark.parametrize("expected", [64.0, 100.0, 5e3, 1e6])
def test_room_is_seldom_exceeded_and_not_much_more(expected: float) -> None:
    """Of each octave kept: the last is told from the difference that keeping it makes."""
    sampler = compile_multiple(PARETO)
    octaves = int(octave_counts(np.array([expected]), sampler)[0])
    most = int(4.0 * expected)
    kept = range(octaves + 1)
    rooms = [one(expected, most, octaves, first) for first in kept] + [0]
    each = [room - rarer for room, rarer in pairwise(rooms)]
    of = means(expected, octaves, 0)
    expect_room(each, of, most)
    # With a fifth less above the mean, the promise would not be kept.
    for room, mean in zip(each, of, strict=True):
        if room < most:
            fewer = math.floor(mean + 0.8 * (room - mean))
            rejects(expect_room, [fewer], [mean], most)
    everything = one(expected, most, octaves, ALL_KEPT)
    below = everything - 2 * rooms[0]
    expect_room([below], [0.5 * expected], most)


def test_room_is_never_more_than_there_are_campaigns() -> None:
    """Of those below the median there might be more than 64 of 64, by the bound alone."""

    def below(most: int) -> int:
        return one(64.0, most, 1, ALL_KEPT) - 2 * one(64.0, most, 1, 0)

    assert below(64) == 64 < below(1000) == below(10**6)


def test_what_is_beyond_the_last_octave_is_kept_whatever_the_first() -> None:
    assert one(5e3, 20_000, 7, 7) == one(5e3, 20_000, 7, OCTAVES - 1) > 0


def test_nothing_kept_takes_no_room() -> None:
    assert one(1e5, 10**6, 11, OCTAVES) == 0
    assert one(50.0, 10**6, 0, ALL_KEPT) == 0
    assert octave_rows(*np.zeros((4, 0))) == 0


def test_cohorts_take_room_one_after_the_other() -> None:
    cohorts = [(100.0, 300, 1, 0), (5e3, 20_000, 7, 3), (20.0, 99, 0, 2), (640.0, 999, 4, ALL_KEPT)]
    together = octave_rows(*(np.array(values) for values in zip(*cohorts, strict=True)))
    assert together == sum(one(*cohort) for cohort in cohorts)
