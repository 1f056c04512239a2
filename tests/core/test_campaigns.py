"""Campaigns word by word: hits, multiples and what is set aside, replayed in plain Python."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterator

import numpy as np
import pytest

from gtmsim.compiled import compile_plan
from gtmsim.core._types import Floats, Words
from gtmsim.core.campaigns import SPARE, ChannelDraws, ProgramArrays, count_hits, program_block
from gtmsim.core.concentration import Candidates, empty_candidates
from gtmsim.core.samplers import PARETO, Sampler
from gtmsim.core.sets import sample_sets
from gtmsim.core.streams import HIT_COUNT, LANES, MULTIPLE
from gtmsim.distributions import Pareto
from gtmsim.plan import CampaignProgram, Plan
from gtmsim.sampling import candidate_bars, compile_hits, stream_of
from tests.core.twins import EXTREME_WORDS, brute_top_value, plain_philox, random_words

KEY = (5, 6)
ALPHA = 1.2
SAMPLER = Sampler(PARETO, 1.0, 1.0 / ALPHA, math.inf, np.zeros((1, 1)), np.zeros(1))
LAW = Pareto(tail_index=ALPHA)


def pair(stream: int, purpose: int, group: int, scenario: int, index: int) -> tuple[int, int]:
    """The A and the B word of a counter."""
    high, low = divmod(scenario, 2**32)
    c2 = high * 2**24 + purpose * 2**20 + group
    w = plain_philox((index, low, c2, stream), KEY)
    return w[1] * 2**32 + w[0], w[3] * 2**32 + w[2]


def hit_count(stream: int, cohort: int, scenario: int, base: int, thresholds: list[int]) -> int:
    """Even cohorts have the A word of a counter, and odd ones its B word; group 0."""
    word = pair(stream, HIT_COUNT, 0, scenario, cohort // 2)[cohort % 2]
    return base + bisect_right(thresholds, word)


def multiples(stream: int, cohort: int, scenario: int, hits: int) -> list[float]:
    """Even hits have the A word of a counter, and odd ones its B word; the cohort is the group."""
    words = [pair(stream, MULTIPLE, cohort, scenario, hit // 2)[hit % 2] for hit in range(hits)]
    return [((w + 0.5) / 2.0**64) ** (-1.0 / ALPHA) for w in words]


# -- Hits -----------------------------------------------------------------------------------------


def program(tables: list[tuple[int, Words]]) -> ProgramArrays:
    """A program of which only the hits matter."""
    ends = np.cumsum([thresholds.size for _, thresholds in tables])
    one = np.ones(len(tables))
    none = np.zeros(len(tables), dtype=np.int64)
    arrays = (
        compile_plan(
            Plan(
                horizon=1,
                channels=[CampaignProgram(name="p", campaigns=1, spend=1.0, multiple=LAW)],
            )
        )
        .arrays.channels[0]
        .arrays
    )
    assert isinstance(arrays, ProgramArrays)
    return arrays._replace(
        month=none,
        spend=one,
        gain=one,
        worth=one,
        bar=one,
        hit_base=np.array([base for base, _ in tables]),
        hit_from=ends - [thresholds.size for _, thresholds in tables],
        hit_to=ends,
        thresholds=np.concatenate([thresholds for _, thresholds in tables]),
    )


LAWS = [(1, 0.5), (40, 0.05), (300, 1.0), (2000, 0.9), (10**6, 0.3), (3, 1e-6)]


@pytest.mark.parametrize("cohort", range(len(LAWS)))
def test_hits_are_the_thresholds_that_the_word_reaches(cohort: int) -> None:
    """Of its own cohort's, and a threshold itself is reached."""
    tables = [compile_hits(*law) for law in LAWS]
    arrays = program(tables)
    base, thresholds = tables[cohort]
    at = np.concatenate((thresholds, thresholds - np.uint64(1), EXTREME_WORDS))
    words = np.resize(np.concatenate((at, random_words(1, LANES))), -(-at.size // LANES) * LANES)
    ascending = thresholds.tolist()
    for block in words.reshape(-1, LANES):
        counts = np.full(LANES, -7)
        most = count_hits(arrays, cohort, block, counts)
        expected = [base + bisect_right(ascending, word) for word in block.tolist()]
        assert counts.tolist() == expected
        assert most == max(expected)


# -- A set, word by word --------------------------------------------------------------------------


def set_bars(campaigns: int, hit_rate: float, target: float) -> tuple[Floats, int]:
    one = np.ones(1)
    return candidate_bars(
        LAW, None, expected=hit_rate * campaigns * one, most=np.array([campaigns]), rate=one,
        spend=one, target=target,
    )  # fmt: skip


def sets(
    first: int, campaigns: int, hit_rate: float, target: float, bars: tuple[Floats, int], size: int
) -> Floats:
    """Total, top, largest and hits (figure, scenario)."""
    figures = np.full((4, size), math.nan)
    hits = compile_hits(campaigns, hit_rate)
    key, stream = map(np.uint64, KEY), np.uint64(0xABCDEF01)
    sample_sets(*key, stream, first, SAMPLER, hits, target, *bars, *figures)
    return figures


@pytest.mark.parametrize("first", [0, 2**32 - 64])
@pytest.mark.parametrize(
    ("campaigns", "hit_rate", "share"),
    [(300, 0.4, 0.011), (2500, 0.9, 0.011), (5, 0.1, 0.3), (16, 1.0, 0.5), (17, 1.0, 1.0)],
)
def test_sets_are_what_their_addresses_say(
    first: int, campaigns: int, hit_rate: float, share: float
) -> None:
    """A pair of words and two powers for a pair of hits; the last unit of the top is fractional."""
    stream, target = 0xABCDEF01, share * campaigns
    bars = set_bars(campaigns, hit_rate, target)
    total, top, largest, hits = sets(first, campaigns, hit_rate, target, bars, 70)
    base, thresholds = compile_hits(campaigns, hit_rate)
    for s in (0, 1, 63, 64, 69):
        count = hit_count(stream, 0, first + s, base, thresholds.tolist())
        assert hits[s] == count
        drawn = multiples(stream, 0, first + s, count)
        assert total[s] == pytest.approx(math.fsum(drawn), rel=1e-11)
        assert largest[s] == pytest.approx(max(drawn, default=0.0), rel=1e-12)
        assert top[s] == pytest.approx(
            brute_top_value([(x, 1.0) for x in drawn], target), rel=1e-11
        )


def test_a_set_that_counts_no_top_has_the_same_rest() -> None:
    """Neither the bar nor the target touches what is drawn, and a higher target's bar is lower."""
    one = sets(0, 400, 0.5, 4.0, set_bars(400, 0.5, 4.0), 640)
    for target in (0.0, 8.0, 300.0):
        other = sets(0, 400, 0.5, target, set_bars(400, 0.5, target), 640)
        np.testing.assert_array_equal(one[[0, 2, 3]], other[[0, 2, 3]])
        assert np.all((other[1] < one[1]) if target == 0.0 else (other[1] > one[1]))
    np.testing.assert_array_equal(
        sets(0, 400, 0.5, 0.0, set_bars(400, 0.5, 0.0), 640)[1], np.zeros(640)
    )


def test_any_lower_bar_gives_the_same_bits() -> None:
    """All that is above the true bar is enough, and more makes no difference to the last bit."""
    bar, room = set_bars(1000, 0.5, 10.0)
    reference = sets(0, 1000, 0.5, 10.0, (bar, room), 6400)
    assert bar[0] > 1.0
    for lower in (0.9 * bar, 0.3 * bar, np.zeros(1)):
        np.testing.assert_array_equal(sets(0, 1000, 0.5, 10.0, (lower, 1000), 6400), reference)
    higher = sets(0, 1000, 0.5, 10.0, (10.0 * bar, 1000), 6400)
    assert np.any(higher[1] != reference[1])


def test_the_first_sets_are_those_of_a_longer_run() -> None:
    bars = set_bars(50, 0.5, 5.0)
    whole = sets(0, 50, 0.5, 5.0, bars, 200)
    np.testing.assert_array_equal(sets(0, 50, 0.5, 5.0, bars, 70), whole[:, :70])
    np.testing.assert_array_equal(sets(128, 50, 0.5, 5.0, bars, 72), whole[:, 128:])


# -- A program of many cohorts, word by word ------------------------------------------------------

HORIZON, SIZE = 5, 2 * LANES
SPENDS = [float(1 + i % 3) for i in range(60)]
PROGRAM = CampaignProgram(
    name="program", campaigns=60, spend=SPENDS, launch=[i * i % 5 for i in range(60)],
    multiple=LAW, hit_rate=0.6, incrementality=0.7, lag=1,
)  # fmt: skip
PLAN = Plan(horizon=HORIZON, channels=[PROGRAM])


def run_program(
    shock: Floats, bar: float, capacity: int, limit: int, first: int = 0
) -> tuple[ChannelDraws, Candidates, ProgramArrays]:
    arrays = compile_plan(PLAN).arrays.channels[0].arrays
    assert isinstance(arrays, ProgramArrays)
    arrays = arrays._replace(bar=np.full(arrays.bar.size, bar))
    draws = ChannelDraws(*np.zeros((2, HORIZON, SIZE)), *np.zeros((6, SIZE)))
    candidates = empty_candidates(SIZE, capacity)
    key, start = map(np.uint64, KEY), np.uint64(first)
    program_block(*key, arrays, start, shock, candidates, limit, draws)
    return draws, candidates, arrays


def cohorts() -> Iterator[tuple[int, float, int]]:
    """Month, spend and campaigns of each cohort, by month and then by spend."""
    kinds = sorted(set(zip(PROGRAM.launch_months(HORIZON).tolist(), SPENDS, strict=True)))
    for month, spend in kinds:
        yield (
            month,
            spend,
            sum(
                (month, spend) == kind
                for kind in zip(PROGRAM.launch_months(HORIZON).tolist(), SPENDS, strict=True)
            ),
        )


@pytest.mark.parametrize("first", [0, 2**32 - 64])
@pytest.mark.parametrize("bar", [0.0, 3.0])
def test_a_program_is_what_its_addresses_say(first: int, bar: float) -> None:
    """Unequal cohorts, odd ones among them; a lag of a month leaves the last month's nothing."""
    shock = np.random.default_rng(3).lognormal(0.0, 0.5, SIZE)
    draws, candidates, _ = run_program(shock, bar, 60 + SPARE, 60, first)
    stream = int(stream_of("program"))
    assert len(list(cohorts())) > 7
    for s in (0, 1, 63, 64, 127):
        month, largest, squares, hits = [0.0] * HORIZON, 0.0, 0.0, 0
        aside: list[tuple[float, float]] = []
        for cohort, (launched, spend, campaigns) in enumerate(cohorts()):
            base, thresholds = compile_hits(campaigns, 0.6)
            count = hit_count(stream, cohort, first + s, base, thresholds.tolist())
            drawn = multiples(stream, cohort, first + s, count)
            realised = launched + 1 < HORIZON
            values = [0.7 * spend * x * float(shock[s]) * realised for x in drawn]
            hits += count
            if realised:
                month[launched + 1] += sum(values)
            largest = max([largest, *values])
            squares += sum(value * value for value in values)
            aside += [(v / spend, spend) for v, x in zip(values, drawn, strict=True) if x > bar]
        assert draws.hits[s] == hits
        np.testing.assert_allclose(draws.month[:, s], month, rtol=1e-11)
        assert draws.value[s] == pytest.approx(sum(month), rel=1e-11)
        assert draws.largest[s] == pytest.approx(largest, rel=1e-12)
        assert draws.squares[s] == pytest.approx(squares, rel=1e-11)
        size = candidates.size[s]
        assert size == len(aside)
        own = zip(candidates.keys[s, :size], candidates.weights[s, :size], strict=True)
        np.testing.assert_allclose(sorted(own), sorted(aside), rtol=1e-11)


def test_candidates_that_find_no_room_harm_nothing_else() -> None:
    """More than the limit cannot happen with a bar that was made for it; then memory is safe."""
    shock = np.ones(SIZE)
    _, whole, _ = run_program(shock, 0.0, 60 + SPARE, 60)
    for limit in (0, 1, 7, 20):
        draws, candidates, _ = run_program(shock, 0.0, limit + SPARE, limit)
        assert np.all(candidates.size <= limit + SPARE)
        assert np.any(whole.size > limit + SPARE)
        np.testing.assert_array_equal(candidates.keys[:, :limit], whole.keys[:, :limit])
        np.testing.assert_array_equal(candidates.weights[:, :limit], whole.weights[:, :limit])
        np.testing.assert_array_equal(draws.value, run_program(shock, 9.0, 60 + SPARE, 60)[0].value)


def test_an_infinite_bar_sets_nothing_aside() -> None:
    draws, candidates, _ = run_program(np.ones(SIZE), math.inf, SPARE, 0)
    assert not candidates.size.any()
    assert draws.value.min() > 0.0
