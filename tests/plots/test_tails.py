"""Exceedance and tail: the numbers are the scenarios', the law is the plan's."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import gtmsim as gtm
from gtmsim import plots
from gtmsim.result import PortfolioResult
from gtmsim.statistics import hill
from gtmsim.statistics.clusters import clustered_probability_interval
from tests.plots.cases import (
    HOPELESS,
    SCENARIOS,
    STEADY,
    UNKNOWN,
    WILD,
    band,
    heavy_plan,
    legend,
    line,
    only,
    title,
)


@pytest.mark.parametrize("channel", ["portfolio", "PR", "mid-market"])
def test_chances_are_those_of_the_scenarios(kept: PortfolioResult, channel: str) -> None:
    table = plots.exceedance_data(kept, channel)
    assert table.index.is_monotonic_increasing
    assert len(table) <= 400
    assert float(table.index[-1]) == kept.values("value", channel).max()
    for x, row in table.iloc[::20].iterrows():
        assert row["chance"] == kept.prob_at_least(x, "value", channel)
        interval = gtm.statistics.probability_interval(
            round(row["chance"] * SCENARIOS), SCENARIOS, 0.95
        )
        assert (row["low"], row["high"]) == pytest.approx((interval.low, interval.high))


@pytest.mark.parametrize("channel", ["portfolio", "PR"])
def test_chances_of_a_summary_are_those_of_its_scenarios(
    kept: PortfolioResult, summarised: PortfolioResult, channel: str
) -> None:
    table = plots.exceedance_data(summarised, channel)
    assert len(table) <= 400
    for x, chance in table["chance"].items():
        # The lower edge of a bin: all of what is in it is at least that.
        assert chance == kept.prob_at_least(float(x), "value", channel)


def test_bands_allow_for_shared_parameters(varied: PortfolioResult) -> None:
    table = plots.exceedance_data(varied, "PR")
    block = np.arange(SCENARIOS) // 128
    values = varied.values("value", "PR")
    x = float(table.index[np.searchsorted(-table["chance"], -0.5)])
    interval = clustered_probability_interval(values >= x, block)
    assert tuple(table.loc[x, ["low", "high"]]) == pytest.approx((interval.low, interval.high))
    # As if they were independent it would be narrower.
    alone = plots.exceedance_data(replace(varied, alternatives={}), "PR").loc[x]
    assert interval.high - interval.low > 1.2 * (alone["high"] - alone["low"])


@pytest.mark.parametrize("channel", ["portfolio", "PR"])
def test_exceedance_draws_its_frame(kept: PortfolioResult, channel: str) -> None:
    table = plots.exceedance_data(kept, channel)
    ax = plots.exceedance(kept, channel)
    curve = line(ax, "4,000 scenarios")
    np.testing.assert_array_equal(curve.get_xdata(), table.index)
    np.testing.assert_array_equal(curve.get_ydata(), 100.0 * table["chance"])
    corners = set(map(tuple, band(ax).tolist()))
    for end in ("low", "high"):
        assert set(zip(table.index, 100.0 * table[end], strict=True)) <= corners
    for q, name in ((0.1, "P10"), (0.5, "P50"), (0.9, "P90")):
        mark = line(ax, name)
        amount = kept.quantile(q, "value", channel)
        assert mark.get_xdata()[0] == amount or (amount == 0.0 and np.isnan(mark.get_xdata()[0]))
        assert mark.get_ydata()[0] == pytest.approx(100.0 * (1.0 - q))
    assert ax.get_yscale() == "log"
    # PR has a long tail, and the portfolio has not.
    assert ax.get_xscale() == ("log" if channel == "PR" else "linear")


def test_exceedance_says_the_chance_of_the_target(kept: PortfolioResult) -> None:
    target = kept.plan.target
    assert target is not None
    interval = kept.interval("prob_target")
    ends = f"{100 * interval.low:.0f} to {100 * interval.high:.0f} %"
    ax = plots.exceedance(kept)
    assert title(ax).startswith(f"{100 * interval.estimate:.0f} % chance ({ends}) of at least ")
    assert f"({100 * interval.estimate:.0f} % chance, {ends})" in " ".join(legend(ax))
    other = plots.exceedance(kept, "PR")
    rare = kept.quantile(0.99, "value", "PR") / 1e6
    assert title(other) == f"PR: 1 in 100 scenarios brings {rare:.3g} million USD or more"
    assert "target" not in " ".join(legend(other))


def test_best_campaign_has_its_exact_law() -> None:
    bets = gtm.CampaignProgram(
        name="bets", campaigns=9, spend=2.0, hit_rate=0.3, multiple=gtm.Pareto(tail_index=1.5)
    )
    table = plots.ccdf_data(only(bets), "bets")
    x = table.index.to_numpy()
    above = np.minimum((x / 2.0) ** -1.5, 1.0)
    np.testing.assert_allclose(table["best"], 1.0 - (1.0 - 0.3 * above) ** 9, rtol=1e-9)


def test_far_out_the_best_campaign_is_the_total(heavy: PortfolioResult) -> None:
    def inside(result: PortfolioResult) -> float:
        table = plots.ccdf_data(result, "PR")
        far = table[(table["chance"] < 0.01) & (table["chance"] > 1.0 / SCENARIOS)]
        return float(far["best"].between(far["low"], far["high"]).mean())

    assert inside(heavy) > 0.9
    # Another index in the plan does not fit these scenarios.
    assert inside(replace(heavy, plan=heavy_plan(1.8))) < 0.2


def test_hill_is_that_of_the_scenarios(heavy: PortfolioResult) -> None:
    index = hill(heavy.values("value", "PR"))
    table = plots.ccdf_data(heavy, "PR")
    assert table["hill"].first_valid_index() >= index.threshold
    x, y = np.log(table["hill"].dropna().index), np.log(table["hill"].dropna())
    assert np.polyfit(x, y, 1)[0] == pytest.approx(-index.estimate)
    at = table["hill"].first_valid_index()
    share = index.k / SCENARIOS * (at / index.threshold) ** -index.estimate
    assert table.loc[at, "hill"] == pytest.approx(share)
    ends = f"{index.interval.low:.3g} to {index.interval.high:.3g}"
    assert title(plots.ccdf(heavy, "PR")) == (
        f"PR: tail index 1.2 in the plan, {index.estimate:.3g} ({ends}) in the scenarios"
    )


def test_ccdf_draws_its_frame(heavy: PortfolioResult) -> None:
    table = plots.ccdf_data(heavy, "PR")
    ax = plots.ccdf(heavy, "PR")
    for label, column in (
        ("4,000 scenarios", "chance"),
        ("the plan: its best campaign alone", "best"),
        ("Hill, from the", "hill"),
    ):
        np.testing.assert_array_equal(line(ax, label).get_xdata(), table.index)
        np.testing.assert_array_equal(line(ax, label).get_ydata(), 100.0 * table[column])
    assert ax.get_xscale() == ax.get_yscale() == "log"


def test_ccdf_is_no_power_law_without_one(kept: PortfolioResult) -> None:
    assert title(plots.ccdf(kept, "enterprise")) == "enterprise: no power law, all moments exist"
    assert title(plots.ccdf(kept, "PR")) == "PR: tail index 1.2 up to the cap; all moments exist"
    assert title(plots.ccdf(only(STEADY.replace(skill_cv=0.0, luck_cv=0.0)))) == (
        "portfolio: bounded, no power law"
    )
    for channel in ("portfolio", "enterprise", "PR"):
        assert plots.ccdf_data(kept, channel)["hill"].isna().all()
        assert not any("Hill" in text for text in legend(plots.ccdf(kept, channel)))
    assert plots.ccdf_data(kept)["best"].isna().all()


def test_ccdf_of_a_law_that_is_not_known() -> None:
    bets = gtm.CampaignProgram(name="bets", campaigns=9, spend=2.0, multiple=UNKNOWN)
    found = title(plots.ccdf(only(bets), "bets"))
    assert found.startswith("bets: the tail of its law is not known, ")


def test_ccdf_without_scenarios_has_the_plan_alone(heavy: PortfolioResult) -> None:
    summary = gtm.simulate_portfolio(heavy.plan, scenarios=500, rng=7, keep="summary")
    assert title(plots.ccdf(summary, "PR")) == "PR: tail index 1.2 in the plan"
    assert plots.ccdf_data(summary, "PR")["hill"].isna().all()


def test_ccdf_with_alternatives_has_a_slope_alone() -> None:
    plan = heavy_plan(1.2)
    versions = {"PR": [plan["PR"].replace(hit_rate=rate) for rate in (0.1, 0.2)]}
    result = gtm.simulate_portfolio(plan, scenarios=1_000, rng=7, alternatives=versions)
    table = plots.ccdf_data(result, "PR")
    assert table[["best", "hill"]].isna().all(axis=None)
    slope = line(plots.ccdf(result, "PR"), "the plan: slope of tail index 1.2")
    x, y = np.log(slope.get_xdata()), np.log(slope.get_ydata())
    assert np.polyfit(x, y, 1)[0] == pytest.approx(-1.2)


def test_nothing_returned_is_said() -> None:
    result = only(HOPELESS)
    assert title(plots.ccdf(result)) == "portfolio: nothing was returned"
    assert plots.ccdf_data(result).empty
    found = title(plots.exceedance(result))
    assert found == "portfolio: fewer than 1 in 100 scenarios bring anything"
    assert plots.exceedance_data(result)["chance"].tolist() == [1.0]


def test_infinite_means_are_drawn_all_the_same() -> None:
    result = only(WILD)
    assert "tail index 0.5 in the plan" in title(plots.ccdf(result))
    assert plots.exceedance(result).get_xscale() == "log"
