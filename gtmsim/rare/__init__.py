"""Rare events: probabilities, quantiles and means far out in the tail of a plan's value."""

from gtmsim.rare.estimates import (
    RareProbability,
    TailValue,
    expected_shortfall,
    prob_exceeds,
    tail_quantile,
)

__all__ = [
    "RareProbability",
    "TailValue",
    "expected_shortfall",
    "prob_exceeds",
    "tail_quantile",
]
