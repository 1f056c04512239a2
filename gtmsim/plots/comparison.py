"""Picture of a comparison: what each plan misses against the best in hindsight."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from gtmsim.decide.comparison import Comparison
from gtmsim.decide.regret import regrets
from gtmsim.errors import ArgumentTypeError
from gtmsim.plots._axes import (
    BLUE,
    LIGHT_BLUE,
    ORANGE,
    finish,
    legend_below,
    name_rows,
    new_axes,
    percent,
    percent_range,
)
from gtmsim.plots._money import Money
from gtmsim.statistics import quantile_interval

_MOST = 12
_FIGURES = ("regret_p50", "regret_p90", "regret_mean", "prob_best")


def regret_data(found: Comparison) -> pd.DataFrame:
    """Return what each plan misses against the one that turns out best in a scenario.

    Parameters
    ----------
    found : Comparison
        What `gtmsim.decide.compare` returned.

    Returns
    -------
    DataFrame
        Index plan, the least median regret first. Columns: regret_p50, regret_p90 and regret_mean
        (infinite or NaN where it does not exist or is not known) of the comparison's metric, and
        prob_best; each with the ends of its interval, _low and _high.

    Raises
    ------
    ArgumentTypeError
        If it is not a Comparison.

    Examples
    --------
    >>> from gtmsim.decide import compare
    >>> from gtmsim.presets import example_plan
    >>> plan = example_plan()
    >>> lean = plan.replace(channels=[c for c in plan.channels if c.name != "enterprise"])
    >>> data = regret_data(compare({"as it is": plan, "lean": lean}, scenarios=1_000, rng=7))
    >>> round(float(data["prob_best"].sum()), 9)
    1.0
    """
    if not isinstance(found, Comparison):
        rule, fix = "must be a Comparison", "take what decide.compare(plans) returns"
        raise ArgumentTypeError("found", rule, found, fix)
    missed = regrets(found.values.to_numpy())
    rows = {}
    for place, name in enumerate(found.plans):
        intervals = [
            quantile_interval(missed[:, place], 0.5, found.level),
            *(found.interval(figure, name) for figure in _FIGURES[1:]),
        ]
        rows[name] = {
            f"{figure}{end}": getattr(interval, part)
            for figure, interval in zip(_FIGURES, intervals, strict=True)
            for end, part in (("", "estimate"), ("_low", "low"), ("_high", "high"))
        }
    data = pd.DataFrame.from_dict(rows, orient="index").rename_axis("plan")
    return data.sort_values(["regret_p50", "regret_p90"], kind="stable")


def regret(found: Comparison, ax: Axes | None = None) -> Axes:
    """Draw what each plan misses against the best in hindsight, and how often it is the best.

    Parameters
    ----------
    found : Comparison
        What `gtmsim.decide.compare` returned.
    ax : Axes, optional
        A new figure by default.

    Returns
    -------
    Axes
        The median, P90 and the mean, where it exists, with their intervals; at most 12 plans.

    Raises
    ------
    ArgumentTypeError
        If it is not a Comparison.

    Examples
    --------
    >>> from gtmsim.decide import compare
    >>> from gtmsim.presets import example_plan
    >>> plan = example_plan()
    >>> lean = plan.replace(channels=[c for c in plan.channels if c.name != "enterprise"])
    >>> found = compare({"as it is": plan, "lean": lean}, scenarios=1_000, rng=7)
    >>> regret(found).get_xlabel()
    'net missed against the best in hindsight (million USD)'
    """
    data = regret_data(found)
    ax = new_axes(ax)
    shown = data.head(_MOST)
    plan = next(iter(found.plans.values()))
    money = Money.for_size(float(shown["regret_p90"].max()), plan.currency)
    places = np.arange(len(shown))
    ax.barh(
        places,
        shown["regret_p90"] - shown["regret_p50"],
        0.34,
        shown["regret_p50"],
        color=LIGHT_BLUE,
        label="from P50 to P90",
    )
    for figure, marker, color, label in (
        ("regret_p50", "o", BLUE, "P50: half of scenarios miss more"),
        ("regret_p90", "D", BLUE, "P90: one in ten misses more"),
        ("regret_mean", "X", ORANGE, "mean"),
    ):
        middle = shown[figure].to_numpy(dtype=float)
        exists = np.isfinite(middle)
        if not exists.any():
            continue
        ends = shown[[f"{figure}_low", f"{figure}_high"]].to_numpy(dtype=float)[exists]
        ends = np.where(np.isfinite(ends), ends, middle[exists][:, None])
        ax.errorbar(
            middle[exists],
            places[exists],
            xerr=np.abs(ends - middle[exists][:, None]).T,
            fmt=marker,
            color=color,
            mec="black",
            ms=7,
            ecolor="black",
            elinewidth=1.0,
            capsize=2.5,
            label=label,
        )
    for place, (_, row) in zip(places, shown.iterrows(), strict=True):
        ax.annotate(
            _beside(row),
            (1.0, place),
            (4, 0),
            xycoords=("axes fraction", "data"),
            textcoords="offset points",
            va="center",
            fontsize=8,
        )
    name_rows(ax, [str(name) for name in shown.index])
    ax.set_ylim(len(shown) - 0.5, -0.5)
    ax.set_xlim(left=-0.03 * ax.get_xlim()[1])
    ax.xaxis.set_major_formatter(money.ticks())
    ax.set_xlabel(f"{found.metric} missed against the best in hindsight ({money.name})")
    left = len(data) - len(shown)
    title = f"{percent(found.level)} intervals" + (
        f"; {left} other plans miss more" if left else ""
    )
    legend_below(ax, title=title)
    return finish(ax, _found(shown, money))


def _beside(row: pd.Series) -> str:
    best = percent_range(float(row["prob_best_low"]), float(row["prob_best_high"]))
    mean = float(row["regret_mean"])
    return f"best in\n{best}" + ("\nmean infinite" if math.isinf(mean) else "")


def _found(shown: pd.DataFrame, money: Money) -> str:
    name, first = str(shown.index[0]), shown.iloc[0]
    if len(shown) == 1:
        return f"{name} has nobody to be compared with"
    chances = shown["prob_best"].to_numpy(dtype=np.float64)
    likely = str(shown.index[int(np.argmax(chances))])
    text = (
        f"{name} misses {money.number(float(first['regret_p50']))} at the median, "
        f"{money.number(float(first['regret_p90']))} {money.name} at P90"
    )
    chance = percent(float(chances.max()))
    who = "it" if likely == name else likely
    return f"{text};\n{who} is the best in {chance} of scenarios"
