"""The tail contract: which law each channel's total follows, and which moments it has.

It is read from the plan, never from draws: a sample of any size is finite, and so is its mean.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import pandas as pd

from gtmsim.distributions import Empirical, LogNormal
from gtmsim.plan import CampaignProgram, Plan, SalesTeam

_Channel: TypeAlias = SalesTeam | CampaignProgram
_LIGHTEST_FIRST = ("bounded", "subexponential", "not known", "power law")


def tail_contract(
    plan: Plan, versions: Mapping[str, Sequence[_Channel]] | None = None
) -> pd.DataFrame:
    """Return the class of each channel's tail and of the portfolio's.

    Parameters
    ----------
    plan : Plan
    versions : mapping of str to sequence of SalesTeam or CampaignProgram, optional
        Equally likely versions of channels, by name: the heaviest of them decides.

    Returns
    -------
    DataFrame
        Index channel. Columns: tail ("bounded", "subexponential", "power law" or "not known"),
        tail_index (alpha, infinite unless a power law), mean_exists, variance_exists (None where
        they are not known).

    Notes
    -----
    A sum of independent power laws has the smallest of their indices, and so has a mixture. Skill,
    luck and shocks are lognormal: all their moments exist, so they change no index, but they are
    not bounded.

    A team closes no more than the lesser of its capacity and its pipeline: whatever programs feed
    it, its tail is no heavier than that of its skill and luck, and it is bounded where all of its
    pipeline is. A program that feeds a team has no value of its own.

    References
    ----------
    P. Embrechts, C. Klueppelberg and T. Mikosch, "Modelling extremal events" (1997), lemma 1.3.1
    (sums) and proposition 1.3.9.

    Examples
    --------
    >>> from gtmsim.presets import example_plan
    >>> bool(tail_contract(example_plan())["mean_exists"].all())
    True
    """
    versions = versions or {}
    rows = {
        c.name: _heaviest([_row(*_channel_tail(v, plan)) for v in versions.get(c.name, (c,))])
        for c in plan.channels
    }
    for team in plan.channels:
        if isinstance(team, SalesTeam) and _has_bounded_pipeline(team, plan, versions, rows):
            rows[team.name] = _row("bounded", math.inf)
    for program in plan.channels:
        if isinstance(program, CampaignProgram) and program.feeds is not None:
            rows[program.name] = _row("bounded", math.inf)
    rows["portfolio"] = _heaviest(list(rows.values()))
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("channel")


def _heaviest(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return the row of a sum or a mixture of these."""
    tail = max((row["tail"] for row in rows), key=_LIGHTEST_FIRST.index)
    heaviest = _row(tail, min(row["tail_index"] for row in rows))
    for moment in ("mean_exists", "variance_exists"):
        # A moment that one part lacks, the whole lacks; that it exists cannot be said.
        if any(row[moment] is None for row in rows):
            heaviest[moment] = heaviest[moment] and None
    return heaviest


def _has_bounded_pipeline(
    team: SalesTeam,
    plan: Plan,
    versions: Mapping[str, Sequence[_Channel]],
    rows: Mapping[str, dict[str, Any]],
) -> bool:
    """Whether a team's pipeline is bounded, given the tails of what programs would bring alone."""
    for version in versions.get(team.name, (team,)):
        shocked = plan.market_volatility * version.market_loading != 0.0
        pipeline = version.pipeline if isinstance(version, SalesTeam) else None
        if pipeline is None or (shocked and pipeline > 0.0):
            return False
    feeders = [c for c in plan.channels if isinstance(c, CampaignProgram) and c.feeds == team.name]
    return all(rows[program.name]["tail"] == "bounded" for program in feeders)


def _channel_tail(channel: _Channel, plan: Plan) -> tuple[str, float]:
    shocked = plan.market_volatility * channel.market_loading != 0.0
    if isinstance(channel, SalesTeam):
        random = shocked or channel.skill_cv > 0.0 or channel.luck_cv > 0.0
        return ("subexponential" if random else "bounded"), math.inf
    if channel.cap is None and math.isfinite(channel.multiple.tail_index):
        return "power law", channel.multiple.tail_index
    if channel.cap is None and not isinstance(channel.multiple, Empirical | LogNormal):
        return "not known", math.inf
    bounded = channel.cap is not None or isinstance(channel.multiple, Empirical)
    smooth = shocked or channel.shared_luck > 0.0 or not bounded
    return ("subexponential" if smooth else "bounded"), math.inf


def _row(tail: str, index: float) -> dict[str, Any]:
    known = tail != "not known"
    return {
        "tail": tail,
        "tail_index": index,
        "mean_exists": index > 1.0 if known else None,
        "variance_exists": index > 2.0 if known else None,
    }
