"""The oracle of staged bets, in plain Python: pilots, reviews and what survivors are given."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING

from tests.reference_books import Ledger, Receipts, Unit, launch_month, planned_spend, post

if TYPE_CHECKING:
    from gtmsim.plan import CampaignProgram


@dataclass
class Bet:
    """A campaign that is tried first."""

    launched: int
    multiple: float
    signal: float
    alive: bool = True
    pilot: float = 0.0
    more: float = 0.0
    value: float = 0.0
    paid: float = 0.0


def try_and_scale(
    program: CampaignProgram,
    receipts: list[Receipts],
    discount: list[float],
    market: float,
    random: Random,
    draws: Iterator[float],
) -> Ledger:
    """Go through the months: pilots are launched, and bets old enough are reviewed."""
    staging = program.staging
    assert staging is not None
    horizon = len(discount)
    ledger = Ledger.empty(horizon)
    sigma = program.shared_luck
    fate = market * math.exp(sigma * random.gauss(0.0, 1.0) - sigma**2 / 2.0)
    tried = staging.pilot_spend
    size = 1.0
    if program.reference_spend is not None:
        size = (tried / program.reference_spend) ** (program.spend_elasticity - 1.0)
    power = staging.scale_elasticity
    if power is None:
        power = program.spend_elasticity
    bets = []
    for c in range(program.campaigns):
        hit = random.random() < program.hit_rate
        ledger.hits += hit
        multiple = next(draws) if hit else 0.0
        if program.cap is not None:
            multiple = min(multiple, program.cap)
        signal = multiple * math.exp(random.gauss(0.0, 1.0) * staging.signal_noise)
        bets.append(Bet(launch_month(program, c, horizon), multiple, signal))
        bets[-1].more = planned_spend(program, c) - tried
    waiting: dict[int, list[Bet]] = {}
    for bet in bets:
        waiting.setdefault(bet.launched // staging.period, []).append(bet)
        bet.pilot = tried * bet.multiple * program.incrementality * size * fate
        bet.value = post(ledger, receipts[bet.launched], bet.pilot)
        bet.paid = tried * discount[bet.launched]
        ledger.spend[bet.launched] += bet.paid
    for together in waiting.values():
        month = max(bet.launched for bet in together) + staging.pilot_months
        if month < horizon:
            _review(program, together, fate)
            saved = sum(bet.more for bet in together if not bet.alive) * staging.recycle
            alive = [bet for bet in together if bet.alive]
            planned = sum(bet.more for bet in alive)
            for bet in alive:
                more = bet.more + saved * bet.more / planned
                total = bet.pilot * ((tried + more) / tried) ** power
                bet.value += post(ledger, receipts[month], total - bet.pilot)
                bet.paid += more * discount[month]
                ledger.spend[month] += more * discount[month]
    for t in range(horizon):
        ledger.spend[t] += program.overhead * discount[t]
    burden = sum(ledger.spend) / sum(bet.paid for bet in bets)
    ledger.units = [Unit(bet.value, bet.paid * burden) for bet in bets]
    return ledger


def _review(program: CampaignProgram, bets: list[Bet], fate: float) -> None:
    """Kill by the rule that is given."""
    staging = program.staging
    assert staging is not None
    if staging.kill_share is not None:
        # Of a hundred, 29 % are 29.
        kills = int(round(staging.kill_share * len(bets), 6))
        for bet in sorted(bets, key=lambda bet: bet.signal)[:kills]:
            bet.alive = False
        return
    for bet in bets:
        if staging.threshold is not None:
            bet.alive = bet.signal >= staging.threshold
        else:
            seen = bet.pilot * bet.signal / bet.multiple if bet.multiple > 0.0 else 0.0
            bet.alive = seen > 0.0 and staging.pilot_spend / seen <= staging.max_cost
