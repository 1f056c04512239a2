"""What the top share of a history says of the campaigns that are still to come.

A sample's top share is no property of what it was drawn from: it depends on the sample's size, and
under fat tails it falls short of the population's by more than its own spread suggests.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from gtmsim.concentration.shares import top_share
from gtmsim.core._types import Floats
from gtmsim.errors import ArgumentError, check_number
from gtmsim.notebook import Block, Shown
from gtmsim.seeds import RNGLike, resolve_seed
from gtmsim.statistics.intervals import Interval, check_level
from gtmsim.statistics.pareto import ParetoTail, tail_of
from gtmsim.statistics.points import Points, amounts, points_of

_FEWEST = 20
"""Positive values that a report must rest on."""

_SMALLEST = 10
"""Values in the tail, at least."""

_POSTERIOR = 4_000
_SAMPLES = 2_000
_MOST_DRAWS = 10_000_000


@dataclass(frozen=True, repr=False)
class ConcentrationReport(Shown):
    """What the top share of a history is, and what it says; ``print`` it to read it.

    Attributes
    ----------
    share : float
        Share of value that the best ``spend_share`` of the campaigns brought.
    n : int
        Campaigns.
    spend_share : float
    tail_index : Interval
        Index of the tail, by likelihood.
    population_share : Interval
        What an endless population with this tail shows. The estimate is NaN where the tail index is
        at most 1: then no such share exists. The upper end is 1 where that cannot be ruled out.
    expected_share : float
        Mean share of a sample of this size from a population with this tail.
    share_range : tuple of float
        Range that holds the share of such a sample with the probability ``level``.
    tail_size : int
        Campaigns that the tail rests on.
    level : float
    seed : int
        Pass it as ``rng`` to get the same report again.

    Examples
    --------
    >>> report = concentration_report(np.random.default_rng(1).pareto(1.5, 1_000), rng=1)
    >>> report.share_range[0] < report.share < report.share_range[1]
    True
    """

    share: float
    n: int
    spend_share: float
    tail_index: Interval
    population_share: Interval
    expected_share: float
    share_range: tuple[float, float]
    tail_size: int
    level: float
    seed: int

    @property
    def bias(self) -> float:
        """How far a sample's mean share lies from the population's; below 0 if it falls short."""
        return self.expected_share - self.population_share.estimate

    def __str__(self) -> str:
        tail, whole, (low, high) = self.tail_index, self.population_share, self.share_range
        top, sure = f"the best {100 * self.spend_share:.4g} %", f"{100 * self.level:.4g} %"
        lines = [
            f"Of {self.n:,} campaigns {top} brought {self.share:.1%} of the value.",
            f"The tail index is {tail.estimate:.2f} ({sure} interval {tail.low:.2f} to "
            f"{tail.high:.2f}, from the largest {self.tail_size:,}).",
            f"As many campaigns with that tail show {self.expected_share:.1%} on average, and "
            f"{low:.1%} to {high:.1%} in {sure} of cases.",
        ]
        if math.isnan(whole.estimate):
            lines.append(
                "The likeliest tail has no mean, so no share belongs to its population: the more "
                f"campaigns, the nearer it comes to all value. {sure} interval, other tails "
                f"included: {whole.low:.1%} to {whole.high:.1%}."
            )
        else:
            lines.append(
                f"Of endlessly many campaigns {top} would bring {whole.estimate:.1%} ({sure} "
                f"interval {whole.low:.1%} to {whole.high:.1%}): {abs(self.bias):.1%} of all value "
                f"{'more' if self.bias < 0.0 else 'less'} than a sample of this size shows."
            )
        if whole.high == 1.0 and not math.isnan(whole.estimate):
            lines.append("The data do not rule out that the mean, and so this share, is infinite.")
        return "\n".join(lines)

    def _block(self) -> Block:
        finding, *lines = str(self).splitlines()
        return Block(finding, lines)


def concentration_report(
    values: ArrayLike, spend_share: float = 0.01, level: float = 0.95, rng: RNGLike = None
) -> ConcentrationReport:
    """Return what the top share of a history of campaigns means.

    Parameters
    ----------
    values : array_like (campaign,)
        Value of each campaign (currency), not negative; all spend the same. A campaign that
        returned nothing counts as 0.
    spend_share : float, default 0.01
        Share of spend that is taken, above 0 and below 1.
    level : float, default 0.95
        Probability of intervals and of the range.
    rng : None, int, SeedSequence or Generator, optional
        Source of the seed.

    Returns
    -------
    ConcentrationReport

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If a value is negative or not finite, there are fewer than 20 positive ones or all are the
        same, or an argument is out of its range.

    Notes
    -----
    The values are those of the history up to a threshold, and a generalised Pareto law beyond it,
    fitted to the largest n**(2/3) / 2, and 10 at least. The ends of the intervals are quantiles of
    what the data allow: shape and scale of the tail under Jeffreys' prior, the part of campaigns in
    it, and the mean of the others. What a sample of this size shows is simulated from the fitted
    law.

    References
    ----------
    N. N. Taleb and R. Douady, "On the super-additivity and estimation biases of quantile
    contributions", Physica A 429 (2015), 252-260.

    Examples
    --------
    >>> report = concentration_report(np.random.default_rng(1).pareto(1.3, 10_000), rng=1)
    >>> report.bias < 0.0  # a sample shows less than there is
    True
    >>> print(report)
    Of 10,000 campaigns the best 1 % brought ...
    """
    p = check_number("spend_share", spend_share, low=0.0, high=1.0, low_open=True, high_open=True)
    level = check_level(level)
    x = amounts(values)
    positive = int(np.count_nonzero(x))
    if positive < _FEWEST:
        rule = f"must hold at least {_FEWEST} positive values"
        raise ArgumentError("values", rule, positive)
    seed = resolve_seed(rng)
    luck = np.random.default_rng(seed)
    # A power of two, which is exact, so that no sum overflows.
    scaled = np.ldexp(x, -np.frexp(x.max())[1])
    points = points_of(scaled)
    tail = tail_of(points, min(max(int(x.size ** (2.0 / 3.0) / 2.0), _SMALLEST), positive - 1))
    body = _Body.of(points, tail.k)
    ends = 0.5 - level / 2.0, 0.5 + level / 2.0
    shape, scale = tail.posterior(_POSTERIOR, luck)
    allowed = _population_shares(p, tail, body, shape, scale, luck)
    here = np.array([tail.shape]), np.array([tail.scale])
    best = float(_population_shares(p, tail, body, *here, None)[0])
    samples = _sample_shares(p, tail, body, luck)
    low, high = np.quantile(allowed, ends)
    heavy, light = np.quantile(shape, ends[::-1])
    return ConcentrationReport(
        share=top_share(x, p),
        n=x.size,
        spend_share=p,
        tail_index=Interval(
            1 / tail.shape, float(1 / heavy), float(1 / light), level, "likelihood"
        ),
        population_share=Interval(
            best if tail.shape < 1.0 else math.nan, float(low), float(high), level, "likelihood"
        ),
        expected_share=float(samples.mean()),
        share_range=(float(np.quantile(samples, ends[0])), float(np.quantile(samples, ends[1]))),
        tail_size=tail.k,
        level=level,
        seed=seed,
    )


@dataclass(frozen=True)
class _Body:
    """The values up to the threshold, descending, and the sum of the best m of them."""

    value: Floats
    best: Floats

    @classmethod
    def of(cls, points: Points, tail: int) -> _Body:
        x = np.repeat(points.value, points.count.astype(np.int64))[::-1][tail:]
        return cls(x, np.concatenate(([0.0], np.cumsum(x))))

    def top(self, units: Floats) -> Floats:
        """Return the sum of the best of the body, the last in part."""
        return np.asarray(np.interp(units, np.arange(self.best.size), self.best))


def _population_shares(
    p: float,
    tail: ParetoTail,
    body: _Body,
    shape: Floats,
    scale: Floats,
    luck: np.random.Generator | None,
) -> Floats:
    """Return the top share of populations (draw,): 1 where the mean is infinite.

    With ``luck``, the part of campaigns in the tail and the sums of the body vary as well.
    """
    k, m = tail.k, body.value.size
    within = np.full(shape.shape, k / (k + m)) if luck is None else luck.beta(k, m, shape.shape)
    units = np.clip((p - within) / (1.0 - within), 0.0, 1.0) * m
    mean, top = np.full(shape.shape, body.best[-1] / m), body.top(units) / m
    if luck is not None:
        # An error of the quantile at which the top begins moves its sum by nothing.
        place = min(int(np.median(units)), m - 1)
        over = np.maximum(body.value - body.value[place], 0.0)
        spread = np.cov(body.value, over) / m
        # Two sums that go together all but exactly have a matrix that rounding makes invalid.
        noise = luck.multivariate_normal([0.0, 0.0], spread, shape.size, check_valid="ignore")
        mean, top = mean + noise[:, 0], np.where(units > 0.0, top + noise[:, 1], 0.0)
    finite = shape < 1.0
    xi, sigma, u = np.where(finite, shape, 0.5), scale, tail.threshold
    # Value beyond the threshold, and beyond the tail's own quantile where the top begins within it.
    depth = np.minimum(p / within, 1.0)
    beyond = sigma / xi * (depth**-xi - 1.0)
    best = within * depth * (u + beyond + (sigma + xi * beyond) / (1.0 - xi))
    whole = within * (u + sigma / (1.0 - xi)) + (1.0 - within) * np.maximum(mean, 0.0)
    share = (best + (1.0 - within) * np.maximum(top, 0.0)) / whole
    return np.where(finite, np.minimum(share, 1.0), 1.0)


def _sample_shares(p: float, tail: ParetoTail, body: _Body, luck: np.random.Generator) -> Floats:
    """Return the top share of samples of the history's size from the fitted law (sample,).

    Only the tail is drawn. The sum of the body is normal, and its best are those of the history.
    """
    k, m = tail.k, body.value.size
    n = k + m
    size = max(min(_SAMPLES, _MOST_DRAWS // k), 200)
    count = luck.binomial(n, k / n, size)
    width = max(int(count.max()), 1)
    # A generalised Pareto law is a function of an exponential one.
    excess = (
        tail.scale / tail.shape * np.expm1(tail.shape * luck.standard_exponential((size, width)))
    )
    drawn = np.arange(width) < count[:, None]
    value = -np.sort(-np.where(drawn, tail.threshold + excess, 0.0), axis=1)
    sums = np.concatenate((np.zeros((size, 1)), np.cumsum(value, axis=1)), axis=1)
    units = np.minimum(p * n, count)
    whole = np.floor(units).astype(np.int64)
    rows, after = np.arange(size), np.minimum(whole, width - 1)
    top = sums[rows, whole] + (units - whole) * value[rows, after]
    rest = np.maximum(n - count, 1)
    spread = body.value.std() * np.sqrt(rest)
    others = rest * body.best[-1] / m + spread * luck.standard_normal(size)
    top = top + body.top((p * n - units) * m / rest) * rest / m
    share: Floats = np.minimum(top / (sums[:, -1] + np.maximum(others, 0.0)), 1.0)
    return share
