"""The concentration report against exact shares, quadrature and the coverage that it promises."""

from __future__ import annotations

import math
import re
from typing import Any

import numpy as np
import pytest

from gtmsim.concentration import ConcentrationReport, concentration_report, top_share
from gtmsim.concentration.report import _Body, _population_shares, _sample_shares
from gtmsim.core._types import Floats
from gtmsim.distributions import Lomax, Pareto
from gtmsim.errors import ArgumentError, ArgumentTypeError
from gtmsim.statistics.pareto import ParetoTail
from gtmsim.statistics.points import points_of
from tests.laws import expect_mean, expect_proportion, rejects

MEAN_SHARE = 0.405316
"""Of the best 1 % of 1,000 draws at tail index 1.1, by tests/claim/test_mean_share.py."""


def history(alpha: float, n: int, seed: int = 1) -> Floats:
    return np.asarray(np.random.default_rng(seed).pareto(alpha, n) + 1.0)


def fitted(alpha: float, n: int, k: int) -> tuple[ParetoTail, _Body]:
    """A Pareto law of minimum 1 as tail and body: its quantiles in the place of draws."""
    values = (1.0 - (np.arange(n) + 0.5) / n) ** (-1.0 / alpha)
    u = (k / n) ** (-1.0 / alpha)
    tail = ParetoTail(u, np.sort(values)[n - k :] - u, 1.0 / alpha, u / alpha)
    return tail, _Body.of(points_of(values), k)


@pytest.mark.parametrize("share", [0.001, 0.01, 0.05, 0.2, 0.6])
@pytest.mark.parametrize("alpha", [1.1, 1.5, 3.0])
def test_the_share_of_a_fitted_population_is_exact(alpha: float, share: float) -> None:
    tail, body = fitted(alpha, 100_000, 5_000)
    here = np.array([tail.shape]), np.array([tail.scale])
    found = _population_shares(share, tail, body, *here, None)[0]
    assert found == pytest.approx(Pareto(tail_index=alpha).top_share(share), rel=2e-4)
    heavy = _population_shares(share, tail, body, here[0] + 1.0, here[1], None)[0]
    assert heavy == 1.0


def test_the_mean_share_of_samples_is_that_of_quadrature() -> None:
    for k in (50, 5):
        tail, body = fitted(1.1, 1_000, k)
        shares = np.concatenate(
            [_sample_shares(0.01, tail, body, np.random.default_rng(s)) for s in range(8)]
        )
        if k == 50:
            expect_mean(shares, MEAN_SHARE)
            rejects(expect_mean, shares, Pareto(tail_index=1.1).top_share(0.01))
        else:
            # The best of the body do not vary, so this is no more than near.
            assert shares.mean() == pytest.approx(MEAN_SHARE, abs=0.01)


@pytest.mark.parametrize(("alpha", "n"), [(1.3, 1_000), (2.2, 1_000), (1.5, 300)])
def test_the_population_share_is_held_as_often_as_promised(alpha: float, n: int) -> None:
    law, held, known, short = Lomax(tail_index=alpha, scale=1.0), 0, 0, 0
    truth = law.top_share(0.01)
    rng = np.random.default_rng(2)
    for seed in range(250):
        values = law.isf(rng.random(n))
        report = concentration_report(values, rng=seed)
        whole, tail = report.population_share, report.tail_index
        held += whole.low <= truth <= whole.high
        known += tail.low <= alpha <= tail.high
        short += truth <= report.share
    expect_proportion(held, 250, 0.95)
    expect_proportion(known, 250, 0.95)
    # A sample's share lies below the population's more often than not.
    rejects(expect_proportion, short, 250, 0.5 if alpha < 1.6 else 0.9)


def test_the_range_holds_the_shares_of_other_samples() -> None:
    tail, body = fitted(1.3, 2_000, 400)
    low, high = np.quantile(
        _sample_shares(0.01, tail, body, np.random.default_rng(1)), [0.025, 0.975]
    )

    def held(alpha: float) -> int:
        shares = [top_share(history(alpha, 2_000, seed)) for seed in range(400)]
        return sum(low <= share <= high for share in shares)

    expect_proportion(held(1.3), 400, 0.95)
    rejects(expect_proportion, held(1.6), 400, 0.95)


def test_a_sample_falls_short_of_its_population() -> None:
    report = concentration_report(history(1.3, 5_000), rng=1)
    assert report.bias == report.expected_share - report.population_share.estimate
    assert -0.3 < report.bias < 0.0
    longer = concentration_report(history(1.3, 200_000), rng=1)
    assert report.bias < longer.bias < 0.0


def test_without_a_mean_there_is_no_population_share() -> None:
    report = concentration_report(history(0.6, 5_000), rng=1)
    assert math.isnan(report.population_share.estimate)
    assert math.isnan(report.bias)
    assert report.population_share.low > 0.9
    assert report.population_share.high == 1.0
    assert 0.5 < report.expected_share < 1.0
    assert "The likeliest tail has no mean" in str(report)
    unsure = concentration_report(history(1.2, 200, seed=5), rng=1)
    assert unsure.population_share.high == 1.0


def test_the_seed_gives_the_same_report_again() -> None:
    values = history(1.5, 500)
    one = concentration_report(values, rng=7)
    assert one.seed == 7
    assert concentration_report(values, rng=np.int64(7)) == one
    assert concentration_report(values, rng=8) != one
    fresh = concentration_report(values)
    assert concentration_report(values, rng=fresh.seed) == fresh


def test_units_of_money_do_not_matter() -> None:
    values = history(1.5, 500)
    one, other = (concentration_report(values * scale, rng=7) for scale in (1.0, 2.0**900))
    assert one == other


def test_misses_count_as_campaigns() -> None:
    values = np.concatenate((history(1.5, 300), np.zeros(700)))
    report = concentration_report(values, rng=1)
    assert report.n == 1_000
    assert report.share == top_share(values)
    few = np.concatenate((history(1.5, 25), np.zeros(975)))
    assert concentration_report(few, rng=1).tail_size == 24


def test_it_reads_as_sentences() -> None:
    report = concentration_report(history(1.5, 10_000), rng=1)
    lines = str(report).splitlines()
    assert lines[0] == f"Of 10,000 campaigns the best 1 % brought {report.share:.1%} of the value."
    assert lines[1].startswith(f"The tail index is {report.tail_index.estimate:.2f} (95 % interval")
    assert lines[2].startswith(f"As many campaigns with that tail show {report.expected_share:.1%}")
    assert lines[3].startswith("Of endlessly many campaigns the best 1 % would bring")
    assert repr(report).splitlines()[0] == lines[0]
    assert isinstance(report, ConcentrationReport)
    unsure = concentration_report(history(1.3, 150, seed=3), rng=1)
    assert unsure.population_share.estimate < unsure.population_share.high == 1.0
    assert str(unsure).endswith("that the mean, and so this share, is infinite.")


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (
            lambda: concentration_report([1.0] * 19 + [0.0]),
            ArgumentError,
            "values: must hold at least 20 positive values, got 19",
        ),
        (
            lambda: concentration_report([1.0] * 30),
            ArgumentError,
            "values: must hold at least 6 different positive values, got 1",
        ),
        (
            lambda: concentration_report([1.0, -1.0]),
            ArgumentError,
            "values[1]: must be a finite number that is not negative, got -1.0",
        ),
        (
            lambda: concentration_report(history(1.5, 50), 1.0),
            ArgumentError,
            "spend_share: must be above 0 and below 1, got 1.0",
        ),
        (
            lambda: concentration_report(history(1.5, 50), level=0.0),
            ArgumentError,
            "level: must be above 0 and below 1, got 0.0",
        ),
        (
            lambda: concentration_report(history(1.5, 50), rng="7"),
            ArgumentTypeError,
            "rng: must be None, an int, a SeedSequence or a Generator, got '7' "
            "(pass a seed like 7)",
        ),
    ],
)
def test_what_is_wrong_is_said(call: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=f"^{re.escape(message)}$"):
        call()
