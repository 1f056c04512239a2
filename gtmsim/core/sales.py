"""One sales team, block by block: seats and reps in a loop, scenarios side by side."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gtmsim.core._jit import kernel, part
from gtmsim.core._types import Floats, Ints, Words
from gtmsim.core.campaigns import ChannelDraws
from gtmsim.core.coupling import close_pipeline
from gtmsim.core.elementary import exp2, log2
from gtmsim.core.response import Response, realise
from gtmsim.core.samplers import normal
from gtmsim.core.streams import LANES, QUARTER_LUCK, REP, place, survival, tile_words

_LONGEST = 4096.0
"""Months of tenure, more than any plan has."""


class _Lanes(NamedTuple):
    """Working memory for one block: words (2 * lane,), and each (lane,) of a rep."""

    words: Words
    start: Floats
    stop: Floats
    skill: Floats
    luck: Floats


class SalesArrays(NamedTuple):
    """A team as its kernel sees it.

    ``start`` (seat,) is the month its first rep starts, negative for one already there; ``ramp``
    (tenure month,) productivity; ``base`` the value a fully ramped average rep originates a month
    before skill; ``scale`` (filled seats,) the returns to scale; ``worth`` (month,) what one unit
    originated in a month realises by the horizon, in present value. ``tenure_scale`` is
    12 / log2(1 - attrition), or 0 if nobody leaves; ``backfill`` is -1 if a seat stays empty;
    ``annuity`` (month + 1,) the present value of 1 a month from each month on. ``pipeline`` is the
    value of the pipeline that the team has each month without programs, negative if it is never
    short.
    """

    stream: np.uint64
    response: Response
    start: Ints
    ramp: Floats
    base: float
    skill_median: float
    skill_sigma_log2: float
    luck_median: float
    luck_sigma_log2: float
    tenure_scale: float
    backfill: int
    loaded: float
    hiring: float
    annuity: Floats
    scale: Floats
    worth: Floats
    pipeline: float


@part
def _lognormals(words: Words, row: int, median: float, sigma_log2: float, out: Floats) -> None:
    """Fill out (lane,) with lognormals from a row of words."""
    for lane in range(LANES):
        out[lane] = normal(words[place(row, lane)])
    for lane in range(LANES):
        out[lane] = median * exp2(sigma_log2 * out[lane])


@part
def _leave(team: SalesArrays, words: Words, horizon: int, start: Floats, stop: Floats) -> None:
    """Fill stop (lane,), the month before which a rep who starts in ``start`` (lane,) leaves."""
    scale = team.tenure_scale
    if scale == 0.0:
        stop[:] = float(horizon)
        return
    for lane in range(LANES):
        months = log2(survival(words[lane])) * scale
        months = float(np.int64(months if months < _LONGEST else _LONGEST))
        # A tenure that began before the plan is counted from its first month.
        begin = start[lane] if start[lane] > 0.0 else 0.0
        end = begin + 1.0 + months
        stop[lane] = end if end < float(horizon) else float(horizon)


@part
def _first_rep(
    team: SalesArrays,
    seat: int,
    skill: Floats,
    stop: Floats,
    output: Floats,
    filled: Floats,
    hired: Floats,
    spend: Floats,
) -> None:
    """Let the first rep of a seat work: all lanes start together, and stop at ``stop`` (lane,).

    Months are walked with lanes side by side; see :func:`_fill_seat`.
    """
    start, horizon = team.start[seat], team.worth.size
    begin = max(start, 0)
    ramp, annuity = team.ramp, team.annuity
    for t in range(begin, horizon):
        productivity, month = ramp[t - start], float(t)
        for lane in range(LANES):
            here = 1.0 if month < stop[lane] else 0.0
            output[place(t, lane)] = here * (productivity * skill[lane])
            filled[place(t, lane)] += here
    paid = annuity[begin]
    for lane in range(LANES):
        spend[lane] += team.loaded * (paid - annuity[np.uint64(stop[lane])])
    if start >= 0:
        cost = team.hiring * team.response.discount[start]
        for lane in range(LANES):
            hired[place(start, lane)] += 1.0
        for lane in range(LANES):
            spend[lane] += cost


@part
def _later_rep(
    team: SalesArrays,
    skill: Floats,
    start: Floats,
    stop: Floats,
    output: Floats,
    filled: Floats,
    hired: Floats,
    spend: Floats,
) -> None:
    """Let a backfill of a seat work, from ``start`` (lane,) on; see :func:`_fill_seat`."""
    horizon, ramp, annuity = team.worth.size, team.ramp, team.annuity
    discount = team.response.discount
    for lane in range(LANES):
        begin, end = int(start[lane]), int(stop[lane])
        if begin >= horizon:
            continue
        for t in range(begin, end):
            output[place(t, lane)] = ramp[t - begin] * skill[lane]
            filled[place(t, lane)] += 1.0
        hired[place(begin, lane)] += 1.0
        spend[lane] += team.hiring * discount[begin]
        spend[lane] += team.loaded * (annuity[begin] - annuity[end])


@part
def _fill_seat(
    key0: np.uint64,
    key1: np.uint64,
    team: SalesArrays,
    seat: int,
    median: float,
    sigma_log2: float,
    first: np.uint64,
    lanes: _Lanes,
    output: Floats,
    filled: Floats,
    hired: Floats,
    spend: Floats,
) -> None:
    """Walk one seat through its reps, whose skill is lognormal with this median and log2-sd.

    Fills output (month * lane,): what the rep in the seat originates before luck and scale, per
    unit of ``base``, and 0 in a month without one. Adds to filled and hired (month * lane,), and to
    spend (lane,) what the seat costs.
    """
    horizon = team.worth.size
    words, start, stop, skill = lanes.words, lanes.start, lanes.stop, lanes.skill
    start[:] = team.start[seat]
    output[:] = 0.0
    rep = 0
    while True:
        tile_words(
            key0,
            key1,
            team.stream,
            np.uint64(REP),
            np.uint64(seat),
            np.uint64(rep),
            1,
            first,
            words,
        )
        _lognormals(words, 1, median, sigma_log2, skill)
        _leave(team, words, horizon, start, stop)
        if rep == 0:
            _first_rep(team, seat, skill, stop, output, filled, hired, spend)
        else:
            _later_rep(team, skill, start, stop, output, filled, hired, spend)
        if team.backfill < 0:
            return
        earliest = np.int64(horizon)
        for lane in range(LANES):
            start[lane] = stop[lane] + team.backfill
            month = np.int64(start[lane])
            earliest = month if month < earliest else earliest
        if earliest >= horizon:
            return
        rep += 1


@part
def _apply_luck(
    key0: np.uint64,
    key1: np.uint64,
    team: SalesArrays,
    seat: int,
    first: np.uint64,
    lanes: _Lanes,
    output: Floats,
) -> None:
    """Multiply output (month * lane,) by one lognormal of mean 1 per calendar quarter."""
    horizon = team.worth.size
    words, luck = lanes.words, lanes.luck
    for quarter in range((horizon + 2) // 3):
        if quarter % 2 == 0:
            tile_words(
                key0,
                key1,
                team.stream,
                np.uint64(QUARTER_LUCK),
                np.uint64(seat),
                np.uint64(quarter >> 1),
                1,
                first,
                words,
            )
        _lognormals(words, quarter % 2, team.luck_median, team.luck_sigma_log2, luck)
        for t in range(3 * quarter, min(3 * quarter + 3, horizon)):
            for lane in range(LANES):
                output[place(t, lane)] *= luck[lane]


@part
def _add_seat(
    worth: Floats, made: Floats, factor: Floats, originated: Floats, value: Floats
) -> None:
    """Add a seat's months, made times factor (month * lane,), to originated and value (lane,).

    ``worth`` (month,) is what is realised of an origination.
    """
    value[:] = 0.0
    for t in range(worth.size):
        realised = worth[t]
        for lane in range(LANES):
            at = place(t, lane)
            gained = made[at] * factor[at]
            originated[at] += gained
            value[lane] += gained * realised


@kernel
def team_block(
    key0: np.uint64,
    key1: np.uint64,
    team: SalesArrays,
    first: np.uint64,
    shock: Floats,
    fed: Floats,
    seat_value: Floats,
    seat_spend: Floats,
    flow: Floats,
    out: ChannelDraws,
) -> None:
    """Simulate one team for the scenarios from ``first``, as many as ``shock`` (scenario,) has.

    Besides ``out``, fills seat_value and seat_spend (seat, scenario): what each seat realised and
    cost. The number of scenarios is a multiple of the lanes. Of a team that may be short of
    pipeline, ``fed`` (month, scenario) is what programs bring to it, and flow (FLOWS, scenario) is
    filled.
    """
    seats, horizon = team.start.size, out.month.shape[0]
    discount, scale = team.response.discount, team.scale
    lanes = _Lanes(
        np.empty(2 * LANES, np.uint64),
        np.empty(LANES),
        np.empty(LANES),
        np.empty(LANES),
        np.empty(LANES),
    )
    output = np.empty((seats, horizon * LANES))
    filled, hired = np.empty(horizon * LANES), np.empty(horizon * LANES)
    factor, originated = np.empty(horizon * LANES), np.empty(horizon * LANES)
    limited = team.pipeline >= 0.0
    ready = np.empty((seats if limited else 0, horizon * LANES))
    for block in range(shock.size // LANES):
        own = slice(block * LANES, (block + 1) * LANES)
        start = first + np.uint64(block * LANES)
        market, total_spend = shock[own], out.spend[own]
        filled[:] = 0.0
        hired[:] = 0.0
        originated[:] = 0.0
        for seat in range(seats):
            spend, made = seat_spend[seat, own], output[seat]
            spend[:] = 0.0
            _fill_seat(
                key0,
                key1,
                team,
                seat,
                team.skill_median,
                team.skill_sigma_log2,
                start,
                lanes,
                made,
                filled,
                hired,
                spend,
            )
            if team.luck_sigma_log2 > 0.0:
                _apply_luck(key0, key1, team, seat, start, lanes, made)
            for lane in range(LANES):
                total_spend[lane] += spend[lane]
        for i in range(horizon * LANES):
            factor[i] = team.base * scale[np.uint64(filled[i])]
        for t in range(horizon):
            paid, present = out.spend_month[t, own], discount[t]
            for lane in range(LANES):
                at = place(t, lane)
                paid[lane] += present * (team.loaded * filled[at] + team.hiring * hired[at])
        if limited:
            # The same reps without skill: originated is not yet in use, nor are seats' values.
            for seat in range(seats):
                made, unused = ready[seat], seat_value[seat, own]
                _fill_seat(
                    key0,
                    key1,
                    team,
                    seat,
                    1.0,
                    0.0,
                    start,
                    lanes,
                    made,
                    originated,
                    originated,
                    unused,
                )
            originated[:] = 0.0
            close_pipeline(
                team.pipeline,
                fed[:, own],
                discount,
                market,
                ready,
                factor,
                output,
                flow[:, own],
            )
        squares, largest = out.squares[own], out.largest[own]
        for seat in range(seats):
            value = seat_value[seat, own]
            _add_seat(team.worth, output[seat], factor, originated, value)
            for lane in range(LANES):
                gained = value[lane] * market[lane]
                value[lane] = gained
                squares[lane] += gained * gained
                best = largest[lane]
                largest[lane] = (gained if gained > best else best) + 0.0
        realise(
            originated,
            team.response,
            market,
            out.month[:, own],
            out.value[own],
            out.beyond[own],
        )
