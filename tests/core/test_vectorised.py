"""The hot loops are vector code: read from the assembly that numba makes of them here.

What an innermost loop does to eight or four lanes at a time is what makes the simulator fast, and
an innocent edit can undo it: a comparison that becomes a branch, a division that may raise, an
index that LLVM cannot prove to be in range.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from typing import Any

import numba
import numpy as np
import pytest
from llvmlite import binding

from gtmsim.core import _jit
from gtmsim.core._types import Floats
from gtmsim.core.cohorts import add_up
from gtmsim.core.concentration import _count_above, _weigh_above
from gtmsim.core.histogram import scan_rows
from gtmsim.core.octaves import DEGREE, sample_octave, split
from gtmsim.core.sales import _add_seat, _lognormals
from gtmsim.core.samplers import PARETO, Sampler, sample
from gtmsim.core.streams import LANES, place, tile_halves, tile_words
from tests.laws import rejects

FEATURES = binding.get_host_cpu_features()

pytestmark = pytest.mark.skipif(not FEATURES.get("avx2"), reason="no registers of 256 bits")

ROWS = 16
UINT = np.uint64
WORDS = np.arange(ROWS * LANES, dtype=UINT) << UINT(40)
X = np.linspace(1.0, 2.0, ROWS * LANES)
LANE = np.linspace(1.0, 2.0, LANES)
ADDRESS = tuple(map(UINT, (1, 2, 3, 4, 5, 6)))

# -- Reading assembly -----------------------------------------------------------------------------

LABEL = re.compile(r"^(\.L\w+):")
JUMP = re.compile(r"^\tj[a-z]+\t(\.L\w+)")
WIDE = re.compile(r"%[yz]mm\d+")


def assembly(function: Callable[..., Any], arguments: tuple[Any, ...], **options: Any) -> list[str]:
    """Lines of the function alone, compiled anew as kernels are; what it calls is not among them.

    A kernel that came from the cache has no assembly.
    """
    options = {"nogil": True, **_jit._SHARED, **options}
    compiled = numba.njit(**options)(getattr(function, "py_func", function))
    compiled(*arguments)
    (text,) = compiled.inspect_asm().values()
    name = f"{len(compiled.__name__)}{compiled.__name__}"
    start = re.search(rf"^_ZN(?!7cpython)\w*{name}\w*:$", text, re.MULTILINE)
    assert start is not None, "the function is not in its own assembly"
    return text[start.start() : text.index("\n.Lfunc_end", start.start())].splitlines()


def innermost_loops(lines: list[str]) -> Iterator[list[str]]:
    """What stands between a label and a jump back to it, without another such jump in between."""
    labels = {match[1]: i for i, line in enumerate(lines) if (match := LABEL.match(line))}
    jumps = [(match[1], i) for i, line in enumerate(lines) if (match := JUMP.match(line))]
    back = [(labels[to], end) for to, end in jumps if labels.get(to, end) < end]
    for begin, end in back:
        if not any(begin <= other and last < end for other, last in back):
            yield lines[begin : end + 1]


def expect_vectors(
    function: Callable[..., Any],
    arguments: tuple[Any, ...],
    mnemonics: tuple[str, ...],
    without: str = "nothing",
    **options: Any,
) -> None:
    """One innermost loop has all of these instructions on wide registers; none gathers."""
    lines = assembly(function, arguments, **options)
    assert not any(re.match(r"\tvp?gather", line) for line in lines), "elements are gathered"

    def has(loop: list[str], mnemonic: str) -> bool:
        return any(re.match(rf"\t(?:{mnemonic})\t", line) and WIDE.search(line) for line in loop)

    assert any(
        all(has(loop, mnemonic) for mnemonic in mnemonics) and not has(loop, without)
        for loop in innermost_loops(lines)
    ), f"no innermost loop has {mnemonics}"


# -- The hot loops --------------------------------------------------------------------------------

NONE = np.zeros((0, DEGREE + 1))
LAW = Sampler(PARETO, 1.0, 0.5, math.inf, np.zeros((1, 1)), np.zeros(1), NONE, NONE)
MULTIPLY, SHIFT, XOR = "vpmuludq", "vpsrlq", "vpxorq?|vpternlogq"
FUSED, ADD, COMPARE = r"vfn?m(add|sub)\d+pd", "vaddpd", r"vcmp\w*pd"
LEAST = r"vminpd|vcmp\w*pd"

LOOPS: dict[str, tuple[Any, ...]] = {
    "tile_words": (tile_words, (*ADDRESS, 8, UINT(0), WORDS.copy()), (MULTIPLY, SHIFT, XOR)),
    "tile_halves": (tile_halves, (*ADDRESS, 4, UINT(0), WORDS.copy()), (MULTIPLY, SHIFT, XOR)),
    "split": (
        split,
        (*ADDRESS[:4], 1, UINT(0), 100.0 * LANE, WORDS[: 4 * LANES].copy(), LANE.copy()),
        ("vsubpd", ADD, r"vpsllvq", COMPARE),
    ),
    "sample_octave": (
        sample_octave,
        (np.ones(DEGREE + 1), WORDS >> UINT(32), WORDS.size, math.inf, X.copy()),
        (FUSED, "vpsllq", LEAST),
    ),
    # Logarithms divide, as the normal quantile does that has a root besides; then come powers,
    # of which only those that are shifted subtract.
    "sample, logarithms": (
        sample, (LAW, WORDS, WORDS.size, X.copy()), (FUSED, "vdivpd"), "vsqrtpd",
    ),
    "sample, powers": (
        sample, (LAW, WORDS, WORDS.size, X.copy()), (FUSED, r"vfmsub\d+pd", LEAST),
    ),
    "add_up": (add_up, (X, ROWS, 0, LANE, np.zeros(3 * LANES)), (ADD, FUSED, COMPARE)),
    "_count_above": (_count_above, (X, LANE, LANE.copy()), (ADD, COMPARE)),
    "_weigh_above": (_weigh_above, (X, X, LANE, LANE.copy(), LANE.copy()), (ADD, COMPARE)),
    "scan_rows": (
        scan_rows,
        (
            X.reshape(2, -1),
            100,
            np.tile([math.inf, -math.inf], (2, 1)),
            *np.zeros((2, 2, 2), dtype=np.int64),
        ),
        ("vpmaxsq|vpcmpgtq", XOR),
    ),
    "_lognormals, normals": (
        _lognormals, (WORDS, 1, 1.0, 0.5, LANE.copy()), (FUSED, "vdivpd", "vsqrtpd"),
    ),
    "_lognormals, powers": (
        _lognormals, (WORDS, 1, 1.0, 0.5, LANE.copy()), (FUSED, "vpsllq"), "vdivpd",
    ),
    "_add_seat": (_add_seat, (np.ones(12), X, X, X.copy(), LANE.copy()), (FUSED, "vmulpd")),
}  # fmt: skip


@pytest.mark.parametrize("name", LOOPS)
def test_a_hot_loop_is_vector_code(name: str) -> None:
    expect_vectors(*LOOPS[name])


# -- Loops that are no vector code ----------------------------------------------------------------


def scale(x: Floats, y: Floats) -> None:
    for i in range(x.size):
        x[i] = 3.0 * y[i] + x[i]


def accumulate(x: Floats, y: Floats) -> None:
    """Each element waits for the last one."""
    for i in range(1, x.size):
        x[i] = 3.0 * x[i - 1] + y[i]


def divide(x: Floats, y: Floats) -> None:
    for i in range(x.size):
        x[i] = 1.0 / y[i]


def largest(x: Floats, y: Floats) -> float:
    """A maximum of floats has an order to keep, for one may be NaN."""
    most = 0.0
    for i in range(x.size):
        most = x[i] + y[i] if x[i] + y[i] > most else most
    return most


def signed(x: Floats, y: Floats, counts: Floats, rows: int) -> None:
    """An index of rows of lanes that might count from the end."""
    for row in range(0, rows, 4):
        for lane in range(LANES):
            y[lane] += x[row * LANES + lane] if counts[lane] > row else 0.0


def unsigned(x: Floats, y: Floats, counts: Floats, rows: int) -> None:
    for row in range(0, rows, 4):
        for lane in range(LANES):
            y[lane] += x[place(row, lane)] if counts[lane] > row else 0.0


def test_a_plain_loop_is_vector_code() -> None:
    """Of the kind that LLVM has no trouble with."""
    expect_vectors(scale, (X.copy(), X), (FUSED,))
    expect_vectors(divide, (X.copy(), X), ("vdivpd",))


def test_other_instructions_are_missed() -> None:
    rejects(expect_vectors, scale, (X.copy(), X), ("vdivpd",))
    rejects(expect_vectors, scale, (X.copy(), X), (FUSED,), without=FUSED)


def test_a_carried_dependence_is_no_vector_code() -> None:
    rejects(expect_vectors, accumulate, (X.copy(), X), (FUSED,))


def test_a_division_that_may_raise_is_no_vector_code() -> None:
    rejects(expect_vectors, divide, (X.copy(), X), ("vdivpd",), error_model="python")


def test_a_maximum_of_floats_is_no_vector_code() -> None:
    rejects(expect_vectors, largest, (X, X), (ADD,))


def test_an_index_with_a_sign_is_no_vector_code() -> None:
    """Nor is one that gathers, as this does where there are registers for it."""
    arguments = (X, LANE.copy(), LANE, ROWS)
    expect_vectors(unsigned, arguments, (ADD, COMPARE))
    rejects(expect_vectors, signed, arguments, (ADD, COMPARE))
