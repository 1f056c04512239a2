"""squigglepy: a campaign is a Bernoulli times a Pareto variable, sampled in one array.

Its ``zero_inflated`` says the same, and chooses between its parts in a Python loop.
"""

from __future__ import annotations

from functools import partial

import numpy as np
import squigglepy as sq

from benchmarks.methods import CLAIM, TOTAL, Method, Outcome, Prepare, chunked
from benchmarks.peers.parameters import one_program
from gtmsim import Plan

_CHUNK = 32
"""Scenarios; with 1,000 campaigns its arrays fit in the L2 cache."""


def _claim(top: bool, plan: Plan) -> Method:
    p = one_program(plan)
    campaign = sq.bernoulli(p.rate) * sq.pareto(p.tail_index) * p.minimum

    def method(scenarios: int, seed: int) -> Outcome:
        sq.set_seed(seed)

        def simulate(size: int) -> Outcome:
            values = sq.sample(campaign, n=size * p.campaigns, verbose=False)
            values = values.reshape(size, p.campaigns)
            total = values.sum(axis=1)
            if not top:
                return {"total": total}
            hits = np.count_nonzero(values, axis=1).astype(np.float64)
            values.partition(p.campaigns - p.best, axis=1)
            best = values[:, -p.best :]
            largest = best.max(axis=1)
            return {"total": total, "top": best.sum(axis=1), "largest": largest, "hits": hits}

        return chunked(scenarios, _CHUNK, CLAIM if top else TOTAL, simulate)

    return method


METHODS: dict[str, Prepare] = {"J1": partial(_claim, True), "J3": partial(_claim, False)}
