"""How the commands simulate a plan."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from gtmsim.plan import Plan
    from gtmsim.result import PortfolioResult

MOST_KEPT = 1_000_000
"""Beyond so many scenarios only their distributions are kept, in constant memory."""

Keep: TypeAlias = Literal["scenarios", "parquet", "summary", "auto"]


def simulate(
    plan: Plan,
    scenarios: int,
    seed: int | None,
    workers: int | None,
    *,
    keep: Keep | None = None,
    checkpoint: Path | None = None,
    memory: str | None = None,
) -> PortfolioResult:
    """Simulate a plan, and keep its scenarios where they fit into memory."""
    from gtmsim.simulate import simulate_portfolio

    return simulate_portfolio(
        plan,
        scenarios=scenarios,
        rng=seed,
        workers=workers,
        keep=keep or ("scenarios" if scenarios <= MOST_KEPT else "summary"),
        checkpoint=checkpoint,
        memory=memory,
    )
