"""The picture of the claim: where it is more likely than not, in numbers and in words."""

from __future__ import annotations

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib import colormaps
from matplotlib.colors import to_rgb

import gtmsim as gtm
from gtmsim import plots
from gtmsim.claim import ClaimTable
from gtmsim.plots._cells import DARK, WHITE, ink_on
from tests.images import assert_like_baseline, difference
from tests.plots.cases import line, overlaps, title


@pytest.fixture(scope="module")
def table() -> ClaimTable:
    return gtm.reproduce_claim(
        (0.5, 0.8, 1.2), (0.1, 1.0), (100, 1_000, 10_000), scenarios=400, rng=7
    )


def test_data_are_the_tables(table: ClaimTable) -> None:
    data = plots.claim_surface_data(table)
    assert data["hit_rate"].unique().tolist() == [0.1]
    every = plots.claim_surface_data(table, 1.0)
    assert every["probability"].iloc[0] < data["probability"].iloc[0]
    for row in data.itertuples():
        found = gtm.claim_probability(
            row.tail_index, row.campaigns, 0.1, scenarios=400, rng=table.seed
        )
        assert row.probability == found.probability
        assert (row.probability_low, row.probability_high) == found.interval


def test_it_computes_what_it_is_not_given() -> None:
    fields = {"tail_indices": (0.5, 1.5), "campaigns": (100, 1_000), "scenarios": 200, "rng": 7}
    data = plots.claim_surface_data(None, 0.3, **fields)
    made = gtm.reproduce_claim((0.5, 1.5), (0.3,), (100, 1_000), scenarios=200, rng=7)
    pd.testing.assert_frame_equal(data, plots.claim_surface_data(made))
    assert len(plots.claim_surface(None, 0.3, **fields).texts) == 4


def test_cells_are_those_of_the_data(table: ClaimTable) -> None:
    ax = plots.claim_surface(table, 0.1)
    data = plots.claim_surface_data(table, 0.1)
    np.testing.assert_allclose(ax.collections[0].get_array().ravel(), 100.0 * data["probability"])
    for text, row in zip(ax.texts, data.itertuples(), strict=True):
        half = 50.0 * (row.probability_high - row.probability_low)
        shown = f"{100 * row.probability:.0f} \u00b1{max(half, 1.0):.0f}"
        if row.probability < 0.01:
            shown = "< 1" if row.probability else "0"
        assert text.get_text() == ("100" if row.probability == 1.0 else shown)
    assert [t.get_text() for t in ax.get_xticklabels()] == ["100", "1,000", "10,000"]
    assert [t.get_text() for t in ax.get_yticklabels()] == ["0.5", "0.8", "1.2"]
    assert "of which 10 % hit" in ax.get_xlabel()
    assert "in sales the same 1 % brings 3.5 %" in ax.get_xlabel()


def test_the_line_parts_what_is_likely_from_what_is_not(table: ClaimTable) -> None:
    ax = plots.claim_surface(table, 0.1)
    wide = plots.claim_surface_data(table, 0.1).pivot_table(
        values="probability", index="tail_index", columns="campaigns"
    )
    likely = wide.to_numpy() >= 0.5
    # Only the largest set with the heaviest tail has it: one cell, at the lower right.
    assert np.argwhere(likely).tolist() == [[0, 2]]
    x, y = line(ax, "even chance").get_data()
    ends = {(a, b) for a, b in zip(x, y, strict=True) if not np.isnan(a)}
    assert ends == {(1.5, -0.5), (1.5, 0.5), (2.5, 0.5)}
    assert "with a tail index of at most 0.5, and then from 10,000 campaigns on" in title(ax)


@pytest.mark.parametrize(
    ("tails", "campaigns", "hit_rate", "words"),
    [
        ((1.5, 2.0), (100,), 1.0, "less likely than not in all of these cases"),
        ((0.15,), (10_000,), 1.0, "more likely than not in all of these cases"),
        ((0.5, 3.0), (100, 20_000), 0.01, "even with a tail index of 3"),
    ],
)
def test_the_title_says_where(
    tails: tuple[float, ...], campaigns: tuple[int, ...], hit_rate: float, words: str
) -> None:
    ax = plots.claim_surface(
        None, hit_rate, tail_indices=tails, campaigns=campaigns, value_share=0.7, spend_share=0.01,
        scenarios=100, rng=7,
    )  # fmt: skip
    assert words in title(ax)
    assert title(ax).startswith('"1 % of spend brings 70 %" is ')


def test_ink_can_be_read_on_every_cell() -> None:
    def light(color: tuple[float, ...]) -> float:
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in color]
        return float(np.dot([0.2126, 0.7152, 0.0722], linear))

    def contrast(share: float, ink: str) -> float:
        low, high = sorted((light(colormaps["cividis"](share)[:3]), light(to_rgb(ink))))
        return (high + 0.05) / (low + 0.05)

    shares = np.linspace(0.0, 1.0, 101)
    assert min(contrast(s, ink_on(s)) for s in shares) > 4.0
    for ink in (DARK, WHITE):  # one ink alone would not do
        assert min(contrast(s, ink) for s in shares) < 2.0


def test_many_cells_have_a_bar_and_no_numbers() -> None:
    tails = tuple(0.3 + 0.05 * i for i in range(40))
    ax = plots.claim_surface(None, 0.1, tail_indices=tails, campaigns=(50, 60), scenarios=20, rng=7)
    assert not ax.texts
    assert len(ax.figure.axes) == 2
    assert not overlaps(ax)


def test_it_draws_on_given_axes_and_nothing_overlaps(table: ClaimTable) -> None:
    ax = plt.figure().add_subplot()
    assert plots.claim_surface(table, ax=ax) is ax
    assert not overlaps(plots.claim_surface(rng=7, scenarios=50))


def test_it_looks_as_it_did(
    table: ClaimTable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert_like_baseline(plots.claim_surface(table, 0.1), "claim_surface", tmp_path)
    # That of another hit rate is seen to differ; it must never become the baseline.
    monkeypatch.delenv("GTMSIM_BASELINE", raising=False)
    assert difference(plots.claim_surface(table, 1.0), "claim_surface", tmp_path) > 0.0


def test_bad_arguments_are_refused(table: ClaimTable) -> None:
    match = r"hit_rate: must be one of the table's: 0.1, 1, got 0.2"
    with pytest.raises(gtm.ArgumentError, match=match):
        plots.claim_surface(table, 0.2)
    match = r"table: must be what reproduce_claim returns, got 'claim' \(leave it out"
    with pytest.raises(gtm.ArgumentTypeError, match=match):
        plots.claim_surface("claim")  # type: ignore[arg-type]
    assert plt.get_fignums() == []
