"""Running tasks in parallel: the only place that knows of workers.

A task is a few numbers. What all tasks share, such as a compiled plan, is a function object that is
pickled once and sent to each worker once: tasks name it by its digest, and a worker that does not
hold it answers so and is sent it with the task again.
"""

from __future__ import annotations

import hashlib
import math
import os
import pickle
import signal
import threading
import warnings
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import (
    FIRST_COMPLETED,
    BrokenExecutor,
    CancelledError,
    Executor,
    Future,
    ThreadPoolExecutor,
    wait,
)
from contextlib import contextmanager, suppress
from itertools import islice
from pathlib import Path
from typing import Any, Generic, NamedTuple, Protocol, TypeAlias, TypeVar, runtime_checkable

from gtmsim.errors import ArgumentTypeError, ExecutorError, LostWorkersWarning, check_count

T = TypeVar("T")
R = TypeVar("R")

_TRIES = 4
"""Times that a task is sent to workers that are lost with it."""

_MOST_WORKERS = 100_000

_MOST_HELD = 4
"""Functions that a worker holds: those of the last few runs."""


@runtime_checkable
class Cluster(Protocol):
    """A client of a cluster that gives an executor, as dask's ``Client`` does."""

    def get_executor(self, **options: Any) -> Executor:
        """Return an executor of ``concurrent.futures``."""


ExecutorLike: TypeAlias = Executor | Cluster
"""What ``executor=`` takes."""


_MEMBERSHIP, _CGROUPS = Path("/proc/self/cgroup"), Path("/sys/fs/cgroup")


def default_workers() -> int:
    """Return the number of cores this process may use, which a container may limit.

    Examples
    --------
    >>> default_workers() >= 1
    True
    """
    affinity = getattr(os, "sched_getaffinity", None)
    cores = len(affinity(0)) if affinity is not None else os.cpu_count() or 1
    return min([cores, *map(math.ceil, _quotas())])


def usable_memory() -> int | None:
    """Return the memory this process may use in bytes, or None where the system does not say.

    It is the machine's, or a container's if that is less: a process that takes more is killed.

    Examples
    --------
    >>> (usable_memory() or 2**40) > 2**20
    True
    """
    limits = []
    for group in _groups("memory"):
        limits += _numbers(group / "memory.max") or _numbers(group / "memory.limit_in_bytes")
    with suppress(AttributeError, ValueError, OSError):
        limits.append(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))
    return min(limits, default=None)


def _quotas() -> Iterator[float]:
    """Yield how many cores each control group of this process may use, where they are limited."""
    for group in _groups("cpu"):
        old = _numbers(group / "cpu.cfs_quota_us") + _numbers(group / "cpu.cfs_period_us")
        found = _numbers(group / "cpu.max") or old
        if len(found) == 2:
            yield found[0] / found[1]


def _groups(controller: str) -> Iterator[Path]:
    """Yield the folders of the Linux control groups of this process, from the root to its own.

    A group's limits hold for all below it. In a container the root that is seen is often the
    container's own group, while the path still names it as the machine does: such folders, which
    are not there, limit nothing.
    """
    try:
        lines = _MEMBERSHIP.read_text().splitlines()
    except (OSError, ValueError):
        return
    for line in lines:
        controllers, _, own = line.partition(":")[2].partition(":")
        # Version 2 has one tree and names no controllers; version 1 has a tree for each.
        if controllers and controller not in controllers.split(","):
            continue
        group = _CGROUPS / controller if controllers else _CGROUPS
        for name in own.split("/"):
            group /= name
            yield group


def _numbers(file: Path) -> list[int]:
    """Return the numbers in a file, none where it is not there or says "max" or -1: no limit."""
    try:
        found = [int(word) for word in file.read_text().split()]
    except (OSError, ValueError):
        return []
    return found if all(number > 0 for number in found) else []


class Crew(NamedTuple):
    """Who does the work.

    Attributes
    ----------
    size : int
        How many tasks are done at once.
    executor : Executor or Cluster, optional
        Threads of this process by default.
    """

    size: int
    executor: ExecutorLike | None = None

    @classmethod
    def of(cls, workers: int | None = None, executor: object = None) -> Crew:
        """Return who was asked for with ``workers=`` and ``executor=``.

        Raises
        ------
        ArgumentError, ArgumentTypeError
            If that is no number of workers, or neither an executor nor the client of a cluster.

        Examples
        --------
        >>> Crew.of(workers=2)
        Crew(size=2, executor=None)
        """
        if not (executor is None or isinstance(executor, Executor | Cluster)):
            rule = "must be an executor of concurrent.futures or a dask Client"
            fix = "make one, as ProcessPoolExecutor(4)"
            raise ArgumentTypeError("executor", rule, executor, fix)
        if workers is not None:
            return cls(check_count("workers", workers, high=_MOST_WORKERS), executor)
        return cls(default_workers() if executor is None else _workers_of(executor), executor)


def run_tasks(
    function: Callable[[T], R],
    tasks: Iterable[T],
    crew: Crew,
) -> Generator[R, None, None]:
    """Yield function(task) for every task as they finish, in any order.

    Kernels release the GIL, so by default threads share the cores and nothing is copied. At most
    two tasks a worker are under way, so results do not pile up. A task's error ends the run and is
    raised here. A task that is lost with its worker is sent again; where the whole executor is
    lost, what is left runs in threads of this process, with a warning.

    Parameters
    ----------
    function : callable
        With an executor it is pickled, and so are tasks and what is returned.
    tasks : iterable
    crew : Crew
        Its executor is not shut down.

    Raises
    ------
    ExecutorError
        If a task is lost with its worker four times over.

    Examples
    --------
    >>> sorted(run_tasks(abs, [-2, 1, 3], Crew.of(workers=2)))
    [1, 2, 3]
    """
    run = _Run(function, crew)
    try:
        yield from run.all(iter(tasks))
    finally:
        run.close()


class _Missing:
    """The answer of a worker that does not hold the function."""


class _Function(NamedTuple):
    """A function as it is sent to workers."""

    digest: str
    pickled: bytes


_held: dict[str, Any] = {}
"""The newest is last. There is no lock, which a fork might copy while it is held."""


def _answer(digest: str, pickled: bytes | None, task: Any) -> Any:
    """Run a task in a worker, with the function that it holds or is sent."""
    function = _held.get(digest)
    if function is None:
        if pickled is None:
            return _Missing()
        function = _held[digest] = pickle.loads(pickled)
        for oldest in list(_held)[:-_MOST_HELD]:
            _held.pop(oldest, None)
    return function(task)


class _Run(Generic[T, R]):
    """Tasks under way, wherever they are."""

    def __init__(self, function: Callable[[T], R], crew: Crew) -> None:
        self.function, self.width = function, crew.size
        self.threads: ThreadPoolExecutor | None = None
        self.elsewhere: Executor | None = None
        self.under_way: dict[Future[Any], tuple[T, int]] = {}
        if crew.executor is None:
            self.threads = ThreadPoolExecutor(crew.size, thread_name_prefix="gtmsim")
            return
        if isinstance(crew.executor, Executor):
            self.elsewhere = crew.executor
        else:
            self.elsewhere = crew.executor.get_executor(pure=False)
        pickled = pickle.dumps(function, protocol=pickle.HIGHEST_PROTOCOL)
        self.sent = _Function(hashlib.sha256(pickled).hexdigest(), pickled)

    def all(self, queue: Iterator[T]) -> Iterator[R]:
        """Yield the results of a queue's tasks as they come."""
        for task in islice(queue, 2 * self.width):
            self._submit(task, tries=1, with_function=len(self.under_way) < self.width)
        while self.under_way:
            done = wait(self.under_way, return_when=FIRST_COMPLETED).done
            while done:
                # Nothing but the caller holds a result that was handed out.
                future = done.pop()
                task, tries = self.under_way.pop(future)
                try:
                    result = future.result()
                except Exception as error:
                    if not _is_lost(error):
                        raise
                    self._again(task, tries, error)
                    continue
                finally:
                    del future
                if isinstance(result, _Missing):
                    self._submit(task, tries, with_function=True)
                    continue
                for following in islice(queue, 1):
                    self._submit(following, tries=1)
                yield result
                del result

    def close(self) -> None:
        """Give up what has not begun, and wait for what this process is at."""
        for future in self.under_way:
            future.cancel()
        if self.threads is not None:
            self.threads.shutdown()

    def _submit(self, task: T, tries: int, with_function: bool = False) -> None:
        future: Future[Any] | None = None
        if self.elsewhere is not None:
            pickled = self.sent.pickled if with_function else None
            try:
                future = self.elsewhere.submit(_answer, self.sent.digest, pickled, task)
            except BrokenExecutor as error:
                self._leave(error)
            except Exception as error:
                raise _refused(error) from error
        if future is None:
            assert self.threads is not None
            future = self.threads.submit(self.function, task)
        self.under_way[future] = (task, tries)

    def _again(self, task: T, tries: int, error: Exception) -> None:
        """Send a task again that was lost with its worker."""
        if isinstance(error, BrokenExecutor):
            self._leave(error)
        elif tries == _TRIES:
            rule = f"must finish tasks, and lost one of them {_TRIES} times"
            fix = "see why its workers die: too little memory is the usual cause"
            raise ExecutorError("executor", rule, repr(error), fix) from error
        self._submit(task, tries + 1, with_function=True)

    def _leave(self, error: Exception) -> None:
        """Go on in threads, for an executor that is broken runs nothing any more."""
        if self.elsewhere is None:
            return
        what = f"the executor lost its workers ({type(error).__name__})"
        text = f"{what}; what is left runs in threads of this process, to the same bits"
        warnings.warn(text, LostWorkersWarning, stacklevel=2)
        self.elsewhere = None
        self.threads = ThreadPoolExecutor(default_workers(), thread_name_prefix="gtmsim")


def _is_lost(error: Exception) -> bool:
    """Whether a task did not fail but was lost, with its worker or on the way."""
    lost = isinstance(error, BrokenExecutor | CancelledError | ConnectionError | EOFError)
    return lost or type(error).__module__.partition(".")[0] == "distributed"


def _refused(error: Exception) -> ExecutorError:
    """Return what is raised where an executor takes nothing."""
    fix = "keep it open until the run has ended"
    return ExecutorError("executor", "must take tasks", repr(error), fix)


def _workers_of(executor: ExecutorLike) -> int:
    """Return how many tasks an executor runs at once, as far as it says."""
    if not isinstance(executor, Executor):
        try:
            threads: dict[str, int] = getattr(executor, "nthreads", dict)()
        except Exception as error:
            raise _refused(error) from error
        return max(sum(threads.values()), 1)
    # Those of the standard library and loky, and those of mpi4py.
    known = getattr(executor, "_max_workers", None) or getattr(executor, "num_workers", None)
    return known if isinstance(known, int) and known > 0 else default_workers()


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Hold Ctrl-C back until a step is done that must not be left half done.

    Examples
    --------
    >>> with uninterrupted():
    ...     pass
    """
    before = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or not callable(before):
        yield
        return
    came: list[Any] = []
    signal.signal(signal.SIGINT, lambda *found: came.append(found))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
        if came:
            before(*came[-1])
