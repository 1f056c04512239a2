"""Any frozen continuous distribution of scipy.stats, kept as plain data."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from difflib import get_close_matches
from functools import lru_cache
from itertools import pairwise
from threading import RLock
from typing import Any, Final, Literal, Self

import numpy as np
from pydantic import Field, model_validator

from gtmsim.distributions.base import Floats, Multiple
from gtmsim.errors import MetricError, PlanError, Problem, check_number

QUADRATURE_TOLERANCE = 1e-8
"""Largest relative error that an integrated moment may have; above it the moment is refused."""

# Levels between which a law is integrated piece by piece, so that no scale is overlooked.
_LEVELS: Final = np.array([0.99, 0.9, 0.5, 0.1, 1e-2, 1e-3, 1e-5, 1e-8, 1e-12])


_INVERTING: Final = RLock()


@contextmanager
def _unwarned() -> Iterator[None]:
    """Let scipy invert without a word where it gives up: its roots are checked by who uses them.

    One thread at a time, because filters of warnings belong to the process.
    """
    with _INVERTING, warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        yield


def _nodes(count: int) -> tuple[Floats, Floats]:
    """Nodes and weights of Gauss and Legendre on (0, 1)."""
    place, weight = np.polynomial.legendre.leggauss(count)
    return 0.5 * (place + 1.0), 0.5 * weight


_FINE: Final = _nodes(32)
_ROUGH: Final = _nodes(24)

# Survival exponents of scipy's power laws, from their densities in scipy's reference.
_TAIL_INDEX: Final[dict[str, Callable[[Mapping[str, float]], float]]] = {
    "alpha": lambda shape: 1.0,
    "betaprime": lambda shape: shape["b"],
    "burr": lambda shape: shape["c"],
    "burr12": lambda shape: shape["c"] * shape["d"],
    "dpareto_lognorm": lambda shape: shape["a"],
    "f": lambda shape: shape["dfd"] / 2.0,
    "fisk": lambda shape: shape["c"],
    "foldcauchy": lambda shape: 1.0,
    "gengamma": lambda shape: -shape["a"] * shape["c"] if shape["c"] < 0.0 else math.inf,
    "genextreme": lambda shape: -1.0 / shape["c"] if shape["c"] < 0.0 else math.inf,
    "genpareto": lambda shape: 1.0 / shape["c"] if shape["c"] > 0.0 else math.inf,
    "halfcauchy": lambda shape: 1.0,
    "invgamma": lambda shape: shape["a"],
    "invweibull": lambda shape: shape["c"],
    "kappa3": lambda shape: shape["a"],
    "levy": lambda shape: 0.5,
    "loglaplace": lambda shape: shape["c"],
    "lomax": lambda shape: shape["c"],
    "mielke": lambda shape: shape["s"],
    "ncf": lambda shape: shape["dfd"] / 2.0,
    "pareto": lambda shape: shape["b"],
}


class ScipyDistribution(Multiple):
    """A continuous distribution of scipy.stats on [0, inf), by its name and parameters.

    Parameters
    ----------
    name : str
        Its name in scipy.stats, such as "gamma".
    args : sequence of float, optional
        Shape parameters, then loc and scale, in scipy's order.
    kwds : mapping of str to float, optional
        The same by name.

    Notes
    -----
    Moments are scipy's own where the whole law is meant and scipy knows them, otherwise integrals
    with a checked error.

    Examples
    --------
    >>> from scipy import stats
    >>> law = ScipyDistribution.from_frozen(stats.gamma(2.0, scale=1.5))
    >>> law.name, law.args, law.kwds, law.mean()
    ('gamma', (2.0,), {'scale': 1.5}, 3.0)
    """

    family: Literal["scipy"] = "scipy"
    name: str = Field(description="a continuous distribution of scipy.stats")
    args: tuple[float, ...] = Field(default=(), description="shape parameters, location, scale")
    kwds: dict[str, float] = Field(default_factory=dict, description="parameters by name")

    @classmethod
    def from_frozen(cls, frozen: Any) -> Self:
        """Return the plain form of a frozen distribution.

        Raises
        ------
        PlanError
            If it is not a continuous distribution of scipy.stats on [0, inf).

        Examples
        --------
        >>> from scipy import stats
        >>> round(ScipyDistribution.from_frozen(stats.expon(scale=2.0)).isf(0.5), 3)
        1.386
        """
        from scipy import stats

        law = getattr(frozen, "dist", None)
        name = getattr(law, "name", None)
        known = isinstance(name, str) and type(getattr(stats, name, None)) is type(law)
        return cls(
            name=str(name) if known else type(law or frozen).__name__,
            args=tuple(getattr(frozen, "args", ())),
            kwds=dict(getattr(frozen, "kwds", {})),
        )

    @classmethod
    def from_mean(
        cls,
        mean: float,
        *,
        name: str,
        args: tuple[float, ...] = (),
        kwds: Mapping[str, float] | None = None,
        hit_rate: float = 1.0,
        cap: float | None = None,
    ) -> Self:
        """Return the law, scaled so that hit_rate * E[min(X, cap)] is ``mean``.

        Raises
        ------
        ArgumentError
            If no scale gives that mean: it is hit_rate * cap or more, or infinite without a cap.
        PlanError
            If the name or a parameter breaks its rule.

        Examples
        --------
        >>> ScipyDistribution.from_mean(3.0, name="gamma", args=(2.0,)).kwds["scale"]
        1.5
        """
        return cls(name=name, args=args, kwds=dict(kwds or {})).with_mean(mean, hit_rate, cap)

    def frozen(self) -> Any:
        """Return the frozen distribution of scipy.stats.

        Examples
        --------
        >>> float(ScipyDistribution(name="gamma", args=(2.0,)).frozen().var())
        2.0
        """
        return _freeze(self.name, self.args, tuple(sorted(self.kwds.items())))

    @property
    def tail_index(self) -> float:
        """The survival exponent, finite for the power laws of scipy.stats.

        It is known for alpha, betaprime, burr, burr12, f, fisk, foldcauchy, genextreme, genpareto,
        halfcauchy, invgamma, invweibull, kappa3, levy, loglaplace, lomax, mielke and pareto;
        every other law counts as lighter than a power law.
        """
        rule = _TAIL_INDEX.get(self.name)
        return math.inf if rule is None else rule(self._parameters())

    def is_precise(self, q: float, cap: float | None = None) -> bool:
        """Return whether sf takes isf back to each probability from 0.1 down to q.

        Of some laws, scipy computes sf as 1 - cdf: nothing is left of it below 1e-16.

        Parameters
        ----------
        q : float
            Probability, from 1e-300 to 0.1.
        cap : float, optional
            The market's size, beyond which nothing is asked.

        Examples
        --------
        >>> ScipyDistribution(name="gamma", args=(2.0,)).is_precise(1e-100)
        True
        >>> ScipyDistribution(name="fisk", args=(1.5,)).is_precise(1e-20)
        False
        """
        lowest = check_number("q", q, low=1e-300, high=0.1)
        levels = 10.0 ** -np.arange(1.0, math.ceil(-math.log10(lowest)) + 1.0)
        top = self.frozen().support()[1]
        edge = np.float64(min(top, math.inf if cap is None else cap) * (1.0 - 1e-9))
        with np.errstate(all="ignore"):
            points = self._isf(levels)
            returned = np.abs(self._sf(points) / levels - 1.0) < 1e-6
            beyond = self._sf(edge) >= levels * (1.0 - 1e-6)
        return bool(np.all(np.where(points < edge, returned, beyond)))

    def scaled(self, factor: float) -> Self:
        """Return the law of factor * X.

        Examples
        --------
        >>> ScipyDistribution(name="expon").scaled(3.0).kwds
        {'scale': 3.0}
        """
        factor = check_number("factor", factor, low=0.0, low_open=True)
        parameters = {"scale": 1.0} | self._parameters()
        for name in ("loc", "scale"):
            if name in parameters:
                parameters[name] *= factor
        return self.replace(args=(), kwds=parameters)

    def __hash__(self) -> int:
        return hash((self.name, self.args, tuple(sorted(self.kwds.items()))))

    @model_validator(mode="after")
    def _check_law(self) -> Self:
        from scipy import stats

        law = getattr(stats, self.name, None)
        if not isinstance(law, stats.rv_continuous):
            known = [n for n, v in vars(stats).items() if isinstance(v, stats.rv_continuous)]
            near = get_close_matches(self.name, known, n=1)
            fix = f"did you mean {near[0]!r}?" if near else "use Empirical for any other law"
            if isinstance(law, stats.rv_discrete):
                fix = "use Empirical for a discrete law"
            rule = "must be a continuous distribution of scipy.stats"
            raise PlanError([Problem("name", rule, self.name, fix)])
        names = _parameter_names(law)
        if len(self.args) > len(names):
            rule = f"must have at most {len(names)} of them ({', '.join(names)})"
            raise PlanError([Problem("args", rule, self.args)])
        free = names[len(self.args) :]
        for key in self.kwds:
            if key not in free:
                twice = "it is in args already" if key in names else None
                rule = f"must be a parameter of {self.name} ({', '.join(free) or 'none left'})"
                raise PlanError([Problem(f"kwds.{key}", rule, self.kwds[key], twice)])
        given = self._parameters()
        missing = [name for name in names[:-2] if name not in given]
        if missing:
            rule = f"must hold the shape parameters of {self.name}: {', '.join(missing)} missing"
            raise PlanError([Problem("args", rule, self.args)])
        low, _ = self.frozen().support()
        if math.isnan(low):
            raise PlanError([Problem("args", f"must be legal for {self.name}", given)])
        if low < 0.0:
            rule, fix = "must not reach below 0", "shift it with loc, or take another law"
            raise PlanError([Problem("name", rule, f"{self.name} from {low:g}", fix)])
        return self

    def _parameters(self) -> dict[str, float]:
        from scipy import stats

        names = _parameter_names(getattr(stats, self.name))
        return dict(zip(names, self.args, strict=False)) | self.kwds

    def _sf(self, x: Floats | np.float64) -> Floats:
        return np.asarray(self.frozen().sf(x), dtype=np.float64)

    def _isf(self, q: Floats) -> Floats:
        with _unwarned():
            return np.asarray(self.frozen().isf(q), dtype=np.float64)

    def _ppf(self, p: Floats) -> Floats:
        with _unwarned():
            return np.asarray(self.frozen().ppf(p), dtype=np.float64)

    def _upper_moment(self, p: float, order: int, cap: float) -> float:
        if math.isinf(cap):
            if self.tail_index <= order:
                return math.inf
            known = [float(moment) for moment in self.frozen().stats("mv")[:order]]
            if max(known) == math.inf:
                return math.inf
            # scipy answers NaN, or less than nothing, for some moments that it does not know.
            if p == 1.0 and all(0.0 <= moment < math.inf for moment in known):
                return known[0] if order == 1 else known[1] + known[0] ** 2
        low = self._highest(p, cap)
        own = p * low**order
        tail, error = self._tail_integral(float(low), min(cap, self.frozen().support()[1]), order)
        if not error <= QUADRATURE_TOLERANCE * (own + tail):
            rule = "must have a moment that can be integrated"
            raise MetricError("multiple", rule, self, "set a cap, or use Empirical")
        return float(own + tail)

    def _stop_loss(self, x: Floats, cap: float) -> Floats:
        if math.isinf(cap) and self.tail_index <= 1.0:
            return np.full_like(x, math.inf)
        levels = np.concatenate((_LEVELS, 10.0 ** -np.arange(13.0, 301.0)))
        support = self.frozen().support()
        limit = min(cap, support[1])
        edges = np.unique(np.minimum([0.0, support[0], limit, *self._isf(levels)], limit))
        # What lies beyond the last level, of 1e-300, is nothing.
        edges = edges[edges <= np.max(edges, where=np.isfinite(edges), initial=0.0)]
        panels, rough = (self._panels(edges[:-1], edges[1:], nodes) for nodes in (_FINE, _ROUGH))
        sums = np.append(np.cumsum(panels[::-1])[::-1], 0.0)
        smooth = np.abs(panels - rough) <= QUADRATURE_TOLERANCE * sums[:-1] + 1e-28 * sums[0]
        if not np.all(smooth) or not self.is_precise(1e-300, limit):
            rule = "must have a survival function that is precise in its tail"
            raise MetricError("multiple", rule, self, "set a cap, or use Empirical")
        after = np.minimum(np.searchsorted(edges, x, side="right"), edges.size - 1)
        begin = np.minimum(x, edges[after])
        above: Floats = self._panels(begin, edges[after], _FINE) + sums[after]
        return above

    def _panels(self, low: Floats, high: Floats, nodes: tuple[Floats, Floats]) -> Floats:
        """Integral of sf over each panel, on a logarithmic axis beyond the first."""
        place, weight = (part[:, None] for part in nodes)
        log_low = np.log(np.where(low > 0.0, low, high))
        width = np.log(high) - log_low
        t = np.where(low > 0.0, np.exp(log_low + width * place), high * place)
        scale = np.where(low > 0.0, width * t, high)
        panel: Floats = np.sum(weight * scale * self._sf(t), axis=0)
        return panel

    def _tail_integral(self, low: float, high: float, order: int) -> tuple[float, float]:
        """Integral of order * x**(order - 1) * sf(x) from low to high, and its error."""
        from scipy.integrate import quad

        survival = self.frozen().sf

        def direct(x: float) -> float:
            return float(order * x ** (order - 1) * survival(x))

        def on_log_axis(u: float) -> float:
            x = last * math.exp(u) if u < 300.0 else math.inf
            return float(order * x**order * survival(x)) if x < 1e150 else 0.0

        edges = np.unique(np.clip([low, *self._isf(_LEVELS)], low, high))
        last = float(edges[-1])
        pieces = [
            quad(direct, a, b, full_output=1, epsabs=0.0, epsrel=1e-10, limit=200)[:2]
            for a, b in pairwise(edges)
        ]
        if high > last:
            width = math.inf if math.isinf(high) else math.log(high / last)
            pieces.append(
                quad(on_log_axis, 0.0, width, full_output=1, epsabs=0.0, epsrel=1e-10, limit=200)[
                    :2
                ]
            )
        return sum(piece[0] for piece in pieces), sum(piece[1] for piece in pieces)


def _parameter_names(law: Any) -> list[str]:
    shapes = law.shapes.split(",") if law.shapes else []
    return [*(shape.strip() for shape in shapes), "loc", "scale"]


@lru_cache(maxsize=256)
def _freeze(name: str, args: tuple[float, ...], kwds: tuple[tuple[str, float], ...]) -> Any:
    from scipy import stats

    return getattr(stats, name)(*args, **dict(kwds))
