"""Runs of gtmsim alone, set against each other: how often campaigns hit, and how many workers."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import gtmsim as gtm
from benchmarks.comparisons import KERNEL
from benchmarks.jobs import CLAIM, PORTFOLIO, claim_plan
from benchmarks.measure import interleave, one_core, ratios

HIT_RATES = (0.05, 0.5, 0.9)


@dataclass(frozen=True)
class Contrast:
    """Values of each round by name, and the ratio between two of them."""

    title: str
    values: dict[str, list[float]]
    ratio_of: str
    ratios: list[float]


def hit_rates(rounds: int, job: str = "J3") -> Contrast:
    """Measure job J1 or J3 at several hit rates: ns of a campaign, hit or not."""
    scenarios = CLAIM.scenarios
    with one_core():
        methods = [KERNEL.prepare(job, claim_plan(hit_rate=rate)) for rate in HIT_RATES]
        for method in methods:
            method(scenarios, 0)
        seconds = interleave([partial(method, scenarios) for method in methods], rounds)
    ns = [[1e9 * s / (scenarios * CLAIM.draws) for s in row] for row in seconds]
    return Contrast(
        title=f"Hit rate: ns per campaign of {job}, kernel",
        values={f"hit rate {rate}": row for rate, row in zip(HIT_RATES, ns, strict=True)},
        ratio_of=f"cost at hit rate {HIT_RATES[0]} / at {HIT_RATES[-1]}",
        ratios=ratios(ns[0], ns[-1]),
    )


def two_workers(rounds: int, scenarios: int = 200_000) -> Contrast:
    """Measure ``simulate_portfolio`` of job J2's plan with one worker and with two: seconds."""

    def run(workers: int, seed: int) -> None:
        gtm.simulate_portfolio(
            PORTFOLIO.plan, scenarios=scenarios, rng=seed, workers=workers, progress=False
        )

    run(2, 0)
    one, two = interleave([partial(run, 1), partial(run, 2)], rounds)
    return Contrast(
        title=f"Workers: seconds of simulate_portfolio, J2's plan, {scenarios:,} scenarios",
        values={"1 worker": one, "2 workers": two},
        ratio_of="speed-up of 2 workers",
        ratios=ratios(one, two),
    )
