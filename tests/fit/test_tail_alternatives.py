"""Alternatives to a power law: each is the likeliest of its kind, and verdicts are right."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from scipy import optimize, special, stats

from gtmsim.fit.tails import fit_tail
from gtmsim.fit.tails.alternatives import (
    Tail,
    exponential_masses,
    log_masses,
    lognormal,
    lognormal_masses,
    stretched,
    stretched_masses,
)
from gtmsim.fit.tails.compare import compare_laws
from gtmsim.fit.tails.truncated import moments, power_law_masses, truncated_masses

Floats = npt.NDArray[np.float64]


def tail_of(values: Floats, minimum: float, discrete: bool) -> Tail:
    value, count = np.unique(values[values >= minimum], return_counts=True)
    alpha = fit_tail(values, discrete=discrete, minimum=minimum, repetitions=0).tail_index
    return Tail(value, count.astype(np.float64), minimum, alpha, discrete)


def likelihood(tail: Tail, masses: Floats | None) -> float:
    assert masses is not None
    return float(tail.count @ masses)


def draws(kind: str, n: int, seed: int) -> Floats:
    rng = np.random.default_rng(seed)
    match kind:
        case "lognormal":
            return rng.lognormal(0.5, 1.0, n)
        case "exponential":
            return rng.exponential(2.0, n) + 1.0
        case "stretched":
            return 3.0 * rng.weibull(0.6, n)
        case "pareto":
            return rng.pareto(1.5, n) + 1.0
    x = rng.pareto(0.8, 8 * n) + 1.0
    return x[rng.random(x.size) < np.exp(-0.05 * (x - 1.0))][:n]


KINDS = ("lognormal", "exponential", "stretched", "pareto", "cut")


# -- The likeliest of each kind, by a search of the laws as scipy.stats has them -----------------


def searched(tail: Tail, law: Callable[[Floats], object], start: list[float]) -> float:
    """Greatest log-likelihood of amounts above the minimum, of y as the laws here have it."""
    y_per_x = float(tail.count @ np.log(tail.value))

    def loss(parameters: Floats) -> float:
        shape = law(np.exp(parameters))
        with np.errstate(all="ignore"):
            each = shape.logpdf(tail.value) - shape.logsf(tail.minimum)  # type: ignore[attr-defined]
            total = float(tail.count @ each)
        return -total if math.isfinite(total) else 1e15

    options = {"xatol": 1e-8, "fatol": 1e-8, "maxfev": 4_000, "maxiter": 4_000}
    found = optimize.minimize(loss, np.log(start), method="Nelder-Mead", options=options)
    return y_per_x - float(found.fun)


@pytest.mark.parametrize("kind", ["lognormal", "exponential", "stretched", "cut"])
def test_amounts_get_the_likeliest_law_of_each_kind(kind: str) -> None:
    tail = tail_of(draws(kind, 600, 1), 1.2, discrete=False)
    known = searched(tail, lambda p: stats.expon(scale=p[0]), [1.0])
    assert likelihood(tail, exponential_masses(tail)) == pytest.approx(known, abs=1e-4)
    known = searched(tail, lambda p: stats.weibull_min(p[0], scale=p[1]), [0.7, 2.0])
    assert likelihood(tail, stretched_masses(tail)) == pytest.approx(known, abs=1e-3)
    # exp(mu) and sigma.
    known = searched(tail, lambda p: stats.lognorm(p[1], scale=p[0]), [1.0, 1.0])
    assert likelihood(tail, lognormal_masses(tail)) == pytest.approx(known, abs=1e-3)


@pytest.mark.parametrize("discrete", [False, True])
@pytest.mark.parametrize("kind", ["exponential", "cut"])
def test_the_truncated_law_is_the_likeliest_of_its_kind(kind: str, discrete: bool) -> None:
    x = draws(kind, 500, 2)
    tail = tail_of(np.ceil(4.0 * x) if discrete else x, 4.0 if discrete else 1.0, discrete)
    terms = tail.minimum + np.arange(20_000.0)

    def loss(parameters: Floats) -> float:
        s, c = parameters[0], math.exp(parameters[1])
        if discrete:
            log = -s * np.log(terms) - c * (terms - tail.minimum)
            norm = float(special.logsumexp(log))
        else:
            grid = np.linspace(0.0, 14.0, 40_001)
            log = (1.0 - s) * grid - c * np.expm1(grid)
            norm = float(np.log(np.trapezoid(np.exp(log), grid)))
        y = np.log(tail.value) if discrete else np.log(tail.value / tail.minimum)
        each = (-s if discrete else 1.0 - s) * y - c * (tail.value - tail.minimum)
        return -float(tail.count @ each) + tail.n * norm

    options = {"xatol": 1e-7, "fatol": 1e-7, "maxfev": 1_000}
    found = optimize.minimize(loss, [1.5, -2.0], method="Nelder-Mead", options=options)
    assert likelihood(tail, truncated_masses(tail)) == pytest.approx(-found.fun, abs=1e-3)


@pytest.mark.parametrize("a", [-40.0, -5.5, -1.0, -0.3, 0.0, 1.0, 4.0])
@pytest.mark.parametrize("c", [1e-6, 1e-2, 1.0, 20.0])
def test_the_normaliser_is_an_incomplete_gamma_function(a: float, c: float) -> None:
    if a < 0.0:
        upper = special.gammaincc(-a, c)
        if upper == 0.0:
            return
        known = c + a * math.log(c) + special.gammaln(-a) + math.log(upper)
    else:
        known = c + math.log(special.expn(int(a) + 1, c))
    assert moments(a, c, 1.0, discrete=False)[0] == pytest.approx(known, abs=1e-10)


@pytest.mark.parametrize("q", [1.0, 7.0, 300.0])
@pytest.mark.parametrize(("s", "rate"), [(2.5, 1e-3), (1.0, 1e-2), (-0.5, 1e-2), (3.0, 2.0)])
def test_sums_over_whole_numbers_are_those_of_all_terms(s: float, rate: float, q: float) -> None:
    x = q + np.arange(100_000.0)
    mass = (x / q) ** -s * np.exp(-rate * (x - q))
    log_sum, log_mean, mean = moments(s - 1.0, rate * q, q, discrete=True)
    assert log_sum == pytest.approx(math.log(mass.sum()), abs=1e-10)
    assert log_mean == pytest.approx(float(mass @ np.log(x / q) / mass.sum()), rel=1e-9)
    assert mean == pytest.approx(float(mass @ (x / q - 1.0) / mass.sum()), rel=1e-9)


def test_masses_of_whole_numbers_sum_to_one() -> None:
    x = np.arange(3.0, 40_000.0)
    tail = Tail(x, np.ones(x.size), 3.0, 2.0, discrete=True)
    for shape in (stretched(0.3, 2.0), stretched(1.0, 0.01), lognormal(-1.0, 0.8)):
        assert np.exp(log_masses(tail, shape)).sum() == pytest.approx(1.0, abs=1e-6)
    few = Tail(x[:500], np.ones(500), 3.0, 2.0, discrete=True)
    # The likeliest geometric law has the mean of the data.
    masses = np.exp(exponential_masses(few))
    ratio = masses[1] / masses[0]
    assert masses[0] == pytest.approx(1.0 - ratio)
    assert ratio / (1.0 - ratio) == pytest.approx(few.mean(few.value - 3.0))
    assert np.exp(power_law_masses(tail)).sum() == pytest.approx(1.0, abs=1e-6)


@pytest.mark.parametrize("masses", [lognormal_masses, stretched_masses])
def test_no_other_law_of_whole_numbers_is_likelier(
    masses: Callable[[Tail], Floats | None],
) -> None:
    tail = tail_of(np.ceil(5.0 * draws("lognormal", 800, 3)), 6.0, discrete=True)
    best = likelihood(tail, masses(tail))
    law = lognormal if masses is lognormal_masses else stretched
    for first in np.linspace(-3.0, 3.0, 25) if law is lognormal else np.linspace(0.0, 2.0, 25):
        for second in np.geomspace(0.1, 5.0, 25):
            assert likelihood(tail, log_masses(tail, law(float(first), float(second)))) <= best


def test_rounding_matters_little_far_out() -> None:
    x = np.floor(1e5 * draws("lognormal", 700, 4))
    minimum = float(np.sort(x)[200])
    whole, amounts = (tail_of(x, minimum, discrete) for discrete in (True, False))
    one, other = (compare_laws(tail, 0.9) for tail in (whole, amounts))
    assert one.log_likelihood_ratio.to_numpy() == pytest.approx(
        other.log_likelihood_ratio.to_numpy(), rel=2e-3
    )


# -- Verdicts -------------------------------------------------------------------------------------


def verdicts(values: Floats, minimum: float | None = None) -> dict[str, str]:
    fit = fit_tail(values, minimum=minimum, repetitions=0)
    return dict(zip(fit.comparisons.alternative, fit.comparisons.verdict, strict=True))


@pytest.mark.parametrize("kind", ["lognormal", "exponential", "stretched", "cut"])
@pytest.mark.parametrize("whole", [False, True])
def test_many_points_of_another_law_are_not_a_power_law(kind: str, whole: bool) -> None:
    x = draws(kind, 5_000, 5)
    found = verdicts(np.ceil(5.0 * x) if whole else x, 5.0 if whole else 1.0)
    name = {"stretched": "stretched exponential", "cut": "truncated power law"}.get(kind, kind)
    assert found[name] == name
    assert found["truncated power law"] == "truncated power law"


def test_many_points_of_a_power_law_rule_out_what_they_can() -> None:
    found = verdicts(draws("pareto", 5_000, 6), 1.0)
    assert found["exponential"] == "power law"
    # These come as near to a power law as one likes.
    for name in ("lognormal", "stretched exponential", "truncated power law"):
        assert found[name] == "cannot distinguish"
    counts = verdicts(np.random.default_rng(6).zipf(2.5, 20_000).astype(np.float64), 1.0)
    assert counts["exponential"] == "power law"
    for name in ("lognormal", "stretched exponential", "truncated power law"):
        assert counts[name] in ("power law", "cannot distinguish")


def test_few_points_cannot_distinguish() -> None:
    values = draws("lognormal", 2_000, 7)
    tail = np.sort(values)[-30:]
    found = verdicts(tail, float(tail[0]))
    assert found["lognormal"] == "cannot distinguish"
    assert found["stretched exponential"] == "cannot distinguish"


def test_vuong_by_hand() -> None:
    tail = tail_of(draws("exponential", 200, 8), 1.0, discrete=False)
    row = compare_laws(tail, 0.9).set_index("alternative").loc["exponential"]
    x, rate = tail.value, 1.0 / (tail.value - 1.0).mean()
    power = np.log(tail.alpha) - (1.0 + tail.alpha) * np.log(x)
    ahead = power - (math.log(rate) - rate * (x - 1.0))
    assert row.log_likelihood_ratio == pytest.approx(ahead.sum(), rel=1e-9)
    assert row.vuong == pytest.approx(ahead.sum() / (math.sqrt(200.0) * ahead.std()), rel=1e-9)
    assert row.p == pytest.approx(2.0 * stats.norm.sf(abs(row.vuong)), rel=1e-9)


def test_the_nested_law_is_judged_at_the_boundary() -> None:
    table = pd.concat(
        compare_laws(tail_of(draws("pareto", 150, seed), 1.0, discrete=False), 0.9)
        for seed in range(200)
    )
    nested = table[table.alternative == "truncated power law"]
    assert nested.vuong.isna().all()
    assert (nested.log_likelihood_ratio <= 0.0).all()
    inside = nested[nested.log_likelihood_ratio < 0.0]
    assert inside.p.to_numpy() == pytest.approx(
        0.5 * stats.chi2.sf(-2.0 * inside.log_likelihood_ratio.to_numpy(), 1), rel=1e-9
    )
    assert (nested.p[nested.log_likelihood_ratio == 0.0] == 1.0).all()


def test_a_level_moves_the_line() -> None:
    tail = tail_of(draws("exponential", 60, 9), 1.0, discrete=False)
    p = compare_laws(tail, 0.9).set_index("alternative").p["exponential"]
    for level, verdict in ((1.0 - 1.1 * p, "exponential"), (1.0 - 0.9 * p, "cannot distinguish")):
        table = compare_laws(tail, level).set_index("alternative")
        assert table.verdict["exponential"] == verdict
