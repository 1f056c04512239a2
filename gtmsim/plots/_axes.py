"""What all pictures share: colours, new axes and how they are finished."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

BLUE, LIGHT_BLUE, ORANGE, RED, GREY = "#0072B2", "#9CC9E3", "#E69F00", "#B8442A", "#6E6E6E"
GREEN = "#009E73"

_LONGEST, _HEAD = 32, 13
"""Letters of a name at a row, and those before what is left out of it."""


def new_axes(ax: Axes | None) -> Axes:
    """Return the axes that were given, or those of a new figure."""
    if ax is not None:
        return ax
    # Imported here: it chooses a backend, which a figure for a file does without.
    import matplotlib.pyplot as plt

    return plt.subplots(figsize=(7.0, 4.5), layout="constrained")[1]


def finish(ax: Axes, title: str) -> Axes:
    """Write the title, which says what was found, and open the frame."""
    ax.set_title(title, loc="left", fontsize=10, fontweight="bold", wrap=True)
    ax.spines[["top", "right"]].set_visible(False)
    return ax


def legend_below(ax: Axes, *handles: Artist, title: str | None = None, ncols: int = 2) -> None:
    """Put the legend under the axes, where it can hide nothing."""
    ax.legend(
        handles=handles or None,
        loc="upper center",
        bbox_to_anchor=(0.45, -0.13),
        ncols=ncols,
        frameon=False,
        fontsize=8,
        title=title,
        title_fontsize=8,
    )


def name_rows(ax: Axes, names: Sequence[str]) -> None:
    """Write names at the rows 0, 1, ... of an axis, long ones without their middle."""
    shown = [
        n if len(n) <= _LONGEST else f"{n[:_HEAD]}\u2026{n[_HEAD + 1 - _LONGEST :]}" for n in names
    ]
    # A name may hold a dollar sign, or two.
    ax.set_yticks(range(len(shown)), shown, fontsize=8, parse_math=False)
    ax.tick_params(axis="y", length=0.0)


def percent(share: float) -> str:
    """Return a share in percent with two digits.

    Examples
    --------
    >>> percent(1.0), percent(0.123), percent(0.0012)
    ('100 %', '12 %', '0.12 %')
    """
    return f"{100.0 * share:.0f} %" if share >= 0.0995 else f"{100.0 * share:.2g} %"


def percent_range(low: float, high: float) -> str:
    """Return an interval of a share in percent, with the digits that tell its ends apart.

    Examples
    --------
    >>> percent_range(0.351, 0.372), percent_range(0.3561, 0.3579), percent_range(0.0, 0.0004)
    ('35 to 37 %', '35.6 to 35.8 %', '0.00 to 0.04 %')
    """
    width = 100.0 * (high - low)
    digits = 0 if width >= 1.0 else 1 if width >= 0.1 else 2
    return f"{100.0 * low:.{digits}f} to {100.0 * high:.{digits}f} %"


def plain_log(axis: Axis, formatter: FuncFormatter | None = None, decades: float = 9.0) -> None:
    """Write 0.1, 1 and 10 at the ticks of a logarithmic axis; 2 and 5 too if it has few decades."""
    axis.set_major_locator(LogLocator(10.0, subs=(1.0, 2.0, 5.0) if decades < 2.5 else (1.0,)))
    axis.set_major_formatter(formatter or FuncFormatter(lambda number, _: f"{number:,.10g}"))
    axis.set_minor_formatter(NullFormatter())


def short(name: str) -> str:
    """Return a name with at most 24 letters, its beginning and its end.

    Examples
    --------
    >>> short("PR"), short("a team with a rather long name 29")
    ('PR', 'a team with\u2026ong name 29')
    """
    return name if len(name) <= 24 else f"{name[:12].strip()}\u2026{name[-11:].strip()}"


def say_nothing_returned(ax: Axes, name: str) -> Axes:
    """Finish axes of what returned nothing in any scenario."""
    ax.text(0.5, 0.5, "no scenario returned anything", ha="center", transform=ax.transAxes)
    return finish(ax, f"{name}: nothing was returned")
