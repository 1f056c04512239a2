"""The value of the best part of spend against a sort in plain Python."""

from __future__ import annotations

import math

import numpy as np
import pytest

from gtmsim.core import concentration
from gtmsim.core._types import Floats
from gtmsim.core.concentration import (
    STEP,
    Candidates,
    empty_candidates,
    top_of_block,
    top_values,
)
from gtmsim.core.streams import LANES
from tests.core.twins import Unit, brute_top_value
from tests.core.units import candidates_of


def top(rows: list[list[Unit]], targets: list[float], before: int = 0) -> Floats:
    """Value of the top of each scenario; if all units weigh the same, also by their number."""
    candidates, begin = candidates_of(rows, before)
    kept = [candidates.keys.copy(), candidates.weights.copy(), candidates.size.copy()]
    size = LANES * begin.size
    wanted, out = np.zeros(size), np.full(size, math.nan)
    wanted[: len(rows)] = targets
    top_values(candidates, begin, wanted, out)
    for array, copy in zip(candidates, kept, strict=False):
        np.testing.assert_array_equal(array, copy, err_msg="candidates are used again")
    spends = {spend for row in rows for _, spend in row}
    if len(spends) == 1:
        counted = np.full(LANES, math.nan)
        for block in range(begin.size):
            own = slice(block * LANES, (block + 1) * LANES)
            top_of_block(candidates, block, before, *spends, wanted[own], counted)
            np.testing.assert_array_equal(counted, out[own])
    assert not out[len(rows) :].any(), "nothing is not worth nothing"
    return out[: len(rows)]


SHARES = [1e-3, 0.01, 0.137, 0.5, 0.999, 1.0]


def check(rows: list[list[Unit]], share: float, before: int = 0) -> None:
    targets = [share * math.fsum(spend for _, spend in row) for row in rows]
    expected = [brute_top_value(row, target) for row, target in zip(rows, targets, strict=True)]
    np.testing.assert_allclose(top(rows, targets, before), expected, rtol=1e-11, atol=1e-300)


def pareto(seed: int, count: int, alpha: float = 1.1) -> list[float]:
    return list(np.random.default_rng(seed).random(count) ** (-1.0 / alpha))


def unequal(seed: int, count: int) -> list[Unit]:
    spends = 10.0 ** np.random.default_rng(seed + 1000).uniform(-1.0, 4.0, count)
    return list(zip(pareto(seed, count), spends.tolist(), strict=True))


# -- Against the sort -----------------------------------------------------------------------------


@pytest.mark.parametrize("share", SHARES)
@pytest.mark.parametrize("count", [1, 2, 3, 17, 400])
def test_equal_spend(share: float, count: int) -> None:
    check([[(key, 1000.0) for key in pareto(30 + s, count)] for s in range(5)], share)


@pytest.mark.parametrize("share", SHARES)
@pytest.mark.parametrize("before", [0, 4, 12])
def test_unequal_spend_and_unequal_numbers_of_units(share: float, before: int) -> None:
    """Also where a channel's candidates begin after another's."""
    check([unequal(40 + s, count) for s, count in enumerate((60, 1, 2, 33, 500, 7))], share, before)


@pytest.mark.parametrize("share", [0.01, 0.137, 1.0])
def test_every_lane_of_every_block(share: float) -> None:
    """Lanes do not touch, however unlike: of other numbers, sizes and targets."""
    rng = np.random.default_rng(45)
    rows = [unequal(200 + s, int(rng.integers(0, 40))) for s in range(3 * LANES)]
    scales = 10.0 ** rng.uniform(-30.0, 30.0, len(rows))
    check([[(k * c, w) for k, w in row] for row, c in zip(rows, scales, strict=True)], share)
    targets = (rng.random(len(rows)) * 1e4 * rng.integers(0, 2, len(rows))).tolist()
    expected = [brute_top_value(row, target) for row, target in zip(rows, targets, strict=True)]
    np.testing.assert_allclose(top(rows, targets), expected, rtol=1e-11)


@pytest.mark.parametrize("share", SHARES)
@pytest.mark.parametrize("spread", [300.0, 100.0])
def test_keys_of_all_magnitudes(share: float, spread: float) -> None:
    """From 1e-300 to 1e300, with zeros and the smallest floats among them."""
    rng = np.random.default_rng(46)
    rows = []
    for _ in range(20):
        keys = 10.0 ** rng.uniform(-spread, spread, 60)
        keys[rng.integers(0, 60, 6)] = rng.choice([0.0, 5e-324, 2.3e-308, 1e-300, 1e300], 6)
        rows.append(list(zip(keys.tolist(), rng.choice([1.0, 3.0, 8.0], 60).tolist(), strict=True)))
    check(rows, share)
    check([[(key, 2.0) for key, _ in row] for row in rows], share)


@pytest.mark.parametrize("share", SHARES)
def test_equal_keys(share: float) -> None:
    """Few distinct keys, of units of different spend; zero is one of them."""
    rows = []
    for seed in range(50, 70):
        rng = np.random.default_rng(seed)
        keys = rng.integers(0, 4, 40).astype(np.float64)
        rows.append(list(zip(keys.tolist(), rng.choice([1.0, 2.0, 7.0], 40).tolist(), strict=True)))
    check(rows, share)
    check([[(2.5, 3.0)] * 9, [(0.0, 3.0)] * 9], share)


@pytest.mark.parametrize("share", SHARES)
@pytest.mark.parametrize("order", ["up", "down", "up and down", "down and up"])
def test_units_in_any_order(share: float, order: str) -> None:
    up = sorted(unequal(71, 101))
    orders = {
        "up": up,
        "down": up[::-1],
        "up and down": up[::2] + up[1::2][::-1],
        "down and up": up[1::2][::-1] + up[::2],
    }
    check([orders[order]], share)


@pytest.mark.parametrize("count", [1, 2, 3, 10, 100, 1000])
def test_whole_units_at_exactly_the_target(count: int) -> None:
    """Rounding of the sums must not take a unit more, nor one less."""
    for spend in (0.1, 1.0 / 3.0, 7e5):
        units = [(float(key), spend) for key in np.random.default_rng(72).permutation(1000) + 1]
        target = spend * count
        assert top([units], [target])[0] == pytest.approx(brute_top_value(units, target), rel=1e-12)


def test_fewer_units_than_the_target_are_all_taken() -> None:
    rows = [unequal(73, 30), [(0.0, 4.0)], [], [(3.0, 10.0)]]
    everything = [math.fsum(key * spend for key, spend in row) for row in rows]
    np.testing.assert_allclose(top(rows, [1e12] * 4), everything, rtol=1e-12)


@pytest.mark.parametrize("before", [0, 4])
def test_everything_is_everything(before: int) -> None:
    row = unequal(74, 200)
    spend = math.fsum(spend for _, spend in row)
    everything = math.fsum(key * spend for key, spend in row)
    assert top([row], [spend], before)[0] == pytest.approx(everything, rel=1e-12)


def test_a_target_of_nothing_takes_nothing() -> None:
    assert top([[(2.0, 1.0), (1.0, 1.0)], [], [(0.0, 1.0)]], [0.0] * 3).tolist() == [0.0] * 3
    # Also beside lanes that are asked for something.
    row = [(2.0, 1.0), (1.0, 1.0)]
    assert top([row, row, row], [0.0, 1.5, 0.0]).tolist() == [0.0, 2.5, 0.0]


def test_no_rows_are_worth_nothing() -> None:
    candidates = empty_candidates(2 * LANES, 8)
    for target in (0.0, 5.0):
        out = np.full(2 * LANES, math.nan)
        top_values(candidates, np.zeros(2, dtype=np.int64), np.full(2 * LANES, target), out)
        assert not out.any()
        counted = np.full(LANES, math.nan)
        top_of_block(candidates, 1, 0, 3.0, np.full(LANES, target), counted)
        assert not counted.any()


@pytest.mark.parametrize("count", [1, 4, 9])
def test_rows_of_nothing_are_worth_nothing(count: int) -> None:
    nothing = [(0.0, 0.0)] * count
    assert top([nothing, [(0.0, 7.0)] * count], [5.0, 5.0]).tolist() == [0.0, 0.0]


def test_another_target_is_seen() -> None:
    for row in (unequal(75, 400), [(key, 1.0) for key in pareto(76, 400)]):
        target = 0.01 * math.fsum(spend for _, spend in row)
        assert top([row], [target])[0] != pytest.approx(brute_top_value(row, 1.002 * target))


def test_another_channels_units_are_seen() -> None:
    row = [(9.0, 1.0), *unequal(77, 19)]
    candidates, begin = candidates_of([row])
    out = np.empty((2, LANES))
    for place in range(2):
        top_values(candidates, begin + STEP * place, np.full(LANES, 0.5), out[place])
    assert out[0, 0] == brute_top_value(row, 0.5)
    assert out[1, 0] == brute_top_value(row[STEP:], 0.5) != out[0, 0]


# -- What else is set aside does not matter -------------------------------------------------------


@pytest.mark.parametrize("seed", range(80, 90))
def test_worse_candidates_do_not_change_a_bit(seed: int) -> None:
    """Units are added up in the order in which they were drawn, whoever stands between them."""
    rng = np.random.default_rng(seed)
    units = unequal(seed, 800)
    target = rng.uniform(0.01, 0.3) * math.fsum(spend for _, spend in units)
    ranked = sorted(units, reverse=True)
    paid = np.cumsum([spend for _, spend in ranked])
    needed = int(np.searchsorted(paid, target * (1.0 + 1e-9))) + 1
    reference = top([units], [target])[0]
    for size in (needed, needed + 1, needed + 50, 799):
        bar = ranked[size][0]
        assert top([[unit for unit in units if unit[0] > bar]], [target])[0] == reference
    best = set(ranked[:needed])
    some = [unit for unit in units if unit in best or rng.random() < 0.7]
    assert needed < len(some) < 800
    assert top([some], [target])[0] == reference
    too_few = [unit for unit in units if unit[0] > ranked[needed - 2][0]]
    assert top([too_few], [target])[0] != reference


def test_units_of_a_tie_do_not_change_a_bit() -> None:
    """A cap leaves many equal units at the edge; how many of them are known makes no difference."""
    rng = np.random.default_rng(91)
    keys = np.minimum(np.array(pareto(92, 3000)), 5.0)
    units = [(key, 3.0) for key in keys.tolist()]
    target = 3.0 * 40.5
    known = [unit for unit in units if unit[0] == 5.0 and rng.random() < 0.9]
    assert 50 < len(known) < np.count_nonzero(keys == 5.0)
    assert top([units], [target])[0] == top([known], [target])[0] == 5.0 * target


# -- Time -----------------------------------------------------------------------------------------

MANY = 8192
HALF = np.arange(1.0, MANY // 2 + 1.0)
ORDERS = {
    "all equal": np.ones(MANY),
    "a cap": np.minimum(pareto(93, MANY), 1.5),
    "two in turn": np.tile([1.0, 2.0], MANY // 2),
    "one after the other": np.repeat([2.0, 1.0], MANY // 2),
    "neighbours": np.resize([1.0, math.nextafter(1.0, 2.0)], MANY),
    "ends of the range": np.resize([5e-324, 1e300], MANY),
    "all magnitudes": np.geomspace(1e-300, 1e290, MANY),
    "up": np.concatenate((HALF, HALF + MANY)),
    "down": np.concatenate((HALF, HALF + MANY))[::-1],
    "up and down": np.concatenate((HALF, HALF[::-1])),
    "down and up": np.concatenate((HALF[::-1], HALF)),
    "up ten times": np.resize(HALF[: MANY // 10], MANY),
}


@pytest.mark.parametrize("order", ORDERS)
def test_no_order_is_a_bad_case(order: str) -> None:
    """Many units are equal at a cap, and seats hired month after month come in order of value.

    A million units take milliseconds, each lane with another target and from another place on.
    """
    keys = ORDERS[order]
    rolled = np.stack([np.roll(keys, 17 * lane) for lane in range(LANES)], axis=1).reshape(1, -1)
    ends = np.zeros(LANES, dtype=np.int64)
    candidates = Candidates(rolled, np.ones_like(rolled), np.array([MANY]), ends)
    before = rolled.copy()
    counts = np.array([1, 2, MANY // 100, MANY // 2, MANY // 2 + 1, MANY - 1, MANY, 2 * MANY])
    target, out = np.resize(counts, LANES).astype(np.float64), np.empty(LANES)
    ranked = np.sort(keys)[::-1]
    expected = np.array([math.fsum(ranked[: int(count)].tolist()) for count in target])
    for unit in (0.0, 1.0):
        top_of_block(candidates, 0, 0, unit, target, out)
        np.testing.assert_allclose(out, expected, rtol=1e-11)
    np.testing.assert_array_equal(rolled, before)


def passes(keys: Floats, target: float, monkeypatch: pytest.MonkeyPatch) -> int:
    """How often all units are looked at in search of the last one that the target needs."""
    looks = []

    def counted(*arrays: Floats) -> None:
        looks.append(None)
        above(*arrays)

    above = concentration._above
    rows = np.repeat(keys, LANES)
    cut, targets = np.empty(LANES), np.full(LANES, target)
    with monkeypatch.context() as patch:
        patch.setattr(concentration, "_above", counted)
        concentration._search.py_func(rows, np.ones_like(rows), 0.0, targets, cut)
    ranked = np.sort(keys)[::-1]
    assert np.all(cut == (ranked[int(target) - 1] if target <= keys.size else 0.0))
    return len(looks)


@pytest.mark.parametrize("order", ORDERS)
def test_the_search_is_short(order: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of all floats it is at most one look for each of their bits, whatever the number of units."""
    keys = np.resize(ORDERS[order][:: MANY // 64], 64)
    looks = [passes(keys, target, monkeypatch) for target in (1.0, 20.0, 64.0, 65.0)]
    assert max(looks) <= 66
    assert looks[-1] == 1, "a target that needs them all"
    assert order != "all equal" or max(looks) == 1


def test_ties_at_a_cap_are_found_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Other than a rank among keys that differ, which has to be searched for."""
    keys = np.minimum(pareto(94, 64), 1.5)
    at_cap = np.count_nonzero(keys == 1.5)
    assert 20 < at_cap < 60
    assert passes(keys, 1.0, monkeypatch) == passes(keys, float(at_cap), monkeypatch) == 2
    assert passes(keys, at_cap + 2.0, monkeypatch) > 3
