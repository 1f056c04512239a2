"""Where pipeline binds: closed forms, paired differences, and the words for them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest

import gtmsim as gtm
from gtmsim.core._types import Floats
from gtmsim.decide import pipeline
from gtmsim.decide.coupling import LeadsBind, where_leads_bind
from gtmsim.errors import ArgumentError, ArgumentTypeError
from gtmsim.execute import Crew
from gtmsim.plan import CampaignProgram, Plan, SalesTeam, Staging
from tests.laws import expect_mean, rejects
from tests.reference import simulate_reference

REPS = SalesTeam(name="reps", hires=4, quota=600.0, loaded_cost=250.0, pipeline=1_500.0)
TEAM = SalesTeam(
    name="reps",
    hires=(-3, 0, 0, 2),
    quota=800_000,
    margin=0.8,
    loaded_cost=200_000,
    ramp=3.0,
    skill_cv=0.4,
    luck_cv=0.3,
    attrition=0.2,
    backfill_months=1,
    pipeline=900_000,
)
ADS = CampaignProgram(
    name="ads",
    campaigns=24,
    spend=8_000,
    hit_rate=0.5,
    multiple=gtm.Pareto(tail_index=0.9, minimum=1.0),
    half_life=2.0,
    feeds="reps",
)
PLAN = Plan(horizon=12, channels=[ADS, TEAM], market_volatility=0.1, discount_rate=0.1)


def steady(**fields: Any) -> Plan:
    return Plan(horizon=12, channels=[REPS.replace(**fields)])


def estimates(table: pd.DataFrame, figure: str) -> list[float]:
    return [round(x, 6) for x in table[figure, "estimate"].tolist()]


# -- Closed forms -----------------------------------------------------------------------------


def test_equal_reps_without_luck() -> None:
    """They close 600 each until 1,500 are closed, and cost 250."""
    found = where_leads_bind(steady(), "reps", range(1, 6), scenarios=1_000, rng=1)
    table = found.hires
    assert table.index.name == "hires"
    assert estimates(table, "value_mean") == [600.0, 1_200.0, 1_500.0, 1_500.0, 1_500.0]
    assert estimates(table, "value_p50") == estimates(table, "value_mean")
    assert estimates(table, "next_rep") == [350.0, 50.0, -250.0, -250.0, -250.0]
    assert estimates(table, "short") == [0.0, 0.0, 1.0, 1.0, 1.0]
    assert estimates(table, "lost") == [0.6, 0.2, 0.0, 0.0, 0.0]
    assert estimates(table, "idle") == [0.0, 0.0, 0.166667, 0.375, 0.5]
    assert (found.stops_at, found.planned, found.campaigns, found.unbinds_at) == (3, 4, None, None)
    assert found.next_rep is not None
    assert found.next_rep.low == pytest.approx(found.next_rep.high) == pytest.approx(-250.0)
    assert found.ample is not None
    assert found.ample.estimate == pytest.approx(350.0)
    assert found.verdict == (
        "From 3 reps of 'reps' on the next one stops paying: it brings -250 USD net of its cost "
        "(95 %: -250 to -250); pipeline falls short in 100% of months, and with enough of it that "
        "rep would bring 350."
    )


def test_where_more_campaigns_let_another_rep_pay() -> None:
    """Each campaign brings 60, and a rep that costs 250 needs 250 more than 4 reps close."""
    ads = CampaignProgram(
        name="ads",
        campaigns=12,
        spend=30.0,
        multiple=gtm.Empirical(values=(2.0,)),
        feeds="reps",
    )
    plan = steady(pipeline=1_200.0).replace(channels=[REPS.replace(pipeline=1_200.0), ads])
    counts = (12, 24, 36)
    found = where_leads_bind(plan, "reps", (3, 4), campaigns=counts, scenarios=1_000, rng=1)
    assert (found.program, found.campaigns_planned) == ("ads", 12)
    table = found.campaigns
    assert table is not None
    assert table.index.name == "campaigns"
    # 1,200 + 720, + 1,440 and + 2,160 of pipeline, and capacity of 2,400.
    assert estimates(table, "value_mean") == [1_920.0, 2_400.0, 2_400.0]
    assert estimates(table, "next_rep") == [-250.0, -10.0, 350.0]
    each = table["next_campaign", "estimate"].tolist()
    assert each[:2] == pytest.approx([480.0 / 12.0 - 30.0, -30.0])
    assert math.isnan(each[2])
    assert found.unbinds_at == 36
    assert found.stops_at == 3
    assert found.verdict.endswith(
        "rep would bring 350; after the 4 reps planned one more pays from 36 campaigns of 'ads' "
        "(12 planned) on."
    )
    few = where_leads_bind(plan, "reps", (3,), campaigns=(1, 24), scenarios=1_000, rng=1)
    assert few.unbinds_at is None
    assert few.verdict.endswith(
        "after the 4 reps planned one more does not pay with up to 24 campaigns of 'ads' "
        "(12 planned)."
    )


def test_reps_that_pay_and_reps_that_never_do() -> None:
    found = where_leads_bind(steady(pipeline=1e6), "reps", (1, 2), scenarios=1_000, rng=1)
    assert found.verdict == "Each rep of 'reps' up to the 3rd pays for itself."
    assert (found.stops_at, found.next_rep, found.ample) == (None, None, None)
    dear = where_leads_bind(steady(loaded_cost=700.0), "reps", (1, 2), scenarios=1_000, rng=1)
    assert dear.stops_at == 1
    assert dear.verdict == (
        "From 1 rep of 'reps' on the next one stops paying: it brings -100 USD net of its cost "
        "(95 %: -100 to -100); with all the pipeline it could close that rep would bring -100."
    )
    names = [pipeline_ordinal(n) for n in (1, 2, 3, 4, 11, 12, 13, 21, 112, 1_001)]
    assert names == [
        *("1st", "2nd", "3rd", "4th", "11th", "12th", "13th", "21st", "112th", "1,001st")
    ]


def pipeline_ordinal(n: int) -> str:
    found = where_leads_bind(steady(pipeline=1e6), "reps", (1,), scenarios=1_000, rng=1)
    index = pd.Index([n - 1], name="hires")
    return str(
        LeadsBind(**{**vars(found), "hires": found.hires.set_axis(index)}).verdict.split()[-4]
    )


# -- With luck ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def found() -> LeadsBind:
    return where_leads_bind(
        PLAN, "reps", (1, 3, 4, 8), campaigns=(12, 24, 96), scenarios=10_000, rng=3
    )


def net(plan: Plan, scenarios: int, channel: str) -> Floats:
    result = gtm.simulate_portfolio(plan, scenarios=scenarios, rng=3)
    return np.asarray(result.values("net", channel))


@pytest.mark.parametrize("reps", [1, 3, 4, 8])
def test_the_next_rep_is_the_paired_difference_of_two_simulations(
    found: LeadsBind, reps: int
) -> None:
    def of(hires: int) -> Floats:
        starts = (*TEAM.start_months, *[0] * 5)[:hires]
        team = TEAM.replace(hires=starts)
        return net(PLAN.replace(channels=[ADS, team]), 10_000, "portfolio")

    gain = of(reps + 1) - of(reps)
    row = found.hires.loc[reps, "next_rep"]
    assert row["estimate"] == pytest.approx(gain.mean(), rel=1e-9)
    error = 1.96 * gain.std() / 100.0
    assert row["high"] - row["low"] == pytest.approx(2.0 * error, rel=0.05)
    unpaired = 2.0 * 1.96 * math.hypot(of(reps + 1).std(), of(reps).std()) / 100.0
    assert row["high"] - row["low"] < unpaired


def test_value_is_that_of_the_simulation_and_shares_are_those_of_the_oracle(
    found: LeadsBind,
) -> None:
    result = gtm.simulate_portfolio(PLAN, scenarios=10_000, rng=3)
    value = result.interval("value_mean", "reps")
    row = found.hires.loc[4]
    assert row["value_mean", "estimate"] == pytest.approx(value.estimate, rel=1e-9)
    assert row["value_p50", "estimate"] == pytest.approx(result.quantile(0.5, "value", "reps"))
    truth = simulate_reference(PLAN, 2_000, 9)["reps"]
    closed = truth_closed(truth)
    shares = {
        "short": np.array(truth["short"]) / 12.0,
        "lost": np.array(truth["lost"]) / (closed + np.array(truth["lost"])),
        "idle": np.array(truth["idle"]) / (closed + np.array(truth["idle"])),
    }
    for name, share in shares.items():
        mean = row[name, "estimate"]
        assert row[name, "low"] < mean < row[name, "high"]
        expect_mean(share, mean)
        rejects(expect_mean, share, 1.3 * mean)


def truth_closed(truth: dict[str, Any]) -> Floats:
    """A team that books what it closes is worth what it has closed."""
    return np.array(truth["value"])


def test_a_rep_more_brings_less_and_costs_as_much_as_leads_bind(found: LeadsBind) -> None:
    gains = found.hires["next_rep", "estimate"]
    assert gains.is_monotonic_decreasing
    assert found.hires["short", "estimate"].is_monotonic_increasing
    assert found.hires["idle", "estimate"].is_monotonic_increasing
    assert found.hires["lost", "estimate"].is_monotonic_decreasing
    crowd = where_leads_bind(PLAN, "reps", (200,), campaigns=(24,), scenarios=1_000, rng=3)
    lab = pipeline.Lab(PLAN, "reps", 1_000, 3, Crew(1), 0.95)
    cost = lab.outcome(pipeline.with_hires(TEAM, 201)).spend
    cost -= lab.outcome(pipeline.with_hires(TEAM, 200)).spend
    gain = crowd.hires["next_rep", "estimate"][200]
    assert -cost.mean() < gain < -0.99 * cost.mean()
    more = found.campaigns
    assert more is not None
    assert more["next_rep", "estimate"].is_monotonic_increasing
    assert more["idle", "estimate"].is_monotonic_decreasing
    assert more["value_mean", "estimate"].is_monotonic_increasing
    assert more.loc[24, "next_rep"].tolist() == found.hires.loc[4, "next_rep"].tolist()


def test_where_it_stops_is_judged_on_fresh_numbers(found: LeadsBind) -> None:
    assert found.stops_at == 3
    assert found.next_rep is not None
    assert found.next_rep.estimate != found.hires["next_rep", "estimate"][3]
    assert found.next_rep.low < found.hires["next_rep", "high"][3]
    assert found.next_rep.high > found.hires["next_rep", "low"][3]
    assert found.ample is not None
    assert found.ample.low > 0.0
    assert "stops paying" in found.verdict


def test_the_same_bits_whatever_else_is_planned() -> None:
    arguments: dict[str, Any] = {"hires": (2, 5), "campaigns": (9,), "scenarios": 3_000, "rng": 3}
    one = where_leads_bind(PLAN, "reps", workers=1, **arguments)
    bets = ADS.replace(name="bets", feeds=None)
    for plan, workers in (
        (PLAN, 3),
        (PLAN.replace(channels=[bets, TEAM.replace(name="others"), TEAM, ADS]), 2),
    ):
        other = where_leads_bind(plan, "reps", workers=workers, **arguments)
        pd.testing.assert_frame_equal(one.hires, other.hires, rtol=1e-12)
        assert one.campaigns is not None
        assert other.campaigns is not None
        pd.testing.assert_frame_equal(one.campaigns, other.campaigns, rtol=1e-12)
    luck = where_leads_bind(PLAN, "reps", workers=1, **(arguments | {"rng": 4}))
    assert not one.hires.equals(luck.hires)
    again = where_leads_bind(PLAN, "reps", workers=1, **(arguments | {"rng": luck.seed}))
    pd.testing.assert_frame_equal(luck.hires, again.hires, rtol=0.0)


def test_a_mean_that_few_scenarios_decide_has_no_interval() -> None:
    rare = ADS.replace(hit_rate=1e-4)
    plan = PLAN.replace(channels=[rare, TEAM.replace(pipeline=0.0)])
    found = where_leads_bind(plan, "reps", (1,), campaigns=(24,), scenarios=1_000, rng=3)
    row = found.hires.loc[1, "next_rep"]
    assert math.isfinite(row["estimate"])
    if math.isnan(row["low"]):
        assert "too few of 1,000 scenarios decide it" in found.verdict
    value = found.hires.loc[1, "value_mean"]
    assert math.isnan(value["low"])
    assert "may stop paying" in found.verdict or "stops paying" in found.verdict


# -- Defaults and words ---------------------------------------------------------------------------


def test_by_default_twice_the_team_and_four_times_the_campaigns() -> None:
    found = where_leads_bind(PLAN, "reps", scenarios=1_000, rng=1)
    assert found.hires.index.tolist() == [1, 2, 3, 4, 5, 6, 7, 8]
    assert found.campaigns is not None
    assert found.campaigns.index.tolist() == [12, 24, 36, 48, 72, 96]
    text = repr(found)
    assert " ".join(text.split()).startswith(found.verdict)
    assert "value_p50" in text
    assert "%" in text
    assert "next_campaign" in text
    alone = where_leads_bind(steady(), "reps", scenarios=1_000, rng=1)
    assert "campaign" not in repr(alone)
    uneven = PLAN.replace(channels=[ADS.replace(campaigns=2, spend=(1.0, 2.0)), TEAM])
    assert where_leads_bind(uneven, "reps", (1,), scenarios=1_000, rng=1).campaigns is None


def test_a_staged_program_and_one_of_several_is_varied() -> None:
    staged = ADS.replace(name="staged", staging=Staging(pilot_spend=1_000, threshold=2.0))
    plan = PLAN.replace(channels=[ADS, staged, TEAM])
    found = where_leads_bind(
        plan, "reps", (2,), program="staged", campaigns=(24, 48), scenarios=1_000, rng=1
    )
    assert found.program == "staged"
    assert found.campaigns is not None
    assert found.campaigns["value_mean", "estimate"].is_monotonic_increasing
    first = where_leads_bind(plan, "reps", (2,), campaigns=(24,), scenarios=1_000, rng=1)
    assert first.program == "ads"


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (
            {"team": "ads"},
            ArgumentError,
            r"team: must be a team with a pipeline: reps, got 'ads' \(give the team a pipeline,"
            r" the bookings that it closes to per year without programs\)",
        ),
        ({"team": "rep"}, ArgumentError, r"channel: must be one of ads, reps, got 'rep'"),
        ({"hires": ()}, ArgumentError, r"hires: must have at least one number, got \(\)"),
        (
            {"hires": "4"},
            ArgumentTypeError,
            r"hires: must be a sequence of whole numbers, got '4' \(write \[4, 8\]\)",
        ),
        ({"hires": 4}, ArgumentTypeError, "hires: must be a sequence of whole numbers, got 4"),
        (
            {"hires": (2, 0)},
            ArgumentError,
            r"hires\[1\]: must be at least 1 and at most 99999, got 0",
        ),
        ({"hires": (100_000,)}, ArgumentError, r"hires\[0\]: must be .*99,?999, got 100000"),
        ({"hires": (2.5,)}, ArgumentTypeError, r"hires\[0\]: must be a whole number, got 2.5"),
        (
            {"campaigns": (0,)},
            ArgumentError,
            r"campaigns\[0\]: must be at least 1 and at most .*, got 0",
        ),
        (
            {"program": "fairs"},
            ArgumentError,
            r"program: must be a program that feeds 'reps': ads, got 'fairs'"
            r" \(set its feeds to 'reps'\)",
        ),
        ({"scenarios": 999}, ArgumentError, "scenarios: must be at least 1000 .*, got 999"),
        ({"level": 1.0}, ArgumentError, "level: must be"),
        ({"workers": 0}, ArgumentError, "workers: must be"),
    ],
)
def test_bad_arguments(arguments: dict[str, Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        where_leads_bind(PLAN, **({"team": "reps", "hires": (1,)} | arguments))


def test_a_team_that_is_never_short_and_programs_that_cannot_be_varied() -> None:
    with pytest.raises(ArgumentError, match="must be a team with a pipeline: the plan has none"):
        where_leads_bind(steady(pipeline=None), "reps")
    with pytest.raises(ArgumentError, match="must be a program that feeds 'reps': the plan has no"):
        where_leads_bind(steady(), "reps", campaigns=(1,))
    for field, value in (("spend", (1.0, 2.0)), ("launch", (0, 1))):
        ads = ADS.replace(campaigns=2, **{field: value})
        rule = f"must have one {field} for all campaigns, for their number to be varied, got 'ads'"
        with pytest.raises(ArgumentError, match=rule):
            where_leads_bind(PLAN.replace(channels=[ads, TEAM]), "reps", program="ads")
