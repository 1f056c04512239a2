"""Campaign programs: many bets of one kind."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import numpy as np
import numpy.typing as npt
from pydantic import Field, ValidationInfo, field_validator

from gtmsim.distributions import AnyMultiple
from gtmsim.errors import check_count
from gtmsim.model import Model
from gtmsim.plan.fields import ChannelName, Cost, Factor, Loading, PositiveMoney, Share, broken
from gtmsim.plan.staging import Staging, check_pilot

# Strict: "even" makes the field admit text, but not the text "3".
LaunchMonth = Annotated[int, Field(ge=0, le=599, strict=True)]


class CampaignProgram(Model):
    """A program of heavy-tailed bets: each spends, and hits or returns zero.

    Value of a campaign = spend x multiple x incrementality x (spend / reference_spend) **
    (spend_elasticity - 1) x the program's shared luck.

    Attributes
    ----------
    kind : "campaigns"
    name : str
        Unique in a plan.
    campaigns : int
        Number of campaigns, at most 10 million.
    spend : float or tuple of float
        Spend of every campaign, or of each one (currency).
    launch : "even", int or tuple of int, default "even"
        Evenly over the horizon, all in one month, or one month per campaign.
    hit_rate : float, default 1
        Probability that a campaign returns anything, in (0, 1].
    multiple : Multiple
        Value per 1 spent over a campaign's whole life, given a hit. A frozen scipy.stats
        distribution on [0, inf) is taken as well.
    cap : float, optional
        The market's size: larger multiples are set to it.
    incrementality : float, default 1
        Share of the multiple that would not have come anyway, in [0, 10].
    reference_spend : float, optional
        Spend per campaign at which the multiple was measured (currency); with ``spend_elasticity``.
    spend_elasticity : float, default 1
        A campaign's value grows with spend to this power, in (0, 2]; other than 1 it needs
        ``reference_spend``.
    shared_luck : float, default 0
        Log-sd of the luck that all campaigns of the program share, in [0, 5].
    lag : int, default 0
        Months from launch to the first value.
    half_life : float, default 0
        Months in which half of the remaining value comes; 0: all at once.
    slow_half_life : float, optional
        Half-life of the slow part (months); longer than ``half_life``.
    fast_share : float, default 1
        Share of value that comes with ``half_life``, in [0, 1); the rest is slow. Only with
        ``slow_half_life``.
    overhead : float, default 0
        Spent each month whatever happens (currency per month).
    market_loading : float, default 1
        How strongly the plan's market shock moves the program.
    staging : Staging, optional
        Pilots, a kill rule and money for survivors; default: all is spent at the launch.
    feeds : str, optional
        Name of a team of the plan with a ``pipeline``. Then the program brings no value of its own:
        what it would have brought arrives month by month as the team's pipeline. What arrives after
        the horizon is not counted.

    Raises
    ------
    PlanError
        If a field breaks its rule; all broken rules are listed.

    Examples
    --------
    >>> from gtmsim import Lomax
    >>> bet = Lomax(tail_index=1.2, scale=3.4)
    >>> program = CampaignProgram(name="PR", campaigns=4, spend=40_000, multiple=bet)
    >>> program.launch_months(12).tolist()
    [0, 3, 6, 9]
    """

    kind: Literal["campaigns"] = "campaigns"
    name: ChannelName = Field(description="unique in a plan")
    campaigns: int = Field(ge=1, le=10_000_000, description="number of campaigns")
    spend: PositiveMoney | tuple[PositiveMoney, ...] = Field(
        description="per campaign, or one amount each"
    )
    launch: Literal["even"] | LaunchMonth | tuple[LaunchMonth, ...] = Field(
        default="even", description="evenly over the horizon, in a month, or one month each"
    )
    hit_rate: Share = Field(
        default=1.0, gt=0.0, description="probability that a campaign returns anything"
    )
    multiple: AnyMultiple = Field(description="value per 1 spent, given a hit")
    cap: float | None = Field(default=None, gt=0.0, le=1e100, description="largest multiple")
    incrementality: Factor = Field(
        default=1.0, description="share of value that would not have come anyway"
    )
    reference_spend: PositiveMoney | None = Field(
        default=None, description="spend at which the multiple was measured"
    )
    spend_elasticity: float = Field(
        default=1.0,
        gt=0.0,
        le=2.0,
        validate_default=True,
        description="value grows with spend to this power",
    )
    shared_luck: float = Field(
        default=0.0, ge=0.0, le=5.0, description="log-sd of the luck that the program shares"
    )
    lag: int = Field(default=0, ge=0, le=599, description="months from launch to the first value")
    half_life: float = Field(
        default=0.0, ge=0.0, le=1_200.0, description="months in which half of the value comes"
    )
    slow_half_life: float | None = Field(
        default=None, gt=0.0, le=1_200.0, description="half-life of the slow part, months"
    )
    fast_share: Share = Field(
        default=1.0,
        validate_default=True,
        description="share of value that comes with half_life",
    )
    overhead: Cost = Field(default=0.0, description="per month, whatever happens")
    market_loading: Loading = Field(default=1.0, description="exposure to the market shock")
    staging: Staging | None = Field(
        default=None, description="pilots, a kill rule and money for survivors"
    )
    feeds: ChannelName | None = Field(
        default=None, description="a team, to which its value comes as pipeline"
    )

    @field_validator("spend", "launch")
    @classmethod
    def _check_length(cls, value: Any, info: ValidationInfo) -> Any:
        campaigns = info.data.get("campaigns")
        if isinstance(value, tuple) and campaigns is not None and len(value) != campaigns:
            raise broken(
                f"must have one entry for each of {campaigns} campaigns",
                value,
                f"it has {len(value)}",
            )
        return value

    @field_validator("spend_elasticity")
    @classmethod
    def _check_reference(cls, value: float, info: ValidationInfo) -> float:
        if "reference_spend" not in info.data:
            return value
        reference = info.data["reference_spend"]
        if value != 1.0 and reference is None:
            raise broken("must be 1 without reference_spend", value, "give reference_spend")
        if value == 1.0 and reference is not None:
            raise broken("must not be 1 with reference_spend", value, "leave out reference_spend")
        return value

    @field_validator("slow_half_life")
    @classmethod
    def _check_slow(cls, value: float | None, info: ValidationInfo) -> float | None:
        fast = info.data.get("half_life")
        if value is not None and fast is not None and value <= fast:
            raise broken(f"must be above half_life, {fast:g}", value, "exchange the two")
        return value

    @field_validator("fast_share")
    @classmethod
    def _check_mixture(cls, value: float, info: ValidationInfo) -> float:
        if "slow_half_life" not in info.data:
            return value
        slow = info.data["slow_half_life"]
        if value != 1.0 and slow is None:
            raise broken("must be 1 without slow_half_life", value, "give slow_half_life")
        if value == 1.0 and slow is not None:
            raise broken("must be below 1 with slow_half_life", value, "leave out slow_half_life")
        return value

    @field_validator("staging")
    @classmethod
    def _check_staging(cls, value: Staging | None, info: ValidationInfo) -> Staging | None:
        return check_pilot(value, info.data.get("spend"))

    @property
    def units(self) -> int:
        """Number of campaigns.

        Examples
        --------
        >>> from gtmsim import CampaignProgram, Lomax
        >>> bet = Lomax(tail_index=1.2, scale=3.4)
        >>> program = CampaignProgram(name="PR", campaigns=3, spend=(1, 2, 6), multiple=bet)
        >>> program.units
        3
        """
        return self.campaigns

    def launch_months(self, horizon: int) -> npt.NDArray[np.int64]:
        """Return the month in which each campaign is launched.

        Parameters
        ----------
        horizon : int
            Months of the plan; "even" launches campaign i in month floor(i * horizon / campaigns).

        Returns
        -------
        array (campaign,) of int

        Examples
        --------
        >>> from gtmsim import CampaignProgram, Lomax
        >>> bet = Lomax(tail_index=1.2, scale=3.4)
        >>> program = CampaignProgram(name="PR", campaigns=3, spend=(1, 2, 6), multiple=bet)
        >>> program.launch_months(12).tolist()
        [0, 4, 8]
        """
        horizon = check_count("horizon", horizon)
        if self.launch == "even":
            return np.arange(self.campaigns, dtype=np.int64) * horizon // self.campaigns
        return self._each(self.launch).astype(np.int64)

    def spends(self) -> npt.NDArray[np.float64]:
        """Return the spend of each campaign; with staging the most that it may cost by itself.

        Returns
        -------
        array (campaign,)
            In the plan's currency.

        Examples
        --------
        >>> from gtmsim import CampaignProgram, Lomax
        >>> bet = Lomax(tail_index=1.2, scale=3.4)
        >>> program = CampaignProgram(name="PR", campaigns=3, spend=(1, 2, 6), multiple=bet)
        >>> program.spends().tolist()
        [1.0, 2.0, 6.0]
        """
        return self._each(self.spend).astype(np.float64)

    def first_spends(self) -> npt.NDArray[np.float64]:
        """Return what each campaign spends at its launch: its pilot's spend with staging.

        Returns
        -------
        array (campaign,)
            In the plan's currency.

        Examples
        --------
        >>> from gtmsim import CampaignProgram, Lomax
        >>> bet = Lomax(tail_index=1.2, scale=3.4)
        >>> program = CampaignProgram(name="PR", campaigns=3, spend=(1, 2, 6), multiple=bet)
        >>> program.first_spends().tolist()
        [1.0, 2.0, 6.0]
        """
        first = self.spend if self.staging is None else self.staging.pilot_spend
        return self._each(first).astype(np.float64)

    def _each(self, value: Any) -> npt.NDArray[Any]:
        return np.broadcast_to(np.asarray(value), (self.campaigns,))
