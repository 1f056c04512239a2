"""How many campaigns of a cohort hit, and the sums of what they return."""

from __future__ import annotations

import math
from bisect import bisect_right

import numpy as np
import pytest

from gtmsim.core.cohorts import add_up, count_hits
from gtmsim.core.streams import LANES
from gtmsim.sampling import compile_hits
from tests.core.twins import EXTREME_WORDS, random_words

HITS = [(1, 0.5), (40, 0.05), (300, 1.0), (2000, 0.9), (10**6, 0.3), (3, 1e-6)]


@pytest.mark.parametrize("hits", HITS)
def test_hits_are_the_thresholds_that_the_word_reaches(hits: tuple[int, float]) -> None:
    """A threshold itself is reached, and the word before it is not."""
    base, thresholds = compile_hits(*hits)
    at = np.concatenate((thresholds, thresholds - np.uint64(1), EXTREME_WORDS))
    words = np.resize(np.concatenate((at, random_words(1, LANES))), -(-at.size // LANES) * LANES)
    ascending = thresholds.tolist()
    for block in words.reshape(-1, LANES):
        counts = np.full(LANES, -7.0)
        count_hits(base, thresholds, block, counts)
        assert counts.tolist() == [base + bisect_right(ascending, word) for word in block.tolist()]


@pytest.mark.parametrize("first_hit", [0, 16, 21])
@pytest.mark.parametrize("rows", [1, 3, 4, 5, 16])
def test_hits_are_added_up_where_a_lane_has_them(rows: int, first_hit: int) -> None:
    """What a lane does not have may be anything, and so may what follows the last row."""
    rng = np.random.default_rng(2)
    counts = rng.integers(0, first_hit + rows + 1, LANES).astype(np.float64)
    x = rng.pareto(1.2, (16, LANES))
    hit = first_hit + np.arange(16)[:, None] < counts
    assert 0 < np.count_nonzero(hit[:rows]) < rows * LANES
    before = rng.pareto(1.2, (3, LANES))
    sums = before.copy()
    add_up(np.where(hit, x, math.nan).ravel(), rows, first_hit, counts, sums.reshape(-1))
    own = np.where(hit, x, 0.0)
    np.testing.assert_allclose(sums[0], before[0] + own.sum(axis=0), rtol=1e-13)
    np.testing.assert_allclose(sums[1], before[1] + (own**2).sum(axis=0), rtol=1e-13)
    np.testing.assert_array_equal(sums[2], np.maximum(before[2], own.max(axis=0)))
