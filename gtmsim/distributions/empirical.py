"""The law of a list of observed multiples."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Annotated, Literal, Self

import numpy as np
from pydantic import Field

from gtmsim.distributions.base import Floats, Multiple
from gtmsim.errors import check_number


class Empirical(Multiple):
    """Each of the given values, equally likely.

    Parameters
    ----------
    values : sequence of float (value,)
        Multiples, at least one, none negative.

    Examples
    --------
    >>> law = Empirical(values=(0.0, 0.5, 1.0, 10.5))
    >>> law.mean(), law.mean(cap=2.5), law.top_share(0.25)
    (3.0, 1.0, 0.875)
    """

    family: Literal["empirical"] = "empirical"
    values: tuple[Annotated[float, Field(ge=0.0, le=1e100)], ...] = Field(
        min_length=1, description="multiples, each equally likely"
    )

    @property
    def tail_index(self) -> float:
        """Infinite: the law is bounded by its largest value."""
        return math.inf

    @classmethod
    def from_mean(
        cls,
        mean: float,
        *,
        values: tuple[float, ...],
        hit_rate: float = 1.0,
        cap: float | None = None,
    ) -> Self:
        """Return the law with which hit_rate * E[min(X, cap)] is ``mean``, by scaling the values.

        Raises
        ------
        ArgumentError
            If no factor gives that mean: the cap is too small, or all values are 0.
        PlanError
            If a value breaks its rule.

        Examples
        --------
        >>> Empirical.from_mean(1.5, values=(0.0, 2.0), hit_rate=0.5).values
        (0.0, 6.0)
        """
        return cls(values=values).with_mean(mean, hit_rate, cap)

    def scaled(self, factor: float) -> Self:
        """Return the law of factor * X.

        Examples
        --------
        >>> Empirical(values=(0.0, 2.0)).scaled(3.0).values
        (0.0, 6.0)
        """
        factor = check_number("factor", factor, low=0.0, low_open=True)
        return self.replace(values=tuple(factor * value for value in self.values))

    @property
    def _ascending(self) -> Floats:
        return _sorted(self.values)

    def _sf(self, x: Floats | np.float64) -> Floats:
        size = self._ascending.size
        return (size - np.searchsorted(self._ascending, x, side="right")) / size

    def _isf(self, q: Floats) -> Floats:
        size = self._ascending.size
        above = np.floor(q * size)
        # The product rounds; the quotient is what the survival function returns.
        above -= above / size > q
        above += (above + 1.0) / size <= q
        return self._ascending[::-1][np.minimum(above, size - 1).astype(np.int64)]

    def _ppf(self, p: Floats) -> Floats:
        place = np.ceil(p * self._ascending.size).astype(np.int64) - 1
        return self._ascending[np.maximum(place, 0)]

    def _upper_moment(self, p: float, order: int, cap: float) -> float:
        best = np.minimum(self._ascending[::-1], cap) ** order
        whole = math.floor(p * best.size)
        part = (p * best.size - whole) * best[whole] if whole < best.size else 0.0
        return (math.fsum(best[:whole]) + float(part)) / best.size

    def _stop_loss(self, x: Floats, cap: float) -> Floats:
        values = np.minimum(self._ascending, cap)
        above = np.searchsorted(values, x, side="right")
        sums = np.append(np.cumsum(values[::-1])[::-1], 0.0)
        return np.maximum(sums[above] - x * (values.size - above), 0.0) / values.size

    def _variance(self, cap: float) -> float:
        return float(np.var(np.minimum(self._ascending, cap)))


# Not kept in the model, whose equality compares all that it holds.
@lru_cache(maxsize=64)
def _sorted(values: tuple[float, ...]) -> Floats:
    return np.sort(np.array(values, dtype=np.float64))
