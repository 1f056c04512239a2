"""How far a sample's top 1 % share falls short of the population's.

Taleb and Douady measured it at tail index 1.1 with 10**12 draws in all. Here sets of n campaigns
are drawn until a budget is spent, as much on each n, and never less than a block for each worker;
the mean share stands beside its standard error, the exact mean by quadrature at tail index 1.1, and
the share of the population, which is the limit.

References
----------
N. N. Taleb and R. Douady, "On the super-additivity and estimation biases of quantile
contributions", Physica A 429 (2015), 252-260.
"""

from __future__ import annotations

import argparse
import math
import sys
import time

import numpy as np
from tqdm import tqdm

from gtmsim import Pareto
from gtmsim.claim.probability import sample_totals
from gtmsim.core.streams import LANES
from gtmsim.execute import Crew, default_workers

ALPHA, SHARE = 1.1, 0.01
EXACT = {
    1_000: 0.405316,
    10_000: 0.487495,
    100_000: 0.536908,
    1_000_000: 0.569199,
    10_000_000: 0.591478,
    100_000_000: 0.607424,
}
"""Means at tail index 1.1, by quadrature: tests/claim/test_mean_share.py computes them."""

_BATCH = 200_000_000
"""Draws of a call: seconds, so that the bar moves, and memory stays flat."""


def mean_share(
    alpha: float, campaigns: int, draws: int, seed: int, workers: int, bar: tqdm
) -> tuple[float, float, int]:
    """Return the mean share of the top 1 %, its standard error, and the sets simulated."""
    law = Pareto(tail_index=alpha)
    sets, total, squares = _whole_blocks(draws // campaigns, workers), 0.0, 0.0
    step = _whole_blocks(_BATCH // campaigns, workers)
    for batch, first in enumerate(range(0, sets, step)):
        size = min(step, sets - first)
        # A seed for each batch: the streams of two seeds have nothing in common.
        value, top = sample_totals(
            law, campaigns, 1.0, SHARE, None, size, seed + batch * 1_000_003, Crew(workers)
        )
        share = top / value
        total += math.fsum(share)
        squares += math.fsum(share * share)
        bar.update(size * campaigns)
    mean = total / sets
    variance = max(squares / sets - mean * mean, 0.0) * sets / (sets - 1)
    return mean, math.sqrt(variance / sets), sets


def _whole_blocks(sets: int, workers: int) -> int:
    """Sets are drawn side by side, a block for each worker at a time."""
    return LANES * workers * max(1, math.ceil(sets / (LANES * workers)))


def main() -> int:
    """Print a row for each number of campaigns, and what 10**12 draws would take."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.study", description=(__doc__ or "").split("\n\n")[0]
    )
    parser.add_argument("--draws", type=float, default=1e9, help="in all, such as 1e10")
    parser.add_argument("--tail-index", type=float, default=ALPHA)
    parser.add_argument(
        "--campaigns", type=float, nargs="+", default=[1e3, 1e4, 1e5, 1e6, 1e7, 1e8]
    )
    parser.add_argument("--workers", type=int, default=default_workers())
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    alpha, sizes = arguments.tail_index, [int(n) for n in arguments.campaigns]
    if not alpha > 1.0 or min(sizes) < 100:
        parser.error("needs a tail index above 1, and 100 campaigns or more")
    # Compile, and touch what a first call touches, before the clock runs.
    sample_totals(
        Pareto(tail_index=alpha), 1_000, 1.0, SHARE, None, 256, 0, Crew(arguments.workers)
    )
    each = int(arguments.draws / len(sizes))
    limit = float(Pareto(tail_index=alpha).top_share(SHARE))
    print(f"mean share of the top 1 %, Pareto of tail index {alpha:g}, {arguments.workers} workers")
    print(f"{'campaigns':>12} {'sets':>11} {'mean share':>11} {'error':>9} {'exact':>9} {'z':>6}")
    done, start = 0, time.perf_counter()
    total = sum(n * _whole_blocks(each // n, arguments.workers) for n in sizes)
    with tqdm(total=total, unit=" draws", unit_scale=True, leave=False) as bar:
        for n in sizes:
            mean, error, sets = mean_share(alpha, n, each, arguments.seed, arguments.workers, bar)
            done += sets * n
            exact = EXACT.get(n, math.nan) if alpha == ALPHA else math.nan
            z = "" if np.isnan(exact) else f"{(mean - exact) / error:+.1f}"
            shown = "" if np.isnan(exact) else f"{exact:.6f}"
            tqdm.write(f"{n:12,} {sets:11,} {mean:11.6f} {error:9.6f} {shown:>9} {z:>6}")
    seconds = time.perf_counter() - start
    print(f"{'population':>12} {'':11} {limit:11.6f}")
    print(
        f"{done:.3g} draws in {seconds:.1f} s, {seconds / done * 1e9:.2f} ns each; "
        f"1e12 would take {seconds / done * 1e12 / 60:.1f} minutes"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
