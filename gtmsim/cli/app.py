"""The commands: what each reads, runs and hands to :mod:`gtmsim.cli.output`."""

from __future__ import annotations

import errno
import io
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

import gtmsim
from gtmsim.cli.fitting import fit
from gtmsim.cli.output import (
    Format,
    Report,
    check_folder,
    claim_case,
    claim_table,
    csv_text,
    deliver,
    note,
    portfolio,
)
from gtmsim.cli.output import show as show_report
from gtmsim.cli.replaying import replay
from gtmsim.cli.reporting import report
from gtmsim.cli.simulating import Keep, simulate
from gtmsim.errors import ArgumentError, GtmsimError, MetricError, check_number
from gtmsim.files import write_file

if TYPE_CHECKING:
    from gtmsim.result import PortfolioResult

USAGE, INTERRUPTED = 2, 130


class _Commands(TyperGroup):
    """Commands whose errors are messages and exit codes, never tracebacks."""

    def invoke(self, ctx: Any) -> Any:
        """Run a command."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt as error:
            note("\n".join(["interrupted", *_notes(error)]))
            raise typer.Exit(INTERRUPTED) from None
        except (GtmsimError, OSError) as error:
            if isinstance(error, OSError) and error.errno == errno.EPIPE:
                raise
            note("\n".join([f"error: {_message(error)}", *_notes(error)]))
            raise typer.Exit(USAGE) from None


def _message(error: Exception) -> str:
    if isinstance(error, OSError) and error.filename is not None:
        return f"{error.filename}: {error.strerror}"
    return str(error)


def _notes(error: BaseException) -> list[str]:
    """Return what was said beside an error, as where the work is kept that it interrupted."""
    return getattr(error, "__notes__", [])


app = typer.Typer(
    name="gtmsim",
    cls=_Commands,
    help="Simulate go-to-market plans: steady sales teams beside heavy-tailed campaigns.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

Scenarios = Annotated[int, typer.Option(min=1, help="Number of possible futures.")]
Seed = Annotated[int | None, typer.Option(min=0, help="Replays a run; by default a new one.")]
Workers = Annotated[int | None, typer.Option(min=1, help="Threads; by default one per core.")]
AFormat = Annotated[
    Format | None,
    typer.Option("--format", help="By default what --out ends in, or a table."),
]
OutFile = Annotated[Path | None, typer.Option(help="Write to this file: .json, .csv or .txt.")]


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"gtmsim {gtmsim.__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    """Simulate go-to-market plans: steady sales teams beside heavy-tailed campaigns."""


@app.command()
def demo(
    scenarios: Scenarios = 100_000,
    seed: Annotated[int, typer.Option(min=0, help="Replays a run.")] = 7,
    workers: Workers = None,
    out: Annotated[Path, typer.Option(help="Folder for the picture and tables.")] = Path(
        "gtmsim-demo"
    ),
) -> None:
    """Simulate the built-in plan and say when "1 % of spend brings 99 % of results" is true."""
    from gtmsim.claim import reproduce_claim
    from gtmsim.presets import example_plan

    note("The first run compiles for some seconds; later runs take the machine code from a cache.")
    result = simulate(example_plan(), scenarios, seed, workers)
    show_report(portfolio(result))
    # A part of the table that `gtmsim claim` shows, so that the demo takes seconds.
    claim = reproduce_claim((0.5, 1.002, 1.5), (1.0, 0.1, 0.01), scenarios=500, rng=seed)
    typer.echo()
    show_report(claim_table(claim))
    _write_folder(result, out, Format.CSV)
    note("next: gtmsim init plan.toml, and gtmsim report plan.toml for a page to send")


@app.command()
def run(
    plan: Annotated[Path, typer.Argument(metavar="PLAN.toml", help="See `gtmsim init`.")],
    scenarios: Annotated[
        int,
        typer.Option(
            min=1,
            help="Number of possible futures. Beyond 1,000,000 memory stays constant and quantiles "
            "are within 1/128 of themselves.",
        ),
    ] = 100_000,
    seed: Seed = None,
    workers: Workers = None,
    format: AFormat = None,  # noqa: A002 -- the option is called so
    out: Annotated[
        Path | None,
        typer.Option(help="Write to this file (.json, .csv or .txt), or tables and picture to it."),
    ] = None,
    validate: Annotated[
        bool,
        typer.Option(
            "--validate",
            help="Compare the simulation with exact answers; the exit code is 1 if it fails.",
        ),
    ] = False,
    checkpoint: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            help="Keep what is finished there; the same command goes on from it.",
        ),
    ] = None,
    memory: Annotated[
        str | None, typer.Option(help="Most memory to take, as 2GB; by default half of it.")
    ] = None,
    keep: Annotated[
        Keep | None,
        typer.Option(
            help="Of the scenarios: all in memory, all in Parquet in the folder of --checkpoint, "
            "or their distributions alone. By default all up to 1,000,000."
        ),
    ] = None,
) -> None:
    """Simulate a plan."""
    from gtmsim.plan import Plan

    folder = out is not None and (out.is_dir() or not (out.suffix or out.exists()))
    form = _format(format, None if folder else out)
    result = simulate(
        Plan.from_toml(plan),
        scenarios,
        seed,
        workers,
        keep=keep,
        checkpoint=checkpoint,
        memory=memory,
    )
    if keep == "auto":
        note(f"kept: {result.manifest['keep']}")
    if validate:
        verdict = str(result.validate())
        # Tables carry it.
        if form is not Format.TABLE and not folder:
            note(verdict)
    if out is not None and folder:
        show_report(portfolio(result))
        _write_folder(result, out, form)
    else:
        deliver(portfolio(result), form, out)
    if validate and not result.validate().passed:
        raise typer.Exit(1)


@app.command()
def claim(
    tail_index: Annotated[
        float | None, typer.Option(help="Survival exponent of a hit's multiple.")
    ] = None,
    hit_rate: Annotated[
        float | None, typer.Option(help="Probability that a campaign returns anything.")
    ] = None,
    campaigns: Annotated[int | None, typer.Option(help="Campaigns in a set.")] = None,
    spend_share: Annotated[float, typer.Option(help="This share of spend ...")] = 0.01,
    value_share: Annotated[float, typer.Option(help="... brings this share of value.")] = 0.99,
    cap: Annotated[
        float | None, typer.Option(help="The market's size: the largest multiple.")
    ] = None,
    scenarios: Annotated[
        int | None, typer.Option(min=1, help="Sets simulated; of each case, in the table.")
    ] = None,
    seed: Seed = None,
    format: AFormat = None,  # noqa: A002 -- the option is called so
    out: OutFile = None,
) -> None:
    """Say when "1 % of spend brings 99 % of results" is true.

    Without a tail index, hit rate or number of campaigns: a table over all three, beside sales.
    With any of them: that case, where the others are 1.1, 1 and 1,000.
    """
    from gtmsim.claim import claim_probability, reproduce_claim

    form = _format(format, out)
    found: Report
    if tail_index is None and hit_rate is None and campaigns is None:
        found = claim_table(
            reproduce_claim(
                spend_share=spend_share,
                value_share=value_share,
                cap=cap,
                scenarios=scenarios or 2_000,
                rng=seed,
            )
        )
    else:
        alpha = 1.1 if tail_index is None else check_number("tail_index", tail_index, low=0.1)
        case = claim_probability(
            alpha,
            1_000 if campaigns is None else campaigns,
            1.0 if hit_rate is None else hit_rate,
            spend_share,
            value_share,
            cap=cap,
            scenarios=scenarios or 10_000,
            rng=seed,
        )
        found = claim_case(case, alpha)
    deliver(found, form, out)


app.command()(fit)


app.command()(report)


app.command()(replay)


@app.command()
def init(
    path: Annotated[Path, typer.Argument(help="The file to write.")] = Path("plan.toml"),
    force: Annotated[bool, typer.Option("--force", help="Replace a file that is there.")] = False,
) -> None:
    """Write a commented plan to start from."""
    from importlib.resources import files

    if path.exists() and not force:
        raise ArgumentError(
            "path", "must name a file that is not there yet", str(path), "add --force to replace it"
        )
    template = files("gtmsim").joinpath("templates", "plan.toml").read_text(encoding="utf-8")
    write_file(path, template)
    note(f"wrote {path}; next: gtmsim run {path}, or gtmsim report {path}")


@app.command()
def schema() -> None:
    """Show the JSON schema of a plan."""
    from gtmsim.plan import Plan

    typer.echo(json.dumps(Plan.json_schema(), indent=2))


@app.command()
def presets() -> None:
    """List the presets of channels."""
    from gtmsim import presets as catalogue

    for name in catalogue.names():
        line = (catalogue.get(name).__doc__ or "").partition("\n")[0]
        typer.echo(f"{name:<20} {line.removeprefix('Return ')}")


def main() -> None:
    """Run the command line."""
    for stream in (sys.stdout, sys.stderr):
        # A name that a terminal cannot show is written as code points and stops nothing.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    app()


def _format(given: Format | None, out: Path | None) -> Format:
    """Return the format that is meant, before anything is simulated for a file that cannot be."""
    if out is not None:
        check_folder(out)
    if given is not None:
        return given
    if out is None:
        return Format.TABLE
    suffixes = {".json": Format.JSON, ".csv": Format.CSV, ".txt": Format.TABLE}
    if out.suffix.lower() not in suffixes:
        raise ArgumentError(
            "out",
            "must end in .json, .csv or .txt",
            str(out),
            "or choose a --format; gtmsim report writes .html",
        )
    return suffixes[out.suffix.lower()]


def _write_folder(result: PortfolioResult, folder: Path, form: Format) -> None:
    """Write the tables, then the picture; a plan too large for a picture keeps its tables."""
    contents: dict[str, str] = {}
    if form is Format.JSON:
        contents["result.json"] = portfolio(result).json()
    else:
        contents["summary.csv"] = csv_text(result.summary().reset_index())
        contents["by_month.csv"] = csv_text(result.by_month().reset_index())
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in contents.items():
        write_file(folder / name, content)
    written = list(contents)
    try:
        write_file(folder / "outcome.png", _picture(result))
    except MetricError as error:
        note(f"no picture: {error}")
    else:
        written.append("outcome.png")
    note(f"wrote {', '.join(written)} into {folder}")


def _picture(result: PortfolioResult) -> bytes:
    from gtmsim.plots import overview

    picture = io.BytesIO()
    overview(result).savefig(picture, format="png", dpi=180)
    return picture.getvalue()
