"""Figures of plans on common random numbers, and intervals of what lies between two of them."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from gtmsim.core._types import Floats
from gtmsim.errors import PrecisionError
from gtmsim.exact import exact_moments
from gtmsim.plan import Plan
from gtmsim.statistics import (
    Interval,
    lower_mean_interval,
    mean_interval,
    probability_interval,
    quantile_interval,
)
from gtmsim.statistics.intervals import worst_parts
from gtmsim.tails import tail_contract


@dataclass(frozen=True)
class Figure:
    """A figure of one plan.

    Attributes
    ----------
    interval : Interval
    parts : array (scenario,), optional
        What scenarios say of it, up to scale and place: the error of the estimate is, to first
        order, in proportion to their mean less the truth. None where the figure is exact.
    """

    interval: Interval
    parts: NDArray[np.float64] | NDArray[np.bool_] | None

    @property
    def errors(self) -> Floats:
        """What each scenario adds to the error of the estimate, (scenario,), of mean 0.

        Their standard deviation over the root of their number is the standard error; 0 alone where
        the figure is exact.
        """
        if self.parts is None:
            return np.zeros(1)
        off = self.parts - np.mean(self.parts)
        spread = float(np.std(off))
        z = float(ndtri(0.5 + self.interval.level / 2.0))
        error = self.interval.half_width / z
        return np.asarray(off * (error * math.sqrt(off.size) / spread if spread > 0.0 else 0.0))


def quantile_figure(values: Floats, q: float, level: float) -> Figure:
    """Return a quantile of values (scenario,).

    Examples
    --------
    >>> quantile_figure(np.arange(101.0), 0.5, 0.95).interval.estimate
    50.0
    """
    interval = quantile_interval(values, q, level)
    return Figure(interval, values <= interval.estimate)


def probability_figure(inside: NDArray[np.bool_], level: float) -> Figure:
    """Return the probability of what is true in some scenarios, inside (scenario,).

    Examples
    --------
    >>> probability_figure(np.arange(100) < 30, 0.95).interval.estimate
    0.3
    """
    return Figure(probability_interval(int(np.count_nonzero(inside)), inside.size, level), inside)


def cvar_figure(values: Floats, share: float, level: float) -> Figure:
    """Return the mean of the lowest share of values (scenario,).

    Raises
    ------
    PrecisionError
        If the share holds fewer than 25 scenarios.

    Examples
    --------
    >>> cvar_figure(np.arange(1_000.0), 0.05, 0.95).interval.estimate
    24.5
    """
    interval = lower_mean_interval(values, share, level)
    place = max(math.ceil(share * values.size * (1.0 - 1e-12)), 1) - 1
    worst = float(np.partition(values, place)[place])
    return Figure(interval, worst_parts(values, worst, share))


def mean_figure(values: Floats, plan: Plan, metric: str, level: float) -> Figure:
    """Return the mean of a plan's value or net as it may be shown.

    That of values (scenario,) where they are many for their tail, else the exact one; infinite or
    NaN where there is none or it is not known. The plan decides whether it exists, not the values.

    Examples
    --------
    >>> from gtmsim import CampaignProgram, Pareto
    >>> bets = CampaignProgram(name="bets", campaigns=9, spend=1.0, multiple=Pareto(tail_index=1.0))
    >>> mean_figure(np.ones(99), Plan(horizon=6, channels=[bets]), "value", 0.95).interval.estimate
    inf
    """
    tail = tail_contract(plan).loc["portfolio"]
    if tail["mean_exists"] is None:
        return Figure(_point(math.nan, level, "not known"), None)
    if not tail["mean_exists"]:
        return Figure(_point(math.inf, level, "infinite"), None)
    if tail["variance_exists"]:
        try:
            interval = mean_interval(values, level)
        except PrecisionError:
            return exact_mean(plan, metric, level)
        if interval.method == "normal":
            return Figure(interval, values)
    return exact_mean(plan, metric, level)


def spend_mean(spend: Floats, level: float) -> Interval:
    """Return the mean of spend (scenario,), without ends where it is too rarely other than usual.

    Examples
    --------
    >>> spend_mean(np.array([2.0, 2.0]), 0.95).estimate
    2.0
    """
    try:
        return mean_interval(spend, level)
    except PrecisionError:
        return Interval(float(spend.mean()), math.nan, math.nan, level, "too few scenarios")


def exact_mean(plan: Plan, metric: str, level: float) -> Figure:
    """Return the exact mean of a plan's value or net, NaN where it has no closed form.

    Examples
    --------
    >>> from gtmsim.presets import example_plan
    >>> exact_mean(example_plan(), "value", 0.95).interval.method
    'exact'
    """
    mean = float(exact_moments(plan)[f"{metric}_mean"]["portfolio"])
    return Figure(_point(mean, level, "not known" if math.isnan(mean) else "exact"), None)


def _point(value: float, level: float, method: str) -> Interval:
    return Interval(value, value, value, level, method)


def difference(a: Figure, b: Figure) -> Interval:
    """Return the interval of figure a less figure b of the same scenarios.

    Parameters
    ----------
    a, b : Figure
        Of one kind and level.

    Returns
    -------
    Interval
        NaN or infinite without width where an estimate is.

    Notes
    -----
    The squares of the two distances from an estimate to its end are added, as variances are, less
    twice the product times the correlation of what scenarios say of both. For means this is the
    paired normal interval. For quantiles the correlation is that of being below one and the other,
    which is all that pairing does to first order (Bahadur); their densities are in the ends. For
    probabilities it is Newcombe's interval. Ends need not be symmetric, and where all scenarios
    near a quantile have one value there is no error and no width.

    References
    ----------
    G. Y. Zou and A. Donner, "Construction of confidence limits about effect measures: a general
    approach", Statistics in Medicine 27 (2008), 1693-1702; R. G. Newcombe, "Improved confidence
    intervals for the difference between binomial proportions based on paired data", Statistics in
    Medicine 17 (1998), 2635-2650, method 10 without its correction; R. R. Bahadur, "A note on
    quantiles in large samples", Annals of Mathematical Statistics 37 (1966), 577-580.

    Examples
    --------
    >>> x = np.random.default_rng(1).normal(size=1_000)
    >>> interval = difference(quantile_figure(x + 1.0, 0.5, 0.95), quantile_figure(x, 0.5, 0.95))
    >>> round(interval.estimate, 9), interval.half_width < 0.02
    (1.0, True)
    """
    one, other = a.interval, b.interval
    estimate = one.estimate - other.estimate
    if not math.isfinite(estimate):
        return _point(estimate, one.level, _both(one.method, other.method))
    if _same(a, b):
        return _point(estimate, one.level, one.method)
    alike = correlation(a, b)
    low = _length(one.estimate - one.low, other.high - other.estimate, alike)
    high = _length(one.high - one.estimate, other.estimate - other.low, alike)
    method = one.method if one.method == other.method == "exact" else f"paired {one.method}"
    return Interval(estimate, estimate - low, estimate + high, one.level, method)


def correlation(a: Figure, b: Figure) -> float:
    """Return how alike the errors of two figures of the same scenarios are, from -1 to 1.

    Examples
    --------
    >>> x = np.random.default_rng(1).normal(size=1_000)
    >>> figure = quantile_figure(x, 0.5, 0.95)
    >>> round(correlation(figure, quantile_figure(-x, 0.5, 0.95)), 9)
    -1.0
    """
    if a.parts is None or b.parts is None:
        return 0.0
    x, y = a.parts - np.mean(a.parts), b.parts - np.mean(b.parts)
    scale = math.sqrt(float(x @ x)) * math.sqrt(float(y @ y))
    return min(max(float(x @ y) / scale, -1.0), 1.0) if scale > 0.0 else 0.0


def _same(a: Figure, b: Figure) -> bool:
    """Whether both are of the same values, so that nothing lies between them."""
    if a.parts is None or b.parts is None:
        return False
    return a.interval == b.interval and np.array_equal(a.parts, b.parts)


def _length(one: float, other: float, alike: float) -> float:
    if math.isinf(one) or math.isinf(other):
        return math.inf
    return math.sqrt(max(one**2 + other**2 - 2.0 * alike * one * other, 0.0))


def _both(one: str, other: str) -> str:
    return one if one == other else f"{one} and {other}"
