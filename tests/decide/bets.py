"""Two programs: coins, whose totals are binomial, and bets with a heavy tail."""

from __future__ import annotations

from gtmsim import CampaignProgram, Empirical, Lomax

COINS = CampaignProgram(
    name="coins", campaigns=10, spend=1.0, hit_rate=0.25, multiple=Empirical(values=[4.5]), launch=0
)


def bets(**fields: object) -> CampaignProgram:
    law = Lomax(tail_index=1.5, scale=2.7)
    return CampaignProgram(
        **{
            "name": "bets",
            "campaigns": 50,
            "spend": 1.0,
            "hit_rate": 0.4,
            "multiple": law,
            **fields,
        }
    )
