"""Attainment, skill and luck: variance components of what reps book, with zeros allowed."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from gtmsim.core._types import Floats, Ints
from gtmsim.fit.team.ledger import Ledger, sums

_ALIKE = 1e-3
"""Share of the spread between reps that is left to skill, at least, in their weights."""


class Moments(NamedTuple):
    """What each rep's periods say, each (ramp, rep) or (draw, rep).

    ``mean`` is the rep's bookings as a share of quota and ramp, ``quarters`` the ramped quarters
    behind it; its luck has the variance ``noise`` times that of a quarter. ``within`` is the sum of
    squares around it, and ``freedom`` that sum's expectation for a quarter's luck of variance 1.
    """

    mean: Floats
    quarters: Floats
    noise: Floats
    within: Floats
    freedom: Floats


class Components(NamedTuple):
    """Moments of the team, each (draw,).

    ``mean`` over reps, ``spread`` the variance of their means, of which ``noise`` times ``within``
    is luck, and ``within`` the variance of a quarter. ``crude`` is the spread without its
    correction for the mean; ``errors`` are relative standard errors of mean, spread and within.
    """

    mean: Floats
    spread: Floats
    within: Floats
    noise: Floats
    crude: Floats
    errors: tuple[Floats, Floats, Floats]


def rep_moments(ledger: Ledger, table: Floats) -> Moments:
    """Return the moments of each rep under each ramp.

    Parameters
    ----------
    ledger : Ledger
    table : array (ramp, tenure)
        Productivity by tenure.

    Returns
    -------
    Moments
        Each (ramp, rep).

    Notes
    -----
    The plan's luck is drawn per quarter. Months of one quarter share it, so months are added up to
    quarters first. A year's luck is the mean of its quarters', each with the weight of what was
    asked for in it: with e the quarters' weights its variance is that of a quarter times
    sum(e**2) / sum(e)**2, a quarter of it for a whole year.
    """
    n = len(ledger.reps)
    worked = table[:, ledger.tenure] * ledger.part
    rep = ledger.rep[ledger.row]
    cell = _numbered(rep * (ledger.quarter.max() + 1) + ledger.quarter)
    unit = _numbered(ledger.row) if ledger.frequency == "Y" else cell
    size = int(unit.max()) + 1
    unit_of_cell, rep_of_unit = _first(unit, cell), _first(rep, unit)
    rows = np.unique(ledger.row)
    booked = sums(ledger.bookings[rows], unit[np.searchsorted(ledger.row, rows)], size)

    asked = sums(worked * ledger.quota, cell, unit_of_cell.size)
    whole = sums(asked, unit_of_cell, size)
    there = whole > 0.0
    safe = np.where(there, whole, 1.0)
    luck = sums(asked**2, unit_of_cell, size) / safe**2
    weight = np.where(there, sums(worked, unit, size) / 3.0, 0.0)
    value = np.where(there, booked / safe, 0.0)

    quarters = sums(weight, rep_of_unit, n)
    per = np.where(quarters > 0.0, quarters, 1.0)
    mean = sums(weight * value, rep_of_unit, n) / per
    shared = sums(weight**2 * luck, rep_of_unit, n) / per
    several = np.bincount(rep_of_unit, minlength=n) > 1
    within = sums(weight * (value - mean[:, rep_of_unit]) ** 2, rep_of_unit, n)
    freedom = sums(weight * luck, rep_of_unit, n) - shared
    return Moments(mean, quarters, shared / per, within * several, freedom * several)


def _numbered(key: Ints) -> Ints:
    return np.unique(key, return_inverse=True)[1].astype(np.int64)


def _first(values: Ints, group: Ints) -> Ints:
    """Return the value of each group, whose items all have the same."""
    return values[np.unique(group, return_index=True)[1]]


def luck_ratio(moments: Moments) -> float:
    """Return the variance of a quarter's luck over that of skill, by which reps are weighted.

    Parameters
    ----------
    moments : Moments
        Each (1, rep).

    Returns
    -------
    float
        Quarters after which a rep's mean is as much skill as luck.
    """
    ratio, one = 4.0, np.ones((1, moments.mean.shape[-1]))
    for _ in range(20):
        found = components(one, moments, ratio)
        skill = found.spread - found.noise * found.within
        skill = np.maximum(skill, _ALIKE * found.spread)
        if skill[0] == 0.0:
            return ratio
        ratio = float(found.within[0] / skill[0])
    return ratio


def components(count: npt.NDArray[Any], moments: Moments, ratio: float) -> Components:
    """Return the moments of a team in which each rep counts so many times.

    Parameters
    ----------
    count : array (draw, rep)
        How often each rep was drawn; ones for the history itself.
    moments : Moments
        Each (draw, rep), or (1, rep) for all draws.
    ratio : float
        See `luck_ratio`.

    Returns
    -------
    Components

    Notes
    -----
    A rep weighs quarters / (quarters + ratio), as a draw of skill seen through so much luck: one
    who left early counts nearly as much as one who stayed. Spread and within are moments, each
    divided by its expectation for unit variance, so that a period without bookings is a value like
    any other. The errors are of first order, from what each rep adds.

    References
    ----------
    C. R. Henderson, "Estimation of variance and covariance components", Biometrics 9 (1953),
    226-252, method 1; S. R. Searle, G. Casella and C. E. McCulloch, "Variance components" (1992),
    section 3.6.
    """
    weight = moments.quarters / (moments.quarters + ratio)
    counted = count * weight
    whole, squares = counted.sum(axis=-1), (counted * weight).sum(axis=-1)
    mean = (counted * moments.mean).sum(axis=-1) / whole
    off = moments.mean - mean[:, None]
    between = (counted * off**2).sum(axis=-1)
    crude = between / whole
    reps = whole - squares / whole
    noise = (counted * moments.noise).sum(axis=-1)
    noise -= (counted * weight * moments.noise).sum(axis=-1) / whole
    freedom = (count * moments.freedom).sum(axis=-1)
    within = (count * moments.within).sum(axis=-1) / freedom
    ends = (
        (weight * off, whole * mean),
        (weight * (off**2 - crude[:, None]), between),
        (moments.within - within[:, None] * moments.freedom, freedom * within),
    )
    mean_error, spread_error, within_error = (
        _ratio(np.sqrt((count * part**2).sum(axis=-1)), size) for part, size in ends
    )
    errors = (mean_error, spread_error, within_error)
    return Components(mean, between / reps, within, noise / reps, crude, errors)


def _ratio(above: Floats, below: Floats) -> Floats:
    """Return a ratio, 0 where there is nothing below."""
    return np.where(below > 0.0, above / np.where(below > 0.0, below, 1.0), 0.0)


def coefficients(
    mean: Floats, spread: Floats, within: Floats, noise: Floats
) -> tuple[Floats, Floats]:
    """Return the plan's coefficients of variation of skill and of a year's luck.

    Luck multiplies skill, so the variance of a quarter is 4 luck_cv**2 times the mean square of
    skill; the variance of skill is what luck leaves of the spread, or 0.

    Examples
    --------
    >>> mean, within, noise = np.array([0.8]), np.array([0.64]), np.array([0.125])
    >>> skill, luck = coefficients(mean, 0.16 + noise * within, within, noise)
    >>> skill.round(3).tolist(), luck.round(3).tolist()
    ([0.5], [0.447])
    """
    skill = np.maximum(spread - noise * within, 0.0)
    return np.sqrt(skill) / mean, np.sqrt(within / (mean**2 + skill)) / 2.0
