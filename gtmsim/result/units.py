"""The campaigns and seats of a few scenarios, one by one."""

from __future__ import annotations

import numpy as np
import pandas as pd

from gtmsim.compiled import CompiledPlan, compile_plan
from gtmsim.core.portfolio import empty_draws, simulate_block
from gtmsim.core.streams import LANES
from gtmsim.plan import CampaignProgram
from gtmsim.seeds import seed_key

_ROWS = 50_000
_MOST_SCENARIOS = 100


def sample_units(compiled: CompiledPlan, seed: int, scenarios: int) -> pd.DataFrame:
    """Return every campaign and seat of the first scenarios of a run.

    A set of the best units that covers *all* spend holds every unit, so the same kernels that find
    the best 1 % list them all.

    Parameters
    ----------
    compiled : CompiledPlan
    seed : int
    scenarios : int
        Scenarios of the run; at most its first 100 are listed, fewer for very large plans.

    Returns
    -------
    DataFrame
        Columns scenario, channel, units, spend, value. A row is one seat, one campaign that hit,
        or, with ``units`` above 1, all of a program's campaigns that returned nothing.
    """
    whole = compile_plan(compiled.plan, spend_share=1.0)
    places = sum(channel.capacity for channel in whole.arrays.channels)
    count = min(scenarios, _MOST_SCENARIOS, max(1, _ROWS // places))
    # Memory follows the units, so a plan of very many is drawn a block at a time at most.
    size = -(-count // LANES) * LANES
    draws = empty_draws(whole.arrays, size)
    simulate_block(seed_key(seed), whole.arrays, 0, draws)
    frames = []
    for place, channel in enumerate(compiled.plan.channels):
        top = draws.tops[place]
        for scenario in range(count):
            held = int(top.size[scenario])
            order = np.argsort(-top.keys[scenario, :held])
            spend = top.weights[scenario, order]
            value = top.keys[scenario, order] * spend
            units = np.ones(held, dtype=np.int64)
            if isinstance(channel, CampaignProgram) and held < channel.campaigns:
                rest = draws.spend[place, scenario] - spend.sum()
                spend = np.append(spend, max(rest, 0.0))
                value = np.append(value, 0.0)
                units = np.append(units, channel.campaigns - held)
            frames.append(
                pd.DataFrame(
                    {
                        "scenario": scenario,
                        "channel": channel.name,
                        "units": units,
                        "spend": spend,
                        "value": value,
                    }
                )
            )
    return pd.concat(frames, ignore_index=True)
