"""Every rule of every field: what is said when it is broken."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import stats

from gtmsim.errors import ArgumentError, PlanError
from gtmsim.plan import CampaignProgram, Plan, Ramp, SalesTeam
from tests.test_plan import BETS, TEAM, messages, plan

TEAM_RULES = [
    ("name", "", "name: must not be blank, got ''"),
    ("name", " ", "name: must not be blank, got ' '"),
    ("name", 3, "name: must be text, got 3"),
    ("name", b"reps", "name: must be text, got b'reps'"),
    (
        "name",
        "portfolio",
        "name: must not be 'portfolio', which stands for all channels, got 'portfolio' (rename it)",
    ),
    ("kind", "campaigns", "kind: must be 'sales', got 'campaigns'"),
    ("hires", 0, "hires: must be at least 1, got 0"),
    ("hires", 100_001, "hires: must be at most 100000, got 100001"),
    ("hires", [], "hires: must have at least 1 of them, got ()"),
    ("hires", 2.5, "hires: must be a whole number, or a list, got 2.5"),
    ("hires", "two", "hires: must be a whole number, or a list, got 'two'"),
    ("hires", [0, 1.5], "hires[1]: must be a whole number, got 1.5"),
    ("hires", [0, True], "hires[1]: must be a whole number, got True"),
    ("hires", [600], "hires[0]: must be at most 599, got 600"),
    ("hires", [-1201], "hires[0]: must be at least -1200, got -1201"),
    ("quota", 0, "quota: must be above 0, got 0"),
    ("quota", 1e16, "quota: must be at most 1e+15, got 1e+16"),
    ("quota", float("nan"), "quota: must be finite, got nan"),
    ("quota", float("inf"), "quota: must be finite, got inf"),
    ("quota", np.float64("nan"), "quota: must be finite, got nan"),
    ("quota", True, "quota: must be a number, got True"),
    ("quota", np.bool_(True), "quota: must be a number, got True"),
    ("quota", "800k", "quota: must be a number, got '800k'"),
    ("quota", None, "quota: must be a number, got None"),
    ("margin", 0, "margin: must be above 0, got 0"),
    ("margin", 1e-10, "margin: must be at least 1e-09 if it is above 0, got 1e-10"),
    ("margin", 78, "margin: must be at most 1, got 78 (write 0.78 for 78 %)"),
    ("margin", 101, "margin: must be at most 1, got 101"),
    ("loaded_cost", -1, "loaded_cost: must be above 0, got -1"),
    ("loaded_cost", 1e-7, "loaded_cost: must be at least 1e-06, got 1e-07"),
    ("hiring_cost", -1, "hiring_cost: must be at least 0, got -1"),
    ("attainment", 0, "attainment: must be above 0, got 0"),
    ("attainment", 1e-300, "attainment: must be at least 1e-09 if it is above 0, got 1e-300"),
    ("attainment", 75, "attainment: must be at most 10, got 75"),
    ("skill_cv", -0.1, "skill_cv: must be at least 0, got -0.1"),
    ("skill_cv", 40, "skill_cv: must be at most 10, got 40"),
    ("luck_cv", -0.1, "luck_cv: must be at least 0, got -0.1"),
    ("luck_cv", 40, "luck_cv: must be at most 10, got 40"),
    ("attrition", 1.0, "attrition: must be below 1, got 1.0"),
    ("attrition", 30, "attrition: must be at most 1, got 30 (write 0.3 for 30 %)"),
    ("attrition", -0.3, "attrition: must be at least 0, got -0.3"),
    ("backfill_months", -1, "backfill_months: must be at least 0, got -1"),
    ("backfill_months", 1.5, "backfill_months: must be a whole number, got 1.5"),
    ("backfill_months", 601, "backfill_months: must be at most 600, got 601"),
    ("returns_to_scale", 0, "returns_to_scale: must be above 0, got 0"),
    ("returns_to_scale", 2.1, "returns_to_scale: must be at most 2, got 2.1"),
    ("recognition", "cash", "recognition: must be 'bookings' or 'recurring', got 'cash'"),
    (
        "annual_churn",
        0.12,
        "annual_churn: must be 0 with recognition 'bookings', got 0.12"
        " (set recognition = 'recurring')",
    ),
    ("annual_churn", 12, "annual_churn: must be at most 1, got 12 (write 0.12 for 12 %)"),
    ("market_loading", 11, "market_loading: must be at most 10, got 11"),
    ("market_loading", -11, "market_loading: must be at least -10, got -11"),
    ("ramp", "slow", "ramp: must be a table of keys, got 'slow'"),
    ("ramp", -1, "ramp.months: must be at least 0, got -1"),
    ("ramp", True, "ramp.months: must be a number, got True"),
    ("ramp", {"month": 3}, "ramp.month: must be a key of Ramp, got 3 (did you mean 'months'?)"),
    ("quotas", 3, "quotas: must be a key of SalesTeam, got 3 (did you mean 'quota'?)"),
    ("self", 3, "self: must be a key of SalesTeam, got 3"),
]
PROGRAM_RULES = [
    ("name", "portfolio", "name: must not be 'portfolio'"),
    ("campaigns", 0, "campaigns: must be at least 1, got 0"),
    ("campaigns", 10_000_001, "campaigns: must be at most 1e+07, got 10000001"),
    ("campaigns", 2.5, "campaigns: must be a whole number, got 2.5"),
    ("spend", 0, "spend: must be above 0, got 0"),
    ("spend", -5, "spend: must be above 0, got -5"),
    ("spend", "5k", "spend: must be a number, or a list, got '5k'"),
    ("spend", [1, -2, 3], "spend[1]: must be above 0, got -2"),
    (
        "spend",
        [1, 2],
        "spend: must have one entry for each of 3 campaigns, got (1.0, 2.0) (it has 2)",
    ),
    ("launch", "now", "launch: must be 'even', or a whole number, or a list, got 'now'"),
    ("launch", "3", "launch: must be 'even', or a whole number, or a list, got '3'"),
    ("launch", 2.5, "launch: must be 'even', or a whole number, or a list, got 2.5"),
    ("launch", -1, "launch: must be at least 0, got -1"),
    ("launch", [0, "1", 2], "launch[1]: must be a whole number, got '1'"),
    ("launch", [0, -1, 2], "launch[1]: must be at least 0, got -1"),
    ("launch", [0], "launch: must have one entry for each of 3 campaigns, got (0,) (it has 1)"),
    ("hit_rate", 0, "hit_rate: must be above 0, got 0"),
    ("hit_rate", 1.2, "hit_rate: must be at most 1, got 1.2 (write 0.012 for 1.2 %)"),
    ("hit_rate", np.float64(1.2), "hit_rate: must be at most 1, got 1.2 (write 0.012 for 1.2 %)"),
    ("multiple", 3, "multiple: must be a table of keys, got 3"),
    ("multiple", {}, "multiple.family: must be given, got None"),
    (
        "multiple",
        {"family": "lomx"},
        "multiple.family: must be one of 'pareto', 'lomax', 'lognormal', 'spliced', 'empirical',"
        " 'scipy', got 'lomx'",
    ),
    (
        "multiple",
        {"family": "pareto", "tail_index": 0},
        "multiple.tail_index: must be at least 0.1, got ",
    ),
    ("multiple", stats.poisson(3), "multiple.name: must be"),
    ("multiple", stats.norm(3), "multiple.name: must not reach below 0"),
    ("cap", 0, "cap: must be above 0, got 0"),
    ("cap", float("inf"), "cap: must be finite, got inf"),
    ("incrementality", -0.1, "incrementality: must be at least 0, got -0.1"),
    ("incrementality", 1e-99, "incrementality: must be at least 1e-09 if it is above 0, got 1e-99"),
    ("incrementality", 11, "incrementality: must be at most 10, got 11"),
    (
        "reference_spend",
        10,
        "spend_elasticity: must not be 1 with reference_spend, got 1.0 (leave out reference_spend)",
    ),
    ("reference_spend", 0, "reference_spend: must be above 0, got 0"),
    (
        "spend_elasticity",
        0.8,
        "spend_elasticity: must be 1 without reference_spend, got 0.8 (give reference_spend)",
    ),
    ("spend_elasticity", 0, "spend_elasticity: must be above 0, got 0"),
    ("spend_elasticity", 2.1, "spend_elasticity: must be at most 2, got 2.1"),
    ("shared_luck", -0.1, "shared_luck: must be at least 0, got -0.1"),
    ("shared_luck", 5.1, "shared_luck: must be at most 5, got 5.1"),
    ("lag", -1, "lag: must be at least 0, got -1"),
    ("lag", 0.5, "lag: must be a whole number, got 0.5"),
    ("half_life", -1, "half_life: must be at least 0, got -1"),
    (
        "slow_half_life",
        6,
        "fast_share: must be below 1 with slow_half_life, got 1.0 (leave out slow_half_life)",
    ),
    ("slow_half_life", 0, "slow_half_life: must be above 0, got 0"),
    (
        "fast_share",
        0.3,
        "fast_share: must be 1 without slow_half_life, got 0.3 (give slow_half_life)",
    ),
    ("fast_share", 30, "fast_share: must be at most 1, got 30 (write 0.3 for 30 %)"),
    ("overhead", -1, "overhead: must be at least 0, got -1"),
    (
        "hitrate",
        0.5,
        "hitrate: must be a key of CampaignProgram, got 0.5 (did you mean 'hit_rate'?)",
    ),
]


@pytest.mark.parametrize(("field", "value", "message"), TEAM_RULES)
def test_rule_of_a_team(field: str, value: Any, message: str) -> None:
    with pytest.raises(PlanError) as error:
        SalesTeam(**{**TEAM, field: value})
    assert messages(error)[0].startswith(f"SalesTeam.{message}")
    with pytest.raises(PlanError) as error:
        plan(BETS, {**TEAM, field: value})
    expected = f"channels[1].{message}"
    if field == "kind":
        # A table of the other kind is read as that kind.
        expected = "channels[1].campaigns: must be given"
    assert any(line.startswith(expected) for line in messages(error))


@pytest.mark.parametrize(("field", "value", "message"), PROGRAM_RULES)
def test_rule_of_a_program(field: str, value: Any, message: str) -> None:
    with pytest.raises(PlanError) as error:
        CampaignProgram(**{**BETS, field: value})
    assert message in messages(error)[0]
    with pytest.raises(PlanError) as error:
        plan(TEAM, {**BETS, field: value})
    assert messages(error)[0].startswith("channels[1].")
    assert message in messages(error)[0]
    assert len(messages(error)) == 1


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"months": -1}, "months: must be at least 0, got -1"),
        ({"months": 601}, "months: must be at most 600, got 601"),
        ({"months": 3, "shape": "cubic"}, "shape: must be 'linear', 'logistic' or 'gompertz'"),
        ({"months": 3, "start": 50}, "start: must be at most 1, got 50 (write 0.5 for 50 %)"),
        ({"start": 0.5}, "start: must be 0 while months is 0, got 0.5 (set months)"),
        ({"shape": "logistic"}, "shape: must be 'linear' while months is 0, got 'logistic'"),
        ({"curve": []}, "curve: must have at least 1 of them, got ()"),
        ({"curve": [0, 30]}, "curve[1]: must be at most 1, got 30 (write 0.3 for 30 %)"),
        ({"curve": [0, 1e-12]}, "curve[1]: must be at least 1e-09 if it is above 0, got 1e-12"),
        ({"curve": [0, 1], "months": 3}, "curve: must stand alone, got (0.0, 1.0)"),
        (
            {"curve": [1], "months": 3, "start": 0.5},
            "curve: must stand alone, got (1.0,) (leave out months and start)",
        ),
    ],
)
def test_rule_of_a_ramp(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(PlanError) as error:
        Ramp(**fields)
    assert messages(error)[0].startswith(f"Ramp.{message}")


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("name", " ", "name: must not be blank, got ' '"),
        ("horizon", 0, "horizon: must be at least 1, got 0"),
        ("horizon", 601, "horizon: must be at most 600, got 601"),
        ("horizon", 12.5, "horizon: must be a whole number, got 12.5"),
        ("horizon", "year", "horizon: must be a whole number, got 'year'"),
        ("channels", [], "channels: must have at least 1 of them, got ()"),
        ("channels", "reps", "channels: must be a list, got 'reps'"),
        ("channels", [3], "channels[0]: must be a SalesTeam, a CampaignProgram or a table of keys"),
        ("channels", [{}], "channels[0].kind: must be 'sales' or 'campaigns', got None"),
        (
            "channels",
            [{"kind": "sale"}],
            "channels[0].kind: must be 'sales' or 'campaigns', got 'sale' (did you mean 'sales'?)",
        ),
        ("market_volatility", -0.1, "market_volatility: must be at least 0, got -0.1"),
        ("market_volatility", 10, "market_volatility: must be at most 5, got 10"),
        ("discount_rate", -0.1, "discount_rate: must be at least 0, got -0.1"),
        ("discount_rate", 11, "discount_rate: must be at most 10, got 11"),
        ("target", 0, "target: must be above 0, got 0"),
        ("basis", "", "basis: must not be blank, got ''"),
        ("currency", "", "currency: must not be blank, got ''"),
        ("targt", 3, "targt: must be a key of Plan, got 3 (did you mean 'target'?)"),
    ],
)
def test_rule_of_a_plan(field: str, value: Any, message: str) -> None:
    with pytest.raises(PlanError) as error:
        plan(**{field: value})
    assert messages(error)[0].startswith(message)
    assert len(messages(error)) == 1


@pytest.mark.parametrize("model", [SalesTeam, CampaignProgram, Plan])
def test_required_fields(model: type) -> None:
    required = {
        SalesTeam: ["name", "hires", "quota", "loaded_cost"],
        CampaignProgram: ["name", "campaigns", "spend", "multiple"],
        Plan: ["horizon", "channels"],
    }[model]
    with pytest.raises(PlanError) as error:
        model()
    assert [p.path.rpartition(".")[2] for p in error.value.problems] == required
    assert all(p.rule == "must be given" for p in error.value.problems)


@pytest.mark.parametrize("tenure", [[0.5], ["a"], [float("nan")]])
def test_tenure_is_counted_in_whole_months(tenure: list[Any]) -> None:
    with pytest.raises(ArgumentError, match="tenure: must be whole months"):
        Ramp(months=3).productivity(tenure)


def test_pydantic_errors_never_leave() -> None:
    with pytest.raises(PlanError, match="horizon: must be at least 1, got 0"):
        Plan.model_validate({"horizon": 0})
    with pytest.raises(PlanError, match="Plan: must be a table of keys, got 3"):
        Plan.model_validate(3)
    with pytest.raises(PlanError, match="Plan: must be JSON"):
        Plan.model_validate_json("{")
    with pytest.raises(PlanError, match="channels: must be given"):
        Plan.model_validate_json('{"horizon": 12}')


def test_names_are_printable() -> None:
    for name in ("two\nlines", "\ud800"):
        with pytest.raises(PlanError, match=r"SalesTeam\.name: must be printable text"):
            SalesTeam(**TEAM | {"name": name})
