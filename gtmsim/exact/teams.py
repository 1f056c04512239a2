"""Closed-form moments of a sales team: a seat is a Markov chain, and seats are independent."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from gtmsim.core._types import Floats
from gtmsim.plan import Plan, SalesTeam

Complexes = npt.NDArray[np.complex128]

_MOST_WORK = 1e7
"""Products behind a variance with returns to scale; beyond it the variance is left out."""


@dataclass(frozen=True)
class TeamMoments:
    """Moments of what a team realises by the horizon and costs, in present value.

    ``value_second`` is the second raw moment of the value without the market's shock; NaN where a
    large team with returns to scale would take too long.
    """

    value_mean: float
    value_second: float
    spend_mean: float
    spend_variance: float


class _Seat(NamedTuple):
    """A seat as it goes on once it is filled, by months from then (month,).

    ``filled`` is the probability that somebody sits there and ``hired`` that a new rep starts;
    ``later`` the expected ramp of reps after the first. ``same`` and ``kept`` (month, months on)
    are E[ramp x ramp] and E[ramp in the later month] over reps after the first who are there in
    both months. ``stay`` is the probability to stay another month.
    """

    stay: float
    filled: Floats
    hired: Floats
    later: Floats
    same: Floats
    kept: Floats


def team_moments(plan: Plan, team: SalesTeam) -> TeamMoments:
    """Return the moments of a team's value and spend.

    Parameters
    ----------
    plan : Plan
    team : SalesTeam
        A channel of the plan.

    Returns
    -------
    TeamMoments

    Notes
    -----
    Tenures are geometric, so that whoever is in a seat, its future is that of a seat just filled.
    Returns to scale tie the seats of a month together: with n**(s - 1) written as a sum of
    exponentials x**n on the roots of unity, the expectation of a product over seats is a product
    of expectations, and the value's second moment the mixed derivative of that product.

    References
    ----------
    W. Feller, "An introduction to probability theory and its applications", vol. 1, 3rd ed.
    (1968), section XIII.3, equation 3.1 (renewal), and XI.1 (generating functions).

    Examples
    --------
    >>> team = SalesTeam(name="reps", hires=2, quota=1.2e6, loaded_cost=2.4e5, attrition=0.5)
    >>> moments = team_moments(Plan(horizon=12, channels=[team]), team)
    >>> round(moments.spend_mean), round(moments.value_mean)  # half leave in a year
    (356343, 1781715)
    """
    horizon = plan.horizon
    monthly = (1.0 + plan.discount_rate) ** (-1.0 / 12.0)
    discount = monthly ** np.arange(horizon)
    starts = Counter(team.start_months)
    longest = horizon + max(0, -min(starts))
    ramp = team.ramp.productivity(np.arange(longest))
    seat = _follow(team, ramp, horizon)
    spend_mean = spend_variance = 0.0
    for start, seats in starts.items():
        mean, second = _seat_spend(team, seat, start, discount)
        spend_mean += seats * mean
        spend_variance += seats * max(second - mean * mean, 0.0)
    worth = team.quota / 12.0 * team.margin * team.attainment * _recognised(team, discount, monthly)
    value_mean, value_second = _value(team, seat, starts, ramp, worth)
    return TeamMoments(value_mean, value_second, spend_mean, spend_variance)


def _follow(team: SalesTeam, ramp: Floats, horizon: int) -> _Seat:
    stay = (1.0 - team.attrition) ** (1.0 / 12.0)
    filled, hired = np.zeros(horizon), np.zeros(horizon)
    filled[0] = 1.0
    for month in range(1, horizon):
        if team.backfill_months is not None and month > team.backfill_months:
            hired[month] = filled[month - 1 - team.backfill_months] * (1.0 - stay)
        filled[month] = filled[month - 1] * stay + hired[month]
    months = np.arange(horizon)
    # Tenures (month, tenure) of reps after the first.
    age = months[:, None] - months
    tenures = np.where(age >= 0, hired[np.maximum(age, 0)], 0.0) * stay**months
    ahead = np.minimum(months[:, None] + months, horizon - 1)
    on = stay**months
    ramp = ramp[:horizon]
    return _Seat(
        stay=stay,
        filled=filled,
        hired=hired,
        later=tenures @ ramp,
        same=(tenures * ramp) @ ramp[ahead] * on,
        kept=tenures @ ramp[ahead] * on,
    )


def _seat_spend(team: SalesTeam, seat: _Seat, start: int, discount: Floats) -> tuple[float, float]:
    """Return the first two moments of what one seat costs."""
    begin = max(start, 0)
    months = discount.size - begin
    loaded, hiring = team.loaded_cost / 12.0, team.hiring_cost
    hired = seat.hired[:months].copy()
    hired[0] = 1.0 if start >= 0 else 0.0
    cost = loaded * seat.filled[:months] + hiring * hired
    # Whoever pays in a month is there, so what follows is what follows a filled seat.
    after = loaded * seat.filled + hiring * seat.hired
    present = discount[begin:]
    square = loaded * loaded * seat.filled[:months] + hiring * (2.0 * loaded + hiring) * hired
    second = float(square @ (present * present))
    for month in range(months - 1):
        rest = after[1 : months - month] @ present[month + 1 :]
        second += 2.0 * float(cost[month] * present[month] * rest)
    return float(cost @ present), second


def _recognised(team: SalesTeam, discount: Floats, monthly: float) -> Floats:
    """Present value by the horizon of one unit booked in each month (month,)."""
    if team.recognition == "bookings":
        return discount
    kept = (1.0 - team.annual_churn) ** (1.0 / 12.0) * monthly
    # Half a month of revenue in the month of signing, then a twelfth of what is retained.
    left = np.arange(discount.size, 0, -1)
    paid = np.cumsum(kept ** np.arange(discount.size)) - 0.5
    recognised: Floats = discount * paid[left - 1] / 12.0
    return recognised


def _value(
    team: SalesTeam, seat: _Seat, starts: Counter[int], ramp: Floats, worth: Floats
) -> tuple[float, float]:
    """Return the first two moments of a team's value; worth (month,) is of an average full rep."""
    horizon = worth.size
    roots, weights = _scale_series(team)
    slow = 0.5 * horizon**2 * len(starts) * roots.size**2 > _MOST_WORK
    mean, second = 0.0, math.nan if slow else 0.0
    for t in range(horizon):
        rows = [_row(seat, start, ramp, t, horizon) for start in starts]
        jet = _team_jet([_month_jet(row, roots) for row in rows], starts)
        mean += worth[t] * float((weights @ jet.first).real)
        if slow:
            continue
        # A quarter's luck has twice the CV of a year's.
        quarter = np.arange(t, horizon) // 3 == t // 3
        luck = np.where(quarter, 1.0 + 4.0 * team.luck_cv**2, 1.0)
        pairs = [_pair_jet(row, roots, 1.0 + team.skill_cv**2, luck) for row in rows]
        products = (_team_jet(pairs, starts).mixed @ weights @ weights).real
        products[1:] *= 2.0
        second += worth[t] * float(products @ worth[t:])
    return mean, second


def _scale_series(team: SalesTeam) -> tuple[Complexes, Complexes]:
    """Return roots x and weights such that the sum of weights * x**n is n**(scale - 1)."""
    if team.returns_to_scale == 1.0:
        return np.ones(1, dtype=complex), np.ones(1, dtype=complex)
    filled = np.arange(team.units + 1)
    scale = np.maximum(filled, 1.0) ** (team.returns_to_scale - 1.0)
    return np.exp(2j * np.pi * filled / filled.size), np.fft.fft(scale) / filled.size


class _Row(NamedTuple):
    """One seat in a month t, and in t and each month from t on (month,).

    ``here`` and ``there`` are the probabilities that it is filled in t and later, ``both`` in both
    months; ``made`` is the expected ramp in t, ``made_kept`` that of t if it is filled later,
    ``later`` that of the later month, ``later_kept`` the same if it is filled in t; ``same`` and
    ``other`` the expected products of both ramps, of one rep and of two.
    """

    here: float
    made: float
    there: Floats
    both: Floats
    made_kept: Floats
    later: Floats
    later_kept: Floats
    same: Floats
    other: Floats


def _row(seat: _Seat, start: int, ramp: Floats, t: int, horizon: int) -> _Row:
    begin, tenure = max(start, 0), max(-start, 0)
    months = np.arange(t, horizon) - begin
    since = np.maximum(months, 0)
    open_ = months >= 0
    first = seat.stay**since * ramp[tenure + since] * open_
    there = seat.filled[since] * open_
    later = first + seat.later[since] * open_
    if t < begin:
        nothing = np.zeros(months.size)
        return _Row(0.0, 0.0, there, nothing, nothing, later, nothing, nothing, nothing)
    at, on = t - begin, horizon - t
    here, made = seat.filled[at], later[0]
    return _Row(
        here=here,
        made=made,
        there=there,
        both=here * seat.filled[:on],
        made_kept=made * seat.filled[:on],
        later=later,
        later_kept=first + seat.kept[at, :on] + here * seat.later[:on],
        same=first * ramp[tenure + at] + seat.same[at, :on],
        other=made * seat.later[:on],
    )


class _Jet(NamedTuple):
    """A generating function and its derivatives: by each of two small numbers, and by both."""

    value: Complexes
    first: Complexes
    second: Complexes
    mixed: Complexes


def _month_jet(row: _Row, x: Complexes) -> _Jet:
    """Return E[(1 + e ramp) ** x**filled] of one seat and month."""
    nothing = np.zeros(x.size, dtype=complex)
    return _Jet(1.0 + row.here * (x - 1.0), row.made * x, nothing, nothing)


def _pair_jet(row: _Row, roots: Complexes, skill: float, luck: Floats) -> _Jet:
    """Return a seat's jet in t and in each later month (month, root, root)."""
    there, both, made_kept, later, later_kept, same, other, shared = (
        part[:, None, None] for part in (*row[2:], luck)
    )
    x, y = roots[:, None], roots
    only, alone = row.here - both, there - both
    return _Jet(
        1.0 - only - alone - both + only * x + alone * y + both * (x * y),
        (row.made - made_kept) * x + made_kept * (x * y),
        (later - later_kept) * y + later_kept * (x * y),
        shared * (skill * same + other) * (x * y),
    )


def _team_jet(jets: Sequence[_Jet], starts: Counter[int]) -> _Jet:
    """Multiply the jets of all seats: as many of each as start in its month."""
    team = _power(jets[0], next(iter(starts.values())))
    for jet, seats in zip(jets[1:], list(starts.values())[1:], strict=True):
        a, b = team, _power(jet, seats)
        team = _Jet(
            a.value * b.value,
            a.value * b.first + a.first * b.value,
            a.value * b.second + a.second * b.value,
            a.value * b.mixed + a.mixed * b.value + a.first * b.second + a.second * b.first,
        )
    return team


def _power(jet: _Jet, n: int) -> _Jet:
    if n == 1:
        return jet
    # One power of an array, not three: for teams of hundreds they are most of the work.
    rest = jet.value ** (n - 2)
    less = n * rest * jet.value
    least = n * (n - 1) * rest
    return _Jet(
        rest * jet.value * jet.value,
        less * jet.first,
        less * jet.second,
        less * jet.mixed + least * jet.first * jet.second,
    )
