"""Arguments and tables that what is about staging has in common."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from gtmsim.core.streams import MAX_SCENARIOS
from gtmsim.decide.draws import Draws
from gtmsim.errors import ArgumentError, ArgumentTypeError, check_count, check_number
from gtmsim.execute import ExecutorLike
from gtmsim.plan import Plan
from gtmsim.seeds import RNGLike
from gtmsim.statistics import Interval

FEWEST = 1_000
"""Scenarios, so that quantiles have an interval."""


def frame(rows: Mapping[Any, Mapping[str, Interval]], names: Sequence[str]) -> pd.DataFrame:
    """Return intervals as a table with columns (figure, estimate or low or high).

    Examples
    --------
    >>> cell = Interval(2.0, 1.0, 3.0, 0.95, "by hand")
    >>> frame({"row": {"net": cell}}, ["version"]).loc["row"].tolist()
    [2.0, 1.0, 3.0]
    """
    ends = ("estimate", "low", "high")
    values = [
        [getattr(cell, end) for cell in row.values() for end in ends] for row in rows.values()
    ]
    figures = list(next(iter(rows.values())))
    columns = pd.MultiIndex.from_product([figures, ends], names=["figure", None])
    if len(names) == 1:
        index = pd.Index(list(rows), name=names[0])
    else:
        index = pd.MultiIndex.from_tuples(list(rows), names=list(names))
    return pd.DataFrame(values, index=index, columns=columns)


def exactly(value: float, level: float) -> Interval:
    """Return a number that is known as an interval without width.

    Examples
    --------
    >>> exactly(2.0, 0.95).half_width
    0.0
    """
    return Interval(value, value, value, level, "exact")


def check_draws(
    scenarios: object,
    rng: RNGLike,
    workers: int | None = None,
    executor: ExecutorLike | None = None,
) -> Draws:
    """Return draws of so many scenarios, which are enough for the intervals.

    Examples
    --------
    >>> check_draws(1_000, 7).seed
    7
    """
    count = check_count("scenarios", scenarios, low=FEWEST, high=MAX_SCENARIOS)
    return Draws(count, rng, workers, executor)


def check_numbers(
    name: str, given: object, *, low: float, high: float | None = None
) -> list[float]:
    """Return different numbers above ``low`` and below ``high`` in ascending order.

    Examples
    --------
    >>> check_numbers("shares", (0.5, 0.1), low=0.0, high=1.0)
    [0.1, 0.5]
    """
    if isinstance(given, str) or not isinstance(given, Sequence | np.ndarray):
        raise ArgumentTypeError(name, "must be a sequence of numbers", given, "write [0.1, 0.2]")
    if len(given) == 0:
        raise ArgumentError(name, "must have at least one number", given)
    found = (
        check_number(f"{name}[{i}]", x, low=low, low_open=True, high=high, high_open=True)
        for i, x in enumerate(given)
    )
    return sorted(set(found))


def check_plan(plan: object) -> Plan:
    """Return a plan, or say what it must be.

    Examples
    --------
    >>> from gtmsim.presets import example_plan
    >>> check_plan(example_plan()).horizon
    24
    """
    if not isinstance(plan, Plan):
        fix = "write Plan(horizon=24, channels=[program])"
        raise ArgumentTypeError("plan", "must be a Plan", plan, fix)
    return plan
