"""A plan's total value as independent terms: campaigns, teams and the shocks that they share."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr

from gtmsim.compiled import compile_plan
from gtmsim.core._types import Floats
from gtmsim.core.portfolio import empty_draws, simulate_channels
from gtmsim.core.streams import LANES
from gtmsim.errors import ExactError
from gtmsim.exact.terms import ProgramTerms, program_terms
from gtmsim.plan import CampaignProgram, Plan, SalesTeam
from gtmsim.seeds import seed_key

_CHUNK = 32 * LANES

_LARGEST_LOG = 230.0
"""Of a shock's factor: sums stay finite, and terms above 0."""


@dataclass(frozen=True)
class Total:
    """The value that some channels of a plan realise by the horizon, in present value.

    Attributes
    ----------
    plan : Plan
    programs : tuple of ProgramTerms
        Those that can realise anything.
    teams : tuple of SalesTeam
    loads : array (channel, shock)
        Log-sd of each shock on each program and, after them, each team. The first shock is the
        market's; the others are the programs' own luck.
    """

    plan: Plan
    programs: tuple[ProgramTerms, ...]
    teams: tuple[SalesTeam, ...]
    loads: Floats

    @property
    def tail_index(self) -> float:
        """The smallest survival exponent of a program; infinite without a power law."""
        return min((tail_index(program) for program in self.programs), default=math.inf)

    @property
    def largest(self) -> float:
        """The largest total that can be attained; infinite where none is known."""
        if self.teams or np.any(self.loads != 0.0):
            return math.inf
        return math.fsum(highest(program) * float(weight(program)) for program in self.programs)

    @property
    def positive(self) -> float:
        """Probability that some campaign brings something, or 1 with teams, who mostly do."""
        missed = 0.0 if self.teams else 1.0
        for program in self.programs:
            hit = program.hit_rate * program.multiple.sf(0.0, program.cap)
            missed *= (1.0 - hit) ** float(program.sizes.sum())
        return 1.0 - missed

    def factors(self, shocks: Floats) -> Floats:
        """Return what shocks (path, shock) multiply each channel by, (path, channel)."""
        logs: Floats = shocks @ self.loads.T - 0.5 * np.sum(self.loads**2, axis=1)
        return np.exp(np.clip(logs, -_LARGEST_LOG, _LARGEST_LOG))

    def team_tail(self, factor: Floats, x: float) -> Floats:
        """Roughly bound the chance that one seat's luck takes the teams above x, (path,).

        ``factor`` (path, team) is the market's.

        Notes
        -----
        Lognormals are subexponential: the largest decides. It is a rep's skill, with luck that is
        averaged over quarters, or it is one quarter's luck on top of the skill.
        """
        chance = np.zeros(len(factor))
        for team, own in zip(self.teams, factor.T, strict=True):
            scale = team.units ** max(team.returns_to_scale - 1.0, 0.0)
            year = team.quota * team.margin * team.attainment * scale
            seat = year * self.plan.horizon / 12.0 * own
            quarters = math.ceil(self.plan.horizon / 3.0)
            skill, luck = math.log1p(team.skill_cv**2), 4.0 * team.luck_cv**2
            rest = x - (team.units - 1) * seat
            chance += team.units * _lognormal_tail(rest, seat, skill + math.log1p(luck / quarters))
            one = _lognormal_tail(rest - seat, seat / quarters, skill + math.log1p(luck))
            chance += team.units * quarters * one
        return chance

    def team_values(self, seed: int, paths: int) -> Floats:
        """Draw what each team realises without the market's shock, (team, path)."""
        values = np.zeros((len(self.teams), paths))
        if self.teams:
            alone = self.plan.replace(channels=self.teams, market_volatility=0.0)
            arrays = compile_plan(alone, spend_share=0.0).arrays
            draws = empty_draws(arrays, _CHUNK)
            for first in range(0, paths, _CHUNK):
                simulate_channels(seed_key(seed), arrays, first, draws)
                values[:, first : first + _CHUNK] = draws.value[:-1, : paths - first]
        return values


def total_of(plan: Plan, channel: str) -> Total:
    """Return the total of a channel, or of all of them for "portfolio".

    Raises
    ------
    ArgumentError
        If no channel has this name.
    ExactError
        If a program feeds a team that is part of the total.

    Examples
    --------
    >>> from gtmsim.presets import example_plan
    >>> total_of(example_plan(), "PR").loads.shape
    (1, 2)
    """
    channels = plan.channels if channel == "portfolio" else (plan[channel],)
    _check_unfed(plan, channels)
    found = (program_terms(plan, c) for c in channels if isinstance(c, CampaignProgram))
    programs = tuple(p for p in found if p.sizes.size and highest(p) > 0.0)
    teams = tuple(c for c in channels if isinstance(c, SalesTeam))
    loads = np.zeros((len(programs) + len(teams), 1 + len(programs)))
    for i, program in enumerate(programs):
        loads[i, 0], loads[i, 1 + i] = program.market_sigma, program.luck_sigma
    for i, team in enumerate(teams):
        loads[len(programs) + i, 0] = plan.market_volatility * team.market_loading
    return Total(plan, programs, teams, loads)


def _check_unfed(plan: Plan, channels: Sequence[SalesTeam | CampaignProgram]) -> None:
    """Refuse fed teams: their value is no sum of independent terms."""
    fed = {c.feeds for c in plan.channels if isinstance(c, CampaignProgram)}
    for channel in channels:
        if channel.name in fed and isinstance(channel, SalesTeam):
            rule = "must not have a team that programs feed: its value hangs on theirs"
            fix = "use simulate_portfolio and prob_at_least"
            raise ExactError("channel", rule, channel.name, fix)


def tail_index(program: ProgramTerms) -> float:
    """Return the survival exponent of a program's campaigns, infinite under a cap."""
    return math.inf if program.cap is not None else program.multiple.tail_index


def highest(program: ProgramTerms) -> float:
    """Return the largest multiple of a program, perhaps infinite."""
    return program.multiple.isf(0.0, program.cap)


def weight(program: ProgramTerms) -> np.float64:
    """Return what all campaigns of a program are worth per unit of multiple (currency)."""
    return np.float64(program.sizes @ program.worth)


def _lognormal_tail(x: Floats, mean: Floats, variance: float) -> Floats:
    """P(X > x) of lognormals with this mean and variance of the logarithm."""
    sigma = max(math.sqrt(variance), 1e-6)
    with np.errstate(divide="ignore"):
        tail: Floats = ndtr(-np.log(np.maximum(x, 0.0) / mean) / sigma - 0.5 * sigma)
    return tail
