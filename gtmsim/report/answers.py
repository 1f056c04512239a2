"""The first screen: three questions and their answers, in sentences with figures."""

from __future__ import annotations

from dataclasses import dataclass

from gtmsim.decide.sensitivity import Sensitivity
from gtmsim.report.figures import Driver, Goal, chance_without_best, figure
from gtmsim.report.words import (
    amount,
    amount_range,
    listed,
    named,
    plainly,
    rounded,
    share,
    share_range,
    with_range,
)
from gtmsim.result import PortfolioResult
from gtmsim.result.display import format_number, format_share, share_error
from gtmsim.statistics import Interval


@dataclass(frozen=True)
class Answer:
    """A question, its answer in one sentence, and what else there is to say."""

    question: str
    answer: str
    details: tuple[str, ...]


def will_it_hit(result: PortfolioResult, goal: Goal) -> Answer:
    """Return the chance of the goal, and the range of outcomes against it."""
    plan, money = result.plan, result.plan.currency
    chance = with_range(share(goal.chance), share_range(goal.chance))
    if goal.target is None:
        what = "the money spent comes back"
        question = "Will we get the money back?"
    else:
        target = format_number(goal.target, 0.0)
        what = f"the plan brings its target of {target} {money} or more"
        question = "Will we hit the number?"
    answer = f"{plainly(goal.chance.estimate)}: in {chance} of scenarios {what}."
    p10, p50, p90 = (_quantile(result, level) for level in (10, 50, 90))
    details = [
        f"Half of all scenarios bring {_money(p50, money)} or more, nine in ten at least "
        f"{_money(p10, money)}, one in ten at least {_money(p90, money)}."
    ]
    if goal.target is not None:
        against = [f"{_against(p, goal.target)}" for p in (p50, p10, p90)]
        details.append(f"Against the target these are {listed(against)}.")
        back = _back(result)
        spend = figure(result, "spend", lambda: _mean_spend(result))
        details.append(
            f"The money spent, {rounded(spend.estimate)} {money} on average, comes back in "
            f"{with_range(share(back), share_range(back))} of scenarios."
        )
    late = figure(result, "beyond_horizon_p50", lambda: result.quantile(0.5, "beyond_horizon"))
    if late.estimate > 0.005 * p50.estimate:
        details.append(
            f"Not counted: {amount(late)} {money} (median) of value that is won within the "
            f"{plan.horizon} months and arrives after them."
        )
    return Answer(question, answer, tuple(details))


def what_is_a_miss(
    result: PortfolioResult, goal: Goal, kept: PortfolioResult, found: list[Driver]
) -> Answer:
    """Return how far misses fall short, what is lost at worst, and which channels differ."""
    question, money = "What does a miss look like?", result.plan.currency
    worst = figure(result, "cvar_95", lambda: result.cvar(0.95))
    word = "lose" if worst.estimate < 0.0 else "still earn"
    of = f" ({_range_abs(worst)})" if _range_abs(worst) else ""
    tail = (
        f"The worst 5 % of all scenarios {word} {_abs(worst)} {money}{of} on average, value less "
        "spend."
    )
    if goal.missed.estimate == 0.0:
        most = format_share(goal.missed.high, goal.missed.high)
        bound = f"; at most {most} do" if goal.missed.high > 0.0 else ""
        answer = f"None of {result.scenarios:,} scenarios misses{bound}."
        return Answer(question, answer, (tail,))
    middle, bad = goal.shortfall(result, 0.5), goal.shortfall(result, 0.1)
    if goal.target is None:
        answer = f"A typical loss is {_money(middle, money)}; one loss in ten is more than "
    else:
        part = format_share(middle.estimate / goal.target, 0.01)
        answer = (
            f"A typical miss is short by {_money(middle, money)}, {part} of the target; one miss "
            "in ten by more than "
        )
    details = [tail]
    if goal.target is not None:
        missed = ~goal.reached(kept)
        if missed.any():
            lost = float((kept.values("net")[missed] < 0.0).mean())
            shown = format_share(lost, share_error(lost, int(missed.sum())))
            details.append(
                f"Of the scenarios that miss, {shown if lost else 'none'} also spend more than "
                "they bring."
            )
    apart = [d for d in found if d.if_reached > d.if_missed]
    if len(result.channels) > 1 and apart:
        widest = max(apart, key=lambda d: d.if_reached - d.if_missed)
        details.append(
            f"The largest gap is in {named(widest.channel)}: its median is "
            f"{rounded(widest.if_missed)} {money} where the goal is missed, "
            f"{rounded(widest.if_reached)} {money} where it is reached."
        )
    return Answer(question, f"{answer}{amount(bad)} {money}.", tuple(details))


def what_it_hangs_on(
    result: PortfolioResult,
    goal: Goal,
    kept: PortfolioResult,
    found: list[Driver],
    sensitivity: Sensitivity | None,
) -> Answer:
    """Return which channels' luck decides, how much one campaign does, and which assumptions."""
    question = "What does it hang on?"
    what = "the money comes back" if goal.target is None else "the target is reached"
    details = []
    if not found:
        all_or_none = "miss" if goal.chance.estimate < 0.5 else "reach"
        answer = f"On no channel's luck: all scenarios {all_or_none} the goal."
        if 0.0 < goal.chance.estimate < 1.0:
            answer = "Too few scenarios tell hits from misses to say."
    elif len(found) == 1:
        answer = f"On {named(found[0].channel)}, the only channel of the plan."
    else:
        first = found[0]
        answer = (
            f"Most on {named(first.channel)}: in its best third of scenarios {what} in "
            f"{share(first.best)} of them, in its worst third in {share(first.worst)}."
        )
        others = [
            f"{named(d.channel)} ({share(d.best)} against {share(d.worst)})"
            for d in found[1:3]
            if d.best.low > d.worst.high
        ]
        if others:
            details.append(f"Next are {listed(others)}.")
        if result.plan.market_volatility:
            details.append("Channels share the market, so they have good and bad times together.")
    without = chance_without_best(kept, goal) if found else None
    if without is not None:
        details.append(
            f"Had the best campaign of each scenario brought nothing, the chance would be "
            f"{with_range(share(without), share_range(without))} and not {share(goal.chance)}."
        )
    if sensitivity is not None:
        text = sensitivity.explain()
        details.append(f"Of the assumptions: {text}")
    else:
        details.append("This is about luck. How wrong the assumptions may be comes on top.")
    return Answer(question, answer, tuple(details))


def _quantile(result: PortfolioResult, level: int) -> Interval:
    return figure(result, f"value_p{level}", lambda: result.quantile(level / 100.0))


def _money(interval: Interval, currency: str) -> str:
    return with_range(f"{amount(interval)} {currency}", amount_range(interval))


def _against(interval: Interval, target: float) -> str:
    ratio = interval.estimate / target - 1.0
    if abs(ratio) < 0.005:
        return "the target itself"
    if ratio > 2.0:
        return "more than three times it"
    return f"{abs(100.0 * ratio):.0f} % {'above' if ratio > 0.0 else 'below'}"


def _back(result: PortfolioResult) -> Interval:
    loss = figure(result, "prob_loss", result.prob_loss)
    ends = 1.0 - loss.estimate, 1.0 - loss.high, 1.0 - loss.low
    return Interval(*ends, loss.level, loss.method)


def _mean_spend(result: PortfolioResult) -> float:
    spend = result.distributions.metric("spend", "portfolio")
    return float(spend.sum / spend.n)


def _abs(interval: Interval) -> str:
    return amount(interval).removeprefix("-")


def _range_abs(interval: Interval) -> str:
    if interval.high < 0.0:
        ends = -interval.estimate, -interval.high, -interval.low
        return amount_range(Interval(*ends, interval.level, interval.method))
    return amount_range(interval)
