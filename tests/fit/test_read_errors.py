"""What is refused, with file, row, column and fix; every message is matched."""

from __future__ import annotations

import pickle
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from gtmsim.errors import ArgumentError, ArgumentTypeError, HistoryError
from gtmsim.fit.reading import Reading, read_campaigns, read_opportunities, read_reps
from tests.fit.files import write

HEAD = "Day,Campaign,Cost,Conversions,Conv. value\n"
ROW = "2024-01-01,a,3,1,2\n"
QUOTA = "Rep,Quarter,Quota,Bookings\n"
SHARE = "Rep,Quarter,Quota,Attainment\n"
DEAL = "Opportunity ID,Owner,Stage,Amount,Close Date,Created Date\n"
AGAIN = "export it again as CSV, Excel (.xlsx) or Parquet"


def refused(
    tmp_path: Path, content: str | bytes, read: Callable[..., Any], message: str, **options: Any
) -> HistoryError:
    path = tmp_path / "x.csv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    with pytest.raises(HistoryError, match="^" + re.escape(message) + "$") as caught:
        read(path, **options)
    return caught.value


CAMPAIGN_ERRORS = {
    "empty": ("", f"x.csv: must not be empty, got '0 bytes' ({AGAIN})"),
    "blank": ("\n \n", f"x.csv: must not be empty, got 'no cell with content' ({AGAIN})"),
    "only a header": (
        HEAD,
        f"x.csv: must have rows below its header, got 'only a header' ({AGAIN})",
    ),
    "only totals": (
        HEAD + ",Total,3,1,2\n",
        "x.csv: must have rows that are records, got 'all others are labelled as a total'",
    ),
    "no spend": (
        "Day,Campaign,Spned\n2024-01-01,a,3\n",
        "x.csv, row 1: must have a column of spend, got 'none' "
        "(pass columns={\"spend\": \"Spned\"}; the headers are 'Day', 'Campaign', 'Spned')",
    ),
    "nothing known": (
        "p,q\n1,2\n",
        "x.csv, row 1: must have a column of spend, got 'none' "
        "(pass columns={\"spend\": \"...\"}; the headers are 'p', 'q')",
    ),
    "no campaign": (
        "Day,Cost\n2024-01-01,3\n",
        "x.csv, row 1: must have a column of campaign, got 'none' "
        "(pass columns={\"campaign\": \"...\"}; the headers are 'Day', 'Cost')",
    ),
    "one cell of text": (
        HEAD + ROW + "2024-01-02,b,n/a,1,2\n",
        "x.csv, row 3, Cost: must be a number, got 'n/a' "
        "(correct or empty the cells, or name another column in columns=)",
    ),
    "percent": (
        HEAD + "2024-01-02,b,3 %,1,2\n",
        "x.csv, row 2, Cost: must be a number, got '3 %' "
        "(correct or empty the cells, or name another column in columns=)",
    ),
    "negative": (
        HEAD + "2024-01-02,b,(4.00),1,2\n",
        "x.csv, row 2, Cost: must be at least 0, got '(4.00)' "
        "(net credits off what they correct, or take these rows out)",
    ),
    "two currencies": (
        "Campaign,Cost\na,$3.00\nb,€4.00\nc,$5.00\n",
        "x.csv, row 3, Cost: must be in one currency, got '€4.00' "
        "(export one currency at a time; there are $, EUR)",
    ),
    "two currencies beside": (
        "Campaign,Cost,Currency\na,3,USD\nb,4,EUR\nc,5,EUR\n",
        "x.csv, row 2, Currency: must be in one currency, got 'USD' "
        "(export one currency at a time; there are EUR, USD)",
    ),
    "two currencies above": (
        "Campaign,Cost (USD),Conv. value (EUR)\na,3,4\n",
        "x.csv, Conv. value (EUR): must be in USD, as Cost (USD) is, got 'EUR' "
        "(convert the amounts, or export the file in one currency)",
    ),
    "unknown units": (
        "Campaign,Cost (thousands)\na,3\n",
        "x.csv, Cost (thousands): must be an amount in units of a currency, got 'thousands' "
        '(if it is in whole units pass columns={"spend": "Cost (thousands)"}, or else multiply '
        "it first)",
    ),
    "two decimal signs": (
        'Campaign,Cost\na,"1.234,50"\nb,"1,234.50"\nc,"2.234,50"\n',
        "x.csv, row 3, Cost: must have one decimal sign in all rows, got '1,234.50' "
        "(rows 2, 4 show the other; write all in one notation)",
    ),
    "two orders of days": (
        "Day,Campaign,Cost\n13/02/2024,a,1\n03/14/2024,b,5\n14/04/2024,b,5\n",
        "x.csv, row 3, Day: must have day and month in one order, got '03/14/2024' "
        "(rows 2, 4 have the day first; write dates as 2024-01-31)",
    ),
    "no date": (
        HEAD + "2024-02-31,a,3,1,2\n",
        "x.csv, row 2, Day: must be a date, got '2024-02-31' "
        "(write it as 2024-01-31, or empty the cells)",
    ),
    "superscript": (
        HEAD + ROW + "²² Jan 2024,b,3,1,2\n",
        "x.csv, row 3, Day: must be a date, got '²² Jan 2024' "
        "(write it as 2024-01-31, or empty the cells)",
    ),
    "full width": (
        HEAD + ROW + "2024-01-02,b,３,1,2\n",
        "x.csv, row 3, Cost: must be a number, got '３' "
        "(correct or empty the cells, or name another column in columns=)",
    ),
    "no name": (
        HEAD + ROW + "2024-01-02,,5,1,2\n",
        "x.csv, row 3, Campaign: must have a name, got '' "
        "(fill the name in; if the row is a total, write Total in its place)",
    ),
    "too many cells": (
        HEAD + ROW + "2024-01-02,b,1,234.50,1,2\n",
        "x.csv, row 3: must have 5 cells, as the header has, got 6 "
        '(put cells that hold the separator in quotes, as in "1,234")',
    ),
    "open quote": (
        HEAD + '2024-01-02,"b,1,1,2\n',
        "x.csv, near line 2: must be rows of cells, got 'unexpected end of data' "
        "(close every quote, and write a quote inside a cell twice)",
    ),
    "one column": (
        "Cost\n3\n",
        f"x.csv: must be a table, got \"one column, headed 'Cost'\" ({AGAIN})",
    ),
    "odd encoding": (
        b"Campaign,Cost\na\x81\xff,3\n",
        "x.csv, row 2: must be in a known encoding, got 'byte 0x81' (save it again as UTF-8)",
    ),
    "cut UTF-16": (
        "Campaign,Cost\na,3\n".encode("utf-16")[:-1],
        "x.csv, row 2: must be in a known encoding, got 'byte 0x0a' (save it again as UTF-8)",
    ),
    "picture": (
        b"\x89PNG\r\n\x1a\n\x00\x00" + bytes(range(256)) * 9,
        f"x.csv: must be a table, got 'bytes that are not text' ({AGAIN})",
    ),
    "control characters": (
        b"Campaign,Cost\n" + bytes(range(1, 9)),
        f"x.csv: must be a table, got 'bytes that are not text' ({AGAIN})",
    ),
    "old workbook": (
        b"\xd0\xcf\x11\xe0" + bytes(99),
        f"x.csv: must be a table, got 'a workbook of the old .xls format' ({AGAIN})",
    ),
    "web page": ("<html><table>", f"x.csv: must be a table, got '<html><table>' ({AGAIN})"),
    "broken archive": (
        b"PK\x03\x04" + bytes(99),
        f"x.csv: must be a table, got 'a damaged archive' ({AGAIN})",
    ),
}  # fmt: skip

REP_ERRORS = {
    "no rep": (
        "Quarter,Bookings\nQ1 2024,1\n",
        "x.csv, row 1: must have a column of rep, got 'none' "
        "(pass columns={\"rep\": \"...\"}; the headers are 'Quarter', 'Bookings')",
    ),
    "attainment only": (
        "Rep,Quarter,Attainment\na,Q1 2024,0.9\n",
        "x.csv, row 1, Attainment: must have a quota beside it, or bookings instead, got "
        "'attainment only' (add a column of quotas or of bookings)",
    ),
    "attainment without its quota": (
        SHARE + "a,Q1 2024,,87\nb,Q1 2024,5,90\n",
        "x.csv, row 2, Quota: must be a number, as bookings are attainment x quota, got ''",
    ),
    "attainment of two kinds": (
        SHARE + "a,Q1 2024,5,87\nb,Q1 2024,5,0.9\nc,Q1 2024,5,1.1\n",
        "x.csv, row 2, Attainment: must be all shares or all percentages, got '87' "
        "(write all of them as 0.87 or all as 87%)",
    ),
    "attainment that may be either": (
        SHARE + "a,Q1 2024,5,4\n",
        "x.csv, row 2, Attainment: must be all shares or all percentages, got '4' "
        "(write all of them as 0.87 or all as 87%)",
    ),
    "some percent signs": (
        SHARE + "a,Q1 2024,5,87%\nb,Q1 2024,5,0.9\n",
        "x.csv, row 3, Attainment: must have a percent sign, as other rows have, got '0.9'",
    ),
    "attainment in words": (
        SHARE + "a,Q1 2024,5,good\n",
        "x.csv, row 2, Attainment: must be a number, got 'good'",
    ),
    "negative attainment": (
        SHARE + "a,Q1 2024,5,-0.5\nb,Q1 2024,5,0.9\n",
        "x.csv, row 2, Attainment: must be at least 0, got '-0.5'",
    ),
    "two units of periods": (
        QUOTA + "a,2024-01,1,2\nb,Q1 2024,1,2\nc,Q1 2024,1,2\n",
        "x.csv, row 2, Quarter: must be a period, in one unit, got '2024-01' "
        "(write all as 2024-01, all as 2024-Q1 or all as 2024)",
    ),
    "two rows of a rep": (
        QUOTA + "a,Q1 2024,1,2\na,Q1 2024,1,3\n",
        "x.csv, row 3, Rep: must have one row per period, got 'a' "
        "(add up the rows of a rep and period)",
    ),
    "deals without days": (
        "Id,Owner,IsWon,IsClosed,Amount,CloseDate\n1,a,false,false,3,2022-01-01\n",
        "x.csv, row 2, CloseDate: must have deals that are closed, or days of creation, got "
        "'2022-01-01'",
    ),
}

DEAL_ERRORS = {
    "no outcome": (
        "Owner,Amount,Close Date\na,3,2024-01-01\n",
        "x.csv, row 1: must have a column of outcome, got 'none' "
        "(pass columns={\"outcome\": \"...\"}; the headers are 'Owner', 'Amount', 'Close Date')",
    ),
    "stages by number": (
        DEAL + "1,a,998877,3,2024-01-01,2023-01-01\n",
        "x.csv, row 2, Stage: must have stages that say won or lost, got '998877' "
        '(export "Is Closed Won" too, or pass columns={"is_won": ...})',
    ),
    "closed some day": (
        DEAL + "1,a,Closed Won,3,,2023-01-01\n",
        "x.csv, row 2, Close Date: must be a date, as the deal is closed, got '' "
        "(fill the day in on which it was won or lost)",
    ),
    "a deal twice": (
        DEAL + "1,a,Closed Won,3,2024-01-01,\n1,a,Closed Won,4,2024-01-01,\n",
        "x.csv, row 3, Opportunity ID: must stand in one row only, got '1' "
        "(export one row per opportunity, without its products or contacts)",
    ),
    "a flag in words": (
        "Id,Owner,IsWon,IsClosed,Amount,CloseDate\n1,a,maybe,true,3,2022-01-01\n",
        "x.csv, row 2, IsWon: must be true or false, got 'maybe'",
    ),
}


@pytest.mark.parametrize("name", CAMPAIGN_ERRORS)
def test_campaigns_are_refused(name: str, tmp_path: Path) -> None:
    refused(tmp_path, CAMPAIGN_ERRORS[name][0], read_campaigns, CAMPAIGN_ERRORS[name][1])


@pytest.mark.parametrize("name", REP_ERRORS)
def test_reps_are_refused(name: str, tmp_path: Path) -> None:
    refused(tmp_path, REP_ERRORS[name][0], read_reps, REP_ERRORS[name][1])


@pytest.mark.parametrize("name", DEAL_ERRORS)
def test_opportunities_are_refused(name: str, tmp_path: Path) -> None:
    refused(tmp_path, DEAL_ERRORS[name][0], read_opportunities, DEAL_ERRORS[name][1])


def test_five_cells_are_shown_and_the_others_counted(tmp_path: Path) -> None:
    content = HEAD + "".join(f"2024-01-0{day},a,x{day},1,2\n" for day in range(1, 9))
    lines = [f"x.csv, row {day + 1}, Cost: must be a number, got 'x{day}'" for day in range(1, 6)]
    more = "and so in 3 more rows; correct or empty the cells, or name another column in columns="
    error = refused(tmp_path, content, read_campaigns, "\n".join(lines) + f" ({more})")
    assert len(error.problems) == 5
    assert str(pickle.loads(pickle.dumps(error))) == str(error)


def test_overrides_are_checked(tmp_path: Path) -> None:
    path = write(tmp_path / "x.csv", HEAD + ROW)
    with pytest.raises(ArgumentError, match=r"columns: must name fields of date, .* got 'spnd' "
                       r"\(did you mean 'spend'\?\)"):  # fmt: skip
        read_campaigns(path, columns={"spnd": "Cost"})
    with pytest.raises(ArgumentTypeError, match="columns: must be a dict of header by field, got"):
        read_campaigns(path, columns=["Cost"])  # type: ignore[arg-type]
    with pytest.raises(ArgumentTypeError, match="columns: must be a dict of header by field, got"):
        read_campaigns(path, columns={"spend": 3})  # type: ignore[dict-item]
    message = (
        "x.csv, row 1: must have the column that was named for spend, got 'Csot' (the nearest is "
        "'Cost'; the headers are 'Day', 'Campaign', 'Cost', 'Conversions', 'Conv. value')"
    )
    with pytest.raises(HistoryError, match=re.escape(message)):
        read_campaigns(path, columns={"spend": "Csot"})


@pytest.mark.parametrize("value", [0, -1, float("inf")])
def test_a_conversion_is_worth_something(value: float, tmp_path: Path) -> None:
    path = write(tmp_path / "x.csv", HEAD + ROW)
    with pytest.raises(ArgumentError, match=r"value_per_conversion: must be (above 0|finite)"):
        read_campaigns(path, value_per_conversion=value)


def test_a_conversion_is_not_worth_two_things(tmp_path: Path) -> None:
    path = write(tmp_path / "x.csv", HEAD + ROW)
    message = r"must be left out where the file has values, got 3.0 \(leave it out, or take 'Conv. "
    with pytest.raises(ArgumentError, match=message):
        read_campaigns(path, value_per_conversion=3)
    write(path, "Campaign,Cost\na,3\n")
    with pytest.raises(ArgumentError, match="must have a column of conversions to multiply, got 3"):
        read_campaigns(path, value_per_conversion=3)


def test_paths_are_checked(tmp_path: Path) -> None:
    missing = tmp_path / "missing.csv"
    with pytest.raises(HistoryError, match=r"^missing.csv: must be a file that exists, got '/"):
        read_campaigns(missing)
    with pytest.raises(HistoryError, match=r"got 'missing.csv' \(the folder read from is /"):
        read_reps("missing.csv")
    with pytest.raises(HistoryError, match="must be a file that can be read, got 'Is a directory'"):
        read_opportunities(tmp_path)
    with pytest.raises(ArgumentTypeError, match="path: must be the path of a file, got 3"):
        read_campaigns(3)  # type: ignore[arg-type]


def test_a_report_is_of_what_was_read() -> None:
    with pytest.raises(ArgumentTypeError, match=r"frame: must come from a reader, got 'DataFrame'"):
        Reading.of(pd.DataFrame())


def test_an_archive_and_a_damaged_workbook_are_no_tables(tmp_path: Path) -> None:
    zipfile = pytest.importorskip("zipfile")
    for member, message in (("a.txt", "an archive that is no workbook"),
                            ("xl/workbook.xml", "a damaged workbook: ")):  # fmt: skip
        path = tmp_path / "x.xlsx"
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr(member, "nothing")
        with pytest.raises(HistoryError, match=f"x.xlsx: must be a table, got .{message}"):
            read_campaigns(path)
    path = tmp_path / "x.parquet"
    path.write_bytes(b"PAR1" + bytes(99))
    pytest.importorskip("pyarrow")
    with pytest.raises(HistoryError, match=r"x.parquet: must be a table, got .a damaged file: "):
        read_campaigns(path)


@pytest.mark.parametrize(("module", "suffix"), [("openpyxl", "xlsx"), ("pyarrow", "parquet")])
def test_what_is_not_installed_is_named(
    module: str, suffix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip(module)
    frame, path = pd.DataFrame({"campaign": ["a"], "spend": [1.0]}), tmp_path / f"x.{suffix}"
    frame.to_excel(path) if suffix == "xlsx" else frame.to_parquet(path)
    monkeypatch.setitem(sys.modules, module, None)
    monkeypatch.setitem(sys.modules, "fastparquet", None)
    message = (
        f"x.{suffix}: must be read with {module}, got 'not installed' "
        '(pip install "gtmsim[files]")'
    )
    with pytest.raises(HistoryError, match=re.escape(message)):
        read_campaigns(path)
