"""What the scenarios of a run hold: single metrics, their quantiles and chances."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from gtmsim.alternatives import Versions
from gtmsim.core._types import Floats
from gtmsim.errors import MetricError, check_levels, check_number
from gtmsim.histograms import RELATIVE_WIDTH
from gtmsim.plan import CampaignProgram, Plan
from gtmsim.result.parts import StoredScenarios
from gtmsim.summary import METRICS, Summary, place_of

PORTFOLIO = "portfolio"


@dataclass(frozen=True, repr=False, eq=False)
class Outcomes:
    """The scenarios of a run; the base of :class:`gtmsim.PortfolioResult`, which has the words."""

    plan: Plan
    seed: int
    manifest: dict[str, Any]
    distributions: Summary
    kept: Floats | None
    alternatives: Versions = field(default_factory=dict)
    stored: StoredScenarios | None = None

    @property
    def scenarios(self) -> int:
        """Number of scenarios simulated.

        Examples
        --------
        >>> import gtmsim as gtm
        >>> result = gtm.simulate_portfolio(gtm.presets.example_plan(), scenarios=2_000, rng=7)
        >>> result.scenarios
        2000
        """
        return self.distributions.scenarios

    @property
    def channels(self) -> tuple[str, ...]:
        """Names of the plan's channels, in its order.

        Examples
        --------
        >>> import gtmsim as gtm
        >>> result = gtm.simulate_portfolio(gtm.presets.example_plan(), scenarios=2_000, rng=7)
        >>> result.channels
        ('mid-market', 'enterprise', 'paid social', 'content', 'PR')
        """
        return self.distributions.names[:-1]

    def values(self, metric: str = "value", channel: str = PORTFOLIO) -> Floats:
        """Return a metric in every scenario.

        Parameters
        ----------
        metric : str, default "value"
            One of value, spend, net, multiple, beyond_horizon, hits, largest, largest_share,
            top_share, effective_number.
        channel : str, default "portfolio"

        Returns
        -------
        array (scenario,)
            NaN where the metric does not exist, as a share of no value.

        Raises
        ------
        MetricError
            If the metric or the channel is unknown, or the scenarios were not kept.

        Examples
        --------
        >>> import gtmsim as gtm
        >>> result = gtm.simulate_portfolio(gtm.presets.example_plan(), scenarios=2_000, rng=7)
        >>> result.values("net", "PR").shape
        (2000,)
        """
        row = place_of(tuple(METRICS), metric, "metric")
        place = place_of(self.distributions.names, channel, "channel")
        if self.stored is not None:
            return self.stored.column(metric, channel)
        if self.kept is None:
            raise MetricError(
                "keep", "must be 'scenarios' to read single scenarios", "summary",
                "simulate again with keep='scenarios', or use quantile(), prob_at_least(), cvar()",
            )  # fmt: skip
        values: Floats = self.kept[row, place]
        values.flags.writeable = False
        return values

    def quantile(self, q: float, metric: str = "value", channel: str = PORTFOLIO) -> float:
        """Return a quantile of a metric over scenarios.

        Parameters
        ----------
        q : float in [0, 1]
            0.1 is P10, the downside: there is a 90 % chance of at least that much.
        metric, channel : str
            As in :meth:`values`.

        Returns
        -------
        float
            NaN if the metric exists in no scenario.

        Examples
        --------
        >>> import gtmsim as gtm
        >>> result = gtm.simulate_portfolio(gtm.presets.example_plan(), scenarios=2_000, rng=7)
        >>> result.quantile(0.1, "net") < 0.0 < result.quantile(0.5, "net")
        True
        """
        return float(self.quantiles((q,), metric, channel)[0])

    def quantiles(
        self, q: Sequence[float], metric: str = "value", channel: str = PORTFOLIO
    ) -> Floats:
        """Return several quantiles (quantile,) of a metric at once; see :meth:`quantile`.

        Examples
        --------
        >>> import gtmsim as gtm
        >>> result = gtm.simulate_portfolio(gtm.presets.example_plan(), scenarios=2_000, rng=7)
        >>> result.quantiles((0.1, 0.5, 0.9), "hits", "PR").tolist()
        [0.0, 2.0, 3.0]
        """
        levels = check_levels(q)
        if self.kept is None:
            return self.distributions.metric(metric, channel).quantile(levels)
        values = self._defined(metric, channel)
        return np.quantile(values, levels) if values.size else np.full(levels.shape, np.nan)

    def prob_at_least(self, x: float, metric: str = "value", channel: str = PORTFOLIO) -> float:
        """Return the share of scenarios in which a metric is at least x.

        A scenario in which the metric does not exist, as a share of no value, does not reach x.
        Where scenarios were not kept, x is told apart to 1/128 of itself; the plan's own target is
        counted exactly.

        Examples
        --------
        >>> import gtmsim as gtm
        >>> result = gtm.simulate_portfolio(gtm.presets.example_plan(), scenarios=2_000, rng=7)
        >>> result.prob_at_least(10_000_000)
        0.806
        """
        x = check_number("x", x)
        if metric == "value" and channel == PORTFOLIO and x == self.plan.target:
            return self.distributions.reached / self.scenarios
        if self.kept is None:
            histogram = self.distributions.metric(metric, channel)
            n = histogram.n
            # Hits are whole numbers, and a bin may hold what lies between two of them.
            x = math.ceil(x) if metric == "hits" else x
            return histogram.share_at_least(x) * n / self.scenarios if n else 0.0
        return float(np.mean(self.values(metric, channel) >= x))

    def prob_loss(self, channel: str = PORTFOLIO) -> float:
        """Return the share of scenarios in which value falls short of spend.

        Examples
        --------
        >>> import gtmsim as gtm
        >>> result = gtm.simulate_portfolio(gtm.presets.example_plan(), scenarios=2_000, rng=7)
        >>> result.prob_loss("PR")
        0.6965
        """
        if self.kept is None:
            histogram = self.distributions.metric("net", channel)
            return float(histogram.counts[histogram.upper < 0.0].sum()) / histogram.n
        return float(np.mean(self.values("net", channel) < 0.0))

    def cvar(self, level: float = 0.95, metric: str = "net", channel: str = PORTFOLIO) -> float:
        """Return the mean of a metric over its worst scenarios, the lowest 1 - level of them.

        It exists for every plan and level above 0: what can be lost is bounded by what is spent. A
        negative net is a loss.

        References
        ----------
        R. T. Rockafellar and S. Uryasev, "Conditional value-at-risk for general loss
        distributions", Journal of Banking and Finance 26 (2002), definition 3.

        Examples
        --------
        >>> import gtmsim as gtm
        >>> result = gtm.simulate_portfolio(gtm.presets.example_plan(), scenarios=2_000, rng=7)
        >>> result.cvar(0.95) < result.quantile(0.05, "net")
        True
        """
        level = check_number("level", level, low=0.0, high=1.0, low_open=True, high_open=True)
        if self.kept is None:
            return self.distributions.metric(metric, channel).lower_mean(1.0 - level)
        values = np.sort(self._defined(metric, channel))
        if not values.size:
            return float("nan")
        wanted = (1.0 - level) * values.size
        whole = min(int(wanted), values.size - 1)
        # The last scenario is taken in part, so that the level is met exactly.
        total = values[:whole].sum() + (wanted - whole) * values[whole]
        return float(total / wanted)

    @property
    def relative_error(self) -> float:
        """Largest relative error of a quantile from binning: 0 where scenarios were kept.

        Examples
        --------
        >>> import gtmsim as gtm
        >>> result = gtm.simulate_portfolio(gtm.presets.example_plan(), scenarios=2_000, rng=7)
        >>> result.relative_error
        0.0
        """
        return RELATIVE_WIDTH if self.kept is None else 0.0

    def unit_count(self, channel: str = PORTFOLIO) -> int:
        """Return the number of campaigns or seats of a channel or the portfolio.

        Examples
        --------
        >>> import gtmsim as gtm
        >>> result = gtm.simulate_portfolio(gtm.presets.example_plan(), scenarios=2_000, rng=7)
        >>> result.unit_count("PR"), result.unit_count()
        (12, 388)
        """
        place_of(self.distributions.names, channel, "channel")
        return sum(c.units for c in self.plan.channels if channel in (c.name, PORTFOLIO))

    def campaign_count(self, channel: str = PORTFOLIO) -> int:
        """Return the number of campaigns of a channel or the portfolio; a team has none.

        Examples
        --------
        >>> import gtmsim as gtm
        >>> result = gtm.simulate_portfolio(gtm.presets.example_plan(), scenarios=2_000, rng=7)
        >>> result.campaign_count("PR"), result.campaign_count("enterprise")
        (12, 0)
        """
        place_of(self.distributions.names, channel, "channel")
        programs = [c for c in self.plan.channels if isinstance(c, CampaignProgram)]
        return sum(c.units for c in programs if channel in (c.name, PORTFOLIO))

    def _defined(self, metric: str, channel: str) -> Floats:
        values = self.values(metric, channel)
        return values[~np.isnan(values)] if np.isnan(values).any() else values
