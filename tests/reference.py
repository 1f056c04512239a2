"""The oracle: the whole model in plain Python, written differently on purpose from any kernel.

One scenario, one rep and one campaign at a time, month by month: a rep tosses a coin each month to
stay or leave, every campaign tosses its own coin to hit, and an origination is paid out by adding
its future months one after another. It shares no code and no arithmetic with the package; it only
reads the fields of a plan.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from random import Random
from typing import TYPE_CHECKING, Any, NamedTuple

from scipy import stats

from tests.reference_books import (
    Ledger,
    Receipts,
    Unit,
    launch_month,
    planned_spend,
    post,
    receipts_of,
)
from tests.reference_staged import try_and_scale

if TYPE_CHECKING:
    from gtmsim.distributions import AnyMultiple
    from gtmsim.plan import CampaignProgram, Plan, Ramp, SalesTeam

TOP = 0.01
"""The share of spend whose value is followed."""

Outcomes = dict[str, dict[str, list[Any]]]


def simulate_reference(plan: Plan, scenarios: int, seed: int) -> Outcomes:
    """Simulate a plan slowly.

    Returns, for each channel's name and "portfolio", a list with one entry per scenario of each
    metric: value, spend, net, multiple (NaN if nothing is spent), beyond_horizon, hits, largest,
    top_value, and what follows from them: largest_share, top_share, effective_number (NaN if there
    is no value). The entries of value_by_month and spend_by_month are lists of ``plan.horizon``
    numbers. Of teams that may be short of pipeline also lost (pipeline that nobody had time for)
    and idle (time that lacked pipeline), in value, and short (months that lacked pipeline). All
    money is present value.
    """
    random = Random(seed)
    simulators = [_simulator(plan, channel, random) for channel in plan.channels]
    names = [*(channel.name for channel in plan.channels), "portfolio"]
    outcomes: Outcomes = {name: {} for name in names}
    for _ in range(scenarios):
        weather = random.gauss(0.0, 1.0)
        books: dict[str, Ledger] = {}
        pipeline: dict[str, list[float]] = {}
        for channel, simulate in sorted(zip(plan.channels, simulators, strict=True), key=_waits):
            ledger = books[channel.name] = simulate(weather, pipeline.get(channel.name))
            if channel.kind == "campaigns" and channel.feeds is not None:
                before = pipeline.get(channel.feeds, [0.0] * plan.horizon)
                pipeline[channel.feeds] = [a + b for a, b in zip(before, ledger.value, strict=True)]
                _hand_over(ledger)
        ledgers = [books[channel.name] for channel in plan.channels]
        for name, ledger in zip(names, [*ledgers, _merged(ledgers)], strict=True):
            for metric, number in _metrics(ledger).items():
                outcomes[name].setdefault(metric, []).append(number)
    return outcomes


def _waits(pair: tuple[SalesTeam | CampaignProgram, Any]) -> bool:
    """Whether a channel comes after those that feed a team."""
    return pair[0].kind == "sales" or pair[0].feeds is None


def _hand_over(ledger: Ledger) -> None:
    """Leave a program what it spent; what it brought is the team's pipeline."""
    ledger.value = [0.0] * len(ledger.value)
    ledger.beyond = 0.0
    ledger.units = [Unit(0.0, unit.spend) for unit in ledger.units]


def _simulator(
    plan: Plan, channel: SalesTeam | CampaignProgram, random: Random
) -> Callable[[float, list[float] | None], Ledger]:
    """Return what turns a scenario's market and a team's fed pipeline into a channel's ledger.

    The market is a standard normal. What a program brings to a team is not discounted: pipeline is
    money of its month.
    """
    horizon = plan.horizon
    discount = [(1.0 + plan.discount_rate) ** (-t / 12.0) for t in range(horizon)]
    feeds = channel.kind == "campaigns" and channel.feeds is not None
    rate = 0.0 if feeds else plan.discount_rate
    receipts = [receipts_of(channel, m, horizon, rate) for m in range(horizon)]
    loading = channel.market_loading * plan.market_volatility
    draws = iter(()) if channel.kind == "sales" else multiples(channel.multiple, random)

    def simulate(weather: float, fed: list[float] | None) -> Ledger:
        market = math.exp(loading * weather - loading**2 / 2.0)
        if channel.kind == "sales":
            return _sell(channel, receipts, discount, market, random, fed)
        if channel.staging is not None:
            return try_and_scale(channel, receipts, discount, market, random, draws)
        return _campaign(channel, receipts, discount, market, random, draws)

    return simulate


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
    fed: list[float] | None,
) -> Ledger:
    horizon = len(discount)
    ledger = Ledger.empty(horizon)
    starts = [0] * team.hires if isinstance(team.hires, int) else team.hires
    seats = [list(_careers(team, start, horizon, random)) for start in starts]
    able: list[list[float]] = []
    for seat in seats:
        luck = 1.0
        able.append([0.0] * horizon)
        for t, worker in enumerate(seat):
            if t % 3 == 0:
                luck = _lognormal(random, 1.0, 2.0 * team.luck_cv)
            if worker is None:
                continue
            colleagues = sum(other[t] is not None for other in seats)
            booked = team.quota * team.margin / 12.0 * worker.skill * luck * market
            booked *= productivity(team.ramp, worker.tenure)
            booked *= colleagues**team.returns_to_scale / colleagues
            able[-1][t] = booked
    if team.pipeline is not None:
        for t in range(horizon):
            leads = team.pipeline / 12.0 * team.margin * market + (fed[t] if fed else 0.0)
            _share_out(team, leads, t, seats, able, discount[t], ledger)
    for seat, bookings in zip(seats, able, strict=True):
        value = spend = 0.0
        for t, worker in enumerate(seat):
            if worker is None:
                continue
            cost = team.loaded_cost / 12.0 + team.hiring_cost * worker.paid_to_hire
            ledger.spend[t] += cost * discount[t]
            spend += cost * discount[t]
            value += post(ledger, receipts[t], bookings[t])
        ledger.units.append(Unit(value, spend))
    return ledger


def _share_out(
    team: SalesTeam,
    leads: float,
    month: int,
    seats: list[list[Worker | None]],
    able: list[list[float]],
    discount: float,
    ledger: Ledger,
) -> None:
    """Give every rep its part of a month's leads, and let it close what it can of them."""
    workers = [seat[month] for seat in seats]
    ramps = [0.0 if w is None else productivity(team.ramp, w.tenure) for w in workers]
    slack = sum(booked[month] for booked in able) - leads
    if slack > 1e-9 * leads:
        ledger.short += 1
    left = leads
    for ramp, booked in zip(ramps, able, strict=True):
        if ramp == 0.0:
            continue
        part = leads * ramp / sum(ramps)
        if part < booked[month]:
            ledger.idle += (booked[month] - part) * discount
            booked[month] = part
        left -= booked[month]
    ledger.lost += left * discount


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
        month, spend = launch_month(program, c, horizon), planned_spend(program, c)
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
        values.append(post(ledger, receipts[month], won))
    for t in range(horizon):
        ledger.spend[t] += program.overhead * discount[t]
    burden = sum(ledger.spend) / sum(outlays)
    ledger.units = [Unit(v, s * burden) for v, s in zip(values, outlays, strict=True)]
    return ledger


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
        "lost": ledger.lost,
        "idle": ledger.idle,
        "short": float(ledger.short),
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
