"""Measure gtmsim against its peers: ``python benchmarks/run.py``.

Methods take turns, round after round, on one thread: a machine's speed drifts by more than what is
measured, so a ratio is the median of per-round ratios and is shown with its range. A nanosecond
figure holds for this machine on this day. Results are compared before anything is timed, and no
ratio is printed for results that disagree, or where a slightly wrong plan would have passed.
"""

from __future__ import annotations

import argparse
import os
import sys

for library in ("OMP", "OPENBLAS", "MKL", "BLIS", "VECLIB_MAXIMUM"):
    os.environ[f"{library}_NUM_THREADS"] = "1"


def main() -> int:
    """Print one table for each job."""
    # Not before: numpy reads the number of threads when it is imported.
    from comparisons import COMPARISONS
    from measure import table

    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--jobs", nargs="+", choices=COMPARISONS, default=list(COMPARISONS))
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--scenarios", type=int, help="instead of the job's own")
    arguments = parser.parse_args()
    for name in ("rounds", "scenarios"):
        count = getattr(arguments, name)
        if count is not None and count < 1:
            parser.error(f"--{name} must be at least 1, got {count}")
    for name in arguments.jobs:
        comparison = COMPARISONS[name]
        scenarios = arguments.scenarios or comparison.job.scenarios
        print(table(comparison, scenarios, arguments.rounds), end="\n\n", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
