"""Where the money goes: the best mix for a budget, and the smallest budget for a target."""

from gtmsim.decide.allocation.allocate import allocate
from gtmsim.decide.allocation.allocation import Allocation
from gtmsim.decide.allocation.budget import SmallestBudget, smallest_budget
from gtmsim.decide.allocation.constraints import (
    Barbell,
    Bounds,
    CashFloor,
    Fixed,
    MinimumCampaign,
)
from gtmsim.decide.allocation.objectives import (
    Kelly,
    MeanLessCVaR,
    Median,
    ProbAtLeast,
    Quantile,
)

__all__ = [
    "Allocation",
    "Barbell",
    "Bounds",
    "CashFloor",
    "Fixed",
    "Kelly",
    "MeanLessCVaR",
    "Median",
    "MinimumCampaign",
    "ProbAtLeast",
    "Quantile",
    "SmallestBudget",
    "allocate",
    "smallest_budget",
]
