"""``gtmsim fit``: what it reads, fits and shows."""

from __future__ import annotations

import json
from collections.abc import Iterator
from hashlib import sha256
from io import StringIO
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import gtmsim as gtm
from gtmsim.fit.program import fit_program
from gtmsim.fit.reading import read_campaigns, read_opportunities, read_reps
from gtmsim.fit.team import fit_team
from tests.cli_exports import FAST, SEED, VALUED, cleaned, data, exports_in, run, words


@pytest.fixture(scope="module", autouse=True)
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    yield from exports_in(tmp_path_factory.mktemp("exports"))


@pytest.fixture(autouse=True)
def _clean(folder: Path) -> Iterator[None]:
    yield from cleaned(folder)


@pytest.fixture(scope="module")
def plain(folder: Path) -> dict[str, Any]:
    return data("ads.csv", *VALUED)


def test_program_is_shown() -> None:
    fit = fit_program(
        read_campaigns("ads.csv", value_per_conversion=60.0), name="paid search", rng=7
    )
    options = ("--as", "program", "--name", "paid search", "--value-per-conversion", "60", *SEED)
    shown, said = run("fit", "ads.csv", *options)
    text = words(shown)
    assert "ads.csv as campaigns: Google Ads" in text
    assert "120 of 121 rows kept" in text
    assert "spend from 'Cost'" in text
    assert "Dropped row 122: labelled as a total" in text
    assert "Careful: value is what the source attributes to campaigns" in text
    for sentence in (*fit.explain(), *fit.notes, fit.claim(rng=7).verdict):
        assert words(sentence) in text
    for parameter in fit.summary().index:
        assert f"\n{parameter.replace('_', ' ')} " in shown
    assert "90 % interval" in text
    assert said == "next: add --out plan.toml to put it into a plan\n"
    assert "\x1b" not in shown


def test_program_is_shown_as_json_and_csv(plain: dict[str, Any]) -> None:
    frame = read_campaigns("ads.csv", value_per_conversion=60.0)
    fit = fit_program(frame, family="lognormal", rng=7)
    assert list(plain) == [
        "reading", "channel", "summary", "explanation", "notes", "claim", "provenance", "seed"
    ]  # fmt: skip
    assert plain["seed"] == 7
    assert plain["reading"] == frame.attrs["reading"]
    assert gtm.CampaignProgram(**plain["channel"]) == fit.channel
    assert plain["explanation"] == list(fit.explain())
    assert plain["claim"]["probability"] == fit.claim(rng=7).probability
    assert plain["provenance"]["sha256"] == sha256(Path("ads.csv").read_bytes()).hexdigest()
    shown, _ = run("fit", "ads.csv", *VALUED, *SEED, "--format", "csv")
    table = pd.read_csv(StringIO(shown), index_col="parameter")
    pd.testing.assert_series_equal(table["estimate"], fit.summary()["estimate"])


@pytest.mark.parametrize("file", ["quotas.csv", "deals.csv"])
def test_team_is_shown(file: str) -> None:
    read = read_reps if file == "quotas.csv" else read_opportunities
    fit = fit_team(read(file), name="reps", rng=7)
    shown, _ = run("fit", file, "--as", "team", "--name", "reps", *SEED)
    for sentence in fit.explain():
        assert words(sentence) in words(shown)
    assert "\nattainment " in shown
    found = data(file, "--name", "reps")
    assert gtm.SalesTeam(**found["channel"]) == fit.channel
    assert ("deals" in found) == (file == "deals.csv")
    assert "claim" not in found


def test_what_a_file_is_fitted_as_is_told_by_its_columns(folder: Path) -> None:
    for file, kind in (("ads.csv", "campaigns"), ("quotas.csv", "sales"), ("deals.csv", "sales")):
        options = VALUED if file == "ads.csv" else ()
        assert data(file, *options)["channel"]["kind"] == kind
    (folder / "odd.csv").write_text("Animal,Legs\ncat,4\n")
    _, said = run("fit", "odd.csv", code=2)
    assert said == (
        "error: history: must have a column of spend or of reps, to be told apart, "
        "got 'Animal, Legs' (say --as program or --as team)\n"
    )
    # A name may be a campaign's or a rep's; the other columns decide.
    rows = (f"c{i},2025-01-{i:02d},100,{300 * (i % 3)}" for i in range(1, 25))
    (folder / "plain.csv").write_text("\n".join(["name,date,spend,revenue", *rows]))
    assert data("plain.csv")["channel"]["kind"] == "campaigns"
    (folder / "named.csv").write_text(
        (folder / "ads.csv").read_text().replace("Day,Campaign,Cost", "Day,Campaign,Burnt")
    )
    _, said = run("fit", "named.csv", "--as", "program", code=2)
    assert "must have a column of spend" in said
    assert data("named.csv", *VALUED, "--column", "spend=Burnt")["channel"]["kind"] == "campaigns"


@pytest.mark.parametrize(
    ("options", "field", "value"),
    [
        (("--cap", "400"), "cap", 400.0),
        (("--incrementality", "0.4"), "incrementality", 0.4),
        (("--campaigns", "33"), "campaigns", 33),
        (("--spend", "1234.5"), "spend", 1234.5),
        (("--name", "mine"), "name", "mine"),
    ],
)
def test_option_is_a_field_of_the_channel(
    plain: dict[str, Any], options: tuple[str, ...], field: str, value: object
) -> None:
    changed = data("ads.csv", *VALUED, *options)["channel"]
    assert changed[field] == value != plain["channel"].get(field)
    if field in ("campaigns", "spend", "incrementality"):
        assert changed == {**plain["channel"], field: value}


@pytest.mark.parametrize(
    ("options", "argument"),
    [
        (("--preset", "display"), {"preset": "display"}),
        (("--preset", "none"), {"preset": None}),
        (("--family", "lomax"), {"family": "lomax"}),
        (("--margin", "0.5"), {"margin": 0.5}),
        (("--level", "0.5"), {"level": 0.5}),
        (("--maturity", "3"), {"maturity": 3.0}),
        (("--maturity", "3", "--as-of", "2025-06-30"), {"maturity": 3.0, "as_of": "2025-06-30"}),
        (("--channel", "a"), {"channel": "a"}),
    ],
)
def test_option_reaches_the_fit_of_a_program(
    options: tuple[str, ...], argument: dict[str, Any]
) -> None:
    frame = read_campaigns("valued.csv")
    expected = fit_program(frame, rng=7, **({"family": "lognormal"} | argument))
    found = data("valued.csv", *FAST, *options)
    assert gtm.CampaignProgram(**found["channel"]) == expected.channel
    summary = pd.DataFrame(found["summary"]).set_index("parameter")["low"].astype(float)
    pd.testing.assert_series_equal(summary, expected.summary()["low"])
    without = {"maturity": 3.0} if "as_of" in argument else {}
    other = fit_program(frame, family="lognormal", rng=7, **without)
    assert not expected.summary().equals(other.summary())


@pytest.mark.parametrize(
    ("options", "argument"),
    [
        (("--quota", "900000"), {"quota": 900_000.0}),
        (("--loaded-cost", "150000"), {"loaded_cost": 150_000.0}),
        (("--preset", "enterprise_ae"), {"preset": "enterprise_ae"}),
        (("--level", "0.5"), {"level": 0.5}),
    ],
)
def test_option_reaches_the_fit_of_a_team(
    options: tuple[str, ...], argument: dict[str, Any]
) -> None:
    expected = fit_team(read_reps("quotas.csv"), rng=7, **argument)
    found = data("quotas.csv", *options)
    assert gtm.SalesTeam(**found["channel"]) == expected.channel
    assert not expected.summary().equals(fit_team(read_reps("quotas.csv"), rng=7).summary())


def test_columns_and_values_of_conversions_are_the_users(plain: dict[str, Any]) -> None:
    other = data("ads.csv", *VALUED, "--column", "conversions=Leads")
    assert other["reading"]["columns"]["conversions"]["from"] == "Leads"
    assert other["channel"]["multiple"] != plain["channel"]["multiple"]
    cheap, dear = (
        data("ads.csv", *FAST, "--preset", "none", "--value-per-conversion", each)
        for each in ("60", "120")
    )
    medians = [found["channel"]["multiple"]["median"] for found in (cheap, dear)]
    assert medians[1] == pytest.approx(2.0 * medians[0], rel=0.1)
    two = ("--column", "conversions=Leads", "--column", "campaign=Day")
    columns = data("ads.csv", *VALUED, *two)["reading"]["columns"]
    assert (columns["conversions"]["from"], columns["campaign"]["from"]) == ("Leads", "Day")


def test_seed_replays_a_fit(plain: dict[str, Any]) -> None:
    assert data("ads.csv", *VALUED) == plain
    shown = run("fit", "ads.csv", *VALUED, "--format", "json")[0]
    new = json.loads(shown)
    assert new["seed"] != 7
    assert new["channel"] != plain["channel"]
    again = run("fit", "ads.csv", *VALUED, "--format", "json", "--seed", str(new["seed"]))[0]
    assert again == shown


def test_picture_is_drawn(folder: Path) -> None:
    _, said = run("fit", "ads.csv", *VALUED, *SEED, "--picture", "fit.png")
    assert (folder / "fit.png").read_bytes().startswith(b"\x89PNG")
    assert "wrote fit.png\n" in said


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("fit",), "Missing argument 'HISTORY'"),
        (("fit", "ads.csv", "--as", "plan"), "Invalid value for '--as'"),
        (("fit", "ads.csv", "--family", "normal"), "Invalid value for '--family'"),
        (("fit", "ads.csv", "--campaigns", "0"), "Invalid value for '--campaigns'"),
        (("fit", "ads.csv", "--horizon", "0"), "Invalid value for '--horizon'"),
        (("fit", "ads.csv", "--format", "xml"), "Invalid value for '--format'"),
    ],
)
def test_wrong_options_are_named(arguments: tuple[str, ...], message: str) -> None:
    _, said = run(*arguments, code=2)
    assert message in words(said.replace("│", " "))
