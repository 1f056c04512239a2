"""The same answers as the ``powerlaw`` package, where it is installed."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest

from gtmsim.fit.tails import fit_tail

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    powerlaw = pytest.importorskip("powerlaw")


def theirs(values: Any, discrete: bool) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        # Exponents above 3 are as good as others, and counts are fitted exactly.
        return powerlaw.Fit(
            values,
            discrete=discrete,
            verbose=0,
            estimate_discrete=False,
            parameter_ranges={"alpha": [1.0, None]},
        )


SAMPLES = {
    "pareto": lambda rng: (rng.pareto(1.5, 400) + 1.0, False),
    "lomax": lambda rng: (rng.pareto(1.2, 600), False),
    "lognormal": lambda rng: (rng.lognormal(0.0, 1.0, 500), False),
    "ties": lambda rng: (np.round(rng.pareto(1.2, 600), 1) + 0.1, False),
    "zipf": lambda rng: (rng.zipf(2.2, 500).astype(np.float64), True),
    "counts": lambda rng: (np.ceil(10.0 * rng.pareto(1.1, 300)), True),
}


@pytest.mark.parametrize("name", SAMPLES)
def test_the_fit_is_that_of_powerlaw(name: str) -> None:
    values, discrete = SAMPLES[name](np.random.default_rng(3))
    ours, other = fit_tail(values, discrete=discrete, repetitions=0), theirs(values, discrete)
    near = 1e-4 if discrete else 1e-9
    assert ours.distance == pytest.approx(other.D, abs=near)
    at_theirs = fit_tail(values, discrete=discrete, minimum=float(other.xmin), repetitions=0)
    assert at_theirs.distance == pytest.approx(ours.distance, abs=near)
    assert at_theirs.tail_index == pytest.approx(other.alpha - 1.0, abs=1e-3)
    for row in ours.comparisons.itertuples():
        if row.alternative == "exponential" and ours.minimum == other.xmin:
            ratio, _ = other.distribution_compare("power_law", "exponential")
            assert row.log_likelihood_ratio == pytest.approx(ratio, rel=1e-2, abs=1e-2)
