"""``allocate``: where the money goes."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from gtmsim.decide.allocation.allocation import Allocation
from gtmsim.decide.allocation.constraints import Constraint
from gtmsim.decide.allocation.domain import check_budget
from gtmsim.decide.allocation.levers import Lever, Mix, Stake, total_cost
from gtmsim.decide.allocation.objectives import Objective, ProbAtLeast
from gtmsim.decide.allocation.search import IMPOSSIBLE, Found, rule_values
from gtmsim.decide.allocation.setting import Setting, check_found, make_setting
from gtmsim.decide.paired import difference
from gtmsim.errors import InfeasibleError, Problem, check_number
from gtmsim.execute import ExecutorLike
from gtmsim.plan import CampaignProgram, Channel, Plan, SalesTeam
from gtmsim.seeds import RNGLike
from gtmsim.statistics import Interval, probability_interval


def allocate(
    budget: float,
    channels: Plan | Sequence[Channel],
    objective: Objective,
    constraints: Sequence[Constraint] = (),
    *,
    decide: Mapping[str, str] | None = None,
    horizon: int | None = None,
    target: float | None = None,
    scenarios: int = 20_000,
    rng: RNGLike = None,
    level: float = 0.95,
    executor: ExecutorLike | None = None,
) -> Allocation:
    """Return the mix of hires and campaigns that is best for a budget.

    Parameters
    ----------
    budget : float
        Most that may be spent, as expected and in present value (currency). A staged program counts
        with all that its campaigns may cost.
    channels : Plan or sequence of SalesTeam and CampaignProgram
        A plan is the mix to start from and to compare with, and has a horizon and a market.
    objective : Median, Quantile, ProbAtLeast, MeanLessCVaR or Kelly
    constraints : sequence of Bounds, Fixed, MinimumCampaign, CashFloor and Barbell, optional
    decide : mapping of str to str, optional
        For names of programs what is decided of them: "campaigns", how many of them, the default;
        "spend", the same for each campaign as a ratio; "both". Of a team hires are decided, always
        whole. A team that lists start months keeps the first of them; further hires start in
        month 0. With "both" there are at most ten times the program's campaigns, unless bounded.
    horizon : int, optional
        Months, where channels are not a plan.
    target : float, optional
        By default the plan's.
    scenarios : int, default 20,000
    rng : None, int, SeedSequence or Generator, optional
    level : float, default 0.95
        Of all intervals.
    executor : concurrent.futures.Executor or dask Client, optional
        Where to run, to the same bits; see :func:`gtmsim.simulate_portfolio`.

    Returns
    -------
    Allocation

    Raises
    ------
    ArgumentError, ArgumentTypeError, PlanError
        If an argument breaks its rule.
    MetricError
        If the objective is a mean that does not exist.
    InfeasibleError
        If no mix keeps to the constraints: it names those in conflict, and by how much; or if no
        mix reaches the target in any scenario, or each may ruin.

    Notes
    -----
    The objective is that of a sample of scenarios, the same for every mix: common random numbers.
    What each size of a channel brings is simulated once; a mix is a sum of them. Where sizes alone
    are decided and mixes are at most 4,000, all are looked at, so the sample's optimum is certain;
    else a search finds it (:mod:`gtmsim.decide.allocation.search`).

    What is reported comes from fresh scenarios. So the search's luck adds nothing to it.

    References
    ----------
    J. E. Smith and R. L. Winkler, "The optimizer's curse", Management Science 52 (2006), 311-322;
    A. Shapiro, D. Dentcheva and A. Ruszczynski, "Lectures on stochastic programming" (2009),
    chapter 5 (sample average approximation).

    Examples
    --------
    >>> from gtmsim.decide.allocation import Quantile
    >>> from gtmsim.presets import midmarket_ae, paid_social
    >>> best = allocate(
    ...     1_000_000, [midmarket_ae(), paid_social()], Quantile(0.1), horizon=24, rng=7,
    ...     scenarios=2_000,
    ... )
    >>> sum(best.table()["spend"]) <= 1_000_000
    True
    """
    budget = check_number("budget", budget, low=0.0, low_open=True)
    setting = make_setting(
        channels,
        objective,
        constraints,
        decide=decide,
        horizon=horizon,
        target=target,
        scenarios=scenarios,
        rng=rng,
        level=level,
        executor=executor,
    )
    check_budget(setting.levers, setting.constraints, budget)
    start = tuple(lever.given for lever in setting.levers)
    found = setting.search.best(budget, [start])
    check_found(setting, found.mix, budget)
    _check_reached(setting, found)
    mixes = {"optimum": found.mix}
    if isinstance(channels, Plan):
        mixes["the starting plan"] = start
    mixes["an equal split"] = setting.search.equal(budget)
    mixes["a random search"] = setting.search.random(budget)
    mixes = {name: mix for name, mix in mixes.items() if setting.search.key(mix) != IMPOSSIBLE}
    return _answer(setting, budget, found, mixes)


def _check_reached(setting: Setting, found: Found) -> None:
    """Raise an error if nothing was found that is better than anything else."""
    objective, score = setting.objective, found.key[1]
    if score == -math.inf:
        rule = "must leave wealth above 0 in every scenario, and no mix does"
        fix = "raise the bankroll, or lower what must be spent"
        raise InfeasibleError([Problem("objective", rule, objective.label(), fix)])
    sample = setting.outcomes.sample(found.mix)
    if isinstance(objective, ProbAtLeast) and objective.estimate(sample) == 0.0:
        most = float(sample.metric(objective.metric).max())
        short = objective.goal - most
        rule = (
            f"must be reached in some scenario; the nearest mix brings {most:,.6g} at the most, "
            f"{short:,.6g} short"
        )
        raise InfeasibleError([Problem("target", rule, objective.goal, "lower it")])


def _answer(setting: Setting, budget: float, found: Found, mixes: Mapping[str, Mix]) -> Allocation:
    mix, objective = found.mix, setting.objective
    value = objective.figure(setting.fresh.sample(mix), setting.level).interval
    inside = objective.figure(setting.outcomes.sample(mix), setting.level).interval
    slack = max(budget - total_cost(setting.levers, mix), 0.0)
    table = _table(setting, mix, budget)
    return Allocation(
        budget=budget,
        objective=objective.label(),
        plan=setting.plan_of(mix),
        value=value,
        in_sample=inside.estimate,
        optimism=_optimism(inside, value),
        slack=slack,
        slack_reasons=_reasons(setting, mix, slack, budget),
        method=found.method,
        looked_at=found.looked_at,
        seed=setting.outcomes.seed,
        fresh_seed=setting.fresh.seed,
        is_probability=isinstance(objective, ProbAtLeast),
        _table=table,
        _comparison=_comparison(setting, mixes),
        _constraints=_kept(setting, mix),
    )


def _optimism(inside: Interval, fresh: Interval) -> Interval:
    """Return by how much the searched sample flatters: the two samples are independent."""
    apart = inside.estimate - fresh.estimate
    below = math.hypot(inside.estimate - inside.low, fresh.high - fresh.estimate)
    above = math.hypot(inside.high - inside.estimate, fresh.estimate - fresh.low)
    return Interval(apart, apart - below, apart + above, fresh.level, "two samples")


def _table(setting: Setting, mix: Mix, budget: float) -> pd.DataFrame:
    rows = {}
    here = setting.objective.figure(setting.fresh.sample(mix), setting.level)
    for place, (lever, stake) in enumerate(zip(setting.levers, mix, strict=True)):
        last = Interval(math.nan, math.nan, math.nan, setting.level, "")
        without = (*mix[:place], lever.one_less(stake), *mix[place + 1 :])
        if stake.size and setting.search.key(without) != IMPOSSIBLE:
            there = setting.objective.figure(setting.fresh.sample(without), setting.level)
            last = difference(here, there)
        cost = lever.cost(stake)
        rows[lever.name] = {
            "size": stake.size,
            "unit_of_size": "hire" if isinstance(lever.channel, SalesTeam) else "campaign",
            "spend_each": _spend_each(lever, stake),
            "spend": cost,
            "share": cost / budget,
            "unit": lever.unit,
            "marginal": last.estimate,
            "marginal_low": last.low,
            "marginal_high": last.high,
            "at": _where(lever, stake),
        }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("channel")


def _spend_each(lever: Lever, stake: Stake) -> float:
    program = lever.channel
    if not isinstance(program, CampaignProgram) or isinstance(program.spend, tuple):
        return math.nan
    return program.spend * stake.factor if stake.size else math.nan


def _where(lever: Lever, stake: Stake) -> str:
    if not lever.is_free:
        return "fixed"
    if lever.most(math.inf, stake.size or None) == stake:
        return "most"
    bounded = not lever.range.may_be_nothing and lever.lowest == stake
    return "least" if bounded or stake.size == 0 else ""


def _reasons(setting: Setting, mix: Mix, slack: float, budget: float) -> tuple[str, ...]:
    """Say of each channel why it does not take the slack."""
    if slack <= 1e-6 * budget:
        return ()
    reasons = []
    key = setting.search.key
    for place, (lever, stake) in enumerate(zip(setting.levers, mix, strict=True)):
        if not lever.is_free:
            reasons.append(f"{lever.name} is fixed")
            continue
        more = lever.moved(stake, slack) if stake.size else lever.least
        extra = lever.cost(more) - lever.cost(stake)
        if more == stake:
            reasons.append(f"{lever.name} is at its most")
        elif extra > slack + 1e-9 * budget:
            unit = {"hires": "one more hire", "campaigns": "one more campaign"}
            what = unit.get(lever.kind, "the least")
            reasons.append(f"{what} of {lever.name} costs {extra:,.4g}, and {slack:,.4g} is left")
        else:
            there = (*mix[:place], more, *mix[place + 1 :])
            if key(there) == IMPOSSIBLE:
                reasons.append(f"so many campaigns of {lever.name} do not fit its staging")
            elif key(there)[0] < 0.0:
                reasons.append(f"more of {lever.name} breaks a constraint")
            else:
                what = "lowers the objective" if key(there) < key(mix) else "adds nothing to it"
                reasons.append(f"more of {lever.name} {what}")
    return tuple(reasons)


def _comparison(setting: Setting, mixes: Mapping[str, Mix]) -> pd.DataFrame:
    objective, level = setting.objective, setting.level
    best = objective.figure(setting.fresh.sample(mixes["optimum"]), level)
    rows = {}
    for name, mix in mixes.items():
        fresh = objective.figure(setting.fresh.sample(mix), level)
        value, gain = fresh.interval, difference(best, fresh)
        if name == "optimum":
            gain = Interval(0.0, 0.0, 0.0, level, "itself")
        rows[name] = {
            "spend": total_cost(setting.levers, mix),
            "in_sample": objective.estimate(setting.outcomes.sample(mix)),
            "fresh": value.estimate,
            "fresh_low": value.low,
            "fresh_high": value.high,
            "advantage": gain.estimate,
            "advantage_low": gain.low,
            "advantage_high": gain.high,
            "meets_constraints": setting.search.key(mix)[0] >= 0.0,
        }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("mix")


def _kept(setting: Setting, mix: Mix) -> pd.DataFrame:
    rows = {}
    for rule in setting.rules:
        inside, fresh = (
            rule_values(rule, outcomes, mix) >= rule.needed
            for outcomes in (setting.outcomes, setting.fresh)
        )
        share = probability_interval(int(np.count_nonzero(fresh)), fresh.size, setting.level)
        rows[str(rule)] = {
            "asked": rule.probability,
            "in_sample": float(inside.mean()),
            "fresh": share.estimate,
            "fresh_low": share.low,
            "fresh_high": share.high,
        }
    columns = ["asked", "in_sample", "fresh", "fresh_low", "fresh_high"]
    frame = pd.DataFrame.from_dict(rows, orient="index", columns=columns)
    return frame.rename_axis("constraint")
