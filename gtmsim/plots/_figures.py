"""A figure of a plan on an axis: its name in words, its unit and its digits."""

from __future__ import annotations

from typing import NamedTuple

from matplotlib.ticker import FuncFormatter

from gtmsim.decide.sensitivity.metric import Metric
from gtmsim.plots._money import Money


class FigureAxis(NamedTuple):
    """A figure in the unit in which it has few digits."""

    name: str
    money: Money

    @classmethod
    def of(
        cls, figure: str, largest: float, currency: str, metric: str | None = None
    ) -> FigureAxis:
        """Return the axis of a figure as sensitivity names it, or of one of a ``metric``.

        Examples
        --------
        >>> FigureAxis.of("net_p10", 2e6, "USD").label, FigureAxis.of("prob_loss", 1.0, "USD").label
        ('P10 of net (million USD)', 'chance of a loss (%)')
        """
        if metric is not None and not figure.startswith("prob"):
            figure = f"{metric}_{figure}"
        found = Metric.named(figure)
        if found.is_share:
            name = "chance of a loss" if found.kind == "loss" else "chance of the target"
            return cls(name, Money(0.01, "%"))
        if found.kind == "quantile":
            name = f"P{100.0 * found.share:g} of {found.of}"
        elif found.kind == "cvar":
            name = f"mean {found.of} of the worst {100.0 * found.share:g} %"
        else:
            name = f"mean {found.of}"
        if found.of == "multiple":
            return cls(name, Money(1.0, "per 1 spent"))
        return cls(name, Money.for_size(largest, currency))

    @property
    def unit(self) -> str:
        """In words."""
        return self.money.name

    @property
    def label(self) -> str:
        """Name and unit."""
        return f"{self.name} ({self.unit})"

    def number(self, amount: float) -> str:
        """Return an amount in this unit, with three digits."""
        return self.money.number(amount)

    def ticks(self) -> FuncFormatter:
        """Return what writes an axis in this unit."""
        return self.money.ticks()
