"""A fitted team: what it holds, what it says, and what it leaves to a preset."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from gtmsim import presets
from gtmsim.fit.team import FittedTeam, fit_team
from gtmsim.fit.team.attrition import annual, annual_draws
from gtmsim.fit.team.checks import check_reps
from gtmsim.fit.team.ledger import RAMPED, open_ledger
from gtmsim.fit.team.quota import full_quotas
from gtmsim.plan import Plan, SalesTeam
from tests.fit.test_team_recovery import simulate
from tests.laws import expect_distribution, rejects

PARAMETERS = ["attainment", "skill_cv", "luck_cv", "ramp_months", "attrition"]


@pytest.fixture(scope="module")
def history() -> pd.DataFrame:
    return simulate(np.random.default_rng(11), 40, "Q")


@pytest.fixture(scope="module")
def fitted(history: pd.DataFrame) -> FittedTeam:
    return fit_team(history, rng=1)


def rows(*reps: tuple[str, str | None, str | None, list[float]], freq: str = "Q") -> pd.DataFrame:
    """Write reps who start, leave and book from the first period of 2022 on."""
    return pd.DataFrame(
        [
            (rep, "", period, pd.Timestamp(start), pd.Timestamp(end), np.nan, booked)
            for rep, start, end, bookings in reps
            for period, booked in zip(
                pd.period_range("2022-01", periods=len(bookings), freq=freq), bookings, strict=True
            )
        ],
        columns=["rep", "segment", "period", "start", "end", "quota", "bookings"],
    ).astype({"start": "datetime64[s]", "end": "datetime64[s]"})


def ledger_of(frame: pd.DataFrame) -> Any:
    tidy = check_reps(frame)
    opens, closes = tidy["period"].dt.start_time, tidy["period"].dt.end_time.dt.normalize()
    return open_ledger(tidy.assign(first=opens, last=closes))


# -- The result ---------------------------------------------------------------------------------


def test_the_summary_has_a_row_per_parameter(fitted: FittedTeam) -> None:
    table = fitted.summary()
    assert list(table.columns) == ["estimate", "low", "high", "from_data", "source"]
    assert table.index[:6].tolist() == ["quota", *PARAMETERS]
    own = table.loc[PARAMETERS]
    assert (own["low"] < own["estimate"]).all()
    assert (own["estimate"] < own["high"]).all()
    assert (own["source"] == "history").all()
    assert (own["from_data"] == 1.0).all()
    assert table["source"]["loaded_cost"] == "assumed"
    table.loc["quota", "estimate"] = 0.0
    assert fitted.summary()["estimate"]["quota"] == 8e5


def test_the_channel_is_the_team_at_the_end(fitted: FittedTeam, history: pd.DataFrame) -> None:
    team, table = fitted.channel, fitted.summary()["estimate"]
    here = history[history["end"].isna()].groupby("rep")["start"].first()
    months = (2024 - here.dt.year) * 12 - (here.dt.month - 1)
    assert team.start_months == tuple(-months)
    assert team.quota == 8e5
    for name in ("attainment", "skill_cv", "luck_cv", "attrition"):
        assert getattr(team, name) == table[name]
    assert team.ramp.months == table["ramp_months"]
    Plan(name="next year", horizon=12, channels=[team])


def test_what_no_history_tells_is_said_to_be_assumed(fitted: FittedTeam) -> None:
    preset = presets.get("midmarket_ae")()
    assert fitted.channel.loaded_cost == pytest.approx(preset.loaded_cost)
    assert set(fitted.assumed) == {
        "loaded_cost",
        "margin",
        "hiring_cost",
        "returns_to_scale",
        "recognition",
        "annual_churn",
    }
    assert "0.33 of the quota as in preset midmarket_ae" in fitted.assumed["loaded_cost"]
    assert fitted.explain()[-1].startswith("No history of bookings tells the rest")


def test_costs_and_quota_may_be_given(history: pd.DataFrame, fitted: FittedTeam) -> None:
    team = fit_team(history, rng=1, quota=4e5, loaded_cost=1e5, name="mine", preset="smb_ae")
    table, smb = team.summary(), presets.get("smb_ae")()
    assert team.name == team.channel.name == "mine"
    assert (table["source"]["quota"], table["source"]["loaded_cost"]) == ("given", "given")
    assert (team.channel.quota, team.channel.loaded_cost) == (4e5, 1e5)
    assert team.channel.hiring_cost == pytest.approx(1e5 * smb.hiring_cost / smb.loaded_cost)
    assert "loaded_cost" not in team.assumed
    assert team.channel.attainment == pytest.approx(2.0 * fitted.channel.attainment)
    assert team.channel.skill_cv == pytest.approx(fitted.channel.skill_cv)
    assert team.provenance["preset"] == "smb_ae"


def test_the_preset_is_the_nearest_by_quota(history: pd.DataFrame) -> None:
    for quota, name in (1e5, "smb_ae"), (7e5, "midmarket_ae"), (3e6, "enterprise_ae"):
        assert fit_team(history, quota=quota, rng=1).provenance["preset"] == name


def test_the_sentences_are_few_and_name_the_numbers(fitted: FittedTeam) -> None:
    said = fitted.explain()
    assert len(said) == 4
    assert said[0].startswith("The history shows 40 reps over 12 quarters, 2021Q1 to 2023Q4; ")
    assert "90 % intervals; every rep hired counts once, leavers too" in said[1]
    assert "New reps ramp in" in said[2]
    assert "of reps leave within a year" in said[2]


def test_the_provenance_holds_what_the_reader_noted(history: pd.DataFrame) -> None:
    read = history.copy()
    read.attrs["reading"] = {"file": "reps.csv", "sha256": "0a"}
    facts = fit_team(read, rng=3).provenance
    assert (facts["file"], facts["sha256"], facts["seed"]) == ("reps.csv", "0a", 3)
    assert (facts["kind"], facts["rows"], facts["reps"]) == ("reps", len(history), 40)
    assert (facts["periods"], facts["first"], facts["last"]) == (12, "2021Q1", "2023Q4")


def test_the_same_seed_gives_the_same_bits(history: pd.DataFrame, fitted: FittedTeam) -> None:
    again = fit_team(history.sample(frac=1.0, random_state=1), rng=1)
    pd.testing.assert_frame_equal(again.summary(), fitted.summary(), check_exact=True)
    other = fit_team(history, rng=2).summary()
    assert (other["estimate"] == fitted.summary()["estimate"]).all()
    assert other["low"]["attainment"] != fitted.summary()["low"]["attainment"]


def test_a_higher_level_is_a_wider_interval(history: pd.DataFrame, fitted: FittedTeam) -> None:
    wide, narrow = fit_team(history, rng=1, level=0.99).summary(), fitted.summary()
    assert (wide.loc[PARAMETERS, "low"] < narrow.loc[PARAMETERS, "low"]).all()
    assert (wide.loc[PARAMETERS, "high"] > narrow.loc[PARAMETERS, "high"]).all()


# -- Alternatives -------------------------------------------------------------------------------


def test_alternatives_spread_as_the_intervals_say(fitted: FittedTeam) -> None:
    teams, table = fitted.alternatives(2_000, rng=5), fitted.summary()
    for name in ("attainment", "skill_cv", "luck_cv", "attrition"):
        ends = np.quantile([getattr(team, name) for team in teams], [0.05, 0.95])
        width = table["high"][name] - table["low"][name]
        assert ends == pytest.approx(table.loc[name, ["low", "high"]], abs=0.1 * width)
    assert len({team.ramp.months for team in teams}) > 3
    kept = {
        team.replace(attainment=1, skill_cv=0, luck_cv=0, ramp=0, attrition=0) for team in teams
    }
    assert len({team.model_dump_json() for team in kept}) == 1


def test_alternatives_are_reproducible(fitted: FittedTeam) -> None:
    assert fitted.alternatives(3, rng=5) == fitted.alternatives(3, rng=5)
    assert fitted.alternatives(3, rng=5) != fitted.alternatives(3, rng=6)
    assert len(fitted.alternatives()) == 500


def test_attainment_and_ramp_err_together() -> None:
    history = simulate(np.random.default_rng(12), 100, "Q", luck_cv=0.3)
    starters = history[history["start"] >= pd.Timestamp("2021-01-01")]
    teams = fit_team(starters, rng=1).alternatives(2_000, rng=5)
    together = np.corrcoef([team.attainment for team in teams], [t.ramp.months for t in teams])
    # Who ramps more slowly than thought books more once ramped.
    assert together[0, 1] > 0.2


# -- Careers ------------------------------------------------------------------------------------


def test_months_count_from_the_start_to_the_end() -> None:
    ledger = ledger_of(
        rows(
            ("a", "2022-02-15", None, [1.0, 1.0]),
            ("b", None, "2022-04-30", [1.0, 1.0]),
            ("c", "2020-01-01", None, [1.0, 1.0]),
        )
    )
    mine = ledger.rep[ledger.row] == 0
    assert ledger.part[mine] == pytest.approx([0.5, 1.0, 1.0, 1.0, 1.0])
    assert ledger.tenure[mine].tolist() == [0, 0, 1, 2, 3]
    yours = ledger.rep[ledger.row] == 1
    assert ledger.tenure[yours].tolist() == [RAMPED] * 4
    assert ledger.left.tolist() == [False, True, False]
    assert ledger.months == pytest.approx([4.5, 3.94, 5.95], abs=0.05)
    assert ledger.tenure_at_end == pytest.approx([4.5, 5.95, 30.0], abs=0.05)
    assert ledger.quarter.max() - ledger.quarter.min() == 1


def test_who_stops_has_left_and_who_comes_late_was_hired() -> None:
    bookings = {"a": [1.0] * 8, "b": [2.0] * 5, "c": [3.0] * 8, "d": [1.0, 2.0] * 4}
    history = rows(*((rep, None, None, booked) for rep, booked in bookings.items()))
    late = (history["rep"] == "d") & (history["period"] < pd.Period("2022Q3"))
    team = fit_team(history[~late], rng=1)
    said = " ".join(team.explain())
    assert "1 reps without an end date stop before the last period" in said
    assert "1 reps without a start date appear after the first period" in said
    assert team.provenance["leavers"] == 1
    # Six quarters of tenure for the last one, at least eight for the others.
    assert team.channel.start_months == (-24, -24, -18)


def test_survivors_tell_no_attrition() -> None:
    history = rows(*((name, None, None, [1.0, 2.0, 3.0, 2.0]) for name in "abcdefghij"))
    team = fit_team(history, rng=1, preset="sdr")
    table = team.summary().loc["attrition"]
    assert table[["estimate", "from_data", "source"]].tolist() == [0.4, 0.0, "preset sdr"]
    assert np.isnan(table["low"])
    said = " ".join(team.explain())
    assert "The file shows survivors only: attrition cannot be told" in said
    assert "may be flattered" in said
    assert {one.attrition for one in team.alternatives(10, rng=1)} == {0.4}


def test_without_start_dates_the_ramp_is_the_presets(history: pd.DataFrame) -> None:
    team = fit_team(history.assign(start=pd.NaT), rng=1)
    assert team.channel.ramp == presets.get("midmarket_ae")().ramp
    row = team.summary().loc["ramp_months"]
    assert (row["estimate"], row["from_data"], row["source"]) == (5.5, 0.0, "preset midmarket_ae")
    assert "The ramp is not told (0 reps seen from a known start)" in " ".join(team.explain())


def test_rows_outside_a_career_are_left_out_and_said() -> None:
    parts = [(name, None, None, [10.0, 12.0, 10.0, 9.0]) for name in "abcdefgh"]
    history = rows(*parts, ("z", None, "2022-06-30", [10.0, 12.0, 99.0, 0.0]))
    team = fit_team(history, rng=1, quota=40.0)
    assert "2 rows lie before a rep's start or after the end" in " ".join(team.explain())
    assert "bookings of 99" in " ".join(team.explain())
    assert team.channel.attainment < 1.2


def test_attrition_is_that_of_the_plan() -> None:
    # 3 % a month.
    assert annual(3.0, 100.0) == pytest.approx(1.0 - 0.97**12)
    from scipy import stats

    draws = annual_draws(3.0, 100.0, 20_000, np.random.default_rng(1))
    monthly = 1.0 - (1.0 - draws) ** (1.0 / 12.0)
    expect_distribution(monthly, stats.beta(3.5, 97.5).cdf)
    rejects(expect_distribution, monthly, stats.beta(4.0, 97.0).cdf)


# -- Quotas -------------------------------------------------------------------------------------


def test_no_quota_makes_attainment_one(history: pd.DataFrame, fitted: FittedTeam) -> None:
    team = fit_team(history.assign(quota=np.nan), rng=1)
    assert team.channel.attainment == 1.0
    assert team.channel.quota == pytest.approx(8e5 * fitted.channel.attainment)
    assert team.channel.skill_cv == pytest.approx(fitted.channel.skill_cv)
    row, known = team.summary().loc["attainment"], fitted.summary().loc["attainment"]
    assert row["low"] == pytest.approx(known["low"] / known["estimate"])
    assert "attainment is 1 by definition" in " ".join(team.explain())


def test_a_starters_quota_counts_as_the_full_one(history: pd.DataFrame, fitted: FittedTeam) -> None:
    fresh = history["period"].dt.start_time < history["start"] + pd.Timedelta(days=180)
    assert fresh.sum() > 10
    eased = history.assign(quota=history["quota"].where(~fresh, 0.4 * history["quota"]))
    team = fit_team(eased, rng=1)
    assert team.channel.attainment == pytest.approx(fitted.channel.attainment, rel=1e-3)
    assert "rows of starters" in " ".join(team.explain())


def test_missing_quotas_are_filled(history: pd.DataFrame, fitted: FittedTeam) -> None:
    holes = history.assign(quota=history["quota"].where(history.index % 3 > 0))
    team = fit_team(holes, rng=1)
    assert team.channel == fitted.channel
    assert "rows had no quota and took the median of the rep's" in " ".join(team.explain())


def test_uneven_quotas_are_measured_each_by_its_own(history: pd.DataFrame) -> None:
    big = history["rep"] > "rep 0020"
    scaled = history.copy()
    scaled.loc[big, ["quota", "bookings"]] *= 3.0
    team = fit_team(scaled.assign(segment=np.where(big, "big", "small")), rng=1)
    assert team.channel.attainment == pytest.approx(fit_team(history, rng=1).channel.attainment)
    said = " ".join(team.explain())
    assert "Quotas differ between reps" in said
    assert "2 segments are taken as one team" in said


def test_a_row_keeps_a_higher_quota() -> None:
    history = rows(*((name, "2022-01-01", None, [1.0, 2.0]) for name in "abc"))
    history["quota"] = [9.0, 8.0, 5.0, 8.0, 8.0, 8.0]
    tidy = check_reps(history)
    first = tidy["period"].dt.start_time
    frame, _ = full_quotas(tidy.assign(first=first, last=first + pd.Timedelta(days=89)), None)
    # All rows are starters', so there is no full quota to raise one to.
    assert frame["quota"].tolist() == [9.0, 8.0, 5.0, 8.0, 8.0, 8.0]


# -- Few reps -----------------------------------------------------------------------------------


def test_a_small_team_is_filled_up_with_the_preset() -> None:
    history = simulate(np.random.default_rng(3), 5, "Q", attainment=2.0)
    team = fit_team(history, rng=1, preset="smb_ae")
    table = team.summary()
    assert table["from_data"]["attainment"] == table["from_data"]["skill_cv"] == 5 / 8
    assert 5 / 8 < table["from_data"]["luck_cv"] < 1.0
    assert 0.0 < table["from_data"]["attrition"] < 1.0
    assert table["source"]["attainment"] == "history and preset smb_ae"
    assert "3 of preset smb_ae are added to make 8" in " ".join(team.explain())
    twice = fit_team(history, rng=1, preset="smb_ae", quota=4e5).channel.attainment
    # Only the history's part doubles with half the quota.
    assert twice - table["estimate"]["attainment"] == pytest.approx(
        table["estimate"]["attainment"] - 0.75 * 3 / 8
    )
    own = table.loc[["attainment", "skill_cv", "luck_cv"]]
    assert (own["low"] < own["estimate"]).all()
    assert (own["estimate"] < own["high"]).all()


def test_eight_reps_speak_alone() -> None:
    table = fit_team(simulate(np.random.default_rng(4), 8, "Q"), rng=1).summary()
    assert (table.loc[["attainment", "skill_cv", "luck_cv"], "from_data"] == 1.0).all()


def test_few_starters_are_filled_up_with_the_presets_ramp() -> None:
    history = simulate(np.random.default_rng(6), 12, "M", luck_cv=0.05, ramp=12.0)
    starters = history["start"] >= pd.Timestamp("2020-08-01")
    share = history[starters]["rep"].nunique() / 8
    assert 3 / 8 <= share < 1.0
    team = fit_team(history, rng=1, preset="midmarket_ae")
    assert team.summary()["from_data"]["ramp_months"] == share
    assert team.channel.ramp.months == pytest.approx(12 * share + 5.5 * (1 - share), abs=0.76)


def test_a_team_of_which_nobody_is_left_is_one_new_rep() -> None:
    history = rows(*((name, None, "2022-12-31", [1.0, 2.0, 1.0, 2.0]) for name in "abcdefgh"))
    team = fit_team(history, rng=1)
    assert team.channel.start_months == (0,)
    assert "Nobody is left at the end of the history" in " ".join(team.explain())


def test_a_fitted_team_shows_its_parameters_and_its_sentences(fitted: FittedTeam) -> None:
    shown = " ".join(repr(fitted).split())
    assert shown.startswith(f"sales team: {fitted.explain()[0]}")
    assert all(sentence in shown for sentence in fitted.explain())
    assert "skill cv" in shown
    assert "90 % interval" in shown
    assert isinstance(fitted.channel, SalesTeam)
    assert "_sample" not in shown
