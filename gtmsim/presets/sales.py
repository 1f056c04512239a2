"""Sales teams."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gtmsim.errors import check_number
from gtmsim.plan import SalesTeam


def _team(
    earnings: float, load: float, fields: dict[str, Any], overrides: dict[str, Any]
) -> SalesTeam:
    """Return a team whose costs follow from on-target earnings (per year)."""
    defaults: dict[str, Any] = {
        "margin": 0.78,
        "loaded_cost": load * earnings,
        "hiring_cost": 0.15 * earnings,
        "attainment": 0.75,
        "returns_to_scale": 0.97,
        "recognition": "recurring",
    }
    merged = {**defaults, **fields, **overrides}
    if merged["recognition"] == "recurring":
        merged.setdefault("annual_churn", 0.12)
    return SalesTeam(**merged)


def enterprise_ae(
    hires: int | Sequence[int] = 1, *, name: str = "enterprise", **overrides: Any
) -> SalesTeam:
    """Return enterprise account executives: quota 1.2 million, 9 months to ramp.

    Parameters
    ----------
    hires : int or sequence of int, default 1
        Number of seats from month 0, or one start month per seat.
    name : str, default "enterprise"
    **overrides
        Fields of `SalesTeam` that replace the preset's.

    Returns
    -------
    SalesTeam

    Notes
    -----
    Evidence: on-target earnings 280,000 (220,000 to 360,000; C), quota 1.2 million (B), ramp 6 to
    12 months (C), attainment 0.64 to 0.87 of quota (B), attrition 30 % (B), loaded cost 1.25 to
    1.67 times earnings (B).
    Illustrative: skill CV 0.30 and luck CV 0.48 (as of 8 deals a year).

    References
    ----------
    BenchSights 2020 sales survey (quota); Bridge Group 2024 (quota to earnings); Ebsta and Harvard
    Business Review (attrition); SBI, salesbenchmarkindex.com (loaded cost).

    Examples
    --------
    >>> enterprise_ae(4).quota
    1200000.0
    """
    fields = {"name": name, "hires": hires, "quota": 1_200_000.0, "ramp": 9.0, "attrition": 0.30}
    return _team(280_000.0, 1.45, {**fields, "skill_cv": 0.30, "luck_cv": 0.48}, overrides)


def midmarket_ae(
    hires: int | Sequence[int] = 1, *, name: str = "mid-market", **overrides: Any
) -> SalesTeam:
    """Return mid-market account executives: quota 800,000, 5.5 months to ramp.

    Parameters
    ----------
    hires : int or sequence of int, default 1
        Number of seats from month 0, or one start month per seat.
    name : str, default "mid-market"
    **overrides
        Fields of `SalesTeam` that replace the preset's.

    Returns
    -------
    SalesTeam

    Notes
    -----
    Evidence: on-target earnings 180,000 (150,000 to 200,000; C), quota 750,000 median and 955,000
    mean (B), ramp 5.0 to 5.7 months (C), attainment 0.64 to 0.87 of quota (B), attrition 30 % (B),
    loaded cost 1.25 to 1.67 times earnings (B). The spread puts 21 to 24 % of ramped reps at quota,
    where surveys report 20 to 31 % (B).
    Illustrative: skill CV 0.40 and luck CV 0.35 (as of 16 deals a year).

    References
    ----------
    BenchSights 2020 sales survey, n = 83 (quota, share at quota); Bridge Group 2024 (ramp, quota to
    earnings); Ebsta and Harvard Business Review (attrition); SBI, salesbenchmarkindex.com (loaded
    cost).

    Examples
    --------
    >>> team = midmarket_ae([-12, -6, 0], backfill_months=2)
    >>> team.quota, team.backfill_months
    (800000.0, 2)
    """
    fields = {"name": name, "hires": hires, "quota": 800_000.0, "ramp": 5.5, "attrition": 0.30}
    return _team(180_000.0, 1.45, {**fields, "skill_cv": 0.40, "luck_cv": 0.35}, overrides)


def smb_ae(hires: int | Sequence[int] = 1, *, name: str = "SMB", **overrides: Any) -> SalesTeam:
    """Return small-business account executives: quota 550,000, 3 months to ramp.

    Parameters
    ----------
    hires : int or sequence of int, default 1
        Number of seats from month 0, or one start month per seat.
    name : str, default "SMB"
    **overrides
        Fields of `SalesTeam` that replace the preset's.

    Returns
    -------
    SalesTeam

    Notes
    -----
    Evidence: on-target earnings 120,000 (100,000 to 140,000; C), ramp 3 to 4 months (C), attrition
    34 to 36 % (B), loaded cost 1.25 to 1.67 times earnings (B).
    Illustrative: quota 550,000, skill CV 0.45, luck CV 0.20 (as of 41 deals a year).

    References
    ----------
    Bridge Group 2024 (quota to earnings, ramp); Ebsta 2023 (attrition); SBI,
    salesbenchmarkindex.com (loaded cost).

    Examples
    --------
    >>> smb_ae(10).loaded_cost
    168000.0
    """
    fields = {"name": name, "hires": hires, "quota": 550_000.0, "ramp": 3.0, "attrition": 0.36}
    return _team(120_000.0, 1.40, {**fields, "skill_cv": 0.45, "luck_cv": 0.20}, overrides)


def sdr(
    hires: int | Sequence[int] = 1,
    *,
    name: str = "SDR",
    pipeline: float = 3_000_000.0,
    win_rate: float = 0.22,
    credit: float = 0.30,
    **overrides: Any,
) -> SalesTeam:
    """Return sales development reps, who source pipeline that account executives close.

    A development rep books nothing. Its quota here is the part of its pipeline's bookings that
    would not have come without it: pipeline x win rate x credit. Account executives who close that
    pipeline count it in their own quota as well: lower ``credit``, or their attainment, to what is
    not counted yet.

    Parameters
    ----------
    hires : int or sequence of int, default 1
        Number of seats from month 0, or one start month per seat.
    name : str, default "SDR"
    pipeline : float, default 3,000,000
        Pipeline that a ramped rep sources, per year.
    win_rate : float, default 0.22
        Share of pipeline that becomes bookings.
    credit : float, default 0.30
        Share of those bookings that would not have come without the rep.
    **overrides
        Fields of `SalesTeam` that replace the preset's.

    Returns
    -------
    SalesTeam

    Raises
    ------
    ArgumentError
        If ``pipeline`` is not positive, or ``win_rate`` or ``credit`` not in (0, 1].

    Notes
    -----
    Evidence: on-target earnings 85,000 (65,000 to 95,000; C), pipeline 3 million a year (B), ramp
    3.1 months (C), attrition 40 % as of a tenure of 1.5 years (C), mid-market win rate 15 to 25 %
    (C).
    Illustrative: the credit, the skill CV 0.40, the luck CV 0.20, the load 1.35.
    Attainment is 1, because the pipeline is a mean and not a quota.

    References
    ----------
    Bridge Group (pipeline, by way of the Crunchbase blog); Xactly 2019 (ramp).

    Examples
    --------
    >>> round(sdr(2).quota)
    198000
    """
    size = check_number("pipeline", pipeline, low=0.0, low_open=True)
    won = check_number("win_rate", win_rate, low=0.0, high=1.0, low_open=True)
    share = check_number("credit", credit, low=0.0, high=1.0, low_open=True)
    fields = {"name": name, "hires": hires, "quota": size * won * share, "ramp": 3.1}
    spread = {"attrition": 0.40, "attainment": 1.0, "skill_cv": 0.40, "luck_cv": 0.20}
    return _team(85_000.0, 1.35, {**fields, **spread}, overrides)
