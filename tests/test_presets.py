"""Presets reproduce the numbers they quote, and the template is the example plan."""

from __future__ import annotations

import inspect
from importlib.resources import files
from typing import Any

import pytest

from gtmsim import presets
from gtmsim.distributions import LogNormal, Lomax
from gtmsim.errors import ArgumentError, PlanError
from gtmsim.plan import CampaignProgram, Plan, SalesTeam

# Scale, P(M < 1) and P(M >= 10), to the digits in which the sources' derivation prints them.
PROGRAMS = {
    "paid_search_generic": (1.29, 0.44, 0.005),
    "paid_social": (1.44, 0.65, 0.0145),
    "display": (1.01, 0.72, 0.006),
    "events": (0.92, 0.61, 0.0),
    "brand": (1.06, 0.50, 0.006),
    "influencer_partner": (1.41, 0.74, 0.019),
    "content_seo": (2.68, 0.75, 0.039),
    "pr_viral": (3.37, 0.89, 0.029),
    "venture_reference": (1.70, 0.65, 0.039),
    "essay_extreme": (2.97, 0.93, 0.021),
}
# Quota, loaded cost, hiring cost (0.15 of earnings), ramp, skill CV, luck CV, attrition.
TEAMS = {
    "enterprise_ae": (1_200_000, 406_000, 42_000, 9.0, 0.30, 0.48, 0.30),
    "midmarket_ae": (800_000, 261_000, 27_000, 5.5, 0.40, 0.35, 0.30),
    "smb_ae": (550_000, 168_000, 18_000, 3.0, 0.45, 0.20, 0.36),
    "sdr": (198_000, 114_750, 12_750, 3.1, 0.40, 0.20, 0.40),
}


def program(name: str, **fields: Any) -> CampaignProgram:
    channel = presets.get(name)(**fields)
    assert isinstance(channel, CampaignProgram)
    return channel


@pytest.mark.parametrize("name", PROGRAMS)
def test_program_reproduces_its_row(name: str) -> None:
    scale, below_one, above_ten = PROGRAMS[name]
    preset = program(name)
    law = preset.multiple
    assert isinstance(law, LogNormal | Lomax)
    solved = law.scale if isinstance(law, Lomax) else law.isf(0.5)
    assert float(solved) == pytest.approx(scale, abs=0.0051)
    assert 1.0 - preset.hit_rate * float(law.sf(1.0)) == pytest.approx(below_one, abs=0.0051)
    assert preset.hit_rate * float(law.sf(10.0)) == pytest.approx(above_ten, abs=6e-4)
    mean = inspect.signature(presets.get(name)).parameters["mean"].default
    assert preset.hit_rate * law.mean(preset.cap) == pytest.approx(mean, rel=1e-9)


def test_venture_reference_reproduces_the_published_histogram() -> None:
    venture = program("venture_reference")

    def at_least(multiple: float) -> float:
        return venture.hit_rate * float(venture.multiple.sf(multiple))

    assert 1.0 - at_least(1.0) == pytest.approx(0.65, abs=0.005)
    assert at_least(10.0) == pytest.approx(0.04, abs=0.005)
    assert 0.004 <= at_least(50.0) <= 0.005


@pytest.mark.parametrize("name", TEAMS)
def test_team_reproduces_its_row(name: str) -> None:
    team = presets.get(name)()
    assert isinstance(team, SalesTeam)
    row = (
        team.quota,
        team.loaded_cost,
        team.hiring_cost,
        team.ramp.months,
        team.skill_cv,
        team.luck_cv,
        team.attrition,
    )
    assert row == pytest.approx(TEAMS[name])
    assert (team.margin, team.recognition, team.annual_churn) == (0.78, "recurring", 0.12)
    assert team.returns_to_scale == 0.97
    assert team.attainment == (1.0 if name == "sdr" else 0.75)
    assert team.backfill_months is None


def test_every_preset_has_a_name_and_tells_evidence_from_illustration() -> None:
    assert set(presets.names()) == {*PROGRAMS, *TEAMS}
    channels = [presets.get(name)() for name in presets.names()]
    assert Plan(horizon=24, channels=channels).horizon == 24
    for name in presets.names():
        preset = presets.get(name)
        assert getattr(presets, name) is preset
        doc = inspect.getdoc(preset) or ""
        for part in ("Evidence: ", "Illustrative: ", "References\n"):
            assert part in doc, (name, part)
    assert set(presets.__all__) == {*presets.names(), "example_plan", "get", "names"}


def test_misspelt_preset() -> None:
    with pytest.raises(ArgumentError) as error:
        presets.get("paid_socal")
    assert str(error.value).startswith("preset: must be one of paid_search_generic, paid_social, ")
    assert str(error.value).endswith("got 'paid_socal' (did you mean 'paid_social'?)")
    with pytest.raises(ArgumentError, match=r"got 'zzz'$"):
        presets.get("zzz")
    with pytest.raises(ArgumentError, match=r"got 3$"):
        presets.get(3)  # type: ignore[arg-type]


def test_overrides_replace_fields_and_the_scale_follows() -> None:
    rare = program("content_seo", campaigns=10, spend=[100.0] * 10, hit_rate=0.1, cap=50, lag=3)
    assert (rare.campaigns, rare.spends().sum(), rare.lag) == (10, 1_000.0, 3)
    assert rare.hit_rate * rare.multiple.mean(50.0) == pytest.approx(1.8, rel=1e-9)
    cautious = program("paid_social", mean=0.6, sigma=1.2)
    assert cautious.hit_rate * cautious.multiple.mean(30.0) == pytest.approx(0.6, rel=1e-9)
    assert cautious.shared_luck > program("paid_social").shared_luck
    law = LogNormal(median=1.0, sigma=0.5)
    assert program("pr_viral", multiple=law, shared_luck=0.0).multiple == law
    team = presets.midmarket_ae([-3, 2], name="west", backfill_months=2, recognition="bookings")
    assert (team.name, team.start_months, team.annual_churn) == ("west", (-3, 2), 0.0)


@pytest.mark.parametrize(
    ("preset", "fields", "error", "message"),
    [
        ("paid_social", {"hit_rate": 1.2}, ArgumentError, "hit_rate: must be above 0 and at most"),
        ("paid_social", {"mean": 50}, ArgumentError, "mean: must be below 16.5"),
        ("paid_social", {"hitrate": 0.2}, PlanError, "did you mean 'hit_rate'"),
        (
            "pr_viral",
            {"cap": None, "tail_index": 1.0},
            ArgumentError,
            "must be given where the mean is",
        ),
        ("midmarket_ae", {"hires": 0}, PlanError, "SalesTeam.hires: must be at least 1, got 0"),
        ("sdr", {"credit": 0}, ArgumentError, "credit: must be above 0 and at most 1, got 0"),
        ("sdr", {"win_rate": 22}, ArgumentError, "win_rate: must be above 0 and at most 1, got 22"),
        ("sdr", {"pipeline": -1}, ArgumentError, "pipeline: must be above 0, got -1"),
    ],
)
def test_wrong_overrides(
    preset: str, fields: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error) as raised:
        presets.get(preset)(**fields)
    assert message in str(raised.value)


def test_half_lives_are_weeks_in_months() -> None:
    social = presets.paid_social()
    assert (social.half_life, social.slow_half_life) == (pytest.approx(12 / 52), 6.0)
    assert presets.content_seo().half_life == 12.0


def test_hits_of_one_program_correlate_at_a_tenth() -> None:
    social = presets.paid_social(sigma=1.0)
    shared = social.shared_luck**2
    assert shared / (shared + 1.0) == pytest.approx(0.1)
    assert presets.venture_reference().shared_luck == 0.0


def test_template_is_the_example_plan() -> None:
    text = files("gtmsim").joinpath("templates", "plan.toml").read_text(encoding="utf-8")
    assert Plan.from_toml_text(text) == presets.example_plan()


def test_template_explains_every_key_it_sets() -> None:
    text = files("gtmsim").joinpath("templates", "plan.toml").read_text(encoding="utf-8")
    lines = text.splitlines()
    seen: set[str] = {"kind", "name"}
    for above, line in zip(["", *lines], lines, strict=False):
        key = line.partition("=")[0].strip()
        if "=" in line and not line.startswith("#") and key not in seen:
            assert "#" in line or above.startswith("#"), line
            seen.add(key)
    fields = {*Plan.model_fields, *SalesTeam.model_fields, *CampaignProgram.model_fields}
    rare = {"channels", "market_loading", "reference_spend", "spend_elasticity"}
    rare |= {"feeds", "pipeline", "staging"}
    assert seen == fields - rare


def test_example_plan_is_near_its_presets() -> None:
    plan = presets.example_plan()
    assert (plan.horizon, plan.currency, plan.basis) == (24, "USD", "gross profit")
    assert plan.target is not None
    seats = {name: plan[name].start_months for name in ("mid-market", "enterprise")}
    assert [len(months) for months in seats.values()] == [12, 4]
    assert all(min(months) < 0 < max(months) for months in seats.values())
    assert [c.campaigns for c in plan.channels if isinstance(c, CampaignProgram)] == [300, 60, 12]
    pairs = [
        ("mid-market", presets.midmarket_ae()),
        ("enterprise", presets.enterprise_ae()),
        ("paid social", presets.paid_social()),
        ("content", presets.content_seo()),
        ("PR", presets.pr_viral()),
    ]
    chosen = {"name", "hires", "campaigns", "backfill_months", "overhead", "multiple", "ramp"}
    for name, preset in pairs:
        channel = plan[name]
        for field in set(type(channel).model_fields) - chosen:
            expected = getattr(preset, field)
            if isinstance(expected, float):
                expected = pytest.approx(expected, rel=0.015)
            assert getattr(channel, field) == expected, (name, field)
        for part in ("multiple", "ramp"):
            if part in type(channel).model_fields:
                actual = getattr(channel, part).model_dump()
                expected = getattr(preset, part).model_dump()
                numbers = {k: v for k, v in expected.items() if isinstance(v, float)}
                assert {k: actual[k] for k in numbers} == pytest.approx(numbers, rel=0.01)
