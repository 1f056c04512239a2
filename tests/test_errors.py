"""What is raised, what it says, and the checks of arguments."""

from __future__ import annotations

import math
import pickle
import re
from typing import Any

import numpy as np
import pytest

from gtmsim import errors
from gtmsim.errors import (
    ArgumentError,
    ArgumentTypeError,
    ExactError,
    GtmsimError,
    HistoryError,
    InfeasibleError,
    MetricError,
    PlanError,
    PlanFileError,
    PrecisionError,
    Problem,
    check_count,
    check_number,
)

HIT_RATE = Problem("channels[0].hit_rate", "must be at most 1", 1.2, "write 0.012 for 1.2 %")
SPEND = Problem("channels[1].spend", "must be above 0", -5)


def test_a_problem_names_path_rule_value_and_fix() -> None:
    assert str(HIT_RATE) == (
        "channels[0].hit_rate: must be at most 1, got 1.2 (write 0.012 for 1.2 %)"
    )
    assert str(SPEND) == "channels[1].spend: must be above 0, got -5"


def test_a_long_value_is_cut() -> None:
    line = str(Problem("spend", "must be above 0", list(range(1_000))))
    assert len(line) < 120
    assert line.endswith("...")


@pytest.mark.parametrize(
    ("error", "base"),
    [
        (PlanError, ValueError),
        (PlanFileError, PlanError),
        (ArgumentError, ValueError),
        (ArgumentTypeError, TypeError),
        (MetricError, ValueError),
        (ExactError, ValueError),
        (HistoryError, ValueError),
        (InfeasibleError, ValueError),
        (PrecisionError, ValueError),
    ],
)
def test_every_error_is_ours_and_a_builtin(error: type[Exception], base: type[Exception]) -> None:
    assert issubclass(error, GtmsimError)
    assert issubclass(error, base)
    assert error.__doc__


def test_no_error_is_left_out() -> None:
    found = {v for v in vars(errors).values() if isinstance(v, type) and issubclass(v, Exception)}
    public = {error.__name__ for error in found if not error.__name__.startswith("_")}
    assert public == {
        "ArgumentError",
        "ArgumentTypeError",
        "ExactError",
        "ExecutorError",
        "GtmsimError",
        "GtmsimWarning",
        "HistoryError",
        "InfeasibleError",
        "LostWorkersWarning",
        "MetricError",
        "PlanError",
        "PlanFileError",
        "PrecisionError",
        "StorageError",
    }


@pytest.mark.parametrize("error", [PlanError, PlanFileError, HistoryError, InfeasibleError])
def test_a_plan_error_lists_every_problem(
    error: type[PlanError | HistoryError | InfeasibleError],
) -> None:
    raised = error([HIT_RATE, SPEND])
    assert raised.problems == (HIT_RATE, SPEND)
    assert str(raised) == f"{HIT_RATE}\n{SPEND}"


@pytest.mark.parametrize(
    "error", [ArgumentError, ArgumentTypeError, MetricError, ExactError, PrecisionError]
)
def test_the_others_have_one_problem(error: Any) -> None:
    raised = error("scenarios", "must be at least 1", 0, "leave it out")
    assert raised.problems == (Problem("scenarios", "must be at least 1", 0, "leave it out"),)
    assert str(raised) == "scenarios: must be at least 1, got 0 (leave it out)"


@pytest.mark.parametrize(
    "error",
    [
        PlanError([HIT_RATE, SPEND]),
        PlanFileError([HIT_RATE]),
        ArgumentError("scenarios", "must be at least 1", 0),
        ArgumentTypeError("plan", "must be a Plan", "plan.toml", "read it first"),
        MetricError("metric", "must be one of 'net'", "profit"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_errors_cross_processes(error: Any) -> None:
    copy = pickle.loads(pickle.dumps(error))
    assert type(copy) is type(error)
    assert (str(copy), copy.problems) == (str(error), error.problems)


@pytest.mark.parametrize(
    "value", [1, 1.0, np.float32(1), np.float64(1), np.int8(1), np.uint64(1)], ids=type
)
def test_numbers_are_taken(value: Any) -> None:
    assert check_number("x", value, low=1, high=1) == 1.0
    assert type(check_number("x", value)) is float


@pytest.mark.parametrize("value", [1, 1.0, np.int8(1), np.uint64(1), np.float64(1)], ids=type)
def test_counts_are_taken(value: Any) -> None:
    assert check_count("n", value, low=1, high=1) == 1
    assert type(check_count("n", value)) is int


@pytest.mark.parametrize("value", [True, np.bool_(True), "1", None, 1j, [1], np.ones(2)], ids=type)
def test_what_is_no_number_is_refused(value: Any) -> None:
    with pytest.raises(ArgumentTypeError, match=r"^x: must be a number, got "):
        check_number("x", value)
    with pytest.raises(ArgumentTypeError, match=r"^n: must be a whole number, got "):
        check_count("n", value)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, np.float64("nan")])
def test_numbers_are_finite(value: float) -> None:
    with pytest.raises(ArgumentError, match=r"^x: must be finite, got "):
        check_number("x", value)
    with pytest.raises(ArgumentTypeError, match=r"^n: must be a whole number, got "):
        check_count("n", value)


def test_a_count_is_whole() -> None:
    with pytest.raises(ArgumentTypeError, match=r"^n: must be a whole number, got 1\.5$"):
        check_count("n", 1.5)


@pytest.mark.parametrize(
    ("value", "bounds", "rule"),
    [
        (-1, {"low": 0}, "must be at least 0"),
        (0, {"low": 0, "low_open": True}, "must be above 0"),
        (2, {"high": 1}, "must be at most 1"),
        (1, {"high": 1, "high_open": True}, "must be below 1"),
        (2, {"low": 0.5, "high": 1, "low_open": True}, "must be above 0.5 and at most 1"),
    ],
)
def test_a_number_outside_its_bounds_is_refused(
    value: float, bounds: dict[str, Any], rule: str
) -> None:
    line = re.escape(f"x: {rule}, got {value} (think again)")
    with pytest.raises(ArgumentError, match=f"^{line}$"):
        check_number("x", value, **bounds, fix="think again")


@pytest.mark.parametrize(("value", "low", "high"), [(0, 1, None), (-1, 0, 5), (6, 0, 5)])
def test_a_count_outside_its_bounds_is_refused(value: int, low: int, high: int | None) -> None:
    with pytest.raises(ArgumentError, match=f"^n: must be at least {low}.*, got {value}$"):
        check_count("n", value, low=low, high=high)


def test_closed_bounds_are_inside() -> None:
    assert check_number("x", 0, low=0, high=1) == 0.0
    assert check_number("x", 1, low=0, high=1) == 1.0
    assert check_number("x", 5e-324, low=0, low_open=True) == 5e-324
