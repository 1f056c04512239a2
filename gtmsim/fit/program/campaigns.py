"""From a tidy history to one entry per campaign: what was spent, what came, and what is too young.

Rows of one campaign, as the days of an ad, are added up.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, NoReturn, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gtmsim.core._types import Floats
from gtmsim.errors import ArgumentError, ArgumentTypeError, HistoryError, Problem, check_number
from gtmsim.plan import CampaignProgram

Flags: TypeAlias = NDArray[np.bool_]

DAYS_PER_MONTH = 365.25 / 12.0
_SHOWN_ROWS = 5


@dataclass(frozen=True)
class Campaigns:
    """One channel's history, an entry per campaign.

    Attributes
    ----------
    spend, value : array (campaign,)
        Currency, spend above 0.
    count : array (campaign,) or None
        Conversions; None where they were not counted, or are not to be used.
    unit : array (campaign,)
        What one conversion brings (currency); 1 without counts.
    young : array (campaign,) of bool
        Launched too recently for their value to be complete.
    unspent : array (campaign,)
        Conversions of the campaigns that spent nothing, which are not among the others.
    notes : tuple of str
        What was left out or assumed, in sentences.
    """

    spend: Floats
    value: Floats
    count: Floats | None
    unit: Floats
    young: Flags
    unspent: Floats
    notes: tuple[str, ...]

    @property
    def size(self) -> int:
        """Number of campaigns."""
        return self.spend.size

    def taken(self, places: NDArray[np.int64]) -> Campaigns:
        """Return some of the campaigns."""
        count = None if self.count is None else self.count[places]
        return replace(
            self,
            spend=self.spend[places],
            value=self.value[places],
            count=count,
            unit=self.unit[places],
            young=self.young[places],
        )

    @property
    def multiple(self) -> Floats:
        """Value per 1 spent of each campaign (campaign,), as it was observed."""
        return self.value / self.spend

    @property
    def hits(self) -> int:
        """Campaigns that returned anything."""
        return int(np.count_nonzero(self.value > 0.0))

    @property
    def told_hits(self) -> int:
        """Hits that speak of the multiple: of young campaigns only those without count noise."""
        if self.count is None:
            return self.hits
        return int(np.count_nonzero((self.value > 0.0) & ~self.young))


def gather(
    history: pd.DataFrame,
    *,
    channel: str | None,
    value_per_conversion: float | None,
    margin: float,
    count_noise: bool | None,
    as_of: object,
    maturity: float,
) -> Campaigns:
    """Check a history and add it up by campaign; see :func:`gtmsim.fit.fit_program`."""
    if not isinstance(history, pd.DataFrame):
        fix = "read a file with read_campaigns(path)"
        raise ArgumentTypeError("campaigns", "must be a DataFrame", type(history).__name__, fix)
    rows, notes = _of_channel(history, channel)
    spend = _amounts(rows, "spend")
    if spend is None:
        _refuse("columns", "must hold spend", ", ".join(map(str, rows.columns)))
    if np.isnan(spend).any():
        _refuse_rows(rows, np.isnan(spend), "spend", "must be a number", "leave the row out")
    count, value = _amounts(rows, "conversions"), _amounts(rows, "value")
    value = _valued(rows, count, value, value_per_conversion)
    table = pd.DataFrame({"spend": spend, "value": margin * value})
    table["count"] = np.nan if count is None else count
    table["date"] = _dates(rows)
    groups = table.groupby(_keys(rows), sort=False)
    table = groups[["spend", "value"]].sum()
    table["count"] = groups["count"].sum(min_count=1)
    table["date"] = groups["date"].min()
    nothing = table["spend"] <= 0.0
    unspent = table.loc[nothing, "count"].dropna().to_numpy()
    if nothing.any():
        came = float(table.loc[nothing, "value"].sum())
        notes.append(
            f"{int(nothing.sum()):,} campaigns spent nothing and were left out: they have no "
            f"multiple. They hold {came:,.6g} of value."
        )
        table = table[~nothing]
    if not (table["value"] > 0.0).any():
        _refuse("value", "must be above 0 in some campaign that spent", 0.0)
    young, said = _too_young(table["date"], as_of, maturity)
    notes += said
    counted = bool(table["count"].notna().all())
    if count_noise and not counted:
        _refuse("conversions", "must be given for each campaign to allow for count noise", "none")
    used = counted if count_noise is None else count_noise
    spends, values = table["spend"].to_numpy(), table["value"].to_numpy()
    counts = table["count"].to_numpy() if used else None
    unit = np.ones(len(table))
    if counts is not None:
        unit = _units(counts, values)
        # A sale without a conversion, as by a view, counts as what it is worth.
        counts = np.where((counts == 0.0) & (values > 0.0), values / unit, counts)
        counts = np.where(values == 0.0, 0.0, counts)
    return Campaigns(spends, values, counts, unit, young, unspent, tuple(notes))


def _dates(rows: pd.DataFrame) -> NDArray[np.datetime64]:
    if "date" not in rows:
        return np.full(len(rows), np.datetime64("NaT", "s"))
    try:
        dates = pd.to_datetime(rows["date"], format="ISO8601")
    except (TypeError, ValueError) as error:
        _refuse("date", "must be dates", str(error), "read the file with read_campaigns")
    if dates.dt.tz is not None:
        dates = dates.dt.tz_localize(None)
    return dates.to_numpy(dtype="datetime64[s]")


def _of_channel(history: pd.DataFrame, channel: str | None) -> tuple[pd.DataFrame, list[str]]:
    if "channel" not in history:
        if channel is not None:
            _refuse("columns", "must hold channel, to take one", ", ".join(history.columns))
        return history, []
    found = history["channel"].dropna().astype(str)
    if channel is None:
        if found.nunique() < 2:
            return history, []
        return history, [
            f"{found.nunique()} channels were taken together; channel=... takes one of them."
        ]
    rows = history[history["channel"].astype(str) == channel]
    if rows.empty:
        known = ", ".join(found.unique()[:10])
        raise ArgumentError("channel", f"must be one of {known}", channel)
    return rows, []


def _amounts(rows: pd.DataFrame, column: str) -> Floats | None:
    """Return a column of numbers that are not negative, or None if it is absent or empty."""
    if column not in rows or rows[column].isna().all():
        return None
    numbers = pd.to_numeric(rows[column], errors="coerce").to_numpy(dtype=np.float64)
    given = rows[column].notna().to_numpy()
    _refuse_rows(
        rows,
        given & ~np.isfinite(numbers),
        column,
        "must be a number",
        "read it with read_campaigns",
    )
    _refuse_rows(
        rows, numbers < 0.0, column, "must not be negative", "leave the row out, or net it"
    )
    return numbers


def _valued(
    rows: pd.DataFrame, count: Floats | None, value: Floats | None, per_conversion: float | None
) -> Floats:
    if per_conversion is not None:
        per_conversion = check_number(
            "value_per_conversion", per_conversion, low=0.0, low_open=True
        )
        if value is not None:
            rule = "must be None where the history holds value"
            raise ArgumentError("value_per_conversion", rule, per_conversion)
        if count is None:
            _refuse("conversions", "must be given to be valued", "none")
        value = per_conversion * count
    elif value is None:
        have = "conversions alone" if count is not None else "neither value nor conversions"
        fix = "say what a conversion brings: value_per_conversion=..."
        _refuse("value", "must be given", have, fix)
    missing = np.isnan(value)
    _refuse_rows(rows, missing, "value", "must be a number", "write 0 where nothing came")
    return value


def _keys(rows: pd.DataFrame) -> list[Any]:
    """Return what tells campaigns apart; a row without a name is a campaign of its own."""
    if "campaign" not in rows:
        return [pd.Series(np.arange(len(rows)))]
    names = rows["campaign"].astype("string").reset_index(drop=True)
    alone = names.isna() | (names.str.strip() == "")
    own = pd.Series(np.where(alone, np.arange(len(rows)), -1))
    keys = [names.fillna("").str.strip(), own]
    if "channel" in rows:
        keys.append(rows["channel"].astype("string").fillna("").reset_index(drop=True))
    return keys


def _too_young(date: pd.Series, as_of: object, maturity: float) -> tuple[Flags, list[str]]:
    nobody = np.zeros(len(date), dtype=bool)
    if maturity == 0.0:
        return nobody, []
    if date.isna().all():
        return nobody, ["There are no dates, so campaigns too young could not be told."]
    try:
        last = date.max() if as_of is None else pd.Timestamp(str(as_of))
    except ValueError:
        fix = "write 2025-06-30"
        raise ArgumentError("as_of", "must be a date", as_of, fix) from None
    if last < date.max():
        raise ArgumentError(
            "as_of", f"must not be before the last date, {date.max():%Y-%m-%d}", as_of
        )
    days = maturity * DAYS_PER_MONTH
    young = ((last - date).dt.days < days).to_numpy(dtype=bool)
    if young.all():
        fix = "as_of=... is the day of the export, maturity=... the months that value takes"
        if as_of is not None:
            rule = f"must hold a campaign of {days:.0f} days or more"
            _refuse("date", rule, f"{(last - date.min()).days} days", fix)
        span = (date.max() - date.min()).days
        return nobody, [
            f"Value takes about {days:.0f} days to come and the dates span {span}, so campaigns "
            f"too young could not be told: {fix}."
        ]
    if not young.any():
        return nobody, []
    return young, [
        f"{int(young.sum()):,} campaigns are younger than {days:.0f} days on {last:%Y-%m-%d}: they "
        "are censored, not counted as misses (maturity=0 counts them)."
    ]


def _units(count: Floats, value: Floats) -> Floats:
    """Return what a conversion of each campaign brings, shrunk towards the mean of all.

    The variance of a campaign's mean value is tau^2 + sigma^2 / count, between campaigns and within
    them; both are found by regression, and the weight of a campaign's own mean follows.
    """
    counted = count > 0.0
    total = float(count[counted].sum())
    if total == 0.0:
        _refuse("conversions", "must be above 0 in some campaign that has value", 0.0)
    mean = float(value[counted].sum()) / total
    own = value[counted] / count[counted]
    square, inverse = (own - mean) ** 2, 1.0 / count[counted]
    if np.allclose(square, 0.0, atol=1e-12 * mean**2):
        return np.full(count.shape, mean)
    between, within = 1.0, 0.0
    # With as many conversions each the two cannot be told apart, and campaigns keep their own.
    if np.ptp(inverse) > 0.0:
        within, between = np.polyfit(inverse, square, 1, w=np.sqrt(count[counted]))
        between, within = max(float(between), 0.0), max(float(within), 0.0)
    weight = between * count + within
    unit = np.full(count.shape, mean)
    np.divide(between * value + within * mean, weight, out=unit, where=weight > 0.0)
    return unit


def _refuse_rows(
    rows: pd.DataFrame,
    wrong: Flags,
    column: str,
    rule: str,
    fix: str,
) -> None:
    if wrong.any():
        places = np.flatnonzero(wrong)
        first = rows[column].iloc[places[:_SHOWN_ROWS]]
        shown = [
            Problem(f"campaigns, row {label}, {column}", rule, value, fix)
            for label, value in zip(first.index, first.tolist(), strict=True)
        ]
        if places.size > _SHOWN_ROWS:
            more = f"{places.size - _SHOWN_ROWS:,} more rows"
            shown.append(Problem(f"campaigns, {column}", rule, more))
        raise HistoryError(shown)


def _refuse(path: str, rule: str, value: object, fix: str | None = None) -> NoReturn:
    raise HistoryError([Problem(f"campaigns, {path}", rule, value, fix)])


def maturity_of(program: CampaignProgram | None) -> float:
    """Return the months after which a campaign's value is taken as complete.

    Lag and two half-lives of the fast part, by which three quarters of it have come.

    Examples
    --------
    >>> from gtmsim.presets import events
    >>> round(maturity_of(events()), 2)
    9.69
    """
    return 0.0 if program is None else program.lag + 2.0 * program.half_life
