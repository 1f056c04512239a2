"""Whether estimates can be relied upon: they are refused where they cannot."""

from __future__ import annotations

import math

import numpy as np

from gtmsim.core._types import Floats
from gtmsim.distributions import ScipyDistribution
from gtmsim.errors import PrecisionError
from gtmsim.rare.paths import Paths

_WORST_ERROR = 0.05
"""Largest relative standard error of an estimate that is given."""
_FEW, _LARGEST_PART = 20, 0.12
"""So many paths may make at most this part of an estimate; even ones make 5 % at that error."""


def mean_of(estimates: list[Floats]) -> tuple[float, float]:
    """Return the sum of the means of strata (path,), and its standard error."""
    variance = sum(float(part.var(ddof=1)) / part.size for part in estimates)
    return sum(float(part.mean()) for part in estimates), math.sqrt(variance)


def reliable_mean(name: str, value: float, estimates: list[Floats]) -> tuple[float, float]:
    """Return the mean of estimates (path,) and its error; refuse what cannot be relied upon."""
    mean, error = mean_of(estimates)
    largest = np.sort(np.concatenate([part / part.size for part in estimates]))[-_FEW:].sum()
    if mean <= 0.0:
        found = "no path contributes"
    elif error > _WORST_ERROR * mean:
        found = f"the relative standard error is {error / mean:.2g}"
    elif largest > _LARGEST_PART * mean:
        found = f"{_FEW} paths make {largest / mean:.0%} of the estimate"
    else:
        return mean, error
    rule = "must be within reach of conditional Monte Carlo"
    paths = sum(part.size for part in estimates)
    fix = f"{found}; raise paths above {paths:,}, or use total_distribution for bounded programs"
    raise PrecisionError(name, rule, value, fix)


def check_unseen(name: str, value: float, sample: Paths, x: float, chance: float) -> None:
    """Refuse what teams may do without being drawn, and multiples that scipy does not know."""
    if sample.unseen(x) > _WORST_ERROR * chance:
        rule = "must be where campaigns or the market decide"
        raise PrecisionError(name, rule, value, "teams' own luck may reach it too; raise paths")
    for program in sample.total.programs:
        law = program.multiple
        level = 0.01 * chance / (program.hit_rate * float(program.sizes.sum()))
        level = min(max(level, 1e-300), 0.1)
        if isinstance(law, ScipyDistribution) and not law.is_precise(level, program.cap):
            rule = f"must be where scipy's {law.name} is precise"
            raise PrecisionError(name, rule, value, "set a cap, or take another family")
