"""A plan as it is shown: what a planner wants to see of it first."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from gtmsim.notebook import Block
from gtmsim.plan.campaigns import CampaignProgram
from gtmsim.plan.ramp import Ramp
from gtmsim.plan.sales import SalesTeam

if TYPE_CHECKING:
    from gtmsim.plan.plan import Plan


def plan_block(plan: Plan) -> Block:
    """Return the horizon, the target, the market and a row for each channel."""
    target = "no target" if plan.target is None else f"a target of {_amount(plan.target)}"
    lines = [f"value is {plan.basis} in {plan.currency}"]
    if plan.discount_rate:
        lines[0] += f", discounted at {100.0 * plan.discount_rate:.4g} % a year"
    if plan.market_volatility:
        lines.append(f"one market shock moves all channels, log-sd {plan.market_volatility:g}")
    rows = {
        channel.name: _team(channel) if isinstance(channel, SalesTeam) else _program(channel)
        for channel in plan.channels
    }
    frame = pd.DataFrame.from_dict(rows, orient="index").rename_axis("channel")
    return Block(f"{plan.name}: {plan.horizon} months, {target}", lines, frame)


def _team(team: SalesTeam) -> dict[str, str]:
    when = [_ramp(team.ramp), team.recognition]
    if team.attrition:
        when.insert(1, f"attrition {_percent(team.attrition)}")
    pipeline = "" if team.pipeline is None else f", pipeline {_amount(team.pipeline)}"
    return {
        "units": f"{team.units:,} seat{'' if team.units == 1 else 's'}",
        "each costs": f"{_amount(team.loaded_cost)} a year",
        "hit rate": "",
        "brings": f"{team.attainment:g} of a quota of {_amount(team.quota)} a year{pipeline}",
        "when": ", ".join(when),
    }


def _program(program: CampaignProgram) -> dict[str, str]:
    spends = (program.spend,) if isinstance(program.spend, float) else program.spend
    ends = dict.fromkeys(_amount(spend) for spend in (min(spends), max(spends)))
    launch = program.launch
    when = ["one month each" if isinstance(launch, tuple) else _launched(launch)]
    if program.lag:
        when.append(f"lag {program.lag}")
    if program.half_life:
        slow = "" if program.slow_half_life is None else f" and {program.slow_half_life:g}"
        when.append(f"half-life {program.half_life:g}{slow}")
    if program.staging is not None:
        when.append("staged")
    law = repr(program.multiple)
    brings = law if program.cap is None else f"{law}, cap {program.cap:g}"
    return {
        "units": f"{program.units:,} campaign{'' if program.units == 1 else 's'}",
        "each costs": " to ".join(ends),
        "hit rate": _percent(program.hit_rate),
        "brings": brings if program.feeds is None else f"{brings}, to {program.feeds}",
        "when": ", ".join(when),
    }


def _launched(launch: str | int) -> str:
    return "even" if launch == "even" else f"month {launch}"


def _ramp(ramp: Ramp) -> str:
    if ramp.curve is not None:
        return f"ramp of {len(ramp.curve)} months"
    return f"ramp {ramp.months:g}" if ramp.months else "no ramp"


def _amount(money: float) -> str:
    return f"{money:,.10g}"


def _percent(share: float) -> str:
    return f"{100.0 * share:.4g} %"
