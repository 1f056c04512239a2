"""Pictures: functions that take a result or a fit and return the axes they drew on.

Each title says what was found. Colours are told apart by readers who are colour-blind too (M. Okabe
and K. Ito, "Color universal design", 2008), and no setting of matplotlib's is changed. The
numbers of ``picture(...)`` are the frame that ``picture_data(...)`` returns.
"""

from gtmsim.plots._axes import BLUE, GREY, LIGHT_BLUE, ORANGE, RED
from gtmsim.plots.cash import payback, payback_data
from gtmsim.plots.channels import waterfall, waterfall_data
from gtmsim.plots.claim import claim_surface, claim_surface_data
from gtmsim.plots.comparison import regret, regret_data
from gtmsim.plots.concentration import lorenz, lorenz_data, top_share, top_share_data
from gtmsim.plots.fit_data import (
    fit_lorenz_data,
    hit_rate_by_spend_data,
    quantiles_data,
    tail_fit_data,
)
from gtmsim.plots.fits import fit_lorenz, fit_overview, hit_rate_by_spend, quantiles, tail_fit
from gtmsim.plots.frontier import frontier, frontier_data
from gtmsim.plots.horizon import horizon_map, horizon_map_data
from gtmsim.plots.months import fan, fan_data
from gtmsim.plots.outcomes import ccdf, exceedance, outcome
from gtmsim.plots.outcomes_data import ccdf_data, exceedance_data, outcome_data
from gtmsim.plots.results import overview
from gtmsim.plots.sampling import convergence, convergence_data, max_to_sum, max_to_sum_data
from gtmsim.plots.shots import needed, needed_data, staging, staging_data
from gtmsim.plots.tornado import tornado, tornado_data

fit = fit_overview

__all__ = [
    "BLUE",
    "GREY",
    "LIGHT_BLUE",
    "ORANGE",
    "RED",
    "ccdf",
    "ccdf_data",
    "claim_surface",
    "claim_surface_data",
    "convergence",
    "convergence_data",
    "exceedance",
    "exceedance_data",
    "fan",
    "fan_data",
    "fit",
    "fit_lorenz",
    "fit_lorenz_data",
    "fit_overview",
    "frontier",
    "frontier_data",
    "hit_rate_by_spend",
    "hit_rate_by_spend_data",
    "horizon_map",
    "horizon_map_data",
    "lorenz",
    "lorenz_data",
    "max_to_sum",
    "max_to_sum_data",
    "needed",
    "needed_data",
    "outcome",
    "outcome_data",
    "overview",
    "payback",
    "payback_data",
    "quantiles",
    "quantiles_data",
    "regret",
    "regret_data",
    "staging",
    "staging_data",
    "tail_fit",
    "tail_fit_data",
    "top_share",
    "top_share_data",
    "tornado",
    "tornado_data",
    "waterfall",
    "waterfall_data",
]


def __dir__() -> list[str]:
    return __all__
