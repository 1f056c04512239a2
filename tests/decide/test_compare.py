"""compare: figures, pairs and regret against closed forms and plain numpy; coverage of pairs."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

import gtmsim as gtm
from gtmsim import CampaignProgram, Empirical, LogNormal, Pareto, Plan, SalesTeam
from gtmsim.decide.compare import compare
from gtmsim.decide.comparison import Comparison
from gtmsim.decide.draws import Draws
from gtmsim.errors import ArgumentError, ArgumentTypeError, MetricError
from gtmsim.statistics import Interval
from tests.laws import Z, expect_mean, expect_proportion, rejects

SCENARIOS = 40_000


def plan_of(*channels: CampaignProgram | SalesTeam, **fields: object) -> Plan:
    return Plan(**{"horizon": 12, "channels": channels, **fields})


def lognormal_bet(name: str, median: float, sigma: float, **fields: object) -> CampaignProgram:
    law = LogNormal(median=median, sigma=sigma)
    return CampaignProgram(name=name, campaigns=1, spend=1.0, multiple=law, **fields)


def coins(name: str, campaigns: int, rate: float) -> CampaignProgram:
    """Bets that return twice their spend of 1 or nothing."""
    law = Empirical(values=[2.0])
    return CampaignProgram(
        name=name, campaigns=campaigns, spend=1.0, hit_rate=rate, multiple=law, launch=0
    )


def near(interval: Interval, truth: float) -> None:
    """Expect an estimate within five standard errors of the truth."""
    error = interval.half_width / stats.norm.isf((1.0 - interval.level) / 2.0)
    assert abs(interval.estimate - truth) <= Z * error + 1e-9 * abs(truth), (interval, truth)


@pytest.fixture(scope="module")
def example() -> Comparison:
    plan = gtm.presets.example_plan()
    plans = {
        "as it is": plan,
        "no PR": plan.replace(channels=[c for c in plan.channels if c.name != "PR"]),
        "no content": plan.replace(channels=[c for c in plan.channels if c.name != "content"]),
    }
    return compare(plans, scenarios=3_000, rng=7)


@pytest.mark.parametrize("workers", [1, 3])
def test_totals_are_those_of_the_simulation_to_the_last_bit(workers: int) -> None:
    plan = gtm.presets.example_plan()
    whole = gtm.simulate_portfolio(plan, scenarios=1_000, rng=7)
    totals = Draws(1_000, rng=7, workers=workers).totals(plan)
    assert np.array_equal(totals.value, whole.values("value"))
    assert np.array_equal(totals.spend, whole.values("spend"))
    other = Draws(1_000, rng=8, workers=workers).totals(plan)
    assert not np.array_equal(totals.value, other.value)


def test_plans_whose_channels_feed_one_another_are_simulated_as_a_whole() -> None:
    team = SalesTeam(name="reps", hires=2, quota=1e6, loaded_cost=2e5, pipeline=1e5)
    bets = coins("bets", 20, 0.5).replace(spend=1e5, feeds="reps")
    plan = plan_of(team, bets)
    whole = gtm.simulate_portfolio(plan, scenarios=500, rng=7)
    found = compare({"fed": plan, "alone": plan_of(team)}, scenarios=500, rng=7)
    assert np.array_equal(found.totals["fed"].value, whole.values("value"))
    assert np.all(found.totals["fed"].value > found.totals["alone"].value)


def test_the_table_is_what_plain_numpy_makes_of_the_scenarios(example: Comparison) -> None:
    results = {
        n: gtm.simulate_portfolio(p, scenarios=3_000, rng=7) for n, p in example.plans.items()
    }
    net = np.stack([r.values("net") for r in results.values()], axis=1)
    best = net.max(axis=1)
    table = example.table()
    for i, (name, result) in enumerate(results.items()):
        own = net[:, i]
        worst = np.sort(own)[:150].mean()
        expected = {
            "spend": result.values("spend").mean(),
            "p10": np.quantile(own, 0.1),
            "p50": np.quantile(own, 0.5),
            "p90": np.quantile(own, 0.9),
            "mean": own.mean(),
            "prob_target": np.mean(result.values("value") >= 11.5e6),
            "prob_loss": np.mean(own < 0.0),
            "cvar_95": worst,
            "prob_best": np.mean(own == best),
            "regret_p90": np.quantile(best - own, 0.9),
        }
        for figure, value in expected.items():
            assert table.loc[name, figure] == pytest.approx(value, rel=1e-9), figure
    assert table["prob_best"].sum() == pytest.approx(1.0)
    beats = example.beats()
    assert beats.loc["as it is", "no PR"] == np.mean(net[:, 0] > net[:, 1])
    assert beats.isna().to_numpy().diagonal().all()


def test_intervals_stand_beside_estimates(example: Comparison) -> None:
    table, wide = example.table(), example.table(intervals=True)
    for figure in table.columns:
        assert wide[figure, "estimate"].equals(table[figure].rename(wide[figure, "estimate"].name))
        assert (wide[figure, "low"] <= wide[figure, "estimate"]).all(), figure
        assert (wide[figure, "high"] >= wide[figure, "estimate"]).all(), figure
    beats = example.beats(intervals=True)
    share = example.beats().loc["no PR", "as it is"]
    low, high = beats.loc["no PR", [("as it is", "low"), ("as it is", "high")]]
    assert low < share < high
    difference = example.difference("as it is", "no PR")
    gap = table.loc["as it is"] - table.loc["no PR"]
    for figure in difference.index:
        assert difference.loc[figure, "estimate"] == pytest.approx(gap[figure], rel=1e-9)
    back = example.difference("no PR", "as it is")
    assert np.allclose(difference["low"], -back["high"])


def test_two_lognormal_plans_are_as_their_closed_form_says() -> None:
    one, other = lognormal_bet("one", 2.0, 0.5), lognormal_bet("other", 1.8, 0.8)
    found = compare(
        {"one": plan_of(one), "other": plan_of(other)}, scenarios=SCENARIOS, rng=7, metric="value"
    )
    sigma = math.hypot(0.5, 0.8)
    wins = float(stats.norm.cdf(math.log(2.0 / 1.8) / sigma))
    count = round(found.beats().loc["one", "other"] * SCENARIOS)
    expect_proportion(count, SCENARIOS, wins)
    rejects(expect_proportion, count, SCENARIOS, wins + 0.02)
    gap = found.difference("one", "other")
    for figure, q in (("p10", 0.1), ("p50", 0.5), ("p90", 0.9)):
        z = stats.norm.ppf(q)
        truth = 2.0 * math.exp(0.5 * z) - 1.8 * math.exp(0.8 * z)
        row = gap.loc[figure]
        near(Interval(row["estimate"], row["low"], row["high"], 0.95, ""), truth)
    means = [2.0 * math.exp(0.125), 1.8 * math.exp(0.32)]
    row = gap.loc["mean"]
    near(Interval(row["estimate"], row["low"], row["high"], 0.95, ""), means[0] - means[1])
    # Margrabe's formula: what is missed by having one and not the better of both.
    d = math.log(means[1] / means[0]) / sigma + 0.5 * sigma
    missed = means[1] * stats.norm.cdf(d) - means[0] * stats.norm.cdf(d - sigma)
    near(found.interval("regret_mean", "one"), missed)
    with pytest.raises(AssertionError):
        near(found.interval("regret_mean", "one"), 1.1 * missed)


def test_hit_or_miss_plans_are_binomial_and_ties_are_shared() -> None:
    n, m, p, q = 6, 9, 0.5, 0.3
    plans = {"few": plan_of(coins("few", n, p)), "many": plan_of(coins("many", m, q))}
    found = compare(plans, scenarios=SCENARIOS, rng=7, metric="value", target=8.0)
    few, many = stats.binom(n, p).pmf(range(n + 1)), stats.binom(m, q).pmf(range(m + 1))
    joint = np.outer(few, many)
    wins, ties = np.tril(joint, -1).sum(), np.trace(joint)
    count = round(found.beats().loc["few", "many"] * SCENARIOS)
    expect_proportion(count, SCENARIOS, wins)
    rejects(expect_proportion, count, SCENARIOS, wins + ties / 2.0)
    reached = round(found.table().loc["few", "prob_target"] * SCENARIOS)
    expect_proportion(reached, SCENARIOS, stats.binom(n, p).sf(3))
    values = found.values.to_numpy()
    share = np.where(values[:, 0] == values[:, 1], 0.5, values[:, 0] > values[:, 1])
    expect_mean(share, wins + ties / 2.0)
    assert found.table().loc["few", "prob_best"] == pytest.approx(share.mean())


def test_the_same_plan_twice_is_never_ahead_nor_behind() -> None:
    plan = gtm.presets.example_plan()
    turned = plan.replace(channels=plan.channels[::-1])
    found = compare({"a": plan, "b": turned}, scenarios=1_000, rng=7)
    assert found.beats().loc["a", "b"] == found.beats().loc["b", "a"] == 0.0
    assert found.table()["prob_best"].tolist() == [0.5, 0.5]
    gap, own = found.difference("a", "b").loc["p50"], found.interval("p50", "a")
    assert gap["low"] <= 0.0 <= gap["high"]
    assert gap["high"] - gap["low"] < 0.2 * (own.high - own.low)
    assert "cannot be told apart" in found.verdict


# -- Means that do not exist --------------------------------------------------------------------


def test_no_mean_is_shown_where_there_is_none() -> None:
    heavy = CampaignProgram(name="heavy", campaigns=9, spend=1.0, multiple=Pareto(tail_index=0.9))
    light = lognormal_bet("light", 2.0, 0.5)
    plans = {"both": plan_of(heavy, light), "light": plan_of(light)}
    found = compare(plans, scenarios=2_000, rng=7)
    table = found.table()
    assert table.loc["both", "mean"] == math.inf
    assert math.isfinite(table.loc["light", "mean"])
    # The light plan misses what has no mean; the other one misses nothing that has none.
    assert table.loc["light", "regret_mean"] == math.inf
    assert math.isfinite(table.loc["both", "regret_mean"])
    gap = found.difference("both", "light").loc["mean"]
    assert gap["estimate"] == math.inf
    assert math.isnan(found.difference("both", "both").loc["mean", "estimate"])


def test_what_plans_share_cancels_in_their_regret() -> None:
    heavy = CampaignProgram(name="heavy", campaigns=9, spend=1.0, multiple=Pareto(tail_index=0.9))
    one, other = lognormal_bet("one", 2.0, 0.5), lognormal_bet("other", 1.8, 0.8)
    shared = compare(
        {"one": plan_of(heavy, one), "other": plan_of(heavy, other)}, scenarios=5_000, rng=7
    )
    alone = compare({"one": plan_of(one), "other": plan_of(other)}, scenarios=5_000, rng=7)
    near(shared.interval("regret_mean", "one"), alone.interval("regret_mean", "one").estimate)
    # The same program with other numbers does not cancel, and nobody knows by how much.
    more = compare(
        {"one": plan_of(heavy, one), "other": plan_of(heavy.replace(campaigns=10), one)},
        scenarios=1_000,
        rng=7,
    )
    assert math.isnan(more.table().loc["one", "regret_mean"])
    assert more.interval("regret_mean", "one").method == "not known"


def test_heavy_means_and_their_difference_are_exact() -> None:
    bets = CampaignProgram(name="bets", campaigns=10, spend=1.0, multiple=Pareto(tail_index=1.5))
    plans = {"ten": plan_of(bets), "five": plan_of(bets.replace(campaigns=5))}
    gap = compare(plans, scenarios=1_000, rng=7).difference("ten", "five").loc["mean"]
    assert gap["estimate"] == gap["low"] == gap["high"] == pytest.approx(10.0)  # 3 - 1 for each
    assert gap["method"] == "exact"


# -- Words --------------------------------------------------------------------------------------


def test_the_verdict_names_the_best_and_the_likeliest(example: Comparison) -> None:
    assert "has the highest median net" in example.verdict
    assert "the likeliest to reach the target of 11.5M" in example.verdict
    assert "3,000 common scenarios, seed 7" in repr(example)
    assert " ".join(repr(example).split()).startswith(example.verdict)


def test_a_target_that_nobody_reaches_says_how_far_the_best_falls_short() -> None:
    plans = {"few": plan_of(coins("few", 6, 0.5)), "many": plan_of(coins("many", 9, 0.3))}
    found = compare(plans, scenarios=2_000, rng=7, target=50.0)
    assert found.table()["prob_target"].tolist() == [0.0, 0.0]
    most = found.totals["many"].value.max()
    assert "Nobody reaches the target of 50 in 2,000 scenarios; the best, many" in found.verdict
    assert f"falls short by {50 - most:.1f} at its best" in found.verdict
    without = compare(plans, scenarios=500, rng=7)
    assert without.table()["prob_target"].isna().all()
    assert "target" not in without.verdict


def test_one_plan_alone_is_described() -> None:
    found = compare([plan_of(coins("few", 6, 0.5), name="A")], scenarios=500, rng=7)
    assert found.verdict.startswith("A has the highest median net")
    assert found.table().loc["A", "prob_best"] == 1.0


# -- Bad input ----------------------------------------------------------------------------------


def test_plans_must_be_alike() -> None:
    plan = plan_of(coins("few", 6, 0.5))
    for field, value in (("horizon", 24), ("currency", "EUR"), ("basis", "bookings")):
        rule = rf"plans\['b'\]\.{field}: must be .* as of a, to be compared, got {value!r}"
        with pytest.raises(ArgumentError, match=rule):
            compare({"a": plan, "b": plan.replace(**{field: value})})


def test_bad_plans_are_named() -> None:
    plan = plan_of(coins("few", 6, 0.5))
    with pytest.raises(ArgumentError, match=r"plans\[1\]\.name: must be unique, got 'plan'"):
        compare([plan, plan])
    with pytest.raises(ArgumentTypeError, match=r"plans\['b'\]: must be a Plan, got 'x\.toml'"):
        compare({"a": plan, "b": "x.toml"})  # type: ignore[dict-item]
    with pytest.raises(ArgumentTypeError, match="plans: must be a mapping or a sequence of plans"):
        compare(plan)  # type: ignore[arg-type]
    with pytest.raises(ArgumentTypeError, match="plans: must have names that are text, got 1"):
        compare({1: plan})  # type: ignore[dict-item]
    with pytest.raises(ArgumentError, match="plans: must have at least one plan"):
        compare([])


def test_bad_arguments_are_named(example: Comparison) -> None:
    plans = [plan_of(coins("few", 6, 0.5))]
    with pytest.raises(MetricError, match="metric: must be one of 'net', 'value', got 'profit'"):
        compare(plans, metric="profit")  # type: ignore[arg-type]
    with pytest.raises(ArgumentError, match="scenarios: must be at least 500"):
        compare(plans, scenarios=100)
    with pytest.raises(ArgumentError, match="target: must be above 0"):
        compare(plans, target=0.0)
    with pytest.raises(ArgumentError, match="level: must be above 0 and below 1"):
        compare(plans, level=95)
    with pytest.raises(ArgumentError, match="workers: must be at least 1"):
        compare(plans, workers=0)
    with pytest.raises(MetricError, match="figure: must be one of 'spend', 'p10'"):
        example.interval("p42", "no PR")
    with pytest.raises(ArgumentError, match="plan: must be one of as it is, no PR, no content"):
        example.interval("p10", "no pr")
    with pytest.raises(ArgumentError, match="a: must be one of as it is"):
        example.difference("x", "no PR")
