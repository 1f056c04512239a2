"""The same bits whatever the workers, the chunks, the length of the run and the other channels."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import gtmsim as gtm
from gtmsim.core.streams import LANES
from gtmsim.presets import example_plan
from gtmsim.result import PortfolioResult
from gtmsim.simulate import run as running
from gtmsim.simulate import simulator
from gtmsim.summary import METRICS

RUN = 12_000
PREFIX = 5_001


def same_scenarios(one: PortfolioResult, other: PortfolioResult, channel: str, n: int) -> bool:
    return all(
        np.array_equal(one.values(m, channel)[:n], other.values(m, channel)[:n], equal_nan=True)
        for m in METRICS
    )


def same_summary(one: PortfolioResult, other: PortfolioResult) -> bool:
    a, b = one.distributions, other.distributions
    rows = [
        (x.row(r), y.row(r))
        for x, y in ((a.totals, b.totals), *((a.months[m], b.months[m]) for m in a.months))
        for r in range(x.rows)
    ]
    return a.scenarios == b.scenarios and all(
        np.array_equal(x.counts, y.counts)
        and np.array_equal(x.lower, y.lower)
        and np.array_equal(x.sums, y.sums)
        and (x.minimum, x.maximum) == (y.minimum, y.maximum)
        for x, y in rows
    )


@pytest.fixture(scope="module")
def plan() -> gtm.Plan:
    return example_plan()


@pytest.fixture(scope="module")
def reference(plan: gtm.Plan) -> PortfolioResult:
    return gtm.simulate_portfolio(plan, scenarios=RUN, rng=11, workers=1)


@pytest.mark.parametrize("workers", [1, 2, 3])
def test_workers_do_not_change_a_bit(
    plan: gtm.Plan, reference: PortfolioResult, workers: int
) -> None:
    result = gtm.simulate_portfolio(plan, scenarios=RUN, rng=11, workers=workers)
    assert all(same_scenarios(reference, result, c, RUN) for c in reference.distributions.names)
    assert same_summary(reference, result)


@pytest.mark.parametrize("chunk", [LANES, 3 * LANES, 64 * LANES])
def test_task_sizes_do_not_change_a_bit(
    plan: gtm.Plan,
    reference: PortfolioResult,
    chunk: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(simulator, "_chunk_size", lambda compiled: chunk)
    result = gtm.simulate_portfolio(plan, scenarios=RUN, rng=11, workers=2)
    assert all(same_scenarios(reference, result, c, RUN) for c in reference.distributions.names)
    assert same_summary(reference, result)


def test_a_shorter_run_is_the_prefix_of_a_longer_one(
    plan: gtm.Plan, reference: PortfolioResult
) -> None:
    result = gtm.simulate_portfolio(plan, scenarios=PREFIX, rng=11)
    assert all(same_scenarios(result, reference, c, PREFIX) for c in result.distributions.names)


def test_first_10_000_of_100_000_are_those_of_a_shorter_run() -> None:
    plan = gtm.Plan(horizon=9, channels=[gtm.presets.content_seo(campaigns=40)])
    short = gtm.simulate_portfolio(plan, scenarios=10_000, rng=3)
    long = gtm.simulate_portfolio(plan, scenarios=100_000, rng=3, workers=2)
    assert same_scenarios(short, long, "portfolio", 10_000)


def test_other_channels_do_not_change_a_channel(plan: gtm.Plan, reference: PortfolioResult) -> None:
    extra = gtm.presets.events(campaigns=5, name="trade fairs")
    for channels in (
        plan.channels[::-1],
        (*plan.channels, extra),
        (extra, *plan.channels[1:]),
        plan.channels[2:],
    ):
        result = gtm.simulate_portfolio(plan.replace(channels=channels), scenarios=RUN, rng=11)
        kept = [c.name for c in channels if c.name != extra.name]
        assert kept
        assert all(same_scenarios(reference, result, name, RUN) for name in kept)


def test_keeping_scenarios_does_not_change_the_summary(
    plan: gtm.Plan, reference: PortfolioResult
) -> None:
    result = gtm.simulate_portfolio(plan, scenarios=RUN, rng=11, keep="summary", workers=2)
    assert same_summary(reference, result)


def test_the_comparisons_can_fail(plan: gtm.Plan, reference: PortfolioResult) -> None:
    other = gtm.simulate_portfolio(plan, scenarios=RUN, rng=12)
    renamed = plan.replace(
        channels=[plan.channels[0].replace(name="another name"), *plan.channels[1:]]
    )
    result = gtm.simulate_portfolio(renamed, scenarios=RUN, rng=11)
    assert not same_scenarios(reference, other, "portfolio", RUN)
    assert not same_summary(reference, other)
    assert not np.array_equal(
        reference.values("value", plan.channels[0].name), result.values("value", "another name")
    )


def test_any_rng_is_recorded_as_a_seed_that_replays_it(plan: gtm.Plan) -> None:
    for rng in (None, 0, 7, np.random.SeedSequence(5), np.random.default_rng(5)):
        first = gtm.simulate_portfolio(plan, scenarios=64, rng=rng)
        again = gtm.simulate_portfolio(plan, scenarios=64, rng=first.seed)
        assert same_scenarios(first, again, "portfolio", 64)


# -- With alternatives, a version of each for every block ----------------------------------------


@pytest.fixture(scope="module")
def versions(plan: gtm.Plan) -> dict[str, list[gtm.CampaignProgram | gtm.SalesTeam]]:
    return {
        "PR": [plan["PR"].replace(hit_rate=rate) for rate in (0.05, 0.15, 0.3)],
        # The second needs far more room for its best campaigns.
        "paid social": [
            plan["paid social"].replace(hit_rate=rate, launch=launch)
            for rate, launch in ((0.02, "even"), (0.9, 3))
        ],
        "enterprise": [plan["enterprise"].replace(attainment=mean) for mean in (0.5, 0.75, 1.0)],
    }


@pytest.fixture(scope="module")
def varied(plan: gtm.Plan, versions: dict[str, list[Any]]) -> PortfolioResult:
    return gtm.simulate_portfolio(plan, scenarios=RUN, rng=11, workers=1, alternatives=versions)


@pytest.mark.parametrize("workers", [1, 2, 3])
@pytest.mark.parametrize("chunk", [LANES, 3 * LANES])
def test_versions_stay_whatever_the_workers_and_chunks(
    plan: gtm.Plan,
    versions: dict[str, list[Any]],
    varied: PortfolioResult,
    workers: int,
    chunk: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(simulator, "_chunk_size", lambda compiled: chunk)
    monkeypatch.setattr(running, "_SHORTEST_TASK", 3 * LANES)
    result = gtm.simulate_portfolio(
        plan, scenarios=RUN, rng=11, workers=workers, alternatives=versions
    )
    assert all(same_scenarios(varied, result, c, RUN) for c in varied.distributions.names)
    assert same_summary(varied, result)


def test_versions_of_a_shorter_run_are_those_of_a_longer_one(
    plan: gtm.Plan, versions: dict[str, list[Any]], varied: PortfolioResult
) -> None:
    result = gtm.simulate_portfolio(plan, scenarios=PREFIX, rng=11, alternatives=versions)
    assert all(same_scenarios(result, varied, c, PREFIX) for c in result.distributions.names)


def test_other_channels_do_not_change_which_version_a_channel_takes(
    plan: gtm.Plan,
    versions: dict[str, list[Any]],
    varied: PortfolioResult,
    reference: PortfolioResult,
) -> None:
    extra = gtm.presets.events(campaigns=5, name="trade fairs")
    more = versions | {extra.name: [extra.replace(hit_rate=rate) for rate in (0.1, 0.9)]}
    for channels in ((*plan.channels, extra), (extra, *plan.channels[::-1]), plan.channels[2:]):
        names = {c.name for c in channels}
        result = gtm.simulate_portfolio(
            plan.replace(channels=channels),
            scenarios=RUN,
            rng=11,
            alternatives={name: own for name, own in more.items() if name in names},
        )
        for name in names - {extra.name}:
            assert same_scenarios(varied, result, name, RUN)
    # What has no alternatives is as it was, and what has them is not.
    for channel in plan.channels:
        same = same_scenarios(varied, reference, channel.name, RUN)
        assert same is (channel.name not in versions)


def test_the_summary_of_versions_is_that_of_their_scenarios(
    plan: gtm.Plan, versions: dict[str, list[Any]], varied: PortfolioResult
) -> None:
    result = gtm.simulate_portfolio(
        plan, scenarios=RUN, rng=11, keep="summary", alternatives=versions
    )
    assert same_summary(varied, result)
