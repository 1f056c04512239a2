"""Cells as numbers and flags. The decimal sign is decided for a whole column, never per cell."""

from __future__ import annotations

import decimal
import math
import numbers
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import pandas as pd

from gtmsim.fit.reading.aliases import SYMBOLS, currency_of

BLANKS: Final = frozenset({"", "-", "--", "—", "–", "null"})
"""What stands for "nothing" in a column of numbers or dates; "n/a" does not."""

_LONGEST: Final = 200
"""Characters of the longest amount; a longer text is none."""

_UNIT = "|".join(["[A-Z]{3}", *sorted(map(re.escape, SYMBOLS), key=len, reverse=True)])
_AMOUNT = re.compile(
    rf"(?P<sign>[+\-−]?)\s*(?P<before>{_UNIT})?\s*(?P<second>[+\-−]?)\s*"
    r"(?P<digits>[.,]?\d[\d.,'’\s]*)(?P<exponent>[eE][+\-]?\d+)?\s*"
    rf"(?P<after>%|{_UNIT})?"
)
_SPACED = re.compile(r"\d{1,3}(?:['’\s]\d{3})+(?:[.,]\d*)?")
_PLAIN = re.compile(r"\d+(?:\.\d*)?|\.\d+")
_GROUPED: Final = {
    sign: re.compile(rf"\d{{1,3}}(?:{re.escape(sign)}\d{{2,3}})*{re.escape(sign)}\d{{3}}")
    for sign in ".,"
}
_OTHER: Final = {".": ",", ",": "."}
_YES: Final = "true yes y 1 ja oui sí si sim wahr vrai verdadeiro verdadero"
_NO: Final = "false no n 0 nein non não nao falsch faux falso"
_FLAGS: Final = dict.fromkeys(_YES.split(), True) | dict.fromkeys(_NO.split(), False)


class Amount(NamedTuple):
    """A cell that looks like a number, taken apart."""

    digits: str
    exponent: str
    negative: bool
    currency: str
    percent: bool

    @classmethod
    def of(cls, text: str) -> Amount | None:
        """Return the parts of a text; None if it is no number in any notation.

        Examples
        --------
        >>> Amount.of("-1.234,50 €")
        Amount(digits='1.234,50', exponent='', negative=True, currency='EUR', percent=False)
        >>> Amount.of("12k") is None
        True
        """
        if len(text) > _LONGEST or other_digits(text):
            return None
        inner = text[1:-1] if text[:1] == "(" and text[-1:] == ")" else text
        found = _AMOUNT.fullmatch(inner.strip())
        if found is None:
            return None
        digits, before, after = found["digits"].strip(), found["before"], found["after"]
        if _SPACED.fullmatch(digits):
            digits = re.sub(r"['’\s]", "", digits)
        units = [unit for unit in (before, after) if unit and unit != "%"]
        if re.search(r"['’\s]", digits) or any(not currency_of(unit) for unit in units):
            return None
        minus = bool({found["sign"], found["second"]} & {"-", "−"})
        currency = currency_of(units[0]) if units else ""
        negative = minus or inner is not text
        return cls(digits, found["exponent"] or "", negative, currency, after == "%")

    @property
    def decimal(self) -> str:
        """The decimal sign that this notation shows: "." or ","; "?" if it may be either.

        Empty if it shows none.
        """
        signs = [letter for letter in self.digits if letter in _OTHER]
        if not signs:
            return ""
        last = signs[-1]
        if len(set(signs)) == 2:
            return last
        if len(signs) > 1:
            return _OTHER[last]
        head, tail = self.digits.split(last)
        groups = len(tail) == 3 and 1 <= len(head) <= 3 and head[0] != "0" and not self.exponent
        return "?" if groups else last

    def value(self, sign: str) -> float | None:
        """Return the number, given the decimal sign; None if it is not written so.

        Examples
        --------
        >>> [Amount.of("1,234").value(sign) for sign in ".,"], Amount.of("1,2,3").value(".")
        ([1234.0, 1.234], None)
        """
        head, point, tail = self.digits.partition(sign)
        thousands = _OTHER[sign]
        if thousands in head:
            if not _GROUPED[thousands].fullmatch(head):
                return None
            head = head.replace(thousands, "")
        plain = head + ("." if point else "") + tail
        if not _PLAIN.fullmatch(plain):
            return None
        number = float(plain + self.exponent)
        if not math.isfinite(number):
            return None
        return -number if self.negative else number


@dataclass(frozen=True)
class Column:
    """A column whose cells are to be numbers.

    Attributes
    ----------
    cells : pandas.Series
        Of objects; the index is the row.
    amounts : dict of str to Amount or None
        By text.
    """

    cells: pd.Series
    amounts: dict[str, Amount | None]

    @classmethod
    def of(cls, cells: pd.Series) -> Column:
        """Take the texts of a column apart."""
        texts = {cell for cell in cells if isinstance(cell, str) and cell.lower() not in BLANKS}
        return cls(cells, {text: Amount.of(text) for text in texts})

    def rows(self, wanted: Iterable[str]) -> list[int]:
        """Return the rows whose text is one of these."""
        return rows_where(self.cells.isin(list(wanted)))

    def showing(self, sign: str) -> list[str]:
        """Return the texts that show a decimal sign; "?" for those that may have either."""
        found = [text for text, amount in self.amounts.items() if amount and amount.decimal == sign]
        return sorted(found)

    @property
    def percents(self) -> list[str]:
        """Texts with a percent sign."""
        return [text for text, amount in self.amounts.items() if amount and amount.percent]

    @property
    def currencies(self) -> dict[str, list[str]]:
        """Texts by the currency that they name."""
        found: dict[str, list[str]] = {}
        for text, amount in self.amounts.items():
            if amount and amount.currency:
                found.setdefault(amount.currency, []).append(text)
        return found

    def values(self, sign: str) -> tuple[pd.Series, list[int]]:
        """Return the numbers, NaN where blank, and the rows of cells that are none."""
        found = [self._value(cell, sign) for cell in self.cells]
        bad = [
            int(row) for row, number in zip(self.cells.index, found, strict=True) if number is None
        ]
        return pd.Series(found, index=self.cells.index, dtype=float), bad

    def _value(self, cell: Any, sign: str) -> float | None:
        if isinstance(cell, str):
            if cell.lower() in BLANKS:
                return math.nan
            amount = self.amounts[cell]
            return amount.value(sign) if amount else None
        if isinstance(cell, bool) or not isinstance(cell, numbers.Real | decimal.Decimal):
            return None
        try:
            number = float(cell)
        except OverflowError:
            return None
        return number if math.isfinite(number) else None


def flag_of(cell: Any) -> bool | None:
    """Return whether a cell says yes or no; None if it says neither.

    Examples
    --------
    >>> flag_of("TRUE"), flag_of("nein"), flag_of("maybe")
    (True, False, None)
    """
    if isinstance(cell, numbers.Real):
        return bool(cell) if cell in (0, 1) else None
    return _FLAGS.get(str(cell).strip().lower())


def other_digits(text: str) -> bool:
    """Return whether a text has digits other than 0 to 9, as no number and no date may have.

    What "2024²" and "٠,٢٣٤" are worth, and in which calendar Persian digits count, is a guess.

    Examples
    --------
    >>> [other_digits(text) for text in ("22 août", "²² août", "½", "２２", "٢٢")]
    [False, True, True, True, True]
    """
    return any(letter.isnumeric() and not letter.isascii() for letter in text)


def text_of(cell: Any) -> str:
    """Return a cell as a label; whole numbers without decimals.

    Examples
    --------
    >>> text_of(708746.0), text_of("a ")
    ('708746', 'a')
    """
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell).strip()


def rows_where(mask: pd.Series) -> list[int]:
    """Return the rows at which a mask holds.

    Examples
    --------
    >>> rows_where(pd.Series([True, False], index=[2, 3]))
    [2]
    """
    return [int(row) for row in mask.index[mask]]
