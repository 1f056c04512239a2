"""Cash of scenarios month by month: when it is paid back, how deep it goes, and what it yields."""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from gtmsim.core._jit import kernel, part
from gtmsim.core._types import Floats

PAYBACK: Final = 0
PEAK: Final = 1
DRAWDOWN: Final = 2
RUNWAY: Final = 3
IRR: Final = 4
ROOTS: Final = 5
NPV: Final = 6
"""Rows of what kernels fill; a row for each discount rate from the last of them on."""

LOWEST_RATE: Final = -0.99
HIGHEST_RATE: Final = 100.0
"""Rates per year between which an internal rate of return is sought."""

_CELLS: Final = 128
_ROUNDING: Final = 1e-9
_STEPS: Final = 200


@kernel
def cash_rows(value: Floats, spend: Floats, opening: float, factors: Floats, out: Floats) -> None:
    """Follow cash through the months of value and spend (month, scenario).

    ``factors`` (rate, month) are discount factors. Fills the rows of out (row, scenario): months
    until cumulative net is never below 0 again, 0 if it never is and infinite if it is at the end;
    its largest deficit; its largest fall from an earlier height; months that ``opening`` lasts,
    infinite if to the end; and the net present value at each rate. Rows of the internal rate are
    left to :func:`irr_rows`.
    """
    months, size = value.shape
    total, spent, height = np.zeros(size), np.zeros(size), np.zeros(size)
    out[PAYBACK : RUNWAY + 1] = 0.0
    out[RUNWAY] = math.inf
    out[NPV:] = 0.0
    for t in range(months):
        for s in range(size):
            net = value[t, s] - spend[t, s]
            total[s] += net
            spent[s] += spend[t, s]
            # What is paid back to the last unit is not short by a rounding error.
            slack = -_ROUNDING * spent[s]
            if total[s] < slack:
                out[PAYBACK, s] = t + 2.0 if t + 1 < months else math.inf
            if total[s] + opening < slack and out[RUNWAY, s] == math.inf:
                out[RUNWAY, s] = float(t)
            height[s] = max(height[s], total[s])
            out[PEAK, s] = max(out[PEAK, s], -total[s])
            out[DRAWDOWN, s] = max(out[DRAWDOWN, s], height[s] - total[s])
            for r in range(factors.shape[0]):
                out[NPV + r, s] += factors[r, t] * net


@kernel
def irr_rows(value: Floats, spend: Floats, out: Floats) -> None:
    """Find the internal rate of return of value and spend (month, scenario).

    Fills two rows of out (row, scenario): the rate per year at which the net present value falls
    through 0, NaN unless it crosses 0 once and downwards; and how often it crosses 0 between the
    lowest and the highest rate. Crossings are counted on a grid, of which two in one cell are none.
    """
    months, size = value.shape
    flow = value - spend
    low = math.log1p(LOWEST_RATE) / 12.0
    width = (math.log1p(HIGHEST_RATE) / 12.0 - low) / _CELLS
    worth, above = np.empty(size), np.zeros(size)
    crossings, cell = np.zeros(size), np.full(size, -1)
    for g in range(_CELLS + 1):
        factor = math.exp(-(low + g * width))
        worth[:] = 0.0
        for t in range(months - 1, -1, -1):
            for s in range(size):
                worth[s] = worth[s] * factor + flow[t, s]
        for s in range(size):
            positive = 1.0 if worth[s] >= 0.0 else 0.0
            if g > 0 and positive != above[s]:
                crossings[s] += 1.0
                cell[s] = g - 1 if positive == 0.0 else -1
            above[s] = positive
    for s in range(size):
        out[ROOTS, s] = crossings[s]
        out[IRR, s] = math.nan
        if crossings[s] == 1.0 and cell[s] >= 0:
            start = low + cell[s] * width
            out[IRR, s] = math.expm1(12.0 * _root(flow[:, s], start, start + width))


@part
def _root(flow: Floats, low: float, high: float) -> float:
    """Return the log-rate per month at which flow (month,) is worth 0, by Newton's method.

    It is worth more than 0 at ``low`` and less at ``high``: a step that leaves the two halves what
    is between them.
    """
    rate = 0.5 * (low + high)
    for _ in range(_STEPS):
        factor, worth, slope = math.exp(-rate), 0.0, 0.0
        for t in range(flow.size - 1, -1, -1):
            slope = slope * factor + worth
            worth = worth * factor + flow[t]
        if worth >= 0.0:
            low = rate
        else:
            high = rate
        # The slope is that by the factor, whose derivative by the rate is the factor, negative.
        step = worth / (slope * factor) if slope != 0.0 else math.inf
        following = rate + step
        if not low <= following <= high:
            following = 0.5 * (low + high)
        if abs(following - rate) <= 1e-15 * max(1.0, abs(rate)):
            return following
        rate = following
    return rate
