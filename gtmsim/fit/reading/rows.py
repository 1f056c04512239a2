"""Rows that are no records: totals, footers and repeats."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

import pandas as pd

from gtmsim.fit.reading.cells import Amount, rows_where, text_of
from gtmsim.fit.reading.report import row_list
from gtmsim.fit.reading.sheet import Sheet

_TAIL = r"(?:\s*[:(].*|\s+[-–—]\s.*)?"
TOTAL: Final = "labelled as a total"
_LABELS: Final = {
    TOTAL: re.compile(
        r"(?:(?:grand|sub|overall|report)[ -]?)?totals?|total g[ée]n[ée]ral|totaux|sous-total|"
        r"(?:gesamt|zwischen)?summe|gesamt(?:ergebnis)?|insgesamt|(?:suma )?total|totale|"
        r"(?:eind|sub)?totaal|all campaigns|alle kampagnen".join(("(?:", ")"))
        + _TAIL,
        re.IGNORECASE,
    ),
    "labelled as an average": re.compile(
        "(?:averages?|mean|durchschnitt|mittelwert|moyenne|promedio)" + _TAIL, re.IGNORECASE
    ),
}
_CLOSE = 1e-6


def label_cells(sheet: Sheet, name: str) -> pd.Series:
    """Return the cells of a field as text; two dashes, as Google writes for none, are blank."""
    return sheet.column(name).map(text_of).replace("--", "")


def drop_footers(sheet: Sheet) -> None:
    """Leave out rows at the end that hold one cell of words only, as reports end with."""
    footers = []
    for row in reversed(sheet.cells.index):
        filled = [text_of(cell) for cell in sheet.cells.loc[row] if cell != ""]
        if any(pattern.fullmatch(filled[0]) for pattern in _LABELS.values()):
            continue
        if len(filled) > 1 or len(sheet.cells.columns) < 3 or Amount.of(filled[0]):
            break
        footers.append(int(row))
    sheet.drop(footers, "footer")


def drop_labelled(sheet: Sheet, names: Sequence[str]) -> None:
    """Leave out rows labelled as totals, in a column of these fields or in their first cell."""
    headers = [sheet.header(name) for name in names if sheet.has(name)]
    texts = sheet.cells[headers].map(text_of)
    texts["first"] = [
        next((cell for cell in row if cell != ""), "")
        for row in sheet.cells.itertuples(index=False, name=None)
    ]
    for reason, pattern in _LABELS.items():
        labels = {text for text in set(texts.to_numpy().ravel()) if pattern.fullmatch(str(text))}
        kept = texts.loc[sheet.cells.index]
        sheet.drop(rows_where(kept.isin(labels).any(axis=1)), reason)


def drop_repeats(sheet: Sheet, keyed: bool) -> None:
    """Leave out exact duplicates of earlier rows where rows are unique; or else say there are."""
    repeats = rows_where(sheet.cells.map(str).duplicated())
    if keyed:
        sheet.drop(repeats, "exact duplicate of an earlier row")
    elif repeats:
        sheet.warn(
            "exact duplicates of earlier rows were kept, as nothing in the file tells records "
            f"apart: {row_list(repeats)}"
        )


def drop_unnamed_totals(
    sheet: Sheet, names: Sequence[str], amounts: pd.Series, groups: Sequence[str]
) -> None:
    """Leave out rows without a name that are the sum of the named rows, of all or of a group.

    Parameters
    ----------
    sheet : Sheet
    names : sequence of str
        Fields that name a record, the finest first; without that one a row may be a sum.
    amounts : pandas.Series
        By row.
    groups : sequence of str
        Further fields whose groups may have a sum.

    Raises
    ------
    HistoryError
        If a row has no name at all and is no such sum.
    """
    names = [name for name in names if sheet.has(name)]
    unnamed = label_cells(sheet, names[0]) == ""
    if not unnamed.any():
        return
    named = amounts[~unnamed]
    keys = [label_cells(sheet, name) for name in (*names[1:], *groups) if sheet.has(name)]
    if sheet.has("date"):
        keys += [key + "\n" + label_cells(sheet, "date") for key in keys]
    sums = pd.Series(False, index=amounts.index)
    for key in [pd.Series("", index=amounts.index), *keys]:
        total = key.map(named.groupby(key[~unnamed]).sum())
        sums |= (amounts - total).abs() <= _CLOSE * total.abs() + 0.005 * len(named)
    sheet.drop(rows_where(unnamed & sums), "without a name, and the sum of other rows")
    nameless = unnamed & ~sums
    for name in names[1:]:
        nameless &= label_cells(sheet, name).reindex(nameless.index) == ""
    if nameless.any():
        fix = "fill the name in; if the row is a total, write Total in its place"
        raise sheet.error(names[-1], rows_where(nameless), "must have a name", fix)


def warn_of_sums(sheet: Sheet, amounts: pd.Series, groups: pd.Series) -> None:
    """Say which rows are as large as the rest of the file, or of their group, together."""
    for values in [amounts, *(part for _, part in amounts.groupby(groups))]:
        others = values.sum() - values.max()
        if (values > 0.0).sum() >= 3 and abs(values.max() - others) <= _CLOSE * others:
            row = rows_where(values == values.max())[0]
            sheet.warn(f"row {row} is the sum of rows beside it: take it out if it is a total")


def drop_parents(sheet: Sheet, amounts: pd.DataFrame) -> None:
    """Leave out campaigns that hold others of the file and have nothing, or only theirs.

    Parameters
    ----------
    sheet : Sheet
    amounts : pandas.DataFrame
        Spend and value by row.
    """
    if not sheet.has("parent"):
        return
    sheet.note("parent")
    parent = sheet.column("parent").map(_record)
    held = set(parent) - {""}
    inherits = any(
        word in sheet.header(name).lower().replace(" ", "")
        for name in ("value", "conversions")
        if sheet.has(name)
        for word in ("hierarchy", "totalvalue")
    )
    gone: list[int] = []
    kept: list[int] = []
    for name in ("id", "campaign"):
        if sheet.has(name):
            own = sheet.column(name).map(_record)
            for row in set(rows_where(own.isin(held))) - {*gone, *kept}:
                children = amounts[parent == own[row]].sum()
                mine = amounts.loc[row].fillna(0.0)
                theirs = ((mine - children).abs() <= _CLOSE * children) & (children > 0.0)
                empty = not (mine > 0.0).any()
                (gone if inherits or empty or theirs.any() else kept).append(row)
    sheet.drop(gone, "parent of other campaigns, with their amounts or none of its own")
    if kept:
        rows = row_list(sorted(kept))
        sheet.warn(f"parents of other campaigns were kept, with amounts of their own: {rows}")


def _record(cell: object) -> str:
    """Return a record's key; of Salesforce's ids of 18 letters the last three are a checksum."""
    text = text_of(cell)
    return text[:15] if len(text) == 18 and text.isalnum() else text
