"""Histories as the fit would make them, to hold beside the real one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gtmsim.core._types import Floats

if TYPE_CHECKING:
    from gtmsim.fit.program.campaigns import Campaigns
    from gtmsim.fit.program.fitted import Posterior

_CHECKED, _LOOKED_AT = 200, 10_000
"""Replicas that a history is held beside, and campaigns of it at most."""


def replicate(
    campaigns: Campaigns,
    posterior: Posterior,
    baseline: float,
    count: int,
    rng: np.random.Generator,
) -> Floats:
    """Return the value (replica, campaign) of the same campaigns, drawn again.

    Each replica takes parameters of its own. With counts their noise is in it, as it is in the
    history.
    """
    places = rng.choice(posterior.size, count, replace=count > posterior.size)
    rates, size = posterior.hit_rate, campaigns.size
    value = np.empty((count, size))
    for row, place in enumerate(places):
        law = posterior.laws[place]
        multiple = np.asarray(law.isf(1.0 - rng.random(size), posterior.cap))
        value[row] = campaigns.spend * np.where(rng.random(size) < rates[place], multiple, 0.0)
    if campaigns.count is None:
        return value
    # Beyond a million million conversions noise is nothing, and numpy draws none.
    mean = np.minimum(baseline + value / campaigns.unit, 1e12)
    return np.asarray(campaigns.unit * rng.poisson(mean))


def predictive_p(
    campaigns: Campaigns, posterior: Posterior, baseline: float, rng: np.random.Generator
) -> float:
    """Return how often a replica lies as far from all replicas together as the history does.

    The distance is Kolmogorov's, between distributions of the multiples of campaigns that are old
    enough. The parameters were chosen for this history, so a good fit gives more than a uniform
    number.

    References
    ----------
    A. Gelman, X.-L. Meng and H. Stern, "Posterior predictive assessment of model fitness via
    realized discrepancies", Statistica Sinica 6 (1996), 733-807.
    """
    old = campaigns.taken(rng.permutation(np.flatnonzero(~campaigns.young))[:_LOOKED_AT])
    drawn = replicate(old, posterior, baseline, _CHECKED, rng) / old.spend
    everything = np.sort(drawn, axis=None)
    distances = [_distance(np.sort(row), everything) for row in drawn]
    own = _distance(np.sort(old.multiple), everything)
    return float((1 + np.sum(np.array(distances) >= own)) / (1 + _CHECKED))


def _distance(ordered: Floats, everything: Floats) -> float:
    """Return the largest difference between the distribution functions at the ordered values."""
    below = np.searchsorted(everything, ordered, side="left") / everything.size
    upto = np.searchsorted(everything, ordered, side="right") / everything.size
    own_below = np.searchsorted(ordered, ordered, side="left") / ordered.size
    own_upto = np.searchsorted(ordered, ordered, side="right") / ordered.size
    return float(max(np.abs(below - own_below).max(), np.abs(upto - own_upto).max()))
