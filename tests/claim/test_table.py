"""The claim over tails, hit rates and numbers of campaigns."""

from __future__ import annotations

import html
import math
import re
from collections.abc import Callable
from functools import cache

import pandas as pd
import pytest
from scipy.special import ndtr, ndtri

from gtmsim.claim import (
    ClaimTable,
    claim_probability,
    reproduce_claim,
)
from gtmsim.distributions import Pareto
from gtmsim.errors import ArgumentError, ArgumentTypeError

SIZES = (100, 1_000, 10_000)


@cache
def table() -> ClaimTable:
    return reproduce_claim((0.5, 1.5, 3.0), (1.0, 0.3, 0.01), SIZES, scenarios=400, rng=1)


def test_the_table_has_a_row_for_each_case_and_the_sales_team() -> None:
    frame = table().table
    assert list(frame.columns) == [
        "kind",
        "tail_index",
        "hit_rate",
        "campaigns",
        "population_share",
        "median_share",
        "share_p5",
        "share_p95",
        "probability",
        "probability_low",
        "probability_high",
    ]
    bets, team = (frame[frame["kind"] == kind] for kind in ("campaigns", "sales team"))
    assert len(bets) == 27
    assert team["campaigns"].tolist() == list(SIZES)
    for row in bets.to_dict("records"):
        law = Pareto(tail_index=row["tail_index"])
        share = law.top_share(0.01, hit_rate=row["hit_rate"])
        assert row["population_share"] == pytest.approx(share, nan_ok=True)
    one = claim_probability(0.5, 1_000, 0.3, scenarios=400, rng=1)
    same = bets.query("tail_index == 0.5 and hit_rate == 0.3 and campaigns == 1000").iloc[0]
    assert (same["median_share"], same["probability"]) == (one.median_share, one.probability)


def test_sales_stands_beside_it_near_the_share_of_spend() -> None:
    team = table().table.query("kind == 'sales team'")
    expected = ndtr(math.sqrt(math.log(1 + 0.55**2)) + ndtri(0.01))
    assert team["population_share"].to_numpy() == pytest.approx(expected)
    assert 0.03 < expected < 0.04
    assert team["median_share"].iloc[-1] == pytest.approx(expected, rel=0.02)
    assert (team["probability"] == 0.0).all()


def test_the_sentence_follows_from_the_table() -> None:
    assert table().sentence == (
        'For "1 % of spend brings 99 % of results" to be more likely true than not of a set of '
        "campaigns: where 100 % or 30 % of them hit, it takes a tail index of at most 0.5 and "
        "10,000 campaigns; where 1 % of them hit, it takes any tail tried and 1,000 campaigns; in "
        "sales, the top 1 % of a team brings 3.5 %."
    )
    light = reproduce_claim([2.0], [1.0, 0.5, 0.2], [100], value_share=0.8, scenarios=50, rng=1)
    assert light.sentence == (
        'For "1 % of spend brings 80 % of results" to be more likely true than not of a set of '
        "campaigns: where 100 %, 50 % or 20 % of them hit, no case here meets it; in sales, the "
        "top 1 % of a team brings 3.5 %."
    )


def test_the_table_shows_itself() -> None:
    shown, text = table()._repr_html_(), str(table())
    assert table().title in text
    assert " ".join(text.split()).startswith(table().sentence)
    row = table().table.query("tail_index == 1.5 and hit_rate == 1.0 and campaigns == 10000")
    # Never met in 400 scenarios: the cell gives the upper end of the interval.
    cell = f"{row['median_share'].iloc[0]:.3f} (< 0.0095)"
    for form in (html.unescape(shown), text):
        assert all(f"n = {size:,}" in form for size in SIZES)
        assert cell in form
    assert "&quot;1 % of spend brings 99 % of results&quot;" in shown
    assert repr(table()) == text


def test_the_compact_table_has_a_line_per_tail_and_hit_rate() -> None:
    compact = table().compact()
    assert list(compact.columns) == ["n = 100", "n = 1,000", "n = 10,000", "endless"]
    assert len(compact) == 10
    assert compact.loc[("campaigns", "30 %", "1.5"), "endless"] == "0.322"
    assert compact.loc[("campaigns", "30 %", "0.5"), "endless"] == "to 1"


def test_a_seed_replays_the_table_and_a_cap_spares_sales() -> None:
    again = reproduce_claim((0.5, 1.5, 3.0), (1.0, 0.3, 0.01), SIZES, scenarios=400, rng=1)
    pd.testing.assert_frame_equal(again.table, table().table)
    small = {"tail_indices": [0.5], "hit_rates": [1.0], "campaigns": [100]}
    free = reproduce_claim(**small, scenarios=50, rng=1).table  # type: ignore[arg-type]
    capped = reproduce_claim(**small, cap=1.5, scenarios=50, rng=1).table  # type: ignore[arg-type]
    assert capped["median_share"].iloc[0] < free["median_share"].iloc[0]
    assert capped["median_share"].iloc[1] == free["median_share"].iloc[1]


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (
            lambda: reproduce_claim(1.5),  # type: ignore[arg-type]
            ArgumentTypeError,
            "tail_indices: must be a sequence, got 1.5 (write (1.5,))",
        ),
        (
            lambda: reproduce_claim(hit_rates=[]),
            ArgumentError,
            "hit_rates: must hold at least one number, and each only once, got []",
        ),
        (
            lambda: reproduce_claim(campaigns=[100, 100]),
            ArgumentError,
            "campaigns: must hold at least one number, and each only once, got [100, 100]",
        ),
    ],
)
def test_errors(call: Callable[[], object], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=f"^{re.escape(message)}$"):
        call()
