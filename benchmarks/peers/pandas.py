"""A long pandas table of campaigns, one row each, grouped by scenario: how an analyst does it."""

from __future__ import annotations

from functools import partial

import numpy as np
import pandas as pd

from benchmarks.methods import CLAIM, TOTAL, Method, Outcome, Prepare, chunked
from benchmarks.peers.parameters import one_program
from gtmsim import Plan

_CHUNK = 512
"""Scenarios, half a million rows."""


def _claim(top: bool, plan: Plan) -> Method:
    p = one_program(plan)

    def method(scenarios: int, seed: int) -> Outcome:
        rng = np.random.default_rng(seed)

        def simulate(size: int) -> Outcome:
            rows = size * p.campaigns
            hit = rng.random(rows) < p.rate
            value = np.where(hit, p.minimum * (1.0 + rng.pareto(p.tail_index, rows)), 0.0)
            scenario = np.repeat(np.arange(size), p.campaigns)
            table = pd.DataFrame({"scenario": scenario, "value": value, "hit": hit})
            groups = table.groupby("scenario")
            if not top:
                return {"total": groups["value"].sum().to_numpy()}
            best = table.sort_values("value", ascending=False).groupby("scenario").head(p.best)
            return {
                "total": groups["value"].sum().to_numpy(),
                "top": best.groupby("scenario")["value"].sum().to_numpy(),
                "largest": groups["value"].max().to_numpy(),
                "hits": groups["hit"].sum().to_numpy(dtype=np.float64),
            }

        return chunked(scenarios, _CHUNK, CLAIM if top else TOTAL, simulate)

    return method


METHODS: dict[str, Prepare] = {"J1": partial(_claim, True), "J3": partial(_claim, False)}
