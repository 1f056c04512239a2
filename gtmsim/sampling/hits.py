"""How many campaigns hit, and where a channel's random numbers are."""

from __future__ import annotations

import hashlib
import math

import numpy as np
from scipy.special import betainc, betaincc

from gtmsim.core._types import Words


def stream_of(name: str) -> np.uint64:
    """Return the 32-bit stream of a channel, a digest of its name and of nothing else.

    Examples
    --------
    >>> int(stream_of("paid social")) == int(stream_of("paid social"))
    True
    """
    digest = hashlib.blake2b(name.encode(), digest_size=4).digest()
    # 0 is the plan's own stream.
    return np.uint64(int.from_bytes(digest, "little") or 1)


def compile_hits(campaigns: int, hit_rate: float) -> tuple[int, Words]:
    """Return the inverse of a binomial law: a base and the thresholds of a 64-bit word.

    The number of hits for a word w is the base plus the number of thresholds that w reaches.
    Outcomes less likely than 2**-64 are left out: no word can show them.

    Parameters
    ----------
    campaigns : int
        Number of campaigns.
    hit_rate : float
        Probability that a campaign returns anything.

    Returns
    -------
    base : int
    thresholds : array (outcome,) of uint64, ascending

    Examples
    --------
    >>> base, thresholds = compile_hits(2, 0.5)
    >>> base, [int(t) / 2**64 for t in thresholds]
    (0, [0.25, 0.75])
    """
    mean = campaigns * hit_rate
    reach = 10.0 * math.sqrt(mean * (1.0 - hit_rate)) + 64.0
    low, high = max(0, math.floor(mean - reach)), min(campaigns, math.ceil(mean + reach))
    hits = np.arange(low, high)
    more, rest = hits + 1.0, campaigns - hits
    below, above = betaincc(more, rest, hit_rate), betainc(more, rest, hit_rate)
    thresholds = [
        round(p * 2.0**64) if p < q else 2**64 - round(q * 2.0**64)
        for p, q in zip(below.tolist(), above.tolist(), strict=True)
    ]
    inside = [t for t in thresholds if 0 < t < 2**64]
    return low + sum(t <= 0 for t in thresholds), np.array(inside, dtype=np.uint64)
