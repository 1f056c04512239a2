"""The public call: what it accepts, refuses and returns."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest

import gtmsim as gtm
from gtmsim.histograms import RELATIVE_WIDTH
from gtmsim.notebook import WIDTH
from gtmsim.progress import progress_bar
from gtmsim.result import PortfolioResult
from gtmsim.simulate import run as running
from gtmsim.summary import METRICS, MONTHLY_METRICS

SCENARIOS = 20_000


@pytest.fixture(scope="module")
def plan() -> gtm.Plan:
    return gtm.presets.example_plan()


@pytest.fixture(scope="module")
def result(plan: gtm.Plan) -> PortfolioResult:
    return gtm.simulate_portfolio(plan, scenarios=SCENARIOS, rng=7)


@pytest.fixture(scope="module")
def slim(plan: gtm.Plan) -> PortfolioResult:
    return gtm.simulate_portfolio(plan, scenarios=SCENARIOS, rng=7, keep="summary")


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"scenarios": 0}, gtm.ArgumentError, r"scenarios: must be at least 1 .*got 0"),
        ({"scenarios": 2**41}, gtm.ArgumentError, r"scenarios: must be .*at most"),
        ({"scenarios": 1.5}, gtm.ArgumentTypeError, r"scenarios: must be a whole number, got 1.5"),
        ({"scenarios": True}, gtm.ArgumentTypeError, r"scenarios: must be a whole number"),
        ({"workers": 0}, gtm.ArgumentError, r"workers: must be at least 1 .*got 0"),
        (
            {"keep": "all"},
            gtm.ArgumentError,
            r"keep: must be one of 'scen.*, got 'all'",
        ),
        (
            {"keep": 3},
            gtm.ArgumentError,
            r"keep: must be one of 'scen.*, got 3",
        ),
        ({"progress": "no"}, gtm.ArgumentTypeError, r"progress: must be True, False or None"),
        ({"rng": "7"}, gtm.ArgumentTypeError, r"rng: must be None, .* got '7'"),
        ({"rng": -1}, gtm.ArgumentError, r"rng: must be at least 0, got -1"),
        (
            {"scenarios": 10**11},
            gtm.ArgumentError,
            r"scenarios: must fit in half of the memory.*use keep='summary'",
        ),
    ],
)
def test_bad_argument_is_named(
    plan: gtm.Plan, arguments: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        gtm.simulate_portfolio(plan, **arguments)


def test_a_path_is_not_a_plan() -> None:
    with pytest.raises(gtm.ArgumentTypeError, match=r"plan: must be a Plan.*Plan.from_toml"):
        gtm.simulate_portfolio("plan.toml")  # type: ignore[arg-type]


def test_numpy_scalars_are_numbers(plan: gtm.Plan) -> None:
    found = gtm.simulate_portfolio(
        plan, scenarios=np.int64(64), rng=np.uint8(7), workers=np.int8(1)
    )
    assert (found.scenarios, found.seed) == (64, 7)


def test_parts_add_up_to_the_portfolio(result: PortfolioResult) -> None:
    frame = result.to_dataframe()
    assert list(frame.columns.get_level_values("metric").unique()) == list(METRICS)
    for metric in ("value", "spend", "net", "beyond_horizon", "hits"):
        parts = frame.xs(metric, axis=1, level="metric")[list(result.channels)].sum(axis=1)
        np.testing.assert_allclose(parts, result.values(metric), rtol=1e-9, atol=1e-3)
    np.testing.assert_allclose(
        result.values("value") - result.values("spend"), result.values("net"), atol=1e-3
    )


def test_spend_is_as_specified(plan: gtm.Plan) -> None:
    flat = plan.replace(discount_rate=0.0)
    found = gtm.simulate_portfolio(flat, scenarios=128, rng=7)
    assert set(found.values("spend", "paid social")) == {300 * 5_000.0 + 24 * 8_000.0}
    spend = found.by_month((0.5,))["spend_p50"]
    assert spend["PR"].sum() == pytest.approx(12 * 40_000, rel=RELATIVE_WIDTH)


def test_summary_holds_what_the_scenarios_say(result: PortfolioResult) -> None:
    table = result.summary()
    values = result.values("value")
    worst = np.sort(result.values("net"))[: SCENARIOS // 20]
    assert list(table.index) == [*result.channels, "portfolio"]
    assert table.loc["portfolio", "value_p10"] == np.quantile(values, 0.1)
    assert table.loc["portfolio", "prob_loss"] == np.mean(result.values("net") < 0)
    assert table.loc["portfolio", "prob_target"] == np.mean(values >= result.plan.target)
    assert table.loc["portfolio", "cvar_95"] == pytest.approx(worst.mean(), rel=1e-12)
    assert table["hit_rate"].isna().tolist() == [True, True, False, False, False, False]
    assert table["prob_target"].isna().tolist() == [True] * 5 + [False]
    assert result.by_channel().loc["PR", "p50"] == result.quantile(0.5, "value", "PR")


def test_both_ways_of_keeping_agree_within_a_bin(
    result: PortfolioResult, slim: PortfolioResult
) -> None:
    for channel in result.distributions.names:
        for metric in METRICS:
            values = result.values(metric, channel)
            values = values[~np.isnan(values)]
            for q in (0.001, 0.05, 0.5, 0.95, 0.999):
                # Between two neighbours the binned quantile may take either.
                low = np.quantile(values, q, method="lower")
                high = np.quantile(values, q, method="higher")
                slack = RELATIVE_WIDTH * max(abs(low), abs(high))
                assert low - slack <= slim.quantile(q, metric, channel) <= high + slack
        assert slim.prob_loss(channel) == result.prob_loss(channel)
        assert slim.cvar(0.95, "net", channel) == pytest.approx(
            result.cvar(0.95, "net", channel), rel=RELATIVE_WIDTH
        )
        x = result.quantile(0.7, "value", channel)
        assert slim.prob_at_least(x, "value", channel) == pytest.approx(0.3, abs=0.02)
    assert slim.prob_at_least(slim.plan.target) == result.prob_at_least(result.plan.target)


def test_months_add_up_to_the_whole(result: PortfolioResult) -> None:
    frame = result.by_month()
    assert list(frame.index.names) == ["channel", "month"]
    assert [c.rsplit("_", 1)[0] for c in frame.columns[::3]] == list(MONTHLY_METRICS)
    last = frame.loc[("portfolio", result.plan.horizon - 1)]
    assert last["cumulative_value_p50"] == pytest.approx(result.quantile(0.5), rel=RELATIVE_WIDTH)
    assert last["cumulative_net_p10"] == pytest.approx(
        result.quantile(0.1, "net"), rel=2 * RELATIVE_WIDTH
    )


def test_concentration_is_that_of_the_scenarios(result: PortfolioResult) -> None:
    table = result.concentration()
    top = result.values("top_share", "content")
    top = top[~np.isnan(top)]
    assert table.loc["content", "units"] == 60
    assert table.loc["portfolio", "units"] == 388
    assert table.loc["content", "top_share_p50"] == np.median(top)
    assert table.loc["mid-market", "top_share_p50"] < 0.05 < table.loc["PR", "top_share_p50"]


def test_unknown_metric_and_channel_list_the_known(result: PortfolioResult) -> None:
    with pytest.raises(gtm.MetricError, match=r"metric: must be one of 'value', .* got 'profit'"):
        result.quantile(0.5, "profit")
    with pytest.raises(gtm.MetricError, match=r"channel: must be one of 'mid-market', .*'sales'"):
        result.values("value", "sales")
    with pytest.raises(gtm.ArgumentError, match=r"q: must be .*got 1.5"):
        result.quantile(1.5)
    with pytest.raises(gtm.ArgumentError, match=r"level: must be .*got 1"):
        result.cvar(1.0)


@pytest.mark.parametrize("levels", [0.5, "ab"])
def test_levels_are_a_sequence_of_numbers(result: PortfolioResult, levels: Any) -> None:
    for ask in (
        result.quantiles,
        lambda q: result.by_channel(quantiles=q),
        lambda q: result.by_month(quantiles=q),
    ):
        with pytest.raises(gtm.ArgumentTypeError, match="q: must be a sequence of numbers"):
            ask(levels)


def test_columns_of_near_levels_differ(result: PortfolioResult) -> None:
    assert list(result.by_channel(quantiles=(0.9999999, 1.0)).columns) == ["p99.99999", "p100"]


def test_single_scenarios_of_a_summary_do_not_exist(slim: PortfolioResult) -> None:
    with pytest.raises(gtm.MetricError, match=r"keep: must be 'scenarios'.*quantile\(\)"):
        slim.to_dataframe()


def test_a_share_of_nothing_does_not_exist() -> None:
    nothing = gtm.CampaignProgram(
        name="bets", campaigns=2, spend=10, multiple=gtm.Empirical(values=[0.0])
    )
    found = gtm.simulate_portfolio(gtm.Plan(horizon=1, channels=[nothing]), scenarios=64, rng=1)
    assert np.isnan(found.values("top_share")).all()
    assert np.isnan(found.quantile(0.5, "top_share"))
    assert found.prob_at_least(0.99, "top_share") == 0.0
    assert found.concentration().loc["portfolio", "prob_claim"] == 0.0
    assert found.prob_loss() == 1.0
    assert "nan" not in str(found)


def test_kept_values_cannot_be_overwritten(result: PortfolioResult) -> None:
    with pytest.raises(ValueError, match="read-only"):
        result.values("value")[0] = 0.0


def test_tail_is_read_from_the_plan(plan: gtm.Plan) -> None:
    heavy = plan["PR"].replace(cap=None)
    tail = gtm.simulate_portfolio(
        plan.replace(channels=[plan["mid-market"], heavy]), scenarios=64, rng=1
    ).tail
    assert tail.loc["PR", "tail"] == tail.loc["portfolio", "tail"] == "power law"
    assert tail.loc["portfolio", "tail_index"] == 1.2
    assert tail["mean_exists"].tolist() == [True, True, True]
    assert tail["variance_exists"].tolist() == [True, False, False]


def test_manifest_is_json_and_says_what_replays_it(result: PortfolioResult, plan: gtm.Plan) -> None:
    manifest = json.loads(json.dumps(result.manifest))
    assert manifest["plan_hash"] == plan.plan_hash
    assert (manifest["seed"], manifest["scenarios"]) == (7, SCENARIOS)
    assert set(manifest["versions"]) >= {"gtmsim", "numpy", "numba"}
    again = gtm.simulate_portfolio(plan, scenarios=64, rng=manifest["seed"])
    assert np.array_equal(again.values("net"), result.values("net")[:64])


def test_text_and_html_lead_with_the_finding(result: PortfolioResult) -> None:
    text, html = repr(result), result._repr_html_()
    for shown in (text, html):
        assert "chance of at least 11.5M: 5" in shown
        assert "seed 7" in shown
    assert "90 % chance of at least" in html
    assert text.splitlines()[0] == f"{result.plan.name}: chance of at least 11.5M: 53.1 %"
    assert len(text.splitlines()) < 30
    assert max(map(len, text.splitlines())) <= WIDTH


def test_html_escapes_names() -> None:
    team = gtm.SalesTeam(name="<script>", hires=1, quota=1, loaded_cost=1)
    plan = gtm.Plan(name="<b>", horizon=3, channels=[team])
    html = gtm.simulate_portfolio(plan, scenarios=64, rng=1)._repr_html_()
    assert "<script>" not in html
    assert "<b><" not in html.replace("<b>&lt;", "")


def test_units_list_every_campaign_and_seat(result: PortfolioResult) -> None:
    units = result.units
    first = units[units["scenario"] == 0].groupby("channel")
    assert first["units"].sum().to_dict() == {
        "mid-market": 12,
        "enterprise": 4,
        "paid social": 300,
        "content": 60,
        "PR": 12,
    }
    for metric in ("value", "spend"):
        found = {name: result.values(metric, str(name))[0] for name in first.groups}
        pd.testing.assert_series_equal(
            first[metric].sum(), pd.Series(found), check_names=False, check_like=True, rtol=1e-9
        )


def test_progress_is_shown_only_where_somebody_looks(
    plan: gtm.Plan, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    gtm.simulate_portfolio(plan, scenarios=64, rng=1)
    assert capsys.readouterr() == ("", "")
    shown = []

    def bar(total: int, description: str, show: bool | None) -> Any:
        shown.append((total, description, show))
        return progress_bar(total, description, False)

    monkeypatch.setattr(running, "progress_bar", bar)
    gtm.simulate_portfolio(plan, scenarios=64, rng=1, progress=True)
    assert shown == [(64, "mid-market software", True)]
    with progress_bar(2, "plan", True) as visible:
        visible.delay = 0.0
        visible.update(1)
        visible.refresh()
    assert "plan" in capsys.readouterr().err
