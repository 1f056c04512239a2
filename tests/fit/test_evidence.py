"""The likelihood by cells, against integrals that are computed otherwise."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from scipy import integrate, stats
from scipy.special import expit

from gtmsim import LogNormal, Lomax
from gtmsim.fit.program.evidence import evidence_of, zero_chance
from gtmsim.fit.program.families import FAMILIES, LogNormalFamily, LomaxFamily
from tests.fit import histories
from tests.fit.test_campaigns import gathered

TWO = np.array([[0.3, 0.1, -0.2], [0.9, 0.4, 0.1]])


def by_cells(campaigns, family, theta, cap=math.inf, baseline=0.0):
    evidence = evidence_of(campaigns, baseline)
    mass = family.mass(theta, evidence.low, evidence.high, cap)
    return evidence.log_likelihood(mass, expit(theta[:, 0]))


def density(family, theta):
    law = family.law(theta)
    if isinstance(law, LogNormal):
        return stats.lognorm(law.sigma, scale=law.median).pdf
    return stats.lomax(law.tail_index, scale=law.scale).pdf


@pytest.mark.parametrize("family", [LogNormalFamily(), LomaxFamily()])
def test_without_count_noise_it_is_the_density(family) -> None:
    history = histories.values(np.random.default_rng(1), LogNormal(median=1.0, sigma=1.0), 0.6, 200)
    campaigns = gathered(history)
    expected = []
    for theta in TWO:
        rate, hits = expit(theta[0]), campaigns.multiple[campaigns.value > 0.0]
        misses = campaigns.size - hits.size
        log_hits = np.log(rate * density(family, theta)(hits) * hits).sum()
        expected.append(log_hits + misses * math.log(1.0 - rate))
    found = by_cells(campaigns, family, TWO)
    # Cells are 1 % wide, the same for every law; where in its cell a hit lies is lost.
    assert np.diff(found)[0] == pytest.approx(np.diff(expected)[0], abs=0.1)


@pytest.mark.parametrize("family", [LogNormalFamily(), LomaxFamily()])
@pytest.mark.parametrize("baseline", [0.0, 0.4])
def test_with_count_noise_it_is_the_poisson_mixture(family, baseline: float) -> None:
    rng = np.random.default_rng(2)
    spend = rng.lognormal(1.0, 1.0, 40)
    history = histories.counts(rng, LogNormal(median=1.0, sigma=1.0), 0.6, spend, 0.5)
    campaigns = gathered(history)
    expected = []
    for theta in TWO:
        rate, pdf, total = expit(theta[0]), density(family, theta), 0.0
        for s, k in zip(campaigns.spend, campaigns.count, strict=True):

            def joint(log_m, s=s, k=k, pdf=pdf):
                m = math.exp(log_m)
                return stats.poisson.pmf(k, baseline + s * m / 0.5) * pdf(m) * m

            peak = math.log(max((k - baseline) * 0.5 / s, 0.05 / s))
            hit = integrate.quad(joint, -15.0, 12.0, points=[peak], limit=400)[0]
            miss = stats.poisson.pmf(k, baseline)
            total += math.log(rate * hit + (1.0 - rate) * miss)
        expected.append(total)
    found = by_cells(campaigns, family, TWO, baseline=baseline)
    np.testing.assert_allclose(found, expected, atol=0.05)
    # A wrong worth of a conversion is seen.
    wrong = gathered(history.drop(columns="value"), value_per_conversion=0.6)
    assert np.abs(by_cells(wrong, family, TWO, baseline=baseline) - expected).max() > 0.2


def test_a_cap_holds_the_mass_beyond_it() -> None:
    family, theta = LomaxFamily(), TWO[:1]
    law = family.law(theta[0])
    low, high = np.array([0.0, 1.0, 5.0, 8.0]), np.array([1.0, 5.0, 8.0, np.inf])
    mass = family.mass(theta, low, high, 6.0)[0]
    np.testing.assert_allclose(mass[2:], [law.sf(5.0), 0.0])
    assert mass.sum() == pytest.approx(1.0)


@pytest.mark.parametrize("family", FAMILIES)
def test_cells_of_every_family_hold_all_mass(family) -> None:
    theta = np.array([family.start(np.array([0.5, 1.0, 4.0]))])
    edges = np.append(np.append(0.0, np.geomspace(1e-6, 1e9, 500)), np.inf)
    mass = family.mass(theta, edges[:-1], edges[1:], math.inf)
    assert mass.sum() == pytest.approx(1.0, abs=1e-12)
    assert (mass >= 0.0).all()
    sf = np.asarray(family.law(theta[0]).sf(edges[1:-1]))
    np.testing.assert_allclose(family.sf(theta, edges[1:-1])[0], sf, rtol=1e-9)


def test_young_campaigns_say_only_that_it_will_be_more() -> None:
    dates = pd.to_datetime(["2025-01-01", "2025-01-02", "2025-06-01", "2025-06-02"])
    history = pd.DataFrame({"date": dates, "spend": 1.0, "value": [2.0, 0.0, 3.0, 0.0]})
    campaigns = gathered(history, maturity=1.0)
    np.testing.assert_array_equal(campaigns.young, [False, False, True, True])
    family, theta = LomaxFamily(), TWO
    rates = expit(theta[:, 0])
    laws = [family.law(row) for row in theta]
    cell = evidence_of(campaigns)
    expected = [
        math.log(rate * (law.sf(float(cell.low[0])) - law.sf(float(cell.high[0]))))
        + math.log(1.0 - rate)
        + math.log(law.sf(3.0))
        for rate, law in zip(rates, laws, strict=True)
    ]
    np.testing.assert_allclose(by_cells(campaigns, family, theta), expected)


def test_young_counts_say_nothing() -> None:
    dates = pd.to_datetime(["2025-01-01", "2025-01-02", "2025-06-01", "2025-06-02"])
    history = pd.DataFrame({"date": dates, "spend": 1.0, "conversions": [2.0, 0.0, 3.0, 0.0]})
    both = gathered(history, maturity=1.0, value_per_conversion=1.0)
    old = gathered(history[:2], value_per_conversion=1.0)
    assert both.young.sum() == 2
    np.testing.assert_allclose(
        by_cells(both, LomaxFamily(), TWO), by_cells(old, LomaxFamily(), TWO), atol=1e-3
    )


def test_the_chance_of_a_hit_without_a_conversion() -> None:
    spend = np.array([0.5, 2.0, 8.0])
    history = pd.DataFrame({"spend": spend, "conversions": [0.0, 1.0, 4.0]})
    campaigns = gathered(history, value_per_conversion=1.0)
    law = Lomax(tail_index=1.5, scale=2.0)
    expected = np.mean(
        [
            integrate.quad(
                lambda m, s=s: math.exp(-0.2 - s * m) * stats.lomax(1.5, scale=2.0).pdf(m),
                0.0,
                400.0,
            )[0]
            for s in spend
        ]
    )
    assert zero_chance(campaigns, law, 0.2) == pytest.approx(expected, rel=1e-3)
    assert zero_chance(campaigns, law, 0.0) != pytest.approx(expected, rel=1e-2)
    assert (
        zero_chance(gathered(history, value_per_conversion=1.0, count_noise=False), law, 0.0) == 0.0
    )
