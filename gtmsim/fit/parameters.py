"""The parameters of a fit, as they are read."""

from __future__ import annotations

import math

import pandas as pd

from gtmsim.result.display import format_number

_DIGITS = 0.1
"""Of an interval's width: what the last digit shown stands for, about."""


def parameter_texts(summary: pd.DataFrame, level: float) -> pd.DataFrame:
    """Return the summary of a fit as text, with digits that follow the intervals.

    Parameters
    ----------
    summary : DataFrame
        Index parameter; columns estimate, low, high, from_data and source.
    level : float
        Of the intervals.

    Returns
    -------
    DataFrame
        Index parameter, in words.

    Examples
    --------
    >>> columns = ["estimate", "low", "high", "from_data", "source"]
    >>> rows = pd.DataFrame([[0.4321, 0.3, 0.5, 1.0, "history"]], ["hit_rate"], columns)
    >>> parameter_texts(rows, 0.9).loc["hit rate"].tolist()
    ['0.43', '0.30 to 0.50', '100%', 'history']
    """
    rows = {}
    for parameter, row in summary.iterrows():
        low, high = float(row["low"]), float(row["high"])
        error = _DIGITS * (high - low) if math.isfinite(high - low) else 0.0
        ends = [format_number(end, error) for end in (low, high)]
        no_cap = parameter == "cap" and math.isinf(row["estimate"])
        weight = float(row["from_data"])
        rows[str(parameter).replace("_", " ")] = {
            "estimate": "none" if no_cap else format_number(float(row["estimate"]), error),
            f"{100.0 * level:g} % interval": "" if math.isnan(low) else " to ".join(ends),
            "history's weight": "" if math.isnan(weight) else f"{weight:.0%}",
            "source": str(row["source"]),
        }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("parameter")
