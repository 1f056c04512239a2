"""Opportunity histories from the exports of CRMs."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from typing import Final

import pandas as pd

from gtmsim.fit.reading.cells import rows_where, text_of
from gtmsim.fit.reading.fields import dates, flags, labels, numbers
from gtmsim.fit.reading.report import row_list
from gtmsim.fit.reading.rows import drop_footers, drop_labelled, drop_repeats
from gtmsim.fit.reading.sheet import Sheet

_WON: Final = re.compile(
    r"\b(?:closed ?)?won\b(?!['’]t)|gewonnen|gagn|ganad|ganh|vint[ao]|closedwon", re.I
)
_LOST: Final = re.compile(
    r"\b(?:closed ?)?lost\b|verloren|perd|pers[ao]\b|closedlost|disqualif|abandon|cancel|reject|"
    r"declined|no decision",
    re.I,
)


def read_opportunities(
    path: str | os.PathLike[str], *, columns: Mapping[str, str] | None = None
) -> pd.DataFrame:
    r"""Return the opportunities in an export of Salesforce, HubSpot or another CRM.

    Parameters
    ----------
    path : path
        CSV, Excel or Parquet.
    columns : mapping of str to str, optional
        Header by field: ``{"amount": "ACV"}``. Beside the fields below there are ``is_won`` and
        ``is_closed``, which go before the words of a stage.

    Returns
    -------
    pandas.DataFrame
        One row per opportunity: ``opportunity``, ``rep``, ``segment``, ``created``, ``closed`` (NaT
        while open: an expected date is left out), ``outcome`` ("won", "lost" or "open"),
        ``amount`` (currency; NaN unknown). ``str(Reading.of(frame))`` is the report.

    Raises
    ------
    HistoryError
        If there is no such table in the file, or cells break its rules; with file, row and column.
    ArgumentError, ArgumentTypeError
        If an argument breaks its rule.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "deals.csv")
    ...     _ = path.write_text("Opportunity ID,Owner,Stage,Amount,Close Date\n"
    ...                         "7,Ann,Closed Won,USD 54000.00,2024-01-31\n")
    ...     frame = read_opportunities(path)
    >>> frame[["rep", "outcome", "amount"]].to_dict("records")
    [{'rep': 'Ann', 'outcome': 'won', 'amount': 54000.0}]
    """
    return opportunities(Sheet(path, "opportunities", columns))


def opportunities(sheet: Sheet) -> pd.DataFrame:
    """Return the opportunities of a sheet."""
    sheet.require("rep")
    sheet.require("amount")
    sheet.require("outcome", "is_won")
    sheet.require("closed")
    drop_footers(sheet)
    drop_labelled(sheet, ["opportunity", "rep", "segment"])
    drop_repeats(sheet, keyed=sheet.has("opportunity"))
    if not sheet.has("opportunity"):
        named = pd.Series([f"row {row}" for row in sheet.cells.index], index=sheet.cells.index)
        sheet.note("opportunity", "the row")
    else:
        named = labels(sheet, "opportunity")
        _refuse_second(sheet, named)
    outcome = _outcome(sheet)
    closed = dates(sheet, "closed")
    missing = rows_where(closed.isna() & (outcome != "open"))
    if missing:
        fix = "fill the day in on which it was won or lost"
        raise sheet.error("closed", missing, "must be a date, as the deal is closed", fix)
    expected = rows_where(closed.notna() & (outcome == "open"))
    if expected:
        sheet.warn(
            f"{sheet.header('closed')}: dates of open deals left out in {row_list(expected)}"
        )
    frame = pd.DataFrame(
        {
            "opportunity": named.astype("str"),
            "rep": labels(sheet, "rep"),
            "segment": labels(sheet, "segment", "all"),
            "created": dates(sheet, "created"),
            "closed": closed.where(outcome != "open"),
            "outcome": outcome,
            "amount": numbers(sheet, "amount", blank_is_zero=False),
        }
    )
    backwards = rows_where(frame["closed"] < frame["created"])
    if backwards:
        sheet.warn(f"closed before they were created: {row_list(backwards)}")
    return sheet.finish(frame)


def _refuse_second(sheet: Sheet, named: pd.Series) -> None:
    """Refuse an id that stands for several rows; names may repeat."""
    ids = sheet.header("opportunity").lower().replace(" ", "").replace("_", "")
    again = named.duplicated() & (named != "(blank)")
    if ids.endswith("id") and again.any():
        fix = "export one row per opportunity, without its products or contacts"
        raise sheet.error("opportunity", rows_where(again), "must stand in one row only", fix)


def _outcome(sheet: Sheet) -> pd.Series:
    """Return "won", "lost" or "open", by the flags if there are any and else by the stage."""
    stage = pd.Series("", index=sheet.cells.index)
    if sheet.has("outcome"):
        stage = sheet.column("outcome").map(text_of)
    won, lost = stage.str.contains(_WON), stage.str.contains(_LOST)
    field = "is_won" if sheet.has("is_won") else "outcome"
    if field == "is_won":
        won = flags(sheet, "is_won")
        sheet.require("is_closed", "outcome")
        if sheet.has("is_closed"):
            lost = flags(sheet, "is_closed")
    how = ""
    outcome = pd.Series("open", index=sheet.cells.index, dtype="str")
    outcome = outcome.mask(lost, "lost").mask(won, "won").astype("str")
    if field == "outcome":
        names = {one: sorted(set(stage[outcome == one])) for one in ("won", "lost", "open")}
        if not names["won"] and not names["lost"]:
            fix = 'export "Is Closed Won" too, or pass columns={"is_won": ...}'
            rule = "must have stages that say won or lost"
            raise sheet.error("outcome", list(map(int, outcome.index)), rule, fix)
        how = "; ".join(f"{one}: {', '.join(map(repr, names[one]))}" for one in names if names[one])
    if not (outcome == "won").any():
        sheet.warn("no deal was won")
    sheet.note("outcome", how, source=field)
    return outcome
