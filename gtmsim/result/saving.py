"""Results in folders: written whole or not at all, and read again to the last bit."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from gtmsim.core._types import Floats
from gtmsim.errors import StorageError
from gtmsim.plan import Plan
from gtmsim.result.folder import (
    StoredRun,
    cannot_write,
    is_run,
    read_run,
    run_id,
    write_run,
)
from gtmsim.result.parts import StoredScenarios, check_parquet, read_part, write_part
from gtmsim.summary import METRICS

if TYPE_CHECKING:
    from gtmsim.result.portfolio import PortfolioResult

PART = 2**17
"""Scenarios of a file."""


def save_result(result: PortfolioResult, folder: Path, overwrite: bool) -> Path:
    """Write a result; see :meth:`gtmsim.PortfolioResult.save`."""
    manifest = result.manifest
    if is_run(folder) and not overwrite:
        there = read_run(folder).manifest
        if run_id(there) != run_id(manifest):
            rule = "must be empty, or hold the same run"
            fix = "name another folder, or pass overwrite=True"
            got = f"a run of {there['plan']!r} with seed {there['seed']}"
            raise StorageError(str(folder), rule, got, fix)
    run = StoredRun(manifest, result.alternatives, result.distributions)
    run.add(0, result.scenarios)
    if result.kept is not None or result.stored is not None:
        check_parquet()
    try:
        for first in range(0, result.scenarios, PART):
            part = _part(result, first, min(first + PART, result.scenarios))
            if part is None:
                break
            names = result.distributions.names
            run.parts.append(write_part(folder, run.run_id, first, part, names))
    except OSError as error:
        raise cannot_write(folder, error) from error
    write_run(folder, run)
    return folder


def _part(result: PortfolioResult, first: int, last: int) -> Floats | None:
    """Return a range of scenarios (metric, channel, scenario), if they are kept."""
    if result.stored is not None:
        names = result.distributions.names
        columns = [result.stored.column(m, name)[first:last] for m in METRICS for name in names]
        return np.array(columns).reshape(len(METRICS), len(names), -1)
    return None if result.kept is None else result.kept[:, :, first:last]


def load_result(folder: Path) -> dict[str, Any]:
    """Return the fields of a result; see :meth:`gtmsim.PortfolioResult.load`."""
    run = read_run(folder)
    plan = Plan.from_tables(run.manifest["canonical_plan"])
    asked = run.manifest["scenarios"]
    if run.done != [(0, asked)]:
        done = f"{run.summary.scenarios:,} of {asked:,} scenarios"
        fix = "call simulate_portfolio with this folder as checkpoint again"
        raise StorageError(str(folder), "must hold a finished run", done, fix)
    kept: Floats | None = None
    stored: StoredScenarios | None = None
    if run.manifest["keep"] == "parquet":
        stored = StoredScenarios(folder, tuple(run.parts))
    elif run.parts:
        kept = np.empty((len(METRICS), len(run.summary.names), asked))
        for part in run.parts:
            own = slice(part.first, part.first + part.scenarios)
            kept[:, :, own] = read_part(folder, part, run.summary.names)
    return {
        "plan": plan,
        "seed": run.manifest["seed"],
        "manifest": run.manifest,
        "distributions": run.summary,
        "kept": kept,
        "alternatives": run.versions,
        "stored": stored,
    }
