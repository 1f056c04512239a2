"""Pictures: what they show is right, labelled, and leaves no trace."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes

import gtmsim as gtm
from gtmsim import plots
from gtmsim.result import PortfolioResult
from gtmsim.summary import MONTHLY_METRICS
from tests.plots.cases import HOPELESS, STEADY, band, line, only, title

PICTURES = (
    plots.outcome,
    plots.exceedance,
    plots.ccdf,
    plots.lorenz,
    plots.fan,
    plots.waterfall,
    plots.top_share,
    plots.convergence,
    plots.max_to_sum,
)
OF_A_CHANNEL = (
    (plots.outcome, plots.outcome_data),
    (plots.exceedance, plots.exceedance_data),
    (plots.ccdf, plots.ccdf_data),
    (plots.fan, plots.fan_data),
    (plots.convergence, plots.convergence_data),
    (plots.max_to_sum, plots.max_to_sum_data),
)


def bars(ax: Axes) -> tuple[np.ndarray, np.ndarray]:
    """Right edges and heights."""
    return (
        np.array([patch.get_x() + patch.get_width() for patch in ax.patches]),
        np.array([patch.get_height() for patch in ax.patches]),
    )


@pytest.mark.parametrize("draw", PICTURES)
def test_draws_on_the_axes_it_is_given(draw: Callable[..., Axes], kept: PortfolioResult) -> None:
    ax = plt.figure().add_subplot()
    assert draw(kept, ax=ax) is ax
    assert isinstance(draw(kept), Axes)
    assert draw(kept) is not ax
    for label, ticks in ((ax.get_xlabel(), ax.get_xticklabels()), (ax.get_ylabel(), None)):
        units = ("USD", "%", "months", "scenarios, in their order")
        # An axis of channels has their names.
        assert any(unit in label for unit in units) or (ticks is None and ax.get_yticklabels())
    assert title(ax)
    assert ax.get_legend() is not None


@pytest.mark.parametrize("channel", ["portfolio", "PR"])
def test_outcome_marks_the_quantiles(kept: PortfolioResult, channel: str) -> None:
    ax = plots.outcome(kept, channel)
    for q, name in ((0.1, "P10"), (0.5, "P50"), (0.9, "P90")):
        assert line(ax, name).get_xdata()[0] == kept.quantile(q, "value", channel)
    assert "gross profit within 24 months, present value (" in ax.get_xlabel()


def test_outcome_marks_the_target_and_says_its_chance(kept: PortfolioResult) -> None:
    target = kept.plan.target
    assert target is not None
    ax = plots.outcome(kept)
    assert line(ax, "target").get_xdata()[0] == target
    assert title(ax).startswith(f"{100 * kept.prob_at_least(target):.0f} % chance")
    other = plots.outcome(kept, "PR")
    assert not any(str(found.get_label()).startswith("target") for found in other.lines)
    assert other.get_title(loc="left").startswith("PR: ")


@pytest.mark.parametrize(("channel", "clipped"), [("mid-market", False), ("PR", True)])
def test_outcome_counts_every_scenario(kept: PortfolioResult, channel: str, clipped: bool) -> None:
    ax = plots.outcome(kept, channel)
    edges, heights = bars(ax)
    values = kept.values("value", channel)
    middle, high, last = np.quantile(values, [0.5, 0.9, 0.995])
    assert edges[-1] == pytest.approx(min(last, middle + 4 * (high - middle)))
    assert (edges[-1] < 0.99 * last) == clipped
    assert heights.sum() == pytest.approx(100.0 * np.mean(values <= edges[-1]))
    for edge, below in zip(edges[:-1], heights.cumsum(), strict=False):
        assert below == pytest.approx(100.0 * np.mean(values < edge), abs=1e-9)
    assert f"{(values > edges[-1]).sum():,} of 4,000 scenarios lie beyond" in ax.texts[0].get_text()


@pytest.mark.parametrize("channel", ["portfolio", "mid-market", "PR"])
def test_outcome_of_a_summary_is_that_of_its_scenarios(
    kept: PortfolioResult, summarised: PortfolioResult, channel: str
) -> None:
    edges, heights = bars(plots.outcome(summarised, channel))
    values = kept.values("value", channel)
    for edge, below in zip(edges, heights.cumsum(), strict=True):
        # An edge may lie anywhere within a bin of the summary, whose width is 1/128 of it.
        low, high = (100.0 * np.mean(values < edge * f) for f in (1 - 1 / 64, 1 + 1 / 64))
        assert low - 1e-6 <= below <= high + 1e-6


def test_outcome_of_a_certain_plan_is_one_bar() -> None:
    result = only(STEADY)
    edges, heights = bars(plots.outcome(result))
    assert heights.tolist() == [100.0]
    assert edges[0] > result.quantile(0.5)
    assert len(plots.outcome(result).texts) == 0


def test_lorenz_marks_the_top_share(kept: PortfolioResult) -> None:
    ax = plots.lorenz(kept)
    sales = [c.name for c in kept.plan.channels if isinstance(c, gtm.SalesTeam)]
    for kind, mask in (
        ("marketing", ~kept.units["channel"].isin(sales)),
        ("sales", kept.units["channel"].isin(sales)),
    ):
        curve = line(ax, kind)
        x, y = np.asarray(curve.get_xdata()), np.asarray(curve.get_ydata())
        assert (x[0], y[0]) == (0.0, 0.0)
        assert (x[-1], y[-1]) == pytest.approx((100.0, 100.0))
        assert (y >= x - 1e-9).all()
        share = gtm.top_share(kept.units[mask], 0.01)
        points = [point.get_ydata()[0] for point in ax.lines if point.get_marker() == "o"]
        assert any(point == pytest.approx(100.0 * share) for point in points)
        assert f"{100 * share:.2g} % in {kind}" in title(ax)
        number = sum(kept.unit_count(c) for c in kept.channels if (c in sales) == (kind == "sales"))
        assert f"{number:,} {'seats' if kind == 'sales' else 'campaigns'}" in str(curve.get_label())


def test_lorenz_leaves_out_what_is_not_there() -> None:
    ax = plots.lorenz(only(STEADY))
    assert not any(str(found.get_label()).startswith("marketing") for found in ax.lines)
    assert title(ax) == "1 % of spend brings 1 % in sales"
    assert plots.lorenz(only(HOPELESS)).get_title(loc="left") == "Nothing was returned"
    assert bars(plots.outcome(only(HOPELESS)))[1].tolist() == [100.0]


@pytest.mark.parametrize("metric", ["cumulative_net", "cumulative_value"])
def test_fan_starts_at_nothing_and_follows_the_months(kept: PortfolioResult, metric: str) -> None:
    ax = plots.fan(kept, metric)
    months = kept.by_month().loc["portfolio"]
    middle = line(ax, "P50")
    assert np.asarray(middle.get_xdata()).tolist() == list(range(25))
    np.testing.assert_array_equal(middle.get_ydata(), [0.0, *months[f"{metric}_p50"]])
    corners = band(ax)
    assert corners[:, 1].min() == pytest.approx(min(0.0, months[f"{metric}_p10"].min()))
    assert corners[:, 1].max() == pytest.approx(months[f"{metric}_p90"].max())


def test_fan_of_a_month_is_not_cumulative(kept: PortfolioResult) -> None:
    ax = plots.fan(kept, "value", "content")
    months = kept.by_month().loc["content"]
    np.testing.assert_array_equal(line(ax, "P50").get_ydata(), months["value_p50"])
    assert ax.get_xlabel() == "month of the plan, from 0"
    assert ax.get_ylabel().startswith("value, present value (")


def test_fan_says_when_money_is_back() -> None:
    # 10,000 a month comes in for each seat and 5,000 goes out: never under water.
    assert "money back by month 0 (P50)" in plots.fan(only(STEADY)).get_title(loc="left")
    late = only(STEADY.replace(hiring_cost=52_000))
    assert "money back by month 11 (P50)" in plots.fan(late).get_title(loc="left")
    never = only(STEADY.replace(loaded_cost=600_000))
    assert "money back not yet (P50)" in plots.fan(never).get_title(loc="left")


@pytest.mark.parametrize("pair", OF_A_CHANNEL)
def test_unknown_channels_are_refused(
    pair: tuple[Callable[..., object], ...], kept: PortfolioResult
) -> None:
    for read in pair:
        with pytest.raises(gtm.MetricError, match=r"channel: must be one of .*, got 'sales'"):
            read(kept, channel="sales")
    assert plt.get_fignums() == []


def test_unknown_metrics_are_refused(kept: PortfolioResult) -> None:
    for read in (plots.fan, plots.fan_data):
        with pytest.raises(
            gtm.MetricError, match=r"metric: must be one of 'value', .* got 'profit'"
        ):
            read(kept, "profit")
    assert plt.get_fignums() == []


def test_outcome_draws_its_frame(kept: PortfolioResult) -> None:
    for channel in kept.distributions.names:
        table = plots.outcome_data(kept, channel)
        edges, heights = bars(plots.outcome(kept, channel))
        np.testing.assert_allclose(edges, table["high"])
        np.testing.assert_array_equal(heights, 100.0 * table["share"])


@pytest.mark.parametrize("metric", list(MONTHLY_METRICS))
def test_fan_is_that_of_the_months(kept: PortfolioResult, metric: str) -> None:
    levels = (0.1, 0.25, 0.5, 0.75, 0.9)
    for channel in ("portfolio", "PR"):
        months = kept.by_month(levels).loc[channel]
        table = plots.fan_data(kept, metric, channel)
        if metric.startswith("cumulative"):
            assert (table.iloc[0] == 0.0).all()
            table = table.iloc[1:]
        for q in levels:
            name = f"p{100 * q:g}"
            np.testing.assert_array_equal(table[name], months[f"{metric}_{name}"])


def test_fan_of_a_summary_is_that_of_its_scenarios(
    kept: PortfolioResult, summarised: PortfolioResult
) -> None:
    pd.testing.assert_frame_equal(plots.fan_data(kept), plots.fan_data(summarised))


def test_fan_marks_the_target_at_the_end_of_value(kept: PortfolioResult) -> None:
    target = kept.plan.target
    assert target is not None
    mark = line(plots.fan(kept, "cumulative_value"), "target")
    assert (mark.get_xdata()[0], mark.get_ydata()[0]) == (kept.plan.horizon, target)
    assert f"{100 * kept.prob_at_least(target):.0f} % chance" in str(mark.get_label())
    for other in (plots.fan(kept), plots.fan(kept, "cumulative_value", "PR")):
        assert not any(str(found.get_label()).startswith("target") for found in other.lines)


def test_overview_needs_no_window(kept: PortfolioResult) -> None:
    figure = plots.overview(kept)
    assert len(figure.axes) == 2
    assert plt.get_fignums() == []
    file = BytesIO()
    figure.savefig(file, format="png")
    assert file.getvalue().startswith(b"\x89PNG")
