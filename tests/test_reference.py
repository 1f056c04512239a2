"""The oracle agrees with what can be worked out by hand or in closed form."""

from __future__ import annotations

import itertools
import math
from random import Random
from typing import Any

import numpy as np
import pytest
from scipy import stats

from gtmsim.distributions import (
    AnyMultiple,
    Empirical,
    LogNormal,
    Lomax,
    Pareto,
    ScipyDistribution,
)
from gtmsim.plan import CampaignProgram, Plan, Ramp, SalesTeam
from tests import laws
from tests.laws import rejects
from tests.reference import Unit, multiples, productivity, simulate_reference, top_value

N = 3_000
GAMMA = ScipyDistribution.from_frozen(stats.gamma(2.0, scale=0.5))


def team(**fields: Any) -> SalesTeam:
    """Two seats that book 100 a month and cost 25, and what is asked for."""
    reps: dict[str, Any] = {"name": "reps", "hires": 2, "quota": 1_200, "loaded_cost": 300}
    return SalesTeam(**reps | fields)


def program(**fields: Any) -> CampaignProgram:
    """Twelve campaigns of 10, one a month in a year, that double their money."""
    twice = Empirical(values=(2,))
    bets: dict[str, Any] = {"name": "bets", "campaigns": 12, "spend": 10, "multiple": twice}
    return CampaignProgram(**bets | fields)


def outcome(*channels: SalesTeam | CampaignProgram, horizon: int = 12, **fields: Any) -> Any:
    """One scenario of a plan without luck: the portfolio's metrics."""
    plan = Plan(horizon=horizon, channels=channels, **fields)
    result = simulate_reference(plan, 1, seed=1)["portfolio"]
    return {metric: scenarios[0] for metric, scenarios in result.items()}


def simulate(*channels: SalesTeam | CampaignProgram, horizon: int = 12, **fields: Any) -> Any:
    """N scenarios of a plan: arrays (scenario,) or (scenario, month) by channel and metric."""
    result = simulate_reference(Plan(horizon=horizon, channels=channels, **fields), N, seed=2)
    return {
        name: {metric: np.array(scenarios) for metric, scenarios in metrics.items()}
        for name, metrics in result.items()
    }


# -- By hand ------------------------------------------------------------------------------------


def test_a_team_without_luck() -> None:
    reps = team(hires=(-3, 0, 10), margin=0.5, attainment=0.8, hiring_cost=7, ramp=4)
    ramp = [0.125, 0.375, 0.625, 0.875] + [1.0] * 11
    result = outcome(reps)
    assert result["value"] == pytest.approx(40.0 * (sum(ramp[3:]) + sum(ramp[:12]) + sum(ramp[:2])))
    assert result["spend"] == pytest.approx(25.0 * (12 + 12 + 2) + 7.0 + 7.0)
    assert result["net"] == result["value"] - result["spend"]
    assert result["multiple"] == result["value"] / result["spend"]
    assert result["value_by_month"][11] == pytest.approx(40.0 * (1.0 + 1.0 + 0.375))
    assert result["spend_by_month"][0] == pytest.approx(57.0)
    assert result["largest"] == pytest.approx(40.0 * sum(ramp[3:]))
    assert result["beyond_horizon"] == result["hits"] == 0.0


def test_money_is_discounted_at_its_month() -> None:
    result = outcome(team(hires=(0, 3)), program(launch=6, campaigns=1), discount_rate=0.21)
    d = [1.21 ** (-t / 12.0) for t in range(12)]
    assert result["value"] == pytest.approx(100.0 * (sum(d) + sum(d[3:])) + 20.0 / 1.1)
    assert result["spend"] == pytest.approx(25.0 * (sum(d) + sum(d[3:])) + 10.0 / 1.1)


def test_returns_to_scale_follow_the_seats_that_are_filled() -> None:
    result = outcome(team(hires=(0, 0, 6), returns_to_scale=0.5))
    months = result["value_by_month"]
    assert months[5] == pytest.approx(100.0 * math.sqrt(2.0))
    assert months[6] == pytest.approx(100.0 * math.sqrt(3.0))


def test_recurring_value_is_kept_in_full_without_churn() -> None:
    """Renewed contracts pay a twelfth of each booking a month, and a half month at both ends."""
    reps = team(hires=1, recognition="recurring")
    result = outcome(reps, horizon=30)
    assert result["value_by_month"][0] == pytest.approx(100.0 / 24.0)
    assert result["value_by_month"][29] == pytest.approx(100.0 * (29.0 / 12.0 + 1.0 / 24.0))
    expected = laws.expected_sales(reps, 30)
    assert (result["value"], result["beyond_horizon"]) == pytest.approx(
        (expected.value, expected.beyond_horizon), rel=1e-12
    )
    # Whole contract years in all: those signed in the first 6 months are in their third at the end.
    total = result["value"] + result["beyond_horizon"]
    assert total == pytest.approx(100.0 * (6 * 3 + 12 * 2 + 12 * 1))


def test_campaigns_without_luck() -> None:
    bets = program(
        spend=tuple(range(1, 13)),
        incrementality=0.5,
        reference_spend=4,
        spend_elasticity=1.5,
        cap=1.6,
        overhead=3,
        lag=2,
    )
    result = outcome(bets)
    gains = [0.8 * s * math.sqrt(s / 4.0) for s in range(1, 13)]
    assert result["value_by_month"] == pytest.approx([0.0, 0.0, *gains[:10]])
    assert result["beyond_horizon"] == pytest.approx(sum(gains[10:]))
    assert result["spend_by_month"] == pytest.approx([s + 3.0 for s in range(1, 13)])
    assert result["hits"] == 12.0
    assert result["largest"] == pytest.approx(gains[9])


def test_launches_are_even_or_chosen() -> None:
    def spent(**fields: Any) -> list[float]:
        months: list[float] = outcome(program(campaigns=3, **fields), horizon=5)["spend_by_month"]
        return months

    assert spent() == [10.0, 10.0, 0.0, 10.0, 0.0]
    assert spent(launch=4) == [0.0, 0.0, 0.0, 0.0, 30.0]
    assert spent(launch=(2, 0, 2)) == [10.0, 0.0, 20.0, 0.0, 0.0]


@pytest.mark.parametrize(
    ("fields", "months"),
    [
        ({"half_life": 1}, [10.0, 5.0, 2.5, 1.25]),
        ({"half_life": 1, "lag": 1}, [0.0, 10.0, 5.0, 2.5]),
        ({"half_life": 0, "slow_half_life": 1, "fast_share": 0.6}, [16.0, 2.0, 1.0, 0.5]),
        ({"half_life": 0, "slow_half_life": 1, "fast_share": 0.0}, [10.0, 5.0, 2.5, 1.25]),
    ],
)
def test_carryover_arrives_or_is_beyond(fields: dict[str, Any], months: list[float]) -> None:
    result = outcome(program(campaigns=1, launch=0, **fields), horizon=4)
    assert result["value_by_month"] == pytest.approx(months)
    assert result["value"] + result["beyond_horizon"] == pytest.approx(20.0, rel=1e-12)


def test_ramps() -> None:
    curve = Ramp(curve=(0.0, 0.3, 0.9))
    assert [productivity(curve, k) for k in range(5)] == [0.0, 0.3, 0.9, 0.9, 0.9]
    assert productivity(Ramp(), 0) == 1.0
    for shape in ("linear", "logistic", "gompertz"):
        ramp = Ramp(months=7, shape=shape, start=0.2)
        mine = [productivity(ramp, k) for k in range(9)]
        assert mine == pytest.approx(ramp.productivity(range(9)).tolist(), rel=1e-12)
        assert mine[3] == pytest.approx(0.2 + 0.8 * 0.5)
        assert all(a < b for a, b in itertools.pairwise(mine[:8]))
        assert mine[7] > 0.992


# -- Concentration ------------------------------------------------------------------------------


def test_the_last_unit_of_the_top_is_taken_in_part() -> None:
    units = [Unit(5.0, 1.0), Unit(30.0, 3.0), Unit(0.0, 6.0)]
    assert top_value(units, 0.2) == pytest.approx(20.0)
    assert top_value(units, 0.35) == pytest.approx(30.0 + 0.5 * 5.0)
    assert top_value(units, 1.0) == 35.0
    assert top_value([*units, Unit(4.0, 0.0)], 0.2) == pytest.approx(24.0)


def test_overhead_is_shared_by_spend() -> None:
    """Seats return 1.5 for 1. Campaigns return 2, and only 1 once each carries its overhead."""
    reps = team(loaded_cost=800)
    lean = outcome(reps, program())
    assert lean["top_value"] == pytest.approx(0.01 * (1_600.0 + 120.0) * 2.0)
    assert lean["top_share"] == lean["top_value"] / lean["value"]
    assert outcome(reps, program(overhead=10))["top_value"] == pytest.approx(
        0.01 * (1_600.0 + 240.0) * 1.5
    )


def test_the_portfolio_ranks_seats_and_campaigns_together() -> None:
    result = outcome(team(), program(campaigns=1))
    assert result["value"] == 2_400.0 + 20.0
    # A seat returns 4 for 1 and the campaign 2.
    assert result["top_value"] == pytest.approx(0.01 * (600.0 + 10.0) * 4.0)
    assert result["largest_share"] == 1_200.0 / 2_420.0
    assert result["effective_number"] == pytest.approx(2_420.0**2 / (2 * 1_200.0**2 + 20.0**2))


def test_a_ratio_without_a_denominator_does_not_exist() -> None:
    result = outcome(program(incrementality=0))
    assert math.isnan(result["top_share"])
    assert math.isnan(result["effective_number"])


# -- Luck ---------------------------------------------------------------------------------------

STAFF = team(
    hires=(-5, 0, 4),
    hiring_cost=40,
    ramp=Ramp(months=5, start=0.1),
    attainment=0.8,
    skill_cv=0.4,
    luck_cv=0.3,
    attrition=0.5,
    backfill_months=1,
    recognition="recurring",
    annual_churn=0.2,
)


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"backfill_months": None},
        {"backfill_months": 0, "attrition": 0.95},
        {"recognition": "bookings", "annual_churn": 0.0},
    ],
)
def test_a_team_earns_and_costs_what_is_expected(fields: dict[str, Any]) -> None:
    reps = STAFF.replace(**fields)
    result = simulate(reps, horizon=14, discount_rate=0.1)["reps"]
    expected = laws.expected_sales(reps, 14, 0.1)
    for metric, mean in expected._asdict().items():
        laws.expect_mean(result[metric], mean)
    wrong = laws.expected_sales(reps.replace(attrition=0.8 * reps.attrition), 14, 0.1)
    rejects(laws.expect_mean, result["spend"], wrong.spend)
    rejects(laws.expect_mean, result["value"], 1.1 * expected.value)
    cost = laws.expected_months(reps, 14)[9].cost / 1.1**0.75
    laws.expect_mean(result["spend_by_month"][:, 9], cost)
    rejects(laws.expect_mean, result["spend_by_month"][:, 9], 0.9 * cost)


def test_seats_empty_one_by_one() -> None:
    """With nobody replaced, a month's cost counts those who stayed: a binomial number."""
    months = simulate(team(hires=4, attrition=0.5))["reps"]["spend_by_month"] / 25.0
    stay = 0.5 ** (9 / 12)
    laws.expect_proportion(round(months[:, 9].sum()), 4 * N, stay)
    rejects(laws.expect_proportion, round(months[:, 9].sum()), 4 * N, 0.5 ** (10 / 12))
    laws.expect_variance(months[:, 9], 4 * stay * (1.0 - stay))
    rejects(laws.expect_variance, months[:, 9], 8 * stay * (1.0 - stay))


def test_skill_is_one_draw_per_rep() -> None:
    """Lognormal of the given mean and CV, over the rep's whole stay."""
    value = simulate(team(hires=1, attainment=0.7, skill_cv=0.5))["reps"]["value"] / 1_200.0
    sigma = math.sqrt(math.log(1.25))
    laws.expect_distribution(value, stats.lognorm(sigma, scale=0.7 / math.sqrt(1.25)).cdf)
    rejects(laws.expect_distribution, value, stats.lognorm(sigma, scale=0.7).cdf)


def test_a_year_of_luck_has_its_cv() -> None:
    result = simulate(team(hires=1, luck_cv=0.35))["reps"]
    laws.expect_mean(result["value"], 1_200.0)
    laws.expect_variance(result["value"], (1_200.0 * 0.35) ** 2)
    rejects(laws.expect_variance, result["value"], (1_200.0 * 0.5) ** 2)
    quarters = result["value_by_month"]
    assert np.array_equal(quarters[:, 3], quarters[:, 5])
    sigma = math.sqrt(math.log(1.0 + 4.0 * 0.35**2))
    for month in (3, 6):
        logs = np.log(quarters[:, month] / 100.0)
        laws.expect_distribution(logs, stats.norm(-(sigma**2) / 2.0, sigma).cdf)
    agree = int(np.count_nonzero((quarters[:, 3] > 80.0) == (quarters[:, 6] > 80.0)))
    p = stats.lognorm(sigma, scale=math.exp(-(sigma**2) / 2.0)).sf(0.8)
    laws.expect_proportion(agree, N, p**2 + (1.0 - p) ** 2)
    rejects(laws.expect_proportion, N, N, p**2 + (1.0 - p) ** 2)


@pytest.mark.parametrize(
    "law",
    [
        Pareto(tail_index=1.5, minimum=2),
        Pareto(tail_index=0.5),
        Lomax(tail_index=1.2, scale=3),
        LogNormal(median=2, sigma=1.5),
        GAMMA,
    ],
    ids=lambda law: f"{law.family}",
)
def test_multiples_follow_their_law(law: AnyMultiple) -> None:
    draws = np.array(list(itertools.islice(multiples(law, Random(3)), 20_000)))
    truth = laws.multiple_law(law)
    laws.expect_distribution(draws, truth.cdf)
    laws.expect_quantile(draws, 0.99, truth.isf(0.01))
    rejects(laws.expect_distribution, draws, lambda x: truth.cdf(1.1 * x))
    rejects(laws.expect_quantile, draws, 0.99, truth.isf(0.005))


def test_observed_multiples_are_equally_likely() -> None:
    law = Empirical(values=(0, 1, 1, 5))
    draws = list(itertools.islice(multiples(law, Random(4)), 20_000))
    laws.expect_proportion(draws.count(1.0), 20_000, 0.5)
    laws.expect_proportion(draws.count(5.0), 20_000, 0.25)
    rejects(laws.expect_proportion, draws.count(1.0), 20_000, 1.0 / 3.0)


def test_the_cap_holds_what_lies_above_it() -> None:
    bets = program(campaigns=1, multiple=Pareto(tail_index=1.1), cap=3)
    value = simulate(bets)["bets"]["value"]
    assert value.max() == 30.0
    at_cap = int(np.count_nonzero(value == 30.0))
    laws.expect_proportion(at_cap, N, 3.0**-1.1)
    rejects(laws.expect_proportion, at_cap, N, 2.0**-1.1)


@pytest.mark.parametrize(
    "fields",
    [
        {"multiple": Pareto(tail_index=1.1), "cap": 20},
        {"multiple": Lomax(tail_index=0.8, scale=2), "cap": 20, "spend": tuple(range(5, 29, 2))},
        {"multiple": LogNormal(median=1, sigma=0.8), "reference_spend": 5, "spend_elasticity": 0.7},
        {"multiple": Empirical(values=(0, 1, 7)), "launch": 1},
        {"multiple": GAMMA, "incrementality": 0.6, "cap": 3},
    ],
    ids=lambda fields: fields["multiple"].family,
)
def test_a_program_has_its_moments(fields: dict[str, Any]) -> None:
    shape = {"hit_rate": 0.3, "overhead": 4, "lag": 1, "half_life": 1, "slow_half_life": 6}
    bets = program(**shape, fast_share=0.6, **fields)
    result = simulate(bets, discount_rate=0.15)["bets"]
    expected = laws.program_moments(bets, 12, 0.15)
    laws.expect_mean(result["value"], expected.value)
    laws.expect_variance(result["value"], expected.variance)
    laws.expect_mean(result["beyond_horizon"], expected.beyond_horizon)
    laws.expect_mean(result["spend"], expected.spend)
    laws.expect_proportion(int(result["hits"].sum()), 12 * N, 0.3)
    wrong = laws.program_moments(bets.replace(hit_rate=0.36), 12, 0.15)
    rejects(laws.expect_mean, result["value"], wrong.value)
    rejects(laws.expect_mean, result["beyond_horizon"], wrong.beyond_horizon)
    rejects(laws.expect_variance, result["value"], 1.6 * expected.variance)
    rejects(laws.expect_mean, result["spend"], 1.001 * expected.spend)


def test_shared_luck_and_the_market_are_one_factor_per_scenario() -> None:
    result = simulate(
        team(market_loading=0.5),
        program(market_loading=-1, shared_luck=0.4),
        program(name="more bets"),
        market_volatility=0.3,
    )
    market = np.log(result["more bets"]["value"] / 240.0)
    laws.expect_distribution(market, stats.norm(-0.045, 0.3).cdf)
    rejects(laws.expect_distribution, market, stats.norm(0.0, 0.3).cdf)
    # The same normal for all: b s Z - (b s)^2 / 2.
    weather = (market + 0.045) / 0.3
    steady = np.log(result["reps"]["value"] / 2_400.0)
    assert steady == pytest.approx(0.15 * weather - 0.15**2 / 2.0, abs=1e-12)
    luck = np.log(result["bets"]["value"] / 240.0) + 0.3 * weather + 0.045
    laws.expect_distribution(luck, stats.norm(-0.08, 0.4).cdf)
    rejects(laws.expect_distribution, luck, stats.norm(0.0, 0.4).cdf)
    laws.expect_mean(luck * weather, 0.0)
    rejects(laws.expect_mean, luck * weather, 0.1)


def test_the_portfolio_is_the_sum_and_a_seed_replays() -> None:
    plan = Plan(horizon=14, channels=(STAFF, program(hit_rate=0.5)), market_volatility=0.2)
    first, again, other = (simulate_reference(plan, 20, seed) for seed in (5, 5, 6))
    assert first == again
    assert first != other
    for metric in ("value", "spend", "net", "beyond_horizon", "hits"):
        parts = zip(first["reps"][metric], first["bets"][metric], strict=True)
        assert first["portfolio"][metric] == pytest.approx([a + b for a, b in parts])
    for name in first:
        for metric in ("value", "spend"):
            months = [sum(scenario) for scenario in first[name][f"{metric}_by_month"]]
            assert first[name][metric] == pytest.approx(months)
