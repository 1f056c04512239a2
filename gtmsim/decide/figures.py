"""The figures of a plan that decisions weigh."""

from __future__ import annotations

import math
from typing import Final

from gtmsim.decide.draws import Totals
from gtmsim.decide.paired import (
    Figure,
    cvar_figure,
    mean_figure,
    probability_figure,
    quantile_figure,
)
from gtmsim.plan import Plan
from gtmsim.statistics import Interval

FIGURES: Final = ("p10", "p50", "p90", "mean", "prob_target", "prob_loss", "cvar_95")
"""Three quantiles, the mean and the mean of the worst 5 % of value or net; and two chances."""


def plan_figures(
    plan: Plan, totals: Totals, metric: str, target: float, level: float
) -> dict[str, Figure]:
    """Return the figures of a plan by name, each with its interval.

    Parameters
    ----------
    plan : Plan
    totals : Totals
        What it returns and costs.
    metric : "value" or "net"
        What quantiles and means are of.
    target : float
        Value to reach; NaN if there is none.
    level : float

    Examples
    --------
    >>> from gtmsim.decide.draws import Draws
    >>> from gtmsim.presets import example_plan
    >>> totals = Draws(1_000, rng=7).totals(example_plan())
    >>> figures = plan_figures(example_plan(), totals, "net", math.nan, 0.95)
    >>> figures["p10"].interval.estimate < figures["p50"].interval.estimate
    True
    """
    values = totals.of(metric)
    no_target = Figure(Interval(math.nan, math.nan, math.nan, level, "no target"), None)
    return {
        "p10": quantile_figure(values, 0.1, level),
        "p50": quantile_figure(values, 0.5, level),
        "p90": quantile_figure(values, 0.9, level),
        "mean": mean_figure(values, plan, metric, level),
        "prob_target": no_target
        if math.isnan(target)
        else probability_figure(totals.value >= target, level),
        "prob_loss": probability_figure(totals.net < 0.0, level),
        "cvar_95": cvar_figure(values, 0.05, level),
    }
