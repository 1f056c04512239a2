"""What a fitted program says, in sentences, tables and answers."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from gtmsim import Lomax, Plan, simulate_portfolio
from gtmsim.errors import ArgumentError, ArgumentTypeError
from gtmsim.fit import fit_program
from tests.fit import histories
from tests.fit.test_program import HEAVY, PLAIN, counted, rng

# -- What it says -------------------------------------------------------------------------------


def test_five_sentences() -> None:
    fit = fit_program(histories.values(rng(6), HEAVY, 0.6, 60), preset=None, rng=1)
    said = fit.explain()
    assert len(said) == 5
    assert said[0].startswith("Of 60 campaigns ")
    assert "all are misses" in said[1]
    assert "exists with a probability of" in said[2]
    assert "campaigns like these in all would make it 15%" in said[3]
    assert "incremental until incrementality is given" in said[4]
    assert all(sentence in " ".join(repr(fit).split()) for sentence in said)
    few = [histories.values(rng(s), HEAVY, 0.9, 40) for s in range(8)]
    open_ones = [fit_program(f, preset=None, rng=1).explain()[0] for f in few]
    assert sum("cannot distinguish" in sentence for sentence in open_ones) >= 5
    settled = fit_program(histories.values(rng(6), HEAVY, 0.6, 20_000), preset=None, rng=1)
    assert "cannot distinguish" not in settled.explain()[0]
    assert "a power law (Lomax) with a probability of 100 %" in settled.explain()[0]
    assert "The tail index is known to" in settled.explain()[3]
    assert "would make it" not in settled.explain()[3]


def test_a_mean_that_does_not_exist_is_not_given() -> None:
    endless = fit_program(
        histories.values(rng(6), Lomax(tail_index=0.5, scale=1.0), 0.6, 2_000), preset=None, rng=1
    )
    assert endless.mean_exists == 0.0
    assert "The mean does not exist" in endless.explain()[2]
    assert endless.summary().loc["mean", ["estimate", "low", "high"]].eq(math.inf).all()
    plain = fit_program(
        histories.values(rng(6), PLAIN, 0.6, 4_000), preset=None, family="lognormal", rng=1
    )
    assert plain.mean_exists == 1.0
    assert "The mean multiple exists and is" in plain.explain()[2]


def test_zeros_are_explained_by_noise_where_spend_is_small() -> None:
    small = counted(rng(8))
    fit = fit_program(small, preset=None, rng=1)
    assert 0.1 < fit.zeros_by_noise < 0.6
    assert f"explains {fit.zeros_by_noise:.0%} of them" in fit.explain()[1]
    always = histories.values(rng(8), PLAIN, 1.0, 100)
    assert fit_program(always, preset=None, rng=1).explain()[1] == "No campaign returned nothing."


def test_a_history_of_two_kinds_is_called_badly_fitted() -> None:
    r = rng(9)
    kinds = np.where(r.random(1_500) < 0.5, 0.1, 5.0) * np.exp(0.2 * r.standard_normal(1_500))
    mixed = pd.DataFrame({"spend": 1.0, "value": kinds})
    fit = fit_program(mixed, preset=None, rng=1)
    assert fit.p_value < 0.02
    assert "No family fits this history well" in fit.notes[-1]
    good = fit_program(histories.values(r, HEAVY, 0.6, 1_500), preset=None, rng=1)
    assert good.p_value > 0.05
    assert not any("No family" in note for note in good.notes)


def test_replicas_are_histories_of_the_same_campaigns() -> None:
    history = counted(rng(8))
    fit = fit_program(history, preset=None, rng=1)
    drawn = fit.replicas(300, rng=2)
    assert drawn.shape == (300, 300)
    zeros = (drawn == 0.0).mean(axis=1)
    assert np.quantile(zeros, 0.01) < (history["value"] == 0.0).mean() < np.quantile(zeros, 0.99)
    assert np.array_equal(drawn, fit.replicas(300, rng=2))
    assert set(np.unique(drawn % 1.0)) == {0.0}


def test_summary_has_a_row_for_each_parameter() -> None:
    fit = fit_program(
        histories.values(rng(6), PLAIN, 0.6, 200), preset=None, family="lognormal", rng=1
    )
    table = fit.summary()
    assert list(table.index) == [
        "hit_rate", "median", "sigma", "mean", "below_1", "at_least_10", "cap"
    ]  # fmt: skip
    body = table.drop(index="cap")
    assert (body["low"] <= body["estimate"]).all()
    assert (body["estimate"] <= body["high"]).all()
    law, rate = fit.channel.multiple, fit.channel.hit_rate
    assert table.loc["below_1", "estimate"] == pytest.approx(1 - rate * law.sf(1.0), abs=0.02)
    wide = fit_program(
        histories.values(rng(6), PLAIN, 0.6, 200),
        preset=None,
        family="lognormal",
        level=0.99,
        rng=1,
    )
    assert (wide.summary()["low"] <= table["low"]).drop("cap").all()


# -- Alternatives and the claim -----------------------------------------------------------------


def test_alternatives_are_versions_of_the_program_in_proportion() -> None:
    fit = fit_program(histories.values(rng(6), HEAVY, 0.6, 80), preset=None, rng=1)
    versions = fit.alternatives(2_000, rng=3)
    rates = np.array([version.hit_rate for version in versions])
    row = fit.summary().loc["hit_rate"]
    assert np.mean((rates > row["low"]) & (rates < row["high"])) == pytest.approx(0.9, abs=0.03)
    for name, chance in fit.families.items():
        share = np.mean([version.multiple.family == name for version in versions])
        assert share == pytest.approx(chance, abs=0.05)
    same = {(v.name, v.campaigns, v.spend, v.cap) for v in versions}
    assert same == {("campaigns", 80, 100.0, None)}
    assert versions == fit.alternatives(2_000, rng=3)
    planned = fit.channel.replace(campaigns=7, spend=5.0, name="next year")
    assert fit.alternatives(3, rng=3, channel=planned)[0].campaigns == 7
    with pytest.raises(ArgumentTypeError, match="channel: must be a CampaignProgram"):
        fit.alternatives(3, channel="PR")


def test_the_channel_simulates() -> None:
    fit = fit_program(histories.values(rng(6), HEAVY, 0.6, 300), name="content", rng=1)
    plan = Plan(horizon=24, channels=[fit.channel])
    result = simulate_portfolio(plan, scenarios=2_000, rng=7)
    assert result.quantile(0.5, "hits") == pytest.approx(300 * fit.channel.hit_rate, rel=0.1)


def test_the_claim_is_answered_with_an_interval() -> None:
    essay = histories.values(rng(7), Lomax(tail_index=0.5, scale=1.0), 0.02, 20_000)
    yes = fit_program(essay, preset=None, rng=1).claim(rng=2)
    assert yes.probability > 0.5
    assert yes.share_interval[1] > 0.99
    assert "The history is consistent with the claim that 1 % of spend brings 99 %" in str(yes)
    assert yes.observed > 0.9
    fit = fit_program(histories.values(rng(7), PLAIN, 0.9, 500), preset=None, rng=1)
    no = fit.claim(rng=2)
    assert no.probability == 0.0
    assert no.share_interval[0] < no.observed < no.share_interval[1]
    assert "is not consistent" in no.verdict
    assert fit.claim(0.2, 0.3, rng=2).probability > 0.9
    assert fit.claim(campaigns=10, rng=2).campaigns == 10
    assert fit.claim(rng=2) == no
    with pytest.raises(ArgumentError, match="spend_share: must be above 0"):
        fit.claim(0.0)


def test_provenance_names_file_and_method() -> None:
    history = counted(rng(8))
    history.attrs["reading"] = {"file": "ads.csv", "sha256": "ab" * 32, "rows": 300}
    facts = fit_program(history, preset=None, rng=1).provenance
    assert facts["file"] == "ads.csv"
    assert facts["sha256"] == "ab" * 32
    assert facts["campaigns"] == 300
    assert "with count noise" in facts["method"]
    assert facts["prior"] == "weak"
