"""The mix of sales and marketing at one budget, from all sales to all marketing."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np
import pandas as pd

from gtmsim.core.streams import MAX_SCENARIOS
from gtmsim.decide.compare import FEWEST_SCENARIOS, compare
from gtmsim.decide.comparison import Comparison, range_text
from gtmsim.decide.draws import Draws
from gtmsim.decide.figures import FIGURES, plan_figures
from gtmsim.decide.hull import Points
from gtmsim.decide.mixes import Mix, Mixer
from gtmsim.errors import ArgumentError, ArgumentTypeError, MetricError, check_count, check_number
from gtmsim.execute import ExecutorLike
from gtmsim.notebook import Block, Shown
from gtmsim.plan import Plan, SalesTeam
from gtmsim.result.display import format_number, format_share, formatted_intervals
from gtmsim.seeds import RNGLike
from gtmsim.statistics import Interval
from gtmsim.statistics.intervals import check_level
from gtmsim.summary import place_of

_FACTS: Final = ("hires", "campaigns", "spend", "slack")


@dataclass(frozen=True, repr=False, eq=False)
class Frontier(Shown):
    """Mixes of sales and marketing at one budget; see :func:`frontier`.

    Attributes
    ----------
    plan : Plan
        As it was given.
    mixes : tuple of Mix
        Plans that spend the budget, in the order of the table.
    budget : float
        Present value (currency).
    objective : str
        What is wanted beside a mild worst case: "p50", "mean" and so on.
    metric : "value" or "net"
    target : float
        Value to reach; NaN if there is none.
    level : float
    seed : int
    scenarios : int
    figures : tuple of dict of str to Interval
        Of each mix.
    efficient : tuple of bool
        No other mix has both a higher objective and a milder worst 5 %.
    dominated : tuple of bool
        Some other mix is better in both beyond the error of their paired differences.
    dents : dict of int to Interval
        Efficient mixes that lie below the line between two others, and how far.
    most : float
        Highest value of any mix in any scenario.

    Examples
    --------
    >>> import gtmsim as gtm
    >>> plan = gtm.presets.example_plan()
    >>> found = gtm.frontier(plan, shares=[0.0, 0.5, 1.0], scenarios=1_000, rng=7)
    >>> [mix.hires for mix in found.mixes]
    [20, 10, 0]
    """

    plan: Plan
    mixes: tuple[Mix, ...]
    budget: float
    objective: str
    metric: Literal["net", "value"]
    target: float
    level: float
    seed: int
    scenarios: int
    figures: tuple[dict[str, Interval], ...]
    efficient: tuple[bool, ...]
    dominated: tuple[bool, ...]
    dents: dict[int, Interval]
    most: float

    def table(self, *, intervals: bool = False) -> pd.DataFrame:
        """Return one row per mix.

        Parameters
        ----------
        intervals : bool, default False
            Whether to give each figure with its interval: columns are then (figure, estimate or low
            or high).

        Returns
        -------
        DataFrame
            Index marketing_share, and size (spend per campaign) if sizes were swept. Columns:
            hires, campaigns, spend (mean), slack (what buys no whole unit), p10, p50, p90 and mean
            of the metric, prob_target, prob_loss, cvar_95, dent (how far an efficient mix lies
            below the line between its neighbours on the frontier, 0 for most), efficient,
            dominated.
        """
        ends = ("estimate", "low", "high") if intervals else ("estimate",)
        columns: dict[tuple[str, str], list[Any]] = {}
        for fact in _FACTS:
            columns[fact, "estimate"] = [getattr(mix, fact) for mix in self.mixes]
        for figure in FIGURES:
            for end in ends:
                columns[figure, end] = [getattr(row[figure], end) for row in self.figures]
        flat = Interval(0.0, 0.0, 0.0, self.level, "on the frontier")
        for end in ends:
            found = [self.dents.get(i, flat) for i in range(len(self.mixes))]
            columns["dent", end] = [getattr(dent, end) for dent in found]
        columns["efficient", "estimate"] = list(self.efficient)
        columns["dominated", "estimate"] = list(self.dominated)
        if intervals:
            frame = pd.DataFrame(columns, index=self._index)
            frame.columns.names = ["figure", None]
            return frame
        flat_columns = {figure: column for (figure, _), column in columns.items()}
        return pd.DataFrame(flat_columns, index=self._index)

    @property
    def _index(self) -> pd.Index[float] | pd.MultiIndex:
        shares = [mix.share for mix in self.mixes]
        if math.isnan(self.mixes[0].size):
            return pd.Index(shares, name="marketing_share")
        sizes = [mix.size for mix in self.mixes]
        return pd.MultiIndex.from_arrays([shares, sizes], names=["marketing_share", "size"])

    @property
    def concave(self) -> bool:
        """Whether no efficient mix lies below the line between two others, beyond its error.

        Where it is not concave, mixing two plans by a coin would beat the plan between them.
        """
        return not any(dent.low > 0.0 for dent in self.dents.values())

    def best(
        self,
        objective: str | None = None,
        *,
        rng: RNGLike = None,
        workers: int | None = None,
        executor: ExecutorLike | None = None,
    ) -> Comparison:
        """Return the mix with the highest figure beside the plan as it is, with fresh luck.

        The mix was picked for its figure, which flatters that figure; in other scenarios nothing
        does.

        Parameters
        ----------
        objective : str, optional
            A figure of the table; by default that of the frontier.
        rng : None, int, SeedSequence or Generator, optional
            By default a seed that follows from the frontier's.
        workers : int, optional

        Returns
        -------
        Comparison
            Of "best mix" and "as it is".

        Raises
        ------
        MetricError
            If there is no such figure.
        """
        place = self._best_place(objective or self.objective)
        fresh = np.random.SeedSequence(self.seed, spawn_key=(1,)) if rng is None else rng
        return compare(
            {"best mix": self.mixes[place].plan, "as it is": self.plan},
            scenarios=self.scenarios,
            rng=fresh,
            metric=self.metric,
            target=None if math.isnan(self.target) else self.target,
            level=self.level,
            workers=workers,
            executor=executor,
        )

    def _best_place(self, objective: str) -> int:
        place_of(FIGURES, objective, "objective")
        found = np.array([row[objective].estimate for row in self.figures])
        if not np.isfinite(found).any():
            raise MetricError("objective", "must exist for a mix", objective, "take 'p50'")
        found = np.where(np.isfinite(found), found, -np.inf)
        sign = -1.0 if objective == "prob_loss" else 1.0
        return int(np.argmax(sign * found))

    @property
    def verdict(self) -> str:
        """Which mixes are worth having, whether the frontier is concave, and the target."""
        place = self._best_place(self.objective)
        best, mix = self.figures[place][self.objective], self.mixes[place]
        form = format_share if self.objective.startswith("prob") else format_number
        shown = form(best.estimate, best.half_width / 2.0)
        parts = [
            f"{self.objective} is highest, {shown}, with {mix.share:.0%} for marketing: "
            f"{mix.hires} hires and {mix.campaigns:,} campaigns",
            f"{sum(self.efficient)} of {len(self.mixes)} mixes are efficient, "
            f"{sum(self.dominated)} are surely not",
            self._of_shape(),
        ]
        return ". ".join([*parts, *self._of_target(), *self._of_starts()]) + "."

    def _of_starts(self) -> Iterator[str]:
        teams = [c for c in self.plan.channels if isinstance(c, SalesTeam)]
        early = [team for team in teams if min(team.start_months) < 0]
        if early and any(mix.hires > sum(team.units for team in teams) for mix in self.mixes):
            names = ", ".join(team.name for team in early)
            yield (
                f"Seats are added in the months in which {names} has them, before the plan too, "
                "where nobody can be hired any more; allocate() starts new ones in month 0"
            )

    def _of_shape(self) -> str:
        if self.concave:
            return "The frontier is concave as far as its errors tell"
        sure = (dent for dent in self.dents.values() if dent.low > 0.0)
        deepest = max(sure, key=lambda dent: dent.estimate)
        return f"The frontier is not concave: it sags by up to {range_text(deepest)}"

    def _of_target(self) -> Iterator[str]:
        if math.isnan(self.target):
            return
        goal = format_number(self.target, 0.0)
        place = self._best_place("prob_target")
        chance = self.figures[place]["prob_target"]
        if chance.estimate == 0.0:
            short = format_number(self.target - self.most, 0.01 * self.target)
            yield (
                f"No mix reaches the target of {goal} in {self.scenarios:,} scenarios; the best "
                f"falls short by {short}"
            )
            return
        shown = format_share(chance.estimate, chance.half_width / 2.0)
        share = self.mixes[place].share
        yield f"The target of {goal} is likeliest, {shown}, with {share:.0%} for marketing"

    def _block(self) -> Block:
        head = (
            f"{self.metric} ({self.plan.basis} in {self.plan.currency}) of a budget of "
            f"{format_number(self.budget, 0.0)}, {self.scenarios:,} common scenarios, "
            f"seed {self.seed}"
        )
        figures = ["p50", "mean", "cvar_95", "prob_target"]
        table = self.table(intervals=True)
        shown = formatted_intervals(table[figures])
        facts = table.xs("estimate", axis=1, level=1)
        for place, fact in enumerate(["hires", "campaigns"]):
            shown.insert(place, fact, facts[fact].map("{:,.0f}".format))
        shown.insert(2, "slack", facts["slack"].map(_money))
        shown["efficient"] = ["yes" if efficient else "" for efficient in self.efficient]
        shown.index = shown.index.map(lambda key: f"{key:.3g}" if isinstance(key, float) else key)
        return Block(self.verdict, [head], shown)


def frontier(
    plan: Plan,
    *,
    shares: Sequence[float] | None = None,
    sizes: Sequence[float] | None = None,
    vary: Literal["campaigns", "spend"] = "campaigns",
    budget: float | None = None,
    objective: Literal["p50", "mean", "p90", "prob_target"] = "p50",
    metric: Literal["net", "value"] = "net",
    target: float | None = None,
    scenarios: int = 20_000,
    rng: RNGLike = None,
    level: float = 0.95,
    workers: int | None = None,
    executor: ExecutorLike | None = None,
) -> Frontier:
    """Sweep the mix of sales and marketing at a fixed budget.

    Parameters
    ----------
    plan : Plan
        With at least one team and one program; within sales and within marketing the proportions
        are its own.
    shares : sequence of float, optional
        Shares of the budget for marketing, from 0 to 1; by default 0, 0.02, ... 1.
    sizes : sequence of float, optional
        Spends per campaign to sweep as well: fewer, larger bets or more, smaller ones at the same
        money. By default programs keep their own.
    vary : {"campaigns", "spend"}
        What money buys: more campaigns, or dearer ones, which use it up to the last unit.
    budget : float, optional
        Present value (currency); by default what the plan spends on average.
    objective : {"p50", "mean", "p90", "prob_target"}
        What the efficient set weighs against the mean of the worst 5 % of scenarios.
    metric : {"net", "value"}
    target : float, optional
        The value to reach; by default the plan's.
    scenarios : int, default 20_000
    rng : None, int, SeedSequence or Generator, optional
        Which luck; all mixes have the same.
    level : float, default 0.95
    workers : int, optional
        Threads; they never change the result.
    executor : concurrent.futures.Executor or dask Client, optional
        Where to run, to the same bits; see :func:`gtmsim.simulate_portfolio`.

    Returns
    -------
    Frontier

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If an argument breaks its rule, or a mix buys nothing.
    MetricError
        If a metric or an objective is unknown, or a mean does not exist.

    Notes
    -----
    Seats are whole, and so are campaigns: what buys no whole one is ``slack`` and is not spent. A
    program's overhead is paid as long as it has a campaign.

    References
    ----------
    H. Markowitz, "Portfolio selection", Journal of Finance 7 (1952), 77-91; R. T. Rockafellar and
    S. Uryasev, "Optimization of conditional value-at-risk", Journal of Risk 2 (2000), 21-41.

    Examples
    --------
    >>> from gtmsim.presets import example_plan
    >>> found = frontier(example_plan(), shares=[0.0, 0.5, 1.0], scenarios=2_000, rng=7)
    >>> found.table()["hires"].tolist()
    [20, 10, 0]
    """
    if not isinstance(plan, Plan):
        raise ArgumentTypeError("plan", "must be a Plan", plan)
    place_of(("net", "value"), metric, "metric")
    place_of(("campaigns", "spend"), vary, "vary")
    place_of(("p50", "mean", "p90", "prob_target"), objective, "objective")
    asked = [i / 50 for i in range(51)] if shares is None else _numbers("shares", shares, 0.0, 1.0)
    of_size = [None] if sizes is None else _numbers("sizes", sizes, 0.0, None)
    if sizes is not None and vary == "spend":
        fix = "leave out sizes, or vary"
        raise ArgumentError("vary", "must be 'campaigns' where sizes are swept", vary, fix)
    money = None if budget is None else check_number("budget", budget, low=0.0, low_open=True)
    count = check_count("scenarios", scenarios, low=FEWEST_SCENARIOS, high=MAX_SCENARIOS)
    goal = plan.target if target is None else check_number("target", target, low=0, low_open=True)
    if goal is None and objective == "prob_target":
        raise ArgumentError("target", "must be given for 'prob_target'", target)
    level = check_level(level)
    mixer = Mixer(plan, money, vary)
    mixes = tuple(mixer.mix(share, size) for share in asked for size in of_size)
    draws = Draws(count, rng, workers, executor)
    intervals, wanted, worst, most = [], [], [], 0.0
    for mix in mixes:
        totals = draws.totals(mix.plan)
        found = plan_figures(mix.plan, totals, metric, math.nan if goal is None else goal, level)
        intervals.append({name: figure.interval for name, figure in found.items()})
        wanted.append(found[objective])
        worst.append(found["cvar_95"])
        most = max(most, float(totals.value.max()))
    if not all(math.isfinite(f.interval.estimate) for f in wanted):
        rule = "must exist for every mix: a program of the plan has no mean"
        raise MetricError("objective", rule, objective, "take 'p50', or set the program's cap")
    points = Points.of(wanted, worst)
    return Frontier(
        plan=plan,
        mixes=mixes,
        budget=mixer.budget,
        objective=objective,
        metric=metric,
        target=math.nan if goal is None else goal,
        level=level,
        seed=draws.seed,
        scenarios=count,
        figures=tuple(intervals),
        efficient=tuple(points.efficient().tolist()),
        dominated=tuple(points.dominated().tolist()),
        dents=points.dents(),
        most=most,
    )


def _money(value: float) -> str:
    return format_number(value, 0.0)


def _numbers(name: str, values: object, low: float, high: float | None) -> list[float]:
    if isinstance(values, str) or not isinstance(values, Iterable):
        raise ArgumentTypeError(name, "must be a sequence of numbers", values)
    found = [
        check_number(f"{name}[{i}]", value, low=low, high=high, low_open=high is None)
        for i, value in enumerate(values)
    ]
    if not found:
        raise ArgumentError(name, "must have at least one entry", values)
    return found
