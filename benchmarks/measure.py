"""Time the methods of a comparison in turns, once their results have been seen to agree."""

from __future__ import annotations

import time

import numpy as np
import numpy.typing as npt
from agreement import disagreements
from comparisons import Comparison
from numpy_peers import Method


def _times(methods: dict[str, Method], scenarios: int, rounds: int) -> npt.NDArray[np.float64]:
    """Seconds of each method in each round, (method, round); who begins a round changes."""
    seconds = np.empty((len(methods), rounds))
    order = list(enumerate(methods.values()))
    for turn in range(rounds):
        for place, method in order[turn % len(order) :] + order[: turn % len(order)]:
            start = time.perf_counter()
            method(scenarios, turn + 1)
            seconds[place, turn] = time.perf_counter() - start
    return seconds


def _objections(comparison: Comparison, methods: dict[str, Method], scenarios: int) -> list[str]:
    """Run every method once, which also compiles it, and say what speaks against comparing."""
    reference, *rest = (methods[name](scenarios, seed) for seed, name in enumerate(methods))
    found = [
        f"{name}: {line}"
        for name, outcome in zip(list(methods)[1:], rest, strict=True)
        for line in disagreements(reference, outcome)
    ]
    wrong = next(iter(comparison.methods.values()))(comparison.job.control)
    if not disagreements(reference, wrong(scenarios, len(methods))):
        found.append(
            "a slightly wrong plan agrees too, so agreement says nothing: use more scenarios"
        )
    return found


def table(comparison: Comparison, scenarios: int, rounds: int) -> str:
    """Return a comparison as a Markdown table under a heading."""
    job = comparison.job
    prepared = {**comparison.methods, **comparison.baselines}
    methods = {name: prepare(job.plan) for name, prepare in prepared.items()}
    lines = [f"### {job.title}", "", f"{scenarios:,} scenarios, {rounds} rounds, one thread."]
    lines += [job.note] if job.note else []
    objections = _objections(comparison, methods, scenarios)
    seconds = _times(methods, scenarios, rounds)
    heads = ["method", "ns per draw"]
    if objections:
        lines += ["", "No ratios, because:", *(f"- {o}" for o in objections)]
    else:
        lines += ["", "Ratios are how many times as fast a method is as the column's."]
        heads += [f"/ {name}" for name in comparison.baselines]
    rows = [heads]
    for place, name in enumerate(methods):
        row = [name, f"{np.median(seconds[place]) / (scenarios * job.draws) * 1e9:.2f}"]
        for base in comparison.baselines if not objections else ():
            ratios = seconds[list(methods).index(base)] / seconds[place]
            row.append(f"{np.median(ratios):.2f} ({ratios.min():.2f}..{ratios.max():.2f})")
        rows.append(row)
    return "\n".join([*lines, "", *_markdown(rows)])


def _markdown(rows: list[list[str]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    rows = [rows[0], ["-" * width for width in widths], *rows[1:]]
    return [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |"
        for row in rows
    ]
