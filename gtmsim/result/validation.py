"""A simulation compared with everything exact that applies to its plan."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd
from scipy.special import ndtri

from gtmsim.errors import ExactError, MetricError
from gtmsim.exact import largest_cdf, total_distribution
from gtmsim.histograms import Histogram
from gtmsim.notebook import Block, Shown
from gtmsim.plan import CampaignProgram, SalesTeam

if TYPE_CHECKING:
    from gtmsim.result.portfolio import PortfolioResult

FALSE_ALARM = 1e-4
"""Probability that a correct simulation fails, all of its checks together."""

_SHOWN = 12
"""Checks in the text of a verdict: the largest deviations."""

_LEVELS = (0.1, 0.5, 0.9, 0.99)
_ONE_DRAW = 0.5
"""Standard errors that one scenario may move a mean; beyond it the mean is not yet normal."""
_SIDES = 1.0 - 1e-9, 1.0 + 1e-9
"""A value that has a probability of its own may lie on the edge of a bin, or a rounding below."""
_GRID_ERROR = 1e-3
"""How far a grid may blur a probability, or by a standard error of the median if that is more."""


class Check(NamedTuple):
    """One comparison; ``deviation`` is in standard errors."""

    channel: str
    check: str
    simulated: float
    exact: float
    deviation: float


@dataclass(frozen=True, repr=False)
class Validation(Shown):
    """The verdict of :meth:`gtmsim.PortfolioResult.validate`.

    Attributes
    ----------
    table : DataFrame
        One row per check: channel, check, simulated, exact, deviation (standard errors).
    skipped : tuple of str
        What has an exact answer that could not be used, and why.
    limit : float
        Largest deviation that passes; a correct simulation exceeds it once in 10,000 validations.
    """

    table: pd.DataFrame
    skipped: tuple[str, ...]
    limit: float

    @property
    def passed(self) -> bool:
        """Whether no deviation is beyond the limit."""
        return self.failures.empty

    @property
    def failures(self) -> pd.DataFrame:
        """Rows of the table that are beyond the limit."""
        # Not ">", so that a deviation that is not a number fails.
        return self.table[~(self.table["deviation"].abs() <= self.limit)]

    def __str__(self) -> str:
        """Return the verdict in one line."""
        if self.table.empty:
            return "not validated: nothing exact applies to this plan"
        size = len(self.table)
        if self.passed:
            largest = self.table["deviation"].abs().max()
            return f"validated: {size} checks, largest deviation {largest:.1f} standard errors"
        wrong = [
            f"{row.check} of {row.channel} is {row.simulated:.6g}, exactly {row.exact:.6g} "
            f"({row.deviation:+.1f} standard errors)"
            for row in self.failures.itertuples()
        ]
        more = f"; and {len(wrong) - 3} more" if len(wrong) > 3 else ""
        return f"NOT VALID: {len(wrong)} of {size} checks fail: {'; '.join(wrong[:3])}{more}"

    def _block(self) -> Block:
        apart = self.table["deviation"].abs().sort_values(ascending=False, na_position="first")
        shown = self.table.loc[apart.index[:_SHOWN]].set_index(["channel", "check"])
        shown = pd.DataFrame(
            {
                "simulated": shown["simulated"].map(_number),
                "exact": shown["exact"].map(_number),
                "standard errors apart": shown["deviation"].map("{:+.1f}".format),
            }
        )
        lines = [f"a correct simulation is within {self.limit:.1f} standard errors in every check"]
        more = len(self.table) - len(shown)
        notes = [f"{more} checks with smaller deviations are in table"] if more else []
        return Block(
            str(self), lines, shown, [*notes, *(f"not checked: {s}" for s in self.skipped)]
        )


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1e5 else f"{value:.6g}"


def validate(result: PortfolioResult) -> Validation:
    """Compare a result with everything exact that applies; see PortfolioResult.validate."""
    if result.alternatives:
        rule = "must be empty to validate: what is exact is exact of one plan"
        fix = "validate a run of the plan without them"
        raise MetricError("alternatives", rule, list(result.alternatives), fix)
    skipped: list[str] = []
    checks = list(_moment_checks(result, skipped))
    programs = [c.name for c in result.plan.channels if isinstance(c, CampaignProgram)]
    for name in programs:
        try:
            checks += _largest_checks(result, name)
        except ExactError as error:
            skipped.append(f"best campaign of {name}: {error}")
    # A plan of programs only has an exact total; a team's value has exact moments.
    whole = len(programs) == len(result.channels) > 1
    for name in [*programs, "portfolio"] if whole else programs:
        try:
            checks += _total_checks(result, name)
        except (ExactError, MetricError) as error:
            skipped.append(f"total of {name}: {error}")
    limit = float(-ndtri(0.5 * FALSE_ALARM / max(len(checks), 1)))
    return Validation(pd.DataFrame(checks, columns=list(Check._fields)), tuple(skipped), limit)


def _moment_checks(result: PortfolioResult, skipped: list[str]) -> Iterator[Check]:
    programs = {c.name for c in result.plan.channels if isinstance(c, CampaignProgram)}
    short = {
        c.name for c in result.plan.channels if isinstance(c, SalesTeam) and c.pipeline is not None
    }
    short |= {"portfolio"} if short else set()
    # The portfolio of one channel is that channel.
    names = result.channels if len(result.channels) == 1 else result.distributions.names
    for channel in names:
        moments = result.exact
        for metric in ("value", "spend", "hits"):
            mean = float(moments[f"{metric}_mean"][channel])
            sd = float(moments[f"{metric}_sd"][channel])
            if metric == "hits" and mean == 0.0:
                continue
            if math.isnan(mean) and channel in short:
                skipped.append(f"value of {channel}: short of pipeline it has no closed form")
            elif math.isnan(sd):
                skipped.append(f"{metric} of {channel}: its deviation is not known")
            if not (math.isfinite(mean) and math.isfinite(sd)):
                continue
            draws = result.distributions.metric(metric, channel)
            found = [*_mean_check(channel, metric, draws, mean, sd)]
            # A program's value is compared with its whole law instead.
            if (metric != "value" or channel not in programs) and sd > 1e-9 * abs(mean):
                found += [*_spread_check(channel, metric, draws, mean, sd)]
            if not found:
                skipped.append(f"mean {metric} of {channel}: one scenario decides too much of it")
            yield from found


def _mean_check(
    channel: str, metric: str, draws: Histogram, mean: float, sd: float
) -> Iterator[Check]:
    error = sd / math.sqrt(draws.n)
    furthest = max(draws.maximum - mean, mean - draws.minimum)
    # Sums in bins are within 2**-36 of themselves.
    rounding = 1e-9 * abs(mean)
    if furthest <= _ONE_DRAW * error * draws.n + rounding or sd == 0.0:
        simulated = draws.sum / draws.n
        apart, allowed = simulated - mean, error + rounding
        off = apart / allowed if allowed else math.copysign(math.inf if apart else 0.0, apart)
        yield Check(channel, f"mean {metric}", simulated, mean, off)


def _spread_check(
    channel: str, metric: str, draws: Histogram, mean: float, sd: float
) -> Iterator[Check]:
    """Compare standard deviations, where no single scenario makes much of the sample's.

    In units of the exact one, so that squares of any plan's values stay in range.
    """
    squares = ((draws.sums / draws.counts - mean) / sd) ** 2
    square = float(draws.counts @ squares) / draws.n
    error = math.sqrt(float(draws.counts @ (squares - square) ** 2)) / draws.n
    if squares.max() <= _ONE_DRAW * error * draws.n:
        # A bin's values differ by at most 1/128: their own variance is lost.
        widths = (draws.upper - draws.lower) / sd
        lost = float(draws.counts @ widths**2) / draws.n / 12.0
        off = (square + lost - 1.0) / (error + 0.5 * lost)
        yield Check(channel, f"spread of {metric}", sd * math.sqrt(square + lost), sd, off)


def _largest_checks(result: PortfolioResult, channel: str) -> Iterator[Check]:
    draws = result.distributions.metric("largest", channel)
    for q, x, below in _points(draws):
        low, high = (largest_cdf(result.plan, x * side, channel) for side in _SIDES)
        bracket = low, 0.5 * (low + high), high
        label = f"P(largest campaign below its P{100 * q:g})"
        yield _share_check(channel, label, below / draws.n, bracket, draws.n)
    yield _best_check(result, channel, draws)


def _best_check(result: PortfolioResult, channel: str, draws: Histogram) -> Check:
    """Judge the best campaign of all scenarios, which shows whether tails are drawn to their end.

    Within rounding, so that many scenarios may share a best at the cap.
    """
    below, up_to = (largest_cdf(result.plan, draws.maximum * side, channel) for side in _SIDES)
    below = below if draws.maximum > 0.0 else 0.0
    at_most, at_least = up_to**draws.n, 1.0 - below**draws.n
    low, high = (float(ndtri(max(p, 1e-300))) for p in (at_most, at_least))
    off = min(low, 0.0) or max(-high, 0.0)
    return Check(channel, "P(best campaign of all at most this)", at_most, 0.5, off)


def _total_checks(result: PortfolioResult, channel: str) -> Iterator[Check]:
    draws = result.distributions.metric("value", channel)
    points = list(_points(draws))
    if not points:
        return
    tolerance = min(max(_GRID_ERROR, 0.5 / math.sqrt(draws.n)), 0.01)
    law = total_distribution(result.plan, channel, reach=1.01 * points[-1][1], tolerance=tolerance)
    for q, x, below in points:
        bracket = law.bounds(x * _SIDES[0])[0], law.cdf(x), law.bounds(x * _SIDES[1])[1]
        label = f"P(value below its P{100 * q:g})"
        yield _share_check(channel, label, below / draws.n, bracket, draws.n)


def _points(draws: Histogram) -> Iterator[tuple[float, float, int]]:
    """Yield levels, the edges of the bins in which they lie, and the draws below those edges."""
    through = np.cumsum(draws.counts)
    for q in _LEVELS:
        place = int(np.searchsorted(through, q * draws.n))
        x = float(draws.upper[place])
        if x > 0.0:
            yield q, x, int(through[place])


def _share_check(
    channel: str, label: str, share: float, bracket: tuple[float, float, float], n: int
) -> Check:
    """Compare a share of n scenarios with bounds on its probability, an estimate between them."""
    low, exact, high = bracket
    apart = share - min(max(share, low), high)
    error = math.sqrt(max(exact * (1.0 - exact), 1.0 / n) / n)
    return Check(channel, label, share, exact, apart / error)
