"""The channel that a fit makes, what of it is assumed, and its table of parameters."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd

from gtmsim.fit.team.ledger import Ledger
from gtmsim.fit.team.sample import Parameters, Sample
from gtmsim.plan import SalesTeam
from gtmsim.plan.ramp import Ramp

_ASSUMED = ("loaded_cost", "hiring_cost", "margin", "returns_to_scale", "annual_churn")


def standing_team(
    preset: SalesTeam, name: str, quota: float, cost: float | None, ledger: Ledger, ramp: Ramp
) -> SalesTeam:
    """Return the preset with the reps who are there at the end of the history.

    Parameters
    ----------
    preset : SalesTeam
    name : str
    quota : float
        Of a ramped rep (currency per year).
    cost : float, optional
        Loaded cost of a seat (currency per year); by default the preset's share of the quota.
    ledger : Ledger
    ramp : Ramp

    Returns
    -------
    SalesTeam
        Reps start as many months before the plan as their tenure; whoever was there before the file
        begins is ramped. The hiring cost keeps the preset's ratio to the loaded cost.
    """
    here = ~ledger.left
    ramped = len(ramp.curve) if ramp.curve is not None else math.ceil(ramp.months)
    tenure = np.clip(np.round(ledger.tenure_at_end[here]), 1.0, 1_200.0)
    tenure = np.where(ledger.start_known[here], tenure, np.maximum(tenure, ramped))
    hires: Any = tuple(int(-month) for month in tenure) or 1
    loaded = preset.loaded_cost * quota / preset.quota if cost is None else cost
    return preset.replace(
        name=name,
        hires=hires,
        quota=quota,
        loaded_cost=loaded,
        hiring_cost=preset.hiring_cost * loaded / preset.loaded_cost,
        ramp=ramp,
    )


def assumptions(team: SalesTeam, preset: str, *, loaded_cost_given: bool) -> dict[str, str]:
    """Return the fields that no history of bookings tells, each with what was taken and whence."""
    source = f"as in preset {preset}"
    loaded, hiring = team.loaded_cost, team.hiring_cost
    assumed = {
        "loaded_cost": f"{loaded:,.0f} a year, {loaded / team.quota:.2f} of the quota {source}",
        "margin": f"{team.margin:g} of bookings {source}",
        "hiring_cost": f"{hiring:,.0f}, {hiring / loaded:.2f} of the loaded cost {source}",
        "returns_to_scale": f"{team.returns_to_scale:g} {source}",
        "recognition": f"{team.recognition!r} {source}",
    }
    if team.recognition == "recurring":
        assumed["annual_churn"] = f"{team.annual_churn:g} {source}"
    if loaded_cost_given:
        del assumed["loaded_cost"]
    return assumed


def summarise(
    sample: Sample,
    estimate: Parameters,
    draws: Parameters,
    channel: SalesTeam,
    preset: str,
    level: float,
) -> pd.DataFrame:
    """Return the table of parameters.

    Parameters
    ----------
    sample : Sample
    estimate, draws : Parameters
        Numbers, and arrays (draw,).
    channel : SalesTeam
    preset : str
        Its name.
    level : float
        Probability of the intervals.

    Returns
    -------
    DataFrame
        One row per parameter; columns estimate, low, high, from_data and source. NaN where a
        parameter has no interval.
    """
    ends = [(1.0 - level) / 2.0, (1.0 + level) / 2.0]
    share = sample.from_data()._asdict()
    rows: dict[str, tuple[float, float, float, float, str]] = {
        "quota": (channel.quota, math.nan, math.nan, 1.0, "history")
    }
    for name, value in estimate._asdict().items():
        part = share[name]
        sources = ["history"] if part > 0.0 else []
        sources += [f"preset {preset}"] if part < 1.0 else []
        fixed = part == 0.0 or (name == "ramp_months" and channel.ramp.curve is not None)
        low, high = (math.nan, math.nan) if fixed else np.quantile(getattr(draws, name), ends)
        rows[name] = (float(value), float(low), float(high), part, " and ".join(sources))
    for name in _ASSUMED:
        rows[name] = (getattr(channel, name), math.nan, math.nan, 0.0, "assumed")
    columns = ["estimate", "low", "high", "from_data", "source"]
    return pd.DataFrame.from_dict(rows, orient="index", columns=columns).rename_axis("parameter")
