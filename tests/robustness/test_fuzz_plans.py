# ruff: noqa: E501
"""Whatever is given as a plan is a plan or is refused in words."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gtmsim.errors import PlanError
from gtmsim.model import MOST_PROBLEMS
from gtmsim.plan import CampaignProgram, Plan, Ramp
from gtmsim.plan.text import MOST_TEXT
from tests.robustness import inputs

HEAD = 'horizon = 12\n[[channels]]\nkind = "sales"\nname = "a"\nquota = 1e6\nloaded_cost = 1e5\n'
PROGRAM = (
    'horizon = 12\n[[channels]]\nkind = "campaigns"\nname = "a"\nspend = 1\n'
    'multiple = {family = "pareto", tail_index = 1.5}\n'
)


def test_changed_plans_are_read_or_refused(tmp_path: Path) -> None:
    luck = np.random.default_rng(1)
    outcomes = [inputs.plan_outcome(*inputs.changed_plan(luck), tmp_path) for _ in range(600)]
    assert set(outcomes) == {"read", "PlanError", "PlanFileError"}


def test_changed_tables_are_read_or_refused() -> None:
    luck = np.random.default_rng(2)
    outcomes = [inputs.tables_outcome(inputs.changed_tables(luck)) for _ in range(200)]
    assert {"read", "PlanError"} <= set(outcomes)


def test_an_unchanged_plan_is_read(tmp_path: Path) -> None:
    for name, (kind, _) in inputs.PLAN_READERS.items():
        for data in inputs.plan_seeds()[kind]:
            assert inputs.plan_outcome(name, data, tmp_path) == "read"


REFUSED: dict[str, tuple[str, str]] = {
    "digits": (HEAD + "hires = " + "9" * 10_000_000, "no number has thousands of digits"),
    "hexadecimal": (HEAD + "hires = 0x" + "f" * 100_000, "hires: must be at most 100000, got a int"),
    "exponent": (HEAD.replace("1e6", "1e999999999") + "hires = 1", "quota: must be finite, got inf"),
    "campaigns": (PROGRAM + "campaigns = 1_000_000_000", "must be at most 1e+07, got 1000000000"),
    "seats": (HEAD + "hires = 100_000_000", "hires: must be at most 100000, got 100000000"),
    "lists": ("horizon = " + "[" * 100_000, "must be TOML that is not nested this deep"),
    "keys": ("a." * 20_000 + "a = 1", "must be TOML that is not nested this deep"),
    "headers": ("[" + "a." * 20_000 + "a]", "must be TOML that is not nested this deep"),
    "name": (HEAD.replace('"a"', f'"{"x" * 100_000}"') + "hires = 1", "at most 200 letters"),
    "length": ("#" * (MOST_TEXT + 1), "must have at most 16,777,216 bytes"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_what_has_no_end_is_refused(case: str) -> None:
    text, message = REFUSED[case]
    with pytest.raises(PlanError, match=re.escape(message)):
        Plan.from_toml_text(text)


@pytest.mark.parametrize("depth", [900, 100_000])
def test_deep_json_is_refused(depth: int) -> None:
    with pytest.raises(PlanError):
        Plan.from_json_text('{"a":' * depth + "1" + "}" * depth)


def test_a_file_of_gigabytes_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "plan.toml"
    with path.open("wb") as file:
        file.truncate(10 * 2**30)  # it takes no room on the disk
    with pytest.raises(PlanError, match="must have at most 16,777,216 bytes"):
        Plan.from_toml(path)


def test_a_million_broken_rules_are_not_listed() -> None:
    months = ",".join(["1e9"] * 90_000)
    fields = '"kind":"sales","name":"a","quota":1,"loaded_cost":1'
    with pytest.raises(PlanError) as caught:
        Plan.from_json_text(f'{{"horizon":12,"channels":[{{{fields},"hires":[{months}]}}]}}')
    assert len(caught.value.problems) <= MOST_PROBLEMS


@pytest.mark.parametrize(
    "value", [set(), object(), 10**5_000, float("nan"), b"x", [[[]]]], ids=type
)
def test_tables_of_anything_are_refused(value: Any) -> None:
    with pytest.raises(PlanError, match="horizon: must be"):
        Plan.from_tables({"horizon": value, "channels": []})


def test_what_cannot_be_written_is_named_all_the_same() -> None:
    deep: Any = ()
    for _ in range(5_000):
        deep = (deep,)
    rule = r"channels\[0\]: must have text for its keys, got a tuple that is too long to be written"
    with pytest.raises(PlanError, match=rule):
        Plan(horizon=12, channels=[{"kind": "sales", deep: 1}])
    with pytest.raises(PlanError, match="Ramp: must have text for its keys, got 1"):
        Ramp.model_validate({1: 2})
    for kind in (deep, 10**5_000):
        with pytest.raises(PlanError, match=r"channels\[0\].kind: must be 'sales' or 'campaigns'"):
            Plan(horizon=12, channels=[{"kind": kind}])


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"multiple": {"family": 10**5_000}}, "multiple.family: must be text, got a int that is"),
        ({"multiple": {"family": [3]}}, r"multiple.family: must be text, got \[3\]"),
        ({"multiple": {"family": "pareto", 1: 2}}, "multiple: must have text for its keys, got 1"),
        ({"staging": {1: 2}}, "staging: must have text for its keys, got 1"),
    ],
)
def test_keys_and_tags_of_tables_are_text(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(PlanError, match=f"^CampaignProgram.{message}"):
        CampaignProgram(**fields)


def test_what_cannot_be_written_leaves_nothing_on_stderr() -> None:
    # The interpreter's "Exception ignored" is no warning: only stderr shows it.
    code = """if True:
        from gtmsim.errors import PlanError
        from gtmsim.plan import CampaignProgram, Plan
        refused = 0
        for value in (10**5_000, [10**5_000]):
            for model, fields in (
                (Plan, {"horizon": value}),
                (CampaignProgram, {"spend": value}),
                (CampaignProgram, {"multiple": value}),
                (CampaignProgram, {"multiple": {"family": value}}),
            ):
                try:
                    model(**fields)
                except PlanError:
                    refused += 1
        print(refused)"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert (done.stdout.strip(), done.stderr) == ("8", "")


def test_tables_without_end_are_refused() -> None:
    loop: list[Any] = []
    loop.append(loop)
    with pytest.raises(PlanError, match="must be tables that are not nested this deep"):
        Plan.from_tables({"horizon": 12, "channels": loop})


def test_the_harness_sees_a_message_that_cannot_be_printed() -> None:
    with pytest.raises(AssertionError):
        inputs.assert_readable(EscapingError([]))


class EscapingError(PlanError):
    def __str__(self) -> str:
        return "a\x1b[2J"
