"""Histories and arguments that no team can be fitted from."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pandas as pd
import pytest

from gtmsim.errors import ArgumentError, ArgumentTypeError, HistoryError
from gtmsim.fit.team import fit_team
from tests.fit.test_team_deals import opportunities
from tests.fit.test_team_recovery import simulate


@pytest.fixture
def history() -> pd.DataFrame:
    return simulate(np.random.default_rng(1), 10, "Q")


@pytest.fixture
def deals() -> pd.DataFrame:
    return opportunities(np.random.default_rng(1), 6, 40)


def refuses(frame: Any, *messages: str) -> None:
    with pytest.raises(HistoryError) as caught:
        fit_team(frame, rng=1)
    for message in messages:
        assert re.search(message, str(caught.value)), str(caught.value)


def test_columns_must_be_there(history: pd.DataFrame, deals: pd.DataFrame) -> None:
    refuses(history.drop(columns=["quota", "end"]), r"must have the columns rep, .*add end, quota")
    refuses(deals.drop(columns="closed"), r"must have the columns opportunity, .*add closed")
    refuses(pd.DataFrame(), "must have the columns rep, segment, period.*got 'none'")


def test_money_must_not_be_negative(history: pd.DataFrame) -> None:
    history.loc[3, "bookings"] = -1.0
    history.loc[4, "bookings"] = np.nan
    history.loc[5, "quota"] = -2.0
    history.loc[6, "bookings"] = np.inf
    refuses(
        history,
        r"history, row 3, bookings: must be a number of at least 0, got -1\.0",
        "history, row 4, bookings: must be a number of at least 0, got nan",
        r"history, row 5, quota: must be finite and at least 0, got -2\.0",
        "history, row 6, bookings: must be finite, got inf",
    )


def test_only_the_first_wrong_rows_are_listed(history: pd.DataFrame) -> None:
    history["bookings"] = -1.0
    refuses(history, rf"row 4, bookings: .* \(and {len(history) - 5} rows more\)")
    with pytest.raises(HistoryError) as caught:
        fit_team(history)
    assert len(caught.value.problems) == 5


def test_numbers_and_dates_must_be_that(history: pd.DataFrame, deals: pd.DataFrame) -> None:
    refuses(history.assign(bookings="many"), "history, bookings: must be numbers, got")
    refuses(history.assign(start="soon"), "history, start: must be dates, got")
    refuses(deals.assign(amount="many"), "history, amount: must be numbers, got")


def test_a_row_must_stand_once(history: pd.DataFrame) -> None:
    twice = pd.concat([history, history.iloc[[2]]], ignore_index=True)
    refuses(twice, rf"history, rows 2, {len(history)}: must be one row a rep and period, got 'rep")


def test_nobody_leaves_before_the_start(history: pd.DataFrame) -> None:
    one = history["rep"] == history["rep"].iloc[0]
    history.loc[one, "end"] = pd.Timestamp("1999-12-31")
    refuses(history, r"history, row 0, end: must not be before the start, got '1999-12-31'")


def test_a_rep_has_one_start(history: pd.DataFrame) -> None:
    history.loc[0, "start"] = pd.Timestamp("1999-12-31")
    refuses(history, r"rep rep 0000, start: must be one date a rep, got '1999-12-31, 20")


def test_a_rep_has_a_name(history: pd.DataFrame) -> None:
    history["rep"] = history["rep"].astype(object)
    history.loc[1, "rep"] = None
    refuses(history, "history, row 1, rep: must be named")


def test_periods_must_be_of_one_kind(history: pd.DataFrame) -> None:
    mixed = history.assign(
        period=[p if i else p.asfreq("M") for i, p in enumerate(history["period"])]
    )
    refuses(mixed, "history, period: must be of one frequency, got 'M, Q-DEC'")
    dates = history.assign(period=history["period"].dt.start_time)
    refuses(dates, "history, period: must be pandas periods, got 'datetime64")
    weeks = history.assign(period=history["period"].dt.asfreq("W"))
    refuses(weeks, "must be months, quarters or years that end in December, got 'period")
    holes = history.assign(period=history["period"].where(history.index > 0))
    refuses(holes, "history, period: must be given in all rows")


def test_there_must_be_enough(history: pd.DataFrame) -> None:
    two = history["rep"].isin(history["rep"].unique()[:2])
    refuses(history[two], r"history, rep: must be at least 3 reps, got 2 \(with so few take")
    one = history[history["period"] == history["period"].iloc[0]]
    refuses(one, r"history, period: must be at least 2 periods, got 1 \(luck shows only")
    refuses(history.assign(bookings=0.0), r"history: must have bookings above 0, got 0\.0")
    once = pd.DataFrame(
        {
            "rep": ["a", "b", "c"],
            "segment": "",
            "period": pd.PeriodIndex(["2022Q1", "2022Q2", "2022Q2"], freq="Q"),
            "start": pd.NaT,
            "end": pd.NaT,
            "quota": 1.0,
            "bookings": 1.0,
        }
    )
    refuses(once, "must be two periods or more of one rep, at least, got 1")


def test_opportunities_must_end_as_they_can(deals: pd.DataFrame) -> None:
    refuses(
        deals.assign(outcome=deals["outcome"].replace("won", "Closed Won")),
        "outcome: must be one of won, lost, open, got 'Closed Won'",
    )
    refuses(deals.assign(amount=-1.0), r"row 0, amount: must be finite, at least 0, got -1\.0")
    refuses(deals.assign(closed=pd.NaT), "closed: must be a date for what is won or lost, got NaT")
    early = deals["created"] - pd.Timedelta(days=1)
    refuses(deals.assign(closed=early), "closed: must not be before it was created, got '20")
    none = deals.assign(outcome=deals["outcome"].replace("won", "lost"))
    refuses(none, "must have amount of won ones above 0")
    refuses(deals[deals["rep"] == "rep 0"], "must be at least 3 reps, got 1")


def test_arguments_are_checked(history: pd.DataFrame) -> None:
    cases: tuple[tuple[dict[str, Any], type[Exception], str], ...] = (
        (
            {"preset": "paid_social"},
            ArgumentError,
            "preset: must be a sales team, got 'paid_social'",
        ),
        ({"preset": "midmarket"}, ArgumentError, "did you mean 'midmarket_ae'"),
        ({"preset": 3}, ArgumentTypeError, "preset: must be the name of a preset, got 3"),
        ({"quota": 0.0}, ArgumentError, r"quota: must be above 0, got 0\.0"),
        ({"loaded_cost": -1}, ArgumentError, "loaded_cost: must be above 0, got -1"),
        ({"level": 1.0}, ArgumentError, r"level: must be above 0 and below 1, got 1\.0"),
        ({"rng": "seven"}, ArgumentTypeError, "rng: must be None, an int"),
    )
    for arguments, error, message in cases:
        with pytest.raises(error, match=message):
            fit_team(history, **arguments)
    with pytest.raises(ArgumentTypeError, match="history: must be a DataFrame of reps or of opp"):
        fit_team([1.0])  # type: ignore[arg-type]
    with pytest.raises(ArgumentError, match=r"count: must be at least 1 and at most 1e\+06, got 0"):
        fit_team(history, rng=1).alternatives(0)
