"""Each law accepts the truth and is seen to fail on something a little beside it."""

from __future__ import annotations

import itertools
import math

import numpy as np
import numpy.typing as npt
import pytest
from scipy import stats

from gtmsim.distributions import (
    AnyMultiple,
    Empirical,
    LogNormal,
    Lomax,
    Pareto,
    ScipyDistribution,
)
from gtmsim.plan import CampaignProgram, Ramp, SalesTeam
from tests import laws
from tests.laws import rejects

N = 20_000
RARE = 1e-3
"""Chance of a false alarm that the whole suite may have."""


@pytest.fixture
def random() -> np.random.Generator:
    return np.random.default_rng(2024)


@pytest.fixture
def draws(random: np.random.Generator) -> npt.NDArray[np.float64]:
    return random.exponential(3.0, N)


def test_the_budget_of_false_alarms_covers_the_suite() -> None:
    assert math.isclose(laws.FALSE_ALARM, 5.733e-7, rel_tol=1e-3)
    assert 1_700 * laws.FALSE_ALARM < RARE


def test_mean(draws: npt.NDArray[np.float64]) -> None:
    laws.expect_mean(draws, 3.0)
    rejects(laws.expect_mean, draws, 3.0 + 12.0 / math.sqrt(N) * 2.5)
    rejects(laws.expect_mean, draws, draws.mean() + 0.03, z=0.1)
    rejects(laws.expect_mean, draws, math.inf)
    rejects(laws.expect_mean, draws, math.nan)


def test_mean_of_a_constant_forgives_rounding_only() -> None:
    laws.expect_mean([0.1 + 0.2] * 5, 0.3)
    rejects(laws.expect_mean, [0.3] * 5, 0.3001)


def test_variance(draws: npt.NDArray[np.float64]) -> None:
    laws.expect_variance(draws, 9.0)
    rejects(laws.expect_variance, draws, 11.5)
    rejects(laws.expect_variance, draws, 7.5)


def test_proportion(random: np.random.Generator) -> None:
    hits = int(random.binomial(N, 0.02))
    laws.expect_proportion(hits, N, 0.02)
    rejects(laws.expect_proportion, hits, N, 0.03)
    rejects(laws.expect_proportion, hits, N, 0.01)
    laws.expect_proportion(0, N, 0.0)
    rejects(laws.expect_proportion, 1, N, 0.0)
    with pytest.raises(ValueError, match=r"no proportion: 3 of 2 at probability 0\.5"):
        laws.expect_proportion(3, 2, 0.5)


@pytest.mark.parametrize("q", [0.01, 0.5, 0.99])
def test_quantile(draws: npt.NDArray[np.float64], q: float) -> None:
    law = stats.expon(scale=3.0)
    laws.expect_quantile(draws, q, law.ppf(q))
    rejects(laws.expect_quantile, draws, q, law.ppf(q + 0.8 * min(q, 1.0 - q)))
    rejects(laws.expect_quantile, draws, q, law.ppf(q - 0.8 * min(q, 1.0 - q)))


def test_quantile_of_a_step(draws: npt.NDArray[np.float64]) -> None:
    capped = np.minimum(draws, 1.0)
    for q in (0.4, 0.5, 0.99):
        laws.expect_quantile(capped, q, 1.0)
    laws.expect_quantile(capped * (1.0 + 1e-15), 0.5, 1.0)
    rejects(laws.expect_quantile, capped, 0.2, 1.0)
    rejects(laws.expect_quantile, capped, 0.5, 0.999)
    rejects(laws.expect_quantile, capped, 0.5, 1.001)


def test_distribution(draws: npt.NDArray[np.float64]) -> None:
    laws.expect_distribution(draws, stats.expon(scale=3.0).cdf)
    rejects(laws.expect_distribution, draws, stats.expon(scale=3.3).cdf)


@pytest.mark.parametrize("dtype", [np.uint32, np.uint64])
def test_uniform_bits(random: np.random.Generator, dtype: type[np.unsignedinteger]) -> None:
    words = random.integers(0, np.iinfo(dtype).max, N, dtype=dtype, endpoint=True)
    one = dtype(1)
    laws.expect_uniform_bits(words)
    rejects(laws.expect_uniform_bits, np.where(random.random(N) < 0.1, words | one, words))
    rejects(laws.expect_uniform_bits, (words & ~one) | ((words >> dtype(7)) & one))
    rejects(laws.expect_uniform_bits, np.repeat(words[: N // 2], 2))
    rejects(laws.expect_uniform_bits, random.permutation(np.repeat(words[: N // 2], 2)))
    rejects(laws.expect_uniform_bits, np.arange(N, dtype=dtype))


def test_uniform_bits_wants_words() -> None:
    with pytest.raises(ValueError, match="uint32 or uint64 in one dimension, got int64"):
        laws.expect_uniform_bits([1, 2, 3])


def test_two_samples(random: np.random.Generator) -> None:
    a, b = random.lognormal(0.0, 1.0, N), random.lognormal(0.0, 1.0, N // 2)
    probs = (0.01, 0.1, 0.5, 0.9, 0.99)
    laws.expect_same_mean(a, b)
    laws.expect_same_variance(a, b)
    laws.expect_same_quantiles(a, b, probs)
    laws.expect_same_distribution(a, b)
    rejects(laws.expect_same_mean, a, 1.2 * b)
    rejects(laws.expect_same_variance, a, 2.0 * b)
    rejects(laws.expect_same_quantiles, a, 1.2 * b, probs)
    rejects(laws.expect_same_quantiles, a, np.minimum(b, 4.0), (0.99,))
    rejects(laws.expect_same_distribution, a, 1.2 * b)


def test_two_samples_with_steps(random: np.random.Generator) -> None:
    values = np.array([0.0, 0.1 + 0.2, 5.0, math.inf])
    a, b, c = (random.choice(values, N, p=p) for p in ([0.7, 0.2, 0.09, 0.01],) * 2 + ([0.25] * 4,))
    b = np.where(b == values[1], 0.3, b)  # the same value, rounded in another way
    probs = (0.1, 0.5, 0.8, 0.95, 0.995)
    laws.expect_same_quantiles(a, b, probs)
    laws.expect_same_distribution(a, b)
    laws.expect_same_distribution(np.full(N, 0.3), np.full(N, values[1]))
    rejects(laws.expect_same_quantiles, a, c, probs)
    rejects(laws.expect_same_quantiles, a > 0.0, c > 0.0, (0.9,))  # apart below its highest step
    rejects(laws.expect_same_distribution, a, c)
    rejects(laws.expect_same_distribution, np.full(N, 0.3), np.full(N, 0.30001))
    rejects(laws.expect_same_quantiles, np.full(N, 0.3), np.full(N, 0.30001), (0.5,))


def test_rejects_needs_a_failure_and_no_other_error() -> None:
    with pytest.raises(AssertionError, match="expect_mean accepts what is wrong"):
        rejects(laws.expect_mean, [1.0, 2.0, 3.0], 2.0)
    with pytest.raises(ValueError, match="two numbers or more and no NaN"):
        rejects(laws.expect_mean, [1.0, math.nan], 2.0)
    with pytest.raises(ValueError, match="infinite value has no mean"):
        rejects(laws.expect_mean, [1.0, math.inf], 2.0)


def test_messages_say_what_is_apart(draws: npt.NDArray[np.float64]) -> None:
    with pytest.raises(AssertionError, match=r"mean .* of 20000 draws, expected 4: .* allowed 5"):
        laws.expect_mean(draws, 4.0)
    with pytest.raises(AssertionError, match=r"proportion 0\.5 \(1000 of 2000\), expected 0\.4"):
        laws.expect_proportion(1_000, 2_000, 0.4)
    with pytest.raises(AssertionError, match=r"draws below 9 .* expected a part of 0\.5 there"):
        laws.expect_quantile(draws, 0.5, 9.0)
    with pytest.raises(AssertionError, match=r"bit 0 is set in 2000 of 2000 words"):
        laws.expect_uniform_bits(np.arange(1, 4_001, 2, dtype=np.uint32))


# -- Closed forms -------------------------------------------------------------------------------

TEAM = SalesTeam(
    name="reps",
    hires=(1,),
    quota=1_200,
    margin=0.5,
    loaded_cost=120,
    hiring_cost=7,
    ramp=Ramp(months=2),
    attainment=0.8,
    attrition=0.9,
)
RAMPED = [0.25, 0.75, 1.0, 1.0, 1.0, 1.0]


def enumerated(start: int, backfill: int | None, horizon: int) -> tuple[float, float]:
    """Value and cost of one seat of TEAM, over every way in which its reps can leave."""
    leaves = 1.0 - 0.1 ** (1.0 / 12.0)
    value = cost = 0.0
    for goes in itertools.product([False, True], repeat=horizon):
        probability = math.prod(leaves if g else 1.0 - leaves for g in goes)
        joined = start
        for t, going in enumerate(goes):
            if t < joined:
                continue
            value += probability * 40.0 * RAMPED[t - joined]
            cost += probability * (10.0 + 7.0 * (t == joined))
            if going:
                joined = horizon if backfill is None else t + 1 + backfill
    return value, cost


@pytest.mark.parametrize("backfill", [None, 0, 1])
@pytest.mark.parametrize("start", [-1, 0, 1])
def test_expected_sales_is_the_mean_over_all_careers(start: int, backfill: int | None) -> None:
    team = TEAM.replace(hires=(start,), backfill_months=backfill)
    means = laws.expected_sales(team, 5)
    assert means[:2] == pytest.approx(enumerated(start, backfill, 5), rel=1e-13)
    assert means.beyond_horizon == 0.0
    other = {None: 0, 0: 1, 1: None}[backfill]
    assert means.value != pytest.approx(enumerated(start, other, 5)[0], rel=1e-3)


def test_expected_sales_of_a_renewed_contract() -> None:
    """One booking of 40 in month 0, recognised month by month at a third a year of churn."""
    ramp = Ramp(curve=(1.0, 0.0))
    team = SalesTeam(name="reps", hires=1, quota=480, loaded_cost=12, hiring_cost=17, ramp=ramp)
    team = team.replace(recognition="recurring", annual_churn=1.0 / 3.0)
    kept, d = (2.0 / 3.0) ** (1.0 / 12.0), 1.2 ** (-1.0 / 12.0)
    months = [40.0 / 24.0, *(40.0 / 12.0 * kept**j for j in range(1, 24)), 40.0 / 24.0 * kept**24]
    worth = [x * d**j for j, x in enumerate(months)]
    paid = sum(d**j for j in range(14))
    means = laws.expected_sales(team, 14, 0.2)
    assert means == pytest.approx((sum(worth[:14]), 17.0 + paid, sum(worth[14:])), rel=1e-13)
    # The horizon at the end of a contract year: only half a month of it is still to come.
    assert laws.expected_sales(team, 12, 0.2).beyond_horizon == pytest.approx(
        40.0 / 24.0 * kept**12 * d**12, rel=1e-13
    )


def test_expected_sales_refuses_what_it_does_not_know() -> None:
    with pytest.raises(ValueError, match="returns_to_scale 1 only"):
        laws.expected_sales(TEAM.replace(returns_to_scale=0.9), 5)
    with pytest.raises(ValueError, match="no continuous distribution: 'empirical'"):
        laws.multiple_law(EMPIRICAL)


PARETO = Pareto(tail_index=1.5, minimum=2)
LOMAX = Lomax(tail_index=2.5, scale=3)
LOGNORMAL = LogNormal(median=2, sigma=1.5)
GAMMA = ScipyDistribution.from_frozen(stats.gamma(2.0, scale=0.5))
EMPIRICAL = Empirical(values=(0, 1, 5))


@pytest.mark.parametrize(
    ("law", "cap", "first", "second"),
    [
        (PARETO, None, 6.0, math.inf),
        # With c = cap / minimum: alpha/(alpha-1) - c^(1-alpha)/(alpha-1), and so on.
        (PARETO, 50.0, 2.0 * (3.0 - 2.0 / 5.0), 4.0 * (4.0 * 5.0 - 3.0)),
        (PARETO, 1.5, 1.5, 2.25),
        (LOMAX, None, 2.0, 24.0),
        (LOMAX, 9.0, 2.0 * (1.0 - 4.0**-1.5), 24.0 - 36.0 * 4.0**-0.5 + 12.0 * 4.0**-1.5),
        (LOGNORMAL, None, 2.0 * math.exp(1.125), 4.0 * math.exp(4.5)),
        (GAMMA, None, 1.0, 1.5),
        (EMPIRICAL, None, 2.0, 26.0 / 3.0),
        (EMPIRICAL, 2.0, 1.0, 5.0 / 3.0),
    ],
)
def test_multiple_moments(law: AnyMultiple, cap: float | None, first: float, second: float) -> None:
    assert laws.multiple_moment(law, 1, cap) == pytest.approx(first, rel=1e-8)
    assert laws.multiple_moment(law, 2, cap) == pytest.approx(second, rel=1e-8)


@pytest.mark.parametrize("law", [PARETO, LOMAX, LOGNORMAL, GAMMA])
def test_a_far_cap_changes_no_moment_that_exists(law: AnyMultiple) -> None:
    assert laws.multiple_moment(law, 1, 1e20) == pytest.approx(
        laws.multiple_moment(law, 1), rel=1e-8
    )


def test_program_moments_by_hand() -> None:
    """Two campaigns, in months 0 and 3 of six; half arrives a month later, and so on."""
    program = CampaignProgram(
        name="bets",
        campaigns=2,
        spend=(10, 40),
        multiple=EMPIRICAL,
        hit_rate=0.25,
        incrementality=0.5,
        reference_spend=10,
        spend_elasticity=0.5,
        lag=1,
        half_life=1,
        overhead=2,
    )
    # 10 x 0.5 and 40 x 0.5 / sqrt(4) for a multiple of 1; 31/32 and 3/4 of them by month 5.
    first, second = 0.25 * 2.0, 0.25 * 26.0 / 3.0
    sizes = 5.0 * 31.0 / 32.0, 10.0 * 3.0 / 4.0
    moments = laws.program_moments(program, 6)
    assert moments.value == pytest.approx(first * sum(sizes))
    assert moments.variance == pytest.approx((second - first**2) * sum(x * x for x in sizes))
    assert moments.spend == pytest.approx(62.0)
    assert moments.value + moments.beyond_horizon == pytest.approx(first * 15.0)
    assert laws.program_moments(program, 6, 0.1).spend == pytest.approx(
        10.0 + 40.0 / 1.1**0.25 + 2.0 * sum(1.1 ** (-t / 12.0) for t in range(6))
    )
