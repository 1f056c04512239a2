"""The claim over tails, hit rates and numbers of campaigns, beside a sales team."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from gtmsim.claim.probability import (
    ClaimProbability,
    as_multiple,
    claim_probability,
    percent,
    with_error,
)
from gtmsim.distributions import AnyMultiple, LogNormal
from gtmsim.errors import ArgumentError, ArgumentTypeError
from gtmsim.notebook import Block, Shown
from gtmsim.seeds import RNGLike, resolve_seed

ATTAINMENT_MEAN = 0.75
ATTAINMENT_CV = 0.55
"""Quota attainment of a sales team: lognormal, which puts 21-24 % of reps at quota or above."""

CAMPAIGNS, SALES = "campaigns", "sales team"


@dataclass(frozen=True, repr=False)
class ClaimTable(Shown):
    """Where the claim is true: over tail indices, hit rates and numbers of campaigns.

    Attributes
    ----------
    table : DataFrame
        One row per case: ``kind`` ("campaigns" or "sales team"), ``tail_index`` (inf for the
        lognormal sales team), ``hit_rate``, ``campaigns`` (for the sales team its reps),
        ``population_share`` (NaN where the mean is infinite), ``median_share``, ``share_p5``,
        ``share_p95``, ``probability`` of the claim and its 95 % interval ``probability_low`` to
        ``probability_high``.
    sentence : str
        When the claim is true, in one sentence made from the table.
    spend_share, value_share : float
        The claim.
    cap : float or None
        Where the multiples of campaigns were clipped.
    scenarios : int
        Scenarios simulated for each row.
    seed : int
        Seed that replays the table. All rows share it, so differences between them are sharper
        than the rows themselves.
    """

    table: pd.DataFrame
    sentence: str
    spend_share: float
    value_share: float
    cap: float | None
    scenarios: int
    seed: int

    def _block(self) -> Block:
        return Block(self.sentence, [f"{self.title}:"], self.compact())

    @property
    def title(self) -> str:
        """What the table shows."""
        return (
            f"Share of value from the top {percent(self.spend_share)} of spend: median "
            f"(probability that it is at least {percent(self.value_share)})"
        )

    def compact(self) -> pd.DataFrame:
        """Return the table as text, the form in which it is printed.

        Returns
        -------
        DataFrame
            One row per kind, hit rate and tail index; a column "median share (probability)" per
            number of campaigns, and ``endless``, the population share.
        """
        cells = []
        for row in self.table.to_dict("records"):
            low, high = row["probability_low"], row["probability_high"]
            met = with_error(row["probability"], (low, high)) if low > 0.0 else f"< {high:.2g}"
            share = row["population_share"]
            cells.append(
                {
                    "": row["kind"],
                    "hit rate": percent(row["hit_rate"]),
                    "tail index": f"{row['tail_index']:g}",
                    "endless": "to 1" if math.isnan(share) else f"{share:.3f}",
                    "n": f"n = {row['campaigns']:,}",
                    "cell": f"{row['median_share']:.3f} ({met})",
                }
            )
        keys = ["", "hit rate", "tail index", "endless"]
        wide = pd.DataFrame(cells).pivot_table(
            values="cell", index=keys, columns="n", aggfunc="first", sort=False
        )
        wide.columns.name = None
        return wide.reset_index("endless")[[*wide.columns, "endless"]]


def reproduce_claim(
    tail_indices: Sequence[float] = (0.5, 0.8, 1.002, 1.2, 1.5, 2.0, 3.0),
    hit_rates: Sequence[float] = (1.0, 0.3, 0.1, 0.01),
    campaigns: Sequence[int] = (100, 1_000, 10_000),
    *,
    spend_share: float = 0.01,
    value_share: float = 0.99,
    cap: float | None = None,
    scenarios: int = 2_000,
    rng: RNGLike = None,
) -> ClaimTable:
    """Return where "1 % of spend brings 99 % of results" is true, and where it is not.

    Every combination of tail index, hit rate and number of campaigns is simulated with
    `claim_probability`; a sales team of as many reps, with lognormal attainment of mean 0.75 and
    CV 0.55, stands beside them.

    Parameters
    ----------
    tail_indices : sequence of float
        Tail indices of the Pareto multiple, 0.1 or more.
    hit_rates : sequence of float
        Probabilities that a campaign returns anything.
    campaigns : sequence of int
        Numbers of campaigns in a set.
    spend_share, value_share, cap, rng
        As in `claim_probability`; the cap does not touch the sales team.
    scenarios : int, default 2_000
        Simulated sets per case.

    Returns
    -------
    ClaimTable
        Print it, or read its ``table`` and ``sentence``.

    Raises
    ------
    ArgumentError
        If a number is outside its range, or a sequence is empty or repeats a number.
    ArgumentTypeError
        If an argument has the wrong type.

    Examples
    --------
    >>> claim = reproduce_claim((0.5, 1.5), (1.0,), (100, 10_000), scenarios=100, rng=7)
    >>> print(claim.sentence)  # doctest: +NORMALIZE_WHITESPACE
    For "1 % of spend brings 99 % of results" to be more likely true than not of a set of
    campaigns: where 100 % of them hit, it takes a tail index of at most 0.5 and 10,000
    campaigns; in sales, the top 1 % of a team brings 3.5 %.
    """
    tails = _axis("tail_indices", tail_indices)
    rates = _axis("hit_rates", hit_rates)
    sizes = _axis("campaigns", campaigns)
    seed = resolve_seed(rng)

    def case(law: AnyMultiple, hit_rate: Any, size: Any, limit: float | None) -> ClaimProbability:
        return claim_probability(
            law, size, hit_rate, spend_share, value_share, cap=limit, scenarios=scenarios, rng=seed
        )

    rows = [
        _row(CAMPAIGNS, alpha, case(law, rate, size, cap))
        for rate in rates
        for alpha, law in [(tail, as_multiple(tail)) for tail in tails]
        for size in sizes
    ]
    team = [case(_attainment(), 1.0, size, None) for size in sizes]
    rows += [_row(SALES, math.inf, claim) for claim in team]
    table = pd.DataFrame(rows)
    return ClaimTable(
        table=table,
        sentence=_sentence(table, team[0].spend_share, team[0].value_share),
        spend_share=team[0].spend_share,
        value_share=team[0].value_share,
        cap=None if cap is None else float(cap),
        scenarios=team[0].scenarios,
        seed=seed,
    )


def _attainment() -> LogNormal:
    """Return the law of a rep's attainment."""
    spread = 1.0 + ATTAINMENT_CV**2
    return LogNormal(median=ATTAINMENT_MEAN / math.sqrt(spread), sigma=math.sqrt(math.log(spread)))


def _axis(name: str, values: Sequence[Any]) -> list[Any]:
    """Return the values of one axis of the table, in order, each once."""
    if isinstance(values, str) or not hasattr(values, "__iter__"):
        raise ArgumentTypeError(name, "must be a sequence", values, f"write ({values},)")
    listed = list(values)
    if not listed or len(set(listed)) < len(listed):
        raise ArgumentError(name, "must hold at least one number, and each only once", values)
    return listed


def _row(kind: str, tail_index: float, claim: ClaimProbability) -> dict[str, Any]:
    """Return one row of the table."""
    return {
        "kind": kind,
        "tail_index": float(tail_index),
        "hit_rate": claim.hit_rate,
        "campaigns": claim.campaigns,
        "population_share": claim.population_share,
        "median_share": claim.median_share,
        "share_p5": claim.share_range[0],
        "share_p95": claim.share_range[1],
        "probability": claim.probability,
        "probability_low": claim.interval[0],
        "probability_high": claim.interval[1],
    }


def _sentence(table: pd.DataFrame, spend_share: float, value_share: float) -> str:
    """Return when the claim is more likely true than not, and what sales shows beside it."""
    bets = table[table["kind"] == CAMPAIGNS]
    heaviest = bets["tail_index"].max()
    # Hit rates that need the same are named together.
    rates: dict[str, list[str]] = {}
    for rate in bets["hit_rate"].unique().tolist():
        rows = bets[bets["hit_rate"] == rate]
        true = rows[rows["probability"] >= 0.5]
        tail = true["tail_index"].max()
        least = true.loc[true["tail_index"] == tail, "campaigns"].min()
        shape = "any tail tried" if tail == heaviest else f"a tail index of at most {tail:g}"
        needed = f"it takes {shape} and {least:,.0f} campaigns"
        met = "no case here meets it" if true.empty else needed
        rates.setdefault(met, []).append(percent(rate))
    cases = [f"where {_either(hits)} of them hit, {met}" for met, hits in rates.items()]
    team = table.loc[table["kind"] == SALES, "population_share"].iloc[0]
    return (
        f'For "{percent(spend_share)} of spend brings {percent(value_share)} of results" to be '
        f"more likely true than not of a set of campaigns: {'; '.join(cases)}; in sales, the top "
        f"{percent(spend_share)} of a team brings {100 * team:.1f} %."
    )


def _either(words: list[str]) -> str:
    """Return the words as a list that ends in "or"."""
    *first, last = words
    return f"{', '.join(first)} or {last}" if first else last
