"""What ``gtmsim fit`` shows: how the file was read, what was found, and what it rests on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from gtmsim.cli.output import Report, TextTable

if TYPE_CHECKING:
    from gtmsim.fit.program import FittedProgram
    from gtmsim.fit.reading import Reading
    from gtmsim.fit.team import FittedTeam
    from gtmsim.plan import CampaignProgram, SalesTeam


def fit_report(
    fitted: FittedProgram | FittedTeam,
    reading: Reading,
    channel: CampaignProgram | SalesTeam,
    seed: int,
) -> Report:
    """Return a report of a fit; of a program also whether the claim holds.

    Parameters
    ----------
    fitted : FittedProgram or FittedTeam
    reading : Reading
        How its file was read.
    channel : CampaignProgram or SalesTeam
        The channel as it goes into a plan.
    seed : int
        Of the claim's sets.
    """
    from gtmsim.fit.parameters import parameter_texts
    from gtmsim.fit.team import FittedTeam

    summary = fitted.summary()
    data: dict[str, Any] = {
        "reading": reading.to_dict(),
        "channel": channel.model_dump(mode="json", exclude_none=True),
        "summary": summary.reset_index().to_dict("records"),
        "explanation": list(fitted.explain()),
    }
    parts: list[RenderableType] = [
        _heading(f"{reading.file} as {reading.kind}: {reading.source}"),
        _bullets(_reading_lines(reading)),
        _heading(f"\n{fitted.name}"),
        Text(),
        TextTable(parameter_texts(summary, fitted.level).reset_index()),
        Text(),
    ]
    said = fitted.explain()
    if isinstance(fitted, FittedTeam):
        if fitted.deals is not None:
            data["deals"] = fitted.deals.reset_index().to_dict("records")
    else:
        claim = fitted.claim(rng=seed)
        said = (*said, claim.verdict, *fitted.notes)
        data["notes"] = list(fitted.notes)
        data["claim"] = asdict(claim) | {"verdict": claim.verdict}
    data["provenance"] = fitted.provenance
    data["seed"] = seed
    return Report(Group(*parts, _bullets(said)), data, summary.reset_index())


def notes_of(fitted: FittedProgram | FittedTeam) -> tuple[str, ...]:
    """Return what a program left out or assumed; a team's explanation says it."""
    return getattr(fitted, "notes", ())


def _heading(text: str) -> Text:
    return Text(text, style="bold")


def _bullets(sentences: Iterable[str]) -> Table:
    grid = Table.grid(padding=(0, 1))
    for sentence in sentences:
        grid.add_row(Text("-"), Text(sentence))
    return grid


def _reading_lines(reading: Reading) -> list[str]:
    """Return what was taken for what, what was dropped and what was assumed, in short."""
    from gtmsim.fit.reading.report import row_list

    taken = []
    for name, how in reading.columns.items():
        if how["from"] is not None:
            others = f" (not {', '.join(map(repr, how['others']))})" if how["others"] else ""
            taken.append(f"{name} from {how['from']!r}{others}")
    lines = [
        f"{reading.rows_kept:,} of {reading.rows_in_file:,} rows kept.",
        f"Taken: {', '.join(taken)}.",
    ]
    lines += [f"Dropped {row_list(one['rows'])}: {one['reason']}." for one in reading.dropped]
    return [*lines, *(f"Careful: {warning}." for warning in reading.warnings)]
