"""Rare events of a plan's total value, by conditional Monte Carlo.

The methods are those of S. Asmussen and D. P. Kroese, "Improved algorithms for rare event
simulation with heavy tails", Advances in Applied Probability 38 (2006), section 2, for terms that
differ. For power laws the relative error stays bounded however rare the event is.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache

import numpy as np

from gtmsim.errors import (
    ArgumentTypeError,
    PrecisionError,
    check_count,
    check_number,
)
from gtmsim.plan import Plan
from gtmsim.rare.paths import Paths
from gtmsim.rare.reliability import check_unseen, mean_of, reliable_mean
from gtmsim.rare.strata import strata
from gtmsim.rare.tilts import shock_tilts
from gtmsim.rare.total import Total, total_of
from gtmsim.seeds import RNGLike, resolve_seed

_95 = 1.959963984540054
_PILOT = 200
"""Paths of each stratum that show where to look; they are not counted."""

_FARTHEST_LOG = 700.0


@dataclass(frozen=True)
class RareProbability:
    """The probability that a total exceeds x, and how precisely it is known.

    Attributes
    ----------
    probability, standard_error : float
    x : float
        In the plan's currency.
    paths : int
    seed : int
        Passed as ``rng``, it gives the same estimate again.
    """

    probability: float
    standard_error: float
    x: float
    paths: int
    seed: int

    @property
    def relative_error(self) -> float:
        """Standard error over probability; 0 where the probability is exactly 0."""
        return self.standard_error / self.probability if self.probability else 0.0

    @property
    def interval(self) -> tuple[float, float]:
        """A 95 % confidence interval."""
        half = _95 * self.standard_error
        return max(self.probability - half, 0.0), min(self.probability + half, 1.0)

    def __float__(self) -> float:
        return self.probability

    def __repr__(self) -> str:
        shown = _with_error(self.probability, self.standard_error)
        return f"RareProbability(P(total > {self.x:g}) = {shown}, {self.paths:,} paths)"


@dataclass(frozen=True)
class TailValue:
    """An amount far out in the tail of a total, and how precisely it is known.

    Attributes
    ----------
    value, standard_error : float
        In the plan's currency; an infinite value has no error.
    p : float
        Probability of the scenarios that it is about.
    paths : int
    seed : int
        Passed as ``rng``, it gives the same estimate again.
    """

    value: float
    standard_error: float
    p: float
    paths: int
    seed: int

    @property
    def relative_error(self) -> float:
        """Standard error over value; 0 where the value is exact."""
        return self.standard_error / self.value if self.standard_error else 0.0

    @property
    def interval(self) -> tuple[float, float]:
        """A 95 % confidence interval."""
        half = _95 * self.standard_error
        return max(self.value - half, 0.0), self.value + half

    def __float__(self) -> float:
        return self.value

    def __repr__(self) -> str:
        shown = _with_error(self.value, self.standard_error)
        return f"TailValue({shown} at p = {self.p:g}, {self.paths:,} paths)"


@np.errstate(over="ignore")
def prob_exceeds(
    plan: Plan,
    x: float,
    *,
    channel: str = "portfolio",
    paths: int = 20_000,
    rng: RNGLike = None,
) -> RareProbability:
    """Estimate the probability that the value realised by the horizon exceeds x.

    Parameters
    ----------
    plan : Plan
    x : float
        Present value in currency, at least 0.
    channel : str, default "portfolio"
        A channel's name, or "portfolio" for all of them together.
    paths : int, default 20_000
        Random paths, at least 1,000.
    rng : None, int, numpy.random.SeedSequence or numpy.random.Generator, optional
        Which luck. The result records the integer seed that replays it.

    Returns
    -------
    RareProbability
        Exactly 0, without an error, where no scenario can bring more than x.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If an argument breaks its rule.
    PrecisionError
        If the estimate is not reliable: its relative standard error is above 5 %, 20 paths make
        more than 12 % of it, or what was not sampled may matter.

    Notes
    -----
    Each campaign in turn is integrated out, its hit included, given all others and the shocks: the
    conditional Monte Carlo of Asmussen and Kroese for terms that differ. Shocks are drawn from a
    defensive mixture of normals, and so is the number of large campaigns from one of tilted laws.

    References
    ----------
    S. Asmussen and D. P. Kroese, "Improved algorithms for rare event simulation with heavy tails",
    Advances in Applied Probability 38 (2006), section 2.

    Examples
    --------
    >>> from gtmsim import CampaignProgram, Pareto, Plan
    >>> bet = Pareto(tail_index=1.5)
    >>> ads = CampaignProgram(name="ads", campaigns=10, spend=1, launch=0, multiple=bet)
    >>> rare = prob_exceeds(Plan(horizon=1, channels=[ads]), 1e5, rng=1)
    >>> print(f"{rare.probability:.3e}")
    3.164e-07
    >>> rare.relative_error < 1e-5
    True
    """
    total, paths, seed = _checked(plan, channel, paths, rng)
    x = check_number("x", x, low=0.0)
    if x >= total.largest:
        return RareProbability(0.0, 0.0, x, paths, seed)
    if x == 0.0 and not total.teams:
        return RareProbability(total.positive, 0.0, x, paths, seed)
    sample = _sample(total, x, paths, seed)
    probability, error = reliable_mean("x", x, sample.chances(x))
    check_unseen("x", x, sample, x, probability)
    return RareProbability(min(probability, 1.0), error, x, paths, seed)


@np.errstate(over="ignore")
def tail_quantile(
    plan: Plan,
    p: float,
    *,
    channel: str = "portfolio",
    paths: int = 20_000,
    rng: RNGLike = None,
) -> TailValue:
    """Estimate the value that is exceeded with probability p by the horizon.

    Parameters
    ----------
    plan : Plan
    p : float
        Between 0 and 1, neither of them.
    channel, paths, rng
        As in `prob_exceeds`.

    Returns
    -------
    TailValue
        Its standard error is that of the probability, over the density (the delta method).

    Raises
    ------
    ArgumentError, ArgumentTypeError, PrecisionError
        As in `prob_exceeds`.

    Examples
    --------
    >>> from gtmsim import CampaignProgram, Pareto, Plan
    >>> bet = Pareto(tail_index=1.5)
    >>> ads = CampaignProgram(name="ads", campaigns=1, spend=1, launch=0, multiple=bet)
    >>> tail_quantile(Plan(horizon=1, channels=[ads]), 1e-6, rng=1)
    TailValue(10000 ± 0 at p = 1e-06, 20,000 paths)
    """
    total, paths, seed = _checked(plan, channel, paths, rng)
    p = check_number("p", p, low=0.0, high=1.0, low_open=True, high_open=True)
    x, sample = _quantile(total, p, paths, seed)
    if x == 0.0:
        return TailValue(0.0, 0.0, p, paths, seed)
    probability, error = reliable_mean("p", p, sample.chances(x))
    check_unseen("p", p, sample, x, p)
    step = max(1e-3, error / probability)
    low, high = (mean_of(sample.chances(x * math.exp(s)))[0] for s in (-step, step))
    slope = (low - high) / (2.0 * step * x)
    return TailValue(x, error / slope if slope > 0.0 else 0.0, p, paths, seed)


@np.errstate(over="ignore")
def expected_shortfall(
    plan: Plan,
    p: float,
    *,
    channel: str = "portfolio",
    paths: int = 20_000,
    rng: RNGLike = None,
) -> TailValue:
    """Estimate the mean value of the best scenarios, of which there is a share p.

    Parameters
    ----------
    plan : Plan
    p : float
        Between 0 and 1, neither of them.
    channel, paths, rng
        As in `prob_exceeds`.

    Returns
    -------
    TailValue
        Infinite where a program's tail index is 1 or less and it has no cap.

    Raises
    ------
    ArgumentError, ArgumentTypeError, PrecisionError
        As in `prob_exceeds`.
    MetricError
        If a distribution of scipy.stats cannot be integrated.

    Notes
    -----
    With q exceeded with probability p it is q + E[max(S - q, 0)] / p, of which q is the minimum:
    to first order, the error of q adds none.

    References
    ----------
    R. T. Rockafellar and S. Uryasev, "Optimization of conditional value-at-risk", Journal of Risk 2
    (2000), theorem 1.

    Examples
    --------
    >>> from gtmsim import CampaignProgram, Pareto, Plan
    >>> bet = Pareto(tail_index=1.5)
    >>> ads = CampaignProgram(name="ads", campaigns=1, spend=1, launch=0, multiple=bet)
    >>> expected_shortfall(Plan(horizon=1, channels=[ads]), 1e-6, rng=1)
    TailValue(30000 ± 0 at p = 1e-06, 20,000 paths)
    """
    total, paths, seed = _checked(plan, channel, paths, rng)
    p = check_number("p", p, low=0.0, high=1.0, low_open=True, high_open=True)
    if total.tail_index <= 1.0 or total.largest == 0.0:
        value = math.inf if total.largest > 0.0 else 0.0
        return TailValue(value, 0.0, p, paths, seed)
    x, sample = _quantile(total, p, paths, seed)
    if x > 0.0:
        reliable_mean("p", p, sample.chances(x))
    excess, error = reliable_mean("p", p, sample.excesses(x))
    check_unseen("p", p, sample, x, p)
    return TailValue(x + excess / p, error / p, p, paths, seed)


def _checked(plan: Plan, channel: str, paths: int, rng: RNGLike) -> tuple[Total, int, int]:
    if not isinstance(plan, Plan):
        raise ArgumentTypeError(
            "plan", "must be a Plan", plan, "read a file with Plan.from_toml(path)"
        )
    if not isinstance(channel, str):
        raise ArgumentTypeError("channel", "must be a name", channel)
    paths = check_count("paths", paths, low=1_000, high=10**9)
    return total_of(plan, channel), paths, resolve_seed(rng)


def _sample(total: Total, x: float, paths: int, seed: int) -> Paths:
    """Paths that are made for thresholds near x."""
    teams = total.team_values(seed, paths)
    cut = strata(total, x)
    shocks = shock_tilts(total, np.mean(teams, axis=1), x)
    pilot = Paths(total, shocks, cut, [_PILOT] * len(cut), teams, seed, pilot=True)
    return pilot.tuned(x, paths, teams)


def _quantile(total: Total, p: float, paths: int, seed: int) -> tuple[float, Paths]:
    """Return the total that is exceeded with probability p, and the paths that say so.

    Each round looks where the last one ended, the first where one campaign alone would take it.
    """
    begin = [float(np.max(np.sum(total.team_values(seed, 1_000), axis=0)))]
    for program in total.programs:
        level = p / (program.hit_rate * program.sizes)
        level = np.minimum(level, 0.5 * program.multiple.sf(0.0, program.cap))
        begin.append(float(np.max(program.worth * program.multiple.isf(level, program.cap))))
    x = max(begin)
    if p >= total.positive or x == 0.0:
        return 0.0, _sample(total, x, paths, seed)
    for count in (1_000, max(1_000, paths // 10), paths):
        sample = _sample(total, x, count, seed)
        x = _invert(sample, p, x)
    return x, sample


def _invert(sample: Paths, p: float, x: float) -> float:
    """Find the threshold that paths exceed with probability p, near x."""
    from scipy.optimize import brentq

    @cache
    def excess(log_x: float) -> float:
        return math.log(max(mean_of(sample.chances(math.exp(log_x)))[0], 1e-300) / p)

    begin = end = math.log(x)
    step = 0.02 if excess(begin) > 0.0 else -0.02
    while excess(end) * step > 0.0:
        end += step
        step *= 4.0
        if abs(end) > _FARTHEST_LOG:
            raise PrecisionError("p", "must be reached by some paths", p, "raise paths")
    return math.exp(brentq(excess, begin, end, xtol=1e-8)) if begin != end else x


def _with_error(value: float, error: float) -> str:
    """Write a value to as many digits as its error has two of."""
    if error <= 1e-15 * abs(value):
        return f"{value:.12g} ± 0"
    digits = max(0, math.floor(math.log10(abs(value))) - math.floor(math.log10(error)) + 1)
    return f"{value:.{min(digits, 15)}e} ± {error:.1e}"
