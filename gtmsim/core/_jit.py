"""The three decorators that own every numba option."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

import numba
import numpy as np
from llvmlite import binding
from numba.core import event, types
from numba.extending import intrinsic

F = TypeVar("F", bound=Callable[..., Any])

_SHARED: dict[str, Any] = {
    # "numpy": `/` without a ZeroDivision branch, which would stop vectorisation.
    "error_model": "numpy",
    # "contract" alone: fused multiply-add, and no reassociation, so sums keep their order.
    "fastmath": {"contract"},
    # Nothing here is called from C.
    "no_cfunc_wrapper": True,
}


def kernel(func: F) -> F:
    """Compile an entry from Python on first call, cache it on disk, and release the GIL.

    The cache knows a kernel by its own file: after an edit of what it calls in another file, delete
    the cached files (``__pycache__/*.nb?``) or set NUMBA_CACHE_DIR to an empty folder.
    """
    compiled: F = numba.njit(cache=True, nogil=True, **_SHARED)(func)
    return compiled


def part(func: F) -> F:
    """Compile a loop that kernels call, with them: a file of its own in the cache takes time."""
    compiled: F = numba.njit(nogil=True, **_SHARED)(func)
    return compiled


def helper(func: F) -> F:
    """Compile a scalar function that is inlined wherever a kernel calls it.

    Without ``forceinline`` LLVM leaves a function as large as Philox as a call, and the loop around
    it stays scalar.
    """
    compiled: F = numba.njit(forceinline=True, **_SHARED)(func)
    return compiled


@cache
def processor() -> tuple[str, tuple[str, ...]]:
    """Return the processor that kernels are compiled for, and those of its features that matter.

    Values of one kind of processor agree to the last bit; fused multiply-add and the width of
    vectors are what others may differ in.
    """
    features = binding.get_host_cpu_features()
    wanted = ("avx2", "avx512f", "fma", "neon", "sve")
    return binding.get_host_cpu_name(), tuple(name for name in wanted if features.get(name))


class _FirstCompilation(event.Listener):
    """Calls back when a kernel is compiled, not when it is loaded from disk, and never again."""

    def __init__(self, notice: Callable[[], None]) -> None:
        self._notice: Callable[[], None] | None = notice

    def on_start(self, event: Any) -> None:
        notice, self._notice = self._notice, None
        if notice is not None:
            notice()

    def on_end(self, event: Any) -> None:
        """Wait for the next."""


@contextmanager
def compilation_noticed(notice: Callable[[], None]) -> Iterator[None]:
    """Call ``notice`` within the block if a kernel has to be compiled, before it is."""
    listener = _FirstCompilation(notice)
    event.register("numba:compile", listener)  # type: ignore[no-untyped-call]
    try:
        yield
    finally:
        event.unregister("numba:compile", listener)  # type: ignore[no-untyped-call]


if TYPE_CHECKING:

    def float_bits(value: float) -> np.uint64:
        """Reinterpret a float64 as the uint64 of its bits."""

    def bits_float(value: np.uint64) -> float:
        """Reinterpret a uint64 as the float64 of these bits."""

    def bit_count(value: np.uint64) -> np.uint64:
        """Count the bits that are set."""

else:

    @intrinsic
    def float_bits(typingctx, value):
        """Reinterpret a float64 as the uint64 of its bits."""

        def codegen(context, builder, signature, args):
            return builder.bitcast(args[0], context.get_value_type(types.uint64))

        return types.uint64(types.float64), codegen

    @intrinsic
    def bits_float(typingctx, value):
        """Reinterpret a uint64 as the float64 of these bits."""

        def codegen(context, builder, signature, args):
            return builder.bitcast(args[0], context.get_value_type(types.float64))

        return types.float64(types.uint64), codegen

    @intrinsic
    def bit_count(typingctx, value):
        """Count the bits that are set."""

        def codegen(context, builder, signature, args):
            return builder.ctpop(args[0])

        return types.uint64(types.uint64), codegen
