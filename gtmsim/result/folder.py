"""A run in a folder: what is finished of it, so that it can be read again or gone on with.

``run.json`` says what the run is and which files hold what, with their checksums; it is replaced
last and in one step, so a folder always holds one whole state of its run.
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from gtmsim.alternatives import Versions, check_alternatives
from gtmsim.errors import GtmsimError, StorageError
from gtmsim.files import write_file
from gtmsim.plan import Plan
from gtmsim.result.parts import FOLDER, Part, reading
from gtmsim.summary import Summary

FORMAT = 1
FILE = "run.json"

_DIGEST = 16 * "[0-9a-f]"
_SUMMARY, _PART = f"summary-{_DIGEST}.npz", f"{FOLDER}/{13 * '[0-9]'}-{_DIGEST}.parquet"
_CUT_SHORT = (f".{_SUMMARY}.*.tmp", f"{FOLDER}/.{13 * '[0-9]'}-*.tmp", f".{FILE}.*.tmp")
_OURS = (_SUMMARY, _PART, *_CUT_SHORT)
"""Files of a run, and what a killed process leaves of those that it was writing."""

Range = tuple[int, int]
"""First scenario, and the one after the last."""


@dataclass
class StoredRun:
    """What is finished of a run.

    Attributes
    ----------
    manifest : dict
        Of the run, with its plan.
    versions : dict of str to tuple
        Alternatives of its channels.
    summary : Summary
        Of the ranges that are done.
    done : list of (int, int)
        Ranges of scenarios, ascending.
    parts : list of Part
        Files of their scenarios, where these are kept.
    """

    manifest: dict[str, Any]
    versions: Versions
    summary: Summary
    done: list[Range] = field(default_factory=list)
    parts: list[Part] = field(default_factory=list)

    @property
    def run_id(self) -> str:
        """What tells the run from others: a digest of its plan, seed, versions and streams."""
        return run_id(self.manifest)

    @property
    def last(self) -> int:
        """Number of scenarios up to the last that is done; some before it may not be."""
        return self.done[-1][1] if self.done else 0

    def add(self, first: int, last: int) -> None:
        """Note that a range is done.

        Examples
        --------
        >>> from gtmsim.compiled import compile_plan
        >>> from gtmsim.presets import example_plan
        >>> run = StoredRun({}, {}, Summary.of(compile_plan(example_plan())))
        >>> for first in (0, 256, 128):
        ...     run.add(first, first + 128)
        >>> run.done
        [(0, 384)]
        """
        joined: list[Range] = []
        for begin, end in sorted([*self.done, (first, last)]):
            if joined and joined[-1][1] == begin:
                joined[-1] = (joined[-1][0], end)
            else:
                joined.append((begin, end))
        self.done = joined

    def to_do(self, scenarios: int) -> list[Range]:
        """Return the ranges up to a number of scenarios that are not done."""
        ends = [0, *(end for _, end in self.done)]
        begins = [*(begin for begin, _ in self.done), scenarios]
        return [(a, min(b, scenarios)) for a, b in zip(ends, begins, strict=True) if a < b]


def run_id(manifest: dict[str, Any]) -> str:
    """Return a SHA-256 of all that decides which scenarios a run draws.

    Examples
    --------
    >>> run_id({"plan_hash": "a", "seed": 1}) == run_id({"plan_hash": "a", "seed": 2})
    False
    """
    own = {key: manifest.get(key) for key in ("plan_hash", "seed", "stream_version")}
    own["alternatives"] = manifest.get("alternatives")
    return _digest(own)


def write_run(folder: Path, run: StoredRun) -> None:
    """Write what is finished of a run; before its last step the folder is as it was.

    Raises
    ------
    StorageError
        If it cannot be written.
    """
    buffer = io.BytesIO()
    arrays: dict[str, Any] = run.summary.arrays()
    np.savez(buffer, **arrays)
    data = buffer.getvalue()
    checksum = hashlib.sha256(data).hexdigest()
    file = f"summary-{checksum[:16]}.npz"
    content = {
        "format": FORMAT,
        "manifest": run.manifest,
        "alternatives": {
            name: [version.model_dump(mode="json", exclude_none=True) for version in own]
            for name, own in run.versions.items()
        },
        "done": run.done,
        "summary": {"file": file, "sha256": checksum},
        "parts": [part._asdict() for part in sorted(run.parts, key=lambda part: part.first)],
    }
    content["sha256"] = _digest(content)
    text = json.dumps(content, indent=1, ensure_ascii=False) + "\n"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_file(folder / file, data)
        write_file(folder / FILE, text)
    except OSError as error:
        raise cannot_write(folder, error) from error
    finally:
        tidy(folder)


def mark_of(folder: Path) -> str | None:
    """Return a SHA-256 of the state that a folder holds, or None if it holds no run."""
    try:
        return hashlib.sha256((folder / FILE).read_bytes()).hexdigest()
    except OSError:
        return None


def cannot_write(folder: Path, error: OSError) -> StorageError:
    """Return what is raised where a folder of a run cannot be written."""
    fix = "what was in it before is as it was; make room, or name another folder"
    return StorageError(str(folder), "must be a folder that can be written", str(error), fix)


def is_run(folder: Path) -> bool:
    """Whether a folder holds a run."""
    return (folder / FILE).is_file()


class Content(NamedTuple):
    """What ``run.json`` says.

    Attributes
    ----------
    tables : dict
        All of it.
    plan : Plan
    versions : dict of str to tuple
        Alternatives of its channels.
    """

    tables: dict[str, Any]
    plan: Plan
    versions: Versions


def read_content(path: Path) -> Content:
    """Read ``run.json``, and none of the files that it names.

    Raises
    ------
    StorageError
        If it is missing, of another format, or damaged.
    """
    with reading(path):
        tables = json.loads(path.read_text(encoding="utf-8"))
        if tables["format"] != FORMAT:
            fix = "read it with the release that wrote it"
            raise StorageError(f"{path}: format", f"must be {FORMAT}", tables["format"], fix)
        noted = tables.pop("sha256")
        if _digest(tables) != noted:
            raise StorageError(str(path), "must have the checksum that it notes", _digest(tables))
        manifest = tables["manifest"]
        try:
            plan = Plan.from_tables(manifest["canonical_plan"])
            given = tables["alternatives"].items()
            versions = check_alternatives(plan, {n: _rebuilt(plan, n, own) for n, own in given})
        except GtmsimError as error:
            raise StorageError(str(path), "must hold a plan of this release", str(error)) from error
        if plan.plan_hash != manifest["plan_hash"]:
            rule = "must be the hash of the plan beside it"
            raise StorageError(f"{path}: plan_hash", rule, manifest["plan_hash"])
    return Content(tables, plan, versions)


def read_run(folder: Path) -> StoredRun:
    """Read what is finished of a run.

    Raises
    ------
    StorageError
        If the folder holds no run, one of another format, or a damaged one.
    """
    tables, plan, versions = read_content(folder / FILE)
    with reading(folder / FILE):
        parts = [Part(**part) for part in tables["parts"]]
        done = [(int(first), int(last)) for first, last in tables["done"]]
        file, checksum = tables["summary"]["file"], tables["summary"]["sha256"]
    empty = Summary((*(c.name for c in plan.channels), "portfolio"), plan.horizon, plan.target)
    with reading(folder / file):
        data = (folder / file).read_bytes()
        if hashlib.sha256(data).hexdigest() != checksum:
            rule = f"must have the checksum that {FILE} notes"
            raise StorageError(str(folder / file), rule, "another one")
        with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
            summary = empty.with_arrays(dict(arrays))
    return StoredRun(tables["manifest"], versions, summary, done, parts)


def _rebuilt(plan: Plan, name: str, tables: Sequence[dict[str, Any]]) -> list[Any]:
    kind = type(plan[name])
    return [kind(**table) for table in tables]


def _digest(content: object) -> str:
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()


def tidy(folder: Path) -> None:
    """Remove files of a run that ``run.json`` does not name: of earlier states, or cut short.

    Nothing else that is in the folder is touched, and what cannot be removed stays.
    """
    try:
        named = _named(folder) if is_run(folder) else set()
    except StorageError:
        return
    for path in (
        path for pattern in (_SUMMARY, _PART, *_CUT_SHORT) for path in folder.glob(pattern)
    ):
        if path.relative_to(folder).as_posix() not in named:
            with suppress(OSError):
                path.unlink()


def _named(folder: Path) -> set[str]:
    with reading(folder / FILE):
        tables = json.loads((folder / FILE).read_text(encoding="utf-8"))
        return {tables["summary"]["file"], *(part["file"] for part in tables["parts"])}
