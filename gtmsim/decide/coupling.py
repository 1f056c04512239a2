"""Where pipeline binds: how many reps it keeps busy, and what more of it would do."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from gtmsim.core._types import Floats
from gtmsim.core.streams import MAX_SCENARIOS
from gtmsim.decide.pipeline import Lab, team_of, with_hires
from gtmsim.errors import ArgumentError, ArgumentTypeError, check_count
from gtmsim.execute import Crew, ExecutorLike
from gtmsim.notebook import Block, Shown
from gtmsim.plan import CampaignProgram, Plan
from gtmsim.result.display import formatted_intervals
from gtmsim.seeds import RNGLike, resolve_seed
from gtmsim.statistics import Interval
from gtmsim.statistics.intervals import check_level

_FEWEST = 1_000
"""Scenarios, so that means of lognormals have an interval."""

_ROWS = 12
_MULTIPLES = (0.5, 1.0, 1.5, 2.0, 3.0, 4.0)

_SHARES = ("short", "lost", "idle")
"""Figures that are shares of months or of pipeline."""


@dataclass(frozen=True, repr=False)
class LeadsBind(Shown):
    """Where pipeline binds a team; see :func:`where_leads_bind`.

    Attributes
    ----------
    team : str
    program : str or None
        The program whose number of campaigns is varied.
    planned : int
        Seats of the team in the plan.
    campaigns_planned : int
        Campaigns of the program in the plan, 0 without one.
    hires : DataFrame
        Index hires. Columns (figure, estimate or low or high): value_p50 and value_mean of the
        team; next_rep, the mean value less cost of one rep more; short, the share of months in
        which all reps together could close more than there is; lost, the share of pipeline that
        nobody had capacity for; idle, the share of capacity without pipeline. Shares are means
        over scenarios. Money is present value. The ends of an interval are NaN where too few
        scenarios decide a mean.
    campaigns : DataFrame or None
        The same over the program's number of campaigns, for the team as planned, and
        next_campaign: value less cost of each campaign on the way to the next row.
    stops_at : int or None
        Fewest reps of the table whose next one does not pay; None if each of them does.
    next_rep : Interval or None
        What the next one then brings less what it costs, on fresh random numbers.
    ample : Interval or None
        What it would bring with pipeline without end, on the same fresh numbers.
    unbinds_at : int or None
        Fewest campaigns of the table with which a rep more than planned pays; None if with none.
    currency : str
    scenarios, seed : int

    Examples
    --------
    >>> import gtmsim as gtm
    >>> reps = gtm.SalesTeam(name="reps", hires=4, quota=600.0, loaded_cost=250.0, pipeline=1_500.0)
    >>> plan = gtm.Plan(horizon=12, channels=[reps])
    >>> gtm.where_leads_bind(plan, "reps", range(1, 5), scenarios=1_000, rng=1).stops_at
    3
    """

    team: str
    program: str | None
    planned: int
    campaigns_planned: int
    hires: pd.DataFrame
    campaigns: pd.DataFrame | None
    stops_at: int | None
    next_rep: Interval | None
    ample: Interval | None
    unbinds_at: int | None
    currency: str
    scenarios: int
    seed: int

    @property
    def verdict(self) -> str:
        """The answer in one sentence."""
        return f"{self._reps()}{self._campaigns()}."

    def _reps(self) -> str:
        if self.stops_at is None or self.next_rep is None or self.ample is None:
            most = int(self.hires.index[-1])
            return f"Each rep of {self.team!r} up to the {_ordinal(most + 1)} pays for itself"
        n, brings, ample = self.stops_at, self.next_rep, self.ample.estimate
        interval = f"{100.0 * brings.level:g} %: {brings.low:,.0f} to {brings.high:,.0f}"
        if math.isnan(brings.low):
            interval = f"too few of {self.scenarios:,} scenarios decide it for an interval"
        short = f"pipeline falls short in {self.hires['short', 'estimate'][n]:.0%} of months"
        why = f"{short}, and with enough of it that rep would bring {ample:,.0f}"
        if ample <= 0.0:
            why = f"with all the pipeline it could close that rep would bring {ample:,.0f}"
        return (
            f"From {_many(n, 'rep')} of {self.team!r} on the next one "
            f"{'stops' if brings.high < 0.0 else 'may stop'} paying: it brings "
            f"{brings.estimate:,.0f} {self.currency} net of its cost ({interval}); {why}"
        )

    def _campaigns(self) -> str:
        if self.campaigns is None:
            return ""
        name = f"of {self.program!r} ({self.campaigns_planned:,} planned)"
        after = f"; after the {_many(self.planned, 'rep')} planned one more"
        if self.unbinds_at is None:
            most = int(self.campaigns.index[-1])
            return f"{after} does not pay with up to {_many(most, 'campaign')} {name}"
        return f"{after} pays from {_many(self.unbinds_at, 'campaign')} {name} on"

    def _block(self) -> Block:
        tables = {"reps": self.hires}
        if self.campaigns is not None:
            tables["campaigns"] = self.campaigns
        shown = {
            (unit, number): row
            for unit, table in tables.items()
            for number, row in formatted_intervals(table, _SHARES).iterrows()
        }
        frame = (
            pd.DataFrame.from_dict(shown, orient="index").fillna("").rename_axis(["of", "number"])
        )
        return Block(self.verdict, (), frame)


def where_leads_bind(
    plan: Plan,
    team: str,
    hires: Sequence[int] | None = None,
    *,
    program: str | None = None,
    campaigns: Sequence[int] | None = None,
    scenarios: int = 20_000,
    rng: RNGLike = None,
    level: float = 0.95,
    workers: int | None = None,
    executor: ExecutorLike | None = None,
) -> LeadsBind:
    """Return how many reps a team's pipeline keeps busy, and what more pipeline would do.

    Parameters
    ----------
    plan : Plan
    team : str
        A team with a ``pipeline``.
    hires : sequence of int, optional
        Numbers of reps to look at. The team's first seats are taken; more than it has start in
        month 0. By default a dozen from 1 to twice the team.
    program : str, optional
        The program that feeds the team and whose campaigns are varied; by default the first.
    campaigns : sequence of int, optional
        Numbers of campaigns to look at; by default from half of the plan's to four times as many.
    scenarios : int, default 20_000
        At least 1,000.
    rng : None, int, SeedSequence or Generator, optional
        All plans have the same luck, so that differences are paired scenario by scenario.
    level : float, default 0.95
        Of the intervals.
    workers : int, optional
        Threads, one per core by default. They never change the result.
    executor : concurrent.futures.Executor or dask Client, optional
        Where to run, to the same bits; see :func:`gtmsim.simulate_portfolio`.

    Returns
    -------
    LeadsBind

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If the team has no pipeline of its own or does not exist, the program does not feed it or
        has one spend or launch month per campaign, or a number is out of its range.

    Notes
    -----
    All means exist: a team closes no more than its reps can, whatever tail the program has.

    Examples
    --------
    >>> from gtmsim import Plan, SalesTeam
    >>> reps = SalesTeam(name="reps", hires=4, quota=600.0, loaded_cost=250.0, pipeline=1_500.0)
    >>> plan = Plan(horizon=12, channels=[reps])
    >>> found = where_leads_bind(plan, "reps", range(1, 5), scenarios=1_000, rng=1)
    >>> found.hires["next_rep", "estimate"].round(6).tolist()
    [350.0, 50.0, -250.0, -250.0]
    >>> found.stops_at
    3
    """
    sales = team_of(plan, team)
    level = check_level(level)
    scenarios = check_count("scenarios", scenarios, low=_FEWEST, high=MAX_SCENARIOS)
    crew = Crew.of(workers, executor)
    numbers = _numbers("hires", hires, np.linspace(1, 2 * sales.units, _ROWS), 99_999)
    bets = _program(plan, team, program, campaigns is not None)
    lab = Lab(plan, team, scenarios, resolve_seed(rng), crew, level)
    table = lab.table("hires", {n: with_hires(sales, n) for n in numbers})
    stops_at = next((n for n in numbers if table["next_rep", "estimate"][n] < 0.0), None)
    next_rep = ample = None
    if stops_at is not None:
        # The table's own figure is the first of many to be negative.
        fresh, last = lab.fresh(), with_hires(sales, stops_at)
        next_rep, ample = fresh.next_rep(last), fresh.ample(last)
    more, unbinds_at = None, None
    if bets is not None:
        default = np.array(_MULTIPLES) * bets.campaigns
        counts = _numbers("campaigns", campaigns, default, 10_000_000)
        more = lab.table("campaigns", {n: bets.replace(campaigns=n) for n in counts})
        unbinds_at = next((n for n in counts if more["next_rep", "estimate"][n] > 0.0), None)
    return LeadsBind(
        team=team,
        program=None if bets is None else bets.name,
        planned=sales.units,
        campaigns_planned=0 if bets is None else bets.campaigns,
        hires=table,
        campaigns=more,
        stops_at=stops_at,
        next_rep=next_rep,
        ample=ample,
        unbinds_at=unbinds_at,
        currency=plan.currency,
        scenarios=scenarios,
        seed=lab.seed,
    )


def _program(plan: Plan, team: str, name: str | None, wanted: bool) -> CampaignProgram | None:
    """Return the program whose campaigns are varied, None if there is none to vary."""
    feeding = [c for c in plan.channels if isinstance(c, CampaignProgram) and c.feeds == team]
    found = [c for c in feeding if name in (None, c.name)]
    if not found and (wanted or name is not None):
        known = ", ".join(c.name for c in feeding) or "the plan has none"
        rule = f"must be a program that feeds {team!r}: {known}"
        raise ArgumentError("program", rule, name, f"set its feeds to {team!r}")
    if not found:
        return None
    for field in ("spend", "launch"):
        if isinstance(getattr(found[0], field), tuple):
            if not wanted and name is None:
                return None
            rule = f"must have one {field} for all campaigns, for their number to be varied"
            raise ArgumentError("program", rule, found[0].name, f"give it one {field}")
    return found[0]


def _numbers(name: str, given: Sequence[int] | None, default: Floats, most: int) -> list[int]:
    """Return whole numbers in order, each of them once."""
    if given is None:
        return sorted({min(max(round(x), 1), most) for x in default.tolist()})
    if isinstance(given, str) or not isinstance(given, Sequence | np.ndarray):
        raise ArgumentTypeError(name, "must be a sequence of whole numbers", given, "write [4, 8]")
    if len(given) == 0:
        raise ArgumentError(name, "must have at least one number", given)
    return sorted({check_count(f"{name}[{i}]", n, high=most) for i, n in enumerate(given)})


def _many(n: int, what: str) -> str:
    return f"{n:,} {what}{'' if n == 1 else 's'}"


def _ordinal(n: int) -> str:
    ending = "th" if n % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(n % 10, "th")
    return f"{n:,}{ending}"
