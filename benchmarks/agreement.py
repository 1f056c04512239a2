"""Do two methods sample the same law? Quantiles and means, compared in standard errors."""

from __future__ import annotations

import numpy as np

from benchmarks.methods import Floats, Outcome

LIMIT = 5.0
"""Standard errors: a false alarm once in a million comparisons."""

_LEVELS = (0.1, 0.5, 0.9)


def disagreements(one: Outcome, other: Outcome) -> list[str]:
    """Return a line for each metric of both outcomes that differs by more than the limit.

    Counts are compared by their means. Everything else is heavy-tailed or may be, and is compared
    at P10, P50 and P90: the share of each sample below the pooled quantile is binomial, whatever
    the law.
    """
    if one.keys().isdisjoint(other):
        return ["they have no metric in common"]
    return [
        f"{metric} {what} differs by {z:+.1f} standard errors"
        for metric in one
        if metric in other
        for what, z in _scores(one[metric], other[metric]).items()
        if not abs(z) <= LIMIT
    ]


def _scores(x: Floats, y: Floats) -> dict[str, float]:
    if np.array_equal(x, np.rint(x)):
        error = np.sqrt(x.var() / x.size + y.var() / y.size)
        return {"mean": float((x.mean() - y.mean()) / error)}
    pooled = np.quantile(np.concatenate((x, y)), _LEVELS)
    return {
        f"P{100 * p:.0f}": float(
            (np.mean(x <= q) - np.mean(y <= q)) / np.sqrt(p * (1.0 - p) * (1 / x.size + 1 / y.size))
        )
        for p, q in zip(_LEVELS, pooled, strict=True)
    }
