"""A team's parameters come back from histories that the plan's model wrote."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from gtmsim.fit.team import FittedTeam, fit_team
from tests.laws import expect_mean, expect_proportion, rejects

TRUTH = {"attainment": 0.75, "skill_cv": 0.4, "luck_cv": 0.35, "attrition": 0.3}
RAMP = 5.5
QUOTA = 8e5
HISTORIES = 12


def lognormal(
    random: np.random.Generator, mean: float, cv: float, size: Any
) -> np.ndarray[Any, Any]:
    sigma = np.sqrt(np.log1p(cv * cv))
    return np.asarray(mean * np.exp(sigma * random.standard_normal(size) - sigma**2 / 2.0))


def simulate(
    random: np.random.Generator,
    reps: int,
    frequency: str,
    months: int = 36,
    *,
    attainment: float = 0.75,
    skill_cv: float = 0.4,
    luck_cv: float = 0.35,
    attrition: float = 0.3,
    ramp: float = RAMP,
    quit_below: float = 0.0,
) -> pd.DataFrame:
    """Write a history month by month; reps with less skill than ``quit_below`` leave in a year."""
    old = random.random(reps) < 0.6
    start = np.where(old, -random.integers(3, 48, reps), random.integers(0, months - 6, reps))
    hazard = 1.0 - (1.0 - attrition) ** (1.0 / 12.0)
    begin = np.maximum(start, 0)
    stay = random.geometric(hazard, reps) if attrition else np.full(reps, 9_999)
    skill = lognormal(random, attainment, skill_cv, reps)
    stay = np.where(skill < quit_below, np.minimum(stay, 12), stay)
    stop = begin + stay
    luck = lognormal(random, 1.0, 2.0 * luck_cv, (reps, months // 3 + 1))
    rep, month = np.nonzero(
        (np.arange(months) >= begin[:, None]) & (np.arange(months) < stop[:, None])
    )
    made = np.minimum((month - start[rep] + 0.5) / ramp, 1.0) if ramp else np.ones(rep.size)
    first = np.datetime64("2021-01")
    ends = (first + stop).astype("datetime64[D]") - 1
    rows = pd.DataFrame(
        {
            "rep": [f"rep {i:04d}" for i in rep],
            "segment": "",
            "period": pd.PeriodIndex((first + month).astype("datetime64[D]"), freq=frequency),
            "start": (first + start[rep]).astype("datetime64[s]"),
            "end": np.where(stop <= months, ends, np.datetime64("NaT"))[rep].astype(
                "datetime64[s]"
            ),
            "quota": QUOTA * {"M": 1, "Q": 3, "Y": 12}[frequency] / 12.0,
            "bookings": QUOTA / 12.0 * made * skill[rep] * luck[rep, month // 3],
        }
    )
    keys = ["rep", "segment", "period", "start", "end", "quota"]
    return rows.groupby(keys, dropna=False, as_index=False)["bookings"].sum()


def fits(
    frequency: str, reps: int, seed: int, histories: int = HISTORIES, **changes: Any
) -> list[FittedTeam]:
    random = np.random.default_rng(seed)
    return [
        fit_team(simulate(random, reps, frequency, **changes), rng=k, preset="midmarket_ae")
        for k in range(histories)
    ]


def estimates(teams: list[FittedTeam], name: str) -> list[float]:
    return [float(team.summary()["estimate"][name]) for team in teams]


@pytest.fixture(scope="module", params=["M", "Q", "Y"])
def teams(request: pytest.FixtureRequest) -> list[FittedTeam]:
    return fits(request.param, 120, 1)


def test_every_parameter_is_recovered(teams: list[FittedTeam]) -> None:
    for name, truth in TRUTH.items():
        expect_mean(estimates(teams, name), truth)
        rejects(expect_mean, estimates(teams, name), 1.4 * truth)
    # A year's luck is not a quarter's.
    rejects(expect_mean, [2.0 * cv for cv in estimates(teams, "luck_cv")], TRUTH["luck_cv"])
    expect_mean(estimates(teams, "ramp_months"), RAMP)
    rejects(expect_mean, estimates(teams, "ramp_months"), 1.5 * RAMP)


def test_intervals_hold_the_truth_about_as_often_as_promised(teams: list[FittedTeam]) -> None:
    held = missed = 0
    for team in teams:
        table = team.summary()
        for name, truth in TRUTH.items():
            low, high = table["low"][name], table["high"][name]
            held += low <= truth <= high
            missed += low <= 1.4 * truth <= high
    trials = len(teams) * len(TRUTH)
    expect_proportion(held, trials, 0.9)
    rejects(expect_proportion, missed, trials, 0.9)


def test_skill_and_luck_are_told_apart() -> None:
    random = np.random.default_rng(2)
    naive, apart = [], []
    for k in range(HISTORIES):
        history = simulate(random, 120, "Q", attrition=0.0, ramp=0.0)
        mean = history.groupby("rep")["bookings"].mean()
        naive.append(mean.std() / mean.mean())
        apart.append(fit_team(history, rng=k).channel.skill_cv)
    expect_mean(apart, 0.4)
    rejects(expect_mean, naive, 0.4)


def test_who_left_early_counts_among_those_hired() -> None:
    random = np.random.default_rng(4)
    everybody, survivors = [], []
    for k in range(6):
        history = simulate(random, 120, "Q", attrition=0.0, luck_cv=0.2, quit_below=0.6)
        everybody.append(fit_team(history, rng=k).channel.attainment)
        stayed = fit_team(history[history["end"].isna()], rng=k)
        survivors.append(stayed.channel.attainment)
        assert "survivors only" in " ".join(stayed.explain())
    # Their short histories weigh a little less.
    assert np.mean(everybody) == pytest.approx(0.75, rel=0.07)
    assert np.mean(survivors) > 0.9
    rejects(expect_mean, survivors, 0.75)


def test_no_skill_and_no_luck_are_found_where_there_are_none() -> None:
    alike = fits("Q", 60, 5, skill_cv=0.0)
    # A variance of zero is estimated below zero about as often as above.
    zeros = [team for team in alike if team.channel.skill_cv == 0.0]
    expect_proportion(len(zeros), HISTORIES, 0.5)
    assert all("came out negative and is set to 0" in " ".join(t.explain()) for t in zeros)
    steady = fit_team(simulate(np.random.default_rng(6), 30, "Q", luck_cv=0.0), rng=1)
    assert steady.channel.luck_cv == pytest.approx(0.0, abs=1e-6)
    assert steady.channel.ramp.months == RAMP


def test_months_without_bookings_are_values_like_any_other() -> None:
    random = np.random.default_rng(7)
    history = simulate(random, 120, "Q", luck_cv=0.0, skill_cv=0.0, ramp=0.0, attrition=0.0)
    hit = random.random(len(history)) < 0.4
    history["bookings"] = np.where(hit, history["bookings"] / 0.4, 0.0)
    team = fit_team(history, rng=1)
    # One sale or none a quarter: a variance of 0.6 / 0.4, and a year's is a quarter of it.
    assert team.channel.luck_cv == pytest.approx(np.sqrt(1.5) / 2.0, rel=0.05)
    assert team.channel.attainment == pytest.approx(0.75, rel=0.05)


def test_a_curve_is_taken_only_where_it_is_clearly_better() -> None:
    random = np.random.default_rng(8)
    history = simulate(random, 200, "M", luck_cv=0.1, ramp=0.0)
    tenure = history["period"].astype("int64") - pd.PeriodIndex(history["start"], freq="M").astype(
        "int64"
    )
    late = history.assign(
        bookings=history["bookings"].where(tenure >= 6, 0.1 * history["bookings"])
    )
    step = fit_team(late, rng=1)
    assert step.channel.ramp.curve is not None
    reached = np.array(step.channel.ramp.curve)
    assert reached[:6] == pytest.approx(np.full(6, 0.1), abs=0.02)
    assert reached[6:] == pytest.approx(np.ones(reached.size - 6), abs=0.05)
    assert "a curve by tenure" in " ".join(step.explain())
    assert np.isnan(step.summary()["low"]["ramp_months"])
    assert all(t.channel.ramp.curve is None for t in fits("Q", 120, 9, 4, months=24))
