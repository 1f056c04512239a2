"""Whether the tail is a power law or something else that looks like one."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
from scipy.special import erfc

from gtmsim.fit.tails.alternatives import (
    Tail,
    exponential_masses,
    lognormal_masses,
    stretched_masses,
)
from gtmsim.fit.tails.truncated import power_law_masses, truncated_masses

UNDECIDED = "cannot distinguish"
POWER_LAW = "power law"

_LAWS = {
    "lognormal": lognormal_masses,
    "exponential": exponential_masses,
    "stretched exponential": stretched_masses,
}
_NESTED = "truncated power law"


def compare_laws(tail: Tail, level: float) -> pd.DataFrame:
    """Return how the alternatives fare against the power law, one a row.

    Parameters
    ----------
    tail : Tail
    level : float
        A verdict is given where p is below 1 - level.

    Returns
    -------
    DataFrame
        ``alternative``; ``log_likelihood_ratio``, above 0 if the power law is likelier; ``vuong``,
        the same in standard errors, NaN for the truncated power law, which contains the power law;
        ``p``; ``verdict``.

    Notes
    -----
    The truncated power law is at least as likely as the power law. If that is the truth, twice the
    difference is 0 with probability 1/2 and else chi-square with one degree of freedom, because
    the truth lies on the boundary. So its verdict is never "power law".

    References
    ----------
    Q. H. Vuong, "Likelihood ratio tests for model selection and non-nested hypotheses",
    Econometrica 57 (1989), 307-333, equation 5.6; S. G. Self and K.-Y. Liang, "Asymptotic
    properties of maximum likelihood estimators and likelihood ratio tests under nonstandard
    conditions", Journal of the American Statistical Association 82 (1987), 605-610, case 5;
    Clauset, Shalizi and Newman (2009), appendix C.

    Examples
    --------
    >>> x = np.sort(np.random.default_rng(1).exponential(size=1_000)) + 1.0
    >>> tail = Tail(x, np.ones(1_000), 1.0, 1.0 / np.log(x).mean(), discrete=False)
    >>> compare_laws(tail, 0.9).set_index("alternative").verdict["exponential"]
    'exponential'
    """
    power = power_law_masses(tail)
    rows = []
    for name, masses in _LAWS.items():
        other = masses(tail)
        # Without a maximum of its own, the alternative is the power law.
        ahead = np.zeros(power.size) if other is None else power - other
        ratio = float(tail.count @ ahead)
        spread = math.sqrt(tail.mean((ahead - ratio / tail.n) ** 2) * tail.n)
        vuong = ratio / spread if spread > 0.0 else 0.0
        rows.append(_row(name, ratio, vuong, float(erfc(abs(vuong) / math.sqrt(2.0))), level))
    cut = truncated_masses(tail)
    ratio = 0.0 if cut is None else min(float(tail.count @ (power - cut)), 0.0)
    p = 0.5 * float(erfc(math.sqrt(-ratio))) if ratio < 0.0 else 1.0
    rows.append(_row(_NESTED, ratio, math.nan, p, level))
    return pd.DataFrame(rows)


def _row(name: str, ratio: float, vuong: float, p: float, level: float) -> dict[str, object]:
    decided = POWER_LAW if ratio > 0.0 else name
    return {
        "alternative": name,
        "log_likelihood_ratio": ratio,
        "vuong": vuong,
        "p": p,
        "verdict": decided if p < 1.0 - level else UNDECIDED,
    }
