"""The README's code runs and prints what the README says, and the commands it names exist."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from typer.main import get_command

from gtmsim.cli.app import app
from tests.docs.test_pages import lines_of, wrong_outputs

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"
COMMANDS = ROOT / "docs" / "guide" / "command-line.md"

pytestmark = pytest.mark.skipif(
    not (README.exists() and COMMANDS.exists()), reason="the pages are not beside the tests"
)


def blocks(language: str, page: Path = README) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)


def test_example_prints_its_output_and_nothing_else() -> None:
    code, shown = blocks("python")[0], blocks("text")[0]
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert lines_of(run.stdout) == lines_of(shown)
    assert run.stderr == ""


def test_all_of_it_runs_from_top_to_bottom(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beside a history such as the README points at; tests/docs/ does this for all other pages."""
    rng = np.random.default_rng(1)
    spend = rng.lognormal(3.0, 1.0, 300).round(2)
    conversions = rng.poisson(spend / 100.0 * rng.lognormal(0.0, 0.8, 300))
    history = pd.DataFrame({"Campaign": range(300), "Cost": spend, "Conversions": conversions})
    history.to_csv(tmp_path / "ads.csv", index=False)
    monkeypatch.chdir(tmp_path)
    plt.switch_backend("Agg")
    assert not wrong_outputs(README.read_text(encoding="utf-8"))
    plt.close("all")
    assert {"outcome.png", "report.html"} <= {path.name for path in tmp_path.iterdir()}


def test_the_two_commands_are_lines_of_their_own() -> None:
    """A check of the whole tree takes them from here."""
    text = README.read_text(encoding="utf-8")
    commands = [line for line in text.splitlines() if "python3 -m venv" in line]
    assert len(commands) == 2
    assert all(line.startswith("python3 -m venv ") for line in commands)
    assert len(text.splitlines()) <= 170, "a front page"


def unknown(text: str) -> set[str]:
    """Return the commands that a text gives to gtmsim and that it does not have."""
    known = set(get_command(app).commands)  # type: ignore[attr-defined]
    return set(re.findall(r"(?:^|/)gtmsim (\w+)", text, re.MULTILINE)) - known


def test_commands_exist() -> None:
    pages = [README, *sorted(COMMANDS.parent.glob("*.md"))]
    assert unknown("\n".join(code for page in pages for code in blocks("sh", page))) == set()
    listed = set(re.findall(r"^gtmsim (\w+)", blocks("text", COMMANDS)[0], re.MULTILINE))
    assert listed == set(get_command(app).commands)  # type: ignore[attr-defined]


def test_a_command_that_is_not_there_is_seen() -> None:
    assert unknown("gtmsim run a\n.venv/bin/gtmsim retort a\ngtmsim rum b") == {"retort", "rum"}
