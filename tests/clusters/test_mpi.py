"""The same bits from processes that speak MPI."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = """
from mpi4py.futures import MPIPoolExecutor

import gtmsim as gtm

if __name__ == "__main__":
    team, program = gtm.presets.midmarket_ae(hires=3), gtm.presets.paid_social(campaigns=10)
    plan = gtm.Plan(horizon=9, channels=[team, program])
    other = plan.replace(channels=[team])
    with MPIPoolExecutor() as pool:
        assert pool.num_workers == 2
        for seed, equal in ((7, True), (8, False)):
            here, there = (
                gtm.simulate_portfolio(plan, scenarios=70_000, rng=rng, executor=executor)
                for rng, executor in ((7, None), (seed, pool))
            )
            assert here.to_dataframe().equals(there.to_dataframe()) == equal
        here, there = (
            gtm.compare({"whole": plan, "team": other}, scenarios=9_000, rng=7, executor=executor)
            for executor in (None, pool)
        )
        assert here.table().equals(there.table())
        here, there = (
            gtm.frontier(plan, shares=[0.2, 0.5], scenarios=5_000, rng=7, executor=executor)
            for executor in (None, pool)
        )
        assert here.table().equals(there.table())
        try:
            list(gtm.execute.run_tasks(len, [0], gtm.execute.Crew.of(None, pool)))
        except TypeError:
            print("equal, and errors are themselves")
"""


def test_mpi(tmp_path: Path) -> None:
    pytest.importorskip("mpi4py")
    mpiexec = shutil.which("mpiexec")
    if mpiexec is None:
        pytest.skip("there is no mpiexec")
    (tmp_path / "script.py").write_text(SCRIPT)
    # Open MPI wants to be told that there are fewer cores than processes, and that it is root.
    more = {
        "PRTE_MCA_rmaps_default_mapping_policy": ":oversubscribe",
        "OMPI_MCA_rmaps_base_oversubscribe": "1",
        "OMPI_ALLOW_RUN_AS_ROOT": "1",
        "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
    }
    found = subprocess.run(
        [mpiexec, "-n", "3", sys.executable, "-m", "mpi4py.futures", str(tmp_path / "script.py")],
        env=os.environ | more | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert found.returncode == 0, found.stderr
    assert found.stdout == "equal, and errors are themselves\n"
