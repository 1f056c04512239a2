"""Named what-ifs beside the plan as it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import pandas as pd

from gtmsim.decide.compare import compare
from gtmsim.decide.comparison import Comparison
from gtmsim.decide.sensitivity.fields import set_fields
from gtmsim.errors import ArgumentError, ArgumentTypeError
from gtmsim.execute import ExecutorLike
from gtmsim.notebook import Block, Shown
from gtmsim.plan import Plan
from gtmsim.seeds import RNGLike

BASE = "as planned"


@dataclass(frozen=True, repr=False, eq=False)
class ScenarioTable(Shown):
    """Named what-ifs beside the plan; see :func:`scenario_table`.

    Attributes
    ----------
    changes : dict of str to dict
        What each changes, by path.
    comparison : Comparison
        All plans on common random numbers: its ``table(intervals=True)``, ``beats()`` and
        ``difference(a, b)`` say more. The plan as it is comes first, as "as planned".

    Examples
    --------
    >>> import gtmsim as gtm
    >>> plan = gtm.presets.example_plan()
    >>> slow = {"slow hiring": {"mid-market.ramp.months": 9}}
    >>> found = gtm.scenario_table(plan, slow, scenarios=1_000, rng=7)
    >>> bool(found.differences.loc["slow hiring", ("p50", "high")] < 0.0)
    True
    """

    changes: dict[str, dict[str, Any]]
    comparison: Comparison

    @cached_property
    def table(self) -> pd.DataFrame:
        """One row per what-if, the plan first; see :meth:`gtmsim.decide.comparison.Comparison`."""
        return self.comparison.table().rename_axis("scenario")

    @cached_property
    def differences(self) -> pd.DataFrame:
        """By how much each what-if is above the plan, in every figure.

        Index scenario; columns (figure, estimate or low or high), with paired intervals.
        """
        rows = {
            name: {
                (str(figure), end): row[end]
                for figure, row in self.comparison.difference(name, BASE).iterrows()
                for end in ("estimate", "low", "high")
            }
            for name in self.changes
        }
        frame = pd.DataFrame.from_dict(rows, orient="index").rename_axis("scenario")
        return frame.set_axis(pd.MultiIndex.from_tuples([*frame.columns]), axis="columns")

    @property
    def verdict(self) -> str:
        """Which has the highest median and by how much, in words."""
        return self.comparison.verdict

    def _block(self) -> Block:
        return self.comparison._block()


def scenario_table(
    plan: Plan,
    scenarios_by_name: Mapping[str, Mapping[str, Any]],
    *,
    metric: Literal["net", "value"] = "net",
    scenarios: int = 20_000,
    rng: RNGLike = None,
    level: float = 0.95,
    workers: int | None = None,
    executor: ExecutorLike | None = None,
) -> ScenarioTable:
    """Return named what-ifs beside the plan as it is, on common random numbers.

    Parameters
    ----------
    plan : Plan
    scenarios_by_name : mapping of str to mapping
        For each name what it changes, by path: see
        :func:`gtmsim.decide.sensitivity.set_fields`.
    metric : {"net", "value"}
        What quantiles, means and worst scenarios are of.
    scenarios : int, default 20_000
    rng : None, int, SeedSequence or Generator, optional
        Which luck; all have the same.
    level : float, default 0.95
        Of all intervals.
    workers : int, optional
        Threads, one per core by default. They never change the result.
    executor : concurrent.futures.Executor or dask Client, optional
        Where to run, to the same bits; see :func:`gtmsim.simulate_portfolio`.

    Returns
    -------
    ScenarioTable

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If an argument breaks its rule, a name is "as planned", or a path is not a field.
    PlanError
        If a changed plan breaks a rule.

    Examples
    --------
    >>> import gtmsim as gtm
    >>> from gtmsim.decide.sensitivity import scenario_table
    >>> what_ifs = {"slow hiring": {"mid-market.ramp.months": 9}, "lucky PR": {"PR.hit_rate": 0.3}}
    >>> found = scenario_table(gtm.presets.example_plan(), what_ifs, scenarios=1_000, rng=7)
    >>> list(found.table.index)
    ['as planned', 'slow hiring', 'lucky PR']
    """
    named = scenarios_by_name
    fix = "write {'slow hiring': {'mid-market.ramp.months': 9}}"
    if not isinstance(named, Mapping) or not all(isinstance(c, Mapping) for c in named.values()):
        rule = "must map names to what they change"
        raise ArgumentTypeError("scenarios_by_name", rule, named, fix)
    if not named:
        raise ArgumentError("scenarios_by_name", "must have at least one", named, fix)
    if BASE in named:
        rule = f"must not be {BASE!r}, which is the plan itself"
        raise ArgumentError("scenarios_by_name", rule, BASE, "rename it")
    plans = {BASE: set_fields(plan, {})}
    plans |= {name: set_fields(plan, changes) for name, changes in named.items()}
    found = compare(
        plans,
        scenarios=scenarios,
        rng=rng,
        metric=metric,
        level=level,
        workers=workers,
        executor=executor,
    )
    return ScenarioTable({name: dict(changes) for name, changes in named.items()}, found)
