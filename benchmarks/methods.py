"""What a method is: something that simulates a job's plan and returns its metrics."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import numpy.typing as npt

from gtmsim import Plan

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

Outcome = dict[str, Floats]
"""Metrics by name, each (scenario,)."""

Method = Callable[[int, int], Outcome]
"""Simulates (scenarios, seed)."""

Prepare = Callable[[Plan], Method]
"""Reads a plan once, before anything is timed."""

TOTAL = ("total",)
CLAIM = ("total", "top", "largest", "hits")


def chunked(
    scenarios: int, size: int, names: tuple[str, ...], simulate: Callable[[int], Outcome]
) -> Outcome:
    """Simulate chunk by chunk, each of at most ``size`` scenarios."""
    out = {name: np.empty(scenarios) for name in names}
    for chunk, count in chunks(scenarios, size):
        for name, values in simulate(count).items():
            out[name][chunk] = values
    return out


def chunks(scenarios: int, size: int) -> Iterator[tuple[slice, int]]:
    """Yield where each chunk goes and how many scenarios it has."""
    for first in range(0, scenarios, size):
        last = min(first + size, scenarios)
        yield slice(first, last), last - first
