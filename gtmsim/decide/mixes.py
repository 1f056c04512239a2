"""Plans that spend one budget on sales and marketing in different parts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeVar

import numpy as np

from gtmsim.compiled import fixed_spend, most_spent
from gtmsim.decide.draws import alone
from gtmsim.errors import ArgumentError
from gtmsim.exact import exact_moments
from gtmsim.plan import CampaignProgram, Channel, Plan, SalesTeam

C = TypeVar("C", SalesTeam, CampaignProgram)


@dataclass(frozen=True)
class Mix:
    """A plan that spends a budget, and what of it is left over.

    Attributes
    ----------
    plan : Plan
    share : float
        Share of the budget meant for marketing.
    size : float
        Spend per campaign, NaN where programs keep their own.
    hires, campaigns : int
        In all teams and programs.
    spend, slack : float
        Mean spend, of staged programs the most; and what of the budget buys no whole seat or
        campaign (present value, currency).
    """

    plan: Plan
    share: float
    size: float
    hires: int
    campaigns: int
    spend: float
    slack: float


class Mixer:
    """Splits a plan's budget between its teams and its programs.

    Within sales and within marketing, what channels get stays in proportion to the plan. Teams have
    whole seats; whoever would be next gets one more as long as the money lasts. A seat costs its
    mean: who leaves costs no more. A staged program costs the most that it may spend. One that
    feeds a team without seats is left out, and its money with it.

    Parameters
    ----------
    plan : Plan
        With at least one team and one program.
    budget : float, optional
        Present value (currency); by default what the plan spends on average.
    vary : "campaigns" or "spend"
        Whether programs have more campaigns or dearer ones.

    Raises
    ------
    ArgumentError
        If the plan has no team or no program.

    Examples
    --------
    >>> from gtmsim.presets import example_plan
    >>> mix = Mixer(example_plan()).mix(0.5)
    >>> mix.hires, mix.campaigns, mix.slack < 250_000
    (10, 937, True)
    """

    def __init__(self, plan: Plan, budget: float | None = None, vary: str = "campaigns") -> None:
        self.plan, self.vary = plan, vary
        self.teams = [c for c in plan.channels if isinstance(c, SalesTeam)]
        self.programs = [c for c in plan.channels if isinstance(c, CampaignProgram)]
        if not self.teams or not self.programs:
            rule, names = "must have a team and a program", [c.name for c in plan.channels]
            raise ArgumentError("plan", rule, ", ".join(names))
        self._seat = lru_cache(None)(self._seat_cost)
        self.marketing = sum(map(self.program_cost, self.programs))
        self.present = self.marketing + sum(map(self.team_cost, self.teams))
        self.budget = self.present if budget is None else budget

    @property
    def share(self) -> float:
        """Share of its spend that the plan itself has for marketing."""
        return self.marketing / self.present

    def team_cost(self, team: SalesTeam) -> float:
        """Return the mean spend of a team (present value)."""
        base = team.replace(hires=1)
        starts, seats = np.unique(team.start_months, return_counts=True)
        each = [self._seat(base, start) for start in starts.tolist()]
        return float(np.dot(each, seats))

    def program_cost(self, program: CampaignProgram) -> float:
        """Return the spend of a program, with staging the most of it (present value)."""
        return most_spent(self.plan, program, fixed_spend(self.plan, program))

    def _seat_cost(self, team: SalesTeam, start: int) -> float:
        one = exact_moments(alone(self.plan, team.replace(hires=(start,))))
        return float(one["spend_mean"]["portfolio"])

    def mix(self, share: float, size: float | None = None) -> Mix:
        """Return the plan that has this share of the budget for marketing.

        Parameters
        ----------
        share : float
        size : float, optional
            Spend per campaign, of all programs; by default each program's own.

        Raises
        ------
        ArgumentError
            If the budget buys nothing.
        """
        for_programs = share * self.budget
        teams = filled(self.teams, self.budget - for_programs, self.team_cost)
        if self.vary == "spend":
            programs = self._dearer(for_programs)
        else:
            base = self.programs if size is None else [_of_size(p, size) for p in self.programs]
            programs = filled(base, for_programs, self.program_cost)
        # Nobody closes what a program brings to a team without seats.
        manned = {None, *(team.name for team in teams)}
        programs = [program for program in programs if program.feeds in manned]
        bought: list[Channel] = [*teams, *programs]
        placed = {channel.name: channel for channel in bought}
        channels = [placed[c.name] for c in self.plan.channels if c.name in placed]
        if not channels:
            rule = f"must buy a seat or a campaign with {share:.3g} of it for marketing"
            raise ArgumentError("budget", rule, self.budget, "raise it")
        spend = sum(map(self.team_cost, teams)) + sum(map(self.program_cost, programs))
        return Mix(
            plan=self.plan.replace(channels=channels),
            share=share,
            size=float("nan") if size is None else size,
            hires=sum(team.units for team in teams),
            campaigns=sum(program.units for program in programs),
            spend=spend,
            slack=self.budget - spend,
        )

    def _dearer(self, money: float) -> list[CampaignProgram]:
        """Programs with as many campaigns, whose spend is multiplied so that money is used up."""
        idle = sum(self.program_cost(p) - self.program_cost(_bare(p)) for p in self.programs)
        factor = (money - idle) / (self.marketing - idle)
        if factor <= 0.0:
            return []
        return [_scaled(p, factor) for p in self.programs]


def filled(channels: Sequence[C], money: float, cost: Callable[[C], float]) -> list[C]:
    """Return channels scaled by one factor, as large as money allows, in whole units.

    Units are rounded down at the largest factor that can be paid; then each channel, the one
    nearest to its next unit first, gets one more if there is money for it. Channels without units
    are left out.

    Examples
    --------
    >>> team = SalesTeam(name="reps", hires=4, quota=8.0, loaded_cost=2.0)
    >>> [c.units for c in filled([team], 5.0, lambda c: 2.0 * c.units)]
    [2]
    """

    def sized(units: Sequence[int]) -> list[C]:
        return [resized(c, n) for c, n in zip(channels, units, strict=True) if n > 0]

    @lru_cache(None)
    def part(place: int, units: int) -> float:
        return cost(resized(channels[place], units)) if units > 0 else 0.0

    def price(units: Sequence[int]) -> float:
        return sum(part(place, n) for place, n in enumerate(units))

    def floor(factor: float) -> list[int]:
        return [int(factor * c.units * (1.0 + 1e-12)) for c in channels]

    allowed = money * (1.0 + 1e-9)
    low, high = 0.0, 1.0
    while price(floor(high)) <= allowed:
        low, high = high, 2.0 * high
    # To less than one unit of the largest channel.
    while (high - low) * max(c.units for c in channels) > 1e-2:
        middle = 0.5 * (low + high)
        low, high = (middle, high) if price(floor(middle)) <= allowed else (low, middle)
    units = floor(low)
    rest = [low * c.units - n for c, n in zip(channels, units, strict=True)]
    for place in np.argsort(rest)[::-1].tolist():
        more = [n + (i == place) for i, n in enumerate(units)]
        units = more if price(more) <= allowed else units
    return sized(units)


def resized(channel: C, units: int) -> C:
    """Return a channel with so many seats or campaigns, spread as those that it has.

    Start months, launch months and spends that are listed one by one are repeated or thinned out
    evenly.

    Examples
    --------
    >>> team = SalesTeam(name="reps", hires=(-6, 0, 3), quota=8.0, loaded_cost=2.0)
    >>> resized(team, 6).start_months
    (-6, -6, 0, 0, 3, 3)
    """
    places = (2 * np.arange(units) + 1) * channel.units // (2 * units)

    def spread(listed: Any) -> Any:
        return tuple(listed[i] for i in places) if isinstance(listed, tuple) else listed

    if isinstance(channel, SalesTeam):
        return channel.replace(
            hires=units if channel.hires == channel.units else spread(channel.hires)
        )
    return channel.replace(
        campaigns=units, spend=spread(channel.spend), launch=spread(channel.launch)
    )


def _of_size(program: CampaignProgram, size: float) -> CampaignProgram:
    """Return a program that spends the same in campaigns of one size, at least one of them."""
    campaigns = max(round(float(program.spends().sum()) / size), 1)
    return resized(program, campaigns).replace(spend=size)


def _scaled(program: CampaignProgram, factor: float) -> CampaignProgram:
    """Return a program whose campaigns spend a factor as much, their pilots too."""
    spend, staging = program.spend, program.staging
    if staging is not None:
        staging = staging.replace(pilot_spend=factor * staging.pilot_spend)
    scaled = tuple(factor * s for s in spend) if isinstance(spend, tuple) else factor * spend
    return program.replace(spend=scaled, staging=staging)


def _bare(program: CampaignProgram) -> CampaignProgram:
    return program.replace(overhead=0.0)
