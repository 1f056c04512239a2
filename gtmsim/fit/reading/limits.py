"""How large a file may be that is read, and what is said of one that is not."""

from __future__ import annotations

from typing import Any

from gtmsim.errors import HistoryError, Problem

Grid = list[list[Any]]

MOST_BYTES = 64 * 2**20
"""Largest file that is read, 64 MB: an export of hundreds of thousands of rows is smaller."""

MOST_UNPACKED = 2 * MOST_BYTES
"""Most that a workbook or a Parquet file may hold when it is unpacked."""

MOST_COLUMNS = 1_000
MOST_CELLS = 4_000_000
"""Largest table that is read, blank cells included."""

EXPORT = "export it again as CSV, Excel (.xlsx) or Parquet"
EXTRA = 'pip install "gtmsim[files]"'


def too_large(name: str, most: int, of_what: str, found: int) -> HistoryError:
    """Return the error about a file of more than is read."""
    rule = f"must have at most {most:,} {of_what}"
    fix = "export the columns that are needed, or a shorter time"
    return HistoryError([Problem(name, rule, found, fix)])


def no_table(name: str, found: str) -> HistoryError:
    """Return the error about a file that is none of those that are read."""
    return HistoryError([Problem(name, "must be a table", found, EXPORT)])
