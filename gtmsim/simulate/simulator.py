"""What the tasks of a run do: draw a range of scenarios and summarise it."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from gtmsim.alternatives import BlockPlans, Versions
from gtmsim.compiled import CompiledPlan
from gtmsim.core._types import Floats
from gtmsim.core.portfolio import empty_draws, is_alone, simulate_block
from gtmsim.core.streams import LANES
from gtmsim.seeds import seed_key
from gtmsim.summary import METRICS, Summary, scenario_metrics

CHUNK_BYTES = 8 * 2**20
"""Of the arrays that a task works on at a time."""


class Task(NamedTuple):
    """A range of scenarios: its first, and the one after its last."""

    first: int
    last: int


class Part(NamedTuple):
    """What a task found: its summary, its first scenario and, from elsewhere, all of them."""

    summary: Summary
    first: int
    scenarios: Floats | None


class Simulator:
    """What all tasks of a run share, and what each of them does; workers are sent one of these."""

    def __init__(self, compiled: CompiledPlan, seed: int, keep: bool, versions: Versions) -> None:
        self.arrays, self.keep = compiled.arrays, keep
        self.blocks = BlockPlans(compiled.plan, versions, seed) if versions else None
        self.key = seed_key(seed)
        self.chunk = _chunk_size(compiled)
        self.pattern = Summary.of(compiled)
        self.room: Floats | None = None
        """Where tasks of this process write their scenarios (metric, channel, scenario)."""

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "room": None}

    def __call__(self, task: Task) -> Part:
        """Simulate a range of scenarios and summarise it."""
        summary = self.pattern.empty_like()
        own = slice(task.first, task.last)
        kept = None if self.room is None else self.room[:, :, own]
        if kept is None and self.keep:
            kept = np.empty((len(METRICS), len(summary.names), task.last - task.first))
        # Kernels work on whole blocks; scenarios past the end are drawn and dropped.
        size = min(self.chunk, -(-(task.last - task.first) // LANES) * LANES)
        size = size if self.blocks is None else LANES
        draws = empty_draws(self.arrays, size)
        for first in range(task.first, task.last, size):
            count = min(size, task.last - first)
            arrays = self.arrays
            if self.blocks is not None:
                arrays = self.blocks.arrays(first // LANES)
                if arrays.capacity > draws.candidates.keys.shape[1] // LANES:
                    draws = empty_draws(arrays, size)
            simulate_block(self.key, arrays, first, draws)
            metrics = scenario_metrics(draws)
            summary.add(draws, metrics, count)
            if kept is not None:
                here = first - task.first
                kept[:, :, here : here + count] = metrics[:, :, :count]
        # The next tasks will need about the same bins; which they begin with changes no result.
        self.pattern = summary
        return Part(summary, task.first, None if self.room is not None else kept)


def _chunk_size(compiled: CompiledPlan) -> int:
    """Scenarios whose working arrays stay within a fixed memory, in whole blocks."""
    arrays = compiled.arrays
    places = len(compiled.names)
    numbers = places * 2 * (arrays.horizon + len(METRICS))
    numbers += 0 if is_alone(arrays) else 2 * arrays.capacity
    return max(1, min(64, CHUNK_BYTES // (8 * numbers * LANES))) * LANES
