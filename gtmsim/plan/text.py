"""Plan files: TOML and JSON in and out, as plain tables."""

from __future__ import annotations

import json
import os
import re
import tomllib
from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from gtmsim.errors import ArgumentTypeError, PlanFileError, Problem
from gtmsim.files import write_file

MOST_TEXT = 16 * 2**20
"""Longest plan, 16 MB: a million campaigns, each with its own spend and month, are shorter."""

_DIGITS = re.compile(r"[0-9_]{5000}")
"""More digits in a row than Python reads as a number; to find that out takes TOML a gigabyte."""

_DOTS = re.compile(r"""(?:[\w\-"']{1,50}\s{0,3}\.\s{0,3}){50}""")
"""A key of so many parts is no plan's, and TOML takes the square of their number for it."""

PlanPath = str | os.PathLike[str]


def read_plan_file(path: PlanPath) -> str:
    """Return the text of a file.

    Raises
    ------
    ArgumentTypeError
        If the path is not a path.
    PlanFileError
        If there is no such file, or it cannot be read as UTF-8.
    """
    if isinstance(path, str) and ("\n" in path or path.startswith("{")):
        fix = "from_toml_text and from_json_text read text"
        raise ArgumentTypeError("path", "must be the path of a file", path, fix)
    try:
        with Path(path).open("rb") as file:
            data = file.read(MOST_TEXT + 1)
        if len(data) > MOST_TEXT:
            raise _too_long(path)
        # utf-8-sig: some editors begin a file with a byte order mark.
        return data.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
    except TypeError:
        raise ArgumentTypeError("path", "must be the path of a file", path) from None
    except UnicodeDecodeError as error:
        fix = "save it as plain text in UTF-8"
        raise _unreadable(path, "must be UTF-8 text", f"byte {error.start}", fix) from None
    except PlanFileError:
        raise
    except FileNotFoundError:
        fix = "`gtmsim init` writes a plan to start from"
        raise _unreadable(path, "must be a file that exists", str(path), fix) from None
    except (OSError, ValueError) as error:
        raise _unreadable(path, "must be a file that can be read", _reason(error)) from None


def write_plan_file(path: PlanPath, text: str) -> None:
    """Write a file whole, or not at all.

    Raises
    ------
    ArgumentTypeError
        If the path is not a path.
    PlanFileError
        If it cannot be written.
    """
    try:
        write_file(path, text)
    except TypeError:
        raise ArgumentTypeError("path", "must be the path of a file", path) from None
    except (OSError, ValueError) as error:
        rule = "must be a place where a file can be written"
        raise _unreadable(path, rule, _reason(error)) from None


def parse_toml(text: str, source: PlanPath) -> dict[str, Any]:
    """Return the tables of a TOML text.

    Raises
    ------
    PlanFileError
        If it is not TOML; line and column are named.
    """
    return _parse(tomllib.loads, text, source, "TOML", 'write keys as key = value, text as "text"')


def parse_json(text: str, source: PlanPath) -> dict[str, Any]:
    """Return the object of a JSON text.

    Raises
    ------
    PlanFileError
        If it is not a JSON object; line and column are named.
    """
    load = partial(json.loads, object_pairs_hook=_keys_once)
    return _parse(load, text, source, "JSON", 'write an object: {"horizon": 24, ...}')


def _keys_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Refuse a key that is there twice, as TOML does: json would take the last and say nothing."""
    table = dict(pairs)
    if len(table) < len(pairs):
        twice = next(key for key, count in Counter(key for key, _ in pairs).items() if count > 1)
        raise ValueError(f"no key twice in an object: {twice!r:.100}")
    return table


def _parse(
    load: Callable[[str], Any], text: str, source: PlanPath, language: str, fix: str
) -> dict[str, Any]:
    if not isinstance(text, str):
        raise ArgumentTypeError("text", f"must be {language} text", text)
    if len(text) > MOST_TEXT:
        raise _too_long(source)
    if found := _DIGITS.search(text):
        rule = f"must be {language}: no number has thousands of digits"
        raise _unreadable(source, rule, found[0])
    if found := _DOTS.search(text):
        raise _unreadable(source, f"must be {language} that is not nested this deep", found[0])
    try:
        tables = load(text)
    except RecursionError:
        rule = f"must be {language} that is not nested this deep"
        raise _unreadable(source, rule, text) from None
    except ValueError as error:
        message = str(error)
        place = re.search(r"line (\d+)", message)
        lines = text.splitlines()
        number = int(place[1]) if place else len(lines)
        line = lines[number - 1] if 0 < number <= len(lines) else ""
        rule = f"must be {language}: {message[:1].lower()}{message[1:]}"
        raise _unreadable(source, rule, line, fix) from None
    if not isinstance(tables, dict):
        raise _unreadable(source, f"must be a {language} object", tables, fix)
    return tables


def _too_long(path: PlanPath) -> PlanFileError:
    rule = f"must have at most {MOST_TEXT:,} bytes"
    fix = "a plan of many equal campaigns gives their number, not each of them"
    return _unreadable(path, rule, "more than that", fix)


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)


def _unreadable(path: PlanPath, rule: str, value: Any, fix: str | None = None) -> PlanFileError:
    return PlanFileError([Problem(str(path), rule, value, fix)])
