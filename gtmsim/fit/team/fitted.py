"""What was fitted: a channel, how sure each of its parameters is, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from gtmsim.errors import check_count
from gtmsim.fit.parameters import parameter_texts
from gtmsim.fit.team.sample import Parameters, Sample
from gtmsim.notebook import Block, Shown
from gtmsim.plan import SalesTeam
from gtmsim.seeds import RNGLike, resolve_seed

_MOST = 10.0
"""Most that a plan takes as attainment or as a coefficient of variation."""

_LEAST = 1e-6


@dataclass(frozen=True, repr=False, eq=False)
class FittedTeam(Shown):
    """A sales team as its history shows it.

    Attributes
    ----------
    name : str
    channel : SalesTeam
        The team to simulate: whoever is there at the end of the history, each with the tenure
        reached, and the estimates.
    level : float
        Probability of the intervals.
    assumed : mapping of str to str
        Fields of the channel that no history of bookings tells, and where each comes from.
    deals : DataFrame or None
        Win rate, sizes and cycles of deals; only of opportunities.
    provenance : dict
        Rows, reps, periods and the method; the file and its digest where the reader noted them.

    Examples
    --------
    >>> import gtmsim as gtm
    >>> import pandas as pd
    >>> quarters = pd.period_range("2023Q1", periods=8, freq="Q")
    >>> first = pd.Timestamp("2020-01-01")
    >>> rows = [
    ...     (f"rep {i}", "", quarter, first, pd.NaT, 2e5, 1e5 + 4e4 * ((i + j) % 4))
    ...     for i in range(8)
    ...     for j, quarter in enumerate(quarters)
    ... ]
    >>> columns = ["rep", "segment", "period", "start", "end", "quota", "bookings"]
    >>> team = gtm.fit_team(pd.DataFrame(rows, columns=columns), rng=7)
    >>> round(team.channel.attainment, 2)
    0.8
    """

    name: str
    channel: SalesTeam
    level: float
    assumed: Mapping[str, str]
    deals: pd.DataFrame | None = field(repr=False)
    provenance: dict[str, Any] = field(repr=False)
    _table: pd.DataFrame = field(repr=False)
    _sentences: tuple[str, ...] = field(repr=False)
    _sample: Sample = field(repr=False)

    def summary(self) -> pd.DataFrame:
        """Return one row per parameter.

        Returns
        -------
        DataFrame
            Columns estimate, low and high (the interval at ``level``; NaN where there is none),
            from_data (share of the estimate's weight that is the history's) and source: "history",
            the preset, "given" or "assumed".
        """
        return self._table.copy()

    def explain(self) -> tuple[str, ...]:
        """Return what was found, what was taken as given, and what to doubt, in plain sentences."""
        return self._sentences

    def _block(self) -> Block:
        finding, *notes = self._sentences
        return Block(f"{self.name}: {finding}", (), parameter_texts(self._table, self.level), notes)

    def alternatives(self, count: int = 500, rng: RNGLike = None) -> tuple[SalesTeam, ...]:
        """Return teams that the history allows as well.

        Parameters
        ----------
        count : int, default 500
        rng : None, int, SeedSequence or Generator, optional

        Returns
        -------
        tuple of SalesTeam
            Draws of attainment, skill, luck, ramp and attrition, together; all other fields are the
            channel's. A ramp by a curve is the same in all of them.

        Raises
        ------
        ArgumentError, ArgumentTypeError
            If an argument is out of its range.
        """
        size = check_count("count", count, high=1_000_000)
        draws = self._sample.draws(size, np.random.default_rng(resolve_seed(rng)))
        columns = [np.broadcast_to(column, size).tolist() for column in draws]
        return tuple(
            self.channel.replace(**fields_of(Parameters(*row), self.channel))
            for row in zip(*columns, strict=True)
        )


def fields_of(parameters: Parameters, like: SalesTeam) -> dict[str, Any]:
    """Return the fields of a team with these parameters, within the plan's bounds."""
    fields: dict[str, Any] = {
        "attainment": min(max(parameters.attainment, _LEAST), _MOST),
        "skill_cv": min(parameters.skill_cv, _MOST),
        "luck_cv": min(parameters.luck_cv, _MOST),
        "attrition": min(parameters.attrition, 1.0 - _LEAST),
    }
    plain = like.ramp.curve is None and like.ramp.shape == "linear" and not like.ramp.start
    if plain and not np.isnan(parameters.ramp_months):
        fields["ramp"] = float(parameters.ramp_months)
    return fields
