"""What a plan believes of a channel, in words with units."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field

from gtmsim.distributions import Empirical
from gtmsim.plan import CampaignProgram, Channel, Plan, SalesTeam, Staging
from gtmsim.report.words import rounded


@dataclass(frozen=True)
class Assumption:
    """One line: what is assumed, its value in words, and the numbers to compare it by.

    Attributes
    ----------
    name, value : str
    numbers : tuple of float or str
        Empty for what is decided and not believed.
    """

    name: str
    value: str
    numbers: tuple[float | str, ...] = field(default=())


def assumptions_of(channel: Channel, plan: Plan) -> list[Assumption]:
    """Return what is decided and believed of a channel, decisions first.

    Examples
    --------
    >>> from gtmsim.presets import example_plan
    >>> plan = example_plan()
    >>> [(a.name, a.value) for a in assumptions_of(plan["PR"], plan)][2:4]
    [('campaigns that return anything', '15 %'), ('mean return per 1 spent', '1.5')]
    """
    lines = _team(channel, plan) if isinstance(channel, SalesTeam) else _program(channel, plan)
    return [*lines, *_shared(channel, plan)]


def _team(team: SalesTeam, plan: Plan) -> Iterator[Assumption]:
    money = plan.currency
    yield Assumption("seats", _seats(team.start_months))
    yield _line("quota per rep and year", f"{rounded(team.quota)} {money}", team.quota)
    yield _line("share of bookings that counts", _percent(team.margin), team.margin)
    yield _line("share of quota booked, mean", _percent(team.attainment), team.attainment)
    yield _line("months to full productivity", *_ramp(team))
    yield _line("spread between reps, CV", rounded(team.skill_cv), team.skill_cv)
    yield _line("luck of a rep's year, CV", rounded(team.luck_cv), team.luck_cv)
    yield _line("reps who leave within a year", _percent(team.attrition), team.attrition)
    empty = team.backfill_months
    filled = "never filled again" if empty is None else _months(empty)
    yield _line("empty seat is filled after", filled, "never" if empty is None else empty)
    yield _line("cost of a seat per year", f"{rounded(team.loaded_cost)} {money}", team.loaded_cost)
    yield _line("cost of a hire", f"{rounded(team.hiring_cost)} {money}", team.hiring_cost)
    if team.returns_to_scale != 1.0:
        scale = f"to the power of {rounded(team.returns_to_scale)}"
        yield _line("value grows with seats", scale, team.returns_to_scale)
    counted = "when it is booked"
    if team.recognition == "recurring":
        counted = f"month by month, {_percent(team.annual_churn)} lost per year"
    yield _line("value counts", counted, team.recognition, team.annual_churn)
    if team.pipeline is not None:
        yield _line("pipeline per year", f"{rounded(team.pipeline)} {money}", team.pipeline)


def _program(program: CampaignProgram, plan: Plan) -> Iterator[Assumption]:
    yield Assumption("campaigns", _campaigns(program, plan))
    yield Assumption("launch", _launch(program))
    law = program.multiple
    mean = program.hit_rate * law.mean(program.cap)
    yield _line("campaigns that return anything", _percent(program.hit_rate), program.hit_rate)
    yield _line("mean return per 1 spent", _mean(mean), mean if math.isfinite(mean) else "none")
    yield _line("spread of a hit's return", *_spread(program))
    cap = program.cap
    yield _line("largest return per 1 spent", rounded(cap) if cap else "no limit", cap or "none")
    if program.lag:
        yield _line("nothing comes for", _months(program.lag), program.lag)
    yield _line("half of the value comes within", *_response(program))
    yield _line("luck that campaigns share", _log_sd(program.shared_luck), program.shared_luck)
    if program.incrementality != 1.0:
        own = _percent(program.incrementality)
        yield _line("would not have come anyway", own, program.incrementality)
    if program.reference_spend is not None:
        grows = f"to the power of {rounded(program.spend_elasticity)}, measured at "
        grows += f"{rounded(program.reference_spend)} {plan.currency}"
        numbers = program.spend_elasticity, program.reference_spend
        yield _line("value grows with spend", grows, *numbers)
    if program.overhead:
        overhead = f"{rounded(program.overhead)} {plan.currency}"
        yield _line("overhead per month", overhead, program.overhead)
    if program.staging is not None:
        yield Assumption("tried first", _staging(program.staging, plan))
    if program.feeds is not None:
        yield Assumption("its value is pipeline of", program.feeds)


def _shared(channel: Channel, plan: Plan) -> Iterator[Assumption]:
    if plan.market_volatility and channel.market_loading != 1.0:
        loading = f"{rounded(channel.market_loading)} times the market's"
        yield _line("good and bad times", loading, channel.market_loading)


def _line(name: str, value: str, *numbers: float | str) -> Assumption:
    return Assumption(name, value, numbers)


def _seats(starts: tuple[int, ...]) -> str:
    there = sum(month < 0 for month in starts)
    hired = [month for month in starts if month >= 0]
    parts = [f"{there} filled before the plan"] if there else []
    if hired:
        when = f"month {hired[0]}"
        if min(hired) != max(hired):
            when = f"months {min(hired)} to {max(hired)}"
        parts.append(f"{len(hired)} hired in {when}")
    return f"{len(starts):,}: {', '.join(parts)}"


def _ramp(team: SalesTeam) -> tuple[str, float | str]:
    ramp = team.ramp
    if ramp.curve is not None:
        return "as a curve given by month", "curve"
    if not ramp.months:
        return "none", 0.0
    shape = "" if ramp.shape == "linear" else f", {ramp.shape}"
    start = f", from {_percent(ramp.start)}" if ramp.start else ""
    return f"{rounded(ramp.months)}{shape}{start}", ramp.months


def _campaigns(program: CampaignProgram, plan: Plan) -> str:
    spend, n = program.spend, program.campaigns
    if isinstance(spend, tuple):
        each = f"{rounded(min(spend))} to {rounded(max(spend))}"
        return f"{n:,}, {each} {plan.currency} each"
    return f"{n:,}, {rounded(spend)} {plan.currency} each"


def _launch(program: CampaignProgram) -> str:
    if program.launch == "even":
        return "evenly over the horizon"
    months = program.launch if isinstance(program.launch, tuple) else (program.launch,)
    if min(months) == max(months):
        return f"month {months[0]}"
    return f"months {min(months)} to {max(months)}"


def _mean(mean: float) -> str:
    return rounded(mean) if math.isfinite(mean) else "infinite: no mean exists"


def _spread(program: CampaignProgram) -> tuple[str, float | str, float]:
    law = program.multiple
    family = str(getattr(law, "family", "other"))
    if family == "lognormal":
        sigma = float(getattr(law, "sigma", math.nan))
        return f"lognormal, {_log_sd(sigma)}", family, sigma
    if family in ("lomax", "pareto"):
        name = {"lomax": "Lomax", "pareto": "Pareto"}[family]
        return f"{name}, tail index {rounded(law.tail_index)}", family, law.tail_index
    if isinstance(law, Empirical):
        return f"{len(law.values):,} measured values", family, len(law.values)
    index = law.tail_index
    heavy = f", tail index {rounded(index)}" if math.isfinite(index) else ""
    return f"{family}{heavy}", family, 0.0 if math.isinf(index) else index


def _response(program: CampaignProgram) -> tuple[str, float, float, float]:
    fast, slow = program.half_life, program.slow_half_life
    text = _months(fast) if fast else "the month of launch"
    if slow is not None:
        text += f"; {_months(slow)} for the slow {_percent(1.0 - program.fast_share)}"
    return text, fast, slow or 0.0, program.fast_share


def _staging(staging: Staging, plan: Plan) -> str:
    pilot = f"pilots of {rounded(staging.pilot_spend)} {plan.currency}, reviewed after "
    pilot += _months(staging.pilot_months)
    if staging.threshold is not None:
        return f"{pilot}; stopped below a return of {rounded(staging.threshold)}"
    if staging.kill_share is not None:
        return f"{pilot}; the worst {_percent(staging.kill_share)} are stopped"
    return f"{pilot}; stopped above a cost of {rounded(staging.max_cost or 0.0)} per 1"


def _percent(share: float) -> str:
    return f"{100.0 * share:.3g} %"


def _log_sd(value: float) -> str:
    """Return a log-sd as the factor by which one standard deviation multiplies."""
    if not value:
        return "none"
    factor = math.exp(value)
    return f"a factor of {rounded(factor)} either way" if factor < 1e4 else f"log-sd {value:.3g}"


def _months(months: float) -> str:
    if 0.0 < months < 1.0:
        days = 365.25 / 12.0 * months
        return f"{days:.0f} days"
    return "1 month" if months == 1.0 else f"{rounded(months)} months"
