"""What an allocation makes as large as it can: a figure of the plan's scenarios."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from gtmsim.core._types import Floats
from gtmsim.decide.paired import (
    Figure,
    cvar_figure,
    probability_figure,
    quantile_figure,
)
from gtmsim.errors import ArgumentError, check_number
from gtmsim.statistics import Interval
from gtmsim.statistics.intervals import interval_of_mean


@dataclass(frozen=True)
class Sample:
    """A plan's scenarios.

    Attributes
    ----------
    value, spend : array (scenario,)
        Present value, currency.
    mean : float or array (scenario,)
        What scenarios add to the mean of value less spend: of all that has an exact mean the mean,
        so that nothing of it is left to chance. NaN where no mean is asked for.
    """

    value: Floats
    spend: Floats
    mean: float | Floats = math.nan

    def metric(self, name: str) -> Floats:
        """Return value or net in every scenario (scenario,)."""
        return self.value if name == "value" else self.value - self.spend


@dataclass(frozen=True)
class Objective(ABC):
    """A figure to make as large as possible; one of its subclasses is what :func:`allocate` takes.

    Notes
    -----
    ``estimate`` is the figure of a sample, ``score`` what a search compares, and ``figure`` the
    estimate with its interval and with what a paired difference needs.
    """

    needs_mean: ClassVar[bool] = False

    @abstractmethod
    def estimate(self, sample: Sample) -> float:
        """Return the figure of a sample."""

    def score(self, sample: Sample) -> float:
        """Return what a search compares: the figure, and what breaks its ties."""
        return self.estimate(sample)

    @abstractmethod
    def figure(self, sample: Sample, level: float) -> Figure:
        """Return the figure with its interval."""

    @abstractmethod
    def label(self) -> str:
        """Return the figure's name in words."""


@dataclass(frozen=True)
class Quantile(Objective):
    """A quantile of net or of value: 0.1 is P10, which 90 % of scenarios reach.

    Parameters
    ----------
    q : float
        Above 0 and below 1.
    metric : {"net", "value"}

    Raises
    ------
    ArgumentError
        If a parameter breaks its rule.

    Examples
    --------
    >>> Quantile(0.1).label()
    'P10 of net'
    """

    q: float
    metric: str = "net"

    def __post_init__(self) -> None:
        check_number("q", self.q, low=0.0, high=1.0, low_open=True, high_open=True)
        _check_metric(self.metric)

    def estimate(self, sample: Sample) -> float:
        """Return numpy's quantile, linear between neighbours."""
        return float(np.quantile(sample.metric(self.metric), self.q))

    def figure(self, sample: Sample, level: float) -> Figure:
        """Return the quantile with its interval, by order statistics."""
        return quantile_figure(sample.metric(self.metric), self.q, level)

    def label(self) -> str:
        """Return the figure's name in words."""
        return f"P{100.0 * self.q:g} of {self.metric}"


@dataclass(frozen=True)
class Median(Quantile):
    """The median of net or of value.

    Parameters
    ----------
    metric : {"net", "value"}

    Examples
    --------
    >>> Median("value").label()
    'median of value'
    """

    q: float = 0.5

    def __init__(self, metric: str = "net") -> None:
        object.__setattr__(self, "metric", metric)
        _check_metric(metric)

    def label(self) -> str:
        """Return the figure's name in words."""
        return f"median of {self.metric}"


@dataclass(frozen=True)
class ProbAtLeast(Objective):
    """The probability that value, or net, is at least a target.

    Parameters
    ----------
    target : float, optional
        By default that of the plan (currency).
    metric : {"value", "net"}

    Raises
    ------
    ArgumentError
        If a parameter breaks its rule.

    Examples
    --------
    >>> ProbAtLeast(2e6).label()
    'P(value at least 2e+06)'
    """

    target: float | None = None
    metric: str = "value"

    def __post_init__(self) -> None:
        if self.target is not None:
            check_number("target", self.target)
        _check_metric(self.metric)

    @property
    def goal(self) -> float:
        """The target, which has to be known by now."""
        if self.target is None:
            fix = "give target=, or a plan with a target"
            raise ArgumentError("target", "must be given for P(at least target)", None, fix)
        return self.target

    def estimate(self, sample: Sample) -> float:
        """Return the share of scenarios that reach the target."""
        return float(np.mean(sample.metric(self.metric) >= self.goal))

    def score(self, sample: Sample) -> float:
        """Return the share, and less than one scenario's worth for how little is missed."""
        x = sample.metric(self.metric)
        missed = np.maximum(self.goal - x, 0.0).mean()
        scale = 2.0 * x.size * (abs(self.goal) + float(np.max(sample.spend)) + 1e-300)
        return float(np.mean(x >= self.goal) - missed / scale)

    def figure(self, sample: Sample, level: float) -> Figure:
        """Return the probability with its interval, Wilson's."""
        return probability_figure(sample.metric(self.metric) >= self.goal, level)

    def label(self) -> str:
        """Return the figure's name in words."""
        return f"P({self.metric} at least {self.goal:.6g})"


@dataclass(frozen=True)
class MeanLessCVaR(Objective):
    """The mean less a weight times the CVaR, which is the mean loss of the worst scenarios.

    Parameters
    ----------
    weight : float, default 1
        The lambda, at least 0; 0 is the mean alone.
    tail : float, default 0.05
        Fraction of scenarios that are the worst, above 0 and below 1.

    Raises
    ------
    ArgumentError
        If a parameter breaks its rule.

    Notes
    -----
    Of net. The mean is exact and not that of scenarios, so a heavy tail adds nothing to the error;
    only that of a team which may be short of pipeline is the scenarios'. Where it does not exist,
    the objective is refused.

    References
    ----------
    R. T. Rockafellar and S. Uryasev, "Conditional value-at-risk for general loss distributions",
    Journal of Banking and Finance 26 (2002), 1443-1471.

    Examples
    --------
    >>> MeanLessCVaR(0.5).label()
    'mean net less 0.5 of the mean loss of the worst 5 %'
    """

    weight: float = 1.0
    tail: float = 0.05
    needs_mean: ClassVar[bool] = True

    def __post_init__(self) -> None:
        check_number("weight", self.weight, low=0.0)
        check_number("tail", self.tail, low=0.0, high=1.0, low_open=True, high_open=True)

    def estimate(self, sample: Sample) -> float:
        """Return the exact mean of net, and the weight times the mean of the worst of it."""
        net = sample.metric("net")
        return float(np.mean(sample.mean)) + self.weight * _lower_mean(net, self.tail)

    def figure(self, sample: Sample, level: float) -> Figure:
        """Return the estimate with its interval, to first order that of a mean."""
        net = sample.metric("net")
        worst = cvar_figure(net, self.tail, level).parts
        parts = self.weight * np.asarray(worst) + sample.mean
        return _mean_figure(parts, self.estimate(sample), level)

    def label(self) -> str:
        """Return the figure's name in words."""
        worst = f"the mean loss of the worst {100.0 * self.tail:g} %"
        return f"mean net less {self.weight:g} of {worst}" if self.weight else "mean net"


@dataclass(frozen=True)
class Kelly(Objective):
    """The expected logarithm of wealth: bankroll and net. What may ruin is never taken.

    Parameters
    ----------
    bankroll : float
        Wealth before (currency), above 0.

    Raises
    ------
    ArgumentError
        If a parameter breaks its rule.

    References
    ----------
    J. L. Kelly, "A new interpretation of information rate", Bell System Technical Journal 35
    (1956), 917-926.

    Examples
    --------
    >>> Kelly(1e6).label()
    'mean log of wealth from 1e+06'
    """

    bankroll: float

    def __post_init__(self) -> None:
        check_number("bankroll", self.bankroll, low=0.0, low_open=True)

    def estimate(self, sample: Sample) -> float:
        """Return the mean logarithm of wealth, or minus infinity where a scenario ruins."""
        return float(self._logs(sample).mean())

    def figure(self, sample: Sample, level: float) -> Figure:
        """Return the mean logarithm of wealth with its interval, that of a mean."""
        logs = self._logs(sample)
        if np.isinf(logs[0]):
            return Figure(Interval(-math.inf, -math.inf, -math.inf, level, "ruin"), None)
        return _mean_figure(logs, float(logs.mean()), level)

    def _logs(self, sample: Sample) -> Floats:
        """Return the logarithm of wealth (scenario,), -infinity throughout if any ruins."""
        wealth = self.bankroll + sample.metric("net")
        if wealth.min() <= 0.0:
            return np.full(wealth.shape, -np.inf)
        logs: Floats = np.log(wealth)
        return logs

    def label(self) -> str:
        """Return the figure's name in words."""
        return f"mean log of wealth from {self.bankroll:.6g}"


def _check_metric(metric: object) -> None:
    if metric not in ("net", "value"):
        raise ArgumentError("metric", "must be 'net' or 'value'", metric)


def _lower_mean(x: Floats, fraction: float) -> float:
    """Mean of the lowest fraction of x (scenario,), its last scenario taken in part."""
    wanted = fraction * x.size
    whole = min(int(wanted), x.size - 1)
    ordered = np.partition(x, whole)
    return float(ordered[:whole].sum() + (wanted - whole) * ordered[whole]) / wanted


def _mean_figure(parts: Floats, estimate: float, level: float) -> Figure:
    """Return a figure that is a mean of parts (scenario,) to first order."""
    found = interval_of_mean(parts, np.ones(parts.size), level, "influence function")
    below, above = found.estimate - found.low, found.high - found.estimate
    return Figure(Interval(estimate, estimate - below, estimate + above, level, "normal"), parts)
