"""Plans side by side: the figures of each, who beats whom, and what lies between two."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
import pandas as pd

from gtmsim.core._types import Floats
from gtmsim.decide.draws import Totals
from gtmsim.decide.figures import FIGURES, plan_figures
from gtmsim.decide.paired import Figure, difference, exact_mean, spend_mean
from gtmsim.decide.regret import regret_mean, regrets
from gtmsim.errors import ArgumentError
from gtmsim.notebook import Block, Shown
from gtmsim.plan import Plan
from gtmsim.result.display import format_number, format_share
from gtmsim.statistics import Interval, probability_interval, quantile_interval
from gtmsim.statistics.intervals import check_level, wilson
from gtmsim.summary import place_of

_COLUMNS: Final = ("spend", *FIGURES, "prob_best", "regret_mean", "regret_p90")
_TIE = 1e-9
"""Values nearer to each other than this, relatively, are the same: sums round differently."""


@dataclass(frozen=True, repr=False, eq=False)
class Comparison(Shown):
    """Plans side by side; see :func:`gtmsim.decide.compare.compare`.

    Attributes
    ----------
    plans : dict of str to Plan
    metric : "value" or "net"
        What quantiles, means, regret and the worst scenarios are of.
    targets : dict of str to float
        The value that each plan is to reach; NaN where there is none.
    level : float
        Probability with which each interval holds the truth.
    seed : int
        Pass it as ``rng`` to draw the same scenarios again.
    totals : dict of str to Totals
        Value and spend of each plan, (scenario,).

    Examples
    --------
    >>> import gtmsim as gtm
    >>> plan = gtm.presets.example_plan()
    >>> plans = {"as it is": plan, "calm": plan.replace(market_volatility=0.0)}
    >>> found = gtm.compare(plans, scenarios=1_000, rng=7)
    >>> found.table()["prob_best"].round(1).to_dict()
    {'as it is': 0.5, 'calm': 0.5}
    """

    plans: dict[str, Plan]
    metric: str
    targets: dict[str, float]
    level: float
    seed: int
    totals: dict[str, Totals]

    @property
    def scenarios(self) -> int:
        """Number of scenarios."""
        return next(iter(self.totals.values())).value.size

    @cached_property
    def values(self) -> pd.DataFrame:
        """The metric in every scenario: index scenario, a column for each plan."""
        frame = pd.DataFrame({name: total.of(self.metric) for name, total in self.totals.items()})
        return frame.rename_axis(index="scenario", columns="plan")

    def table(self, *, intervals: bool = False) -> pd.DataFrame:
        """Return one row per plan.

        Parameters
        ----------
        intervals : bool, default False
            Whether to give each figure with its interval: columns are then (figure, estimate or low
            or high).

        Returns
        -------
        DataFrame
            Index plan. Columns: spend (mean), p10, p50, p90 and mean of the metric (mean infinite
            or NaN where it does not exist or is not known), prob_target (value reaches the target;
            NaN without one), prob_loss (value falls short of spend), cvar_95 (mean of the worst 5
            % of scenarios), prob_best (no other plan does better in the same scenario; ties are
            shared), regret_mean and regret_p90 (what is missed against the plan that turns out
            best; the mean where it exists).
        """
        ends = ("estimate", "low", "high") if intervals else ("estimate",)
        rows = [
            [getattr(row[figure], end) for figure in _COLUMNS for end in ends]
            for row in self._intervals.values()
        ]
        columns: pd.Index[str] | pd.MultiIndex = pd.Index(_COLUMNS)
        if intervals:
            columns = pd.MultiIndex.from_product([_COLUMNS, ends], names=["figure", None])
        return pd.DataFrame(rows, index=pd.Index(self.plans, name="plan"), columns=columns)

    def interval(self, figure: str, plan: str) -> Interval:
        """Return a figure of the table with its interval and its method.

        Raises
        ------
        MetricError
            If there is no such figure.
        ArgumentError
            If there is no such plan.
        """
        place_of(_COLUMNS, figure, "figure")
        return self._intervals[self._name("plan", plan)][figure]

    def beats(self, *, intervals: bool = False) -> pd.DataFrame:
        """Return P(A beats B), paired: index A, columns B.

        Parameters
        ----------
        intervals : bool, default False
            Whether to give Wilson's interval of each: columns are then (B, estimate or low or
            high).

        Returns
        -------
        DataFrame
            NaN on the diagonal. A pair and its reverse add to 1 less the chance of a tie.
        """
        names = list(self.plans)
        found = {(a, b): self._beats(a, b, self.level) for a in names for b in names if a != b}
        ends = ("estimate", "low", "high") if intervals else ("estimate",)
        rows = [
            [getattr(found[a, b], end) if a != b else math.nan for b in names for end in ends]
            for a in names
        ]
        columns: pd.Index[str] | pd.MultiIndex = pd.Index(names, name="beaten")
        if intervals:
            columns = pd.MultiIndex.from_product([names, ends], names=["beaten", None])
        return pd.DataFrame(rows, index=pd.Index(names, name="plan"), columns=columns)

    def difference(self, a: str, b: str, *, level: float | None = None) -> pd.DataFrame:
        """Return by how much plan a is above plan b, figure by figure.

        Parameters
        ----------
        a, b : str
        level : float, optional
            By default that of the comparison. It holds for a pair that was named before the table
            was read.

        Returns
        -------
        DataFrame
            Index figure (p10, p50, p90, mean, prob_target, prob_loss, cvar_95), columns estimate,
            low, high, method. Intervals are paired; see :func:`gtmsim.decide.paired.difference`.
            A difference of quantiles is not the quantile of the difference: for that take
            :attr:`values`.
        """
        a, b = self._name("a", a), self._name("b", b)
        level = self.level if level is None else check_level(level)
        rows = {figure: self._difference(figure, a, b, level) for figure in FIGURES}
        table = [[i.estimate, i.low, i.high, i.method] for i in rows.values()]
        index = pd.Index(rows, name="figure")
        return pd.DataFrame(table, index=index, columns=["estimate", "low", "high", "method"])

    @property
    def verdict(self) -> str:
        """Which plan has the highest median, by how much, and what of the target, in words.

        The pair was picked by looking, so its interval is widened to hold for all plans at once.

        References
        ----------
        J. C. Hsu, "Multiple comparisons: theory and methods" (1996), chapter 4 (comparisons with
        the best).
        """
        medians = self.table()["p50"].sort_values(ascending=False)
        first = str(medians.index[0])
        parts = [f"{first} has the highest median {self.metric}, {self._money('p50', first)}"]
        if len(medians) > 1:
            parts = [self._against(first, str(medians.index[1]))]
        return ". ".join([*parts, *self._of_target()]) + "."

    def _against(self, first: str, second: str) -> str:
        level = 1.0 - (1.0 - self.level) / (len(self.plans) - 1)
        gap = self._difference("p50", first, second, level)
        if not gap.low > 0.0:
            return (
                f"{first} and {second} cannot be told apart by their median {self.metric}: "
                f"{range_text(gap)} between them"
            )
        wins = self._beats(first, second, self.level).estimate
        best = self._intervals[first]["prob_best"].estimate
        return (
            f"{first} has the highest median {self.metric}, {self._money('p50', first)}: "
            f"{range_text(gap)} more than {second}, which it beats in {format_share(wins, 0.005)} "
            f"of scenarios; it is the best of all in {format_share(best, 0.005)}"
        )

    def _of_target(self) -> list[str]:
        chance = self.table()["prob_target"].dropna()
        if chance.empty:
            return []
        first = str(chance.idxmax())
        target = format_number(self.targets[first], 0.0)
        if chance[first] == 0.0:
            value = {name: self.totals[name].value for name in chance.index}
            near = max(value, key=lambda name: float(value[name].max() - self.targets[name]))
            short = self.targets[near] - np.quantile(value[near], [1.0, 0.5])
            most, middle = (format_number(float(x), 0.02 * abs(float(x))) for x in short)
            return [
                f"Nobody reaches the target of {target} in {self.scenarios:,} scenarios; the best, "
                f"{near}, falls short by {most} at its best and by {middle} at its median"
            ]
        interval = self._intervals[first]["prob_target"]
        shown = format_share(interval.estimate, interval.half_width / 2.0)
        return [f"{first} is the likeliest to reach the target of {target}, with {shown}"]

    def _money(self, figure: str, plan: str) -> str:
        interval = self._intervals[plan][figure]
        return format_number(interval.estimate, interval.half_width / 2.0)

    def _name(self, argument: str, name: object) -> str:
        if isinstance(name, str) and name in self.plans:
            return name
        raise ArgumentError(argument, f"must be one of {', '.join(self.plans)}", name)

    def _figures(self, plan: str, level: float) -> dict[str, Figure]:
        """Figures of one plan at a level of their intervals."""
        known = self._known.setdefault(level, {})
        if plan not in known:
            known[plan] = plan_figures(
                self.plans[plan], self.totals[plan], self.metric, self.targets[plan], level
            )
        return known[plan]

    @cached_property
    def _known(self) -> dict[float, dict[str, dict[str, Figure]]]:
        return {}

    def _difference(self, figure: str, a: str, b: str, level: float) -> Interval:
        one, other = (self._figures(plan, level)[figure] for plan in (a, b))
        if figure == "mean" and (one.parts is None) != (other.parts is None):
            # Both exact or both from the scenarios: one of each would not be paired.
            if one.parts is not None:
                one = exact_mean(self.plans[a], self.metric, level)
            else:
                other = exact_mean(self.plans[b], self.metric, level)
        return difference(one, other)

    def _beats(self, a: str, b: str, level: float) -> Interval:
        one, other = self.values[a].to_numpy(), self.values[b].to_numpy()
        wins = int(np.count_nonzero(one > other + _slack(one, other)))
        return probability_interval(wins, self.scenarios, level)

    @cached_property
    def _intervals(self) -> dict[str, dict[str, Interval]]:
        """Figures of the table, by plan and name."""
        values = self.values.to_numpy()
        best = values.max(axis=1)
        first = values >= (best - _slack(best, best))[:, None]
        shares = np.mean(first / first.sum(axis=1, keepdims=True), axis=0)
        missed = regrets(values)
        rows = {}
        for place, name in enumerate(self.plans):
            spend = self.totals[name].spend
            share, regret = float(shares[place]), missed[:, place]
            rows[name] = {
                "spend": spend_mean(spend, self.level),
                **{k: f.interval for k, f in self._figures(name, self.level).items()},
                "prob_best": Interval(
                    share, *wilson(share, self.scenarios, self.level), self.level, "Wilson"
                ),
                "regret_mean": regret_mean(regret, name, self.plans, self.level),
                "regret_p90": quantile_interval(regret, 0.9, self.level),
            }
        return rows

    def _block(self) -> Block:
        plan = next(iter(self.plans.values()))
        head = (
            f"{self.metric} ({plan.basis} in {plan.currency}) by month {plan.horizon}, "
            f"{self.scenarios:,} common scenarios, seed {self.seed}"
        )
        return Block(self.verdict, [head], _shown(self))


def _slack(one: Floats, other: Floats) -> Floats:
    return np.asarray(_TIE * np.maximum(np.abs(one), np.abs(other)))


def range_text(interval: Interval) -> str:
    """Return an estimate and the ends of its interval, with the digits that its error supports.

    Examples
    --------
    >>> range_text(Interval(1_234_567.0, 1_200_000.0, 1_270_000.0, 0.95, "normal"))
    '1.23M (1.20M to 1.27M)'
    """
    error = interval.half_width / 2.0
    middle, low, high = (
        format_number(x, error) for x in (interval.estimate, interval.low, interval.high)
    )
    return f"{middle} ({low} to {high})"


def _shown(comparison: Comparison) -> pd.DataFrame:
    """The table as text, with the digits that errors support."""
    shown = {}
    for name in comparison.plans:
        row = {}
        for figure in _COLUMNS:
            interval = comparison.interval(figure, name)
            error = interval.half_width / 2.0
            form = format_share if figure.startswith("prob") else format_number
            row[figure] = form(interval.estimate, 0.0 if math.isnan(error) else error)
        shown[name] = row
    return pd.DataFrame.from_dict(shown, orient="index").rename_axis("plan")
