"""The value of the first share of spend, best units first.

While units are drawn, those that could be among the best are set aside as candidates; then a
weighted quickselect finds the unit at which the best of them cover the target spend. Nothing is
sorted.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from gtmsim.core._jit import kernel
from gtmsim.core._types import Floats, Ints
from gtmsim.core.elementary import exceeds


class Candidates(NamedTuple):
    """Units set aside, channel after channel.

    ``keys``, value per spend, and ``weights``, spend, are (scenario, place); ``size`` (scenario,)
    counts them.
    """

    keys: Floats
    weights: Floats
    size: Ints


def empty_candidates(scenarios: int, capacity: int) -> Candidates:
    """Return room for ``capacity`` units of each scenario."""
    shape = (scenarios, capacity)
    return Candidates(np.zeros(shape), np.zeros(shape), np.zeros(scenarios, dtype=np.int64))


@kernel
def add_seats(candidates: Candidates, value: Floats, spend: Floats) -> None:
    """Add seats, value and spend (seat, scenario), to the candidates: every seat has a cost."""
    keys, weights, size = candidates
    for seat in range(value.shape[0]):
        for s in range(size.size):
            keys[s, size[s]] = value[seat, s] / spend[seat, s]
            weights[s, size[s]] = spend[seat, s]
            size[s] += 1


@kernel
def top_values(candidates: Candidates, begin: Ints, target: Floats, out: Floats) -> None:
    """Fill out (scenario,) with the value of the target spend among candidates from ``begin`` on.

    The value is added up in the order in which units were drawn, so it does not depend on which
    others were set aside.
    """
    keys, weights = candidates.keys, candidates.weights
    key, weight = np.empty(keys.shape[1]), np.empty(keys.shape[1])
    for s in range(out.size):
        if target[s] <= 0.0:
            out[s] = 0.0
            continue
        low, high = begin[s], candidates.size[s]
        for i in range(low, high):
            key[i - low], weight[i - low] = keys[s, i], weights[s, i]
        # Rounding must not decide whether a unit more is needed.
        cutoff = _cutoff(key, weight, high - low, target[s] * (1.0 - 1e-12))
        value, above, level = 0.0, 0.0, 0.0
        for i in range(low, high):
            k, w = keys[s, i], weights[s, i]
            value += k * w if k > cutoff else 0.0
            above += w if k > cutoff else 0.0
            level += w if k == cutoff else 0.0
        rest = max(min(target[s] - above, level), 0.0)
        out[s] = value + rest * cutoff


@kernel
def _cutoff(keys: Floats, weights: Floats, size: int, target: float) -> float:
    """Return the key of the last unit that the target needs; 0 if it needs them all.

    The order of keys and weights (place,) is changed.
    """
    low, high = 0, size
    while low < high:
        pivot: float = _pivot(keys, low, high)
        # What is above the pivot moves to the front; a swap without a branch is never mispredicted.
        middle, weight = low, 0.0
        for j in range(low, high):
            key, w = keys[j], weights[j]
            keys[j], weights[j] = keys[middle], weights[middle]
            keys[middle], weights[middle] = key, w
            middle += exceeds(key, pivot)
            weight += w if key > pivot else 0.0
        if weight >= target:
            high = middle
            continue
        # Then what equals it: units at a cap are many, and equally good.
        target -= weight
        low, weight = middle, 0.0
        for j in range(middle, high):
            key, w = keys[j], weights[j]
            keys[j], weights[j] = keys[low], weights[low]
            keys[low], weights[low] = key, w
            low += 1 - exceeds(pivot, key)
            weight += w if key >= pivot else 0.0
        if weight >= target:
            return pivot
        target -= weight
    return 0.0


@kernel
def _pivot(keys: Floats, low: int, high: int) -> Any:
    """Median of three keys from scattered places, so that no order of units is a bad one."""
    size = high - low
    if size < 8:
        return keys[low]
    # Three steps of a 32-bit congruential generator, each scaled to the size.
    first = (low * 69069 + high * 1664525 + 1013904223) & _LOW
    second = (first * 1664525 + 1013904223) & _LOW
    third = (second * 1664525 + 1013904223) & _LOW
    a = keys[low + ((first * size) >> 32)]
    b = keys[low + ((second * size) >> 32)]
    c = keys[low + ((third * size) >> 32)]
    return max(min(a, b), min(max(a, b), c))


_LOW = 0xFFFFFFFF
