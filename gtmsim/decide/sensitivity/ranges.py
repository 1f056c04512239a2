"""Between which values an assumption is varied: as given, from a fit, or by what is documented."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

import numpy as np

from gtmsim.alternatives import Versions
from gtmsim.decide.sensitivity.fields import (
    MEAN,
    field_of,
    get_field,
    is_number,
    leaf_fields,
    mean_multiple,
    resolve,
)
from gtmsim.errors import ArgumentError, ArgumentTypeError, check_number
from gtmsim.plan import CampaignProgram, Channel, Plan


class Assumption(NamedTuple):
    """A number of a plan and its 10 % and 90 % quantile, as they are believed to be.

    Attributes
    ----------
    path : str
    value : int, float or None
        As in the plan.
    low, high : float
    source : str
        Where the range comes from.
    """

    path: str
    value: float | None
    low: float
    high: float
    source: str


class Versioned(NamedTuple):
    """A channel of which each of several versions is equally likely."""

    path: str
    versions: tuple[Channel, ...]


class Omitted(NamedTuple):
    """A number of a plan that is not varied, and why."""

    path: str
    value: Any
    reason: str


class _Factors(NamedTuple):
    """A documented range as multiples of the plan's value, which ``most`` bounds."""

    low: float
    high: float
    source: str
    most: float = math.inf


_NOBODY = "illustrative"

FACTORS: Final = {
    # Programs. The notes of the presets say what of these is evidence and what is judgement.
    MEAN: _Factors(0.45, 2.4, "presets: 0.44 to 2.6 times the typical in paid media"),
    "hit_rate": _Factors(
        0.6, 1.3, f"{_NOBODY}: paid social 0.51 to 0.66, content 0.03 to 0.7", 1.0
    ),
    "tail_index": _Factors(0.87, 1.22, "presets: content 1.3 to 1.8, PR 1.05 to 1.5"),
    "sigma": _Factors(0.7, 1.2, "presets: paid social 0.7 to 1.2"),
    "cap": _Factors(0.5, 2.0, _NOBODY),
    "incrementality": _Factors(0.5, 1.1, f"{_NOBODY}: experiments find less than is attributed"),
    "spend_elasticity": _Factors(0.85, 1.15, _NOBODY),
    "shared_luck": _Factors(0.5, 1.96, f"{_NOBODY}: hits correlate at 0.1 to 0.3"),
    "lag": _Factors(0.5, 1.5, "presets: events 3 to 9 months, content 5 to 12"),
    "half_life": _Factors(0.5, 2.0, "presets: content 52 to 104 weeks; low end illustrative"),
    "slow_half_life": _Factors(0.5, 2.0, "presets: content 52 to 104 weeks; low end illustrative"),
    "signal_noise": _Factors(0.5, 2.0, _NOBODY),
    "scale_elasticity": _Factors(0.85, 1.15, _NOBODY),
    "fast_share": _Factors(0.67, 1.33, _NOBODY, 0.99),
    # Teams.
    "quota": _Factors(0.8, 1.25, "presets: 750,000 median, 955,000 mean; low end illustrative"),
    "margin": _Factors(0.9, 1.1, _NOBODY, 1.0),
    "loaded_cost": _Factors(0.86, 1.15, "presets: 1.25 to 1.67 times on-target earnings"),
    "hiring_cost": _Factors(0.5, 2.0, _NOBODY),
    "months": _Factors(0.67, 1.33, "presets: enterprise 6 to 12 months"),
    "start": _Factors(0.5, 1.5, _NOBODY, 1.0),
    "attainment": _Factors(0.85, 1.16, "presets: 0.64 to 0.87 of quota"),
    "skill_cv": _Factors(0.67, 1.33, _NOBODY),
    "luck_cv": _Factors(0.67, 1.33, f"{_NOBODY}: 8 deals a year to 41"),
    "attrition": _Factors(0.73, 1.2, "surveys: 22 to 36 % a year", 0.95),
    "backfill_months": _Factors(0.5, 1.5, _NOBODY),
    "returns_to_scale": _Factors(0.95, 1.03, _NOBODY),
    "annual_churn": _Factors(0.67, 1.33, _NOBODY, 0.95),
    "pipeline": _Factors(0.67, 1.5, _NOBODY),
    # All of them.
    "overhead": _Factors(0.8, 1.25, _NOBODY),
    "market_volatility": _Factors(0.5, 2.0, _NOBODY),
    "market_loading": _Factors(0.5, 1.5, _NOBODY),
}
"""Ranges relative to a plan's value: those of the presets' sources where there are any.

A source's low and high are taken for the 10 % and the 90 % quantile.
"""

OTHERWISE: Final = _Factors(0.8, 1.25, _NOBODY)
"""The range of a number that is none of these."""

DECISIONS: Final = frozenset(
    {
        "horizon",
        "discount_rate",
        "target",
        "campaigns",
        "spend",
        "launch",
        "hires",
        "reference_spend",
        # Of staged bets.
        "pilot_spend",
        "pilot_months",
        "period",
        "threshold",
        "kill_share",
        "max_cost",
        "recycle",
    }
)
"""What is decided or measured and not believed: varied only where a range is given."""

_SCALES: Final = frozenset({"median", "scale", "minimum", "threshold"})
"""Parameters that the mean of a multiple moves together."""


def assumptions(
    plan: Plan,
    ranges: Mapping[str, Sequence[float]] | None = None,
    versions: Versions | None = None,
    only: Iterable[str] | None = None,
) -> tuple[list[Assumption], list[Omitted]]:
    """Return what is varied of a plan, and the numbers that are not.

    Parameters
    ----------
    plan : Plan
    ranges : mapping of str to (low, high), optional
        By path. They come first.
    versions : dict of str to tuple, optional
        Equally likely versions of channels: the 10 % and 90 % quantile of a field in them come
        next, where they differ.
    only : iterable of str, optional
        Paths to keep, all others being left as they are.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If a path is not a field, or a range is not two numbers in ascending order.

    Examples
    --------
    >>> from gtmsim.presets import example_plan
    >>> varied, left = assumptions(example_plan(), {"PR.hit_rate": (0.05, 0.2)})
    >>> [(a.low, a.high, a.source) for a in varied if a.path == "PR.hit_rate"]
    [(0.05, 0.2, 'given')]
    """
    given = _check_ranges(plan, ranges)
    wanted = None if only is None else _check_only(plan, only)
    varied, omitted = [], []
    paths = [*dict.fromkeys([*_paths(plan), *given, *(wanted or ())])]
    for path in paths:
        if wanted is not None and path not in wanted:
            continue
        found = _assumption(plan, path, given, versions or {})
        if isinstance(found, Assumption):
            varied.append(found)
        else:
            omitted.append(found)
    return varied, omitted


def _check_ranges(plan: Plan, ranges: object) -> dict[str, tuple[float, float]]:
    if ranges is None:
        return {}
    fix = "write {'PR.hit_rate': (0.05, 0.2)}"
    if not isinstance(ranges, Mapping):
        raise ArgumentTypeError("ranges", "must map paths to pairs of numbers", ranges, fix)
    checked = {}
    for path, ends in ranges.items():
        resolve(plan, path)
        where = f"ranges[{path!r}]"
        if isinstance(ends, str) or not isinstance(ends, Sequence) or len(ends) != 2:
            raise ArgumentTypeError(where, "must be a pair of numbers", ends, fix)
        low, high = (check_number(f"{where}[{i}]", end) for i, end in enumerate(ends))
        if low >= high:
            raise ArgumentError(where, "must ascend", ends, "write the lower end first")
        checked[path] = (low, high)
    return checked


def _check_only(plan: Plan, only: object) -> tuple[str, ...]:
    if isinstance(only, str) or not isinstance(only, Iterable):
        raise ArgumentTypeError(
            "only", "must be a sequence of paths", only, "write ['PR.hit_rate']"
        )
    paths = tuple(only)
    for path in paths:
        resolve(plan, path)
    if not paths:
        raise ArgumentError("only", "must have at least one path", only, "leave it out for all")
    return paths


def _paths(plan: Plan) -> Iterator[str]:
    """Paths of a plan's numbers, and of what could be one of those in the table."""
    yield "market_volatility"
    for channel in plan.channels:
        if isinstance(channel, CampaignProgram):
            yield f"{channel.name}.{MEAN}"
        for keys, value in leaf_fields(channel):
            if keys[-1] in DECISIONS or (keys[0] == "multiple" and _moved_by_mean(channel, keys)):
                continue
            if is_number(value) or (value is None and keys[-1] in FACTORS):
                yield ".".join((channel.name, *keys))


def _moved_by_mean(channel: Channel, keys: tuple[str, ...]) -> bool:
    assert isinstance(channel, CampaignProgram)
    return keys[-1] in _SCALES and math.isfinite(mean_multiple(channel))


def _assumption(
    plan: Plan, path: str, given: Mapping[str, tuple[float, float]], versions: Versions
) -> Assumption | Omitted:
    value = get_field(plan, path)
    if path in given:
        return _whole(Assumption(path, value, *given[path], "given"))
    fitted = _from_versions(plan, path, versions)
    if fitted is not None:
        return _whole(Assumption(path, value, *fitted))
    if value is None or value == 0:
        reason = "is not in the plan" if value is None else "is 0 in the plan"
        return Omitted(path, value, f"{reason}: give its range")
    if not is_number(value):
        return Omitted(path, value, "is not a finite number: give its range")
    low, high, source, most = FACTORS.get(path.rsplit(".", 1)[-1], OTHERWISE)
    ends = sorted((value * low, min(value * high, most)))
    return _whole(Assumption(path, value, ends[0], ends[1], source))


def _from_versions(plan: Plan, path: str, versions: Versions) -> tuple[float, float, str] | None:
    """Quantiles of a field in a channel's versions, None where they do not differ."""
    name, keys = resolve(plan, path)
    if name is None or name not in versions:
        return None
    values = [field_of(version, keys) for version in versions[name]]
    if not all(map(is_number, values)):
        return None
    low, high = np.quantile(values, [0.1, 0.9]).tolist()
    return (low, high, f"{len(values):,} versions") if low < high else None


def _whole(found: Assumption) -> Assumption | Omitted:
    """Round the ends of what is counted."""
    if not isinstance(found.value, int) or isinstance(found.value, bool):
        return found
    low, high = round(found.low), round(found.high)
    if low == high:
        return Omitted(found.path, found.value, f"its range holds {low} alone: give a wider one")
    return found._replace(low=low, high=high)
