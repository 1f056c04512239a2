"""A program of campaigns, from its history."""

from gtmsim.fit.program.claims import FittedClaim
from gtmsim.fit.program.fitted import FittedProgram
from gtmsim.fit.program.fitting import fit_program

__all__ = ["FittedClaim", "FittedProgram", "fit_program"]
