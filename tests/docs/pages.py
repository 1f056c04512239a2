"""What the tests of the documentation share."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
PAGES = sorted(DOCS.rglob("*.md"))

needs_pages = pytest.mark.skipif(not DOCS.exists(), reason="the pages are not beside the tests")
needs_sphinx = pytest.mark.skipif(
    any(find_spec(name) is None for name in ("sphinx", "furo", "myst_parser", "numpydoc")),
    reason="sphinx and its extensions are not installed: pip install -e '.[docs]'",
)


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()
