"""The kernels of cash against plain Python and the roots of polynomials."""

from __future__ import annotations

import math

import numpy as np
import pytest

from gtmsim.core._types import Floats
from gtmsim.core.cash import (
    DRAWDOWN,
    HIGHEST_RATE,
    IRR,
    LOWEST_RATE,
    NPV,
    PAYBACK,
    PEAK,
    ROOTS,
    RUNWAY,
    cash_rows,
    irr_rows,
)

SIZE = 128


def rates_of(flow: Floats) -> list[float]:
    """Rates per year at which a flow (month,) is worth nothing: the roots of its polynomial."""
    factors = np.roots(flow[::-1])
    real = factors[np.abs(factors.imag) < 1e-9].real
    rates = real[real > 0.0] ** -12.0 - 1.0
    return sorted(r for r in rates.tolist() if LOWEST_RATE < r < HIGHEST_RATE)


def found(flow: Floats) -> Floats:
    """What the kernel says of flows (month, scenario)."""
    out = np.empty((NPV, flow.shape[1]))
    irr_rows(np.maximum(flow, 0.0), np.maximum(-flow, 0.0), out)
    return out


def test_internal_rate_is_the_root_of_the_polynomial() -> None:
    rng = np.random.default_rng(1)
    trend = np.linspace(-1.0, 1.0, 14)[:, None] * np.linspace(-1.0, 1.0, SIZE)
    flow = rng.normal(size=(14, SIZE)) + trend
    out = found(flow)
    seen: dict[str, int] = {"one": 0, "none": 0, "several": 0, "up": 0}
    for s in range(SIZE):
        rates = rates_of(flow[:, s])
        falls = flow[:, s] @ (1.0 + LOWEST_RATE) ** -(np.arange(14) / 12.0) >= 0.0
        assert out[ROOTS, s] == len(rates)
        if len(rates) == 1 and falls:
            assert out[IRR, s] == pytest.approx(rates[0], rel=1e-9, abs=1e-9)
            seen["one"] += 1
        else:
            assert math.isnan(out[IRR, s])
            kind = "up" if len(rates) == 1 else "several" if rates else "none"
            seen[kind] += 1
    assert min(seen.values()) >= 3, seen


@pytest.mark.parametrize("rate", [-0.9, -0.2, 0.0, 0.12, 3.0, 80.0])
@pytest.mark.parametrize("months", [2, 25, 600])
def test_internal_rate_of_one_payment(rate: float, months: int) -> None:
    flow = np.zeros((months, SIZE))
    flow[0] = -7.0
    flow[-1] = 7.0 * (1.0 + rate) ** ((months - 1) / 12.0)
    np.testing.assert_allclose(found(flow)[IRR], rate, rtol=1e-10, atol=1e-12)


def test_no_flow_and_flows_of_one_sign_have_no_rate() -> None:
    flow = np.zeros((5, SIZE))
    flow[2, :40], flow[2, 40:80] = 1.0, -1.0
    out = found(flow)
    assert np.isnan(out[IRR]).all()
    assert not out[ROOTS].any()


def test_a_root_on_the_grid_is_found_once() -> None:
    """The grid's ends and middle are the places where a sign could be counted twice or never."""
    middle = math.sqrt((1.0 + LOWEST_RATE) * (1.0 + HIGHEST_RATE)) - 1.0
    flow = np.zeros((13, SIZE))
    flow[0], flow[12] = -1.0, 1.0 + middle
    np.testing.assert_allclose(found(flow)[IRR], middle, rtol=1e-10)


def test_rows_follow_the_balance() -> None:
    rng = np.random.default_rng(2)
    value, spend = rng.exponential(size=(2, 10, SIZE))
    factors = np.array([1.0, 0.9])[:, None] ** np.arange(10)
    out = np.empty((NPV + 2, SIZE))
    cash_rows(value, spend, 1.5, factors, out)
    for s in range(SIZE):
        total = height = peak = drop = 0.0
        back, dry = 0.0, math.inf
        for t in range(10):
            total += value[t, s] - spend[t, s]
            height, peak = max(height, total), max(peak, -total)
            drop = max(drop, height - total)
            if total < 0.0:
                back = t + 2.0
            if total < -1.5 and math.isinf(dry):
                dry = float(t)
        assert out[PAYBACK, s] == (math.inf if total < 0.0 else back)
        assert out[RUNWAY, s] == dry
        assert (out[PEAK, s], out[DRAWDOWN, s]) == pytest.approx((peak, drop), rel=1e-12)
    np.testing.assert_allclose(out[NPV:], factors @ (value - spend), rtol=1e-9)
    assert np.isinf(out[PAYBACK]).any()
    assert np.isfinite(out[RUNWAY]).any()


def test_what_is_paid_back_to_the_cent_is_paid_back() -> None:
    """0.1 + 0.2 - 0.3 is not 0 in floating point."""
    value, spend = np.zeros((2, 4, SIZE))
    spend[0], value[1], value[2] = 0.3, 0.1, 0.2
    spend[3], value[3] = 0.6, 0.6
    out = np.empty((NPV, SIZE))
    cash_rows(value, spend, 0.3, np.empty((0, 4)), out)
    assert set(out[PAYBACK]) == {3.0}
    assert set(out[RUNWAY]) == {math.inf}
    value[2] = 0.19
    cash_rows(value, spend, 0.3, np.empty((0, 4)), out)
    assert set(out[PAYBACK]) == {math.inf}
