"""How unequally value is spread over spend, and what a sample says of an endless population.

`top_share`, `lorenz_curve`, `gini` and `effective_number` measure what is there.
`concentration_report` says what the top share of a history means: the share of a sample depends on
its size and falls short of the population's.
"""

from gtmsim.concentration.report import ConcentrationReport, concentration_report
from gtmsim.concentration.shares import effective_number, gini, lorenz_curve, top_share

__all__ = [
    "ConcentrationReport",
    "concentration_report",
    "effective_number",
    "gini",
    "lorenz_curve",
    "top_share",
]
