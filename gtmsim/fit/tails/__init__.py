"""The tail of a history: whether it is a power law, and with which tail index."""

from gtmsim.fit.tails.fit import fit_tail
from gtmsim.fit.tails.result import TailFit

__all__ = ["TailFit", "fit_tail"]
