"""What all pictures share: colours, new axes and how they are finished."""

from __future__ import annotations

from matplotlib.axes import Axes

BLUE, LIGHT_BLUE, ORANGE, RED, GREY = "#0072B2", "#9CC9E3", "#E69F00", "#B8442A", "#6E6E6E"


def new_axes(ax: Axes | None) -> Axes:
    """Return the axes that were given, or those of a new figure."""
    if ax is not None:
        return ax
    # Imported here: it chooses a backend, which a figure for a file does without.
    import matplotlib.pyplot as plt

    return plt.subplots(figsize=(7.0, 4.5), layout="constrained")[1]


def finish(ax: Axes, title: str) -> Axes:
    """Write the title, which says what was found, and open the frame."""
    ax.set_title(title, loc="left", fontsize=10, fontweight="bold")
    ax.spines[["top", "right"]].set_visible(False)
    return ax


def percent(share: float) -> str:
    """Return a share in percent with two digits.

    Examples
    --------
    >>> percent(1.0), percent(0.123), percent(0.0012)
    ('100 %', '12 %', '0.12 %')
    """
    return f"{100.0 * share:.0f} %" if share >= 0.0995 else f"{100.0 * share:.2g} %"
