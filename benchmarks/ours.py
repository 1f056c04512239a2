"""The same jobs by gtmsim, at two levels, both on one thread.

kernel
    Blocks of scenarios from a compiled plan: what a scenario costs.
public
    ``simulate_portfolio`` as a user calls it: the plan is compiled, every metric of every channel
    and month is counted in histograms, and the scenarios are kept.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

import gtmsim as gtm
from benchmarks.methods import CLAIM, TOTAL, Method, Outcome, Prepare
from gtmsim.compiled import compile_plan
from gtmsim.core.portfolio import PortfolioArrays, PortfolioDraws, empty_draws, simulate_block
from gtmsim.core.streams import LANES
from gtmsim.seeds import seed_key

_BLOCK = 16 * LANES
"""Scenarios of a block: a few hundred kilobytes of working arrays."""

_METRICS = {"total": "value", "largest": "largest", "top": "top_value", "hits": "hits"}


def _blocks(
    arrays: PortfolioArrays, scenarios: int, seed: int
) -> Iterator[tuple[slice, int, PortfolioDraws]]:
    """Simulate block by block: where it goes, how many scenarios of it are wanted, and it."""
    draws = empty_draws(arrays, _BLOCK)
    for first in range(0, scenarios, _BLOCK):
        simulate_block(seed_key(seed), arrays, first, draws)
        yield slice(first, first + _BLOCK), min(_BLOCK, scenarios - first), draws


def _claim_kernel(*, top: bool) -> Prepare:
    """The first channel's totals of blocks of scenarios."""
    names = CLAIM if top else TOTAL

    def prepare(plan: gtm.Plan) -> Method:
        arrays = compile_plan(plan, spend_share=0.01 if top else 0.0).arrays

        def method(scenarios: int, seed: int) -> Outcome:
            out = {name: np.empty(scenarios) for name in names}
            for block, size, draws in _blocks(arrays, scenarios, seed):
                for name, values in out.items():
                    values[block] = getattr(draws, _METRICS[name])[0, :size]
            return out

        return method

    return prepare


def _claim_public(*, top: bool) -> Prepare:
    """The same from a result; its top share times its total is the top value."""

    def prepare(plan: gtm.Plan) -> Method:
        def method(scenarios: int, seed: int) -> Outcome:
            result = gtm.simulate_portfolio(
                plan, scenarios=scenarios, rng=seed, workers=1, progress=False
            )
            total = result.values("value")
            if not top:
                return {"total": total}
            return {
                "total": total,
                "largest": result.values("largest"),
                "top": result.values("top_share") * total,
                "hits": result.values("hits"),
            }

        return method

    return prepare


def _portfolio_kernel(plan: gtm.Plan) -> Method:
    """Value in total, of each channel and of each month, of blocks of scenarios."""
    compiled = compile_plan(plan, spend_share=0.0)
    horizon = plan.horizon
    names = ("total", *compiled.names[:-1], *(f"month {t}" for t in range(horizon)))
    places = len(compiled.names)

    def method(scenarios: int, seed: int) -> Outcome:
        out = np.empty((len(names), scenarios))
        for block, size, draws in _blocks(compiled.arrays, scenarios, seed):
            out[0, block] = draws.value[-1, :size]
            out[1:places, block] = draws.value[:-1, :size]
            out[places:, block] = draws.month[-1, :, :size]
        return dict(zip(names, out, strict=True))

    return method


def _portfolio_public(plan: gtm.Plan) -> Method:
    """The same from a result, which keeps months as distributions: they are not compared."""

    def method(scenarios: int, seed: int) -> Outcome:
        result = gtm.simulate_portfolio(
            plan, scenarios=scenarios, rng=seed, workers=1, progress=False
        )
        channels = {name: result.values("value", name) for name in result.channels}
        return {"total": result.values("value"), **channels}

    return method


KERNEL: dict[str, Prepare] = {
    "J1": _claim_kernel(top=True),
    "J2": _portfolio_kernel,
    "J3": _claim_kernel(top=False),
}
PUBLIC: dict[str, Prepare] = {
    "J1": _claim_public(top=True),
    "J2": _portfolio_public,
    "J3": _claim_public(top=False),
}
