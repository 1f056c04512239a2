"""Strata by how large the largest campaign is, with tilts that make such campaigns likelier."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from gtmsim.core._types import Floats, Ints
from gtmsim.rare.total import Total, highest

_LARGE_SHARE = 0.2
"""At most this share of campaigns counts as large."""

_RATIO = 4.0
"""Between the levels of two strata."""

_MOST_LEVELS = 4
_MOST_TILTS = 12

_FARTHEST = 700.0
"""Log of the largest odds, near the end of the range of floating-point numbers."""

_STEP = 1.5
"""Standard deviations, of a Poisson number, from one tilt to the next."""


@dataclass(frozen=True)
class Stratum:
    """Scenarios in which no campaign is above a level, and some are in a band below it.

    Hits are told apart by their survival probability u: above the level is u < ``above``, in the
    band is u < ``band`` otherwise. The number in the band has the odds of each campaign multiplied,
    by one of several tilts of equal weight.

    Attributes
    ----------
    chance : float
        Probability that no campaign is above the level.
    needed : bool
        Whether some campaign must be in the band.
    share : float
        Probability of the stratum.
    log_odds, log_mean : array (tilt,)
        Log of what the odds are multiplied by, and of the mean of odds**N.
    above, band : tuple of array (group,), one per program
    hit_rate, band_share : tuple of array (tilt, group), one per program
        Probability of a hit under a tilt, and that it is in the band.
    """

    chance: float
    needed: bool
    share: float
    log_odds: Floats
    log_mean: Floats
    above: tuple[Floats, ...]
    band: tuple[Floats, ...]
    hit_rate: tuple[Floats, ...]
    band_share: tuple[Floats, ...]

    def ratio(self, count: Ints) -> Floats:
        """Likelihood ratio of paths (path,) with so many campaigns in the band."""
        logs = np.multiply.outer(count, self.log_odds) - self.log_mean
        inside = (count > 0) | (not self.needed)
        with np.errstate(over="ignore"):
            ratio: Floats = self.chance * inside / np.mean(np.exp(logs), axis=1)
        return ratio


def strata(total: Total, x: float) -> list[Stratum]:
    """Cut all scenarios into strata, from the largest campaigns down; the last is the calm one.

    The first level is half of x, or of the most that a campaign can be worth, and each next one a
    fourth of the last, as long as most scenarios stay below. Where some campaign is always above
    the first level, there is one stratum.
    """
    nothing = tuple(np.zeros(program.sizes.size) for program in total.programs)
    levels: list[tuple[Floats, ...]] = [nothing]
    for place in range(_MOST_LEVELS):
        level = _level(total, x, 0.5 * _RATIO**-place)
        lower = any(np.any(a > b) for a, b in zip(level, levels[-1], strict=True))
        if not lower or _log_none(total, level) < math.log(0.5 if place else 0.1):
            break
        levels.append(level)
    if len(levels) == 1:
        return [_stratum(total, x, nothing, _level(total, x, 0.5), needed=False)]
    cut = [_stratum(total, x, above, band, needed=True) for above, band in pairwise(levels)]
    return [*cut, _stratum(total, x, levels[-1], levels[-1], needed=False)]


def _level(total: Total, x: float, part: float) -> tuple[Floats, ...]:
    """Survival probability of a part of x, or of the most that a campaign can be worth."""
    levels: list[Floats] = []
    for program in total.programs:
        value = part * np.minimum(x / program.worth, highest(program))
        most = min(_LARGE_SHARE / program.hit_rate, 1.0)
        levels.append(np.minimum(most, program.multiple.sf(value, program.cap)))
    return tuple(levels)


def _log_none(total: Total, level: tuple[Floats, ...]) -> float:
    """Log of the probability that no campaign is above a level."""
    return sum(
        float(program.sizes @ np.log1p(-program.hit_rate * part))
        for program, part in zip(total.programs, level, strict=True)
    )


def _stratum(
    total: Total,
    x: float,
    above: tuple[Floats, ...],
    band: tuple[Floats, ...],
    *,
    needed: bool,
) -> Stratum:
    sizes, rates, values, others = [np.zeros(0)], [np.zeros(0)], [np.zeros(0)], [np.zeros(0)]
    for program, low, high in zip(total.programs, above, band, strict=True):
        value = program.multiple.isf(0.5 * (low + high), program.cap) * program.worth
        small = program.multiple.isf(0.5 * (high + 1.0), program.cap) * program.worth
        sizes.append(program.sizes.astype(np.float64))
        rates.append(program.hit_rate * (high - low) / (1.0 - program.hit_rate * low))
        values.append(np.minimum(value, x))
        others.append(small * program.hit_rate * (1.0 - high) / (1.0 - program.hit_rate * high))
    size, rate = np.concatenate(sizes), np.concatenate(rates)
    value, other = np.concatenate(values), np.concatenate(others)

    def number(log_odds: float) -> float:
        return float(size @ _raised(rate, log_odds))

    def sum_of_all(log_odds: float) -> float:
        return float(size @ (other + _raised(rate, log_odds) * (value - other)))

    tilts = [0.0]
    if number(0.0) > 0.0:
        begin = math.sqrt(max(1.0, number(0.0)))
        reached = sum_of_all(_FARTHEST) > x
        end = max(begin, math.sqrt(number(_solve(sum_of_all, x)))) if reached else begin
        count = min(1 + math.ceil(2.0 * (end - begin) / _STEP), _MOST_TILTS)
        tilts = [_solve(number, root**2) for root in np.linspace(begin, end, count).tolist()]
    hit_rate, share = [], []
    for program, own, high in zip(total.programs, rates[1:], band, strict=True):
        likely = np.stack([_raised(own, tilt) for tilt in tilts])
        rest = program.hit_rate * (1.0 - high) / (1.0 - program.hit_rate * high)
        hits = likely + (1.0 - likely) * rest
        hit_rate.append(hits)
        share.append(np.divide(likely, hits, out=np.zeros_like(hits), where=hits > 0.0))
    chance = math.exp(_log_none(total, above))
    return Stratum(
        chance=chance,
        needed=needed,
        share=-chance * math.expm1(float(size @ np.log1p(-rate))) if needed else chance,
        log_odds=np.array(tilts),
        log_mean=np.array([float(size @ np.log1p(rate * math.expm1(tilt))) for tilt in tilts]),
        above=above,
        band=band,
        hit_rate=tuple(hit_rate),
        band_share=tuple(share),
    )


def _raised(rate: Floats, log_odds: float) -> Floats:
    """Probabilities whose odds are multiplied."""
    odds = math.exp(log_odds)
    raised: Floats = rate * odds / (1.0 - rate + rate * odds)
    return raised


def _solve(increasing: Callable[[float], float], target: float) -> float:
    """Find where an increasing function of a log of odds reaches the target, at 0 or above."""
    from scipy.optimize import brentq

    if increasing(0.0) >= target:
        return 0.0
    if increasing(_FARTHEST) <= target:
        return _FARTHEST
    return float(brentq(lambda tilt: increasing(tilt) - target, 0.0, _FARTHEST, xtol=1e-6))
