"""What is paid before the first scenario, in interpreters started afresh, taking turns."""

from __future__ import annotations

import os
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
_TIMED = """
import time
start = time.perf_counter()
{code}
print(time.perf_counter() - start)
"""


def _seconds(code: str, cache: str | None = None) -> float:
    environment = dict(os.environ)
    if cache is not None:
        environment["NUMBA_CACHE_DIR"] = cache
    command = [sys.executable, "-c", _TIMED.format(code=code)]
    done = subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE, text=True)
    return float(done.stdout)


def start_up(rounds: int) -> dict[str, list[float]]:
    """Return seconds by name and round, compilation into an empty kernel cache last and once."""
    return {**_imports(rounds), **_first_call(rounds)}


def _imports(rounds: int) -> dict[str, list[float]]:
    """Time of imports, and what they cost more than pandas, round by round."""
    for code in _IMPORTS.values():
        _seconds(code)
    turns = [{name: _seconds(code) for name, code in _IMPORTS.items()} for _ in range(rounds)]
    seconds = {name: [turn[name] for turn in turns] for name in _IMPORTS}
    base, *rest = _IMPORTS
    for name in rest:
        seconds[f"{name}, less pandas"] = [turn[name] - turn[base] for turn in turns]
    return seconds


def _first_call(rounds: int) -> dict[str, list[float]]:
    """Time from a fresh interpreter to a first summary, import included."""
    with tempfile.TemporaryDirectory() as cache:
        compiling = [_seconds(_FIRST_CALL, cache)]
        cached = [_seconds(_FIRST_CALL, cache) for _ in range(rounds)]
    return {"first result, from the cache": cached, "first result, nothing compiled": compiling}
