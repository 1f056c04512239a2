"""What was read from a file, and how: nothing is dropped or guessed without being said here."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields
from typing import Any

import pandas as pd

from gtmsim.errors import ArgumentTypeError, printable
from gtmsim.notebook import Block, Shown

KEY = "reading"
"""Where in ``frame.attrs`` the report is kept, as a dict that JSON can hold."""


@dataclass(frozen=True, repr=False)
class Reading(Shown):
    r"""How a history was read.

    Attributes
    ----------
    file : str
        Its name.
    sha256 : str
        Of the file's bytes.
    kind : {"campaigns", "reps", "opportunities"}
        What it was read as.
    source : str
        Which export it was recognised as.
    votes : dict of str to int
        Number of headers known from each source.
    format : {"csv", "excel", "parquet"}
    encoding, separator : str or None
        None unless it is text.
    decimal : str or None
        Sign before the decimals; None if no number shows it.
    dates : str or None
        Order of day and month; None if no date needs one.
    currency : str or None
        As the file names it; None if it does not.
    header_row : int
        Row of the headers, as a spreadsheet counts it.
    rows_in_file, rows_kept : int
        Without the header; their difference is what was dropped.
    columns : dict of str to dict
        By field: "from" the header, "how" it was read, and the "others" that could have been it.
    unused : list of str
        Headers that were not read.
    dropped : list of dict
        "reason" and "rows", as a spreadsheet counts them.
    warnings : list of str
        What was assumed, and what to be careful about.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from gtmsim.fit.reading import read_campaigns
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "ads.csv")
    ...     _ = path.write_text("Day,Campaign,Cost\n2024-01-31,a,5.00\n,Total,5.00\n")
    ...     reading = Reading.of(read_campaigns(path))
    >>> reading.source, reading.rows_kept, reading.dropped
    ('Google Ads', 1, [{'reason': 'labelled as a total', 'rows': [3]}])
    """

    file: str
    sha256: str
    kind: str
    source: str
    votes: dict[str, int]
    format: str
    encoding: str | None
    separator: str | None
    decimal: str | None
    dates: str | None
    currency: str | None
    header_row: int
    rows_in_file: int
    rows_kept: int
    columns: dict[str, dict[str, Any]] = field(default_factory=dict)
    unused: list[str] = field(default_factory=list)
    dropped: list[dict[str, Any]] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, frame: pd.DataFrame) -> Reading:
        """Return the report of a frame that a reader returned.

        Raises
        ------
        ArgumentTypeError
            If the frame has none.
        """
        kept = frame.attrs.get(KEY) if isinstance(frame, pd.DataFrame) else None
        if not isinstance(kept, dict):
            fix = "read the file with read_campaigns, read_reps or read_opportunities"
            raise ArgumentTypeError("frame", "must come from a reader", type(frame).__name__, fix)
        return cls(**{one.name: kept[one.name] for one in fields(cls)})

    def to_dict(self) -> dict[str, Any]:
        """Return the report as a dict that JSON can hold."""
        return asdict(self)

    def _block(self) -> Block:
        taken = {
            name: {
                "taken from": "no column" if how["from"] is None else how["from"],
                "how": how["how"],
                "not from": ", ".join(map(str, how["others"])),
            }
            for name, how in self.columns.items()
        }
        notes = [f"unused: {', '.join(self.unused)}"] if self.unused else []
        notes += [f"dropped, {one['reason']}: {row_list(one['rows'])}" for one in self.dropped]
        return Block(
            f"{self.file} as {self.kind}: {self.source}, {self.rows_kept:,} of "
            f"{self.rows_in_file:,} rows kept",
            (),
            pd.DataFrame.from_dict(taken, orient="index").rename_axis("column"),
            [*notes, *(f"warning: {warning}" for warning in self.warnings)],
        )

    def __str__(self) -> str:
        """Return the report to read."""
        layout = [self.format, self.encoding, _SEPARATORS.get(self.separator or "")]
        layout += [f"decimal {_SIGNS[self.decimal]}"] if self.decimal else []
        layout += [part for part in (self.dates, self.currency) if part]
        rows = f"{self.rows_kept:,} of {self.rows_in_file:,} rows kept, headers in row"
        lines = [
            f"{self.file} as {self.kind}: {self.source} "
            f"({self.votes.get(self.source, 0)} headers known)",
            f"  sha256 {self.sha256}",
            f"  {', '.join(part for part in layout if part)}",
            f"  {rows} {self.header_row}",
            "columns",
        ]
        for name, how in self.columns.items():
            others = f" (not {', '.join(map(repr, how['others']))})" if how["others"] else ""
            taken = repr(how["from"]) if how["from"] is not None else "no column"
            lines.append(f"  {name}: {taken}{', ' + how['how'] if how['how'] else ''}{others}")
        if self.unused:
            lines.append(f"  unused: {', '.join(self.unused)}")
        if self.dropped:
            lines.append("dropped")
            lines += [f"  {one['reason']}: {row_list(one['rows'])}" for one in self.dropped]
        if self.warnings:
            lines.append("warnings")
            lines += [f"  {warning}" for warning in self.warnings]
        return "\n".join(map(printable, lines))


_SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
_SIGNS = {".": "point", ",": "comma"}


def row_list(rows: list[int], most: int = 5) -> str:
    """Return some rows in words.

    Examples
    --------
    >>> row_list([3]), row_list([2, 3, 4, 5, 6, 7])
    ('row 3', 'rows 2, 3, 4, 5, 6 and 1 more')
    """
    shown = ", ".join(str(row) for row in rows[:most])
    more = f" and {len(rows) - most:,} more" if len(rows) > most else ""
    return f"row{'s' if len(rows) > 1 else ''} {shown}{more}"
