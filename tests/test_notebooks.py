"""Every notebook asks, answers, runs from top to bottom, and shows what a run shows."""

from __future__ import annotations

import json
import math
import os
import re
from itertools import zip_longest
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

FOLDER = Path(__file__).parent.parent / "notebooks"
NOTEBOOKS = [path for path in sorted(FOLDER.glob("*.ipynb")) if path.stem != "questions"]
"""`questions` is run by tests/test_questions.py, which also compares what it prints."""

MACHINE = re.compile(
    r"(?<![\w.:/])/(?:home|root|work|tmp|usr|var|opt|mnt|private|Users)/\w|\b[A-Z]:\\\w"
)
NUMBER = re.compile(r"-?\d[\d,]*(?:\.\d+)?(?:e[+-]?\d+)?")
AGREE = 1e-9
"""Values agree to 1e-12 between types of processors; what is printed of them, to this."""


def execute(notebook: nbformat.NotebookNode) -> None:
    """Run a notebook as Jupyter does, which shows pictures; the suite's backend shows none."""
    client = NotebookClient(
        notebook, timeout=300, kernel_name="python3", resources={"metadata": {"path": str(FOLDER)}}
    )
    client.execute(env={k: v for k, v in os.environ.items() if k != "MPLBACKEND"})


def tidy(notebook: nbformat.NotebookNode) -> None:
    """Take out what a run leaves behind that is of the machine: times, versions, progress bars."""
    notebook.metadata = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
        if cell.cell_type == "code":
            cell.outputs = [o for o in cell.outputs if o.get("name") != "stderr"]


def texts(notebook: nbformat.NotebookNode) -> list[str]:
    """Return what each code cell shows as text: what it prints and what it returns."""
    return [
        "".join(o.get("text") or o.get("data", {}).get("text/plain", "") for o in cell.outputs)
        for cell in notebook.cells
        if cell.cell_type == "code"
    ]


def alike(one: str, other: str) -> bool:
    """Whether two texts have the same words, and numbers that agree."""
    pairs = zip_longest(*(re.split(f"({NUMBER.pattern}|\\s+)", text) for text in (one, other)))
    for a, b in pairs:
        if a == b or (a and b and a.isspace() and b.isspace()):
            continue
        if not (a and b and NUMBER.fullmatch(a) and NUMBER.fullmatch(b)):
            return False
        x, y = (float(text.replace(",", "")) for text in (a, b))
        if not math.isclose(x, y, rel_tol=AGREE):
            return False
    return True


def faults(notebook: nbformat.NotebookNode) -> list[str]:
    """Return what a notebook is without: a question, an answer, or shows: a machine."""
    said = [cell.source for cell in notebook.cells if cell.cell_type == "markdown"]
    found = []
    if notebook.cells[0].cell_type != "markdown" or "?" not in said[0]:
        found.append("no question in the first cell")
    headed = [source for source in said if source.startswith("#")]
    if not re.match(r"#+ (the )?answer", headed[-1], re.IGNORECASE):
        found.append("no answer under the last heading")
    outputs = [o for cell in notebook.cells for o in cell.get("outputs", [])]
    if any(o.get("name") == "stderr" for o in outputs):
        found.append("warnings or progress bars")
    shown = [cell.source for cell in notebook.cells] + [json.dumps(notebook.metadata)]
    for output in outputs:
        shown.append(output.get("text", ""))
        # A picture's letters are no path.
        shown += [str(x) for kind, x in output.get("data", {}).items() if "image/png" not in kind]
    found += [f"a path of a machine: {m.group()}" for m in map(MACHINE.search, shown) if m]
    return found


@pytest.mark.filterwarnings("default")  # of the kernel's own machinery, not of ours
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_shows_what_a_run_shows(path: Path) -> None:
    """With GTMSIM_BASELINE=write what the run shows is kept."""
    notebook = nbformat.read(path, as_version=4)
    kept = texts(notebook)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = []
    execute(notebook)
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    # A progress bar may show on a slow machine; a warning may not.
    assert not [o for o in outputs if "Warning" in o.get("text", "")]
    tidy(notebook)
    if os.environ.get("GTMSIM_BASELINE") == "write":
        nbformat.write(notebook, path)
        return
    shown = texts(notebook)
    assert any(shown)
    assert len(shown) == len(kept)
    for now, then in zip(shown, kept, strict=True):
        assert alike(now, then), f"shown now:\n{now}\nkept:\n{then}"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_asks_answers_and_is_small(path: Path) -> None:
    assert path.stat().st_size < 400_000
    assert faults(nbformat.read(path, as_version=4)) == []


def test_faults_are_seen() -> None:
    new = nbformat.v4
    printed = new.new_output("stream", name="stdout", text="wrote /home/ann/plan.toml")
    barred = new.new_output("stream", name="stderr", text="100%")
    notebook = new.new_notebook(
        cells=[
            new.new_markdown_cell("# A tour"),
            new.new_code_cell("1", outputs=[printed, barred]),
            new.new_markdown_cell("See you."),
        ]
    )
    assert len(faults(notebook)) == 4
    answered = new.new_notebook(
        cells=[new.new_markdown_cell("# How far?"), new.new_markdown_cell("## Answer\n\nFar.")]
    )
    assert faults(answered) == []
    assert MACHINE.search(r"C:\Users")
    assert not MACHINE.search("https://a.org/home/x and 3/tmp/x")


def test_changed_figures_are_seen() -> None:
    table = "two reps  62.8 %\n1,234.5 of 10,000"
    assert alike(table, table.replace("  ", " "))
    assert alike("0.1234567890123", "0.1234567890124")
    assert not alike(table, table.replace("62.8", "62.9"))
    assert not alike(table, table.replace("1,234.5", "1,234.6"))
    assert not alike(table, table.replace("reps", "bets"))
    assert not alike(table, table + " more")
    assert not alike("a loss of 3", "a loss of -3")


@pytest.mark.filterwarnings("default")
def test_a_failing_notebook_is_seen() -> None:
    cell = nbformat.v4.new_code_cell("raise SystemError('seen')")
    with pytest.raises(CellExecutionError, match="seen"):
        execute(nbformat.v4.new_notebook(cells=[cell]))


def test_there_are_notebooks() -> None:
    assert NOTEBOOKS
