"""The addresses, then the uniforms: no two draws share a word, and no two words are related."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from itertools import product

import numba
import numpy as np
import pytest
from scipy import stats

from gtmsim.core import streams
from gtmsim.core._types import Floats, Words
from gtmsim.core.streams import (
    LANES,
    MAX_GROUPS,
    MAX_SCENARIOS,
    half_tail,
    lane_words,
    place,
    survival,
    tile_halves,
    tile_words,
    words_at,
)
from tests.core.twins import EXTREME_WORDS, Address, plain_halves, plain_words, random_words
from tests.laws import expect_distribution, expect_uniform_bits, rejects

PLAIN_KEY = (0x1234ABCD, 0x00C0FFEE)
KEY = (np.uint64(PLAIN_KEY[0]), np.uint64(PLAIN_KEY[1]))
PURPOSES = (
    streams.MARKET,
    streams.SHARED_LUCK,
    streams.HIT_COUNT,
    streams.MULTIPLE,
    streams.REP,
    streams.QUARTER_LUCK,
    streams.OCTAVE_COUNT,
    streams.OCTAVE_MULTIPLE,
    streams.CUT,
    streams.RESAMPLE,
    streams.PILOT,
)

EDGES = Address(
    channel=2**32 - 1, purpose=15, group=MAX_GROUPS - 1, scenario=MAX_SCENARIOS - 1, draw=2**32 - 1
)


def compiled_words(at: Address, key: tuple[np.uint64, np.uint64] = KEY) -> tuple[int, int]:
    a, b = words_at(*key, *map(np.uint64, at))
    return int(a), int(b)


def test_the_layout_is_the_written_one() -> None:
    rng = np.random.default_rng(3)
    addresses = [Address(0, 0, 0, 0, 0), EDGES]
    addresses += [Address(*(int(rng.integers(0, edge + 1)) for edge in EDGES)) for _ in range(1000)]
    for at in addresses:
        assert compiled_words(at) == plain_words(at, PLAIN_KEY)


def test_purposes_are_distinct_and_fit_their_four_bits() -> None:
    assert len(set(PURPOSES)) == len(PURPOSES)
    assert max(PURPOSES) <= EDGES.purpose


def test_distinct_addresses_have_distinct_words() -> None:
    edges = [(0, 1, 2, edge // 2, edge // 2 + 1, edge - 1, edge) for edge in EDGES]
    addresses = {Address(*fields) for fields in product(*edges)}
    words = [word for at in addresses for word in compiled_words(at)]
    assert len(addresses) == 7**5
    assert len(set(words)) == 2 * len(addresses)


@pytest.mark.parametrize("field", Address._fields)
def test_every_bit_of_a_field_reaches_the_counter(field: str) -> None:
    here = Address(channel=77, purpose=3, group=5, scenario=11, draw=13)
    seen = {compiled_words(here)}
    bits = getattr(EDGES, field).bit_length()
    for bit in range(bits):
        seen.add(compiled_words(here._replace(**{field: getattr(here, field) ^ (1 << bit)})))
    assert len(seen) == bits + 1


@pytest.mark.parametrize("place", [0, 1])
def test_both_words_of_the_key_count(place: int) -> None:
    key = list(KEY)
    key[place] ^= np.uint64(1)
    assert compiled_words(EDGES, (key[0], key[1])) != compiled_words(EDGES)


@pytest.mark.parametrize(
    "first", [0, LANES, 2**32 - LANES, 2**32, 2**33 - LANES, MAX_SCENARIOS - LANES]
)
def test_lanes_are_consecutive_scenarios(first: int) -> None:
    """Also on either side of where the scenario's low 32 bits run over."""
    at = Address(channel=9, purpose=2, group=4, scenario=first, draw=6)
    a, b = np.zeros((2, LANES), dtype=np.uint64)
    channel, purpose, group, draw = map(np.uint64, (at.channel, at.purpose, at.group, at.draw))
    lane_words(*KEY, channel, purpose, group, draw, np.uint64(first), a, b)
    expected = [compiled_words(at._replace(scenario=first + lane)) for lane in range(LANES)]
    assert list(zip(a.tolist(), b.tolist(), strict=True)) == expected


def test_no_block_has_two_kinds_of_high_bits() -> None:
    """The lanes divide 2**32, so that a block that begins at a multiple of them shares its own."""
    assert 2**32 % LANES == 0


GUARD = 7
FILLERS = {2: tile_words, 4: tile_halves}


def tile(at: Address, count: int, rows: int = 2) -> Words:
    """A tile's words (index, word, lane), and nothing written beyond them.

    There are two words of 64 bits in a counter, or four of 32.
    """
    words = np.full(rows * count * LANES + GUARD, GUARD, dtype=np.uint64)
    channel, purpose, group, draw = map(np.uint64, (at.channel, at.purpose, at.group, at.draw))
    FILLERS[rows](*KEY, channel, purpose, group, draw, count, np.uint64(at.scenario), words)
    assert np.all(words[rows * count * LANES :] == GUARD), "written beyond count"
    return words[: rows * count * LANES].reshape(count, rows, LANES)


TILES = [
    Address(channel=9, purpose=3, group=4, scenario=0, draw=6),
    Address(channel=0, purpose=0, group=0, scenario=2**32 - LANES, draw=0),
    Address(channel=5, purpose=7, group=1, scenario=2**32, draw=49 * 2**24),
    EDGES._replace(scenario=MAX_SCENARIOS - LANES, draw=2**32 - 8),
]
TWINS = {2: plain_words, 4: plain_halves}


@pytest.mark.parametrize("rows", FILLERS)
@pytest.mark.parametrize("count", [1, 2, 5, 8])
@pytest.mark.parametrize("at", TILES)
def test_a_tile_is_laid_out_as_written(at: Address, count: int, rows: int) -> None:
    """A counter's words in their order, lane by lane within, and then the next counter's."""
    words = tile(at, count, rows)
    for i in range(count):
        here = at._replace(draw=at.draw + i)
        expected = [
            TWINS[rows](here._replace(scenario=at.scenario + k), PLAIN_KEY) for k in range(LANES)
        ]
        assert list(map(tuple, words[i].T.tolist())) == expected


def test_a_tile_is_its_lanes_index_by_index() -> None:
    at = Address(channel=8, purpose=3, group=5, scenario=2**32 - LANES, draw=1000)
    words = tile(at, 8)
    a, b = np.zeros((2, LANES), dtype=np.uint64)
    channel, purpose, group = map(np.uint64, (at.channel, at.purpose, at.group))
    for i in range(8):
        index, first = np.uint64(at.draw + i), np.uint64(at.scenario)
        lane_words(*KEY, channel, purpose, group, index, first, a, b)
        np.testing.assert_array_equal(words[i, 0], a)
        np.testing.assert_array_equal(words[i, 1], b)


def test_halves_are_the_words_in_two() -> None:
    """The low and the high half of A, then those of B."""
    words, halves = tile(TILES[0], 5), tile(TILES[0], 5, 4)
    low = np.uint64(2**32 - 1)
    for word in range(2):
        np.testing.assert_array_equal(halves[:, 2 * word], words[:, word] & low)
        np.testing.assert_array_equal(halves[:, 2 * word + 1], words[:, word] >> np.uint64(32))
    assert not np.array_equal(halves[:, 0], halves[:, 2])


@pytest.mark.parametrize("rows", FILLERS)
@pytest.mark.parametrize("cut", [1, 3, 7])
def test_tiles_in_two_are_the_tile_in_one(cut: int, rows: int) -> None:
    whole = tile(TILES[0], 8, rows)
    second = TILES[0]._replace(draw=TILES[0].draw + cut)
    parts = [tile(TILES[0], cut, rows), tile(second, 8 - cut, rows)]
    np.testing.assert_array_equal(np.concatenate(parts), whole)


@pytest.mark.parametrize("rows", FILLERS)
def test_a_tile_of_nothing_writes_nothing(rows: int) -> None:
    assert tile(TILES[0], 0, rows).size == 0


def test_a_place_is_a_lane_of_a_row() -> None:
    """Places are consecutive, row after row, and have no sign."""
    places = [place(row, lane) for row in range(3) for lane in range(LANES)]
    assert [int(at) for at in places] == list(range(3 * LANES))
    assert {s.return_type for s in place.nopython_signatures} == {numba.types.uint64}


def test_survival_is_exact_at_the_extremes() -> None:
    assert survival(np.uint64(0)) == 2.0**-65
    assert survival(np.uint64(1)) == 1.5 * 2.0**-64
    assert survival(np.uint64(2**63)) == 0.5
    assert survival(np.uint64(2**64 - 1)) == 1.0


def test_half_tail_is_exact_at_the_extremes() -> None:
    assert half_tail(np.uint64(0)) == (2.0**-65, 1.0)
    assert half_tail(np.uint64(2**64 - 1)) == (2.0**-65, -1.0)
    assert half_tail(np.uint64(2**63 - 1)) == (0.5, 1.0)
    assert half_tail(np.uint64(2**63)) == (0.5, -1.0)


def test_uniforms_are_the_middle_of_their_word_to_the_last_bit() -> None:
    words = np.concatenate((EXTREME_WORDS, random_words(4, 2000), random_words(5, 500) >> 50))
    for word in words:
        middle = Fraction(2 * int(word) + 1, 2**65)
        p, sign = half_tail(word)
        assert abs(Fraction(survival(word)) / middle - 1) <= Fraction(1, 2**52)
        assert abs(Fraction(p) / min(middle, 1 - middle) - 1) <= Fraction(1, 2**52)
        assert sign == (1.0 if middle < Fraction(1, 2) else -1.0)
        assert half_tail(~word) == (p, -sign)


def test_survival_never_decreases() -> None:
    words = np.sort(np.concatenate((EXTREME_WORDS, random_words(6, 5000))))
    assert np.all(np.diff([survival(word) for word in words]) >= 0.0)


BLOCKS = 800
N = BLOCKS * LANES


def scenario_words(
    *, group: int = 0, index: int = 0, purpose: int = 3, channel: int = 8, shift: int = 0
) -> Words:
    """The A words of N scenarios, from a scenario on."""
    at = Address(channel=channel, purpose=purpose, group=group, scenario=0, draw=index)
    starts = (block * LANES for block in range(BLOCKS + 1))
    words = np.concatenate([tile(at._replace(scenario=start), 1)[0, 0] for start in starts])
    return words[shift : shift + N]


def hit_words(word: int | None = None) -> Words:
    """The words of N hits of one scenario as they are taken: A is the even one, B the odd one.

    Or the A words (0) or the B words (1) of 2 N hits.
    """
    at = Address(channel=8, purpose=3, group=0, scenario=0, draw=0)
    pairs = N // 2 if word is None else N
    words = np.concatenate([tile(at._replace(draw=i), 8)[:, :, 0] for i in range(0, pairs, 8)])
    return words.ravel() if word is None else np.ascontiguousarray(words[:, word])


def half_words() -> Words:
    """The words of 32 bits of N hits of one scenario, put together in twos as they are taken."""
    at = Address(channel=8, purpose=7, group=0, scenario=0, draw=25 * 2**24)
    starts = range(0, N // 2, 8)
    tiles = [tile(at._replace(draw=at.draw + i), 8, 4)[:, :, 0] for i in starts]
    halves = np.concatenate(tiles).ravel()
    return halves[::2] | (halves[1::2] << np.uint64(32))


def uniforms(words: Words) -> Floats:
    return (words.astype(np.float64) + 0.5) * 2.0**-64


@pytest.mark.parametrize("draw", [scenario_words, hit_words, half_words])
def test_words_are_uniform(draw: Callable[[], Words]) -> None:
    words = draw()
    u = uniforms(words)
    expect_distribution(u, stats.uniform.cdf)
    rejects(expect_distribution, u**1.05, stats.uniform.cdf)
    low_bits = np.bincount((words & np.uint64(1023)).astype(np.int64), minlength=1024)
    assert stats.chisquare(low_bits).pvalue > 1e-6
    tilted = low_bits + np.arange(1024) // 32
    assert stats.chisquare(tilted).pvalue < 1e-6


@pytest.mark.parametrize("draw", [scenario_words, hit_words, half_words])
def test_bits_are_fair_and_unrelated(draw: Callable[[], Words]) -> None:
    words = draw()
    expect_uniform_bits(words)
    rejects(expect_uniform_bits, words | (words >> np.uint64(5)))
    rejects(expect_uniform_bits, np.arange(N, dtype=np.uint64))


def correlation(one: Words, other: Words) -> float:
    """Correlation of two sets of uniforms, in standard errors."""
    return float(np.corrcoef(uniforms(one), uniforms(other))[0, 1] * np.sqrt(one.size))


def dependence(one: Words, other: Words) -> float:
    """p-value of independence in a 16 x 16 table of the two words' leading bits."""
    cells = (one >> np.uint64(60)) * np.uint64(16) + (other >> np.uint64(60))
    table = np.bincount(cells.astype(np.int64), minlength=256).reshape(16, 16)
    return float(stats.chi2_contingency(table).pvalue)


NEIGHBOURS = {
    "next scenario": {"shift": 1},
    "next block": {"shift": LANES},
    "next draw": {"index": 1},
    "next group": {"group": 1},
    "next purpose": {"purpose": 4},
    "next channel": {"channel": 9},
}


@pytest.mark.parametrize("neighbour", NEIGHBOURS)
def test_neighbours_are_independent(neighbour: str) -> None:
    one, other = scenario_words(), scenario_words(**NEIGHBOURS[neighbour])
    assert abs(correlation(one, other)) < 4.5
    assert dependence(one, other) > 1e-6


def test_the_two_words_of_a_counter_are_independent() -> None:
    a, b = np.empty((2, BLOCKS, LANES), dtype=np.uint64)
    for block in range(BLOCKS):
        channel, purpose, zero, first = map(np.uint64, (8, 2, 0, block * LANES))
        lane_words(*KEY, channel, purpose, zero, zero, first, a[block], b[block])
    assert abs(correlation(a.ravel(), b.ravel())) < 4.5
    assert dependence(a.ravel(), b.ravel()) > 1e-6


def test_neighbouring_hits_are_independent() -> None:
    """Those that share a counter, and an odd hit and the even one of the next counter."""
    even, odd = hit_words(0), hit_words(1)
    for one, other in ((even, odd), (odd[:-1], even[1:]), (even[:-1], even[1:])):
        assert abs(correlation(one, other)) < 4.5
        assert dependence(one, other) > 1e-6


def test_dependent_neighbours_are_seen() -> None:
    """A twentieth of the draws shared, then a relation that no correlation shows."""
    one, other = scenario_words(), scenario_words(index=1)
    shared = np.where(np.arange(N) % 20 == 0, one, other)
    assert abs(correlation(one, shared)) > 4.5
    assert dependence(one, shared) < 1e-6
    folded = np.where(other >> np.uint64(63), one, ~one)
    assert abs(correlation(one, folded)) < 4.5
    assert dependence(one, folded) < 1e-6
