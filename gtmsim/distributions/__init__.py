"""Multiples: the laws of value returned per 1 spent, given a hit.

Every law knows its survival function and its inverse, its moments and how concentrated it is, all
with the market's size taken into account as a cap: the multiple is clipped at it, so that the cap
holds mass. A moment that does not exist is infinite, never a big number.
"""

from __future__ import annotations

from typing import Annotated, Any, TypeAlias

from pydantic import BeforeValidator, Field

from gtmsim.distributions.base import Multiple
from gtmsim.distributions.empirical import Empirical
from gtmsim.distributions.lognormal import LogNormal
from gtmsim.distributions.powerlaw import Lomax, Pareto
from gtmsim.distributions.scipy_law import ScipyDistribution
from gtmsim.distributions.spliced import Spliced

__all__ = [
    "AnyMultiple",
    "Empirical",
    "LogNormal",
    "Lomax",
    "Multiple",
    "Pareto",
    "ScipyDistribution",
    "Spliced",
]


def _wrap_frozen(value: Any) -> Any:
    frozen = hasattr(value, "dist") and hasattr(value, "kwds")
    return ScipyDistribution.from_frozen(value) if frozen else value


AnyMultiple: TypeAlias = Annotated[
    Annotated[
        Pareto | Lomax | LogNormal | Spliced | Empirical | ScipyDistribution,
        Field(discriminator="family"),
    ],
    BeforeValidator(_wrap_frozen),
]
"""The type of a field that takes any multiple, told apart by ``family``, or a frozen scipy law."""
