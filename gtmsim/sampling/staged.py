"""From a staged program to the arrays of its kernel."""

from __future__ import annotations

import math

import numpy as np

from gtmsim.core._types import Floats
from gtmsim.core.elementary import LOG2_E
from gtmsim.core.response import Response
from gtmsim.core.staged import BY_BAR, StagedArrays
from gtmsim.errors import ArgumentError
from gtmsim.plan import CampaignProgram, Staging
from gtmsim.sampling.hits import stream_of
from gtmsim.sampling.laws import compile_multiple

_MOST_STAGED = 20_000
"""Campaigns of one staged program: its kernel takes 8 kilobytes of memory for each."""


def compile_staged(
    program: CampaignProgram,
    staging: Staging,
    response: Response,
    worth: Floats,
) -> StagedArrays:
    """Turn a staged program into arrays.

    Parameters
    ----------
    program : CampaignProgram
    staging : Staging
        The program's.
    response : Response
    worth : array (month,)
        Present value, by the horizon, of one unit originated in each month.

    Raises
    ------
    ArgumentError
        If a multiple cannot be tabulated, or the program is too large.

    Examples
    --------
    >>> from gtmsim.distributions import Pareto
    >>> staging = Staging(pilot_spend=1.0, threshold=3.0)
    >>> program = CampaignProgram(name="bets", campaigns=4, spend=5.0,
    ...                           multiple=Pareto(tail_index=1.5), staging=staging)
    >>> one = np.ones(8)
    >>> arrays = compile_staged(program, staging, Response(np.ones(1), one, one), one)
    >>> arrays.rest.tolist(), arrays.month.tolist()
    ([4.0, 4.0, 4.0, 4.0], [1, 3, 5, 7])
    """
    if program.campaigns > _MOST_STAGED:
        rule = f"must be at most {_MOST_STAGED:,} with staging"
        fix = "split it into programs, or leave out staging"
        raise ArgumentError("campaigns", rule, f"{program.campaigns:,}", fix)
    horizon = worth.size
    launch = program.launch_months(horizon)
    review, month = staging.reviews(launch)
    order = np.argsort(review, kind="stable")
    sizes = np.bincount(review)
    begin = np.concatenate(([0], np.cumsum(sizes)))
    by_share = staging.kill_share is not None
    doomed = [staging.killed_of(size) if by_share else BY_BAR for size in sizes.tolist()]
    gain = pilot_gain(program, staging)
    return StagedArrays(
        stream=stream_of(program.name),
        sampler=compile_multiple(program.multiple, program.cap),
        response=response,
        hit_rate=program.hit_rate,
        number=order,
        launch=launch[order],
        rest=(program.spends() - staging.pilot_spend)[order],
        begin=begin,
        month=np.minimum(month[order][begin[:-1]], horizon),
        doomed=np.array(doomed, dtype=np.int64),
        bar=signal_bar(program, staging),
        by_value=staging.max_cost is not None,
        pilot=staging.pilot_spend,
        gain=gain,
        elasticity=staging.scale_elasticity or program.spend_elasticity,
        noise_log2=staging.signal_noise * LOG2_E,
        recycle=staging.recycle,
        overhead=float(program.overhead * response.discount.sum()),
        discount=response.discount,
        worth=worth,
    )


def pilot_gain(program: CampaignProgram, staging: Staging) -> float:
    """Return the value that a pilot originates per unit of multiple (currency).

    Examples
    --------
    >>> from gtmsim.distributions import Pareto
    >>> staging = Staging(pilot_spend=2.0, threshold=3.0)
    >>> program = CampaignProgram(name="bets", campaigns=4, spend=5.0, incrementality=0.5,
    ...                           multiple=Pareto(tail_index=1.5), staging=staging)
    >>> pilot_gain(program, staging)
    1.0
    """
    size = staging.pilot_spend / (program.reference_spend or staging.pilot_spend)
    power = program.spend_elasticity - 1.0
    return float(staging.pilot_spend * program.incrementality * size**power)


def signal_bar(program: CampaignProgram, staging: Staging) -> float:
    """Return the signalled multiple that survives, times the shock under ``max_cost``; else 0.

    Examples
    --------
    >>> from gtmsim.distributions import Pareto
    >>> staging = Staging(pilot_spend=2.0, max_cost=0.5)
    >>> program = CampaignProgram(name="bets", campaigns=4, spend=5.0, incrementality=0.5,
    ...                           multiple=Pareto(tail_index=1.5), staging=staging)
    >>> signal_bar(program, staging)
    4.0
    """
    if staging.max_cost is None:
        return staging.threshold or 0.0
    gain = pilot_gain(program, staging)
    return staging.pilot_spend / (gain * staging.max_cost) if gain > 0.0 else math.inf
