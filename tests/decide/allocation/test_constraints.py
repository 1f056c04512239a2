"""Every constraint moves the optimum, is kept to, and is named where nothing keeps to it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

import gtmsim as gtm
from gtmsim import Empirical, LogNormal, Lomax, Plan
from gtmsim.decide.allocation import (
    Allocation,
    Barbell,
    Bounds,
    CashFloor,
    Fixed,
    Median,
    MinimumCampaign,
    Quantile,
    allocate,
)
from gtmsim.decide.allocation.constraints import reached_with
from gtmsim.errors import ArgumentError, ArgumentTypeError, InfeasibleError
from tests.decide.allocation.cases import bets, reps

BUDGET = 1_000.0
CHANNELS = [
    reps("team", hires=2),
    bets("even", campaigns=3, multiple=LogNormal(median=1.3, sigma=0.8)),
    bets("heavy", campaigns=2, hit_rate=0.3, multiple=Lomax(tail_index=1.4, scale=2.0)),
]
PLAN = Plan(horizon=6, channels=CHANNELS, target=1_200.0)


def best(constraints: Sequence[Any] = (), **options: Any) -> Allocation:
    fields: dict[str, Any] = {
        "budget": BUDGET,
        "channels": PLAN,
        "objective": Quantile(0.75),
        "scenarios": 2_000,
        "rng": 5,
    }
    return allocate(**{**fields, "constraints": constraints, **options})


FREE = best()


def sizes(found: Allocation) -> list[int]:
    return [int(size) for size in found.table()["size"]]


def test_the_free_optimum() -> None:
    assert sizes(FREE) != [2, 3, 2]
    assert FREE.constraints().empty


@pytest.mark.parametrize(
    ("constraint", "kept"),
    [
        (Bounds("even", high=2), lambda row: row["size"] <= 2),
        (Bounds("heavy", low=4), lambda row: row["size"] >= 4),
        (Bounds("even", high=250.0, of="spend"), lambda row: row["spend"] <= 250.0),
        (Bounds("heavy", low=250.0, of="spend"), lambda row: row["spend"] >= 250.0),
        (Bounds("team", low=3), lambda row: row["size"] >= 3),
        (Fixed("heavy"), lambda row: row["size"] == 2 and row["at"] == "fixed"),
        (MinimumCampaign("even", 101.0), lambda row: row["size"] == 0),
    ],
    ids=str,
)
def test_a_constraint_of_a_channel_moves_the_optimum(constraint: Any, kept: Any) -> None:
    assert not kept(FREE.table().loc[constraint.channel])
    found = best([constraint])
    assert kept(found.table().loc[constraint.channel])
    assert found.in_sample < FREE.in_sample


def test_a_campaign_that_is_large_enough_is_not_touched() -> None:
    assert sizes(best([MinimumCampaign("even", 100.0)])) == sizes(FREE)


def test_spend_per_campaign_is_nothing_or_enough() -> None:
    channels = [bets("one", campaigns=4, multiple=Empirical(values=(1.1,)))]
    options: dict[str, Any] = {"channels": channels, "horizon": 1, "decide": {"one": "spend"}}
    enough = [MinimumCampaign("one", 50.0)]
    found = best(enough, budget=210.0, objective=Median(), **options)
    assert found.table().loc["one", "spend_each"] == pytest.approx(52.5)
    too_little = best(enough, budget=190.0, objective=Median(), **options)
    assert sizes(too_little) == [0]
    assert too_little.slack_reasons == ("the least of one costs 200, and 190 is left",)


def test_bounds_of_spend_where_spend_is_decided() -> None:
    options: dict[str, Any] = {"decide": {"even": "spend"}, "objective": Median("value")}
    low, high = (best([b], **options).table().loc["even", "spend"] for b in (
        Bounds("even", low=700.0, of="spend"), Bounds("even", high=77.0, of="spend")
    ))  # fmt: skip
    assert low >= 700.0 * (1.0 - 1e-8)
    assert high <= 77.0 * (1.0 + 1e-8)


def test_the_barbell_is_kept_and_costs_something() -> None:
    rule = Barbell(["team"], share=0.2, probability=0.9)
    found = best([rule])
    row = found.constraints().loc[str(rule)]
    assert row["in_sample"] >= row["asked"] == 0.9
    assert row["fresh_low"] <= row["fresh"] <= row["fresh_high"]
    assert found.in_sample < FREE.in_sample
    assert found.plan is not None
    result = gtm.simulate_portfolio(found.plan, scenarios=2_000, rng=found.seed)
    assert np.mean(result.values("value", "team") >= 0.2 * 1_200.0) == row["in_sample"]
    assert f"{rule} is kept to in" in found.explain()


def test_the_barbell_has_a_target_of_its_own() -> None:
    low = best([Barbell(["team"], share=0.2, probability=0.9, target=300.0)])
    high = best([Barbell(["team"], share=0.2, probability=0.9)], target=2_000.0)
    assert sizes(low)[0] < sizes(high)[0]


def late(discount_rate: float = 0.0) -> Plan:
    """Money goes out in month 6 and comes back, doubled, in month 9."""
    program = bets("late", launch=6, lag=3, multiple=Empirical(values=(2.0,)))
    return Plan(horizon=12, channels=[program], discount_rate=discount_rate)


@pytest.mark.parametrize("discount_rate", [0.0, 0.5])
def test_cash_is_what_is_paid_and_not_its_present_value(discount_rate: float) -> None:
    options: dict[str, Any] = {"channels": late(discount_rate), "objective": Median()}
    assert sizes(best(**options)) == [10 if discount_rate == 0.0 else 12]
    rule = CashFloor(at_least=0.0, opening=350.0)
    assert sizes(best([rule], **options)) == [3]
    assert sizes(best([CashFloor(at_least=-50.0, opening=350.0)], **options)) == [4]


def test_cash_is_counted_in_every_scenario_and_month() -> None:
    rule = CashFloor(at_least=-450.0, probability=0.8)
    channels = [channel.replace(lag=2) if channel.kind == "campaigns" else channel
                for channel in CHANNELS]  # fmt: skip
    plan = PLAN.replace(channels=channels)
    free, found = best(channels=plan), best([rule], channels=plan)
    share = found.constraints().loc[str(rule), "in_sample"]
    assert share >= 0.8
    assert found.in_sample < free.in_sample
    assert found.plan is not None
    # The histograms of months know it to 1/128.
    by_month = gtm.simulate_portfolio(found.plan, scenarios=2_000, rng=found.seed).by_month((0.2,))
    assert by_month.loc["portfolio", "cumulative_net_p20"].min() >= -450.0 * (1.0 + 1.0 / 128.0)


def test_overhead_is_spent_whatever_the_spend() -> None:
    program = bets("steady", campaigns=1, overhead=10.0, multiple=Empirical(values=(2.0,)), lag=5)
    plan = Plan(horizon=6, channels=[program])
    options: dict[str, Any] = {
        "channels": plan,
        "objective": Median(),
        "decide": {"steady": "spend"},
    }
    assert best(**options).table().loc["steady", "spend"] == pytest.approx(BUDGET)
    # Before the money comes back, five months of overhead and the campaign are paid.
    found = best([CashFloor(at_least=-250.0)], **options)
    assert found.table().loc["steady", "spend_each"] == pytest.approx(200.0, rel=1e-3)


def test_what_a_share_of_scenarios_reaches() -> None:
    values = np.array([5.0, 1.0, 4.0, 2.0, 3.0])
    assert [reached_with(values, p) for p in (0.2, 0.6, 0.61, 0.99)] == [5.0, 3.0, 2.0, 1.0]


# -- What cannot be kept ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("constraints", "message"),
    [
        (
            [Bounds("team", low=12), Fixed("even"), Bounds("heavy", high=3)],
            r"^Bounds\('team', low=12\): must fit in the budget of 1,000 with the others: together "
            r"they take 1,020, 20 too much, got 720.*\n"
            r"Fixed\('even'\): must fit in the budget of 1,000 with the others.*got 300\.0[^\n]*$",
        ),
        (
            [Bounds("even", low=6), Bounds("even", high=4)],
            r"^Bounds\('even', low=6\) with Bounds\('even', high=4\): must leave even something "
            r"between its least and its most, got '6 and 4, 2 apart' \(loosen one of them\)$",
        ),
        (
            [Bounds("even", low=110.0, of="spend"), Bounds("even", high=190.0, of="spend")],
            r"must leave even something between its least and its most, got '2 and 1, 1 apart'",
        ),
        (
            [MinimumCampaign("even", 120.0), Bounds("even", low=1)],
            r"MinimumCampaign\('even', 120\) with Bounds\('even', low=1\): must leave even",
        ),
        (
            [Barbell(["team"], share=1.0, probability=0.95)],
            r"^Barbell\('team', share=1, probability=0\.95\): must hold for a budget of 1,000; the "
            r"nearest mix keeps to it in .* % of scenarios, got '.* short' \(lower it, or raise",
        ),
        (
            [Fixed("even"), CashFloor(opening=100.0, probability=0.99)],
            r"^CashFloor\(at_least=0, probability=0\.99, opening=100\): must hold for a budget",
        ),
        (
            [
                Barbell(["team"], share=0.45, probability=0.9),
                Barbell(["even"], share=0.45, probability=0.9),
            ],
            r"^Barbell\('team', .*: must hold together with the other constraints; .*\n"
            r"Barbell\('even', .*: must hold together with the other constraints",
        ),
    ],
)
def test_those_in_conflict_are_named(constraints: Sequence[Any], message: str) -> None:
    with pytest.raises(InfeasibleError, match=message):
        best(constraints)


def test_spends_that_exclude_each_other_where_spend_is_decided() -> None:
    constraints = [
        Bounds("even", low=400.0, of="spend"),
        Bounds("even", high=300.0, of="spend"),
    ]
    with pytest.raises(InfeasibleError, match=r"must leave even something .* got '400 and 300'"):
        best(constraints, decide={"even": "spend"})


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Bounds("a"), "Bounds: must have low or high"),
        (lambda: Bounds("a", low=-1), "low: must be at least 0"),
        (lambda: Bounds("a", low=3, high=2), "high: must be at least 3"),
        (lambda: Bounds("a", low=3, of="money"), "of: must be 'size' or 'spend'"),
        (lambda: MinimumCampaign("a", 0.0), "spend: must be above 0"),
        (lambda: CashFloor(probability=1.0), "probability: must be above 0 and below 1"),
        (lambda: CashFloor(at_least=float("nan")), "at_least: must be finite"),
        (lambda: CashFloor(opening=float("inf")), "opening: must be finite"),
        (lambda: Barbell(["a"], share=0.0), "share: must be above 0"),
        (lambda: Barbell(["a"], share=0.5, target=-1.0), "target: must be above 0"),
        (
            lambda: best([Bounds("nobody", high=1)]),
            r"constraints\[0\]: must be of one of team, eve",
        ),
        (lambda: best([Barbell(["nobody"], 0.5)]), r"constraints\[0\]: must be of one of team"),
        (lambda: best([MinimumCampaign("team", 9)]), "must be of a program: a team has no campai"),
        (
            lambda: best([Bounds("even", high=2)], decide={"even": "spend"}),
            r"Bounds\('even', high=2\): must be of spend where spend per campaign is decided",
        ),
        (
            lambda: best([Barbell(["team"], 0.5)], channels=CHANNELS, horizon=6),
            "target: must be given for a Barbell",
        ),
    ],
)
def test_a_constraint_that_makes_no_sense(make: Any, message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        make()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Barbell("team", share=0.5), "channels: must be a sequence of names"),
        (lambda: Barbell(1.5e6, 0.9), "channels: must be a sequence of names, got 1500000.0"),
        (lambda: best(Fixed("team")), "constraints: must be a sequence of constraints"),
        (lambda: best(["team"]), r"constraints\[0\]: must be one of Bounds, Fixed, MinimumCampa"),
    ],
)
def test_what_is_no_constraint(make: Any, message: str) -> None:
    with pytest.raises(ArgumentTypeError, match=message):
        make()


@pytest.mark.parametrize(
    ("constraint", "text"),
    [
        (Bounds("a", low=0), "Bounds('a', low=0)"),
        (Bounds("a", high=0), "Bounds('a', high=0)"),
        (Bounds("a", low=1, high=2, of="spend"), "Bounds('a', low=1, high=2, of='spend')"),
        (Barbell(("a", "b"), 0.5), "Barbell('a', 'b', share=0.5, probability=0.9)"),
    ],
)
def test_constraints_as_text(constraint: Any, text: str) -> None:
    assert str(constraint) == text
