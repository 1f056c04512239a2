"""Which versions a channel may have, and which of them a block of scenarios takes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from typing import TypeAlias

import numpy as np

from gtmsim.errors import ArgumentError, ArgumentTypeError, PlanError
from gtmsim.plan import CampaignProgram, Plan, SalesTeam
from gtmsim.plan.checks import build_channels
from gtmsim.sampling import stream_of

Versions: TypeAlias = dict[str, tuple[SalesTeam | CampaignProgram, ...]]
"""Equally likely versions of channels, by name; a channel that is not there is as in the plan."""


def check_alternatives(plan: Plan, alternatives: object) -> Versions:
    """Return alternatives if they fit the plan; None and an empty mapping are none at all.

    Parameters
    ----------
    plan : Plan
    alternatives : mapping of str to sequence of SalesTeam or CampaignProgram, or None

    Returns
    -------
    dict of str to tuple

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If a name is not in the plan, there is no version, or one is not of the plan's kind, name
        and number of campaigns or seats, feeds another team or differs in whether it has a
        pipeline, or goes beyond the horizon.

    Examples
    --------
    >>> from gtmsim.presets import example_plan
    >>> plan = example_plan()
    >>> rates = (0.1, 0.15, 0.2)
    >>> versions = [plan["PR"].replace(hit_rate=rate) for rate in rates]
    >>> len(check_alternatives(plan, {"PR": versions})["PR"])
    3
    """
    if alternatives is None:
        return {}
    if not isinstance(alternatives, Mapping):
        rule, fix = "must map names to versions", "write {'paid social': [channel, channel]}"
        raise ArgumentTypeError("alternatives", rule, alternatives, fix)
    return {name: _versions(plan, name, found) for name, found in alternatives.items()}


def _versions(plan: Plan, name: object, found: object) -> tuple[SalesTeam | CampaignProgram, ...]:
    names = [channel.name for channel in plan.channels]
    if not isinstance(name, str) or name not in names:
        near = get_close_matches(str(name), names, n=1)
        fix = f"did you mean {near[0]!r}?" if near else None
        raise ArgumentError("alternatives", f"must name channels: {', '.join(names)}", name, fix)
    path = f"alternatives[{name!r}]"
    if isinstance(found, str) or not isinstance(found, Sequence):
        fix = "write [channel] for one version"
        raise ArgumentTypeError(path, "must be a sequence of channels", found, fix)
    if not found:
        raise ArgumentError(path, "must have at least one version", found, "leave the channel out")
    for i, version in enumerate(found):
        _check_version(plan, plan[name], version, f"{path}[{i}]")
    return tuple(found)


def _check_version(
    plan: Plan, channel: SalesTeam | CampaignProgram, version: object, path: str
) -> None:
    if not isinstance(version, SalesTeam | CampaignProgram):
        rule = "must be a SalesTeam or a CampaignProgram"
        raise ArgumentTypeError(path, rule, version)
    # Counts of units divide hits, and stand beside them: one number must hold for all scenarios.
    units = "hires" if isinstance(channel, SalesTeam) else "campaigns"
    for field, ours, theirs in (
        ("kind", channel.kind, version.kind),
        ("name", channel.name, version.name),
        (units, channel.units, version.units),
        ("feeds", _feeds(channel), _feeds(version)),
    ):
        if theirs != ours:
            rule, fix = f"must be {ours!r}, as in the plan", f"use version.replace({field}=...)"
            raise ArgumentError(f"{path}.{field}", rule, theirs, None if field == "kind" else fix)
    if isinstance(version, SalesTeam) and isinstance(channel, SalesTeam):
        given = version.pipeline is not None
        if given != (channel.pipeline is not None):
            rule = "must be left out" if given else "must be given"
            fix = "use version.replace(pipeline=...)"
            raise ArgumentError(
                f"{path}.pipeline", f"{rule}, as in the plan", version.pipeline, fix
            )
    try:
        build_channels(with_fed(plan, version), plan.horizon)
    except PlanError as error:
        p = error.problems[0]
        raise ArgumentError(path + p.path.removeprefix("[0]"), p.rule, p.value, p.fix) from None


def _feeds(channel: SalesTeam | CampaignProgram) -> str | None:
    return channel.feeds if isinstance(channel, CampaignProgram) else None


def with_fed(plan: Plan, channel: SalesTeam | CampaignProgram) -> list[SalesTeam | CampaignProgram]:
    """Return a channel, or a version of it, and the team that it feeds: together they are a plan.

    Examples
    --------
    >>> from gtmsim.presets import example_plan
    >>> plan = example_plan()
    >>> [channel.name for channel in with_fed(plan, plan["PR"])]
    ['PR']
    """
    feeds = _feeds(channel)
    return [channel] if feeds is None else [channel, plan[feeds]]


def version_of_block(seed: int, name: str, block: int, count: int) -> int:
    """Return which of a channel's versions a block of scenarios takes, from 0.

    A pure function of its arguments: it depends on no other channel, and not on how many blocks
    there are.

    Parameters
    ----------
    seed : int
        The run's.
    name : str
        The channel's.
    block : int
    count : int
        Number of versions.

    Examples
    --------
    >>> [version_of_block(7, "PR", block, 3) for block in range(8)]
    [0, 0, 2, 2, 0, 2, 0, 0]
    """
    # The luck of scenarios has the seed's key; a spawn key of its own keeps this apart from it.
    address = np.random.SeedSequence(seed, spawn_key=(int(stream_of(name)), block))
    return int(address.generate_state(1, np.uint64)[0]) * count >> 64


def plan_of_block(plan: Plan, versions: Versions, seed: int, block: int) -> Plan:
    """Return the plan with the versions that a block of scenarios takes.

    Examples
    --------
    >>> from gtmsim.presets import example_plan
    >>> plan = example_plan()
    >>> plan_of_block(plan, {"PR": (plan["PR"],)}, seed=7, block=0) == plan
    True
    """
    if not versions:
        return plan
    channels = [
        versions[c.name][version_of_block(seed, c.name, block, len(versions[c.name]))]
        if c.name in versions
        else c
        for c in plan.channels
    ]
    return plan.replace(channels=channels)


def versions_digest(versions: Iterable[SalesTeam | CampaignProgram]) -> str:
    """Return the SHA-256 of versions in their order, as 64 hexadecimal digits.

    Examples
    --------
    >>> from gtmsim.presets import example_plan
    >>> len(versions_digest([example_plan()["PR"]]))
    64
    """
    tables = [version.model_dump(mode="json", exclude_none=True) for version in versions]
    canonical = json.dumps(tables, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()
