"""Campaigns word by word: hits, multiples and what is set aside, replayed in plain Python."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import pytest
from scipy import stats

from gtmsim.compiled import compile_plan
from gtmsim.core._types import Floats
from gtmsim.core.campaigns import ChannelDraws, program_block
from gtmsim.core.cohorts import ProgramArrays
from gtmsim.core.concentration import STEP, Candidates, empty_candidates
from gtmsim.core.octaves import OCTAVES, UPPER
from gtmsim.core.streams import HIT_COUNT, LANES, MULTIPLE, OCTAVE_MULTIPLE
from gtmsim.distributions import AnyMultiple, LogNormal, Pareto
from gtmsim.plan import CampaignProgram, Plan
from gtmsim.sampling import compile_hits, stream_of
from gtmsim.sampling.laws import _FEW_HITS, _MANY_HITS
from tests.core.twins import (
    Address,
    Unit,
    brute_top_value,
    plain_halves,
    plain_split,
    plain_words,
)

KEY = (5, 6)
STREAM = int(stream_of("program"))

# -- Programs word by word ------------------------------------------------------------------------

HORIZON, SIZE = 5, 2 * LANES
PARETO: tuple[AnyMultiple, Any] = (Pareto(tail_index=1.2), stats.pareto(1.2))
LOGNORMAL: tuple[AnyMultiple, Any] = (
    LogNormal(median=0.7, sigma=1.3),
    stats.lognorm(1.3, scale=0.7),
)
SMALL = [(i * i % 5, float(1 + i % 3)) for i in range(60)]
"""Month and spend of 60 campaigns in many cohorts: all of their hits are drawn one by one."""

JUST_MANY = math.ceil(_MANY_HITS / 0.6)
LARGE = [
    *[(0, 2.0)] * JUST_MANY,
    *[(0, 5.0)] * (JUST_MANY - 1),
    *[(1, 1.0)] * 700,
    *[(2, 1.0)] * 130,
    *[(2, 3.0)] * 25,
    *[(4, 1.0)] * 400,
]
"""Some of whose cohorts have many hits, some few; and nothing of the last month's is realised."""


class Case(NamedTuple):
    """A program of campaigns, (month, spend), and the law of its multiples."""

    campaigns: list[tuple[int, float]]
    multiple: AnyMultiple
    frozen: Any
    cap: float | None = None

    @property
    def limit(self) -> float:
        return math.inf if self.cap is None else self.cap

    def program(self) -> CampaignProgram:
        return CampaignProgram(
            name="program", campaigns=len(self.campaigns),
            spend=[spend for _, spend in self.campaigns],
            launch=[month for month, _ in self.campaigns],
            multiple=self.multiple, cap=self.cap, hit_rate=0.6, incrementality=0.7, lag=1,
        )  # fmt: skip

    def arrays(self, **changes: Any) -> ProgramArrays:
        plan = Plan(horizon=HORIZON, channels=[self.program()])
        arrays = compile_plan(plan).arrays.channels[0].arrays
        assert isinstance(arrays, ProgramArrays)
        return arrays._replace(**changes)

    def cohorts(self) -> Iterator[tuple[int, float, int]]:
        """Month, spend and campaigns of each cohort, by month and then by spend."""
        for (month, spend), size in sorted(Counter(self.campaigns).items()):
            yield month, spend, size


CASES = {
    "few, pareto": Case(SMALL, *PARETO),
    "few, lognormal": Case(SMALL, *LOGNORMAL),
    "many, pareto": Case(LARGE, *PARETO),
    "many, lognormal": Case(LARGE, *LOGNORMAL),
    "many, capped": Case(LARGE, *LOGNORMAL, cap=3.0),
}
MANY = [name for name in CASES if name.startswith("many")]


class Hit(NamedTuple):
    """A multiple, and the octave above the median that it was drawn in.

    It is -1 below the median, and OCTAVES where hits are drawn one by one.
    """

    multiple: float
    octave: int


def one_by_one(case: Case, at: Address, hits: int, shift: int = 0, below: bool = False) -> Floats:
    """Even hits have the A word of a counter, and odd ones its B word; the cohort is the group.

    The first bits of a word may be known to be zero, of the probability of its side.
    """
    at = at._replace(purpose=MULTIPLE)
    words = [
        plain_words(at._replace(draw=at.draw + hit // 2), KEY)[hit % 2] >> shift
        for hit in range(hits)
    ]
    p = (np.array(words, dtype=np.float64) + 0.5) * 2.0**-64
    return np.minimum(case.frozen.ppf(p) if below else case.frozen.isf(p), case.limit)


def of_an_octave(case: Case, at: Address, hits: int, first: float, width: float) -> Floats:
    """Four hits have the four 32-bit words of a counter; negative widths are below the median."""
    at = at._replace(purpose=OCTAVE_MULTIPLE)
    words = [
        plain_halves(at._replace(draw=at.draw + hit // 4), KEY)[hit % 4] for hit in range(hits)
    ]
    p = first + abs(width) * (np.array(words, dtype=np.float64) + 0.5) * 2.0**-32
    return np.minimum(case.frozen.ppf(p) if width < 0.0 else case.frozen.isf(p), case.limit)


def by_octaves(case: Case, cohort: int, scenario: int, hits: int, octaves: int) -> list[Hit]:
    """Hits below the median and then above it, octave by octave and one by one beyond them."""
    at = Address(STREAM, 0, cohort, scenario, 0)
    upper = plain_split(at, KEY, hits)
    drawn = []
    for side, rest in ((-1, hits - upper), (1, upper)):
        begin = 1 if side < 0 else UPPER
        whole = side < 0 and case.multiple.family == "pareto"
        for j in range(1 if whole else octaves):
            rarer = 0 if whole else plain_split(at._replace(draw=begin + j), KEY, rest)
            first, width = (0.0, 0.5) if whole else (2.0 ** -(j + 2), 2.0 ** -(j + 2))
            place = at._replace(draw=(begin + j) * 2**24)
            x = of_an_octave(case, place, rest - rarer, first, side * width)
            drawn += [Hit(multiple, j if side > 0 else -1) for multiple in x.tolist()]
            rest = rarer
        place = at._replace(draw=(begin + octaves) * 2**24)
        x = one_by_one(case, place, rest, shift=octaves + 1, below=side < 0)
        drawn += [Hit(multiple, octaves if side > 0 else -1) for multiple in x.tolist()]
    return drawn


def replay(case: Case, cohort: int, scenario: int, campaigns: int) -> list[Hit]:
    """A cohort's hits. Even cohorts have the A word of a counter for their number, odd ones B."""
    base, thresholds = compile_hits(campaigns, 0.6)
    at = Address(STREAM, HIT_COUNT, 0, scenario, cohort // 2)
    hits = base + bisect_right(thresholds.tolist(), plain_words(at, KEY)[cohort % 2])
    expected = 0.6 * campaigns
    if expected >= _MANY_HITS:
        return by_octaves(case, cohort, scenario, hits, int(math.log2(expected / _FEW_HITS)))
    at = Address(STREAM, 0, cohort, scenario, 0)
    return [Hit(x, OCTAVES) for x in one_by_one(case, at, hits).tolist()]


def run(
    arrays: ProgramArrays,
    shock: Floats,
    *,
    rows: int = 2000,
    limit: int | None = None,
    blocks: int = SIZE // LANES,
    target: float = 0.0,
    first: int = 0,
) -> tuple[ChannelDraws, Candidates]:
    """What a kernel makes of a program; rows beyond ``rows`` of the candidates are NaN."""
    draws = ChannelDraws(*np.zeros((2, HORIZON, SIZE)), *np.zeros((7, SIZE)))
    candidates = empty_candidates(blocks * LANES, rows + 8)
    candidates.keys[:] = candidates.weights[:] = math.nan
    key0, key1, start = map(np.uint64, (*KEY, first))
    limit = rows - 1 if limit is None else limit
    program_block(key0, key1, arrays, start, shock, np.full(SIZE, target), candidates, limit, draws)
    return draws, candidates


def own_units(candidates: Candidates, scenario: int) -> list[Unit]:
    block, lane = divmod(scenario, LANES)
    rows = slice(lane, candidates.size[block] * LANES, LANES)
    keys, weights = candidates.keys[block, rows], candidates.weights[block, rows]
    return [(k, w) for k, w in zip(keys.tolist(), weights.tolist(), strict=True) if k > 0.0]


SHOCK = np.random.default_rng(3).lognormal(0.0, 0.5, SIZE)


@pytest.mark.parametrize("first", [0, 2**32 - LANES])
@pytest.mark.parametrize("name", CASES)
def test_a_program_is_what_its_addresses_say(name: str, first: int) -> None:
    """Unequal cohorts, odd ones among them; a lag of a month leaves the last month's nothing."""
    case = CASES[name]
    draws, _ = run(case.arrays(), SHOCK, target=9.5, first=first)
    many = name in MANY
    assert np.count_nonzero(case.arrays().octaves) == (4 if many else 0)
    assert len(list(case.cohorts())) == (6 if many else 9)
    rel = 1e-8 if many else 1e-11
    for s in (0, 1, LANES - 1, LANES, SIZE - 1):
        month, largest, squares, hits = [0.0] * HORIZON, 0.0, [], 0
        units: list[Unit] = []
        for cohort, (launched, spend, campaigns) in enumerate(case.cohorts()):
            drawn = replay(case, cohort, first + s, campaigns)
            realised = launched + 1 < HORIZON
            values = [0.7 * spend * x * float(SHOCK[s]) * realised for x, _ in drawn]
            hits += len(drawn)
            if realised:
                month[launched + 1] += math.fsum(values)
            largest = max([largest, *values])
            squares += [value * value for value in values]
            units += [(value / spend, spend) for value in values]
        assert draws.hits[s] == hits
        np.testing.assert_allclose(draws.month[:, s], month, rtol=rel)
        assert draws.value[s] == pytest.approx(math.fsum(month), rel=rel)
        assert draws.largest[s] == pytest.approx(largest, rel=rel)
        assert draws.squares[s] == pytest.approx(math.fsum(squares), rel=2.0 * rel)
        assert draws.top_value[s] == pytest.approx(brute_top_value(units, 9.5), rel=rel)
        assert draws.top_value[s] != pytest.approx(brute_top_value(units, 9.5001), rel=rel)


@pytest.mark.parametrize("bar", [0.0, 0.75, 1.5, 3.0, 1e9])
@pytest.mark.parametrize("name", ["few, pareto", "many, pareto", "many, lognormal"])
def test_what_may_be_above_the_bar_is_set_aside(name: str, bar: float) -> None:
    """Of hits drawn one by one those above it, and of an octave all, if it reaches above it."""
    case = CASES[name]
    count = case.arrays().bar.size
    chance = float(case.frozen.sf(bar))
    first = -1 if chance > 0.5 else math.floor(-math.log2(chance)) - 1
    kept = np.full(count, min(first, OCTAVES - 1))
    arrays = case.arrays(bar=np.full(count, bar), kept=kept, needed=np.full(count, math.inf))
    _, candidates = run(arrays, SHOCK)
    assert np.all(candidates.size % STEP == 0)
    for s in (0, LANES - 1, LANES, SIZE - 1):
        aside = []
        for cohort, (launched, spend, campaigns) in enumerate(case.cohorts()):
            if launched + 1 == HORIZON:
                continue
            beyond = int(arrays.octaves[cohort])
            aside += [
                (0.7 * x * float(SHOCK[s]), spend)
                for x, octave in replay(case, cohort, s, campaigns)
                if (x > bar if octave == OCTAVES else octave >= min(first, beyond))
            ]
        own = own_units(candidates, s)
        assert len(own) == len(aside)
        if own:
            np.testing.assert_allclose(sorted(own), sorted(aside), rtol=1e-8)


# -- The top --------------------------------------------------------------------------------------


@pytest.mark.parametrize("target", [0.3, 4.0, 15.1, 1e5])
@pytest.mark.parametrize("name", CASES)
def test_the_top_is_that_of_the_units_set_aside(name: str, target: float) -> None:
    """Of all of them, in every scenario, where all are set aside."""
    case = CASES[name]
    every = case.arrays()
    none = np.zeros(every.bar.size)
    every = every._replace(bar=none, kept=none.astype(np.int64) - 1, needed=none + math.inf)
    draws, candidates = run(every, SHOCK, target=target)
    expected = [brute_top_value(own_units(candidates, s), target) for s in range(SIZE)]
    np.testing.assert_allclose(draws.top_value, expected, rtol=1e-11)
    if target == 1e5:  # more than there is
        np.testing.assert_allclose(draws.top_value, draws.value, rtol=1e-11)
        return
    more = [brute_top_value(own_units(candidates, s), 1.01 * target) for s in range(SIZE)]
    assert np.all(draws.top_value < (1.0 - 1e-6) * np.array(more))


def test_a_top_of_nothing_is_not_looked_for() -> None:
    draws, _ = run(CASES["many, pareto"].arrays(), SHOCK, target=0.0)
    assert not draws.top_value.any()
    assert draws.value.min() > 0.0


@pytest.mark.parametrize("name", CASES)
def test_any_lower_bar_gives_the_same_bits(name: str) -> None:
    """All that is above the true bar is enough, and more makes no difference to the last bit."""
    arrays, target = CASES[name].arrays(), 0.01 * sum(s for _, s in CASES[name].campaigns)
    reference = run(arrays, SHOCK, target=target)[0]
    none = np.zeros(arrays.bar.size)
    some = {"bar": 0.5 * arrays.bar, "kept": np.maximum(arrays.kept - 1, -1)}
    every = {"bar": none, "kept": none.astype(np.int64) - 1, "needed": none + math.inf}
    unsure = {"needed": none + math.inf}
    for changes in (some, every, unsure):
        other = run(arrays._replace(**changes), SHOCK, target=target)[0]
        for one, same in zip(reference, other, strict=True):
            np.testing.assert_array_equal(one, same)
    fewer = {"bar": none + 1e6, "kept": none.astype(np.int64) + OCTAVES - 1}
    higher = run(arrays._replace(**fewer), SHOCK, target=20.0 * target)[0]
    lower = run(arrays._replace(**every), SHOCK, target=20.0 * target)[0]
    assert np.any(higher.top_value < lower.top_value)
    np.testing.assert_array_equal(higher.value, reference.value)


def test_octaves_that_cannot_be_needed_are_not_set_aside() -> None:
    """One is left out when every lane has as many hits in rarer ones as could be needed."""
    case, none = CASES["many, pareto"], np.zeros(6)
    every = {"bar": none, "kept": none.astype(np.int64) - 1}
    sizes = [
        run(case.arrays(**every, needed=none + needed), SHOCK)[1].size.max()
        for needed in (1.0, 30.0, 1e9)
    ]
    assert sizes[0] < sizes[1] < sizes[2]
    reference = run(case.arrays(**every, needed=none + math.inf), SHOCK, target=30.0)[0].top_value
    enough = run(case.arrays(**every, needed=none + 30.0), SHOCK, target=30.0)[0].top_value
    np.testing.assert_array_equal(enough, reference)
    too_few = run(case.arrays(**every, needed=none + 1.0), SHOCK, target=600.0)[0].top_value
    more = run(case.arrays(**every, needed=none + math.inf), SHOCK, target=600.0)[0].top_value
    assert np.any(too_few < more)


@pytest.mark.parametrize("name", CASES)
def test_one_blocks_room_is_enough_for_a_program_alone(name: str) -> None:
    """Each block's candidates take the place of the last one's."""
    arrays = CASES[name].arrays()
    whole, _ = run(arrays, SHOCK, target=7.0)
    reused, candidates = run(arrays, SHOCK, blocks=1, target=7.0)
    assert candidates.size.shape == (1,)
    for one, same in zip(whole, reused, strict=True):
        np.testing.assert_array_equal(one, same)


# -- Room -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("rows", [4, 8, 20, 100])
def test_candidates_that_find_no_room_harm_nothing_else(name: str, rows: int) -> None:
    """More than the limit cannot happen with a bar that was made for it; then memory is safe."""
    none = np.zeros(CASES[name].arrays().bar.size)
    arrays = CASES[name].arrays(bar=none, kept=none.astype(np.int64) - 1, needed=none + math.inf)
    reference, whole = run(arrays, SHOCK)
    draws, candidates = run(arrays, SHOCK, rows=rows)
    assert np.all(candidates.size <= rows)
    beyond = slice(rows * LANES, None)
    assert np.isnan(candidates.keys[:, beyond]).all(), "written beyond the room"
    assert np.isnan(candidates.weights[:, beyond]).all(), "written beyond the room"
    assert np.all(whole.size > 24)
    for one, same in zip(reference, draws, strict=True):
        np.testing.assert_array_equal(one, same)
    if name not in MANY:
        # Until a lane is full, it holds what it would hold.
        full = slice(0, (rows - 1) * LANES)
        held = candidates.keys[:, full]
        np.testing.assert_array_equal(held, whole.keys[:, full][:, : held.shape[1]])


def test_an_infinite_bar_sets_nothing_aside() -> None:
    none = np.zeros(9)
    arrays = CASES["few, pareto"].arrays(bar=none + math.inf)
    draws, candidates = run(arrays, np.ones(SIZE), rows=4)
    assert not candidates.size.any()
    assert draws.value.min() > 0.0
