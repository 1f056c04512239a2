"""The table of comparisons for pytest-benchmark: ``pytest benchmarks/bench_suite.py``.

Methods do not take turns here, so ratios between them are rougher than ``python -m benchmarks``.
"""

from __future__ import annotations

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from benchmarks.agreement import disagreements
from benchmarks.comparisons import KERNEL, OURS, PEERS, Entry
from benchmarks.jobs import JOBS
from benchmarks.measure import one_core

# A peer's own warnings are not ours to forbid.
pytestmark = pytest.mark.filterwarnings("default")

CASES = [
    pytest.param(job, entry, id=f"{job}-{entry.name}")
    for job in JOBS
    for entry in (*OURS, *PEERS)
    if job in entry.jobs
]


@pytest.mark.parametrize(("job", "entry"), CASES)
def test_speed(benchmark: BenchmarkFixture, job: str, entry: Entry) -> None:
    if not entry.installed:
        pytest.skip(f"{entry.package} is not installed")
    scenarios = entry.scenarios(job)
    with one_core():
        method = entry.prepare(job, JOBS[job].plan)
        method(scenarios, 0)
        benchmark.group = JOBS[job].name
        benchmark.extra_info["draws"] = scenarios * JOBS[job].draws
        benchmark.pedantic(method, args=(scenarios, 1), rounds=7)


@pytest.mark.parametrize(("job", "entry"), CASES)
def test_agrees(job: str, entry: Entry) -> None:
    if not entry.installed:
        pytest.skip(f"{entry.package} is not installed")
    scenarios = JOBS[job].scenarios
    outcome = entry.prepare(job, JOBS[job].plan)(scenarios, 1)
    ours = KERNEL.prepare(job, JOBS[job].plan)(scenarios, 2)
    wrong = KERNEL.prepare(job, JOBS[job].control)(scenarios, 3)
    assert not disagreements(ours, outcome)
    assert disagreements(wrong, outcome)
