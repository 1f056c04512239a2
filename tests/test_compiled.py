"""What is refused when a plan is compiled, and where the message points."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import stats

import gtmsim as gtm
from gtmsim import compiled
from gtmsim.compiled import compile_plan
from gtmsim.core.campaigns import ProgramArrays
from gtmsim.plan import CampaignProgram, Plan, SalesTeam

TEAM = SalesTeam(name="reps", hires=2, quota=800_000, loaded_cost=260_000)


def program(**fields: Any) -> CampaignProgram:
    defaults = {"name": "bets", "campaigns": 4, "spend": 10, "multiple": gtm.Pareto(tail_index=1.5)}
    return CampaignProgram(**defaults | fields)


def refused(channel: SalesTeam | CampaignProgram, message: str) -> None:
    with pytest.raises(gtm.PlanError, match=message):
        compile_plan(Plan(horizon=120, channels=(TEAM, channel)))


def test_a_team_too_large_for_memory() -> None:
    refused(
        TEAM.replace(name="army", hires=10_000),
        r"channels\[1\].hires: must make at most 1,000,000 seat-months of the horizon, "
        r"got '1,200,000' \(split it into teams\)",
    )


def test_too_many_cohorts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiled, "MAX_GROUPS", 3)
    refused(
        program(spend=(1, 2, 3, 4), launch=0),
        r"channels\[1\].spend: must form at most 3 groups of equal spend and month, "
        r"got '4 groups' \(round the spends\)",
    )
    compile_plan(Plan(horizon=120, channels=(TEAM, program(spend=(1, 2, 3, 3), launch=0))))


def test_two_names_of_one_digest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiled, "stream_of", lambda name: np.uint64(7))
    refused(
        program(), r"channels\[1\].name: must not have the digest of the name 'reps'.*rename it"
    )


def test_a_law_that_no_table_reproduces() -> None:
    steps = stats.rv_histogram((np.array([1.0, 0.0, 1.0]), np.array([0.0, 1.0, 2.0, 3.0])))
    with pytest.raises(gtm.PlanError, match=r"must be a continuous distribution of scipy\.stats"):
        program(multiple=steps.freeze())
    refused(
        program(multiple=stats.halfnorm()),
        r"channels\[1\].multiple: must have a quantile function that a table reproduces",
    )


def test_no_share_asked_for_sets_nothing_aside() -> None:
    plan = Plan(horizon=12, channels=(program(campaigns=100),))
    for share, aside in ((0.0, False), (0.01, True)):
        arrays = compile_plan(plan, spend_share=share).arrays.channels[0].arrays
        assert isinstance(arrays, ProgramArrays)
        assert bool(np.isfinite(arrays.bar).all()) is aside
