"""Octaves: counts that are bits in plain Python, and polynomials that are scipy's quantiles."""

from __future__ import annotations

import math
from itertools import product
from typing import Any

import numpy as np
import pytest
from scipy import stats

from gtmsim.core._types import Floats, Words
from gtmsim.core.octaves import (
    DEGREE,
    OCTAVES,
    UPPER,
    highest,
    lowest,
    octave_index,
    sample_octave,
    shift_words,
    split,
)
from gtmsim.core.streams import LANES
from gtmsim.distributions import AnyMultiple, LogNormal, Lomax, Pareto, ScipyDistribution
from gtmsim.sampling import TABLE_TOLERANCE, octave_polynomials
from tests.core.twins import EXTREME_WORDS, Address, expect_binomial, plain_split, random_words
from tests.laws import expect_distribution, rejects

KEY = (5, 6)
STREAM = 0xABCDEF01

# -- Splitting ------------------------------------------------------------------------------------


def heads(trials: Floats, octave: int = 0, group: int = 3, first: int = 0) -> Floats:
    """Counts of a block, (lane,)."""
    counts, halves = np.full(LANES, math.nan), np.empty(4 * LANES, dtype=np.uint64)
    key0, key1, stream, at = map(np.uint64, (*KEY, STREAM, group))
    split(key0, key1, stream, at, octave, np.uint64(first), trials, halves, counts)
    return counts


def expect_first_bits(
    trials: Floats, octave: int, counts: Floats, group: int = 3, first: int = 0
) -> None:
    expected = [
        plain_split(Address(STREAM, 0, group, first + lane, octave), KEY, int(rest))
        for lane, rest in enumerate(trials)
    ]
    assert counts.tolist() == expected


@pytest.mark.parametrize("first", [0, 2**32 - LANES, 2**32])
@pytest.mark.parametrize("octave", [0, 1, UPPER + OCTAVES - 1])
def test_a_split_counts_the_first_bits(octave: int, first: int) -> None:
    """Of every lane its own number of them, from none to a thousand; and of other bits others."""
    trials = np.random.default_rng(7).permutation(8 * LANES).astype(np.float64).reshape(8, LANES)
    for rest in trials:
        kept = rest.copy()
        counts = heads(rest, octave, first=first)
        expect_first_bits(rest, octave, counts, first=first)
        rejects(expect_first_bits, rest, octave + 1, counts, first=first)
        rejects(expect_first_bits, rest, octave, counts, group=4, first=first)
        rejects(expect_first_bits, rest + 1.0, octave, counts, first=first)
        np.testing.assert_array_equal(rest, kept)


@pytest.mark.parametrize("trials", [0, 1, 31, 32, 33, 63, 64, 65, 95, 96, 97, 127, 128, 129, 256])
def test_a_split_is_exact_where_a_word_or_a_counter_ends(trials: int) -> None:
    rest = np.full(LANES, float(trials))
    counts = heads(rest)
    expect_first_bits(rest, 0, counts)
    assert np.all(counts <= trials)


@pytest.mark.parametrize("most", [32.0, 128.0, 129.0, 700.0])
def test_a_lane_does_not_depend_on_what_others_have(most: float) -> None:
    """Counters are drawn up to the most that any lane needs."""
    trials = np.full(LANES, 40.0)
    alone = heads(trials)
    trials[5] = most
    beside = heads(trials)
    np.testing.assert_array_equal(np.delete(beside, 5), np.delete(alone, 5))
    assert beside[5] != alone[5]


@pytest.mark.parametrize("trials", [7, 32, 128, 300])
def test_counts_are_binomial(trials: int) -> None:
    rest = np.full(LANES, float(trials))
    counts = np.concatenate([heads(rest, first=block * LANES) for block in range(400)])
    expect_binomial(counts, trials, 0.5)
    rejects(expect_binomial, counts, trials, 0.5 + 0.1 / math.sqrt(trials))


def correlation(one: Floats, other: Floats) -> float:
    """In standard errors."""
    return float(np.corrcoef(one, other)[0, 1] * math.sqrt(one.size))


def test_counts_of_octaves_and_of_cohorts_are_unrelated() -> None:
    rest = np.full(LANES, 100.0)
    places = {"here": {}, "octave": {"octave": 1}, "group": {"group": 4}}
    counts = {
        name: np.concatenate([heads(rest, first=block * LANES, **place) for block in range(200)])
        for name, place in places.items()
    }
    for other in ("octave", "group"):
        assert abs(correlation(counts["here"], counts[other])) < 4.5
        # A twentieth of what they say in common is seen.
        mixed = counts["here"] + 19.0 * counts[other]
        assert abs(correlation(counts["here"], mixed)) > 4.5


@pytest.mark.parametrize("place", [0, 77, LANES - 1])
def test_the_highest_and_the_lowest_of_the_lanes(place: int) -> None:
    x = np.random.default_rng(8).integers(10, 1000, LANES).astype(np.float64)
    assert (highest(x), lowest(x)) == (x.max(), x.min())
    x[place] = 12_345.0
    assert highest(x) == 12_345
    x[place] = 1.0
    assert lowest(x) == 1
    assert (highest(np.zeros(LANES)), lowest(np.zeros(LANES))) == (0, 0)


def test_no_two_octaves_share_an_address() -> None:
    """An octave has the high 8 bits of a counter's first word, and 2**24 indices of its own."""
    octaves, edges = range(UPPER + OCTAVES + 1), (0, 1, 2**12, 2**24 - 2, 2**24 - 1)
    places = [int(octave_index(octave, index)) for octave, index in product(octaves, edges)]
    assert len(set(places)) == len(octaves) * len(edges)
    assert places == sorted(places)
    assert 0 == places[0] < places[-1] < 2**32


# -- Words beyond the last octave -----------------------------------------------------------------


@pytest.mark.parametrize("shift", [1, 5, 25])
@pytest.mark.parametrize("below", [False, True])
def test_shifted_words_are_beyond_an_octave(shift: int, below: bool) -> None:
    """The word's high bits are known, and its others are those that were drawn."""
    drawn = np.concatenate((EXTREME_WORDS, random_words(30, 500)))
    words = np.append(drawn, np.uint64(99))
    shift_words(words, drawn.size, np.uint64(shift), below)
    assert words[-1] == 99, "written beyond count"
    for before, after in zip(drawn.tolist(), words[:-1].tolist(), strict=True):
        tail = 2**64 - 1 - after if below else after
        assert tail == before // 2**shift < 2 ** (64 - shift)


def test_shifted_words_are_uniform_beyond_an_octave() -> None:
    words = random_words(31, 100_000)
    shift_words(words, words.size, np.uint64(5), True)
    below = ((~words).astype(np.float64) + 0.5) * 2.0**-64
    expect_distribution(below, stats.uniform(0.0, 2.0**-5).cdf)
    rejects(expect_distribution, below, stats.uniform(0.0, 1.03 * 2.0**-5).cdf)


# -- Quantiles ------------------------------------------------------------------------------------

LAWS: dict[str, tuple[AnyMultiple, Any]] = {
    "pareto": (Pareto(tail_index=1.2, minimum=0.5), stats.pareto(1.2, scale=0.5)),
    "pareto, heavy": (Pareto(tail_index=1.0), stats.pareto(1.0)),
    "lomax": (Lomax(tail_index=1.5, scale=2.68), stats.lomax(1.5, scale=2.68)),
    "lognormal": (LogNormal(median=0.7, sigma=1.3), stats.lognorm(1.3, scale=0.7)),
    "gamma": (ScipyDistribution.from_frozen(stats.gamma(2.5)), stats.gamma(2.5)),
    "burr12": (ScipyDistribution.from_frozen(stats.burr12(2.0, 0.8)), stats.burr12(2.0, 0.8)),
}
HALVES = np.concatenate(
    (
        np.array([0, 1, 2, 2**31 - 1, 2**31, 2**32 - 2, 2**32 - 1], dtype=np.uint64),
        random_words(32, 500) >> np.uint64(32),
    )
)
PLACES = (HALVES.astype(np.float64) + 0.5) / 2.0**32
"""Where in its octave a word of 32 bits is: in the middle of its share."""


def draw(coefficients: Floats, cap: float, halves: Words = HALVES) -> Floats:
    x = np.full(halves.size + 1, -7.0)
    sample_octave(coefficients, halves, halves.size, cap, x)
    assert x[-1] == -7.0, "written beyond count"
    return x[:-1]


def drawn_and_exact(
    law: AnyMultiple, frozen: Any, cap: float | None = None
) -> tuple[Floats, Floats]:
    """Multiples of every octave of both sides, and the law's quantiles at the words' places."""
    lower, upper = octave_polynomials(law, cap)
    limit = math.inf if cap is None else cap
    assert upper.shape == (OCTAVES, DEGREE + 1)
    assert lower.shape in ((1, DEGREE + 1), (OCTAVES, DEGREE + 1))
    octaves = 2.0 ** -np.arange(2.0, OCTAVES + 2.0)[:, None] * (1.0 + PLACES)
    small = octaves if lower.shape[0] > 1 else 0.5 * PLACES[None, :]
    exact = np.concatenate((frozen.ppf(small), frozen.isf(octaves)))
    x = np.stack([draw(octave, limit) for octave in (*lower, *upper)])
    return x, np.minimum(exact, limit)


def expect_quantiles(x: Floats, exact: Floats, median: float, error: float) -> None:
    """Within a relative error, or within that of a hundred-millionth of the median."""
    assert np.all(np.abs(x - exact) <= error * np.maximum(exact, TABLE_TOLERANCE * median))


@pytest.mark.parametrize("cap", [None, 0.6, 3.0, 1e4])
@pytest.mark.parametrize("name", LAWS)
def test_octaves_are_scipys_quantiles(name: str, cap: float | None) -> None:
    x, exact = drawn_and_exact(*LAWS[name], cap)
    median = float(LAWS[name][1].median())
    expect_quantiles(x, exact, min(median, cap or math.inf), TABLE_TOLERANCE)
    # A law whose multiples are a ten-millionth larger is another one.
    rejects(expect_quantiles, x, 1.0000001 * exact, median, TABLE_TOLERANCE)


@pytest.mark.parametrize("name", LAWS)
def test_octaves_are_no_tables_of_the_law_itself(name: str) -> None:
    """They have an error, and it is seen."""
    x, exact = drawn_and_exact(*LAWS[name])
    rejects(expect_quantiles, x, exact, float(LAWS[name][1].median()), 1e-17)


@pytest.mark.parametrize("name", LAWS)
def test_a_cap_clips_and_no_more(name: str) -> None:
    """To the cap itself, and what is below it stays within the tolerance."""
    law, _ = LAWS[name]
    whole, capped = octave_polynomials(law, None)[1], octave_polynomials(law, 3.0)[1]
    clipped = 0
    for one, other in zip(whole, capped, strict=True):
        x, y = draw(one, math.inf), draw(other, 3.0)
        assert np.all(y[x > 3.0 * (1.0 + 1e-7)] == 3.0)
        below = x < 3.0 * (1.0 - 1e-7)
        np.testing.assert_allclose(y[below], x[below], rtol=1e-15)
        clipped += np.count_nonzero(y == 3.0)
    assert 0 < clipped < OCTAVES * HALVES.size


@pytest.mark.parametrize("name", LAWS)
def test_octaves_meet_and_fall(name: str) -> None:
    """From the last word of an octave to the first of the next one, and within each."""
    lower, upper = octave_polynomials(LAWS[name][0], None)
    ordered = np.sort(HALVES)
    rarer = np.concatenate([draw(octave, math.inf, ordered) for octave in upper[::-1]])
    assert np.all(np.diff(rarer) <= 1e-8 * rarer[:-1])
    smaller = np.concatenate([draw(octave, math.inf, ordered) for octave in lower[::-1]])
    assert np.all(np.diff(smaller) >= -1e-8 * smaller[1:])
    assert smaller[-1] == pytest.approx(rarer[-1], rel=1e-7)


def test_an_octaves_draws_have_its_part_of_the_law() -> None:
    """Given that the survival probability is between 1/16 and 1/8."""
    upper = octave_polynomials(LAWS["lognormal"][0], None)[1]
    x = draw(upper[2], math.inf, random_words(33, 100_000) >> np.uint64(32))

    def cdf(value: Any, sigma: float = 1.3) -> Any:
        law = stats.lognorm(sigma, scale=0.7)
        return np.clip((2.0**-3 - law.sf(value)) / 2.0**-4, 0.0, 1.0)

    expect_distribution(x, cdf)
    rejects(expect_distribution, x, lambda value: cdf(value, 1.305))
