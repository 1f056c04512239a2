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


def floats(low: float, high: float, **limits: Any) -> st.SearchStrategy[float]:
    return st.floats(low, high, allow_nan=False, allow_subnormal=False, **limits)


money = floats(1e-2, 1e9)
text = st.text(
    st.characters(codec="utf-8", categories=("L", "M", "N", "P", "S")), min_size=1, max_size=12
)
names = text.filter(lambda name: name != "portfolio")


def spliced(median: float, sigma: float, place: float, tail_index: float) -> Spliced:
    """A threshold so many standard deviations above the body's median."""
    threshold = median * math.exp(sigma * place)
    return Spliced(median=median, sigma=sigma, threshold=threshold, tail_index=tail_index)


def multiples() -> st.SearchStrategy[Multiple]:
    tail_index, scale = floats(0.1, 20.0), floats(1e-3, 1e3)
    return st.one_of(
        st.builds(Pareto, tail_index=tail_index, minimum=scale),
        st.builds(Lomax, tail_index=tail_index, scale=scale),
        st.builds(LogNormal, median=scale, sigma=floats(0.01, 10.0)),
        st.builds(
            spliced,
            median=scale,
            sigma=floats(0.01, 10.0),
            place=floats(-4.0, 6.0),
            tail_index=tail_index,
        ),
        st.builds(Empirical, values=st.lists(floats(0.0, 1e6), min_size=1, max_size=5)),
        st.builds(
            ScipyDistribution,
            name=st.just("gamma"),
            args=st.tuples(floats(0.5, 5.0)),
            kwds=st.fixed_dictionaries({"scale": scale}),
        ),
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
        st.builds(Ramp, curve=st.lists(share, min_size=1, max_size=horizon)),
    )


@st.composite
def sales_teams(draw: st.DrawFn, horizon: int = MAX_HORIZON, name: str | None = None) -> SalesTeam:
    recurring = draw(st.booleans())
    month = st.integers(-60, horizon - 1)
    return SalesTeam(
        name=draw(names) if name is None else name,
        hires=draw(st.integers(1, 20) | st.lists(month, min_size=1, max_size=8)),
        quota=draw(money),
        margin=draw(floats(0.01, 1.0)),
        loaded_cost=draw(money),
        hiring_cost=draw(floats(0.0, 1e6)),
        ramp=draw(ramps(horizon)),
        attainment=draw(floats(0.1, 2.0)),
        skill_cv=draw(floats(0.0, 2.0)),
        luck_cv=draw(floats(0.0, 2.0)),
        attrition=draw(floats(0.0, 0.99)),
        backfill_months=draw(st.none() | st.integers(0, 12)),
        returns_to_scale=draw(floats(0.5, 1.5)),
        recognition="recurring" if recurring else "bookings",
        annual_churn=draw(floats(0.0, 0.99)) if recurring else 0.0,
        market_loading=draw(floats(-2.0, 2.0)),
        pipeline=draw(st.none() | st.just(0.0) | money),
    )


@st.composite
def stagings(draw: st.DrawFn, spend: float, horizon: int = MAX_HORIZON) -> Staging:
    """A staging of campaigns that cost at least so much; its share may be of one campaign only."""
    rule = draw(
        st.fixed_dictionaries({"threshold": floats(1e-3, 1e3)})
        | st.fixed_dictionaries({"max_cost": floats(1e-3, 1e3)})
        | st.just({"kill_share": 0.0})
    )
    return Staging(
        pilot_spend=spend * draw(floats(0.01, 0.99)),
        pilot_months=draw(st.integers(0, horizon - 1)),
        period=draw(st.integers(1, 24)),
        signal_noise=draw(floats(0.0, 3.0)),
        scale_elasticity=draw(st.none() | floats(0.1, 2.0)),
        recycle=draw(floats(0.0, 1.0)),
        **rule,
    )


@st.composite
def programs(
    draw: st.DrawFn, horizon: int = MAX_HORIZON, name: str | None = None
) -> CampaignProgram:
    count = draw(st.integers(1, 12))
    month = st.integers(0, horizon - 1)
    fields: dict[str, Any] = {}
    if draw(st.booleans()):
        fields["reference_spend"] = draw(money)
        fields["spend_elasticity"] = draw(floats(0.1, 2.0).filter(lambda e: e != 1.0))
    half_life = draw(floats(0.0, 24.0))
    if draw(st.booleans()):
        fields["slow_half_life"] = half_life + draw(floats(0.1, 24.0))
        fields["fast_share"] = draw(floats(0.0, 1.0, exclude_max=True))
    spend = draw(money | st.lists(money, min_size=count, max_size=count))
    if draw(st.booleans()):
        least = spend if isinstance(spend, float) else min(spend)
        fields["staging"] = draw(stagings(least, horizon))
    program = CampaignProgram(
        name=draw(names) if name is None else name,
        campaigns=count,
        spend=spend,
        launch=draw(
            st.one_of(st.just("even"), month, st.lists(month, min_size=count, max_size=count))
        ),
        hit_rate=draw(floats(0.01, 1.0)),
        multiple=draw(multiples()),
        cap=draw(st.none() | floats(0.1, 1e4)),
        incrementality=draw(floats(0.0, 2.0)),
        shared_luck=draw(floats(0.0, 2.0)),
        lag=draw(month),
        half_life=half_life,
        overhead=draw(floats(0.0, 1e6)),
        market_loading=draw(floats(-2.0, 2.0)),
        **fields,
    )
    staging = program.staging
    if staging is not None and staging.reviews(program.launch_months(horizon))[1].min() >= horizon:
        # One review at least is before the horizon.
        program = program.replace(staging=staging.replace(pilot_months=0, period=1))
    return program


@st.composite
def plans(draw: st.DrawFn, max_channels: int = 3) -> Plan:
    """Any valid plan of a few channels, every field of it drawn."""
    horizon = draw(st.integers(1, MAX_HORIZON))
    channel_names = draw(st.lists(names, min_size=1, max_size=max_channels, unique=True))
    channels = [
        draw(sales_teams(horizon, name) | programs(horizon, name)) for name in channel_names
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
        market_volatility=draw(floats(0.0, 1.0)),
        discount_rate=draw(floats(0.0, 1.0)),
        target=draw(st.none() | money),
        basis=draw(text),
        currency=draw(text),
    )
