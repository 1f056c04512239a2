"""Small problems, and what every mix of them is worth, by simulation of each channel alone."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

import gtmsim as gtm
from gtmsim import CampaignProgram, Empirical, LogNormal, Lomax, Plan, SalesTeam
from gtmsim.decide.allocation import (
    Barbell,
    Bounds,
    Kelly,
    MeanLessCVaR,
    Median,
    MinimumCampaign,
    ProbAtLeast,
    Quantile,
)

Floats = npt.NDArray[np.float64]

BINARY = Empirical(values=(2.5, 2.5, 2.5, 0.0, 0.0))
"""Two and a half times the money in three of five cases, else nothing."""


def bets(name: str, **fields: Any) -> CampaignProgram:
    """Return a program of one month that hits with certainty, unless told otherwise."""
    return CampaignProgram(
        **{"name": name, "campaigns": 1, "spend": 100.0, "launch": 0, "multiple": BINARY, **fields}
    )


def reps(name: str, **fields: Any) -> SalesTeam:
    """Return a team of uneven reps who cost 120 a year each."""
    common = {"quota": 200.0, "loaded_cost": 120.0, "skill_cv": 0.5, "luck_cv": 0.3}
    return SalesTeam(**{"name": name, "hires": 1, **common, **fields})


class Problem(NamedTuple):
    """A budget, channels, what is to be best, and the options of ``allocate``."""

    budget: float
    channels: Sequence[Any]
    objective: Any
    constraints: Sequence[Any] = ()
    horizon: int = 6
    decide: dict[str, str] | None = None


HEAVY = Lomax(tail_index=1.4, scale=0.6)
EVEN = LogNormal(median=1.1, sigma=0.6)

PROBLEMS = {
    "median of a team and bets": Problem(
        900.0, [reps("A"), bets("heavy", hit_rate=0.4, multiple=HEAVY)], Median()
    ),
    "median of value": Problem(
        700.0, [reps("A"), bets("even", multiple=EVEN, overhead=5.0)], Median("value")
    ),
    "P10 of two teams": Problem(
        1_000.0,
        [reps("A", returns_to_scale=0.9), reps("B", quota=300.0, attrition=0.4)],
        Quantile(0.1, "value"),
    ),
    "target with three channels": Problem(
        800.0,
        [reps("A"), bets("even", multiple=EVEN), bets("heavy", hit_rate=0.3, multiple=HEAVY)],
        ProbAtLeast(1_100.0),
    ),
    "target that needs luck": Problem(
        400.0,
        [bets("even", multiple=EVEN), bets("heavy", hit_rate=0.3, multiple=HEAVY)],
        ProbAtLeast(2_000.0),
    ),
    "mean less CVaR": Problem(
        900.0,
        [reps("A"), bets("even", multiple=EVEN, shared_luck=0.5), bets("binary")],
        MeanLessCVaR(0.7, tail=0.1),
    ),
    "Kelly": Problem(1_000.0, [bets("binary"), bets("even", multiple=EVEN)], Kelly(1_100.0)),
    "a barbell": Problem(
        900.0,
        [reps("A"), bets("heavy", hit_rate=0.4, multiple=HEAVY)],
        Quantile(0.9),
        [Barbell(["A"], share=0.25, probability=0.8, target=500.0)],
    ),
    "spend of two programs": Problem(
        500.0,
        [
            bets("even", campaigns=4, multiple=EVEN, reference_spend=100.0, spend_elasticity=0.6),
            bets("binary", campaigns=3, reference_spend=100.0, spend_elasticity=0.8),
        ],
        Quantile(0.25),
        [MinimumCampaign("even", 20.0)],
        decide={"even": "spend", "binary": "spend"},
    ),
    "number and spend": Problem(
        400.0,
        [
            bets("binary", campaigns=2, reference_spend=100.0, spend_elasticity=0.8),
            reps("A", loaded_cost=160.0),
        ],
        Quantile(0.3),
        [MinimumCampaign("binary", 40.0), Bounds("binary", high=10)],
        decide={"binary": "both"},
    ),
}
"""Ten problems whose mixes, or a fine grid of them, can all be looked at."""


class Row(NamedTuple):
    """Spend and value (scenario,), and net's exact mean, of one size of one channel."""

    cost: float
    value: Floats
    spend: Floats
    mean: float


def simulated(channel: Any, horizon: int, scenarios: int, seed: int) -> Row:
    """Simulate one channel alone."""
    plan = Plan(horizon=horizon, channels=[channel])
    result = gtm.simulate_portfolio(plan, scenarios=scenarios, rng=seed, workers=1)
    exact = result.exact.loc["portfolio"]
    net = float(exact["net_mean"])
    return Row(float(exact["spend_mean"]), result.values(), result.values("spend"), net)


def options(problem: Problem, channel: Any) -> list[Any]:
    """Return every size of a channel that the budget may hold, None for nothing."""
    kind = (problem.decide or {}).get(channel.name)
    sizes: list[Any] = [None]
    for count in range(1, 40):
        if isinstance(channel, SalesTeam):
            sizes.append(channel.replace(hires=count))
        elif kind is None:
            sizes.append(channel.replace(campaigns=count))
    if kind is not None:
        own = [c for c in problem.constraints if isinstance(c, MinimumCampaign)]
        minimum = next((c.spend for c in own if c.channel == channel.name), 1.0)
        counts = [channel.campaigns] if kind == "spend" else range(1, 11)
        sizes += [
            channel.replace(campaigns=count, spend=money / count)
            for count in counts
            for money in np.linspace(0.0, problem.budget, 41)[1:]
            if money / count >= minimum - 1e-9
        ]
    return sizes


def best_of_grid(problem: Problem, scenarios: int, seed: int) -> float:
    """Return the objective of the best of all mixes within the budget."""
    rows = []
    for channel in problem.channels:
        own = []
        for sized in options(problem, channel):
            if sized is None:
                zero = np.zeros(scenarios)
                own.append(Row(0.0, zero, zero, 0.0))
                continue
            row = simulated(sized, problem.horizon, scenarios, seed)
            if row.cost > problem.budget * (1.0 + 1e-9):
                if isinstance(channel, SalesTeam) or problem.decide is None:
                    break
                continue
            own.append(row)
        rows.append(own)
    figure = figure_of(problem.objective)
    best = -math.inf
    names = [channel.name for channel in problem.channels]
    for mix in itertools.product(*rows):
        if sum(row.cost for row in mix) > problem.budget * (1.0 + 1e-9):
            continue
        if not all(
            holds(c, dict(zip(names, mix, strict=True)))
            for c in problem.constraints
            if isinstance(c, Barbell)
        ):
            continue
        value = np.sum([row.value for row in mix], axis=0)
        spend = np.sum([row.spend for row in mix], axis=0)
        best = max(best, figure(value, value - spend, sum(row.mean for row in mix)))
    return best


def holds(rule: Barbell, mix: dict[str, Row]) -> bool:
    """Whether some channels bring a share of the target often enough."""
    together = np.sum([mix[name].value for name in rule.channels], axis=0)
    assert rule.target is not None
    return bool(np.mean(together >= rule.share * rule.target) >= rule.probability - 1e-12)


def figure_of(objective: Any) -> Callable[[Floats, Floats, float], float]:
    """Return the objective in plain numpy: of value, net and net's exact mean."""
    if isinstance(objective, ProbAtLeast):
        return lambda value, net, mean: float(np.mean(value >= objective.target))
    if isinstance(objective, Kelly):
        return lambda value, net, mean: (
            float(np.mean(np.log(objective.bankroll + net)))
            if net.min() > -objective.bankroll
            else -math.inf
        )
    if isinstance(objective, MeanLessCVaR):

        def less(value: Floats, net: Floats, mean: float) -> float:
            worst = np.sort(net)[: round(objective.tail * net.size)]
            return mean + objective.weight * float(worst.mean())

        return less
    return lambda value, net, mean: float(
        np.quantile(value if objective.metric == "value" else net, objective.q)
    )
