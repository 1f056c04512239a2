"""Units that are set aside: where they go, lane by lane, and what there is no room for."""

from __future__ import annotations

import math

import numpy as np
import pytest

from gtmsim.core.concentration import (
    Candidates,
    add_above,
    add_rows,
    add_seats,
    close_block,
    empty_candidates,
    level_block,
    open_block,
    top_values,
)
from gtmsim.core.streams import LANES
from tests.core.twins import Unit, brute_top_value
from tests.core.units import of_lane, whole_steps

# -- How units are set aside ----------------------------------------------------------------------


def start(size: int, rows: int = 40) -> Candidates:
    """Room in two blocks, NaN where nothing is written; the second has so many rows already."""
    candidates = empty_candidates(2 * LANES, rows)
    candidates.keys[:] = candidates.weights[:] = math.nan
    candidates.size[1] = size
    open_block(candidates, 1)
    return candidates


def held(candidates: Candidates, lane: int, begin: int) -> list[Unit]:
    """A lane's units of the second block, from a row on."""
    keys, weights = of_lane(candidates, LANES + lane)
    rows = slice(begin, int(candidates.size[1]))
    return list(zip(keys[rows].tolist(), weights[rows].tolist(), strict=True))


X = np.random.default_rng(96).pareto(1.2, (16, LANES)) + 1.0
RATE = np.random.default_rng(97).lognormal(0.0, 1.0, LANES)


def test_rows_are_set_aside_as_they_are() -> None:
    candidates = start(8)
    x = np.where(np.arange(16)[:, None] < np.arange(LANES) % 7, X, 0.0)
    add_rows(candidates, 1, 39, x.ravel(), 6, RATE, 2.5)
    add_rows(candidates, 1, 39, X.ravel(), 3, RATE, 0.5)
    assert candidates.size.tolist() == [0, 17]
    assert candidates.ends.tolist() == [17] * LANES
    for lane in (0, 5, 77, LANES - 1):
        first = [(key, 2.5) for key in (x[:6, lane] * RATE[lane]).tolist()]
        second = [(key, 0.5) for key in (X[:3, lane] * RATE[lane]).tolist()]
        assert held(candidates, lane, 8) == first + second
    assert np.isnan(candidates.keys[0]).all()
    assert np.isnan(candidates.keys[1, : 8 * LANES]).all()
    assert np.isnan(candidates.keys[1, 17 * LANES :]).all()


@pytest.mark.parametrize(("limit", "fits"), [(13, False), (14, True), (15, True)])
def test_rows_beyond_the_limit_are_not_set_aside(limit: int, fits: bool) -> None:
    candidates = start(8)
    add_rows(candidates, 1, limit, X.ravel(), 6, RATE, 2.5)
    assert candidates.size[1] == (14 if fits else 8)
    assert np.isnan(candidates.keys[1]).all() != fits


@pytest.mark.parametrize("bar", [0.0, 2.0, 50.0])
def test_units_above_the_bar_are_set_aside_one_after_the_other(bar: float) -> None:
    """Each lane at its own pace; then they are made level, and filled up to a whole step."""
    candidates = start(4)
    x = np.where(np.arange(16)[:, None] < np.arange(LANES) % 17, X, 0.0)
    add_above(candidates, 1, 39, x.ravel(), 16, RATE, 2.5, bar)
    above = x > bar
    np.testing.assert_array_equal(candidates.ends, 4 + above.sum(axis=0))
    assert candidates.size[1] == 4
    level_block(candidates, 1)
    most = 4 + int(above.sum(axis=0).max())
    assert candidates.size[1] == most
    close_block(candidates, 1)
    assert candidates.size.tolist() == [0, whole_steps(most)]
    assert candidates.ends.tolist() == [whole_steps(most)] * LANES
    for lane in range(LANES):
        own = x[above[:, lane], lane] * RATE[lane]
        units = [(key, 2.5) for key in own.tolist()]
        nothing = [(0.0, 0.0)] * (whole_steps(most) - 4 - len(units))
        assert held(candidates, lane, 4) == units + nothing


def test_one_unit_too_many_takes_the_place_of_the_last() -> None:
    """So that no more than the limit and one are written; it is the last that is lost."""
    candidates = start(4)
    add_above(candidates, 1, 10, X.ravel(), 16, RATE, 2.5, 0.0)
    assert candidates.ends.tolist() == [11] * LANES
    close_block(candidates, 1)
    assert candidates.size[1] == 12
    for lane in (0, 64, LANES - 1):
        keys = X[[0, 1, 2, 3, 4, 5, 15], lane] * RATE[lane]
        assert held(candidates, lane, 4) == [*((key, 2.5) for key in keys.tolist()), (0.0, 0.0)]
    assert np.isnan(candidates.keys[1, 12 * LANES :]).all()


# -- Seats ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("seats", [1, 4, 9])
def test_seats_are_added_after_what_is_there(seats: int) -> None:
    rng = np.random.default_rng(95)
    wide = empty_candidates(2 * LANES, 20)
    wide.keys[:], wide.weights[:], wide.size[:] = rng.random(wide.keys.shape), 4.0, (4, 8)
    kept = wide.keys.copy()
    value, spend = rng.lognormal(3.0, 1.0, (2, seats, 2 * LANES))
    value[seats // 2, ::3] = 0.0
    add_seats(wide, value, spend)
    assert wide.size.tolist() == [4 + whole_steps(seats), 8 + whole_steps(seats)]
    out, target = np.empty(2 * LANES), 0.3 * spend.sum(axis=0)
    top_values(wide, np.array([4, 8]), target, out)
    for s in range(2 * LANES):
        before = 4 if s < LANES else 8
        keys, weights = of_lane(wide, s)
        own = slice(before, before + seats)
        np.testing.assert_allclose(keys[own], value[:, s] / spend[:, s], rtol=1e-15)
        np.testing.assert_array_equal(weights[own], spend[:, s])
        rest = slice(before + seats, before + whole_steps(seats))
        assert not keys[rest].any()
        assert not weights[rest].any()
        units = list(zip((value / spend)[:, s].tolist(), spend[:, s].tolist(), strict=True))
        assert out[s] == pytest.approx(brute_top_value(units, float(target[s])), rel=1e-12)
    np.testing.assert_array_equal(wide.keys[0, : 4 * LANES], kept[0, : 4 * LANES])
    np.testing.assert_array_equal(wide.keys[1, : 8 * LANES], kept[1, : 8 * LANES])


def test_no_seats_add_nothing() -> None:
    candidates = empty_candidates(LANES, 4)
    add_seats(candidates, np.zeros((0, LANES)), np.zeros((0, LANES)))
    assert candidates.size.tolist() == [0]
    out = np.full(LANES, math.nan)
    top_values(candidates, np.zeros(1, dtype=np.int64), np.zeros(LANES), out)
    assert not out.any()
