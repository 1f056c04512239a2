"""Random valid plans, for tests that must hold for every plan."""

from __future__ import annotations

import math
from typing import Any

from hypothesis import strategies as st

from gtmsim.distributions import (
    Empirical,
    LogNormal,
    Lomax,
    Multiple,
    Pareto,
    ScipyDistribution,
    Spliced,
)
from gtmsim.plan import CampaignProgram, Plan, Ramp, SalesTeam, Staging

MAX_HORIZON = 60

LEGAL: dict[str, tuple[float, float]] = {
    "money": (1e-6, 1e15),
    "cost": (0.0, 1e15),
    "tail_index": (0.1, 1e4),
    "scale": (1e-100, 1e100),
    "sigma": (1e-12, 10.0),
    "observed": (0.0, 1e100),
    "multiple": (1e-100, 1e100),
    "cap": (1e-100, 1e100),
    "spread": (0.0, 10.0),
    "luck": (0.0, 5.0),
    "share": (0.0, 1.0),
    "leaving": (0.0, 0.999999999),
    "margin": (1e-9, 1.0),
    "attainment": (1e-9, 10.0),
    "elasticity": (1e-6, 2.0),
    "loading": (-10.0, 10.0),
    "hit_rate": (1e-12, 1.0),
    "incrementality": (0.0, 10.0),
    "half_life": (0.0, 1_200.0),
    "discount": (0.0, 10.0),
}
"""What a plan's numbers may be at the most, for each kind of number."""


def floats(low: float, high: float, **limits: Any) -> st.SearchStrategy[float]:
    return st.floats(low, high, allow_nan=False, allow_subnormal=False, **limits)


def ranged(kind: str, low: float, high: float, wide: bool) -> st.SearchStrategy[float]:
    """Numbers of a usual range; if wide also all that is legal, with its ends and its scales."""
    usual = floats(low, high)
    if not wide:
        return usual
    least, most = LEGAL[kind]
    ends = st.sampled_from([least, most])
    if least < 0.0:
        return usual | ends | floats(least, most)
    lowest = math.log10(max(least, 1e-300))
    scales = floats(lowest, math.log10(most)).map(lambda e: min(max(10.0**e, least), most))
    return usual | ends | scales


def factor(value: float) -> float:
    """What is nearly nothing is not a legal factor of value: nothing is."""
    return value if value >= 1e-9 else 0.0


money = floats(1e-2, 1e9)
text = st.text(
    st.characters(codec="utf-8", categories=("L", "M", "N", "P", "S")), min_size=1, max_size=12
)
names = text.filter(lambda name: name != "portfolio")


def spliced(median: float, sigma: float, place: float, tail_index: float) -> Spliced:
    """A threshold so many standard deviations above the body's median."""
    threshold = median * math.exp(sigma * place)
    return Spliced(median=median, sigma=sigma, threshold=threshold, tail_index=tail_index)


def scipy_laws(scale: st.SearchStrategy[float], wide: bool) -> st.SearchStrategy[Multiple]:
    """A gamma law; if wide also others, with and without a power law's tail."""
    shapes: dict[str, tuple[st.SearchStrategy[float], ...]] = {"gamma": (floats(0.5, 5.0),)}
    if wide:
        shapes |= {
            "expon": (),
            "halfcauchy": (),
            "uniform": (),
            "genpareto": (floats(-1.0, 3.0),),
            "weibull_min": (floats(0.2, 5.0),),
            "invgamma": (floats(0.3, 8.0),),
            "burr12": (floats(0.3, 5.0), floats(0.5, 4.0)),
            "beta": (floats(0.3, 5.0), floats(0.3, 5.0)),
        }
    return st.one_of(
        [
            st.builds(
                ScipyDistribution,
                name=st.just(name),
                args=st.tuples(*shape),
                kwds=st.fixed_dictionaries({"scale": scale}),
            )
            for name, shape in shapes.items()
        ]
    )


def multiples(wide: bool = False) -> st.SearchStrategy[Multiple]:
    tail_index = ranged("tail_index", 0.1, 20.0, wide)
    scale = ranged("scale", 1e-3, 1e3, wide)
    sigma = ranged("sigma", 0.01, 10.0, wide)
    body = floats(1e-3, 1e3)
    return st.one_of(
        st.builds(Pareto, tail_index=tail_index, minimum=scale),
        st.builds(Lomax, tail_index=tail_index, scale=scale),
        st.builds(LogNormal, median=scale, sigma=sigma),
        st.builds(
            spliced,
            median=body,
            sigma=floats(0.01, 10.0),
            place=floats(-4.0, 6.0),
            tail_index=tail_index,
        ),
        st.builds(
            Empirical,
            values=st.lists(ranged("observed", 0.0, 1e6, wide), min_size=1, max_size=5),
        ),
        scipy_laws(body, wide),
    )


def ramps(horizon: int = MAX_HORIZON) -> st.SearchStrategy[Ramp]:
    share = floats(0.0, 1.0)
    return st.one_of(
        st.just(Ramp()),
        st.builds(
            Ramp,
            months=floats(0.1, float(horizon)),
            shape=st.sampled_from(["linear", "logistic", "gompertz"]),
            start=share,
        ),
        st.builds(Ramp, curve=st.lists(share.map(factor), min_size=1, max_size=horizon)),
    )


@st.composite
def sales_teams(
    draw: st.DrawFn, horizon: int = MAX_HORIZON, name: str | None = None, wide: bool = False
) -> SalesTeam:
    recurring = draw(st.booleans())
    month = st.integers(-1_200 if wide else -60, horizon - 1)
    amount = ranged("money", 1e-2, 1e9, wide)
    seats = st.integers(1, 20)
    return SalesTeam(
        name=draw(names) if name is None else name,
        hires=draw(
            (st.one_of(seats, seats, st.just(120)) if wide else seats)
            | st.lists(month, min_size=1, max_size=8)
        ),
        quota=draw(amount),
        margin=draw(ranged("margin", 0.01, 1.0, wide)),
        loaded_cost=draw(amount),
        hiring_cost=draw(ranged("cost", 0.0, 1e6, wide)),
        ramp=draw(ramps(horizon)),
        attainment=draw(ranged("attainment", 0.1, 2.0, wide)),
        skill_cv=draw(ranged("spread", 0.0, 2.0, wide)),
        luck_cv=draw(ranged("spread", 0.0, 2.0, wide)),
        attrition=draw(ranged("leaving", 0.0, 0.99, wide)),
        backfill_months=draw(st.none() | st.integers(0, 600 if wide else 12)),
        returns_to_scale=draw(ranged("elasticity", 0.5, 1.5, wide)),
        recognition="recurring" if recurring else "bookings",
        annual_churn=draw(ranged("leaving", 0.0, 0.99, wide)) if recurring else 0.0,
        market_loading=draw(ranged("loading", -2.0, 2.0, wide)),
        pipeline=draw(st.none() | st.just(0.0) | amount),
    )


@st.composite
def stagings(
    draw: st.DrawFn, spend: float, horizon: int = MAX_HORIZON, wide: bool = False
) -> Staging:
    """A staging of campaigns that cost at least so much; its share may be of one campaign only."""
    level = ranged("multiple", 1e-3, 1e3, wide)
    rule = draw(
        st.fixed_dictionaries({"threshold": level})
        | st.fixed_dictionaries({"max_cost": level})
        | st.just({"kill_share": 0.0})
    )
    return Staging(
        pilot_spend=spend * draw(floats(0.01, 0.99)),
        pilot_months=draw(st.integers(0, horizon - 1)),
        period=draw(st.integers(1, 600 if wide else 24)),
        signal_noise=draw(ranged("spread", 0.0, 3.0, wide)),
        scale_elasticity=draw(st.none() | ranged("elasticity", 0.1, 2.0, wide)),
        recycle=draw(floats(0.0, 1.0)),
        **rule,
    )


@st.composite
def programs(
    draw: st.DrawFn, horizon: int = MAX_HORIZON, name: str | None = None, wide: bool = False
) -> CampaignProgram:
    count = draw(st.integers(1, 12))
    month = st.integers(0, horizon - 1)
    amount = ranged("money", 1e-2, 1e9, wide)
    fields: dict[str, Any] = {}
    if draw(st.booleans()):
        fields["reference_spend"] = draw(amount)
        elasticity = ranged("elasticity", 0.1, 2.0, wide)
        fields["spend_elasticity"] = draw(elasticity.filter(lambda e: e != 1.0))
    half_life = draw(ranged("half_life", 0.0, 24.0, wide).filter(lambda h: h < 1_100.0))
    if draw(st.booleans()):
        fields["slow_half_life"] = half_life + draw(floats(0.1, 24.0))
        fields["fast_share"] = draw(floats(0.0, 1.0, exclude_max=True))
    spend = draw(amount | st.lists(amount, min_size=count, max_size=count))
    launch = draw(
        st.one_of(st.just("even"), month, st.lists(month, min_size=count, max_size=count))
    )
    hit_rate = draw(ranged("hit_rate", 0.01, 1.0, wide))
    if wide and not isinstance(spend, list) and not isinstance(launch, list):
        # Many campaigns where hits are few, or where they are not so many.
        count = draw(st.sampled_from([count, 1, 1_000, 1_000_000 if hit_rate < 1e-2 else 30_000]))
    if draw(st.booleans()):
        least = spend if isinstance(spend, float) else min(spend)
        if least > 1e-4 and count <= 1_000:
            fields["staging"] = draw(stagings(least, horizon, wide))
    program = CampaignProgram(
        name=draw(names) if name is None else name,
        campaigns=count,
        spend=spend,
        launch=launch,
        hit_rate=hit_rate,
        multiple=draw(multiples(wide)),
        cap=draw(st.none() | ranged("cap", 0.1, 1e4, wide)),
        incrementality=draw(ranged("incrementality", 0.0, 2.0, wide).map(factor)),
        shared_luck=draw(ranged("luck", 0.0, 2.0, wide)),
        lag=draw(month),
        half_life=half_life,
        overhead=draw(ranged("cost", 0.0, 1e6, wide)),
        market_loading=draw(ranged("loading", -2.0, 2.0, wide)),
        **fields,
    )
    staging = program.staging
    if staging is not None and staging.reviews(program.launch_months(horizon))[1].min() >= horizon:
        # One review at least is before the horizon.
        program = program.replace(staging=staging.replace(pilot_months=0, period=1))
    return program


@st.composite
def plans(draw: st.DrawFn, max_channels: int = 3, wide: bool = False) -> Plan:
    """Any valid plan of a few channels, every field of it drawn; if wide to its legal ends."""
    usual = st.integers(1, MAX_HORIZON)
    horizon = draw(st.one_of(*[usual] * 20, st.just(600)) if wide else usual)
    channel_names = draw(st.lists(names, min_size=1, max_size=max_channels, unique=True))
    channels = [
        draw(sales_teams(horizon, name, wide) | programs(horizon, name, wide))
        for name in channel_names
    ]
    short = [c.name for c in channels if isinstance(c, SalesTeam) and c.pipeline is not None]
    if short:
        fed = st.none() | st.sampled_from(short)
        channels = [
            c.replace(feeds=draw(fed)) if isinstance(c, CampaignProgram) else c for c in channels
        ]
    return Plan(
        name=draw(text),
        horizon=horizon,
        channels=channels,
        market_volatility=draw(ranged("luck", 0.0, 1.0, wide)),
        discount_rate=draw(ranged("discount", 0.0, 1.0, wide)),
        target=draw(st.none() | money),
        basis=draw(text),
        currency=draw(text),
    )
