"""A frozen ``scipy.stats.pareto``, drawn for the hits of a chunk."""

from __future__ import annotations

from functools import partial

import numpy as np
from scipy import stats

from benchmarks.methods import CLAIM, TOTAL, Method, Outcome, Prepare, chunked
from benchmarks.peers.parameters import one_program
from gtmsim import Plan

_CHUNK = 32
"""Scenarios; with 1,000 campaigns its arrays fit in the L2 cache."""


def _claim(top: bool, plan: Plan) -> Method:
    p = one_program(plan)
    multiple = stats.pareto(p.tail_index, scale=p.minimum)

    def method(scenarios: int, seed: int) -> Outcome:
        rng = np.random.Generator(np.random.SFC64(seed))

        def simulate(size: int) -> Outcome:
            hit = rng.random((size, p.campaigns)) < p.rate
            hits = np.count_nonzero(hit, axis=1)
            values = np.zeros(hit.shape)
            values[hit] = multiple.rvs(size=int(hits.sum()), random_state=rng)
            total = values.sum(axis=1)
            if not top:
                return {"total": total}
            values.partition(p.campaigns - p.best, axis=1)
            best = values[:, -p.best :]
            return {
                "total": total,
                "top": best.sum(axis=1),
                "largest": best.max(axis=1),
                "hits": hits.astype(np.float64),
            }

        return chunked(scenarios, _CHUNK, CLAIM if top else TOTAL, simulate)

    return method


METHODS: dict[str, Prepare] = {"J1": partial(_claim, True), "J3": partial(_claim, False)}
