"""What staging is worth: against the same bets paid at once, and as the tail grows heavier."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from gtmsim.decide.draws import Totals, alone
from gtmsim.decide.paired import (
    Figure,
    difference,
    mean_figure,
    probability_figure,
    quantile_figure,
)
from gtmsim.decide.staged.checks import check_draws, check_numbers, check_plan, exactly, frame
from gtmsim.decide.staged.variants import at_once, same_spend, staged_program, totals, with_tail
from gtmsim.exact import exact_moments
from gtmsim.execute import ExecutorLike
from gtmsim.notebook import Block, Shown
from gtmsim.plan import CampaignProgram, Plan
from gtmsim.result.display import formatted_intervals
from gtmsim.seeds import RNGLike
from gtmsim.statistics import Interval
from gtmsim.statistics.intervals import check_level

_ROWS = ("staged", "all at once", "same spend at once")


@dataclass(frozen=True, repr=False)
class StagingValue(Shown):
    """A staged program beside the same campaigns paid at once; see :func:`value_of_staging`.

    Attributes
    ----------
    channel : str
    table : DataFrame
        Index "staged", "all at once", "same spend at once". Columns (figure, estimate or low or
        high): spend (mean), value_p10, value_p50, value_p90, net_p50, net_mean, multiple_p50,
        prob_loss. Money is present value.
    differences : DataFrame
        Index "all at once", "same spend at once". Columns (figure, estimate or low or high):
        net_p10, net_p50, net_p90 and net_mean of the staged program less theirs, paired; wins, the
        chance that its net is the higher.
    currency : str
    scenarios, seed : int

    Examples
    --------
    >>> import gtmsim as gtm
    >>> from gtmsim.plan import Staging
    >>> rule = Staging(pilot_spend=1.0, kill_share=0.8, recycle=1.0)
    >>> law = gtm.Lomax(tail_index=1.3, scale=0.4)
    >>> bets = gtm.CampaignProgram(
    ...     name="bets", campaigns=40, spend=10.0, launch=0, multiple=law, staging=rule
    ... )
    >>> plan = gtm.Plan(horizon=12, channels=[bets])
    >>> found = gtm.value_of_staging(plan, scenarios=1_000, rng=7)
    >>> found.table["spend", "estimate"].to_dict()
    {'staged': 400.0, 'all at once': 400.0, 'same spend at once': 400.0}
    """

    channel: str
    table: pd.DataFrame
    differences: pd.DataFrame
    currency: str
    scenarios: int
    seed: int

    @property
    def verdict(self) -> str:
        """The answer in one sentence."""
        row = self.differences.loc["same spend at once"]
        apart = [row["net_p50", end] for end in ("estimate", "low", "high")]
        spent = self.table["spend", "estimate"]
        share = spent["staged"] / spent["all at once"]
        return (
            f"Staging changes the median net of {self.channel!r} by {apart[0]:+,.0f} "
            f"{self.currency} ({apart[1]:+,.0f} to {apart[2]:+,.0f}) against the same money paid "
            f"at once, and has the higher net in {row['wins', 'estimate']:.0%} of scenarios; it "
            f"spends {share:.0%} of the budget."
        )

    def _block(self) -> Block:
        return Block(self.verdict, (), formatted_intervals(self.table, ("wins",)))


def value_of_staging(
    plan: Plan,
    channel: str | None = None,
    *,
    scenarios: int = 20_000,
    rng: RNGLike = None,
    level: float = 0.95,
    workers: int | None = None,
    executor: ExecutorLike | None = None,
) -> StagingValue:
    """Compare a staged program with the same campaigns paid at once.

    Parameters
    ----------
    plan : Plan
        Gives the months and the market; other channels do not matter.
    channel : str, optional
        The staged program; it can be left out where there is one.
    scenarios : int, default 20_000
        At least 1,000.
    rng : None, int, SeedSequence or Generator, optional
        Every campaign has the same multiple on all sides.
    level : float, default 0.95
        Of the intervals.
    workers : int, optional
        Threads; they never change the result.
    executor : concurrent.futures.Executor or dask Client, optional
        Where to run, to the same bits; see :func:`gtmsim.simulate_portfolio`.

    Returns
    -------
    StagingValue

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If an argument breaks its rule.

    Notes
    -----
    "all at once" pays every campaign its whole ``spend`` at the launch. "same spend at once" pays
    each of them less, so that all together cost what the staged program costs on average: what lies
    between the two is learning alone, less the months that survivors have waited.

    Examples
    --------
    >>> from gtmsim import CampaignProgram, Lomax, Plan
    >>> from gtmsim.plan import Staging
    >>> bets = CampaignProgram(name="bets", campaigns=40, spend=10.0, launch=0,
    ...                        multiple=Lomax(tail_index=1.3, scale=0.4),
    ...                        staging=Staging(pilot_spend=1.0, kill_share=0.8, recycle=1.0))
    >>> found = value_of_staging(Plan(horizon=12, channels=[bets]), scenarios=1_000, rng=7)
    >>> bool(found.differences.loc["same spend at once", ("net_p50", "low")] > 0.0)
    True
    """
    program, staging = staged_program(check_plan(plan), channel)
    draws, level = check_draws(scenarios, rng, workers, executor), check_level(level)
    staged = totals(plan, program, draws)
    once = at_once(program, staging)
    same = same_spend(plan, program, staging, float(staged.spend.mean()), draws)
    programs = dict(zip(_ROWS, (program, once, same), strict=True))
    outcomes = {name: totals(plan, version, draws) for name, version in programs.items()}
    figures = {
        name: _figures(outcomes[name], alone(plan, version.replace(feeds=None)), level)
        for name, version in programs.items()
    }
    rows: dict[str, dict[str, Interval]] = {}
    differences: dict[str, dict[str, Interval]] = {}
    for name, own in figures.items():
        spend = float(outcomes[name].spend.mean())
        cells = {"spend": Interval(spend, spend, spend, level, "mean")}
        cells |= {figure: part.interval for figure, part in own.items() if figure in _SHOWN}
        rows[name] = cells
    for name in _ROWS[1:]:
        compared = ("net_p10", "net_p50", "net_p90", "net_mean")
        cells = {f: difference(figures["staged"][f], figures[name][f]) for f in compared}
        better = staged.net > outcomes[name].net
        cells["wins"] = probability_figure(better, level).interval
        differences[name] = cells
    return StagingValue(
        channel=program.name,
        table=frame(rows, ["version"]),
        differences=frame(differences, ["version"]),
        currency=plan.currency,
        scenarios=draws.scenarios,
        seed=draws.seed,
    )


_SHOWN = (
    "value_p10", "value_p50", "value_p90", "net_p50", "net_mean", "multiple_p50", "prob_loss",
)  # fmt: skip


def _figures(outcome: Totals, plan: Plan, level: float) -> dict[str, Figure]:
    quantiles = {"p10": 0.1, "p50": 0.5, "p90": 0.9}
    figures = {
        f"{metric}_{name}": quantile_figure(outcome.of(metric), q, level)
        for metric in ("value", "net")
        for name, q in quantiles.items()
    }
    figures["net_mean"] = mean_figure(outcome.net, plan, "net", level)
    figures["multiple_p50"] = quantile_figure(outcome.value / outcome.spend, 0.5, level)
    figures["prob_loss"] = probability_figure(outcome.net < 0.0, level)
    return figures


@dataclass(frozen=True, repr=False)
class StagingByTail(Shown):
    """What staging is worth by tail index; see :func:`staging_by_tail`.

    Attributes
    ----------
    channel : str
    table : DataFrame
        Index tail_index. Columns (figure, estimate or low or high): best_fifth, the share of value
        that the best fifth of campaigns holds in the long run; once_mean and staged_mean, mean
        value over mean spend, NaN where there is no closed form; once_p50 and staged_p50, the
        median of value per 1 spent; gain, the latter over the former, less 1, paired; wins, the
        chance that the staged program returns more per 1 spent. "once" pays the same money at the
        launches.
    scenarios, seed : int

    Examples
    --------
    >>> import gtmsim as gtm
    >>> from gtmsim.plan import Staging
    >>> rule = Staging(pilot_spend=1.0, kill_share=0.8, recycle=1.0)
    >>> law = gtm.Pareto(tail_index=1.5, minimum=0.5)
    >>> bets = gtm.CampaignProgram(
    ...     name="bets", campaigns=40, spend=10.0, launch=0, multiple=law, staging=rule
    ... )
    >>> plan = gtm.Plan(horizon=12, channels=[bets])
    >>> found = gtm.decide.staging_by_tail(plan, None, (1.3, 3.0), scenarios=1_000, rng=7)
    >>> bool(found.table.loc[1.3, ("gain", "low")] > found.table.loc[3.0, ("gain", "high")])
    True
    """

    channel: str
    table: pd.DataFrame
    scenarios: int
    seed: int

    @property
    def verdict(self) -> str:
        """The answer in one sentence."""
        gain = self.table["gain", "estimate"]
        heavy, light = self.table.index.min(), self.table.index.max()
        holds = self.table["best_fifth", "estimate"]
        return (
            f"With a tail index of {light:g} the best fifth of campaigns holds {holds[light]:.0%} "
            "of the value and staging changes the median return of the same money by "
            f"{gain[light]:+.0%}; with {heavy:g} it holds {holds[heavy]:.0%} and staging changes "
            f"it by {gain[heavy]:+.0%}."
        )

    def _block(self) -> Block:
        return Block(
            self.verdict, (), formatted_intervals(self.table, ("best_fifth", "gain", "wins"))
        )


def staging_by_tail(
    plan: Plan,
    channel: str | None = None,
    tail_indices: Sequence[float] = (1.1, 1.3, 1.6, 2.0, 3.0, 5.0),
    *,
    scenarios: int = 20_000,
    rng: RNGLike = None,
    level: float = 0.95,
    workers: int | None = None,
    executor: ExecutorLike | None = None,
) -> StagingByTail:
    """Return what staging a program is worth, by the tail index of its multiples.

    The mean multiple stays what it is: a heavier tail puts more of it into fewer campaigns.

    Parameters
    ----------
    plan : Plan
    channel : str, optional
        A staged program whose multiple is a Pareto or Lomax law.
    tail_indices : sequence of float
    scenarios, rng, level, workers, executor
        As in :func:`value_of_staging`.

    Returns
    -------
    StagingByTail

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If an argument breaks its rule, or there is no mean to keep.

    Notes
    -----
    If the best share q of many campaigns is kept without error, all money goes to what holds
    q**(1 - 1/alpha) of the value of a Pareto law: each 1 returns q**(-1/alpha) as much, 3.8 times
    with q = 0.2 and alpha = 1.2, and 1.4 times with alpha = 5.

    Examples
    --------
    >>> from gtmsim import CampaignProgram, Pareto, Plan
    >>> from gtmsim.plan import Staging
    >>> bets = CampaignProgram(name="bets", campaigns=40, spend=10.0, launch=0,
    ...                        multiple=Pareto(tail_index=1.5, minimum=0.5),
    ...                        staging=Staging(pilot_spend=1.0, kill_share=0.8, recycle=1.0))
    >>> found = staging_by_tail(Plan(horizon=12, channels=[bets]), None, (1.3, 3.0),
    ...                         scenarios=1_000, rng=7)
    >>> bool(found.table["gain", "estimate"].is_monotonic_decreasing)
    True
    """
    program, staging = staged_program(check_plan(plan), channel)
    draws, level = check_draws(scenarios, rng, workers, executor), check_level(level)
    rows = {}
    for i, index in enumerate(check_numbers("tail_indices", tail_indices, low=0.0)):
        varied = with_tail(program, index, f"tail_indices[{i}]")
        staged = totals(plan, varied, draws)
        spent = float(staged.spend.mean())
        once = same_spend(plan, varied, staging, spent, draws)
        before = totals(plan, once, draws)
        one, other = (quantile_figure(t.value / t.spend, 0.5, level) for t in (staged, before))
        holds = varied.multiple.top_share(0.2, hit_rate=varied.hit_rate, cap=varied.cap)
        rows[index] = {
            "best_fifth": exactly(holds, level),
            "once_mean": exactly(_mean_multiple(plan, once), level),
            "staged_mean": exactly(_mean_multiple(plan, varied), level),
            "once_p50": other.interval,
            "staged_p50": one.interval,
            "gain": _relative(one, other),
            "wins": probability_figure(
                staged.value / staged.spend > before.value / before.spend, level
            ).interval,
        }
    return StagingByTail(program.name, frame(rows, ["tail_index"]), draws.scenarios, draws.seed)


def _relative(one: Figure, other: Figure) -> Interval:
    """Return the interval of a figure over another, less 1, of the same scenarios."""
    base = other.interval.estimate
    if base <= 0.0:
        return Interval(np.nan, np.nan, np.nan, one.interval.level, "nothing to divide by")
    # To first order a ratio's error is that of the difference from the ratio times the base.
    ratio = one.interval.estimate / base
    low, high = ratio * other.interval.low, ratio * other.interval.high
    scaled = replace(other.interval, estimate=ratio * base, low=low, high=high)
    apart = difference(one, Figure(scaled, other.parts))
    gain = ratio - 1.0
    return replace(apart, estimate=gain, low=gain + apart.low / base, high=gain + apart.high / base)


def _mean_multiple(plan: Plan, program: CampaignProgram) -> float:
    moments = exact_moments(alone(plan, program.replace(feeds=None)))
    value, spend = (float(moments[f"{metric}_mean"]["portfolio"]) for metric in ("value", "spend"))
    return value / spend
