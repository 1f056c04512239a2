"""Runs are drawn again from their manifests, to the same bits, and what differs is told."""

from __future__ import annotations

import dataclasses
import json
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner, Result

import gtmsim as gtm
from gtmsim.cli import app
from gtmsim.presets import example_plan
from gtmsim.result import PortfolioResult
from gtmsim.result import folder as folders
from gtmsim.result.parts import read_part, write_part
from gtmsim.simulate import replay
from gtmsim.simulate.replay import _same, read_record
from gtmsim.summary import METRICS
from tests.test_invariance import same_scenarios, same_summary

RUN = 1_500


@pytest.fixture(scope="module")
def plan() -> gtm.Plan:
    return example_plan()


@pytest.fixture(scope="module")
def result(plan: gtm.Plan) -> PortfolioResult:
    return gtm.simulate_portfolio(plan, scenarios=RUN, rng=7)


@pytest.fixture(scope="module")
def saved(result: PortfolioResult, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return result.save(tmp_path_factory.mktemp("saved") / "run")


@pytest.fixture
def folder(saved: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(saved, tmp_path / "run"))


def changed(folder: Path, **manifest: Any) -> None:
    """Change the manifest of a folder, and its checksum with it."""
    tables = json.loads((folder / "run.json").read_text())
    del tables["sha256"]
    tables["manifest"].update(manifest)
    tables["sha256"] = folders._digest(tables)
    (folder / "run.json").write_text(json.dumps(tables))


def command(*arguments: object) -> Result:
    return CliRunner().invoke(app, list(map(str, arguments)))


def test_a_manifest_is_enough(result: PortfolioResult) -> None:
    again = replay(json.loads(json.dumps(result.manifest)), workers=1)
    assert all(same_scenarios(result, again, c, RUN) for c in result.distributions.names)
    assert same_summary(result, again)
    assert again.manifest == result.manifest
    other = replay({**result.manifest, "seed": 8})
    assert not same_summary(result, other)


def test_a_result_replays_from_wherever_its_manifest_is(
    result: PortfolioResult, folder: Path, tmp_path: Path
) -> None:
    alone = shutil.copy(folder / "run.json", tmp_path / "alone.json")
    # As a text editor of Windows saves it.
    (tmp_path / "manifest.json").write_text(json.dumps(result.manifest), "utf-8-sig")
    assert read_record(alone).folder is None
    with ThreadPoolExecutor(2) as executor:
        for source in (folder, str(folder / "run.json"), alone, tmp_path / "manifest.json"):
            assert same_summary(result, replay(source, executor=executor))


@pytest.mark.parametrize("keep", ["summary", "parquet"])
def test_what_was_not_in_memory_is_not_on_replay(plan: gtm.Plan, keep: Any, tmp_path: Path) -> None:
    first = gtm.simulate_portfolio(plan, scenarios=RUN, rng=7, keep=keep, checkpoint=tmp_path)
    again = replay(tmp_path)
    assert again.kept is None
    assert same_summary(first, again)
    assert read_record(tmp_path).differences(again) == []


def test_alternatives_are_in_the_folder_and_not_in_the_manifest(
    plan: gtm.Plan, tmp_path: Path
) -> None:
    versions = {"PR": [plan["PR"], plan["PR"].replace(hit_rate=0.4)]}
    first = gtm.simulate_portfolio(plan, scenarios=RUN, rng=7, alternatives=versions)
    again = replay(first.save(tmp_path))
    assert again.alternatives == first.alternatives
    assert read_record(tmp_path).differences(again) == []
    rule = r"alternatives: must stand beside the manifest, with every version, got \['PR'\] \(save"
    with pytest.raises(gtm.ArgumentError, match=rule):
        replay(first.manifest)


def test_other_bits_are_seen(plan: gtm.Plan, folder: Path, result: PortfolioResult) -> None:
    record = read_record(folder)
    assert record.differences(result) == []
    other = gtm.simulate_portfolio(plan, scenarios=RUN, rng=8)
    found = record.differences(other)
    assert "counts of value of PR" in found
    assert any(line.startswith("counts of cumulative_net of portfolio in ") for line in found)
    assert "net of portfolio in 1,500 of 1,500 scenarios from 0" in found
    # The last bit of one number is seen as well.
    assert result.kept is not None
    row, place = 3, len(result.distributions.names) - 1
    kept = result.kept.copy()
    kept[row, place, 77] *= 1.0 + 2.0**-52
    one = PortfolioResult(plan, 7, result.manifest, result.distributions, kept)
    assert record.differences(one) == ["multiple of portfolio in 1 of 1,500 scenarios from 77"]


def test_the_last_bit_of_a_sum_is_seen(result: PortfolioResult) -> None:
    there = result.distributions.metric("value", "PR")
    assert _same(there, dataclasses.replace(there))
    for part in ("lower", "counts", "sums", "minimum", "maximum"):
        other = np.nextafter(getattr(there, part), np.inf)
        assert not _same(there, dataclasses.replace(there, **{part: other}))


def with_last_bits_changed(folder: Path, *places: tuple[str, str, int]) -> None:
    """Change values of a folder (metric, channel, scenario), and its checksums with them."""
    run = folders.read_run(folder)
    names = run.summary.names
    for at, part in enumerate(run.parts):
        scenarios = read_part(folder, part, names)
        for metric, name, scenario in places:
            if part.first <= scenario < part.first + part.scenarios:
                row, place = list(METRICS).index(metric), names.index(name)
                scenarios[row, place, scenario - part.first] *= 1.0 + 2.0**-52
        run.parts[at] = write_part(folder, part.first, scenarios, names)
    folders.write_run(folder, run)


@pytest.mark.parametrize("keep", ["scenarios", "parquet"])
@pytest.mark.parametrize("pool", [None, 2])
def test_scenarios_on_disk_are_compared(
    plan: gtm.Plan, keep: Any, pool: int | None, tmp_path: Path
) -> None:
    # Two parts, that no replay is cut into.
    options: dict[str, Any] = {"rng": 7, "keep": keep, "checkpoint": tmp_path, "workers": 1}
    for scenarios in (640, RUN):
        gtm.simulate_portfolio(plan, scenarios=scenarios, **options)
    assert [part.scenarios for part in folders.read_run(tmp_path).parts] == [640, RUN - 640]
    again = replay(tmp_path)
    assert (again.kept is None) == (keep == "parquet")
    with ThreadPoolExecutor(pool) as executor:
        options = {"executor": executor} if pool else {"workers": 1}
        assert read_record(tmp_path).differences(again, **options) == []
        places = [("value", "PR", 700), ("value", "PR", 900), ("net", "portfolio", RUN - 1)]
        with_last_bits_changed(tmp_path, *places, ("net", "portfolio", 3))
        assert read_record(tmp_path).differences(again, **options) == [
            "value of PR in 2 of 1,500 scenarios from 700",
            "net of portfolio in 2 of 1,500 scenarios from 3",
        ]


def test_scenarios_that_were_taken_away_are_not_compared(plan: gtm.Plan, tmp_path: Path) -> None:
    gtm.simulate_portfolio(plan, scenarios=RUN, rng=7, keep="parquet", checkpoint=tmp_path)
    assert "all counts and every scenario" in command("replay", tmp_path).stdout
    with_last_bits_changed(tmp_path, ("net", "portfolio", 0))
    done = command("replay", tmp_path, "--workers", 1)
    assert done.exit_code == 1
    line = "  net of portfolio in 1 of 1,500 scenarios from 0"
    assert done.stdout.splitlines()[1:3] == ["not equal: 1 differences", line]
    part = min((tmp_path / "scenarios").iterdir())
    part.unlink()
    done = command("replay", tmp_path)
    assert done.exit_code == 2
    assert f"{part.name}: must be a whole file of a run" in done.stderr
    shutil.rmtree(part.parent)
    summary = gtm.simulate_portfolio(plan, scenarios=RUN, rng=7, keep="summary")
    (summary.save(tmp_path / "summary") / "scenarios").mkdir()
    assert not read_record(tmp_path / "summary").has_scenarios
    assert command("replay", tmp_path).stdout.splitlines()[1:] == [
        "equal to the last bit: all counts"
    ]


def test_an_unfinished_run_is_replayed_whole(
    plan: gtm.Plan, result: PortfolioResult, folder: Path
) -> None:
    gtm.simulate_portfolio(plan, scenarios=256, rng=7).save(folder, overwrite=True)
    changed(folder, scenarios=RUN)
    record = read_record(folder)
    assert record.folder is None
    assert same_summary(result, record.run())


MANIFEST = gtm.simulate_portfolio(example_plan(), scenarios=128, rng=7, keep="summary").manifest


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        (
            {"stream_version": 1},
            gtm.ArgumentError,
            r"stream_version: must be \d+: this release draws other numbers from the same seed, "
            r"got 1 \(replay it with gtmsim 0\.1\.0\)",
        ),
        (
            {"stream_version": 1, "versions": None},
            gtm.ArgumentError,
            r"got 1 \(replay it with gtmsim of that time\)",
        ),
        (
            {"plan_hash": "0"},
            gtm.ArgumentError,
            r"plan_hash: must be [0-9a-f]+, that of the plan beside it, got '0' \(the plan or its",
        ),
        ({"seed": -1}, gtm.ArgumentError, r"rng: must be at least 0, got -1"),
        ({"seed": "7"}, gtm.ArgumentTypeError, r"rng: must be None, an int"),
        ({"scenarios": 0}, gtm.ArgumentError, r"scenarios: must be at least 1 and at most"),
        ({"scenarios": None}, gtm.ArgumentTypeError, r"scenarios: must be a whole number, got Non"),
        (
            {"canonical_plan": {"horizon": 0, "channels": []}},
            gtm.ArgumentError,
            r"canonical_plan\.[a-z]+: must ",
        ),
        (
            {"canonical_plan": 3},
            gtm.ArgumentError,
            r"canonical_plan: must be a table of keys, got 3",
        ),
    ],
)
def test_what_cannot_be_replayed_is_refused(
    change: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        replay({**MANIFEST, **change})


@pytest.mark.parametrize("lacking", ["canonical_plan", "seed", "scenarios", "stream_version"])
def test_what_is_lacking_is_named(lacking: str) -> None:
    manifest = {key: value for key, value in MANIFEST.items() if key != lacking}
    with pytest.raises(gtm.ArgumentError, match=rf"manifest: must have '{lacking}', got \["):
        replay(manifest)


def test_what_is_no_manifest_is_refused(tmp_path: Path, folder: Path) -> None:
    with pytest.raises(gtm.ArgumentTypeError, match="manifest: must be a mapping or a path, got 7"):
        replay(7)  # type: ignore[arg-type]
    with pytest.raises(gtm.ArgumentTypeError, match="manifest: must be a mapping, got 3"):
        replay({"manifest": 3})
    for content, message in (
        ("[1]", r"a\.json: must hold a manifest, got \[1\] \(name a run\.json"),
        ("horizon = 3", r"a\.json: must be JSON with a manifest, got 'JSONDecodeError"),
        ("[" * 100_000, r"a\.json: must be JSON with a manifest, got 'RecursionError"),
    ):
        (tmp_path / "a.json").write_text(content)
        with pytest.raises(gtm.StorageError, match=message):
            replay(tmp_path / "a.json")
    with pytest.raises(gtm.StorageError, match=r"run\.json: must be JSON with a manifest, got .Fi"):
        replay(tmp_path)
    text = (folder / "run.json").read_text()
    (folder / "run.json").write_text(text.replace('"seed": 7', '"seed": 8'))
    with pytest.raises(gtm.StorageError, match="must have the checksum that it notes"):
        replay(folder)


def test_the_command_says_that_all_is_equal(plan: gtm.Plan, folder: Path, tmp_path: Path) -> None:
    done = command("replay", folder)
    assert done.exit_code == 0, done.output
    assert done.stdout.splitlines() == [
        f"{plan.name}: 1,500 scenarios with seed 7 again",
        "equal to the last bit: all counts and every scenario",
    ]
    plan.to_toml(tmp_path / "plan.toml")
    out = tmp_path / "out.json"
    command("run", tmp_path / "plan.toml", "--scenarios", 500, "--seed", 3, "--out", out)
    done = command("replay", out, "--workers", 1)
    assert done.exit_code == 0
    assert "equal to the last bit: all of summary, concentration, tail, by_month" in done.stdout
    (tmp_path / "manifest.json").write_text(json.dumps(MANIFEST))
    done = command("replay", tmp_path / "manifest.json")
    assert done.exit_code == 0
    assert "there is nothing beside the manifest to compare them with" in done.stdout


def test_the_command_says_what_differs_and_what_may_explain_it(
    plan: gtm.Plan, folder: Path, tmp_path: Path
) -> None:
    changed(folder, seed=8)
    done = command("replay", folder)
    assert done.exit_code == 1
    lines = done.stdout.splitlines()
    assert lines[0] == f"{plan.name}: 1,500 scenarios with seed 8 again"
    assert lines[1].startswith("not equal: ")
    assert lines[2] == f"  counts of value of {plan.channels[0].name}"
    assert lines[12].startswith("  and ")
    assert lines[13:] == [
        "changed since, which may explain it:",
        "  nothing on record: then it is the files or this machine",
    ]
    versions = {**MANIFEST["versions"], "numpy": "1.9"}
    changed(folder, versions=versions, processor_features=["neon"], python=None)
    done = command("replay", folder)
    assert re_lines(done.stdout) >= {"python: unknown", "processor features: neon", "numpy: 1.9"}

    plan.to_toml(tmp_path / "plan.toml")
    out = tmp_path / "out.json"
    command("run", tmp_path / "plan.toml", "--scenarios", 500, "--seed", 3, "--out", out)
    tables = json.loads(out.read_text())
    tables["summary"][0]["value_p10"] = 5.0
    tables["tail"] = tables["tail"][1:]
    out.write_text(json.dumps(tables))
    done = command("replay", out)
    assert done.exit_code == 1
    assert "not equal: 2 differences\n  summary[0].value_p10: 5.0 there, " in done.stdout
    assert "  tail: [{" in done.stdout


def re_lines(text: str) -> set[str]:
    """Return what stands before "there" in each line."""
    return {line.strip().partition(" there,")[0] for line in text.splitlines()}


def test_the_command_refuses_what_is_damaged(folder: Path) -> None:
    next(folder.glob("summary-*")).write_bytes(b"")
    done = command("replay", folder)
    assert done.exit_code == 2
    assert "must have the checksum that run.json notes" in done.stderr
