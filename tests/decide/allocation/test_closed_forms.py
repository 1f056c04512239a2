"""Optima that are known in closed form, and the optimiser's curse."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

import gtmsim as gtm
from gtmsim import Empirical, Plan
from gtmsim.decide.allocation import (
    Kelly,
    MeanLessCVaR,
    Median,
    MinimumCampaign,
    ProbAtLeast,
    allocate,
)
from tests.decide.allocation.cases import BINARY, PROBLEMS, bets
from tests.laws import FALSE_ALARM, expect_mean, expect_proportion, rejects

SURE = 1.0 - FALSE_ALARM
"""A level at which an interval that holds what it should fails once in 1.7 million times."""


def test_kelly_stakes_the_edge_over_the_odds() -> None:
    odds, scenarios = 1.5, 20_000
    bet = bets("bet")
    found = allocate(
        1_000.0, [bet], Kelly(1_000.0), horizon=1, decide={"bet": "spend"}, rng=3,
        scenarios=scenarios,
    )  # fmt: skip
    stake = found.table().loc["bet", "spend"] / 1_000.0
    won = gtm.simulate_portfolio(Plan(horizon=1, channels=[bet]), scenarios=scenarios, rng=3)
    p = float(np.mean(won.values() > 0.0))
    # Of the sample, whose chance to win is p, it is the closed form; of the law within its error.
    assert stake == pytest.approx(p - (1.0 - p) / odds, abs=1e-3)
    error = math.sqrt(0.6 * 0.4 / scenarios) * (1.0 + 1.0 / odds)
    assert abs(stake - (0.6 - 0.4 / odds)) < 5.0 * error
    assert abs(stake - (0.55 - 0.45 / odds)) > 5.0 * error
    assert found.slack == pytest.approx(1_000.0 * (1.0 - stake))
    assert found.slack_reasons == ("more of bet lowers the objective",)


def test_kelly_stakes_nothing_without_an_edge() -> None:
    bet = bets("bet", multiple=Empirical(values=(2.4, 2.4, 0.0, 0.0, 0.0)))
    found = allocate(100.0, [bet], Kelly(100.0), horizon=1, decide={"bet": "spend"}, rng=3)
    assert found.plan is None
    assert found.slack == 100.0
    assert found.value.estimate == pytest.approx(math.log(100.0))
    assert found.verdict.startswith("nothing: mean log of wealth from 100 is")


def test_bold_play_is_one_bet_of_all_the_money() -> None:
    # Twice the money takes that all of n bets hit: with probability 3**-n.
    bold = bets("bold", campaigns=5, multiple=Empirical(values=(2.0, 0.0, 0.0)))
    found = allocate(
        1_000.0, [bold], ProbAtLeast(2_000.0), horizon=1, decide={"bold": "both"}, rng=3
    )
    row = found.table().loc["bold"]
    assert (row["size"], row["spend_each"]) == (1, pytest.approx(1_000.0))
    expect_proportion(round(found.value.estimate * 20_000), 20_000, 1.0 / 3.0)
    rejects(expect_proportion, round(found.value.estimate * 20_000), 20_000, 1.0 / 9.0)


def test_timid_play_is_as_many_bets_as_there_may_be() -> None:
    # Half of the money back takes that two of ten hit; ten bets are the most that 100 each allow.
    timid = bets("timid", campaigns=5)
    chance = {n: stats.binom(n, 0.6).sf(math.ceil(0.5 * n / 2.5) - 1) for n in range(1, 11)}
    best = max(chance, key=lambda n: chance[n])
    found = allocate(
        1_000.0, [timid], ProbAtLeast(500.0), [MinimumCampaign("timid", 100.0)], horizon=1,
        decide={"timid": "both"}, rng=3,
    )  # fmt: skip
    assert chance[int(found.table().loc["timid", "size"])] == chance[best]
    expect_proportion(round(found.value.estimate * 20_000), 20_000, chance[best])


def test_a_campaign_of_a_concave_program_is_as_small_as_it_may_be() -> None:
    # Value of n campaigns of m / n is in proportion to n**(1 - elasticity).
    many = bets("many", campaigns=10, reference_spend=100.0, spend_elasticity=0.7,
                multiple=Empirical(values=(1.0,)))  # fmt: skip
    found = allocate(
        1_000.0, [many], Median("value"), [MinimumCampaign("many", 20.0)], horizon=1,
        decide={"many": "both"}, rng=3,
    )  # fmt: skip
    assert found.table().loc["many", "size"] == 50
    assert found.value.estimate == pytest.approx(1_000.0 * 0.2**-0.3)


@pytest.mark.parametrize("weight", [0.5, 2.0])
def test_two_normal_channels(weight: float) -> None:
    # With x and B - x in channels of mean net m and deviation s per unit, the objective is
    # (1 + weight) mean - weight k deviation, k = phi(z) / 0.05.
    budget, tail = 1_000.0, 0.05
    laws = {"A": (1.30, 1.30), "B": (1.20, 0.55)}
    channels = [
        bets(name, campaigns=100, spend=1.0, multiple=Empirical(values=(mean - sd, mean + sd)))
        for name, (mean, sd) in laws.items()
    ]
    found = allocate(
        budget, channels, MeanLessCVaR(weight, tail), horizon=1,
        decide={"A": "spend", "B": "spend"}, rng=5, scenarios=40_000,
    )  # fmt: skip
    assert found.slack == pytest.approx(0.0, abs=1e-6)
    k = stats.norm.pdf(stats.norm.ppf(tail)) / tail
    a, b = (mean - 1.0 for mean, _ in laws.values())
    sa, sb = (sd / 10.0 for _, sd in laws.values())

    def objective(x: float) -> float:
        deviation = math.hypot(sa * x, sb * (budget - x))
        return (1.0 + weight) * (a * x + b * (budget - x)) - weight * k * deviation

    # The derivative is zero where r = gain / (weight k) solves a quadratic.
    r, total = (1.0 + weight) * (a - b) / (weight * k), sa**2 + sb**2
    inside = r**2 * sa**2 * sb**2 / (total**2 * (total - r**2)) if r**2 < total else math.inf
    best = min(budget * (sb**2 / total + math.sqrt(inside)), budget)
    x = float(found.table().loc["A", "spend"])
    # The optimum is flat, so what is lost is told more sharply than where it is.
    assert objective(best) >= objective(budget) - 1e-9
    assert objective(best) - objective(x) <= 1e-3 * objective(best)
    assert x == pytest.approx(best, abs=0.05 * budget)
    assert objective(best) - objective(0.3 * best) > 5e-3 * objective(best)
    assert found.value.estimate == pytest.approx(objective(x), rel=0.01)


@pytest.mark.parametrize(("weight", "mix"), [(0.1, (0, 20)), (0.7, (20, 0))])
def test_mean_less_cvar_of_two_point_bets_is_that_of_their_binomial_laws(
    weight: float, mix: tuple[int, int]
) -> None:
    laws = {"safe": (1.5, 0.8), "bold": (4.0, 0.34)}  # multiple and chance of it
    channels = [
        bets(name, spend=100.0, multiple=Empirical(values=(multiple,)), hit_rate=chance)
        for name, (multiple, chance) in laws.items()
    ]
    tail = 0.1

    def exact(n: int, m: int) -> float:
        counts = np.add.outer(150.0 * np.arange(n + 1), 400.0 * np.arange(m + 1)) - 100.0 * (n + m)
        chance = np.outer(
            stats.binom(n, 0.8).pmf(np.arange(n + 1)), stats.binom(m, 0.34).pmf(np.arange(m + 1))
        )
        order = np.argsort(counts, axis=None)
        net, p = counts.ravel()[order], chance.ravel()[order]
        taken = np.minimum(p, np.maximum(tail - (np.cumsum(p) - p), 0.0))
        return float(net @ p + weight * (net @ taken) / tail)

    found = allocate(
        2_000.0, channels, MeanLessCVaR(weight, tail), horizon=1, rng=9, scenarios=40_000,
        level=SURE,
    )  # fmt: skip
    values = {(n, m): exact(n, m) for n in range(21) for m in range(21 - n)}
    assert found.method == "exhaustive"
    assert tuple(found.table()["size"]) == max(values, key=lambda n: values[n]) == mix
    assert found.value.low <= values[mix] <= found.value.high
    assert not found.value.low <= values[10, 10] <= found.value.high


def test_an_optimum_is_too_good_in_its_own_sample_and_not_on_fresh_numbers() -> None:
    # Eight bets that are alike: which of them is best is luck alone.
    alike = [bets(f"bet {i}") for i in range(8)]
    scenarios, runs = 1_000, 16
    inside, fresh = [], 0
    for seed in range(runs):
        found = allocate(100.0, alike, ProbAtLeast(250.0), horizon=1, rng=seed, scenarios=scenarios)
        inside.append(found.in_sample)
        fresh += round(found.value.estimate * scenarios)
    expect_proportion(fresh, runs * scenarios, 0.6)
    rejects(expect_mean, inside, 0.6)
    assert np.mean(inside) > 0.6


@pytest.mark.parametrize("seed", range(4))
def test_where_the_best_mix_is_clear_there_is_no_curse(seed: int) -> None:
    problem = PROBLEMS["median of a team and bets"]
    found = allocate(
        problem.budget, problem.channels, problem.objective, horizon=problem.horizon, rng=seed,
        scenarios=4_000, level=SURE,
    )  # fmt: skip
    assert found.optimism.low <= 0.0 <= found.optimism.high
    assert found.optimism.estimate == found.in_sample - found.value.estimate


def test_a_bet_that_ruins_is_never_taken() -> None:
    rich = bets("rich", multiple=BINARY.scaled(10.0))
    found = allocate(1_000.0, [rich], Kelly(500.0), horizon=1, rng=3, decide={"rich": "spend"})
    assert found.table().loc["rich", "spend"] < 500.0
