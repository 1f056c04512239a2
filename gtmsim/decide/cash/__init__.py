"""Cash: when a plan pays back, how much it needs before, and what it yields."""

from gtmsim.decide.cash.figures import Cash
from gtmsim.decide.cash.run import cash

__all__ = ["Cash", "cash"]
