"""The sentence a user writes: ``simulate_portfolio(plan, scenarios=..., rng=...)``."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal, NamedTuple

import numpy as np

from gtmsim.alternatives import BlockPlans, Versions, check_alternatives
from gtmsim.compiled import CompiledPlan, compile_plan
from gtmsim.core._types import Floats
from gtmsim.core.portfolio import empty_draws, is_alone, simulate_block
from gtmsim.core.streams import LANES, MAX_SCENARIOS
from gtmsim.errors import ArgumentError, ArgumentTypeError, PrecisionError, check_count
from gtmsim.execute import Crew, ExecutorLike, physical_memory, run_tasks
from gtmsim.plan import CampaignProgram, Plan, SalesTeam
from gtmsim.precision import Precision
from gtmsim.progress import compilation_announced, progress_bar
from gtmsim.result import PortfolioResult, make_manifest
from gtmsim.seeds import RNGLike, resolve_seed, seed_key
from gtmsim.summary import METRICS, Summary, scenario_metrics

_CHUNK_BYTES = 8 * 2**20
_TASKS_PER_WORKER = 8
_SHORTEST_TASK, _LONGEST_TASK = 2**15, 2**17
_BATCH = 2**14
"""Scenarios after which a run that stops when it is precise enough looks for the first time."""


class _Task(NamedTuple):
    first: int
    last: int


def simulate_portfolio(
    plan: Plan,
    *,
    scenarios: int = 100_000,
    rng: RNGLike = None,
    workers: int | None = None,
    progress: bool | None = None,
    keep: Literal["scenarios", "summary"] = "scenarios",
    until: Precision | None = None,
    max_scenarios: int = 10_000_000,
    alternatives: Mapping[str, Sequence[SalesTeam | CampaignProgram]] | None = None,
    executor: ExecutorLike | None = None,
) -> PortfolioResult:
    """Simulate a plan of sales hires and marketing campaigns many times over.

    Parameters
    ----------
    plan : Plan
        What will be spent and believed.
    scenarios : int, default 100_000
        Number of possible futures.
    rng : None, int, numpy.random.SeedSequence or numpy.random.Generator, optional
        Which luck. The result records the integer seed that replays it.
    workers : int, optional
        Threads, one per core by default, or tasks that an executor runs at once, by default as many
        as it says. They never change the result.
    progress : bool, optional
        A progress bar; by default on long runs, where the output is a terminal or a notebook.
    keep : {"scenarios", "summary"}
        Whether every scenario's metrics are kept, or only their distributions, in constant memory.
    until : Precision, optional
        Go on until a figure is this precise, instead of for a number of scenarios: 16,384 and then
        twice as many each time.
    max_scenarios : int, default 10_000_000
        Most scenarios to go on for.
    alternatives : mapping of str to sequence of SalesTeam or CampaignProgram, optional
        For names of channels their equally likely versions, such as draws of what a fit leaves
        open: then results carry the uncertainty of parameters beside that of luck. Their intervals
        need ``keep="scenarios"``.
    executor : concurrent.futures.Executor or dask Client, optional
        Where to run, as processes or a cluster, to the same bits; by default in threads. It is not
        shut down.

    Returns
    -------
    PortfolioResult

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If an argument breaks its rule, or a version does not fit the plan or cannot be compiled.
    PlanError
        If the plan cannot be compiled.
    MetricError
        If the figure to be made precise does not exist or does not converge.
    PrecisionError
        If the precision is not reached with the most scenarios; the message says how many it would
        take.

    Notes
    -----
    The result is equal to the last bit for any number of workers, and the first scenarios of a
    longer run are those of a shorter one. A channel's draws depend on its name, on the seed and on
    nothing else in the plan, so plans are compared on common random numbers.

    Every 128 scenarios, a block, take one version of each channel that has alternatives. Which one
    depends on the seed, the channel's name and the block alone, so all of this holds for them too.
    Scenarios of a block share their parameters: intervals allow for that, and it takes more
    scenarios for the same precision.

    Examples
    --------
    >>> import gtmsim as gtm
    >>> plan = gtm.presets.example_plan()
    >>> result = gtm.simulate_portfolio(plan, scenarios=1_000, rng=7)
    >>> result.scenarios, result.seed
    (1000, 7)

    What if the hit rate of PR is anywhere between 5 and 25 %?

    >>> versions = [plan["PR"].replace(hit_rate=rate / 100) for rate in range(5, 26)]
    >>> result = gtm.simulate_portfolio(
    ...     plan, scenarios=1_000, rng=7, alternatives={"PR": versions}
    ... )
    >>> result.manifest["alternatives"]["PR"]["versions"]
    21
    """
    if not isinstance(plan, Plan):
        raise ArgumentTypeError(
            "plan", "must be a Plan", plan, "read a file with Plan.from_toml(path)"
        )
    scenarios = check_count("scenarios", scenarios, high=MAX_SCENARIOS)
    crew = Crew.of(workers, executor)
    if not isinstance(keep, str) or keep not in ("scenarios", "summary"):
        raise ArgumentError("keep", "must be 'scenarios' or 'summary'", keep)
    if progress is not None and not isinstance(progress, bool):
        raise ArgumentTypeError("progress", "must be True, False or None", progress)
    versions = check_alternatives(plan, alternatives)
    run = _Run(compile_plan(plan), resolve_seed(rng), keep == "scenarios", versions)
    if until is None:
        return run.extended(scenarios, crew, progress)
    if not isinstance(until, Precision):
        fix = "write Precision(metric='p10', relative=0.01)"
        raise ArgumentTypeError("until", "must be a Precision", until, fix)
    most = check_count("max_scenarios", max_scenarios, low=_BATCH, high=MAX_SCENARIOS)
    size = _BATCH
    while True:
        result = run.extended(size, crew, progress)
        excess = until.excess(result)
        if excess <= 1.0:
            return result
        if size == most:
            needed = f"about {excess**2 * size:,.0f}" if math.isfinite(excess) else "more than that"
            rule = f"must be enough for {until.relative:g} of {until.metric}, which takes {needed}"
            raise PrecisionError("max_scenarios", rule, most, "raise it, or ask for less precision")
        size = min(2 * size, most)


def scenarios_needed(
    plan: Plan,
    metric: str,
    relative: float,
    *,
    confidence: float = 0.95,
    channel: str = "portfolio",
    rng: RNGLike = None,
    alternatives: Mapping[str, Sequence[SalesTeam | CampaignProgram]] | None = None,
) -> int:
    """Return about how many scenarios make a figure this precise.

    Parameters
    ----------
    plan : Plan
    metric : str
        A figure, as in :meth:`gtmsim.PortfolioResult.interval`.
    relative : float
        Half-width of its interval as a share of its estimate.
    confidence : float, default 0.95
    channel : str, default "portfolio"
    rng : None, int, SeedSequence or Generator, optional
    alternatives : mapping of str to sequence of SalesTeam or CampaignProgram, optional
        As in :func:`simulate_portfolio`.

    Returns
    -------
    int
        From a run of 65,536 scenarios, whose interval narrows with the root of their number.

    Raises
    ------
    MetricError
        If the figure does not exist or does not converge.
    PrecisionError
        If the run is too short to say.

    Examples
    --------
    >>> from gtmsim.presets import example_plan
    >>> 1_000 < scenarios_needed(example_plan(), "p10", 0.01, rng=7) < 100_000
    True
    """
    precision = Precision(metric, relative, confidence, channel)
    pilot = simulate_portfolio(plan, scenarios=4 * _BATCH, rng=rng, alternatives=alternatives)
    excess = precision.excess(pilot)
    if not math.isfinite(excess):
        rule = f"must have an interval and not be 0 in {pilot.scenarios:,} scenarios"
        raise PrecisionError("metric", rule, metric, "ask for a figure that is less rare")
    return max(math.ceil(excess**2 * pilot.scenarios), LANES)


def _check_room(places: int, scenarios: int) -> None:
    """Refuse to keep more scenarios than half of the machine's memory holds."""
    needed = 8 * len(METRICS) * places * scenarios
    memory = physical_memory()
    if memory is not None and needed > memory // 2:
        rule = f"must fit in half of the memory, {memory / 2**31:.1f} GiB, to be kept"
        got = f"{scenarios:,}, which take {needed / 2**30:.1f} GiB"
        raise ArgumentError("scenarios", rule, got, "use keep='summary'")


class _Part(NamedTuple):
    """What a task found: its summary, its first scenario and, from elsewhere, all of them."""

    summary: Summary
    first: int
    scenarios: Floats | None


class _Simulator:
    """What all tasks of a run share, and what each of them does; workers are sent one of these."""

    def __init__(self, compiled: CompiledPlan, seed: int, keep: bool, versions: Versions) -> None:
        self.arrays, self.keep = compiled.arrays, keep
        self.blocks = BlockPlans(compiled.plan, versions, seed) if versions else None
        self.key = seed_key(seed)
        self.chunk = _chunk_size(compiled)
        self.pattern = Summary.of(compiled)
        self.room: Floats | None = None
        """Where tasks of this process write their scenarios (metric, channel, scenario)."""

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "room": None}

    def __call__(self, task: _Task) -> _Part:
        """Simulate a range of scenarios and summarise it."""
        summary = self.pattern.empty_like()
        own = slice(task.first, task.last)
        kept = None if self.room is None else self.room[:, :, own]
        if kept is None and self.keep:
            kept = np.empty((len(METRICS), len(summary.names), task.last - task.first))
        # Kernels work on whole blocks; scenarios past the end are drawn and dropped.
        size = min(self.chunk, -(-(task.last - task.first) // LANES) * LANES)
        size = size if self.blocks is None else LANES
        draws = empty_draws(self.arrays, size)
        for first in range(task.first, task.last, size):
            count = min(size, task.last - first)
            arrays = self.arrays
            if self.blocks is not None:
                arrays = self.blocks.arrays(first // LANES)
                if arrays.capacity > draws.candidates.keys.shape[1] // LANES:
                    draws = empty_draws(arrays, size)
            simulate_block(self.key, arrays, first, draws)
            metrics = scenario_metrics(draws)
            summary.add(draws, metrics, count)
            if kept is not None:
                here = first - task.first
                kept[:, :, here : here + count] = metrics[:, :, :count]
        # The next tasks will need about the same bins; which they begin with changes no result.
        self.pattern = summary
        return _Part(summary, task.first, None if self.room is not None else kept)


class _Run:
    """One simulation: the scenarios so far, and how to go on."""

    def __init__(self, compiled: CompiledPlan, seed: int, keep: bool, versions: Versions) -> None:
        self.compiled, self.seed, self.versions = compiled, seed, versions
        self.simulator = _Simulator(compiled, seed, keep, versions)
        self.summary = Summary.of(compiled)
        self.kept: Floats | None = self._room(0) if keep else None

    def extended(self, scenarios: int, crew: Crew, progress: bool | None) -> PortfolioResult:
        """Go on to so many scenarios and return the result of all; before, they fill blocks."""
        plan, done = self.compiled.plan, self.summary.scenarios
        if self.kept is not None:
            _check_room(len(self.compiled.names), scenarios)
            before, self.kept = self.kept, self._room(scenarios)
            self.kept[:, :, :done] = before
            self.simulator.room = self.kept if crew.executor is None else None
        tasks = self.tasks(done, scenarios, crew.size)
        with (
            compilation_announced(progress),
            progress_bar(scenarios - done, plan.name, progress) as bar,
        ):
            for part in run_tasks(self.simulator, tasks, crew):
                self.summary.merge(part.summary)
                if self.kept is not None and part.scenarios is not None:
                    last = part.first + part.scenarios.shape[2]
                    self.kept[:, :, part.first : last] = part.scenarios
                bar.update(part.summary.scenarios)
        keep = "summary" if self.kept is None else "scenarios"
        return PortfolioResult(
            plan=plan,
            seed=self.seed,
            distributions=self.summary,
            kept=self.kept,
            manifest=make_manifest(plan, self.seed, scenarios, keep, self.versions),
            alternatives=self.versions,
        )

    def _room(self, scenarios: int) -> Floats:
        return np.empty((len(METRICS), len(self.compiled.names), scenarios))

    def tasks(self, done: int, scenarios: int, workers: int) -> Iterator[_Task]:
        """Cut the scenarios to come into tasks of whole chunks, a few for each worker."""
        to_come, chunk = scenarios - done, self.simulator.chunk
        size = -(-to_come // (workers * _TASKS_PER_WORKER))
        size = min(max(size, _SHORTEST_TASK), _LONGEST_TASK, -(-to_come // workers))
        size = -(-size // chunk) * chunk
        for first in range(done, scenarios, size):
            yield _Task(first, min(first + size, scenarios))


def _chunk_size(compiled: CompiledPlan) -> int:
    """Scenarios whose working arrays stay within a fixed memory, in whole blocks."""
    arrays = compiled.arrays
    places = len(compiled.names)
    numbers = places * 2 * (arrays.horizon + len(METRICS))
    numbers += 0 if is_alone(arrays) else 2 * arrays.capacity
    return max(1, min(64, _CHUNK_BYTES // (8 * numbers * LANES))) * LANES
