"""A progress bar for long runs."""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.util import find_spec
from typing import Any


def progress_bar(total: int, description: str, show: bool | None = None) -> Any:
    """Return a tqdm bar over scenarios that appears after a second, and vanishes when done.

    Parameters
    ----------
    total : int
        Scenarios to do.
    description : str
        What stands before the bar.
    show : bool, optional
        By default where somebody can see it: in a terminal or a notebook.

    Returns
    -------
    tqdm
        A context manager with ``update(n)``.

    Examples
    --------
    >>> with progress_bar(10, "plan", show=False) as bar:
    ...     bar.update(10)
    """
    # Imported here, because only simulations need it; its notebook form needs ipywidgets.
    notebook = "ipykernel" in sys.modules
    widgets = notebook and find_spec("ipywidgets") is not None
    bar = import_module("tqdm.auto" if widgets else "tqdm").tqdm
    visible = notebook or sys.stderr.isatty() if show is None else show
    return bar(
        total=total,
        desc=description,
        unit=" scenarios",
        unit_scale=True,
        delay=1.0,
        leave=False,
        disable=not visible,
    )
