"""JAX on the CPU: float64, compiled, in chunks.

Its default float32 would not do: uniforms of 23 bits end a power law at 2**(23 / tail index) times
its minimum. Chunks of 256 scenarios are the fastest of 32, 256 and 2,048.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

from benchmarks.methods import CLAIM, TOTAL, Method, Outcome, Prepare, chunks
from benchmarks.peers.parameters import Program, Team, one_program, team_and_program
from gtmsim import Plan

jax.config.update("jax_enable_x64", True)
jax.config.update("jax_platforms", "cpu")

_CHUNK = 256

_Simulate = Callable[[jax.Array], tuple[jax.Array, ...]]


def _units(p: Program, key: jax.Array) -> tuple[jax.Array, jax.Array]:
    """u**power of hits and zero of misses, and which are hits, both (scenario, campaign)."""
    u = jax.random.uniform(key, (_CHUNK, p.campaigns), jnp.float64)
    hit = u < p.rate
    return jnp.where(hit, u**p.power, 0.0), hit


def _claim_chunk(p: Program, top: bool, key: jax.Array) -> tuple[jax.Array, ...]:
    x, hit = _units(p, key)
    values = p.scale * x
    if not top:
        return (values.sum(axis=1),)
    best, _ = jax.lax.top_k(values, p.best)
    return values.sum(axis=1), best.sum(axis=1), best[:, 0], hit.sum(axis=1)


def _portfolio_chunk(team: Team, p: Program, key: jax.Array) -> tuple[jax.Array, ...]:
    skills, leaves, campaigns = jax.random.split(key, 3)
    shape = (_CHUNK, team.seats)
    skill = jnp.exp(team.sigma * jax.random.normal(skills, shape, jnp.float64))
    stays = jax.random.uniform(leaves, shape, jnp.float64)[:, :, None] < team.present
    booked = jnp.where(stays, skill[:, :, None], 0.0).sum(axis=1) * team.booked
    realised = _units(p, campaigns)[0] @ p.campaign_months
    sales, value = booked.sum(axis=1), realised.sum(axis=1)
    return sales + value, sales, value, *(booked + realised).T


def _method(simulate: _Simulate, names: tuple[str, ...]) -> Method:
    @jax.jit
    def chunk_of(key: jax.Array, number: int) -> tuple[jax.Array, ...]:
        return simulate(jax.random.fold_in(key, number))

    def method(scenarios: int, seed: int) -> Outcome:
        key = jax.random.key(seed, impl="threefry2x32")
        parts = [
            (chunk, size, chunk_of(key, number))
            for number, (chunk, size) in enumerate(chunks(scenarios, _CHUNK))
        ]
        out = {name: np.empty(scenarios) for name in names}
        for chunk, size, arrays in parts:
            for name, values in zip(names, arrays, strict=True):
                out[name][chunk] = values[:size]
        return out

    return method


def _claim(top: bool, plan: Plan) -> Method:
    return _method(partial(_claim_chunk, one_program(plan), top), CLAIM if top else TOTAL)


def _portfolio(plan: Plan) -> Method:
    team, program, names = team_and_program(plan)
    return _method(partial(_portfolio_chunk, team, program), names)


METHODS: dict[str, Prepare] = {
    "J1": partial(_claim, True),
    "J2": _portfolio,
    "J3": partial(_claim, False),
}
