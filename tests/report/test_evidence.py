"""Where the numbers of a plan come from, as far as it can be told."""

from __future__ import annotations

import pytest

import gtmsim as gtm
from gtmsim import CampaignProgram, LogNormal, Plan, SalesTeam
from gtmsim.report.assumptions import assumptions_of
from gtmsim.report.evidence import Card, cards, preset_notes


def card(channel: SalesTeam | CampaignProgram) -> Card:
    result = gtm.simulate_portfolio(Plan(horizon=12, channels=[channel]), scenarios=128, rng=7)
    return cards(result, [channel.name])[0]


@pytest.mark.parametrize("name", gtm.presets.names())
def test_every_preset_is_known_by_its_numbers(name: str) -> None:
    channel = gtm.presets.get(name)().replace(name="ours")
    found = card(channel)
    believed = [line for line in found.lines if line.standing != "decided"]
    assert f"equal those of the preset {name}." in found.finding
    assert all(line.standing == "preset" for line in believed)
    evidence, illustrative, sources = preset_notes(name)
    assert (found.evidence, found.illustrative, found.sources) == (evidence, illustrative, sources)
    assert evidence
    assert illustrative
    assert sources


def test_what_differs_is_said_with_the_presets_number() -> None:
    found = card(gtm.presets.pr_viral(hit_rate=0.4))
    standings = {line.name: line.standing for line in found.lines}
    assert standings["campaigns that return anything"] == "your own, preset: 15 %"
    assert standings["largest return per 1 spent"] == "preset"
    assert "preset pr_viral" in found.finding


def test_numbers_of_no_preset_are_ones_own() -> None:
    law = LogNormal(median=3.3, sigma=0.33)
    own = CampaignProgram(name="ours", campaigns=7, spend=123.0, hit_rate=0.77, multiple=law)
    found = card(own)
    assert found.finding == "No preset has these numbers: they are your own."
    assert found.evidence == ""
    assert {line.standing for line in found.lines} == {"decided", "your own"}


def test_a_team_is_never_a_program() -> None:
    found = card(SalesTeam(name="t", hires=3, quota=1e6, loaded_cost=3e5, attrition=0.3))
    assert "your own" in found.finding


def test_the_example_rounds_its_presets() -> None:
    plan = gtm.presets.example_plan()
    result = gtm.simulate_portfolio(plan, scenarios=128, rng=7)
    wanted = ["midmarket_ae", "enterprise_ae", "paid_social", "content_seo", "pr_viral"]
    found = [c.finding for c in cards(result, list(result.channels))]
    assert all(name in text for name, text in zip(wanted, found, strict=True))
    assert found[0].startswith("11 of 12")  # backfill is the plan's own


def test_words_have_units() -> None:
    plan = gtm.presets.example_plan()
    words = {a.name: a.value for a in assumptions_of(plan["mid-market"], plan)}
    assert words["seats"] == "12: 9 filled before the plan, 3 hired in months 2 to 8"
    assert words["quota per rep and year"] == "800k USD"
    assert words["value counts"] == "month by month, 12 % lost per year"
    social = {a.name: a.value for a in assumptions_of(plan["paid social"], plan)}
    assert social["half of the value comes within"] == "7 days; 6 months for the slow 70 %"
    assert social["spread of a hit's return"] == "lognormal, a factor of 2.72 either way"
