"""How likely the claim is: closed forms, what the result carries, messages."""

from __future__ import annotations

import math
import re
from collections.abc import Callable

import numpy as np
import pytest
import scipy.stats

from gtmsim.claim import (
    ClaimProbability,
    claim_probability,
    probability,
)
from gtmsim.distributions import Empirical, LogNormal, Lomax, Pareto
from gtmsim.errors import ArgumentError, ArgumentTypeError

UNIT = "must be above 0 and below 1"


@pytest.mark.parametrize(("campaigns", "hit_rate"), [(100, 0.01), (1_000, 0.01), (1_000, 0.012)])
def test_equal_hits_make_it_a_binomial(campaigns: int, hit_rate: float) -> None:
    equal = Empirical(values=(2.0,))
    result = claim_probability(equal, campaigns, hit_rate, scenarios=10_000, rng=3)
    hits = scipy.stats.binom(campaigns, hit_rate)
    expected = hits.cdf(campaigns // 100) - hits.pmf(0)
    error = math.sqrt(expected * (1 - expected) / 10_000)
    assert abs(result.probability - expected) < 3 * error
    none = hits.pmf(0)
    if none > 0.1:
        error = math.sqrt(none * (1 - none) / 10_000)
        assert abs(result.without_value / 10_000 - none) < 3 * error
        # Scenarios without a hit are not met: counting them as met would be seen.
        assert abs(result.probability - hits.cdf(campaigns // 100)) > 3 * error


def test_when_nothing_hits_there_is_no_share() -> None:
    result = claim_probability(1.5, 10, 1e-9, scenarios=50, rng=1)
    assert (result.probability, result.without_value) == (0.0, 50)
    assert math.isnan(result.median_share)
    assert all(map(math.isnan, (*result.median_interval, *result.share_range)))
    assert "median share nan" in repr(result)


def test_fewer_than_a_hundred_share_a_part_of_the_best() -> None:
    result = claim_probability(Empirical(values=(3.0,)), 10, scenarios=10, rng=1)
    assert result.median_share == pytest.approx(0.01)


def test_the_result_says_what_was_asked() -> None:
    result = claim_probability(1.5, 200, 0.4, 0.02, 0.9, cap=50.0, scenarios=300, rng=9)
    asked = (result.campaigns, result.hit_rate, result.spend_share, result.value_share, result.cap)
    assert asked == (200, 0.4, 0.02, 0.9, 50.0)
    assert (result.scenarios, result.seed) == (300, 9)
    law = Pareto(tail_index=1.5)
    assert result.population_share == law.top_share(0.02, hit_rate=0.4, cap=50.0)
    assert float(result) == result.probability
    low, high = result.share_range
    assert low <= result.median_interval[0] <= result.median_share <= result.median_interval[1]
    assert result.median_interval[1] <= high
    assert result.interval[0] <= result.probability <= result.interval[1]
    with pytest.raises(AttributeError):
        result.probability = 1.0  # type: ignore[misc]


def test_a_seed_replays_the_result() -> None:
    fresh = claim_probability(1.5, 100, scenarios=100)
    assert claim_probability(1.5, 100, scenarios=100, rng=fresh.seed) == fresh
    assert claim_probability(1.5, 100, scenarios=100, rng=fresh.seed + 1) != fresh


def test_the_kernel_may_be_called_in_any_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = claim_probability(0.8, 100, 0.3, scenarios=1_000, rng=4)
    monkeypatch.setattr(probability, "_DRAWS_PER_CALL", 20_000)
    assert claim_probability(0.8, 100, 0.3, scenarios=1_000, rng=4) == whole


def test_every_kind_of_multiple() -> None:
    by_number = claim_probability(np.float32(1.5), 100, scenarios=200, rng=1)
    assert by_number == claim_probability(Pareto(tail_index=1.5), 100, scenarios=200, rng=1)
    lomax, frozen = (
        claim_probability(law, 100, scenarios=4_000, rng=1)
        for law in (Lomax(tail_index=1.5, scale=1.0), scipy.stats.lomax(1.5))
    )
    assert frozen.median_share == pytest.approx(lomax.median_share, rel=1e-6)
    even = claim_probability(LogNormal(median=1.0, sigma=0.01), 100, scenarios=200, rng=1)
    assert even.median_share == pytest.approx(0.01, rel=0.05)


def test_repr_prints_the_digits_that_its_errors_support() -> None:
    result = ClaimProbability(
        probability=0.28312,
        interval=(0.2745, 0.2921),
        median_share=0.96915,
        median_interval=(0.96811, 0.97022),
        share_range=(0.77712, 0.99911),
        population_share=math.nan,
        campaigns=1_000,
        hit_rate=1.0,
        spend_share=0.01,
        value_share=0.99,
        cap=None,
        without_value=0,
        scenarios=10_000,
        seed=7,
    )
    assert repr(result) == (
        "ClaimProbability(0.283 [0.275, 0.292] that the top 1 % of 1,000 campaigns brings 99 %; "
        "median share 0.969, 5-95 % 0.777 to 0.999; 10,000 scenarios, seed=7)"
    )


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (
            lambda: claim_probability(0.0, 100),
            ArgumentError,
            "multiple: must be at least 0.1 and at most 1e+06, got 0.0",
        ),
        (
            lambda: claim_probability(math.nan, 100),
            ArgumentError,
            "multiple: must be finite, got nan",
        ),
        (
            lambda: claim_probability("pareto", 100),  # type: ignore[arg-type]
            ArgumentTypeError,
            "multiple: must be a distribution or the tail index of a Pareto, got 'pareto'",
        ),
        (
            lambda: claim_probability(True, 100),
            ArgumentTypeError,
            "multiple: must be a distribution or the tail index of a Pareto, got True",
        ),
        (
            lambda: claim_probability(1.5, 0),
            ArgumentError,
            "campaigns: must be at least 1 and at most 1e+08, got 0",
        ),
        (
            lambda: claim_probability(1.5, 10.5),  # type: ignore[arg-type]
            ArgumentTypeError,
            "campaigns: must be a whole number, got 10.5",
        ),
        (
            lambda: claim_probability(1.5, 100, 0.0),
            ArgumentError,
            "hit_rate: must be above 0 and at most 1, got 0.0",
        ),
        (
            lambda: claim_probability(1.5, 100, spend_share=1.0),
            ArgumentError,
            f"spend_share: {UNIT}, got 1.0",
        ),
        (
            lambda: claim_probability(1.5, 100, value_share=-1),
            ArgumentError,
            f"value_share: {UNIT}, got -1",
        ),
        (
            lambda: claim_probability(1.5, 100, cap=0.0),
            ArgumentError,
            "cap: must be above 0, got 0.0",
        ),
        (
            lambda: claim_probability(1.5, 100, scenarios=0),
            ArgumentError,
            "scenarios: must be at least 1, got 0",
        ),
        (
            lambda: claim_probability(1.5, 100, rng=-1),
            ArgumentError,
            "rng: must be at least 0, got -1",
        ),
    ],
)
def test_errors(call: Callable[[], object], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=f"^{re.escape(message)}$"):
        call()
