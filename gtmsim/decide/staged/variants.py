"""Versions of a staged program: without learning, and with another tail."""

from __future__ import annotations

import numpy as np

from gtmsim.decide.draws import Draws, Totals, alone
from gtmsim.distributions import AnyMultiple, Lomax, Pareto
from gtmsim.errors import ArgumentError
from gtmsim.plan import CampaignProgram, Plan, Staging

_NEARLY_NOTHING = 1e-9
"""Of what survival costs: spend stays above that of a pilot."""


def staged_program(plan: Plan, channel: str | None) -> tuple[CampaignProgram, Staging]:
    """Return a staged program of a plan: the named one, or the only one.

    Raises
    ------
    ArgumentError
        If there is none, or no name and several.

    Examples
    --------
    >>> bets = CampaignProgram(name="bets", campaigns=9, spend=5.0,
    ...                        multiple=Pareto(tail_index=1.5),
    ...                        staging=Staging(pilot_spend=1.0, threshold=3.0))
    >>> staged_program(Plan(horizon=6, channels=[bets]), None)[0].name
    'bets'
    """
    found = {
        c.name: (c, c.staging)
        for c in plan.channels
        if isinstance(c, CampaignProgram) and c.staging is not None
    }
    names = list(found) if channel is None else [channel]
    if len(names) == 1 and names[0] in found:
        return found[names[0]]
    known = ", ".join(found) or "the plan has none"
    raise ArgumentError("channel", f"must name a staged program: {known}", channel)


def at_once(program: CampaignProgram, staging: Staging, part: float = 1.0) -> CampaignProgram:
    """Return the same campaigns with the same luck, all paid at their launch and none killed.

    Parameters
    ----------
    program : CampaignProgram
    staging : Staging
        The program's.
    part : float, default 1
        Of what a campaign may cost beyond its pilot.

    Examples
    --------
    >>> bets = CampaignProgram(name="bets", campaigns=9, spend=5.0,
    ...                        multiple=Pareto(tail_index=1.5),
    ...                        staging=Staging(pilot_spend=1.0, threshold=3.0))
    >>> at_once(bets, bets.staging, 0.5).spend
    3.0
    """
    pilot = staging.pilot_spend
    part = max(part, _NEARLY_NOTHING)
    spend = np.asarray(program.spend)
    spends = (pilot + part * (spend - pilot)).tolist()
    everything = Staging(
        pilot_spend=pilot,
        pilot_months=0,
        kill_share=0.0,
        scale_elasticity=staging.scale_elasticity,
    )
    return program.replace(
        spend=tuple(spends) if isinstance(spends, list) else spends, staging=everything
    )


def same_spend(
    plan: Plan, program: CampaignProgram, staging: Staging, spent: float, draws: Draws
) -> CampaignProgram:
    """Return what costs as much as the staged program does on average, paid at once.

    Parameters
    ----------
    plan : Plan
    program : CampaignProgram
    staging : Staging
        The program's.
    spent : float
        Mean spend of the staged program, in present value.
    draws : Draws
    """
    most = totals(plan, at_once(program, staging), draws).spend[0]
    least = totals(plan, at_once(program, staging, 0.0), draws).spend[0]
    return at_once(program, staging, (spent - least) / (most - least))


def totals(plan: Plan, program: CampaignProgram, draws: Draws) -> Totals:
    """Return what a program returns and costs by itself in the months and market of a plan."""
    return draws.totals(alone(plan, program.replace(feeds=None)))


def with_tail(program: CampaignProgram, tail_index: float, path: str) -> CampaignProgram:
    """Return a program whose multiple has another tail index and the same mean.

    Raises
    ------
    ArgumentError
        If its multiple is neither a Pareto nor a Lomax law, or there is no such mean.

    Examples
    --------
    >>> bets = CampaignProgram(name="bets", campaigns=9, spend=5.0, multiple=Pareto(tail_index=2.0))
    >>> with_tail(bets, 1.25, "tail_indices[0]").multiple.minimum
    0.4
    """
    law: AnyMultiple = program.multiple
    if not isinstance(law, Pareto | Lomax):
        rule = "must be of a program whose multiple is a Pareto or Lomax law, to be varied"
        raise ArgumentError(path, rule, law.family, "give it such a law")
    mean = law.mean(program.cap)
    if tail_index <= 1.0 and program.cap is None:
        rule = "must be above 1 without a cap: the mean that is kept would be infinite"
        raise ArgumentError(path, rule, tail_index, "set a cap, or raise it")
    if mean == float("inf"):
        rule = "must be varied from a law with a mean, which is kept, and this has none"
        raise ArgumentError(path, rule, law.tail_index, "set a cap, or a tail_index above 1")
    return program.replace(
        multiple=type(law).from_mean(mean, tail_index=tail_index, cap=program.cap)
    )
