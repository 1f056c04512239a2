"""Mixes by horizon: closed forms, one run for all months, and what is said of it."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import binom

import gtmsim as gtm
from gtmsim import CampaignProgram, Empirical, Plan, SalesTeam
from gtmsim.decide import HorizonMap, frontier, mix_by_horizon
from gtmsim.statistics import probability_interval

# 10,000 a month comes in for a seat and 5,000 goes out; hiring costs what that takes to return.
STEADY = SalesTeam(name="steady", hires=2, quota=120_000, loaded_cost=60_000, hiring_cost=52_000)
COINS = CampaignProgram(
    name="coins", campaigns=24, spend=20_000.0, hit_rate=0.25, multiple=Empirical(values=[4.5]),
    launch=0,
)  # fmt: skip
PLAN = Plan(name="coins and reps", horizon=24, channels=[STEADY, COINS])


@pytest.fixture(scope="module")
def example() -> HorizonMap:
    plan = gtm.presets.example_plan()
    return mix_by_horizon(plan, [0.0, 0.5, 1.0], [6, 12, 24], scenarios=4_000, rng=7)


@pytest.mark.parametrize(("hiring_cost", "month"), [(52_000, 11), (57_000, 12), (0.0, 1)])
def test_a_certain_team_is_back_in_its_month(hiring_cost: float, month: int) -> None:
    plan = PLAN.replace(channels=[STEADY.replace(hiring_cost=hiring_cost), COINS])
    found = mix_by_horizon(plan, [0.0], range(1, 25), scenarios=10, rng=7)
    assert found.table["probability"].tolist() == [float(m >= month) for m in range(1, 25)]


def test_coins_hit_as_often_as_they_fall() -> None:
    found = mix_by_horizon(PLAN, [1.0], [1, 24], scenarios=20_000, rng=7)
    n = found.mixes[0].campaigns
    # All are launched in month 0 and return at once: both horizons ask the same.
    for multiple, wrong in ((1.0, 0.27), (1.5, 0.23)):
        found = mix_by_horizon(PLAN, [1.0], [1, 24], multiple=multiple, scenarios=20_000, rng=7)
        needed = math.ceil(multiple * n / 4.5)
        truth, other = (float(binom.sf(needed - 1, n, p)) for p in (0.25, wrong))
        for chance in found.table["probability"]:
            error = math.sqrt(truth * (1.0 - truth) / found.scenarios)
            assert abs(chance - truth) < 4.0 * error
            assert abs(chance - other) > 4.0 * error


def test_what_comes_later_does_not_count() -> None:
    late = PLAN.replace(channels=[STEADY, COINS.replace(lag=6)])
    chance = mix_by_horizon(late, [1.0], [5, 6, 7, 24], scenarios=1_000, rng=7).table["probability"]
    at_once = mix_by_horizon(PLAN, [1.0], [5], scenarios=1_000, rng=7).table["probability"]
    assert chance.tolist() == [0.0, 0.0, *[at_once.iloc[0]] * 2]
    assert at_once.iloc[0] > 0.3


@pytest.mark.parametrize("months", [9, 12, 18])
def test_one_run_answers_for_the_shorter_plans(months: int) -> None:
    """What is launched at the start is the same plan whatever the horizon."""
    plan = gtm.presets.example_plan()
    social = plan["paid social"].replace(launch=0)
    plan = plan.replace(channels=[plan["enterprise"], social])
    found = mix_by_horizon(plan, [0.4], [months, 24], scenarios=1_000, rng=7)
    short = gtm.simulate_portfolio(
        found.mixes[0].plan.replace(horizon=months), scenarios=1_000, rng=7
    )
    np.testing.assert_array_equal(found.hit[0, 0], short.values("net") >= 0.0)
    assert not np.array_equal(found.hit[0, 1], short.values("net") >= 0.0)


def test_at_the_end_it_is_the_frontier(example: HorizonMap) -> None:
    end = example.table.xs(24, level="horizon")
    swept = frontier(example.plan, shares=[0.0, 0.5, 1.0], scenarios=4_000, rng=7)
    np.testing.assert_allclose(end["probability"], 1.0 - swept.table()["prob_loss"], atol=1e-12)
    for place, share in enumerate(example.table.index.levels[0]):
        assert example.mixes[place].share == share
        assert example.mixes[place].plan == swept.mixes[place].plan
    target = mix_by_horizon(
        example.plan, [0.0, 0.5, 1.0], [24], target=11_500_000 / 2, scenarios=4_000, rng=7
    )
    np.testing.assert_array_equal(target.table["probability"], swept.table()["prob_target"])


def test_intervals_are_wilsons_and_the_best_is_marked(example: HorizonMap) -> None:
    for row in example.table.itertuples():
        wilson = probability_interval(round(row.probability * 4_000), 4_000)
        assert (row.low, row.high) == (wilson.low, wilson.high)
    for _, rows in example.table.groupby("horizon"):
        assert rows.loc[rows["best"], "probability"].tolist() == [rows["probability"].max()]
        assert rows.loc[rows["best"], "tied"].all()


def test_mixes_that_cannot_be_told_apart_are_tied() -> None:
    # A thousandth of the budget buys no coin: the mixes are the same.
    found = mix_by_horizon(PLAN, [0.0, 0.001, 1.0], [12], scenarios=1_000, rng=7)
    assert found.table["tied"].tolist() == [True, True, False]
    assert found.table["best"].tolist() == [True, True, False]
    # Chances of 28.4 % and 28.7 % cannot be told apart, those of 87 % and 80 % can.
    plan = gtm.presets.example_plan()
    alike, apart = (
        mix_by_horizon(plan, mixes, [month], scenarios=2_000, rng=7)
        for mixes, month in (([0.5, 0.6], 18), ([0.0, 0.1], 24))
    )
    assert alike.table["tied"].tolist() == [True, True]
    assert apart.table["tied"].tolist() == [True, False]


def test_luck_depends_on_the_seed_alone(example: HorizonMap) -> None:
    again = mix_by_horizon(
        example.plan, [1.0, 0.5], [24, 6], scenarios=3_000, rng=7, workers=3, progress=False
    )
    np.testing.assert_array_equal(again.hit, example.hit[1:, [0, 2], :3_000])
    assert again.horizons == (6, 24)
    other = mix_by_horizon(example.plan, [1.0, 0.5], [24, 6], scenarios=3_000, rng=8)
    assert not np.array_equal(other.hit, again.hit)


def test_default_axes_span_the_plan() -> None:
    found = mix_by_horizon(PLAN, scenarios=10, rng=7)
    assert found.horizons == (3, 6, 9, 12, 15, 18, 21, 24)
    assert [mix.share for mix in found.mixes] == [i / 10 for i in range(11)]
    assert mix_by_horizon(PLAN.replace(horizon=3), scenarios=10, rng=7).horizons == (1, 2, 3)


def test_it_is_said_in_words(example: HorizonMap) -> None:
    text = example.explain()
    assert text == example.verdict
    assert "Hitting the plan is all money back." in text
    end = example.table.xs(24, level="horizon")["probability"]
    assert f"By month 24 it is likeliest, {100 * end.max():.1f} %" in text
    assert f"with {end.idxmax():.0%} of the budget for marketing" in text
    assert " ".join(repr(example).split()).startswith(text)
    page = example._repr_html_()
    assert page.startswith("<div><b>Hitting the plan is all money back.</b>")
    assert page.count("<tr") == 1 + 3
    hopeless = mix_by_horizon(PLAN, [0.0], [1, 2], multiple=50.0, scenarios=100, rng=7)
    assert "By month 2 no mix does in 100 scenarios." in hopeless.explain()
    assert "50 back per 1 spent" in hopeless.explain()
    same = mix_by_horizon(PLAN, [0.0, 0.001], [24], scenarios=100, rng=7)
    assert "cannot be told from any other mix" in same.explain()
    yearly = mix_by_horizon(PLAN, [0.0], [24], target=1e6, scenarios=100, rng=7)
    assert "gross profit of 1M USD a year" in yearly.explain()


@pytest.mark.parametrize(
    ("fields", "error", "match"),
    [
        ({"plan": "plan.toml"}, TypeError, r"plan: must be a Plan, got 'plan.toml'"),
        (
            {"mixes": [0.2, 1.2]},
            ValueError,
            r"mixes\[1\]: must be at least 0 and at most 1, got 1.2",
        ),
        ({"mixes": [0.2, 0.2]}, ValueError, r"mixes: must differ from each other"),
        ({"mixes": []}, ValueError, r"mixes: must have at least one entry"),
        ({"mixes": 0.2}, TypeError, r"mixes: must be a sequence of numbers, got 0.2"),
        (
            {"horizons": [12, 36]},
            ValueError,
            r"horizons\[1\]: must be at most 24, got 36 \(the plan ends after 24 months: set a",
        ),
        ({"horizons": [0]}, ValueError, r"horizons\[0\]: must be .*, got 0"),
        ({"horizons": [6, 6]}, ValueError, r"horizons: must differ from each other"),
        ({"horizons": "12"}, TypeError, r"horizons: must be a sequence of numbers, got '12'"),
        (
            {"multiple": 2.0, "target": 1e6},
            ValueError,
            r"multiple: must be left out with a target, got 2.0 \(give one of the two\)",
        ),
        ({"multiple": 0.0}, ValueError, r"multiple: must be above 0, got 0.0"),
        ({"target": -1.0}, ValueError, r"target: must be above 0, got -1.0"),
        ({"budget": 0.0}, ValueError, r"budget: must be above 0, got 0.0"),
        ({"scenarios": 0}, ValueError, r"scenarios: must be .*, got 0"),
        ({"level": 1.0}, ValueError, r"level: must be .*, got 1.0"),
        ({"workers": 0}, ValueError, r"workers: must be .*, got 0"),
    ],
)
def test_bad_arguments_are_refused(fields: dict, error: type[Exception], match: str) -> None:
    with pytest.raises(error, match=match) as caught:
        mix_by_horizon(**{"plan": PLAN, "scenarios": 10, **fields})
    assert isinstance(caught.value, gtm.GtmsimError)
