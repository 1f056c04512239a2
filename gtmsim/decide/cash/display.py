"""Cash as it is shown, with as many digits as its Monte Carlo error supports."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pandas as pd

from gtmsim.notebook import Block
from gtmsim.result.display import format_number, format_share
from gtmsim.statistics import Interval

if TYPE_CHECKING:
    from gtmsim.decide.cash.figures import Cash


def cash_block(flow: Cash) -> Block:
    """Return what is shown: what a planner would say, and the figures."""
    plan = flow.plan
    rows = {name: _texts(flow.row(name)) for name in (*flow.channels, "portfolio")}
    table = pd.DataFrame.from_dict(rows, orient="index").fillna("").rename_axis("channel")
    head = f"cash of {plan.name}: {plan.horizon} months, {flow.scenarios:,} scenarios"
    return Block(cash_words(flow), [f"{head}, seed {flow.seed}"], table)


def cash_words(flow: Cash) -> str:
    """Return what a planner would say of it, in a few sentences."""
    plan, horizon = flow.plan, flow.plan.horizon
    middle = flow.quantile("payback", 0.5).estimate
    when = f"within {middle:.0f}" if math.isfinite(middle) else "not within them"
    need = _amount(flow.quantile("peak_funding", 0.9))
    sentences = [
        f"{plan.name} pays back within its {horizon} months with probability "
        f"{_share(flow.prob_payback(horizon))}, half of the time {when}",
        f"With 90 % probability it needs no more than {need} {plan.currency} before",
    ]
    if flow.opening:
        opening, ruin = format_number(flow.opening, 0.0), _share(flow.prob_ruin())
        sentences.append(f"The opening {opening} runs out with {ruin}")
    for rate in flow.discount_rates:
        worth = _amount(flow.quantile("npv", 0.5, rate=rate))
        sentences.append(
            f"At {100.0 * rate:g} % a year its median worth is {worth}, and it is below 0 "
            f"with {_share(flow.prob_negative(rate))}"
        )
    return ". ".join(sentences) + "."


def _texts(row: dict[str, Interval]) -> dict[str, str]:
    return {
        figure: _share(found) if figure.startswith("prob") else _amount(found, _never(figure))
        for figure, found in row.items()
    }


def _never(figure: str) -> str:
    return "to the end" if figure.startswith("runway") else "never"


def _error(interval: Interval) -> float:
    """About a standard error, of an interval of 95 %; 0 where an end is infinite."""
    half = interval.half_width
    return half / 2.0 if math.isfinite(half) else 0.0


def _share(interval: Interval) -> str:
    return format_share(interval.estimate, _error(interval))


def _amount(interval: Interval, never: str = "infinite") -> str:
    if math.isinf(interval.estimate):
        return never
    return format_number(interval.estimate, _error(interval))
