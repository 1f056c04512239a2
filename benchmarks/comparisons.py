"""One table: jobs x methods. A new peer is one entry here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import gtmsim_methods as ours
import numpy_peers as peers
from jobs import CLAIM, PORTFOLIO, TOTAL, Job

from gtmsim import Plan


@dataclass(frozen=True)
class Comparison:
    """A job and the methods that do it; each takes the plan and returns what is timed."""

    job: Job
    methods: dict[str, Callable[[Plan], peers.Method]]
    baselines: dict[str, Callable[[Plan], peers.Method]]


COMPARISONS: dict[str, Comparison] = {
    "J1": Comparison(
        CLAIM,
        {
            "gtmsim, kernel": ours.claim_kernel(top=True),
            "gtmsim, public": ours.claim_public(top=True),
        },
        {
            "numpy, hits only": peers.claim("hits", top=True),
            "numpy, all": peers.claim("all", top=True),
            "numpy, counted": peers.claim("counted", top=True),
        },
    ),
    "J2": Comparison(
        PORTFOLIO,
        {"gtmsim, kernel": ours.portfolio_kernel, "gtmsim, public": ours.portfolio_public},
        {
            "numpy, hits only": peers.portfolio("hits"),
            "numpy, all": peers.portfolio("all"),
            "numpy, counted": peers.portfolio("counted"),
        },
    ),
    "J3": Comparison(
        TOTAL,
        {
            "gtmsim, kernel": ours.claim_kernel(top=False),
            "gtmsim, public": ours.claim_public(top=False),
        },
        {
            "numpy, hits only": peers.claim("hits", top=False),
            "numpy, all": peers.claim("all", top=False),
            "numpy, counted": peers.claim("counted", top=False),
        },
    ),
}
