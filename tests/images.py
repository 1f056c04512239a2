"""Comparison of pictures with their baselines, which lie in tests/baseline/.

``GTMSIM_BASELINE=write pytest tests/plots`` draws them anew; look at each before you commit it.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.testing.compare import compare_images

BASELINE = Path(__file__).parent / "baseline"
DPI = 60
TOLERANCE = 8.0
"""Root mean square of grey levels, of 255: what other releases of matplotlib and FreeType move."""


def difference(picture: Axes | Figure, name: str, folder: Path) -> float:
    """Return how far a picture is from its baseline, in grey levels; 0 where it is near enough."""
    baseline = BASELINE / f"{name}.png"
    figure = picture if isinstance(picture, Figure) else picture.get_figure(root=True)
    assert figure is not None
    if os.environ.get("GTMSIM_BASELINE") == "write":
        BASELINE.mkdir(exist_ok=True)
        figure.savefig(baseline, dpi=DPI, metadata={"Software": None})
        return 0.0
    assert baseline.exists(), f"{baseline} is missing; see tests/images.py"
    drawn = folder / f"{name}.png"
    figure.savefig(drawn, dpi=DPI)
    found = compare_images(str(baseline), str(drawn), TOLERANCE, in_decorator=True)
    return float(found["rms"]) if found else 0.0


def assert_like_baseline(picture: Axes | Figure, name: str, folder: Path) -> None:
    """Fail unless a picture is that of its baseline."""
    rms = difference(picture, name, folder)
    if rms:
        pytest.fail(f"{name}: differs from its baseline by {rms:.1f} grey levels (RMS)")
