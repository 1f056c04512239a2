"""What lies above a level on average, against integrals of the survival function."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from gtmsim.distributions import (
    Empirical,
    LogNormal,
    Lomax,
    Multiple,
    Pareto,
    ScipyDistribution,
)
from gtmsim.errors import ArgumentError, ArgumentTypeError, MetricError

LAWS: tuple[Multiple, ...] = (
    Pareto(tail_index=0.5),
    Pareto(tail_index=1.0, minimum=0.3),
    Pareto(tail_index=1.5, minimum=2.0),
    Lomax(tail_index=0.1, scale=1.0),
    Lomax(tail_index=1.0, scale=2.0),
    Lomax(tail_index=1e4, scale=1e4),
    LogNormal(median=1.44, sigma=1.0),
    LogNormal(median=1e-3, sigma=0.1),
    LogNormal(median=2.0, sigma=3.0),
    Empirical(values=(0.0, 0.0, 0.5, 1.0, 1.0, 2.0, 40.0)),
    ScipyDistribution.from_frozen(stats.gamma(0.5, scale=2.0)),
    ScipyDistribution.from_frozen(stats.genpareto(0.7)),
    ScipyDistribution.from_frozen(stats.uniform(1.0, 2.0)),
)
NODES, WEIGHTS = np.polynomial.legendre.leggauss(40)


def integral_of_sf(law: Multiple, low: float, high: float) -> float:
    """Gauss and Legendre on pieces of a logarithmic axis that begin at every kink."""
    kinks = [*getattr(law, "values", ()), getattr(law, "minimum", low), 1.0, 3.0]
    edges = np.geomspace(max(low, 1e-12), high, 800)
    edges = np.unique(np.concatenate(([low, high], edges, kinks)))
    edges = edges[(edges >= low) & (edges <= high)]
    middle, half = 0.5 * (edges[1:] + edges[:-1]), 0.5 * np.diff(edges)
    points = middle + half * NODES[:, None]
    return float(np.sum(WEIGHTS[:, None] * half * law.sf(points)))


@pytest.mark.parametrize("law", LAWS, ids=str)
@pytest.mark.parametrize("cap", [1.3, 50.0, 1e6])
def test_below_a_cap(law: Multiple, cap: float) -> None:
    points = np.array([0.0, 1e-3, 0.9, 1.29, 10.0, 49.9, 1e4])
    points = points[points < cap]
    found = law.stop_loss(points, cap)
    truth = [integral_of_sf(law, x, cap) for x in points.tolist()]
    np.testing.assert_allclose(found, truth, rtol=1e-9, atol=1e-250)
    assert law.stop_loss(0.0, cap) == pytest.approx(law.mean(cap), rel=1e-8)
    assert law.stop_loss(-2.0, cap) == pytest.approx(law.mean(cap) + 2.0, rel=1e-8)
    assert law.stop_loss([cap, 2.0 * cap], cap).tolist() == [0.0, 0.0]


@pytest.mark.parametrize("law", LAWS, ids=str)
def test_without_a_cap(law: Multiple) -> None:
    if law.tail_index <= 1.0:  # type: ignore[attr-defined]
        assert law.stop_loss(5.0) == math.inf
        return
    for x in (0.0, 0.7, 6.0):
        far = integral_of_sf(law, x, 1e4) + law.stop_loss(1e4)
        assert law.stop_loss(x) == pytest.approx(far, rel=1e-9)
    assert law.stop_loss(0.0) == pytest.approx(law.mean(), rel=1e-8)


def test_closed_forms() -> None:
    assert Pareto(tail_index=3.0).stop_loss(10.0) == pytest.approx(0.005, rel=1e-14)
    assert Lomax(tail_index=3.0, scale=1.0).stop_loss(9.0) == pytest.approx(0.005, rel=1e-14)
    assert Pareto(tail_index=1.5).stop_loss(1e200) == pytest.approx(2e-100, rel=1e-12)
    assert ScipyDistribution(name="expon").stop_loss(30.0) == pytest.approx(
        math.exp(-30.0), rel=1e-9
    )
    assert np.shape(Pareto(tail_index=3.0).stop_loss([[1.0, 2.0]])) == (1, 2)


def test_a_law_that_scipy_does_not_know_is_refused() -> None:
    law = ScipyDistribution(name="fisk", args=(1.2,))
    with pytest.raises(MetricError, match="must have a survival function that is precise"):
        law.stop_loss(3.0)
    truth = law.mean(1e5) - integral_of_sf(law, 0.0, 3.0)
    assert law.stop_loss(3.0, 1e5) == pytest.approx(truth, rel=1e-7)


def test_how_far_a_law_is_precise() -> None:
    fisk, gamma = ScipyDistribution(name="fisk", args=(1.2,)), ScipyDistribution(name="expon")
    assert fisk.is_precise(1e-6)
    assert not fisk.is_precise(1e-20)
    assert fisk.is_precise(1e-20, cap=1e4)
    assert gamma.is_precise(1e-200)
    with pytest.raises(ArgumentError, match="q: must be"):
        gamma.is_precise(0.5)


def test_arguments() -> None:
    law = Pareto(tail_index=2.0)
    with pytest.raises(ArgumentTypeError, match="x: must be a number"):
        law.stop_loss("three")
    with pytest.raises(ArgumentError, match="x: must not be NaN"):
        law.stop_loss(math.nan)
    with pytest.raises(ArgumentError, match="cap: must be above 0"):
        law.stop_loss(1.0, 0.0)
