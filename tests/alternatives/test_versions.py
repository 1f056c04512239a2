"""Which version a block takes, what is recorded of it, and what is refused."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from gtmsim import ScipyDistribution, simulate_portfolio
from gtmsim.alternatives import plan_of_block, version_of_block, versions_digest
from gtmsim.core.streams import LANES
from gtmsim.errors import ArgumentError, ArgumentTypeError, MetricError
from gtmsim.result import PortfolioResult
from tests.alternatives.plans import PLAN, PR, RUN, SOCIAL, TEAM, VARIED, alone, bets, same_bits
from tests.laws import expect_proportion, rejects


@pytest.fixture(scope="module")
def varied() -> PortfolioResult:
    return simulate_portfolio(PLAN, scenarios=RUN, rng=7, workers=1, alternatives=VARIED)


def test_versions_are_equally_likely_and_those_of_channels_apart():
    blocks, count = 6_000, 3
    one, other = (
        np.array([version_of_block(7, name, b, count) for b in range(blocks)])
        for name in ("paid social", "PR")
    )
    for version in range(count):
        expect_proportion(int(np.sum(one == version)), blocks, 1 / 3)
    # One block says nothing of the next, and one channel nothing of another.
    expect_proportion(int(np.sum(one == other)), blocks, 1 / 3)
    expect_proportion(int(np.sum(one[1::2] == one[::2])), blocks // 2, 1 / 3)
    rejects(expect_proportion, int(np.sum(one == one)), blocks, 1 / 3)
    assert version_of_block(7, "PR", 2**33, 10**6) != version_of_block(8, "PR", 2**33, 10**6)


def test_a_block_is_that_of_a_plan_with_its_versions(varied):
    plans = [plan_of_block(PLAN, VARIED, varied.seed, block) for block in range(6)]
    assert len({plan.plan_hash for plan in plans}) > 3
    for block, plan in enumerate(plans):
        plain = simulate_portfolio(plan, scenarios=(block + 1) * LANES, rng=7)
        part = slice(block * LANES, (block + 1) * LANES)
        for name in varied.distributions.names:
            assert same_bits(varied, plain, name, part)
    wrong = simulate_portfolio(plans[1], scenarios=LANES, rng=7)
    assert not same_bits(varied, wrong, "portfolio", slice(0, LANES))


def test_one_version_as_in_the_plan_is_the_plain_run():
    plain = simulate_portfolio(PLAN, scenarios=RUN, rng=7)
    single = {channel.name: [channel] for channel in PLAN.channels}
    result = simulate_portfolio(PLAN, scenarios=RUN, rng=7, alternatives=single)
    for name in plain.distributions.names:
        assert same_bits(plain, result, name, slice(None))
    pd.testing.assert_frame_equal(plain.by_month(), result.by_month(), rtol=0, atol=0)
    other = {"PR": [PLAN["PR"].replace(hit_rate=0.16)]}
    near = simulate_portfolio(PLAN, scenarios=RUN, rng=7, alternatives=other)
    assert not same_bits(plain, near, "portfolio", slice(None))


def test_no_alternatives_are_none_at_all():
    plain, empty = (
        simulate_portfolio(PLAN, scenarios=200, rng=7, alternatives=a) for a in (None, {})
    )
    assert same_bits(plain, empty, "portfolio", slice(None))
    assert "alternatives" not in plain.manifest
    assert plain.alternatives == {}
    assert "parameters" not in repr(plain)


def test_units_are_those_of_the_scenarios(varied):
    units = varied.units
    assert units["scenario"].max() < LANES
    for scenario in (0, 17, 99):
        own = units[units["scenario"] == scenario].groupby("channel")
        assert own["units"].sum().to_dict() == {c.name: c.units for c in PLAN.channels}
        for metric in ("value", "spend"):
            kept = {name: varied.values(metric, str(name))[scenario] for name in own.groups}
            pd.testing.assert_series_equal(
                own[metric].sum(), pd.Series(kept), check_names=False, check_like=True, rtol=1e-9
            )
    plain = simulate_portfolio(PLAN, scenarios=LANES, rng=7).units
    assert not np.array_equal(plain["value"], units["value"])


def test_the_manifest_records_the_versions(varied):
    manifest = json.loads(json.dumps(varied.manifest))
    assert manifest["plan_hash"] == PLAN.plan_hash
    assert {name: m["versions"] for name, m in manifest["alternatives"].items()} == {
        "paid social": 3,
        "PR": 2,
        "enterprise": 2,
    }
    assert manifest["alternatives"]["PR"]["sha256"] == versions_digest(PR)
    assert versions_digest(PR) != versions_digest(PR[::-1])
    assert versions_digest(PR) != versions_digest(PR[:1])


def test_a_result_replays_itself(varied):
    again = simulate_portfolio(
        varied.plan, scenarios=RUN, rng=varied.seed, alternatives=varied.alternatives
    )
    assert same_bits(varied, again, "portfolio", slice(None))
    assert again.manifest == varied.manifest


def test_text_and_html_say_that_parameters_vary(varied):
    line = "parameters of paid social: 3 versions, PR: 2 versions, enterprise: 2 versions"
    assert line in repr(varied).splitlines()
    assert line in varied._repr_html_()


def test_validation_is_of_one_plan(varied):
    rule = r"alternatives: must be empty to validate: .*validate a run of the plan without them"
    with pytest.raises(MetricError, match=rule):
        varied.validate()


LATE = PLAN["PR"].replace(launch=24)
LONG_RAMP = PLAN["enterprise"].replace(ramp=30.0)


@pytest.mark.parametrize(
    ("alternatives", "error", "message"),
    [
        (
            [("PR", PR)],
            ArgumentTypeError,
            r"alternatives: must map names to versions, got .*write \{'paid social': \[channel",
        ),
        (
            {"P R": PR},
            ArgumentError,
            r"alternatives: must name channels: mid-market, .*, got 'P R' \(did you mean 'PR'",
        ),
        ({7: PR}, ArgumentError, r"alternatives: must name channels: .*, got 7"),
        ({"portfolio": PR}, ArgumentError, r"alternatives: must name channels: .*'portfolio'"),
        (
            {"PR": PR[0]},
            ArgumentTypeError,
            r"alternatives\['PR'\]: must be a sequence of channels, .*write \[channel\]",
        ),
        ({"PR": "PR"}, ArgumentTypeError, r"alternatives\['PR'\]: must be a sequence of channels"),
        ({"PR": []}, ArgumentError, r"alternatives\['PR'\]: must have at least one version, got"),
        (
            {"PR": [PR[0], 0.2]},
            ArgumentTypeError,
            r"alternatives\['PR'\]\[1\]: must be a SalesTeam or a CampaignProgram, got 0.2",
        ),
        (
            {"PR": [TEAM[0].replace(name="PR")]},
            ArgumentError,
            r"alternatives\['PR'\]\[0\].kind: must be 'campaigns', as in the plan, got 'sales'",
        ),
        (
            {"PR": [PR[0].replace(name="press")]},
            ArgumentError,
            r"alternatives\['PR'\]\[0\].name: must be 'PR', as in the plan, got 'press'",
        ),
        (
            {"paid social": [*SOCIAL, SOCIAL[0].replace(campaigns=299)]},
            ArgumentError,
            r"alternatives\['paid social'\]\[3\].campaigns: must be 300, as in the plan, got 299",
        ),
        (
            {"enterprise": [TEAM[0].replace(hires=3)]},
            ArgumentError,
            r"alternatives\['enterprise'\]\[0\].hires: must be 4, as in the plan, got 3",
        ),
        (
            {"PR": [PR[0], LATE]},
            ArgumentError,
            r"alternatives\['PR'\]\[1\].launch: must be below the horizon of 24 months, got 24",
        ),
        (
            {"enterprise": [LONG_RAMP]},
            ArgumentError,
            r"alternatives\['enterprise'\]\[0\].ramp.months: must not be longer than the horizon",
        ),
    ],
)
def test_what_does_not_fit_is_named(
    alternatives: Any, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        simulate_portfolio(PLAN, scenarios=64, rng=7, alternatives=alternatives)


def test_a_version_that_cannot_be_compiled_is_named():
    odd = bets(multiple=ScipyDistribution.from_frozen(stats.halfnorm()))
    rule = r"alternatives\['bets'\]\[0\]\.multiple: must have a quantile function that a table"
    with pytest.raises(ArgumentError, match=rule):
        simulate_portfolio(alone(bets()), scenarios=64, rng=7, alternatives={"bets": [odd]})
