"""Cash: what a run says of payback, need of cash and worth, with intervals."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from gtmsim.alternatives import Versions, mixed_moments
from gtmsim.core._types import Floats, Ints
from gtmsim.core.cash import DRAWDOWN, IRR, NPV, PAYBACK, PEAK, ROOTS, RUNWAY
from gtmsim.core.streams import LANES
from gtmsim.decide.cash.display import cash_block, cash_words
from gtmsim.errors import ArgumentError, MetricError, PrecisionError, check_number
from gtmsim.exact import exact_moments
from gtmsim.notebook import Block, Shown
from gtmsim.plan import Plan
from gtmsim.statistics import (
    Interval,
    mean_interval,
    probability_interval,
    quantile_interval,
)
from gtmsim.statistics.clusters import (
    clustered_mean_interval,
    clustered_probability_interval,
    clustered_quantile_interval,
)
from gtmsim.tails import tail_contract

PORTFOLIO = "portfolio"
METRICS = {
    "payback": "months until cumulative net is 0 or more for good",
    "peak_funding": "largest deficit of cumulative net",
    "drawdown": "largest fall of cumulative net from an earlier height",
    "runway": "months that the opening cash lasts",
    "irr": "internal rate of return per year",
    "npv": "net present value at a discount rate",
}
"""Figures of a scenario, for each channel and the portfolio."""

_ROWS = {
    "payback": PAYBACK,
    "peak_funding": PEAK,
    "drawdown": DRAWDOWN,
    "runway": RUNWAY,
    "irr": IRR,
}


@dataclass(frozen=True, repr=False, eq=False)
class Cash(Shown):
    """The cash of a plan: what :func:`gtmsim.decide.cash.cash` returns.

    Attributes
    ----------
    plan : Plan
    seed : int
        Seed that replays it.
    discount_rates : tuple of float
        Per year.
    opening : float
        Cash at the start.
    level : float
        Of all intervals.
    alternatives : dict of str to tuple
        Equally likely versions of channels; empty where parameters do not vary.

    Notes
    -----
    *Payback* is the number of months after which cumulative net is 0 or more and stays so to the
    horizon: 3 if the third month pays the rest back, 0 where nothing was ever short, infinite where
    it is short at the horizon. A balance that rises above 0 and falls below again has not paid
    back. *Peak funding* is the largest deficit, 0 where there is none. *Runway* is how many whole
    months opening cash and what comes in last, infinite where they do to the horizon; where they
    do not is *ruin*. The *internal rate of return* exists where net present value falls through 0
    at exactly one rate between -99 % and 10,000 % a year.

    Examples
    --------
    >>> import gtmsim as gtm
    >>> from gtmsim.decide.cash import cash
    >>> flow = cash(gtm.presets.example_plan(), scenarios=2_000, rng=7, opening=5_000_000)
    >>> flow.quantile("peak_funding", 0.9).estimate > flow.quantile("peak_funding", 0.5).estimate
    True
    """

    plan: Plan
    seed: int
    discount_rates: tuple[float, ...]
    opening: float
    level: float
    kept: Floats
    alternatives: Versions

    @property
    def scenarios(self) -> int:
        """Number of scenarios simulated."""
        return int(self.kept.shape[2])

    @property
    def channels(self) -> tuple[str, ...]:
        """Names of the plan's channels, in its order."""
        return tuple(channel.name for channel in self.plan.channels)

    def values(self, metric: str, channel: str = PORTFOLIO, *, rate: float | None = None) -> Floats:
        """Return a figure in every scenario.

        Parameters
        ----------
        metric : {"payback", "peak_funding", "drawdown", "runway", "irr", "npv"}
            Runway is that of the portfolio, which has the opening cash.
        channel : str, default "portfolio"
        rate : float, optional
            One of the discount rates, for "npv"; by default the first.

        Returns
        -------
        array (scenario,)
            Infinite where it never comes to payback or ruin, NaN where there is no rate of return.

        Raises
        ------
        MetricError
            If there is no such figure or channel.
        ArgumentError
            If the rate is none of the discount rates.
        """
        if metric not in METRICS:
            raise MetricError("metric", f"must be one of {', '.join(METRICS)}", metric)
        place = self._place(channel)
        if metric == "runway" and channel != PORTFOLIO:
            fix = "only the portfolio has opening cash: ask for peak_funding"
            raise MetricError("metric", "must not be runway of a channel", channel, fix)
        row = self._npv_row(rate) if metric == "npv" else _ROWS[metric]
        values: Floats = self.kept[row, place]
        values.flags.writeable = False
        return values

    def quantile(
        self, metric: str, q: float, channel: str = PORTFOLIO, *, rate: float | None = None
    ) -> Interval:
        """Return a quantile of a figure over scenarios, with its interval.

        Parameters
        ----------
        metric, channel, rate
            As in :meth:`values`.
        q : float
            Above 0 and below 1.

        Returns
        -------
        Interval
            By order statistics. Infinite where payback or ruin never comes; that of the internal
            rate is among scenarios that have one, NaN if none has.
        """
        q = check_number("q", q, low=0.0, high=1.0, low_open=True, high_open=True)
        values = self.values(metric, channel, rate=rate)
        defined = np.flatnonzero(~np.isnan(values))
        if not defined.size:
            return Interval(math.nan, math.nan, math.nan, self.level, "none")
        # "Never" is later than every month, and quantiles are drawn between numbers only.
        never = float(self.plan.horizon + 2)
        months = metric in ("payback", "runway")
        known = np.where(np.isinf(values), never, values)[defined] if months else values[defined]
        if self.alternatives:
            block = self._blocks()[defined]
            found = clustered_quantile_interval(known, block, q, self.level)
        else:
            found = quantile_interval(known, q, self.level)
        if not months:
            return found
        estimate, low, high = (
            math.inf if end > self.plan.horizon else end
            for end in (found.estimate, found.low, found.high)
        )
        return Interval(estimate, low, high, found.level, found.method)

    def prob_payback(self, months: float, channel: str = PORTFOLIO) -> Interval:
        """Return the probability that a plan or a channel pays back within so many months.

        Parameters
        ----------
        months : float
            Whole months from the start; at the horizon it is that of paying back at all.
        channel : str, default "portfolio"

        Returns
        -------
        Interval
            Wilson's.

        Raises
        ------
        ArgumentError, ArgumentTypeError
            If the months are not between 0 and the horizon: what comes after is not simulated.
        """
        horizon = self.plan.horizon
        fix = f"the plan ends after {horizon} months: set a longer horizon"
        months = check_number("months", months, low=0.0, high=float(horizon), fix=fix)
        return self._probability(self.values("payback", channel) <= months)

    def prob_ruin(self, opening: float | None = None) -> Interval:
        """Return the probability that cash falls below 0 in some month.

        Parameters
        ----------
        opening : float, optional
            Cash at the start (currency); by default that of the run. What has to be there for a
            probability of q is the quantile 1 - q of peak funding.

        Returns
        -------
        Interval
            Wilson's.
        """
        if opening is None:
            return self._probability(np.isfinite(self.values("runway")))
        opening = check_number("opening", opening, low=0.0)
        return self._probability(self.values("peak_funding") > opening)

    def prob_negative(self, rate: float | None = None, channel: str = PORTFOLIO) -> Interval:
        """Return the probability that net present value is below 0, Wilson's interval.

        ``rate`` is one of the discount rates, by default the first.
        """
        return self._probability(self.values("npv", channel, rate=rate) < 0.0)

    def irr_missing(self, channel: str = PORTFOLIO) -> dict[str, Interval]:
        """Return the shares of scenarios that have no internal rate of return.

        Returns
        -------
        dict
            "none": net present value never falls through 0, as where all money comes before it is
            spent or nothing comes back; "several": it crosses 0 at several rates.
        """
        missing = np.isnan(self.values("irr", channel))
        several = self.kept[ROOTS, self._place(channel)] > 1.0
        return {
            "none": self._probability(missing & ~several),
            "several": self._probability(several),
        }

    @cached_property
    def table(self) -> pd.DataFrame:
        """One row per channel and the portfolio, with the ends of every interval.

        Columns (figure, estimate or low or high): prob_payback (by the horizon), payback_p50,
        payback_p90, peak_funding_p50, peak_funding_p90, drawdown_p90, irr_p50, prob_no_irr; of the
        portfolio alone also prob_ruin and runway_p10.
        """
        rows = {name: self.row(name) for name in (*self.channels, PORTFOLIO)}
        return _framed(rows).rename_axis("channel")

    @cached_property
    def npv(self) -> pd.DataFrame:
        """Net present value by channel and discount rate, with the ends of every interval.

        Columns (figure, estimate or low or high): p10, p50, p90, prob_negative, and mean. That is
        exact where it has a closed form, infinite where it does not exist, else that of the
        scenarios; NaN where it is not known, or they are too few for it.
        """
        rows = {}
        for rate in self.discount_rates:
            means = self._exact_means(rate)
            for name in (*self.channels, PORTFOLIO):
                rows[name, rate] = {
                    "p10": self.quantile("npv", 0.1, name, rate=rate),
                    "p50": self.quantile("npv", 0.5, name, rate=rate),
                    "p90": self.quantile("npv", 0.9, name, rate=rate),
                    "prob_negative": self.prob_negative(rate, name),
                    "mean": self._mean(name, rate, means[name]),
                }
        return _framed(rows).rename_axis(["channel", "discount_rate"])

    def explain(self) -> str:
        """Return what a planner would say of it, in a few sentences."""
        return cash_words(self)

    def row(self, name: str) -> dict[str, Interval]:
        """Return the figures of a row of the table, each with its interval."""
        row = {
            "prob_payback": self.prob_payback(self.plan.horizon, name),
            "payback_p50": self.quantile("payback", 0.5, name),
            "payback_p90": self.quantile("payback", 0.9, name),
            "peak_funding_p50": self.quantile("peak_funding", 0.5, name),
            "peak_funding_p90": self.quantile("peak_funding", 0.9, name),
            "drawdown_p90": self.quantile("drawdown", 0.9, name),
            "irr_p50": self.quantile("irr", 0.5, name),
            "prob_no_irr": self._probability(np.isnan(self.values("irr", name))),
        }
        if name == PORTFOLIO:
            row |= {"prob_ruin": self.prob_ruin(), "runway_p10": self.quantile("runway", 0.1)}
        return row

    def _exact_means(self, rate: float) -> pd.Series:
        plan, versions = self.plan.replace(discount_rate=rate), self.alternatives
        exact = mixed_moments(plan, versions) if versions else exact_moments(plan)
        return exact["net_mean"]

    def _mean(self, name: str, rate: float, exact: float) -> Interval:
        sampled = math.isnan(exact) and self._tail.loc[name, "variance_exists"]
        if sampled:
            values = self.values("npv", name, rate=rate)
            try:
                if self.alternatives:
                    return clustered_mean_interval(values, self._blocks(), self.level)
                return mean_interval(values, self.level)
            except PrecisionError:
                pass
        return Interval(exact, exact, exact, self.level, "exact")

    @cached_property
    def _tail(self) -> pd.DataFrame:
        return tail_contract(self.plan, self.alternatives)

    def _probability(self, inside: np.ndarray) -> Interval:
        if self.alternatives:
            return clustered_probability_interval(inside, self._blocks(), self.level)
        return probability_interval(int(np.count_nonzero(inside)), inside.size, self.level)

    def _blocks(self) -> Ints:
        return np.arange(self.scenarios) // LANES

    def _place(self, channel: str) -> int:
        names = (*self.channels, PORTFOLIO)
        if channel not in names:
            raise MetricError("channel", f"must be one of {', '.join(map(repr, names))}", channel)
        return names.index(channel)

    def _npv_row(self, rate: float | None) -> int:
        if not self.discount_rates:
            rule, fix = "must not be asked without discount rates", "give discount_rates"
            raise MetricError("metric", rule, "npv", fix)
        if rate is None:
            return NPV
        if rate not in self.discount_rates:
            known = ", ".join(f"{known:g}" for known in self.discount_rates)
            raise ArgumentError("rate", f"must be one of the discount rates {known}", rate)
        return NPV + self.discount_rates.index(rate)

    def _block(self) -> Block:
        return cash_block(self)


def _framed(rows: Mapping[Any, Mapping[str, Interval]]) -> pd.DataFrame:
    """Return intervals (row, figure) as a frame with columns (figure, estimate or low or high)."""
    cells = {
        key: {
            (name, part): getattr(interval, part)
            for name, interval in row.items()
            for part in ("estimate", "low", "high")
        }
        for key, row in rows.items()
    }
    frame = pd.DataFrame.from_dict(cells, orient="index")
    return frame.set_axis(pd.MultiIndex.from_tuples([*frame.columns]), axis="columns")
