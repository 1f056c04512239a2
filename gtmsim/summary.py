"""What a simulation keeps of its scenarios: a mergeable summary, and the scenarios if asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt

from gtmsim.compiled import CompiledPlan
from gtmsim.core._types import Floats
from gtmsim.core.portfolio import PortfolioDraws, accumulate_months, subtract
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


Packed: TypeAlias = Mapping[str, npt.NDArray[Any]]
"""A summary as it is stored and sent, without its empty bins."""

_LEAST_SQUARES: Final = 1e-290
"""Sum of squares below which it has lost digits: of values of 1e-145, which are worth nothing."""


def scenario_metrics(draws: PortfolioDraws) -> Floats:
    """Return the metrics of a block, (metric, channel, scenario) in the order of METRICS.

    A ratio whose denominator is zero does not exist and is NaN; so is the effective number of
    units whose squares a double cannot hold.
    """
    value, spend = draws.value, draws.spend
    table = np.empty((len(METRICS), *value.shape))
    metrics = dict(zip(METRICS, table, strict=True))
    metrics["value"][:] = value
    metrics["spend"][:] = spend
    metrics["beyond_horizon"][:] = draws.beyond
    metrics["hits"][:] = draws.hits
    metrics["largest"][:] = draws.largest
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        np.subtract(value, spend, out=metrics["net"])
        metrics["multiple"][:] = np.where(spend > 0.0, value / spend, np.nan)
        # Rounding may lift a share of everything a little above one.
        np.minimum(draws.largest / value, 1.0, out=metrics["largest_share"])
        np.minimum(draws.top_value / value, 1.0, out=metrics["top_share"])
        number = np.divide(value * value, draws.squares, out=metrics["effective_number"])
    number[(draws.squares < _LEAST_SQUARES) | np.isinf(draws.squares)] = np.nan
    return table


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
    months: dict[str, Histograms] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        rows = len(self.names)
        self.totals = Histograms(len(METRICS) * rows)
        self.months = {metric: Histograms(rows * self.horizon) for metric in MONTHLY_METRICS}

    @classmethod
    def of(cls, compiled: CompiledPlan) -> Summary:
        """Return an empty summary of a plan."""
        return cls(compiled.names, compiled.plan.horizon, compiled.plan.target)

    def empty_like(self) -> Summary:
        """Return an empty summary of the same plan, with room for the same bins."""
        other = Summary(self.names, self.horizon, self.target)
        other.totals = self.totals.empty_like()
        other.months = {metric: rows.empty_like() for metric, rows in self.months.items()}
        return other

    def add(self, draws: PortfolioDraws, metrics: Floats, scenarios: int) -> None:
        """Count the first ``scenarios`` of a block, and use up its months."""
        size = draws.value.shape[1]
        self.totals.add(metrics.reshape(-1, size), scenarios)
        value, spend = draws.month, draws.spend_month
        value_rows, spend_rows = value.reshape(-1, size), spend.reshape(-1, size)
        self.months["value"].add(value_rows, scenarios)
        self.months["spend"].add(spend_rows, scenarios)
        # In place: the months are not needed again, and memory is what this costs.
        accumulate_months(value, spend)
        self.months["cumulative_value"].add(value_rows, scenarios)
        subtract(value, spend)
        self.months["cumulative_net"].add(value_rows, scenarios)
        if self.target is not None:
            reached = draws.value[-1, :scenarios] >= self.target
            self.reached += int(np.count_nonzero(reached))
        self.scenarios += scenarios

    def merge(self, other: Summary) -> None:
        """Add the scenarios of another summary of the same plan: exact, in any order."""
        self.totals.merge(other.totals)
        for metric, histograms in self.months.items():
            histograms.merge(other.months[metric])
        self.scenarios += other.scenarios
        self.reached += other.reached

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Return its counts, ready to be stored or sent; :meth:`with_arrays` takes them back."""
        parts = {"totals": self.totals, **self.months}
        found = {f"{name}.{k}": v for name, part in parts.items() for k, v in part.arrays().items()}
        return {**found, "counted": np.array([self.scenarios, self.reached])}

    def with_arrays(self, arrays: Packed) -> Summary:
        """Return a summary of the same plan with the counts that were stored.

        Raises
        ------
        KeyError, ValueError
            If they are not those of such a summary.
        """
        other = Summary(self.names, self.horizon, self.target)

        def stored(name: str, rows: int) -> Histograms:
            start = f"{name}."
            own = {k.removeprefix(start): v for k, v in arrays.items() if k.startswith(start)}
            found = Histograms.from_arrays(own)
            if found.rows != rows:
                raise ValueError(f"{name} has {found.rows} rows, not {rows}")
            return found

        other.totals = stored("totals", self.totals.rows)
        other.months = {name: stored(name, part.rows) for name, part in self.months.items()}
        other.scenarios, other.reached = arrays["counted"].tolist()
        return other

    def metric(self, metric: str, channel: str) -> Histogram:
        """Return the distribution of a metric over scenarios."""
        place = place_of(tuple(METRICS), metric, "metric")
        return self.totals.row(place * len(self.names) + self._channel(channel))

    def month(self, metric: str, channel: str, month: int) -> Histogram:
        """Return the distribution of a month's metric over scenarios."""
        place_of(tuple(MONTHLY_METRICS), metric, "metric")
        return self.months[metric].row(self._channel(channel) * self.horizon + month)

    def _channel(self, channel: str) -> int:
        return place_of(self.names, channel, "channel")


def place_of(names: tuple[str, ...], name: str, what: str) -> int:
    """Return where a name stands, or raise a MetricError that lists the known ones."""
    if name not in names:
        raise MetricError(what, f"must be one of {', '.join(map(repr, names))}", name)
    return names.index(name)
