"""The bits: published vectors of Random123, then a plain-Python twin at random counters."""

from __future__ import annotations

import numpy as np
import pytest

from gtmsim.core.philox import philox
from tests.core.twins import plain_philox

ALL_ONES = 0xFFFFFFFF

# Random123, tests/kat_vectors, lines "philox4x32 10"; counter and key of the last one are pi's.
KNOWN_ANSWERS = [
    ((0,) * 4, (0,) * 2, (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
    ((ALL_ONES,) * 4, (ALL_ONES,) * 2, (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
    (
        (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
        (0xA4093822, 0x299F31D0),
        (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
    ),
]


def compiled_philox(counter: tuple[int, ...], key: tuple[int, int]) -> tuple[int, ...]:
    return tuple(int(word) for word in philox(*map(np.uint64, (*counter, *key))))


@pytest.mark.parametrize(("counter", "key", "answer"), KNOWN_ANSWERS, ids=["zeros", "ones", "pi"])
def test_known_answers(
    counter: tuple[int, ...], key: tuple[int, int], answer: tuple[int, ...]
) -> None:
    assert compiled_philox(counter, key) == answer
    assert plain_philox(counter, key) == answer
    assert plain_philox(counter, key, rounds=9) != answer


def test_random_counters_agree_with_plain_python() -> None:
    for row in np.random.default_rng(1).integers(0, 2**32, (2000, 6)).tolist():
        counter, key = tuple(row[:4]), (row[4], row[5])
        words = compiled_philox(counter, key)
        assert words == plain_philox(counter, key)
        assert max(words) < 2**32


@pytest.mark.parametrize("place", range(6))
@pytest.mark.parametrize("bit", [0, 13, 31])
def test_every_input_bit_turns_about_half_of_the_output(place: int, bit: int) -> None:
    flips = 0
    rows = np.random.default_rng(2).integers(0, 2**32, (100, 6)).tolist()
    for row in rows:
        other = list(row)
        other[place] ^= 1 << bit
        pairs = zip(
            compiled_philox(tuple(row[:4]), (row[4], row[5])),
            compiled_philox(tuple(other[:4]), (other[4], other[5])),
            strict=True,
        )
        flips += sum((a ^ b).bit_count() for a, b in pairs)
    n = 128 * len(rows)
    assert abs(flips - n / 2) / (n / 4) ** 0.5 < 4.5


def test_too_few_rounds_do_not_turn_half_of_the_output() -> None:
    rows = np.random.default_rng(2).integers(0, 2**32, (100, 6)).tolist()
    flips = 0
    for row in rows:
        key = (row[4], row[5])
        one = plain_philox((row[0], *row[1:4]), key, rounds=2)
        other = plain_philox((row[0] ^ 1, *row[1:4]), key, rounds=2)
        flips += sum((a ^ b).bit_count() for a, b in zip(one, other, strict=True))
    n = 128 * len(rows)
    assert abs(flips - n / 2) / (n / 4) ** 0.5 > 4.5
