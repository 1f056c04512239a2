"""``gtmsim fit --out``: the plan files that it begins and extends, and what it refuses."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest

import gtmsim as gtm
from gtmsim.cli.plan_file import comment
from gtmsim.fit.program import fit_program
from gtmsim.fit.reading import read_campaigns, read_reps
from gtmsim.fit.team import fit_team
from tests.cli_exports import SEED, VALUED, cleaned, exports_in, run, words

PLAN = """# Mine: do not touch.
horizon   =  12   # a year
currency = "EUR"

[[channels]]
kind = "sales"
name = "reps"       # ours
hires = 2
quota = 800_000
loaded_cost = 261_000"""


@pytest.fixture(scope="module", autouse=True)
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    yield from exports_in(tmp_path_factory.mktemp("exports"))


@pytest.fixture(autouse=True)
def _clean(folder: Path) -> Iterator[None]:
    yield from cleaned(folder)


def test_new_plan_is_begun_and_runs() -> None:
    out = ("--out", "my plan.toml", "--horizon", "9")
    _, said = run("fit", "ads.csv", *VALUED, *SEED, "--name", "paid search", *out)
    assert said == "wrote my plan.toml; next: gtmsim run my plan.toml\n"
    plan = gtm.Plan.from_toml("my plan.toml")
    assert plan.horizon == 9
    frame = read_campaigns("ads.csv", value_per_conversion=60.0)
    expected = fit_program(frame, name="paid search", family="lognormal", rng=7)
    assert plan.channels == (expected.channel,)
    shown, _ = run("run", "my plan.toml", "--scenarios", "200", *SEED)
    assert "paid search" in shown
    run("fit", "ads.csv", *VALUED, *SEED, "--out", "default.toml")
    assert gtm.Plan.from_toml("default.toml").horizon == 24


def test_currency_of_a_new_plan_is_the_files(folder: Path) -> None:
    text = (folder / "ads.csv").read_text().replace("Cost", "Cost (EUR)")
    (folder / "euro.csv").write_text(text)
    run("fit", "euro.csv", *VALUED, *SEED, "--out", "euro.toml")
    assert gtm.Plan.from_toml("euro.toml").currency == "EUR"
    gtm.presets.example_plan().to_toml("dollars.toml")
    _, said = run("fit", "euro.csv", *VALUED, *SEED, "--out", "dollars.toml", "--name", "search")
    assert "careful: the history is in EUR, dollars.toml in USD\n" in said
    (folder / "same.toml").write_text(PLAN)
    assert "careful" not in run("fit", "euro.csv", *VALUED, *SEED, "--out", "same.toml")[1]


@pytest.mark.parametrize("ending", ["", "\n", "\r\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_plan_that_is_there_keeps_its_bytes(folder: Path, ending: str, mark: str) -> None:
    text = mark + (PLAN + ending).replace("\n", "\r\n" if ending == "\r\n" else "\n")
    if ending == "\r\n":
        text = text.replace("\r\r\n", "\r\n")
    before = text.encode()
    (folder / "plan.toml").write_bytes(before)
    old = gtm.Plan.from_toml("plan.toml")
    _, said = run("fit", "quotas.csv", *SEED, "--name", "fitted", "--out", "plan.toml")
    assert said == "added 'fitted' to plan.toml; next: gtmsim run plan.toml\n"
    after = (folder / "plan.toml").read_bytes()
    assert after.startswith(before)
    assert b"# Mine: do not touch." in after
    ends = b"\r\n" if ending == "\r\n" else b"\n"
    assert after.count(b"\n") == after.count(ends)
    expected = fit_team(read_reps("quotas.csv"), name="fitted", rng=7).channel
    assert gtm.Plan.from_toml("plan.toml") == old.replace(channels=(*old.channels, expected))


def test_plan_grows_by_one_channel_after_the_other() -> None:
    run("fit", "ads.csv", *VALUED, *SEED, "--name", "search", "--out", "plan.toml")
    run("fit", "quotas.csv", *SEED, "--name", "reps", "--out", "plan.toml")
    run("fit", "deals.csv", *SEED, "--name", "closers", "--out", "plan.toml")
    names = [channel.name for channel in gtm.Plan.from_toml("plan.toml").channels]
    assert names == ["search", "reps", "closers"]
    shown, _ = run("run", "plan.toml", "--scenarios", "100", *SEED)
    assert all(name in shown for name in names)


def test_provenance_is_written_above_the_channel(folder: Path) -> None:
    options = (*VALUED, *SEED, "--name", "paid search", "--column", "conversions=Leads")
    run("fit", "ads.csv", *options, "--cap", "400", "--out", "plan.toml")
    text = (folder / "plan.toml").read_text()
    above = text.partition("[[channels]]")[0].splitlines()[2:]
    lines = [line for line in above if line]
    assert all(line.startswith("# ") and len(line) <= 100 for line in lines[1:])
    said = words(" ".join(line.removeprefix("#") for line in lines))
    digest = sha256((folder / "ads.csv").read_bytes()).hexdigest()
    frame = read_campaigns("ads.csv", columns={"conversions": "Leads"}, value_per_conversion=60.0)
    fit = fit_program(frame, name="paid search", family="lognormal", cap=400.0, rng=7)
    for part in (
        f"paid search: fitted by gtmsim {gtm.__version__} on 2",
        "File: ads.csv, read as campaigns (Google Ads); 121 rows read, 120 kept.",
        f"SHA-256: {digest}",
        f"Method: {fit.provenance['method']}. Prior: {fit.provenance['prior']}.",
        "Command: gtmsim fit ads.csv --as program --name 'paid search' --family lognormal "
        "--value-per-conversion 60.0 --cap 400.0 --seed 7 --column conversions=Leads",
        *(f"- {sentence}" for sentence in (*fit.explain(), *fit.notes)),
    ):
        assert words(part) in said
    assert re.search(r"on 2\d{3}-\d\d-\d\d\.", said)


def test_comments_hold_no_control_characters() -> None:
    assert comment(["a\nb\x00c\td"]) == "# a b c d\n"
    lines = comment(["- " + "word " * 60]).splitlines()
    assert len(lines) > 2
    assert all(line.startswith("#   word") for line in lines[1:])
    assert max(map(len, lines)) <= 100


INLINE = 'horizon = 12\nchannels = [{kind = "sales", name = "reps", hires = 2, quota = 8e5, '


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("nowhere.csv",), "nowhere.csv: must be a file that exists, got 'nowhere.csv'"),
        (("ads.csv",), "campaigns, value: must be given, got 'conversions alone'"),
        (
            ("quotas.csv", "--cap", "3"),
            "cap: must be left out for a team, got 3.0",
        ),
        (("quotas.csv", "--picture", "a.png"), "picture: must be left out for a team, got 'a.png'"),
        (("ads.csv", "--quota", "1"), "quota: must be left out for a program, got 1.0"),
        (("ads.csv", "--loaded-cost", "1"), "loaded_cost: must be left out for a program, got 1.0"),
        (("quotas.csv", "--quota", "-1"), "quota: must be above 0, got -1.0"),
        (("quotas.csv", "--preset", "display"), "preset: must be a sales team, got 'display'"),
        (("ads.csv", *VALUED, "--level", "1"), "level: must be above 0 and below 1, got 1.0"),
        (("ads.csv", *VALUED, "--spend", "-1"), "spend: must be above 0, got -1.0"),
        (("ads.csv", *VALUED, "--as-of", "soon"), "as_of: must be a date, got 'soon'"),
        (("ads.csv", *VALUED, "--channel", "z"), "channel: must be one of Google Ads, got 'z'"),
        (
            ("ads.csv", "--column", "spend"),
            "column: must be a field and a header, got 'spend' (write --column spend='Net cost')",
        ),
        (("ads.csv", "--column", "=x"), "column: must be a field and a header, got '=x'"),
        (("ads.csv", "--column", "cost=Cost"), "columns: must name fields of"),
        (
            ("ads.csv", "--out", "plan.json"),
            "out: must end in .toml, got 'plan.json' (JSON holds no comments; "
            "write JSON from Python, with Plan.to_json)",
        ),
        (("ads.csv", "--out", "nowhere/plan.toml"), "nowhere: No such file or directory"),
        (("ads.csv", "--out", "bad.toml"), "bad.toml: must be TOML"),
        (
            ("quotas.csv", "--name", "x", "--out", "inline.toml"),
            "out: must have its channels as [[channels]] tables, to take one more, got "
            "'inline.toml' (write each as a [[channels]] table, instead of channels = [...])",
        ),
        (
            ("quotas.csv", "--name", "reps", "--out", "plan.toml"),
            "name: must be new in plan.toml, got 'reps' "
            "(choose another --name, or take that channel out of the plan first)",
        ),
        (
            ("quotas.csv", "--out", "unnamed.toml"),
            "name: must be new in unnamed.toml, got 'sales team'",
        ),
        (
            ("quotas.csv", "--name", "x", "--out", "plan.toml", "--horizon", "9"),
            "horizon: must be left out unless a plan is begun, got 9 (it is in the plan file)",
        ),
        (
            ("quotas.csv", "--horizon", "9"),
            "horizon: must be left out unless a plan is begun, got 9 (add --out with a new file)",
        ),
        (("ads.csv", "--picture", "fit.svg"), "picture: must end in .png, got 'fit.svg'"),
        (("ads.csv", "--picture", "nowhere/a.png"), "nowhere: No such file or directory"),
    ],
)
def test_error_is_one_message(folder: Path, arguments: tuple[str, ...], message: str) -> None:
    files = {
        "plan.toml": PLAN,
        "unnamed.toml": PLAN.replace('"reps"', '"sales team"'),
        "inline.toml": INLINE + "loaded_cost = 2e5}]\n",
        "bad.toml": "Dear planner,",
    }
    for name, text in files.items():
        (folder / name).write_text(text)
    there = set(folder.iterdir())
    shown, said = run("fit", *arguments, *SEED, code=2)
    assert said.startswith(f"error: {message}")
    assert shown == ""
    assert set(folder.iterdir()) == there
    assert all((folder / name).read_text() == text for name, text in files.items())


def test_nothing_is_written_when_the_plan_would_break(folder: Path) -> None:
    text = PLAN.replace("horizon   =  12", "horizon = 1")
    (folder / "short.toml").write_text(text)
    # A ramp of a preset is longer than a month.
    _, said = run("fit", "quotas.csv", *SEED, "--name", "x", "--out", "short.toml", code=2)
    assert said.startswith("error: channels[1].ramp.months: must not be longer than the horizon")
    assert (folder / "short.toml").read_text() == text


@pytest.mark.skipif("GTMSIM_DATA" not in os.environ, reason="GTMSIM_DATA names no folder")
def test_public_exports_make_a_plan_that_runs() -> None:
    exports = Path(os.environ.get("GTMSIM_DATA", ""))
    ads, deals = (str(exports / name) for name in ("ads_export.csv", "crm_opportunities.csv"))
    into = (*SEED, "--out", "plan.toml")
    run("fit", ads, "--name", "paid social", "--value-per-conversion", "100", *into)
    run("fit", deals, "--name", "sellers", *into)
    assert [channel.kind for channel in gtm.Plan.from_toml("plan.toml").channels] == [
        "campaigns",
        "sales",
    ]
    shown, _ = run("run", "plan.toml", "--scenarios", "200", *SEED)
    assert "paid social" in shown
