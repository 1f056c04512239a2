"""Cells as dates. Which of two numbers is the day is decided for a whole column, never per cell."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from dataclasses import dataclass
from typing import Final, NamedTuple

import pandas as pd

from gtmsim.fit.reading.cells import BLANKS, other_digits, rows_where, text_of

DAY_FIRST: Final = "day first"
MONTH_FIRST: Final = "month first"
UNIT: Final = "datetime64[us]"

# English, German, French, Spanish, Portuguese, Italian, Dutch; the first letters that tell them.
_MONTHS = (
    "jan ene gen", "feb fev fév", "mar mär mrz mrt maa", "apr abr avr", "may mai mag mei",
    "jun juin giu", "jul juil lug", "aug ago aoû aou", "sep set", "oct okt out ott", "nov",
    "dec dez déc dic",
)  # fmt: skip
_TIME = re.compile(
    r"[T,\s]+\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?\s*(?:[AaPp]\.?[Mm]\.?)?\s*"
    r"(?:Z|UTC|GMT|[+\-]\d{2}:?\d{2})?$"
)
_YEAR_FIRST = re.compile(r"(\d{4})[-/.](\d{1,2})(?:[-/.](\d{1,2}))?")
_COMPACT = re.compile(r"((?:19|20)\d{2})(\d{2})(\d{2})")
_YEAR_LAST = re.compile(r"(\d{1,2})([-/.])\s?(\d{1,2})[-/.]\s?(\d{4}|\d{2})")
_EPOCH = re.compile(r"\d{12,13}")
_WORDS = re.compile(r"[^\W\d_]+|\d+")
_LONGEST: Final = 100
"""Characters of the longest date with its time; a longer text is none."""


class Either(NamedTuple):
    """A date whose day and month may be either way round."""

    first: int
    second: int
    year: int
    sign: str

    def date(self, order: str) -> dt.date | None:
        """Return the date in an order; None if there is no such day."""
        day, month = (self.first, self.second)[:: 1 if order == DAY_FIRST else -1]
        return _date(self.year, month, day)

    @property
    def order(self) -> str:
        """The order that it shows; empty if it may be either."""
        if self.first > 12:
            return DAY_FIRST
        return MONTH_FIRST if self.second > 12 else ""


def parse_date(text: str) -> dt.date | Either | None:
    """Return what date a text is; None if it is none. Times of day are left out.

    Examples
    --------
    >>> parse_date("2024-03-31T10:00:00Z"), parse_date("31 mars 2024")
    (datetime.date(2024, 3, 31), datetime.date(2024, 3, 31))
    >>> parse_date("03/04/24")
    Either(first=3, second=4, year=2024, sign='/')
    """
    if len(text) > _LONGEST or other_digits(text):
        return None
    text = _TIME.sub("", text.strip())
    if found := _YEAR_FIRST.fullmatch(text) or _COMPACT.fullmatch(text):
        return _date(int(found[1]), int(found[2]), int(found[3] or 1))
    if found := _YEAR_LAST.fullmatch(text):
        return Either(int(found[1]), int(found[3]), _year(found[4]), found[2])
    if _EPOCH.fullmatch(text):
        return (dt.datetime(1970, 1, 1) + dt.timedelta(milliseconds=int(text))).date()
    return _named(text)


def month_of(word: str) -> int | None:
    """Return the number of the month that a word names, in any of seven languages.

    Examples
    --------
    >>> month_of("Sept"), month_of("août"), month_of("Mai"), month_of("hello")
    (9, 8, 5, None)
    """
    word = word.lower()
    if word.startswith(("juin", "juil")):
        return 6 if word.startswith("juin") else 7
    for number, starts in enumerate(_MONTHS, 1):
        if word.startswith(tuple(starts.split())):
            return number
    return None


def _named(text: str) -> dt.date | None:
    words = _WORDS.findall(unicodedata.normalize("NFC", text))
    digits = [word for word in words if word.isdecimal()]
    months = [month for word in words if not word.isdecimal() if (month := month_of(word))]
    if len(months) != 1 or len(text) > 40:
        return None
    if len(digits) == 2:
        day, year = digits if len(digits[1]) in (2, 4) and len(digits[0]) < 3 else digits[::-1]
        return _date(_year(year), months[0], int(day)) if len(day) < 3 else None
    # A month alone is its first day.
    return _date(_year(digits[0]), months[0], 1) if len(digits) == 1 else None


def _year(digits: str) -> int:
    return int(digits) + (2000 if len(digits) == 2 else 0)


def _date(year: int, month: int, day: int) -> dt.date | None:
    try:
        return dt.date(year, month, day)
    except ValueError:
        return None


@dataclass(frozen=True)
class DateColumn:
    """A column whose cells are to be dates.

    Attributes
    ----------
    cells : pandas.Series
        Of objects; the index is the row.
    parsed : dict of str to date, Either or None
        By text.
    """

    cells: pd.Series
    parsed: dict[str, dt.date | Either | None]

    @classmethod
    def of(cls, cells: pd.Series) -> DateColumn:
        """Take the texts of a column apart."""
        texts = {text_of(cell) for cell in cells if not isinstance(cell, dt.date)}
        return cls(cells, {text: parse_date(text) for text in texts if text.lower() not in BLANKS})

    def showing(self, order: str) -> list[int]:
        """Return the rows that show an order; those that may have either for an empty one."""
        texts = {
            text
            for text, found in self.parsed.items()
            if isinstance(found, Either) and found.order == order
        }
        return rows_where(self.cells.map(text_of).isin(texts))

    @property
    def sign(self) -> str:
        """What stands between day and month; empty where that is not asked."""
        signs = (found.sign for found in self.parsed.values() if isinstance(found, Either))
        return next(signs, "")

    @property
    def of_firsts(self) -> str:
        """The order in which all are the first of a month, of several; empty if none is."""
        pairs = {(d.first, d.second) for d in self.parsed.values() if isinstance(d, Either)}
        for order, day in ((DAY_FIRST, 0), (MONTH_FIRST, 1)):
            if len(pairs) > 1 and {pair[day] for pair in pairs} == {1}:
                return order
        return ""

    def values(self, order: str) -> tuple[pd.Series, list[int]]:
        """Return the dates, NaT where blank, and the rows of cells that are none."""
        by_text: dict[str, dt.date | None] = {
            text: found.date(order) if isinstance(found, Either) else found
            for text, found in self.parsed.items()
        }
        found = [
            _date(cell.year, cell.month, cell.day)
            if isinstance(cell, dt.date)
            else by_text.get(text_of(cell))
            for cell in self.cells
        ]
        dates = pd.Series(pd.DatetimeIndex(found), index=self.cells.index, dtype=UNIT)
        filled = ~self.cells.map(text_of).str.lower().isin(BLANKS)
        return dates, rows_where(dates.isna() & filled)
