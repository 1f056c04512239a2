"""Staged programs as plans and results: rules, files, closed forms, and what is refused."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from scipy import integrate, stats

import gtmsim as gtm
from gtmsim.errors import ExactError, PlanError
from gtmsim.exact import exact_moments, largest_cdf, total_distribution
from gtmsim.plan import CampaignProgram, Plan, Staging
from gtmsim.rare import prob_exceeds
from tests.laws import expect_mean, expect_variance, rejects

STAGING = Staging(pilot_spend=1.0, pilot_months=2, threshold=3.0)
BETS = CampaignProgram(
    name="bets",
    campaigns=12,
    spend=10.0,
    launch=0,
    hit_rate=0.6,
    multiple=gtm.Pareto(tail_index=2.5),
    staging=STAGING,
)


def plan_of(horizon: int = 12, rates: float = 0.0, market: float = 0.0, **changes: Any) -> Plan:
    return Plan(
        horizon=horizon,
        channels=[BETS.replace(**changes)],
        discount_rate=rates,
        market_volatility=market,
    )


def simulate(plan: Plan, scenarios: int = 60_000) -> gtm.PortfolioResult:
    return gtm.simulate_portfolio(plan, scenarios=scenarios, rng=11)


# -- Rules --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"kill_share": 0.5}, "kill_share: must be left out with threshold, got 0.5"),
        ({"max_cost": 0.5}, "max_cost: must be left out with threshold, got 0.5"),
        (
            {"threshold": None, "kill_share": 0.5, "max_cost": 0.5},
            "max_cost: must be left out with kill_share",
        ),
        (
            {"threshold": None},
            r"max_cost: must be given, or threshold, or kill_share, got None \(kill_share = 0",
        ),
        ({"threshold": 0.0}, "threshold: must be above 0"),
        ({"threshold": None, "kill_share": 1.0}, "kill_share: must be below 1"),
        (
            {"threshold": None, "kill_share": 30},
            r"kill_share: must be at most 1, got 30 \(write 0.3",
        ),
        ({"pilot_spend": 0.0}, "pilot_spend: must be above 0"),
        ({"pilot_months": -1}, "pilot_months: must be at least 0"),
        ({"period": 0}, "period: must be at least 1"),
        ({"signal_noise": -0.1}, "signal_noise: must be at least 0"),
        ({"recycle": 1.5}, "recycle: must be at most 1"),
        ({"scale_elasticity": 0.0}, "scale_elasticity: must be above 0"),
        ({"scale_spend": 3.0}, "scale_spend: must be a key of Staging"),
    ],
)
def test_a_broken_rule_is_named(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(PlanError, match=message):
        STAGING.replace(**fields)


@pytest.mark.parametrize("spend", [1.0, (*(10.0,) * 11, 0.9)])
def test_a_pilot_costs_less_than_any_campaign(spend: Any) -> None:
    message = (
        "CampaignProgram.staging.pilot_spend: must be below the program's spend, (1|0.9), which"
    )
    with pytest.raises(PlanError, match=message):
        BETS.replace(spend=spend)


def test_a_review_takes_place_within_the_horizon() -> None:
    message = (
        r"channels\[0\].staging.pilot_months: must have a review below the horizon of 2 months: "
        r"the first is in 2, got 2 \(shorten it"
    )
    with pytest.raises(PlanError, match=message):
        plan_of(horizon=2)
    assert plan_of(horizon=3).horizon == 3


def test_a_share_kills_somebody_somewhere() -> None:
    rule = STAGING.replace(threshold=None, kill_share=0.5)
    message = (
        r"staging.kill_share: must be at least one of the 1 campaigns that are reviewed together, "
        r"got 0.5 \(raise it, or staging.period"
    )
    with pytest.raises(PlanError, match=message):
        plan_of(staging=rule, launch="even")
    assert plan_of(staging=rule.replace(period=2), launch="even").channels[0].units == 12


def test_a_broken_spend_or_rule_is_reported_alone() -> None:
    with pytest.raises(PlanError) as caught:
        CampaignProgram(
            name="bets",
            campaigns=2,
            spend=-1.0,
            multiple=BETS.multiple,
            staging={"pilot_spend": 1.0, "threshold": "high"},
        )
    paths = {problem.path for problem in caught.value.problems}
    assert paths == {"CampaignProgram.spend", "CampaignProgram.staging.threshold"}


def test_too_many_campaigns_are_refused() -> None:
    plan = plan_of(campaigns=20_001)
    with pytest.raises(
        PlanError, match=r"channels\[0\].campaigns: must be at most 20,000 with stag"
    ):
        simulate(plan, 100)
    versions = [BETS.replace(campaigns=12), BETS.replace(campaigns=12, staging=None)]
    result = gtm.simulate_portfolio(
        plan_of(), scenarios=1_000, rng=1, alternatives={"bets": versions}
    )
    assert len(np.unique(result.values("spend"))) > 2


# -- Files --------------------------------------------------------------------------------------


def test_round_trips() -> None:
    staging = Staging(
        pilot_spend=0.1, period=4, signal_noise=0.3, max_cost=2.0, scale_elasticity=0.7, recycle=0.9
    )
    plan = plan_of(staging=staging)
    assert Plan.from_toml_text(plan.to_toml()) == plan
    assert Plan.from_json_text(plan.to_json()) == plan
    assert "[channels.staging]\npilot_spend = 0.1\n" in plan.to_toml()
    assert plan.channels[0].staging == staging
    assert plan.plan_hash != plan_of().plan_hash


def test_the_schema_describes_it() -> None:
    schema = Plan.json_schema()["$defs"]["Staging"]
    assert set(schema["properties"]) == set(Staging.model_fields)
    assert schema["required"] == ["pilot_spend"]
    assert all("description" in field for field in schema["properties"].values())


# -- Closed forms --------------------------------------------------------------------------------


def moments(law: Any, cap: float, bar: float, noise: float, order: int) -> float:
    """E[min(X, cap)**order; min(X, cap) exp(noise Z) >= bar], integrated over the density of X."""

    def survives(x: float) -> float:
        if noise == 0.0:
            return float(x >= bar)
        return float(stats.norm.sf(math.log(bar / x) / noise))

    def integrand(u: float) -> float:
        x = math.exp(u)
        return x**order * survives(x) * float(law.pdf(x)) * x

    low, high = math.log(float(law.ppf(1e-12)) or 1e-9), math.log(min(cap, float(law.isf(1e-30))))
    points = [p for p in (math.log(bar),) if low < p < high]
    value, _ = integrate.quad(integrand, low, high, points=points, limit=400, epsrel=1e-10)
    return float(value) + (cap**order * survives(cap) * float(law.sf(cap)) if cap < 1e30 else 0.0)


LAWS = {
    "pareto": (gtm.Pareto(tail_index=2.5), stats.pareto(2.5), None),
    "lognormal": (gtm.LogNormal(median=1.0, sigma=1.0), stats.lognorm(1.0), 20.0),
}


@pytest.mark.parametrize("name", LAWS)
@pytest.mark.parametrize("noise", [0.0, 0.5])
def test_threshold_in_closed_form(name: str, noise: float) -> None:
    """12 pilots of 1 in month 0, and 9 for each survivor in month 2, whose value is 10 ** 0.8."""
    multiple, law, cap = LAWS[name]
    staging = STAGING.replace(signal_noise=noise, scale_elasticity=0.8)
    plan = plan_of(rates=0.2, market=0.3, multiple=multiple, cap=cap, staging=staging)
    limit = 1e40 if cap is None else cap
    survive = 0.6 * moments(law, limit, 3.0, noise, 0)
    best = 0.6 * moments(law, limit, 3.0, noise, 1)
    mean = 0.6 * moments(law, limit, 1e-12, 0.0, 1)
    later = 1.2 ** (-2.0 / 12.0)
    value = 12.0 * (mean + later * best * (10.0**0.8 - 1.0))
    spend = 12.0 * (1.0 + later * survive * 9.0)
    exact = exact_moments(plan).loc["bets"]
    assert exact["value_mean"] == pytest.approx(value, rel=1e-7)
    assert exact["spend_mean"] == pytest.approx(spend, rel=1e-7)
    variance = 12.0 * survive * (1.0 - survive) * (9.0 * later) ** 2
    assert exact["spend_sd"] == pytest.approx(math.sqrt(variance), rel=1e-7)
    result = simulate(plan)
    expect_mean(result.values("spend"), spend)
    expect_variance(result.values("spend"), variance)
    expect_mean(result.values("value"), value)
    wrong = exact_moments(
        plan_of(rates=0.2, staging=staging.replace(threshold=3.3), multiple=multiple)
    )
    rejects(expect_mean, result.values("spend"), float(wrong["spend_mean"]["bets"]))
    rejects(expect_mean, result.values("value"), value * 1.1)


RULES: dict[str, dict[str, Any]] = {
    "recycled": {"threshold": 3.0, "recycle": 0.6, "signal_noise": 0.4},
    "share": {"kill_share": 0.7},
    "share, recycled": {"kill_share": 0.5, "recycle": 1.0, "scale_elasticity": 0.7},
    "none": {"kill_share": 0.0, "signal_noise": 0.4},
    "cost": {"max_cost": 0.4, "signal_noise": 0.3},
    "cost, recycled": {"max_cost": 0.4, "recycle": 0.5},
}


@pytest.mark.parametrize("name", RULES)
def test_means_are_exact(name: str) -> None:
    staging = Staging(pilot_spend=1.0, pilot_months=2, period=6, **RULES[name])
    law = gtm.LogNormal(median=1.2, sigma=0.9)
    plan = plan_of(
        rates=0.1, market=0.2, multiple=law, cap=15.0, staging=staging, shared_luck=0.3,
        launch="even", half_life=2.0, overhead=0.5, incrementality=0.8,
    )  # fmt: skip
    result, exact = simulate(plan), exact_moments(plan).loc["bets"]
    for metric in ("value", "spend"):
        values, mean = result.values(metric), float(exact[f"{metric}_mean"])
        if values.std() > 1e-9 * mean:
            expect_mean(values, mean)
            rejects(expect_mean, values, mean + 8.0 * values.std() / math.sqrt(values.size))
        else:
            np.testing.assert_allclose(values, mean, rtol=1e-12)
    assert result.validate().passed


def test_deviation_of_value_is_exact_without_competition() -> None:
    plan = plan_of(
        multiple=gtm.LogNormal(median=1.0, sigma=0.8), cap=9.0, shared_luck=0.4, market=0.2
    )
    result = simulate(plan)
    expect_variance(result.values("value"), float(exact_moments(plan)["value_sd"]["bets"]) ** 2)


def test_a_bar_may_be_more_multiples_away_than_a_double_holds() -> None:
    law = gtm.Empirical(values=(2.3e-308, 6.0))
    staging = STAGING.replace(threshold=5.0, signal_noise=0.5)
    spend = exact_moments(plan_of(multiple=law, staging=staging))["spend_mean"]["bets"]
    survive = 0.6 * 0.5 * float(stats.norm.cdf(math.log(6.0 / 5.0) / 0.5))
    assert spend == pytest.approx(12.0 * (1.0 + 9.0 * survive), rel=1e-9)


def test_what_has_no_closed_form_is_not_known() -> None:
    noisy = STAGING.replace(threshold=None, kill_share=0.5, signal_noise=0.5)
    unequal = STAGING.replace(recycle=0.5)
    spends = tuple(5.0 + i for i in range(12))
    for changes in ({"staging": noisy}, {"staging": unequal, "spend": spends}):
        plan = plan_of(**changes)
        assert math.isnan(exact_moments(plan)["value_mean"]["bets"])
        result = simulate(plan, 4_000)
        assert result.validate().passed
        assert any("bets" in line for line in result.validate().skipped)
    infinite = plan_of(multiple=gtm.Pareto(tail_index=0.9))
    assert exact_moments(infinite)["value_mean"]["bets"] == math.inf
    heavy = plan_of(multiple=gtm.Pareto(tail_index=1.5), staging=noisy)
    result = simulate(heavy, 2_000)
    assert "bets: the mean has no closed form" in repr(result)
    assert result.interval("mean").method == "power-law tail"


def test_validation_rejects_another_staging() -> None:
    plan = plan_of()
    result = simulate(plan)
    assert result.validate().passed
    wrong = plan_of(staging=STAGING.replace(threshold=2.7))
    object.__setattr__(result, "plan", wrong)
    for name in ("exact", "_validation"):
        result.__dict__.pop(name, None)
    assert not result.validate().passed


# -- Refused ------------------------------------------------------------------------------------


def test_exact_laws_and_rare_events_are_refused() -> None:
    plan = plan_of()
    message = "staging: must not be staged: its campaigns are no sum of independent terms"
    for ask in (
        lambda: largest_cdf(plan, 5.0, "bets"),
        lambda: total_distribution(plan, "bets"),
        lambda: prob_exceeds(plan, 500.0),
    ):
        with pytest.raises(ExactError, match=message):
            ask()


def test_a_staged_program_may_feed_a_team() -> None:
    team = gtm.SalesTeam(name="reps", hires=1, quota=600.0, loaded_cost=100.0, pipeline=0.0)
    plan = Plan(horizon=12, channels=[team, BETS.replace(feeds="reps")])
    alone = simulate(plan_of(), 256)
    fed = simulate(plan, 256)
    assert (fed.values("value", "bets") == 0.0).all()
    np.testing.assert_array_equal(fed.values("spend", "bets"), alone.values("spend"))
    assert (fed.values("value", "reps") <= alone.values("value") * (1.0 + 1e-9)).all()
    assert (fed.values("value", "reps") > 0.0).any()
    exact = exact_moments(plan).loc["bets"]
    assert exact["value_mean"] == 0.0
    assert exact["spend_mean"] == exact_moments(plan_of())["spend_mean"]["bets"]
