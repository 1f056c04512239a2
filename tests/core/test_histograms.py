"""Merging is addition to the last bit; every figure is within the error that it states."""

from __future__ import annotations

import math
from functools import reduce

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gtmsim.core._types import Floats
from gtmsim.core.histogram import BINS_PER_OCTAVE, bin_of
from gtmsim.histograms import RELATIVE_WIDTH, Histogram, Histograms
from tests.laws import rejects

ROWS = 2


def counted(*parts: npt.ArrayLike) -> Histograms:
    """Histograms of one row's values, added part by part."""
    histograms = Histograms(1)
    for part in parts:
        histograms.add(np.asarray(part, dtype=np.float64)[None, :])
    return histograms


def row(*parts: npt.ArrayLike) -> Histogram:
    return counted(*parts).row(0)


def same_bits(one: Histogram, other: Histogram) -> bool:
    return (one.minimum, one.maximum) == pytest.approx(
        (other.minimum, other.maximum), rel=0.0, abs=0.0, nan_ok=True
    ) and all(
        np.array_equal(getattr(one, name), getattr(other, name))
        for name in ("lower", "upper", "counts", "sums")
    )


# -- The merge law ------------------------------------------------------------------------------

numbers = st.one_of(
    st.sampled_from([0.0, -0.0, math.nan, 1.0, -1.0, 1e-9, 1e30, -1e30]),
    st.floats(1e-12, 1e12),
    st.floats(-100.0, 100.0, allow_subnormal=False),
)
columns = st.lists(st.tuples(*[numbers] * ROWS), max_size=30)


@settings(max_examples=60)
@given(chunks=st.lists(columns, min_size=1, max_size=6), data=st.data())
def test_any_split_and_any_order_give_equal_bits(
    chunks: list[list[tuple[float, ...]]], data: st.DataObject
) -> None:
    def values(columns: list[tuple[float, ...]]) -> Floats:
        return np.array(columns, dtype=np.float64).reshape(len(columns), ROWS).T.copy()

    def of(columns: list[tuple[float, ...]]) -> Histograms:
        histograms = Histograms(ROWS)
        histograms.add(values(columns))
        return histograms

    def merged(one: Histograms, other: Histograms) -> Histograms:
        one.merge(other)
        return one

    everything = [column for chunk in chunks for column in chunk]
    whole = of(data.draw(st.permutations(everything)))
    one_by_one = Histograms(ROWS)
    for chunk in chunks:
        one_by_one.add(values(chunk))
    order = data.draw(st.permutations(chunks))
    left = reduce(merged, map(of, order))
    right = reduce(lambda other, one: merged(one, other), map(of, chunks))
    from_empty = reduce(merged, map(of, order), Histograms(ROWS))
    for histograms in (one_by_one, left, right, from_empty):
        assert all(same_bits(histograms.row(r), whole.row(r)) for r in range(ROWS))


def test_a_lost_or_moved_value_is_seen() -> None:
    x = np.arange(1.0, 50.0)
    assert same_bits(row(x), row(x[::-1]))
    assert not same_bits(row(x), row(x[1:]))
    assert not same_bits(row(x), row(np.append(x[:-1], x[-1] * (1.0 + 2.0**-30))))


def test_merging_leaves_the_other_as_it_was() -> None:
    one, other = counted([1.0, 2.0]), counted([4.0, -1.0])
    before = other.row(0)
    one.merge(other)
    one.add(np.array([[1e9]]))
    assert same_bits(other.row(0), before)


def test_rows_of_every_kind_merge_row_by_row() -> None:
    """Rows that are empty, of one sign or far away, on either side; what merges is all bins."""
    rng = np.random.default_rng(66)
    kinds = [
        np.full(40, math.nan),
        np.zeros(40),
        rng.lognormal(0.0, 3.0, 40),
        -rng.lognormal(0.0, 3.0, 40),
        1e200 * rng.lognormal(0.0, 3.0, 40),
        rng.standard_normal(40),
    ]
    pairs = [(one, other) for one in kinds for other in kinds]
    mine, others = Histograms(len(pairs)), Histograms(len(pairs))
    mine.add(np.stack([one for one, _ in pairs]))
    others.add(np.stack([other for _, other in pairs]))
    mine.merge(others)
    for r, (one, other) in enumerate(pairs):
        assert same_bits(mine.row(r), row(one, other))


# -- Exact figures ------------------------------------------------------------------------------


def mixed(seed: int, count: int = 20_000) -> Floats:
    """Gains, losses and zeros over many orders of magnitude."""
    rng = np.random.default_rng(seed)
    x = rng.standard_normal(count) * 10.0 ** rng.uniform(-6.0, 6.0, count)
    x[rng.random(count) < 0.1] = 0.0
    return np.asarray(x)


def pareto(seed: int, alpha: float = 0.5, count: int = 100_000) -> Floats:
    return np.asarray(np.random.default_rng(seed).random(count) ** (-1.0 / alpha))


@pytest.mark.parametrize("values", [mixed(50), pareto(51), -pareto(52)], ids=["mixed", "+", "-"])
def test_count_and_extremes_are_exact_and_nan_is_passed_over(values: Floats) -> None:
    with_nan = np.concatenate(([math.nan], values, [math.nan, math.nan]))
    histogram = row(with_nan)
    assert histogram.n == values.size
    assert (histogram.minimum, histogram.maximum) == (values.min(), values.max())
    assert histogram.counts.sum() == values.size
    assert same_bits(histogram, row(values))


def test_an_empty_row_has_no_figures() -> None:
    for histogram in (row(), row(np.zeros(0)), row([math.nan, math.nan])):
        assert histogram.n == 0
        assert histogram.sum == 0.0
        assert math.isnan(histogram.minimum)
        assert math.isnan(histogram.maximum)
        assert math.isnan(histogram.share_at_least(1.0))
        assert math.isnan(histogram.lower_mean(0.5))
        assert np.isnan(histogram.quantile([0.1, 0.9])).all()


def test_rows_do_not_touch() -> None:
    values = np.stack([mixed(53), pareto(54, count=20_000), np.full(20_000, math.nan), -mixed(55)])
    together = Histograms(4)
    for part in np.array_split(values, 7, axis=1):
        together.add(np.ascontiguousarray(part))
    for r, alone in enumerate(values):
        assert same_bits(together.row(r), row(alone))


def test_the_bits_of_a_row_are_counted_tile_by_tile() -> None:
    """Rows longer than what is placed at a time, and as long, and one more."""
    for size in (511, 512, 513, 1024, 1500):
        values = mixed(76, size)
        assert same_bits(row(values), row(*np.array_split(values, 7)))
        assert row(values).n == size
        assert row(values).counts[row(values).lower == 0.0].sum() == np.count_nonzero(values == 0.0)


def test_bins_are_ascending_disjoint_and_hold_their_values() -> None:
    values = mixed(56)
    histogram = row(values)
    assert np.all(histogram.lower[1:] >= histogram.upper[:-1])
    for lower, upper, count in zip(histogram.lower, histogram.upper, histogram.counts, strict=True):
        if lower < 0.0:
            inside = (values > lower) & (values <= upper)
        elif lower > 0.0:
            inside = (values >= lower) & (values < upper)
        else:
            inside = values == 0.0
        assert np.count_nonzero(inside) == count


def test_bins_are_as_narrow_as_they_say() -> None:
    histogram = row(pareto(57))
    assert RELATIVE_WIDTH == 1.0 / 128.0
    assert np.all(histogram.upper - histogram.lower <= RELATIVE_WIDTH * histogram.lower)
    assert bin_of(2.0) - bin_of(1.0) == BINS_PER_OCTAVE
    assert bin_of(math.nextafter(1.0, 0.0)) == bin_of(1.0) - 1


def expect_sum(values: Floats, histogram: Histogram) -> None:
    scale = math.fsum(np.abs(values).tolist())
    assert abs(histogram.sum - math.fsum(values.tolist())) <= (2.0**-36 + 1e-14) * scale


@pytest.mark.parametrize("values", [mixed(58), pareto(59), -pareto(60), np.array([1e-300, 1e300])])
def test_sum_is_within_its_bound(values: Floats) -> None:
    expect_sum(values, row(values))
    rejects(expect_sum, values + np.abs(values) * 2.0**-34, row(values))


def test_one_value_keeps_36_bits() -> None:
    for value in (10.0 ** np.random.default_rng(61).uniform(-300.0, 300.0, 500)).tolist():
        for signed in (value, -value):
            assert row([signed]).sum == pytest.approx(signed, rel=2.0**-36)


@pytest.mark.parametrize("value", [5e-324, 1e-310, 2.3e-308, 1.5e308])
def test_the_whole_range_of_floats_is_counted(value: float) -> None:
    """Also next to zero and to infinity, where the bins come to an end, and after merges."""
    for signed in (value, -value):
        histograms = counted([signed])
        for _ in range(5):
            other = counted([1.0])
            other.merge(histograms)
            histograms = other
        histogram = histograms.row(0)
        assert histogram.n == 6
        assert signed in (histogram.minimum, histogram.maximum)
        assert sorted(histogram.quantile([0.0, 1.0])) == pytest.approx(
            sorted([signed, 1.0]), rel=RELATIVE_WIDTH, abs=1e-300
        )


def test_far_apart_parts_merge_exactly() -> None:
    """Ranges of 600 decades, grown in one step or in many."""
    rng = np.random.default_rng(65)
    values = rng.choice([-1.0, 1.0], 400) * 10.0 ** rng.uniform(-300.0, 300.0, 400)
    whole = row(values)
    grown = counted(*np.array_split(values[::-1], 23))
    merged = Histograms(1)
    for part in np.array_split(values, 7):
        merged.merge(counted(part))
    assert same_bits(grown.row(0), whole)
    assert same_bits(merged.row(0), whole)


# -- Quantiles ----------------------------------------------------------------------------------

PROBS = np.concatenate(([0.0, 1e-4], np.linspace(0.001, 0.999, 333), [0.9999, 1.0]))


def expect_quantiles(values: Floats, histogram: Histogram) -> None:
    """numpy's, but for a bin's width of each of the two neighbours that it interpolates."""
    exact = np.quantile(values, PROBS)
    low, high = (np.abs(np.quantile(values, PROBS, method=m)) for m in ("lower", "higher"))
    part = PROBS * (values.size - 1) % 1.0
    allowed = RELATIVE_WIDTH * ((1.0 - part) * low + part * high) * (1.0 + 1e-9)
    assert np.all(np.abs(histogram.quantile(PROBS) - exact) <= allowed)


@pytest.mark.parametrize(
    "values",
    [
        pareto(62),
        -pareto(63),
        mixed(64),
        10.0 ** np.random.default_rng(65).uniform(-300.0, 300.0, 3000),
        np.array([3.0]),
        np.full(1000, 101.3),
        np.zeros(10),
        np.repeat([-5.0, 0.0, 7.0], [3, 4, 5]),
    ],
    ids=["pareto", "losses", "mixed", "wide", "one", "constant", "zeros", "steps"],
)
def test_quantiles_are_within_a_bin(values: Floats) -> None:
    histogram = row(values)
    expect_quantiles(values, histogram)
    assert histogram.quantile(0.0) >= values.min()
    assert histogram.quantile(1.0) <= values.max()
    assert np.all(np.diff(histogram.quantile(PROBS)) >= 0.0)
    assert histogram.quantile(0.5).shape == ()


def test_quantiles_of_a_heavy_tail_are_numpys() -> None:
    """Also interpolated ones, where neighbours in rank are close: not in the last ranks."""
    values = pareto(66)
    q = np.linspace(0.001, 0.999, 999)
    np.testing.assert_allclose(row(values).quantile(q), np.quantile(values, q), rtol=RELATIVE_WIDTH)


def test_quantiles_of_other_values_are_seen() -> None:
    rejects(expect_quantiles, 1.01 * pareto(66), row(pareto(66)))


# -- Shares and tail means ----------------------------------------------------------------------


def in_bin_of(values: Floats, x: float) -> float:
    """Share of values within a bin's width of x."""
    return float(np.mean(np.abs(values - x) <= RELATIVE_WIDTH * np.abs(values)))


@pytest.mark.parametrize("values", [mixed(67), pareto(68), -pareto(69)], ids=["mixed", "+", "-"])
def test_share_at_least_is_within_the_bin_it_divides(values: Floats) -> None:
    histogram = row(values)
    for x in (*np.quantile(values, [0.01, 0.1, 0.3, 0.5, 0.9, 0.999]).tolist(), 0.0, 3.3, -1e4):
        exact = float(np.mean(values >= x))
        assert abs(histogram.share_at_least(x) - exact) <= in_bin_of(values, x) + 1e-12


def test_share_at_least_is_exact_at_the_edge_of_a_bin() -> None:
    values = mixed(70)
    histogram = row(values)
    for edge in (0.0, 0.5, 1.0, 1.5, 4096.0):
        assert histogram.share_at_least(edge) == pytest.approx(np.mean(values >= edge), abs=1e-12)
    assert histogram.share_at_least(0.5) != pytest.approx(np.mean(values >= 0.52), abs=1e-12)


def test_share_at_least_beside_zeros() -> None:
    """Scenarios without a hit are common, and so are questions far from zero."""
    histogram = row([0.0, 0.0, 1.0, 1000.0])
    assert histogram.share_at_least(1e6) == 0.0
    assert histogram.share_at_least(100.0) == 0.25
    assert histogram.share_at_least(0.0) == 1.0
    assert histogram.share_at_least(5e-324) == 0.5
    assert histogram.share_at_least(-100.0) == 1.0


@pytest.mark.parametrize("value", [100.0, 101.3, -101.3, 0.0])
def test_share_at_least_beyond_the_extremes_is_none_or_all(value: float) -> None:
    """The extremes are known exactly, inside their bins too."""
    histogram = row(np.full(10, value))
    assert histogram.share_at_least(value) == 1.0
    assert histogram.share_at_least(math.nextafter(value, math.inf)) == 0.0
    assert histogram.share_at_least(math.nextafter(value, -math.inf)) == 1.0


@pytest.mark.parametrize("values", [mixed(71), pareto(72), -pareto(73)], ids=["mixed", "+", "-"])
@pytest.mark.parametrize("share", [1e-3, 0.05, 0.1, 0.5, 0.9, 1.0])
def test_lower_mean_is_within_a_bin(values: Floats, share: float) -> None:
    """All bins but one count in full, and the last is off by less than its width."""
    lowest = np.sort(values)[: round(share * values.size)]
    scale = np.abs(lowest).mean()
    error = abs(row(values).lower_mean(share) - lowest.mean())
    assert error <= RELATIVE_WIDTH * abs(lowest[-1]) * in_bin_of(values, lowest[-1]) / share + (
        2.0**-35 * scale
    )
    assert abs(row(values * 1.01).lower_mean(share) - lowest.mean()) > 1e-3 * abs(lowest.mean())


def test_lower_mean_takes_part_of_a_value() -> None:
    """A quarter of two values is half of the lowest one."""
    assert row([8.0, 16.0]).lower_mean(0.25) == pytest.approx(8.0, rel=1e-9)
    assert row([8.0, 16.0]).lower_mean(0.75) == pytest.approx((8.0 + 0.5 * 16.0) / 1.5, rel=1e-9)
