"""Attention that is earned: events, partners, content and PR."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gtmsim.plan import CampaignProgram
from gtmsim.presets._program import lognormal_program, lomax_program, months


def events(
    campaigns: int = 12,
    spend: float | Sequence[float] = 80_000.0,
    *,
    name: str = "events",
    mean: float = 1.0,
    sigma: float = 0.7,
    **overrides: Any,
) -> CampaignProgram:
    """Return events and trade shows: lognormal, 15 % zeros, mean 1.0, half a year of lag.

    Parameters
    ----------
    campaigns : int, default 12
    spend : float or sequence of float, default 80,000
        Per campaign; the sources' range is 40,000 to 170,000.
    name : str, default "events"
    mean : float, default 1.0
        Mean multiple of a campaign, zeros and cap included (0.5 to 2.5).
    sigma : float, default 0.7
        Log-sd of the multiple, given a hit.
    **overrides
        Fields of `CampaignProgram` that replace the preset's.

    Returns
    -------
    CampaignProgram

    Notes
    -----
    Evidence: cost per event and a pipeline goal of 3 per 1 spent (C), which at a win rate of 25
    % is 0.75 of revenue.
    Illustrative: everything else, the lag of 6 months (3 to 9) and the half-life of 8 weeks
    included.

    References
    ----------
    Trade-press guides to event budgets; no measured distribution of event returns was found.

    Examples
    --------
    >>> events().hit_rate
    0.85
    """
    fields: dict[str, Any] = {
        "name": name,
        "campaigns": campaigns,
        "spend": spend,
        "hit_rate": 0.85,
        "cap": 10.0,
        "lag": 6,
        "half_life": months(weeks=8),
        **overrides,
    }
    return lognormal_program(mean, sigma, fields)


def influencer_partner(
    campaigns: int = 30,
    spend: float | Sequence[float] = 20_000.0,
    *,
    name: str = "influencers",
    mean: float = 1.2,
    tail_index: float = 1.7,
    **overrides: Any,
) -> CampaignProgram:
    """Return influencers and partners: Lomax with tail index 1.7, 35 % zeros, mean 1.2.

    Parameters
    ----------
    campaigns : int, default 30
    spend : float or sequence of float, default 20,000
        Per campaign; the sources' range is 5,000 to 50,000.
    name : str, default "influencers"
    mean : float, default 1.2
        Mean multiple of a campaign, zeros and cap included.
    tail_index : float, default 1.7
        Survival exponent of the multiple, given a hit.
    **overrides
        Fields of `CampaignProgram` that replace the preset's.

    Returns
    -------
    CampaignProgram

    Notes
    -----
    Evidence: none was found for returns; article shares have a tail index of about 1.6 (D).
    Illustrative: every number.

    References
    ----------
    UCI Online News Popularity (tail of shares, by analogy).

    Examples
    --------
    >>> influencer_partner().hit_rate
    0.65
    """
    fields: dict[str, Any] = {
        "name": name,
        "campaigns": campaigns,
        "spend": spend,
        "hit_rate": 0.65,
        "cap": 50.0,
        "half_life": months(weeks=1),
        **overrides,
    }
    return lomax_program(mean, tail_index, fields)


def content_seo(
    campaigns: int = 60,
    spend: float | Sequence[float] = 3_000.0,
    *,
    name: str = "content",
    mean: float = 1.8,
    tail_index: float = 1.5,
    **overrides: Any,
) -> CampaignProgram:
    """Return content and search pages: Lomax with tail index 1.5, 60 % zeros, mean 1.8, late.

    Parameters
    ----------
    campaigns : int, default 60
    spend : float or sequence of float, default 3,000
        Per campaign; the sources' range is 500 to 5,000.
    name : str, default "content"
    mean : float, default 1.8
        Mean multiple of a campaign, zeros and cap included (0.5 to 4).
    tail_index : float, default 1.5
        Survival exponent of the multiple, given a hit (1.3 to 1.8).
    **overrides
        Fields of `CampaignProgram` that replace the preset's.

    Returns
    -------
    CampaignProgram

    Notes
    -----
    Evidence: 91 to 97 % of all web pages get no search traffic, more than 75 % of posts no
    links (B); 10 % of posts bring 38 % of traffic, a tail index of 1.7 (B); article shares have
    one of about 1.6 (D); almost nothing ranks before month 5 (B, C).
    Illustrative: zeros of 60 % (30 to 97), as pages of a company that tries; the mean of 1.8;
    the lag of 6 months (5 to 12); the half-life of 52 weeks (52 to 104), its short end.

    References
    ----------
    Ahrefs (pages without traffic); Moz and BuzzSumo 2015 (links); HubSpot (compounding posts);
    UCI Online News Popularity (shares).

    Examples
    --------
    >>> content_seo().hit_rate
    0.4
    """
    fields: dict[str, Any] = {
        "name": name,
        "campaigns": campaigns,
        "spend": spend,
        "hit_rate": 0.4,
        "cap": 100.0,
        "lag": 6,
        "half_life": months(weeks=52),
        **overrides,
    }
    return lomax_program(mean, tail_index, fields)


def pr_viral(
    campaigns: int = 12,
    spend: float | Sequence[float] = 40_000.0,
    *,
    name: str = "PR",
    mean: float = 1.5,
    tail_index: float = 1.2,
    **overrides: Any,
) -> CampaignProgram:
    """Return PR and viral bets: Lomax with tail index 1.2, 85 % zeros, mean 1.5.

    Parameters
    ----------
    campaigns : int, default 12
    spend : float or sequence of float, default 40,000
        Per campaign; the sources' range is 10,000 to 100,000.
    name : str, default "PR"
    mean : float, default 1.5
        Mean multiple of a campaign, zeros and cap included (0.2 to 5).
    tail_index : float, default 1.2
        Survival exponent of the multiple, given a hit (1.05 to 1.5).
    **overrides
        Fields of `CampaignProgram` that replace the preset's.

    Returns
    -------
    CampaignProgram

    Notes
    -----
    Evidence: 15 % of viral campaigns reached their pass-along goal (B, old); large cascades are
    extremely rare and come from one big broadcast (A).
    Illustrative: the tail index, by analogy with platform concentration (1.05 to 1.31) and
    ideas in A/B tests; the mean of 1.5; the cap; a half-life of 1 week. Ten such bets have a
    median return near 0.4: mean and median are different questions.

    References
    ----------
    JupiterResearch 2007; Goel, Anderson, Hofman and Watts, "The structural virality of online
    diffusion", Management Science 62 (2016).

    Examples
    --------
    >>> pr_viral().hit_rate
    0.15
    """
    fields: dict[str, Any] = {
        "name": name,
        "campaigns": campaigns,
        "spend": spend,
        "hit_rate": 0.15,
        "cap": 300.0,
        "half_life": months(weeks=1),
        **overrides,
    }
    return lomax_program(mean, tail_index, fields)
