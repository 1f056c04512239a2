"""The claim in an endless population of campaigns, where it has a closed form."""

from __future__ import annotations

import math

from gtmsim.errors import check_number


def alpha_for_claim(
    spend_share: float = 0.01, value_share: float = 0.99, hit_rate: float = 1.0
) -> float:
    """Return the largest tail index at which the claim holds in a Pareto population.

    A fraction p of the spend brings the share (p / h)^(1 - 1 / alpha) of the value when a fraction
    h of equal campaigns hits and multiples given a hit are Pareto; this is solved for alpha. The
    answer is for endlessly many campaigns: a set of them shows less (see `claim_probability`).

    Parameters
    ----------
    spend_share : float, default 0.01
        Share of spend, p, between 0 and 1.
    value_share : float, default 0.99
        Share of value that it is claimed to bring, between 0 and 1.
    hit_rate : float, default 1.0
        Probability that a campaign returns anything, h.

    Returns
    -------
    float
        Above 1, or ``inf`` if ``spend_share / hit_rate >= value_share``: then so few campaigns hit
        that the claim holds for any tail, even if all hits are equal.

    Raises
    ------
    ArgumentError
        If a share is not between 0 and 1, or the hit rate not above 0 and at most 1.

    References
    ----------
    M. E. J. Newman, "Power laws, Pareto distributions and Zipf's law", Contemporary Physics 46
    (2005), eq. 28: W = P^((alpha - 2) / (alpha - 1)), whose alpha is the tail index plus 1.

    Examples
    --------
    >>> round(alpha_for_claim(), 5)
    1.00219
    >>> round(alpha_for_claim(hit_rate=0.02), 4)
    1.0147
    >>> alpha_for_claim(hit_rate=0.01)
    inf
    """
    p = check_number("spend_share", spend_share, low=0, high=1, low_open=True, high_open=True)
    s = check_number("value_share", value_share, low=0, high=1, low_open=True, high_open=True)
    h = check_number("hit_rate", hit_rate, low=0, high=1, low_open=True)
    if p >= s * h:
        return math.inf
    return 1.0 / (1.0 - math.log(s) / math.log(p / h))
