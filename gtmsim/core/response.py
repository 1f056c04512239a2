"""From originations to realised value: one convolution over months, scenarios side by side."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gtmsim.core._jit import part
from gtmsim.core._types import Floats
from gtmsim.core.streams import LANES, place


class Response(NamedTuple):
    """How an origination becomes value, in present value.

    ``weights`` (lag,) is the share recognised so many months later, ``discount`` (month,) the
    factor of each month, and ``beyond`` (month,) what an origination of that month is still worth
    after the horizon.
    """

    weights: Floats
    discount: Floats
    beyond: Floats


@part
def realise(
    originated: Floats,
    response: Response,
    shock: Floats,
    month: Floats,
    value: Floats,
    beyond: Floats,
) -> None:
    """Convolve originated (month * lane,) into month (month, lane), value and beyond (lane,)."""
    horizon, weights = month.shape[0], response.weights
    made = np.empty(LANES)
    for t in range(horizon):
        made[:] = 0.0
        for lag in range(min(t + 1, weights.size)):
            _add_row(weights[lag], originated, t - lag, made)
        row, factor = month[t], response.discount[t]
        for lane in range(LANES):
            present = made[lane] * (factor * shock[lane])
            row[lane] = present
            value[lane] += present
    made[:] = 0.0
    for t in range(horizon):
        _add_row(response.beyond[t], originated, t, made)
    for lane in range(LANES):
        beyond[lane] += made[lane] * shock[lane]


@part
def _add_row(weight: float, rows: Floats, row: int, total: Floats) -> None:
    """Add a weight times a row of rows (row * lane,) to total (lane,)."""
    if weight != 0.0:
        for lane in range(LANES):
            total[lane] += weight * rows[place(row, lane)]
