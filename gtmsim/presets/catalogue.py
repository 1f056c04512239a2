"""Presets by name, and the example plan."""

from __future__ import annotations

from collections.abc import Callable
from difflib import get_close_matches
from functools import lru_cache
from importlib.resources import files

from gtmsim.errors import ArgumentError
from gtmsim.plan import Channel, Plan
from gtmsim.presets import earned, paid, references, sales

_PRESETS: dict[str, Callable[..., Channel]] = {
    preset.__name__: preset
    for preset in (
        paid.paid_search_generic,
        paid.paid_social,
        paid.display,
        earned.events,
        paid.brand,
        earned.influencer_partner,
        earned.content_seo,
        earned.pr_viral,
        references.venture_reference,
        references.essay_extreme,
        sales.enterprise_ae,
        sales.midmarket_ae,
        sales.smb_ae,
        sales.sdr,
    )
}


def names() -> tuple[str, ...]:
    """Return the names of all presets, marketing first.

    Examples
    --------
    >>> names()[:3]
    ('paid_search_generic', 'paid_social', 'display')
    """
    return tuple(_PRESETS)


def get(name: str) -> Callable[..., Channel]:
    """Return the preset of this name: a function that returns a channel.

    Parameters
    ----------
    name : str
        One of ``names()``.

    Raises
    ------
    ArgumentError
        If no preset has this name.

    Examples
    --------
    >>> get("paid_social")(campaigns=40).name
    'paid social'
    """
    if isinstance(name, str) and name in _PRESETS:
        return _PRESETS[name]
    near = get_close_matches(str(name), _PRESETS, n=1, cutoff=0.5)
    fix = f"did you mean {near[0]!r}?" if near else None
    raise ArgumentError("preset", f"must be one of {', '.join(_PRESETS)}", name, fix)


@lru_cache(maxsize=1)
def example_plan() -> Plan:
    """Return the built-in plan: two years of a mid-market software company.

    12 mid-market and 4 enterprise reps, most of them there already and some hired in the first
    year; 300 paid-social creatives, 60 pieces of content and 12 PR bets. It is the commented file
    ``templates/plan.toml``: the presets' numbers, rounded, with backfill and an overhead added.

    Examples
    --------
    >>> [channel.name for channel in example_plan().channels]
    ['mid-market', 'enterprise', 'paid social', 'content', 'PR']
    """
    text = files("gtmsim").joinpath("templates", "plan.toml").read_text(encoding="utf-8")
    return Plan.from_toml_text(text)
