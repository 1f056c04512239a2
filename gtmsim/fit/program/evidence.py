"""The likelihood of a history under any law of multiples, by cells of the multiple.

A campaign's true multiple is not seen: with conversions, what is seen is a Poisson count whose mean
is spend x multiple / value of a conversion. The multiple's axis is cut into cells; the chance of
what was observed is computed for each cell once, and a law then needs its mass in each cell alone.
Without count noise a campaign lies in one cell.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.sparse import csr_array, vstack
from scipy.special import gammainc, gammaln, xlogy

from gtmsim.core._types import Floats
from gtmsim.distributions import Multiple
from gtmsim.fit.program.campaigns import Campaigns, Flags

_EXACT_WIDTH = 0.01
"""Log-width of a cell without count noise: what rounding to 1 % loses is nothing."""

_COUNT_WIDTH = 0.05
"""Log-width of a cell with count noise, in which the law's log-density is taken as constant."""

_SAME_SPEND = 0.02
"""Campaigns with equal counts whose log-spends differ by less are one row."""

_NEGLIGIBLE = 1e-13

_AT_ONCE = 2_000_000
"""Numbers that a step of the likelihood works on: 16 MB of them."""


@dataclass(frozen=True)
class Evidence:
    """What campaigns say, cell by cell.

    Attributes
    ----------
    low, high : array (cell,)
        Edges of the cells of the multiple.
    weight : array (row,)
        Campaigns of which the row stands.
    hit : sparse array (row, cell)
        Chance of what was observed, given a hit with a multiple in the cell.
    miss : array (row,)
        Chance of what was observed, given a miss.
    known_hit : array (row,) of bool
        Young campaigns that have hit already: they speak of the multiple, not of the hit rate;
        only without count noise.
    """

    low: Floats
    high: Floats
    weight: Floats
    hit: csr_array
    miss: Floats
    known_hit: Flags

    def log_likelihood(self, mass: Floats, hit_rate: Floats) -> Floats:
        """Return the log-likelihood (draw,) of laws and hit rates.

        Parameters
        ----------
        mass : array (draw, cell)
            Probability of each cell under each law.
        hit_rate : array (draw,)
        """
        step = max(_AT_ONCE // self.weight.size, 1)
        parts = [slice(i, i + step) for i in range(0, hit_rate.size, step)]
        return np.concatenate([self._log_likelihood(mass[p], hit_rate[p]) for p in parts])

    def _log_likelihood(self, mass: Floats, hit_rate: Floats) -> Floats:
        given_hit = self.hit @ mass.T
        chance = (1.0 - hit_rate) * self.miss[:, None] + hit_rate * given_hit
        if self.known_hit.any():
            chance = np.where(self.known_hit[:, None], given_hit, chance)
        with np.errstate(divide="ignore"):
            return np.asarray(self.weight @ np.log(chance))


def evidence_of(campaigns: Campaigns, baseline: float = 0.0) -> Evidence:
    """Return what a history says of the multiple and the hit rate.

    Parameters
    ----------
    campaigns : Campaigns
    baseline : float, default 0
        Conversions that come with a campaign whatever it spends; only with counts.
    """
    if campaigns.count is None:
        return _exact(campaigns)
    return _counted(campaigns, campaigns.count, baseline)


def zero_chance(campaigns: Campaigns, law: Multiple, baseline: float) -> float:
    """Return the chance that a hit of the average campaign shows no conversion."""
    if campaigns.count is None:
        return 0.0
    none = np.zeros(campaigns.size)
    old = replace(campaigns, count=none, young=none > 0.0)
    zeros = _counted(old, none, baseline)
    mass = np.asarray(law.sf(zeros.low)) - np.append(np.asarray(law.sf(zeros.high[:-1])), 0.0)
    return float(zeros.weight @ (zeros.hit @ mass) / campaigns.size)


def _exact(campaigns: Campaigns) -> Evidence:
    hit = campaigns.value > 0.0
    old = ~campaigns.young
    misses = float(np.count_nonzero(~hit & old))
    place, count = np.unique(
        np.floor(np.log(campaigns.multiple[hit & old]) / _EXACT_WIDTH), return_counts=True
    )
    low = np.exp(_EXACT_WIDTH * place)
    high = np.exp(_EXACT_WIDTH * (place + 1.0))
    # A young campaign will have brought what it has, or more.
    more = campaigns.multiple[hit & campaigns.young]
    cells = place.size + more.size
    rows = cells + (misses > 0.0)
    weight = np.concatenate([count, np.ones(more.size), np.full(rows - cells, misses)])
    known = np.zeros(rows, dtype=bool)
    known[place.size : cells] = True
    miss = np.zeros(rows)
    miss[cells:] = 1.0
    own = np.arange(cells)
    return Evidence(
        low=np.concatenate([low, more]),
        high=np.concatenate([high, np.full(more.size, np.inf)]),
        weight=weight.astype(np.float64),
        hit=csr_array((np.ones(cells), (own, own)), shape=(rows, cells)),
        miss=miss,
        known_hit=known,
    )


def _counted(campaigns: Campaigns, counts: Floats, baseline: float) -> Evidence:
    # What a young campaign will come to, its count so far does not say.
    old = ~campaigns.young
    log_rate = np.log(campaigns.spend[old] / campaigns.unit[old])
    table = np.stack([counts[old], np.round(log_rate / _SAME_SPEND)])
    rows, weight = np.unique(table, axis=1, return_counts=True)
    count, rate = rows[0], np.exp(_SAME_SPEND * rows[1])
    edges = cell_edges(count, rate)
    low, high = np.append(0.0, edges), np.append(edges, np.inf)
    parts = [
        csr_array(count_chances(count[c], rate[c], edges, baseline))
        for c in (slice(i, i + 500) for i in range(0, count.size, 500))
    ]

    return Evidence(
        low,
        high,
        weight.astype(np.float64),
        csr_array(vstack(parts)),
        np.exp(-baseline + xlogy(count, baseline) - gammaln(count + 1.0)),
        np.zeros(count.size, dtype=bool),
    )


def cell_edges(count: Floats, rate: Floats) -> Floats:
    """Return edges (edge,) of the multiple beyond which counts (row,) say nothing more.

    Below the first no campaign would show a conversion, and above the last each would show more
    than it did; ``rate`` is spend over the value of a conversion.
    """
    first = np.log(1e-4 / rate.max())
    last = np.log(np.max((count + 10.0 * np.sqrt(count + 1.0) + 20.0) / rate))
    return np.asarray(np.exp(np.arange(first, last + _COUNT_WIDTH, _COUNT_WIDTH)))


def count_chances(count: Floats, rate: Floats, edges: Floats, baseline: float) -> Floats:
    """Return the chance (row, cell) of a count, on average over a cell's multiples.

    The Poisson probability of k integrates to the incomplete gamma function of k + 1.
    """
    mean = baseline + rate[:, None] * edges
    k = count[:, None]
    inner = np.diff(gammainc(k + 1.0, mean), axis=1) / np.diff(mean, axis=1)
    below = np.exp(-baseline + xlogy(k, baseline) - gammaln(k + 1.0))
    chance = np.concatenate([below, inner, np.zeros(k.shape)], axis=1)
    chance[chance < _NEGLIGIBLE] = 0.0
    return np.asarray(chance)
