"""Originations become value month by month, as a convolution in plain Python has it."""

from __future__ import annotations

import math

import numpy as np
import pytest

from gtmsim.core.response import Response, realise
from gtmsim.core.streams import LANES
from tests.laws import rejects

HORIZON = 7
RNG = np.random.default_rng(98)
ORIGINATED = RNG.lognormal(0.0, 1.0, (HORIZON, LANES))
SHOCK = RNG.lognormal(0.0, 0.5, LANES)


def expect_realised(response: Response, month: np.ndarray, scale: float = 1.0) -> None:
    """Each month has what earlier ones originated, at its own discount and the lane's shock."""
    for t in range(HORIZON):
        for lane in (0, 1, 63, LANES - 1):
            lags = range(min(t + 1, response.weights.size))
            made = math.fsum(response.weights[lag] * ORIGINATED[t - lag, lane] for lag in lags)
            expected = scale * made * response.discount[t] * SHOCK[lane]
            assert month[t, lane] == pytest.approx(expected, rel=1e-13)


@pytest.mark.parametrize("lags", [1, 2, HORIZON])
def test_value_is_a_convolution(lags: int) -> None:
    """Also with a lag of a month or two; value and what is beyond are added to what is there."""
    weights = RNG.random(lags)
    weights[: lags // 3] = 0.0
    response = Response(weights, 0.99 ** np.arange(HORIZON), RNG.random(HORIZON))
    month = np.full((HORIZON, LANES), math.nan)
    value, beyond = np.full(LANES, 5.0), np.full(LANES, 7.0)
    realise(ORIGINATED.ravel(), response, SHOCK, month, value, beyond)
    expect_realised(response, month)
    rejects(expect_realised, response, month, 1.0 + 1e-12)
    np.testing.assert_allclose(value, 5.0 + month.sum(axis=0), rtol=1e-13)
    np.testing.assert_allclose(beyond, 7.0 + (response.beyond @ ORIGINATED) * SHOCK, rtol=1e-13)
