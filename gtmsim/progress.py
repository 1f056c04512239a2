"""What a user sees while waiting: a bar for long runs, and a line when kernels are compiled."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec
from typing import Any

COMPILING = "gtmsim: compiling its kernels, once after it was installed; this takes some seconds"


def _is_watched() -> bool:
    return "ipykernel" in sys.modules or sys.stderr.isatty()


def progress_bar(
    total: int, description: str, show: bool | None = None, unit: str = "scenarios"
) -> Any:
    """Return a tqdm bar that appears after a second, and vanishes when done.

    Parameters
    ----------
    total : int
        How much there is to do.
    description : str
        What stands before the bar.
    show : bool, optional
        By default where somebody can see it: in a terminal or a notebook.
    unit : str, default "scenarios"
        What is counted.

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
    visible = _is_watched() if show is None else show
    return bar(
        total=total,
        desc=description,
        unit=f" {unit}",
        unit_scale=True,
        delay=1.0,
        leave=False,
        disable=not visible,
    )


@contextmanager
def compilation_announced(show: bool | None = None) -> Iterator[None]:
    """Say on the standard error, in one line, that kernels are being compiled, if they have to be.

    Parameters
    ----------
    show : bool, optional
        By default where somebody can see it: in a terminal or a notebook.

    Examples
    --------
    >>> with compilation_announced():
    ...     pass
    """
    # Imported here: it brings the compiler with it.
    from gtmsim.core._jit import compilation_noticed

    visible = _is_watched() if show is None else show

    def notice() -> None:
        if visible:
            sys.stderr.write(f"{COMPILING}\n")

    with compilation_noticed(notice):
        yield
