"""The fields of a sheet as labels, flags, numbers, shares and dates, each decided by the column."""

from __future__ import annotations

from typing import Final

import pandas as pd

from gtmsim.errors import HistoryError, Problem
from gtmsim.fit.reading.aliases import Header, currency_of
from gtmsim.fit.reading.cells import Column, flag_of, rows_where, text_of
from gtmsim.fit.reading.dates import DAY_FIRST, MONTH_FIRST, UNIT, DateColumn
from gtmsim.fit.reading.report import row_list
from gtmsim.fit.reading.sheet import SHARED_SYMBOLS, Sheet

_MILLION: Final = 1e6
_WHOLE_UNITS: Final = ("", "micros", "converted", "default currency")
_DATES: Final = ("date", "created", "closed", "start", "end")


def labels(sheet: Sheet, name: str, default: str = "") -> pd.Series:
    """Return a column as text; blank cells become "(blank)", and an absent one the default."""
    if not sheet.has(name):
        sheet.note(name, f"{default!r} for all")
        return pd.Series(default, index=sheet.cells.index, dtype="str")
    text = sheet.column(name).map(text_of)
    blank = text == ""
    if blank.any():
        where = row_list(rows_where(blank))
        sheet.warn(f"{sheet.header(name)}: '(blank)' stands for blank cells in {where}")
    sheet.note(name)
    return text.mask(blank, "(blank)").astype("str")


def flags(sheet: Sheet, name: str) -> pd.Series:
    """Return a column as true or false; blank is false.

    Raises
    ------
    HistoryError
        If a cell says neither.
    """
    cells = sheet.column(name)
    flags = cells.map(lambda cell: False if text_of(cell) == "" else flag_of(cell))
    bad = rows_where(flags.isna())
    if bad:
        raise sheet.error(name, bad, "must be true or false")
    sheet.note(name)
    return flags.astype(bool)


def numbers(sheet: Sheet, name: str, *, blank_is_zero: bool, money: bool = True) -> pd.Series:
    """Return a column as numbers of at least 0.

    Parameters
    ----------
    name : str
    blank_is_zero : bool
        Or else NaN.
    money : bool, default True
        An amount in the currency, or else a count.

    Raises
    ------
    HistoryError
        If a cell is no number, or negative, or in another currency than the rest.
    """
    header = Header.of(sheet.header(name))
    micros = header.key.endswith("micros") or header.unit.lower() == "micros"
    if money and header.unit.lower() not in _WHOLE_UNITS and name not in sheet.chosen:
        pair = f'{{"{name}": "{sheet.header(name)}"}}'
        fix = f"if it is in whole units pass columns={pair}, or else multiply it first"
        where = f"{sheet.table.name}, {sheet.header(name)}"
        rule = "must be an amount in units of a currency"
        raise HistoryError([Problem(where, rule, header.unit, fix)])
    column = Column.of(sheet.column(name))
    values, bad = column.values(_decimal(sheet, name, column))
    bad = sorted({*bad, *column.rows(column.percents)})
    if bad:
        fix = "correct or empty the cells, or name another column in columns="
        raise sheet.error(name, bad, "must be a number", fix)
    if money:
        _currency(sheet, name, column, header)
    negative = rows_where(values < 0.0)
    if negative:
        fix = "net credits off what they correct, or take these rows out"
        raise sheet.error(name, negative, "must be at least 0", fix)
    blank = rows_where(values.isna())
    if blank:
        how = "blank cells read as zero" if blank_is_zero else "unknown (NaN) where blank"
        sheet.warn(f"{sheet.header(name)}: {how} in {row_list(blank)}")
        values = values.fillna(0.0) if blank_is_zero else values
    sheet.note(name, "millionths divided by 1,000,000" if micros else "")
    return values / _MILLION if micros else values


def shares(sheet: Sheet, name: str) -> pd.Series:
    """Return a column of percentages as shares of 1, NaN where blank.

    Whether 87 or 0.87 is meant is decided for the whole column: by a percent sign, or else by
    the median, which of attainments is below 3 as a share and above 5 as a percentage.

    Raises
    ------
    HistoryError
        If cells differ in it, or it cannot be told.
    """
    column = Column.of(sheet.column(name))
    values, bad = column.values(_decimal(sheet, name, column))
    if bad:
        raise sheet.error(name, bad, "must be a number")
    signed = set(column.rows(column.percents))
    known = values.dropna()
    unsigned = [int(row) for row in known.index if row not in signed and known[row] != 0.0]
    if signed and unsigned:
        rule = "must have a percent sign, as other rows have"
        raise sheet.error(name, unsigned, rule)
    middle = float(known[known > 0.0].median()) if (known > 0.0).any() else 1.0
    percent = bool(signed) or middle >= 5.0
    share = not percent and middle <= 3.0
    odd = rows_where(known > 10.0) if not percent else []
    if odd or not (percent or share):
        fix = "write all of them as 0.87 or all as 87%"
        raise sheet.error(name, odd or unsigned, "must be all shares or all percentages", fix)
    if (known < 0.0).any():
        raise sheet.error(name, rows_where(known < 0.0), "must be at least 0")
    low = rows_where((known > 0.0) & (known < 2.0))
    if percent and low and not signed:
        sheet.warn(f"{sheet.header(name)}: read as percentages, below 2 % in {row_list(low)}")
    sheet.note(name, "percentages divided by 100" if percent else "shares of 1")
    return values / 100.0 if percent else values


def dates(sheet: Sheet, name: str) -> pd.Series:
    """Return a column as days; NaT where blank, or where there is no such column.

    Raises
    ------
    HistoryError
        If a cell is no date, or cells show different orders of day and month.
    """
    if not sheet.has(name):
        sheet.note(name, "unknown")
        return pd.Series(pd.NaT, index=sheet.cells.index, dtype=UNIT)
    column = DateColumn.of(sheet.column(name))
    order, how = _order(sheet, name, column)
    values, bad = column.values(order)
    if bad:
        fix = "write it as 2024-01-31, or empty the cells"
        raise sheet.error(name, bad, "must be a date", fix)
    sheet.note(name, how)
    return values


# -- What is decided for a whole column ---------------------------------------------------------


def _decimal(sheet: Sheet, name: str, column: Column) -> str:
    point, comma, either = (column.showing(sign) for sign in ".,?")
    if point and comma:
        rows = [column.rows(texts) for texts in (point, comma)]
        few = min(rows, key=len)
        fix = f"{row_list(max(rows, key=len))} show the other; write all in one notation"
        raise sheet.error(name, few, "must have one decimal sign in all rows", fix)
    if point or comma:
        sheet.decimals.add("." if point else ",")
        return "." if point else ","
    if not either:
        return "."
    sign, reason = _decimal_elsewhere(sheet, sheet.header(name))
    sheet.decimals.add(sign)
    word = {".": "point", ",": "comma"}[sign]
    example = either[0]
    sheet.warn(f"{sheet.header(name)}: {example!r} was read with a decimal {word}, {reason}")
    return sign


def _decimal_elsewhere(sheet: Sheet, but: str) -> tuple[str, str]:
    """Return the decimal sign that the rest of the file shows, and what shows it."""
    signs: set[str] = set()
    for header in sheet.cells.columns:
        column = Column.of(sheet.cells[header])
        if header != but and column.amounts and None not in column.amounts.values():
            signs |= {sign for sign in ".," if column.showing(sign)}
    if len(signs) == 1:
        return signs.pop(), "as in the other columns"
    if sheet.table.separator == ";":
        return ",", "as the separator is a semicolon"
    return ".", "as nothing in the file shows another"


def _order(sheet: Sheet, name: str, column: DateColumn) -> tuple[str, str]:
    day, month, either = (column.showing(order) for order in (DAY_FIRST, MONTH_FIRST, ""))
    if day and month:
        few, many = sorted((day, month), key=len)
        order = DAY_FIRST if few is month else MONTH_FIRST
        fix = f"{row_list(many)} have the {order}; write dates as 2024-01-31"
        raise sheet.error(name, few, "must have day and month in one order", fix)
    if day or month or not either:
        order = DAY_FIRST if day else MONTH_FIRST if month else ""
        sheet.orders |= {order} - {""}
        return order, order
    elsewhere = set()
    for other in _DATES:
        if other != name and sheet.has(other):
            found = DateColumn.of(sheet.column(other))
            elsewhere |= {one for one in (DAY_FIRST, MONTH_FIRST) if found.showing(one)}
    if len(elsewhere) == 1:
        order, reason = elsewhere.pop(), "as in the other columns"
    elif column.of_firsts:
        order, reason = column.of_firsts, "as each is then the first of a month"
    elif sheet.table.separator == ";" or "," in sheet.decimals:
        order, reason = DAY_FIRST, "as the file is written in a decimal-comma country"
    else:
        order = MONTH_FIRST if column.sign == "/" else DAY_FIRST
        reason = f"as is usual with {column.sign!r}"
    sheet.orders.add(order)
    rule = "day and month may be either way round"
    sheet.warn(f"{sheet.header(name)}: {rule}; read {order}, {reason}")
    return order, f"{order} (assumed)"


def _currency(sheet: Sheet, name: str, column: Column, header: Header) -> None:
    """Note the currency of a column, and refuse a second one."""
    rows = {code: column.rows(texts) for code, texts in column.currencies.items()}
    shown_in = name
    if sheet.has("currency"):
        codes = sheet.column("currency").map(text_of)
        for code in sorted(set(codes) - {""}):
            rows.setdefault(currency_of(code.upper()) or code, []).extend(rows_where(codes == code))
        shown_in = "currency"
        sheet.note("currency")
    for shared, meant in SHARED_SYMBOLS.items():
        if shared in rows and ({*rows, header.currency, *sheet.currencies} & meant):
            del rows[shared]
    if len(rows) > 1:
        few = min(rows.values(), key=len)
        fix = f"export one currency at a time; there are {', '.join(sorted(rows))}"
        raise sheet.error(shown_in, sorted(few), "must be in one currency", fix)
    for code in [*rows, *([header.currency] if header.currency else [])]:
        others = [other for other in sheet.currencies if not _alike(code, other)]
        if others:
            rule = f"must be in {others[0]}, as {sheet.currencies[others[0]]} is"
            fix = "convert the amounts, or export the file in one currency"
            where = f"{sheet.table.name}, {sheet.header(name)}"
            raise HistoryError([Problem(where, rule, code, fix)])
        sheet.currencies[code] = sheet.header(name)


def _alike(one: str, other: str) -> bool:
    """Return whether two currencies may be the same: a dollar sign may be any dollar."""
    return one == other or any(
        a in SHARED_SYMBOLS.get(b, ()) for a, b in ((one, other), (other, one))
    )
