"""What every size of every channel brings in every scenario: simulated once, then looked up.

A channel's draws depend on its name and the seed alone, so a plan's value in a scenario is the sum
of what its channels bring in that scenario. Spend per campaign moves value by its ratio to the
power of the elasticity, exactly. Channels that feed one another are simulated together, and again
for every mix of theirs.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from gtmsim.compiled import compile_plan
from gtmsim.core._types import Floats
from gtmsim.core.portfolio import PortfolioArrays, empty_draws, simulate_block
from gtmsim.core.streams import LANES
from gtmsim.decide.allocation.levers import NOTHING, Lever, Mix, Stake
from gtmsim.decide.allocation.objectives import Sample
from gtmsim.decide.draws import Draws, Totals
from gtmsim.exact import exact_moments
from gtmsim.execute import Crew, ExecutorLike, run_tasks
from gtmsim.plan import CampaignProgram, Channel, Plan
from gtmsim.seeds import seed_key

PATHS = 4_096
"""Scenarios whose months are followed, where cash is asked for: a standard error of a probability
of at most 0.8 %."""

_CHUNK = 16 * LANES
_ROOM = 2**28
"""Bytes that rows of one kind may take before the oldest are forgotten and simulated again."""


class _Row(NamedTuple):
    """What channels that belong together bring and cost in every scenario, and on average.

    Means are exact, NaN where they are not asked for or not known.
    """

    totals: Totals
    mean_value: float
    mean_spend: float


class _Paths(NamedTuple):
    """Cumulative value and spend (month, path) of channels that belong together, undiscounted."""

    value: Floats
    spend: Floats


class _Scale(NamedTuple):
    """What a ratio of spend does: to value, to spend, and the overhead that it leaves alone."""

    gain: float
    factor: float
    overhead: float


class Outcomes:
    """What mixes bring, from one seed.

    Parameters
    ----------
    plan : Plan
        Gives the horizon, the market and the discount rate.
    levers : sequence of Lever
    seed : int
    scenarios : int
    with_mean : bool
        Whether exact means are needed.
    executor : Executor or dask Client, optional
    """

    def __init__(
        self,
        plan: Plan,
        levers: Sequence[Lever],
        seed: int,
        scenarios: int,
        *,
        with_mean: bool,
        executor: ExecutorLike | None = None,
    ) -> None:
        self.levers = tuple(levers)
        self.seed, self.scenarios, self.with_mean = seed, scenarios, with_mean
        self._plan, self._draws = plan, Draws(scenarios, seed, executor=executor)
        self._groups = groups_of(plan.channels)
        self._paths_count = min(PATHS, scenarios)
        self._row = lru_cache(max(_ROOM // (16 * scenarios), 16))(self._simulate)
        size = 16 * plan.horizon * self._paths_count
        self._paths = lru_cache(max(_ROOM // size, 16))(self._follow)

    def sample(self, mix: Mix) -> Sample:
        """Return value and spend of a mix in every scenario."""
        value, spend = np.zeros(self.scenarios), np.zeros(self.scenarios)
        mean: float | Floats = 0.0 if self.with_mean else math.nan
        for group in self._groups:
            key, scale = self._key_of(group, mix)
            if not key:
                continue
            row, fixed = self._row(group, key), scale.overhead * (1.0 - scale.factor)
            brought, paid = scale.gain * row.totals.value, fixed + scale.factor * row.totals.spend
            value += brought
            spend += paid
            mean_paid = fixed + scale.factor * row.mean_spend
            no_exact_mean = self.with_mean and math.isnan(row.mean_value)
            mean = mean + (brought if no_exact_mean else scale.gain * row.mean_value) - mean_paid
        return Sample(value, spend, mean)

    def value_of(self, mix: Mix, names: Sequence[str]) -> Floats:
        """Return what some channels of a mix bring together in every scenario (scenario,).

        A team and what feeds it count as one.
        """
        value = np.zeros(self.scenarios)
        for group in self._groups:
            key, scale = self._key_of(group, mix)
            if not key:
                continue
            # A program that feeds a team brings nothing of its own.
            if any(self.levers[place].name in names for place in group):
                value += scale.gain * self._row(group, key).totals.value
        return value

    def lowest_cash(self, mix: Mix) -> Floats:
        """Return the lowest cumulative net of any month (path,), as it is paid."""
        net = np.zeros((self._plan.horizon, self._paths_count))
        months = np.arange(1.0, self._plan.horizon + 1.0)[:, None]
        for group in self._groups:
            key, scale = self._key_of(group, mix)
            if not key:
                continue
            paths = self._paths(group, key)
            overhead = getattr(self.levers[group[0]].channel, "overhead", 0.0) * months
            net += scale.gain * paths.value - scale.factor * paths.spend
            if scale.factor != 1.0:
                net -= (1.0 - scale.factor) * overhead
        lowest: Floats = net.min(axis=0)
        return lowest

    def unfed(self, mix: Mix) -> tuple[str, ...]:
        """Return the programs of a mix that feed a team with nobody in it."""
        held = [lever for lever, stake in zip(self.levers, mix, strict=True) if stake.size]
        names = {lever.name for lever in held}
        return tuple(
            lever.name for lever in held if (feeds_of(lever.channel) or lever.name) not in names
        )

    def _key_of(self, group: tuple[int, ...], mix: Mix) -> tuple[Mix, _Scale]:
        """Return what is simulated of a group, empty if it has nothing, and how to scale it."""
        lost = self.unfed(mix) if len(group) > 1 else ()
        stakes = tuple(NOTHING if self.levers[p].name in lost else mix[p] for p in group)
        if not any(stake.size for stake in stakes):
            return (), _Scale(1.0, 1.0, 0.0)
        lever, stake = self.levers[group[0]], stakes[0]
        program = lever.channel
        if len(group) > 1 or not isinstance(program, CampaignProgram) or program.staging:
            return stakes, _Scale(1.0, 1.0, 0.0)
        gain = stake.factor**program.spend_elasticity
        overhead = lever.cost(Stake(stake.size, 0.0))
        return (Stake(stake.size),), _Scale(gain, stake.factor, overhead)

    def _plan_of(self, group: tuple[int, ...], key: Mix) -> Plan:
        pairs = zip((self.levers[place] for place in group), key, strict=True)
        return self._plan.replace(
            channels=tuple(lever.sized(stake) for lever, stake in pairs if stake.size)
        )

    def _simulate(self, group: tuple[int, ...], key: Mix) -> _Row:
        plan = self._plan_of(group, key)
        mean_value = mean_spend = math.nan
        if self.with_mean:
            exact = exact_moments(plan)
            mean_value = float(exact["value_mean"]["portfolio"])
            mean_spend = float(exact["spend_mean"]["portfolio"])
        return _Row(self._draws.totals(plan), mean_value, mean_spend)

    def _follow(self, group: tuple[int, ...], key: Mix) -> _Paths:
        plan = self._plan_of(group, key)
        value, spend = monthly_paths(plan, self._paths_count, self.seed, self._draws.crew)
        undiscounted = (1.0 + plan.discount_rate) ** (np.arange(plan.horizon) / 12.0)[:, None]
        return _Paths(np.cumsum(undiscounted * value, 0), np.cumsum(undiscounted * spend, 0))


def monthly_paths(plan: Plan, scenarios: int, seed: int, crew: Crew) -> tuple[Floats, Floats]:
    """Return value and spend of a plan in every month (month, scenario), in present value.

    Examples
    --------
    >>> from gtmsim.presets import example_plan
    >>> value, spend = monthly_paths(example_plan(), 200, seed=7, crew=Crew.of())
    >>> value.shape
    (24, 200)
    """
    arrays, key = compile_plan(plan, spend_share=0.0).arrays, seed_key(seed)
    value, spend = np.empty((2, plan.horizon, scenarios))

    paths = _PathsOf(arrays, key, scenarios)
    for first, part in run_tasks(paths, range(0, scenarios, _CHUNK), crew):
        own = slice(first, first + part.shape[2])
        value[:, own], spend[:, own] = part
    return value, spend


@dataclass(frozen=True)
class _PathsOf:
    """What draws value and spend by month of a range of scenarios, here or elsewhere."""

    arrays: PortfolioArrays
    key: tuple[np.uint64, np.uint64]
    scenarios: int

    def __call__(self, first: int) -> tuple[int, Floats]:
        count = min(_CHUNK, self.scenarios - first)
        draws = empty_draws(self.arrays, -(-count // LANES) * LANES)
        simulate_block(self.key, self.arrays, first, draws)
        return first, np.stack((draws.month[-1], draws.spend_month[-1]))[:, :, :count]


def feeds_of(channel: Channel) -> str | None:
    """Return the team that a program feeds, if it feeds one."""
    return channel.feeds if isinstance(channel, CampaignProgram) else None


def groups_of(channels: Sequence[Channel]) -> tuple[tuple[int, ...], ...]:
    """Return the places of channels that must be simulated together: a team and what feeds it.

    Examples
    --------
    >>> from gtmsim.presets import example_plan
    >>> groups_of(example_plan().channels)
    ((0,), (1,), (2,), (3,), (4,))
    """
    groups: dict[str, list[int]] = {}
    for place, channel in enumerate(channels):
        groups.setdefault(feeds_of(channel) or channel.name, []).append(place)
    return tuple(tuple(group) for group in groups.values())
