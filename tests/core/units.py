"""Units in the lanes of candidates: how tests lay them out and read them."""

from __future__ import annotations

import math

import numpy as np

from gtmsim.core._types import Floats, Ints
from gtmsim.core.concentration import STEP, Candidates, empty_candidates
from gtmsim.core.streams import LANES
from tests.core.twins import Unit


def whole_steps(rows: int) -> int:
    """Rows up to the end of a step."""
    return -(-rows // STEP) * STEP


def candidates_of(rows: list[list[Unit]], before: int = 0) -> tuple[Candidates, Ints]:
    """Candidates with the units of each scenario after ``before`` rows that are not theirs.

    Lanes without a unit in a row have a key of zero there; what must not be read is NaN.
    """
    size = -(-len(rows) // LANES) * LANES
    most = max(map(len, rows))
    candidates = empty_candidates(size, before + whole_steps(most) + STEP)
    candidates.keys[:] = candidates.weights[:] = math.nan
    for s in range(size):
        row = rows[s] if s < len(rows) else []
        for place, (key, weight) in enumerate(row + [(0.0, 0.0)] * (whole_steps(most) - len(row))):
            keys, weights = of_lane(candidates, s)
            keys[before + place], weights[before + place] = key, weight
    candidates.size[:] = before + whole_steps(most)
    return candidates, np.full(size // LANES, before)


def of_lane(candidates: Candidates, scenario: int) -> tuple[Floats, Floats]:
    """Views of the keys and the weights of a scenario, (row,)."""
    block, lane = divmod(scenario, LANES)
    own = slice(lane, None, LANES)
    return candidates.keys[block, own], candidates.weights[block, own]
