"""How precise a figure is to be, and how many scenarios that takes."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gtmsim.errors import MetricError, PrecisionError, check_number

if TYPE_CHECKING:
    from gtmsim.result import PortfolioResult

_HEAVY_MEANS = ("mean", "value_mean", "net_mean", "multiple_mean", "largest_mean")


@dataclass(frozen=True)
class Precision:
    """How precise a figure is to be when a simulation may stop.

    Parameters
    ----------
    metric : str
        A figure, as in :meth:`gtmsim.PortfolioResult.interval`: "p10", "prob_target", "net_p50".
    relative : float
        Half-width of its interval as a share of its estimate, above 0 and below 1.
    confidence : float, default 0.95
        Level of the interval.
    channel : str, default "portfolio"

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If a number is out of its range.

    Notes
    -----
    A run that stops when its interval is narrow enough stops a little too often on an interval that
    is too narrow by chance. It looks after 1, 2, 4, 8, ... batches only, so this happens rarely;
    what is left is of the order of 1/n. A fixed number of scenarios has no such bias.

    References
    ----------
    Y. S. Chow and H. Robbins, "On the asymptotic theory of fixed-width sequential confidence
    intervals for the mean", Annals of Mathematical Statistics 36 (1965), 457-462.

    Examples
    --------
    >>> Precision(metric="p10", relative=0.01).confidence
    0.95
    """

    metric: str
    relative: float
    confidence: float = 0.95
    channel: str = "portfolio"

    def __post_init__(self) -> None:
        bounds = {"low": 0.0, "high": 1.0, "low_open": True, "high_open": True}
        check_number("relative", self.relative, **bounds)  # type: ignore[arg-type]
        check_number("confidence", self.confidence, **bounds)  # type: ignore[arg-type]

    def reached(self, result: PortfolioResult) -> float:
        """Return the relative half-width of the figure's interval over what is asked; 1 is enough.

        Infinite while there are too few scenarios for an interval, or the estimate is 0.

        Raises
        ------
        MetricError
            If there is no such figure, or it is a mean that does not exist or hardly converges.
        """
        self._check_converges(result)
        try:
            interval = result.interval(self.metric, self.channel, level=self.confidence)
        except PrecisionError:
            return math.inf
        wanted = self.relative * abs(interval.estimate)
        half = interval.half_width
        if not math.isfinite(half):
            return math.inf
        return half / wanted if wanted > 0.0 else (0.0 if half == 0.0 else math.inf)

    def _check_converges(self, result: PortfolioResult) -> None:
        if self.metric not in _HEAVY_MEANS or self.channel not in result.tail.index:
            return
        tail = result.tail.loc[self.channel]
        if tail["mean_exists"] and not tail["variance_exists"]:
            alpha = float(result.tail["tail_index"][self.channel])
            rule = (
                f"must converge: with tail index {alpha:g} the mean of n scenarios comes near "
                f"as n**-{1.0 - 1.0 / alpha:.2g}"
            )
            raise MetricError("metric", rule, self.metric, "read result.exact instead")
