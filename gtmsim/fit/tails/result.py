"""The fitted tail: its numbers, and what they mean in words."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from gtmsim.core._types import Floats
from gtmsim.core.tail_scan import zeta_survival
from gtmsim.fit.tails.compare import POWER_LAW, UNDECIDED
from gtmsim.notebook import Block, Shown
from gtmsim.statistics.intervals import Interval
from gtmsim.statistics.points import numbers

_FEW = 50
"""Values in the tail below which its index is little more than a guess."""


@dataclass(frozen=True, repr=False)
class TailFit(Shown):
    """A power law P(X > x) = (x / minimum)**-tail_index, fitted to the largest values.

    ``print`` it to read what it means.

    Attributes
    ----------
    interval : Interval
        The tail index alpha, which is the survival exponent: the density's exponent less 1.
    standard_error : float
        Of the tail index, the minimum being taken as known.
    minimum : float
        Value from which the power law holds.
    tail_size : int
        Values from there on.
    size : int
        All values, zeros included.
    zeros : int
        Misses: they are left out of the fit.
    distance : float
        Kolmogorov-Smirnov distance between tail and power law.
    goodness : Interval
        Probability that a history that does follow the power law is at least as far from its own
        fit; NaN without repetitions.
    comparisons : DataFrame
        ``alternative``, ``log_likelihood_ratio`` (above 0 if the power law is likelier), ``vuong``
        (the same in standard errors), ``p`` and ``verdict``.
    discrete : bool
        Whether values are whole numbers, with zeta(1 + alpha, x) / zeta(1 + alpha, minimum) as
        P(X >= x).
    repetitions : int
        Histories drawn.
    seed : int
        Pass it as ``rng`` to get the same fit again.

    Examples
    --------
    >>> from gtmsim.fit.tails.fit import fit_tail
    >>> fit = fit_tail(np.random.default_rng(1).pareto(1.5, 1_000) + 1.0, rng=1)
    >>> fit.interval.low < 1.5 < fit.interval.high, fit.p_value > 0.1
    (True, True)
    """

    interval: Interval
    standard_error: float
    minimum: float
    tail_size: int
    size: int
    zeros: int
    distance: float
    goodness: Interval
    comparisons: pd.DataFrame = field(compare=False)
    discrete: bool
    repetitions: int
    seed: int

    @property
    def tail_index(self) -> float:
        """The survival exponent alpha."""
        return self.interval.estimate

    @property
    def p_value(self) -> float:
        """Goodness of fit: the power law is ruled out where it is small; NaN without repetitions.

        Clauset, Shalizi and Newman draw the line at 0.1.
        """
        return self.goodness.estimate

    def sf(self, x: ArrayLike) -> Floats:
        """Return P(X > x) of the power law, given that a value is in the tail.

        Parameters
        ----------
        x : array_like
            Values; below the minimum the answer is 1.

        Returns
        -------
        array of the shape of x

        Raises
        ------
        ArgumentError, ArgumentTypeError
            If a value is NaN or no number.

        Examples
        --------
        >>> from gtmsim.fit.tails.fit import fit_tail
        >>> fit = fit_tail(2.0 ** np.arange(12), discrete=False, minimum=1.0, repetitions=0)
        >>> bool(fit.sf(8.0) == 8.0**-fit.tail_index)
        True
        """
        given = np.asarray(x, dtype=np.float64)
        flat = np.maximum(numbers(np.ravel(given), "x"), 0.0)
        if not self.discrete:
            chances = np.maximum(flat / self.minimum, 1.0) ** -self.tail_index
        else:
            chances = np.zeros(flat.size)
            at_least = np.maximum(np.floor(flat) + 1.0, self.minimum)
            finite = np.isfinite(at_least)
            filled = np.empty(int(finite.sum()))
            zeta_survival(self.tail_index, self.minimum, at_least[finite], filled)
            chances[finite] = filled
        return np.asarray(chances.reshape(given.shape))

    def summary(self) -> pd.DataFrame:
        """Return the fit's numbers, one a row, with the ends of those that have an interval.

        Returns
        -------
        DataFrame
            Columns ``estimate``, ``low`` and ``high``; NaN where there is no interval.

        Examples
        --------
        >>> from gtmsim.fit.tails.fit import fit_tail
        >>> fit_tail(2.0 ** np.arange(12), minimum=4.0, repetitions=0).summary().loc["tail_size"]
        estimate    10.0
        low          NaN
        high         NaN
        Name: tail_size, dtype: float64
        """
        rows = {
            "tail_index": _ends(self.interval),
            "minimum": (self.minimum, math.nan, math.nan),
            "tail_size": (float(self.tail_size), math.nan, math.nan),
            "size": (float(self.size), math.nan, math.nan),
            "zeros": (float(self.zeros), math.nan, math.nan),
            "distance": (self.distance, math.nan, math.nan),
            "p_value": _ends(self.goodness),
        }
        return pd.DataFrame.from_dict(rows, orient="index", columns=["estimate", "low", "high"])

    def explain(self) -> str:
        """Return what the fit says, in plain sentences, one a line.

        Examples
        --------
        >>> from gtmsim.fit.tails.fit import fit_tail
        >>> print(fit_tail(2.0 ** np.arange(12), minimum=4.0, repetitions=0).explain())
        A power law ...
        """
        sentences = [
            self._of_index(),
            *self._of_few(),
            self._of_moments(),
            self._of_goodness(),
            *self._of_alternatives(),
        ]
        return "\n".join(sentences)

    def __str__(self) -> str:
        """Return what the fit says."""
        return self.explain()

    def _block(self) -> Block:
        finding, *lines = self.explain().splitlines()
        return Block(finding, lines, notes=[f"seed {self.seed}"])

    def _of_index(self) -> str:
        positive = self.size - self.zeros
        ends = f"{self.interval.low:.2f} to {self.interval.high:.2f}"
        left_out = f" {_counted(self.zeros, 'miss', 'misses')} left out." if self.zeros else ""
        return (
            f"A power law from {self.minimum:.4g} on, fitted to the largest {self.tail_size:,} of "
            f"{positive:,} positive values, has tail index {self.tail_index:.2f} "
            f"({_percent(self.interval.level)} interval {ends}).{left_out}"
        )

    def _of_few(self) -> list[str]:
        if self.tail_size >= _FEW:
            return []
        return [
            f"That is too few to rely on: with {self.tail_size} values in the tail, fewer than "
            f"{_FEW}, the tail index has a standard error of {self.standard_error:.2f}, the choice "
            "of the minimum not counted."
        ]

    def _of_moments(self) -> str:
        low, high = self.interval.low, self.interval.high
        if low > 2.0:
            said = "mean and variance exist"
        elif low > 1.0:
            variance = "does not" if high <= 2.0 else "may or may not"
            said = f"the mean exists and the variance {variance}"
        elif high > 1.0:
            variance = "does not exist" if high <= 2.0 else "may not either"
            said = f"the mean may not exist, and the variance {variance}"
        else:
            said = "neither mean nor variance exists"
        return f"If it goes on beyond the largest value, by this interval {said}."

    def _of_goodness(self) -> str:
        if not self.repetitions:
            return "Whether the tail is a power law was not tested: there are no repetitions."
        p = f"p = {self.p_value:.2g}, {self.goodness.low:.2g} to {self.goodness.high:.2g}"
        if self.p_value < 1.0 - self.goodness.level:
            return f"The power law is ruled out: the tail is too far from it ({p})."
        return f"Nothing in the shape of the tail speaks against a power law ({p})."

    def _of_alternatives(self) -> list[str]:
        sentences = []
        for row in self.comparisons.itertuples():
            if row.verdict == UNDECIDED:
                said = f"the data cannot distinguish it from the power law (p = {row.p:.2g})"
            elif row.verdict == POWER_LAW:
                said = f"the power law is likelier (p = {row.p:.2g})"
            else:
                said = f"it is likelier than the power law (p = {row.p:.2g})"
            sentences.append(f"{str(row.alternative).capitalize()}: {said}.")
        return sentences


def _ends(interval: Interval) -> tuple[float, float, float]:
    return interval.estimate, interval.low, interval.high


def _percent(share: float) -> str:
    return f"{100.0 * share:.4g} %"


def _counted(n: int, one: str, many: str) -> str:
    return f"{n:,} {one} is" if n == 1 else f"{n:,} {many} are"
