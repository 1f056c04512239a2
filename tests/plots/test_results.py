"""Pictures: what they show is right, labelled, and leaves no trace."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

import gtmsim as gtm
from gtmsim import plots
from gtmsim.result import PortfolioResult

SCENARIOS = 4_000


@pytest.fixture(scope="module")
def kept() -> PortfolioResult:
    return gtm.simulate_portfolio(gtm.presets.example_plan(), scenarios=SCENARIOS, rng=7)


@pytest.fixture(scope="module")
def summarised() -> PortfolioResult:
    return gtm.simulate_portfolio(
        gtm.presets.example_plan(), scenarios=SCENARIOS, rng=7, keep="summary"
    )


@pytest.fixture(autouse=True)
def _no_trace() -> Iterator[None]:
    before = mpl.rcParams.copy()
    yield
    plt.close("all")
    assert mpl.rcParams == before


def line(ax: Axes, label: str) -> Line2D:
    return next(found for found in ax.lines if str(found.get_label()).startswith(label))


def bars(ax: Axes) -> tuple[np.ndarray, np.ndarray]:
    """Right edges and heights."""
    return (
        np.array([patch.get_x() + patch.get_width() for patch in ax.patches]),
        np.array([patch.get_height() for patch in ax.patches]),
    )


def only(channel: gtm.SalesTeam | gtm.CampaignProgram, **fields: object) -> PortfolioResult:
    plan = gtm.Plan(horizon=24, channels=[channel], **fields)
    return gtm.simulate_portfolio(plan, scenarios=1_000, rng=7)


STEADY = gtm.SalesTeam(name="steady", hires=2, quota=120_000, loaded_cost=60_000)
HOPELESS = gtm.CampaignProgram(
    name="hopeless", campaigns=1, spend=1.0, hit_rate=1e-12, multiple=gtm.Pareto(tail_index=2.0)
)


@pytest.mark.parametrize("draw", [plots.outcome, plots.lorenz, plots.fan])
def test_draws_on_the_axes_it_is_given(draw: object, kept: PortfolioResult) -> None:
    assert callable(draw)
    ax = plt.figure().add_subplot()
    assert draw(kept, ax=ax) is ax
    assert isinstance(draw(kept), Axes)
    assert draw(kept) is not ax
    for axis in (ax.get_xlabel(), ax.get_ylabel()):
        assert any(unit in axis for unit in ("USD", "%", "months")), axis
    assert ax.get_title(loc="left")
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
    assert ax.get_title(loc="left").startswith(f"{100 * kept.prob_at_least(target):.0f} % chance")
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
        assert f"{100 * share:.2g} % in {kind}" in ax.get_title(loc="left")
        number = sum(kept.unit_count(c) for c in kept.channels if (c in sales) == (kind == "sales"))
        assert f"{number:,} {'seats' if kind == 'sales' else 'campaigns'}" in str(curve.get_label())


def test_lorenz_leaves_out_what_is_not_there() -> None:
    ax = plots.lorenz(only(STEADY))
    assert not any(str(found.get_label()).startswith("marketing") for found in ax.lines)
    assert ax.get_title(loc="left") == "1 % of spend brings 1 % in sales"
    assert plots.lorenz(only(HOPELESS)).get_title(loc="left") == "Nothing was returned"
    assert bars(plots.outcome(only(HOPELESS)))[1].tolist() == [100.0]


@pytest.mark.parametrize("metric", ["cumulative_net", "cumulative_value"])
def test_fan_starts_at_nothing_and_follows_the_months(kept: PortfolioResult, metric: str) -> None:
    ax = plots.fan(kept, metric)
    months = kept.by_month().loc["portfolio"]
    middle = line(ax, "P50")
    assert np.asarray(middle.get_xdata()).tolist() == list(range(25))
    np.testing.assert_array_equal(middle.get_ydata(), [0.0, *months[f"{metric}_p50"]])
    band = ax.collections[0].get_paths()[0].vertices
    assert band[:, 1].min() == pytest.approx(min(0.0, months[f"{metric}_p10"].min()))
    assert band[:, 1].max() == pytest.approx(months[f"{metric}_p90"].max())


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


def test_unknown_names_are_refused(kept: PortfolioResult) -> None:
    with pytest.raises(gtm.MetricError, match=r"channel: must be one of .*, got 'sales'"):
        plots.outcome(kept, "sales")
    with pytest.raises(gtm.MetricError, match=r"channel: must be one of .*, got 'sales'"):
        plots.fan(kept, channel="sales")
    with pytest.raises(gtm.MetricError, match=r"metric: must be one of 'value', .* got 'profit'"):
        plots.fan(kept, "profit")
    assert plt.get_fignums() == []


def test_overview_needs_no_window(kept: PortfolioResult) -> None:
    figure = plots.overview(kept)
    assert len(figure.axes) == 2
    assert plt.get_fignums() == []
    file = BytesIO()
    figure.savefig(file, format="png")
    assert file.getvalue().startswith(b"\x89PNG")
