"""The first scenarios of a run, in order."""

from __future__ import annotations

from gtmsim.result import PortfolioResult
from gtmsim.simulate import simulate_portfolio

REDRAWN = 20_000
"""Scenarios that are drawn again of a run that kept only its summary."""


def with_scenarios(result: PortfolioResult) -> PortfolioResult:
    """Return a result with its scenarios: itself, or the first ones of the same run, drawn again.

    The first scenarios of a longer run are those of a shorter one, to the last bit.

    Examples
    --------
    >>> from gtmsim.presets import example_plan
    >>> run = {"plan": example_plan(), "scenarios": 500, "rng": 7}
    >>> kept, summary = simulate_portfolio(**run), simulate_portfolio(**run, keep="summary")
    >>> with_scenarios(kept) is kept
    True
    >>> bool((with_scenarios(summary).values() == kept.values()).all())
    True
    """
    if result.kept is not None:
        return result
    return simulate_portfolio(
        result.plan,
        scenarios=min(result.scenarios, REDRAWN),
        rng=result.seed,
        progress=False,
        alternatives=result.alternatives or None,
    )


def which(result: PortfolioResult) -> str:
    """Return in words which scenarios :func:`with_scenarios` returns.

    Examples
    --------
    >>> from gtmsim.presets import example_plan
    >>> which(simulate_portfolio(example_plan(), scenarios=500, rng=7))
    '500 scenarios'
    """
    if result.kept is not None or result.scenarios <= REDRAWN:
        return f"{result.scenarios:,} scenarios"
    return f"the first {REDRAWN:,} of {result.scenarios:,} scenarios"
