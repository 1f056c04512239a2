"""The page of columns is made from the aliases that the readers use.

``python -m tests.fit.test_columns_page`` writes it anew.
"""

from __future__ import annotations

from pathlib import Path

import gtmsim
from gtmsim.fit import aliases_table

PAGE = Path(gtmsim.__file__).parent / "fit" / "COLUMNS.md"

HEAD = """# What the readers take for what

Headers are compared without case, accents, signs and spaces; a currency in parentheses or behind
the header is read as the currency. The source is the one of which most headers are known. Where
several columns could be the same field, the first that is listed is taken and the reading names the
others. `columns={"spend": "My header"}` overrides any of it.

`marks` are headers that only tell the source.
"""


def page() -> str:
    """Return the page."""
    lines = [HEAD]
    for (file, source), rows in aliases_table().groupby(["file", "source"], sort=False):
        lines += [f"## {file}: {source}", "", "| field | headers |", "| ----- | ------- |"]
        lines += [
            f"| {field} | {headers} |"
            for field, headers in zip(rows["field"], rows["headers"], strict=True)
        ]
        lines.append("")
    return "\n".join(lines)


def test_the_page_says_what_the_readers_do() -> None:
    assert PAGE.read_text(encoding="utf-8") == page()


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
