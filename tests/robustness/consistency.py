"""What must hold of any simulated plan, whatever is in it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

import gtmsim as gtm
from gtmsim.histograms import RELATIVE_WIDTH
from gtmsim.plan import CampaignProgram, Plan, SalesTeam
from gtmsim.result import PortfolioResult
from gtmsim.summary import METRICS

Floats = npt.NDArray[np.float64]

LEVELS = (0.0, 0.05, 0.1, 0.5, 0.9, 0.95, 1.0)
CLOSE = 1e-9

TINY = 1e-290
"""Doubles below it lose their digits; no currency knows such amounts."""


def check_plan(plan: Plan, scenarios: int, *, thorough: bool = False) -> None:
    """Simulate a plan, read all of it, and compare its numbers with one another.

    Thorough is to validate it as well, and to read everything of both kinds of result.

    Raises
    ------
    AssertionError
        If two of them contradict each other, or one is missing.
    """
    result = gtm.simulate_portfolio(plan, scenarios=scenarios, rng=1, workers=1)
    slim = gtm.simulate_portfolio(plan, scenarios=scenarios, rng=1, workers=1, keep="summary")
    for name in result.distributions.names:
        check_values(result, name)
        check_quantiles(result, slim, name)
        check_months(result, name)
    check_sums(result)
    for channel in plan.channels:
        check_spend(result, channel)
    check_readings(result)
    if thorough:
        check_readings(slim)
        for one in (result, slim):
            assert len(one.summary(intervals=True)) == len(result.distributions.names)
            assert str(one.validate())


def check_values(result: PortfolioResult, name: str) -> None:
    """Values are finite, not negative, and of whole units; shares exist where value does."""
    values = {metric: result.values(metric, name) for metric in METRICS}
    for metric in ("value", "spend", "net", "multiple", "beyond_horizon", "hits", "largest"):
        assert np.isfinite(values[metric]).all(), (name, metric)
    for metric in ("value", "multiple", "beyond_horizon", "hits", "largest"):
        assert (values[metric] >= 0.0).all(), (name, metric)
    value, spend = values["value"], values["spend"]
    assert (spend > 0.0).all(), name
    assert np.array_equal(values["net"], value - spend), name
    np.testing.assert_allclose(values["multiple"], value / spend, rtol=CLOSE, atol=TINY)
    hits = values["hits"]
    assert np.array_equal(hits, np.rint(hits)), name
    assert (hits <= result.campaign_count(name)).all(), name
    assert (values["largest"] <= value * (1.0 + CLOSE) + TINY).all(), name
    clear = (values["largest"] == 0.0) | (value > TINY)
    for metric in ("largest_share", "top_share"):
        assert np.array_equal(np.isnan(values[metric][clear]), value[clear] == 0.0), (name, metric)
    some = value > 0.0
    # The squares of others are out of a double's range.
    squared = (value > 1e-130) & (value < 1e150)
    assert np.isfinite(values["effective_number"][squared]).all(), name
    for metric in ("largest_share", "top_share"):
        shares = values[metric][some]
        assert ((shares >= 0.0) & (shares <= 1.0)).all(), (name, metric)
    number = values["effective_number"][np.isfinite(values["effective_number"])]
    assert (number >= 1.0 - CLOSE).all(), name
    assert (number <= result.unit_count(name) * (1.0 + CLOSE)).all(), name


def check_quantiles(result: PortfolioResult, slim: PortfolioResult, name: str) -> None:
    """Quantiles ascend, and those of bins are within a bin of those of scenarios."""
    for metric in METRICS:
        levels = result.quantiles(LEVELS, metric, name)
        binned = slim.quantiles(LEVELS, metric, name)
        for found in (levels, binned):
            assert (np.diff(found) >= 0.0).all() or np.isnan(found).all(), (name, metric)
        values = result.values(metric, name)
        size = np.nanmax(np.abs(values), initial=0.0)
        if (values >= 0.0).all():
            np.testing.assert_allclose(binned, levels, rtol=RELATIVE_WIDTH, atol=TINY)
        else:
            np.testing.assert_allclose(binned, levels, atol=RELATIVE_WIDTH * size + TINY)


def check_months(result: PortfolioResult, name: str) -> None:
    """Months add up to totals, and what has accumulated at the end is the total."""
    summary, last = result.distributions, result.plan.horizon - 1
    for metric in ("value", "spend"):
        total = summary.metric(metric, name)
        months = [summary.month(metric, name, month) for month in range(last + 1)]
        np.testing.assert_allclose(sum(m.sum for m in months), total.sum, rtol=1e-8, atol=TINY)
        assert all(month.minimum >= 0.0 for month in months), (name, metric)
    for cumulative, metric in (("cumulative_value", "value"), ("cumulative_net", "net")):
        values = result.values(metric, name)
        end = summary.month(cumulative, name, last)
        # What is left of a difference of large sums is not closer than they are.
        size = float(np.max(result.values("value", name) + result.values("spend", name)))
        pair = [end.minimum, end.maximum]
        np.testing.assert_allclose(
            pair, [values.min(), values.max()], rtol=CLOSE, atol=CLOSE * size
        )
    highest = [summary.month("cumulative_value", name, month).maximum for month in range(last + 1)]
    assert (np.diff(highest) >= 0.0).all(), name


def check_sums(result: PortfolioResult) -> None:
    """The portfolio is the sum of its channels, and its best unit the best of theirs."""
    for metric in ("value", "spend", "net", "beyond_horizon", "hits"):
        parts = np.array([result.values(metric, name) for name in result.channels])
        size = np.abs(parts).sum(axis=0)
        error = np.abs(parts.sum(axis=0) - result.values(metric))
        if metric == "net":
            size = result.values("value") + result.values("spend")
        assert (error <= CLOSE * size + TINY).all(), metric
    best = np.max([result.values("largest", name) for name in result.channels], axis=0)
    np.testing.assert_allclose(result.values("largest"), best, rtol=CLOSE, atol=TINY)


def check_spend(result: PortfolioResult, channel: SalesTeam | CampaignProgram) -> None:
    """Spend is the plan's where it is fixed, and never more."""
    plan = result.plan
    spend = result.values("spend", channel.name)
    worth = (1.0 + plan.discount_rate) ** (-np.arange(plan.horizon) / 12.0)
    if isinstance(channel, CampaignProgram):
        launch = channel.launch_months(plan.horizon)
        overhead = channel.overhead * worth.sum()
        first = float((channel.first_spends() * worth[launch]).sum() + overhead)
        if channel.staging is None:
            np.testing.assert_allclose(spend, first, rtol=CLOSE, atol=TINY)
        else:
            most = float((channel.spends() * worth[launch]).sum() + overhead)
            assert (spend >= first * (1.0 - CLOSE)).all(), channel.name
            assert (spend <= most * (1.0 + CLOSE)).all(), channel.name
    elif channel.attrition == 0.0:
        total = 0.0
        for start in channel.start_months:
            total += channel.loaded_cost / 12.0 * float(worth[max(start, 0) :].sum())
            # A seat of month 0 or earlier is there already or is hired: the plan says which.
            total += channel.hiring_cost * float(worth[start]) if start >= 0 else 0.0
        np.testing.assert_allclose(spend, total, rtol=CLOSE, atol=TINY)


def check_readings(result: PortfolioResult) -> None:
    """Everything that a result shows can be shown, and has its numbers."""
    table, months = result.summary(), result.by_month()
    needed = ["spend", "value_p10", "value_p50", "value_p90", "net_p50", "multiple_p50", "cvar_95"]
    assert np.isfinite(table[needed].to_numpy(dtype=float)).all()
    assert np.isfinite(months.to_numpy(dtype=float)).all()
    rows = len(result.distributions.names)
    readings = (result.by_channel("net"), result.concentration(), result.tail, result.exact)
    assert [len(frame) for frame in readings] == [rows] * 4
    assert np.isfinite([result.cvar(level) for level in (0.05, 0.95)]).all()
    assert 0.0 <= result.prob_loss() <= 1.0
    if result.kept is not None:
        assert len(result.to_dataframe()) == result.scenarios
    plain = repr(result)
    for name in (result.plan.name, *result.channels, result.plan.basis, result.plan.currency):
        plain = plain.replace(name, "")
    assert "nan" not in plain.lower()
    assert result._repr_html_().startswith("<div")
