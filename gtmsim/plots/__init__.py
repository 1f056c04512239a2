"""Pictures: functions that take a result or a fit and return the axes they drew on.

Each title says what was found. Colours are told apart by readers who are colour-blind too (M. Okabe
and K. Ito, "Color universal design", 2008), and no setting of matplotlib's is changed. What a
picture of a fit shows, ``picture_data(fit)`` hands back as a frame.
"""

from gtmsim.plots._axes import BLUE, GREY, LIGHT_BLUE, ORANGE, RED
from gtmsim.plots.fit_data import (
    fit_lorenz_data,
    hit_rate_by_spend_data,
    quantiles_data,
    tail_fit_data,
)
from gtmsim.plots.fits import fit_lorenz, fit_overview, hit_rate_by_spend, quantiles, tail_fit
from gtmsim.plots.results import fan, lorenz, outcome, overview

fit = fit_overview

__all__ = [
    "BLUE",
    "GREY",
    "LIGHT_BLUE",
    "ORANGE",
    "RED",
    "fan",
    "fit",
    "fit_lorenz",
    "fit_lorenz_data",
    "fit_overview",
    "hit_rate_by_spend",
    "hit_rate_by_spend_data",
    "lorenz",
    "outcome",
    "overview",
    "quantiles",
    "quantiles_data",
    "tail_fit",
    "tail_fit_data",
]
