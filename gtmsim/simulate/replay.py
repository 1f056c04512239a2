"""Replays for audit: from the manifest of a run to the same bits, and what differs if not all."""

from __future__ import annotations

import json
import os
from collections.abc import Generator, Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from gtmsim.alternatives import Versions
from gtmsim.compiled import compile_plan
from gtmsim.core._types import Floats
from gtmsim.core.streams import MAX_SCENARIOS, STREAM_VERSION
from gtmsim.errors import ArgumentError, ArgumentTypeError, PlanError, StorageError, check_count
from gtmsim.execute import Crew, ExecutorLike, run_tasks
from gtmsim.histograms import Histogram
from gtmsim.plan import Plan
from gtmsim.result import PortfolioResult, make_manifest
from gtmsim.result.folder import FILE, read_content, read_run
from gtmsim.result.parts import FOLDER as SCENARIOS
from gtmsim.result.parts import Part, read_part, reading
from gtmsim.seeds import resolve_seed
from gtmsim.simulate.portfolio import simulate_portfolio
from gtmsim.simulate.simulator import Simulator, Task
from gtmsim.summary import METRICS, MONTHLY_METRICS, Summary

_NEEDED = ("canonical_plan", "plan_hash", "seed", "scenarios", "stream_version")

_ENVIRONMENT = ("python", "machine", "processor", "processor_features")


@dataclass(frozen=True)
class Record:
    """What is on record of a run, to draw it again from.

    Attributes
    ----------
    plan : Plan
    manifest : dict
    versions : dict of str to tuple
        Alternatives of its channels.
    folder : Path, optional
        Where its counts and scenarios are, if it is finished and they are there.
    tables : dict
        What stands beside the manifest in its file.
    """

    plan: Plan
    manifest: dict[str, Any]
    versions: Versions
    folder: Path | None
    tables: dict[str, Any]

    def run(
        self,
        *,
        workers: int | None = None,
        executor: ExecutorLike | None = None,
        progress: bool | None = None,
    ) -> PortfolioResult:
        """Simulate it again; see :func:`replay`."""
        return simulate_portfolio(
            self.plan,
            scenarios=self.manifest["scenarios"],
            rng=self.manifest["seed"],
            workers=workers,
            progress=progress,
            keep="scenarios" if self.manifest.get("keep") == "scenarios" else "summary",
            alternatives=self.versions or None,
            executor=executor,
        )

    @property
    def has_scenarios(self) -> bool:
        """Whether single scenarios are in the folder, to be compared too."""
        there = self.folder is not None and (self.folder / SCENARIOS).is_dir()
        return there and bool(self.tables["parts"])

    def differences(
        self,
        result: PortfolioResult,
        *,
        workers: int | None = None,
        executor: ExecutorLike | None = None,
    ) -> list[str]:
        """Return in what a replay differs from the folder of the run, a line each.

        The counts of every metric are compared, with the sums beside them, and the scenarios if
        they are there. Those that the replay has not in memory are drawn once more, file by file.

        Raises
        ------
        StorageError
            If a file is missing or damaged.
        """
        if self.folder is None:
            return []
        there = read_run(self.folder)
        found = list(_other_counts(there.summary, result.distributions))
        if not self.has_scenarios:
            return found
        names = there.summary.names
        other = np.zeros((len(METRICS), len(names)), dtype=np.int64)
        first = np.full(other.shape, there.last)
        with closing(_scenarios(result, there.parts, Crew.of(workers, executor))) as drawn:
            for part, own in drawn:
                scenarios = read_part(self.folder, part, names)
                equal = (scenarios == own) | (np.isnan(scenarios) & np.isnan(own))
                other += np.count_nonzero(~equal, axis=2)
                begun = np.where(equal.all(axis=2), there.last, part.first + equal.argmin(axis=2))
                first = np.minimum(first, begun)
        return found + [
            f"{metric} of {name} in {other[row, place]:,} of {there.last:,} scenarios "
            f"from {first[row, place]}"
            for place, name in enumerate(names)
            for row, metric in enumerate(METRICS)
            if other[row, place]
        ]

    def changes(self) -> list[str]:
        """Return what has changed around the run since, a line each: it may explain differences."""
        asked = make_manifest(self.plan, self.manifest["seed"], self.manifest["scenarios"], "")
        pairs = [(key, self.manifest.get(key), asked[key]) for key in _ENVIRONMENT]
        there = _versions(self.manifest)
        pairs += [(name, there.get(name), ours) for name, ours in asked["versions"].items()]
        return [
            f"{key.replace('_', ' ')}: {_shown(before)} there, {_shown(now)} here"
            for key, before, now in pairs
            if before != now
        ]


def replay(
    manifest: Mapping[str, Any] | str | os.PathLike[str],
    *,
    workers: int | None = None,
    executor: ExecutorLike | None = None,
    progress: bool | None = None,
) -> PortfolioResult:
    """Simulate a run again from its manifest, to the same bits.

    Parameters
    ----------
    manifest : mapping or path
        ``result.manifest``, or a file or folder with it: a saved result or a checkpoint, the
        ``run.json`` in it, or what ``gtmsim run --format json`` writes.
    workers : int, optional
    executor : concurrent.futures.Executor or dask Client, optional
    progress : bool, optional
        As in :func:`gtmsim.simulate_portfolio`.

    Returns
    -------
    PortfolioResult
        With its scenarios if those of the run were kept in memory, else with their distributions.
        Whole numbers, as hits, are the same on every machine. All other values are the same to the
        last bit on one type of processor, and to about 1e-12 of themselves across them.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If that is no manifest, or one of other random streams than those of this release, or of a
        run with alternatives without them: only ``run.json`` has them.
    StorageError
        If a file is damaged or cannot be read.

    Examples
    --------
    >>> from gtmsim import presets, simulate_portfolio
    >>> result = simulate_portfolio(presets.example_plan(), scenarios=1_000, rng=7)
    >>> again = replay(result.manifest)
    >>> bool((again.values() == result.values()).all())
    True
    """
    record = read_record(manifest)
    return record.run(workers=workers, executor=executor, progress=progress)


def read_record(source: object) -> Record:
    """Read what is on record of a run.

    Parameters
    ----------
    source : mapping or path
        As in :func:`replay`.

    Raises
    ------
    ArgumentError, ArgumentTypeError, StorageError
        As :func:`replay`.
    """
    if isinstance(source, Mapping):
        return _record(dict(source))
    if not isinstance(source, str | os.PathLike):
        fix = "pass result.manifest, or the path of a run.json"
        raise ArgumentTypeError("manifest", "must be a mapping or a path", source, fix)
    path = Path(source)
    path = path / FILE if path.is_dir() else path
    with reading(path, "must be JSON with a manifest"):
        tables = json.loads(path.read_text(encoding="utf-8-sig"))
    if not isinstance(tables, dict):
        rule = "must hold a manifest"
        raise StorageError(str(path), rule, tables, f"name a {FILE}, or a folder with one")
    if "format" not in tables:
        return _record(tables)
    content = read_content(path)
    manifest = _checked(content.tables["manifest"])
    finished = content.tables["done"] == [[0, manifest["scenarios"]]]
    there = finished and (path.parent / content.tables["summary"]["file"]).is_file()
    folder = path.parent if there else None
    return Record(content.plan, manifest, content.versions, folder, content.tables)


def _record(tables: dict[str, Any]) -> Record:
    """Return the record of a manifest, or of what has one."""
    manifest = tables.get("manifest", tables)
    if not isinstance(manifest, Mapping):
        raise ArgumentTypeError("manifest", "must be a mapping", manifest)
    manifest = _checked(dict(manifest))
    if manifest.get("alternatives"):
        rule = "must stand beside the manifest, with every version"
        fix = f"save the result and replay the {FILE} of its folder, which has them"
        raise ArgumentError("alternatives", rule, list(manifest["alternatives"]), fix)
    try:
        plan = Plan.from_tables(manifest["canonical_plan"])
    except PlanError as error:
        p = error.problems[0]
        path = "canonical_plan" if p.path in ("", "Plan") else f"canonical_plan.{p.path}"
        raise ArgumentError(path, p.rule, p.value, p.fix) from error
    if plan.plan_hash != manifest["plan_hash"]:
        fix = "the plan or its hash was changed after the run"
        raise ArgumentError("plan_hash", f"must be {plan.plan_hash}, that of the plan beside it",
                            manifest["plan_hash"], fix)  # fmt: skip
    return Record(plan, manifest, {}, None, tables)


def _checked(manifest: dict[str, Any]) -> dict[str, Any]:
    """Refuse a manifest that lacks what it takes, or whose streams are not those of today."""
    for key in _NEEDED:
        if key not in manifest:
            fix = "pass result.manifest as it is"
            raise ArgumentError("manifest", f"must have {key!r}", sorted(map(str, manifest)), fix)
    there = manifest["stream_version"]
    if there != STREAM_VERSION:
        rule = f"must be {STREAM_VERSION}: this release draws other numbers from the same seed"
        release = _versions(manifest).get("gtmsim", "of that time")
        raise ArgumentError("stream_version", rule, there, f"replay it with gtmsim {release}")
    scenarios = check_count("scenarios", manifest["scenarios"], high=MAX_SCENARIOS)
    return {**manifest, "scenarios": scenarios, "seed": resolve_seed(manifest["seed"])}


def _versions(manifest: dict[str, Any]) -> dict[str, Any]:
    found = manifest.get("versions")
    return dict(found) if isinstance(found, Mapping) else {}


def _scenarios(
    result: PortfolioResult, parts: Iterable[Part], crew: Crew
) -> Generator[tuple[Part, Floats], None, None]:
    """Yield a result's scenarios (metric, channel, scenario) for each part, in any order."""
    if result.kept is not None:
        for part in parts:
            yield part, result.kept[:, :, part.first : part.first + part.scenarios]
        return
    compiled, versions = compile_plan(result.plan), result.alternatives
    simulator = Simulator(compiled, result.seed, True, versions, packs=crew.executor is not None)
    by_task = {Task(part.first, part.first + part.scenarios): part for part in parts}
    with closing(run_tasks(simulator, by_task, crew)) as drawn:
        for found in drawn:
            assert found.scenarios is not None
            yield by_task[found.task], found.scenarios


def _other_counts(there: Summary, ours: Summary) -> Iterator[str]:
    for name in there.names:
        for metric in METRICS:
            if not _same(there.metric(metric, name), ours.metric(metric, name)):
                yield f"counts of {metric} of {name}"
        for metric in MONTHLY_METRICS:
            months = [
                month + 1
                for month in range(there.horizon)
                if not _same(there.month(metric, name, month), ours.month(metric, name, month))
            ]
            if months:
                yield f"counts of {metric} of {name} in {len(months)} months from {months[0]}"


def _same(there: Histogram, ours: Histogram) -> bool:
    parts = ("lower", "counts", "sums", "minimum", "maximum")
    pairs = ((getattr(there, part), getattr(ours, part)) for part in parts)
    return all(np.array_equal(a, b, equal_nan=True) for a, b in pairs)


def _shown(value: object) -> str:
    if value is None:
        return "unknown"
    return ", ".join(map(str, value)) or "none" if isinstance(value, list) else str(value)
