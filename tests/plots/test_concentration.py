"""Pictures of concentration: shares are those of the scenarios."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import gtmsim as gtm
from gtmsim import plots
from gtmsim.result import PortfolioResult
from tests.plots.cases import HOPELESS, SCENARIOS, STEADY, WILD, band, line, only, title


def test_lorenz_has_the_spread_of_its_scenarios(kept: PortfolioResult) -> None:
    table = plots.lorenz_data(kept)
    sales = [c.name for c in kept.plan.channels if isinstance(c, gtm.SalesTeam)]
    units = kept.units[~kept.units["channel"].isin(sales)]
    for share in (0.01, 0.2, 0.9):
        tops = [gtm.top_share(own, share) for _, own in units.groupby("scenario")]
        found = table.loc["marketing", share]
        assert found["mean"] == pytest.approx(np.mean(tops))
        np.testing.assert_allclose(found[["low", "high"]], np.quantile(tops, [0.05, 0.95]))


def test_lorenz_draws_its_frame(kept: PortfolioResult) -> None:
    ax = plots.lorenz(kept)
    for place, kind in enumerate(("marketing", "sales")):
        table = 100.0 * plots.lorenz_data(kept).loc[kind]
        np.testing.assert_array_equal(line(ax, kind).get_ydata(), table["mean"])
        corners = {(x, y) for x, y in band(ax, place)}
        x = 100.0 * table.index.to_numpy()
        assert set(zip(x, table["low"], strict=True)) <= corners
        low, high = table.loc[0.01, ["low", "high"]]
        assert f"{low:.0f} to {high:.0f} %)" in str(line(ax, kind).get_label())


def test_lorenz_of_a_summary_is_the_same(
    kept: PortfolioResult, summarised: PortfolioResult
) -> None:
    pd.testing.assert_frame_equal(plots.lorenz_data(kept), plots.lorenz_data(summarised))


def test_lorenz_of_nothing_is_empty() -> None:
    assert plots.lorenz_data(only(HOPELESS)).empty


def test_shares_are_those_of_the_result(kept: PortfolioResult) -> None:
    table, known = plots.top_share_data(kept), kept.concentration()
    assert table.index.tolist() == known.index.tolist()
    assert table["units"].tolist() == known["units"].tolist()
    for mine, its in (
        ("largest_p50", "largest_share_p50"),
        ("top_p5", "top_share_p5"),
        ("top_p50", "top_share_p50"),
        ("top_p95", "top_share_p95"),
        ("half", "prob_one_is_half"),
    ):
        np.testing.assert_array_equal(table[mine], known[its])
    for name, row in table.iterrows():
        hits = int(np.count_nonzero(kept.values("largest_share", str(name)) >= 0.5))
        interval = gtm.statistics.probability_interval(hits, SCENARIOS, 0.95)
        assert (row["half_low"], row["half_high"]) == pytest.approx((interval.low, interval.high))


def test_shares_of_a_summary_are_those_of_its_scenarios(
    kept: PortfolioResult, summarised: PortfolioResult
) -> None:
    table, other = plots.top_share_data(kept), plots.top_share_data(summarised)
    np.testing.assert_allclose(other, table, rtol=1.0 / 100, atol=0.01)


def test_top_share_draws_its_frame(kept: PortfolioResult) -> None:
    ax = plots.top_share(kept)
    table = plots.top_share_data(kept)
    shown = [text.get_text().rsplit(" (", 1)[0] for text in ax.get_yticklabels()]
    assert shown[-1] == "portfolio"
    assert shown[:-1] == table["largest_p50"][:-1].sort_values(ascending=False).index.tolist()
    for kind, marker in (("largest", "o"), ("top", "s")):
        middle = next(found for found in ax.lines if found.get_marker() == marker)
        np.testing.assert_array_equal(middle.get_xdata(), 100.0 * table.loc[shown, f"{kind}_p50"])
    ends = {x for bars in ax.containers for x in np.ravel(bars[2][0].get_segments())}
    for column in ("largest_p5", "largest_p95", "top_p5", "top_p95"):
        for share in 100.0 * table[column]:
            assert min(abs(end - share) for end in ends) < 1e-9
    chance = 100.0 * table["half"].drop("portfolio").max()
    assert title(ax) == f"PR: one campaign brings half of value in {chance:.0f} % of scenarios"


def test_two_equal_seats_bring_half_each() -> None:
    result = only(STEADY.replace(skill_cv=0.0, luck_cv=0.0))
    assert plots.top_share_data(result).loc["steady", ["largest_p50", "half"]].tolist() == [0.5, 1]
    found = title(plots.top_share(result))
    assert found == "steady: one seat brings half of value in 100 % of scenarios"


def test_what_returned_nothing_has_no_share() -> None:
    table = plots.top_share_data(only(HOPELESS))
    assert table["largest_p50"].isna().all()
    ax = plots.top_share(only(HOPELESS))
    assert title(ax) == "Nothing was returned"
    assert [text.get_text() for text in ax.texts].count("nothing returned") == 2


def test_of_many_channels_the_most_concentrated_are_shown() -> None:
    programs = [WILD.replace(name=f"wild {i}", campaigns=i + 1) for i in range(15)]
    result = only(*programs)
    ax = plots.top_share(result)
    assert len(ax.get_yticks()) == 13
    assert title(ax).endswith("; the first 12 of 15 channels")
    shown = {text.get_text().split(" (")[0] for text in ax.get_yticklabels()}
    least = plots.top_share_data(result)["largest_p50"].drop("portfolio").nsmallest(3).index
    assert not shown & set(least)
