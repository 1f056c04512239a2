"""One picture of the comparisons: how long a draw takes by each method."""

from __future__ import annotations

from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from benchmarks.comparisons import KERNEL
from benchmarks.jobs import JOBS
from benchmarks.measure import Comparison, Spread, digits
from benchmarks.report import Report
from gtmsim.plots import BLUE, GREY

_ROW = 0.27  # inches
_LABEL = 20.0  # room for labels: so many times the longest bar


def draw(report: Report, file: Path) -> None:
    """Write a figure with a panel for each job, all with one axis."""
    heights = [len(comparison.rows) for comparison in report.comparisons]
    figure = Figure(figsize=(8.0, _ROW * sum(heights) + 0.8 * len(heights)), layout="constrained")
    panels: list[Axes] = figure.subplots(
        len(heights), sharex=True, squeeze=False, height_ratios=heights
    )[:, 0].tolist()
    for ax, comparison in zip(panels, report.comparisons, strict=True):
        _bars(ax, comparison)
    medians = [Spread.of(row.ns).median for c in report.comparisons for row in c.rows]
    panels[-1].set_xlim(0.5 * min(medians), _LABEL * max(medians))
    panels[-1].xaxis.set_major_formatter("{x:g}")
    panels[-1].set_xlabel("ns per nominal draw, one core (logarithmic)")
    figure.savefig(file, dpi=150)


def _bars(ax: Axes, comparison: Comparison) -> None:
    job = JOBS[comparison.job]
    rows = sorted(comparison.rows, key=lambda row: Spread.of(row.ns).median, reverse=True)
    medians = [Spread.of(row.ns).median for row in rows]
    labels = [digits(median) for median in medians]
    for place, row in enumerate(rows):
        if row.package != KERNEL.package and KERNEL.name in row.ratios:
            ratio = digits(Spread.of(row.ratios[KERNEL.name]).median)
            labels[place] += f"   kernel {ratio} times as fast"
    colors = [BLUE if row.package == KERNEL.package else GREY for row in rows]
    bars = ax.barh([row.method for row in rows], medians, color=colors)
    ax.bar_label(bars, labels, padding=4, fontsize=8)
    ax.set_xscale("log")
    ax.set_title(f"{job.name}: {job.title}", loc="left", fontsize=10)
    ax.spines[["top", "right"]].set_visible(False)
