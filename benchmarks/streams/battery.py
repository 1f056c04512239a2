"""A battery of tests on words, each a tally of cells whose chances are known.

A tally counts, chunk by chunk, in which cell of a table words fall; at the end each table is judged
by a chi-squared test. The tests are those that find what generators of counters get wrong: bits
that are not fair, words that depend on their neighbours or on words some lanes and rows away, bits
that are linear in others, spacings and collisions that are too regular. They follow Knuth,
Marsaglia, and the families of PractRand (DC6, FPF, Gap, BRank) without being them.

References
----------
D. E. Knuth, "The Art of Computer Programming", volume 2, 3rd edition (1997), section 3.3.2.

G. Marsaglia and W. W. Tsang, "Some difficult-to-pass tests of randomness", Journal of Statistical
Software 7(3) (2002).

P. L'Ecuyer and R. Simard, "TestU01: a C library for empirical testing of random number generators",
ACM Transactions on Mathematical Software 33(4) (2007), 22.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import product
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit
from scipy import stats

Words = npt.NDArray[np.uint64]
Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

LAGS: Final = (1, 2, 3, 4, 8, 16, 32, 64, 128, 256, 1024, 2048, 8192)
"""In words: neighbours, then lanes, rows, tiles and blocks."""

_U = np.uint64
_FEWEST = 25.0
"""Expected in a cell, or cells are put together."""

_TWO_SIDED = 16
"""Cells from which a fit that is too good counts too."""


class Tally(NamedTuple):
    """A test: counts (table, cell) of some words, the chances (table, cell) and names (table,)."""

    name: str
    count: Callable[[Words], Ints]
    chances: Floats
    tables: tuple[str, ...]


class Finding(NamedTuple):
    """A table's p-value and what was counted in it."""

    test: str
    table: str
    counted: int
    p: float


def _bincount(cells: npt.NDArray[np.integer], size: int) -> Ints:
    return np.bincount(cells.astype(np.int64).ravel(), minlength=size)


# -- Bits, and words some way apart -------------------------------------------------------------


@njit(nogil=True)
def _count_ones(words):
    ones = np.zeros(64, np.int64)
    for word in words:
        for bit in range(64):
            ones[bit] += np.int64((word >> _U(bit)) & _U(1))
    return ones


@njit(nogil=True)
def _count_pairs(nibbles, lags):
    counts = np.zeros((lags.size, 256), np.int64)
    for table, lag in enumerate(lags):
        for i in range(nibbles.size - lag):
            counts[table, (nibbles[i] << 4) | nibbles[i + lag]] += 1
    return counts


def _bits() -> Tally:
    def count(words: Words) -> Ints:
        ones = _count_ones(words)
        return np.stack([words.size - ones, ones], axis=1)

    return Tally("bits", count, np.full((64, 2), 0.5), tuple(map(str, range(64))))


def _pairs(high: bool) -> Tally:
    """Four bits of a word and four of one that is some words on."""

    def count(words: Words) -> Ints:
        nibbles = words >> _U(60) if high else words & _U(15)
        return _count_pairs(nibbles.astype(np.uint8), np.array(LAGS))

    return Tally(
        f"pairs of {'high' if high else 'low'} bits",
        count,
        np.full((len(LAGS), 256), 1.0 / 256.0),
        tuple(f"lag {lag}" for lag in LAGS),
    )


def _changes() -> Tally:
    """Bits that differ between a word and one that is some words on."""

    def count(words: Words) -> Ints:
        return np.stack(
            [_bincount(np.bitwise_count(words[:-lag] ^ words[lag:]), 65) for lag in LAGS]
        )

    chances = np.tile(stats.binom(64, 0.5).pmf(np.arange(65)), (len(LAGS), 1))
    return Tally("changes", count, chances, tuple(f"lag {lag}" for lag in LAGS))


_STEP: Final = 7
"""Neighbours whose Hamming weights are looked at together."""


def _weights(stride: int) -> Tally:
    """Hamming weights, light, even or heavy, of words in a row, ``stride`` apart."""
    weight = stats.binom(64, 0.5)
    classes = np.array([weight.cdf(30), weight.cdf(33) - weight.cdf(30), weight.sf(33)])
    chances = np.array([math.prod(classes[list(cell)]) for cell in product(range(3), repeat=_STEP)])

    def count(words: Words) -> Ints:
        kinds = np.digitize(np.bitwise_count(words), (31, 34)).astype(np.int64)
        kinds = kinds.reshape(-1, stride).T.ravel() if stride > 1 else kinds
        rows = kinds[: kinds.size // _STEP * _STEP].reshape(-1, _STEP)
        return _bincount(rows @ 3 ** np.arange(_STEP)[::-1], 3**_STEP)[None]

    return Tally("Hamming weights", count, chances[None], (f"stride {stride}",))


# -- Numbers ------------------------------------------------------------------------------------


_EXPONENTS: Final = 10


def _floats() -> Tally:
    """Leading zeros, and the eight bits after the first one, as floats of a uniform have them."""

    def count(words: Words) -> Ints:
        tables = np.zeros((_EXPONENTS, 256), np.int64)
        rest = words
        for zeros in range(_EXPONENTS):
            here = rest >> _U(63 - zeros) == 1
            tables[zeros] = _bincount((rest[here] >> _U(55 - zeros)) & _U(255), 256)
            rest = rest[~here]
        return tables

    chances = np.full((_EXPONENTS, 256), 1.0 / 256.0)
    return Tally("floats", count, chances, tuple(f"{e} zeros" for e in range(_EXPONENTS)))


_LONGEST: Final = 256
_HIT: Final = 1.0 / 32.0


def _gaps(high: bool) -> Tally:
    """Words between two whose five bits are zero; begun where even a long one ends in the chunk."""
    lengths = np.arange(_LONGEST)
    chances = _HIT * (1.0 - _HIT) ** lengths
    chances[-1] = (1.0 - _HIT) ** (_LONGEST - 1)

    def count(words: Words) -> Ints:
        hits = np.flatnonzero((words >> _U(59) if high else words & _U(31)) == 0)
        gaps = np.diff(hits)[hits[:-1] < words.size - 4096] - 1
        return _bincount(np.minimum(gaps, _LONGEST - 1), _LONGEST)[None]

    return Tally("gaps", count, chances[None], ("high bits" if high else "low bits",))


_BIRTHDAYS: Final = 4096


def _spacings() -> Tally:
    """Equal spacings of 4096 birthdays in years of 2**32 days: four on average."""
    law = stats.poisson(_BIRTHDAYS**3 / 2.0**34)
    chances = np.append(law.pmf(np.arange(19)), law.sf(18))

    def count(words: Words) -> Ints:
        tables = []
        for days in (words >> _U(32), words & _U(0xFFFFFFFF)):
            years = np.sort(days.reshape(-1, _BIRTHDAYS), axis=1)
            spacings = np.sort(np.diff(years, axis=1), axis=1)
            equal = (spacings[:, 1:] == spacings[:, :-1]).sum(axis=1)
            tables.append(_bincount(np.minimum(equal, 19), 20))
        return np.stack(tables)

    return Tally("birthday spacings", count, np.tile(chances, (2, 1)), ("high", "low"))


_URNS: Final = 2**22


def _collisions(high: bool) -> Tally:
    """Balls that find their urn taken: 2048 a game, an urn from eleven bits of two neighbours."""
    balls, most = 2048, 12
    law = np.zeros(most + 1)
    law[0] = 1.0
    for thrown in range(balls):
        taken = (thrown - np.arange(most + 1)).clip(0) / _URNS
        moved = law * taken
        law -= moved
        law[1:] += moved[:-1]
        law[-1] += moved[-1]

    def count(words: Words) -> Ints:
        parts = words >> _U(53) if high else words & _U(2047)
        urns = np.sort(((parts[::2] << _U(11)) | parts[1::2]).reshape(-1, balls), axis=1)
        collisions = (urns[:, 1:] == urns[:, :-1]).sum(axis=1)
        return _bincount(np.minimum(collisions, most), most + 1)[None]

    return Tally("collisions", count, law[None], ("high bits" if high else "low bits",))


# -- Linear bits --------------------------------------------------------------------------------


@njit(nogil=True)
def _rank(rows):
    """Rank over GF(2) of a square matrix of packed rows (row, word); it is used up."""
    size, rank = rows.shape[0], 0
    for column in range(size):
        word, bit = column >> 6, _U(column & 63)
        pivot = rank
        while pivot < size and not (rows[pivot, word] >> bit) & _U(1):
            pivot += 1
        if pivot == size:
            continue
        for k in range(word, rows.shape[1]):
            rows[rank, k], rows[pivot, k] = rows[pivot, k], rows[rank, k]
        for row in range(pivot + 1, size):
            if (rows[row, word] >> bit) & _U(1):
                for k in range(word, rows.shape[1]):
                    rows[row, k] ^= rows[rank, k]
        rank += 1
    return rank


def _ranks(size: int, bit: int | None) -> Tally:
    """Ranks of square matrices: of whole words, an eighth of them, or of one bit of each."""
    # Chance of a deficit d: 2**-d**2 times prod(1 - 2**-i) over i > d, and over it that of i <= d.
    chances = np.array(
        [
            2.0 ** -(d * d)
            * math.prod(1.0 - 2.0**-i for i in range(d + 1, 64))
            / math.prod(1.0 - 2.0**-i for i in range(1, d + 1))
            for d in range(4)
        ]
    )
    chances[-1] = 1.0 - chances[:-1].sum()

    def count(words: Words) -> Ints:
        if bit is not None:
            ones = ((words >> _U(bit)) & _U(1)).astype(np.uint8)
            words = np.packbits(ones, bitorder="little").view(np.uint64)
        else:
            words = words[: words.size // 8]
        rows = words[: words.size // (size * size // 64) * (size * size // 64)].copy()
        matrices = rows.reshape(-1, size, size // 64)
        return _bincount(np.array([min(size - _rank(m), 3) for m in matrices]), 4)[None]

    table = f"{size} x {size}" + (f", bit {bit}" if bit is not None else "")
    return Tally("ranks", count, chances[None], (table,))


def battery() -> tuple[Tally, ...]:
    """Return the tests, afresh."""
    return (
        _bits(),
        _pairs(high=True),
        _pairs(high=False),
        _changes(),
        _weights(1),
        _weights(2),
        _weights(128),
        _floats(),
        _gaps(high=True),
        _gaps(high=False),
        _spacings(),
        _collisions(high=True),
        _collisions(high=False),
        _ranks(64, None),
        _ranks(256, 0),
        _ranks(256, 31),
        _ranks(256, 32),
        _ranks(256, 63),
    )


@dataclass
class Report:
    """What a battery found so far."""

    tests: tuple[Tally, ...]
    counts: list[Ints]
    words: int = 0

    @property
    def findings(self) -> list[Finding]:
        """Every table's p-value."""
        return [
            Finding(test.name, table, int(counts[k].sum()), judge(counts[k], test.chances[k]))
            for test, counts in zip(self.tests, self.counts, strict=True)
            for k, table in enumerate(test.tables)
        ]

    @property
    def worst(self) -> Finding:
        """The finding with the least p-value."""
        return min(self.findings, key=lambda finding: finding.p)

    @property
    def chance(self) -> float:
        """Chance of a p-value as small as the least, all comparisons together (Bonferroni)."""
        findings = self.findings
        return min(1.0, len(findings) * min(finding.p for finding in findings))


def judge(counts: Ints, chances: Floats) -> float:
    """Return the p-value of counts (cell,): two-sided where there are many cells.

    Cells with few expected are put together for the chi-squared law, and the fullest of them is
    judged by its binomial law: a word given again is rare in a good stream.
    """
    total = int(counts.sum())
    rare = chances * total < _FEWEST
    spread = _chi_squared(counts, chances * total, rare)
    if not rare.any():
        return spread
    fullest = float(stats.binom(total, chances[rare]).sf(counts[rare] - 1).min())
    return min(1.0, 2.0 * min(spread, int(rare.sum()) * fullest))


def _chi_squared(counts: Ints, expected: Floats, rare: npt.NDArray[np.bool_]) -> float:
    """Return the p-value of cells, the rare ones together; 1 for fewer than two that remain."""
    seen, due = counts[~rare].astype(float), expected[~rare]
    if rare.any() and due.size:
        rest, due_rest = float(counts[rare].sum()), float(expected[rare].sum())
        if due_rest < _FEWEST:
            seen[-1], due[-1] = seen[-1] + rest, due[-1] + due_rest
        else:
            seen, due = np.append(seen, rest), np.append(due, due_rest)
    if due.size < 2:
        return 1.0
    law, statistic = stats.chi2(due.size - 1), float(((seen - due) ** 2 / due).sum())
    above = float(law.sf(statistic))
    return 2.0 * min(above, float(law.cdf(statistic))) if due.size >= _TWO_SIDED else above


def run(chunks: Iterable[Words]) -> Report:
    """Run the battery over chunks of words, each a multiple of 2**16."""
    tests = battery()
    report = Report(tests, [np.zeros(test.chances.shape, np.int64) for test in tests])
    for words in chunks:
        for counts, test in zip(report.counts, tests, strict=True):
            counts += test.count(words)
        report.words += words.size
    return report
