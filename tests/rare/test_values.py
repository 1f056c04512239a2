"""Quantiles and means far out, against closed forms, the probability itself and simulation."""

from __future__ import annotations

import math

import numpy as np
import pytest

from gtmsim import Pareto
from gtmsim.distributions import Empirical
from gtmsim.rare import TailValue, expected_shortfall, prob_exceeds, tail_quantile
from tests.laws import Z, rejects
from tests.rare.plans import PLANS, alike, plan, program, simulated


def expect_value(found: TailValue, truth: float, error: float = 0.0) -> None:
    slack = Z * math.hypot(found.standard_error, error) + 1e-7 * truth
    if not abs(found.value - truth) <= slack:
        raise AssertionError(f"{found}, expected {truth:.8g}")


@pytest.mark.parametrize("alpha", [1.5, 2.5])
@pytest.mark.parametrize("p", [0.1, 1e-3, 1e-9])
def test_one_campaign_in_closed_form(alpha: float, p: float) -> None:
    where = alike(1, alpha, hit_rate=0.2)
    q = (p / 0.2) ** (-1.0 / alpha)
    expect_value(tail_quantile(where, p, rng=1), q)
    expect_value(expected_shortfall(where, p, rng=1), q * alpha / (alpha - 1.0))
    rejects(expect_value, tail_quantile(where, 1.01 * p, rng=1), q)


@pytest.mark.parametrize("p", [1e-2, 1e-6, 1e-12])
def test_the_quantile_inverts_the_probability(p: float) -> None:
    where = PLANS["hits, carryover, discount"]
    found = tail_quantile(where, p, rng=2)
    back = prob_exceeds(where, found.value, rng=3)
    # The error of the quantile, as one of the probability: the slope is about 1.5.
    error = math.hypot(back.relative_error, 1.6 * found.relative_error)
    assert back.probability == pytest.approx(p, rel=Z * error)
    assert found.relative_error < 2e-3


def test_beyond_all_hits_the_quantile_is_zero() -> None:
    where = alike(2, 1.5, hit_rate=0.1)
    found = tail_quantile(where, 0.5, rng=4)
    assert found.value == found.standard_error == found.relative_error == 0.0
    expect_value(expected_shortfall(where, 0.5, rng=4, paths=60_000), 2 * 0.1 * 3.0 / 0.5)


def test_the_quantile_of_atoms_is_an_atom() -> None:
    where = plan(program(campaigns=3, multiple=Empirical(values=(1.0, 2.0, 9.0))), horizon=1)
    # P(S > 19) = 7 / 27 - 6 / 27 and so on: 27 with probability 1 / 27, 20 with 3, 19 with 3.
    for p, atom in ((0.02, 27.0), (0.1, 20.0), (0.2, 19.0)):
        found = tail_quantile(where, p, rng=5)
        assert found.value == pytest.approx(atom, rel=1e-6)
    truth = (27.0 / 27.0 + 20.0 * (0.1 - 1.0 / 27.0)) / 0.1
    expect_value(expected_shortfall(where, 0.1, rng=5), truth)


@pytest.mark.parametrize(
    "name", ["caps", "caps and values", "luck", "lognormal", "market", "against the market"]
)
def test_simulation_agrees(name: str) -> None:
    p, totals = 0.02, np.sort(simulated(PLANS[name]))
    at, spread = int(totals.size * (1.0 - p)), round(2.0 * math.sqrt(totals.size * p))
    q = float(totals[at])
    error = float(totals[at + spread] - totals[at - spread]) / 4.0
    expect_value(tail_quantile(PLANS[name], p, rng=6, paths=40_000), q, error)
    above = np.maximum(totals - q, 0.0)
    truth, error = q + float(above.mean()) / p, float(above.std()) / math.sqrt(totals.size) / p
    found = expected_shortfall(PLANS[name], p, rng=6, paths=40_000)
    expect_value(found, truth, error)
    rejects(expect_value, found, 1.4 * truth, error)


@pytest.mark.parametrize("alpha", [0.7, 1.0])
def test_a_mean_that_does_not_exist_is_infinite(alpha: float) -> None:
    where = plan(
        program(multiple=Pareto(tail_index=alpha)), program("PR", multiple=Pareto(tail_index=3.0))
    )
    found = expected_shortfall(where, 0.01, rng=7)
    assert found.value == math.inf
    assert found.standard_error == found.relative_error == 0.0
    assert math.isfinite(expected_shortfall(where, 0.01, channel="PR", rng=7).value)
    capped = plan(program(multiple=Pareto(tail_index=alpha), cap=1e3, hit_rate=0.01))
    assert math.isfinite(expected_shortfall(capped, 0.01, rng=7).value)


def test_one_big_jump() -> None:
    # q and the mean above it are those of one campaign, shifted by what the others bring.
    found = expected_shortfall(alike(10, 1.5), 1e-9, rng=8)
    assert found.value == pytest.approx(3.0 * (1e-10) ** (-1.0 / 1.5), rel=1e-4)
    assert found.relative_error < 1e-6
