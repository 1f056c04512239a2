"""Sales teams: seats, the reps in them, and what they cost."""

from __future__ import annotations

import numbers
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, ValidationInfo, field_validator

from gtmsim.model import Model
from gtmsim.plan.fields import (
    ChannelName,
    Cost,
    Factor,
    FactorShare,
    Loading,
    PositiveMoney,
    Share,
    broken,
)
from gtmsim.plan.ramp import Ramp

Seats = Annotated[int, Field(ge=1, le=100_000)]
StartMonth = Annotated[int, Field(ge=-1_200, le=599)]
StartMonths = Annotated[tuple[StartMonth, ...], Field(min_length=1, max_length=100_000)]


def _from_months(value: Any) -> Any:
    """Let a number of months stand for a linear ramp."""
    return {"months": value} if isinstance(value, numbers.Real) else value


class SalesTeam(Model):
    """A team of near-equal seats: twice the reps bring about twice the value.

    Value booked in a month = quota / 12 x margin x ramp x skill x luck x scale, at most: with a
    ``pipeline`` a rep closes no more than its share of what there is to close.

    Attributes
    ----------
    kind : "sales"
    name : str
        Unique in a plan.
    hires : int or tuple of int
        Number of seats filled from month 0, or one start month per seat. A negative month is that
        many months before the plan: the rep has tenure already and costs no hiring.
    quota : float
        Bookings asked of a ramped rep (currency per year).
    margin : float, default 1
        Share of bookings that counts as value, in (0, 1].
    loaded_cost : float
        Cost of a filled seat (currency per year).
    hiring_cost : float, default 0
        Cost of each hire, backfills included (currency).
    ramp : Ramp or float
        Productivity by tenure; a number is the months of a linear ramp. Default: none.
    attainment : float, default 1
        Mean share of quota that ramped reps book.
    skill_cv : float, default 0
        Coefficient of variation between reps; lognormal, drawn once per rep.
    luck_cv : float, default 0
        Coefficient of variation of one rep's year; lognormal, drawn per quarter.
    attrition : float, default 0
        Probability that a rep leaves within a year, in [0, 1).
    backfill_months : int, optional
        Months that a seat stays empty before a new rep starts; None: it is never filled again.
    returns_to_scale : float, default 1
        With n filled seats each brings n**(returns_to_scale - 1) of its value, in (0, 2].
    recognition : {"bookings", "recurring"}, default "bookings"
        Value counts when booked, or month by month over annual contracts.
    annual_churn : float, default 0
        Share of recurring value lost per year, in [0, 1); only with "recurring".
    market_loading : float, default 1
        How strongly the plan's market shock moves the team.
    pipeline : float, optional
        Pipeline that the whole team has without a program, found by its reps and inbound, as the
        bookings that it closes to (currency per year); None: it is never short of pipeline.
        Programs add to it with ``feeds``.

    Raises
    ------
    PlanError
        If a field breaks its rule; all broken rules are listed.

    Notes
    -----
    In a month let seat i, with ramp r_i, be able to bring K_i = quota / 12 x margin x r_i x skill x
    luck x scale. Pipeline is worth L = pipeline / 12 x margin + sum of F / S, where F is what a
    program that feeds the team would have brought in the month and S the market's shock on the
    team. It is shared in proportion to ramp, so that reps who are ramped alike have equal shares:
    seat i brings S x min(K_i, L r_i / sum of r). Pipeline that a rep has no capacity for is lost,
    not handed on and not kept for later; so the team's sum is the lesser of capacity and pipeline
    where reps are alike, and less where they differ.

    Examples
    --------
    >>> team = SalesTeam(name="reps", hires=(-6, 0, 3), quota=8e5, loaded_cost=2.6e5, ramp=5.5)
    >>> team.start_months, team.ramp.months
    ((-6, 0, 3), 5.5)
    """

    kind: Literal["sales"] = "sales"
    name: ChannelName = Field(description="unique in a plan")
    hires: Seats | StartMonths = Field(
        description="number of seats from month 0, or one start month per seat; "
        "negative: joined that many months before the plan",
    )
    quota: PositiveMoney = Field(description="bookings of a ramped rep, per year")
    margin: FactorShare = Field(default=1.0, gt=0.0, description="share of bookings that counts")
    loaded_cost: PositiveMoney = Field(description="cost of a filled seat, per year")
    hiring_cost: Cost = Field(default=0.0, description="cost of each hire")
    ramp: Annotated[Ramp, BeforeValidator(_from_months, json_schema_input_type=float | Ramp)] = (
        Field(default=Ramp(), description="productivity by tenure; a number: months, linear")
    )
    attainment: Factor = Field(default=1.0, gt=0.0, description="mean share of quota")
    skill_cv: float = Field(default=0.0, ge=0.0, le=10.0, description="spread between reps, CV")
    luck_cv: float = Field(default=0.0, ge=0.0, le=10.0, description="spread of a year, CV")
    attrition: Share = Field(
        default=0.0, lt=1.0, description="probability that a rep leaves within a year"
    )
    backfill_months: int | None = Field(
        default=None, ge=0, le=600, description="months a seat stays empty; none: for good"
    )
    returns_to_scale: float = Field(
        default=1.0, gt=0.0, le=2.0, description="exponent of team size; 1: proportional"
    )
    recognition: Literal["bookings", "recurring"] = Field(
        default="bookings", description="when value counts"
    )
    annual_churn: Share = Field(
        default=0.0, lt=1.0, description="recurring value lost per year, share"
    )
    market_loading: Loading = Field(default=1.0, description="exposure to the market shock")
    pipeline: Cost | None = Field(
        default=None,
        description="bookings that pipeline without programs closes to, per year; none: no limit",
    )

    @field_validator("annual_churn")
    @classmethod
    def _check_recurring(cls, value: float, info: ValidationInfo) -> float:
        if value and info.data.get("recognition") == "bookings":
            raise broken(
                "must be 0 with recognition 'bookings'", value, "set recognition = 'recurring'"
            )
        return value

    @property
    def units(self) -> int:
        """Number of seats.

        Examples
        --------
        >>> from gtmsim.plan import SalesTeam
        >>> SalesTeam(name="reps", hires=(-6, 0, 3), quota=8, loaded_cost=2).units
        3
        """
        return len(self.start_months)

    @property
    def start_months(self) -> tuple[int, ...]:
        """Start month of each seat's first rep.

        Examples
        --------
        >>> SalesTeam(name="reps", hires=2, quota=8, loaded_cost=2).start_months
        (0, 0)
        """
        return (0,) * self.hires if isinstance(self.hires, int) else self.hires
