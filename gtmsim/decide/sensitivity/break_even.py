"""The value of one assumption at which a figure crosses a threshold."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

import numpy as np

from gtmsim.decide.sensitivity.fields import is_number, resolve
from gtmsim.decide.sensitivity.metric import plain
from gtmsim.decide.sensitivity.ranges import Assumption, assumptions
from gtmsim.decide.sensitivity.study import Study
from gtmsim.errors import ArgumentError, ArgumentTypeError, MetricError, check_number
from gtmsim.execute import ExecutorLike
from gtmsim.notebook import Block, Shown
from gtmsim.plan import Plan
from gtmsim.result.display import format_number, format_share
from gtmsim.seeds import RNGLike
from gtmsim.statistics import Interval

_PIECES = 8
_HUGE = 1e300
_PRECISION = 1e-6
"""Of the value that is found, relative to its range: far below the Monte Carlo error."""


@dataclass(frozen=True, repr=False)
class BreakEven(Shown):
    """Where a figure crosses a threshold; see :func:`break_even`.

    Attributes
    ----------
    path : str
    metric : str
    threshold : float
    value : float
        At which the figure crosses the threshold; of those the nearest to the plan's own value; NaN
        if it does not within the range.
    low, high : float
        Ends of its interval; infinite where the range ends before, NaN if nothing was found.
    level : float
    crossings : int
        How often the figure crosses the threshold within the range, as far as was seen.
    plan_value : float or None
        In the plan.
    range : tuple of float
        Where it was sought.
    at_ends : tuple of float
        The figure at the ends of the range.
    seed, scenarios : int

    Examples
    --------
    >>> import gtmsim as gtm
    >>> plan = gtm.presets.example_plan()
    >>> path = "mid-market.attainment"
    >>> found = gtm.break_even(plan, path, within=(0.3, 1.2), scenarios=1_000, rng=7)
    >>> found.crossings, found.plan_value
    (1, 0.75)
    """

    path: str
    metric: str
    threshold: float
    value: float
    low: float
    high: float
    level: float
    crossings: int
    plan_value: float | None
    range: tuple[float, float]
    at_ends: tuple[float, float]
    seed: int
    scenarios: int

    def explain(self) -> str:
        """Return in words where the threshold is crossed."""
        goal, first, last = map(self._shown, (self.threshold, *self.at_ends))
        within = f"{plain(self.range[0])} to {plain(self.range[1])}"
        if math.isnan(self.value):
            side = "above" if self.at_ends[0] > self.threshold else "below"
            return (
                f"{self.metric} never crosses {goal} for {self.path} within {within}: it stays "
                f"{side}, from {first} to {last}."
            )
        text = (
            f"{self.metric} crosses {goal} at {self.path} = {plain(self.value)} "
            f"({plain(self.low)} to {plain(self.high)})"
        )
        if self.plan_value is not None and is_number(self.plan_value):
            text += f"; the plan has {plain(self.plan_value)}"
        if self.crossings > 1:
            text += f"; it crosses {self.crossings} times within {within}, here nearest to the plan"
        return text + "."

    def _block(self) -> Block:
        within = f"{plain(self.range[0])} to {plain(self.range[1])}"
        common = f"{self.scenarios:,} common scenarios, seed {self.seed}"
        return Block(self.explain(), [f"looked for within {within}, {common}"])

    def _shown(self, value: float) -> str:
        shape = format_share if self.metric.startswith("prob") else format_number
        return shape(value, abs(value) / 200.0)


def break_even(
    plan: Plan,
    path: str,
    metric: str = "net_p50",
    threshold: float = 0.0,
    *,
    within: Sequence[float] | None = None,
    scenarios: int = 20_000,
    rng: RNGLike = None,
    level: float = 0.95,
    workers: int | None = None,
    executor: ExecutorLike | None = None,
) -> BreakEven:
    """Return the value of one assumption at which a figure crosses a threshold.

    Parameters
    ----------
    plan : Plan
    path : str
        The assumption: see :func:`gtmsim.decide.sensitivity.set_fields`.
    metric : str, default "net_p50"
        A figure, as in :func:`gtmsim.decide.sensitivity.sensitivity`.
    threshold : float, default 0
    within : (low, high), optional
        Where to look; by default between the ends of its documented range.
    scenarios : int, default 20_000
    rng : None, int, SeedSequence or Generator, optional
        Which luck, the same for every value.
    level : float, default 0.95
        Of the interval.
    workers : int, optional
        Threads; they never change the result.
    executor : concurrent.futures.Executor or dask Client, optional
        Where to run, to the same bits; see :func:`gtmsim.simulate_portfolio`.

    Returns
    -------
    BreakEven

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If an argument breaks its rule, the path is not a field, or it has no range.
    MetricError
        If there is no such figure.
    PlanError
        If an end of the range breaks a rule of the plan.

    Notes
    -----
    The figure is looked at in nine places, and where it changes sides the value is found by Brent's
    method. The interval holds the values for which the threshold is in the figure's own interval.
    Of what is counted, the break-even is the first whole number beyond the threshold.

    References
    ----------
    R. P. Brent, "Algorithms for minimization without derivatives" (1973), chapter 4.

    Examples
    --------
    >>> import gtmsim as gtm
    >>> from gtmsim.decide.sensitivity import break_even
    >>> plan = gtm.presets.example_plan()
    >>> found = break_even(plan, "mid-market.attainment", within=(0.3, 1.2), scenarios=1_000, rng=7)
    >>> 0.3 < found.low < found.value < found.high < 1.2
    True
    """
    threshold = check_number("threshold", threshold)
    study = Study(plan, metric, scenarios, rng, level, workers, executor)
    search = _range(plan, path, within)
    counted = isinstance(search.value, int)

    @lru_cache(None)
    def interval(x: float) -> Interval:
        return study.figure({path: int(x) if counted else x}).interval

    def excess(x: float) -> float:
        found = interval(x).estimate - threshold
        if math.isnan(found):
            rule = f"must be known for all {path} within {search.low:g} to {search.high:g}"
            raise MetricError("metric", rule, metric, "ask for a quantile")
        return min(max(found, -_HUGE), _HUGE)

    def outside(x: float) -> float:
        found = max(interval(x).low - threshold, threshold - interval(x).high)
        return min(max(found, -_HUGE), _HUGE)

    places = np.linspace(search.low, search.high, _PIECES + 1)
    places = np.unique(np.rint(places)) if counted else places
    grid = places.tolist()
    study.each(interval, grid)
    pairs = [(a, b) for a, b in pairwise(grid) if (excess(a) >= 0.0) != (excess(b) >= 0.0)]
    value = low = high = math.nan
    if pairs:
        home = 0.5 * (search.low + search.high) if search.value is None else search.value
        nearest = min(pairs, key=lambda pair: abs(0.5 * (pair[0] + pair[1]) - home))
        value = _crossing(excess, *nearest, counted)[1]
        low = _end(outside, value, [x for x in reversed(grid) if x < value], -math.inf, counted)
        high = _end(outside, value, [x for x in grid if x > value], math.inf, counted)
    return BreakEven(
        path=path,
        metric=study.metric.name,
        threshold=threshold,
        value=value,
        low=low,
        high=high,
        level=study.level,
        crossings=len(pairs),
        plan_value=search.value,
        range=(search.low, search.high),
        at_ends=(interval(grid[0]).estimate, interval(grid[-1]).estimate),
        seed=study.draws.seed,
        scenarios=study.scenarios,
    )


def _range(plan: Plan, path: str, within: object) -> Assumption:
    resolve(plan, path)
    if within is None:
        varied, omitted = assumptions(plan, only=[path])
        if varied:
            return varied[0]
        rule = f"must be given for {path}, which has no range: it {omitted[0].reason}"
        raise ArgumentError("within", rule, None, "write (low, high)")
    if isinstance(within, str) or not isinstance(within, Sequence) or len(within) != 2:
        raise ArgumentTypeError("within", "must be a pair of numbers", within, "write (low, high)")
    low, high = (check_number(f"within[{i}]", end) for i, end in enumerate(within))
    if low >= high:
        raise ArgumentError("within", "must ascend", within, "write the lower end first")
    varied, _ = assumptions(plan, {path: (low, high)}, only=[path])
    if varied:
        return varied[0]
    rule = "must hold two whole numbers"
    raise ArgumentError("within", rule, within, "give a wider range")


def _crossing(
    excess: Callable[[float], float], low: float, high: float, counted: bool
) -> tuple[float, float]:
    """Return where a function changes sides between two places, which differ in theirs.

    Of what is counted these are the last whole number on the side of ``low`` and the next one.
    """
    from scipy.optimize import brentq

    if not counted:
        found = float(brentq(excess, low, high, xtol=_PRECISION * (high - low)))
        return found, found
    side = excess(low) >= 0.0
    while high - low > 1.0:
        middle = float((low + high) // 2.0)
        low, high = (middle, high) if (excess(middle) >= 0.0) == side else (low, middle)
    return low, high


def _end(
    outside: Callable[[float], float],
    value: float,
    places: Sequence[float],
    never: float,
    counted: bool,
) -> float:
    """Return where an interval ends on the way from a value through places to a range's end.

    ``outside`` is above 0 beyond the interval; ``never`` is returned if the range ends before.
    """
    if outside(value) > 0.0:
        return value  # without a width to first order, or between two whole numbers
    inside = value
    for place in places:
        if outside(place) > 0.0:
            # Negated, it is 0 or more inside, so that an end of no width is found as well.
            left, right = min(inside, place), max(inside, place)
            ends = _crossing(lambda x: -outside(x), left, right, counted)
            return ends[1] if place < value else ends[0]
        inside = place
    return never
