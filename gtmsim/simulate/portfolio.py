"""The sentence a user writes: ``simulate_portfolio(plan, scenarios=..., rng=...)``."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping, Sequence
from typing import Literal

from gtmsim.alternatives import check_alternatives
from gtmsim.compiled import compile_plan
from gtmsim.core.streams import LANES, MAX_SCENARIOS
from gtmsim.errors import ArgumentTypeError, PrecisionError, check_count
from gtmsim.execute import Crew, ExecutorLike
from gtmsim.plan import CampaignProgram, Plan, SalesTeam
from gtmsim.precision import Precision
from gtmsim.result import PortfolioResult
from gtmsim.seeds import RNGLike
from gtmsim.simulate.checkpoint import open_state
from gtmsim.simulate.room import Room
from gtmsim.simulate.run import Run

_BATCH = 2**14
"""Scenarios after which a run that stops when it is precise enough looks for the first time."""


def simulate_portfolio(
    plan: Plan,
    *,
    scenarios: int = 100_000,
    rng: RNGLike = None,
    workers: int | None = None,
    progress: bool | None = None,
    keep: Literal["scenarios", "parquet", "summary", "auto"] = "scenarios",
    until: Precision | None = None,
    max_scenarios: int = 10_000_000,
    alternatives: Mapping[str, Sequence[SalesTeam | CampaignProgram]] | None = None,
    executor: ExecutorLike | None = None,
    checkpoint: str | os.PathLike[str] | None = None,
    memory: str | int | None = None,
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
    keep : {"scenarios", "parquet", "summary", "auto"}
        Whether every scenario's metrics are kept in memory, or in Parquet files in the folder of
        the checkpoint, or only their distributions, in constant memory. "auto" takes the first of
        them for which there is room; ``result.manifest["keep"]`` says which.
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
    checkpoint : path, optional
        A folder for what is finished, written every ten seconds and when the run ends, however it
        ends. The same call goes on from there, also to more scenarios, to the same bits; without
        ``rng`` it goes on with the seed that is there. A finished one is a saved result, which
        :meth:`gtmsim.PortfolioResult.load` reads.
    memory : str or int, optional
        Most memory to take for what is kept and worked on, as "2GB" or in bytes; what a run takes
        is estimated before it starts. By default half of the machine's, or its container's.

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
    StorageError
        If the checkpoint is another run's, or damaged, or cannot be written.
    ExecutorError
        If an executor keeps losing tasks.

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
    if progress is not None and not isinstance(progress, bool):
        raise ArgumentTypeError("progress", "must be True, False or None", progress)
    versions = check_alternatives(plan, alternatives)
    compiled = compile_plan(plan)
    if until is not None:
        if not isinstance(until, Precision):
            fix = "write Precision(metric='p10', relative=0.01)"
            raise ArgumentTypeError("until", "must be a Precision", until, fix)
        scenarios = check_count("max_scenarios", max_scenarios, low=_BATCH, high=MAX_SCENARIOS)
    room = Room.of(memory, compiled, crew)
    kept = room.choose(keep, scenarios, on_disk=checkpoint is not None)
    state = open_state(checkpoint, compiled, versions, kept, rng)
    run = Run(compiled, state, room, crew, progress)
    if until is None:
        return run.extended(scenarios)
    size = _BATCH
    while size < min(state.run.last, scenarios):
        size *= 2
    while True:
        result = run.extended(min(size, scenarios))
        excess = until.excess(result)
        if excess <= 1.0:
            return result
        if size >= scenarios:
            needed = "more than that"
            if math.isfinite(excess):
                needed = f"about {excess**2 * scenarios:,.0f}"
            rule = f"must be enough for {until.relative:g} of {until.metric}, which takes {needed}"
            fix = "raise it, or ask for less precision"
            raise PrecisionError("max_scenarios", rule, scenarios, fix)
        size *= 2


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
