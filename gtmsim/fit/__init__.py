"""From the exports people have to channels they can simulate."""

from gtmsim.fit.program import FittedClaim, FittedProgram, fit_program

__all__ = ["FittedClaim", "FittedProgram", "fit_program"]
