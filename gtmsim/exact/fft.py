"""The distribution of a total value, by fast Fourier transforms, with bounds on its error."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from gtmsim.errors import ArgumentError, ExactError, check_count, check_number
from gtmsim.exact.ladder import FAR, Ladder, Law, Part, ladder, shocked
from gtmsim.exact.lattice import HIGH, LOW, MID, Campaigns, Grid, Mixture, aligned, lattice_sum
from gtmsim.exact.terms import ProgramTerms, program_terms
from gtmsim.plan import CampaignProgram, Plan

MOST_POINTS = 2**20
"""Points of the largest lattice."""

MOST_WORK = 2**27
"""Points of all transforms behind one distribution; about a minute."""

_FEWEST_POINTS = 2**12
_BEYOND = 5e-4
_FAR_BEYOND = 1e-10
_NO_SHOCK = 1e-12
"""Log-sd of a shock that moves no total by more than totals are known to."""

_SPACING = 0.25
_LOG_POINTS = 4


@dataclass(frozen=True, repr=False, eq=False)
class TotalDistribution:
    """The distribution of what a program or a portfolio realises by the horizon.

    Attributes
    ----------
    channel : str
    reach : float
        The largest value at which it is known (currency, present value).
    error : float
        No bracket up to the reach is wider than twice this.

    Examples
    --------
    >>> from gtmsim.presets import example_plan
    >>> total = total_distribution(example_plan(), "PR")
    >>> low, high = total.bounds(500_000.0)
    >>> low <= total.cdf(500_000.0) <= high, high - low < 2e-3
    (True, True)
    """

    channel: str
    reach: float
    error: float
    _law: Law = field(repr=False)

    def cdf(self, x: float) -> float:
        """Return P(total <= x), an estimate inside the bounds.

        Raises
        ------
        ArgumentError, ArgumentTypeError
            If x is not a number from 0 to the reach.
        """
        return self._at(x)[MID]

    def sf(self, x: float) -> float:
        """Return P(total > x); see :meth:`cdf`."""
        return 1.0 - self.cdf(x)

    def bounds(self, x: float) -> tuple[float, float]:
        """Return numbers that enclose P(total <= x).

        Raises
        ------
        ArgumentError, ArgumentTypeError
            If x is not a number from 0 to the reach.
        """
        bracket = self._at(x)
        return bracket[LOW], bracket[HIGH]

    def quantile(self, q: float) -> float:
        """Return the smallest x at which the estimate of P(total <= x) is at least q.

        Raises
        ------
        ArgumentError, ArgumentTypeError
            If q is not a number from 0 to 1, or its quantile lies beyond the reach.
        """
        return self._inverse(q, MID)

    def quantile_bounds(self, q: float) -> tuple[float, float]:
        """Return numbers that enclose the quantile, with errors as in :meth:`quantile`."""
        return self._inverse(q, HIGH), self._inverse(q, LOW)

    def __repr__(self) -> str:
        return f"TotalDistribution({self.channel!r}, reach={self.reach:g}, error={self.error:.2g})"

    def _at(self, x: float) -> list[float]:
        x = check_number("x", x, low=0.0)
        if x > self.reach and x < self._law.largest:
            raise ArgumentError("x", f"must be at most {self.reach:g}", x, "raise reach")
        bracket: list[float] = self._law.at(np.array([x]))[:, 0].tolist()
        return bracket

    def _inverse(self, q: float, row: int) -> float:
        q = check_number("q", q, low=0.0, high=1.0)

        def reached(x: float) -> bool:
            return bool(self._law.at(np.array([x]))[row, 0] >= q)

        low, high = 0.0, min(self.reach, self._law.largest)
        if not reached(high):
            known = float(self._law.at(np.array([high]))[row, 0])
            raise ArgumentError("q", f"must be at most {known:.6g}", q, "raise reach")
        if reached(low):
            return low
        while high - low > 1e-13 * high:
            middle = 0.5 * (low + high)
            low, high = (low, middle) if reached(middle) else (middle, high)
        return high


def total_distribution(
    plan: Plan,
    channel: str = "portfolio",
    *,
    reach: float | None = None,
    points: int = 2**15,
    tolerance: float = 1e-3,
) -> TotalDistribution:
    """Return the distribution of the value that a program, or all of them, realise.

    Parameters
    ----------
    plan : Plan
    channel : str, default "portfolio"
        A program, or "portfolio" for all channels; they must be programs.
    reach : float, optional
        The largest value of interest (currency). By default each program exceeds its part of it
        with a probability of about 0.1 %.
    points : int, default 32,768
        Points of a lattice to begin with; more are taken, up to 1,048,576, where the tolerance
        asks for them. The bounds narrow with points and the estimate's error with their square,
        but within a step of a jump of the density only as the bounds do.
    tolerance : float, default 1e-3
        The largest error allowed, half of the width of the bounds.

    Returns
    -------
    TotalDistribution

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If an argument is out of its range, or no channel has this name.
    ExactError
        If a sales team is part of the total, the tolerance cannot be promised, or it would take
        too long.

    Notes
    -----
    The value of each campaign is rounded to a lattice, down and up, which gives bounds on the
    distribution of their sum, and split between both neighbours, which gives an estimate. Totals
    are known to 1e-11 of themselves: values that differ by less are one.

    The bounds are proven, given the law's survival function, with one exception. Where channels of
    a portfolio are loaded differently on the market's shock, the sum over the shock is a
    trapezoidal rule; the difference to the rule of twice the spacing is measured and added.

    References
    ----------
    H. U. Gerber and D. A. Jones, "Some practical considerations in connection with the calculation
    of stop-loss premiums", Transactions of the Society of Actuaries 28 (1976), 215-231.

    P. Embrechts and M. Frei, "Panjer recursion versus FFT for compound distributions",
    Mathematical Methods of Operations Research 69 (2009), 497-508.

    Examples
    --------
    >>> from gtmsim import CampaignProgram, Empirical
    >>> coins = CampaignProgram(name="coins", campaigns=2, spend=1.0, hit_rate=0.5, launch=0,
    ...                         multiple=Empirical(values=[1.0]))
    >>> total = total_distribution(Plan(horizon=1, channels=[coins]), "coins")
    >>> [round(total.cdf(x), 9) for x in (0.0, 0.5, 1.0, 2.0)]
    [0.25, 0.25, 0.75, 1.0]
    """
    points = check_count("points", points, low=64, high=MOST_POINTS)
    allowed = check_number("tolerance", tolerance, low=0.0, high=1.0, low_open=True)
    programs = [p for p in _programs(plan, channel) if _largest(p) > 0.0]
    work = _Work()
    if reach is not None:
        end = check_number("reach", reach, low=0.0, low_open=True)
    else:
        end = math.fsum(_typical(program, work) for program in programs)
    if not programs:
        return TotalDistribution(channel, end, 0.0, Ladder((), 1.0, 0.0))
    before = math.inf
    while True:
        law = _law(programs, end, points, work)
        error = law.error
        needed = 2 ** math.ceil(math.log2(points * max(error / allowed, 2.0)))
        if error <= allowed:
            return TotalDistribution(channel, min(end, law.reach), error, law)
        # Steps between the points of all lattices keep their width.
        if needed > MOST_POINTS or error > 0.75 * before:
            rule = f"must be at least {error:.2g}, what {points:,} points promise"
            fix = "lower reach, raise points, or allow it and read bounds()"
            raise ExactError("tolerance", rule, tolerance, fix)
        points, before = needed, error


class _Work:
    """Counts transformed points, and refuses too many."""

    def __init__(self) -> None:
        self.taken = 0

    def take(self, points: int) -> None:
        self.taken += points
        if self.taken > MOST_WORK:
            rule = f"must not ask for more than {MOST_WORK:,} transformed points"
            fix = "take fewer points, or fewer campaigns of different worth"
            raise ExactError("points", rule, self.taken, fix)


def _programs(plan: Plan, channel: str) -> list[ProgramTerms]:
    programs = []
    for member in plan.channels if channel == "portfolio" else (plan[channel],):
        if not isinstance(member, CampaignProgram):
            rule = "must be made of programs only: a team's total has no closed form"
            fix = "name a program, or use prob_exceeds or the simulation"
            raise ExactError("channel", rule, member.name, fix)
        programs.append(program_terms(plan, member))
    return programs


def _campaigns(program: ProgramTerms) -> list[Campaigns]:
    """Return the program's campaigns, those that are worth the same together."""
    return [
        Campaigns(program.multiple, program.cap, program.hit_rate, float(worth), int(size))
        for worth, size in zip(program.worth, program.sizes, strict=True)
    ]


def _largest(program: ProgramTerms) -> float:
    return math.fsum(term.largest for term in _campaigns(program))


def _typical(program: ProgramTerms, work: _Work) -> float:
    """Return what a program rarely exceeds: its campaigns once and its shocks once, about."""
    terms, largest = _campaigns(program), _largest(program)
    build = _summed([Mixture(1.0, terms)], _FEWEST_POINTS, largest, work)
    end = max(term.exceeded(_BEYOND) for term in terms)
    while end < largest and build(end).at(np.array([end]))[MID, 0] < 1.0 - _BEYOND:
        end *= 2.0
    sigma = math.hypot(program.market_sigma, program.luck_sigma)
    # 3.3 standard deviations are exceeded with a probability of 5e-4.
    return min(end, largest) * math.exp(3.3 * sigma - 0.5 * sigma**2)


def _law(programs: Sequence[ProgramTerms], end: float, points: int, work: _Work) -> Law:
    """Return the law of the sum of programs up to the end."""
    loads = [_felt(program.market_sigma) for program in programs]
    lucks = [_felt(program.luck_sigma) for program in programs]
    if len(programs) == 1:
        sigma = math.hypot(loads[0], lucks[0])
        return _pooled(_campaigns(programs[0]), sigma, end, points, work)
    alike = len(set(loads)) == 1
    if alike and not any(lucks):
        terms = [term for program in programs for term in _campaigns(program)]
        return _pooled(terms, loads[0], end, points, work)
    # A shock that moves all alike is left to the end.
    last = loads[0] if alike else 0.0
    loads = [0.0] * len(loads) if alike else loads
    inner = end * _stretch(last)
    laws = [
        _pooled(_campaigns(program), luck, inner * _stretch(load), points, work)
        for program, luck, load in zip(programs, lucks, loads, strict=True)
    ]
    largest = math.inf if any(loads) else math.fsum(law.largest for law in laws)
    fine, rough = (
        _summed(_by_shock(laws, loads, spacing), points, largest, work)
        for spacing in (_SPACING, 2.0 * _SPACING)
    )

    def build(reach: float) -> Grid:
        grid = fine(reach)
        if not any(loads):
            return grid
        apart = grid.at(grid.points)[MID] - rough(reach).at(grid.points)[MID]
        return replace(grid, error=grid.error + float(np.abs(apart).max()))

    nothing = math.prod(law.nothing for law in laws)
    total = ladder(build, min(inner, largest), nothing, largest)
    return shocked(total, last, end, _LOG_POINTS * points) if last else total


def _felt(sigma: float) -> float:
    return sigma if abs(sigma) > _NO_SHOCK else 0.0


def _pooled(terms: Sequence[Campaigns], sigma: float, end: float, points: int, work: _Work) -> Law:
    """Return the law of a lognormal shock times the sum of terms, up to the end."""
    nothing = math.prod(term.nothing for term in terms)
    largest = math.fsum(term.largest for term in terms)
    # Beyond this no campaign goes but with a probability of 1e-10.
    far = math.fsum(term.size * term.exceeded(_FAR_BEYOND / len(terms)) for term in terms)
    inner = min(largest, end * _stretch(sigma), far if sigma else math.inf)
    build = _summed([Mixture(1.0, terms)], points, largest, work)
    law = ladder(build, inner, nothing, largest)
    return shocked(law, sigma, end, _LOG_POINTS * points) if sigma else law


def _stretch(sigma: float) -> float:
    """Return how much further a law must be known, so that all but rare shocks stay inside."""
    return math.exp(min(FAR * abs(sigma) + 0.5 * sigma**2, 100.0))


def _by_shock(laws: Sequence[Law], loads: Sequence[float], spacing: float) -> list[Mixture]:
    """Return the terms given the market's shock, at the nodes of a trapezoidal rule."""
    if not any(loads):
        return [Mixture(1.0, [Part(law, 1.0) for law in laws])]
    z = np.arange(-FAR, FAR + spacing, spacing)
    chances = np.exp(-0.5 * z**2)
    chances /= chances.sum()
    return [
        Mixture(
            float(chance),
            [
                Part(law, math.exp(load * node - 0.5 * load**2))
                for law, load in zip(laws, loads, strict=True)
            ],
        )
        for node, chance in zip(z.tolist(), chances, strict=True)
    ]


def _summed(
    mixtures: Sequence[Mixture], points: int, largest: float, work: _Work
) -> Callable[[float], Grid]:
    """Return what builds the grid of a sum up to a reach."""
    each = points * sum(len(mixture.terms) for mixture in mixtures)
    marks = np.concatenate([term.marks() for term in mixtures[0].terms])

    def build(reach: float) -> Grid:
        work.take(each)
        step = aligned(marks[marks <= reach], reach / (points - 1))
        return lattice_sum(mixtures, step, points, largest)

    return build
