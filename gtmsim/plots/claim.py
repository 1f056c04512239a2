"""Picture of the claim: where 1 % of spend brings 99 % of results, and where it does not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd
from matplotlib.axes import Axes

from gtmsim.claim import ClaimTable, reproduce_claim
from gtmsim.errors import ArgumentError, ArgumentTypeError, check_number
from gtmsim.plots._axes import finish, new_axes
from gtmsim.plots._cells import draw_border, draw_cells
from gtmsim.seeds import RNGLike

_TAILS = (0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.1, 1.2, 1.3, 1.5)
_CAMPAIGNS = (100, 300, 1_000, 3_000, 10_000, 30_000)
_HIT_RATE = 0.1
_SCENARIOS = 1_000
_COLUMNS = ("probability", "probability_low", "probability_high")


def claim_surface_data(
    table: ClaimTable | None = None,
    hit_rate: float | None = None,
    *,
    tail_indices: Sequence[float] = _TAILS,
    campaigns: Sequence[int] = _CAMPAIGNS,
    spend_share: float = 0.01,
    value_share: float = 0.99,
    cap: float | None = None,
    scenarios: int = _SCENARIOS,
    rng: RNGLike = None,
) -> pd.DataFrame:
    """Return the chance of the claim over tail indices and numbers of campaigns.

    Parameters
    ----------
    table : ClaimTable, optional
        What `reproduce_claim` returned; nothing is simulated then and what follows but the hit rate
        counts for nothing.
    hit_rate : float, optional
        One that the table has, by default its first; without a table 0.1 by default.
    tail_indices, campaigns, spend_share, value_share, cap, scenarios, rng
        As in `reproduce_claim`.

    Returns
    -------
    DataFrame
        One row per tail index and number of campaigns, both ascending. Columns: tail_index,
        campaigns, hit_rate, spend_share, value_share, probability with the ends of its 95 %
        interval, probability_low and probability_high, median_share, and sales_share, what the same
        share of spend brings in a sales team.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If an argument breaks its rule, or the table does not have the hit rate.

    Examples
    --------
    >>> data = claim_surface_data(tail_indices=(0.5, 1.5), campaigns=(100,), scenarios=100, rng=7)
    >>> data["probability"].is_monotonic_decreasing
    True
    """
    if table is None:
        rate = _HIT_RATE if hit_rate is None else hit_rate
        table = reproduce_claim(
            tail_indices,
            (rate,),
            campaigns,
            spend_share=spend_share,
            value_share=value_share,
            cap=cap,
            scenarios=scenarios,
            rng=rng,
        )
    elif not isinstance(table, ClaimTable):
        rule = "must be what reproduce_claim returns"
        raise ArgumentTypeError("table", rule, table, "leave it out to have it made")
    bets = table.table[table.table["kind"] == "campaigns"]
    rates = bets["hit_rate"].unique().tolist()
    wanted = rates[0] if hit_rate is None else check_number("hit_rate", hit_rate)
    if wanted not in rates:
        known = ", ".join(f"{rate:g}" for rate in rates)
        raise ArgumentError("hit_rate", f"must be one of the table's: {known}", hit_rate)
    sales = table.table.loc[table.table["kind"] == "sales team", "population_share"].iloc[0]
    rows = bets[bets["hit_rate"] == wanted].assign(
        spend_share=table.spend_share, value_share=table.value_share, sales_share=sales
    )
    keys = ["tail_index", "campaigns"]
    shown = [*keys, "hit_rate", "spend_share", "value_share", *_COLUMNS, "median_share"]
    return rows.sort_values(keys)[[*shown, "sales_share"]].reset_index(drop=True)


def claim_surface(
    table: ClaimTable | None = None,
    hit_rate: float | None = None,
    ax: Axes | None = None,
    **options: Any,
) -> Axes:
    """Draw the chance of the claim over tail indices and numbers of campaigns.

    Parameters
    ----------
    table, hit_rate, **options
        As in :func:`claim_surface_data`.
    ax : Axes, optional
        A new figure by default.

    Returns
    -------
    Axes
        A line parts the cells where the claim is more likely than not from the others; a number
        stands with half of its 95 % interval.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If an argument breaks its rule, or the table does not have the hit rate.

    Examples
    --------
    >>> ax = claim_surface(tail_indices=(0.5, 1.5), campaigns=(100, 10_000), scenarios=100, rng=7)
    >>> ax.get_ylabel()
    'tail index of the multiple'
    """
    data = claim_surface_data(table, hit_rate, **options)
    ax = new_axes(ax)
    middle, low, high = (
        data.pivot_table(values=name, index="tail_index", columns="campaigns") for name in _COLUMNS
    )
    half = 50.0 * (high - low).to_numpy()
    shares = middle.to_numpy()
    texts = [
        [_cell(share, error) for share, error in zip(*row, strict=True)]
        for row in zip(shares, half, strict=True)
    ]
    tails = [f"{tail:g}" for tail in middle.index]
    draw_cells(ax, shares, texts, tails, [f"{n:,}" for n in middle.columns])
    draw_border(ax, shares >= 0.5)
    first = data.iloc[0]
    ax.set_ylabel("tail index of the multiple")
    note = f"numbers: chance in %, \u00b1 half of its 95 % interval; {_of_sales(first)}"
    ax.set_xlabel(f"campaigns of equal spend, of which {100.0 * first['hit_rate']:g} % hit\n{note}")
    return finish(ax, _found(data))


def _cell(share: float, half: float) -> str:
    if share in (0.0, 1.0):
        return f"{100.0 * share:.0f}"
    if share < 0.01:
        return "< 1"
    return f"{100.0 * share:.0f} \u00b1{max(half, 1.0):.0f}"


def _of_sales(row: pd.Series) -> str:
    share = 100.0 * float(row["sales_share"])
    return f"in sales the same {100.0 * row['spend_share']:g} % brings {share:.2g} %"


def _found(data: pd.DataFrame) -> str:
    """Return where the claim is more likely than not, in words."""
    first = data.iloc[0]
    claim = f"{100.0 * first['spend_share']:g} % of spend brings {100.0 * first['value_share']:g} %"
    true = data[data["probability"] >= 0.5]
    if true.empty:
        return f'"{claim}" is less likely than not in all of these cases'
    if len(true) == len(data):
        return f'"{claim}" is more likely than not in all of these cases'
    tail = true["tail_index"].max()
    least = true.loc[true["tail_index"] == tail, "campaigns"].min()
    where = f'"{claim}" is more likely than not only below the line:\n'
    if tail == data["tail_index"].max():
        return f"{where}from {least:,} campaigns on even with a tail index of {tail:g}"
    return f"{where}with a tail index of at most {tail:g}, and then from {least:,} campaigns on"
