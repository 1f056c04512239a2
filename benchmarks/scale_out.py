"""What a cluster costs: ``python -m benchmarks.scale_out --scenarios 1e9 --executor dask``.

A run on an executor is compared with the same tasks in plain processes, which hand back one summary
each: what it takes longer is the overhead of cutting, sending, scheduling and merging. The two take
turns, because a machine's speed drifts by more than what is measured. Then one long run is watched:
the memory of each worker while it lasts, and whether its summary equals that of threads.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import pickle
import statistics
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

import gtmsim as gtm
from benchmarks.machine import describe, sentence
from benchmarks.measure import Spread, digits, interleave, ratios
from gtmsim.compiled import compile_plan
from gtmsim.execute import Crew, ExecutorLike
from gtmsim.result import PortfolioResult
from gtmsim.simulate.checkpoint import open_state
from gtmsim.simulate.room import Room
from gtmsim.simulate.run import Run
from gtmsim.simulate.simulator import Simulator, Task
from gtmsim.summary import Summary

_MIB = 2**20
_SEED = 1
_SPAWN = multiprocessing.get_context("spawn")


def small_plan() -> gtm.Plan:
    """Return a program of twenty heavy-tailed campaigns over nine months."""
    return gtm.Plan(horizon=9, channels=[gtm.presets.content_seo(campaigns=20)])


def quick_plan() -> gtm.Plan:
    """Return a program of twenty campaigns of infinite variance, all in one month."""
    multiple = gtm.Pareto(tail_index=1.2, minimum=1.0)
    bets = gtm.CampaignProgram(
        name="bets", campaigns=20, spend=10_000, hit_rate=0.2, multiple=multiple, launch=0
    )
    return gtm.Plan(horizon=1, channels=[bets])


PLANS: dict[str, Callable[[], gtm.Plan]] = {
    "quick": quick_plan,
    "small": small_plan,
    "example": gtm.presets.example_plan,
}


class Workers(NamedTuple):
    """Where to run: an executor, and the processes that work for it."""

    executor: ExecutorLike
    processes: Callable[[], list[int]]


@contextmanager
def dask_workers(workers: int) -> Iterator[Workers]:
    """Start a cluster of processes of one thread on the loopback."""
    from distributed import Client, LocalCluster

    with (
        LocalCluster(
            n_workers=workers,
            threads_per_worker=1,
            processes=True,
            host="127.0.0.1",
            dashboard_address="127.0.0.1:0",
        ) as cluster,
        Client(cluster) as client,
    ):
        yield Workers(client, lambda: list(client.run(os.getpid).values()))


@contextmanager
def process_workers(workers: int) -> Iterator[Workers]:
    """Start a pool of processes."""
    with ProcessPoolExecutor(workers, mp_context=_SPAWN) as pool:
        yield Workers(pool, lambda: list(pool._processes))


@contextmanager
def loky_workers(workers: int) -> Iterator[Workers]:
    """Start a pool of loky's processes."""
    from loky import ProcessPoolExecutor as Pool

    pool = Pool(workers)
    try:
        yield Workers(pool, lambda: list(pool._processes))
    finally:
        pool.shutdown()


EXECUTORS = {"dask": dask_workers, "processes": process_workers, "loky": loky_workers}


def tasks_of(plan: gtm.Plan, scenarios: int, workers: Workers) -> tuple[Simulator, list[Task]]:
    """Return what workers are sent for a run."""
    compiled, crew = compile_plan(plan), Crew.of(None, workers.executor)
    state = open_state(None, compiled, {}, "summary", _SEED)
    run = Run(compiled, state, Room.of(None, compiled, crew), crew, False)
    return run.simulator, list(run._tasks(scenarios))


def merged(simulator: Simulator, tasks: list[Task]) -> dict[str, np.ndarray[Any, Any]]:
    """Do tasks one after the other in this process and return one summary of them all."""
    simulator.packs = False
    whole = simulator.empty.empty_like()
    for task in tasks:
        found = simulator(task).summary
        assert isinstance(found, Summary)
        whole.merge(found)
    return whole.arrays()


def plainly(pool: Executor, simulator: Simulator, tasks: list[Task], workers: int) -> None:
    """Do tasks in processes that meet only at the end."""
    shares = [tasks[first::workers] for first in range(workers)]
    parts = [pool.submit(merged, simulator, share) for share in shares]
    whole = simulator.empty.empty_like()
    for part in parts:
        whole.merge(whole.with_arrays(part.result()))


@dataclass
class Watch:
    """Memory of processes (MiB) while something runs: (process,) by second."""

    processes: list[int]
    memory: list[list[float]] = field(default_factory=list)

    @contextmanager
    def watching(self, every: float = 1.0) -> Iterator[None]:
        """Look every so many seconds."""
        import psutil

        done = threading.Event()

        def look() -> None:
            seen = [psutil.Process(process) for process in self.processes]
            while not done.is_set():
                self.memory.append([one.memory_info().rss / _MIB for one in seen])
                done.wait(every)

        thread = threading.Thread(target=look, daemon=True)
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join()

    def at(self, share: float) -> list[float]:
        """Return the memory of each process when a share of the time was over."""
        return self.memory[min(int(share * len(self.memory)), len(self.memory) - 1)]


def simulate(plan: gtm.Plan, scenarios: int, **options: Any) -> PortfolioResult:
    """Simulate a plan and keep the summary alone."""
    return gtm.simulate_portfolio(
        plan, scenarios=scenarios, rng=_SEED, keep="summary", progress=False, **options
    )


def equal(one: Summary, other: Summary) -> bool:
    """Whether two summaries hold the same counts, sums and extremes."""
    if (one.scenarios, one.reached) != (other.scenarios, other.reached):
        return False
    parts = ((a, b) for a, b in zip(_parts(one), _parts(other), strict=True))
    return all(
        np.array_equal(x, y, equal_nan=True)
        for a, b in parts
        for row in range(a.rows)
        for x, y in zip(vars(a.row(row)).values(), vars(b.row(row)).values(), strict=True)
    )


def _parts(summary: Summary) -> list[Any]:
    return [summary.totals, *summary.months.values()]


def processor_time(processes: list[int]) -> float:
    """Return the seconds that this process and others have worked."""
    import psutil

    every = [psutil.Process(process).cpu_times() for process in (os.getpid(), *processes)]
    return float(sum(one.user + one.system for one in every))


def measure_overhead(
    plan: gtm.Plan, scenarios: int, workers: Workers, count: int, rounds: int
) -> None:
    """Print what an executor takes longer than plain processes."""
    simulator, tasks = tasks_of(plan, scenarios, workers)
    with ProcessPoolExecutor(count, mp_context=_SPAWN) as pool:
        there = workers.processes()
        spent: tuple[list[float], list[float]] = ([], [])

        def timed(place: int, action: Callable[[], object]) -> Callable[[int], object]:
            def act(_: int) -> None:
                known = there if place == 0 else list(pool._processes)
                before = processor_time(known)
                action()
                spent[place].append(processor_time(known) - before)

            return act

        actions = [
            timed(0, lambda: simulate(plan, scenarios, executor=workers.executor)),
            timed(1, lambda: plainly(pool, simulator, tasks, count)),
        ]
        for action in actions:
            action(0)
        for found in spent:
            found.clear()
        seconds = interleave(actions, rounds)
    sizes = [task.last - task.first for task in tasks]
    part = pickle.dumps(merged(simulator, tasks[:1]), protocol=pickle.HIGHEST_PROTOCOL)
    sent = pickle.dumps(tasks[0], protocol=pickle.HIGHEST_PROTOCOL)
    function = pickle.dumps(simulator, protocol=pickle.HIGHEST_PROTOCOL)
    a_task = statistics.median(seconds[1]) * count / len(tasks)
    print(f"{len(tasks)} tasks of {max(sizes):,} scenarios, {digits(a_task)} s each in processes")
    print(f"Sent: {len(function):,} bytes once a worker, {len(sent)} bytes a task")
    print(f"Returned: {len(part):,} bytes a task")
    print(f"Seconds: {Spread.of(seconds[0])}, in plain processes {Spread.of(seconds[1])}")
    more = [100.0 * (ratio - 1.0) for ratio in ratios(seconds[0], seconds[1])]
    print(f"Overhead: {statistics.median(more):.1f} % ({min(more):.1f}..{max(more):.1f})")
    # On a machine that others use too, this is the steadier of the two.
    print(f"Processor seconds: {Spread.of(spent[0])}, in plain processes {Spread.of(spent[1])}")
    more = [100.0 * (ratio - 1.0) for ratio in ratios(spent[0], spent[1])]
    print(
        f"Overhead: {statistics.median(more):.1f} % ({min(more):.1f}..{max(more):.1f})", flush=True
    )


def watch_long_run(plan: gtm.Plan, scenarios: int, workers: Workers, check: bool) -> bool:
    """Print time and memory of a long run; return whether it is equal to one in threads."""
    watch = Watch([os.getpid(), *workers.processes()])
    start = time.perf_counter()
    with watch.watching():
        result = simulate(plan, scenarios, executor=workers.executor)
    seconds = time.perf_counter() - start
    print(f"{scenarios:,} scenarios in {seconds:.0f} s, {1e9 * seconds / scenarios:.0f} ns each")
    print("Memory (MiB) of this process and of each worker:")
    for share in (0.1, 0.25, 0.5, 0.75, 1.0):
        print(f"  at {100 * share:3.0f} %: " + "  ".join(f"{rss:6.0f}" for rss in watch.at(share)))
    if not check:
        return True
    sys.stdout.flush()
    same = equal(result.distributions, simulate(plan, scenarios).distributions)
    print("The summary is equal to that of threads" if same else "THE SUMMARY DIFFERS", flush=True)
    return same


def main() -> int:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.scale_out", description=(__doc__ or "").split("\n\n")[0]
    )
    parser.add_argument("--scenarios", type=float, default=1e8, help="of the long run")
    parser.add_argument("--executor", choices=EXECUTORS, default="dask")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--plan", choices=PLANS, default="small")
    parser.add_argument("--rounds", type=int, default=5, help="of the overhead; 0 for none")
    parser.add_argument("--part", type=float, default=5e7, help="scenarios of such a round")
    parser.add_argument("--no-check", action="store_true", help="do not compare with threads")
    arguments = parser.parse_args()
    print(sentence(describe()))
    plan = PLANS[arguments.plan]()
    with ExitStack() as stack:
        workers = stack.enter_context(EXECUTORS[arguments.executor](arguments.workers))
        simulate(plan, 100_000, executor=workers.executor)
        if arguments.rounds:
            scenarios = int(arguments.part)
            measure_overhead(plan, scenarios, workers, arguments.workers, arguments.rounds)
        if arguments.scenarios:
            scenarios = int(arguments.scenarios)
            return int(not watch_long_run(plan, scenarios, workers, not arguments.no_check))
    return 0


if __name__ == "__main__":
    sys.exit(main())
