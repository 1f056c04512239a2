"""Which campaigns are good, and which were lucky."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from gtmsim.core._types import Floats
from gtmsim.fit.program.campaigns import Campaigns
from gtmsim.fit.program.evidence import cell_edges, count_chances
from gtmsim.plan import CampaignProgram

_AT_ONCE = 2_000


def ranked(
    campaigns: Campaigns, channel: CampaignProgram, baseline: float, levels: Sequence[float]
) -> pd.DataFrame:
    """Return each campaign's true multiple as far as its history tells it.

    The fitted channel is the prior of each campaign, and its conversions are the evidence: a large
    multiple at little spend is mostly luck. Without counts the multiple is what was observed.
    """
    names = [f"above_{level:g}" for level in levels]
    shown = pd.DataFrame(
        {"spend": campaigns.spend, "value": campaigns.value, "multiple": campaigns.multiple}
    )
    if campaigns.count is None:
        shown["expected"] = campaigns.multiple
        for name, level in zip(names, levels, strict=True):
            shown[name] = (campaigns.multiple > level).astype(float)
        return shown
    rate = campaigns.spend / campaigns.unit
    edges = np.union1d(cell_edges(campaigns.count, rate), np.asarray(levels, dtype=np.float64))
    cap = np.inf if channel.cap is None else channel.cap
    low, high = np.append(0.0, edges), np.append(edges, np.inf)
    begins = np.asarray(channel.multiple.sf(low)) * (low <= cap)
    ends = np.append(np.asarray(channel.multiple.sf(edges)), 0.0) * (high <= cap)
    mass = channel.hit_rate * (begins - ends)
    middle = np.minimum(np.append(0.5 * (low[:-1] + high[:-1]), edges[-1]), cap)
    found: dict[str, list[Floats]] = {name: [] for name in ("expected", *names)}
    for first in range(0, campaigns.size, _AT_ONCE):
        part = slice(first, first + _AT_ONCE)
        chance = count_chances(campaigns.count[part], rate[part], edges, baseline)
        # The first cell reaches down to 0, where a hit shows what a miss does.
        missed = (1.0 - channel.hit_rate) * chance[:, 0]
        weight = chance * mass
        total = weight.sum(axis=1) + missed
        found["expected"].append(weight @ middle / total)
        for name, level in zip(names, levels, strict=True):
            found[name].append(weight[:, low >= level].sum(axis=1) / total)
    return shown.assign(**{name: np.concatenate(parts) for name, parts in found.items()})
