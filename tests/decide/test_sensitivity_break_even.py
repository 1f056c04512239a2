"""Break-evens and tables of what-ifs."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from scipy import stats

import gtmsim as gtm
from gtmsim import CampaignProgram, Empirical, LogNormal, Pareto, Plan, SalesTeam
from gtmsim.decide.sensitivity import BreakEven, break_even, scenario_table, set_fields
from tests.laws import expect_proportion, rejects

PLAN = gtm.presets.example_plan()
N = 2_000


def bet(**fields: Any) -> CampaignProgram:
    """One campaign of 10 in month 0 that returns its multiple at once."""
    one: dict[str, Any] = {"name": "bet", "campaigns": 1, "spend": 10, "launch": 0}
    return CampaignProgram(**one | {"multiple": Empirical(values=[1.0])} | fields)


def solve(plan: Plan, path: str, *arguments: Any, **options: Any) -> BreakEven:
    return break_even(plan, path, *arguments, **{"scenarios": 500, "rng": 3} | options)


def at(plan: Plan, path: str, value: Any, metric: str, scenarios: int = 500, rng: int = 3) -> Any:
    changed = set_fields(plan, {path: value})
    return gtm.simulate_portfolio(changed, scenarios=scenarios, rng=rng).interval(metric)


# -- Closed forms -------------------------------------------------------------------------------


def test_break_even_of_a_plan_without_luck() -> None:
    team = SalesTeam(name="reps", hires=2, quota=1_200, loaded_cost=300, attainment=0.8)
    plan = Plan(horizon=12, channels=[team])
    found = solve(plan, "reps.attainment", "net_p50", 300.0, within=(0.1, 1.0))
    # 2 x (1,200 a - 300) = 300 at a = 3/8, known without error.
    assert found.value == pytest.approx(0.375, abs=1e-6)
    assert (found.low, found.high) == pytest.approx((0.375, 0.375), abs=1e-6)
    assert (found.crossings, found.plan_value, found.range) == (1, 0.8, (0.1, 1.0))
    assert found.at_ends == pytest.approx((-360.0, 1_800.0))
    falling = solve(plan, "reps.loaded_cost", "net_p50", 0.0, within=(300, 3_000))
    assert falling.value == pytest.approx(960.0, rel=1e-6)


def test_median_of_a_lognormal_breaks_even_where_it_is_one() -> None:
    """The interval holds the truth as often as promised, and a wrong one less often."""
    plan = Plan(horizon=3, channels=[bet(multiple=LogNormal(median=1.5, sigma=0.5))])
    found = [
        solve(plan, "bet.multiple.median", within=(0.5, 2.0), rng=seed, workers=1)
        for seed in range(60)
    ]
    expect_proportion(sum(one.low <= 1.0 <= one.high for one in found), 60, 0.95)
    wrong = sum(one.low <= 0.93 <= one.high for one in found)
    rejects(expect_proportion, wrong, 60, 0.95)
    # The standard error of a median of 500, times 1.96: sigma sqrt(pi / 2 / 500).
    half = np.mean([0.5 * (one.high - one.low) for one in found])
    assert half == pytest.approx(1.96 * 0.5 * math.sqrt(math.pi / 2.0 / 500.0), rel=0.1)


def test_hit_rate_that_a_probability_asks_for() -> None:
    plan = Plan(horizon=3, channels=[bet(hit_rate=0.3, multiple=Empirical(values=[2.0]))])
    found = solve(plan, "bet.hit_rate", "prob_loss", 0.5, within=(0.1, 0.9), scenarios=N)
    # Nobody knows the hit rate of a sample better than its share: 0.5 within 5 standard errors.
    assert abs(found.value - 0.5) < 5.0 * math.sqrt(0.25 / N)
    assert found.low < found.value < found.high
    assert found.high - found.low == pytest.approx(2 * 1.96 * math.sqrt(0.25 / N), rel=0.2)


def test_the_figure_is_on_the_threshold_there() -> None:
    found = break_even(
        PLAN, "mid-market.attainment", "net_p50", within=(0.3, 1.2), scenarios=N, rng=7
    )
    below, above = (
        at(PLAN, "mid-market.attainment", found.value + step, "net_p50", N, 7).estimate
        for step in (-1e-4, 1e-4)
    )
    assert below < 0.0 < above
    for end, part in ((found.low, "high"), (found.high, "low")):
        edge = at(PLAN, "mid-market.attainment", end, "net_p50", N, 7)
        assert abs(getattr(edge, part)) < 0.02 * (edge.high - edge.low)


# -- Counted, crossed twice, never -------------------------------------------------------------


def test_of_what_is_counted_it_is_the_first_beyond() -> None:
    plan = Plan(horizon=24, channels=[bet(half_life=6.0, multiple=Empirical(values=[2.0]))])
    found = solve(plan, "bet.lag", "net_p50", 0.0, within=(0, 23))
    worth = [at(plan, "bet.lag", lag, "net_p50").estimate for lag in range(24)]
    first = next(lag for lag in range(24) if worth[lag] < 0.0)
    assert (found.value, found.low, found.high) == (first, first, first)
    assert worth[first - 1] >= 0.0 > worth[first]
    many = solve(plan, "bet.campaigns", "p50", 95.0, within=(1, 40))
    # Launched evenly, later ones return less within the horizon.
    counts = [at(plan, "bet.campaigns", n, "p50").estimate for n in range(1, 41)]
    assert many.value == next(n for n in range(1, 41) if counts[n - 1] >= 95.0)


def test_campaigns_that_an_even_chance_asks_for() -> None:
    """Of 29 campaigns that hit half of the time at least 15 hit with probability one half."""
    plan = Plan(horizon=12, channels=[bet(campaigns=20, hit_rate=0.5)], target=150.0)
    found = solve(plan, "bet.campaigns", "prob_target", 0.5, within=(5, 60))
    error = math.sqrt(0.25 / 500)
    likely = [n for n in range(5, 61) if abs(stats.binom.sf(14, n, 0.5) - 0.5) < 5.0 * error]
    assert likely == [28, 29, 30]
    assert found.value in likely
    assert 27 <= found.low <= found.value <= found.high <= 31


def test_never_within_the_range_is_said() -> None:
    found = solve(PLAN, "PR.mean", "prob_target", 0.99, within=(0.5, 4.0))
    assert math.isnan(found.value)
    assert math.isnan(found.low)
    assert found.crossings == 0
    assert "never crosses 99" in found.explain()
    assert "it stays below, from" in found.explain()
    low = solve(PLAN, "mid-market.attainment", "net_p50", -1e9)
    assert "it stays above, from" in low.explain()
    # By default it is sought between the ends of the documented range.
    assert low.range == pytest.approx((0.85 * 0.75, 1.16 * 0.75))


def test_an_interval_that_leaves_the_range_has_no_end() -> None:
    middle = at(PLAN, "PR.mean", 1.5, "p50")
    found = solve(PLAN, "PR.mean", "p50", middle.estimate, within=(1.49, 1.51))
    assert (found.low, found.high) == (-math.inf, math.inf)
    assert 1.49 < found.value < 1.51


@pytest.mark.parametrize("own", [1.0, -1.0])
def test_of_two_crossings_the_nearest_to_the_plan(own: float) -> None:
    """With a market of log-sd 1 the median is 10 exp(-b^2 / 2), whichever sign b has."""
    plan = Plan(horizon=3, channels=[bet(market_loading=own)], market_volatility=1.0)
    arguments = ("bet.market_loading", "net_p50", -1.0)
    found = solve(plan, *arguments, within=(-2.0, 1.6), scenarios=5_000)
    b = math.sqrt(-2.0 * math.log(0.9))
    error = b * math.sqrt(math.pi / 2.0 / 5_000) / b
    assert found.crossings == 2
    assert abs(found.value - own * b) < 5.0 * error
    assert found.low < found.value < found.high
    assert (found.low + found.high) / 2.0 == pytest.approx(found.value, abs=error)
    assert "it crosses 2 times within -2 to 1.6" in found.explain()


def test_workers_change_nothing() -> None:
    runs = [
        break_even(PLAN, "PR.mean", "p50", 1.17e7, within=(0.5, 4.0), scenarios=N, rng=7, workers=w)
        for w in (1, 4)
    ]
    assert runs[0] == runs[1]
    words = runs[0].explain()
    assert words.startswith("p50 crosses 11.7")
    assert words.endswith("; the plan has 1.5.")


@pytest.mark.parametrize(
    ("arguments", "options", "error", "message"),
    [
        (("PR.hit",), {}, gtm.ArgumentError, r"path: .*did you mean 'PR.hit_rate'"),
        (("PR.cap", "roi"), {}, gtm.MetricError, r"metric: must be prob_loss.*got 'roi'"),
        (("PR.cap", "p50", "x"), {}, gtm.ArgumentTypeError, r"threshold: must be a number"),
        (("PR.cap", "p50", math.inf), {}, gtm.ArgumentError, r"threshold: must be finite"),
        (
            ("PR.lag",),
            {},
            gtm.ArgumentError,
            r"within: must be given for PR.lag, which has no range: it is 0 in the plan",
        ),
        (("PR.lag",), {"within": 3}, gtm.ArgumentTypeError, r"within: must be a pair of numbers"),
        (("PR.lag",), {"within": (3, 1)}, gtm.ArgumentError, r"within: must ascend, got \(3, 1\)"),
        (("PR.lag",), {"within": (1, 1.2)}, gtm.ArgumentError, r"within: must hold two whole"),
        (("PR.lag",), {"within": (1, "x")}, gtm.ArgumentTypeError, r"within\[1\]: must be a num"),
        (("PR.lag",), {"within": (0, 90)}, gtm.PlanError, r"lag: must be below the horizon"),
        (("PR.hit_rate",), {"scenarios": 9}, gtm.ArgumentError, r"scenarios: must be at least 500"),
    ],
)
def test_bad_argument_is_named(
    arguments: Any, options: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        solve(PLAN, *arguments, **options)


def test_a_mean_that_ceases_to_exist_is_above_every_threshold() -> None:
    plan = Plan(horizon=3, channels=[bet(multiple=Pareto(tail_index=1.5))])
    found = solve(plan, "bet.multiple.tail_index", "value_mean", 20.0, within=(0.8, 3.0))
    # 10 a / (a - 1) = 20 at a = 2; at 1 and below the mean is infinite.
    assert found.value == pytest.approx(2.0, abs=1e-5)
    assert found.at_ends[0] == math.inf


def test_a_mean_that_is_not_known_is_refused() -> None:
    odd = bet(multiple=stats.lognorm(1.0), name="odd")
    with pytest.raises(
        gtm.MetricError, match=r"must be known for all odd.hit_rate within 0.5 to 0.9"
    ):
        solve(Plan(horizon=3, channels=[odd]), "odd.hit_rate", "value_mean", within=(0.5, 0.9))


# -- What-ifs -----------------------------------------------------------------------------------


def test_rows_are_plans_and_differences_are_paired() -> None:
    what_ifs: dict[str, dict[str, Any]] = {
        "slow": {"mid-market.ramp.months": 9, "enterprise.ramp.months": 12},
        "lucky": {"PR.hit_rate": 0.3},
        "same": {},
    }
    found = scenario_table(PLAN, what_ifs, scenarios=N, rng=7)
    assert list(found.table.index) == ["as planned", "slow", "lucky", "same"]
    for name, changes in {"as planned": {}, **what_ifs}.items():
        plan = set_fields(PLAN, changes)
        result = gtm.simulate_portfolio(plan, scenarios=N, rng=7)
        row = found.table.loc[name]
        assert row["p10"] == pytest.approx(result.quantile(0.1, "net"), rel=1e-9)
        assert row["prob_target"] == result.prob_at_least(PLAN.target or 0.0)
    gap = found.differences["p50"]
    assert list(found.differences.index) == list(what_ifs)
    assert gap.loc["slow", "estimate"] == pytest.approx(
        found.table.loc["slow", "p50"] - found.table.loc["as planned", "p50"]
    )
    assert gap.loc["slow", "high"] < 0.0 < gap.loc["lucky", "low"]
    assert gap.loc["same", "estimate"] == 0.0
    assert "lucky has the highest median net" in found.verdict
    assert "lucky" in repr(found)


@pytest.mark.parametrize(
    ("what_ifs", "error", "message"),
    [
        ({}, gtm.ArgumentError, r"scenarios_by_name: must have at least one"),
        ([1], gtm.ArgumentTypeError, r"scenarios_by_name: must map names to what they change"),
        ({"a": 1}, gtm.ArgumentTypeError, r"must map names to what they change, .*'slow hiring'"),
        ({"as planned": {}}, gtm.ArgumentError, r"must not be 'as planned'.*rename it"),
        ({"a": {"PR.hit": 1}}, gtm.ArgumentError, r"did you mean 'PR.hit_rate'"),
        ({"a": {"PR.hit_rate": 2}}, gtm.PlanError, r"PR.hit_rate: must be at most 1, got 2"),
    ],
)
def test_bad_what_ifs_are_named(what_ifs: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        scenario_table(PLAN, what_ifs, scenarios=500)
