"""Plans, versions of their channels, and runs that are compared to the last bit."""

from __future__ import annotations

from typing import Any

import numpy as np

from gtmsim import CampaignProgram, Lomax, Pareto, Plan
from gtmsim.presets import example_plan
from gtmsim.result import PortfolioResult
from gtmsim.summary import METRICS

PLAN = example_plan()
SOCIAL = tuple(PLAN["paid social"].replace(hit_rate=rate) for rate in (0.3, 0.5, 0.7))
PR = tuple(
    PLAN["PR"].replace(hit_rate=rate, multiple=Lomax(tail_index=alpha, scale=3.0))
    for rate, alpha in ((0.1, 1.3), (0.2, 1.6))
)
TEAM = tuple(PLAN["enterprise"].replace(attainment=mean) for mean in (0.6, 0.9))
VARIED = {"paid social": SOCIAL, "PR": PR, "enterprise": TEAM}
RUN = 2_000


def bets(**fields: Any) -> CampaignProgram:
    law = {"multiple": Pareto(tail_index=2.5)} | fields
    return CampaignProgram(**{"name": "bets", "campaigns": 4, "spend": 1.0} | law)


def alone(channel: Any, **fields: Any) -> Plan:
    return Plan(**{"horizon": 3, "channels": [channel]} | fields)


def same_bits(one: PortfolioResult, other: PortfolioResult, channel: str, part: slice) -> bool:
    return all(
        np.array_equal(one.values(m, channel)[part], other.values(m, channel)[part], equal_nan=True)
        for m in METRICS
    )
