"""What a fit of a program knows, and what it can be asked."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import expit

from gtmsim.core._types import Floats
from gtmsim.distributions import LogNormal, Lomax, Spliced
from gtmsim.errors import ArgumentTypeError, check_count, check_number
from gtmsim.fit.parameters import parameter_texts
from gtmsim.fit.program.campaigns import Campaigns
from gtmsim.fit.program.claims import FittedClaim, claim_of
from gtmsim.fit.program.evidence import zero_chance
from gtmsim.fit.program.explain import explained
from gtmsim.fit.program.families import Family, Prior
from gtmsim.fit.program.ranking import ranked
from gtmsim.fit.program.replicas import predictive_p, replicate
from gtmsim.notebook import Block, Shown
from gtmsim.plan import CampaignProgram
from gtmsim.seeds import RNGLike, resolve_seed

_ODD = 0.02
"""Predictive p below which a fit is called bad."""


@dataclass(frozen=True, eq=False)
class Posterior:
    """Equally likely parameters of all families, and how likely each family is.

    Attributes
    ----------
    parts : tuple of (Family, array (draw, coordinate))
        As many draws of a family as it is likely.
    chances : dict
        Probability of each family.
    best : Family
        The most likely one.
    best_theta : array (draw, coordinate)
        Draws of it.
    cap : float, optional
    """

    parts: tuple[tuple[Family, Floats], ...]
    chances: dict[str, float]
    best: Family
    best_theta: Floats
    cap: float | None

    @property
    def size(self) -> int:
        """Number of draws."""
        return sum(len(theta) for _, theta in self.parts)

    @property
    def hit_rate(self) -> Floats:
        """Hit rate of each draw (draw,)."""
        return np.concatenate([expit(theta[:, 0]) for _, theta in self.parts])

    @cached_property
    def laws(self) -> tuple[LogNormal | Lomax | Spliced, ...]:
        """Law of a hit's multiple of each draw (draw,)."""
        return tuple(family.law(row) for family, theta in self.parts for row in theta)

    @cached_property
    def mean(self) -> Floats:
        """Mean multiple of each draw (draw,), misses and cap included; infinite without a mean."""
        hits = np.array([law.mean(self.cap) for law in self.laws])
        return np.asarray(self.hit_rate * hits)

    def chance_above(self, multiple: float) -> Floats:
        """Return the chance that a campaign returns more than a multiple (draw,)."""
        parts = [family.sf(theta, np.array([multiple]))[:, 0] for family, theta in self.parts]
        reached = self.cap is None or multiple < self.cap
        return self.hit_rate * np.concatenate(parts) * reached

    def center(self) -> Floats:
        """Return the coordinates (coordinate,) of the best family that lie in the middle."""
        return np.asarray(np.median(self.best_theta, axis=0))


@dataclass(frozen=True, eq=False, repr=False)
class FittedProgram(Shown):
    """A program as its history has it, with what the history leaves open.

    Attributes
    ----------
    template : CampaignProgram
        All of the program but its hit rate and multiple.
    channel : CampaignProgram
        The most likely family at the middle of its parameters, as many campaigns of the mean spend
        as the history has; ready for a plan.
    family : str
        The most likely one.
    families : dict
        Probability of each family that was fitted.
    campaigns : Campaigns
        The history, an entry per campaign.
    baseline : float
        Conversions that come with a campaign whatever it spends.
    preset, prior : CampaignProgram, optional
        What told what the history cannot, and what it was shrunk towards.
    cap_source : str
        Where the cap is from: "history", "given", a preset, or "none".
    level : float
        Of all intervals.
    posterior : Posterior
    provenance : dict
        File, rows and method, as they are written into a plan file.

    Examples
    --------
    >>> import pandas as pd
    >>> import gtmsim as gtm
    >>> history = pd.DataFrame({"spend": 100.0, "value": [0.0, 90.0, 210.0] * 20})
    >>> fit = gtm.fit_program(history, name="search", rng=7)
    >>> 0.5 < fit.channel.hit_rate < 0.8
    True
    """

    template: CampaignProgram
    posterior: Posterior
    campaigns: Campaigns
    baseline: float
    preset: CampaignProgram | None
    prior: CampaignProgram | None
    cap_source: str
    incrementality: float | None
    level: float
    reading: dict[str, Any]

    @property
    def family(self) -> str:
        """The most likely family."""
        return self.posterior.best.name

    @property
    def families(self) -> dict[str, float]:
        """Probability of each family that was fitted."""
        return dict(self.posterior.chances)

    @property
    def name(self) -> str:
        """The program's name."""
        return self.template.name

    @property
    def cap(self) -> float | None:
        """The market's size, as a multiple."""
        return self.template.cap

    @cached_property
    def channel(self) -> CampaignProgram:
        """The program, ready for a plan."""
        center = self.posterior.center()
        return self.template.replace(
            hit_rate=float(expit(center[0])), multiple=self.posterior.best.law(center)
        )

    def alternatives(
        self, count: int = 500, rng: RNGLike = None, *, channel: CampaignProgram | None = None
    ) -> tuple[CampaignProgram, ...]:
        """Return equally likely versions of the program, for ``simulate_portfolio``.

        Parameters
        ----------
        count : int, default 500
        rng : None, int, SeedSequence or Generator, optional
        channel : CampaignProgram, optional
            The program as it stands in the plan, with its own number of campaigns and spend; by
            default :attr:`channel`.

        Returns
        -------
        tuple of CampaignProgram
            Hit rate and multiple differ; families too, in proportion to how likely they are.

        Examples
        --------
        >>> history = pd.DataFrame({"spend": 100.0, "value": [0.0, 90.0, 210.0] * 20})
        >>> from gtmsim.fit import fit_program
        >>> versions = fit_program(history, name="search", rng=7).alternatives(3, rng=7)
        >>> [0.5 < version.hit_rate < 0.8 for version in versions]
        [True, True, True]
        """
        base = self.channel if channel is None else channel
        if not isinstance(base, CampaignProgram):
            raise ArgumentTypeError("channel", "must be a CampaignProgram", channel)
        count = check_count("count", count)
        generator = np.random.default_rng(resolve_seed(rng))
        places = generator.choice(self.posterior.size, count, replace=count > self.posterior.size)
        rates, laws = self.posterior.hit_rate, self.posterior.laws
        return tuple(
            base.replace(hit_rate=float(rates[i]), multiple=laws[i], cap=self.cap) for i in places
        )

    def summary(self) -> pd.DataFrame:
        """Return each parameter with its interval, and what it rests on.

        Returns
        -------
        DataFrame
            Index parameter: hit_rate, median (of a hit), the shapes of the most likely family,
            mean (misses and cap included), below_1 and at_least_10 (chances of a campaign's
            multiple), cap. Columns estimate, low, high (at :attr:`level`), from_data (share of
            the weight that is the history's; the rest is the prior's) and source.
        """
        rows: dict[str, tuple[float, float, float, float, str]] = {}
        own = self.own_weight()
        source = "history" if self.prior is None else f"history and preset {self.prior.name}"
        rows["hit_rate"] = (*self.interval(self.posterior.hit_rate), own["hit_rate"], source)
        medians = np.concatenate([np.exp(theta[:, 1]) for _, theta in self.posterior.parts])
        rows["median"] = (*self.interval(medians), own["median"], source)
        for parameter, values in self.shapes().items():
            rows[parameter] = (*self.interval(values), own[parameter], source)
        rows["mean"] = (*self.interval(self.posterior.mean), math.nan, source)
        for parameter, chance in (
            ("below_1", 1.0 - self.posterior.chance_above(1.0)),
            ("at_least_10", self.posterior.chance_above(10.0)),
        ):
            rows[parameter] = (*self.interval(chance), math.nan, source)
        cap = math.inf if self.cap is None else self.cap
        rows["cap"] = (
            cap,
            math.nan,
            math.nan,
            float(self.cap_source == "history"),
            self.cap_source,
        )
        columns = ["estimate", "low", "high", "from_data", "source"]
        frame = pd.DataFrame.from_dict(rows, orient="index", columns=columns)
        return frame.rename_axis("parameter")

    def shapes(self) -> dict[str, Floats]:
        """Return the shapes of the most likely family, each with its draws (draw,)."""
        theta, names = self.posterior.best_theta, self.posterior.best.coordinates[2:]
        draws = {}
        for place, name in enumerate(names, start=2):
            column = theta[:, place]
            if name == "tail_share":
                draws[name] = np.asarray(expit(column))
            else:
                draws[name] = np.exp(-column if name == "tail_index" else column)
        return draws

    def interval(self, draws: Floats) -> tuple[float, float, float]:
        """Return the median of draws (draw,) and the interval that leaves equal parts outside.

        Order statistics: draws may be infinite.
        """
        ordered = np.sort(draws)
        places = ordered.size * np.array([0.5, 0.5 * (1.0 - self.level), 0.5 * (1.0 + self.level)])
        middle, low, high = ordered[np.minimum(places.astype(int), ordered.size - 1)]
        return float(middle), float(low), float(high)

    def own_weight(self) -> dict[str, float]:
        """Return, for each coordinate, the share of its precision that is the history's.

        One minus the posterior's variance over the prior's: 1 without a preset as prior.
        """
        best = self.posterior.best
        known = Prior(best, 0.0, self.prior).normals
        spread = self.posterior.best_theta.std(axis=0)
        return {
            name: 1.0
            if i not in known
            else float(np.clip(1.0 - (spread[i] / known[i][1]) ** 2, 0, 1))
            for i, name in enumerate(best.coordinates)
        }

    @property
    def mean_exists(self) -> float:
        """Probability that the mean exists."""
        return float(np.mean(np.isfinite(self.posterior.mean)))

    @cached_property
    def zeros_by_noise(self) -> float:
        """Share of the campaigns without a return that count noise explains."""
        hits = self.channel.hit_rate * zero_chance(
            self.campaigns, self.channel.multiple, self.baseline
        )
        misses = (1.0 - self.channel.hit_rate) * math.exp(-self.baseline)
        return hits / (hits + misses)

    def by_campaign(self, levels: Sequence[float] = (1.0, 3.0)) -> pd.DataFrame:
        """Return how good each campaign is, its luck taken off: which deserve follow-on money.

        Parameters
        ----------
        levels : sequence of float, default (1, 3)
            Multiples.

        Returns
        -------
        DataFrame
            A row for each of :attr:`campaigns`, in their order. Columns spend, value (currency),
            multiple (observed), expected (mean of the true multiple given the history) and above_1,
            above_3 ... (probability that the true multiple is above the level). The fitted channel
            is each campaign's prior; its own uncertainty is left out.
        """
        points = [check_number("levels", level, low=0.0, low_open=True) for level in levels]
        return ranked(self.campaigns, self.channel, self.baseline, points)

    def replicas(self, count: int = 200, rng: RNGLike = None) -> Floats:
        """Return histories as the fit would make them, count noise included.

        Parameters
        ----------
        count : int, default 200
        rng : None, int, SeedSequence or Generator, optional

        Returns
        -------
        array (replica, campaign)
            Value of each campaign of :attr:`campaigns` (currency).
        """
        generator = np.random.default_rng(resolve_seed(rng))
        count = check_count("count", count)
        return replicate(self.campaigns, self.posterior, self.baseline, count, generator)

    @cached_property
    def p_value(self) -> float:
        """How often a replica is as odd as the history: small where no family fits it."""
        generator = np.random.default_rng(0)
        return predictive_p(self.campaigns, self.posterior, self.baseline, generator)

    def explain(self) -> tuple[str, ...]:
        """Return five plain sentences.

        They say what was found, why the zeros, whether there is a mean, how much more history would
        settle it, and what was shrunk or assumed.

        Returns
        -------
        tuple of str
        """
        return explained(self)

    @property
    def notes(self) -> tuple[str, ...]:
        """What was left out of the history or assumed of it, in sentences."""
        if self.p_value >= _ODD:
            return self.campaigns.notes
        odd = (
            f"No family fits this history well (p = {self.p_value:.2g}): its parts may be of "
            "different kinds; fit them apart."
        )
        return (*self.campaigns.notes, odd)

    def claim(
        self,
        spend_share: float = 0.01,
        value_share: float = 0.99,
        *,
        campaigns: int | None = None,
        rng: RNGLike = None,
    ) -> FittedClaim:
        """Say whether the history is consistent with "1 % of spend brings 99 % of results".

        Parameters
        ----------
        spend_share : float, default 0.01
        value_share : float, default 0.99
        campaigns : int, optional
            In a set; by default as many as the history has.
        rng : None, int, SeedSequence or Generator, optional

        Returns
        -------
        FittedClaim
        """
        size = self.campaigns.size if campaigns is None else check_count("campaigns", campaigns)
        return claim_of(self, spend_share, value_share, size, rng)

    @property
    def provenance(self) -> dict[str, Any]:
        """File, rows and method, as they are written into a plan file."""
        facts = {key: self.reading[key] for key in ("file", "sha256") if key in self.reading}
        return facts | {
            "campaigns": self.campaigns.size,
            "hits": self.campaigns.hits,
            "method": f"{self.family}, Bayesian"
            + (", with count noise" if self.campaigns.count is not None else ""),
            "prior": "weak" if self.prior is None else f"preset {self.prior.name}",
        }

    def _block(self) -> Block:
        finding, *notes = self.explain()
        return Block(
            f"{self.name}: {finding}", (), parameter_texts(self.summary(), self.level), notes
        )
