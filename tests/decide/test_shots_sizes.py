"""Big or small campaigns, against binomials and where they tie."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

import gtmsim as gtm
from gtmsim import Pareto, Plan
from gtmsim.decide.shots import big_or_small
from gtmsim.errors import ArgumentError, ArgumentTypeError, PlanError
from tests.decide.bets import COINS, bets
from tests.laws import (
    expect_proportion,
    rejects,
)


def test_sizes_of_coins_are_binomial() -> None:
    found = big_or_small(40.0, [1.0, 10.0], COINS, scenarios=20_000, rng=7, multiple=4.0)
    table = found.table()
    assert table["campaigns"].tolist() == [40, 4]
    for size, n in ((1.0, 40), (10.0, 4)):
        law = stats.binom(n, 0.25)
        assert table.loc[size, "p50"] == pytest.approx(size * 4.5 * law.ppf(0.5) - 40.0)
        no_loss = float(law.sf(math.ceil(40.0 / (4.5 * size)) - 1))
        count = round(table.loc[size, "prob_no_loss"] * 20_000)
        expect_proportion(count, 20_000, no_loss)
        rejects(expect_proportion, count, 20_000, no_loss + 0.03)
        assert table.loc[size, "prob_big"] == pytest.approx(1.0 - 0.75**n)
        assert found.behind(size).estimate == pytest.approx(table["p50"].max() - table["p50"][size])


def test_the_total_is_that_of_the_whole_life() -> None:
    late = bets(lag=30, half_life=6.0, overhead=5.0, launch="even", cap=50.0)
    found = big_or_small(50.0, [1.0], late, scenarios=20_000, rng=7)
    now = late.replace(lag=0, half_life=0.0, overhead=0.0, launch=0)
    result = gtm.simulate_portfolio(Plan(horizon=1, channels=(now,)), scenarios=20_000, rng=7)
    assert np.array_equal(found.totals[1.0].value, result.values("value"))
    with pytest.raises(PlanError, match="lag: must be below the horizon of 24 months"):
        big_or_small(50.0, [1.0], late, scenarios=500, rng=7, horizon=24)
    inside = big_or_small(50.0, [1.0], late, scenarios=500, rng=7, horizon=36)
    assert 0.0 < inside.totals[1.0].value.mean() < 0.3 * found.totals[1.0].value.mean()
    assert inside.totals[1.0].spend[0] == pytest.approx(50.0 + 36 * 5.0)


def test_the_spend_elasticity_at_which_sizes_flip_is_one_at_which_they_tie() -> None:
    program = bets(cap=100.0)
    sizes, budget = [1.0, 5.0], 100.0
    found = big_or_small(budget, sizes, program, scenarios=20_000, rng=7)
    flip = found.flips().loc[(1.0, 5.0)]
    assert flip["low"] < flip["estimate"] < flip["high"]
    assert found.best == 1.0
    for elasticity, best in ((flip["estimate"] - 0.05, 1.0), (flip["estimate"] + 0.05, 5.0)):
        other = big_or_small(
            budget, sizes, program, spend_elasticity=elasticity, scenarios=20_000, rng=7
        )
        assert other.best == best
        # Where it is does not depend on from where it is looked for.
        assert other.flips().loc[(1.0, 5.0), "estimate"] == pytest.approx(flip["estimate"])
    tie = big_or_small(
        budget, sizes, program, spend_elasticity=flip["estimate"], scenarios=20_000, rng=7
    )
    assert tie.table()["p50"].std() == pytest.approx(0.0, abs=1e-6)
    assert "cannot be told apart from" in tie.verdict


def test_below_the_minimum_viable_spend_nothing_comes_back() -> None:
    found = big_or_small(
        40.0, [0.5, 1.0, 8.0], COINS, minimum_viable_spend=1.0, scenarios=2_000, rng=7
    )
    table = found.table()
    assert table["viable"].tolist() == [False, True, True]
    dead = table.loc[0.5]
    assert dead["p10"] == dead["p90"] == dead["mean"] == -40.0
    assert dead["prob_no_loss"] == dead["prob_big"] == 0.0
    assert math.isnan(found.flips().loc[(0.5, 1.0), "estimate"])
    assert found.verdict.endswith("campaigns below 1 return nothing.")


def test_the_best_size_leads_by_a_paired_interval_that_holds_for_all_pairs() -> None:
    program = bets(multiple=Pareto(tail_index=1.2), cap=None)
    found = big_or_small(100.0, [1.0, 5.0, 20.0], program, scenarios=5_000, rng=7)
    wide = found.table(intervals=True)
    behind = wide["p50_behind"]
    assert found.best == 1.0
    assert behind.loc[1.0, "low"] <= behind.loc[1.0, "estimate"] == 0.0
    gap = found.table().loc[1.0, "p50"] - found.table()["p50"]
    assert behind["estimate"].tolist() == pytest.approx(gap.tolist())
    assert (behind.loc[[5.0, 20.0], "low"] > 0.0).all()
    assert "more than with 20 x 5" in found.verdict
    assert (wide["mean", "low"] == wide["mean", "high"]).all()  # exact, under a power law
    assert found.table()["mean"].tolist() == pytest.approx([100.0 * (0.4 * 6.0 - 1.0)] * 3)


def test_no_mean_size_has_no_mean() -> None:
    heavy = bets(multiple=Pareto(tail_index=0.9))
    found = big_or_small(100.0, [1.0, 5.0], heavy, scenarios=500, rng=7)
    assert found.table()["mean"].tolist() == [math.inf, math.inf]


def test_slack_is_said() -> None:
    table = big_or_small(40.0, [3.0], COINS, scenarios=500, rng=7).table()
    assert table.loc[3.0, ["campaigns", "slack"]].tolist() == [13, 1.0]


def test_bad_sizes_are_named() -> None:
    with pytest.raises(ArgumentError, match=r"sizes\[1\]: .* at most 40, got 50.0 \(it buys no"):
        big_or_small(40.0, [1.0, 50.0], COINS)
    with pytest.raises(ArgumentTypeError, match="sizes: must be a sequence of numbers"):
        big_or_small(40.0, 5.0, COINS)  # type: ignore[arg-type]
    with pytest.raises(ArgumentError, match="sizes: must have at least one entry"):
        big_or_small(40.0, [], COINS)
    with pytest.raises(ArgumentTypeError, match="channel: must be a CampaignProgram"):
        big_or_small(40.0, [1.0], "coins")  # type: ignore[arg-type]
    with pytest.raises(ArgumentError, match="budget: must be above 0"):
        big_or_small(0.0, [1.0], COINS)
    rule = "reference_spend: must come with a spend_elasticity other than 1"
    with pytest.raises(ArgumentError, match=rule):
        big_or_small(40.0, [1.0], COINS, reference_spend=2.0)
    with pytest.raises(ArgumentError, match="spend_elasticity: must be above 0 and at most 2"):
        big_or_small(40.0, [1.0], COINS, spend_elasticity=3.0)
    found = big_or_small(40.0, [1.0], COINS, scenarios=500, rng=7)
    with pytest.raises(ArgumentError, match=r"size: must be one of 1\.0, got 2\.0"):
        found.behind(2.0)
