"""Closed-form moments of a plan whose channels have equally likely versions."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from gtmsim.alternatives.versions import Versions, with_fed
from gtmsim.core._types import Floats
from gtmsim.exact import exact_moments
from gtmsim.plan import Plan


def mixed_moments(plan: Plan, versions: Versions) -> pd.DataFrame:
    """Return means and standard deviations over versions and luck.

    Parameters
    ----------
    plan : Plan
    versions : dict of str to tuple
        As from :func:`gtmsim.alternatives.check_alternatives`.

    Returns
    -------
    DataFrame
        As from :func:`gtmsim.exact.exact_moments`. A moment is infinite if it is for any version,
        else NaN if it is not known for one.

    Notes
    -----
    By the law of total variance that of a mixture is the mean of its parts' variances and the
    variance of their means. Versions of different channels are taken independently; the market's
    shock is shared.

    Examples
    --------
    >>> from gtmsim import CampaignProgram, Empirical, Plan
    >>> one = Empirical(values=[1.0])
    >>> bet = CampaignProgram(name="bet", campaigns=1, spend=1.0, hit_rate=0.5, multiple=one)
    >>> mixed = mixed_moments(
    ...     Plan(horizon=1, channels=[bet]),
    ...     {"bet": (bet.replace(hit_rate=0.2), bet.replace(hit_rate=0.4))},
    ... )
    >>> mixed.loc["bet", ["value_mean", "value_sd"]].round(6).tolist()
    [0.3, 0.458258]
    """
    parts = {
        channel.name: pd.concat(
            [
                exact_moments(plan.replace(channels=with_fed(plan, version))).iloc[:1]
                for version in versions.get(channel.name, (channel,))
            ]
        )
        for channel in plan.channels
    }
    rows = {name: _mixture(part) for name, part in parts.items()}
    frame = pd.DataFrame.from_dict(rows, orient="index")
    total = {column: _sum(frame[column].to_numpy()) for column in frame if "_mean" in str(column)}
    for metric in ("value", "spend", "hits"):
        variance = _sum(frame[f"{metric}_sd"].to_numpy() ** 2)
        if metric == "value" and math.isfinite(variance):
            variance += _shared_by_market(plan, versions, parts)
        total[f"{metric}_sd"] = math.sqrt(variance)
    frame.loc["portfolio"] = pd.Series(total)
    return frame.rename_axis("channel")


def _mixture(part: pd.DataFrame) -> dict[str, float]:
    """Moments of a mixture of equally likely parts (version, moment)."""
    row = {}
    for column in part:
        values = part[column].to_numpy()
        if str(column).endswith("_mean"):
            row[str(column)] = _sum(values) / values.size
            continue
        within = _sum(values**2) / values.size
        means = part[str(column).replace("_sd", "_mean")].to_numpy()
        between = float(np.var(means)) if np.isfinite(means).all() else 0.0
        row[str(column)] = math.sqrt(within + between)
    return row


def _sum(values: Floats) -> float:
    """Sum that is infinite if a part is, though others are not known."""
    return math.inf if np.isposinf(values).any() else float(values.sum())


def _shared_by_market(plan: Plan, versions: Versions, parts: dict[str, pd.DataFrame]) -> float:
    """Twice the covariances that the market's shock makes between channels."""
    total = 0.0
    seen: list[tuple[Floats, Floats]] = []
    for channel in plan.channels:
        of_channel = versions.get(channel.name, (channel,))
        sigma = plan.market_volatility * np.array([v.market_loading for v in of_channel])
        mean = parts[channel.name]["value_mean"].to_numpy()
        for other_sigma, other_mean in seen:
            shared = np.expm1(np.outer(sigma, other_sigma))
            total += 2.0 * float(mean @ shared @ other_mean) / (mean.size * other_mean.size)
        seen.append((sigma, mean))
    return total
