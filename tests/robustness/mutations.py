# ruff: noqa: E501
"""Inputs made from valid ones: bytes and tokens are changed, lost, repeated and exchanged."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Final

import numpy as np

_NUMBER: Final = re.compile(rb"-?\d[\d_.]*(?:[eE][+-]?\d+)?")
_STRING: Final = re.compile(rb'"[^"\n]*"')
_WORD: Final = re.compile(rb"[A-Za-z_]{3,}")

NUMBERS: Final = (
    *tuple(
        b"0 -0 -0.0 1 -1 2 0.5 1.5 100 1e-300 -1e-300 5e-324 1e-7 1e15 1e16 1e100 1e300 1e308 -1e308 "
        b"1e309 1e999999999 -1e999 1e400 600 601 100000 10000000 10000001 1000000000 4294967296 "
        b"9223372036854775807 9223372036854775808 18446744073709551616 nan NaN inf -inf Infinity "
        b"true false null none [] {} [1,2] [[1]] 0x10 1_000 1__0 .5 5. 1,5 1.000,50 50% $5 (5) "
        b"2024-01-01 31/12/2024 12/31/2024 1999-13-45 0000-00-00 9999-12-31 45292 1704067200000".split()
    ),
    b"9" * 400,
    b"9" * 4301,
    b"1" + b"0" * 200,
    b"0." + b"0" * 400 + b"1",
    b'"3"',
    b"",
    b" ",
)
"""What takes a number's place."""

STRINGS: Final = (
    b'""', b'" "', b'"portfolio"', b'"even"', b'"sales"', b'"campaigns"', b'"pareto"', b'"lomax"',
    b'"scipy"', b'"gamma"', b'"lognorm"', b'"levy_stable"', b'"__class__"', b'"norm"', b'"linear"',
    b'"empirical"', b'"spliced"', b'"<script>alert(1)</script>"', b'"\\u001b[2J"', b'"\\u202e"',
    b'"\\ud800"', b'"\\u0000"', b'"=cmd()"', b'"../../etc/passwd"', b'"' + b"x" * 10_000 + b'"',
    b"1", b"null", b"[]", b"{}", b"true", b"'x'", b'"""', b"\xc3\xa9", b'"\xf0\x9f\x92\xa9"',
)  # fmt: skip
"""What takes a quoted text's place."""

BYTES: Final = (
    b"\x00", b"\xff", b"\xfe\xff", b"\xff\xfe", b"\xef\xbb\xbf", b"\xed\xa0\x80", b"\x1b[2J",
    b"\r", b"\n", b"\r\n", b"\t", b";", b",", b"|", b'"', b"'", b"[", b"]", b"{", b"}", b"=", b"#",
    b"\\", b"[" * 50, b"{" * 50, b"a." * 100, b"\xe2\x80\xae", b"\xc2\xa0", b"-", b"(", b"%", b"@",
)  # fmt: skip
"""What is put in anywhere."""


def mutated(
    data: bytes, others: Sequence[bytes], words: Sequence[bytes], luck: np.random.Generator
) -> bytes:
    """Return data with one to four changes.

    Parameters
    ----------
    data : bytes
        A valid input.
    others : sequence of bytes
        More of them, whose parts may be spliced in.
    words : sequence of bytes
        Keys or headers that take the places of others.
    luck : numpy.random.Generator
    """
    for _ in range(int(luck.integers(1, 5))):
        change = _CHANGES[int(luck.integers(len(_CHANGES)))]
        data = change(data, others, words, luck)
    return data


def _at(size: int, luck: np.random.Generator) -> int:
    return int(luck.integers(size + 1))


def _pick(options: Sequence[bytes], luck: np.random.Generator) -> bytes:
    return options[int(luck.integers(len(options)))]


def _replaced(
    pattern: re.Pattern[bytes], data: bytes, new: bytes, luck: np.random.Generator
) -> bytes:
    places = [found.span() for found in pattern.finditer(data)]
    if not places:
        return data + new
    start, end = places[int(luck.integers(len(places)))]
    return data[:start] + new + data[end:]


def _number(
    data: bytes, others: Sequence[bytes], words: Sequence[bytes], luck: np.random.Generator
) -> bytes:
    return _replaced(_NUMBER, data, _pick(NUMBERS, luck), luck)


def _string(
    data: bytes, others: Sequence[bytes], words: Sequence[bytes], luck: np.random.Generator
) -> bytes:
    return _replaced(_STRING, data, _pick(STRINGS, luck), luck)


def _word(
    data: bytes, others: Sequence[bytes], words: Sequence[bytes], luck: np.random.Generator
) -> bytes:
    return _replaced(_WORD, data, _pick(words, luck), luck)


def _inserted(
    data: bytes, others: Sequence[bytes], words: Sequence[bytes], luck: np.random.Generator
) -> bytes:
    at = _at(len(data), luck)
    return data[:at] + _pick(BYTES, luck) + data[at:]


def _flipped(
    data: bytes, others: Sequence[bytes], words: Sequence[bytes], luck: np.random.Generator
) -> bytes:
    at = _at(len(data), luck)
    return data[:at] + luck.bytes(1) + data[at + 1 :]


def _cut(
    data: bytes, others: Sequence[bytes], words: Sequence[bytes], luck: np.random.Generator
) -> bytes:
    start = _at(len(data), luck)
    length = int(2.0 ** (10.0 * luck.random()))
    return data[:start] + data[start + length :]


def _ended(
    data: bytes, others: Sequence[bytes], words: Sequence[bytes], luck: np.random.Generator
) -> bytes:
    return data[: _at(len(data), luck)]


def _line(
    data: bytes, others: Sequence[bytes], words: Sequence[bytes], luck: np.random.Generator
) -> bytes:
    """Repeat, drop or move a line, or bring one from another input."""
    lines = data.split(b"\n")
    at, to = (int(luck.integers(len(lines))) for _ in range(2))
    kind = int(luck.integers(4))
    if kind == 0:
        lines[to:to] = [lines[at]]
    elif kind == 1:
        del lines[at]
    elif kind == 2:
        lines[to], lines[at] = lines[at], lines[to]
    else:
        lines[to:to] = [_pick(_pick(others, luck).split(b"\n"), luck)]
    return b"\n".join(lines)


def _spliced(
    data: bytes, others: Sequence[bytes], words: Sequence[bytes], luck: np.random.Generator
) -> bytes:
    other = _pick(others, luck)
    return data[: _at(len(data), luck)] + other[_at(len(other), luck) :]


_Change = Callable[[bytes, Sequence[bytes], Sequence[bytes], np.random.Generator], bytes]
# Tokens more often: most changes of bytes end in the same message of a parser.
_CHANGES: Final[tuple[_Change, ...]] = (
    _number, _number, _number, _string, _string, _word, _word, _line, _line,
    _inserted, _flipped, _cut, _ended, _spliced,
)  # fmt: skip
