"""Scenarios on disk: one Parquet file for each range of them, as pandas reads them too."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple
from zipfile import BadZipFile

import numpy as np

from gtmsim.core._types import Floats
from gtmsim.errors import StorageError
from gtmsim.files import write_file
from gtmsim.summary import METRICS

FOLDER = "scenarios"

_UNREADABLE = (
    OSError,
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    EOFError,
    RecursionError,
    BadZipFile,
    zlib.error,
)


class Part(NamedTuple):
    """A file with a range of scenarios.

    Attributes
    ----------
    file : str
        Within the folder of the run.
    first, scenarios : int
    sha256 : str
    """

    file: str
    first: int
    scenarios: int
    sha256: str


def check_parquet() -> None:
    """Refuse to keep scenarios on disk where nothing can write them.

    Raises
    ------
    StorageError
        If pyarrow is not installed.
    """
    try:
        import pyarrow.parquet  # noqa: F401
    except ImportError as error:
        rule = "must be installed to keep scenarios in Parquet"
        fix = "pip install 'gtmsim[files]', or use keep='summary'"
        raise StorageError("pyarrow", rule, str(error), fix) from error


def write_part(folder: Path, first: int, scenarios: Floats, names: Sequence[str]) -> Part:
    """Write a range of scenarios (metric, channel, scenario), whole or not at all.

    What is in a file is in its name too, so that none is ever replaced by another.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    count = scenarios.shape[2]
    columns: dict[str, Any] = {"scenario": np.arange(first, first + count)}
    for place, name in enumerate(names):
        for row, metric in enumerate(METRICS):
            columns[f"{name}.{metric}"] = scenarios[row, place]
    buffer = pa.BufferOutputStream()
    # Luck does not compress, and dictionaries of it would only take time.
    pq.write_table(
        pa.table(columns),
        buffer,
        compression="none",
        use_dictionary=False,
        write_page_checksum=True,
    )
    data = buffer.getvalue().to_pybytes()
    digest = hashlib.sha256(data).hexdigest()
    file = f"{FOLDER}/{first:013d}-{digest[:16]}.parquet"
    (folder / FOLDER).mkdir(parents=True, exist_ok=True)
    write_file(folder / file, data)
    return Part(file, first, count, digest)


@contextmanager
def reading(path: Path, rule: str = "must be a whole file of a run") -> Iterator[None]:
    """Say of a file that cannot be read which one it is.

    Raises
    ------
    StorageError
        In place of whatever went wrong.

    Examples
    --------
    >>> with reading(Path("run.json")):
    ...     pass
    """
    try:
        yield
    except StorageError:
        raise
    except _UNREADABLE as error:
        got = f"{type(error).__name__}: {error}"
        raise StorageError(str(path), rule, got) from error


@dataclass(frozen=True)
class StoredScenarios:
    """Scenarios that are on disk alone.

    Attributes
    ----------
    folder : Path
        Of the run.
    parts : tuple of Part
        They hold all scenarios, and none twice.
    """

    folder: Path
    parts: tuple[Part, ...]

    def column(self, metric: str, channel: str) -> Floats:
        """Return a metric of every scenario (scenario,).

        Raises
        ------
        StorageError
            If a file is missing or damaged.
        """
        import pyarrow.parquet as pq

        name = f"{channel}.{metric}"
        values = np.empty(sum(part.scenarios for part in self.parts))
        for part in self.parts:
            path = self.folder / part.file
            with reading(path):
                table = pq.read_table(path, columns=[name], page_checksum_verification=True)
                column = table.column(name)
                values[part.first : part.first + part.scenarios] = column.to_numpy()
        return values


def read_part(folder: Path, part: Part, names: Sequence[str]) -> Floats:
    """Return the scenarios of a part (metric, channel, scenario), after checking that it is whole.

    Raises
    ------
    StorageError
        If it is missing or damaged.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    path = folder / part.file
    with reading(path):
        data = path.read_bytes()
        if hashlib.sha256(data).hexdigest() != part.sha256:
            raise StorageError(str(path), "must have the checksum that was noted", "another one")
        # No file of Python's: Arrow's threads would let go of it when the interpreter may be gone.
        table = pq.read_table(pa.BufferReader(data))
        found = np.empty((len(METRICS), len(names), part.scenarios))
        for place, name in enumerate(names):
            for row, metric in enumerate(METRICS):
                found[row, place] = table.column(f"{name}.{metric}").to_numpy()
    return found
