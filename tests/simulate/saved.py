"""Runs that are saved, and what is in a folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gtmsim as gtm
from gtmsim.result import PortfolioResult

RUN = 1_500
LAW = gtm.Pareto(tail_index=1.5)


def run_of(plan: gtm.Plan, keep: Any, tmp_path: Path, **options: Any) -> PortfolioResult:
    checkpoint = tmp_path / "checkpoint" if keep == "parquet" else None
    options = {"scenarios": RUN, "rng": 7, **options}
    return gtm.simulate_portfolio(plan, keep=keep, checkpoint=checkpoint, **options)


def content_of(path: Path) -> dict[str, bytes]:
    found = sorted(path.rglob("*"))
    return {str(p.relative_to(path)): p.read_bytes() for p in found if p.is_file()}
