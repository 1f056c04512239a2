"""What a random result must obey, with a fixed budget of false alarms; and closed forms of means.

Every ``expect_*`` call raises AssertionError with probability at most ``FALSE_ALARM`` when what it
expects is true: two-sided, all the comparisons inside one call together. That is the chance that a
standard normal lies ``Z`` = 5 standard errors out, 5.7e-7, so a suite of up to 1,700 calls stays
below one false alarm in a thousand changes of the streams. Proportions, quantiles and bits are
judged by exact binomial and hypergeometric laws. Means and variances lean on the central limit
theorem: the mean needs a third moment, the variance a sixth, or samples that are large for their
tail. Values that differ by less than ``ROUNDING``, relatively, are the same value.

A check says little until it is seen to fail: ``rejects(check, ...)`` is the negative control.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import integrate, stats

from tests.reference import productivity

if TYPE_CHECKING:
    from gtmsim.distributions import AnyMultiple
    from gtmsim.plan import CampaignProgram, SalesTeam

Floats = npt.NDArray[np.float64]

Z: Final = 5.0
FALSE_ALARM: Final = 2.0 * float(stats.norm.sf(Z))
ROUNDING: Final = 1e-9


# -- One sample against the truth -------------------------------------------------------------


def expect_mean(sample: npt.ArrayLike, mean: float, *, z: float = Z) -> None:
    """Expect independent draws to have this mean, within z standard errors."""
    x = _finite(sample)
    error = float(x.std(ddof=1)) / math.sqrt(x.size)
    _within("mean", float(x.mean()), mean, error, z, x.size)


def expect_variance(sample: npt.ArrayLike, variance: float, *, z: float = Z) -> None:
    """Expect independent draws to have this variance, within z standard errors."""
    x = _finite(sample)
    estimate, error = _variance(x)
    _within("variance", estimate, variance, error, z, x.size)


def expect_proportion(successes: int, n: int, p: float) -> None:
    """Expect successes out of n independent trials of probability p."""
    if not 0 <= successes <= n or not 0.0 <= p <= 1.0:
        raise ValueError(f"no proportion: {successes} of {n} at probability {p}")
    what = f"proportion {successes / n:.6g} ({successes} of {n}), expected {p:.6g}"
    _likely(_two_sided(stats.binom(n, p), successes), 1, what)


def expect_quantile(sample: npt.ArrayLike, q: float, value: float) -> None:
    """Expect P(X < value) <= q <= P(X <= value); steps of the distribution are welcome."""
    x = _numbers(sample)
    slack = ROUNDING * abs(value)
    below = int(np.count_nonzero(x < value - slack))
    up_to = int(np.count_nonzero(x <= value + slack))
    law = stats.binom(x.size, q)
    chance = 2.0 * min(float(law.cdf(up_to)), float(law.sf(below - 1)))
    what = f"{below} of {x.size} draws below {value:.6g} and {up_to} up to it"
    _likely(chance, 1, f"{what}, expected a part of {q:.6g} there")


def expect_distribution(sample: npt.ArrayLike, cdf: Callable[[Any], Any]) -> None:
    """Expect independent draws from a continuous distribution (one-sample Kolmogorov-Smirnov)."""
    x = np.sort(_numbers(sample))
    result = stats.kstest(x, cdf)
    place = float(result.statistic_location)
    what = f"the distribution of {x.size} draws is {result.statistic:.4g} away at {place:.6g}"
    _likely(float(result.pvalue), 1, what)


def expect_uniform_bits(words: npt.ArrayLike) -> None:
    """Expect independent random words, uint32 or uint64.

    Half of the time a bit is set, agrees with another bit of its word, and is repeated in the next
    word; and words repeat as rarely as birthdays do.
    """
    w = np.asarray(words)
    if w.dtype not in (np.uint32, np.uint64) or w.ndim != 1 or w.size < 2:
        raise ValueError(f"words must be uint32 or uint64 in one dimension, got {w.dtype}")
    width = 8 * w.dtype.itemsize
    shifts = np.arange(width, dtype=w.dtype)
    bits = ((w[:, None] >> shifts) & w.dtype.type(1)).astype(np.float32)
    signs = 2.0 * bits - 1.0
    i, j = np.triu_indices(width, k=1)
    tests = (
        ("bit {} is set", np.arange(width), bits.sum(axis=0, dtype=np.float64), w.size),
        ("bits {} agree", np.stack([i, j], 1), (w.size + (signs.T @ signs)[i, j]) / 2.0, w.size),
        ("bit {} is repeated", np.arange(width), (bits[1:] == bits[:-1]).sum(axis=0), w.size - 1),
    )
    comparisons = sum(len(which) for _, which, _, _ in tests) + 1
    for what, which, counts, n in tests:
        law = stats.binom(n, 0.5)
        chances = 2.0 * np.minimum(law.cdf(counts), law.sf(counts - 1))
        worst = int(np.argmin(chances))
        seen = f"{what.format(which[worst])} in {counts[worst]:.0f} of {n} words, expected half"
        _likely(chances[worst], comparisons, seen)
    repeats = w.size - np.unique(w).size
    births = w.size * (w.size - 1) / 2.0**width / 2.0
    seen = f"{repeats} of {w.size} words repeat others, expected {births:.2g}"
    _likely(float(stats.poisson(births).sf(repeats - 1)), comparisons, seen)


# -- Two samples --------------------------------------------------------------------------------


def expect_same_mean(a: npt.ArrayLike, b: npt.ArrayLike, *, z: float = Z) -> None:
    """Expect two independent samples to have one mean, within z standard errors."""
    x, y = _finite(a), _finite(b)
    error = math.hypot(x.std(ddof=1) / math.sqrt(x.size), y.std(ddof=1) / math.sqrt(y.size))
    _within("mean", float(x.mean()), float(y.mean()), error, z, x.size, y.size)


def expect_same_variance(a: npt.ArrayLike, b: npt.ArrayLike, *, z: float = Z) -> None:
    """Expect two independent samples to have one variance, within z standard errors."""
    x, y = _finite(a), _finite(b)
    (one, one_error), (other, other_error) = _variance(x), _variance(y)
    _within("variance", one, other, math.hypot(one_error, other_error), z, x.size, y.size)


def expect_same_quantiles(a: npt.ArrayLike, b: npt.ArrayLike, probs: Sequence[float]) -> None:
    """Expect two independent samples to be of one distribution, judged at some quantiles.

    At each quantile of both samples together, the part of ``a`` below it is hypergeometric.
    """
    x, y, values = _ranked(a, b)
    pooled = np.sort(np.concatenate([x, y]))
    comparisons = 2 * len(probs)
    for prob in probs:
        place = int(pooled[max(math.ceil(prob * pooled.size) - 1, 0)])
        for what, edge in ("below", place - 1), ("up to", place):
            in_x, in_y = int(np.count_nonzero(x <= edge)), int(np.count_nonzero(y <= edge))
            chance = _two_sided(stats.hypergeom(pooled.size, in_x + in_y, x.size), in_x)
            parts = f"{in_x / x.size:.4%} of the first sample, {in_y / y.size:.4%} of the second"
            _likely(chance, comparisons, f"{parts} are {what} {values[place]:.6g}")


def expect_same_distribution(a: npt.ArrayLike, b: npt.ArrayLike) -> None:
    """Expect two independent samples of one distribution (two-sample Kolmogorov-Smirnov)."""
    x, y, values = _ranked(a, b)
    result = stats.ks_2samp(x, y, method="asymp")
    place = float(values[int(result.statistic_location)])
    what = f"the distributions of {x.size} and {y.size} draws are {result.statistic:.4g} apart"
    _likely(result.pvalue, 1, f"{what} at {place:.6g}")


# -- The negative control -----------------------------------------------------------------------


def rejects(check: Callable[..., None], *args: Any, **kwargs: Any) -> None:
    """Assert that a check fails; any error but an AssertionError goes through."""
    try:
        check(*args, **kwargs)
    except AssertionError:
        return
    name = getattr(check, "__name__", repr(check))
    raise AssertionError(f"{name} accepts what is wrong")


def _numbers(sample: npt.ArrayLike) -> Floats:
    x = np.asarray(sample, dtype=np.float64).ravel()
    if x.size < 2 or np.isnan(x).any():
        raise ValueError(f"a sample is two numbers or more and no NaN, got {x}")
    return x


def _finite(sample: npt.ArrayLike) -> Floats:
    x = _numbers(sample)
    if not np.isfinite(x).all():
        raise ValueError("a sample with an infinite value has no mean to compare")
    return x


def _variance(x: Floats) -> tuple[float, float]:
    """Return the sample's variance and its standard error."""
    squares = (x - x.mean()) ** 2
    return float(x.var(ddof=1)), float(squares.std(ddof=1)) / math.sqrt(x.size)


def _within(what: str, estimate: float, target: float, error: float, z: float, *sizes: int) -> None:
    difference = abs(estimate - target)
    # Written so that a target that is not finite fails.
    if not difference <= z * error + ROUNDING * abs(estimate):
        apart = difference / error if error > 0.0 else math.inf
        raise AssertionError(
            f"{what} {estimate:.8g} of {' and '.join(map(str, sizes))} draws, expected "
            f"{target:.8g}: {apart:.3g} standard errors of {error:.3g} apart, allowed {z:.3g}"
        )


def _likely(chance: float, comparisons: int, what: str) -> None:
    # Written so that a chance that is NaN fails.
    if not chance * comparisons >= FALSE_ALARM:
        raise AssertionError(f"{what}: chance {chance:.2g} in {comparisons} comparison(s)")


def _two_sided(law: Any, count: int) -> float:
    return 2.0 * min(float(law.cdf(count)), float(law.sf(count - 1)))


def _ranked(a: npt.ArrayLike, b: npt.ArrayLike) -> tuple[Floats, Floats, Floats]:
    """Replace values by ranks in both samples together, equal up to rounding; and rank's value."""
    x, y = _numbers(a), _numbers(b)
    pooled = np.concatenate([x, y])
    order = np.argsort(pooled, kind="stable")
    rising = pooled[order]
    # Not ">", so that two infinities are one value.
    new = ~np.isclose(rising[1:], rising[:-1], rtol=ROUNDING, atol=0.0)
    ranks = np.empty(pooled.size)
    ranks[order] = np.concatenate([[0], np.cumsum(new)])
    return ranks[: x.size], ranks[x.size :], rising[np.concatenate([[True], new])]


# -- Closed forms: sales ------------------------------------------------------------------------


class TeamMonth(NamedTuple):
    """Expected seats filled, reps hired at a price, value originated and cost of one month."""

    filled: float
    hired: float
    value: float
    cost: float


class SalesMeans(NamedTuple):
    """Expected present values of a team."""

    value: float
    spend: float
    beyond_horizon: float


class ProgramMoments(NamedTuple):
    """Expected present values of a program, and the variance of its value."""

    value: float
    variance: float
    spend: float
    beyond_horizon: float


def expected_months(team: SalesTeam, horizon: int) -> list[TeamMonth]:
    """Follow the Markov chain of a team's seats, for ``returns_to_scale`` 1, undiscounted."""
    months = [TeamMonth(0.0, 0.0, 0.0, 0.0)] * horizon
    starts = (0,) * team.hires if isinstance(team.hires, int) else team.hires
    per_month = team.quota / 12.0 * team.margin * team.attainment
    for start in starts:
        for t, (tenures, hired) in enumerate(_occupancy(team, start, horizon)):
            filled = sum(tenures.values())
            ramped = sum(p * productivity(team.ramp, k) for k, p in tenures.items())
            cost = filled * team.loaded_cost / 12.0 + hired * team.hiring_cost
            month = TeamMonth(filled, hired, per_month * ramped, cost)
            months[t] = TeamMonth(*map(sum, zip(months[t], month, strict=True)))
    return months


def _occupancy(
    team: SalesTeam, start: int, horizon: int
) -> Iterator[tuple[dict[int, float], float]]:
    """Yield ({tenure: probability}, probability of a paid hire) of one seat, month by month."""
    stays = (1.0 - team.attrition) ** (1.0 / 12.0)
    arrivals = Counter({start: 1.0})
    tenures = {-start: 1.0} if start < 0 else {}
    for t in range(horizon):
        hired = arrivals[t]
        if hired:
            tenures[0] = hired
        yield tenures, hired
        if team.backfill_months is not None:
            arrivals[t + 1 + team.backfill_months] += sum(tenures.values()) * (1.0 - stays)
        tenures = {k + 1: p * stays for k, p in tenures.items()}


def expected_sales(team: SalesTeam, horizon: int, discount_rate: float = 0.0) -> SalesMeans:
    """Return what a team is expected to realise, cost and leave behind.

    Exact for ``returns_to_scale`` 1; luck and the market have mean 1 and do not matter.
    """
    if team.returns_to_scale != 1.0:
        raise ValueError("expected_sales knows returns_to_scale 1 only")
    d = (1.0 + discount_rate) ** (-1.0 / 12.0)
    value = spend = beyond = 0.0
    for m, month in enumerate(expected_months(team, horizon)):
        inside, after = 1.0, 0.0
        if team.recognition == "recurring":
            x = (1.0 - team.annual_churn) ** (1.0 / 12.0) * d
            left = horizon - m
            term = 12 * math.ceil((left - 0.5) / 12.0)
            inside = 1.0 / 24.0 + _geometric(x, 1, left) / 12.0
            after = _geometric(x, left, term) / 12.0 + x**term / 24.0
        value += month.value * inside * d**m
        beyond += month.value * after * d**m
        spend += month.cost * d**m
    return SalesMeans(value, spend, beyond)


def _geometric(x: float, start: int, stop: int) -> float:
    """Sum of x**j for start <= j < stop."""
    return float(stop - start) if x == 1.0 else (x**start - x**stop) / (1.0 - x)


# -- Closed forms: campaigns --------------------------------------------------------------------


def program_moments(
    program: CampaignProgram, horizon: int, discount_rate: float = 0.0
) -> ProgramMoments:
    """Return the moments of a program's totals; the variance for ``shared_luck`` and market 0."""
    d = (1.0 + discount_rate) ** (-1.0 / 12.0)
    n, h = program.campaigns, program.hit_rate
    first = h * multiple_moment(program.multiple, 1, program.cap)
    second = h * multiple_moment(program.multiple, 2, program.cap)
    spread = second - first**2 if second < math.inf else math.inf
    value = variance = beyond = 0.0
    spend = program.overhead * _geometric(d, 0, horizon)
    spends = program.spend if isinstance(program.spend, tuple) else (program.spend,) * n
    launches = (program.launch,) * n if isinstance(program.launch, int) else program.launch
    if launches == "even":
        launches = tuple(i * horizon // n for i in range(n))
    for s, m in zip(spends, launches, strict=True):
        size = s / program.reference_spend if program.reference_spend is not None else 1.0
        gain = s * program.incrementality * size ** (program.spend_elasticity - 1.0)
        inside, after = _carried(program, m, horizon, d)
        value += gain * first * inside
        beyond += gain * first * after
        variance += (gain * inside) ** 2 * spread
        spend += s * d**m
    return ProgramMoments(value, variance, spend, beyond)


def _carried(program: CampaignProgram, month: int, horizon: int, d: float) -> tuple[float, float]:
    """Present value of one unit won by a campaign of ``month``, inside the horizon and after."""
    arrival = month + program.lag
    steps = max(horizon - arrival, 0)
    parts = [(1.0, program.half_life)]
    if program.slow_half_life is not None:
        fast = program.fast_share
        parts = [(fast, program.half_life), (1.0 - fast, program.slow_half_life)]
    inside = after = 0.0
    for share, half_life in parts:
        q = 2.0 ** (-1.0 / half_life) if half_life > 0.0 else 0.0
        total = share * (1.0 - q) / (1.0 - q * d) * d**arrival
        inside += total * (1.0 - (q * d) ** steps)
        after += total * (q * d) ** steps
    return inside, after


def multiple_law(multiple: AnyMultiple) -> Any:
    """Return the scipy.stats distribution of a continuous multiple."""
    match multiple.family:
        case "pareto":
            return stats.pareto(multiple.tail_index, scale=multiple.minimum)
        case "lomax":
            return stats.lomax(multiple.tail_index, scale=multiple.scale)
        case "lognormal":
            return stats.lognorm(multiple.sigma, scale=multiple.median)
        case "scipy":
            return getattr(stats, multiple.name)(*multiple.args, **multiple.kwds)
    raise ValueError(f"no continuous distribution: {multiple.family!r}")


def multiple_moment(multiple: AnyMultiple, order: int, cap: float | None = None) -> float:
    """Return E[min(X, cap)**order]; inf where it does not exist."""
    if multiple.family == "empirical":
        top = math.inf if cap is None else cap
        return sum(min(x, top) ** order for x in multiple.values) / len(multiple.values)
    law = multiple_law(multiple)
    if cap is None:
        power_law = multiple.family in ("pareto", "lomax")
        exists = not power_law or multiple.tail_index > order
        return float(law.moment(order)) if exists else math.inf
    # Integral of order x**(order - 1) P(X > x) up to the cap; over log x, for tails are long.
    low = min(cap, max(float(law.support()[0]), 1e-9 * min(cap, float(law.median()))))
    value, _ = integrate.quad(
        lambda u: order * math.exp(order * u) * float(law.sf(math.exp(u))),
        math.log(low),
        math.log(cap),
        limit=500,
        epsabs=0.0,
        epsrel=1e-10,
    )
    return low**order + float(value)
