"""Units above the bar cover the target in every scenario, and never more than there is room for."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import pytest
from scipy import optimize, stats

from gtmsim.core._types import Floats, Ints
from gtmsim.distributions import (
    AnyMultiple,
    Empirical,
    LogNormal,
    Lomax,
    Pareto,
    ScipyDistribution,
)
from gtmsim.sampling import candidate_bars
from tests.laws import rejects

CERTAIN = -34.0
"""Logarithm of the chance of a failure that a bar may have."""

SCENARIOS = 200_000

LAWS: dict[str, tuple[AnyMultiple, float | None]] = {
    "pareto": (Pareto(tail_index=1.1), None),
    "pareto, heaviest": (Pareto(tail_index=0.1), None),
    "pareto, capped": (Pareto(tail_index=1.1), 3.0),
    "lomax": (Lomax(tail_index=1.5, scale=2.68), 100.0),
    "lognormal": (LogNormal(median=1.0, sigma=1.0), None),
    "empirical": (Empirical(values=(0.0, 1.0, 2.0, 2.0, 9.0)), None),
    "gamma": (ScipyDistribution.from_frozen(stats.gamma(2.0, scale=0.7)), None),
}


class Cohorts(NamedTuple):
    """A program's cohorts, each (cohort,), and its multiple."""

    law: AnyMultiple
    cap: float | None
    hit_rate: float
    most: Ints
    rate: Floats
    spend: Floats

    def bars(self, target: float) -> tuple[Floats, int]:
        """What is under test."""
        return candidate_bars(
            self.law,
            self.cap,
            expected=self.hit_rate * self.most,
            most=self.most,
            rate=self.rate,
            spend=self.spend,
            target=target,
        )

    def chance(self, bar: Floats) -> Floats:
        """Chance of a campaign of each cohort to be above its bar."""
        finite = np.where(np.isfinite(bar), bar, 0.0)
        above = np.asarray(self.law.sf(finite, self.cap))
        return np.asarray(self.hit_rate * above * np.isfinite(bar))

    def budget(self) -> float:
        return float(self.most @ self.spend)


def alone(name: str, campaigns: int, hit_rate: float) -> Cohorts:
    law, cap = LAWS[name]
    return Cohorts(law, cap, hit_rate, np.array([campaigns]), np.ones(1), np.ones(1))


def many(name: str, seed: int) -> Cohorts:
    """Cohorts of unequal size, spend and value per spend."""
    law, cap = LAWS[name]
    rng = np.random.default_rng(seed)
    most, rate, spend = rng.integers(1, 800, 8), rng.lognormal(0, 1, 8), rng.lognormal(3, 1, 8)
    return Cohorts(law, cap, 0.4, most, rate, spend)


# -- One cohort, by the exact binomial law --------------------------------------------------------

SIZES = [(1000, 0.4, 0.01), (20_000, 0.3, 0.01), (10**6, 0.1, 0.01), (300, 1.0, 0.02)]
SIZES += [(5000, 0.5, 0.2), (20_000, 0.5, 0.3)]


def expect_cover(cohort: Cohorts, target: float, bar: Floats) -> None:
    chance = float(cohort.chance(bar)[0])
    needed = math.ceil(target / cohort.spend[0])
    assert stats.binom.logcdf(needed - 1, cohort.most[0], chance) < CERTAIN


def expect_room(cohort: Cohorts, bar: Floats, room: int) -> None:
    assert room <= cohort.most[0]
    chance = float(cohort.chance(bar)[0])
    assert stats.binom.logsf(room, cohort.most[0], chance) < CERTAIN


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("law", LAWS)
def test_a_shortfall_is_as_unlikely_as_promised(law: str, size: tuple[int, float, float]) -> None:
    campaigns, hit_rate, share = size
    cohort, target = alone(law, campaigns, hit_rate), share * campaigns
    bar, room = cohort.bars(target)
    assert bar.shape == (1,)
    assert 0.0 < bar[0] < math.inf
    expect_cover(cohort, target, bar)
    expect_room(cohort, bar, room)
    mean = float(cohort.chance(bar)[0]) * campaigns
    rejects(expect_room, cohort, bar, math.ceil(mean + 4.0 * math.sqrt(mean)))


@pytest.mark.parametrize("size", [size for size in SIZES if size[2] < 0.1])
@pytest.mark.parametrize("law", ["pareto", "lomax", "lognormal", "gamma"])
def test_a_bar_is_not_much_lower_than_it_must_be(law: str, size: tuple[int, float, float]) -> None:
    """With a fifth of its reserve less, the promise would not be kept, if few campaigns count."""
    campaigns, hit_rate, share = size
    cohort, target = alone(law, campaigns, hit_rate), share * campaigns
    chance = float(cohort.chance(cohort.bars(target)[0])[0])
    excess = chance * campaigns - target
    fewer = (target + 0.8 * excess) / (campaigns * hit_rate)
    rejects(expect_cover, cohort, target, np.array([cohort.law.isf(fewer, cohort.cap)]))


@pytest.mark.parametrize("law", LAWS)
def test_room_is_not_much_more_than_it_must_be(law: str) -> None:
    cohort = alone(law, 10**6, 0.1)
    bar, room = cohort.bars(1e4)
    assert room < 1.2 * float(cohort.chance(bar)[0]) * 1e6


def test_bars_of_a_mass_stand_just_below_it() -> None:
    """Where what lies at a cap or at one value is enough, all of it is known and nothing else."""
    for law, mass, share in (("pareto, capped", 3.0, 0.01), ("empirical", 9.0, 0.01)):
        bar, _ = alone(law, 20_000, 0.4).bars(share * 20_000)
        assert 0.999999 * mass < bar[0] < mass
    bar, _ = alone("empirical", 20_000, 0.4).bars(0.1 * 20_000)
    assert 1.999999 < bar[0] < 2.0


# -- Many cohorts, simulated ----------------------------------------------------------------------


def above(cohorts: Cohorts, bar: Floats, seed: int) -> Ints:
    """Hits above the bar (scenario, cohort)."""
    rng = np.random.default_rng(seed)
    chances = cohorts.chance(bar)
    return rng.binomial(cohorts.most, chances, (SCENARIOS, chances.size))


def expect_all_covered(cohorts: Cohorts, bar: Floats, target: float) -> None:
    assert np.all(above(cohorts, bar, 7) @ cohorts.spend >= target)


@pytest.mark.parametrize("share", [0.002, 0.01, 0.1])
@pytest.mark.parametrize("law", LAWS)
def test_the_target_is_covered_in_every_scenario(law: str, share: float) -> None:
    cohorts = many(law, 20)
    target = share * cohorts.budget()
    bar, room = cohorts.bars(target)
    expect_all_covered(cohorts, bar, target)
    assert above(cohorts, bar, 8).sum(axis=1).max() <= room <= cohorts.most.sum()


@pytest.mark.parametrize("share", [0.01, 0.1])
@pytest.mark.parametrize("law", ["pareto", "lomax", "lognormal", "gamma"])
def test_a_bar_for_the_mean_does_not_cover(law: str, share: float) -> None:
    """One that covers the target by 5 % on average is seen to fail."""
    cohorts = many(law, 20)
    target = share * cohorts.budget()

    def excess(log_level: float) -> float:
        chances = cohorts.chance(math.exp(log_level) / cohorts.rate)
        return float((chances * cohorts.most) @ cohorts.spend) - 1.05 * target

    level = math.exp(optimize.brentq(excess, -30.0, 60.0))
    rejects(expect_all_covered, cohorts, level / cohorts.rate, target)
    assert level > float((cohorts.bars(target)[0] * cohorts.rate)[0])


@pytest.mark.parametrize("law", LAWS)
def test_the_bar_is_one_value_per_spend(law: str) -> None:
    cohorts = many(law, 21)
    bar, _ = cohorts.bars(0.02 * cohorts.budget())
    assert bar[0] > 0.0
    np.testing.assert_allclose(bar * cohorts.rate, np.full(8, (bar * cohorts.rate)[0]), rtol=1e-15)


@pytest.mark.parametrize("law", LAWS)
def test_money_and_value_have_no_unit(law: str) -> None:
    cohorts = many(law, 22)
    bar, room = cohorts.bars(0.02 * cohorts.budget())
    for unit in (1e-9, 1e9):
        scaled = cohorts._replace(spend=unit * cohorts.spend, rate=cohorts.rate / unit)
        other, other_room = scaled.bars(0.02 * scaled.budget())
        np.testing.assert_allclose(other, bar, rtol=1e-9)
        assert abs(other_room - room) <= 1


@pytest.mark.parametrize("law", LAWS)
@pytest.mark.parametrize("seed", [23, None])
def test_more_to_cover_lowers_the_bar_and_takes_more_room(law: str, seed: int | None) -> None:
    cohorts = alone(law, 5000, 0.5) if seed is None else many(law, seed)
    shares = np.geomspace(1e-4, 1.0, 60)
    bars, rooms = zip(*(cohorts.bars(s * cohorts.budget()) for s in shares.tolist()), strict=True)
    assert np.all(np.diff(np.stack(bars), axis=0) <= 0.0)
    assert np.all(np.diff(rooms) >= 0)
    assert bars[0][0] > 0.0 == bars[-1][0]


# -- The ends -------------------------------------------------------------------------------------


@pytest.mark.parametrize("law", LAWS)
def test_nothing_to_cover_takes_nothing(law: str) -> None:
    bar, room = many(law, 24).bars(0.0)
    assert bar.tolist() == [math.inf] * 8
    assert room == 0


@pytest.mark.parametrize("law", LAWS)
@pytest.mark.parametrize("hit_rate", [0.4, 1.0])
def test_everything_to_cover_takes_every_hit(law: str, hit_rate: float) -> None:
    cohorts = many(law, 25)._replace(hit_rate=hit_rate)
    for target in (cohorts.budget(), math.nextafter(cohorts.budget(), 0.0), 1e3 * cohorts.budget()):
        bar, room = cohorts.bars(target)
        assert bar.tolist() == [0.0] * 8
        hits = float((cohorts.chance(bar) * cohorts.most).sum())
        assert min(hits, cohorts.most.sum()) <= room <= cohorts.most.sum()
        assert above(cohorts, bar, 9).sum(axis=1).max() <= room


@pytest.mark.parametrize("law", LAWS)
def test_few_campaigns_are_all_candidates(law: str) -> None:
    """A dozen hits cannot promise anything."""
    bar, room = alone(law, 12, 0.5).bars(0.12)
    assert bar[0] == 0.0
    assert room == 12


@pytest.mark.parametrize("law", LAWS)
def test_cohorts_without_value_are_left_out(law: str) -> None:
    """As if they were not there; the dearest campaign still is."""
    cohorts = many(law, 26)
    kept = np.array([True, False] * 4)
    some = cohorts._replace(rate=np.where(kept, cohorts.rate, 0.0))
    target = 0.01 * cohorts.budget()
    bar, room = some.bars(target)
    assert np.isinf(bar[~kept]).all()
    assert np.all((bar[kept] > 0.0) & np.isfinite(bar[kept]))
    expect_all_covered(some, bar, target)
    assert above(some, bar, 8).sum(axis=1).max() <= room
    none, _ = cohorts._replace(rate=np.zeros(8)).bars(target)
    assert np.isinf(none).all()


def test_rates_that_are_far_apart_are_no_error() -> None:
    """Spends of many decades with an elasticity of 2, as a plan may have them."""
    far = many("pareto", 27)._replace(rate=np.array([1e-20, *np.ones(7)]))
    bar, room = far.bars(0.001 * far.budget())
    assert not np.isnan(bar).any()
    assert 0 < room <= far.most.sum()
