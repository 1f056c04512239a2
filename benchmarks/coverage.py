"""How often intervals hold the truth: every 95 % interval against laws whose truth is known.

Samples are drawn over and over; a column is the part of them whose interval held the truth. "Normal
mean" is the control: mean and standard error of the draws, which every textbook gives and which
fails under fat tails. Hill's interval is exact for a Pareto and no claim is made for other laws.
Where there is no mean, and so no share of a population, the column is empty.
"""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor

import numpy as np
from tqdm import tqdm

from gtmsim import LogNormal, Lomax, Pareto
from gtmsim.concentration import concentration_report
from gtmsim.core._types import Floats
from gtmsim.execute import default_workers
from gtmsim.statistics import (
    Interval,
    hill,
    lower_mean_interval,
    mean_interval,
    probability_interval,
    quantile_interval,
)

ALPHAS = (0.5, 1.1, 1.3, 1.5, 1.8, 2.2, 3.0)
SIGMAS = (1.0, 2.0)
SHARE, WORST, FEW = 0.01, 0.05, 1_000
QUANTILES = {"P10": 0.1, "P50": 0.5, "P90": 0.9}
CAMPAIGNS, HIT_RATE = 20, 0.3
COLUMNS = (
    *QUANTILES, "probability", "CVaR 95", "mean", "normal mean", "mean of sums",
    "normal mean of sums", "Hill", "population share",
)  # fmt: skip


def law_of(family: str, parameter: float) -> Pareto | Lomax | LogNormal:
    """Return a law whose scale is 1."""
    if family == "lognormal":
        return LogNormal(median=1.0, sigma=parameter)
    return (
        Lomax(tail_index=parameter, scale=1.0)
        if family == "lomax"
        else Pareto(tail_index=parameter)
    )


def draws_of(family: str, parameter: float, n: int, rng: np.random.Generator) -> Floats:
    """Return independent draws of the law."""
    if family == "lognormal":
        return np.exp(parameter * rng.standard_normal(n))
    grown = rng.standard_exponential(n) / parameter
    return np.expm1(grown) if family == "lomax" else np.exp(grown)


def sums_of(family: str, parameter: float, n: int, rng: np.random.Generator) -> Floats:
    """Return totals of 20 campaigns of which 3 in 10 hit, beside a lognormal steady channel."""
    hits = rng.binomial(CAMPAIGNS, HIT_RATE, n)
    values = draws_of(family, parameter, int(hits.sum()), rng)
    totals = 10.0 * np.exp(0.5 * rng.standard_normal(n))
    some = hits > 0
    totals[some] += np.add.reduceat(values, (np.cumsum(hits) - hits)[some])
    return totals


def normal_interval(values: Floats) -> Interval:
    """Return the interval that the central limit theorem promises."""
    mean, half = values.mean(), 1.959964 * values.std(ddof=1) / math.sqrt(values.size)
    return Interval(mean, mean - half, mean + half, 0.95, "central limit theorem")


def hill_interval(values: Floats) -> Interval:
    """Return the interval of the tail index."""
    return hill(values).interval


def share_interval(values: Floats) -> Interval:
    """Return the interval of the population's top share."""
    return concentration_report(values, SHARE, rng=1).population_share


def coverage(family: str, parameter: float, n: int, repetitions: int, seed: int) -> list[float]:
    """Return the part of intervals that held the truth (column,), NaN where there is none."""
    law, rng = law_of(family, parameter), np.random.default_rng(seed)
    index = math.inf if family == "lognormal" else parameter
    mean = law.mean()
    total = CAMPAIGNS * HIT_RATE * mean + 10.0 * math.exp(0.125)
    worst = law.isf(1.0 - WORST)
    # E[min(X, q)] less what is cut at q, so that no infinite mean comes in.
    lower = (law.mean(cap=worst) - worst * (1.0 - WORST)) / WORST
    high = law.isf(0.1)
    share = law.top_share(SHARE)
    held: dict[str, list[bool]] = {name: [] for name in COLUMNS}
    for repetition in range(repetitions):
        x, s = (draw(family, parameter, n, rng) for draw in (draws_of, sums_of))
        above = int(np.count_nonzero(x > high))
        asked: list[tuple[str, float, Callable[..., Interval], tuple[object, ...]]] = [
            *((name, law.isf(1.0 - q), quantile_interval, (x, q)) for name, q in QUANTILES.items()),
            ("probability", 0.1, probability_interval, (above, n)),
            ("CVaR 95", lower, lower_mean_interval, (x, WORST)),
            ("mean", mean, mean_interval, (x, 0.95, index)),
            ("normal mean", mean, normal_interval, (x,)),
            ("mean of sums", total, mean_interval, (s, 0.95, index)),
            ("normal mean of sums", total, normal_interval, (s,)),
        ]
        if family == "pareto":
            asked.append(("Hill", parameter, hill_interval, (x,)))
        # A report simulates, so it is asked for less often.
        if repetition % 4 == 0:
            asked.append(("population share", share, share_interval, (x[:FEW],)))
        for name, truth, interval, arguments in asked:
            if math.isfinite(truth):
                found = interval(*arguments)
                held[name].append(found.low <= truth <= found.high)
    return [float(np.mean(held[name])) if held[name] else math.nan for name in COLUMNS]


def main() -> int:
    """Print a row for each law."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.coverage", description=(__doc__ or "").split("\n\n")[0]
    )
    parser.add_argument("--repetitions", type=int, default=2_000)
    parser.add_argument("--draws", type=float, default=1e4, help="of each sample")
    parser.add_argument("--family", choices=("pareto", "lomax"), default="pareto")
    parser.add_argument("--workers", type=int, default=default_workers())
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    n = int(arguments.draws)
    if n < FEW or arguments.repetitions < 4:
        parser.error(f"needs {FEW:,} draws, and 4 repetitions, or more")
    laws = [(arguments.family, alpha) for alpha in ALPHAS]
    laws += [("lognormal", sigma) for sigma in SIGMAS]
    print(
        f"part of 95 % intervals that held the truth, {n:,} draws, "
        f"{arguments.repetitions:,} repetitions (population share: {FEW:,} draws, a quarter)\n"
    )
    print("| law | " + " | ".join(COLUMNS) + " |")
    print("|---" * (len(COLUMNS) + 1) + "|")
    with ProcessPoolExecutor(arguments.workers) as pool:
        jobs = [
            pool.submit(coverage, *law, n, arguments.repetitions, arguments.seed + i)
            for i, law in enumerate(laws)
        ]
        for (family, parameter), job in tqdm(list(zip(laws, jobs, strict=True)), leave=False):
            cells = ["" if math.isnan(c) else f"{100 * c:.1f}" for c in job.result()]
            tqdm.write(f"| {family} {parameter:g} | " + " | ".join(cells) + " |")
    error = 100.0 * math.sqrt(0.95 * 0.05 / arguments.repetitions)
    print(f"\nstandard error {error:.1f}, that of the population share {2 * error:.1f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
