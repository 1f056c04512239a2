"""Plans: what will be spent, when, and what is believed about it."""

from gtmsim.plan.campaigns import CampaignProgram
from gtmsim.plan.plan import Channel, Plan
from gtmsim.plan.ramp import Ramp
from gtmsim.plan.sales import SalesTeam
from gtmsim.plan.staging import Staging

__all__ = ["CampaignProgram", "Channel", "Plan", "Ramp", "SalesTeam", "Staging"]
