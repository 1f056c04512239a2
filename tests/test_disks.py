"""Disks that are full, read only or too small a share: what was there before stays as it was."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

import gtmsim as gtm
from gtmsim.cli import app
from gtmsim.files import write_file
from gtmsim.result import PortfolioResult
from tests.test_invariance import same_summary

ROOT = Path(__file__).parent.parent

BETS = gtm.CampaignProgram(name="bets", campaigns=5, spend=1.0, multiple=gtm.Pareto(tail_index=1.5))
PLAN = gtm.Plan(name="small", horizon=2, channels=[BETS])
NAMES = [f"programme {number}" for number in range(40)]
LARGE = PLAN.replace(name="large", channels=[BETS.replace(name=name) for name in NAMES])
"""Its plan file, its counts and its scenarios are all larger than there is room for."""

MIB = 2**20


@pytest.fixture(scope="module")
def small() -> PortfolioResult:
    return gtm.simulate_portfolio(PLAN, scenarios=200, rng=7)


@pytest.fixture(scope="module")
def large() -> PortfolioResult:
    return gtm.simulate_portfolio(LARGE, scenarios=5_000, rng=7)


def mounted(folder: Path, *options: str) -> None:
    """Mount a file system of a megabyte in memory, or skip where this user may not."""
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", *options, "tmpfs", str(folder)]
    try:
        done = subprocess.run(command, capture_output=True, text=True)
    except OSError as error:
        pytest.skip(f"no mount: {error}")
    if done.returncode:
        pytest.skip(f"no file system may be mounted here: {done.stderr.strip()}")


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of a megabyte."""
    folder = tmp_path / "disk"
    mounted(folder, "-o", "size=1m")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def contents(folder: Path) -> dict[str, bytes]:
    found = sorted(folder.rglob("*"))
    return {str(p.relative_to(folder)): p.read_bytes() for p in found if p.is_file()}


def filled(folder: Path, free: int) -> None:
    """Leave only so many bytes."""
    status = os.statvfs(folder)
    (folder / "ballast").write_bytes(bytes(status.f_bavail * status.f_frsize - free))


# -- A full disk --------------------------------------------------------------------------------


def test_a_full_disk_leaves_a_saved_result(
    disk: Path, small: PortfolioResult, large: PortfolioResult
) -> None:
    small.save(disk / "run")
    before = contents(disk)
    with pytest.raises(gtm.StorageError, match=r"No space left on device.*what was in it before"):
        large.save(disk / "run", overwrite=True)
    assert contents(disk) == before
    assert same_summary(small, PortfolioResult.load(disk / "run"))
    with pytest.raises(gtm.StorageError, match="No space left on device"):
        large.save(disk / "another")
    assert contents(disk) == before


@pytest.mark.parametrize("keep", ["summary", "parquet"])
def test_a_full_disk_leaves_a_checkpoint(disk: Path, keep: str, tmp_path: Path) -> None:
    def run(scenarios: int, folder: Path) -> PortfolioResult:
        return gtm.simulate_portfolio(
            PLAN,
            scenarios=scenarios,
            rng=7,
            keep=keep,
            checkpoint=folder,  # type: ignore[arg-type]
        )

    run(200, disk / "run")
    filled(disk, free=8_192)
    before = contents(disk)
    with pytest.raises(gtm.StorageError, match="No space left on device"):
        run(20_000, disk / "run")
    assert contents(disk) == before
    (disk / "ballast").unlink()
    assert same_summary(run(5_000, disk / "run"), run(5_000, tmp_path / "elsewhere"))


def test_a_disk_that_is_full_from_the_start_is_found_out_before_the_work(
    disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from gtmsim.simulate import run as running

    filled(disk, free=0)
    monkeypatch.setattr(running.Run, "extended", lambda *_: pytest.fail("it was simulated"))
    with pytest.raises(gtm.StorageError, match="No space left on device"):
        gtm.simulate_portfolio(PLAN, scenarios=200, rng=7, checkpoint=disk / "run")


def test_a_full_disk_leaves_plans_and_outputs(disk: Path, tmp_path: Path) -> None:
    plan, out = disk / "plan.toml", disk / "out.json"
    PLAN.to_toml(plan)
    PLAN.to_json(disk / "plan.json")
    out.write_text("before")
    LARGE.to_toml(tmp_path / "large.toml")
    filled(disk, free=0)
    before = contents(disk)
    with pytest.raises(gtm.PlanFileError, match=r"plan\.toml: must .*No space left on device"):
        LARGE.to_toml(plan)
    with pytest.raises(gtm.PlanFileError, match=r"plan\.json: must .*No space left on device"):
        LARGE.to_json(disk / "plan.json")
    command = ["run", str(tmp_path / "large.toml"), "--scenarios", "200", "--out"]
    for target in (out, disk / "tables"):
        done = CliRunner().invoke(app, [*command, str(target)])
        assert done.exit_code == 2
        assert "No space left on device" in done.stderr
    assert contents(disk) == before


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_device_is_an_error_and_no_traceback(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No space left on device: '/dev/full'"):
        write_file("/dev/full", "x")
    PLAN.to_toml(tmp_path / "plan.toml")
    command = ["run", str(tmp_path / "plan.toml"), "--scenarios", "200", "--format", "json"]
    done = CliRunner().invoke(app, [*command, "--out", "/dev/full"])
    assert done.exit_code == 2
    assert done.stderr == "error: /dev/full: No space left on device\n"
    with Path("/dev/full").open("w") as full:
        finished = subprocess.run(
            [sys.executable, "-m", "gtmsim", *command],
            cwd=ROOT, stdout=full, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
    assert finished.returncode != 0
    assert "Traceback" not in finished.stderr
    assert "No space left on device" in finished.stderr


# -- A read-only one ----------------------------------------------------------------------------


@pytest.fixture
def fixed(tmp_path: Path, small: PortfolioResult) -> Iterator[Path]:
    """A read-only file system with a saved result and a plan."""
    folder = tmp_path / "fixed"
    mounted(folder)
    small.save(folder / "run")
    PLAN.to_toml(folder / "plan.toml")
    subprocess.run(["mount", "-o", "remount,ro", str(folder)], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def test_a_read_only_folder_is_read_and_not_written(
    fixed: Path, small: PortfolioResult, large: PortfolioResult
) -> None:
    before = contents(fixed)
    assert same_summary(small, PortfolioResult.load(fixed / "run"))
    # What is finished there needs no writing.
    options = {"rng": 7, "checkpoint": fixed / "run"}
    assert same_summary(small, gtm.simulate_portfolio(PLAN, scenarios=200, **options))
    assert gtm.simulate_portfolio(gtm.Plan.from_toml(fixed / "plan.toml"), scenarios=200).scenarios
    rule = "must be a folder that can be written, got .*Read-only file system"
    with pytest.raises(gtm.StorageError, match=rule):
        gtm.simulate_portfolio(PLAN, scenarios=300, **options)
    for folder in ("run", "another"):
        with pytest.raises(gtm.StorageError, match=rule):
            large.save(fixed / folder, overwrite=True)
    with pytest.raises(gtm.PlanFileError, match="Read-only file system"):
        LARGE.to_toml(fixed / "plan.toml")
    command = ["run", str(fixed / "plan.toml"), "--scenarios", "200", "--out"]
    for target in (fixed / "out.json", fixed / "tables"):
        done = CliRunner().invoke(app, [*command, str(target)])
        assert done.exit_code == 2
        assert "Read-only file system" in done.stderr
    assert contents(fixed) == before


# -- A limit on the size of files, and an end in the middle -------------------------------------

LIMITED = """
import resource, sys
import gtmsim as gtm
from gtmsim.cli import app
from tests.test_disks import LARGE, PLAN
from typer.testing import CliRunner
from pathlib import Path

folder = Path(sys.argv[1])
large = gtm.simulate_portfolio(LARGE, scenarios=2_000, rng=7)
resource.setrlimit(resource.RLIMIT_FSIZE, (4_096, resource.RLIM_INFINITY))

def refused(error, call):
    try:
        call()
    except error as found:
        assert "File too large" in str(found), found
    else:
        raise AssertionError(call)

refused(gtm.StorageError, lambda: large.save(folder / "run", overwrite=True))
refused(gtm.StorageError, lambda: large.save(folder / "another"))
for keep in ("summary", "parquet"):
    refused(
        gtm.StorageError,
        lambda: gtm.simulate_portfolio(
            PLAN, scenarios=5_000, rng=7, keep=keep, checkpoint=folder / keep
        ),
    )
refused(gtm.PlanFileError, lambda: LARGE.to_toml(folder / "plan.toml"))
arguments = ["run", str(folder / "large.toml"), "--scenarios", "200", "--out"]
for target in (folder / "out.json", folder / "tables"):
    done = CliRunner().invoke(app, [*arguments, str(target)])
    assert done.exit_code == 2 and "File too large" in done.stderr, done.output
print("refused")
"""


@pytest.mark.skipif(sys.platform == "win32", reason="needs limits of resources")
def test_a_limit_on_files_leaves_all_that_was_there(tmp_path: Path, small: PortfolioResult) -> None:
    small.save(tmp_path / "run")
    PLAN.to_toml(tmp_path / "plan.toml")
    LARGE.to_toml(tmp_path / "large.toml")
    (tmp_path / "out.json").write_text("before")
    for keep in ("summary", "parquet"):
        gtm.simulate_portfolio(
            PLAN,
            scenarios=200,
            rng=7,
            keep=keep,
            checkpoint=tmp_path / keep,  # type: ignore[arg-type]
        )
    before = contents(tmp_path)
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, str(tmp_path)], cwd=ROOT, capture_output=True, text=True
    )
    assert done.stdout == "refused\n", done.stderr
    assert contents(tmp_path) == before


KILLED = """
import sys
from pathlib import Path
from gtmsim.result import PortfolioResult

one, other, target = (Path(argument) for argument in sys.argv[1:])
results = [PortfolioResult.load(one), PortfolioResult.load(other)]
print("ready", flush=True)
while True:
    for result in results:
        result.save(target, overwrite=True)
"""


def test_a_save_that_is_killed_leaves_one_result_or_the_other(tmp_path: Path) -> None:
    results = [
        gtm.simulate_portfolio(PLAN, scenarios=20_000, rng=seed).save(tmp_path / str(seed))
        for seed in (1, 2)
    ]
    whole = {seed: PortfolioResult.load(tmp_path / str(seed)) for seed in (1, 2)}
    target = whole[1].save(tmp_path / "target")
    for attempt in range(3):
        command = [sys.executable, "-c", KILLED, *map(str, results), str(target)]
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            process.stdout.readline()
            # It does nothing but write, so it is killed somewhere in the middle.
            time.sleep(0.2 + 0.037 * attempt)
            process.send_signal(signal.SIGKILL)
        found = PortfolioResult.load(target)
        assert same_summary(whole[found.seed], found)
        assert found.values().tolist() == whole[found.seed].values().tolist()
    whole[1].save(target, overwrite=True)
    assert contents(target) == contents(results[0])
