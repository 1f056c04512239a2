"""Files are whole or not there."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

import pytest

from gtmsim.files import write_file


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("content", ["Größe\n≥ 1\r\n", b"\x89PNG\r\n\x00", "", "x" * 1_000_000])
def test_content_is_written_as_it_is(tmp_path: Path, content: str | bytes) -> None:
    path = tmp_path / "file"
    assert write_file(path, content) == path
    assert path.read_bytes() == (content.encode() if isinstance(content, str) else content)
    assert names(tmp_path) == ["file"]


def test_text_path_is_accepted_and_old_content_replaced(tmp_path: Path) -> None:
    path = tmp_path / "plan.toml"
    path.write_text("a much longer old content")
    write_file(str(path), "new")
    assert path.read_text() == "new"


@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "No space left"), KeyboardInterrupt()])
def test_failure_in_the_middle_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    path = tmp_path / "plan.toml"
    path.write_text("old")

    def fail(_: int) -> None:
        raise error

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(type(error)):
        write_file(path, "new")
    monkeypatch.undo()
    assert path.read_text() == "old"
    assert names(tmp_path) == ["plan.toml"]


def test_failure_to_move_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "plan.toml"
    path.write_text("old")

    def fail(*_: object) -> None:
        raise PermissionError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(PermissionError, match=r"Operation not permitted: .*plan\.toml'$"):
        write_file(path, "new")
    assert path.read_text() == "old"
    assert names(tmp_path) == ["plan.toml"]


def test_errors_name_the_path_that_was_asked_for(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"No such file or directory: .*nowhere/a\.csv'$"):
        write_file(tmp_path / "nowhere" / "a.csv", "")
    with pytest.raises(IsADirectoryError, match=r"Is a directory: "):
        write_file(tmp_path, "")
    (tmp_path / "file").touch()
    with pytest.raises(NotADirectoryError, match=r"Not a directory: .*file/a\.csv'$"):
        write_file(tmp_path / "file" / "a.csv", "")


def test_link_and_permissions_are_kept(tmp_path: Path) -> None:
    real, link = tmp_path / "real", tmp_path / "link"
    real.touch()
    real.chmod(0o640)
    link.symlink_to(real)
    write_file(link, "new")
    assert link.is_symlink()
    assert real.read_text() == "new"
    assert stat.S_IMODE(real.stat().st_mode) == 0o640


def test_new_file_follows_the_umask(tmp_path: Path) -> None:
    plain, ours = tmp_path / "plain", tmp_path / "ours"
    plain.touch()
    write_file(ours, "")
    assert ours.stat().st_mode == plain.stat().st_mode


def test_what_is_no_file_is_written_to() -> None:
    write_file(os.devnull, "gone")
    assert Path(os.devnull).is_char_device()
