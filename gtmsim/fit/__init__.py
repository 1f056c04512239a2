"""From the exports people have to channels they can simulate.

``read_campaigns``, ``read_reps`` and ``read_opportunities`` turn an export into a tidy frame and
say what they took each column for; ``fit_program``, ``fit_team`` and ``fit_tail`` turn a frame into
a channel, or a tail, with its uncertainty, and say in plain sentences what the history tells and
what it cannot.
"""

from gtmsim.fit.program import FittedClaim, FittedProgram, fit_program
from gtmsim.fit.reading import (
    Reading,
    aliases_table,
    read_campaigns,
    read_opportunities,
    read_reps,
)
from gtmsim.fit.tails import TailFit, fit_tail
from gtmsim.fit.team import FittedTeam, fit_team

__all__ = [
    "FittedClaim",
    "FittedProgram",
    "FittedTeam",
    "Reading",
    "TailFit",
    "aliases_table",
    "fit_program",
    "fit_tail",
    "fit_team",
    "read_campaigns",
    "read_opportunities",
    "read_reps",
]


def __dir__() -> list[str]:
    return __all__
