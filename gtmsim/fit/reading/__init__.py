"""Readers: from the exports that people have to tidy histories, each with a report."""

from gtmsim.fit.reading.aliases import aliases_table
from gtmsim.fit.reading.campaigns import read_campaigns
from gtmsim.fit.reading.opportunities import read_opportunities
from gtmsim.fit.reading.report import Reading
from gtmsim.fit.reading.reps import read_reps

__all__ = ["Reading", "aliases_table", "read_campaigns", "read_opportunities", "read_reps"]
