"""Programs of many campaigns, drawn octave by octave, against numpy and against closed forms."""

from __future__ import annotations

import math
from functools import cache

import numpy as np
import pytest
from scipy import stats

import gtmsim as gtm
from gtmsim.core._types import Floats
from gtmsim.result import PortfolioResult
from tests.laws import rejects

CAMPAIGNS, TOP = 1_000, 10
SCENARIOS = 20_000
FALSE_ALARM = 1e-6

ALPHAS = (0.5, 1.05, 1.5, 3.0)
HIT_RATES = (0.05, 0.5, 1.0)
CAPS = (None, 30.0)


def simulate(
    multiple: gtm.Pareto | gtm.Lomax | gtm.LogNormal,
    hit_rate: float,
    cap: float | None,
    scenarios: int,
    **options: object,
) -> PortfolioResult:
    program = gtm.CampaignProgram(
        name="bets", campaigns=CAMPAIGNS, spend=1.0, launch=0, hit_rate=hit_rate,
        multiple=multiple, cap=cap,
    )  # fmt: skip
    plan = gtm.Plan(horizon=1, channels=[program])
    return gtm.simulate_portfolio(plan, scenarios=scenarios, rng=17, **options)  # type: ignore[arg-type]


def figures(result: PortfolioResult) -> dict[str, Floats]:
    total = result.values("value")
    # A share of a total is rounded; at a cap many are equal, and must be.
    top = np.round(np.nan_to_num(result.values("top_share")) * total, 9)
    return {"total": total, "largest": result.values("largest"), "top": top}


@cache
def numpy_figures(alpha: float, hit_rate: float, cap: float | None, seed: int) -> dict[str, Floats]:
    """Every campaign drawn, and the best found by a partition."""
    rng = np.random.default_rng(seed)
    parts = []
    for _ in range(20):
        shape = (SCENARIOS // 20, CAMPAIGNS)
        x = np.minimum(rng.pareto(alpha, shape) + 1.0, math.inf if cap is None else cap)
        x *= rng.random(shape) < hit_rate
        best = np.partition(x, CAMPAIGNS - TOP, axis=1)[:, -TOP:]
        parts.append((x.sum(axis=1), x.max(axis=1), best.sum(axis=1)))
    return dict(
        zip(("total", "largest", "top"), map(np.concatenate, zip(*parts, strict=True)), strict=True)
    )


def expect_same_law(one: Floats, other: Floats) -> None:
    assert stats.ks_2samp(one, other).pvalue > FALSE_ALARM


@pytest.mark.parametrize("cap", CAPS)
@pytest.mark.parametrize("hit_rate", HIT_RATES)
@pytest.mark.parametrize("alpha", ALPHAS)
def test_total_largest_and_top_have_the_law_of_numpy(
    alpha: float, hit_rate: float, cap: float | None
) -> None:
    ours = figures(simulate(gtm.Pareto(tail_index=alpha), hit_rate, cap, SCENARIOS))
    theirs = numpy_figures(alpha, hit_rate, cap, 5)
    wrong = numpy_figures(1.15 * alpha, hit_rate, cap, 6)
    for name, values in ours.items():
        expect_same_law(values, theirs[name])
        # Under a cap the largest of many is the cap, whatever the tail.
        if np.mean(np.isclose(values, values.max())) < 0.1:
            rejects(expect_same_law, values, wrong[name])


LAWS = {
    "pareto": (gtm.Pareto(tail_index=1.1), gtm.Pareto(tail_index=1.11)),
    "lomax": (gtm.Lomax(tail_index=1.5, scale=2.68), gtm.Lomax(tail_index=1.51, scale=2.68)),
    "lognormal": (gtm.LogNormal(median=1.44, sigma=1.0), gtm.LogNormal(median=1.44, sigma=1.004)),
}


def expect_largest(values: Floats, law: gtm.Pareto | gtm.Lomax | gtm.LogNormal, h: float) -> None:
    """P(largest <= x) is (1 - h P(X > x))**n."""

    def cdf(x: Floats) -> Floats:
        return np.asarray(np.exp(CAMPAIGNS * np.log1p(-h * law.sf(x))))

    assert stats.kstest(values, cdf).pvalue > FALSE_ALARM


@pytest.mark.parametrize("law", LAWS)
def test_the_largest_of_half_a_billion_draws_has_the_exact_law(law: str) -> None:
    right, wrong = LAWS[law]
    largest = simulate(right, 1.0, None, 500_000).values("largest")
    assert largest.size * CAMPAIGNS == 5 * 10**8
    expect_largest(largest, right, 1.0)
    rejects(expect_largest, largest, wrong, 1.0)


@pytest.mark.parametrize("hit_rate", HIT_RATES)
def test_mean_and_variance_of_the_total_are_exact(hit_rate: float) -> None:
    """A tail index of 5 has the four moments that the errors of both need."""
    law = gtm.Pareto(tail_index=5.0)
    total = simulate(law, hit_rate, None, 200_000).values("value")
    mean = CAMPAIGNS * hit_rate * law.mean()
    second = law.variance() + law.mean() ** 2
    variance = CAMPAIGNS * (hit_rate * second - (hit_rate * law.mean()) ** 2)
    error = math.sqrt(variance / total.size)
    spread = np.std((total - total.mean()) ** 2) / math.sqrt(total.size)
    assert abs(total.mean() - mean) < 4.5 * error
    assert abs(total.mean() - 1.005 * mean) > 4.5 * error
    assert abs(total.var() - variance) < 4.5 * spread
    assert abs(total.var() - 1.05 * variance) > 4.5 * spread


def test_memory_does_not_grow_with_the_scenarios() -> None:
    """Kernels work in blocks: what is kept is what the summary counts."""
    short, long = (
        simulate(gtm.Pareto(tail_index=1.2), 0.5, None, n, keep="summary") for n in (10**4, 10**5)
    )
    bins = [result.distributions.totals.bins.size for result in (short, long)]
    assert bins[1] < 8 * bins[0]
