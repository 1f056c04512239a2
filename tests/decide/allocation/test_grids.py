"""The search against every mix of ten small problems."""

from __future__ import annotations

from functools import lru_cache

import pytest

from gtmsim.decide.allocation import allocate, search
from tests.decide.allocation.cases import PROBLEMS, best_of_grid

SCENARIOS, SEED = 1_000, 11


RUNS = [
    (name, few)
    for name, problem in PROBLEMS.items()
    for few in (search.EXHAUSTIVE, 0)
    if few == 0 or problem.decide is None
]


@lru_cache
def grid_of(name: str) -> float:
    return best_of_grid(PROBLEMS[name], SCENARIOS, SEED)


@pytest.mark.parametrize(("name", "few"), RUNS)
def test_the_optimum_is_at_least_as_good_as_a_grid(
    name: str, few: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    problem = PROBLEMS[name]
    monkeypatch.setattr(search, "EXHAUSTIVE", few)
    found = allocate(
        problem.budget,
        problem.channels,
        problem.objective,
        problem.constraints,
        horizon=problem.horizon,
        decide=problem.decide,
        scenarios=SCENARIOS,
        rng=SEED,
    )
    whole = problem.decide is None
    assert found.method == ("exhaustive" if whole and few else "search")
    grid = grid_of(name)
    assert found.in_sample >= grid - 1e-9 * abs(grid)
    if whole:
        assert found.in_sample == pytest.approx(grid, rel=1e-9)


def test_a_search_that_looks_nowhere_is_worse(monkeypatch: pytest.MonkeyPatch) -> None:
    # The negative control: an equal split is not taken for the optimum.
    problem = PROBLEMS["target with three channels"]
    monkeypatch.setattr(search, "EXHAUSTIVE", 0)
    monkeypatch.setattr(
        search.Search, "_shaken", lambda self, mix, budget, near: self.equal(budget)
    )
    found = allocate(
        problem.budget,
        problem.channels,
        problem.objective,
        horizon=problem.horizon,
        scenarios=SCENARIOS,
        rng=SEED,
    )
    assert found.in_sample < grid_of("target with three channels") - 0.02
