"""Words in the order in which kernels consume them, and across each field of an address.

The battery is that of ``python -m benchmarks.streams``, on 2 MiB of words for each order, with the
suite's budget of false alarms. Philox of five rounds, where ten are used, fails on as many.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

import numpy as np
import pytest
from numba import njit
from scipy import stats

from gtmsim.core.streams import LANES, MAX_GROUPS, MAX_SCENARIOS, MULTIPLE, survival, words_at
from tests.laws import FALSE_ALARM, Floats, rejects

pytest.importorskip("benchmarks", reason="benchmarks/ is not beside the tests")

from benchmarks.streams.battery import Report, battery, judge, run
from benchmarks.streams.orders import ADDRESSES, CHUNK, ORDERS, VIEWS, Words, base, read
from benchmarks.streams.weak import SEQUENCES, few_rounds, mixed_fields, reused

PART = CHUNK // 4


def expect_random(chunks: Iterator[Words]) -> None:
    """Expect words that no test of the battery tells from random ones."""
    report = run(words[:PART] for words in islice(chunks, 1))
    assert report.chance >= FALSE_ALARM, str(report.worst)


def seen(view: str, chunks: Iterator[Words]) -> Iterator[Words]:
    return (VIEWS[view](words) for words in chunks)


@pytest.mark.parametrize("order", ORDERS)
def test_words_are_random_in_every_order(order: str) -> None:
    expect_random(read(order))


@pytest.mark.parametrize("view", [view for view in VIEWS if view != "words"])
def test_parts_of_words_are_random(view: str) -> None:
    expect_random(seen(view, read("tiles", seed=1)))


def test_what_one_bit_of_an_address_changes_is_random() -> None:
    expect_random(seen("differences", read("one bit", seed=2)))


# -- The orders are what they say ---------------------------------------------------------------


def at(index: int, scenario: int, purpose: int = MULTIPLE) -> tuple[int, int]:
    """Words of an address of the orders' own key and channel."""
    start = base(seed=0)
    address = (*start, *map(np.uint64, (purpose, 0, scenario, index)))
    a, b = words_at(*address)
    return int(a), int(b)


def test_tiles_are_read_as_kernels_read_them() -> None:
    """A row of lanes of A, then one of B, counter by counter, tile by tile, block by block."""
    rows = next(read("tiles")).reshape(-1, LANES)
    for counter, block, lane in [
        (0, 0, 0),
        (0, 0, 127),
        (5, 0, 3),
        (31, 0, 7),
        (0, 1, 0),
        (9, 3, 2),
    ]:
        row = 2 * counter + 64 * block
        pair = int(rows[row, lane]), int(rows[row + 1, lane])
        assert pair == at(counter, LANES * block + lane)
    halves = next(read("halves")).view(np.uint32).reshape(-1, LANES)
    for counter, block, lane in [(0, 0, 0), (3, 0, 1), (15, 0, 127), (0, 1, 0), (7, 2, 9)]:
        row = 4 * counter + 64 * block
        low, high, *_ = halves[row : row + 4, lane].tolist()
        assert low + (high << 32) == at((5 << 24) + counter, LANES * block + lane, 7)[0]


@pytest.mark.parametrize("order", ["scenarios", "indices"])
def test_addresses_follow_one_another(order: str) -> None:
    words = next(read(order)).reshape(-1, 2)
    for i in (0, 1, 77, 2**19 - 1):
        assert tuple(words[i].tolist()) == (at(0, i) if order == "scenarios" else at(i, 0))


def test_neighbours_of_a_gray_code_differ_in_one_bit() -> None:
    start, turned = base(), []
    for i in range(1, 3_000):
        pair = (ADDRESSES["one bit"](start, np.uint64(k)) for k in (i - 1, i))
        changes = [int(x) ^ int(y) for x, y in zip(*pair, strict=True)]
        assert sum(change.bit_count() for change in changes) == 1
        turned.append(next(field for field, change in enumerate(changes) if change))
    assert set(turned) == {0, 2, 5, 6}


def test_views_are_parts_of_words() -> None:
    words = next(read("scenarios"))[:64]
    one, other = words[:2].tolist()
    low = 2**32 - 1
    assert int(VIEWS["low"](words)[0]) == (one & low) + ((other & low) << 32)
    assert int(VIEWS["high"](words)[0]) == (one >> 32) + (other >> 32 << 32)
    assert int(VIEWS["reversed"](words)[0]) == int(f"{one:064b}"[::-1], 2)
    assert int(VIEWS["differences"](words)[0]) == one ^ int(words[2])
    uniform = [int(survival(np.uint64(word)) * 2**48) & low for word in (one, other)]
    assert int(VIEWS["uniforms"](words)[0]) == uniform[0] + (uniform[1] << 32)
    assert int(VIEWS["complements"](~words)[0]) == uniform[0] + (uniform[1] << 32)


# -- The battery can fail, and does not where it must not ---------------------------------------


@pytest.mark.parametrize("order", ["scenarios", "one bit", "names"])
def test_five_rounds_are_told_from_random(order: str) -> None:
    rejects(expect_random, read(order, few_rounds(5)))


@pytest.mark.parametrize("sequence", SEQUENCES)
def test_weak_generators_are_told_from_random(sequence: str) -> None:
    rejects(expect_random, SEQUENCES[sequence]())


def test_the_control_of_few_rounds_is_the_package_at_ten() -> None:
    np.testing.assert_array_equal(next(read("names", few_rounds(10))), next(read("names")))


def test_every_test_of_the_battery_tells_two_rounds_from_random() -> None:
    words = next(read("scenarios", few_rounds(2)))[:PART]
    for test in battery():
        tables = zip(test.count(words), test.chances, strict=True)
        assert min(judge(*table) for table in tables) < FALSE_ALARM, test.name


def test_shared_counters_are_told_from_random() -> None:
    rejects(expect_random, read("scenarios", reused))
    rejects(expect_random, read("one bit", mixed_fields))


def test_repeated_words_are_told_from_random() -> None:
    """Also where each word is fair: a block given twice, and a word on either side of its fold."""
    words = next(read("tiles"))
    rejects(expect_random, iter([np.tile(words[: PART // 128], 128)]))
    rejects(expect_random, iter([np.where(np.arange(CHUNK) % 32 < 31, words, ~np.roll(words, 1))]))


def of_numpy(count: int) -> Report:
    rng = np.random.default_rng(1)
    return run(rng.integers(0, 2**64, PART, dtype=np.uint64) for _ in range(count))


def test_another_good_generator_passes() -> None:
    """Chances are right: PCG64 has them, and its p-values are spread as they should be."""
    report = of_numpy(8)
    assert report.chance >= FALSE_ALARM, str(report.worst)
    p = [finding.p for finding in report.findings]
    assert report.words == 8 * PART
    assert all(finding.counted > 0 for finding in report.findings)
    assert stats.binomtest(sum(x < 0.1 for x in p), len(p), 0.1).pvalue > FALSE_ALARM
    for test in battery():
        np.testing.assert_allclose(test.chances.sum(axis=1), 1.0, rtol=1e-9)
        assert len(test.tables) == test.chances.shape[0]


def test_a_table_is_judged_by_the_chi_squared_law() -> None:
    rng, chances = np.random.default_rng(2), np.full(40, 1.0 / 40.0)
    fair = [judge(rng.multinomial(4_000, chances), chances) for _ in range(400)]
    assert stats.kstest(fair, "uniform").pvalue > FALSE_ALARM
    tilted = chances * np.linspace(0.7, 1.3, 40)
    assert judge(rng.multinomial(4_000, tilted), chances) < FALSE_ALARM
    # Too even for chance.
    assert judge(np.full(40, 100), chances) < FALSE_ALARM
    # A cell with nothing expected, and one cell alone.
    assert judge(np.array([1_000, 1_000, 0]), np.array([0.5, 0.5, 1e-9])) > 0.9
    assert judge(np.array([3, 0]), np.array([0.9, 0.1])) == 1.0


# -- One bit of an address or a key -------------------------------------------------------------

WIDTHS = (32, 32, 32, 4, 20, 40, 32)
"""Bits of key0, key1, channel, purpose, group, scenario and index."""

SAMPLES = 4_096


def turner(generator: Callable[..., Any]) -> Callable[..., Any]:
    """Compile what counts, for one field and bit, how often each bit of the output turns."""

    @njit
    def turned(addresses, field, bit):
        counts = np.zeros(128, np.int64)
        for k in range(addresses.shape[0]):
            a = addresses[k]
            b = a.copy()
            b[field] ^= np.uint64(1) << np.uint64(bit)
            one = generator(a[0], a[1], a[2], a[3], a[4], a[5], a[6])
            other = generator(b[0], b[1], b[2], b[3], b[4], b[5], b[6])
            for word in range(2):
                change = one[word] ^ other[word]
                for out in range(64):
                    counts[64 * word + out] += np.int64((change >> np.uint64(out)) & np.uint64(1))
        return counts

    return turned


def turns(generator: Callable[..., Any]) -> Floats:
    """Times that each bit of the output turns, (bit of the input, bit of the output)."""
    rng, turned = np.random.default_rng(3), turner(generator)
    addresses = np.stack(
        [rng.integers(0, 2**width, SAMPLES, dtype=np.uint64) for width in WIDTHS], axis=1
    )
    return np.array(
        [turned(addresses, f, bit) for f, width in enumerate(WIDTHS) for bit in range(width)], float
    )


def expect_avalanche(generator: Callable[..., Any]) -> None:
    """Expect every bit of the input to turn every bit of the output half of the time."""
    counts, law = turns(generator), stats.binom(SAMPLES, 0.5)
    assert counts.shape == (192, 128)
    least = 2.0 * float(np.minimum(law.cdf(counts), law.sf(counts - 1.0)).min())
    assert least * counts.size >= FALSE_ALARM
    # And all of them together are spread as chance spreads them.
    spread = float(((counts - SAMPLES / 2.0) ** 2).sum() / (SAMPLES / 4.0))
    assert 2.0 * stats.chi2(counts.size).sf(abs(spread - counts.size) + counts.size) >= FALSE_ALARM


def test_every_bit_of_an_address_turns_every_bit_of_its_words() -> None:
    assert MAX_GROUPS == 2**20
    assert MAX_SCENARIOS == 2**40
    expect_avalanche(words_at)


def test_four_rounds_do_not_turn_every_bit() -> None:
    rejects(expect_avalanche, few_rounds(4))
