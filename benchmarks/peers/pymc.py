"""PyMC's forward sampling, compiled once: ``pymc.draw`` would compile in every call."""

from __future__ import annotations

from functools import partial

import numpy as np
import pymc as pm
from pymc.pytensorf import reseed_rngs
from pytensor.tensor import sort

from benchmarks.methods import CLAIM, TOTAL, Method, Outcome, Prepare, chunked
from benchmarks.peers.parameters import one_program
from gtmsim import Plan

_CHUNK = 256


def _claim(top: bool, plan: Plan) -> Method:
    p = one_program(plan)
    shape = (_CHUNK, p.campaigns)
    hit = pm.Bernoulli.dist(p=p.rate, shape=shape)
    values = hit * pm.Pareto.dist(alpha=p.tail_index, m=p.minimum, shape=shape)
    outputs = [values.sum(axis=1)]
    if top:
        best = sort(values, axis=1)[:, -p.best :]
        outputs += [best.sum(axis=1), best[:, -1], hit.sum(axis=1)]
    draw = pm.compile([], outputs)
    names = CLAIM if top else TOTAL

    def method(scenarios: int, seed: int) -> Outcome:
        reseed_rngs(draw.get_shared(), seed)

        def simulate(size: int) -> Outcome:
            return {
                name: np.asarray(metric[:size], dtype=np.float64)
                for name, metric in zip(names, draw(), strict=True)
            }

        return chunked(scenarios, _CHUNK, names, simulate)

    return method


METHODS: dict[str, Prepare] = {"J1": partial(_claim, True), "J3": partial(_claim, False)}
