"""Folders that hold no whole result: each is recognised, and what is wrong is named."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq
import pytest

import gtmsim as gtm
from gtmsim.result import PortfolioResult, folder, parts
from tests.simulate.saved import RUN, content_of, run_of
from tests.test_invariance import same_summary


def test_what_is_no_result_is_not_read(small: PortfolioResult, tmp_path: Path) -> None:
    with pytest.raises(
        gtm.StorageError, match=r"run\.json: must be a whole file of a run, got .Fi"
    ):
        PortfolioResult.load(tmp_path)
    small.save(tmp_path)
    path = tmp_path / "run.json"
    text = path.read_text()
    for bad, message in (
        ("[]", "must be a whole file of a run, got .TypeError"),
        ("3", "must be a whole file of a run, got .TypeError"),
        ('{"a": 1}', "must be a whole file of a run, got .KeyError"),
        ("[" * 100_000, "must be a whole file of a run, got 'RecursionError"),
        ("\udcff", "must be a whole file of a run, got .UnicodeDecodeError"),
        (
            text.replace('"format": 1', '"format": 2'),
            r"format: must be 1, got 2 \(read it with the",
        ),
        (text.replace('"seed": 7', '"seed": 8'), "must have the checksum that it notes"),
    ):
        path.write_bytes(bad.encode(errors="surrogateescape"))
        with pytest.raises(gtm.StorageError, match=message):
            PortfolioResult.load(tmp_path)


@pytest.mark.parametrize("keep", ["scenarios", "parquet"])
def test_one_bit_of_one_value_is_seen(plan: gtm.Plan, keep: Any, tmp_path: Path) -> None:
    run_of(plan, keep, tmp_path, workers=1).save(tmp_path / "run")
    (part,) = (tmp_path / "run" / "scenarios").iterdir()
    group = pq.read_metadata(part).row_group(0)
    columns = {group.column(i).path_in_schema: group.column(i) for i in range(group.num_columns)}
    value = columns["portfolio.value"]
    data = bytearray(part.read_bytes())
    data[value.data_page_offset + value.total_compressed_size // 2] ^= 1
    part.write_bytes(data)
    # The file is whole but for its checksum, and but for that of a page where one is read alone.
    assert len(pd.read_parquet(part)) == RUN
    rules = {"scenarios": "must have the checksum that was noted", "parquet": "must be a whole fil"}
    with pytest.raises(gtm.StorageError, match=f"{part.name}: {rules[keep]}"):
        PortfolioResult.load(tmp_path / "run").values()


def test_files_of_a_damaged_run_are_left_to_be_saved_from_it(
    small: PortfolioResult, tmp_path: Path
) -> None:
    small.save(tmp_path)
    path = tmp_path / "run.json"
    path.write_bytes(path.read_bytes()[:-9])
    before = content_of(tmp_path)
    folder.tidy(tmp_path)
    assert content_of(tmp_path) == before
    path.unlink()
    folder.tidy(tmp_path)
    assert content_of(tmp_path) == {}


def test_a_changed_plan_is_seen_behind_a_right_checksum(
    small: PortfolioResult, tmp_path: Path
) -> None:
    small.save(tmp_path)
    tables = json.loads((tmp_path / "run.json").read_text())
    del tables["sha256"]
    for horizon, message in (
        (4, "plan_hash: must be the hash of the plan beside it"),
        (0, r"run\.json: must hold a plan of this release, got 'horizon: must be at least 1"),
    ):
        tables["manifest"]["canonical_plan"]["horizon"] = horizon
        signed = {**tables, "sha256": folder._digest(tables)}
        (tmp_path / "run.json").write_text(json.dumps(signed))
        with pytest.raises(gtm.StorageError, match=message):
            PortfolioResult.load(tmp_path)


def test_counts_of_another_plan_are_refused(small: PortfolioResult, tmp_path: Path) -> None:
    arrays = small.distributions.arrays()
    longer = small.plan.replace(horizon=4)
    other = gtm.simulate_portfolio(longer, scenarios=300, rng=7).distributions
    with pytest.raises(ValueError, match=r"value has 6 rows, not 8"):
        other.with_arrays(arrays)


def test_without_pyarrow_it_says_what_to_install(
    small: PortfolioResult, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "pyarrow.parquet", None)
    rule = r"pyarrow: must be installed to keep scenarios in Parquet, got .*pip install 'gtmsim"
    with pytest.raises(gtm.StorageError, match=rule):
        small.save(tmp_path)
    assert content_of(tmp_path) == {}
    with pytest.raises(gtm.StorageError, match=rule):
        parts.check_parquet()
    summary = gtm.simulate_portfolio(small.plan, scenarios=300, rng=7, keep="summary")
    assert same_summary(summary, PortfolioResult.load(summary.save(tmp_path)))
