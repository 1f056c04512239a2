"""Closed-form moments of every channel and the portfolio, and the laws of hits and of the best."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import pandas as pd

from gtmsim.distributions import Empirical, Spliced
from gtmsim.errors import ExactError, MetricError, check_number
from gtmsim.exact.staged import staged_moments
from gtmsim.exact.teams import team_moments
from gtmsim.exact.terms import ProgramTerms, program_terms
from gtmsim.plan import CampaignProgram, Plan, SalesTeam


class _Moments(NamedTuple):
    """Of one channel: ``second`` is the value's second moment without the market's shock."""

    market_sigma: float
    value: float
    second: float
    spend: float
    spend_variance: float
    hits: float
    hits_variance: float


def exact_moments(plan: Plan) -> pd.DataFrame:
    """Return means and standard deviations that no simulation is needed for.

    Parameters
    ----------
    plan : Plan

    Returns
    -------
    DataFrame
        Index channel, "portfolio" last. Columns: value_mean, value_sd, spend_mean, spend_sd,
        net_mean (present value, currency), hits_mean, hits_sd. Infinite where the moment does not
        exist, NaN where it is not known: for a multiple without known moments, staged programs
        whose campaigns compete for money by a noisy rank or in unequal sizes, the deviation of
        large teams with returns to scale, and the value of a team that may be short of pipeline.
        The value of a program that feeds a team is 0.

    References
    ----------
    W. Feller, "An introduction to probability theory and its applications", vol. 1, 3rd ed.
    (1968), section XII.1 (sums of a random number of terms).

    Examples
    --------
    >>> from gtmsim import CampaignProgram, Pareto
    >>> bets = CampaignProgram(name="bets", campaigns=100, spend=1.0, hit_rate=0.2,
    ...                        multiple=Pareto(tail_index=1.5))
    >>> moments = exact_moments(Plan(horizon=12, channels=[bets]))
    >>> moments.loc["bets", ["value_mean", "value_sd", "hits_mean", "hits_sd"]].round(6).tolist()
    [60.0, inf, 20.0, 4.0]
    """
    parts = [_coupled(channel, _alone(plan, channel)) for channel in plan.channels]
    rows = {
        channel.name: _row(part.value, _spread(part), part)
        for channel, part in zip(plan.channels, parts, strict=True)
    }
    total = _Moments(
        market_sigma=0.0,
        value=sum(part.value for part in parts),
        second=0.0,
        spend=sum(part.spend for part in parts),
        spend_variance=sum(part.spend_variance for part in parts),
        hits=sum(part.hits for part in parts),
        hits_variance=sum(part.hits_variance for part in parts),
    )
    rows["portfolio"] = _row(total.value, _portfolio_variance(parts), total)
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("channel")


def largest_cdf(plan: Plan, x: float, channel: str) -> float:
    """Return the probability that no campaign of a program is worth more than x.

    Parameters
    ----------
    plan : Plan
    x : float
        Value of one campaign by the horizon, in present value (currency), at least 0.
    channel : str
        A program.

    Returns
    -------
    float
        The product over campaigns of 1 - hit_rate * sf(x / worth), averaged over the shock that
        they share, by Gauss-Legendre quadrature between the points where it has a corner.

    Raises
    ------
    ArgumentError
        If x is negative, or there is no such channel.
    ExactError
        If the channel is a team: the value of a seat has no closed form.

    References
    ----------
    P. Embrechts, C. Klueppelberg and T. Mikosch, "Modelling extremal events" (1997), section 3.1.

    Examples
    --------
    >>> from gtmsim import CampaignProgram, Pareto
    >>> bets = CampaignProgram(name="bets", campaigns=2, spend=1.0, multiple=Pareto(tail_index=1.0))
    >>> largest_cdf(Plan(horizon=12, channels=[bets]), 4.0, "bets")
    0.5625
    """
    program = plan[channel]
    if not isinstance(program, CampaignProgram):
        rule = "must be a program: the value of a seat has no closed form"
        raise ExactError("channel", rule, channel, "simulate it")
    terms = program_terms(plan, program)
    return _largest_cdf(terms, check_number("x", x, low=0.0))


def _largest_cdf(terms: ProgramTerms, x: float) -> float:
    sigma = math.hypot(terms.market_sigma, terms.luck_sigma)
    if sigma == 0.0 or x == 0.0:
        above = terms.multiple.sf(x / terms.worth, terms.cap)
        return math.exp(float(terms.sizes @ np.log1p(-terms.hit_rate * np.asarray(above))))
    with np.errstate(divide="ignore"):
        corners = np.log(x / np.outer(terms.worth, _corners(terms))).ravel() / sigma + 0.5 * sigma
    edges = np.unique(np.clip([*np.arange(-9.0, 9.5, 0.5), *corners], -9.0, 9.0))
    nodes, weights = np.polynomial.legendre.leggauss(12)
    half = 0.5 * np.diff(edges)[:, None]
    z = (edges[:-1, None] + half + half * nodes).ravel()
    density = np.exp(-0.5 * z * z) / math.sqrt(2.0 * math.pi) * (half * weights).ravel()
    none = np.zeros(z.size)
    # A shock so bad that no multiple makes up for it asks for an infinite one.
    with np.errstate(divide="ignore", over="ignore"):
        bars = x * np.exp(0.5 * sigma * sigma - sigma * z)
        for worth, size in zip(terms.worth, terms.sizes, strict=True):
            above = np.asarray(terms.multiple.sf(bars / worth, terms.cap))
            none += size * np.log1p(-terms.hit_rate * above)
    return float(density @ np.exp(none) / density.sum())


def _corners(terms: ProgramTerms) -> list[float]:
    """Multiples at which the survival function jumps or bends."""
    law = terms.multiple
    points = [float(law.isf(1.0, terms.cap)), *([] if terms.cap is None else [terms.cap])]
    if isinstance(law, Empirical):
        points += np.unique(law.values).tolist()
    if isinstance(law, Spliced):
        points.append(law.threshold)
    return [point for point in points if point > 0.0]


def _coupled(channel: SalesTeam | CampaignProgram, alone: _Moments) -> _Moments:
    """Return a channel's moments when the value of a program may be a team's pipeline."""
    if isinstance(channel, SalesTeam):
        # The lesser of capacity and pipeline has no closed form.
        short = channel.pipeline is not None
        return alone._replace(value=math.nan, second=math.nan) if short else alone
    feeds = channel.feeds is not None
    return alone._replace(market_sigma=0.0, value=0.0, second=0.0) if feeds else alone


def _alone(plan: Plan, channel: SalesTeam | CampaignProgram) -> _Moments:
    if isinstance(channel, SalesTeam):
        team = team_moments(plan, channel)
        sigma = plan.market_volatility * channel.market_loading
        means = team.value_mean, team.value_second, team.spend_mean, team.spend_variance
        return _Moments(sigma, *means, 0.0, 0.0)
    hit, n = channel.hit_rate, channel.campaigns
    if channel.staging is not None:
        staged = staged_moments(plan, channel, channel.staging)
        sigma = plan.market_volatility * channel.market_loading
        return _Moments(sigma, *staged, n * hit, n * hit * (1.0 - hit))
    terms = program_terms(plan, channel)
    try:
        first = hit * channel.multiple.mean(channel.cap)
        square = hit * channel.multiple.upper_moment(1.0, 2, channel.cap)
    except MetricError:
        first = square = math.nan
    value = float(terms.sizes @ terms.worth) * first
    within = float(terms.sizes @ terms.worth**2)
    luck = math.exp(terms.luck_sigma**2)
    second = math.inf
    if math.isfinite(first) and not math.isinf(square):
        second = luck * (within * (square - first * first) + value * value)
    elif math.isnan(first):
        second = math.nan
    return _Moments(
        terms.market_sigma,
        value,
        second,
        _program_spend(plan, channel),
        0.0,
        n * hit,
        n * hit * (1.0 - hit),
    )


def _program_spend(plan: Plan, program: CampaignProgram) -> float:
    monthly = (1.0 + plan.discount_rate) ** (-1.0 / 12.0)
    paid = program.spends() @ monthly ** program.launch_months(plan.horizon)
    return float(paid + program.overhead * np.sum(monthly ** np.arange(plan.horizon)))


def _spread(part: _Moments) -> float:
    """Variance of a channel's value, the market's shock included."""
    if not math.isfinite(part.second):
        return part.second
    if part.second == 0.0:
        return 0.0
    # Infinite where it is more than a double holds, as with a market of log-sd 50.
    with np.errstate(over="ignore", invalid="ignore"):
        shock = float(np.exp(part.market_sigma**2))
    return max(shock * part.second - part.value * part.value, 0.0)


def _portfolio_variance(parts: list[_Moments]) -> float:
    variances = [_spread(part) for part in parts]
    if math.inf in variances:
        return math.inf
    total = sum(variances)
    for i, one in enumerate(parts):
        for other in parts[:i]:
            with np.errstate(over="ignore"):
                shared = float(np.expm1(one.market_sigma * other.market_sigma))
            if one.value > 0.0 and other.value > 0.0:
                total += 2.0 * shared * one.value * other.value
    return total


def _row(value: float, variance: float, part: _Moments) -> dict[str, float]:
    return {
        "value_mean": value,
        "value_sd": math.sqrt(variance),
        "spend_mean": part.spend,
        "spend_sd": math.sqrt(part.spend_variance),
        "net_mean": value - part.spend,
        "hits_mean": part.hits,
        "hits_sd": math.sqrt(part.hits_variance),
    }
