"""A result at one glance."""

from __future__ import annotations

from matplotlib.figure import Figure

from gtmsim.plots.concentration import lorenz
from gtmsim.plots.outcomes import outcome
from gtmsim.result import PortfolioResult


def overview(result: PortfolioResult) -> Figure:
    """Draw the outcome and the Lorenz curves side by side, on a figure that no window shows.

    Parameters
    ----------
    result : PortfolioResult
        With its scenarios or with ``keep="summary"``.

    Returns
    -------
    Figure

    Examples
    --------
    >>> import gtmsim as gtm
    >>> result = gtm.simulate_portfolio(gtm.presets.example_plan(), scenarios=1_000, rng=7)
    >>> len(overview(result).axes)
    2
    """
    figure = Figure(figsize=(10.0, 4.2), layout="constrained")
    left, right = figure.subplots(1, 2)
    outcome(result, ax=left)
    lorenz(result, ax=right)
    return figure
