"""Fields by path, and the ranges of assumptions."""

from __future__ import annotations

import math
from typing import Any

import pytest

import gtmsim as gtm
from gtmsim import CampaignProgram, Empirical, Pareto, Plan
from gtmsim.decide.sensitivity import get_field, set_fields
from gtmsim.decide.sensitivity.fields import is_number
from gtmsim.decide.sensitivity.ranges import FACTORS, Omitted, assumptions

PLAN = gtm.presets.example_plan()


def by_path(plan: Plan = PLAN, *arguments: Any) -> dict[str, Any]:
    varied, omitted = assumptions(plan, *arguments)
    return {found.path: found for found in (*varied, *omitted)}


# -- Setting ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("market_volatility", 0.3),
        ("target", 5e6),
        ("PR.hit_rate", 0.2),
        ("PR.multiple.tail_index", 1.4),
        ("mid-market.ramp.months", 7.0),
        ("mid-market.recognition", "recurring"),
        ("content.lag", 3),
        ("paid social.launch", 5),
        ("PR.mean", 2.5),
        ("paid social.mean", 0.4),
    ],
)
def test_what_is_set_is_read_again_and_nothing_else_moves(path: str, value: Any) -> None:
    changed = set_fields(PLAN, {path: value})
    assert get_field(changed, path) == pytest.approx(value) if is_number(value) else value
    owner = path.partition(".")[0]
    for channel in PLAN.channels:
        assert (changed[channel.name] == channel) == (
            channel.name != owner or get_field(PLAN, path) == value
        )
    assert set_fields(PLAN, {}) == PLAN


def test_several_fields_are_set_at_once_and_the_mean_last() -> None:
    # Each alone would break a rule.
    changed = set_fields(PLAN, {"content.slow_half_life": 20, "content.fast_share": 0.4})
    assert changed["content"].fast_share == 0.4
    changed = set_fields(PLAN, {"PR.mean": 1.5, "PR.hit_rate": 0.3, "PR.cap": 50})
    program = changed["PR"]
    assert isinstance(program, CampaignProgram)
    assert program.hit_rate * program.multiple.mean(50.0) == pytest.approx(1.5)
    ramp = set_fields(PLAN, {"mid-market.ramp.months": 4, "mid-market.ramp.shape": "logistic"})
    assert (get_field(ramp, "mid-market.ramp.shape"), get_field(ramp, "mid-market.quota")) == (
        "logistic",
        800_000.0,
    )


def test_a_channel_with_a_dot_in_its_name_is_found() -> None:
    bet = CampaignProgram(name="a", campaigns=1, spend=1.0, multiple=Pareto(tail_index=2.0))
    plan = Plan(horizon=3, channels=[bet, bet.replace(name="a.b", hit_rate=0.5)])
    changed = set_fields(plan, {"a.b.hit_rate": 0.25, "a.hit_rate": 0.75})
    assert [channel.hit_rate for channel in changed.channels] == [0.75, 0.25]


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        (
            {"PR.hitrate": 0.1},
            gtm.ArgumentError,
            r"path: must be a field of the plan .*'PR.hitrate' \(did you mean 'PR.hit_rate'\?\)",
        ),
        ({"PR.means": 0.1}, gtm.ArgumentError, r"did you mean 'PR.mean'"),
        ({"market_volatilty": 0.1}, gtm.ArgumentError, r"did you mean 'market_volatility'"),
        ({"SEO.alpha.beta": 1}, gtm.ArgumentError, r"a channel is one of mid-market, enterprise"),
        ({"channels": ()}, gtm.ArgumentError, r"path: must be a field"),
        ({"PR.name": "x"}, gtm.ArgumentError, r"path: must be a field"),
        ({"PR.multiple.sigma": 1.0}, gtm.ArgumentError, r"path: must be a field"),
        ({"mid-market.mean": 1.0}, gtm.ArgumentError, r"path: must be a field"),
        ({7: 1.0}, gtm.ArgumentError, r"path: must be a field .*got 7"),
        ({"PR.hit_rate": 1.5}, gtm.PlanError, r"PR.hit_rate: must be at most 1, got 1.5"),
        (
            {"PR.multiple.tail_index": 0.01},
            gtm.PlanError,
            r"PR.multiple.tail_index: must be at least 0.1, got 0.01",
        ),
        ({"mid-market.ramp.months": -1}, gtm.PlanError, r"mid-market.ramp.months: must be at"),
        ({"PR.lag": 30}, gtm.PlanError, r"channels\[4\].lag: must be below the horizon"),
        ({"PR.mean": 1e6}, gtm.ArgumentError, r"PR.mean: must be below 45, .*raise the cap"),
        ({"PR.mean": "high"}, gtm.ArgumentTypeError, r"PR.mean: must be a number, got 'high'"),
        (3, gtm.ArgumentTypeError, r"changes: must map paths to values, got 3 \(write \{'PR"),
    ],
)
def test_bad_change_is_named(changes: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        set_fields(PLAN, changes)


def test_a_path_is_not_a_plan() -> None:
    with pytest.raises(gtm.ArgumentTypeError, match=r"plan: must be a Plan.*Plan.from_toml"):
        set_fields("plan.toml", {})  # type: ignore[arg-type]


# -- Ranges -------------------------------------------------------------------------------------


def test_every_number_that_is_believed_is_there() -> None:
    found = by_path()
    for name in ("hit_rate", "multiple.tail_index", "cap", "incrementality", "shared_luck", "mean"):
        assert f"PR.{name}" in found
    for name in (
        "attainment",
        "skill_cv",
        "luck_cv",
        "ramp.months",
        "attrition",
        "quota",
        "margin",
    ):
        assert f"mid-market.{name}" in found
    assert {"market_volatility", "content.lag", "content.half_life"} <= set(found)
    # What is decided is not, and neither is what the mean moves.
    decided = {"PR.campaigns", "PR.spend", "mid-market.hires", "horizon", "discount_rate", "target"}
    assert not decided & set(found)
    assert "PR.multiple.scale" not in found
    assert "paid social.multiple.median" not in found


def test_documented_ranges_are_relative_and_bounded() -> None:
    found = by_path()
    rate = found["PR.hit_rate"]
    assert (rate.low, rate.high) == pytest.approx((0.6 * 0.15, 1.3 * 0.15))
    assert "presets" in found["PR.multiple.tail_index"].source
    assert found["PR.cap"].source == "illustrative"
    assert (found["content.lag"].low, found["content.lag"].high) == (3, 9)
    assert isinstance(found["content.lag"].low, int)
    sure = by_path(set_fields(PLAN, {"PR.hit_rate": 0.9}))["PR.hit_rate"]
    assert (sure.low, sure.high) == pytest.approx((0.54, 1.0))
    assert all(0.0 < factors.low < 1.0 < factors.high for factors in FACTORS.values())


def test_without_a_mean_the_scale_is_varied() -> None:
    plan = set_fields(PLAN, {"PR.multiple.tail_index": 0.9, "PR.cap": None})
    found = by_path(plan)
    assert isinstance(found["PR.mean"], Omitted)
    assert found["PR.mean"].reason == "is not a finite number: give its range"
    assert found["PR.multiple.scale"].high == pytest.approx(1.25 * 3.37)


def test_what_is_not_in_the_plan_is_said() -> None:
    found = by_path()
    assert found["PR.lag"] == Omitted("PR.lag", 0, "is 0 in the plan: give its range")
    assert found["PR.slow_half_life"].reason == "is not in the plan: give its range"
    one = by_path(set_fields(PLAN, {"PR.lag": 1}), {"PR.lag": (0.9, 1.2)})["PR.lag"]
    assert one.reason == "its range holds 1 alone: give a wider one"


def test_given_ranges_come_first_then_those_of_versions() -> None:
    versions = {"PR": tuple(PLAN["PR"].replace(hit_rate=i / 100) for i in range(10, 21))}
    found = by_path(PLAN, {"PR.spend": (30_000, 50_000)}, versions)
    assert found["PR.spend"][1:] == (40_000.0, 30_000.0, 50_000.0, "given")
    rate, mean = found["PR.hit_rate"], found["PR.mean"]
    assert (rate.low, rate.high, rate.source) == pytest.approx((0.11, 0.19, "11 versions"))
    # The multiple is the same in all of them, so the mean goes with the hit rate.
    assert (mean.low / rate.low, mean.source) == pytest.approx((mean.high / rate.high, rate.source))
    # They do not differ in the cap, of which its documented range is left.
    assert found["PR.cap"].source == "illustrative"
    both = by_path(PLAN, {"PR.hit_rate": (0.05, 0.5)}, versions)
    assert both["PR.hit_rate"].source == "given"


def test_only_some_are_kept() -> None:
    assert list(by_path(PLAN, None, None, ["PR.hit_rate"])) == ["PR.hit_rate"]
    found = by_path(PLAN, None, None, ["PR.campaigns"])["PR.campaigns"]
    assert (found.low, found.high, found.source) == (10, 15, "illustrative")


@pytest.mark.parametrize(
    ("ranges", "only", "error", "message"),
    [
        ({"PR.hit": (0, 1)}, None, gtm.ArgumentError, r"path: .*did you mean 'PR.hit_rate'"),
        (
            {"PR.hit_rate": 0.1},
            None,
            gtm.ArgumentTypeError,
            r"ranges\['PR.hit_rate'\]: must be a p",
        ),
        ({"PR.hit_rate": (0.1,)}, None, gtm.ArgumentTypeError, r"must be a pair of numbers"),
        (
            {"PR.hit_rate": (0.1, "b")},
            None,
            gtm.ArgumentTypeError,
            r"ranges\['PR.hit_rate'\]\[1\]: must be a number, got 'b'",
        ),
        ({"PR.hit_rate": (0.2, 0.1)}, None, gtm.ArgumentError, r"must ascend.*lower end first"),
        ([1], None, gtm.ArgumentTypeError, r"ranges: must map paths to pairs of numbers"),
        (None, "PR.hit_rate", gtm.ArgumentTypeError, r"only: must be a sequence of paths"),
        (None, [], gtm.ArgumentError, r"only: must have at least one path"),
        (None, ["PR.hit"], gtm.ArgumentError, r"path: .*did you mean 'PR.hit_rate'"),
    ],
)
def test_bad_range_is_named(ranges: Any, only: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        assumptions(PLAN, ranges, None, only)


def test_empirical_laws_are_varied_by_their_mean() -> None:
    bet = CampaignProgram(name="bet", campaigns=1, spend=1.0, multiple=Empirical(values=[1.0, 3.0]))
    found = by_path(Plan(horizon=3, channels=[bet]))["bet.mean"]
    assert (found.low, found.high) == pytest.approx((0.9, 4.8))
    assert math.isclose(get_field(Plan(horizon=3, channels=[bet]), "bet.mean"), 2.0)
