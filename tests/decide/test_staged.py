"""What learning is worth: staging, shares for pilots, and budgets that move."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import gtmsim as gtm
from gtmsim.decide.staged import explore_share, reallocate, staging_by_tail, value_of_staging
from gtmsim.decide.staged.policies import POLICIES, History, Prior
from gtmsim.errors import ArgumentError, ArgumentTypeError
from gtmsim.plan import CampaignProgram, Plan, SalesTeam, Staging

STAGING = Staging(
    pilot_spend=1_000, period=3, kill_share=0.8, signal_noise=0.5, scale_elasticity=0.8, recycle=1.0
)
BETS = CampaignProgram(
    name="bets",
    campaigns=40,
    spend=10_000,
    launch="even",
    multiple=gtm.Pareto(tail_index=1.5, minimum=0.5),
    staging=STAGING,
)
SCENARIOS = 4_000


def plan_of(staging: dict[str, Any] | None = None, **changes: Any) -> Plan:
    staged = STAGING.replace(**staging) if staging else STAGING
    return Plan(horizon=24, channels=[BETS.replace(staging=staged, **changes)])


# -- The value of staging -------------------------------------------------------------------------


def test_staging_pays_under_a_heavy_tail() -> None:
    found = value_of_staging(plan_of(), scenarios=SCENARIOS, rng=1)
    same = found.differences.loc["same spend at once"]
    assert same["net_p50", "low"] > 0.0
    assert same["wins", "low"] > 0.8
    spend = found.table["spend", "estimate"]
    assert spend["same spend at once"] == pytest.approx(spend["staged"])
    assert spend["all at once"] == pytest.approx(40 * 10_000)
    assert " ".join(repr(found).split()).startswith(found.verdict)
    assert "Staging changes the median net of 'bets' by +" in found.verdict


def test_the_figures_are_those_of_a_simulation() -> None:
    plan = plan_of()
    found = value_of_staging(plan, "bets", scenarios=SCENARIOS, rng=1)
    result = gtm.simulate_portfolio(plan, scenarios=SCENARIOS, rng=1)
    interval = result.interval("net_p50")
    for end in ("estimate", "low", "high"):
        cell = found.table.loc["staged", ("net_p50", end)]
        assert cell == pytest.approx(getattr(interval, end))


def test_staging_that_kills_none_at_once_changes_nothing() -> None:
    """Both sides have the same campaigns with the same luck, to the last bit."""
    idle = {"kill_share": 0.0, "pilot_months": 0, "period": 1, "signal_noise": 0.0, "recycle": 0.0}
    found = value_of_staging(plan_of(idle), scenarios=1_000, rng=1)
    apart = found.differences.xs("estimate", axis=1, level=1).drop(columns="net_mean")
    assert (apart.loc["all at once"] == 0.0).all()
    np.testing.assert_allclose(apart.loc["same spend at once", "net_p50"], 0.0, atol=1.0)
    learning = value_of_staging(plan_of(), scenarios=1_000, rng=1).differences
    assert (learning.xs("estimate", axis=1, level=1).drop(columns="net_mean") != 0.0).all(axis=None)


def test_pairing_narrows_the_interval() -> None:
    found = value_of_staging(plan_of(), scenarios=SCENARIOS, rng=1)
    cells = found.table["net_p50"]
    alone = [cells.loc[row, "high"] - cells.loc[row, "low"] for row in ("staged", "all at once")]
    apart = found.differences.loc["all at once", "net_p50"]
    assert apart["high"] - apart["low"] < np.hypot(*alone)


# -- It grows with the tail -----------------------------------------------------------------------


def test_the_value_of_staging_grows_with_the_tail() -> None:
    found = staging_by_tail(plan_of(), None, (1.1, 1.5, 2.0, 3.0, 5.0), scenarios=SCENARIOS, rng=1)
    gain = found.table["gain"]
    # Each step is beyond both intervals.
    assert (gain["low"].to_numpy()[:-1] > gain["high"].to_numpy()[1:]).all()
    assert gain["low"].iloc[0] > 0.5
    assert gain["high"].iloc[-1] < 0.0, "noise and saturation cost more than a light tail gives"
    assert found.table["best_fifth", "estimate"].is_monotonic_decreasing
    np.testing.assert_allclose(found.table["once_mean", "estimate"], 0.97, atol=0.01)
    assert found.verdict.startswith("With a tail index of 5 the best fifth of campaigns holds 28%")


def test_without_a_rule_the_tail_makes_no_difference() -> None:
    """The negative control: it is learning that grows, not the comparison."""
    idle = {"kill_share": 0.0, "pilot_months": 0, "period": 1}
    found = staging_by_tail(plan_of(idle), None, (1.1, 5.0), scenarios=1_000, rng=1)
    np.testing.assert_allclose(found.table["gain", "estimate"], 0.0, atol=1e-6)


def test_means_follow_the_closed_form_of_a_power_law() -> None:
    """The best fifth of many campaigns returns 0.2 ** (-1 / alpha) as much for each 1 spent."""
    exact = {"signal_noise": 0.0, "scale_elasticity": None, "period": 24, "pilot_months": 0}
    plan = plan_of(exact, campaigns=2_000, launch=0)
    plan = plan.replace(channels=[plan.channels[0].replace(spend=1e9)])  # pilots cost nothing
    for index in (1.3, 2.0, 4.0):
        table = staging_by_tail(plan, None, (index,), scenarios=1_000, rng=1).table
        lift = table["staged_mean", "estimate"] / table["once_mean", "estimate"]
        assert lift[index] == pytest.approx(0.2 ** (-1.0 / index), rel=2e-3)
        assert lift[index] != pytest.approx(0.25 ** (-1.0 / index), rel=2e-2)


# -- Shares for pilots ----------------------------------------------------------------------------


def test_explore_share_peaks_inside_and_grows_with_tail_and_horizon() -> None:
    plan = plan_of({"recycle": 0.0}, campaigns=20, half_life=3.0)
    found = explore_share(
        plan, None, (0.1, 0.5, 0.9), horizons=(12, 24), tail_indices=(1.2, 3.0),
        scenarios=2_000, rng=1,
    )  # fmt: skip
    worth = found.table["learning", "estimate"]
    for horizon in (12, 24):
        heavy = worth.loc[1.2, horizon]
        assert heavy.idxmax() == 0.5
        assert heavy[0.5] > 2.0 * max(heavy[0.9], 0.0)
        assert heavy[0.0] == 0.0
        assert heavy[0.5] > worth.loc[3.0, horizon][0.5] + 10_000.0
    assert worth.loc[1.2, 24][0.5] > worth.loc[1.2, 12][0.5]
    assert found.table.loc[(1.2, 12, 0.5), ("campaigns", "estimate")] == 100.0
    assert found.best.index.tolist() == [(1.2, 12), (1.2, 24), (3.0, 12), (3.0, 24)]
    assert "for pilots is best at the median" in found.verdict
    assert " ".join(repr(found).split()).startswith(found.verdict)


def test_the_best_share_is_judged_on_fresh_numbers() -> None:
    found = explore_share(plan_of({"recycle": 0.0}), None, (0.3, 0.6), scenarios=1_000, rng=1)
    (key,) = found.best.index
    share = float(found.best["share", "estimate"][key])
    row = found.table.loc[(*key, share)]
    assert row["value_p50", "estimate"] == found.table["value_p50", "estimate"].max()
    assert row["value_p50", "estimate"] != found.best["value_p50", "estimate"][key]


# -- Budgets that move ----------------------------------------------------------------------------


def programs(luck: float, **changes: Any) -> Plan:
    fields = {
        "campaigns": 40,
        "spend": 10_000,
        "multiple": gtm.LogNormal(median=1.0, sigma=1.0),
        "shared_luck": luck,
        **changes,
    }
    team = SalesTeam(name="reps", hires=1, quota=1e6, loaded_cost=2e5)
    bets = [CampaignProgram(name=name, **fields) for name in ("video", "search", "events")]
    return Plan(horizon=24, channels=[team, *bets])


def test_moving_a_budget_pays_where_there_is_something_to_learn() -> None:
    gains = {}
    for luck in (0.0, 0.3, 0.8):
        found = reallocate(programs(luck), scenarios=SCENARIOS, rng=1)
        gains[luck] = found.table["gain"]
        assert found.table["gain", "estimate"]["inert"] == 0.0
    for luck in (0.3, 0.8):
        assert gains[luck]["low"]["thompson"] > gains[luck]["high"]["proportional"] > 0.0
    assert gains[0.8]["low"]["thompson"] > gains[0.3]["high"]["thompson"]
    nothing = gains[0.0]["estimate"]
    assert nothing["thompson"] == pytest.approx(0.0, abs=1e-3), "nothing to learn, nothing to move"
    assert gains[0.0]["low"]["proportional"] < 0.0, "it takes luck for skill"


def test_saturation_makes_moving_worth_less() -> None:
    size = {"reference_spend": 10_000, "spend_elasticity": 0.7}
    free = reallocate(programs(0.5), scenarios=SCENARIOS, rng=1).table["gain"]
    bound = reallocate(programs(0.5, **size), scenarios=SCENARIOS, rng=1).table["gain"]
    assert bound["high"]["thompson"] < free["low"]["thompson"]


def test_inert_is_the_simulation_of_the_plan() -> None:
    plan = programs(0.4, half_life=2.0, lag=1, incrementality=0.8, hit_rate=0.5)
    plan = plan.replace(discount_rate=0.1, market_volatility=0.2, channels=plan.channels[1:])
    found = reallocate(plan, ("inert",), scenarios=20_000, rng=3).table.loc["inert"]
    result = gtm.simulate_portfolio(plan, scenarios=20_000, rng=3)
    for figure in ("value_p10", "value_p50", "value_p90"):
        truth = result.interval(figure)
        cell = found[figure]
        assert max(truth.low, cell["low"]) <= min(truth.high, cell["high"])
    other = gtm.simulate_portfolio(plan.replace(discount_rate=0.3), scenarios=20_000, rng=3)
    assert other.interval("value_p50").high < found["value_p50"]["low"]


def test_shares_add_up_and_keep_the_floor() -> None:
    found = reallocate(programs(0.8), months=6, floor=0.3, scenarios=1_000, rng=1)
    np.testing.assert_allclose(found.shares.sum(axis=1), 1.0)
    assert len(found.shares) == 3 * 4
    assert (found.shares.to_numpy() >= 0.1 - 1e-12).all()
    fixed = reallocate(programs(0.8), floor=1.0, scenarios=1_000, rng=1).table["gain"]
    np.testing.assert_allclose(fixed["estimate"], 0.0, atol=1e-6)


def test_noise_and_horizon_change_what_is_learnt() -> None:
    clear = reallocate(programs(0.5), scenarios=SCENARIOS, rng=1).table["gain"]
    noisy = reallocate(programs(0.5), signal_noise=5.0, scenarios=SCENARIOS, rng=1).table["gain"]
    late = reallocate(programs(0.5), months=12, scenarios=SCENARIOS, rng=1).table["gain"]
    for other in (noisy, late):
        assert other["high"]["thompson"] < clear["low"]["thompson"]
    assert noisy["low"]["thompson"] > 0.0


def test_thompson_is_the_conjugate_posterior() -> None:
    """Ten hits of a lognormal against the posterior on a grid of log L."""
    sigma, m, v = 0.6, 0.3, 0.8
    logs = np.random.default_rng(5).normal(m + 0.4, np.sqrt(v), 10)
    grid = np.linspace(-4.0, 4.0, 40_001)
    log_density = -0.5 * ((grid + 0.5 * sigma**2) / sigma) ** 2
    log_density -= 0.5 * np.sum((logs[:, None] - m - grid) ** 2, axis=0) / v
    density = np.exp(log_density - log_density.max())
    # A rival that is known to be worth exp(0.2).
    chance = density[grid > 0.2].sum() / density.sum()
    prior = Prior(
        np.array([sigma, 0.0]), np.array([m, m]), np.array([v, v]), np.array([1.0, np.exp(0.2)])
    )
    nothing = np.zeros((1, 2))
    seen = History(nothing, nothing, np.array([[10.0, 0.0]]), np.array([[logs.sum(), 0.0]]))
    normals = np.random.default_rng(6).normal(size=(1, 200_000, 2))
    shares = POLICIES["thompson"](prior, seen, np.ones(2), normals)
    assert shares[0, 0] == pytest.approx(chance, abs=4.0 * 0.5 / np.sqrt(200_000))
    fewer = seen._replace(hits=np.array([[5.0, 0.0]]), logs=seen.logs / 2.0)
    assert abs(POLICIES["thompson"](prior, fewer, np.ones(2), normals)[0, 0] - chance) > 0.01


def test_the_same_seed_gives_the_same_table() -> None:
    one, again = (reallocate(programs(0.5), scenarios=1_000, rng=4) for _ in range(2))
    assert one.table.equals(again.table)
    assert not one.table.equals(reallocate(programs(0.5), scenarios=1_000, rng=5).table)
    workers = [value_of_staging(plan_of(), scenarios=1_000, rng=4, workers=n) for n in (1, 2)]
    assert workers[0].table.equals(workers[1].table)


# -- Refused --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ask", "error", "message"),
    [
        (lambda: value_of_staging(BETS), ArgumentTypeError, "plan: must be a Plan"),
        (
            lambda: value_of_staging(plan_of(), "others"),
            ArgumentError,
            "channel: must name a staged program: bets, got 'others'",
        ),
        (
            lambda: value_of_staging(programs(0.1)),
            ArgumentError,
            "channel: must name a staged program: the plan has none",
        ),
        (
            lambda: value_of_staging(plan_of(), scenarios=10),
            ArgumentError,
            "scenarios: must be at l",
        ),
        (
            lambda: staging_by_tail(plan_of(), None, (0.9,)),
            ArgumentError,
            r"tail_indices\[0\]: must be above 1 without a cap",
        ),
        (
            lambda: staging_by_tail(plan_of(multiple=gtm.LogNormal(median=1.0, sigma=1.0))),
            ArgumentError,
            r"tail_indices\[0\]: must be of a program whose multiple is a Pareto or Lomax law",
        ),
        (
            lambda: staging_by_tail(plan_of(multiple=gtm.Pareto(tail_index=0.8))),
            ArgumentError,
            r"tail_indices\[0\]: must be varied from a law with a mean",
        ),
        (
            lambda: staging_by_tail(plan_of(), None, "1.5"),
            ArgumentTypeError,
            "tail_indices: must be a sequence of numbers",
        ),
        (
            lambda: explore_share(plan_of(), None, ()),
            ArgumentError,
            "shares: must have at least one number",
        ),
        (
            lambda: explore_share(plan_of(), None, (1.0,)),
            ArgumentError,
            r"shares\[0\]: must be above 0 and below 1",
        ),
        (
            lambda: explore_share(plan_of(launch=(3,) * 40)),
            ArgumentError,
            "channel: must be of a program with one launch for all",
        ),
        (
            lambda: reallocate(plan_of()),
            ArgumentError,
            "plan: must have two programs or more",
        ),
        (
            lambda: reallocate(Plan(horizon=24, channels=[BETS, BETS.replace(name="others")])),
            ArgumentError,
            "plan: must have programs without staging",
        ),
        (
            lambda: reallocate(programs(0.1, multiple=gtm.Pareto(tail_index=1.0))),
            ArgumentError,
            "plan: must have programs whose multiples have a mean",
        ),
        (
            lambda: reallocate(programs(0.1), ("greedy",)),
            ArgumentError,
            r"policies\[0\]: must be one of 'inert', 'proportional', 'thompson', got 'greedy'",
        ),
        (
            lambda: reallocate(programs(0.1), "inert"),
            ArgumentTypeError,
            "policies: must be a sequence of names",
        ),
        (lambda: reallocate(programs(0.1), ()), ArgumentError, "policies: must have at least one"),
        (
            lambda: reallocate(programs(0.1), scenarios=300_000),
            ArgumentError,
            "scenarios: must make at most 30,000,000 campaigns",
        ),
    ],
)
def test_what_cannot_be_answered_is_refused(ask: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        ask()
