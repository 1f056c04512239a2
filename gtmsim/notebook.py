"""What Jupyter shows of an object: a sentence or two and a table, never longer than a screen."""

from __future__ import annotations

import html
from collections.abc import Sequence

import pandas as pd

MOST_ROWS, MOST_COLUMNS = 20, 14
"""Larger tables are cut in their middle, and say so."""


def html_block(
    title: str,
    lines: Sequence[str] = (),
    frame: pd.DataFrame | None = None,
    notes: Sequence[str] = (),
) -> str:
    """Return HTML for ``_repr_html_``; every text in it is escaped.

    Parameters
    ----------
    title : str
        Shown in bold.
    lines : sequence of str
        Above the table, one a line.
    frame : DataFrame, optional
        With numbers already formatted as they are to be read.
    notes : sequence of str
        Below the table.

    Returns
    -------
    str

    Examples
    --------
    >>> html_block("a < b", ["so it is"])
    '<div><b>a &lt; b</b><br>so it is</div>'
    """
    above = "".join(f"<br>{html.escape(line)}" for line in lines)
    table = "" if frame is None else _table(frame)
    below = "<br>".join(html.escape(note) for note in notes)
    return f"<div><b>{html.escape(title)}</b>{above}{table}{below}</div>"


def _table(frame: pd.DataFrame) -> str:
    table = frame.to_html(
        border=0,
        escape=True,
        max_rows=MOST_ROWS,
        max_cols=MOST_COLUMNS,
        show_dimensions=len(frame) > MOST_ROWS or frame.shape[1] > MOST_COLUMNS,
    )
    return str(table)
