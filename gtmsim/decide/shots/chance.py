"""The chance that a campaign returns a multiple, and that some of many do."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import betainc, ndtr

from gtmsim.core._types import Floats
from gtmsim.errors import ArgumentError
from gtmsim.plan import CampaignProgram

_CELLS = 2_000
_FARTHEST = 9.0
"""Standard deviations of the luck beyond which nothing is looked for."""

_EDGE = 1e-12
"""A multiple that equals the cap may come out a rounding error above it."""


@dataclass(frozen=True)
class Chance:
    """The chance of a campaign under each luck that all campaigns may share.

    Attributes
    ----------
    weight : array (luck,)
        Probability of each; together at most 1. Where they fall short of it, no campaign can reach
        the multiple.
    chance : array (luck,)
        That one campaign reaches the multiple.
    """

    weight: Floats
    chance: Floats

    @property
    def one(self) -> float:
        """Chance that a single campaign reaches the multiple."""
        return float(self.weight @ self.chance)

    @property
    def limit(self) -> float:
        """What the chance tends to as campaigns are added."""
        return min(float(self.weight[self.chance > 0.0].sum()), 1.0)

    def at_least(self, count: int, campaigns: float) -> float:
        """Return the chance that at least ``count`` of so many campaigns reach the multiple.

        A number of campaigns that is not whole is between its neighbours, by the beta function.

        References
        ----------
        M. Abramowitz and I. A. Stegun, "Handbook of mathematical functions" (1964), 26.5.24 (the
        binomial law).

        Examples
        --------
        >>> fair = Chance(np.ones(1), np.array([0.5]))
        >>> fair.at_least(1, 2), fair.at_least(2, 2), fair.at_least(3, 2)
        (0.75, 0.25, 0.0)
        """
        if campaigns < count:
            return 0.0
        return float(self.weight @ betainc(float(count), campaigns - count + 1.0, self.chance))

    def needed(self, count: int, probability: float) -> float:
        """Return the number of campaigns, not rounded, at which the chance is the probability.

        Infinite where it tends to less.
        """
        if self.limit <= probability or not self.chance.any():
            return math.inf
        low, high = float(count), 2.0 * count
        if self.at_least(count, low) >= probability:
            return low
        while self.at_least(count, high) < probability:
            low, high = high, 2.0 * high
            if high > 1e15:
                return math.inf
        while high - low > 1e-9 * high:
            middle = 0.5 * (low + high)
            low, high = (
                (middle, high) if self.at_least(count, middle) < probability else (low, middle)
            )
        return high


def campaign_chance(program: CampaignProgram, multiple: float, *, luck: bool = True) -> Chance:
    """Return the chance that a campaign returns at least this multiple over its whole life.

    Parameters
    ----------
    program : CampaignProgram
    multiple : float
        Value per 1 spent; cap, incrementality and spend elasticity are allowed for.
    luck : bool, default True
        Whether campaigns share the program's luck. Without it they are independent.

    Raises
    ------
    ArgumentError
        If campaigns are staged, or those of several sizes have different chances.

    Notes
    -----
    Given a luck L a campaign returns the multiple m if it hits and min(X, cap) >= m / (g L), with g
    what incrementality and spend make of it. The luck is integrated by the midpoint rule over 2,000
    cells of its normal variable, from where the cap begins to suffice: there the chance jumps.

    Examples
    --------
    >>> from gtmsim import Pareto
    >>> bets = CampaignProgram(name="bets", campaigns=9, spend=1.0, hit_rate=0.5,
    ...                        multiple=Pareto(tail_index=1.0))
    >>> round(campaign_chance(bets, 10.0).one, 9)
    0.05
    """
    if program.staging is not None:
        rule = "must not be staged: what a campaign spends depends on its signal"
        raise ArgumentError(
            "channel.staging", rule, program.staging, "use channel.replace(staging=None)"
        )
    gain = program.incrementality * _scale_gain(program)
    if gain == 0.0:
        return Chance(np.ones(1), np.zeros(1))
    bar = multiple / gain
    sigma = program.shared_luck if luck else 0.0
    if sigma == 0.0:
        return Chance(np.ones(1), _reached(program, np.array([bar])))
    start = -_FARTHEST
    if program.cap is not None:
        start = max(start, math.log(bar / program.cap) / sigma + 0.5 * sigma)
    if start >= _FARTHEST:
        return Chance(np.ones(1), np.zeros(1))
    edges = np.linspace(start, _FARTHEST, _CELLS + 1)
    z = 0.5 * (edges[1:] + edges[:-1])
    # Differences of the upper tail, which keep their digits where luck is good.
    weight = ndtr(-edges[:-1]) - ndtr(-edges[1:])
    return Chance(weight, _reached(program, bar * np.exp(0.5 * sigma * sigma - sigma * z)))


def mixture(chances: Sequence[Chance]) -> Chance:
    """Return the chance when each of several is as likely as any other.

    Examples
    --------
    >>> one, other = (Chance(np.ones(1), np.array([p])) for p in (0.2, 0.4))
    >>> round(mixture([one, other]).one, 9)
    0.3
    """
    return Chance(
        np.concatenate([c.weight for c in chances]) / len(chances),
        np.concatenate([c.chance for c in chances]),
    )


def _reached(program: CampaignProgram, bars: Floats) -> Floats:
    return program.hit_rate * np.asarray(program.multiple.sf(bars * (1.0 - _EDGE), program.cap))


def _scale_gain(program: CampaignProgram) -> float:
    if program.reference_spend is None:
        return 1.0
    spends = np.unique(program.spends())
    if spends.size > 1:
        rule = "must be one amount, since what a campaign returns depends on it"
        raise ArgumentError("channel.spend", rule, program.spend, "use channel.replace(spend=...)")
    return float((spends[0] / program.reference_spend) ** (program.spend_elasticity - 1.0))
