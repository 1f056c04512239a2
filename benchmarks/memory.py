"""Peak memory of one method, in an interpreter of its own: ``peak_memory``.

Run as a module, it is that interpreter.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

from benchmarks.comparisons import OURS, PEERS, Entry
from benchmarks.jobs import JOBS

_MIB = 2**20


class Peak(NamedTuple):
    """Memory of a process (MiB): the most it held, and how much of it once its imports were done.

    The difference is what compiling and simulating took.
    """

    peak: float
    imports: float


def peak_memory(job: str, entry: Entry, scenarios: int) -> Peak:
    """Return the memory of a fresh interpreter that runs a method once."""
    return fresh_peak(["-m", "benchmarks.memory", job, entry.name, str(scenarios)])


def fresh_peak(arguments: list[str]) -> Peak:
    """Run Python with arguments and read the two numbers that it prints."""
    root = Path(__file__).parent.parent
    command = [sys.executable, *arguments]
    done = subprocess.run(command, cwd=root, check=True, stdout=subprocess.PIPE, text=True)
    peak, imports = map(float, done.stdout.split()[-2:])
    return Peak(peak, imports)


def highest() -> float:
    """Return the most memory this process has held (MiB)."""
    status = Path("/proc/self/status")
    if status.exists():
        # Not ru_maxrss: on Linux it counts the memory of the process that started this one.
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) * 1024 / _MIB
    import resource  # not on Windows

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / _MIB


def main(job: str, name: str, scenarios: str) -> None:
    """Run a method once and print the peak of memory after it and before it."""
    entry = next(entry for entry in (*OURS, *PEERS) if entry.name == name)
    method = entry.prepare(job, JOBS[job].plan)
    imports = highest()
    method(int(scenarios), 1)
    print(highest(), imports)


if __name__ == "__main__":
    main(*sys.argv[1:])
