"""Compare any number of plans on common random numbers."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Final, Literal

from gtmsim.core.streams import MAX_SCENARIOS
from gtmsim.decide.comparison import Comparison
from gtmsim.decide.draws import Draws
from gtmsim.errors import ArgumentError, ArgumentTypeError, check_count, check_number
from gtmsim.execute import ExecutorLike
from gtmsim.plan import Plan
from gtmsim.seeds import RNGLike
from gtmsim.statistics.intervals import check_level
from gtmsim.summary import place_of

FEWEST_SCENARIOS = 500
"""With fewer, the worst 5 % of them are too few for an interval."""

_ALIKE: Final = ("horizon", "currency", "basis", "discount_rate")


def compare(
    plans: Mapping[str, Plan] | Sequence[Plan],
    *,
    scenarios: int = 100_000,
    rng: RNGLike = None,
    metric: Literal["net", "value"] = "net",
    target: float | None = None,
    level: float = 0.95,
    workers: int | None = None,
    executor: ExecutorLike | None = None,
) -> Comparison:
    """Compare plans on common random numbers.

    Parameters
    ----------
    plans : mapping of str to Plan, or sequence of Plan
        A mapping gives the names; in a sequence plans have names of their own that differ.
    scenarios : int, default 100_000
    rng : None, int, SeedSequence or Generator, optional
        Which luck; all plans have the same.
    metric : {"net", "value"}
        Value less spend, or value alone: for plans that spend the same.
    target : float, optional
        The value to reach by the horizon (currency); by default each plan's own.
    level : float, default 0.95
        Probability with which each interval holds the truth.
    workers : int, optional
        Threads, one per core by default. They never change the result.
    executor : concurrent.futures.Executor or dask Client, optional
        Where to run, to the same bits; see :func:`gtmsim.simulate_portfolio`.

    Returns
    -------
    Comparison

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If plans are not plans, share a name, or differ in horizon, currency, basis or discount
        rate; or another argument breaks its rule.
    MetricError
        If the metric is unknown.

    Notes
    -----
    A channel that two plans share, by name, has the same luck in both, so that they differ only by
    what differs in them.

    Examples
    --------
    >>> from gtmsim.presets import example_plan
    >>> plan = example_plan()
    >>> bolder = plan.replace(channels=[c for c in plan.channels if c.name != "enterprise"])
    >>> found = compare({"as it is": plan, "no enterprise": bolder}, scenarios=2_000, rng=7)
    >>> found.table().shape, list(found.beats().columns)
    ((2, 11), ['as it is', 'no enterprise'])
    """
    named = _named(plans)
    _check_alike(named)
    place_of(("net", "value"), metric, "metric")
    count = check_count("scenarios", scenarios, low=FEWEST_SCENARIOS, high=MAX_SCENARIOS)
    wanted = None if target is None else check_number("target", target, low=0.0, low_open=True)
    level = check_level(level)
    draws = Draws(count, rng, workers, executor)
    return Comparison(
        plans=named,
        metric=metric,
        targets={
            name: math.nan if goal is None else goal
            for name, goal in (
                (n, p.target if wanted is None else wanted) for n, p in named.items()
            )
        },
        level=level,
        seed=draws.seed,
        totals={name: draws.totals(plan) for name, plan in named.items()},
    )


def _named(plans: Mapping[str, Plan] | Sequence[Plan]) -> dict[str, Plan]:
    if isinstance(plans, Mapping):
        named = dict(plans)
        for name in named:
            if not isinstance(name, str):
                raise ArgumentTypeError("plans", "must have names that are text", name)
    elif isinstance(plans, Sequence) and not isinstance(plans, str):
        named = {}
        for place, plan in enumerate(plans):
            name = plan.name if isinstance(plan, Plan) else str(place)
            if name in named:
                fix = "write {'as it is': plan, 'bolder': other}"
                raise ArgumentError(f"plans[{place}].name", "must be unique", name, fix)
            named[name] = plan
    else:
        fix = "write {'as it is': plan, 'bolder': other}"
        raise ArgumentTypeError("plans", "must be a mapping or a sequence of plans", plans, fix)
    if not named:
        raise ArgumentError("plans", "must have at least one plan", plans)
    for name, plan in named.items():
        if not isinstance(plan, Plan):
            raise ArgumentTypeError(f"plans[{name!r}]", "must be a Plan", plan)
    return named


def _check_alike(plans: dict[str, Plan]) -> None:
    first, plan = next(iter(plans.items()))
    for name, other in plans.items():
        for field in _ALIKE:
            ours, theirs = getattr(plan, field), getattr(other, field)
            if ours != theirs:
                rule = f"must be {ours!r}, as of {first}, to be compared"
                fix = f"use plan.replace({field}={ours!r})"
                raise ArgumentError(f"plans[{name!r}].{field}", rule, theirs, fix)
