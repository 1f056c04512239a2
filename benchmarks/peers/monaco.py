"""monaco: a case is a scenario, and its function draws the campaigns from the case's own seed.

A random input for each campaign would be monaco's purer form, with 1,000 objects in every case.
"""

from __future__ import annotations

from functools import partial

import monaco
import numpy as np

from benchmarks.methods import TOTAL, Floats, Method, Outcome, Prepare
from benchmarks.peers.parameters import Program, one_program
from gtmsim import Plan

_NAMES = ("total", "top", "largest", "hits")


def _inputs(case: monaco.Case) -> tuple[int]:
    return (case.seed,)


def _outputs(case: monaco.Case, *metrics: float) -> None:
    for name, value in zip(_NAMES, metrics, strict=False):
        case.addOutVal(name, value)


def _scenario(p: Program, top: bool, seed: int) -> tuple[float, ...]:
    u = np.random.default_rng(seed).random(p.campaigns)
    values: Floats = p.scale * u[u < p.rate] ** p.power
    total = float(values.sum())
    if not top:
        return (total,)
    first = max(values.size - p.best, 0)
    best = np.partition(values, first)[first:] if first else values
    return total, float(best.sum()), float(best.max(initial=0.0)), float(values.size)


def _claim(top: bool, plan: Plan) -> Method:
    functions = monaco.SimulationFunctions(
        preprocess=_inputs, run=partial(_scenario, one_program(plan), top), postprocess=_outputs
    )

    def method(scenarios: int, seed: int) -> Outcome:
        sim = monaco.Sim(
            "claim", scenarios, functions, seed=seed, singlethreaded=True, verbose=False, debug=True
        )
        sim.runSim()
        return {name: np.array(sim[name].nums) for name in (_NAMES if top else TOTAL)}

    return method


METHODS: dict[str, Prepare] = {"J1": partial(_claim, True), "J3": partial(_claim, False)}
