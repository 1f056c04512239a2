"""The verdict: it passes what is right, and fails on each planted fault."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace

import pytest
from typer.testing import CliRunner

import gtmsim as gtm
from gtmsim import CampaignProgram, Empirical, Lomax, Pareto, Plan, SalesTeam, simulate_portfolio
from gtmsim.cli import app
from gtmsim.result.validation import FALSE_ALARM, Validation

REPS = SalesTeam(
    name="reps",
    hires=(-6, -3, 0, 0, 2, 4),
    quota=8e5,
    margin=0.8,
    loaded_cost=2.6e5,
    hiring_cost=3e4,
    ramp=6,
    attainment=0.8,
    skill_cv=0.4,
    luck_cv=0.3,
    attrition=0.3,
    backfill_months=2,
    returns_to_scale=0.95,
)
ADS = CampaignProgram(
    name="ads",
    campaigns=120,
    spend=2_000.0,
    hit_rate=0.5,
    multiple=Lomax(tail_index=1.5, scale=1.5),
    cap=80.0,
    half_life=2.0,
    shared_luck=0.3,
    overhead=500.0,
)
PR = CampaignProgram(
    name="PR",
    campaigns=12,
    spend=(20_000.0,) * 6 + (50_000.0,) * 6,
    hit_rate=0.2,
    multiple=Pareto(tail_index=1.2),
    lag=2,
    reference_spend=30_000.0,
    spend_elasticity=0.8,
)
PLAN = Plan(horizon=12, channels=[REPS, ADS, PR], market_volatility=0.15, discount_rate=0.1)
SCENARIOS = 60_000


def changed(name: str, **fields: object) -> Plan:
    channels = [c.replace(**fields) if c.name == name else c for c in PLAN.channels]
    return PLAN.replace(channels=channels)


def as_if(plan: Plan, simulated: Plan) -> Validation:
    """Validate draws of another plan as if they were the plan's."""
    result = simulate_portfolio(simulated, scenarios=SCENARIOS, rng=11, keep="summary")
    return replace(result, plan=plan).validate()


@pytest.mark.parametrize("keep", ["scenarios", "summary"])
def test_what_is_right_passes(keep):
    result = simulate_portfolio(PLAN, scenarios=SCENARIOS, rng=11, keep=keep)
    assert result.verdict is None
    verdict = result.validate()
    assert verdict.passed
    assert verdict.skipped == ()
    assert str(verdict).startswith(f"validated: {len(verdict.table)} checks, largest deviation ")
    assert str(verdict).endswith(" standard errors")
    assert len(verdict.table) >= 30
    assert verdict is result.validate()
    assert result.verdict in repr(result)
    assert result.verdict in result._repr_html_()


FAULTS: dict[str, Callable[[], Plan]] = {
    "a wrong ramp": lambda: changed("reps", ramp=5.0),
    "a lost cap": lambda: changed("ads", cap=None),
    "hit rates exchanged": lambda: PLAN.replace(
        channels=[REPS, ADS.replace(hit_rate=0.2), PR.replace(hit_rate=0.5)]
    ),
    "luck of the quarter lost": lambda: changed("reps", luck_cv=0.0),
    "nobody leaves": lambda: changed("reps", attrition=0.0),
    "seats filled a month late": lambda: changed("reps", backfill_months=3),
    "hires are free": lambda: changed("reps", hiring_cost=0.0),
    "shared luck lost": lambda: changed("ads", shared_luck=0.0),
    "value arrives at once": lambda: changed("ads", half_life=0.0),
    "no discount": lambda: PLAN.replace(discount_rate=0.0),
    "no market": lambda: PLAN.replace(market_volatility=0.0),
    "a tail a little too light": lambda: changed("PR", multiple=Pareto(tail_index=1.25)),
    "returns to scale lost": lambda: changed("reps", returns_to_scale=1.0),
    "elasticity lost": lambda: changed("PR", spend_elasticity=1.0, reference_spend=None),
    "overhead lost": lambda: changed("ads", overhead=0.0),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_planted_faults_fail(fault):
    verdict = as_if(PLAN, FAULTS[fault]())
    assert not verdict.passed
    assert str(verdict).startswith("NOT VALID: ")
    assert f"of {len(verdict.table)} checks fail: " in str(verdict)
    assert verdict.failures["deviation"].abs().min() > verdict.limit


def test_a_uniform_of_24_bits_fails_and_one_of_64_passes():
    law = Pareto(tail_index=1.5)
    ads = CampaignProgram(name="ads", campaigns=20_000, spend=1.0, multiple=law)
    plan = Plan(horizon=1, channels=[ads])
    # The least uniform that 24 bits hold stops the multiple at 2**(24 / alpha).
    coarse = plan.replace(channels=[ads.replace(cap=2.0 ** (24 / 1.5))])
    draws = simulate_portfolio(coarse, scenarios=SCENARIOS, rng=11, keep="summary")
    failures = replace(draws, plan=plan).validate().failures
    assert "P(best campaign of all at most this)" in set(failures["check"])
    assert simulate_portfolio(plan, scenarios=SCENARIOS, rng=11, keep="summary").validate().passed


def test_a_scenario_drawn_twice_fails():
    result = simulate_portfolio(PLAN, scenarios=100, rng=11)
    many = result.distributions
    for _ in range(9):
        many.merge(result.distributions)
    # The same 100 scenarios 512 times: exact in no respect but its own.
    assert not replace(result, distributions=many).validate().passed


@pytest.mark.parametrize("name", gtm.presets.names())
def test_every_preset_passes(name):
    plan = Plan(horizon=24, channels=[gtm.presets.get(name)()], market_volatility=0.1)
    verdict = simulate_portfolio(plan, scenarios=30_000, rng=7, keep="summary").validate()
    assert verdict.passed, str(verdict)
    assert verdict.skipped == ()


@pytest.mark.parametrize("seed", [7, 8])
def test_the_example_plan_passes(seed):
    result = simulate_portfolio(gtm.presets.example_plan(), scenarios=30_000, rng=seed)
    assert result.validate().passed, str(result.validate())


def test_a_plan_of_programs_is_checked_as_a_whole():
    plan = PLAN.replace(channels=[ADS.replace(half_life=0.0), PR.replace(lag=0)], discount_rate=0.0)
    plan = plan.replace(market_volatility=0.0)
    result = simulate_portfolio(plan, scenarios=SCENARIOS, rng=11)
    checks = result.validate().table
    assert result.validate().passed
    assert "P(value below its P50)" in set(checks.loc[checks["channel"] == "portfolio", "check"])


@pytest.mark.parametrize("hit_rate", [0.5, 1.0])
def test_values_that_repeat_on_the_edges_of_bins_pass(hit_rate):
    # Above 128 a bin is 1 wide, so its edges are numbers of hits.
    coins = CampaignProgram(
        name="coins",
        campaigns=300,
        spend=1.0,
        hit_rate=hit_rate,
        multiple=Empirical(values=(1.0, 1.0, 2.0)),
    )
    plan = Plan(horizon=1, channels=[coins])
    for keep in ("scenarios", "summary"):
        right = simulate_portfolio(plan, scenarios=20_000, rng=11, keep=keep)
        assert right.validate().passed, str(right.validate())
    law = Empirical(values=(1.0, 1.0, 2.0, 2.0))
    wrong = plan.replace(channels=[coins.replace(multiple=law)])
    assert not as_if(plan, wrong).passed


def verdict_of(channel: SalesTeam | CampaignProgram, horizon: int, scenarios: int) -> Validation:
    plan = Plan(horizon=horizon, channels=[channel])
    return simulate_portfolio(plan, scenarios=scenarios, rng=1).validate()


def test_what_cannot_be_checked_is_said():
    law = Pareto(tail_index=1.5)
    many = CampaignProgram(name="many", campaigns=2_000, spend=1.0, multiple=law)
    verdict = verdict_of(many, 1, 5_000)
    assert verdict.passed
    assert [reason.partition(": ")[0] for reason in verdict.skipped] == ["total of many"]
    assert "what 32,768 points promise" in verdict.skipped[0]
    large = verdict_of(REPS.replace(hires=900), 36, 200)
    assert large.skipped == ("value of reps: its deviation is not known",)
    # Of about four hits each moves the mean by more than half a standard error.
    law = Empirical(values=(1e4,))
    rare = CampaignProgram(name="rare", campaigns=1, spend=1.0, hit_rate=1e-4, multiple=law)
    told = "mean value of rare: one scenario decides too much of it"
    assert told in verdict_of(rare, 1, 39_000).skipped
    assert told not in verdict_of(rare, 1, 80_000).skipped


def test_one_channel_is_not_counted_twice():
    assert set(verdict_of(PR, 12, 5_000).table["channel"]) == {"PR"}
    assert not verdict_of(REPS, 12, 5_000).table["check"].str.contains("hits").any()


def test_the_budget_of_false_alarms_is_kept_for_any_number_of_checks():
    from scipy.stats import norm

    verdict = simulate_portfolio(PLAN, scenarios=5_000, rng=11, keep="summary").validate()
    assert 2 * norm.sf(verdict.limit) * len(verdict.table) == pytest.approx(FALSE_ALARM)


def test_the_command_line_prints_the_verdict(tmp_path):
    path = tmp_path / "plan.toml"
    gtm.Plan(horizon=12, channels=[PR]).to_toml(path)
    arguments = ["run", str(path), "--scenarios", "5000", "--seed", "7", "--validate"]
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 0, done.output
    assert done.stdout.count("validated: ") == 1
    assert "validated: " not in done.stderr
    as_json = CliRunner().invoke(app, [*arguments, "--format", "json"])
    assert '"verdict": "validated: ' in as_json.stdout
    as_csv = CliRunner().invoke(app, [*arguments, "--format", "csv"])
    assert "validated: " in as_csv.stderr
    assert "validated: " not in as_csv.stdout


def test_a_failed_verdict_ends_the_command_with_an_error(tmp_path, monkeypatch):
    path = tmp_path / "plan.toml"
    gtm.Plan(horizon=12, channels=[PR]).to_toml(path)
    wrong = simulate_portfolio(
        gtm.Plan(horizon=12, channels=[PR.replace(hit_rate=0.4)]), scenarios=5_000, rng=7
    )
    wrong = replace(wrong, plan=gtm.Plan(horizon=12, channels=[PR]))
    monkeypatch.setattr(sys.modules["gtmsim.cli.app"], "simulate", lambda *_, **options: wrong)
    done = CliRunner().invoke(app, ["run", str(path), "--validate"])
    assert done.exit_code == 1
    assert "NOT VALID: " in done.stdout
