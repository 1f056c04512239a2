"""What both questions share: arguments checked, levers built, scenarios to search on and fresh."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from gtmsim.decide.allocation.constraints import (
    Barbell,
    CashFloor,
    Constraint,
    ScenarioConstraint,
    check_constraints,
)
from gtmsim.decide.allocation.domain import build_levers, check_plan
from gtmsim.decide.allocation.levers import Lever, Mix
from gtmsim.decide.allocation.objectives import (
    Kelly,
    MeanLessCVaR,
    Objective,
    ProbAtLeast,
    Quantile,
)
from gtmsim.decide.allocation.outcomes import Outcomes
from gtmsim.decide.allocation.search import Search, rule_values
from gtmsim.errors import (
    ArgumentTypeError,
    InfeasibleError,
    MetricError,
    Problem,
    check_count,
    check_number,
)
from gtmsim.execute import ExecutorLike
from gtmsim.plan import Channel, Plan
from gtmsim.seeds import RNGLike, resolve_seed
from gtmsim.statistics.intervals import check_level
from gtmsim.tails import tail_contract


@dataclass(frozen=True)
class Setting:
    """Everything that does not depend on the budget.

    Attributes
    ----------
    plan : Plan
    objective : Objective
    constraints : tuple
    rules : tuple of CashFloor and Barbell
        The constraints of scenarios.
    levers : tuple of Lever
    outcomes, fresh : Outcomes
        Of the seed that is searched on, and of one that no search has seen.
    search : Search
    level : float
    """

    plan: Plan
    objective: Objective
    constraints: tuple[Constraint, ...]
    rules: tuple[ScenarioConstraint, ...]
    levers: tuple[Lever, ...]
    outcomes: Outcomes
    fresh: Outcomes
    search: Search
    level: float

    def plan_of(self, mix: Mix) -> Plan | None:
        """Return the plan of a mix, None if it has nothing."""
        pairs = zip(self.levers, mix, strict=True)
        channels = [lever.sized(stake) for lever, stake in pairs if stake.size]
        return self.plan.replace(channels=channels) if channels else None


def make_setting(
    channels: Plan | Sequence[Channel],
    objective: Objective,
    constraints: Sequence[Constraint],
    *,
    decide: Mapping[str, str] | None,
    horizon: int | None,
    target: float | None,
    scenarios: int,
    rng: RNGLike,
    level: float,
    executor: ExecutorLike | None = None,
) -> Setting:
    """Check the arguments of a question and prepare what answers it.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If an argument breaks its rule.
    MetricError
        If the objective is a mean that does not exist.
    InfeasibleError
        If constraints of one channel leave nothing.
    """
    plan = check_plan(channels, horizon)
    if not isinstance(objective, (Quantile, ProbAtLeast, MeanLessCVaR, Kelly)):
        rule = "must be Median, Quantile, ProbAtLeast, MeanLessCVaR or Kelly"
        raise ArgumentTypeError("objective", rule, objective, "write Median()")
    scenarios = check_count("scenarios", scenarios, low=1_000, high=10_000_000)
    level = check_level(level)
    if target is not None:
        target = check_number("target", target)
    target = plan.target if target is None else target
    if isinstance(objective, ProbAtLeast) and objective.target is None:
        objective = replace(objective, target=target)
        _ = objective.goal
    checked = tuple(
        replace(c, target=target) if isinstance(c, Barbell) and c.target is None else c
        for c in check_constraints(constraints, [channel.name for channel in plan.channels])
    )
    rules = tuple(c for c in checked if isinstance(c, (CashFloor, Barbell)))
    for constraint in rules:
        _ = constraint.needed
    levers = build_levers(plan, decide, checked)
    if objective.needs_mean:
        _check_mean(plan, levers)
    seed = resolve_seed(rng)
    other = int(np.random.SeedSequence((seed, 1)).generate_state(1, np.uint64)[0])
    outcomes, fresh = (
        Outcomes(
            plan,
            levers,
            one,
            scenarios,
            with_mean=objective.needs_mean,
            executor=executor,
        )
        for one in (seed, other)
    )
    search = Search(outcomes, objective, rules, seed)
    return Setting(plan, objective, checked, rules, levers, outcomes, fresh, search, level)


def check_found(setting: Setting, mix: Mix, budget: float) -> None:
    """Raise an error if the best mix that was found does not keep to the scenarios' constraints.

    Raises
    ------
    InfeasibleError
        It names those that no mix keeps to on its own, else those that none keeps to together.
    """
    if setting.search.key(mix)[0] >= 0.0:
        return
    if unfed := setting.outcomes.unfed(mix):
        broken = "must feed a team that has somebody in it, and constraints leave it nobody"
        fix = "give the team at least one hire"
        raise InfeasibleError(Problem(name, broken, "feeds", fix) for name in unfed)
    alone = []
    for rule in setting.rules:
        search = Search(setting.outcomes, None, (rule,), setting.outcomes.seed)
        best = search.best(budget, [mix]).mix
        if search.lack(rule, best) > 0.0:
            alone.append(_lacking(setting, rule, best, f"for a budget of {budget:,.6g}"))
    together = [
        _lacking(setting, rule, mix, "together with the other constraints")
        for rule in setting.rules
    ]
    raise InfeasibleError(alone or together)


def _lacking(setting: Setting, rule: ScenarioConstraint, mix: Mix, when: str) -> Problem:
    values = rule_values(rule, setting.outcomes, mix)
    lack = setting.search.lack(rule, mix)
    share = float(np.mean(values >= rule.needed))
    what = f"must hold {when}; the nearest mix keeps to it in {100.0 * share:.3g} % of scenarios"
    got = f"{lack:,.6g} short" if lack > 0.0 else "enough"
    fix = "lower it, or raise the budget" if isinstance(rule, Barbell) else "loosen one of them"
    return Problem(str(rule), what, got, fix)


def _check_mean(plan: Plan, levers: Sequence[Lever]) -> None:
    tails = tail_contract(plan)
    for lever in levers:
        tail = tails.loc[lever.name]
        if lever.range.high < 1 or tail["mean_exists"]:
            continue
        known = f"{lever.name} has tail index {tail['tail_index']:g}, so it has none"
        if tail["mean_exists"] is None:
            known = f"whether {lever.name} has one is not known"
        rule = f"must not be a mean here: {known}"
        raise MetricError("objective", rule, "MeanLessCVaR", "set a cap, or use Quantile or Kelly")
