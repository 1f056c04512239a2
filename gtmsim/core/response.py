"""From originations to realised value: one convolution over months, scenarios side by side."""

from __future__ import annotations

from typing import NamedTuple

from gtmsim.core._jit import kernel
from gtmsim.core._types import Floats
from gtmsim.core.streams import LANES


class Response(NamedTuple):
    """How an origination becomes value, in present value.

    ``weights`` (lag,) is the share recognised so many months later, ``discount`` (month,) the
    factor of each month, and ``beyond`` (month,) what an origination of that month is still worth
    after the horizon.
    """

    weights: Floats
    discount: Floats
    beyond: Floats


@kernel
def realise(
    originated: Floats,
    response: Response,
    shock: Floats,
    month: Floats,
    value: Floats,
    beyond: Floats,
) -> None:
    """Convolve originated (month, lane) into month (month, lane), value and beyond (lane,)."""
    horizon = originated.shape[0]
    for t in range(horizon):
        row = month[t]
        row[:LANES] = 0.0
        for lag in range(min(t + 1, response.weights.size)):
            weight = response.weights[lag]
            if weight != 0.0:
                source = originated[t - lag]
                for lane in range(LANES):
                    row[lane] += weight * source[lane]
        factor = response.discount[t]
        for lane in range(LANES):
            row[lane] = row[lane] * (factor * shock[lane])
        for lane in range(LANES):
            value[lane] += row[lane]
    for t in range(horizon):
        weight = response.beyond[t]
        if weight != 0.0:
            source = originated[t]
            for lane in range(LANES):
                beyond[lane] += weight * shock[lane] * source[lane]
