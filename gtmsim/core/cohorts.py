"""The hits of one cohort: campaigns of equal spend launched in one month, which are exchangeable.

The number of hits is one binomial draw; only hits get a multiple. Scenarios are side by side: hit
after hit is drawn for all lanes, up to the most that any of them has, and what a lane does not have
is zero. Many hits are drawn octave by octave of probability, few of them one by one.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from gtmsim.core._jit import bits_float, float_bits, part
from gtmsim.core._types import Floats, Ints, Words
from gtmsim.core.concentration import Candidates, add_above, add_rows, level_block
from gtmsim.core.octaves import (
    OCTAVES,
    UPPER,
    highest,
    lowest,
    octave_index,
    sample_octave,
    shift_words,
    split,
)
from gtmsim.core.response import Response
from gtmsim.core.samplers import Sampler, sample
from gtmsim.core.streams import (
    LANES,
    MULTIPLE,
    OCTAVE_MULTIPLE,
    place,
    tile_halves,
    tile_words,
)

_ROWS = 16
"""Hits of every lane drawn at a time: what they take stays in the first-level cache."""

_FEW_THRESHOLDS = 32
"""Up to so many, looking at all of them with vectors is faster than halving."""

ALL_KEPT: Final = -1
"""As the first octave of a cohort that may be above its bar: those below the median too."""


class ProgramArrays(NamedTuple):
    """A program as its kernel sees it; arrays are (cohort,) unless said otherwise.

    ``spend`` is one campaign's, overhead included; ``gain`` the value originated per unit of
    multiple, ``worth`` the part of it realised by the horizon, in present value; ``bar`` the
    multiple above which a campaign may be among the best of the portfolio. A cohort's hits are
    ``hit_base`` plus the number of ``thresholds[hit_from:hit_to]`` that its word reaches. On either
    side of the median the first ``octaves`` are drawn octave by octave, and hits beyond them one by
    one. ``kept`` is the first octave above the median that reaches above the bar, or ALL_KEPT, or
    OCTAVES if nothing does, and
    ``needed`` the most hits of the cohort that can be among the best. ``unit`` is the spend if it
    is the same for all cohorts, else 0.
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
    octaves: Ints
    kept: Ints
    needed: Floats
    unit: float


class CohortLanes(NamedTuple):
    """Working memory for one block.

    ``words`` and ``x`` (row * lane,); ``counts``, ``upper``, ``rest`` and ``here`` (lane,) are hits
    of the cohort, those above the median, those not yet drawn and those of an octave; ``sums``
    (total, squares and peak, lane) of the cohort's multiples; ``rate`` (lane,) value per spend.
    """

    words: Words
    x: Floats
    counts: Floats
    upper: Floats
    rest: Floats
    here: Floats
    sums: Floats
    rate: Floats


@part
def empty_lanes() -> CohortLanes:
    """Return working memory for one block."""
    return CohortLanes(
        np.empty(_ROWS * LANES, np.uint64),
        np.empty(_ROWS * LANES),
        np.empty(LANES),
        np.empty(LANES),
        np.empty(LANES),
        np.empty(LANES),
        np.empty(3 * LANES),
        np.empty(LANES),
    )


@part
def count_hits(base: int, thresholds: Words, words: Words, counts: Floats) -> None:
    """Fill counts (lane,) by inverting a binomial law, without a branch.

    The hits are the base plus the number of thresholds that the word (lane,) reaches.
    """
    counts[:] = base
    if thresholds.size <= _FEW_THRESHOLDS:
        for k in range(thresholds.size):
            threshold = thresholds[k]
            for lane in range(LANES):
                counts[lane] += 1.0 if words[lane] >= threshold else 0.0
        return
    for lane in range(LANES):
        reached, size = 0, thresholds.size
        while size > 0:
            half = (size + 1) >> 1
            reached += half if words[lane] >= thresholds[reached + half - 1] else 0
            size -= half
        counts[lane] += reached


@part
def add_up(x: Floats, rows: int, first_hit: int, counts: Floats, sums: Floats) -> None:
    """Add the hits from ``first_hit`` on, x (row * lane,), to the sums of those that have them.

    Four rows at a time: what follows the last is beyond every lane's count.
    """
    for row in range(0, rows, 4):
        hit = float(first_hit + row)
        for lane in range(LANES):
            count = counts[lane]
            a = x[place(row, lane)] if count > hit else 0.0
            b = x[place(row + 1, lane)] if count > hit + 1.0 else 0.0
            c = x[place(row + 2, lane)] if count > hit + 2.0 else 0.0
            d = x[place(row + 3, lane)] if count > hit + 3.0 else 0.0
            sums[lane] += (a + b) + (c + d)
            sums[place(1, lane)] += (a * a + b * b) + (c * c + d * d)
            one, other = a if a > b else b, c if c > d else d
            best = one if one > other else other
            peak = sums[place(2, lane)]
            # The sum keeps the store unconditional: a masked one stalls the next load.
            sums[place(2, lane)] = (best if best > peak else peak) + 0.0


@part
def _clear_missing(x: Floats, rows: int, first_hit: int, counts: Floats) -> None:
    """Set to zero what a lane did not hit in x (row * lane,)."""
    for row in range(rows):
        hit = float(first_hit + row)
        for lane in range(LANES):
            at = place(row, lane)
            x[at] = x[at] if counts[lane] > hit else 0.0


@part
def _highest_peak(sums: Floats) -> float:
    """Largest multiple of a cohort in any lane."""
    # As integers, which keep the order of positive floats: of floats it would not be vectorised.
    most = np.int64(0)
    for lane in range(LANES):
        peak = np.int64(float_bits(sums[place(2, lane)]))
        most = peak if peak > most else most
    return bits_float(np.uint64(most))


@part
def _draw_octave(
    key0: np.uint64,
    key1: np.uint64,
    program: ProgramArrays,
    cohort: int,
    octave: int,
    coefficients: Floats,
    keep: bool,
    candidates: Candidates,
    block: int,
    limit: int,
    first: np.uint64,
    lanes: CohortLanes,
) -> None:
    """Draw the hits of one octave, ``lanes.here`` of each lane."""
    words, x, here, sums, rate = lanes.words, lanes.x, lanes.here, lanes.sums, lanes.rate
    stream, spend, cap = program.stream, program.spend[cohort], program.sampler.cap
    most = highest(here)
    for hit in range(0, most, _ROWS):
        rows = min(_ROWS, most - hit)
        tile_halves(
            key0,
            key1,
            stream,
            np.uint64(OCTAVE_MULTIPLE),
            np.uint64(cohort),
            octave_index(octave, hit >> 2),
            (rows + 3) >> 2,
            first,
            words,
        )
        sample_octave(coefficients, words, rows * LANES, cap, x)
        add_up(x, rows, hit, here, sums)
        if keep:
            _clear_missing(x, rows, hit, here)
            add_rows(candidates, block, limit, x, rows, rate, spend)


@part
def _draw_one_by_one(
    key0: np.uint64,
    key1: np.uint64,
    program: ProgramArrays,
    cohort: int,
    octave: int,
    shift: int,
    keep: bool,
    candidates: Candidates,
    block: int,
    limit: int,
    first: np.uint64,
    lanes: CohortLanes,
) -> None:
    """Draw hits, ``lanes.here`` of each lane, from a 64-bit word each.

    They are those of a whole cohort, or those beyond ``octave`` on its side of the median, whose
    probability is below 2**-shift.
    """
    words, x, here, sums, rate = lanes.words, lanes.x, lanes.here, lanes.sums, lanes.rate
    stream, sampler = program.stream, program.sampler
    spend, bar = program.spend[cohort], program.bar[cohort]
    most = highest(here)
    for hit in range(0, most, _ROWS):
        rows = min(_ROWS, most - hit)
        tile_words(
            key0,
            key1,
            stream,
            np.uint64(MULTIPLE),
            np.uint64(cohort),
            octave_index(octave, hit >> 1),
            (rows + 1) >> 1,
            first,
            words,
        )
        if shift > 0:
            shift_words(words, rows * LANES, np.uint64(shift), octave < UPPER)
        sample(sampler, words, rows * LANES, x)
        add_up(x, rows, hit, here, sums)
        if shift == 0 and _highest_peak(sums) > bar:
            _clear_missing(x, rows, hit, here)
            add_above(candidates, block, limit, x, rows, rate, spend, bar)
        if shift > 0 and keep:
            _clear_missing(x, rows, hit, here)
            add_rows(candidates, block, limit, x, rows, rate, spend)


@part
def _draw_octaves(
    key0: np.uint64,
    key1: np.uint64,
    program: ProgramArrays,
    cohort: int,
    candidates: Candidates,
    block: int,
    limit: int,
    first: np.uint64,
    lanes: CohortLanes,
) -> None:
    """Draw a cohort's hits octave by octave: below the median, then above it.

    An octave is set aside if it reaches above the cohort's bar, and if some lane has fewer hits in
    rarer octaves than could be needed.
    """
    words, counts, upper, rest, here = (
        lanes.words,
        lanes.counts,
        lanes.upper,
        lanes.rest,
        lanes.here,
    )
    stream, group = program.stream, np.uint64(cohort)
    kept, needed = program.kept[cohort], program.needed[cohort]
    level_block(candidates, block)
    split(key0, key1, stream, group, 0, first, counts, words, upper)
    for side in range(2):
        table = program.sampler.lower if side == 0 else program.sampler.upper
        octaves = min(program.octaves[cohort], table.shape[0])
        for lane in range(LANES):
            rest[lane] = counts[lane] - upper[lane] if side == 0 else upper[lane]
        for j in range(octaves):
            octave = 1 + j if side == 0 else UPPER + j
            if table.shape[0] == 1:
                for lane in range(LANES):
                    here[lane] = rest[lane]
                rest[:] = 0.0
            else:
                # Heads go on to rarer octaves.
                split(key0, key1, stream, group, octave, first, rest, words, here)
                for lane in range(LANES):
                    heads = here[lane]
                    here[lane] = rest[lane] - heads
                    rest[lane] = heads
            keep = kept == ALL_KEPT or (side == 1 and j >= kept)
            keep = keep and lowest(upper if side == 0 else rest) < needed
            _draw_octave(
                key0,
                key1,
                program,
                cohort,
                octave,
                table[j],
                keep,
                candidates,
                block,
                limit,
                first,
                lanes,
            )
        for lane in range(LANES):
            here[lane] = rest[lane]
        _draw_one_by_one(
            key0,
            key1,
            program,
            cohort,
            1 + octaves if side == 0 else UPPER + octaves,
            octaves + 1,
            kept == ALL_KEPT or (side == 1 and kept < OCTAVES),
            candidates,
            block,
            limit,
            first,
            lanes,
        )


@part
def draw_cohort(
    key0: np.uint64,
    key1: np.uint64,
    program: ProgramArrays,
    cohort: int,
    candidates: Candidates,
    block: int,
    limit: int,
    first: np.uint64,
    lanes: CohortLanes,
) -> None:
    """Draw a cohort's hits, ``lanes.counts`` of each lane, and fill ``lanes.sums``.

    Hits that may be above the cohort's bar join the candidates of the block.
    """
    lanes.sums[:] = 0.0
    if program.octaves[cohort] > 0:
        _draw_octaves(key0, key1, program, cohort, candidates, block, limit, first, lanes)
    else:
        here, counts = lanes.here, lanes.counts
        for lane in range(LANES):
            here[lane] = counts[lane]
        _draw_one_by_one(
            key0, key1, program, cohort, 0, 0, True, candidates, block, limit, first, lanes
        )
