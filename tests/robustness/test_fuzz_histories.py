# ruff: noqa: E501
"""Whatever is given as a history is a history or is refused in words."""

from __future__ import annotations

import io
import re
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from gtmsim.errors import HistoryError
from gtmsim.fit.reading import Reading, read_campaigns
from tests.robustness import inputs

HEAD = b"Day,Campaign,Cost\n2024-01-01,a,3\n"


def test_changed_histories_are_read_or_refused(tmp_path: Path) -> None:
    luck = np.random.default_rng(1)
    outcomes = [inputs.history_outcome(*inputs.changed_history(luck), tmp_path) for _ in range(150)]
    assert set(outcomes) == {"read", "HistoryError"}


REFUSED = {
    "columns": (b",".join(b"c%d" % i for i in range(1_000_000)) + b"\n1\n", "x.csv, row 1: must have at most 1,000 columns, got 1000000"),
    "a line": (b"x" * 2_000_000, "field larger than field limit (131072)"),
    "a cell": (HEAD + b"2024-01-01," + b"b" * 200_000 + b",3\n", "near line 3: must be rows of cells"),
    "cells": (b"a,b\n" + b"," * 40 + b"\n" + b",,,,,,,,,,,,\n" * 400_000, "must have at most 4,000,000 cells"),
    "blank amount": (HEAD + b"2024-01-01,b,1" + b" " * 100_000 + b"x\n", "row 3, Cost: must be a number"),
    "blank date": (HEAD + b"2024" + b" " * 100_000 + b"x,b,1\n", "row 3, Day: must be a date"),
    "no digits": (HEAD + "2 Jan Feb ²²²²,b,1\n".encode(), "row 3, Day: must be a date"),
    "nul": (HEAD + b"2024-01-01,b\x00c,3\n", "must be a table, got 'bytes that are not text'"),
    "not UTF-8": (HEAD + b"2024-01-01,b\x81\xff,3\n", "row 3: must be in a known encoding"),
    "mark only": (b"\xef\xbb\xbf", "must not be empty"),
    "half a letter": (HEAD.decode().encode("utf-16")[:-1], "must be in a known encoding"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_what_has_no_end_is_refused(tmp_path: Path, case: str) -> None:
    content, message = REFUSED[case]
    path = tmp_path / "x.csv"
    path.write_bytes(content)
    with pytest.raises(HistoryError, match=re.escape(message)):
        read_campaigns(path)


def test_a_file_of_gigabytes_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    with path.open("wb") as file:
        file.truncate(10 * 2**30)
    with pytest.raises(HistoryError, match=r"^x\.csv: must have at most 67,108,864 bytes"):
        read_campaigns(path)


def workbook(path: Path, row: bytes = b"", zeros: int = 0) -> Path:
    """A workbook with one more row, and so many megabytes of zeros."""
    with (
        zipfile.ZipFile(io.BytesIO(inputs.history_seeds("campaigns")["workbook"][0])) as source,
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive,
    ):
        for name in source.namelist():
            content = source.read(name)
            archive.writestr(name, content.replace(b"</sheetData>", row + b"</sheetData>"))
        if zeros:
            with archive.open("xl/media/image.png", "w", force_zip64=True) as member:
                for _ in range(zeros):
                    member.write(bytes(2**20))
    return path


def test_a_workbook_that_is_as_it_should_be_is_read(tmp_path: Path) -> None:
    assert len(read_campaigns(workbook(tmp_path / "x.xlsx"))) == 8


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (
            b'<row r="1048576"><c r="XFD1048576" t="n"><v>1</v></c></row>',
            "1,000 columns, got 16384",
        ),
        (b'<row r="999999999"><c t="n"><v>1</v></c></row>', "at most 4,000,000 cells"),
    ],
)
def test_cells_in_far_corners_are_refused(tmp_path: Path, row: bytes, message: str) -> None:
    with pytest.raises(HistoryError, match=message):
        read_campaigns(workbook(tmp_path / "x.xlsx", row))


def test_a_workbook_that_unpacks_to_gigabytes_is_not_unpacked(tmp_path: Path) -> None:
    path = workbook(tmp_path / "x.xlsx", zeros=300)
    assert path.stat().st_size < 2**20
    with pytest.raises(HistoryError, match="at most 134,217,728 bytes when it is unpacked"):
        read_campaigns(path)


def test_parquet_of_one_value_repeated_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.parquet"
    pq.write_table(pa.table({"Campaign": np.zeros(3_000_000), "Cost": np.zeros(3_000_000)}), path)
    assert path.stat().st_size < 2**20
    with pytest.raises(HistoryError, match="must have at most 4,000,000 cells, got 6000000"):
        read_campaigns(path)


@pytest.mark.parametrize("dictionary", [True, False])
def test_parquet_of_one_text_repeated_is_refused(tmp_path: Path, dictionary: bool) -> None:
    path, rows = tmp_path / "x.parquet", 3_000
    texts: Any = pa.DictionaryArray.from_arrays(pa.array([0] * rows, pa.int32()), ["x" * 100_000])
    texts = texts if dictionary else texts.cast(pa.large_string())
    pq.write_table(pa.table({"Campaign": texts, "Cost": np.ones(rows)}), path)
    assert path.stat().st_size < 2**20
    with pytest.raises(HistoryError, match="bytes when it is unpacked, got 300000000"):
        read_campaigns(path)
    short: Any = pa.array(["a", "b", "c"] * 10).dictionary_encode()
    columns = {"Campaign": short, "Cost": np.ones(30), "Revenue": np.ones(30)}
    pq.write_table(
        pa.table(columns if dictionary else {**columns, "Campaign": short.cast("string")}), path
    )
    assert read_campaigns(path)["spend"].sum() == 30.0


def test_escapes_in_names_are_shown_and_not_sent(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes(HEAD.replace(b"Cost", b"Cost,\x1b[2Jnote") + b"2024-01-02,\x1b[31mb,3,n\n")
    report = str(Reading.of(read_campaigns(path)))
    assert "\x1b" not in report
    assert r"\x1b[2Jnote" in report
