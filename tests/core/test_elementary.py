"""log2, exp2 and the normal quantile keep their stated bounds, in 60-digit arithmetic."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from decimal import Decimal, localcontext

import numpy as np
import pytest

from gtmsim.core._types import Floats
from gtmsim.core.elementary import LOG2_E, exceeds, exp2, log2, upper_normal_quantile

TINY, HUGE = float(np.finfo(float).tiny), float(np.finfo(float).max)
PI = Decimal("3.14159265358979323846264338327950288419716939937510582097494459")


@pytest.fixture(autouse=True)
def _sixty_digits() -> Iterator[None]:
    with localcontext() as context:
        context.prec = 60
        yield


def ln2() -> Decimal:
    return Decimal(2).ln()


def neighbours(x: float) -> list[float]:
    """x and the floats on both sides of it."""
    return [math.nextafter(x, -math.inf), x, math.nextafter(x, math.inf)]


def test_exceeds_is_the_comparison() -> None:
    """Also between neighbours, subnormal numbers and numbers whose difference overflows."""
    rng = np.random.default_rng(6)
    some = [1.0, 5e-324, 1e-310, TINY, HUGE, *(10.0 ** rng.uniform(-300.0, 300.0, 20)).tolist()]
    near = [y for x in some for y in neighbours(x) if math.isfinite(y)]
    grid = [0.0, *near, *(-x for x in near if x != 0.0)]
    assert all(exceeds(x, y) == (x > y) for x in grid for y in grid)
    assert {exceeds(x, y) for x in grid for y in grid} == {0, 1}
    assert exceeds(1e300, math.inf) == 0


def test_exceeds_holds_the_two_zeros_for_equal() -> None:
    assert exceeds(-0.0, 0.0) == 0
    assert exceeds(0.0, -0.0) == 0


def log2_grid() -> Floats:
    """All binary exponents, the survival uniforms, both sides of 1, and the fold at sqrt(2)."""
    rng = np.random.default_rng(7)
    grid = [
        np.exp2(rng.uniform(-1022.0, 1024.0, 3000)),
        np.exp2(rng.uniform(-65.0, 0.0, 3000)),
        1.0 + rng.uniform(-1e-3, 1e-3, 1000),
        1.0 - 10.0 ** rng.uniform(-16.0, -3.0, 1000),
        math.sqrt(2.0) * (1.0 + rng.uniform(-1e-12, 1e-12, 500)),
        np.array([*neighbours(1.0), *neighbours(math.sqrt(2.0)), 2.0**-65, TINY, HUGE]),
    ]
    return np.concatenate(grid)


def log2_error(function: Callable[[float], float], x: float) -> float:
    exact = Decimal(x).ln() / ln2()
    return float(abs(Decimal(function(x)) - exact) / max(Decimal(1), abs(exact)))


def test_log2_keeps_its_bound() -> None:
    assert max(log2_error(log2, x) for x in log2_grid().tolist()) < 3e-16


def test_log2_is_exact_at_powers_of_two() -> None:
    assert all(log2(2.0**k) == k for k in range(-1022, 1024))


def exp2_grid() -> Floats:
    rng = np.random.default_rng(8)
    grid = [
        rng.uniform(-1022.0, 1023.0, 4000),
        rng.uniform(-1.0, 1.0, 3000),
        10.0 ** rng.uniform(-300.0, -1.0, 500),
        np.arange(-20, 20) + 0.5,
        np.array([y for k in range(-20, 21) for y in neighbours(k + 0.5)]),
        np.array([-1022.0, math.nextafter(-1022.0, 0.0), math.nextafter(1023.0, 0.0), 1023.0]),
    ]
    return np.concatenate(grid)


def exp2_error(function: Callable[[float], float], x: float) -> float:
    """Relative error as a share of the bound."""
    relative = abs(Decimal(function(x)) / (Decimal(x) * ln2()).exp() - 1)
    return float(relative) / (4e-16 + abs(x) * 1e-16)


def test_exp2_keeps_its_bound() -> None:
    assert max(exp2_error(exp2, x) for x in exp2_grid().tolist()) < 1.0


def test_exp2_is_exact_at_integers_and_clamped_outside() -> None:
    assert all(exp2(float(k)) == 2.0**k for k in range(-1022, 1024))
    for beyond in (1023.0000001, 1024.0, 1e300, math.inf):
        assert exp2(beyond) == 2.0**1023
        assert exp2(-beyond) == 2.0**-1022


def test_exp2_and_log2_are_inverse_over_the_multiples_range() -> None:
    x = 10.0 ** np.random.default_rng(9).uniform(-30.0, 30.0, 2000)
    back = np.array([exp2(log2(v)) for v in x.tolist()])
    np.testing.assert_allclose(back, x, rtol=1e-13)


def test_the_constant_turns_nats_into_bits() -> None:
    assert float(1 / ln2()) == LOG2_E


def quantile_grid() -> Floats:
    """The whole range, both sides of the joins of the three regions, and next to the median."""
    rng = np.random.default_rng(10)
    joins = [0.075, math.exp(-25.0)]
    grid = [
        np.exp2(rng.uniform(-65.0, -1.0, 2000)),
        rng.uniform(0.0, 0.5, 1000),
        0.5 - 10.0 ** rng.uniform(-16.0, -1.0, 500),
        *(join * (1.0 + rng.uniform(-1e-9, 1e-9, 200)) for join in joins),
        np.array([y for join in joins for y in neighbours(join)]),
        np.array([2.0**-65, math.nextafter(0.5, 0.0)]),
    ]
    return np.concatenate(grid)


def quantile_error(function: Callable[[float], float], p: float) -> float:
    """Relative error of z, from the probability that really lies beyond it (Newton's step).

    P(0 < Z < z) = density(z) * (z + z**3/3 + z**5/(3*5) + ...), all terms positive.
    """
    z = Decimal(function(p))
    density = (-z * z / 2).exp() / (2 * PI).sqrt()
    term = total = z
    odd = 3
    while term > total * Decimal("1e-58"):
        term *= z * z / odd
        total += term
        odd += 2
    beyond = Decimal("0.5") - density * total
    return float(abs((beyond - Decimal(p)) / (density * z)))


def test_normal_quantile_keeps_its_bound() -> None:
    assert max(quantile_error(upper_normal_quantile, p) for p in quantile_grid().tolist()) < 3e-15


def test_normal_quantile_at_the_ends() -> None:
    assert upper_normal_quantile(0.5) == 0.0
    # P(Z > 9.155...) = 2**-65.
    assert 9.0 < upper_normal_quantile(2.0**-65) < 9.2
    p = np.sort(quantile_grid())
    assert np.all(np.diff([upper_normal_quantile(v) for v in p.tolist()]) <= 1e-14)


def test_errors_just_above_the_bounds_are_seen() -> None:
    def worse(function: Callable[[float], float], by: float) -> Callable[[float], float]:
        return lambda x: function(x) * (1.0 + by)

    assert max(log2_error(worse(log2, 1e-15), x) for x in log2_grid().tolist()) > 3e-16
    assert max(exp2_error(worse(exp2, 1e-15), x) for x in exp2_grid().tolist()) > 1.0
    shifted = worse(upper_normal_quantile, 5e-15)
    assert max(quantile_error(shifted, p) for p in quantile_grid().tolist()) > 3e-15
