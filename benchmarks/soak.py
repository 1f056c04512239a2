"""Mixed calls for an hour: memory must not grow, and no call may give other bits than before.

Run it with ``python -m benchmarks.soak --minutes 60``. Every call comes again and again, with a few
plans in turn. Beside them are plans that nobody has seen, so that what is remembered of plans grows
if it has no limit. Each minute the resident memory is read, of this process and of the one worker
process that it has. The exit code is 1 if a call gives other bits than the first time, or if the
median of either memory over the last quarter is more than 5 % above that over the second quarter.
"""

from __future__ import annotations

import argparse
import ctypes
import gc
import hashlib
import io
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

import gtmsim as gtm
from gtmsim.summary import METRICS

_PLANS = 4
_MOST_GROWTH = 1.05
_MIB = 2**20


class Case(NamedTuple):
    """What a call is made with."""

    plan: gtm.Plan
    folder: Path
    executor: Executor


def _simulated(case: Case, **options: Any) -> gtm.PortfolioResult:
    return gtm.simulate_portfolio(case.plan, scenarios=20_000, rng=7, **options)


def _in_threads(case: Case) -> gtm.PortfolioResult:
    with ThreadPoolExecutor(2) as threads:
        return _simulated(case, executor=threads)


def _saved(case: Case) -> gtm.PortfolioResult:
    result = _simulated(case)
    result.save(case.folder / "saved", overwrite=True)
    return gtm.PortfolioResult.load(case.folder / "saved")


def _gone_on_with(case: Case) -> gtm.PortfolioResult:
    folder = case.folder / "checkpoint"
    shutil.rmtree(folder, ignore_errors=True)
    for scenarios in (5_000, 12_000):
        gtm.simulate_portfolio(
            case.plan, scenarios=scenarios, rng=7, keep="parquet", checkpoint=folder
        )
    return _simulated(case, keep="parquet", checkpoint=folder)


def _compared(case: Case) -> Any:
    plans = {"as it is": case.plan, "without": case.plan.replace(channels=case.plan.channels[1:])}
    return gtm.compare(plans, scenarios=10_000, rng=7).table(intervals=True)


def _history() -> pd.DataFrame:
    rng = np.random.default_rng(7)
    value = 100.0 * (rng.pareto(1.5, 60) + 1.0) * (rng.random(60) < 0.6)
    return pd.DataFrame({"spend": np.full(60, 100.0), "value": value})


def _picture(case: Case) -> bytes:
    from gtmsim.plots import overview

    picture = io.BytesIO()
    overview(_simulated(case)).savefig(picture, format="png")
    return picture.getvalue()


def _page(case: Case) -> str:
    result = _simulated(case)
    # Reports are younger than this loop.
    write = getattr(result, "to_html", None)
    if write is None:
        return result._repr_html_()
    write(case.folder / "report.html", validate=False)
    return (case.folder / "report.html").read_text(encoding="utf-8")


CALLS: dict[str, Callable[[Case], Any]] = {
    "scenarios": _simulated,
    "summary": lambda case: _simulated(case, keep="summary"),
    "threads": _in_threads,
    "process": lambda case: _simulated(case, executor=case.executor),
    "alternatives": lambda case: _simulated(
        case, alternatives={"PR": [case.plan["PR"].replace(hit_rate=x) for x in (0.1, 0.2)]}
    ),
    "until": lambda case: gtm.simulate_portfolio(
        case.plan, rng=7, until=gtm.Precision("p50", 0.02)
    ),
    "save and load": _saved,
    "checkpoint": _gone_on_with,
    "validate": lambda case: _simulated(case).validate().table,
    "units": lambda case: _simulated(case).units,
    "repr": lambda case: repr(_simulated(case)),
    "compare": _compared,
    "cash": lambda case: repr(gtm.cash(case.plan, scenarios=10_000, rng=7)),
    "fit_tail": lambda case: gtm.fit.fit_tail(_history()["value"], repetitions=100, rng=7),
    "fit_program": lambda case: gtm.fit.fit_program(_history(), preset=None, rng=7).summary(),
    "claim": lambda case: gtm.claim_probability(1.1, 500, 0.5, scenarios=1_000, rng=7),
    "picture": _picture,
    "page": _page,
}


def digest(found: Any) -> str:
    """Return a SHA-256 of numbers, texts, frames and results, to the last bit."""
    state = hashlib.sha256()

    def add(part: Any) -> None:
        if isinstance(part, gtm.PortfolioResult):
            counted = part.distributions
            for rows in (counted.totals, *counted.months.values()):
                for place in range(rows.rows):
                    row = rows.row(place)
                    add([row.counts, row.sums, row.lower, row.minimum, row.maximum])
            add(part.summary())
            if part.kept is not None or part.stored is not None:
                add([part.values(m, c) for m in METRICS for c in counted.names])
        elif isinstance(part, pd.DataFrame | pd.Series):
            add(part.to_csv(float_format="%.17g"))
        elif isinstance(part, np.ndarray):
            state.update(np.ascontiguousarray(part).tobytes())
        elif isinstance(part, list | tuple):
            for one in part:
                add(one)
        else:
            state.update(part if isinstance(part, bytes) else repr(part).encode())

    add(found)
    return state.hexdigest()


def memory(pool: ProcessPoolExecutor) -> tuple[float, float]:
    """Return the resident memory (MiB) of this process, and of a pool's worker."""
    there = pool.submit(held).result()
    return held(), there


def held() -> float:
    """Return the memory (MiB) of this process that is in use, without what is free in its heap."""
    gc.collect()
    if sys.platform == "linux":
        ctypes.CDLL(None).malloc_trim(0)
    return _resident("self")


def _resident(process: str) -> float:
    lines = Path("/proc", process, "status").read_text(encoding="utf-8").splitlines()
    line = next(line for line in lines if line.startswith("VmRSS"))
    return int(line.split()[1]) * 1024 / _MIB


def _plan(turn: int) -> gtm.Plan:
    plan = gtm.presets.example_plan()
    pr = plan["PR"].replace(hit_rate=0.05 * (turn % _PLANS + 1))
    return plan.replace(channels=[pr if c.name == "PR" else c for c in plan.channels])


def _unseen(turn: int, executor: Executor) -> None:
    """Simulate a plan of new names and laws, here and in the worker."""
    channels = [
        gtm.CampaignProgram(
            name=f"{law.family} {turn}", campaigns=20, spend=100.0, hit_rate=0.5, multiple=law
        )
        for law in (
            gtm.Pareto(tail_index=1.2 + 1e-6 * turn),
            gtm.Spliced(median=1.0, sigma=0.8, threshold=2.8 + 1e-6 * turn, tail_index=1.2),
            gtm.Empirical(values=(1.0, 2.0 + 1e-6 * turn)),
            gtm.ScipyDistribution(name="gamma", args=(2.0 + 1e-6 * turn,)),
        )
    ]
    plan = gtm.Plan(horizon=12, channels=channels)
    for place in (None, executor):
        gtm.simulate_portfolio(plan, scenarios=1_000, rng=turn, executor=place).summary()


def soak(minutes: float, folder: Path, pool: ProcessPoolExecutor) -> list[str]:
    """Make the calls for so long, print what is found each minute, and return what is wrong."""
    first: dict[tuple[str, int], str] = {}
    drifted: list[str] = []
    samples: list[tuple[float, float]] = []
    start, turn, calls = time.monotonic(), 0, 0
    print(f"{'minute':>7} {'turns':>7} {'calls':>7} {'MiB':>8} {'worker':>8} {'drifted':>8}")
    while time.monotonic() - start < 60.0 * minutes:
        case = Case(_plan(turn), folder, pool)
        for name, call in CALLS.items():
            found = digest(call(case))
            calls += 1
            if first.setdefault((name, turn % _PLANS), found) != found:
                drifted.append(f"{name}, plan {turn % _PLANS}, turn {turn}: other bits")
        _unseen(turn, pool)
        turn += 1
        passed = (time.monotonic() - start) / 60.0
        if passed >= len(samples):
            samples.append(memory(pool))
            here, there = samples[-1]
            row = f"{passed:7.1f} {turn:7,} {calls:7,} {here:8.1f} {there:8.1f} {len(drifted):8}"
            print(row, flush=True)
    return drifted + [
        f"{place}: grew"
        for place, sizes in zip(("this process", "worker"), zip(*samples, strict=True), strict=True)
        if _grew(place, sizes)
    ]


def _grew(place: str, sizes: tuple[float, ...]) -> bool:
    quarter = max(len(sizes) // 4, 1)
    before, after = median(sizes[quarter : 2 * quarter] or sizes), median(sizes[-quarter:])
    growth = 100.0 * (after / before - 1.0)
    print(
        f"{place}: {before:.1f} MiB in the second quarter, {after:.1f} in the last, {growth:+.2f} %"
    )
    return after > _MOST_GROWTH * before


def main() -> int:
    """Soak, and say whether anything is wrong."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=60.0)
    minutes = parser.parse_args().minutes
    with (
        tempfile.TemporaryDirectory() as folder,
        ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool,
    ):
        wrong = soak(minutes, Path(folder), pool)
    for line in wrong:
        print(line)
    print("FAILED" if wrong else "passed: no growth, and every call gave the same bits")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
