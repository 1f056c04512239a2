"""A sales team fitted to the history of its reps or of their opportunities."""

from gtmsim.fit.team.fit import fit_team
from gtmsim.fit.team.fitted import FittedTeam

__all__ = ["FittedTeam", "fit_team"]
