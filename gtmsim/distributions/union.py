"""The type of a field that takes any multiple."""

from __future__ import annotations

from typing import Annotated, Any, TypeAlias

from pydantic import BeforeValidator, Field

from gtmsim.distributions.families import Empirical, LogNormal, Lomax, Pareto
from gtmsim.distributions.scipy_law import ScipyDistribution


def _from_scipy(value: Any) -> Any:
    """Let a frozen distribution of scipy stand for its multiple."""
    frozen = hasattr(value, "dist") and hasattr(value, "args") and hasattr(value, "kwds")
    return ScipyDistribution.from_frozen(value) if frozen else value


AnyMultiple: TypeAlias = Annotated[
    Annotated[
        Pareto | Lomax | LogNormal | Empirical | ScipyDistribution, Field(discriminator="family")
    ],
    BeforeValidator(_from_scipy),
]
