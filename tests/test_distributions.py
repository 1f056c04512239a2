"""Multiples: survival functions, moments, shares and scales, against quadrature and published ones.

The reference integrates the survival function, or its inverse, numerically and knows no moment.
"""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from scipy.integrate import quad

from gtmsim.distributions import (
    Empirical,
    LogNormal,
    Lomax,
    Multiple,
    Pareto,
    ScipyDistribution,
    Spliced,
)
from gtmsim.errors import ArgumentError, ArgumentTypeError
from tests.strategies import spliced

VALUES = (0.0, 0.0, 0.5, 1.0, 1.0, 2.0, 40.0)
LAWS: tuple[Any, ...] = (
    Pareto(tail_index=0.5),
    Pareto(tail_index=1.0, minimum=0.3),
    Pareto(tail_index=1.0 + 1e-12),
    Pareto(tail_index=1.5, minimum=2.0),
    Pareto(tail_index=2.0),
    Pareto(tail_index=40.0, minimum=3.0),
    Lomax(tail_index=0.1, scale=1.0),
    Lomax(tail_index=1.0, scale=2.0),
    Lomax(tail_index=1.5, scale=2.68),
    Lomax(tail_index=2.0 - 1e-12, scale=2.0),
    Lomax(tail_index=3.5, scale=0.2),
    Lomax(tail_index=1e4, scale=1e4),
    LogNormal(median=1.44, sigma=1.0),
    LogNormal(median=1e-3, sigma=0.1),
    LogNormal(median=2.0, sigma=3.0),
    Spliced(median=1.0, sigma=1.0, threshold=4.0, tail_index=1.5),
    Spliced(median=2.0, sigma=0.3, threshold=1.5, tail_index=1.0),
    Spliced(median=0.1, sigma=3.0, threshold=60.0, tail_index=2.0),
    Spliced(median=1.0, sigma=0.8, threshold=30.0, tail_index=0.1),
    ScipyDistribution.from_frozen(stats.gamma(0.5, scale=2.0)),
    ScipyDistribution.from_frozen(stats.burr12(2.0, 0.9)),
)
BOUNDED = Empirical(values=VALUES)


def integral_of_sf(law: Multiple, order: int, cap: float) -> float:
    """E[min(X, cap)**order] by Gauss-Legendre on pieces of a logarithmic axis."""
    nodes, weights = np.polynomial.legendre.leggauss(40)
    edges = [0.0, *np.geomspace(1e-14, 1.0, 57) * cap]
    kink = getattr(law, "minimum", getattr(law, "threshold", cap))
    edges = sorted({*edges, min(kink, cap)})
    total = 0.0
    for low, high in pairwise(edges):
        x = low + (high - low) * 0.5 * (nodes + 1.0)
        total += 0.5 * (high - low) * float(weights @ (order * x ** (order - 1) * law.sf(x)))
    return total


@pytest.mark.parametrize("cap", [0.2, 5.0, 300.0, 1e6])
@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize("law", LAWS, ids=str)
def test_capped_moments_are_integrals(law: Multiple, order: int, cap: float) -> None:
    expected = integral_of_sf(law, order, cap)
    assert law.upper_moment(1.0, order, cap) == pytest.approx(expected, rel=1e-8)
    # Negative control: the other order, or a cap 1 % larger where it binds, is told apart.
    if law.sf(cap) > 1e-4:
        assert law.upper_moment(1.0, order, 1.01 * cap) != pytest.approx(expected, rel=1e-8)


@pytest.mark.parametrize("cap", [5.0, 300.0])
@pytest.mark.parametrize("p", [1e-12, 1e-3, 0.2, 0.9])
@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize("law", LAWS, ids=str)
def test_upper_moments_are_integrals(law: Multiple, order: int, p: float, cap: float) -> None:
    # q = p exp(-t); the weight beyond t = 60 is at most that of the cap itself.
    bend = math.log(p / max(min(law.sf(cap), p), p * math.exp(-60.0)))
    kink = math.log(p / getattr(law, "tail_share", p))
    edges = [0.0, *(t for t in sorted((kink, 1.0, 5.0, 20.0)) if 0.0 < t < bend), bend]

    def integrand(t: float) -> float:
        q = p * math.exp(-t)
        return float(q * law.isf(q, cap) ** order)

    pieces = (quad(integrand, a, b, epsabs=0.0, epsrel=1e-11)[0] for a, b in pairwise(edges))
    rest = p * math.exp(-bend) * float(law.isf(p * math.exp(-bend), cap)) ** order
    expected = math.fsum(pieces) + rest
    assert law.upper_moment(p, order, cap) == pytest.approx(expected, rel=1e-8)


def test_moments_of_power_laws() -> None:
    for alpha in (1.001, 1.5, 2.0, 2.001, 3.0, 1e3, 1e4):
        mean = alpha / (alpha - 1.0)
        variance = mean / ((alpha - 1.0) * (alpha - 2.0)) if alpha > 2.0 else math.inf
        pareto, lomax = Pareto(tail_index=alpha, minimum=3.0), Lomax(tail_index=alpha, scale=3.0)
        assert pareto.mean() == pytest.approx(3.0 * mean, rel=1e-13)
        assert lomax.mean() == pytest.approx(3.0 / (alpha - 1.0), rel=1e-13)
        assert pareto.variance() == pytest.approx(9.0 * variance, rel=1e-11)
        assert lomax.variance() == pytest.approx(9.0 * variance, rel=1e-11)


@pytest.mark.parametrize("alpha", [0.1, 0.5, 1.0])
def test_a_mean_that_does_not_exist_is_infinite(alpha: float) -> None:
    laws = Pareto(tail_index=alpha), Lomax(tail_index=alpha, scale=1.0), spliced(1, 1, 2, alpha)
    for law in laws:
        assert law.mean() == law.variance() == math.inf
        assert math.isnan(law.top_share(0.01))
        assert math.isfinite(law.variance(cap=1e150))
        assert 0.01 < law.top_share(0.01, cap=1e6) < 1.0


@pytest.mark.parametrize("singular", [1.0, 2.0])
@pytest.mark.parametrize("order", [1, 2])
def test_moments_are_smooth_at_the_special_indices(singular: float, order: int) -> None:
    for law in (Pareto(tail_index=singular), Lomax(tail_index=singular, scale=2.0)):
        at = law.upper_moment(0.3, order, 1e6)
        for step in (1e-15, 1e-12, 1e-9):
            for sign in (-1.0, 1.0):
                near = law.replace(tail_index=singular + sign * step)
                # The slope of the moment in alpha is within its log-range of the moment itself.
                assert near.upper_moment(0.3, order, 1e6) == pytest.approx(
                    at, rel=30 * step + 1e-14
                )


def test_moments_of_the_lognormal() -> None:
    for sigma in (1e-6, 0.9, 3.0, 10.0):
        law, square = LogNormal(median=2.0, sigma=sigma), sigma * sigma
        assert law.mean() == pytest.approx(2.0 * math.exp(square / 2.0), rel=1e-13)
        variance = 4.0 * math.exp(square) * math.expm1(square)
        assert law.variance() == pytest.approx(variance, rel=1e-11)


def test_moments_of_data_are_exact() -> None:
    values = np.array(VALUES)
    assert BOUNDED.mean() == values.mean()
    assert BOUNDED.variance() == pytest.approx(values.var(), rel=1e-15)
    assert BOUNDED.mean(cap=1.0) == np.minimum(values, 1.0).mean()
    assert BOUNDED.upper_moment(1.5 / 7.0) == pytest.approx((40.0 + 0.5 * 2.0) / 7.0, rel=1e-15)
    assert BOUNDED.top_share(1.0 / 7.0) == pytest.approx(40.0 / 44.5, rel=1e-15)


@pytest.mark.parametrize("law", [*LAWS, BOUNDED], ids=str)
def test_a_cap_below_everything_is_all_there_is(law: Multiple) -> None:
    cap = float(law.isf(1.0)) / 2.0 or 1e-300
    share = float(law.sf(0.0))
    assert law.isf(0.5 * share, cap) == cap
    assert law.mean(cap) == pytest.approx(share * cap, rel=1e-9)
    assert law.variance(cap) <= cap * cap


@pytest.mark.parametrize("law", LAWS, ids=str)
def test_isf_keeps_the_extremes(law: Multiple) -> None:
    q = np.array([2.0**-65, 1e-12, 0.3, 1.0 - 1e-9])
    if isinstance(law, ScipyDistribution):
        q = q[1:]
    x = np.asarray(law.isf(q))
    assert np.all(np.diff(x) < 0.0)
    np.testing.assert_allclose(law.sf(x), q, rtol=1e-11)


def test_isf_in_closed_form() -> None:
    assert Pareto(tail_index=0.5).isf(2.0**-64) == 2.0**128
    assert Lomax(tail_index=0.5, scale=2.0).isf(2.0**-64) == pytest.approx(2.0**129, rel=1e-13)
    z = LogNormal(median=1.0, sigma=1.0).isf(stats.norm.sf(9.0))
    assert math.log(z) == pytest.approx(9.0, rel=1e-14)
    assert Pareto(tail_index=0.1).isf(1e-300) == math.inf
    assert Pareto(tail_index=0.1).isf(0.0, cap=5.0) == 5.0


def test_scalars_and_arrays_of_any_shape() -> None:
    law = Lomax(tail_index=1.5, scale=1.0)
    q = np.array([[0.1, 0.2], [0.5, 1.0]])
    x = law.isf(q, cap=3.0)
    assert np.shape(x) == (2, 2)
    assert np.ndim(law.isf(0.1)) == np.ndim(law.sf(2)) == 0
    assert law.sf([-1.0, 3.0], cap=3.0).tolist() == [1.0, 0.0]


probabilities = st.floats(1e-18, 1.0)
laws = st.one_of(
    st.builds(Pareto, tail_index=st.floats(0.1, 50.0), minimum=st.floats(1e-3, 1e3)),
    st.builds(Lomax, tail_index=st.floats(0.1, 50.0), scale=st.floats(1e-3, 1e3)),
    st.builds(LogNormal, median=st.floats(1e-3, 1e3), sigma=st.floats(0.01, 10.0)),
    st.builds(
        spliced,
        median=st.floats(1e-3, 1e3),
        sigma=st.floats(0.01, 10.0),
        place=st.floats(-4.0, 6.0),
        tail_index=st.floats(0.1, 50.0),
    ),
)
samples = st.builds(
    Empirical, values=st.lists(st.floats(0.0, 1e6, allow_subnormal=False), min_size=1, max_size=30)
)


@given(laws, probabilities)
def test_isf_inverts_sf(law: Any, q: float) -> None:
    # An error eps in x, or in log x, costs the tail index times as much in sf.
    assert law.sf(law.isf(q)) == pytest.approx(q, rel=1e-9, abs=1e-15)


@given(samples, st.floats(0.0, 1.0), st.integers(0, 30))
def test_isf_inverts_a_discrete_law(law: Any, q: float, k: int) -> None:
    size = len(law.values)
    for level in (q, min(k, size) / size, np.nextafter(min(k, size) / size, 0.0)):
        x = law.isf(level)
        assert law.sf(x) <= level
        below = np.nextafter(x, -math.inf)
        assert level == 1.0 or law.sf(below) > level, "not the smallest"


@given(st.one_of(laws, samples), probabilities, probabilities, st.floats(1e-3, 1e6))
def test_functions_are_monotone_and_bounded(law: Any, p: float, q: float, cap: float) -> None:
    p, q = sorted((p, q))
    assert law.isf(p, cap) >= law.isf(q, cap)
    assert law.isf(p, cap) <= cap
    assert law.sf(cap, cap) == 0.0
    assert law.mean(cap) <= cap * (1.0 + 1e-12)
    assert law.variance(cap) <= cap * cap / 4.0 * (1.0 + 1e-9)
    assert law.upper_moment(p, 1, cap) <= law.upper_moment(q, 1, cap) * (1.0 + 1e-12)
    assert law.mean(cap) <= law.mean(2.0 * cap) * (1.0 + 1e-12)


@given(st.one_of(laws, samples), probabilities, probabilities, st.floats(1e-3, 1.0))
def test_top_share_is_a_concave_share(law: Any, p: float, q: float, hit_rate: float) -> None:
    p, q = sorted((p, q))
    small, large = (law.top_share(x, hit_rate=hit_rate, cap=1e3) for x in (p, q))
    if math.isnan(small):
        assert p < hit_rate
        assert law.mean() == 0.0
        return
    assert p * (1.0 - 1e-9) <= small <= large * (1.0 + 1e-12) <= 1.0 + 2e-12
    assert small / p >= large / q * (1.0 - 1e-9)


def test_top_share_of_a_pareto() -> None:
    for alpha, p, h in ((1.00219, 0.01, 1.0), (1.16, 0.2, 1.0), (1.5, 0.001, 0.3)):
        share = Pareto(tail_index=alpha, minimum=7.0).top_share(p, hit_rate=h)
        assert share == pytest.approx((p / h) ** (1.0 - 1.0 / alpha), rel=1e-12)
    assert Pareto(tail_index=1.00219).top_share(0.01) == pytest.approx(0.99, abs=2.5e-5)
    assert Pareto(tail_index=1.3).top_share(0.01) < 0.4, "1 % for 99 % is no matter of course"
    assert Lomax(tail_index=1.5, scale=1.0).top_share(0.3, hit_rate=0.3) == 1.0
    assert math.isnan(Empirical(values=(0.0, 0.0)).top_share(0.1))


# Family, shape, zeros, cap, mean; then as printed: scale, median of hits, P(M < 1), P(M >= 3),
# P(M >= 10), shares of the top 1 % and 10 %.
PRESETS = """
lognormal 0.8  .10   15 1.6  : 1.29 1.29 .44 .13 .005  .07 .34
lognormal 1.0  .45   30 1.3  : 1.44 1.44 .65 .13 .0145 .13 .53
lognormal 1.0  .45   15 0.9  : 1.01 1.01 .72 .08 .006  .13 .53
lognormal 0.7  .15   10 1.0  :  .92  .92 .61 .04 .0    .06 .31
lognormal 0.9  .05   15 1.5  : 1.06 1.06 .50 .12 .006  .08 .36
lomax     1.7  .35   50 1.2  : 1.41  .71 .74 .09 .019  .23 .65
lomax     1.5  .60  100 1.8  : 2.68 1.58 .75 .13 .039  .32 .79
lomax     1.2  .85  300 1.5  : 3.37 2.63 .89 .07 .029  .58 .98
lomax     1.5  .30  100 2.07 : 1.70 1.00 .65 .15 .039  .26 .67
lomax     1.05 .90 1000 1.5  : 2.97 2.78 .93 .05 .021  .75 1.00
"""


@pytest.mark.parametrize("line", PRESETS.strip().splitlines())
def test_scales_of_the_presets(line: str) -> None:
    given_, printed = line.split(" : ") if " : " in line else line.split(":")
    family, *numbers = given_.split()
    shape, zeros, cap, mean = map(float, numbers)
    at: dict[str, Any] = {"hit_rate": 1.0 - zeros, "cap": cap}
    law: Any
    if family == "lomax":
        law = Lomax.from_mean(mean, tail_index=shape, **at)
    else:
        law = LogNormal.from_mean(mean, sigma=shape, **at)
    h = at["hit_rate"]
    assert h * law.mean(cap) == pytest.approx(mean, rel=1e-12)
    computed = (
        getattr(law, "scale", None) or law.median,
        law.isf(0.5),
        1.0 - h * law.sf(1.0),
        h * law.sf(3.0),
        h * law.sf(10.0),
        law.top_share(0.01, **at),
        law.top_share(0.10, **at),
    )
    # The printed mean is itself rounded; scale and median follow it within two units.
    units = (2.0, 2.0, 1.0, 1.0, 1.0, 1.0, 1.0)
    for value, text, unit in zip(computed, printed.split(), units, strict=True):
        digits = max(len(text.partition(".")[2]), 3 if text == ".0" else 0)
        assert value == pytest.approx(float(text), abs=unit * 0.51 * 10.0**-digits), text


def test_from_mean_without_a_cap() -> None:
    assert Pareto.from_mean(1.5, tail_index=1.5, hit_rate=0.25).minimum == pytest.approx(2.0)
    assert LogNormal.from_mean(1.0, sigma=1.0).median == pytest.approx(math.exp(-0.5))
    assert Empirical.from_mean(np.float32(3.0), values=(0.0, 2.0)).mean() == 3.0
    gamma = ScipyDistribution.from_mean(3.0, name="gamma", args=(2.0,), kwds={"loc": 1.0})
    assert gamma.mean() == pytest.approx(3.0, rel=1e-12)
    assert gamma.kwds["loc"] == pytest.approx(1.0)


@given(laws, st.floats(1e-3, 0.999), st.floats(0.01, 1.0))
def test_from_mean_reaches_any_mean_below_the_cap(law: Any, reached: float, h: float) -> None:
    shape = {k: v for k, v in law if k in ("tail_index", "sigma")}
    if isinstance(law, Spliced):
        shape["tail_share"] = law.tail_share
    cap, mean = 50.0, reached * h * 50.0
    found = type(law).from_mean(mean, **shape, hit_rate=h, cap=cap)
    assert h * found.mean(cap) == pytest.approx(mean, rel=1e-10)


@pytest.mark.parametrize("law", [*LAWS, BOUNDED], ids=str)
def test_scaling(law: Any) -> None:
    twice = law.scaled(2.0)
    assert type(twice) is type(law)
    np.testing.assert_allclose(twice.isf([0.01, 0.7]), 2.0 * law.isf([0.01, 0.7]), rtol=1e-12)
    assert twice.mean(cap=6.0) == pytest.approx(2.0 * law.mean(cap=3.0), rel=1e-9)


def refused(error: type[Exception], line: str, call: Any) -> None:
    with pytest.raises(error) as caught:
        call()
    assert str(caught.value) == line


def test_arguments_are_checked() -> None:
    law: Any = Pareto(tail_index=1.5)
    a = ArgumentError
    refused(a, "cap: must be above 0, got 0", lambda: law.mean(0))
    refused(a, "cap: must be finite, got nan", lambda: law.sf(1.0, math.nan))
    refused(a, "q: must be between 0 and 1, got 1.5", lambda: law.isf(1.5))
    refused(a, "x: must not be NaN, got nan", lambda: law.sf(math.nan))
    refused(a, "order: must be at least 1 and at most 2, got 3", lambda: law.upper_moment(1, 3))
    refused(a, "p: must be at least 0 and at most 1, got 2", lambda: law.top_share(2))
    refused(
        a,
        "hit_rate: must be above 0 and at most 1, got 0",
        lambda: law.top_share(0.1, hit_rate=0),
    )
    refused(
        ArgumentTypeError,
        "x: must be a number or an array of numbers, got 'one'",
        lambda: law.sf("one"),
    )


def test_unreachable_means_are_refused() -> None:
    reach = (
        "which is returned when every hit reaches the cap, got 5 (raise the cap or the hit rate)"
    )
    refused(
        ArgumentError,
        f"mean: must be below 5, {reach}",
        lambda: Pareto.from_mean(5, tail_index=1.5, hit_rate=0.5, cap=10.0),
    )
    refused(
        ArgumentError,
        f"mean: must be below 0, {reach}",
        lambda: Empirical.from_mean(5, values=(0.0,)),
    )
    refused(
        ArgumentError,
        "cap: must be given where the mean is infinite, got None"
        " (give the market's size, or take a tail_index above 1)",
        lambda: Lomax.from_mean(1.0, tail_index=1.0),
    )
    refused(
        ArgumentError,
        "mean: must be above 0, got 0",
        lambda: Lomax.from_mean(0, tail_index=1.5),
    )
