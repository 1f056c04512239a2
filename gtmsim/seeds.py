"""Which luck: from what a user passes as ``rng`` to the integer seed that replays it."""

from __future__ import annotations

import numbers
from typing import TypeAlias

import numpy as np

from gtmsim.errors import ArgumentError, ArgumentTypeError

RNGLike: TypeAlias = int | np.integer | np.random.SeedSequence | np.random.Generator | None


def resolve_seed(rng: RNGLike = None) -> int:
    """Return the integer seed that stands for ``rng``.

    Parameters
    ----------
    rng : None, int, numpy.random.SeedSequence or numpy.random.Generator
        None draws fresh entropy; a Generator is advanced by one draw.

    Returns
    -------
    int
        At least 0; passing it as ``rng`` gives the same luck again.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If it is negative, or nothing of these.

    References
    ----------
    Scientific Python, SPEC 7, "Seeding pseudo-random number generation" (2024).

    Examples
    --------
    >>> resolve_seed(7)
    7
    """
    if rng is None:
        # 53 bits: a seed in a manifest is the same to readers of JSON that know doubles only.
        return int(np.random.SeedSequence().generate_state(1, np.uint64)[0]) >> 11
    if isinstance(rng, np.random.SeedSequence):
        return int(rng.generate_state(1, np.uint64)[0])
    if isinstance(rng, np.random.Generator):
        return int(rng.integers(2**63))
    if isinstance(rng, bool) or not isinstance(rng, numbers.Integral):
        raise ArgumentTypeError(
            "rng", "must be None, an int, a SeedSequence or a Generator", rng, "pass a seed like 7"
        )
    if rng < 0:
        raise ArgumentError("rng", "must be at least 0", rng)
    return int(rng)


def seed_key(seed: int) -> tuple[np.uint64, np.uint64]:
    """Return the 64-bit Philox key of a seed as two 32-bit words.

    Examples
    --------
    >>> seed_key(7) == seed_key(7) != seed_key(8)
    True
    """
    low, high = np.random.SeedSequence(seed).generate_state(2, np.uint32).tolist()
    return np.uint64(low), np.uint64(high)
