"""Plain-Python twins of what the kernels do, and the words that tests share."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from scipy import stats

from gtmsim.core._types import Floats, Words
from gtmsim.core.streams import OCTAVE_COUNT

EXTREME_WORDS = np.array(
    [0, 1, 2, 2**32, 2**62, 2**63 - 2**12, 2**63 - 1, 2**63, 2**63 + 2**12, 2**64 - 2, 2**64 - 1],
    dtype=np.uint64,
)


def random_words(seed: int, count: int) -> Words:
    """Words that owe nothing to the generator under test."""
    return np.random.default_rng(seed).integers(0, 2**64, count, dtype=np.uint64)


def plain_philox(
    counter: tuple[int, ...], key: tuple[int, int], rounds: int = 10
) -> tuple[int, ...]:
    """Philox4x32 as its paper draws it: multiply, split, swap, add to the key."""
    c, k = list(counter), list(key)
    for _ in range(rounds):
        high0, low0 = divmod(0xD2511F53 * c[0], 2**32)
        high1, low1 = divmod(0xCD9E8D57 * c[2], 2**32)
        c = [high1 ^ c[1] ^ k[0], low1, high0 ^ c[3] ^ k[1], low0]
        k = [(k[0] + 0x9E3779B9) % 2**32, (k[1] + 0xBB67AE85) % 2**32]
    return tuple(c)


class Address(NamedTuple):
    """Where a counter's words live."""

    channel: int
    purpose: int
    group: int
    scenario: int
    draw: int


def plain_halves(at: Address, key: tuple[int, int]) -> tuple[int, ...]:
    """The four 32-bit words of an address: the layout in the module's table, read again."""
    high, low = divmod(at.scenario, 2**32)
    c2 = high * 2**24 + at.purpose * 2**20 + at.group
    return plain_philox((at.draw, low, c2, at.channel), key)


def plain_words(at: Address, key: tuple[int, int]) -> tuple[int, int]:
    """The A and the B word of an address."""
    w = plain_halves(at, key)
    return w[1] * 2**32 + w[0], w[3] * 2**32 + w[2]


def plain_split(at: Address, key: tuple[int, int], trials: int) -> int:
    """Ones among the first ``trials`` bits of a scenario's counters, 128 bits each.

    ``at.draw`` is the octave; the purpose is the split's own.
    """
    ones = 0
    for i in range(-(-trials // 128)):
        here = at._replace(purpose=OCTAVE_COUNT, draw=at.draw * 2**24 + i)
        bits = sum(word << 32 * k for k, word in enumerate(plain_halves(here, key)))
        ones += (bits & (2 ** min(trials - 128 * i, 128) - 1)).bit_count()
    return ones


def expect_binomial(counts: Words | Floats, n: int, p: float) -> None:
    """Chi-squared test with the outcomes expected less than 20 times put together."""
    law = stats.binom(n, p)
    low, high = (int(law.ppf(q)) for q in (20.0 / counts.size, 1.0 - 20.0 / counts.size))
    inside = np.clip(counts.astype(np.int64), low, high) - low
    chances = law.pmf(np.arange(low, high + 1))
    chances[0], chances[-1] = law.cdf(low), law.sf(high - 1)
    result = stats.chisquare(np.bincount(inside, minlength=high - low + 1), chances * counts.size)
    assert result.pvalue > 1e-6


Unit = tuple[float, float]
"""Value per spend, and spend."""


def brute_top_value(units: list[Unit], target: float) -> float:
    """Value of the best ``target`` of spend, the last unit in part."""
    taken = []
    for key, spend in sorted(units, reverse=True):
        part = min(spend, target)
        taken.append(key * part)
        target -= part
    return math.fsum(taken)
