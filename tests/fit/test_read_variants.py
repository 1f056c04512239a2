"""One history in many files: each is read to the same frame."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from gtmsim.fit.reading import Reading, read_campaigns, read_opportunities, read_reps
from tests.fit.files import (
    CAMPAIGNS,
    DEALS,
    REPS,
    Variant,
    american,
    excel_variant,
    french,
    german,
    micros,
    parquet_variant,
    rows_of,
    swiss,
    text_variant,
)

PLAIN = {name: name for name in CAMPAIGNS}
GOOGLE = {
    "date": "Day", "channel": "Campaign type", "campaign": "Campaign", "spend": "Cost",
    "conversions": "Conversions", "value": "Conv. value",
}  # fmt: skip
META = {
    "date": "Day", "channel": "Platform", "campaign": "Campaign name",
    "spend": "Amount spent (USD)", "conversions": "Purchases",
    "value": "Purchases conversion value",
}  # fmt: skip
TOTALS = [
    ["Total: Campaigns", "", "", "989,199.25", "1,263.50", "1,238,183.00"],
    ["Total: Account", "", "", "989,199.25", "1,263.50", "1,238,183.00"],
]
TITLE = [["Campaign performance"], ["January 1, 2024 - February 29, 2024"]]


def in_meta(*headers: str) -> dict[str, str]:
    return dict(zip(CAMPAIGNS, headers, strict=True))


def changed(headers: dict[str, str], **changes: str) -> dict[str, str]:
    return headers | changes


CAMPAIGN_FILES = [
    text_variant("plain", CAMPAIGNS, PLAIN),
    text_variant("plain CRLF", CAMPAIGNS, PLAIN, end="\r\n"),
    text_variant("plain CR", CAMPAIGNS, PLAIN, end="\r"),
    text_variant("plain with BOM", CAMPAIGNS, PLAIN, encoding="utf-8-sig"),
    text_variant("plain Latin-1", CAMPAIGNS, PLAIN, encoding="latin-1"),
    text_variant("plain UTF-16", CAMPAIGNS, PLAIN, encoding="utf-16"),
    text_variant("plain UTF-16 without mark", CAMPAIGNS, PLAIN, encoding="utf-16-le"),
    text_variant("plain UTF-16 the other way", CAMPAIGNS, PLAIN, encoding="utf-16-be"),
    text_variant("tabs", CAMPAIGNS, PLAIN, separator="\t"),
    text_variant("bars", CAMPAIGNS, PLAIN, separator="|"),
    text_variant("sep=", CAMPAIGNS, PLAIN, separator=";", before=[["sep=;"]]),
    text_variant(
        "German", CAMPAIGNS, PLAIN, separator=";", number=german, date="%d.%m.%Y", encoding="cp1252"
    ),
    text_variant("French", CAMPAIGNS, PLAIN, separator=";", number=french, date="%d/%m/%Y"),
    text_variant("Swiss", CAMPAIGNS, PLAIN, separator=";", number=swiss, date="%d.%m.%y"),
    text_variant("American", CAMPAIGNS, PLAIN, number=american, date="%m/%d/%Y"),
    text_variant("named months", CAMPAIGNS, PLAIN, date="%b %d, %Y"),
    text_variant("times", CAMPAIGNS, PLAIN, date="%Y-%m-%dT23:59:00.000+02:00"),
    text_variant("two-digit years", CAMPAIGNS, PLAIN, date="%d-%m-%y"),
    text_variant("euro signs", CAMPAIGNS, PLAIN, separator="\t", number=lambda x: german(x) + " €",
                 cells={"conversions": lambda x: german(x)}),
    text_variant("dollar signs", CAMPAIGNS, PLAIN, number=lambda x: "$" + american(x),
                 cells={"conversions": american}),
    text_variant("headers shouted", CAMPAIGNS, {name: f" {name.upper()} " for name in CAMPAIGNS}),
    text_variant("Google", CAMPAIGNS, GOOGLE, number=american, before=TITLE, after=TOTALS,
                 extra={"Currency code": "USD", "Clicks": "12"}),
    text_variant("Google UTF-16", CAMPAIGNS, GOOGLE, number=american, before=TITLE, after=TOTALS,
                 separator="\t", encoding="utf-16"),
    text_variant("Google dashes", CAMPAIGNS, GOOGLE, number=lambda x: american(x) if x else " --"),
    text_variant("Google micros", CAMPAIGNS, changed(GOOGLE, spend="metrics.cost_micros"),
                 cells={"spend": micros}),
    text_variant("Google German", CAMPAIGNS,
                 in_meta("Tag", "Kampagnentyp", "Kampagne", "Kosten", "Conversions", "Conv.-Wert"),
                 number=german, date="%d.%m.%Y", separator="\t", extra={"Klicks": "5"}),
    text_variant("Meta", CAMPAIGNS, META, number=lambda x: f"{x:g}" if x < 1e6 else f"{x:.2f}",
                 extra={"Reach": "7"}),
    text_variant("Meta blanks", CAMPAIGNS, META, number=lambda x: f"{x:.2f}" if x else ""),
    text_variant("Meta total first", pd.concat([CAMPAIGNS.sum(numeric_only=True).to_frame().T
                 .assign(date=pd.NaT, channel="", campaign=""), CAMPAIGNS]), META),
    text_variant("Meta French", CAMPAIGNS,
                 in_meta("Jour", "Plateforme", "Nom de la campagne", "Montant dépensé (EUR)",
                         "Achats", "Valeur de conversion des achats"),
                 number=french, date="%d/%m/%Y", separator=";"),
    text_variant("Meta German", CAMPAIGNS,
                 in_meta("Tag", "Plattform", "Kampagnenname", "Ausgegebener Betrag (EUR)",
                         "Käufe", "Conversion-Wert für Käufe"), number=german, separator=";"),
    text_variant("Meta Spanish", CAMPAIGNS,
                 in_meta("Día", "Plataforma", "Nombre de la campaña", "Importe gastado (EUR)",
                         "Compras", "Valor de conversión de compras")),
    text_variant("Meta Portuguese", CAMPAIGNS,
                 in_meta("Dia", "Plataforma", "Nome da campanha", "Valor usado (BRL)",
                         "Compras", "Valor de conversão da compra")),
    text_variant("Microsoft", CAMPAIGNS,
                 in_meta("TimePeriod", "Campaign type", "CampaignName", "Spend", "Conversions",
                         "Revenue"), date="%m/%d/%Y", extra={"AverageCpc": "1.20"}),
    text_variant("LinkedIn", CAMPAIGNS,
                 in_meta("Start Date (in UTC)", "Channel", "Campaign Name", "Total Spent",
                         "Conversions", "Total Conversion Value"),
                 date="%m/%d/%Y", encoding="utf-16", separator="\t",
                 extra={"Campaign Group Name": "g"}),
    text_variant("Salesforce", CAMPAIGNS,
                 in_meta("Start Date", "Type", "Campaign Name", "Actual Cost",
                         "Won Opportunities in Campaign", "Value Won Opportunities in Campaign"),
                 number=lambda x: f"{x:.2f}", cells={"spend": lambda x: f"AUD {x:.2f}"},
                 extra={"Parent Campaign": ""},
                 after=[["Grand Totals (8 records)"], [], ["Copyright (c) 2000-2024"]]),
    excel_variant("Excel as text", rows_of(CAMPAIGNS, PLAIN, number=german, date="%d.%m.%Y")),
    excel_variant("Excel", [list(CAMPAIGNS), *CAMPAIGNS.to_numpy().tolist()],
                  before=[["Campaigns"], []]),
    parquet_variant("Parquet", CAMPAIGNS),
    parquet_variant("Parquet by date", CAMPAIGNS.set_index("date")),
]  # fmt: skip


@pytest.mark.parametrize("file", CAMPAIGN_FILES, ids=repr)
def test_campaigns_are_the_same_in_every_file(file: Variant, tmp_path: Path) -> None:
    frame = read_campaigns(file.make(tmp_path))
    assert_frame_equal(frame, CAMPAIGNS)
    reading = Reading.of(frame)
    assert reading.rows_kept == len(CAMPAIGNS)
    dropped = sum(len(one["rows"]) for one in reading.dropped)
    assert reading.rows_in_file == reading.rows_kept + dropped


def test_another_history_is_seen(tmp_path: Path) -> None:
    other = CAMPAIGNS.assign(spend=CAMPAIGNS["spend"] + 0.01)
    frame = read_campaigns(text_variant("other", other, PLAIN).make(tmp_path))
    with pytest.raises(AssertionError, match="spend"):
        assert_frame_equal(frame, CAMPAIGNS)


QUOTAS = {name: name for name in REPS}
PERCENT = REPS.assign(attainment=REPS["bookings"] / REPS["quota"]).drop(columns="bookings")
ATTAINED = {name: name for name in PERCENT}

REP_FILES = [
    text_variant("canonical", REPS, QUOTAS),
    text_variant("Q1 2024", REPS, QUOTAS, cells={"period": lambda p: f"Q{p.quarter} {p.year}"}),
    text_variant("1T24", REPS, QUOTAS, cells={"period": lambda p: f"{p.quarter}T{p.year % 100}"}),
    text_variant("2024/Q1", REPS, QUOTAS, cells={"period": lambda p: f"{p.year}/Q{p.quarter}"}),
    text_variant("first days", REPS, changed(QUOTAS, period="Period start"),
                 cells={"period": lambda p: f"{p.start_time:%d/%m/%Y}"}),
    text_variant("last days", REPS, changed(QUOTAS, period="Quarter"),
                 cells={"period": lambda p: f"{p.end_time:%Y-%m-%d}"}),
    text_variant("German", REPS, QUOTAS, number=german, date="%d.%m.%Y", separator=";",
                 encoding="cp1252"),
    text_variant("87%", PERCENT, ATTAINED, cells={"attainment": lambda x: f"{100 * x:.1f}%"}),
    text_variant("87", PERCENT, ATTAINED, cells={"attainment": lambda x: f"{100 * x:.1f}"}),
    text_variant("0.87", PERCENT, ATTAINED, cells={"attainment": lambda x: f"{x:.3f}"}),
    text_variant("87,0 %", PERCENT, ATTAINED, separator=";", number=german,
                 cells={"attainment": lambda x: f"{100 * x:.1f} %".replace(".", ",")}),
    text_variant("annual quota", REPS.assign(quota=4.0 * REPS["quota"]),
                 changed(QUOTAS, quota="Annual quota")),
    text_variant("totals", REPS, QUOTAS, after=[["Total", "", "", "", "", "950000", "515000"]]),
    text_variant("nameless total", REPS, QUOTAS, after=[["", "", "", "", "", "", "515000"]]),
    text_variant("year and quarter", REPS.assign(year=REPS["period"].dt.year),
                 {**changed(QUOTAS, period="Quarter"), "year": "Year"},
                 cells={"period": lambda p: f"Q{p.quarter}"}),
    excel_variant("Excel", rows_of(REPS, QUOTAS, number=lambda x: x)),  # type: ignore[arg-type]
    parquet_variant("Parquet", REPS),
]  # fmt: skip


@pytest.mark.parametrize("file", REP_FILES, ids=repr)
def test_reps_are_the_same_in_every_file(file: Variant, tmp_path: Path) -> None:
    assert_frame_equal(read_reps(file.make(tmp_path)), REPS)


PLAIN_DEALS = {name: name for name in DEALS}
SALESFORCE = {
    "opportunity": "Opportunity ID", "rep": "Opportunity Owner", "segment": "Owner Role",
    "created": "Created Date", "closed": "Close Date", "outcome": "Stage", "amount": "Amount",
}  # fmt: skip
HUBSPOT = {
    "opportunity": "hs_object_id", "rep": "hubspot_owner_id", "segment": "hubspot_team_id",
    "created": "createdate", "closed": "closedate", "outcome": "hs_is_closed_won",
    "amount": "amount", "closed_flag": "hs_is_closed",
}  # fmt: skip
STAGES = {"won": "Closed Won", "lost": "Closed Lost", "open": "Negotiation"}
EXPECTED = DEALS.assign(closed=DEALS["closed"].fillna(pd.Timestamp("2030-01-31")))
FLAGGED = DEALS.assign(closed_flag=DEALS["outcome"])
FLAGS = {
    "outcome": lambda outcome: str(outcome == "won").lower(),
    "closed_flag": lambda outcome: str(outcome != "open").lower(),
}

DEAL_FILES = [
    text_variant("canonical", DEALS, PLAIN_DEALS),
    text_variant("dd-mm-yy", DEALS, PLAIN_DEALS, date="%d-%m-%y"),
    text_variant("Salesforce", EXPECTED, SALESFORCE, date="%m/%d/%Y",
                 cells={"outcome": STAGES.__getitem__,
                        "amount": lambda x: f"AUD {x:.2f}" if x == x else ""},
                 after=[[], ["Grand Totals (5 records)"], ["Confidential Information"],
                        ["Copyright (c) 2000-2024 salesforce.com, inc."]]),
    text_variant("Salesforce API", FLAGGED,
                 {**changed(SALESFORCE, outcome="IsWon", closed="CloseDate"),
                  "closed_flag": "IsClosed"}, cells=FLAGS, date="%Y-%m-%dT10:00:00.000Z"),
    text_variant("HubSpot API", FLAGGED, HUBSPOT, extra={"dealstage": "998877"},
                 cells={**FLAGS, **dict.fromkeys(("created", "closed"), lambda day:
                        f"{day.timestamp() * 1000:.0f}" if day == day else "")}),
    text_variant("HubSpot Portuguese", DEALS,
                 dict(zip(DEALS, ("ID do registro", "Proprietário do negócio", "Equipe da HubSpot",
                                  "Data de criação", "Data de fechamento", "Etapa do negócio",
                                  "Valor"), strict=True)),
                 date="%d/%m/%Y %H:%M", number=german, separator=";",
                 cells={"outcome": {"won": "Negócio ganho", "lost": "Negócio perdido",
                                    "open": "Proposta"}.__getitem__}),
    excel_variant("Excel", rows_of(DEALS, PLAIN_DEALS)),
    parquet_variant("Parquet", DEALS),
]  # fmt: skip


@pytest.mark.parametrize("file", DEAL_FILES, ids=repr)
def test_opportunities_are_the_same_in_every_file(file: Variant, tmp_path: Path) -> None:
    assert_frame_equal(read_opportunities(file.make(tmp_path)), DEALS)


@pytest.mark.parametrize("file", DEAL_FILES, ids=repr)
def test_reps_are_added_up_from_opportunities(file: Variant, tmp_path: Path) -> None:
    frame = read_reps(file.make(tmp_path))
    found = {(row.rep, str(row.period)): row.bookings for row in frame.itertuples()}
    assert found == {
        ("Ann", "2023Q1"): 0.0,
        ("Ann", "2023Q2"): 54_000.0,
        ("Ann", "2023Q3"): 0.0,
        ("Ann", "2023Q4"): 1_250.5,
        ("Bo", "2023Q1"): 0.0,
        ("Bo", "2023Q2"): 0.0,
        ("Bo", "2023Q3"): 0.0,
        ("Bo", "2023Q4"): 990_000.75,
        ("Zoé", "2023Q2"): 0.0,
    }
    assert frame["quota"].isna().all()
    assert frame["end"].isna().all()
    assert frame.dtypes.astype(str).tolist() == REPS.dtypes.astype(str).tolist()
    starts = frame.groupby("rep")["start"].first().dt.strftime("%Y-%m-%d").to_dict()
    assert starts == {"Ann": "2023-01-15", "Bo": "2023-03-30", "Zoé": "2023-04-25"}
