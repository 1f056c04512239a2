"""Each family is its own survival function inverted, word by word, then in distribution."""

from __future__ import annotations

import math
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from scipy import stats
from scipy.special import ndtr, ndtri

from gtmsim.core._types import Floats, Words
from gtmsim.core.elementary import LOG2_E
from gtmsim.core.samplers import (
    EMPIRICAL,
    LOGNORMAL,
    LOMAX,
    PARETO,
    PIECES,
    ROWS,
    SPLICED,
    TABLE,
    Sampler,
    lognormal,
    normal,
    sample,
    table_row,
)
from tests.core.twins import EXTREME_WORDS, random_words
from tests.laws import expect_distribution, rejects

WORDS = np.concatenate((EXTREME_WORDS, random_words(20, 5000), random_words(21, 500) >> 40))
N = 100_000


def sampler(
    family: int,
    scale: float = 1.0,
    shape: float = 1.0,
    *,
    cap: float = math.inf,
    table: Floats | None = None,
    values: Floats | None = None,
) -> Sampler:
    """A sampler with the arrays that its family does not read left trivial."""
    table = np.zeros((1, 1)) if table is None else table
    values = np.zeros(1) if values is None else values
    none = np.zeros((0, 11))
    return Sampler(family, scale, shape, cap, table, values, none, none)


def draw(law: Sampler, words: Words) -> Floats:
    x = np.full(words.size + 1, -7.0)
    sample(law, words, words.size, x)
    assert x[-1] == -7.0, "written beyond count"
    return x[:-1]


def tail(words: Words) -> tuple[Floats, Floats]:
    """P(X > x), and P(X <= x) without the rounding of 1 - u."""
    return (words.astype(np.float64) + 0.5) * 2.0**-64, (
        (~words).astype(np.float64) + 0.5
    ) * 2.0**-64


def exact_normal(words: Words) -> Floats:
    above, below = tail(words)
    return np.where(above < 0.5, -ndtri(above), ndtri(below))


@pytest.mark.parametrize("alpha", [0.1, 0.5, 1.0, 1.2, 3.0, 50.0])
def test_pareto_is_its_inverse(alpha: float) -> None:
    x = draw(sampler(PARETO, 2.5, 1.0 / alpha), WORDS)
    np.testing.assert_allclose(x, 2.5 * tail(WORDS)[0] ** (-1.0 / alpha), rtol=1e-12)
    assert x.min() == 2.5


@pytest.mark.parametrize("alpha", [0.1, 0.5, 1.0, 1.5, 3.0, 50.0])
def test_lomax_is_its_inverse(alpha: float) -> None:
    """Relative to x + scale, the power law that Lomax is a shift of."""
    x = draw(sampler(LOMAX, 2.68, 1.0 / alpha), WORDS)
    exact = 2.68 * np.expm1(-np.log(tail(WORDS)[0]) / alpha)
    assert np.all(np.abs(x - exact) <= 1e-12 * (exact + 2.68))
    assert x.min() == 0.0


@pytest.mark.parametrize("sigma", [0.01, 0.5, 1.8, 10.0])
def test_lognormal_is_its_inverse(sigma: float) -> None:
    exact = 0.7 * np.exp(sigma * exact_normal(WORDS))
    np.testing.assert_allclose(
        draw(sampler(LOGNORMAL, 0.7, sigma * LOG2_E), WORDS), exact, rtol=1e-12
    )
    one_by_one = [lognormal(word, 0.7, sigma * LOG2_E) for word in WORDS[:200]]
    np.testing.assert_allclose(one_by_one, exact[:200], rtol=1e-12)


def spliced(sigma: float, place: float, alpha: float, k: float = 1.0) -> tuple[Sampler, Any]:
    """Of median 0.7, with the threshold ``place`` sigmas above it; and P(X <= x) of k alpha."""
    share, threshold = ndtr(-place), 0.7 * math.exp(sigma * place)
    values = np.array([place * sigma * LOG2_E, 1.0 / alpha, math.log2(share)])

    def cdf(x: Floats) -> Floats:
        beyond = 1.0 - share * np.maximum(x / threshold, 1.0) ** (-k * alpha)
        return np.where(x < threshold, ndtr(np.log(x / 0.7) / sigma), beyond)

    return sampler(SPLICED, 0.7, sigma * LOG2_E, values=values), cdf


@pytest.mark.parametrize("alpha", [0.1, 1.0, 1.5, 50.0])
@pytest.mark.parametrize("place", [-3.0, 0.0, 1.5, 8.0])
@pytest.mark.parametrize("sigma", [0.01, 0.9, 10.0])
def test_spliced_is_its_inverse(sigma: float, place: float, alpha: float) -> None:
    z, above = exact_normal(WORDS), tail(WORDS)[0]
    beyond = 0.7 * math.exp(sigma * place) * (above / ndtr(-place)) ** (-1.0 / alpha)
    exact = np.where(z < place, 0.7 * np.exp(sigma * z), beyond)
    x = draw(spliced(sigma, place, alpha)[0], WORDS)
    np.testing.assert_allclose(x, exact, rtol=1e-12)
    # Negative control: another index of the tail, and another share of it.
    for law in (spliced(sigma, place, 1.0001 * alpha), spliced(sigma, place - 0.01, alpha)):
        with pytest.raises(AssertionError, match="Not equal to tolerance"):
            np.testing.assert_allclose(draw(law[0], WORDS), exact, rtol=1e-12)


def test_normal_is_its_inverse_and_odd() -> None:
    z = np.array([normal(word) for word in WORDS])
    np.testing.assert_allclose(z, exact_normal(WORDS), rtol=1e-12)
    np.testing.assert_array_equal(z, [-normal(~word) for word in WORDS])


def test_the_wrong_inverse_is_seen() -> None:
    x = draw(sampler(PARETO, 2.5, 1.0 / 1.2), WORDS)
    with pytest.raises(AssertionError, match="Not equal to tolerance"):
        np.testing.assert_allclose(x, 2.5 * tail(WORDS)[0] ** (-1.0 / 1.2000000001), rtol=1e-12)


def test_smallest_word_is_the_quantile_of_two_to_the_minus_65() -> None:
    first = np.zeros(1, dtype=np.uint64)
    assert draw(sampler(PARETO, 3.0, 1.0), first)[0] == 3.0 * 2.0**65
    assert draw(sampler(PARETO, 3.0, 10.0), first)[0] == pytest.approx(3.0 * 2.0**650, rel=1e-12)
    assert draw(sampler(LOMAX, 3.0, 0.5), first)[0] == pytest.approx(3.0 * 2.0**32.5, rel=1e-9)
    furthest = -float(ndtri(2.0**-65))
    assert normal(first[0]) == pytest.approx(furthest, rel=1e-13)
    assert normal(~first[0]) == pytest.approx(-furthest, rel=1e-13)
    assert draw(sampler(LOGNORMAL, 3.0, LOG2_E), first)[0] == pytest.approx(
        3.0 * math.exp(furthest), rel=1e-12
    )


FAMILIES: dict[str, tuple[Sampler, Callable[[float], Any]]] = {
    "pareto": (sampler(PARETO, 1.5, 1.0 / 1.2), lambda k: stats.pareto(1.2 * k, scale=1.5)),
    "lomax": (sampler(LOMAX, 2.0, 1.0 / 1.5), lambda k: stats.lomax(1.5 * k, scale=2.0)),
    "lognormal": (
        sampler(LOGNORMAL, 2.0, 0.8 * LOG2_E),
        lambda k: stats.lognorm(0.8 * k, scale=2.0),
    ),
    "spliced": (
        spliced(0.8, 0.3, 1.2)[0],
        lambda k: SimpleNamespace(cdf=spliced(0.8, 0.3, 1.2, k)[1]),
    ),
}


@pytest.mark.parametrize("family", FAMILIES)
def test_distribution(family: str) -> None:
    law, scipy_law = FAMILIES[family]
    x = draw(law, random_words(22, N))
    expect_distribution(x, scipy_law(1.0).cdf)
    rejects(expect_distribution, x, scipy_law(1.06).cdf)


@pytest.mark.parametrize("family", FAMILIES)
def test_multiples_fall_as_words_rise(family: str) -> None:
    """So that a scenario's luck moves all families the same way."""
    x = draw(FAMILIES[family][0], np.sort(WORDS))
    assert np.all(np.diff(x) <= 1e-14 * x[:-1])


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("cap", [1.6, 2.0, 100.0, 1e300])
def test_cap_clips_and_changes_nothing_below(family: str, cap: float) -> None:
    law = FAMILIES[family][0]
    np.testing.assert_array_equal(
        draw(law._replace(cap=cap), WORDS), np.minimum(draw(law, WORDS), cap)
    )


def test_a_value_does_not_depend_on_its_place() -> None:
    law = FAMILIES["lognormal"][0]
    whole = draw(law, WORDS[:1024])
    np.testing.assert_array_equal(draw(law, WORDS[:1024][::-1].copy())[::-1], whole)
    np.testing.assert_array_equal(draw(law, WORDS[64:128].copy()), whole[64:128])


def test_empirical_splits_the_words_evenly() -> None:
    """Of four values each has a quarter of the words, the largest the lowest quarter."""
    law = sampler(EMPIRICAL, values=np.array([9.0, 4.0, 1.0, 0.0]))
    quarters = np.arange(4, dtype=np.uint64) << np.uint64(62)
    np.testing.assert_array_equal(draw(law, quarters), [9.0, 4.0, 1.0, 0.0])
    just_before = quarters[1:] - np.uint64(2**12)
    np.testing.assert_array_equal(draw(law, just_before), [9.0, 4.0, 1.0])
    assert draw(law, ~quarters[:1])[0] == 0.0


@pytest.mark.parametrize("count", [1, 3, 7, 1000])
def test_empirical_picks_the_value_of_its_word(count: int) -> None:
    values = np.arange(count, 0.0, -1.0)
    words = random_words(23, 3000)
    places = [int(word) * count >> 64 for word in words]
    np.testing.assert_array_equal(draw(sampler(EMPIRICAL, values=values), words), values[places])
    extremes = draw(sampler(EMPIRICAL, values=values, cap=2.0), EXTREME_WORDS)
    assert extremes.max() <= 2.0
    assert extremes.min() == 1.0


def test_empirical_values_are_equally_likely() -> None:
    x = draw(sampler(EMPIRICAL, values=np.arange(6.0, -1.0, -1.0)), random_words(24, N))
    counts = np.bincount(x.astype(np.int64), minlength=7)
    assert stats.chisquare(counts).pvalue > 1e-6
    uneven = np.full(7, N / 7) * (1.0 + 0.05 * np.array([1, -1, 1, -1, 1, -1, 0]))
    assert stats.chisquare(counts, uneven).pvalue < 1e-6


def test_table_rows_are_pieces_of_octaves() -> None:
    for p, expected in ((0.5, 0), (0.25, PIECES), (2.0**-65, ROWS - PIECES)):
        row, place = table_row(p)
        assert (int(row), place) == (expected, 0.0)
    for value in (2.0 ** -np.random.default_rng(25).uniform(1.0, 65.0, 2000)).tolist():
        row, place = table_row(value)
        octave, piece = divmod(row - 1, PIECES)
        width = 2.0 ** -(octave + 2) / PIECES
        first = 2.0 ** -(octave + 1) - (piece + 1) * width
        assert 0 <= row < ROWS
        assert 0.0 <= place < 1.0
        assert first + place * width == pytest.approx(value, rel=1e-15)


def test_table_evaluates_the_polynomial_of_its_row() -> None:
    """On the upper half for low words, and on the lower half for high ones."""
    rng = np.random.default_rng(26)
    table = rng.uniform(1.0, 2.0, (2 * ROWS, 4))
    x = draw(sampler(TABLE, table=table, cap=7.0), WORDS)
    above, below = tail(WORDS)
    expected = []
    for up, down in zip(above.tolist(), below.tolist(), strict=True):
        row, place = table_row(min(up, down))
        half = table[row] if up < 0.5 else table[ROWS + row]
        expected.append(min(7.0, sum(c * place**k for k, c in enumerate(half.tolist()))))
    # Where the tail rounds to exactly one half, its side is the word's.
    clear = np.abs(above - 0.5) > 1e-15
    np.testing.assert_allclose(x[clear], np.array(expected)[clear], rtol=1e-13)
