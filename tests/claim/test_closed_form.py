"""The claim in an endless population."""

from __future__ import annotations

import math
import re
from collections.abc import Callable

import pytest

from gtmsim.claim import (
    alpha_for_claim,
)
from gtmsim.distributions import Pareto
from gtmsim.errors import ArgumentError

UNIT = "must be above 0 and below 1"


def test_the_claim_of_a_pure_population() -> None:
    assert round(alpha_for_claim(), 5) == 1.00219


@pytest.mark.parametrize("hit_rate", [1.0, 0.5, 0.05, 0.0102])
@pytest.mark.parametrize(("spend", "value"), [(0.01, 0.99), (0.2, 0.8), (0.001, 0.5)])
def test_at_that_alpha_the_population_share_is_the_claim(
    hit_rate: float, spend: float, value: float
) -> None:
    alpha = alpha_for_claim(spend, value, hit_rate)
    if math.isinf(alpha):
        assert spend / hit_rate >= value
        return
    assert (spend / hit_rate) ** (1.0 - 1.0 / alpha) == pytest.approx(value, rel=1e-12)
    share = Pareto(tail_index=alpha).top_share(spend, hit_rate=hit_rate)
    assert share == pytest.approx(value, rel=1e-9)
    assert Pareto(tail_index=alpha + 0.01).top_share(spend, hit_rate=hit_rate) < value


@pytest.mark.parametrize("hit_rate", [0.01, 0.001, 0.0101])
def test_so_few_hits_make_the_claim_true_for_any_tail(hit_rate: float) -> None:
    assert alpha_for_claim(hit_rate=hit_rate) == math.inf


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: alpha_for_claim(0.0), ArgumentError, f"spend_share: {UNIT}, got 0.0"),
        (lambda: alpha_for_claim(0.1, 1.0), ArgumentError, f"value_share: {UNIT}, got 1.0"),
        (
            lambda: alpha_for_claim(hit_rate=1.2),
            ArgumentError,
            "hit_rate: must be above 0 and at most 1, got 1.2",
        ),
    ],
)
def test_errors(call: Callable[[], object], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=f"^{re.escape(message)}$"):
        call()
