"""Many simulations at once: from threads, after a fork, from asyncio; and never a warning."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest

import gtmsim as gtm
from gtmsim.core.streams import LANES
from gtmsim.presets import example_plan
from gtmsim.result import PortfolioResult
from gtmsim.simulate import checkpoint
from gtmsim.simulate import run as running
from tests.test_invariance import same_scenarios, same_summary

ROOT = Path(__file__).parent.parent
RUN, THREADS = 2_000, 16
SECONDS = 240
"""After which a deadlock is a deadlock, on however slow a machine."""


def plan_of(number: int) -> gtm.Plan:
    plan = example_plan()
    pr = plan["PR"].replace(hit_rate=0.02 * (number + 1), name=f"PR {number}")
    return plan.replace(channels=[*plan.channels[: 1 + number % 4], pr], horizon=12 + number)


def simulated(number: int, **options: Any) -> PortfolioResult:
    return gtm.simulate_portfolio(plan_of(number), scenarios=RUN, rng=number, **options)


def equal(one: PortfolioResult, other: PortfolioResult) -> bool:
    names = one.distributions.names
    return same_summary(one, other) and all(same_scenarios(one, other, c, RUN) for c in names)


@pytest.fixture(scope="module")
def alone() -> list[PortfolioResult]:
    return [simulated(number, workers=1) for number in range(THREADS)]


def test_threads_do_not_disturb_each_other(alone: list[PortfolioResult]) -> None:
    together = Barrier(THREADS)

    def run(number: int) -> PortfolioResult:
        together.wait()
        result = simulated(number, workers=1 + number % 3, progress=number % 2 == 0)
        result.summary()
        return result

    with ThreadPoolExecutor(THREADS) as threads:
        found = list(threads.map(run, range(THREADS)))
    assert all(map(equal, alone, found))
    assert not equal(alone[0], found[1])


def test_threads_share_an_executor(alone: list[PortfolioResult]) -> None:
    with ThreadPoolExecutor(THREADS) as threads, ThreadPoolExecutor(2) as executor:
        found = list(threads.map(lambda n: simulated(n, executor=executor), range(THREADS)))
    assert all(map(equal, alone, found))


def test_threads_save_and_load_at_once(alone: list[PortfolioResult], tmp_path: Path) -> None:
    def run(number: int) -> PortfolioResult:
        folder = tmp_path / str(number)
        simulated(number, keep=("scenarios", "parquet")[number % 2], checkpoint=folder)
        return PortfolioResult.load(folder)

    with ThreadPoolExecutor(THREADS) as threads:
        found = list(threads.map(run, range(THREADS)))
    assert all(map(equal, alone, found))


@pytest.mark.parametrize("keep", ["summary", "parquet"])
def test_a_folder_that_several_use_at_once_stays_whole(
    keep: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkpoint, "SECONDS", -1.0)
    monkeypatch.setattr(running, "_SHORTEST_TASK", LANES)

    def run(number: int) -> PortfolioResult | gtm.StorageError:
        try:
            return gtm.simulate_portfolio(
                plan_of(0), scenarios=RUN + number, rng=7, keep=keep, checkpoint=tmp_path
            )
        except gtm.StorageError as error:
            return error

    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(run, range(4)))
    errors = [str(one) for one in found if isinstance(one, gtm.StorageError)]
    results = [one for one in found if isinstance(one, PortfolioResult)]
    told = ("must be as this run left it", "must have at most the", "must be a whole file")
    assert all(any(words in error for words in told) for error in errors), errors
    assert results
    there = PortfolioResult.load(tmp_path)
    assert any(same_summary(there, result) for result in results)
    assert keep == "summary" or there.values().size == there.scenarios


def test_asyncio_runs_them_in_threads(alone: list[PortfolioResult]) -> None:
    async def run() -> list[PortfolioResult]:
        return await asyncio.gather(*(asyncio.to_thread(simulated, n) for n in range(THREADS)))

    assert all(map(equal, alone, asyncio.run(run())))


def run_python(code: str, *options: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *options, "-c", code],
        cwd=ROOT,
        env={**os.environ, "MPLBACKEND": "Agg", **variables},
        capture_output=True,
        text=True,
        timeout=SECONDS,
    )


FORKED = """
import multiprocessing, os, tempfile, threading
import gtmsim as gtm
from gtmsim.result import PortfolioResult
from gtmsim.simulate import checkpoint
from gtmsim.simulate import run as running
from tests.test_threads import equal, simulated

def saved(number):
    with tempfile.TemporaryDirectory() as folder:
        return PortfolioResult.load(simulated(number, workers=2).save(folder))

expected = [saved(number) for number in range(4)]

# A bare fork, while threads of the parent are simulating.
busy = threading.Event()
def keep_busy():
    while not busy.is_set():
        simulated(5)
threads = [threading.Thread(target=keep_busy) for _ in range(2)]
for thread in threads:
    thread.start()
for _ in range(5):
    child = os.fork()
    if child == 0:
        os._exit(0 if equal(expected[1], simulated(1, workers=2)) else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
busy.set()
for thread in threads:
    thread.join()

with multiprocessing.get_context("fork").Pool(2) as pool:
    assert all(map(equal, expected, pool.map(saved, range(4))))

from concurrent.futures import ProcessPoolExecutor
with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("fork")) as executor:
    assert equal(expected[2], simulated(2, executor=executor))
print("equal")
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_processes_that_are_forked_find_the_same_bits() -> None:
    # From Python 3.12 on, forking beside threads is warned of.
    done = run_python(FORKED, "-W", "ignore::DeprecationWarning")
    assert done.stdout == "equal\n", done.stderr


STRICT = """
import gtmsim as gtm
for name in gtm.__all__:
    getattr(gtm, name)
import io, tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
import numpy as np, pandas as pd
from gtmsim import plots

plan = gtm.presets.example_plan()
with tempfile.TemporaryDirectory() as name:
    folder = Path(name)
    gtm.Plan.from_toml_text(plan.to_toml(folder / "plan.toml"))
    for keep in ("scenarios", "summary", "parquet"):
        checkpoint = folder / keep
        result = gtm.simulate_portfolio(
            plan, scenarios=3_000, rng=7, keep=keep, checkpoint=checkpoint
        )
        repr(gtm.PortfolioResult.load(result.save(folder / f"{keep}-saved")))
    result = gtm.simulate_portfolio(plan, scenarios=3_000, rng=7, progress=True)
    result._repr_html_(), result.summary(intervals=True), result.concentration(), result.units
    plots.overview(result).savefig(io.BytesIO(), format="png")
    with ThreadPoolExecutor(2) as executor:
        gtm.simulate_portfolio(plan, scenarios=3_000, rng=7, executor=executor)
    plans = {"a": plan, "b": plan.replace(channels=plan.channels[1:])}
    repr(gtm.compare(plans, scenarios=2_000, rng=7))
    repr(gtm.cash(plan, scenarios=2_000, rng=7))
    rng = np.random.default_rng(7)
    value = 100.0 * (rng.pareto(1.5, 60) + 1.0) * (rng.random(60) < 0.6)
    repr(gtm.fit_tail(value, repetitions=100, rng=7))
    history = pd.DataFrame({"spend": 100.0, "value": value})
    repr(gtm.fit_program(history, preset=None, rng=7))
    history.assign(campaign=range(60), channel="ads").to_csv(folder / "ads.csv", index=False)

    from typer.testing import CliRunner
    from gtmsim.cli import app
    for arguments in (
        ["demo", "--scenarios", "500", "--out", str(folder / "demo")],
        ["run", str(folder / "plan.toml"), "--scenarios", "500", "--format", "csv"],
        ["run", str(folder / "plan.toml"), "--scenarios", "500", "--checkpoint", str(folder / "c")],
        ["replay", str(folder / "c")],
        ["fit", str(folder / "ads.csv")],
    ):
        done = CliRunner().invoke(app, arguments)
        assert done.exit_code == 0, (arguments, done.output, done.exception)
print("done")
"""


def test_nothing_warns_in_development_mode() -> None:
    done = run_python(STRICT, "-W", "error", "-X", "dev")
    bar = "scenarios/s"
    lines = [line for line in done.stderr.splitlines() if line.strip() and bar not in line]
    assert (done.stdout, lines) == ("done\n", []), done.stderr
