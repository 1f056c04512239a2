"""PortfolioResult: one simulation's outcome, and how to read it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from gtmsim.alternatives import mixed_moments, plan_of_block
from gtmsim.exact import exact_moments
from gtmsim.notebook import Block, Shown
from gtmsim.result import tables
from gtmsim.result.display import result_block
from gtmsim.result.intervals import figure_interval
from gtmsim.result.outcomes import PORTFOLIO, Outcomes
from gtmsim.result.saving import load_result, save_result
from gtmsim.result.units import sample_units
from gtmsim.result.validation import Validation, validate
from gtmsim.statistics import Interval, TailDiagnostics, tail_diagnostics
from gtmsim.statistics.intervals import check_level
from gtmsim.summary import METRICS, place_of
from gtmsim.tails import tail_contract


@dataclass(frozen=True, repr=False, eq=False)
class PortfolioResult(Outcomes, Shown):
    """The outcome of :func:`gtmsim.simulate_portfolio`.

    Attributes
    ----------
    plan : Plan
    seed : int
        Pass it as ``rng`` to draw the same scenarios again.
    manifest : dict
        Plan hash, seed, scenarios and versions.
    alternatives : dict of str to tuple
        Equally likely versions of channels, by name; empty where parameters do not vary.
    stored : StoredScenarios, optional
        Where the scenarios are, if they are kept on disk.

    Notes
    -----
    All money is present value at the plan's discount rate. P10 is the downside: there is a 90 %
    chance of at least that much. Quantiles are those of the scenarios when they were kept; without
    them, and by month, every value is known to 1/128 of itself.

    Examples
    --------
    >>> import gtmsim as gtm
    >>> plan = gtm.presets.example_plan()
    >>> result = gtm.simulate_portfolio(plan, scenarios=2_000, rng=7)
    >>> list(result.summary().index) == [*result.channels, "portfolio"]
    True
    >>> result.quantile(0.1) < result.quantile(0.5) < result.quantile(0.9)
    True
    """

    @cached_property
    def units(self) -> pd.DataFrame:
        """Every campaign and seat of the first scenarios: scenario, channel, units, spend, value.

        They are drawn again when first asked for; see :func:`gtmsim.result.units.sample_units`.
        With alternatives all of them have the same versions: those of the first block.

        Examples
        --------
        >>> import gtmsim as gtm
        >>> result = gtm.simulate_portfolio(gtm.presets.example_plan(), scenarios=2_000, rng=7)
        >>> result.units["channel"].nunique()
        5
        """
        # At most 100 scenarios are listed, and a block is 128.
        plan = plan_of_block(self.plan, self.alternatives, self.seed, block=0)
        return sample_units(plan, self.seed, self.scenarios)

    def interval(self, metric: str, channel: str = PORTFOLIO, *, level: float = 0.95) -> Interval:
        """Return a figure with the interval that is right for it.

        Parameters
        ----------
        metric : str
            A metric and what of it: "value_p10", "net_mean", "net_cvar_95"; or one of prob_loss,
            prob_target, hit_rate, spend, top_share. "p10", "mean" and "cvar_95" are short for
            those of value and, for the last, of net.
        channel : str, default "portfolio"
        level : float, default 0.95

        Returns
        -------
        Interval
            By order statistics for quantiles, Wilson's for probabilities; for a mean the normal
            one where the variance is finite and the scenarios are many for their skewness, else
            one with a fitted tail of the plan's index. For value and net of several channels under
            a power law it is the exact mean, without width.

        Raises
        ------
        MetricError
            If there is no such figure, or it is a mean that does not exist.
        PrecisionError
            If the scenarios are too few for it.

        Examples
        --------
        >>> import gtmsim as gtm
        >>> result = gtm.simulate_portfolio(gtm.presets.example_plan(), scenarios=2_000, rng=7)
        >>> interval = result.interval("p10")
        >>> interval.low < interval.estimate < interval.high, interval.method
        (True, 'order statistics')
        """
        place_of(self.distributions.names, channel, "channel")
        return figure_interval(self, metric, channel, check_level(level))

    @cached_property
    def exact(self) -> pd.DataFrame:
        """Closed-form means and deviations; see :func:`gtmsim.exact.exact_moments`.

        Examples
        --------
        >>> import gtmsim as gtm
        >>> result = gtm.simulate_portfolio(gtm.presets.example_plan(), scenarios=2_000, rng=7)
        >>> bool(result.exact.loc["PR", "spend_mean"] < 480_000)
        True
        """
        versions = self.alternatives
        return mixed_moments(self.plan, versions) if versions else exact_moments(self.plan)

    def tail_diagnostics(self, channel: str = PORTFOLIO) -> TailDiagnostics:
        """Return what the scenarios' values say of their tail, beside what the plan says.

        See :func:`gtmsim.statistics.tail_diagnostics`, which takes scenarios as independent: with
        alternatives its intervals are too narrow.

        Raises
        ------
        MetricError
            If the scenarios were not kept.

        Examples
        --------
        >>> import gtmsim as gtm
        >>> result = gtm.simulate_portfolio(gtm.presets.example_plan(), scenarios=2_000, rng=7)
        >>> 0.0 < result.tail_diagnostics("PR").largest_share < 1.0
        True
        """
        return tail_diagnostics(self.values("value", channel))

    def summary(self, *, intervals: bool = False) -> pd.DataFrame:
        """Return one row per channel and the portfolio: what to read first.

        Parameters
        ----------
        intervals : bool, default False
            Whether to give each figure with its 95 % interval: columns are then (figure, estimate
            or low or high).

        Returns
        -------
        DataFrame
            Index channel. Columns: spend (mean), value_p10, value_p50, value_p90, value_mean (of
            the scenarios where they can tell, else exact; infinite where it does not exist, NaN
            where that is not known), net_p50, multiple_p50, prob_loss, prob_target (portfolio
            only), cvar_95 (mean net of the worst 5 % of scenarios), top_share (median share of
            value of the best 1 % of spend), hit_rate,
            beyond_horizon_p50.

        Examples
        --------
        >>> import gtmsim as gtm
        >>> result = gtm.simulate_portfolio(gtm.presets.example_plan(), scenarios=2_000, rng=7)
        >>> result.summary().loc["PR", "hit_rate"].round(3)
        np.float64(0.15)
        """
        return tables.interval_table(self) if intervals else tables.summary_table(self)

    def by_channel(
        self,
        metric: str = "value",
        quantiles: tuple[float, ...] = (0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95),
    ) -> pd.DataFrame:
        """Return quantiles of a metric: index channel, one column per quantile.

        Examples
        --------
        >>> import gtmsim as gtm
        >>> result = gtm.simulate_portfolio(gtm.presets.example_plan(), scenarios=2_000, rng=7)
        >>> result.by_channel("hits", (0.5,)).loc["PR"].tolist()
        [2.0]
        """
        return tables.channel_table(self, metric, quantiles)

    def by_month(self, quantiles: tuple[float, ...] = (0.1, 0.5, 0.9)) -> pd.DataFrame:
        """Return the plan month by month.

        Returns
        -------
        DataFrame
            Index (channel, month). A column for each metric and quantile: value and spend in the
            month, cumulative_value, cumulative_net, as value_p10 and so on.

        Examples
        --------
        >>> import gtmsim as gtm
        >>> result = gtm.simulate_portfolio(gtm.presets.example_plan(), scenarios=2_000, rng=7)
        >>> result.by_month((0.5,)).loc[("portfolio", 23)].index.tolist()
        ['value_p50', 'spend_p50', 'cumulative_value_p50', 'cumulative_net_p50']
        """
        return tables.month_table(self, quantiles)

    def to_dataframe(self) -> pd.DataFrame:
        """Return every scenario: index scenario, columns (channel, metric).

        Raises
        ------
        MetricError
            If the scenarios were not kept.

        Examples
        --------
        >>> import gtmsim as gtm
        >>> result = gtm.simulate_portfolio(gtm.presets.example_plan(), scenarios=2_000, rng=7)
        >>> result.to_dataframe()["PR"].columns[:4].tolist()
        ['value', 'spend', 'net', 'multiple']
        """
        names = self.distributions.names
        columns = {(name, m): self.values(m, name) for name in names for m in METRICS}
        frame = pd.DataFrame(columns)
        frame.columns.names = ["channel", "metric"]
        frame.index.name = "scenario"
        return frame

    def concentration(self) -> pd.DataFrame:
        """Return how much of the result hangs on how little of the spend.

        Returns
        -------
        DataFrame
            Index channel. Columns: units (campaigns or seats), top_share_p5, top_share_p50 and
            top_share_p95 (the best 1 % of spend), prob_claim (that it brings at least 99 %),
            largest_share_p50 and prob_one_is_half (the best single unit, and that it brings at
            least half), effective_number_p50.

        Examples
        --------
        >>> import gtmsim as gtm
        >>> result = gtm.simulate_portfolio(gtm.presets.example_plan(), scenarios=2_000, rng=7)
        >>> result.concentration().loc["PR", "units"]
        np.int64(12)
        """
        return tables.concentration_table(self)

    @property
    def tail(self) -> pd.DataFrame:
        """The tail contract, from the plan and not from the sample; see :mod:`gtmsim.tails`.

        Examples
        --------
        >>> import gtmsim as gtm
        >>> result = gtm.simulate_portfolio(gtm.presets.example_plan(), scenarios=2_000, rng=7)
        >>> result.tail.loc["PR", "tail"]
        'subexponential'
        """
        return tail_contract(self.plan, self.alternatives)

    def validate(self) -> Validation:
        """Compare the simulation with everything exact that applies to its plan.

        Means and spreads of value, spend and hits, the law of each program's best campaign and of
        its total, and of the portfolio's if it has programs only. Nothing of it comes from the
        kernels or from the compiled plan.

        Returns
        -------
        Validation
            Its text is one line, with the largest deviation in standard errors or with what is
            wrong; the result's own text carries it from then on. Its ``table`` lists all checks.

        Raises
        ------
        MetricError
            If the run had alternatives: exact laws are those of one plan.

        Examples
        --------
        >>> import gtmsim as gtm
        >>> from gtmsim import CampaignProgram, Pareto, Plan
        >>> law = Pareto(tail_index=1.5)
        >>> bets = CampaignProgram(name="bets", campaigns=9, spend=1.0, multiple=law)
        >>> plan = Plan(horizon=6, channels=[bets])
        >>> result = gtm.simulate_portfolio(plan, scenarios=5_000, rng=7)
        >>> result.validate().passed
        True
        """
        return self._validation

    @cached_property
    def _validation(self) -> Validation:
        return validate(self)

    def save(self, folder: str | os.PathLike[str], *, overwrite: bool = False) -> Path:
        """Write the result into a folder, from which :meth:`load` reads it back to the last bit.

        Parameters
        ----------
        folder : path
            ``run.json`` has the manifest, the plan and checksums; ``scenarios/`` the scenarios that
            were kept, in Parquet as ``pandas.read_parquet`` reads it, with a column
            "channel.metric" for each; a NumPy archive the counts behind every quantile.
        overwrite : bool, default False
            Whether another run that is in the folder may be replaced.

        Returns
        -------
        Path
            The folder.

        Raises
        ------
        StorageError
            If the folder holds another run or more of this one, or cannot be written: then it is as
            it was.

        Examples
        --------
        >>> import tempfile
        >>> import gtmsim as gtm
        >>> plan = gtm.presets.example_plan()
        >>> result = gtm.simulate_portfolio(plan, scenarios=1_000, rng=7, keep="summary")
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     again = gtm.PortfolioResult.load(result.save(folder))
        >>> again.quantile(0.1) == result.quantile(0.1)
        True
        """
        return save_result(self, Path(folder), overwrite)

    @classmethod
    def load(cls, folder: str | os.PathLike[str]) -> PortfolioResult:
        """Read a result that was saved, or a finished run from its checkpoint.

        Parameters
        ----------
        folder : path

        Raises
        ------
        StorageError
            If the folder holds no run, a damaged or unfinished one, or one of another format.

        Examples
        --------
        >>> import tempfile
        >>> import gtmsim as gtm
        >>> plan = gtm.presets.example_plan()
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     result = gtm.simulate_portfolio(
        ...         plan, scenarios=1_000, rng=7, keep="summary", checkpoint=folder
        ...     )
        ...     gtm.PortfolioResult.load(folder).summary().equals(result.summary())
        True
        """
        return cls(**load_result(Path(folder)))

    @property
    def verdict(self) -> str | None:
        """The verdict in one line once :meth:`validate` has been run, else None.

        Examples
        --------
        >>> import gtmsim as gtm
        >>> result = gtm.simulate_portfolio(gtm.presets.example_plan(), scenarios=2_000, rng=7)
        >>> result.verdict is None
        True
        >>> _ = result.validate()
        >>> result.verdict.startswith("validated")
        True
        """
        return str(self._validation) if "_validation" in self.__dict__ else None

    def to_html(self, path: str | os.PathLike[str] | None = None, **options: Any) -> str:
        """Return the report as the text of one HTML file, and write it if a path is given.

        See :func:`gtmsim.report.write_report`, which has the options and the errors.

        Examples
        --------
        >>> import gtmsim as gtm
        >>> result = gtm.simulate_portfolio(gtm.presets.example_plan(), scenarios=2_000, rng=7)
        >>> result.to_html()[:15]
        '<!doctype html>'
        """
        from gtmsim.report import write_report

        return write_report(self, path, **options)

    def _block(self) -> Block:
        return result_block(self)
