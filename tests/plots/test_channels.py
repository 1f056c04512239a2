"""The waterfall adds up, where medians do not and means may not exist."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import gtmsim as gtm
from gtmsim import plots
from gtmsim.plots import _prefix
from gtmsim.result import PortfolioResult
from tests.plots.cases import HOPELESS, STEADY, WILD, legend, only, title


def adds_up(amounts: pd.Series) -> bool:
    """Whether what lies before the last amount adds up to it."""
    total = amounts.iloc[:-1].sum()
    return bool(abs(total - amounts.iloc[-1]) <= 1e-9 * amounts.abs().max())


def test_amounts_add_up(kept: PortfolioResult) -> None:
    table = plots.waterfall_data(kept)
    assert adds_up(table["amount"])
    assert table["kind"].tolist() == ["spend", *["channel"] * 5, "net"]
    np.testing.assert_allclose(table["end"] - table["start"], table["amount"])
    np.testing.assert_array_equal(table["start"][1:-1], table["end"][:-2])
    assert table["end"].iloc[-2] == pytest.approx(table["amount"].iloc[-1])
    assert table["spend"].iloc[1:-1].sum() == pytest.approx(-table["amount"].iloc[0])
    # Medians do not.
    medians = [-kept.quantile(0.5, "spend")]
    medians += [kept.quantile(0.5, "value", name) for name in kept.channels]
    assert not adds_up(pd.Series([*medians, kept.quantile(0.5, "net")]))


def test_amounts_are_means_of_the_middle_scenarios(kept: PortfolioResult) -> None:
    table = plots.waterfall_data(kept)
    net = kept.values("net")
    low, high = np.quantile(net, [0.45, 0.55])
    middle = (net >= low) & (net <= high)
    assert low < table.loc["net", "amount"] < high
    for name in kept.channels:
        values = kept.values("value", name)
        assert table.loc[name, "amount"] == pytest.approx(values[middle].mean())
        assert table.loc[name, "low"] == kept.quantile(0.1, "value", name)
        assert table.loc[name, "high"] == kept.quantile(0.9, "value", name)
    order = table["amount"].iloc[1:-1]
    assert order.is_monotonic_decreasing


def test_amounts_exist_without_a_mean() -> None:
    result = only(WILD, STEADY, scenarios=2_000)
    table = plots.waterfall_data(result)
    assert adds_up(table["amount"])
    low, high = result.quantiles((0.4, 0.6), "net")
    assert low < table.loc["net", "amount"] < high
    # The mean of all scenarios is nowhere near, and grows with their number.
    assert result.values("net").mean() > 100.0 * high


def test_a_summary_is_drawn_again(kept: PortfolioResult, summarised: PortfolioResult) -> None:
    pd.testing.assert_frame_equal(plots.waterfall_data(kept), plots.waterfall_data(summarised))
    assert plots.waterfall(summarised).get_legend().get_title().get_text() == (
        "means of the middle tenth of 4,000 scenarios"
    )


def test_of_a_long_run_the_first_scenarios_are_drawn_again(
    kept: PortfolioResult, summarised: PortfolioResult, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_prefix, "REDRAWN", 1_000)
    first = gtm.simulate_portfolio(kept.plan, scenarios=1_000, rng=7)
    table = plots.waterfall_data(summarised)
    pd.testing.assert_frame_equal(table, plots.waterfall_data(first))
    assert not table.equals(plots.waterfall_data(kept))
    assert plots.waterfall(summarised).get_legend().get_title().get_text() == (
        "means of the middle tenth of the first 1,000 of 4,000 scenarios"
    )


def test_alternatives_are_drawn_again_too(varied: PortfolioResult) -> None:
    again = gtm.simulate_portfolio(
        varied.plan,
        scenarios=varied.scenarios,
        rng=varied.seed,
        alternatives=varied.alternatives,
        keep="summary",
    )
    pd.testing.assert_frame_equal(plots.waterfall_data(varied), plots.waterfall_data(again))


def test_waterfall_draws_its_frame(kept: PortfolioResult) -> None:
    table = plots.waterfall_data(kept)
    ax = plots.waterfall(kept)
    bars = [(bar.get_x(), bar.get_width()) for bar in ax.patches]
    np.testing.assert_allclose(bars, table[["start", "amount"]], rtol=1e-9, atol=1e-6)
    ranges = [found.get_xdata() for found in ax.lines if found.get_linewidth() == 1.5]
    np.testing.assert_allclose(ranges, table[["low", "high"]].add(table["start"], axis=0))
    names = [text.get_text().rsplit("  ", 1)[0] for text in ax.get_yticklabels()]
    assert names == table.index.tolist()
    assert legend(ax) == ["sales", "marketing", "P10 to P90 of the amount, all scenarios"]
    net = table.loc["net", "amount"] / 1e6
    assert title(ax) == f"Net of {net:.3g} million USD in the middle scenarios, led by mid-market"


def test_ranges_beyond_the_picture_end_in_an_arrow() -> None:
    ax = plots.waterfall(only(WILD))
    left, right = ax.get_xlim()
    arrows = [found.get_xdata()[0] for found in ax.lines if found.get_marker() == ">"]
    assert len(arrows) == 2
    assert all(left < x <= right for x in arrows)
    assert plots.waterfall_data(only(WILD))["high"].max() > right
    assert not [f for f in plots.waterfall(only(STEADY)).lines if f.get_marker() in "<>"]


def test_of_many_channels_the_largest_are_shown() -> None:
    programs = [WILD.replace(name=f"wild {i}", cap=2.0, spend=100.0 + i) for i in range(14)]
    table = plots.waterfall_data(only(*programs))
    assert table.index[0] == "spend"
    assert table.index[-2:].tolist() == ["4 others", "net"]
    assert table["kind"].iloc[-2] == "others"
    assert adds_up(table["amount"])
    assert "led by wild" in title(plots.waterfall(only(*programs)))


def test_losses_are_negative() -> None:
    table = plots.waterfall_data(only(HOPELESS))
    assert table["amount"].tolist() == [-1.0, 0.0, -1.0]
    assert title(plots.waterfall(only(HOPELESS))) == "Net of -1 USD in the middle scenarios"
