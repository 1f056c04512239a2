"""Pictures of a result: what a plan brings, from how little of its spend, and when."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from gtmsim.concentration import lorenz_curve
from gtmsim.core._types import Floats
from gtmsim.plan import SalesTeam
from gtmsim.plots._axes import BLUE, GREY, LIGHT_BLUE, ORANGE, RED, finish, new_axes, percent
from gtmsim.plots._money import Money, money_label
from gtmsim.result import PortfolioResult
from gtmsim.result.portfolio import PORTFOLIO
from gtmsim.summary import MONTHLY_METRICS, place_of

_BARS = 60
_REACH = 4.0  # of the axis of an outcome: so many times P90 - P50 above P50
_HEIGHT = 0.66  # of the highest bar; the legend has the rest
_MARKED = 0.01  # share of spend


def outcome(result: PortfolioResult, channel: str = PORTFOLIO, ax: Axes | None = None) -> Axes:
    """Draw how value is spread over scenarios, with P10, P50, P90 and the target marked.

    Parameters
    ----------
    result : PortfolioResult
        With its scenarios or with ``keep="summary"``.
    channel : str, default "portfolio"
    ax : Axes, optional
        A new figure by default.

    Returns
    -------
    Axes
        The axis ends at P99.5, or four times as far above P50 as P90 is, where the tail is longer
        still; a note says how many scenarios lie beyond.

    Raises
    ------
    MetricError
        If the channel is unknown.

    Examples
    --------
    >>> import gtmsim as gtm
    >>> result = gtm.simulate_portfolio(gtm.presets.example_plan(), scenarios=1_000, rng=7)
    >>> outcome(result).get_ylabel()
    'share of scenarios (%)'
    """
    place_of(result.distributions.names, channel, "channel")
    ax = new_axes(ax)
    plan = result.plan
    low, middle, high, last = (
        float(result.quantile(q, "value", channel)) for q in (0.1, 0.5, 0.9, 0.995)
    )
    if high > middle:
        last = min(last, middle + _REACH * (high - middle))
    money = Money.for_size(last, plan.currency)
    edges, shares = _bars(result, channel, last)
    centres = 0.5 * (edges[:-1] + edges[1:])
    inside = (centres >= low) & (centres <= high)
    ax.bar(
        edges[:-1],
        100.0 * shares,
        np.diff(edges),
        align="edge",
        color=np.where(inside, BLUE, LIGHT_BLUE).tolist(),
    )
    marks = [
        (low, ":", "P10", "90 % chance of at least"),
        (middle, "-", "P50", "half of all scenarios"),
        (high, "--", "P90", "10 % chance of at least"),
    ]
    for amount, style, name, meaning in marks:
        label = f"{name}  {money.number(amount)}  ({meaning})"
        ax.axvline(amount, 0.0, _HEIGHT, color="black", ls=style, lw=1.3, label=label)
    title = f"{channel}: {money.number(low)} to {money.number(high)} {money.name}"
    title += " in 80 % of scenarios"
    if channel == PORTFOLIO and plan.target is not None:
        chance = f"{100.0 * result.prob_at_least(plan.target):.0f} %"
        target = money.number(plan.target)
        title = f"{chance} chance of the target of {target} {money.name}"
        ax.axvline(plan.target, 0.0, _HEIGHT, color=RED, lw=2.0, label=f"target  {target}")
    beyond = round((1.0 - shares.sum()) * result.scenarios)
    if beyond:
        largest = money.number(result.distributions.metric("value", channel).maximum)
        note = f"{beyond:,} of {result.scenarios:,} scenarios lie beyond, up to {largest} \u2192"
        ax.annotate(
            note,
            (0.99, _HEIGHT + 0.02),
            xycoords="axes fraction",
            ha="right",
            fontsize=8,
            color=GREY,
        )
    ax.margins(x=0.01)
    ax.set_ylim(0.0, 100.0 * shares.max() / _HEIGHT)
    ax.xaxis.set_major_formatter(money.ticks())
    ax.set_xlabel(money_label(result, plan.basis, money))
    ax.set_ylabel("share of scenarios (%)")
    ax.legend(loc="upper right", frameon=False, fontsize=8)
    return finish(ax, title)


def lorenz(result: PortfolioResult, ax: Axes | None = None) -> Axes:
    """Draw the share of value that the best spend brings, for marketing and for sales.

    Parameters
    ----------
    result : PortfolioResult
        The mean curve over the scenarios whose units it holds.
    ax : Axes, optional
        A new figure by default.

    Returns
    -------
    Axes
        The best 1 % of spend is marked.

    Examples
    --------
    >>> import gtmsim as gtm
    >>> result = gtm.simulate_portfolio(gtm.presets.example_plan(), scenarios=1_000, rng=7)
    >>> lorenz(result).get_xlabel()
    'share of spend, best first (%)'
    """
    ax = new_axes(ax)
    findings = []
    for kind, unit, color in (("marketing", "campaigns", ORANGE), ("sales", "seats", BLUE)):
        channels = [
            c.name for c in result.plan.channels if isinstance(c, SalesTeam) == (kind == "sales")
        ]
        units = result.units[result.units["channel"].isin(channels)]
        # What returned nothing in any of the scenarios has no shares to draw.
        if not units["value"].any():
            continue
        curve = lorenz_curve(units)
        x, y = curve["spend_share"].to_numpy(), curve["value_share"].to_numpy()
        share = float(np.interp(_MARKED, x, y))
        count = sum(result.unit_count(name) for name in channels)
        ax.plot(100.0 * x, 100.0 * y, color=color, lw=2.2, label=f"{kind}: {count:,} {unit}")
        point = (100.0 * _MARKED, 100.0 * share)
        ax.plot(*point, "o", color=color, markeredgecolor="black", markersize=8)
        ax.annotate(
            f"best 1 % of spend: {percent(share)}",
            point,
            (22, 2),
            textcoords="offset points",
            fontsize=8,
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 1.0},
            arrowprops={"arrowstyle": "-", "color": GREY},
        )
        findings.append(f"{percent(share)} in {kind}")
    ax.plot([0.0, 100.0], [0.0, 100.0], "--", color=GREY, label="all spend returns the same")
    ax.axvline(100.0 * _MARKED, color=GREY, linewidth=0.8, linestyle=":")
    ax.set_xlim(-1.0, 100.0)
    ax.set_ylim(0.0, 102.0)
    ax.set_xlabel("share of spend, best first (%)")
    ax.set_ylabel(f"share of {result.plan.basis} (%)")
    number = result.units["scenario"].nunique()
    title = f"means of {number:,} scenarios"
    ax.legend(loc="lower right", frameon=False, fontsize=8, title=title, title_fontsize=8)
    found = "1 % of spend brings " + ", ".join(findings) if findings else "Nothing was returned"
    return finish(ax, found)


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
        Cumulative metrics are drawn at the end of each month, from 0 at the start of the plan.

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
    place_of(tuple(MONTHLY_METRICS), metric, "metric")
    place_of(result.distributions.names, channel, "channel")
    ax = new_axes(ax)
    levels = (0.1, 0.25, 0.5, 0.75, 0.9)
    names = [f"{metric}_p{100.0 * q:g}" for q in levels]
    table = result.by_month(levels).loc[channel]
    lines = np.array([table[name].to_numpy() for name in names])
    cumulative = metric.startswith("cumulative")
    if cumulative:
        lines = np.pad(lines, ((0, 0), (1, 0)))
    months = np.arange(len(lines[0]))
    money = Money.for_size(float(np.abs(lines).max()), result.plan.currency)
    p10, p25, p50, p75, p90 = lines
    ax.fill_between(months, p10, p90, color=LIGHT_BLUE, linewidth=0.0, label="P10 to P90")
    ax.fill_between(months, p25, p75, color=BLUE, alpha=0.55, linewidth=0.0, label="P25 to P75")
    ax.plot(months, p50, color="black", linewidth=2.0, label="P50")
    ax.axhline(0.0, color=GREY, linewidth=0.8)
    ax.yaxis.set_major_formatter(money.ticks())
    ax.set_xlim(months[0], months[-1])
    ax.set_xlabel("months since the plan began" if cumulative else "month of the plan, from 0")
    ax.set_ylabel(money_label(result, metric.replace("_", " "), money, horizon=False))
    ax.legend(loc="upper left", frameon=False, fontsize=8)
    shown = f"{money.number(p10[-1])} to {money.number(p90[-1])} {money.name}"
    title = f"{channel}: {metric.replace('_', ' ')} of {shown} in month {months[-1]}"
    if metric == "cumulative_net":
        title = f"{channel}: money back {_payback(p50)} (P50), {_payback(p10)} (P10)"
    return finish(ax, title)


def overview(result: PortfolioResult) -> Figure:
    """Draw the outcome and the Lorenz curves side by side, on a figure that no window shows."""
    figure = Figure(figsize=(10.0, 4.2), layout="constrained")
    left, right = figure.subplots(1, 2)
    outcome(result, ax=left)
    lorenz(result, ax=right)
    return figure


def _payback(net: Floats) -> str:
    """Return from which month on a line of cumulative net, from month 0, is no longer negative."""
    below = np.flatnonzero(net < 0.0)
    month = int(below[-1]) + 1 if below.size else 0
    return f"by month {month}" if month < net.size else "not yet"


def _bars(result: PortfolioResult, channel: str, last: float) -> tuple[Floats, Floats]:
    """Return edges (bar + 1,) and shares of all scenarios (bar,), up to ``last``."""
    histogram = result.distributions.metric("value", channel)
    first = histogram.minimum
    if not last > first:
        half = 0.01 * abs(first) or 1.0
        return np.array([first - half, first + half]), np.array([1.0])
    edges = np.linspace(first, last, _BARS + 1)
    if result.kept is not None:
        counts = np.histogram(result.values("value", channel), edges)[0]
        return edges, counts / result.scenarios
    # Log bins are spread evenly over their width, so each bar takes its part of them.
    below = [1.0 - histogram.share_at_least(edge) for edge in edges]
    below[0] = 0.0
    return edges, np.diff(below)
