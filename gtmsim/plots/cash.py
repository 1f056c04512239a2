"""Picture of cash: the J-curve, how deep it goes, and when it is back."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from gtmsim.decide.cash import Cash
from gtmsim.decide.cash.figures import PORTFOLIO
from gtmsim.errors import ArgumentTypeError
from gtmsim.plots._axes import (
    BLUE,
    GREY,
    LIGHT_BLUE,
    RED,
    finish,
    legend_below,
    new_axes,
    percent,
    percent_range,
)
from gtmsim.plots._money import Money
from gtmsim.simulate import simulate_portfolio
from gtmsim.statistics import Interval

_LEVELS = (0.1, 0.5, 0.9)


def payback_data(flow: Cash, channel: str = PORTFOLIO) -> pd.DataFrame:
    """Return the cumulative net by month, and how many scenarios have paid back.

    Parameters
    ----------
    flow : Cash
        What `gtmsim.decide.cash` returned. Its scenarios are drawn again, for their months.
    channel : str, default "portfolio"

    Returns
    -------
    DataFrame
        Index month, from 0 at the start of the plan: row t is the end of month t. Columns: net_p10,
        net_p50 and net_p90, cumulative and undiscounted, known to 1/128 of themselves; paid_back,
        the probability of having paid back for good, with the ends of its interval, paid_back_low
        and paid_back_high.

    Raises
    ------
    ArgumentTypeError
        If it is not a Cash.
    MetricError
        If the channel is unknown.

    Examples
    --------
    >>> import gtmsim as gtm
    >>> flow = gtm.decide.cash(gtm.presets.example_plan(), scenarios=1_000, rng=7)
    >>> data = payback_data(flow)
    >>> len(data), bool(data["net_p50"].min() < 0.0)
    (25, True)
    """
    if not isinstance(flow, Cash):
        rule, fix = "must be a Cash", "take what decide.cash(plan) returns"
        raise ArgumentTypeError("flow", rule, flow, fix)
    months = flow.plan.horizon
    paid = [flow.prob_payback(month, channel) for month in range(months + 1)]
    result = simulate_portfolio(
        flow.plan.replace(discount_rate=0.0),
        scenarios=flow.scenarios,
        rng=flow.seed,
        keep="summary",
        alternatives=flow.alternatives or None,
        progress=False,
    )
    table = result.by_month(_LEVELS).loc[channel]
    columns = {
        f"net_p{100.0 * q:g}": [0.0, *table[f"cumulative_net_p{100.0 * q:g}"]] for q in _LEVELS
    }
    columns |= {
        f"paid_back{end}": [getattr(chance, part) for chance in paid]
        for end, part in (("", "estimate"), ("_low", "low"), ("_high", "high"))
    }
    return pd.DataFrame(columns, index=pd.RangeIndex(months + 1, name="month"))


def payback(flow: Cash, channel: str = PORTFOLIO, ax: Axes | None = None) -> Axes:
    """Draw cumulative net by month, the funding that it needs, and when it is back.

    Parameters
    ----------
    flow : Cash
        What `gtmsim.decide.cash` returned.
    channel : str, default "portfolio"
    ax : Axes, optional
        A new figure by default.

    Returns
    -------
    Axes
        With the median month of payback for good, and the funding that is enough with 90 %
        probability, each with its interval.

    Raises
    ------
    ArgumentTypeError
        If it is not a Cash.
    MetricError
        If the channel is unknown.

    Examples
    --------
    >>> import gtmsim as gtm
    >>> flow = gtm.decide.cash(gtm.presets.example_plan(), scenarios=1_000, rng=7)
    >>> payback(flow).get_xlabel()
    'months since the plan began'
    """
    data = payback_data(flow, channel)
    ax = new_axes(ax)
    need = flow.quantile("peak_funding", 0.9, channel)
    when = flow.quantile("payback", 0.5, channel)
    lines = data[["net_p10", "net_p50", "net_p90"]].to_numpy()
    money = Money.for_size(max(float(np.abs(lines).max()), need.estimate), flow.plan.currency)
    low, middle, high = lines.T
    ax.fill_between(data.index, low, high, color=LIGHT_BLUE, linewidth=0.0, label="P10 to P90")
    ax.plot(data.index, middle, color=BLUE, lw=2.2, label="P50")
    ax.axhline(0.0, color=GREY, lw=0.8)
    text = f"90 % need at most {money.number(need.estimate)}"
    if math.isfinite(need.low) and math.isfinite(need.high):
        ax.axhspan(-need.low, -need.high, color=RED, alpha=0.25, lw=0.0)
        low_need, high_need = money.number(need.low), money.number(need.high)
        text += f" ({low_need} to {high_need})" if low_need != high_need else ""
    ax.axhline(-need.estimate, color=RED, ls="--", lw=1.4, label=text)
    if math.isfinite(when.estimate):
        _mark_payback(ax, when, flow.plan.horizon)
    ax.margins(x=0.02)
    ax.yaxis.set_major_formatter(money.ticks())
    ax.set_xlabel("months since the plan began")
    ax.set_ylabel(f"cumulative {flow.plan.basis} less spend ({money.name})", fontsize=9)
    last = data.iloc[-1]
    never = percent_range(1.0 - last["paid_back_high"], 1.0 - last["paid_back_low"])
    legend_below(ax, title=f"not back by month {flow.plan.horizon}: {never} of scenarios")
    return finish(ax, _found(flow, channel, when, float(last["paid_back"])))


def _mark_payback(ax: Axes, when: Interval, horizon: int) -> None:
    low, high = when.low, min(when.high, float(horizon))
    ax.plot([low, high], [0.0, 0.0], color="black", lw=3.0, solid_capstyle="butt")
    label = f"paid back for good by month {when.estimate:.0f} in half of them"
    if low != when.high:
        end = f"{when.high:.0f}" if math.isfinite(when.high) else "never"
        label += f" ({low:.0f} to {end})"
    ax.plot(when.estimate, 0.0, "D", color="black", ms=7, label=label)


def _found(flow: Cash, channel: str, when: Interval, paid: float) -> str:
    by = f"{percent(paid)} of scenarios pay back within {flow.plan.horizon} months"
    if math.isfinite(when.estimate):
        return f"{channel}: {by}, half within {when.estimate:.0f}"
    return f"{channel}: {by}, most do not"
