"""Orders in which a battery of tests reads the words: as kernels do, and across each field.

An order of addresses is a function from a count i to an address; its words are A and B of address
0, A and B of address 1, and so on. "tiles" and "halves" are read from the fillers of the kernels,
"seeds" and "names" through the digests of seeds and of channel names.

A generator is a function from an address to two words: that of the package, or a weak one with the
same arguments, which a battery must recognise.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from itertools import count
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from gtmsim.core.streams import (
    LANES,
    MULTIPLE,
    OCTAVE_MULTIPLE,
    tile_halves,
    tile_words,
    words_at,
)
from gtmsim.sampling import stream_of
from gtmsim.seeds import seed_key

Words = npt.NDArray[np.uint64]
Generator = Callable[..., Any]

CHUNK: Final = 2**20
"""Words of a chunk: 8 MiB."""

_ROWS = 16
_TILES = 4
"""Rows of lanes of a tile, and tiles of a block: 64 hits of each scenario."""

_U, _0, _1, _32 = np.uint64, np.uint64(0), np.uint64(1), np.uint64(32)
_LOW, _P = np.uint64(0xFFFFFFFF), np.uint64(MULTIPLE)


class Base(NamedTuple):
    """Where an order begins: a seed's key and a channel's stream."""

    key0: np.uint64
    key1: np.uint64
    channel: np.uint64


def base(seed: int = 0, name: str = "channel") -> Base:
    """Return the key of a seed and the stream of a name."""
    return Base(*seed_key(seed), stream_of(name))


# -- Addresses (key0, key1, channel, purpose, group, scenario, index) of a count ----------------


@njit
def _scenarios(b, i):
    return b.key0, b.key1, b.channel, _P, _0, i, _0


@njit
def _indices(b, i):
    """The group goes on where indices run out."""
    return b.key0, b.key1, b.channel, _P, i >> _32, _0, i & _LOW


@njit
def _groups(b, i):
    return b.key0, b.key1, b.channel, _P, i & _U(0xFFFFF), i >> _U(20), _0


@njit
def _purposes(b, i):
    return b.key0, b.key1, b.channel, i & _U(15), _0, i >> _U(4), _0


@njit
def _channels(b, i):
    """Neighbouring digests."""
    return b.key0, b.key1, i & _LOW, _P, _0, i >> _32, _0


@njit
def _keys(b, i):
    """Neighbouring keys, which neighbouring seeds do not have: theirs are digests."""
    return i & _LOW, i >> _32, b.channel, _P, _0, _0, _0


@njit
def _one_bit(b, i):
    """A Gray code: an address differs from the one before in one bit, of four fields by turns."""
    code = i ^ (i >> _1)
    index = scenario = channel = key0 = _0
    for bit in range(12):
        place, turn = _U(bit), _U(4 * bit)
        index |= ((code >> turn) & _1) << place
        scenario |= ((code >> (turn + _1)) & _1) << place
        channel |= ((code >> (turn + _U(2))) & _1) << place
        key0 |= ((code >> (turn + _U(3))) & _1) << place
    return b.key0 ^ key0, b.key1, b.channel ^ channel, _P, _0, scenario, index


ADDRESSES: Final = {
    "scenarios": _scenarios,
    "indices": _indices,
    "groups": _groups,
    "purposes": _purposes,
    "channels": _channels,
    "keys": _keys,
    "one bit": _one_bit,
}


@cache
def _filler(address: Callable[..., Any], generator: Generator) -> Callable[..., None]:
    """Compile the loop that fills a chunk from an order and a generator."""

    @njit(nogil=True, error_model="numpy")
    def fill(start, first, words):
        for k in range(words.size // 2):
            a, b = generator(*address(start, first + _U(k)))
            words[2 * k], words[2 * k + 1] = a, b

    return fill


def _along(address: Callable[..., Any], start: Base, generator: Generator) -> Iterator[Words]:
    fill = _filler(address, generator)
    for chunk in count():
        words = np.empty(CHUNK, np.uint64)
        fill(start, _U(chunk * (CHUNK // 2)), words)
        yield words


# -- From the fillers of the kernels ------------------------------------------------------------


@njit(nogil=True, error_model="numpy")
def _fill_tiles(b, first, words):
    size = _ROWS * LANES
    for k in range(words.size // size):
        block, tile = divmod(first + k, _TILES)
        scenario, index = _U(block * LANES), _U(tile * (_ROWS // 2))
        part = words[k * size : (k + 1) * size]
        tile_words(b.key0, b.key1, b.channel, _P, _0, index, _ROWS // 2, scenario, part)


@njit(nogil=True, error_model="numpy")
def _fill_halves(b, first, words):
    """Two lanes of 32 bits to a word."""
    size, purpose = _ROWS * LANES, _U(OCTAVE_MULTIPLE)
    halves = np.empty(size, np.uint64)
    for k in range(words.size // (size // 2)):
        block, tile = divmod(first + k, _TILES)
        scenario, index = _U(block * LANES), _U(5 << 24) + _U(tile * (_ROWS // 4))
        tile_halves(b.key0, b.key1, b.channel, purpose, _0, index, _ROWS // 4, scenario, halves)
        for j in range(size // 2):
            words[k * (size // 2) + j] = halves[2 * j] | (halves[2 * j + 1] << _32)


def _in_tiles(fill: Callable[..., None], start: Base, words_of_tile: int) -> Iterator[Words]:
    for chunk in count():
        words = np.empty(CHUNK, np.uint64)
        fill(start, chunk * (CHUNK // words_of_tile), words)
        yield words


# -- Through the digests ------------------------------------------------------------------------


@cache
def _filler_of_bases(generator: Generator) -> Callable[..., None]:
    @njit(nogil=True, error_model="numpy")
    def fill(bases, each, words):
        for n in range(bases.shape[0]):
            for k in range(each):
                a, b = generator(bases[n, 0], bases[n, 1], bases[n, 2], _P, _0, _U(k), _0)
                words[2 * (n * each + k)], words[2 * (n * each + k) + 1] = a, b

    return fill


def _by_base(of: Callable[[int], Base], each: int, generator: Generator) -> Iterator[Words]:
    """Yield words of the first scenarios, ``each`` of them, of one seed or name after another."""
    fill, size = _filler_of_bases(generator), CHUNK // (2 * each)
    for chunk in count():
        words = np.empty(CHUNK, np.uint64)
        bases = np.array([of(n) for n in range(chunk * size, (chunk + 1) * size)], np.uint64)
        fill(bases, each, words)
        yield words


ORDERS: Final = ("tiles", "halves", *ADDRESSES, "seeds", "names")


def read(order: str, generator: Generator = words_at, seed: int = 0) -> Iterator[Words]:
    """Yield chunks of words (CHUNK,) of an order, without end.

    Parameters
    ----------
    order : str
        One of ORDERS.
    generator : callable
        The package's words, or a weak generator; "tiles" and "halves" have the package's only.
    seed : int, default 0
    """
    start = base(seed)
    match order:
        case "tiles":
            return _in_tiles(_fill_tiles, start, _ROWS * LANES)
        case "halves":
            return _in_tiles(_fill_halves, start, _ROWS * LANES // 2)
        case "seeds":
            return _by_base(lambda n: base(seed + n), LANES, generator)
        case "names":
            return _by_base(
                lambda n: start._replace(channel=stream_of(f"channel {n}")), LANES // 8, generator
            )
    return _along(ADDRESSES[order], start, generator)


# -- The words as they are used -----------------------------------------------------------------


def _halves(high: bool) -> Callable[[Words], Words]:
    def pick(words: Words) -> Words:
        return np.ascontiguousarray(words.view(np.uint32)[int(high) :: 2]).view(np.uint64)

    return pick


def _reversed(words: Words) -> Words:
    """Turn each word's bits end for end."""
    for shift, mask in (
        (1, 0x5555555555555555),
        (2, 0x3333333333333333),
        (4, 0x0F0F0F0F0F0F0F0F),
    ):
        m, s = _U(mask), _U(shift)
        words = ((words >> s) & m) | ((words & m) << s)
    return words.byteswap()


def _uniforms(words: Words) -> Words:
    """The low 32 of the first 48 bits of a survival uniform, two to a word.

    A float holds 53 bits, rounded to even: its last bit is not quite fair.
    """
    u = (words.astype(np.float64) + 0.5) * 2.0**-64
    return _halves(False)((u * 2.0**48).astype(np.uint64))


def _complements(words: Words) -> Words:
    """The same of 1 - u, which kernels take from the word's complement."""
    return _uniforms(~words)


def _differences(words: Words) -> Words:
    """What changes between an address and the next."""
    pairs = words.reshape(-1, 2)
    return (pairs[1::2] ^ pairs[::2]).ravel()


VIEWS: Final[dict[str, Callable[[Words], Words]]] = {
    "words": lambda words: words,
    "low": _halves(False),
    "high": _halves(True),
    "reversed": _reversed,
    "uniforms": _uniforms,
    "complements": _complements,
    "differences": _differences,
}
