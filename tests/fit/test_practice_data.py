"""What public practice files say; they are not shipped, and GTMSIM_DATA is the folder of them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from gtmsim.fit import fit_program, fit_tail, read_campaigns

FOLDER = Path(os.environ.get("GTMSIM_DATA", "/nowhere"))
ADS = FOLDER / "ads_export.csv"
pytestmark = pytest.mark.skipif(not ADS.is_file(), reason="GTMSIM_DATA holds no ads_export.csv")


def test_ads_hit_nearly_always_and_their_zeros_are_noise() -> None:
    campaigns = read_campaigns(ADS, value_per_conversion=100.0)
    fit = fit_program(campaigns, name="paid social", maturity=0.0, rng=7)
    assert fit.campaigns.size == 936
    assert fit.zeros_by_noise > 0.9
    assert fit.families["lomax"] < 0.05
    assert fit.families["lognormal"] > 0.05
    said = fit.explain()
    assert "cannot distinguish" in said[0]
    assert "speaks against a power law (Lomax)" in said[0]
    assert fit.baseline == pytest.approx(0.367, abs=0.001)
    claim = fit.claim(rng=7)
    assert claim.probability < 0.01
    assert "not consistent" in claim.verdict


def test_what_spends_more_than_fifty_is_never_ten_times_the_average() -> None:
    campaigns = read_campaigns(ADS, value_per_conversion=100.0)
    average = campaigns["value"].sum() / campaigns["spend"].sum()
    ten = campaigns["value"] > 10.0 * average * campaigns["spend"]
    assert ten[campaigns["spend"].between(5.0, 50.0)].any()
    assert not ten[campaigns["spend"] >= 50.0].any()


def test_the_tail_of_returns_per_ad_is_no_power_law_that_the_data_insist_on() -> None:
    campaigns = read_campaigns(ADS, value_per_conversion=100.0)
    spent = campaigns[campaigns["spend"] >= 20.0]
    tail = fit_tail(spent["value"] / spent["spend"], rng=7, repetitions=0)
    verdict = tail.comparisons.set_index("alternative")["verdict"]
    assert verdict["lognormal"] in ("lognormal", "cannot distinguish")
