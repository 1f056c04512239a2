"""Conditional Monte Carlo: each campaign is redrawn in turn, given all the others and the shocks.

Z = sum over campaigns i of P(X_i > x - S_i and X_i is the largest), where S_i is the sum of all the
others, is an unbiased estimate of P(S > x): some campaign is the largest, and it is integrated out.
Equal largest campaigns share the event among them, for caps and lists of multiples hold mass.
Campaigns that missed differ by what they are worth only, so each group of them is one term.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from gtmsim.core._types import Floats, Ints
from gtmsim.distributions import Empirical
from gtmsim.exact.terms import ProgramTerms
from gtmsim.rare.strata import Stratum
from gtmsim.rare.tilts import Shocks, ShockTilts
from gtmsim.rare.total import Total

_CELLS = 2**18
"""Hits and groups of the paths that are worked on together."""

_LOOKED_AT = 2_000
"""Shocks under which teams are asked how far their luck may take them."""

_DRAWN = 10.0
"""What is expected so often is drawn often enough for its error to be known."""

_EVEN = 0.25
"""Part of the paths that is spread evenly over the strata."""

_NEAR = 1e-12
"""Values that differ by less, relatively, are equal: sums of caps are rounded."""


class _Redraws(NamedTuple):
    """Campaigns of a program that are redrawn (redraw,), whatever their path.

    ``weight`` is the expected number of hits among them; ``scale`` what a unit of multiple is
    worth; ``rest`` the sum of all other terms, ``best`` the largest of them and ``ties`` how many
    are as large.
    """

    path: Ints
    weight: Floats
    scale: Floats
    rest: Floats
    best: Floats
    ties: Ints


class _Block(NamedTuple):
    """Some paths: shocks, the likelihood ratio of hits and what teams realise (path,); redraws."""

    shocks: Shocks
    ratio: Floats
    teams: Floats
    redraws: list[_Redraws]


class _Hits(NamedTuple):
    """Hits of a program (hit,), its misses (path, group) and how many hits are in the band."""

    path: Ints
    group: Ints
    value: Floats
    misses: Ints
    in_band: Ints


@dataclass(frozen=True)
class Paths:
    """Random paths of a total, replayed block by block from a seed.

    Attributes
    ----------
    total : Total
    shocks : ShockTilts
    strata : list of Stratum
    counts : list of int
        Paths of each stratum.
    team_values : array (team, path)
    seed : int
    pilot : bool
        Whether they only show where to look; others are drawn for the estimate.
    """

    total: Total
    shocks: ShockTilts
    strata: list[Stratum]
    counts: list[int]
    team_values: Floats
    seed: int
    pilot: bool

    def chances(self, x: float) -> list[Floats]:
        """Return estimates of the part of each stratum in P(total > x), (path,) each."""
        return self._estimates(_chance, x)

    def excesses(self, x: float) -> list[Floats]:
        """Return estimates of the part of each stratum in E[max(total - x, 0)], (path,) each."""
        return self._estimates(_excess, x)

    def unseen(self, x: float) -> float:
        """Return how much of P(total > x) may be teams' luck that is too rare to be drawn."""
        if not self.total.teams:
            return 0.0
        rng = np.random.Generator(np.random.Philox(self.seed))
        shocks = self.shocks.draw(rng, _LOOKED_AT)
        factors = self.total.factors(shocks.values)[:, len(self.total.programs) :]
        tail = self.total.team_tail(factors, x)
        return float(np.mean(shocks.ratio * np.minimum(tail, _DRAWN / sum(self.counts))))

    def tuned(self, x: float, counts: int, team_values: Floats) -> Paths:
        """Return other paths, so many in all, on which P(total > x) varies least.

        Strata get paths in proportion to how much their estimates vary here, and some in any case
        (Neyman allocation).
        """
        spreads, contributions = [], np.zeros(self.shocks.weights.size)
        for stratum, blocks in self._blocks():
            values, ratios, origins = [], [], []
            for block in blocks:
                values.append(block.ratio * block.shocks.ratio * _chance(self.total, block, x))
                ratios.append(block.ratio)
                origins.append(values[-1] @ block.shocks.origin)
            estimates = _controlled(np.concatenate(values), np.concatenate(ratios), stratum.share)
            spreads.append(float(estimates.std()))
            contributions += np.sum(origins, axis=0)
        spread = np.array(spreads) if any(spreads) else np.ones(len(spreads))
        shares = _EVEN / spread.size + (1.0 - _EVEN) * spread / spread.sum()
        parts = np.round(counts * shares).astype(int).tolist()
        parts[-1] = counts - sum(parts[:-1])
        shocks = self.shocks.tuned(contributions)
        return Paths(self.total, shocks, self.strata, parts, team_values, self.seed, pilot=False)

    def _estimates(
        self, estimate: Callable[[Total, _Block, float], Floats], x: float
    ) -> list[Floats]:
        parts = []
        for stratum, blocks in self._blocks():
            pairs = [
                (block.shocks.ratio * block.ratio * estimate(self.total, block, x), block.ratio)
                for block in blocks
            ]
            values, ratios = (np.concatenate(part) for part in zip(*pairs, strict=True))
            parts.append(_controlled(values, ratios, stratum.share))
        return parts

    def _blocks(self) -> Iterator[tuple[Stratum, Iterator[_Block]]]:
        first = 0
        for stratum, count in zip(self.strata, self.counts, strict=True):
            size = _block_size(self.total, stratum)
            edges = [*range(first, first + count, size), first + count]
            yield stratum, (self._block(stratum, *pair) for pair in pairwise(edges))
            first += count

    def _block(self, stratum: Stratum, first: int, last: int) -> _Block:
        seeds = np.random.SeedSequence(self.seed, spawn_key=(self.pilot, first))
        rng = np.random.Generator(np.random.Philox(seeds))
        shocks = self.shocks.draw(rng, last - first)
        factors = self.total.factors(shocks.values)
        tilt = rng.integers(stratum.log_odds.size, size=last - first)
        hits = [
            _draw(rng, program, stratum, place, tilt, factors[:, place])
            for place, program in enumerate(self.total.programs)
        ]
        in_band = sum((drawn.in_band for drawn in hits), start=np.zeros_like(tilt))
        team_factors = factors[:, len(hits) :]
        teams = np.sum(self.team_values[:, first:last].T * team_factors, axis=1)
        redraws = _redraws(self.total.programs, hits, factors, teams)
        return _Block(shocks, stratum.ratio(in_band), teams, redraws)


def _controlled(values: Floats, ratios: Floats, mean: float) -> Floats:
    """Take from values (path,) what they owe to ratios, whose mean is known."""
    if mean == 0.0:
        return values
    relative = ratios / mean
    centred = relative - relative.mean()
    if np.max(np.abs(centred)) <= 1e-9:
        return values  # they differ by rounding
    slope = float(centred @ values) / float(centred @ centred)
    return values - slope * (relative - 1.0)


def _block_size(total: Total, stratum: Stratum) -> int:
    """Paths that are worked on together: a power of two, for the cache."""
    cells = sum(
        float(program.sizes @ rate.max(axis=0)) + program.sizes.size
        for program, rate in zip(total.programs, stratum.hit_rate, strict=True)
    )
    return int(2 ** np.clip(np.floor(np.log2(_CELLS / max(cells, 1.0))), 4.0, 13.0))


def _draw(
    rng: np.random.Generator,
    program: ProgramTerms,
    stratum: Stratum,
    place: int,
    tilt: Ints,
    factor: Floats,
) -> _Hits:
    """Draw the hits of a program on paths of these tilts and shocks (path,)."""
    number = rng.binomial(program.sizes, stratum.hit_rate[place][tilt])
    cell = np.repeat(np.arange(number.size), number.ravel())
    path, group = np.divmod(cell, program.sizes.size)
    words = rng.integers(2**64, size=cell.size, dtype=np.uint64)
    uniform = (words + 0.5) * 2.0**-64
    # Those in the band come first; on either side of its end hits are uniform.
    share = stratum.band_share[place][tilt[path], group]
    low, high = stratum.above[place][group], stratum.band[place][group]
    is_in_band = uniform < share
    with np.errstate(divide="ignore", invalid="ignore"):
        inside = low + uniform * ((high - low) / share)
        outside = high + (uniform - share) * ((1.0 - high) / (1.0 - share))
    level = np.minimum(np.where(is_in_band, inside, outside), 1.0)
    multiple = program.multiple.isf(level, program.cap)
    return _Hits(
        path=path,
        group=group,
        value=multiple * (program.worth[group] * factor[path]),
        misses=program.sizes - number,
        in_band=np.bincount(path[is_in_band], minlength=tilt.size),
    )


def _redraws(
    programs: tuple[ProgramTerms, ...], hits: list[_Hits], factors: Floats, teams: Floats
) -> list[_Redraws]:
    paths = teams.size
    path = np.concatenate([np.zeros(0, dtype=np.int64), *(drawn.path for drawn in hits)])
    value = np.concatenate([np.zeros(0), *(drawn.value for drawn in hits)])
    largest, second = np.zeros((2, paths))
    np.maximum.at(largest, path, value)
    is_top = value >= largest[path] * (1.0 - _NEAR)
    tops = np.bincount(path[is_top], minlength=paths)
    other_path, other = path[~is_top], value[~is_top]
    np.maximum.at(second, other_path, other)
    is_second = other >= second[other_path] * (1.0 - _NEAR)
    seconds = np.bincount(other_path[is_second], minlength=paths)
    # Summed apart, for a difference of large numbers would lose the others.
    without = teams + np.bincount(other_path, weights=other, minlength=paths)
    everything = without + np.bincount(path[is_top], weights=value[is_top], minlength=paths)
    redraws, first = [], 0
    for place, (program, drawn) in enumerate(zip(programs, hits, strict=True)):
        own, top = drawn.path, is_top[first : first + drawn.path.size]
        first += own.size
        alone = top & (tops[own] == 1)
        missing, group = np.nonzero(drawn.misses)
        hit_rest = np.where(alone, without[own], everything[own] - drawn.value)
        hit_best = np.where(alone, second[own], largest[own])
        hit_ties = np.where(alone, seconds[own], tops[own] - top)
        both = np.concatenate((own, missing))
        worth = program.worth[np.concatenate((drawn.group, group))]
        number = np.concatenate(
            (np.ones(own.size), drawn.misses[missing, group].astype(np.float64))
        )
        redraws.append(
            _Redraws(
                path=both,
                weight=program.hit_rate * number,
                scale=worth * factors[both, place],
                rest=np.concatenate((hit_rest, everything[missing])),
                best=np.concatenate((hit_best, largest[missing])),
                ties=np.concatenate((hit_ties, tops[missing])),
            )
        )
    return redraws


def _chance(total: Total, block: _Block, x: float) -> Floats:
    """Estimate P(total > x) on each path."""
    chance = np.zeros(block.teams.size)
    for program, redraw in zip(total.programs, block.redraws, strict=True):
        threshold = x * (1.0 + _NEAR) - redraw.rest
        low, high = redraw.best * (1.0 - _NEAR), redraw.best * (1.0 + _NEAR)
        wins = _survival(program, redraw, np.maximum(threshold, high))
        if _has_atoms(program):
            tied = _survival(program, redraw, low) - _survival(program, redraw, high)
            wins += (threshold < low) * tied / (1.0 + redraw.ties)
        chance += np.bincount(redraw.path, weights=redraw.weight * wins, minlength=chance.size)
    return np.where(block.teams > x, 1.0, chance)


def _excess(total: Total, block: _Block, x: float) -> Floats:
    """Integrate the chance over thresholds from x on, on each path."""
    excess = np.maximum(block.teams - x, 0.0)
    for program, redraw in zip(total.programs, block.redraws, strict=True):
        threshold = np.maximum(x, block.teams)[redraw.path] - redraw.rest
        low, high = redraw.best * (1.0 - _NEAR), redraw.best * (1.0 + _NEAR)
        flat = _survival(program, redraw, high)
        wins = np.maximum(high - threshold, 0.0) * flat
        begin = np.maximum(threshold, high) / redraw.scale
        wins += redraw.scale * program.multiple.stop_loss(begin, program.cap)
        if _has_atoms(program):
            tied = (_survival(program, redraw, low) - flat) / (1.0 + redraw.ties)
            wins += np.maximum(low - threshold, 0.0) * tied
        excess += np.bincount(redraw.path, weights=redraw.weight * wins, minlength=excess.size)
    return excess


def _survival(program: ProgramTerms, redraw: _Redraws, value: Floats) -> Floats:
    return program.multiple.sf(value / redraw.scale, program.cap)


def _has_atoms(program: ProgramTerms) -> bool:
    return program.cap is not None or isinstance(program.multiple, Empirical)
