"""Picture of mixes and horizons: the chance to hit the plan."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from matplotlib.patheffects import withStroke

from gtmsim.decide.horizon import HorizonMap
from gtmsim.errors import ArgumentTypeError
from gtmsim.plots._axes import finish, new_axes, percent
from gtmsim.plots._cells import DARK, WHITE, draw_cells


def horizon_map_data(found: HorizonMap) -> pd.DataFrame:
    """Return the chance to hit the plan by mix and horizon, one row per cell.

    Parameters
    ----------
    found : HorizonMap
        What `gtmsim.decide.mix_by_horizon` returned.

    Returns
    -------
    DataFrame
        Columns marketing_share, horizon (months), hires, campaigns, probability with the ends of
        its interval, low and high, best and tied: see :attr:`gtmsim.decide.HorizonMap.table`.

    Raises
    ------
    ArgumentTypeError
        If it is not a HorizonMap.

    Examples
    --------
    >>> from gtmsim.decide import mix_by_horizon
    >>> from gtmsim.presets import example_plan
    >>> found = mix_by_horizon(example_plan(), [0.0, 0.5], [12, 24], scenarios=1_000, rng=7)
    >>> horizon_map_data(found)["hires"].tolist()
    [20, 20, 10, 10]
    """
    if not isinstance(found, HorizonMap):
        rule, fix = "must be a HorizonMap", "take what decide.mix_by_horizon(plan) returns"
        raise ArgumentTypeError("found", rule, found, fix)
    data = found.table.reset_index()
    for place, name in ((2, "hires"), (3, "campaigns")):
        each = {mix.share: getattr(mix, name) for mix in found.mixes}
        data.insert(place, name, data["marketing_share"].map(each))
    return data


def horizon_map(found: HorizonMap, ax: Axes | None = None) -> Axes:
    """Draw the chance to hit the plan for each mix of sales and marketing and each horizon.

    Parameters
    ----------
    found : HorizonMap
        What `gtmsim.decide.mix_by_horizon` returned.
    ax : Axes, optional
        A new figure by default.

    Returns
    -------
    Axes
        The best mix of each horizon is framed; a star stands at those that cannot be told from it.

    Raises
    ------
    ArgumentTypeError
        If it is not a HorizonMap.

    Examples
    --------
    >>> from gtmsim.decide import mix_by_horizon
    >>> from gtmsim.presets import example_plan
    >>> found = mix_by_horizon(example_plan(), [0.0, 0.5], [12, 24], scenarios=1_000, rng=7)
    >>> horizon_map(found).get_xlabel().splitlines()[0]
    'months since the plan began'
    """
    data = horizon_map_data(found)
    ax = new_axes(ax)
    wide = {
        name: data.pivot_table(values=name, index="marketing_share", columns="horizon")
        for name in ("probability", "tied", "best")
    }
    shares, tied, best = (wide[name].to_numpy() for name in ("probability", "tied", "best"))
    texts = [
        [f"{_cell(p)}{' *' if t and not b else ''}" for p, t, b in zip(*row, strict=True)]
        for row in zip(shares, tied, best, strict=True)
    ]
    mixes = [f"{100.0 * share:.3g}" for share in wide["probability"].index]
    if draw_cells(ax, shares, texts, mixes, [f"{m:,}" for m in wide["probability"].columns]):
        for row, column in zip(*best.astype(bool).nonzero(), strict=True):
            _frame(ax, int(row), int(column))
        note = f"frame: best mix of its month; * cannot be told from it; {_error(found, data)}"
    else:
        note = _error(found, data)
    _mark_own(ax, found)
    ax.set_xlabel(f"months since the plan began\n{note}", fontsize=9)
    ax.set_ylabel("for marketing, the rest for sales (% of budget)", fontsize=9)
    return finish(ax, _found(found, data))


def _cell(share: float) -> str:
    return "< 1" if 0.0 < share < 0.005 else f"{100.0 * share:.0f}"


def _error(found: HorizonMap, data: pd.DataFrame) -> str:
    half = 50.0 * float((data["high"] - data["low"]).max())
    return f"chance in %, {percent(found.level)} intervals of \u00b1{half:.1f} or less"


def _mark_own(ax: Axes, found: HorizonMap) -> None:
    """Point at the mix that the plan has as it was given."""
    shares = [mix.share for mix in found.mixes]
    if not shares[0] <= found.own_share <= shares[-1]:
        return
    place = float(np.interp(found.own_share, shares, np.arange(len(shares))))
    ax.annotate(
        f"as planned,\n{percent(found.own_share)}",
        (1.0, place),
        (8, 0),
        xycoords=("axes fraction", "data"),
        textcoords="offset points",
        va="center",
        fontsize=8,
        arrowprops={"arrowstyle": "-|>", "color": "black", "shrinkA": 0.0, "shrinkB": 0.0},
    )


def _frame(ax: Axes, row: int, column: int) -> None:
    frame = Rectangle((column - 0.46, row - 0.46), 0.92, 0.92, fill=False, ec=DARK, lw=1.6)
    frame.set_path_effects([withStroke(linewidth=3.6, foreground=WHITE)])
    ax.add_patch(frame)


def _found(found: HorizonMap, data: pd.DataFrame) -> str:
    goal = found.goal[0].upper() + found.goal[1:]
    best = data.loc[data.groupby("horizon")["probability"].idxmax()]
    best = best[best["probability"] > 0.0]
    if best.empty:
        return f"{goal}: with no mix in {found.scenarios:,} scenarios"
    soon, late = best.iloc[0], best.iloc[-1]
    mix, then = _for(float(soon["marketing_share"])), _for(float(late["marketing_share"]))
    chance, end = percent(float(soon["probability"])), percent(float(late["probability"]))
    if mix == then:
        return f"{goal} by month {late['horizon']:,}: likeliest with {then} ({end})"
    first = f"{mix} by month {soon['horizon']:,} ({chance})"
    last = f"{then} by month {late['horizon']:,} ({end})"
    return f"{goal}: the likeliest mix depends on the horizon,\n{first}, {last}"


def _for(share: float) -> str:
    if share in (0.0, 1.0):
        return "all for marketing" if share else "all for sales"
    return f"{percent(share)} for marketing"
