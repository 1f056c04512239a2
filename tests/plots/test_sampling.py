"""Pictures of settling: a prefix is a shorter run, and what does not converge is refused."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import gtmsim as gtm
from gtmsim import plots
from gtmsim.plots import _prefix
from gtmsim.plots.sampling import ORDERS
from gtmsim.result import PortfolioResult
from gtmsim.statistics import max_to_sum
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

FIGURES = ("p50", "prob_target", "prob_loss", "net_cvar_95", "mean", "hit_rate")


@pytest.mark.parametrize("figure", FIGURES)
def test_rows_are_shorter_runs(kept: PortfolioResult, figure: str) -> None:
    table = plots.convergence_data(kept, figure)
    assert table.index[-1] == SCENARIOS
    for n in table.index[[len(table) // 2, -1]]:
        shorter = gtm.simulate_portfolio(kept.plan, scenarios=int(n), rng=kept.seed)
        interval = shorter.interval(figure)
        found = table.loc[n, ["estimate", "low", "high"]]
        assert tuple(found) == (interval.estimate, interval.low, interval.high)


def test_rows_are_shorter_runs_with_alternatives(varied: PortfolioResult) -> None:
    table = plots.convergence_data(varied, "p50", "PR")
    n = int(table.index[-10])
    shorter = gtm.simulate_portfolio(
        varied.plan, scenarios=n, rng=varied.seed, alternatives=varied.alternatives
    )
    interval = shorter.interval("p50", "PR")
    found = (interval.estimate, interval.low, interval.high)
    assert tuple(table.loc[n]) == found
    assert table.index[-1] == SCENARIOS


def test_intervals_shrink_with_the_root(kept: PortfolioResult) -> None:
    table = plots.convergence_data(kept)
    width = table["high"] - table["low"]
    n = np.log(table.index.to_numpy(dtype=float))
    assert np.polyfit(n, np.log(width), 1)[0] == pytest.approx(-0.5, abs=0.1)


def test_convergence_draws_its_frame(kept: PortfolioResult) -> None:
    table = plots.convergence_data(kept, "prob_target")
    ax = plots.convergence(kept, "prob_target")
    curve = line(ax, "chance of the target of the first")
    np.testing.assert_array_equal(curve.get_xdata(), table.index)
    np.testing.assert_array_equal(curve.get_ydata(), table["estimate"])
    corners = band(ax)[:, 1]
    assert corners.max() == table["high"].max()
    assert corners.min() == table["low"].min()
    interval = kept.interval("prob_target")
    ends = " to ".join(f"{100 * end:.1f}" for end in (interval.low, interval.high))
    assert title(ax) == (
        f"portfolio: chance of the target is {100 * interval.estimate:.1f} ({ends}) %"
    )
    assert ax.get_ylabel() == "chance of the target (%)"


@pytest.mark.parametrize(
    ("figure", "label"),
    [
        ("net_p10", "P10 of net (million USD)"),
        ("cvar_95", "mean of the worst 5 % of net (million USD)"),
        ("multiple_p50", "P50 of multiple (value per 1 spent)"),
        ("hit_rate", "hit rate (%)"),
        ("hits_mean", "mean of hits (campaigns)"),
        ("top_share", "P50 of top share (%)"),
    ],
)
def test_figures_have_their_units(kept: PortfolioResult, figure: str, label: str) -> None:
    assert plots.convergence(kept, figure).get_ylabel() == label


def test_a_mean_that_does_not_exist_is_refused() -> None:
    result = only(WILD)
    rule = r"metric: must exist: with tail index 0.5 wild has no mean, got 'value_mean'"
    for read in (plots.convergence, plots.convergence_data):
        with pytest.raises(gtm.MetricError, match=rule):
            read(result, "mean", "wild")
    # Its median does exist.
    assert title(plots.convergence(result, "p50", "wild")).startswith("wild: P50 of value is ")


def test_an_exact_mean_is_refused(heavy: PortfolioResult) -> None:
    rule = r"figure: must be estimated from scenarios, .* taken exactly from the plan, got 'mean'"
    with pytest.raises(gtm.MetricError, match=rule):
        plots.convergence(heavy, "mean")


def test_unknown_figures_are_refused(kept: PortfolioResult) -> None:
    with pytest.raises(gtm.MetricError, match=r"metric: must be prob_loss, .* got 'profit'"):
        plots.convergence(kept, "profit")


def test_too_few_scenarios_are_refused() -> None:
    with pytest.raises(gtm.PrecisionError, match="must have at least 25 draws in the fraction"):
        plots.convergence(only(STEADY, scenarios=20), "net_cvar_95")
    ax = plots.convergence(only(STEADY, scenarios=3))
    assert "(too few for an interval)" in title(ax)


def test_a_summary_ends_with_all_of_its_scenarios(
    kept: PortfolioResult, summarised: PortfolioResult, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_prefix, "REDRAWN", 1_000)
    first = gtm.simulate_portfolio(kept.plan, scenarios=1_000, rng=7)
    table, prefix = plots.convergence_data(summarised), plots.convergence_data(first)
    pd.testing.assert_frame_equal(table.iloc[:-1], prefix)
    interval = summarised.interval("p50")
    assert table.index[-1] == SCENARIOS
    assert tuple(table.iloc[-1]) == (interval.estimate, interval.low, interval.high)
    ax = plots.convergence(summarised)
    assert "the first 1,000 of 4,000 scenarios drawn again" in ax.get_xlabel()
    assert any(text.startswith("all 4,000 scenarios: ") for text in legend(ax))


def test_a_short_summary_has_its_scenarios(
    kept: PortfolioResult, summarised: PortfolioResult
) -> None:
    for numbers in (plots.convergence_data, plots.max_to_sum_data):
        pd.testing.assert_frame_equal(numbers(kept), numbers(summarised))


def test_ratios_are_those_of_the_first_scenarios(kept: PortfolioResult) -> None:
    values = kept.values("value", "PR")
    table = plots.max_to_sum_data(kept, "PR")
    assert table.index[0] == 1
    assert table.index[-1] == SCENARIOS
    for n in (table.index[5], table.index[-1]):
        for order in ORDERS:
            ratio = max_to_sum(values[:n], order)
            assert table.loc[n, order] == pytest.approx(ratio, nan_ok=True)


def test_the_ratio_falls_where_the_moment_exists() -> None:
    result = only(WILD, STEADY, scenarios=4_000)
    wild, steady = (plots.max_to_sum_data(result, name).iloc[-1] for name in ("wild", "steady"))
    assert (wild > 0.05).all()
    assert (steady < 0.01).all()


@pytest.mark.parametrize(
    ("index", "words", "missing"),
    [
        (0.5, "tail index 0.5, no moment exists in the plan", 4),
        (1.2, "tail index 1.2, the mean exists in the plan and the variance does not", 3),
        (2.0, "tail index 2, the mean exists in the plan and the variance does not", 3),
        (2.5, "tail index 2.5, the variance exists in the plan and the skewness does not", 2),
        (4.5, "all four moments exist in the plan", 0),
    ],
)
def test_title_says_which_moments_exist(index: float, words: str, missing: int) -> None:
    plan = heavy_plan(index)
    result = gtm.simulate_portfolio(plan, scenarios=200, rng=7)
    ax = plots.max_to_sum(result, "PR")
    assert title(ax) == f"PR: {words}"
    assert sum(text.endswith("does not exist") for text in legend(ax)) == missing
    assert sum(text.endswith(": exists") for text in legend(ax)) == 4 - missing


def test_moments_of_a_law_that_is_not_known() -> None:
    bets = gtm.CampaignProgram(name="bets", campaigns=9, spend=2.0, multiple=UNKNOWN)
    ax = plots.max_to_sum(only(bets))
    assert title(ax) == "portfolio: which moments exist is not known"
    assert legend(ax)[0] == "p = 1, mean"


def test_max_to_sum_draws_its_frame(heavy: PortfolioResult) -> None:
    ax = plots.max_to_sum(heavy, "PR")
    table = plots.max_to_sum_data(heavy, "PR")
    for order in ORDERS:
        drawn = line(ax, f"p = {order}")
        np.testing.assert_array_equal(drawn.get_xdata(), table.index)
        np.testing.assert_array_equal(drawn.get_ydata(), 100.0 * table[order])


def test_nothing_returned_has_no_ratio() -> None:
    assert plots.max_to_sum_data(only(HOPELESS)).isna().all(axis=None)
    assert title(plots.max_to_sum(only(HOPELESS))) == "portfolio: nothing was returned"
