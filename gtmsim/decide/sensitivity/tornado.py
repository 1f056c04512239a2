"""Every assumption at its 10 % and 90 % quantile, one at a time."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pandas as pd

from gtmsim.decide.paired import difference
from gtmsim.decide.sensitivity.ranges import Assumption, Omitted
from gtmsim.decide.sensitivity.study import Study
from gtmsim.errors import ArgumentError, ArgumentTypeError, PlanError

COLUMNS = (
    "value",
    "low",
    "high",
    "at_low",
    "at_high",
    "swing",
    "swing_low",
    "swing_high",
    "source",
)


def tornado(study: Study, varied: Sequence[Assumption]) -> tuple[pd.DataFrame, list[Omitted]]:
    """Return what each assumption moves, the widest swing first, and those that cannot be set.

    Parameters
    ----------
    study : Study
    varied : sequence of Assumption

    Returns
    -------
    table : DataFrame
        Index path. Columns: value (in the plan), low and high, the metric at_low and at_high, the
        swing from the one to the other with the ends of its paired interval, and the source of the
        range.
    omitted : list of Omitted
        Assumptions of which one end breaks a rule, with what was raised.
    """
    rows, omitted = [], []
    for found in study.each(lambda a: _swing(study, a), varied):
        if isinstance(found, Omitted):
            omitted.append(found)
        else:
            rows.append(found)
    paths = [a.path for a in varied if a.path not in {o.path for o in omitted}]
    table = pd.DataFrame(rows, index=pd.Index(paths, name="path"), columns=list(COLUMNS))
    size = table["swing"].abs().fillna(-math.inf)
    # Stable: among equal swings the order of the plan stays.
    return table.loc[size.sort_values(ascending=False, kind="stable").index], omitted


def _swing(study: Study, assumption: Assumption) -> tuple[object, ...] | Omitted:
    path, value, low, high, source = assumption
    try:
        at_low, at_high = (study.figure({path: end}) for end in (low, high))
    except (PlanError, ArgumentError, ArgumentTypeError) as error:
        return Omitted(path, value, str(error.problems[0]).removeprefix(f"{path}: "))
    swing = difference(at_high, at_low)
    ends = (at_low.interval.estimate, at_high.interval.estimate)
    return (value, low, high, *ends, swing.estimate, swing.low, swing.high, source)
