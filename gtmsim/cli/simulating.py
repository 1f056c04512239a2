"""How the commands simulate a plan."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gtmsim.plan import Plan
    from gtmsim.result import PortfolioResult

MOST_KEPT = 1_000_000
"""Beyond so many scenarios only their distributions are kept, in constant memory."""


def simulate(plan: Plan, scenarios: int, seed: int | None, workers: int | None) -> PortfolioResult:
    """Simulate a plan, and keep its scenarios where they fit into memory."""
    from gtmsim.simulate import simulate_portfolio

    return simulate_portfolio(
        plan,
        scenarios=scenarios,
        rng=seed,
        workers=workers,
        keep="scenarios" if scenarios <= MOST_KEPT else "summary",
    )
