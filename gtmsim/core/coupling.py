"""What a team's reps close of the pipeline that there is, scenarios side by side."""

from __future__ import annotations

from typing import Final

import numpy as np

from gtmsim.core._jit import part
from gtmsim.core._types import Floats
from gtmsim.core.streams import LANES, place

FLOWS: Final = ("capacity", "pipeline", "closed", "short")
"""Of a team over the horizon, by the month of closing and in present value: what its reps could
close, the pipeline that there was, and what they closed of it; and the months of capacity above
pipeline."""

_ROUNDING = 1e-9
"""Share of capacity by which pipeline may fall short and still be enough."""


@part
def close_pipeline(
    own: float,
    fed: Floats,
    discount: Floats,
    market: Floats,
    ready: Floats,
    factor: Floats,
    output: Floats,
    flow: Floats,
) -> None:
    """Set output (seat, month * lane), what each seat originates, to no more than its pipeline.

    ``own`` is the pipeline of a month, in value before the market's shock, ``market`` (lane,), and
    ``fed`` (month, lane) what programs add to it, after theirs; ``ready`` (seat, month * lane) is
    the ramp of the rep in the seat, 0 without one; ``factor`` (month * lane,) turns output into
    value. Fills flow (FLOWS, lane).

    Notes
    -----
    With K_i = factor output_i, r_i = ready_i, S = market and L = own + fed / S in a month and lane,

    - output_i becomes min(K_i, L r_i / sum of r) / factor;
    - capacity is S sum of K, pipeline S L, closed S sum of min(K_i, L r_i / sum of r);
    - the month is short if sum of K > L.
    """
    able, ramped, closed, level = np.empty(LANES), np.empty(LANES), np.empty(LANES), np.empty(LANES)
    flow[:] = 0.0
    for t in range(discount.size):
        able[:] = 0.0
        ramped[:] = 0.0
        closed[:] = 0.0
        for seat in range(output.shape[0]):
            for lane in range(LANES):
                able[lane] += output[seat, place(t, lane)]
                ramped[lane] += ready[seat, place(t, lane)]
        for lane in range(LANES):
            leads = own + fed[t, lane] / market[lane]
            level[lane] = leads / (ramped[lane] * factor[place(t, lane)])
        for seat in range(output.shape[0]):
            for lane in range(LANES):
                at = place(t, lane)
                share, made = ready[seat, at] * level[lane], output[seat, at]
                # Where nobody is ramped the share is not a number, and nothing is made.
                kept = share if share < made else made
                output[seat, at] = kept
                closed[lane] += kept
        for lane in range(LANES):
            worth = discount[t] * market[lane] * factor[place(t, lane)]
            pipeline = discount[t] * (own * market[lane] + fed[t, lane])
            capacity = worth * able[lane]
            flow[0, lane] += capacity
            flow[1, lane] += pipeline
            flow[2, lane] += worth * closed[lane]
            flow[3, lane] += 1.0 if capacity * (1.0 - _ROUNDING) > pipeline else 0.0
