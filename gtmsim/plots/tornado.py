"""Picture of a sensitivity: what each assumption moves, the widest first."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from gtmsim.decide.sensitivity import Sensitivity
from gtmsim.errors import ArgumentTypeError, check_count
from gtmsim.plots._axes import (
    BLUE,
    GREY,
    ORANGE,
    finish,
    legend_below,
    name_rows,
    new_axes,
    percent,
)
from gtmsim.plots._figures import FigureAxis
from gtmsim.result.display import format_number

_MOST = 12
_COLUMNS = ["value", "low", "high", "at_low", "at_high", "swing", "swing_low", "swing_high"]
_LIGHT = "#D0D0D0"


def tornado_data(found: Sensitivity, most: int = _MOST) -> pd.DataFrame:
    """Return what each assumption moves, the widest swing first.

    Parameters
    ----------
    found : Sensitivity
        What `gtmsim.decide.sensitivity` returned.
    most : int, default 12
        So many are shown.

    Returns
    -------
    DataFrame
        Index path. Columns: value (in the plan), low and high, the figure at_low and at_high,
        swing from the one to the other with swing_low and swing_high, the ends of its paired
        interval; base, the figure of the plan as it is; noise, whether the interval holds 0; and
        shown, of the widest whose figures are finite.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If an argument breaks its rule.

    Examples
    --------
    >>> import gtmsim as gtm
    >>> from gtmsim.decide import sensitivity
    >>> ranges = {"PR.hit_rate": (0.05, 0.2), "paid social.hit_rate": (0.3, 0.6)}
    >>> plan = gtm.presets.example_plan()
    >>> found = sensitivity(plan, "p50", ranges=ranges, only=ranges, scenarios=1_000, rng=7)
    >>> tornado_data(found, most=1)["shown"].tolist()
    [True, False]
    """
    if not isinstance(found, Sensitivity):
        rule, fix = "must be a Sensitivity", "take what decide.sensitivity(plan) returns"
        raise ArgumentTypeError("found", rule, found, fix)
    most = check_count("most", most)
    data = found.table[_COLUMNS].copy()
    data["base"] = found.base.estimate
    data["noise"] = (data["swing_low"] <= 0.0) & (data["swing_high"] >= 0.0)
    finite = np.isfinite(data[["at_low", "at_high", "swing"]].to_numpy(dtype=float)).all(axis=1)
    data["shown"] = finite & (np.cumsum(finite) <= most)
    return data


def tornado(found: Sensitivity, most: int = _MOST, ax: Axes | None = None) -> Axes:
    """Draw what each assumption moves from its 10 % to its 90 % quantile, the widest on top.

    Parameters
    ----------
    found : Sensitivity
        What `gtmsim.decide.sensitivity` returned.
    most : int, default 12
        So many are shown; a line says what the others move at most.
    ax : Axes, optional
        A new figure by default.

    Returns
    -------
    Axes
        At the ends of bars stand the values of the assumption. A whisker at the upper one is the
        paired interval of the whole swing; where it holds 0 the bar is pale: no more than noise.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If an argument breaks its rule.

    Examples
    --------
    >>> import gtmsim as gtm
    >>> from gtmsim.decide import sensitivity
    >>> ranges = {"PR.hit_rate": (0.05, 0.2), "paid social.hit_rate": (0.3, 0.6)}
    >>> plan = gtm.presets.example_plan()
    >>> found = sensitivity(plan, "p50", ranges=ranges, only=ranges, scenarios=1_000, rng=7)
    >>> tornado(found).get_xlabel()
    'P50 of value (million USD)'
    """
    data = tornado_data(found, most)
    ax = new_axes(ax)
    shown = data[data["shown"]]
    ends = shown[["at_low", "at_high"]].to_numpy(dtype=float)
    base = found.base.estimate
    largest = float(np.abs([*ends.ravel(), base]).max())
    axis = FigureAxis.of(found.metric, largest, found.plan.currency)
    for place, (_, row) in enumerate(shown.iterrows()):
        _bar(ax, place, row)
    ax.axvline(base, color="black", lw=1.2)
    names = [str(path) for path in shown.index]
    rest = data[~data["shown"]]
    if len(rest):
        names.append(f"{len(rest)} others")
        ax.text(base, len(shown), f"  {_of_rest(rest, axis)}", va="center", fontsize=8)
    name_rows(ax, names)
    ax.set_ylim(len(names) - 0.4, -0.6)
    reach = [*ends.ravel().tolist(), base]
    low, high = min(reach), max(reach)
    room = 0.14 * (high - low) or 0.1 * abs(base) or 1.0
    ax.set_xlim(low - room, high + room)
    ax.xaxis.set_major_formatter(axis.ticks())
    ax.set_xlabel(axis.label)
    handles: list[Artist] = [
        Patch(fc=ORANGE, hatch="///", ec="black", lw=0.0, label="at the 10 % quantile"),
        Patch(fc=BLUE, label="at the 90 % quantile"),
        Line2D([], [], color="black", lw=1.0, marker="|", label=f"{percent(found.level)} interval"),
    ]
    if shown["noise"].any():
        handles.append(Patch(fc=_LIGHT, ec=GREY, label="within noise"))
    legend_below(ax, *handles, ncols=len(handles))
    return finish(ax, _found(shown, axis))


def _bar(ax: Axes, place: int, row: pd.Series) -> None:
    base, at_low, at_high = (float(row[name]) for name in ("base", "at_low", "at_high"))
    for end, color, hatch in ((at_low, ORANGE, "///"), (at_high, BLUE, None)):
        face = _LIGHT if row["noise"] else color
        ax.barh(place, end - base, 0.62, base, color=face, hatch=hatch, ec="black", lw=0.0)
    upper = sorted((at_low + float(row["swing_low"]), at_low + float(row["swing_high"])))
    if all(map(math.isfinite, upper)):
        ax.plot(upper, [place, place], color="black", lw=1.0, marker="|", markersize=5.0)
    for end, other, value in ((at_low, at_high, row["low"]), (at_high, at_low, row["high"])):
        right = end > other or (end == other and value == row["high"])
        edge = max(end, *upper) if right else min(end, *upper)
        edge = end if end == at_low or not math.isfinite(edge) else edge
        ax.annotate(
            _short(float(value)),
            (edge, place),
            (4 if right else -4, 0),
            textcoords="offset points",
            ha="left" if right else "right",
            va="center",
            fontsize=8,
        )


def _short(value: float) -> str:
    return f"{value:.3g}" if abs(value) < 1e3 else format_number(value, 0.0)


def _of_rest(rest: pd.DataFrame, axis: FigureAxis) -> str:
    size = rest["swing"].abs()
    finite = size[np.isfinite(size)]
    text = (
        f"each moves it by {axis.number(float(finite.max()))} {axis.unit} or less"
        if len(finite)
        else ""
    )
    unknown = len(size) - len(finite)
    if not unknown:
        return text
    return f"{text}; {unknown} to no finite figure" if text else "to no finite figure"


def _found(shown: pd.DataFrame, axis: FigureAxis) -> str:
    name = axis.name[0].upper() + axis.name[1:]
    if shown.empty:
        return f"{name}: nothing was varied"
    first = shown.iloc[0]
    if shown["noise"].all():
        return f"{name} is moved by no assumption beyond noise"
    low, high = sorted((float(first["at_low"]), float(first["at_high"])))
    return (
        f"{name} hangs most on {shown.index[0]}:\n"
        f"{axis.number(low)} to {axis.number(high)} {axis.unit}"
    )
