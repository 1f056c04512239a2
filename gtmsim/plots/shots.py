"""Pictures of bets: how many it takes for a big one, and what staging them is worth."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter

from gtmsim.decide.shots import CampaignsNeeded
from gtmsim.decide.staged import StagingByTail
from gtmsim.errors import ArgumentTypeError
from gtmsim.plots._axes import BLUE, GREY, LIGHT_BLUE, RED, finish, legend_below, new_axes, percent

_POINTS = 200
_REACH = 2.5
"""So many times what is needed the axis goes."""


def needed_data(found: CampaignsNeeded) -> pd.DataFrame:
    """Return the chance of enough big campaigns by how many there are.

    Parameters
    ----------
    found : CampaignsNeeded
        What `gtmsim.decide.campaigns_needed` returned.

    Returns
    -------
    DataFrame
        Columns: campaigns, up to 2.5 times what it takes; probability, exact, with the luck that
        campaigns share; spend (currency).

    Raises
    ------
    ArgumentTypeError
        If it is not a CampaignsNeeded.

    Examples
    --------
    >>> from gtmsim import presets
    >>> from gtmsim.decide import campaigns_needed
    >>> data = needed_data(campaigns_needed(presets.content_seo(shared_luck=0.0)))
    >>> int(data.loc[data["probability"] >= 0.8, "campaigns"].min())
    41
    """
    if not isinstance(found, CampaignsNeeded):
        rule, fix = "must be a CampaignsNeeded", "take what decide.campaigns_needed(...) returns"
        raise ArgumentTypeError("found", rule, found, fix)
    last = max(math.ceil(_REACH * found.campaigns), 2)
    spread = np.linspace(1.0, last, min(last, _POINTS)).round().astype(np.int64)
    campaigns = np.unique([*spread, found.campaigns])
    return pd.DataFrame(
        {
            "campaigns": campaigns,
            "probability": [found.probability_of(int(n)) for n in campaigns],
            "spend": campaigns * found.spend,
        }
    )


def needed(found: CampaignsNeeded, ax: Axes | None = None) -> Axes:
    """Draw the chance of enough big campaigns against their number.

    Parameters
    ----------
    found : CampaignsNeeded
        What `gtmsim.decide.campaigns_needed` returned.
    ax : Axes, optional
        A new figure by default.

    Returns
    -------
    Axes
        With the number that is needed and, where parameters are not known, its interval.

    Raises
    ------
    ArgumentTypeError
        If it is not a CampaignsNeeded.

    Examples
    --------
    >>> from gtmsim import presets
    >>> from gtmsim.decide import campaigns_needed
    >>> needed(campaigns_needed(presets.content_seo())).get_xlabel()
    'campaigns'
    """
    data = needed_data(found)
    ax = new_axes(ax)
    last = float(data["campaigns"].iloc[-1])
    luck = "with the luck that campaigns share" if found.shared_luck > 0.0 else "independent luck"
    chance = 100.0 * data["probability"]
    ax.plot(data["campaigns"], chance, color=BLUE, lw=2.2, label=luck)
    wanted = 100.0 * found.probability
    ax.axhline(wanted, color=GREY, lw=0.9, ls=":")
    ax.plot([found.campaigns] * 2, [0.0, wanted], color="black", lw=1.0, ls="--")
    text = f"{found.campaigns:,} campaigns for {percent(found.probability)}"
    ax.plot(found.campaigns, wanted, "D", color="black", ms=7, label=text)
    if found.shared_luck > 0.0 and found.independent <= last:
        text = f"{math.ceil(found.independent):,} if they did not share it"
        ax.plot(found.independent, wanted, "o", mfc="none", mec="black", ms=8, label=text)
    if found.parameters is not None:
        low, high = found.parameters.low, found.parameters.high
        end = f"{math.ceil(high):,}" if math.isfinite(high) else "more than any number"
        ax.plot(
            [low, min(high, last)],
            [wanted] * 2,
            color=LIGHT_BLUE,
            lw=5.0,
            solid_capstyle="butt",
            zorder=1,
            label=f"parameters are not known: {math.ceil(low):,} to {end}",
        )
    ax.set_xlim(0.0, last)
    ax.set_ylim(0.0, 101.0)
    ax.xaxis.set_major_formatter(FuncFormatter(lambda n, _: f"{n:,.6g}"))
    ax.set_xlabel("campaigns")
    what = "one" if found.count == 1 else f"{found.count}"
    ax.set_ylabel(f"chance of at least {what} at {found.multiple:g}x (%)")
    legend_below(ax)
    return finish(
        ax,
        f"{found.name}: {found.campaigns:,} campaigns make {what} at {found.multiple:g}x "
        f"{percent(found.probability)} likely;\neach of them has {percent(found.chance)}",
    )


def staging_data(found: StagingByTail) -> pd.DataFrame:
    """Return what staging is worth by tail index.

    Parameters
    ----------
    found : StagingByTail
        What `gtmsim.decide.staging_by_tail` returned.

    Returns
    -------
    DataFrame
        Columns: tail_index, ascending; gain of the median return of the same money, paired, with
        its ends, low and high; wins, the chance to return more, with wins_low and wins_high.

    Raises
    ------
    ArgumentTypeError
        If it is not a StagingByTail.

    Examples
    --------
    >>> from gtmsim import CampaignProgram, Lomax, Plan
    >>> from gtmsim.decide import staging_by_tail
    >>> from gtmsim.plan import Staging
    >>> bets = CampaignProgram(name="bets", campaigns=20, spend=10.0, launch=0,
    ...                        multiple=Lomax(tail_index=1.3, scale=0.4),
    ...                        staging=Staging(pilot_spend=1.0, kill_share=0.8))
    >>> plan = Plan(horizon=12, channels=[bets])
    >>> found = staging_by_tail(plan, tail_indices=(1.5, 3.0), scenarios=1_000, rng=7)
    >>> staging_data(found)["tail_index"].tolist()
    [1.5, 3.0]
    """
    if not isinstance(found, StagingByTail):
        rule, fix = "must be a StagingByTail", "take what decide.staging_by_tail(plan) returns"
        raise ArgumentTypeError("found", rule, found, fix)
    table = found.table.sort_index()
    columns = {"tail_index": table.index.to_numpy(dtype=np.float64)}
    for figure, names in (("gain", ("gain", "low", "high")), ("wins", None)):
        names = names or ("wins", "wins_low", "wins_high")
        for name, end in zip(names, ("estimate", "low", "high"), strict=True):
            columns[name] = table[figure, end].to_numpy(dtype=np.float64)
    return pd.DataFrame(columns)


def staging(found: StagingByTail, ax: Axes | None = None) -> Axes:
    """Draw what staging adds to the median return of the same money, by tail index.

    Parameters
    ----------
    found : StagingByTail
        What `gtmsim.decide.staging_by_tail` returned.
    ax : Axes, optional
        A new figure by default.

    Returns
    -------
    Axes
        Each gain with its paired interval.

    Raises
    ------
    ArgumentTypeError
        If it is not a StagingByTail.

    Examples
    --------
    >>> from gtmsim import CampaignProgram, Lomax, Plan
    >>> from gtmsim.decide import staging_by_tail
    >>> from gtmsim.plan import Staging
    >>> bets = CampaignProgram(name="bets", campaigns=20, spend=10.0, launch=0,
    ...                        multiple=Lomax(tail_index=1.3, scale=0.4),
    ...                        staging=Staging(pilot_spend=1.0, kill_share=0.8))
    >>> plan = Plan(horizon=12, channels=[bets])
    >>> found = staging_by_tail(plan, tail_indices=(1.5, 3.0), scenarios=1_000, rng=7)
    >>> staging(found).get_xlabel()
    'tail index of the multiple (lower: heavier)'
    """
    data = staging_data(found)
    ax = new_axes(ax)
    gain = 100.0 * data["gain"]
    whiskers = 100.0 * np.array([data["gain"] - data["low"], data["high"] - data["gain"]])
    ax.axhline(0.0, color=RED, lw=1.2, ls="--", label="all at once, the same money")
    places = np.arange(len(data))
    ax.errorbar(
        places,
        gain,
        yerr=whiskers.clip(0.0),
        fmt="o-",
        color=BLUE,
        ecolor="black",
        mec="black",
        ms=7,
        capsize=3.0,
        label="staged, with its paired interval",
    )
    for place, (_, row) in zip(places, data.iterrows(), strict=True):
        ax.annotate(
            f"{gain_text(row['gain'])},\nwins {percent(float(row['wins']))}",
            (place, 100.0 * float(row["high"])),
            (0, 5),
            textcoords="offset points",
            ha="center",
            fontsize=8,
        )
    ax.margins(0.1, 0.25)
    ax.set_xticks(places, [f"{tail:g}" for tail in data["tail_index"]])
    ax.set_xlabel("tail index of the multiple (lower: heavier)")
    ax.set_ylabel("change of the median return per 1 spent (%)")
    legend_below(ax)
    first, last = data.iloc[0], data.iloc[-1]
    return finish(
        ax,
        f"{found.channel}: staging changes the median return by {gain_text(first['gain'])} with "
        f"tail index {first['tail_index']:g},\nby {gain_text(last['gain'])} with "
        f"{last['tail_index']:g}",
    )


def gain_text(gain: float) -> str:
    """Return a gain in percent with its sign.

    Examples
    --------
    >>> gain_text(0.123), gain_text(-0.5)
    ('+12 %', '-50 %')
    """
    return f"{100.0 * gain:+.0f} %"
