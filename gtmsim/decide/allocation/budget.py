"""``smallest_budget``: what it takes to reach a target with a probability."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import pandas as pd

from gtmsim.decide.allocation.constraints import Constraint, reached_with
from gtmsim.decide.allocation.domain import check_budget
from gtmsim.decide.allocation.levers import Mix, total_cost
from gtmsim.decide.allocation.objectives import ProbAtLeast
from gtmsim.decide.allocation.setting import Setting, check_found, make_setting
from gtmsim.errors import InfeasibleError, Problem, check_number
from gtmsim.execute import ExecutorLike
from gtmsim.notebook import Block, Shown
from gtmsim.plan import Channel, Plan
from gtmsim.result.display import format_number, format_share
from gtmsim.seeds import RNGLike
from gtmsim.statistics import Interval

_TIMES = 10.0
"""Budget beyond which none is looked for, by default, as a multiple of what the channels cost."""

_NEAR = 1.6

_SHORTEST = 1e-3
"""Budgets are told apart to this part of themselves."""


@dataclass(frozen=True, repr=False, eq=False)
class SmallestBudget(Shown):
    """What :func:`smallest_budget` returns.

    Attributes
    ----------
    target : float
        Value, or net, to reach.
    confidence : float
        Probability that was asked for.
    budget : Interval
        The smallest budget whose best mix reaches the target so often. Its ends are those at which
        the interval of the probability begins and ceases to hold the confidence; infinite where it
        does not cease before the largest budget that was looked at.
    probability : Interval
        Of reaching the target with that budget, on fresh random numbers.
    plan : Plan
        The best mix for it.
    seed, fresh_seed : int
        ``simulate_portfolio(plan, scenarios=..., rng=fresh_seed)`` draws the fresh scenarios again.

    Examples
    --------
    >>> import gtmsim as gtm
    >>> team = [gtm.presets.midmarket_ae()]
    >>> found = gtm.smallest_budget(3e6, 0.8, team, horizon=24, scenarios=1_000, rng=7)
    >>> found.plan["mid-market"].units, found.confidence
    (8, 0.8)
    """

    target: float
    confidence: float
    budget: Interval
    probability: Interval
    plan: Plan
    seed: int
    fresh_seed: int
    _curve: pd.DataFrame

    def curve(self) -> pd.DataFrame:
        """Return every budget that was looked at.

        Returns
        -------
        DataFrame
            Index budget, ascending. Columns: spend (of the best mix), probability, low, high (of
            reaching the target, on fresh random numbers), and the size of each channel.
        """
        return self._curve.copy()

    @property
    def verdict(self) -> str:
        """The answer in one sentence."""
        budget, error = self.budget, self.budget.half_width / 2.0
        error = error if math.isfinite(error) else 0.0
        shown = [format_number(x, error) for x in (budget.estimate, budget.low, budget.high)]
        chance = format_share(self.probability.estimate, self.probability.half_width / 2.0)
        return (
            f"{shown[0]} ({shown[1]} to {shown[2]}) is the smallest budget that reaches "
            f"{self.target:,.6g} with {100.0 * self.confidence:g} %; its best mix does with "
            f"{chance} on fresh random numbers."
        )

    def explain(self) -> str:
        """Return the answer in words: the verdict, and the mix."""
        sizes = ", ".join(f"{channel.units:,} of {channel.name}" for channel in self.plan.channels)
        return f"{self.verdict}\nThe mix: {sizes}."

    def _block(self) -> Block:
        table = self._curve
        form = {"spend": lambda x: format_number(x, 0.0), "probability": "{:.1%}".format}
        form |= {"low": "{:.1%}".format, "high": "{:.1%}".format}
        shown = pd.DataFrame(
            {name: table[name].map(form.get(name, "{:,.0f}".format)) for name in map(str, table)}
        )
        shown.index = table.index.map(lambda x: format_number(x, 0.0))
        # A bisection ends with budgets that read the same.
        shown = shown[~shown.index.duplicated(keep="last")]
        return Block(self.verdict, self.explain().splitlines()[1:], shown)


class _Point(NamedTuple):
    """The best mix for a budget, and its probability on fresh random numbers."""

    mix: Mix
    spend: float
    probability: Interval


def smallest_budget(
    target: float,
    confidence: float,
    channels: Plan | Sequence[Channel],
    constraints: Sequence[Constraint] = (),
    *,
    most: float | None = None,
    metric: str = "value",
    decide: Mapping[str, str] | None = None,
    horizon: int | None = None,
    scenarios: int = 20_000,
    rng: RNGLike = None,
    level: float = 0.95,
    executor: ExecutorLike | None = None,
) -> SmallestBudget:
    """Return the smallest budget whose best mix reaches a target with a probability.

    Parameters
    ----------
    target : float
        Value, or net, by the horizon (present value, currency).
    confidence : float
        Probability, above 0 and below 1.
    channels, constraints, decide, horizon, scenarios, rng, level
        As in :func:`gtmsim.decide.allocation.allocate`. The interval of the budget is at ``level``
        for the probability: it says what the number of scenarios leaves open.
    most : float, optional
        Largest budget to look at; by default ten times what the channels as given cost.
    metric : {"value", "net"}
    executor : concurrent.futures.Executor or dask Client, optional
        Where to run, to the same bits; see :func:`gtmsim.simulate_portfolio`.

    Returns
    -------
    SmallestBudget

    Raises
    ------
    ArgumentError, ArgumentTypeError, PlanError
        If an argument breaks its rule.
    InfeasibleError
        If no mix within the largest budget reaches the target so often: it says how far the best
        falls short; or if constraints cannot be kept.

    Notes
    -----
    By bisection over budgets: at each the mix is the one that reaches the target most often on the
    scenarios searched on, and its probability is that of fresh scenarios. So it is not too good.

    Examples
    --------
    >>> from gtmsim.presets import midmarket_ae
    >>> found = smallest_budget(3e6, 0.8, [midmarket_ae()], horizon=24, scenarios=2_000, rng=7)
    >>> found.budget.low <= found.budget.estimate <= found.budget.high
    True
    """
    confidence = check_number(
        "confidence", confidence, low=0.0, high=1.0, low_open=True, high_open=True
    )
    setting = make_setting(
        channels,
        ProbAtLeast(check_number("target", target), metric),
        constraints,
        decide=decide,
        horizon=horizon,
        target=target,
        scenarios=scenarios,
        rng=rng,
        level=level,
        executor=executor,
    )
    given = total_cost(setting.levers, tuple(lever.given for lever in setting.levers))
    most = _TIMES * given if most is None else check_number("most", most, low=0.0, low_open=True)
    check_budget(setting.levers, setting.constraints, most)
    curve = _Curve(setting, given, most)
    best = curve.smallest(lambda p: p.estimate >= confidence)
    if best is None:
        end = curve.at(most)
        check_found(setting, end.mix, most)
        raise InfeasibleError([_out_of_reach(setting, end, most, confidence)])
    low = curve.smallest(lambda p: p.high >= confidence)
    high = curve.smallest(lambda p: p.low >= confidence)
    ends = (
        best.spend if low is None else min(low.spend, best.spend),
        math.inf if high is None else max(high.spend, best.spend),
    )
    plan = setting.plan_of(best.mix)
    assert plan is not None
    return SmallestBudget(
        target=float(target),
        confidence=confidence,
        budget=Interval(best.spend, *ends, level, "bisection"),
        probability=best.probability,
        plan=plan,
        seed=setting.outcomes.seed,
        fresh_seed=setting.fresh.seed,
        _curve=curve.table(),
    )


class _Curve:
    """The probability of the best mix by budget, on fresh random numbers."""

    def __init__(self, setting: Setting, first: float, most: float) -> None:
        self._setting = setting
        self._points: dict[float, _Point] = {}
        self._least = total_cost(setting.levers, tuple(lever.lowest for lever in setting.levers))
        self._first, self._most = min(max(first, self._least), most), most

    def at(self, budget: float) -> _Point:
        """Return the best mix for a budget and its probability."""
        if budget not in self._points:
            setting = self._setting
            starts = [point.mix for point in self._points.values()]
            # The best mixes of near budgets are alike, so near them it need not look far.
            far = all(max(b, budget) > _NEAR * min(b, budget) for b in self._points)
            mix = setting.search.best(budget, starts, far=far).mix
            objective, level = setting.objective, setting.level
            chance = objective.figure(setting.fresh.sample(mix), level).interval
            meets = setting.search.key(mix)[0] >= 0.0
            none = Interval(0.0, 0.0, 0.0, level, "constraints are not kept")
            cost = total_cost(setting.levers, mix)
            self._points[budget] = _Point(mix, cost, chance if meets else none)
        return self._points[budget]

    def smallest(self, enough: Callable[[Interval], bool]) -> _Point | None:
        """Return the cheapest point that is enough, None if not even the largest budget is."""
        budget = self._first
        while not enough(self.at(budget).probability):
            if budget == self._most:
                return None
            budget = min(1.5 * budget, self._most)
        high = min(b for b, point in self._points.items() if enough(point.probability))
        low = max((b for b in self._points if b < high), default=self._least)
        while high - low > _SHORTEST * high:
            # What the best mix leaves unspent is not needed.
            middle = 0.5 * (low + min(high, self.at(high).spend))
            if not low < middle < high:
                break
            if enough(self.at(middle).probability):
                high = middle
            else:
                low = middle
        return self.at(high)

    def table(self) -> pd.DataFrame:
        """Return the points as a frame."""
        rows = {}
        for budget, point in sorted(self._points.items()):
            chance = point.probability
            sizes = {
                lever.name: stake.size
                for lever, stake in zip(self._setting.levers, point.mix, strict=True)
            }
            row = {"spend": point.spend, "probability": chance.estimate}
            rows[budget] = row | {"low": chance.low, "high": chance.high} | sizes
        return pd.DataFrame.from_dict(rows, orient="index").rename_axis("budget")


def _out_of_reach(setting: Setting, end: _Point, most: float, confidence: float) -> Problem:
    sample = setting.fresh.sample(end.mix)
    objective = setting.objective
    assert isinstance(objective, ProbAtLeast)
    instead = reached_with(sample.metric(objective.metric), confidence)
    chance = 100.0 * end.probability.estimate
    rule = (
        f"must be reached with {100.0 * confidence:g} % for a budget of {most:,.6g}; the best mix "
        f"reaches it with {chance:.3g} %, and with {100.0 * confidence:g} % it reaches "
        f"{instead:,.6g}, {objective.goal - instead:,.6g} short"
    )
    return Problem("target", rule, objective.goal, "raise most, or loosen what bounds the channels")
