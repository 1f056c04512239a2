"""What a simulation keeps of its scenarios: a mergeable summary, and the scenarios if asked."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import numpy as np

from gtmsim.compiled import CompiledPlan
from gtmsim.core._types import Floats
from gtmsim.core.portfolio import PortfolioDraws
from gtmsim.errors import MetricError
from gtmsim.histograms import Histogram, Histograms

METRICS: Final = {
    "value": "value realised within the horizon",
    "spend": "money spent",
    "net": "value less spend",
    "multiple": "value per 1 spent",
    "beyond_horizon": "value of what was originated that falls after the horizon",
    "hits": "campaigns that returned anything",
    "largest": "value of the best campaign or seat",
    "largest_share": "share of value of the best campaign or seat",
    "top_share": "share of value of the best 1 % of spend",
    "effective_number": "campaigns and seats of equal value that would be as concentrated",
}
"""Metrics of a scenario, for each channel and the portfolio, and what they are."""

MONTHLY_METRICS: Final = {
    "value": "value realised in the month",
    "spend": "money spent in the month",
    "cumulative_value": "value realised up to the end of the month",
    "cumulative_net": "value less spend up to the end of the month",
}
"""Metrics of a month, for each channel and the portfolio, and what they are."""


def scenario_metrics(draws: PortfolioDraws, scenarios: int) -> dict[str, Floats]:
    """Return the metrics of the first ``scenarios`` of a block, each (channel, scenario).

    A ratio whose denominator is zero does not exist and is NaN.
    """
    value, spend, beyond, hits, largest, squares, top_value = (
        array[:, :scenarios]
        for array in (
            draws.value,
            draws.spend,
            draws.beyond,
            draws.hits,
            draws.largest,
            draws.squares,
            draws.top_value,
        )
    )
    with np.errstate(invalid="ignore", divide="ignore"):
        return {
            "value": value,
            "spend": spend,
            "net": value - spend,
            "multiple": np.where(spend > 0.0, value / spend, np.nan),
            "beyond_horizon": beyond,
            "hits": hits,
            "largest": largest,
            # Rounding may lift a share of everything a little above one.
            "largest_share": np.minimum(largest / value, 1.0),
            "top_share": np.minimum(top_value / value, 1.0),
            "effective_number": value * value / squares,
        }


@dataclass
class Summary:
    """Counts of every metric's values, by channel and by month: mergeable, of constant size.

    Attributes
    ----------
    names : tuple of str
        Channels, and "portfolio" in the last place.
    horizon : int
        Months.
    target : float or None
        The plan's target; scenarios whose portfolio value reaches it are counted exactly.
    scenarios : int
        Number of scenarios summarised.
    reached : int
        Number of them that reach the target.
    """

    names: tuple[str, ...]
    horizon: int
    target: float | None
    scenarios: int = 0
    reached: int = 0
    totals: Histograms = field(init=False, repr=False)
    months: Histograms = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self.totals = Histograms(len(METRICS) * len(self.names))
        self.months = Histograms(len(MONTHLY_METRICS) * len(self.names) * self.horizon)

    @classmethod
    def of(cls, compiled: CompiledPlan) -> Summary:
        """Return an empty summary of a plan."""
        return cls(compiled.names, compiled.plan.horizon, compiled.plan.target)

    def add(self, draws: PortfolioDraws, metrics: dict[str, Floats], scenarios: int) -> None:
        """Count the first ``scenarios`` of a block."""
        self.totals.add(np.concatenate(list(metrics.values())))
        shape = (len(MONTHLY_METRICS), len(self.names), self.horizon, scenarios)
        rows = np.empty(shape)
        value, spend, cumulative_value, cumulative_net = rows
        value[:] = draws.month[..., :scenarios]
        spend[:] = draws.spend_month[..., :scenarios]
        np.cumsum(value, axis=1, out=cumulative_value)
        np.cumsum(spend, axis=1, out=cumulative_net)
        np.subtract(cumulative_value, cumulative_net, out=cumulative_net)
        self.months.add(rows.reshape(-1, scenarios))
        if self.target is not None:
            self.reached += int(np.count_nonzero(metrics["value"][-1] >= self.target))
        self.scenarios += scenarios

    def merge(self, other: Summary) -> None:
        """Add the scenarios of another summary of the same plan: exact, in any order."""
        self.totals.merge(other.totals)
        self.months.merge(other.months)
        self.scenarios += other.scenarios
        self.reached += other.reached

    def metric(self, metric: str, channel: str) -> Histogram:
        """Return the distribution of a metric over scenarios."""
        return self.totals.row(_place(METRICS, metric) * len(self.names) + self._channel(channel))

    def month(self, metric: str, channel: str, month: int) -> Histogram:
        """Return the distribution of a month's metric over scenarios."""
        series = _place(MONTHLY_METRICS, metric) * len(self.names) + self._channel(channel)
        return self.months.row(series * self.horizon + month)

    def _channel(self, channel: str) -> int:
        return place_of(self.names, channel, "channel")


def place_of(names: tuple[str, ...], name: str, what: str) -> int:
    """Return where a name stands, or raise a MetricError that lists the known ones."""
    if name not in names:
        raise MetricError(what, f"must be one of {', '.join(map(repr, names))}", name)
    return names.index(name)


def _place(metrics: dict[str, str], metric: str) -> int:
    return place_of(tuple(metrics), metric, "metric")
