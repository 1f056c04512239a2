"""How many reps leave."""

from __future__ import annotations

import numpy as np

from gtmsim.core._types import Floats
from gtmsim.fit.team.ledger import Ledger


def leaving(ledger: Ledger) -> tuple[float, float]:
    """Return how many reps left, and in how many months at risk.

    Parameters
    ----------
    ledger : Ledger

    Returns
    -------
    leavers, months : float
    """
    return float(np.count_nonzero(ledger.left)), float(ledger.months.sum())


def annual(leavers: float, months: float) -> float:
    """Return the probability of leaving within a year, as the plan counts it.

    Examples
    --------
    >>> round(annual(10, 400.0), 3)  # 2.5 % a month
    0.262
    """
    return float(1.0 - (1.0 - min(leavers / months, 1.0)) ** 12)


def annual_draws(
    leavers: float, months: float, size: int, generator: np.random.Generator
) -> Floats:
    """Return draws (draw,) of the annual attrition given what was seen.

    Notes
    -----
    In each month at risk a rep leaves with one probability, whose Jeffreys posterior is a beta law;
    it is the gamma law of leavers over months at risk where that probability is small.

    References
    ----------
    L. D. Brown, T. T. Cai and A. DasGupta, "Interval estimation for a binomial proportion",
    Statistical Science 16 (2001), 101-133, section 3.1.3.
    """
    monthly = generator.beta(leavers + 0.5, max(months - leavers, 0.0) + 0.5, size)
    return np.asarray(1.0 - (1.0 - monthly) ** 12)
