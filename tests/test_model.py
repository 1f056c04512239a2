"""The kernels against the plain-Python oracle and closed forms, feature by feature."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import stats

import gtmsim as gtm
from gtmsim.plan import CampaignProgram, Plan, Ramp, SalesTeam
from tests.laws import (
    expect_mean,
    expect_same_mean,
    expect_same_quantiles,
    expect_variance,
    expected_sales,
    program_moments,
    rejects,
)
from tests.reference import simulate_reference

ORACLE = 4_000
KERNEL = 40_000
SEED = 2024
PROBS = (0.1, 0.25, 0.5, 0.75, 0.9)

TEAM = SalesTeam(name="reps", hires=(-4, 0, 0, 5), quota=600_000, loaded_cost=200_000, skill_cv=0.3)
PROGRAM = CampaignProgram(
    name="bets",
    campaigns=25,
    spend=10_000,
    multiple=gtm.LogNormal(median=1.5, sigma=0.8),
    hit_rate=0.4,
)


def team_plan(**changes: Any) -> Plan:
    return Plan(horizon=15, channels=(TEAM.replace(**changes),))


def program_plan(**changes: Any) -> Plan:
    return Plan(horizon=15, channels=(PROGRAM.replace(**changes),))


PLANS = {
    "team": team_plan(),
    "margin and hiring cost": team_plan(margin=0.8, hiring_cost=30_000),
    "linear ramp": team_plan(ramp=Ramp(months=5.5, start=0.1)),
    "logistic ramp": team_plan(ramp=Ramp(months=6, shape="logistic")),
    "ramp curve": team_plan(ramp=Ramp(curve=(0.0, 0.2, 0.7, 1.0))),
    "luck": team_plan(luck_cv=0.4),
    "attrition": team_plan(attrition=0.4),
    "backfill": team_plan(attrition=0.5, backfill_months=2, hiring_cost=30_000),
    "immediate backfill": team_plan(attrition=0.7, backfill_months=0, ramp=Ramp(months=3)),
    "returns to scale": team_plan(attrition=0.4, returns_to_scale=0.8),
    "recurring": team_plan(recognition="recurring", annual_churn=0.15),
    "program": program_plan(),
    "all hit": program_plan(hit_rate=1.0),
    "Pareto": program_plan(multiple=gtm.Pareto(tail_index=2.5, minimum=0.5)),
    "capped Lomax": program_plan(multiple=gtm.Lomax(tail_index=1.2, scale=1.0), cap=20),
    "Empirical": program_plan(multiple=gtm.Empirical(values=(0.1, 1.0, 4.0))),
    "scipy": program_plan(multiple=stats.gamma(1.5, scale=1.2)),
    "incrementality": program_plan(incrementality=0.6),
    "spend elasticity": program_plan(reference_spend=5_000, spend_elasticity=0.6),
    "unequal spends": program_plan(campaigns=4, spend=(1_000, 5_000, 5_000, 50_000)),
    "launch month": program_plan(launch=3),
    "launch months": program_plan(campaigns=4, launch=(0, 3, 3, 14)),
    "lag": program_plan(lag=4),
    "carryover": program_plan(half_life=2.5),
    "fast and slow carryover": program_plan(half_life=0.5, slow_half_life=8, fast_share=0.4),
    "shared luck": program_plan(shared_luck=0.5),
    "overhead": program_plan(overhead=3_000),
    "market": Plan(
        horizon=15, channels=(TEAM.replace(market_loading=0.5), PROGRAM), market_volatility=0.4
    ),
    "discount": Plan(
        horizon=15,
        channels=(
            TEAM.replace(recognition="recurring", attrition=0.3, backfill_months=1),
            PROGRAM.replace(half_life=3, lag=1),
        ),
        discount_rate=0.3,
    ),
}
METRICS = ("value", "spend", "beyond_horizon", "hits", "largest", "top_share", "effective_number")


@pytest.mark.parametrize("name", PLANS)
def test_agrees_with_the_oracle(name: str) -> None:
    plan = PLANS[name]
    truth = simulate_reference(plan, ORACLE, SEED)
    result = gtm.simulate_portfolio(plan, scenarios=KERNEL, rng=SEED)
    for channel in result.distributions.names:
        for metric in METRICS:
            expected = np.array(truth[channel][metric])
            found = result.values(metric, channel)
            # A sum in another order may end an ulp away: quantiles of constants would see it.
            size = np.nanmax(np.abs(expected)) or 1.0
            expected, found = np.round(expected / size, 9), np.round(found / size, 9)
            expect_same_quantiles(found[~np.isnan(found)], expected[~np.isnan(expected)], PROBS)
            if metric in ("value", "spend", "beyond_horizon", "hits"):
                expect_same_mean(found, expected)


@pytest.mark.parametrize("name", ["backfill", "program", "carryover"])
def test_agrees_with_the_oracle_month_by_month(name: str) -> None:
    plan = PLANS[name]
    truth = simulate_reference(plan, ORACLE, SEED)["portfolio"]
    result = gtm.simulate_portfolio(plan, scenarios=KERNEL, rng=SEED)
    for metric in ("value", "spend"):
        expected = np.array(truth[f"{metric}_by_month"])
        for month in range(plan.horizon):
            row = result.distributions.month(metric, "portfolio", month)
            sample = expected[:, month]
            error = sample.std() / np.sqrt(ORACLE) * np.sqrt(1 + ORACLE / KERNEL)
            assert abs(row.sum / row.n - sample.mean()) <= 4.5 * error + 1e-9 * sample.mean()


def test_the_oracle_rejects_a_wrong_plan() -> None:
    truth = simulate_reference(PLANS["backfill"], ORACLE, SEED)["portfolio"]["value"]
    wrong = gtm.simulate_portfolio(
        team_plan(attrition=0.5, backfill_months=4, hiring_cost=30_000), scenarios=KERNEL, rng=SEED
    )
    rejects(expect_same_quantiles, wrong.values("value"), np.array(truth), PROBS)


SALES = [
    {"ramp": Ramp(months=5.5)},
    {"ramp": Ramp(months=5.5), "attrition": 0.4},
    {"ramp": Ramp(months=5.5), "attrition": 0.4, "backfill_months": 2, "hiring_cost": 20_000},
    {"attrition": 0.6, "backfill_months": 0, "luck_cv": 0.4, "attainment": 0.75},
    {"attrition": 0.3, "recognition": "recurring", "annual_churn": 0.12, "margin": 0.78},
]


@pytest.mark.parametrize("changes", SALES)
@pytest.mark.parametrize("discount_rate", [0.0, 0.2])
def test_expected_sales_in_closed_form(changes: dict[str, Any], discount_rate: float) -> None:
    plan = team_plan(**changes).replace(discount_rate=discount_rate)
    result = gtm.simulate_portfolio(plan, scenarios=100_000, rng=SEED)
    value, spend, beyond = expected_sales(plan.channels[0], plan.horizon, discount_rate)
    for metric, mean in (("value", value), ("spend", spend), ("beyond_horizon", beyond)):
        sample = result.values(metric)
        if sample.std() > 1e-6 * abs(mean):
            expect_mean(sample, mean)
            rejects(expect_mean, sample, mean + 8.0 * sample.std() / np.sqrt(sample.size))
        else:
            np.testing.assert_allclose(sample, mean, rtol=1e-12, atol=1e-6)


PROGRAMS = [
    {},
    {"multiple": gtm.Lomax(tail_index=3.5, scale=2.0), "half_life": 2.0, "lag": 1},
    {"multiple": gtm.Lomax(tail_index=1.1, scale=2.0), "cap": 50.0, "overhead": 500.0},
    {"spend": 20_000, "reference_spend": 5_000, "spend_elasticity": 0.7, "incrementality": 0.5},
]


@pytest.mark.parametrize("changes", PROGRAMS)
def test_program_moments_in_closed_form(changes: dict[str, Any]) -> None:
    plan = program_plan(**changes).replace(discount_rate=0.1)
    result = gtm.simulate_portfolio(plan, scenarios=200_000, rng=SEED)
    moments = program_moments(plan.channels[0], plan.horizon, plan.discount_rate)
    mean, variance, spend, beyond = moments
    sample = result.values("value")
    expect_mean(sample, mean)
    expect_variance(sample, variance)
    np.testing.assert_allclose(result.values("spend"), spend, rtol=1e-12)
    if beyond > 0.0:
        expect_mean(result.values("beyond_horizon"), beyond)
    rejects(expect_mean, sample, 1.05 * mean)


def test_shares_are_those_of_the_listed_units() -> None:
    plan = Plan(horizon=12, channels=(TEAM, PROGRAM.replace(campaigns=300, overhead=1_000)))
    result = gtm.simulate_portfolio(plan, scenarios=64, rng=SEED)
    for scenario, units in result.units.groupby("scenario"):
        # A row of misses stands for many campaigns of value zero: they sort last as one.
        for name, chosen in [*units.groupby("channel"), ("portfolio", units)]:
            share = gtm.top_share(chosen["value"], 0.01, spend=chosen["spend"])
            found = result.values("top_share", str(name))[int(str(scenario))]
            assert share == pytest.approx(found, rel=1e-9)
            value = result.values("value", str(name))[int(str(scenario))]
            assert chosen["value"].sum() == pytest.approx(value, rel=1e-9)
