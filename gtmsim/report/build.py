"""From a result to the text of a page."""

from __future__ import annotations

import os
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from gtmsim.errors import ArgumentError, ArgumentTypeError
from gtmsim.files import write_file
from gtmsim.report import tables
from gtmsim.report.answers import what_is_a_miss, what_it_hangs_on, will_it_hit
from gtmsim.report.evidence import GRADES, cards
from gtmsim.report.figures import Goal, drivers, with_scenarios
from gtmsim.report.pictures import pictures
from gtmsim.result import PortfolioResult
from gtmsim.result.display import mean_notes

if TYPE_CHECKING:
    from jinja2 import Template

    from gtmsim.decide.sensitivity import Sensitivity

_MOST_VALIDATED = 20
"""Channels of a plan that is validated unasked."""

_LONGEST_PLAN = 40_000
"""Characters of a plan file that the report carries."""


def report_html(
    result: PortfolioResult,
    *,
    sensitivity: Sensitivity | None = None,
    validate: bool | None = None,
    date: str | None = None,
) -> str:
    """Return the report of a result as the text of one HTML file.

    Parameters
    ----------
    result : PortfolioResult
        With its scenarios or with ``keep="summary"``; of the latter the first 20,000 scenarios are
        drawn again where channels have to be read together, and the report says so.
    sensitivity : Sensitivity, optional
        Of the same plan: then the report says which assumptions it hangs on, with a tornado.
    validate : bool, optional
        Whether to compare the simulation with exact answers; by default for plans of up to 20
        channels, because exact totals of many programs take minutes. Without it the report has the
        verdict only if it was asked for before.
    date : str, optional
        Shown as it is given. There is no date by default: the same result is the same text.

    Returns
    -------
    str

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If an argument breaks its rule.

    Examples
    --------
    >>> import gtmsim as gtm
    >>> result = gtm.simulate_portfolio(gtm.presets.example_plan(), scenarios=1_000, rng=7)
    >>> report_html(result, validate=False).startswith("<!doctype html>")
    True
    """
    _check(result, sensitivity, date)
    goal, kept = Goal.of(result), with_scenarios(result)
    found = drivers(kept, goal)
    names, _ = tables.shown_channels(result)
    if validate is None:
        validate = len(result.channels) <= _MOST_VALIDATED
    if validate and not result.alternatives:
        result.validate()
    what = "the money comes back" if goal.target is None else "the target is reached"
    return _template().render(
        plan=result.plan,
        result=result,
        date=date,
        facts=_facts(result),
        answers=(
            will_it_hit(result, goal),
            what_is_a_miss(result, goal, kept, found),
            what_it_hangs_on(result, goal, kept, found, sensitivity),
        ),
        redrawn=kept.scenarios if kept is not result else None,
        pictures=pictures(result, sensitivity),
        channels=tables.channels_table(result),
        mean_notes=mean_notes(result),
        months=tables.months_table(result),
        drivers=tables.drivers_table(kept, found, what) if len(found) > 1 else None,
        claim=_claim(result),
        claim_table=tables.claim_table(result),
        tails=tables.tail_table(result),
        verdict=_verdict(result),
        cards=cards(result, names),
        plan_beliefs=_plan_beliefs(result),
        grades=GRADES,
        manifest=_manifest(result),
        plan_file=_plan_file(result),
    )


def write_report(
    result: PortfolioResult, path: str | os.PathLike[str] | None = None, **options: Any
) -> str:
    """Return the report of a result and write it if a path is given, whole or not at all.

    Parameters
    ----------
    result : PortfolioResult
    path : path, optional
    **options
        As in :func:`report_html`.

    Returns
    -------
    str

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If an argument breaks its rule, or the path is not one where a file can be written.

    Examples
    --------
    >>> import tempfile
    >>> import gtmsim as gtm
    >>> result = gtm.simulate_portfolio(gtm.presets.example_plan(), scenarios=1_000, rng=7)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     text = write_report(result, f"{folder}/report.html", validate=False)
    >>> text == result.to_html(validate=False)
    True
    """
    if path is not None and not isinstance(path, str | os.PathLike):
        raise ArgumentTypeError("path", "must be the path of a file", path)
    text = report_html(result, **options)
    if path is None:
        return text
    try:
        write_file(path, text)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        rule = "must be a place where a file can be written"
        raise ArgumentError("path", rule, str(path), reason) from None
    return text


def _check(result: object, sensitivity: object, date: object) -> None:
    from gtmsim.decide.sensitivity import Sensitivity

    if not isinstance(result, PortfolioResult):
        fix = "simulate a plan with simulate_portfolio"
        raise ArgumentTypeError("result", "must be a PortfolioResult", result, fix)
    if sensitivity is not None and not isinstance(sensitivity, Sensitivity):
        fix = "make one with gtmsim.sensitivity(plan)"
        raise ArgumentTypeError("sensitivity", "must be a Sensitivity", sensitivity, fix)
    if sensitivity is not None and sensitivity.plan != result.plan:
        rule = "must be of the plan that the report is about"
        raise ArgumentError("sensitivity", rule, sensitivity.plan.name, "make it of result.plan")
    if date is not None and not isinstance(date, str):
        raise ArgumentTypeError("date", "must be text", date, "write '1 March 2026'")


def _facts(result: PortfolioResult) -> list[str]:
    plan = result.plan
    discount = "not discounted"
    if plan.discount_rate:
        discount = f"discounted at {100.0 * plan.discount_rate:.3g} % a year"
    number = f"{len(plan.channels)} channels" if len(plan.channels) > 1 else "1 channel"
    return [
        f"{plan.horizon} months, {number}",
        f"value is {plan.basis} in {plan.currency}, {discount}",
        f"{result.scenarios:,} scenarios, each one possible future of the whole plan",
    ]


def _claim(result: PortfolioResult) -> list[str]:
    """Say whether 1 % of spend brings 99 % of value in this plan."""
    row = result.concentration().to_dict("index")["portfolio"]
    count = round(row["prob_claim"] * result.scenarios)
    if row["top_share_p50"] != row["top_share_p50"]:
        return ["Nothing was returned in any scenario, so nothing was shared out."]
    low, middle, high = (f"{100.0 * row[f'top_share_p{q}']:.2g} %" for q in (5, 50, 95))
    answer = (
        f"No: in none of {result.scenarios:,} scenarios"
        if not count
        else (f"In {count:,} of {result.scenarios:,} scenarios")
    )
    return [
        f"{answer} does the best 1 % of spend bring 99 % of value. It brings {middle} (median; "
        f"{low} to {high} in nine scenarios of ten).",
        f"The plan has {int(row['units']):,} campaigns and seats; its value is as concentrated as "
        f"{row['effective_number_p50']:.2g} equal ones would be (median).",
    ]


def _verdict(result: PortfolioResult) -> dict[str, Any]:
    if result.alternatives:
        text = "Not validated: what is exact is exact of one plan, and channels have versions here."
        return {"passed": None, "text": text, "skipped": ()}
    if result.verdict is None:
        return {"passed": None, "text": "Not validated.", "skipped": ()}
    checked = result.validate()
    text = result.verdict[:1].upper() + result.verdict[1:] + "."
    passed = checked.passed if len(checked.table) else None
    return {"passed": passed, "text": text, "skipped": checked.skipped}


def _plan_beliefs(result: PortfolioResult) -> list[str]:
    plan = result.plan
    beliefs = []
    if plan.market_volatility:
        beliefs.append(
            f"Good and bad times, shared by all channels, move their value by "
            f"{100.0 * plan.market_volatility:.3g} % (log-sd)."
        )
    else:
        beliefs.append("No good or bad times are shared: the market does not move the channels.")
    return beliefs


def _manifest(result: PortfolioResult) -> list[tuple[str, str]]:
    manifest = result.manifest
    names = {
        "plan": "plan",
        "plan_hash": "plan hash (SHA-256)",
        "seed": "seed",
        "scenarios": "scenarios",
        "keep": "kept",
        "stream_version": "stream version",
        "python": "Python",
        "machine": "processor",
    }
    rows = [(names[key], str(manifest[key])) for key in names]
    rows.append(("versions", ", ".join(f"{k} {v}" for k, v in manifest["versions"].items())))
    for name, own in manifest.get("alternatives", {}).items():
        rows.append((f"versions of {name}", f"{own['versions']:,}, SHA-256 {own['sha256']}"))
    return rows


def _plan_file(result: PortfolioResult) -> str | None:
    text = result.plan.to_toml()
    return text if len(text) <= _LONGEST_PLAN else None


@lru_cache(maxsize=1)
def _template() -> Template:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("gtmsim.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    # A number and its sign stay on one line.
    environment.filters["unbroken"] = lambda text: text.replace(" %", "\u00a0%")
    return environment.get_template("report.html.j2")
