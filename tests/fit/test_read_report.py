"""The report says what was dropped, decided and assumed."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from gtmsim.fit.reading import Reading, read_campaigns, read_opportunities, read_reps
from tests.fit.files import practice_file, write

ATTRIBUTED = "value is what the source attributes to campaigns, not what they caused"


def reading(tmp_path: Path, text: str, read: Any = read_campaigns, **options: Any) -> Reading:
    return Reading.of(read(write(tmp_path / "x.csv", text), **options))


def test_the_report_of_a_google_export(tmp_path: Path) -> None:
    text = (
        "Campaign report\n"
        '"January 1, 2024 - January 31, 2024"\n'
        "Day\tCampaign\tCurrency code\tCost\tClicks\tConversions\tAll conv.\n"
        "31/01/2024\tBrand\tEUR\t1,234.50\t7\t3\t4\n"
        "\n"
        "31/01/2024\tShoes\tEUR\t --\t0\t0\t0\n"
        "31/01/2024\tShoes\tEUR\t --\t0\t0\t0\n"
        "30/01/2024\tHats\tEUR\t5.00\t0\t0\t0\n"
        "Total: Campaigns\t\tEUR\t1,239.50\t7\t3\t4\n"
    )
    path = write(tmp_path / "google.csv", text, "utf-16")
    report = Reading.of(read_campaigns(path, value_per_conversion=40))
    assert report.to_dict() == {
        "file": "google.csv",
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        "kind": "campaigns",
        "source": "Google Ads",
        "votes": report.votes,
        "format": "csv",
        "encoding": "utf-16",
        "separator": "\t",
        "decimal": ".",
        "dates": "day first",
        "currency": "EUR",
        "header_row": 3,
        "rows_in_file": 8,
        "rows_kept": 3,
        "columns": {
            "date": {"from": "Day", "how": "day first", "others": []},
            "channel": {"from": None, "how": "'Google Ads' for all", "others": []},
            "campaign": {"from": "Campaign", "how": "", "others": []},
            "spend": {"from": "Cost", "how": "", "others": []},
            "conversions": {"from": "Conversions", "how": "", "others": ["All conv."]},
            "value": {"from": "Conversions", "how": "'Conversions' x 40", "others": []},
            "currency": {"from": "Currency code", "how": "", "others": []},
        },
        "unused": ["Clicks", "All conv."],
        "dropped": [
            {"reason": "above the header", "rows": [1, 2]},
            {"reason": "blank", "rows": [5]},
            {"reason": "labelled as a total", "rows": [9]},
            {"reason": "exact duplicate of an earlier row", "rows": [7]},
        ],
        "warnings": [
            "Cost: blank cells read as zero in row 6",
            "no spend in row 6",
            "too few rows to tell luck from the channel: 3",
            ATTRIBUTED,
        ],
    }
    assert report.votes["Google Ads"] == 7
    assert str(report) == (
        "google.csv as campaigns: Google Ads (7 headers known)\n"
        f"  sha256 {report.sha256}\n"
        "  csv, utf-16, tabs, decimal point, day first, EUR\n"
        "  3 of 8 rows kept, headers in row 3\n"
        "columns\n"
        "  date: 'Day', day first\n"
        "  channel: no column, 'Google Ads' for all\n"
        "  campaign: 'Campaign'\n"
        "  spend: 'Cost'\n"
        "  conversions: 'Conversions' (not 'All conv.')\n"
        "  value: 'Conversions', 'Conversions' x 40\n"
        "  currency: 'Currency code'\n"
        "  unused: Clicks, All conv.\n"
        "dropped\n"
        "  above the header: rows 1, 2\n"
        "  blank: row 5\n"
        "  labelled as a total: row 9\n"
        "  exact duplicate of an earlier row: row 7\n"
        "warnings\n"
        "  Cost: blank cells read as zero in row 6\n"
        "  no spend in row 6\n"
        "  too few rows to tell luck from the channel: 3\n"
        f"  {ATTRIBUTED}"
    )


def test_the_report_stays_with_the_frame(tmp_path: Path) -> None:
    frame = read_campaigns(write(tmp_path / "x.csv", "Campaign,Cost\na,3\nb,4\n"))
    kept = frame[frame["spend"] > 3.0].assign(spend=1.0)
    assert Reading.of(kept) == Reading.of(frame)
    assert json.loads(json.dumps(frame.attrs["reading"])) == Reading.of(frame).to_dict()
    with pytest.raises(dataclasses.FrozenInstanceError):
        Reading.of(frame).file = "y"  # type: ignore[misc]
    pytest.importorskip("pyarrow")
    frame.to_parquet(tmp_path / "x.parquet")
    assert Reading.of(pd.read_parquet(tmp_path / "x.parquet")) == Reading.of(frame)


@pytest.mark.parametrize(
    ("text", "warning"),
    [
        ("Day;Campaign;Cost\n2024-01-01;a;1,234\n",
         "Cost: '1,234' was read with a decimal comma, as the separator is a semicolon"),
        ('Campaign,Cost\na,"1,234"\n',
         "Cost: '1,234' was read with a decimal point, as nothing in the file shows another"),
        ("Campaign\tCost\tCPC\na\t1,234\t0,5\n",
         "Cost: '1,234' was read with a decimal comma, as in the other columns"),
        ("Day,Campaign,Cost\n01/02/2024,a,1\n03/04/2024,b,5\n",
         "Day: day and month may be either way round; read month first, as is usual with '/'"),
        ("Day,Campaign,Cost\n03-04-2024,a,1\n05-06-2024,b,5\n",
         "Day: day and month may be either way round; read day first, as is usual with '-'"),
        ("Day;Campaign;Cost\n03/04/2024;a;1\n05/06/2024;b;5\n",
         "Day: day and month may be either way round; read day first, as the file is written in a "
         "decimal-comma country"),
        ("Day,Campaign,Cost\n01/04/2024,a,1\n01/06/2024,b,5\n",
         "Day: day and month may be either way round; read day first, as each is then the first of "
         "a month"),
        ("Campaign,Cost\na,0\nb,0\n", "spend is zero in every row"),
        ("Campaign,Cost,Conversions\na,0,2\nb,1,0\n",
         "value or conversions without spend in row 2"),
        ("Campaign,Cost\na,1\nb,1\n", "no date in rows 2, 3"),
        ("Campaign,Cost,Conversions\na,1,2\n",
         "no column of values: pass value_per_conversion= to say what one is worth"),
        ("Campaign,Cost\na,1\n", "no column of values or conversions: there is nothing to fit"),
        ("Channel,Cost\na,1\n", "no column of campaigns: each channel counts as one campaign"),
        ("Campaign,Channel,Cost\na,,1\n", "Channel: '(blank)' stands for blank cells in row 2"),
        ("Campaign,Cost\na,1\na,1\n", "exact duplicates of earlier rows were kept, as nothing in "
         "the file tells records apart: row 3"),
        ("Campaign,Cost\na,1\nb,2\nall of it,3\n",
         "row 4 is the sum of rows beside it: take it out if it is a total"),
        ("Campaign,Cost\na,1\nb,2\nTotal,30\n",
         "row 4 is a total of 30.00; the rows add up to 3.00"),
        ('Campaign,Cost,Conv. value\na,1.5,"2,5"\n',
         "some columns have a decimal point and some a comma"),
        ("Campaign,Cost,Cost\na,1,2\n", "two columns are headed 'Cost'; the first is read"),
    ],
)  # fmt: skip
def test_what_is_assumed_is_said(text: str, warning: str, tmp_path: Path) -> None:
    assert warning in reading(tmp_path, text).warnings


def test_what_is_sure_is_not_warned_of(tmp_path: Path) -> None:
    rows = "".join(f"2024-01-{day:02},c{day},{day}.50,1,20.00\n" for day in range(1, 10))
    report = reading(tmp_path, "Day,Campaign,Cost,Conversions,Conv. value\n" + rows)
    assert report.warnings == [ATTRIBUTED]


def test_an_encoding_that_is_guessed_is_said(tmp_path: Path) -> None:
    path = write(tmp_path / "x.csv", "Campaign,Cost\nété,1\n", "latin-1")
    report = Reading.of(read_campaigns(path))
    assert report.encoding == "cp1252"
    assert "the text is not UTF-8 and was read as Windows-1252 (Latin-1)" in report.warnings


def test_the_sheet_that_is_read_is_said(tmp_path: Path) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    book.active.append(["exported", "by hand"])
    for row in (["Campaign", "Cost"], ["a", 1.5], ["b", "1,234.50"]):
        book.create_sheet("Ads").append(row) if "Ads" not in book else book["Ads"].append(row)
    book.save(tmp_path / "x.xlsx")
    frame = read_campaigns(tmp_path / "x.xlsx")
    assert frame["spend"].tolist() == [1.5, 1234.5]
    report = Reading.of(frame)
    assert (report.format, report.encoding, report.separator) == ("excel", None, None)
    assert "only sheet 'Ads' was read, and not 'Sheet'" in report.warnings


@pytest.mark.parametrize(
    "label",
    ["Total", "TOTAL", "Grand total", "Subtotal", "Sub-total", "Total: Search", "Totals (12)",
     "Total - Display network", "Gesamt", "Gesamtsumme", "Zwischensumme", "Total général",
     "Sous-total", "Suma total", "Totale", "Totaal", "All campaigns"],
)  # fmt: skip
def test_labelled_totals_are_dropped(label: str, tmp_path: Path) -> None:
    report = reading(tmp_path, f"Campaign,Channel,Cost\na,x,1\n{label},,3\nb,x,2\n")
    assert report.dropped == [{"reason": "labelled as a total", "rows": [3]}]


@pytest.mark.parametrize("label", ["Total Wine", "Totally", "Totaled", "All", "Sum", "Mean Girls"])
def test_names_that_are_no_labels_are_kept(label: str, tmp_path: Path) -> None:
    report = reading(tmp_path, f"Campaign,Channel,Cost\na,x,1\n{label},,7\nb,x,2\n")
    assert report.rows_kept == 3


def test_averages_and_nameless_totals_are_dropped(tmp_path: Path) -> None:
    text = (
        "Day,Campaign,Cost\n2024-01-01,a,1\n2024-01-01,b,2\n2024-01-01,,3\n"
        "2024-01-02,c,5\n2024-01-02,d,6\n2024-01-02,,11\n,,14\nAverage,,3.5\n"
    )
    assert reading(tmp_path, text).dropped == [
        {"reason": "labelled as an average", "rows": [9]},
        {"reason": "without a name, and the sum of other rows", "rows": [4, 7, 8]},
    ]


def test_the_finest_unit_is_the_campaign(tmp_path: Path) -> None:
    text = (
        "Campaign name,Ad set name,Ad name,Amount spent (USD),Reach\n"
        "spring,men,video,1,9\nspring,women,video,2,9\nspring,women,image,3,9\n"
    )
    frame = read_campaigns(write(tmp_path / "x.csv", text))
    assert frame["campaign"].tolist() == [
        "spring / men / video",
        "spring / women / video",
        "image",
    ]
    assert set(frame["channel"]) == {"spring"}
    columns = Reading.of(frame).columns
    assert columns["campaign"] == {
        "from": "Ad name",
        "how": "after 'Campaign name' and 'Ad set name' where its name repeats",
        "others": ["Ad set name", "Campaign name"],
    }
    assert columns["channel"]["how"] == "the coarser unit"
    chosen = read_campaigns(tmp_path / "x.csv", columns={"campaign": "Ad set name"})
    assert chosen["campaign"].tolist() == ["men", "women", "women"]


def test_subtotals_of_coarser_units_are_dropped_and_units_without_finer_ones_kept(
    tmp_path: Path,
) -> None:
    text = (
        "Day,Campaign name,Ad set name,Amount spent (USD)\n"
        "2024-01-01,spring,men,1\n2024-01-01,spring,women,2\n2024-01-01,spring,,3\n"
        "2024-01-02,spring,men,5\n2024-01-02,spring,women,6\n2024-01-02,spring,,11\n"
        "2024-01-02,pmax,--,9\n"
    )
    frame = read_campaigns(write(tmp_path / "x.csv", text))
    assert frame["campaign"].tolist() == ["men", "women", "men", "women", "pmax"]
    assert Reading.of(frame).dropped == [
        {"reason": "without a name, and the sum of other rows", "rows": [4, 7]}
    ]


def test_overrides_are_followed(tmp_path: Path) -> None:
    text = "Campaign,Cost,Net cost (thousands),Deals won\na,1,2,3\n"
    overrides = {"spend": "Net cost (thousands)", "conversions": "Deals won"}
    frame = read_campaigns(write(tmp_path / "x.csv", text), columns=overrides)
    assert frame.loc[0, ["spend", "conversions"]].tolist() == [2.0, 3.0]
    assert Reading.of(frame).columns["spend"]["others"] == ["Cost"]


def test_zero_values_give_way_to_a_value_per_conversion(tmp_path: Path) -> None:
    text = "Campaign,Cost,Conversions,Conv. value\na,1,2,0\n"
    frame = read_campaigns(write(tmp_path / "x.csv", text), value_per_conversion=5)
    assert frame["value"].tolist() == [10.0]
    assert frame.attrs["reading"]["columns"]["value"]["how"] == "'Conversions' x 5"


def test_parents_of_a_hierarchy(tmp_path: Path) -> None:
    head = "Campaign Name,Id,ParentId,ActualCost,{},BudgetedCost\n"
    rows = (
        "sums,701A,,30,50,1\nx,701B,701A,10,50,1\ny,701C,701A,20,0,1\n"
        "own,701D,,7,3,1\nz,701E,701D,1,0,1\nempty,701F,,,,1\nw,701G,701F,2,2,1\n"
    )
    reason = "parent of other campaigns, with their amounts or none of its own"
    report = reading(tmp_path, head.format("AmountWonOpportunities") + rows)
    assert report.dropped == [{"reason": reason, "rows": [2, 7]}]
    warning = "parents of other campaigns were kept, with amounts of their own: row 5"
    assert warning in report.warnings
    report = reading(tmp_path, head.format("HierarchyAmountWonOpportunities") + rows)
    assert report.dropped == [{"reason": reason, "rows": [2, 5, 7]}]


def test_ids_of_18_letters_are_those_of_15(tmp_path: Path) -> None:
    text = (
        "Campaign Name,Id,ParentId,ActualCost,AmountWonOpportunities\n"
        "a,7015e000001abcdAAA,,3,4\nb,7015e000001efghAAB,7015e000001abcd,3,4\n"
    )
    assert reading(tmp_path, text).dropped[0]["rows"] == [2]


def test_the_report_of_a_quota_sheet(tmp_path: Path) -> None:
    text = "Rep,Quarter,Annual quota,Attainment\nAnn,FY24 Q1,400000,87\nBo,FY24 Q1,400000,1\n"
    report = reading(tmp_path, text, read_reps)
    assert report.columns["bookings"]["how"] == "'Attainment' x quota"
    assert report.columns["quota"]["how"] == "divided by 4"
    assert report.columns["period"]["how"] == "quarters"
    assert report.columns["attainment"]["how"] == "percentages divided by 100"
    assert report.warnings == [
        "Quarter: fiscal periods are read as calendar periods",
        "Attainment: read as percentages, below 2 % in row 3",
        "no rep leaves in this file: if leavers were taken out, reps look better",
    ]


def test_the_report_of_opportunities(tmp_path: Path) -> None:
    text = (
        "Opportunity Name,Owner,Region,Stage,Amount,Close Date,Created Date\n"
        "x,Ann,East,Won,,2024-01-31,2024-02-01\nx,Ann,West,Lost,5,2024-01-30,2023-01-01\n"
        "z,Ann,West,Won't buy,5,2030-01-30,2023-01-01\n"
    )
    report = reading(tmp_path, text, read_opportunities)
    assert report.columns["outcome"]["how"] == "won: 'Won'; lost: 'Lost'; open: \"Won't buy\""
    assert report.warnings == [
        "Close Date: dates of open deals left out in row 4",
        "Amount: unknown (NaN) where blank in row 2",
        "closed before they were created: row 2",
    ]
    days = text.replace("2024-02-01", "31/01/2024").replace("2024-01-30", "01/30/2024")
    warning = "some columns have the day first and some the month"
    assert warning in reading(tmp_path, days, read_opportunities).warnings
    assert reading(tmp_path, text, read_reps).warnings[3:] == [
        "won deals of unknown amount, which count as zero bookings: 1",
        "a rep of several segments counts in the most frequent one",
        "quota is unknown; start is the first activity in the file, not the hire date",
    ]


# -- Practice data of others --------------------------------------------------------------------


def test_ads_of_a_real_account() -> None:
    frame = read_campaigns(practice_file("ads_export.csv"), value_per_conversion=100.0)
    report = Reading.of(frame)
    assert (report.source, report.dates, len(frame)) == ("ad table", "day first", 1143)
    assert frame["spend"].sum() == pytest.approx(58_705.23, abs=0.01)
    assert frame["conversions"].sum() == 1079
    assert frame["value"].sum() == 107_900
    assert frame["campaign"].nunique() == 1143
    assert set(frame["channel"]) == {"916", "936", "1178"}
    assert frame["date"].min() == pd.Timestamp("2023-08-01")
    assert report.columns["conversions"]["others"] == ["Total_Conversion"]
    assert report.columns["campaign"]["others"] == ["fb_campaign_id", "xyz_campaign_id"]


def test_opportunities_of_a_practice_set() -> None:
    path = practice_file("crm_opportunities.csv")
    deals = read_opportunities(path)
    assert deals["outcome"].value_counts().to_dict() == {"won": 4238, "lost": 2473, "open": 2089}
    assert Reading.of(deals).dates == "day first"
    reps = read_reps(path)
    assert reps["rep"].nunique() == 30
    assert reps["bookings"].sum() == deals.loc[deals["outcome"] == "won", "amount"].sum()
    assert reps["bookings"].sum() == 10_005_534
