"""Types of fields that several models share."""

from __future__ import annotations

from typing import Annotated, Any, TypeAlias

from pydantic import AfterValidator, BeforeValidator, Field

from gtmsim.errors import PlanError, Problem

RESERVED = "portfolio"
"""What results call all channels together."""

SMALLEST = 1e-6
"""Smallest amount of money that is not nothing: ratios and squares of amounts stay in range."""

SMALLEST_FACTOR = 1e-9
"""Smallest factor of value that is not nothing, for the same reason."""

LONGEST_NAME = 200
"""Letters of a name: it stands in tables and in the labels of plots."""


def broken(rule: str, value: object, fix: str | None = None, path: str = "") -> PlanError:
    """Return the error of a field's validator; its path is relative to the field."""
    return PlanError([Problem(path, rule, value, fix)])


def _check_name(name: str) -> str:
    if not name.strip():
        raise broken("must not be blank", name)
    if len(name) > LONGEST_NAME:
        raise broken(f"must have at most {LONGEST_NAME} letters", name, f"it has {len(name):,}")
    if not name.isprintable():
        raise broken("must be printable text", name)
    return name


def _check_channel_name(name: str) -> str:
    if name == RESERVED:
        raise broken("must not be 'portfolio', which stands for all channels", name, "rename it")
    return name


def _check_smallest(amount: float) -> float:
    if amount < SMALLEST:
        raise broken(f"must be at least {SMALLEST:g}", amount)
    return amount


def _check_factor(factor: float) -> float:
    if 0.0 < factor < SMALLEST_FACTOR:
        raise broken(f"must be at least {SMALLEST_FACTOR:g} if it is above 0", factor)
    return factor


def _refuse_percent(value: Any) -> Any:
    if isinstance(value, int | float) and 1.0 < value <= 100.0:
        raise broken("must be at most 1", value, f"write {value / 100.0:.6g} for {value:g} %")
    return value


Name: TypeAlias = Annotated[str, Field(strict=True), AfterValidator(_check_name)]
ChannelName: TypeAlias = Annotated[Name, AfterValidator(_check_channel_name)]
# The upper limits keep totals far below the largest float64.
Cost: TypeAlias = Annotated[float, Field(ge=0.0, le=1e15)]
PositiveMoney: TypeAlias = Annotated[float, Field(gt=0.0, le=1e15), AfterValidator(_check_smallest)]
# Share in [0, 1]; narrower limits come on top.
Share: TypeAlias = Annotated[float, Field(ge=0.0, le=1.0), BeforeValidator(_refuse_percent)]
# What value is multiplied by; narrower limits come on top.
Factor: TypeAlias = Annotated[float, Field(ge=0.0, le=10.0), AfterValidator(_check_factor)]
FactorShare: TypeAlias = Annotated[Share, AfterValidator(_check_factor)]
Loading: TypeAlias = Annotated[float, Field(ge=-10.0, le=10.0)]
