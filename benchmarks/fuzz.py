"""Random plans and changed inputs for as long as you like: each must end in a result or our error.

    python -m benchmarks.fuzz --plans 10000 --inputs 1000000 --histories 50000

Work comes in batches of their own seeds: the same batch is the same inputs. ``--first 40`` goes on
from batch 40, and several processes take ranges of their own. Findings go to a file, one JSON
object a line, with the input and how it ended.
"""

from __future__ import annotations

import argparse
import collections
import contextlib
import functools
import json
import resource
import signal
import sys
import tempfile
import time
import traceback
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np

from gtmsim.errors import GtmsimError
from gtmsim.plan import Plan

BATCHES: Final = {"plans": 50, "inputs": 5_000, "histories": 500}
"""Inputs in a batch, by what they are."""

PLAN_SCENARIOS: Final = 64
SECONDS: Final = {"plans": 300.0, "inputs": 3.0, "histories": 5.0}
"""Processor time that one input may take; plans are validated, a minute for each total at most."""

MEMORY: Final = {"plans": 6_000, "inputs": 500, "histories": 500}
"""Megabytes that one input may add to the peak."""


class Count:
    """Counts outcomes, and writes findings down.

    Parameters
    ----------
    kind : str
        One of BATCHES.
    file : path
        Where findings go.
    """

    def __init__(self, kind: str, file: Path) -> None:
        self.kind, self.file = kind, file
        self.outcomes: collections.Counter[str] = collections.Counter()

    def run(self, batch: int, attempt: Callable[[], str], shown: Callable[[], str]) -> None:
        """Make one attempt; whatever is no outcome is a finding."""
        before = _peak()
        try:
            with _limit(SECONDS[self.kind]):
                outcome = attempt()
            if _peak() - before > MEMORY[self.kind]:
                raise MemoryError(f"{_peak() - before} MB")
        except (Exception, RecursionError) as error:
            outcome = "FINDING"
            self._write(batch, error, _text(shown))
        self.outcomes[outcome] += 1

    def _write(self, batch: int, error: Exception, shown: str) -> None:
        trace = traceback.format_exc().splitlines()
        finding = {
            "kind": self.kind,
            "batch": batch,
            "error": f"{type(error).__name__}: {error}"[:500],
            "trace": trace[-12:],
            "input": shown,
        }
        with self.file.open("a", encoding="utf-8") as file:
            file.write(json.dumps(finding) + "\n")


@contextlib.contextmanager
def _limit(seconds: float) -> Iterator[None]:
    """Interrupt what takes more processor time than this."""

    def stop(*_: Any) -> None:
        raise TimeoutError(f"more than {seconds:g} s")

    signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0.0)


def _text(shown: Callable[[], str]) -> str:
    try:
        return shown()[:100_000]
    except (ValueError, RecursionError) as error:
        return f"cannot be written: {error}"


def _peak() -> int:
    """Return the process's peak of memory in megabytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def run_plans(count: Count, batch: int, size: int) -> None:
    """Simulate random plans that are legal, to the ends of what is."""
    from hypothesis import HealthCheck, Phase, given, seed, settings

    from tests.robustness.consistency import check_plan
    from tests.strategies import plans

    number = 0

    @seed(batch)
    @settings(
        max_examples=size,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(plans(wide=True))
    def simulate(plan: Plan) -> None:
        nonlocal number
        number += 1

        def attempt() -> str:
            try:
                check_plan(plan, PLAN_SCENARIOS, thorough=number % 10 == 0)
            except GtmsimError as error:
                return f"{type(error).__name__}: {error}"[:90]
            return "consistent"

        count.run(batch, attempt, plan.to_json)

    simulate()


def run_inputs(count: Count, batch: int, size: int) -> None:
    """Read changed plans, tables of plans, or histories."""
    from tests.robustness import inputs

    luck = np.random.default_rng([batch, list(BATCHES).index(count.kind)])
    change = inputs.changed_history if count.kind == "histories" else inputs.changed_plan
    read = inputs.history_outcome if count.kind == "histories" else inputs.plan_outcome
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(size):
            if count.kind == "inputs" and luck.random() < 0.2:
                tables = inputs.changed_tables(luck)
                attempt = functools.partial(_table_outcome, tables)
                shown = functools.partial(repr, tables)
            else:
                name, data = change(luck)
                attempt = functools.partial(_outcome, read, name, data, Path(folder))
                shown = functools.partial("{}: {!r}".format, name, data)
            count.run(batch, attempt, shown)


def _outcome(read: Callable[..., str], name: str, data: bytes, folder: Path) -> str:
    return f"{name}: {read(name, data, folder)}"


def _table_outcome(tables: dict[str, Any]) -> str:
    from tests.robustness import inputs

    return f"tables: {inputs.tables_outcome(tables)}"


def main() -> None:
    """Run the batches that were asked for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.fuzz", description=__doc__)
    for kind, size in BATCHES.items():
        parser.add_argument(f"--{kind}", type=int, default=0, help=f"in batches of {size:,}")
    parser.add_argument("--first", type=int, default=0, help="the first batch")
    parser.add_argument("--findings", type=Path, default=Path("findings.jsonl"))
    given = parser.parse_args()
    warnings.simplefilter("error")
    failed = 0
    for kind, size in BATCHES.items():
        count, start = Count(kind, given.findings), time.perf_counter()
        last = given.first + -(-getattr(given, kind) // size)
        for batch in range(given.first, last):
            (run_plans if kind == "plans" else run_inputs)(count, batch, size)
            done, spent = sum(count.outcomes.values()), time.perf_counter() - start
            print(
                f"{kind} batch {batch} of {given.first} to {last - 1}: {done:,} in {spent:,.0f} s, "
                f"{count.outcomes['FINDING']} findings",
                flush=True,
            )
        failed += count.outcomes["FINDING"]
        for outcome, number in count.outcomes.most_common():
            print(f"  {number:>9,}  {outcome}")
    sys.exit(min(failed, 1))


if __name__ == "__main__":
    main()
