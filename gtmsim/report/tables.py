"""The tables of the report: what each cell says, with its interval below it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd

from gtmsim.report.figures import Driver
from gtmsim.report.words import amount, amount_range, rounded, share, share_range
from gtmsim.result import PortfolioResult
from gtmsim.result.display import format_share, share_error
from gtmsim.result.tables import interval_table
from gtmsim.statistics import Interval

MOST_CHANNELS = 40
"""Of more channels those with the largest spend are shown."""


@dataclass(frozen=True)
class Cell:
    """What a cell says, and the interval of it."""

    text: str
    between: str = ""


@dataclass(frozen=True)
class Table:
    """A table: its caption, headers, and rows that begin with their own header."""

    caption: str
    headers: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    notes: tuple[str, ...] = ()


def shown_channels(result: PortfolioResult) -> tuple[list[str], str]:
    """Return the channels that tables list, in the plan's order, and what is left out."""
    names = list(result.channels)
    if len(names) <= MOST_CHANNELS:
        return names, ""
    spend = {name: result.distributions.metric("spend", name).sum for name in names}
    largest = set(sorted(names, key=lambda name: -spend[name])[:MOST_CHANNELS])
    note = f"The {MOST_CHANNELS} channels with the largest spend, of {len(names)}."
    return [name for name in names if name in largest], note


_MONEY = {
    "spend": "spend, mean",
    "value_p10": "P10: 90 % chance of at least",
    "value_p50": "P50: half of scenarios",
    "value_p90": "P90: 10 % chance of at least",
    "value_mean": "mean",
    "cvar_95": "value less spend, worst 5 %",
}
_SHARES = {"prob_loss": "chance of a loss"}


def channels_table(result: PortfolioResult) -> Table:
    """Return what each channel spends and brings, with 95 % intervals where there are any."""
    names, left_out = shown_channels(result)
    known = not result.alternatives or result.kept is not None
    frame = interval_table(result) if known else result.summary()
    headers = {**_MONEY, **_SHARES}
    rows = []
    for name in [*names, "portfolio"]:
        cells = [Cell(name)]
        for key in headers:
            interval = _interval(frame, name, key, known)
            cells.append(_cell(result, name, key, interval))
        rows.append(tuple(cells))
    notes = [left_out] if left_out else []
    if not known:
        notes.append("Single scenarios were not kept, so that no interval can be given.")
    else:
        notes.append("Below each figure its 95 % interval: what other luck of the draw would give.")
    plan = result.plan
    caption = f"{plan.basis} in {plan.currency} within {plan.horizon} months, by channel"
    return Table(caption, ("channel", *headers.values()), tuple(rows), tuple(notes))


def _interval(frame: pd.DataFrame, name: str, key: str, known: bool) -> Interval:
    if known:
        estimate, low, high = (frame[key, end][name] for end in ("estimate", "low", "high"))
        return Interval(float(estimate), float(low), float(high), 0.95, "")
    return Interval(float(frame[key][name]), math.nan, math.nan, 0.95, "none")


def _cell(result: PortfolioResult, name: str, key: str, interval: Interval) -> Cell:
    if key == "value_mean" and math.isinf(interval.estimate):
        return Cell("infinite")
    if math.isnan(interval.estimate):
        return Cell("not known" if key == "value_mean" else "–")
    if key in _SHARES:
        return Cell(share(interval), share_range(interval))
    return Cell(amount(interval), amount_range(interval))


_MOST_DATES = 8
_STEPS = (1, 3, 6, 12, 24, 36, 60, 120)


def months_table(result: PortfolioResult) -> Table:
    """Return the plan's value and cash up to the ends of some months."""
    horizon = result.plan.horizon
    step = next(step for step in _STEPS if horizon / step <= _MOST_DATES)
    ends = sorted({*range(step, horizon + 1, step), horizon})
    columns = {
        "value up to then, P50": ("cumulative_value", 0.5),
        "value less spend, P10": ("cumulative_net", 0.1),
        "value less spend, P50": ("cumulative_net", 0.5),
        "value less spend, P90": ("cumulative_net", 0.9),
    }

    def cell(end: int, metric: str, q: float) -> Cell:
        month = result.distributions.month(metric, "portfolio", end - 1)
        return Cell(rounded(float(month.quantile(np.array([q]))[0])))

    rows = [(Cell(str(end)), *(cell(end, *column) for column in columns.values())) for end in ends]
    return Table(
        f"{result.plan.basis} and cash in {result.plan.currency} up to the end of a month",
        ("months", *columns),
        tuple(rows),
    )


def drivers_table(result: PortfolioResult, found: list[Driver], what: str) -> Table:
    """Return how the chance of the goal goes with each channel's own scenarios."""
    shown = found[:MOST_CHANNELS]
    rows = [
        (
            Cell(d.channel),
            *(Cell(share(part), share_range(part)) for part in (d.worst, d.best)),
            *(Cell(rounded(median)) for median in (d.if_missed, d.if_reached)),
        )
        for d in shown
    ]
    headers = (
        "channel",
        "in its worst third",
        "in its best third",
        "median value if missed",
        "if reached",
    )
    notes = (
        "Thirds of the scenarios by what the channel brings in them. Medians of channels do not "
        "add up to the median of all.",
    )
    return Table(f"Chance that {what}, by the luck of each channel", headers, tuple(rows), notes)


def claim_table(result: PortfolioResult) -> Table:
    """Return how much of the result hangs on how little of the spend."""
    names, left_out = shown_channels(result)
    frame = result.concentration().to_dict("index")
    rows = []
    for name in [*names, "portfolio"]:
        row = frame[name]
        exists = not math.isnan(row["top_share_p50"])
        between = f"{_percent(row['top_share_p5'])} to {_percent(row['top_share_p95'])}"
        n = result.scenarios
        cells = (
            Cell(f"{int(row['units']):,}"),
            Cell(_percent(row["top_share_p50"]), between) if exists else Cell("–"),
            Cell(_counted(row["prob_claim"], n)),
            Cell(_percent(row["largest_share_p50"])) if exists else Cell("–"),
            Cell(_counted(row["prob_one_is_half"], n)),
        )
        rows.append((Cell(name), *cells))
    headers = (
        "channel",
        "campaigns or seats",
        "share of value from the best 1 % of spend, median (5 to 95 %)",
        "chance that this is 99 % or more",
        "share of value from the best one, median",
        "chance that the best one is half or more",
    )
    notes = [left_out] if left_out else []
    return Table("Concentration of value", headers, tuple(rows), tuple(notes))


def _counted(chance: float, n: int) -> str:
    """Return a share of n scenarios; none and all are said so."""
    if chance in (0.0, 1.0):
        return f"{'all' if chance else 'none'} of {n:,}"
    return format_share(chance, share_error(chance, n))


def _percent(value: float) -> str:
    return format_share(value, 0.001 if value < 0.0995 else 0.01)


_TAILS = {
    "bounded": "bounded: there is a largest outcome",
    "subexponential": "skewed and without a bound, but lighter than every power law",
    "not known": "not known",
}


def tail_table(result: PortfolioResult) -> Table:
    """Return the tail contract in words."""
    names, left_out = shown_channels(result)
    frame = result.tail.to_dict("index")
    rows = []
    for name in [*names, "portfolio"]:
        row = frame[name]
        index = float(row["tail_index"])
        word = _TAILS.get(row["tail"])
        if word is None:
            word = f"power law with tail index {index:g}: the largest outcomes dominate"
        moments = (_exists(row["mean_exists"]), _exists(row["variance_exists"]))
        rows.append((Cell(name), Cell(word), *(Cell(m) for m in moments)))
    headers = ("channel", "its total is", "the mean", "the variance")
    notes = [left_out] if left_out else []
    return Table("What kind of tail each channel has", headers, tuple(rows), tuple(notes))


def _exists(value: bool | None) -> str:
    if value is None:
        return "is not known to exist"
    return "exists" if value else "does not exist"
