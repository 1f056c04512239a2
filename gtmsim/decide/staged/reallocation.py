"""Budgets that move between programs each quarter, compared on common random numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd

from gtmsim.core._types import Floats
from gtmsim.core.streams import MAX_SCENARIOS
from gtmsim.decide.paired import difference, probability_figure, quantile_figure
from gtmsim.decide.staged.checks import FEWEST, check_plan, exactly, frame
from gtmsim.decide.staged.policies import POLICIES, History, Policy, Prior, posterior_normals
from gtmsim.errors import ArgumentError, ArgumentTypeError, check_count, check_number
from gtmsim.exact.terms import campaign_worth
from gtmsim.notebook import Block, Shown
from gtmsim.plan import CampaignProgram, Plan
from gtmsim.result.display import formatted_intervals
from gtmsim.sampling import stream_of
from gtmsim.seeds import RNGLike, resolve_seed
from gtmsim.statistics import Interval
from gtmsim.statistics.intervals import check_level

_GRID = 20_001
"""Quantiles from which the moments of a logarithm are taken."""

_MOST_CELLS = 30_000_000
"""Campaigns of all scenarios, 8 bytes each in a few arrays."""


@dataclass(frozen=True, repr=False)
class Reallocation(Shown):
    """What policies that move a budget return; see :func:`reallocate`.

    Attributes
    ----------
    table : DataFrame
        Index policy. Columns (figure, estimate or low or high): value_p10, value_p50, value_p90,
        multiple_p50; gain, the median value over that of the inert policy, paired; wins, the chance
        to be above it. Money is present value.
    shares : DataFrame
        Index (policy, period): mean share of the budget of each program.
    spend : float
        What every policy spends, before discounting (currency).
    currency : str
    scenarios, seed : int

    Examples
    --------
    >>> import gtmsim as gtm
    >>> plan = gtm.presets.example_plan()
    >>> found = gtm.reallocate(plan, ("inert", "proportional"), scenarios=1_000, rng=7)
    >>> found.table["wins", "estimate"].round(1).to_dict()
    {'inert': 0.0, 'proportional': 0.6}
    """

    table: pd.DataFrame
    shares: pd.DataFrame
    spend: float
    currency: str
    scenarios: int
    seed: int

    @property
    def verdict(self) -> str:
        """The answer in one sentence."""
        others = [policy for policy in self.table.index if policy != "inert"]
        gains = self.table["gain"]
        parts = [
            "{} changes the median by {:+,.0f} ({:+,.0f} to {:+,.0f})".format(
                policy, *gains.loc[policy]
            )
            for policy in others
        ]
        return (
            f"Against a budget of {self.spend:,.0f} {self.currency} that stays where it is "
            f"planned, {'; '.join(parts) or 'nothing was compared'}."
        )

    def _block(self) -> Block:
        return Block(self.verdict, (), formatted_intervals(self.table, ("wins",)))


def reallocate(
    plan: Plan,
    policies: Sequence[str] = ("inert", "proportional", "thompson"),
    *,
    months: int = 3,
    floor: float = 0.2,
    signal_noise: float = 0.0,
    scenarios: int = 10_000,
    rng: RNGLike = None,
    level: float = 0.95,
) -> Reallocation:
    """Compare policies that move the budget of a plan's programs every quarter.

    Parameters
    ----------
    plan : Plan
        Two programs or more, not staged and feeding no team; teams are left out. How good a program
        is beyond what the plan knows is its ``shared_luck``: it is what policies learn of.
    policies : sequence of {"inert", "proportional", "thompson"}
        "inert" stays with the plan; "proportional" gives by value per 1 spent so far; "thompson" by
        the chance that a program is the best. See :mod:`gtmsim.decide.staged.policies`.
    months : int, default 3
        Between two decisions.
    floor : float, default 0.2
        Part of its planned budget that a program always keeps, in [0, 1].
    signal_noise : float, default 0
        Log-sd of the error with which a campaign's multiple is seen at the end of its quarter.
    scenarios : int, default 10_000
        At least 1,000.
    rng : None, int, SeedSequence or Generator, optional
        Every policy meets the same campaigns with the same luck.
    level : float, default 0.95

    Returns
    -------
    Reallocation

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If an argument breaks its rule, or a program does not fit.

    Notes
    -----
    The budget of a quarter is what the campaigns launched in it cost as planned. A policy makes
    them larger or smaller, not more or fewer: a program with f times its planned budget realises
    f**spend_elasticity times as much. A program without a campaign in a quarter gets nothing of it.
    At the end of a quarter the whole multiples of its campaigns are seen, but for the market's
    shock, which is the same for all.

    Examples
    --------
    >>> from gtmsim import CampaignProgram, LogNormal, Plan
    >>> law = LogNormal(median=1.0, sigma=0.5)
    >>> two = [CampaignProgram(name=name, campaigns=40, spend=10.0, multiple=law, shared_luck=0.5)
    ...        for name in ("video", "search")]
    >>> found = reallocate(Plan(horizon=12, channels=two), scenarios=1_000, rng=7)
    >>> bool(found.table["gain", "low"]["thompson"] > 0.0)
    True
    """
    programs = _programs(check_plan(plan))
    names = _check_policies(policies)
    months = check_count("months", months, high=600)
    floor = check_number("floor", floor, low=0.0, high=1.0)
    noise = check_number("signal_noise", signal_noise, low=0.0, high=10.0)
    scenarios = check_count("scenarios", scenarios, low=FEWEST, high=MAX_SCENARIOS)
    level, seed = check_level(level), resolve_seed(rng)
    cells = scenarios * sum(program.campaigns for program in programs)
    if cells > _MOST_CELLS:
        rule = f"must make at most {_MOST_CELLS:,} campaigns in all scenarios"
        raise ArgumentError("scenarios", rule, f"{cells:,}", "ask for fewer")
    bets = [_draw(plan, program, months, noise, scenarios, seed) for program in programs]
    quarters = -(-plan.horizon // months)
    known = Prior(
        *(np.array(part) for part in zip(*(_prior(p, noise) for p in programs), strict=True))
    )
    values: dict[str, Floats] = {}
    shares: dict[tuple[str, int], Floats] = {}
    for name in dict.fromkeys(("inert", *names)):
        rng_of_policy = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(2,)))
        found = _follow(POLICIES[name], known, programs, bets, quarters, floor, rng_of_policy)
        values[name] = found[0]
        shares |= {(name, q): found[1][q] for q in range(quarters)}
    spend = float(sum(bet.planned.sum() for bet in bets))
    base = quantile_figure(values["inert"], 0.5, level)
    rows: dict[str, dict[str, Interval]] = {}
    for name in names:
        quantiles = {
            f"p{100 * q:g}": quantile_figure(values[name], q, level) for q in (0.1, 0.5, 0.9)
        }
        rows[name] = {f"value_{label}": figure.interval for label, figure in quantiles.items()}
        rows[name]["multiple_p50"] = quantile_figure(values[name] / spend, 0.5, level).interval
        gain = exactly(0.0, level) if name == "inert" else difference(quantiles["p50"], base)
        rows[name]["gain"] = gain
        wins = probability_figure(values[name] > values["inert"], level)
        rows[name]["wins"] = wins.interval
    kept = {key: row for key, row in shares.items() if key[0] in names}
    index = pd.MultiIndex.from_tuples(list(kept), names=["policy", "period"])
    return Reallocation(
        table=frame(rows, ["policy"]),
        shares=pd.DataFrame(list(kept.values()), index=index, columns=[p.name for p in programs]),
        spend=spend,
        currency=plan.currency,
        scenarios=scenarios,
        seed=seed,
    )


class _Bets(NamedTuple):
    """A program's campaigns by quarter, at their planned spend, (scenario, quarter) each.

    ``value`` is realised by the horizon in present value; ``seen`` is the value that campaigns seem
    to bring over their whole life; ``hits`` and ``logs`` are as in History; ``planned`` (quarter,).
    """

    value: Floats
    seen: Floats
    hits: Floats
    logs: Floats
    planned: Floats


def _draw(
    plan: Plan, program: CampaignProgram, months: int, noise: float, scenarios: int, seed: int
) -> _Bets:
    """Draw a program's campaigns; luck hangs on the seed, the name and the scenario alone."""
    quarters = -(-plan.horizon // months)
    inside, _ = campaign_worth(program, plan.horizon, plan.discount_rate)
    whole = _whole_life(program)
    quarter = program.launch_months(plan.horizon) // months
    value, seen, hits, logs = np.zeros((4, scenarios, quarters))
    stream = int(stream_of(program.name))
    rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(1, stream)))
    sigma, n = program.shared_luck, program.campaigns
    market = plan.market_volatility * program.market_loading
    weather = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(3,)))
    luck = np.exp(sigma * rng.standard_normal(scenarios) - 0.5 * sigma**2)
    shock = np.exp(market * weather.standard_normal(scenarios) - 0.5 * market**2)
    toss = rng.random((scenarios, n))
    x = np.asarray(program.multiple.isf(1.0 - rng.random((scenarios, n)), program.cap))
    x = np.where(toss < program.hit_rate, x, 0.0) * luck[:, None]
    error = np.exp(noise * rng.standard_normal((scenarios, n)))
    with np.errstate(divide="ignore"):
        logarithm = np.where(x > 0.0, np.log(x * error), 0.0)
    for q in range(quarters):
        own = quarter == q
        value[:, q] = (x[:, own] @ inside[own]) * shock
        seen[:, q] = (x * error)[:, own] @ whole[own]
        hits[:, q] = np.count_nonzero(x[:, own], axis=1)
        logs[:, q] = logarithm[:, own].sum(axis=1)
    planned = np.bincount(quarter, weights=program.spends(), minlength=quarters).astype(float)
    return _Bets(value, seen, hits, logs, planned)


def _whole_life(program: CampaignProgram) -> Floats:
    """Return the value that each campaign originates per unit of multiple (campaign,)."""
    spend = program.spends()
    size = spend / (program.reference_spend or 1.0)
    return np.asarray(spend * program.incrementality * size ** (program.spend_elasticity - 1.0))


def _prior(program: CampaignProgram, noise: float) -> tuple[float, float, float, float]:
    """Return what the plan knows of a program, as in Prior."""
    x = np.asarray(program.multiple.isf((np.arange(_GRID) + 0.5) / _GRID, program.cap))
    logarithm = np.log(x[x > 0.0]) if (x > 0.0).any() else np.zeros(1)
    mean = program.hit_rate * program.multiple.mean(program.cap)
    worth = mean * float(_whole_life(program).sum() / program.spends().sum())
    moments = float(logarithm.mean()), float(logarithm.var()) + noise**2
    return program.shared_luck, *moments, worth


def _follow(
    policy: Policy,
    prior: Prior,
    programs: Sequence[CampaignProgram],
    bets: Sequence[_Bets],
    quarters: int,
    floor: float,
    rng: np.random.Generator,
) -> tuple[Floats, list[Floats]]:
    """Return a policy's value (scenario,) and its mean shares of each quarter (program,)."""
    scenarios, count = bets[0].value.shape[0], len(programs)
    power = np.array([program.spend_elasticity for program in programs])
    total = np.zeros(scenarios)
    history = History(*np.zeros((4, scenarios, count)))
    mean_shares = []
    for q in range(quarters):
        planned = np.array([bet.planned[q] for bet in bets])
        normals = posterior_normals(rng, scenarios, count)
        if not planned.any():
            mean_shares.append(np.full(count, np.nan))
            continue
        shares = policy(prior, history, planned, normals)
        given = floor * planned + (1.0 - floor) * planned.sum() * shares
        factor = (given / np.where(planned > 0.0, planned, 1.0)) ** power
        value, seen, hits, logs = (
            np.stack([getattr(bet, name)[:, q] for bet in bets], axis=1)
            for name in ("value", "seen", "hits", "logs")
        )
        total += (value * factor).sum(axis=1)
        history = History(
            history.value + seen * factor, history.spend + given, history.hits + hits,
            history.logs + logs,
        )  # fmt: skip
        mean_shares.append((given / planned.sum()).mean(axis=0))
    return total, mean_shares


def _programs(plan: Plan) -> list[CampaignProgram]:
    programs = [c for c in plan.channels if isinstance(c, CampaignProgram)]
    if len(programs) < 2:
        rule = "must have two programs or more, between which a budget can move"
        raise ArgumentError("plan", rule, [program.name for program in programs])
    for program in programs:
        for field in ("staging", "feeds"):
            if getattr(program, field) is not None:
                rule = f"must have programs without {field}, for a budget to move between them"
                fix = f"use program.replace({field}=None)"
                raise ArgumentError("plan", rule, program.name, fix)
        if np.isinf(program.multiple.mean(program.cap)):
            rule = "must have programs whose multiples have a mean, which policies compare"
            raise ArgumentError("plan", rule, program.name, "set a cap")
    return programs


def _check_policies(policies: object) -> list[str]:
    known = ", ".join(map(repr, POLICIES))
    if isinstance(policies, str) or not isinstance(policies, Sequence):
        fix = "write ('inert', 'thompson')"
        raise ArgumentTypeError("policies", "must be a sequence of names", policies, fix)
    for i, name in enumerate(policies):
        if name not in POLICIES:
            raise ArgumentError(f"policies[{i}]", f"must be one of {known}", name)
    if not policies:
        raise ArgumentError("policies", f"must have at least one of {known}", policies)
    return list(dict.fromkeys(policies))
