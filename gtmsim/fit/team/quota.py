"""Whose quota is known, and what stands in for the others."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from gtmsim.fit.team.ledger import months_in_period

_RAMPING = pd.Timedelta(days=365)
"""Time since the start in which a quota may be a starter's and not the full one."""


def full_quotas(frame: pd.DataFrame, quota: float | None) -> tuple[pd.DataFrame, list[str]]:
    """Return the history with the full quota of each period in all rows, and what was done.

    Parameters
    ----------
    frame : DataFrame
        As `check_reps` returns it, with ``first`` and ``last``.
    quota : float, optional
        Yearly quota of everybody; it replaces the history's.

    Returns
    -------
    frame : DataFrame
        NaN in all rows where no quota is known.
    notes : list of str
    """
    length = months_in_period(frame)
    if quota is not None:
        return frame.assign(quota=quota * length / 12.0), []
    known = frame["quota"].notna()
    if not known.any():
        return frame, []
    notes = []
    if not known.all():
        filled = frame["quota"]
        for by in (frame["rep"], frame["segment"], pd.Series("", index=frame.index)):
            filled = filled.fillna(filled.groupby(by).transform("median"))
        frame = frame.assign(quota=filled)
        notes.append(
            f"{int((~known).sum())} of {len(frame)} rows had no quota and took the median of the "
            "rep's, else the segment's."
        )
    frame, raised = _starters(frame)
    if raised:
        notes.append(
            f"{raised} rows of starters or of part of a period had a lower quota and count at the "
            "full one: the ramp is not to count twice."
        )
    return frame, notes


def _starters(frame: pd.DataFrame) -> tuple[pd.DataFrame, int]:
    """Raise the quota of starters, and of who left within the period, to the full one."""
    opens, closes = frame["first"], frame["last"]
    part = (frame["start"] > opens) | (frame["end"] < closes)
    starter = part | (opens < frame["start"] + _RAMPING)
    full = frame["quota"].where(~starter)
    usual = full.groupby(frame["rep"]).transform("median")
    usual = usual.fillna(full.groupby(frame["segment"]).transform("median"))
    higher = starter & (usual > frame["quota"])
    return frame.assign(quota=frame["quota"].where(~higher, usual)), int(higher.sum())


def plan_quota(frame: pd.DataFrame) -> tuple[float, float]:
    """Return the mean yearly quota in the last period, and its coefficient of variation."""
    last: pd.Series[Any] = frame.loc[frame["period"] == frame["period"].max(), "quota"]
    yearly = last.to_numpy(dtype=np.float64) * (12.0 / months_in_period(frame))
    return float(yearly.mean()), float(yearly.std() / yearly.mean())
