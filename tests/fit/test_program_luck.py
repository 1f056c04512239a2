"""What a fit calls luck, noise and its own: each computed otherwise."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from scipy import integrate, stats

from gtmsim import presets
from gtmsim.fit import fit_program
from gtmsim.fit.program.families import LOGIT_SD
from gtmsim.fit.program.replicas import replicate
from tests.fit import histories
from tests.fit.test_program import PLAIN, rng
from tests.laws import expect_mean, expect_proportion, rejects


def test_a_campaigns_own_chance_is_that_of_bayes_law() -> None:
    r = rng(21)
    spend = r.lognormal(0.0, 1.0, 300)
    history = histories.counts(r, PLAIN, 0.6, spend, 1.0)
    fit = fit_program(history, preset=None, family="lognormal", rng=1)
    table, channel = fit.by_campaign([1.5]), fit.channel
    law = stats.lognorm(channel.multiple.sigma, scale=channel.multiple.median)
    for place in [*np.flatnonzero(history["conversions"] == 0)[:3], 5, 50, 150]:
        s, k = history.loc[place, ["spend", "conversions"]]

        def joint(log_m: float, s: float = s, k: float = k) -> float:
            m = math.exp(log_m)
            return float(stats.poisson.pmf(k, s * m) * law.pdf(m) * m)

        above = channel.hit_rate * integrate.quad(joint, math.log(1.5), 8.0, limit=300)[0]
        hit = channel.hit_rate * integrate.quad(joint, -12.0, 8.0, points=[0.0], limit=300)[0]
        miss = (1.0 - channel.hit_rate) * (k == 0)
        assert table.loc[place, "above_1.5"] == pytest.approx(above / (hit + miss), abs=0.004)
        if k == 0:
            # Forgetting that it may be a miss is seen.
            assert table.loc[place, "above_1.5"] < 0.95 * above / hit


def test_the_zeros_that_noise_explains_are_the_hits_among_them() -> None:
    r = rng(22)
    spend = r.lognormal(0.0, 0.5, 6_000)
    hit = r.random(6_000) < 0.7
    multiple = np.asarray(PLAIN.isf(1.0 - r.random(6_000))) * hit
    history = pd.DataFrame({"spend": spend, "conversions": r.poisson(spend * multiple) * 1.0})
    fit = fit_program(history, value_per_conversion=1.0, preset=None, family="lognormal", rng=1)
    zero = history["conversions"].to_numpy() == 0
    truly = int((hit & zero).sum())
    # The fit is of the same history, so its own error comes on top of the binomial one.
    assert fit.zeros_by_noise == pytest.approx(truly / zero.sum(), abs=0.04)
    assert 1.0 - fit.zeros_by_noise != pytest.approx(truly / zero.sum(), abs=0.1)


def test_replicas_bring_what_comes_without_spend() -> None:
    r = rng(23)
    history = histories.counts(r, PLAIN, 0.7, np.full(200, 1.0), 1.0)
    fit = fit_program(history, preset=None, family="lognormal", rng=1)
    with_it, without = (
        replicate(fit.campaigns, fit.posterior, baseline, 400, rng(24)).mean(axis=1)
        for baseline in (2.0, 0.0)
    )
    expect_mean(with_it - without, 2.0)
    rejects(expect_mean, with_it - without, 1.9)


def test_the_historys_weight_is_its_share_of_the_precision() -> None:
    # As many hit as the preset says: elsewhere a logit's own precision would be another.
    preset = presets.get("paid_social")()
    value = 100.0 * np.asarray(PLAIN.isf(1.0 - rng(25).random(40))) * (np.arange(40) % 20 < 11)
    history = pd.DataFrame({"spend": 100.0, "value": value})
    assert (value > 0.0).mean() == preset.hit_rate
    options = {"family": "lognormal", "rng": 1}
    alone = fit_program(history, preset=None, **options)
    shrunk = fit_program(history, preset="paid_social", **options)
    own = 1.0 / alone.posterior.best_theta[:, 0].var()
    prior = 1.0 / LOGIT_SD**2
    weight = shrunk.own_weight()["hit_rate"]
    assert weight == pytest.approx(own / (own + prior), abs=0.06)
    # Standard deviations instead of variances would say something else.
    assert weight != pytest.approx(1.0 - math.sqrt(prior / (own + prior)), abs=0.1)


def test_the_interval_leaves_equal_parts_outside() -> None:
    fit = fit_program(histories.values(rng(26), PLAIN, 0.8, 60), preset=None, rng=1)
    draws = fit.posterior.hit_rate
    _, low, high = fit.interval(draws)
    for outside in (draws < low, draws > high):
        expect_proportion(int(outside.sum()), draws.size, 0.05)
    rejects(expect_proportion, int((draws < low).sum()), draws.size, 0.1)
