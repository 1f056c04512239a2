"""Plain numpy, as fast as we know how to write it.

Chunks stay in the cache, SFC64 is numpy's fastest generator, and the top of a scenario is found by
partition. Which way of drawing campaigns is fastest depends on the processor, so there are three:

HITS_ONLY
    One uniform per campaign, the power of the hits alone. Best where numpy's power is scalar.
ALL
    One uniform and one power per campaign, misses multiplied by zero. With AVX-512 numpy's power
    costs less than picking the hits out.
COUNTED
    The number of hits is one binomial draw and only hits are drawn, as gtmsim does it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from benchmarks.methods import CLAIM, TOTAL, Floats, Ints, Method, Outcome, Prepare, chunked, chunks
from benchmarks.peers.parameters import Program, Team, one_program, team_and_program
from gtmsim import Plan

_DOUBLES = 2**15
"""Doubles of a chunk's largest array, 256 KiB: it and its temporaries fit in the L2 cache."""

_Rng = np.random.Generator


def _top(p: Program, u: Floats) -> tuple[Floats, Floats]:
    """Sum of the best 1 % and the largest (scenario,), from uniforms, which it reorders."""
    u.partition(p.best - 1, axis=1)
    best = u[:, : p.best]
    values = np.where(best < p.rate, best, np.inf) ** p.power
    return p.scale * values.sum(axis=1), p.scale * values.max(axis=1)


def _run_sums(x: Floats, counts: Ints) -> Floats:
    """Sums of consecutive runs of x, one for each count; x ends with a zero of no run."""
    sums = np.add.reduceat(x, np.cumsum(counts) - counts)
    if not counts.all():
        sums[counts == 0] = 0.0
    return sums


def _powers(u: Floats, power: float) -> Floats:
    """u**power in place, and a zero in the last place."""
    np.power(u, power, out=u)
    u[-1] = 0.0
    return u


def _hits_total(p: Program, u: Floats) -> tuple[Floats, Ints]:
    hit = u < p.rate
    hits = np.count_nonzero(hit, axis=1)
    x = np.append(u[hit], 1.0)
    return p.scale * _run_sums(_powers(x, p.power), hits), hits


def _all_total(p: Program, u: Floats) -> tuple[Floats, Ints]:
    hit = u < p.rate
    x = u**p.power
    x *= hit
    return p.scale * x.sum(axis=1), np.count_nonzero(hit, axis=1)


def _uniform_claim(
    total_of: Callable[[Program, Floats], tuple[Floats, Ints]],
    p: Program,
    rng: _Rng,
    top: bool,
    size: int,
) -> Outcome:
    u = rng.random((size, p.campaigns))
    total, hits = total_of(p, u)
    if not top:
        return {"total": total}
    best, largest = _top(p, u)
    return {"total": total, "top": best, "largest": largest, "hits": hits.astype(np.float64)}


def _counted_claim(p: Program, rng: _Rng, top: bool, size: int) -> Outcome:
    hits = rng.binomial(p.campaigns, p.rate, size=size)
    if not top:
        x = _powers(rng.random(int(hits.sum()) + 1), p.power)
        return {"total": p.minimum * _run_sums(x, hits)}
    # Rows of one length, for the partition: an unused place is infinite, and its power zero.
    width = max(int(hits.max()), p.best)
    u = rng.random((size, width))
    np.copyto(u, np.inf, where=np.arange(width) >= hits[:, None])
    total = p.minimum * (u**p.power).sum(axis=1)
    u *= p.rate
    best, largest = _top(p, u)
    return {"total": total, "top": best, "largest": largest, "hits": hits.astype(np.float64)}


_Claim = Callable[[Program, _Rng, bool, int], Outcome]


def _claim(way: _Claim, top: bool, plan: Plan) -> Method:
    """One program of equal campaigns: its total and, with ``top``, largest, top 1 % and hits."""
    program = one_program(plan)

    def method(scenarios: int, seed: int) -> Outcome:
        simulate = partial(way, program, np.random.Generator(np.random.SFC64(seed)), top)
        size = max(1, _DOUBLES // program.campaigns)
        return chunked(scenarios, size, CLAIM if top else TOTAL, simulate)

    return method


def _hits_months(p: Program, rng: _Rng, size: int) -> Floats:
    u = rng.random((size, p.campaigns))
    hit = u < p.rate
    x = u[hit] ** p.power
    u[:] = 0.0
    u[hit] = x
    months: Floats = u @ p.campaign_months
    return months


def _all_months(p: Program, rng: _Rng, size: int) -> Floats:
    u = rng.random((size, p.campaigns))
    hit = u < p.rate
    np.power(u, p.power, out=u)
    u *= hit
    months: Floats = u @ p.campaign_months
    return months


def _counted_months(p: Program, rng: _Rng, size: int) -> Floats:
    hits = rng.binomial(p.cohorts, p.rate, size=(size, p.cohorts.size)).ravel()
    x = _powers(rng.random(int(hits.sum()) + 1), p.power)
    return _run_sums(x, hits).reshape(size, -1) @ p.cohort_months


def _team_months(team: Team, rng: _Rng, size: int) -> Floats:
    """Value booked, (scenario, month)."""
    skill = rng.standard_normal((size, team.seats))
    skill *= team.sigma
    np.exp(skill, out=skill)
    leaves = rng.random((size, team.seats))
    booked = np.empty((size, team.present.size))
    # Who has left stays gone, so skills are masked month after month.
    for month, present in enumerate(team.present):
        skill *= leaves < present
        skill.sum(axis=1, out=booked[:, month])
    booked *= team.booked
    return booked


_Months = Callable[[Program, _Rng, int], Floats]


def _portfolio(way: _Months, plan: Plan) -> Method:
    """One team and one program: value in total, of each channel, and of each month."""
    team, program, names = team_and_program(plan)

    def method(scenarios: int, seed: int) -> Outcome:
        rng = np.random.Generator(np.random.SFC64(seed))
        out = np.empty((len(names), scenarios))
        for chunk, size in chunks(scenarios, max(1, _DOUBLES // program.campaigns)):
            booked = _team_months(team, rng, size)
            realised = way(program, rng, size)
            booked.sum(axis=1, out=out[1, chunk])
            realised.sum(axis=1, out=out[2, chunk])
            booked += realised
            out[3:, chunk] = booked.T
        np.add(out[1], out[2], out=out[0])
        return dict(zip(names, out, strict=True))

    return method


def _jobs(claim: _Claim, months: _Months) -> dict[str, Prepare]:
    return {
        "J1": partial(_claim, claim, True),
        "J2": partial(_portfolio, months),
        "J3": partial(_claim, claim, False),
    }


HITS_ONLY = _jobs(partial(_uniform_claim, _hits_total), _hits_months)
ALL = _jobs(partial(_uniform_claim, _all_total), _all_months)
COUNTED = _jobs(_counted_claim, _counted_months)
