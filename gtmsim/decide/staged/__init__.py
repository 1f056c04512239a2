"""Staged bets and budgets that move: what learning is worth, and how much to spend on it."""

from gtmsim.decide.staged.explore import ExploreShare, explore_share
from gtmsim.decide.staged.reallocation import Reallocation, reallocate
from gtmsim.decide.staged.value import (
    StagingByTail,
    StagingValue,
    staging_by_tail,
    value_of_staging,
)

__all__ = [
    "ExploreShare",
    "Reallocation",
    "StagingByTail",
    "StagingValue",
    "explore_share",
    "reallocate",
    "staging_by_tail",
    "value_of_staging",
]
