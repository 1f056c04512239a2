"""Tornado and Sobol indices: closed forms, direct simulation, coverage, and what is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import gtmsim as gtm
from gtmsim import CampaignProgram, Empirical, Pareto, Plan, SalesTeam
from gtmsim.decide.sensitivity import Sensitivity, sensitivity, set_fields
from gtmsim.decide.sensitivity.metric import Metric
from tests.laws import expect_proportion, rejects

PLAN = gtm.presets.example_plan()
N = 2_000


def bet(name: str = "bet", **fields: Any) -> CampaignProgram:
    """One campaign of 10 in month 0 that returns 10 times its mean multiple at once."""
    one: dict[str, Any] = {"name": name, "campaigns": 1, "spend": 10, "launch": 0}
    return CampaignProgram(**one | {"multiple": Empirical(values=[1.0])} | fields)


def study(plan: Plan, metric: str = "p50", **arguments: Any) -> Sensitivity:
    return sensitivity(plan, metric, **{"scenarios": 500, "rng": 3} | arguments)


@pytest.fixture(scope="module")
def found() -> Sensitivity:
    return sensitivity(PLAN, "net_p10", scenarios=N, rng=7)


# -- Tornado ------------------------------------------------------------------------------------


def test_swings_of_a_plan_without_luck_are_exact() -> None:
    team = SalesTeam(name="reps", hires=2, quota=1_200, loaded_cost=300, attainment=0.8)
    ranges = {"reps.attainment": (0.5, 1.0), "reps.loaded_cost": (200, 500), "bet.mean": (0.5, 4)}
    result = study(Plan(horizon=12, channels=[team, bet()]), "net_p50", ranges=ranges, only=ranges)
    table = result.table
    # 2 reps x 1,200 x attainment, less 2 x cost; 10 x mean, less 10.
    assert list(table.index) == ["reps.attainment", "reps.loaded_cost", "bet.mean"]
    assert table["swing"].tolist() == pytest.approx([1_200.0, -600.0, 35.0])
    assert table["at_low"].tolist() == pytest.approx([600.0, 1_520.0, 1_315.0])
    assert result.base.estimate == pytest.approx(1_320.0)
    np.testing.assert_allclose(table["swing_low"], table["swing"], rtol=1e-9)
    np.testing.assert_allclose(table["swing_high"], table["swing"], rtol=1e-9)


@pytest.mark.parametrize("metric", ["p50", "net_cvar_95", "prob_target", "multiple_p90"])
def test_ends_are_those_of_direct_simulation(metric: str) -> None:
    ranges = {"PR.hit_rate": (0.05, 0.3), "market_volatility": (0.0, 0.3), "PR.campaigns": (6, 24)}
    table = study(PLAN, metric, ranges=ranges, only=ranges, scenarios=N, rng=7).table
    for path, (low, high) in ranges.items():
        for end, value in (("at_low", low), ("at_high", high)):
            plan = set_fields(PLAN, {path: value})
            direct = gtm.simulate_portfolio(plan, scenarios=N, rng=7).interval(metric).estimate
            assert table.loc[path, end] == pytest.approx(direct, rel=1e-9)
    assert table["swing"].abs().is_monotonic_decreasing
    assert table.loc["PR.hit_rate", "swing"] > 0.0


def test_an_exact_mean_has_an_exact_swing() -> None:
    table = study(PLAN, "net_mean", only=["PR.mean"], ranges={"PR.mean": (1.0, 2.0)}).table
    # 12 campaigns of 40,000, discounted: 12 months apart they are worth a little less.
    low, high = (
        gtm.exact_moments(set_fields(PLAN, {"PR.mean": mean})).loc["portfolio", "net_mean"]
        for mean in (1.0, 2.0)
    )
    assert table.loc["PR.mean", "swing"] == pytest.approx(high - low)
    assert table.loc["PR.mean", "swing_low"] == table.loc["PR.mean", "swing"]
    endless = study(
        Plan(horizon=3, channels=[bet(multiple=Pareto(tail_index=1.5))]),
        "value_mean",
        ranges={"bet.multiple.tail_index": (0.9, 2.0)},
        only=["bet.multiple.tail_index"],
    )
    assert endless.table.loc["bet.multiple.tail_index", "swing"] == -np.inf


def test_what_does_not_enter_the_figure_moves_it_by_nothing(found: Sensitivity) -> None:
    table = study(PLAN, "p50", only=["PR.overhead"], ranges={"PR.overhead": (1, 9)}).table
    assert table.loc["PR.overhead", ["swing", "swing_low", "swing_high"]].tolist() == [0.0] * 3
    assert found.table.loc["mid-market.loaded_cost", "swing_high"] < 0.0


def test_swing_intervals_hold_the_truth_as_often_as_promised() -> None:
    """P(loss) falls from 0.7 to 0.5 as a hit becomes likelier, on common random numbers."""
    plan = Plan(horizon=3, channels=[bet(hit_rate=0.4, multiple=Empirical(values=[2.0]))])
    ranges = {"bet.hit_rate": (0.3, 0.5)}
    rows = [
        study(plan, "prob_loss", ranges=ranges, only=ranges, rng=seed, workers=1).table.iloc[0]
        for seed in range(120)
    ]
    inside = sum(row["swing_low"] <= -0.2 <= row["swing_high"] for row in rows)
    expect_proportion(inside, len(rows), 0.95)
    shifted = sum(row["swing_low"] <= -0.15 <= row["swing_high"] for row in rows)
    rejects(expect_proportion, shifted, len(rows), 0.95)
    # Paired: two independent Wilson intervals would be about 0.12 wide together.
    widths = [row["swing_high"] - row["swing_low"] for row in rows]
    assert np.mean(widths) < 0.075


def test_what_would_break_a_rule_is_reported(found: Sensitivity) -> None:
    omitted = found.omitted.set_index("path")["reason"]
    assert "must be 1 without reference_spend" in omitted["PR.spend_elasticity"]
    assert omitted["PR.lag"] == "is 0 in the plan: give its range"
    assert not set(omitted.index) & set(found.table.index)
    late = study(PLAN, only=["content.lag"], ranges={"content.lag": (3, 40)})
    assert late.table.empty
    assert "must be below the horizon of 24 months" in late.omitted["reason"][0]
    assert "nothing was varied" in late.explain()


def test_versions_of_a_fit_give_the_ranges() -> None:
    versions = {"PR": [PLAN["PR"].replace(hit_rate=rate) for rate in np.linspace(0.1, 0.2, 11)]}
    table = study(PLAN, alternatives=versions, only=["PR.hit_rate"]).table
    row = table.loc["PR.hit_rate"]
    assert (row["low"], row["high"]) == pytest.approx((0.11, 0.19))
    assert row["source"] == "11 versions"
    plan = set_fields(PLAN, {"PR.hit_rate": row["low"]})
    direct = gtm.simulate_portfolio(plan, scenarios=500, rng=3).quantile(0.5)
    assert row["at_low"] == pytest.approx(direct, rel=1e-9)


def test_workers_change_no_bit(found: Sensitivity) -> None:
    only = ["PR.mean", "mid-market.attainment", "content.cap"]
    one = sensitivity(PLAN, "net_p10", scenarios=N, rng=7, only=only, workers=1).table
    many = sensitivity(PLAN, "net_p10", scenarios=N, rng=7, only=only, workers=4).table
    assert one.equals(many)
    assert one.equals(found.table.loc[one.index])
    other = sensitivity(PLAN, "net_p10", scenarios=N, rng=8, only=only).table
    assert not one.equals(other.loc[one.index])


def test_text_and_sentence(found: Sensitivity) -> None:
    text = repr(found)
    assert "net_p10 at the 10 % and 90 % quantile" in text
    assert f"and {len(found.table) - 15} narrower ones in table" in text
    assert f"{len(found.omitted)} numbers were not varied: see omitted" in text
    words = found.explain()
    assert f"it hangs most on {found.table.index[0]} (" in words
    assert "cannot be told from moving nothing in 2,000 scenarios" in words


# -- Sobol --------------------------------------------------------------------------------------


def test_indices_of_a_sum_are_shares_of_variance() -> None:
    ranges = {"a.mean": (1.0, 2.0), "b.mean": (1.0, 3.0), "c.mean": (1.0, 4.0)}
    plan = Plan(horizon=3, channels=[bet("a"), bet("b"), bet("c")])
    result = study(plan, ranges=ranges, only=ranges, method=("tornado", "sobol"), samples=64)
    assert result.indices is not None
    indices = result.indices
    shares = {"c.mean": 9.0 / 14.0, "b.mean": 4.0 / 14.0, "a.mean": 1.0 / 14.0}
    assert list(indices.index) == list(shares)
    truth = np.array(list(shares.values()))
    for kind in ("first", "total"):
        np.testing.assert_allclose(indices[kind], truth, atol=0.05)
        assert (indices[f"{kind}_low"] <= truth).all()
        assert (truth <= indices[f"{kind}_high"]).all()
        # The order is that of the truth, and no other share would do.
        assert not np.allclose(indices[kind], truth[::-1], atol=0.05)
    assert "of the variance that beliefs make is due to c.mean" in result.explain()


def test_indices_of_a_product_leave_a_part_to_both_together() -> None:
    """Of XY with X and Y uniform on (0, 2): S = 3/7 alone and 4/7 with the other."""
    ranges = {"bet.mean": (1e-6, 2.0), "bet.incrementality": (0.0, 2.0)}
    plan = Plan(horizon=3, channels=[bet()])
    result = study(plan, ranges=ranges, only=ranges, method=("sobol",), samples=128)
    assert result.indices is not None
    assert result.indices["first"].tolist() == pytest.approx([3 / 7, 3 / 7], abs=0.08)
    assert result.indices["total"].tolist() == pytest.approx([4 / 7, 4 / 7], abs=0.08)
    assert (result.indices["total"] - result.indices["first"]).min() > 0.05


def test_a_channel_with_versions_is_one_assumption() -> None:
    """Means of 1 or 3 have variance 1, and one that is uniform on (1, 3) has 1/3."""
    plan = Plan(horizon=3, channels=[bet("a"), bet("b")])
    versions = {"a": [bet("a", multiple=Empirical(values=[x])) for x in (1.0, 3.0)]}
    result = study(
        plan,
        alternatives=versions,
        ranges={"b.mean": (1.0, 3.0)},
        only=["a.mean", "b.mean"],
        method="sobol",
        samples=128,
    )
    assert result.indices is not None
    assert list(result.indices.index) == ["a", "b.mean"]
    assert result.indices["first"].tolist() == pytest.approx([0.75, 0.25], abs=0.05)
    assert result.indices["total"].tolist() == pytest.approx([0.75, 0.25], abs=0.05)
    assert result.table.loc["a.mean", "source"] == "2 versions"


def test_a_mean_does_not_undo_the_hit_rate() -> None:
    ranges = {"bet.mean": (0.5, 1.5), "bet.hit_rate": (0.5, 1.0)}
    law = Empirical(values=[1.0])
    plan = Plan(horizon=3, channels=[bet(campaigns=400, multiple=law, hit_rate=0.75, spend=1.0)])
    result = study(plan, ranges=ranges, only=ranges, method=("tornado", "sobol"), samples=32)
    assert result.indices is not None
    # Both are uniform, and of 400 campaigns value is near 400 x (mean / 0.75) x hit rate.
    assert result.indices.loc["bet.hit_rate", "total"] > 0.1


def test_indices_are_of_the_widest_swings_and_the_same_for_one_seed() -> None:
    ranges = {"a.mean": (1.0, 2.0), "b.mean": (1.0, 3.0), "b.lag": (0, 2)}
    plan = Plan(horizon=3, channels=[bet("a"), bet("b")])
    runs = [
        study(plan, ranges=ranges, only=ranges, method="sobol", most=2, samples=8, workers=w)
        for w in (1, 3)
    ]
    assert runs[0].indices is not None
    assert runs[1].indices is not None
    assert set(runs[0].indices.index) == set(runs[0].table.index[:2])
    assert runs[0].indices.equals(runs[1].indices)
    assert study(plan, ranges=ranges, only=ranges).indices is None


def test_a_figure_that_does_not_vary_has_no_indices() -> None:
    plan = Plan(horizon=3, channels=[bet()])
    ranges = {"bet.mean": (1.0, 2.0)}
    result = study(plan, "spend_p50", ranges=ranges, only=ranges, method="sobol", samples=8)
    assert result.indices is not None
    assert result.indices.isna().all(axis=None)
    assert "of the variance" not in result.explain()


def test_indices_of_a_mean_that_does_not_exist_are_refused() -> None:
    plan = Plan(horizon=3, channels=[bet(multiple=Pareto(tail_index=1.5))])
    ranges = {"bet.multiple.tail_index": (0.8, 2.0)}
    with pytest.raises(gtm.MetricError, match=r"must exist for all assumptions .*'value_mean'"):
        study(plan, "value_mean", ranges=ranges, only=ranges, method="sobol", samples=8)


# -- What is refused ----------------------------------------------------------------------------


def test_metrics_are_named_as_in_results() -> None:
    result = gtm.simulate_portfolio(PLAN, scenarios=N, rng=7)
    for name in ("p10", "value_p50", "net_p99.5", "cvar_90", "value_cvar_95", "prob_loss"):
        table = sensitivity(PLAN, name, scenarios=N, rng=7, only=["PR.cap"])
        assert table.base.estimate == pytest.approx(result.interval(name).estimate, rel=1e-9)
    assert Metric.named("mean").of == "value"


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (
            {"metric": "profit"},
            gtm.MetricError,
            r"metric: must be prob_loss, prob_target, or one of value, net.*got 'profit' \(write",
        ),
        ({"metric": "p0"}, gtm.MetricError, r"metric: must be .*got 'p0'"),
        ({"metric": "spend_mean"}, gtm.MetricError, r"or value_mean or net_mean, got 'spend_mean'"),
        ({"metric": 3}, gtm.MetricError, r"metric: must be .*got 3"),
        ({"scenarios": 100}, gtm.ArgumentError, r"scenarios: must be at least 500"),
        ({"level": 2.0}, gtm.ArgumentError, r"level: must be above 0 and"),
        ({"workers": 0}, gtm.ArgumentError, r"workers: must be at least 1"),
        ({"rng": "x"}, gtm.ArgumentTypeError, r"rng: must be None"),
        ({"method": "sobl"}, gtm.ArgumentError, r"method: must be of tornado.*mean 'sobol'\?"),
        (
            {"method": ("none",)},
            gtm.ArgumentError,
            r"method: must be of tornado, sobol, got 'none'",
        ),
        ({"method": 3}, gtm.ArgumentTypeError, r"method: must be a sequence of names, got 3"),
        ({"samples": 100}, gtm.ArgumentError, r"samples: must be a power of 2, .*\(write 128\)"),
        ({"samples": 4}, gtm.ArgumentError, r"samples: must be at least 8"),
        ({"most": 0}, gtm.ArgumentError, r"most: must be at least 1"),
        ({"alternatives": {"x": []}}, gtm.ArgumentError, r"alternatives: must name channels"),
        ({"ranges": {"PR.hit": (0, 1)}}, gtm.ArgumentError, r"did you mean 'PR.hit_rate'"),
    ],
)
def test_bad_argument_is_named(
    arguments: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        sensitivity(PLAN, **{"scenarios": 500} | arguments)


def test_a_target_and_a_plan_are_needed() -> None:
    plan = Plan(horizon=3, channels=[bet()])
    with pytest.raises(gtm.MetricError, match=r"metric: must be of a plan with a target"):
        study(plan, "prob_target")
    with pytest.raises(gtm.ArgumentTypeError, match=r"plan: must be a Plan"):
        sensitivity("plan.toml")  # type: ignore[arg-type]
