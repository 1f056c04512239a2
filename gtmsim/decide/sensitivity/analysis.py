"""Which assumptions a figure hangs on: tornado and Sobol indices."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

import pandas as pd

from gtmsim.alternatives import check_alternatives
from gtmsim.decide.sensitivity.fields import resolve
from gtmsim.decide.sensitivity.metric import Metric, plain
from gtmsim.decide.sensitivity.ranges import Assumption, Versioned, assumptions
from gtmsim.decide.sensitivity.sobol import sobol
from gtmsim.decide.sensitivity.study import Study
from gtmsim.decide.sensitivity.tornado import tornado
from gtmsim.errors import ArgumentError, ArgumentTypeError, check_count
from gtmsim.execute import ExecutorLike
from gtmsim.notebook import Block, Shown
from gtmsim.plan import CampaignProgram, Plan, SalesTeam
from gtmsim.result.display import format_number, format_share
from gtmsim.seeds import RNGLike
from gtmsim.statistics import Interval

METHODS = ("tornado", "sobol")
_SHOWN = 15
_SOBOL_SCENARIOS = 2_048


@dataclass(frozen=True, repr=False, eq=False)
class Sensitivity(Shown):
    """Which assumptions a figure hangs on; see :func:`gtmsim.decide.sensitivity.sensitivity`.

    Attributes
    ----------
    plan : Plan
    metric : str
    base : Interval
        The figure of the plan as it is.
    table : DataFrame
        Index path, the widest swing first. Columns: value (in the plan), low and high (its 10 % and
        90 % quantile), the figure at_low and at_high, swing (from the one to the other) with
        swing_low and swing_high, the ends of its paired interval, and source (of the range).
    omitted : DataFrame
        Columns path, value, reason: numbers of the plan that were not varied.
    indices : DataFrame or None
        Index path. Columns first and total, with the ends of their intervals: see
        :func:`gtmsim.decide.sensitivity.sobol.sobol`. None unless asked for.
    scenarios : int
    seed : int
        Pass it as ``rng`` to draw the same scenarios again.
    level : float
        Of all intervals.

    Examples
    --------
    >>> import gtmsim as gtm
    >>> plan = gtm.presets.example_plan()
    >>> ranges = {"PR.hit_rate": (0.05, 0.2)}
    >>> found = gtm.sensitivity(plan, ranges=ranges, only=ranges, scenarios=1_000, rng=7)
    >>> bool(found.table.loc["PR.hit_rate", "swing"] > 0.0)
    True
    """

    plan: Plan
    metric: str
    base: Interval
    table: pd.DataFrame
    omitted: pd.DataFrame
    indices: pd.DataFrame | None
    scenarios: int
    seed: int
    level: float

    def explain(self) -> str:
        """Return in words what moves the figure most."""
        base = _shown(self.metric, self.base.estimate, self.base.half_width)
        text = f"{self.metric} of {self.plan.name} is {base}"
        if self.table.empty:
            return f"{text}; nothing was varied."
        parts = [
            f"{path} ({self._end(row, 'at_low')} at {plain(row['low'])}, "
            f"{self._end(row, 'at_high')} at {plain(row['high'])})"
            for path, row in self.table.head(3).iterrows()
        ]
        text += f"; it hangs most on {', '.join(parts)}"
        still = int(((self.table["swing_low"] <= 0.0) & (self.table["swing_high"] >= 0.0)).sum())
        if still:
            text += (
                f". Of {len(self.table)} assumptions {still} cannot be told from moving nothing in "
                f"{self.scenarios:,} scenarios"
            )
        if self.indices is not None and not self.indices["total"].isna().all():
            first, share = self.indices.index[0], self.indices["total"].iloc[0]
            error = (self.indices["total_high"] - self.indices["total_low"]).iloc[0] / 4.0
            text += (
                f". Varied together, {format_share(float(share), float(error))} of the variance "
                f"that beliefs make is due to {first}"
            )
        return text + "."

    def _end(self, row: pd.Series, end: str) -> str:
        return _shown(self.metric, float(row[end]), (row["swing_high"] - row["swing_low"]) / 2.0)

    def _block(self) -> Block:
        shown = pd.DataFrame(
            {
                "low": self.table["low"].map(plain),
                "high": self.table["high"].map(plain),
                "at_low": [self._end(row, "at_low") for _, row in self.table.iterrows()],
                "at_high": [self._end(row, "at_high") for _, row in self.table.iterrows()],
                "swing": [self._end(row, "swing") for _, row in self.table.iterrows()],
                "source": self.table["source"],
            }
        )
        head = (
            f"{self.metric} at the 10 % and 90 % quantile of each assumption, "
            f"{self.scenarios:,} common scenarios, seed {self.seed}"
        )
        notes = []
        if len(shown) > _SHOWN:
            notes.append(f"and {len(shown) - _SHOWN} narrower ones in table")
        if len(self.omitted):
            notes.append(f"{len(self.omitted)} numbers were not varied: see omitted")
        return Block(self.explain(), [head], shown.head(_SHOWN), notes)


def sensitivity(
    plan: Plan,
    metric: str = "p50",
    *,
    ranges: Mapping[str, Sequence[float]] | None = None,
    alternatives: Mapping[str, Sequence[SalesTeam | CampaignProgram]] | None = None,
    only: Iterable[str] | None = None,
    method: Sequence[str] = ("tornado",),
    scenarios: int = 20_000,
    rng: RNGLike = None,
    level: float = 0.95,
    most: int = 8,
    samples: int = 64,
    workers: int | None = None,
    executor: ExecutorLike | None = None,
) -> Sensitivity:
    """Return how much each assumption of a plan moves a figure of it.

    Parameters
    ----------
    plan : Plan
    metric : str, default "p50"
        A figure of the portfolio: prob_loss, prob_target, or one of value, net, spend and multiple
        with _p10 (any quantile), _cvar_95 or _mean: "net_p10". "p50" and "mean" are short for those
        of value, "cvar_95" for that of net.
    ranges : mapping of str to (low, high), optional
        The 10 % and 90 % quantile of assumptions, by path: see
        :func:`gtmsim.decide.sensitivity.set_fields`.
    alternatives : mapping of str to sequence of SalesTeam or CampaignProgram, optional
        For names of channels their equally likely versions, such as draws of what a fit leaves
        open. Each field that differs in them has their 10 % and 90 % quantile.
    only : iterable of str, optional
        Paths to vary; by default every number of the plan that is believed and not decided.
    method : sequence of {"tornado", "sobol"}, default ("tornado",)
        Sobol indices come on top of the tornado, whose widest swings they take apart. A channel
        with alternatives counts as one assumption there, so that what a fit says of its fields
        together is kept.
    scenarios : int, default 20_000
        At least 500; for Sobol indices the first 2,048 of them.
    rng : None, int, SeedSequence or Generator, optional
        Which luck; all plans have the same.
    level : float, default 0.95
        Of all intervals.
    most : int, default 8
        Assumptions that Sobol indices are of, besides channels with alternatives.
    samples : int, default 64
        A power of 2: for Sobol indices the figure is evaluated (assumptions + 2) times as often.
    workers : int, optional
        Threads, one per core by default. They never change the result.
    executor : concurrent.futures.Executor or dask Client, optional
        Where to run, to the same bits; see :func:`gtmsim.simulate_portfolio`.

    Returns
    -------
    Sensitivity

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If an argument breaks its rule or a path is not a field.
    MetricError
        If there is no such figure.
    PlanError
        If a plan with several assumptions changed together breaks a rule.

    Notes
    -----
    A range that is not given, and does not come from a fit, is a multiple of the plan's value: that
    of the sources of the presets where there are any, whose low and high are taken for the two
    quantiles, else illustrative. The table says which. What is decided (campaigns, spend, hires,
    launch, staging, horizon, discount rate, target) is varied only if a range is given. One
    assumption moves at a time and all else is as in the plan: a lower hit rate is a lower mean as
    well.

    Examples
    --------
    >>> import gtmsim as gtm
    >>> from gtmsim.decide.sensitivity import sensitivity
    >>> ranges = {"PR.hit_rate": (0.05, 0.2), "paid social.hit_rate": (0.3, 0.6)}
    >>> plan = gtm.presets.example_plan()
    >>> found = sensitivity(plan, "p50", ranges=ranges, only=ranges, scenarios=1_000, rng=7)
    >>> list(found.table.index)
    ['paid social.hit_rate', 'PR.hit_rate']
    """
    methods = _check_methods(method)
    most = check_count("most", most)
    samples = check_count("samples", samples, low=8, high=2**16)
    if samples & (samples - 1):
        fix = f"write {2 ** round(math.log2(samples))}"
        raise ArgumentError("samples", "must be a power of 2", samples, fix)
    study = Study(plan, metric, scenarios, rng, level, workers, executor)
    versions = check_alternatives(plan, alternatives)
    varied, left = assumptions(plan, ranges, versions, only)
    table, broken = tornado(study, varied)
    indices = None
    if "sobol" in methods:
        by_path = {a.path: a for a in varied if resolve(plan, a.path)[0] not in versions}
        widest = [by_path[str(path)] for path in table.index if path in by_path]
        whole = [Versioned(name, found) for name, found in versions.items()]
        few = min(study.scenarios, _SOBOL_SCENARIOS)
        small = Study(plan, metric, few, study.draws.seed, level, workers, executor)
        inputs: list[Assumption | Versioned] = [*whole, *widest[:most]]
        indices = sobol(small, inputs, samples) if inputs else None
    return Sensitivity(
        plan=plan,
        metric=Metric.named(metric).name,
        base=study.base.interval,
        table=table,
        omitted=pd.DataFrame([*left, *broken], columns=["path", "value", "reason"]),
        indices=indices,
        scenarios=study.scenarios,
        seed=study.draws.seed,
        level=study.level,
    )


def _check_methods(method: object) -> tuple[str, ...]:
    methods = (method,) if isinstance(method, str) else method
    if not isinstance(methods, Sequence) or not methods:
        rule = "must be a sequence of names"
        raise ArgumentTypeError("method", rule, method, "write ('tornado', 'sobol')")
    for name in methods:
        if name not in METHODS:
            near = get_close_matches(str(name), METHODS, n=1)
            fix = f"did you mean {near[0]!r}?" if near else None
            raise ArgumentError("method", f"must be of {', '.join(METHODS)}", name, fix)
    return tuple(methods)


def _shown(metric: str, value: float, half_width: float) -> str:
    error = half_width / 2.0 if math.isfinite(half_width) else 0.0
    return (format_share if metric.startswith("prob") else format_number)(value, error)
