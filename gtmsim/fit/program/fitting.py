"""`fit_program`: from a history of campaigns to a program with its uncertainty."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from scipy.special import expit, logsumexp

from gtmsim import presets
from gtmsim.core._types import Floats
from gtmsim.distributions import LogNormal
from gtmsim.errors import (
    ArgumentError,
    ArgumentTypeError,
    HistoryError,
    Problem,
    check_number,
)
from gtmsim.fit.program.campaigns import Campaigns, gather, maturity_of
from gtmsim.fit.program.evidence import Evidence, evidence_of
from gtmsim.fit.program.families import FAMILIES, Family, Prior
from gtmsim.fit.program.fitted import FittedProgram, Posterior
from gtmsim.fit.program.posterior import Draws, sample_posterior
from gtmsim.plan import CampaignProgram
from gtmsim.seeds import RNGLike, resolve_seed

ENOUGH_HITS = 50
"""Hits from which a tail is trusted without a preset; at 50 a tail index is known to 14 %."""

_FEWEST_HITS = 10
_FEWEST_UNSPENT = 20
_DRAWS = 2_000
_FALLBACK = "venture_reference"
_TOLD_ELSEWHERE = ("lag", "half_life", "slow_half_life", "fast_share", "shared_luck")
"""Fields that no export shows: they are the preset's."""

_WORDS = {
    "paid_search_generic": ("search", "sem", "ppc", "adwords", "google ads"),
    "paid_social": ("social", "facebook", "meta", "instagram", "linkedin", "tiktok", "ads"),
    "display": ("display", "banner", "programmatic"),
    "events": ("event", "trade show", "conference", "webinar"),
    "brand": ("brand", "tv", "video"),
    "influencer_partner": ("influencer", "partner", "affiliate", "creator"),
    "content_seo": ("content", "seo", "blog", "organic"),
    "pr_viral": ("pr", "viral", "press"),
}


def fit_program(
    campaigns: pd.DataFrame,
    *,
    name: str | None = None,
    channel: str | None = None,
    preset: str | CampaignProgram | None = "auto",
    family: Literal["lognormal", "lomax", "spliced"] | None = None,
    value_per_conversion: float | None = None,
    margin: float = 1.0,
    incrementality: float | None = None,
    cap: float | None = None,
    count_noise: bool | None = None,
    as_of: object = None,
    maturity: float | None = None,
    level: float = 0.9,
    rng: RNGLike = None,
) -> FittedProgram:
    """Fit a campaign program to a history: hit rate, multiple and cap, with their uncertainty.

    Parameters
    ----------
    campaigns : DataFrame
        As from :func:`gtmsim.fit.read_campaigns`: columns spend (currency) and value (currency) or
        conversions; date, channel and campaign where there are. Rows of one campaign are added up.
    name : str, optional
        The program's; by default the channel's.
    channel : str, optional
        Which channel of the history; by default all together.
    preset : str, CampaignProgram or None, default "auto"
        What the history is shrunk towards, and what gives the program what a history cannot tell
        (carryover, shared luck, the market's size). "auto" finds a preset by the name and uses it
        as a prior only below 50 hits; a preset that is named is always a prior; None is none.
    family : {"lognormal", "lomax", "spliced"}, optional
        By default all are fitted and weighed by their evidence.
    value_per_conversion : float, optional
        Currency; where the history has conversions and no value.
    margin : float, default 1
        Share of value that the plan counts, as gross profit of revenue.
    incrementality : float, optional
        Share of value that would not have come anyway. What is attributed is not incremental: it is
        1 until it is given, and the explanation says so.
    cap : float, optional
        The market's size, as a multiple. By default the largest multiple where several campaigns
        share it, else the preset's unless more was seen.
    count_noise : bool, optional
        Whether conversions are counts with Poisson noise; by default where there are conversions.
    as_of : date, optional
        Day of the export; by default the last date.
    maturity : float, optional
        Months after which value is complete; by default the preset's lag and two half-lives.
        Younger campaigns are censored.
    level : float, default 0.9
        Of all intervals.
    rng : None, int, SeedSequence or Generator, optional

    Returns
    -------
    FittedProgram

    Raises
    ------
    HistoryError
        If the history cannot be fitted: a column is missing, a row is wrong, nothing came, or it is
        too short to stand without a preset.
    ArgumentError, ArgumentTypeError
        If an argument breaks its rule.
    PlanError
        If the name or the incrementality is none that a program can have.

    Notes
    -----
    A campaign misses with probability 1 - h. Given a hit, its multiple M follows the family, and
    it shows a Poisson number of conversions of mean spend x M / value of a conversion (+ what
    comes without spend, where campaigns that spent nothing show it). So zeros and "10x" of small
    campaigns are told from misses and hits. The simulation draws M: what conversions add to it as
    noise is luck of the count, which averages out over a program.

    The posterior is drawn by adaptive importance sampling. Weak priors: Beta(1/2, 1/2) of h, log
    median within 3 of the data's, half-Cauchy sigma, Jeffreys' law of 1 / alpha. A preset as prior
    is worth a standard deviation of 0.7 of the hit rate's logit, 0.8 of the log median and 0.25 of
    the log shape.

    References
    ----------
    A. Gelman and others, "Bayesian data analysis", 3rd ed. (2013), sections 2.7 (Poisson counts
    with exposure) and 5.3.

    Examples
    --------
    >>> draws = np.random.default_rng(1)
    >>> value = 500.0 * draws.lognormal(0.0, 0.5, 200) * (draws.random(200) < 0.6)
    >>> history = pd.DataFrame({"spend": 500.0, "value": value})
    >>> fit = fit_program(history, name="paid search", rng=7)
    >>> fit.family, bool(0.5 < fit.channel.hit_rate < 0.7)
    ('lognormal', True)
    """
    level = check_number("level", level, low=0.0, high=1.0, low_open=True, high_open=True)
    share = (
        None if incrementality is None else check_number("incrementality", incrementality, low=0.0)
    )
    called = _name_of(campaigns, name, channel)
    told, prior = _preset_of(preset, called)
    complete = (
        maturity_of(told) if maturity is None else check_number("maturity", maturity, low=0.0)
    )
    history = gather(
        campaigns,
        channel=channel,
        value_per_conversion=value_per_conversion,
        margin=check_number("margin", margin, low=0.0, low_open=True, high=1.0),
        count_noise=count_noise,
        as_of=as_of,
        maturity=complete,
    )
    if prior is None and history.told_hits < ENOUGH_HITS and preset == "auto":
        prior = told
    if prior is None and history.told_hits < _FEWEST_HITS:
        rule = f"must hold at least {_FEWEST_HITS} hits to be fitted without a preset"
        fix = "name one, as preset='paid_social'"
        raise HistoryError([Problem("campaigns", rule, history.told_hits, fix)])
    limit, source = _cap_of(history, cap, told)
    template = _template(called, history, told, limit, share)
    search = _Search(history, limit, prior, np.random.default_rng(resolve_seed(rng)))
    families = _families(family)
    evidence, baseline = search.evidence(families[0])
    found = {f: search.draws(f, evidence) for f in families}
    posterior = _weighed(found, prior, limit)
    return FittedProgram(
        template=template,
        posterior=posterior,
        campaigns=history,
        baseline=baseline,
        preset=told,
        prior=prior,
        cap_source=source,
        incrementality=share,
        level=level,
        reading=dict(campaigns.attrs.get("reading", {})),
    )


@dataclass
class _Search:
    """What fits of all families share."""

    campaigns: Campaigns
    cap: float | None
    preset: CampaignProgram | None
    rng: np.random.Generator

    @property
    def hits(self) -> Floats:
        """Multiples of the hits (hit,)."""
        return self.campaigns.multiple[self.campaigns.value > 0.0]

    def evidence(self, family: Family) -> tuple[Evidence, float]:
        """Return the evidence, with what comes without spend if the history speaks for it."""
        plain = evidence_of(self.campaigns)
        unspent = self.campaigns.unspent
        if self.campaigns.count is None or unspent.size < _FEWEST_UNSPENT or not unspent.any():
            return plain, 0.0
        baseline = float(unspent.mean())
        raised = evidence_of(self.campaigns, baseline)
        better = self.draws(family, raised).log_evidence > self.draws(family, plain).log_evidence
        return (raised, baseline) if better else (plain, 0.0)

    def draws(self, family: Family, evidence: Evidence) -> Draws:
        """Draw from a family's posterior."""
        prior = Prior(family, float(np.median(np.log(self.hits))), self.preset)
        cap = math.inf if self.cap is None else self.cap

        def log_posterior(theta: Floats) -> Floats:
            mass = family.mass(theta, evidence.low, evidence.high, cap)
            return prior.log_density(theta) + evidence.log_likelihood(mass, expit(theta[:, 0]))

        return sample_posterior(log_posterior, family.start(self.hits), _DRAWS, self.rng)


def _weighed(
    found: dict[Family, Draws], preset: CampaignProgram | None, cap: float | None
) -> Posterior:
    """Weigh families by their evidence; the preset's own counts double beforehand."""
    logs = np.array([draws.log_evidence for draws in found.values()])
    if preset is not None:
        logs += [math.log(2.0) * (f.name == preset.multiple.family) for f in found]
    weights = np.exp(logs - logsumexp(logs))
    counts = np.round(weights * _DRAWS).astype(int)
    parts = tuple((f, found[f].theta[:n]) for f, n in zip(found, counts, strict=True) if n)
    return Posterior(
        parts=parts,
        chances={f.name: float(w) for f, w in zip(found, weights, strict=True)},
        best=list(found)[int(np.argmax(weights))],
        best_theta=list(found.values())[int(np.argmax(weights))].theta,
        cap=cap,
    )


def _families(family: str | None) -> tuple[Family, ...]:
    if family is None:
        return FAMILIES
    chosen = tuple(f for f in FAMILIES if f.name == family)
    if not chosen:
        names = ", ".join(f.name for f in FAMILIES)
        raise ArgumentError("family", f"must be one of {names}", family)
    return chosen


def _name_of(campaigns: pd.DataFrame, name: str | None, channel: str | None) -> str:
    if name is not None:
        return name
    if channel is not None:
        return channel
    if isinstance(campaigns, pd.DataFrame) and "channel" in campaigns:
        found = campaigns["channel"].dropna().unique()
        if len(found) == 1 and str(found[0]).strip():
            return str(found[0])
    return "campaigns"


def _preset_of(
    preset: str | CampaignProgram | None, name: str
) -> tuple[CampaignProgram | None, CampaignProgram | None]:
    """Return the program that tells what a history cannot, and the one that is a prior."""
    if preset is None:
        return None, None
    if isinstance(preset, CampaignProgram):
        return preset, preset
    if not isinstance(preset, str):
        fix = "write preset='paid_social'"
        raise ArgumentTypeError("preset", "must be a preset's name or a program", preset, fix)
    if preset == "auto":
        words = f" {name.lower().replace('_', ' ').replace('-', ' ')} "
        near = [
            key
            for key, marks in _WORDS.items()
            if any(f" {mark} " in words or f" {mark}s " in words for mark in marks)
        ]
        found = presets.get(near[0] if near else _FALLBACK)()
        assert isinstance(found, CampaignProgram)
        return found.replace(name=near[0] if near else _FALLBACK), None
    named = presets.get(preset)()
    if not isinstance(named, CampaignProgram):
        raise ArgumentError("preset", "must be of a campaign program", preset)
    named = named.replace(name=preset)
    return named, named


def _template(
    name: str,
    campaigns: Campaigns,
    told: CampaignProgram | None,
    cap: float | None,
    incrementality: float | None,
) -> CampaignProgram:
    """Return the program with everything but its hit rate and multiple."""
    given = {} if told is None else told.model_dump(exclude_unset=True)
    return CampaignProgram(
        name=name,
        campaigns=campaigns.size,
        spend=float(campaigns.spend.mean()),
        multiple=LogNormal(median=1.0, sigma=1.0),
        cap=cap,
        incrementality=1.0 if incrementality is None else incrementality,
        **{field: given[field] for field in _TOLD_ELSEWHERE if field in given},
    )


def _cap_of(
    campaigns: Campaigns, cap: float | None, told: CampaignProgram | None
) -> tuple[float | None, str]:
    """Return the market's size as a multiple, and where it is from."""
    multiples = campaigns.multiple
    if campaigns.count is not None:
        # What a count shows at least, with its noise taken off.
        sure = np.maximum(campaigns.count - 2.0 * np.sqrt(campaigns.count), 0.0)
        multiples = sure * campaigns.unit / campaigns.spend
    largest = float(multiples.max())
    if cap is not None:
        cap = check_number("cap", cap, low=0.0, low_open=True)
        if cap < largest:
            rule = f"must be at least {largest:.6g}, which the history shows"
            raise ArgumentError("cap", rule, cap)
        return cap, "given"
    at_most = np.isclose(multiples, largest, rtol=1e-9)
    if campaigns.count is None and np.count_nonzero(at_most) >= 3:
        return largest, "history"
    if told is not None and told.cap is not None and told.cap > largest:
        return told.cap, f"preset {told.name}"
    return None, "none"
