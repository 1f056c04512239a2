"""Tasks run anywhere: every task once, lost ones again, and errors as they are."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from collections.abc import Callable, Iterator
from concurrent.futures import BrokenExecutor, Executor, Future, ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from gtmsim import execute
from gtmsim.errors import ArgumentError, ArgumentTypeError, ExecutorError, LostWorkersWarning
from gtmsim.execute import Crew, _answer, _held, _Missing, run_tasks

SPAWN = multiprocessing.get_context("spawn")


@dataclass(frozen=True)
class Power:
    """A function that can be sent to processes."""

    exponent: int
    pause: float = 0.0

    def __call__(self, task: int) -> int:
        time.sleep(self.pause)
        if task < 0:
            raise ArgumentError("channels[0].spend", "must be at least 0", task)
        return task**self.exponent


class Here(Executor):
    """Runs tasks when they are handed in, and counts what is sent; some are lost."""

    def __init__(self, lost: Callable[[int, int], Exception | None] | None = None) -> None:
        self.sent: list[bytes | None] = []
        self.lost = lost
        self.tries: dict[int, int] = {}

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        _, pickled, task = args
        self.sent.append(pickled)
        self.tries[task] = self.tries.get(task, 0) + 1
        future: Future[Any] = Future()
        error = self.lost(task, self.tries[task]) if self.lost else None
        try:
            if error is not None:
                raise error
            future.set_result(fn(*args))
        except Exception as failed:
            future.set_exception(failed)
        return future


@pytest.fixture
def pool() -> Iterator[ProcessPoolExecutor]:
    with ProcessPoolExecutor(2, mp_context=SPAWN) as executor:
        yield executor


@pytest.fixture(autouse=True)
def _nothing_held() -> None:
    _held.clear()


def squares(crew: Crew, n: int = 100) -> list[int]:
    return sorted(run_tasks(Power(2), range(n), crew))


EXPECTED = [task**2 for task in range(100)]


@pytest.mark.parametrize("workers", [1, 2, 7])
def test_threads_do_every_task_once(workers: int) -> None:
    assert squares(Crew.of(workers)) == EXPECTED


def test_processes_do_every_task_once(pool: ProcessPoolExecutor) -> None:
    assert squares(Crew.of(None, pool)) == EXPECTED
    # It is not shut down, and may be used again.
    assert squares(Crew.of(None, pool)) == EXPECTED


def killed(pool: ProcessPoolExecutor) -> list[int]:
    """Do the tasks of EXPECTED and kill a worker after some of them."""
    found = []
    for result in run_tasks(Power(2, pause=0.005), range(100), Crew.of(None, pool)):
        found.append(result)
        if len(found) == 20:
            os.kill(next(iter(pool._processes)), signal.SIGKILL)
    return sorted(found)


def test_a_killed_worker_costs_no_task(pool: ProcessPoolExecutor) -> None:
    with pytest.warns(LostWorkersWarning, match=r"lost its workers \(BrokenProcessPool\); what is"):
        found = killed(pool)
    assert found == EXPECTED


def test_the_function_is_sent_to_those_who_lack_it() -> None:
    executor = Here()
    assert squares(Crew.of(2, executor)) == EXPECTED
    assert sum(pickled is not None for pickled in executor.sent) == 2
    # A worker that has forgotten it is sent it with the task that it could not do.
    forgetful = Here(lambda task, tries: _held.clear() if task % 10 == 9 else None)
    assert squares(Crew.of(2, forgetful)) == EXPECTED
    assert sum(pickled is not None for pickled in forgetful.sent) > 5


def test_a_worker_holds_a_few_functions() -> None:
    import pickle

    for exponent in range(20):
        pickled = pickle.dumps(Power(exponent))
        assert _answer(str(exponent), pickled, 2) == 2**exponent
    assert len(_held) == 4
    assert isinstance(_answer("0", None, 2), _Missing)
    assert _answer("19", None, 2) == 2**19


@pytest.mark.parametrize("error", [ConnectionResetError(), EOFError()])
def test_a_lost_task_is_sent_again(error: Exception) -> None:
    executor = Here(lambda task, tries: error if task == 13 and tries < 4 else None)
    assert squares(Crew.of(2, executor)) == EXPECTED
    assert executor.tries[13] == 4
    assert sum(executor.tries.values()) == 103


def test_a_task_that_is_always_lost_ends_the_run() -> None:
    executor = Here(lambda task, tries: ConnectionResetError("gone") if task == 13 else None)
    rule = r"executor: must finish tasks, and lost one of them 4 times, got .*gone.*too little mem"
    with pytest.raises(ExecutorError, match=rule):
        squares(Crew.of(2, executor))


def test_an_executor_that_is_broken_is_left() -> None:
    executor = Here(lambda task, tries: BrokenExecutor() if task == 13 else None)
    with pytest.warns(LostWorkersWarning, match="runs in threads of this process"):
        assert squares(Crew.of(2, executor)) == EXPECTED


def test_an_error_of_a_task_is_raised_once(pool: ProcessPoolExecutor) -> None:
    for crew in (Crew.of(2), Crew.of(None, pool)):
        with pytest.raises(ArgumentError, match=r"^channels\[0\].spend: must be at least 0, got -"):
            list(run_tasks(Power(2), range(-1, 100), crew))


def test_what_is_no_executor_is_named() -> None:
    rule = "executor: must be an executor of concurrent.futures or a dask Client, got 4"
    with pytest.raises(ArgumentTypeError, match=rule):
        Crew.of(None, 4)
    with pytest.raises(ArgumentError, match="workers: must be at least 1"):
        Crew.of(0)


def test_a_client_gives_its_executor_and_its_size() -> None:
    executor = Here()

    class Client:
        def get_executor(self, **options: Any) -> Executor:
            return executor

        def nthreads(self) -> dict[str, int]:
            return {"a": 2, "b": 1}

    crew = Crew.of(None, Client())
    assert crew.size == 3
    assert squares(crew) == EXPECTED
    assert len(executor.sent) == 100


# -- What a process may use -----------------------------------------------------------------------

MEMORY, CORES = 16 * 2**30, 8
NESTED = "0::/kubepods/pod/box"
OLD = "11:memory:/docker/box\n4:cpu,cpuacct:/docker/box\n1:name=systemd:/docker/box"
UNLIMITED = "9223372036854771712"

GROUPS: dict[str, tuple[str, dict[str, str], int, int]] = {
    "nothing is limited": (NESTED, {"kubepods/memory.max": "max"}, MEMORY, CORES),
    "no group at all": ("", {"memory.max": "1"}, MEMORY, CORES),
    "version 2, seen from inside": (
        "0::/",
        {"memory.max": "1000000", "cpu.max": "200000 100000"},
        1_000_000,
        2,
    ),
    "version 2, its own": (
        NESTED,
        {"kubepods/pod/box/memory.max": "1000000", "kubepods/pod/box/cpu.max": "50000 100000"},
        1_000_000,
        1,
    ),
    "version 2, of a group above": (
        NESTED,
        {
            "kubepods/memory.max": "9000000",
            "kubepods/pod/memory.max": "1000000",
            "kubepods/pod/box/memory.max": "max",
            "kubepods/cpu.max": "250000 100000",
            "kubepods/pod/box/cpu.max": "max 100000",
        },
        1_000_000,
        3,
    ),
    "of another group": (
        NESTED,
        {"kubepods/pod/other/memory.max": "1", "kubepods/pod/other/cpu.max": "1 1"},
        MEMORY,
        CORES,
    ),
    "more than there is": (
        NESTED,
        {"kubepods/memory.max": str(2**60), "kubepods/cpu.max": "9900000 100000"},
        MEMORY,
        CORES,
    ),
    "version 1, its own": (
        OLD,
        {
            "memory/memory.limit_in_bytes": UNLIMITED,
            "memory/docker/box/memory.limit_in_bytes": "1000000",
            "cpu/cpu.cfs_quota_us": "-1",
            "cpu/cpu.cfs_period_us": "100000",
            "cpu/docker/box/cpu.cfs_quota_us": "150000",
            "cpu/docker/box/cpu.cfs_period_us": "50000",
        },
        1_000_000,
        3,
    ),
    "version 1, seen from inside": (
        OLD,
        {
            "memory/memory.limit_in_bytes": "1000000",
            "cpu/cpu.cfs_quota_us": "150000",
            "cpu/cpu.cfs_period_us": "100000",
        },
        1_000_000,
        2,
    ),
    "both versions": (
        f"{OLD}\n{NESTED}",
        {
            "memory/docker/memory.limit_in_bytes": "1000000",
            "kubepods/cpu.max": "100000 100000",
        },
        1_000_000,
        1,
    ),
    "what is not understood": (
        f"::\nbox\n{NESTED}",
        {"memory.max": "0", "kubepods/memory.max": "1 GB", "kubepods/pod/cpu.max": "0 0"},
        MEMORY,
        CORES,
    ),
}


@pytest.mark.parametrize("name", GROUPS)
def test_the_limits_of_a_container_count(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    membership, files, memory, cores = GROUPS[name]
    for file, text in files.items():
        (tmp_path / "groups" / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "groups" / file).write_text(f"{text}\n")
    (tmp_path / "membership").write_text(membership)
    monkeypatch.setattr(execute, "_MEMBERSHIP", tmp_path / "membership")
    monkeypatch.setattr(execute, "_CGROUPS", tmp_path / "groups")
    sizes = {"SC_PAGE_SIZE": 4_096, "SC_PHYS_PAGES": MEMORY // 4_096}
    monkeypatch.setattr(os, "sysconf", sizes.__getitem__, raising=False)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(CORES)), raising=False)
    assert execute.usable_memory() == memory
    assert execute.default_workers() == Crew.of().size == cores


def test_without_groups_or_a_word_of_the_system(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(execute, "_MEMBERSHIP", tmp_path / "none")
    monkeypatch.delattr(os, "sysconf", raising=False)
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: 5)
    assert execute.usable_memory() is None
    assert execute.default_workers() == 5
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert execute.default_workers() == 1
