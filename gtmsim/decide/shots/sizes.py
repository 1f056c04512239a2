"""One budget in a few large campaigns or in many small ones."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from gtmsim.core.streams import MAX_SCENARIOS
from gtmsim.decide.compare import FEWEST_SCENARIOS
from gtmsim.decide.comparison import range_text
from gtmsim.decide.draws import Draws, Totals
from gtmsim.decide.figures import plan_figures
from gtmsim.decide.paired import Figure, difference, quantile_figure
from gtmsim.decide.shots.chance import campaign_chance
from gtmsim.errors import ArgumentError, ArgumentTypeError, check_count, check_number
from gtmsim.execute import ExecutorLike
from gtmsim.notebook import Block, Shown
from gtmsim.plan import CampaignProgram, Plan
from gtmsim.result.display import format_number, formatted_intervals
from gtmsim.seeds import RNGLike
from gtmsim.statistics import Interval
from gtmsim.statistics.intervals import check_level

_SHOWN = ("p10", "p50", "p90", "mean", "prob_no_loss", "cvar_95")
_WHOLE_LIFE = {"launch": 0, "lag": 0, "half_life": 0.0, "overhead": 0.0}


@dataclass(frozen=True, repr=False, eq=False)
class BigOrSmall(Shown):
    """A budget at several sizes of campaign; see :func:`big_or_small`.

    Attributes
    ----------
    budget : float
    plans : dict of float to Plan
        By spend per campaign, ascending.
    multiple : float
        What a big one returns per 1 spent.
    minimum_viable_spend : float
        Below it a campaign returns nothing.
    level : float
    seed : int
    totals : dict of float to Totals
        Value and spend of each plan, (scenario,).

    Examples
    --------
    >>> import gtmsim as gtm
    >>> deals = gtm.presets.venture_reference()
    >>> found = gtm.big_or_small(2e6, [20_000, 200_000], deals, scenarios=1_000, rng=7)
    >>> found.best
    20000.0
    """

    budget: float
    plans: dict[float, Plan]
    multiple: float
    minimum_viable_spend: float
    level: float
    seed: int
    totals: dict[float, Totals]

    def table(self, *, intervals: bool = False) -> pd.DataFrame:
        """Return one row per size.

        Parameters
        ----------
        intervals : bool, default False
            Whether to give each figure with its interval: columns are then (figure, estimate or low
            or high).

        Returns
        -------
        DataFrame
            Index size (spend per campaign). Columns: campaigns, slack (what is left of the budget),
            viable, p10, p50, p90 and mean of the net (mean infinite where it does not exist),
            prob_no_loss (value is at least spend), cvar_95 (mean net of the worst 5 % of
            scenarios), prob_big (that at least one campaign reaches the multiple; exact),
            p50_behind (by how much the median is below the best size's, paired).
        """
        ends = ("estimate", "low", "high") if intervals else ("estimate",)
        columns: dict[tuple[str, str], list[Any]] = {}
        for size in self.plans:
            campaigns = self._program(size).campaigns
            facts = {
                "campaigns": campaigns,
                "slack": self.budget - size * campaigns,
                "viable": size >= self.minimum_viable_spend,
            }
            figures = {**self._intervals[size], "p50_behind": self.behind(size)}
            row = {(fact, "estimate"): found for fact, found in facts.items()}
            row |= {(f, end): getattr(i, end) for f, i in figures.items() for end in ends}
            for column, found in row.items():
                columns.setdefault(column, []).append(found)
        index = pd.Index(self.plans, name="size")
        if intervals:
            frame = pd.DataFrame(columns, index=index)
            frame.columns.names = ["figure", None]
            return frame
        return pd.DataFrame({figure: c for (figure, _), c in columns.items()}, index=index)

    @property
    def best(self) -> float:
        """The size with the highest median net."""
        return max(self.plans, key=lambda size: self._intervals[size]["p50"].estimate)

    def behind(self, size: float) -> Interval:
        """Return by how much the median of a size is below the best one's.

        The best size is picked by looking, so the level is shared out among all pairs of sizes
        (Bonferroni), and the interval holds whichever pair it is.

        Raises
        ------
        ArgumentError
            If there is no such size.
        """
        if size not in self.plans:
            raise ArgumentError("size", f"must be one of {', '.join(map(str, self.plans))}", size)
        pairs = max(len(self.plans) * (len(self.plans) - 1) // 2, 1)
        level = 1.0 - (1.0 - self.level) / pairs
        best, own = (quantile_figure(self.totals[s].net, 0.5, level) for s in (self.best, size))
        return difference(best, own)

    def flips(self) -> pd.DataFrame:
        """Return the spend elasticity at which two neighbouring sizes have one median value.

        Below it the smaller campaigns have the higher median, above it the larger ones. All value
        at a size grows with the elasticity by one factor, so nothing is simulated for it.

        Returns
        -------
        DataFrame
            Index (smaller, larger). Columns estimate, low, high; the paired interval of the
            logarithms of both medians. NaN where one is 0 or a size is not viable.
        """
        sizes = list(self.plans)
        rows = {pair: self._flip(*pair) for pair in pairwise(sizes)}
        table = [[i.estimate, i.low, i.high] for i in rows.values()]
        index = pd.MultiIndex.from_tuples(list(rows), names=["smaller", "larger"])
        return pd.DataFrame(table, index=index, columns=["estimate", "low", "high"])

    def _flip(self, small: float, large: float) -> Interval:
        one, other = (self._log_median(size) for size in (small, large))
        if one is None or other is None:
            return Interval(math.nan, math.nan, math.nan, self.level, "no median above 0")
        gap, run = difference(one, other), math.log(large / small)
        now = self._program(small).spend_elasticity
        return Interval(
            estimate=now + gap.estimate / run,
            low=now + gap.low / run,
            high=now + gap.high / run,
            level=self.level,
            method=gap.method,
        )

    def _log_median(self, size: float) -> Figure | None:
        figure = quantile_figure(self.totals[size].value, 0.5, self.level)
        i = figure.interval
        if not i.low > 0.0:
            return None
        logs = (math.log(i.estimate), math.log(i.low), math.log(i.high))
        return Figure(Interval(*logs, i.level, i.method), figure.parts)

    @property
    def verdict(self) -> str:
        """Which size has the best median and which the least chance of a loss, in words."""
        best = self.best
        median = self._intervals[best]["p50"]
        shown = format_number(median.estimate, median.half_width / 2.0)
        text = f"The median net is highest, {shown}, with {self._words(best)}"
        others = [size for size in self.plans if size != best]
        if others:
            second = min(others, key=lambda size: self.behind(size).estimate)
            gap = self.behind(second)
            if gap.low > 0.0:
                text += f", {range_text(gap)} more than with {self._words(second)}"
            else:
                text += f", which cannot be told apart from {self._words(second)}"
        safest = max(self.plans, key=lambda size: self._intervals[size]["prob_no_loss"].estimate)
        chance = self._intervals[safest]["prob_no_loss"].estimate
        text += f"; no loss is likeliest, {chance:.1%}, with {self._words(safest)}"
        dead = [size for size in self.plans if size < self.minimum_viable_spend]
        if dead:
            least = format_number(self.minimum_viable_spend, 0.0)
            text += f"; campaigns below {least} return nothing"
        return f"{text}."

    def _words(self, size: float) -> str:
        return f"{self._program(size).campaigns:,} x {format_number(size, 0.0)}"

    def _program(self, size: float) -> CampaignProgram:
        program = self.plans[size].channels[0]
        assert isinstance(program, CampaignProgram)
        return program

    @cached_property
    def _intervals(self) -> dict[float, dict[str, Interval]]:
        rows = {}
        for size, plan in self.plans.items():
            totals = self.totals[size]
            figures = plan_figures(plan, totals, "net", math.nan, self.level)
            found = {name: figure.interval for name, figure in figures.items()}
            loss = found["prob_loss"]
            found["prob_no_loss"] = Interval(
                1.0 - loss.estimate, 1.0 - loss.high, 1.0 - loss.low, loss.level, loss.method
            )
            program, chance = self._program(size), 0.0
            if size >= self.minimum_viable_spend:
                bets = campaign_chance(program, self.multiple)
                chance = bets.at_least(1, program.campaigns)
            else:
                cost = float(totals.spend[0])
                found["mean"] = Interval(-cost, -cost, -cost, self.level, "exact")
            rows[size] = {name: found[name] for name in _SHOWN}
            rows[size]["prob_big"] = Interval(chance, chance, chance, self.level, "exact")
        return rows

    def _block(self) -> Block:
        head = (
            f"net of a budget of {format_number(self.budget, 0.0)}, "
            f"{next(iter(self.totals.values())).value.size:,} common scenarios, seed {self.seed}"
        )
        table = self.table(intervals=True)
        facts = table.xs("estimate", axis=1, level=1)
        figures = ["p10", "p50", "p90", "mean", "cvar_95", "prob_no_loss", "prob_big", "p50_behind"]
        shown = formatted_intervals(table[figures])
        shown.insert(0, "campaigns", facts["campaigns"].map("{:,.0f}".format))
        shown.insert(1, "slack", facts["slack"].map(_money))
        shown.index = shown.index.map(_money)
        dead = [
            f"campaigns of {_money(s)} return nothing" for s in self.plans if not self._viable(s)
        ]
        return Block(self.verdict, [head], shown, dead)

    def _viable(self, size: float) -> bool:
        return size >= self.minimum_viable_spend


def big_or_small(
    budget: float,
    sizes: Iterable[float],
    channel: CampaignProgram,
    *,
    minimum_viable_spend: float | None = None,
    spend_elasticity: float | None = None,
    reference_spend: float | None = None,
    multiple: float = 10.0,
    horizon: int | None = None,
    scenarios: int = 100_000,
    rng: RNGLike = None,
    level: float = 0.95,
    workers: int | None = None,
    executor: ExecutorLike | None = None,
) -> BigOrSmall:
    """Spend one budget on campaigns of several sizes.

    Parameters
    ----------
    budget : float
        Currency.
    sizes : iterable of float
        Spends per campaign, at most the budget; as many whole campaigns as it buys.
    channel : CampaignProgram
        What campaigns are like; its own number of them and their spend do not matter.
    minimum_viable_spend : float, optional
        A campaign that spends less returns nothing (currency).
    spend_elasticity, reference_spend : float, optional
        Replace the channel's. The reference is by default its own, or what its campaigns spend.
    multiple : float, default 10
        What a big campaign returns per 1 spent.
    horizon : int, optional
        Months that count. By default all of a campaign's life, and no overhead.
    scenarios : int, default 100_000
    rng : None, int, SeedSequence or Generator, optional
        Which luck; all sizes have the same.
    level : float, default 0.95
    workers : int, optional
        Threads; they never change the result.
    executor : concurrent.futures.Executor or dask Client, optional
        Where to run, to the same bits; see :func:`gtmsim.simulate_portfolio`.

    Returns
    -------
    BigOrSmall

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If an argument breaks its rule.
    PlanError
        If the channel with a size breaks a rule of :class:`gtmsim.CampaignProgram`.

    Examples
    --------
    >>> from gtmsim import presets
    >>> found = big_or_small(
    ...     2e6, [20_000, 200_000], presets.venture_reference(), scenarios=2_000, rng=7
    ... )
    >>> found.table()["campaigns"].tolist(), found.best
    ([100, 10], 20000.0)
    """
    money = check_number("budget", budget, low=0.0, low_open=True)
    if not isinstance(channel, CampaignProgram):
        raise ArgumentTypeError("channel", "must be a CampaignProgram", channel)
    asked = _sizes(sizes, money)
    least = 0.0
    if minimum_viable_spend is not None:
        least = check_number("minimum_viable_spend", minimum_viable_spend, low=0.0)
    bar = check_number("multiple", multiple, low=0.0, low_open=True)
    months = 1 if horizon is None else check_count("horizon", horizon, high=600)
    count = check_count("scenarios", scenarios, low=FEWEST_SCENARIOS, high=MAX_SCENARIOS)
    base = _with_elasticity(channel, spend_elasticity, reference_spend)
    campaign_chance(base.replace(spend=asked[0]), bar)  # says what it cannot tell before all work
    base = base.replace(campaigns=1, spend=1.0, launch=_one_launch(base), feeds=None)
    if horizon is None:
        base = base.replace(**_WHOLE_LIFE, slow_half_life=None, fast_share=1.0)
    draws = Draws(count, rng, workers, executor)
    plans, totals = {}, {}
    for size in asked:
        whole = int(money / size * (1.0 + 1e-12))
        plans[size] = Plan(horizon=months, channels=(base.replace(campaigns=whole, spend=size),))
        found = draws.totals(plans[size])
        viable = size >= least
        totals[size] = found if viable else Totals(np.zeros(count), found.spend)
    return BigOrSmall(
        budget=money,
        plans=plans,
        multiple=bar,
        minimum_viable_spend=least,
        level=check_level(level),
        seed=draws.seed,
        totals=totals,
    )


def _sizes(sizes: object, budget: float) -> list[float]:
    if isinstance(sizes, str) or not isinstance(sizes, Iterable):
        raise ArgumentTypeError("sizes", "must be a sequence of numbers", sizes)
    fix = "it buys no whole campaign"
    found = [
        check_number(f"sizes[{i}]", size, low=0.0, high=budget, low_open=True, fix=fix)
        for i, size in enumerate(sizes)
    ]
    if not found:
        raise ArgumentError("sizes", "must have at least one entry", sizes)
    return sorted(set(found))


def _one_launch(channel: CampaignProgram) -> object:
    """When campaigns are launched, whatever their number."""
    return "even" if isinstance(channel.launch, tuple) else channel.launch


def _with_elasticity(
    channel: CampaignProgram, elasticity: float | None, reference: float | None
) -> CampaignProgram:
    power = channel.spend_elasticity
    if elasticity is not None:
        power = check_number("spend_elasticity", elasticity, low=0.0, high=2.0, low_open=True)
    if power == 1.0:
        if reference is not None:
            rule, fix = "must come with a spend_elasticity other than 1", "give spend_elasticity"
            raise ArgumentError("reference_spend", rule, reference, fix)
        return channel.replace(spend_elasticity=1.0, reference_spend=None)
    own = channel.reference_spend or float(channel.spends().mean())
    if reference is not None:
        own = check_number("reference_spend", reference, low=0.0, low_open=True)
    return channel.replace(spend_elasticity=power, reference_spend=own)


def _money(value: float) -> str:
    return format_number(value, 0.0)
