"""Simulating a plan: from one call to tasks, and from their summaries to a result."""

from gtmsim.simulate.portfolio import scenarios_needed, simulate_portfolio

__all__ = ["scenarios_needed", "simulate_portfolio"]
