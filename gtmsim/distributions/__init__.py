"""Multiples: what a campaign that hits returns per 1 spent."""

from gtmsim.distributions.base import Multiple
from gtmsim.distributions.families import Empirical, LogNormal, Lomax, Pareto
from gtmsim.distributions.scipy_law import ScipyDistribution
from gtmsim.distributions.union import AnyMultiple

__all__ = [
    "AnyMultiple",
    "Empirical",
    "LogNormal",
    "Lomax",
    "Multiple",
    "Pareto",
    "ScipyDistribution",
]
