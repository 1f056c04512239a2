"""From channels and constraints to levers: what each may be, and whether they fit together."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from gtmsim.decide.allocation.constraints import Bounds, Constraint, Fixed, MinimumCampaign
from gtmsim.decide.allocation.levers import KINDS, ROUNDING, Lever, Range
from gtmsim.errors import (
    ArgumentError,
    ArgumentTypeError,
    InfeasibleError,
    Problem,
    check_count,
)
from gtmsim.plan import CampaignProgram, Channel, Plan, SalesTeam

_MOST_SEATS, _MOST_SEAT_MONTHS, _MOST_CAMPAIGNS = 100_000, 1_000_000, 10_000_000
_MANY = 10
"""Where the number and the spend of campaigns are both decided: most of them, by default, as a
multiple of those in the plan."""

_FACTORS = (1e-4, 1e4)


def check_plan(channels: Plan | Sequence[Channel], horizon: int | None) -> Plan:
    """Return the plan whose channels are decided.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If channels are neither a plan nor channels with a horizon.
    PlanError
        If they do not make a plan.
    """
    if isinstance(channels, Plan):
        if horizon is not None and horizon != channels.horizon:
            fix = "leave it out: a plan has its own"
            raise ArgumentError("horizon", f"must be the plan's, {channels.horizon}", horizon, fix)
        return channels
    if isinstance(channels, str) or not isinstance(channels, Sequence):
        rule = "must be a Plan or a sequence of channels"
        raise ArgumentTypeError("channels", rule, channels, "write [team, program]")
    if horizon is None:
        fix = "or pass a Plan, which has one"
        raise ArgumentError("horizon", "must be given with a sequence of channels", None, fix)
    return Plan(horizon=check_count("horizon", horizon, high=600), channels=tuple(channels))


def build_levers(
    plan: Plan, decide: Mapping[str, str] | None, constraints: Sequence[Constraint]
) -> tuple[Lever, ...]:
    """Return a lever for each channel.

    Parameters
    ----------
    plan : Plan
    decide : mapping of str to str, optional
        For names of programs what is decided: "campaigns", the default, "spend" or "both".
    constraints : sequence
        As from :func:`gtmsim.decide.allocation.constraints.check_constraints`.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If something is decided that cannot be.
    InfeasibleError
        If constraints of one channel leave nothing.
    """
    kinds = _check_decide(plan, decide)
    levers = []
    for channel in plan.channels:
        own = [c for c in constraints if getattr(c, "channel", None) == channel.name]
        fixed = any(isinstance(c, Fixed) for c in own)
        kind = kinds.get(channel.name, "hires" if isinstance(channel, SalesTeam) else "campaigns")
        if not fixed:
            _check_kind(channel, kind)
        lever = Lever(plan, channel, kind, _widest(plan, channel, kind, fixed))
        for constraint in own:
            lever = _narrowed(lever, constraint)
        r = lever.range
        if r.low > r.high or r.low_factor > r.high_factor * (1.0 + ROUNDING):
            raise InfeasibleError(_conflict(lever, own))
        levers.append(lever)
    return tuple(levers)


def check_budget(levers: Sequence[Lever], constraints: Sequence[Constraint], budget: float) -> None:
    """Raise an error that names the constraints if what they ask for at least exceeds the budget.

    Raises
    ------
    InfeasibleError
    """
    least = [lever.cost(lever.lowest) for lever in levers]
    over = sum(least) - budget
    if over <= ROUNDING * budget:
        return
    rule = (
        f"must fit in the budget of {budget:,.6g} with the others: "
        f"together they take {sum(least):,.6g}, {over:,.6g} too much"
    )
    raise InfeasibleError(
        Problem(str(constraint), rule, cost, "lower it, or raise the budget")
        for lever, cost in zip(levers, least, strict=True)
        for constraint in constraints
        if cost > 0.0 and getattr(constraint, "channel", None) == lever.name
    )


def _check_decide(plan: Plan, decide: Mapping[str, str] | None) -> dict[str, str]:
    if decide is None:
        return {}
    if not isinstance(decide, Mapping):
        fix = "write {'PR': 'spend'}"
        raise ArgumentTypeError("decide", "must map names of channels to kinds", decide, fix)
    for name, kind in decide.items():
        path = f"decide[{name!r}]"
        allowed = KINDS[:1] if isinstance(plan[name], SalesTeam) else KINDS[1:]
        if kind not in allowed:
            raise ArgumentError(path, f"must be one of {', '.join(map(repr, allowed))}", kind)
    return dict(decide)


def _check_kind(channel: Channel, kind: str) -> None:
    """Refuse to decide what a channel does not leave open."""
    if isinstance(channel, SalesTeam):
        return
    path, fix = f"decide[{channel.name!r}]", "decide 'spend', or fix the channel"
    lists = [name for name in ("spend", "launch") if isinstance(getattr(channel, name), tuple)]
    if kind != "spend" and lists:
        rule = f"must be 'spend' for a program that lists the {lists[0]} of each campaign"
        raise ArgumentError(path, rule, kind, fix)
    if kind != "campaigns" and channel.staging is not None:
        rule = "must be 'campaigns' for a staged program"
        raise ArgumentError(path, rule, kind, "its pilots have a spend of their own")


def _widest(plan: Plan, channel: Channel, kind: str, fixed: bool) -> Range:
    given = channel.units
    if fixed:
        return Range(given, given, may_be_nothing=False)
    if kind == "hires":
        return Range(1, min(_MOST_SEATS, _MOST_SEAT_MONTHS // plan.horizon))
    if kind == "campaigns":
        return Range(1, _MOST_CAMPAIGNS)
    if kind == "spend":
        return Range(given, given, *_FACTORS)
    return Range(1, min(_MANY * given, _MOST_CAMPAIGNS), *_FACTORS)


def _narrowed(lever: Lever, constraint: Constraint) -> Lever:
    r = lever.range
    if isinstance(constraint, Bounds) and constraint.of == "size":
        if lever.kind == "spend" and r.low == r.high and r.low_factor < r.high_factor:
            fix = "of='spend', or decide 'campaigns' or 'both'"
            rule = "must be of spend where spend per campaign is decided"
            raise ArgumentError(str(constraint), rule, constraint.of, fix)
        if constraint.low:
            low = max(r.low, math.ceil(constraint.low))
            r = replace(r, low=low, may_be_nothing=False)
        if constraint.high is not None:
            r = replace(r, high=min(r.high, math.floor(constraint.high)))
        if r.high < 1 and r.may_be_nothing:
            r = replace(r, low=0, high=0)
    elif isinstance(constraint, Bounds):
        r = _within_money(lever, constraint)
    elif isinstance(constraint, MinimumCampaign):
        r = _above_minimum(lever, constraint)
    return replace(lever, range=r)


def _within_money(lever: Lever, bounds: Bounds) -> Range:
    r = lever.range
    low, high = bounds.low or 0.0, math.inf if bounds.high is None else bounds.high
    low, high = low * (1.0 - ROUNDING), high * (1.0 + ROUNDING)
    if low:
        r = replace(r, may_be_nothing=False)
    if not lever.is_continuous:
        first = max(r.low, 1)
        sizes = range(first, r.high + 1)
        if not sizes:
            return r
        r = replace(r, low=first + bisect_left(sizes, low, key=lever.size_cost))
        most = first + bisect_right(sizes, high, key=lever.size_cost) - 1
        empty = most < first and r.may_be_nothing
        return replace(r, low=0, high=0) if empty else replace(r, high=most)
    r = replace(r, least_money=max(r.least_money, low), most_money=min(r.most_money, high))
    if r.least_money > r.most_money:
        return replace(r, low_factor=math.inf)
    return r


def _above_minimum(lever: Lever, minimum: MinimumCampaign) -> Range:
    r, channel = lever.range, lever.channel
    if not isinstance(channel, CampaignProgram):
        rule = "must be of a program: a team has no campaigns"
        raise ArgumentError(str(minimum), rule, channel.name, "use Bounds")
    ratio = minimum.spend / float(np.min(channel.spends()))
    if lever.is_continuous:
        return replace(r, low_factor=max(r.low_factor, ratio))
    if ratio <= 1.0 + ROUNDING:
        return r
    # Its campaigns are too small: there are none of them, where that may be.
    return replace(r, low=0, high=0) if r.may_be_nothing else replace(r, high=r.low - 1)


def _conflict(lever: Lever, own: Sequence[Constraint]) -> list[Problem]:
    r = lever.range
    if r.low_factor == math.inf or (lever.is_continuous and r.low <= r.high):
        apart = f"{r.least_money:,.6g} and {r.most_money:,.6g}"
    else:
        apart = f"{r.low:,} and {r.high:,}, {r.low - r.high:,} apart"
    rule = f"must leave {lever.name} something between its least and its most"
    return [Problem(" with ".join(map(str, own)), rule, apart, "loosen one of them")]
