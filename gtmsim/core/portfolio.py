"""All channels of a range of scenarios: the main loop."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gtmsim.core._jit import kernel
from gtmsim.core._types import Floats
from gtmsim.core.campaigns import ChannelDraws, ProgramArrays, program_block
from gtmsim.core.concentration import TopSet, empty_top_set, push_seats, top_values
from gtmsim.core.elementary import LOG2_E, exp2
from gtmsim.core.sales import SalesArrays, team_block
from gtmsim.core.samplers import normal
from gtmsim.core.streams import LANES, MARKET, SHARED_LUCK, lane_words


class ChannelArrays(NamedTuple):
    """One channel and what every channel has.

    ``market_sigma`` and ``luck_sigma`` are the log-sd of the market's shock on the channel and of
    the luck that its campaigns share; ``fixed_spend`` (month,) is spent whatever happens, in
    present value; ``capacity`` the most units that its share of spend can hold.
    """

    arrays: SalesArrays | ProgramArrays
    market_sigma: float
    luck_sigma: float
    fixed_spend: Floats
    capacity: int


class PortfolioArrays(NamedTuple):
    """A compiled plan: channels in the plan's order, teams and programs mixed."""

    channels: tuple[ChannelArrays, ...]
    horizon: int
    capacity: int
    spend_share: float


class PortfolioDraws(NamedTuple):
    """What happened, channel by channel and, in the last place, for the portfolio.

    month and spend_month (channel, month, scenario); the rest (channel, scenario). ``tops`` are the
    top sets of the channels and the portfolio.
    """

    month: Floats
    spend_month: Floats
    value: Floats
    spend: Floats
    beyond: Floats
    hits: Floats
    largest: Floats
    squares: Floats
    top_value: Floats
    tops: tuple[TopSet, ...]

    def channel(self, place: int) -> ChannelDraws:
        """Return the views that a channel's kernel fills."""
        return ChannelDraws(
            self.month[place],
            self.spend_month[place],
            self.value[place],
            self.spend[place],
            self.beyond[place],
            self.hits[place],
            self.largest[place],
            self.squares[place],
        )


@kernel
def shock_block(
    key0: np.uint64,
    key1: np.uint64,
    channel: np.uint64,
    purpose: np.uint64,
    sigma: float,
    first: np.uint64,
    shock: Floats,
) -> None:
    """Multiply shock (scenario,) by exp(sigma Z - sigma**2 / 2), one Z per scenario."""
    a = np.empty(LANES, np.uint64)
    b = np.empty(LANES, np.uint64)
    zero = np.uint64(0)
    slope = sigma * LOG2_E
    shift = 0.5 * sigma * slope
    for lane0 in range(0, shock.size, LANES):
        lane_words(key0, key1, channel, purpose, zero, zero, first + np.uint64(lane0), a, b)
        for lane in range(LANES):
            shock[lane0 + lane] *= exp2(slope * normal(a[lane]) - shift)


def empty_draws(plan: PortfolioArrays, size: int) -> PortfolioDraws:
    """Return working arrays for ``size`` scenarios, a multiple of the lanes, to be used again."""
    places = len(plan.channels) + 1
    monthly, total = (places, plan.horizon, size), (places, size)
    capacities = [channel.capacity for channel in plan.channels] + [plan.capacity]
    return PortfolioDraws(
        month=np.zeros(monthly),
        spend_month=np.zeros(monthly),
        value=np.zeros(total),
        spend=np.zeros(total),
        beyond=np.zeros(total),
        hits=np.zeros(total),
        largest=np.zeros(total),
        squares=np.zeros(total),
        top_value=np.zeros(total),
        tops=tuple(empty_top_set(size, capacity) for capacity in capacities),
    )


def _clear(plan: PortfolioArrays, draws: PortfolioDraws) -> None:
    """Set what kernels add to: the fixed spend, and zero elsewhere."""
    for place, channel in enumerate(plan.channels):
        draws.spend_month[place] = channel.fixed_spend[:, None]
        draws.spend[place] = channel.fixed_spend.sum()
    for total in (draws.value, draws.beyond, draws.hits, draws.largest, draws.squares):
        total[:] = 0.0
    for top in draws.tops:
        top.held[:] = 0.0
        top.free[:] = 0.0
        top.size[:] = 0


def _shock(
    key: tuple[np.uint64, np.uint64], channel: ChannelArrays, first: int, size: int
) -> Floats:
    shock = np.ones(size)
    start = np.uint64(first)
    if channel.market_sigma != 0.0:
        shock_block(*key, np.uint64(0), np.uint64(MARKET), channel.market_sigma, start, shock)
    if channel.luck_sigma != 0.0:
        stream, purpose = channel.arrays.stream, np.uint64(SHARED_LUCK)
        shock_block(*key, stream, purpose, channel.luck_sigma, start, shock)
    return shock


def simulate_block(
    key: tuple[np.uint64, np.uint64], plan: PortfolioArrays, first: int, draws: PortfolioDraws
) -> None:
    """Simulate the scenarios from ``first``, as many as ``draws`` has room for, and fill it.

    Teams come before programs: what they cost is random, and the first share of the portfolio's
    spend is known only once they have been paid.
    """
    _clear(plan, draws)
    start, size = np.uint64(first), draws.value.shape[1]
    pool = draws.tops[-1]
    seats: list[tuple[int, Floats, Floats]] = []
    for place, channel in enumerate(plan.channels):
        if isinstance(channel.arrays, SalesArrays):
            value, spend = np.empty((2, channel.arrays.start.size, size))
            shock = _shock(key, channel, first, size)
            team_block(*key, channel.arrays, start, shock, value, spend, draws.channel(place))
            seats.append((place, value, spend))
    draws.spend[:-1].sum(axis=0, out=draws.spend[-1])
    for top, paid in zip(draws.tops, draws.spend, strict=True):
        np.multiply(plan.spend_share, paid, out=top.target)
    for place, value, spend in seats:
        push_seats(draws.tops[place], value, spend)
        push_seats(pool, value, spend)
    for place, channel in enumerate(plan.channels):
        if isinstance(channel.arrays, ProgramArrays):
            shock = _shock(key, channel, first, size)
            top = draws.tops[place]
            program_block(*key, channel.arrays, start, shock, top, pool, draws.channel(place))
    for total in (
        draws.month,
        draws.spend_month,
        draws.value,
        draws.beyond,
        draws.hits,
        draws.squares,
    ):
        total[:-1].sum(axis=0, out=total[-1])
    draws.largest[:-1].max(axis=0, out=draws.largest[-1])
    for top, out in zip(draws.tops, draws.top_value, strict=True):
        top_values(top, out)
