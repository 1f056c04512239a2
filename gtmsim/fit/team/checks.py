"""What the history of a team must be, checked once, at the door."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import pandas as pd

from gtmsim.errors import HistoryError, Problem

REPS = ("rep", "segment", "period", "start", "end", "quota", "bookings")
OPPORTUNITIES = ("opportunity", "rep", "segment", "created", "closed", "outcome", "amount")
OUTCOMES = ("won", "lost", "open")

_FREQUENCIES = ("period[M]", "period[Q-DEC]", "period[Y-DEC]")
_FEWEST_REPS, _FEWEST_PERIODS = 3, 2
_SHOWN = 5
"""Rows of one kind of problem that are listed."""

Rows = tuple[Iterable[Any], str, str | None]


def check_reps(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a history of reps with plain columns and dates, or raise all that is wrong with it.

    Parameters
    ----------
    frame : DataFrame
        Columns rep, segment, period, start, end, quota and bookings.

    Returns
    -------
    DataFrame
        The same rows, numbered from 0, in order of rep and period. A rep's start and end stand in
        all of its rows; a quota of 0 is unknown.

    Raises
    ------
    HistoryError
    """
    _must_have(frame, REPS)
    _check_periods(frame["period"])
    start, end = _dates(frame, "start"), _dates(frame, "end")
    quota = _numbers(frame, "quota")
    bookings = _numbers(frame, "bookings")
    problems = [
        *_names(frame["rep"]),
        *_rows(frame, "bookings", ~(bookings >= 0.0), "must be a number of at least 0"),
        *_rows(frame, "bookings", bookings == np.inf, "must be finite"),
        *_rows(frame, "quota", (quota < 0.0) | (quota == np.inf), "must be finite and at least 0"),
        *_rows(frame, "end", end < start, "must not be before the start"),
        *_repeated(frame),
        *_unsteady(frame, "start", start),
        *_unsteady(frame, "end", end),
    ]
    if not problems:
        problems = list(_too_little(frame["rep"], frame["period"], bookings, "bookings"))
    if problems:
        raise HistoryError(problems)
    tidy = frame.assign(
        rep=frame["rep"].astype(str),
        segment=frame["segment"].fillna("").astype(str),
        quota=quota.where(quota > 0.0),
        bookings=bookings,
        start=start.groupby(frame["rep"]).transform("min"),
        end=end.groupby(frame["rep"]).transform("max"),
    )
    return tidy[list(REPS)].sort_values(["rep", "period"], ignore_index=True)


def check_opportunities(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a history of opportunities with plain columns, or raise all that is wrong with it.

    Parameters
    ----------
    frame : DataFrame
        Columns opportunity, rep, segment, created, closed, outcome and amount.

    Returns
    -------
    DataFrame
        The same rows, numbered from 0.

    Raises
    ------
    HistoryError
    """
    _must_have(frame, OPPORTUNITIES)
    created, closed = _dates(frame, "created"), _dates(frame, "closed")
    amount = _numbers(frame, "amount")
    outcome = frame["outcome"]
    known = outcome.isin(OUTCOMES)
    over = outcome.isin(("won", "lost"))
    problems = [
        *_names(frame["rep"]),
        *_rows(frame, "outcome", ~known, f"must be one of {', '.join(OUTCOMES)}"),
        *_rows(frame, "amount", (amount < 0.0) | (amount == np.inf), "must be finite, at least 0"),
        *_rows(frame, "closed", over & closed.isna(), "must be a date for what is won or lost"),
        *_rows(frame, "closed", closed < created, "must not be before it was created"),
    ]
    if not problems:
        won = outcome == "won"
        month = closed[over].dt.to_period("M")
        problems = list(_too_little(frame["rep"], month, amount[won], "amount of won ones"))
    if problems:
        raise HistoryError(problems)
    tidy = frame.assign(
        rep=frame["rep"].astype(str),
        segment=frame["segment"].fillna("").astype(str),
        created=created,
        closed=closed.where(over),
        amount=amount,
    )
    return tidy[list(OPPORTUNITIES)].reset_index(drop=True)


def _must_have(frame: pd.DataFrame, columns: tuple[str, ...]) -> None:
    missing = [column for column in columns if column not in frame.columns]
    if missing:
        rule = f"must have the columns {', '.join(columns)}"
        found = ", ".join(map(str, frame.columns)) or "none"
        raise HistoryError(
            [Problem("history", rule, found, f"add {', '.join(missing)}; NaN where unknown")]
        )


def _check_periods(period: pd.Series[Any]) -> None:
    if str(period.dtype) in _FREQUENCIES:
        if not period.isna().any():
            return
        rule, value = "must be given in all rows", "NaT"
    elif isinstance(period.dtype, pd.PeriodDtype):
        rule, value = "must be months, quarters or years that end in December", str(period.dtype)
    else:
        kinds = sorted({str(p.freqstr) for p in period if isinstance(p, pd.Period)})
        mixed = len(kinds) > 1
        rule = "must be of one frequency" if mixed else "must be pandas periods"
        value = ", ".join(kinds) if mixed else str(period.dtype)
    raise HistoryError([Problem("history, period", rule, value, "see pandas.PeriodIndex")])


def _dates(frame: pd.DataFrame, column: str) -> pd.Series[Any]:
    try:
        return pd.to_datetime(frame[column]).dt.normalize()
    except (TypeError, ValueError, AttributeError):
        value = str(frame[column].dtype)
        raise HistoryError([Problem(f"history, {column}", "must be dates", value)]) from None


def _numbers(frame: pd.DataFrame, column: str) -> pd.Series[Any]:
    try:
        return frame[column].astype(np.float64)
    except (TypeError, ValueError):
        value = str(frame[column].dtype)
        raise HistoryError([Problem(f"history, {column}", "must be numbers", value)]) from None


def _rows(frame: pd.DataFrame, column: str, wrong: pd.Series[Any], rule: str) -> Iterator[Problem]:
    where = np.flatnonzero(wrong.to_numpy(dtype=bool))
    for place in where[:_SHOWN]:
        path = f"history, row {frame.index[place]}, {column}"
        rest = where.size - _SHOWN
        fix = f"and {rest} rows more" if rest > 0 and place == where[_SHOWN - 1] else None
        yield Problem(path, rule, _shown(frame[column].iloc[place]), fix)


def _shown(value: Any) -> Any:
    if isinstance(value, pd.Timestamp):
        return str(value.date())
    return value.item() if isinstance(value, np.generic) else value


def _names(rep: pd.Series[Any]) -> Iterator[Problem]:
    yield from _rows(rep.to_frame("rep"), "rep", rep.isna(), "must be named")


def _repeated(frame: pd.DataFrame) -> Iterator[Problem]:
    again = frame.duplicated(["rep", "period"])
    where = np.flatnonzero(again.to_numpy())
    for place in where[:_SHOWN]:
        rep, period = frame["rep"].iloc[place], frame["period"].iloc[place]
        same = (frame["rep"] == rep) & (frame["period"] == period)
        rows = ", ".join(map(str, frame.index[same.to_numpy()]))
        path = f"history, rows {rows}"
        yield Problem(path, "must be one row a rep and period", f"{rep}, {period}", "add them up")


def _unsteady(frame: pd.DataFrame, column: str, date: pd.Series[Any]) -> Iterator[Problem]:
    by = date.groupby(frame["rep"])
    several = by.min() < by.max()
    for rep in several.index[several][:_SHOWN]:
        days = sorted({str(day.date()) for day in date[frame["rep"] == rep].dropna()})
        fix = "name who was hired again as a rep of its own"
        yield Problem(
            f"history, rep {rep}, {column}", "must be one date a rep", ", ".join(days), fix
        )


def _too_little(
    rep: pd.Series[Any], period: pd.Series[Any], money: pd.Series[Any], what: str
) -> Iterator[Problem]:
    reps, periods = rep.nunique(), period.nunique()
    if reps < _FEWEST_REPS:
        fix = "with so few take a preset"
        yield Problem("history, rep", f"must be at least {_FEWEST_REPS} reps", reps, fix)
    if periods < _FEWEST_PERIODS:
        rule = f"must be at least {_FEWEST_PERIODS} periods"
        yield Problem("history, period", rule, periods, "luck shows only where periods repeat")
    if not (money > 0.0).any():
        yield Problem("history", f"must have {what} above 0", 0.0)
