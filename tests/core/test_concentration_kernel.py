"""The heaps of the best units against a sort in plain Python."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import pytest

from gtmsim.compiled import _units_within
from gtmsim.core._types import Floats
from gtmsim.core.concentration import TopSet, empty_top_set, offer, push_seats, top_values
from gtmsim.core.samplers import PARETO, Sampler
from gtmsim.core.sets import sample_sets
from gtmsim.core.streams import HIT_COUNT, MULTIPLE
from gtmsim.sampling import compile_hits
from tests.core.twins import plain_philox

SCENARIOS = 5
GUARD = 4


class Cohort(NamedTuple):
    """Campaigns of equal spend: multiples (scenario, campaign), value per spend of a multiple."""

    multiples: Floats
    rate: float
    spend: float


class Seats(NamedTuple):
    """value and spend (seat, scenario)."""

    value: Floats
    spend: Floats


NO_SEATS = Seats(np.zeros((0, SCENARIOS)), np.zeros((0, SCENARIOS)))


def brute_top_value(units: list[tuple[float, float]], target: float) -> float:
    """Value of the best ``target`` of spend among (value, spend) units, the last one in part."""
    total = sum(value for value, spend in units if spend == 0.0)
    paid = sorted(((v / s, s) for v, s in units if s > 0.0), reverse=True)
    for rate, spend in paid:
        taken = min(spend, target)
        total += rate * taken
        target -= taken
    return total


def units_of(cohorts: list[Cohort], seats: Seats, s: int) -> list[tuple[float, float]]:
    units = list(zip(seats.value[:, s].tolist(), seats.spend[:, s].tolist(), strict=True))
    for cohort in cohorts:
        units += [(m * cohort.rate * cohort.spend, cohort.spend) for m in cohort.multiples[s]]
    return units


def capacity_for(cohorts: list[Cohort], seats: Seats, highest: float) -> int:
    """Room as a compiled plan makes it."""
    spend = np.array([cohort.spend for cohort in cohorts])
    sizes = np.array([cohort.multiples.shape[1] for cohort in cohorts], dtype=np.int64)
    return len(seats.value) + 2 + (_units_within(spend, sizes, highest) if cohorts else 0)


def guarded_top_set(capacity: int, targets: Floats) -> TopSet:
    """A top set with ``capacity`` places; writing beyond them would leave a mark."""
    wide = empty_top_set(SCENARIOS, capacity + GUARD)
    wide.keys[:, capacity:] = wide.weights[:, capacity:] = np.nan
    wide.target[:] = targets
    return wide


def fill(top: TopSet, cohorts: list[Cohort], seats: Seats, pieces: int = 1) -> Floats:
    """Offer all units, each cohort in several pieces, and return the top values (scenario,)."""
    push_seats(top, seats.value, seats.spend)
    for cohort in cohorts:
        for s in range(SCENARIOS):
            row = cohort.multiples[s]
            edges = np.linspace(0, row.size, pieces + 1).astype(np.int64).tolist()
            for begin, end in pairwise(edges):
                offer(
                    top.keys, top.weights, top.target, top.held, top.size,
                    s, row, begin, end, cohort.rate, cohort.spend,
                )  # fmt: skip
    out = np.empty(SCENARIOS)
    top_values(top, out)
    return out


def check(cohorts: list[Cohort], seats: Seats, share: float, pieces: int = 1) -> None:
    units = [units_of(cohorts, seats, s) for s in range(SCENARIOS)]
    targets = np.array([share * sum(spend for _, spend in row) for row in units])
    capacity = capacity_for(cohorts, seats, float(targets.max()))
    top = guarded_top_set(capacity, targets)
    out = fill(top, cohorts, seats, pieces)
    expected = [brute_top_value(row, target) for row, target in zip(units, targets, strict=True)]
    np.testing.assert_allclose(out, expected, rtol=1e-11, atol=1e-300)
    assert np.isnan(top.keys[:, capacity:]).all(), "more units than places"
    assert np.isnan(top.weights[:, capacity:]).all(), "more units than places"
    for s in range(SCENARIOS):
        keys = top.keys[s, : top.size[s]]
        weights = top.weights[s, : top.size[s]]
        assert all(keys[(i - 1) // 2] <= keys[i] for i in range(1, keys.size)), "not a heap"
        assert top.held[s] == pytest.approx(weights.sum(), rel=1e-12)


def pareto(rng: np.random.Generator, campaigns: int, alpha: float = 1.1) -> Floats:
    """Multiples of which about a third are zero, as misses are."""
    hits = rng.random((SCENARIOS, campaigns)) < 0.7
    return np.asarray(hits * rng.random((SCENARIOS, campaigns)) ** (-1.0 / alpha))


SHARES = [0.001, 0.01, 0.137, 0.5, 1.0]


@pytest.mark.parametrize("share", SHARES)
@pytest.mark.parametrize("campaigns", [1, 2, 17, 400])
def test_equal_spend(share: float, campaigns: int) -> None:
    rng = np.random.default_rng(30)
    check([Cohort(pareto(rng, campaigns), 0.8, 1000.0)], NO_SEATS, share, pieces=3)


@pytest.mark.parametrize("share", SHARES)
@pytest.mark.parametrize("seed", range(31, 37))
def test_unequal_spend_and_seats_together(share: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    cohorts = [
        Cohort(
            pareto(rng, int(rng.integers(1, 60))), rng.uniform(0.1, 3.0), 10.0 ** rng.uniform(-1, 4)
        )
        for _ in range(int(rng.integers(1, 9)))
    ]
    count = int(rng.integers(0, 12))
    seats = Seats(
        rng.lognormal(5.0, 1.0, (count, SCENARIOS)), rng.lognormal(5.0, 1.0, (count, SCENARIOS))
    )
    check(cohorts, seats, share, pieces=2)


@pytest.mark.parametrize("share", SHARES)
def test_equal_keys(share: float) -> None:
    """Few distinct multiples, and units of different spend that tie in value per spend."""
    rng = np.random.default_rng(40)
    cohorts = [
        Cohort(rng.integers(0, 3, (SCENARIOS, 40)).astype(np.float64), 1.0, spend)
        for spend in (1.0, 2.0, 7.0)
    ]
    seats = Seats(2.0 * np.ones((4, SCENARIOS)), np.ones((4, SCENARIOS)))
    check(cohorts, seats, share)


@pytest.mark.parametrize("share", SHARES)
def test_fewer_units_than_the_target_holds(share: float) -> None:
    """The heap may end below its target, where only some of the campaigns are hits."""
    multiples = np.zeros((SCENARIOS, 50))
    multiples[:, 7] = 3.0
    check([Cohort(multiples, 1.0, 10.0)], NO_SEATS, share)


@pytest.mark.parametrize("share", SHARES)
def test_seats_without_cost_come_first(share: float) -> None:
    rng = np.random.default_rng(41)
    spend = rng.lognormal(3.0, 1.0, (9, SCENARIOS))
    spend[::3] = 0.0
    check([], Seats(rng.lognormal(3.0, 1.0, (9, SCENARIOS)), spend), share)


def test_nothing_spent_leaves_what_is_free() -> None:
    value = np.arange(3.0 * SCENARIOS).reshape(3, SCENARIOS)
    top = guarded_top_set(5, np.zeros(SCENARIOS))
    np.testing.assert_array_equal(
        fill(top, [], Seats(value, np.zeros_like(value))), value.sum(axis=0)
    )


def test_everything_is_everything() -> None:
    rng = np.random.default_rng(42)
    cohort = Cohort(pareto(rng, 100), 1.3, 5.0)
    top = guarded_top_set(102, np.full(SCENARIOS, 500.0))
    everything = 1.3 * 5.0 * cohort.multiples.sum(axis=1)
    np.testing.assert_allclose(fill(top, [cohort], NO_SEATS), everything, rtol=1e-12)


def test_order_and_pieces_do_not_matter() -> None:
    rng = np.random.default_rng(43)
    cohorts = [Cohort(pareto(rng, 80), 1.0, spend) for spend in (3.0, 50.0, 8.0)]
    targets = np.full(SCENARIOS, 100.0)
    capacity = capacity_for(cohorts, NO_SEATS, 100.0)
    reference = fill(guarded_top_set(capacity, targets), cohorts, NO_SEATS)
    for order in ([2, 0, 1], [1, 2, 0]):
        other = guarded_top_set(capacity, targets)
        shuffled = [
            cohorts[i]._replace(multiples=cohorts[i].multiples[:, ::-1].copy()) for i in order
        ]
        np.testing.assert_allclose(fill(other, shuffled, NO_SEATS, 5), reference, rtol=1e-12)


def test_best_units_in_the_worst_order_fill_no_more_than_the_capacity() -> None:
    """Cheap units last and each better than all before: as many as a heap can ever hold."""
    rising = np.tile(np.arange(1.0, 101.0), (SCENARIOS, 1))
    cohorts = [Cohort(rising, 1.0, 100.0), Cohort(rising, 1e3, 10.0), Cohort(rising, 1e6, 1.0)]
    for share in (0.01, 0.05, 0.3, 1.0):
        check(cohorts, NO_SEATS, share)
        check(cohorts[::-1], NO_SEATS, share)


def test_another_share_is_seen() -> None:
    rng = np.random.default_rng(44)
    cohort = Cohort(pareto(rng, 400), 1.0, 1.0)
    out = fill(guarded_top_set(8, np.full(SCENARIOS, 4.0)), [cohort], NO_SEATS)
    units = [units_of([cohort], NO_SEATS, s) for s in range(SCENARIOS)]
    assert all(
        not math.isclose(x, brute_top_value(row, 4.01), rel_tol=1e-9)
        for x, row in zip(out.tolist(), units, strict=True)
    )


# -- Sets of campaigns, word by word --------------------------------------------------------------


@pytest.mark.parametrize("first", [0, 2**32 - 64])
@pytest.mark.parametrize(("campaigns", "hit_rate"), [(300, 0.4), (2500, 0.9), (5, 0.1)])
def test_sets_are_what_their_addresses_say(first: int, campaigns: int, hit_rate: float) -> None:
    """Two draws and a power for a campaign in plain Python; a thousandth part is fractional."""
    alpha, share, stream, scenarios = 1.2, 0.011, 0xABCDEF01, 70
    sampler = Sampler(PARETO, 1.0, 1.0 / alpha, math.inf, np.zeros((1, 1)), np.zeros(1))
    base, thresholds = compile_hits(campaigns, hit_rate)
    total, top, largest, hits = np.full((4, scenarios), np.nan)
    sample_sets(
        np.uint64(5), np.uint64(6), np.uint64(stream), first, sampler, (base, thresholds),
        campaigns, share, total, top, largest, hits,
    )  # fmt: skip

    def word(purpose: int, scenario: int, index: int) -> int:
        high, low = divmod(scenario, 2**32)
        c = plain_philox((index, low, high * 2**24 + purpose * 2**20, stream), (5, 6))
        return c[1] * 2**32 + c[0]

    for s in (0, 1, 63, 64, 69):
        reached = sum(word(HIT_COUNT, first + s, 0) >= int(t) for t in thresholds)
        assert hits[s] == base + reached
        draws = [word(MULTIPLE, first + s, i) for i in range(base + reached)]
        multiples = [((w + 0.5) / 2.0**64) ** (-1.0 / alpha) for w in draws]
        units = [(m, 1.0) for m in multiples]
        assert total[s] == pytest.approx(math.fsum(multiples), rel=1e-11)
        assert largest[s] == pytest.approx(max(multiples, default=0.0), rel=1e-12)
        assert top[s] == pytest.approx(brute_top_value(units, share * campaigns), rel=1e-11)
