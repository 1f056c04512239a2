"""One simulation: tasks go out, summaries come back and are merged, in whatever order."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import numpy as np

from gtmsim.compiled import CompiledPlan
from gtmsim.core._types import Floats
from gtmsim.errors import StorageError
from gtmsim.execute import Crew, run_tasks, uninterrupted
from gtmsim.progress import compilation_announced, progress_bar
from gtmsim.result import PortfolioResult, make_manifest
from gtmsim.result.parts import StoredScenarios
from gtmsim.simulate.checkpoint import State
from gtmsim.simulate.room import PART_BYTES, Room
from gtmsim.simulate.simulator import Part, Simulator, Task
from gtmsim.summary import Summary

_TASKS_PER_WORKER = 8
_SHORTEST_TASK, _LONGEST_TASK = 2**15, 2**22

_TASK_SECONDS = 1.0
"""About how long a task takes at most: work that is lost with its worker, or waited for."""

_MERGE_SECONDS = 5e-5
"""To take in what comes from elsewhere, for each row of a summary."""


class Run:
    """A simulation: the scenarios so far, and how to go on.

    Parameters
    ----------
    compiled : CompiledPlan
    state : State
        What is finished of it already.
    room : Room
    crew : Crew
    progress : bool, optional
    """

    def __init__(
        self, compiled: CompiledPlan, state: State, room: Room, crew: Crew, progress: bool | None
    ) -> None:
        self.compiled, self.state, self.room = compiled, state, room
        self.crew, self.progress = crew, progress
        versions = state.run.versions
        keeps, packs = state.keep != "summary", crew.executor is not None
        self.simulator = Simulator(compiled, state.seed, keeps, versions, packs=packs)
        self.kept: Floats | None = None
        self.torn = False

    def extended(self, scenarios: int) -> PortfolioResult:
        """Go on to so many scenarios and return the result of all; before, they fill blocks.

        Raises
        ------
        StorageError
            If the checkpoint has more of them already, or cannot be written.
        """
        run, plan = self.state.run, self.compiled.plan
        if run.last > scenarios:
            rule = f"must have at most the {scenarios:,} scenarios that are asked for"
            fix = "ask for as many or more, or name another folder"
            raise StorageError(str(self.state.folder), rule, f"{run.last:,}", fix)
        if self.state.keep == "scenarios":
            self._make_room(scenarios)
        run.manifest = make_manifest(
            plan, self.state.seed, scenarios, self.state.keep, run.versions
        )
        tasks, to_come = self._tasks(scenarios), scenarios - run.summary.scenarios
        with (
            compilation_announced(self.progress),
            progress_bar(to_come, plan.name, self.progress) as bar,
            closing(run_tasks(self.simulator, tasks, self.crew)) as parts,
        ):
            try:
                for part in parts:
                    with uninterrupted():
                        self._take(part)
                    bar.update(part.task.last - part.task.first)
                    self.state.write()
            except BaseException as error:
                self._save_what_is_finished(error)
                raise
        self.state.write(now=True)
        return self._result()

    def _take(self, part: Part) -> None:
        """Merge what a task found."""
        run, (first, last) = self.state.run, part.task
        own, found = part.scenarios, part.summary
        if own is not None and self.kept is not None:
            self.kept[:, :, first:last] = own
        elif self.kept is not None:
            own = self.kept[:, :, first:last]
        self.torn = True
        if own is not None:
            self.state.keep_part(first, own)
        run.summary.merge(found if isinstance(found, Summary) else run.summary.with_arrays(found))
        run.add(first, last)
        self.torn = False

    def _save_what_is_finished(self, error: BaseException) -> None:
        folder = self.state.folder
        if folder is None or self.torn or isinstance(error, StorageError):
            return
        try:
            self.state.write(now=True)
        except StorageError as unwritten:
            error.add_note(str(unwritten))
            return
        done = self.state.run.summary.scenarios
        error.add_note(f"{done:,} scenarios are kept in {folder}; the same call goes on from there")

    def _make_room(self, scenarios: int) -> None:
        self.room.check(scenarios)
        before = self.state.kept() if self.kept is None else self.kept
        self.kept = np.empty((*before.shape[:2], scenarios))
        self.kept[:, :, : before.shape[2]] = before
        self.simulator.room = self.kept if self.crew.executor is None else None

    def _result(self) -> PortfolioResult:
        run, folder = self.state.run, self.state.folder
        stored = None
        if self.state.keep == "parquet" and folder is not None:
            stored = StoredScenarios(folder, tuple(run.parts))
        return PortfolioResult(
            plan=self.compiled.plan,
            seed=self.state.seed,
            manifest=run.manifest,
            distributions=run.summary,
            kept=self.kept,
            alternatives=run.versions,
            stored=stored,
        )

    def _tasks(self, scenarios: int) -> Iterator[Task]:
        """Cut the scenarios to come into tasks of whole chunks, a few for each worker."""
        workers, chunk = self.crew.size, self.simulator.chunk
        to_come = scenarios - self.state.run.summary.scenarios
        size = -(-to_come // (workers * _TASKS_PER_WORKER))
        size = min(max(size, _SHORTEST_TASK), self._longest_task(), -(-to_come // workers))
        size = max(-(-size // chunk) * chunk, chunk)
        for begin, end in self.state.run.to_do(scenarios):
            for first in range(begin, end, size):
                yield Task(first, min(first + size, end))

    def _longest_task(self) -> int:
        """Return the most scenarios of a task; no clock is read, so tasks are always the same."""
        seconds = _TASK_SECONDS
        if self.crew.executor is not None:
            # Everything is merged here, so many workers must not bring it faster than that.
            seconds = max(seconds, _MERGE_SECONDS * self.room.rows * self.crew.size)
        most = min(seconds * 1e9 / self.simulator.cost, _LONGEST_TASK)
        if self.state.keep != "summary":
            most = min(most, PART_BYTES / self.room.each)
        return int(most)
