"""The command ``gtmsim replay``: a run again, to the same bits, and what differs if not all."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from gtmsim.cli.output import portfolio

_TABLES = ("summary", "concentration", "tail", "by_month")
"""Of what `gtmsim run --format json` writes."""

_SHOWN = 10
"""Differences that are listed."""


def replay(
    manifest: Annotated[
        Path,
        typer.Argument(
            metavar="MANIFEST",
            help="A folder of `gtmsim run --checkpoint`, the run.json in it, or what `gtmsim run "
            "--format json` wrote.",
        ),
    ],
    workers: Annotated[
        int | None, typer.Option(min=1, help="Threads; by default one per core.")
    ] = None,
) -> None:
    """Simulate a run again and say whether it is the same, to the last bit; if not, exit with 1."""
    from gtmsim.simulate.replay import read_record

    record = read_record(manifest)
    result = record.run(workers=workers)
    typer.echo(f"{result.plan.name}: {result.scenarios:,} scenarios with seed {result.seed} again")
    tables = [key for key in _TABLES if key in record.tables]
    if record.folder is None and not tables:
        typer.echo("there is nothing beside the manifest to compare them with")
        return
    if record.folder is not None:
        found = record.differences(result, workers=workers)
        compared = "all counts" + (" and every scenario" if record.has_scenarios else "")
    else:
        again = json.loads(portfolio(result).json())
        found = [
            line for key in tables for line in _differences(key, record.tables[key], again[key])
        ]
        compared = f"all of {', '.join(tables)}"
    if not found:
        typer.echo(f"equal to the last bit: {compared}")
        return
    typer.echo(f"not equal: {len(found):,} differences")
    rest = len(found) - _SHOWN
    lines = [*found[:_SHOWN], *([f"and {rest:,} more"] if rest > 0 else [])]
    typer.echo("".join(f"  {line}\n" for line in lines), nl=False)
    changes = record.changes() or ["nothing on record: then it is the files or this machine"]
    typer.echo("changed since, which may explain it:")
    typer.echo("".join(f"  {line}\n" for line in changes), nl=False)
    raise typer.Exit(1)


def _differences(name: str, there: Any, here: Any) -> Iterator[str]:
    """Yield where tables, lists and values of JSON differ."""
    if isinstance(there, dict) and isinstance(here, dict):
        pairs = [(f"{name}.{key}", there.get(key), here.get(key)) for key in {**there, **here}]
    elif isinstance(there, list) and isinstance(here, list) and len(there) == len(here):
        pairs = [(f"{name}[{i}]", a, b) for i, (a, b) in enumerate(zip(there, here, strict=True))]
    else:
        if there != here:
            yield f"{name}: {_text(there)} there, {_text(here)} here"
        return
    for pair in pairs:
        yield from _differences(*pair)


def _text(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:37]}..."
