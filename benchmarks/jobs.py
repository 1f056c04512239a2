"""What the benchmarks simulate: three jobs of known size."""

from __future__ import annotations

from dataclasses import dataclass

from gtmsim import CampaignProgram, Pareto, Plan, Ramp, SalesTeam


@dataclass(frozen=True)
class Job:
    """A plan and how large it is.

    Attributes
    ----------
    title : str
    plan : Plan
    control : Plan
        A slightly different plan: results that agree with this one must be told apart from it.
    draws : int
        Nominal draws of a scenario, zeros included: campaigns, and months of a seat.
    scenarios : int
        Enough for a steady time and for an agreement check with power.
    note : str
    """

    title: str
    plan: Plan
    control: Plan
    draws: int
    scenarios: int
    note: str = ""


def _claim(tail_index: float) -> Plan:
    campaigns = CampaignProgram(
        name="campaigns",
        campaigns=1_000,
        spend=1.0,
        hit_rate=0.5,
        multiple=Pareto(tail_index=tail_index),
        launch=0,
    )
    return Plan(name="claim", horizon=1, channels=(campaigns,))


def _portfolio(tail_index: float, attrition: float) -> Plan:
    team = SalesTeam(
        name="sales",
        hires=20,
        quota=800_000.0,
        margin=0.78,
        loaded_cost=261_000.0,
        ramp=Ramp(months=5.5),
        attainment=0.75,
        skill_cv=0.4,
        attrition=attrition,
    )
    campaigns = CampaignProgram(
        name="campaigns",
        campaigns=200,
        spend=10_000.0,
        hit_rate=0.5,
        multiple=Pareto(tail_index=tail_index),
        half_life=2.0,
    )
    return Plan(name="portfolio", horizon=12, channels=(team, campaigns))


CLAIM = Job(
    title="J1 claim: total, largest, top 1 % and hits of 1,000 campaigns",
    plan=_claim(1.2),
    control=_claim(1.22),
    draws=1_000,
    scenarios=16_384,
)
PORTFOLIO = Job(
    title="J2 portfolio: 20 hires for 12 months and 200 campaigns, per channel and month",
    plan=_portfolio(1.2, 0.30),
    control=_portfolio(1.22, 0.32),
    draws=20 * 12 + 200,
    scenarios=32_768,
    note="The kernel is asked for no best share; it also finds spend, hits, largest and squares.",
)
TOTAL = Job(
    title="J3 total alone of the same 1,000 campaigns",
    plan=_claim(1.2),
    control=_claim(1.22),
    draws=1_000,
    scenarios=16_384,
    note="The kernel is asked for no best share; it also finds hits, largest and squares.",
)
