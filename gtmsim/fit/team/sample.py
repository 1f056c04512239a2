"""A team's parameters, and how far they may lie from the truth: reps drawn again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from gtmsim.core._types import Floats
from gtmsim.fit.team.attainment import Components, Moments, coefficients, components, luck_ratio
from gtmsim.fit.team.attrition import annual, annual_draws
from gtmsim.fit.team.ledger import ENOUGH
from gtmsim.fit.team.ramp import RampFit
from gtmsim.plan import SalesTeam

_FARTHEST = 3.0
"""Standard errors that a draw lies from the estimate, at most."""

_AT_ONCE = 4_000_000
"""Numbers in an array of draws, about."""


class Parameters(NamedTuple):
    """Parameters of a team, each a number or (draw,)."""

    attainment: Any
    skill_cv: Any
    luck_cv: Any
    ramp_months: Any
    attrition: Any


@dataclass(frozen=True, eq=False)
class Sample:
    """What is needed to estimate a team, and to draw its reps again.

    Attributes
    ----------
    moments : Moments
        Each (ramp, rep).
    ramp : RampFit
    leavers, months_at_risk : float
    survivors : bool
        Whether nobody left, so that attrition is not told.
    asked : bool
        Whether there is a quota; without one the quota is what a ramped rep books.
    preset : SalesTeam
    """

    moments: Moments
    ramp: RampFit
    leavers: float
    months_at_risk: float
    survivors: bool
    asked: bool
    preset: SalesTeam

    @property
    def reps(self) -> int:
        """Number of reps, those who left included."""
        return int(self.moments.mean.shape[-1])

    @property
    def missing(self) -> int:
        """Reps of the preset that stand in for those a small team does not have."""
        return max(ENOUGH - self.reps, 0)

    def from_data(self) -> Parameters:
        """Return the share of each parameter's weight that is the history's."""
        missing = self.missing
        freedom = float(self.moments.freedom[0].sum())
        return Parameters(
            attainment=self.reps / (self.reps + missing) if self.asked else 1.0,
            skill_cv=self.reps / (self.reps + missing),
            luck_cv=freedom / (freedom + 3.0 * missing),
            ramp_months=self.ramp.share,
            attrition=0.0
            if self.survivors
            else self.months_at_risk / (self.months_at_risk + 12.0 * missing),
        )

    def estimate(self) -> tuple[Parameters, Components]:
        """Return the estimates, and the moments behind them before the preset weighs in."""
        chosen = int(self.ramp.best(np.ones(self.reps)))
        rows = _pick(self.moments, np.array([chosen]))
        found = components(np.ones((1, self.reps)), rows, luck_ratio(rows))
        skill, luck = coefficients(found.mean, found.spread, found.within, found.noise)
        own = Parameters(
            attainment=float(found.mean[0]) if self.asked else 1.0,
            skill_cv=float(skill[0]),
            luck_cv=float(luck[0]),
            ramp_months=float(self.ramp.months[chosen]),
            attrition=annual(self.leavers, self.months_at_risk),
        )
        return self._filled_up(own, self._preset()), found

    def draws(self, size: int, generator: np.random.Generator) -> Parameters:
        """Return draws (draw,) of the parameters: what they may be, given the history.

        Notes
        -----
        Reps are drawn again with replacement, and each draw's mean, spread and luck are studentised
        on the logarithmic scale, with an error that is made from the draw itself. The draws'
        quantiles are the ends of the bootstrap-t interval. Ramps are those of the same draws, in
        reverse order, because what a draw has too much of, the truth has less of.

        References
        ----------
        B. Efron and R. J. Tibshirani, "An introduction to the bootstrap" (1993), section 12.5;
        C. A. Field and A. H. Welsh, "Bootstrapping clustered data", Journal of the Royal
        Statistical Society B 69 (2007), 369-390 (the cluster bootstrap).
        """
        chosen = int(self.ramp.best(np.ones(self.reps)))
        rows = _pick(self.moments, np.array([chosen]))
        ratio = luck_ratio(rows)
        one = components(np.ones((1, self.reps)), rows, ratio)
        parts = list(self._drawn(size, ratio, chosen, generator))
        months = self.ramp.months[np.concatenate([ramp for ramp, _ in parts])]
        centre = (one.mean, one.crude, one.within)
        kept = (one.mean, one.spread, one.within)
        moved = []
        for k, name in enumerate(("mean", "spread", "within")):
            drawn = np.concatenate([getattr(part, name) for _, part in parts])
            error = np.concatenate([part.errors[k] for _, part in parts])
            moved.append(_studentised(drawn, error, centre[k], kept[k], one.errors[k]))
        noise = np.concatenate([part.noise for _, part in parts])
        mean, spread, within = moved
        skill, luck = coefficients(mean, spread, within, noise)
        own = Parameters(
            attainment=mean if self.asked else mean / one.mean,
            skill_cv=skill,
            luck_cv=luck,
            ramp_months=_reversed(months),
            attrition=annual_draws(self.leavers, self.months_at_risk, size, generator),
        )
        return self._filled_up(own, self._preset_draws(size, generator))

    def _drawn(
        self, size: int, ratio: float, chosen: int, generator: np.random.Generator
    ) -> Iterator[tuple[npt.NDArray[np.intp], Components]]:
        """Yield the ramp and the moments of draws, some at a time."""
        step = max(_AT_ONCE // self.reps, 1)
        even = np.full(self.reps, 1.0 / self.reps)
        for first in range(0, size, step):
            count = generator.multinomial(self.reps, even, min(step, size - first))
            # Without two different reps there is no spread, without a period twice no luck.
            lone = (count * (self.moments.freedom[chosen] > 0.0) > 0).sum(axis=1) < 2
            count[lone] = 1
            best = self.ramp.best(count)
            if self.ramp.told:
                flat = np.ptp(count @ self.ramp.score, axis=-1) == 0.0
                best = np.where(flat, chosen, best)
            yield best, components(count, _pick(self.moments, best), ratio)

    def _preset(self) -> Parameters:
        team = self.preset
        return Parameters(team.attainment, team.skill_cv, team.luck_cv, np.nan, team.attrition)

    def _preset_draws(self, size: int, generator: np.random.Generator) -> Parameters:
        """Return draws of the preset's parameters, as uncertain as so few of its reps are."""
        team, reps = self._preset(), self.missing
        if not reps:
            return team
        spread = np.hypot(team.skill_cv, team.luck_cv) / np.sqrt(reps)
        sigma = np.sqrt(np.log1p(spread**2))
        lognormal = generator.lognormal(-(sigma**2) / 2.0, sigma, size)
        skill = np.sqrt(generator.chisquare(reps, size) / reps)
        luck = np.sqrt(generator.chisquare(3 * reps, size) / (3 * reps))
        hazard = 1.0 - (1.0 - team.attrition) ** (1.0 / 12.0)
        months = 12.0 * reps
        return Parameters(
            attainment=team.attainment * lognormal,
            skill_cv=team.skill_cv * skill,
            luck_cv=team.luck_cv * luck,
            ramp_months=np.nan,
            attrition=annual_draws(hazard * months, months, size, generator),
        )

    def _filled_up(self, own: Parameters, preset: Parameters) -> Parameters:
        """Return the history's parameters and the preset's, each with its weight.

        The spreads are averaged as variances. The ramps are filled up already.
        """
        share = self.from_data()
        blend = {}
        for name in Parameters._fields:
            part, ours, theirs = getattr(share, name), getattr(own, name), getattr(preset, name)
            power = 2.0 if name in ("skill_cv", "luck_cv") else 1.0
            if part == 1.0 or name == "ramp_months":
                blend[name] = ours
            elif part == 0.0:
                blend[name] = theirs
            else:
                blend[name] = (part * ours**power + (1.0 - part) * theirs**power) ** (1.0 / power)
        return Parameters(**blend)


def _pick(moments: Moments, ramp: npt.NDArray[np.intp]) -> Moments:
    """Return the moments (draw, rep) under each draw's ramp."""
    if moments.mean.shape[0] == 1:
        return moments
    return Moments(*(part[ramp] for part in moments))


def _studentised(
    drawn: Floats, error: Floats, centre: Floats, estimate: Floats, its_error: Floats
) -> Floats:
    """Return draws around an estimate, from draws around a centre and each one's error."""
    with np.errstate(divide="ignore", invalid="ignore"):
        t = np.nan_to_num(np.log(drawn / centre) / error, posinf=np.inf, neginf=-np.inf)
    return np.asarray(estimate * np.exp(-np.clip(t, -_FARTHEST, _FARTHEST) * its_error))


def _reversed(values: Floats) -> Floats:
    """Return the same values, the largest where the smallest were."""
    order = np.argsort(values, kind="stable")
    turned = np.empty_like(values)
    turned[order] = values[order][::-1]
    return turned
