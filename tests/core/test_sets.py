"""Sets of equal campaigns: replayed word by word, and against a simulation that sorts."""

from __future__ import annotations

import math
from bisect import bisect_right
from typing import Any

import numpy as np
import pytest
from scipy import stats
from scipy.special import ndtri

from gtmsim.core import sets
from gtmsim.core._types import Floats
from gtmsim.core.sets import SetArrays, sets_block
from gtmsim.core.streams import CUT, HIT_COUNT, LANES, MULTIPLE
from gtmsim.distributions import AnyMultiple, Empirical, LogNormal, Pareto
from gtmsim.sampling import compile_hits, compile_multiple
from tests.core.twins import Address, plain_words
from tests.laws import expect_distribution, expect_same_distribution, rejects

KEY = (5, 6)
STREAM = 0xABCDEF01
PARETO = Pareto(tail_index=1.2)
ONES = Empirical(values=(1.0,))


def arrays(
    law: AnyMultiple, campaigns: int, hit_rate: float, target: float, cap: float | None = None
) -> SetArrays:
    """The best ``target`` campaigns are whole ones and a part of the next, or a whole one."""
    base, thresholds = compile_hits(campaigns, hit_rate)
    inside = math.ceil(target) - 1
    sampler = compile_multiple(law, cap)
    return SetArrays(np.uint64(STREAM), sampler, base, thresholds, inside, target - inside)


def run(set_arrays: SetArrays, blocks: int, first: int = 0) -> tuple[Floats, Floats]:
    """Total and top, (scenario,)."""
    total, top = np.full((2, blocks * LANES), math.nan)
    key0, key1, start = map(np.uint64, (*KEY, first))
    sets_block(key0, key1, set_arrays, start, total, top)
    return total, top


# -- Word by word ---------------------------------------------------------------------------------


def plain_hits(campaigns: int, hit_rate: float, scenario: int) -> int:
    base, thresholds = compile_hits(campaigns, hit_rate)
    word = plain_words(Address(STREAM, HIT_COUNT, 0, scenario, 0), KEY)[0]
    return base + bisect_right(thresholds.tolist(), word)


def plain_gamma(group: int, scenario: int, shape: float) -> float:
    """Marsaglia and Tsang's: a normal's cube, accepted if a uniform is small enough."""
    d = shape - 1.0 / 3.0
    for index in range(10_000):
        a, b = plain_words(Address(STREAM, CUT, group, scenario, index), KEY)
        z = -float(ndtri((a + 0.5) * 2.0**-64))
        v = (1.0 + z / math.sqrt(9.0 * d)) ** 3
        if v > 0.0 and math.log((b + 0.5) * 2.0**-64) < z * z / 2.0 + d - d * v + d * math.log(v):
            return d * v
    raise AssertionError("nothing is accepted")


def plain_set(law: Any, hits: int, target: float, scenario: int) -> tuple[float, float]:
    """Total and top: the last campaign of the top, the better ones, then the others."""
    inside = math.ceil(target) - 1
    count = max(inside, 0)
    words = [
        plain_words(Address(STREAM, MULTIPLE, 0, scenario, i), KEY) for i in range(hits // 2 + 2)
    ]
    if hits <= inside:
        u = np.array([(words[i // 2][i % 2] + 0.5) * 2.0**-64 for i in range(hits)])
        return (math.fsum(law.isf(u)),) * 2
    x, y = plain_gamma(0, scenario, inside + 1.0), plain_gamma(1, scenario, float(hits - inside))
    cut = x / (x + y)
    # The better ones have whole counters, where an even number of them skips one, then the others.
    begin = (count + 2) // 2 * 2
    others = range(begin, begin + hits - inside - 1)
    u = [cut * words[i // 2][i % 2] * 2.0**-64 for i in range(count)]
    better = math.fsum(law.isf(np.array(u)))
    u = [cut + (1.0 - cut) * words[i // 2][i % 2] * 2.0**-64 for i in others]
    worse = math.fsum(law.isf(np.array(u)))
    last, part = float(law.isf(cut)), target - inside
    return better + last + worse, better + part * last


@pytest.mark.parametrize("first", [0, 2**32 - LANES])
@pytest.mark.parametrize(
    ("campaigns", "hit_rate", "target"),
    [
        (300, 0.4, 3.3),
        (2500, 0.9, 25.0),
        (5, 0.1, 0.3),
        (40, 0.5, 20.0),
        (16, 1.0, 8.0),
        (17, 1.0, 9.0),
        (17, 1.0, 17.0),
        (50, 0.5, 45.5),
    ],
)
def test_sets_are_what_their_addresses_say(
    first: int, campaigns: int, hit_rate: float, target: float
) -> None:
    """An odd number of better ones among them, all of the set, and hits that are too few."""
    total, top = run(arrays(PARETO, campaigns, hit_rate, target), 2, first)
    law = stats.pareto(1.2)
    for s in (0, 1, LANES - 1, LANES, 2 * LANES - 1):
        hits = plain_hits(campaigns, hit_rate, first + s)
        expected = plain_set(law, hits, target, first + s)
        assert (total[s], top[s]) == pytest.approx(expected, rel=1e-11)
        other = plain_set(law, hits, target, first + s + 1)
        assert hits == 0 or (total[s], top[s]) != pytest.approx(other, rel=1e-3)


@pytest.mark.parametrize("target", [0.4, 1.0, 3.0, 7.5, 100.0])
@pytest.mark.parametrize(("campaigns", "hit_rate"), [(1, 0.5), (60, 0.1), (1000, 0.3), (64, 1.0)])
def test_hits_are_as_many_as_the_word_says(campaigns: int, hit_rate: float, target: float) -> None:
    """Of equal ones the total is their number, and the top as many of them as are asked for."""
    total, top = run(arrays(ONES, campaigns, hit_rate, target), 3)
    hits = [plain_hits(campaigns, hit_rate, s) for s in range(3 * LANES)]
    np.testing.assert_allclose(total, hits, rtol=1e-14)
    np.testing.assert_allclose(top, np.minimum(hits, target), rtol=1e-14)
    assert hit_rate == 1.0 or len(set(hits)) > 1


# -- The cut --------------------------------------------------------------------------------------


def cuts(inside: int, hits: int, blocks: int = 200) -> Floats:
    set_arrays = arrays(PARETO, 1, 0.5, 1.0)._replace(inside=inside)
    counts, cut = np.full(LANES, float(hits)), np.full((blocks, LANES), math.nan)
    key0, key1 = map(np.uint64, KEY)
    for block, row in enumerate(cut):
        sets._draw_cut(key0, key1, set_arrays, np.uint64(block * LANES), counts, row)
    return cut.ravel()


@pytest.mark.parametrize(
    ("inside", "hits"), [(0, 1), (0, 2), (0, 500), (4, 10), (9, 1000), (98, 100), (99, 100)]
)
def test_the_cut_is_an_order_statistic_of_uniforms(inside: int, hits: int) -> None:
    cut, rank = cuts(inside, hits), inside + 1
    expect_distribution(cut, stats.beta(rank, hits - rank + 1).cdf)
    # The rank off by one; of all of them the best, there is none beyond, and it is their number.
    one_off = stats.beta(rank + 1, hits - rank) if rank < hits else stats.beta(rank, 2)
    rejects(expect_distribution, cut, one_off.cdf)
    assert np.all((cut > 0.0) & (cut < 1.0))


def test_the_cut_of_very_many_is_that_of_their_gammas() -> None:
    """A billion campaigns, of which the best ten million."""
    rank, hits = 10_000_000, 10**9
    cut = cuts(rank - 1, hits)
    law = stats.beta(rank, hits - rank + 1)
    expect_distribution(cut, law.cdf)
    share = rank / hits
    rejects(expect_distribution, cut + 0.05 * math.sqrt(share * (1.0 - share) / hits), law.cdf)


def test_there_is_no_cut_where_all_are_in_the_top() -> None:
    assert np.all(cuts(10, 10, 1) == 1.0)
    assert np.all(cuts(10, 0, 1) == 1.0)
    assert np.all(cuts(10, 11, 1) < 1.0)


# -- Against a simulation that sorts --------------------------------------------------------------

SETS = 150 * LANES


def simulated(
    seed: int, law: Any, campaigns: int, hit_rate: float, target: float
) -> tuple[Floats, Floats]:
    """Total and top of as many sets, with numpy's generator and partition."""
    rng = np.random.default_rng(seed)
    shape = (SETS, campaigns)
    # A campaign without value is as good as one that does not hit.
    x = law(rng.random(shape)) * (rng.random(shape) < hit_rate)
    inside = math.ceil(target) - 1
    best = np.partition(x, campaigns - 1 - inside, axis=1)[:, campaigns - 1 - inside :]
    return x.sum(axis=1), best.sum(axis=1) - (1.0 - target + inside) * best[:, 0]


def expect_same_sets(one: tuple[Floats, Floats], other: tuple[Floats, Floats]) -> None:
    """Totals, tops, and the share that the one has of the other."""
    for a, b in zip(one, other, strict=True):
        expect_same_distribution(a, b)
    (total, top), (other_total, other_top) = one, other
    expect_same_distribution(top / np.maximum(total, 1.0), other_top / np.maximum(other_total, 1.0))


def empirical(values: tuple[float, ...]) -> Any:
    ascending = np.sort(values)
    return lambda u: ascending[(u * ascending.size).astype(np.int64)]


TIES = (0.0, 1.0, 1.0, 1.0, 2.0, 2.0, 9.0)
LAWS: dict[str, tuple[AnyMultiple, float | None, Any]] = {
    "pareto": (PARETO, None, stats.pareto(1.2).isf),
    "pareto, heavy": (Pareto(tail_index=0.5), None, stats.pareto(0.5).isf),
    "pareto, capped": (PARETO, 3.0, lambda u: np.minimum(stats.pareto(1.2).isf(u), 3.0)),
    "lognormal": (LogNormal(median=0.7, sigma=1.3), None, stats.lognorm(1.3, scale=0.7).isf),
    "ties": (Empirical(values=TIES), None, empirical(TIES)),
}
CASES = [(60, 0.3, 0.6), (60, 0.3, 3.7), (60, 0.3, 18.0), (40, 1.0, 4.0), (40, 1.0, 40.0)]


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("name", LAWS)
def test_sets_are_distributed_as_sorted_ones(name: str, case: tuple[int, float, float]) -> None:
    law, cap, isf = LAWS[name]
    drawn = run(arrays(law, *case, cap), SETS // LANES)
    expect_same_sets(drawn, simulated(40, isf, *case))
    # Another top is seen, and so is another hit rate.
    campaigns, hit_rate, target = case
    if target < campaigns:
        rejects(expect_same_sets, drawn, simulated(41, isf, campaigns, hit_rate, target + 1.0))
    rejects(expect_same_sets, drawn, simulated(42, isf, campaigns, 0.9 * hit_rate, target))


@pytest.mark.parametrize("name", LAWS)
def test_a_larger_top_is_worth_more_and_never_more_than_all(name: str) -> None:
    """Where no more hit than are in the top, it is everything to the last bit."""
    law, cap, _ = LAWS[name]
    total, top = run(arrays(law, 60, 0.3, 18.0, cap), 50)
    hits = np.array([plain_hits(60, 0.3, s) for s in range(total.size)])
    few = hits < 18
    assert 0 < np.count_nonzero(few) < few.size
    np.testing.assert_array_equal(top[few], total[few])
    assert np.all(top <= total)
    assert np.any(top[~few] < total[~few])


# -- Pieces ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("target", [0.4, 5.0, 30.5])
def test_the_first_sets_are_those_of_a_longer_run(target: float) -> None:
    set_arrays = arrays(PARETO, 50, 0.5, target)
    whole = run(set_arrays, 5)
    for first, blocks in ((0, 1), (0, 3), (1, 2), (4, 1)):
        own = slice(first * LANES, (first + blocks) * LANES)
        for part, figure in zip(run(set_arrays, blocks, first * LANES), whole, strict=True):
            np.testing.assert_array_equal(part, figure[own])
    assert not np.array_equal(run(set_arrays, 1, LANES)[0], whole[0][:LANES])


def test_a_set_does_not_depend_on_its_neighbours_hits() -> None:
    """A lane with many hits has its block draw for all; the others are what they were."""
    few = arrays(PARETO, 50, 0.5, 5.0)
    words = [plain_words(Address(STREAM, HIT_COUNT, 0, s, 0), KEY)[0] for s in range(LANES)]
    highest = max(words)
    lane = words.index(highest)
    more = np.sort(np.append(few.thresholds, np.full(1000, highest, dtype=np.uint64)))
    for one, other in zip(run(few, 1), run(few._replace(thresholds=more), 1), strict=True):
        np.testing.assert_array_equal(np.delete(one, lane), np.delete(other, lane))
        assert one[lane] != other[lane]
