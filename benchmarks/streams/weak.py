"""Generators that a battery must recognise: each has a fault that counters are prone to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from typing import Any, Final

import numpy as np
from numba import njit

from benchmarks.streams.orders import CHUNK, Words
from gtmsim.core.philox import _W0, _W1, _round
from gtmsim.core.streams import _third, words_at

_U, _1, _32, _LOW = np.uint64, np.uint64(1), np.uint64(32), np.uint64(0xFFFFFFFF)


@cache
def few_rounds(rounds: int) -> Callable[..., Any]:
    """Return the package's words after fewer rounds of Philox."""

    @njit
    def words(key0, key1, channel, purpose, group, scenario, index):
        c0, c1, c2, c3 = index, scenario & _LOW, _third(purpose, group, scenario), channel
        for _ in range(rounds):
            c0, c1, c2, c3 = _round(c0, c1, c2, c3, key0, key1)
            key0, key1 = (key0 + _W0) & _LOW, (key1 + _W1) & _LOW
        return ((c1 & _LOW) << _32) | (c0 & _LOW), ((c3 & _LOW) << _32) | (c2 & _LOW)

    return words


@njit
def reused(key0, key1, channel, purpose, group, scenario, index):
    """Two neighbouring scenarios share a counter, one in sixteen times."""
    shared = scenario & ~_1 if (scenario >> _1) & _U(15) == 0 else scenario
    return words_at(key0, key1, channel, purpose, group, shared, index)


@njit
def mixed_fields(key0, key1, channel, purpose, group, scenario, index):
    """Index and scenario added before they are encrypted: addresses that differ share words."""
    zero = _U(0)
    return words_at(key0, key1, channel, purpose, group, zero, (index + scenario) & _LOW)


@njit
def _next_lcg(state):
    """Knuth's multiplier, all 64 bits given out: the low ones have short periods."""
    return state * _U(6364136223846793005) + _U(1442695040888963407)


@njit
def _next_xorshift(state):
    """Marsaglia's xorshift64 without a scrambler: every bit is linear in 64 others."""
    state ^= state << _U(13)
    state ^= state >> _U(7)
    return state ^ (state << _U(17))


def _sequence(step: Callable[..., Any]) -> Callable[[], Iterator[Words]]:
    @njit
    def fill(state, words):
        for k in range(words.size):
            state = step(state)
            words[k] = state
        return state

    def chunks() -> Iterator[Words]:
        state = _U(0x9E3779B97F4A7C15)
        while True:
            words = np.empty(CHUNK, np.uint64)
            state = _U(fill(state, words))
            yield words

    return chunks


SEQUENCES: Final = {"lcg": _sequence(_next_lcg), "xorshift": _sequence(_next_xorshift)}
