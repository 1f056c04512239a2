"""Figures as a reader meets them: with a unit, an interval and no digit that is noise."""

from __future__ import annotations

import math
import unicodedata

from gtmsim.result.display import format_number, format_share
from gtmsim.statistics import Interval

_STANDARD_ERRORS = 1.96
"""Half the width of a 95 % interval."""

_FINEST = 1e-3
"""Of an amount: digits below are of no use to a reader, however well they are known."""


def error_of(interval: Interval) -> float:
    """Return the standard error that an interval stands for: 1 % of a figure that has none.

    Examples
    --------
    >>> round(error_of(Interval(2.0, 1.02, 2.98, 0.95, "normal")), 3)
    0.5
    """
    half = interval.half_width
    return half / _STANDARD_ERRORS if math.isfinite(half) else 0.01 * abs(interval.estimate)


def amount(interval: Interval) -> str:
    """Return an amount with the digits that its interval leaves.

    Examples
    --------
    >>> amount(Interval(1_234_567.0, 1_230_000.0, 1_240_000.0, 0.95, "normal"))
    '1.235M'
    """
    return format_number(interval.estimate, _amount_error(interval))


def rounded(amount: float) -> str:
    """Return an amount with three digits.

    Examples
    --------
    >>> rounded(10_294_832.0)
    '10.3M'
    """
    return format_number(float(f"{amount:.3g}"), 0.0)


def amount_range(interval: Interval) -> str:
    """Return the interval of an amount, or "" if it has none.

    Examples
    --------
    >>> amount_range(Interval(1_234_567.0, 1_230_000.0, 1_240_000.0, 0.95, "normal"))
    '1.230M to 1.240M'
    """
    if not (math.isfinite(interval.half_width) and interval.half_width > 0.0):
        return ""
    error = _amount_error(interval)
    low, high = (format_number(end, error) for end in (interval.low, interval.high))
    return f"{low} to {high}" if low != high else ""


def _amount_error(interval: Interval) -> float:
    return max(error_of(interval), _FINEST * abs(interval.estimate))


def share(interval: Interval) -> str:
    """Return a share in percent with the digits that its interval leaves.

    Examples
    --------
    >>> share(Interval(0.5358, 0.526, 0.5456, 0.95, "Wilson"))
    '53.6 %'
    >>> share(Interval(1.0, 0.9996, 1.0, 0.95, "Wilson"))
    '100 %'
    """
    if interval.estimate in (0.0, 1.0):
        return f"{100.0 * interval.estimate:.0f} %"
    return format_share(interval.estimate, error_of(interval))


def share_range(interval: Interval) -> str:
    """Return the interval of a share in percent, or "" if it has none.

    Examples
    --------
    >>> share_range(Interval(0.5358, 0.526, 0.5456, 0.95, "Wilson"))
    '52.6 to 54.6 %'
    """
    if not interval.half_width > 0.0:
        return ""
    error = error_of(interval)
    low, high = (format_share(end, error) for end in (interval.low, interval.high))
    return f"{low.removesuffix(' %')} to {high}" if low != high else ""


def with_range(shown: str, between: str) -> str:
    """Return a figure with its interval behind it, if it has one.

    Examples
    --------
    >>> with_range("53.6 %", "52.6 to 54.6 %"), with_range("12", "")
    ('53.6 % (52.6 to 54.6 %)', '12')
    """
    return f"{shown} ({between})" if between else shown


def plainly(chance: float) -> str:
    """Return what a chance is in plain words.

    Examples
    --------
    >>> plainly(0.54), plainly(0.95), plainly(0.05)
    ('About an even chance', 'Very likely', 'Very unlikely')
    """
    return next(words for limit, words in _PLAIN if chance >= limit)


_PLAIN = (
    (0.9, "Very likely"),
    (0.7, "Likely"),
    (0.55, "More likely than not"),
    (0.45, "About an even chance"),
    (0.3, "Less likely than not"),
    (0.1, "Unlikely"),
    (0.0, "Very unlikely"),
)


_LONGEST_NAME = 40


def named(name: str) -> str:
    """Return a name for use in a sentence: shortened, and kept from turning its direction.

    Examples
    --------
    >>> named("mid-market"), named("x" * 50)
    ('mid-market', 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…')
    """
    short = name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 1]}…"
    turns = any(unicodedata.bidirectional(letter) in ("R", "AL") for letter in short)
    return f"\u2068{short}\u2069" if turns else short


def listed(items: list[str]) -> str:
    """Return items as they stand in a sentence.

    Examples
    --------
    >>> listed(["a"]), listed(["a", "b", "c"])
    ('a', 'a, b and c')
    """
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}"
