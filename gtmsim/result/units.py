"""The campaigns and seats of a few scenarios, one by one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from gtmsim.compiled import compile_plan
from gtmsim.core.portfolio import empty_draws, simulate_channels
from gtmsim.core.streams import LANES
from gtmsim.errors import MetricError
from gtmsim.plan import CampaignProgram, Plan, SalesTeam
from gtmsim.seeds import seed_key

_COLUMNS = ("scenario", "channel", "units", "spend", "value")
_ROWS = 50_000
_MOST_SCENARIOS = 100
_MOST_UNITS = 500_000


def sample_units(plan: Plan, seed: int, scenarios: int) -> pd.DataFrame:
    """Return every campaign and seat of the first scenarios of a run.

    A set of the best units that covers *all* spend holds every unit, so the same kernels that find
    the best 1 % list them all.

    Parameters
    ----------
    plan : Plan
    seed : int
    scenarios : int
        Scenarios of the run; at most its first 100 are listed, fewer for very large plans.

    Returns
    -------
    DataFrame
        Columns scenario, channel, units, spend, value. A row is one seat, one campaign that hit,
        or all of a program's campaigns that returned nothing, ``units`` of them.

    Raises
    ------
    MetricError
        If the plan has more than half a million campaigns and seats.

    Examples
    --------
    >>> from gtmsim.presets import example_plan
    >>> units = sample_units(example_plan(), seed=7, scenarios=2)
    >>> units.groupby("scenario")["units"].sum().tolist()
    [388, 388]
    """
    total = sum(channel.units for channel in plan.channels)
    if total > _MOST_UNITS:
        raise MetricError("units", f"must be at most {_MOST_UNITS:,} to be listed", total)
    whole = compile_plan(plan, spend_share=1.0).arrays
    count = min(scenarios, _MOST_SCENARIOS, max(1, _ROWS // total))
    draws = empty_draws(whole, -(-count // LANES) * LANES, listed=True)
    simulate_channels(seed_key(seed), whole, 0, draws)
    keys, weights = draws.candidates.keys, draws.candidates.weights
    columns: dict[str, list[Any]] = {name: [] for name in _COLUMNS}
    for scenario in range(count):
        for place, channel in enumerate(plan.channels):
            block, lane = divmod(scenario, LANES)
            begin, end = draws.begin[place, block], draws.end[place, block]
            own = slice(begin * LANES + lane, end * LANES, LANES)
            key, weight = keys[block, own], weights[block, own]
            # A campaign without value is among the rest; a seat without value is a seat.
            listed = weight > 0.0 if isinstance(channel, SalesTeam) else key > 0.0
            order = np.flatnonzero(listed)[np.argsort(-key[listed])]
            spend, value = weight[order], (key * weight)[order]
            units = np.ones(spend.size, dtype=np.int64)
            if isinstance(channel, CampaignProgram) and spend.size < channel.campaigns:
                rest = draws.spend[place, scenario] - spend.sum()
                spend, value = np.append(spend, max(rest, 0.0)), np.append(value, 0.0)
                units = np.append(units, channel.campaigns - units.size)
            names = np.full(units.size, channel.name, dtype=object)
            scenarios_ = np.full(units.size, scenario)
            for column, part in zip(
                columns.values(), (scenarios_, names, units, spend, value), strict=True
            ):
                column.append(part)
    return pd.DataFrame({name: np.concatenate(parts) for name, parts in columns.items()})
