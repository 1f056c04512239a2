"""The fitted tail: closed forms, the luck in it, coverage, its words and its errors."""

from __future__ import annotations

import math
import re
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from gtmsim.errors import ArgumentError, ArgumentTypeError
from gtmsim.fit.tails import TailFit, fit_tail
from gtmsim.statistics import hill
from tests.laws import expect_distribution, expect_proportion, rejects

Floats = npt.NDArray[np.float64]


def pareto(n: int, seed: int, alpha: float = 1.5) -> Floats:
    return np.random.default_rng(seed).pareto(alpha, n) + 1.0


def spliced(n: int, seed: int, alpha: float = 1.5) -> Floats:
    """A body below 1, and three in ten values of a power law above."""
    rng = np.random.default_rng(seed)
    return np.where(rng.random(n) < 0.3, rng.pareto(alpha, n) + 1.0, rng.beta(2.0, 2.0, n))


def same(a: TailFit, b: TailFit) -> None:
    assert a == b
    assert a.comparisons.equals(b.comparisons)


# -- Closed forms ---------------------------------------------------------------------------------


def test_with_a_given_minimum_it_is_hill() -> None:
    x = pareto(500, 1)
    fit = fit_tail(x, minimum=1.0, level=0.95, repetitions=0)
    known = hill(np.append(x, 1.0), k=500, level=0.95)
    assert fit.tail_index == pytest.approx(known.estimate, rel=1e-12)
    assert (fit.interval.low, fit.interval.high) == pytest.approx(
        (known.interval.low, known.interval.high), rel=1e-12
    )
    assert fit.standard_error == fit.tail_index / math.sqrt(500.0)
    assert (fit.minimum, fit.tail_size, fit.size) == (1.0, 500, 500)


def test_at_the_minimum_found_it_is_the_mean_logarithm() -> None:
    x = spliced(800, 2)
    fit = fit_tail(x, repetitions=0)
    tail = x[x >= fit.minimum]
    assert fit.tail_size == tail.size
    assert fit.tail_index == pytest.approx(1.0 / np.log(tail / fit.minimum).mean(), rel=1e-12)
    given_it = fit_tail(x, repetitions=0, minimum=fit.minimum)
    assert given_it.tail_index == pytest.approx(fit.tail_index, rel=1e-12)
    assert given_it.distance == pytest.approx(fit.distance, rel=1e-12)


def test_zeros_are_counted_and_left_out() -> None:
    x = pareto(300, 3)
    fit, without = fit_tail(np.append(x, np.zeros(40)), rng=1), fit_tail(x, rng=1)
    assert (fit.zeros, fit.size, without.zeros) == (40, 340, 0)
    assert (fit.interval, fit.goodness) == (without.interval, without.goodness)


def test_whole_numbers_are_discrete_unless_said_otherwise() -> None:
    x = np.random.default_rng(4).zipf(2.5, 500)
    assert fit_tail(x, repetitions=0).discrete
    assert not fit_tail(x, discrete=False, repetitions=0).discrete
    assert not fit_tail(x + 0.5, repetitions=0).discrete
    assert not fit_tail(x * 2.0**54, repetitions=0).discrete


def test_survival() -> None:
    fit = fit_tail(pareto(300, 5), minimum=1.0, repetitions=0)
    assert fit.sf([0.5, 1.0, 2.0, math.inf]) == pytest.approx(
        [1.0, 1.0, 2.0**-fit.tail_index, 0.0], rel=1e-12
    )
    assert fit.sf(2.0).shape == ()
    counts = np.random.default_rng(4).zipf(2.5, 500)
    whole = fit_tail(counts, minimum=2, repetitions=0)
    law = stats.zipf(1.0 + whole.tail_index)
    expected = law.sf([2.0, 2.0, 3.0, 9.0]) / law.sf(1)
    found = whole.sf([[0.0, 1.9], [2.0, 2.9], [3.0, 9.0]])
    assert found.ravel() == pytest.approx([1.0, 1.0, *expected], rel=1e-9)
    assert whole.sf(math.inf) == 0.0


# -- Invariance -----------------------------------------------------------------------------------


@pytest.mark.parametrize("discrete", [False, True])
def test_workers_never_change_a_bit(discrete: bool) -> None:
    x = spliced(400, 6)
    x = np.ceil(20.0 * x) if discrete else x
    one, two, three = (fit_tail(x, rng=7, workers=w, repetitions=130) for w in (1, 2, 3))
    same(one, two)
    same(one, three)
    assert one.seed == 7
    assert fit_tail(x, rng=8, repetitions=130).interval != one.interval


def test_the_seed_replays_what_no_seed_gave() -> None:
    x = pareto(100, 7)
    first = fit_tail(x, repetitions=100)
    same(first, fit_tail(x, repetitions=100, rng=first.seed))


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32), st.floats(0.3, 5.0), st.floats(-80.0, 80.0), st.randoms())
def test_neither_unit_nor_order_matter(seed: int, alpha: float, scale: float, order: Any) -> None:
    x = pareto(60, seed, alpha).tolist()
    shuffled = list(x)
    order.shuffle(shuffled)
    one = fit_tail(x, rng=1, repetitions=0, discrete=False)
    same(one, fit_tail(shuffled, rng=1, repetitions=0, discrete=False))
    unit = 10.0**scale
    other = fit_tail(np.array(x) * unit, rng=1, repetitions=0, discrete=False)
    assert other.distance == pytest.approx(one.distance, rel=1e-9)
    assert other.minimum == pytest.approx(one.minimum * unit, rel=1e-12)
    assert other.tail_index == pytest.approx(one.tail_index, rel=1e-9)
    assert other.comparisons.log_likelihood_ratio.to_numpy() == pytest.approx(
        one.comparisons.log_likelihood_ratio.to_numpy(), rel=1e-5, abs=1e-5
    )


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.one_of(st.integers(0, 50), st.floats(1e-6, 1e6), st.just(0.0)), min_size=20, max_size=80
    ).filter(lambda x: len({v for v in x if v > 0.0}) >= 10)
)
def test_every_fit_is_whole(values: list[float]) -> None:
    fit = fit_tail(values, rng=1, repetitions=100)
    positive = np.array([v for v in values if v > 0.0])
    assert fit.tail_size == np.count_nonzero(positive >= fit.minimum)
    assert fit.minimum in positive
    assert fit.zeros == len(values) - positive.size
    assert 0.0 < fit.interval.low <= fit.tail_index <= fit.interval.high < math.inf
    assert 0.0 <= fit.goodness.low <= fit.p_value <= fit.goodness.high <= 1.0
    assert 0.0 < fit.distance < 1.0
    assert fit.comparisons.p.between(0.0, 1.0).all()
    assert np.isfinite(fit.comparisons.log_likelihood_ratio).all()
    assert fit.explain()


# -- Statistics -----------------------------------------------------------------------------------


def covered(fits: list[TailFit], alpha: float) -> int:
    return sum(fit.interval.low <= alpha <= fit.interval.high for fit in fits)


def test_the_interval_covers_when_the_minimum_is_known() -> None:
    fits = [fit_tail(pareto(50, seed), minimum=1.0, repetitions=0) for seed in range(250)]
    # Exact: whatever is in the tail, Hill's estimate is a gamma variable.
    expect_proportion(covered(fits, 1.5), 250, 0.9)
    rejects(expect_proportion, covered(fits, 1.9), 250, 0.9)
    counts = [
        fit_tail(np.random.default_rng(seed).zipf(2.5, 1_000), minimum=1, repetitions=0)
        for seed in range(60)
    ]
    expect_proportion(covered(counts, 1.5), 60, 0.9)
    rejects(expect_proportion, covered(counts, 1.9), 60, 0.9)


def test_repetitions_count_the_choice_of_the_minimum() -> None:
    n = 120
    histories = [spliced(300, seed) for seed in range(n)]
    without = [fit_tail(x, repetitions=0) for x in histories]
    searched = [fit_tail(x, rng=1, repetitions=100) for x in histories]
    assert searched[0].interval.method == "bootstrap"
    expect_proportion(covered(searched, 1.5), n, 0.93)
    assert covered(without, 1.5) < covered(searched, 1.5)
    rejects(expect_proportion, covered(searched, 2.4), n, 0.93)


def test_p_is_uniform_under_a_power_law_and_small_under_others() -> None:
    # With the minimum known p is uniform up to steps of 1 in 200.
    p = [
        fit_tail(pareto(80, seed), minimum=1.0, rng=seed, repetitions=200).p_value
        for seed in range(120)
    ]
    spread = np.random.default_rng(1).random(120) / 200.0
    expect_distribution(np.array(p) + spread, stats.uniform(0.0, 1.0 + 1.0 / 200.0).cdf)
    rejects(expect_distribution, np.array(p) ** 4, stats.uniform().cdf)
    rng = np.random.default_rng(2)
    for values in (rng.lognormal(0.0, 0.5, 3_000) + 0.0, rng.exponential(1.0, 3_000) + 1.0):
        fit = fit_tail(values, minimum=1.0, rng=3, repetitions=200)
        assert fit.p_value == 0.0
        assert fit.goodness.high < 0.1
        assert "The power law is ruled out" in fit.explain()


def test_p_of_counts_and_of_a_searched_minimum() -> None:
    rng = np.random.default_rng(5)
    assert fit_tail(rng.zipf(2.5, 2_000), rng=1, repetitions=200).p_value > 0.01
    assert fit_tail(spliced(2_000, 1), rng=1, repetitions=200).p_value > 0.01
    poisson = fit_tail(1 + rng.poisson(20.0, 3_000), minimum=20, rng=1, repetitions=200)
    assert poisson.p_value == 0.0


# -- Words ----------------------------------------------------------------------------------------


def test_the_words_follow_the_numbers() -> None:
    few = fit_tail(np.append(pareto(40, 1), 0.0), minimum=1.0, repetitions=0)
    text = few.explain()
    assert str(few) == text
    assert "the largest 40 of 40 positive values" in text
    assert "1 miss is left out." in text
    error = f"{few.standard_error:.2f}"
    assert (
        f"too few to rely on: with 40 values in the tail, fewer than 50, the tail index has a "
        f"standard error of {error}" in text
    )
    assert "was not tested" in text
    assert "cannot distinguish" in text
    many = fit_tail(np.append(pareto(4_000, 1), [0.0, 0.0]), rng=1, repetitions=100)
    assert "2 misses are left out." in many.explain()
    assert "too few" not in many.explain()
    assert "Nothing in the shape of the tail speaks against a power law" in many.explain()
    assert "Exponential: the power law is likelier" in many.explain()


@pytest.mark.parametrize(
    ("alpha", "n", "said"),
    [
        (0.5, 4_000, "neither mean nor variance exists"),
        (1.0, 2_000, "the mean may not exist, and the variance does not exist"),
        (1.5, 4_000, "the mean exists and the variance does not"),
        (2.0, 2_000, "the mean exists and the variance may or may not"),
        (3.0, 4_000, "mean and variance exist"),
        (1.3, 10, "the mean may not exist, and the variance may not either"),
    ],
)
def test_what_exists_is_read_from_the_interval(alpha: float, n: int, said: str) -> None:
    # Quantiles instead of draws, so that the estimate is near the truth.
    x = (1.0 - (np.arange(n) + 0.5) / n) ** (-1.0 / alpha)
    assert f"by this interval {said}." in fit_tail(x, minimum=1.0, repetitions=0).explain()


def test_the_summary_and_the_repr() -> None:
    fit = fit_tail(pareto(200, 1), rng=5, repetitions=100)
    summary = fit.summary()
    assert list(summary.columns) == ["estimate", "low", "high"]
    assert summary.loc["tail_index"].tolist() == [
        fit.tail_index,
        fit.interval.low,
        fit.interval.high,
    ]
    assert summary.loc["p_value"].tolist() == [fit.p_value, fit.goodness.low, fit.goodness.high]
    singles = {
        "minimum": fit.minimum,
        "tail_size": fit.tail_size,
        "size": fit.size,
        "zeros": fit.zeros,
        "distance": fit.distance,
    }
    assert summary.loc[list(singles), "estimate"].to_dict() == singles
    assert summary.loc[list(singles), ["low", "high"]].isna().all().all()
    assert " ".join(repr(fit).split()) == f"{' '.join(fit.explain().split())} seed 5"
    untested = fit_tail(pareto(200, 1), repetitions=0)
    assert math.isnan(untested.p_value)
    assert untested.goodness.method == "none"


# -- Errors ---------------------------------------------------------------------------------------

GOOD = np.arange(1.0, 21.0)


@pytest.mark.parametrize(
    ("values", "options", "error", "message"),
    [
        (
            [1.0, -2.0],
            {},
            ArgumentError,
            "values[1]: must be a finite number that is not negative, got -2.0",
        ),
        (
            [1.0, math.nan],
            {},
            ArgumentError,
            "values[1]: must be a finite number that is not negative, got nan",
        ),
        (
            [math.inf],
            {},
            ArgumentError,
            "values[0]: must be a finite number that is not negative, got inf",
        ),
        ([], {}, ArgumentError, "values: must hold at least one value, got []"),
        ("abc", {}, ArgumentTypeError, "values: must be a sequence of numbers, got 'abc'"),
        (
            [0.0] * 20,
            {},
            ArgumentError,
            "values: must hold at least 10 different positive values, got 0",
        ),
        (
            [3.0] * 20,
            {},
            ArgumentError,
            "values: must hold at least 10 different positive values, got 1",
        ),
        (
            GOOD[:9],
            {},
            ArgumentError,
            "values: must hold at least 10 different positive values, got 9",
        ),
        (
            [1e-150, *GOOD[:-1], 1e100],
            {},
            ArgumentError,
            "values: must lie within a factor of 1e+200 of each other, zeros apart, "
            "got '1e-150 to 1e+100'",
        ),
        (GOOD, {"discrete": 1}, ArgumentTypeError, "discrete: must be True, False or None, got 1"),
        (
            GOOD + 0.5,
            {"discrete": True},
            ArgumentError,
            "values[0]: must be a whole number up to 2**53, got 1.5 (pass discrete=False)",
        ),
        (
            GOOD * 2.0**50,
            {"discrete": True},
            ArgumentError,
            "values[8]: must be a whole number up to 2**53, got 1.0133099161583616e+16 "
            "(pass discrete=False)",
        ),
        (GOOD, {"minimum": 0.0}, ArgumentError, "minimum: must be above 0, got 0.0"),
        (GOOD, {"minimum": 1e-250}, ArgumentError, "minimum: must be at least 2e-199, got 1e-250"),
        (GOOD, {"minimum": "1"}, ArgumentTypeError, "minimum: must be a number, got '1'"),
        (
            GOOD,
            {"minimum": 1.5},
            ArgumentError,
            "minimum: must be a whole number, as the values are, got 1.5",
        ),
        (
            GOOD,
            {"minimum": 19},
            ArgumentError,
            "minimum: must leave at least 3 different values from there on, got 19",
        ),
        (GOOD, {"repetitions": -1}, ArgumentError, "repetitions: must be at least 0, got -1"),
        (
            GOOD,
            {"repetitions": 99},
            ArgumentError,
            "repetitions: must be 0 or at least 100, got 99",
        ),
        (
            GOOD,
            {"repetitions": 0.5},
            ArgumentTypeError,
            "repetitions: must be a whole number, got 0.5",
        ),
        (GOOD, {"level": 1.0}, ArgumentError, "level: must be above 0 and below 1, got 1.0"),
        (
            GOOD,
            {"workers": 0},
            ArgumentError,
            "workers: must be at least 1 and at most 100000, got 0",
        ),
        (GOOD, {"rng": -1}, ArgumentError, "rng: must be at least 0, got -1"),
    ],
)
def test_what_is_wrong_is_said(
    values: Any, options: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=f"^{re.escape(message)}$"):
        fit_tail(values, **options)


def test_survival_of_nan_is_refused() -> None:
    fit = fit_tail(GOOD, repetitions=0)
    with pytest.raises(ArgumentError, match=r"^x\[1\]: must not be NaN, got nan$"):
        fit.sf([1.0, math.nan])
