"""Results in folders: written whole or not at all, and read again to the last bit."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from gtmsim.core._types import Floats
from gtmsim.errors import StorageError
from gtmsim.files import one_at_a_time
from gtmsim.plan import Plan
from gtmsim.result.folder import (
    StoredRun,
    cannot_write,
    is_run,
    read_run,
    run_id,
    tidy,
    write_run,
)
from gtmsim.result.parts import Part, StoredScenarios, check_parquet, read_part, write_part
from gtmsim.summary import METRICS

if TYPE_CHECKING:
    from gtmsim.result.portfolio import PortfolioResult

PART = 2**17
"""Scenarios of a file."""


def save_result(result: PortfolioResult, folder: Path, overwrite: bool) -> Path:
    """Write a result; see :meth:`gtmsim.PortfolioResult.save`."""
    if result.kept is not None:
        check_parquet()
    run = StoredRun(result.manifest, result.alternatives, result.distributions)
    run.add(0, result.scenarios)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with one_at_a_time(folder):
            if is_run(folder) and not overwrite:
                _check_replaceable(result, folder)
            try:
                run.parts = _written(result, folder)
                write_run(folder, run)
            finally:
                tidy(folder)
    except OSError as error:
        raise cannot_write(folder, error) from error
    return folder


def _check_replaceable(result: PortfolioResult, folder: Path) -> None:
    """Refuse to replace another run, or more of the same one."""
    there, fix = read_run(folder), "name another folder, or pass overwrite=True"
    if there.run_id != run_id(result.manifest):
        got = f"a run of {there.manifest['plan']!r} with seed {there.manifest['seed']}"
        raise StorageError(str(folder), "must be empty, or hold the same run", got, fix)
    if there.last > result.scenarios:
        rule = f"must hold no more than the {result.scenarios:,} scenarios of this result"
        raise StorageError(str(folder), rule, f"{there.last:,}", fix)
    if there.parts and result.kept is None and result.stored is None:
        rule = "must hold no single scenarios, as this result has none"
        raise StorageError(str(folder), rule, f"{there.last:,} of them", fix)


def _written(result: PortfolioResult, folder: Path) -> list[Part]:
    """Write the scenarios of a result, if they are kept, unless they are there already."""
    stored, kept, names = result.stored, result.kept, result.distributions.names
    if stored is not None:
        if stored.folder.resolve() == folder.resolve():
            return list(stored.parts)
        return [
            write_part(folder, part.first, read_part(stored.folder, part, names), names)
            for part in stored.parts
        ]
    if kept is None:
        return []
    return [
        write_part(folder, first, kept[:, :, first : first + PART], names)
        for first in range(0, result.scenarios, PART)
    ]


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
