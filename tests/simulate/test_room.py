"""How much memory a run may take, and what is kept of it for that."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import gtmsim as gtm
from gtmsim.compiled import compile_plan
from gtmsim.errors import ArgumentError, ArgumentTypeError, StorageError
from gtmsim.execute import Crew
from gtmsim.result import PortfolioResult
from gtmsim.simulate import room as rooms
from gtmsim.simulate.room import Room, parse_memory
from gtmsim.summary import METRICS
from tests.test_invariance import same_scenarios, same_summary

RUN = 40_000
BETS = gtm.CampaignProgram(name="bets", campaigns=5, spend=1.0, multiple=gtm.Pareto(tail_index=1.5))
PLAN = gtm.Plan(horizon=2, channels=[BETS])


@pytest.mark.parametrize(
    ("memory", "size"),
    [
        ("2GB", 2 * 10**9),
        ("2 gb", 2 * 10**9),
        (" 1.5GiB ", 3 * 2**29),
        ("512", 512),
        ("512 B", 512),
        ("3k", 3_000),
        ("3 KiB", 3_072),
        ("1M", 10**6),
        ("0.25 TB", 250 * 10**9),
        ("1TiB", 2**40),
        ("0", 0),
        (10**9, 10**9),
        (1e18, 10**18),
        (np.int64(7), 7),
        (np.float32(2.5), 2),
    ],
)
def test_amounts_of_memory_are_read(memory: Any, size: int) -> None:
    assert parse_memory(memory) == size


@pytest.mark.parametrize(
    "memory",
    ["", "GB", "two GB", "2XB", "2 G B", "-2GB", "1e9", "2,5GB", "inf", "nan", "2iB", "2GBs", "²GB",
     "٣GB", "9" * 16, "1.GB", ".5GB"],
)  # fmt: skip
def test_other_text_is_refused(memory: str) -> None:
    rule = r"memory: must be an amount of memory, got '.*' \(write '2GB', or a number of bytes\)"
    with pytest.raises(ArgumentError, match=rule):
        parse_memory(memory)


@pytest.mark.parametrize(
    ("memory", "error", "message"),
    [
        (True, ArgumentTypeError, "memory: must be text or a number of bytes, got True"),
        ([1], ArgumentTypeError, r"memory: must be text or a number of bytes, got \[1\]"),
        (2j, ArgumentTypeError, "memory: must be text or a number of bytes, got 2j"),
        (-1, ArgumentError, r"memory: must be at least 1 and at most 9\.22337e\+18, got -1"),
        (0, ArgumentError, r"memory: must be at least 1 and at most .*, got 0 \(write '2GB'"),
        (float("inf"), ArgumentError, "memory: must be finite, got inf"),
        (float("nan"), ArgumentError, "memory: must be finite, got nan"),
        (10**400, ArgumentError, "memory: must be finite, got 10000"),
    ],
)
def test_what_is_no_amount_is_refused(memory: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        parse_memory(memory)


def working(crew: Crew, plan: gtm.Plan = PLAN) -> int:
    return Room.of("1TB", compile_plan(plan), crew).working


def test_more_workers_and_months_take_more() -> None:
    assert working(Crew(1)) < working(Crew(2)) < working(Crew(8))
    assert working(Crew(1)) < working(Crew(1), PLAN.replace(horizon=24))
    with ThreadPoolExecutor(8) as executor:
        assert working(Crew(8, executor)) < working(Crew(8))


def test_too_little_for_any_run_is_refused() -> None:
    rule = r"memory: must be at least the \d+ MB that .*workers take, got '1MB' \(give more, or few"
    with pytest.raises(ArgumentError, match=rule):
        gtm.simulate_portfolio(PLAN, scenarios=1_000, memory="1MB")


def test_without_a_limit_it_is_half_of_what_there_is(monkeypatch: pytest.MonkeyPatch) -> None:
    compiled = compile_plan(PLAN)
    monkeypatch.setattr(rooms, "usable_memory", lambda: 10**9)
    assert Room.of(None, compiled, Crew(1)).limit == 5 * 10**8
    rule = (
        r"scenarios: must fit in half of the memory, 500 MB, to be kept, got '10,000,000, which "
        r"take 1\.\d GB' \(use keep='summary', or keep='auto' with a checkpoint\)"
    )
    with pytest.raises(ArgumentError, match=rule):
        gtm.simulate_portfolio(PLAN, scenarios=10_000_000, workers=1)
    monkeypatch.setattr(rooms, "usable_memory", lambda: None)
    assert Room.of(None, compiled, Crew(1)).has(10**15)


def limit(scenarios: int) -> int:
    """Return memory that has just room for so many scenarios."""
    found = Room.of("1TB", compile_plan(PLAN), Crew(1))
    each = 8 * len(METRICS) * 2
    return found.working + each * scenarios


@pytest.mark.parametrize(
    ("scenarios", "on_disk", "kept"),
    [
        (RUN, False, "scenarios"),
        (RUN, True, "scenarios"),
        (RUN + 1, False, "summary"),
        (RUN + 1, True, "parquet"),
    ],
)
def test_auto_keeps_what_there_is_room_for(scenarios: int, on_disk: bool, kept: str) -> None:
    room = Room(limit(RUN), working(Crew(1)), 8 * len(METRICS) * 2, given=True)
    assert room.choose("auto", scenarios, on_disk=on_disk) == kept
    assert room.has(scenarios) == (kept == "scenarios")


def test_the_manifest_says_what_was_kept(tmp_path: Path) -> None:
    options: dict[str, Any] = {"rng": 7, "workers": 1, "keep": "auto", "memory": limit(RUN)}
    whole = gtm.simulate_portfolio(PLAN, scenarios=RUN + 1_000, rng=7)
    fits = gtm.simulate_portfolio(PLAN, scenarios=RUN, **options)
    assert fits.manifest["keep"] == "scenarios"
    assert fits.kept is not None
    tight = gtm.simulate_portfolio(PLAN, scenarios=RUN + 1_000, **options)
    assert tight.manifest["keep"] == "summary"
    assert tight.kept is tight.stored is None
    assert same_summary(whole, tight)
    with pytest.raises(ArgumentError, match=r"scenarios: must fit in the memory that was given, "):
        gtm.simulate_portfolio(PLAN, scenarios=RUN + 1_000, **{**options, "keep": "scenarios"})


def test_what_grows_out_of_memory_goes_on_in_its_folder(tmp_path: Path) -> None:
    options: dict[str, Any] = {"rng": 7, "keep": "auto", "checkpoint": tmp_path}
    small = gtm.simulate_portfolio(PLAN, scenarios=20_000, **options)
    assert small.manifest["keep"] == "scenarios"
    options["keep"] = "parquet"
    large = gtm.simulate_portfolio(PLAN, scenarios=RUN, **options)
    assert large.kept is None
    assert PortfolioResult.load(tmp_path).manifest["keep"] == "parquet"
    options["keep"] = "scenarios"
    again = gtm.simulate_portfolio(PLAN, scenarios=RUN, **options)
    assert again.kept is not None
    whole = gtm.simulate_portfolio(PLAN, scenarios=RUN, rng=7)
    for result in (large, again, PortfolioResult.load(tmp_path)):
        assert same_summary(whole, result)
        assert same_scenarios(whole, result, "portfolio", RUN)
    with pytest.raises(StorageError, match="keep: must be of this call's keep, 'summary', got 'sc"):
        gtm.simulate_portfolio(PLAN, scenarios=RUN, **{**options, "keep": "summary"})


def test_parquet_needs_a_folder() -> None:
    rule = r"keep: must have a folder to keep Parquet in, got 'parquet' \(pass checkpoint='run', a"
    with pytest.raises(ArgumentError, match=rule):
        gtm.simulate_portfolio(PLAN, scenarios=1_000, keep="parquet")


@pytest.mark.parametrize("keep", ["everything", "", None, 3, ["summary"]])
def test_other_ways_of_keeping_are_refused(keep: Any) -> None:
    rule = "keep: must be one of 'scenarios', 'parquet', 'summary', 'auto', got "
    with pytest.raises(ArgumentError, match=rule):
        gtm.simulate_portfolio(PLAN, scenarios=1_000, keep=keep)


def test_parquet_needs_pyarrow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    options: dict[str, Any] = {"scenarios": 1_000, "rng": 7, "checkpoint": tmp_path}
    rule = (
        r"pyarrow: must be installed to keep scenarios in Parquet, got .* "
        r"\(pip install 'gtmsim\[files\]', or use keep='summary'\)"
    )
    for keep in ("parquet", "scenarios"):
        with pytest.raises(StorageError, match=rule):
            gtm.simulate_portfolio(PLAN, keep=keep, **options)  # type: ignore[arg-type]
    assert gtm.simulate_portfolio(PLAN, keep="summary", **options).scenarios == 1_000


def test_auto_takes_what_there_is_room_and_a_writer_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = Room(limit=10**9, working=10**8, each=480, given=True, waiting=10**8)
    assert room.choose("auto", 10**6, on_disk=True) == "scenarios"
    assert room.choose("auto", 10**8, on_disk=True) == "parquet"
    assert room.choose("auto", 10**8, on_disk=False) == "summary"
    # Where ranges that wait to be written do not fit, only counts are kept.
    tight = Room(limit=10**9, working=10**8, each=480, given=True, waiting=10**10)
    assert tight.choose("auto", 10**8, on_disk=True) == "summary"
    with pytest.raises(ArgumentError, match=r"memory: must be at least the 10\.1 GB that so"):
        tight.choose("parquet", 10**8, on_disk=True)
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    assert room.choose("auto", 10**6, on_disk=True) == "summary"
    assert room.choose("auto", 10**6, on_disk=False) == "scenarios"
    result = gtm.simulate_portfolio(
        PLAN, scenarios=1_000, rng=7, keep="auto", checkpoint=tmp_path / "run"
    )
    assert result.manifest["keep"] == "summary"
