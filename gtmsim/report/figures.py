"""The figures of the report, each with its interval where it has one."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gtmsim.core._types import Ints
from gtmsim.core.streams import LANES
from gtmsim.errors import MetricError, PrecisionError
from gtmsim.plan import CampaignProgram
from gtmsim.result import PortfolioResult
from gtmsim.statistics import Interval, probability_interval
from gtmsim.statistics.clusters import clustered_probability_interval
from gtmsim.statistics.intervals import wilson

MOST_REDRAWN = 20_000
"""Of a result that kept no scenarios so many are drawn again, where channels are read together."""

LEVEL = 0.95


@dataclass(frozen=True)
class Goal:
    """What a scenario has to reach: the plan's target, or its money back where it has none.

    Attributes
    ----------
    target : float or None
    chance : Interval
        That a scenario reaches it.
    """

    target: float | None
    chance: Interval

    @classmethod
    def of(cls, result: PortfolioResult) -> Goal:
        """Return the goal of a result's plan."""
        target = result.plan.target
        if target is not None:
            return cls(target, figure(result, "prob_target", lambda: result.prob_at_least(target)))
        loss = figure(result, "prob_loss", result.prob_loss)
        return cls(None, _complement(loss))

    @property
    def missed(self) -> Interval:
        """The chance that a scenario does not reach it."""
        return _complement(self.chance)

    def reached(self, result: PortfolioResult) -> npt.NDArray[np.bool_]:
        """Return which scenarios (scenario,) of a result that kept them reach it."""
        if self.target is None:
            return np.asarray(result.values("net") >= 0.0)
        return np.asarray(result.values("value") >= self.target)

    def shortfall(self, result: PortfolioResult, worse: float) -> Interval:
        """Return by how much the given share of misses fall short at least, with its interval.

        The miss that a share ``worse`` of all misses exceed is a quantile of all scenarios: that of
        the level ``worse`` times the share of misses.
        """
        level = worse * self.missed.estimate
        metric = "net" if self.target is None else "value"
        goal = 0.0 if self.target is None else self.target
        found = figure(
            result, f"{metric}_p{100.0 * level:.9f}", lambda: result.quantile(level, metric)
        )
        ends = goal - found.estimate, goal - found.high, goal - found.low
        # A miss is short of the goal by something, whatever the bin it lies in.
        estimate, low, high = (max(end, 0.0) for end in ends)
        return Interval(estimate, low, high, found.level, found.method)


def figure(result: PortfolioResult, name: str, estimate: Callable[[], float]) -> Interval:
    """Return a figure of the portfolio, with NaN for an interval where none can be given."""
    try:
        return result.interval(name, level=LEVEL)
    except (MetricError, PrecisionError):
        return Interval(estimate(), math.nan, math.nan, LEVEL, "none")


def chance_of(result: PortfolioResult, happens: npt.NDArray[np.bool_], where: Ints) -> Interval:
    """Return the chance of what happens or not (scenario,) in the scenarios of these numbers."""
    try:
        if result.alternatives:
            return clustered_probability_interval(happens, where // LANES, LEVEL)
        return probability_interval(int(np.count_nonzero(happens)), happens.size, LEVEL)
    except PrecisionError:
        share = float(np.mean(happens))
        return Interval(share, *wilson(share, happens.size, LEVEL), LEVEL, "Wilson")


def with_scenarios(result: PortfolioResult) -> PortfolioResult:
    """Return the result, or its first scenarios drawn again if it kept none.

    They are the same scenarios: a shorter run is the beginning of a longer one.
    """
    if result.kept is not None:
        return result
    from gtmsim.simulate import simulate_portfolio

    return simulate_portfolio(
        result.plan,
        scenarios=min(result.scenarios, MOST_REDRAWN),
        rng=result.seed,
        progress=False,
        alternatives=result.alternatives or None,
    )


@dataclass(frozen=True)
class Driver:
    """How a channel's own scenarios and the goal go together.

    Attributes
    ----------
    channel : str
    worst, best : Interval
        Chance of the goal in the third of scenarios in which the channel brings least, and in that
        in which it brings most.
    if_missed, if_reached : float
        Median value of the channel where the goal is missed and where it is reached.
    """

    channel: str
    worst: Interval
    best: Interval
    if_missed: float
    if_reached: float

    @property
    def swing(self) -> float:
        """Chance of the goal in the best third less that in the worst."""
        return self.best.estimate - self.worst.estimate


def drivers(result: PortfolioResult, goal: Goal) -> list[Driver]:
    """Return how the goal hangs on each channel, the widest swing first.

    Parameters
    ----------
    result : PortfolioResult
        With its scenarios.
    goal : Goal

    Returns
    -------
    list of Driver
        Empty where all scenarios reach the goal or all miss it, or are fewer than 30.

    Notes
    -----
    Scenarios in which a channel brings the same are told apart by their number, which has nothing
    to do with the goal.
    """
    reached = goal.reached(result)
    if reached.all() or not reached.any() or reached.size < 30:
        return []
    found = []
    for name in result.channels:
        value = result.values("value", name)
        worst, _, best = np.array_split(np.argsort(value, kind="stable"), 3)
        found.append(
            Driver(
                name,
                worst=chance_of(result, reached[worst], worst),
                best=chance_of(result, reached[best], best),
                if_missed=float(np.median(value[~reached])),
                if_reached=float(np.median(value[reached])),
            )
        )
    return sorted(found, key=lambda driver: -driver.swing)


def chance_without_best(result: PortfolioResult, goal: Goal) -> Interval | None:
    """Return the chance of the goal had the best campaign of each scenario brought nothing.

    None where the plan has no campaigns that bring value of their own.
    """
    names = [
        c.name for c in result.plan.channels if isinstance(c, CampaignProgram) and c.feeds is None
    ]
    if not names:
        return None
    best = np.max([result.values("largest", name) for name in names], axis=0)
    metric, least = ("net", 0.0) if goal.target is None else ("value", goal.target)
    happens = result.values(metric) - best >= least
    return chance_of(result, happens, np.arange(happens.size))


def _complement(chance: Interval) -> Interval:
    ends = 1.0 - chance.estimate, 1.0 - chance.high, 1.0 - chance.low
    return Interval(*ends, chance.level, chance.method)
