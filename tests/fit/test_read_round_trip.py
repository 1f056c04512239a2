"""Any canonical frame comes back from any locale."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

from gtmsim.errors import HistoryError
from gtmsim.fit.reading import Reading, read_campaigns, read_opportunities, read_reps
from tests.fit.files import (
    CAMPAIGNS,
    REPS,
    american,
    french,
    german,
    point,
    rows_of,
    text_of,
    write,
)

# separator, encoding, notation of numbers, notation of days
LOCALES = {
    "ISO": (",", "utf-8", point, "%Y-%m-%d"),
    "United States": (",", "utf-8-sig", american, "%m/%d/%Y"),
    "Germany": (";", "cp1252", german, "%d.%m.%Y"),
    "France": (";", "utf-16", french, "%d/%m/%Y"),
    "tabs": ("\t", "utf-8", german, "%d-%b-%Y"),
}
NAMES = st.sampled_from(
    ["a", "b", "Total Wine", "N/A", "null?", "1.234", '6" pipe', "x;y", "x,y", "x\ty", "Ä ö", "-7"]
)
MONEY = st.integers(0, 10**9).map(lambda cents: cents / 100)
DAYS = st.dates(pd.Timestamp("2001-01-01").date(), pd.Timestamp("2037-12-31").date())


@st.composite
def campaigns(draw: st.DrawFn) -> pd.DataFrame:
    # A campaign a day, so that no row is an exact duplicate; days past the 12th show their order.
    days = draw(st.lists(DAYS, min_size=1, max_size=6, unique=True))
    days.append(pd.Timestamp("2038-01-31").date())
    rows = [(day, draw(NAMES), draw(NAMES), draw(MONEY), draw(MONEY), draw(MONEY)) for day in days]
    frame = pd.DataFrame(rows, columns=list(CAMPAIGNS))
    return frame.assign(date=pd.to_datetime(frame["date"])).astype(dict(CAMPAIGNS.dtypes))


def read_back(frame: pd.DataFrame, read: Any, locale: str) -> pd.DataFrame:
    separator, encoding, number, date = LOCALES[locale]
    rows = rows_of(frame, {name: name for name in frame}, number=number, date=date)
    with tempfile.TemporaryDirectory() as folder:
        path = write(Path(folder, "export.csv"), text_of(rows, separator), encoding)
        found: pd.DataFrame = read(path)
    return found


@pytest.mark.parametrize("locale", LOCALES)
@settings(max_examples=15)
@given(frame=campaigns())
@example(frame=CAMPAIGNS.iloc[:1])
def test_campaigns_come_back(locale: str, frame: pd.DataFrame) -> None:
    assert_frame_equal(read_back(frame, read_campaigns, locale), frame)


@st.composite
def reps(draw: st.DrawFn) -> pd.DataFrame:
    unit = draw(st.sampled_from(["M", "Q-DEC", "Y-DEC"]))
    names = draw(st.lists(NAMES, min_size=1, max_size=4, unique=True))
    rows = []
    for name in names:
        first = draw(DAYS)
        for period in pd.period_range(first, periods=draw(st.integers(1, 4)), freq=unit):
            rows.append((name, "all", period, first, None, draw(MONEY), draw(MONEY)))
    rows.append(("last", "all", period, pd.Timestamp("2038-01-31").date(), None, 0.0, 0.0))
    frame = pd.DataFrame(rows, columns=list(REPS))
    for name in ("start", "end"):
        frame[name] = pd.to_datetime(frame[name])
    return frame.astype({**REPS.dtypes, "period": f"period[{unit}]"})


@pytest.mark.parametrize("locale", LOCALES)
@settings(max_examples=10)
@given(frame=reps())
def test_reps_come_back(locale: str, frame: pd.DataFrame) -> None:
    assert_frame_equal(read_back(frame, read_reps, locale), frame)


@settings(max_examples=25)
@given(numbers=st.lists(st.floats(0.0, 1e12), min_size=1, max_size=5))
def test_all_digits_come_back(numbers: list[float]) -> None:
    frame = CAMPAIGNS.iloc[[0] * len(numbers)].assign(spend=numbers).reset_index(drop=True)
    frame["campaign"] = pd.Series([f"c{i}" for i in range(len(numbers))], dtype="str")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "export.csv")
        frame.to_csv(path, index=False)
        assert_frame_equal(read_campaigns(path), frame, check_exact=True)


CELLS = st.sampled_from(
    ["", "--", "Total", "n/a", "1,234", "1.234,5", "-5", "3", "7 %", "€1", "$2", "2024-01-31", "a",
     "01/02/2024", "13/14/2024", "Q1 2024", "2024", "true", "Won", "Lost", "\n", '"', "9" * 400]
)  # fmt: skip
HEADERS = st.sampled_from(
    ["Day", "Campaign", "Ad name", "Cost", "Conversions", "Value", "Currency", "Rep", "Quarter",
     "Quota", "Attainment", "Bookings", "Stage", "Amount", "Close Date", "Is Closed Won", "Id", ""]
)  # fmt: skip


@settings(max_examples=150)
@given(
    header=st.lists(HEADERS, min_size=2, max_size=7),
    rows=st.lists(st.lists(CELLS, min_size=1, max_size=7), max_size=6),
    separator=st.sampled_from(",;\t"),
    read=st.sampled_from([read_campaigns, read_reps, read_opportunities]),
)
def test_any_table_is_read_or_refused_with_reasons(
    header: list[str], rows: list[list[str]], separator: str, read: Any
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = write(Path(folder, "x.csv"), "\n".join(map(separator.join, [header, *rows])))
        try:
            frame = read(path)
        except HistoryError as error:
            rules = [one.rule for one in error.problems]
        else:
            report, rules = Reading.of(frame), ["must hold"]
            dropped = sum(len(one["rows"]) for one in report.dropped)
            assert report.rows_in_file == report.rows_kept + dropped
            assert len(frame)
    assert rules
    assert all(rule.startswith("must") for rule in rules)
