"""Pictures of fits: the numbers are the fit's, and a fit that is wrong lies outside its band."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes

import gtmsim as gtm
from gtmsim import plots
from gtmsim.fit.program import FittedProgram, fit_program
from gtmsim.statistics.intervals import wilson
from tests.images import assert_like_baseline, difference
from tests.plots.cases import band, line

PICTURES = (plots.tail_fit, plots.quantiles, plots.fit_lorenz, plots.hit_rate_by_spend)
NUMBERS = (
    plots.tail_fit_data,
    plots.quantiles_data,
    plots.fit_lorenz_data,
    plots.hit_rate_by_spend_data,
)
SIZE = 300  # campaigns of each history


def counted(sigma: float = 1.0, seed: int = 1) -> pd.DataFrame:
    """Campaigns of unequal spend with conversions worth 60, of which 7 in 10 hit."""
    draws = np.random.default_rng(seed)
    spend = draws.lognormal(4.0, 1.0, SIZE)
    hit = draws.random(SIZE) < 0.7
    multiple = np.where(hit, draws.lognormal(0.0, sigma, SIZE), 0.0)
    return pd.DataFrame({"spend": spend, "conversions": draws.poisson(spend * multiple / 60.0)})


@pytest.fixture(scope="module")
def noisy() -> FittedProgram:
    return fit_program(counted(), name="social", value_per_conversion=60.0, rng=7)


@pytest.fixture(scope="module")
def exact() -> FittedProgram:
    draws = np.random.default_rng(2)
    multiple = draws.lognormal(0.0, 1.0, SIZE) * (draws.random(SIZE) < 0.5)
    return fit_program(
        pd.DataFrame({"spend": 100.0, "value": 100.0 * multiple}),
        name="search",
        family="lognormal",
        cap=50.0,
        rng=7,
    )


@pytest.fixture(scope="module")
def wrong(exact: FittedProgram) -> FittedProgram:
    """A history of a much heavier tail, half the hits and larger spend, beside the same fit."""
    draws = np.random.default_rng(3)
    multiple = draws.lognormal(0.0, 2.5, SIZE) * (draws.random(SIZE) < 0.25)
    history = replace(exact.campaigns, value=100.0 * multiple)
    return replace(exact, campaigns=history)


@pytest.mark.parametrize("draw", PICTURES)
def test_draws_on_the_axes_it_is_given(
    draw: Callable[..., Axes], noisy: FittedProgram, exact: FittedProgram
) -> None:
    ax = plt.figure().add_subplot()
    assert draw(noisy, ax, rng=7) is ax
    assert draw(noisy, rng=7) is not ax
    for fit in (noisy, exact):
        drawn = draw(fit, rng=7)
        for axis in (drawn.get_xlabel(), drawn.get_ylabel()):
            assert any(unit in axis for unit in ("(%)", "value per 1 spent", "currency")), axis
        assert drawn.get_title(loc="left").startswith(f"{fit.name}: ")
        labels = [text.get_text() for text in drawn.get_legend().get_texts()]
        assert any(label.startswith(f"the history: {SIZE} campaigns") for label in labels)
        assert ("90 % of replicas, count noise included" in labels) == (fit is noisy)
        assert ("90 % of replicas" in labels) == (fit is exact)


@pytest.mark.parametrize("numbers", NUMBERS)
def test_numbers_are_replayed_by_their_seed(
    numbers: Callable[..., pd.DataFrame], noisy: FittedProgram
) -> None:
    table = numbers(noisy, replicas=50, rng=7)
    pd.testing.assert_frame_equal(table, numbers(noisy, replicas=50, rng=7))
    assert not table.equals(numbers(noisy, replicas=50, rng=8))
    assert not table.equals(numbers(noisy, replicas=51, rng=7))


@pytest.mark.parametrize("draw", [*PICTURES, *NUMBERS, plots.fit])
def test_what_is_no_fit_is_refused(draw: Callable[..., object]) -> None:
    with pytest.raises(gtm.ArgumentTypeError, match=r"fit: must be a FittedProgram, got 'Pareto'"):
        draw(gtm.Pareto(tail_index=1.1))
    assert plt.get_fignums() == []


def test_replicas_must_be_at_least_one(noisy: FittedProgram) -> None:
    with pytest.raises(gtm.ArgumentError, match=r"count: must be at least 1, got 0"):
        plots.tail_fit_data(noisy, replicas=0)


def test_tail_shows_the_history_and_the_laws(noisy: FittedProgram) -> None:
    table = plots.tail_fit_data(noisy, rng=7)
    multiple = noisy.campaigns.multiple
    seen = table["observed"].dropna()
    assert set(seen.index) == set(multiple[multiple > 0.0])
    for x, share in seen.items():
        assert share == pytest.approx(np.mean(multiple >= x))
    law, rate = noisy.channel.multiple, noisy.channel.hit_rate
    x = table.index.to_numpy()
    within = x <= (noisy.cap or np.inf)
    np.testing.assert_allclose(table[noisy.family], np.where(within, rate * law.sf(x), 0.0))
    ax = plots.tail_fit(noisy, rng=7)
    dots = line(ax, "the history")
    np.testing.assert_array_equal(dots.get_ydata(), 100.0 * table["observed"])
    np.testing.assert_array_equal(dots.get_xdata(), x)
    for family in noisy.families:
        if family in table:
            drawn = [np.asarray(found.get_ydata()) for found in ax.lines if found is not dots]
            assert any((y[within] == 100.0 * table[family][within]).all() for y in drawn)
    assert ax.get_xscale() == ax.get_yscale() == "log"


@pytest.mark.parametrize(
    ("chances", "law"),
    [
        ({"lognormal": 0.95, "lomax": 0.05}, "lognormal"),
        ({"lognormal": 0.6, "lomax": 0.4}, "lognormal or power law"),
        ({"lognormal": 0.4, "lomax": 0.4, "spliced": 0.2}, "no law stands out"),
    ],
)
def test_tail_names_the_likely_laws(
    exact: FittedProgram, chances: dict[str, float], law: str
) -> None:
    fit = replace(exact, posterior=replace(exact.posterior, chances=chances))
    ax = plots.tail_fit(fit, rng=7)
    table = plots.tail_fit_data(fit, rng=7).dropna()
    inside = table["observed"].between(table["replica_low"], table["replica_high"]).mean()
    title = f"search: {law}; {100.0 * inside:.0f} % of hits in the band"
    assert ax.get_title(loc="left") == title
    assert line(ax, f"lognormal: {100.0 * chances['lognormal']:.0f} % likely")


def test_laws_end_at_the_cap(exact: FittedProgram) -> None:
    table = plots.tail_fit_data(exact, rng=7)
    laws = ["lognormal", "law_low", "law_high", "replica_high"]
    assert (table.loc[:50.0, ["lognormal", "law_high"]] > 0.0).all(axis=None)
    assert (table.loc[50.0 + 1e-9 :, laws] == 0.0).all(axis=None)
    uncapped = fit_program(
        pd.DataFrame({"spend": 100.0, "value": exact.campaigns.value}), preset=None, rng=7
    )
    beyond = plots.tail_fit_data(uncapped, rng=7).loc[50.0:]
    assert (beyond["law_high"] > 0.0).all()


def test_band_holds_the_laws_of_the_draws(exact: FittedProgram) -> None:
    table = plots.tail_fit_data(exact, rng=7)
    x = float(table.index[table.index.size // 2])
    shares = exact.posterior.chance_above(x)
    assert table.loc[x, "law_low"] == pytest.approx(np.quantile(shares, 0.05))
    assert table.loc[x, "law_high"] == pytest.approx(np.quantile(shares, 0.95))


def test_count_noise_lies_between_law_and_dots(noisy: FittedProgram) -> None:
    # Small campaigns that hit may show nothing: no replica shows as many returns as there are hits.
    first = plots.tail_fit_data(noisy, rng=7).iloc[0]
    assert first["replica_high"] < first["law_low"]


def test_quantiles_are_those_of_the_hits(exact: FittedProgram) -> None:
    table = plots.quantiles_data(exact, rng=7)
    hits = exact.campaigns.multiple[exact.campaigns.multiple > 0.0]
    assert table["observed"].tolist() == sorted(hits, reverse=True)
    assert table.index.tolist() == list(range(1, hits.size + 1))
    drawn = np.sort(exact.replicas(200, 7) / exact.campaigns.spend)[:, ::-1]
    np.testing.assert_allclose(table["replica"], np.median(drawn, axis=0)[: hits.size])
    ax = plots.quantiles(exact, rng=7)
    shown = table[table["replica"] > 0.0]
    np.testing.assert_array_equal(line(ax, "the history").get_ydata(), shown["observed"])
    np.testing.assert_array_equal(line(ax, "the history").get_xdata(), shown["replica"])
    ends = line(ax, "replicas, median")
    np.testing.assert_array_equal(ends.get_xdata(), ends.get_ydata())


def test_long_histories_keep_their_largest() -> None:
    draws = np.random.default_rng(5)
    history = pd.DataFrame({"spend": 1.0, "value": draws.lognormal(0.0, 1.0, 3_000)})
    fit = fit_program(history, family="lognormal", rng=7)
    table = plots.quantiles_data(fit, replicas=20, rng=7)
    assert table.index[:50].tolist() == list(range(1, 51))
    assert table.index[-1] == 3_000
    assert len(table) <= 800
    assert len(plots.tail_fit_data(fit, replicas=20, rng=7)) <= 850


def test_lorenz_is_that_of_the_history(noisy: FittedProgram) -> None:
    table = plots.fit_lorenz_data(noisy, rng=7)
    for share in (0.01, 0.2, 0.5):
        expected = gtm.top_share(noisy.campaigns.value, share, spend=noisy.campaigns.spend)
        assert table.loc[share, "observed"] == pytest.approx(expected)
    replicas = noisy.replicas(200, 7)
    tops = [gtm.top_share(value, 0.01, spend=noisy.campaigns.spend) for value in replicas]
    np.testing.assert_allclose(
        table.loc[0.01, ["replica_low", "replica", "replica_high"]],
        np.quantile(tops, [0.05, 0.5, 0.95]),
    )
    ax = plots.fit_lorenz(noisy, rng=7)
    np.testing.assert_array_equal(line(ax, "the history").get_ydata(), 100.0 * table["observed"])
    mark = next(found for found in ax.lines if found.get_marker() == "o")
    assert mark.get_xdata()[0] == 1.0
    assert mark.get_ydata()[0] == pytest.approx(100.0 * table.loc[0.01, "observed"])
    found = f"{100.0 * table.loc[0.01, 'observed']:.2g} %"
    assert ax.get_title(loc="left") == f"social: 1 % of spend brought {found} of value"
    label = str(line(ax, "the history").get_label())
    assert label.splitlines()[1].startswith(f"(best 1 %: {found}; replicas: ")


def test_hit_rate_is_told_by_spend(noisy: FittedProgram) -> None:
    table = plots.hit_rate_by_spend_data(noisy, rng=7)
    assert table["campaigns"].sum() == SIZE
    assert len(table) == 8
    spend, hit = noisy.campaigns.spend, noisy.campaigns.value > 0.0
    replicas = noisy.replicas(200, 7) > 0.0
    for row in table.itertuples():
        inside = (spend >= row.spend_low) & (spend <= row.spend_high)
        assert inside.sum() == row.campaigns
        assert row.observed == pytest.approx(hit[inside].mean())
        assert row.spend == pytest.approx(np.median(spend[inside]))
        assert (row.low, row.high) == wilson(row.observed, row.campaigns, 0.9)
        assert row.expected == pytest.approx(replicas[:, inside].mean())
    # Count noise hides hits of small campaigns.
    assert table["expected"].iloc[0] < 0.5 * table["expected"].iloc[-1]
    ax = plots.hit_rate_by_spend(noisy, rng=7)
    first, last = 100.0 * table["observed"].iloc[[0, -1]]
    title = f"social: returns from {first:.0f} % of small campaigns, {last:.0f} % of large"
    assert ax.get_title(loc="left") == title
    np.testing.assert_allclose(
        line(ax, "what the fit expects").get_ydata()[:-1], 100.0 * table["expected"]
    )
    assert line(ax, "hit rate").get_ydata()[0] == 100.0 * noisy.channel.hit_rate
    assert ax.get_xscale() == "log"


def test_equal_spends_are_one_bin(exact: FittedProgram) -> None:
    table = plots.hit_rate_by_spend_data(exact, rng=7)
    assert table["campaigns"].tolist() == [SIZE]
    ax = plots.hit_rate_by_spend(exact, rng=7)
    share = 100.0 * np.mean(exact.campaigns.value > 0.0)
    assert ax.get_title(loc="left") == f"search: returns from {share:.0f} % of campaigns"
    assert ax.get_xscale() == "linear"


@pytest.mark.parametrize("case", ["exact", "noisy"])
def test_a_right_fit_lies_in_its_band(case: str, request: pytest.FixtureRequest) -> None:
    fit: FittedProgram = request.getfixturevalue(case)
    tail = plots.tail_fit_data(fit, rng=7).dropna()
    assert tail["observed"].between(tail["replica_low"], tail["replica_high"]).mean() > 0.8
    assert plots.quantiles_data(fit, rng=7)["inside"].mean() > 0.8
    curve = plots.fit_lorenz_data(fit, rng=7)
    inside = curve["observed"].between(curve["replica_low"] - 1e-9, curve["replica_high"] + 1e-9)
    assert inside.mean() > 0.8


def test_a_wrong_fit_lies_outside_its_band(wrong: FittedProgram) -> None:
    tail = plots.tail_fit_data(wrong, rng=7).dropna()
    assert tail["observed"].between(tail["replica_low"], tail["replica_high"]).mean() < 0.3
    assert plots.quantiles_data(wrong, rng=7)["inside"].mean() < 0.5
    top = plots.fit_lorenz_data(wrong, rng=7).loc[0.01]
    assert top["observed"] > top["replica_high"]
    rates = plots.hit_rate_by_spend_data(wrong, rng=7).iloc[0]
    assert rates["high"] < rates["replica_low"]
    assert "100 %" not in plots.quantiles(wrong, rng=7).get_title(loc="left")


def test_young_campaigns_are_left_out(exact: FittedProgram) -> None:
    young = np.arange(SIZE) < 100
    fit = replace(exact, campaigns=replace(exact.campaigns, young=young))
    assert plots.hit_rate_by_spend_data(fit, rng=7)["campaigns"].tolist() == [200]
    hits = fit.campaigns.multiple[~young]
    assert plots.quantiles_data(fit, rng=7)["observed"].max() == hits.max()
    assert line(plots.quantiles(fit, rng=7), "the history: 200 campaigns")


def test_level_is_that_of_the_fit(exact: FittedProgram) -> None:
    narrow = replace(exact, level=0.5)
    wide_band, narrow_band = (plots.fit_lorenz_data(fit, rng=7).loc[0.2] for fit in (exact, narrow))
    assert narrow_band["replica_high"] < wide_band["replica_high"]
    ax = plots.fit_lorenz(narrow, rng=7)
    assert any("50 % of replicas" in text.get_text() for text in ax.get_legend().get_texts())
    assert band(ax)[:, 1].max() == pytest.approx(100.0)


def test_currency_is_named_where_it_is_known(exact: FittedProgram) -> None:
    known = replace(exact, reading={"currency": "EUR"})
    assert plots.hit_rate_by_spend(known, rng=7).get_xlabel() == "spend per campaign (EUR)"
    assert plots.hit_rate_by_spend(exact, rng=7).get_xlabel() == "spend per campaign (currency)"


def test_overview_needs_no_window(noisy: FittedProgram) -> None:
    figure = plots.fit(noisy, rng=7)
    assert len(figure.axes) == 4
    titles = [ax.get_title(loc="left") for ax in figure.axes]
    assert titles == [draw(noisy, rng=7).get_title(loc="left") for draw in PICTURES]
    plt.close("all")
    assert plt.get_fignums() == []
    file = BytesIO()
    figure.savefig(file, format="png")
    assert file.getvalue().startswith(b"\x89PNG")


@pytest.mark.parametrize("draw", PICTURES)
def test_pictures_are_like_their_baselines(
    draw: Callable[..., Axes], noisy: FittedProgram, exact: FittedProgram, tmp_path: Path
) -> None:
    name = f"fit_{draw.__name__.removeprefix('fit_')}"
    assert_like_baseline(draw(noisy, rng=7), name, tmp_path)
    # What is drawn of another fit is seen to be another picture.
    assert os.environ.get("GTMSIM_BASELINE") or difference(draw(exact, rng=7), name, tmp_path)
