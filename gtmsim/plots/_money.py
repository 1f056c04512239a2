"""Amounts of money on an axis: the unit in which they have few digits."""

from __future__ import annotations

from typing import NamedTuple

from matplotlib.ticker import FuncFormatter

from gtmsim.result import PortfolioResult

_UNITS = ((1e12, "trillion "), (1e9, "billion "), (1e6, "million "), (1e3, "thousand "), (1.0, ""))


class Money(NamedTuple):
    """A unit in which amounts of a picture have few digits."""

    scale: float
    name: str

    @classmethod
    def for_size(cls, largest: float, currency: str) -> Money:
        """Return the unit for amounts up to ``largest``."""
        scale, word = next((u for u in _UNITS if abs(largest) >= u[0]), _UNITS[-1])
        return cls(scale, f"{word}{currency}")

    def number(self, amount: float) -> str:
        """Return an amount in this unit, with three digits.

        Examples
        --------
        >>> Money.for_size(2_345_678.0, "USD").number(1_234_567.0)
        '1.23'
        """
        scaled = amount / self.scale
        return f"{scaled:,.0f}" if abs(scaled) >= 100.0 else f"{scaled:.3g}"

    def ticks(self) -> FuncFormatter:
        """Return what writes an axis in this unit."""
        return FuncFormatter(lambda amount, _: f"{amount / self.scale:,.10g}")


def money_label(result: PortfolioResult, what: str, money: Money, horizon: bool = True) -> str:
    """Return the label of an axis of money: what it is, of which time, in which unit."""
    within = f" within {result.plan.horizon} months" if horizon else ""
    present = ", present value" if result.plan.discount_rate else ""
    return f"{what}{within}{present} ({money.name})"
