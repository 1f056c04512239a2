"""Fitting a power law to the tail of a history."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtri

from gtmsim.core._types import Floats
from gtmsim.core.tail_bootstrap import History, refit
from gtmsim.core.tail_scan import fit_given, log_variance, scan_thresholds
from gtmsim.errors import ArgumentError, ArgumentTypeError, check_count, check_number
from gtmsim.execute import Crew, ExecutorLike, run_tasks
from gtmsim.fit.tails.alternatives import Tail
from gtmsim.fit.tails.compare import compare_laws
from gtmsim.fit.tails.result import TailFit
from gtmsim.progress import compilation_announced, progress_bar
from gtmsim.seeds import RNGLike, resolve_seed, seed_key
from gtmsim.statistics.hill import hill
from gtmsim.statistics.intervals import Interval, check_level, probability_interval
from gtmsim.statistics.points import Points, amounts, points_of

_FEWEST = 10
_FEWEST_REPETITIONS = 100
_TAIL_VALUES = 3
_WIDEST = 1e200
_LARGEST = 2.0**53
_DRAWS_PER_TASK = 500_000


def fit_tail(
    values: ArrayLike,
    *,
    discrete: bool | None = None,
    minimum: float | None = None,
    repetitions: int = 1_000,
    level: float = 0.9,
    rng: RNGLike = None,
    workers: int | None = None,
    executor: ExecutorLike | None = None,
    progress: bool | None = None,
) -> TailFit:
    """Fit a power law to the largest values, and say whether they follow one.

    P(X > x) = (x / minimum)**-alpha. The tail index alpha is the survival exponent: the exponent
    of the density, as Clauset, Shalizi and Newman and the ``powerlaw`` package write it, less 1.

    Parameters
    ----------
    values : array_like (value,)
        Independent values, not negative, of at least 10 different sizes. Zeros are misses: they
        are counted and left out.
    discrete : bool, optional
        Whether they are counts. By default they are if all are whole numbers up to 2**53.
    minimum : float, optional
        Value from which the power law is to hold. By default the one at which data and law are
        closest in the sense of Kolmogorov and Smirnov, among all values but the two largest.
    repetitions : int, default 1_000
        Histories drawn for the goodness of fit and the interval of the tail index: 0, or 100 and
        more.
    level : float, default 0.9
        Of intervals; the alternatives are decided where p is below 1 - level.
    rng : None, int, SeedSequence or Generator, optional
        Source of the seed.
    workers : int, optional
        Threads, one per core by default. They never change the result.
    executor : concurrent.futures.Executor or dask Client, optional
        Where to run, to the same bits; see :func:`gtmsim.simulate_portfolio`.
    progress : bool, optional
        Whether to show a bar; by default where somebody can see it.

    Returns
    -------
    TailFit

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If a value is negative or not finite, fewer than 10 differ, two are a factor of 1e200
        apart, or an argument is out of its range.

    Notes
    -----
    The distance is the greatest difference between P(X >= x) of data and law over the values x in
    the tail. It is known for every minimum, as if all were tried.

    The interval of the tail index is made of the quantiles of fits to values drawn again from
    those seen, the minimum searched each time. Where the minimum is given, or nothing is drawn, it
    takes the minimum as known; if it was searched for, such an interval is too short: of histories
    of 100 to 1,000 amounts the 90 % interval held the truth in 71 to 84 % of cases, and that with
    repetitions in 87 to 96 %.

    The p value is the share of histories, drawn from the power law above the minimum and from the
    values seen below it, whose distance from their own fit is at least that of the data.

    References
    ----------
    A. Clauset, C. R. Shalizi and M. E. J. Newman, "Power-law distributions in empirical data",
    SIAM Review 51 (2009), 661-703: equations 3.1, 3.5 and 3.9, sections 3.3, 4.1 and 5.

    Examples
    --------
    >>> values = np.random.default_rng(1).pareto(1.5, 2_000) + 1.0
    >>> fit = fit_tail(values, rng=7)
    >>> fit.interval.low < 1.5 < fit.interval.high
    True
    >>> fit.comparisons.set_index("alternative").verdict["exponential"]
    'power law'
    """
    level = check_level(level)
    repetitions = _check_repetitions(repetitions)
    crew = Crew.of(workers, executor)
    x = amounts(values)
    whole = _is_discrete(x, discrete)
    points = points_of(x[x > 0.0]) if x.any() else None
    if points is None or points.value.size < _FEWEST:
        different = 0 if points is None else points.value.size
        rule = f"must hold at least {_FEWEST} different positive values"
        raise ArgumentError("values", rule, different)
    lowest, highest = points.value[0], points.value[-1]
    if highest / _WIDEST > lowest:
        rule = f"must lie within a factor of {_WIDEST:g} of each other, zeros apart"
        raise ArgumentError("values", rule, f"{lowest:g} to {highest:g}")
    start = None if minimum is None else _check_minimum(minimum, points, whole)
    seed = resolve_seed(rng)
    with compilation_announced(progress):
        history, distance = _best(points, whole, start)
        tail = _tail_of(points, history)
        alphas, distances = _repeat(history, repetitions, seed, crew, progress)
    known, error = _known_minimum(tail, level)
    if repetitions and start is None:
        # Too few different values drawn again have no fit, and count for nothing.
        low, high = np.nanquantile(alphas, (0.5 - level / 2.0, 0.5 + level / 2.0)).tolist()
        low, high = min(low, tail.alpha), max(high, tail.alpha)
        known = Interval(tail.alpha, low, high, level, "bootstrap")
    goodness = Interval(math.nan, math.nan, math.nan, level, "none")
    if repetitions:
        further = int(np.count_nonzero(distances >= distance))
        goodness = probability_interval(further, repetitions, level)
    return TailFit(
        interval=known,
        standard_error=error,
        minimum=tail.minimum,
        tail_size=int(tail.n),
        size=x.size,
        zeros=x.size - points.n,
        distance=distance,
        goodness=goodness,
        comparisons=compare_laws(tail, level),
        discrete=whole,
        repetitions=repetitions,
        seed=seed,
    )


def _check_repetitions(repetitions: object) -> int:
    count = check_count("repetitions", repetitions, low=0)
    if 0 < count < _FEWEST_REPETITIONS:
        raise ArgumentError("repetitions", f"must be 0 or at least {_FEWEST_REPETITIONS}", count)
    return count


def _is_discrete(x: Floats, discrete: object) -> bool:
    if discrete is not None and not isinstance(discrete, bool | np.bool_):
        raise ArgumentTypeError("discrete", "must be True, False or None", discrete)
    odd = np.flatnonzero((x != np.floor(x)) | (x > _LARGEST))
    if discrete is None:
        return odd.size == 0
    if discrete and odd.size:
        i = int(odd[0])
        rule = "must be a whole number up to 2**53"
        raise ArgumentError(f"values[{i}]", rule, x[i].item(), "pass discrete=False")
    return bool(discrete)


def _check_minimum(minimum: object, points: Points, discrete: bool) -> float:
    start = check_number("minimum", minimum, low=0.0, low_open=True)
    start = check_number("minimum", start, low=points.value[-1] / _WIDEST)
    if discrete and start != math.floor(start):
        raise ArgumentError("minimum", "must be a whole number, as the values are", minimum)
    if np.count_nonzero(points.value >= start) < _TAIL_VALUES:
        rule = f"must leave at least {_TAIL_VALUES} different values from there on"
        raise ArgumentError("minimum", rule, minimum)
    return start


def _best(points: Points, discrete: bool, start: float | None) -> tuple[History, float]:
    """Return the power law with the values it rests on, and its distance."""
    value = points.value if start is None else points.value[points.value >= start]
    count = points.count[-value.size :]
    upper = np.cumsum(count[::-1])[::-1].copy()
    # Logarithms of ratios to a value among them, so that the unit does not matter.
    log = np.log(value) - math.log(value[0])
    if start is None:
        place, alpha, distance = scan_thresholds(log, value, upper, discrete)
        begin, start, given = float(log[place]), float(value[place]), False
    else:
        place, begin, given = 0, math.log(start) - math.log(value[0]), True
        alpha, distance = fit_given(log, value, upper, discrete, begin, start)
    history = History(
        log=log,
        value=value,
        owner=np.repeat(np.arange(value.size), count.astype(np.int64)),
        body=int(upper[0] - upper[place]),
        start=begin,
        minimum=start,
        alpha=alpha,
        discrete=discrete,
        given=given,
    )
    return history, distance


def _tail_of(points: Points, history: History) -> Tail:
    above = points.value >= history.minimum
    return Tail(
        points.value[above],
        points.count[above],
        history.minimum,
        history.alpha,
        history.discrete,
    )


def _known_minimum(tail: Tail, level: float) -> tuple[Interval, float]:
    """Return the interval of the tail index if the minimum is known, and its standard error."""
    n = int(tail.n)
    if not tail.discrete:
        values = np.repeat(tail.value, tail.count.astype(np.int64))
        exact = hill(np.append(values, tail.minimum), n, level).interval
        found = Interval(tail.alpha, exact.low, exact.high, level, "Hill, the minimum given")
        return found, tail.alpha / math.sqrt(n)
    error = 1.0 / math.sqrt(n * log_variance(tail.alpha, tail.minimum))
    reach = math.exp(float(ndtri(0.5 + level / 2.0)) * error / tail.alpha)
    low, high = tail.alpha / reach, tail.alpha * reach
    return Interval(tail.alpha, low, high, level, "likelihood, the minimum given"), error


def _repeat(
    history: History, repetitions: int, seed: int, crew: Crew, progress: bool | None
) -> tuple[Floats, Floats]:
    """Return exponents of values drawn again, and distances under the law (replicate,)."""
    alphas, distances = np.empty(repetitions), np.empty(repetitions)
    key = seed_key(seed)
    length = max(min(_DRAWS_PER_TASK // history.owner.size, 50), 1)

    refits = _Refits(history, key, repetitions, length)
    with progress_bar(repetitions, "tail", progress, "repetitions") as bar:
        for first, part in run_tasks(refits, range(0, repetitions, length), crew):
            here = slice(first, first + part.shape[1])
            alphas[here], distances[here] = part
            bar.update(part.shape[1])
    return alphas, distances


@dataclass(frozen=True)
class _Refits:
    """What draws and fits a range of repetitions, here or elsewhere."""

    history: History
    key: tuple[np.uint64, np.uint64]
    repetitions: int
    length: int

    def __call__(self, first: int) -> tuple[int, Floats]:
        part = np.empty((2, min(self.length, self.repetitions - first)))
        refit(*self.key, self.history, first, np.empty(part.shape[1]), part[1], part[0])
        return first, part
