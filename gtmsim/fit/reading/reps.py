"""Histories of sales reps, from quota sheets or from the opportunities that they closed."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping

import pandas as pd

from gtmsim.errors import HistoryError, Problem
from gtmsim.fit.reading.aliases import Header, fields_of, known_keys, match_headers
from gtmsim.fit.reading.cells import rows_where
from gtmsim.fit.reading.dates import UNIT
from gtmsim.fit.reading.fields import dates, labels, numbers, shares
from gtmsim.fit.reading.opportunities import opportunities
from gtmsim.fit.reading.periods import PER_YEAR, periods
from gtmsim.fit.reading.report import row_list
from gtmsim.fit.reading.rows import (
    drop_footers,
    drop_labelled,
    drop_repeats,
    drop_unnamed_totals,
)
from gtmsim.fit.reading.sheet import Sheet
from gtmsim.fit.reading.tables import Table, load

_COLUMNS = ["rep", "segment", "period", "start", "end", "quota", "bookings"]


def read_reps(
    path: str | os.PathLike[str], *, columns: Mapping[str, str] | None = None
) -> pd.DataFrame:
    r"""Return what reps booked by month, quarter or year, from a quota sheet or from opportunities.

    Of a quota sheet without bookings, attainment times quota is taken for them. Of an export of
    opportunities the won amounts are added up by rep and quarter of closing, with a row for each
    quarter between a rep's first and last activity.

    Parameters
    ----------
    path : path
        CSV, Excel or Parquet.
    columns : mapping of str to str, optional
        Header by field: ``{"bookings": "Net new ARR"}``.

    Returns
    -------
    pandas.DataFrame
        One row per rep and period: ``rep``, ``segment``, ``period`` (months, quarters or years),
        ``start`` (hired; NaT unknown; of opportunities the first activity), ``end`` (left; NaT
        still there or unknown), ``quota`` (currency, of that period; NaN unknown), ``bookings``
        (currency, in that period). ``str(Reading.of(frame))`` is the report.

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
    ...     path = Path(folder, "quota.csv")
    ...     _ = path.write_text("Rep,Quarter,Quota,Attainment\nAnn,Q1 2024,200000,87%\n")
    ...     read_reps(path)[["rep", "period", "bookings"]].to_dict("records")
    [{'rep': 'Ann', 'period': Period('2024Q1', 'Q-DEC'), 'bookings': 174000.0}]
    """
    named = frozenset(
        Header.of(header).key for header in (columns or {}).values() if isinstance(header, str)
    )
    table = load(path, known_keys(["reps", "opportunities"]) | named)
    if _holds_opportunities(table, columns or {}):
        return _from_opportunities(Sheet(path, "opportunities", columns, table))
    return _from_quotas(Sheet(path, "reps", columns, table))


def _holds_opportunities(table: Table, columns: Mapping[str, str]) -> bool:
    """Return whether rows are deals: they have an outcome, and no quotas stand beside them."""
    of_deals, of_reps = (set(fields_of(kind)) for kind in ("opportunities", "reps"))
    if set(columns) & (of_deals ^ of_reps):
        return bool(set(columns) & (of_deals - of_reps))
    headers = list(map(str, table.cells.columns))
    deals = match_headers("opportunities", headers).columns.keys()
    reps = match_headers("reps", headers).columns.keys()
    quotas = reps & {"quota", "annual_quota", "attainment"}
    return bool(deals & {"outcome", "is_won"}) and {"closed", "amount"} <= deals and not quotas


def _from_opportunities(sheet: Sheet) -> pd.DataFrame:
    deals = opportunities(sheet)
    first = deals[["created", "closed"]].min(axis=1)
    last = deals[["created", "closed"]].max(axis=1)
    active = deals.assign(first=first, last=last).dropna(subset=["first"])
    if active.empty:
        rows = [int(row) for row in sheet.cells.index]
        raise sheet.error("closed", rows, "must have deals that are closed, or days of creation")
    spans = active.groupby("rep").agg(
        segment=("segment", lambda names: names.mode()[0]),
        first=("first", "min"),
        last=("last", "max"),
    )
    parts = [
        pd.DataFrame(
            {
                "rep": rep,
                "segment": span["segment"],
                "period": pd.period_range(span["first"], span["last"], freq="Q-DEC"),
                "start": span["first"],
            }
        )
        for rep, span in spans.iterrows()
    ]
    won = deals[deals["outcome"] == "won"]
    booked = won["amount"].groupby([won["rep"], won["closed"].dt.to_period("Q-DEC")]).sum()
    frame = pd.concat(parts, ignore_index=True)
    key = pd.MultiIndex.from_frame(frame[["rep", "period"]])
    frame["bookings"] = booked.reindex(key, fill_value=0.0).to_numpy()
    frame = frame.assign(end=pd.Series(pd.NaT, index=frame.index, dtype=UNIT), quota=math.nan)
    unknown = int(won["amount"].isna().sum())
    if unknown:
        sheet.warn(f"won deals of unknown amount, which count as zero bookings: {unknown:,}")
    if len(deals[["rep", "segment"]].drop_duplicates()) > len(spans):
        sheet.warn("a rep of several segments counts in the most frequent one")
    sheet.warn("quota is unknown; start is the first activity in the file, not the hire date")
    sheet.note("bookings", "won amounts by quarter of closing", source="amount")
    sheet.note("period", "quarter of closing", source="closed")
    sheet.note("start", "first activity of the rep")
    sheet.note("end", "unknown")
    sheet.note("quota", "unknown")
    return sheet.finish(frame.astype({"rep": "str", "segment": "str", "start": UNIT})[_COLUMNS])


def _from_quotas(sheet: Sheet) -> pd.DataFrame:
    sheet.require("rep")
    sheet.require("period", "year")
    sheet.require("bookings", "attainment")
    drop_footers(sheet)
    drop_labelled(sheet, ["rep", "segment", "period"])
    drop_repeats(sheet, keyed=True)
    quota = None
    for name in ("quota", "annual_quota"):
        if sheet.has(name) and quota is None:
            quota = numbers(sheet, name, blank_is_zero=False)
    booked = numbers(sheet, "bookings", blank_is_zero=True) if sheet.has("bookings") else None
    leading = booked if booked is not None else quota
    if leading is not None:
        drop_unnamed_totals(sheet, ["rep"], leading, ("period", "segment"))
    period, unit = periods(sheet)
    if quota is None:
        sheet.note("quota", "unknown")
        quota = pd.Series(math.nan, index=sheet.cells.index)
    elif not sheet.has("quota"):
        sheet.note("quota", f"divided by {PER_YEAR[unit]}", source="annual_quota")
        quota = quota / PER_YEAR[unit]
    quota = quota.loc[sheet.cells.index]
    if booked is None:
        booked = _attained(sheet, quota)
    frame = pd.DataFrame(
        {
            "rep": labels(sheet, "rep"),
            "segment": labels(sheet, "segment", "all"),
            "period": period,
            "start": dates(sheet, "start"),
            "end": dates(sheet, "end"),
            "quota": quota,
            "bookings": booked.loc[sheet.cells.index],
        }
    )
    again = frame.duplicated(["rep", "segment", "period"])
    if again.any():
        fix = "add up the rows of a rep and period"
        raise sheet.error("rep", rows_where(again), "must have one row per period", fix)
    stay = frame.groupby("rep")["period"].max() == frame["period"].max()
    if frame["end"].isna().all() and stay.all():
        sheet.warn("no rep leaves in this file: if leavers were taken out, reps look better")
    return sheet.finish(frame)


def _attained(sheet: Sheet, quota: pd.Series) -> pd.Series:
    """Return attainment times quota."""
    if not (sheet.has("quota") or sheet.has("annual_quota")):
        where = f"{sheet.where}, {sheet.header('attainment')}"
        rule = "must have a quota beside it, or bookings instead"
        fix = "add a column of quotas or of bookings"
        raise HistoryError([Problem(where, rule, "attainment only", fix)])
    attainment = shares(sheet, "attainment")
    blank = attainment.isna()
    if blank.any():
        where = row_list(rows_where(blank))
        sheet.warn(f"{sheet.header('attainment')}: blank cells read as zero in {where}")
    missing = rows_where(quota.isna() & (attainment > 0.0))
    if missing:
        name = "quota" if sheet.has("quota") else "annual_quota"
        raise sheet.error(name, missing, "must be a number, as bookings are attainment x quota")
    how = f"{sheet.header('attainment')!r} x quota"
    sheet.note("bookings", how, source="attainment")
    return (attainment.fillna(0.0) * quota).fillna(0.0)
