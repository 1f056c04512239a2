"""Plain-Python twins of what the kernels do, and the words that tests share."""

from __future__ import annotations

import numpy as np

from gtmsim.core._types import Words

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


Unit = tuple[float, float]
"""Value per spend, and spend."""


def brute_top_value(units: list[Unit], target: float) -> float:
    """Value of the best ``target`` of spend, the last unit in part."""
    total = 0.0
    for key, spend in sorted(units, reverse=True):
        taken = min(spend, target)
        total += key * taken
        target -= taken
    return total
