"""The record that lets a run be repeated and audited."""

from __future__ import annotations

import platform
from importlib.metadata import version
from typing import Any

from gtmsim.alternatives import Versions, versions_digest
from gtmsim.core._jit import processor
from gtmsim.core.streams import STREAM_VERSION
from gtmsim.plan import Plan

_PACKAGES = ("gtmsim", "numpy", "scipy", "pandas", "numba", "llvmlite")


def make_manifest(
    plan: Plan, seed: int, scenarios: int, keep: str, versions: Versions | None = None
) -> dict[str, Any]:
    """Return what a run depends on, ready for JSON.

    Two runs with equal plan hash, seed, scenarios and stream version draw the same random integers;
    values agree to the last bit on one type of processor and to about 1e-12 across them. Where
    channels have alternatives, their number and a SHA-256 over them are part of it.

    Examples
    --------
    >>> from gtmsim.presets import example_plan
    >>> make_manifest(example_plan(), seed=7, scenarios=1_000, keep="summary")["seed"]
    7
    """
    name, features = processor()
    manifest = {
        "plan": plan.name,
        "plan_hash": plan.plan_hash,
        "canonical_plan": plan.to_tables(),
        "seed": seed,
        "scenarios": scenarios,
        "keep": keep,
        "stream_version": STREAM_VERSION,
        "versions": {package: version(package) for package in _PACKAGES},
        "python": platform.python_version(),
        "machine": platform.machine(),
        "processor": name,
        "processor_features": list(features),
    }
    if versions:
        manifest["alternatives"] = {
            name: {"versions": len(own), "sha256": versions_digest(own)}
            for name, own in versions.items()
        }
    return manifest
