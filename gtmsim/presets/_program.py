"""What all presets of campaign programs share."""

from __future__ import annotations

import math
from typing import Any

from scipy.special import zeta

from gtmsim.distributions import LogNormal, Lomax
from gtmsim.plan import CampaignProgram

HIT_CORRELATION = 0.1
"""Correlation between the log-returns of two hits of one program (illustrative, of 0.1 to 0.3)."""


def months(weeks: float) -> float:
    """Return a duration in months."""
    return weeks * 12.0 / 52.0


def shared_luck(log_sd: float) -> float:
    """Return the log-sd of a program's luck that gives its hits ``HIT_CORRELATION``.

    Two hits with own log-sd s and common log-sd c correlate at c^2 / (c^2 + s^2). The low end of
    the range is taken: at 0.3 a content program's luck would have a CV of 1.4.
    """
    return log_sd * math.sqrt(HIT_CORRELATION / (1.0 - HIT_CORRELATION))


def lognormal_program(mean: float, sigma: float, fields: dict[str, Any]) -> CampaignProgram:
    """Return a program of lognormal multiples whose mean, zeros and cap included, is ``mean``."""
    if "multiple" not in fields:
        rate, cap = fields["hit_rate"], fields["cap"]
        fields["multiple"] = LogNormal.from_mean(mean, sigma=sigma, hit_rate=rate, cap=cap)
    return CampaignProgram(**{"shared_luck": shared_luck(sigma), **fields})


def lomax_program(mean: float, tail_index: float, fields: dict[str, Any]) -> CampaignProgram:
    """Return a program of Lomax multiples whose mean, zeros and cap included, is ``mean``."""
    if "multiple" not in fields:
        rate, cap = fields["hit_rate"], fields["cap"]
        fields["multiple"] = Lomax.from_mean(mean, tail_index=tail_index, hit_rate=rate, cap=cap)
    # The log of a Lomax is the difference of two log-gammas: trigamma(1) + trigamma(alpha).
    log_sd = math.sqrt(zeta(2.0, 1.0) + zeta(2.0, tail_index))
    return CampaignProgram(**{"shared_luck": shared_luck(log_sd), **fields})
