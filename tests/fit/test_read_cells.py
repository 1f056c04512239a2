"""Cells, dates, periods and headers, one at a time."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable

import pandas as pd
import pytest

from gtmsim.fit.reading.aliases import (
    HEADERS,
    Header,
    aliases_table,
    fields_of,
    known_keys,
    match_headers,
    nearest,
)
from gtmsim.fit.reading.cells import Amount, Column, flag_of, text_of
from gtmsim.fit.reading.dates import DAY_FIRST, MONTH_FIRST, DateColumn, parse_date
from gtmsim.fit.reading.periods import Span, parse_span

POINT = {
    "1234.5": 1234.5, "1,234.50": 1234.5, "1,234,567": 1234567.0, ".5": 0.5, "5.": 5.0,
    "$1,234.50": 1234.5, "USD 1234.50": 1234.5, "1234.50 USD": 1234.5, "US$ 7": 7.0, "-3": -3.0,
    "(1,234.50)": -1234.5, "$-3": -3.0, "−3": -3.0, "+3": 3.0, "1.2E+05": 120000.0, "1e-3": 0.001,
    "1’234.50": 1234.5, "1 234.50": 1234.5, "1\u00a0234": 1234.0, "12,34,567.00": 1234567.0,
    "87%": 87.0, "87.5 %": 87.5,
}  # fmt: skip
COMMA = {
    "1234,5": 1234.5, "1.234,50": 1234.5, "1.234.567": 1234567.0, "1 234,50 €": 1234.5,
    "R$ 1.234,50": 1234.5, "€0,5": 0.5, "-1.234,5": -1234.5, "1.234": 1234.0,
}  # fmt: skip
NEITHER = [
    "n/a",
    "12k",
    "1.5M",
    "abc",
    "1,2,3",
    "1.2.3",
    "12 34",
    "ABC 12",
    "1-2",
    "%",
    "1,23.45,6",
]
FOREIGN = [
    (Amount.of, "0,234", ["12²", "½", "12①", "١٢", "٠,٢٣٤", "１２", "1２"]),
    (parse_date, "22 Jan 2024",
     ["²² Jan 2024", "Jan²² 2024", "Jan 2024²", "Ⅻ Jan 2024", "２２ Jan 2024", "٢٢/٠١/٢٠٢٤",
      "۱۴۰۲-۱۱-۰۲", "2024-01-2٢"]),
    (parse_span, "Jan 2024",
     ["Jan² 2024", "²Jan 2024", "2024 Jan²", "Q1 ２０２４", "٢٠٢٤", "2024-0１"]),
]  # fmt: skip


@pytest.mark.parametrize(("text", "number"), POINT.items())
def test_numbers_with_a_decimal_point(text: str, number: float) -> None:
    amount = Amount.of(text)
    assert amount is not None
    assert amount.value(".") == number
    assert amount.decimal in ("", ".", "?")


@pytest.mark.parametrize(("text", "number"), COMMA.items())
def test_numbers_with_a_decimal_comma(text: str, number: float) -> None:
    amount = Amount.of(text)
    assert amount is not None
    assert amount.value(",") == number
    assert amount.decimal in ("", ",", "?")


@pytest.mark.parametrize("text", NEITHER)
def test_what_is_no_number(text: str) -> None:
    amount = Amount.of(text)
    assert amount is None or (amount.value(".") is None and amount.value(",") is None)


@pytest.mark.parametrize(("read", "plain", "texts"), FOREIGN)
def test_digits_are_0_to_9(read: Callable[[str], object], plain: str, texts: list[str]) -> None:
    assert read(plain) is not None
    assert [text for text in texts if read(text) is not None] == []


@pytest.mark.parametrize(
    ("text", "sign"),
    [
        ("1234", ""), ("1,234", "?"), ("1.234", "?"), ("0.123", "."), ("0,123", ","),
        ("1234.567", "."), ("1,2345", ","), ("1.23", "."), ("1,234.5", "."), ("1.234,5", ","),
        ("1,234,567", "."), ("1.234.567", ","), ("1 234,567", ","), ("1.234e5", "."),
    ],
)  # fmt: skip
def test_the_decimal_sign_that_a_notation_shows(text: str, sign: str) -> None:
    amount = Amount.of(text)
    assert amount is not None
    assert amount.decimal == sign


def test_a_column_of_cells_of_every_type() -> None:
    cells = pd.Series([1, 2.5, "3", "", "--", "n/a", True, math.inf], range(2, 10), dtype=object)
    values, bad = Column.of(cells).values(".")
    assert values.iloc[:3].tolist() == [1.0, 2.5, 3.0]
    assert values.iloc[3:].isna().all()
    assert bad == [7, 8, 9]


def test_currencies_of_a_column() -> None:
    column = Column.of(pd.Series(["$1", "€2", "AUD 3", "€4", "5"], dtype=object))
    found = {code: sorted(texts) for code, texts in column.currencies.items()}
    assert found == {"$": ["$1"], "EUR": ["€2", "€4"], "AUD": ["AUD 3"]}


@pytest.mark.parametrize(
    ("cell", "flag"),
    [("true", True), ("FALSE", False), ("Sim", True), ("nein", False), (1, True), (0.0, False),
     (True, True), (False, False), ("2", None), (2, None), ("maybe", None)],
)  # fmt: skip
def test_flags(cell: object, flag: bool | None) -> None:
    assert flag_of(cell) is flag


def test_labels_of_numbers_have_no_decimals() -> None:
    assert [text_of(cell) for cell in (7.0, 7, 7.5, " a ")] == ["7", "7", "7.5", "a"]


# -- Dates ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "2024-03-01", "2024/3/1", "20240301", "2024-03-01T23:59:59.123Z", "2024-03-01 10:00",
        "2024-03-01 10:00:00+02:00", "1 Mar 2024", "Mar 1, 2024", "March 1 2024", "01-Mar-24",
        "1. März 2024", "1 mars 2024", "1 de marzo de 2024", "1 de março de 2024", "2024-03",
        "1 marzo 2024", "1 maart 2024", "March 2024", "Mar 1, 2024 10:22 PM", "1709251200000",
    ],
)  # fmt: skip
def test_dates_that_need_no_order(text: str) -> None:
    assert parse_date(text) == dt.date(2024, 3, 1)


@pytest.mark.parametrize("text", ["soon", "2024-13-01", "2024-02-30", "31", "12345", "1/2", ""])
def test_what_is_no_date(text: str) -> None:
    assert parse_date(text) is None


@pytest.mark.parametrize("text", ["04/03/2024", "4.3.24", "04-03-2024 10:00", "4. 3. 2024"])
def test_dates_that_need_an_order(text: str) -> None:
    column = DateColumn.of(pd.Series([text], dtype=object))
    assert column.showing("") == [0]
    assert column.values(DAY_FIRST)[0].dt.strftime("%Y-%m-%d").tolist() == ["2024-03-04"]
    assert column.values(MONTH_FIRST)[0].dt.strftime("%Y-%m-%d").tolist() == ["2024-04-03"]


def test_a_column_of_dates_of_every_type() -> None:
    cells = [dt.date(2024, 3, 1), pd.Timestamp("2024-03-01 10:00"), 1709251200000, "", "-", "soon"]
    values, bad = DateColumn.of(pd.Series(cells, range(2, 8), dtype=object)).values("")
    assert (values.iloc[:3] == pd.Timestamp("2024-03-01")).all()
    assert values.iloc[3:].isna().all()
    assert bad == [7]


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("2024-Q3", ("Q", 2024, 3)), ("Q3 2024", ("Q", 2024, 3)), ("FY24 Q3", ("Q", 2024, 3)),
        ("Q3-FY2024", ("Q", 2024, 3)), ("T3 2024", ("Q", 2024, 3)), ("3T24", ("Q", 2024, 3)),
        ("Q3'24", ("Q", 2024, 3)), ("2024-07", ("M", 2024, 7)), ("07/2024", ("M", 2024, 7)),
        ("Jul-24", ("M", 2024, 7)), ("juillet 2024", ("M", 2024, 7)), ("2024 Juli", ("M", 2024, 7)),
        ("2024", ("Y", 2024, 1)), ("FY2024", ("Y", 2024, 1)),
    ],
)  # fmt: skip
def test_periods(text: str, span: tuple[str, int, int]) -> None:
    assert parse_span(text) == Span(*span)


@pytest.mark.parametrize("text", ["Q5 2024", "2024-13", "soon", "Q3", "H1 2024", ""])
def test_what_is_no_period(text: str) -> None:
    assert parse_span(text) is None


# -- Headers ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("header", "key", "unit", "currency"),
    [
        ("Amount spent (USD)", "amountspent", "", "USD"), ("Cost", "cost", "", ""),
        ("Montant dépensé (€)", "montantdepense", "", "EUR"), ("spend_usd", "spend", "", "USD"),
        ("Cost EUR", "cost", "", "EUR"), ("Cost (thousands)", "cost", "thousands", ""),
        ("ActualCost", "actualcost", "", ""), ("Actual Cost", "actualcost", "", ""),
        ("% of quota", "pctofquota", "", ""), ("Fuß-Zeile", "fusszeile", "", ""),
    ],
)  # fmt: skip
def test_headers_are_taken_apart(header: str, key: str, unit: str, currency: str) -> None:
    assert Header.of(header) == Header(key, unit, currency)


@pytest.mark.parametrize("kind", HEADERS)
def test_each_source_wins_with_its_own_headers(kind: str) -> None:
    for source, fields in HEADERS[kind].items():
        headers = list(dict.fromkeys(name for names in fields.values() for name in names))
        assert match_headers(kind, headers).source == source


def test_the_table_of_aliases_is_what_the_readers_use() -> None:
    table = aliases_table()
    assert list(table.columns) == ["file", "source", "field", "headers"]
    assert not table.duplicated(["file", "source", "field"]).any()
    for row in table.itertuples():
        for header in row.headers.split(", "):
            assert Header.of(header).key in known_keys([row.file])
            if row.field != "marks":
                found = match_headers(row.file, [header]).columns
                assert header in found.values(), header
    assert set(table["field"]) == {"marks", *(name for kind in HEADERS for name in fields_of(kind))}


def test_the_first_alias_of_the_source_is_taken_and_the_others_are_named() -> None:
    headers = [
        "Approved_Conversion",
        "Total_Conversion",
        "Spent",
        "ad_id",
        "xyz_campaign_id",
        "age",
    ]
    for order in (headers, headers[::-1]):
        match = match_headers("campaigns", order)
        assert match.source == "ad table"
        assert match.columns["conversions"] == "Approved_Conversion"
        assert match.others == {"conversions": ["Total_Conversion"]}
        assert match.votes["ad table"] == len(headers)


def test_an_override_is_not_taken_twice() -> None:
    match = match_headers("campaigns", ["Cost", "Spend", "Campaign"], {"value": "Cost"})
    assert (match.columns["value"], match.columns["spend"]) == ("Cost", "Spend")


def test_the_nearest_name() -> None:
    assert nearest("spent", ["Date", "Spend"]) == "Spend"
    assert nearest("xyz", ["Date", "Spend"]) is None
