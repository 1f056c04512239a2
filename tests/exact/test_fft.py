"""Exact distributions of totals: against closed forms, another convolution and the simulation."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pytest
from scipy import stats

from gtmsim import simulate_portfolio
from gtmsim.distributions import Empirical, LogNormal, Pareto, ScipyDistribution
from gtmsim.errors import ArgumentError, ArgumentTypeError, ExactError
from gtmsim.exact import fft
from gtmsim.exact.fft import TotalDistribution, total_distribution
from gtmsim.exact.lattice import Campaigns, Mixture, aligned, lattice_sum
from gtmsim.plan import Plan, SalesTeam
from tests.exact.fft_plans import (
    CLOSED,
    EXPONENTIAL,
    LOMAX,
    PLANS,
    UNIFORM,
    WRONG,
    Cdf,
    capped_uniform,
    one,
    program,
    several,
)
from tests.laws import ROUNDING, expect_proportion, rejects


@cache
def closed(name: str) -> tuple[TotalDistribution, Cdf, tuple[float, ...]]:
    plan, truth, places = CLOSED[name]
    return total_distribution(plan, points=2**17), truth, places


def expect_cdf(total: TotalDistribution, truth: Cdf, places: tuple[float, ...]) -> None:
    for x in places:
        assert abs(total.cdf(x) - truth(x)) < 1e-8, f"at {x}"
        assert total.sf(x) == 1.0 - total.cdf(x)


def expect_enclosed(total: TotalDistribution, truth: Cdf, places: tuple[float, ...]) -> None:
    for x in places:
        low, high = total.bounds(x)
        assert low <= truth(x) <= high, f"at {x}"
        assert low <= total.cdf(x) <= high
        assert high - low <= 2.0 * total.error


@pytest.mark.parametrize("name", CLOSED)
def test_closed_forms(name: str) -> None:
    total, truth, places = closed(name)
    expect_cdf(total, truth, places)
    rejects(expect_cdf, total, lambda x: truth(x) + 2e-8, places)
    rejects(expect_cdf, total, lambda x: truth(x * 1.001), places)


@pytest.mark.parametrize("name", CLOSED)
def test_bounds_enclose_the_truth(name: str) -> None:
    total, truth, places = closed(name)
    many = (*places, *np.geomspace(1e-3, min(total.reach, 1e4), 60).tolist())
    expect_enclosed(total, truth, many)
    rejects(expect_enclosed, total, lambda x: truth(x) + 1e-3, many)
    rejects(expect_enclosed, total, lambda x: truth(x) - 1e-3, many)


@pytest.mark.parametrize("points", [2**9, 2**11, 2**13])
@pytest.mark.parametrize("name", CLOSED)
def test_coarse_bounds_enclose_it_too(name: str, points: int) -> None:
    plan, truth, places = CLOSED[name]
    total = total_distribution(plan, points=points, tolerance=1.0)
    expect_enclosed(total, truth, tuple(x for x in places if x <= total.reach))


def test_the_error_falls_with_the_points() -> None:
    plan, truth, places = CLOSED["exponentials"]
    coarse, fine = (total_distribution(plan, points=n, tolerance=1.0) for n in (2**10, 2**13))
    assert fine.error < coarse.error / 6.0
    far, near = (max(abs(t.cdf(x) - truth(x)) for x in places) for t in (coarse, fine))
    assert near < far / 30.0


def test_where_a_density_jumps_the_error_is_of_a_step() -> None:
    total, _, _ = closed("capped uniforms")
    # The density jumps by 0.4 at the cap; the grid has 2**17 points up to 1.6.
    assert total.cdf(0.8) == pytest.approx(capped_uniform(0.8), abs=0.1 * 1.6 / 2**17 * 1.1)
    low, high = total.bounds(0.8)
    assert low <= capped_uniform(0.8) <= high


def lattice_sums(counts: list[tuple[int, float, tuple[int, ...]]]) -> np.ndarray:
    """Convolve directly: so many campaigns, each a hit at times, of whole values."""
    masses = np.ones(1)
    for campaigns, hit_rate, values in counts:
        each = np.bincount(values) * hit_rate / len(values)
        each[0] += 1.0 - hit_rate
        for _ in range(campaigns):
            masses = np.convolve(masses, each)
    return masses


def test_values_on_a_lattice_are_exact() -> None:
    plan = several(
        program("a", campaigns=7, hit_rate=0.3, multiple=Empirical(values=(0.0, 0.5, 2.5, 2.5))),
        program("b", campaigns=4, spend=1.5, multiple=Empirical(values=(1.0, 3.0)), cap=2.0),
    )
    # In halves; the second program brings 1.5 or 3.
    masses = lattice_sums([(7, 0.3, (0, 1, 5, 5)), (4, 1.0, (3, 6))])
    total = total_distribution(plan)
    assert total.error < 1e-9

    def expect_lattice(masses: np.ndarray) -> None:
        for k, truth in enumerate(np.cumsum(masses)):
            for x in (0.5 * k, 0.5 * k + 0.3):
                assert abs(total.cdf(x) - truth) < 1e-12
                assert total.bounds(x)[0] <= truth + 1e-15
                assert truth - 1e-15 <= total.bounds(x)[1]

    expect_lattice(masses)
    rejects(expect_lattice, lattice_sums([(7, 0.3001, (0, 1, 5, 5)), (4, 1.0, (3, 6))]))
    rejects(expect_lattice, lattice_sums([(7, 0.3, (0, 1, 5, 4)), (4, 1.0, (3, 6))]))
    assert total.quantile(float(np.cumsum(masses)[20]) - 1e-6) == pytest.approx(10.0, rel=1e-9)


def test_three_laws_by_direct_convolution() -> None:
    """Cells of exact probability at their middles: an error of the square of the step."""
    step, cells = 1e-3, 9_000
    edges = step * np.arange(cells + 1)
    laws = (stats.gamma(1.5), stats.lognorm(0.8), stats.lomax(1.2))
    masses = np.ones(1)
    for law in laws:
        masses = np.convolve(masses, np.diff(law.cdf(edges)))[:cells]
    plan = several(
        program("a", multiple=ScipyDistribution(name="gamma", args=(1.5,))),
        program("b", multiple=LogNormal(median=1.0, sigma=0.8)),
        program("c", multiple=ScipyDistribution(name="lomax", args=(1.2,))),
    )
    total = total_distribution(plan, reach=10.0)

    def expect_sums(masses: np.ndarray) -> None:
        for k in (500, 1_500, 3_000, 6_000, 8_998):
            # Sums of three middles lie at halves; the mass of a place belongs half below it.
            x = step * (k + 1.5)
            assert total.cdf(x) == pytest.approx(masses[:k].sum() + 0.5 * masses[k], abs=3e-7)

    expect_sums(masses)
    rejects(expect_sums, masses * 1.00001)


def test_nothing_has_its_own_probability() -> None:
    total = total_distribution(one(campaigns=12, hit_rate=0.4))
    assert total.cdf(0.0) == pytest.approx(0.6**12, rel=1e-12)
    assert total.bounds(0.0)[1] - total.bounds(0.0)[0] < 1e-6
    assert total.quantile(0.5 * 0.6**12) == 0.0
    assert total.quantile(2.0 * 0.6**12) > 0.0
    shocked = total_distribution(one(campaigns=2, hit_rate=0.4, shared_luck=1.0))
    assert shocked.cdf(0.0) == pytest.approx(0.36, rel=1e-12)


def test_hits_rarer_than_what_is_left_out_are_bounded() -> None:
    total = total_distribution(one(campaigns=4, hit_rate=1e-12, shared_luck=1.0, market=0.3))
    for x in (0.0, 1e-3, 1.0):
        low, high = total.bounds(x)
        assert low <= 1.0 - 4e-12 * float(LOMAX.sf(x)) <= high
        assert total.cdf(x) == pytest.approx(1.0, abs=1e-10)


def test_a_program_without_value_is_zero() -> None:
    total = total_distribution(one(campaigns=3, launch=11, lag=1))
    assert (total.cdf(0.0), total.cdf(5.0), total.error, total.quantile(1.0)) == (1.0, 1.0, 0, 0)
    both = several(program("a", incrementality=0.0), program("b", multiple=EXPONENTIAL))
    assert total_distribution(both).cdf(1.0) == pytest.approx(1.0 - math.exp(-1.0), abs=1e-8)


@pytest.mark.parametrize("name", ["exponentials", "shocked constants", "two paretos"])
def test_quantiles_are_inverses(name: str) -> None:
    total, truth, _ = closed(name)
    for q in (0.3, 0.5, 0.9, 0.99):
        x = total.quantile(q)
        assert truth(x) == pytest.approx(q, abs=1e-8)
        low, high = total.quantile_bounds(q)
        assert low <= x <= high
        assert truth(low) <= q + 1e-12
        assert truth(high) >= q - 1e-12
        assert high - low < 1e-3 * x
    assert truth(total.quantile(0.9) * 1.0001) != pytest.approx(0.9, abs=1e-8)


@pytest.mark.parametrize("name", ["lomax", "luck", "two programs", "two loadings"])
def test_bounds_do_not_fall(name: str) -> None:
    total = exact(name)
    places = np.geomspace(1e-4 * total.reach, total.reach, 200)
    low, high = np.array([total.bounds(x) for x in places]).T
    assert np.all(np.diff(low) >= -1e-7)
    assert np.all(np.diff(high) >= -1e-7)


# -- The simulation --------------------------------------------------------------------------------

SCENARIOS = 20_000
LEVELS = (0.05, 0.25, 0.5, 0.75, 0.9, 0.99)


@cache
def exact(name: str) -> TotalDistribution:
    return rough(PLANS[name])


def rough(plan: Plan) -> TotalDistribution:
    return total_distribution(plan, points=2**13, tolerance=5e-3)


def expect_simulated(total: TotalDistribution, values: np.ndarray) -> None:
    for q in LEVELS:
        x = total.quantile(q) * (1.0 + ROUNDING)
        expect_proportion(int(np.count_nonzero(values <= x)), values.size, total.cdf(x))


@pytest.mark.parametrize("name", PLANS)
def test_the_simulation_agrees(name: str) -> None:
    values = simulate_portfolio(PLANS[name], scenarios=SCENARIOS, rng=11).values()
    expect_simulated(exact(name), values)
    rejects(expect_simulated, rough(WRONG[name]), values)


# -- What is refused -------------------------------------------------------------------------------

TEAM = SalesTeam(name="reps", hires=2, quota=8e5, loaded_cost=2e5)
MIXED = Plan(horizon=12, channels=[TEAM, program()])
BET = one(campaigns=3)
HEAVY = one(campaigns=3_000, hit_rate=1.0, multiple=Pareto(tail_index=0.6))


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (
            lambda: total_distribution(MIXED),
            ExactError,
            "channel: must be made of programs only: a team's total has no closed form, got "
            "'reps' (name a program, or use prob_exceeds or the simulation)",
        ),
        (
            lambda: total_distribution(MIXED, "reps"),
            ExactError,
            "channel: must be made of programs",
        ),
        (
            lambda: total_distribution(MIXED, "adz"),
            ArgumentError,
            "channel: must be one of reps, ads, got 'adz' (did you mean 'ads'?)",
        ),
        (lambda: total_distribution(BET, reach=0.0), ArgumentError, "reach: must be above 0"),
        (lambda: total_distribution(BET, points=10), ArgumentError, "points: must be at least 64"),
        (
            lambda: total_distribution(BET, tolerance=0.0),
            ArgumentError,
            "tolerance: must be above 0 and at most 1",
        ),
        (
            lambda: total_distribution(BET, tolerance=1e-9),
            ExactError,
            "tolerance: must be at least ",
        ),
        (lambda: total_distribution(HEAVY), ExactError, "tolerance: must be at least "),
        (lambda: exact("lomax").cdf(-1.0), ArgumentError, "x: must be at least 0, got -1.0"),
        (lambda: exact("lomax").cdf(math.nan), ArgumentError, "x: must be finite, got nan"),
        (lambda: exact("lomax").cdf("1"), ArgumentTypeError, "x: must be a number, got '1'"),
        (lambda: exact("lomax").bounds(1e12), ArgumentError, "x: must be at most "),
        (lambda: exact("lomax").quantile(1.5), ArgumentError, "q: must be at least 0 and at most"),
        (lambda: exact("lomax").quantile(1.0), ArgumentError, "q: must be at most 0.99"),
    ],
)
def test_refusals(call: Callable[[], Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=f"^{re.escape(message)}"):
        call()


def test_steps_that_no_lattice_has_are_refused() -> None:
    off = one(
        campaigns=2, spend=(1.0, math.pi), multiple=Empirical(values=(0.0, 1.0, math.sqrt(2)))
    )
    with pytest.raises(ExactError, match=r"^tolerance: must be at least 0\.0.*read bounds"):
        total_distribution(off)
    total = total_distribution(off, tolerance=0.2)
    low, high = total.bounds(1.2)
    assert low <= 2.0 / 9.0 <= high < low + 1e-6


def test_too_much_work_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fft, "MOST_WORK", 2**16)
    with pytest.raises(ExactError, match=r"^points: must not ask for more than 65,536 "):
        total_distribution(one(campaigns=3, spend=(1.0, 2.0, 3.5)))


def test_all_lattices_together_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """None of the 28 of this plan has more than 2**16 points, and all have 2**20."""
    monkeypatch.setattr(fft, "MOST_WORK", 2**19)
    with pytest.raises(ExactError, match=r"must not ask for more than 524,288 .*got 540672"):
        total_distribution(PLANS["two lucks"])
    monkeypatch.setattr(fft, "MOST_WORK", 2**21)
    assert total_distribution(PLANS["two lucks"]).error < 1e-3


def test_more_points_are_taken_where_the_tolerance_asks() -> None:
    total = total_distribution(BET, points=2**9, tolerance=1e-4)
    assert total.error <= 1e-4 < total_distribution(BET, points=2**9, tolerance=1.0).error


def test_what_is_bounded_is_certain_beyond() -> None:
    total = total_distribution(one(campaigns=2, multiple=UNIFORM, cap=0.8))
    assert total.bounds(7.0) == (1.0, 1.0)
    assert total.quantile(1.0) == pytest.approx(1.6, rel=1e-9)


def test_repr_is_short() -> None:
    assert re.fullmatch(
        r"TotalDistribution\('portfolio', reach=[\d.]+, error=[\de.-]+\)", repr(exact("cap"))
    )


# -- Roundings and aliasing ------------------------------------------------------------------------


@pytest.mark.parametrize("shock", [{"market": 1e-290}, {"shared_luck": 1e-13}])
def test_a_shock_that_moves_nothing_is_none(shock: dict[str, float]) -> None:
    plain, shocked, felt = (
        total_distribution(one(campaigns=3, hit_rate=0.4, **changes), reach=50.0).bounds(5.0)
        for changes in ({}, shock, {"shared_luck": 0.01})
    )
    assert shocked == plain != felt


def test_a_cap_far_beyond_the_reach_does_not_overflow() -> None:
    total = total_distribution(one(campaigns=2, hit_rate=0.4, cap=1e100), reach=1e-215)
    assert total.cdf(5e-216) == pytest.approx(0.36, rel=1e-9)


def test_sums_beyond_the_lattice_do_not_come_back() -> None:
    """Without a tilt, part of this sum would be found again where it does not belong."""
    terms = [Campaigns(EXPONENTIAL, None, 1.0, 1.0, 12)]
    step, points = 0.01, 512
    grid = lattice_sum([Mixture(1.0, terms)], step, points, math.inf)
    x = np.array([1.0, 3.0, 5.0])
    truth = stats.gamma.cdf(x, 12)
    low, _, high = grid.at(x)
    assert np.all((low <= truth) & (truth <= high))
    assert grid.error < 2e-8
    untilted = lattice_sum([Mixture(1.0, terms)], step, points, 0.0)
    low, _, _ = untilted.at(x)
    assert np.all(low > truth)


def test_steps_divide_the_marks() -> None:
    assert aligned(np.array([3.0, 4.5]), 1e-3) == pytest.approx(1e-3, rel=2e-3)
    step = aligned(np.array([7.0, math.pi]), 0.01)
    assert 7.0 / step == pytest.approx(round(7.0 / step), abs=1e-9)
    assert 0.01 <= step < 0.02
    assert aligned(np.empty(0), 0.3) == 0.3
