"""`gtmsim run --checkpoint`: what is finished is kept, and the same command goes on from it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

import gtmsim as gtm
from gtmsim.cli import app
from gtmsim.core.streams import LANES
from gtmsim.result import PortfolioResult
from gtmsim.simulate import run as running
from tests.test_invariance import same_summary

SCENARIOS = 4_000


@pytest.fixture
def plan(tmp_path: Path) -> Path:
    gtm.presets.example_plan().to_toml(tmp_path / "plan.toml")
    return tmp_path / "plan.toml"


def command(plan: Path, *arguments: object) -> Result:
    options = ["run", plan, "--scenarios", SCENARIOS, "--format", "json", *arguments]
    return CliRunner().invoke(app, list(map(str, options)))


def test_a_finished_run_is_a_saved_result(plan: Path, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    done = command(plan, "--seed", 7, "--checkpoint", folder)
    assert done.exit_code == 0, done.stderr
    straight = gtm.simulate_portfolio(gtm.Plan.from_toml(plan), scenarios=SCENARIOS, rng=7)
    found = PortfolioResult.load(folder)
    assert same_summary(straight, found)
    assert found.kept is not None
    # It is not simulated again, and its seed is found there.
    assert command(plan, "--checkpoint", folder).stdout == done.stdout
    refused = command(plan, "--seed", 8, "--checkpoint", folder)
    assert refused.exit_code == 2
    assert "run: seed: must be of this call's seed, 8, got 7 (name another" in refused.stderr


@pytest.mark.parametrize("keep", ["scenarios", "parquet", "summary"])
def test_what_is_kept_can_be_chosen(plan: Path, keep: str, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    done = command(plan, "--seed", 7, "--checkpoint", folder, "--keep", keep)
    assert json.loads(done.stdout)["manifest"]["keep"] == keep
    assert (folder / "scenarios").is_dir() == (keep != "summary")


def test_auto_says_what_it_took(plan: Path) -> None:
    done = command(plan, "--seed", 7, "--keep", "auto", "--workers", 1)
    assert done.stderr == "kept: scenarios\n"
    assert json.loads(done.stdout)["manifest"]["keep"] == "scenarios"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--keep", "parquet"), "keep: must have a folder to keep Parquet in, got 'parquet'"),
        (("--memory", "lots"), "memory: must be an amount of memory, got 'lots' (write '2GB'"),
        (("--memory", "1MB"), "memory: must be at least the "),
        (("--keep", "all"), "Invalid value for '--keep'"),
    ],
)
def test_what_cannot_be_is_refused(plan: Path, arguments: tuple[str, ...], message: str) -> None:
    done = command(plan, *arguments)
    assert done.exit_code == 2
    assert message in done.stderr


def test_ctrl_c_says_how_to_go_on(
    plan: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "run"
    straight = command(plan, "--seed", 7)
    take, left = running.Run._take, [3]

    def stopping(self: running.Run, part: Any) -> None:
        if not left[0]:
            raise KeyboardInterrupt
        left[0] -= 1
        take(self, part)

    monkeypatch.setattr(running, "_SHORTEST_TASK", LANES)
    monkeypatch.setattr(running.Run, "_take", stopping)
    done = command(plan, "--seed", 7, "--checkpoint", folder)
    monkeypatch.setattr(running.Run, "_take", take)
    assert done.exit_code == 130
    first, second = done.stderr.splitlines()
    assert first == "interrupted"
    assert second.endswith(f" scenarios are kept in {folder}; the same call goes on from there")
    assert command(plan, "--checkpoint", folder).stdout == straight.stdout


def test_a_folder_that_cannot_be_written_is_found_out_before_the_work(
    plan: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running.Run, "extended", lambda *_: pytest.fail("it was simulated"))
    done = command(plan, "--checkpoint", plan)
    assert done.exit_code == 2
    assert f"error: {plan}: must be a folder that can be written, got " in done.stderr
