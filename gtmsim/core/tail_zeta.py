"""The Hurwitz zeta function, scaled, and the exponent of a discrete power law.

With weights w_k = (1 + k / q)**-s, k = 0, 1, ..., a discrete power law on q, q + 1, ... has
P(X = q + k) = w_k / sum(w). Scaled so, nothing underflows. The sum is q**s zeta(s, q): its first
terms one by one, the others by the formula of Euler and Maclaurin.

References
----------
F. Johansson, "Rigorous high-precision computation of the Hurwitz zeta function and its
derivatives", Numerical Algorithms 69 (2015), 253-270, section 2.
"""

from __future__ import annotations

import math
from typing import Final

from gtmsim.core._jit import helper, part

# Where Euler and Maclaurin take over, beyond s; their terms then fall to 1e-16 in eight.
_FAR: Final = 10.0
# What a sum of 1 and more does not notice.
_NOTHING: Final = 1e-18
# B(2k) / (2k)! for k = 1 to 8.
_BERNOULLI: Final = (
    1.0 / 12.0,
    -1.0 / 720.0,
    1.0 / 30240.0,
    -1.0 / 1209600.0,
    1.0 / 47900160.0,
    -691.0 / 1307674368000.0,
    1.0 / 74724249600.0,
    -3617.0 / 10670622842880000.0,
)


@part
def scaled_zeta(s: float, q: float) -> float:
    """Return q**s zeta(s, q), for s > 1 and q > 0; relative error below 1e-14."""
    total, k, w = 0.0, 0.0, 1.0
    while q + k < _FAR + s:
        total += w
        k += 1.0
        w = math.exp(-s * math.log1p(k / q))
        if w < _NOTHING:
            return total
    a = q + k
    term, rest = s / a, a / (s - 1.0) + 0.5
    for n in range(8):
        rest += _BERNOULLI[n] * term
        term *= (s + (2 * n + 1)) * (s + (2 * n + 2)) / (a * a)
    return total + w * rest


@part
def log_moments(s: float, q: float) -> tuple[float, float]:
    """Return mean and variance of log(X / q) under the discrete power law, for s > 1."""
    h0, h1, h2 = 0.0, 0.0, 0.0
    k, w, log = 0.0, 1.0, 0.0
    while q + k < _FAR + s:
        h0 += w
        h1 += w * log
        h2 += w * log * log
        k += 1.0
        log = math.log1p(k / q)
        w = math.exp(-s * log)
        if w < _NOTHING:
            break
    if w >= _NOTHING:
        # The remainder and its first two derivatives in s.
        a, r = q + k, 1.0 / (s - 1.0)
        g0, g1, g2 = a * r + 0.5, -a * r * r, 2.0 * a * r * r * r
        p0, p1, p2 = s / a, 1.0 / a, 0.0
        for n in range(8):
            g0 += _BERNOULLI[n] * p0
            g1 += _BERNOULLI[n] * p1
            g2 += _BERNOULLI[n] * p2
            for i in range(2 * n + 1, 2 * n + 3):
                f = (s + i) / a
                p2 = p2 * f + 2.0 * p1 / a
                p1 = p1 * f + p0 / a
                p0 = p0 * f
        h0 += w * g0
        h1 += w * (log * g0 - g1)
        h2 += w * (log * log * g0 - 2.0 * log * g1 + g2)
    mean = h1 / h0
    return mean, max(h2 / h0 - mean * mean, 0.0)


@part
def discrete_index(mean_log: float, q: float) -> float:
    """Return the survival exponent under which log(X / q) has this mean, above 0.

    Newton's steps in log alpha for the logarithm of the mean, which in the continuous limit is a
    straight line. They begin at equation 3.7 of Clauset, Shalizi and Newman (2009).
    """
    alpha = 1.0 / (mean_log - math.log1p(-0.5 / q))
    target = math.log(mean_log)
    for _ in range(100):
        mean, variance = log_moments(1.0 + alpha, q)
        if variance <= 0.0:
            break
        step = (math.log(mean) - target) * mean / (variance * alpha)
        step = max(min(step, 2.0), -2.0)
        alpha *= math.exp(step)
        if abs(step) < 1e-8:
            break
    return alpha


@helper
def tail_survival(
    discrete: bool, alpha: float, log: float, value: float, minimum: float, scale: float
) -> float:
    """P(X >= value) of a power law from ``minimum`` on; ``log`` is log(value / minimum).

    ``scale`` is the scaled zeta function at the minimum, for a discrete law.
    """
    if discrete:
        s = 1.0 + alpha
        return math.exp(-s * log) * scaled_zeta(s, value) / scale
    return math.exp(-alpha * log)
