"""Exports for tests of ``gtmsim fit``, and how its commands are run."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from gtmsim.cli import app

SEED = ("--seed", "7")
FAST = ("--family", "lognormal")
VALUED = ("--value-per-conversion", "60", *FAST)

TERMINAL = re.compile(r"\s+")


def exports_in(here: Path) -> Iterator[Path]:
    """Work in a folder with exports, without the claim's many sets."""
    before = Path.cwd()
    os.chdir(here)
    write_ads()
    write_sales()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("gtmsim.fit.program.claims._VERSIONS", 4)
        yield here
    os.chdir(before)


def cleaned(folder: Path) -> Iterator[None]:
    """Take away what a test has written."""
    there = set(folder.iterdir())
    yield
    for path in set(folder.iterdir()) - there:
        path.unlink()


def write_ads() -> None:
    draws = np.random.default_rng(1)
    spend = draws.lognormal(4.0, 1.0, 120).round(2)
    multiple = draws.lognormal(0.0, 1.0, 120) * (draws.random(120) < 0.7)
    frame = pd.DataFrame(
        {
            "Day": pd.Timestamp("2024-01-01") + pd.to_timedelta(np.arange(120), unit="D"),
            "Campaign": [f"c{i}" for i in range(120)],
            "Cost": spend,
            "Conversions": draws.poisson(spend * multiple / 60.0),
            "Leads": draws.poisson(3.0 * spend / 60.0),
        }
    )
    frame.to_csv("ads.csv", index=False)
    with Path("ads.csv").open("a") as file:
        file.write(f",Total,{spend.sum():.2f},,\n")
    values = frame["Conversions"] * 60.0
    valued = frame.assign(**{"Conv. value": values, "Channel": ["a", "b"] * 60})
    valued.to_csv("valued.csv", index=False)


def write_sales() -> None:
    draws = np.random.default_rng(2)
    rows = [
        (f"Rep {i}", f"Q{1 + j % 4} {2023 + j // 4}", 200_000, round(200_000 * draws.gamma(4, 0.2)))
        for i in range(12)
        for j in range(8)
    ]
    sheet = pd.DataFrame(rows, columns=["Rep", "Quarter", "Quota", "Bookings"])
    sheet.to_csv("quotas.csv", index=False)
    days = pd.Timestamp("2023-01-02") + pd.to_timedelta(draws.integers(0, 600, 600), unit="D")
    stage = np.where(draws.random(600) < 0.4, "Closed Won", "Closed Lost")
    deals = pd.DataFrame(
        {
            "Opportunity ID": range(600),
            "Owner": [f"Rep {i % 10}" for i in range(600)],
            "Stage": np.where(np.arange(600) < 20, "Negotiation", stage),
            "Amount": draws.lognormal(9.0, 0.8, 600).round(2),
            "Created Date": days,
            "Close Date": days + pd.to_timedelta(draws.integers(5, 90, 600), unit="D"),
        }
    )
    deals.to_csv("deals.csv", index=False)


def run(*arguments: str, code: int = 0) -> tuple[str, str]:
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == code, done.output
    assert "Traceback" not in done.output
    return done.stdout, done.stderr


def data(*arguments: str) -> dict[str, Any]:
    shown, _ = run("fit", *arguments, *SEED, "--format", "json")
    found: dict[str, Any] = json.loads(shown)
    return found


def words(text: str) -> str:
    return TERMINAL.sub(" ", text)
