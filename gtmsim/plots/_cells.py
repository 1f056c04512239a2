"""Shares on a grid: a heat map with numbers that can be read on every colour, in print too."""

from __future__ import annotations

from collections.abc import Sequence

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.patheffects import withStroke

from gtmsim.core._types import Floats

DARK, WHITE = "#1A1A1A", "#FEFEFE"
"""Inks on a colour of the map. They are near black and white: those follow a page into the dark."""

_MAP = "cividis"  # rises in lightness alone: as readable in grey, and to the colour-blind
_MOST_ROWS, _MOST_COLUMNS = 16, 12
"""Numbers of more cells than these would overlap."""

_MOST_TICKS = 10


def draw_cells(
    ax: Axes,
    shares: Floats,
    texts: Sequence[Sequence[str]],
    rows: Sequence[str],
    columns: list[str],
) -> bool:
    """Draw shares (row, column), the first row lowest, with what is to be read of each.

    Colours go from 0 to 1 whatever the shares, so that pictures can be compared. Of too many cells
    no numbers are written, and a bar says what the colours mean.

    Returns
    -------
    bool
        Whether numbers are written.
    """
    height, width = shares.shape
    mesh = ax.pcolormesh(
        np.arange(width + 1) - 0.5,
        np.arange(height + 1) - 0.5,
        100.0 * shares,
        cmap=_MAP,
        vmin=0.0,
        vmax=100.0,
        edgecolors=WHITE if height * width <= _MOST_ROWS * _MOST_COLUMNS else "none",
        linewidth=0.4,
        rasterized=height * width > 10_000,
    )
    for axis, names in ((ax.xaxis, columns), (ax.yaxis, rows)):
        step = -(-len(names) // (_MOST_TICKS if len(names) > _MOST_ROWS else _MOST_ROWS))
        axis.set_ticks(np.arange(0, len(names), step), list(names)[::step], fontsize=9)
    ax.tick_params(length=0.0)
    if height > _MOST_ROWS or width > _MOST_COLUMNS:
        figure = ax.get_figure()
        assert figure is not None
        figure.colorbar(mesh, ax=ax, label="chance (%)")
        return False
    for (row, column), share in np.ndenumerate(shares):
        ax.text(
            column,
            row,
            texts[row][column],
            ha="center",
            va="center",
            fontsize=8,
            color=ink_on(float(share)),
        )
    return True


def ink_on(share: float) -> str:
    """Return the ink with the higher contrast on the colour of a share.

    References
    ----------
    "Web content accessibility guidelines" 2.1, contrast ratio and relative luminance.

    Examples
    --------
    >>> ink_on(0.0) == WHITE, ink_on(1.0) == DARK
    (True, True)
    """
    red, green, blue, _ = mpl.colormaps[_MAP](share)
    linear = [
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in (red, green, blue)
    ]
    light = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    # White is of luminance 1, the dark ink of 0.01.
    return WHITE if 1.05 / (light + 0.05) >= (light + 0.05) / 0.06 else DARK


def draw_border(ax: Axes, inside: np.ndarray) -> None:
    """Draw the border between the cells that are inside (row, column) and those that are not."""
    x: list[float] = []
    y: list[float] = []
    height, width = inside.shape
    for row in range(height):
        for column in range(width):
            if column + 1 < width and inside[row, column] != inside[row, column + 1]:
                x += [column + 0.5, column + 0.5, np.nan]
                y += [row - 0.5, row + 0.5, np.nan]
            if row + 1 < height and inside[row, column] != inside[row + 1, column]:
                x += [column - 0.5, column + 0.5, np.nan]
                y += [row + 0.5, row + 0.5, np.nan]
    if x:
        line = ax.plot(x, y, color=DARK, lw=2.2, solid_capstyle="projecting", label="even chance")
        line[0].set_path_effects([withStroke(linewidth=4.6, foreground=WHITE)])
