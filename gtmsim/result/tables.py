"""The frames of a result, one function each."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from gtmsim.errors import MetricError, PrecisionError, check_levels
from gtmsim.result.blocks import check_blocks
from gtmsim.result.intervals import shown_mean
from gtmsim.statistics import Interval
from gtmsim.summary import MONTHLY_METRICS

if TYPE_CHECKING:
    from gtmsim.result.portfolio import PortfolioResult

CLAIMED_SHARE = 0.99
"""The s of "1 % of spend brings s of results"."""

_NONE = Interval(math.nan, math.nan, math.nan, 0.95, "none")


def _label(quantile: float) -> str:
    return f"p{100.0 * quantile:.12g}"


def summary_rows(result: PortfolioResult) -> dict[str, dict[str, float]]:
    """Return the summary's numbers by channel and column."""
    rows = {}
    target = math.nan if result.plan.target is None else result.plan.target
    for name in result.distributions.names:
        low, middle, high = result.quantiles((0.1, 0.5, 0.9), "value", name)
        spend = result.distributions.metric("spend", name)
        hits = result.distributions.metric("hits", name)
        campaigns = result.campaign_count(name)
        of_plan = name == "portfolio" and not math.isnan(target)
        rows[name] = {
            "spend": spend.sum / spend.n,
            "value_p10": low,
            "value_p50": middle,
            "value_p90": high,
            "value_mean": shown_mean(result, name).estimate,
            "net_p50": result.quantile(0.5, "net", name),
            "multiple_p50": result.quantile(0.5, "multiple", name),
            "prob_loss": result.prob_loss(name),
            "prob_target": result.prob_at_least(target) if of_plan else math.nan,
            "cvar_95": result.cvar(0.95, "net", name),
            "top_share": result.quantile(0.5, "top_share", name),
            "hit_rate": hits.sum / hits.n / campaigns if campaigns else math.nan,
            "beyond_horizon_p50": result.quantile(0.5, "beyond_horizon", name),
        }
    return rows


def summary_table(result: PortfolioResult) -> pd.DataFrame:
    """Return one row per channel and the portfolio; see PortfolioResult.summary."""
    return pd.DataFrame.from_dict(summary_rows(result), orient="index").rename_axis("channel")


def interval_table(result: PortfolioResult) -> pd.DataFrame:
    """Return the summary with intervals: columns (figure, estimate, low and high)."""
    check_blocks(result)
    rows: dict[str, dict[tuple[str, str], float]] = {}
    columns = summary_rows(result)
    for name in result.distributions.names:
        row = rows[name] = {}
        for figure in columns[name]:
            if figure == "value_mean":
                interval = shown_mean(result, name)
            else:
                try:
                    interval = result.interval(figure, name)
                except (MetricError, PrecisionError):
                    interval = _NONE
            for end in ("estimate", "low", "high"):
                row[figure, end] = getattr(interval, end)
    figures = pd.MultiIndex.from_tuples(next(iter(rows.values())), names=["figure", None])
    table = [list(row.values()) for row in rows.values()]
    return pd.DataFrame(table, index=pd.Index(rows, name="channel"), columns=figures)


def channel_table(
    result: PortfolioResult, metric: str, quantiles: tuple[float, ...]
) -> pd.DataFrame:
    """Return quantiles of a metric by channel; see PortfolioResult.by_channel."""
    quantiles = tuple(check_levels(quantiles).tolist())
    names = result.distributions.names
    rows = {name: result.quantiles(quantiles, metric, name) for name in names}
    columns = [_label(q) for q in quantiles]
    frame = pd.DataFrame.from_dict(rows, orient="index", columns=columns)
    return frame.rename_axis("channel")


def month_table(result: PortfolioResult, quantiles: tuple[float, ...]) -> pd.DataFrame:
    """Return quantiles of the monthly metrics; see PortfolioResult.by_month."""
    levels = check_levels(quantiles)
    names, months = result.distributions.names, range(result.plan.horizon)
    columns = [f"{metric}_{_label(q)}" for metric in MONTHLY_METRICS for q in quantiles]
    rows = [
        np.concatenate(
            [
                result.distributions.month(metric, name, month).quantile(levels)
                for metric in MONTHLY_METRICS
            ]
        )
        for name in names
        for month in months
    ]
    index = pd.MultiIndex.from_product([names, months], names=["channel", "month"])
    return pd.DataFrame(rows, index=index, columns=columns)


def concentration_table(result: PortfolioResult) -> pd.DataFrame:
    """Return how concentrated value is; see PortfolioResult.concentration."""
    rows = {}
    for name in result.distributions.names:
        low, middle, high = result.quantiles((0.05, 0.5, 0.95), "top_share", name)
        rows[name] = {
            "units": result.unit_count(name),
            "top_share_p5": low,
            "top_share_p50": middle,
            "top_share_p95": high,
            "prob_claim": result.prob_at_least(CLAIMED_SHARE, "top_share", name),
            "largest_share_p50": result.quantile(0.5, "largest_share", name),
            "prob_one_is_half": result.prob_at_least(0.5, "largest_share", name),
            "effective_number_p50": result.quantile(0.5, "effective_number", name),
        }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("channel")
