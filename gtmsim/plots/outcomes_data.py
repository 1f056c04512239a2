"""The numbers behind the pictures of an outcome: how its scenarios are spread."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from gtmsim.core._types import Floats, Ints
from gtmsim.errors import ExactError
from gtmsim.exact import largest_cdf
from gtmsim.result import PortfolioResult
from gtmsim.result.blocks import independent_scenarios
from gtmsim.result.outcomes import PORTFOLIO
from gtmsim.statistics import TailIndex
from gtmsim.statistics.intervals import wilson
from gtmsim.summary import place_of

LEVEL = 0.95
"""Of all intervals in pictures of a result."""

_BARS = 60
_REACH = 4.0  # of the axis of an outcome: so many times P90 - P50 above P50
_EVEN, _LOG = 100, 300
_FEWEST = 11


def outcome_data(result: PortfolioResult, channel: str = PORTFOLIO) -> pd.DataFrame:
    """Return the shares of scenarios whose value lies in each of up to 60 ranges.

    Parameters
    ----------
    result : PortfolioResult
        With its scenarios or with ``keep="summary"``.
    channel : str, default "portfolio"

    Returns
    -------
    DataFrame
        Index bar. Columns low and high (currency), share (of all scenarios), inside (whether its
        middle lies between P10 and P90). It ends at P99.5, or four times as far above P50 as P90
        is, where the tail is longer still; the rest of the scenarios lie beyond.

    Raises
    ------
    MetricError
        If the channel is unknown.

    Examples
    --------
    >>> import gtmsim as gtm
    >>> result = gtm.simulate_portfolio(gtm.presets.example_plan(), scenarios=1_000, rng=7)
    >>> bool(0.9 < outcome_data(result)["share"].sum() <= 1.0)
    True
    """
    place_of(result.distributions.names, channel, "channel")
    p10, middle, p90, last = result.quantiles((0.1, 0.5, 0.9, 0.995), "value", channel).tolist()
    if p90 > middle:
        last = min(last, middle + _REACH * (p90 - middle))
    edges, shares = _bars(result, channel, last)
    centres = 0.5 * (edges[:-1] + edges[1:])
    return pd.DataFrame(
        {
            "low": edges[:-1],
            "high": edges[1:],
            "share": shares,
            "inside": (centres >= p10) & (centres <= p90),
        }
    ).rename_axis("bar")


def exceedance_data(result: PortfolioResult, channel: str = PORTFOLIO) -> pd.DataFrame:
    """Return the chance of at least a value, with its 95 % interval.

    Parameters
    ----------
    result : PortfolioResult
        With its scenarios or with ``keep="summary"``.
    channel : str, default "portfolio"

    Returns
    -------
    DataFrame
        Index value (currency), at most 400 of those that occurred or, from a summary, of the lower
        edges of its bins. Columns chance (share of scenarios with at least that), low and high
        (Wilson's interval, point by point).

    Raises
    ------
    MetricError
        If the channel is unknown.

    Examples
    --------
    >>> import gtmsim as gtm
    >>> result = gtm.simulate_portfolio(gtm.presets.example_plan(), scenarios=1_000, rng=7)
    >>> table = exceedance_data(result)
    >>> float(table["chance"].iloc[0]), float(table["chance"].iloc[-1])
    (1.0, 0.001)
    """
    place_of(result.distributions.names, channel, "channel")
    value, at_least = _reached(result, channel)
    chance = at_least / result.scenarios
    ends = [
        wilson(p, independent_scenarios(result, "value", channel, math.nextafter(x, 0.0)), LEVEL)
        for x, p in zip(value.tolist(), chance.tolist(), strict=True)
    ]
    low, high = np.array(ends).T
    table = pd.DataFrame({"chance": chance, "low": low, "high": high}, index=value)
    return table.rename_axis("value")


def ccdf_data(result: PortfolioResult, channel: str = PORTFOLIO) -> pd.DataFrame:
    """Return the chance of more than a value beside the plan's law and Hill's line.

    Parameters
    ----------
    result : PortfolioResult
    channel : str, default "portfolio"

    Returns
    -------
    DataFrame
        Index value (currency), above 0 only. Columns chance, low, high as in
        :func:`exceedance_data` (NaN beyond the scenarios); best, the exact chance that the best
        campaign alone is worth more, which a total under a power law comes ever nearer to (NaN
        where it has no closed form); hill, hill_low and hill_high, the power
        law that was read from the scenarios, above its threshold (NaN where :func:`tail_index`
        is None).

    Raises
    ------
    MetricError
        If the channel is unknown.

    References
    ----------
    P. Embrechts, C. Klueppelberg and T. Mikosch, "Modelling extremal events" (1997), section
    1.3.1: a sum of subexponential terms is large because one of them is.

    Examples
    --------
    >>> import gtmsim as gtm
    >>> bets = gtm.CampaignProgram(
    ...     name="bets", campaigns=9, spend=1.0, multiple=gtm.Pareto(tail_index=1.5)
    ... )
    >>> plan = gtm.Plan(horizon=6, channels=[bets])
    >>> table = ccdf_data(gtm.simulate_portfolio(plan, scenarios=1_000, rng=7), "bets")
    >>> far = table[table.index > 50.0]
    >>> bool((far["best"] < 0.1).all())
    True
    """
    table = exceedance_data(result, channel)
    table = table[table.index > 0.0]
    if table.empty:
        return table.assign(best=[], hill=[], hill_low=[], hill_high=[])
    x = table.index.to_numpy(dtype=np.float64)
    heavy = result.tail.loc[channel, "tail"] == "power law"
    if heavy:
        beyond = np.geomspace(x[-1], 10.0 * x[-1], 15)[1:]
        table = table.reindex(np.concatenate([x, beyond]))
        x = table.index.to_numpy(dtype=np.float64)
    table["best"] = _best(result, channel, x)
    index = tail_index(result, channel)
    columns = {"hill": "estimate", "hill_low": "low", "hill_high": "high"}
    for column, end in columns.items():
        table[column] = np.nan
        if index is not None:
            above = x >= index.threshold
            alpha = getattr(index.interval, end)
            share = index.k / result.scenarios
            table.loc[above, column] = share * (x[above] / index.threshold) ** -alpha
    return table.rename_axis("value")


def tail_index(result: PortfolioResult, channel: str) -> TailIndex | None:
    """Return Hill's estimate from a result's scenarios where there is one to be compared.

    None without a power law in the plan; where scenarios were not kept, are too few, or share their
    parameters, which Hill's interval does not know; and where the largest are all equal.
    """
    known = result.tail.loc[channel, "tail"]
    if known not in ("power law", "not known") or result.kept is None or result.alternatives:
        return None
    values = result.values("value", channel)
    if np.count_nonzero(values) < _FEWEST or values.size < 4:
        return None
    index = result.tail_diagnostics(channel).tail_index
    return index if index is not None and math.isfinite(index.estimate) else None


def _best(result: PortfolioResult, channel: str, x: Floats) -> Floats:
    """Return the chance that the best campaign alone is worth x.

    Of a portfolio that of its heaviest programs, under a power law only: else nothing says that
    they make its tail.
    """
    unknown = np.full(x.size, np.nan)
    index = result.tail["tail_index"]
    heavy = math.isfinite(index[channel])
    if result.alternatives or (channel == PORTFOLIO and not heavy):
        return unknown
    names = [channel]
    if channel == PORTFOLIO:
        names = [name for name in result.channels if index[name] == index[channel]]
    none = np.ones(x.size)
    for name in names:
        try:
            none *= [largest_cdf(result.plan, amount, name) for amount in x.tolist()]
        except ExactError:
            return unknown
    # Rounding leaves nothing of less than 1e-16.
    return np.where(none < 1.0, 1.0 - none, np.nan)


def _reached(result: PortfolioResult, channel: str) -> tuple[Floats, Ints]:
    """Return values, ascending, and the scenarios with at least each of them (point,)."""
    if result.kept is None:
        bins = result.distributions.metric("value", channel)
        value, counts = np.maximum(bins.lower, bins.minimum), bins.counts
    else:
        value, counts = np.unique(result.values("value", channel), return_counts=True)
    at_least = counts[::-1].cumsum()[::-1]
    # Spread evenly over the chance and over its logarithm.
    n = result.scenarios
    wanted = np.concatenate([np.geomspace(1.0, n, _LOG), np.linspace(1.0, n, _EVEN)]).round()
    place = np.searchsorted(-at_least, -wanted)
    place = np.unique(np.minimum(place, value.size - 1))
    return value[place], at_least[place]


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
