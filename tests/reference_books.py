"""What the oracle keeps of a channel, and what an origination becomes month by month."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from gtmsim.plan import CampaignProgram, SalesTeam


class Unit(NamedTuple):
    """A seat or a campaign: what it realised by the horizon and what it cost."""

    value: float
    spend: float


@dataclass
class Ledger:
    """What one channel did in one scenario, in present value."""

    value: list[float]
    spend: list[float]
    beyond: float = 0.0
    hits: int = 0
    units: list[Unit] = field(default_factory=list)
    lost: float = 0.0
    idle: float = 0.0
    short: int = 0

    @classmethod
    def empty(cls, horizon: int) -> Ledger:
        return cls([0.0] * horizon, [0.0] * horizon)


class Receipts(NamedTuple):
    """What one unit originated in a month becomes: (month, present value), and the rest."""

    inside: list[tuple[int, float]]
    beyond: float


def launch_month(program: CampaignProgram, campaign: int, horizon: int) -> int:
    if program.launch == "even":
        return campaign * horizon // program.campaigns
    return program.launch if isinstance(program.launch, int) else program.launch[campaign]


def planned_spend(program: CampaignProgram, campaign: int) -> float:
    spend = program.spend
    return float(spend if isinstance(spend, int | float) else spend[campaign])


def receipts_of(
    channel: SalesTeam | CampaignProgram, month: int, horizon: int, rate: float
) -> Receipts:
    """Follow one unit originated in ``month`` through all its months."""
    inside = []
    beyond = 0.0
    for later, share in _response(channel, horizon - month):
        worth = share * (1.0 + rate) ** (-(month + later) / 12.0)
        if month + later < horizon:
            inside.append((month + later, worth))
        else:
            beyond += worth
    return Receipts(inside, beyond)


def _response(
    channel: SalesTeam | CampaignProgram, months_left: int
) -> Iterator[tuple[int, float]]:
    """Yield (months after the origination, share recognised then), to the very end."""
    if channel.kind == "campaigns":
        yield from _carryover(channel)
    elif channel.recognition == "bookings":
        yield 0, 1.0
    else:
        yield from _contract(channel, months_left)


def _contract(team: SalesTeam, months_left: int) -> Iterator[tuple[int, float]]:
    """Contracts signed in the middle of a month and renewed each year until the horizon."""
    survivors = 1.0
    age = 0
    yield age, survivors / 12.0 / 2.0
    while True:
        age += 1
        survivors *= (1.0 - team.annual_churn) ** (1.0 / 12.0)
        # The last half month of a contract year, the horizon behind: nothing is renewed any more.
        if age % 12 == 0 and age >= months_left:
            yield age, survivors / 12.0 / 2.0
            return
        yield age, survivors / 12.0


def _carryover(program: CampaignProgram) -> Iterator[tuple[int, float]]:
    """Decay by the months since launch, until less than 1e-13 is left."""
    fast, slow = program.fast_share, 1.0 - program.fast_share
    if program.slow_half_life is None:
        fast, slow = 1.0, 0.0
    month = program.lag
    while fast + slow > 1e-13:
        fast_left = fast * _kept(program.half_life)
        slow_left = slow * _kept(program.slow_half_life or 0.0)
        yield month, (fast - fast_left) + (slow - slow_left)
        fast, slow = fast_left, slow_left
        month += 1


def _kept(half_life: float) -> float:
    return 0.5 ** (1.0 / half_life) if half_life > 0.0 else 0.0


def post(ledger: Ledger, receipts: Receipts, amount: float) -> float:
    """Enter an origination in the books; return what it realises by the horizon."""
    realised = 0.0
    for month, worth in receipts.inside:
        ledger.value[month] += amount * worth
        realised += amount * worth
    ledger.beyond += amount * receipts.beyond
    return realised
