"""Cells as months, quarters or years; one of them for a whole column."""

from __future__ import annotations

import datetime as dt
import re
from typing import Final, NamedTuple

import numpy as np
import pandas as pd

from gtmsim.fit.reading.aliases import Header
from gtmsim.fit.reading.cells import other_digits, rows_where, text_of
from gtmsim.fit.reading.dates import month_of
from gtmsim.fit.reading.fields import dates
from gtmsim.fit.reading.sheet import Sheet

PER_YEAR: Final = {"M": 12, "Q": 4, "Y": 1}
_WORDS: Final = {"M": "months", "Q": "quarters", "Y": "years"}
_FREQ: Final = {"M": "M", "Q": "Q-DEC", "Y": "Y-DEC"}
_FISCAL = r"(?:FY|CY|'|’)?\s?"
_SHAPES: Final = [
    ("Q", re.compile(rf"{_FISCAL}(?P<year>\d{{4}}|\d{{2}})[\s\-/_.]*[QT](?P<part>[1-4])", re.I)),
    ("Q", re.compile(rf"(?:[QT](?P<part>[1-4])|(?P<other>[1-4])[QT])[\s\-/_.]*{_FISCAL}"
                     r"(?P<year>\d{4}|\d{2})", re.I)),
    ("M", re.compile(r"(?P<year>\d{4})[\-/.](?P<part>\d{1,2})")),
    ("M", re.compile(r"(?P<part>\d{1,2})[\-/.](?P<year>\d{4})")),
    ("M", re.compile(r"(?P<word>[^\W\d_]{3,})\.?[\s\-/'’]*(?:de\s)?(?P<year>\d{4}|\d{2})")),
    ("M", re.compile(r"(?P<year>\d{4})[\s\-/]*(?P<word>[^\W\d_]{3,})")),
    ("Y", re.compile(rf"{_FISCAL}(?P<year>\d{{4}})", re.I)),
]  # fmt: skip
_HEADERS: Final = {
    "M": ("month", "monat", "mois", "mes"),
    "Q": ("quarter", "quartal", "trimestre"),
    "Y": ("year", "jahr", "annee", "ano"),
}


class Span(NamedTuple):
    """A month, quarter or year."""

    unit: str
    year: int
    part: int


def parse_span(text: str) -> Span | None:
    """Return which month, quarter or year a text names; None if it names none.

    Examples
    --------
    >>> parse_span("Q3 FY24"), parse_span("2024-03"), parse_span("Mai 2024")
    (Span(unit='Q', year=2024, part=3), Span(unit='M', year=2024, part=3),
    Span(unit='M', year=2024, part=5))
    """
    if other_digits(text):
        return None
    for unit, shape in _SHAPES:
        found = shape.fullmatch(text)
        if found is None:
            continue
        parts = found.groupdict()
        year = int(parts["year"]) + (2000 if len(parts["year"]) == 2 else 0)
        if word := parts.get("word"):
            part = month_of(word) or 0
        else:
            part = int(parts.get("part") or parts.get("other") or 1)
        if 1 <= part <= 12:
            return Span(unit, year, part)
    return None


def periods(sheet: Sheet) -> tuple[pd.Series, str]:
    """Return the column of periods and its unit: "M", "Q" or "Y".

    Full dates stand for the month, quarter or year they lie in, whichever their distances show.

    Raises
    ------
    HistoryError
        If a cell names no period, or cells differ in unit.
    """
    field = "period" if sheet.has("period") else "year"
    texts = sheet.column(field).map(_text)
    spans = texts.map(parse_span)
    if spans.isna().any() and field == "period" and sheet.has("year"):
        texts = texts + " " + sheet.column("year").map(text_of)
        spans = texts.map(parse_span)
        sheet.note("year")
    if spans.isna().all():
        days = dates(sheet, field)
        unit = _unit_of(sheet, field, days)
        bad, how = days.isna(), f"dates, as {_WORDS[unit]}"
        found = days.dt.to_period(unit)
    else:
        units = spans.map(lambda span: span.unit if span else "")
        unit = units[units != ""].mode()[0]
        bad, how = units != unit, _WORDS[unit]
        found = pd.Series(
            [_period(span) if span else pd.NaT for span in spans.where(~bad, None)],
            index=texts.index,
            dtype=f"period[{_FREQ[unit]}]",
        )
    if bad.any():
        fix = "write all as 2024-01, all as 2024-Q1 or all as 2024"
        raise sheet.error(field, rows_where(bad), "must be a period, in one unit", fix)
    if texts.str.contains("FY", case=False).any() or Header.of(sheet.header(field)).key[:6] == (
        "fiscal"
    ):
        sheet.warn(f"{sheet.header(field)}: fiscal periods are read as calendar periods")
    sheet.note("period", how, source=field)
    return found.astype(f"period[{_FREQ[unit]}]"), unit


def _text(cell: object) -> str:
    return str(cell.date()) if isinstance(cell, dt.datetime) else text_of(cell)


def _period(span: Span) -> pd.Period:
    month = 3 * span.part - 2 if span.unit == "Q" else span.part
    return pd.Period(year=span.year, month=month, day=1, freq=_FREQ[span.unit])


def _unit_of(sheet: Sheet, field: str, days: pd.Series) -> str:
    key = Header.of(sheet.header(field)).key
    for unit, words in _HEADERS.items():
        if any(word in key for word in words):
            return unit
    months = np.unique((12 * days.dt.year + days.dt.month).dropna().to_numpy())
    gaps = np.diff(months)
    if not gaps.size:
        sheet.warn(f"{sheet.header(field)}: one date only, read as a month")
        return "M"
    return "Y" if not (gaps % 12).any() else "Q" if not (gaps % 3).any() else "M"
