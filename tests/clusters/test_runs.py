"""The same bits from threads, processes and a cluster, in any order, whoever is killed."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import random
import signal
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing.context import BaseContext
from typing import Any

import pytest

import gtmsim as gtm
from gtmsim.core.streams import LANES
from gtmsim.presets import example_plan
from gtmsim.result import PortfolioResult
from gtmsim.simulate import run as running
from gtmsim.simulate import simulator
from gtmsim.summary import Summary
from tests.clusters.conftest import QUICK
from tests.clusters.figures import figures
from tests.test_invariance import same_scenarios, same_summary

SPAWN = multiprocessing.get_context("spawn")
TASK = 5 * LANES
TASKS = 24
RUN = TASKS * TASK - 77


@pytest.fixture(scope="module")
def reference(plan: gtm.Plan) -> PortfolioResult:
    return gtm.simulate_portfolio(plan, scenarios=RUN, rng=11, workers=1)


@pytest.fixture(autouse=True)
def _small_tasks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "_SHORTEST_TASK", TASK)
    monkeypatch.setattr(running, "_LONGEST_TASK", TASK)
    monkeypatch.setattr(simulator, "_chunk_size", lambda compiled: TASK)


def equal(one: PortfolioResult, other: PortfolioResult) -> bool:
    names = one.distributions.names
    return same_summary(one, other) and all(same_scenarios(one, other, n, RUN) for n in names)


def run(plan: gtm.Plan, executor: Any, workers: int | None = None, **options: Any) -> Any:
    options = {"scenarios": RUN, "rng": 11, "executor": executor, "workers": workers} | options
    return gtm.simulate_portfolio(plan, **options)


# -- Equal bits -----------------------------------------------------------------------------------


def test_two_threads(plan: gtm.Plan, reference: PortfolioResult) -> None:
    assert equal(reference, run(plan, None, workers=2))
    assert not same_summary(reference, run(plan, None, rng=12))


@pytest.mark.parametrize(("processes", "context"), [(1, SPAWN), (3, QUICK)])
def test_processes(
    plan: gtm.Plan, reference: PortfolioResult, processes: int, context: BaseContext
) -> None:
    with ProcessPoolExecutor(processes, mp_context=context) as own:
        assert equal(reference, run(plan, own))


def test_two_processes(
    plan: gtm.Plan, reference: PortfolioResult, pool: ProcessPoolExecutor
) -> None:
    assert equal(reference, run(plan, pool))
    assert same_summary(reference, run(plan, pool, keep="summary"))
    assert not same_summary(reference, run(plan, pool, rng=12))


def test_loky(plan: gtm.Plan, reference: PortfolioResult) -> None:
    loky = pytest.importorskip("loky")
    own = loky.ProcessPoolExecutor(2)
    try:
        assert equal(reference, run(plan, own))
    finally:
        own.shutdown()


class Shuffled(Executor):
    """Does what it is given in random order, one by one, and notes what it was."""

    def __init__(self) -> None:
        self.waiting: list[tuple[Future[Any], Any, tuple[Any, ...]]] = []
        self.order: list[Any] = []
        self.random, self.thread = random.Random(1), ThreadPoolExecutor(1)

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        self.waiting.append((future, fn, args))
        self.thread.submit(self._one)
        return future

    def _one(self) -> None:
        future, fn, args = self.waiting.pop(self.random.randrange(len(self.waiting)))
        self.order.append(args[2])
        future.set_result(fn(*args))

    def shutdown(self, *args: Any, **kwargs: Any) -> None:
        self.thread.shutdown()


def test_tasks_in_random_order(plan: gtm.Plan, reference: PortfolioResult) -> None:
    with Shuffled() as shuffled:
        result = run(plan, shuffled, workers=8)
    assert len(set(shuffled.order)) == TASKS
    assert shuffled.order != sorted(shuffled.order)
    assert equal(reference, result)


def test_a_cluster(plan: gtm.Plan, reference: PortfolioResult, client: Any) -> None:
    assert equal(reference, run(plan, client))
    assert same_summary(reference, run(plan, client, keep="summary"))
    # Also through the executor that it gives to whoever asks.
    assert same_summary(reference, run(plan, client.get_executor(), keep="summary"))
    assert not same_summary(reference, run(plan, client, rng=12))


def test_versions_on_a_cluster(plan: gtm.Plan, client: Any) -> None:
    program = plan["paid social"]
    versions = {program.name: [program.replace(hit_rate=rate) for rate in (0.02, 0.3)]}
    here, there = (run(plan, one, alternatives=versions) for one in (None, client))
    assert equal(here, there)


def test_a_worker_of_a_cluster_is_killed(
    plan: gtm.Plan, reference: PortfolioResult, client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    processes = list(client.run(os.getpid).values())
    take, taken = running.Run._take, [0]

    def killing(self: running.Run, part: Any) -> None:
        taken[0] += 1
        if taken[0] == TASKS // 3:
            os.kill(processes[0], signal.SIGKILL)
        take(self, part)

    monkeypatch.setattr(running.Run, "_take", killing)
    result = run(plan, client)
    assert taken[0] == TASKS
    assert equal(reference, result)
    client.wait_for_workers(3, timeout=120)
    assert processes[0] not in client.run(os.getpid).values()


def test_a_closed_client_is_named(plan: gtm.Plan, client: Any) -> None:
    distributed = pytest.importorskip("distributed")
    with distributed.Client(client.scheduler.address) as closed:
        pass
    with pytest.raises(gtm.ExecutorError, match=r"^executor: must take tasks, got .*keep it open"):
        run(plan, closed)
    # So is an executor that was shut down.
    own = ThreadPoolExecutor(1)
    own.shutdown()
    with pytest.raises(gtm.ExecutorError, match="after shutdown"):
        run(plan, own)


# -- What is sent ---------------------------------------------------------------------------------


class Weighing(ThreadPoolExecutor):
    """Notes how many bytes go to and fro."""

    def __init__(self) -> None:
        super().__init__(2)
        self.plans: list[int] = []
        self.tasks: list[int] = []
        self.parts: list[int] = []

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        digest, pickled, task = args
        if pickled is not None:
            self.plans.append(len(pickled))
        self.tasks.append(len(pickle.dumps((digest, None, task))))
        future = super().submit(fn, *args)
        future.add_done_callback(lambda done: self.parts.append(len(pickle.dumps(done.result()))))
        return future


def test_tasks_are_small_and_the_plan_is_sent_once_a_worker(
    plan: gtm.Plan, reference: PortfolioResult
) -> None:
    with Weighing() as weighing:
        result = run(plan, weighing, keep="summary")
    assert same_summary(reference, result)
    assert len(weighing.plans) == 2
    assert max(weighing.tasks) < 300
    summary = result.distributions
    parts = [summary.totals, *summary.months.values()]
    used = sum(part.row(r).counts.size for part in parts for r in range(part.rows))
    # A few bytes for a bin that is used, and some for each row.
    rows = sum(part.rows for part in parts)
    assert max(weighing.parts) < 9 * used + 300 * rows
    assert sum(part.bins.nbytes for part in parts) > 3 * max(weighing.parts)


def test_a_packed_summary_is_the_summary(plan: gtm.Plan, reference: PortfolioResult) -> None:
    summary = reference.distributions
    back = summary.with_arrays(pickle.loads(pickle.dumps(summary.arrays())))
    twice, expected = (Summary(summary.names, summary.horizon, summary.target) for _ in range(2))
    for _ in range(2):
        twice.merge(back)
        expected.merge(summary)
    assert twice.scenarios == 2 * RUN
    for one, other in zip(
        (twice.totals, *twice.months.values()),
        (expected.totals, *expected.months.values()),
        strict=True,
    ):
        for row in range(one.rows):
            assert figures(one.row(row)) == figures(other.row(row))


def test_tasks_take_about_a_second_and_more_where_many_bring_summaries() -> None:
    def longest(plan: gtm.Plan, workers: int, executor: Any = None) -> int:
        from gtmsim.compiled import compile_plan
        from gtmsim.execute import Crew
        from gtmsim.simulate.checkpoint import open_state
        from gtmsim.simulate.room import Room

        compiled, crew = compile_plan(plan), Crew.of(workers, executor)
        state = open_state(None, compiled, {}, "summary", 1)
        one = running.Run(compiled, state, Room.of(None, compiled, crew), crew, None)
        return one._longest_task()

    with pytest.MonkeyPatch.context() as patch, ThreadPoolExecutor(1) as executor:
        patch.setattr(running, "_LONGEST_TASK", 10**12)
        whole, half = example_plan(), example_plan().replace(horizon=12)
        assert longest(half, 2) > 1.5 * longest(whole, 2)
        assert longest(whole, 2, executor) == longest(whole, 2)
        # Of a thousand workers one comes every few hundredths of a second.
        assert 10 < longest(whole, 1_000, executor) / longest(whole, 2) < 60
        assert longest(whole, 1_000) == longest(whole, 2)
