"""Pictures of a plan month by month."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from gtmsim.core._types import Floats
from gtmsim.plots._axes import BLUE, GREY, LIGHT_BLUE, RED, finish, new_axes, percent
from gtmsim.plots._money import Money, money_label
from gtmsim.result import PortfolioResult
from gtmsim.result.outcomes import PORTFOLIO
from gtmsim.summary import MONTHLY_METRICS, place_of

_LEVELS = {"p10": 0.1, "p25": 0.25, "p50": 0.5, "p75": 0.75, "p90": 0.9}
_WORDS = {
    "value": "value",
    "spend": "spend",
    "cumulative_value": "cumulative value",
    "cumulative_net": "cumulative cash",
}


def fan_data(
    result: PortfolioResult, metric: str = "cumulative_net", channel: str = PORTFOLIO
) -> pd.DataFrame:
    """Return quantiles of a monthly metric over scenarios.

    Parameters
    ----------
    result : PortfolioResult
    metric : str, default "cumulative_net"
        One of value, spend, cumulative_value, cumulative_net.
    channel : str, default "portfolio"

    Returns
    -------
    DataFrame
        Index month: from 0, or for cumulative metrics months since the plan began, with a first
        row of zeros. Columns p10, p25, p50, p75, p90 (currency), as of
        :meth:`gtmsim.PortfolioResult.by_month`.

    Raises
    ------
    MetricError
        If the metric or the channel is unknown.

    Examples
    --------
    >>> import gtmsim as gtm
    >>> result = gtm.simulate_portfolio(gtm.presets.example_plan(), scenarios=1_000, rng=7)
    >>> fan_data(result).shape
    (25, 5)
    """
    place_of(tuple(MONTHLY_METRICS), metric, "metric")
    place_of(result.distributions.names, channel, "channel")
    levels = list(_LEVELS.values())
    # Of this metric and channel alone: a plan may have thousands of months.
    rows = [
        result.distributions.month(metric, channel, month).quantile(levels)
        for month in range(result.plan.horizon)
    ]
    if metric.startswith("cumulative"):
        rows.insert(0, np.zeros(len(levels)))
    return pd.DataFrame(rows, columns=list(_LEVELS)).rename_axis("month")


def fan(
    result: PortfolioResult,
    metric: str = "cumulative_net",
    channel: str = PORTFOLIO,
    ax: Axes | None = None,
) -> Axes:
    """Draw a monthly metric with its range over scenarios, P10 to P90, by month.

    Parameters
    ----------
    result : PortfolioResult
    metric : str, default "cumulative_net"
        One of value, spend, cumulative_value, cumulative_net.
    channel : str, default "portfolio"
    ax : Axes, optional
        A new figure by default.

    Returns
    -------
    Axes
        Cumulative metrics are drawn at the end of each month, from 0 at the start of the plan. The
        plan's target is marked at the end of its cumulative value.

    Raises
    ------
    MetricError
        If the metric or the channel is unknown.

    Examples
    --------
    >>> import gtmsim as gtm
    >>> result = gtm.simulate_portfolio(gtm.presets.example_plan(), scenarios=1_000, rng=7)
    >>> fan(result).get_xlabel()
    'months since the plan began'
    """
    table = fan_data(result, metric, channel)
    ax = new_axes(ax)
    plan = result.plan
    months = table.index.to_numpy(dtype=np.float64)
    marked = metric == "cumulative_value" and channel == PORTFOLIO
    target = plan.target if marked else None
    size = max(float(table.abs().to_numpy().max()), target or 0.0)
    money = Money.for_size(size, plan.currency)
    ax.fill_between(
        months, table["p10"], table["p90"], color=LIGHT_BLUE, linewidth=0.0, label="P10 to P90"
    )
    ax.fill_between(
        months,
        table["p25"],
        table["p75"],
        color=BLUE,
        alpha=0.55,
        linewidth=0.0,
        label="P25 to P75",
    )
    single = "o" if months.size == 1 else None
    ax.plot(months, table["p50"], color="black", linewidth=2.0, marker=single, label="P50")
    ax.axhline(0.0, color=GREY, linewidth=0.8)
    words = metric.replace("_", " ")
    low, high = money.number(table["p10"].iloc[-1]), money.number(table["p90"].iloc[-1])
    title = f"{channel}: {words} of {low} to {high} {money.name} in month {months[-1]:g}"
    if metric == "cumulative_net":
        p50, p10 = (_payback(table[name].to_numpy()) for name in ("p50", "p10"))
        title = f"{channel}: money back {p50} (P50), {p10} (P10)"
    if target is not None:
        chance = percent(result.prob_at_least(target))
        label = f"target {money.number(target)}: {chance} chance"
        ax.plot(
            months[-1], target, "D", color=RED, markersize=8, clip_on=False, zorder=5, label=label
        )
    if months.size > 1:
        ax.set_xlim(months[0], months[-1])
    ax.yaxis.set_major_formatter(money.ticks())
    cumulative = metric.startswith("cumulative")
    ax.set_xlabel("months since the plan began" if cumulative else "month of the plan, from 0")
    ax.set_ylabel(money_label(result, _WORDS[metric], money, horizon=False))
    ax.legend(loc="upper left", frameon=False, fontsize=8)
    return finish(ax, title)


def _payback(net: Floats) -> str:
    """Return from which month on a line of cumulative net, from month 0, is no longer negative."""
    below = np.flatnonzero(net < 0.0)
    month = int(below[-1]) + 1 if below.size else 0
    return f"by month {month}" if month < net.size else "not yet"
