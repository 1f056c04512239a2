"""What one more hire or ten more campaigns add, against larger plans and closed forms."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

import gtmsim as gtm
from gtmsim import Pareto, Plan, SalesTeam
from gtmsim.decide.shots import value_of_one_more
from gtmsim.errors import ArgumentError, ArgumentTypeError
from gtmsim.plan import Staging
from tests.decide.bets import COINS, bets
from tests.laws import (
    Z,
    expect_mean,
    expect_proportion,
    expect_same_distribution,
    rejects,
)

TEAM = SalesTeam(name="reps", hires=3, quota=150.0, loaded_cost=100.0, skill_cv=0.4, attrition=0.3)


def test_one_more_hire_is_the_next_seat_and_nothing_else() -> None:
    plan = Plan(horizon=12, channels=(TEAM, COINS), target=300.0)
    found = value_of_one_more(plan, "reps", scenarios=5_000, rng=7, count=2)
    before = gtm.simulate_portfolio(plan, scenarios=5_000, rng=7).values("value")
    for more in (1, 2):
        bigger = plan.replace(channels=(TEAM.replace(hires=3 + more), COINS))
        after = gtm.simulate_portfolio(bigger, scenarios=5_000, rng=7)
        row = found.table().loc[more]
        assert row["value_p50"] == pytest.approx(np.median(after.values("value") - before))
        assert row["target"] == np.mean(after.values("value") >= 300.0)
        assert row["target_gain"] == pytest.approx(
            np.mean(after.values("value") >= 300.0) - np.mean(before >= 300.0)
        )
        before = after.values("value")
    # A seat's law is that of a team of one, whatever the others do.
    one = gtm.simulate_portfolio(
        Plan(horizon=12, channels=(TEAM.replace(hires=1),)), scenarios=5_000, rng=8
    )
    expect_same_distribution(found.steps[0].value, one.values("value"))
    rejects(expect_same_distribution, found.steps[0].value, 1.1 * one.values("value"))
    exact = gtm.exact_moments(Plan(horizon=12, channels=(TEAM.replace(hires=1),)))
    assert found.table()["value_mean"].tolist() == pytest.approx(
        [exact["value_mean"]["portfolio"]] * 2
    )
    assert found.table()["net_mean"].tolist() == pytest.approx([exact["net_mean"]["portfolio"]] * 2)


def test_a_sure_hire_pays_back_surely() -> None:
    sure = SalesTeam(name="reps", hires=3, quota=150.0, loaded_cost=100.0)
    plan = Plan(horizon=12, channels=(sure,))
    table = value_of_one_more(plan, "reps", scenarios=500, rng=7, hires=2).table()
    assert table.loc[1, ["spend", "value_p50", "net_p10", "net_p90"]].tolist() == pytest.approx(
        [200.0, 300.0, 100.0, 100.0]
    )
    assert table.loc[1, "pays_back"] == 1.0
    assert math.isnan(table.loc[1, "target_gain"])
    late = value_of_one_more(plan, "reps", scenarios=500, rng=7, start=6).table()
    assert late.loc[1, "value_p50"] == pytest.approx(75.0)


def test_more_campaigns_make_the_law_of_a_larger_program() -> None:
    program = bets(campaigns=20, cap=30.0, shared_luck=1.0, launch=0)
    plan = Plan(horizon=12, channels=(program,), market_volatility=0.3)
    found = value_of_one_more(plan, "bets", campaigns=10, scenarios=10_000, rng=7)
    together = found.before.value + found.steps[0].value
    larger = plan.replace(channels=(program.replace(campaigns=30),))
    truth = gtm.simulate_portfolio(larger, scenarios=10_000, rng=8).values("value")
    expect_same_distribution(together, truth)
    # The control: if the ten had luck of their own.
    apart = gtm.simulate_portfolio(
        plan.replace(channels=(program.replace(campaigns=10, name="others"),)),
        scenarios=10_000,
        rng=7,
    )
    rejects(expect_same_distribution, found.before.value + apart.values("value"), truth)
    exact = gtm.exact_moments(plan.replace(channels=(program.replace(campaigns=10),)))
    assert found.table().loc[1, "value_mean"] == pytest.approx(exact["value_mean"]["portfolio"])
    expect_mean(found.steps[0].value, exact["value_mean"]["portfolio"])


def test_added_campaigns_share_the_programs_luck_exactly() -> None:
    sure = COINS.replace(hit_rate=1.0, shared_luck=0.7, campaigns=4)
    found = value_of_one_more(
        Plan(horizon=1, channels=(sure,)), "coins", campaigns=2, scenarios=500, rng=7, count=2
    )
    for step in found.steps:
        assert np.allclose(step.value, 0.5 * found.before.value, rtol=1e-12)


def test_coins_pay_back_as_their_binomial_says() -> None:
    plan = Plan(horizon=1, channels=(COINS,), target=20.0)
    found = value_of_one_more(plan, "coins", campaigns=8, scenarios=20_000, rng=7)
    law, row = stats.binom(8, 0.25), found.table().loc[1]
    count = round(row["pays_back"] * 20_000)
    expect_proportion(count, 20_000, law.sf(1))  # two hits bring 9 for 8
    rejects(expect_proportion, count, 20_000, law.sf(2))
    gain = stats.binom(18, 0.25).sf(4) - stats.binom(10, 0.25).sf(4)
    wide = found.table(intervals=True)["target_gain"].loc[1]
    error = (wide["high"] - wide["low"]) / 2.0 / stats.norm.isf(0.025)
    assert abs(row["target_gain"] - gain) < Z * error
    assert "8 more campaigns in coins" in found.verdict
    assert "the chance to reach the target moves by +" in found.verdict


def test_heavy_campaigns_have_no_mean_and_say_so() -> None:
    heavy = bets(multiple=Pareto(tail_index=0.9))
    found = value_of_one_more(Plan(horizon=12, channels=(heavy,)), "bets", scenarios=500, rng=7)
    assert found.table().loc[1, "net_mean"] == math.inf
    assert "it has no mean" in found.verdict


def test_fed_and_staged_channels_are_simulated_as_a_whole() -> None:
    team = SalesTeam(name="reps", hires=2, quota=1_000.0, loaded_cost=100.0, pipeline=100.0)
    fed = Plan(horizon=12, channels=(team, COINS.replace(feeds="reps", campaigns=20)))
    found = value_of_one_more(fed, "coins", campaigns=10, scenarios=1_000, rng=7)
    larger = fed.replace(channels=(team, COINS.replace(feeds="reps", campaigns=30)))
    after = gtm.simulate_portfolio(larger, scenarios=1_000, rng=7).values("value")
    assert np.allclose(found.before.value + found.steps[0].value, after)
    assert found.table().loc[1, "value_p50"] > 0.0
    # A rep more closes nothing where there is nothing to close.
    rep = value_of_one_more(fed, "reps", scenarios=1_000, rng=7).table().loc[1]
    assert rep["value_p50"] < 1.0 < rep["spend"]
    staged = COINS.replace(staging=Staging(pilot_spend=0.5, kill_share=0.5))
    more = value_of_one_more(Plan(horizon=12, channels=(staged,)), "coins", scenarios=1_000, rng=7)
    assert more.table().loc[1, "spend"] == pytest.approx(7.5)  # ten pilots, and half go on


def test_bad_requests_are_named() -> None:
    plan = Plan(horizon=12, channels=(TEAM, COINS))
    with pytest.raises(ArgumentError, match="channel: must be one of reps, coins, got 'rep'"):
        value_of_one_more(plan, "rep")
    with pytest.raises(ArgumentTypeError, match="plan: must be a Plan"):
        value_of_one_more("plan.toml", "reps")  # type: ignore[arg-type]
    for name, value in (("hires", 0), ("campaigns", 0), ("count", 0), ("scenarios", 10)):
        with pytest.raises(ArgumentError, match=f"{name}: must be at least"):
            value_of_one_more(plan, "reps", **{name: value})  # type: ignore[arg-type]
    with pytest.raises(ArgumentError, match="start: must be at least 0 and at most 11, got 12"):
        value_of_one_more(plan, "reps", start=12)
    with pytest.raises(ArgumentError, match="target: must be above 0"):
        value_of_one_more(plan, "reps", target=-1.0)
