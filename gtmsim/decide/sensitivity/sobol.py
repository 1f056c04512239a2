"""Shares of a metric's variance: Sobol indices of assumptions that vary together."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from gtmsim.core._types import Floats
from gtmsim.decide.sensitivity.ranges import Assumption, Versioned
from gtmsim.decide.sensitivity.study import Study
from gtmsim.errors import MetricError
from gtmsim.plan import Channel

_RESAMPLES = 500


def sobol(study: Study, varied: Sequence[Assumption | Versioned], samples: int) -> pd.DataFrame:
    """Return first-order and total Sobol indices of a metric.

    Each assumption is uniform between its ends, and each version of a channel equally likely,
    independently of the others. The luck is the same in all plans: what is taken apart is the
    variance that beliefs make, not luck.

    Parameters
    ----------
    study : Study
    varied : sequence of Assumption or Versioned
    samples : int
        A power of 2. The metric is evaluated (assumptions + 2) times as often.

    Returns
    -------
    DataFrame
        Index path, the largest total first. Columns: first (share of variance that the assumption
        explains alone), total (with all that it does together with others), each with the ends of
        its bootstrap interval. NaN where the metric does not vary.

    Raises
    ------
    MetricError
        If the metric is a mean that does not exist or is not known for some of them.

    References
    ----------
    A. Saltelli, P. Annoni and others, "Variance based sensitivity analysis of model output",
    Computer Physics Communications 181 (2010), 259-270, table 2; A. B. Owen, "On dropping the first
    Sobol' point" (2020) (scrambled points).
    """
    from scipy.stats.qmc import Sobol

    count = len(varied)
    points = Sobol(2 * count, seed=np.random.default_rng(study.draws.seed)).random(samples)
    a, b = points[:, :count], points[:, count:]
    mixed = np.repeat(a[None], count, axis=0)
    for place in range(count):
        mixed[place, :, place] = b[:, place]
    found = _evaluated(study, varied, np.concatenate([a, b, mixed.reshape(-1, count)]))
    if not np.isfinite(found).all():
        rule = "must exist for all assumptions within their ranges, to have indices"
        raise MetricError("metric", rule, study.metric.name, "ask for a quantile")
    parts = found.reshape(count + 2, samples)
    first, total = _indices(parts, np.arange(samples))
    rng = np.random.default_rng([study.draws.seed, samples])
    again = [_indices(parts, rng.integers(samples, size=samples)) for _ in range(_RESAMPLES)]
    tail = 50.0 * (1.0 - study.level)
    (first_low, total_low), (first_high, total_high) = np.percentile(
        np.array(again), [tail, 100.0 - tail], axis=0
    )
    table = pd.DataFrame(
        {
            "first": first,
            "first_low": first_low,
            "first_high": first_high,
            "total": total,
            "total_low": total_low,
            "total_high": total_high,
        },
        index=pd.Index([assumption.path for assumption in varied], name="path"),
    )
    return table.sort_values("total", ascending=False, kind="stable")


def _evaluated(study: Study, varied: Sequence[Assumption | Versioned], points: Floats) -> Floats:
    """Return the metric at points (point, assumption) of the unit cube, (point,)."""

    def metric(point: Floats) -> float:
        changes = {a.path: _between(a, u) for a, u in zip(varied, point.tolist(), strict=True)}
        return study.jointly(changes).interval.estimate

    return np.array(study.each(metric, points))


def _between(assumption: Assumption | Versioned, u: float) -> float | Channel:
    if isinstance(assumption, Versioned):
        return assumption.versions[int(u * len(assumption.versions))]
    low, high = assumption.low, assumption.high
    if isinstance(assumption.value, int):
        return int(low) + int(u * (high - low + 1))
    return low + u * (high - low)


def _indices(parts: Floats, rows: np.ndarray) -> tuple[Floats, Floats]:
    """Return first-order and total indices from rows of A, B and the mixed points."""
    from scipy.stats import sobol_indices

    f = parts[:, rows]
    if np.ptp(f[:2]) == 0.0:
        none = np.full(f.shape[0] - 2, np.nan)
        return none, none
    found = sobol_indices(func={"f_A": f[:1], "f_B": f[1:2], "f_AB": f[2:, None]}, n=rows.size)
    return np.ravel(found.first_order), np.ravel(found.total_order)
