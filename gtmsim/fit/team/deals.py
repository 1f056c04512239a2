"""Opportunities: what reps booked month by month, and what their deals look like."""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import betaincinv

from gtmsim.core._types import Floats
from gtmsim.statistics.intervals import Interval, interval_of_mean, quantile_interval

_QUIET = pd.Timedelta(days=92)
"""Without any activity for so long a rep has left; seen so early, a rep was there before."""


def reps_from(opportunities: pd.DataFrame) -> pd.DataFrame:
    """Return the history of reps that opportunities tell.

    Parameters
    ----------
    opportunities : DataFrame
        As `check_opportunities` returns it.

    Returns
    -------
    DataFrame
        One row per rep and month from the rep's first activity, or the first closing of the file if
        that is later, to the last activity; months without a won deal are there with 0. Columns as
        of a history of reps, and ``first`` and ``last``, the days of the file in each month.

    Notes
    -----
    A rep starts with the first activity, unless it lies before the end of the file's first quarter
    of closings: then the rep was there before. A rep without activity in the last quarter left
    after the last one.
    """
    created, closed = opportunities["created"], opportunities["closed"]
    first, last = created.fillna(closed), closed.fillna(created)
    opening, until = closed.min().to_period("M").start_time, last.max()
    by = opportunities["rep"]
    seen = pd.DataFrame({"start": first.groupby(by).min(), "quit": last.groupby(by).max()})
    seen = seen.dropna()
    seen["segment"] = opportunities.groupby("rep")["segment"].first()
    there = seen["start"] <= opening + _QUIET
    gone = seen["quit"] < until - _QUIET
    begin = seen["start"].clip(lower=opening)
    stop = seen["quit"].where(gone, until)

    months = [
        pd.period_range(a, b, freq="M") if a <= b else pd.PeriodIndex([], freq="M")
        for a, b in zip(begin, stop, strict=True)
    ]
    place = np.repeat(np.arange(len(seen)), [len(m) for m in months])
    rows = seen.assign(start=seen["start"].where(~there), end=seen["quit"].where(gone))
    rows = rows.rename_axis("rep").reset_index().iloc[place].reset_index(drop=True)
    rows["period"] = pd.PeriodIndex(np.concatenate([np.asarray(m) for m in months]), freq="M")
    won = opportunities[opportunities["outcome"] == "won"]
    booked = won.groupby(["rep", won["closed"].dt.to_period("M").rename("period")])["amount"].sum()
    rows = rows.merge(booked.rename("bookings").reset_index(), on=["rep", "period"], how="left")
    rows["bookings"] = rows["bookings"].fillna(0.0)
    rows["quota"] = np.nan
    rows["first"] = rows["period"].dt.start_time
    rows["last"] = rows["period"].dt.end_time.dt.normalize().clip(upper=until)
    return rows.drop(columns="quit")


def describe_deals(opportunities: pd.DataFrame, worked: Floats, level: float) -> pd.DataFrame:
    """Return the win rate, the sizes and the cycles of deals, and the luck that they explain.

    Parameters
    ----------
    opportunities : DataFrame
        As `check_opportunities` returns it.
    worked : array (month,)
        Ramped months in each month that a rep worked.
    level : float
        Probability of the intervals.

    Returns
    -------
    DataFrame
        Rows win_rate, deal_mean, deal_median, deal_log_sd, deal_cv, cycle_days (won deals, and open
        ones as censored), cycle_days_won, deals_per_year (of a ramped rep) and deal_luck_cv;
        columns estimate, low, high, count (what it rests on) and method. NaN where there is no
        interval.

    Notes
    -----
    With n deals a year, Poisson, and sizes of coefficient of variation c, a year's bookings have
    the coefficient sqrt((1 + c**2) / n).

    References
    ----------
    E. L. Kaplan and P. Meier, "Nonparametric estimation from incomplete observations", Journal of
    the American Statistical Association 53 (1958), 457-481; R. Brookmeyer and J. Crowley, "A
    confidence interval for the median survival time", Biometrics 38 (1982), 29-41; W. Feller, "An
    introduction to probability theory and its applications", vol. 1, 3rd ed. (1968), section XII.2
    (compound sums).
    """
    outcome = opportunities["outcome"]
    won, lost = int((outcome == "won").sum()), int((outcome == "lost").sum())
    size = opportunities.loc[outcome == "won", "amount"].dropna().to_numpy(dtype=np.float64)
    one, logs = np.ones(size.size), np.log(size[size > 0.0])
    square = interval_of_mean((logs - logs.mean()) ** 2, np.ones(logs.size), level, "normal")
    cv = float(size.std() / size.mean())
    years = float(worked.sum()) / 12.0
    luck = math.sqrt((1.0 + cv**2) * years / won)
    cycle, cycle_won = _cycles(opportunities, level)
    rows = {
        "win_rate": (_jeffreys(won, lost, level), won + lost),
        "deal_mean": (
            interval_of_mean(size, one, level, "Hall"),
            size.size,
        ),
        "deal_median": (quantile_interval(size, 0.5, level), size.size),
        "deal_log_sd": (_rooted(square), logs.size),
        "deal_cv": (_alone(cv, level, "moments"), size.size),
        "cycle_days": cycle,
        "cycle_days_won": cycle_won,
        "deals_per_year": (_alone(won / years, level, "deals over ramped years"), won),
        "deal_luck_cv": (
            _alone(luck, level, "compound sum"),
            won,
        ),
    }
    table = pd.DataFrame.from_dict(
        {name: (i.estimate, i.low, i.high, count, i.method) for name, (i, count) in rows.items()},
        orient="index",
        columns=["estimate", "low", "high", "count", "method"],
    )
    return table.rename_axis("deals")


def _jeffreys(won: int, lost: int, level: float) -> Interval:
    tail = (1.0 - level) / 2.0
    low = float(betaincinv(won + 0.5, lost + 0.5, tail)) if won else 0.0
    high = float(betaincinv(won + 0.5, lost + 0.5, 1.0 - tail)) if lost else 1.0
    return Interval(won / (won + lost), low, high, level, "Jeffreys")


def _alone(value: float, level: float, method: str) -> Interval:
    return Interval(value, math.nan, math.nan, level, method)


def _rooted(square: Interval) -> Interval:
    middle, low, high = (math.sqrt(max(x, 0.0)) for x in (square.estimate, square.low, square.high))
    return Interval(middle, low, high, square.level, square.method)


def _cycles(
    opportunities: pd.DataFrame, level: float
) -> tuple[tuple[Interval, int], tuple[Interval, int]]:
    """Return the median days from creation to closing, with open ones and without."""
    until = opportunities[["created", "closed"]].max().max()
    dated = opportunities[opportunities["created"].notna()]
    won, still = (dated[dated["outcome"] == outcome] for outcome in ("won", "open"))
    days = _days(won["closed"] - won["created"])
    waiting = _days(until - still["created"])
    if not days.size:
        nothing = (_alone(math.nan, level, "no dates"), 0)
        return nothing, nothing
    both = _kaplan_meier(days, waiting, level)
    return (both, days.size + waiting.size), (quantile_interval(days, 0.5, level), days.size)


def _days(length: pd.Series[Any]) -> Floats:
    days: Floats = length.dt.days.to_numpy(dtype=np.float64)
    return days


def _kaplan_meier(days: Floats, waiting: Floats, level: float) -> Interval:
    from scipy.stats import CensoredData, ecdf

    survival = ecdf(CensoredData(uncensored=days, right=waiting)).sf
    with warnings.catch_warnings(), np.errstate(divide="ignore", invalid="ignore"):
        # Where all or none are left there is no error to take.
        warnings.simplefilter("ignore", RuntimeWarning)
        band: Any = survival.confidence_interval(confidence_level=level, method="log-log")

    def median(left: Floats) -> float:
        below = np.flatnonzero(np.where(np.isnan(left), survival.probabilities, left) <= 0.5)
        return float(survival.quantiles[below[0]]) if below.size else math.inf

    curves = (survival.probabilities, band.low.probabilities, band.high.probabilities)
    middle, low, high = (median(curve) for curve in curves)
    return Interval(middle, low, high, level, "Kaplan-Meier")
