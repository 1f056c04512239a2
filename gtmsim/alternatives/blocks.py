"""The arrays of a block of scenarios: those of the versions that it takes."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from gtmsim.alternatives.versions import Versions, version_of_block
from gtmsim.compiled import CompiledChannel, compile_channel, fixed_spend, join_channels, most_spent
from gtmsim.core.portfolio import PortfolioArrays
from gtmsim.errors import ArgumentError
from gtmsim.plan import Plan

_MOST_KEPT = 2_048
"""Compiled versions that are kept: of some 10 kilobytes each."""


class BlockPlans:
    """A plan whose channels have alternatives, compiled as its blocks ask for it.

    Each version is compiled on its own when it is first taken, and versions are joined for a block
    without further work. What is set aside of a channel for the best share of spend has room for
    the most that any versions of all channels spend together, so it does not depend on which.

    Parameters
    ----------
    plan : Plan
    versions : dict of str to tuple
        As from :func:`gtmsim.alternatives.check_alternatives`.
    seed : int
        The run's.
    spend_share : float, default 0.01
        As for :func:`gtmsim.compiled.compile_plan`.

    Examples
    --------
    >>> from gtmsim.compiled import compile_plan
    >>> from gtmsim.presets import example_plan
    >>> plan = example_plan()
    >>> blocks = BlockPlans(plan, {"PR": (plan["PR"], plan["PR"].replace(hit_rate=0.2))}, seed=7)
    >>> blocks.arrays(0).horizon
    24
    """

    def __init__(
        self, plan: Plan, versions: Versions, seed: int, spend_share: float = 0.01
    ) -> None:
        self._plan, self._seed, self._spend_share = plan, seed, spend_share
        self._given = versions
        self._versions = [versions.get(c.name, (c,)) for c in plan.channels]
        spent = [
            max(most_spent(plan, version, fixed_spend(plan, version)) for version in all_versions)
            for all_versions in self._versions
        ]
        self._followed = spend_share * sum(spent)
        self._compiled = lru_cache(_MOST_KEPT)(self._compile)

    def __reduce__(self) -> tuple[type, tuple[Any, ...]]:
        # What is sent elsewhere is compiled there, as its blocks ask for it.
        return type(self), (self._plan, self._given, self._seed, self._spend_share)

    def arrays(self, block: int) -> PortfolioArrays:
        """Return the arrays of a block of scenarios.

        Raises
        ------
        ArgumentError
            If a version that it takes cannot be compiled.
        """
        places = [
            version_of_block(self._seed, versions[0].name, block, len(versions))
            for versions in self._versions
        ]
        parts = [self._compiled(channel, place) for channel, place in enumerate(places)]
        return join_channels(parts, self._plan.horizon, self._spend_share)

    def _compile(self, channel: int, place: int) -> CompiledChannel:
        version = self._versions[channel][place]
        fixed = fixed_spend(self._plan, version)
        try:
            return compile_channel(self._plan, version, fixed, self._followed)
        except ArgumentError as error:
            p = error.problem
            path = f"alternatives[{version.name!r}][{place}].{p.path}"
            raise ArgumentError(path, p.rule, p.value, p.fix) from None
