"""What plans return on common random numbers, each channel simulated once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from gtmsim.compiled import compile_plan
from gtmsim.core._types import Floats
from gtmsim.core.portfolio import PortfolioArrays, empty_draws, simulate_block
from gtmsim.core.streams import LANES
from gtmsim.execute import Crew, ExecutorLike, run_tasks
from gtmsim.plan import CampaignProgram, Plan, SalesTeam
from gtmsim.progress import compilation_announced
from gtmsim.seeds import RNGLike, resolve_seed, seed_key

_KEPT = 32
"""Channels whose totals are kept: with 100,000 scenarios they take 1.6 megabytes each."""

_AT_A_TIME = 32 * LANES
"""Scenarios at a time: what a task works on stays in the cache."""

_SENT = 32
"""Most times as many that a task has which is sent elsewhere."""


class Totals(NamedTuple):
    """What a channel or a plan returns and costs, (scenario,) each, in present value."""

    value: Floats
    spend: Floats

    @property
    def net(self) -> Floats:
        """Value less spend (scenario,)."""
        return self.value - self.spend

    def of(self, metric: str) -> Floats:
        """Return the value or the net (scenario,)."""
        return self.value if metric == "value" else self.net


class Draws:
    """Totals of any number of plans, all of them with the same luck.

    A channel's draws depend on its name and on the seed, and on no other channel. So plans are
    paired scenario by scenario, and where no channel feeds another a plan's total is the sum of its
    channels': each of them is simulated once, however many plans have it.

    Parameters
    ----------
    scenarios : int
    rng : None, int, SeedSequence or Generator, optional
    workers : int, optional
        They never change the result.
    executor : Executor or dask Client, optional

    Examples
    --------
    >>> from gtmsim.presets import example_plan
    >>> draws = Draws(1_000, rng=7)
    >>> draws.totals(example_plan()).value.shape
    (1000,)
    """

    def __init__(
        self,
        scenarios: int,
        rng: RNGLike = None,
        workers: int | None = None,
        executor: ExecutorLike | None = None,
    ) -> None:
        self.scenarios, self.seed = scenarios, resolve_seed(rng)
        self.crew = Crew.of(workers, executor)
        self._channel = lru_cache(_KEPT)(self._simulated)

    def totals(self, plan: Plan) -> Totals:
        """Return what a plan returns and costs in each scenario.

        Equal to the last bit to what :func:`gtmsim.simulate_portfolio` returns for the seed.
        """
        if feeds(plan):
            return self._simulated(plan)
        value, spend = np.zeros((2, self.scenarios))
        for channel in plan.channels:
            part = self._channel(alone(plan, channel))
            value += part.value
            spend += part.spend
        return Totals(value, spend)

    def _simulated(self, plan: Plan) -> Totals:
        """Simulate a plan for its totals alone: no distributions, no months, no best units."""
        arrays = compile_plan(plan, spend_share=0.0).arrays
        size = -(-self.scenarios // LANES) * LANES
        value, spend = np.empty((2, size))
        # What is sent elsewhere should be worth the way; in threads it should fit the cache.
        step = _AT_A_TIME
        if self.crew.executor is not None:
            step *= min(max(size // (2 * self.crew.size * _AT_A_TIME), 1), _SENT)
        simulate = _Simulator(arrays, seed_key(self.seed), size, step)
        with compilation_announced():
            for first, part in run_tasks(simulate, range(0, size, step), self.crew):
                own = slice(first, first + part.value.size)
                value[own], spend[own] = part
        return Totals(value[: self.scenarios], spend[: self.scenarios])


@dataclass(frozen=True)
class _Simulator:
    """What draws the totals of a range of scenarios, here or elsewhere."""

    arrays: PortfolioArrays
    key: tuple[np.uint64, np.uint64]
    size: int
    step: int

    def __call__(self, first: int) -> tuple[int, Totals]:
        last = min(first + self.step, self.size)
        value, spend = np.empty((2, last - first))
        draws = empty_draws(self.arrays, min(_AT_A_TIME, last - first))
        for begin in range(first, last, _AT_A_TIME):
            count = min(_AT_A_TIME, last - begin)
            if count < _AT_A_TIME:
                draws = empty_draws(self.arrays, count)
            simulate_block(self.key, self.arrays, begin, draws)
            own = slice(begin - first, begin - first + count)
            value[own], spend[own] = draws.value[-1], draws.spend[-1]
        return first, Totals(value, spend)


def feeds(plan: Plan) -> bool:
    """Whether a channel feeds another, so that a plan is more than the sum of its channels.

    Examples
    --------
    >>> from gtmsim.presets import example_plan
    >>> feeds(example_plan())
    False
    """
    return any(isinstance(c, CampaignProgram) and c.feeds is not None for c in plan.channels)


def alone(plan: Plan, channel: SalesTeam | CampaignProgram) -> Plan:
    """Return the plan of one channel in the same months and market, whatever else is planned.

    Examples
    --------
    >>> from gtmsim.presets import example_plan
    >>> plan = example_plan()
    >>> alone(plan, plan["PR"]).horizon
    24
    """
    return Plan(
        horizon=plan.horizon,
        channels=(channel,),
        market_volatility=plan.market_volatility,
        discount_rate=plan.discount_rate,
    )
