"""What a plan misses against the one that turns out best, and whether its mean exists."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from gtmsim.core._types import Floats
from gtmsim.errors import PrecisionError
from gtmsim.plan import Plan
from gtmsim.statistics import Interval, mean_interval
from gtmsim.tails import tail_contract


def regrets(values: Floats) -> Floats:
    """Return what each plan misses against the best in hindsight, as values (scenario, plan).

    Examples
    --------
    >>> regrets(np.array([[1.0, 3.0], [2.0, 0.0]])).tolist()
    [[2.0, 0.0], [0.0, 2.0]]
    """
    return np.asarray(values.max(axis=1, keepdims=True) - values)


def regret_mean(regret: Floats, name: str, plans: Mapping[str, Plan], level: float) -> Interval:
    """Return the mean regret (scenario,) of the plan of this name, if it has one.

    Parameters
    ----------
    regret : array (scenario,)
    name : str
    plans : mapping of str to Plan
        All that were compared.
    level : float

    Returns
    -------
    Interval
        Infinite where another plan has a program without a mean that this one does not have, NaN
        where it is not known.

    Notes
    -----
    Regret is at most what other plans return through channels that this one does not have in the
    same form, and what this one loses, which is bounded. Channels that are equal cancel. So its
    tail is that of the heaviest of those others.
    """
    plan = plans[name]
    index, known, foreign = math.inf, True, False
    for other in plans.values():
        tail = tail_contract(other)
        for channel in other.channels:
            if channel in plan.channels and other.market_volatility == plan.market_volatility:
                continue
            alpha = float(tail["tail_index"][channel.name])
            known = known and tail["mean_exists"][channel.name] is not None
            if alpha <= 1.0 and channel.name not in {c.name for c in plan.channels}:
                foreign = True
            index = min(index, alpha)
    if foreign:
        return _point(math.inf, level, "infinite")
    if not known or index <= 1.0:
        return _point(math.nan, level, "not known")
    if not regret.any():
        return _point(0.0, level, "never behind")
    try:
        return mean_interval(regret, level, index)
    except PrecisionError:
        return _point(math.nan, level, "too few scenarios")


def _point(value: float, level: float, method: str) -> Interval:
    return Interval(value, value, value, level, method)
