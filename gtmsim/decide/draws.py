"""What plans return on common random numbers, each channel simulated once."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from gtmsim.compiled import compile_plan
from gtmsim.core._types import Floats
from gtmsim.core.portfolio import empty_draws, simulate_block
from gtmsim.core.streams import LANES
from gtmsim.errors import check_count
from gtmsim.execute import default_workers, run_tasks
from gtmsim.plan import CampaignProgram, Plan, SalesTeam
from gtmsim.progress import compilation_announced
from gtmsim.seeds import RNGLike, resolve_seed, seed_key

_KEPT = 32
"""Channels whose totals are kept: with 100,000 scenarios they take 1.6 megabytes each."""

_AT_A_TIME = 32 * LANES
"""Scenarios of a task: what it works on stays in the cache."""


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
        Threads; they never change the result.

    Examples
    --------
    >>> from gtmsim.presets import example_plan
    >>> draws = Draws(1_000, rng=7)
    >>> draws.totals(example_plan()).value.shape
    (1000,)
    """

    def __init__(self, scenarios: int, rng: RNGLike = None, workers: int | None = None) -> None:
        self.scenarios, self.seed = scenarios, resolve_seed(rng)
        self.workers = (
            default_workers() if workers is None else check_count("workers", workers, high=1024)
        )
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
        size, key = -(-self.scenarios // LANES) * LANES, seed_key(self.seed)
        value, spend = np.empty((2, size))

        def run(first: int) -> None:
            own = slice(first, min(first + _AT_A_TIME, size))
            draws = empty_draws(arrays, own.stop - first)
            simulate_block(key, arrays, first, draws)
            value[own], spend[own] = draws.value[-1], draws.spend[-1]

        with compilation_announced():
            for _ in run_tasks(run, range(0, size, _AT_A_TIME), self.workers):
                pass
        return Totals(value[: self.scenarios], spend[: self.scenarios])


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
