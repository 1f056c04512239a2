"""fit_program: what it recovers, how sure it is, and what it says."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from scipy.special import expit

from gtmsim import CampaignProgram, LogNormal, Lomax, Spliced, presets
from gtmsim.errors import ArgumentError, ArgumentTypeError, HistoryError, PlanError
from gtmsim.fit import FittedProgram, fit_program
from gtmsim.fit.program.families import LogNormalFamily, Prior
from tests.fit import histories
from tests.laws import expect_distribution, expect_proportion, rejects

HEAVY = Lomax(tail_index=1.5, scale=2.0)
PLAIN = LogNormal(median=1.2, sigma=0.8)


def rng(seed: int = 1) -> np.random.Generator:
    return np.random.default_rng(seed)


def within(fit: FittedProgram, parameter: str, truth: float) -> bool:
    if parameter == "mean":
        draws = fit.posterior.mean
    elif parameter == "hit_rate":
        draws = fit.posterior.hit_rate
    else:
        draws = fit.shapes()[parameter]
    _, low, high = fit.interval(draws)
    return low <= truth <= high


# -- Recovery -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("law", "shape"),
    [
        (HEAVY, ("tail_index", 1.5)),
        (PLAIN, ("sigma", 0.8)),
        (Spliced(median=1.0, sigma=0.8, threshold=2.8, tail_index=1.2), ("tail_index", 1.2)),
    ],
)
def test_a_long_history_is_recovered_with_its_family(law, shape) -> None:
    fit = fit_program(histories.values(rng(), law, 0.6, 20_000), preset=None, level=0.9999, rng=1)
    assert fit.family == law.family
    assert fit.families[law.family] > 0.99
    assert within(fit, "hit_rate", 0.6)
    assert within(fit, *shape)
    assert within(fit, "mean", 0.6 * law.mean())
    assert not within(fit, shape[0], 1.2 * shape[1])
    assert isinstance(fit.channel.multiple, type(law))


def coverage(family: str, truth, histories_of, size: int) -> dict[str, int]:
    held = dict.fromkeys(truth, 0)
    for seed in range(size):
        history = histories_of(rng(1_000 + seed))
        fit = fit_program(history, preset=None, family=family, rng=seed)
        for name, value in truth.items():
            held[name] += within(fit, name, value)
    return held


def test_intervals_hold_the_truth_nine_times_in_ten() -> None:
    truth = {"hit_rate": 0.6, "tail_index": 1.5, "mean": 0.6 * HEAVY.mean()}
    held = coverage("lomax", truth, lambda r: histories.values(r, HEAVY, 0.6, 200), 80)
    for count in held.values():
        expect_proportion(count, 80, 0.9)
    # A mean a third too large is not held as often.
    wrong = coverage(
        "lomax", {"mean": 0.8 * HEAVY.mean()}, lambda r: histories.values(r, HEAVY, 0.6, 1_000), 60
    )
    rejects(expect_proportion, wrong["mean"], 60, 0.9)


def counted(seed_rng: np.random.Generator) -> pd.DataFrame:
    spend = seed_rng.lognormal(0.0, 1.0, 300)
    return histories.counts(seed_rng, PLAIN, 0.6, spend, 1.0)


def test_with_count_noise_a_zero_of_small_spend_is_not_a_miss() -> None:
    truth = {"hit_rate": 0.6, "sigma": 0.8, "mean": 0.6 * PLAIN.mean()}
    held = coverage("lognormal", truth, counted, 80)
    for count in held.values():
        expect_proportion(count, 80, 0.9)
    blind = [
        fit_program(counted(rng(s)), preset=None, family="lognormal", count_noise=False, rng=s)
        for s in range(20)
    ]
    # Without the noise every zero is a miss.
    assert sum(within(fit, "hit_rate", 0.6) for fit in blind) < 4


def test_simulation_based_calibration() -> None:
    """Parameters from the prior, histories from them: ranks in the posterior are uniform.

    S. Talts, M. Betancourt, D. Simpson, A. Vehtari and A. Gelman, "Validating Bayesian inference
    algorithms with simulation-based calibration", arXiv 1804.06788 (2018).
    """
    preset, family = presets.get("paid_social")(cap=None), LogNormalFamily()
    known = Prior(family, 0.0, preset).normals
    ranks, blind = [], []
    for seed in range(80):
        r = rng(5_000 + seed)
        theta = np.array([r.normal(*known[i]) for i in range(3)])
        law, rate = family.law(theta), float(expit(theta[0]))
        spend = r.lognormal(0.0, 1.0, 60)
        history = histories.counts(r, law, rate, spend, 0.7)
        if not history["value"].any():
            continue
        for into, noise in ((ranks, True), (blind, False)):
            fit = fit_program(
                history, preset=preset, family="lognormal", count_noise=noise, rng=seed
            )
            draws = fit.posterior.best_theta
            mean = rate * law.mean()
            into.append([*(draws < theta).mean(axis=0), (fit.posterior.mean < mean).mean()])
    for column in range(4):
        expect_distribution(np.array(ranks)[:, column], stats.uniform.cdf)
    rejects(expect_distribution, np.array(blind)[:, 0], stats.uniform.cdf)


def test_young_campaigns_are_censored_not_failures() -> None:
    found, counted_as_misses = [], []
    for seed in range(12):
        r = rng(seed)
        history = histories.values(r, HEAVY, 0.6, 600)
        day = r.integers(0, 600, 600)
        history["date"] = pd.Timestamp("2024-01-01") + pd.to_timedelta(day, unit="D")
        # What is younger than 300 days has shown its value only by chance.
        unseen = (day > 300) & (r.random(600) < 0.8)
        history.loc[unseen, "value"] = 0.0
        options = {"preset": None, "family": "lomax", "rng": seed}
        found.append(fit_program(history, maturity=10.0, **options))
        counted_as_misses.append(fit_program(history, maturity=0.0, **options))
    assert sum(within(fit, "hit_rate", 0.6) for fit in found) >= 8
    assert sum(within(fit, "hit_rate", 0.6) for fit in counted_as_misses) == 0
    assert all("are censored" in " ".join(fit.notes) for fit in found)


def test_conversions_that_come_without_spend_are_taken_off() -> None:
    r = rng(3)
    spend = np.where(r.random(800) < 0.25, 0.0, r.lognormal(1.0, 1.0, 800))
    history = histories.counts(r, PLAIN, 0.7, spend, 1.0, baseline=0.5)
    fit = fit_program(history, preset=None, level=0.999, rng=1)
    assert fit.baseline == pytest.approx(0.5, abs=0.15)
    assert within(fit, "hit_rate", 0.7)
    assert within(fit, "mean", 0.7 * PLAIN.mean())
    assert "come without any spend" in fit.explain()[1]
    # Without the campaigns that spent nothing nobody can tell, and nearly all seem to hit.
    blind = fit_program(history[history["spend"] > 0.0], preset=None, level=0.999, rng=1)
    assert blind.baseline == 0.0
    assert not within(blind, "hit_rate", 0.7)


def test_follow_on_money_goes_to_what_is_good_and_not_to_what_was_lucky() -> None:
    r = rng(11)
    spend = np.repeat([1.0, 100.0], 400)
    true = np.asarray(PLAIN.isf(1.0 - r.random(800))) * (r.random(800) < 0.8)
    history = pd.DataFrame({"spend": spend, "conversions": r.poisson(spend * true).astype(float)})
    fit = fit_program(history, value_per_conversion=1.0, preset=None, family="lognormal", rng=1)
    table = fit.by_campaign()
    for level in (1.0, 3.0):
        chance = table[f"above_{level:g}"].to_numpy()
        above = true > level
        # Calibrated: as many are above as the chances add up to, among the likely and the unlikely.
        for part in (chance > 0.5, chance <= 0.5):
            error = np.sqrt((chance[part] * (1.0 - chance[part])).sum())
            assert abs(above[part].sum() - chance[part].sum()) < 4.5 * error + 2.0
    lucky = table["multiple"] > 3.0
    small, large = table[lucky & (spend == 1.0)], table[lucky & (spend == 100.0)]
    assert small["expected"].mean() < 0.8 * small["multiple"].mean()
    assert large["expected"].mean() > 0.95 * large["multiple"].mean()
    # Taking what was observed for the truth promises too much.
    assert (true[lucky & (spend == 1.0)] > 3.0).mean() < 0.75
    plain = fit_program(histories.values(r, PLAIN, 0.9, 60), preset=None, rng=1).by_campaign([2.0])
    assert (plain["above_2"] == (plain["multiple"] > 2.0)).all()


# -- Shrinkage ----------------------------------------------------------------------------------


def test_few_hits_are_shrunk_towards_a_preset_that_is_named() -> None:
    few = fit_program(histories.values(rng(4), HEAVY, 0.9, 12), name="content", rng=1)
    assert few.prior is not None
    assert few.prior.name == "content_seo"
    own = few.own_weight()
    assert own["tail_index"] < 0.2
    assert 0.2 < own["hit_rate"] < 1.0
    assert few.summary().loc["tail_index", "source"] == "history and preset content_seo"
    assert f"The preset content_seo weighs hit rate {1 - own['hit_rate']:.0%}" in few.explain()[4]
    many = fit_program(histories.values(rng(4), HEAVY, 0.9, 400), name="content", rng=1)
    assert many.prior is None
    assert set(many.own_weight().values()) == {1.0}
    assert many.explain()[4].startswith("Nothing was shrunk")


def test_a_named_preset_is_a_prior_however_long_the_history() -> None:
    history = histories.values(rng(4), HEAVY, 0.9, 400)
    named = fit_program(history, preset="content_seo", rng=1)
    free = fit_program(history, preset=None, rng=1)
    assert named.prior is not None
    assert named.own_weight()["tail_index"] < 0.95
    assert named.channel.hit_rate < free.channel.hit_rate
    given = fit_program(history, preset=presets.get("content_seo")(name="mine"), rng=1)
    assert given.prior.name == "mine"


@pytest.mark.parametrize(
    ("name", "preset"),
    [
        ("Paid social 2025", "paid_social"),
        ("google-ads", "paid_search_generic"),
        ("trade shows", "events"),
        ("PR", "pr_viral"),
        ("something else", "venture_reference"),
    ],
)
def test_the_preset_is_told_by_the_name(name: str, preset: str) -> None:
    fit = fit_program(histories.values(rng(4), PLAIN, 0.9, 20), name=name, rng=1)
    assert fit.prior.name == preset
    assert f"preset {preset}" in fit.provenance["prior"]


def test_the_preset_gives_what_no_export_shows() -> None:
    fit = fit_program(histories.values(rng(4), PLAIN, 0.9, 100), name="paid social", rng=1)
    preset = presets.get("paid_social")()
    for field in ("half_life", "slow_half_life", "fast_share", "shared_luck", "cap"):
        assert getattr(fit.channel, field) == getattr(preset, field)
    assert fit.cap_source == "preset paid_social"
    alone = fit_program(histories.values(rng(4), PLAIN, 0.9, 100), preset=None, rng=1)
    assert alone.channel.half_life == alone.channel.shared_luck == 0.0
    assert alone.channel.cap is None


# -- The cap ------------------------------------------------------------------------------------


def test_a_cap_that_several_campaigns_share_is_found() -> None:
    history = histories.values(rng(5), Lomax(tail_index=1.1, scale=3.0), 0.8, 400)
    history["value"] = history["value"].clip(upper=2_000.0)
    fit = fit_program(history, preset=None, level=0.9999, rng=1)
    assert (fit.cap, fit.cap_source) == (20.0, "history")
    assert within(fit, "mean", 0.8 * Lomax(tail_index=1.1, scale=3.0).mean(cap=20.0))
    assert "because of the cap of 20" in fit.explain()[2]


def test_a_cap_can_be_given_but_not_below_what_was_seen() -> None:
    history = histories.values(rng(5), HEAVY, 0.8, 100)
    largest = float((history["value"] / history["spend"]).max())
    assert fit_program(history, cap=2 * largest, rng=1).cap_source == "given"
    with pytest.raises(ArgumentError, match=r"cap: must be at least .* which the history shows"):
        fit_program(history, cap=0.5 * largest)
    beyond = fit_program(
        pd.concat([history, pd.DataFrame({"spend": [1.0], "value": [500.0]})]),
        name="paid social", rng=1,
    )  # fmt: skip
    assert beyond.cap is None


# -- Arguments ----------------------------------------------------------------------------------


def test_the_same_seed_gives_the_same_fit() -> None:
    history = histories.values(rng(6), HEAVY, 0.6, 80)
    one, same, other = (fit_program(history, rng=seed) for seed in (1, 1, 2))
    assert one.channel == same.channel
    assert one.channel != other.channel


def test_incrementality_and_margin_reach_the_channel() -> None:
    history = histories.values(rng(6), PLAIN, 0.9, 80)
    fit = fit_program(history, incrementality=0.4, preset=None, rng=1)
    assert fit.channel.incrementality == 0.4
    assert "incrementality is given" not in fit.explain()[4]
    whole, half = (
        fit_program(history, margin=m, preset=None, family="lognormal", rng=1) for m in (1.0, 0.5)
    )
    assert half.channel.multiple.median == pytest.approx(
        0.5 * whole.channel.multiple.median, rel=0.02
    )


def test_the_name_is_the_channels() -> None:
    history = histories.values(rng(6), PLAIN, 0.9, 80)
    assert fit_program(history, rng=1).name == "campaigns"
    assert fit_program(history.assign(channel="TV"), rng=1).name == "TV"
    two = history.assign(channel=["TV", "search"] * 40)
    assert fit_program(two, channel="search", rng=1).name == "search"
    assert fit_program(two, channel="search", name="mine", rng=1).name == "mine"


def test_a_name_that_no_channel_can_have_is_refused_before_anything_is_fitted() -> None:
    history = histories.values(rng(6), PLAIN, 0.9, 80)
    with pytest.raises(PlanError, match="name: must not be 'portfolio'"):
        fit_program(history, name="portfolio")


def test_too_short_a_history_needs_a_preset() -> None:
    five = pd.DataFrame({"spend": 100.0, "value": [0.0, 50.0, 0.0, 300.0, 80.0]})
    with pytest.raises(HistoryError, match=r"must hold at least 10 hits .* got 3 .name one"):
        fit_program(five, preset=None)
    fit = fit_program(five, rng=1)
    assert fit.prior.name == "venture_reference"
    assert isinstance(fit.channel, CampaignProgram)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"family": "normal"}, ArgumentError, "family: must be one of lognormal, lomax, spliced"),
        ({"preset": "midmarket_ae"}, ArgumentError, "preset: must be of a campaign program"),
        ({"preset": "paid_socal"}, ArgumentError, "did you mean 'paid_social'"),
        ({"preset": 3}, ArgumentTypeError, "preset: must be a preset's name or a program, got 3"),
        ({"level": 1.0}, ArgumentError, "level: must be above 0 and below 1"),
        ({"margin": 1.2}, ArgumentError, "margin: must be above 0 and at most 1"),
        ({"incrementality": -1.0}, ArgumentError, "incrementality: must be at least 0"),
        ({"maturity": -1.0}, ArgumentError, "maturity: must be at least 0"),
        ({"value_per_conversion": 0.0}, ArgumentError, "value_per_conversion: must be above 0"),
        ({"cap": 0.0}, ArgumentError, "cap: must be above 0"),
    ],
)
def test_arguments_are_checked(options: dict, error: type, message: str) -> None:
    with pytest.raises(error, match=message):
        fit_program(histories.values(rng(6), PLAIN, 0.9, 80), **options)
