"""One table of jobs and the methods that do them: the checks, the times and the tests read it.

A new peer is a module in ``benchmarks/peers`` and an entry here.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec

from benchmarks.jobs import JOBS
from benchmarks.methods import Method, Prepare
from gtmsim import Plan


@dataclass(frozen=True)
class Entry:
    """A method of a package.

    Attributes
    ----------
    name : str
        As printed.
    package : str
        What must be installed, and what selects the entry on the command line.
    where : str
        Module and name of a table of jobs. It is imported only when used: some packages take
        seconds.
    jobs : tuple of str
    share : int
        It is timed on one in so many of a job's scenarios, where it is slow.
    """

    name: str
    package: str
    where: str
    jobs: tuple[str, ...] = ("J1", "J2", "J3")
    share: int = 1

    @property
    def installed(self) -> bool:
        """Whether the package can be imported."""
        return find_spec(self.package) is not None

    def prepare(self, job: str, plan: Plan) -> Method:
        """Return the method for a job's plan."""
        module, _, table = self.where.partition(":")
        jobs: dict[str, Prepare] = getattr(import_module(f"benchmarks.{module}"), table)
        return jobs[job](plan)

    def scenarios(self, job: str) -> int:
        """Scenarios that it is timed on."""
        return JOBS[job].scenarios // self.share


KERNEL = Entry("gtmsim, kernel", "gtmsim", "ours:KERNEL")
PUBLIC = Entry("gtmsim, public", "gtmsim", "ours:PUBLIC")
OURS = (KERNEL, PUBLIC)

_CLAIMS = ("J1", "J3")

PEERS = (
    Entry("chunked numpy", "numpy", "peers.numpy:HITS_ONLY"),
    Entry("chunked numpy, all", "numpy", "peers.numpy:ALL"),
    Entry("chunked numpy, counted", "numpy", "peers.numpy:COUNTED"),
    Entry("plain numba", "numba", "peers.numba:METHODS"),
    Entry("JAX", "jax", "peers.jax:METHODS", share=4),
    Entry("scipy.stats", "scipy", "peers.scipy:METHODS", _CLAIMS),
    Entry("pandas", "pandas", "peers.pandas:METHODS", _CLAIMS, share=8),
    Entry("squigglepy", "squigglepy", "peers.squigglepy:METHODS", _CLAIMS, share=4),
    Entry("monaco", "monaco", "peers.monaco:METHODS", _CLAIMS, share=8),
    Entry("PyMC", "pymc", "peers.pymc:METHODS", _CLAIMS, share=4),
)
"""The first is the reference that claims of speed are made against."""

PACKAGES = tuple(dict.fromkeys(peer.package for peer in PEERS))
