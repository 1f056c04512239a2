"""A step of a run is done whole or not at all."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

import pytest

import gtmsim as gtm
from gtmsim.core.streams import LANES
from gtmsim.result.folder import read_run
from gtmsim.simulate import run as running
from gtmsim.simulate import simulator
from gtmsim.summary import Summary
from tests.test_invariance import same_summary

TASK = 2 * LANES
OPTIONS: dict[str, Any] = {"scenarios": 20 * TASK, "rng": 7, "workers": 1, "keep": "summary"}


@pytest.fixture(autouse=True)
def _small_tasks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "_LONGEST_TASK", TASK)
    monkeypatch.setattr(simulator, "_chunk_size", lambda compiled: TASK)


@pytest.fixture(scope="module")
def plan() -> gtm.Plan:
    return gtm.Plan(horizon=9, channels=[gtm.presets.content_seo(campaigns=40)])


@pytest.fixture(scope="module")
def whole(plan: gtm.Plan) -> gtm.PortfolioResult:
    return gtm.simulate_portfolio(plan, **OPTIONS)


def test_ctrl_c_in_the_middle_of_a_merge_waits_for_its_end(
    plan: gtm.Plan,
    whole: gtm.PortfolioResult,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    merge, merges = Summary.merge, [0]

    def interrupted(self: Summary, other: Summary) -> None:
        merges[0] += 1
        if merges[0] == 3:
            os.kill(os.getpid(), signal.SIGINT)
        merge(self, other)

    monkeypatch.setattr(Summary, "merge", interrupted)
    # Where the suite runs in the background, the shell has Ctrl-C ignored.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt) as caught:
            gtm.simulate_portfolio(plan, checkpoint=tmp_path, **OPTIONS)
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    finally:
        signal.signal(signal.SIGINT, before)
    assert caught.value.__notes__[0].startswith("768 scenarios are kept in ")
    assert read_run(tmp_path).summary.scenarios == 3 * TASK
    assert same_summary(whole, gtm.simulate_portfolio(plan, checkpoint=tmp_path, **OPTIONS))


def test_half_a_merge_is_not_kept(
    plan: gtm.Plan,
    whole: gtm.PortfolioResult,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    merge, merges = Summary.merge, [0]

    def failing(self: Summary, other: Summary) -> None:
        merges[0] += 1
        merge(self, other)
        if merges[0] == 3:
            raise MemoryError

    monkeypatch.setattr(Summary, "merge", failing)
    with pytest.raises(MemoryError) as caught:
        gtm.simulate_portfolio(plan, checkpoint=tmp_path, **OPTIONS)
    assert not hasattr(caught.value, "__notes__")
    assert read_run(tmp_path).summary.scenarios < 3 * TASK
    assert same_summary(whole, gtm.simulate_portfolio(plan, checkpoint=tmp_path, **OPTIONS))
