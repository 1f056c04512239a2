"""What an answer says, that it can be simulated again, and what objectives make of a problem."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import gtmsim as gtm
from gtmsim import CampaignProgram, Empirical, LogNormal, Lomax, Pareto, Plan
from gtmsim.decide.allocation import (
    Allocation,
    Bounds,
    Fixed,
    Kelly,
    MeanLessCVaR,
    Median,
    ProbAtLeast,
    Quantile,
    allocate,
)
from gtmsim.decide.allocation.objectives import Objective, Sample
from gtmsim.errors import ArgumentError, ArgumentTypeError, InfeasibleError, MetricError
from gtmsim.plan import Staging
from tests.decide.allocation.cases import BINARY, bets, reps

CHANNELS = [
    reps("team", hires=2, attrition=0.4, hiring_cost=5.0, quota=140.0),
    bets("even", campaigns=3, multiple=LogNormal(median=1.0, sigma=0.8), shared_luck=0.5),
    bets("heavy", campaigns=4, hit_rate=0.15, multiple=Lomax(tail_index=1.6, scale=6.0)),
]
PLAN = Plan(horizon=6, channels=CHANNELS, target=800.0, market_volatility=0.2, discount_rate=0.1)


def best(objective: Any, **options: Any) -> Allocation:
    fields: dict[str, Any] = {"budget": 1_000.0, "channels": PLAN, "scenarios": 2_000, "rng": 5}
    return allocate(**{**fields, "objective": objective, **options})


FOUND = best(ProbAtLeast())


def test_the_plan_is_worth_what_the_answer_says() -> None:
    assert FOUND.plan is not None
    assert FOUND.plan.target == 800.0
    for seed, value in ((FOUND.seed, FOUND.in_sample), (FOUND.fresh_seed, FOUND.value.estimate)):
        result = gtm.simulate_portfolio(FOUND.plan, scenarios=2_000, rng=seed)
        assert np.mean(result.values() >= 800.0) == value
    assert FOUND.seed != FOUND.fresh_seed


def test_scaled_spend_is_worth_what_its_simulation_says() -> None:
    channels = [
        CHANNELS[0],
        CHANNELS[1].replace(reference_spend=150.0, spend_elasticity=0.7, overhead=7.0),
        CHANNELS[2].replace(spend=(50.0, 70.0, 90.0, 10.0)),
    ]
    plan = PLAN.replace(channels=channels)
    decide = {"even": "both", "heavy": "spend"}
    found = best(Quantile(0.8), channels=plan, decide=decide)
    assert found.plan is not None
    result = gtm.simulate_portfolio(found.plan, scenarios=2_000, rng=found.fresh_seed)
    assert found.value.estimate == pytest.approx(result.quantile(0.8, "net"), rel=1e-9)
    assert np.isnan(found.table().loc["heavy", "spend_each"])


def test_money_is_accounted_for() -> None:
    table = FOUND.table()
    assert FOUND.plan is not None
    exact = gtm.simulate_portfolio(FOUND.plan, scenarios=1_000, rng=1).exact["spend_mean"]
    for name in table.index[table["size"] > 0]:
        assert table.loc[name, "spend"] == pytest.approx(exact[name])
        assert table.loc[name, "share"] == table.loc[name, "spend"] / 1_000.0
    assert table["spend"].sum() + FOUND.slack == pytest.approx(1_000.0)
    assert FOUND.slack > 0.0
    assert len(FOUND.slack_reasons) == 3
    assert any("costs" in reason and "is left" in reason for reason in FOUND.slack_reasons)


def test_the_optimum_is_compared_on_fresh_numbers() -> None:
    table = FOUND.comparison()
    others = ["the starting plan", "an equal split", "a random search"]
    assert list(table.index) == ["optimum", *others]
    assert table.loc["optimum", "fresh"] == FOUND.value.estimate
    assert (table["in_sample"] <= FOUND.in_sample).all()
    start = gtm.simulate_portfolio(PLAN, scenarios=2_000, rng=FOUND.fresh_seed)
    row = table.loc["the starting plan"]
    assert row["fresh"] == np.mean(start.values() >= 800.0)
    assert row["advantage"] == pytest.approx(FOUND.value.estimate - row["fresh"])
    assert row["advantage_low"] > 0.0
    # Scenarios are shared, so the difference is known better than either.
    width = row["advantage_high"] - row["advantage_low"]
    apart = math.hypot(row["fresh_high"] - row["fresh_low"], 2.0 * FOUND.value.half_width)
    assert width < apart


def test_channels_without_a_plan_are_no_start() -> None:
    found = best(Median(), channels=CHANNELS, horizon=6)
    assert list(found.comparison().index) == ["optimum", "an equal split", "a random search"]


def test_what_the_last_unit_adds() -> None:
    row = FOUND.table().loc["even"]
    assert row["unit"] == "campaign"
    assert FOUND.plan is not None
    channels = [
        c.replace(campaigns=c.campaigns - 1) if isinstance(c, CampaignProgram) and c.name == "even"
        else c
        for c in FOUND.plan.channels
    ]  # fmt: skip
    less = gtm.simulate_portfolio(
        FOUND.plan.replace(channels=channels), scenarios=2_000, rng=FOUND.fresh_seed
    )
    without = np.mean(less.values() >= 800.0)
    assert row["marginal"] == pytest.approx(FOUND.value.estimate - without)
    assert row["marginal_low"] < row["marginal"] < row["marginal_high"]


def test_an_answer_in_words() -> None:
    assert FOUND.verdict.endswith("%).")
    assert "P(value at least 800) is" in FOUND.verdict
    assert FOUND.verdict in repr(FOUND)
    text = FOUND.explain()
    for part in ("is placed", "Against the starting plan: ", "an equal split", "fresh ones"):
        assert part in text


def test_a_seed_gives_the_answer_again_and_another_does_not() -> None:
    again, other = best(ProbAtLeast()), best(ProbAtLeast(), rng=6)
    assert again.table().equals(FOUND.table())
    assert again.comparison().equals(FOUND.comparison())
    assert other.value.estimate != FOUND.value.estimate


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (Median(), Quantile(0.9)),
        (Quantile(0.1, "value"), Quantile(0.1)),
        (ProbAtLeast(50.0, "net"), ProbAtLeast(50.0)),
        (ProbAtLeast(800.0), ProbAtLeast(2_500.0)),
        (MeanLessCVaR(0.0), MeanLessCVaR(2.0)),
        (MeanLessCVaR(0.8, 0.02), MeanLessCVaR(0.8, 0.9)),
        (Kelly(1_001.0), Kelly(100_000.0)),
        (Kelly(1_001.0), MeanLessCVaR(1.0)),
    ],
    ids=lambda objective: objective.label(),
)
def test_every_objective_and_parameter_moves_the_optimum(one: Any, other: Any) -> None:
    first, second = (list(best(objective).table()["size"]) for objective in (one, other))
    assert first != second


def test_the_target_of_the_call_comes_before_that_of_the_plan() -> None:
    assert best(ProbAtLeast(), target=900.0).objective == "P(value at least 900)"
    assert best(ProbAtLeast(850.0), target=900.0).objective == "P(value at least 850)"


def test_figures_of_a_sample() -> None:
    sample = Sample(np.array([1.0, 4.0, 2.0, 3.0]), np.ones(4), mean=7.0)
    assert Median().estimate(sample) == 1.5
    assert Quantile(0.5, "value").estimate(sample) == 2.5
    assert ProbAtLeast(3.0).estimate(sample) == 0.5
    assert ProbAtLeast(3.0, "net").estimate(sample) == 0.25
    assert MeanLessCVaR(2.0, 0.5).estimate(sample) == 7.0 + 2.0 * 0.5
    assert MeanLessCVaR(0.0).label() == "mean net"
    no_exact_mean = Sample(sample.value, sample.spend, mean=sample.value - sample.spend)
    assert MeanLessCVaR(2.0, 0.5).estimate(no_exact_mean) == 1.5 + 2.0 * 0.5
    assert Kelly(1.0).estimate(sample) == pytest.approx(np.log([1.0, 4.0, 2.0, 3.0]).mean())
    assert Kelly(0.5).label() == "mean log of wealth from 0.5"


def test_what_breaks_ties_is_less_than_a_scenario() -> None:
    rng = np.random.default_rng(3)
    near, far = (Sample(rng.uniform(0.0, high, 500), np.ones(500)) for high in (4.9, 0.1))
    goal = ProbAtLeast(5.0)
    assert goal.estimate(near) == goal.estimate(far) == 0.0
    assert 1.0 / 500.0 > goal.score(near) - goal.score(far) > 0.0


def test_ruin_has_no_width() -> None:
    figure = Kelly(1.0).figure(Sample(np.array([0.0, 4.0]), np.ones(2)), 0.95)
    assert figure.interval.estimate == -math.inf
    assert figure.interval.method == "ruin"


def test_an_objective_of_ones_own_is_not_taken_half_done() -> None:
    class HalfDone(Objective):
        def label(self) -> str:
            return "half done"

    for kind in (Objective, HalfDone):
        with pytest.raises(TypeError, match="abstract"):
            kind()


# -- Channels that hang together, and staged ones -------------------------------------------------


def coupled() -> Plan:
    team = reps("team", hires=2, pipeline=150.0)
    leads = bets("leads", campaigns=2, feeds="team", multiple=LogNormal(median=2.0, sigma=0.5))
    return Plan(horizon=6, channels=[team, leads, bets("even", multiple=BINARY)])


@pytest.mark.parametrize("objective", [Median("value"), MeanLessCVaR(0.2)])
def test_channels_that_feed_a_team_are_simulated_with_it(objective: Any) -> None:
    some = [Bounds("team", low=1, high=3), Fixed("even")]
    found = best(
        objective, channels=coupled(), decide={"leads": "spend"}, constraints=some, scenarios=1_000
    )
    assert found.plan is not None
    result = gtm.simulate_portfolio(found.plan, scenarios=1_000, rng=found.fresh_seed)
    if isinstance(objective, Median):
        assert found.value.estimate == pytest.approx(result.quantile(0.5), rel=1e-9)
    else:
        # The team has no exact mean, the bet has one.
        team = float(result.values("value", "team").mean())
        spent = float(result.exact["spend_mean"]["portfolio"])
        mean = team + 1.5 * 100.0 - spent + 0.2 * result.cvar(0.95)
        assert found.value.estimate == pytest.approx(mean, rel=1e-9)


def test_leads_are_not_bought_for_nobody() -> None:
    with pytest.raises(InfeasibleError, match="leads: must feed a team that has somebody in it"):
        best(Median(), channels=coupled(), constraints=[Fixed("leads"), Bounds("team", high=0)])
    found = best(Median(), channels=coupled(), constraints=[Bounds("team", high=0)])
    assert found.table().loc["leads", "size"] == 0


def test_a_staged_program_has_as_many_campaigns_as_its_reviews_allow() -> None:
    staging = Staging(pilot_spend=10.0, kill_share=0.3, period=6)
    staged = bets("staged", campaigns=6, launch=0, staging=staging)
    plan = Plan(horizon=6, channels=[staged, reps("team")])
    found = best(Quantile(0.6), channels=plan)
    size = found.table().loc["staged", "size"]
    # Three tenths of fewer than four are no whole campaign, and that is no plan.
    assert size == 0 or size >= 4
    assert found.plan is not None
    result = gtm.simulate_portfolio(found.plan, scenarios=2_000, rng=found.fresh_seed)
    assert found.value.estimate == pytest.approx(result.quantile(0.6, "net"), rel=1e-9)


# -- What cannot be asked -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"budget": 0.0}, "budget: must be above 0"),
        ({"scenarios": 10}, "scenarios: must be at least 1000"),
        ({"level": 1.0}, "level: must be above 0 and below 1"),
        ({"rng": -1}, "rng: must be at least 0"),
        ({"horizon": 7}, r"horizon: must be the plan's, 6, got 7 \(leave it out"),
        ({"channels": CHANNELS}, "horizon: must be given with a sequence of channels"),
        ({"channels": CHANNELS, "horizon": 6}, r"target: must be given for P\(at least target\)"),
        ({"decide": {"nobody": "spend"}}, "channel: must be one of team, even, heavy"),
        ({"decide": {"team": "spend"}}, r"decide\['team'\]: must be one of 'hires', got 'spend'"),
        (
            {"decide": {"even": "hires"}},
            r"decide\['even'\]: must be one of 'campaigns', 'spend', '",
        ),
    ],
)
def test_an_argument_out_of_its_range(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        best(ProbAtLeast(), **options)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"objective": "median"}, "objective: must be Median, Quantile, ProbAtLeast, MeanLessCVaR"),
        ({"channels": "team"}, "channels: must be a Plan or a sequence of channels"),
        ({"decide": "spend"}, "decide: must map names of channels to kinds"),
        ({"target": "much"}, "target: must be a number"),
    ],
)
def test_an_argument_of_the_wrong_type(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ArgumentTypeError, match=message):
        best(**{"objective": ProbAtLeast(), **options})


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Quantile(1.0), "q: must be above 0 and below 1"),
        (lambda: Median("profit"), "metric: must be 'net' or 'value', got 'profit'"),
        (lambda: Quantile(0.5, "profit"), "metric: must be 'net' or 'value'"),
        (lambda: ProbAtLeast(math.inf), "target: must be finite"),
        (lambda: ProbAtLeast(1.0, "profit"), "metric: must be 'net' or 'value'"),
        (lambda: MeanLessCVaR(-1.0), "weight: must be at least 0"),
        (lambda: MeanLessCVaR(1.0, 0.0), "tail: must be above 0 and below 1"),
        (lambda: Kelly(0.0), "bankroll: must be above 0"),
    ],
)
def test_an_objective_that_makes_no_sense(make: Any, message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        make()


def test_lists_of_spends_and_launches_leave_the_number_fixed() -> None:
    for name, value in (("spend", (1.0, 2.0)), ("launch", (0, 1))):
        channels = [bets("listed", campaigns=2, **{name: value})]
        rule = rf"decide\['listed'\]: must be 'spend' for a program that lists the {name} of each"
        with pytest.raises(ArgumentError, match=rule):
            best(Median(), channels=channels, horizon=6)
        found = best(Median(), channels=channels, horizon=6, constraints=[Fixed("listed")])
        assert found.slack_reasons == ("listed is fixed",)


def test_a_staged_program_keeps_its_spend() -> None:
    staged = bets("staged", campaigns=9, staging=Staging(pilot_spend=10.0, threshold=1.0))
    with pytest.raises(ArgumentError, match="must be 'campaigns' for a staged program, got 'both'"):
        best(Median(), channels=[staged], horizon=6, decide={"staged": "both"})


def test_a_mean_that_does_not_exist_is_refused() -> None:
    wild = bets("wild", multiple=Pareto(tail_index=0.9))
    match = r"objective: must not be a mean here: wild has tail index 0\.9, so it has none"
    with pytest.raises(MetricError, match=match):
        best(MeanLessCVaR(), channels=[wild], horizon=6)
    capped = best(MeanLessCVaR(), channels=[wild.replace(cap=50.0)], horizon=6)
    assert math.isfinite(capped.value.estimate)
    none_of_it = [Bounds("wild", high=0)]
    found = best(MeanLessCVaR(), channels=[wild, bets("even")], horizon=6, constraints=none_of_it)
    assert math.isfinite(found.value.estimate)


def test_a_mean_that_is_not_known_is_refused() -> None:
    from scipy import stats

    odd = bets("odd", multiple=stats.gamma(2.0))
    with pytest.raises(MetricError, match="whether odd has one is not known"):
        best(MeanLessCVaR(), channels=[odd], horizon=6)


def test_a_target_that_no_scenario_reaches() -> None:
    sure = bets("sure", multiple=Empirical(values=(2.0,)))
    match = (
        r"^target: must be reached in some scenario; the nearest mix brings 2,000 at the most, "
        r"500 short, got 2500\.0 \(lower it\)$"
    )
    with pytest.raises(InfeasibleError, match=match):
        best(ProbAtLeast(2_500.0), channels=[sure], horizon=6)


def test_a_plan_that_must_ruin() -> None:
    with pytest.raises(InfeasibleError, match="objective: must leave wealth above 0 in every scen"):
        best(Kelly(50.0), channels=[bets("binary")], horizon=6, constraints=[Fixed("binary")])
