"""What holds between the fields of a plan, and what a valid plan does."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import numpy as np
import pytest
from scipy import stats

from gtmsim.distributions import Lomax, Pareto, ScipyDistribution
from gtmsim.errors import ArgumentError, PlanError
from gtmsim.plan import CampaignProgram, Plan, Ramp, SalesTeam
from gtmsim.plan.checks import build_channels
from gtmsim.presets import example_plan

TEAM = {"kind": "sales", "name": "reps", "hires": 2, "quota": 8e5, "loaded_cost": 2e5}
BETS = {
    "kind": "campaigns",
    "name": "bets",
    "campaigns": 3,
    "spend": 10,
    "multiple": {"family": "lomax", "tail_index": 1.5, "scale": 2.0},
}


def messages(error: pytest.ExceptionInfo[PlanError]) -> list[str]:
    return str(error.value).splitlines()


def plan(*channels: dict[str, Any], **fields: Any) -> Plan:
    return Plan(**{"horizon": 12, "channels": channels or (TEAM,), **fields})


# ---- fields against each other ---------------------------------------------------------------

LAST = "months are counted from 0, so the last one is 11"


@pytest.mark.parametrize(
    ("channel", "message"),
    [
        (
            {**TEAM, "ramp": 13},
            "channels[0].ramp.months: must not be longer than the horizon of 12 months, got 13.0"
            " (shorten it, or set a longer horizon)",
        ),
        (
            {**TEAM, "ramp": {"curve": [0.5] * 13}},
            "channels[0].ramp.curve: must not be longer than the horizon of 12 months, got (0.5,",
        ),
        (
            {**TEAM, "hires": [-3, 12]},
            f"channels[0].hires[1]: must be below the horizon of 12 months, got 12 ({LAST})",
        ),
        (
            {**BETS, "launch": 12},
            f"channels[0].launch: must be below the horizon of 12 months, got 12 ({LAST})",
        ),
        (
            {**BETS, "launch": [0, 40, 2]},
            f"channels[0].launch[1]: must be below the horizon of 12 months, got 40 ({LAST})",
        ),
        (
            {**BETS, "lag": 12},
            "channels[0].lag: must be below the horizon of 12 months, got 12"
            " (set a longer horizon)",
        ),
    ],
)
def test_nothing_lies_beyond_the_horizon(channel: dict[str, Any], message: str) -> None:
    with pytest.raises(PlanError) as error:
        plan(channel)
    assert messages(error)[0].startswith(message)
    assert len(messages(error)) == 1
    assert plan(channel, horizon=48)


def test_a_long_list_beyond_the_horizon_is_reported_in_part() -> None:
    with pytest.raises(PlanError) as error:
        plan({**BETS, "campaigns": 500, "launch": [20] * 500})
    assert len(error.value.problems) == 10


def test_names_are_unique() -> None:
    with pytest.raises(PlanError) as error:
        plan(TEAM, BETS, {**TEAM, "quota": -1})
    assert messages(error) == [
        "channels[2].quota: must be above 0, got -1",
        "channels[2].name: must be unique, and is the name of channels[0] already, got 'reps'"
        " (rename one of the two)",
    ]
    with pytest.raises(PlanError, match=r"channels\[1\].name: must be unique"):
        plan(SalesTeam(**TEAM), SalesTeam(**TEAM))


def test_slow_carryover_is_slower_than_fast() -> None:
    fields = {**BETS, "half_life": 4, "slow_half_life": 3, "fast_share": 0.5}
    with pytest.raises(PlanError) as error:
        CampaignProgram(**fields)
    assert messages(error) == [
        "CampaignProgram.slow_half_life: must be above half_life, 4, got 3.0 (exchange the two)"
    ]
    assert CampaignProgram(**{**fields, "half_life": 2}).slow_half_life == 3.0


def test_all_problems_come_together() -> None:
    with pytest.raises(PlanError) as error:
        plan(
            {**TEAM, "quota": -1, "ramp": {"months": 13, "shape": "cubic"}, "annual_churn": 0.1},
            {**TEAM, "hires": [12]},
            {**BETS, "hit_rate": 1.2, "fast_share": 0.5, "multiple": {"family": "pareto"}},
            {**BETS, "name": "PR", "lag": 12, "launch": 12},
            market_volatility=-1,
            targt=3,
        )
    assert [p.path for p in error.value.problems] == [
        "channels[0].quota",
        "channels[0].ramp.shape",
        "channels[0].annual_churn",
        "channels[1].hires[0]",
        "channels[1].name",
        "channels[2].hit_rate",
        "channels[2].multiple.tail_index",
        "channels[2].fast_share",
        "channels[3].launch",
        "channels[3].lag",
        "market_volatility",
        "targt",
    ]
    assert all(p.rule.startswith("must") for p in error.value.problems)


def test_channels_are_checked_without_a_valid_horizon() -> None:
    with pytest.raises(PlanError) as error:
        plan({**TEAM, "quota": -1, "hires": [500]}, horizon=0)
    assert [p.path for p in error.value.problems] == ["horizon", "channels[0].quota"]
    assert build_channels([{**TEAM, "hires": [500]}], None)


# ---- what a valid plan does ------------------------------------------------------------------


def test_numpy_and_scipy_values_are_taken() -> None:
    team = SalesTeam(**{**TEAM, "hires": np.array([-1, 2]), "quota": np.float32(2), "ramp": 3})
    assert team.hires == (-1, 2)
    assert (type(team.quota), team.ramp) == (float, Ramp(months=3))
    assert SalesTeam(**{**TEAM, "ramp": np.int64(3)}).ramp == Ramp(months=3)
    program = CampaignProgram(
        **{
            **BETS,
            "campaigns": np.int64(3),
            "spend": np.array([1.0, 2.0, 3.0]),
            "launch": np.array([0, 5, 7], dtype=np.int32),
            "multiple": stats.gamma(2.0, scale=np.float64(0.5)),
        }
    )
    assert program.spends().tolist() == [1.0, 2.0, 3.0]
    assert program.launch_months(12).tolist() == [0, 5, 7]
    assert isinstance(program.multiple, ScipyDistribution)
    assert type(program.campaigns) is int


def test_start_months() -> None:
    assert SalesTeam(**{**TEAM, "hires": 3}).start_months == (0, 0, 0)
    assert SalesTeam(**{**TEAM, "hires": [-2, 5]}).start_months == (-2, 5)


@pytest.mark.parametrize(("count", "horizon"), [(1, 24), (5, 24), (24, 24), (60, 24), (300, 7)])
def test_even_launches(count: int, horizon: int) -> None:
    program = CampaignProgram(**{**BETS, "campaigns": count})
    months = program.launch_months(horizon)
    assert months.tolist() == [i * horizon // count for i in range(count)]
    per_month = np.bincount(months, minlength=horizon)
    assert per_month.max() - per_month.min() <= 1
    assert CampaignProgram(**{**BETS, "launch": 4}).launch_months(12).tolist() == [4, 4, 4]
    with pytest.raises(ArgumentError, match="horizon: must be at least 1, got 0"):
        program.launch_months(0)


@pytest.mark.parametrize("shape", ["linear", "logistic", "gompertz"])
def test_ramp_rises_to_full_productivity(shape: str) -> None:
    months = 9
    ramp = Ramp(months=months, shape=shape, start=0.2)
    productivity = ramp.productivity(np.arange(200))
    assert np.all(np.diff(productivity) >= 0.0)
    assert 0.2 <= productivity[0] < 0.3
    assert productivity[months] > 0.99
    assert productivity[-1] == pytest.approx(1.0, abs=1e-12)
    # Tenure month 4 of 9 counts at its middle, which is half of the ramp.
    assert productivity[4] == pytest.approx(0.2 + 0.8 * 0.5, abs=1e-12)


@pytest.mark.parametrize("shape", ["logistic", "gompertz"])
def test_curved_ramp_is_almost_done_at_its_end(shape: str) -> None:
    # x = 1 in tenure month 0 of a ramp of half a month.
    assert Ramp(months=0.5, shape=shape).productivity([0])[0] == pytest.approx(0.99, abs=1e-12)


def test_ramp_without_months_and_with_a_curve() -> None:
    assert Ramp().productivity([0, 5]).tolist() == [1.0, 1.0]
    assert Ramp(curve=[0.1, 0.7]).productivity([0, 1, 9]).tolist() == [0.1, 0.7, 0.7]
    with pytest.raises(ArgumentError, match="tenure: must be at least 0, got -1"):
        Ramp().productivity([-1])


def test_channel_by_name() -> None:
    example = example_plan()
    assert example["paid social"] is example.channels[2]
    with pytest.raises(ArgumentError) as error:
        example["paid socal"]
    assert "channel: must be one of mid-market, enterprise, paid social, content, PR" in str(
        error.value
    )
    assert "(did you mean 'paid social'?)" in str(error.value)


def test_replace_checks_again() -> None:
    example = example_plan()
    assert example.replace(target=1).target == 1.0
    assert example.replace(target=None).target is None
    with pytest.raises(PlanError, match=r"channels\[0\].hires\[10\]: must be below the horizon"):
        example.replace(horizon=4)
    with pytest.raises(PlanError, match=r"SalesTeam\.quota: must be above 0, got -1"):
        example["enterprise"].replace(quota=-1)
    with pytest.raises(PlanError, match="did you mean 'horizon'"):
        example.replace(horizn=4)


def test_plan_is_frozen_and_travels() -> None:
    example = example_plan()
    with pytest.raises(ValueError, match="frozen"):
        example.horizon = 12  # type: ignore[misc]
    assert pickle.loads(pickle.dumps(example)) == example
    assert copy.deepcopy(example) == example


def test_plan_hash_is_a_property_of_the_plan() -> None:
    one = plan(TEAM, BETS)
    same = Plan(horizon=np.int64(12), channels=(SalesTeam(**TEAM), CampaignProgram(**BETS)))
    assert one == same
    assert one.plan_hash == same.plan_hash
    assert len(one.plan_hash) == 64
    assert one.plan_hash != one.replace(horizon=13).plan_hash
    assert one.plan_hash != plan(BETS, TEAM).plan_hash
    law = Lomax(tail_index=1.5, scale=np.nextafter(2.0, 3.0))
    assert one.plan_hash != plan(TEAM, {**BETS, "multiple": law}).plan_hash
    assert one.plan_hash != plan(TEAM, {**BETS, "multiple": Pareto(tail_index=1.5)}).plan_hash
