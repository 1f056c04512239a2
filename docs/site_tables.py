"""Tables of the reference that are made from the code, as Markdown."""

from __future__ import annotations

import inspect
import json
from collections.abc import Iterator, Sequence
from typing import Any
from unittest.mock import patch

from numpydoc.docscrape import NumpyDocString
from typer.main import get_command
from typer.testing import CliRunner

import gtmsim as gtm
from gtmsim.cli.app import app
from gtmsim.model import Model
from gtmsim.summary import METRICS, MONTHLY_METRICS

TABLES: dict[str, tuple[type[Model], ...]] = {
    "The plan": (gtm.Plan,),
    "Sales team": (gtm.SalesTeam, gtm.Ramp),
    "Campaign program": (gtm.CampaignProgram, gtm.Staging),
    "Multiple": (
        gtm.Lomax,
        gtm.Pareto,
        gtm.LogNormal,
        gtm.Spliced,
        gtm.Empirical,
        gtm.ScipyDistribution,
    ),
}
"""Tables of a plan file, and the models that say what stands in them."""

_MONEY, _MONTHS, _SHARE, _MULTIPLE = "currency", "months", "share, 0 to 1", "per 1 spent"
UNITS = {
    "horizon": _MONTHS,
    "market_volatility": "log-sd",
    "discount_rate": "per year",
    "target": _MONEY,
    "hires": "seats, or months",
    "quota": "currency per year",
    "margin": _SHARE,
    "loaded_cost": "currency per year",
    "hiring_cost": _MONEY,
    "ramp": "months, or a table",
    "attainment": "share of quota",
    "skill_cv": "standard deviation / mean",
    "luck_cv": "standard deviation / mean, of a year",
    "attrition": "probability per year",
    "backfill_months": _MONTHS,
    "returns_to_scale": "exponent",
    "annual_churn": "share per year",
    "market_loading": "times market_volatility",
    "pipeline": "currency per year",
    "months": _MONTHS,
    "start": _SHARE,
    "curve": f"{_SHARE}, by month",
    "campaigns": "campaigns",
    "spend": "currency per campaign",
    "launch": "month",
    "hit_rate": "probability",
    "multiple": _MULTIPLE,
    "cap": _MULTIPLE,
    "incrementality": "share of value",
    "reference_spend": "currency per campaign",
    "spend_elasticity": "exponent",
    "shared_luck": "log-sd",
    "lag": _MONTHS,
    "half_life": _MONTHS,
    "slow_half_life": _MONTHS,
    "fast_share": _SHARE,
    "overhead": "currency per month",
    "pilot_spend": "currency per campaign",
    "pilot_months": _MONTHS,
    "period": _MONTHS,
    "signal_noise": "log-sd",
    "threshold": _MULTIPLE,
    "kill_share": _SHARE,
    "max_cost": "spend per 1 of value",
    "scale_elasticity": "exponent",
    "recycle": _SHARE,
    "tail_index": "exponent",
    "minimum": _MULTIPLE,
    "scale": _MULTIPLE,
    "median": _MULTIPLE,
    "sigma": "log-sd",
    "values": _MULTIPLE,
    "args": "as in scipy",
}
"""Units of the fields that are numbers; words and tables have none."""


def plan_fields() -> str:
    """Return every field of a plan file: unit, default, rule and meaning."""
    schema = gtm.Plan.json_schema()
    parts = []
    for title, models in TABLES.items():
        for model in models:
            properties = schema["$defs"].get(model.__name__, schema)["properties"]
            meanings = _meanings(model)
            rows = [
                [
                    f"`{name}`",
                    meanings.get(name) or field.description or "what the table is",
                    UNITS.get(name, ""),
                    _rule(properties[name]),
                    _default(model, name),
                ]
                for name, field in model.model_fields.items()
            ]
            heading = f"## {_heading(title, model)}"
            first = inspect.getdoc(model).partition("\n")[0]
            table = _table(["field", "meaning", "unit", "must be", "default"], rows)
            parts.append(f"{heading}\n\n{first}\n\n{table}")
    return "\n\n".join(parts)


def commands() -> str:
    """Return every command as its own help describes it."""
    runner, environment = CliRunner(), {"COLUMNS": "88", "NO_COLOR": "1"}
    parts = []
    with patch("typer.core.HAS_RICH", False):
        for name in get_command(app).commands:  # type: ignore[attr-defined]
            shown = runner.invoke(
                app, [name, "--help"], env=environment, prog_name="gtmsim", catch_exceptions=False
            )
            parts.append(f"## gtmsim {name}\n\n```text\n{shown.output.strip()}\n```")
    return "\n\n".join(parts)


def metrics() -> str:
    """Return the metrics of a scenario and of a month."""
    rows = [[f"`{name}`", meaning] for name, meaning in METRICS.items()]
    months = [[f"`{name}`", meaning] for name, meaning in MONTHLY_METRICS.items()]
    return (
        f"**Of a scenario**, for each channel and the portfolio:\n\n"
        f"{_table(['metric', 'what it is'], rows)}\n\n"
        f"**Of a month**:\n\n{_table(['metric', 'what it is'], months)}"
    )


def presets() -> str:
    """Return the presets, a line each."""
    rows = []
    for name in gtm.presets.names():
        channel = _made(name)
        first = inspect.getdoc(gtm.presets.get(name)).partition("\n")[0].removeprefix("Return ")
        rows.append([f"{{py:func}}`~gtmsim.presets.{name}`", channel.kind, first])
    return _table(["preset", "kind", "what it is"], rows)


def _made(name: str) -> Any:
    preset = gtm.presets.get(name)
    given = {"hires": 1} if "hires" in inspect.signature(preset).parameters else {"campaigns": 1}
    return preset(**given) if "hires" in given else preset(**given, spend=1_000.0)


def _heading(title: str, model: type[Model]) -> str:
    for tag in ("kind", "family"):
        if tag in model.model_fields:
            return f'{title}: `{tag} = "{model.model_fields[tag].default}"`'
    return model.__name__ if model in (gtm.Ramp, gtm.Staging) else title


def _meanings(model: type[Model]) -> dict[str, str]:
    """Return what a docstring says of each field."""
    document = NumpyDocString(inspect.getdoc(model) or "")
    return {
        field.name: " ".join(" ".join(field.desc).split()).replace("``", "`")
        for field in [*document["Attributes"], *document["Parameters"]]
    }


def _default(model: type[Model], name: str) -> str:
    field = model.model_fields[name]
    if field.is_required() or name in ("kind", "family"):
        return "*required*"
    value = field.get_default(call_default_factory=True)
    if value in (None, ()) or isinstance(value, Model | dict):
        return "none"
    return f"{value:g}" if isinstance(value, float) else f"`{json.dumps(value)}`"


def _rule(schema: dict[str, Any]) -> str:
    """Return what a value must be, from a field's JSON schema."""
    options = [s for s in schema.get("anyOf", [schema]) if s.get("type") != "null"]
    return "; or ".join(dict.fromkeys(_one_rule(option) for option in options))


def _one_rule(schema: dict[str, Any]) -> str:
    if "const" in schema:
        return f'`"{schema["const"]}"`'
    if "enum" in schema:
        return " or ".join(f'`"{value}"`' for value in schema["enum"])
    if schema.get("type") == "array":
        items = schema.get("items", {})
        return f"a list, each {_one_rule(items)}" if items.get("type") else "a list of tables"
    if "$ref" in schema or "oneOf" in schema or schema.get("type") == "object":
        return "a table"
    kind = {"integer": "whole", "number": "", "string": "text"}.get(schema.get("type", ""), "")
    return ", ".join(filter(None, [kind, *_bounds(schema)])) or "a number"


def _bounds(schema: dict[str, Any]) -> Iterator[str]:
    low, above = schema.get("minimum"), schema.get("exclusiveMinimum")
    high, below = schema.get("maximum"), schema.get("exclusiveMaximum")
    if above is not None and (low is None or above >= low):
        yield f"above {_number(above)}"
    elif low is not None:
        yield f"at least {_number(low)}"
    if below is not None and (high is None or below <= high):
        yield f"below {_number(below)}"
    elif high is not None:
        yield f"at most {_number(high)}"


def _number(value: float) -> str:
    plain = abs(value) < 1e9
    return f"{value:,.0f}" if plain and value == round(value) else f"{value:g}".replace("e+", "e")


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(c.replace("|", "\\|") for c in row) + " |" for row in lines)
