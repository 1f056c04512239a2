"""Any continuous distribution of scipy.stats on [0, inf) as a multiple."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache
from itertools import pairwise
from typing import Any, Literal, Self

import numpy as np
from pydantic import Field

from gtmsim.distributions.base import Floats, Multiple
from gtmsim.errors import MetricError, PlanError, Problem

# Survival exponent from the shape parameters; everything else is taken to have every moment that
# scipy computes.
_TAIL_INDEX: dict[str, Callable[..., float]] = {
    "betaprime": lambda a, b: b,
    "burr": lambda c, d: c,
    "burr12": lambda c, d: c * d,
    "f": lambda dfn, dfd: dfd / 2.0,
    "fisk": lambda c: c,
    "foldcauchy": lambda c: 1.0,
    "genpareto": lambda c: 1.0 / c if c > 0.0 else math.inf,
    "halfcauchy": lambda: 1.0,
    "invgamma": lambda a: a,
    "invweibull": lambda c: c,
    "levy": lambda: 0.5,
    "loglaplace": lambda c: c,
    "lomax": lambda c: c,
    "pareto": lambda b: b,
}


@cache
def _frozen(name: str, args: tuple[float, ...], kwds: tuple[tuple[str, float], ...]) -> Any:
    from scipy import stats

    return getattr(stats, name)(*args, **dict(kwds))


class ScipyDistribution(Multiple):
    """A continuous distribution of scipy.stats, by name and parameters.

    Attributes
    ----------
    name : str
        Such as "gamma" or "burr12".
    args : tuple of float
        Shape parameters, then location and scale, as scipy takes them.
    kwds : dict of float
        The same by name.

    Notes
    -----
    A plan file holds the name and the numbers; nothing in it is executed, and only continuous
    distributions of scipy.stats are looked up.

    Examples
    --------
    >>> from scipy import stats
    >>> ScipyDistribution.from_frozen(stats.gamma(2.0, scale=0.5)).mean()
    1.0
    """

    family: Literal["scipy"] = "scipy"
    name: str = Field(description="a continuous distribution of scipy.stats")
    args: tuple[float, ...] = Field(default=(), description="shape parameters, location, scale")
    kwds: dict[str, float] = Field(default_factory=dict, description="parameters by name")

    def model_post_init(self, context: Any, /) -> None:
        """Check that scipy knows the distribution and that its support begins at 0 or above."""
        from scipy import stats

        law = getattr(stats, self.name, None)
        if not isinstance(law, stats.rv_continuous):
            discrete = isinstance(law, stats.rv_discrete)
            rule = "must be the name of a continuous distribution of scipy.stats"
            fix = "use Empirical for a discrete law" if discrete else "such as 'gamma' or 'burr12'"
            raise PlanError([Problem("name", rule, self.name, fix)])
        try:
            low = float(self.frozen().support()[0])
        except TypeError:
            shapes = law.shapes or "no shape"
            rule = f"must be the parameters of {self.name} ({shapes}, loc, scale)"
            raise PlanError([Problem("args", rule, (self.args, self.kwds))]) from None
        if math.isnan(low):
            raise PlanError([Problem("args", "must be parameters that exist", self.args)])
        if low < 0.0:
            rule = "must have a support that begins at 0 or above"
            raise PlanError([Problem("name", rule, self.name, f"its support begins at {low:g}")])

    @classmethod
    def from_frozen(cls, frozen: Any) -> Self:
        """Return the multiple of a frozen distribution.

        Parameters
        ----------
        frozen : scipy.stats frozen distribution

        Returns
        -------
        ScipyDistribution

        Raises
        ------
        PlanError
            If it is discrete, or reaches below 0.
        """
        name = getattr(getattr(frozen, "dist", None), "name", type(frozen).__name__)
        args = tuple(float(value) for value in getattr(frozen, "args", ()))
        kwds = {key: float(value) for key, value in getattr(frozen, "kwds", {}).items()}
        return cls(name=name, args=args, kwds=kwds)

    def __hash__(self) -> int:
        return hash((self.name, self.args, tuple(sorted(self.kwds.items()))))

    def frozen(self) -> Any:
        """Return scipy's frozen distribution."""
        return _frozen(self.name, self.args, tuple(sorted(self.kwds.items())))

    @property
    def tail_index(self) -> float:
        """Survival exponent of the families whose tail is a power law; ``inf`` for the others."""
        if self.name not in _TAIL_INDEX:
            return math.inf
        shapes, _, _ = self.frozen().dist._parse_args(*self.args, **self.kwds)
        return float(_TAIL_INDEX[self.name](*shapes))

    def _sf(self, x: Floats) -> Floats:
        return np.asarray(self.frozen().sf(x))

    def _isf(self, q: Floats) -> Floats:
        return np.asarray(self.frozen().isf(q))

    def _integral(self, a: float, b: float, order: int) -> float:
        if a == 0.0 and self.tail_index <= order:
            return math.inf
        from scipy.integrate import quad

        # q = b exp(-y) spreads the tail out; below exp(-700) a float64 has no more of it.
        depth = 700.0 if a == 0.0 else math.log(b / a)

        def slice_(y: float) -> float:
            q = b * math.exp(-y)
            return q * float(self.frozen().isf(q)) ** order

        steps = [p for p in (1.0, 4.0, 16.0, 64.0) if p < depth]
        edges = [0.0, *steps, depth]
        parts = [
            quad(slice_, low, high, limit=200, epsabs=0.0, epsrel=1e-10, full_output=1)[:2]
            for low, high in pairwise(edges)
        ]
        total, error = (math.fsum(column) for column in zip(*parts, strict=True))
        if not math.isfinite(total) or error > 1e-6 * max(total, 1e-300):
            raise MetricError(
                "multiple", "must have a moment that can be integrated", self, "set a cap"
            )
        return total

    def scaled(self, factor: float) -> Self:
        """Return the law of ``factor`` times the multiple."""
        shapes, loc, scale = self.frozen().dist._parse_args(*self.args, **self.kwds)
        args = tuple(float(shape) for shape in shapes)
        return self.replace(args=args, kwds={"loc": factor * loc, "scale": factor * scale})
