"""One program of campaigns, block by block: draw the hits, and nothing for the zeros.

Campaigns of equal spend launched in one month are exchangeable: a cohort. Its number of hits is one
binomial draw; only hits get a multiple. Scenarios are side by side: hit after hit of a cohort is
drawn for all lanes, up to the most that any of them has, and what a lane does not have is zero.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gtmsim.core._jit import kernel
from gtmsim.core._types import Floats, Ints, Words
from gtmsim.core.concentration import Candidates
from gtmsim.core.elementary import exceeds
from gtmsim.core.response import Response, realise
from gtmsim.core.samplers import Sampler, sample
from gtmsim.core.streams import HIT_COUNT, LANES, MULTIPLE, lane_words, tile_words

_PAIRS = 8
"""Pairs of hits drawn at a time: what they take stays in the first-level cache."""

SPARE = 2 * _PAIRS
"""Places that the candidates must have beyond the units that are counted."""


class ProgramArrays(NamedTuple):
    """A program as its kernel sees it; arrays are (cohort,) unless said otherwise.

    ``spend`` is one campaign's, overhead included; ``gain`` the value originated per unit of
    multiple, ``worth`` the part of it realised by the horizon, in present value; ``bar`` the
    multiple above which a campaign may be among the best of the portfolio. A cohort's hits are
    ``hit_base`` plus the number of ``thresholds[hit_from:hit_to]`` that its word reaches.
    """

    stream: np.uint64
    sampler: Sampler
    response: Response
    month: Ints
    spend: Floats
    gain: Floats
    worth: Floats
    bar: Floats
    hit_base: Ints
    hit_from: Ints
    hit_to: Ints
    thresholds: Words


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


@kernel
def count_hits(program: ProgramArrays, cohort: int, words: Words, counts: Ints) -> int:
    """Fill counts (lane,) by inverting a cohort's binomial law, without a branch; return the most.

    ``words`` (lane,) are the scenarios' draws.
    """
    counts[:] = program.hit_base[cohort]
    for k in range(program.hit_from[cohort], program.hit_to[cohort]):
        threshold = program.thresholds[k]
        for lane in range(LANES):
            counts[lane] += np.int64(words[lane] >= threshold)
    most = 0
    for lane in range(LANES):
        most = counts[lane] if counts[lane] > most else most
    return most


@kernel
def _add_up(
    x: Floats,
    first_hit: int,
    pairs: int,
    counts: Ints,
    total: Floats,
    squares: Floats,
    peak: Floats,
) -> None:
    """Set to zero what a lane did not hit in x (hit, lane), and add up the rest by lane.

    The rows of x are hits first_hit, first_hit + 2, ... and then those between them.
    """
    for row in range(2 * pairs):
        hit = first_hit + (2 * row if row < pairs else 2 * (row - pairs) + 1)
        line = x[row * LANES : (row + 1) * LANES]
        for lane in range(LANES):
            line[lane] = line[lane] if hit < counts[lane] else 0.0
        for lane in range(LANES):
            total[lane] += line[lane]
        for lane in range(LANES):
            squares[lane] += line[lane] * line[lane]
        for lane in range(LANES):
            peak[lane] = line[lane] if line[lane] > peak[lane] else peak[lane]


@kernel
def _set_aside(
    candidates: Candidates,
    limit: int,
    lane0: int,
    x: Floats,
    rows: int,
    peak: Floats,
    bar: float,
    rate: Floats,
    spend: float,
) -> None:
    """Append what is above the bar in x (hit, lane) to the candidates of its scenario.

    Once there are ``limit`` of them, each call overwrites the spare places behind.
    """
    keys, weights, size = candidates
    for lane in range(LANES):
        if peak[lane] <= bar:
            continue
        s = lane0 + lane
        place, to_key = min(size[s], limit), rate[lane]
        for row in range(rows):
            # Written first and counted if wanted, without a branch.
            multiple = x[row * LANES + lane]
            keys[s, place] = multiple * to_key
            weights[s, place] = spend
            place += exceeds(multiple, bar)
        size[s] = place


@kernel
def program_block(
    key0: np.uint64,
    key1: np.uint64,
    program: ProgramArrays,
    first: np.uint64,
    shock: Floats,
    candidates: Candidates,
    limit: int,
    out: ChannelDraws,
) -> None:
    """Simulate one program for the scenarios from ``first``, as many as ``shock`` has.

    ``shock`` (scenario,) multiplies every value; campaigns above their bar join ``candidates``, of
    which there is room for ``limit``. The number of scenarios is a multiple of the lanes.
    """
    a = np.empty(LANES, np.uint64)
    b = np.empty(LANES, np.uint64)
    words = np.empty(2 * _PAIRS * LANES, np.uint64)
    x = np.empty(2 * _PAIRS * LANES)
    counts = np.empty(LANES, np.int64)
    total, squares, peak = np.empty(LANES), np.empty(LANES), np.empty(LANES)
    rate = np.empty(LANES)
    originated = np.zeros((out.month.shape[0], LANES))
    stream, none = program.stream, np.uint64(0)
    for lane0 in range(0, shock.size, LANES):
        lanes = slice(lane0, lane0 + LANES)
        scenario = first + np.uint64(lane0)
        factor, hits, largest, square = (
            shock[lanes],
            out.hits[lanes],
            out.largest[lanes],
            out.squares[lanes],
        )
        originated[:] = 0.0
        for cohort in range(program.month.size):
            if cohort % 2 == 0:
                place = np.uint64(cohort >> 1)
                lane_words(key0, key1, stream, np.uint64(HIT_COUNT), none, place, scenario, a, b)
            most = count_hits(program, cohort, a if cohort % 2 == 0 else b, counts)
            total[:] = 0.0
            squares[:] = 0.0
            peak[:] = 0.0
            worth, spend = program.worth[cohort], program.spend[cohort]
            for lane in range(LANES):
                rate[lane] = worth * factor[lane] / spend
            for pair in range(0, (most + 1) >> 1, _PAIRS):
                pairs = min(_PAIRS, ((most + 1) >> 1) - pair)
                tile_words(
                    key0,
                    key1,
                    stream,
                    np.uint64(MULTIPLE),
                    np.uint64(cohort),
                    np.uint64(pair),
                    pairs,
                    scenario,
                    words,
                )
                sample(program.sampler, words, 2 * pairs * LANES, x)
                _add_up(x, 2 * pair, pairs, counts, total, squares, peak)
                _set_aside(
                    candidates, limit, lane0, x, 2 * pairs, peak, program.bar[cohort], rate, spend
                )
            month = originated[program.month[cohort]]
            for lane in range(LANES):
                month[lane] += program.gain[cohort] * total[lane]
                hits[lane] += counts[lane]
                unit = worth * factor[lane]
                square[lane] += unit * unit * squares[lane]
                best = unit * peak[lane]
                largest[lane] = best if best > largest[lane] else largest[lane]
        realise(
            originated,
            program.response,
            factor,
            out.month[:, lanes],
            out.value[lanes],
            out.beyond[lanes],
        )
