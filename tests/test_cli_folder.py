"""What `gtmsim run --out FOLDER` keeps when it cannot draw."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

import gtmsim as gtm
from gtmsim.cli import app


def test_a_plan_too_large_for_a_picture_keeps_its_tables(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gtm.presets.example_plan().to_toml(tmp_path / "plan.toml")
    monkeypatch.setattr("gtmsim.result.units._MOST_UNITS", 100)
    results = tmp_path / "results"
    done = CliRunner().invoke(
        app, ["run", str(tmp_path / "plan.toml"), "--scenarios", "500", "--out", str(results)]
    )
    assert done.exit_code == 0
    assert "no picture: units: must be at most 100 to be listed, got 388" in done.stderr
    assert {path.name for path in results.iterdir()} == {"summary.csv", "by_month.csv"}
