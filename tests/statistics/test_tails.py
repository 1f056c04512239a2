"""Tail diagnostics against closed forms and published behaviour."""

from __future__ import annotations

import math
import re
from typing import Any

import numpy as np
import pytest
from scipy import stats

from gtmsim.errors import ArgumentError, ArgumentTypeError
from gtmsim.statistics import (
    convergence_rate,
    hill,
    kappa,
    max_to_sum,
    minimum_sample_size,
    pareto_k,
    pareto_tail,
    tail_diagnostics,
)
from tests.laws import expect_distribution, expect_proportion, rejects

# -- Hill ---------------------------------------------------------------------------------------


def test_hill_is_the_inverse_mean_logarithm() -> None:
    index = hill([0.0, 1.0, math.e, math.e**2, math.e**4], k=2)
    assert index.estimate == pytest.approx(1.0 / 2.0)
    assert (index.k, index.threshold) == (2, math.e)
    ends = [0.5 * stats.chi2(4).ppf(p) / 4.0 for p in (0.025, 0.975)]
    assert [index.interval.low, index.interval.high] == pytest.approx(ends)


def test_hill_is_a_gamma_variable_turned_over() -> None:
    rng, k, alpha = np.random.default_rng(1), 20, 0.7
    found = [k * alpha / hill(rng.pareto(alpha, 200) + 1.0, k=k).estimate for _ in range(2_000)]
    expect_distribution(found, stats.gamma(k).cdf)
    rejects(expect_distribution, found, stats.gamma(k, scale=1.1).cdf)


@pytest.mark.parametrize("alpha", [0.5, 1.5, 3.0])
def test_hill_holds_the_index_as_often_as_promised(alpha: float) -> None:
    rng, held, short = np.random.default_rng(2), 0, 0
    for _ in range(500):
        values = rng.pareto(alpha, 3_000) + 1.0
        index = hill(values)
        held += index.interval.low <= alpha <= index.interval.high
        # Hill's bias: a shift is no scale.
        shifted = hill(values + 2.0, k=300)
        short += shifted.interval.low <= alpha <= shifted.interval.high
    expect_proportion(held, 500, 0.95)
    if alpha > 1.0:
        rejects(expect_proportion, short, 500, 0.95)


def test_hill_takes_fewer_draws_where_they_are_no_pareto() -> None:
    rng = np.random.default_rng(3)
    assert hill(rng.pareto(1.5, 100_000) + 1.0).k == int(100_000 ** (2 / 3) / 2)
    assert hill(rng.pareto(4.0, 100_000) + 20.0).k < int(100_000 ** (2 / 3) / 2)
    assert hill(np.full(100, 2.0)).estimate == math.inf


# -- Pareto k -----------------------------------------------------------------------------------


@pytest.mark.parametrize("k", [0.25, 0.5, 0.9, 1.5])
def test_pareto_k_is_the_shape_of_a_generalised_pareto_law(k: float) -> None:
    rng = np.random.default_rng(4)
    found = [pareto_k(stats.genpareto(k).rvs(10_000, random_state=rng)) for _ in range(100)]
    # Drawn towards 1/2 by ten of 310 draws.
    assert np.mean(found) == pytest.approx((300 * k + 5.0) / 310, abs=0.04)
    assert np.std(found) < 1.3 * (1.0 + k) / math.sqrt(300)


def test_pareto_k_of_a_bounded_tail_is_below_zero() -> None:
    assert pareto_k(np.random.default_rng(5).random(100_000)) < -0.5


def test_pareto_k_counts_misses_as_draws() -> None:
    values = np.random.default_rng(6).pareto(1.5, 5_000) + 1.0
    misses = np.zeros(5_000)
    assert pareto_k(np.concatenate((values, misses))) == pytest.approx(2 / 3, abs=0.2)
    assert math.isnan(pareto_k([0.0] * 100 + [1.0, 2.0]))
    assert math.isnan(pareto_k([1.0]))


def test_sizes_and_rates_follow_the_published_formulas() -> None:
    assert minimum_sample_size(-1.0) == 10.0
    assert minimum_sample_size(0.7) == pytest.approx(10 ** (1 / 0.3))
    assert minimum_sample_size(1.0) == minimum_sample_size(2.0) == math.inf
    assert minimum_sample_size(0.999) == math.inf
    assert convergence_rate(-0.5, 100) == convergence_rate(0.0, 100) == 1.0
    assert convergence_rate(0.5, 10**9) == pytest.approx(1 - 1 / math.log(10**9))
    for near in (0.4999, 0.5001):
        assert convergence_rate(near, 1_000) == pytest.approx(
            convergence_rate(0.5, 1_000), abs=1e-3
        )
    assert convergence_rate(0.75, 10**12) == pytest.approx(0.5, abs=1e-3)
    assert convergence_rate(1.2, 1_000) == 0.0


# -- Generalised Pareto tails -------------------------------------------------------------------


def test_a_tail_is_scipys_by_maximum_likelihood() -> None:
    values = stats.genpareto(0.7, scale=2.0).rvs(2_000, random_state=7)
    tail = pareto_tail(values, k=500)
    shape, _, scale = stats.genpareto.fit(tail.excess, floc=0.0)
    assert tail.k == 500
    assert (tail.shape, tail.scale) == pytest.approx((shape, scale), rel=2e-3)
    assert tail.threshold == np.sort(values)[-501]


def test_the_posterior_of_a_shape_is_as_wide_as_the_estimate_varies() -> None:
    rng = np.random.default_rng(8)
    held = 0
    for _ in range(400):
        tail = pareto_tail(rng.pareto(1.25, 300), k=100)
        low, high = np.quantile(tail.posterior(1_000, rng)[0], [0.025, 0.975])
        held += low <= 0.8 <= high
    expect_proportion(held, 400, 0.95)
    shapes, scales = pareto_tail(rng.pareto(1.25, 50_000), k=10_000).posterior(2_000, rng)
    # The inverse of the information on (shape, log scale) that one excess holds.
    assert np.std(shapes) == pytest.approx(1.8 / 100.0, rel=0.1)
    assert np.std(np.log(scales)) == pytest.approx(math.sqrt(2.0 * 1.8) / 100.0, rel=0.1)


# -- Sums ruled by their largest ----------------------------------------------------------------


def test_the_largest_share_falls_only_where_the_moment_exists() -> None:
    rng = np.random.default_rng(9)
    assert max_to_sum([3.0, 1.0, 0.0]) == 0.75
    assert max_to_sum([3.0, 1.0], order=2) == pytest.approx(0.9)
    assert math.isnan(max_to_sum([0.0, 0.0]))
    assert max_to_sum([1e300, 1e300], order=2) == 0.5
    values = rng.pareto(1.5, 1_000_000) + 1.0
    assert max_to_sum(values) < 0.02 < 0.1 < max_to_sum(values, order=2)


def test_kappa_is_zero_for_a_normal_law_and_one_for_a_cauchy() -> None:
    rng = np.random.default_rng(10)
    assert kappa(rng.standard_normal(1_000_000)) == pytest.approx(0.0, abs=0.02)
    assert kappa(rng.standard_normal(1_000_000), n0=10, n=100) == pytest.approx(0.0, abs=0.05)
    # Stable laws: a sum of n grows like n**(1 / alpha).
    stable = stats.levy_stable(1.8, 0.0).rvs(400_000, random_state=rng)
    assert kappa(stable) == pytest.approx(2.0 - 1.8, abs=0.05)
    assert kappa(rng.standard_cauchy(1_000_000)) == pytest.approx(1.0, abs=0.25)


def test_kappa_by_hand() -> None:
    assert kappa([1.0, 1.0, -1.0, -1.0]) == pytest.approx(2.0 - math.log(2.0) / math.log(2.0))
    assert math.isnan(kappa([1.0, -1.0, 1.0, -1.0]))
    assert math.isnan(kappa([2.0, 2.0, 2.0, 2.0]))


def test_diagnostics_bundle_the_readings() -> None:
    values = np.random.default_rng(11).pareto(1.2, 5_000)
    values[:2_000] = 0.0
    found = tail_diagnostics(values)
    assert (found.n, found.positive) == (5_000, 3_000)
    assert found.tail_index == hill(values)
    assert found.pareto_k == pareto_k(values)
    assert found.minimum_sample_size == minimum_sample_size(found.pareto_k)
    assert found.largest_share == max_to_sum(values)
    assert found.largest_square_share == max_to_sum(values, order=2)
    assert found.kappa == kappa(values)
    few = tail_diagnostics([0.0, 0.0, 1.0, 2.0])
    assert few.tail_index is None
    assert math.isnan(few.pareto_k)
    assert math.isnan(few.minimum_sample_size)


# -- Errors -------------------------------------------------------------------------------------


@pytest.mark.parametrize("read", [hill, pareto_k, max_to_sum, tail_diagnostics])
@pytest.mark.parametrize("bad", [-1.0, math.inf, math.nan])
def test_amounts_are_finite_and_not_negative(read: Any, bad: float) -> None:
    message = f"values[1]: must be a finite number that is not negative, got {bad}"
    with pytest.raises(ArgumentError, match=f"^{re.escape(message)}$"):
        read([1.0, bad])


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (
            lambda: hill([1.0] * 10 + [0.0] * 5),
            ArgumentError,
            "values: must hold more than 10 positive values, got 10",
        ),
        (
            lambda: hill([1.0, 2.0], k=2),
            ArgumentError,
            "values: must hold more than 2 positive values, got 2 (take fewer of them as k)",
        ),
        (lambda: hill([1.0, 2.0], k=0), ArgumentError, "k: must be at least 1, got 0"),
        (lambda: hill([1.0, 2.0], k=0.5), ArgumentTypeError, "k: must be a whole number, got 0.5"),
        (
            lambda: pareto_tail([1.0, 2.0, 3.0], k=2),
            ArgumentError,
            "values: must hold at least 6 different positive values, got 3",
        ),
        (lambda: max_to_sum([1.0], order=0), ArgumentError, "order: must be above 0, got 0"),
        (lambda: kappa([1.0] * 8, n0=2, n=2), ArgumentError, "n: must be above n0 (2), got 2"),
        (lambda: kappa([1.0] * 3), ArgumentError, "values: must hold at least 4 draws, got 3"),
        (
            lambda: kappa([1.0, math.inf, 1.0, 1.0]),
            ArgumentError,
            "values[1]: must be finite, got inf",
        ),
        (lambda: minimum_sample_size(math.nan), ArgumentError, "k_hat: must be finite, got nan"),
        (lambda: convergence_rate(0.5, 1), ArgumentError, "n: must be at least 2, got 1"),
    ],
)
def test_what_is_wrong_is_said(call: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=f"^{re.escape(message)}$"):
        call()
