"""Campaign histories from the exports of ad platforms, CRMs and spreadsheets."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from typing import Final

import pandas as pd

from gtmsim.errors import ArgumentError, check_number
from gtmsim.fit.reading.cells import Column, rows_where, text_of
from gtmsim.fit.reading.fields import dates, labels, numbers
from gtmsim.fit.reading.report import row_list
from gtmsim.fit.reading.rows import (
    TOTAL,
    drop_footers,
    drop_labelled,
    drop_parents,
    drop_repeats,
    drop_unnamed_totals,
    label_cells,
    warn_of_sums,
)
from gtmsim.fit.reading.sheet import Sheet

_UNITS: Final = ("ad", "group", "campaign")
_PLAIN: Final = ("plain table", "ad table")


def read_campaigns(
    path: str | os.PathLike[str],
    *,
    columns: Mapping[str, str] | None = None,
    value_per_conversion: float | None = None,
) -> pd.DataFrame:
    r"""Return the campaigns in an export of Google, Meta, Microsoft, LinkedIn or Salesforce.

    CSV in any usual encoding, separator and notation, Excel and Parquet are read. Which column is
    which is told by its header; the decimal sign and the order of day and month are decided for a
    whole column. What was decided, dropped and assumed is in the report.

    Parameters
    ----------
    path : path
    columns : mapping of str to str, optional
        Header by field, where a header is not recognised or another is meant:
        ``{"spend": "Net cost"}``.
    value_per_conversion : float, optional
        What a conversion is worth (currency), if the file has no values.

    Returns
    -------
    pandas.DataFrame
        One row per row of the file: ``date`` (NaT unknown), ``channel``, ``campaign``, ``spend``
        (currency), ``conversions`` (NaN if the file has none), ``value`` (currency; NaN if it has
        none). A campaign is the finest unit that the file has: ad, ad group or ad set, campaign;
        a channel is its column or else a coarser unit. ``str(Reading.of(frame))`` is the report.

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
    ...     path = Path(folder, "meta.csv")
    ...     _ = path.write_text("Jour;Nom de la campagne;Montant dépensé (EUR);Achats\n"
    ...                         "31/01/2024;a;1.250,50;3\n", encoding="utf-8")
    ...     print(read_campaigns(path, value_per_conversion=40.0).T.to_string(header=False))
    date           2024-01-31 00:00:00
    channel                   Meta Ads
    campaign                         a
    spend                       1250.5
    conversions                    3.0
    value                        120.0
    """
    if value_per_conversion is not None:
        name = "value_per_conversion"
        value_per_conversion = check_number(name, value_per_conversion, low=0.0, low_open=True)
    sheet = Sheet(path, "campaigns", columns)
    sheet.require("spend")
    sheet.require("campaign", "ad", "group", "channel")
    names = [name for name in _UNITS if sheet.has(name)] or ["channel"]
    drop_footers(sheet)
    drop_labelled(sheet, ["date", "channel", *_UNITS])
    drop_repeats(sheet, keyed=_has_records(sheet))
    spend = numbers(sheet, "spend", blank_is_zero=True)
    drop_unnamed_totals(sheet, names, spend, ("date", "channel"))
    amounts = pd.DataFrame({"spend": spend.loc[sheet.cells.index]})
    amounts["conversions"] = math.nan
    if sheet.has("conversions"):
        amounts["conversions"] = numbers(sheet, "conversions", blank_is_zero=True, money=False)
    else:
        sheet.note("conversions", "unknown")
    amounts["value"] = _values(sheet, amounts["conversions"], value_per_conversion)
    drop_parents(sheet, amounts[["spend", "value"]])
    amounts = amounts.loc[sheet.cells.index]
    frame = amounts.assign(
        date=dates(sheet, "date"), channel=_channel(sheet), campaign=_campaign(sheet, names)
    )[["date", "channel", "campaign", *amounts]]
    warn_of_sums(sheet, frame["spend"], frame["channel"])
    _check_total(sheet, frame["spend"].sum())
    _warn(sheet, frame)
    return sheet.finish(frame)


def _has_records(sheet: Sheet) -> bool:
    """Return whether exact duplicates can only be the same record twice."""
    daily = sheet.has("date") and len(set(sheet.column("date").map(text_of))) > 1
    return daily or sheet.has("ad") or sheet.has("id")


def _values(sheet: Sheet, conversions: pd.Series, each: float | None) -> pd.Series:
    """Return the value of each row: the file's, or else so much for each conversion."""
    values = pd.Series(math.nan, index=sheet.cells.index)
    if sheet.has("value"):
        values = numbers(sheet, "value", blank_is_zero=True)
        if each is None:
            return values
        if (values > 0.0).any():
            fix = f"leave it out, or take {sheet.header('value')!r} out of the file"
            rule = "must be left out where the file has values"
            raise ArgumentError("value_per_conversion", rule, each, fix)
    elif each is None:
        sheet.note("value", "unknown")
        if sheet.has("conversions"):
            sheet.warn("no column of values: pass value_per_conversion= to say what one is worth")
        else:
            sheet.warn("no column of values or conversions: there is nothing to fit")
        return values
    if not sheet.has("conversions"):
        rule = "must have a column of conversions to multiply"
        fix = 'pass columns={"conversions": ...}'
        raise ArgumentError("value_per_conversion", rule, each, fix)
    sheet.note("value", f"{sheet.header('conversions')!r} x {each:g}", source="conversions")
    return conversions * each


def _campaign(sheet: Sheet, names: list[str]) -> pd.Series:
    """Return the finest unit, with the coarser ones before it where its name repeats."""
    finest = "campaign" if "campaign" in sheet.chosen else names[0]
    if finest == "channel":
        sheet.warn("no column of campaigns: each channel counts as one campaign")
    coarser = names[names.index(finest) + 1 :]
    if not coarser:
        unit = labels(sheet, finest)
        sheet.note("campaign", source=finest)
        return unit
    unit, above = label_cells(sheet, finest), label_cells(sheet, coarser[-1])
    for name in reversed(coarser[:-1]):
        above = (above + " / " + label_cells(sheet, name)).str.removesuffix(" / ")
    distinct = above.groupby(unit).nunique()
    again = (unit != "") & unit.isin(distinct.index[distinct > 1])
    unit = unit.mask(again, above + " / " + unit).mask(unit == "", above)
    headers = " and ".join(repr(sheet.header(name)) for name in reversed(coarser))
    how = f"after {headers} where its name repeats" if again.any() else ""
    sheet.note("campaign", how, finest)
    sheet.match.others["campaign"] = [sheet.header(name) for name in coarser]
    return unit.astype("str")


def _channel(sheet: Sheet) -> pd.Series:
    """Return the column of channels, or else the coarser unit, or else the source."""
    if sheet.has("channel"):
        return labels(sheet, "channel")
    finer = sheet.has("ad") or sheet.has("group")
    if finer and sheet.has("campaign") and "campaign" not in sheet.chosen:
        channel = labels(sheet, "campaign")
        sheet.note("channel", "the coarser unit", source="campaign")
        return channel
    source = sheet.match.source
    return labels(sheet, "channel", "campaigns" if source in _PLAIN else source)


def _check_total(sheet: Sheet, total: float) -> None:
    """Say where the file's own total is another than that of the rows kept."""
    rows = sheet.dropped.get(TOTAL, [])
    micros = "micros" in sheet.header("spend").lower()
    if len(rows) == 1 and len(sheet.decimals) < 2 and not micros:
        cells = sheet.table.cells.loc[rows, sheet.header("spend")]
        said = Column.of(cells).values("".join(sheet.decimals) or ".")[0].iloc[0]
        if abs(said - total) > 0.005 * total:
            sheet.warn(f"row {rows[0]} is a total of {said:,.2f}; the rows add up to {total:,.2f}")


def _warn(sheet: Sheet, frame: pd.DataFrame) -> None:
    """Say what about the numbers a fit should know."""
    free = frame["spend"] == 0.0
    if free.all():
        sheet.warn("spend is zero in every row")
    elif free.any():
        lucky = free & (frame["value"].fillna(frame["conversions"]) > 0.0)
        sheet.warn(f"no spend in {row_list(rows_where(free))}")
        if lucky.any():
            sheet.warn(f"value or conversions without spend in {row_list(rows_where(lucky))}")
    if len(frame) <= 5:
        sheet.warn(f"too few rows to tell luck from the channel: {len(frame)}")
    if frame["date"].isna().any():
        sheet.warn(f"no date in {row_list(rows_where(frame['date'].isna()))}")
    if sheet.has("value") or sheet.has("conversions"):
        sheet.warn("value is what the source attributes to campaigns, not what they caused")
