"""What one more hire, or ten more campaigns, add to a plan."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, NamedTuple

import numpy as np
import pandas as pd

from gtmsim.core._types import Floats
from gtmsim.core.streams import MAX_SCENARIOS
from gtmsim.decide.comparison import range_text
from gtmsim.decide.draws import Draws, Totals, alone, feeds
from gtmsim.decide.mixes import resized
from gtmsim.decide.paired import (
    difference,
    exact_mean,
    probability_figure,
    quantile_figure,
    spend_mean,
)
from gtmsim.distributions import Empirical
from gtmsim.errors import ArgumentTypeError, PrecisionError, check_count, check_number
from gtmsim.execute import ExecutorLike
from gtmsim.notebook import Block, Shown
from gtmsim.plan import CampaignProgram, Channel, Plan, SalesTeam
from gtmsim.result.display import format_number, format_share, formatted_intervals
from gtmsim.seeds import RNGLike
from gtmsim.statistics import Interval, mean_interval
from gtmsim.statistics.intervals import check_level

_FIGURES: Final = (
    "spend",
    "value_p50",
    "value_mean",
    "net_p10",
    "net_p50",
    "net_p90",
    "net_mean",
    "pays_back",
    "target_gain",
    "target",
)


@dataclass(frozen=True, repr=False, eq=False)
class OneMore(Shown):
    """What more of one channel adds to a plan; see :func:`value_of_one_more`.

    Attributes
    ----------
    plan : Plan
    channel : str
    unit : str
        What is added each time, in words.
    level : float
    seed : int
    before : Totals
        Value and spend of the plan as it is, (scenario,).
    steps : tuple of Totals
        What each addition brings and costs on top of those before it.
    intervals : tuple of dict of str to Interval
        Of each addition.

    Examples
    --------
    >>> import gtmsim as gtm
    >>> plan = gtm.presets.example_plan()
    >>> found = gtm.value_of_one_more(plan, "PR", scenarios=1_000, rng=7)
    >>> found.unit
    '10 more campaigns'
    """

    plan: Plan
    channel: str
    unit: str
    level: float
    seed: int
    before: Totals
    steps: tuple[Totals, ...]
    intervals: tuple[dict[str, Interval], ...]

    def table(self, *, intervals: bool = False) -> pd.DataFrame:
        """Return one row per addition: the first more, the second more and so on.

        Parameters
        ----------
        intervals : bool, default False
            Whether to give each figure with its interval: columns are then (figure, estimate or low
            or high).

        Returns
        -------
        DataFrame
            Index more, from 1. Columns: spend (mean) that it adds; value_p50 and value_mean that it
            adds; net_p10, net_p50, net_p90 and net_mean of what it adds, in the same scenario;
            pays_back, the chance that it brings at least what it costs by the horizon; target_gain,
            by how much the chance to reach the plan's target rises, and target, that chance
            afterwards (NaN without a target). Means are infinite or NaN where there are none.
        """
        ends = ("estimate", "low", "high") if intervals else ("estimate",)
        rows = [
            [getattr(row[figure], end) for figure in _FIGURES for end in ends]
            for row in self.intervals
        ]
        columns: pd.Index[str] | pd.MultiIndex = pd.Index(_FIGURES)
        if intervals:
            columns = pd.MultiIndex.from_product([_FIGURES, ends], names=["figure", None])
        index = pd.RangeIndex(1, len(rows) + 1, name="more")
        return pd.DataFrame(rows, index=index, columns=columns)

    @property
    def verdict(self) -> str:
        """What the first addition brings, in words."""
        first = self.intervals[0]
        text = (
            f"What {self.unit} in {self.channel} would add has a median net of "
            f"{range_text(first['net_p50'])} and pays back by month {self.plan.horizon} with "
            f"{_percent(first['pays_back'])}"
        )
        if math.isfinite(first["net_mean"].estimate):
            mean, error = first["net_mean"], first["net_p50"].half_width / 2.0
            text += f"; its mean net is {format_number(mean.estimate, error)}"
        elif math.isinf(first["net_mean"].estimate):
            text += "; it has no mean"
        gain = first["target_gain"]
        if not math.isnan(gain.estimate):
            low, middle, high = (f"{100.0 * x:+.2f}" for x in (gain.low, gain.estimate, gain.high))
            text += f"; the chance to reach the target moves by {middle} points ({low} to {high})"
        return f"{text}."

    def _block(self) -> Block:
        shares = ("pays_back", "target_gain", "target")
        return Block(self.verdict, (), formatted_intervals(self.table(intervals=True), shares))


def value_of_one_more(
    plan: Plan,
    channel: str,
    *,
    hires: int = 1,
    campaigns: int = 10,
    start: int = 0,
    count: int = 1,
    target: float | None = None,
    scenarios: int = 100_000,
    rng: RNGLike = None,
    level: float = 0.95,
    workers: int | None = None,
    executor: ExecutorLike | None = None,
) -> OneMore:
    """Return what one more hire or ten more campaigns add to a plan.

    Parameters
    ----------
    plan : Plan
    channel : str
        A team, which gets hires, or a program, which gets campaigns.
    hires : int, default 1
        Seats added each time to a team.
    campaigns : int, default 10
        Campaigns added each time to a program, of its own spend.
    start : int, default 0
        Month in which added hires start.
    count : int, default 1
        How often to add them: a row for each.
    target : float, optional
        The value to reach; by default the plan's.
    scenarios : int, default 100_000
    rng : None, int, SeedSequence or Generator, optional
    level : float, default 0.95
    workers : int, optional
        Threads; they never change the result.
    executor : concurrent.futures.Executor or dask Client, optional
        Where to run, to the same bits; see :func:`gtmsim.simulate_portfolio`.

    Returns
    -------
    OneMore

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If there is no such channel, or an argument breaks its rule.
    PlanError
        If the plan with more of the channel breaks a rule.

    Notes
    -----
    What is there keeps its luck, seat by seat and campaign by campaign. Added seats share the
    market with the others and, with returns to scale, take a little from them. Added campaigns
    share the program's luck and the market; each time they are spread over the horizon as the
    program's own are, and cost no overhead. Where channels feed one another or campaigns are
    staged, a plan with more campaigns has other campaigns: then what is said scenario by scenario
    (quantiles of what is added, pays_back) is of plans whose luck is alike in part only.

    Examples
    --------
    >>> from gtmsim.presets import example_plan
    >>> more = value_of_one_more(example_plan(), "enterprise", scenarios=2_000, rng=7)
    >>> more.table().index.tolist(), more.unit
    ([1], 'one more hire')
    """
    if not isinstance(plan, Plan):
        raise ArgumentTypeError("plan", "must be a Plan", plan)
    own = plan[channel]
    times = check_count("count", count, high=1_000)
    seats, bets = check_count("hires", hires), check_count("campaigns", campaigns)
    month = check_count("start", start, low=0, high=plan.horizon - 1)
    size = check_count("scenarios", scenarios, low=100, high=MAX_SCENARIOS)
    goal = plan.target if target is None else check_number("target", target, low=0, low_open=True)
    level = check_level(level)
    draws = Draws(size, rng, workers, executor)
    if isinstance(own, SalesTeam):
        unit = _words(seats, "hire", "hires")
        teams = [_with_seats(own, seats * i, month) for i in range(times + 1)]
        steps = tuple(_between(draws, plan, teams))
    elif feeds(plan) or own.staging is not None:
        unit = _words(bets, "campaign", "campaigns")
        programs = [resized(own, own.campaigns + bets * i) for i in range(times + 1)]
        steps = tuple(_between(draws, plan, programs))
    else:
        unit = _words(bets, "campaign", "campaigns")
        steps = tuple(_beside(draws, plan, own, bets, times))
    before = draws.totals(plan)
    return OneMore(
        plan=plan,
        channel=channel,
        unit=unit,
        level=level,
        seed=draws.seed,
        before=before,
        steps=tuple(step.totals for step in steps),
        intervals=tuple(_figures(before, steps, goal, level)),
    )


class _Step(NamedTuple):
    """What an addition brings, and exact means of its value and net; NaN where not known."""

    totals: Totals
    value_mean: float
    net_mean: float


def _between(draws: Draws, plan: Plan, versions: Sequence[Channel]) -> Iterator[_Step]:
    """Yield what lies between each version of a channel and the next."""
    coupled = feeds(plan)
    plans = [_with(plan, version) if coupled else alone(plan, version) for version in versions]
    for fewer, more in pairwise(plans):
        a, b = draws.totals(fewer), draws.totals(more)
        means = np.full(2, math.nan) if coupled else _exact_means(more) - _exact_means(fewer)
        yield _Step(Totals(b.value - a.value, b.spend - a.spend), *means.tolist())


def _beside(
    draws: Draws, plan: Plan, own: CampaignProgram, campaigns: int, times: int
) -> Iterator[_Step]:
    """Yield campaigns beside those of a program: with luck of their own, and the shared one."""
    sure = CampaignProgram(
        name=own.name,
        campaigns=1,
        spend=1.0,
        multiple=Empirical(values=(1.0,)),
        shared_luck=own.shared_luck,
    )
    # A campaign that always returns what it spends returns the luck of its program.
    luck = draws.totals(Plan(horizon=1, channels=(sure,))).value
    for i in range(times):
        batch = resized(own, campaigns).replace(name=_name(own, i), overhead=0.0, shared_luck=0.0)
        added = alone(plan, batch)
        value, spend = draws.totals(added)
        yield _Step(Totals(value * luck, spend), *_exact_means(added).tolist())


def _name(own: CampaignProgram, place: int) -> str:
    """A name, and with it luck, that no channel of a plan is likely to have."""
    return f"{own.name[:80]} (more, {place + 1})"


def _exact_means(plan: Plan) -> Floats:
    """Means of value and net."""
    figures = [exact_mean(plan, metric, 0.95) for metric in ("value", "net")]
    return np.array([figure.interval.estimate for figure in figures])


def _with(plan: Plan, channel: Channel) -> Plan:
    channels = [channel if c.name == channel.name else c for c in plan.channels]
    return plan.replace(channels=channels)


def _with_seats(team: SalesTeam, seats: int, start: int) -> SalesTeam:
    """Return a team with more seats behind those that it has, which keep their luck."""
    return team.replace(hires=(*team.start_months, *(start,) * seats))


def _figures(
    before: Totals, steps: Sequence[_Step], target: float | None, level: float
) -> Iterator[dict[str, Interval]]:
    """Yield the figures of each addition."""
    goal = math.nan if target is None else target
    value = before.value
    reached = probability_figure(value >= goal, level)
    for step in steps:
        totals, net = step.totals, step.totals.net
        value = value + totals.value
        then = probability_figure(value >= goal, level)
        yield {
            "spend": spend_mean(totals.spend, level),
            "value_p50": quantile_figure(totals.value, 0.5, level).interval,
            "value_mean": _mean(totals.value, step.value_mean, level),
            "net_p10": quantile_figure(net, 0.1, level).interval,
            "net_p50": quantile_figure(net, 0.5, level).interval,
            "net_p90": quantile_figure(net, 0.9, level).interval,
            "net_mean": _mean(net, step.net_mean, level),
            "pays_back": probability_figure(net >= 0.0, level).interval,
            "target_gain": _none(level) if target is None else difference(then, reached),
            "target": _none(level) if target is None else then.interval,
        }
        reached = then


def _mean(values: Floats, exact: float, level: float) -> Interval:
    """Return the exact mean, or where it is not known that of values if they can tell."""
    if not math.isnan(exact):
        return Interval(exact, exact, exact, level, "exact")
    try:
        interval = mean_interval(values, level)
    except PrecisionError:
        return _none(level)
    return interval if interval.method == "normal" else _none(level)


def _none(level: float) -> Interval:
    return Interval(math.nan, math.nan, math.nan, level, "none")


def _words(count: int, one: str, many: str) -> str:
    return f"one more {one}" if count == 1 else f"{count:,} more {many}"


def _percent(interval: Interval) -> str:
    return format_share(interval.estimate, interval.half_width / 2.0)
