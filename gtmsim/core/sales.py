"""One sales team, block by block: seats and reps in a loop, scenarios side by side."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gtmsim.core._jit import kernel
from gtmsim.core._types import Floats, Ints
from gtmsim.core.campaigns import ChannelDraws
from gtmsim.core.elementary import log2
from gtmsim.core.response import Response, realise
from gtmsim.core.samplers import lognormal
from gtmsim.core.streams import LANES, QUARTER_LUCK, REP, lane_words, survival


class SalesArrays(NamedTuple):
    """A team as its kernel sees it.

    ``start`` (seat,) is the month its first rep starts, negative for one already there; ``ramp``
    (tenure month,) productivity; ``base`` the value a fully ramped average rep originates a month
    before skill; ``scale`` (filled seats,) the returns to scale; ``worth`` (month,) what one unit
    originated in a month realises by the horizon, in present value. ``tenure_scale`` is
    12 / log2(1 - attrition), or 0 if nobody leaves; ``backfill`` is -1 if a seat stays empty;
    ``annuity`` (month + 1,) the present value of 1 a month from each month on.
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


@kernel
def _fill_seat(
    key0: np.uint64,
    key1: np.uint64,
    team: SalesArrays,
    seat: int,
    first: np.uint64,
    output: Floats,
    filled: Ints,
    hired: Ints,
    spend: Floats,
) -> None:
    """Walk one seat through its reps.

    Fills output (month, lane): what the rep in the seat originates before luck and scale, per unit
    of ``base``, and 0 in a month without one. Adds to filled and hired (month, lane), and to spend
    (lane,) what the seat costs.
    """
    horizon = output.shape[0]
    a = np.empty(LANES, np.uint64)
    b = np.empty(LANES, np.uint64)
    start = np.full(LANES, team.start[seat])
    stop = np.full(LANES, horizon)
    skill = np.empty(LANES)
    ramp, annuity, discount = team.ramp, team.annuity, team.response.discount
    output[:] = 0.0
    rep = 0
    earliest = team.start[seat]
    while earliest < horizon:
        lane_words(
            key0,
            key1,
            team.stream,
            np.uint64(REP),
            np.uint64(seat),
            np.uint64(rep),
            first,
            a,
            b,
        )
        for lane in range(LANES):
            skill[lane] = lognormal(b[lane], team.skill_median, team.skill_sigma_log2)
        if team.tenure_scale != 0.0:
            for lane in range(LANES):
                months = min(log2(survival(a[lane])) * team.tenure_scale, 4096.0)
                # A tenure that began before the plan is counted from its first month.
                stop[lane] = max(start[lane], 0) + 1 + np.int64(months)
        if rep == 0:
            # All lanes' first reps start together, so months are walked with lanes side by side.
            for t in range(max(earliest, 0), horizon):
                made, seats = output[t], filled[t]
                productivity = ramp[t - earliest]
                for lane in range(LANES):
                    made[lane] = productivity * skill[lane] if t < stop[lane] else 0.0
                for lane in range(LANES):
                    seats[lane] += 1 if t < stop[lane] else 0
        else:
            for lane in range(LANES):
                begin = start[lane]
                for t in range(begin, min(stop[lane], horizon)):
                    output[t, lane] = ramp[t - begin] * skill[lane]
                    filled[t, lane] += 1
        earliest = horizon
        for lane in range(LANES):
            begin, end = start[lane], min(stop[lane], horizon)
            if begin >= horizon:
                continue
            if begin >= 0:
                hired[begin, lane] += 1
                spend[lane] += team.hiring * discount[begin]
            spend[lane] += team.loaded * (annuity[max(begin, 0)] - annuity[end])
            start[lane] = end + team.backfill if team.backfill >= 0 else horizon
            earliest = min(earliest, start[lane])
        rep += 1


@kernel
def _apply_luck(
    key0: np.uint64,
    key1: np.uint64,
    team: SalesArrays,
    seat: int,
    first: np.uint64,
    output: Floats,
) -> None:
    """Multiply output (month, lane) by one lognormal of mean 1 per calendar quarter."""
    horizon = output.shape[0]
    a = np.empty(LANES, np.uint64)
    b = np.empty(LANES, np.uint64)
    luck = np.empty(LANES)
    for quarter in range((horizon + 2) // 3):
        if quarter % 2 == 0:
            lane_words(
                key0,
                key1,
                team.stream,
                np.uint64(QUARTER_LUCK),
                np.uint64(seat),
                np.uint64(quarter >> 1),
                first,
                a,
                b,
            )
        words = a if quarter % 2 == 0 else b
        for lane in range(LANES):
            luck[lane] = lognormal(words[lane], team.luck_median, team.luck_sigma_log2)
        for t in range(3 * quarter, min(3 * quarter + 3, horizon)):
            made = output[t]
            for lane in range(LANES):
                made[lane] *= luck[lane]


@kernel
def team_block(
    key0: np.uint64,
    key1: np.uint64,
    team: SalesArrays,
    first: np.uint64,
    shock: Floats,
    seat_value: Floats,
    seat_spend: Floats,
    out: ChannelDraws,
) -> None:
    """Simulate one team for the scenarios from ``first``, as many as ``shock`` (scenario,) has.

    Besides ``out``, fills seat_value and seat_spend (seat, scenario): what each seat realised and
    cost. The number of scenarios is a multiple of the lanes.
    """
    seats = team.start.size
    horizon = out.month.shape[0]
    discount = team.response.discount
    output = np.zeros((seats, horizon, LANES))
    filled = np.zeros((horizon, LANES), np.int64)
    hired = np.zeros((horizon, LANES), np.int64)
    factor = np.zeros((horizon, LANES))
    originated = np.zeros((horizon, LANES))
    worth = np.zeros(LANES)
    for lane0 in range(0, shock.size, LANES):
        lanes = slice(lane0, lane0 + LANES)
        start = first + np.uint64(lane0)
        filled[:] = 0
        hired[:] = 0
        originated[:] = 0.0
        seat_spend[:, lanes] = 0.0
        for seat in range(seats):
            spend = seat_spend[seat, lanes]
            _fill_seat(key0, key1, team, seat, start, output[seat], filled, hired, spend)
            if team.luck_sigma_log2 > 0.0:
                _apply_luck(key0, key1, team, seat, start, output[seat])
            for lane in range(LANES):
                out.spend[lane0 + lane] += spend[lane]
        for t in range(horizon):
            for lane in range(LANES):
                factor[t, lane] = team.base * team.scale[filled[t, lane]]
                paid = team.loaded * filled[t, lane] + team.hiring * hired[t, lane]
                out.spend_month[t, lane0 + lane] += discount[t] * paid
        for seat in range(seats):
            worth[:] = 0.0
            for t in range(horizon):
                realised = team.worth[t]
                made, total, scale = output[seat, t], originated[t], factor[t]
                for lane in range(LANES):
                    value = made[lane] * scale[lane]
                    total[lane] += value
                    worth[lane] += value * realised
            for lane in range(LANES):
                value = worth[lane] * shock[lane0 + lane]
                seat_value[seat, lane0 + lane] = value
                out.squares[lane0 + lane] += value * value
                best = out.largest[lane0 + lane]
                out.largest[lane0 + lane] = value if value > best else best
        realise(
            originated,
            team.response,
            shock[lanes],
            out.month[:, lanes],
            out.value[lanes],
            out.beyond[lanes],
        )
