"""The oracle: the whole model in plain Python, written differently on purpose from any kernel.

One scenario, one rep and one campaign at a time, month by month: a rep tosses a coin each month to
stay or leave, every campaign tosses its own coin to hit, and an origination is paid out by adding
its future months one after another. It shares no code and no arithmetic with the package; it only
reads the fields of a plan.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from random import Random
from typing import TYPE_CHECKING, Any, NamedTuple

from scipy import stats

if TYPE_CHECKING:
    from gtmsim.distributions import AnyMultiple
    from gtmsim.plan import CampaignProgram, Plan, Ramp, SalesTeam

TOP = 0.01
"""The share of spend whose value is followed."""

Outcomes = dict[str, dict[str, list[Any]]]


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

    @classmethod
    def empty(cls, horizon: int) -> Ledger:
        return cls([0.0] * horizon, [0.0] * horizon)


class Receipts(NamedTuple):
    """What one unit originated in a month becomes: (month, present value), and the rest."""

    inside: list[tuple[int, float]]
    beyond: float


def simulate_reference(plan: Plan, scenarios: int, seed: int) -> Outcomes:
    """Simulate a plan slowly.

    Returns, for each channel's name and "portfolio", a list with one entry per scenario of each
    metric: value, spend, net, multiple (NaN if nothing is spent), beyond_horizon, hits, largest,
    top_value, and what follows from them: largest_share, top_share, effective_number (NaN if there
    is no value). The entries of value_by_month and spend_by_month are lists of ``plan.horizon``
    numbers. All money is present value.
    """
    random = Random(seed)
    simulators = [_simulator(plan, channel, random) for channel in plan.channels]
    names = [*(channel.name for channel in plan.channels), "portfolio"]
    outcomes: Outcomes = {name: {} for name in names}
    for _ in range(scenarios):
        weather = random.gauss(0.0, 1.0)
        ledgers = [simulate(weather) for simulate in simulators]
        for name, ledger in zip(names, [*ledgers, _merged(ledgers)], strict=True):
            for metric, number in _metrics(ledger).items():
                outcomes[name].setdefault(metric, []).append(number)
    return outcomes


def _simulator(
    plan: Plan, channel: SalesTeam | CampaignProgram, random: Random
) -> Callable[[float], Ledger]:
    """Return what turns a scenario's market, a standard normal, into a channel's ledger."""
    horizon = plan.horizon
    discount = [(1.0 + plan.discount_rate) ** (-t / 12.0) for t in range(horizon)]
    receipts = [_receipts(channel, m, horizon, plan.discount_rate) for m in range(horizon)]
    loading = channel.market_loading * plan.market_volatility
    draws = iter(()) if channel.kind == "sales" else multiples(channel.multiple, random)

    def simulate(weather: float) -> Ledger:
        market = math.exp(loading * weather - loading**2 / 2.0)
        if channel.kind == "sales":
            return _sell(channel, receipts, discount, market, random)
        return _campaign(channel, receipts, discount, market, random, draws)

    return simulate


# -- What an origination becomes --------------------------------------------------------------


def _receipts(
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


def _post(ledger: Ledger, receipts: Receipts, amount: float) -> float:
    """Enter an origination in the books; return what it realises by the horizon."""
    realised = 0.0
    for month, worth in receipts.inside:
        ledger.value[month] += amount * worth
        realised += amount * worth
    ledger.beyond += amount * receipts.beyond
    return realised


# -- Sales --------------------------------------------------------------------------------------


class Worker(NamedTuple):
    """The rep in a seat in one month."""

    tenure: int
    skill: float
    paid_to_hire: bool


def _sell(
    team: SalesTeam,
    receipts: list[Receipts],
    discount: list[float],
    market: float,
    random: Random,
) -> Ledger:
    horizon = len(discount)
    ledger = Ledger.empty(horizon)
    starts = [0] * team.hires if isinstance(team.hires, int) else team.hires
    seats = [list(_careers(team, start, horizon, random)) for start in starts]
    for seat in seats:
        luck = 1.0
        value = spend = 0.0
        for t, worker in enumerate(seat):
            if t % 3 == 0:
                luck = _lognormal(random, 1.0, 2.0 * team.luck_cv)
            if worker is None:
                continue
            cost = team.loaded_cost / 12.0 + team.hiring_cost * worker.paid_to_hire
            ledger.spend[t] += cost * discount[t]
            spend += cost * discount[t]
            colleagues = sum(other[t] is not None for other in seats)
            booked = team.quota * team.margin / 12.0 * worker.skill * luck * market
            booked *= productivity(team.ramp, worker.tenure)
            booked *= colleagues**team.returns_to_scale / colleagues
            value += _post(ledger, receipts[t], booked)
        ledger.units.append(Unit(value, spend))
    return ledger


def _careers(team: SalesTeam, start: int, horizon: int, random: Random) -> Iterator[Worker | None]:
    """Yield who is in a seat, month by month; None while it is empty."""
    leaving = 1.0 - (1.0 - team.attrition) ** (1.0 / 12.0)
    arrival: int | None = start
    skill = 0.0
    for t in range(horizon):
        if arrival is None or t < arrival:
            yield None
            continue
        if t == max(arrival, 0):
            skill = _lognormal(random, team.attainment, team.skill_cv)
        yield Worker(t - arrival, skill, t == arrival)
        if random.random() < leaving:
            wait = team.backfill_months
            arrival = None if wait is None else t + 1 + wait


def productivity(ramp: Ramp, tenure: int) -> float:
    """Return what a rep books in a month of tenure, per unit of what one fully ramped does."""
    if ramp.curve is not None:
        return float([*ramp.curve, ramp.curve[-1]][min(tenure, len(ramp.curve))])
    if ramp.months == 0.0:
        return 1.0
    x = (tenure + 0.5) / ramp.months
    match ramp.shape:
        case "linear":
            rise = min(x, 1.0)
        case "logistic":  # odds of 1 : 99 at the start, 1 : 1 half-way, 99 : 1 at the end
            odds = 99.0 ** (2.0 * x - 1.0)
            rise = odds / (1.0 + odds)
        case "gompertz":  # -log falls by equal factors, through log 2 half-way to -log 0.99
            fall = -math.log(0.99) / math.log(2.0)
            rise = 0.5 ** (fall ** (2.0 * x - 1.0))
        case unknown:
            raise ValueError(f"the oracle does not know the shape {unknown!r}")
    return float(ramp.start + (1.0 - ramp.start) * rise)


def _lognormal(random: Random, mean: float, cv: float) -> float:
    variance = math.log(1.0 + cv**2)
    return random.lognormvariate(math.log(mean) - variance / 2.0, math.sqrt(variance))


# -- Campaigns ----------------------------------------------------------------------------------


def _campaign(
    program: CampaignProgram,
    receipts: list[Receipts],
    discount: list[float],
    market: float,
    random: Random,
    draws: Iterator[float],
) -> Ledger:
    horizon = len(discount)
    ledger = Ledger.empty(horizon)
    sigma = program.shared_luck
    fate = market * math.exp(sigma * random.gauss(0.0, 1.0) - sigma**2 / 2.0)
    outlays = []
    values = []
    for c in range(program.campaigns):
        month, spend = _launch(program, c, horizon), _spend(program, c)
        ledger.spend[month] += spend * discount[month]
        outlays.append(spend * discount[month])
        if random.random() >= program.hit_rate:
            values.append(0.0)
            continue
        ledger.hits += 1
        multiple = next(draws)
        if program.cap is not None and multiple > program.cap:
            multiple = program.cap
        won = spend * multiple * program.incrementality * fate
        if program.reference_spend is not None:
            won *= (spend / program.reference_spend) ** (program.spend_elasticity - 1.0)
        values.append(_post(ledger, receipts[month], won))
    for t in range(horizon):
        ledger.spend[t] += program.overhead * discount[t]
    burden = sum(ledger.spend) / sum(outlays)
    ledger.units = [Unit(v, s * burden) for v, s in zip(values, outlays, strict=True)]
    return ledger


def _launch(program: CampaignProgram, campaign: int, horizon: int) -> int:
    if program.launch == "even":
        return campaign * horizon // program.campaigns
    return program.launch if isinstance(program.launch, int) else program.launch[campaign]


def _spend(program: CampaignProgram, campaign: int) -> float:
    spend = program.spend
    return float(spend if isinstance(spend, int | float) else spend[campaign])


def multiples(multiple: AnyMultiple, random: Random) -> Iterator[float]:
    """Yield multiples of campaigns that hit, without end, by each family's textbook formula."""
    while True:
        survival = 1.0 - random.random()  # in (0, 1]
        match multiple.family:
            case "pareto":
                yield multiple.minimum * survival ** (-1.0 / multiple.tail_index)
            case "lomax":
                yield multiple.scale * (survival ** (-1.0 / multiple.tail_index) - 1.0)
            case "lognormal":
                yield random.lognormvariate(math.log(multiple.median), multiple.sigma)
            case "spliced":
                x = random.lognormvariate(math.log(multiple.median), multiple.sigma)
                beyond = multiple.threshold * survival ** (-1.0 / multiple.tail_index)
                yield x if x < multiple.threshold else beyond
            case "empirical":
                yield float(random.choice(multiple.values))
            case "scipy":
                law = getattr(stats, multiple.name)(*multiple.args, **multiple.kwds)
                # A thousand at once, because one call takes as long.
                yield from law.isf([1.0 - random.random() for _ in range(1_000)]).tolist()
            case unknown:
                raise ValueError(f"the oracle does not know the family {unknown!r}")


# -- Metrics ------------------------------------------------------------------------------------


def _merged(ledgers: list[Ledger]) -> Ledger:
    return Ledger(
        value=[sum(month) for month in zip(*(x.value for x in ledgers), strict=True)],
        spend=[sum(month) for month in zip(*(x.spend for x in ledgers), strict=True)],
        beyond=sum(x.beyond for x in ledgers),
        hits=sum(x.hits for x in ledgers),
        units=[unit for x in ledgers for unit in x.units],
    )


def _metrics(ledger: Ledger) -> dict[str, Any]:
    value, spend = sum(ledger.value), sum(ledger.spend)
    largest = max(unit.value for unit in ledger.units)
    best = top_value(ledger.units)
    squares = sum(unit.value**2 for unit in ledger.units)
    return {
        "value": value,
        "spend": spend,
        "net": value - spend,
        "multiple": _ratio(value, spend),
        "beyond_horizon": ledger.beyond,
        "hits": float(ledger.hits),
        "largest": largest,
        "top_value": best,
        "largest_share": _ratio(largest, value),
        "top_share": _ratio(best, value),
        "effective_number": _ratio(value**2, squares),
        "value_by_month": ledger.value,
        "spend_by_month": ledger.spend,
    }


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole > 0.0 else math.nan


def top_value(units: Iterable[Unit], share: float = TOP) -> float:
    """Return the value of the best units that take a share of spend, the last one in part."""
    units = list(units)
    left = share * sum(unit.spend for unit in units)
    total = sum(unit.value for unit in units if unit.spend == 0.0)
    paid = [unit for unit in units if unit.spend > 0.0]
    for unit in sorted(paid, key=lambda unit: unit.value / unit.spend, reverse=True):
        taken = min(left, unit.spend)
        total += unit.value * taken / unit.spend
        left -= taken
        if left <= 0.0:
            break
    return total
