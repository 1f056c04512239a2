"""The claim in a set of campaigns: how likely it is, by simulation."""

from __future__ import annotations

import math
from dataclasses import dataclass
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gtmsim.distributions import (
    AnyMultiple,
    Empirical,
    LogNormal,
    Lomax,
    Pareto,
    ScipyDistribution,
    Spliced,
)
from gtmsim.errors import ArgumentTypeError, check_count, check_number
from gtmsim.execute import Crew, ExecutorLike, run_tasks
from gtmsim.progress import compilation_announced
from gtmsim.seeds import RNGLike, resolve_seed, seed_key
from gtmsim.statistics import Interval, probability_interval, quantile_interval

Floats = NDArray[np.float64]

MOST_CAMPAIGNS = 100_000_000
_NO_INTERVAL = Interval(math.nan, math.nan, math.nan, 0.95, "none")
_DRAWS_PER_CALL = 10_000_000
"""A kernel cannot be interrupted between draws, so it is called for about this many at a time."""


@dataclass(frozen=True, repr=False)
class ClaimProbability:
    """How likely it is that the top of spend brings the claimed share of value.

    Attributes
    ----------
    probability : float
        Share of scenarios in which the claim is met; also ``float(result)``.
    interval : tuple of float
        95 % Wilson interval of the probability.
    median_share : float
        Median share of value brought by the top of spend, over the scenarios with any value; NaN
        if there is none.
    median_interval : tuple of float
        95 % interval of the median, by order statistics.
    share_range : tuple of float
        5 % and 95 % quantile of the share.
    population_share : float
        What the share tends to as campaigns are added; NaN where the mean is infinite.
    campaigns : int
        Campaigns in the set.
    hit_rate, spend_share, value_share : float
        The claim, as it was asked.
    cap : float or None
        Where multiples were clipped.
    without_value : int
        Scenarios in which nothing hit. They count as "claim not met" and have no share.
    scenarios : int
        Scenarios simulated.
    seed : int
        Seed that replays the result.
    """

    probability: float
    interval: tuple[float, float]
    median_share: float
    median_interval: tuple[float, float]
    share_range: tuple[float, float]
    population_share: float
    campaigns: int
    hit_rate: float
    spend_share: float
    value_share: float
    cap: float | None
    without_value: int
    scenarios: int
    seed: int

    def __float__(self) -> float:
        """Return the probability."""
        return self.probability

    def __repr__(self) -> str:
        """Return the numbers with the digits that their errors support."""
        low, high = (with_error(p, self.interval) for p in self.interval)
        share, *ends = (
            with_error(x, self.median_interval) for x in (self.median_share, *self.share_range)
        )
        return (
            f"ClaimProbability({with_error(self.probability, self.interval)} [{low}, {high}] that "
            f"the top {percent(self.spend_share)} of {self.campaigns:,} campaigns brings "
            f"{percent(self.value_share)}; median share {share}, 5-95 % {ends[0]} to {ends[1]}; "
            f"{self.scenarios:,} scenarios, seed={self.seed})"
        )


def claim_probability(
    multiple: AnyMultiple | float,
    campaigns: int,
    hit_rate: float = 1.0,
    spend_share: float = 0.01,
    value_share: float = 0.99,
    *,
    cap: float | None = None,
    scenarios: int = 10_000,
    rng: RNGLike = None,
    workers: int | None = None,
    executor: ExecutorLike | None = None,
) -> ClaimProbability:
    """Return how likely the top of spend is to bring the claimed share of a set's value.

    Campaigns spend the same and are independent. The best ``spend_share * campaigns`` of them,
    the last one in part, must bring at least ``value_share`` of the total. A scenario in which
    nothing hits has no share: it counts as "claim not met" and is left out of the quantiles.

    Parameters
    ----------
    multiple : Multiple, frozen scipy.stats distribution or float
        Value per 1 spent, given a hit; a number is the tail index of a Pareto.
    campaigns : int
        Number of campaigns, 1 to 100,000,000.
    hit_rate : float, default 1.0
        Probability that a campaign returns anything, above 0 and at most 1.
    spend_share, value_share : float
        The claim: this share of spend brings this share of value. Both between 0 and 1.
    cap : float, optional
        The market's size: multiples are clipped at it.
    scenarios : int, default 10_000
        Number of simulated sets.
    rng : None, int, SeedSequence or Generator, optional
        Source of the seed.
    workers : int, optional
        Threads, one per core by default. They never change the result.
    executor : concurrent.futures.Executor or dask Client, optional
        Where to run, to the same bits; see :func:`gtmsim.simulate_portfolio`.

    Returns
    -------
    ClaimProbability

    Raises
    ------
    ArgumentError
        If a number is outside its range.
    ArgumentTypeError
        If an argument has the wrong type.

    References
    ----------
    E. B. Wilson, "Probable inference, the law of succession, and statistical inference", Journal
    of the American Statistical Association 22 (1927), 209-212.

    Examples
    --------
    >>> claim = claim_probability(0.5, campaigns=100, scenarios=1_000, rng=7)
    >>> float(claim) < 0.15  # even with so heavy a tail, a hundred campaigns rarely show it
    True
    """
    law = as_multiple(multiple)
    n = check_count("campaigns", campaigns, high=MOST_CAMPAIGNS)
    h = check_number("hit_rate", hit_rate, low=0, high=1, low_open=True)
    p = check_number("spend_share", spend_share, low=0, high=1, low_open=True, high_open=True)
    s = check_number("value_share", value_share, low=0, high=1, low_open=True, high_open=True)
    limit = None if cap is None else check_number("cap", cap, low=0, low_open=True)
    size = check_count("scenarios", scenarios)
    seed = resolve_seed(rng)
    crew = Crew.of(workers, executor)
    total, top = sample_totals(law, n, h, p, limit, size, seed, crew)
    valued = total > 0.0
    shares = np.sort(top[valued] / total[valued])
    # A share that equals the claim may come out a rounding error below it.
    met = int(np.count_nonzero(shares >= s * (1.0 - 1e-12)))
    low, high = np.quantile(shares, [0.05, 0.95]) if shares.size else [math.nan] * 2
    median = quantile_interval(shares, 0.5) if shares.size else _NO_INTERVAL
    probability = probability_interval(met, size)
    return ClaimProbability(
        probability=met / size,
        interval=(probability.low, probability.high),
        median_share=median.estimate,
        median_interval=(max(median.low, 0.0), min(median.high, 1.0)),
        share_range=(float(low), float(high)),
        population_share=float(law.top_share(p, hit_rate=h, cap=limit)),
        campaigns=n,
        hit_rate=h,
        spend_share=p,
        value_share=s,
        cap=limit,
        without_value=size - shares.size,
        scenarios=size,
        seed=seed,
    )


def sample_totals(
    law: AnyMultiple,
    campaigns: int,
    hit_rate: float,
    spend_share: float,
    cap: float | None,
    scenarios: int,
    seed: int,
    crew: Crew,
) -> tuple[Floats, Floats]:
    """Return the total value and that of the top of spend, in units of one spend, (scenario,)."""
    # Imported on first use: the kernels bring the compiler with them.
    from gtmsim.core.sets import SetArrays
    from gtmsim.core.streams import LANES
    from gtmsim.sampling import compile_hits, compile_multiple, stream_of

    base, thresholds = compile_hits(campaigns, hit_rate)
    target = spend_share * campaigns
    inside = math.ceil(target * (1.0 - 1e-12)) - 1
    sets = SetArrays(
        stream=stream_of("claim"),
        sampler=compile_multiple(law, cap),
        hit_base=base,
        thresholds=thresholds,
        inside=inside,
        part=min(target - inside, 1.0),
    )
    size = -(-scenarios // LANES) * LANES
    total, top = np.empty((2, size))
    key = seed_key(seed)

    step = LANES * max(1, _DRAWS_PER_CALL // (LANES * campaigns))
    with compilation_announced():
        for first, part in run_tasks(_Sets(sets, key, size, step), range(0, size, step), crew):
            own = slice(first, first + part.shape[1])
            total[own], top[own] = part
    return total[:scenarios], top[:scenarios]


@dataclass(frozen=True)
class _Sets:
    """What draws a range of sets of campaigns, here or elsewhere."""

    sets: Any
    key: tuple[np.uint64, np.uint64]
    size: int
    step: int

    def __call__(self, first: int) -> tuple[int, Floats]:
        from gtmsim.core.sets import sets_block

        part = np.empty((2, min(self.step, self.size - first)))
        sets_block(*self.key, self.sets, np.uint64(first), part[0], part[1])
        return first, part


def as_multiple(multiple: AnyMultiple | float | Any) -> AnyMultiple:
    """Return a multiple as it is, a number as a Pareto of that tail index."""
    if isinstance(multiple, Pareto | Lomax | LogNormal | Spliced | Empirical | ScipyDistribution):
        return multiple
    if isinstance(multiple, Real) and not isinstance(multiple, bool):
        return Pareto(tail_index=check_number("multiple", multiple, low=0.1, high=1e6))
    if hasattr(multiple, "dist"):
        return ScipyDistribution.from_frozen(multiple)
    raise ArgumentTypeError(
        "multiple", "must be a distribution or the tail index of a Pareto", multiple
    )


def with_error(value: float, interval: tuple[float, float]) -> str:
    """Return a number with as many decimals as the half-width of its interval supports."""
    half = (interval[1] - interval[0]) / 2
    if not half > 0.0:
        return f"{value:.4g}"
    return f"{value:.{min(max(math.ceil(-math.log10(half)), 0), 6)}f}"


def percent(share: float) -> str:
    """Return a share in words, 0.01 as 1 %."""
    return f"{100 * share:.4g} %"
