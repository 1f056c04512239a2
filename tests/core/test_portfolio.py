"""Whole plans: candidates find room, and the kernels' top share is that of the listed units."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import gtmsim as gtm
from gtmsim.compiled import compile_plan
from gtmsim.core._types import Floats
from gtmsim.core.campaigns import SPARE
from gtmsim.core.portfolio import (
    PortfolioArrays,
    PortfolioDraws,
    empty_draws,
    simulate_block,
    simulate_channels,
)
from gtmsim.core.streams import LANES
from gtmsim.seeds import seed_key
from tests.strategies import floats, plans, programs

LISTED = 3
"""Scenarios whose units are compared: listing them is slow."""

PLANS = settings(max_examples=40)


@st.composite
def busy_plans(draw: st.DrawFn) -> gtm.Plan:
    """Any plan and a program more; programs have many campaigns, and value, so that bars matter."""
    plan = draw(plans())
    extra = draw(programs(plan.horizon, "a program more, of many campaigns"))
    channels: list[gtm.SalesTeam | gtm.CampaignProgram] = []
    for channel in (*plan.channels, extra):
        if isinstance(channel, gtm.CampaignProgram):
            count = draw(st.integers(500, 5000))
            spend = draw(st.lists(floats(1e3, 1e4), min_size=1, max_size=4))
            channels.append(
                channel.replace(
                    campaigns=count,
                    spend=[spend[i % len(spend)] for i in range(count)],
                    launch="even",
                    hit_rate=draw(floats(0.1, 1.0)),
                    incrementality=draw(floats(0.1, 2.0)),
                    lag=min(channel.lag, plan.horizon // 2),
                )
            )
        else:
            cost = min(channel.loaded_cost, 1e5)
            channels.append(channel.replace(loaded_cost=cost, hiring_cost=0.0))
    return plan.replace(channels=channels)


def run(
    plan: gtm.Plan, seed: int, size: int = LANES, share: float = 0.01
) -> tuple[PortfolioArrays, PortfolioDraws]:
    arrays = compile_plan(plan, share).arrays
    draws = empty_draws(arrays, size)
    simulate_block(seed_key(seed), arrays, 0, draws)
    return arrays, draws


def expect_room(arrays: PortfolioArrays, draws: PortfolioDraws) -> None:
    assert draws.candidates.size.max() <= arrays.capacity - SPARE
    for place, channel in enumerate(arrays.channels):
        assert draws.end[place].max() <= channel.limit


def covered(draws: PortfolioDraws, place: int) -> Floats:
    """Spend of a channel's candidates, (scenario,)."""
    places = np.arange(draws.candidates.weights.shape[1])[None, :]
    own = (places >= draws.begin[place][:, None]) & (places < draws.end[place][:, None])
    return np.asarray((draws.candidates.weights * own).sum(axis=1))


def expect_top_shares(plan: gtm.Plan, seed: int, draws: PortfolioDraws) -> None:
    """Of every channel and of the portfolio, in the scenarios that are listed."""
    units = gtm.simulate_portfolio(plan, scenarios=LISTED, rng=seed, workers=1).units
    for place, name in enumerate([*(channel.name for channel in plan.channels), None]):
        for s in range(LISTED):
            value = float(draws.value[place, s])
            listed = units[units["scenario"] == s]
            if value == 0.0 or not math.isfinite(value):
                continue
            share = gtm.top_share(listed, 0.01, channel=name)
            assert float(draws.top_value[place, s]) / value == pytest.approx(share, rel=1e-9)


@PLANS
@given(plan=plans(), seed=st.integers(0, 2**63))
def test_the_top_of_small_plans_is_that_of_their_units(plan: gtm.Plan, seed: int) -> None:
    arrays, draws = run(plan, seed)
    expect_room(arrays, draws)
    expect_top_shares(plan, seed, draws)


@PLANS
@given(plan=busy_plans(), seed=st.integers(0, 2**63))
def test_the_top_of_busy_plans_is_that_of_their_units(plan: gtm.Plan, seed: int) -> None:
    arrays, draws = run(plan, seed)
    expect_room(arrays, draws)
    expect_top_shares(plan, seed, draws)


@PLANS
@given(
    plan=busy_plans(),
    share=st.sampled_from([1e-3, 0.01, 0.05, 0.2, 1.0]),
    seed=st.integers(0, 2**63),
)
def test_any_share_of_spend_finds_room(plan: gtm.Plan, share: float, seed: int) -> None:
    """A program's candidates cover the target of the whole plan, unless all its hits are known."""
    arrays, draws = run(plan, seed, share=share)
    expect_room(arrays, draws)
    target = share * draws.spend[-1]
    for place, channel in enumerate(plan.channels):
        if isinstance(channel, gtm.CampaignProgram):
            arrays_ = arrays.channels[place].arrays
            bars = arrays_.bar[np.isfinite(arrays_.bar)]
            if np.any(bars > 0.0):
                assert np.all(covered(draws, place) >= target * (1.0 - 1e-12))


def test_most_busy_plans_have_bars() -> None:
    """Otherwise the two tests above would show little."""
    barred = []

    @PLANS
    @given(plan=busy_plans())
    def count(plan: gtm.Plan) -> None:
        programs = [
            c.arrays for c in compile_plan(plan).arrays.channels if hasattr(c.arrays, "bar")
        ]
        barred.append(any(np.any((p.bar > 0.0) & np.isfinite(p.bar)) for p in programs))

    count()
    assert np.mean(barred) > 0.5


def test_another_seed_has_other_shares() -> None:
    plan = gtm.presets.example_plan()
    arrays, draws = run(plan, 1)
    expect_room(arrays, draws)
    expect_top_shares(plan, 1, draws)
    with pytest.raises(AssertionError):
        expect_top_shares(plan, 2, draws)


# -- Many scenarios -------------------------------------------------------------------------------

SCENARIOS = 3200 * LANES


def one_program(**changes: Any) -> gtm.Plan:
    fields: dict[str, Any] = {
        "name": "program",
        "campaigns": 1000,
        "spend": [float(1 + i % 7) for i in range(1000)],
        "multiple": gtm.Pareto(tail_index=1.2),
        "hit_rate": 0.3,
    }
    return gtm.Plan(horizon=2, channels=[gtm.CampaignProgram(**(fields | changes))])


def extremes(arrays: PortfolioArrays) -> tuple[float, int]:
    """The least that candidates cover in any scenario, and the most of them."""
    size = 100 * LANES
    draws = empty_draws(arrays, size)
    least, most = math.inf, 0
    for first in range(0, SCENARIOS, size):
        simulate_channels(seed_key(3), arrays, first, draws)
        least = min(least, float(covered(draws, 0).min()))
        most = max(most, int(draws.candidates.size.max()))
    return least, most


@pytest.mark.parametrize(
    "changes",
    [{}, {"cap": 4.0}, {"multiple": gtm.Empirical(values=(0.0, 1.0, 1.0, 3.0)), "hit_rate": 0.5}],
    ids=["pareto", "capped", "empirical"],
)
def test_the_target_is_covered_in_200_000_scenarios(changes: dict[str, Any]) -> None:
    """By what the kernels really set aside; a higher bar is seen to fail."""
    arrays = compile_plan(one_program(**changes)).arrays
    channel = arrays.channels[0]
    target = 0.01 * channel.fixed_spend.sum()
    least, most = extremes(arrays)
    assert least >= target
    assert most <= arrays.capacity - SPARE < 1000
    higher = channel.arrays._replace(bar=4.0 * channel.arrays.bar)
    assert extremes(arrays._replace(channels=(channel._replace(arrays=higher),)))[0] < target


# -- Working arrays -------------------------------------------------------------------------------


def mixed() -> gtm.Plan:
    return gtm.presets.example_plan().replace(market_volatility=0.2)


def same(one: PortfolioDraws, other: PortfolioDraws) -> bool:
    fields = PortfolioDraws._fields[:-1]
    return all(np.array_equal(getattr(one, f), getattr(other, f)) for f in fields) and (
        np.array_equal(one.candidates.size, other.candidates.size)
    )


def test_arrays_may_be_used_again() -> None:
    arrays, fresh = run(mixed(), 5, 2 * LANES)
    used = empty_draws(arrays, 2 * LANES)
    for array in (used.month, used.spend_month, used.spend, *used.candidates):
        array[:] = 12345
    simulate_block(seed_key(9), arrays, 2**33, used)
    assert not same(used, fresh)
    simulate_block(seed_key(5), arrays, 0, used)
    assert same(used, fresh)


def test_nothing_is_followed_where_no_share_is_asked_for() -> None:
    _, followed = run(mixed(), 5)
    _, draws = run(mixed(), 5, share=0.0)
    assert not draws.candidates.size.any()
    assert not draws.top_value.any()
    for field in ("month", "spend_month", "value", "spend", "beyond", "hits", "largest", "squares"):
        np.testing.assert_array_equal(getattr(draws, field), getattr(followed, field))


def test_the_portfolio_is_what_its_channels_are_together() -> None:
    plan = mixed()
    arrays, draws = run(plan, 6)
    for field in ("month", "spend_month", "value", "spend", "beyond", "hits", "squares"):
        total = getattr(draws, field)
        np.testing.assert_allclose(total[-1], total[:-1].sum(axis=0), rtol=1e-12)
    np.testing.assert_array_equal(draws.largest[-1], draws.largest[:-1].max(axis=0))
    assert np.all(draws.begin[-1] == 0)
    np.testing.assert_array_equal(draws.begin[1:-1], draws.end[:-2])
    np.testing.assert_array_equal(draws.end[-1], draws.candidates.size)
    for place, channel in enumerate(plan.channels):
        if isinstance(channel, gtm.SalesTeam):
            assert np.all(draws.end[place] - draws.begin[place] == len(channel.start_months))
            np.testing.assert_allclose(covered(draws, place), draws.spend[place], rtol=1e-12)
    assert arrays.channels[-1].limit == arrays.capacity - SPARE


def test_a_channel_alone_is_the_portfolio() -> None:
    for channel in mixed().channels:
        _, draws = run(mixed().replace(channels=[channel]), 6)
        for field in PortfolioDraws._fields[:9]:
            np.testing.assert_array_equal(getattr(draws, field)[0], getattr(draws, field)[1])


def test_channels_may_be_simulated_without_the_portfolio() -> None:
    arrays, draws = run(mixed(), 6)
    alone = empty_draws(arrays, LANES)
    simulate_channels(seed_key(6), arrays, 0, alone)
    for field in PortfolioDraws._fields[:9]:
        np.testing.assert_array_equal(getattr(alone, field)[:-1], getattr(draws, field)[:-1])
        assert not getattr(alone, field)[-1].any()
