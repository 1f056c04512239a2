"""Files whose cells have types: Parquet, and what a library made of a workbook."""

from __future__ import annotations

import io
from typing import Any

import pandas as pd

from gtmsim.errors import HistoryError, Problem
from gtmsim.fit.reading.limits import (
    EXTRA,
    MOST_CELLS,
    MOST_COLUMNS,
    MOST_UNPACKED,
    Grid,
    no_table,
    too_large,
)


def parquet_grid(name: str, data: bytes, warnings: list[str]) -> Grid:
    """Return the cells of a Parquet file, its header first; columns of lists are left out.

    Raises
    ------
    HistoryError
        If it is too large or damaged, or pyarrow is not installed.
    """
    try:
        from pyarrow import parquet

        said = parquet.read_metadata(io.BytesIO(data))
        unpacked = sum(said.row_group(i).total_byte_size for i in range(said.num_row_groups))
        if max(said.num_rows, 0) * said.num_columns > MOST_CELLS:
            raise too_large(name, MOST_CELLS, "cells", said.num_rows * said.num_columns)
        leaves = [said.schema.column(i) for i in range(said.num_columns)]
        flat = [k for k in leaves if _is_flat(k)]
        wide = sum(k.length for k in flat if k.physical_type == "FIXED_LEN_BYTE_ARRAY")
        unpacked = max(unpacked, said.num_rows * wide)
        if unpacked > MOST_UNPACKED:
            raise too_large(name, MOST_UNPACKED, "bytes when it is unpacked", unpacked)
        texts = [k.name for k in flat if k.physical_type == "BYTE_ARRAY"]
        # As dictionaries, so that a text that is repeated is in memory once until it is counted.
        table = parquet.read_table(
            io.BytesIO(data),
            columns=[k.name for k in flat] if len(flat) < len(leaves) else None,
            read_dictionary=texts,
            coerce_int96_timestamp_unit="us",
        )
        letters = sum(_letters(table.column(text)) for text in texts)
        if letters > MOST_UNPACKED:
            raise too_large(name, MOST_UNPACKED, "bytes when it is unpacked", letters)
        # As objects, for a whole number beside a blank would become one of 53 bits.
        frame = table.to_pandas(integer_object_nulls=True)
    except ImportError as error:
        rule = "must be read with pyarrow"
        raise HistoryError([Problem(name, rule, "not installed", EXTRA)]) from error
    except HistoryError:
        raise
    except Exception as error:  # a damaged file fails in many ways
        raise no_table(name, f"a damaged file: {error}") from error
    nested = {k.path.partition(".")[0] for k in leaves if not _is_flat(k)}
    if nested:
        listed = ", ".join(map(repr, sorted(nested)))
        warnings.append(f"columns of lists or of tables were left out: {listed}")
    if any(frame.index.names):
        frame = frame.reset_index()
    return [list(map(str, frame.columns)), *typed(name, frame)]


def _is_flat(leaf: Any) -> bool:
    """Return whether a column of the file has one value in each row."""
    return bool(leaf.path == leaf.name and leaf.max_repetition_level == 0)


def _letters(column: Any) -> int:
    """Return the bytes of a column of repeated texts, each as often as it stands there."""
    from pyarrow import compute

    chunks = [chunk for chunk in column.chunks if hasattr(chunk, "dictionary")]
    each = (compute.binary_length(chunk.dictionary).take(chunk.indices) for chunk in chunks)
    return sum(compute.sum(lengths).as_py() or 0 for lengths in each)


def typed(name: str, frame: pd.DataFrame) -> Grid:
    """Return the cells of a frame; blank ones are "", and text is stripped.

    Raises
    ------
    HistoryError
        If there are too many.
    """
    if frame.shape[1] > MOST_COLUMNS:
        raise too_large(name, MOST_COLUMNS, "columns", frame.shape[1])
    if frame.size > MOST_CELLS:
        raise too_large(name, MOST_CELLS, "cells", frame.size)
    cells = frame.astype(object).where(frame.notna(), "")
    return [[_plain(cell) for cell in row] for row in cells.to_numpy().tolist()]


def _plain(cell: Any) -> Any:
    # Some writers of Parquet do not say of their bytes that they are text.
    cell = cell.decode("utf-8", "backslashreplace") if isinstance(cell, bytes) else cell
    return cell.strip() if isinstance(cell, str) else cell
