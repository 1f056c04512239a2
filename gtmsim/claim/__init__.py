"""The claim "1 % of spend brings 99 % of results", turned around to say when it is true.

It is a statement about tail, hit rate and number of campaigns together. `alpha_for_claim` answers
for an endless population, `claim_probability` for a set of campaigns, `campaigns_for_claim` says
how many it takes, and `reproduce_claim` lays out all three beside a sales team.
"""

from gtmsim.claim.closed_form import alpha_for_claim
from gtmsim.claim.probability import ClaimProbability, claim_probability
from gtmsim.claim.search import CampaignsForClaim, campaigns_for_claim
from gtmsim.claim.table import ClaimTable, reproduce_claim

__all__ = [
    "CampaignsForClaim",
    "ClaimProbability",
    "ClaimTable",
    "alpha_for_claim",
    "campaigns_for_claim",
    "claim_probability",
    "reproduce_claim",
]
