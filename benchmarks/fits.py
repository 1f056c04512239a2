"""How often the intervals of fitted programs hold the truth.

``python -m benchmarks.fits`` makes histories from a dozen known programs, fits each and counts how
often the 90 % intervals of the hit rate, of the shape (tail index or log-sd) and of the mean hold
what made them, with the bias of their middles. ``--histories 500`` takes about half an hour.
"""

from __future__ import annotations

import argparse
import math
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass

import numpy as np
import pandas as pd

from gtmsim import LogNormal, Lomax, Spliced
from gtmsim.distributions import Multiple
from gtmsim.fit import fit_program

LEVEL = 0.9
_Z = 1.6449


@dataclass(frozen=True)
class Truth:
    """A program that makes histories.

    With ``conversions``, the average campaign's expected conversions, values come as counts.
    """

    multiple: Multiple
    hit_rate: float
    campaigns: int
    conversions: float | None = None

    @property
    def label(self) -> str:
        """What it is, in a line."""
        law = self.multiple
        shape = (
            f"alpha {law.tail_index:g}" if math.isfinite(law.tail_index) else f"sigma {law.sigma:g}"
        )
        counts = "" if self.conversions is None else f", {self.conversions:g} conversions"
        return f"{law.family} {shape}, h {self.hit_rate:g}, n {self.campaigns:,}{counts}"

    @property
    def shape(self) -> tuple[str, float]:
        """Name and value of the shape that is looked at."""
        index = self.multiple.tail_index
        return ("tail_index", index) if math.isfinite(index) else ("sigma", self.multiple.sigma)

    def history(self, rng: np.random.Generator) -> pd.DataFrame:
        """Make a history."""
        n = self.campaigns
        hit = rng.random(n) < self.hit_rate
        true = np.where(hit, self.multiple.isf(rng.random(n)), 0.0)
        if self.conversions is None:
            return pd.DataFrame({"spend": np.full(n, 100.0), "value": 100.0 * true})
        spend = rng.lognormal(0.0, 1.0, n)
        # A conversion's value is such that the average campaign has as many as asked for.
        median = float(self.multiple.isf(0.5)) * self.hit_rate
        unit = float(np.exp(0.5)) * median / self.conversions
        return pd.DataFrame(
            {"spend": spend, "conversions": rng.poisson(spend * true / unit).astype(float)}
        ).assign(value=lambda frame: unit * frame["conversions"])


TRUTHS = (
    Truth(Lomax(tail_index=1.1, scale=3.0), 0.3, 1_000),
    Truth(Lomax(tail_index=1.5, scale=2.0), 0.9, 30),
    Truth(Lomax(tail_index=1.5, scale=2.0), 0.4, 10_000),
    Truth(Lomax(tail_index=2.5, scale=3.0), 0.9, 300),
    Truth(LogNormal(median=1.3, sigma=0.8), 0.9, 30),
    Truth(LogNormal(median=1.4, sigma=1.0), 0.55, 100),
    Truth(LogNormal(median=1.0, sigma=1.5), 0.3, 10_000),
    Truth(Spliced(median=1.0, sigma=0.8, threshold=2.8, tail_index=1.5), 0.6, 1_000),
    Truth(LogNormal(median=1.2, sigma=0.8), 0.7, 100, 3.0),
    Truth(LogNormal(median=1.4, sigma=1.0), 0.55, 1_000, 2.0),
    Truth(Lomax(tail_index=1.5, scale=2.0), 0.5, 300, 5.0),
    Truth(Lomax(tail_index=2.0, scale=2.0), 0.8, 3_000, 20.0),
)


def one(task: tuple[int, int]) -> list[tuple[float, float, float]]:
    """Fit one history; (truth, middle, covered) of hit rate, shape and mean."""
    place, seed = task
    truth = TRUTHS[place]
    rng = np.random.default_rng([2026, place, seed])
    history = truth.history(rng)
    fit = fit_program(
        history, name="truth", preset=None, family=truth.multiple.family, level=LEVEL, rng=seed
    )
    name, shape = truth.shape
    wanted = {
        "hit_rate": (truth.hit_rate, fit.posterior.hit_rate),
        name: (shape, fit.shapes()[name]),
        "mean": (truth.hit_rate * truth.multiple.mean(), fit.posterior.mean),
    }
    found = []
    for value, draws in wanted.values():
        middle, low, high = fit.interval(draws)
        found.append((value, middle, float(low <= value <= high)))
    return found


def main() -> None:
    """Run the study."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--histories", type=int, default=500)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--truths", type=int, nargs="*", default=list(range(len(TRUTHS))))
    options = parser.parse_args()
    n = options.histories
    error = _Z * 100 * math.sqrt(LEVEL * (1 - LEVEL) / n)
    print(f"90 % intervals over {n} histories each; a coverage of 90 is within {error:.1f} of it")
    print(f"{'truth':<52}{'hit rate':>16}{'shape':>16}{'mean':>16}   (coverage %, bias %)")
    with ProcessPoolExecutor(options.workers) as pool:
        for place in options.truths:
            tasks = [(place, seed) for seed in range(n)]
            found = np.array(list(pool.map(one, tasks, chunksize=5)))
            cells = ""
            for column in range(3):
                true, middle, covered = found[:, column].T
                bias = 100 * (np.median(middle / true) - 1)
                cells += f"{100 * covered.mean():>9.1f}{bias:>+7.1f}"
            print(f"{TRUTHS[place].label:<52}{cells}", flush=True)


if __name__ == "__main__":
    main()
