"""Tables of a plan's laws against scipy: hits, multiples, and the streams of names."""

from __future__ import annotations

import math
import warnings
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from scipy import stats

from gtmsim.core._types import Floats, Words
from gtmsim.core.samplers import sample
from gtmsim.distributions import (
    AnyMultiple,
    Empirical,
    LogNormal,
    Lomax,
    Pareto,
    ScipyDistribution,
)
from gtmsim.errors import ArgumentError
from gtmsim.sampling import TABLE_TOLERANCE, compile_hits, compile_multiple, stream_of
from tests.core.twins import EXTREME_WORDS, expect_binomial, random_words
from tests.laws import expect_distribution, rejects

# -- Streams ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "stream"),
    [
        ("paid social", 0x7842B158),
        ("sales", 0xC7ED6590),
        ("claim", 0x4A8B1FB0),
        ("", 0x25CF7112),
        ("Größe 大", 0xD2FCE9A3),
    ],
)
def test_streams_are_frozen(name: str, stream: int) -> None:
    """BLAKE2b of the name in UTF-8, 4 bytes, little-endian: a change breaks every saved seed."""
    assert int(stream_of(name)) == stream
    assert isinstance(stream_of(name), np.uint64)


def test_streams_of_many_names_differ_and_leave_the_plan_its_own() -> None:
    streams = {int(stream_of(f"channel {i}")) for i in range(2000)}
    assert len(streams) == 2000
    assert min(streams) > 0
    assert max(streams) < 2**32


# -- Hits ---------------------------------------------------------------------------------------


def exact_binomial(n: int, p: float) -> list[Fraction]:
    """P(N <= k) for k = 0 .. n, in whole numbers."""
    hit = Fraction(p)
    total, cdf = Fraction(0), []
    for k in range(n + 1):
        total += math.comb(n, k) * hit**k * (1 - hit) ** (n - k)
        cdf.append(total)
    return cdf


def plain_binomial(n: int, p: float, k: Floats) -> tuple[Floats, Floats]:
    """P(N <= k) and P(N > k) over a run of k, from the ratio of neighbouring probabilities.

    What lies outside the run is taken to be nothing; no special function is called.
    """
    ratio = np.log((n - k[:-1]) / (k[:-1] + 1.0)) + math.log(p) - math.log1p(-p)
    log_pmf = np.concatenate(([0.0], np.cumsum(ratio)))
    pmf = np.exp(log_pmf - log_pmf.max())
    pmf /= math.fsum(pmf.tolist())
    return np.cumsum(pmf), np.append(np.cumsum(pmf[:0:-1])[::-1], 0.0)


@pytest.mark.parametrize(
    ("n", "p"), [(1, 0.5), (1, 1e-3), (7, 0.3), (40, 0.05), (40, 0.95), (200, 0.5), (300, 1e-4)]
)
def test_hits_have_the_exact_law(n: int, p: float) -> None:
    """Each threshold is the cumulative probability of its outcome, in units of 2**-64."""
    base, thresholds = compile_hits(n, p)
    exact = exact_binomial(n, p)
    unit = Fraction(1, 2**64)
    for k, threshold in enumerate(thresholds.tolist(), start=base):
        allowed = 2 * unit + Fraction(1e-11) * min(exact[k], 1 - exact[k])
        assert abs(threshold * unit - exact[k]) <= allowed
    assert base == 0 or exact[base - 1] <= unit
    assert 1 - exact[min(base + thresholds.size, n)] <= unit


@pytest.mark.parametrize(
    ("n", "p"),
    [(1000, 0.01), (1000, 0.5), (10_000, 0.999), (10**6, 1e-6), (10**6, 0.013), (10**6, 0.5)],
)
def test_hits_of_many_campaigns_agree_with_scipy_into_both_tails(n: int, p: float) -> None:
    base, thresholds = compile_hits(n, p)
    k = base + np.arange(thresholds.size)
    below = thresholds.astype(np.float64) * 2.0**-64
    above = ((~thresholds).astype(np.float64) + 1.0) * 2.0**-64
    np.testing.assert_allclose(below, stats.binom.cdf(k, n, p), rtol=1e-8, atol=2.0**-64)
    np.testing.assert_allclose(above, stats.binom.sf(k, n, p), rtol=1e-8, atol=2.0**-64)
    assert stats.binom.cdf(base - 1, n, p) <= 2.0**-64
    assert stats.binom.sf(base + thresholds.size, n, p) <= 2.0**-64
    assert np.all(thresholds[1:] >= thresholds[:-1])
    with pytest.raises(AssertionError):
        np.testing.assert_allclose(below, stats.binom.cdf(k, n, p * 1.0001), rtol=1e-8, atol=1e-10)


@pytest.mark.parametrize(("n", "p"), [(10**6, 0.5), (2 * 10**6, 0.3), (10**7, 0.01), (10**7, 0.3)])
def test_hits_of_millions_of_campaigns_need_no_special_function(n: int, p: float) -> None:
    """Up to the largest program a plan may have, around the mean too, where most words fall."""
    base, thresholds = compile_hits(n, p)
    k = np.arange(base, base + thresholds.size, dtype=np.float64)
    below, _ = plain_binomial(n, p, np.append(k, k[-1] + 1.0))
    error = np.abs(thresholds.astype(np.float64) * 2.0**-64 - below[:-1])
    assert error.max() < 1e-9


def test_the_plain_binomial_law_is_scipys() -> None:
    k = np.arange(3_000_000 - 15_000, 3_000_000 + 15_000)
    below, above = plain_binomial(10**7, 0.3, k.astype(np.float64))
    np.testing.assert_allclose(below, stats.binom.cdf(k, 10**7, 0.3), atol=1e-11)
    np.testing.assert_allclose(above, stats.binom.sf(k, 10**7, 0.3), atol=1e-11)


@pytest.mark.parametrize("n", [1, 5, 64, 65, 1000, 10**7])
def test_a_hit_rate_of_one_hits_always(n: int) -> None:
    base, thresholds = compile_hits(n, 1.0)
    assert base == n
    assert thresholds.size == 0
    assert thresholds.dtype == np.uint64


@pytest.mark.parametrize(("n", "p"), [(3, 0.5), (1000, 0.02), (10**5, 0.4), (10**5, 1e-9)])
def test_no_word_gives_an_impossible_count(n: int, p: float) -> None:
    base, thresholds = compile_hits(n, p)
    hits = base + np.searchsorted(thresholds, EXTREME_WORDS, side="right")
    assert thresholds.dtype == np.uint64
    assert np.all((hits >= 0) & (hits <= n))
    assert np.all(np.diff(hits) >= 0)


@pytest.mark.parametrize(("n", "p"), [(10, 0.3), (1000, 0.02), (5000, 0.5)])
def test_words_become_binomial_counts(n: int, p: float) -> None:
    base, thresholds = compile_hits(n, p)
    words = random_words(80, 200_000)
    hits = np.uint64(base) + np.searchsorted(thresholds, words, side="right").astype(np.uint64)
    expect_binomial(hits, n, p)
    rejects(expect_binomial, hits, n, 1.03 * p)


# -- Multiples ----------------------------------------------------------------------------------

WORDS = np.concatenate(
    (
        EXTREME_WORDS,
        random_words(81, 5000),
        *(random_words(82 + k, 100) >> np.uint64(k) for k in range(64)),
        *(~(random_words(182 + k, 100) >> np.uint64(k)) for k in range(64)),
    )
)


def draw(multiple: AnyMultiple, words: Words = WORDS, cap: float | None = None) -> Floats:
    x = np.empty(words.size)
    sample(compile_multiple(multiple, cap), words, words.size, x)
    return x


def by_scipy(frozen: Any, words: Words = WORDS) -> Floats:
    """The quantiles of words, each from the tail it lies in."""
    above = (words.astype(np.float64) + 0.5) * 2.0**-64
    below = ((~words).astype(np.float64) + 0.5) * 2.0**-64
    lower = frozen.ppf(np.minimum(below, 0.5))
    return np.asarray(np.where(above < 0.5, frozen.isf(np.minimum(above, 0.5)), lower))


FAMILIES: dict[str, tuple[AnyMultiple, Any]] = {
    "pareto": (Pareto(tail_index=1.2, minimum=0.5), stats.pareto(1.2, scale=0.5)),
    "lognormal": (LogNormal(median=0.7, sigma=1.3), stats.lognorm(1.3, scale=0.7)),
}


@pytest.mark.parametrize("family", FAMILIES)
def test_families_are_scipys(family: str) -> None:
    multiple, frozen = FAMILIES[family]
    np.testing.assert_allclose(draw(multiple), by_scipy(frozen), rtol=1e-12)


def test_lomax_is_scipys() -> None:
    exact = by_scipy(stats.lomax(1.5, scale=2.68))
    error = np.abs(draw(Lomax(tail_index=1.5, scale=2.68)) - exact)
    assert np.all(error <= 1e-12 * (exact + 2.68))


def test_empirical_is_its_own_inverse() -> None:
    law = Empirical(values=(3.0, 0.0, 8.0, 1.0, 1.0))
    above = (WORDS.astype(np.float64) + 0.5) * 2.0**-64
    np.testing.assert_array_equal(draw(law), law.isf(above))
    assert set(draw(law, cap=2.0).tolist()) == {0.0, 1.0, 2.0}


TABULATED: dict[str, Any] = {
    "gamma": stats.gamma(2.5, scale=0.5),
    "gamma, steep at zero": stats.gamma(0.3),
    "weibull": stats.weibull_min(0.7),
    "burr12": stats.burr12(2.0, 0.8),
    "invgauss": stats.invgauss(1.3),
    "genpareto": stats.genpareto(0.5, loc=1.0, scale=2.0),
    "genpareto, bounded": stats.genpareto(-0.3),
    "fisk": stats.fisk(1.5),
    "uniform": stats.uniform(0.0, 2.0),
    "beta": stats.beta(2.0, 3.0),
    "loguniform": stats.loguniform(0.1, 10.0),
    "pareto, heaviest": stats.pareto(0.1),
}


@pytest.mark.parametrize("law", TABULATED)
def test_tables_keep_their_tolerance(law: str) -> None:
    """Relative to the value, or to a hundred-millionth of the median if that is more."""
    frozen = TABULATED[law]
    x, exact = draw(ScipyDistribution.from_frozen(frozen)), by_scipy(frozen)
    scale = np.maximum(exact, TABLE_TOLERANCE * frozen.median())
    assert np.all(np.abs(x - exact) <= TABLE_TOLERANCE * scale)
    low, high = frozen.support()
    assert np.all((x >= low) & (x <= high * (1.0 + 1e-12)))


@pytest.mark.parametrize("law", sorted(TABULATED.keys() - {"pareto, heaviest"}))
def test_tables_are_much_better_than_their_tolerance(law: str) -> None:
    """All but the heaviest tail, where the quantile is the tenth power of a uniform's inverse."""
    frozen = TABULATED[law]
    x, exact = draw(ScipyDistribution.from_frozen(frozen)), by_scipy(frozen)
    assert np.all(np.abs(x - exact) <= 1e-11 * np.maximum(exact, 1e-3 * frozen.median()))


@pytest.mark.parametrize("law", ["gamma", "burr12", "invgauss"])
def test_distribution_of_a_table(law: str) -> None:
    frozen = TABULATED[law]
    x = draw(ScipyDistribution.from_frozen(frozen), random_words(90, 100_000))
    expect_distribution(x, frozen.cdf)
    rejects(expect_distribution, 1.03 * x, frozen.cdf)


def test_a_table_reaches_the_quantile_of_two_to_the_minus_65() -> None:
    ends = np.array([0, 2**64 - 1], dtype=np.uint64)
    for frozen in (stats.burr12(2.0, 0.8), stats.weibull_min(0.7)):
        x = draw(ScipyDistribution.from_frozen(frozen), ends)
        np.testing.assert_allclose(x, [frozen.isf(2.0**-65), frozen.ppf(2.0**-65)], rtol=1e-11)


@pytest.mark.parametrize("law", TABULATED)
@pytest.mark.parametrize("cap", [0.9, 4.0, 1e3])
def test_cap_clips_a_table_and_changes_nothing_below(law: str, cap: float) -> None:
    """A cap is a step in the quantile function that no polynomial follows: it is not fitted."""
    multiple = ScipyDistribution.from_frozen(TABULATED[law])
    x = draw(multiple, cap=cap)
    np.testing.assert_allclose(x, np.minimum(draw(multiple), cap), rtol=2.0 * TABLE_TOLERANCE)
    assert x.max() <= cap


def test_equal_laws_share_their_table() -> None:
    one = compile_multiple(ScipyDistribution.from_frozen(stats.gamma(2.0, scale=3.0)))
    other = compile_multiple(ScipyDistribution.from_frozen(stats.gamma(2.0, scale=3.0)))
    assert one.table is other.table


def test_an_equal_empirical_law_may_be_compiled_after_another() -> None:
    """Also where both have been asked for quantiles, as a plan's bars ask for them."""
    samplers = []
    for _ in range(2):
        law = Empirical(values=(3.0, 1.0))
        assert law.isf(0.25) == 3.0
        samplers.append(compile_multiple(law))
    np.testing.assert_array_equal(samplers[0].values, samplers[1].values)


def test_where_scipy_gives_up_the_table_is_still_exact() -> None:
    """Next to zero scipy does not find the roots of this law, warns, and a table has no use for it.

    Where warnings are errors, as here, the warning would come as SystemError.
    """
    law = stats.beta(1.027277489820117, 0.8613989106661892)
    filters, above = list(warnings.filters), np.linspace(1e-3, 1.0 - 1e-3, 999)
    x = draw(ScipyDistribution.from_frozen(law), (above * 2.0**64).astype(np.uint64))
    assert warnings.filters == filters
    np.testing.assert_allclose(law.sf(x), above, rtol=1e-6)


def test_a_law_with_a_kink_is_refused() -> None:
    kinked = ScipyDistribution.from_frozen(stats.triang(0.3))
    message = (
        r"^multiple: must have a quantile function that a table reproduces within 1e-08 "
        r"\(its lower half is off by 5\.6e-07\), got ScipyDistribution\(.*'triang'.*\) "
        r"\(use Empirical for a law with steps, or set a cap where the tail is not known\)$"
    )
    with pytest.raises(ArgumentError, match=message):
        compile_multiple(kinked)
