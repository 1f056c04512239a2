"""What is said of programs that feed a team: rules, files, tails, exact laws and alternatives."""

from __future__ import annotations

import json
import math
from typing import Any

import jsonschema
import numpy as np
import pytest

import gtmsim as gtm
from gtmsim.errors import ArgumentError, ExactError, MetricError, PlanError
from gtmsim.exact import exact_moments, largest_cdf, total_distribution
from gtmsim.plan import CampaignProgram, Plan, SalesTeam
from gtmsim.tails import tail_contract
from tests.laws import expect_mean, expected_sales, rejects
from tests.test_coupling import ADS, FAIRS, PLANS, TEAM, coupled, run, same

# -- Rules ----------------------------------------------------------------------------------------

CANNOT = "channels[1].feeds: must name a team"


@pytest.mark.parametrize(
    ("channels", "message"),
    [
        ((FAIRS, ADS), f"{CANNOT} of the plan: it has none, got 'reps'"),
        (
            (TEAM, ADS.replace(feeds="rep")),
            f"{CANNOT} of the plan: reps, got 'rep' (did you mean 'reps'?)",
        ),
        ((TEAM, ADS.replace(feeds="ads")), f"{CANNOT} of the plan: reps, got 'ads'"),
        (
            (TEAM, ADS.replace(feeds="fairs"), FAIRS.replace(feeds="ads")),
            f"{CANNOT} of the plan: reps, got 'fairs'\n"
            "channels[2].feeds: must name a team of the plan: reps, got 'ads'",
        ),
        (
            (TEAM.replace(pipeline=None), ADS),
            f"{CANNOT} with a pipeline, for any other is never short of it, got 'reps'"
            " (give the team a pipeline, 0 if it has none of its own)",
        ),
        # A team that is broken itself is a team.
        (
            ({"kind": "sales", "name": "reps", "hires": 0, "quota": 1, "loaded_cost": 1}, ADS),
            "channels[0].hires: must be at least 1, got 0",
        ),
    ],
)
def test_only_a_team_with_a_pipeline_is_fed(channels: tuple[Any, ...], message: str) -> None:
    with pytest.raises(PlanError) as error:
        Plan(horizon=15, channels=channels)
    assert str(error.value) == message
    with pytest.raises(PlanError) as error:
        coupled().replace(channels=channels)
    assert str(error.value) == message


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("pipeline", -1.0, "SalesTeam.pipeline: must be at least 0, got -1.0"),
        ("pipeline", 1e16, "SalesTeam.pipeline: must be at most 1e+15, got 1e+16"),
        ("pipeline", "all", "SalesTeam.pipeline: must be a number, got 'all'"),
        ("pipeline", math.inf, "SalesTeam.pipeline: must be finite, got inf"),
        ("feeds", "", "CampaignProgram.feeds: must not be blank, got ''"),
        ("feeds", 3, "CampaignProgram.feeds: must be text, got 3"),
        ("feeds", "portfolio", "CampaignProgram.feeds: must not be 'portfolio', which stands for"),
    ],
)
def test_rules_of_the_fields(field: str, value: Any, message: str) -> None:
    channel = TEAM if field == "pipeline" else ADS
    with pytest.raises(PlanError) as error:
        channel.replace(**{field: value})
    assert str(error.value).startswith(message)


# -- Files ----------------------------------------------------------------------------------------


def test_a_fed_plan_is_written_and_read() -> None:
    for plan in PLANS.values():
        assert Plan.from_toml_text(plan.to_toml()) == plan
        assert Plan.from_json_text(plan.to_json()) == plan
        validator = jsonschema.Draft202012Validator(Plan.json_schema())
        data = json.loads(plan.to_json())
        assert validator.is_valid(data)
        team = next(channel for channel in data["channels"] if channel["kind"] == "sales")
        team["pipeline"] = -1
        assert not validator.is_valid(data)
    text = coupled().to_toml()
    assert 'feeds = "reps"' in text
    assert "pipeline = 800000.0" in text


def test_a_plan_without_coupling_is_written_as_before() -> None:
    plain = coupled({"pipeline": None}, {"feeds": None})
    assert "pipeline" not in plain.to_toml()
    assert "feeds" not in plain.to_json()
    hashes = {plan.plan_hash for plan in (plain, coupled({}, {"feeds": None}), coupled())}
    assert len(hashes) == 3


# -- Tails ----------------------------------------------------------------------------------------


def tails(plan: Plan) -> dict[str, str]:
    column: dict[str, str] = tail_contract(plan)["tail"].to_dict()
    return column


def test_a_fed_team_has_no_heavier_tail_than_its_reps() -> None:
    heavy = coupled(None, {"multiple": gtm.Pareto(tail_index=0.7)})
    contract = tail_contract(heavy)
    assert contract["tail"].to_dict() == {
        "fairs": "subexponential",
        "reps": "subexponential",
        "ads": "bounded",
        "portfolio": "subexponential",
    }
    assert contract["mean_exists"].all()
    alone = tail_contract(heavy.replace(channels=[heavy["ads"].replace(feeds=None)]))
    assert not alone["mean_exists"].any()


@pytest.mark.parametrize(
    ("team", "ads", "volatility", "tail"),
    [
        ({"skill_cv": 0.0}, {}, 0.0, "bounded"),
        ({"skill_cv": 0.0}, {}, 0.2, "subexponential"),
        ({}, {"cap": 9.0}, 0.0, "bounded"),
        ({}, {"cap": 9.0, "shared_luck": 0.2}, 0.0, "subexponential"),
        ({}, {"cap": 9.0}, 0.2, "subexponential"),
        # The market moves the program and its own pipeline, and there is neither of them.
        ({"pipeline": 0.0}, {"cap": 9.0, "market_loading": 0.0}, 0.2, "bounded"),
        ({}, {"feeds": None}, 0.0, "bounded"),
        ({}, {"feeds": None}, 0.2, "subexponential"),
        ({"pipeline": None}, {"feeds": None}, 0.0, "subexponential"),
    ],
)
def test_a_team_is_bounded_where_capacity_or_pipeline_is(
    team: dict[str, Any], ads: dict[str, Any], volatility: float, tail: str
) -> None:
    assert tails(coupled(team, ads).replace(market_volatility=volatility))["reps"] == tail


def test_the_tail_of_versions_is_that_of_the_heaviest() -> None:
    plan = coupled(None, {"cap": 9.0})
    for program, tail in ((plan["ads"], "bounded"), (ADS, "subexponential")):
        versions = {"ads": [plan["ads"], program]}
        assert tail_contract(plan, versions)["tail"]["reps"] == tail
    luckless = plan["reps"].replace(skill_cv=0.0, pipeline=0.0)
    assert tail_contract(plan, {"reps": [plan["reps"], luckless]})["tail"]["reps"] == "bounded"


# -- Exact laws -----------------------------------------------------------------------------------


def test_exact_moments_are_those_that_are_left() -> None:
    plan = PLANS["everything"]
    moments = exact_moments(plan)
    for name in ("reps", "portfolio"):
        assert moments.loc[name, ["value_mean", "value_sd", "net_mean"]].isna().all()
    assert moments.loc["ads", ["value_mean", "value_sd"]].tolist() == [0.0, 0.0]
    assert moments["hits_mean"]["ads"] == pytest.approx(8.0)
    assert moments["net_mean"]["ads"] == -moments["spend_mean"]["ads"]
    result = run(plan)
    spend = expected_sales(plan["reps"].replace(returns_to_scale=1.0), 15, 0.2).spend
    assert moments["spend_mean"]["reps"] == pytest.approx(spend, rel=1e-12)
    expect_mean(result.values("spend", "reps"), spend)
    rejects(expect_mean, result.values("spend", "reps"), 1.1 * spend)


def test_a_heavy_channel_beside_a_fed_team_leaves_no_exact_mean() -> None:
    bets = FAIRS.replace(multiple=gtm.Pareto(tail_index=1.5))
    result = run(coupled().replace(channels=(bets, TEAM, ADS)))
    summary = result.summary(intervals=True)
    assert math.isnan(summary["value_mean", "estimate"]["portfolio"])
    assert math.isfinite(summary["value_mean", "estimate"]["reps"])
    rule = "must be a mean that is known, and a team short of pipeline has none in closed form"
    with pytest.raises(MetricError, match=rule):
        result.interval("value_mean")
    assert result.interval("value_mean", "reps").method == "normal"
    few = run(coupled({"skill_cv": 2.0, "pipeline": 1e9}), 500)
    mean = few.summary(intervals=True)["value_mean"]
    assert mean["low"]["reps"] < mean["estimate"]["reps"] < mean["high"]["reps"]


def test_a_program_that_feeds_has_nothing_of_its_own() -> None:
    plan = coupled()
    assert total_distribution(plan, "ads").cdf(0.0) == 1.0
    assert largest_cdf(plan, 0.0, "ads") == 1.0
    rare = gtm.prob_exceeds(plan, 1.0, channel="ads", rng=1)
    assert (rare.probability, rare.standard_error) == (0.0, 0.0)
    unfed = coupled(None, {"feeds": None})
    assert total_distribution(unfed, "ads").cdf(0.0) < 0.1
    with pytest.raises(ExactError, match="must be made of programs only"):
        total_distribution(plan)


@pytest.mark.parametrize("channel", ["reps", "portfolio"])
def test_rare_events_of_a_fed_team_are_refused(channel: str) -> None:
    rule = (
        r"channel: must not have a team that programs feed: its value hangs on theirs, got 'reps'"
        r" \(use simulate_portfolio and prob_at_least\)"
    )
    for estimate in (gtm.prob_exceeds, gtm.tail_quantile):
        with pytest.raises(ExactError, match=rule):
            estimate(coupled(), 0.5, channel=channel)


def test_rare_events_of_a_team_with_its_own_pipeline_alone() -> None:
    plan = Plan(horizon=15, channels=[TEAM, FAIRS], market_volatility=0.3)
    values = run(plan, 50_000).values("value")
    x = float(np.quantile(values, 0.98))
    rare = gtm.prob_exceeds(plan, x, rng=1)
    error = math.hypot(rare.standard_error, math.sqrt(0.02 * 0.98 / values.size))
    assert abs(rare.probability - 0.02) < 5.0 * error
    ample = plan.replace(channels=[TEAM.replace(pipeline=None), FAIRS])
    assert abs(gtm.prob_exceeds(ample, x, rng=1).probability - 0.02) > 10.0 * error


def test_validation_says_what_it_leaves_out() -> None:
    validation = run(PLANS["everything"], 5_000).validate()
    assert validation.passed
    assert "value of reps: short of pipeline it has no closed form" in validation.skipped
    assert "value of portfolio: short of pipeline it has no closed form" in validation.skipped
    checked = set(zip(validation.table["channel"], validation.table["check"], strict=True))
    assert {("reps", "mean spend"), ("ads", "mean hits"), ("ads", "mean value")} <= checked
    assert ("reps", "mean value") not in checked
    assert ("fairs", "P(value below its P50)") in checked


def test_validation_sees_value_where_there_must_be_none() -> None:
    result = run(coupled())
    brings = run(coupled(None, {"feeds": None}))
    wrong = type(result)(result.plan, 5, {}, brings.distributions, brings.kept)
    assert not wrong.validate().passed


def test_a_program_without_value_is_valid() -> None:
    plan = Plan(horizon=15, channels=[FAIRS.replace(incrementality=0.0)])
    assert run(plan).validate().passed


# -- Alternatives ---------------------------------------------------------------------------------


def test_versions_of_a_fed_team_and_its_program() -> None:
    plan = coupled()
    ads = [plan["ads"].replace(hit_rate=rate) for rate in (0.1, 0.9)]
    teams = [plan["reps"].replace(pipeline=pipeline) for pipeline in (0.0, 600_000)]

    def simulated(scenarios: int, **versions: Any) -> gtm.PortfolioResult:
        return gtm.simulate_portfolio(plan, scenarios=scenarios, rng=5, alternatives=versions)

    result = simulated(3_000, ads=ads, reps=teams)
    for place in range(3_000 // 128):
        own = slice(128 * place, 128 * (place + 1))
        value = result.values("value", "reps")[own]
        matches = 0
        for program in ads:
            for team in teams:
                one = simulated(3_000, ads=[program], reps=[team])
                matches += np.array_equal(one.values("value", "reps")[own], value)
        assert matches == 1
        if place == 2:
            break
    assert same(simulated(500, ads=[ADS], reps=[TEAM]), run(plan), "reps")
    exact = result.exact
    assert exact["hits_mean"]["ads"] == pytest.approx(10.0)
    assert exact["value_mean"]["ads"] == 0.0
    assert math.isnan(exact["value_mean"]["reps"])
    assert result.units["value"].groupby(result.units["channel"]).sum()["ads"] == 0.0
    table = result.summary(intervals=True)
    assert math.isnan(table["top_share", "estimate"]["ads"])
    assert table["value_p50", "low"]["reps"] < table["value_p50", "high"]["reps"]
    with pytest.raises(MetricError, match="must exist in some scenario, and ads never has a value"):
        result.interval("top_share_p50", "ads")


@pytest.mark.parametrize(
    ("name", "version", "message"),
    [
        (
            "ads",
            ADS.replace(feeds=None),
            r"alternatives\['ads'\]\[0\].feeds: must be 'reps', as in the plan, got None"
            r" \(use version.replace\(feeds=...\)\)",
        ),
        (
            "fairs",
            FAIRS.replace(feeds="reps"),
            r"alternatives\['fairs'\]\[0\].feeds: must be None, as in the plan, got 'reps'",
        ),
        (
            "reps",
            TEAM.replace(pipeline=None),
            r"alternatives\['reps'\]\[0\].pipeline: must be given, as in the plan, got None"
            r" \(use version.replace\(pipeline=...\)\)",
        ),
        (
            "ads",
            ADS.replace(lag=15),
            r"alternatives\['ads'\]\[0\].lag: must be below the horizon of 15 months, got 15",
        ),
    ],
)
def test_versions_are_coupled_as_the_plan_is(
    name: str, version: SalesTeam | CampaignProgram, message: str
) -> None:
    with pytest.raises(ArgumentError, match=message):
        gtm.simulate_portfolio(coupled(), scenarios=128, rng=1, alternatives={name: [version]})
    plain = coupled({"pipeline": None}, {"feeds": None})
    with pytest.raises(ArgumentError, match="pipeline: must be left out, as in the plan, got 800"):
        gtm.simulate_portfolio(plain, scenarios=128, rng=1, alternatives={"reps": [TEAM]})
