"""Running tasks in parallel: the only place that knows of workers."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from itertools import islice
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")


def default_workers() -> int:
    """Return the number of cores this process may use.

    Examples
    --------
    >>> default_workers() >= 1
    True
    """
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity is not None else os.cpu_count() or 1


def physical_memory() -> int | None:
    """Return the machine's memory in bytes, or None where the system does not say.

    Examples
    --------
    >>> (physical_memory() or 2**40) > 2**20
    True
    """
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return None


def run_tasks(function: Callable[[T], R], tasks: Iterable[T], workers: int) -> Iterator[R]:
    """Yield function(task) for every task as they finish, in any order.

    Kernels release the GIL, so threads share the cores and nothing is copied. At most two tasks a
    worker are under way, so results do not pile up. A task's error ends the run and is raised here.

    Parameters
    ----------
    function : callable
    tasks : iterable
    workers : int

    Examples
    --------
    >>> sorted(run_tasks(abs, [-2, 1, 3], workers=2))
    [1, 2, 3]
    """
    queue = iter(tasks)
    with ThreadPoolExecutor(workers, thread_name_prefix="gtmsim") as pool:
        pending: set[Future[R]] = {pool.submit(function, t) for t in islice(queue, 2 * workers)}
        try:
            while pending:
                done, pending = wait(pending, return_when=FIRST_COMPLETED)
                for future in done:
                    pending |= {pool.submit(function, t) for t in islice(queue, 1)}
                    yield future.result()
        finally:
            for future in pending:
                future.cancel()
