"""Closed-form moments and the law of the best campaign, against other ways to the same number."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from scipy.special import ndtr

from gtmsim import (
    CampaignProgram,
    Empirical,
    LogNormal,
    Lomax,
    Pareto,
    Plan,
    SalesTeam,
    simulate_portfolio,
)
from gtmsim.errors import ArgumentError, ExactError
from gtmsim.exact import exact_moments, largest_cdf
from gtmsim.exact.teams import team_moments
from gtmsim.presets import example_plan
from tests.laws import (
    expect_mean,
    expect_proportion,
    expect_variance,
    expected_sales,
    program_moments,
    rejects,
)

TEAM = {"quota": 8e5, "loaded_cost": 2.6e5, "hiring_cost": 3e4, "margin": 0.8, "attainment": 0.7}
TEAMS = [
    SalesTeam(name="t", hires=2, attrition=0.5, **TEAM),
    SalesTeam(
        name="t",
        hires=(-7, -7, 0, 2, 5),
        ramp=6,
        skill_cv=0.5,
        luck_cv=0.4,
        attrition=0.4,
        backfill_months=1,
        **TEAM,
    ),
    SalesTeam(
        name="t",
        hires=(-3, 0, 4),
        ramp=4,
        attrition=0.3,
        backfill_months=0,
        recognition="recurring",
        annual_churn=0.2,
        **TEAM,
    ),
]
SCALED = [
    team.replace(returns_to_scale=scale) for team, scale in zip(TEAMS, (0.5, 0.9, 1.6), strict=True)
]
PROGRAMS = [
    CampaignProgram(
        name="p", campaigns=40, spend=10.0, hit_rate=0.3, multiple=Pareto(tail_index=3)
    ),
    CampaignProgram(
        name="p",
        campaigns=6,
        spend=(1.0, 2.0, 3.0, 4.0, 5.0, 60.0),
        launch=(0, 1, 2, 3, 8, 8),
        hit_rate=0.5,
        multiple=Lomax(tail_index=1.2, scale=3.0),
        cap=50.0,
        half_life=3.0,
        slow_half_life=9.0,
        fast_share=0.6,
        lag=1,
        incrementality=0.7,
        reference_spend=4.0,
        spend_elasticity=0.8,
        overhead=1.0,
    ),
    CampaignProgram(name="p", campaigns=9, spend=5.0, multiple=LogNormal(median=1.0, sigma=1.0)),
    CampaignProgram(name="p", campaigns=9, spend=5.0, multiple=Empirical(values=(0.0, 1.0, 7.0))),
]


@pytest.mark.parametrize("discount", [0.0, 0.2])
@pytest.mark.parametrize("team", TEAMS)
def test_a_linear_teams_means_are_those_of_a_walk_through_its_months(team, discount):
    plan = Plan(horizon=14, channels=[team], discount_rate=discount)
    known = expected_sales(team, 14, discount)
    row = exact_moments(plan).loc["t"]
    assert row["value_mean"] == pytest.approx(known.value, rel=1e-12)
    assert row["spend_mean"] == pytest.approx(known.spend, rel=1e-12)
    assert row["net_mean"] == pytest.approx(known.value - known.spend, rel=1e-9)


def enumerated(team: SalesTeam, horizon: int) -> tuple[float, float, float, float]:
    """Moments of value and spend over every history of stays and leaves, without skill or luck."""
    stay = (1.0 - team.attrition) ** (1.0 / 12.0)
    sums = np.zeros(4)
    coins = list(itertools.product((True, False), repeat=horizon))
    for histories in itertools.product(coins, repeat=team.units):
        chance, filled, hires = 1.0, [0] * horizon, 0
        work = [0.0] * horizon
        for start, stays in zip(team.start_months, histories, strict=True):
            tenure, vacancy = max(-start, 0), 0
            hires += start >= 0
            for t in range(horizon):
                # Coins of months without a rep are tossed and change nothing.
                chance *= stay if stays[t] else 1.0 - stay
                if t < start:
                    continue
                if vacancy:
                    vacancy -= 1
                    if vacancy or team.backfill_months is None:
                        continue
                    hires, tenure = hires + 1, 0
                filled[t] += 1
                work[t] += float(team.ramp.productivity([tenure])[0])
                tenure += 1
                if not stays[t]:
                    vacancy = horizon if team.backfill_months is None else team.backfill_months + 1
        rate = team.quota / 12.0 * team.margin * team.attainment
        value = sum(
            rate * w * n ** (team.returns_to_scale - 1.0)
            for w, n in zip(work, filled, strict=True)
            if n
        )
        spend = sum(filled) * team.loaded_cost / 12.0 + hires * team.hiring_cost
        sums += chance * np.array([value, value**2, spend, spend**2])
    return tuple(sums)


@pytest.mark.parametrize("backfill", [None, 0, 1])
@pytest.mark.parametrize("scale", [1.0, 0.6, 1.5])
def test_a_team_is_the_sum_over_all_its_histories(scale, backfill):
    team = SalesTeam(
        name="t",
        hires=(-1, 1, 0),
        ramp=3,
        attrition=0.9,
        backfill_months=backfill,
        returns_to_scale=scale,
        **TEAM,
    )
    moments = team_moments(Plan(horizon=4, channels=[team]), team)
    value, square, spend, spend_square = enumerated(team, 4)
    assert moments.value_mean == pytest.approx(value, rel=1e-12)
    assert moments.value_second == pytest.approx(square, rel=1e-12)
    assert moments.spend_mean == pytest.approx(spend, rel=1e-12)
    assert moments.spend_variance == pytest.approx(spend_square - spend**2, rel=1e-9)
    wrong = team_moments(Plan(horizon=4, channels=[team]), team.replace(attrition=0.89))
    assert wrong.value_second != pytest.approx(square, rel=1e-4)


@pytest.mark.parametrize("market", [0.0, 0.3])
@pytest.mark.parametrize("team", [*TEAMS, *SCALED])
def test_simulated_teams_have_these_moments(team, market):
    plan = Plan(horizon=14, channels=[team], discount_rate=0.1, market_volatility=market)
    row = exact_moments(plan).loc["t"]
    result = simulate_portfolio(plan, scenarios=40_000, rng=5)
    for metric in ("value", "spend"):
        draws = result.values(metric, "t")
        expect_mean(draws, row[f"{metric}_mean"])
        expect_variance(draws, row[f"{metric}_sd"] ** 2)
        rejects(expect_mean, draws, 1.03 * row[f"{metric}_mean"])
        rejects(expect_variance, draws, 1.3 * row[f"{metric}_sd"] ** 2)


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_programs_moments_are_sums_over_its_campaigns(program):
    plan = Plan(horizon=12, channels=[program], discount_rate=0.15)
    known = program_moments(program, 12, 0.15)
    row = exact_moments(plan).loc["p"]
    assert row["value_mean"] == pytest.approx(known.value, rel=1e-9)
    assert row["value_sd"] ** 2 == pytest.approx(known.variance, rel=1e-8)
    assert row["spend_mean"] == pytest.approx(known.spend, rel=1e-12)
    assert row["spend_sd"] == 0.0


def test_shocks_are_shared_as_the_simulation_shares_them():
    plan = example_plan().replace(market_volatility=0.4)
    moments = exact_moments(plan)
    result = simulate_portfolio(plan, scenarios=100_000, rng=5)
    for name, row in moments.iterrows():
        draws = result.values("value", name)
        expect_mean(draws, row["value_mean"])
        expect_variance(draws, row["value_sd"] ** 2)
        expect_mean(result.values("hits", name), row["hits_mean"])
    alone = sum(moments["value_sd"].iloc[:-1] ** 2)
    rejects(expect_variance, result.values("value"), alone)


def test_a_moment_that_does_not_exist_is_infinite():
    def row(alpha):
        program = PROGRAMS[0].replace(multiple=Pareto(tail_index=alpha))
        return exact_moments(Plan(horizon=3, channels=[program])).loc["portfolio"]

    assert row(1.0)["value_mean"] == row(1.0)["value_sd"] == row(0.5)["net_mean"] == math.inf
    assert row(1.5)["value_mean"] == pytest.approx(40 * 10.0 * 0.3 * 3.0)
    assert row(2.0)["value_sd"] == math.inf
    assert row(2.1)["value_sd"] < math.inf


def test_a_large_scaled_team_has_a_mean_and_no_deviation():
    team = SCALED[0].replace(hires=900)
    row = exact_moments(Plan(horizon=36, channels=[team])).loc["t"]
    assert row["value_mean"] > 0.0
    assert math.isnan(row["value_sd"])


@pytest.mark.parametrize("shocks", [{}, {"shared_luck": 0.5}])
@pytest.mark.parametrize("program", PROGRAMS)
def test_the_largest_campaign_follows_its_law(program, shocks):
    plan = Plan(horizon=12, channels=[program.replace(**shocks)], market_volatility=0.2)
    draws = simulate_portfolio(plan, scenarios=20_000, rng=9).values("largest", "p")
    for q in (0.2, 0.6, 0.95):
        x = float(np.quantile(draws, q)) * 1.01
        below = int(np.count_nonzero(draws <= x))
        expect_proportion(below, draws.size, largest_cdf(plan, x, "p"))
        rejects(expect_proportion, below, draws.size, 0.8 * largest_cdf(plan, x, "p"))


def test_the_largest_of_few_is_a_product():
    assert largest_cdf(Plan(horizon=1, channels=[PROGRAMS[3]]), 6.0, "p") == pytest.approx(
        (2 / 3) ** 9
    )
    nothing = largest_cdf(Plan(horizon=1, channels=[PROGRAMS[0]]), 0.0, "p")
    assert nothing == pytest.approx(0.7**40)


@pytest.mark.parametrize("sigma", [0.5, 5.0, 50.0])
@pytest.mark.parametrize("x", [1e-3, 1.0, 1e60])
def test_the_largest_under_any_shock_is_lognormal(sigma, x):
    volatility = min(sigma, 5.0)
    bet = CampaignProgram(
        name="p",
        campaigns=1,
        spend=1.0,
        launch=0,
        multiple=LogNormal(median=2.0, sigma=1.5),
        market_loading=-sigma / volatility,
    )
    plan = Plan(horizon=1, channels=[bet], market_volatility=volatility)
    z = (math.log(x / 2.0) + 0.5 * sigma**2) / math.hypot(1.5, sigma)
    assert largest_cdf(plan, x, "p") == pytest.approx(float(ndtr(z)), rel=1e-9)


def test_what_the_law_of_the_largest_refuses():
    plan = example_plan()
    with pytest.raises(ExactError, match=r"channel: must be a program: the value of a seat has no"):
        largest_cdf(plan, 1.0, "mid-market")
    with pytest.raises(ArgumentError, match=r"x: must be at least 0, got -1.0"):
        largest_cdf(plan, -1.0, "PR")
    with pytest.raises(ArgumentError, match=r"channel: must be one of mid-market"):
        largest_cdf(plan, 1.0, "nobody")
