"""What the commands show: one report as tables, JSON or CSV, on the terminal or in a file."""

from __future__ import annotations

import csv
import errno
import json
import math
import os
import re
import sys
from dataclasses import asdict, dataclass
from enum import StrEnum
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console, ConsoleOptions, Group, JustifyMethod, RenderableType, RenderResult
from rich.table import Table
from rich.text import Text

from gtmsim.files import write_file

if TYPE_CHECKING:
    import pandas as pd

    from gtmsim.claim import ClaimProbability, ClaimTable
    from gtmsim.result import PortfolioResult

_WIDTH = 112
"""Of tables that no terminal limits."""

_GAP = 2
"""Between the columns of a table: what is left of their padding, and the box."""

_HEADER = 11
"""Characters of a header that a line holds at least."""


_CALCULATED = re.compile(r"[\s']*[=+\-@＝＋－＠\t\r\n]")
"""How a text begins that a spreadsheet takes for a formula, apostrophes before it included."""


class Format(StrEnum):
    """How a report is written."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"


@dataclass(frozen=True)
class Report:
    """What a command found, ready to be written in any format."""

    tables: RenderableType
    data: dict[str, Any]
    rows: pd.DataFrame

    def json(self) -> str:
        """Return strict JSON: what is not a finite number is null."""
        return json.dumps(_strict(self.data), indent=2, allow_nan=False) + "\n"

    def csv(self) -> str:
        """Return the main table."""
        return csv_text(self.rows)

    def text(self) -> str:
        """Return the tables as plain text."""
        return _text(self, Console(file=StringIO(), width=_WIDTH, color_system=None))


def csv_text(table: pd.DataFrame) -> str:
    """Return a table as CSV in which no text is a formula to a spreadsheet that opens it.

    Names are whatever somebody wrote into a plan. An apostrophe goes before those that begin as
    formulas do, and all text into quotes, so that no other separator cuts one out of its middle.
    Numbers are as they are, and where an apostrophe was put, taking one away restores the name.

    References
    ----------
    OWASP, "CSV Injection". CWE-1236. OWASP ASVS 5.0, 1.2.10.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"channel": ["=1+1", "'=1", "PR"], "net": [-1.5, 2.0, 0.0]})
    >>> print(csv_text(table), end="")
    "channel","net"
    "'=1+1",-1.5
    "''=1",2.0
    "PR",0.0
    """
    texts = table.select_dtypes(exclude="number").map(_uncalculated)
    return str(table.assign(**texts).to_csv(index=False, quoting=csv.QUOTE_NONNUMERIC))


def _uncalculated(cell: Any) -> Any:
    return f"'{cell}" if isinstance(cell, str) and _CALCULATED.match(cell) else cell


def show(report: Report) -> None:
    """Show tables on the terminal, or as text to whatever else reads them."""
    if sys.stdout.isatty():
        Console().print(report.tables)
    else:
        typer.echo(_text(report, Console(width=_WIDTH)), nl=False)


def _text(report: Report, console: Console) -> str:
    with console.capture() as capture:
        console.print(report.tables)
    return "".join(f"{line.rstrip()}\n" for line in capture.get().splitlines())


def check_folder(path: Path) -> None:
    """Refuse to work for a file whose folder is not there.

    Raises
    ------
    FileNotFoundError
    """
    if not path.absolute().parent.is_dir():
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(path.parent))


def note(text: str) -> None:
    """Say something beside the output."""
    typer.echo(text, err=True)


def deliver(report: Report, form: Format, out: Path | None) -> None:
    """Write a report in a format, on the terminal or into a file."""
    if form is Format.TABLE and out is None:
        show(report)
        return
    content = {Format.TABLE: report.text, Format.JSON: report.json, Format.CSV: report.csv}[form]()
    if out is None:
        typer.echo(content, nl=False)
    else:
        write_file(out, content)
        note(f"wrote {out}")


def portfolio(result: PortfolioResult) -> Report:
    """Return a report of a simulated plan."""
    from gtmsim.result.display import formatted_summary, headline

    summary, concentration = result.summary().reset_index(), result.concentration().reset_index()
    first, *rest = headline(result)
    tables = Group(
        Text(first, style="bold"),
        *(Text(line) for line in rest),
        Text(),
        TextTable(formatted_summary(result).reset_index()),
        Text("\nHow much hangs on how little", style="bold"),
        Text(),
        TextTable(_formatted_concentration(result, concentration)),
    )
    data = {
        "manifest": result.manifest,
        "summary": summary.to_dict("records"),
        "concentration": concentration.to_dict("records"),
        "tail": result.tail.reset_index().to_dict("records"),
        "by_month": result.by_month().reset_index().to_dict("records"),
    }
    if result.verdict is not None:
        checked = result.validate()
        data["validation"] = {
            "passed": checked.passed,
            "verdict": result.verdict,
            "skipped": list(checked.skipped),
            "checks": checked.table.to_dict("records"),
        }
    return Report(tables, data, summary)


def claim_table(claim: ClaimTable) -> Report:
    """Return a report of the claim over tails, hit rates and numbers of campaigns."""
    title = claim.title
    tables = Group(
        Text(title, style="bold"),
        Text(),
        TextTable(claim.compact().reset_index()),
        Text(f"\n{claim.sentence}", style="bold"),
    )
    data = {k: v for k, v in vars(claim).items() if k != "table"}
    return Report(tables, {**data, "table": claim.table.to_dict("records")}, claim.table)


def claim_case(claim: ClaimProbability, tail_index: float) -> Report:
    """Return a report of the claim for one tail, hit rate and number of campaigns."""
    import pandas as pd

    from gtmsim.claim import alpha_for_claim

    shares = (claim.spend_share, claim.value_share)
    limit = alpha_for_claim(*shares, hit_rate=claim.hit_rate)
    endless = claim.population_share
    lines = {
        "campaigns": f"{claim.campaigns:,}",
        "hit rate": f"{claim.hit_rate:g}",
        "tail index": f"{tail_index:g}",
        "cap": "none" if claim.cap is None else f"{claim.cap:g}",
        "probability of the claim": f"{claim.probability:.4g}",
        "  95 % interval": "{:.4g} to {:.4g}".format(*claim.interval),
        "median share": f"{claim.median_share:.4g}",
        "  5 to 95 % of scenarios": "{:.4g} to {:.4g}".format(*claim.share_range),
        "share with endless campaigns": (
            "none: the mean is infinite" if math.isnan(endless) else f"{endless:.4g}"
        ),
        "tail index that endless campaigns need": (
            "any" if math.isinf(limit) else f"at most {limit:.6g}"
        ),
        "scenarios": f"{claim.scenarios:,}, seed {claim.seed}",
    }
    grid = Table.grid(padding=(0, 2))
    for name, value in lines.items():
        grid.add_row(Text(name), Text(value))
    spend, value = (f"{100.0 * share:.4g} %" for share in shares)
    tables = Group(Text(f"{spend} of spend brings {value} of results", style="bold"), grid)
    data = {"tail_index": tail_index, **asdict(claim)}
    row = {
        **{k: v for k, v in data.items() if not isinstance(v, tuple)},
        **{
            f"{name}_{end}": value
            for name, pair in data.items()
            if isinstance(pair, tuple)
            for end, value in zip(("low", "high"), pair, strict=True)
        },
    }
    return Report(tables, data, pd.DataFrame([row]))


@dataclass(frozen=True)
class TextTable:
    """A frame of texts; where there is room, headers wrap and cells do not."""

    frame: pd.DataFrame

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        header = [str(column) for column in self.frame.columns]
        rows = [[str(cell) for cell in row] for row in self.frame.itertuples(index=False)]
        shortest = [max(map(len, [*name.split(), name[:_HEADER]]), default=0) for name in header]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        widths = [max(pair) for pair in zip(shortest, widths, strict=True)]
        fits = sum(widths) + _GAP * (len(widths) - 1) <= options.max_width
        table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False, collapse_padding=True)
        for place, (name, width) in enumerate(zip(header, widths, strict=True)):
            justify: JustifyMethod = "left" if place == 0 else "right"
            # Text shows names as they are, and reads no markup in them.
            table.add_column(Text(name), justify=justify, width=width if fits else None)
        for row in rows:
            table.add_row(*map(Text, row))
        yield table


def _formatted_concentration(result: PortfolioResult, table: pd.DataFrame) -> pd.DataFrame:
    import pandas as pd

    from gtmsim.result.display import format_number, format_share

    step = 0.5 / math.sqrt(result.scenarios)
    rows = []
    for row in table.to_dict("records"):
        low, middle, high = (row[f"top_share_p{q}"] for q in (5, 50, 95))
        # Half of a quantile's interval, if values lay evenly between P5 and P95.
        error = step * (high - low)
        number = row["effective_number_p50"]
        rows.append(
            {
                "channel": row["channel"],
                "units": f"{row['units']:,}",
                "best 1 % of spend brings": format_share(middle, error),
                "in 90 % of scenarios": f"{_bare(low, error)} to {format_share(high, error)}",
                "P(99 % or more)": format_share(row["prob_claim"], step),
                "best unit brings": format_share(row["largest_share_p50"], step),
                "P(half or more)": format_share(row["prob_one_is_half"], step),
                "effective number": format_number(number, step * number),
            }
        )
    return pd.DataFrame(rows)


def _bare(share: float, error: float) -> str:
    from gtmsim.result.display import format_share

    return format_share(share, error).removesuffix(" %")


def _strict(value: Any) -> Any:
    """Return plain numbers, text, lists and tables; None for what is not a finite number."""
    if isinstance(value, dict):
        return {str(key): _strict(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_strict(item) for item in value]
    value = value.item() if hasattr(value, "item") else value
    return None if isinstance(value, float) and not math.isfinite(value) else value
