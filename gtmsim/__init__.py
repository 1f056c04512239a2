"""Monte Carlo simulation of go-to-market plans: steady sales teams beside heavy-tailed campaigns.

A plan goes in, a distribution of outcomes comes out::

    import gtmsim as gtm

    result = gtm.simulate_portfolio(gtm.presets.example_plan(), scenarios=100_000, rng=7)
    result.summary()

Names are imported when they are first used, so that ``import gtmsim`` costs next to nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gtmsim import plots, presets
    from gtmsim.claim import (
        alpha_for_claim,
        campaigns_for_claim,
        claim_probability,
        reproduce_claim,
    )
    from gtmsim.concentration import effective_number, gini, lorenz_curve, top_share
    from gtmsim.distributions import Empirical, LogNormal, Lomax, Pareto, ScipyDistribution
    from gtmsim.errors import (
        ArgumentError,
        ArgumentTypeError,
        GtmsimError,
        MetricError,
        PlanError,
        PlanFileError,
    )
    from gtmsim.plan import CampaignProgram, Plan, Ramp, SalesTeam
    from gtmsim.result import PortfolioResult
    from gtmsim.simulate import simulate_portfolio

__version__ = "0.1.0"

__all__ = [
    "ArgumentError",
    "ArgumentTypeError",
    "CampaignProgram",
    "Empirical",
    "GtmsimError",
    "LogNormal",
    "Lomax",
    "MetricError",
    "Pareto",
    "Plan",
    "PlanError",
    "PlanFileError",
    "PortfolioResult",
    "Ramp",
    "SalesTeam",
    "ScipyDistribution",
    "alpha_for_claim",
    "campaigns_for_claim",
    "claim_probability",
    "effective_number",
    "gini",
    "lorenz_curve",
    "plots",
    "presets",
    "reproduce_claim",
    "simulate_portfolio",
    "top_share",
]

_MODULES = {
    "claim": ("alpha_for_claim", "campaigns_for_claim", "claim_probability", "reproduce_claim"),
    "concentration": ("effective_number", "gini", "lorenz_curve", "top_share"),
    "distributions": ("Empirical", "LogNormal", "Lomax", "Pareto", "ScipyDistribution"),
    "errors": (
        "ArgumentError",
        "ArgumentTypeError",
        "GtmsimError",
        "MetricError",
        "PlanError",
        "PlanFileError",
    ),
    "plan": ("CampaignProgram", "Plan", "Ramp", "SalesTeam"),
    "result": ("PortfolioResult",),
    "simulate": ("simulate_portfolio",),
}
_HOME = {name: module for module, names in _MODULES.items() for name in names}


def __getattr__(name: str) -> Any:
    if name in ("plots", "presets"):
        return import_module(f"gtmsim.{name}")
    if name in _HOME:
        return getattr(import_module(f"gtmsim.{_HOME[name]}"), name)
    raise AttributeError(f"module 'gtmsim' has no attribute {name!r}")


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
