"""Means of staged programs: who survives, what that costs and what it brings, by quadrature."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy.special import bdtrc

from gtmsim.core._types import Floats, Ints
from gtmsim.distributions import Empirical, Spliced
from gtmsim.errors import MetricError
from gtmsim.exact.terms import campaign_worth
from gtmsim.plan import CampaignProgram, Plan, Staging

_UNREACHABLE = 1e150
"""A multiple that none has, with or without the error of a signal."""

_TINY = 1.0 - 1e-12
"""A multiple that equals the bar survives, and P(X > x) leaves it out."""


class StagedMoments(NamedTuple):
    """Of a staged program, in present value; NaN where there is no closed form.

    ``second`` is the second moment of value without the market's shock.
    """

    value: float
    second: float
    spend: float
    spend_variance: float


@dataclass(frozen=True)
class _Reviews:
    """A program's campaigns (campaign,), review by review, and what reviews may give them.

    ``now`` and ``later`` are what 1 originated by a pilot is worth from the launch and from the
    review; ``cost`` is what 1 spent at the review is, 0 beyond the horizon.
    """

    sizes: Ints
    begin: Ints
    rest: Floats
    now: Floats
    later: Floats
    cost: Floats
    pilots: float


def staged_moments(plan: Plan, program: CampaignProgram, staging: Staging) -> StagedMoments:
    """Return the moments of a staged program.

    Parameters
    ----------
    plan : Plan
    program : CampaignProgram
    staging : Staging
        The program's.

    Returns
    -------
    StagedMoments

    Notes
    -----
    With a bar t on the signal X exp(s Z), a hit survives if X >= t exp(-s Z): P(survive) and
    E[X; survive] are averages over Z of what the law of X gives in closed form. Campaigns survive
    independently, so the number of others that do is binomial; what is recycled hangs on it alone
    where all that are reviewed together have the same spend. With a share to be killed and no error
    of the signal, a hit of upper quantile u is killed if enough of the others are better, each with
    probability hit_rate u. With an error there is no closed form.

    Examples
    --------
    >>> from gtmsim import Pareto
    >>> staging = Staging(pilot_spend=1.0, threshold=4.0)
    >>> bets = CampaignProgram(name="bets", campaigns=10, spend=5.0, launch=0,
    ...                        multiple=Pareto(tail_index=2.0), staging=staging)
    >>> found = staged_moments(Plan(horizon=12, channels=[bets]), bets, staging)
    >>> round(found.value, 9), round(found.spend, 9)  # 10 (2 + 4 / 16 * 8), 10 (1 + 4 / 16)
    (40.0, 12.5)
    """
    reviews = _reviews(plan, program, staging)
    equal = all(
        np.ptp(reviews.rest[a : a + n]) == 0.0
        for a, n in zip(reviews.begin, reviews.sizes, strict=True)
    )
    shared = staging.recycle > 0.0 or staging.kill_share is not None
    noisy_rank = bool(staging.kill_share) and staging.signal_noise > 0.0
    known = equal or not shared or staging.kill_share == 0.0
    market = plan.market_volatility * program.market_loading
    factors, weights = _shocks(program, staging, math.hypot(market, program.shared_luck))
    try:
        mean = program.multiple.mean(program.cap)
        square = program.multiple.upper_moment(1.0, 2, program.cap)
    except MetricError:
        mean = square = math.nan
    parts = np.array([_given_shock(program, staging, reviews, mean, f) for f in factors])
    value, spend, variance = parts.T
    paid = float(weights @ spend)
    spread = float(weights @ (variance + (spend - paid) ** 2))
    total = float(weights @ (value * factors))
    if not math.isfinite(mean):
        total = mean if reviews.now.any() or reviews.later.any() else 0.0
    elif noisy_rank or not known:
        total = math.nan
    second = math.inf if math.isinf(square) and total > 0.0 else math.nan
    if staging.threshold is not None and staging.recycle == 0.0 and math.isfinite(square):
        second = _second(program, staging, reviews, mean, square)
    return StagedMoments(
        value=total,
        second=second,
        spend=reviews.pilots + (paid if known or not shared else math.nan),
        # The market moves the spend of several programs together.
        spend_variance=spread
        if known and (staging.max_cost is None or market == 0.0)
        else math.nan,
    )


def _reviews(plan: Plan, program: CampaignProgram, staging: Staging) -> _Reviews:
    horizon, pilot = plan.horizon, staging.pilot_spend
    launch = program.launch_months(horizon)
    review, month = staging.reviews(launch)
    order = np.argsort(review, kind="stable")
    launch, month = launch[order], month[order]
    sizes = np.bincount(review)
    # A program of pilots only is worth, for each month of launch, what one unit of multiple brings.
    pilots = program.replace(
        campaigns=horizon, spend=pilot, launch=tuple(range(horizon)), staging=None
    )
    worth, _ = campaign_worth(pilots, horizon, plan.discount_rate)
    monthly = (1.0 + plan.discount_rate) ** (-1.0 / 12.0)
    late = month >= horizon
    at = np.where(late, 0, month)
    overhead = program.overhead * float(np.sum(monthly ** np.arange(horizon)))
    return _Reviews(
        sizes=sizes,
        begin=np.concatenate(([0], np.cumsum(sizes)[:-1])),
        rest=program.spends()[order] - pilot,
        now=worth[launch],
        later=np.where(late, 0.0, worth[at]),
        cost=np.where(late, 0.0, monthly**at),
        pilots=float(pilot * np.sum(monthly**launch)) + overhead,
    )


def _shocks(program: CampaignProgram, staging: Staging, sigma: float) -> tuple[Floats, Floats]:
    """Return shocks that a decision depends on, and their probabilities."""
    if staging.max_cost is None or sigma == 0.0:
        return np.ones(1), np.ones(1)
    z, weights = _normal_nodes(np.arange(-9.0, 9.5, 0.5))
    return np.exp(sigma * z - 0.5 * sigma * sigma), weights


def _normal_nodes(edges: Floats) -> tuple[Floats, Floats]:
    """Return Gauss-Legendre nodes between edges, and weights of the standard normal law."""
    nodes, weights = np.polynomial.legendre.leggauss(12)
    half = 0.5 * np.diff(edges)[:, None]
    z = (edges[:-1, None] + half + half * nodes).ravel()
    density = np.exp(-0.5 * z * z) * (half * weights).ravel()
    return z, density / density.sum()


def _given_shock(
    program: CampaignProgram, staging: Staging, reviews: _Reviews, mean: float, factor: float
) -> tuple[float, float, float]:
    """Return value over the shock, what reviews spend, and its variance, given the shock."""
    exists = math.isfinite(mean)
    if staging.kill_share is None:
        chance, survivors = _survival(program, staging, factor)
        survivors = survivors if exists else 0.0
    value = program.hit_rate * mean * float(reviews.now.sum()) if exists else 0.0
    spend = variance = 0.0
    seen: dict[tuple[float, ...], tuple[float, float, float]] = {}
    for a, n in zip(reviews.begin.tolist(), reviews.sizes.tolist(), strict=True):
        rests = reviews.rest[a : a + n]
        rest, later, cost = float(rests.mean()), reviews.later[a], reviews.cost[a]
        if staging.kill_share is None and staging.recycle == 0.0:
            growth = _growth(program, staging, rests)
            value += float(survivors * later * growth.sum())
            spend += chance * cost * float(rests.sum())
            variance += chance * (1.0 - chance) * float(cost**2 * (rests @ rests))
            continue
        if staging.kill_share is not None:
            killed = staging.killed_of(n)
            boost = 1.0 + staging.recycle * killed / (n - killed)
            growth = _growth(program, staging, boost * rests)
            best = (n, killed)
            if best not in seen:
                survived = _of_the_best(program, n, killed, mean) if exists else 0.0
                seen[best] = (survived, 0.0, 0.0)
            value += later * float(growth.sum()) * seen[best][0]
            spend += (n - killed) * boost * cost * rest
            continue
        if (n, rest) not in seen:
            seen[n, rest] = _recycled(program, staging, n, rest, chance)
        growth_mean, given, spread = seen[n, rest]
        value += survivors * later * n * growth_mean
        spend += cost * given
        variance += cost**2 * spread
    return float(value), float(spend), float(variance)


def _survival(program: CampaignProgram, staging: Staging, factor: float) -> tuple[float, float]:
    """Return P(survive) and E[X; survive] of a campaign, under the rule of a bar."""
    bars, weights = _bars(program, staging, factor)
    law, cap = program.multiple, program.cap
    above = np.asarray(law.sf(bars * _TINY, cap))
    mean = np.asarray(law.stop_loss(bars, cap)) + bars * above
    mean = np.where(above > 0.0, mean, 0.0)
    return program.hit_rate * float(weights @ above), program.hit_rate * float(weights @ mean)


def _bars(program: CampaignProgram, staging: Staging, factor: float) -> tuple[Floats, Floats]:
    """Return the multiples from which on a hit survives, over the signal's error."""
    bar = staging.threshold or 0.0
    if staging.max_cost is not None:
        per_unit = program.incrementality * factor
        if program.reference_spend is not None:
            size = staging.pilot_spend / program.reference_spend
            per_unit *= size ** (program.spend_elasticity - 1.0)
        bar = 1.0 / max(per_unit * staging.max_cost, 1.0 / _UNREACHABLE)
    bar = min(bar, _UNREACHABLE)
    noise = staging.signal_noise
    if noise == 0.0:
        return np.array([bar]), np.ones(1)
    corners = [(math.log(bar) - math.log(point)) / noise for point in _corners(program)]
    edges = np.clip([*np.arange(-9.0, 9.5, 0.5), *corners], -9.0, 9.0)
    z, weights = _normal_nodes(np.unique(edges))
    return bar * np.exp(-noise * z), weights


def _corners(program: CampaignProgram) -> list[float]:
    """Multiples at which the survival function jumps or bends."""
    law = program.multiple
    points = [float(law.isf(1.0, program.cap)), *([] if program.cap is None else [program.cap])]
    points += np.unique(law.values).tolist() if isinstance(law, Empirical) else []
    points += [law.threshold] if isinstance(law, Spliced) else []
    return [point for point in points if point > 0.0]


def _growth(program: CampaignProgram, staging: Staging, given: Floats) -> Floats:
    """Return what spending more on a pilot adds to its value, as a multiple of it."""
    power = staging.scale_elasticity or program.spend_elasticity
    grown: Floats = (1.0 + given / staging.pilot_spend) ** power - 1.0
    return grown


def _recycled(
    program: CampaignProgram, staging: Staging, n: int, rest: float, chance: float
) -> tuple[float, float, float]:
    """Return a survivor's mean growth, and mean and variance of what a review spends.

    Growth is that of a campaign which survives, so the number of others that do is binomial.
    """
    others = np.arange(n)
    boost = 1.0 + staging.recycle * (n - 1 - others) / (others + 1.0)
    growth = float(_binomial(n - 1, chance) @ _growth(program, staging, boost * rest))
    alive = np.arange(n + 1)
    given = rest * np.where(alive > 0, alive + staging.recycle * (n - alive), 0.0)
    chances = _binomial(n, chance)
    mean = float(chances @ given)
    return growth, mean, float(chances @ (given - mean) ** 2)


def _binomial(n: int, p: float) -> Floats:
    """Return the probabilities of 0 to n successes."""
    least = bdtrc(np.arange(-1, n + 1), n, p)
    return np.asarray(-np.diff(least))


def _of_the_best(program: CampaignProgram, n: int, killed: int, mean: float) -> float:
    """Return E[X; survive] of one of n campaigns of which so many are killed, without error."""
    if killed == 0:
        return program.hit_rate * mean
    # In v = -log u: what is killed is not among the best, so the integrand soon vanishes.
    nodes, weights = np.polynomial.legendre.leggauss(12)
    edges = np.linspace(0.0, 40.0, 801)
    half = 0.5 * np.diff(edges)[:, None]
    v = (edges[:-1, None] + half + half * nodes).ravel()
    u = np.exp(-v)
    killed_at = bdtrc(n - killed - 1, n - 1, program.hit_rate * u)
    x = np.asarray(program.multiple.isf(u, program.cap))
    lost = float((x * u * killed_at) @ (half * weights).ravel())
    return program.hit_rate * (mean - lost)


def _second(
    program: CampaignProgram, staging: Staging, reviews: _Reviews, mean: float, square: float
) -> float:
    """Return the second moment of value without the market, of campaigns independent given luck."""
    law, cap, hit = program.multiple, program.cap, program.hit_rate
    _, survivors = _survival(program, staging, 1.0)
    bars, weights = _bars(program, staging, 1.0)
    above = np.asarray(law.sf(bars * _TINY, cap))
    squares = hit * float(weights @ [law.upper_moment(float(p), 2, cap) for p in above])
    growth = reviews.later * _growth(program, staging, reviews.rest)
    now, after = reviews.now, growth
    means = hit * mean * now + survivors * after
    seconds = hit * square * now**2 + squares * (2.0 * now * after + after**2)
    luck = math.exp(program.shared_luck**2)
    return luck * (float(np.sum(seconds - means**2)) + float(means.sum()) ** 2)
