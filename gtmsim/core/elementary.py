"""Branch-free log2, exp2 and normal quantile.

The scalar library calls cost 8 to 12 ns and stop vectorisation; these are polynomials that a
compiler turns into vector code. Errors stated here are measured against 50-digit arithmetic in
``tests/core/test_elementary.py``.

References
----------
M. J. Wichura, "Algorithm AS 241: the percentage points of the normal distribution",
Applied Statistics 37 (1988), 477-484 (routine PPND16).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from gtmsim.core._jit import bits_float, float_bits, helper

# 1.5 * 2**52: adding it leaves the nearest integer in the low bits of the sum.
_ROUND = 6755399441055744.0
_ROUND_BITS = np.uint64(0x4338000000000000)
_52 = np.uint64(52)
_BIAS = np.uint64(1023)
_MANTISSA = np.uint64(0x000FFFFFFFFFFFFF)
_ONE_BITS = np.uint64(0x3FF0000000000000)
_SQRT2 = 1.4142135623730951
_LN2 = 0.6931471805599453
LOG2_E = 1.4426950408889634


_63 = np.uint64(63)


@helper
def exceeds(x: float, y: float) -> Any:
    """Return 1 if x > y else 0, for finite numbers: the sign bit of y - x, where -0 is made 0.

    A comparison would become a branch, and a mispredicted branch costs more than the subtraction.
    """
    return np.int64(float_bits((y - x) + 0.0) >> _63)


@helper
def exp2(x: float) -> float:
    """2**x, clamped to [2**-1022, 2**1023]; relative error below 4e-16 plus |x| * 1e-16."""
    x = x if x < 1023.0 else 1023.0
    x = x if x > -1022.0 else -1022.0
    shifted = x + _ROUND
    f = x - (shifted - _ROUND)
    scale = bits_float((float_bits(shifted) - _ROUND_BITS + _BIAS) << _52)
    f2 = f * f
    f4 = f2 * f2
    p0 = (1.0 + f * 0.6931471805599453) + f2 * (0.24022650695910158 + f * 0.0555041086648217)
    p1 = (0.009618129107587253 + f * 0.001333355814639035) + f2 * (
        0.00015403530463727982 + f * 1.5252733856295574e-05
    )
    p2 = (1.3215432534254118e-06 + f * 1.0178051192117847e-07) + f2 * (
        7.074194562613105e-09 + f * 4.456675463639861e-10
    )
    return scale * (p0 + f4 * (p1 + f4 * p2))


@helper
def log2(x: float) -> float:
    """Binary logarithm of a normal positive float64; error below 3e-16 * max(1, |log2 x|)."""
    bits = float_bits(x)
    exponent = np.float64(np.int64(bits >> _52) - 1023)
    m = bits_float((bits & _MANTISSA) | _ONE_BITS)
    upper = m > _SQRT2
    m = m * 0.5 if upper else m
    exponent = exponent + 1.0 if upper else exponent
    s = (m - 1.0) / (m + 1.0)
    z = s * s
    z2 = z * z
    q0 = (2.8853900817779268 + z * 0.9617966939259898) + z2 * (
        0.5770780163454805 + z * 0.412198585848995
    )
    q1 = (0.32059853412766626 + z * 0.2623343917068792) + z2 * (
        0.22091211514218184 + z * 0.21366836734234657
    )
    return exponent + s * (q0 + (z2 * z2) * q1)


@helper
def upper_normal_quantile(p: float) -> float:
    """z >= 0 with P(Z > z) = p, for p in (0, 1/2]; relative error below 3e-15.

    The three regions of AS 241 share one rational function whose coefficients are chosen per lane,
    so that no branch is left. ``p`` is a tail probability: extremes down to 2**-65 are exact.
    """
    q = 0.5 - p
    centre = q <= 0.425
    tail = math.sqrt(-_LN2 * log2(p))
    far = tail > 5.0
    r = tail - 5.0 if far else tail - 1.6
    r = 0.180625 - q * q if centre else r
    n0 = 6.65790464350110377720 if far else 1.42343711074968357734
    n1 = 5.46378491116411436990 if far else 4.63033784615654529590
    n2 = 1.78482653991729133580 if far else 5.76949722146069140550
    n3 = 2.96560571828504891230e-1 if far else 3.64784832476320460504
    n4 = 2.65321895265761230930e-2 if far else 1.27045825245236838258
    n5 = 1.24266094738807843860e-3 if far else 2.41780725177450611770e-1
    n6 = 2.71155556874348757815e-5 if far else 2.27238449892691845833e-2
    n7 = 2.01033439929228813265e-7 if far else 7.74545014278341407640e-4
    d1 = 5.99832206555887937690e-1 if far else 2.05319162663775882187
    d2 = 1.36929880922735805310e-1 if far else 1.67638483018380384940
    d3 = 1.48753612908506148525e-2 if far else 6.89767334985100004550e-1
    d4 = 7.86869131145613259100e-4 if far else 1.48103976427480074590e-1
    d5 = 1.84631831751005468180e-5 if far else 1.51986665636164571966e-2
    d6 = 1.42151175831644588870e-7 if far else 5.47593808499534494600e-4
    d7 = 2.04426310338993978564e-15 if far else 1.05075007164441684324e-9
    n0 = 3.3871328727963666080 if centre else n0
    n1 = 1.3314166789178437745e2 if centre else n1
    n2 = 1.9715909503065514427e3 if centre else n2
    n3 = 1.3731693765509461125e4 if centre else n3
    n4 = 4.5921953931549871457e4 if centre else n4
    n5 = 6.7265770927008700853e4 if centre else n5
    n6 = 3.3430575583588128105e4 if centre else n6
    n7 = 2.5090809287301226727e3 if centre else n7
    d1 = 4.2313330701600911252e1 if centre else d1
    d2 = 6.8718700749205790830e2 if centre else d2
    d3 = 5.3941960214247511077e3 if centre else d3
    d4 = 2.1213794301586595867e4 if centre else d4
    d5 = 3.9307895800092710610e4 if centre else d5
    d6 = 2.8729085735721942674e4 if centre else d6
    d7 = 5.2264952788528545610e3 if centre else d7
    top = ((((((n7 * r + n6) * r + n5) * r + n4) * r + n3) * r + n2) * r + n1) * r + n0
    bottom = ((((((d7 * r + d6) * r + d5) * r + d4) * r + d3) * r + d2) * r + d1) * r + 1.0
    ratio = top / bottom
    return q * ratio if centre else ratio
