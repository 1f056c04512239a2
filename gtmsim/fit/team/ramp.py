"""How new reps become productive: the best linear ramp, or a curve where it is clearly better."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from gtmsim.core._types import Floats
from gtmsim.fit.team.ledger import ENOUGH, RAMPED, Ledger, sums
from gtmsim.plan.ramp import Ramp

MONTHS: Floats = np.arange(0.0, 36.5, 0.5)
"""Linear ramps that are tried, in months."""

_FEWEST = 3
"""Starters below whom the ramp is not told."""

_SEEN = 6
"""Months of tenure within which a starter must have been seen."""

_CURVE = 24
"""Months after which the curve counts everybody as ramped."""

_STEPS, _LEAST = 50, 1e-6
"""Steps towards the curve, and the least that its values and weights are."""

_FOLDS, _CLEARLY = 5, 2.0
"""A curve is taken if it predicts reps left out better than the line by two standard errors."""


@dataclass(frozen=True)
class RampFit:
    """The ramps that were tried, and the one that was chosen.

    Attributes
    ----------
    ramp : Ramp
    months : array (ramp,)
        Length of each linear ramp that was tried; one NaN if there was no choice.
    table : array (ramp, tenure)
        Productivity of those ramps by tenure, up to RAMPED.
    score : array (rep, ramp)
        Log quasi-likelihood of each rep's bookings.
    starters : int
        Reps who were seen in their first months.
    source : "history" or "preset"
    share : float
        Weight of the history in the length of a ramp; the rest is the preset's.
    preset_months : float
        Length of the preset's ramp.
    """

    ramp: Ramp
    months: Floats
    table: Floats
    score: Floats
    starters: int
    source: str
    share: float
    preset_months: float

    @property
    def told(self) -> bool:
        """Whether the history tells the ramp."""
        return self.source == "history"

    def best(self, count: npt.ArrayLike) -> npt.NDArray[np.intp]:
        """Return the best ramp if each rep counts so many times: (draw, rep) to (draw,)."""
        best: npt.NDArray[np.intp] = np.argmax(np.asarray(count) @ self.score, axis=-1)
        if self.months.size == 1 or self.share == 1.0:
            return best
        months = self.share * self.months[best] + (1.0 - self.share) * self.preset_months
        return np.searchsorted(self.months, months - 0.25)


def fit_ramp(ledger: Ledger, preset: Ramp, dated: bool) -> RampFit:
    """Return the ramp that explains best how each rep's bookings rise with tenure.

    Parameters
    ----------
    ledger : Ledger
    preset : Ramp
        What is kept where the ramp is not told.
    dated : bool
        Whether the starts in the ledger are those of the history and not guesses.

    Returns
    -------
    RampFit

    Notes
    -----
    What a rep books in all is taken as given, and only its split over the rep's own rows counts:
    the score is that of a multinomial, or of a Poisson law with an effect for each rep. Its maximum
    is right whatever the law of luck, as long as the mean is, and it does not matter whether the
    better reps stay. The curve is the maximum over all curves by tenure month, found by
    multiplicative steps, made non-decreasing by isotonic regression.

    References
    ----------
    J. M. Wooldridge, "Distribution-free estimation of some nonlinear panel data models", Journal of
    Econometrics 90 (1999), 77-97, equation 2.8; R. E. Barlow and others, "Statistical inference
    under order restrictions" (1972), chapter 1.
    """
    early = np.full(len(ledger.reps), RAMPED)
    np.minimum.at(early, ledger.rep[ledger.row], ledger.tenure)
    starters = int(np.count_nonzero(early < _SEEN)) if dated else 0
    share = 1.0 if preset.curve is not None else min(starters / ENOUGH, 1.0)
    if starters < _FEWEST:
        empty = np.zeros((len(ledger.reps), 1))
        length = np.array([preset.months if preset.curve is None else np.nan])
        return RampFit(preset, length, _table(preset)[None], empty, starters, "preset", 0.0, np.nan)
    table = np.stack([_table(Ramp(months=float(months))) for months in MONTHS])
    score = _score(ledger, table)
    fit = RampFit(preset, MONTHS, table, score, starters, "history", share, preset.months)
    best = int(fit.best(np.ones(len(ledger.reps))))
    if share == 1.0 and MONTHS[best] < _CURVE and _curve_is_better(ledger, table, score):
        ramp = Ramp(curve=tuple(np.round(_curve(ledger, table[best]), 4).tolist()))
        table, score = _table(ramp)[None], score[:, [best]]
        return replace(fit, ramp=ramp, months=MONTHS[[best]], table=table, score=score)
    return replace(fit, ramp=Ramp(months=float(MONTHS[best])))


def _table(ramp: Ramp) -> Floats:
    table = ramp.productivity(np.arange(RAMPED + 1))
    table[RAMPED] = 1.0
    return table


def _in_quotas(ledger: Ledger) -> tuple[Floats, Floats]:
    """Return bookings (row,) and what was asked (month,) in mean monthly quotas of the rep."""
    n, rep = len(ledger.reps), ledger.rep[ledger.row]
    asked = ledger.part * ledger.quota
    there = sums(ledger.part, rep, n)[0]
    quota = sums(asked, rep, n)[0] / np.where(there > 0.0, there, 1.0)
    quota = np.where(quota > 0.0, quota, 1.0)
    return ledger.bookings / quota[ledger.rep], asked / quota[rep]


def _score(ledger: Ledger, table: Floats) -> Floats:
    """Return the score (rep, ramp) of ramps (ramp, tenure)."""
    n = len(ledger.reps)
    booked, asked = _in_quotas(ledger)
    expected = sums(table[:, ledger.tenure] * asked, ledger.row, booked.size)
    here = (expected > 0.0).all(axis=0) & (booked > 0.0)
    booked = np.where(here, booked, 0.0)
    each = booked * np.log(np.where(here, expected, 1.0))
    whole = np.log(np.maximum(sums(expected, ledger.rep, n), np.finfo(float).tiny))
    score: Floats = (sums(each, ledger.rep, n) - sums(booked, ledger.rep, n) * whole).T
    return score


def _curve(ledger: Ledger, line: Floats, reps: npt.NDArray[np.bool_] | None = None) -> Floats:
    """Return the productivity (month,) by tenure, from a line on, of some reps."""
    from scipy.optimize import isotonic_regression

    n, size = len(ledger.reps), _CURVE + 1
    tenure = np.minimum(ledger.tenure, _CURVE)
    rep = ledger.rep[ledger.row]
    booked, asked = _in_quotas(ledger)
    if reps is not None:
        asked = asked * reps[rep]
    of_rep = sums(booked, ledger.rep, n)[0]
    curve = line[:size].copy()
    curve[_CURVE] = 1.0
    for _ in range(_STEPS):
        expected = asked * curve[tenure]
        skill = _over(of_rep, sums(expected, rep, n)[0])[rep]
        expected *= skill
        ratio = _over(booked, sums(expected, ledger.row, booked.size)[0])[ledger.row]
        weight = sums(asked * skill, tenure, size)[0]
        found = sums(expected * ratio, tenure, size)[0]
        curve = np.where(weight > 0.0, _over(found, weight), curve)
        curve = np.maximum(curve / max(curve[_CURVE], _LEAST), _LEAST)
    # A month in which nobody was seen weighs next to nothing.
    risen = isotonic_regression(curve, weights=np.maximum(weight, _LEAST * weight.max())).x
    return np.asarray(np.minimum(risen / risen[-1], 1.0))


def _over(above: Floats, below: Floats) -> Floats:
    """Return a ratio, 0 where there is nothing below."""
    return above / np.where(below > 0.0, below, np.inf)


def _curve_is_better(ledger: Ledger, table: Floats, score: Floats) -> bool:
    """Compare both on reps left out, fold by fold."""
    fold = np.arange(len(ledger.reps)) % _FOLDS
    gain = np.zeros(fold.size)
    for left_out in range(_FOLDS):
        kept = fold != left_out
        best = int(np.argmax(score[kept].sum(axis=0)))
        curve = np.ones(RAMPED + 1)
        curve[: _CURVE + 1] = _curve(ledger, table[best], kept)
        gain[~kept] = (_score(ledger, curve[None])[:, 0] - score[:, best])[~kept]
    return bool(gain.sum() > _CLEARLY * np.sqrt(gain.size) * gain.std(ddof=1) > 0.0)
