"""A team's history month by month: who was there, how long since the start, and at what quota."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from gtmsim.core._types import Floats, Ints

RAMPED = 600
"""Tenure, in months, of whoever was there before the file begins and has no start date."""

ENOUGH = 8
"""Reps from which a history speaks alone; a smaller team is filled up with the preset's."""

_NEVER = np.iinfo(np.int64).min // 4
_MONTH_DAYS = 30.4375
_MONTHS_IN = {"M": 1, "Q": 3, "Y": 12}
"""Months in a period."""


@dataclass(frozen=True)
class Ledger:
    """Rows of a history, and the months in them in which the rep was there.

    Attributes
    ----------
    reps : tuple of str
    frequency : str
        "M", "Q" or "Y": months, quarters or years.
    rep : array (row,) of int
        Place in ``reps``.
    bookings : array (row,)
    row : array (month,) of int
        Row of each month that somebody worked.
    quarter : array (month,) of int
        Its calendar quarter.
    tenure : array (month,) of int
        Whole months since the rep started, by the middle of what was worked; RAMPED if unknown.
    part : array (month,)
        Share of the month in which the rep was there.
    quota : array (month,)
        What a ramped rep would be asked for in the whole month; NaN if no quota is known.
    months : array (rep,)
        Time at risk of leaving, in months.
    left : array (rep,) of bool
        Whether the rep left within the history.
    tenure_at_end : array (rep,)
        Months since the start, at the end of the history, or since the first row if the start is
        unknown.
    start_known : array (rep,) of bool
        Whether the rep's start is known, as a date or because the first row comes late.
    """

    reps: tuple[str, ...]
    frequency: str
    rep: Ints
    bookings: Floats
    row: Ints
    quarter: Ints
    tenure: Ints
    part: Floats
    quota: Floats
    months: Floats
    left: npt.NDArray[np.bool_]
    tenure_at_end: Floats
    start_known: npt.NDArray[np.bool_]


def open_ledger(frame: pd.DataFrame) -> Ledger:
    """Return the ledger of a checked history.

    Parameters
    ----------
    frame : DataFrame
        Columns rep, segment, period, start, end, quota, bookings, as `check_reps` returns it; and
        ``first`` and ``last``, the first and the last day of the file that count in each period.

    Returns
    -------
    Ledger

    Notes
    -----
    A rep of unknown start who first shows after the file's first period started with the first row;
    one of unknown end whose rows stop before the last period left after the last row.
    """
    rep, names = pd.factorize(frame["rep"], sort=True)
    start, end, left = _careers(frame, rep, len(names))
    frequency = frequency_of(frame)
    length = months_in_period(frame)

    month0 = frame["period"].dt.start_time.to_numpy().astype("datetime64[M]").astype(np.int64)
    row = np.repeat(np.arange(len(frame)), length)
    month = np.repeat(month0, length) + np.tile(np.arange(length), len(frame))
    opens = month.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
    closes = (month + 1).astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
    # Days count from the morning of the first to the evening of the last.
    begin = np.maximum.reduce([opens, start[rep][row], _days(frame["first"])[row]])
    stop = np.minimum.reduce([closes, end[rep][row], _days(frame["last"])[row] + 1])
    part = np.maximum(stop - begin, 0) / (closes - opens)
    known = start > _NEVER
    since = (begin + stop) / 2.0 - start[rep][row]
    tenure = np.where(known[rep][row], np.floor(since / _MONTH_DAYS), RAMPED)
    tenure = np.clip(tenure, 0, RAMPED).astype(np.int64)
    quota = frame["quota"].to_numpy(dtype=np.float64) / length

    first = np.full(len(names), np.iinfo(np.int64).max)
    np.minimum.at(first, rep, np.maximum(_days(frame["first"]), start[rep]))
    close = int(_days(frame["last"]).max()) + 1
    here = part > 0.0
    worked = np.bincount(row[here], minlength=len(frame)) > 0
    return Ledger(
        reps=tuple(map(str, names)),
        frequency=frequency,
        rep=rep.astype(np.int64),
        bookings=np.where(worked, frame["bookings"].to_numpy(dtype=np.float64), 0.0),
        row=row[here],
        quarter=month[here] // 3,
        tenure=tenure[here],
        part=part[here],
        quota=quota[row[here]],
        months=np.maximum(np.minimum(end, close) - first, 0) / _MONTH_DAYS,
        left=left,
        tenure_at_end=(close - np.where(known, start, first)) / _MONTH_DAYS,
        start_known=known,
    )


def frequency_of(frame: pd.DataFrame) -> str:
    """Return "M", "Q" or "Y": the frequency of a history's periods."""
    return str(frame["period"].dtype).removeprefix("period[")[0]


def months_in_period(frame: pd.DataFrame) -> int:
    """Return the months in a period of a history."""
    return _MONTHS_IN[frequency_of(frame)]


def sums(values: Floats, group: Ints, size: int) -> Floats:
    """Return the sums (row of values, group) of values (row of values, item) or (item,)."""
    rows = [np.bincount(group, weights=row, minlength=size) for row in np.atleast_2d(values)]
    return np.stack(rows)


def _days(dates: pd.Series[Any]) -> Ints:
    """Return dates as days since 1970; a missing one lies long ago."""
    day = dates.to_numpy().astype("datetime64[D]")
    return np.where(np.isnat(day), _NEVER, day.astype(np.int64))


def _careers(frame: pd.DataFrame, rep: Ints, n: int) -> tuple[Ints, Ints, npt.NDArray[np.bool_]]:
    """Return each rep's first day, the day after the last one, and whether the rep left."""
    first = np.full(n, np.iinfo(np.int64).max)
    last, start, end = np.full((3, n), _NEVER)
    np.minimum.at(first, rep, _days(frame["first"]))
    np.maximum.at(last, rep, _days(frame["last"]) + 1)
    np.maximum.at(start, rep, _days(frame["start"]))
    np.maximum.at(end, rep, _days(frame["end"]) + 1)
    opening, close = first.min(), last.max()
    start = np.where((start == _NEVER) & (first > opening), first, start)
    unknown = end <= _NEVER + 1
    end = np.where(unknown, np.where(last < close, last, close + 1), end)
    return start, end, end <= close
