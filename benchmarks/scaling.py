"""How the time of ``simulate_portfolio`` grows: with scenarios, campaigns, months and workers."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Literal

import numpy as np

import gtmsim as gtm
from benchmarks.jobs import claim_plan, portfolio_plan
from benchmarks.memory import Peak, fresh_peak
from gtmsim import Plan
from gtmsim.execute import default_workers

Keep = Literal["scenarios", "summary"]

_REPEATS = 3
_LONG = 5.0
"""Seconds; what takes longer is measured once."""

_DRAWS = 20_000_000
"""Of a point of the curve over campaigns, where the scenarios would be few or too many."""

_SUMMARY_RUN = """
from benchmarks.memory import highest
from benchmarks.scaling import run
from benchmarks.jobs import portfolio_plan
imports = highest()
run(portfolio_plan(), {scenarios}, keep="summary")
print(highest(), imports)
"""


@dataclass(frozen=True)
class Curve:
    """Seconds against a size, and the slopes of the curve on logarithmic axes.

    ``slope`` is the least-squares line's over all points, ``last_slope`` that between the last two:
    where time is a fixed cost and one in proportion, the first lies below 1 and the second near it.
    """

    title: str
    sizes: list[int]
    seconds: list[float]

    @property
    def slope(self) -> float:
        """Slope of the line through all points."""
        return self._slope(0)

    @property
    def last_slope(self) -> float:
        """Slope between the last two points."""
        return self._slope(-2)

    def _slope(self, first: int) -> float:
        x, y = np.log(self.sizes[first:]), np.log(self.seconds[first:])
        return float(np.polyfit(x, y, 1)[0]) if len(x) > 1 else float("nan")


def run(plan: Plan, scenarios: int, *, workers: int = 1, keep: Keep = "scenarios") -> None:
    """Simulate once."""
    gtm.simulate_portfolio(
        plan, scenarios=scenarios, rng=1, workers=workers, keep=keep, progress=False
    )


def curves(largest: int) -> Iterator[Curve]:
    """Measure one curve after the other."""
    run(portfolio_plan(), 1_000, keep="summary")
    yield over_scenarios(largest)
    yield over_campaigns()
    yield over_months()
    yield over_workers()


def over_scenarios(largest: int) -> Curve:
    """From a thousand to ``largest`` scenarios, of which only the summary is kept."""
    sizes = [10**power for power in range(3, 9) if 10**power <= largest]
    plan = portfolio_plan()
    return Curve(
        "scenarios (20 hires, 200 campaigns, 12 months; keep='summary')",
        sizes,
        [_seconds(partial(run, plan, size, keep="summary")) for size in sizes],
    )


def over_campaigns() -> Curve:
    """From ten to a million campaigns, seconds for a million scenarios."""
    sizes = [10**power for power in range(1, 7)]
    seconds = []
    for size in sizes:
        scenarios = min(max(_DRAWS // size, 128), 100_000)
        plan = claim_plan(count=size)
        seconds.append(_seconds(partial(run, plan, scenarios)) * 1e6 / scenarios)
    return Curve("campaigns (per million scenarios)", sizes, seconds)


def over_months() -> Curve:
    """From one month to ten years."""
    sizes = [1, 3, 12, 36, 120]
    plans = [portfolio_plan(horizon=months) for months in sizes]
    return Curve(
        "months (20 hires, 200 campaigns; 16,384 scenarios)",
        sizes,
        [_seconds(partial(run, plan, 16_384)) for plan in plans],
    )


def over_workers(scenarios: int = 200_000) -> Curve:
    """From one worker to one for each core."""
    cores = default_workers()
    sizes = sorted({*(2**power for power in range(cores.bit_length())), cores})
    plan = portfolio_plan()
    return Curve(
        f"workers (20 hires, 200 campaigns, 12 months; {scenarios:,} scenarios)",
        sizes,
        [_seconds(partial(run, plan, scenarios, workers=n)) for n in sizes],
    )


def long_run(scenarios: int) -> Peak:
    """Return the peak memory of a run that keeps only its summary."""
    return fresh_peak(["-c", _SUMMARY_RUN.format(scenarios=scenarios)])


def _seconds(action: Callable[[], None]) -> float:
    times: list[float] = []
    while len(times) < _REPEATS and sum(times) < _LONG:
        start = time.perf_counter()
        action()
        times.append(time.perf_counter() - start)
    return statistics.median(times)
