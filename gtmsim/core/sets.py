"""Sets of equal campaigns, many times over: what the claim is about.

Nothing is sorted and nothing set aside, however many campaigns there are. The survival probability
of the last campaign of the top is an order statistic of uniforms, which has a beta law; given it,
the better ones are uniform below it and the others above it.

References
----------
H. A. David and H. N. Nagaraja, "Order statistics", 3rd ed. (2003), equation 2.1.3 and theorem 2.5.
G. Marsaglia and W. W. Tsang, "A simple method for generating gamma variables", ACM Transactions on
Mathematical Software 26 (2000), 363-372.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from gtmsim.core._jit import helper, kernel, part
from gtmsim.core._types import Floats, Words
from gtmsim.core.cohorts import add_up, count_hits
from gtmsim.core.octaves import highest
from gtmsim.core.samplers import Sampler, normal, sample
from gtmsim.core.streams import (
    CUT,
    HIT_COUNT,
    LANES,
    MULTIPLE,
    place,
    survival,
    tile_words,
    words_at,
)

_ROWS = 16
_TWO_64 = 2.0**64
# The largest float below it: a word must not run over.
_MOST = 2.0**64 - 2.0**11


class SetArrays(NamedTuple):
    """A set of equal campaigns as its kernel sees it.

    Hits are ``hit_base`` plus the number of ``thresholds`` (outcome,) that a word reaches. The top
    are the best ``inside`` campaigns, and ``part`` of the next.
    """

    stream: np.uint64
    sampler: Sampler
    hit_base: int
    thresholds: Words
    inside: int
    part: float


@helper
def _gamma(
    key0: np.uint64,
    key1: np.uint64,
    stream: np.uint64,
    group: int,
    scenario: np.uint64,
    shape: float,
) -> float:
    """Gamma variate of a shape of at least 1, by rejection (Marsaglia and Tsang 2000)."""
    d = shape - 1.0 / 3.0
    c = 1.0 / math.sqrt(9.0 * d)
    index = 0
    while True:
        a, b = words_at(
            key0, key1, stream, np.uint64(CUT), np.uint64(group), scenario, np.uint64(index)
        )
        index += 1
        z = normal(a)
        v = 1.0 + c * z
        if v > 0.0:
            v = v * v * v
            if math.log(survival(b)) < 0.5 * z * z + d * (1.0 - v + math.log(v)):
                return d * v


@part
def _draw_cut(
    key0: np.uint64,
    key1: np.uint64,
    sets: SetArrays,
    first: np.uint64,
    counts: Floats,
    cut: Floats,
) -> None:
    """Fill cut (lane,) with the survival probability of the last hit of the top; 1 without one."""
    rank = sets.inside + 1.0
    for lane in range(LANES):
        cut[lane] = 1.0
        if counts[lane] >= rank:
            scenario = first + np.uint64(lane)
            x = _gamma(key0, key1, sets.stream, 0, scenario, rank)
            y = _gamma(key0, key1, sets.stream, 1, scenario, counts[lane] - rank + 1.0)
            cut[lane] = min(x / (x + y), _MOST / _TWO_64)


@part
def _below_cut(words: Words, count: int, cut: Floats) -> None:
    """Scale words (row * lane,) to the survival probabilities below the cut."""
    for row in range(count // LANES):
        for lane in range(LANES):
            word = words[place(row, lane)]
            scaled = np.uint64(min(np.float64(word) * cut[lane], _MOST))
            words[place(row, lane)] = scaled if cut[lane] < 1.0 else word


@part
def _above_cut(words: Words, count: int, cut: Floats) -> None:
    """Scale words (row * lane,) to the survival probabilities above the cut."""
    for row in range(count // LANES):
        for lane in range(LANES):
            p = cut[lane] * _TWO_64 + np.float64(words[place(row, lane)]) * (1.0 - cut[lane])
            words[place(row, lane)] = np.uint64(min(p, _MOST))


@kernel
def sets_block(
    key0: np.uint64,
    key1: np.uint64,
    sets: SetArrays,
    first: np.uint64,
    total: Floats,
    top: Floats,
) -> None:
    """Simulate sets of campaigns that spend 1 each, from scenario ``first``.

    Fills the total value and that of the top (scenario,), a multiple of the lanes.
    """
    words, x = np.empty(_ROWS * LANES, np.uint64), np.empty(_ROWS * LANES)
    counts, ends, cut = np.empty(LANES), np.empty(LANES), np.empty(LANES)
    better, others = np.empty(3 * LANES), np.empty(3 * LANES)
    stream, none = sets.stream, np.uint64(0)
    for start in range(0, total.size, LANES):
        scenario = first + np.uint64(start)
        tile_words(key0, key1, stream, np.uint64(HIT_COUNT), none, none, 1, scenario, words)
        count_hits(sets.hit_base, sets.thresholds, words[:LANES], counts)
        _draw_cut(key0, key1, sets, scenario, counts, cut)
        better[:] = 0.0
        others[:] = 0.0
        # The last of the top comes first, at its cut; then the better ones; then the others.
        for lane in range(LANES):
            words[lane] = np.uint64(cut[lane] * _TWO_64) if cut[lane] < 1.0 else none
        sample(sets.sampler, words, LANES, x)
        for lane in range(LANES):
            last = x[lane] if cut[lane] < 1.0 else 0.0
            better[lane] = sets.part * last
            others[lane] = (1.0 - sets.part) * last
        most = highest(counts)
        inside = min(sets.inside, most)
        for side in range(2):
            begin, end = (0, inside) if side == 0 else (inside + 1, most)
            for lane in range(LANES):
                ends[lane] = min(counts[lane], float(end))
            # Each side begins at a counter of its own.
            index = 0 if side == 0 else (inside + 2) >> 1
            for hit in range(begin, end, _ROWS):
                rows = min(_ROWS, end - hit)
                tile_words(
                    key0,
                    key1,
                    stream,
                    np.uint64(MULTIPLE),
                    none,
                    np.uint64(index + ((hit - begin) >> 1)),
                    (rows + 1) >> 1,
                    scenario,
                    words,
                )
                if side == 0:
                    _below_cut(words, rows * LANES, cut)
                else:
                    _above_cut(words, rows * LANES, cut)
                sample(sets.sampler, words, rows * LANES, x)
                add_up(x, rows, hit, ends, better if side == 0 else others)
        for lane in range(LANES):
            top[start + lane] = better[lane]
        for lane in range(LANES):
            total[start + lane] = better[lane] + others[lane]
