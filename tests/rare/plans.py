"""Plans for rare events, and the probabilities that quadrature and convolution give."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from scipy.integrate import quad

from gtmsim import CampaignProgram, LogNormal, Lomax, Pareto, Plan, SalesTeam, simulate_portfolio
from gtmsim.distributions import Empirical


def program(name: str = "ads", **fields: Any) -> CampaignProgram:
    defaults = {"campaigns": 10, "spend": 1.0, "launch": 0, "multiple": Pareto(tail_index=1.5)}
    return CampaignProgram(name=name, **(defaults | fields))


def team(**fields: Any) -> SalesTeam:
    defaults = {"hires": 3, "quota": 12.0, "loaded_cost": 1.0, "skill_cv": 0.3, "luck_cv": 0.2}
    rest = {"attrition": 0.3, "backfill_months": 2, "ramp": 4.0}
    return SalesTeam(name="reps", **(defaults | rest | fields))


def plan(*channels: Any, **fields: Any) -> Plan:
    return Plan(**({"horizon": 12, "channels": channels} | fields))


def alike(campaigns: int, tail_index: float, **fields: Any) -> Plan:
    return plan(
        program(campaigns=campaigns, multiple=Pareto(tail_index=tail_index), **fields), horizon=1
    )


VALUES = (0.0, 0.0, 1.0, 2.0, 2.0, 7.0)

PLANS = {
    "power law": plan(program()),
    "hits, carryover, discount": plan(
        program(campaigns=200, hit_rate=0.05, launch="even", half_life=3.0), discount_rate=0.2
    ),
    "unequal spends": plan(
        program(
            campaigns=6,
            spend=(1.0, 2.0, 5.0, 10.0, 3.0, 40.0),
            hit_rate=0.5,
            multiple=Lomax(tail_index=1.2, scale=2.0),
        )
    ),
    "caps": plan(program(campaigns=30, hit_rate=0.3, cap=5.0)),
    "values": plan(program(campaigns=12, hit_rate=0.6, multiple=Empirical(values=VALUES))),
    "caps and values": plan(
        program(
            campaigns=12,
            hit_rate=0.6,
            spend=(1.0,) * 6 + (2.0,) * 6,
            multiple=Empirical(values=VALUES),
            cap=4.0,
        ),
        program("PR", campaigns=4, cap=4.0, hit_rate=0.2),
    ),
    "team": plan(team(), program(campaigns=5, hit_rate=0.2)),
    "market": plan(team(), program(campaigns=5, hit_rate=0.2), market_volatility=0.5),
    "luck": plan(
        program(campaigns=20, hit_rate=0.3, shared_luck=0.8),
        program("PR", campaigns=50, multiple=LogNormal(median=0.3, sigma=1.0), shared_luck=0.4),
        market_volatility=0.3,
    ),
    "lognormal": plan(program(multiple=LogNormal(median=1.0, sigma=1.5))),
    "against the market": plan(
        program(campaigns=50, hit_rate=0.5, cap=3.0, shared_luck=0.5, market_loading=-1.0),
        team(market_loading=2.0),
        market_volatility=0.4,
    ),
    "infinite mean": plan(
        program(multiple=Lomax(tail_index=0.8, scale=1.0)), program("PR", campaigns=3)
    ),
}


def simulated(where: Plan, scenarios: int = 100_000, rng: int = 11) -> np.ndarray[Any, Any]:
    """The total of each scenario."""
    return simulate_portfolio(where, scenarios=scenarios, rng=rng).values("value")


def sum_of_two(first: float, second: float, x: float) -> float:
    """P(X + Y > x) of Paretos of minimum 1 and these indices."""
    half = 0.5 * x
    total = half**-first * half**-second
    for small, large in ((first, second), (second, first)):
        edges = [1.0, *np.geomspace(1.5, half, 12).tolist()]
        for low, high in pairwise(edges):
            part, _ = quad(
                lambda y, s=small, t=large: s * y ** (-s - 1.0) * (x - y) ** -t,
                low,
                high,
                epsrel=1e-12,
                epsabs=0.0,
            )
            total += part
    return float(total)


def sum_of_equal(campaigns: int, tail_index: float, x: float, step: float) -> float:
    """P(sum of Paretos > x), by convolving masses on a lattice that keep the mean of each cell."""
    points = round(x / step)
    grid = step * np.arange(points + 2)
    decay = 1.0 - tail_index
    above = np.maximum(grid, 1.0) ** decay / -decay + np.maximum(1.0 - grid, 0.0)
    slope = np.diff(above) / step
    mass = np.concatenate(([1.0 + slope[0]], np.diff(slope)))
    # Sums that wrap around need four terms near x.
    size = 2 ** math.ceil(math.log2(4 * points))
    law = np.fft.irfft(np.fft.rfft(mass, size) ** campaigns, size)[: points + 1]
    return float(1.0 - law[:points].sum() - 0.5 * law[points])


def lattice(terms: Sequence[tuple[int, float, tuple[int, ...]]]) -> np.ndarray[Any, Any]:
    """P(total > k) at k = 0, 1, ..., of terms (campaigns, hit rate, values)."""
    law = np.ones(1)
    for campaigns, hit_rate, values in terms:
        one = np.zeros(max(values) + 1)
        one[0] = 1.0 - hit_rate
        for value in values:
            one[value] += hit_rate / len(values)
        for _ in range(campaigns):
            law = np.convolve(law, one)
    return np.append(np.cumsum(law[::-1])[::-1][1:], 0.0)
