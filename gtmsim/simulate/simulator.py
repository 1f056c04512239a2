"""What the tasks of a run do: draw a range of scenarios and summarise it."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from gtmsim.alternatives import BlockPlans, Versions
from gtmsim.compiled import CompiledPlan
from gtmsim.core._types import Floats
from gtmsim.core.portfolio import empty_draws, is_alone, simulate_block
from gtmsim.core.sales import SalesArrays
from gtmsim.core.staged import StagedArrays
from gtmsim.core.streams import LANES
from gtmsim.plan import CampaignProgram
from gtmsim.seeds import seed_key
from gtmsim.summary import METRICS, MONTHLY_METRICS, Packed, Summary, scenario_metrics

CHUNK_BYTES = 8 * 2**20
"""Of the arrays that a task works on at a time."""

_VARYING = 2_000.0
"""Nanoseconds that a scenario takes more where every block is of other versions."""


class Task(NamedTuple):
    """A range of scenarios: its first, and the one after its last."""

    first: int
    last: int


class Part(NamedTuple):
    """What a task found: its summary, packed if it is from elsewhere, and its scenarios if kept."""

    task: Task
    summary: Summary | Packed
    scenarios: Floats | None


class Simulator:
    """What all tasks of a run share, and what each of them does; workers are sent one of these."""

    def __init__(
        self, compiled: CompiledPlan, seed: int, keep: bool, versions: Versions, *, packs: bool
    ) -> None:
        self.arrays, self.keep, self.packs = compiled.arrays, keep, packs
        self.blocks = BlockPlans(compiled.plan, versions, seed) if versions else None
        self.key = seed_key(seed)
        self.chunk = _chunk_size(compiled)
        self.cost = _cost(compiled, bool(versions))
        self.empty = self.pattern = Summary.of(compiled)
        self.room: Floats | None = None
        """Where tasks of this process write their scenarios (metric, channel, scenario)."""

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "room": None, "pattern": self.empty}

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
        found = summary.arrays() if self.packs else summary
        return Part(task, found, None if self.room is not None else kept)


def _chunk_size(compiled: CompiledPlan) -> int:
    """Scenarios whose working arrays stay within a fixed memory, in whole blocks."""
    arrays = compiled.arrays
    places = len(compiled.names)
    numbers = places * 2 * (arrays.horizon + len(METRICS))
    numbers += 0 if is_alone(arrays) else 2 * arrays.capacity
    return max(1, min(64, CHUNK_BYTES // (8 * numbers * LANES))) * LANES


def _cost(compiled: CompiledPlan, varies: bool) -> float:
    """Return about how many nanoseconds a scenario takes; tasks are cut by it."""
    plan, places = compiled.plan, len(compiled.names)
    counted = places * (len(METRICS) + len(MONTHLY_METRICS) * plan.horizon)
    drawn = 0.0
    for channel, own in zip(plan.channels, compiled.arrays.channels, strict=True):
        if isinstance(own.arrays, SalesArrays):
            drawn += 4.0 * own.arrays.start.size * plan.horizon
        elif isinstance(own.arrays, StagedArrays):
            drawn += 8.0 * own.arrays.number.size
        elif isinstance(channel, CampaignProgram):
            drawn += 2.0 * channel.campaigns * channel.hit_rate
    return 5.0 * counted + drawn + (_VARYING if varies else 0.0)
