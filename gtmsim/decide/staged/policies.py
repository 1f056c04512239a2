"""How a budget moves between programs from quarter to quarter: policies and what they know."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

import numpy as np

from gtmsim.core._types import Floats

_DRAWS = 64
"""Posterior draws of Thompson's policy in each quarter."""


class Prior(NamedTuple):
    """What a plan says of its programs, (program,) each.

    ``luck_sigma`` is the log-sd of a program's own luck, ``log_mean`` and ``log_variance`` the
    moments of the logarithm of a hit's multiple as it is seen, and ``worth`` the value per 1 spent
    that is expected of a program of average luck.
    """

    luck_sigma: Floats
    log_mean: Floats
    log_variance: Floats
    worth: Floats


class History(NamedTuple):
    """What has been seen before a quarter, (scenario, program) each.

    ``value`` and ``spend`` are totals; ``hits`` counts the campaigns that hit and ``logs`` adds up
    the logarithms of their multiples.
    """

    value: Floats
    spend: Floats
    hits: Floats
    logs: Floats


Policy = Callable[[Prior, History, Floats, Floats], Floats]
"""From what is known, the planned budgets (program,) of the quarter, of which one at least is
above 0, and standard normals (scenario, draw, program) to shares of it (scenario, program)."""


def inert(prior: Prior, history: History, planned: Floats, normals: Floats) -> Floats:
    """Stay with the plan.

    Examples
    --------
    >>> none = np.zeros((1, 2))
    >>> prior = Prior(none[0], none[0], none[0], none[0])
    >>> inert(prior, History(none, none, none, none), np.array([30.0, 10.0]), none).tolist()
    [[0.75, 0.25]]
    """
    return np.broadcast_to(planned / planned.sum(), history.value.shape)


def proportional(prior: Prior, history: History, planned: Floats, normals: Floats) -> Floats:
    """Give by the return on what was spent so far; before there is any, stay with the plan.

    Examples
    --------
    >>> one, none = np.ones((1, 2)), np.zeros((1, 2))
    >>> prior = Prior(none[0], none[0], none[0], none[0])
    >>> seen = History(np.array([[1.0, 3.0]]), one, one, one)
    >>> proportional(prior, seen, np.array([10.0, 10.0]), none).tolist()
    [[0.25, 0.75]]
    """
    spent = np.where(history.spend > 0.0, history.spend, 1.0)
    score = planned * history.value / spent
    total = score.sum(axis=1, keepdims=True)
    shares = np.where(total > 0.0, score, planned)
    return np.asarray(shares / shares.sum(axis=1, keepdims=True))


def thompson(prior: Prior, history: History, planned: Floats, normals: Floats) -> Floats:
    """Give each program its chance to be the best one, as far as is known (Thompson sampling).

    Notes
    -----
    A program's luck L is lognormal with mean 1 and log-sd s; a hit shows log L plus the logarithm
    of its multiple, whose mean m and variance v the plan knows. Taken as normal, it makes the
    posterior of log L normal with precision 1 / s**2 + n / v after n hits, and with mean
    (-1/2 + sum(log x - m) / v) / precision. That is exact for a lognormal multiple; for others it
    is the best linear rule, which no single big win can lead astray. L times the expected worth is
    drawn 64 times for all programs, and a program gets the share of draws in which it leads.

    References
    ----------
    W. R. Thompson, "On the likelihood that one unknown probability exceeds another in view of the
    evidence of two samples", Biometrika 25 (1933), 285-294; A. Gelman et al., "Bayesian data
    analysis", 3rd edition (2013), section 2.5 (normal mean with known variance).

    Examples
    --------
    >>> zero, one = np.zeros(2), np.ones(2)
    >>> seen = History(*np.ones((3, 1, 2)), logs=np.array([[9.0, -9.0]]))
    >>> normals = np.zeros((1, 64, 2))
    >>> thompson(Prior(one, zero, one, one), seen, one, normals).tolist()
    [[1.0, 0.0]]
    """
    variance = prior.luck_sigma**2
    v = np.where(prior.log_variance > 0.0, prior.log_variance, 1e-12)
    # Precision times the prior's variance, so that a program without luck keeps its certainty.
    weight = 1.0 + history.hits * variance / v
    told = (history.logs - history.hits * prior.log_mean) / v
    mean = variance * (told - 0.5) / weight
    sd = prior.luck_sigma / np.sqrt(weight)
    with np.errstate(divide="ignore"):
        level = np.where(planned > 0.0, np.log(prior.worth), -np.inf)
    drawn = mean[:, None, :] + sd[:, None, :] * normals + level
    best = drawn == drawn.max(axis=2, keepdims=True)
    # Programs that are equally good for certain share.
    return np.asarray(np.mean(best / best.sum(axis=2, keepdims=True), axis=1))


POLICIES: Final[dict[str, Policy]] = {
    "inert": inert,
    "proportional": proportional,
    "thompson": thompson,
}
"""Policies by name."""


def posterior_normals(rng: np.random.Generator, scenarios: int, programs: int) -> Floats:
    """Return what Thompson's policy draws from in one quarter, (scenario, draw, program).

    Examples
    --------
    >>> posterior_normals(np.random.default_rng(1), 2, 3).shape
    (2, 64, 3)
    """
    return rng.standard_normal((scenarios, _DRAWS, programs))
