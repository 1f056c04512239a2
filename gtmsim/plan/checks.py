"""What channels must be together, and within a plan's horizon."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from difflib import get_close_matches
from itertools import islice
from typing import Any

import numpy as np

from gtmsim.errors import PlanError, Problem
from gtmsim.model import MOST_PROBLEMS
from gtmsim.plan.campaigns import CampaignProgram
from gtmsim.plan.fields import broken
from gtmsim.plan.sales import SalesTeam
from gtmsim.plan.staging import Staging

_KINDS: dict[str, type[SalesTeam] | type[CampaignProgram]] = {
    "sales": SalesTeam,
    "campaigns": CampaignProgram,
}
_LISTED = 10
"""Entries of one list that are reported, of possibly millions."""


def build_channels(
    tables: Sequence[Any], horizon: int | None
) -> tuple[SalesTeam | CampaignProgram, ...]:
    """Return channels from channels or their tables.

    Parameters
    ----------
    tables : sequence of SalesTeam, CampaignProgram or dict
    horizon : int, optional
        Months of the plan; None where it is not valid itself.

    Raises
    ------
    PlanError
        Every broken rule of every channel, with paths such as ``[1].hit_rate``.
    """
    channels: list[SalesTeam | CampaignProgram] = []
    problems: list[Problem] = []
    first: dict[str, int] = {}
    for place, table in enumerate(tables):
        found: list[Problem] = []
        try:
            channel = _build_channel(table)
            channels.append(channel)
            found += _outside(channel, horizon)
        except PlanError as error:
            found += [replace(p, path=p.path.removeprefix(error.prefix)) for p in error.problems]
        name = table.get("name") if isinstance(table, Mapping) else getattr(table, "name", None)
        if isinstance(name, str) and first.setdefault(name, place) != place:
            rule = f"must be unique, and is the name of channels[{first[name]}] already"
            found.append(Problem("name", rule, name, "rename one of the two"))
        problems += [replace(p, path=f"[{place}].{p.path}".rstrip(".")) for p in found]
        if len(problems) >= MOST_PROBLEMS:
            raise PlanError(problems)
    problems += _unfed(channels, first)
    if problems:
        raise PlanError(problems)
    return tuple(channels)


def _unfed(
    channels: Sequence[SalesTeam | CampaignProgram], places: Mapping[str, int]
) -> Iterator[Problem]:
    """Report programs that feed what cannot be fed; a team that is broken itself is let pass."""
    known = {channel.name: channel for channel in channels}
    teams = [channel.name for channel in channels if isinstance(channel, SalesTeam)]
    for program in channels:
        if isinstance(program, SalesTeam) or program.feeds is None:
            continue
        path, fed = f"[{places[program.name]}].feeds", known.get(program.feeds)
        if isinstance(fed, SalesTeam):
            if fed.pipeline is None:
                rule = "must name a team with a pipeline, for any other is never short of it"
                fix = "give the team a pipeline, 0 if it has none of its own"
                yield Problem(path, rule, program.feeds, fix)
        elif fed is not None or program.feeds not in places:
            rule = f"must name a team of the plan: {', '.join(teams) or 'it has none'}"
            near = get_close_matches(program.feeds, teams, n=1)
            yield Problem(path, rule, program.feeds, f"did you mean {near[0]!r}?" if near else None)


def _build_channel(table: Any) -> SalesTeam | CampaignProgram:
    if isinstance(table, SalesTeam | CampaignProgram):
        return table
    if not isinstance(table, Mapping):
        raise broken("must be a SalesTeam, a CampaignProgram or a table of keys", table)
    kind = table.get("kind")
    if not isinstance(kind, str) or kind not in _KINDS:
        near = get_close_matches(kind, _KINDS, n=1) if isinstance(kind, str) else None
        fix = f"did you mean {near[0]!r}?" if near else None
        raise broken("must be 'sales' or 'campaigns'", kind, fix, path="kind")
    for key in table:
        if not isinstance(key, str):
            raise broken("must have text for its keys", key)
    return _KINDS[kind](**table)


def _outside(channel: SalesTeam | CampaignProgram, horizon: int | None) -> Iterator[Problem]:
    """Report what a channel has beyond the horizon."""
    if horizon is None:
        return
    if isinstance(channel, SalesTeam):
        yield from _team_outside(channel, horizon)
    else:
        yield from _program_outside(channel, horizon)


def _team_outside(team: SalesTeam, horizon: int) -> Iterator[Problem]:
    rule = f"must not be longer than the horizon of {horizon} months"
    if team.ramp.months > horizon:
        yield Problem("ramp.months", rule, team.ramp.months, "shorten it, or set a longer horizon")
    if team.ramp.curve is not None and len(team.ramp.curve) > horizon:
        fix = f"its {len(team.ramp.curve)} months: shorten it, or set a longer horizon"
        yield Problem("ramp.curve", rule, team.ramp.curve, fix)
    yield from _late("hires", team.start_months, horizon)


def _program_outside(program: CampaignProgram, horizon: int) -> Iterator[Problem]:
    if isinstance(program.launch, tuple):
        yield from _late("launch", program.launch, horizon)
    elif program.launch != "even" and program.launch >= horizon:
        yield _too_late("launch", program.launch, horizon)
    if program.lag >= horizon:
        yield replace(_too_late("lag", program.lag, horizon), fix="set a longer horizon")
    if program.staging is not None:
        yield from _staging_outside(program, program.staging, horizon)


def _staging_outside(program: CampaignProgram, staging: Staging, horizon: int) -> Iterator[Problem]:
    """Report a staging that could change nothing."""
    review, month = staging.reviews(program.launch_months(horizon))
    first = int(month.min())
    if first >= horizon:
        rule = f"must have a review below the horizon of {horizon} months: the first is in {first}"
        fix = "shorten it or staging.period, launch earlier, or set a longer horizon"
        yield Problem("staging.pilot_months", rule, staging.pilot_months, fix)
    if staging.kill_share:
        most = int(np.bincount(review).max())
        if not staging.killed_of(most):
            rule = f"must be at least one of the {most} campaigns that are reviewed together"
            fix = "raise it, or staging.period to review more of them together"
            yield Problem("staging.kill_share", rule, staging.kill_share, fix)


def _late(name: str, months: tuple[int, ...], horizon: int) -> Iterator[Problem]:
    late = ((i, month) for i, month in enumerate(months) if month >= horizon)
    for i, month in islice(late, _LISTED):
        yield _too_late(f"{name}[{i}]", month, horizon)


def _too_late(path: str, month: int, horizon: int) -> Problem:
    fix = f"months are counted from 0, so the last one is {horizon - 1}"
    return Problem(path, f"must be below the horizon of {horizon} months", month, fix)
