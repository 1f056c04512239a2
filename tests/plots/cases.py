"""Plans that pictures are drawn of, and how to read what was drawn."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.text import Text
from scipy import stats

import gtmsim as gtm
from gtmsim.distributions import ScipyDistribution
from gtmsim.result import PortfolioResult

SCENARIOS = 4_000

STEADY = gtm.SalesTeam(name="steady", hires=2, quota=120_000, loaded_cost=60_000)
HOPELESS = gtm.CampaignProgram(
    name="hopeless", campaigns=1, spend=1.0, hit_rate=1e-12, multiple=gtm.Pareto(tail_index=2.0)
)
WILD = gtm.CampaignProgram(
    name="wild", campaigns=200, spend=1_000.0, hit_rate=0.1, multiple=gtm.Pareto(tail_index=0.5)
)
UNKNOWN = ScipyDistribution.from_frozen(stats.lognorm(1.0))
"""A law that says nothing of its tail."""


def heavy_plan(tail_index: float) -> gtm.Plan:
    """Return the example plan with a power law without a cap in PR."""
    plan = gtm.presets.example_plan()
    law = gtm.Pareto(tail_index=tail_index, minimum=1.0)
    wild = plan["PR"].replace(cap=None, multiple=law)
    return plan.replace(channels=[wild if c.name == "PR" else c for c in plan.channels])


def only(
    *channels: gtm.SalesTeam | gtm.CampaignProgram, scenarios: int = 1_000, **fields: object
) -> PortfolioResult:
    """Simulate a plan of 24 months that has these channels alone."""
    plan = gtm.Plan(**{"horizon": 24, "channels": channels, **fields})
    return gtm.simulate_portfolio(plan, scenarios=scenarios, rng=7)


def line(ax: Axes, label: str) -> Line2D:
    """Return the first line whose label begins like this."""
    return next(found for found in ax.lines if str(found.get_label()).startswith(label))


def title(ax: Axes) -> str:
    """Return the title, which stands at the left."""
    return ax.get_title(loc="left")


def legend(ax: Axes) -> list[str]:
    """Return the texts of the legend."""
    drawn = ax.get_legend()
    return [text.get_text() for text in drawn.get_texts()] if drawn else []


def band(ax: Axes, place: int = 0) -> np.ndarray:
    """Return the corners (corner, axis) of a band."""
    return np.asarray(ax.collections[place].get_paths()[0].vertices)


def overlaps(ax: Axes) -> list[tuple[str, str]]:
    """Return the texts of a picture that lie over one another, and those cut off at its edge."""
    figure = ax.get_figure(root=True)
    assert figure is not None
    figure.canvas.draw()
    texts = [
        text
        for text in figure.findobj(Text)
        if text.get_visible() and text.get_text().strip() and _is_shown(text, ax)
    ]
    boxes = [(text.get_text(), text.get_window_extent()) for text in texts]
    page = figure.bbox.padded(1.0)
    found = [
        (name, "the edge")
        for name, box in boxes
        if not (page.x0 <= box.x0 and box.x1 <= page.x1 and page.y0 <= box.y0 and box.y1 <= page.y1)
    ]
    for i, (name, box) in enumerate(boxes):
        for other, its in boxes[i + 1 :]:
            if box.padded(-1.0).overlaps(its.padded(-1.0)):
                found.append((name, other))
    return found


def _is_shown(text: Text, ax: Axes) -> bool:
    """Whether a text is drawn: ticks beyond the ends of an axis are not."""
    for axis in (ax.xaxis, ax.yaxis):
        low, high = sorted(axis.get_view_interval())
        for tick in (*axis.get_major_ticks(), *axis.get_minor_ticks()):
            if text in (tick.label1, tick.label2):
                return bool(low <= tick.get_loc() <= high)
    return True


def new_axes() -> Axes:
    """Return axes of the size that pictures have by default."""
    return plt.subplots(figsize=(7.0, 4.5), layout="constrained")[1]
