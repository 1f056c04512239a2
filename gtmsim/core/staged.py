"""One program of staged bets, block by block: pilots, their signals, a review, and what follows.

Campaigns are drawn one by one, for what a campaign is given depends on its own signal and on those
that are reviewed with it.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gtmsim.core._jit import kernel, part
from gtmsim.core._types import Floats, Ints, Words
from gtmsim.core.campaigns import ChannelDraws
from gtmsim.core.elementary import exp2, log2
from gtmsim.core.response import Response, realise
from gtmsim.core.samplers import Sampler, normal, sample
from gtmsim.core.streams import LANES, PILOT, place, survival, tile_words

BY_BAR = -1
"""As the number of a review's campaigns that are killed: those below the bar."""


class StagedArrays(NamedTuple):
    """A staged program as its kernel sees it; money is not discounted unless said otherwise.

    ``number`` and ``rest`` (campaign,), review by review, are the address of a campaign's draws and
    what its survival costs; ``launch`` (campaign,) is its month. A review has the campaigns from
    ``begin[review]`` to ``begin[review + 1]``, its month is ``month[review]`` and
    ``doomed[review]`` the number of its worst that are killed: BY_BAR for those that signal less
    than ``bar``, which ``by_value`` says to be divided by the shock. A review beyond the horizon
    has the horizon for its month. ``pilot`` is the spend of one pilot and ``gain`` what it
    originates per unit of multiple; a campaign's value grows with its spend to the power
    ``elasticity``. ``noise_log2`` is the log-sd of a signal's error times log2(e), ``recycle`` the
    part of what is freed that is given to survivors. ``overhead`` is all of it, in present value;
    ``discount`` and ``worth`` (month,) are a unit spent and a unit originated, in present value,
    the latter by the horizon.
    """

    stream: np.uint64
    sampler: Sampler
    response: Response
    hit_rate: float
    number: Ints
    launch: Ints
    rest: Floats
    begin: Ints
    month: Ints
    doomed: Ints
    bar: float
    by_value: bool
    pilot: float
    gain: float
    elasticity: float
    noise_log2: float
    recycle: float
    overhead: float
    discount: Floats
    worth: Floats


@part
def _draw_pilot(
    key0: np.uint64,
    key1: np.uint64,
    program: StagedArrays,
    number: int,
    scenario: np.uint64,
    words: Words,
    x: Floats,
    signal: Floats,
    hits: Floats,
) -> None:
    """Fill x and signal (lane,) with the multiple of one campaign and what it seems to be.

    A campaign that hits adds one to hits (lane,).
    """
    index = np.uint64(2 * number)
    stream, purpose, none = program.stream, np.uint64(PILOT), np.uint64(0)
    tile_words(key0, key1, stream, purpose, none, index, 2, scenario, words)
    sample(program.sampler, words[LANES:], LANES, x)
    for lane in range(LANES):
        hit = survival(words[lane]) <= program.hit_rate
        hits[lane] += 1.0 if hit else 0.0
        x[lane] = x[lane] if hit else 0.0
    if program.noise_log2 == 0.0:
        signal[:] = x
        return
    noise = program.noise_log2
    for lane in range(LANES):
        signal[lane] = normal(words[place(2, lane)])
    for lane in range(LANES):
        signal[lane] = x[lane] * exp2(noise * signal[lane])


@part
def _kill_worst(signal: Floats, doomed: int, rest: Floats, given: Floats) -> None:
    """Fill given (row * lane,) with the rest of all but so many of the lowest signals."""
    rows = rest.size
    column = np.empty(rows)
    for lane in range(LANES):
        for row in range(rows):
            column[row] = signal[place(row, lane)]
        column.sort()
        cut = column[doomed - 1] if doomed > 0 else -1.0
        # Of those equal to the last that is killed, the first are.
        equals = doomed
        for row in range(rows):
            equals -= 1 if column[row] < cut else 0
        for row in range(rows):
            here = signal[place(row, lane)]
            killed = here < cut or (here == cut and equals > 0)
            equals -= 1 if here == cut else 0
            given[place(row, lane)] = 0.0 if killed else rest[row]


@part
def _kill_below(
    signal: Floats, bar: float, by_value: bool, shock: Floats, rest: Floats, given: Floats
) -> None:
    """Fill given (row * lane,) with the rest of the signals that are not below the bar."""
    for row in range(rest.size):
        for lane in range(LANES):
            seen = signal[place(row, lane)] * (shock[lane] if by_value else 1.0)
            given[place(row, lane)] = rest[row] if seen >= bar else 0.0


@part
def _recycle(share: float, rest: Floats, given: Floats, factor: Floats) -> None:
    """Multiply given (row * lane,) so that a share of what was not given is given as well."""
    factor[:] = 0.0
    total = rest.sum()
    for row in range(rest.size):
        for lane in range(LANES):
            factor[lane] += given[place(row, lane)]
    for lane in range(LANES):
        kept = factor[lane]
        more = share * (total - kept) / (kept if kept > 0.0 else 1.0)
        factor[lane] = 1.0 + (more if more > 0.0 else 0.0)
    for row in range(rest.size):
        for lane in range(LANES):
            given[place(row, lane)] *= factor[lane]


@part
def _book(
    program: StagedArrays,
    campaign: int,
    review: int,
    x: Floats,
    given: Floats,
    originated: Floats,
    value: Floats,
    spend: Floats,
    spend_month: Floats,
) -> None:
    """Enter one campaign in the books: value, spend and x, given are (lane,).

    ``value`` is without the shock.
    """
    first, pilot, gain = program.launch[campaign], program.pilot, program.gain
    now = program.worth[first] * gain
    for lane in range(LANES):
        originated[place(first, lane)] += gain * x[lane]
        value[lane] = now * x[lane]
        spend[lane] = program.discount[first] * pilot
    month = program.month[review]
    if month >= program.worth.size:
        return
    later, cost = program.worth[month] * gain, program.discount[month]
    power, paid = program.elasticity, spend_month[month]
    for lane in range(LANES):
        growth = exp2(power * log2(1.0 + given[lane] / pilot)) - 1.0
        more = (growth if given[lane] > 0.0 else 0.0) * x[lane]
        originated[place(month, lane)] += gain * more
        value[lane] += later * more
    for lane in range(LANES):
        spend[lane] += cost * given[lane]
        paid[lane] += cost * given[lane]


@part
def _close_books(
    overhead: float, shock: Floats, value: Floats, spend: Floats, squares: Floats, largest: Floats
) -> None:
    """Multiply values by the shock and share overhead: value and spend are (campaign, lane)."""
    total = np.zeros(LANES)
    for campaign in range(value.shape[0]):
        row = spend[campaign]
        for lane in range(LANES):
            total[lane] += row[lane]
    for lane in range(LANES):
        total[lane] = 1.0 + overhead / total[lane]
    for campaign in range(value.shape[0]):
        gained, paid = value[campaign], spend[campaign]
        for lane in range(LANES):
            paid[lane] *= total[lane]
        for lane in range(LANES):
            worth = gained[lane] * shock[lane]
            gained[lane] = worth
            squares[lane] += worth * worth
            largest[lane] = (worth if worth > largest[lane] else largest[lane]) + 0.0


@kernel
def staged_block(
    key0: np.uint64,
    key1: np.uint64,
    program: StagedArrays,
    first: np.uint64,
    shock: Floats,
    value: Floats,
    spend: Floats,
    out: ChannelDraws,
) -> None:
    """Simulate one staged program for the scenarios from ``first``, as many as ``shock`` has.

    ``shock`` (scenario,) multiplies every value; value and spend (campaign, scenario) are filled.
    ``out.spend_month`` and ``out.spend`` hold pilots and overhead; what survivors get is added. The
    number of scenarios is a multiple of the lanes.
    """
    begin = program.begin
    most = 0
    for review in range(program.month.size):
        most = max(most, begin[review + 1] - begin[review])
    words = np.empty(4 * LANES, np.uint64)
    x, signal, given = np.empty(most * LANES), np.empty(most * LANES), np.empty(most * LANES)
    factor, paid = np.empty(LANES), np.empty((out.spend_month.shape[0], LANES))
    originated = np.empty(out.month.shape[0] * LANES)
    for turn in range(shock.size // LANES):
        own = slice(turn * LANES, (turn + 1) * LANES)
        scenario = first + np.uint64(turn * LANES)
        hits, shocks = out.hits[own], shock[own]
        originated[:] = 0.0
        paid[:] = 0.0
        for review in range(program.month.size):
            start, size = begin[review], begin[review + 1] - begin[review]
            rest = program.rest[start : start + size]
            rows = slice(0, size * LANES)
            for i in range(size):
                row = slice(i * LANES, (i + 1) * LANES)
                number = program.number[start + i]
                _draw_pilot(key0, key1, program, number, scenario, words, x[row], signal[row], hits)
            doomed = program.doomed[review]
            if doomed == BY_BAR:
                _kill_below(signal[rows], program.bar, program.by_value, shocks, rest, given[rows])
            else:
                _kill_worst(signal[rows], doomed, rest, given[rows])
            _recycle(program.recycle, rest, given[rows], factor)
            for i in range(size):
                row = slice(i * LANES, (i + 1) * LANES)
                _book(
                    program,
                    start + i,
                    review,
                    x[row],
                    given[row],
                    originated,
                    value[start + i, own],
                    spend[start + i, own],
                    paid,
                )
        for month in range(paid.shape[0]):
            row_paid, row_spend = paid[month], out.spend_month[month, own]
            total = out.spend[own]
            for lane in range(LANES):
                row_spend[lane] += row_paid[lane]
                total[lane] += row_paid[lane]
        _close_books(
            program.overhead,
            shocks,
            value[:, own],
            spend[:, own],
            out.squares[own],
            out.largest[own],
        )
        realise(
            originated,
            program.response,
            shocks,
            out.month[:, own],
            out.value[own],
            out.beyond[own],
        )
