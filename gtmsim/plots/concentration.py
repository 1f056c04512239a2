"""Pictures of concentration: from how little of its spend a plan has its value."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from gtmsim.concentration import lorenz_curve
from gtmsim.plan import SalesTeam
from gtmsim.plots._axes import BLUE, GREY, ORANGE, finish, new_axes, percent, percent_range, short
from gtmsim.plots.outcomes_data import LEVEL
from gtmsim.result import PortfolioResult
from gtmsim.result.blocks import independent_scenarios
from gtmsim.statistics.intervals import wilson

_MARKED = 0.01  # share of spend
_SHARES = np.unique(
    np.concatenate([np.linspace(0.0, 0.05, 51), np.linspace(0.05, 1.0, 96)]).round(9)
)
_MOST = 12
"""Rows of a picture; of more channels the most concentrated are shown."""


def lorenz_data(result: PortfolioResult) -> pd.DataFrame:
    """Return the share of value that the best spend brings, for marketing and for sales.

    Parameters
    ----------
    result : PortfolioResult
        The scenarios are those whose units it lists, at most 100.

    Returns
    -------
    DataFrame
        Index (kind, spend_share): marketing and sales, those that returned anything, and shares of
        spend from 0 to 1, best first. Columns mean, and low and high: P5 and P95 of the scenarios.

    Examples
    --------
    >>> import gtmsim as gtm
    >>> result = gtm.simulate_portfolio(gtm.presets.example_plan(), scenarios=1_000, rng=7)
    >>> shares = lorenz_data(result)["mean"]
    >>> bool(shares["marketing", 0.01] > shares["sales", 0.01] > 0.01)
    True
    """
    tables = {}
    for kind in ("marketing", "sales"):
        units = result.units[result.units["channel"].isin(_members(result, kind))]
        # A scenario that returned nothing has no shares.
        curves = [
            np.interp(_SHARES, *lorenz_curve(own).to_numpy().T)
            for _, own in units.groupby("scenario")
            if own["value"].any()
        ]
        if curves:
            low, high = np.quantile(curves, [0.05, 0.95], axis=0)
            columns = {"mean": np.mean(curves, axis=0), "low": low, "high": high}
            tables[kind] = pd.DataFrame(columns, index=_SHARES)
    if not tables:
        index = pd.MultiIndex.from_arrays([[], []], names=["kind", "spend_share"])
        return pd.DataFrame(columns=["mean", "low", "high"], index=index, dtype=np.float64)
    return pd.concat(tables, names=["kind", "spend_share"])


def lorenz(result: PortfolioResult, ax: Axes | None = None) -> Axes:
    """Draw the share of value that the best spend brings, for marketing and for sales.

    Parameters
    ----------
    result : PortfolioResult
        The mean curve over the scenarios whose units it holds, and their P5 to P95.
    ax : Axes, optional
        A new figure by default.

    Returns
    -------
    Axes
        The best 1 % of spend is marked.

    Examples
    --------
    >>> import gtmsim as gtm
    >>> result = gtm.simulate_portfolio(gtm.presets.example_plan(), scenarios=1_000, rng=7)
    >>> lorenz(result).get_xlabel()
    'share of spend, best first (%)'
    """
    table = lorenz_data(result)
    ax = new_axes(ax)
    findings = []
    for kind, unit, color, style in (
        ("marketing", "campaigns", ORANGE, "-"),
        ("sales", "seats", BLUE, "-."),
    ):
        if kind not in table.index:
            continue
        shown = 100.0 * table.loc[kind]
        x = 100.0 * shown.index.to_numpy(dtype=np.float64)
        share = float(table["mean"][kind, _MARKED])
        count = sum(result.unit_count(name) for name in _members(result, kind))
        ends = percent_range(*(float(table[end][kind, _MARKED]) for end in ("low", "high")))
        label = f"{kind}: {count:,} {unit}\n(best 1 %: {percent(share)}, {ends})"
        ax.fill_between(x, shown["low"], shown["high"], color=color, alpha=0.2, linewidth=0.0)
        ax.plot(x, shown["mean"], style, color=color, lw=2.2, label=label)
        point = (100.0 * _MARKED, 100.0 * share)
        ax.plot(*point, "o", color=color, markeredgecolor="black", markersize=8)
        findings.append(f"{percent(share)} in {kind}")
    ax.plot([0.0, 100.0], [0.0, 100.0], "--", color=GREY, label="all spend returns the same")
    ax.axvline(100.0 * _MARKED, color=GREY, linewidth=0.8, linestyle=":")
    ax.set_xlim(-1.0, 100.0)
    ax.set_ylim(0.0, 102.0)
    ax.set_xlabel("share of spend, best first (%)")
    ax.set_ylabel(f"share of {result.plan.basis} (%)")
    number = result.units["scenario"].nunique()
    title = f"means of {number:,} scenarios, P5 to P95 shaded"
    ax.legend(loc="lower right", frameon=False, fontsize=8, title=title, title_fontsize=8)
    found = "1 % of spend brings " + ", ".join(findings) if findings else "Nothing was returned"
    return finish(ax, found)


def top_share_data(result: PortfolioResult) -> pd.DataFrame:
    """Return which share of value the best unit and the best 1 % of spend bring, by channel.

    Parameters
    ----------
    result : PortfolioResult
        With its scenarios or with ``keep="summary"``.

    Returns
    -------
    DataFrame
        Index channel, and the portfolio. Columns units; largest_p5, largest_p50 and largest_p95,
        the share of value of the best campaign or seat over scenarios; top_p5, top_p50 and top_p95,
        that of the best 1 % of spend; half, the chance that the best unit brings half or more, with
        half_low and half_high (Wilson's 95 % interval). Shares are NaN where nothing was returned.

    Examples
    --------
    >>> import gtmsim as gtm
    >>> result = gtm.simulate_portfolio(gtm.presets.example_plan(), scenarios=1_000, rng=7)
    >>> table = top_share_data(result)
    >>> bool(table.loc["PR", "largest_p50"] > table.loc["enterprise", "largest_p50"])
    True
    """
    rows = {}
    for name in result.distributions.names:
        row: dict[str, float] = {"units": result.unit_count(name)}
        for kind, metric in (("largest", "largest_share"), ("top", "top_share")):
            found = result.quantiles((0.05, 0.5, 0.95), metric, name)
            row |= {f"{kind}_{p}": q for p, q in zip(("p5", "p50", "p95"), found, strict=True)}
        chance = result.prob_at_least(0.5, "largest_share", name)
        # A share of 0.5 is in the set.
        n = independent_scenarios(result, "largest_share", name, float(np.nextafter(0.5, 0.0)))
        row["half"] = chance
        row["half_low"], row["half_high"] = wilson(chance, n, LEVEL)
        rows[name] = row
    table = pd.DataFrame.from_dict(rows, orient="index").rename_axis("channel")
    return table.astype({"units": np.int64})


def top_share(result: PortfolioResult, ax: Axes | None = None) -> Axes:
    """Draw which share of value one campaign and the best 1 % of spend bring, by channel.

    Parameters
    ----------
    result : PortfolioResult
        With its scenarios or with ``keep="summary"``.
    ax : Axes, optional
        A new figure by default.

    Returns
    -------
    Axes
        Ranges over scenarios, P5 to P95, and the chance that the best campaign or seat brings half
        of the value. Of more than 12 channels the most concentrated are shown.

    Examples
    --------
    >>> import gtmsim as gtm
    >>> result = gtm.simulate_portfolio(gtm.presets.example_plan(), scenarios=1_000, rng=7)
    >>> top_share(result).get_title(loc="left").startswith("PR: one campaign brings half of value")
    True
    """
    table = top_share_data(result)
    ax = new_axes(ax)
    channels = table.iloc[:-1].sort_values("largest_p50", ascending=False, na_position="last")
    shown = pd.concat([channels.head(_MOST), table.iloc[-1:]])
    place = np.arange(len(shown), dtype=np.float64)
    top = -0.6 - 0.11 * len(shown)  # above the first row, for the legend
    for kind, label, offset, color, marker in (
        ("largest", "the best campaign or seat", -0.16, ORANGE, "o"),
        ("top", "the best 1 % of spend", 0.16, BLUE, "s"),
    ):
        middle = 100.0 * shown[f"{kind}_p50"]
        reach = [middle - 100.0 * shown[f"{kind}_p5"], 100.0 * shown[f"{kind}_p95"] - middle]
        ax.errorbar(
            middle,
            place + offset,
            xerr=np.maximum(reach, 0.0),
            fmt=marker,
            color=color,
            markeredgecolor="black",
            markersize=6,
            lw=2.2,
            capsize=3.0,
            label=label,
        )
    for y, (_, row) in zip(place, shown.iterrows(), strict=True):
        text = percent_range(row["half_low"], row["half_high"])
        text = f"{percent(row['half'])} ({text})"
        if np.isnan(row["largest_p50"]):
            text = "nothing returned"
        ax.annotate(
            text,
            (1.02, y),
            xycoords=("axes fraction", "data"),
            va="center",
            fontsize=8,
            annotation_clip=False,
        )
    ax.annotate(
        "one brings half",
        (1.02, 0.5 * (top - 0.5)),
        xycoords=("axes fraction", "data"),
        va="center",
        fontsize=8,
        fontweight="bold",
        annotation_clip=False,
    )
    ax.vlines(50.0, -0.5, len(shown) - 0.5, color=GREY, lw=0.8, ls=":")
    ax.set_yticks(place, [_row_name(name, row["units"]) for name, row in shown.iterrows()])
    ax.tick_params(axis="y", labelsize=8)
    ax.set_ylim(len(shown) - 0.4, top)
    ax.set_xlim(0.0, 101.0)
    ax.set_xlabel(f"share of a channel's {result.plan.basis}, P5 to P50 to P95 of scenarios (%)")
    ax.legend(loc="upper left", frameon=False, fontsize=8, ncols=2)
    return finish(ax, _most_concentrated(result, channels))


def _most_concentrated(result: PortfolioResult, channels: pd.DataFrame) -> str:
    if channels["largest_p50"].isna().all():
        return "Nothing was returned"
    name = str(channels["half"].idxmax())
    unit = "seat" if isinstance(result.plan[name], SalesTeam) else "campaign"
    title = f"{short(name)}: one {unit} brings half of value in {percent(channels['half'].max())}"
    title += " of scenarios"
    if len(channels) > _MOST:
        title += f"; the first {_MOST} of {len(channels)} channels"
    return title


def _row_name(name: object, units: float) -> str:
    return f"{short(str(name))} ({units:,.0f})"


def _members(result: PortfolioResult, kind: str) -> list[str]:
    teams = [c.name for c in result.plan.channels if isinstance(c, SalesTeam)]
    return [name for name in result.channels if (name in teams) == (kind == "sales")]
