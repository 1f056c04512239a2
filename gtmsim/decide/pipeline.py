"""A team and the programs that feed it, simulated on the same luck however many there are."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import pandas as pd

from gtmsim.compiled import compile_plan
from gtmsim.core._types import Floats
from gtmsim.core.coupling import FLOWS
from gtmsim.core.portfolio import PortfolioArrays, empty_draws, simulate_channels
from gtmsim.core.streams import LANES
from gtmsim.errors import ArgumentError, PrecisionError
from gtmsim.execute import Crew, run_tasks
from gtmsim.plan import CampaignProgram, Plan, SalesTeam
from gtmsim.seeds import seed_key
from gtmsim.statistics import Interval, mean_interval, quantile_interval
from gtmsim.statistics.intervals import wilson

_TASK = 16 * LANES
_NONE = Interval(math.nan, math.nan, math.nan, 0.95, "none")
_AMPLE = 1e15
"""Pipeline that no team can close."""


class Outcome(NamedTuple):
    """Of a team: its value, what it and its programs cost (scenario,); flow (FLOWS, scenario)."""

    value: Floats
    spend: Floats
    flow: Floats

    @property
    def net(self) -> Floats:
        """Value less spend (scenario,)."""
        return self.value - self.spend


@dataclass(frozen=True)
class Lab:
    """Simulates a team of a plan, with the programs that feed it, on the same luck each time.

    Attributes
    ----------
    plan : Plan
    team : str
        With a pipeline.
    scenarios, seed : int
    crew : Crew
    level : float
        Of intervals.
    """

    plan: Plan
    team: str
    scenarios: int
    seed: int
    crew: Crew
    level: float

    def fresh(self) -> Lab:
        """Return one with other luck."""
        words = np.random.SeedSequence(self.seed, spawn_key=(1,)).generate_state(2, np.uint64)
        return replace(self, seed=int(words[0]) | int(words[1]) << 64)

    def table(
        self, count: str, versions: Mapping[int, SalesTeam | CampaignProgram]
    ) -> pd.DataFrame:
        """Return the figures of the plan with each version of a channel, by their number."""
        rows = {}
        outcomes = {n: self.outcome(version) for n, version in versions.items()}
        for place, (n, version) in enumerate(versions.items()):
            own = outcomes[n]
            capacity, pipeline, closed, short = own.flow
            row = {
                "value_p50": quantile_interval(own.value, 0.5, self.level),
                "value_mean": _mean(own.value, self.level),
            }
            if count == "campaigns":
                following = list(versions)[place + 1 : place + 2]
                row["next_campaign"] = _NONE
                if following:
                    gain = (outcomes[following[0]].net - own.net) / (following[0] - n)
                    row["next_campaign"] = _mean(gain, self.level)
            row["next_rep"] = self.next_rep(version, own)
            for name, part in (
                ("short", short / self.plan.horizon),
                ("lost", _share(pipeline - closed, pipeline)),
                ("idle", _share(capacity - closed, capacity)),
            ):
                row[name] = _share_interval(part, self.level)
            rows[n] = {
                (figure, end): getattr(interval, end)
                for figure, interval in row.items()
                for end in ("estimate", "low", "high")
            }
        frame = pd.DataFrame.from_dict(rows, orient="index").rename_axis(count)
        frame.columns = pd.MultiIndex.from_tuples(
            list(next(iter(rows.values()))), names=["figure", None]
        )
        return frame

    def next_rep(
        self, version: SalesTeam | CampaignProgram, own: Outcome | None = None
    ) -> Interval:
        """Return the mean of what a rep more brings less what it costs."""
        planned = team_of(self.plan, self.team)
        team = version if isinstance(version, SalesTeam) else planned
        grown = team.replace(hires=with_hires(planned, team.units + 1).hires)
        own = self.outcome(version) if own is None else own
        more = self.outcome(version, grown)
        return _mean(more.net - own.net, self.level)

    def ample(self, team: SalesTeam) -> Interval:
        """Return what a rep more would bring less what it costs if pipeline were without end."""
        return self.next_rep(team.replace(pipeline=_AMPLE))

    def outcome(self, *versions: SalesTeam | CampaignProgram) -> Outcome:
        """Simulate the team with versions of channels, a later one in place of an earlier."""
        by_name = {version.name: version for version in versions}
        channels = [
            by_name.get(channel.name, channel)
            for channel in self.plan.channels
            if channel.name == self.team or _feeds(channel, self.team)
        ]
        arrays = compile_plan(self.plan.replace(channels=channels), spend_share=0.0).arrays
        place = [channel.name for channel in channels].index(self.team)
        value, spend = np.empty((2, self.scenarios))
        flow = np.empty((len(FLOWS), self.scenarios))

        simulate = _Simulator(arrays, place, seed_key(self.seed), self.scenarios)
        for first, part in run_tasks(simulate, range(0, self.scenarios, _TASK), self.crew):
            own = slice(first, first + part.value.size)
            value[own], spend[own], flow[:, own] = part
        return Outcome(value, spend, flow)


@dataclass(frozen=True)
class _Simulator:
    """What draws a range of scenarios of the team at a place, here or elsewhere."""

    arrays: PortfolioArrays
    place: int
    key: tuple[np.uint64, np.uint64]
    scenarios: int

    def __call__(self, first: int) -> tuple[int, Outcome]:
        draws = empty_draws(self.arrays, _TASK)
        simulate_channels(self.key, self.arrays, first, draws)
        count = min(_TASK, self.scenarios - first)
        value, flow = draws.value[self.place, :count], draws.flow[self.place, :, :count]
        return first, Outcome(value, draws.spend[:-1, :count].sum(axis=0), flow)


def team_of(plan: Plan, name: str) -> SalesTeam:
    """Return a team of a plan that may be short of pipeline.

    Raises
    ------
    ArgumentError
        If there is no such team, or it is never short.
    """
    team = plan[name]
    if not isinstance(team, SalesTeam) or team.pipeline is None:
        short = [
            c.name for c in plan.channels if isinstance(c, SalesTeam) and c.pipeline is not None
        ]
        rule = f"must be a team with a pipeline: {', '.join(short) or 'the plan has none'}"
        fix = "give the team a pipeline, the bookings that it closes to per year without programs"
        raise ArgumentError("team", rule, name, fix)
    return team


def _feeds(channel: SalesTeam | CampaignProgram, team: str) -> bool:
    return isinstance(channel, CampaignProgram) and channel.feeds == team


def with_hires(team: SalesTeam, reps: int) -> SalesTeam:
    """Return a team with its first seats, and more from month 0 if it has too few."""
    if isinstance(team.hires, int):
        return team.replace(hires=reps)
    return team.replace(hires=(*team.hires[:reps], *(0,) * (reps - team.units)))


def _mean(values: Floats, level: float) -> Interval:
    """Return a mean that exists, without an interval where a few scenarios decide it."""
    try:
        return mean_interval(values, level)
    except PrecisionError:
        return Interval(float(values.mean()), math.nan, math.nan, level, "not known")


def _share_interval(shares: Floats, level: float) -> Interval:
    """Return the mean of shares (scenario,): none varies more than one that is 0 or 1."""
    mean = min(float(shares.mean()), 1.0)
    return Interval(mean, *wilson(mean, shares.size, level), level, "Wilson")


def _share(part: Floats, whole: Floats) -> Floats:
    """Return a part's share of the whole, 0 of nothing."""
    share = np.divide(part, whole, out=np.zeros_like(part), where=whole > 0.0)
    return np.clip(share, 0.0, 1.0)
