"""The golden file: how it is read and written, and when a change of it is allowed."""

from __future__ import annotations

import json
import math
import os
import re
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final, NamedTuple

from gtmsim.core._jit import processor
from gtmsim.core.streams import STREAM_VERSION
from tests.golden.cases import integers, values

GOLDEN: Final = Path(__file__).with_name("streams.json")
CHANGELOG: Final = Path(__file__).parents[2] / "CHANGELOG.md"
COMMAND: Final = "python -m tests.golden"

TOLERANCE: Final = 1e-12
"""Relative, of values on another type of processor or with other versions of what computes them."""

_SHOWN = 5

_COMPUTE = ("numpy", "scipy", "numba", "llvmlite")
_CHOICES = ("OPENBLAS_CORETYPE", "NUMBA_CPU_NAME", "NUMBA_CPU_FEATURES")
"""Variables that choose other instructions: tables are made with matrix products."""


class Change(NamedTuple):
    """An entry of the file that is drawn otherwise now."""

    path: str
    was: Any
    now: Any

    def __str__(self) -> str:
        return f"{self.path}: was {self.was}, now {self.now}"


def record() -> dict[str, Any]:
    """Draw everything: what the file is to hold."""
    name, features = processor()
    return {
        "stream_version": STREAM_VERSION,
        "machine": {
            "processor": name,
            "features": list(features),
            "versions": {package: version(package) for package in _COMPUTE},
            "environment": {name: os.environ.get(name, "") for name in _CHOICES},
        },
        "integers": integers(),
        "values": {
            case: {name: [x.hex() for x in drawn] for name, drawn in rows.items()}
            for case, rows in values().items()
        },
    }


def read() -> dict[str, Any]:
    """Return what the file holds."""
    held: dict[str, Any] = json.loads(GOLDEN.read_text(encoding="utf-8"))
    return held


def text_of(held: dict[str, Any]) -> str:
    """Return the file's text, a line for each list, so that a change is seen where it is."""
    text = json.dumps(held, indent=1, ensure_ascii=False)
    return re.sub(r"\[[^][{}]*\]", lambda found: " ".join(found[0].split()), text) + "\n"


def changes(old: dict[str, Any], new: dict[str, Any]) -> list[Change]:
    """Return the entries of the old file that are drawn otherwise, or no longer.

    Integers are compared exactly. Values may differ by rounding, which depends on the processor and
    on what compiled the kernels.
    """
    return [
        Change(path, was, now)
        for part in ("integers", "values")
        for path, was, now in _leaves(part, old[part], new[part])
        if was != now and not (part == "values" and _close(was, now))
    ]


def additions(old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    """Return the entries that the old file lacks."""
    return [
        path
        for part in ("integers", "values")
        for path, _, was in _leaves(part, new[part], old[part])
        if was is None
    ]


def _leaves(path: str, one: Any, other: Any) -> Iterator[tuple[str, Any, Any]]:
    """Walk one tree and, beside it, another: None where it has nothing."""
    items: Any = None
    if isinstance(one, dict):
        items, beside = one.items(), other if isinstance(other, dict) else {}
    elif isinstance(one, list) and (not isinstance(other, list) or len(one) == len(other)):
        items, beside = enumerate(one), dict(enumerate(other)) if isinstance(other, list) else {}
    if items is None:
        yield path, one, other
        return
    for key, value in items:
        yield from _leaves(f"{path} / {key}", value, beside.get(key))


def _close(was: Any, now: Any) -> bool:
    if not isinstance(was, str) or not isinstance(now, str):
        return False
    a, b = float.fromhex(was), float.fromhex(now)
    both_nan = math.isnan(a) and math.isnan(b)
    return both_nan or math.isclose(a, b, rel_tol=TOLERANCE, abs_tol=0.0)


# -- The changelog ------------------------------------------------------------------------------


def announced(changelog: str) -> set[int]:
    """Return the stream versions that the newest section names under "Streams".

    The newest section is the first one with an entry: above it may stand an empty one, for what is
    not released.
    """
    for section in _sections(changelog, "## "):
        if re.search(r"^[-*] ", section, re.MULTILINE):
            return _versions(section)
    return set()


def ever_announced(changelog: str) -> set[int]:
    """Return the stream versions that any section names under "Streams"."""
    return set().union(*map(_versions, _sections(changelog, "## ")))


def _versions(section: str) -> set[int]:
    return {
        int(number)
        for part in _sections(section, "### ")
        if part.split("\n", 1)[0].strip().lower() == "streams"
        for number in re.findall(r"stream\s+version\s+(\d+)", part, re.IGNORECASE)
    }


def _sections(text: str, mark: str) -> list[str]:
    """Return what follows each heading of one level, the heading's own words first."""
    return re.split(rf"^{mark}", text, flags=re.MULTILINE)[1:]


# -- The verdict --------------------------------------------------------------------------------


def forbidden(old: dict[str, Any], new: dict[str, Any], changelog: str) -> list[str]:
    """Say what stands against writing the new file over the old one; nothing if it may be."""
    before, now = old["stream_version"], new["stream_version"]
    changed = changes(old, new)
    problems = []
    if now < before or (changed and now == before):
        problems += [str(change) for change in changed[:_SHOWN]]
        problems.append(
            f"{len(changed)} entries are drawn otherwise than stream version {before} drew them: "
            "put it right, or raise STREAM_VERSION in gtmsim/core/streams.py"
        )
    if now != before and now not in announced(changelog):
        problems.append(
            f'STREAM_VERSION is {now} and was {before}: write an entry "Stream version {now}" '
            'under "### Streams" in the newest section of CHANGELOG.md'
        )
    return problems


def verdict(old: dict[str, Any], new: dict[str, Any], changelog: str) -> list[str]:
    """Say what is wrong with the streams, the changelog or the file; nothing if all is well."""
    problems = forbidden(old, new, changelog)
    stale = changes(old, new) or additions(old, new)
    if stale or old["stream_version"] != new["stream_version"]:
        problems.append(f"tests/golden/streams.json is not of this code: then run {COMMAND}")
    if new["stream_version"] != max(ever_announced(changelog), default=0):
        problems.append(
            f"STREAM_VERSION is {new['stream_version']}, which is not the latest that "
            '"Streams" in CHANGELOG.md names'
        )
    return problems
