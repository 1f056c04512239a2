"""Staged programs against the oracle, against the unstaged kernel, and by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import gtmsim as gtm
from gtmsim.core.streams import LANES
from gtmsim.plan import CampaignProgram, Plan, SalesTeam, Staging
from gtmsim.result import PortfolioResult
from gtmsim.simulate import simulator
from gtmsim.summary import METRICS
from tests.laws import expect_same_mean, expect_same_quantiles, rejects
from tests.reference import simulate_reference

ORACLE = 3_000
KERNEL = 30_000
SEED = 2024
PROBS = (0.1, 0.25, 0.5, 0.75, 0.9)

STAGING = Staging(pilot_spend=1_000, pilot_months=2, period=3, signal_noise=0.5, threshold=2.0)
PROGRAM = CampaignProgram(
    name="bets",
    campaigns=20,
    spend=10_000,
    multiple=gtm.LogNormal(median=1.5, sigma=0.8),
    hit_rate=0.6,
    staging=STAGING,
)
LISTED = tuple(5_000.0 + 500.0 * i for i in range(20))
RULES: dict[str, dict[str, Any]] = {
    "threshold": {},
    "share": {"threshold": None, "kill_share": 0.7},
    "cost": {"threshold": None, "max_cost": 0.6},
    "none": {"threshold": None, "kill_share": 0.0},
}


def staged_plan(staging: dict[str, Any], horizon: int = 15, **changes: Any) -> Plan:
    program = PROGRAM.replace(staging=STAGING.replace(**staging), **changes)
    return Plan(horizon=horizon, channels=[program], discount_rate=0.2, market_volatility=0.3)


PLANS = {
    "threshold": staged_plan({}),
    "threshold, recycled": staged_plan({"recycle": 0.8, "scale_elasticity": 0.6}),
    "threshold, unequal": staged_plan({"recycle": 1.0, "period": 12}, spend=LISTED),
    "share": staged_plan(RULES["share"], overhead=500, shared_luck=0.4),
    # Three fifths miss and are equally bad: some of them are given money.
    "share of misses": staged_plan(
        {**RULES["share"], "kill_share": 0.3, "period": 12, "recycle": 0.5},
        hit_rate=0.4,
        spend=LISTED,
    ),
    "share, exact": staged_plan({**RULES["share"], "signal_noise": 0.0, "period": 6}, cap=3.0),
    "cost": staged_plan(
        {**RULES["cost"], "recycle": 0.5},
        shared_luck=0.5,
        incrementality=0.8,
        reference_spend=4_000,
        spend_elasticity=0.7,
    ),
    "none": staged_plan(RULES["none"], half_life=3.0, lag=1),
    "one by one": staged_plan(
        {"period": 1, "pilot_months": 0, "recycle": 1.0}, launch=(*range(14, -1, -1), 3, 3, 3, 3, 3)
    ),
    "late": staged_plan({"pilot_months": 9}, half_life=2.0),
}


def run(plan: Plan, scenarios: int = KERNEL, **options: Any) -> PortfolioResult:
    return gtm.simulate_portfolio(plan, scenarios=scenarios, rng=SEED, **options)


@pytest.mark.parametrize("name", PLANS)
def test_agrees_with_the_oracle(name: str) -> None:
    plan = PLANS[name]
    truth = simulate_reference(plan, ORACLE, SEED)["portfolio"]
    result = run(plan)
    for metric in METRICS:
        expected, found = np.array(truth[metric]), result.values(metric)
        size = np.nanmax(np.abs(expected)) or 1.0
        expected, found = np.round(expected / size, 9), np.round(found / size, 9)
        expect_same_quantiles(found[~np.isnan(found)], expected[~np.isnan(expected)], PROBS)
        if metric in ("value", "spend", "beyond_horizon", "hits"):
            expect_same_mean(found, expected)
    for metric in ("value", "spend"):
        months = np.array(truth[f"{metric}_by_month"])
        for month in range(plan.horizon):
            row = result.distributions.month(metric, "portfolio", month)
            sample = months[:, month]
            error = sample.std() / np.sqrt(ORACLE) * np.sqrt(1 + ORACLE / KERNEL)
            assert abs(row.sum / row.n - sample.mean()) <= 4.5 * error + 1e-9 * sample.mean()


WRONG = {
    "threshold": staged_plan({"threshold": 2.3}),
    "share": staged_plan({**RULES["share"], "kill_share": 0.8}, overhead=500, shared_luck=0.4),
    "cost": staged_plan({**RULES["cost"], "max_cost": 0.5, "recycle": 0.5}),
    "none": staged_plan({**RULES["none"], "pilot_months": 5}, half_life=3.0, lag=1),
}


@pytest.mark.parametrize("name", WRONG)
def test_the_oracle_rejects_another_rule(name: str) -> None:
    truth = simulate_reference(PLANS[name], ORACLE, SEED)["portfolio"]
    wrong = run(WRONG[name])
    rejects(expect_same_quantiles, wrong.values("value"), np.array(truth["value"]), PROBS)


# -- Without learning it is the program as it was ----------------------------------------------


def test_killing_none_at_once_is_a_program_without_staging() -> None:
    everything = {**RULES["none"], "pilot_months": 0, "period": 1}
    sizes = {"reference_spend": 8_000, "spend_elasticity": 0.8, "half_life": 2.0, "overhead": 100}
    staged = staged_plan(everything, **sizes)
    plain = staged.replace(channels=[staged.channels[0].replace(staging=None)])
    one, other = run(staged), run(plain)
    np.testing.assert_allclose(one.values("spend"), other.values("spend"), rtol=1e-12)
    for metric in METRICS:
        if metric != "spend":
            expect_same_quantiles(one.values(metric), other.values(metric), PROBS)
    delayed = run(staged_plan({**everything, "pilot_months": 4}, **sizes))
    rejects(expect_same_quantiles, delayed.values("value"), other.values("value"), PROBS)


# -- By hand ------------------------------------------------------------------------------------


def outcome(staging: dict[str, Any], values: tuple[float, ...], **changes: Any) -> Any:
    """Value and spend by month of a program whose campaigns all have one of the multiples."""
    law = gtm.Empirical(values=values)
    fields = {"campaigns": 4, "spend": 5, "launch": 0, "hit_rate": 1.0, "multiple": law}
    program = PROGRAM.replace(**{**fields, **changes}, staging=Staging(pilot_spend=1, **staging))
    result = run(Plan(horizon=6, channels=[program]), scenarios=LANES)
    rows = [
        [result.distributions.month(m, "bets", t).sum / LANES for t in range(6)]
        for m in ("value", "spend")
    ]
    return rows, result


def test_survivors_are_paid_at_the_review() -> None:
    (value, spend), _ = outcome({"threshold": 3.0, "pilot_months": 2}, (3.0,))
    assert value == pytest.approx([12, 0, 48, 0, 0, 0])
    assert spend == pytest.approx([4, 0, 16, 0, 0, 0])


def test_killed_campaigns_keep_what_their_pilots_brought() -> None:
    (value, spend), _ = outcome({"threshold": 3.1, "pilot_months": 2}, (3.0,))
    assert value == pytest.approx([12, 0, 0, 0, 0, 0])
    assert spend == pytest.approx([4, 0, 0, 0, 0, 0])


def test_a_share_is_killed_among_equals_and_money_goes_round() -> None:
    rule = {"kill_share": 0.5, "recycle": 0.5}
    (value, spend), _ = outcome(rule, (2.0,))
    assert spend == pytest.approx([4, 12, 0, 0, 0, 0])  # 2 survivors: 4 each, and half of 8
    assert value == pytest.approx([8, 24, 0, 0, 0, 0])


def test_saturation_has_an_elasticity_of_its_own() -> None:
    (value, _), _ = outcome({"kill_share": 0.0, "scale_elasticity": 0.5}, (2.0,))
    assert value == pytest.approx([8, 8 * (np.sqrt(5.0) - 1.0), 0, 0, 0, 0])


def test_the_cost_rule_looks_at_value_with_all_that_makes_it() -> None:
    for limit, scaled in ((0.5, 16), (0.49, 0)):
        rule = {"max_cost": limit, "pilot_months": 1}
        (_, spend), _ = outcome(rule, (4.0,), incrementality=0.5)
        assert spend[1] == pytest.approx(scaled)


def test_a_review_beyond_the_horizon_does_not_take_place() -> None:
    rule = {"threshold": 1.0, "pilot_months": 2}
    (value, spend), _ = outcome(rule, (2.0,), launch=(0, 4, 4, 4))
    assert value == pytest.approx([2, 0, 8, 0, 6, 0])
    assert spend == pytest.approx([1, 0, 4, 0, 3, 0])


def test_a_period_is_reviewed_after_its_last_launch() -> None:
    rule = {"kill_share": 0.5, "pilot_months": 1, "period": 3}
    (_, spend), _ = outcome(rule, (2.0,), launch=(0, 1, 3, 4))
    assert spend == pytest.approx([1, 1, 4, 1, 1, 4])


def test_every_scenario_kills_as_many_as_the_share_says() -> None:
    rule = {**RULES["share"], "kill_share": 0.29}
    plan = staged_plan(rule, campaigns=100, launch=3)
    spend = run(plan.replace(discount_rate=0.0), 512).values("spend")
    np.testing.assert_allclose(spend, 100 * 1_000 + 71 * 9_000)


def test_units_are_those_of_the_kernel() -> None:
    for name in ("threshold, unequal", "share", "late"):
        result = run(PLANS[name], 2 * LANES)
        units = result.units
        sums = units.groupby("scenario")[["value", "spend"]].sum()
        for metric in ("value", "spend"):
            np.testing.assert_allclose(sums[metric], result.values(metric)[: len(sums)])
        assert units.groupby("scenario")["units"].sum().eq(20).all()
        best = units.groupby("scenario")["value"].max()
        np.testing.assert_allclose(best, result.values("largest")[: len(best)])


# -- The same bits ------------------------------------------------------------------------------


def same(one: PortfolioResult, other: PortfolioResult, channel: str, n: int) -> bool:
    return all(
        np.array_equal(one.values(m, channel)[:n], other.values(m, channel)[:n], equal_nan=True)
        for m in METRICS
    )


def test_the_same_bits_for_workers_chunks_prefixes_and_company(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    plan = PLANS["threshold, recycled"]
    whole = run(plan, 3_000, workers=1)
    assert same(whole, run(plan, 3_000, workers=3), "bets", 3_000)
    assert same(whole, run(plan, 1_001), "bets", 1_001)
    team = SalesTeam(name="reps", hires=2, quota=8e5, loaded_cost=2e5)
    other = PROGRAM.replace(name="others")
    company = run(plan.replace(channels=[team, other, *plan.channels]), 3_000)
    assert same(whole, company, "bets", 3_000)
    assert not same(company, run(plan, 3_000), "portfolio", 3_000)
    for chunk in (LANES, 3 * LANES):
        monkeypatch.setattr(simulator, "_chunk_size", lambda compiled, chunk=chunk: chunk)
        assert same(whole, run(plan, 3_000, workers=2), "bets", 3_000)


def test_campaigns_keep_their_luck_when_others_come() -> None:
    """So that programs of different size are compared on common random numbers."""
    few = run(staged_plan({"signal_noise": 0.0}, campaigns=5, launch=0), 256)
    more = run(staged_plan({"signal_noise": 0.0}, campaigns=6, launch=0), 256)
    extra = more.values("value") - few.values("value")
    assert (extra >= -1e-6).all()
    assert 0.5 < np.mean(extra > 1e-6) < 0.7  # its hit rate
