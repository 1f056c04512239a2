"""A fitted team in plain sentences."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pandas as pd

from gtmsim.fit.team.ledger import ENOUGH, Ledger
from gtmsim.fit.team.sample import Sample
from gtmsim.plan import SalesTeam

_PERIODS = {"M": "months", "Q": "quarters", "Y": "years"}


def notes_on_reading(frame: pd.DataFrame, ledger: Ledger) -> Iterator[str]:
    """Yield what was guessed where the history does not say.

    Parameters
    ----------
    frame : DataFrame
        Columns rep, segment, start, end and bookings.
    ledger : Ledger
        Made from it.
    """
    missing = {name: frame.groupby("rep")[name].first().isna() for name in ("start", "end")}
    guessed = int((missing["end"].to_numpy() & ledger.left).sum())
    if guessed:
        yield (
            f"{guessed} reps without an end date stop before the last period and count as having "
            "left after their last row or activity."
        )
    late = int((missing["start"].to_numpy() & ledger.start_known).sum())
    if late:
        yield (
            f"{late} reps without a start date appear after the first period and count as hired "
            "with their first row or activity."
        )
    outside = int(len(frame) - pd.unique(ledger.row).size)
    if outside:
        lost = float(frame["bookings"].sum()) - float(ledger.bookings.sum())
        yield (
            f"{outside} rows lie before a rep's start or after the end and are left out, with "
            f"bookings of {lost:,.0f}."
        )
    segments = frame["segment"].nunique()
    if segments > 1:
        yield f"{segments} segments are taken as one team; fit each alone where they differ."


def sentences(
    facts: Mapping[str, Any],
    sample: Sample,
    channel: SalesTeam,
    table: pd.DataFrame,
    deals: pd.DataFrame | None,
    assumed: Mapping[str, str],
    notes: Sequence[str],
) -> tuple[str, ...]:
    """Return what was read, what was found, what to doubt, and what was assumed.

    Parameters
    ----------
    facts : mapping
        The provenance of the fit.
    sample : Sample
    channel : SalesTeam
    table : DataFrame
        The summary.
    deals : DataFrame, optional
    assumed : mapping of str to str
    notes : sequence of str
        What was guessed in reading.

    Returns
    -------
    tuple of str
    """
    read = (
        f"The history shows {facts['reps']} reps over {facts['periods']} "
        f"{_PERIODS[facts['frequency']]}, {facts['first']} to {facts['last']}; "
        f"{facts['leavers'] or 'none'} of them left within {sample.months_at_risk / 12.0:.1f} "
        "years of service."
    )
    found = (
        f"A ramped rep books {_percent(table, 'attainment')} of a quota of {channel.quota:,.0f} a "
        f"year ({100 * facts['level']:g} % intervals; every rep hired counts once, leavers too); "
        f"reps differ by a coefficient of variation of {_percent(table, 'skill_cv')}, and luck "
        f"moves one rep's year by {_percent(table, 'luck_cv')}."
    )
    given = "; ".join(f"{field}: {source}" for field, source in assumed.items())
    return (
        read,
        found,
        _changes(facts, sample, channel, table),
        *_doubts(facts, sample, table, deals),
        *notes,
        f"No history of bookings tells the rest, which is assumed: {given}.",
    )


def _changes(
    facts: Mapping[str, Any], sample: Sample, channel: SalesTeam, table: pd.DataFrame
) -> str:
    """Say how reps ramp and leave."""
    starters, preset = sample.ramp.starters, f"preset {facts['preset']}"
    if not sample.ramp.told:
        ramp = f"The ramp is not told ({starters} reps seen from a known start) and is that of "
        ramp += preset
    else:
        low, high = table["low"]["ramp_months"], table["high"]["ramp_months"]
        ends = "" if channel.ramp.curve is not None else f" ({low:.1f} to {high:.1f})"
        months = table["estimate"]["ramp_months"]
        ramp = f"New reps ramp in {months:.1f} months{ends}, as {starters} starters show"
        if sample.ramp.share < 1.0:
            ramp += f" with {100.0 * sample.ramp.share:.0f} % of the weight, the rest {preset}'s"
        if channel.ramp.curve is not None:
            ramp += "; a curve by tenure predicts them clearly better than a line and is taken"
    if sample.survivors:
        return (
            f"{ramp}. The file shows survivors only: attrition cannot be told and is that of "
            f"{preset}, and the attainment may be flattered by those who are missing."
        )
    return f"{ramp}; {_percent(table, 'attrition')} of reps leave within a year."


def _doubts(
    facts: Mapping[str, Any], sample: Sample, table: pd.DataFrame, deals: pd.DataFrame | None
) -> Iterator[str]:
    if deals is not None:
        value, luck = deals["estimate"], float(table["estimate"]["luck_cv"])
        alone = float(value["deal_luck_cv"])
        part = 100.0 * min((alone / luck) ** 2, 1.0) if luck > 0.0 else math.nan
        yield (
            f"{100.0 * value['win_rate']:.0f} % of closed opportunities are won, "
            f"{value['deals_per_year']:.0f} a year by a ramped rep; deal luck alone, a coefficient "
            f"of variation of {100.0 * alone:.0f} %, explains {part:.0f} % of the luck found (as "
            "variance)."
        )
    if not sample.asked:
        yield (
            "No quota is known: it is set to what a ramped rep books in a year, so that the "
            "attainment is 1 by definition and its interval that of those bookings."
        )
    if sample.missing:
        shares = ", ".join(
            f"{name} {100.0 * table['from_data'][name]:.0f} %"
            for name in ("attainment", "skill_cv", "luck_cv", "attrition")
        )
        yield (
            f"{sample.reps} reps say little: {sample.missing} of preset {facts['preset']} are "
            f"added to make {ENOUGH}, and the history's own weight is {shares}."
        )
    found = sample.estimate()[1]
    if found.spread[0] < found.noise[0] * found.within[0]:
        yield (
            "Luck alone explains more than all of the spread between reps: the variance of skill "
            "came out negative and is set to 0."
        )


def _percent(table: pd.DataFrame, name: str) -> str:
    estimate, low, high = (
        100.0 * float(table[column][name]) for column in ("estimate", "low", "high")
    )
    if math.isnan(low):
        return f"{estimate:.0f} %"
    return f"{estimate:.0f} % ({low:.0f} to {high:.0f} %)"
