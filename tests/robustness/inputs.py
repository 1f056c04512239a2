# ruff: noqa: E501
"""Valid inputs to start from, and what may become of changed ones: a result or our own error."""

from __future__ import annotations

import datetime as dt
import decimal
import fractions
import io
import json
import math
import zipfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from gtmsim import (
    CampaignProgram,
    Empirical,
    LogNormal,
    Lomax,
    Pareto,
    Plan,
    SalesTeam,
    ScipyDistribution,
    Spliced,
    Staging,
)
from gtmsim.errors import GtmsimError
from gtmsim.fit.reading import Reading, read_campaigns, read_opportunities, read_reps
from gtmsim.plan import Ramp
from gtmsim.presets import example_plan
from tests.fit.files import CAMPAIGNS, DEALS, REPS
from tests.robustness.mutations import mutated


def whole_plan() -> Plan:
    """A plan with every field and every kind of multiple."""
    team = SalesTeam(
        name="reps", hires=(-6, 0, 3), quota=8e5, margin=0.8, loaded_cost=2.6e5, hiring_cost=3e4,
        ramp=Ramp(months=6, shape="gompertz", start=0.1), attainment=0.8, skill_cv=0.4, luck_cv=0.5,
        attrition=0.3, backfill_months=2, returns_to_scale=0.9, recognition="recurring",
        annual_churn=0.1, market_loading=1.2, pipeline=4e5,
    )  # fmt: skip
    laws = (
        Pareto(tail_index=1.5, minimum=0.5), Lomax(tail_index=1.1, scale=3.0),
        LogNormal(median=1.0, sigma=1.5), Empirical(values=(0.0, 0.5, 20.0)),
        Spliced(median=1.0, sigma=1.0, threshold=5.0, tail_index=1.3),
        ScipyDistribution(name="gamma", args=(2.0,), kwds={"scale": 0.5}),
    )  # fmt: skip
    programs = [
        CampaignProgram(
            name=f"bets {i}", campaigns=4, spend=(1e4, 2e4, 3e4, 4e4), launch=(0, 3, 6, 9),
            hit_rate=0.3, multiple=law, cap=500.0, incrementality=0.7, reference_spend=2e4,
            spend_elasticity=0.8, shared_luck=0.3, lag=1, half_life=2.0, slow_half_life=9.0,
            fast_share=0.6, overhead=1e3, market_loading=0.5,
            staging=Staging(pilot_spend=2e3, pilot_months=2, period=3, signal_noise=0.5,
                            threshold=0.5, scale_elasticity=0.9, recycle=0.5) if i == 0 else None,
            feeds="reps" if i == 1 else None,
        )
        for i, law in enumerate(laws)
    ]  # fmt: skip
    return Plan(
        name="all", horizon=24, channels=[team, *programs], market_volatility=0.2,
        discount_rate=0.1, target=1e6, basis="gross profit", currency="EUR",
    )  # fmt: skip


@cache
def plan_seeds() -> dict[str, tuple[bytes, ...]]:
    """Plans as TOML and JSON; small ones, so that a change meets what matters."""
    whole = whole_plan()
    plans = [example_plan(), whole]
    plans += [Plan(horizon=24, channels=[whole[f"bets {i}"]]) for i in (0, 2, 3, 4, 5)]
    plans += [Plan(horizon=24, channels=[whole["reps"], whole["bets 1"]])]
    return {
        "toml": tuple(plan.to_toml().encode() for plan in plans),
        "json": tuple(plan.to_json().encode() for plan in plans),
    }


@cache
def plan_words() -> tuple[bytes, ...]:
    """Keys and values that the schema of plans names."""
    return tuple(sorted({word.encode() for word in _words(Plan.json_schema())}))


def _words(schema: Any) -> set[str]:
    if isinstance(schema, dict):
        return set(schema) | set().union(*map(_words, schema.values()), set())
    if isinstance(schema, list):
        return set().union(*map(_words, schema), set())
    return {schema} if isinstance(schema, str) and schema.isidentifier() else set()


Reader = Callable[[bytes, Path], Any]


def _text(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")


def _toml_file(data: bytes, folder: Path) -> Plan:
    path = folder / "plan.toml"
    path.write_bytes(data)
    return Plan.from_toml(path)


PLAN_READERS: Final[dict[str, tuple[str, Reader]]] = {
    "TOML text": ("toml", lambda data, folder: Plan.from_toml_text(_text(data))),
    "JSON text": ("json", lambda data, folder: Plan.from_json_text(_text(data))),
    "TOML file": ("toml", _toml_file),
}
"""By name: the format of the seeds, and the reader."""


def changed_plan(luck: np.random.Generator) -> tuple[str, bytes]:
    """Return the name of a reader and an input for it."""
    name = list(PLAN_READERS)[int(luck.integers(len(PLAN_READERS)))]
    seeds = plan_seeds()[PLAN_READERS[name][0]]
    data = seeds[int(luck.integers(len(seeds)))]
    return name, mutated(data, seeds, plan_words(), luck)


def plan_outcome(name: str, data: bytes, folder: Path) -> str:
    """Return what became of an input: "read", or the name of our error."""
    return _outcome(lambda: PLAN_READERS[name][1](data, folder))


def _outcome(read: Callable[[], Plan]) -> str:
    try:
        plan = read()
    except GtmsimError as error:
        assert_readable(error)
        return type(error).__name__
    assert Plan.from_toml_text(plan.to_toml()) == plan
    return "read"


def _looped() -> list[Any]:
    loop: list[Any] = []
    loop.append(loop)
    return loop


def _nested(depth: int) -> Any:
    nested: Any = 0
    for _ in range(depth):
        nested = {"x": [nested]}
    return nested


OBJECTS: Final[tuple[Any, ...]] = (
    None, True, False, 0, -1, 1, 0.5, 1e-300, 1e15, 1e308, 601, 10**8, 10**9, 2**63, 2**64, 10**400,
    1 << 20_000, math.nan, math.inf, -math.inf, "", " ", "x", "portfolio", "3", "nan", "even",
    "\ud800", "\x00", "\x1b[2J", "x" * 1_000, b"x", [], {}, (), set(), [1], ["x"], {"x": 1},
    {1: 2}, {None: 1}, [[]], [None], _nested(50), _nested(5_000), _looped(), object(), print, int,
    Plan, np.float64(0.5), np.nan, np.int64(3), np.array([1.0, 2.0]), np.array([[1]]), np.array("x"),
    complex(1, 2), 1_000 * [1.0], range(3), dt.date(2024, 1, 1), decimal.Decimal("0.1"),
    fractions.Fraction(1, 3),
)  # fmt: skip
"""What takes a value's place in tables."""


def changed_tables(luck: np.random.Generator) -> dict[str, Any]:
    """Return the tables of a plan with one to three values or keys exchanged."""
    seeds = plan_seeds()["json"]
    tables: dict[str, Any] = json.loads(seeds[int(luck.integers(len(seeds)))])
    for _ in range(int(luck.integers(1, 4))):
        here: Any = tables
        while True:
            keys = list(here) if isinstance(here, dict) else list(range(len(here)))
            if not keys:
                break
            key = keys[int(luck.integers(len(keys)))]
            inner = here[key]
            if isinstance(inner, dict | list) and inner and luck.random() < 0.8:
                here = inner
                continue
            value = OBJECTS[int(luck.integers(len(OBJECTS)))]
            if isinstance(here, dict) and luck.random() < 0.2:
                words = plan_words()
                here[words[int(luck.integers(len(words)))].decode()] = here.pop(key)
            else:
                here[key] = value
            break
    return tables


def tables_outcome(tables: dict[str, Any]) -> str:
    """Return what became of tables: "read", or the name of our error."""
    fields = {str(key): value for key, value in tables.items()}
    outcomes = [_outcome(lambda: Plan.from_tables(tables)), _outcome(lambda: Plan(**fields))]
    return " or ".join(sorted(set(outcomes)))


def assert_readable(error: GtmsimError) -> None:
    """A message can be printed anywhere, and is not longer than a screen or two."""
    message = str(error)
    assert message
    assert all(letter.isprintable() or letter == "\n" for letter in message), ascii(message)[:500]
    assert len(message) < 50_000, len(message)


# -- Histories ------------------------------------------------------------------------------------

HISTORY_READERS: Final[dict[str, tuple[Callable[..., pd.DataFrame], pd.DataFrame]]] = {
    "campaigns": (read_campaigns, CAMPAIGNS),
    "reps": (read_reps, REPS.assign(period=REPS["period"].astype("str"))),
    "opportunities": (read_opportunities, DEALS),
}


@cache
def history_seeds(name: str) -> dict[str, tuple[bytes, ...]]:
    """A history as text in several layouts, as a workbook and as Parquet."""
    frame = HISTORY_READERS[name][1]
    book, columns = io.BytesIO(), io.BytesIO()
    frame.to_excel(book, index=False)
    frame.to_parquet(columns)
    text = frame.to_csv(index=False)
    return {
        "text": (
            text.encode(),
            frame.to_csv(index=False, sep=";", decimal=",").encode(),
            frame.to_csv(index=False, sep="\t").encode("utf-16"),
            frame.to_csv(index=False, sep="|", date_format="%d/%m/%Y").encode("cp1252"),
            ("Report of all\n\n" + text + "Total,,,5,5,5\n").encode("utf-8-sig"),
            frame.to_json(orient="records", date_format="iso").encode(),
        ),
        "workbook": (book.getvalue(),),
        "parquet": (columns.getvalue(),),
    }


@cache
def history_words(name: str) -> tuple[bytes, ...]:
    """Headers, and words that cells have."""
    frame = HISTORY_READERS[name][1]
    extra = "Cost Spend Total Currency USD EUR Clicks Conversions Micros Won Lost True Q1 FY24 Jan"
    return tuple(word.encode() for word in [*frame.columns, *extra.split()])


def changed_history(luck: np.random.Generator) -> tuple[str, bytes]:
    """Return the name of a reader and an input for it: text nine times of ten."""
    name = list(HISTORY_READERS)[int(luck.integers(len(HISTORY_READERS)))]
    kind = str(luck.choice(["text", "workbook", "parquet"], p=[0.9, 0.05, 0.05]))
    seeds = history_seeds(name)[kind]
    data = seeds[int(luck.integers(len(seeds)))]
    words = history_words(name)
    if kind == "workbook" and luck.random() < 0.8:
        return name, _changed_member(data, words, luck)
    return name, mutated(data, seeds, words, luck)


def _changed_member(data: bytes, words: tuple[bytes, ...], luck: np.random.Generator) -> bytes:
    """Change what is inside an archive, and close it again as it should be."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    chosen = sorted(members)[int(luck.integers(len(members)))]
    members[chosen] = mutated(members[chosen], tuple(members.values()), words, luck)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return out.getvalue()


def history_outcome(name: str, data: bytes, folder: Path) -> str:
    """Return what became of an input: "read", or the name of our error."""
    path = folder / "history"
    path.write_bytes(data)
    try:
        frame = HISTORY_READERS[name][0](path)
    except GtmsimError as error:
        assert_readable(error)
        return type(error).__name__
    report = str(Reading.of(frame))
    assert all(letter.isprintable() or letter == "\n" for letter in report), ascii(report)[:500]
    return "read"
