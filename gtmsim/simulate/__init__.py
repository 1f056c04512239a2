"""Simulating a plan: from one call to tasks, and from their summaries to a result."""

from gtmsim.simulate.portfolio import scenarios_needed, simulate_portfolio
from gtmsim.simulate.replay import replay

__all__ = ["replay", "scenarios_needed", "simulate_portfolio"]
