"""One program of campaigns, block by block: draw the hits, and nothing for the zeros.

Campaigns of equal spend launched in one month are exchangeable: a cohort. Its number of hits is one
binomial draw; only hits get a multiple. The hits of a block of scenarios are laid end to end, so
that the arithmetic runs over full vectors whatever the size of a cohort.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gtmsim.core._jit import kernel
from gtmsim.core._types import Floats, Ints, Words
from gtmsim.core.concentration import TopSet, offer
from gtmsim.core.response import Response, realise
from gtmsim.core.samplers import Sampler, sample
from gtmsim.core.streams import HIT_COUNT, LANES, MULTIPLE, address_words, lane_words

_TILE = 64
_BUFFER = 1024


class ProgramArrays(NamedTuple):
    """A program as its kernel sees it; arrays are (cohort,) unless said otherwise.

    ``spend`` is one campaign's, overhead included; ``gain`` the value originated per unit of
    multiple, ``worth`` the part of it realised by the horizon, in present value. A cohort's hits
    are ``hit_base`` plus the number of ``thresholds[hit_from:hit_to]`` that its word reaches.
    """

    stream: np.uint64
    sampler: Sampler
    response: Response
    month: Ints
    spend: Floats
    gain: Floats
    worth: Floats
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


class _Buffer(NamedTuple):
    scenario: Words
    cohort: Words
    place: Words
    word: Words
    multiple: Floats
    run_lane: Ints
    run_cohort: Ints
    run_end: Ints


@kernel
def count_hits(
    key0: np.uint64,
    key1: np.uint64,
    program: ProgramArrays,
    first: np.uint64,
    start: int,
    stop: int,
    counts: Ints,
) -> None:
    """Fill counts (cohort of the tile, lane): binomial draws by inversion, without a branch."""
    a = np.empty(LANES, np.uint64)
    b = np.empty(LANES, np.uint64)
    for cohort in range(start, stop):
        if cohort == start or cohort % 2 == 0:
            lane_words(
                key0,
                key1,
                program.stream,
                np.uint64(HIT_COUNT),
                np.uint64(0),
                np.uint64(cohort >> 1),
                first,
                a,
                b,
            )
        words = a if cohort % 2 == 0 else b
        row = counts[cohort - start]
        row[:] = program.hit_base[cohort]
        for k in range(program.hit_from[cohort], program.hit_to[cohort]):
            threshold = program.thresholds[k]
            for lane in range(LANES):
                row[lane] += np.int64(words[lane] >= threshold)


@kernel
def _settle(
    key0: np.uint64,
    key1: np.uint64,
    program: ProgramArrays,
    buffer: _Buffer,
    count: int,
    runs: int,
    lane0: int,
    shock: Floats,
    originated: Floats,
    out: ChannelDraws,
    top: TopSet,
    pool: TopSet,
) -> None:
    """Draw the multiples of the buffered hits and add them up run by run."""
    # A whole number of vectors, so that no value depends on where in the buffer it stood.
    padded = (count + 63) // 64 * 64
    address_words(
        key0,
        key1,
        program.stream,
        np.uint64(MULTIPLE),
        buffer.cohort,
        buffer.scenario,
        buffer.place,
        padded,
        buffer.word,
    )
    sample(program.sampler, buffer.word, padded, buffer.multiple)
    multiple = buffer.multiple
    keys, weights, target, held, _, size = top
    pool_keys, pool_weights, pool_target, pool_held, _, pool_size = pool
    begin = 0
    for run in range(runs):
        lane, cohort, end = buffer.run_lane[run], buffer.run_cohort[run], buffer.run_end[run]
        s = lane0 + lane
        total = 0.0
        squares = 0.0
        peak = 0.0
        for i in range(begin, end):
            x = multiple[i]
            total += x
            squares += x * x
            peak = x if x > peak else peak
        originated[program.month[cohort], lane] += program.gain[cohort] * total
        worth = program.worth[cohort] * shock[lane]
        out.squares[s] += worth * worth * squares
        if peak * worth > out.largest[s]:
            out.largest[s] = peak * worth
        out.hits[s] += end - begin
        spend = program.spend[cohort]
        rate = worth / spend
        if held[s] < target[s] or peak * rate > keys[s, 0]:
            offer(
                keys, weights, target, held, size, s, multiple, begin, end, rate, spend
            )  # fmt: skip
        if pool_held[s] < pool_target[s] or peak * rate > pool_keys[s, 0]:
            offer(
                pool_keys, pool_weights, pool_target, pool_held, pool_size,
                s, multiple, begin, end, rate, spend,
            )  # fmt: skip
        begin = end


@kernel
def program_block(
    key0: np.uint64,
    key1: np.uint64,
    program: ProgramArrays,
    first: np.uint64,
    shock: Floats,
    top: TopSet,
    pool: TopSet,
    out: ChannelDraws,
) -> None:
    """Simulate one program for the scenarios from ``first``, as many as ``shock`` has.

    ``shock`` (scenario,) multiplies every value; ``top`` and ``pool`` are the top sets of the
    program and of the portfolio. The number of scenarios is a multiple of the lanes.
    """
    buffer = _Buffer(
        np.zeros(_BUFFER, np.uint64),
        np.zeros(_BUFFER, np.uint64),
        np.zeros(_BUFFER, np.uint64),
        np.zeros(_BUFFER, np.uint64),
        np.zeros(_BUFFER),
        np.zeros(_BUFFER, np.int64),
        np.zeros(_BUFFER, np.int64),
        np.zeros(_BUFFER, np.int64),
    )
    counts = np.zeros((_TILE, LANES), np.int64)
    originated = np.zeros((out.month.shape[0], LANES))
    cohorts = program.month.size
    for lane0 in range(0, shock.size, LANES):
        lanes = slice(lane0, lane0 + LANES)
        originated[:] = 0.0
        for start in range(0, cohorts, _TILE):
            stop = min(start + _TILE, cohorts)
            count_hits(key0, key1, program, first + np.uint64(lane0), start, stop, counts)
            filled = 0
            runs = 0
            for lane in range(LANES):
                scenario = first + np.uint64(lane0 + lane)
                for cohort in range(start, stop):
                    index = 0
                    while index < counts[cohort - start, lane]:
                        take = min(counts[cohort - start, lane] - index, _BUFFER - filled)
                        for i in range(take):
                            buffer.scenario[filled + i] = scenario
                            buffer.cohort[filled + i] = cohort
                            buffer.place[filled + i] = index + i
                        filled += take
                        index += take
                        buffer.run_lane[runs] = lane
                        buffer.run_cohort[runs] = cohort
                        buffer.run_end[runs] = filled
                        runs += 1
                        if filled == _BUFFER:
                            _settle(
                                key0, key1, program, buffer, filled, runs, lane0,
                                shock[lanes], originated, out, top, pool,
                            )  # fmt: skip
                            filled = 0
                            runs = 0
            _settle(
                key0, key1, program, buffer, filled, runs, lane0,
                shock[lanes], originated, out, top, pool,
            )  # fmt: skip
        realise(
            originated,
            program.response,
            shock[lanes],
            out.month[:, lanes],
            out.value[lanes],
            out.beyond[lanes],
        )
