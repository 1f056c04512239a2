"""Plain numba: one loop over scenarios and one over campaigns, and numpy's fastest generator."""

from __future__ import annotations

from functools import partial

import numba
import numpy as np

from benchmarks.methods import CLAIM, TOTAL, Floats, Method, Outcome, Prepare
from benchmarks.peers.parameters import one_program, team_and_program
from gtmsim import Plan


@numba.njit(nogil=True)
def _totals(
    rng: np.random.Generator,
    campaigns: int,
    rate: float,
    scale: float,
    power: float,
    out: Floats,
) -> None:
    for scenario in range(out.shape[1]):
        total = 0.0
        for _ in range(campaigns):
            u = rng.random()
            if u < rate:
                total += scale * u**power
        out[0, scenario] = total


@numba.njit(nogil=True)
def _claims(
    rng: np.random.Generator,
    campaigns: int,
    rate: float,
    scale: float,
    power: float,
    best: int,
    out: Floats,
) -> None:
    values = np.empty(campaigns)
    for scenario in range(out.shape[1]):
        hits = 0
        for _ in range(campaigns):
            u = rng.random()
            if u < rate:
                values[hits] = scale * u**power
                hits += 1
        first = max(hits - best, 0)
        top = np.partition(values[:hits], first)[first:] if first > 0 else values[:hits]
        out[0, scenario] = values[:hits].sum()
        out[1, scenario] = top.sum()
        out[2, scenario] = top.max() if hits > 0 else 0.0
        out[3, scenario] = hits


@numba.njit(nogil=True)
def _portfolios(
    rng: np.random.Generator,
    seats: int,
    sigma: float,
    present: Floats,
    booked: Floats,
    rate: float,
    power: float,
    campaign_months: Floats,
    out: Floats,
) -> None:
    campaigns, horizon = campaign_months.shape
    for scenario in range(out.shape[1]):
        sales, value = np.zeros(horizon), np.zeros(horizon)
        for _ in range(seats):
            skill = np.exp(sigma * rng.standard_normal())
            leaves = rng.random()
            for month in range(horizon):
                if leaves >= present[month]:
                    break
                sales[month] += skill * booked[month]
        for campaign in range(campaigns):
            u = rng.random()
            if u < rate:
                value += u**power * campaign_months[campaign]
        out[0, scenario] = sales.sum() + value.sum()
        out[1, scenario] = sales.sum()
        out[2, scenario] = value.sum()
        out[3:, scenario] = sales + value


def _rng(seed: int) -> np.random.Generator:
    return np.random.Generator(np.random.SFC64(seed))


def _claim(top: bool, plan: Plan) -> Method:
    p = one_program(plan)
    names = CLAIM if top else TOTAL

    def method(scenarios: int, seed: int) -> Outcome:
        out = np.empty((len(names), scenarios))
        if top:
            _claims(_rng(seed), p.campaigns, p.rate, p.scale, p.power, p.best, out)
        else:
            _totals(_rng(seed), p.campaigns, p.rate, p.scale, p.power, out)
        return dict(zip(names, out, strict=True))

    return method


def _portfolio(plan: Plan) -> Method:
    team, p, names = team_and_program(plan)

    def method(scenarios: int, seed: int) -> Outcome:
        out = np.empty((len(names), scenarios))
        seller = (team.seats, team.sigma, team.present, team.booked)
        _portfolios(_rng(seed), *seller, p.rate, p.power, p.campaign_months, out)
        return dict(zip(names, out, strict=True))

    return method


METHODS: dict[str, Prepare] = {
    "J1": partial(_claim, True),
    "J2": _portfolio,
    "J3": partial(_claim, False),
}
