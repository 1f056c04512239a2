"""Plan files: exact round trips, one clear report of what is wrong, nothing half-written."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest
from hypothesis import given, settings
from scipy import stats

from gtmsim.distributions import Empirical
from gtmsim.errors import ArgumentTypeError, PlanError, PlanFileError
from gtmsim.plan import CampaignProgram, Plan, SalesTeam
from gtmsim.presets import example_plan
from tests.strategies import plans

TEAM = SalesTeam(name="reps", hires=2, quota=800_000, loaded_cost=200_000)


def tables(plan: Plan) -> dict[str, Any]:
    return plan.model_dump()


@settings(max_examples=60)
@given(plan=plans())
def test_round_trip_is_exact(plan: Plan) -> None:
    again = Plan.from_toml_text(plan.to_toml())
    assert again == plan
    assert tables(again) == tables(plan)
    assert again.plan_hash == plan.plan_hash
    assert again.to_toml() == plan.to_toml()
    assert Plan.from_json_text(plan.to_json()) == plan
    jsonschema.validate(json.loads(plan.to_json()), Plan.json_schema())


@pytest.mark.parametrize("number", [0.1 + 0.2, 1.1e-6, np.nextafter(1.0, 2.0), 1 / 3, 5e14])
def test_floats_keep_every_bit(number: float) -> None:
    plan = Plan(horizon=12, channels=[TEAM.replace(quota=number)])
    for again in (Plan.from_toml_text(plan.to_toml()), Plan.from_json_text(plan.to_json())):
        assert again["reps"].quota.hex() == float(number).hex()


def test_scipy_and_empirical_multiples_round_trip() -> None:
    fields: dict[str, Any] = {"campaigns": 2, "spend": np.array([1.5, 2.5])}
    channels = [
        CampaignProgram(name="a", multiple=stats.burr12(2.0, 1.1, scale=0.3), **fields),
        CampaignProgram(name="b", multiple=Empirical(values=np.array([0.0, 0.1, 7.0])), **fields),
        CampaignProgram(name="c", multiple=stats.expon(), **fields),
    ]
    plan = Plan(horizon=np.int64(12), channels=channels, discount_rate=np.float32(0.1))
    assert Plan.from_toml_text(plan.to_toml()) == plan
    assert Plan.from_json_text(plan.to_json()) == plan


def test_toml_is_made_of_channel_tables() -> None:
    data = tomllib.loads(example_plan().to_toml())
    assert [channel["kind"] for channel in data["channels"]] == ["sales"] * 2 + ["campaigns"] * 3
    assert "[[channels]]" in example_plan().to_toml()


def test_inline_tables_sub_tables_and_numbers_are_equal() -> None:
    head = "horizon = 12\n[[channels]]\nkind = 'sales'\nname = 'reps'\nhires = 2\nquota = 8e5\n"
    head += "loaded_cost = 2e5\n"
    texts = [head + end for end in ("ramp = 3", "ramp = {months = 3}", "[channels.ramp]\nmonths=3")]
    first, *others = [Plan.from_toml_text(text) for text in texts]
    assert all(plan == first for plan in others)


def test_file_round_trip(tmp_path: Path) -> None:
    plan = example_plan()
    assert plan.to_toml(tmp_path / "plan.toml") == (tmp_path / "plan.toml").read_text("utf-8")
    plan.to_json(str(tmp_path / "plan.json"))
    assert Plan.from_toml(tmp_path / "plan.toml") == plan
    assert Plan.from_json(str(tmp_path / "plan.json")) == plan
    assert sorted(p.name for p in tmp_path.iterdir()) == ["plan.json", "plan.toml"]


def test_byte_order_mark_is_skipped(tmp_path: Path) -> None:
    path = tmp_path / "plan.toml"
    path.write_bytes(b"\xef\xbb\xbf" + example_plan().to_toml().encode())
    assert Plan.from_toml(path) == example_plan()


def test_failed_write_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "plan.toml"
    path.write_text("old")

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(PlanFileError, match=r"plan\.toml: must be a place where a file can be wri"):
        example_plan().to_toml(path)
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["plan.toml"]


def test_all_errors_of_a_file_come_together(tmp_path: Path) -> None:
    path = tmp_path / "plan.toml"
    path.write_text(
        """
horizon = 12
discount = 0.1

[[channels]]
kind = "sales"
name = "reps"
hires = [0, 12]
quota = -1
loaded_cost = nan

[[channels]]
kind = "campaigns"
name = "reps"
campaigns = 10
spend = 100
hit_rate = 1.2
launch = 12
lag = 2024-01-01
multiple = { family = "lomax", tail_index = 0, scale = 1 }
"""
    )
    with pytest.raises(PlanError) as error:
        Plan.from_toml(path)
    assert not isinstance(error.value, PlanFileError)
    starts = [
        "channels[0].quota: must be above 0, got -1",
        "channels[0].loaded_cost: must be finite, got nan",
        "channels[1].hit_rate: must be at most 1, got 1.2 (write 0.012 for 1.2 %)",
        "channels[1].multiple.tail_index: must be at least 0.1, got 0",
        "channels[1].lag: must be a whole number, got datetime.date(2024, 1, 1)",
        "channels[1].name: must be unique, and is the name of channels[0] already, got 'reps'"
        " (rename one of the two)",
        "discount: must be a key of Plan, got 0.1 (did you mean 'discount_rate'?)",
    ]
    lines = str(error.value).splitlines()
    assert len(lines) == len(starts)
    assert all(line.startswith(start) for line, start in zip(lines, starts, strict=True)), lines


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "horizon = 24\nhello world\n",
            "TOML text: must be TOML: expected '=' after a key in a key/value pair"
            " (at line 2, column 7), got 'hello world' (write keys as key = value,",
        ),
        ("a = [", "TOML text: must be TOML: invalid value (at end of document), got 'a = ['"),
        ("a = 1\na = 2", "cannot overwrite a value (at end of document), got 'a = 2'"),
        ("a = " + "[" * 5_000, "TOML text: must be TOML that is not nested this deep"),
        ("a = " + "1" * 5_000, "TOML text: must be TOML: "),
        ("%PDF-1.4 \x00", "TOML text: must be TOML: invalid statement (at line 1, column 1)"),
    ],
)
def test_not_toml(text: str, message: str) -> None:
    with pytest.raises(PlanFileError) as error:
        Plan.from_toml_text(text)
    assert message in str(error.value)
    assert len(error.value.problems) == 1


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("horizon = 24", "JSON text: must be JSON: expecting value: line 1 column 1"),
        ('{\n"a": }', "JSON text: must be JSON: expecting value: line 2 column 6"),
        (
            '{"horizon": 12,\n"channels": [{"name": "a", "name": "b"}]}',
            "JSON text: must be JSON: no key twice in an object: 'name', got ",
        ),
        ("[1]", "JSON text: must be a JSON object, got [1] (write an object:"),
        ("[" * 100_000, "JSON text: must be JSON that is not nested this deep"),
    ],
)
def test_not_json(text: str, message: str) -> None:
    with pytest.raises(PlanFileError) as error:
        Plan.from_json_text(text)
    assert message in str(error.value)


def test_unreadable_files(tmp_path: Path) -> None:
    missing = tmp_path / "plan.toml"
    with pytest.raises(PlanFileError) as error:
        Plan.from_toml(missing)
    rule = "must be a file that exists"
    fix = "(`gtmsim init` writes a plan to start from)"
    assert str(error.value) == f"{missing}: {rule}, got {str(missing)!r} {fix}"
    with pytest.raises(PlanFileError, match="must be a file that can be read"):
        Plan.from_toml(tmp_path)
    with pytest.raises(PlanFileError, match="must be a file that can be read"):
        Plan.from_json("a\0b")
    missing.write_bytes(b"name = '\xff'")
    with pytest.raises(PlanFileError, match=r"must be UTF-8 text, got 'byte 8' \(save it as plain"):
        Plan.from_toml(missing)
    missing.write_text("horizon")
    with pytest.raises(PlanFileError, match=r"plan\.toml: must be TOML: "):
        Plan.from_toml(missing)
    with pytest.raises(PlanFileError, match=r"x\.toml: must be a place where a file can be writ"):
        example_plan().to_toml(tmp_path / "no" / "x.toml")


@pytest.mark.parametrize("path", [None, 3, b"plan.toml"])
def test_path_of_the_wrong_type(path: Any) -> None:
    with pytest.raises(ArgumentTypeError, match="path: must be the path of a file, got"):
        Plan.from_toml(path)
    with pytest.raises(ArgumentTypeError, match="text: must be TOML text, got"):
        Plan.from_toml_text(path)
    if path is not None:
        with pytest.raises(ArgumentTypeError, match="path: must be the path of a file, got"):
            example_plan().to_toml(path)


def test_text_in_place_of_a_path() -> None:
    plan = example_plan()
    fix = r"\(from_toml_text and from_json_text read text\)$"
    for read, text in ((Plan.from_json, plan.to_json()), (Plan.from_toml, plan.to_toml())):
        with pytest.raises(ArgumentTypeError, match=f"path: must be the path of a file, .*{fix}"):
            read(text)


def test_json_schema() -> None:
    schema = Plan.json_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    data = json.loads(example_plan().to_json())
    assert validator.is_valid(data)
    data["channels"][0]["ramp"] = 3
    assert validator.is_valid(data)
    for broken in ({"horizon": 0}, {"targt": 1}, {"channels": []}, {"discount_rate": "x"}):
        assert not validator.is_valid({**data, **broken})
    data["channels"][2]["multiple"]["tail_index"] = 1.5
    assert not validator.is_valid(data)


def test_json_schema_describes_every_field() -> None:
    schema = Plan.json_schema()
    models = [schema, *schema["$defs"].values()]
    for model in models:
        assert model["description"].endswith("."), model["title"]
        for name, field in model["properties"].items():
            assert name in ("kind", "family") or field["description"], (model["title"], name)
