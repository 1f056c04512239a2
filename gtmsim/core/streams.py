"""Where every random number lives: address -> counter -> words -> uniform.

A counter of Philox has four 32-bit words; an address fills them so that no two draws share one:

====  =====================================================================================
word  content
====  =====================================================================================
c0    index of the draw within its group (pair of hits, rep, pair of quarters or cohorts);
      of an octave, the octave in the high 8 bits and the index within it in the low 24
c1    scenario, low 32 bits
c2    scenario, high 8 bits | purpose, 4 bits | group, 20 bits (a cohort or a seat)
c3    channel: 32 bits of the BLAKE2b digest of its name; 0 is the plan itself
====  =====================================================================================

The key is the seed's. A counter yields two 64-bit words, A and B, or four of 32 bits. No draw
depends on how many scenarios, workers, channels or tasks there are.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from gtmsim.core._jit import helper, part
from gtmsim.core._types import Words
from gtmsim.core.philox import philox

LANES: Final = 128
"""Scenarios that a kernel works on side by side: a block, the unit of arithmetic."""

STREAM_VERSION: Final = 2
"""Changes whenever a seed no longer gives the same random integers."""

MAX_SCENARIOS: Final = 2**40
MAX_GROUPS: Final = 2**20

MARKET: Final = 0
SHARED_LUCK: Final = 1
HIT_COUNT: Final = 2
MULTIPLE: Final = 3
REP: Final = 4
QUARTER_LUCK: Final = 5
OCTAVE_COUNT: Final = 6
OCTAVE_MULTIPLE: Final = 7
CUT: Final = 8
RESAMPLE: Final = 9
PILOT: Final = 10

_8 = np.uint64(8)
_20 = np.uint64(20)
_24 = np.uint64(24)
_32 = np.uint64(32)
_63 = np.uint64(63)
_LOW = np.uint64(0xFFFFFFFF)
_ULP = 2.0**-64


@helper
def place(row: int, lane: int) -> np.uint64:
    """Index of a lane in rows of lanes.

    It has no sign: a signed index might count from the end, and to allow for that LLVM gathers
    elements one by one where it cannot rule it out.
    """
    return np.uint64(row * LANES + lane)


@helper
def _third(purpose: np.uint64, group: np.uint64, scenario: np.uint64) -> np.uint64:
    """Third word of the counter: scenario's high bits, purpose and group."""
    return ((scenario >> _32) << _24) | (purpose << _20) | group


@helper
def words_at(
    key0: np.uint64,
    key1: np.uint64,
    channel: np.uint64,
    purpose: np.uint64,
    group: np.uint64,
    scenario: np.uint64,
    index: np.uint64,
) -> tuple[np.uint64, np.uint64]:
    """Return the two 64-bit words, A and B, at an address (all arguments uint64)."""
    high = _third(purpose, group, scenario)
    w0, w1, w2, w3 = philox(index, scenario & _LOW, high, channel, key0, key1)
    return (w1 << _32) | w0, (w3 << _32) | w2


@helper
def survival(word: np.uint64) -> float:
    """Uniform in (0, 1] of 64 bits: the smallest is 2**-65, so a power law keeps its extremes."""
    return (np.float64(word) + 0.5) * _ULP


@helper
def half_tail(word: np.uint64) -> tuple[float, float]:
    """Fold a word at the median: (p, sign), p in (0, 1/2] the probability beyond, sign +1 above.

    A word below 2**63 is a survival probability below one half, hence above the median.
    """
    below = word >> _63
    folded = word ^ (np.uint64(0) - below)
    return (np.float64(folded) + 0.5) * _ULP, 1.0 - 2.0 * np.float64(below)


@part
def lane_words(
    key0: np.uint64,
    key1: np.uint64,
    channel: np.uint64,
    purpose: np.uint64,
    group: np.uint64,
    index: np.uint64,
    first: np.uint64,
    a: Words,
    b: Words,
) -> None:
    """Fill a (lane,) and b (lane,) with the words of a block: scenarios from ``first`` on.

    A block begins at a multiple of the lanes, so its scenarios share their high bits.
    """
    high, low = _third(purpose, group, first), first & _LOW
    for lane in range(LANES):
        w0, w1, w2, w3 = philox(index, low + np.uint64(lane), high, channel, key0, key1)
        a[lane] = (w1 << _32) | w0
        b[lane] = (w3 << _32) | w2


@part
def tile_words(
    key0: np.uint64,
    key1: np.uint64,
    channel: np.uint64,
    purpose: np.uint64,
    group: np.uint64,
    index: np.uint64,
    count: int,
    first: np.uint64,
    words: Words,
) -> None:
    """Fill words (2 * count * lane,) with a block's words of consecutive indices.

    Rows of lanes: the A and then the B word of each index.
    """
    high, low = _third(purpose, group, first), first & _LOW
    for i in range(count):
        here = index + np.uint64(i)
        for lane in range(LANES):
            w0, w1, w2, w3 = philox(here, low + np.uint64(lane), high, channel, key0, key1)
            words[place(2 * i, lane)] = (w1 << _32) | w0
            words[place(2 * i + 1, lane)] = (w3 << _32) | w2


@part
def tile_halves(
    key0: np.uint64,
    key1: np.uint64,
    channel: np.uint64,
    purpose: np.uint64,
    group: np.uint64,
    index: np.uint64,
    count: int,
    first: np.uint64,
    halves: Words,
) -> None:
    """Fill halves (4 * count * lane,) with a block's 32-bit words of consecutive indices.

    Rows of lanes: the four words of each counter, the low and the high half of A and of B.
    """
    high, low = _third(purpose, group, first), first & _LOW
    for i in range(count):
        here = index + np.uint64(i)
        for lane in range(LANES):
            w0, w1, w2, w3 = philox(here, low + np.uint64(lane), high, channel, key0, key1)
            halves[place(4 * i, lane)] = w0
            halves[place(4 * i + 1, lane)] = w1
            halves[place(4 * i + 2, lane)] = w2
            halves[place(4 * i + 3, lane)] = w3
