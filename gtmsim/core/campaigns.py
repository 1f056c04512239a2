"""One program of campaigns, block by block: cohort after cohort, then what of it is realised."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gtmsim.core._jit import kernel
from gtmsim.core._types import Floats
from gtmsim.core.cohorts import ProgramArrays, count_hits, draw_cohort, empty_lanes
from gtmsim.core.concentration import Candidates, close_block, open_block, top_of_block
from gtmsim.core.response import realise
from gtmsim.core.streams import HIT_COUNT, LANES, place, tile_words


class ChannelDraws(NamedTuple):
    """What a channel did: month and spend_month (month, scenario), the rest (scenario,)."""

    month: Floats
    spend_month: Floats
    value: Floats
    spend: Floats
    beyond: Floats
    hits: Floats
    largest: Floats
    squares: Floats
    top_value: Floats


@kernel
def program_block(
    key0: np.uint64,
    key1: np.uint64,
    program: ProgramArrays,
    first: np.uint64,
    shock: Floats,
    target: Floats,
    candidates: Candidates,
    limit: int,
    out: ChannelDraws,
) -> None:
    """Simulate one program for the scenarios from ``first``, as many as ``shock`` has.

    ``shock`` (scenario,) multiplies every value; ``target`` (scenario,) is the spend whose best
    value is asked for. Campaigns that may be above their bar join ``candidates``, of which there is
    room for ``limit`` rows; where there is room for one block alone, each takes the place of the
    last. The number of scenarios is a multiple of the lanes.
    """
    lanes = empty_lanes()
    pair = np.empty(2 * LANES, np.uint64)
    originated = np.empty(out.month.shape[0] * LANES)
    stream, none = program.stream, np.uint64(0)
    counts, sums, rate = lanes.counts, lanes.sums, lanes.rate
    for turn in range(shock.size // LANES):
        own = slice(turn * LANES, (turn + 1) * LANES)
        scenario = first + np.uint64(turn * LANES)
        block = turn if candidates.size.size > 1 else 0
        candidates.size[block] = candidates.size[block] if block == turn else 0
        begin = candidates.size[block]
        open_block(candidates, block)
        factor, hits, largest, square = (
            shock[own],
            out.hits[own],
            out.largest[own],
            out.squares[own],
        )
        originated[:] = 0.0
        for cohort in range(program.month.size):
            if cohort % 2 == 0:
                index = np.uint64(cohort >> 1)
                tile_words(key0, key1, stream, np.uint64(HIT_COUNT), none, index, 1, scenario, pair)
            count_hits(
                program.hit_base[cohort],
                program.thresholds[program.hit_from[cohort] : program.hit_to[cohort]],
                pair[:LANES] if cohort % 2 == 0 else pair[LANES:],
                counts,
            )
            worth, spend = program.worth[cohort], program.spend[cohort]
            for lane in range(LANES):
                rate[lane] = worth * factor[lane] / spend
            draw_cohort(key0, key1, program, cohort, candidates, block, limit, scenario, lanes)
            month, gain = program.month[cohort], program.gain[cohort]
            for lane in range(LANES):
                originated[place(month, lane)] += gain * sums[lane]
                hits[lane] += counts[lane]
            for lane in range(LANES):
                unit = worth * factor[lane]
                square[lane] += unit * unit * sums[place(1, lane)]
                best = unit * sums[place(2, lane)]
                largest[lane] = (best if best > largest[lane] else largest[lane]) + 0.0
        close_block(candidates, block)
        if target[turn * LANES] > 0.0:
            top_of_block(candidates, block, begin, program.unit, target[own], out.top_value[own])
        realise(
            originated,
            program.response,
            factor,
            out.month[:, own],
            out.value[own],
            out.beyond[own],
        )
