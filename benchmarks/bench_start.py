"""Measure what is paid before the first scenario: ``python benchmarks/bench_start.py``.

Every figure comes from interpreters started afresh, taking turns. Compilation is measured with an
empty kernel cache in a temporary folder. ``--memory`` adds the peak memory of a very long run that
keeps only its summary.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile

_IMPORTS = {
    "import pandas": "import pandas",
    "import gtmsim": "import gtmsim",
    "import gtmsim, all its names": "import gtmsim; [getattr(gtmsim, n) for n in gtmsim.__all__]",
    "import gtmsim, simulate_portfolio": "from gtmsim import simulate_portfolio",
}
_FIRST_CALL = """
import gtmsim as gtm
plan = gtm.presets.example_plan()
gtm.simulate_portfolio(plan, scenarios=1_000, rng=7, workers=1, progress=False).summary()
"""
_LONG_RUN = """
import resource
import gtmsim as gtm
result = gtm.simulate_portfolio(
    gtm.presets.example_plan(), scenarios={scenarios}, rng=7, keep="summary", progress=False
)
result.summary()
# Kilobytes on Linux, bytes on macOS.
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, file=sys.stderr)
"""
_TIMED = """
import sys, time
start = time.perf_counter()
{code}
print(time.perf_counter() - start)
"""


def _run(code: str, cache: str | None = None) -> subprocess.CompletedProcess[str]:
    environment = dict(os.environ)
    if cache is not None:
        environment["NUMBA_CACHE_DIR"] = cache
    command = [sys.executable, "-c", _TIMED.format(code=code)]
    return subprocess.run(command, env=environment, check=True, capture_output=True, text=True)


def _seconds(code: str, cache: str | None = None) -> float:
    return float(_run(code, cache).stdout)


def _report(what: str, values: list[float]) -> None:
    print(f"{what:50} {statistics.median(values):7.2f} s  ({min(values):.2f}..{max(values):.2f})")


def imports(rounds: int) -> None:
    """Time of an import, and what it costs more than pandas: medians of per-round differences."""
    for code in _IMPORTS.values():
        _seconds(code)
    seconds = [{name: _seconds(code) for name, code in _IMPORTS.items()} for _ in range(rounds)]
    for name in _IMPORTS:
        _report(name, [turn[name] for turn in seconds])
    base = next(iter(_IMPORTS))
    for name in list(_IMPORTS)[1:]:
        _report(f"  {name}, less pandas", [turn[name] - turn[base] for turn in seconds])


def first_call(rounds: int) -> None:
    """Time from a fresh interpreter to a first summary, import included."""
    with tempfile.TemporaryDirectory() as cache:
        _report("first result, nothing compiled", [_seconds(_FIRST_CALL, cache)])
        _report(
            "first result, from the cache", [_seconds(_FIRST_CALL, cache) for _ in range(rounds)]
        )


def memory(scenarios: int) -> None:
    """Peak memory of a run that keeps only its summary."""
    done = _run(_LONG_RUN.format(scenarios=scenarios))
    peak = int(done.stderr.split()[-1]) / (2**20 if sys.platform == "darwin" else 2**10)
    print(f"{scenarios:,} scenarios, keep='summary': {peak:.0f} MiB, {float(done.stdout):.0f} s")


def main() -> int:
    """Print one line for each figure."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--memory", action="store_true", help="also the memory of a long run")
    parser.add_argument("--scenarios", type=int, default=10_000_000, help="of the long run")
    arguments = parser.parse_args()
    for name in ("rounds", "scenarios"):
        if getattr(arguments, name) < 1:
            parser.error(f"--{name} must be at least 1, got {getattr(arguments, name)}")
    imports(arguments.rounds)
    first_call(arguments.rounds)
    if arguments.memory:
        memory(arguments.scenarios)
    return 0


if __name__ == "__main__":
    sys.exit(main())
