"""What peers need to know of a plan, read from it, so that they cannot drift from what we simulate.

``one_program`` is for jobs J1 and J3, ``team_and_program`` for J2.
"""

from __future__ import annotations

import numpy as np

from gtmsim import CampaignProgram, Pareto, Plan, SalesTeam


class Program:
    """Equal campaigns with a Pareto multiple.

    value = scale * u**power for u < rate: a uniform of [0, 1) decides the hit and its size.
    ``campaign_months`` (campaign, month) and ``cohort_months`` (cohort, month) are what a campaign
    of unit u**power brings in each month; ``cohorts`` counts the campaigns launched in each.
    """

    def __init__(self, program: CampaignProgram, horizon: int) -> None:
        assert isinstance(program.multiple, Pareto)
        self.campaigns = program.campaigns
        self.rate = program.hit_rate
        self.tail_index = program.multiple.tail_index
        self.minimum = float(program.spends()[0]) * program.multiple.minimum
        self.power = -1.0 / self.tail_index
        self.best = program.campaigns // 100
        self.scale = self.minimum * self.rate**-self.power
        self.launch = program.launch_months(horizon)
        age = np.arange(horizon) - np.arange(horizon)[:, None]
        kept = 2.0 ** (-1.0 / program.half_life) if program.half_life else 0.0
        response = np.where(age >= 0, (1.0 - kept) * kept ** np.maximum(age, 0), 0.0)
        self.cohorts = np.bincount(self.launch, minlength=horizon)
        self.cohort_months = self.minimum * response
        self.campaign_months = self.scale * response[self.launch]


class Team:
    """A team that starts in month 0, without luck or backfill.

    A seat with skill s and leaving uniform v books s * booked[month] while v < present[month]; its
    skill is lognormal of median 1 and log-sd sigma.
    """

    def __init__(self, team: SalesTeam, horizon: int) -> None:
        assert team.luck_cv == 0.0
        assert team.backfill_months is None
        assert set(team.start_months) == {0}
        variance = np.log1p(team.skill_cv**2)
        median = team.attainment * np.exp(-0.5 * variance) * team.quota / 12.0 * team.margin
        self.name = team.name
        self.seats = len(team.start_months)
        self.sigma = float(np.sqrt(variance))
        self.present = (1.0 - team.attrition) ** (np.arange(horizon) / 12.0)
        self.booked = median * np.asarray(team.ramp.productivity(np.arange(horizon)))


def one_program(plan: Plan) -> Program:
    """Return the only channel."""
    (channel,) = plan.channels
    assert isinstance(channel, CampaignProgram)
    return Program(channel, plan.horizon)


def team_and_program(plan: Plan) -> tuple[Team, Program, tuple[str, ...]]:
    """Return the two channels and the names of the job's metrics."""
    first, second = plan.channels
    assert isinstance(first, SalesTeam)
    assert isinstance(second, CampaignProgram)
    names = ("total", first.name, second.name, *(f"month {t}" for t in range(plan.horizon)))
    return Team(first, plan.horizon), Program(second, plan.horizon), names
