"""Rare probabilities against quadrature, convolution and simulation, and how precise they are."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from gtmsim import Pareto, Plan, ScipyDistribution
from gtmsim.distributions import Empirical
from gtmsim.rare import RareProbability, prob_exceeds
from tests.laws import Z, expect_proportion, rejects
from tests.rare.plans import (
    PLANS,
    alike,
    lattice,
    plan,
    program,
    simulated,
    sum_of_equal,
    sum_of_two,
    team,
)


def expect_probability(found: RareProbability, truth: float, rounding: float = 0.0) -> None:
    difference = abs(found.probability - truth)
    # Written so that what is not a number fails.
    if not difference <= Z * found.standard_error + rounding * truth + 1e-11 * truth:
        raise AssertionError(f"{found}, expected {truth:.10g}")


# -- Power laws ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("x", "published", "error", "step"),
    [(60.0, 4.535e-2, 3e-3, 1 / 64), (1e3, 3.2941e-4, 4e-4, 1 / 16), (1e5, 3.1636e-7, 1e-5, 1 / 4)],
)
def test_ten_power_laws(x: float, published: float, error: float, step: float) -> None:
    truth = sum_of_equal(10, 1.5, x, step)
    found = prob_exceeds(alike(10, 1.5), x, rng=1)
    assert found.paths == 20_000
    assert found.relative_error < error
    expect_probability(found, truth, rounding=1e-6)
    assert abs(truth / published - 1.0) < 2.5e-3
    rejects(expect_probability, prob_exceeds(alike(10, 1.49), x, rng=1), truth, rounding=1e-6)


@pytest.mark.parametrize(
    ("indices", "x"),
    [
        ((2.5, 2.5), 100.0),
        ((0.5, 0.5), 1e8),
        ((1.5, 1.5), 6.0),
        ((0.8, 1.5), 1e4),
        ((3.0, 2.0), 40.0),
    ],
)
def test_two_power_laws(indices: tuple[float, float], x: float) -> None:
    truth = sum_of_two(*indices, x)

    def found(slope: float) -> RareProbability:
        laws = (Pareto(tail_index=indices[0]), Pareto(tail_index=indices[1] * slope))
        parts = (program(str(i), campaigns=1, multiple=law) for i, law in enumerate(laws))
        return prob_exceeds(plan(*parts, horizon=1), x, rng=2)

    expect_probability(found(1.0), truth, rounding=1e-9)
    rejects(expect_probability, found(0.99), truth, rounding=1e-9)


def test_published_figures() -> None:
    assert prob_exceeds(alike(2, 2.5), 100.0, rng=1).probability == pytest.approx(2.09e-5, rel=2e-3)
    assert prob_exceeds(alike(10, 0.5), 1e8, rng=1).probability == pytest.approx(
        1.0001e-3, rel=2e-4
    )


def test_the_relative_error_stays_bounded() -> None:
    # x at which ten Paretos of index 1.5 exceed it with about this probability.
    errors = [
        prob_exceeds(alike(10, 1.5), (10.0 / p) ** (1.0 / 1.5), rng=3).relative_error
        for p in (1e-3, 1e-4, 1e-6, 1e-9, 1e-12)
    ]
    assert max(errors) == errors[0] < 1e-3
    # The same with shocks: it does not fall, and does not grow either.
    shocked = plan(program(shared_luck=0.5), market_volatility=0.5)
    found = [prob_exceeds(shocked, (20.0 / p) ** (1.0 / 1.5), rng=3) for p in (1e-3, 1e-6, 1e-12)]
    assert max(one.relative_error for one in found) < 0.02
    # One jump times the shocks' moment of order 1.5, exp(1.5 * 0.5 / 2 * sigma**2) for either.
    limit = 10.0 * found[-1].x ** -1.5 * math.exp(0.375 * 0.5**2) ** 2
    assert found[-1].probability == pytest.approx(limit, rel=Z * found[-1].relative_error)


def test_variance_is_far_below_that_of_crude_simulation() -> None:
    found = prob_exceeds(alike(10, 1.5), 46_443.0, rng=4)
    p = found.probability
    assert p == pytest.approx(1e-6, rel=1e-4)
    crude = p * (1.0 - p) / found.paths
    assert crude > 1e11 * found.standard_error**2


def test_a_single_campaign_is_exact() -> None:
    for x, truth in ((0.5, 0.3), (1.0, 0.3), (100.0, 0.3e-3), (1e8, 0.3e-12)):
        found = prob_exceeds(alike(1, 1.5, hit_rate=0.3), x, rng=5)
        expect_probability(found, truth)
        assert found.relative_error < 1e-12


# -- Atoms --------------------------------------------------------------------------------------

TERMS = (
    ((12, 0.6, (0, 0, 1, 2, 2, 7)),),
    ((200, 0.02, (1, 1, 2, 3, 5, 8, 20)),),
    ((500, 0.002, (30,)), (2, 1e-5, (1000,))),
    ((6, 0.5, (1, 100)), (5, 0.3, (6, 100))),
)


def from_terms(terms: Any, shift: float = 0.0) -> Plan:
    return plan(
        *(
            program(
                str(i),
                campaigns=campaigns,
                hit_rate=hit_rate + shift,
                multiple=Empirical(values=tuple(map(float, values))),
            )
            for i, (campaigns, hit_rate, values) in enumerate(terms)
        ),
        horizon=1,
    )


@pytest.mark.parametrize("terms", TERMS, ids=str)
def test_sums_of_atoms(terms: Any) -> None:
    truth = lattice(terms)
    for p in (0.2, 1e-2, 1e-3):
        x = int(np.argmax(truth <= p))
        # Exactly at an atom: what is equal to x does not exceed it.
        expect_probability(prob_exceeds(from_terms(terms), x, rng=6), truth[x])
        expect_probability(prob_exceeds(from_terms(terms), x - 0.5, rng=6), truth[x - 1])
    x = int(np.argmax(truth <= 0.2))
    if truth[x - 1] > 1.2 * truth[x]:
        rejects(expect_probability, prob_exceeds(from_terms(terms), x, rng=6), truth[x - 1])
    wrong = from_terms(terms, shift=0.1 * terms[0][1])
    rejects(expect_probability, prob_exceeds(wrong, x, rng=6), truth[x])


def test_several_caps_together_are_reached() -> None:
    truth = lattice(TERMS[2])
    found = prob_exceeds(from_terms(TERMS[2]), 210, rng=7)
    assert truth[210] < 3e-5
    expect_probability(found, truth[210])
    assert found.relative_error < 0.02


def test_caps_of_equal_worth_share_the_event() -> None:
    # A campaign hits the cap with probability h; S > 3 needs four of six.
    found = prob_exceeds(plan(program(campaigns=6, hit_rate=0.3, cap=1.0), horizon=1), 3.0, rng=8)
    truth = sum(math.comb(6, k) * 0.3**k * 0.7 ** (6 - k) for k in (4, 5, 6))
    expect_probability(found, truth)
    rejects(expect_probability, found, 1.1 * truth)


# -- Simulation ---------------------------------------------------------------------------------


@pytest.mark.parametrize("name", PLANS)
def test_simulation_agrees(name: str) -> None:
    totals = simulated(PLANS[name])
    for p in (0.1, 5e-3):
        # Beyond atoms by more than rounding.
        x = float(np.quantile(totals, 1.0 - p)) * (1.0 + 1e-9)
        paths = 20_000 if p == 0.1 else 80_000
        found = prob_exceeds(PLANS[name], x, rng=9, paths=paths)
        exceeding = int(np.count_nonzero(totals > x))
        check_simulated(found, exceeding, totals.size)
    # A tenth more of everything is seen.
    totals = 1.1 * totals
    x = float(np.quantile(totals, 0.9)) * (1.0 + 1e-9)
    found = prob_exceeds(PLANS[name], x, rng=9)
    rejects(check_simulated, found, int(np.count_nonzero(totals > x)), totals.size)


def check_simulated(found: RareProbability, exceeding: int, scenarios: int) -> None:
    """The binomial law at the end of the estimate's own interval that is nearer."""
    share = exceeding / scenarios
    slack = Z * found.standard_error
    nearest = min(max(share, found.probability - slack), found.probability + slack)
    expect_proportion(exceeding, scenarios, min(max(nearest, 0.0), 1.0))


def test_channels_on_their_own() -> None:
    where = PLANS["market"]
    alone = where.replace(channels=(where["ads"],))
    one, other = (
        prob_exceeds(where, 100.0, channel="ads", rng=10),
        prob_exceeds(alone, 100.0, rng=10),
    )
    assert one == other
    assert one.probability < prob_exceeds(where, 100.0, rng=10, paths=60_000).probability


def test_a_law_of_scipy() -> None:
    from scipy import stats

    law = ScipyDistribution.from_frozen(stats.gamma(0.5))
    for p in (1e-2, 1e-4):
        x = float(stats.gamma(5.0).isf(p))
        where = plan(program(multiple=law), horizon=1)
        expect_probability(prob_exceeds(where, x, rng=11, paths=40_000), p)
        wrong = prob_exceeds(where, 1.05 * x, rng=11, paths=40_000)
        rejects(expect_probability, wrong, p)


# -- Intervals ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("where", "x", "truth"),
    [
        (alike(2, 2.5), 100.0, sum_of_two(2.5, 2.5, 100.0)),
        (alike(2, 1.5), 6.0, sum_of_two(1.5, 1.5, 6.0)),
        (from_terms(TERMS[0]), 24.0, float(lattice(TERMS[0])[24])),
    ],
    ids=["rare", "not rare", "atoms"],
)
def test_intervals_cover(where: Plan, x: float, truth: float) -> None:
    repetitions = 200
    intervals = [prob_exceeds(where, x, rng=seed, paths=2_000).interval for seed in range(200)]
    covered = sum(low <= truth <= high for low, high in intervals)
    assert covered >= 0.88 * repetitions
    # Half as wide, they would miss it as often as they then should.
    halves = [(0.75 * low + 0.25 * high, 0.25 * low + 0.75 * high) for low, high in intervals]
    assert sum(low <= truth <= high for low, high in halves) < 0.82 * repetitions


def test_the_same_seed_gives_the_same_estimate() -> None:
    where = PLANS["luck"]
    one = prob_exceeds(where, 400.0, rng=12)
    assert prob_exceeds(where, 400.0, rng=one.seed) == one
    assert prob_exceeds(where, 400.0, rng=13) != one


def test_blocks_of_any_size_agree(monkeypatch: pytest.MonkeyPatch) -> None:
    found = []
    for cells in (2**12, 2**18):
        monkeypatch.setattr("gtmsim.rare.paths._CELLS", cells)
        found.append(prob_exceeds(alike(10, 1.5), 1e3, rng=14))
    one, other = found
    assert one != other
    error = math.hypot(one.standard_error, other.standard_error)
    assert abs(one.probability - other.probability) < Z * error


def test_many_campaigns_cost_their_hits() -> None:
    where = plan(program(campaigns=100_000, hit_rate=1e-3), horizon=1)
    found = prob_exceeds(where, 1e6, rng=15, paths=5_000)
    mean = 100_000 * 1e-3 * 3.0
    assert found.probability == pytest.approx(100.0 * (1e6 - mean) ** -1.5, rel=1e-4)
    assert found.relative_error < 1e-4


def test_teams_draw_what_they_draw_in_a_simulation() -> None:
    where = plan(team(skill_cv=1.0), market_volatility=0.6)
    x = 50.0
    totals = simulated(where)
    found = prob_exceeds(where, x, rng=16)
    check_simulated(found, int(np.count_nonzero(totals > x)), totals.size)
    rejects(check_simulated, found, int(np.count_nonzero(totals > 0.9 * x)), totals.size)
