"""Channels whose parameters are not known: equally likely versions, one for each block."""

from gtmsim.alternatives.blocks import BlockPlans
from gtmsim.alternatives.moments import mixed_moments
from gtmsim.alternatives.versions import (
    Versions,
    check_alternatives,
    plan_of_block,
    version_of_block,
    versions_digest,
)

__all__ = [
    "BlockPlans",
    "Versions",
    "check_alternatives",
    "mixed_moments",
    "plan_of_block",
    "version_of_block",
    "versions_digest",
]
