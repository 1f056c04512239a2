"""Pictures of an outcome: how its scenarios are spread, and how far up they reach."""

from __future__ import annotations

import math

import numpy as np
from matplotlib.axes import Axes

from gtmsim.core._types import Floats
from gtmsim.plan import CampaignProgram
from gtmsim.plots._axes import (
    BLUE,
    GREY,
    LIGHT_BLUE,
    ORANGE,
    RED,
    finish,
    new_axes,
    percent,
    percent_range,
    plain_log,
    say_nothing_returned,
)
from gtmsim.plots._money import Money, money_label
from gtmsim.plots.outcomes_data import (
    LEVEL,
    ccdf_data,
    exceedance_data,
    outcome_data,
    tail_index,
)
from gtmsim.result import PortfolioResult
from gtmsim.result.blocks import independent_scenarios
from gtmsim.result.outcomes import PORTFOLIO
from gtmsim.statistics.intervals import wilson

_HEIGHT = 0.66  # of the highest bar; the legend has the rest
_WIDE = 10.0
"""Times P50 up to which an axis of values is linear."""

_MARKS = (
    (0.1, "P10", "90 % chance of at least", ":", "v"),
    (0.5, "P50", "half of all scenarios", "-", "o"),
    (0.9, "P90", "10 % chance of at least", "--", "^"),
)
_BAND = f"{percent(LEVEL)} interval"


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
    table = outcome_data(result, channel)
    ax = new_axes(ax)
    plan = result.plan
    low, high = (result.quantile(q, "value", channel) for q in (0.1, 0.9))
    money = Money.for_size(float(table["high"].iloc[-1]), plan.currency)
    ax.bar(
        table["low"],
        100.0 * table["share"],
        table["high"] - table["low"],
        align="edge",
        color=np.where(table["inside"], BLUE, LIGHT_BLUE).tolist(),
    )
    for q, name, meaning, style, _ in _MARKS:
        amount = result.quantile(q, "value", channel)
        label = f"{name}  {money.number(amount)}  ({meaning})"
        ax.axvline(amount, 0.0, _HEIGHT, color="black", ls=style, lw=1.3, label=label)
    title = f"{channel}: {money.number(low)} to {money.number(high)} {money.name}"
    title += " in 80 % of scenarios"
    if channel == PORTFOLIO and plan.target is not None:
        chance = f"{100.0 * result.prob_at_least(plan.target):.0f} %"
        target = money.number(plan.target)
        title = f"{chance} chance of the target of {target} {money.name}"
        ax.plot(
            [plan.target, plan.target],
            [0.0, _HEIGHT],
            color=RED,
            lw=2.0,
            marker="D",
            markevery=[1],
            transform=ax.get_xaxis_transform(),
            label=f"target  {target}",
        )
    beyond = round((1.0 - table["share"].sum()) * result.scenarios)
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
    ax.set_ylim(0.0, 100.0 * table["share"].max() / _HEIGHT)
    ax.xaxis.set_major_formatter(money.ticks())
    ax.set_xlabel(money_label(result, plan.basis, money))
    ax.set_ylabel("share of scenarios (%)")
    ax.legend(loc="upper right", frameon=False, fontsize=8)
    return finish(ax, title)


def exceedance(result: PortfolioResult, channel: str = PORTFOLIO, ax: Axes | None = None) -> Axes:
    """Draw the chance of at least any value, with its interval, and that of the target.

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
        Chances are on a logarithmic axis; so are values if the largest is ten times P50 or more.

    Raises
    ------
    MetricError
        If the channel is unknown.

    Examples
    --------
    >>> import gtmsim as gtm
    >>> result = gtm.simulate_portfolio(gtm.presets.example_plan(), scenarios=1_000, rng=7)
    >>> exceedance(result).get_ylabel()
    'chance of at least that (%)'
    """
    table = exceedance_data(result, channel)
    ax = new_axes(ax)
    plan, n = result.plan, result.scenarios
    value = table.index.to_numpy(dtype=np.float64)
    shown = 100.0 * table
    middle = result.quantile(0.5, "value", channel)
    logarithmic = value[-1] > _WIDE * max(middle, 0.0) and value[-1] > 0.0
    amounts = [result.quantile(q, "value", channel) for q, *_ in _MARKS]
    target = plan.target if channel == PORTFOLIO else None
    money = Money.for_size(max(amounts[2], target or 0.0) or value[-1], plan.currency)
    ax.fill_between(
        value, shown["low"], shown["high"], color=LIGHT_BLUE, linewidth=0.0, label=_BAND
    )
    ax.plot(value, shown["chance"], _line(value), color=BLUE, lw=1.8, label=f"{n:,} scenarios")
    for amount, (q, name, meaning, _, marker) in zip(amounts, _MARKS, strict=True):
        label = f"{name}  {money.number(amount)}  ({meaning})"
        # What a logarithmic axis has no place for is in the legend alone.
        ax.plot(
            amount if amount > 0.0 or not logarithmic else np.nan,
            100.0 * (1.0 - q),
            marker,
            color="black",
            markersize=6,
            label=label,
        )
    rare = result.quantile(0.99, "value", channel)
    title = f"{channel}: 1 in 100 scenarios brings {money.number(rare)} {money.name} or more"
    if rare <= 0.0:
        title = f"{channel}: fewer than 1 in 100 scenarios bring anything"
    if target is not None:
        chance = result.prob_at_least(target)
        low, high = wilson(
            chance,
            independent_scenarios(result, "value", channel, math.nextafter(target, 0.0)),
            LEVEL,
        )
        aim = money.number(target)
        ends = percent_range(low, high)
        ax.axvline(target, color=RED, lw=1.0, ls="-.")
        ax.errorbar(
            target,
            100.0 * chance if chance else np.nan,
            [[100.0 * (chance - low)], [100.0 * (high - chance)]],
            fmt="D",
            color=RED,
            markersize=6,
            capsize=4.0,
            label=f"target  {aim}  ({percent(chance)} chance, {ends})",
        )
        title = f"{percent(chance)} chance ({ends}) of at least {aim} {money.name}"
    if logarithmic:
        ax.set_xscale("log")
        first = _departure(value, table["chance"].to_numpy())
        plain_log(ax.xaxis, money.ticks(), math.log10(value[-1] / first))
        ax.set_xlim(first, 1.3 * max(value[-1], target or 0.0))
    else:
        ax.xaxis.set_major_formatter(money.ticks())
        ax.margins(x=0.02)
    ax.set_yscale("log")
    plain_log(ax.yaxis)
    ax.set_ylim(min(50.0 / n, 5.0), 140.0)
    ax.set_xlabel(money_label(result, plan.basis, money))
    ax.set_ylabel("chance of at least that (%)")
    ax.legend(loc="best", frameon=False, fontsize=8)
    return finish(ax, title)


def ccdf(result: PortfolioResult, channel: str = PORTFOLIO, ax: Axes | None = None) -> Axes:
    """Draw the tail of an outcome beside the law of the plan and Hill's estimate.

    Parameters
    ----------
    result : PortfolioResult
    channel : str, default "portfolio"
    ax : Axes, optional
        A new figure by default.

    Returns
    -------
    Axes
        Both axes are logarithmic: a power law is a straight line whose slope is its tail index.
        Hill's estimate stands beside it where scenarios were kept and are independent. What is
        added to a tail, as a team's value is, biases it by more than its interval is wide.

    Raises
    ------
    MetricError
        If the channel is unknown.

    Examples
    --------
    >>> import gtmsim as gtm
    >>> result = gtm.simulate_portfolio(gtm.presets.example_plan(), scenarios=1_000, rng=7)
    >>> ccdf(result, "enterprise").get_title(loc="left")
    'enterprise: no power law, all moments exist'
    """
    table = ccdf_data(result, channel)
    ax = new_axes(ax)
    if table.empty:
        return say_nothing_returned(ax, channel)
    plan, n = result.plan, result.scenarios
    value = table.index.to_numpy(dtype=np.float64)
    shown = 100.0 * table
    seen = table["chance"].notna().to_numpy()
    # In units of what is rare, not of the very largest.
    rare = int(np.searchsorted(-table["chance"].to_numpy()[seen], -0.01))
    rare = min(rare, int(seen.sum()) - 1)
    money = Money.for_size(float(value[rare]), plan.currency)
    ax.fill_between(
        value, shown["low"], shown["high"], color=LIGHT_BLUE, linewidth=0.0, label=_BAND
    )
    ax.plot(value, shown["chance"], _line(value), color=BLUE, lw=1.8, label=f"{n:,} scenarios")
    index = tail_index(result, channel)
    tail, alpha = (result.tail[column][channel] for column in ("tail", "tail_index"))
    lowest = min(20.0 / n, 5.0)
    if (shown["best"] > lowest).any():
        label = "the plan: its best campaign alone, exactly"
        ax.plot(value, shown["best"], "--", color="black", lw=1.3, label=label)
    elif tail == "power law" and table["best"].isna().all():
        slope = shown["chance"].iloc[rare] * (value[rare:] / value[rare]) ** -alpha
        label = f"the plan: slope of tail index {alpha:g}"
        ax.plot(value[rare:], slope, "--", color="black", lw=1.3, label=label)
    found = ""
    if index is not None:
        ends = f"{index.interval.low:.3g} to {index.interval.high:.3g}"
        found = f"{index.estimate:.3g} ({ends})"
        ax.fill_between(
            value, shown["hill_high"], shown["hill_low"], color=ORANGE, alpha=0.4, linewidth=0.0
        )
        label = f"Hill, from the {index.k:,} largest: {found}"
        ax.plot(value, shown["hill"], "-.", color=RED, lw=1.8, label=label)
        ax.axvline(index.threshold, color=GREY, lw=0.8, ls=":")
    ax.set_xscale("log")
    ax.set_yscale("log")
    first = _departure(value, table["chance"].to_numpy())
    last = float(value[-1]) if tail == "power law" else 1.3 * float(value[-1])
    ax.set_xlim(first, last if last > first else 1.3 * first)
    ax.set_ylim(lowest, 140.0)
    plain_log(ax.xaxis, money.ticks(), math.log10(last / first))
    plain_log(ax.yaxis)
    ax.set_xlabel(money_label(result, plan.basis, money))
    ax.set_ylabel("chance of at least that (%)")
    ax.legend(loc="best", frameon=False, fontsize=8)
    return finish(ax, f"{channel}: {_tail_in_words(result, channel, found)}")


def _line(value: Floats) -> str:
    """Return how to draw a curve, of which one point would not be seen."""
    return "-" if value.size > 1 else "o"


def _departure(value: Floats, chance: Floats) -> float:
    """Return where a curve of chances, descending, begins to fall, for the left end of an axis."""
    first = int(np.argmax(value > 0.0))
    fallen = np.flatnonzero(chance[first:] < 0.97 * chance[first])
    return float(value[first + (fallen[0] if fallen.size else 0)]) / 2.0


def _tail_in_words(result: PortfolioResult, channel: str, found: str) -> str:
    tail, alpha = (result.tail[column][channel] for column in ("tail", "tail_index"))
    in_scenarios = f", {found} in the scenarios" if found else ""
    if tail == "power law":
        return f"tail index {alpha:g} in the plan{in_scenarios}"
    if tail == "not known":
        return f"the tail of its law is not known{in_scenarios}"
    text = "bounded, no power law" if tail == "bounded" else "no power law, all moments exist"
    program = None if channel == PORTFOLIO else result.plan[channel]
    if isinstance(program, CampaignProgram) and math.isfinite(program.multiple.tail_index):
        text = f"tail index {program.multiple.tail_index:g} up to the cap; all moments exist"
    return text
