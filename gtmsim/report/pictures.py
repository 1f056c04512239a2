"""The pictures of the report, each as SVG for the page."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from gtmsim.result import PortfolioResult

if TYPE_CHECKING:
    from gtmsim.decide.sensitivity import Sensitivity


def pictures(result: PortfolioResult, sensitivity: Sensitivity | None = None) -> dict[str, Markup]:
    """Return the pictures by name: SVG elements, whose texts are escaped already."""
    # Here, because matplotlib is slow to load.
    from gtmsim import plots
    from gtmsim.plots.svg import inline_svg

    plan = result.plan
    goal = "" if plan.target is None else ", with the target marked"
    money = f"{plan.basis} in {plan.currency}"
    drawn: dict[str, tuple[Callable[[Any], object], str]] = {
        "outcome": (
            lambda ax: plots.outcome(result, ax=ax),
            f"Histogram of {money} over {result.scenarios:,} scenarios{goal}. P10, P50 and P90 "
            "are in the first answer.",
        ),
        "fan": (
            lambda ax: plots.fan(result, ax=ax),
            "Value less spend up to each month: the middle line is the median, the bands are P25 "
            "to P75 and P10 to P90 of scenarios.",
        ),
        "waterfall": (
            lambda ax: plots.waterfall(result, ax=ax),
            "What each channel adds to value; the table of channels has the figures.",
        ),
        "lorenz": (
            lambda ax: plots.lorenz(result, ax=ax),
            "Share of value against share of spend, best spend first, for campaigns and for "
            "seats; the best 1 % is marked.",
        ),
        "topshare": (
            lambda ax: plots.top_share(result, ax=ax),
            "How much of the value the best one brings; the table of concentration has the "
            "figures.",
        ),
        "exceedance": (
            lambda ax: plots.exceedance(result, ax=ax),
            "Chance that the value is at least so much.",
        ),
    }
    if sensitivity is not None:
        drawn["tornado"] = (
            lambda ax: plots.tornado(sensitivity, ax=ax),
            f"How far {sensitivity.metric} moves when one assumption is at its low and high end.",
        )
    return {
        name: Markup(inline_svg(draw, prefix=name, description=description))
        for name, (draw, description) in drawn.items()
    }
