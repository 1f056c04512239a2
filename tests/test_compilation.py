"""The first call of a fresh installation says in one line that it compiles; the second does not.

On a processor with shorter vectors, the same seed gives the same numbers.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import llvmlite.binding as llvm
import numpy as np
import pytest

from gtmsim.core._jit import compilation_noticed, kernel
from gtmsim.progress import COMPILING

FIRST_CALL = """
import sys
import numpy as np
import gtmsim as gtm
bet = gtm.Lomax(tail_index=1.3, scale=2.0)
program = gtm.CampaignProgram(name="many", campaigns=2_000, spend=5.0, hit_rate=0.5, multiple=bet)
plan = gtm.presets.example_plan()
plan = plan.replace(channels=[*plan.channels, program])
result = gtm.simulate_portfolio(plan, scenarios=1_000, rng=7, workers=1, progress={progress})
metrics = ("value", "spend", "top_share", "effective_number", "beyond_horizon")
np.save(sys.argv[1], np.stack([result.values(m) for m in metrics]))
from gtmsim.core.campaigns import program_block
print("zmm" in "".join(program_block.inspect_asm().values()))
"""
SHORTER = {
    "NUMBA_CPU_NAME": "x86-64-v3",
    "NUMBA_CPU_FEATURES": "+avx2,+fma,+bmi,+bmi2,+popcnt,+lzcnt,+f16c",
}


def first_call(
    cache: Path, to: Path, progress: bool | None = None, **environment: str
) -> tuple[str, bool]:
    """Run in a process of its own; return what it says on the standard error.

    And whether it compiled anything for the longest vectors.
    """
    code = FIRST_CALL.format(progress=progress)
    done = subprocess.run(
        [sys.executable, "-c", code, str(to)],
        env=os.environ | {"NUMBA_CACHE_DIR": str(cache)} | environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stderr, done.stdout.strip() == "True"


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, str, bool]:
    """A cache that was empty, the values and what the call said that filled it."""
    folder = tmp_path_factory.mktemp("compiled")
    return folder, folder / "a.npy", *first_call(folder, folder / "a.npy", progress=True)


def test_a_cold_call_says_that_it_compiles_once(compiled: tuple[Path, Path, str, bool]) -> None:
    assert compiled[2].count(COMPILING) == 1


def test_a_warm_call_says_nothing(compiled: tuple[Path, Path, str, bool], tmp_path: Path) -> None:
    folder, values, *_ = compiled
    assert COMPILING not in first_call(folder, tmp_path / "b.npy", progress=True)[0]
    np.testing.assert_array_equal(np.load(tmp_path / "b.npy"), np.load(values))


def test_where_nobody_watches_nothing_is_said(capfd: pytest.CaptureFixture[str]) -> None:
    noticed = []

    @kernel
    def fresh(x: float) -> float:
        return x + 1.0

    with compilation_noticed(lambda: noticed.append("compiles")):
        assert fresh(1.0) == 2.0
        assert fresh(1) == 2.0
    with compilation_noticed(lambda: noticed.append("again")):
        assert fresh(3.0) == 4.0
    assert noticed == ["compiles"]
    assert capfd.readouterr().err == ""


@pytest.mark.skipif(
    not llvm.get_host_cpu_features().get("avx512f", False), reason="needs longer vectors to compare"
)
def test_shorter_vectors_give_the_same_numbers(
    compiled: tuple[Path, Path, str, bool], tmp_path: Path
) -> None:
    assert compiled[3], "long vectors are used where they exist"
    assert not first_call(tmp_path, tmp_path / "c.npy", **SHORTER)[1]
    ours, others = np.load(compiled[1]), np.load(tmp_path / "c.npy")
    np.testing.assert_allclose(others, ours, rtol=1e-12)
    with pytest.raises(AssertionError):
        np.testing.assert_allclose(others, ours * (1.0 + 1e-11), rtol=1e-12)
