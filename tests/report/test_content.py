"""What the report says, against the result's own numbers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import gtmsim as gtm
from gtmsim import CampaignProgram, Pareto, Plan
from gtmsim.errors import ArgumentError, ArgumentTypeError
from gtmsim.report import report_html
from gtmsim.report.figures import Goal, chance_without_best, drivers
from gtmsim.report.words import amount, rounded, share, share_range
from tests.report.pages import Element, parse, rows

SCALES = {"k": 1e3, "M": 1e6, "B": 1e9}


def answer(page: Element, number: int) -> str:
    return page.by_id(f"answer-{number}").text()


def number(text: str) -> float:
    text = text.split(" ")[0].replace(",", "")
    return float(text.rstrip("kMB")) * SCALES.get(text[-1], 1.0)


def test_the_first_answer_is_the_chance_of_the_target(
    result: gtm.PortfolioResult, page: Element
) -> None:
    found = result.interval("prob_target")
    assert f"in {share(found)} ({share_range(found)}) of scenarios" in answer(page, 1)
    for level in (10, 50, 90):
        assert f"{amount(result.interval(f'p{level}'))} USD" in answer(page, 1)
    back = 1.0 - result.prob_loss()
    assert f"comes back in {100.0 * back:.1f} %" in answer(page, 1)


def test_the_second_answer_is_what_misses_look_like(
    result: gtm.PortfolioResult, page: Element
) -> None:
    value, target = result.values("value"), result.plan.target
    assert target is not None
    short = target - value[value < target]
    typical, bad = np.quantile(short, [0.5, 0.9])
    found = Goal.of(result)
    assert found.shortfall(result, 0.5).estimate == pytest.approx(typical, rel=0.01)
    assert found.shortfall(result, 0.1).estimate == pytest.approx(bad, rel=0.01)
    said = answer(page, 2).split("short by ")[1]
    assert number(said) == pytest.approx(typical, rel=0.02)
    # That of hits would not do.
    over = float(np.median(value[value >= target] - target))
    assert number(said) != pytest.approx(over, rel=0.02)
    worst = np.sort(result.values("net"))[:200].mean()
    assert -number(answer(page, 2).split("lose ")[1]) == pytest.approx(worst, rel=0.02)
    lost = np.mean(result.values("net")[value < target] < 0.0)
    assert f"Of the scenarios that miss, {100.0 * lost:.0f}" in answer(page, 2)


def test_the_third_answer_is_what_moves_the_chance(
    result: gtm.PortfolioResult, page: Element
) -> None:
    reached = result.values("value") >= result.plan.target
    swings = {}
    for name in result.channels:
        order = np.argsort(result.values("value", name), kind="stable")
        worst, _, best = np.array_split(order, 3)
        swings[name] = (reached[best].mean() - reached[worst].mean(), reached[best].mean())
    first = max(swings, key=lambda name: swings[name][0])
    assert f"Most on {first}: in its best third" in answer(page, 3)
    assert f"reached in {100.0 * swings[first][1]:.1f} % of them" in answer(page, 3)
    programs = [c.name for c in result.plan.channels if isinstance(c, CampaignProgram)]
    best_one = np.max([result.values("largest", name) for name in programs], axis=0)
    without = np.mean(result.values("value") - best_one >= result.plan.target)
    assert f"the chance would be {100.0 * without:.1f} %" in answer(page, 3)


def test_a_channel_without_influence_has_no_swing() -> None:
    plan = gtm.presets.example_plan().replace(market_volatility=0.0)
    still = plan["PR"].replace(name="still", incrementality=0.0)
    result = gtm.simulate_portfolio(
        plan.replace(channels=[*plan.channels, still]), scenarios=2_000, rng=7
    )
    swings = {d.channel: d for d in drivers(result, Goal.of(result))}
    error = np.sqrt(2.0 * 0.25 / (2_000 / 3))
    assert abs(swings["still"].swing) < 4.0 * error
    assert abs(swings["mid-market"].swing) > 10.0 * error


def test_the_tables_are_the_results(result: gtm.PortfolioResult, page: Element) -> None:
    table = rows(page.by_id("channels").all("table")[0])
    assert [*table] == [*result.channels, "portfolio"]
    summary = result.summary()
    for name, cells in table.items():
        for place, column in ((0, "spend"), (2, "value_p50"), (5, "cvar_95")):
            assert number(cells[place]) == pytest.approx(summary.loc[name, column], rel=0.02)
    claim = rows(page.by_id("claim").all("table")[0])
    assert claim["PR"][0] == "12"
    assert claim["portfolio"][2] == "none of 4,000"
    months = rows(page.by_id("months").all("table")[0])
    frame = result.by_month().loc["portfolio"]
    assert months["24"][1] == rounded(float(frame["cumulative_net_p10"].iloc[-1]))
    assert months["12"][0] == rounded(float(frame["cumulative_value_p50"].iloc[11]))


def test_verdict_manifest_and_plan_are_there(result: gtm.PortfolioResult, page: Element) -> None:
    assert f"V{str(result.validate())[1:]}." in page.by_id("trust").text()
    manifest = page.by_id("manifest").text()
    for part in (result.plan.plan_hash, "--seed 7", "--scenarios 4000", gtm.__version__):
        assert part in manifest
    source = next(e for e in page.all("details")).all("code")[0]
    text = "".join(c for c in source.children if isinstance(c, str))
    assert Plan.from_toml_text(text) == result.plan


def test_a_failed_validation_is_said(result: gtm.PortfolioResult) -> None:
    from dataclasses import replace

    changed = result.plan["PR"].replace(hit_rate=0.5)
    channels = [changed if c.name == "PR" else c for c in result.plan.channels]
    wrong = replace(result, plan=result.plan.replace(channels=channels))
    text = parse(report_html(wrong)).by_id("trust")
    assert "NOT VALID" in text.text()
    assert any("failed" in e.attributes.get("class", "") for e in text.all("p"))


def test_no_number_is_shown_that_does_not_exist() -> None:
    heavy = CampaignProgram(
        name="heavy", campaigns=40, spend=1e4, hit_rate=0.2, multiple=Pareto(tail_index=0.8)
    )
    plan = Plan(horizon=12, channels=[heavy, gtm.presets.example_plan()["enterprise"]])
    page = parse(gtm.simulate_portfolio(plan, scenarios=1_000, rng=7).to_html())
    cells = rows(page.by_id("channels").all("table")[0])
    assert cells["heavy"][4] == cells["portfolio"][4] == "infinite"
    assert cells["enterprise"][4] != "infinite"
    assert "power law with tail index 0.8" in page.by_id("trust").text()
    assert "infinite: no mean exists" in page.by_id("assumptions").text()
    # Without a target the question is another.
    assert "Will we get the money back?" in answer(page, 1)
    words = page.text().split()
    assert not {"nan", "inf", "None", "nanM"} & set(words)


def test_a_summary_redraws_its_first_scenarios_and_says_so(result: gtm.PortfolioResult) -> None:
    again = gtm.simulate_portfolio(result.plan, scenarios=4_000, rng=7, keep="summary")
    page = parse(again.to_html(validate=False))
    assert "4,000 scenarios were drawn again" in page.text()
    chance = chance_without_best(result, Goal.of(result))
    assert chance is not None
    assert f"the chance would be {share(chance)}" in answer(page, 3)


def test_versions_of_channels_are_said(result: gtm.PortfolioResult) -> None:
    versions = [result.plan["PR"].replace(hit_rate=rate) for rate in (0.1, 0.2)]
    run = gtm.simulate_portfolio(result.plan, scenarios=1_000, rng=7, alternatives={"PR": versions})
    page = parse(run.to_html())
    assert "Not validated" in page.by_id("trust").text()
    assert "2 equally likely versions were simulated" in page.by_id("assumptions").text()
    assert not page.by_id("manifest").all("pre")[0].text().startswith("gtmsim report")


def test_a_sensitivity_is_drawn(result: gtm.PortfolioResult, page: Element) -> None:
    ranges = {"PR.hit_rate": (0.05, 0.2), "paid social.hit_rate": (0.3, 0.6)}
    found = gtm.sensitivity(
        result.plan, "prob_target", ranges=ranges, only=ranges, scenarios=500, rng=7
    )
    with_it = parse(result.to_html(sensitivity=found))
    assert found.explain() in answer(with_it, 3)
    assert len(with_it.all("svg")) == len(page.all("svg")) + 1
    other = result.plan.replace(target=1.0)
    wrong = gtm.simulate_portfolio(other, scenarios=500, rng=7)
    with pytest.raises(ArgumentError, match="sensitivity: must be of the plan"):
        wrong.to_html(sensitivity=found)


def test_the_same_result_is_the_same_bytes(result: gtm.PortfolioResult, html: str) -> None:
    again, other = (
        gtm.simulate_portfolio(result.plan, scenarios=4_000, rng=seed) for seed in (7, 8)
    )
    assert again.to_html() == html
    other_html = other.to_html(validate=False, date="1 March 2026")
    assert other_html != html
    assert "1 March 2026" in other_html
    assert "1 March 2026" not in html
    assert len(html.encode()) < 400_000


def test_files_are_written_whole_or_not_at_all(
    result: gtm.PortfolioResult, html: str, tmp_path: Path
) -> None:
    path = tmp_path / "report.html"
    assert result.to_html(path) == html
    assert path.read_text(encoding="utf-8") == html
    with pytest.raises(ArgumentError, match="path: must be a place where a file can be written"):
        result.to_html(tmp_path / "nowhere" / "report.html")
    with pytest.raises(ArgumentError, match="path: must be a place where a file can be written"):
        result.to_html(tmp_path)
    with pytest.raises(ArgumentTypeError, match="path: must be the path of a file"):
        result.to_html(7)  # type: ignore[arg-type]
    assert [p.name for p in tmp_path.iterdir()] == ["report.html"]


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"sensitivity": 3}, "sensitivity: must be a Sensitivity"),
        ({"date": 2026}, "date: must be text"),
    ],
)
def test_wrong_options_are_refused(
    result: gtm.PortfolioResult, options: dict[str, Any], match: str
) -> None:
    with pytest.raises(ArgumentTypeError, match=match):
        result.to_html(**options)
    with pytest.raises(ArgumentTypeError, match="result: must be a PortfolioResult"):
        report_html(result.plan)  # type: ignore[arg-type]
