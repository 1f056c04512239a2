"""Where the numbers of a plan come from, as far as it can be told: the presets they equal.

A channel does not say who made it. So its numbers are compared with those of each preset, and what
is said is what is seen: which of them are equal, and what evidence that preset gives.
"""

from __future__ import annotations

import inspect
import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from gtmsim import presets
from gtmsim.plan import Channel, Plan
from gtmsim.report.assumptions import Assumption, assumptions_of
from gtmsim.result import PortfolioResult

_CLOSE = 0.02
"""A number that is rounded is still the preset's."""

_ENOUGH = 0.5
"""Of a channel's beliefs at least so many equal a preset's, or it is not named."""

GRADES = (
    "A: peer-reviewed or primary source. B: report of a vendor or the trade press on a large "
    "primary data set. C: secondary blog or glossary. D: derived from public data. Illustrative: "
    "a judgement."
)


@dataclass(frozen=True)
class Line:
    """An assumption beside what a preset says of it."""

    name: str
    value: str
    standing: str


@dataclass(frozen=True)
class Card:
    """The assumptions of a channel, and the evidence for them.

    Attributes
    ----------
    channel : str
    finding : str
        How many of its numbers equal those of which preset.
    lines : tuple of Line
    evidence, illustrative, sources : str
        Of that preset; empty without one.
    """

    channel: str
    finding: str
    lines: tuple[Line, ...]
    evidence: str = ""
    illustrative: str = ""
    sources: str = ""


def cards(result: PortfolioResult, names: list[str]) -> list[Card]:
    """Return a card for each of the channels named."""
    return [_card(result, result.plan[name]) for name in names]


def _card(result: PortfolioResult, channel: Channel) -> Card:
    own = assumptions_of(channel, result.plan)
    believed = [line for line in own if line.numbers]
    name, equal = _nearest(channel, result.plan, believed)
    versions = result.alternatives.get(channel.name, ())
    varied = ""
    if versions:
        varied = f" {len(versions):,} equally likely versions were simulated; here is the plan's."
    if len(equal) < _ENOUGH * len(believed):
        lines = [Line(a.name, a.value, "your own" if a.numbers else "decided") for a in own]
        finding = f"No preset has these numbers: they are your own.{varied}"
        return Card(channel.name, finding, tuple(lines))
    theirs = {a.name: a for a in _preset_lines(name, result.plan)}
    lines = []
    for line in own:
        standing = "preset" if line.name in equal else "your own"
        if line.numbers and line.name not in equal and line.name in theirs:
            standing = f"your own, preset: {theirs[line.name].value}"
        lines.append(Line(line.name, line.value, standing if line.numbers else "decided"))
    finding = (
        f"{len(equal)} of {len(believed)} assumptions equal those of the preset {name}.{varied}"
    )
    notes = preset_notes(name)
    return Card(channel.name, finding, tuple(lines), *notes)


def _nearest(channel: Channel, plan: Plan, believed: list[Assumption]) -> tuple[str, set[str]]:
    """Return the preset with the most equal numbers, and the names of what is equal."""
    best: tuple[str, set[str]] = "", set()
    for name in presets.names():
        theirs = {a.name: a for a in _preset_lines(name, plan)}
        equal = {
            a.name
            for a in believed
            if type(presets.get(name)()) is type(channel)
            and a.name in theirs
            and _equal(a.numbers, theirs[a.name].numbers)
        }
        if len(equal) > len(best[1]):
            best = name, equal
    return best


@lru_cache(maxsize=64)
def _of_preset(name: str, horizon: int, currency: str) -> tuple[Assumption, ...]:
    preset: Callable[..., Channel] = presets.get(name)
    channel = preset()
    plan = Plan(horizon=horizon, channels=(channel,), currency=currency)
    return tuple(assumptions_of(channel, plan))


def _preset_lines(name: str, plan: Plan) -> tuple[Assumption, ...]:
    return _of_preset(name, 600, plan.currency)


def _equal(ours: tuple[float | str, ...], theirs: tuple[float | str, ...]) -> bool:
    def same(a: float | str, b: float | str) -> bool:
        if isinstance(a, str) or isinstance(b, str):
            return a == b
        return math.isclose(a, b, rel_tol=_CLOSE)

    return len(ours) == len(theirs) and all(map(same, ours, theirs))


def preset_notes(name: str) -> tuple[str, str, str]:
    """Return a preset's evidence, what of it is illustrative, and its sources, each as one line.

    Examples
    --------
    >>> [len(text) > 0 for text in preset_notes("pr_viral")]
    [True, True, True]
    """
    text = inspect.cleandoc(presets.get(name).__doc__ or "")
    found = [
        re.search(pattern, text, re.DOTALL)
        for pattern in (
            r"\nEvidence: (.*?)(?=\nIllustrative:|\n\n)",
            r"\nIllustrative: (.*?)(?=\n\n)",
            r"\nReferences\n-+\n(.*?)(?=\n\n)",
        )
    ]
    evidence, illustrative, sources = (
        " ".join(match[1].replace("`", "").split()) if match else "" for match in found
    )
    return evidence, illustrative, sources
