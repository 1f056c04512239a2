"""Pictures of how a run settles as scenarios are added, or does not."""

from __future__ import annotations

import copy
import math
import re
from dataclasses import replace

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from gtmsim.core._types import Ints
from gtmsim.errors import MetricError, PrecisionError
from gtmsim.plots._axes import (
    BLUE,
    GREEN,
    GREY,
    LIGHT_BLUE,
    ORANGE,
    RED,
    finish,
    new_axes,
    plain_log,
    say_nothing_returned,
)
from gtmsim.plots._money import Money
from gtmsim.plots._prefix import which, with_scenarios
from gtmsim.plots.outcomes_data import LEVEL
from gtmsim.result import PortfolioResult
from gtmsim.result.outcomes import PORTFOLIO
from gtmsim.statistics import max_to_sum as ratio_of
from gtmsim.summary import place_of

ORDERS = (1, 2, 3, 4)
_FIRST, _STEPS, _FINE_STEPS = 128, 40, 200
_LOOKS = {1: (BLUE, "-"), 2: (ORANGE, "--"), 3: (GREEN, "-."), 4: (RED, ":")}
_FIGURES = {
    "prob_target": "chance of the target",
    "prob_loss": "chance of a loss",
    "hit_rate": "hit rate",
    "spend": "mean of spend",
    "top_share": "P50 of top share",
}
_PARTS = re.compile(r"(?:(\w+?)_)?(p|cvar_|mean)([\d.]*)")
_MOMENTS = {1: "mean", 2: "variance", 3: "skewness", 4: "kurtosis"}


def convergence_data(
    result: PortfolioResult, figure: str = "p50", channel: str = PORTFOLIO
) -> pd.DataFrame:
    """Return a figure and its interval as scenarios are added.

    Parameters
    ----------
    result : PortfolioResult
        With ``keep="summary"`` its first 20,000 scenarios are drawn again, and the last row is that
        of all, from bins, with an interval at least a bin wide (without alternatives, whose
        intervals need the scenarios).
    figure : str, default "p50"
        As in :meth:`gtmsim.PortfolioResult.interval`.
    channel : str, default "portfolio"

    Returns
    -------
    DataFrame
        Index scenarios: the first so many of the run. Columns estimate, low and high (95 %
        interval; infinite where no scenario lies far enough out). Lengths that are too short for
        the figure are left out.

    Raises
    ------
    MetricError
        If there is no such figure or channel; if it is a mean that does not exist, to which nothing
        converges, or one that is taken exactly.
    PrecisionError
        If all scenarios are too few for it.

    Examples
    --------
    >>> import gtmsim as gtm
    >>> result = gtm.simulate_portfolio(gtm.presets.example_plan(), scenarios=1_000, rng=7)
    >>> table = convergence_data(result)
    >>> bool(table["estimate"].iloc[-1] == result.quantile(0.5))
    True
    """
    used = with_scenarios(result)
    # Bins are for what was not kept: they widen an interval.
    seen = result if used.scenarios < result.scenarios and not result.alternatives else used
    whole = seen.interval(figure, channel, level=LEVEL)
    if whole.method == "exact":
        rule = "must be estimated from scenarios, and this mean is taken exactly from the plan"
        raise MetricError("figure", rule, figure, "ask for a quantile, or for that of a channel")
    rows = {}
    for n in _lengths(used.scenarios, _FIRST, _STEPS).tolist():
        try:
            interval = _first(used, n).interval(figure, channel, level=LEVEL)
        except PrecisionError:
            continue
        rows[n] = (interval.estimate, interval.low, interval.high)
    rows[seen.scenarios] = (whole.estimate, whole.low, whole.high)
    table = pd.DataFrame.from_dict(rows, orient="index", columns=["estimate", "low", "high"])
    return table.rename_axis("scenarios")


def convergence(
    result: PortfolioResult,
    figure: str = "p50",
    channel: str = PORTFOLIO,
    ax: Axes | None = None,
) -> Axes:
    """Draw a figure and its interval as scenarios are added.

    Parameters
    ----------
    result : PortfolioResult
        With ``keep="summary"`` its first 20,000 scenarios are drawn again, and the last point is
        that of all.
    figure : str, default "p50"
        As in :meth:`gtmsim.PortfolioResult.interval`.
    channel : str, default "portfolio"
    ax : Axes, optional
        A new figure by default.

    Returns
    -------
    Axes

    Raises
    ------
    MetricError
        If there is no such figure or channel; if it is a mean that does not exist, to which nothing
        converges, or one that is taken exactly.
    PrecisionError
        If all scenarios are too few for it.

    Examples
    --------
    >>> import gtmsim as gtm
    >>> result = gtm.simulate_portfolio(gtm.presets.example_plan(), scenarios=1_000, rng=7)
    >>> convergence(result).get_xlabel()
    'scenarios, in their order'
    """
    table = convergence_data(result, figure, channel)
    ax = new_axes(ax)
    n = table.index.to_numpy(dtype=np.float64)
    estimate, low, high = (float(end) for end in table.iloc[-1])
    unit = _unit(result, figure, float(table["estimate"].abs().max()))
    bounded = table.where(np.isfinite(table))
    words = _words(figure)
    found = _found(estimate, low, high, unit)
    ax.fill_between(
        n, bounded["low"], bounded["high"], color=LIGHT_BLUE, lw=0.0, label="95 % interval"
    )
    ax.axhline(estimate, color=GREY, lw=0.8, ls="--")
    ax.plot(n, table["estimate"], color=BLUE, lw=1.8, label=f"{words} of the first scenarios")
    ends = [[max(estimate - low, 0.0)], [max(high - estimate, 0.0)]]
    ax.errorbar(
        n[-1],
        estimate,
        np.where(np.isfinite(ends), ends, 0.0),
        fmt="o",
        color="black",
        markersize=5,
        capsize=3.0,
        label=f"{'all ' if n[-1] == result.scenarios else ''}{n[-1]:,.0f} scenarios: {found}",
    )
    bottom, top = ax.get_ylim()
    ax.set_ylim(bottom, top + 0.3 * (top - bottom))  # for the legend
    ax.set_xscale("log")
    plain_log(ax.xaxis, decades=math.log10(n[-1] / n[0]))
    ax.yaxis.set_major_formatter(unit.ticks())
    ax.set_xlabel(f"scenarios, in their order{_redrawn(result)}")
    ax.set_ylabel(f"{words} ({unit.name})")
    ax.legend(loc="upper right", frameon=False, fontsize=8)
    return finish(ax, f"{channel}: {words} is {found} {unit.name}")


def max_to_sum_data(result: PortfolioResult, channel: str = PORTFOLIO) -> pd.DataFrame:
    """Return the largest value as a share of the sum, and of powers, as scenarios are added.

    Parameters
    ----------
    result : PortfolioResult
        With ``keep="summary"`` its first 20,000 scenarios are drawn again.
    channel : str, default "portfolio"

    Returns
    -------
    DataFrame
        Index scenarios: the first so many of the run. Columns 1, 2, 3 and 4, the order p: the
        largest x**p as a share of the sum of x**p. It tends to 0 if, and only if, the moment of
        that order exists; NaN while nothing was returned.

    Raises
    ------
    MetricError
        If the channel is unknown.

    References
    ----------
    P. Embrechts, C. Klueppelberg and T. Mikosch, "Modelling extremal events" (1997), section 6.2.6.

    Examples
    --------
    >>> import gtmsim as gtm
    >>> result = gtm.simulate_portfolio(gtm.presets.example_plan(), scenarios=1_000, rng=7)
    >>> table = max_to_sum_data(result)
    >>> bool((table[1] <= table[4]).all())
    True
    """
    place_of(result.distributions.names, channel, "channel")
    values = with_scenarios(result).values("value", channel)
    lengths = _lengths(values.size, 1, _FINE_STEPS)
    rows = [[ratio_of(values[:n], order) for order in ORDERS] for n in lengths.tolist()]
    index = pd.Index(lengths, name="scenarios")
    return pd.DataFrame(rows, index=index, columns=pd.Index(ORDERS, name="order"))


def max_to_sum(result: PortfolioResult, channel: str = PORTFOLIO, ax: Axes | None = None) -> Axes:
    """Draw which share of the sum of all scenarios the largest one has, as scenarios are added.

    Parameters
    ----------
    result : PortfolioResult
        With ``keep="summary"`` its first 20,000 scenarios are drawn again.
    channel : str, default "portfolio"
    ax : Axes, optional
        A new figure by default.

    Returns
    -------
    Axes
        A line for values and each of their powers up to the fourth. It goes to 0 if, and only if,
        the moment of that order exists; the title says which do by the plan.

    Raises
    ------
    MetricError
        If the channel is unknown.

    Examples
    --------
    >>> import gtmsim as gtm
    >>> result = gtm.simulate_portfolio(gtm.presets.example_plan(), scenarios=1_000, rng=7)
    >>> max_to_sum(result).get_ylabel()
    'largest as a share of the sum (%)'
    """
    table = max_to_sum_data(result, channel)
    ax = new_axes(ax)
    if table.isna().all(axis=None):
        return say_nothing_returned(ax, channel)
    alpha, known = _moments(result, channel)
    for order, (color, style) in _LOOKS.items():
        fate = "exists" if order < alpha else "does not exist"
        label = f"p = {order}, {_MOMENTS[order]}{': ' + fate if known else ''}"
        ax.plot(table.index, 100.0 * table[order], style, color=color, lw=1.8, label=label)
    ax.set_xscale("log")
    plain_log(ax.xaxis)
    ax.set_ylim(0.0, 140.0)
    ax.set_yticks(range(0, 101, 20))
    ax.set_xlabel(f"scenarios, in their order{_redrawn(result)}")
    ax.set_ylabel("largest as a share of the sum (%)")
    ax.legend(
        loc="upper left",
        frameon=False,
        fontsize=8,
        ncols=2,
        title="values to the power p, and the moment of that order in the plan",
        title_fontsize=8,
        alignment="left",
    )
    return finish(ax, f"{channel}: {_moments_in_words(alpha, known)}")


def _moments(result: PortfolioResult, channel: str) -> tuple[float, bool]:
    """Return the order from which on moments do not exist, and whether it is known."""
    tail = result.tail
    return float(tail["tail_index"][channel]), bool(tail["tail"][channel] != "not known")


def _moments_in_words(alpha: float, known: bool) -> str:
    if not known:
        return "which moments exist is not known"
    if alpha > max(ORDERS):
        return "all four moments exist in the plan"
    if alpha <= 1.0:
        return f"tail index {alpha:g}, no moment exists in the plan"
    there = [name for order, name in _MOMENTS.items() if order < alpha]
    lacking = next(name for order, name in _MOMENTS.items() if order >= alpha)
    return f"tail index {alpha:g}, the {there[-1]} exists in the plan and the {lacking} does not"


def _redrawn(result: PortfolioResult) -> str:
    return "" if result.kept is not None else f" ({which(result)} drawn again)"


def _first(result: PortfolioResult, n: int) -> PortfolioResult:
    """Return the run of a result's first n scenarios, by its scenarios alone, not by its bins."""
    assert result.kept is not None
    kept = result.kept[:, :, :n]
    counted = copy.copy(result.distributions)
    counted.scenarios = n
    if result.plan.target is not None:
        value = result.values("value", PORTFOLIO)[:n]
        counted.reached = int(np.count_nonzero(value >= result.plan.target))
    return replace(result, kept=kept, distributions=counted)


def _lengths(scenarios: int, first: int, steps: int) -> Ints:
    """Return lengths of runs, ever further apart, the whole one the last."""
    spread = np.geomspace(min(first, scenarios), scenarios, steps).round()
    return np.unique(spread.astype(np.int64))


def _words(figure: str) -> str:
    """Return what a figure is.

    Examples
    --------
    >>> _words("p50"), _words("net_p10"), _words("cvar_95"), _words("multiple_mean")
    ('P50 of value', 'P10 of net', 'mean of the worst 5 % of net', 'mean of multiple')
    """
    if figure in _FIGURES:
        return _FIGURES[figure]
    metric, kind, level = _PARTS.fullmatch(figure).groups(default="")  # type: ignore[union-attr]
    if kind == "p":
        return f"P{level} of {(metric or 'value').replace('_', ' ')}"
    if kind == "cvar_":
        worst = 100.0 - float(level)
        return f"mean of the worst {worst:g} % of {(metric or 'net').replace('_', ' ')}"
    return f"mean of {(metric or 'value').replace('_', ' ')}"


def _unit(result: PortfolioResult, figure: str, size: float) -> Money:
    """Return the unit of a figure, which need not be money."""
    if figure.startswith("prob_") or figure == "hit_rate" or "share" in figure:
        return Money(0.01, "%")
    if figure.startswith("multiple"):
        return Money(1.0, "value per 1 spent")
    if figure.startswith(("hits", "effective_number")):
        return Money(1.0, "campaigns" if figure.startswith("hits") else "units")
    return Money.for_size(size, result.plan.currency)


def _found(estimate: float, low: float, high: float, unit: Money) -> str:
    """Return an estimate and its interval, with the digits that tell its ends apart."""
    estimate, low, high = (end / unit.scale for end in (estimate, low, high))
    if not math.isfinite(high - low):
        return f"{estimate:,.4g} (too few for an interval)"
    digits = 1 - math.floor(math.log10(high - low)) if high > low else 0
    digits = min(max(digits, 0), 6)
    return f"{estimate:,.{digits}f} ({low:,.{digits}f} to {high:,.{digits}f})"
