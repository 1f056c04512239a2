"""The mean share of the top against quadrature, for campaigns by the hundred million.

With T the value of the top and S that of all, E[T / S] is the integral of E[T exp(-t S)] over
t > 0.
Given the survival probability q of the last of the top, the better ones are independent below it
and the others above it, so the expectation is a product of incomplete gamma functions; q has a beta
law. Nothing is sampled.
"""

from __future__ import annotations

import numpy as np
import pytest
from scipy import special, stats

from gtmsim.claim.probability import sample_totals
from gtmsim.core._types import Floats
from gtmsim.distributions import Pareto
from gtmsim.execute import Crew
from tests.laws import rejects


def upper_gamma(a: float, z: Floats) -> Floats:
    """The upper incomplete gamma function, for negative a by recurrence."""
    if a > 0.0:
        return np.asarray(special.gammaincc(a, z) * special.gamma(a))
    return (upper_gamma(a + 1.0, z) - z**a * np.exp(-z)) / a


def exact_mean_share(alpha: float, n: int) -> float:
    """Mean share of the best n / 100 of n draws from a Pareto of minimum 1."""
    k = n // 100
    law = stats.beta(k, n - k + 1)
    low, high = law.ppf([1e-18, 1.0 - 1e-16])
    x, w = np.polynomial.legendre.leggauss(400)
    q = 0.5 * (high - low) * x + 0.5 * (high + low)
    q_weights = 0.5 * (high - low) * w * law.pdf(q)
    x, w = np.polynomial.legendre.leggauss(1200)
    low, high = np.log(1e-14 / n), np.log(6e3 / n ** (1.0 / alpha))
    t = np.exp(0.5 * (high - low) * x + 0.5 * (low + high))
    t_weights = 0.5 * (high - low) * w * t
    cut, t, q = q ** (-1.0 / alpha), t[:, None], q[None, :]
    tail = alpha * t**alpha * upper_gamma(-alpha, t * cut)
    first = alpha * t ** (alpha - 1.0) * upper_gamma(1.0 - alpha, t * cut)
    whole = alpha * t**alpha * upper_gamma(-alpha, t)
    better, last = tail / q, np.exp(-t * cut)
    top = cut * last * better ** (k - 1)
    if k > 1:
        top += (k - 1) * (first / q) * better ** (k - 2) * last
    others = ((whole - tail) / (1.0 - q)) ** (n - k)
    return float(t_weights @ (top * others) @ q_weights)


def test_the_study_states_the_exact_means() -> None:
    study = pytest.importorskip("benchmarks.study", reason="benchmarks/ is not beside the tests")
    assert list(study.EXACT) == [10**k for k in range(3, 9)]
    for n, stated in study.EXACT.items():
        exact = exact_mean_share(study.ALPHA, n)
        assert exact == pytest.approx(stated, abs=6e-7)
        assert exact < Pareto(tail_index=study.ALPHA).top_share(study.SHARE)


def expect_mean(shares: Floats, exact: float) -> None:
    error = shares.std() / np.sqrt(shares.size)
    assert abs(shares.mean() - exact) < 4.0 * error


@pytest.mark.parametrize(("n", "sets"), [(100, 100_000), (1_000, 30_000), (10_000, 6_000)])
@pytest.mark.parametrize("alpha", [0.6, 1.1, 1.7])
def test_the_mean_share_is_exact(alpha: float, n: int, sets: int) -> None:
    total, top = sample_totals(Pareto(tail_index=alpha), n, 1.0, 0.01, None, sets, 3, Crew(2))
    expect_mean(top / total, exact_mean_share(alpha, n))
    rejects(expect_mean, top / total, exact_mean_share(alpha * 1.05, n))
