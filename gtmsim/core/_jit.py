"""The two decorators that own every numba option."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import numba
import numpy as np
from numba.core import types
from numba.extending import intrinsic

F = TypeVar("F", bound=Callable[..., Any])

_SHARED: dict[str, Any] = {
    # "numpy": `/` without a ZeroDivision branch, which would stop vectorisation.
    "error_model": "numpy",
    # "contract" alone: fused multiply-add, and no reassociation, so sums keep their order.
    "fastmath": {"contract"},
}


def kernel(func: F) -> F:
    """Compile a serial loop on first call, cache it on disk, and release the GIL while it runs.

    The cache knows a kernel by its own file: after an edit of what it calls in another file, delete
    the cached files (``__pycache__/*.nb?``) or set NUMBA_CACHE_DIR to an empty folder.
    """
    compiled: F = numba.njit(cache=True, nogil=True, **_SHARED)(func)
    return compiled


def helper(func: F) -> F:
    """Compile a scalar function that is inlined wherever a kernel calls it.

    Without ``forceinline`` LLVM leaves a function as large as Philox as a call, and the loop around
    it stays scalar.
    """
    compiled: F = numba.njit(forceinline=True, **_SHARED)(func)
    return compiled


if TYPE_CHECKING:

    def float_bits(value: float) -> np.uint64:
        """Reinterpret a float64 as the uint64 of its bits."""

    def bits_float(value: np.uint64) -> float:
        """Reinterpret a uint64 as the float64 of these bits."""

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
