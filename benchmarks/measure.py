"""Time methods in turns, once their results have been seen to agree."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import NamedTuple

from benchmarks.agreement import disagreements
from benchmarks.comparisons import KERNEL, OURS, Entry
from benchmarks.jobs import JOBS
from benchmarks.memory import Peak, peak_memory
from benchmarks.methods import Method, Outcome


def digits(value: float) -> str:
    """Return a number with three significant digits."""
    return f"{value:#.3g}".rstrip(".")


class Spread(NamedTuple):
    """What rounds of a measurement gave."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread:
        """Summarise one value for each round."""
        return cls(statistics.median(values), min(values), max(values))

    def __str__(self) -> str:
        return f"{digits(self.median)} ({digits(self.low)}..{digits(self.high)})"


@dataclass(frozen=True)
class Row:
    """What was measured of one method: ns per draw of each round, and what it is compared with.

    ``ratios`` are how many times as fast as this method ours are, by name and round. They are
    empty where ``objections`` say why answers disagree.
    """

    method: str
    package: str
    scenarios: int
    ns: list[float]
    objections: list[str]
    ratios: dict[str, list[float]]
    memory: Peak | None = None


@dataclass(frozen=True)
class Comparison:
    """A job measured: its rows, and by name the methods left out and why."""

    job: str
    rounds: int
    rows: list[Row] = field(default_factory=list)
    skipped: dict[str, str] = field(default_factory=dict)


def interleave(actions: Sequence[Callable[[int], object]], rounds: int) -> list[list[float]]:
    """Return seconds of each action by round; actions are given the round, from 1.

    A machine's speed drifts by more than what is measured, so actions take turns, and who begins a
    round changes.
    """
    seconds = [[0.0] * rounds for _ in actions]
    order = list(enumerate(actions))
    for turn in range(rounds):
        first = turn % len(order)
        for place, action in order[first:] + order[:first]:
            start = time.perf_counter()
            action(turn + 1)
            seconds[place][turn] = time.perf_counter() - start
    return seconds


def ratios(slow: Sequence[float], fast: Sequence[float]) -> list[float]:
    """Return the ratio of each round."""
    return [one / other for one, other in zip(slow, fast, strict=True)]


@contextmanager
def one_core() -> Iterator[None]:
    """Keep this thread, and threads that start inside, on one core, where the system can."""
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(before)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def compare(
    job: str, peers: Sequence[Entry], *, rounds: int, memory: bool = True, part: int = 1
) -> Comparison:
    """Measure gtmsim and its peers at a job, on one core.

    Parameters
    ----------
    job : str
    peers : sequence of Entry
        Those that do not do the job, or are not installed, are skipped by name.
    rounds : int
    memory : bool, default True
        Whether to measure the peak memory of each method too, in a process of its own.
    part : int, default 1
        Check and measure on one in so many of the job's scenarios.
    """
    comparison = Comparison(job, rounds)
    for peer in peers:
        if not peer.installed:
            comparison.skipped[peer.name] = "not installed"
        elif job not in peer.jobs:
            comparison.skipped[peer.name] = "does not do this job"
    entries = [*OURS, *(p for p in peers if p.name not in comparison.skipped)]
    draws, plan = JOBS[job].draws, JOBS[job].plan
    with one_core():
        methods = [entry.prepare(job, plan) for entry in entries]
        objections = _objections(job, methods, JOBS[job].scenarios // part)
        sizes = [entry.scenarios(job) // part for entry in entries]
        actions = [_timed(method, size) for method, size in zip(methods, sizes, strict=True)]
        seconds = interleave(actions, rounds)
    ns = [[1e9 * s / (size * draws) for s in row] for row, size in zip(seconds, sizes, strict=True)]
    for place, entry in enumerate(entries):
        row = Row(
            method=entry.name,
            package=entry.package,
            scenarios=sizes[place],
            ns=ns[place],
            objections=objections[place],
            ratios=_ratios(place, ns, objections),
            memory=peak_memory(job, entry, sizes[place]) if memory else None,
        )
        comparison.rows.append(row)
    return comparison


def _ratios(
    place: int, ns: list[list[float]], objections: list[list[str]]
) -> dict[str, list[float]]:
    """Return how many times as fast as a method ours are, where there is no objection."""
    if objections[0] or objections[place]:
        return {}
    return {
        entry.name: ratios(ns[place], ns[our])
        for our, entry in enumerate(OURS)
        if not objections[our]
    }


def _timed(method: Method, scenarios: int) -> Callable[[int], Outcome]:
    return lambda seed: method(scenarios, seed)


def _objections(job: str, methods: Sequence[Method], scenarios: int) -> list[list[str]]:
    """Run every method once, which also compiles it, and say what speaks against comparing it.

    All run all of the scenarios, so that a small difference shows. The first is what others are
    compared with, and an objection to it is one to every ratio.
    """
    reference = methods[0](scenarios, 0)
    found: list[list[str]] = [[]]
    found += [
        disagreements(reference, method(scenarios, seed))
        for seed, method in enumerate(methods[1:], start=1)
    ]
    wrong = KERNEL.prepare(job, JOBS[job].control)(scenarios, len(methods))
    if not disagreements(reference, wrong):
        found[0].append("a slightly wrong plan agrees too, so agreement says nothing")
    return found
