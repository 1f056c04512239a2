"""All channels of a range of scenarios: the main loop."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gtmsim.core._jit import kernel
from gtmsim.core._types import Floats, Ints
from gtmsim.core.campaigns import ChannelDraws, program_block
from gtmsim.core.cohorts import ProgramArrays
from gtmsim.core.concentration import Candidates, add_seats, empty_candidates, top_values
from gtmsim.core.coupling import FLOWS
from gtmsim.core.elementary import LOG2_E, exp2
from gtmsim.core.sales import SalesArrays, team_block
from gtmsim.core.samplers import normal
from gtmsim.core.staged import StagedArrays, staged_block
from gtmsim.core.streams import LANES, MARKET, SHARED_LUCK, lane_words

_NONE = np.empty((0, 0))
"""Pipeline of a team that is never short of it."""


class ChannelArrays(NamedTuple):
    """One channel and what every channel has.

    ``market_sigma`` and ``luck_sigma`` are the log-sd of the market's shock on the channel and of
    the luck that its campaigns share; ``fixed_spend`` (month,) is spent whatever happens, in
    present value; ``limit`` is the room for candidates of this channel and those before it;
    ``feeds`` is the place of the team that a program feeds, negative if there is none.
    """

    arrays: SalesArrays | ProgramArrays | StagedArrays
    market_sigma: float
    luck_sigma: float
    fixed_spend: Floats
    limit: int
    feeds: int = -1


class PortfolioArrays(NamedTuple):
    """A compiled plan: channels in the plan's order, teams and programs mixed.

    ``capacity`` is room for the units that may be among the best ``spend_share`` of spend; a share
    of 0 asks for none, and nothing is set aside.
    """

    channels: tuple[ChannelArrays, ...]
    horizon: int
    capacity: int
    spend_share: float


class PortfolioDraws(NamedTuple):
    """What happened, channel by channel and, in the last place, for the portfolio.

    month and spend_month (channel, month, scenario); begin and end (channel, block), which rows of
    the ``candidates`` are a channel's; the rest (channel, scenario).
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
    flow: Floats
    begin: Ints
    end: Ints
    candidates: Candidates

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
            self.top_value[place],
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


@kernel
def sum_rows(rows: Floats) -> None:
    """Set the last of rows (row, value) to the sum of the others."""
    last = rows.shape[0] - 1
    rows[last] = 0.0
    for r in range(last):
        for i in range(rows.shape[1]):
            rows[last, i] += rows[r, i]


@kernel
def accumulate_months(value: Floats, spend: Floats) -> None:
    """Turn value and spend (channel, month, scenario) into sums up to the end of each month."""
    for place in range(value.shape[0]):
        for month in range(1, value.shape[1]):
            for s in range(value.shape[2]):
                value[place, month, s] += value[place, month - 1, s]
            for s in range(value.shape[2]):
                spend[place, month, s] += spend[place, month - 1, s]


@kernel
def subtract(value: Floats, spend: Floats) -> None:
    """Turn value (channel, month, scenario) into value less spend."""
    for place in range(value.shape[0]):
        for month in range(value.shape[1]):
            for s in range(value.shape[2]):
                value[place, month, s] -= spend[place, month, s]


def empty_draws(plan: PortfolioArrays, size: int, *, listed: bool = False) -> PortfolioDraws:
    """Return working arrays for ``size`` scenarios, a multiple of the lanes, to be used again.

    The candidates of a program alone take the place of the last block's, in the cache, unless they
    are to be ``listed``.
    """
    places, blocks = len(plan.channels) + 1, size // LANES
    monthly, total = (places, plan.horizon, size), (places, size)
    limited = places - 1 if any(may_be_short(channel) for channel in plan.channels) else 0
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
        flow=np.zeros((limited, len(FLOWS), size)),
        begin=np.zeros((places, blocks), dtype=np.int64),
        end=np.zeros((places, blocks), dtype=np.int64),
        candidates=empty_candidates(
            LANES if is_alone(plan) and not listed else size, plan.capacity
        ),
    )


def is_alone(plan: PortfolioArrays) -> bool:
    """Whether a plan is one program, whose candidates are not needed when a block is done."""
    return len(plan.channels) == 1 and isinstance(plan.channels[0].arrays, ProgramArrays)


def may_be_short(channel: ChannelArrays) -> bool:
    """Whether a channel is a team that has as much to close as there is pipeline."""
    return isinstance(channel.arrays, SalesArrays) and channel.arrays.pipeline >= 0.0


def _clear(plan: PortfolioArrays, draws: PortfolioDraws) -> None:
    """Set what kernels add to: the fixed spend, and zero elsewhere."""
    for place, channel in enumerate(plan.channels):
        draws.spend_month[place] = channel.fixed_spend[:, None]
        draws.spend[place] = channel.fixed_spend.sum()
    for total in (draws.value, draws.beyond, draws.hits, draws.largest, draws.squares):
        total[:] = 0.0
    draws.candidates.size[:] = 0


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
    """Simulate the scenarios from ``first``, as many as ``draws`` has room for, and fill it."""
    simulate_channels(key, plan, first, draws)
    for total in (
        draws.month,
        draws.spend_month,
        draws.value,
        draws.spend,
        draws.beyond,
        draws.hits,
        draws.squares,
    ):
        sum_rows(total.reshape(total.shape[0], -1))
    draws.largest[:-1].max(axis=0, out=draws.largest[-1])
    if len(plan.channels) == 1:
        draws.top_value[-1] = draws.top_value[0]
    else:
        draws.end[-1] = draws.candidates.size
        _take_top(plan, draws, -1)


def simulate_channels(
    key: tuple[np.uint64, np.uint64], plan: PortfolioArrays, first: int, draws: PortfolioDraws
) -> None:
    """Simulate channel by channel; the portfolio's own row is not filled."""
    _clear(plan, draws)
    start, size = np.uint64(first), draws.value.shape[1]
    candidates = draws.candidates
    fed = {
        p: np.zeros((plan.horizon, size)) for p, c in enumerate(plan.channels) if may_be_short(c)
    }
    # Programs that feed a team come before it.
    for place in sorted(
        range(len(plan.channels)), key=lambda place: plan.channels[place].feeds < 0
    ):
        channel = plan.channels[place]
        shock = _shock(key, channel, first, size)
        draws.begin[place] = candidates.size
        if isinstance(channel.arrays, SalesArrays):
            value, spend = np.empty((2, channel.arrays.start.size, size))
            leads, flow = fed.get(place, _NONE), draws.flow[place] if place in fed else _NONE
            out = draws.channel(place)
            team_block(*key, channel.arrays, start, shock, leads, value, spend, flow, out)
            if plan.spend_share > 0.0:
                add_seats(candidates, value, spend)
        elif isinstance(channel.arrays, StagedArrays):
            value, spend = np.empty((2, channel.arrays.number.size, size))
            staged_block(*key, channel.arrays, start, shock, value, spend, draws.channel(place))
            if plan.spend_share > 0.0:
                add_seats(candidates, value, spend)
        else:
            share = plan.spend_share if channel.feeds < 0 else 0.0
            target = share * draws.spend[place]
            limit, out = channel.limit, draws.channel(place)
            program_block(*key, channel.arrays, start, shock, target, candidates, limit, out)
        if channel.feeds >= 0:
            _feed(plan, draws, place, fed[channel.feeds])
        draws.end[place] = candidates.size
        if not isinstance(channel.arrays, ProgramArrays):
            _take_top(plan, draws, place)


def _feed(plan: PortfolioArrays, draws: PortfolioDraws, place: int, fed: Floats) -> None:
    """Add to fed (month, scenario) what a program has brought, and leave the program without it."""
    discount = plan.channels[place].arrays.response.discount
    fed += draws.month[place] / discount[:, None]
    for total in (draws.month, draws.value, draws.beyond, draws.largest, draws.squares):
        total[place] = 0.0
    draws.top_value[place] = 0.0
    draws.candidates.size[:] = draws.begin[place]


def _take_top(plan: PortfolioArrays, draws: PortfolioDraws, place: int) -> None:
    if plan.spend_share == 0.0:
        return
    target = plan.spend_share * draws.spend[place]
    top_values(draws.candidates, draws.begin[place], target, draws.top_value[place])
