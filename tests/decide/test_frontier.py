"""frontier: mixes that spend the budget, efficient points and dents, against plain arithmetic."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

import gtmsim as gtm
from gtmsim import CampaignProgram, Empirical, Pareto, Plan, SalesTeam
from gtmsim.decide.frontier import Frontier, frontier
from gtmsim.decide.hull import Points
from gtmsim.decide.mixes import Mixer, resized
from gtmsim.errors import ArgumentError, ArgumentTypeError, MetricError
from gtmsim.plan import Staging
from tests.laws import FALSE_ALARM, expect_mean, expect_proportion, rejects

TEAM = SalesTeam(name="reps", hires=4, quota=150.0, loaded_cost=100.0)
COINS = CampaignProgram(
    name="coins",
    campaigns=40,
    spend=10.0,
    hit_rate=0.25,
    multiple=Empirical(values=[4.5]),
    launch=0,
)
SIMPLE = Plan(horizon=12, channels=(TEAM, COINS), target=1_100.0)
"""Reps bring 150 for 100 each, always; a coin brings 45 for 10 one time in four."""


@pytest.fixture(scope="module")
def simple() -> Frontier:
    return frontier(SIMPLE, shares=[0.0, 0.25, 0.5, 0.75, 1.0], scenarios=20_000, rng=7)


@pytest.fixture(scope="module")
def example() -> Frontier:
    plan = gtm.presets.example_plan()
    return frontier(plan, shares=[0.0, 0.3, 0.33, 0.6, 1.0], scenarios=2_000, rng=7)


# -- Mixes --------------------------------------------------------------------------------------


def test_money_adds_up_and_seats_are_whole(simple: Frontier) -> None:
    table = simple.table()
    assert table["hires"].tolist() == [8, 6, 4, 2, 0]
    assert table["campaigns"].tolist() == [0, 20, 40, 60, 80]
    assert table["slack"].tolist() == pytest.approx([0.0] * 5, abs=1e-6)
    uneven = Mixer(SIMPLE).mix(0.35)  # 520 for reps at 100, 280 for coins at 10
    assert (uneven.hires, uneven.campaigns, uneven.slack) == (5, 28, pytest.approx(20.0))


def test_the_plans_own_share_is_the_plan_itself() -> None:
    for plan in (SIMPLE, gtm.presets.example_plan()):
        mixer = Mixer(plan)
        assert mixer.budget == pytest.approx(gtm.exact_moments(plan)["spend_mean"]["portfolio"])
        assert mixer.mix(mixer.share).plan == plan


def test_no_mix_spends_more_than_the_budget_nor_leaves_what_buys_a_unit() -> None:
    plan = gtm.presets.example_plan()
    mixer = Mixer(plan)
    for share in np.linspace(0.0, 1.0, 11):
        mix = mixer.mix(float(share))
        spend = gtm.exact_moments(mix.plan)["spend_mean"]
        assert mix.spend == pytest.approx(spend["portfolio"])
        assert mix.spend + mix.slack == pytest.approx(mixer.budget)
        sales = sum(spend[c.name] for c in mix.plan.channels if isinstance(c, SalesTeam))
        assert sales <= (1.0 - share) * mixer.budget * (1.0 + 1e-9)
        # Less than the dearest seat and the dearest campaign are left.
        assert 0.0 <= mix.slack + 1e-6 < 760_000.0 + 40_000.0


def test_dearer_campaigns_use_up_the_money() -> None:
    mixer = Mixer(SIMPLE, vary="spend")
    mix = mixer.mix(0.6)
    coins = mix.plan["coins"]
    assert isinstance(coins, CampaignProgram)
    assert (coins.campaigns, coins.spend) == (40, pytest.approx(12.0))
    assert mix.slack == pytest.approx(800.0 - 480.0 - 300.0)
    listed = COINS.replace(campaigns=2, spend=(10.0, 30.0), overhead=1.0)
    unequal = Mixer(SIMPLE.replace(channels=(TEAM, listed)), vary="spend")
    dearer = unequal.mix(0.5).plan["coins"]
    assert isinstance(dearer, CampaignProgram)
    assert dearer.spends().tolist() == pytest.approx([53.5, 160.5])  # 226 less an overhead of 12


def test_sizes_keep_the_money_and_change_the_number() -> None:
    found = frontier(SIMPLE, shares=[0.5], sizes=[5.0, 40.0, 400.0], scenarios=500, rng=7)
    table = found.table()
    assert table.index.names == ["marketing_share", "size"]
    assert table["campaigns"].tolist() == [80, 10, 1]
    assert table["spend"].tolist() == pytest.approx([800.0] * 3)


def test_listed_seats_and_launches_are_thinned_evenly() -> None:
    team = TEAM.replace(hires=(-6, 0, 3, 9))
    assert resized(team, 2).start_months == (0, 9)
    assert resized(team, 4) == team
    bets = COINS.replace(campaigns=2, spend=(1.0, 2.0), launch=(0, 6))
    doubled = resized(bets, 4)
    assert (doubled.spend, doubled.launch) == ((1.0, 1.0, 2.0, 2.0), (0, 0, 6, 6))


def test_staged_programs_cost_the_most_that_they_may_spend() -> None:
    staging = Staging(pilot_spend=2.0, threshold=1.0)
    staged = SIMPLE.replace(channels=(TEAM, COINS.replace(staging=staging)))
    assert Mixer(staged).budget == pytest.approx(Mixer(SIMPLE).budget)
    half = Mixer(staged, vary="spend").mix(0.25).plan["coins"]
    assert isinstance(half, CampaignProgram)
    assert half.staging is not None
    assert (half.spend, half.staging.pilot_spend) == (pytest.approx(5.0), pytest.approx(1.0))


def test_a_program_is_left_out_with_the_team_that_it_feeds() -> None:
    fed = SIMPLE.replace(channels=(TEAM.replace(pipeline=10.0), COINS.replace(feeds="reps")))
    assert len(Mixer(fed).mix(0.5).plan.channels) == 2
    with pytest.raises(ArgumentError, match="budget: must buy a seat or a campaign with 1 of it"):
        Mixer(fed).mix(1.0)


# -- Figures ------------------------------------------------------------------------------------


def test_figures_are_what_plain_numpy_makes_of_each_mix(example: Frontier) -> None:
    table = example.table()
    for place, mix in enumerate(example.mixes):
        result = gtm.simulate_portfolio(mix.plan, scenarios=2_000, rng=7)
        net, row = result.values("net"), table.iloc[place]
        assert row["p50"] == pytest.approx(np.quantile(net, 0.5))
        assert row["p10"] == pytest.approx(np.quantile(net, 0.1))
        assert row["cvar_95"] == pytest.approx(np.sort(net)[:100].mean())
        assert row["prob_target"] == np.mean(result.values("value") >= 11.5e6)
        assert row["prob_loss"] == np.mean(net < 0.0)
    wide = example.table(intervals=True)
    assert (wide["p50", "low"] < wide["p50", "estimate"]).all()
    assert (wide["p50", "estimate"] < wide["p50", "high"]).all()


def test_chances_are_binomial(simple: Frontier) -> None:
    table = simple.table()
    for share, hires, campaigns in ((0.25, 6, 20), (0.5, 4, 40), (1.0, 0, 80)):
        needed = math.ceil((1_100.0 - 150.0 * hires) / 45.0)
        truth = float(stats.binom(campaigns, 0.25).sf(needed - 1))
        count = round(table.loc[share, "prob_target"] * 20_000)
        expect_proportion(count, 20_000, truth)
        rejects(expect_proportion, count, 20_000, truth + 0.03)
    assert table.loc[0.0, "p50"] == pytest.approx(400.0)  # 8 reps, 50 each
    assert table.loc[0.0, "prob_target"] == 1.0


def test_the_safe_mix_dominates_where_coins_bring_less(simple: Frontier) -> None:
    # A coin brings 1.125 per 1 on average, a rep 1.5 always: more coins are worse in every way.
    assert simple.efficient == (True, False, False, False, False)
    assert simple.dominated == (False, True, True, True, True)


def test_the_best_mix_is_judged_with_fresh_luck(simple: Frontier) -> None:
    found = simple.best("p50")
    assert found.seed != simple.seed
    assert list(found.plans) == ["best mix", "as it is"]
    assert found.plans["best mix"] == simple.mixes[0].plan
    assert found.plans["as it is"] == SIMPLE
    assert not np.array_equal(
        found.totals["as it is"].value,
        gtm.simulate_portfolio(SIMPLE, scenarios=20_000, rng=7).values("value"),
    )
    again = simple.best("p50")
    assert again.totals["as it is"].value[0] == found.totals["as it is"].value[0]


def test_picking_the_best_of_equals_flatters_it_and_fresh_luck_does_not() -> None:
    """All mixes have a mean net of 0: what the winner shows above it is the optimiser's curse."""
    fair = COINS.replace(multiple=Empirical(values=[4.0]))
    plan = Plan(horizon=12, channels=(TEAM.replace(quota=100.0), fair))
    flattered, fresh = [], []
    for seed in range(150):
        found = frontier(plan, shares=[0.0, 1.0], objective="mean", scenarios=500, rng=seed)
        flattered.append(found.table()["mean"].max())
        fresh.append(found.best().table().loc["best mix", "mean"])
    expect_mean(fresh, 0.0)
    rejects(expect_mean, flattered, 0.0)


def test_the_result_does_not_depend_on_workers() -> None:
    one, three = (
        frontier(SIMPLE, shares=[0.3, 0.7], scenarios=500, rng=7, workers=w) for w in (1, 3)
    )
    assert one.table(intervals=True).equals(three.table(intervals=True))


# -- Efficient points and dents -----------------------------------------------------------------


def _points(objective: list[float], worst: list[float], error: float = 0.0) -> Points:
    m = len(objective)
    return Points(np.array(objective), np.array(worst), error**2 * np.eye(2 * m), 0.95)


def test_efficient_points_are_found_with_ties() -> None:
    points = _points([3.0, 3.0, 2.0, 2.0, 1.0], [0.0, 1.0, 2.0, 2.0, 1.5])
    assert points.efficient().tolist() == [False, True, True, True, False]


def test_points_are_dominated_only_beyond_their_error() -> None:
    objective, worst = [1.0, 0.9, -5.0], [1.0, 0.9, -5.0]
    assert _points(objective, worst, 0.01).dominated().tolist() == [False, True, True]
    assert _points(objective, worst, 0.5).dominated().tolist() == [False, False, True]


def test_a_dent_is_as_deep_as_its_chord_says() -> None:
    points = _points([10.0, 4.0, 3.0, 0.0], [0.0, 5.0, 6.0, 10.0])
    dents = points.dents()
    assert {place: dent.estimate for place, dent in dents.items()} == {
        1: pytest.approx(1.0),
        2: pytest.approx(1.0),
    }
    assert not _points([10.0, 6.0, 5.0, 0.0], [0.0, 5.0, 6.0, 10.0]).dents()
    # 1/2, 1/2 and -1 of errors of 0.1 in both coordinates, at a slope of -1, over two dents.
    half = _points([10.0, 4.0, 3.0, 0.0], [0.0, 5.0, 6.0, 10.0], 0.1).dents()[1].half_width
    assert half == pytest.approx(stats.norm.isf(0.0125) * 0.1 * math.sqrt(1.5 * 2.0))


def test_dents_of_a_straight_frontier_are_seldom_sure() -> None:
    rng, sure, deep = np.random.default_rng(11), 0, 0
    straight, worst = np.array([2.0, 1.0, 0.0]), np.array([0.0, 1.0, 2.0])
    for _ in range(2_000):
        noise = rng.normal(0.0, 0.05, 6)
        for sag in (0.0, 0.4):
            objective = straight + noise[:3] - np.array([0.0, sag, 0.0])
            dents = _points(objective.tolist(), (worst + noise[3:]).tolist(), 0.05).dents()
            found = any(dent.low > 0.0 for dent in dents.values())
            sure, deep = sure + (found and sag == 0.0), deep + (found and sag > 0.0)
    # One tail of 5 %.
    assert stats.binom(2_000, 0.025).sf(sure - 1) >= FALSE_ALARM
    assert deep > 1_800


def test_a_frontier_that_sags_says_so() -> None:
    """One bet seldom shows in P90, two of them do, so the plan between is worse than a coin's."""
    law = Empirical(values=[1.6] * 94 + [30.0] * 6)
    bets = COINS.replace(campaigns=1, spend=400.0, hit_rate=0.94, multiple=law)
    plan = Plan(horizon=12, channels=(TEAM, bets))
    found = frontier(plan, shares=[0.0, 0.5, 1.0], objective="p90", scenarios=20_000, rng=7)
    assert found.efficient == (True, True, True)
    assert found.table()["p90"].tolist() == pytest.approx([400.0, 440.0, 11_840.0])
    assert not found.concave
    worst = found.table()["cvar_95"].to_numpy()
    chord = 400.0 + (11_840.0 - 400.0) * (worst[1] - worst[0]) / (worst[2] - worst[0])
    assert found.table()["dent"].tolist() == [0.0, pytest.approx(chord - 440.0), 0.0]
    assert "The frontier is not concave: it sags by up to 11" in found.verdict


# -- Words and bad input ------------------------------------------------------------------------


def test_the_verdict_says_what_is_best_and_how_it_is_shaped(example: Frontier) -> None:
    assert example.verdict.startswith("p50 is highest, ")
    assert "with 0% for marketing: 20 hires and 0 campaigns" in example.verdict
    assert "The frontier is concave as far as its errors tell" in example.verdict
    assert "The target of 11.5M is likeliest" in example.verdict
    assert "of a budget of 10.29M, 2,000 common scenarios, seed 7" in repr(example)


def test_a_target_that_no_mix_reaches_says_how_far_the_best_falls_short() -> None:
    found = frontier(SIMPLE, shares=[0.0, 0.5], target=1e6, scenarios=500, rng=7)
    most = max(
        gtm.simulate_portfolio(mix.plan, scenarios=500, rng=7).values("value").max()
        for mix in found.mixes
    )
    assert found.most == pytest.approx(most)
    assert "No mix reaches the target of 1M in 500 scenarios; the best falls" in found.verdict


def test_no_objective_without_a_mean() -> None:
    heavy = CampaignProgram(name="heavy", campaigns=9, spend=1.0, multiple=Pareto(tail_index=0.9))
    plan = SIMPLE.replace(channels=(TEAM, heavy))
    with pytest.raises(MetricError, match="objective: must exist for every mix"):
        frontier(plan, shares=[0.0, 0.5], objective="mean", scenarios=500, rng=7)
    found = frontier(plan, shares=[0.0, 0.5], scenarios=500, rng=7)
    assert found.table()["mean"].tolist()[1] == math.inf


def test_bad_arguments_are_named(simple: Frontier) -> None:
    def broken(match: str, error: type[Exception] = ArgumentError, **arguments: object) -> None:
        with pytest.raises(error, match=match):
            frontier(**{"plan": SIMPLE, "scenarios": 500, **arguments})  # type: ignore[arg-type]

    broken("plan: must be a Plan", ArgumentTypeError, plan="plan.toml")
    broken(
        "plan: must have a team and a program, got 'reps'", plan=SIMPLE.replace(channels=(TEAM,))
    )
    broken(r"shares\[1\]: must be at least 0 and at most 1, got 50", shares=[0.0, 50])
    broken("shares: must be a sequence of numbers", ArgumentTypeError, shares=0.5)
    broken("shares: must have at least one entry", shares=[])
    broken(r"sizes\[0\]: must be above 0, got 0", sizes=[0])
    broken("vary: must be 'campaigns' where sizes are swept", sizes=[5.0], vary="spend")
    broken("vary: must be one of 'campaigns', 'spend'", MetricError, vary="bets")
    broken("metric: must be one of 'net', 'value'", MetricError, metric="roi")
    broken("objective: must be one of 'p50', 'mean', 'p90'", MetricError, objective="max")
    broken("budget: must be above 0", budget=0)
    broken("budget: must buy a seat or a campaign with 0 of it for marketing", budget=50.0)
    broken("scenarios: must be at least 500", scenarios=10)
    no_target = SIMPLE.replace(target=None)
    broken("target: must be given for 'prob_target'", plan=no_target, objective="prob_target")
    with pytest.raises(MetricError, match="objective: must be one of 'p10'"):
        simple.best("p42")
