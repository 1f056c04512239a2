"""Sets of equal campaigns, many times over: what the claim is about."""

from __future__ import annotations

import numpy as np

from gtmsim.core._types import Floats, Words
from gtmsim.core.campaigns import SPARE, ChannelDraws, ProgramArrays, program_block
from gtmsim.core.concentration import empty_candidates, top_values
from gtmsim.core.response import Response
from gtmsim.core.samplers import Sampler
from gtmsim.core.streams import LANES


def sample_sets(
    key0: np.uint64,
    key1: np.uint64,
    stream: np.uint64,
    first: int,
    sampler: Sampler,
    hits: tuple[int, Words],
    target: float,
    bar: Floats,
    room: int,
    total: Floats,
    top: Floats,
    largest: Floats,
    n_hits: Floats,
) -> None:
    """Simulate sets of campaigns that spend 1 each; scenarios from ``first``.

    Fills total value, value of the best ``target`` of them, largest value and number of hits
    (scenario,); ``bar`` (1,) and ``room`` are for that target. It is a program of one cohort in a
    plan of one month, run by the same kernel.
    """
    one, none = np.ones(1), np.zeros(1, dtype=np.int64)
    base, thresholds = hits
    program = ProgramArrays(
        stream=stream,
        sampler=sampler,
        response=Response(one, one, np.zeros(1)),
        month=none,
        spend=one,
        gain=one,
        worth=one,
        bar=bar,
        hit_base=np.array([base]),
        hit_from=none,
        hit_to=np.array([thresholds.size]),
        thresholds=thresholds,
    )
    size = -(-total.size // LANES) * LANES
    candidates = empty_candidates(size, room + SPARE)
    month = np.zeros((2, 1, size))
    draws = ChannelDraws(*month, *np.zeros((6, size)))
    program_block(key0, key1, program, np.uint64(first), np.ones(size), candidates, room, draws)
    share, begin = np.empty(size), np.zeros(size, dtype=np.int64)
    top_values(candidates, begin, np.full(size, target), share)
    for out, source in (
        (total, draws.value),
        (top, share),
        (largest, draws.largest),
        (n_hits, draws.hits),
    ):
        out[:] = source[: out.size]
