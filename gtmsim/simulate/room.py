"""How much memory a run may take, and what is kept of it for that."""

from __future__ import annotations

import re
from dataclasses import dataclass
from numbers import Real
from typing import Final

from gtmsim.compiled import CompiledPlan
from gtmsim.errors import ArgumentError, ArgumentTypeError, StorageError, check_number
from gtmsim.execute import Crew, usable_memory
from gtmsim.result.parts import check_parquet
from gtmsim.simulate.simulator import CHUNK_BYTES
from gtmsim.summary import METRICS, MONTHLY_METRICS

KEEPS: Final = ("scenarios", "parquet", "summary", "auto")

_UNITS = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12}
_BINARY_UNITS = {"k": 2**10, "m": 2**20, "g": 2**30, "t": 2**40}

_ROW_BYTES, _PACKED_ROW_BYTES = 64_000, 12_500
"""Of the bins of one row of a summary, as measured of plans of several kinds, also when packed."""

_SUMMARIES = 4
"""The run's own, twice while it grows, the one that is merged, and the pattern of the next ones."""

_UNDER_WAY = 2
"""Tasks of each worker that are done at a time, or wait to be merged."""

PART_BYTES = 2**25
"""Of the scenarios of a task, at most, where they are kept."""


@dataclass(frozen=True)
class Room:
    """What a run takes of memory, and how much it may take.

    Attributes
    ----------
    limit : int or None
        Bytes; None where the system does not say how much there is.
    working : int
        Estimated bytes of summaries and of what tasks work on, of all workers here.
    each : int
        Bytes of a scenario that is kept.
    given : bool
        Whether the limit was asked for, and is not half of the memory there is.
    rows : int, optional
        Of a summary.
    waiting : int, optional
        Bytes of scenarios that wait to be kept, where tasks do not write them to their place.
    elsewhere : bool, optional
        Whether an executor does the tasks.
    """

    limit: int | None
    working: int
    each: int
    given: bool
    rows: int = 0
    waiting: int = 0
    elsewhere: bool = False

    @classmethod
    def of(cls, memory: object, compiled: CompiledPlan, crew: Crew) -> Room:
        """Return the room for a plan and who simulates it.

        Raises
        ------
        ArgumentError, ArgumentTypeError
            If that is no amount of memory, or too little for any run of the plan.

        Examples
        --------
        >>> from gtmsim.compiled import compile_plan
        >>> from gtmsim.presets import example_plan
        >>> Room.of("2GB", compile_plan(example_plan()), Crew(2)).limit
        2000000000
        """
        places = len(compiled.names)
        rows = places * (len(METRICS) + len(MONTHLY_METRICS) * compiled.plan.horizon)
        under_way, elsewhere = _UNDER_WAY * crew.size, crew.executor is not None
        # Elsewhere it is their memory that workers use; here are only packed summaries that wait.
        part = rows * (_PACKED_ROW_BYTES if elsewhere else _ROW_BYTES)
        arrays = 0 if elsewhere else 2 * CHUNK_BYTES * crew.size
        working = _SUMMARIES * rows * _ROW_BYTES + under_way * part + arrays
        each, waiting = 8 * len(METRICS) * places, under_way * PART_BYTES
        if memory is None:
            usable = usable_memory()
            limit = usable and usable // 2
        else:
            limit = parse_memory(memory)
        room = cls(limit, working, each, memory is not None, rows, waiting, elsewhere)
        if memory is not None:
            room._check_working(working, memory)
        return room

    def has(self, scenarios: int) -> bool:
        """Whether so many scenarios can be kept in memory."""
        return self.limit is None or self._needed(scenarios) <= self.limit

    def check(self, scenarios: int) -> None:
        """Refuse to keep more scenarios than there is room for.

        Raises
        ------
        ArgumentError
        """
        if not self.has(scenarios):
            limit = _shown(self.limit or 0)
            rule = f"must fit in half of the memory, {limit}, to be kept"
            if self.given:
                rule = f"must fit in the memory that was given, {limit}, to be kept"
            got = f"{scenarios:,}, which take {_shown(self._needed(scenarios))}"
            fix = "use keep='summary', or keep='auto' with a checkpoint"
            raise ArgumentError("scenarios", rule, got, fix)

    def choose(self, keep: object, scenarios: int, *, on_disk: bool) -> str:
        """Return what is kept of so many scenarios.

        Raises
        ------
        ArgumentError
            If that is no way of keeping them, or one that needs a folder and has none.
        StorageError
            If it needs pyarrow, which is not installed.

        Examples
        --------
        >>> room = Room(limit=10**9, working=10**8, each=480, given=True)
        >>> room.choose("auto", 10**6, on_disk=False), room.choose("auto", 10**8, on_disk=False)
        ('scenarios', 'summary')
        """
        if not isinstance(keep, str) or keep not in KEEPS:
            raise ArgumentError("keep", f"must be one of {', '.join(map(repr, KEEPS))}", keep)
        if keep == "auto":
            keep = self._widest(scenarios, on_disk)
        if keep == "parquet" and not on_disk:
            fix = "pass checkpoint='run', a folder for them"
            raise ArgumentError("keep", "must have a folder to keep Parquet in", keep, fix)
        if keep == "parquet" and self.given:
            waiting = min(self.waiting, self.each * scenarios)
            self._check_working(self.working + waiting, self.limit)
        if on_disk and keep != "summary":
            check_parquet()
        return keep

    def _widest(self, scenarios: int, on_disk: bool) -> str:
        """Return the first way of keeping them for which there is room, and what writes it."""
        if on_disk:
            try:
                check_parquet()
            except StorageError:
                return "summary"
        if self.has(scenarios):
            return "scenarios"
        waiting = min(self.waiting, self.each * scenarios)
        fits = self.limit is None or self.working + waiting <= self.limit
        return "parquet" if on_disk and fits else "summary"

    def _check_working(self, working: int, memory: object) -> None:
        if self.limit is not None and working > self.limit:
            rule = f"must be at least the {_shown(working)} that so many workers take"
            raise ArgumentError("memory", rule, memory, "give more, or fewer workers")

    def _needed(self, scenarios: int) -> int:
        kept = self.each * scenarios
        return kept + self.working + (min(self.waiting, kept) if self.elsewhere else 0)


def parse_memory(memory: object) -> int:
    """Return an amount of memory in bytes.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If it is none.

    Examples
    --------
    >>> parse_memory("2GB"), parse_memory("1.5 GiB"), parse_memory(10**9)
    (2000000000, 1610612736, 1000000000)
    """
    fix = "write '2GB', or a number of bytes"
    if isinstance(memory, bool) or not isinstance(memory, Real | str):
        raise ArgumentTypeError("memory", "must be text or a number of bytes", memory, fix)
    if not isinstance(memory, str):
        return int(check_number("memory", memory, low=1.0, high=float(2**63), fix=fix))
    amount = r"\s*(\d{1,15}(?:\.\d{1,9})?)\s*([kmgt]?)(i?)b?\s*"
    found = re.fullmatch(amount, memory, re.IGNORECASE | re.ASCII)
    if found is None or (found[3] and not found[2]):
        raise ArgumentError("memory", "must be an amount of memory", memory, fix)
    unit = found[2].lower()
    return int(float(found[1]) * (_BINARY_UNITS if found[3] else _UNITS)[unit])


def _shown(size: int) -> str:
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{size / 1e6:.0f} MB"
