"""Every field of every model changes the result."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import stats

import gtmsim as gtm
from gtmsim.plan import CampaignProgram, Plan, Ramp, SalesTeam, Staging
from gtmsim.result import PortfolioResult
from gtmsim.summary import METRICS

SCENARIOS = 256

TEAM = SalesTeam(
    name="reps",
    hires=(-6, 0, 3, 9),
    quota=800_000,
    margin=0.8,
    loaded_cost=260_000,
    hiring_cost=27_000,
    ramp=Ramp(months=5.5, start=0.1),
    attainment=0.75,
    skill_cv=0.4,
    luck_cv=0.35,
    attrition=0.3,
    backfill_months=2,
    returns_to_scale=0.95,
    recognition="recurring",
    annual_churn=0.12,
    market_loading=0.8,
    pipeline=2_000_000,
)
PROGRAM = CampaignProgram(
    name="bets",
    campaigns=30,
    spend=10_000,
    multiple=gtm.Lomax(tail_index=1.5, scale=2.7),
    hit_rate=0.4,
    cap=100,
    launch="even",
    incrementality=0.9,
    reference_spend=8_000,
    spend_elasticity=0.8,
    shared_luck=0.3,
    lag=1,
    half_life=1.0,
    slow_half_life=6.0,
    fast_share=0.4,
    overhead=2_000,
    market_loading=0.5,
)
PLAN = Plan(
    name="next year",
    horizon=18,
    channels=(TEAM, PROGRAM),
    market_volatility=0.2,
    discount_rate=0.1,
    target=2_000_000,
    basis="gross profit",
    currency="USD",
)

STAGING = Staging(
    pilot_spend=1_000,
    pilot_months=2,
    period=3,
    signal_noise=0.5,
    threshold=2.0,
    scale_elasticity=0.7,
    recycle=0.4,
)

CHANGES: dict[type, dict[str, Any]] = {
    Plan: {
        "horizon": 17,
        "channels": (TEAM,),
        "market_volatility": 0.3,
        "discount_rate": 0.2,
    },
    SalesTeam: {
        "name": "other reps",
        "hires": (-6, 0, 3, 10),
        "quota": 810_000,
        "margin": 0.7,
        "loaded_cost": 270_000,
        "hiring_cost": 28_000,
        "ramp": Ramp(months=4.0, start=0.1),
        "attainment": 0.8,
        "skill_cv": 0.5,
        "luck_cv": 0.3,
        "attrition": 0.35,
        "backfill_months": 3,
        "returns_to_scale": 0.9,
        "recognition": "bookings",
        "annual_churn": 0.2,
        "market_loading": 0.9,
        "pipeline": 1_500_000,
    },
    CampaignProgram: {
        "name": "other bets",
        "campaigns": 31,
        "spend": 11_000,
        "multiple": gtm.Lomax(tail_index=1.6, scale=2.7),
        "hit_rate": 0.5,
        "cap": 5,
        "launch": 3,
        "incrementality": 0.8,
        "reference_spend": 9_000,
        "spend_elasticity": 0.7,
        "shared_luck": 0.4,
        "lag": 2,
        "half_life": 2.0,
        "slow_half_life": 7.0,
        "fast_share": 0.5,
        "overhead": 3_000,
        "market_loading": 0.6,
        "feeds": "reps",
        "staging": STAGING,
    },
    Staging: {
        "pilot_spend": 1_100,
        "pilot_months": 3,
        "period": 2,
        "signal_noise": 0.6,
        "threshold": 2.5,
        "kill_share": 0.5,
        "max_cost": 0.6,
        "scale_elasticity": 0.8,
        "recycle": 0.5,
    },
    Ramp: {
        "months": 4.0,
        "shape": "logistic",
        "start": 0.2,
        "curve": (0.2, 0.6, 1.0),
    },
}
# What a field says about the result, where it does not enter the draws.
LABELS = {"name", "target", "basis", "currency"}
MULTIPLES = [
    (gtm.Pareto(tail_index=1.5, minimum=1.0), {"tail_index": 1.6, "minimum": 1.1}),
    (gtm.Lomax(tail_index=1.5, scale=1.0), {"tail_index": 1.6, "scale": 1.1}),
    (gtm.LogNormal(median=1.0, sigma=1.0), {"median": 1.1, "sigma": 1.1}),
    (
        gtm.Spliced(median=1.0, sigma=1.0, threshold=3.0, tail_index=1.5),
        {"median": 1.1, "sigma": 1.1, "threshold": 3.1, "tail_index": 1.6},
    ),
    (gtm.Empirical(values=(0.0, 1.0, 5.0)), {"values": (0.0, 1.0, 6.0)}),
    (
        gtm.ScipyDistribution.from_frozen(stats.gamma(2.0, scale=1.0)),
        {"name": "weibull_min", "args": (3.0,), "kwds": {"scale": 2.0}},
    ),
]


def simulate(plan: Plan) -> PortfolioResult:
    return gtm.simulate_portfolio(plan, scenarios=SCENARIOS, rng=5, workers=1)


def differs(one: PortfolioResult, other: PortfolioResult) -> bool:
    return any(not np.array_equal(one.values(m), other.values(m), equal_nan=True) for m in METRICS)


@pytest.fixture(scope="module")
def base() -> PortfolioResult:
    return simulate(PLAN)


@pytest.fixture(scope="module")
def staged() -> PortfolioResult:
    return simulate(PLAN.replace(channels=(TEAM, PROGRAM.replace(staging=STAGING))))


def plan_with(model: type, field: str) -> Plan:
    value = CHANGES[model][field]
    if model is Plan:
        return PLAN.replace(**{field: value})
    if model is Ramp:
        # A curve stands alone; the other fields describe a shape.
        ramp = Ramp(curve=value) if field == "curve" else TEAM.ramp.replace(**{field: value})
        return PLAN.replace(channels=(TEAM.replace(ramp=ramp), PROGRAM))
    if model is SalesTeam:
        changes = {field: value}
        if field == "recognition":
            changes["annual_churn"] = 0.0
        return PLAN.replace(channels=(TEAM.replace(**changes), PROGRAM))
    if model is Staging:
        # One rule takes the place of the other.
        rule = {"threshold": None} if field in ("kill_share", "max_cost") else {}
        staging = STAGING.replace(**rule | {field: value})
        return PLAN.replace(channels=(TEAM, PROGRAM.replace(staging=staging)))
    return PLAN.replace(channels=(TEAM, PROGRAM.replace(**{field: value})))


@pytest.mark.parametrize(
    ("model", "field"), [(model, field) for model, fields in CHANGES.items() for field in fields]
)
def test_field_changes_the_result(
    model: type, field: str, base: PortfolioResult, staged: PortfolioResult
) -> None:
    assert differs(staged if model is Staging else base, simulate(plan_with(model, field)))


def test_recognition_alone_changes_the_result(base: PortfolioResult) -> None:
    # The two rules differ even where nobody churns.
    kept = TEAM.replace(annual_churn=0.0)
    recurring = simulate(PLAN.replace(channels=(kept, PROGRAM)))
    booked = simulate(PLAN.replace(channels=(kept.replace(recognition="bookings"), PROGRAM)))
    assert differs(recurring, booked)


@pytest.mark.parametrize(("multiple", "changes"), MULTIPLES)
def test_every_parameter_of_a_multiple_changes_the_result(multiple: Any, changes: Any) -> None:
    program = PROGRAM.replace(multiple=multiple, cap=None)
    base = simulate(PLAN.replace(channels=(program,)))
    for field, value in changes.items():
        if field in ("name", "args"):
            continue
        changed = program.replace(multiple=multiple.replace(**{field: value}))
        assert differs(base, simulate(PLAN.replace(channels=(changed,)))), field


def test_name_and_arguments_of_a_scipy_distribution_change_the_result() -> None:
    laws = [stats.gamma(2.0), stats.gamma(2.1), stats.weibull_min(2.0)]
    results = [
        simulate(PLAN.replace(channels=(PROGRAM.replace(multiple=law, cap=None),))) for law in laws
    ]
    assert differs(results[0], results[1])
    assert differs(results[0], results[2])


@pytest.mark.parametrize("field", sorted(LABELS))
def test_label_changes_what_is_said_and_not_what_is_drawn(
    field: str, base: PortfolioResult
) -> None:
    value: Any = 3_000_000 if field == "target" else "another"
    other = simulate(PLAN.replace(**{field: value}))
    assert not differs(base, other)
    assert str(base) != str(other)
    assert base.manifest["plan_hash"] != other.manifest["plan_hash"]


def test_target_changes_its_probability(base: PortfolioResult) -> None:
    other = simulate(PLAN.replace(target=100_000_000))
    before = base.summary().loc["portfolio", "prob_target"]
    assert before != other.summary().loc["portfolio", "prob_target"]


def test_no_field_is_left_out() -> None:
    for model, fields in CHANGES.items():
        labels = LABELS if model is Plan else set()
        assert set(model.model_fields) - {"kind"} == set(fields) | labels  # type: ignore[attr-defined]
    for multiple, changes in MULTIPLES:
        assert set(type(multiple).model_fields) - {"family"} == set(changes)


def test_an_equal_plan_does_not_differ(base: PortfolioResult) -> None:
    assert not differs(base, simulate(PLAN.replace()))


def test_an_equal_staging_does_not_differ(staged: PortfolioResult) -> None:
    again = PROGRAM.replace(staging=STAGING.replace())
    assert not differs(staged, simulate(PLAN.replace(channels=(TEAM, again))))
