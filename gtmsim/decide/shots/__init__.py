"""Shots on goal: how many bets, how large, and what one more is worth."""

from gtmsim.decide.shots.marginal import OneMore, value_of_one_more
from gtmsim.decide.shots.needed import CampaignsNeeded, campaigns_needed
from gtmsim.decide.shots.sizes import BigOrSmall, big_or_small

__all__ = [
    "BigOrSmall",
    "CampaignsNeeded",
    "OneMore",
    "big_or_small",
    "campaigns_needed",
    "value_of_one_more",
]
