"""What draws alone say of their tail: sums ruled by their largest term, and slow convergence."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from gtmsim.errors import ArgumentError, check_count, check_number
from gtmsim.notebook import Block, Shown
from gtmsim.statistics.hill import TailIndex, hill
from gtmsim.statistics.pareto import minimum_sample_size, pareto_k
from gtmsim.statistics.points import amounts, numbers


@dataclass(frozen=True, repr=False)
class TailDiagnostics(Shown):
    """Five readings of one tail.

    Attributes
    ----------
    n, positive : int
        Draws, and those above 0.
    tail_index : TailIndex or None
        Hill's estimate; None if there are no more than 10 positive draws.
    pareto_k : float
        Shape of the tail; a mean is reliable below 0.7. NaN if there are too few draws.
    minimum_sample_size : float
        Draws from which a mean with that shape can be relied on.
    largest_share : float
        Largest draw as a share of the sum.
    largest_square_share : float
        Largest square as a share of the sum of squares: stays high if the variance is infinite.
    kappa : float
        0 for a normal law, 1 for one without a mean: how little is gained by more draws.

    Examples
    --------
    >>> tail_diagnostics(np.random.default_rng(1).pareto(1.1, 10_000)).pareto_k > 0.7
    True
    """

    n: int
    positive: int
    tail_index: TailIndex | None
    pareto_k: float
    minimum_sample_size: float
    largest_share: float
    largest_square_share: float
    kappa: float

    def _block(self) -> Block:
        index, index_says = "", "no mean at 1 and below, no variance at 2"
        if self.tail_index is not None:
            ends = self.tail_index.interval
            index = f"{ends.estimate:.3g} ({ends.low:.3g} to {ends.high:.3g})"
        rows = {
            "tail index, by Hill": (index, index_says),
            "Pareto k": (f"{self.pareto_k:.3g}", "a mean is reliable below 0.7"),
            "draws for a reliable mean": (f"{self.minimum_sample_size:,.3g}", "with this k"),
            "largest share of the sum": (f"{self.largest_share:.2%}", "stays high without a mean"),
            "largest share of squares": (
                f"{self.largest_square_share:.2%}",
                "stays high without a variance",
            ),
            "kappa": (f"{self.kappa:.3g}", "0 for a normal law, 1 if there is no mean"),
        }
        frame = pd.DataFrame.from_dict(rows, orient="index", columns=["value", "how to read it"])
        reliable = "can" if self.pareto_k < 0.7 else "cannot"
        return Block(
            f"The mean of these draws {reliable} be relied on, as far as draws can tell",
            [f"{self.n:,} draws, {self.positive:,} of them positive"],
            frame.replace("nan", "too few draws").rename_axis("reading"),
        )


def tail_diagnostics(values: ArrayLike) -> TailDiagnostics:
    """Return every reading of the tail of some draws.

    Parameters
    ----------
    values : array_like (draw,)
        Independent draws, not negative, in the order in which they came; zeros are misses.

    Returns
    -------
    TailDiagnostics

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If a value is negative or not finite, or there are fewer than 4.

    Examples
    --------
    >>> diagnostics = tail_diagnostics(np.random.default_rng(1).random(1_000))
    >>> diagnostics.n, diagnostics.largest_share < 0.01
    (1000, True)
    """
    x = amounts(values)
    positive = int(np.count_nonzero(x))
    k = pareto_k(x)
    return TailDiagnostics(
        n=x.size,
        positive=positive,
        tail_index=hill(x) if positive > 10 else None,
        pareto_k=k,
        minimum_sample_size=math.nan if math.isnan(k) else minimum_sample_size(k),
        largest_share=max_to_sum(x),
        largest_square_share=max_to_sum(x, order=2),
        kappa=kappa(x),
    )


def max_to_sum(values: ArrayLike, order: float = 1) -> float:
    """Return the largest draw to a power as a share of the sum of all to that power.

    Parameters
    ----------
    values : array_like (draw,)
        Independent draws, not negative.
    order : float, default 1
        The power, above 0.

    Returns
    -------
    float
        It tends to 0 as draws are added if, and only if, the moment of that order exists; NaN if
        all draws are 0.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If a value is negative or not finite, or the order is not above 0.

    References
    ----------
    P. Embrechts, C. Klueppelberg and T. Mikosch, "Modelling extremal events" (1997), section 6.2.6.

    Examples
    --------
    >>> max_to_sum([2.0, 1.0, 1.0, 0.0]), max_to_sum([3.0, 3.0], order=2)
    (0.5, 0.5)
    """
    x = amounts(values)
    power = check_number("order", order, low=0.0, low_open=True)
    if x.max() == 0.0:
        return math.nan
    return float(1.0 / ((x / x.max()) ** power).sum())


def kappa(values: ArrayLike, n0: int = 1, n: int = 2) -> float:
    """Return Taleb's kappa: how much slower than normal a sum settles as draws are added.

    Parameters
    ----------
    values : array_like (draw,)
        Independent draws, in the order in which they came.
    n0, n : int
        Draws in the smaller and the larger sum, n0 < n.

    Returns
    -------
    float
        2 - log(n / n0) / log(M(n) / M(n0)), with M the mean absolute deviation of a sum, over sums
        of disjoint groups of draws. 0 for a normal law, 1 for a Cauchy law; NaN if all draws are
        equal, or the larger sums vary no more than the smaller ones.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If a value is not finite, or there are not two groups of n draws.

    References
    ----------
    N. N. Taleb, "How much data do you need? An operational, pre-asymptotic metric for
    fat-tailedness", International Journal of Forecasting 35 (2019), 677-686.

    Examples
    --------
    >>> draws = np.random.default_rng(1).standard_normal(100_000)
    >>> abs(kappa(draws)) < 0.05
    True
    """
    few, many = check_count("n0", n0), check_count("n", n)
    if many <= few:
        raise ArgumentError("n", f"must be above n0 ({few})", n)
    x = numbers(values)
    for i in np.flatnonzero(~np.isfinite(x))[:1]:
        raise ArgumentError(f"values[{i}]", "must be finite", x[i].item())
    if x.size < 2 * many:
        raise ArgumentError("values", f"must hold at least {2 * many} draws", x.size)
    mean = x.mean()
    small, large = (
        float(np.abs((x[: x.size // m * m].reshape(-1, m) - mean).sum(axis=1)).mean())
        for m in (few, many)
    )
    if not large > small > 0.0:
        return math.nan
    return 2.0 - math.log(many / few) / math.log(large / small)
