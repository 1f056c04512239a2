"""Whether a history is consistent with "1 % of spend brings 99 % of results"."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from gtmsim.claim.probability import sample_totals
from gtmsim.concentration import top_share
from gtmsim.errors import check_number
from gtmsim.execute import Crew
from gtmsim.notebook import Block, Shown
from gtmsim.seeds import RNGLike, resolve_seed

if TYPE_CHECKING:
    from gtmsim.fit.program.fitted import FittedProgram

_VERSIONS, _SETS = 200, 512
_DRAWS = 5e8
"""Campaigns drawn in all; very large sets vary little, and fewer of them do."""


@dataclass(frozen=True, repr=False)
class FittedClaim(Shown):
    """How likely a fitted program makes the claim, over all that its history leaves open.

    Attributes
    ----------
    probability : float
        Chance that the claim holds in a set of campaigns, parameters not known.
    interval : tuple of float
        Of the chance, over the parameters, at the fit's level.
    share, share_interval : float, tuple of float
        Median share of value that the top of spend brings, and its range over sets and parameters.
    observed : float
        The history's own share, by value per spend, count noise included.
    campaigns : int
        In a set.
    spend_share, value_share, level : float
    verdict : str
        One sentence.

    Examples
    --------
    >>> import pandas as pd
    >>> import gtmsim as gtm
    >>> history = pd.DataFrame({"spend": 100.0, "value": [0.0, 90.0, 210.0] * 20})
    >>> fit = gtm.fit_program(history, name="search", rng=7)
    >>> fit.claim(rng=7).probability
    0.0
    """

    probability: float
    interval: tuple[float, float]
    share: float
    share_interval: tuple[float, float]
    observed: float
    campaigns: int
    spend_share: float
    value_share: float
    level: float

    @property
    def verdict(self) -> str:
        """One sentence."""
        low, high = self.share_interval
        claim = f"that {100 * self.spend_share:g} % of spend brings {100 * self.value_share:g} %"
        consistent = "consistent" if high >= self.value_share else "not consistent"
        return (
            f"The history is {consistent} with the claim {claim}: among {self.campaigns:,} "
            f"campaigns the top brings {100 * self.share:.2g} % ({100 * low:.2g} to "
            f"{100 * high:.2g} %), and the claim holds with a chance of "
            f"{100 * self.probability:.2g} % ({100 * self.interval[0]:.2g} to "
            f"{100 * self.interval[1]:.2g} %)."
        )

    def __str__(self) -> str:
        """Return the verdict."""
        return self.verdict

    def _block(self) -> Block:
        return Block(self.verdict, [f"The history's own share is {100 * self.observed:.2g} %."])


def claim_of(
    fit: FittedProgram, spend_share: float, value_share: float, campaigns: int, rng: RNGLike
) -> FittedClaim:
    """Answer :meth:`FittedProgram.claim`: up to 512 sets of campaigns for each of 200 versions."""
    p = check_number("spend_share", spend_share, low=0, high=1, low_open=True, high_open=True)
    s = check_number("value_share", value_share, low=0, high=1, low_open=True, high_open=True)
    seed, crew = resolve_seed(rng), Crew.of()
    sets = int(np.clip(_DRAWS / (_VERSIONS * campaigns), 16, _SETS))
    shares = np.full((_VERSIONS, sets), np.nan)
    for place, version in enumerate(fit.alternatives(_VERSIONS, rng=seed)):
        law, rate = version.multiple, version.hit_rate
        total, top = sample_totals(law, campaigns, rate, p, version.cap, sets, seed + place, crew)
        np.divide(top, total, out=shares[place], where=total > 0.0)
    # A set without value does not meet the claim; rounding may leave an equal share below it.
    chances = np.mean(shares >= s * (1.0 - 1e-12), axis=1)
    ends = [0.5 * (1.0 - fit.level), 0.5 * (1.0 + fit.level)]
    low, high = np.quantile(chances, ends)
    least, middle, most = np.nanquantile(shares, [ends[0], 0.5, ends[1]])
    return FittedClaim(
        probability=float(chances.mean()),
        interval=(float(low), float(high)),
        share=float(middle),
        share_interval=(float(least), float(most)),
        observed=top_share(fit.campaigns.value, p, spend=fit.campaigns.spend),
        campaigns=campaigns,
        spend_share=p,
        value_share=s,
        level=fit.level,
    )
