"""How far a figure from draws can be trusted: intervals that keep their promise, and tails.

An interval names its method. That of a mean asks for the tail index, which a plan knows, because
no sample shows whether its mean exists. The diagnostics read a tail from draws alone, with the
error that this has.
"""

from gtmsim.statistics.diagnostics import TailDiagnostics, kappa, max_to_sum, tail_diagnostics
from gtmsim.statistics.hill import TailIndex, hill
from gtmsim.statistics.intervals import (
    Interval,
    lower_mean_interval,
    probability_interval,
    quantile_interval,
    quantile_ranks,
)
from gtmsim.statistics.mean import mean_interval
from gtmsim.statistics.pareto import (
    ParetoTail,
    convergence_rate,
    minimum_sample_size,
    pareto_k,
    pareto_tail,
)

__all__ = [
    "Interval",
    "ParetoTail",
    "TailDiagnostics",
    "TailIndex",
    "convergence_rate",
    "hill",
    "kappa",
    "lower_mean_interval",
    "max_to_sum",
    "mean_interval",
    "minimum_sample_size",
    "pareto_k",
    "pareto_tail",
    "probability_interval",
    "quantile_interval",
    "quantile_ranks",
    "tail_diagnostics",
]


def __dir__() -> list[str]:
    return __all__
