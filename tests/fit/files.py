"""One history, written as the many files that people export it to."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd
import pytest

CAMPAIGNS = pd.DataFrame(
    {
        "date": pd.to_datetime(["2024-01-05", "2024-01-31", "2024-02-13", "2024-02-28"] * 2),
        "channel": ["Search"] * 8,
        "campaign": ["Brand", "Été, promo", 'a "b"', "Total Wine", "A;B", "N/A", "1,5", "x | y"],
        "spend": [1234.5, 987654.25, 0.0, 12.75, 1000.0, 250.5, 3.25, 44.0],
        "conversions": [3.0, 1250.0, 0.0, 1.0, 0.0, 7.5, 0.0, 2.0],
        "value": [2500.0, 1234567.75, 0.0, 99.5, 0.0, 1010.25, 0.0, 5.5],
    }
).astype({"date": "datetime64[us]", "channel": "str", "campaign": "str"})  # fmt: skip

REPS = pd.DataFrame(
    {
        "rep": ["Ann", "Ann", "Bo", "Bo", "Zoé"],
        "segment": ["smb", "smb", "mid", "mid", "smb"],
        "period": pd.PeriodIndex(["2023Q4", "2024Q1", "2023Q4", "2024Q1", "2024Q1"], freq="Q-DEC"),
        "start": pd.to_datetime(["2022-05-16"] * 2 + ["2021-01-04"] * 2 + ["2023-12-18"]),
        "end": pd.to_datetime([None, None, "2024-02-29", "2024-02-29", None]),
        "quota": [200_000.0, 200_000.0, 250_000.0, 250_000.0, 50_000.0],
        "bookings": [174_000.0, 210_000.0, 0.0, 125_000.0, 6_000.0],
    }
).astype({"rep": "str", "segment": "str", "start": "datetime64[us]", "end": "datetime64[us]"})

DEALS = pd.DataFrame(
    {
        "opportunity": ["101", "102", "103", "104", "105"],
        "rep": ["Ann", "Ann", "Bo", "Zoé", "Bo"],
        "segment": ["East", "East", "West", "West", "West"],
        "created": pd.to_datetime(
            ["2023-01-15", "2023-02-03", "2023-03-30", "2023-04-25", "2023-05-09"]
        ),
        "closed": pd.to_datetime(["2023-04-20", "2023-11-30", "2023-06-28", None, "2023-12-13"]),
        "outcome": ["won", "won", "lost", "open", "won"],
        "amount": [54_000.0, 1_250.5, 8_000.0, float("nan"), 990_000.75],
    }
).astype(
    {
        **dict.fromkeys(("opportunity", "rep", "segment", "outcome"), "str"),
        **dict.fromkeys(("created", "closed"), "datetime64[us]"),
    }
)

Format = Callable[[float], str]


def point(x: float) -> str:
    return "" if x != x else f"{x:.2f}"


def american(x: float) -> str:
    return "" if x != x else f"{x:,.2f}"


def german(x: float) -> str:
    return american(x).translate(str.maketrans(",.", ".,"))


def french(x: float) -> str:
    return american(x).translate(str.maketrans(",.", "\u202f,"))


def swiss(x: float) -> str:
    return american(x).replace(",", "’")


def micros(x: float) -> str:
    return f"{1e6 * x:.0f}"


def rows_of(
    frame: pd.DataFrame,
    headers: Mapping[str, str],
    *,
    number: Format = point,
    date: str = "%Y-%m-%d",
    cells: Mapping[str, Callable[[Any], str]] | None = None,
) -> list[list[str]]:
    """Return a frame as rows of text: its headers, then its cells."""
    columns = []
    for name in headers:
        values = frame[name]
        if cells and name in cells:
            columns.append(values.map(cells[name]).tolist())
        elif pd.api.types.is_datetime64_any_dtype(values):
            columns.append(values.dt.strftime(date).fillna("").tolist())
        elif pd.api.types.is_float_dtype(values):
            columns.append([number(x) for x in values])
        else:
            columns.append([str(x) for x in values])
    return [list(headers.values()), *map(list, zip(*columns, strict=True))]


def text_of(rows: Sequence[Sequence[str]], separator: str = ",", end: str = "\n") -> str:
    """Return rows as separated text."""
    out = io.StringIO()
    csv.writer(out, delimiter=separator, lineterminator=end).writerows(rows)
    return out.getvalue()


def write(path: Path, text: str, encoding: str = "utf-8") -> Path:
    """Write a text file, its line ends as they are."""
    path.write_bytes(text.encode(encoding))
    return path


class Variant(NamedTuple):
    """One way in which a history is exported."""

    name: str
    make: Callable[[Path], Path]

    def __repr__(self) -> str:
        return self.name


def text_variant(
    name: str,
    frame: pd.DataFrame,
    headers: Mapping[str, str],
    *,
    separator: str = ",",
    encoding: str = "utf-8",
    end: str = "\n",
    before: Sequence[Sequence[str]] = (),
    after: Sequence[Sequence[str]] = (),
    extra: Mapping[str, str] | None = None,
    **layout: Any,
) -> Variant:
    """Return a variant that is text; `extra` are columns with one content each."""
    rows = rows_of(frame, headers, **layout)
    for header, content in (extra or {}).items():
        rows = [[*row, content if i else header] for i, row in enumerate(rows)]
    text = text_of([*before, *rows, *after], separator, end)
    return Variant(name, lambda folder: write(folder / "export.csv", text, encoding))


def excel_variant(
    name: str, rows: Sequence[Sequence[Any]], before: Sequence[Sequence[Any]] = ()
) -> Variant:
    """Return a variant that is a workbook, with a second sheet of notes."""

    def make(folder: Path) -> Path:
        openpyxl = pytest.importorskip("openpyxl")
        book = openpyxl.Workbook()
        for row in [*before, *rows]:
            book.active.append(list(row))
        book.create_sheet("Notes").append(["exported", "by hand"])
        path = folder / "export.xlsx"
        book.save(path)
        return path

    return Variant(name, make)


def parquet_variant(name: str, frame: pd.DataFrame) -> Variant:
    """Return a variant that is a Parquet file."""

    def make(folder: Path) -> Path:
        pytest.importorskip("pyarrow")
        path = folder / "export.parquet"
        frame.to_parquet(path)
        return path

    return Variant(name, make)


def practice_file(name: str) -> Path:
    """Return a file of the practice data, whose folder GTMSIM_DATA names; skip without it."""
    folder = os.environ.get("GTMSIM_DATA")
    path = Path(folder or "", name)
    if not folder or not path.exists():
        pytest.skip(f"GTMSIM_DATA names no folder with {name}")
    return path
