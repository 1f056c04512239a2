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
    from gtmsim import decide, fit, plots, presets
    from gtmsim.claim import (
        alpha_for_claim,
        campaigns_for_claim,
        claim_probability,
        reproduce_claim,
    )
    from gtmsim.concentration import (
        concentration_report,
        effective_number,
        gini,
        lorenz_curve,
        top_share,
    )
    from gtmsim.decide import (
        allocate,
        big_or_small,
        break_even,
        campaigns_needed,
        explore_share,
        reallocate,
        scenario_table,
        smallest_budget,
        value_of_one_more,
        value_of_staging,
        where_leads_bind,
    )
    from gtmsim.decide.cash import cash
    from gtmsim.decide.compare import compare
    from gtmsim.decide.frontier import frontier
    from gtmsim.decide.sensitivity import sensitivity
    from gtmsim.distributions import (
        Empirical,
        LogNormal,
        Lomax,
        Pareto,
        ScipyDistribution,
        Spliced,
    )
    from gtmsim.errors import (
        ArgumentError,
        ArgumentTypeError,
        ExactError,
        ExecutorError,
        GtmsimError,
        GtmsimWarning,
        HistoryError,
        InfeasibleError,
        LostWorkersWarning,
        MetricError,
        PlanError,
        PlanFileError,
        PrecisionError,
        StorageError,
    )
    from gtmsim.exact import exact_moments, total_distribution
    from gtmsim.fit import (
        fit_program,
        fit_tail,
        fit_team,
        read_campaigns,
        read_opportunities,
        read_reps,
    )
    from gtmsim.plan import CampaignProgram, Plan, Ramp, SalesTeam, Staging
    from gtmsim.precision import Precision
    from gtmsim.rare import expected_shortfall, prob_exceeds, tail_quantile
    from gtmsim.result import PortfolioResult
    from gtmsim.simulate import scenarios_needed, simulate_portfolio
    from gtmsim.simulate.replay import replay

__version__ = "0.1.0"

__all__ = [
    "ArgumentError",
    "ArgumentTypeError",
    "CampaignProgram",
    "Empirical",
    "ExactError",
    "ExecutorError",
    "GtmsimError",
    "GtmsimWarning",
    "HistoryError",
    "InfeasibleError",
    "LogNormal",
    "Lomax",
    "LostWorkersWarning",
    "MetricError",
    "Pareto",
    "Plan",
    "PlanError",
    "PlanFileError",
    "PortfolioResult",
    "Precision",
    "PrecisionError",
    "Ramp",
    "SalesTeam",
    "ScipyDistribution",
    "Spliced",
    "Staging",
    "StorageError",
    "allocate",
    "alpha_for_claim",
    "big_or_small",
    "break_even",
    "campaigns_for_claim",
    "campaigns_needed",
    "cash",
    "claim_probability",
    "compare",
    "concentration_report",
    "decide",
    "effective_number",
    "exact_moments",
    "expected_shortfall",
    "explore_share",
    "fit",
    "fit_program",
    "fit_tail",
    "fit_team",
    "frontier",
    "gini",
    "lorenz_curve",
    "plots",
    "presets",
    "prob_exceeds",
    "read_campaigns",
    "read_opportunities",
    "read_reps",
    "reallocate",
    "replay",
    "reproduce_claim",
    "scenario_table",
    "scenarios_needed",
    "sensitivity",
    "simulate_portfolio",
    "smallest_budget",
    "tail_quantile",
    "top_share",
    "total_distribution",
    "value_of_one_more",
    "value_of_staging",
    "where_leads_bind",
]

_MODULES = {
    "claim": ("alpha_for_claim", "campaigns_for_claim", "claim_probability", "reproduce_claim"),
    "concentration": (
        "concentration_report",
        "effective_number",
        "gini",
        "lorenz_curve",
        "top_share",
    ),
    "decide": (
        "allocate",
        "big_or_small",
        "break_even",
        "campaigns_needed",
        "cash",
        "compare",
        "explore_share",
        "frontier",
        "reallocate",
        "scenario_table",
        "sensitivity",
        "smallest_budget",
        "value_of_one_more",
        "value_of_staging",
        "where_leads_bind",
    ),
    "distributions": (
        "Empirical",
        "LogNormal",
        "Lomax",
        "Pareto",
        "ScipyDistribution",
        "Spliced",
    ),
    "errors": (
        "ArgumentError",
        "ArgumentTypeError",
        "ExactError",
        "ExecutorError",
        "GtmsimError",
        "GtmsimWarning",
        "HistoryError",
        "InfeasibleError",
        "LostWorkersWarning",
        "MetricError",
        "PlanError",
        "PlanFileError",
        "PrecisionError",
        "StorageError",
    ),
    "exact": ("exact_moments", "total_distribution"),
    "fit": (
        "fit_program",
        "fit_tail",
        "fit_team",
        "read_campaigns",
        "read_opportunities",
        "read_reps",
    ),
    "plan": ("CampaignProgram", "Plan", "Ramp", "SalesTeam", "Staging"),
    "precision": ("Precision",),
    "rare": ("expected_shortfall", "prob_exceeds", "tail_quantile"),
    "result": ("PortfolioResult",),
    "simulate": ("replay", "scenarios_needed", "simulate_portfolio"),
}
_HOME = {name: module for module, names in _MODULES.items() for name in names}


def __getattr__(name: str) -> Any:
    if name in ("decide", "fit", "plots", "presets"):
        return import_module(f"gtmsim.{name}")
    if name in _HOME:
        return getattr(import_module(f"gtmsim.{_HOME[name]}"), name)
    raise AttributeError(f"module 'gtmsim' has no attribute {name!r}")


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
