"""The command line: what each command writes, and what it says when something is wrong."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from io import StringIO
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import pandas as pd
import pytest
from rich.console import Console
from typer.testing import CliRunner

import gtmsim as gtm
from gtmsim.cli import app
from gtmsim.cli.output import Report, portfolio
from gtmsim.cli.simulating import MOST_KEPT
from gtmsim.result.display import format_number

ROOT = Path(__file__).resolve().parents[1]
SMALL = ("--scenarios", "500", "--seed", "7")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Every command runs in an empty folder that holds a plan."""
    monkeypatch.chdir(tmp_path)
    gtm.presets.example_plan().to_toml(tmp_path / "plan.toml")
    return tmp_path


def run(*arguments: str, code: int = 0) -> tuple[str, str]:
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == code, done.output
    assert "Traceback" not in done.output
    return done.stdout, done.stderr


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()} - {"plan.toml"}


def strict(text: str) -> Any:
    def refuse(name: str) -> NoReturn:
        raise AssertionError(f"{name} is not JSON")

    return json.loads(text, parse_constant=refuse)


@pytest.fixture(scope="module")
def expected() -> gtm.PortfolioResult:
    return gtm.simulate_portfolio(gtm.presets.example_plan(), scenarios=500, rng=7)


def test_demo_writes_what_it_names(folder: Path, expected: gtm.PortfolioResult) -> None:
    shown, said = run("demo", *SMALL)
    assert "mid-market software: 24 months, 500 scenarios, seed 7" in shown
    for name in (*expected.channels, "portfolio", "effective", "sales team"):
        assert name in shown
    assert "more likely true than not" in " ".join(shown.split())
    assert "The first run compiles" in said
    assert "wrote summary.csv, by_month.csv, outcome.png into gtmsim-demo" in said
    out = folder / "gtmsim-demo"
    assert names(out) == {"outcome.png", "summary.csv", "by_month.csv"}
    assert (out / "outcome.png").read_bytes().startswith(b"\x89PNG")
    summary = pd.read_csv(out / "summary.csv", index_col="channel")
    pd.testing.assert_frame_equal(summary, expected.summary())
    months = pd.read_csv(out / "by_month.csv", index_col=["channel", "month"])
    pd.testing.assert_frame_equal(months, expected.by_month())


def test_demo_writes_into_the_folder_it_is_given(folder: Path) -> None:
    assert "into a/b\nnext: gtmsim init plan.toml" in run("demo", *SMALL, "--out", "a/b")[1]
    assert names(folder / "a" / "b") == {"outcome.png", "summary.csv", "by_month.csv"}


def test_run_shows_tables(expected: gtm.PortfolioResult) -> None:
    shown, _ = run("run", "plan.toml", *SMALL)
    assert "mid-market software: 24 months, 500 scenarios, seed 7" in shown
    assert expected.plan.target is not None
    assert f"chance of at least {format_number(expected.plan.target, 0.0)}: " in shown
    for header in ("multiple", "P(loss)", "best unit", "effective"):
        assert header in shown
    assert "\x1b" not in shown
    assert names(Path()) == set()


def test_run_shows_json(expected: gtm.PortfolioResult) -> None:
    shown, _ = run("run", "plan.toml", *SMALL, "--format", "json")
    data = strict(shown)
    assert list(data) == ["manifest", "summary", "concentration", "tail", "by_month"]
    assert data["manifest"] == expected.manifest
    table = expected.summary()
    for row in data["summary"]:
        for column, value in row.items():
            if column != "channel":
                number = table.loc[row["channel"], column]
                assert value is None if np.isnan(number) else value == number
    assert data["summary"][0]["prob_target"] is None
    assert len(data["by_month"]) == 24 * (len(expected.channels) + 1)


def test_run_shows_csv(expected: gtm.PortfolioResult) -> None:
    shown, said = run("run", "plan.toml", *SMALL, "--format", "csv")
    table = pd.read_csv(StringIO(shown), index_col="channel")
    pd.testing.assert_frame_equal(table, expected.summary())
    assert said == ""


@pytest.mark.parametrize("name", ["out.json", "out.csv", "out.txt"])
def test_run_writes_the_file_it_is_given(folder: Path, name: str) -> None:
    form = {"out.json": "json", "out.csv": "csv", "out.txt": "table"}[name]
    plain, _ = run("run", "plan.toml", *SMALL, "--format", form)
    shown, said = run("run", "plan.toml", *SMALL, "--out", name)
    assert (shown, said) == ("", f"wrote {name}\n")
    assert (folder / name).read_text() == plain
    run("run", "plan.toml", *SMALL, "--format", form, "--out", "other.data")
    assert (folder / "other.data").read_text() == plain
    assert names(folder) == {name, "other.data"}


def test_run_writes_into_the_folder_it_is_given(folder: Path) -> None:
    shown, said = run("run", "plan.toml", *SMALL, "--out", "results")
    assert "portfolio" in shown
    assert "wrote summary.csv, by_month.csv, outcome.png into results" in said
    run("run", "plan.toml", *SMALL, "--out", "results", "--format", "json")
    assert names(folder / "results") == {
        "outcome.png", "summary.csv", "by_month.csv", "result.json"
    }  # fmt: skip
    strict((folder / "results" / "result.json").read_text())


def test_run_is_replayed_by_its_seed_with_any_number_of_workers() -> None:
    command = ("run", "plan.toml", "--scenarios", "500", "--format", "json")
    first, again, new = (strict(run(*command)[0]) for _ in range(3))
    assert first["manifest"]["seed"] != again["manifest"]["seed"]
    seed = str(new["manifest"]["seed"])
    for workers in ("1", "3"):
        assert strict(run(*command, "--seed", seed, "--workers", workers)[0]) == new


def test_many_scenarios_are_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []

    def stop(plan: gtm.Plan, *, scenarios: int, keep: str, **_: object) -> NoReturn:
        seen.append((scenarios, keep))
        raise KeyboardInterrupt

    monkeypatch.setattr("gtmsim.simulate.simulate_portfolio", stop)
    for number in (MOST_KEPT, MOST_KEPT + 1):
        _, said = run("run", "plan.toml", "--scenarios", str(number), code=130)
        assert said == "interrupted\n"
    assert seen == [(MOST_KEPT, "scenarios"), (MOST_KEPT + 1, "summary")]


def test_claim_shows_the_table() -> None:
    expected = gtm.reproduce_claim(scenarios=40, rng=7)
    words = " ".join(run("claim", "--scenarios", "40", "--seed", "7")[0].split())
    assert expected.sentence in words
    assert "Share of value from the top 1 % of spend" in words
    assert words.count("sales team") == 1


def test_claim_writes_the_table(folder: Path) -> None:
    expected = gtm.reproduce_claim(scenarios=40, rng=7, value_share=0.8, spend_share=0.2, cap=50.0)
    command = ("claim", "--scenarios", "40", "--seed", "7", "--value-share", "0.8")
    command += ("--spend-share", "0.2", "--cap", "50")
    data = strict(run(*command, "--format", "json")[0])
    assert data["sentence"] == expected.sentence
    assert (data["cap"], data["seed"], data["scenarios"]) == (50.0, 7, 40)
    assert data["table"][-1]["tail_index"] is None
    assert [row["probability"] for row in data["table"]] == expected.table["probability"].tolist()
    run(*command, "--out", "claim.csv")
    table = pd.read_csv(folder / "claim.csv")
    pd.testing.assert_frame_equal(table, expected.table)


@pytest.mark.parametrize(
    ("options", "arguments"),
    [
        (("--tail-index", "0.5"), {"multiple": 0.5, "campaigns": 1_000}),
        (("--hit-rate", "0.1"), {"multiple": 1.1, "campaigns": 1_000, "hit_rate": 0.1}),
        (
            ("--campaigns", "200", "--spend-share", "0.02", "--value-share", "0.9", "--cap", "99"),
            {"multiple": 1.1, "campaigns": 200, "spend_share": 0.02, "value_share": 0.9, "cap": 99},
        ),
    ],
)
def test_claim_shows_one_case(options: tuple[str, ...], arguments: dict[str, Any]) -> None:
    expected = gtm.claim_probability(**arguments, scenarios=500, rng=7)
    data = strict(run("claim", *options, *SMALL, "--format", "json")[0])
    assert data["tail_index"] == arguments["multiple"]
    for name in ("probability", "campaigns", "hit_rate", "spend_share", "value_share", "cap"):
        assert data[name] == getattr(expected, name)
    shown, _ = run("claim", *options, *SMALL)
    assert f"{expected.median_share:.4g}" in shown
    row = pd.read_csv(StringIO(run("claim", *options, *SMALL, "--format", "csv")[0]))
    assert row.loc[0, "interval_low"] == expected.interval[0]
    assert row.loc[0, "share_range_high"] == expected.share_range[1]


def test_claim_says_what_endless_campaigns_show() -> None:
    shown, _ = run("claim", "--tail-index", "0.9", *SMALL)
    assert "none: the mean is infinite" in shown
    assert "at most 1.00219" in shown
    assert "any" in run("claim", "--hit-rate", "0.01", *SMALL)[0]


def test_init_writes_the_built_in_plan(folder: Path) -> None:
    _, said = run("init", "new.toml")
    assert said == "wrote new.toml; next: gtmsim run new.toml, or gtmsim report new.toml\n"
    assert gtm.Plan.from_toml(folder / "new.toml") == gtm.presets.example_plan()
    assert "# " in (folder / "new.toml").read_text()


def test_init_replaces_nothing_unless_told(folder: Path) -> None:
    (folder / "plan.toml").write_text("mine")
    _, said = run("init", code=2)
    assert said == (
        "error: path: must name a file that is not there yet, got 'plan.toml' "
        "(add --force to replace it)\n"
    )
    assert (folder / "plan.toml").read_text() == "mine"
    run("init", "--force")
    assert gtm.Plan.from_toml(folder / "plan.toml") == gtm.presets.example_plan()


def test_schema_is_the_plans() -> None:
    assert strict(run("schema")[0]) == gtm.Plan.json_schema()


def test_presets_are_listed() -> None:
    shown, _ = run("presets")
    assert [row.split()[0] for row in shown.splitlines()] == list(gtm.presets.names())


def test_version_and_help_are_shown() -> None:
    assert run("--version") == (f"gtmsim {gtm.__version__}\n", "")
    assert "demo" in CliRunner().invoke(app, []).output
    assert "--scenarios" in run("run", "--help")[0]


PLAN = """
horizon = 24
[[channels]]
kind = "campaigns"
name = "ads"
campaigns = 10
spend = -5
hitrate = 0.5
hit_rate = 1.2
multiple = { family = "pareto", tail_index = 0.0 }
"""


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("run", "nowhere.toml"), "nowhere.toml"),
        (("run", "."), "."),
        (("run", "prose.toml"), "prose.toml"),
        (("run", "plan.toml", "--out", "nowhere/a.csv"), "nowhere: No such file or directory"),
        (
            ("run", "plan.toml", "--out", "a.xlsx"),
            "out: must end in .json, .csv or .txt, got 'a.xlsx' (or choose a --format; gtmsim "
            "report writes .html)",
        ),
        (("claim", "--out", "claim.png"), "out: must end in .json, .csv or .txt, got 'claim.png'"),
        (("claim", "--out", "nowhere/a.csv"), "nowhere: No such file or directory"),
        (("claim", "--tail-index", "0"), "tail_index: must be at least 0.1, got 0.0"),
        (("claim", "--tail-index", "nan"), "tail_index: must be finite, got nan"),
        (("claim", "--hit-rate", "1.2"), "hit_rate: must be above 0 and at most 1, got 1.2"),
        (("claim", "--campaigns", "0"), "campaigns: must be at least 1"),
        (("claim", "--spend-share", "1"), "spend_share: must be above 0 and below 1, got 1.0"),
        (("claim", "--cap", "-1"), "cap: must be above 0, got -1.0"),
        (("init", "."), "path: must name a file that is not there yet, got '.'"),
        (("init", ".", "--force"), ".: Is a directory"),
        (("init", "nowhere/plan.toml"), "nowhere/plan.toml: No such file or directory"),
        (("demo", *SMALL, "--out", "plan.toml"), "plan.toml: File exists"),
    ],
)
def test_error_is_one_message(folder: Path, arguments: tuple[str, ...], message: str) -> None:
    (folder / "prose.toml").write_text("Dear planner,")
    before = names(folder)
    shown, said = run(*arguments, code=2)
    assert f"error: {message}" in said
    assert len(said.splitlines()) <= 2
    assert names(folder) == before
    if arguments[0] != "demo":
        assert shown == ""


def test_all_errors_of_a_plan_come_together(folder: Path) -> None:
    (folder / "bad.toml").write_text(PLAN)
    _, said = run("run", "bad.toml", code=2)
    assert said.startswith("error: ")
    for path in ("spend", "hitrate", "hit_rate", "multiple.tail_index"):
        assert f"channels[0].{path}: must be" in said


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("fly",), "No such command 'fly'"),
        (("run",), "Missing argument 'PLAN.toml'"),
        (("run", "plan.toml", "--seeds", "1"), "No such option: --seeds"),
        (("run", "plan.toml", "--scenarios", "0"), "Invalid value for '--scenarios'"),
        (("run", "plan.toml", "--scenarios", "many"), "Invalid value for '--scenarios'"),
        (("run", "plan.toml", "--seed", "-1"), "Invalid value for '--seed'"),
        (("run", "plan.toml", "--workers", "0"), "Invalid value for '--workers'"),
        (("run", "plan.toml", "--format", "xml"), "Invalid value for '--format'"),
        (("claim", "--cap", "big"), "Invalid value for '--cap'"),
    ],
)
def test_wrong_options_are_named(arguments: tuple[str, ...], message: str) -> None:
    _, said = run(*arguments, code=2)
    # The rest of the sentence is typer's, and differs between its versions.
    assert message in " ".join(said.replace("│", " ").split())


def test_interruption_is_short(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(_: int) -> NoReturn:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupt)
    _, said = run("init", "new.toml", code=130)
    assert said == "interrupted\n"
    assert names(folder) == set()


def test_failure_to_write_leaves_no_part_of_a_file(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "out.csv").write_text("old")

    def fail(_: int) -> NoReturn:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    _, said = run("run", "plan.toml", *SMALL, "--out", "out.csv", code=2)
    assert said == "error: out.csv: No space left on device\n"
    assert (folder / "out.csv").read_text() == "old"
    run("run", "plan.toml", *SMALL, "--out", "results", code=2)
    assert names(folder) == {"out.csv", "results"}
    assert names(folder / "results") == set()


def test_json_has_null_for_what_is_no_number() -> None:
    data = {"a": [np.float64("nan"), np.int64(3), (float("inf"), True)], "b": None, "c": "NaN"}
    report = Report(tables="", data=data, rows=pd.DataFrame())
    assert strict(report.json()) == {"a": [None, 3, [None, True]], "b": None, "c": "NaN"}


def test_tables_fit_narrow_terminals(expected: gtm.PortfolioResult) -> None:
    for width in (60, 80, 112):
        file = StringIO()
        Console(file=file, width=width).print(portfolio(expected).tables)
        shown = file.getvalue()
        assert max(map(len, shown.splitlines())) <= width
        assert "portfolio" in shown or width == 60
    assert portfolio(expected).text() == "".join(f"{s.rstrip()}\n" for s in shown.splitlines())


def python(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a fresh interpreter on this package, wherever the working folder is."""
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    return subprocess.run(
        [sys.executable, *arguments],
        env=os.environ | {"PYTHONPATH": path} | environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_module_runs_the_commands(folder: Path) -> None:
    done = python("-m", "gtmsim", "run", "nowhere.toml")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("error: nowhere.toml")
    assert "Traceback" not in done.stderr


def test_names_that_a_terminal_cannot_show_stop_nothing(folder: Path) -> None:
    plan = gtm.presets.example_plan()
    plan.replace(name="日本 [red]").to_toml(folder / "plan.toml")
    done = python("-m", "gtmsim", "run", "plan.toml", *SMALL, PYTHONIOENCODING="latin-1")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(r"\u65e5\u672c [red]: 24 months")
    assert done.stdout.isascii()


def test_help_is_light() -> None:
    code = "import sys, gtmsim.cli; print({'numba', 'pandas', 'matplotlib'} & set(sys.modules))"
    assert python("-c", code).stdout == "set()\n"
