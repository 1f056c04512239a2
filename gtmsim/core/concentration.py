"""The units that take the first share of spend, best first, kept while they are drawn.

A top set is a binary min-heap per scenario: units of value per spend (key) and spend (weight). It
holds just enough of the best units to cover the target spend, so memory follows the share asked
for and nothing is sorted.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gtmsim.core._jit import helper, kernel
from gtmsim.core._types import Floats, Ints


class TopSet(NamedTuple):
    """Heaps of the best units: keys and weights (scenario, place), the rest (scenario,).

    ``target`` is the spend to cover, ``held`` the spend in the heap, ``size`` its units, and
    ``free`` the value of units that cost nothing, which come before all others.
    """

    keys: Floats
    weights: Floats
    target: Floats
    held: Floats
    free: Floats
    size: Ints


def empty_top_set(scenarios: int, capacity: int) -> TopSet:
    """Return an empty top set for ``capacity`` units; the caller fills the targets."""
    shape = (scenarios, capacity)
    return TopSet(
        keys=np.zeros(shape),
        weights=np.zeros(shape),
        target=np.zeros(scenarios),
        held=np.zeros(scenarios),
        free=np.zeros(scenarios),
        size=np.zeros(scenarios, dtype=np.int64),
    )


@helper
def _enter(
    keys: Floats,
    weights: Floats,
    s: int,
    size: int,
    held: float,
    target: float,
    key: float,
    weight: float,
) -> tuple[int, float]:
    """Push a unit onto heap s, then pop the units that the target no longer needs."""
    place = size
    while place > 0 and keys[s, (place - 1) >> 1] > key:
        parent = (place - 1) >> 1
        keys[s, place], weights[s, place] = keys[s, parent], weights[s, parent]
        place = parent
    keys[s, place], weights[s, place] = key, weight
    size += 1
    held += weight
    while held - weights[s, 0] >= target:
        held -= weights[s, 0]
        size -= 1
        last_key, last_weight = keys[s, size], weights[s, size]
        place = 0
        child = 1
        while child < size:
            if child + 1 < size and keys[s, child + 1] < keys[s, child]:
                child += 1
            if keys[s, child] >= last_key:
                break
            keys[s, place], weights[s, place] = keys[s, child], weights[s, child]
            place = child
            child = 2 * place + 1
        keys[s, place], weights[s, place] = last_key, last_weight
    return size, held


@kernel
def offer(
    keys: Floats,
    weights: Floats,
    target: Floats,
    held: Floats,
    size: Ints,
    s: int,
    multiples: Floats,
    begin: int,
    end: int,
    rate: float,
    spend: float,
) -> None:
    """Offer campaigns multiples[begin:end] of equal spend to heap s of a top set.

    ``rate`` is value per spend for a multiple of 1. The arrays come one by one because a tuple of
    them would be reference-counted at every call.
    """
    goal, total, units = target[s], held[s], size[s]
    least = keys[s, 0] if total >= goal else 0.0
    for i in range(begin, end):
        key = multiples[i] * rate
        if key > least:
            units, total = _enter(keys, weights, s, units, total, goal, key, spend)
            least = keys[s, 0] if total >= goal else 0.0
    held[s] = total
    size[s] = units


@kernel
def push_seats(top: TopSet, value: Floats, spend: Floats) -> None:
    """Offer seats, value and spend (seat, scenario), to a top set."""
    for s in range(top.size.size):
        for seat in range(value.shape[0]):
            weight = spend[seat, s]
            if weight <= 0.0:
                top.free[s] += value[seat, s]
            else:
                top.size[s], top.held[s] = _enter(
                    top.keys,
                    top.weights,
                    s,
                    top.size[s],
                    top.held[s],
                    top.target[s],
                    value[seat, s] / weight,
                    weight,
                )


@kernel
def top_values(top: TopSet, out: Floats) -> None:
    """Fill out (scenario,) with the value of the target spend, the last unit taken in part."""
    for s in range(out.size):
        total = top.free[s]
        for place in range(top.size[s]):
            total += top.keys[s, place] * top.weights[s, place]
        excess = top.held[s] - top.target[s]
        if excess > 0.0:
            total -= excess * top.keys[s, 0]
        out[s] = total
