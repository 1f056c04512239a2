"""The tail contract: which law each channel's total follows, and which moments it has.

It is read from the plan, never from draws: a sample of any size is finite, and so is its mean.
"""

from __future__ import annotations

import math

import pandas as pd

from gtmsim.distributions import Empirical, LogNormal
from gtmsim.plan import CampaignProgram, Plan, SalesTeam


def tail_contract(plan: Plan) -> pd.DataFrame:
    """Return the class of each channel's tail and of the portfolio's.

    Parameters
    ----------
    plan : Plan

    Returns
    -------
    DataFrame
        Index channel. Columns: tail ("bounded", "subexponential", "power law" or "not known"),
        tail_index (alpha, infinite unless a power law), mean_exists, variance_exists (None where
        they are not known).

    Notes
    -----
    A sum of independent power laws has the smallest of their indices. Skill, luck and shocks are
    lognormal: all their moments exist, so they change no index, but they are not bounded.

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
    tails = {channel.name: _channel_tail(channel, plan) for channel in plan.channels}
    order = ("bounded", "subexponential", "not known", "power law")
    heaviest = max((tail for tail, _ in tails.values()), key=order.index)
    tails["portfolio"] = heaviest, min(index for _, index in tails.values())
    rows = {name: _row(tail, index) for name, (tail, index) in tails.items()}
    if any(tail == "not known" for tail, _ in tails.values()):
        # A moment that one part lacks, the whole lacks; that it exists cannot be said.
        for moment in ("mean_exists", "variance_exists"):
            rows["portfolio"][moment] = rows["portfolio"][moment] and None
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("channel")


def _channel_tail(channel: SalesTeam | CampaignProgram, plan: Plan) -> tuple[str, float]:
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


def _row(tail: str, index: float) -> dict[str, object]:
    known = tail != "not known"
    return {
        "tail": tail,
        "tail_index": index,
        "mean_exists": index > 1.0 if known else None,
        "variance_exists": index > 2.0 if known else None,
    }
