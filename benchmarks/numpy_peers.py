"""The same jobs in plain numpy, as fast as we know how to write them.

Chunks stay in the cache, SFC64 is numpy's fastest generator, and the top of a scenario is found by
partition. Which way of drawing campaigns is fastest depends on the processor, so there are three:

hits
    One uniform per campaign, the power of the hits alone. Best where numpy's power is scalar.
all
    One uniform and one power per campaign, misses multiplied by zero. With AVX-512 numpy's power
    costs less than picking the hits out.
counted
    The number of hits is one binomial draw and only hits are drawn, as gtmsim does it.

A peer reads its parameters from the plan, so it cannot drift from what gtmsim simulates.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import numpy.typing as npt

from gtmsim import CampaignProgram, Pareto, Plan, SalesTeam

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Outcome = dict[str, Floats]
Method = Callable[[int, int], Outcome]
"""Simulates (scenarios, seed) and returns metrics, each (scenario,)."""

_DOUBLES = 2**15
"""Doubles of a chunk's largest array, 256 KiB: it and its temporaries fit in the L2 cache."""


def _chunks(scenarios: int, columns: int) -> Iterator[tuple[slice, int]]:
    size = max(1, _DOUBLES // columns)
    for first in range(0, scenarios, size):
        last = min(first + size, scenarios)
        yield slice(first, last), last - first


class _Program:
    """What a peer needs of a program of equal campaigns with a Pareto multiple."""

    def __init__(self, program: CampaignProgram, horizon: int) -> None:
        assert isinstance(program.multiple, Pareto)
        self.campaigns = program.campaigns
        self.rate = program.hit_rate
        self.minimum = float(program.spends()[0]) * program.multiple.minimum
        self.power = -1.0 / program.multiple.tail_index
        self.best = program.campaigns // 100
        # value = scale * u**power, for u < rate: a uniform of [0, 1) decides the hit and its size.
        self.scale = self.minimum * self.rate**-self.power
        launch = program.launch_months(horizon)
        age = np.arange(horizon) - np.arange(horizon)[:, None]
        kept = 2.0 ** (-1.0 / program.half_life) if program.half_life else 0.0
        response = np.where(age >= 0, (1.0 - kept) * kept ** np.maximum(age, 0), 0.0)
        self.cohorts = np.bincount(launch, minlength=horizon)
        self.cohort_months = self.minimum * response
        self.campaign_months = self.scale * response[launch]

    def top(self, u: Floats) -> tuple[Floats, Floats]:
        """Sum of the best 1 % and the largest (scenario,), from uniforms, which it reorders."""
        u.partition(self.best - 1, axis=1)
        best = u[:, : self.best]
        values = np.where(best < self.rate, best, np.inf) ** self.power
        return self.scale * values.sum(axis=1), self.scale * values.max(axis=1)


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


def _hits_total(p: _Program, u: Floats) -> tuple[Floats, Ints]:
    hit = u < p.rate
    hits = np.count_nonzero(hit, axis=1)
    x = np.append(u[hit], 1.0)
    return p.scale * _run_sums(_powers(x, p.power), hits), hits


def _all_total(p: _Program, u: Floats) -> tuple[Floats, Ints]:
    hit = u < p.rate
    x = u**p.power
    x *= hit
    return p.scale * x.sum(axis=1), np.count_nonzero(hit, axis=1)


def _uniform_claim(
    total_of: Callable[[_Program, Floats], tuple[Floats, Ints]],
) -> Callable[[_Program, np.random.Generator, int, bool], Outcome]:
    def claim(p: _Program, rng: np.random.Generator, size: int, top: bool) -> Outcome:
        u = rng.random((size, p.campaigns))
        total, hits = total_of(p, u)
        if not top:
            return {"total": total}
        best, largest = p.top(u)
        return {"total": total, "top": best, "largest": largest, "hits": hits.astype(np.float64)}

    return claim


def _counted_claim(p: _Program, rng: np.random.Generator, size: int, top: bool) -> Outcome:
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
    best, largest = p.top(u)
    return {"total": total, "top": best, "largest": largest, "hits": hits.astype(np.float64)}


_CLAIMS = {
    "hits": _uniform_claim(_hits_total),
    "all": _uniform_claim(_all_total),
    "counted": _counted_claim,
}


def claim(way: str, *, top: bool) -> Callable[[Plan], Method]:
    """One program of equal campaigns: its total and, with ``top``, largest, top 1 % and hits."""

    def prepare(plan: Plan) -> Method:
        (channel,) = plan.channels
        assert isinstance(channel, CampaignProgram)
        program = _Program(channel, plan.horizon)
        names = ("total", "top", "largest", "hits") if top else ("total",)

        def method(scenarios: int, seed: int) -> Outcome:
            rng = np.random.Generator(np.random.SFC64(seed))
            out = {name: np.empty(scenarios) for name in names}
            for chunk, size in _chunks(scenarios, program.campaigns):
                for name, values in _CLAIMS[way](program, rng, size, top).items():
                    out[name][chunk] = values
            return out

        return method

    return prepare


def _hits_months(p: _Program, rng: np.random.Generator, size: int) -> Floats:
    u = rng.random((size, p.campaigns))
    hit = u < p.rate
    x = u[hit] ** p.power
    u[:] = 0.0
    u[hit] = x
    months: Floats = u @ p.campaign_months
    return months


def _all_months(p: _Program, rng: np.random.Generator, size: int) -> Floats:
    u = rng.random((size, p.campaigns))
    hit = u < p.rate
    np.power(u, p.power, out=u)
    u *= hit
    months: Floats = u @ p.campaign_months
    return months


def _counted_months(p: _Program, rng: np.random.Generator, size: int) -> Floats:
    hits = rng.binomial(p.cohorts, p.rate, size=(size, p.cohorts.size)).ravel()
    x = _powers(rng.random(int(hits.sum()) + 1), p.power)
    return _run_sums(x, hits).reshape(size, -1) @ p.cohort_months


_MONTHS = {"hits": _hits_months, "all": _all_months, "counted": _counted_months}


class _Team:
    """What a peer needs of a team that starts in month 0, without luck or backfill."""

    def __init__(self, team: SalesTeam, horizon: int) -> None:
        assert team.luck_cv == 0.0
        assert team.backfill_months is None
        assert set(team.start_months) == {0}
        variance = np.log1p(team.skill_cv**2)
        self.seats = len(team.start_months)
        self.sigma = np.sqrt(variance)
        self.median = team.attainment * np.exp(-0.5 * variance) * team.quota / 12.0 * team.margin
        self.present = (1.0 - team.attrition) ** (np.arange(horizon) / 12.0)
        self.ramp = np.asarray(team.ramp.productivity(np.arange(horizon)))

    def months(self, rng: np.random.Generator, size: int) -> Floats:
        """Value booked, (scenario, month)."""
        skill = rng.standard_normal((size, self.seats))
        skill *= self.sigma
        np.exp(skill, out=skill)
        leaves = rng.random((size, self.seats))
        booked = np.empty((size, self.ramp.size))
        # Who has left stays gone, so skills are masked month after month.
        for month, present in enumerate(self.present):
            skill *= leaves < present
            skill.sum(axis=1, out=booked[:, month])
        booked *= self.median * self.ramp
        return booked


def portfolio(way: str) -> Callable[[Plan], Method]:
    """One team and one program: value in total, of each channel, and of each month."""

    def prepare(plan: Plan) -> Method:
        first, second = plan.channels
        assert isinstance(first, SalesTeam)
        assert isinstance(second, CampaignProgram)
        team, program = _Team(first, plan.horizon), _Program(second, plan.horizon)
        names = ("total", first.name, second.name, *(f"month {t}" for t in range(plan.horizon)))

        def method(scenarios: int, seed: int) -> Outcome:
            rng = np.random.Generator(np.random.SFC64(seed))
            out = np.empty((len(names), scenarios))
            for chunk, size in _chunks(scenarios, program.campaigns):
                booked = team.months(rng, size)
                realised = _MONTHS[way](program, rng, size)
                booked.sum(axis=1, out=out[1, chunk])
                realised.sum(axis=1, out=out[2, chunk])
                booked += realised
                out[3:, chunk] = booked.T
            np.add(out[1], out[2], out=out[0])
            return dict(zip(names, out, strict=True))

        return method

    return prepare
