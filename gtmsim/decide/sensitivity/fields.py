"""Fields of a plan by path: "market_volatility", "PR.hit_rate", "PR.multiple.tail_index"."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from gtmsim.errors import ArgumentError, ArgumentTypeError, PlanError, Problem
from gtmsim.model import Model
from gtmsim.plan import CampaignProgram, Channel, Plan

MEAN = "mean"
"""What stands for the mean multiple of a program's campaigns, which is no field of its own."""

_Keys = tuple[str, ...]


def set_fields(plan: Plan, changes: Mapping[str, Any]) -> Plan:
    """Return a plan with some fields changed, checked like a new one.

    Parameters
    ----------
    plan : Plan
    changes : mapping of str to value
        By path: "market_volatility", "PR.hit_rate", "mid-market.ramp.months",
        "PR.multiple.tail_index". "PR.mean" is the mean multiple of a campaign, zeros and cap
        included, as in the presets: the multiple is scaled to it after all other changes.

    Returns
    -------
    Plan

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If a path is not a field of the plan, or no multiple has that mean.
    PlanError
        If the changed plan breaks a rule.

    Examples
    --------
    >>> from gtmsim.presets import example_plan
    >>> plan = set_fields(example_plan(), {"PR.hit_rate": 0.2, "PR.multiple.tail_index": 1.4})
    >>> plan["PR"].hit_rate, plan["PR"].multiple.tail_index
    (0.2, 1.4)
    """
    if not isinstance(plan, Plan):
        fix = "read a file with Plan.from_toml(path)"
        raise ArgumentTypeError("plan", "must be a Plan", plan, fix)
    if not isinstance(changes, Mapping):
        fix = "write {'PR.hit_rate': 0.2}"
        raise ArgumentTypeError("changes", "must map paths to values", changes, fix)
    own: dict[str, Any] = {}
    parts: dict[str, dict[_Keys, Any]] = {}
    for path, value in changes.items():
        name, keys = resolve(plan, path)
        if name is None:
            own[keys[0]] = value
        else:
            parts.setdefault(name, {})[keys] = value
    channels = [
        _changed_channel(channel, parts[channel.name]) if channel.name in parts else channel
        for channel in plan.channels
    ]
    return plan.replace(channels=channels, **own)


def get_field(plan: Plan, path: str) -> Any:
    """Return the value of a field by its path, as in :func:`set_fields`.

    Parameters
    ----------
    plan : Plan
    path : str

    Returns
    -------
    object

    Raises
    ------
    ArgumentError
        If the path is not a field of the plan.

    Examples
    --------
    >>> from gtmsim.presets import example_plan
    >>> plan = example_plan()
    >>> get_field(plan, "PR.multiple.tail_index"), round(get_field(plan, "PR.mean"), 2)
    (1.2, 1.5)
    """
    name, keys = resolve(plan, path)
    return field_of(plan if name is None else plan[name], keys)


def field_of(model: Model, keys: Sequence[str]) -> Any:
    """Return the value of a field of a model by its keys.

    Examples
    --------
    >>> from gtmsim.presets import pr_viral
    >>> field_of(pr_viral(), ("multiple", "tail_index"))
    1.2
    """
    if isinstance(model, CampaignProgram) and tuple(keys) == (MEAN,):
        return mean_multiple(model)
    found: Any = model
    for key in keys:
        found = getattr(found, key)
    return found


def mean_multiple(program: CampaignProgram) -> float:
    """Return the mean multiple of a campaign, zeros and cap included; infinite if there is none.

    Examples
    --------
    >>> from gtmsim.presets import paid_social
    >>> round(mean_multiple(paid_social()), 9)
    1.3
    """
    return program.hit_rate * program.multiple.mean(program.cap)


def leaf_fields(model: Model, before: _Keys = ()) -> Iterator[tuple[_Keys, Any]]:
    """Yield the fields of a model and of the models within it, by their keys, with their values.

    Examples
    --------
    >>> from gtmsim import Ramp
    >>> [keys for keys, value in leaf_fields(Ramp(months=3))]
    [('months',), ('shape',), ('start',), ('curve',)]
    """
    for name in type(model).model_fields:
        value = getattr(model, name)
        if isinstance(value, Model):
            yield from leaf_fields(value, (*before, name))
        else:
            yield (*before, name), value


def resolve(plan: Plan, path: object) -> tuple[str | None, _Keys]:
    """Return the channel that a path names, None for the plan itself, and the keys below it.

    Raises
    ------
    ArgumentError
        If there is no such field; the nearest one is named.

    Examples
    --------
    >>> from gtmsim.presets import example_plan
    >>> resolve(example_plan(), "PR.multiple.scale")
    ('PR', ('multiple', 'scale'))
    """
    if isinstance(path, str):
        if path in Plan.model_fields and path != "channels":
            return None, (path,)
        # The longest name first: one may begin with another and a dot.
        for channel in sorted(plan.channels, key=lambda c: -len(c.name)):
            rest = path.removeprefix(f"{channel.name}.")
            if rest != path and _has(channel, keys := tuple(rest.split("."))):
                return channel.name, keys
    near = get_close_matches(str(path), _known(plan), n=1)
    fix = f"did you mean {near[0]!r}?" if near else f"a channel is one of {_names(plan)}"
    rule = "must be a field of the plan or of a channel, like 'PR.hit_rate'"
    raise ArgumentError("path", rule, path, fix)


def _has(model: Model, keys: _Keys) -> bool:
    if isinstance(model, CampaignProgram) and keys == (MEAN,):
        return True
    first, *rest = keys
    if first not in type(model).model_fields or first in ("kind", "name", "family"):
        return False
    value = getattr(model, first)
    return not rest or (isinstance(value, Model) and _has(value, tuple(rest)))


def _known(plan: Plan) -> list[str]:
    known = [name for name in Plan.model_fields if name != "channels"]
    for channel in plan.channels:
        known += [".".join((channel.name, *keys)) for keys, _ in leaf_fields(channel)]
        if isinstance(channel, CampaignProgram):
            known.append(f"{channel.name}.{MEAN}")
    return known


def _names(plan: Plan) -> str:
    return ", ".join(channel.name for channel in plan.channels)


def _changed_channel(channel: Channel, changes: dict[_Keys, Any]) -> Channel:
    changes = dict(changes)
    mean = changes.pop((MEAN,), None)
    try:
        channel = _changed(channel, changes)
        if mean is not None:
            assert isinstance(channel, CampaignProgram)
            law = channel.multiple.with_mean(mean, channel.hit_rate, channel.cap)
            channel = channel.replace(multiple=law)
    except PlanError as error:
        raise PlanError(
            Problem(f"{channel.name}.{p.path.removeprefix(error.prefix)}", p.rule, p.value, p.fix)
            for p in error.problems
        ) from None
    except (ArgumentError, ArgumentTypeError) as error:
        p = error.problem
        raise type(error)(f"{channel.name}.{p.path}", p.rule, p.value, p.fix) from None
    return channel


def _changed(model: Any, changes: Mapping[_Keys, Any]) -> Any:
    """Return a model with the fields below it changed, all at once."""
    new: dict[str, Any] = {}
    below: dict[str, dict[_Keys, Any]] = {}
    for (first, *rest), value in changes.items():
        if rest:
            below.setdefault(first, {})[tuple(rest)] = value
        else:
            new[first] = value
    for first, inner in below.items():
        try:
            new[first] = _changed(new.get(first, getattr(model, first)), inner)
        except PlanError as error:
            raise PlanError(
                Problem(f"{first}.{p.path.removeprefix(error.prefix)}", p.rule, p.value, p.fix)
                for p in error.problems
            ) from None
    return model.replace(**new) if new else model


def is_number(value: object) -> bool:
    """Whether a field's value is one finite number.

    Examples
    --------
    >>> is_number(3), is_number(True), is_number(None), is_number((1.0, 2.0))
    (True, False, False, False)
    """
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
