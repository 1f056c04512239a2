"""Every notebook runs from top to bottom, and stays small."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

FOLDER = Path(__file__).parent.parent / "notebooks"
NOTEBOOKS = [path for path in sorted(FOLDER.glob("*.ipynb")) if path.stem != "questions"]
"""`questions` is run by tests/test_questions.py, which also compares what it prints."""


def execute(notebook: nbformat.NotebookNode) -> None:
    NotebookClient(
        notebook, timeout=300, kernel_name="python3", resources={"metadata": {"path": str(FOLDER)}}
    ).execute()


@pytest.mark.filterwarnings("default")  # of the kernel's own machinery, not of ours
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_runs(path: Path) -> None:
    assert path.stat().st_size < 400_000
    notebook = nbformat.read(path, as_version=4)
    execute(notebook)
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    assert outputs
    # A progress bar may show on a slow machine; a warning may not.
    assert not [o for o in outputs if "Warning" in o.get("text", "")]


@pytest.mark.filterwarnings("default")
def test_a_failing_notebook_is_seen() -> None:
    cell = nbformat.v4.new_code_cell("raise SystemError('seen')")
    with pytest.raises(CellExecutionError, match="seen"):
        execute(nbformat.v4.new_notebook(cells=[cell]))


def test_there_are_notebooks() -> None:
    assert NOTEBOOKS
