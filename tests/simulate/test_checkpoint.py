"""A run that is interrupted, killed or short of disk goes on, to the same bits."""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import gtmsim as gtm
from gtmsim import files
from gtmsim.compiled import compile_plan
from gtmsim.core.streams import LANES
from gtmsim.presets import example_plan
from gtmsim.result import PortfolioResult
from gtmsim.result.folder import read_run
from gtmsim.simulate import checkpoint
from gtmsim.simulate import run as running
from tests.test_invariance import same_scenarios, same_summary

RUN = 20 * LANES * 5 + 77
KEEPS = ["summary", "scenarios", "parquet"]


class StoppedError(Exception):
    """What interrupts a run here."""


@pytest.fixture(scope="module")
def plan() -> gtm.Plan:
    return example_plan()


@pytest.fixture(scope="module")
def whole(plan: gtm.Plan) -> PortfolioResult:
    return gtm.simulate_portfolio(plan, scenarios=RUN, rng=7)


@pytest.fixture(autouse=True)
def _small_tasks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "_SHORTEST_TASK", 5 * LANES)
    monkeypatch.setattr(running, "_LONGEST_TASK", 5 * LANES)
    monkeypatch.setattr(running, "_TASKS_PER_WORKER", 20)


@pytest.fixture
def stop_after(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Interrupt a run when so many of its tasks are done."""
    take = running.Run._take

    def arrange(tasks: int, error: type[BaseException] = StoppedError) -> None:
        left = [tasks]

        def stopping(self: running.Run, part: Any) -> None:
            if not left[0]:
                raise error
            left[0] -= 1
            take(self, part)

        monkeypatch.setattr(running.Run, "_take", stopping)

    yield arrange
    monkeypatch.setattr(running.Run, "_take", take)


def equal(one: PortfolioResult, other: PortfolioResult) -> bool:
    if not same_summary(one, other):
        return False
    if other.kept is None and other.stored is None:
        return True
    return all(same_scenarios(one, other, c, RUN) for c in one.distributions.names)


@pytest.mark.parametrize("keep", KEEPS)
def test_five_interruptions_do_not_change_a_bit(
    plan: gtm.Plan, whole: PortfolioResult, keep: Any, tmp_path: Path, stop_after: Any
) -> None:
    done = []
    for _ in range(5):
        stop_after(2)
        with pytest.raises(StoppedError) as caught:
            gtm.simulate_portfolio(plan, scenarios=RUN, rng=7, keep=keep, checkpoint=tmp_path)
        done.append(read_run(tmp_path).summary.scenarios)
        assert caught.value.__notes__ == [
            f"{done[-1]:,} scenarios are kept in {tmp_path}; the same call goes on from there"
        ]
    assert done == sorted(set(done))
    stop_after(1_000)
    result = gtm.simulate_portfolio(plan, scenarios=RUN, rng=7, keep=keep, checkpoint=tmp_path)
    assert equal(whole, result)
    assert (result.kept is None) == (keep != "scenarios")
    assert equal(whole, PortfolioResult.load(tmp_path))
    # And a result that is there is not computed again.
    stop_after(0)
    again = gtm.simulate_portfolio(plan, scenarios=RUN, rng=7, keep=keep, checkpoint=tmp_path)
    assert equal(whole, again)


def test_a_wrong_seed_is_seen(plan: gtm.Plan, whole: PortfolioResult, tmp_path: Path) -> None:
    other = gtm.simulate_portfolio(plan, scenarios=RUN, rng=8, checkpoint=tmp_path)
    assert not equal(whole, other)


def test_a_finished_run_is_gone_on_with(
    plan: gtm.Plan, whole: PortfolioResult, tmp_path: Path
) -> None:
    for scenarios in (1_000, 1_001, 4_000, RUN):
        result = gtm.simulate_portfolio(plan, scenarios=scenarios, rng=7, checkpoint=tmp_path)
        assert result.scenarios == scenarios
    assert equal(whole, result)
    with pytest.raises(gtm.StorageError, match=r"must have at most the 4,000 scenarios that are"):
        gtm.simulate_portfolio(plan, scenarios=4_000, rng=7, checkpoint=tmp_path)


def test_a_run_until_precise_is_gone_on_with(
    plan: gtm.Plan, tmp_path: Path, stop_after: Any
) -> None:
    precise = gtm.Precision("p10", relative=0.004)
    straight = gtm.simulate_portfolio(plan, rng=7, until=precise)
    assert straight.scenarios > 16_384
    stop_after(40)
    with pytest.raises(StoppedError):
        gtm.simulate_portfolio(plan, rng=7, until=precise, checkpoint=tmp_path)
    stop_after(10_000)
    resumed = gtm.simulate_portfolio(plan, rng=7, until=precise, checkpoint=tmp_path)
    assert same_summary(straight, resumed)


def test_without_a_seed_it_goes_on_with_its_own(
    plan: gtm.Plan, tmp_path: Path, stop_after: Any
) -> None:
    stop_after(3)
    with pytest.raises(StoppedError):
        gtm.simulate_portfolio(plan, scenarios=RUN, checkpoint=tmp_path)
    stop_after(1_000)
    result = gtm.simulate_portfolio(plan, scenarios=RUN, checkpoint=tmp_path)
    assert equal(gtm.simulate_portfolio(plan, scenarios=RUN, rng=result.seed), result)


def test_alternatives_are_gone_on_with(plan: gtm.Plan, tmp_path: Path, stop_after: Any) -> None:
    versions = {"PR": [plan["PR"], plan["PR"].replace(hit_rate=0.4)]}
    options: dict[str, Any] = {"scenarios": RUN, "rng": 7, "alternatives": versions}
    straight = gtm.simulate_portfolio(plan, **options)
    stop_after(4)
    with pytest.raises(StoppedError):
        gtm.simulate_portfolio(plan, checkpoint=tmp_path, **options)
    stop_after(1_000)
    assert equal(straight, gtm.simulate_portfolio(plan, checkpoint=tmp_path, **options))
    assert PortfolioResult.load(tmp_path).alternatives == straight.alternatives
    options["alternatives"] = {"PR": [plan["PR"], plan["PR"].replace(hit_rate=0.5)]}
    with pytest.raises(gtm.StorageError, match=r"alternatives: must be of this call's alternativ"):
        gtm.simulate_portfolio(plan, checkpoint=tmp_path, **options)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"rng": 8}, r"seed: must be of this call's seed, 8, got 7 \(name another folder"),
        ({"plan": example_plan().replace(horizon=36)}, r"plan: must be of this call's plan, '"),
        ({"keep": "summary"}, r"keep: must be of this call's keep, 'summary', got 'scenarios'"),
    ],
)
def test_another_run_is_refused(
    plan: gtm.Plan, changed: dict[str, Any], message: str, tmp_path: Path
) -> None:
    options: dict[str, Any] = {"plan": plan, "scenarios": 1_000, "rng": 7, "checkpoint": tmp_path}
    first = gtm.simulate_portfolio(**options)
    with pytest.raises(gtm.StorageError, match=message):
        gtm.simulate_portfolio(**{**options, **changed})
    assert same_summary(first, PortfolioResult.load(tmp_path))


@pytest.mark.parametrize(
    ("key", "value", "what"),
    [("stream_version", 0, "random streams"), ("versions", {"gtmsim": "0"}, "version of gtmsim")],
)
def test_another_release_is_refused(
    plan: gtm.Plan, key: str, value: Any, what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    options: dict[str, Any] = {"scenarios": 1_000, "rng": 7, "checkpoint": tmp_path}
    gtm.simulate_portfolio(plan, **options)
    make = checkpoint.make_manifest
    monkeypatch.setattr(
        checkpoint, "make_manifest", lambda *arguments: {**make(*arguments), key: value}
    )
    with pytest.raises(gtm.StorageError, match=f"{what}: must be of this call's {what}"):
        gtm.simulate_portfolio(plan, **options)


def test_what_another_has_written_is_not_replaced(plan: gtm.Plan, tmp_path: Path) -> None:
    state = checkpoint.open_state(tmp_path, compile_plan(plan), {}, "summary", 7)
    other = gtm.simulate_portfolio(plan, scenarios=256, rng=7, keep="summary", checkpoint=tmp_path)
    state.run.add(0, 128)
    rule = r"must be as this run left it, got 'what another has written' \(run one at a time in a f"
    with pytest.raises(gtm.StorageError, match=rule):
        state.write(now=True)
    assert same_summary(PortfolioResult.load(tmp_path), other)


def test_the_seed_is_written_before_the_work(
    plan: gtm.Plan, tmp_path: Path, stop_after: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    stop_after(0)
    # As a process that is killed, which writes nothing when it ends.
    monkeypatch.setattr(running.Run, "_save_what_is_finished", lambda *_: None)
    with pytest.raises(StoppedError):
        gtm.simulate_portfolio(plan, scenarios=RUN, checkpoint=tmp_path)
    assert read_run(tmp_path).manifest["seed"] > 0
    (tmp_path / "file").touch()
    with pytest.raises(gtm.StorageError, match="must be a folder that can be written"):
        gtm.simulate_portfolio(plan, scenarios=RUN, checkpoint=tmp_path / "file")


def test_what_is_no_path_is_named(plan: gtm.Plan) -> None:
    with pytest.raises(gtm.ArgumentTypeError, match="checkpoint: must be a path, got 3"):
        gtm.simulate_portfolio(plan, scenarios=1_000, checkpoint=3)  # type: ignore[arg-type]


@pytest.mark.parametrize("keep", KEEPS)
def test_damage_is_recognised(plan: gtm.Plan, keep: Any, tmp_path: Path) -> None:
    options: dict[str, Any] = {"scenarios": RUN, "rng": 7, "keep": keep, "checkpoint": tmp_path}
    gtm.simulate_portfolio(plan, **options)
    for path in sorted(path for path in tmp_path.rglob("*") if path.is_file()):
        data = path.read_bytes()
        # A bit in every thousand bytes or so: of Parquet only what is read is checked.
        flipped = bytearray(data)
        for place in range(200, len(data) - 16, 997):
            flipped[place] ^= 1
        for bad in (data[: len(data) // 2], b"", bytes(flipped)):
            path.write_bytes(bad)
            with pytest.raises(gtm.StorageError, match=path.name):
                PortfolioResult.load(tmp_path).values()
        path.unlink()
        with pytest.raises(gtm.StorageError, match=path.name):
            PortfolioResult.load(tmp_path).values()
        path.write_bytes(data)
    PortfolioResult.load(tmp_path)


def test_an_unfinished_run_is_no_result(plan: gtm.Plan, tmp_path: Path, stop_after: Any) -> None:
    stop_after(4)
    with pytest.raises(StoppedError):
        gtm.simulate_portfolio(plan, scenarios=RUN, rng=7, checkpoint=tmp_path)
    with pytest.raises(
        gtm.StorageError, match=r"must hold a finished run, got '[1-9],\d+ of 12,877 s"
    ):
        PortfolioResult.load(tmp_path)


def test_another_format_is_refused(plan: gtm.Plan, tmp_path: Path) -> None:
    gtm.simulate_portfolio(plan, scenarios=1_000, rng=7, checkpoint=tmp_path)
    content = json.loads((tmp_path / "run.json").read_text())
    (tmp_path / "run.json").write_text(json.dumps({**content, "format": 9}))
    with pytest.raises(gtm.StorageError, match=r"run.json: format: must be 1, got 9 \(read it wit"):
        PortfolioResult.load(tmp_path)


@pytest.mark.parametrize("keep", KEEPS)
def test_a_full_disk_loses_nothing_that_was_there(
    plan: gtm.Plan,
    whole: PortfolioResult,
    keep: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    options: dict[str, Any] = {"rng": 7, "keep": keep, "checkpoint": tmp_path}
    gtm.simulate_portfolio(plan, scenarios=1_000, **options)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    replace, left = files._replace, [3]

    def full(target: Path, data: bytes) -> None:
        if not left[0]:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        left[0] -= 1
        replace(target, data)

    monkeypatch.setattr(files, "_replace", full)
    monkeypatch.setattr(checkpoint, "SECONDS", -1.0)
    rule = r"must be a folder that can be written, got .*No space left.*what was in it before is as"
    with pytest.raises(gtm.StorageError, match=rule):
        gtm.simulate_portfolio(plan, scenarios=RUN, **options)
    monkeypatch.setattr(files, "_replace", replace)
    kept = read_run(tmp_path).summary.scenarios
    assert kept >= 1_000
    if kept == 1_000:
        assert all(path.read_bytes() == data for path, data in before.items())
    assert equal(whole, gtm.simulate_portfolio(plan, scenarios=RUN, **options))


def test_a_full_disk_keeps_no_file_that_nothing_names(
    plan: gtm.Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    options: dict[str, Any] = {"rng": 7, "keep": "parquet", "checkpoint": tmp_path}
    gtm.simulate_portfolio(plan, scenarios=1_024, **options)
    write, calls = checkpoint.write_part, []

    def full(*arguments: Any) -> Any:
        calls.append(arguments)
        if len(calls) == 3:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return write(*arguments)

    monkeypatch.setattr(checkpoint, "write_part", full)
    with pytest.raises(gtm.StorageError, match="No space left"):
        gtm.simulate_portfolio(plan, scenarios=RUN, **options)
    # Two parts were written since the last state: they would only fill the disk.
    named = {tmp_path / part.file for part in read_run(tmp_path).parts}
    assert set((tmp_path / "scenarios").iterdir()) == named


KILLED = """
import sys
from pathlib import Path
import gtmsim as gtm
from gtmsim.simulate import checkpoint, run
run._SHORTEST_TASK = run._LONGEST_TASK = 640
run._TASKS_PER_WORKER = 10_000
checkpoint.SECONDS = -1.0
plan, folder, keep = gtm.presets.example_plan(), sys.argv[1], sys.argv[2]
gtm.simulate_portfolio(plan, scenarios=20_000_000, rng=7, keep=keep, checkpoint=folder)
"""


@pytest.mark.parametrize("keep", ["summary", "parquet"])
def test_a_process_killed_in_the_middle_of_writing_loses_nothing(
    plan: gtm.Plan, whole: PortfolioResult, keep: Any, tmp_path: Path
) -> None:
    folder = tmp_path / "run"
    process = subprocess.Popen([sys.executable, "-c", KILLED, str(folder), keep])
    try:
        # It writes all the time, so it is killed somewhere in the middle. Who reads meanwhile may
        # find that a file was just replaced.
        for _ in range(6_000):
            with suppress(gtm.StorageError):
                if read_run(folder).last > 3 * 640:
                    break
            time.sleep(0.02)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    found = read_run(folder)
    assert 0 < found.last < RUN
    result = gtm.simulate_portfolio(plan, scenarios=RUN, rng=7, keep=keep, checkpoint=folder)
    assert equal(whole, result)


def test_ctrl_c_keeps_what_is_finished(
    plan: gtm.Plan, whole: PortfolioResult, tmp_path: Path, stop_after: Any
) -> None:
    stop_after(3, KeyboardInterrupt)
    with pytest.raises(KeyboardInterrupt) as caught:
        gtm.simulate_portfolio(plan, scenarios=RUN, rng=7, checkpoint=tmp_path)
    assert " scenarios are kept in " in caught.value.__notes__[0]
    stop_after(1_000)
    assert equal(whole, gtm.simulate_portfolio(plan, scenarios=RUN, rng=7, checkpoint=tmp_path))


def test_pandas_reads_the_scenarios(plan: gtm.Plan, whole: PortfolioResult, tmp_path: Path) -> None:
    pd = pytest.importorskip("pandas")
    gtm.simulate_portfolio(plan, scenarios=RUN, rng=7, keep="parquet", checkpoint=tmp_path)
    frame = pd.read_parquet(tmp_path / "scenarios").sort_values("scenario")
    assert frame["scenario"].tolist() == list(range(RUN))
    np.testing.assert_array_equal(frame["PR.value"], whole.values("value", "PR"))
