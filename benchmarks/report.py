"""What was measured, as text, as JSON, and as the table of docs/benchmarks.md."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.comparisons import KERNEL, OURS
from benchmarks.contrasts import Contrast
from benchmarks.jobs import JOBS
from benchmarks.machine import Description, sentence
from benchmarks.measure import Comparison, Row, Spread, digits
from benchmarks.memory import Peak
from benchmarks.scaling import Curve

BEGIN, END = "<!-- benchmarks -->", "<!-- /benchmarks -->"


@dataclass(frozen=True)
class Report:
    """All that a run of the suite measured; parts that it left out are empty."""

    machine: Description
    quick: bool
    comparisons: list[Comparison] = field(default_factory=list)
    contrasts: list[Contrast] = field(default_factory=list)
    start_up: dict[str, list[float]] = field(default_factory=dict)
    curves: list[Curve] = field(default_factory=list)
    long_run: Peak | None = None

    def to_json(self, file: Path) -> None:
        """Write everything, each round by itself."""
        content: dict[str, Any] = asdict(self)
        for entry, curve in zip(content["curves"], self.curves, strict=True):
            entry |= {"slope": curve.slope, "last_slope": curve.last_slope}
        file.write_text(json.dumps(content, indent=2) + "\n")


def comparison_text(comparison: Comparison) -> str:
    """Return a job's table under its heading, and what was skipped or disagreed."""
    job = JOBS[comparison.job]
    lines = [
        f"### {job.name}: {job.title}",
        "",
        f"{comparison.rounds} interleaved rounds on one core.",
    ]
    lines += [job.note] if job.note else []
    lines.append("Ratios are how many times as fast ours are as the method of the row.")
    rows = [["method", "scenarios", "ns per draw", *(our.name for our in OURS)]]
    measured = all(row.memory for row in comparison.rows)
    rows[0] += ["peak MiB", "of it imports"] if measured else []
    for row in comparison.rows:
        cells = [row.method, f"{row.scenarios:,}", _ns(row)]
        cells += [_ratio(row, our.name) for our in OURS]
        cells += [f"{m:.0f}" for m in row.memory or ()]
        rows.append(cells)
    lines += ["", *markdown(rows)]
    reasons = [f"- {row.method}: {line}" for row in comparison.rows for line in row.objections]
    lines += ["", "No ratio where answers disagree:", *reasons] if reasons else []
    skipped = [f"skipped: {name} ({why})" for name, why in comparison.skipped.items()]
    return "\n".join([*lines, *([""] if skipped else []), *skipped])


def contrast_text(contrast: Contrast) -> str:
    """Return lines of names and values, and of the ratio."""
    lines = [f"  {name}: {Spread.of(values)}" for name, values in contrast.values.items()]
    return "\n".join(
        [contrast.title, *lines, f"  {contrast.ratio_of}: {Spread.of(contrast.ratios)}"]
    )


def start_up_text(seconds: dict[str, list[float]]) -> str:
    """Return a line for each figure."""
    lines = [f"  {name}: {Spread.of(values)}" for name, values in seconds.items()]
    return "\n".join(["Start-up: seconds, in fresh interpreters", *lines])


def curve_text(curve: Curve) -> str:
    """Return a line for each point, and the slopes."""
    lines = [f"  {n:>11,} {s:10.4g} s" for n, s in zip(curve.sizes, curve.seconds, strict=True)]
    slopes = f"  log-log slope {curve.slope:.2f}, between the last two {curve.last_slope:.2f}"
    return "\n".join([f"Time against {curve.title}", *lines, slopes])


def page_table(report: Report) -> str:
    """Return one table of all jobs, methods down and jobs across."""
    names = list(dict.fromkeys(row.method for c in report.comparisons for row in c.rows))
    rows = [["method", *(JOBS[c.job].name for c in report.comparisons)]]
    for name in names:
        cells = []
        for comparison in report.comparisons:
            row = next((row for row in comparison.rows if row.method == name), None)
            cells.append(_cell(row) if row else "")
        rows.append([name, *cells])
    rounds = min(c.rounds for c in report.comparisons)
    return "\n".join(
        [
            *markdown(rows),
            "",
            "Nanoseconds per nominal draw on one core; in brackets, how many times as fast the",
            f"kernel and `simulate_portfolio` are, medians of {rounds} interleaved rounds.",
            f"{sentence(report.machine)}.",
        ]
    )


def around_marks(file: Path) -> tuple[str, str]:
    """Return what stands before and after the place of the table in a file.

    Raises
    ------
    ValueError
        If the file does not have both marks, in order, once each.
    """
    before, begin, rest = file.read_text().partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end or BEGIN in rest or END in before + after:
        raise ValueError(f"{file} must have {BEGIN} and then {END}, once each")
    return before, after


def rewrite_page(file: Path, table: str) -> None:
    """Put a table between the two marks in a file."""
    before, after = around_marks(file)
    file.write_text(f"{before}{BEGIN}\n{table}\n{END}{after}")


def markdown(rows: Sequence[Sequence[str]]) -> list[str]:
    """Return rows of cells, the first the heads, as lines of a Markdown table."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    rows = [rows[0], ["-" * width for width in widths], *rows[1:]]
    return [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |"
        for row in rows
    ]


def _ns(row: Row) -> str:
    return digits(Spread.of(row.ns).median)


def _ratio(row: Row, our: str) -> str:
    if our not in row.ratios:
        return "-"
    return "" if row.method in (KERNEL.name, our) else str(Spread.of(row.ratios[our]))


def _cell(row: Row) -> str:
    if row.package == "gtmsim":
        return _ns(row)
    if not row.ratios:
        return f"{_ns(row)} (answers disagree)"
    ratios = ", ".join(digits(Spread.of(rounds).median) for rounds in row.ratios.values())
    return f"{_ns(row)} ({ratios})"
