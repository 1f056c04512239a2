"""What is decided of each channel, what it costs, and how far it may go."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import NamedTuple, TypeAlias

import numpy as np

from gtmsim.compiled import fixed_spend, most_spent
from gtmsim.core._types import Floats
from gtmsim.decide.pipeline import with_hires
from gtmsim.exact import exact_moments
from gtmsim.plan import CampaignProgram, Channel, Plan, SalesTeam

KINDS = ("hires", "campaigns", "spend", "both")
"""What may be decided of a channel: of a team its hires, of a program any of the others."""

ROUNDING = 1e-9
"""Relative: what a mix may cost above its budget and still be within it."""


class Stake(NamedTuple):
    """How much of a channel: its hires or campaigns, and spend per campaign as a ratio."""

    size: int
    factor: float = 1.0


NOTHING = Stake(0)
Mix: TypeAlias = tuple[Stake, ...]


@dataclass(frozen=True)
class Range:
    """Sizes and factors that a channel may have; nothing at all as well, if it ``may_be_nothing``.

    ``least_money`` and ``most_money`` are of the channel in all, and bind where spend is decided.
    """

    low: int
    high: int
    low_factor: float = 1.0
    high_factor: float = 1.0
    may_be_nothing: bool = True
    least_money: float = 0.0
    most_money: float = float("inf")


@dataclass(frozen=True, eq=False)
class Lever:
    """One channel, what is decided of it, and within which range.

    Attributes
    ----------
    plan : Plan
        Gives the horizon and the discount rate.
    channel : SalesTeam or CampaignProgram
        As it is in the plan: factor 1.
    kind : str
        One of ``KINDS``.
    range : Range
    """

    plan: Plan
    channel: Channel
    kind: str
    range: Range

    @property
    def name(self) -> str:
        """The channel's."""
        return self.channel.name

    @property
    def given(self) -> Stake:
        """The stake of the channel as it is in the plan."""
        return Stake(self.channel.units)

    @property
    def is_free(self) -> bool:
        """Whether there is anything to decide."""
        r = self.range
        return r.low < r.high or r.low_factor < r.high_factor or (r.may_be_nothing and r.high > 0)

    @property
    def is_continuous(self) -> bool:
        """Whether spend per campaign is decided."""
        return self.kind in ("spend", "both") and self.range.low_factor < self.range.high_factor

    def allows(self, stake: Stake) -> bool:
        """Whether a stake is within the range."""
        r = self.range
        if stake.size == 0:
            return r.may_be_nothing
        least = self._least(stake.size).factor * (1.0 - ROUNDING)
        most = self.most(math.inf, stake.size).factor if self.is_continuous else stake.factor
        sizes = r.low <= stake.size <= r.high
        return sizes and least <= stake.factor <= most * (1.0 + ROUNDING)

    def sized(self, stake: Stake) -> Channel:
        """Return the channel with this stake, which is not nothing."""
        return _scaled(sized(self.channel, stake.size), stake.factor)

    def cost(self, stake: Stake) -> float:
        """Return what the channel is expected to spend, in present value."""
        if stake.size == 0:
            return 0.0
        always, each = self._costs(stake.size)
        return always + stake.factor * each

    def size_cost(self, size: int) -> float:
        """Return what a size costs at its least."""
        return self.cost(self._least(size))

    @cached_property
    def _costs(self) -> _Costs:
        return _Costs(self.plan, self.channel)

    @cached_property
    def lowest(self) -> Stake:
        """The least that the channel may have."""
        return NOTHING if self.range.may_be_nothing else self.least

    @property
    def least(self) -> Stake:
        """The least that the channel may have and be there; nothing where it may not be."""
        r = self.range
        return self._least(max(r.low, 1)) if r.high else NOTHING

    def _least(self, size: int) -> Stake:
        """Return the least stake of this size."""
        r = self.range
        if self.kind not in ("spend", "both"):
            return Stake(size)
        always, each = self._costs(size)
        return Stake(size, max(r.low_factor, (r.least_money - always) / each))

    def most(self, money: float, size: int | None = None) -> Stake:
        """Return the largest stake for this money, or the lowest if it is not enough.

        ``size`` is the number of campaigns where both are decided, that of the plan by default; it
        is fewer if the money is not enough for so many.
        """
        r = self.range
        if r.high < 1:
            return self.lowest
        money = min(money, r.most_money) * (1.0 + 0.1 * ROUNDING)
        first, top = max(r.low, 1), r.high
        if self.kind == "both":
            top = min(max(size or self.given.size, first), top)
        if self.cost(self._least(top)) > money:
            # Costs rise with the size.
            within = bisect_right(range(first, top), money, key=self.size_cost)
            if within == 0:
                return self.lowest
            top = first + within - 1
        least = self._least(top)
        if not self.is_continuous:
            return least
        always, each = self._costs(top)
        return Stake(top, max(least.factor, min(r.high_factor, (money - always) / each)))

    def moved(self, stake: Stake, money: float) -> Stake:
        """Return a stake that costs about so much more or less, and differs if it can.

        Where the number and the spend are both decided, the number stays.
        """
        if money == 0.0:
            return stake
        there = self.most(self.cost(stake) + money, stake.size)
        if there == stake and self.kind in ("hires", "campaigns"):
            there = self.shifted(stake, 1 if money > 0.0 else -1)
        return there

    def shifted(self, stake: Stake, units: int) -> Stake:
        """Return a stake with so many hires or campaigns more, within the range."""
        r = self.range
        size = stake.size + units
        if size < max(r.low, 1):
            return self.lowest if units < 0 else self._least(max(r.low, 1))
        return Stake(min(size, r.high), stake.factor)

    def one_less(self, stake: Stake) -> Stake:
        """Return a stake without its last unit: a hire, a campaign, or 1 % of spend."""
        if stake.size < 2 and self.kind in ("hires", "campaigns"):
            return NOTHING
        if self.kind in ("hires", "campaigns"):
            return Stake(stake.size - 1, stake.factor)
        return Stake(stake.size, 0.99 * stake.factor)

    @property
    def unit(self) -> str:
        """What the last unit is, in words."""
        return {"hires": "hire", "campaigns": "campaign"}.get(self.kind, "1 % of spend")


class _Costs:
    """Present value of what a size of a channel costs: whatever happens, and by its factor."""

    def __init__(self, plan: Plan, channel: Channel) -> None:
        self._plan, self._channel = plan, channel
        self._of_size = lru_cache(65_536)(
            self._team_costs if isinstance(channel, SalesTeam) else self._program_costs
        )
        self._seat = lru_cache(4_096)(self._seat_cost)

    def __call__(self, size: int) -> tuple[float, float]:
        return self._of_size(size)

    def _program_costs(self, size: int) -> tuple[float, float]:
        overhead, program = self._overhead_and_program
        listed = isinstance(program.launch, tuple) or program.staging is not None
        if not listed and isinstance(program.spend, float):
            return overhead, program.spend * float(self._launched(size) @ self._discount)
        channel = sized(program, size)
        everything = most_spent(self._plan, channel, fixed_spend(self._plan, channel))
        return overhead, everything - overhead

    def _launched(self, size: int) -> Floats:
        """Campaigns launched in each month (month,), without listing them."""
        launch, horizon = self._overhead_and_program[1].launch, self._plan.horizon
        if isinstance(launch, int):
            return np.where(np.arange(horizon) == launch, float(size), 0.0)
        first = -(-np.arange(horizon + 1) * size // horizon)
        return np.diff(first).astype(np.float64)

    @cached_property
    def _discount(self) -> Floats:
        discount: Floats = (1.0 + self._plan.discount_rate) ** (-np.arange(self._plan.horizon) / 12)
        return discount

    @cached_property
    def _overhead_and_program(self) -> tuple[float, CampaignProgram]:
        program = self._channel
        assert isinstance(program, CampaignProgram)
        return float(program.overhead * self._discount.sum()), program

    def _team_costs(self, size: int) -> tuple[float, float]:
        # Seats are filled and left independently, so their expected costs add up.
        team = sized(self._channel, size) if size else None
        starts = Counter(team.start_months if isinstance(team, SalesTeam) else ())
        return 0.0, sum(count * self._seat(start) for start, count in starts.items())

    def _seat_cost(self, start: int) -> float:
        team = alone(self._channel).replace(hires=(start,))
        return float(exact_moments(self._plan.replace(channels=[team]))["spend_mean"].iloc[0])


def alone(channel: Channel) -> Channel:
    """Return a channel without what ties it to others."""
    if isinstance(channel, SalesTeam) and channel.pipeline is not None:
        return channel.replace(pipeline=None)
    return channel


def sized(channel: Channel, size: int) -> Channel:
    """Return a channel with so many hires or campaigns."""
    if size == channel.units:
        return channel
    if isinstance(channel, CampaignProgram):
        return channel.replace(campaigns=size)
    return with_hires(channel, size)


def _scaled(channel: Channel, factor: float) -> Channel:
    if factor == 1.0 or not isinstance(channel, CampaignProgram):
        return channel
    spend = channel.spend
    scaled = tuple(factor * s for s in spend) if isinstance(spend, tuple) else factor * spend
    return channel.replace(spend=scaled)


def total_cost(levers: Sequence[Lever], mix: Mix) -> float:
    """Return what a mix costs."""
    return sum(lever.cost(stake) for lever, stake in zip(levers, mix, strict=True))
