"""Pictures of what each channel adds to the portfolio."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from gtmsim.core._types import Floats
from gtmsim.plan import SalesTeam
from gtmsim.plots._axes import BLUE, GREY, LIGHT_BLUE, ORANGE, RED, finish, new_axes, short
from gtmsim.plots._money import Money, money_label
from gtmsim.plots._prefix import which, with_scenarios
from gtmsim.result import PortfolioResult
from gtmsim.result.outcomes import PORTFOLIO

_MOST = 10
_MIDDLE = (0.45, 0.55)
_LOOKS = {"spend": (RED, "xx"), "net": (GREY, ""), "others": (LIGHT_BLUE, "..")}
_REACH = 0.5
"""Beyond the bars an axis reaches, at most, as a share of their width."""


def waterfall_data(result: PortfolioResult) -> pd.DataFrame:
    """Return what each channel adds to the portfolio in its middle scenarios, which adds up.

    Medians do not add up, and means may not exist. So the amounts are means over the scenarios
    whose net is near the portfolio's median, from P45 to P55: they add up exactly, and exist under
    any tail, because none of these scenarios is extreme.

    Parameters
    ----------
    result : PortfolioResult
        With ``keep="summary"`` its first 20,000 scenarios are drawn again.

    Returns
    -------
    DataFrame
        Index step: spend, the channels in order of what they add, net; of more than 10 channels
        the largest 10, and others. Columns kind (spend, channel, others or net), amount (currency;
        spend is negative), start and end (of its bar), spend (of the channel), low and high: P10
        and P90 of the amount over all scenarios, which do not add up.

    Examples
    --------
    >>> import gtmsim as gtm
    >>> result = gtm.simulate_portfolio(gtm.presets.example_plan(), scenarios=1_000, rng=7)
    >>> amount = waterfall_data(result)["amount"]
    >>> bool(abs(amount.iloc[:-1].sum() - amount["net"]) < 1e-6 * amount["net"])
    True
    """
    used = with_scenarios(result)
    value, spend, net = (_amounts(used, metric) for metric in ("value", "spend", "net"))
    low, high = np.quantile(net[PORTFOLIO], _MIDDLE)
    middle = (net[PORTFOLIO] >= low) & (net[PORTFOLIO] <= high)
    order = sorted(used.channels, key=lambda name: -float(value[name][middle].mean()))
    rows = [("spend", "spend", -spend[PORTFOLIO], spend[PORTFOLIO])]
    rows += [(name, "channel", value[name], spend[name]) for name in order[:_MOST]]
    rest = order[_MOST:]
    if rest:
        # Their sum in each scenario: quantiles do not add up.
        total, spent = (
            np.sum([amounts[name] for name in rest], axis=0) for amounts in (value, spend)
        )
        rows.append((f"{len(rest)} others", "others", total, spent))
    rows.append(("net", "net", net[PORTFOLIO], spend[PORTFOLIO]))
    means = np.array([amounts[middle].mean() for *_, amounts, _ in rows])
    ends = np.append(means[:-1].cumsum(), means[-1])
    return pd.DataFrame(
        {
            "kind": [kind for _, kind, *_ in rows],
            "amount": means,
            "start": [0.0, *ends[:-2], 0.0],
            "end": ends,
            "spend": [spent[middle].mean() for *_, spent in rows],
            "low": [np.quantile(amounts, 0.1) for *_, amounts, _ in rows],
            "high": [np.quantile(amounts, 0.9) for *_, amounts, _ in rows],
        },
        index=pd.Index([label for label, *_ in rows], name="step"),
    )


def waterfall(result: PortfolioResult, ax: Axes | None = None) -> Axes:
    """Draw how the portfolio comes from spend to net, channel by channel.

    Parameters
    ----------
    result : PortfolioResult
        With ``keep="summary"`` its first 20,000 scenarios are drawn again.
    ax : Axes, optional
        A new figure by default.

    Returns
    -------
    Axes
        Bars are means over the scenarios around the median of net (P45 to P55), so that they add
        up; see :func:`waterfall_data`. Lines are P10 to P90 of each amount over all scenarios;
        an arrow stands where one goes on beyond the picture.

    Examples
    --------
    >>> import gtmsim as gtm
    >>> result = gtm.simulate_portfolio(gtm.presets.example_plan(), scenarios=1_000, rng=7)
    >>> waterfall(result).get_title(loc="left").startswith("Net of ")
    True
    """
    table = waterfall_data(result)
    ax = new_axes(ax)
    size = float(table[["start", "end"]].abs().to_numpy().max())
    money = Money.for_size(size, result.plan.currency)
    bars = table[["start", "end"]].to_numpy()
    reach = _REACH * (float(np.ptp(bars)) or 1.0)
    left, right = float(bars.min()) - reach, float(bars.max()) + reach
    place = np.arange(len(table), dtype=np.float64)
    teams = {c.name for c in result.plan.channels if isinstance(c, SalesTeam)}
    rows: list[Any] = list(table.itertuples())
    for y, row in zip(place, rows, strict=True):
        color, hatch = (BLUE, "") if row.Index in teams else (ORANGE, "//")
        color, hatch = _LOOKS.get(row.kind, (color, hatch))
        ax.barh(
            y,
            row.end - row.start,
            0.62,
            row.start,
            color=color,
            hatch=hatch,
            edgecolor="black",
            linewidth=0.6,
        )
        low, high = row.start + row.low, row.start + row.high
        ax.plot([max(low, left), min(high, right)], [y, y], color="black", lw=1.5)
        for end, beyond, marker in ((left, low < left, "<"), (right, high > right, ">")):
            if beyond:
                ax.plot(end, y, marker, color="black", markersize=6, clip_on=False)
        if y < place[-1]:
            ax.plot([row.end, row.end], [y - 0.31, y + 1.31], color="black", lw=0.6)
    ax.set_yticks(place, [_label(row, money) for row in rows])
    ax.tick_params(axis="y", labelsize=8, length=0)
    ax.set_ylim(len(table) - 0.5, -0.5)
    ends = np.array([table["start"] + table["low"], table["start"] + table["high"], *bars.T])
    margin = 0.1 * reach
    ax.set_xlim(max(ends.min(), left) - margin, min(ends.max(), right) + margin)
    ax.axvline(0.0, color="black", lw=0.8)
    ax.xaxis.set_major_formatter(money.ticks())
    ax.set_xlabel(money_label(result, f"spend, {result.plan.basis} and net", money))
    ax.legend(
        handles=_legend({"sales" if name in teams else "marketing" for name in result.channels}),
        loc="best",
        frameon=False,
        fontsize=8,
        title=f"means of the middle tenth of {which(result)}",
        title_fontsize=8,
    )
    first, net = str(table.index[1]), money.number(table["amount"].iloc[-1])
    title = f"Net of {net} {money.name} in the middle scenarios"
    if table["amount"].iloc[1] > 0.0:
        title += f", led by {short(first)}"
    return finish(ax, title)


def _amounts(result: PortfolioResult, metric: str) -> dict[str, Floats]:
    """Return a metric in every scenario (scenario,) by channel, and of the portfolio."""
    return {name: result.values(metric, name) for name in result.distributions.names}


def _label(row: Any, money: Money) -> str:
    return f"{short(row.Index)}  {money.number(row.amount)}"


def _legend(kinds: set[str]) -> list[Patch | Line2D]:
    """Return what stands for the kinds of channels that a picture has, and for its lines."""
    looks = [("sales", BLUE, ""), ("marketing", ORANGE, "//")]
    handles: list[Patch | Line2D] = [
        Patch(facecolor=color, hatch=hatch, edgecolor="black", linewidth=0.6, label=kind)
        for kind, color, hatch in looks
        if kind in kinds
    ]
    label = "P10 to P90 of the amount, all scenarios"
    return [*handles, Line2D([], [], color="black", lw=1.5, label=label)]
