"""Programs that feed a team: the oracle, the limits, and the same bits whatever else is planned."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import gtmsim as gtm
from gtmsim.compiled import compile_plan
from gtmsim.core._types import Floats
from gtmsim.core.portfolio import empty_draws, simulate_block
from gtmsim.core.streams import LANES
from gtmsim.decide.pipeline import Lab
from gtmsim.execute import Crew
from gtmsim.plan import CampaignProgram, Plan, Ramp, SalesTeam, Staging
from gtmsim.result import PortfolioResult
from gtmsim.seeds import seed_key
from gtmsim.simulate import run as running
from gtmsim.simulate import simulator
from gtmsim.summary import METRICS
from tests import test_fields as fields
from tests.laws import expect_same_mean, expect_same_quantiles, rejects
from tests.reference import simulate_reference
from tests.test_invariance import same_scenarios, same_summary

ORACLE, KERNEL, SEED = 2_000, 20_000, 17
PROBS = (0.1, 0.25, 0.5, 0.75, 0.9)

TEAM = SalesTeam(
    name="reps",
    hires=(-4, 0, 0, 5),
    quota=600_000,
    margin=0.8,
    loaded_cost=200_000,
    ramp=Ramp(months=4.0, start=0.1),
    skill_cv=0.4,
    pipeline=800_000,
)
ADS = CampaignProgram(
    name="ads",
    campaigns=20,
    spend=10_000,
    hit_rate=0.4,
    multiple=gtm.Lomax(tail_index=1.5, scale=4.0),
    lag=1,
    half_life=1.5,
    feeds="reps",
)
FAIRS = CampaignProgram(
    name="fairs", campaigns=4, spend=50_000, multiple=gtm.LogNormal(median=1.5, sigma=0.5)
)


def coupled(team: dict[str, Any] | None = None, ads: dict[str, Any] | None = None) -> Plan:
    return Plan(horizon=15, channels=(FAIRS, TEAM.replace(**team or {}), ADS.replace(**ads or {})))


EVERYTHING: dict[str, Any] = {
    "luck_cv": 0.3,
    "attrition": 0.4,
    "backfill_months": 1,
    "hiring_cost": 20_000,
    "returns_to_scale": 0.8,
    "market_loading": 0.5,
}
STAGING = Staging(pilot_spend=2_000, pilot_months=2, signal_noise=0.5, threshold=2.0)
PLANS = {
    "fed": coupled(),
    "own pipeline alone": Plan(horizon=15, channels=[TEAM]),
    "none of its own": coupled({"pipeline": 0.0}, {"hit_rate": 1.0}),
    "two programs": coupled().replace(
        channels=(ADS, FAIRS.replace(feeds="reps", shared_luck=0.4), TEAM)
    ),
    "everything": coupled(EVERYTHING).replace(market_volatility=0.4, discount_rate=0.2),
    "recurring": coupled({"recognition": "recurring", "annual_churn": 0.2}).replace(
        discount_rate=0.3, market_volatility=0.3
    ),
    "staged": coupled(None, {"staging": STAGING}).replace(discount_rate=0.1),
}
COMPARED = ("value", "spend", "beyond_horizon", "hits", "largest", "top_share", "effective_number")


# -- The oracle ---------------------------------------------------------------------------------


def team_flows(plan: Plan, scenarios: int) -> dict[str, Floats]:
    lab = Lab(plan, "reps", scenarios, SEED, Crew(1), 0.95)
    capacity, pipeline, closed, short = lab.outcome().flow
    return {"lost": pipeline - closed, "idle": capacity - closed, "short": short}


def expect_same(found: Floats, expected: Floats, moments: bool) -> None:
    # A sum in another order may end an ulp away: quantiles of constants would see it.
    size = np.nanmax(np.abs(expected), initial=0.0) or 1.0
    found, expected = np.round(found / size, 9), np.round(expected / size, 9)
    found, expected = found[~np.isnan(found)], expected[~np.isnan(expected)]
    assert (found.size == 0) == (expected.size == 0)
    if found.size:
        expect_same_quantiles(found, expected, PROBS)
    if moments:
        expect_same_mean(found, expected)


@pytest.mark.parametrize("name", PLANS)
def test_agrees_with_the_oracle(name: str) -> None:
    plan = PLANS[name]
    truth = simulate_reference(plan, ORACLE, SEED)
    result = gtm.simulate_portfolio(plan, scenarios=KERNEL, rng=SEED)
    for channel in result.distributions.names:
        for metric in COMPARED:
            moments = metric in ("value", "spend", "beyond_horizon", "hits")
            moments = moments and channel != "fairs"
            expect_same(result.values(metric, channel), np.array(truth[channel][metric]), moments)
    for flow, found in team_flows(plan, KERNEL).items():
        # The pipeline of a power law has no variance, and nor has what is lost of it.
        expect_same(found, np.array(truth["reps"][flow]), moments=flow != "lost")


def test_agrees_with_the_oracle_month_by_month() -> None:
    plan = PLANS["everything"]
    truth = simulate_reference(plan, ORACLE, SEED)["reps"]["value_by_month"]
    expected = np.array(truth)
    result = gtm.simulate_portfolio(plan, scenarios=KERNEL, rng=SEED)
    for month in range(plan.horizon):
        row = result.distributions.month("value", "reps", month)
        sample = expected[:, month]
        error = sample.std() / np.sqrt(ORACLE) * np.sqrt(1 + ORACLE / KERNEL)
        assert abs(row.sum / row.n - sample.mean()) <= 4.5 * error


@pytest.mark.parametrize(
    ("team", "ads"),
    [
        ({"pipeline": 900_000}, None),
        ({"pipeline": None}, {"feeds": None}),
        (None, {"hit_rate": 0.5}),
        (None, {"lag": 4}),
    ],
)
def test_the_oracle_rejects_another_pipeline(
    team: dict[str, Any] | None, ads: dict[str, Any] | None
) -> None:
    truth = np.array(simulate_reference(PLANS["fed"], ORACLE, SEED)["reps"]["value"])
    wrong = gtm.simulate_portfolio(coupled(team, ads), scenarios=KERNEL, rng=SEED)
    rejects(expect_same, wrong.values("value", "reps"), truth, True)


STEADY = {"skill_cv": 0.0, "attrition": 0.0}
CERTAIN = {"hit_rate": 1.0, "multiple": gtm.Empirical(values=(5.0,))}


@pytest.mark.parametrize(
    "plan",
    [
        coupled(STEADY, CERTAIN),
        coupled(STEADY | {"recognition": "recurring", "annual_churn": 0.2}, CERTAIN).replace(
            discount_rate=0.3
        ),
        coupled(STEADY | {"returns_to_scale": 0.7, "pipeline": 0.0}, CERTAIN | {"launch": 3}),
    ],
)
def test_equals_the_oracle_where_nothing_is_left_to_luck(plan: Plan) -> None:
    plan = plan.replace(channels=plan.channels[1:])
    truth = simulate_reference(plan, 1, SEED)
    result = gtm.simulate_portfolio(plan, scenarios=1, rng=SEED)
    for channel in result.distributions.names:
        for metric in COMPARED:
            expected = truth[channel][metric][0]
            found = result.values(metric, channel)[0]
            assert found == pytest.approx(expected, rel=1e-12, abs=1e-9, nan_ok=True)
    for flow, found in team_flows(plan, 1).items():
        assert found[0] == pytest.approx(truth["reps"][flow][0], rel=1e-12, abs=1e-6)
    assert 0.0 < truth["reps"]["short"][0] < plan.horizon


# -- Limits -------------------------------------------------------------------------------------


def run(plan: Plan, scenarios: int = 1_000) -> PortfolioResult:
    return gtm.simulate_portfolio(plan, scenarios=scenarios, rng=5, workers=1)


def same(one: PortfolioResult, other: PortfolioResult, channel: str) -> bool:
    return same_scenarios(one, other, channel, one.scenarios)


@pytest.mark.parametrize("team", [{}, EVERYTHING | {"recognition": "recurring"}])
def test_pipeline_without_end_is_no_coupling(team: dict[str, Any]) -> None:
    """To the last bit, month by month: a team's luck does not hang on its pipeline."""
    never = run(coupled(team | {"pipeline": None}, {"feeds": None}))
    ample = run(coupled(team | {"pipeline": 1e15}))
    short = run(coupled(team))
    assert same(never, ample, "reps")
    assert not same(never, short, "reps")
    for month in range(15):
        a, b = (r.distributions.month("value", "reps", month) for r in (never, ample))
        assert np.array_equal(a.counts, b.counts)
        assert np.array_equal(a.sums, b.sums)
    # What is spent, who is there and which campaigns hit stays the same.
    for metric, channel in (("spend", "reps"), ("spend", "ads"), ("hits", "ads")):
        assert np.array_equal(never.values(metric, channel), short.values(metric, channel))
    assert same(never, short, "fairs")
    assert np.all(short.values("value", "reps") <= never.values("value", "reps") * (1 + 1e-12))
    for metric in ("value", "beyond_horizon", "largest"):
        assert not short.values(metric, "ads").any()


def test_what_a_program_brings_is_moved_to_the_team_where_reps_have_time() -> None:
    """Reps with nothing else to close close all that comes, whatever the margin."""
    fields: dict[str, Any] = {"hires": 3, "quota": 1e12, "pipeline": 0.0, "skill_cv": 0.0}
    for discount in (0.0, 0.2):
        plan = coupled(fields | {"ramp": 0.0}).replace(discount_rate=discount)
        alone = plan.replace(channels=[ADS.replace(feeds=None)])
        found, expected = run(plan).values("value", "reps"), run(alone).values("value", "ads")
        np.testing.assert_allclose(found, expected, rtol=1e-12)
        assert expected.any()


@pytest.mark.parametrize("ramp", [Ramp(), Ramp(months=9.0), Ramp(curve=(0.0, 0.5, 1.0))])
@pytest.mark.parametrize("pipeline", [0.0, 5e5, 1.2e6, 3e6])
def test_equal_reps_close_the_lesser_of_capacity_and_pipeline(ramp: Ramp, pipeline: float) -> None:
    team = TEAM.replace(skill_cv=0.0, ramp=ramp, pipeline=pipeline)
    alone = Plan(horizon=15, channels=[team.replace(pipeline=None)])
    bets = ADS.replace(multiple=gtm.Empirical(values=(3.0, 9.0)), hit_rate=0.7)
    draws = monthly(Plan(horizon=15, channels=[team, bets]))
    capacity = monthly(alone)[0]
    leads = pipeline * team.margin / 12.0
    leads = leads + monthly(Plan(horizon=15, channels=[bets.replace(feeds=None)]))[0]
    np.testing.assert_allclose(draws[0], np.minimum(capacity, leads), rtol=1e-12, atol=1e-6)
    if pipeline == 5e5:
        assert np.any(draws[0] < capacity)
        assert np.any(draws[0] < leads)


def monthly(plan: Plan) -> Floats:
    """Value (channel, month, scenario)."""
    arrays = compile_plan(plan).arrays
    draws = empty_draws(arrays, LANES)
    simulate_block(seed_key(3), arrays, 0, draws)
    return draws.month


def test_a_rep_more_costs_what_it_costs_once_pipeline_binds() -> None:
    def net(hires: int) -> Floats:
        team = TEAM.replace(hires=hires, skill_cv=0.0, ramp=0.0, pipeline=1_500_000)
        return run(Plan(horizon=12, channels=[team]), 200).values("net", "reps")

    # Two reps close 1.2 million of bookings, and the third only what is left.
    np.testing.assert_allclose(net(2) - net(1), 600_000 * 0.8 - 200_000)
    np.testing.assert_allclose(net(3) - net(2), 300_000 * 0.8 - 200_000)
    np.testing.assert_allclose(net(4) - net(3), -200_000)
    np.testing.assert_allclose(net(9) - net(8), -200_000)


def test_reps_of_different_skill_close_less_than_the_team_could() -> None:
    """Equal shares: what a slow rep leaves is lost, though a fast one has time for it."""
    plan = Plan(horizon=12, channels=[TEAM.replace(hires=4, ramp=0.0, pipeline=2_400_000)])
    capacity, pipeline, closed, _ = Lab(plan, "reps", 2_000, 1, Crew(1), 0.95).outcome().flow
    assert np.all(closed <= np.minimum(capacity, pipeline) * (1 + 1e-12))
    assert np.mean(closed < 0.99 * np.minimum(capacity, pipeline)) > 0.5


# -- The same bits ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def reference() -> PortfolioResult:
    return gtm.simulate_portfolio(PLANS["everything"], scenarios=6_000, rng=11, workers=1)


@pytest.mark.parametrize("workers", [2, 3])
@pytest.mark.parametrize("chunk", [LANES, 5 * LANES])
def test_workers_and_chunks_do_not_change_a_bit(
    reference: PortfolioResult, workers: int, chunk: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(simulator, "_chunk_size", lambda compiled: chunk)
    monkeypatch.setattr(running, "_SHORTEST_TASK", 3 * LANES)
    result = gtm.simulate_portfolio(
        reference.plan, scenarios=6_000, rng=11, workers=workers, keep="scenarios"
    )
    assert all(same(reference, result, name) for name in reference.distributions.names)
    assert same_summary(reference, result)


def test_a_shorter_run_is_a_prefix(reference: PortfolioResult) -> None:
    short = gtm.simulate_portfolio(reference.plan, scenarios=1_001, rng=11)
    assert all(same(short, reference, name) for name in reference.distributions.names)
    other = gtm.simulate_portfolio(reference.plan, scenarios=1_001, rng=12)
    assert not same(other, reference, "reps")


def test_other_channels_and_their_order_do_not_change_a_bit(reference: PortfolioResult) -> None:
    fairs, team, ads = reference.plan.channels
    extra = TEAM.replace(name="others", pipeline=300_000)
    fed = ADS.replace(name="more ads", feeds="others")
    for channels in ((ads, team), (team, ads, fairs), (fed, extra, fairs, team, ads)):
        result = gtm.simulate_portfolio(
            reference.plan.replace(channels=channels), scenarios=3_000, rng=11
        )
        assert same(result, reference, "reps")
        assert same(result, reference, "ads")
    more = gtm.simulate_portfolio(
        reference.plan.replace(channels=(team, ads, fed.replace(feeds="reps"))),
        scenarios=3_000,
        rng=11,
    )
    assert not same(more, reference, "reps")


# -- Every field --------------------------------------------------------------------------------

FED = fields.PROGRAM.replace(feeds="reps", multiple=gtm.Lomax(tail_index=1.5, scale=9.0))
LOW = fields.TEAM.replace(pipeline=1_000_000)


@pytest.fixture(scope="module")
def base() -> PortfolioResult:
    return fields.simulate(fields.PLAN.replace(channels=(LOW, FED)))


@pytest.mark.parametrize(
    ("model", "field"),
    [
        (model, field)
        for model in (SalesTeam, CampaignProgram)
        for field in fields.CHANGES[model]
        if field not in ("name", "feeds")
    ],
)
def test_every_field_changes_what_the_team_brings(
    model: type, field: str, base: PortfolioResult
) -> None:
    changes = {field: fields.CHANGES[model][field]}
    if field == "recognition":
        changes["annual_churn"] = 0.0
    if field == "pipeline":
        changes["pipeline"] = 900_000
    team = LOW.replace(**changes) if model is SalesTeam else LOW
    ads = FED.replace(**changes) if model is CampaignProgram else FED
    other = fields.simulate(fields.PLAN.replace(channels=(team, ads)))
    costs = {"loaded_cost", "hiring_cost", "overhead"}
    metric = "spend" if field in costs else "value"
    channel = "portfolio" if field in costs else "reps"
    assert not np.array_equal(base.values(metric, channel), other.values(metric, channel))


def test_the_name_of_a_feeding_program_is_its_luck(base: PortfolioResult) -> None:
    other = fields.simulate(fields.PLAN.replace(channels=(LOW, FED.replace(name="other bets"))))
    assert not np.array_equal(base.values("value", "reps"), other.values("value", "reps"))


# -- What is said -------------------------------------------------------------------------------


def test_units_months_and_shares_of_a_fed_plan() -> None:
    result = run(PLANS["fed"])
    units = result.units
    ads = units[units["channel"] == "ads"]
    assert (ads["units"] == 20).all()
    assert (ads["value"] == 0.0).all()
    np.testing.assert_allclose(ads["spend"], 200_000.0)
    for name in ("reps", "portfolio"):
        listed = units if name == "portfolio" else units[units["channel"] == name]
        value = listed.groupby("scenario")["value"].sum().to_numpy()
        np.testing.assert_allclose(value, result.values("value", name)[: value.size], rtol=1e-12)
        share = [gtm.top_share(part, 0.01) for _, part in listed.groupby("scenario")]
        found = result.values("top_share", name)[: len(share)]
        np.testing.assert_allclose(found, share, rtol=1e-9)
    months = result.by_month().loc["ads"]
    assert not months[["value_p10", "value_p90"]].to_numpy().any()
    assert months["spend_p50"].sum() == pytest.approx(200_000.0)
    table = result.summary(intervals=True)
    assert math.isnan(table["top_share", "estimate"]["ads"])
    assert table["hit_rate", "estimate"]["ads"] == pytest.approx(0.4, abs=0.02)
    assert np.isnan(result.values("top_share", "ads")).all()
    with pytest.raises(
        gtm.MetricError, match="must exist in some scenario, and ads never has a value to divide by"
    ):
        result.interval("top_share", "ads")


def test_a_summary_is_that_of_its_scenarios() -> None:
    kept = run(PLANS["everything"])
    slim = gtm.simulate_portfolio(PLANS["everything"], scenarios=1_000, rng=5, keep="summary")
    assert same_summary(kept, slim)
    assert kept.scenarios == 1_000
    assert set(METRICS) == set(kept.to_dataframe()["reps"].columns)
    with pytest.raises(gtm.MetricError, match="must exist in some scenario, and ads never"):
        slim.interval("top_share_p50", "ads")
