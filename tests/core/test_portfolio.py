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
from gtmsim.core._types import Floats, Ints
from gtmsim.core.concentration import STEP
from gtmsim.core.portfolio import (
    PortfolioArrays,
    PortfolioDraws,
    empty_draws,
    is_alone,
    simulate_block,
    simulate_channels,
)
from gtmsim.core.streams import LANES
from gtmsim.seeds import seed_key
from tests.laws import rejects
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
                    staging=None,
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
    draws = empty_draws(arrays, size, listed=True)
    simulate_block(seed_key(seed), arrays, 0, draws)
    return arrays, draws


def expect_room(
    arrays: PortfolioArrays, draws: PortfolioDraws, seed: int, room: int = 4096
) -> None:
    """With room for thousands more, no channel sets more aside that is worth anything."""
    for place, channel in enumerate(arrays.channels):
        assert draws.end[place].max() <= channel.limit + 1
        assert (channel.limit + 1) % STEP == 0
    assert arrays.channels[-1].limit + 1 == arrays.capacity
    channels = tuple(channel._replace(limit=channel.limit + room) for channel in arrays.channels)
    wide = arrays._replace(channels=channels, capacity=arrays.capacity + room)
    other = empty_draws(wide, draws.value.shape[1], listed=True)
    simulate_channels(seed_key(seed), wide, 0, other)
    for place in range(len(channels)):
        np.testing.assert_array_equal(units_of(draws, place), units_of(other, place))


def units_of(draws: PortfolioDraws, place: int) -> Ints:
    """Number of a channel's candidates that are worth anything, (scenario,)."""
    return np.asarray(summed(draws, place, np.ones_like(draws.candidates.weights)), np.int64)


def summed(draws: PortfolioDraws, place: int, weights: Floats) -> Floats:
    keys, blocks = draws.candidates.keys, []
    for block, (begin, end) in enumerate(zip(draws.begin[place], draws.end[place], strict=True)):
        own = slice(begin * LANES, end * LANES)
        weight = np.where(keys[block, own] > 0.0, weights[block, own], 0.0)
        blocks.append(weight.reshape(-1, LANES).sum(axis=0))
    return np.concatenate(blocks)


def covered(draws: PortfolioDraws, place: int) -> Floats:
    """Spend of a channel's candidates that are worth anything, (scenario,)."""
    return summed(draws, place, draws.candidates.weights)


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
    expect_room(arrays, draws, seed)
    expect_top_shares(plan, seed, draws)


@PLANS
@given(plan=busy_plans(), seed=st.integers(0, 2**63))
def test_the_top_of_busy_plans_is_that_of_their_units(plan: gtm.Plan, seed: int) -> None:
    arrays, draws = run(plan, seed)
    expect_room(arrays, draws, seed)
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
    expect_room(arrays, draws, seed)
    target = share * draws.spend[-1]
    for place, channel in enumerate(plan.channels):
        if isinstance(channel, gtm.CampaignProgram):
            arrays_ = arrays.channels[place].arrays
            bars = arrays_.bar[np.isfinite(arrays_.bar)]
            if np.any(bars > 0.0):
                assert np.all(covered(draws, place) >= target * (1.0 - 1e-12))


def test_many_busy_plans_have_bars() -> None:
    """Otherwise the two tests above would show little; which are drawn is hypothesis' affair."""
    barred = []

    @PLANS
    @given(plan=busy_plans())
    def count(plan: gtm.Plan) -> None:
        programs = [
            c.arrays for c in compile_plan(plan).arrays.channels if hasattr(c.arrays, "bar")
        ]
        barred.append(any(np.any((p.bar > 0.0) & np.isfinite(p.bar)) for p in programs))

    count()
    assert np.mean(barred) > 0.25


def test_too_little_room_is_seen() -> None:
    """Of units drawn one by one, and of octaves."""
    for campaigns in (1000, 20_000):
        plan = one_program(campaigns=campaigns, spend=1.0)
        arrays, draws = run(plan, 4)
        expect_room(arrays, draws, 4)
        few = 4 * (int(draws.candidates.size.max()) // 8)
        channels = (arrays.channels[0]._replace(limit=few - 1),)
        small = arrays._replace(channels=channels, capacity=few)
        fewer = empty_draws(small, LANES, listed=True)
        simulate_block(seed_key(4), small, 0, fewer)
        rejects(expect_room, small, fewer, 4)


def test_another_seed_has_other_shares() -> None:
    plan = gtm.presets.example_plan()
    arrays, draws = run(plan, 1)
    expect_room(arrays, draws, 1)
    expect_top_shares(plan, 1, draws)
    with pytest.raises(AssertionError):
        expect_top_shares(plan, 2, draws)


# -- Many scenarios -------------------------------------------------------------------------------

SCENARIOS = 1600 * LANES


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
    size = 50 * LANES
    draws = empty_draws(arrays, size, listed=True)
    least, most = math.inf, 0
    for first in range(0, SCENARIOS, size):
        simulate_channels(seed_key(3), arrays, first, draws)
        least = min(least, float(covered(draws, 0).min()))
        most = max(most, int(draws.candidates.size.max()))
    return least, most


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"cap": 4.0},
        {"multiple": gtm.Empirical(values=(0.0, 1.0, 1.0, 3.0)), "hit_rate": 0.5},
        {"campaigns": 20_000, "spend": 1.0},
        {"campaigns": 20_000, "spend": 1.0, "multiple": gtm.LogNormal(median=1.0, sigma=1.0)},
    ],
    ids=["pareto", "capped", "empirical", "octaves", "octaves on both sides"],
)
def test_the_target_is_covered_in_200_000_scenarios(changes: dict[str, Any]) -> None:
    """By what the kernels really set aside; a higher bar is seen to fail."""
    plan = one_program(**changes)
    arrays = compile_plan(plan).arrays
    channel = arrays.channels[0]
    programs_ = channel.arrays
    assert np.all((programs_.octaves > 2) == (plan.channels[0].campaigns > 1000))
    target = 0.01 * channel.fixed_spend.sum()
    least, most = extremes(arrays)
    assert least >= target
    assert most < arrays.capacity < plan.channels[0].campaigns
    higher = programs_._replace(bar=4.0 * programs_.bar, kept=programs_.kept + 2)
    assert extremes(arrays._replace(channels=(channel._replace(arrays=higher),)))[0] < target


# -- Working arrays -------------------------------------------------------------------------------


def test_a_program_alone_has_room_for_one_block() -> None:
    """Each block's candidates take the last one's place, and nothing else is changed."""
    size = 3 * LANES
    for plan, blocks in ((one_program(), 1), (mixed(), 3)):
        arrays = compile_plan(plan).arrays
        listed, draws = empty_draws(arrays, size, listed=True), empty_draws(arrays, size)
        assert is_alone(arrays) == (blocks == 1)
        assert draws.candidates.keys.shape == (blocks, arrays.capacity * LANES)
        assert listed.candidates.keys.shape == (3, arrays.capacity * LANES)
        simulate_block(seed_key(8), arrays, 0, draws)
        simulate_block(seed_key(8), arrays, 0, listed)
        for field in PortfolioDraws._fields[:9]:
            np.testing.assert_array_equal(getattr(draws, field), getattr(listed, field))
        assert draws.top_value[-1].min() > 0.0


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
            steps = -(-len(channel.start_months) // STEP)
            assert np.all(draws.end[place] - draws.begin[place] == steps * STEP)
            np.testing.assert_allclose(covered(draws, place), draws.spend[place], rtol=1e-12)
    assert arrays.channels[-1].limit == arrays.capacity - 1


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
