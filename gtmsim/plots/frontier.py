"""Picture of a frontier: what mixes of sales and marketing bring, and their worst case."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from gtmsim.decide.draws import Draws
from gtmsim.decide.figures import plan_figures
from gtmsim.decide.frontier import Frontier
from gtmsim.decide.mixes import Mixer
from gtmsim.errors import ArgumentTypeError
from gtmsim.plots._axes import (
    BLUE,
    GREY,
    LIGHT_BLUE,
    ORANGE,
    finish,
    legend_below,
    new_axes,
    percent,
)
from gtmsim.plots._figures import FigureAxis
from gtmsim.statistics import Interval

_RISK = "cvar_95"
_LETTER, _LINE = 0.014, 0.07
"""Of the width and the height: what a label takes."""
_EFFICIENT = 8
"""So many of the efficient mixes have a label."""


def frontier_data(found: Frontier) -> pd.DataFrame:
    """Return the mixes of a frontier, and the plan as it is, one row each.

    Parameters
    ----------
    found : Frontier
        What `gtmsim.decide.frontier` returned.

    Returns
    -------
    DataFrame
        Columns: kind ("mix" or "as planned"), marketing_share, size (spend per campaign, NaN unless
        swept), hires, campaigns; objective and cvar_95 (mean of the metric in the worst 5 % of
        scenarios), each with _low and _high; efficient, dominated and best (highest objective). The
        plan as it is is drawn with the same luck; it may spend another budget.

    Raises
    ------
    ArgumentTypeError
        If it is not a Frontier.

    Examples
    --------
    >>> from gtmsim.decide import frontier
    >>> from gtmsim.presets import example_plan
    >>> found = frontier(example_plan(), shares=[0.0, 0.5], scenarios=1_000, rng=7)
    >>> frontier_data(found)["kind"].tolist()
    ['mix', 'mix', 'as planned']
    """
    if not isinstance(found, Frontier):
        rule, fix = "must be a Frontier", "take what decide.frontier(plan) returns"
        raise ArgumentTypeError("found", rule, found, fix)
    rows = []
    for place, (mix, figures) in enumerate(zip(found.mixes, found.figures, strict=True)):
        rows.append(
            {
                "kind": "mix",
                "marketing_share": mix.share,
                "size": mix.size,
                "hires": mix.hires,
                "campaigns": mix.campaigns,
                **_parts("objective", figures[found.objective]),
                **_parts(_RISK, figures[_RISK]),
                "efficient": found.efficient[place],
                "dominated": found.dominated[place],
            }
        )
    mixer, plan = Mixer(found.plan), found.plan
    totals = Draws(found.scenarios, found.seed).totals(plan)
    own = plan_figures(plan, totals, found.metric, found.target, found.level)
    rows.append(
        {
            "kind": "as planned",
            "marketing_share": mixer.share,
            "size": math.nan,
            "hires": sum(team.units for team in mixer.teams),
            "campaigns": sum(program.units for program in mixer.programs),
            **_parts("objective", own[found.objective].interval),
            **_parts(_RISK, own[_RISK].interval),
            "efficient": False,
            "dominated": False,
        }
    )
    data = pd.DataFrame(rows)
    mixes = data["kind"] == "mix"
    data["best"] = mixes & (data["objective"] == data.loc[mixes, "objective"].max())
    return data


def frontier(found: Frontier, ax: Axes | None = None) -> Axes:
    """Draw what each mix of sales and marketing brings against its worst case.

    Parameters
    ----------
    found : Frontier
        What `gtmsim.decide.frontier` returned.
    ax : Axes, optional
        A new figure by default.

    Returns
    -------
    Axes
        Up and to the right is better. Efficient mixes are joined; labels are shares of the budget
        for marketing. The best mix, the plan as it is and the ends have intervals.

    Raises
    ------
    ArgumentTypeError
        If it is not a Frontier.

    Examples
    --------
    >>> from gtmsim.decide import frontier as sweep
    >>> from gtmsim.presets import example_plan
    >>> found = sweep(example_plan(), shares=[0.0, 0.5, 1.0], scenarios=1_000, rng=7)
    >>> frontier(found).get_xlabel()
    'mean net of the worst 5 % (million USD)'
    """
    data = frontier_data(found)
    ax = new_axes(ax)
    finite = data.loc[np.isfinite(data[["objective", _RISK]].to_numpy()).all(axis=1)]
    across = _axis(found, _RISK, finite[_RISK])
    up = _axis(found, found.objective, finite["objective"])
    mixes = finite.loc[finite["kind"] == "mix"]
    if not mixes["size"].notna().any():
        ax.plot(mixes[_RISK], mixes["objective"], color=GREY, lw=0.8, ls=":", zorder=1)
    others = mixes.loc[~mixes["efficient"]]
    ax.plot(others[_RISK], others["objective"], "o", color=LIGHT_BLUE, mec=GREY, ms=5, label="mix")
    efficient = mixes.loc[mixes["efficient"]].sort_values(by=_RISK)
    ax.plot(
        efficient[_RISK],
        efficient["objective"],
        "s-",
        color=BLUE,
        ms=6,
        lw=1.6,
        label="efficient mix",
    )
    best, own = finite.loc[finite["best"]].head(1), finite.loc[finite["kind"] == "as planned"]
    _mark(ax, own, "D", ORANGE, 8.0, "the plan as it is")
    _mark(ax, best, "o", "none", 13.0, f"highest {up.name}")
    whole = mixes["marketing_share"].isin([0.0, 1.0])
    ends = mixes[whole & mixes["size"].isna()]
    for _, row in pd.concat([best, own, ends]).drop_duplicates().iterrows():
        _cross(ax, row)
    ax.margins(0.1)
    ax.autoscale_view()
    tenths = mixes["marketing_share"].mul(10.0)
    round_ones = mixes[np.isclose(tenths, tenths.round()) & mixes["size"].isna()]
    some = efficient if len(efficient) <= _EFFICIENT else efficient[efficient["best"]]
    _label_shares(ax, pd.concat([best, own, ends, some, round_ones]), finite)
    ax.xaxis.set_major_formatter(across.ticks())
    ax.yaxis.set_major_formatter(up.ticks())
    ax.set_xlabel(across.label)
    ax.set_ylabel(up.label)
    title = f"labels: share for marketing; crosses: {percent(found.level)} intervals"
    legend_below(ax, title=title, ncols=4)
    return finish(ax, _found(best, own, up))


def _parts(name: str, interval: Interval) -> dict[str, float]:
    ends = {"": "estimate", "_low": "low", "_high": "high"}
    return {f"{name}{end}": float(getattr(interval, part)) for end, part in ends.items()}


def _axis(found: Frontier, figure: str, values: pd.Series) -> FigureAxis:
    largest = float(values.abs().max()) if len(values) else 1.0
    return FigureAxis.of(figure, largest, found.plan.currency, found.metric)


def _mark(ax: Axes, row: pd.DataFrame, marker: str, face: str, size: float, label: str) -> None:
    ax.plot(
        row[_RISK],
        row["objective"],
        marker,
        mfc=face,
        mec="black",
        mew=1.2,
        ms=size,
        zorder=4,
        label=label,
    )


def _cross(ax: Axes, row: pd.Series) -> None:
    """Draw the intervals of both figures of a mix."""
    for x, y in (
        ([row[f"{_RISK}_low"], row[f"{_RISK}_high"]], [row["objective"]] * 2),
        ([row[_RISK]] * 2, [row["objective_low"], row["objective_high"]]),
    ):
        if np.isfinite([*x, *y]).all():
            ax.plot(x, y, color="black", lw=0.9, zorder=3)


def _label_shares(ax: Axes, rows: pd.DataFrame, points: pd.DataFrame) -> None:
    """Write the shares of the rows that have room among the points, the first before the others."""
    (left, right), (bottom, top) = ax.get_xlim(), ax.get_ylim()
    scale = np.array([right - left, top - bottom])
    taken = (points[[_RISK, "objective"]].to_numpy(dtype=float) - [left, bottom]) / scale
    # Beside the path, and not on it.
    rising = len(points) > 1 and float(np.cov(points[_RISK], points["objective"])[0, 1]) > 0.0
    for _, row in rows.drop_duplicates().iterrows():
        at = (np.array([row[_RISK], row["objective"]], dtype=float) - [left, bottom]) / scale
        size = f" in {row['size']:,.0f}" if math.isfinite(row["size"]) else ""
        text = f"{percent(float(row['marketing_share']))}{size}"
        room = _LETTER * (len(text) + 1)
        middle = at + np.array([-0.5 * room if rising else 0.5 * room, 0.5 * _LINE])
        off = np.abs(taken - middle) / [0.5 * room, 0.5 * _LINE]
        if (off.max(axis=1) < 1.0 - 1e-9).any():
            continue
        taken = np.vstack([taken, middle + np.outer([-0.4, 0.0, 0.4], [room, 0.0])])
        ax.annotate(
            text,
            (float(row[_RISK]), float(row["objective"])),
            (-7 if rising else 7, 5),
            textcoords="offset points",
            ha="right" if rising else "left",
            fontsize=8,
        )


def _found(best: pd.DataFrame, own: pd.DataFrame, up: FigureAxis) -> str:
    if best.empty:
        return f"{up.name} exists for no mix"
    first = best.iloc[0]
    shown = f"{up.number(float(first['objective']))} {up.unit}"
    text = f"{up.name} is highest, {shown}, with {percent(first['marketing_share'])} for marketing"
    if own.empty:
        return text
    planned = own.iloc[0]
    return (
        f"{text};\nas planned ({percent(planned['marketing_share'])}) it is "
        f"{up.number(float(planned['objective']))}"
    )
