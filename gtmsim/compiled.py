"""From a plan to arrays: names become indices here and nowhere else."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from gtmsim.core._types import Floats
from gtmsim.core.cohorts import ProgramArrays
from gtmsim.core.concentration import STEP
from gtmsim.core.elementary import LOG2_E
from gtmsim.core.portfolio import ChannelArrays, PortfolioArrays
from gtmsim.core.response import Response
from gtmsim.core.sales import SalesArrays
from gtmsim.core.streams import MAX_GROUPS
from gtmsim.errors import ArgumentError, PlanError, Problem
from gtmsim.plan import CampaignProgram, Plan, SalesTeam
from gtmsim.sampling import (
    candidate_bars,
    compile_hits,
    compile_multiple,
    compile_staged,
    kept_octaves,
    octave_counts,
    octave_rows,
    segment_rows,
    stream_of,
)

_MOST_SEAT_MONTHS = 1_000_000
"""Of one team: its kernel takes 512 bytes of memory for each."""


@dataclass(frozen=True)
class CompiledPlan:
    """A plan and its arrays, ready for any number of scenarios.

    Attributes
    ----------
    plan : Plan
    names : tuple of str
        Channel names in the plan's order, and "portfolio" in the last place.
    arrays : PortfolioArrays
    """

    plan: Plan
    names: tuple[str, ...]
    arrays: PortfolioArrays


def compile_plan(plan: Plan, spend_share: float = 0.01) -> CompiledPlan:
    """Turn a plan into the arrays that kernels take.

    Parameters
    ----------
    plan : Plan
    spend_share : float, default 0.01
        Share of spend whose value is followed, the p of "p of spend brings s of results"; 0 follows
        none.

    Returns
    -------
    CompiledPlan

    Raises
    ------
    PlanError
        If two channels' names have the same digest, or a multiple cannot be tabulated.

    Examples
    --------
    >>> from gtmsim.presets import example_plan
    >>> compile_plan(example_plan()).names[-1]
    'portfolio'
    """
    _check_streams(plan)
    fixed = [fixed_spend(plan, channel) for channel in plan.channels]
    spent = [most_spent(plan, *parts) for parts in zip(plan.channels, fixed, strict=True)]
    followed = spend_share * sum(spent)
    channels = []
    for i, parts in enumerate(zip(plan.channels, fixed, strict=True)):
        try:
            channels.append(compile_channel(plan, *parts, followed))
        except ArgumentError as error:
            p = error.problem
            path = f"channels[{i}].{p.path}"
            raise PlanError([Problem(path, p.rule, p.value, p.fix)]) from None
    return CompiledPlan(
        plan=plan,
        names=(*(channel.name for channel in plan.channels), "portfolio"),
        arrays=join_channels(channels, plan.horizon, spend_share),
    )


class CompiledChannel(NamedTuple):
    """One channel's arrays, not yet placed among others, and the candidates it has at most."""

    arrays: ChannelArrays
    rows: int


def compile_channel(
    plan: Plan, channel: SalesTeam | CampaignProgram, fixed: Floats, followed: float
) -> CompiledChannel:
    """Turn one channel into arrays.

    Parameters
    ----------
    plan : Plan
        Gives the horizon, the discount rate and the market.
    channel : SalesTeam or CampaignProgram
    fixed : array (month,)
        As from :func:`fixed_spend`.
    followed : float
        Bound of the spend, in present value, whose best units are asked for.

    Raises
    ------
    ArgumentError
        If a multiple cannot be tabulated, or the channel is too large.

    Examples
    --------
    >>> from gtmsim.presets import example_plan
    >>> plan = example_plan()
    >>> team = plan["enterprise"]
    >>> compile_channel(plan, team, fixed_spend(plan, team), followed=0.0).rows
    4
    """
    market_sigma = plan.market_volatility * channel.market_loading
    monthly, discount = _discount(plan)
    if isinstance(channel, SalesTeam):
        team = _compile_team(channel, discount, monthly)
        return CompiledChannel(ChannelArrays(team, market_sigma, 0.0, fixed, 0), team.start.size)
    luck, feeds = channel.shared_luck, -1
    if channel.feeds is not None:
        # What it brings is the team's: none of its own campaigns is among the best.
        feeds, followed = [c.name for c in plan.channels].index(channel.feeds), 0.0
    if channel.staging is not None:
        response = _campaign_response(channel, discount, monthly)
        staged = compile_staged(channel, channel.staging, response, _worth(response))
        placed = ChannelArrays(staged, market_sigma, luck, fixed, 0, feeds)
        return CompiledChannel(placed, channel.campaigns)
    program, rows = _compile_program(channel, discount, monthly, fixed, followed)
    return CompiledChannel(ChannelArrays(program, market_sigma, luck, fixed, 0, feeds), rows)


def join_channels(
    channels: Sequence[CompiledChannel], horizon: int, spend_share: float
) -> PortfolioArrays:
    """Place channels side by side, each with room for its candidates behind those before it.

    Examples
    --------
    >>> from gtmsim.presets import example_plan
    >>> plan = example_plan()
    >>> team = plan["enterprise"]
    >>> one = compile_channel(plan, team, fixed_spend(plan, team), followed=0.0)
    >>> [channel.limit for channel in join_channels([one, one], 24, 0.0).channels]
    [7, 15]
    """
    room, placed = 0, []
    for arrays, rows in channels:
        room += _whole_steps(rows)
        placed.append(arrays._replace(limit=room - 1))
    return PortfolioArrays(tuple(placed), horizon, room, spend_share)


def _discount(plan: Plan) -> tuple[float, Floats]:
    """What a unit is worth a month later, and in each month (month,)."""
    monthly = (1.0 + plan.discount_rate) ** (-1.0 / 12.0)
    return monthly, monthly ** np.arange(plan.horizon)


def _whole_steps(rows: int) -> int:
    """Room for rows of candidates and a spare one, in whole steps."""
    return (rows // STEP + 1) * STEP


def fixed_spend(plan: Plan, channel: SalesTeam | CampaignProgram) -> Floats:
    """Return what a channel spends in each month (month,) whatever happens, in present value.

    Examples
    --------
    >>> from gtmsim.presets import example_plan
    >>> fixed_spend(example_plan(), example_plan()["PR"])[:3].round().tolist()
    [40000.0, 0.0, 39370.0]
    """
    if isinstance(channel, SalesTeam):
        return np.zeros(plan.horizon)
    launch = channel.launch_months(plan.horizon)
    outlay = np.bincount(launch, weights=channel.first_spends(), minlength=plan.horizon)
    return (outlay + channel.overhead) * _discount(plan)[1]


def most_spent(plan: Plan, channel: SalesTeam | CampaignProgram, fixed: Floats) -> float:
    """Return a bound of what a channel spends in any scenario, in present value.

    ``fixed`` (month,) is as from :func:`fixed_spend`.

    Examples
    --------
    >>> from gtmsim.presets import example_plan
    >>> plan = example_plan()
    >>> most_spent(plan, plan["enterprise"], fixed_spend(plan, plan["enterprise"]))
    4256000.0
    """
    if not isinstance(channel, SalesTeam):
        return float(fixed.sum()) + _most_reviewed(plan, channel)
    wait = channel.backfill_months
    reps = 1 if wait is None else -(-plan.horizon // (1 + wait))
    seat = plan.horizon * channel.loaded_cost / 12.0 + reps * channel.hiring_cost
    return channel.units * seat


def _most_reviewed(plan: Plan, program: CampaignProgram) -> float:
    """Bound what reviews can give: all that was planned, for recycling gives no more."""
    if program.staging is None:
        return 0.0
    _, month = program.staging.reviews(program.launch_months(plan.horizon))
    rest = program.spends() - program.first_spends()
    return float(rest @ np.append(_discount(plan)[1], 0.0)[np.minimum(month, plan.horizon)])


def _check_streams(plan: Plan) -> None:
    seen: dict[int, str] = {}
    for i, channel in enumerate(plan.channels):
        other = seen.setdefault(int(stream_of(channel.name)), channel.name)
        if other != channel.name:
            rule = f"must not have the digest of the name {other!r}, or they would share their luck"
            raise PlanError([Problem(f"channels[{i}].name", rule, channel.name, "rename it")])


def _log_parameters(mean: float, cv: float) -> tuple[float, float]:
    """Median and sigma * log2(e) of a lognormal with this mean and coefficient of variation."""
    variance = math.log1p(cv * cv)
    return mean * math.exp(-0.5 * variance), math.sqrt(variance) * LOG2_E


def _compile_team(team: SalesTeam, discount: Floats, monthly: float) -> SalesArrays:
    start = np.array(team.start_months, dtype=np.int64)
    horizon = discount.size
    if start.size * horizon > _MOST_SEAT_MONTHS:
        rule = f"must make at most {_MOST_SEAT_MONTHS:,} seat-months of the horizon"
        raise ArgumentError("hires", rule, f"{start.size * horizon:,}", "split it into teams")
    longest = horizon + max(0, -int(start.min()))
    skill_median, skill_sigma = _log_parameters(team.attainment, team.skill_cv)
    # Four independent quarters average to a year, so a quarter has twice the year's CV.
    luck_median, luck_sigma = _log_parameters(1.0, 2.0 * team.luck_cv)
    response = _sales_response(team, discount, monthly)
    filled = np.maximum(np.arange(start.size + 1), 1).astype(np.float64)
    return SalesArrays(
        stream=stream_of(team.name),
        response=response,
        start=start,
        ramp=np.asarray(team.ramp.productivity(np.arange(longest)), dtype=np.float64),
        base=team.quota / 12.0 * team.margin,
        skill_median=skill_median,
        skill_sigma_log2=skill_sigma,
        luck_median=luck_median,
        luck_sigma_log2=luck_sigma,
        tenure_scale=12.0 / (math.log1p(-team.attrition) * LOG2_E) if team.attrition else 0.0,
        backfill=-1 if team.backfill_months is None else team.backfill_months,
        loaded=team.loaded_cost / 12.0,
        hiring=team.hiring_cost,
        annuity=np.append(np.cumsum(discount[::-1])[::-1], 0.0),
        scale=filled ** (team.returns_to_scale - 1.0),
        worth=_worth(response),
        pipeline=-1.0 if team.pipeline is None else team.pipeline / 12.0 * team.margin,
    )


def _sales_response(team: SalesTeam, discount: Floats, monthly: float) -> Response:
    horizon = discount.size
    if team.recognition == "bookings":
        return Response(np.ones(1), discount, np.zeros(horizon))
    # Deals are signed throughout a month: half of its own revenue is recognised in it.
    retained = (1.0 - team.annual_churn) ** (1.0 / 12.0)
    weights = retained ** np.arange(horizon) / 12.0
    weights[0] = 1.0 / 24.0
    beyond = np.zeros(horizon)
    for month in range(horizon):
        age = horizon - month
        term = 12 * math.ceil((age - 0.5) / 12.0)
        rest = retained ** np.arange(age, term + 1) / 12.0
        rest[-1] *= 0.5
        beyond[month] = rest @ monthly ** np.arange(horizon, horizon + rest.size)
    return Response(weights, discount, beyond)


def _worth(response: Response) -> Floats:
    """Present value, by the horizon, of one unit originated in each month."""
    full = np.zeros(response.discount.size)
    full[: response.weights.size] = response.weights
    horizon = full.size
    return np.array([full[: horizon - m] @ response.discount[m:] for m in range(horizon)])


def _compile_program(
    program: CampaignProgram,
    discount: Floats,
    monthly: float,
    outlay: Floats,
    most_spent: float,
) -> tuple[ProgramArrays, int]:
    """Return a program's arrays, and room for its campaigns that may be among the best.

    ``outlay`` (month,) is what it spends in present value; ``most_spent`` bounds the spend whose
    best units are asked for.
    """
    horizon = discount.size
    launch, spends = program.launch_months(horizon), program.spends()
    # Campaigns of equal month and spend are one cohort.
    order = np.lexsort((spends, launch))
    months, costs = launch[order], spends[order]
    begins = np.flatnonzero(
        np.concatenate(([True], (np.diff(months) != 0) | (np.diff(costs) != 0.0)))
    )
    month, spend = months[begins], costs[begins]
    sizes = np.diff(np.append(begins, months.size))
    if sizes.size > MAX_GROUPS:
        rule = f"must form at most {MAX_GROUPS:,} groups of equal spend and month"
        raise ArgumentError("spend", rule, f"{sizes.size:,} groups", "round the spends")
    reference = program.reference_spend or 1.0
    gain = spend * program.incrementality * (spend / reference) ** (program.spend_elasticity - 1.0)
    response = _campaign_response(program, discount, monthly)
    worth = gain * _worth(response)[month]
    # Overhead is shared among campaigns in proportion to their spend.
    paid = spend * discount[month]
    paid *= outlay.sum() / (paid @ sizes)
    bar, room = candidate_bars(
        program.multiple,
        program.cap,
        expected=program.hit_rate * sizes,
        most=sizes,
        rate=worth / paid,
        spend=paid,
        target=most_spent,
    )
    sampler = compile_multiple(program.multiple, program.cap)
    expected = program.hit_rate * sizes
    octaves = octave_counts(expected, sampler)
    kept = kept_octaves(program.multiple, program.cap, bar)
    finite = np.where(np.isinf(bar), 0.0, bar)
    above = expected * program.multiple.sf(finite, program.cap) * np.isfinite(bar)
    room = max(room, segment_rows(above, sizes, octaves))
    room += octave_rows(expected, sizes, octaves, kept)
    kinds, kind = np.unique(sizes, return_inverse=True)
    tables = [compile_hits(size, program.hit_rate) for size in kinds.tolist()]
    ends = np.cumsum([thresholds.size for _, thresholds in tables])
    starts = ends - [thresholds.size for _, thresholds in tables]
    arrays = ProgramArrays(
        stream=stream_of(program.name),
        sampler=sampler,
        response=response,
        month=month,
        spend=paid,
        gain=gain,
        worth=worth,
        bar=bar,
        hit_base=np.array([base for base, _ in tables])[kind],
        hit_from=starts[kind],
        hit_to=ends[kind],
        thresholds=np.concatenate([thresholds for _, thresholds in tables]),
        octaves=octaves,
        kept=kept,
        needed=np.ceil(most_spent / paid),
        unit=float(paid[0]) if np.all(paid == paid[0]) else 0.0,
    )
    return arrays, room


def _campaign_response(program: CampaignProgram, discount: Floats, monthly: float) -> Response:
    horizon = discount.size
    parts = [(program.fast_share, program.half_life)]
    if program.slow_half_life is not None:
        parts.append((1.0 - program.fast_share, program.slow_half_life))
    weights, beyond = np.zeros(horizon), np.zeros(horizon)
    arrival = np.arange(horizon) + program.lag
    # Months of carryover that fall inside the horizon, for each month of launch.
    inside = np.maximum(horizon - arrival, 0)
    for share, half_life in parts:
        kept = 2.0 ** (-1.0 / half_life) if half_life > 0.0 else 0.0
        steps = np.arange(horizon - program.lag)
        weights[program.lag :] += share * (1.0 - kept) * kept**steps
        tail = (kept * monthly) ** inside / (1.0 - kept * monthly)
        beyond += share * (1.0 - kept) * monthly**arrival * tail
    last = int(np.flatnonzero(weights)[-1])
    return Response(weights[: last + 1], discount, beyond)
