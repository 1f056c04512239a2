"""Results in folders: read again to the last bit, by pandas too, and never half replaced."""

from __future__ import annotations

import errno
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import gtmsim as gtm
from gtmsim import files
from gtmsim.result import PortfolioResult, folder, saving
from gtmsim.summary import METRICS
from tests.simulate.saved import LAW, RUN, content_of, run_of
from tests.test_invariance import same_scenarios, same_summary

KEEPS = ["scenarios", "parquet", "summary"]

NAMES = (
    *("a", "A", "a.b", "a.value", ".x", "..", "../x", "Ü/..", "/etc", "~", "é", "e\u0301", "😀"),
    *("x[0]", "a\\b", "'", '"', "NaN", " s", "scenario", "<script>", "%2e", "con", "nul.txt"),
)


ANSWERS: dict[str, Callable[[PortfolioResult], Any]] = {
    "manifest": lambda r: r.manifest,
    "plan": lambda r: (r.plan, r.plan.plan_hash, r.seed, r.scenarios, r.channels),
    "summary": lambda r: r.summary(),
    "intervals": lambda r: r.summary(intervals=True),
    "quantiles": lambda r: r.quantiles((0.0, 0.1, 0.5, 0.99, 1.0), "net").tolist(),
    "cvar": lambda r: r.cvar(0.9),
    "prob": lambda r: (r.prob_loss("PR"), r.prob_at_least(1e6), r.prob_at_least(9_000_000.0)),
    "by_channel": lambda r: r.by_channel("multiple"),
    "by_month": lambda r: r.by_month(),
    "concentration": lambda r: r.concentration(),
    "exact": lambda r: r.exact,
    "tail": lambda r: r.tail,
    "repr": repr,
    "html": lambda r: r._repr_html_(),
    "counts": lambda r: (r.unit_count(), r.campaign_count(), r.relative_error),
}


def expect_equal_answers(one: PortfolioResult, other: PortfolioResult) -> None:
    for name, answer in ANSWERS.items():
        a, b = answer(one), answer(other)
        if isinstance(a, pd.DataFrame):
            pd.testing.assert_frame_equal(a, b, check_exact=True, obj=name)
        else:
            assert a == b, name


@pytest.mark.parametrize("keep", KEEPS)
def test_every_question_has_the_same_answer_again(
    plan: gtm.Plan, keep: Any, tmp_path: Path
) -> None:
    result = run_of(plan, keep, tmp_path)
    again = PortfolioResult.load(str(result.save(str(tmp_path / "saved"))))
    expect_equal_answers(result, again)
    pd.testing.assert_frame_equal(result.units, again.units)
    assert same_summary(result, again)
    if keep == "summary":
        with pytest.raises(gtm.MetricError, match="keep: must be 'scenarios' to read single scen"):
            again.values()
    else:
        assert all(same_scenarios(result, again, c, RUN) for c in result.distributions.names)
        pd.testing.assert_frame_equal(result.to_dataframe(), again.to_dataframe())
        assert result.tail_diagnostics() == again.tail_diagnostics()
    # And once more, from the one that was read.
    twice = PortfolioResult.load(again.save(tmp_path / "twice"))
    assert same_summary(result, twice)
    assert content_of(tmp_path / "twice") == content_of(tmp_path / "saved")


def test_a_verdict_is_found_again(small: PortfolioResult, tmp_path: Path) -> None:
    again = PortfolioResult.load(small.save(tmp_path))
    pd.testing.assert_frame_equal(small.validate().table, again.validate().table)
    assert again.verdict == str(small.validate())
    assert repr(again) == repr(small)


def test_alternatives_are_saved(plan: gtm.Plan, tmp_path: Path) -> None:
    versions = {"PR": [plan["PR"].replace(hit_rate=rate) for rate in (0.1, 0.2, 0.3)]}
    result = run_of(plan, "scenarios", tmp_path, alternatives=versions)
    again = PortfolioResult.load(result.save(tmp_path))
    assert again.alternatives == result.alternatives
    expect_equal_answers(result, again)
    with pytest.raises(gtm.StorageError, match='must be empty, or hold the same run, got "a run'):
        run_of(plan, "scenarios", tmp_path).save(tmp_path)


@pytest.mark.parametrize("keep", KEEPS)
def test_unusual_names_are_saved_and_stay_in_the_folder(keep: Any, tmp_path: Path) -> None:
    channels = [
        gtm.CampaignProgram(name=name, campaigns=2, spend=1.0 + i, multiple=LAW)
        for i, name in enumerate(NAMES)
    ]
    plan = gtm.Plan(horizon=2, channels=channels, name="../Ü 😀")
    result = run_of(plan, keep, tmp_path, scenarios=200)
    again = PortfolioResult.load(result.save(tmp_path / "saved"))
    assert again.channels == NAMES
    assert same_summary(result, again)
    assert {path.name for path in tmp_path.iterdir()} <= {"saved", "checkpoint"}
    if keep != "summary":
        assert all(same_scenarios(result, again, name, 200) for name in result.distributions.names)
        frame = pd.read_parquet(tmp_path / "saved" / "scenarios")
        for name in result.distributions.names:
            assert frame[f"{name}.value"].tolist() == result.values("value", name).tolist()


def test_a_plan_of_600_months_is_saved(tmp_path: Path) -> None:
    bets = gtm.CampaignProgram(name="bets", campaigns=50, spend=1.0, multiple=LAW)
    plan = gtm.Plan(horizon=600, channels=[bets])
    result = run_of(plan, "summary", tmp_path, scenarios=200)
    again = PortfolioResult.load(result.save(tmp_path))
    pd.testing.assert_frame_equal(result.by_month(), again.by_month())
    assert len(again.by_month()) == 1_200


def test_plain_pandas_and_json_read_it(
    whole: PortfolioResult, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(saving, "PART", 400)
    whole.save(tmp_path)
    frame = pd.read_parquet(tmp_path / "scenarios")
    assert frame["scenario"].tolist() == list(range(RUN))
    for name in whole.distributions.names:
        for metric in METRICS:
            np.testing.assert_array_equal(frame[f"{name}.{metric}"], whole.values(metric, name))
    tables = json.loads((tmp_path / "run.json").read_text(encoding="utf-8"))
    assert tables["manifest"] == whole.manifest
    assert [part["first"] for part in tables["parts"]] == [0, 400, 800, 1_200]
    with np.load(tmp_path / tables["summary"]["file"], allow_pickle=False) as arrays:
        assert arrays["counted"][0] == RUN
    # No foreign code is ever run: nothing in the folder is a pickle.
    assert {path.suffix for path in tmp_path.rglob("*.*")} == {".json", ".npz", ".parquet"}


def test_another_run_is_not_replaced_unasked(
    small: PortfolioResult, whole: PortfolioResult, tmp_path: Path
) -> None:
    small.save(tmp_path)
    before = content_of(tmp_path)
    rule = (
        r"must be empty, or hold the same run, got \"a run of '.*' with seed 7\" "
        r"\(name another folder, or pass overwrite=True\)"
    )
    with pytest.raises(gtm.StorageError, match=rule):
        whole.save(tmp_path)
    assert content_of(tmp_path) == before
    whole.save(tmp_path, overwrite=True)
    assert same_summary(whole, PortfolioResult.load(tmp_path))
    assert not set(before) - {"run.json"} & set(content_of(tmp_path))


def test_more_of_the_same_run_is_not_replaced_unasked(
    plan: gtm.Plan, whole: PortfolioResult, tmp_path: Path
) -> None:
    whole.save(tmp_path)
    whole.save(tmp_path)
    shorter = run_of(plan, "scenarios", tmp_path, scenarios=500)
    rule = r"must hold no more than the 500 scenarios of this result, got '1,500' \(name another"
    with pytest.raises(gtm.StorageError, match=rule):
        shorter.save(tmp_path)
    rule = "must hold no single scenarios, as this result has none, got '1,500 of them'"
    with pytest.raises(gtm.StorageError, match=rule):
        run_of(plan, "summary", tmp_path).save(tmp_path)
    assert PortfolioResult.load(tmp_path).kept is not None
    longer = run_of(plan, "scenarios", tmp_path, scenarios=2_000)
    longer.save(tmp_path)
    assert PortfolioResult.load(tmp_path).scenarios == 2_000
    shorter.save(tmp_path, overwrite=True)
    assert PortfolioResult.load(tmp_path).scenarios == 500
    # A saved result can be gone on with as well.
    gone_on = gtm.simulate_portfolio(plan, scenarios=RUN, rng=7, checkpoint=tmp_path)
    assert same_summary(whole, gone_on)


def test_what_else_is_in_the_folder_stays(small: PortfolioResult, tmp_path: Path) -> None:
    others = ("summary-of-mine.npz", "scenarios/mine.parquet", ".summary.tmp", "notes.txt")
    (tmp_path / "scenarios").mkdir()
    for name in others:
        (tmp_path / name).write_text(name)
    small.save(tmp_path)
    small.save(tmp_path, overwrite=True)
    assert all((tmp_path / name).read_text() == name for name in others)


def test_what_a_killed_process_left_is_removed(small: PortfolioResult, tmp_path: Path) -> None:
    small.save(tmp_path)
    before = content_of(tmp_path)
    for path in [path for path in tmp_path.rglob("*") if path.is_file()]:
        path.with_name(f".{path.name[:32]}.{'0' * 16}.tmp").write_bytes(b"half")
    assert len(content_of(tmp_path)) == 2 * len(before)
    small.save(tmp_path, overwrite=True)
    assert content_of(tmp_path) == before


def test_a_checkpoint_is_saved_onto_itself_and_elsewhere(plan: gtm.Plan, tmp_path: Path) -> None:
    result = run_of(plan, "parquet", tmp_path)
    checkpoint = tmp_path / "checkpoint"
    before = content_of(checkpoint)
    result.save(checkpoint)
    (tmp_path / "link").symlink_to(checkpoint)
    result.save(tmp_path / "link")
    assert content_of(checkpoint) == before
    elsewhere = PortfolioResult.load(result.save(tmp_path / "elsewhere"))
    shutil.rmtree(checkpoint)
    assert elsewhere.values().size == RUN
    with pytest.raises(
        gtm.StorageError, match=r"\.parquet: must be a whole file of a run, got .Fi"
    ):
        result.values()


def failing_at(
    monkeypatch: pytest.MonkeyPatch, count: int, error: BaseException, after: bool
) -> None:
    """Have the write of this number fail, before anything is in its place or just after."""
    replace, left = files._replace, [count]

    def failing(target: Path, data: bytes) -> None:
        left[0] -= 1
        if after or left[0]:
            replace(target, data)
        if not left[0]:
            raise error

    monkeypatch.setattr(files, "_replace", failing)


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize(
    "error", [OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)), KeyboardInterrupt()]
)
@pytest.mark.parametrize("same_run", [False, True])
def test_a_save_that_is_cut_short_leaves_the_old_result_or_the_new_one(
    small: PortfolioResult,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    error: BaseException,
    after: bool,
    same_run: bool,
) -> None:
    monkeypatch.setattr(saving, "PART", 100)
    seed, scenarios = (7, 350) if same_run else (8, 300)
    new = gtm.simulate_portfolio(small.plan, scenarios=scenarios, rng=seed)
    clean = content_of(new.save(tmp_path / "clean"))
    writes = len(clean)
    assert writes == 2 + -(-scenarios // 100)
    monkeypatch.setattr(saving, "PART", 128)
    first = small.save(tmp_path / "first")
    old = content_of(first)
    monkeypatch.setattr(saving, "PART", 100)
    for count in range(1, writes + 1):
        target = Path(shutil.copytree(first, tmp_path / f"{count}"))
        with monkeypatch.context() as patch:
            failing_at(patch, count, error, after)
            with pytest.raises((gtm.StorageError, KeyboardInterrupt)):
                new.save(target, overwrite=True)
        assert content_of(target) == (clean if after and count == writes else old)
        # And it is written when there is room again.
        new.save(target, overwrite=True)
        assert content_of(target) == clean


def test_a_killed_save_leaves_the_old_result_or_the_new_one(
    small: PortfolioResult, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As it is when nothing is tidied up any more."""
    monkeypatch.setattr(saving, "PART", 100)
    new = gtm.simulate_portfolio(small.plan, scenarios=300, rng=8)
    for count in range(1, 6):
        target = small.save(tmp_path / str(count))
        with monkeypatch.context() as patch:
            failing_at(patch, count, KeyboardInterrupt(), after=True)
            patch.setattr(saving, "tidy", lambda folder: None)
            patch.setattr(folder, "tidy", lambda folder: None)
            with pytest.raises(KeyboardInterrupt):
                new.save(target, overwrite=True)
        found = PortfolioResult.load(target)
        assert same_summary(found, new if count == 5 else small)
        assert np.array_equal(found.values(), (new if count == 5 else small).values())


def test_what_cannot_be_written_is_named(small: PortfolioResult, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for target in (tmp_path / "file", tmp_path / "file" / "run"):
        rule = r"must be a folder that can be written, got .*(exists|Not a directory).*make room,"
        with pytest.raises(gtm.StorageError, match=rule):
            small.save(target)
