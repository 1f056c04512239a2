"""Two programs to compare with: venture deals, and the slogan taken at its word."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gtmsim.plan import CampaignProgram
from gtmsim.presets._program import lomax_program


def venture_reference(
    campaigns: int = 30,
    spend: float | Sequence[float] = 1_000_000.0,
    *,
    name: str = "venture deals",
    mean: float = 2.0723,
    tail_index: float = 1.5,
    **overrides: Any,
) -> CampaignProgram:
    """Return venture deals: Lomax with tail index 1.5 and 30 % zeros, as published outcomes show.

    Parameters
    ----------
    campaigns : int, default 30
    spend : float or sequence of float, default 1,000,000
        Per campaign; the sources' range is not part of the data.
    name : str, default "venture deals"
    mean : float, default 2.0723
        Mean multiple of a campaign, zeros and cap included.
    tail_index : float, default 1.5
        Survival exponent of the multiple, given a hit (1.3 to 1.5).
    **overrides
        Fields of `CampaignProgram` that replace the preset's.

    Returns
    -------
    CampaignProgram

    Notes
    -----
    Evidence: P(X > x) = 0.70 (1 + x/1.7)^-1.5 reproduces the published histogram of 21,640
    financings (B): 65 % return less than 1, 4 % at least 10, 0.4 to 0.5 % at least 50. The mean
    is the one that makes the scale 1.7.
    Illustrative: the cap of 100, and the spend. No luck is shared, because the histogram pools
    all years already.

    References
    ----------
    Correlation Ventures, outcomes of US venture financings 2004 to 2014.

    Examples
    --------
    >>> venture_reference().hit_rate
    0.7
    """
    fields: dict[str, Any] = {
        "name": name,
        "campaigns": campaigns,
        "spend": spend,
        "hit_rate": 0.7,
        "cap": 100.0,
        "shared_luck": 0.0,
        **overrides,
    }
    return lomax_program(mean, tail_index, fields)


def essay_extreme(
    campaigns: int = 100,
    spend: float | Sequence[float] = 10_000.0,
    *,
    name: str = "essay extreme",
    mean: float = 1.5,
    tail_index: float = 1.05,
    **overrides: Any,
) -> CampaignProgram:
    """Return the slogan's program: Lomax with tail index 1.05, 90 % zeros, mean 1.5.

    Parameters
    ----------
    campaigns : int, default 100
    spend : float or sequence of float, default 10,000
        Per campaign; the sources' range is not part of any data.
    name : str, default "essay extreme"
    mean : float, default 1.5
        Mean multiple of a campaign, zeros and cap included.
    tail_index : float, default 1.05
        Survival exponent of the multiple, given a hit.
    **overrides
        Fields of `CampaignProgram` that replace the preset's.

    Returns
    -------
    CampaignProgram

    Notes
    -----
    Evidence: none. This is "1 % of spend brings 99 % of results" as far as a cap of 1,000 lets
    it go: the top 1 % brings about 75 %. The slogan itself needs a tail index of 1.002 without
    zeros, or 99 % zeros.
    Illustrative: every number. No luck is shared.

    References
    ----------
    `gtmsim.claim`, which turns the slogan around.

    Examples
    --------
    >>> essay_extreme().hit_rate
    0.1
    """
    fields: dict[str, Any] = {
        "name": name,
        "campaigns": campaigns,
        "spend": spend,
        "hit_rate": 0.1,
        "cap": 1_000.0,
        "shared_luck": 0.0,
        **overrides,
    }
    return lomax_program(mean, tail_index, fields)
