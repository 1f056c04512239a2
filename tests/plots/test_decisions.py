"""Pictures of decisions: each is drawn from its frame, and its frame is what was found."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.axes import Axes

import gtmsim as gtm
from gtmsim import CampaignProgram, Empirical, Lomax, Pareto, Plan, SalesTeam, decide, plots
from gtmsim.plan import Staging
from gtmsim.statistics import quantile_interval
from tests.images import assert_like_baseline, difference
from tests.plots.cases import STEADY, band, legend, line, overlaps, title

PLAN = gtm.presets.example_plan()
LEAN = PLAN.replace(channels=[c for c in PLAN.channels if c.name != "enterprise"])
BETS = CampaignProgram(
    name="bets", campaigns=20, spend=10.0, launch=0, multiple=Lomax(tail_index=1.3, scale=0.4),
    staging=Staging(pilot_spend=1.0, kill_share=0.8),
)  # fmt: skip
SCENARIOS = 1_000


def sensitivity(metric: str = "p50", **fields: Any) -> decide.Sensitivity:
    return decide.sensitivity(PLAN, metric, **{"scenarios": SCENARIOS, "rng": 7, **fields})


def frontier(**fields: Any) -> decide.Frontier:
    shares = [0.0, 0.1, 0.3, 0.6, 0.8, 1.0]
    return decide.frontier(PLAN, **{"shares": shares, "scenarios": SCENARIOS, "rng": 7, **fields})


def horizons(**fields: Any) -> decide.HorizonMap:
    return decide.mix_by_horizon(PLAN, **{"scenarios": SCENARIOS, "rng": 7, **fields})


def cash(plan: Plan = PLAN, **fields: Any) -> decide.Cash:
    return decide.cash(plan, **{"scenarios": SCENARIOS, "rng": 7, **fields})


def comparison(**plans: Plan) -> decide.Comparison:
    named = plans or {"as it is": PLAN, "no enterprise": LEAN}
    return decide.compare(named, scenarios=SCENARIOS, rng=7)


def needed(**fields: Any) -> decide.CampaignsNeeded:
    return decide.campaigns_needed(PLAN["content"], **fields)


def staged(**fields: Any) -> decide.StagingByTail:
    plan = Plan(horizon=12, channels=[BETS])
    tails = (1.2, 2.0, 4.0)
    return decide.staging_by_tail(plan, tail_indices=tails, scenarios=1_000, rng=7, **fields)


CASES: dict[str, tuple[Callable[..., Any], dict[str, Any]]] = {
    # What is drawn, and what makes it another picture.
    "tornado": (sensitivity, {"metric": "net_p10"}),
    "frontier": (frontier, {"objective": "p90"}),
    "horizon_map": (horizons, {"multiple": 1.5}),
    "payback": (cash, {"plan": LEAN}),
    "regret": (comparison, {"one": LEAN, "other": PLAN, "third": PLAN}),
    "needed": (needed, {"multiple": 20.0, "count": 3}),
    "staging": (staged, {"level": 0.999999}),
}


@pytest.mark.parametrize("name", CASES)
def test_it_looks_as_it_did(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    find, other = CASES[name]
    draw = getattr(plots, name)
    ax = plt.figure(figsize=(7.0, 4.5), layout="constrained").add_subplot()
    assert draw(find(), ax=ax) is ax
    assert not overlaps(ax)
    assert title(ax)
    assert len(title(ax).splitlines()) <= 2
    assert_like_baseline(ax, name, tmp_path)
    # Another picture is seen to differ; it must never become the baseline.
    monkeypatch.delenv("GTMSIM_BASELINE", raising=False)
    changed = draw(find(**other))
    assert isinstance(changed, Axes)
    assert difference(changed, name, tmp_path) > 0.0


@pytest.mark.parametrize("name", CASES)
def test_other_things_are_refused(name: str) -> None:
    match = r"(found|flow): must be a \w+, got 'plan' \(take what decide\.\w+\("
    for function in (getattr(plots, name), getattr(plots, f"{name}_data")):
        with pytest.raises(gtm.ArgumentTypeError, match=match):
            function("plan")
    assert plt.get_fignums() == []


def test_tornado_has_the_ends_and_the_noise() -> None:
    found = sensitivity()
    data = plots.tornado_data(found)
    assert data["shown"].tolist() == [True] * 12 + [False] * (len(found.table) - 12)
    assert data["at_low"].tolist() == found.table["at_low"].tolist()
    assert (data["base"] == found.base.estimate).all()
    ax = plots.tornado(found)
    shown = data[data["shown"]]
    ends = np.array([[p.get_x(), p.get_x() + p.get_width()] for p in ax.patches])
    np.testing.assert_allclose(ends.min(axis=1)[::2], np.minimum(shown["at_low"], shown["base"]))
    np.testing.assert_allclose(ends.max(axis=1)[1::2], np.maximum(shown["at_high"], shown["base"]))
    whiskers = [np.asarray(found.get_xdata()) for found in ax.lines if found.get_marker() == "|"]
    for (low, high), row in zip(whiskers, shown.itertuples(), strict=True):
        assert (low - row.at_low, high - row.at_low) == pytest.approx(
            (row.swing_low, row.swing_high)
        )
    labels = [text.get_text() for text in ax.get_yticklabels()]
    assert labels == [*shown.index, f"{len(data) - 12} others"]
    largest = data.loc[~data["shown"], "swing"].abs().max()
    assert f"each moves it by {largest / 1e6:.3g} million USD or less" in {
        t.get_text().strip() for t in ax.texts
    }
    assert "640k" in {t.get_text() for t in ax.texts}


def test_tornado_is_pale_within_noise() -> None:
    quiet, loud = "PR.cap", "mid-market.quota"
    found = sensitivity(only=[quiet, loud], ranges={quiet: (299.9, 300.1)})
    data = plots.tornado_data(found)
    assert data["noise"].to_dict() == {loud: False, quiet: True}
    ax = plots.tornado(found)
    faces = [patch.get_facecolor()[:3] for patch in ax.patches]
    assert faces[2] == faces[3] != faces[0]
    assert faces[0] != faces[1]
    assert "within noise" in legend(ax)
    assert "within noise" not in legend(plots.tornado(sensitivity(only=[loud])))
    alone = plots.tornado(sensitivity(only=[quiet], ranges={quiet: (299.9, 300.1)}))
    assert title(alone) == "P50 of value is moved by no assumption beyond noise"


def test_tornado_does_not_draw_what_does_not_exist() -> None:
    wild = CampaignProgram(name="wild", campaigns=9, spend=1.0, multiple=Pareto(tail_index=1.1))
    plan = Plan(horizon=6, channels=[wild, STEADY])
    found = decide.sensitivity(
        plan, "mean", only=["wild.multiple.tail_index", "steady.quota"], scenarios=500, rng=7
    )
    data = plots.tornado_data(found)
    assert data["shown"].to_dict() == {"wild.multiple.tail_index": False, "steady.quota": True}
    ax = plots.tornado(found)
    assert "to no finite figure" in {text.get_text().strip() for text in ax.texts}
    assert not overlaps(ax)


@pytest.mark.parametrize(
    ("metric", "label"),
    [
        ("prob_target", "chance of the target (%)"),
        ("prob_loss", "chance of a loss (%)"),
        ("net_p10", "P10 of net (million USD)"),
        ("cvar_95", "mean net of the worst 5 % (million USD)"),
        ("mean", "mean value (million USD)"),
        ("multiple_p50", "P50 of multiple (per 1 spent)"),
    ],
)
def test_tornado_has_the_unit_of_its_metric(metric: str, label: str) -> None:
    ax = plots.tornado(sensitivity(metric, only=["PR.hit_rate", "mid-market.quota"]))
    assert ax.get_xlabel() == label
    assert not overlaps(ax)


def test_frontier_has_every_mix_and_the_plan() -> None:
    found = frontier()
    data = plots.frontier_data(found)
    table = found.table(intervals=True)
    mixes = data[data["kind"] == "mix"]
    np.testing.assert_array_equal(mixes["objective"], table["p50", "estimate"])
    np.testing.assert_array_equal(mixes["cvar_95_low"], table["cvar_95", "low"])
    assert mixes["efficient"].tolist() == list(found.efficient)
    assert mixes.loc[mixes["best"], "marketing_share"].tolist() == [
        table["p50", "estimate"].idxmax()
    ]
    own = data[data["kind"] == "as planned"].iloc[0]
    result = gtm.simulate_portfolio(PLAN, scenarios=SCENARIOS, rng=7)
    assert own["objective"] == result.quantile(0.5, "net")
    assert own["cvar_95"] == pytest.approx(result.cvar(0.95))
    ax = plots.frontier(found)
    drawn = sum(len(line(ax, name).get_xdata()) for name in ("mix", "efficient mix"))
    assert drawn == len(mixes)
    point = line(ax, "the plan as it is")
    assert (point.get_xdata()[0], point.get_ydata()[0]) == (own["cvar_95"], own["objective"])
    assert f"{100 * own['marketing_share']:.0f} %" in {text.get_text() for text in ax.texts}


def test_frontier_of_sizes_says_them() -> None:
    found = frontier(shares=[0.0, 0.5, 1.0], sizes=[5_000, 100_000], objective="p90")
    ax = plots.frontier(found)
    assert any(" in 100,000" in text.get_text() for text in ax.texts)
    assert not overlaps(ax)
    chance = plots.frontier(frontier(objective="prob_target"))
    assert chance.get_ylabel() == "chance of the target (%)"


def test_a_frontier_of_many_mixes_can_be_read() -> None:
    ax = plots.frontier(frontier(shares=[i / 40 for i in range(41)], scenarios=500))
    assert not overlaps(ax)
    assert len(ax.texts) < 15


def test_horizon_map_is_its_table() -> None:
    found = horizons(mixes=[0.0, 0.5, 0.6, 1.0], horizons=[12, 18, 24])
    data = plots.horizon_map_data(found)
    assert data["probability"].tolist() == found.table["probability"].tolist()
    assert data["hires"].iloc[::3].tolist() == [mix.hires for mix in found.mixes]
    ax = plots.horizon_map(found)
    np.testing.assert_allclose(ax.collections[0].get_array().ravel(), 100.0 * data["probability"])
    cells = [text.get_text() for text in ax.texts if text.get_position()[0] in (0, 1, 2)]
    for text, row in zip(cells, data.itertuples(), strict=False):
        mark = " *" if row.tied and not row.best else ""
        assert (
            text
            == ("< 1" if 0 < row.probability < 0.005 else f"{100 * row.probability:.0f}") + mark
        )
    frames = {(round(p.get_y() + 0.46), round(p.get_x() + 0.46)) for p in ax.patches}
    best = data["best"].to_numpy().reshape(4, 3)
    assert frames == {(r, c) for r, c in np.argwhere(best).tolist()}
    assert [t.get_text() for t in ax.get_xticklabels()] == ["12", "18", "24"]
    assert any(text.get_text() == "as planned,\n21 %" for text in ax.texts)
    first, second = title(ax).splitlines()
    assert first == "All money back: the likeliest mix depends on the horizon,"
    end = data[data["horizon"] == 24]["probability"].max()
    assert second.startswith("all for marketing by month 12 (")
    assert second.endswith(f"all for sales by month 24 ({100 * end:.0f} %)")


def test_horizon_map_of_many_months_has_no_numbers() -> None:
    plan = Plan(horizon=400, channels=[STEADY, CampaignProgram(
        name="coins", campaigns=24, spend=20_000.0, hit_rate=0.25,
        multiple=Empirical(values=[4.5]), launch=0,
    )])  # fmt: skip
    found = decide.mix_by_horizon(plan, [0.0, 1.0], range(1, 401), scenarios=50, rng=7)
    ax = plots.horizon_map(found)
    assert len(ax.patches) == 0
    assert len(ax.get_xticks()) <= 12
    assert len(ax.figure.axes) == 2
    assert not overlaps(ax)


def test_horizon_map_says_where_nothing_hits() -> None:
    ax = plots.horizon_map(horizons(horizons=[1, 2], mixes=[0.0], multiple=50.0))
    assert title(ax) == "50 back per 1 spent: with no mix in 1,000 scenarios"


def test_payback_is_the_cash_and_its_months() -> None:
    flow = cash()
    data = plots.payback_data(flow)
    assert data.index.tolist() == list(range(25))
    flat = gtm.simulate_portfolio(PLAN.replace(discount_rate=0.0), scenarios=SCENARIOS, rng=7)
    net = np.quantile(flat.values("net"), [0.1, 0.5, 0.9])
    np.testing.assert_allclose(data.iloc[-1, :3].to_numpy(), net, rtol=0.02)
    # Discounted, it would be another curve.
    own = gtm.simulate_portfolio(PLAN, scenarios=SCENARIOS, rng=7)
    assert abs(np.quantile(own.values("net"), 0.5) / net[1] - 1.0) > 0.05
    for month in (0, 12, 24):
        chance = flow.prob_payback(month)
        assert data.loc[month, "paid_back"] == chance.estimate
        assert data.loc[month, "paid_back_high"] == chance.high
    ax = plots.payback(flow)
    np.testing.assert_array_equal(line(ax, "P50").get_ydata(), data["net_p50"])
    assert band(ax)[:, 1].min() == data["net_p10"].min()
    assert band(ax)[:, 1].max() == data["net_p90"].max()
    need = flow.quantile("peak_funding", 0.9)
    assert line(ax, "90 % need").get_ydata()[0] == -need.estimate
    when = flow.quantile("payback", 0.5).estimate
    assert line(ax, "paid back").get_xdata()[0] == when
    assert title(ax).endswith(f"pay back within 24 months, half within {when:.0f}")


def test_payback_of_a_certain_team() -> None:
    """Hiring costs 52,000 and each month returns 5,000: back after the eleventh."""
    plan = Plan(horizon=24, channels=[STEADY.replace(hiring_cost=52_000)])
    data = plots.payback_data(cash(plan))
    assert data["paid_back"].tolist() == [0.0] * 11 + [1.0] * 14
    assert line(plots.payback(cash(plan)), "paid back").get_xdata()[0] == 11
    dear = Plan(horizon=24, channels=[STEADY.replace(hiring_cost=57_000)])
    assert line(plots.payback(cash(dear)), "paid back").get_xdata()[0] == 12
    never = plots.payback(cash(Plan(horizon=24, channels=[STEADY.replace(loaded_cost=600_000)])))
    assert title(never) == "portfolio: 0 % of scenarios pay back within 24 months, most do not"
    assert not any(text.startswith("paid back") for text in legend(never))
    assert not overlaps(never)


def test_payback_of_a_channel_and_of_alternatives() -> None:
    versions = [PLAN["PR"].replace(hit_rate=rate / 100.0) for rate in (5, 25)]
    flow = cash(alternatives={"PR": versions})
    data, one = plots.payback_data(flow, "PR"), plots.payback_data(cash(), "PR")
    assert data["paid_back"].iloc[-1] == flow.prob_payback(24, "PR").estimate
    assert not np.array_equal(data["net_p90"], one["net_p90"])
    assert title(plots.payback(flow, "PR")).startswith("PR: ")
    with pytest.raises(gtm.MetricError, match=r"channel: must be one of .*, got 'radio'"):
        plots.payback(flow, "radio")


def test_regret_is_what_is_missed() -> None:
    found = comparison()
    data = plots.regret_data(found)
    values = found.values.to_numpy()
    for place, name in enumerate(found.plans):
        missed = values.max(axis=1) - values[:, place]
        interval = quantile_interval(missed, 0.5)
        assert data.loc[name, "regret_p50"] == interval.estimate
        assert data.loc[name, "regret_p50_high"] == interval.high
        for figure in ("regret_mean", "regret_p90", "prob_best"):
            assert data.loc[name, figure] == found.interval(figure, name).estimate
    assert data["regret_p50"].is_monotonic_increasing
    ax = plots.regret(found)
    assert [text.get_text() for text in ax.get_yticklabels()] == list(data.index)
    left = np.array([patch.get_x() for patch in ax.patches])
    width = np.array([patch.get_width() for patch in ax.patches])
    np.testing.assert_allclose(left, data["regret_p50"])
    np.testing.assert_allclose(left + width, data["regret_p90"])


def test_regret_shows_no_mean_that_does_not_exist() -> None:
    law = Pareto(tail_index=0.9)
    wild = CampaignProgram(name="wild", campaigns=9, spend=10_000.0, multiple=law)
    sober, bold = (Plan(horizon=12, channels=c) for c in ([STEADY], [STEADY, wild]))
    ax = plots.regret(comparison(sober=sober, bold=bold))
    assert any("mean infinite" in text.get_text() for text in ax.texts)
    data = plots.regret_data(comparison(sober=sober, bold=bold))
    assert np.isinf(data.loc["sober", "regret_mean"])
    means = [c for c in ax.containers if c.get_label() == "mean"]
    drawn = [x for c in means for x in c.lines[0].get_xdata()]
    assert np.isfinite(drawn).all()
    assert not overlaps(ax)


def test_regret_of_many_plans_shows_those_that_miss_least() -> None:
    team = SalesTeam(name="team", hires=1, quota=120_000, loaded_cost=60_000, luck_cv=0.4)
    plans = {f"{n} hires": Plan(horizon=12, channels=[team.replace(hires=n)]) for n in range(1, 31)}
    ax = plots.regret(comparison(**plans))
    assert len(ax.get_yticks()) == 12
    drawn = ax.get_legend()
    assert drawn is not None
    assert "18 other plans miss more" in drawn.get_title().get_text()
    assert not overlaps(ax)


def test_long_names_leave_room_for_the_picture() -> None:
    long = "the team of the north, whose name is long and holds $5 and $6"
    plan = Plan(horizon=24, channels=[STEADY.replace(name=long), STEADY])
    ax = plots.tornado(decide.sensitivity(plan, only=[f"{long}.quota"], scenarios=500, rng=7))
    assert ax.get_yticklabels()[0].get_text() == "the team of t\u2026ds $5 and $6.quota"
    assert ax.get_yticklabels()[0].get_parse_math() is False
    assert not overlaps(ax)
    other = plots.regret(comparison(**{f"{long}, {n}": PLAN for n in (1, 2)}))
    assert not overlaps(other)


def test_needed_goes_through_what_is_needed() -> None:
    found = needed()
    data = plots.needed_data(found)
    for row in data.iloc[::40].itertuples():
        assert row.probability == found.probability_of(row.campaigns)
        assert row.spend == row.campaigns * found.spend
    assert data.loc[data["probability"] >= 0.8, "campaigns"].min() == found.campaigns
    ax = plots.needed(found)
    np.testing.assert_array_equal(line(ax, "with the luck").get_ydata(), 100 * data["probability"])
    assert line(ax, f"{found.campaigns:,} campaigns").get_xdata()[0] == found.campaigns
    versions = [PLAN["content"].replace(hit_rate=rate / 100.0) for rate in (30, 40, 50)]
    unsure = decide.campaigns_needed(versions)
    assert unsure.parameters is not None
    span = line(plots.needed(unsure), "parameters are not known")
    assert list(span.get_xdata()) == [unsure.parameters.low, unsure.parameters.high]
    assert not any(text.startswith("parameters") for text in legend(ax))


def test_staging_is_its_table() -> None:
    found = staged()
    data = plots.staging_data(found)
    for name, end in (("gain", "estimate"), ("low", "low"), ("high", "high")):
        assert data[name].tolist() == found.table["gain", end].tolist()
    assert data["wins"].tolist() == found.table["wins", "estimate"].tolist()
    ax = plots.staging(found)
    points = ax.containers[0].lines[0]
    np.testing.assert_allclose(np.asarray(points.get_ydata(), dtype=float), 100.0 * data["gain"])
    assert [text.get_text() for text in ax.get_xticklabels()] == ["1.2", "2", "4"]
