"""The README's example prints what the README says, and its commands exist."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
from typer.main import get_command

from gtmsim.cli.app import app

README = Path(__file__).parent.parent / "README.md"


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)


def test_example_prints_its_output() -> None:
    code, shown = blocks("python")[0], blocks("text")[0]
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    printed = [line.rstrip() for line in run.stdout.strip().splitlines()]
    assert printed == [line.rstrip() for line in shown.strip().splitlines()]
    assert run.stderr == ""


def test_what_can_be_trusted_runs() -> None:
    """It goes on from the example, and its verdict is the one that is shown."""
    code = blocks("python")[0] + blocks("python")[1] + "print(result.verdict)"
    shown = blocks("python")[1].partition("# ")[2].partition("\n")[0]
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.splitlines()[-1] == shown
    assert run.stderr == ""


def test_a_history_is_fitted_as_shown(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    spend = rng.lognormal(3.0, 1.0, 300).round(2)
    conversions = rng.poisson(spend / 100.0 * rng.lognormal(0.0, 0.8, 300))
    history = pd.DataFrame({"Campaign": range(300), "Cost": spend, "Conversions": conversions})
    history.to_csv(tmp_path / "ads.csv", index=False)
    code = "import matplotlib\nmatplotlib.use('Agg')\n" + blocks("python")[2]
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path
    )
    sentences = [line for line in run.stdout.splitlines() if line.startswith("- ")]
    assert len(sentences) == 5
    assert run.stderr == ""


def test_decisions_run_as_shown() -> None:
    run = subprocess.run(
        [sys.executable, "-c", blocks("python")[3]], capture_output=True, text=True, check=True
    )
    sentences = run.stdout.strip().splitlines()
    assert len(sentences) == 3
    assert "campaigns" in sentences[0]
    assert run.stderr == ""


def test_commands_exist() -> None:
    named = set(re.findall(r"^gtmsim (\w+)", blocks("text")[1], re.MULTILINE))
    assert named
    assert named <= set(get_command(app).commands)  # type: ignore[attr-defined]
