"""Concentration measures against quadratic plain Python, and every message they can raise."""

from __future__ import annotations

import math
import re
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from gtmsim.concentration import effective_number, gini, lorenz_curve, top_share
from gtmsim.errors import ArgumentError, ArgumentTypeError

VALUE = st.one_of(st.just(0.0), st.floats(1e-3, 1e6))
UNITS = st.lists(st.tuples(VALUE, st.floats(1e-2, 1e4)), min_size=1, max_size=25)


def slow_top_share(units: list[tuple[float, float]], share: float) -> float:
    """Buy the best unit that is left until the money is gone."""
    money = share * math.fsum(spend for _, spend in units)
    left, bought = list(units), 0.0
    while left and money > 0.0:
        best = left[0]
        for unit in left:
            if unit[0] * best[1] > best[0] * unit[1]:
                best = unit
        left.remove(best)
        part = min(1.0, money / best[1])
        bought += part * best[0]
        money -= part * best[1]
    return bought / math.fsum(value for value, _ in units)


def slow_gini(units: list[tuple[float, float]]) -> float:
    """Half the relative mean difference between two units of spend drawn at random."""
    spends = math.fsum(spend for _, spend in units)
    values = math.fsum(value for value, _ in units)
    gaps = [abs(v1 * s2 - v2 * s1) for v1, s1 in units for v2, s2 in units]
    return math.fsum(gaps) / (2.0 * spends * values)


@given(units=UNITS, share=st.floats(1e-3, 1.0))
def test_top_share_is_that_of_the_slow_oracle(
    units: list[tuple[float, float]], share: float
) -> None:
    value, spend = zip(*units, strict=True)
    assume(any(value))
    expected = slow_top_share(units, share)
    assert top_share(value, share, spend) == pytest.approx(expected, rel=1e-9, abs=1e-12)


@given(units=UNITS)
def test_gini_is_that_of_the_slow_oracle(units: list[tuple[float, float]]) -> None:
    value, spend = zip(*units, strict=True)
    assume(any(value))
    assert gini(value, spend) == pytest.approx(slow_gini(units), rel=1e-9, abs=1e-12)


@given(value=st.lists(VALUE, min_size=1, max_size=25))
def test_equal_spend_is_the_default_and_effective_number_is_one_over_hhi(
    value: list[float],
) -> None:
    assume(any(value))
    equal = [(v, 3.0) for v in value]
    assert gini(value) == pytest.approx(slow_gini(equal), rel=1e-9, abs=1e-12)
    assert top_share(value, 0.3) == pytest.approx(slow_top_share(equal, 0.3), rel=1e-9, abs=1e-12)
    hhi = math.fsum((v / math.fsum(value)) ** 2 for v in value)
    assert effective_number(value) == pytest.approx(1.0 / hhi, rel=1e-9)


@given(units=UNITS)
def test_lorenz_curve_is_concave_and_gives_the_other_measures(
    units: list[tuple[float, float]],
) -> None:
    value, spend = zip(*units, strict=True)
    assume(any(value))
    curve = lorenz_curve(value, spend)
    assert list(curve.columns) == ["spend_share", "value_share"]
    x, y = curve["spend_share"].to_numpy(), curve["value_share"].to_numpy()
    assert len(curve) == len(units) + 1
    assert (x[0], y[0], x[-1], y[-1]) == (0.0, 0.0, 1.0, 1.0)
    assert np.all(y >= x - 1e-12)
    slopes = np.diff(y) / np.diff(x)
    assert np.all(np.diff(slopes) <= 1e-9 * slopes[:-1] + 1e-12)
    assert np.interp(0.37, x, y) == pytest.approx(top_share(value, 0.37, spend), rel=1e-12)


def test_the_oracle_sees_a_wrong_sort_and_a_whole_last_unit() -> None:
    units = [(10.0, 10.0), (9.0, 1.0), (1.0, 1.0)]
    value, spend = zip(*units, strict=True)
    by_value_alone = (10.0 * 6.0 / 10.0) / 20.0
    whole_last_unit = 19.0 / 20.0
    assert slow_top_share(units, 0.5) == pytest.approx((9.0 + 5.0) / 20.0)
    assert top_share(value, 0.5, spend) == pytest.approx(slow_top_share(units, 0.5))
    assert abs(by_value_alone - slow_top_share(units, 0.5)) > 0.1
    assert abs(whole_last_unit - slow_top_share(units, 0.5)) > 0.1


def test_known_answers() -> None:
    assert top_share([1.0] * 200) == pytest.approx(0.01, rel=1e-12)
    assert top_share([0.0] * 199 + [5.0]) == 1.0
    # Fewer than 100 units: the top 1 % is a part of the best one.
    assert top_share([3.0, 1.0]) == pytest.approx(0.015)
    assert gini([2.0] * 7) == pytest.approx(0.0, abs=1e-15)
    assert gini([1.0, 2.0, 3.0, 4.0]) == pytest.approx(0.25)
    assert effective_number([4.0] * 9) == pytest.approx(9.0)
    assert effective_number([0.0, 0.0, 4.0]) == 1.0


def test_results_are_plain_floats_of_any_sequence() -> None:
    for values in ([1, 2], (1.0, 2.0), np.array([1, 2], dtype=np.int32), pd.Series([1.0, 2.0])):
        numbers = (top_share(values, 0.5), gini(values), effective_number(values))
        assert [type(number) for number in numbers] == [float] * 3
        assert numbers == (top_share([1.0, 2.0], 0.5), gini([1.0, 2.0]), effective_number([1, 2]))


def test_extreme_values_do_not_overflow() -> None:
    values = [1.7e308, 1.7e308, 1e-300]
    assert top_share(values, 1 / 3) == pytest.approx(0.5)
    assert gini(values) == pytest.approx(1 / 3)
    assert effective_number(values) == pytest.approx(2.0)


def test_units_that_spend_and_return_nothing_do_not_count_in_spend() -> None:
    assert top_share([4.0, 1.0, 0.0], 0.5, spend=[1.0, 1.0, 0.0]) == pytest.approx(0.8)


def frame() -> pd.DataFrame:
    """Two channels in three scenarios; in the last of them, "ads" brings nothing."""
    return pd.DataFrame(
        {
            "scenario": [0, 0, 0, 1, 1, 1, 2, 2],
            "channel": ["ads", "ads", "team", "ads", "ads", "team", "ads", "team"],
            "units": [1, 9, 1, 2, 8, 1, 10, 1],
            "spend": [10.0, 90.0, 50.0, 20.0, 80.0, 50.0, 100.0, 50.0],
            "value": [60.0, 30.0, 70.0, 100.0, 0.0, 70.0, 0.0, 70.0],
        }
    )


def test_a_row_of_many_units_is_those_units() -> None:
    rows = frame().query("scenario == 0 and channel == 'ads'")[["units", "spend", "value"]]
    value, spend = [60.0] + [30.0 / 9] * 9, [10.0] * 10
    for grouped in (rows, rows[["units", "value"]]):
        for share in (0.05, 0.1, 0.25, 1.0):
            assert top_share(grouped, share) == pytest.approx(top_share(value, share, spend))
        assert gini(grouped) == pytest.approx(gini(value, spend))
        assert effective_number(grouped) == pytest.approx(effective_number(value))
    # Without the column, a row is one unit and spends like any other.
    assert top_share(rows[["value"]], 0.5) == pytest.approx(60.0 / 90.0)


def test_scenarios_are_measured_one_by_one_and_averaged() -> None:
    ads = [([60.0] + [30.0 / 9] * 9), ([50.0] * 2 + [0.0] * 8)]
    data = frame()
    for source in (data, SimpleNamespace(units=data)):
        share = top_share(source, 0.15, channel="ads")
        assert share == pytest.approx(np.mean([top_share(v, 0.15) for v in ads]))
        assert gini(source, channel="ads") == pytest.approx(np.mean([gini(v) for v in ads]))
        number = effective_number(source, channel="ads")
        assert number == pytest.approx(np.mean([effective_number(v) for v in ads]))
        curve = lorenz_curve(source, channel="ads")
        x, y = curve["spend_share"].to_numpy(), curve["value_share"].to_numpy()
        assert np.interp(0.15, x, y) == pytest.approx(share)
        assert 2.0 * np.trapezoid(y, x) - 1.0 == pytest.approx(gini(source, channel="ads"))
        # Pooling the scenarios into one set would be another number.
        assert top_share(data.drop(columns="scenario"), 0.15, channel="ads") != pytest.approx(share)


def test_without_a_channel_all_of_them_are_one_set() -> None:
    first = frame().query("scenario == 0")
    expected = top_share([60.0, 30.0, 70.0], 0.2, [10.0, 90.0, 50.0])
    assert top_share(first, 0.2) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: top_share([]), ArgumentError, "values: must hold at least one value, got []"),
        (
            lambda: gini([0.0, 0.0]),
            ArgumentError,
            "values: must hold some value to share, got 0.0",
        ),
        (
            lambda: effective_number(frame().query("scenario == 2"), channel="ads"),
            ArgumentError,
            "values: must hold some value to share, got 0.0",
        ),
        (
            lambda: top_share([1.0, -2.0]),
            ArgumentError,
            "values[1]: must be a finite number that is not negative, got -2.0",
        ),
        (
            lambda: lorenz_curve([1.0, math.nan]),
            ArgumentError,
            "values[1]: must be a finite number that is not negative, got nan",
        ),
        (
            lambda: top_share([math.inf]),
            ArgumentError,
            "values[0]: must be a finite number that is not negative, got inf",
        ),
        (
            lambda: gini([1.0, 1.0], [1.0, -1.0]),
            ArgumentError,
            "spend[1]: must be a finite number that is not negative, got -1.0",
        ),
        (
            lambda: gini([1.0, 2.0], [1.0, 0.0]),
            ArgumentError,
            "spend[1]: must be above 0 where there is value (2), got 0.0",
        ),
        (
            lambda: top_share([1.0, 2.0], spend=[1.0]),
            ArgumentError,
            "spend: must have one number per value (2), got 1",
        ),
        (
            lambda: top_share([[1.0, 2.0]]),
            ArgumentError,
            "values: must have one dimension, got 'shape (1, 2)'",
        ),
        (
            lambda: top_share(["a"]),
            ArgumentTypeError,
            "values: must be a sequence of numbers, got ['a']",
        ),
        (
            lambda: gini([1j]),
            ArgumentTypeError,
            "values: must be a sequence of numbers, got [1j]",
        ),
        (
            lambda: top_share([1.0], 0.0),
            ArgumentError,
            "share: must be above 0 and at most 1, got 0.0",
        ),
        (
            lambda: top_share([1.0], 1.5),
            ArgumentError,
            "share: must be above 0 and at most 1, got 1.5",
        ),
        (
            lambda: top_share([1.0], channel="ads"),
            ArgumentError,
            "channel: must not be given for values without channels, got 'ads' (leave it out)",
        ),
        (
            lambda: gini(frame()[["value"]], channel="ads"),
            ArgumentError,
            "channel: must not be given for values without channels, got 'ads' (leave it out)",
        ),
        (
            lambda: gini(frame(), channel="adverts"),
            ArgumentError,
            "channel: must be one of 'ads', 'team', got 'adverts'",
        ),
        (
            lambda: gini(frame(), [1.0] * 8),
            ArgumentError,
            "spend: must not be given beside a frame or a result, got [1.0, 1.0, 1.0, 1.0, 1.0, "
            "1.0, 1.0, 1.0] (put it into the frame as a column named spend)",
        ),
        (
            lambda: gini(pd.DataFrame({"revenue": [1.0]})),
            ArgumentError,
            "values: must have a column named value, got ['revenue']",
        ),
        (
            lambda: gini(frame().iloc[:0]),
            ArgumentError,
            "values.value: must hold at least one value, got []",
        ),
        (
            lambda: gini(pd.DataFrame({"value": [1.0, 2.0], "units": [1.0, 1.5]})),
            ArgumentError,
            "values.units[1]: must be a whole number, at least 1 where there is value, got 1.5",
        ),
        (
            lambda: gini(pd.DataFrame({"value": [1.0, 2.0], "units": [1, 0]})),
            ArgumentError,
            "values.units[1]: must be a whole number, at least 1 where there is value, got 0.0",
        ),
        (
            lambda: gini(pd.DataFrame({"value": [1.0], "spend": [-1.0]})),
            ArgumentError,
            "values.spend[0]: must be a finite number that is not negative, got -1.0",
        ),
        (
            lambda: gini(pd.DataFrame({"value": [1.0, 2.0], "spend": [1.0, 0.0]})),
            ArgumentError,
            "values.spend[1]: must be above 0 where there is value (2), got 0.0",
        ),
    ],
)
def test_errors(call: object, error: type[Exception], message: str) -> None:
    assert callable(call)
    with pytest.raises(error, match=f"^{re.escape(message)}$"):
        call()
