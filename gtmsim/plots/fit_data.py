"""The numbers behind the pictures of a fit: a history beside replicas of it.

A replica is a history of the same campaigns as the fit would have it: parameters drawn from what
the history leaves open, then misses, hits and, where there are conversions, the noise of their
counts. So a history can be compared with replicas, and not with a law. Campaigns that are too young
are left out.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.special import expit

from gtmsim.concentration import lorenz_curve
from gtmsim.core._types import Floats
from gtmsim.errors import ArgumentTypeError
from gtmsim.seeds import RNGLike
from gtmsim.statistics.intervals import wilson

if TYPE_CHECKING:
    from gtmsim.fit.program import FittedProgram

_POINTS = 400
"""Of a long history so many are kept, the largest ones all."""

_LEAST_WEIGHT = 0.01
"""Families that are less likely are not shown."""

_BIN, _BINS = 25, 8
"""Campaigns in a bin of spend at least, and bins at most."""


def tail_fit_data(fit: FittedProgram, *, replicas: int = 200, rng: RNGLike = None) -> pd.DataFrame:
    """Return the shares of campaigns that return at least a multiple.

    Parameters
    ----------
    fit : FittedProgram
    replicas : int, default 200
    rng : None, int, SeedSequence or Generator, optional

    Returns
    -------
    DataFrame
        Index multiple. Columns observed (NaN outside the history), one for each family with a
        weight of 1 % or more (its law in the middle of its parameters), law_low and law_high (all
        draws), replica_low and replica_high; both at the fit's level. Laws are without count noise,
        which replicas contain, as the history does.

    Examples
    --------
    >>> from gtmsim.fit.program import fit_program
    >>> history = pd.DataFrame({"spend": 100.0, "value": [0.0, 90.0, 210.0] * 20})
    >>> table = tail_fit_data(fit_program(history, family="lognormal", rng=7), rng=7)
    >>> table.loc[[0.9, 2.1], "observed"].round(3).tolist()
    [0.667, 0.333]
    """
    history = _History.of(fit)
    hits = np.unique(history.multiple[history.multiple > 0.0])
    seen = hits[hits.size - _ranks(hits.size)[::-1]]
    below = np.geomspace(seen[0] / 3.0, seen[0], 10)[:-1]
    beyond = np.geomspace(seen[-1], 10.0 * seen[-1], 20)[1:]
    x = np.concatenate([below, seen, beyond])
    if fit.cap is not None and x[0] < fit.cap < x[-1]:
        # All that lies beyond the cap lies at it: the laws fall there.
        x = np.unique(np.append(x, [fit.cap, np.nextafter(fit.cap, np.inf)]))
    share = np.where(np.isin(x, seen), _at_least(history.multiple, x), np.nan)
    table = pd.DataFrame({"observed": share}, index=x)
    laws = []
    for family, theta in fit.posterior.parts:
        reached = 1.0 if fit.cap is None else (x <= fit.cap)
        draws = expit(theta[:, :1]) * family.sf(theta, x) * reached
        laws.append(draws)
        if fit.families[family.name] >= _LEAST_WEIGHT:
            best = family.name == fit.family
            middle = fit.posterior.center() if best else np.median(theta, axis=0)
            table[family.name] = expit(middle[0]) * family.sf(middle[None, :], x)[0] * reached
    table["law_low"], table["law_high"] = _band(np.concatenate(laws), fit.level)
    seen_again = _replicated(fit, lambda multiple: _at_least(multiple, x), replicas, rng)
    table["replica_low"], table["replica_high"] = _band(seen_again, fit.level)
    return table.rename_axis("multiple")


def quantiles_data(fit: FittedProgram, *, replicas: int = 200, rng: RNGLike = None) -> pd.DataFrame:
    """Return the multiples of the hits, best first, beside those of the same rank in replicas.

    Parameters
    ----------
    fit : FittedProgram
    replicas : int, default 200
    rng : None, int, SeedSequence or Generator, optional

    Returns
    -------
    DataFrame
        Index rank, from 1 for the best campaign. Columns observed, replica (median),
        replica_low, replica_high (at the fit's level), inside.

    Examples
    --------
    >>> from gtmsim.fit.program import fit_program
    >>> history = pd.DataFrame({"spend": 100.0, "value": [0.0, 90.0, 210.0] * 20})
    >>> table = quantiles_data(fit_program(history, family="lognormal", rng=7), rng=7)
    >>> table.loc[[1, 40], "observed"].tolist()
    [2.1, 0.9]
    """
    history = _History.of(fit)
    ranks = _ranks(int(np.count_nonzero(history.multiple > 0.0)))

    def ranked(multiple: Floats) -> Floats:
        return np.asarray(np.sort(multiple)[multiple.size - ranks])

    drawn = _replicated(fit, ranked, replicas, rng)
    low, high = _band(drawn, fit.level)
    observed = ranked(history.multiple)
    return pd.DataFrame(
        {
            "observed": observed,
            "replica": np.median(drawn, axis=0),
            "replica_low": low,
            "replica_high": high,
            "inside": (low <= observed) & (observed <= high),
        },
        index=pd.Index(ranks, name="rank"),
    )


def fit_lorenz_data(
    fit: FittedProgram, *, replicas: int = 200, rng: RNGLike = None
) -> pd.DataFrame:
    """Return the share of value that the best spend brought, and would bring in replicas.

    Parameters
    ----------
    fit : FittedProgram
    replicas : int, default 200
    rng : None, int, SeedSequence or Generator, optional

    Returns
    -------
    DataFrame
        Index spend_share, from 0 to 1, best first. Columns observed, replica (median),
        replica_low, replica_high (at the fit's level).

    Examples
    --------
    >>> from gtmsim.fit.program import fit_program
    >>> history = pd.DataFrame({"spend": 100.0, "value": [0.0, 90.0, 210.0] * 20})
    >>> table = fit_lorenz_data(fit_program(history, family="lognormal", rng=7), rng=7)
    >>> round(float(table.loc[0.5, "observed"]), 4)
    0.85
    """
    history = _History.of(fit)
    x = np.unique(np.concatenate([np.linspace(0.0, 0.05, 51), np.linspace(0.05, 1.0, 96)]).round(9))

    def curve(multiple: Floats) -> Floats:
        value = multiple * history.spend
        if not value.any():
            return np.full(x.size, np.nan)
        points = lorenz_curve(value, history.spend)
        return np.asarray(np.interp(x, points["spend_share"], points["value_share"]))

    drawn = _replicated(fit, curve, replicas, rng)
    low, high = _band(drawn, fit.level)
    return pd.DataFrame(
        {
            "observed": curve(history.multiple),
            "replica": np.nanmedian(drawn, axis=0),
            "replica_low": low,
            "replica_high": high,
        },
        index=pd.Index(x, name="spend_share"),
    )


def hit_rate_by_spend_data(
    fit: FittedProgram, *, replicas: int = 200, rng: RNGLike = None
) -> pd.DataFrame:
    """Return which share of campaigns returned anything, by what they spent.

    Parameters
    ----------
    fit : FittedProgram
    replicas : int, default 200
    rng : None, int, SeedSequence or Generator, optional

    Returns
    -------
    DataFrame
        A row per bin of spend, with about equally many campaigns. Columns spend_low, spend,
        spend_high (currency; the middle one is the median), campaigns, observed, low and high
        (Wilson's interval of the share), expected (mean of the replicas), replica_low and
        replica_high; intervals at the fit's level.

    Examples
    --------
    >>> from gtmsim.fit.program import fit_program
    >>> history = pd.DataFrame({"spend": 100.0, "value": [0.0, 90.0, 210.0] * 20})
    >>> table = hit_rate_by_spend_data(fit_program(history, family="lognormal", rng=7), rng=7)
    >>> table[["campaigns", "observed"]].round(3).to_numpy().tolist()
    [[60.0, 0.667]]
    """
    history = _History.of(fit)
    bins = int(np.clip(history.spend.size // _BIN, 1, _BINS))
    edges = np.unique(np.quantile(history.spend, np.linspace(0.0, 1.0, bins + 1)[1:-1]))
    # An edge belongs to the bin below it; one at the largest spend would leave none above.
    place = np.searchsorted(edges, history.spend, side="left")
    place = np.unique(place, return_inverse=True)[1]
    count = np.bincount(place)

    def share(multiple: Floats) -> Floats:
        return np.asarray(np.bincount(place, weights=multiple > 0.0) / count)

    drawn = _replicated(fit, share, replicas, rng)
    observed = share(history.multiple)
    ends = [wilson(p, n, fit.level) for p, n in zip(observed.tolist(), count.tolist(), strict=True)]
    spent = pd.Series(history.spend).groupby(place)
    table = pd.DataFrame(
        {
            "spend_low": spent.min(),
            "spend": spent.median(),
            "spend_high": spent.max(),
            "campaigns": count,
            "observed": observed,
            "low": [low for low, _ in ends],
            "high": [high for _, high in ends],
            "expected": drawn.mean(axis=0),
        }
    )
    table["replica_low"], table["replica_high"] = _band(drawn, fit.level)
    return table.rename_axis("bin")


@dataclass(frozen=True)
class _History:
    """Spend and observed multiple of the campaigns that are old enough (campaign,)."""

    spend: Floats
    multiple: Floats

    @classmethod
    def of(cls, fit: FittedProgram) -> _History:
        from gtmsim.fit.program import FittedProgram

        if not isinstance(fit, FittedProgram):
            fix = "fit a history of campaigns with fit_program"
            raise ArgumentTypeError("fit", "must be a FittedProgram", type(fit).__name__, fix)
        old = ~fit.campaigns.young
        return cls(fit.campaigns.spend[old], fit.campaigns.multiple[old])


def _replicated(
    fit: FittedProgram, measure: Callable[[Floats], Floats], replicas: int, rng: RNGLike
) -> Floats:
    """Measure the multiples of replicas: (replica, what is measured)."""
    old = ~fit.campaigns.young
    multiples = fit.replicas(replicas, rng)[:, old] / fit.campaigns.spend[old]
    return np.array([measure(multiple) for multiple in multiples])


def _at_least(multiple: Floats, x: Floats) -> Floats:
    """Return the share of campaigns with a multiple of x or more (point,)."""
    # What was divided and multiplied again may be one rounding below.
    below = np.searchsorted(np.sort(multiple), x * (1.0 - 1e-12), side="left")
    return np.asarray(1.0 - below / multiple.size)


def _band(draws: Floats, level: float) -> tuple[Floats, Floats]:
    """Return the interval of each column, by order statistics; draws that are NaN do not count."""
    low, high = np.nanquantile(draws, [0.5 * (1.0 - level), 0.5 * (1.0 + level)], axis=0)
    return low, high


def _ranks(size: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Return ranks from 1 to size: the first ones all, later ones ever more sparsely."""
    if size <= _POINTS:
        return np.arange(1, size + 1)
    return np.unique(np.geomspace(1.0, size, 2 * _POINTS).round().astype(np.int64))
