"""Bins and runs of bins against plain Python: what values need, where they go and what moves."""

from __future__ import annotations

import math

import numpy as np
import pytest

from gtmsim.core.histogram import bin_of, merge_bins, scan_rows
from gtmsim.histograms import Histograms
from tests.laws import rejects

# -- Runs -----------------------------------------------------------------------------------------


def test_bins_are_added_where_they_belong_and_nowhere_else() -> None:
    """Four runs in plain Python: wider bins that hold what the other has."""
    rng = np.random.default_rng(67)
    low, width = np.array([100, 7, 3, 50]), np.array([9, 5, 20, 6])
    other_low, other_width = np.array([102, 7, 3, 0]), np.array([7, 3, 20, 0])
    start, other_start = np.array([0, 9, 14, 34]), np.array([20, 27, 0, 30])
    bins, other_bins = rng.integers(0, 99, (40, 2)), rng.integers(0, 99, (30, 2))
    expected, kept = bins.copy(), other_bins.copy()
    for run in range(4):
        for k in range(other_width[run]):
            place = start[run] + other_low[run] + k - low[run]
            assert 0 <= place - start[run] < width[run]
            expected[place] += other_bins[other_start[run] + k]
    merge_bins(start, low, bins, other_start, other_low, other_width, other_bins)
    np.testing.assert_array_equal(bins, expected)
    np.testing.assert_array_equal(other_bins, kept)


def test_runs_are_moved_within_one_array() -> None:
    """To where there is room for more, from what they leave behind as it was."""
    bins = np.zeros((30, 2), dtype=np.int64)
    bins[:10] = np.random.default_rng(68).integers(1, 99, (10, 2))
    kept = bins.copy()
    start, low = np.array([10, 18]), np.array([3, 6])
    old_start, old_low, old_width = np.array([0, 4]), np.array([5, 6]), np.array([4, 6])
    merge_bins(start, low, bins, old_start, old_low, old_width, bins)
    np.testing.assert_array_equal(bins[:10], kept[:10])
    np.testing.assert_array_equal(bins[12:16], kept[0:4])
    np.testing.assert_array_equal(bins[18:24], kept[4:10])
    assert np.count_nonzero(bins.any(axis=1)) == 20


def expect_runs(histograms: Histograms) -> None:
    """Runs that do not touch, the spare bin in none of them, and nothing counted outside them."""
    last = histograms.bins.shape[0] - 1
    owner = np.zeros(last + 1, dtype=np.int64)
    for begin, width in zip(histograms.start.ravel(), histograms.width.ravel(), strict=True):
        owner[begin : begin + width] += 1
    assert owner.max() <= 1
    assert owner[last - histograms.free :].max() == 0, "what is free is nobody's"
    assert not histograms.bins[last].any(), "the spare bin is left empty"
    counted = histograms.bins[owner == 1, 0].sum() + histograms.zeros.sum()
    assert counted == sum(histograms.row(r).n for r in range(histograms.rows))


def test_the_last_bin_belongs_to_no_run() -> None:
    """However runs grow and merge: what is no number, and zero, is put there and forgotten."""
    rng = np.random.default_rng(69)
    histograms = Histograms(5)
    for step in range(40):
        x = rng.standard_normal((5, 700)) * 10.0 ** rng.uniform(-step, step, (5, 1))
        x[:, ::3] = rng.choice([0.0, -0.0, math.nan], (5, x[:, ::3].shape[1]))
        x[step % 5] = math.nan
        histograms.add(x)
        expect_runs(histograms)
        if step % 7 == 0:
            other = histograms.empty_like()
            expect_runs(other)
            other.add(-x)
            histograms.merge(other)
            expect_runs(histograms)
    histograms.bins[-1] += 1
    rejects(expect_runs, histograms)


# -- What values need -----------------------------------------------------------------------------

ODD = [0.0, -0.0, math.nan, math.inf, -math.inf, 5e-324, -5e-324, 1.0, -1.0, 1.7e308, -1.7e308]


def plain_scan(values: list[float], extremes: list[float]) -> tuple[list[float], list[list[int]]]:
    """Extremes, and the first and the last bin of either sign; none is asked for without values."""
    numbers = [x for x in values if not math.isnan(x)]
    signs = ([x for x in numbers if x > 0.0], [-x for x in numbers if x < 0.0])
    ends = [[int(bin_of(min(xs))), int(bin_of(max(xs)))] if xs else [] for xs in signs]
    return [min([extremes[0], *numbers]), max([extremes[1], *numbers])], ends


@pytest.mark.parametrize("size", [0, 1, 2, 7, 64, 1000])
@pytest.mark.parametrize("before", [[math.inf, -math.inf], [-1e-3, 0.0], [0.0, 2e9], [-5.0, 7.0]])
def test_extremes_and_bins_are_those_of_plain_python(size: int, before: list[float]) -> None:
    """Odd values among them, beside others that are not to be looked at."""
    rng = np.random.default_rng(70)
    rows = np.stack(
        [
            rng.choice(ODD, size + 3),
            rng.choice(ODD[:3], size + 3),
            rng.choice([0.0, -0.0, -1.0, 2.0], size + 3),
            rng.standard_normal(size + 3) * 10.0 ** rng.uniform(-300.0, 300.0, size + 3),
            rng.lognormal(0.0, 1.0, size + 3),
            -rng.lognormal(0.0, 1.0, size + 3),
            np.full(size + 3, math.nan),
        ]
    )
    rows[:, size:] = [math.inf, -math.inf, 9.0]
    extremes = np.tile(before, (len(rows), 1))
    lowest, highest = np.full((2, len(rows), 2), -77)
    scan_rows(rows, size, extremes, lowest, highest)
    for r, row_ in enumerate(rows):
        expected, ends = plain_scan(row_[:size].tolist(), before)
        assert extremes[r].tolist() == expected
        assert not np.any(np.signbit(extremes[r]) & (extremes[r] == 0.0))
        for sign in range(2):
            asked = highest[r, sign] >= lowest[r, sign]
            assert asked or not ends[sign]
            if ends[sign]:
                # The last bin may be that of an extreme which is there already.
                known = max(expected[1] if sign == 0 else -expected[0], 0.0)
                assert lowest[r, sign] == ends[sign][0]
                assert highest[r, sign] == int(bin_of(known)) >= ends[sign][1]
