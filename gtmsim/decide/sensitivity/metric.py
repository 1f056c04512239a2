"""What is asked of a plan: a figure of its value, net, spend or multiple, by name."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Final

import numpy as np

from gtmsim.core._types import Floats
from gtmsim.decide.draws import Totals
from gtmsim.decide.paired import (
    Figure,
    cvar_figure,
    exact_mean,
    mean_figure,
    probability_figure,
    quantile_figure,
)
from gtmsim.errors import MetricError
from gtmsim.plan import Plan

_METRICS: Final = ("value", "net", "spend", "multiple")
_FORMS = re.compile(
    r"(?:(?P<metric>value|net|spend|multiple)_)?"
    r"(?:p(?P<quantile>\d+(?:\.\d+)?)|cvar_(?P<cvar>\d+(?:\.\d+)?)|(?P<mean>mean))"
)


@dataclass(frozen=True)
class Metric:
    """A figure of the portfolio, named as in :meth:`gtmsim.PortfolioResult.interval`.

    Attributes
    ----------
    name : str
    of : {"value", "net", "spend", "multiple"}
    kind : {"quantile", "cvar", "mean", "loss", "target"}
    share : float
        The quantile, or the worst fraction of which the mean is taken.

    Examples
    --------
    >>> Metric.named("p10").share, Metric.named("net_cvar_95").kind
    (0.1, 'cvar')
    """

    name: str
    of: str
    kind: str
    share: float = math.nan

    @classmethod
    def named(cls, name: object) -> Metric:
        """Return the figure of this name.

        Raises
        ------
        MetricError
            If there is none; the known are listed.
        """
        if name == "prob_loss":
            return cls("prob_loss", "net", "loss")
        if name == "prob_target":
            return cls("prob_target", "value", "target")
        found = _FORMS.fullmatch(name) if isinstance(name, str) else None
        if found is not None:
            of = found["metric"] or ("net" if found["cvar"] else "value")
            if found["mean"] and of in ("value", "net"):
                return cls(found[0], of, "mean")
            if not found["mean"] and 0.0 < (share := _share(found)) < 1.0:
                return cls(found[0], of, "cvar" if found["cvar"] else "quantile", share)
        rule = (
            "must be prob_loss, prob_target, or one of value, net, spend, multiple and _p10 or "
            "_cvar_95, or value_mean or net_mean"
        )
        raise MetricError("metric", rule, name, "write 'p50', 'net_p10' or 'prob_target'")

    @property
    def is_share(self) -> bool:
        """Whether it is a probability."""
        return self.kind in ("loss", "target")

    def of_plan(self, totals: Totals, plan: Plan, level: float) -> Figure:
        """Return the figure of a plan from what it returns and costs in each scenario.

        Raises
        ------
        MetricError
            If it is the chance to reach a target and the plan has none.
        PrecisionError
            If the worst fraction holds too few scenarios.

        Examples
        --------
        >>> from gtmsim.decide.draws import Draws
        >>> from gtmsim.presets import example_plan
        >>> plan = example_plan()
        >>> figure = Metric.named("prob_target").of_plan(Draws(500, 7).totals(plan), plan, 0.95)
        >>> 0.0 < figure.interval.low < figure.interval.high < 1.0
        True
        """
        if self.kind == "target":
            if plan.target is None:
                rule, fix = "must be of a plan with a target", "set the plan's target"
                raise MetricError("metric", rule, self.name, fix)
            return probability_figure(totals.value >= plan.target, level)
        if self.kind == "loss":
            return probability_figure(totals.net < 0.0, level)
        values = self._values(totals)
        if self.kind == "mean":
            found = mean_figure(values, plan, self.of, level)
            if found.parts is None:
                return found
            # Exact means of all plans have exact differences; scenarios add their own luck.
            exact = exact_mean(plan, self.of, level)
            return found if math.isnan(exact.interval.estimate) else exact
        if self.kind == "cvar":
            return cvar_figure(values, self.share, level)
        return quantile_figure(values, self.share, level)

    def _values(self, totals: Totals) -> Floats:
        if self.of == "multiple":
            return np.asarray(totals.value / totals.spend)
        return totals.spend if self.of == "spend" else totals.of(self.of)


def _share(found: re.Match[str]) -> float:
    if found["cvar"]:
        return 1.0 - float(found["cvar"]) / 100.0
    return float(found["quantile"]) / 100.0


def plain(value: float) -> str:
    """Return a field's value with four digits, a large one in full.

    Examples
    --------
    >>> plain(0.63754), plain(640_000.0)
    ('0.6375', '640,000')
    """
    return f"{value:.4g}" if abs(value) < 1e4 else f"{value:,.0f}"
