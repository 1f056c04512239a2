"""The base of every model that a user fills in: frozen, strict, and clear about what is wrong."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from itertools import islice
from typing import Any, Self, get_args

import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import ErrorDetails

from gtmsim.errors import PlanError, Problem
from gtmsim.notebook import html_block

_ROOT = "Plan"
_MOST_ENTRIES = 12
"""Longer sequences are cut where a model is shown."""

_ENDS = slice(_MOST_ENTRIES // 2), slice(-(_MOST_ENTRIES // 2), None)

MOST_PROBLEMS = 100
"""Broken rules that are listed at once, of possibly millions."""


class Model(BaseModel):
    """A frozen model that refuses unknown keys, NaN, infinities, and text or bool for a number.

    numpy scalars and arrays are accepted where numbers and sequences are. Everything wrong with the
    input is raised together, as one :class:`gtmsim.errors.PlanError`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    def __init__(self, /, **data: Any) -> None:
        try:
            data = {name: _to_plain(value) for name, value in data.items()}
        except RecursionError:
            rule = "must be tables that are not nested this deep"
            raise PlanError([Problem(type(self).__name__, rule, type(data).__name__)]) from None
        problems = list(islice(_not_text(data, type(self)), MOST_PROBLEMS))
        if not problems:
            problems = list(islice(_not_numbers(data, type(self)), MOST_PROBLEMS))
            try:
                super().__init__(**data)
            except ValidationError as error:
                problems += islice(_problems(error, data, type(self)), MOST_PROBLEMS)
        if problems:
            prefix = "" if type(self).__name__ == _ROOT else f"{type(self).__name__}."
            raised = PlanError(
                Problem(prefix + p.path if p.path else prefix.rstrip("."), p.rule, p.value, p.fix)
                for p in _merge(problems)
            )
            raised.prefix = prefix
            raise raised from None

    @classmethod
    def model_validate(cls, obj: Any, **options: Any) -> Self:
        """Return a model as it is, or one made from a mapping of its fields.

        Raises
        ------
        PlanError
            If a rule is broken: pydantic's own error never leaves gtmsim.
        """
        if isinstance(obj, cls):
            return obj
        if not isinstance(obj, Mapping):
            raise PlanError([Problem(cls.__name__, "must be a table of keys", obj)])
        for key in obj:
            if not isinstance(key, str):
                raise PlanError([Problem(cls.__name__, "must have text for its keys", key)])
        return cls(**obj)

    @classmethod
    def model_validate_json(cls, json_data: str | bytes | bytearray, **options: Any) -> Self:
        """Return the model of a JSON object of its fields.

        Raises
        ------
        PlanError
            If it is not a JSON object, or a rule is broken.
        """
        try:
            data = json.loads(json_data)
        except ValueError as error:
            problem = Problem(cls.__name__, "must be JSON", str(error))
            raise PlanError([problem]) from None
        return cls.model_validate(data)

    def __repr_args__(self) -> Iterator[tuple[str | None, Any]]:
        """Yield what differs from the defaults, long sequences cut in their middle."""
        for name in self._own():
            value = getattr(self, name)
            long = isinstance(value, tuple) and len(value) > _MOST_ENTRIES
            yield name, _Cut(value) if long else value

    def _own(self) -> list[str]:
        fields = type(self).model_fields.items()
        return [name for name, field in fields if getattr(self, name) != field.default]

    def _repr_html_(self) -> str:
        own, fields = self._own(), type(self).model_fields
        rows = {
            name: {"value": repr(value), "meaning": fields[name].description or ""}
            for name, value in self.__repr_args__()
            if name is not None
        }
        frame = pd.DataFrame.from_dict(rows, orient="index").rename_axis("field")
        others = ", ".join(name for name in fields if name not in own)
        title = f"{type(self).__name__} {getattr(self, 'name', '')}".rstrip()
        return html_block(title, (), frame, [f"by default: {others}"])

    def replace(self, **changes: Any) -> Self:
        """Return a copy with some fields changed, checked like a new one.

        Raises
        ------
        PlanError
            If the copy breaks a rule.
        """
        kept = {name: getattr(self, name) for name in type(self).model_fields}
        # A default that was never set stays unset, as it does in a plan file.
        return type(self)(**{k: kept[k] for k in self.model_fields_set if k in kept} | changes)


class _Cut:
    """A long sequence whose text is short."""

    def __init__(self, values: tuple[Any, ...]) -> None:
        self.values = values

    def __repr__(self) -> str:
        half = _MOST_ENTRIES // 2
        first, last = (", ".join(map(repr, self.values[part])) for part in _ENDS)
        return f"({first}, ... {len(self.values) - 2 * half:,} more ..., {last})"


def _to_plain(value: Any) -> Any:
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray):
        return tuple(value.tolist())
    if isinstance(value, list | tuple):
        return tuple(_to_plain(item) for item in value)
    return value


def _not_text(data: dict[str, Any], model: type[BaseModel]) -> Iterator[Problem]:
    """Report keys and tags of tables that are no text; pydantic stumbles over them."""
    for name, table in data.items():
        if not isinstance(table, Mapping):
            continue
        field = model.model_fields.get(name)
        tag = None if field is None else field.discriminator
        for key, item in table.items():
            if not isinstance(key, str):
                yield Problem(name, "must have text for its keys", key)
            elif key == tag and not isinstance(item, str):
                yield Problem(f"{name}.{key}", "must be text", item)


def _not_numbers(data: dict[str, Any], model: type[BaseModel]) -> Iterator[Problem]:
    """Report bool and text where only numbers may stand; pydantic would convert them."""
    for name, value in data.items():
        field = model.model_fields.get(name)
        if field is None or _admits_other(field.annotation):
            continue
        items = enumerate(value) if isinstance(value, tuple) else [(-1, value)]
        for place, item in items:
            if isinstance(item, bool) or (
                isinstance(item, str) and not _admits_text(field.annotation)
            ):
                path = name if place < 0 else f"{name}[{place}]"
                rule = _NUMBER if float in _leaves(field.annotation) else _WHOLE
                yield Problem(path, rule, item)


def _leaves(annotation: Any) -> set[Any]:
    """Types and literals that an annotation is made of."""
    arguments = [a for a in get_args(annotation) if a is not ...]
    return set().union(*map(_leaves, arguments)) if arguments else {annotation}


def _admits_text(annotation: Any) -> bool:
    return any(leaf is str or isinstance(leaf, str) for leaf in _leaves(annotation))


def _admits_other(annotation: Any) -> bool:
    return not _leaves(annotation) & {int, float}


_NUMBER = "must be a number"
_WHOLE = "must be a whole number"
_RULES = {
    "missing": "must be given",
    "extra_forbidden": "must be a key of {model}",
    "finite_number": "must be finite",
    "float_type": _NUMBER,
    "float_parsing": _NUMBER,
    "int_type": _WHOLE,
    "int_parsing": _WHOLE,
    "int_from_float": _WHOLE,
    "int_parsing_size": _WHOLE,
    "greater_than": "must be above {gt:g}",
    "greater_than_equal": "must be at least {ge:g}",
    "less_than": "must be below {lt:g}",
    "less_than_equal": "must be at most {le:g}",
    "literal_error": "must be {expected}",
    "string_type": "must be text",
    "string_too_short": "must not be empty",
    "tuple_type": "must be a list",
    "too_short": "must have at least {min_length} of them",
    "too_long": "must have at most {max_length} of them",
    "model_type": "must be a table of keys",
    "model_attributes_type": "must be a table of keys",
    "dict_type": "must be a table of keys",
    "union_tag_invalid": "must be one of {expected_tags}",
    "union_tag_not_found": "must be given",
}


def _problems(error: ValidationError, data: Any, model: type[BaseModel]) -> Iterator[Problem]:
    for detail in error.errors(include_url=False):
        path, holder = _path(detail, data)
        inner = detail.get("ctx", {}).get("error")
        if isinstance(inner, PlanError):
            for p in inner.problems:
                rest = p.path.removeprefix(getattr(inner, "prefix", ""))
                yield Problem(_join(path, rest), p.rule, p.value, p.fix)
            continue
        yield _problem(detail, path, holder, model)


def _problem(detail: ErrorDetails, path: str, holder: Any, model: type[BaseModel]) -> Problem:
    kind, context = detail["type"], detail.get("ctx", {})
    value, fix = detail["input"], None
    if kind == "missing":
        value = None
    if kind == "extra_forbidden":
        known = list(model.model_fields)
        near = get_close_matches(path.rsplit(".", 1)[-1], known, n=1)
        fix = f"did you mean {near[0]!r}?" if near else f"known keys: {', '.join(known)}"
    if kind in ("union_tag_invalid", "union_tag_not_found"):
        tag = str(context["discriminator"]).strip("'")
        path = _join(path, tag)
        value = value.get(tag) if isinstance(value, Mapping) else value
    rule = _RULES.get(kind)
    rule = detail["msg"] if rule is None else rule.format(model=model.__name__, **context)
    return Problem(path, rule, value, fix)


def _path(detail: ErrorDetails, data: Any) -> tuple[str, Any]:
    """Follow an error's location through the data, leaving out the tags of unions."""
    path, here = "", data
    location = detail["loc"]
    for place, part in enumerate(location):
        # A field that was not given: it is missing, or its default breaks a rule.
        not_given = place == 0 or (place == len(location) - 1 and detail["type"] == "missing")
        if isinstance(part, int):
            if isinstance(here, Sequence) and part < len(here):
                path, here = f"{path}[{part}]", here[part]
        elif isinstance(here, Mapping) and (part in here or not_given):
            path, here = _join(path, part), here.get(part)
        elif isinstance(here, BaseModel) and part in type(here).model_fields:
            path, here = _join(path, part), getattr(here, part)
    return path, here


def _join(path: str, part: str) -> str:
    if not path or not part:
        return path or part
    return f"{path}{part}" if part.startswith("[") else f"{path}.{part}"


def _merge(problems: list[Problem]) -> list[Problem]:
    """Keep one problem for each path: a union reports what each of its members would take."""
    found: dict[str, Problem] = {}
    for new in problems:
        old = found.setdefault(new.path, new)
        if new.rule in old.rule:
            continue
        if _is_type(old.rule) and _is_type(new.rule):
            rule = f"{old.rule}, or {new.rule.removeprefix('must be ')}"
            found[new.path] = Problem(old.path, rule, old.value, old.fix)
        elif _is_type(old.rule):
            found[new.path] = new
    inner = (path for path in found if path.endswith("]"))
    holders = {path[:at] for path in inner for at, letter in enumerate(path) if letter == "["}
    return [problem for path, problem in found.items() if path not in holders]


def _is_type(rule: str) -> bool:
    return rule.startswith(("must be a number", "must be a whole", "must be a list", "must be '"))
