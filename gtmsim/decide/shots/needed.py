"""How many campaigns it takes for a big one."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np
import pandas as pd

from gtmsim.decide.shots.chance import Chance, campaign_chance, mixture
from gtmsim.errors import ArgumentError, ArgumentTypeError, check_count, check_number
from gtmsim.notebook import Block, Shown
from gtmsim.plan import CampaignProgram
from gtmsim.result.display import format_number
from gtmsim.seeds import RNGLike
from gtmsim.statistics import Interval
from gtmsim.statistics.intervals import check_level

_VERSIONS = 500


@runtime_checkable
class Fitted(Protocol):
    """A program as its history has it, such as :func:`gtmsim.fit.fit_program` returns."""

    def alternatives(self, count: int, rng: RNGLike) -> tuple[Any, ...]:
        """Return equally likely versions of the program."""
        ...


@dataclass(frozen=True, repr=False)
class CampaignsNeeded(Shown):
    """How many campaigns make a big one likely; see :func:`campaigns_needed`.

    Attributes
    ----------
    name : str
        The channel's.
    multiple : float
    count : int
        How many campaigns are to reach it.
    probability : float
    chance : float
        That a single campaign reaches the multiple.
    exact : float
        Where the chance is the probability, not rounded; with the luck that campaigns share.
    independent : float
        The same if luck were not shared; with versions, if they were the only unknown.
    parameters : Interval or None
        With versions: what ``exact`` is for most of them.
    spend : float
        Mean spend of a campaign (currency).
    shared_luck : float
        Log-sd; the largest of the versions'.

    Examples
    --------
    >>> import gtmsim as gtm
    >>> needed = gtm.campaigns_needed(gtm.presets.content_seo(shared_luck=0.0))
    >>> print(needed.verdict)
    content: 41 campaigns, 123k, for a 0.8 chance of at least 1 campaign at 10x; each has 0.0389.
    """

    name: str
    multiple: float
    count: int
    probability: float
    chance: float
    exact: float
    independent: float
    parameters: Interval | None
    spend: float
    shared_luck: float
    _shared: Chance
    _alone: Chance

    def __int__(self) -> int:
        """Return :attr:`campaigns`."""
        return self.campaigns

    @property
    def campaigns(self) -> int:
        """The fewest whole campaigns with at least the probability."""
        return math.ceil(self.exact * (1.0 - 1e-9))

    @property
    def budget(self) -> float:
        """What they cost (currency)."""
        return self.campaigns * self.spend

    @property
    def table(self) -> pd.DataFrame:
        """With the shared luck and without.

        Returns
        -------
        DataFrame
            Index luck ("shared", "independent"). Columns: exact (campaigns, not rounded), nearest
            (whole number) and the chance there, campaigns (the fewest with at least the
            probability) and the chance there.
        """
        rows = {}
        for luck, exact, chance in (
            ("shared", self.exact, self._shared),
            ("independent", self.independent, self._alone),
        ):
            nearest, whole = exact, exact
            if math.isfinite(exact):
                nearest, whole = round(exact), math.ceil(exact * (1.0 - 1e-9))
            rows[luck] = {
                "exact": exact,
                "nearest": nearest,
                "chance_nearest": chance.at_least(self.count, nearest),
                "campaigns": whole,
                "chance": chance.at_least(self.count, whole),
            }
        return pd.DataFrame.from_dict(rows, orient="index").rename_axis("luck")

    def probability_of(self, campaigns: int) -> float:
        """Return the chance with so many campaigns."""
        return self._shared.at_least(self.count, check_count("campaigns", campaigns))

    @property
    def verdict(self) -> str:
        """What it takes, in words."""
        what = "campaign" if self.count == 1 else "campaigns"
        text = (
            f"{self.name}: {self.campaigns:,} campaigns, "
            f"{format_number(self.budget, 0.0)}, for a {self.probability:.4g} chance of at least "
            f"{self.count} {what} at {self.multiple:g}x; each has {self.chance:.3g}"
        )
        if self.parameters is not None:
            low, high = (_whole(x) for x in (self.parameters.low, self.parameters.high))
            text += f"; what is not known of its parameters makes it {low} to {high}"
        if self.shared_luck > 0.0:
            text += f"; {_whole(self.independent)} if campaigns did not share their luck"
        return text + "."

    def _block(self) -> Block:
        shown = pd.DataFrame(
            {
                "campaigns": self.table["campaigns"].map(_whole),
                "chance": self.table["chance"].map("{:.1%}".format),
            }
        )
        return Block(self.verdict, (), shown)


def campaigns_needed(
    channel: CampaignProgram | Sequence[CampaignProgram] | Fitted,
    multiple: float = 10.0,
    probability: float = 0.8,
    count: int = 1,
    *,
    level: float = 0.95,
    rng: RNGLike = None,
) -> CampaignsNeeded:
    """Return how many campaigns it takes for at least ``count`` of them to reach a multiple.

    Nothing is simulated. Without luck that campaigns share, at least one of n reaches it with
    1 - (1 - p)**n; with it that is averaged over the luck, which takes more campaigns.

    Parameters
    ----------
    channel : CampaignProgram, sequence of them, or a fitted program
        A sequence is of equally likely versions; a fitted program gives 500 of its own.
    multiple : float, default 10
        Value per 1 spent over a campaign's whole life.
    probability : float, default 0.8
    count : int, default 1
        Campaigns that are to reach the multiple.
    level : float, default 0.95
        Of the interval over versions.
    rng : None, int, SeedSequence or Generator, optional
        Which versions a fitted program gives.

    Returns
    -------
    CampaignsNeeded

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If an argument breaks its rule, or no number of campaigns is enough: beyond the cap, or
        because luck that all share is not good enough as often.

    Notes
    -----
    What is not known of the parameters is averaged over, as luck is, and the interval says what
    most versions would ask for on their own. The market's shock is left out: it is a plan's.

    Examples
    --------
    >>> from gtmsim import presets
    >>> needed = campaigns_needed(presets.content_seo(shared_luck=0.0))
    >>> needed.campaigns, round(needed.exact, 1)
    (41, 40.5)
    """
    versions = _versions(channel, rng)
    bar = check_number("multiple", multiple, low=0.0, low_open=True)
    wanted = check_number(
        "probability", probability, low=0.0, high=1.0, low_open=True, high_open=True
    )
    times = check_count("count", count)
    level = check_level(level)
    each = [campaign_chance(version, bar) for version in versions]
    shared = mixture(each)
    alone = mixture([campaign_chance(version, bar, luck=False) for version in versions])
    exact = shared.needed(times, wanted)
    if math.isinf(exact):
        raise _out_of_reach(versions[0], shared, bar, wanted)
    parameters = None
    if len(versions) > 1:
        own = np.array([chance.needed(times, wanted) for chance in each])
        tail = 0.5 - level / 2.0
        # By order statistics, so that an infinite one is not averaged with another.
        low, middle, high = np.quantile(own, [tail, 0.5, 1.0 - tail], method="inverted_cdf")
        parameters = Interval(float(middle), float(low), float(high), level, "over versions")
    return CampaignsNeeded(
        name=versions[0].name,
        multiple=bar,
        count=times,
        probability=wanted,
        chance=shared.one,
        exact=exact,
        independent=alone.needed(times, wanted),
        parameters=parameters,
        spend=float(versions[0].spends().mean()),
        shared_luck=max(version.shared_luck for version in versions),
        _shared=shared,
        _alone=alone,
    )


def _versions(channel: object, rng: RNGLike) -> tuple[CampaignProgram, ...]:
    if isinstance(channel, CampaignProgram):
        return (channel,)
    if isinstance(channel, Fitted):
        return tuple(channel.alternatives(_VERSIONS, rng))
    if isinstance(channel, Sequence) and not isinstance(channel, str):
        if not channel:
            raise ArgumentError("channel", "must have at least one version", channel)
        for i, version in enumerate(channel):
            if not isinstance(version, CampaignProgram):
                raise ArgumentTypeError(f"channel[{i}]", "must be a CampaignProgram", version)
        return tuple(channel)
    rule = "must be a CampaignProgram, a sequence of them or a fitted program"
    raise ArgumentTypeError("channel", rule, channel)


def _out_of_reach(
    program: CampaignProgram, chance: Chance, multiple: float, probability: float
) -> ArgumentError:
    most = chance.limit
    if most == 0.0:
        top = "no hit is as large" if program.cap is None else f"hits are capped at {program.cap:g}"
        rule = f"must be within reach of {program.name}: {top}"
        if program.incrementality != 1.0 or program.reference_spend is not None:
            rule += ", before incrementality and spend elasticity"
        return ArgumentError("multiple", rule, multiple, "ask for less, or raise the cap")
    rule = (
        f"must be below {most:.4g}, which no number of campaigns exceeds: the luck that they share "
        f"is otherwise too bad for {multiple:g}x"
    )
    return ArgumentError("probability", rule, probability, "ask for less, or raise the cap")


def _whole(campaigns: float) -> str:
    if math.isinf(campaigns):
        return "more than any number"
    return f"{math.ceil(campaigns * (1.0 - 1e-9)):,}"
