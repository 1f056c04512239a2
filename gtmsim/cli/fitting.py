"""The command ``gtmsim fit``: from an export to a channel of a plan."""

from __future__ import annotations

import io
import shlex
from collections.abc import Iterable, Mapping
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gtmsim.cli.fit_report import fit_report, notes_of
from gtmsim.cli.output import Format, check_folder, deliver, note
from gtmsim.cli.plan_file import PlanFile
from gtmsim.errors import ArgumentError, check_number
from gtmsim.files import write_file

if TYPE_CHECKING:
    import pandas as pd

    from gtmsim.fit.program import FittedProgram
    from gtmsim.fit.reading import Reading
    from gtmsim.fit.team import FittedTeam
    from gtmsim.plan import CampaignProgram, SalesTeam


class Kind(StrEnum):
    """What a history is fitted as."""

    PROGRAM = "program"
    TEAM = "team"


class Family(StrEnum):
    """Laws that a hit's multiple may follow."""

    LOGNORMAL = "lognormal"
    LOMAX = "lomax"
    SPLICED = "spliced"


_ONLY = {
    "channel": Kind.PROGRAM,
    "family": Kind.PROGRAM,
    "value_per_conversion": Kind.PROGRAM,
    "margin": Kind.PROGRAM,
    "incrementality": Kind.PROGRAM,
    "cap": Kind.PROGRAM,
    "as_of": Kind.PROGRAM,
    "maturity": Kind.PROGRAM,
    "campaigns": Kind.PROGRAM,
    "spend": Kind.PROGRAM,
    "picture": Kind.PROGRAM,
    "quota": Kind.TEAM,
    "loaded_cost": Kind.TEAM,
}
"""Options that the other kind has no use for."""

_HORIZON = 24


def fit(
    history: Annotated[
        Path, typer.Argument(metavar="HISTORY", help="An export: CSV, Excel or Parquet.")
    ],
    as_: Annotated[Kind | None, typer.Option("--as", help="By default as its columns say.")] = None,
    name: Annotated[str | None, typer.Option(help="Of the channel, in the plan.")] = None,
    out: Annotated[
        Path | None,
        typer.Option(help="A plan to add the channel to, or to begin: .toml."),
    ] = None,
    channel: Annotated[str | None, typer.Option(help="Only this channel of the history.")] = None,
    preset: Annotated[
        str | None,
        typer.Option(help="What a short history is shrunk towards; none: nothing (program)."),
    ] = None,
    family: Annotated[
        Family | None, typer.Option(help="Only this law of multiples; by default all are weighed.")
    ] = None,
    value_per_conversion: Annotated[
        float | None, typer.Option(help="What one brings, where the file has no value.")
    ] = None,
    margin: Annotated[
        float | None, typer.Option(help="Share of value that the plan counts.")
    ] = None,
    incrementality: Annotated[
        float | None, typer.Option(help="Share of value that would not have come anyway.")
    ] = None,
    cap: Annotated[
        float | None, typer.Option(help="The market's size: the largest multiple.")
    ] = None,
    as_of: Annotated[
        str | None, typer.Option(metavar="DATE", help="Day of the export, as 2025-06-30.")
    ] = None,
    maturity: Annotated[
        float | None,
        typer.Option(help="Months until value is complete; younger campaigns are censored."),
    ] = None,
    campaigns: Annotated[
        int | None, typer.Option(min=1, help="In the plan; by default as in the history.")
    ] = None,
    spend: Annotated[
        float | None, typer.Option(help="Per campaign in the plan; by default the history's mean.")
    ] = None,
    quota: Annotated[float | None, typer.Option(help="Of a ramped rep, per year.")] = None,
    loaded_cost: Annotated[float | None, typer.Option(help="Of a filled seat, per year.")] = None,
    column: Annotated[
        list[str] | None,
        typer.Option(metavar="FIELD=HEADER", help="Which column is a field; may be repeated."),
    ] = None,
    horizon: Annotated[
        int | None, typer.Option(min=1, help=f"Months of a new plan; {_HORIZON} by default.")
    ] = None,
    level: Annotated[float | None, typer.Option(help="Of all intervals; 0.9 by default.")] = None,
    picture: Annotated[
        Path | None, typer.Option(metavar="FILE.png", help="Draw the fit (program).")
    ] = None,
    seed: Annotated[
        int | None, typer.Option(min=0, help="Replays a fit; by default a new one.")
    ] = None,
    format: Annotated[  # noqa: A002 -- the option is called so
        Format, typer.Option("--format", help="Of what is shown.")
    ] = Format.TABLE,
) -> None:
    """Fit a channel to a history, and put it into a plan.

    A program is fitted to an export of campaigns, a team to a quota sheet or to opportunities.
    """
    from gtmsim.seeds import resolve_seed

    given = {
        key: value
        for key, value in {
            "channel": channel,
            "preset": preset,
            "family": None if family is None else family.value,
            "value_per_conversion": value_per_conversion,
            "margin": margin,
            "incrementality": incrementality,
            "cap": cap,
            "as_of": as_of,
            "maturity": maturity,
            "campaigns": campaigns,
            "spend": spend,
            "quota": quota,
            "loaded_cost": loaded_cost,
            "level": level,
        }.items()
        if value is not None
    }
    columns = _columns(column or [])
    kind = as_ or _kind_of(history, columns)
    _check_options(kind, given | ({"picture": str(picture)} if picture else {}))
    if spend is not None:
        check_number("spend", spend, low=0.0, low_open=True)
    target = None if out is None else PlanFile.open(out)
    if target is not None and name is not None:
        target.check_name(name)
    if horizon is not None and (target is None or target.plan is not None):
        fix = "add --out with a new file" if target is None else "it is in the plan file"
        raise ArgumentError("horizon", "must be left out unless a plan is begun", horizon, fix)
    if picture is not None:
        _check_picture(picture)

    replay = resolve_seed(seed)
    frame, reading = _read(history, kind, columns, given)
    fitted = _fit(frame, kind, name, given, replay)
    new = _channel(fitted, given)
    report = fit_report(fitted, reading, new, replay)
    drawn = None if picture is None else _picture(fitted, replay)
    if target is not None:
        head: dict[str, Any] = {"horizon": horizon or _HORIZON}
        if reading.currency:
            head["currency"] = reading.currency
        command = _command(history, kind, name, given, columns, replay)
        lines = _provenance(fitted, reading, command)
        write_file(target.path, target.with_channel(new, lines, head))
    if picture is not None and drawn is not None:
        write_file(picture, drawn)
    deliver(report, format, None)
    if picture is not None:
        note(f"wrote {picture}")
    if target is None:
        note("next: add --out plan.toml to put it into a plan")
        return
    plan = target.plan
    if plan is not None and reading.currency not in (None, "$", plan.currency):
        note(f"careful: the history is in {reading.currency}, {target.path} in {plan.currency}")
    done = "wrote" if plan is None else f"added {new.name!r} to"
    note(f"{done} {target.path}; next: gtmsim run {target.path}")


def _columns(pairs: Iterable[str]) -> dict[str, str]:
    """Return header by field."""
    columns = {}
    for pair in pairs:
        field, equals, header = pair.partition("=")
        if not (field and equals and header):
            fix = "write --column spend='Net cost'"
            raise ArgumentError("column", "must be a field and a header", pair, fix)
        columns[field.strip()] = header.strip()
    return columns


def _kind_of(path: Path, columns: Mapping[str, str]) -> Kind:
    """Return what a file can be fitted as, by the fields that its headers are known for."""
    from gtmsim.fit.reading.aliases import known_keys, match_headers
    from gtmsim.fit.reading.tables import load

    kinds = {"campaigns": "spend", "reps": "rep", "opportunities": "rep"}
    headers = [str(header) for header in load(path, known_keys(list(kinds))).cells.columns]
    # Of headers that more than one kind knows, such as a name, the columns found decide.
    votes = {Kind.PROGRAM: (0, 0), Kind.TEAM: (0, 0)}
    for source, needed in kinds.items():
        match = match_headers(source, headers)
        if needed in {*match.columns, *columns}:
            kind = Kind.PROGRAM if source == "campaigns" else Kind.TEAM
            votes[kind] = max(votes[kind], (max(*match.votes.values(), 1), len(match.columns)))
    if votes[Kind.PROGRAM] != votes[Kind.TEAM]:
        return max(votes, key=votes.__getitem__)
    fix = "say --as program or --as team"
    rule = "must have a column of spend or of reps, to be told apart"
    raise ArgumentError("history", rule, ", ".join(headers), fix)


def _check_options(kind: Kind, given: Mapping[str, Any]) -> None:
    for option, value in given.items():
        if _ONLY.get(option, kind) is not kind:
            raise ArgumentError(option, f"must be left out for a {kind}", value)


def _check_picture(picture: Path) -> None:
    if picture.suffix.lower() != ".png":
        raise ArgumentError("picture", "must end in .png", str(picture))
    check_folder(picture)


def _read(
    path: Path, kind: Kind, columns: Mapping[str, str], given: Mapping[str, Any]
) -> tuple[pd.DataFrame, Reading]:
    from gtmsim.fit.reading import Reading, read_campaigns, read_opportunities, read_reps

    if kind is Kind.PROGRAM:
        each = given.get("value_per_conversion")
        frame = read_campaigns(path, columns=columns, value_per_conversion=each)
    else:
        frame = read_reps(path, columns=columns)
        if Reading.of(frame).kind == "opportunities":
            # Deals tell more than what they add up to.
            frame = read_opportunities(path, columns=columns)
    return frame, Reading.of(frame)


def _fit(
    frame: pd.DataFrame, kind: Kind, name: str | None, given: Mapping[str, Any], seed: int
) -> FittedProgram | FittedTeam:
    from gtmsim.fit.program import fit_program
    from gtmsim.fit.team import fit_team

    # The reader has valued conversions; campaigns and spend are the plan's.
    used = {k: v for k, v in given.items() if k not in ("value_per_conversion", *_PLANNED)}
    if name is not None:
        used["name"] = name
    if kind is Kind.TEAM:
        return fit_team(frame, rng=seed, **used)
    if used.get("preset") == "none":
        used["preset"] = None
    return fit_program(frame, rng=seed, **used)


_PLANNED = ("campaigns", "spend")


def _channel(
    fitted: FittedProgram | FittedTeam, given: Mapping[str, Any]
) -> CampaignProgram | SalesTeam:
    planned = {key: given[key] for key in _PLANNED if key in given}
    return fitted.channel.replace(**planned) if planned else fitted.channel


def _command(
    history: Path,
    kind: Kind,
    name: str | None,
    given: Mapping[str, Any],
    columns: Mapping[str, str],
    seed: int,
) -> str:
    """Return the command that fits the same again."""
    options = {"as": kind.value, "name": name, **given, "seed": seed}
    words = ["gtmsim", "fit", history.name]
    for key, value in options.items():
        if value is not None:
            words += [f"--{key.replace('_', '-')}", str(value)]
    for field, header in columns.items():
        words += ["--column", f"{field}={header}"]
    return shlex.join(words)


def _provenance(fitted: FittedProgram | FittedTeam, reading: Reading, command: str) -> list[str]:
    """Return where a channel is from and what was found, in paragraphs of a comment."""
    import gtmsim

    facts = fitted.provenance
    prior = facts.get("prior") or f"preset {facts['preset']}"
    return [
        f"{fitted.name}: fitted by gtmsim {gtmsim.__version__} on {date.today():%Y-%m-%d}.",
        f"File: {reading.file}, read as {reading.kind} ({reading.source}); "
        f"{reading.rows_in_file:,} rows read, {reading.rows_kept:,} kept.",
        f"SHA-256: {reading.sha256}",
        f"Method: {facts['method']}. Prior: {prior}.",
        f"Command: {command}",
        *(f"- {sentence}" for sentence in (*fitted.explain(), *notes_of(fitted))),
    ]


def _picture(fitted: FittedProgram | FittedTeam, seed: int) -> bytes:
    from gtmsim import plots
    from gtmsim.fit import FittedProgram

    # Of a team the option is refused.
    assert isinstance(fitted, FittedProgram)
    image = io.BytesIO()
    plots.fit(fitted, rng=seed).savefig(image, format="png", dpi=160)
    return image.getvalue()
