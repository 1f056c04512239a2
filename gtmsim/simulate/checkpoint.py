"""A run that can be gone on with: its own, checked, and written while it lasts."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from gtmsim.alternatives import Versions
from gtmsim.compiled import CompiledPlan
from gtmsim.core._types import Floats
from gtmsim.errors import ArgumentTypeError, StorageError
from gtmsim.files import one_at_a_time
from gtmsim.result.folder import (
    StoredRun,
    cannot_write,
    is_run,
    mark_of,
    read_run,
    tidy,
    write_run,
)
from gtmsim.result.manifest import make_manifest
from gtmsim.result.parts import read_part, write_part
from gtmsim.seeds import RNGLike, resolve_seed
from gtmsim.summary import METRICS, Summary

SECONDS = 10.0
"""Between one writing and the next."""


@dataclass
class State:
    """What is finished of a run and, if it has a folder, where it is written.

    Attributes
    ----------
    run : StoredRun
    seed : int
    keep : {"scenarios", "parquet", "summary"}
    folder : Path, optional
    mark : str, optional
        Of what is in the folder, to see whether another has written into it.
    """

    run: StoredRun
    seed: int
    keep: str
    folder: Path | None = None
    mark: str | None = None
    news: object = None
    written: float = 0.0

    def __post_init__(self) -> None:
        if self.mark is not None:
            self.news = self.run.manifest, self.run.done
        self.written = time.monotonic()

    def keep_part(self, first: int, scenarios: Floats) -> None:
        """Write a range of scenarios (metric, channel, scenario) into the folder, if there is one.

        Raises
        ------
        StorageError
            If it cannot be written.
        """
        if self.folder is None:
            return
        names = self.run.summary.names
        try:
            part = write_part(self.folder, first, scenarios, names)
        except OSError as error:
            tidy(self.folder)
            raise cannot_write(self.folder, error) from error
        self.run.parts.append(part)

    def write(self, *, now: bool = False) -> None:
        """Write what is finished, if there is news and it is time to or must be now.

        Raises
        ------
        StorageError
            If the folder cannot be written, or something else has written into it since.
        """
        if self.folder is None or not (now or time.monotonic() - self.written > SECONDS):
            return
        news = self.run.manifest, self.run.done
        if news == self.news:
            return
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise cannot_write(self.folder, error) from error
        with one_at_a_time(self.folder):
            if mark_of(self.folder) != self.mark:
                rule, fix = "must be as this run left it", "run one at a time in a folder"
                raise StorageError(str(self.folder), rule, "what another has written", fix)
            try:
                write_run(self.folder, self.run)
            finally:
                self.mark = mark_of(self.folder)
        self.news, self.written = news, time.monotonic()

    def kept(self) -> Floats:
        """Return the scenarios that are in the folder (metric, channel, scenario), from the first.

        Raises
        ------
        StorageError
            If a file is missing or damaged.
        """
        names = self.run.summary.names
        found = np.empty((len(METRICS), len(names), self.run.last))
        for part in self.run.parts:
            assert self.folder is not None
            own = slice(part.first, part.first + part.scenarios)
            found[:, :, own] = read_part(self.folder, part, names)
        return found


def open_state(
    checkpoint: object, compiled: CompiledPlan, versions: Versions, keep: str, rng: RNGLike
) -> State:
    """Return the state of a run: a new one, or that of the folder if it is this run's.

    Raises
    ------
    ArgumentTypeError
        If the checkpoint is no path.
    StorageError
        If the folder holds another run, or a damaged one.
    """
    if checkpoint is not None and not isinstance(checkpoint, str | os.PathLike):
        raise ArgumentTypeError("checkpoint", "must be a path", checkpoint, "name a folder")
    folder = None if checkpoint is None else Path(os.fspath(checkpoint))
    if folder is None or not is_run(folder):
        seed = resolve_seed(rng)
        manifest = make_manifest(compiled.plan, seed, 0, keep, versions)
        run = StoredRun(manifest, versions, Summary.of(compiled))
        state = State(run, seed, keep, folder)
        # A folder that cannot be written is found out before the work, and the seed outlasts it.
        state.write(now=True)
        return state
    mark, run = mark_of(folder), read_run(folder)
    there = run.manifest
    seed = there["seed"] if rng is None else resolve_seed(rng)
    asked = make_manifest(compiled.plan, seed, 0, keep, versions)
    _check_own(folder, there, asked)
    return State(run, seed, keep, folder, mark)


def _check_own(folder: Path, there: dict[str, Any], asked: dict[str, Any]) -> None:
    """Refuse to go on with another run, and say in what it differs."""
    for key, what in (
        ("plan_hash", "plan"),
        ("alternatives", "alternatives"),
        ("seed", "seed"),
        ("stream_version", "random streams"),
    ):
        if there.get(key) != asked.get(key):
            _refuse(folder, what, there.get(key), asked.get(key))
    # Scenarios are in the folder, whether they are in memory as well or not.
    if (there["keep"] == "summary") != (asked["keep"] == "summary"):
        _refuse(folder, "keep", there["keep"], asked["keep"])
    versions = there["versions"]["gtmsim"], asked["versions"]["gtmsim"]
    if versions[0] != versions[1]:
        _refuse(folder, "version of gtmsim", *versions)


def _refuse(folder: Path, what: str, there: object, asked: object) -> None:
    rule = f"must be of this call's {what}, {asked!r}"
    raise StorageError(f"{folder}: {what}", rule, there, "name another folder for this run")
