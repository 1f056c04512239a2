"""Teams from opportunities: bookings, deals, and the luck that they explain."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from gtmsim.fit.team import FittedTeam, fit_team
from gtmsim.fit.team.checks import check_opportunities
from gtmsim.fit.team.deals import reps_from
from gtmsim.statistics import quantile_interval
from tests.laws import expect_proportion, rejects

DATA = os.environ.get("GTMSIM_DATA")


def opportunities(
    random: np.random.Generator,
    reps: int,
    deals: int,
    *,
    years: int = 2,
    win_rate: float = 0.25,
    sigma: float = 0.8,
    skill_cv: float = 0.0,
) -> pd.DataFrame:
    """Write closed opportunities at random times, ``deals`` a rep and year, and a few open ones."""
    shape = np.log1p(skill_cv**2)
    skill = random.lognormal(-shape / 2.0, np.sqrt(shape), reps)
    counts = random.poisson(deals * years * skill)
    rep = np.repeat(np.arange(reps), counts)
    closed = np.datetime64("2022-01-01") + random.integers(0, 365 * years, rep.size)
    cycle = random.gamma(4.0, 15.0, rep.size).astype(np.int64)
    won = random.random(rep.size) < win_rate
    closed_ones = pd.DataFrame(
        {
            "rep": [f"rep {i}" for i in rep],
            "created": closed - cycle,
            "closed": closed,
            "outcome": np.where(won, "won", "lost"),
            "amount": random.lognormal(9.0, sigma, rep.size),
        }
    )
    open_ones = closed_ones.iloc[: 2 * reps].assign(
        closed=pd.NaT,
        outcome="open",
        created=np.datetime64("2022-01-01") + 365 * years - random.integers(1, 90, 2 * reps),
    )
    table = pd.concat([closed_ones, open_ones], ignore_index=True)
    return table.assign(opportunity=table.index.astype(str), segment="").astype(
        {"created": "datetime64[s]", "closed": "datetime64[s]"}
    )


@pytest.fixture(scope="module")
def history() -> pd.DataFrame:
    return opportunities(np.random.default_rng(1), 60, 80)


@pytest.fixture(scope="module")
def fitted(history: pd.DataFrame) -> FittedTeam:
    return fit_team(history, rng=1)


def deal(team: FittedTeam, row: str, column: str = "estimate") -> float:
    assert team.deals is not None
    return float(team.deals[column][row])


def test_bookings_are_those_of_won_deals(history: pd.DataFrame) -> None:
    rows = reps_from(check_opportunities(history))
    won = history[history["outcome"] == "won"]
    assert rows["bookings"].sum() == pytest.approx(won["amount"].sum())
    assert (rows["bookings"] == 0.0).any()
    assert rows.groupby("rep")["period"].nunique().eq(24).all()
    one = won[(won["rep"] == "rep 3") & (won["closed"].dt.to_period("M") == pd.Period("2022-05"))]
    mine = rows[(rows["rep"] == "rep 3") & (rows["period"] == pd.Period("2022-05"))]
    assert mine["bookings"].iloc[0] == pytest.approx(one["amount"].sum())


def test_who_comes_late_started_then_and_who_falls_silent_has_left(history: pd.DataFrame) -> None:
    created, closed = history["created"], history["closed"]
    late = (history["rep"] == "rep 1") & (created < pd.Timestamp("2023-02-10"))
    early = (history["rep"] == "rep 2") & ~(closed < pd.Timestamp("2023-03-01"))
    rows = reps_from(check_opportunities(history[~late & ~early])).groupby("rep")
    start, end = rows["start"].first(), rows["end"].first()
    assert start.dropna().index.tolist() == ["rep 1"]
    assert pd.Timestamp("2023-02-10") <= start["rep 1"] < pd.Timestamp("2023-04-10")
    assert end.dropna().index.tolist() == ["rep 2"]
    assert end["rep 2"] < pd.Timestamp("2023-03-01")
    assert rows["period"].max()["rep 2"] <= pd.Period("2023-02")
    assert rows["period"].min()["rep 1"] >= pd.Period("2023-02")
    team = fit_team(history[~late & ~early], rng=1)
    assert "1 reps without an end date" in " ".join(team.explain())
    assert 0.0 < team.channel.attrition < 0.1


def test_deals_are_described(fitted: FittedTeam, history: pd.DataFrame) -> None:
    won = history[history["outcome"] == "won"]
    count = (history["outcome"] != "open").sum()
    law = stats.beta(len(won) + 0.5, count - len(won) + 0.5)
    assert deal(fitted, "win_rate", "low") == pytest.approx(law.ppf(0.05))
    assert deal(fitted, "deal_mean") == pytest.approx(won["amount"].mean())
    middle = quantile_interval(won["amount"], 0.5, 0.9)
    assert deal(fitted, "deal_median", "low") == middle.low
    assert deal(fitted, "deal_median", "high") == middle.high
    logs = np.log(won["amount"])
    assert deal(fitted, "deal_log_sd") == pytest.approx(logs.std(ddof=0))
    # Of a normal law the standard error of a standard deviation is sd / sqrt(2 n).
    half = 1.645 * logs.std() / np.sqrt(2.0 * len(won))
    width = deal(fitted, "deal_log_sd", "high") - deal(fitted, "deal_log_sd", "low")
    assert width == pytest.approx(2.0 * half, rel=0.15)
    days = (won["closed"] - won["created"]).dt.days
    assert deal(fitted, "cycle_days_won") == days.median()
    assert deal(fitted, "deals_per_year") == pytest.approx(20.0, rel=0.1)


def test_open_deals_make_the_cycle_longer(history: pd.DataFrame, fitted: FittedTeam) -> None:
    assert deal(fitted, "cycle_days") >= deal(fitted, "cycle_days_won")
    assert deal(fitted, "cycle_days", "low") < deal(fitted, "cycle_days", "high")
    pipeline = history[history["outcome"] == "open"]
    more = pd.concat([history, *[pipeline.assign(created=pd.Timestamp("2023-09-01"))] * 30])
    assert deal(fit_team(more, rng=1), "cycle_days") > deal(fitted, "cycle_days") + 3.0


def test_deal_luck_is_all_the_luck_there_is(fitted: FittedTeam) -> None:
    expected = np.sqrt(np.exp(0.8**2) / 20.0)
    assert deal(fitted, "deal_luck_cv") == pytest.approx(expected, rel=0.1)
    assert fitted.channel.luck_cv == pytest.approx(expected, rel=0.1)
    assert fitted.channel.skill_cv < 0.2
    assert "explains" in " ".join(fitted.explain())
    share = float(" ".join(fitted.explain()).split("explains ")[1].split(" %")[0])
    assert share > 80.0


def test_the_quota_is_what_a_ramped_rep_books(fitted: FittedTeam) -> None:
    mean = 20.0 * np.exp(9.0 + 0.8**2 / 2.0)
    assert fitted.channel.quota == pytest.approx(mean, rel=0.1)
    row = fitted.summary().loc["attainment"]
    assert row["estimate"] == 1.0
    assert row["low"] < 1.0 < row["high"]
    assert fitted.provenance["kind"] == "opportunities"
    given = fit_team(opportunities(np.random.default_rng(1), 60, 80), rng=1, quota=2.0 * mean)
    assert given.channel.attainment == pytest.approx(0.5, rel=0.1)


def test_intervals_of_skill_and_luck_hold_the_truth() -> None:
    random, held, control, trials = np.random.default_rng(2), 0, 0, 20
    luck = np.sqrt(np.exp(0.8**2) / 20.0)
    for k in range(trials):
        history = opportunities(random, 40, 80, skill_cv=0.4)
        table = fit_team(history, rng=k).summary()
        for name, truth in ("skill_cv", 0.4), ("luck_cv", luck):
            held += table["low"][name] <= truth <= table["high"][name]
            control += table["low"][name] <= 1.6 * truth <= table["high"][name]
    expect_proportion(held, 2 * trials, 0.9)
    rejects(expect_proportion, control, 2 * trials, 0.9)


def test_won_deals_without_an_amount_are_said(history: pd.DataFrame) -> None:
    won = history.index[history["outcome"] == "won"][:7]
    team = fit_team(history.assign(amount=history["amount"].drop(won)), rng=1)
    assert "7 won opportunities have no amount" in " ".join(team.explain())


@pytest.mark.skipif(DATA is None, reason="GTMSIM_DATA names no folder of practice files")
def test_the_practice_file_of_opportunities() -> None:
    table = pd.read_csv(Path(str(DATA)) / "crm_opportunities.csv")
    outcome = table["deal_stage"].map({"Won": "won", "Lost": "lost"}).fillna("open")
    history = pd.DataFrame(
        {
            "opportunity": table["opportunity_id"],
            "rep": table["sales_agent"],
            "segment": "",
            "created": pd.to_datetime(table["engage_date"], format="%d-%m-%y"),
            "closed": pd.to_datetime(table["close_date"], format="%d-%m-%y"),
            "outcome": outcome,
            "amount": table["close_value"],
        }
    )
    team = fit_team(history, rng=7)
    assert team.channel.units == 30
    assert deal(team, "win_rate") == pytest.approx(4238 / 6711)
    # Ten months of 10.0 million by 30 agents.
    assert team.channel.quota == pytest.approx(10_005_534.0 / 30 / 306 * 365.25, rel=0.01)
    assert deal(team, "deal_luck_cv") < team.channel.luck_cv < 0.2 < team.channel.skill_cv
    assert "The file shows survivors only" in " ".join(team.explain())
