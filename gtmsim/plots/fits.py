"""Pictures of a fit: the history beside what the fit makes of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from gtmsim.core._types import Floats
from gtmsim.plots._axes import (
    BLUE,
    GREY,
    LIGHT_BLUE,
    ORANGE,
    RED,
    finish,
    new_axes,
    percent,
    percent_range,
)
from gtmsim.plots.fit_data import (
    fit_lorenz_data,
    hit_rate_by_spend_data,
    quantiles_data,
    tail_fit_data,
)
from gtmsim.seeds import RNGLike, resolve_seed

if TYPE_CHECKING:
    import pandas as pd

    from gtmsim.fit.program import FittedProgram

_LAWS = {
    "lognormal": ("lognormal", BLUE, "-"),
    "lomax": ("power law", ORANGE, "--"),
    "spliced": ("power-law tail", RED, "-."),
}
_PLAIN = FuncFormatter(lambda number, _: f"{number:,.6g}")

_LIKELY = 0.1
"""Families of at least this probability are named in the title."""

_MARKED = 0.01
_WIDE = 5.0
"""Ratio of spends from which their axis is logarithmic."""


def tail_fit(fit: FittedProgram, ax: Axes | None = None, *, rng: RNGLike = None) -> Axes:
    """Draw which share of campaigns returned at least a multiple, beside the fitted laws.

    Parameters
    ----------
    fit : FittedProgram
    ax : Axes, optional
        A new figure by default.
    rng : None, int, SeedSequence or Generator, optional
        Of the replicas.

    Returns
    -------
    Axes
        Both axes are logarithmic. The dots are to be compared with the band of replicas, which has
        the luck of a history of this size and, where there are conversions, the noise of their
        counts. The laws are without both.

    Raises
    ------
    ArgumentTypeError
        If the fit is not one of a program.

    Examples
    --------
    >>> import pandas as pd
    >>> from gtmsim.fit.program import fit_program
    >>> history = pd.DataFrame({"spend": 100.0, "value": [0.0, 90.0, 210.0] * 20})
    >>> tail_fit(fit_program(history, rng=7), rng=7).get_ylabel()
    'share of campaigns that return at least that (%)'
    """
    table = tail_fit_data(fit, rng=rng)
    ax = new_axes(ax)
    x = table.index.to_numpy(dtype=np.float64)
    shown = 100.0 * table
    # The picture reaches a little further down than one campaign of the history.
    lowest = float(shown["observed"].min()) / 4.0
    shown = shown.clip(lower=lowest / 10.0)
    ax.fill_between(
        x,
        shown["replica_low"],
        shown["replica_high"],
        color=LIGHT_BLUE,
        linewidth=0.0,
        label=_replicas(fit),
    )
    ax.fill_between(
        x,
        shown["law_low"],
        shown["law_high"],
        color=GREY,
        alpha=0.35,
        linewidth=0.0,
        label=f"{percent(fit.level)} of what the law may be",
    )
    for family, chance in sorted(fit.families.items(), key=lambda item: -item[1]):
        if family in table:
            name, color, style = _LAWS[family]
            label = f"{name}: {_chance(chance)} likely" if len(fit.families) > 1 else name
            ax.plot(x, shown[family], style, color=color, lw=1.8, label=label)
    ax.plot(x, 100.0 * table["observed"], "o", color="black", markersize=3.0, label=_history(fit))
    ax.set_xscale("log")
    ax.set_yscale("log")
    drawn = x[(shown[["law_high", "replica_high"]] > lowest).any(axis=1)]
    ax.set_xlim(x[0], max(drawn[-1], 1.3 * float(x[table["observed"].notna()][-1])))
    ax.set_ylim(lowest, 130.0)
    _plain_log(ax)
    ax.set_xlabel("multiple (value per 1 spent)")
    ax.set_ylabel("share of campaigns that return at least that (%)")
    ax.legend(loc="lower left", frameon=False, fontsize=8)
    seen = table["observed"].notna()
    inside = table["observed"].between(table["replica_low"], table["replica_high"])[seen].mean()
    likely = [_LAWS[family][0] for family, p in fit.families.items() if p >= _LIKELY]
    law = " or ".join(likely) if len(likely) <= 2 else "no law stands out"
    return finish(ax, f"{fit.name}: {law}; {percent(inside)} of hits in the band")


def quantiles(fit: FittedProgram, ax: Axes | None = None, *, rng: RNGLike = None) -> Axes:
    """Draw the multiples of the hits against those of the same rank in replicas.

    Parameters
    ----------
    fit : FittedProgram
    ax : Axes, optional
        A new figure by default.
    rng : None, int, SeedSequence or Generator, optional
        Of the replicas.

    Returns
    -------
    Axes
        Both axes are logarithmic; on the diagonal history and fit agree.

    Raises
    ------
    ArgumentTypeError
        If the fit is not one of a program.

    Examples
    --------
    >>> import pandas as pd
    >>> from gtmsim.fit.program import fit_program
    >>> history = pd.DataFrame({"spend": 100.0, "value": [0.0, 90.0, 210.0] * 20})
    >>> quantiles(fit_program(history, rng=7), rng=7).get_xlabel()
    'multiple of that rank in replicas, median (value per 1 spent)'
    """
    table = quantiles_data(fit, rng=rng)
    ax = new_axes(ax)
    # A logarithmic axis has no place for hits beyond those of the median replica.
    shown = table[table["replica"] > 0.0]
    x = shown["replica"].to_numpy()
    ends = np.array([x.min(), max(x.max(), shown["observed"].max())])
    ax.fill_between(
        x,
        np.maximum(shown["replica_low"], ends[0] / 10.0),
        shown["replica_high"],
        color=LIGHT_BLUE,
        linewidth=0.0,
        label=_replicas(fit),
    )
    ax.plot(ends, ends, color=BLUE, lw=1.5, label="replicas, median")
    ax.plot(x, shown["observed"], "o", color="black", markersize=3.0, label=_history(fit))
    ax.set_xscale("log")
    ax.set_yscale("log")
    ax.set_xlim(x.min(), 1.2 * x.max())
    ax.set_ylim(0.5 * min(ends[0], shown["observed"].min()), 3.0 * ends[1])
    _plain_log(ax)
    ax.set_xlabel("multiple of that rank in replicas, median (value per 1 spent)")
    ax.set_ylabel("multiple in the history (value per 1 spent)")
    ax.legend(loc="upper left", frameon=False, fontsize=8)
    share = percent(float(table["inside"].mean()))
    return finish(ax, f"{fit.name}: {share} of hits are as large as in replicas")


def fit_lorenz(fit: FittedProgram, ax: Axes | None = None, *, rng: RNGLike = None) -> Axes:
    """Draw the share of value that the best spend brought, and brings in replicas.

    Parameters
    ----------
    fit : FittedProgram
    ax : Axes, optional
        A new figure by default.
    rng : None, int, SeedSequence or Generator, optional
        Of the replicas.

    Returns
    -------
    Axes
        The best 1 % of spend is marked.

    Raises
    ------
    ArgumentTypeError
        If the fit is not one of a program.

    Examples
    --------
    >>> import pandas as pd
    >>> from gtmsim.fit.program import fit_program
    >>> history = pd.DataFrame({"spend": 100.0, "value": [0.0, 90.0, 210.0] * 20})
    >>> fit_lorenz(fit_program(history, rng=7), rng=7).get_xlabel()
    'share of spend, best first (%)'
    """
    table = fit_lorenz_data(fit, rng=rng)
    shown = 100.0 * table
    ax = new_axes(ax)
    x = 100.0 * table.index.to_numpy(dtype=np.float64)
    ax.fill_between(
        x,
        shown["replica_low"],
        shown["replica_high"],
        color=LIGHT_BLUE,
        linewidth=0.0,
        label=_replicas(fit),
    )
    ax.plot(x, shown["replica"], color=BLUE, lw=1.5, label="replicas, median")
    columns = ["observed", "replica_low", "replica_high"]
    best, low, high = map(float, table.loc[_MARKED, columns])
    mark = f"(best 1 %: {percent(best)}; replicas: {percent_range(low, high)})"
    ax.plot(x, shown["observed"], color="black", lw=1.8, label=f"{_history(fit)}\n{mark}")
    ax.plot([0.0, 100.0], [0.0, 100.0], "--", color=GREY, label="all spend returns the same")
    ax.axvline(100.0 * _MARKED, color=GREY, linewidth=0.8, linestyle=":")
    ax.plot(100.0 * _MARKED, 100.0 * best, "o", color="black", markersize=6)
    ax.set_xlim(-1.0, 100.0)
    ax.set_ylim(0.0, 102.0)
    ax.set_xlabel("share of spend, best first (%)")
    ax.set_ylabel("share of value (%)")
    ax.legend(loc="lower right", frameon=False, fontsize=8)
    return finish(ax, f"{fit.name}: 1 % of spend brought {percent(best)} of value")


def hit_rate_by_spend(fit: FittedProgram, ax: Axes | None = None, *, rng: RNGLike = None) -> Axes:
    """Draw which share of campaigns returned anything by what they spent, as it was and as fitted.

    Parameters
    ----------
    fit : FittedProgram
    ax : Axes, optional
        A new figure by default.
    rng : None, int, SeedSequence or Generator, optional
        Of the replicas.

    Returns
    -------
    Axes
        With count noise small campaigns show fewer returns at the same hit rate; the fit expects
        that, or does not.

    Raises
    ------
    ArgumentTypeError
        If the fit is not one of a program.

    Examples
    --------
    >>> import pandas as pd
    >>> from gtmsim.fit.program import fit_program
    >>> history = pd.DataFrame({"spend": 100.0, "value": [0.0, 90.0, 210.0] * 20})
    >>> hit_rate_by_spend(fit_program(history, rng=7), rng=7).get_xlabel()
    'spend per campaign (currency)'
    """
    table = hit_rate_by_spend_data(fit, rng=rng)
    ax = new_axes(ax)
    spend = table["spend"].to_numpy(dtype=np.float64)
    observed, expected = 100.0 * table["observed"], 100.0 * table["expected"]
    ends = np.append(table["spend_low"], table["spend_high"].iloc[-1])
    if ends[0] == ends[-1]:
        ends = ends * np.array([0.9, 1.1])
        ax.set_xticks(spend)
    low, high = (_stairs(100.0 * table[f"replica_{end}"]) for end in ("low", "high"))
    ax.fill_between(
        ends, low, high, step="post", color=LIGHT_BLUE, linewidth=0.0, label=_replicas(fit)
    )
    ax.step(ends, _stairs(expected), where="post", color=BLUE, lw=1.5, label="what the fit expects")
    whiskers = np.array([observed - 100.0 * table["low"], 100.0 * table["high"] - observed])
    ax.errorbar(
        spend,
        observed,
        whiskers.clip(0.0),
        fmt="o",
        color="black",
        markersize=4.0,
        capsize=2.5,
        lw=1.0,
        label=f"{_history(fit)}, {percent(fit.level)} interval",
    )
    rate = 100.0 * fit.channel.hit_rate
    ax.axhline(rate, color=GREY, ls=":", lw=1.2, label=f"hit rate, {rate:.2g} %")
    if ends[-1] > _WIDE * ends[0]:
        ax.set_xscale("log")
        ax.xaxis.set_minor_formatter(NullFormatter())
    ax.xaxis.set_major_formatter(_PLAIN)
    ax.set_xlim(ends[0], ends[-1])
    ax.set_ylim(0.0, 102.0)
    ax.set_xlabel(f"spend per campaign ({fit.reading.get('currency') or 'currency'})")
    ax.set_ylabel("share of campaigns with a return (%)")
    ax.legend(loc="best", frameon=False, fontsize=8)
    found = f"{observed.iloc[0]:.0f} % of campaigns"
    if len(table) > 1:
        found = f"{observed.iloc[0]:.0f} % of small campaigns, {observed.iloc[-1]:.0f} % of large"
    return finish(ax, f"{fit.name}: returns from {found}")


def fit_overview(fit: FittedProgram, *, rng: RNGLike = None) -> Figure:
    """Draw all four pictures of a fit on a figure that no window shows.

    Parameters
    ----------
    fit : FittedProgram
    rng : None, int, SeedSequence or Generator, optional
        Of the replicas, which are the same in all pictures.

    Returns
    -------
    Figure

    Raises
    ------
    ArgumentTypeError
        If the fit is not one of a program.

    Examples
    --------
    >>> import pandas as pd
    >>> from gtmsim.fit.program import fit_program
    >>> history = pd.DataFrame({"spend": 100.0, "value": [0.0, 90.0, 210.0] * 20})
    >>> len(fit_overview(fit_program(history, rng=7), rng=7).axes)
    4
    """
    seed = resolve_seed(rng)
    figure = Figure(figsize=(11.5, 8.8), layout="constrained")
    pictures = (tail_fit, quantiles, fit_lorenz, hit_rate_by_spend)
    for draw, ax in zip(pictures, figure.subplots(2, 2).flat, strict=True):
        draw(fit, ax, rng=seed)
    return figure


def _chance(chance: float) -> str:
    """Return a probability, which is not 1 where an alternative was weighed."""
    return percent(chance) if chance < 0.995 else "over 99 %"


def _history(fit: FittedProgram) -> str:
    number = int(np.count_nonzero(~fit.campaigns.young))
    return f"the history: {number:,} campaigns"


def _replicas(fit: FittedProgram) -> str:
    noise = "" if fit.campaigns.count is None else ", count noise included"
    return f"{percent(fit.level)} of replicas{noise}"


def _stairs(values: pd.Series) -> Floats:
    """Repeat the last height at the end of its step."""
    return np.append(values, values.iloc[-1])


def _plain_log(ax: Axes) -> None:
    """Write 0.1, 1 and 10 at the ticks of logarithmic axes."""
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_major_locator(LogLocator(10.0))
        axis.set_major_formatter(_PLAIN)
        axis.set_minor_formatter(NullFormatter())
