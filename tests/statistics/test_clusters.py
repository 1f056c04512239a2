"""Intervals from clusters of draws, at the ends that are known."""

from __future__ import annotations

import numpy as np
import pytest

from gtmsim.errors import PrecisionError
from gtmsim.statistics import lower_mean_interval, mean_interval, quantile_interval
from gtmsim.statistics.clusters import (
    cluster_draws,
    clustered_lower_mean_interval,
    clustered_mean_interval,
    clustered_probability_interval,
    clustered_quantile_interval,
    effective_number,
)

RNG = np.random.default_rng(4)
MANY = 4_000
ALONE = np.arange(MANY)
TWENTIES = ALONE // 20
DRAWS = RNG.gamma(2.0, size=MANY)


def test_clusters_of_one_are_independent_draws() -> None:
    for ours, usual in (
        (clustered_quantile_interval(DRAWS, ALONE, 0.3), quantile_interval(DRAWS, 0.3)),
        (clustered_mean_interval(DRAWS, ALONE), mean_interval(DRAWS)),
        (clustered_lower_mean_interval(DRAWS, ALONE, 0.1), lower_mean_interval(DRAWS, 0.1)),
    ):
        assert ours.estimate == pytest.approx(usual.estimate, rel=1e-12)
        assert ours.low == pytest.approx(usual.low, rel=2e-3)
        assert ours.high == pytest.approx(usual.high, rel=2e-3)


def test_clusters_all_alike_are_one_draw_each() -> None:
    few = DRAWS[: MANY // 20]
    repeated = few[TWENTIES]
    number = effective_number(repeated < 1.0, TWENTIES)
    assert few.size > number > 0.95 * few.size
    for ours, usual in (
        (clustered_quantile_interval(repeated, TWENTIES, 0.3), quantile_interval(few, 0.3)),
        (clustered_mean_interval(repeated, TWENTIES), mean_interval(few)),
    ):
        assert ours.half_width == pytest.approx(usual.half_width, rel=0.2)
        assert ours.half_width > 3.0 * quantile_interval(DRAWS, 0.3).half_width


def test_the_number_follows_what_clusters_share() -> None:
    """With probabilities p +- d the design effect is 1 + 19 d**2 / (p (1 - p))."""
    rng, clusters = np.random.default_rng(8), np.arange(200_000) // 20
    p, d = 0.4, 0.1
    inside = rng.random(clusters.size) < np.where(rng.random(10_000) < 0.5, p - d, p + d)[clusters]
    expected = clusters.size / (1.0 + 19.0 * d**2 / (p * (1.0 - p)))
    # The sum of 10,000 squares has an error of about 1.5 %.
    assert effective_number(inside, clusters) == pytest.approx(expected, rel=0.075)
    assert abs(clusters.size / expected - 1.0) > 0.7


def test_a_share_of_none_counts_clusters() -> None:
    nobody = np.zeros(MANY, dtype=bool)
    assert effective_number(nobody, TWENTIES) == pytest.approx(200.0, rel=0.02)
    assert clustered_probability_interval(nobody, TWENTIES).low == 0.0
    assert clustered_probability_interval(~nobody, TWENTIES).high == 1.0


def test_a_cluster_counts_by_its_size() -> None:
    cluster = np.repeat([0, 1, 3], [4, 4, 1])
    values = np.array([1.0] * 4 + [3.0] * 4 + [11.0])
    draws = cluster_draws(values, cluster, 0.95)
    assert draws.size == 4
    assert draws.mean() == pytest.approx(values.mean())
    assert draws[2] == pytest.approx(values.mean())  # of no draw


def test_equal_values_have_no_width() -> None:
    same = np.full(MANY, 440504.85728262)
    for interval in (
        clustered_mean_interval(same, TWENTIES),
        clustered_quantile_interval(same, TWENTIES, 0.5),
        clustered_lower_mean_interval(same, TWENTIES, 0.1),
    ):
        assert interval.half_width == 0.0
        assert interval.estimate == pytest.approx(same[0], rel=1e-14)


def test_a_level_is_met_by_width() -> None:
    wide, narrow = (clustered_mean_interval(DRAWS, TWENTIES, level) for level in (0.99, 0.5))
    assert wide.half_width > 3.0 * narrow.half_width


def test_too_few_clusters() -> None:
    together = np.zeros(MANY, dtype=np.int64)
    for refused in (
        lambda: clustered_quantile_interval(DRAWS, together, 0.5),
        lambda: clustered_probability_interval(DRAWS < 1.0, together),
        lambda: clustered_lower_mean_interval(DRAWS, together, 0.1),
        lambda: clustered_mean_interval(DRAWS, together),
    ):
        with pytest.raises(PrecisionError, match="values: must be of at least two blocks of scen"):
            refused()
    with pytest.raises(PrecisionError, match="must be of at least 25 blocks and many scenarios"):
        clustered_mean_interval(DRAWS, ALONE // 200)
    with pytest.raises(PrecisionError, match="must be of at least 25 blocks and many scenarios"):
        clustered_mean_interval(np.exp(3.0 * DRAWS), TWENTIES)
    with pytest.raises(PrecisionError, match="must have at least 25 draws in the fraction"):
        clustered_lower_mean_interval(DRAWS, TWENTIES, 0.001)
