"""From a tidy history to one entry per campaign."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest

from gtmsim import presets
from gtmsim.errors import ArgumentError, ArgumentTypeError, HistoryError
from gtmsim.fit.program.campaigns import DAYS_PER_MONTH, Campaigns, gather, maturity_of


def gathered(history, **changes) -> Campaigns:
    options = {
        "channel": None,
        "value_per_conversion": None,
        "margin": 1.0,
        "count_noise": None,
        "as_of": None,
        "maturity": 0.0,
    }
    return gather(history, **(options | changes))


def daily() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "date": pd.to_datetime(["2025-01-01", "2025-01-02", "2025-03-01", "2025-05-01"]),
            "channel": ["search", "search", "search", "social"],
            "campaign": ["a", "a", "b", "a"],
            "spend": [10.0, 30.0, 20.0, 5.0],
            "conversions": [1.0, 3.0, 0.0, 2.0],
            "value": [50.0, 150.0, 0.0, 100.0],
        }
    )


def test_rows_of_a_campaign_are_added_up_within_their_channel() -> None:
    found = gathered(daily())
    np.testing.assert_array_equal(found.spend, [40.0, 20.0, 5.0])
    np.testing.assert_array_equal(found.value, [200.0, 0.0, 100.0])
    np.testing.assert_array_equal(found.count, [4.0, 0.0, 2.0])
    assert found.hits == 2
    assert found.notes == ("2 channels were taken together; channel=... takes one of them.",)


def test_one_channel_is_taken_by_its_name() -> None:
    found = gathered(daily(), channel="social")
    np.testing.assert_array_equal(found.spend, [5.0])
    assert found.notes == ()
    with pytest.raises(ArgumentError, match="channel: must be one of search, social, got 'tv'"):
        gathered(daily(), channel="tv")
    with pytest.raises(HistoryError, match="campaigns, columns: must hold channel, to take one"):
        gathered(daily().drop(columns="channel"), channel="tv")


def test_rows_without_a_campaign_stand_for_one_each() -> None:
    history = daily().assign(campaign=["", None, "  ", "x"])
    assert gathered(history).size == 4
    assert gathered(history.drop(columns="campaign")).size == 4


def test_what_spent_nothing_is_left_out_and_said_and_its_conversions_are_kept_aside() -> None:
    history = daily().assign(spend=[0.0, 0.0, 20.0, 5.0])
    found = gathered(history)
    np.testing.assert_array_equal(found.spend, [20.0, 5.0])
    np.testing.assert_array_equal(found.unspent, [4.0])
    assert any("1 campaigns spent nothing and were left out" in note for note in found.notes)
    assert any("They hold 200 of value." in note for note in found.notes)


def test_the_margin_scales_value_and_the_worth_of_a_conversion() -> None:
    found = gathered(daily(), margin=0.5)
    np.testing.assert_array_equal(found.value, [100.0, 0.0, 50.0])
    np.testing.assert_allclose(found.unit, 25.0)


def test_conversions_without_value_are_valued_as_asked() -> None:
    counted = daily().drop(columns="value")
    np.testing.assert_array_equal(
        gathered(counted, value_per_conversion=7.0).value, [28.0, 0.0, 14.0]
    )
    with pytest.raises(HistoryError, match=r"value: must be given, got 'conversions alone' \(say"):
        gathered(counted)
    with pytest.raises(HistoryError, match="got 'neither value nor conversions'"):
        gathered(counted.drop(columns="conversions"))
    with pytest.raises(ArgumentError, match="must be None where the history holds value, got 7"):
        gathered(daily(), value_per_conversion=7.0)
    with pytest.raises(HistoryError, match="conversions: must be given to be valued"):
        gathered(counted.drop(columns="conversions"), value_per_conversion=7.0)


def test_count_noise_can_be_left_out_and_needs_conversions() -> None:
    assert gathered(daily(), count_noise=False).count is None
    with pytest.raises(HistoryError, match="must be given for each campaign to allow for count"):
        gathered(daily().drop(columns="conversions"), count_noise=True)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"spend": [10.0, -30.0, 20.0, 5.0]}, "row 1, spend: must not be negative, got -30.0"),
        ({"spend": ["10", "x", "20", "5"]}, "row 1, spend: must be a number, got 'x'"),
        ({"spend": [10.0, None, 20.0, 5.0]}, "row 1, spend: must be a number, got nan"),
        ({"value": [50.0, None, 0.0, 1.0]}, "row 1, value: must be a number, got nan (write 0"),
        ({"value": [50.0, float("inf"), 0.0, 1.0]}, "row 1, value: must be a number, got inf"),
        ({"value": 0.0}, "value: must be above 0 in some campaign that spent, got 0.0"),
    ],
)
def test_wrong_rows_are_named(changes: dict, message: str) -> None:
    with pytest.raises(HistoryError, match=re.escape(f"campaigns, {message}")):
        gathered(daily().assign(**changes))


def test_many_wrong_rows_are_counted() -> None:
    history = pd.DataFrame({"spend": -1.0, "value": np.ones(12)})
    with pytest.raises(HistoryError, match="campaigns, spend: must not be negative, got '7 more"):
        gathered(history)


def test_a_history_is_a_frame_with_spend() -> None:
    with pytest.raises(ArgumentTypeError, match="campaigns: must be a DataFrame, got 'str'"):
        gathered("ads.csv")
    with pytest.raises(HistoryError, match="columns: must hold spend, got 'value'"):
        gathered(pd.DataFrame({"value": [1.0]}))


def test_campaigns_too_young_for_their_value_are_told_by_their_first_date() -> None:
    found = gathered(daily(), maturity=1.0)
    # 2025-05-01 is the last date: only the social campaign is younger than a month.
    np.testing.assert_array_equal(found.young, [False, False, True])
    assert any("1 campaigns are younger than 30 days on 2025-05-01" in n for n in found.notes)
    later = gathered(daily(), maturity=1.0, as_of="2025-07-01")
    assert not later.young.any()


def test_dates_that_cannot_tell_age_are_said() -> None:
    short = daily().assign(date=pd.Timestamp("2025-01-01"))
    found = gathered(short, maturity=1.0)
    assert not found.young.any()
    assert any(
        "the dates span 0, so campaigns too young could not be told" in n for n in found.notes
    )
    none = gathered(daily().drop(columns="date"), maturity=1.0)
    assert any("There are no dates" in note for note in none.notes)


def test_the_day_of_the_export_must_be_a_date_not_before_the_last() -> None:
    with pytest.raises(ArgumentError, match="as_of: must be a date, got 'soon'"):
        gathered(daily(), maturity=1.0, as_of="soon")
    with pytest.raises(ArgumentError, match="must not be before the last date, 2025-05-01"):
        gathered(daily(), maturity=1.0, as_of="2025-04-01")
    with pytest.raises(HistoryError, match="must hold a campaign of 365 days or more, got '151 d"):
        gathered(daily(), maturity=12.0, as_of="2025-06-01")


def test_dates_of_any_kind_are_taken_and_text_is_refused() -> None:
    zoned = daily().assign(date=lambda f: f["date"].dt.tz_localize("UTC"))
    np.testing.assert_array_equal(gathered(zoned, maturity=1.0).young, [False, False, True])
    with pytest.raises(HistoryError, match=r"campaigns, date: must be dates, got .*read the file"):
        gathered(daily().assign(date="soon"))


def test_maturity_is_the_lag_and_two_half_lives() -> None:
    events = presets.get("events")()
    assert maturity_of(events) == events.lag + 2.0 * events.half_life
    assert maturity_of(None) == 0.0
    assert round(365.25 / DAYS_PER_MONTH) == 12


def test_a_conversion_is_worth_the_mean_unless_campaigns_differ() -> None:
    rng = np.random.default_rng(1)
    conversions = rng.integers(1, 60, 400).astype(float)
    # Every sale is drawn from one law: campaigns differ by luck, and are shrunk to the mean.
    alike = np.array([rng.exponential(10.0, int(k)).sum() for k in conversions])
    own = np.where(rng.random(400) < 0.5, 5.0, 15.0) * conversions
    frame = pd.DataFrame({"spend": 1.0, "conversions": conversions})
    shrunk = gathered(frame.assign(value=alike)).unit
    kept = gathered(frame.assign(value=own)).unit
    assert np.abs(shrunk - 10.0).max() < 2.5 < np.abs(alike / conversions - 10.0).max()
    np.testing.assert_allclose(kept, own / conversions, rtol=0.35)


def test_value_without_a_conversion_counts_as_what_it_is_worth() -> None:
    history = daily().assign(conversions=[0.0, 0.0, 0.0, 2.0], value=[100.0, 0.0, 0.0, 100.0])
    found = gathered(history)
    np.testing.assert_allclose(found.count, [2.0, 0.0, 2.0])
    silent = history.assign(conversions=0.0)
    with pytest.raises(HistoryError, match="conversions: must be above 0 in some campaign"):
        gathered(silent)
