"""How many campaigns the claim takes."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from gtmsim.claim import (
    campaigns_for_claim,
    claim_probability,
)
from gtmsim.claim.search import _doubling, _smallest
from gtmsim.errors import ArgumentError

UNIT = "must be above 0 and below 1"


def test_the_number_found_meets_the_claim_as_often_as_asked() -> None:
    answer = campaigns_for_claim(0.5, scenarios=1_000, rng=1)
    assert answer.campaigns is not None
    low, high = answer.interval
    assert low is not None
    assert high is not None
    assert low <= answer.campaigns <= high
    assert answer.claim.campaigns == answer.campaigns
    assert answer.claim.probability >= answer.probability == 0.5
    # With other luck, the interval of the number holds a probability of a half.
    assert claim_probability(0.5, low, scenarios=4_000, rng=2).interval[0] < 0.5
    assert claim_probability(0.5, high, scenarios=4_000, rng=2).interval[1] > 0.5
    # A negative control: a quarter of the number is not enough.
    assert claim_probability(0.5, low // 4, scenarios=4_000, rng=2).interval[1] < 0.5
    assert str(answer) == answer.reason
    assert re.fullmatch(
        r"[\d,]+ campaigns \(95 % interval [\d,]+ to [\d,]+\) meet the claim with probability "
        r"0\.5\d*\.",
        answer.reason,
    )


def test_a_hit_rate_below_the_spend_share_needs_few() -> None:
    answer = campaigns_for_claim(3.0, hit_rate=0.005, scenarios=1_000, rng=1)
    # One or two hits among 200: the binomial probability is 0.55, and 0.26 among 99 to 198.
    assert answer.campaigns is not None
    assert 99 <= answer.campaigns <= 250


@pytest.mark.parametrize(
    ("multiple", "options", "reason"),
    [
        (
            1.5,
            {},
            "No number of campaigns: none up to 2,000 does, and as their number grows the share of "
            "the top 1 % settles at 0.2154, below 0.99.",
        ),
        (
            0.9,
            {},
            r"More than 2,000 campaigns, where the probability is 0\.\d+: the mean is infinite, so "
            "the share of the top 1 % grows towards 1 with their number.",
        ),
        (
            1.002,
            {},
            r"More than 2,000 campaigns, where the probability is 0\.\d+: as their number grows "
            r"the share of the top 1 % settles at 0.9909, which is enough.",
        ),
        (
            0.5,
            {"cap": 100.0, "spend_share": 0.02},
            r"No number of campaigns: none up to 2,000 does, and as their number grows the share "
            r"of the top 2 % settles at 0.1053, below 0.99.",
        ),
    ],
)
def test_why_no_number_does(multiple: float, options: dict[str, float], reason: str) -> None:
    answer = campaigns_for_claim(multiple, most=2_000, scenarios=100, rng=1, **options)
    assert answer.campaigns is None
    assert answer.interval == (None, None)
    assert answer.claim.campaigns == answer.most == 2_000
    assert re.fullmatch(reason, answer.reason)


def test_too_few_to_try() -> None:
    assert campaigns_for_claim(0.5, most=50, scenarios=10, rng=1).campaigns is None


@pytest.mark.parametrize("least", [1, 99, 100, 101, 777, 3_275, 99_999, 100_000, 100_001])
def test_the_search_finds_the_smallest_number_to_one_per_cent(least: int) -> None:
    numbers = list(_doubling(99.0, 100.0, 100_000))
    assert numbers[:4] == [99, 100, 200, 400]
    assert numbers[-1] == 100_000
    found = _smallest(lambda n: n >= least, numbers)
    if least > 100_000:
        assert found is None
    else:
        assert found is not None
        assert max(least, 99) <= found <= max(1.01 * least, 99)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (
            lambda: campaigns_for_claim(1.5, probability=1.0),
            ArgumentError,
            f"probability: {UNIT}, got 1.0",
        ),
        (
            lambda: campaigns_for_claim(1.5, most=0),
            ArgumentError,
            "most: must be at least 1 and at most 1e+08, got 0",
        ),
        (
            lambda: campaigns_for_claim(1.5, hit_rate=2),
            ArgumentError,
            "hit_rate: must be above 0 and at most 1, got 2",
        ),
    ],
)
def test_errors(call: Callable[[], object], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=f"^{re.escape(message)}$"):
        call()
