"""`gtmsim report`: from a plan file to a page."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

import gtmsim as gtm
from gtmsim.cli import app

SMALL = ("--scenarios", "500", "--seed", "7")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    gtm.presets.example_plan().to_toml(tmp_path / "plan.toml")
    return tmp_path


def run(*arguments: str, code: int = 0) -> str:
    done = CliRunner().invoke(app, ("report", *arguments))
    assert done.exit_code == code, done.output
    assert "Traceback" not in done.output
    return done.stderr


def test_the_page_is_that_of_the_result(folder: Path) -> None:
    said = run("plan.toml", *SMALL, "--out", "page.html")
    result = gtm.simulate_portfolio(gtm.presets.example_plan(), scenarios=500, rng=7)
    assert (folder / "page.html").read_text(encoding="utf-8") == result.to_html()
    assert said == f"wrote page.html\n{result.verdict}\n"


def test_validation_can_be_left_out_and_a_date_put_in(folder: Path) -> None:
    said = run("plan.toml", *SMALL, "--no-validate", "--date", "1 March 2026", "--workers", "2")
    assert said == "wrote report.html\n"
    text = (folder / "report.html").read_text(encoding="utf-8")
    assert "Not validated." in text
    assert "1 March 2026" in text


def test_a_failed_validation_is_an_exit_code(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from dataclasses import replace

    plan = gtm.presets.example_plan()
    right = gtm.simulate_portfolio(plan, scenarios=2_000, rng=7)
    changed = [c if c.name != "PR" else c.replace(hit_rate=0.5) for c in plan.channels]
    wrong = replace(right, plan=plan.replace(channels=changed))
    monkeypatch.setattr("gtmsim.cli.reporting.simulate", lambda *_: wrong)
    assert "NOT VALID" in run("plan.toml", code=1)
    assert "NOT VALID" in (folder / "report.html").read_text(encoding="utf-8")


def test_what_cannot_be_written_is_refused_before_the_run(folder: Path) -> None:
    assert "out: must end in .html" in run("plan.toml", "--out", "report.pdf", code=2)
    said = run("plan.toml", "--out", "nowhere/report.html", code=2)
    assert "nowhere: No such file or directory" in said
    assert "must be a file that exists" in run("other.toml", code=2)
    assert {p.name for p in folder.iterdir()} == {"plan.toml"}
