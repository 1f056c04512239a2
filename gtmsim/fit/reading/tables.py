"""A file as a table of cells: its encoding, its separator and where its header is."""

from __future__ import annotations

import csv
import functools
import hashlib
import io
import os
import re
import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from gtmsim.errors import ArgumentTypeError, HistoryError, Problem
from gtmsim.fit.reading.aliases import Header
from gtmsim.fit.reading.limits import (
    EXPORT,
    EXTRA,
    MOST_BYTES,
    MOST_CELLS,
    MOST_COLUMNS,
    MOST_UNPACKED,
    Grid,
    no_table,
    too_large,
)
from gtmsim.fit.reading.report import row_list
from gtmsim.fit.reading.typed import parquet_grid, typed

_SNIFFED = 200
_HEADER_WITHIN = 60

_PLACE = re.compile(
    rb"""<(?:\w+:)?(?:row\b[^>]*?\sr=["'](?P<of>\d{1,18})["']|"""
    rb"""c\b[^>]*?\sr=["'](?P<column>[A-Z]{1,3})(?P<row>\d{1,18})["'][^>]*(?<!/)>)"""
)
"""Where the rows and the filled cells of a sheet say that they are."""


@dataclass(frozen=True)
class Table:
    """The cells of a file.

    Attributes
    ----------
    name, sha256, format : str
    encoding, separator : str or None
        None unless it is text.
    header_row : int
    cells : pandas.DataFrame
        One column per header; the index counts rows as a spreadsheet does. Cells of text are
        stripped, blank cells are "", and numbers and dates of typed files stay what they are.
    before : list of int
        Rows above the header that are not blank.
    blank : list of int
        Blank rows, wherever they are.
    warnings : list of str
    """

    name: str
    sha256: str
    format: str
    encoding: str | None
    separator: str | None
    header_row: int
    cells: pd.DataFrame
    before: list[int]
    blank: list[int]
    warnings: list[str]


def load(path: str | os.PathLike[str], known: frozenset[str]) -> Table:
    """Return the table in a file.

    The format is told by the content, not by the name. The header is the row that holds the most
    known headers; what stands above it is set aside.

    Parameters
    ----------
    path : path
    known : frozenset of str
        Keys of the headers to look for.

    Returns
    -------
    Table

    Raises
    ------
    HistoryError
        If there is no table in the file, or the file cannot be read.
    """
    name, data = _bytes_of(path)
    warnings: list[str] = []
    encoding = separator = None
    if data[:4] == b"PK\x03\x04":
        kind, grid = "excel", _workbook(name, data, known, warnings)
    elif data[:4] == b"PAR1":
        kind, grid = "parquet", parquet_grid(name, data, warnings)
    elif data[:4] == b"\xd0\xcf\x11\xe0":
        raise no_table(name, "a workbook of the old .xls format")
    else:
        text, encoding = _decoded(name, data, warnings)
        kind, separator = "csv", _separator(text, known)
        grid = _records(name, text, separator)
    blank = [row for row, cells in enumerate(grid, 1) if not any(cell != "" for cell in cells)]
    if len(blank) == len(grid):
        raise HistoryError([Problem(name, "must not be empty", "no cell with content", EXPORT)])
    at = _header_at(grid, known)
    cells = _body(name, grid, at, frozenset(blank), warnings)
    before = sorted(set(range(1, at + 1)) - set(blank))
    digest = hashlib.sha256(data).hexdigest()
    return Table(name, digest, kind, encoding, separator, at + 1, cells, before, blank, warnings)


def _bytes_of(path: str | os.PathLike[str]) -> tuple[str, bytes]:
    if not isinstance(path, str | os.PathLike):
        raise ArgumentTypeError("path", "must be the path of a file", path)
    file = Path(path)
    if not file.exists():
        fix = f"the folder read from is {Path.cwd()}" if not file.is_absolute() else None
        raise HistoryError([Problem(file.name, "must be a file that exists", str(path), fix)])
    try:
        size = file.stat().st_size
        # One more than the most: a pipe or a device does not say how much it has.
        with file.open("rb") as stream:
            data = stream.read(MOST_BYTES + 1) if size <= MOST_BYTES else b""
    except OSError as error:
        rule = "must be a file that can be read"
        raise HistoryError([Problem(file.name, rule, error.strerror or str(error))]) from error
    if max(size, len(data)) > MOST_BYTES:
        raise too_large(file.name, MOST_BYTES, "bytes", max(size, len(data)))
    if not data:
        raise HistoryError([Problem(file.name, "must not be empty", "0 bytes", EXPORT)])
    return file.name, data


# -- Text ---------------------------------------------------------------------------------------


def _decoded(name: str, data: bytes, warnings: list[str]) -> tuple[str, str]:
    """Return a file's text and its encoding."""
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        encoding = "utf-16"
    elif b"\x00" in data[:4_000]:
        # Of text in UTF-16 without a mark, every other byte is nearly always zero.
        sample = data[:4_000]
        low, high = sample[1::2].count(0), sample[::2].count(0)
        encoding = "utf-16-le" if low > high else "utf-16-be"
        if max(low, high) < len(sample) // 4:
            raise no_table(name, "bytes that are not text")
    else:
        encoding = "utf-8-sig" if data[:3] == b"\xef\xbb\xbf" else "utf-8"
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        if encoding != "utf-8":
            raise _unreadable(name, data, error) from error
        # Windows-1252 is what a spreadsheet of western Europe writes, and it holds Latin-1.
        encoding = "cp1252"
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError as second:
            raise _unreadable(name, data, second) from second
        warnings.append("the text is not UTF-8 and was read as Windows-1252 (Latin-1)")
    if text.lstrip()[:200].lower().startswith(("<html", "<table", "<!doctype", "<?xml", "{")):
        raise no_table(name, text.lstrip()[:20])
    odd = sum(ord(letter) < 32 and letter not in "\t\r\n\f" for letter in text[:4_000])
    if odd > 4:
        raise no_table(name, "bytes that are not text")
    return text, encoding


def _unreadable(name: str, data: bytes, error: UnicodeDecodeError) -> HistoryError:
    row = data[: error.start].count(b"\n") + 1
    fix = "save it again as UTF-8"
    byte = f"byte 0x{data[error.start]:02x}"
    return HistoryError([Problem(f"{name}, row {row}", "must be in a known encoding", byte, fix)])


def _separator(text: str, known: frozenset[str]) -> str:
    """Return the separator under which the most headers are known and the most rows are alike."""
    if text[:4].lower() == "sep=":
        return text[4]
    sample = "".join(text.splitlines(keepends=True)[:_SNIFFED])

    def score(separator: str) -> tuple[int, int]:
        lines = io.StringIO(sample, newline=None)
        try:
            grid = [row for row in csv.reader(lines, delimiter=separator) if row]
        except csv.Error:
            return 0, 0
        if max(map(len, grid), default=0) > MOST_COLUMNS:
            return 0, 0
        at = _header_at(grid, known) if grid else 0
        width = len(grid[at]) if grid else 0
        alike = sum(len(row) == width for row in grid) if width > 1 else 0
        return (_known_in(grid[at], known) if grid else 0), alike

    return max(",;\t|", key=score)


def _records(name: str, text: str, separator: str) -> Grid:
    try:
        # Every kind of line end is one; blank lines are records, as rows of a spreadsheet are.
        records = csv.reader(io.StringIO(text, newline=None), delimiter=separator, strict=True)
        grid: Grid = []
        cells = 0
        for record in records:
            cells += max(len(record), 1)
            if len(record) > MOST_COLUMNS:
                where = f"{name}, row {len(grid) + 1}"
                raise too_large(where, MOST_COLUMNS, "columns", len(record))
            if cells > MOST_CELLS:
                raise too_large(name, MOST_CELLS, "cells", cells)
            grid.append([cell.strip() for cell in record])
        return grid
    except csv.Error as error:
        row = f"{name}, near line {records.line_num}"
        fix = "close every quote, and write a quote inside a cell twice"
        raise HistoryError([Problem(row, "must be rows of cells", str(error), fix)]) from error


# -- Workbooks ------------------------------------------------------------------------------------


def _workbook(name: str, data: bytes, known: frozenset[str], warnings: list[str]) -> Grid:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = archive.namelist()
            unpacked = sum(member.file_size for member in archive.infolist())
            # What unpacks to gigabytes is small on disk: the archive's directory tells, unopened.
            if unpacked <= MOST_UNPACKED:
                _check_places(name, archive)
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError) as error:
        raise no_table(name, "a damaged archive") from error
    if "xl/workbook.xml" not in members:
        raise no_table(name, "an archive that is no workbook")
    if unpacked > MOST_UNPACKED:
        raise too_large(name, MOST_UNPACKED, "bytes when it is unpacked", unpacked)
    try:
        sheets: dict[str, pd.DataFrame] = pd.read_excel(
            io.BytesIO(data),
            sheet_name=None,
            header=None,
            dtype=object,
            keep_default_na=False,
            engine="openpyxl",
        )
    except ImportError as error:
        rule = "must be read with openpyxl"
        raise HistoryError([Problem(name, rule, "not installed", EXTRA)]) from error
    except Exception as error:  # a damaged workbook fails in many ways
        raise no_table(name, f"a damaged workbook: {error}") from error
    grids = {title: typed(name, sheet) for title, sheet in sheets.items() if not sheet.empty}
    if not grids:
        return []

    def headers_in(title: str) -> int:
        return _known_in(grids[title][_header_at(grids[title], known)], known)

    chosen = max(grids, key=headers_in)
    others = ", ".join(repr(title) for title in grids if title != chosen)
    if others:
        warnings.append(f"only sheet {chosen!r} was read, and not {others}")
    return grids[chosen]


def _check_places(name: str, archive: zipfile.ZipFile) -> None:
    """Refuse cells in far corners: a sheet is a rectangle, and holds all that is before them."""
    for member in archive.namelist():
        if not member.endswith(".xml"):
            continue
        rows = columns = 1
        for found in _PLACE.finditer(archive.read(member)):
            rows = max(rows, int(found["row"] or found["of"]))
            letters = found["column"] or b"A"
            columns = max(columns, functools.reduce(lambda n, c: 26 * n + c - 64, letters, 0))
        if columns > MOST_COLUMNS:
            raise too_large(name, MOST_COLUMNS, "columns", columns)
        if rows * columns > MOST_CELLS:
            raise too_large(name, MOST_CELLS, "cells", rows * columns)


# -- The header and what is below it --------------------------------------------------------------


def _known_in(row: Sequence[Any], known: frozenset[str]) -> int:
    return len({Header.of(cell).key for cell in row if isinstance(cell, str)} & known)


def _header_at(grid: Grid, known: frozenset[str]) -> int:
    """Return which row holds the most known headers, or else the first of the usual width."""
    counts = [_known_in(row, known) for row in grid[:_HEADER_WITHIN]]
    if max(counts) > 0:
        return counts.index(max(counts))
    filled = [sum(cell != "" for cell in row) for row in grid[:_HEADER_WITHIN]]
    return filled.index(max(filled))


def _body(
    name: str, grid: Grid, at: int, blank: frozenset[int], warnings: list[str]
) -> pd.DataFrame:
    """Return the cells below the header."""
    headers: list[str] = []
    for number, cell in enumerate(grid[at], 1):
        header = str(cell) or f"column {number}"
        if header in headers:
            warnings.append(f"two columns are headed {header!r}; the first is read")
        while header in headers:
            header = f"{header}, column {number}"
        headers.append(header)
    numbers = [row for row in range(at + 2, len(grid) + 1) if row not in blank]
    rows = [grid[number - 1] for number in numbers]
    width = len(headers)
    wide = [n for n, row in zip(numbers, rows, strict=True) if any(c != "" for c in row[width:])]
    if width < 2:
        raise no_table(name, f"one column, headed {headers[0]!r}")
    if wide:
        row = f"{name}, {row_list(wide)}"
        fix = 'put cells that hold the separator in quotes, as in "1,234"'
        rule = f"must have {width} cells, as the header has"
        raise HistoryError([Problem(row, rule, len(grid[wide[0] - 1]), fix)])
    if not rows:
        raise HistoryError(
            [Problem(name, "must have rows below its header", "only a header", EXPORT)]
        )
    padded = [[*row[:width], *[""] * (width - len(row))] for row in rows]
    cells = pd.DataFrame(padded, index=numbers, columns=headers, dtype=object)
    empty = [header for header in headers if header.startswith("column ")]
    return cells.drop(columns=[header for header in empty if (cells[header] == "").all()])
