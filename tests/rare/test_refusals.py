"""What is refused rather than guessed, and what is exactly 0 or 1."""

from __future__ import annotations

import math
from typing import Any

import pytest
from scipy import stats

from gtmsim import ScipyDistribution
from gtmsim.distributions import Empirical
from gtmsim.errors import ArgumentError, ArgumentTypeError, PrecisionError
from gtmsim.rare import expected_shortfall, prob_exceeds, tail_quantile
from tests.rare.plans import alike, plan, program, team

CAPPED = plan(program(campaigns=10, cap=4.0, spend=2.0), horizon=1)


def test_beyond_the_largest_total_nothing_is_left() -> None:
    for x in (80.0, 81.0, 1e9):
        found = prob_exceeds(CAPPED, x, rng=1)
        assert found.probability == found.standard_error == found.relative_error == 0.0
        assert found.interval == (0.0, 0.0)
    assert prob_exceeds(CAPPED, 75.0, rng=1, paths=200_000).probability > 0.0
    # A shock has no largest value.
    shocked = CAPPED.replace(market_volatility=0.5)
    assert prob_exceeds(shocked, 100.0, rng=1).probability > 0.0


def test_above_zero() -> None:
    assert prob_exceeds(alike(3, 1.5), 0.0, rng=1).probability == 1.0
    found = prob_exceeds(alike(3, 1.5, hit_rate=0.1), 0.0, rng=1)
    assert found.probability == pytest.approx(1.0 - 0.9**3, rel=1e-14)
    with_team = prob_exceeds(plan(team(), program()), 0.0, rng=1)
    assert with_team.probability == pytest.approx(1.0, rel=1e-12)


def test_nothing_arrives_before_the_horizon() -> None:
    late = plan(program(lag=3), program("PR", launch=5), horizon=6)
    assert prob_exceeds(late, 10.0, channel="ads", rng=1).probability > 0.0
    later = plan(program(incrementality=0.0), horizon=6)
    assert prob_exceeds(later, 0.0, rng=1).probability == 0.0
    assert tail_quantile(later, 0.1, rng=1).value == 0.0
    assert expected_shortfall(later, 0.1, rng=1).value == 0.0


@pytest.mark.parametrize("x", [915, 1047, 1172])
def test_many_terms_together_are_out_of_reach(x: int) -> None:
    # Probabilities of 1e-8, 1e-10 and 1e-12, by convolution.
    values = Empirical(values=(1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0))
    where = plan(program(campaigns=1_000, hit_rate=0.01, multiple=values), horizon=1)
    with pytest.raises(PrecisionError, match=f"x: must be within reach .* got {x}.*raise paths"):
        prob_exceeds(where, x, rng=1)


def test_few_paths_must_not_decide() -> None:
    law = ScipyDistribution.from_frozen(stats.gamma(2.0))
    where = plan(program(multiple=law), horizon=1)
    for p in (1e-6, 1e-8, 1e-10):
        with pytest.raises(PrecisionError, match=r"total_distribution for bounded programs"):
            prob_exceeds(where, float(stats.gamma(20.0).isf(p)), rng=1)


def test_teams_luck_that_was_not_drawn_is_not_left_out() -> None:
    wild = plan(team(skill_cv=1.2), program(campaigns=2, spend=1e-3, hit_rate=0.01))
    tame = plan(team(), program(campaigns=2, spend=1e-3, hit_rate=0.01))
    with pytest.raises(PrecisionError, match="teams' own luck may reach it too"):
        prob_exceeds(wild, 1e3, rng=1)
    assert 0.0 < prob_exceeds(tame, 1e3, rng=1).probability < 1e-9


@pytest.mark.parametrize("law", [stats.fisk(1.5), stats.burr(1.5, 2.0)], ids=["fisk", "burr"])
def test_a_survival_function_without_digits_is_refused(law: Any) -> None:
    where = plan(program(multiple=ScipyDistribution.from_frozen(law)), horizon=1)
    assert prob_exceeds(where, 1e3, rng=1).probability == pytest.approx(10.0 * law.sf(1e3), rel=0.1)
    with pytest.raises(PrecisionError, match=r"must be where scipy's \w+ is precise"):
        prob_exceeds(where, 1e8, rng=1)
    with pytest.raises(PrecisionError):
        prob_exceeds(where, 1e12, rng=1)


def test_arguments() -> None:
    where = alike(3, 1.5)
    with pytest.raises(ArgumentError, match="x: must be at least 0"):
        prob_exceeds(where, -1.0)
    with pytest.raises(ArgumentError, match="x: must be finite"):
        prob_exceeds(where, math.inf)
    for bad in ("ten", None, True):
        with pytest.raises(ArgumentTypeError, match="x: must be a number"):
            prob_exceeds(where, bad)  # type: ignore[arg-type]
    with pytest.raises(ArgumentTypeError, match="plan: must be a Plan"):
        prob_exceeds("plan.toml", 1.0)  # type: ignore[arg-type]
    with pytest.raises(ArgumentError, match="channel: must be one of ads"):
        prob_exceeds(where, 1.0, channel="adz")
    with pytest.raises(ArgumentTypeError, match="channel: must be a name"):
        prob_exceeds(where, 1.0, channel=3)  # type: ignore[arg-type]
    with pytest.raises(ArgumentError, match="paths: must be at least 1000"):
        prob_exceeds(where, 1.0, paths=10)
    for function in (tail_quantile, expected_shortfall):
        for p in (0.0, 1.0, -0.1, 1.1):
            with pytest.raises(ArgumentError, match="p: must be above 0 and below 1"):
                function(where, p)


def test_what_is_shown() -> None:
    found = prob_exceeds(alike(10, 1.5), 1e3, rng=1)
    assert float(found) == found.probability
    assert repr(found).startswith("RareProbability(P(total > 1000) = 3.29")
    assert "± " in repr(found)
    assert repr(found).endswith("20,000 paths)")
    low, high = found.interval
    assert low < found.probability < high
    assert repr(prob_exceeds(CAPPED, 1e3, rng=1)).startswith(
        "RareProbability(P(total > 1000) = 0 ± 0"
    )
    value = tail_quantile(alike(10, 1.5), 1e-3, rng=1)
    assert float(value) == value.value
    assert repr(value).startswith("TailValue(4.9")
    assert value.relative_error == value.standard_error / value.value
