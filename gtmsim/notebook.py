"""What a terminal and Jupyter show of an object: the finding, a table, and what to know of both.

Never longer than a screen: what does not fit is left out in the middle, and that is said.
"""

from __future__ import annotations

import html
import textwrap
from collections.abc import Callable, Sequence
from typing import NamedTuple

import pandas as pd

MOST_ROWS, MOST_COLUMNS = 20, 14
"""Larger tables are cut in their middle, and say so."""

WIDTH = 104
"""Columns of a terminal that are used."""

_MOST_LINES, _MOST_TEXT, _MOST_NOTES = 30, 800, 8
_WORDS = 20
"""Cells that are longer are not numbers."""

_NARROWEST = 9
"""Headers of a column are not broken into pieces that are shorter."""


class Block(NamedTuple):
    """What is shown of an object, however it is shown."""

    title: str
    lines: Sequence[str] = ()
    frame: pd.DataFrame | None = None
    notes: Sequence[str] = ()


class Shown:
    """Base of what looks alike in a terminal and in a notebook.

    A class says in ``_block`` what is shown of it; both its text and its HTML are made of that.
    """

    def _block(self) -> Block:
        raise NotImplementedError

    def __repr__(self) -> str:
        return text_block(*self._block())

    def __str__(self) -> str:
        return repr(self)

    def _repr_html_(self) -> str:
        return html_block(*self._block())


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
        Its first sentence is shown in bold.
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
    finding, stop, more = _few([title])[0].partition(". ")
    head = f"<b>{html.escape(finding + stop.rstrip())}</b> {html.escape(more)}".rstrip()
    above = "".join(f"<br>{html.escape(line)}" for line in _few(lines))
    table, said = ("", []) if frame is None else _html_table(frame)
    below = "<br>".join(html.escape(note) for note in [*said, *_few(notes)])
    gap = "<br>" if below and not table else ""
    return f"<div>{head}{above}{table}{gap}{below}</div>"


def text_block(
    title: str,
    lines: Sequence[str] = (),
    frame: pd.DataFrame | None = None,
    notes: Sequence[str] = (),
) -> str:
    """Return the same as text, no wider than :data:`WIDTH` where words allow it.

    Parameters
    ----------
    title, lines, frame, notes
        As in `html_block`.

    Returns
    -------
    str

    Examples
    --------
    >>> table = pd.DataFrame({"net": ["-3", "12"]}, index=pd.Index(["PR", "ads"], name="channel"))
    >>> print(text_block("ads pay back", ["of two"], table, ["PR is a bet"]))
    ads pay back
    of two
    <BLANKLINE>
    channel  net
    PR        -3
    ads       12
    <BLANKLINE>
    PR is a bet
    """
    above = [wrapped for line in _few([title, *lines]) for wrapped in _wrapped(line)]
    below = [wrapped for note in _few(notes) for wrapped in _wrapped(note)]
    table = [] if frame is None else _text_table(frame)
    parts = [part for part in (above, table, below) if part]
    return "\n\n".join("\n".join(part) for part in parts)


def _few(texts: Sequence[str]) -> list[str]:
    """Cut texts that are too many, or too long, in their middle."""
    listed = [*texts]
    half = _MOST_NOTES // 2
    if len(listed) > _MOST_NOTES:
        left = f"... {len(listed) - 2 * half:,} more ..."
        listed = [*listed[:half], left, *listed[-half:]]
    half = _MOST_TEXT // 2
    return [t if len(t) <= _MOST_TEXT else f"{t[:half]} ... {t[-half:]}" for t in listed]


def _wrapped(text: str) -> list[str]:
    # A number is not parted from its unit.
    joined = text.replace(" %", "\xa0%")
    lines = textwrap.wrap(joined, WIDTH, break_long_words=False, break_on_hyphens=False)
    return [line.replace("\xa0", " ") for line in lines] or [""]


def _cut(frame: pd.DataFrame, rows: int) -> tuple[pd.DataFrame, list[str]]:
    """Return a table that is cut in its middle where it is too large, and what was left out."""
    said = []
    if len(frame) > rows:
        said.append(f"{len(frame) - rows:,} of {len(frame):,} rows are left out in the middle")
        frame = _without_middle(frame, rows)
    if frame.shape[1] > MOST_COLUMNS:
        more = frame.shape[1] - MOST_COLUMNS
        said.append(f"{more:,} of {frame.shape[1]:,} columns are left out in the middle")
        frame = _without_middle(frame.T, MOST_COLUMNS).T
    return frame, said


def _without_middle(frame: pd.DataFrame, rows: int) -> pd.DataFrame:
    half = rows // 2
    names = [*frame.index.names]
    first, last = (part.reset_index() for part in (frame.iloc[:half], frame.iloc[-half:]))
    gap = pd.DataFrame([["..."] * first.shape[1]], columns=first.columns)
    whole = pd.concat([part.astype(object) for part in (first, gap, last)])
    cut = whole.set_index([*whole.columns[: len(names)]])
    cut.index.names = names
    return cut


def _html_table(frame: pd.DataFrame) -> tuple[str, list[str]]:
    shown, said = _cut(frame, MOST_ROWS)
    labels, rest = _columns(shown)
    sides = [(column, "left" if column.is_words else "right") for column in rest]
    sides = [*((column, "left") for column in labels), *sides]
    head = "".join(_cell("th scope=col", " ".join(one.header), side) for one, side in sides)
    tags = ["th scope=row"] * len(labels) + ["td"] * len(rest)
    cells = [
        [_cell(tag, cell, side) for cell in column.cells]
        for tag, (column, side) in zip(tags, sides, strict=True)
    ]
    body = "".join(f"<tr>{''.join(row)}</tr>" for row in zip(*cells, strict=True))
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>", said


def _cell(tag: str, text: str, side: str) -> str:
    name = tag.split()[0]
    return f'<{tag} style="text-align: {side}">{html.escape(text)}</{name}>'


def _text_table(frame: pd.DataFrame) -> list[str]:
    shown, said = _cut(frame, MOST_ROWS)
    pieces = _pieces(shown)
    most = max(_MOST_LINES // len(pieces), 4)
    if len(shown) > most:
        shown, said = _cut(frame, most)
        pieces = _pieces(shown)
    return [*"\n\n".join("\n".join(piece) for piece in pieces).splitlines(), *said]


def _pieces(frame: pd.DataFrame) -> list[list[str]]:
    """Return the lines of a table: headers are broken, and columns that are too many come below."""
    labels, rest = _columns(frame)
    pieces: list[list[str]] = []
    while rest or not pieces:
        room = WIDTH - sum(column.width + 2 for column in labels)
        count = 0
        while count < len(rest) and (rest[count].width <= room or not count):
            room -= rest[count].width + 2
            count += 1
        height = max(len(column.header) for column in (*labels, *rest[:count]))
        rows = zip(
            *(column.lines(height, str.ljust) for column in labels),
            *(one.lines(height, str.ljust if one.is_words else str.rjust) for one in rest[:count]),
            strict=True,
        )
        pieces.append(["  ".join(row).rstrip() for row in rows])
        rest = rest[count:]
    return pieces


def _columns(frame: pd.DataFrame) -> tuple[list[_Column], list[_Column]]:
    """Return the labels of the rows, and the other columns."""
    names = [name if isinstance(name, str) else "" for name in frame.index.names]
    flat = frame.reset_index(names=names, allow_duplicates=True)
    columns = [_Column.of(str(name), flat.iloc[:, i]) for i, name in enumerate(flat.columns)]
    return columns[: len(names)], columns[len(names) :]


class _Column(NamedTuple):
    header: list[str]
    cells: list[str]
    width: int

    @property
    def is_words(self) -> bool:
        """Words stand to the left, and numbers to the right."""
        cells = [cell for cell in self.cells if cell.strip(".")]
        numbers = any(character.isdigit() for cell in cells for character in cell)
        return bool(cells) and (not numbers or max(map(len, cells)) > _WORDS)

    @classmethod
    def of(cls, name: str, values: pd.Series) -> _Column:
        cells = [str(value) for value in values]
        room = max([_NARROWEST, *map(len, cells)])
        wrap = textwrap.TextWrapper(room, break_long_words=False, break_on_hyphens=False)
        header = wrap.wrap(name) or [""]
        return cls(header, cells, max(map(len, [*header, *cells])))

    def lines(self, height: int, pad: Callable[[str, int], str]) -> list[str]:
        above = [""] * (height - len(self.header))
        return [pad(text, self.width) for text in (*above, *self.header, *self.cells)]
