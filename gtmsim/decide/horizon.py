"""The chance to hit the plan for each mix of sales and marketing, by month in which one looks."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gtmsim.compiled import compile_plan
from gtmsim.core.portfolio import empty_draws, simulate_block
from gtmsim.core.streams import LANES, MAX_SCENARIOS
from gtmsim.decide.mixes import Mix, Mixer
from gtmsim.decide.paired import Figure, difference, probability_figure
from gtmsim.errors import ArgumentError, ArgumentTypeError, check_count, check_number
from gtmsim.execute import Crew, ExecutorLike, run_tasks
from gtmsim.notebook import Block, Shown
from gtmsim.plan import Plan
from gtmsim.progress import compilation_announced, progress_bar
from gtmsim.result.display import format_number, format_share
from gtmsim.seeds import RNGLike, resolve_seed, seed_key
from gtmsim.statistics import Interval
from gtmsim.statistics.intervals import check_level

T = TypeVar("T", int, float)

_TASK = 16 * LANES
_ROUNDING = 1e-9
"""Of what is spent: so much less is no less."""


@dataclass(frozen=True, repr=False, eq=False)
class HorizonMap(Shown):
    """The chance to hit the plan by mix and horizon; see :func:`mix_by_horizon`.

    Attributes
    ----------
    plan : Plan
        As it was given.
    mixes : tuple of Mix
        Plans that spend the budget, in the order of their share for marketing.
    horizons : tuple of int
        Months after which one looks.
    multiple : float
        Value that is to be back per 1 spent by then; NaN where a target was given.
    target : float
        Value per year that is to be reached (currency); NaN unless given.
    budget : float
        Of the whole plan (present value, currency).
    own_share : float
        Share for marketing of the plan as it was given.
    level : float
        Of all intervals.
    seed : int
        Pass it as ``rng`` to draw the same scenarios again.
    hit : array (mix, horizon, scenario)
        Whether the plan was hit.

    Examples
    --------
    >>> from gtmsim.presets import example_plan
    >>> found = mix_by_horizon(example_plan(), [0.0, 0.5], [12, 24], scenarios=1_000, rng=7)
    >>> found.table["probability"].unstack().shape
    (2, 2)
    """

    plan: Plan
    mixes: tuple[Mix, ...]
    horizons: tuple[int, ...]
    multiple: float
    target: float
    budget: float
    own_share: float
    level: float
    seed: int
    hit: NDArray[np.bool_]

    @property
    def scenarios(self) -> int:
        """Number of scenarios."""
        return int(self.hit.shape[2])

    @cached_property
    def table(self) -> pd.DataFrame:
        """One row per mix and horizon.

        Index (marketing_share, horizon). Columns: probability of hitting the plan with the ends of
        its interval, low and high (Wilson's); best, whether no other mix has a higher chance at
        that horizon; and tied, whether it cannot be told from the best one beyond the error of
        their paired difference, at a level that holds for all mixes at once.
        """
        shares = [mix.share for mix in self.mixes]
        index = pd.MultiIndex.from_product(
            [shares, self.horizons], names=["marketing_share", "horizon"]
        )
        cells = np.ndindex(len(self.mixes), len(self.horizons))
        intervals = [self.interval(mix, horizon) for mix, horizon in cells]
        return pd.DataFrame(
            {
                "probability": [i.estimate for i in intervals],
                "low": [i.low for i in intervals],
                "high": [i.high for i in intervals],
                "best": self._best.ravel(),
                "tied": self._tied.ravel(),
            },
            index=index,
        )

    def interval(self, mix: int, horizon: int) -> Interval:
        """Return the chance of a cell by the places of its mix and its horizon, with its ends."""
        return probability_figure(self.hit[mix, horizon], self.level).interval

    @cached_property
    def _best(self) -> NDArray[np.bool_]:
        counts = np.count_nonzero(self.hit, axis=2)
        return np.asarray(counts == counts.max(axis=0))

    @cached_property
    def _tied(self) -> NDArray[np.bool_]:
        level = 1.0 - (1.0 - self.level) / max(len(self.mixes) - 1, 1)
        tied = self._best.copy()
        for place in range(len(self.horizons)):
            figures: list[Figure] = [probability_figure(hit, level) for hit in self.hit[:, place]]
            first = figures[int(np.argmax(self._best[:, place]))]
            tied[:, place] |= [not difference(first, other).low > 0.0 for other in figures]
        return tied

    @property
    def goal(self) -> str:
        """What it is to hit the plan, in words."""
        if math.isnan(self.multiple):
            target = format_number(self.target, 0.0)
            return f"{self.plan.basis} of {target} {self.plan.currency} a year"
        if self.multiple == 1.0:
            return "all money back"
        return f"{self.multiple:g} back per 1 spent"

    def explain(self) -> str:
        """Return in words which mix is likeliest to hit the plan at the ends of the horizons."""
        ends = dict.fromkeys([0, len(self.horizons) - 1])
        return f"Hitting the plan is {self.goal}. {' '.join(map(self._sentence, ends))}"

    verdict = property(explain, doc="What is to be said of it, in a few sentences.")

    def _sentence(self, place: int) -> str:
        months = self.horizons[place]
        first = int(np.argmax(self._best[:, place]))
        chance = self.interval(first, place)
        if chance.estimate == 0.0:
            return f"By month {months} no mix does in {self.scenarios:,} scenarios."
        error = chance.half_width / 2.0
        shown, low, high = (
            format_share(x, error) for x in (chance.estimate, chance.low, chance.high)
        )
        text = (
            f"By month {months} it is likeliest, {shown} ({low} to {high}), with "
            f"{self.mixes[first].share:.0%} of the budget for marketing"
        )
        number, others = len(self.mixes), int(self._tied[:, place].sum()) - 1
        if number == 1:
            return f"{text}."
        if others == 0:
            return f"{text}, and less likely with any other mix."
        which = "any other mix" if others == number - 1 else f"{others} of {number - 1} other mixes"
        return f"{text}, which cannot be told from {which}."

    @property
    def _head(self) -> str:
        return (
            f"chance to hit the plan by share for marketing and month, budget "
            f"{format_number(self.budget, 0.0)} {self.plan.currency} in {self.plan.horizon} months,"
            f" {self.scenarios:,} common scenarios, seed {self.seed}"
        )

    def _shown(self) -> pd.DataFrame:
        rows = {}
        for i, mix in enumerate(self.mixes):
            found = [self.interval(i, j) for j in range(len(self.horizons))]
            texts = [format_share(f.estimate, f.half_width / 2.0) for f in found]
            marks = ["*" if tied else "" for tied in self._tied[i]]
            rows[f"{mix.share:.3g}"] = [t + m for t, m in zip(texts, marks, strict=True)]
        months = pd.Index(self.horizons, name="horizon")
        shown = pd.DataFrame.from_dict(rows, orient="index", columns=months)
        return shown.rename_axis("marketing_share")

    def _block(self) -> Block:
        mark = "* cannot be told from the best mix of its month"
        return Block(self.explain(), [self._head], self._shown(), [mark])


def mix_by_horizon(
    plan: Plan,
    mixes: Sequence[float] | None = None,
    horizons: Sequence[int] | None = None,
    *,
    multiple: float | None = None,
    target: float | None = None,
    budget: float | None = None,
    scenarios: int = 20_000,
    rng: RNGLike = None,
    level: float = 0.95,
    workers: int | None = None,
    executor: ExecutorLike | None = None,
    progress: bool | None = None,
) -> HorizonMap:
    """Return the chance to hit the plan for each mix of sales and marketing, month by month.

    Parameters
    ----------
    plan : Plan
        With at least one team and one program; within sales and within marketing the proportions
        are its own.
    mixes : sequence of float, optional
        Shares of the budget for marketing, from 0 to 1; by default 0, 0.1, ... 1.
    horizons : sequence of int, optional
        Months after which one looks, at most the plan's; by default up to eight, evenly apart.
    multiple : float, optional
        By month h the plan is hit if value until then is at least so many times the spend until
        then; 1 by default, which is all money back.
    target : float, optional
        Instead of it, value per year: by month h it is hit with value of at least target h / 12
        (present value, currency).
    budget : float, optional
        Of the whole plan (present value, currency); by default what it spends on average.
    scenarios : int, default 20_000
    rng : None, int, SeedSequence or Generator, optional
        Which luck; all mixes and horizons have the same.
    level : float, default 0.95
        Of all intervals.
    workers : int, optional
        Threads, one per core by default. They never change the result.
    executor : concurrent.futures.Executor or dask Client, optional
        Where to run, to the same bits; see :func:`gtmsim.simulate_portfolio`.
    progress : bool, optional
        A progress bar, by default where it can be seen.

    Returns
    -------
    HorizonMap

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If an argument breaks its rule, or a mix buys nothing.

    Notes
    -----
    The plan is not made anew for each horizon: hires and launches stay in their months, and one
    looks at what was spent and what was realised until the end of a month. So one run of the whole
    plan answers for all horizons, and what a campaign of month 11 returns in month 15 counts at 18
    months and not at 12. Spend of later months does not count either. What has spent nothing yet
    owes nothing, and has all money back. Money is present value, as everywhere.

    Examples
    --------
    >>> from gtmsim.presets import example_plan
    >>> found = mix_by_horizon(example_plan(), [0.0, 1.0], [6, 24], scenarios=1_000, rng=7)
    >>> chance = found.table["probability"]
    >>> bool(chance[0.0, 24] > chance[0.0, 6])
    True
    """
    if not isinstance(plan, Plan):
        raise ArgumentTypeError("plan", "must be a Plan", plan)
    shares = _shares(mixes)
    months = _months(plan, horizons)
    if multiple is not None and target is not None:
        rule = "must be left out with a target"
        raise ArgumentError("multiple", rule, multiple, "give one of the two")
    times = 1.0 if multiple is None else check_number("multiple", multiple, low=0.0, low_open=True)
    goal = None if target is None else check_number("target", target, low=0.0, low_open=True)
    money = None if budget is None else check_number("budget", budget, low=0.0, low_open=True)
    count = check_count("scenarios", scenarios, high=MAX_SCENARIOS)
    level = check_level(level)
    crew = Crew.of(workers, executor)
    seed = resolve_seed(rng)
    mixer = Mixer(plan, money)
    made = tuple(mixer.mix(share) for share in shares)
    hit = np.empty((len(made), len(months), count), dtype=np.bool_)
    with (
        compilation_announced(progress),
        progress_bar(count * len(made), f"mixes of {plan.name}", progress) as bar,
    ):
        for place, mix in enumerate(made):
            run = _Run(mix.plan, seed, months, times if goal is None else math.nan, goal)
            for first, part in run_tasks(run.task, range(0, count, _TASK), crew):
                own = hit[place, :, first : first + _TASK]
                own[:] = part[:, : own.shape[1]]
                bar.update(own.shape[1])
    return HorizonMap(
        plan=plan,
        mixes=made,
        horizons=months,
        multiple=times if goal is None else math.nan,
        target=math.nan if goal is None else goal,
        budget=mixer.budget,
        own_share=mixer.share,
        level=level,
        seed=seed,
        hit=hit,
    )


class _Run:
    """What the tasks of one mix share."""

    def __init__(
        self, plan: Plan, seed: int, months: tuple[int, ...], multiple: float, target: float | None
    ) -> None:
        self.arrays = compile_plan(plan, spend_share=0.0).arrays
        self.key, self.multiple = seed_key(seed), multiple
        self.last = np.array(months) - 1
        wanted = None if target is None else target / 12.0 * np.array(months)[:, None]
        self.wanted = wanted

    def task(self, first: int) -> tuple[int, NDArray[np.bool_]]:
        """Draw the scenarios of a task; return its first and whether they hit, (horizon, task)."""
        draws = empty_draws(self.arrays, _TASK)
        simulate_block(self.key, self.arrays, first, draws)
        value, spend = (
            np.cumsum(month[-1], axis=0)[self.last] for month in (draws.month, draws.spend_month)
        )
        # What is reached to the last unit is not missed by a rounding error.
        if self.wanted is None:
            return first, value >= self.multiple * spend * (1.0 - _ROUNDING)
        return first, value >= self.wanted * (1.0 - _ROUNDING)


def _shares(mixes: object) -> list[float]:
    if mixes is None:
        return [i / 10 for i in range(11)]
    shares = [
        check_number(f"mixes[{i}]", share, low=0.0, high=1.0)
        for i, share in enumerate(_listed("mixes", mixes))
    ]
    return sorted(_distinct("mixes", shares))


def _months(plan: Plan, horizons: object) -> tuple[int, ...]:
    if horizons is None:
        return tuple(sorted({math.ceil(plan.horizon * i / 8) for i in range(1, 9)}))
    fix = f"the plan ends after {plan.horizon} months: set a longer horizon"
    months = []
    for i, month in enumerate(_listed("horizons", horizons)):
        number = check_count(f"horizons[{i}]", month)
        if number > plan.horizon:
            raise ArgumentError(f"horizons[{i}]", f"must be at most {plan.horizon}", number, fix)
        months.append(number)
    return tuple(sorted(_distinct("horizons", months)))


def _listed(name: str, values: object) -> list[object]:
    if isinstance(values, str) or not isinstance(values, Iterable):
        raise ArgumentTypeError(name, "must be a sequence of numbers", values)
    listed = list(values)
    if not listed:
        raise ArgumentError(name, "must have at least one entry", values)
    return listed


def _distinct(name: str, values: list[T]) -> list[T]:
    if len(set(values)) < len(values):
        raise ArgumentError(name, "must differ from each other", values)
    return values
