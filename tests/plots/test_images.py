"""Each picture of a result is that of its baseline, and whole: no text is covered or cut off."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from matplotlib.axes import Axes

import gtmsim as gtm
from gtmsim import plots
from gtmsim.result import PortfolioResult
from tests.images import assert_like_baseline, difference
from tests.plots.cases import HOPELESS, STEADY, WILD, new_axes, only, overlaps

PICTURES: dict[str, Callable[[PortfolioResult], Axes]] = {
    "outcome": plots.outcome,
    "exceedance": plots.exceedance,
    "ccdf": lambda result: plots.ccdf(result, "PR"),
    "lorenz": plots.lorenz,
    "fan": plots.fan,
    "fan_value": lambda result: plots.fan(result, "cumulative_value"),
    "waterfall": plots.waterfall,
    "top_share": plots.top_share,
    "convergence": plots.convergence,
    "max_to_sum": lambda result: plots.max_to_sum(result, "PR"),
}
CERTAIN = STEADY.replace(skill_cv=0.0, luck_cv=0.0)


@pytest.mark.parametrize("name", PICTURES)
def test_pictures_are_like_their_baselines(
    name: str, heavy: PortfolioResult, tmp_path: Path
) -> None:
    ax = PICTURES[name](heavy)
    assert_like_baseline(ax, name, tmp_path)
    assert overlaps(ax) == []


@pytest.mark.skipif("GTMSIM_BASELINE" in os.environ, reason="would write it")
@pytest.mark.parametrize("name", PICTURES)
def test_other_pictures_are_not(name: str, tmp_path: Path) -> None:
    other = only(CERTAIN.replace(name="PR"), WILD, target=1e7)
    assert difference(PICTURES[name](other), name, tmp_path) > 0.0


def test_overview_is_like_its_baseline(heavy: PortfolioResult, tmp_path: Path) -> None:
    assert_like_baseline(plots.overview(heavy), "overview", tmp_path)


@pytest.fixture(scope="module")
def crowded() -> PortfolioResult:
    """60 channels with long names, of which only a summary was kept."""
    team = STEADY.replace(quota=4e5)
    teams = [team.replace(name=f"team of region number {i}") for i in range(20)]
    programs = [WILD.replace(name=f"program of region number {i}") for i in range(40)]
    plan = gtm.Plan(horizon=12, channels=[*teams, *programs], target=2e7)
    return gtm.simulate_portfolio(plan, scenarios=256, rng=7, keep="summary")


@pytest.mark.parametrize("name", PICTURES)
def test_no_text_is_covered_in_a_crowded_plan(name: str, crowded: PortfolioResult) -> None:
    channel = {"ccdf": plots.ccdf, "max_to_sum": plots.max_to_sum}.get(name)
    draw = PICTURES[name] if channel is None else channel
    assert overlaps(draw(crowded)) == []


@pytest.mark.parametrize("metric", ["value", "cumulative_value"])
def test_no_text_is_covered_over_50_years(metric: str) -> None:
    result = only(STEADY, WILD.replace(cap=2.0), horizon=600, scenarios=128, target=1e7)
    assert overlaps(plots.fan(result, metric)) == []


def test_covered_text_is_seen() -> None:
    ax = new_axes()
    assert overlaps(ax) == []
    ax.text(0.5, 0.5, "one")
    ax.text(0.51, 0.5, "other")
    assert overlaps(ax) == [("one", "other")]
    edge = new_axes()
    edge.annotate("far too long for here", (0.9, 0.5), annotation_clip=False).set_in_layout(False)
    assert overlaps(edge) == [("far too long for here", "the edge")]


@pytest.mark.parametrize(
    "channels",
    [[HOPELESS], [WILD], [CERTAIN.replace(loaded_cost=600_000)]],
    ids=["nothing", "wild", "loss"],
)
def test_odd_plans_are_drawn(channels: list[gtm.SalesTeam | gtm.CampaignProgram]) -> None:
    # Without a target where nothing is certain.
    target = None if WILD in channels else 1e6
    result = only(*channels, target=target, scenarios=300)
    for name, draw in PICTURES.items():
        if name in ("ccdf", "max_to_sum"):
            draw = getattr(plots, name)
        assert overlaps(draw(result)) == [], name
