"""What a mix must keep to: of single channels, and of the plan in its scenarios."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from gtmsim.core._types import Floats
from gtmsim.errors import ArgumentError, ArgumentTypeError, check_number


@dataclass(frozen=True)
class Bounds:
    """Least and most of one channel.

    Parameters
    ----------
    channel : str
    low, high : float, optional
        At least one of them.
    of : {"size", "spend"}
        Hires or campaigns, or money: what the channel costs in all (currency).

    Raises
    ------
    ArgumentError
        If a parameter breaks its rule.

    Examples
    --------
    >>> str(Bounds("PR", high=10))
    "Bounds('PR', high=10)"
    """

    channel: str
    low: float | None = None
    high: float | None = None
    of: str = "size"

    def __post_init__(self) -> None:
        if self.of not in ("size", "spend"):
            raise ArgumentError("of", "must be 'size' or 'spend'", self.of)
        if self.low is None and self.high is None:
            raise ArgumentError("Bounds", "must have low or high", None)
        low = 0.0 if self.low is None else check_number("low", self.low, low=0.0)
        if self.high is not None:
            check_number("high", self.high, low=low)

    def __str__(self) -> str:
        ends = [f"{name}={end:g}" for name, end in (("low", self.low), ("high", self.high)) if end]
        if self.high == 0:
            ends.append("high=0")
        kind = "" if self.of == "size" else ", of='spend'"
        return f"Bounds({self.channel!r}, {', '.join(ends) or 'low=0'}{kind})"


@dataclass(frozen=True)
class Fixed:
    """A line that stays as it is in the plan.

    Parameters
    ----------
    channel : str

    Examples
    --------
    >>> str(Fixed("brand"))
    "Fixed('brand')"
    """

    channel: str

    def __str__(self) -> str:
        return f"Fixed({self.channel!r})"


@dataclass(frozen=True)
class MinimumCampaign:
    """A campaign of a program spends so much or is not run.

    Parameters
    ----------
    channel : str
        A program.
    spend : float
        Least spend of a campaign (currency), above 0.

    Raises
    ------
    ArgumentError
        If a parameter breaks its rule.

    Examples
    --------
    >>> str(MinimumCampaign("PR", 20_000))
    "MinimumCampaign('PR', 20000)"
    """

    channel: str
    spend: float

    def __post_init__(self) -> None:
        check_number("spend", self.spend, low=0.0, low_open=True)

    def __str__(self) -> str:
        return f"MinimumCampaign({self.channel!r}, {self.spend:g})"


@dataclass(frozen=True)
class CashFloor:
    """Cash is never below an amount, with a probability.

    Parameters
    ----------
    at_least : float, default 0
        Cash at the end of every month (currency).
    probability : float, default 0.9
    opening : float, default 0
        Cash before the first month (currency).

    Raises
    ------
    ArgumentError
        If a parameter breaks its rule.

    Notes
    -----
    Cash is opening plus value less spend up to the end of a month, as it is paid and not in present
    value. Value is in the plan's basis: a unit of gross profit counts as a unit of cash in the
    month in which it is recognised.

    Examples
    --------
    >>> str(CashFloor(at_least=-5e5, probability=0.95))
    'CashFloor(at_least=-500000, probability=0.95)'
    """

    at_least: float = 0.0
    probability: float = 0.9
    opening: float = 0.0

    def __post_init__(self) -> None:
        check_number("at_least", self.at_least)
        check_number("opening", self.opening)
        _check_probability(self.probability)

    def __str__(self) -> str:
        opening = f", opening={self.opening:g}" if self.opening else ""
        return f"CashFloor(at_least={self.at_least:g}, probability={self.probability:g}{opening})"

    @property
    def needed(self) -> float:
        """Lowest cumulative net that is allowed."""
        return self.at_least - self.opening


@dataclass(frozen=True)
class Barbell:
    """Some channels alone bring a share of the target, with a probability.

    Parameters
    ----------
    channels : sequence of str
    share : float
        Of the target, above 0.
    probability : float, default 0.9
    target : float, optional
        By default that of the call, or of the plan (currency).

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If a parameter breaks its rule.

    Examples
    --------
    >>> str(Barbell(["mid-market"], share=0.6, target=5e6))
    "Barbell('mid-market', share=0.6, probability=0.9)"
    """

    channels: Sequence[str]
    share: float
    probability: float = 0.9
    target: float | None = None

    def __post_init__(self) -> None:
        listed = isinstance(self.channels, Sequence) and not isinstance(self.channels, str)
        if not listed or not all(isinstance(name, str) for name in self.channels):
            fix = "write ['mid-market'] for one"
            raise ArgumentTypeError("channels", "must be a sequence of names", self.channels, fix)
        object.__setattr__(self, "channels", tuple(self.channels))
        check_number("share", self.share, low=0.0, low_open=True)
        _check_probability(self.probability)
        if self.target is not None:
            check_number("target", self.target, low=0.0, low_open=True)

    def __str__(self) -> str:
        names = ", ".join(map(repr, self.channels))
        return f"Barbell({names}, share={self.share:g}, probability={self.probability:g})"

    @property
    def needed(self) -> float:
        """Value that the channels are to bring; the target has to be known by now."""
        if self.target is None:
            fix = "give target=, or a plan with a target"
            raise ArgumentError("target", "must be given for a Barbell", None, fix)
        return self.share * self.target


ScenarioConstraint: TypeAlias = CashFloor | Barbell
Constraint: TypeAlias = Bounds | Fixed | MinimumCampaign | CashFloor | Barbell


def check_constraints(constraints: object, names: Sequence[str]) -> tuple[Constraint, ...]:
    """Return constraints as a tuple; each must be one of ours, of channels that there are.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If one is not.
    """
    kinds = (Bounds, Fixed, MinimumCampaign, CashFloor, Barbell)
    if isinstance(constraints, kinds) or not isinstance(constraints, Iterable):
        rule = "must be a sequence of constraints"
        raise ArgumentTypeError("constraints", rule, constraints, "write [Fixed('brand')]")
    found = tuple(constraints)
    for place, constraint in enumerate(found):
        path = f"constraints[{place}]"
        if not isinstance(constraint, kinds):
            rule = f"must be one of {', '.join(kind.__name__ for kind in kinds)}"
            raise ArgumentTypeError(path, rule, constraint)
        named: Sequence[str] = ()
        if isinstance(constraint, Barbell):
            named = constraint.channels
        elif not isinstance(constraint, CashFloor):
            named = (constraint.channel,)
        for name in named:
            if name not in names:
                raise ArgumentError(path, f"must be of one of {', '.join(names)}", name)
    return found


def reached_with(values: Floats, probability: float) -> float:
    """Return the most that so large a share of values (scenario,) reaches.

    Examples
    --------
    >>> reached_with(np.array([4.0, 1.0, 3.0, 2.0]), 0.75)
    2.0
    """
    place = values.size - math.ceil(probability * values.size * (1.0 - 1e-12))
    return float(np.partition(values, place)[place])


def _check_probability(probability: object) -> None:
    check_number("probability", probability, low=0.0, high=1.0, low_open=True, high_open=True)
