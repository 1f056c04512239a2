"""How much of a budget should go to pilots: sweeps, by horizon and by tail."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
import pandas as pd

from gtmsim.decide.draws import Draws
from gtmsim.decide.paired import difference, probability_figure, quantile_figure
from gtmsim.decide.staged.checks import check_draws, check_numbers, check_plan, exactly, frame
from gtmsim.decide.staged.variants import at_once, staged_program, totals, with_tail
from gtmsim.errors import ArgumentError, check_count
from gtmsim.execute import ExecutorLike
from gtmsim.notebook import Block, Shown
from gtmsim.plan import CampaignProgram, Plan, Staging
from gtmsim.result.display import formatted_intervals
from gtmsim.seeds import RNGLike
from gtmsim.statistics import Interval
from gtmsim.statistics.intervals import check_level

_SHARES = (0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 0.9)


@dataclass(frozen=True, repr=False)
class ExploreShare(Shown):
    """What each share of the budget for pilots returns; see :func:`explore_share`.

    Attributes
    ----------
    channel : str
    budget : float
        What is spent (currency).
    table : DataFrame
        Index (tail_index, horizon, share); share 0 pays the planned campaigns at once. Columns
        (figure, estimate or low or high): campaigns, value_p10, value_p50, value_p90, multiple_p50;
        learning, the median value over that of as many campaigns that share the same budget evenly
        and at once, paired; wins, the chance to be above them. Money is present value.
    best : DataFrame
        Index (tail_index, horizon): the share with the highest median value, and the same figures
        of it on fresh random numbers.
    currency : str
    scenarios, seed : int

    Examples
    --------
    >>> import gtmsim as gtm
    >>> from gtmsim.plan import Staging
    >>> rule = Staging(pilot_spend=1.0, kill_share=0.8)
    >>> law = gtm.Lomax(tail_index=1.3, scale=0.4)
    >>> bets = gtm.CampaignProgram(
    ...     name="bets", campaigns=40, spend=10.0, launch=0, multiple=law, staging=rule
    ... )
    >>> plan = gtm.Plan(horizon=12, channels=[bets])
    >>> found = gtm.explore_share(plan, None, (0.1, 0.5), scenarios=1_000, rng=7)
    >>> found.budget, found.best["share", "estimate"].tolist()
    (400.0, [0.1])
    """

    channel: str
    budget: float
    table: pd.DataFrame
    best: pd.DataFrame
    currency: str
    scenarios: int
    seed: int

    @property
    def verdict(self) -> str:
        """The answer in one sentence."""
        parts = []
        shares = self.best["share", "estimate"]
        for key, row in self.best["learning"].iterrows():
            tail, horizon = cast("tuple[float, int]", key)
            worth = "{:,.0f} ({:,.0f} to {:,.0f})".format(*row)
            parts.append(
                f"with tail index {tail:g} and {horizon} months {shares[key]:.0%} for "
                f"pilots is best at the median, where learning is worth {worth}"
            )
        return f"Of {self.budget:,.0f} {self.currency} for {self.channel!r}: {'; '.join(parts)}."

    def _block(self) -> Block:
        return Block(self.verdict, (), formatted_intervals(self.table, ("wins",)))


def explore_share(
    plan: Plan,
    channel: str | None = None,
    shares: Sequence[float] = _SHARES,
    *,
    horizons: Sequence[int] | None = None,
    tail_indices: Sequence[float] | None = None,
    scenarios: int = 10_000,
    rng: RNGLike = None,
    level: float = 0.95,
    workers: int | None = None,
    executor: ExecutorLike | None = None,
) -> ExploreShare:
    """Sweep how much of a staged program's budget goes to pilots.

    Parameters
    ----------
    plan : Plan
    channel : str, optional
        A staged program with one spend, launched evenly or in one month; it can be left out where
        there is one.
    shares : sequence of float
        Parts of the budget, above 0 and below 1. The budget is what the planned campaigns may cost
        together; a share pays as many pilots as it can, and what is left goes to the survivors.
    horizons : sequence of int, optional
        Months; by default the plan's.
    tail_indices : sequence of float, optional
        By default the program's own alone. The mean multiple stays what it is.
    scenarios : int, default 10_000
        At least 1,000.
    rng : None, int, SeedSequence or Generator, optional
        All shares, horizons and tails have the same luck.
    level : float, default 0.95
    workers : int, optional
    executor : concurrent.futures.Executor or dask Client, optional
        Where to run, to the same bits; see :func:`gtmsim.simulate_portfolio`.

    Returns
    -------
    ExploreShare

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If an argument breaks its rule.
    PlanError
        If a share, or a horizon, leaves no room for a review that kills anything.

    Notes
    -----
    With budget B, share e and pilot spend p there are n = round(e B / p) pilots, at least one, each
    with B / n to spend in all. The kill rule is the program's. All that is freed is recycled, so
    that everything is spent wherever a campaign survives, whatever the share. More pilots are also
    more and smaller bets, which alone changes the median and what saturates; ``learning`` leaves
    that out.

    Examples
    --------
    >>> from gtmsim import CampaignProgram, Lomax, Plan
    >>> from gtmsim.plan import Staging
    >>> bets = CampaignProgram(name="bets", campaigns=20, spend=10.0, launch=0,
    ...                        multiple=Lomax(tail_index=1.3, scale=0.4),
    ...                        staging=Staging(pilot_spend=1.0, kill_share=0.8))
    >>> found = explore_share(Plan(horizon=12, channels=[bets]), None, (0.1, 0.5),
    ...                       scenarios=1_000, rng=7)
    >>> found.table["campaigns", "estimate"].tolist()
    [20.0, 20.0, 100.0]
    """
    program, staging = staged_program(check_plan(plan), channel)
    _check_even(program)
    draws, level = check_draws(scenarios, rng, workers, executor), check_level(level)
    parts = check_numbers("shares", shares, low=0.0, high=1.0)
    months = [plan.horizon] if horizons is None else list(horizons)
    months = [check_count(f"horizons[{i}]", n, high=600) for i, n in enumerate(months)]
    tails = [(program.multiple.tail_index, program)]
    if tail_indices is not None:
        indices = check_numbers("tail_indices", tail_indices, low=0.0)
        tails = [(x, with_tail(program, x, f"tail_indices[{i}]")) for i, x in enumerate(indices)]
    words = np.random.SeedSequence(draws.seed, spawn_key=(1,))
    fresh = Draws(draws.scenarios, words, workers, executor)
    rows, best = {}, {}
    for tail, varied in tails:
        for month in sorted(set(months)):
            here = plan.replace(channels=[varied.replace(feeds=None)], horizon=month)
            versions = {0.0: at_once(varied, staging)}
            versions |= {share: _explored(varied, staging, share) for share in parts}
            for share, version in versions.items():
                rows[tail, month, share] = _figures(here, version, draws, level)
            top = max(versions, key=lambda x: rows[tail, month, x]["value_p50"].estimate)
            again = _figures(here, versions[top], fresh, level)
            best[tail, month] = {"share": exactly(top, level)} | again
    return ExploreShare(
        channel=program.name,
        budget=float(program.campaigns * program.spends()[0]),
        table=frame(rows, ["tail_index", "horizon", "share"]),
        best=frame(best, ["tail_index", "horizon"]),
        currency=plan.currency,
        scenarios=draws.scenarios,
        seed=draws.seed,
    )


def _figures(
    plan: Plan, program: CampaignProgram, draws: Draws, level: float
) -> dict[str, Interval]:
    """Return a program's figures beside those of its campaigns paid at once."""
    assert program.staging is not None
    outcome = totals(plan, program, draws)
    base = totals(plan, at_once(program, program.staging), draws)
    p10, p50, p90 = (quantile_figure(outcome.value, q, level) for q in (0.1, 0.5, 0.9))
    median = quantile_figure(base.value, 0.5, level)
    return {
        "campaigns": exactly(float(program.campaigns), level),
        "value_p10": p10.interval,
        "value_p50": p50.interval,
        "value_p90": p90.interval,
        "multiple_p50": quantile_figure(outcome.value / outcome.spend, 0.5, level).interval,
        "learning": difference(p50, median),
        "wins": probability_figure(outcome.value > base.value, level).interval,
    }


def _explored(program: CampaignProgram, staging: Staging, share: float) -> CampaignProgram:
    """Return the program with so much of its budget in pilots, and all of it to be spent."""
    budget = program.campaigns * float(program.spends()[0])
    pilots = max(round(share * budget / staging.pilot_spend), 1)
    return program.replace(
        campaigns=pilots, spend=budget / pilots, staging=staging.replace(recycle=1.0)
    )


def _check_even(program: CampaignProgram) -> None:
    for name in ("spend", "launch"):
        if isinstance(getattr(program, name), tuple):
            rule = f"must be of a program with one {name} for all, for their number is varied"
            raise ArgumentError("channel", rule, program.name, f"give one {name}")
