"""How many campaigns the claim takes."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache

from gtmsim.claim.probability import (
    MOST_CAMPAIGNS,
    ClaimProbability,
    as_multiple,
    claim_probability,
    percent,
    with_error,
)
from gtmsim.distributions import AnyMultiple
from gtmsim.errors import check_count, check_number
from gtmsim.notebook import Block, Shown
from gtmsim.seeds import RNGLike, resolve_seed


@dataclass(frozen=True, repr=False)
class CampaignsForClaim(Shown):
    """How many campaigns it takes to meet the claim, or why no number does.

    Attributes
    ----------
    campaigns : int or None
        The smallest number found; None if there is none up to ``most``.
    interval : tuple of (int or None)
        Numbers at which the probability may, and surely does, reach what was asked, by its 95 %
        interval; None where that is beyond ``most``.
    reason : str
        The answer in one sentence; also ``str(result)``.
    probability : float
        Probability that was asked.
    population_share : float
        What the share tends to as campaigns are added; NaN where the mean is infinite.
    most : int
        Largest number that was tried.
    claim : ClaimProbability
        The simulation at ``campaigns``, or at ``most`` if there is none.
    """

    campaigns: int | None
    interval: tuple[int | None, int | None]
    reason: str
    probability: float
    population_share: float
    most: int
    claim: ClaimProbability

    def __str__(self) -> str:
        """Return the answer in one sentence."""
        return self.reason

    def _block(self) -> Block:
        return Block(self.reason, [repr(self.claim)])


def campaigns_for_claim(
    multiple: AnyMultiple | float,
    *,
    hit_rate: float = 1.0,
    spend_share: float = 0.01,
    value_share: float = 0.99,
    probability: float = 0.5,
    cap: float | None = None,
    most: int = 100_000,
    scenarios: int = 2_000,
    rng: RNGLike = None,
) -> CampaignsForClaim:
    """Return the smallest number of campaigns that meets the claim with a given probability.

    Fewer than ``value_share / spend_share`` campaigns cannot meet it: their top is a part of one.
    From there the number is doubled until the probability is reached, then bisected to 1 %, with
    the same seed for every number. A stretch narrower than a doubling, in which the probability
    rises and falls again, may be missed.

    Parameters
    ----------
    multiple, hit_rate, spend_share, value_share, cap, rng
        As in `claim_probability`.
    probability : float, default 0.5
        Probability with which the claim must be met, between 0 and 1.
    most : int, default 100_000
        Largest number of campaigns to try.
    scenarios : int, default 2_000
        Simulated sets for each number that is tried.

    Returns
    -------
    CampaignsForClaim
        Its ``campaigns`` is None if no number up to ``most`` does, and its ``reason`` says why:
        with a finite mean the share settles at the population's, which may be too low for any
        number; with an infinite mean it tends to 1, and enough campaigns always do.

    Raises
    ------
    ArgumentError
        If a number is outside its range.
    ArgumentTypeError
        If an argument has the wrong type.

    Examples
    --------
    >>> answer = campaigns_for_claim(0.5, scenarios=200, rng=7)
    >>> 1_000 < answer.campaigns < 5_000
    True
    >>> print(campaigns_for_claim(1.5, scenarios=200, most=1_000, rng=7))  # doctest: +ELLIPSIS
    No number of campaigns: ... the share of the top 1 % settles at 0.2154, below 0.99.
    """
    law = as_multiple(multiple)
    asked = check_number("probability", probability, low=0, high=1, low_open=True, high_open=True)
    most = check_count("most", most, high=MOST_CAMPAIGNS)
    seed = resolve_seed(rng)

    @cache
    def at(campaigns: int) -> ClaimProbability:
        return claim_probability(
            law,
            campaigns,
            hit_rate,
            spend_share,
            value_share,
            cap=cap,
            scenarios=scenarios,
            rng=seed,
        )

    one = at(1)  # checks the other arguments
    numbers = list(_doubling(one.value_share / one.spend_share, 1 / one.spend_share, most))
    found = _smallest(lambda n: at(n).probability >= asked, numbers)
    ends = (
        _smallest(lambda n: at(n).interval[1] >= asked, numbers),
        _smallest(lambda n: at(n).interval[0] >= asked, numbers),
    )
    claim = at(most if found is None else found)
    return CampaignsForClaim(
        campaigns=found,
        interval=ends,
        reason=_reason(claim, found, ends, most),
        probability=asked,
        population_share=claim.population_share,
        most=most,
        claim=claim,
    )


def _doubling(least: float, whole: float, most: int) -> Iterator[int]:
    """Yield the numbers to try: the least possible, one whole campaign at the top, doublings."""
    number, following = math.ceil(least - 1e-9), math.ceil(whole - 1e-9)
    while number < most:
        yield number
        number, following = following, 2 * following
    if math.ceil(least - 1e-9) <= most:
        yield most


def _smallest(meets: Callable[[int], bool], numbers: list[int]) -> int | None:
    """Return the smallest number that meets a rule, to 1 %, searching below the first that does."""
    below = None
    for number in numbers:
        if meets(number):
            break
        below = number
    else:
        return None
    while below is not None and number - below > max(1, number // 100):
        middle = (below + number) // 2
        below, number = (below, middle) if meets(middle) else (middle, number)
    return number


def _reason(
    claim: ClaimProbability, found: int | None, ends: tuple[int | None, int | None], most: int
) -> str:
    """Return the answer in one sentence."""
    share, met = claim.population_share, with_error(claim.probability, claim.interval)
    top = f"the share of the top {percent(claim.spend_share)}"
    if found is not None:
        low, high = (f"more than {most:,}" if end is None else f"{end:,}" for end in ends)
        return (
            f"{found:,} campaigns (95 % interval {low} to {high}) meet the claim with "
            f"probability {met}."
        )
    if math.isnan(share):
        return (
            f"More than {most:,} campaigns, where the probability is {met}: the mean is infinite, "
            f"so {top} grows towards 1 with their number."
        )
    if share < claim.value_share:
        return (
            f"No number of campaigns: none up to {most:,} does, and as their number grows {top} "
            f"settles at {share:.4g}, below {claim.value_share:g}."
        )
    return (
        f"More than {most:,} campaigns, where the probability is {met}: as their number grows "
        f"{top} settles at {share:.4g}, which is enough."
    )
