"""The best mix for a budget: all of them where they are few, else a search.

A search looks far and then near: ``scipy.optimize.differential_evolution`` over how money is shared
out, and from the best mixes it and others have found, an exchange of money between two channels at
a time, of a quarter of the budget at first and of single hires and campaigns in the end. Then every
channel is closed, or opened, once to see whether that leads further.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from gtmsim.core._types import Floats, Ints
from gtmsim.decide.allocation.constraints import Barbell, ScenarioConstraint, reached_with
from gtmsim.decide.allocation.exchange import Exchange
from gtmsim.decide.allocation.levers import NOTHING, ROUNDING, Lever, Mix, Stake, total_cost
from gtmsim.decide.allocation.objectives import Objective
from gtmsim.decide.allocation.outcomes import Outcomes
from gtmsim.errors import PlanError

EXHAUSTIVE = 4_000
"""Most mixes of which every one is looked at."""

RANDOM = 200
"""Mixes of the random search that an optimum is compared with."""

_GRID = 24
"""Sizes of a channel between which the far search chooses."""

_STARTS = 3
_WORST = 1e90

Key: TypeAlias = tuple[float, float]
"""How good a mix is: minus what its constraints lack, and then the objective's score."""
IMPOSSIBLE: Key = (-math.inf, -math.inf)


@dataclass(frozen=True)
class Found:
    """The best mix that was found.

    Attributes
    ----------
    mix : tuple of Stake
    key : tuple
    method : str
        "exhaustive" or "search".
    looked_at : int
        Mixes of which the objective was taken.
    """

    mix: Mix
    key: Key
    method: str
    looked_at: int


class Search:
    """The search for the best mix of some levers on one set of scenarios.

    Parameters
    ----------
    outcomes : Outcomes
    objective : Objective or None
        None: only the constraints count.
    rules : sequence of CashFloor and Barbell
    seed : int
        Of the far search and the random one.
    """

    def __init__(
        self,
        outcomes: Outcomes,
        objective: Objective | None,
        rules: Sequence[ScenarioConstraint],
        seed: int,
    ) -> None:
        self.outcomes, self.objective, self.rules = outcomes, objective, tuple(rules)
        self.levers = outcomes.levers
        self._seed = seed
        self._known: dict[Mix, Key] = {}
        self._grids: dict[float, list[Ints]] = {}

    def key(self, mix: Mix) -> Key:
        """Return how good a mix is; one that a staged program cannot have is the worst."""
        if mix not in self._known:
            try:
                self._known[mix] = (-self._lacks(mix), self._score(mix))
            except PlanError:
                self._known[mix] = IMPOSSIBLE
        return self._known[mix]

    def _lacks(self, mix: Mix) -> float:
        """Return what a mix lacks of its constraints, each as a part of what it needs."""
        return len(self.outcomes.unfed(mix)) + sum(
            max(0.0, self.lack(rule, mix)) / max(abs(rule.needed), 1.0) for rule in self.rules
        )

    def _score(self, mix: Mix) -> float:
        if self.objective is None:
            return 0.0
        return self.objective.score(self.outcomes.sample(mix))

    def lack(self, rule: ScenarioConstraint, mix: Mix) -> float:
        """Return by how much money a mix falls short of a constraint, 0 or less if it does not."""
        return rule.needed - reached_with(rule_values(rule, self.outcomes, mix), rule.probability)

    def best(self, budget: float, starts: Sequence[Mix] = (), *, far: bool = True) -> Found:
        """Return the best mix within a budget.

        Parameters
        ----------
        budget : float
        starts : sequence of Mix
            Mixes to begin from besides others, where they are allowed; the budget is also shared
            out as they share theirs.
        far : bool, default True
            Whether to look far first, and not only near the starts.
        """
        before = len(self._known)
        few = self._all(budget)
        if few is not None:
            mix = max(few, key=self.key)
            return Found(mix, self.key(mix), "exhaustive", len(few))
        candidates = [mix for mix in starts if self.allows(mix, budget)]
        candidates += [self._like(mix, budget) for mix in starts]
        candidates += [self.equal(budget), *self._corners(budget)]
        candidates += [self._far(budget)] if far else []
        candidates = sorted(set(candidates), key=self.key, reverse=True)
        near = Exchange(self.levers, budget, self.key)
        mix = max(map(near.best, candidates[:_STARTS]), key=self.key)
        mix = self._shaken(mix, budget, near) if far else mix
        return Found(mix, self.key(mix), "search", len(self._known) - before)

    def allows(self, mix: Mix, budget: float) -> bool:
        """Return whether a mix is within the budget and its channels' ranges."""
        within = all(lever.allows(stake) for lever, stake in zip(self.levers, mix, strict=True))
        return within and self._fits(mix, budget)

    def equal(self, budget: float) -> Mix:
        """Return the mix in which free channels get equal money, within their ranges."""
        return self._shared(budget, np.full(len(self.levers), 1.0))

    def random(self, budget: float) -> Mix:
        """Return the best of a number of mixes at random."""
        rng = np.random.default_rng((self._seed, 1))
        weights = rng.exponential(size=(RANDOM, len(self.levers)))
        near, mixes = Exchange(self.levers, budget, self.key), []
        for weight in weights:
            mix = self._on_grid(self._shared(budget, weight), budget)
            # What the grid leaves goes to whom chance has it.
            for place in rng.permutation(len(mix)):
                mix = max(near.grown(mix, int(place), budget), default=mix)
            mixes.append(mix)
        return max(mixes, key=self.key)

    def _fits(self, mix: Mix, budget: float) -> bool:
        return total_cost(self.levers, mix) <= budget * (1.0 + ROUNDING)

    def _lowest(self) -> list[Stake]:
        return [lever.lowest for lever in self.levers]

    def _shared(self, budget: float, weights: Floats, sizes: Sequence[int | None] = ()) -> Mix:
        """Return the mix in which free channels have money by weight (channel,), within ranges.

        What one of them cannot take goes to the others.
        """
        mix, sizes = self._lowest(), sizes or [None] * len(self.levers)
        free = [i for i, lever in enumerate(self.levers) if lever.is_free and weights[i] > 0.0]
        money = budget - total_cost(self.levers, tuple(mix))
        money += sum(self.levers[i].cost(mix[i]) for i in free)
        # Channels whose least or most binds are settled first, one at a time.
        while free:
            share = {i: money * weights[i] / sum(weights[j] for j in free) for i in free}
            apart = {
                i: share[i] - self.levers[i].cost(self._taken(i, share[i], sizes)) for i in free
            }
            worst = min(apart, key=lambda i: (apart[i] >= -ROUNDING * budget, -abs(apart[i])))
            mix[worst] = self._taken(worst, share[worst], sizes)
            money -= self.levers[worst].cost(mix[worst])
            free.remove(worst)
        return tuple(mix)

    def _taken(self, place: int, money: float, sizes: Sequence[int | None]) -> Stake:
        return self.levers[place].most(money, sizes[place])

    def _like(self, mix: Mix, budget: float) -> Mix:
        """Return the mix that shares a budget as another mix shares its own."""
        costs = [lever.cost(stake) for lever, stake in zip(self.levers, mix, strict=True)]
        return self._shared(budget, np.array(costs), [stake.size or None for stake in mix])

    def _corners(self, budget: float) -> Iterator[Mix]:
        """Yield the mixes in which one channel has all that it can take."""
        for place, lever in enumerate(self.levers):
            if lever.is_free:
                yield self._shared(budget, np.eye(len(self.levers))[place])

    def _all(self, budget: float) -> list[Mix] | None:
        """Return all mixes of whole sizes, None if there are too many or factors are decided."""
        if any(lever.is_continuous for lever in self.levers):
            return None
        mixes: list[tuple[Mix, float]] = [((), 0.0)]
        rest = [lever.cost(lever.lowest) for lever in self.levers]
        for place, lever in enumerate(self.levers):
            left = budget * (1.0 + ROUNDING) - sum(rest[place + 1 :])
            following = []
            for mix, cost in mixes:
                for stake, more in _sizes_within(lever, left - cost):
                    following.append(((*mix, stake), cost + more))
                    if len(following) > EXHAUSTIVE:
                        return None
            mixes = following
        return [mix for mix, _ in mixes]

    def _far(self, budget: float) -> Mix:
        """Return a mix from differential evolution over shares of money, and sizes of both."""
        from scipy.optimize import Bounds, differential_evolution

        grids = self._grids_for(budget)
        free = [i for i, lever in enumerate(self.levers) if lever.is_free]
        both = [i for i in free if self.levers[i].kind == "both"]
        if not free:
            return tuple(self._lowest())

        def mix_of(x: Floats) -> Mix:
            weights = np.zeros(len(self.levers))
            weights[free] = x[: len(free)]
            # Below 1 in all, some of the budget is kept.
            kept = min(1.0, float(weights.sum()))
            sizes: list[int | None] = [None] * len(self.levers)
            for i, place in zip(both, x[len(free) :], strict=True):
                sizes[i] = int(grids[i][round(place)])
            floor = total_cost(self.levers, tuple(self._lowest()))
            mix = self._shared(floor + kept * (budget - floor), weights, sizes)
            return self._on_grid(mix, budget)

        def cost(x: Floats) -> float:
            lacks, score = self.key(mix_of(x))
            if lacks < 0.0:
                return _WORST * min(-lacks, 1e10)
            return -score if math.isfinite(score) else _WORST

        most = [1.0] * len(free) + [len(grids[i]) - 1.0 for i in both]
        found = differential_evolution(
            cost,
            Bounds(np.zeros(len(most)), np.array(most)),
            integrality=[False] * len(free) + [True] * len(both),
            popsize=8,
            maxiter=40,
            tol=1e-4,
            rng=np.random.default_rng((self._seed, 2)),
            polish=False,
            init="sobol",
        )
        return mix_of(found.x)

    def _grids_for(self, budget: float) -> list[Ints]:
        """Return sizes of each channel (size,) among which the far search chooses."""
        if budget not in self._grids:
            self._grids[budget] = [_grid_of(lever, budget) for lever in self.levers]
        return self._grids[budget]

    def _on_grid(self, mix: Mix, budget: float) -> Mix:
        """Return a mix whose sizes are on the grid, so that few of them are simulated."""
        snapped = []
        for lever, stake, grid in zip(self.levers, mix, self._grids_for(budget), strict=True):
            if lever.kind in ("hires", "campaigns") and stake.size and lever.is_free:
                place = int(np.searchsorted(grid, stake.size, side="right")) - 1
                stake = Stake(int(grid[place])) if place >= 0 else lever.lowest
            snapped.append(stake)
        return tuple(snapped)

    def _shaken(self, mix: Mix, budget: float, near: Exchange) -> Mix:
        """Return the best mix after each channel in turn was closed, or opened if it was not.

        What is spent whatever the size, overhead and least campaigns, keeps small steps from both.
        """
        for place, lever in enumerate(self.levers):
            if not lever.is_free:
                continue
            costs = np.array([lv.cost(stake) for lv, stake in zip(self.levers, mix, strict=True)])
            costs[place] = 0.0 if mix[place].size else max(costs.mean(), budget / costs.size)
            sizes = [stake.size or None for stake in mix]
            mix = max(mix, near.best(self._shared(budget, costs, sizes)), key=self.key)
        return mix


def rule_values(rule: ScenarioConstraint, outcomes: Outcomes, mix: Mix) -> Floats:
    """Return what a constraint looks at in every scenario or path: to be at least ``needed``."""
    if isinstance(rule, Barbell):
        return outcomes.value_of(mix, rule.channels)
    return outcomes.lowest_cash(mix)


def _sizes_within(lever: Lever, money: float) -> Iterator[tuple[Stake, float]]:
    """Yield every stake of whole size that costs no more, with its cost."""
    if lever.range.may_be_nothing:
        yield NOTHING, 0.0
    for size in range(max(lever.range.low, 1), lever.range.high + 1):
        stake = Stake(size)
        if (cost := lever.cost(stake)) > money:
            return
        yield stake, cost


def _grid_of(lever: Lever, budget: float) -> Ints:
    """Return some of a channel's sizes (size,), all of them if they are few."""
    low = max(lever.range.low, 1)
    high = lever.most(budget).size if lever.kind != "both" else lever.range.high
    if high <= low:
        return np.array([low])
    if lever.kind == "both":
        return np.unique(np.geomspace(low, high, _GRID).round().astype(np.int64))
    return np.unique(np.linspace(low, high, _GRID).round().astype(np.int64))
