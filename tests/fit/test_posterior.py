"""Adaptive importance sampling, against laws that are known."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from scipy import integrate, stats
from scipy.special import gammaln

from gtmsim import fit_program, presets
from gtmsim.fit.program.families import FAMILIES, LogNormalFamily, LomaxFamily, Prior, SplicedFamily
from gtmsim.fit.program.posterior import sample_posterior
from tests.laws import expect_distribution, expect_mean, rejects


def draws_of(log_density, start, size=4_000, seed=1):
    return sample_posterior(log_density, np.asarray(start), size, np.random.default_rng(seed))


def thin(draws: np.ndarray) -> np.ndarray:
    """Draws that repeat seldom enough for a test of independent ones."""
    return draws[::8]


def test_a_skewed_posterior_is_met_with_its_evidence() -> None:
    # log of a gamma of shape 2: the density exp(2 t - exp(t)), of integral 1.
    def log_gamma(theta):
        return 2.0 * theta[:, 0] - np.exp(theta[:, 0])

    found = draws_of(log_gamma, [3.0])
    assert found.log_evidence == pytest.approx(gammaln(2.0), abs=0.05)
    law = stats.gamma(2.0)
    drawn = thin(np.exp(found.theta[:, 0]))
    expect_distribution(drawn + 1e-9 * np.random.default_rng(2).random(drawn.size), law.cdf)
    rejects(expect_distribution, drawn, stats.gamma(2.6).cdf)
    assert math.exp(found.mode[0]) == pytest.approx(2.0, rel=0.01)


def test_correlated_coordinates_far_from_the_start_are_found() -> None:
    cover = np.array([[1.0, 0.95, 0.0], [0.95, 1.0, 0.3], [0.0, 0.3, 4.0]])
    cover += 0.05 * np.eye(3)
    middle = np.array([5.0, -3.0, 2.0])
    inverse = np.linalg.inv(cover)

    def log_normal(theta):
        apart = theta - middle
        return -0.5 * np.einsum("di,ij,dj->d", apart, inverse, apart)

    found = draws_of(log_normal, np.zeros(3))
    exact = 0.5 * math.log(np.linalg.det(2.0 * math.pi * cover))
    assert found.log_evidence == pytest.approx(exact, abs=0.08)
    for place in range(3):
        expect_mean(thin(found.theta[:, place]), middle[place])
        rejects(
            expect_mean,
            thin(found.theta[:, place]),
            middle[place] + 0.5 * math.sqrt(cover[place, place]),
        )
    assert found.effective > 600


def test_where_a_density_is_not_known_there_is_none() -> None:
    """A normal law that a double holds up to 1.5 only; its evidence is the mass below."""

    def log_density(theta):
        return np.where(theta[:, 0] < 1.5, -0.5 * theta[:, 0] ** 2, np.nan)

    found = draws_of(log_density, [0.0])
    mass = stats.norm.cdf(1.5) * math.sqrt(2.0 * math.pi)
    assert found.log_evidence == pytest.approx(math.log(mass), abs=0.05)
    assert found.theta.max() < 1.5
    assert draws_of(lambda theta: -0.5 * theta[:, 0] ** 2, [0.0]).theta.max() > 1.5


def test_the_same_generator_gives_the_same_draws() -> None:
    def log_normal(theta):
        return -0.5 * (theta**2).sum(axis=1)

    one, other, third = (draws_of(log_normal, [1.0, 1.0], seed=s).theta for s in (1, 1, 2))
    assert np.array_equal(one, other)
    assert not np.array_equal(one, third)


@pytest.mark.parametrize("family", [LogNormalFamily(), LomaxFamily()])
@pytest.mark.parametrize("preset", [None, presets.get("paid_social")(), presets.get("pr_viral")()])
def test_priors_are_probabilities(family, preset) -> None:
    prior = Prior(family, 0.5, preset)
    base = np.array([0.3, 0.4, -0.3])
    height = prior.log_density(base[None, :])[0]
    total = 0.0
    for place in range(3):

        def along(x, place=place):
            point = base.copy()
            point[place] = x
            return math.exp(prior.log_density(point[None, :])[0] - height)

        integral = integrate.quad(along, -40.0, 40.0, points=[-2.0, 0.0, 2.0], limit=400)[0]
        total += math.log(integral)
    # Coordinates are independent: the product of the integrals along them is 1 / height.
    assert total + height == pytest.approx(0.0, abs=2e-3)


def test_a_preset_is_the_middle_of_its_prior() -> None:
    for name in ("paid_social", "content_seo"):
        program = presets.get(name)()
        for family in FAMILIES:
            known = Prior(family, 0.0, program).normals
            assert known[0][0] == pytest.approx(math.log(program.hit_rate / (1 - program.hit_rate)))
            assert known[1][0] == pytest.approx(math.log(program.multiple.isf(0.5)))
    social, content = presets.get("paid_social")(), presets.get("content_seo")()
    assert Prior(LogNormalFamily(), 0.0, social).normals[2][0] == pytest.approx(0.0)
    assert Prior(LomaxFamily(), 0.0, content).normals[2][0] == pytest.approx(-math.log(1.5))
    assert Prior(SplicedFamily(), 0.0, content).normals[4][0] == pytest.approx(-math.log(1.5))
    assert 4 not in Prior(SplicedFamily(), 0.0, social).normals


def test_a_family_spreads_as_the_preset_of_another() -> None:
    content = presets.get("content_seo")()
    theta = np.array([0.0, 0.0, LogNormalFamily().spread_of(content)])
    law = LogNormalFamily().law(theta)
    assert law.isf(0.1) / law.isf(0.5) == pytest.approx(
        content.multiple.isf(0.1) / content.multiple.isf(0.5)
    )
    brand = presets.get("essay_extreme")(multiple=presets.get("paid_social")(sigma=1.6).multiple)
    theta = np.array([0.0, 0.0, LomaxFamily().spread_of(brand)])
    law = LomaxFamily().law(theta)
    assert law.isf(0.1) / law.isf(0.5) == pytest.approx(
        brand.multiple.isf(0.1) / brand.multiple.isf(0.5)
    )


def test_what_the_models_do_not_take_has_no_prior() -> None:
    prior = Prior(LomaxFamily(), 0.0)
    assert prior.log_density(np.array([[0.0, 0.0, 3.0]]))[0] == -np.inf
    assert prior.log_density(np.array([[0.0, 200.0, 0.0]]))[0] == -np.inf
    assert np.isfinite(prior.log_density(np.array([[0.0, 0.0, 1.0]]))[0])


@pytest.mark.parametrize("seed", [2, 13])
def test_a_far_draw_out_of_range_spoils_no_fit(seed: int) -> None:
    """Seeds at which a law of the spliced family overflowed."""
    rng = np.random.default_rng(1)
    spend = rng.lognormal(3.0, 1.0, 300).round(2)
    conversions = rng.poisson(spend / 100.0 * rng.lognormal(0.0, 0.8, 300))
    history = pd.DataFrame({"spend": spend, "conversions": conversions})
    fit = fit_program(history, name="paid social", value_per_conversion=100, rng=seed)
    assert sum(fit.families.values()) == pytest.approx(1.0)
