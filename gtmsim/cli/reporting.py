"""The command ``gtmsim report``: from a plan to a page that can be sent."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gtmsim.cli.output import check_folder, note
from gtmsim.cli.simulating import simulate
from gtmsim.errors import ArgumentError

_SUFFIXES = (".html", ".htm")


def report(
    plan: Annotated[Path, typer.Argument(metavar="PLAN.toml", help="See `gtmsim init`.")],
    out: Annotated[Path, typer.Option(help="The page to write: .html.")] = Path("report.html"),
    scenarios: Annotated[int, typer.Option(min=1, help="Number of possible futures.")] = 100_000,
    seed: Annotated[
        int | None, typer.Option(min=0, help="Replays a run; by default a new one.")
    ] = None,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Threads; by default one per core.")
    ] = None,
    validate: Annotated[
        bool | None,
        typer.Option(
            help="Compare the simulation with exact answers: the exit code is 1 if it fails. By "
            "default for plans of up to 20 channels.",
        ),
    ] = None,
    sensitivity: Annotated[
        bool,
        typer.Option(
            "--sensitivity",
            help="Say as well on which assumptions the plan hangs; takes longer.",
        ),
    ] = False,
    date: Annotated[
        str | None,
        typer.Option(help="Written on the page as it is; by default there is none."),
    ] = None,
) -> None:
    """Write a report of a plan: one HTML file, to send, read and print."""
    from gtmsim.plan import Plan

    check_folder(out)
    if out.suffix.lower() not in _SUFFIXES:
        raise ArgumentError("out", "must end in .html", str(out), "write --out report.html")
    result = simulate(Plan.from_toml(plan), scenarios, seed, workers)
    found = None
    if sensitivity:
        from gtmsim.decide import sensitivity as analyse

        metric = "p50" if result.plan.target is None else "prob_target"
        found = analyse(result.plan, metric, rng=result.seed, workers=workers)
    result.to_html(out, validate=validate, sensitivity=found, date=date)
    note(f"wrote {out}")
    if result.verdict is not None:
        note(result.verdict)
        if not result.validate().passed:
            raise typer.Exit(1)
