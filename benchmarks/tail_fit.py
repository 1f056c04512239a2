"""Fitting a tail beside the ``powerlaw`` package: ``python -m benchmarks.tail_fit``.

Answers are compared first; then both fit the same values in turns, and the ratio of each round is
printed. The package's own data sets are used where it is installed, and nothing is stored.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import warnings
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.machine import describe, sentence
from benchmarks.measure import Spread, digits, interleave, ratios
from gtmsim.fit.tails import TailFit, fit_tail

Floats = npt.NDArray[np.float64]

DATA_SETS = {
    "blackouts": False,
    "cities": False,
    "fires": False,
    "flares": False,
    "quakes": False,
    "surnames": False,
    "terrorism": True,
    "words": True,
}
"""By name, whether they are counts."""

SYNTHETIC: dict[str, tuple[Callable[[np.random.Generator, int], Floats], bool]] = {
    "pareto": (lambda rng, n: rng.pareto(1.5, n) + 1.0, False),
    "lomax": (lambda rng, n: rng.pareto(1.5, n), False),
    "lognormal": (lambda rng, n: rng.lognormal(0.0, 1.0, n), False),
    "zipf": (lambda rng, n: rng.zipf(2.3, n).astype(np.float64), True),
}
_NEAR = 1e-3


def ours(values: Floats, discrete: bool, **options: Any) -> TailFit:
    """Fit without repetitions, alternatives included."""
    return fit_tail(values, discrete=discrete, repetitions=0, **options)


def theirs(values: Floats, discrete: bool) -> Any:
    """Fit with the package: exponents above 3 allowed, counts fitted exactly, no alternatives."""
    import powerlaw

    with (
        warnings.catch_warnings(),
        contextlib.redirect_stdout(io.StringIO()),
        contextlib.redirect_stderr(io.StringIO()),
    ):
        warnings.simplefilter("ignore")
        return powerlaw.Fit(
            values,
            discrete=discrete,
            verbose=0,
            estimate_discrete=False,
            parameter_ranges={"alpha": [1.0, None]},
        )


def objection(fit: TailFit, other: Any, values: Floats) -> str | None:
    """Say how two fits disagree: in the minimum and the distance both, or in the exponent."""
    if fit.minimum != other.xmin and abs(fit.distance - other.D) > _NEAR * other.D:
        return f"minimum {fit.minimum:g} at {fit.distance:.6f}, theirs {other.xmin:g}"
    at = ours(values, fit.discrete, minimum=float(other.xmin)).tail_index
    if abs(at - (other.alpha - 1.0)) > _NEAR:
        return f"tail index {at:.5f} at their minimum, theirs {other.alpha - 1.0:.5f}"
    return None


def compare(name: str, values: Floats, discrete: bool, rounds: int) -> None:
    """Print how both fit the same values, and how many times as fast ours is."""
    fit = ours(values, discrete)
    line = f"{name:<12}{values.size:>10,}  alpha {fit.tail_index:.4f} from {fit.minimum:<10.6g}"
    if find_spec("powerlaw") is None:
        print(f"{line} powerlaw is not installed")
        return
    wrong = objection(fit, theirs(values, discrete), values)
    if wrong is not None:
        print(f"{line} DISAGREES: {wrong}")
        return
    actions = [lambda _: ours(values, discrete), lambda _: theirs(values, discrete)]
    mine, other = interleave(actions, rounds)
    faster = Spread.of(ratios(other, mine))
    print(f"{line} {Spread.of(mine)} s, powerlaw {Spread.of(other)} s: {faster} times as fast")


def data_sets() -> dict[str, tuple[Floats, bool]]:
    """Return the package's data sets, positive values, and whether they are counts."""
    if find_spec("powerlaw") is None:
        return {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from powerlaw.data import load_test_dataset
    loaded = {name: load_test_dataset(name) for name in DATA_SETS}
    return {name: (x[x > 0.0], DATA_SETS[name]) for name, x in loaded.items()}


def alone(name: str, values: Floats, discrete: bool, repetitions: int) -> None:
    """Print the time of ours where nothing else gets through."""
    fit_tail(values[:2_000], discrete=discrete, repetitions=min(repetitions, 100))
    (seconds,) = interleave(
        [lambda seed: fit_tail(values, discrete=discrete, repetitions=repetitions, rng=seed)], 1
    )
    print(f"{name:<12}{values.size:>10,}  {repetitions:>5,} repetitions: {digits(seconds[0])} s")


def coverage(histories: int) -> None:
    """Print how often 90 % intervals hold the truth, the minimum being searched for."""
    laws: dict[str, Callable[[np.random.Generator, int], Floats]] = {
        "pareto": lambda rng, n: rng.pareto(1.5, n) + 1.0,
        "spliced": lambda rng, n: np.where(
            rng.random(n) < 0.3, rng.pareto(1.5, n) + 1.0, rng.beta(2.0, 2.0, n)
        ),
        "zipf": lambda rng, n: rng.zipf(2.5, n).astype(np.float64),
    }
    for name, draw in laws.items():
        # A hundred counts are often of fewer than ten different sizes.
        for n in (1_000, 3_000) if name == "zipf" else (100, 1_000):
            inside = np.zeros(2)
            for seed in range(histories):
                values = draw(np.random.default_rng(seed), n)
                for i, repetitions in enumerate((0, 300)):
                    found = fit_tail(values, repetitions=repetitions, rng=seed).interval
                    inside[i] += found.low <= 1.5 <= found.high
            known, searched = inside / histories
            print(
                f"{name:<12}{n:>10,}  minimum taken as known {known:.3f}, searched {searched:.3f}"
            )


def main() -> None:
    """Compare, then time what is large; or look at coverage instead."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--points", type=int, default=3_000, help="synthetic values")
    parser.add_argument("--large", type=int, default=1_000_000, help="values that ours fits alone")
    parser.add_argument("--coverage", type=int, default=0, help="histories for coverage, alone")
    chosen = parser.parse_args()
    print(sentence(describe()))
    if chosen.coverage:
        coverage(chosen.coverage)
        return
    for name, (values, discrete) in data_sets().items():
        compare(name, values, discrete, chosen.rounds)
    rng = np.random.default_rng(5)
    for name, (draw, discrete) in SYNTHETIC.items():
        compare(name, draw(rng, chosen.points), discrete, chosen.rounds)
    for name, (draw, discrete) in SYNTHETIC.items():
        alone(name, draw(rng, 10_000), discrete, 1_000)
        alone(name, draw(rng, chosen.large), discrete, 0)


if __name__ == "__main__":
    main()
