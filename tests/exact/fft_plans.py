"""Totals in closed form; and twenty plans, simulated and summed exactly, with twenty wrong ones."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from scipy import integrate, stats

from gtmsim.distributions import Empirical, LogNormal, Lomax, Pareto, ScipyDistribution
from gtmsim.plan import CampaignProgram, Plan

LOMAX = Lomax(tail_index=1.2, scale=3.0)


def program(name: str = "ads", **fields: Any) -> CampaignProgram:
    usual = {"campaigns": 1, "spend": 1.0, "launch": 0, "multiple": LOMAX}
    return CampaignProgram(**(usual | {"name": name} | fields))


def one(horizon: int = 12, market: float = 0.0, discount: float = 0.0, **fields: Any) -> Plan:
    return several(program(**fields), horizon=horizon, market=market, discount=discount)


def several(
    *programs: CampaignProgram, horizon: int = 12, market: float = 0.0, discount: float = 0.0
) -> Plan:
    return Plan(
        horizon=horizon, channels=programs, market_volatility=market, discount_rate=discount
    )


TWO = program("events", campaigns=5, spend=2.0, multiple=LogNormal(median=1.0, sigma=1.2))

PLANS: dict[str, Plan] = {
    "pareto 0.5": one(campaigns=8, hit_rate=0.4, multiple=Pareto(tail_index=0.5)),
    "pareto 1": one(campaigns=30, hit_rate=0.1, multiple=Pareto(tail_index=1.0)),
    "pareto 3": one(campaigns=20, multiple=Pareto(tail_index=3.0, minimum=0.5)),
    "lomax": one(campaigns=12, hit_rate=0.5),
    "lognormal": one(campaigns=10, hit_rate=0.7, multiple=LogNormal(median=2.0, sigma=1.5)),
    "gamma": one(campaigns=6, multiple=ScipyDistribution(name="gamma", args=(0.5,))),
    "empirical": one(campaigns=15, hit_rate=0.3, multiple=Empirical(values=(0.0, 1.0, 4.5))),
    "cap": one(campaigns=10, hit_rate=0.6, cap=8.0),
    "unequal spends": one(campaigns=4, spend=(1.0, 2.5, 3.7, 11.0), hit_rate=0.8),
    "carryover": one(campaigns=12, launch="even", half_life=3.0, hit_rate=0.5, cap=100.0),
    "slow carryover": one(
        campaigns=6, launch="even", half_life=1.0, slow_half_life=9.0, fast_share=0.4
    ),
    "lag": one(campaigns=6, launch="even", lag=5, half_life=2.0, hit_rate=0.6),
    "discount": one(discount=0.3, horizon=24, campaigns=12, launch="even", hit_rate=0.5),
    "incrementality": one(campaigns=9, incrementality=0.4, hit_rate=0.5),
    "elasticity": one(
        campaigns=3, spend=(1.0, 4.0, 9.0), reference_spend=2.0, spend_elasticity=0.6
    ),
    "luck": one(campaigns=8, hit_rate=0.5, shared_luck=0.6),
    "market": one(market=0.4, campaigns=8, hit_rate=0.5, shared_luck=0.3, market_loading=-1.5),
    "two programs": several(program(campaigns=6, hit_rate=0.4), TWO, market=0.3),
    "two lucks": several(
        program(campaigns=6, hit_rate=0.4, shared_luck=0.5),
        TWO.replace(shared_luck=0.2),
        market=0.3,
    ),
    "two loadings": several(
        program(campaigns=6, hit_rate=0.4, market_loading=2.0),
        TWO.replace(market_loading=-0.5, shared_luck=0.3),
        market=0.3,
    ),
}


def changed(name: str, **fields: Any) -> Plan:
    """Return a plan whose first program is another one."""
    plan = PLANS[name]
    first, *others = plan.channels
    return plan.replace(channels=(first.replace(**fields), *others))


WRONG: dict[str, Plan] = {
    "pareto 0.5": changed("pareto 0.5", multiple=Pareto(tail_index=0.53)),
    "pareto 1": changed("pareto 1", hit_rate=0.11),
    "pareto 3": changed("pareto 3", multiple=Pareto(tail_index=3.1, minimum=0.5)),
    "lomax": changed("lomax", multiple=Lomax(tail_index=1.25, scale=3.0)),
    "lognormal": changed("lognormal", multiple=LogNormal(median=2.0, sigma=1.6)),
    "gamma": changed("gamma", multiple=ScipyDistribution(name="gamma", args=(0.52,))),
    "empirical": changed("empirical", hit_rate=0.33),
    "cap": changed("cap", cap=8.5),
    "unequal spends": changed("unequal spends", spend=(1.0, 3.5, 3.7, 11.0)),
    "carryover": changed("carryover", half_life=3.3),
    "slow carryover": changed("slow carryover", fast_share=0.5),
    "lag": changed("lag", lag=6),
    "discount": PLANS["discount"].replace(discount_rate=0.4),
    "incrementality": changed("incrementality", incrementality=0.43),
    "elasticity": changed("elasticity", spend_elasticity=0.7),
    "luck": changed("luck", shared_luck=0.75),
    "market": changed("market", market_loading=-2.0),
    "two programs": PLANS["two programs"].replace(market_volatility=0.45),
    "two lucks": changed("two lucks", hit_rate=0.45),
    "two loadings": changed("two loadings", market_loading=-2.0),
}


# -- Closed forms ----------------------------------------------------------------------------------

Cdf = Callable[[float], float]

EXPONENTIAL = ScipyDistribution(name="expon")


def erlang(n: int, h: float, shape: float = 1.0, factor: float = 1.0) -> Cdf:
    """A binomial number of gammas."""

    def cdf(x: float) -> float:
        hits = np.arange(1, n + 1)
        below = stats.gamma.cdf(x / factor, shape * hits) @ stats.binom.pmf(hits, n, h)
        return float((1.0 - h) ** n + below)

    return cdf


def capped_uniform(x: float) -> float:
    """Two of min(U, 0.8): the area of the unit square, and what the cap puts on its edges."""
    if x >= 1.6:
        return 1.0
    inside = 0.5 * x * x if x < 0.8 else 0.64 - 0.5 * (1.6 - x) ** 2
    return inside + (0.4 * (x - 0.8) if x >= 0.8 else 0.0)


def lognormal_binomial(x: float, n: int = 5, h: float = 0.3, sigma: float = 0.4) -> float:
    """A lognormal of mean 1 times a binomial number."""
    hits = np.arange(1, n + 1)
    below = stats.lognorm.cdf(x / hits, sigma, scale=math.exp(-0.5 * sigma**2))
    return float((1.0 - h) ** n + below @ stats.binom.pmf(hits, n, h))


def pareto(x: float, alpha: float) -> float:
    return 1.0 - x**-alpha if x > 1.0 else 0.0


def two_paretos(x: float, a: float = 1.5, b: float = 0.7) -> float:
    """Integrate the density of one over what is left to the other."""
    if x <= 2.0:
        return 0.0
    value, _ = integrate.quad(
        lambda u: a * math.exp(-a * u) * pareto(x - math.exp(u), b),
        0.0,
        math.log(x - 1.0),
        epsabs=1e-12,
        epsrel=1e-12,
        limit=400,
    )
    return float(value)


def exponential_and_uniform(x: float) -> float:
    """A uniform and two exponentials of which each hits half of the time."""
    value, _ = integrate.quad(lambda u: erlang(2, 0.5)(x - u), 0.0, min(x, 1.0), epsabs=1e-12)
    return float(value)


PLACES = (0.0, 0.3, 0.8, 1.0, 1.5, 2.0, 2.7, 4.0, 6.5, 11.0)
UNIFORM = ScipyDistribution(name="uniform")

CLOSED: dict[str, tuple[Plan, Cdf, tuple[float, ...]]] = {
    "one pareto": (
        one(hit_rate=0.4, multiple=Pareto(tail_index=0.5)),
        lambda x: 0.6 + 0.4 * pareto(x, 0.5),
        (*PLACES, 50.0, 1e3, 1e5),
    ),
    "exponentials": (
        one(campaigns=10, hit_rate=0.3, multiple=EXPONENTIAL),
        erlang(10, 0.3),
        PLACES,
    ),
    "gammas": (
        one(campaigns=3, spend=2.0, multiple=ScipyDistribution(name="gamma", args=(2.5,))),
        erlang(3, 1.0, 2.5, 2.0),
        (*PLACES, 20.0, 30.0),
    ),
    "capped uniforms": (
        one(campaigns=2, multiple=UNIFORM, cap=0.8),
        capped_uniform,
        (0.0, 0.1, 0.5, 0.79, 0.81, 1.2, 1.59, 1.6),
    ),
    "shocked constants": (
        one(campaigns=5, hit_rate=0.3, multiple=Empirical(values=(1.0,)), shared_luck=0.4),
        lognormal_binomial,
        PLACES,
    ),
    "market and luck": (
        one(
            campaigns=5,
            hit_rate=0.3,
            multiple=Empirical(values=(1.0,)),
            shared_luck=0.24,
            market=0.16,
            market_loading=-2.0,
        ),
        lognormal_binomial,
        PLACES,
    ),
    "two paretos": (
        several(
            program("a", multiple=Pareto(tail_index=1.5)),
            program("b", multiple=Pareto(tail_index=0.7)),
        ),
        two_paretos,
        (1.0, 2.0, 2.1, 2.5, 3.0, 5.0, 10.0, 100.0, 1000.0),
    ),
    "a uniform and exponentials": (
        several(
            program("a", multiple=UNIFORM),
            program("b", campaigns=2, hit_rate=0.5, multiple=EXPONENTIAL),
        ),
        exponential_and_uniform,
        (0.0, 0.3, 0.8, 0.99, 1.01, 1.5, 2.7, 6.5, 11.0),
    ),
}
