"""What the benchmarks simulate: three jobs of known size."""

from __future__ import annotations

from dataclasses import dataclass

from gtmsim import CampaignProgram, Pareto, Plan, Ramp, SalesTeam


@dataclass(frozen=True)
class Job:
    """A plan and how large it is.

    Attributes
    ----------
    name : str
    title : str
        What is asked for.
    plan : Plan
    control : Plan
        A slightly different plan: results that agree with this one must be told apart from it.
    draws : int
        Nominal draws of a scenario, zeros included: campaigns, and months of a seat.
    scenarios : int
        Enough for a steady time and for an agreement check with power.
    note : str
    """

    name: str
    title: str
    plan: Plan
    control: Plan
    draws: int
    scenarios: int
    note: str = ""


def claim_plan(*, tail_index: float = 1.2, hit_rate: float = 0.5, count: int = 1_000) -> Plan:
    """Equal campaigns in one month."""
    campaigns = CampaignProgram(
        name="campaigns",
        campaigns=count,
        spend=1.0,
        hit_rate=hit_rate,
        multiple=Pareto(tail_index=tail_index),
        launch=0,
    )
    return Plan(name="claim", horizon=1, channels=(campaigns,))


def portfolio_plan(*, tail_index: float = 1.2, attrition: float = 0.30, horizon: int = 12) -> Plan:
    """A sales team and campaigns whose value comes over months."""
    team = SalesTeam(
        name="sales",
        hires=20,
        quota=800_000.0,
        margin=0.78,
        loaded_cost=261_000.0,
        ramp=Ramp(months=min(5.5, horizon)),
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
    return Plan(name="portfolio", horizon=horizon, channels=(team, campaigns))


CLAIM = Job(
    name="J1 claim",
    title="total, largest, top 1 % and hits of 1,000 campaigns",
    plan=claim_plan(),
    control=claim_plan(tail_index=1.22),
    draws=1_000,
    scenarios=65_536,
)
PORTFOLIO = Job(
    name="J2 portfolio",
    title="20 hires for 12 months and 200 campaigns, per channel and month",
    plan=portfolio_plan(),
    control=portfolio_plan(tail_index=1.22, attrition=0.32),
    draws=20 * 12 + 200,
    scenarios=65_536,
    note="The kernel is asked for no best share; it also finds spend, hits, largest and squares.",
)
TOTAL = Job(
    name="J3 sum",
    title="the total alone of the same 1,000 campaigns",
    plan=claim_plan(),
    control=claim_plan(tail_index=1.22),
    draws=1_000,
    scenarios=65_536,
    note="The kernel is asked for no best share; it also finds hits, largest and squares.",
)

JOBS = {"J1": CLAIM, "J2": PORTFOLIO, "J3": TOTAL}
