"""A file being read: its columns by field, and a record of everything done to it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import Final

import pandas as pd

from gtmsim.errors import ArgumentError, ArgumentTypeError, HistoryError, Problem
from gtmsim.fit.reading.aliases import (
    Header,
    Match,
    fields_of,
    known_keys,
    match_headers,
    nearest,
)
from gtmsim.fit.reading.report import KEY, Reading
from gtmsim.fit.reading.tables import Table, load

_SHOWN = 5
SHARED_SYMBOLS: Final = {
    "$": {"USD", "AUD", "CAD", "NZD", "SGD", "HKD", "MXN", "CLP", "COP", "ARS", "TWD"},
    "¥": {"JPY", "CNY"},
}


class Sheet:
    """A file being read.

    Attributes
    ----------
    table : Table
    match : Match
    kind : {"campaigns", "reps", "opportunities"}
    cells : pandas.DataFrame
        The rows that are still kept.
    chosen : frozenset of str
        Fields that an override names.
    dropped : dict of str to list of int
        Rows by the reason why they were left out.
    currencies : dict of str to str
        Header by the currency that it is in.
    decimals, orders : set of str
        Decimal signs, and orders of day and month, of the columns read so far.
    warnings : list of str

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If an override names a field that there is not.
    HistoryError
        If the file is no table, or an override names a header that it does not have.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        kind: str,
        columns: Mapping[str, str] | None,
        table: Table | None = None,
    ) -> None:
        overrides = _checked(columns, kind)
        if table is None:
            table = load(path, known_keys([kind]) | {Header.of(h).key for h in overrides.values()})
        self.table: Table = table
        self.kind = kind
        self.cells: pd.DataFrame = table.cells
        self.chosen = frozenset(overrides)
        headers = list(map(str, self.cells.columns))
        for name, header in overrides.items():
            if header not in headers:
                near = nearest(header, headers)
                fix = f"the nearest is {near!r}; {self._seen()}" if near else self._seen()
                rule = f"must have the column that was named for {name}"
                raise HistoryError([Problem(self.where, rule, header, fix)])
        self.match: Match = match_headers(kind, headers, overrides)
        self.warnings: list[str] = list(table.warnings)
        self._how: dict[str, tuple[str | None, str]] = {}
        self.dropped: dict[str, list[int]] = {}
        self.currencies: dict[str, str] = {}
        self.decimals: set[str] = set()
        self.orders: set[str] = set()
        if table.before:
            self.dropped["above the header"] = list(table.before)
        if table.blank:
            self.dropped["blank"] = list(table.blank)

    # -- Fields -----------------------------------------------------------------------------------

    def has(self, name: str) -> bool:
        """Return whether the file has a column of this field."""
        return name in self.match.columns

    @property
    def where(self) -> str:
        """The file and the row of its header, as errors name them."""
        return f"{self.table.name}, row {self.table.header_row}"

    def header(self, name: str) -> str:
        """Return the header of a field that the file has."""
        return self.match.columns[name]

    def column(self, name: str) -> pd.Series:
        """Return the cells of a field that the file has, of the rows that are still kept."""
        return self.cells[self.match.columns[name]]

    def require(self, name: str, *instead: str) -> None:
        """Refuse a file that has no column of this field, nor of those that can stand for it.

        Raises
        ------
        HistoryError
            Naming the headers that there are, and the one written nearest to it.
        """
        if any(self.has(one) for one in (name, *instead)):
            return
        headers = list(map(str, self.cells.columns))
        near = nearest(name, headers)
        shown = near or "..."
        fix = f'pass columns={{"{name}": "{shown}"}}; {self._seen()}'
        raise HistoryError([Problem(self.where, f"must have a column of {name}", "none", fix)])

    # -- The record -----------------------------------------------------------------------------

    def drop(self, rows: Iterable[int], reason: str) -> None:
        """Leave rows out, and say why.

        Raises
        ------
        HistoryError
            If no row is left.
        """
        gone = sorted(rows)
        if gone:
            if len(gone) == len(self.cells):
                rule = "must have rows that are records"
                raise HistoryError([Problem(self.table.name, rule, f"all others are {reason}")])
            self.cells = self.cells.drop(index=gone)
            self.dropped.setdefault(reason, []).extend(gone)

    def warn(self, text: str) -> None:
        """Say what was assumed, once."""
        if text not in self.warnings:
            self.warnings.append(text)

    def note(self, name: str, how: str = "", source: str | None = None) -> None:
        """Say how a field was read; `source` is the field whose column it was made of."""
        self._how[name] = (self.match.columns.get(source or name), how)

    def error(self, name: str, rows: list[int], rule: str, fix: str | None = None) -> HistoryError:
        """Return an error about cells of a field: five of them, and how many more there are."""
        header = self.match.columns[name]
        more = len(rows) - _SHOWN
        if more > 0:
            fix = f"and so in {more:,} more rows" + (f"; {fix}" if fix else "")
        shown = rows[:_SHOWN]
        where = f"{self.table.name}, row"
        return HistoryError(
            Problem(
                f"{where} {row}, {header}",
                rule,
                self.cells.loc[row, header],
                fix if row == shown[-1] else None,
            )
            for row in shown
        )

    def finish(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Return the frame with its report, numbered from 0."""
        if len(self.decimals) == 2:
            self.warn("some columns have a decimal point and some a comma")
        if len(self.orders) == 2:
            self.warn("some columns have the day first and some the month")
        used = {header for header, _ in self._how.values()}
        names = [name for name in (*frame.columns, *self._how) if name in self._how]
        kept = len(self.cells)
        dropped = [{"reason": why, "rows": sorted(rows)} for why, rows in self.dropped.items()]
        currencies = [code for code in self.currencies if code not in SHARED_SYMBOLS]
        reading = Reading(
            file=self.table.name,
            sha256=self.table.sha256,
            kind=self.kind,
            source=self.match.source,
            votes=self.match.votes,
            format=self.table.format,
            encoding=self.table.encoding,
            separator=self.table.separator,
            decimal=min(self.decimals) if len(self.decimals) == 1 else None,
            dates=", ".join(sorted(self.orders)) or None,
            currency=next(iter([*currencies, *self.currencies]), None),
            header_row=self.table.header_row,
            rows_in_file=kept + sum(len(one["rows"]) for one in dropped),
            rows_kept=kept,
            columns={
                name: {
                    "from": self._how[name][0],
                    "how": self._how[name][1],
                    "others": self.match.others.get(name, []),
                }
                for name in dict.fromkeys(names)
                if name not in ("ad", "group")
            },
            unused=[str(header) for header in self.cells.columns if header not in used],
            dropped=dropped,
            warnings=self.warnings,
        )
        frame = frame.reset_index(drop=True)
        frame.attrs[KEY] = reading.to_dict()
        return frame

    def _seen(self) -> str:
        return "the headers are " + ", ".join(map(repr, self.cells.columns))


def _checked(columns: Mapping[str, str] | None, kind: str) -> dict[str, str]:
    if columns is None:
        return {}
    if not isinstance(columns, Mapping):
        fix = 'write columns={"spend": "Spent"}'
        raise ArgumentTypeError("columns", "must be a dict of header by field", columns, fix)
    known = fields_of(kind)
    for name, header in columns.items():
        if not isinstance(name, str) or not isinstance(header, str):
            rule = "must be a dict of header by field"
            raise ArgumentTypeError("columns", rule, {name: header})
        if name not in known:
            near = nearest(name, known)
            fix = f"did you mean {near!r}?" if near else None
            raise ArgumentError("columns", f"must name fields of {', '.join(known)}", name, fix)
    return dict(columns)
