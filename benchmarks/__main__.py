"""Measure gtmsim against its peers: ``python -m benchmarks``.

Methods take turns, round after round, on one core: a machine's speed drifts by more than what is
measured, so a ratio is the median of per-round ratios and is shown with its range. A nanosecond
figure holds for this machine on this day. Results are compared before anything is timed, and no
ratio is printed for results that disagree, or where a slightly wrong plan would have passed.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks import report as reports
from benchmarks import scaling
from benchmarks.comparisons import PACKAGES, PEERS
from benchmarks.contrasts import hit_rates, two_workers
from benchmarks.jobs import JOBS
from benchmarks.machine import describe, sentence
from benchmarks.measure import compare
from benchmarks.report import Report
from benchmarks.start_up import start_up

_FEWEST = 7
_QUICK_PACKAGES = ("numpy", "numba", "jax", "scipy")


@dataclass(frozen=True)
class Effort:
    """How thoroughly to measure."""

    rounds: int
    starts: int
    memory: bool
    part: int


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description=(__doc__ or "").split("\n\n")[0]
    )
    parser.add_argument("--jobs", nargs="+", choices=JOBS, help="these comparisons and no more")
    parser.add_argument("--peers", nargs="+", choices=PACKAGES, help="with these and no more")
    parser.add_argument("--rounds", type=int, default=9, help=f"at least {_FEWEST}")
    parser.add_argument("--quick", action="store_true", help="rough figures in under a minute")
    parser.add_argument("--scaling", action="store_true", help="curves of time against size")
    parser.add_argument(
        "--largest", type=int, default=1_000_000, help="scenarios of --scaling, up to 100,000,000"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every round")
    parser.add_argument(
        "--page",
        type=Path,
        nargs="?",
        const=Path("docs/benchmarks.md"),
        metavar="FILE",
        help="rewrite the table between the marks in docs/benchmarks.md",
    )
    parser.add_argument("--picture", type=Path, metavar="FILE", help="draw the comparisons")
    return parser


def _run_comparisons(
    report: Report, jobs: Sequence[str], packages: Sequence[str], effort: Effort
) -> None:
    peers = [peer for peer in PEERS if peer.package in packages]
    for job in jobs:
        comparison = compare(
            job, peers, rounds=effort.rounds, memory=effort.memory, part=effort.part
        )
        report.comparisons.append(comparison)
        _show(reports.comparison_text(comparison))


def _run_rest(report: Report, effort: Effort) -> None:
    for contrast in (
        hit_rates(effort.rounds, "J3"),
        hit_rates(effort.rounds, "J1"),
        two_workers(effort.rounds),
    ):
        report.contrasts.append(contrast)
        _show(reports.contrast_text(contrast))
    report.start_up.update(start_up(effort.starts))
    _show(reports.start_up_text(report.start_up))


def _run_scaling(report: Report, largest: int) -> Report:
    for curve in scaling.curves(largest):
        report.curves.append(curve)
        _show(reports.curve_text(curve))
    peak = scaling.long_run(largest)
    _show(f"Peak memory of {largest:,} scenarios: {peak.peak:.0f} MiB, {peak.imports:.0f} imports")
    return replace(report, long_run=peak)


def _show(text: str) -> None:
    print(text, end="\n\n", flush=True)


def main() -> int:
    """Run what the command line asks for and print it as it comes."""
    parser = _parser()
    arguments = parser.parse_args()
    if arguments.rounds < _FEWEST:
        parser.error(f"--rounds must be at least {_FEWEST}, got {arguments.rounds}")
    if not 1_000 <= arguments.largest <= 10**8:
        parser.error(f"--largest must be 1,000 to 100,000,000, got {arguments.largest:,}")
    if arguments.scaling and (arguments.page or arguments.picture or arguments.quick):
        parser.error("--page, --picture and --quick are of comparisons, not of --scaling")
    if arguments.page:
        try:
            reports.around_marks(arguments.page)
        except (OSError, ValueError) as error:
            parser.error(f"--page: {error}")
    report = Report(describe(), arguments.quick)
    _show(sentence(report.machine))
    if arguments.quick:
        left_out = ", ".join(p for p in PACKAGES if p not in _QUICK_PACKAGES)
        _show(f"Quick: rough figures of few rounds, without memory and, if not named, {left_out}.")
    effort = Effort(3, 1, False, 4) if arguments.quick else Effort(arguments.rounds, 9, True, 1)
    if arguments.scaling:
        report = _run_scaling(report, arguments.largest)
    else:
        packages = arguments.peers or (_QUICK_PACKAGES if arguments.quick else PACKAGES)
        _run_comparisons(report, arguments.jobs or list(JOBS), packages, effort)
        if not (arguments.jobs or arguments.peers):
            _run_rest(report, effort)
    if arguments.json:
        report.to_json(arguments.json)
    if arguments.page:
        reports.rewrite_page(arguments.page, reports.page_table(report))
    if arguments.picture:
        from benchmarks.picture import draw

        draw(report, arguments.picture)
    return 0


if __name__ == "__main__":
    sys.exit(main())
