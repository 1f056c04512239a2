"""Staged bets: a pilot, an early signal, a rule that kills, and money for what survives."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt
from pydantic import Field, ValidationInfo, field_validator

from gtmsim.model import Model
from gtmsim.plan.fields import PositiveMoney, Share, broken


class Staging(Model):
    """How the campaigns of a program are tried first and paid in full only if they look good.

    The program's ``spend`` is what a campaign may cost in all. Of it ``pilot_spend`` is spent at
    the launch and the rest at the review, if the campaign survives.

    Attributes
    ----------
    pilot_spend : float
        Spend of every campaign at its launch (currency), below the program's ``spend``.
    pilot_months : int, default 1
        Months from the launch to the review.
    period : int, default 1
        Months whose launches are reviewed together, ``pilot_months`` after the last of them.
    signal_noise : float, default 0
        Log-sd of the error of the early signal, in [0, 10]: 0.7 is wrong by a factor of 2.
    threshold : float, optional
        A campaign is killed if its signalled multiple is below this.
    kill_share : float, optional
        The bottom share of each review is killed, rounded down to whole campaigns, in [0, 1). 0
        kills none: the same bets without learning.
    max_cost : float, optional
        A campaign is killed if its pilot spent more than this for each 1 of signalled value: the
        rule on cost per acquisition. One of the three rules is given.
    scale_elasticity : float, optional
        A survivor's value grows with all that is spent on it to this power, in (0, 2]: its
        saturation. Default: the program's ``spend_elasticity``.
    recycle : float, default 0
        Share of the money that a review takes from the killed that it gives to the survivors, in
        [0, 1].

    Notes
    -----
    Campaign i is launched in month m and reviewed in month r = ``pilot_months`` after the last
    launch of its period, floor(m / period). Its multiple M is 0 if it misses, else min(X, cap), and

    - value of the pilot, p = pilot_spend:
      V = p M incrementality (p / reference_spend)**(spend_elasticity - 1) L,
      L being the market's shock times the program's shared luck;
    - signalled multiple: M' = M exp(signal_noise Z), Z standard normal; a miss signals 0;
    - killed if M' < threshold; or if M' is among the lowest floor(kill_share n) of the n that are
      reviewed together, the first of equals first; or if p / (V M' / M) > max_cost;
    - what a review frees is F, the sum of spend - p over its killed; a survivor, who would get
      spend - p, gets b times as much, b = 1 + recycle F / (sum of spend - p over survivors);
    - a survivor has cost s = p + b (spend - p) in all, and is worth V (s / p)**scale_elasticity:
      V comes from its launch month on, the rest from month r on, with the program's response.

    A killed campaign keeps V. A review that would be beyond the horizon does not take place: its
    campaigns stay pilots. Money that is not given to survivors is not spent. Spend therefore
    differs between scenarios. Overhead is shared by campaigns in proportion to their spend.

    The threshold looks at a campaign's own multiple; ``max_cost`` at what the pilot's account
    shows, which luck and the market move too.

    Raises
    ------
    PlanError
        If a field breaks its rule; all broken rules are listed.

    Examples
    --------
    >>> staging = Staging(pilot_spend=1_000, pilot_months=2, period=3, threshold=1.5)
    >>> staging.reviews([0, 1, 3, 5])
    (array([0, 0, 1, 1]), array([3, 3, 7, 7]))
    """

    pilot_spend: PositiveMoney = Field(description="of every campaign at its launch")
    pilot_months: int = Field(default=1, ge=0, le=599, description="from launch to review")
    period: int = Field(
        default=1, ge=1, le=600, description="months whose launches are reviewed together"
    )
    signal_noise: float = Field(
        default=0.0, ge=0.0, le=10.0, description="log-sd of the early signal's error"
    )
    threshold: float | None = Field(
        default=None, gt=0.0, le=1e100, description="kills below this signalled multiple"
    )
    kill_share: Share | None = Field(
        default=None, lt=1.0, description="kills this bottom share of each review"
    )
    max_cost: float | None = Field(
        default=None,
        gt=0.0,
        le=1e100,
        validate_default=True,
        description="kills where a pilot cost more per 1 of signalled value",
    )
    scale_elasticity: float | None = Field(
        default=None,
        gt=0.0,
        le=2.0,
        description="a survivor's value grows with its spend to this power",
    )
    recycle: Share = Field(
        default=0.0, description="share of freed money that goes to the review's survivors"
    )

    @field_validator("kill_share", "max_cost")
    @classmethod
    def _check_rules(cls, value: float | None, info: ValidationInfo) -> float | None:
        rules = ("threshold", "kill_share", "max_cost")
        given = [rule for rule in rules if info.data.get(rule) is not None]
        if value is not None and given:
            raise broken(
                f"must be left out with {given[0]}", value, "a review has one rule to kill by"
            )
        broken_before = any(rule not in info.data for rule in rules[:2])
        if info.field_name == "max_cost" and value is None and not given and not broken_before:
            fix = "kill_share = 0 kills none"
            raise broken("must be given, or threshold, or kill_share", value, fix)
        return value

    def reviews(self, launch: npt.ArrayLike) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Return which review each campaign has, from 0, and in which month.

        Parameters
        ----------
        launch : array_like (campaign,) of int
            Months.

        Returns
        -------
        review, month : array (campaign,) of int
            The month may be beyond the horizon.
        """
        months = np.asarray(launch, dtype=np.int64)
        _, review = np.unique(months // self.period, return_inverse=True)
        last = np.zeros(int(review.max()) + 1, dtype=np.int64)
        np.maximum.at(last, review, months)
        return review, last[review] + self.pilot_months

    def killed_of(self, campaigns: int) -> int:
        """Return how many of the campaigns of a review ``kill_share`` kills.

        Examples
        --------
        >>> Staging(pilot_spend=1_000, kill_share=0.29).killed_of(100)
        29
        """
        # Slightly more, because 0.29 * 100 is 28.999999999999996.
        return math.floor((self.kill_share or 0.0) * campaigns * (1.0 + 1e-12))


def check_pilot(staging: Staging | None, spend: Any) -> Staging | None:
    """Return the staging of a program if its pilots cost less than any of its campaigns.

    Raises
    ------
    PlanError
        If they do not; the path is relative to the program's ``staging``.
    """
    least = min(spend) if isinstance(spend, tuple) else spend
    if staging is not None and least is not None and staging.pilot_spend >= least:
        raise broken(
            f"must be below the program's spend, {least:g}, which it is the first part of",
            staging.pilot_spend,
            "lower it, or raise spend",
            path="pilot_spend",
        )
    return staging
