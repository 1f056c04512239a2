"""A fit in five plain sentences."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gtmsim.fit.program.fitted import FittedProgram

SURE = 0.95
"""Probability of a family from which the others are said to be told apart."""

_SETTLED = 0.15
"""Relative half-width at which a shape counts as known."""

_MOST_SAID = 1e6


def explained(fit: FittedProgram) -> tuple[str, ...]:
    """Return the five sentences of FittedProgram.explain."""
    return _found(fit), _zeros(fit), _mean(fit), _settles(fit), _assumed(fit)


def _found(fit: FittedProgram) -> str:
    rate, low, high = fit.interval(fit.posterior.hit_rate)
    ranked = sorted(fit.families.items(), key=lambda item: -item[1])
    if len(ranked) == 1:
        law = f"a {_LONG[ranked[0][0]]} was asked for"
    elif ranked[0][1] >= SURE:
        law = f"a hit's multiple is {_LONG[ranked[0][0]]} with a probability of {_p(ranked[0][1])}"
    else:
        rivals = [name for name, chance in ranked if chance >= 1.0 - SURE]
        law = f"the history cannot distinguish {' from '.join(_LONG[name] for name in rivals)}"
        others = [name for name, _ in ranked if name not in rivals]
        if others:
            law += f", and speaks against {' and '.join(_LONG[name] for name in others)}"
    names = {"sigma": "log-sd", "tail_index": "tail index", "tail_share": "share of hits in it"}
    shapes = "; ".join(
        f"{names[name]} {_range(fit.interval(values))}" for name, values in fit.shapes().items()
    )
    return (
        f"Of {fit.campaigns.size:,} campaigns {fit.campaigns.hits:,} returned something; the hit "
        f"rate is {_p(rate)} ({_p(low)} to {_p(high)}), and {law} ({fit.family}: {shapes})."
    )


def _zeros(fit: FittedProgram) -> str:
    zeros = fit.campaigns.size - fit.campaigns.hits
    if not zeros:
        return "No campaign returned nothing."
    share = f"{zeros / fit.campaigns.size:.0%} of campaigns returned nothing"
    if fit.campaigns.count is None:
        return (
            f"{share}; without conversions there is no count noise to take off, so all are misses."
        )
    said = (
        f"{share}; count noise alone, as of hits too small to have shown a conversion, explains "
        f"{fit.zeros_by_noise:.0%} of them"
    )
    if fit.baseline:
        said += (
            f", and {fit.baseline:.2g} conversions a campaign come without any spend, which are "
            "not counted as its return"
        )
    return said + "."


def _mean(fit: FittedProgram) -> str:
    exists = fit.mean_exists
    if exists == 0.0:
        return (
            "The mean does not exist: the tail index is below 1, so quantiles and chances are what "
            "can be planned with, or a cap, which is the market's size."
        )
    middle, low, high = fit.interval(fit.posterior.mean)
    top = "no end" if math.isinf(high) else f"{high:.3g}"
    if fit.cap is not None:
        return (
            f"The mean multiple exists because of the cap of {fit.cap:g} ({fit.cap_source}) and is "
            f"{middle:.3g} ({low:.3g} to {top})."
        )
    if exists == 1.0:
        return (
            f"The mean multiple exists and is {middle:.3g} ({low:.3g} to {top}), misses included."
        )
    return (
        f"The mean multiple exists with a probability of {_p(exists)} only, so plan with quantiles "
        "and chances, or give a cap, which is the market's size."
    )


def _settles(fit: FittedProgram) -> str:
    name, values = list(fit.shapes().items())[-1]
    _, low, high = fit.interval(values)
    half = 0.5 * math.log(high / low)
    word = {"sigma": "the log-sd of a hit", "tail_index": "the tail index"}[name]
    known = f"{word} is known to {half:.0%}"
    if half > 1.0:
        known = f"{word} is known to a factor of {math.exp(half):.2g} only"
    if half <= _SETTLED:
        return f"{known[0].upper()}{known[1:]}."
    total = fit.campaigns.size * (half / _SETTLED) ** 2
    count = "more than a million" if total > _MOST_SAID else f"about {_round(total):,}"
    return (
        f"{known[0].upper()}{known[1:]}, and {count} campaigns like these in all would make it "
        f"{_SETTLED:.0%}."
    )


def _assumed(fit: FittedProgram) -> str:
    if fit.prior is None:
        said = "Nothing was shrunk"
    else:
        own = fit.own_weight()
        parts = [f"{name.replace('_', ' ')} {1.0 - share:.0%}" for name, share in own.items()]
        said = f"The preset {fit.prior.name} weighs {', '.join(parts)}, the history the rest"
    if fit.preset is not None:
        said += (
            f"; carryover, shared luck{_cap(fit)} are those of {fit.preset.name}, for no export "
            "shows them"
        )
    if fit.incrementality is None:
        said += "; what is attributed is counted as incremental until incrementality is given"
    return said + "."


def _cap(fit: FittedProgram) -> str:
    return " and the cap" if fit.cap_source.startswith("preset") else ""


_LONG = {
    "lognormal": "lognormal",
    "lomax": "a power law (Lomax)",
    "spliced": "a lognormal with a power-law tail",
}


def _range(interval: tuple[float, float, float]) -> str:
    middle, low, high = interval
    return f"{middle:.2g} ({low:.2g} to {high:.2g})"


def _p(share: float) -> str:
    return f"{100.0 * share:.3g} %"


def _round(count: float) -> int:
    digits = math.floor(math.log10(count)) - 1
    step = 10.0**digits
    return round(math.ceil(count / step) * step)
