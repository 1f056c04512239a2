"""What figures were measured on."""

from __future__ import annotations

import datetime as dt
import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from llvmlite import binding

from benchmarks.comparisons import PACKAGES

Description = dict[str, str | int | bool]


def describe() -> Description:
    """Return the processor, its vector instructions, the versions in use and the date."""
    features = binding.get_host_cpu_features()
    about: Description = {
        "date": dt.datetime.now(dt.UTC).date().isoformat(),
        "cpu": _processor(),
        "cores": os.cpu_count() or 1,
        "avx2": features.get("avx2", False),
        "avx512": features.get("avx512f", False),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
    }
    for package in ("gtmsim", *PACKAGES):
        try:
            about[package] = version(package)
        except PackageNotFoundError:
            continue
    return about


def sentence(about: Description) -> str:
    """Say in one line what matters of a machine."""
    vectors = next((n for n in ("avx512", "avx2") if about[n]), "neither AVX2 nor AVX-512")
    vectors = {"avx512": "AVX-512", "avx2": "AVX2"}.get(vectors, vectors)
    return (
        f"{about['cpu']}, {about['cores']} cores, {vectors}; Python {about['python']}, "
        f"numpy {about['numpy']}, numba {about['numba']}; {about['date']}"
    )


def _processor() -> str:
    """Return the marketing name where the system says it, or LLVM's."""
    file = Path("/proc/cpuinfo")
    lines = file.read_text().splitlines() if file.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return f"{names[0]} ({binding.get_host_cpu_name()})" if names else binding.get_host_cpu_name()
