"""From a mix to the best one that exchanges of money lead to."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from gtmsim.decide.allocation.levers import (
    NOTHING,
    ROUNDING,
    Lever,
    Mix,
    Stake,
    total_cost,
)

_HALVINGS = 14


class Exchange:
    """Exchanges of money between channels, within a budget.

    Parameters
    ----------
    levers : sequence of Lever
    budget : float
    key : callable
        How good a mix is.
    """

    def __init__(
        self, levers: Sequence[Lever], budget: float, key: Callable[[Mix], tuple[float, float]]
    ) -> None:
        self._levers, self._budget, self._key = tuple(levers), budget, key
        self._free = [i for i, lever in enumerate(levers) if lever.is_free]

    def best(self, mix: Mix) -> Mix:
        """Return the best mix that exchanges lead to: of a quarter of the budget, then of less."""
        step = self._budget / 4.0
        for _ in range(_HALVINGS):
            while True:
                better = max(self._neighbours(mix, step), key=self._key, default=mix)
                if self._key(better) <= self._key(mix):
                    break
                mix = better
            step /= 2.0
        return mix

    def grown(self, mix: Mix, place: int, step: float) -> Iterator[Mix]:
        """Yield mixes in which a channel has a step more, and all that is left."""
        lever, slack = self._levers[place], self._slack(mix)
        stakes = {lever.moved(mix[place], min(step, slack)), lever.moved(mix[place], slack)}
        for stake in sorted(stakes):
            there = _with(mix, place, stake)
            if there != mix and self._slack(there) >= -ROUNDING * self._budget:
                yield there

    def _neighbours(self, mix: Mix, step: float) -> Iterator[Mix]:
        """Yield mixes in which one channel has more or less, or two have exchanged."""
        for place in self._free:
            lever, stake = self._levers[place], mix[place]
            yield from self.grown(mix, place, step)
            yield from self._resized(mix, place)
            for smaller in {lever.moved(stake, -step), lever.lowest} - {stake}:
                less = _with(mix, place, smaller)
                yield less
                freed = lever.cost(stake) - lever.cost(smaller)
                for other in self._free:
                    if other != place:
                        yield from self._handed(less, place, other, freed)

    def _handed(self, less: Mix, giver: int, taker: int, freed: float) -> Iterator[Mix]:
        """Yield mixes in which one channel has what another had, and the other what is left."""
        for there in self.grown(less, taker, freed):
            yield there
            yield from self.grown(there, giver, self._slack(there))

    def _resized(self, mix: Mix, place: int) -> Iterator[Mix]:
        """Yield mixes in which a channel's money is on fewer or more campaigns."""
        lever, stake = self._levers[place], mix[place]
        if lever.kind != "both" or stake == NOTHING:
            return
        sizes = {stake.size // 2, stake.size - 1, stake.size + 1, 2 * stake.size}
        for size in sorted(sizes | {9 * stake.size // 10, -(-11 * stake.size // 10)}):
            if size >= 1:
                there = _with(mix, place, lever.most(lever.cost(stake), size))
                if there != mix and self._slack(there) >= -ROUNDING * self._budget:
                    yield there

    def _slack(self, mix: Mix) -> float:
        return self._budget - total_cost(self._levers, mix)


def _with(mix: Mix, place: int, stake: Stake) -> Mix:
    return (*mix[:place], stake, *mix[place + 1 :])
