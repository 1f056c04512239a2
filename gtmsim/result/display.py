"""A result as it is shown, with as many digits as its Monte Carlo error supports."""

from __future__ import annotations

import math
from collections.abc import Collection
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from gtmsim.notebook import Block
from gtmsim.result.blocks import independent_scenarios, mean_error
from gtmsim.result.intervals import shown_mean
from gtmsim.result.tables import summary_rows

if TYPE_CHECKING:
    from gtmsim.result.portfolio import PortfolioResult

_UNITS = ((1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "k"))

HEADERS = {
    "spend": "spend",
    "value_p10": "P10: 90 % chance of at least",
    "value_p50": "P50",
    "value_p90": "P90",
    "value_mean": "mean",
    "multiple_p50": "multiple P50",
    "prob_loss": "P(loss)",
    "cvar_95": "mean net of worst 5 %",
    "top_share": "share of best 1 %",
    "hit_rate": "hit rate",
}
"""Columns of the summary that are shown, and their headers."""


def format_number(value: float, error: float) -> str:
    """Return a number with digits down to the first one that its standard error leaves open.

    Examples
    --------
    >>> format_number(1234567.0, 2300.0), format_number(0.01234, 0.0004), format_number(12.0, 0.0)
    ('1.235M', '0.0123', '12')
    """
    if math.isnan(value):
        return ""
    if math.isinf(value):
        return "infinite" if value > 0 else "-infinite"
    scale, unit = next(((s, u) for s, u in _UNITS if abs(value) >= s), (1.0, ""))
    value, error = value / scale, error / scale
    if error <= 0.0:
        return f"{value:.4g}{unit}"
    return f"{value:,.{_decimals(error)}f}{unit}"


def format_share(value: float, error: float) -> str:
    """Return a share in percent, with digits that follow its standard error.

    Examples
    --------
    >>> format_share(0.12345, 0.001), format_share(0.5, 0.02)
    ('12.3 %', '50 %')
    """
    if math.isnan(value):
        return ""
    return f"{100.0 * value:.{min(_decimals(100.0 * error), 2)}f} %"


def share_error(p: float, scenarios: float) -> float:
    """Return the standard error of a share of scenarios, that of one scenario at the least."""
    return math.sqrt(max(p * (1.0 - p), 1.0 / scenarios) / scenarios)


def _decimals(error: float) -> int:
    return max(0, min(6, -math.floor(math.log10(error)))) if error > 0.0 else 1


def _quantile_error(result: PortfolioResult, q: float, metric: str, channel: str) -> float:
    """Half the distance between the quantiles one binomial standard error to either side."""
    middle = result.quantile(q, metric, channel)
    n = independent_scenarios(result, metric, channel, middle)
    step = math.sqrt(q * (1.0 - q) / n)
    low = result.quantile(max(q - step, 0.0), metric, channel)
    high = result.quantile(min(q + step, 1.0), metric, channel)
    return 0.5 * float(high - low) + result.relative_error * abs(float(middle))


def _spend_error(result: PortfolioResult, channel: str, spend: float) -> float:
    """Return an error that shows four digits of a mean where its own leaves more."""
    error = mean_error(result, "spend", channel)
    return max(error, 1e-3 * spend) if error else 0.0


def formatted_summary(result: PortfolioResult) -> pd.DataFrame:
    """Return the summary as text, ready to be shown."""
    rows = {}
    for channel, row in summary_rows(result).items():
        quantile_errors = {
            "value_p10": _quantile_error(result, 0.1, "value", channel),
            "value_p50": _quantile_error(result, 0.5, "value", channel),
            "value_p90": _quantile_error(result, 0.9, "value", channel),
            "value_mean": shown_mean(result, channel).half_width / 2.0,
            "multiple_p50": _quantile_error(result, 0.5, "multiple", channel),
            # The mean of the worst 5 % is about as uncertain as the quantile it starts from.
            "cvar_95": _quantile_error(result, 0.05, "net", channel),
            "spend": _spend_error(result, channel, row["spend"]),
        }
        share_errors = {
            "prob_loss": share_error(
                row["prob_loss"], independent_scenarios(result, "net", channel, 0.0)
            ),
            "top_share": _quantile_error(result, 0.5, "top_share", channel),
            "hit_rate": mean_error(result, "hits", channel)
            / max(result.campaign_count(channel), 1),
        }
        shown = {key: format_number(row[key], error) for key, error in quantile_errors.items()}
        shown |= {key: format_share(row[key], error) for key, error in share_errors.items()}
        rows[channel] = {header: shown[key] for key, header in HEADERS.items()}
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("channel")


def headline(result: PortfolioResult) -> list[str]:
    """Return what the table is about and, where the plan has a target, the chance to reach it."""
    plan = result.plan
    discount = f"discounted at {100.0 * plan.discount_rate:.3g} % a year"
    lines = [
        f"{plan.name}: {plan.horizon} months, {result.scenarios:,} scenarios, seed {result.seed}",
        f"value is {plan.basis} in {plan.currency}, "
        + (discount if plan.discount_rate else "not discounted"),
    ]
    if result.alternatives:
        varied = (f"{name}: {len(own):,} versions" for name, own in result.alternatives.items())
        lines.append(f"parameters of {', '.join(varied)}")
    lines += _of_target(result)
    return lines if result.verdict is None else [*lines, result.verdict]


def _of_target(result: PortfolioResult) -> list[str]:
    target = result.plan.target
    if target is None:
        return []
    p = result.prob_at_least(target)
    n = independent_scenarios(result, "value", "portfolio", target)
    shown = format_share(p, share_error(p, n))
    return [f"chance of at least {format_number(target, 0.0)}: {shown}"]


def mean_notes(result: PortfolioResult) -> list[str]:
    """Say of each channel whose mean is not that of the scenarios why it is not."""
    notes = []
    for name, tail in result.tail.iterrows():
        channel, alpha = str(name), float(tail["tail_index"])
        method = shown_mean(result, channel).method
        if method == "infinite":
            notes.append(f"{channel}: the mean is infinite, with tail index {alpha:g}")
        elif method == "not known" and tail["mean_exists"]:
            notes.append(f"{channel}: the mean has no closed form")
        elif method == "not known":
            notes.append(f"{channel}: the tail is not known, so neither is whether a mean exists")
        elif method == "exact" and not tail["variance_exists"]:
            rate = f"n**-{1.0 - 1.0 / alpha:.2g}"
            notes.append(
                f"{channel}: the mean is exact; with tail index {alpha:g} that of n scenarios "
                f"comes near it as {rate}"
            )
        elif method == "exact" and result.alternatives and result.kept is None:
            notes.append(f"{channel}: the mean is exact; single scenarios were not kept")
        elif method == "exact":
            notes.append(f"{channel}: the mean is exact; the scenarios are too few for their tail")
    return notes


def result_block(result: PortfolioResult) -> Block:
    """Return what is shown of a result: the finding, the summary and notes on its means."""
    table = formatted_summary(result)
    name, whole = result.plan.name, table.loc["portfolio"]
    found = _of_target(result) or [
        f"{whole[HEADERS['value_p50']]} at the median, "
        f"{whole[HEADERS['value_p10']]} or more with 90 % chance"
    ]
    lines = [line.removeprefix(f"{name}: ") for line in headline(result) if line not in found]
    return Block(f"{name}: {found[0]}", lines, table, mean_notes(result))


def formatted_intervals(table: pd.DataFrame, shares: Collection[str] = ()) -> pd.DataFrame:
    """Return estimates as text, with digits that the ends of their intervals support.

    Parameters
    ----------
    table : DataFrame
        Columns (figure, estimate or low or high).
    shares : collection of str
        Figures to show in percent, besides those that begin with "prob".

    Returns
    -------
    DataFrame
        A column for each figure.

    Examples
    --------
    >>> ends = [("net", "estimate"), ("net", "low"), ("net", "high")]
    >>> table = pd.DataFrame([[1_234.0, 1_200.0, 1_270.0]], columns=pd.MultiIndex.from_tuples(ends))
    >>> formatted_intervals(table)["net"].tolist()
    ['1.23k']
    """
    shown = {}
    for figure in dict.fromkeys(table.columns.get_level_values(0)):
        percent = figure in shares or figure.startswith("prob")
        form, cells = format_share if percent else format_number, table[figure]
        errors = np.nan_to_num((cells["high"] - cells["low"]).to_numpy(float) / 4.0, posinf=0.0)
        values = cells["estimate"].to_numpy(dtype=float)
        shown[figure] = [form(*pair) for pair in zip(values, errors, strict=True)]
    return pd.DataFrame(shown, index=table.index)
