"""How precise a figure is to be, and how many scenarios that takes."""

from __future__ import annotations

import math
from dataclasses import dataclass

from gtmsim.errors import MetricError, PrecisionError, check_number
from gtmsim.result import PortfolioResult
from gtmsim.result.intervals import mean_tail_index


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
        check_number("relative", self.relative, low=0, high=1, low_open=True, high_open=True)
        check_number("confidence", self.confidence, low=0, high=1, low_open=True, high_open=True)

    def excess(self, result: PortfolioResult) -> float:
        """Return how many times as wide the figure's interval is as was asked; 1 is precise enough.

        Infinite while there are too few scenarios for an interval, or the estimate is 0.

        Raises
        ------
        MetricError
            If there is no such figure, or it is a mean that does not exist or hardly converges.
        """
        alpha = mean_tail_index(result, self.metric, self.channel)
        if alpha <= 2.0:
            rate = f"n**-{1.0 - 1.0 / alpha:.2g}"
            rule = (
                f"must converge: with tail index {alpha:g} the mean of n scenarios comes near as "
                f"{rate}"
            )
            raise MetricError("metric", rule, self.metric, "read result.exact instead")
        try:
            interval = result.interval(self.metric, self.channel, level=self.confidence)
        except PrecisionError:
            return math.inf
        wanted = self.relative * abs(interval.estimate)
        half = interval.half_width
        if not math.isfinite(half):
            return math.inf
        return half / wanted if wanted > 0.0 else (0.0 if half == 0.0 else math.inf)
