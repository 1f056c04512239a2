"""The answer: how much of each channel, what that is worth, and against what."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import pandas as pd

from gtmsim.notebook import Block, Shown
from gtmsim.plan import Plan
from gtmsim.result.display import format_number, format_share
from gtmsim.statistics import Interval


@dataclass(frozen=True, repr=False, eq=False)
class Allocation(Shown):
    """What :func:`allocate` returns.

    Attributes
    ----------
    budget : float
    objective : str
        In words.
    plan : Plan or None
        The best mix, ready to be simulated; None if nothing is best.
    value : Interval
        The objective on fresh random numbers, which no search has seen.
    in_sample : float
        The objective on the random numbers that were searched on: an optimum is found partly by
        their luck, so it is too good on average.
    optimism : Interval
        ``in_sample`` less ``value``, the optimiser's curse; its interval allows for both samples.
    slack : float
        Money that is not placed.
    slack_reasons : tuple of str
        Why no channel takes it, a sentence for each.
    method : str
        "exhaustive" or "search".
    looked_at : int
        Mixes of which the objective was taken.
    seed, fresh_seed : int
        ``simulate_portfolio(plan, scenarios=..., rng=fresh_seed)`` draws the fresh scenarios again.

    Examples
    --------
    >>> import gtmsim as gtm
    >>> from gtmsim.decide import Quantile
    >>> teams = [gtm.presets.midmarket_ae(), gtm.presets.smb_ae()]
    >>> best = gtm.allocate(2e6, teams, Quantile(0.5), horizon=24, scenarios=1_000, rng=7)
    >>> placed = best.table()["spend"].sum()
    >>> bool(abs(placed + best.slack - 2e6) < 1e-3)
    True
    """

    budget: float
    objective: str
    plan: Plan | None
    value: Interval
    in_sample: float
    optimism: Interval
    slack: float
    slack_reasons: tuple[str, ...]
    method: str
    looked_at: int
    seed: int
    fresh_seed: int
    is_probability: bool
    _table: pd.DataFrame
    _comparison: pd.DataFrame
    _constraints: pd.DataFrame

    def table(self) -> pd.DataFrame:
        """Return one row per channel.

        Returns
        -------
        DataFrame
            Index channel. Columns: size (hires or campaigns), spend_each (per campaign, NaN for a
            team or where campaigns differ), spend (expected, present value), share (of the budget),
            unit, marginal (what the last unit adds to the objective), marginal_low and
            marginal_high, at ("least", "most" or "" within its range).
        """
        return self._table.copy()

    def comparison(self) -> pd.DataFrame:
        """Return the optimum beside the starting plan, an equal split and a random search.

        Returns
        -------
        DataFrame
            Index mix. Columns: spend, in_sample, fresh, fresh_low, fresh_high (the objective),
            advantage, advantage_low, advantage_high (of the optimum over this mix, on fresh random
            numbers, paired by scenario), meets_constraints.
        """
        return self._comparison.copy()

    def constraints(self) -> pd.DataFrame:
        """Return how well the constraints of scenarios are kept.

        Returns
        -------
        DataFrame
            Index constraint. Columns: asked (probability), in_sample, fresh, fresh_low, fresh_high.
        """
        return self._constraints.copy()

    def explain(self) -> str:
        """Return the answer in words, a sentence or two a line."""
        lines = [self.verdict]
        placed = f"{self.budget - self.slack:,.6g} of {self.budget:,.6g} is placed"
        lines.append(
            f"{placed}; {'; '.join(self.slack_reasons)}." if self.slack_reasons else f"{placed}."
        )
        for mix, row in self._comparison.iloc[1:].iterrows():
            lines.append(f"Against {mix}: {self._advantage(row)}.")
        optimism = self.optimism
        lines.append(
            f"On the scenarios that were searched on it was {self._shown(self.in_sample)}: "
            f"{self._shown(optimism.estimate)} above fresh ones, between "
            f"{self._shown(optimism.low)} and {self._shown(optimism.high)}."
        )
        for name, row in self._constraints.iterrows():
            kept = format_share(row["fresh"], (row["fresh_high"] - row["fresh_low"]) / 4.0)
            lines.append(f"{name} is kept to in {kept} of fresh scenarios.")
        return "\n".join(lines)

    @property
    def verdict(self) -> str:
        """The answer in one sentence."""
        held = self._table[self._table["size"] > 0]
        parts = [
            f"{name} {_counted(int(row['size']), row['unit_of_size'])} ({row['spend']:,.4g})"
            for name, row in held.iterrows()
        ]
        mix = ", ".join(parts) or "nothing"
        low, high = self._shown(self.value.low), self._shown(self.value.high)
        return f"{mix}: {self.objective} is {self._shown(self.value.estimate)} ({low} to {high})."

    def _shown(self, x: float) -> str:
        error = self.value.half_width / 2.0
        return format_share(x, error) if self.is_probability else format_number(x, error)

    def _advantage(self, row: Any) -> str:
        ends = [self._shown(row[f"advantage{end}"]) for end in ("", "_low", "_high")]
        return f"{ends[0]} better ({ends[1]} to {ends[2]})"

    def _block(self) -> Block:
        table = self._table
        shown = pd.DataFrame(
            {
                "size": table["size"].map("{:,.0f}".format),
                "spend each": table["spend_each"].map(_money),
                "spend": table["spend"].map(_money),
                "share": table["share"].map("{:.1%}".format),
                "one more": table["unit"],
                "adds": [self._marginal(row) for _, row in table.iterrows()],
                "at": table["at"],
            }
        )
        finding, *notes = self.explain().splitlines()
        return Block(finding, (), shown, notes)

    def _marginal(self, row: Any) -> str:
        error = (row["marginal_high"] - row["marginal_low"]) / 4.0
        form = format_share if self.is_probability else format_number
        return form(row["marginal"], error if math.isfinite(error) else 0.0)


def _money(amount: float) -> str:
    return format_number(amount, 0.0)


def _counted(size: int, unit: str) -> str:
    return f"{size:,} {unit}{'s' if size != 1 else ''}"
