"""The value of the best part of spend against a sort in plain Python."""

from __future__ import annotations

import math

import numpy as np
import pytest

from gtmsim.core._types import Floats, Ints
from gtmsim.core.concentration import Candidates, add_seats, empty_candidates, top_values
from tests.core.twins import Unit, brute_top_value


def candidates_of(rows: list[list[Unit]], before: int = 0) -> tuple[Candidates, Ints]:
    """Candidates with the units of each scenario after ``before`` places that are not theirs.

    What must not be read is NaN.
    """
    candidates = empty_candidates(len(rows), before + max(map(len, rows)) + 3)
    candidates.keys[:] = candidates.weights[:] = math.nan
    for s, row in enumerate(rows):
        for place, (key, weight) in enumerate(row, start=before):
            candidates.keys[s, place], candidates.weights[s, place] = key, weight
        candidates.size[s] = before + len(row)
    return candidates, np.full(len(rows), before)


def top(rows: list[list[Unit]], targets: list[float], before: int = 0) -> Floats:
    candidates, begin = candidates_of(rows, before)
    kept = [candidates.keys.copy(), candidates.weights.copy(), candidates.size.copy()]
    out = np.full(len(rows), math.nan)
    top_values(candidates, begin, np.array(targets), out)
    for array, copy in zip(candidates, kept, strict=True):
        np.testing.assert_array_equal(array, copy, err_msg="candidates are used again")
    return out


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
@pytest.mark.parametrize("before", [0, 5])
def test_unequal_spend_and_unequal_numbers_of_units(share: float, before: int) -> None:
    """Also where a channel's candidates begin after another's."""
    check([unequal(40 + s, count) for s, count in enumerate((60, 1, 2, 33, 500, 7))], share, before)


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


@pytest.mark.parametrize("before", [0, 3])
def test_everything_is_everything(before: int) -> None:
    row = unequal(74, 200)
    spend = math.fsum(spend for _, spend in row)
    everything = math.fsum(key * spend for key, spend in row)
    assert top([row], [spend], before)[0] == pytest.approx(everything, rel=1e-12)


def test_a_target_of_nothing_takes_nothing() -> None:
    assert top([[(2.0, 1.0), (1.0, 1.0)], []], [0.0, 0.0]).tolist() == [0.0, 0.0]


def test_another_target_is_seen() -> None:
    for row in (unequal(75, 400), [(key, 1.0) for key in pareto(76, 400)]):
        target = 0.01 * math.fsum(spend for _, spend in row)
        assert top([row], [target])[0] != pytest.approx(brute_top_value(row, 1.002 * target))


def test_another_channels_units_are_seen() -> None:
    row = [(9.0, 1.0), *unequal(77, 20)]
    candidates, begin = candidates_of([row])
    out = np.empty((2, 1))
    for place in range(2):
        top_values(candidates, begin + place, np.array([0.5]), out[place])
    assert out[0, 0] == brute_top_value(row, 0.5)
    assert out[1, 0] == brute_top_value(row[1:], 0.5) != out[0, 0]


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

MANY = 1_000_000
HALF = np.arange(1.0, MANY // 2 + 1.0)
ORDERS = {
    "all equal": np.ones(MANY),
    "a cap": np.minimum(pareto(93, MANY), 1.5),
    "two in turn": np.tile([1.0, 2.0], MANY // 2),
    "one after the other": np.repeat([2.0, 1.0], MANY // 2),
    "up": np.concatenate((HALF, HALF + MANY)),
    "down": np.concatenate((HALF, HALF + MANY))[::-1],
    "up and down": np.concatenate((HALF, HALF[::-1])),
    "down and up": np.concatenate((HALF[::-1], HALF)),
    "up ten times": np.tile(HALF[: MANY // 10], 10),
}


@pytest.mark.parametrize("order", ORDERS)
def test_no_order_is_a_bad_case(order: str) -> None:
    """Many units are equal at a cap, and seats hired month after month come in order of value.

    A million units take milliseconds; a quadratic choice of pivots would not end.
    """
    keys = ORDERS[order]
    candidates = Candidates(keys[None, :].copy(), np.ones((1, MANY)), np.array([MANY]))
    begin, ranked, out = np.zeros(1, dtype=np.int64), np.sort(keys)[::-1], np.empty(1)
    for count in (1, MANY // 100, MANY // 2, MANY):
        top_values(candidates, begin, np.array([float(count)]), out)
        assert out[0] == pytest.approx(ranked[:count].sum(), rel=1e-11)


# -- Seats ----------------------------------------------------------------------------------------


def test_seats_are_added_after_what_is_there() -> None:
    rng = np.random.default_rng(95)
    candidates, _ = candidates_of([[(1.0, 2.0)] * count for count in (0, 1, 4)])
    held = candidates.keys.copy()
    wide = empty_candidates(3, 20)
    wide.keys[:, : held.shape[1]], wide.size[:] = held, candidates.size
    value, spend = rng.lognormal(3.0, 1.0, (2, 9, 3))
    value[4] = 0.0
    add_seats(wide, value, spend)
    for s, before in enumerate((0, 1, 4)):
        assert wide.size[s] == before + 9
        own = slice(before, before + 9)
        np.testing.assert_allclose(wide.keys[s, own], value[:, s] / spend[:, s], rtol=1e-15)
        np.testing.assert_array_equal(wide.weights[s, own], spend[:, s])
        np.testing.assert_array_equal(wide.keys[s, :before], held[s, :before])
        units = list(zip((value / spend)[:, s].tolist(), spend[:, s].tolist(), strict=True))
        out = np.empty(3)
        top_values(wide, np.array([0, 1, 4]), 0.3 * spend.sum(axis=0), out)
        expected = brute_top_value(units, 0.3 * math.fsum(spend[:, s].tolist()))
        assert out[s] == pytest.approx(expected, rel=1e-12)


def test_no_seats_add_nothing() -> None:
    candidates = empty_candidates(4, 2)
    add_seats(candidates, np.zeros((0, 4)), np.zeros((0, 4)))
    assert candidates.size.tolist() == [0] * 4
    out = np.full(4, math.nan)
    top_values(candidates, np.zeros(4, dtype=np.int64), np.zeros(4), out)
    assert out.tolist() == [0.0] * 4
