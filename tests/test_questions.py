"""The notebook of twenty questions shows what the library answers today."""

from __future__ import annotations

import re

import nbformat
import pytest

from tests.test_notebooks import FOLDER, execute

NOTEBOOK = FOLDER / "questions.ipynb"


def shown(notebook: nbformat.NotebookNode) -> list[str]:
    """Return what each cell prints, without tables and progress bars."""
    return [
        "".join(o["text"] for o in cell.get("outputs", []) if o.get("name") == "stdout")
        for cell in notebook.cells
        if cell.cell_type == "code"
    ]


@pytest.fixture(scope="module")
def kept() -> list[str]:
    return shown(nbformat.read(NOTEBOOK, as_version=4))


def test_each_of_twenty_questions_has_its_sentence_with_an_interval(kept: list[str]) -> None:
    questions = [
        cell.source
        for cell in nbformat.read(NOTEBOOK, as_version=4).cells
        if re.match(r"## \d+\. ", cell.source)
    ]
    assert [int(q.split(".")[0].removeprefix("## ")) for q in questions] == list(range(1, 21))
    # The first cell only imports, and the last only counts.
    sentences = kept[1:-1]
    assert len(sentences) == 20
    for sentence in sentences[1:]:
        assert re.search(r"\(.* to .*\)", sentence), sentence


@pytest.mark.filterwarnings("default")  # of the kernel's own machinery, not of ours
def test_the_figures_are_those_of_a_run(kept: list[str]) -> None:
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = []
    execute(notebook)
    assert shown(notebook) == kept
