"""The cash of every scenario, drawn block by block, so that no month is kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from gtmsim.alternatives import BlockPlans, Versions, check_alternatives
from gtmsim.compiled import CompiledPlan, compile_plan
from gtmsim.core._types import Floats
from gtmsim.core.cash import NPV, cash_rows, irr_rows
from gtmsim.core.portfolio import empty_draws, simulate_block
from gtmsim.core.streams import LANES, MAX_SCENARIOS
from gtmsim.decide.cash.figures import Cash
from gtmsim.errors import ArgumentError, ArgumentTypeError, check_count, check_number
from gtmsim.execute import Crew, ExecutorLike, run_tasks
from gtmsim.plan import CampaignProgram, Plan, SalesTeam
from gtmsim.progress import compilation_announced, progress_bar
from gtmsim.result import PortfolioResult
from gtmsim.seeds import RNGLike, resolve_seed, seed_key
from gtmsim.statistics.intervals import check_level

_SCENARIOS = 20_000
_TASK = 16 * LANES


def cash(
    plan: Plan | PortfolioResult,
    *,
    scenarios: int | None = None,
    rng: RNGLike = None,
    discount_rates: Sequence[float] = (0.12, 0.25),
    opening: float = 0.0,
    level: float = 0.95,
    alternatives: Mapping[str, Sequence[SalesTeam | CampaignProgram]] | None = None,
    workers: int | None = None,
    executor: ExecutorLike | None = None,
    progress: bool | None = None,
) -> Cash:
    """Return when a plan pays back, the cash it needs before, and what it is worth.

    Parameters
    ----------
    plan : Plan or PortfolioResult
        Of a result the same scenarios are drawn again.
    scenarios : int, optional
        Number of possible futures: 20,000, or those of the result.
    rng : None, int, SeedSequence or Generator, optional
        Which luck; not with a result, which knows its own.
    discount_rates : sequence of float, default (0.12, 0.25)
        Per year, in [0, 10]: a usual cost of capital, and the hurdle of an early stage.
    opening : float, default 0
        Cash at the start (currency).
    level : float, default 0.95
        Of all intervals.
    alternatives : mapping of str to sequence of SalesTeam or CampaignProgram, optional
        As in :func:`gtmsim.simulate_portfolio`; not with a result, which has its own.
    workers : int, optional
        Threads, one per core by default. They never change the result.
    executor : concurrent.futures.Executor or dask Client, optional
        Where to run, to the same bits; see :func:`gtmsim.simulate_portfolio`.
    progress : bool, optional
        A progress bar, by default where it can be seen.

    Returns
    -------
    Cash

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If an argument breaks its rule, or is given beside a result that knows it.
    PlanError
        If the plan cannot be compiled.

    Notes
    -----
    Cash of a month is value realised in it less what is spent in it, undiscounted: the plan's own
    discount rate counts for nothing here. Value that falls after the horizon is not in it, so a
    longer horizon pays back more. Value is in the plan's basis: gross profit is not yet cash where
    customers pay late. Month t is discounted by (1 + rate) ** (t / 12), as everywhere.

    Examples
    --------
    >>> import gtmsim as gtm
    >>> from gtmsim.decide.cash import cash
    >>> flow = cash(gtm.presets.example_plan(), scenarios=2_000, rng=7)
    >>> soon, late = flow.prob_payback(12), flow.prob_payback(24)
    >>> soon.estimate <= late.estimate
    True
    """
    given = {"scenarios": scenarios, "rng": rng, "alternatives": alternatives}
    if isinstance(plan, PortfolioResult):
        for name, value in given.items():
            if value is not None:
                rule = "must be left out with a result, whose scenarios are drawn again"
                raise ArgumentError(name, rule, value, "pass result.plan to draw others")
        count, seed, versions = plan.scenarios, plan.seed, plan.alternatives
        plan = plan.plan
    elif isinstance(plan, Plan):
        most = _SCENARIOS if scenarios is None else scenarios
        count = check_count("scenarios", most, high=MAX_SCENARIOS)
        seed, versions = resolve_seed(rng), check_alternatives(plan, alternatives)
    else:
        rule = "must be a Plan or a PortfolioResult"
        raise ArgumentTypeError("plan", rule, plan, "read a file with Plan.from_toml(path)")
    rates = _check_rates(discount_rates)
    opening = check_number("opening", opening, low=0.0)
    crew = Crew.of(workers, executor)
    if progress is not None and not isinstance(progress, bool):
        raise ArgumentTypeError("progress", "must be True, False or None", progress)
    level = check_level(level)
    run = _Run(plan, seed, versions, rates, opening)
    kept = run.all(count, crew, progress)
    return Cash(plan, seed, rates, opening, level, kept, versions)


def _check_rates(rates: object) -> tuple[float, ...]:
    if isinstance(rates, str) or not isinstance(rates, Sequence | np.ndarray):
        fix = "write (0.12,) for one rate"
        raise ArgumentTypeError("discount_rates", "must be a sequence of numbers", rates, fix)
    checked = tuple(
        check_number(f"discount_rates[{i}]", rate, low=0.0, high=10.0, fix="write 0.12 for 12 %")
        for i, rate in enumerate(rates)
    )
    if len(set(checked)) < len(checked):
        raise ArgumentError("discount_rates", "must differ from each other", rates)
    return checked


class _Task(NamedTuple):
    first: int
    last: int


class _Run:
    """What the tasks of a run share."""

    def __init__(
        self, plan: Plan, seed: int, versions: Versions, rates: tuple[float, ...], opening: float
    ) -> None:
        # Luck does not depend on the rate, so these are the scenarios of the plan as it is.
        flat = plan.replace(discount_rate=0.0)
        self.plan, self.opening = flat, opening
        self.compiled: CompiledPlan = compile_plan(flat, spend_share=0.0)
        self.blocks = BlockPlans(flat, versions, seed, spend_share=0.0) if versions else None
        self.key = seed_key(seed)
        years = np.arange(flat.horizon) / 12.0
        self.factors: Floats = (1.0 + np.array(rates)[:, None]) ** -years

    def all(self, scenarios: int, crew: Crew, progress: bool | None) -> Floats:
        """Return the figures of all scenarios (figure, channel, scenario)."""
        rows = NPV + self.factors.shape[0]
        kept = np.empty((rows, len(self.compiled.names), scenarios))
        tasks = (_Task(f, min(f + _TASK, scenarios)) for f in range(0, scenarios, _TASK))
        with (
            compilation_announced(progress),
            progress_bar(scenarios, f"cash of {self.plan.name}", progress) as bar,
        ):
            for first, part in run_tasks(self.task, tasks, crew):
                kept[:, :, first : first + part.shape[2]] = part
                bar.update(part.shape[2])
        return kept

    def task(self, task: _Task) -> tuple[int, Floats]:
        """Draw a range of scenarios; return its first and the figures of all."""
        count = task.last - task.first
        # Kernels work on whole blocks; scenarios past the end are drawn and dropped.
        whole = -(-count // LANES) * LANES
        size = whole if self.blocks is None else LANES
        rows, places = NPV + self.factors.shape[0], len(self.compiled.names)
        part = np.empty((places, rows, whole))
        draws = empty_draws(self.compiled.arrays, size)
        for first in range(0, whole, size):
            arrays = self.compiled.arrays
            if self.blocks is not None:
                arrays = self.blocks.arrays((task.first + first) // LANES)
                if arrays.capacity > draws.candidates.keys.shape[1] // LANES:
                    draws = empty_draws(arrays, size)
            simulate_block(self.key, arrays, task.first + first, draws)
            for place in range(places):
                out = np.empty((rows, size))
                value, spend = draws.month[place], draws.spend_month[place]
                cash_rows(value, spend, self.opening, self.factors, out)
                irr_rows(value, spend, out)
                part[place, :, first : first + size] = out
        return task.first, part[:, :, :count].swapaxes(0, 1)
