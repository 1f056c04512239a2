"""The value of the first share of spend, best units first.

While units are drawn, those that could be among the best are set aside as candidates, scenarios
side by side. Then the value per spend at which the best of them cover the target is searched for in
all lanes at once: nothing is sorted or moved.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from gtmsim.core._jit import bits_float, float_bits, helper, kernel, part
from gtmsim.core._types import Floats, Ints
from gtmsim.core.elementary import exceeds
from gtmsim.core.streams import LANES, place

STEP: Final = 4
"""Rows that are looked at together; a channel's are filled up to a multiple of it."""

_MOST_TURNS = 66
"""Each halves the 2**63 floats that there may be between two keys."""

_1 = np.uint64(1)


class Candidates(NamedTuple):
    """Units set aside, channel after channel.

    ``keys``, value per spend, and ``weights``, spend, are (block, row * lane); the key is zero
    where a lane has no unit in a row; ``size`` (block,) counts rows. Within a channel lanes fill up
    at their own pace, ``ends`` (lane,) of the block at work; at its end they are made level.
    """

    keys: Floats
    weights: Floats
    size: Ints
    ends: Ints


def empty_candidates(scenarios: int, rows: int) -> Candidates:
    """Return room for so many rows, whole steps of them, of each block of scenarios."""
    blocks = scenarios // LANES
    shape = (blocks, rows * LANES)
    return Candidates(
        np.empty(shape),
        np.empty(shape),
        np.zeros(blocks, dtype=np.int64),
        np.zeros(LANES, dtype=np.int64),
    )


@part
def open_block(candidates: Candidates, block: int) -> None:
    """Begin a channel's units of a block, behind what is there."""
    candidates.ends[:] = candidates.size[block]


@part
def level_block(candidates: Candidates, block: int) -> None:
    """Make the lanes of a block level again, and count their rows."""
    most = candidates.size[block]
    for lane in range(LANES):
        most = max(most, candidates.ends[lane])
    _fill_up(candidates, block, most)


@part
def close_block(candidates: Candidates, block: int) -> None:
    """Make the lanes of a block level at a whole number of steps, and count their rows."""
    level_block(candidates, block)
    _fill_up(candidates, block, -(-candidates.size[block] // STEP) * STEP)


@part
def _fill_up(candidates: Candidates, block: int, rows: int) -> None:
    """Fill the lanes of a block with units of nothing, up to so many rows."""
    keys, weights = candidates.keys[block], candidates.weights[block]
    ends = candidates.ends
    for lane in range(LANES):
        for row in range(ends[lane], rows):
            keys[place(row, lane)] = 0.0
            weights[place(row, lane)] = 0.0
        ends[lane] = rows
    candidates.size[block] = rows


@part
def add_rows(
    candidates: Candidates,
    block: int,
    limit: int,
    x: Floats,
    rows: int,
    rate: Floats,
    spend: float,
) -> None:
    """Append units of one spend, x (row * lane,) times a rate (lane,), 0 where there is none.

    The lanes are level. Rows that would not fit below ``limit`` are not kept.
    """
    keys, weights = candidates.keys[block], candidates.weights[block]
    begin = candidates.size[block]
    if begin + rows > limit:
        return
    for row in range(rows):
        for lane in range(LANES):
            keys[place(begin + row, lane)] = x[place(row, lane)] * rate[lane]
        for lane in range(LANES):
            weights[place(begin + row, lane)] = spend
    candidates.ends[:] = begin + rows
    candidates.size[block] = begin + rows


@part
def add_above(
    candidates: Candidates,
    block: int,
    limit: int,
    x: Floats,
    rows: int,
    rate: Floats,
    spend: float,
    bar: float,
) -> None:
    """Append to each lane its units of x (row * lane,) that are above the bar."""
    keys, weights = candidates.keys[block], candidates.weights[block]
    ends = candidates.ends
    for row in range(rows):
        for lane in range(LANES):
            # Written first and counted if wanted, without a branch.
            here = min(ends[lane], limit)
            keys[place(here, lane)] = x[place(row, lane)] * rate[lane]
            weights[place(here, lane)] = spend
            ends[lane] = here + exceeds(x[place(row, lane)], bar)


@kernel
def add_seats(candidates: Candidates, value: Floats, spend: Floats) -> None:
    """Add seats, value and spend (seat, scenario), to the candidates: every seat has a cost."""
    keys, weights, size, ends = candidates
    seats = value.shape[0]
    for block in range(size.size):
        own = slice(block * LANES, (block + 1) * LANES)
        for seat in range(seats):
            row = size[block] + seat
            gained, paid = value[seat, own], spend[seat, own]
            for lane in range(LANES):
                keys[block, place(row, lane)] = gained[lane] / paid[lane]
            for lane in range(LANES):
                weights[block, place(row, lane)] = paid[lane]
        ends[:] = size[block] + seats
        close_block(candidates, block)


@kernel
def top_values(candidates: Candidates, begin: Ints, target: Floats, out: Floats) -> None:
    """Fill out (scenario,) with the value of the target spend among candidates from ``begin`` on.

    ``begin`` (block,) is a row.
    """
    for block in range(begin.size):
        own = slice(block * LANES, (block + 1) * LANES)
        top_of_block(candidates, block, begin[block], 0.0, target[own], out[own])


@part
def top_of_block(
    candidates: Candidates, block: int, begin: int, unit: float, target: Floats, out: Floats
) -> None:
    """Fill out (lane,) with the value of the target spend (lane,) of one block.

    ``unit`` is the weight of every unit, or 0 if they differ. The value is added up in the order in
    which units were drawn, so it does not depend on which others were set aside.
    """
    end = candidates.size[block]
    rows = slice(begin * LANES, end * LANES)
    keys, weights = candidates.keys[block, rows], candidates.weights[block, rows]
    cut, above = np.empty(LANES), np.empty(LANES)
    _search(keys, weights, unit, target, cut)
    out[:] = 0.0
    above[:] = 0.0
    for row in range(keys.size // LANES):
        for lane in range(LANES):
            value = keys[place(row, lane)] * weights[place(row, lane)]
            out[lane] += value if keys[place(row, lane)] > cut[lane] else 0.0
        for lane in range(LANES):
            above[lane] += weights[place(row, lane)] if keys[place(row, lane)] > cut[lane] else 0.0
    for lane in range(LANES):
        # Units at the cut are equally good, and no more of them are taken than are needed.
        rest = target[lane] - above[lane]
        out[lane] += rest * cut[lane] if rest > 0.0 else 0.0


@part
def _count_above(keys: Floats, level: Floats, count: Floats) -> None:
    """Fill count (lane,) with the number of keys above a level (lane,)."""
    count[:] = 0.0
    for row in range(0, keys.size // LANES, STEP):
        for lane in range(LANES):
            low = level[lane]
            a = 1.0 if keys[place(row, lane)] > low else 0.0
            b = 1.0 if keys[place(row + 1, lane)] > low else 0.0
            c = 1.0 if keys[place(row + 2, lane)] > low else 0.0
            d = 1.0 if keys[place(row + 3, lane)] > low else 0.0
            count[lane] += (a + b) + (c + d)


@part
def _weigh_above(
    keys: Floats, weights: Floats, level: Floats, weight: Floats, count: Floats
) -> None:
    """Fill weight and count (lane,) with those of the units above a level (lane,)."""
    weight[:] = 0.0
    count[:] = 0.0
    for row in range(0, keys.size // LANES, STEP):
        for lane in range(LANES):
            low = level[lane]
            a, b = keys[place(row, lane)] > low, keys[place(row + 1, lane)] > low
            c, d = keys[place(row + 2, lane)] > low, keys[place(row + 3, lane)] > low
            weight[lane] += (
                (weights[place(row, lane)] if a else 0.0)
                + (weights[place(row + 1, lane)] if b else 0.0)
            ) + (
                (weights[place(row + 2, lane)] if c else 0.0)
                + (weights[place(row + 3, lane)] if d else 0.0)
            )
            count[lane] += ((1.0 if a else 0.0) + (1.0 if b else 0.0)) + (
                (1.0 if c else 0.0) + (1.0 if d else 0.0)
            )


@part
def _above(
    keys: Floats, weights: Floats, unit: float, level: Floats, weight: Floats, count: Floats
) -> None:
    """Fill weight and count (lane,) with those of the units above a level (lane,)."""
    if unit > 0.0:
        _count_above(keys, level, count)
        for lane in range(LANES):
            weight[lane] = unit * count[lane]
    else:
        _weigh_above(keys, weights, level, weight, count)


@part
def _extremes(keys: Floats, low: Floats, high: Floats) -> None:
    """Fill low and high (lane,) with the least and the largest positive key; inf and 0 without."""
    low[:] = np.inf
    high[:] = 0.0
    for row in range(0, keys.size // LANES, 2):
        for lane in range(LANES):
            a, b = keys[place(row, lane)], keys[place(row + 1, lane)]
            best, peak = a if a > b else b, high[lane]
            a, b = a if a > 0.0 else np.inf, b if b > 0.0 else np.inf
            least, floor = a if a < b else b, low[lane]
            # The sums keep the stores unconditional: a masked one stalls the next load.
            high[lane] = (best if best > peak else peak) + 0.0
            low[lane] = (least if least < floor else floor) + 0.0


@part
def _search(keys: Floats, weights: Floats, unit: float, target: Floats, cut: Floats) -> None:
    """Fill cut (lane,) with the key of the last unit that the target needs; 0 if it needs them all.

    The bits of a positive float grow with it: between a level whose units cover the target and one
    whose units do not, the next has the bits in the middle, until one key is left between them.
    """
    low, high, level = np.empty(LANES), np.empty(LANES), np.empty(LANES)
    weight, count, wanted = np.empty(LANES), np.empty(LANES), np.empty(LANES)
    above_low, above_high = np.empty(LANES), np.zeros(LANES)
    _extremes(keys, low, high)
    for lane in range(LANES):
        # Rounding must not decide whether a unit more is needed.
        wanted[lane] = target[lane] * (1.0 - 1e-12)
        level[lane] = below(low[lane]) if high[lane] > 0.0 else 0.0
    _above(keys, weights, unit, level, weight, above_low)
    for lane in range(LANES):
        # Nothing to search for where all units are needed, or none.
        searched = wanted[lane] > 0.0 and weight[lane] >= wanted[lane]
        high[lane] = 0.0 if weight[lane] < wanted[lane] else high[lane]
        low[lane] = level[lane] if searched else high[lane]
        above_low[lane] = above_low[lane] if searched else 0.0
    for turn in range(_MOST_TURNS):
        if not _halve(turn, low, high, above_low, above_high, level):
            break
        _above(keys, weights, unit, level, weight, count)
        for lane in range(LANES):
            covers = weight[lane] >= wanted[lane]
            low[lane] = (level[lane] if covers else low[lane]) + 0.0
            high[lane] = (high[lane] if covers else level[lane]) + 0.0
            above_low[lane] = (count[lane] if covers else above_low[lane]) + 0.0
            above_high[lane] = (above_high[lane] if covers else count[lane]) + 0.0
    cut[:] = 0.0
    for row in range(keys.size // LANES):
        for lane in range(LANES):
            key = keys[place(row, lane)]
            best = key if key <= high[lane] else 0.0
            cut[lane] = (best if best > cut[lane] else cut[lane]) + 0.0


@part
def _halve(
    turn: int, low: Floats, high: Floats, above_low: Floats, above_high: Floats, level: Floats
) -> bool:
    """Fill level (lane,) with the middle of low and high; say whether any lane is undecided.

    A decided lane stays at its low level, or, where nothing is searched for, at both.
    """
    undecided = np.int64(0)
    for lane in range(LANES):
        bottom, top = float_bits(low[lane]), float_bits(high[lane])
        several = (above_low[lane] - above_high[lane] > 1.0) & (top - bottom > _1)
        undecided += np.int64(several)
        # First just below the best: units at a cap are many, and equally good.
        middle = top - _1 if turn == 0 else bottom + ((top - bottom) >> _1)
        level[lane] = bits_float(middle if several else bottom)
    return bool(undecided > 0)


@helper
def below(x: float) -> float:
    """Next float towards zero, of a positive one."""
    return bits_float(float_bits(x) - _1)
