"""How unequally value is spread over spend: top share, Lorenz curve, Gini, effective number.

Every measure sorts units (campaigns, seats, anything that spends and returns) by value per spend,
best first, so unequal spends are handled, and takes the last unit in part. All of them accept

- a sequence or array of values (unit,), with ``spend`` (unit,) beside it or 1 for each unit;
- a frame with a column ``value`` and, optionally, ``spend``, ``units`` (the row stands for that
  many equal units and holds their totals), ``channel`` and ``scenario``;
- a result that carries such a frame as its attribute ``units``.

With a column ``scenario`` each scenario is measured on its own, and the measures are averaged with
equal weights over the scenarios that returned anything: a scenario without value has no shares.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from gtmsim.errors import ArgumentError, check_number
from gtmsim.statistics.points import amounts

Floats = NDArray[np.float64]


class _Set(NamedTuple):
    """Value, spend and number of equal units of each row (row,), in one scenario."""

    value: Floats
    spend: Floats
    units: Floats


def top_share(
    values: ArrayLike | pd.DataFrame | Any,
    share: float = 0.01,
    spend: ArrayLike | None = None,
    *,
    channel: str | None = None,
) -> float:
    """Return the share of value held by the best ``share`` of spend.

    Parameters
    ----------
    values : array_like (unit,), DataFrame or result
        Value of each unit (currency), not negative; see the module for frames and results.
    share : float, default 0.01
        Share of spend that is taken, above 0 and at most 1.
    spend : array_like (unit,), optional
        Spend of each unit (currency). By default every unit spends the same.
    channel : str, optional
        The channel to measure, for a frame or result that has several. By default all of them,
        together.

    Returns
    -------
    float
        Between ``share`` and 1; averaged over scenarios if there are several.

    Raises
    ------
    ArgumentError
        If a value or spend is negative or not finite, a unit has value but no spend, lengths
        differ, there is no unit or no value to share, or the channel does not exist.
    ArgumentTypeError
        If the values are not numbers.

    Examples
    --------
    >>> top_share([97.0, 1.0, 1.0, 1.0], share=0.25)
    0.97
    >>> top_share([60.0, 40.0], share=0.5, spend=[75.0, 25.0])
    0.6
    """
    share = check_number("share", share, low=0.0, high=1.0, low_open=True)
    scenarios = _scenarios(values, spend, channel)
    return float(np.mean([np.interp(share, *_curve(rows)) for rows in scenarios]))


def lorenz_curve(
    values: ArrayLike | pd.DataFrame | Any,
    spend: ArrayLike | None = None,
    *,
    channel: str | None = None,
) -> pd.DataFrame:
    """Return cumulative value against cumulative spend, best value per spend first.

    Sorted this way round the curve lies on or above the diagonal, and its height at 0.01 is the
    share of value that the best 1 % of spend brings. It is straight between its points.

    Parameters
    ----------
    values, spend, channel
        As in `top_share`.

    Returns
    -------
    DataFrame
        Columns ``spend_share`` and ``value_share``, (unit + 1) rows from (0, 0) to (1, 1); the
        mean curve, with a point wherever a scenario has one, if there are several scenarios.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        As in `top_share`.

    References
    ----------
    M. O. Lorenz, "Methods of measuring the concentration of wealth", Publications of the American
    Statistical Association 9 (1905), p. 217.

    Examples
    --------
    >>> lorenz_curve([1.0, 3.0])
       spend_share  value_share
    0          0.0         0.00
    1          0.5         0.75
    2          1.0         1.00
    """
    curves = [_curve(rows) for rows in _scenarios(values, spend, channel)]
    if len(curves) == 1:
        x, y = curves[0]
    else:
        x = np.unique(np.concatenate([knots for knots, _ in curves]))
        y = np.mean([np.interp(x, *curve) for curve in curves], axis=0)
    return pd.DataFrame({"spend_share": x, "value_share": y})


def gini(
    values: ArrayLike | pd.DataFrame | Any,
    spend: ArrayLike | None = None,
    *,
    channel: str | None = None,
) -> float:
    """Return the Gini coefficient of value over spend: twice the area above the diagonal.

    0 means that every unit of spend returns the same; (n - 1) / n that one of n equal units
    returns everything.

    Parameters
    ----------
    values, spend, channel
        As in `top_share`.

    Returns
    -------
    float
        From 0 up to, but not including, 1; averaged over scenarios if there are several.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        As in `top_share`.

    References
    ----------
    R. Dorfman, "A formula for the Gini coefficient", Review of Economics and Statistics 61 (1979),
    146-149: the area between Lorenz curve and diagonal, in one pass over the sorted units.

    Examples
    --------
    >>> gini([0.0, 0.0, 0.0, 8.0])
    0.75
    >>> gini([10.0, 30.0], spend=[1.0, 3.0])
    0.0
    """
    coefficients = []
    for rows in _scenarios(values, spend, channel):
        x, y = _curve(rows)
        coefficients.append(2.0 * np.trapezoid(y, x) - 1.0)
    # Equal units can come out a rounding error below 0.
    return max(0.0, float(np.mean(coefficients)))


def effective_number(
    values: ArrayLike | pd.DataFrame | Any, *, channel: str | None = None
) -> float:
    """Return the number of equal units that would be as concentrated: 1 / sum of squared shares.

    The sum of squared shares is the Herfindahl-Hirschman index. Spend plays no part in it.

    Parameters
    ----------
    values, channel
        As in `top_share`. A row with ``units`` = k counts as k units of equal value.

    Returns
    -------
    float
        From 1 to the number of units; averaged over scenarios if there are several.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        As in `top_share`.

    References
    ----------
    M. A. Adelman, "Comment on the H concentration measure as a numbers-equivalent", Review of
    Economics and Statistics 51 (1969), 99-101.

    Examples
    --------
    >>> effective_number([5.0, 5.0, 0.0])
    2.0
    """
    numbers = []
    for rows in _scenarios(values, None, channel, needs_spend=False):
        # Scaled by the largest value, so that the squares of an extreme set stay finite.
        scaled = rows.value / rows.value.max()
        numbers.append(scaled.sum() ** 2 / np.sum(scaled**2 / rows.units))
    return float(np.mean(numbers))


def _curve(rows: _Set) -> tuple[Floats, Floats]:
    """Return the shares of spend and of value (unit + 1,), best value per spend first."""
    # A vanishing spend may make a rate infinite, which sorts where it belongs.
    with np.errstate(over="ignore"):
        rate = rows.value / rows.spend
    order = np.argsort(-rate, kind="stable")
    x, y = (
        # Scaled by a power of two, which is exact, so that no sum overflows.
        np.concatenate(([0.0], np.cumsum(np.ldexp(a[order], -np.frexp(a.max())[1]))))
        for a in (rows.spend, rows.value)
    )
    return x / x[-1], y / y[-1]


def _scenarios(
    values: ArrayLike | pd.DataFrame | Any,
    spend: ArrayLike | None,
    channel: str | None,
    needs_spend: bool = True,
) -> list[_Set]:
    """Return the checked units of every scenario that has value."""
    frame = values if isinstance(values, pd.DataFrame) else getattr(values, "units", None)
    if isinstance(frame, pd.DataFrame):
        if spend is not None:
            raise ArgumentError(
                "spend",
                "must not be given beside a frame or a result",
                spend,
                "put it into the frame as a column named spend",
            )
        sets = _from_frame(frame, channel, needs_spend)
    elif channel is not None:
        raise ArgumentError(
            "channel", "must not be given for values without channels", channel, "leave it out"
        )
    else:
        value = amounts(values, "values")
        ones = np.ones_like(value)
        sets = [_checked(value, ones if spend is None else amounts(spend, "spend"), ones)]
    valued = [rows for rows in sets if rows.value.any()]
    if not valued:
        raise ArgumentError("values", "must hold some value to share", 0.0)
    return valued


def _from_frame(frame: pd.DataFrame, channel: str | None, needs_spend: bool) -> list[_Set]:
    """Return the checked units of each scenario of a frame."""
    if "value" not in frame:
        raise ArgumentError("values", "must have a column named value", list(frame.columns))
    if channel is not None:
        if "channel" not in frame:
            raise ArgumentError(
                "channel", "must not be given for values without channels", channel, "leave it out"
            )
        known = frame["channel"].unique().tolist()
        if channel not in known:
            raise ArgumentError("channel", f"must be one of {', '.join(map(repr, known))}", channel)
        frame = frame[frame["channel"] == channel]
    parts = [rows for _, rows in frame.groupby("scenario")] if "scenario" in frame else [frame]
    sets = []
    for rows in parts or [frame]:
        value = amounts(rows["value"], "values.value")
        count = amounts(rows["units"], "values.units") if "units" in rows else np.ones_like(value)
        for i in np.flatnonzero((count != np.floor(count)) | ((count == 0.0) & (value > 0.0)))[:1]:
            raise ArgumentError(
                f"values.units[{i}]",
                "must be a whole number, at least 1 where there is value",
                count[i].item(),
            )
        own = needs_spend and "spend" in rows
        paid = amounts(rows["spend"], "values.spend") if own else count
        sets.append(_checked(value, paid, count, "values.spend"))
    return sets


def _checked(value: Floats, spend: Floats, count: Floats, path: str = "spend") -> _Set:
    """Return the units that spend, after checking that lengths agree and all value is paid for."""
    if spend.shape != value.shape:
        raise ArgumentError(path, f"must have one number per value ({value.size})", spend.size)
    for i in np.flatnonzero((spend == 0.0) & (value > 0.0))[:1]:
        raise ArgumentError(
            f"{path}[{i}]", f"must be above 0 where there is value ({value[i]:g})", 0.0
        )
    spends = (spend > 0.0) & (count > 0.0)
    return _Set(value[spends], spend[spends], count[spends])
