"""Cash: closed forms, the oracle, the same bits, and what is refused."""

from __future__ import annotations

import math
from itertools import accumulate
from typing import Any

import numpy as np
import pandas as pd
import pytest

import gtmsim as gtm
from gtmsim import CampaignProgram, Empirical, Pareto, Plan, SalesTeam
from gtmsim.decide.cash import Cash, cash
from tests.laws import expect_proportion, expect_same_distribution, rejects
from tests.reference import simulate_reference

N = 4_000


@pytest.fixture(scope="module")
def plan() -> Plan:
    return gtm.presets.example_plan()


@pytest.fixture(scope="module")
def flow(plan: Plan) -> Cash:
    return cash(plan, scenarios=N, rng=7, opening=3e6, discount_rates=(0.25, plan.discount_rate))


def bet(**fields: Any) -> CampaignProgram:
    """One campaign of 10 in month 0 that returns 20 at once."""
    one: dict[str, Any] = {"name": "bet", "campaigns": 1, "spend": 10, "launch": 0}
    return CampaignProgram(**one | {"multiple": Empirical(values=[2.0])} | fields)


def alone(*channels: Any, horizon: int = 12, **arguments: Any) -> Cash:
    return cash(Plan(horizon=horizon, channels=channels), scenarios=128, rng=1, **arguments)


def only(values: np.ndarray) -> float:
    """The one value that all scenarios of a plan without luck have."""
    assert np.unique(values).size == 1
    return float(values[0])


# -- By hand ------------------------------------------------------------------------------------


def test_a_bet_that_doubles_after_three_months() -> None:
    flow = alone(bet(lag=3), opening=4.0)
    assert only(flow.values("payback")) == 4.0
    assert only(flow.values("peak_funding")) == only(flow.values("drawdown")) == 10.0
    assert only(flow.values("runway")) == 0.0
    assert only(flow.values("irr")) == pytest.approx(2.0**4 - 1.0, rel=1e-12)
    worth = only(flow.values("npv", rate=0.25))
    assert worth == pytest.approx(-10.0 + 20.0 / 1.25**0.25, rel=1e-12)
    assert [flow.prob_payback(n).estimate for n in (3, 4)] == [0.0, 1.0]
    assert flow.prob_payback(3).high > 0.0
    assert flow.quantile("payback", 0.5).estimate == 4.0


def test_what_never_comes_back_is_never_paid_back() -> None:
    flow = alone(bet(multiple=Empirical(values=[0.5])), bet(name="late", lag=11, launch=5))
    assert math.isinf(only(flow.values("payback", "bet")))
    assert flow.quantile("payback", 0.5, "bet").low == math.inf
    # A return of half in the same month leaves no months for a rate of return.
    assert np.isnan(flow.values("irr", "bet")).all()
    assert flow.irr_missing("bet")["none"].estimate == 1.0
    assert math.isnan(flow.quantile("irr", 0.5, "bet").estimate)
    # What comes after the horizon is not cash of the plan.
    assert math.isinf(only(flow.values("payback", "late")))


def test_what_is_never_short_has_nothing_to_pay_back() -> None:
    flow = alone(bet())
    assert only(flow.values("payback")) == only(flow.values("peak_funding")) == 0.0
    assert flow.prob_payback(0).estimate == 1.0
    assert flow.prob_ruin().estimate == 0.0
    assert math.isinf(flow.quantile("runway", 0.1).estimate)


def test_money_that_is_lent_twice_has_no_one_rate() -> None:
    """100 out, 230 in, 132 out a year apart: worth nothing at 10 % and at 20 %."""
    flow = alone(
        bet(name="first", spend=100, multiple=Empirical(values=[2.3]), lag=12),
        bet(name="last", spend=132, multiple=Empirical(values=[1e-12]), launch=24),
        horizon=36,
        discount_rates=(0.1, 0.15, 0.2),
    )
    assert [only(flow.values("npv", rate=r)) for r in (0.1, 0.2)] == pytest.approx([0, 0], abs=1e-9)
    assert only(flow.values("npv", rate=0.15)) > 0.1
    assert np.isnan(flow.values("irr")).all()
    assert flow.irr_missing()["several"].estimate == 1.0
    assert flow.irr_missing("first")["several"].estimate == 0.0
    assert only(flow.values("irr", "first")) == pytest.approx(1.3, rel=1e-12)


def test_a_balance_that_falls_again_has_not_paid_back() -> None:
    again = bet(name="again", spend=30, launch=6, lag=3)
    flow = alone(bet(lag=3), again, opening=15.0)
    # -10, back to +10 in month 3, -20 in month 6, +40 in month 9: paid back after ten months.
    assert only(flow.values("payback")) == 10.0
    assert only(flow.values("peak_funding")) == 20.0
    assert only(flow.values("drawdown")) == 30.0
    assert only(flow.values("runway")) == 6.0
    assert flow.prob_ruin().estimate == flow.prob_ruin(19.9).estimate == 1.0
    assert flow.prob_ruin(20.0).estimate == 0.0


def test_a_team_pays_back_when_its_ramp_is_over() -> None:
    team = SalesTeam(
        name="reps", hires=2, quota=1_200, loaded_cost=600, hiring_cost=30, ramp=4, margin=0.8
    )
    # One seat: 80 x ramp - 50 a month after 30 for the hire.
    monthly = [80.0 * min((t + 0.5) / 4.0, 1.0) - 50.0 for t in range(12)]
    monthly[0] -= 30.0
    total = list(accumulate(2.0 * net for net in monthly))
    flow = alone(team)
    assert only(flow.values("peak_funding")) == pytest.approx(-min(total), rel=1e-12)
    assert only(flow.values("payback")) == 1 + sum(balance < 0.0 for balance in total)


def test_plan_rate_counts_for_nothing_but_npv(plan: Plan) -> None:
    dear = cash(plan.replace(discount_rate=0.5), scenarios=256, rng=7, discount_rates=(0.1,))
    free = cash(plan.replace(discount_rate=0.0), scenarios=256, rng=7, discount_rates=(0.1,))
    np.testing.assert_array_equal(dear.kept, free.kept)


def test_a_hit_pays_back_as_often_as_it_hits() -> None:
    flow = cash(Plan(horizon=6, channels=[bet(hit_rate=0.3, lag=2)]), scenarios=N, rng=3)
    back = int(np.isfinite(flow.values("payback")).sum())
    expect_proportion(back, N, 0.3)
    rejects(expect_proportion, back, N, 0.35)
    interval = flow.prob_payback(6)
    assert (interval.estimate, interval.method) == (back / N, "Wilson")
    assert interval.low < interval.estimate < interval.high
    # Of those that hit the rate is the same, and the others have none.
    assert flow.irr_missing()["none"].estimate == pytest.approx(1.0 - back / N)
    assert flow.quantile("irr", 0.5).estimate == pytest.approx(2.0**6 - 1.0)
    assert flow.prob_negative(0.12).estimate == pytest.approx(1.0 - back / N)


# -- Against the simulation and the oracle ------------------------------------------------------


def test_worth_at_a_rate_is_net_of_the_plan_at_that_rate(plan: Plan) -> None:
    for rate in (0.0, 0.1):
        result = gtm.simulate_portfolio(plan.replace(discount_rate=rate), scenarios=N, rng=7)
        flow = cash(result, discount_rates=(rate,))
        for name in (*result.channels, "portfolio"):
            net = result.values("net", name)
            scale = float(result.values("spend", name).max())
            np.testing.assert_allclose(flow.values("npv", name), net, rtol=1e-9, atol=1e-9 * scale)


def test_versions_of_a_result_are_drawn_again(plan: Plan) -> None:
    versions = {"PR": [plan["PR"].replace(hit_rate=rate) for rate in (0.05, 0.3)]}
    result = gtm.simulate_portfolio(plan, scenarios=N, rng=7, alternatives=versions)
    flow = cash(result, discount_rates=(plan.discount_rate,))
    np.testing.assert_allclose(
        flow.values("npv"), result.values("net"), rtol=1e-9, atol=1e-9 * result.values("spend")[0]
    )
    other = cash(plan, scenarios=N, rng=7, discount_rates=(plan.discount_rate,))
    assert not np.allclose(flow.values("npv"), other.values("npv"))
    assert flow.prob_payback(24).method == "Wilson, by block"
    assert flow.quantile("npv", 0.5).method == "order statistics, by block"
    assert flow.npv.loc[("PR", 0.1), ("mean", "estimate")] == pytest.approx(
        result.exact.loc["PR", "net_mean"]
    )
    again = cash(plan, scenarios=N, rng=7, alternatives=versions, discount_rates=(0.1,))
    np.testing.assert_array_equal(again.kept, flow.kept)


def test_a_team_that_is_fed_has_its_own_cash_and_a_mean_of_the_scenarios(plan: Plan) -> None:
    channels = list(plan.channels)
    channels[0] = channels[0].replace(pipeline=4e6)
    channels[4] = channels[4].replace(feeds="mid-market")
    result = gtm.simulate_portfolio(plan.replace(channels=channels), scenarios=N, rng=7)
    flow = cash(result, discount_rates=(plan.discount_rate,))
    for name in ("mid-market", "PR", "portfolio"):
        net = result.values("net", name)
        np.testing.assert_allclose(flow.values("npv", name), net, rtol=1e-9, atol=1e-3)
    assert only(flow.values("payback", "PR")) == math.inf
    mean = flow.npv.loc[("portfolio", plan.discount_rate), "mean"]
    assert mean["estimate"] == pytest.approx(result.values("net").mean())
    assert mean["low"] < mean["estimate"] < mean["high"]
    assert math.isnan(result.exact.loc["portfolio", "net_mean"])


def test_cash_has_the_distribution_of_the_oracle() -> None:
    team = SalesTeam(
        name="reps", hires=(0, 2), quota=1_200, loaded_cost=400, hiring_cost=50, ramp=3,
        skill_cv=0.4, luck_cv=0.3, attrition=0.3, backfill_months=1,
    )  # fmt: skip
    bets = CampaignProgram(
        name="bets", campaigns=6, spend=80, hit_rate=0.4, multiple=Pareto(tail_index=1.3),
        lag=1, half_life=2,
    )  # fmt: skip
    plan = Plan(horizon=18, channels=[team, bets], market_volatility=0.2)
    flow = cash(plan, scenarios=N, rng=5, discount_rates=(), opening=200.0)
    outcome = simulate_reference(plan, 2_000, seed=11)["portfolio"]
    found: dict[str, list[float]] = {
        "payback": [],
        "peak_funding": [],
        "drawdown": [],
        "runway": [],
    }
    for value, spend in zip(outcome["value_by_month"], outcome["spend_by_month"], strict=True):
        total = list(accumulate(v - s for v, s in zip(value, spend, strict=True)))
        for metric, figure in by_brute_force(total, 200.0).items():
            found[metric].append(figure)
    for metric, figures in found.items():
        ours = np.where(np.isinf(flow.values(metric)), 99.0, flow.values(metric))
        theirs = np.where(np.isinf(figures), 99.0, figures)
        expect_same_distribution(ours, theirs)
        rejects(expect_same_distribution, 1.1 * ours + 1.0, theirs)


def by_brute_force(total: list[float], opening: float) -> dict[str, float]:
    months = range(len(total))
    fine = [m for m in months if all(balance >= 0.0 for balance in total[m:])]
    back = 0.0 if fine == list(months) else (fine[0] + 1.0 if fine else math.inf)
    dry = [m for m in months if total[m] + opening < 0.0]
    falls = [max([0.0, *total[: m + 1]]) - total[m] for m in months]
    return {
        "payback": back,
        "peak_funding": max(0.0, *(-balance for balance in total)),
        "drawdown": max(falls),
        "runway": float(dry[0]) if dry else math.inf,
    }


# -- The same bits ------------------------------------------------------------------------------


def test_workers_and_length_change_no_bit(plan: Plan, flow: Cash) -> None:
    rates = flow.discount_rates
    for count, workers in ((N, 1), (N, 5), (300, 3)):
        other = cash(
            plan, scenarios=count, rng=7, opening=3e6, discount_rates=rates, workers=workers
        )
        np.testing.assert_array_equal(other.kept, flow.kept[:, :, :count])
    assert not np.array_equal(cash(plan, scenarios=300, rng=8).kept[0], flow.kept[0, :, :300])


# -- What is read -------------------------------------------------------------------------------


def test_tables_hold_what_the_calls_say(plan: Plan, flow: Cash) -> None:
    table = flow.table
    assert list(table.index) == [*flow.channels, "portfolio"]
    for part in ("estimate", "low", "high"):
        row = table.loc["portfolio"]
        assert row["prob_payback", part] == getattr(flow.prob_payback(24), part)
        assert row["prob_ruin", part] == getattr(flow.prob_ruin(), part)
        funding = flow.quantile("peak_funding", 0.9)
        assert row["peak_funding_p90", part] == getattr(funding, part)
    assert table["prob_ruin", "estimate"].isna().tolist() == [True] * 5 + [False]
    assert (table["payback_p50", "low"] <= table["payback_p50", "estimate"]).all()
    worth = flow.npv.loc[("portfolio", 0.25)]
    assert worth["prob_negative", "high"] == flow.prob_negative(0.25).high
    exact = gtm.exact_moments(plan.replace(discount_rate=0.25)).loc["portfolio", "net_mean"]
    assert worth["mean", "estimate"] == exact
    expected = flow.quantile("npv", 0.1, rate=0.25)
    assert (worth["p10", "low"], worth["p10", "high"]) == (expected.low, expected.high)
    assert flow.values("npv") is not flow.values("npv", rate=flow.discount_rates[1])
    np.testing.assert_array_equal(flow.values("npv"), flow.values("npv", rate=0.25))


def test_funding_and_ruin_are_one_thing(flow: Cash) -> None:
    assert flow.prob_ruin() == flow.prob_ruin(3e6)
    need = flow.quantile("peak_funding", 0.9).estimate
    assert flow.prob_ruin(need).estimate == pytest.approx(0.1, abs=1.0 / N)


def test_a_mean_that_does_not_exist_is_infinite() -> None:
    plan = Plan(horizon=6, channels=[bet(multiple=Pareto(tail_index=0.9))])
    flow = cash(plan, scenarios=128, rng=1)
    assert math.isinf(flow.npv.loc[("bet", 0.12), ("mean", "estimate")])


def test_text_and_sentence(flow: Cash) -> None:
    text = repr(flow)
    assert "cash of mid-market software: 24 months, 4,000 scenarios, seed 7" in text
    assert " ".join(text.split()).startswith(flow.explain())
    assert all(name in text for name in (*flow.channels, "portfolio", "payback_p50"))
    words = flow.explain()
    assert "pays back within its 24 months with probability" in words
    assert "The opening 3M runs out with" in words
    assert "never" in text
    assert "to the end" in text
    assert "At 25 % a year its median worth is" in words
    assert "not within them" in alone(bet(lag=11, launch=5)).explain()
    with pytest.raises(ValueError, match="read-only"):
        flow.values("payback")[0] = 1.0


# -- What is refused ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"scenarios": 0}, gtm.ArgumentError, r"scenarios: must be at least 1 .*got 0"),
        ({"workers": 0}, gtm.ArgumentError, r"workers: must be at least 1 .*got 0"),
        ({"opening": -1.0}, gtm.ArgumentError, r"opening: must be at least 0, got -1"),
        ({"opening": "3M"}, gtm.ArgumentTypeError, r"opening: must be a number, got '3M'"),
        ({"level": 1.0}, gtm.ArgumentError, r"level: must be above 0 and below 1|level: must be"),
        (
            {"discount_rates": 0.12},
            gtm.ArgumentTypeError,
            r"discount_rates: must be a sequence of numbers, got 0.12 \(write \(0.12,\)",
        ),
        (
            {"discount_rates": (0.1, 12.0)},
            gtm.ArgumentError,
            r"discount_rates\[1\]: must be at least 0 and at most 10, got 12.0 \(write 0.12",
        ),
        (
            {"discount_rates": (0.1, 0.1)},
            gtm.ArgumentError,
            r"discount_rates: must differ from each other",
        ),
        ({"progress": 1}, gtm.ArgumentTypeError, r"progress: must be True, False or None, got 1"),
        ({"rng": -1}, gtm.ArgumentError, r"rng: must be at least 0"),
        ({"alternatives": {"PS": []}}, gtm.ArgumentError, r"alternatives: must name channels"),
    ],
)
def test_bad_argument_is_named(
    plan: Plan, arguments: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        cash(plan, **arguments)


def test_what_a_result_knows_is_not_given_again(plan: Plan) -> None:
    result = gtm.simulate_portfolio(plan, scenarios=128, rng=7)
    for name, value in (("scenarios", 5), ("rng", 7), ("alternatives", {})):
        with pytest.raises(gtm.ArgumentError, match=rf"{name}: must be left out with a result"):
            cash(result, **{name: value})
    with pytest.raises(gtm.ArgumentTypeError, match=r"plan: must be a Plan or a PortfolioResult"):
        cash("plan.toml")  # type: ignore[arg-type]


def test_unknown_figures_are_refused(flow: Cash) -> None:
    with pytest.raises(gtm.MetricError, match=r"metric: must be one of payback, peak_.*'burn'"):
        flow.values("burn")
    with pytest.raises(gtm.MetricError, match=r"channel: must be one of .*'PR'.*got 'pr'"):
        flow.values("payback", "pr")
    with pytest.raises(gtm.MetricError, match=r"must not be runway of a channel.*peak_funding"):
        flow.values("runway", "PR")
    with pytest.raises(gtm.ArgumentError, match=r"rate: must be one of the discount rates 0.25, 0"):
        flow.values("npv", rate=0.3)
    with pytest.raises(gtm.MetricError, match=r"metric: must not be asked without discount rates"):
        alone(bet(), discount_rates=()).values("npv")
    with pytest.raises(gtm.ArgumentError, match=r"months: must be .*at most 24, got 36.*horizon"):
        flow.prob_payback(36)
    with pytest.raises(gtm.ArgumentError, match=r"q: must be above 0 and"):
        flow.quantile("payback", 1.0)
    with pytest.raises(gtm.ArgumentError, match=r"opening: must be at least 0"):
        flow.prob_ruin(-1.0)


def test_table_is_a_frame(flow: Cash) -> None:
    assert isinstance(flow.table, pd.DataFrame)
    assert flow.table.columns.nlevels == flow.npv.columns.nlevels == 2
