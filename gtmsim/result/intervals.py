"""The right interval for each figure of a result, named as the summary's columns are."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtri

from gtmsim.core._types import Floats, Ints
from gtmsim.errors import MetricError, PrecisionError
from gtmsim.histograms import Histogram
from gtmsim.result.blocks import block_values, check_blocks
from gtmsim.statistics import (
    Interval,
    lower_mean_interval,
    mean_interval,
    probability_interval,
    quantile_interval,
)
from gtmsim.statistics.clusters import (
    clustered_lower_mean_interval,
    clustered_mean_interval,
    clustered_probability_interval,
    clustered_quantile_interval,
)
from gtmsim.summary import METRICS, place_of

if TYPE_CHECKING:
    from gtmsim.result.portfolio import PortfolioResult

_HEAVY_METRICS = ("value", "net", "multiple", "beyond_horizon", "largest")
"""Metrics with the tail of their channel; the others are bounded."""

_SHORT = {"mean": "value_mean", "top_share": "top_share_p50", "spend": "spend_mean"}
_SHARES = ("prob_loss", "prob_target", "hit_rate")
_FORMS = re.compile(
    r"(?:(?P<metric>\w+?)_)?(?:p(?P<quantile>\d+(?:\.\d+)?)|cvar_(?P<cvar>\d+(?:\.\d+)?)|(?P<mean>mean))"
)


@dataclass(frozen=True)
class _Figure:
    """A figure: of a metric, its mean, a quantile or the mean of its worst part."""

    metric: str
    kind: str
    level: float


def figure_interval(result: PortfolioResult, name: str, channel: str, level: float) -> Interval:
    """Return the interval of a figure; see PortfolioResult.interval."""
    if name in _SHARES[:2] and result.alternatives:
        return clustered_probability_interval(*_inside(result, name, channel), level)
    if name in _SHARES[:2]:
        successes = _successes(result, name, channel)
        return probability_interval(successes, result.scenarios, level)
    if name == "hit_rate":
        campaigns = result.campaign_count(channel)
        if not campaigns:
            raise MetricError("metric", "must be of a channel with campaigns", name)
        hits = figure_interval(result, "hits_mean", channel, level)
        parts = (hits.estimate / campaigns, hits.low / campaigns, hits.high / campaigns)
        return Interval(*parts, level, hits.method)
    figure = _parse(name)
    if result.alternatives:
        return _block_interval(result, figure, channel, level)
    draws = _draws(result, figure.metric, channel)
    _check_exists(draws, name, channel)
    if figure.kind == "quantile":
        return quantile_interval(draws, figure.level, level)
    if figure.kind == "cvar":
        return lower_mean_interval(draws, figure.level, level)
    index = _tail_index(result, figure.metric, channel)
    if math.isfinite(index) and channel == "portfolio" and len(result.channels) > 1:
        return _exact_mean(result, figure.metric, channel, level)
    interval = mean_interval(draws, level, index)
    return _within_bins(interval, draws) if isinstance(draws, Histogram) else interval


def mean_tail_index(result: PortfolioResult, name: str, channel: str) -> float:
    """Return the tail index behind a figure that is a mean, infinite for any other figure.

    Raises
    ------
    MetricError
        If there is no such figure or channel, or it is a mean that does not exist.
    """
    place_of(result.distributions.names, channel, "channel")
    if name in _SHARES:
        return math.inf
    figure = _parse(name)
    return _tail_index(result, figure.metric, channel) if figure.kind == "mean" else math.inf


def _block_interval(
    result: PortfolioResult, figure: _Figure, channel: str, level: float
) -> Interval:
    """Return the interval of a figure when scenarios of a block share their parameters."""
    check_blocks(result)
    if figure.kind == "mean" and math.isfinite(_tail_index(result, figure.metric, channel)):
        return _exact_mean(result, figure.metric, channel, level)
    draws = block_values(result, figure.metric, channel)
    _check_exists(draws[0], figure.metric, channel)
    if figure.kind == "quantile":
        return clustered_quantile_interval(*draws, figure.level, level)
    if figure.kind == "cvar":
        return clustered_lower_mean_interval(*draws, figure.level, level)
    return clustered_mean_interval(*draws, level)


def _inside(result: PortfolioResult, name: str, channel: str) -> tuple[np.ndarray, Ints]:
    """Return which scenarios a probability counts (scenario,), and the number of their blocks."""
    check_blocks(result)
    if name == "prob_loss":
        net, block = block_values(result, "net", channel)
        return net < 0.0, block
    value, block = block_values(result, "value", channel)
    return value >= _target(result, name, channel), block


def _exact_mean(result: PortfolioResult, metric: str, channel: str, level: float) -> Interval:
    """Return a mean of value or net as it is, where no sample shows it.

    So it is of a portfolio, in which a heavy channel may be large rarely, and of a channel whose
    versions differ in their tail.
    """
    if metric not in ("value", "net"):
        rule = "must not be the mean of channels together under a power law, but for value and net"
        fix = "ask for that of each channel"
        if result.alternatives:
            rule = "must not be a mean under a power law with alternatives, but of value and net"
            fix = "ask for a quantile"
        raise MetricError("metric", rule, f"{metric}_mean", fix)
    exact = float(result.exact[f"{metric}_mean"][channel])
    if math.isnan(exact):
        rule = "must be a mean that is known, and a team short of pipeline has none in closed form"
        raise MetricError("metric", rule, f"{metric}_mean", "ask for that of each channel")
    return Interval(exact, exact, exact, level, "exact")


def _within_bins(interval: Interval, draws: Histogram) -> Interval:
    """Widen a mean's interval by how much draws may differ within their bins."""
    variance = float(draws.counts @ (draws.upper - draws.lower) ** 2) / 12.0 / draws.n
    error = float(ndtri(0.5 + interval.level / 2.0)) * math.sqrt(variance / draws.n)
    mean = interval.estimate
    return replace(
        interval,
        low=mean - math.hypot(mean - interval.low, error),
        high=mean + math.hypot(interval.high - mean, error),
    )


def shown_mean(result: PortfolioResult, channel: str, level: float = 0.95) -> Interval:
    """Return the mean of value as it may be shown: from draws, exact, infinite or not known.

    Only where the variance is finite and the draws are many for their tail is it their mean. Bins
    are enough for it: their sums are exact.
    """
    tail = result.tail.loc[channel]
    if tail["mean_exists"] is None:
        return Interval(math.nan, math.nan, math.nan, level, "not known")
    if not tail["mean_exists"]:
        return Interval(math.inf, math.inf, math.inf, level, "infinite")
    exact = float(result.exact["value_mean"][channel])
    unknown = math.isnan(exact)
    if tail["variance_exists"]:
        sampled = _sampled_mean(result, channel, level)
        if sampled is not None and (unknown or sampled.method.startswith("normal")):
            return sampled
    return Interval(exact, exact, exact, level, "not known" if unknown else "exact")


def _sampled_mean(result: PortfolioResult, channel: str, level: float) -> Interval | None:
    """Return the mean of value from draws, None where they are too few or were not kept."""
    draws = result.distributions.metric("value", channel)
    try:
        if not result.alternatives:
            return _within_bins(mean_interval(draws, level), draws)
        if result.kept is not None:
            return clustered_mean_interval(*block_values(result, "value", channel), level)
    except PrecisionError:
        return None
    return None


def _parse(name: str) -> _Figure:
    found = _FORMS.fullmatch(_SHORT.get(name, name)) if isinstance(name, str) else None
    if found is not None:
        whole = found["quantile"] or found["cvar"]
        metric = found["metric"] or ("net" if found["cvar"] else "value")
        share = float(whole) / 100.0 if whole else 0.0
        if metric in METRICS and (found["mean"] or 0.0 < share < 1.0):
            if found["mean"]:
                return _Figure(metric, "mean", 0.0)
            if found["cvar"]:
                return _Figure(metric, "cvar", 1.0 - share)
            return _Figure(metric, "quantile", share)
    rule = (
        "must be prob_loss, prob_target, hit_rate, spend, top_share, or a metric "
        f"({', '.join(METRICS)}) and _p10, _mean or _cvar_95"
    )
    raise MetricError("metric", rule, name, "write 'p10', 'value_mean' or 'net_cvar_95'")


def _successes(result: PortfolioResult, name: str, channel: str) -> int:
    if name == "prob_loss":
        return round(result.prob_loss(channel) * result.scenarios)
    return round(result.prob_at_least(_target(result, name, channel)) * result.scenarios)


def _target(result: PortfolioResult, name: str, channel: str) -> float:
    if result.plan.target is None or channel != "portfolio":
        rule = "must be of the portfolio of a plan with a target"
        raise MetricError("metric", rule, name, "set the plan's target")
    return result.plan.target


def _draws(result: PortfolioResult, metric: str, channel: str) -> Floats | Histogram:
    if result.kept is None:
        return result.distributions.metric(metric, channel)
    values = result.values(metric, channel)
    return values[~np.isnan(values)]


def _check_exists(draws: Floats | Histogram, name: str, channel: str) -> None:
    """Refuse a figure of what exists in no scenario, as a share of no value."""
    if (draws.n if isinstance(draws, Histogram) else draws.size) == 0:
        rule = f"must exist in some scenario, and {channel} never has a value to divide by"
        raise MetricError("metric", rule, name)


def _tail_index(result: PortfolioResult, metric: str, channel: str) -> float:
    if metric not in _HEAVY_METRICS:
        return math.inf
    tail = result.tail.loc[channel]
    if tail["mean_exists"] is None:
        rule = f"must have a mean, and the tail of {channel} is not known"
        raise MetricError("metric", rule, f"{metric}_mean", "ask for a quantile, or set a cap")
    if not tail["mean_exists"]:
        rule = f"must exist: with tail index {tail['tail_index']:g} {channel} has no mean"
        raise MetricError("metric", rule, f"{metric}_mean", "ask for a quantile, or set a cap")
    return float(result.tail["tail_index"][channel])
