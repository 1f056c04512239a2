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
from gtmsim.plan import CampaignProgram, Plan, Ramp, SalesTeam

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
    return CampaignProgram(
        name=draw(names) if name is None else name,
        campaigns=count,
        spend=draw(money | st.lists(money, min_size=count, max_size=count)),
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


@st.composite
def plans(draw: st.DrawFn, max_channels: int = 3) -> Plan:
    """Any valid plan of a few channels, every field of it drawn."""
    horizon = draw(st.integers(1, MAX_HORIZON))
    channel_names = draw(st.lists(names, min_size=1, max_size=max_channels, unique=True))
    channels = [
        draw(sales_teams(horizon, name) | programs(horizon, name)) for name in channel_names
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
