"""Writing files whole or not at all."""

from __future__ import annotations

import errno
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


def write_file(path: str | os.PathLike[str], content: str | bytes) -> Path:
    """Write a file so that readers see the old content or the new one, never a part of it.

    The content is written beside the file, flushed to disk and moved into its place. Whatever
    interrupts that leaves the old file as it was and nothing beside it.

    Parameters
    ----------
    path : path
        Where to. A link is followed, and the permissions of a file that is there are kept. What is
        not a file, as ``/dev/stdout``, is written to directly.
    content : str or bytes
        Text is written as UTF-8, its line ends as they are.

    Returns
    -------
    Path
        The path, as it was given.

    Raises
    ------
    OSError
        If it cannot be written; the error names the path.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_file(Path(folder, "plan.toml"), "horizon = 24").read_text()
    'horizon = 24'
    """
    given = Path(path)
    data = content.encode("utf-8") if isinstance(content, str) else content
    try:
        target = Path(os.path.realpath(given))
        if target.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        if target.exists() and not target.is_file():
            target.write_bytes(data)
        else:
            _replace(target, data)
    except OSError as error:
        # The name beside would mean nothing to whoever asked for this one.
        raise type(error)(error.errno, error.strerror, str(given)) from error
    return given


@contextmanager
def one_at_a_time(folder: Path) -> Iterator[None]:
    """Keep others that ask for the same folder waiting until the block ends, where a system can.

    Examples
    --------
    >>> with one_at_a_time(Path(".")):
    ...     pass
    """
    try:
        import fcntl

        descriptor = os.open(folder, os.O_RDONLY)
    except (ImportError, OSError):
        yield
        return
    try:
        with suppress(OSError):
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        # Not by closing alone: a process forked meanwhile has it open too.
        with suppress(OSError):
            fcntl.flock(descriptor, fcntl.LOCK_UN)
        os.close(descriptor)


def _replace(target: Path, data: bytes) -> None:
    # Not longer than the name itself may be, and created under the user's own umask.
    beside = target.with_name(f".{target.name[:32]}.{secrets.token_hex(8)}.tmp")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _BINARY, 0o666)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        if target.exists():
            shutil.copymode(target, beside)
        beside.replace(target)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
    _sync_folder(target.parent)


def _sync_folder(folder: Path) -> None:
    """Have a move outlast a failure of power too, before the next one, where a system can."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


_BINARY = getattr(os, "O_BINARY", 0)
