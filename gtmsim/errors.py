"""What gtmsim raises, and the checks of function arguments.

::

    GtmsimError
    |-- PlanError (ValueError)              a plan, or a model in it, breaks its rules
    |   `-- PlanFileError                   a plan file is missing, unreadable or not TOML
    |-- HistoryError (ValueError)           a history, as exported, cannot be read or fitted
    |-- ArgumentError (ValueError)          an argument's value breaks its rule
    |-- ArgumentTypeError (TypeError)       an argument is of the wrong type
    |-- MetricError (ValueError)            a metric that does not exist for this plan or result
    |-- ExactError (ValueError)             an exact answer that cannot be promised for this plan
    |-- InfeasibleError (ValueError)        constraints that nothing can meet, or not together
    |-- PrecisionError (ValueError)         a precision that no number of scenarios reaches
    |-- ExecutorError (ValueError)          an executor that loses what it is given
    `-- StorageError (ValueError)           a file of results that is damaged, or not its own

    GtmsimWarning (UserWarning)
    `-- LostWorkersWarning                  an executor broke; the run went on without it
"""

from __future__ import annotations

import math
import numbers
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class Problem:
    """One broken rule.

    Attributes
    ----------
    path : str
        Where: ``channels[0].hit_rate``, or the name of an argument.
    rule : str
        What must hold, beginning with "must".
    value : object
        What was received.
    fix : str, optional
        What to do instead.

    Examples
    --------
    >>> str(Problem("hit_rate", "must be between 0 and 1", 1.2, "write 0.012 for 1.2 %"))
    'hit_rate: must be between 0 and 1, got 1.2 (write 0.012 for 1.2 %)'
    """

    path: str
    rule: str
    value: Any
    fix: str | None = None

    def __str__(self) -> str:
        path, rule = _shown(self.path), _shown(self.rule)
        fix = f" ({_shown(self.fix)})" if self.fix else ""
        try:
            value, *more = repr(self.value).splitlines() or [""]
            value += " ..." if more else ""
        except (ValueError, RecursionError):
            # Python writes no whole number of more than 4,300 digits, and no list without end.
            value = f"a {type(self.value).__name__} that is too long to be written"
        return f"{path}: {rule}, got {_shown(value, 80)}{fix}"


def printable(text: str) -> str:
    r"""Return a text safe to print: escapes stand for control characters and for what turns text.

    Names in files are whatever somebody wrote there, and a terminal obeys what it is sent.

    Parameters
    ----------
    text : str

    Examples
    --------
    >>> print(printable("Größe\x1b[2J"))
    Größe\x1b[2J
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


def _shown(text: str, most: int = 1_000) -> str:
    text = printable(text[: most + 1])
    return text if len(text) <= most else text[: most - 3] + "..."


class GtmsimError(Exception):
    """Base of every error that gtmsim raises on purpose.

    Examples
    --------
    >>> issubclass(PlanError, GtmsimError) and issubclass(PlanError, ValueError)
    True
    """


class _ProblemsError(GtmsimError):
    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(map(str, self.problems)))

    def __reduce__(self) -> tuple[type, tuple[Any, ...]]:
        return type(self), (self.problems,)


class PlanError(_ProblemsError, ValueError):
    """A plan, or a model in it, breaks rules; the message lists all of them, one a line.

    Parameters
    ----------
    problems : iterable of Problem

    Examples
    --------
    >>> print(PlanError([Problem("horizon", "must be at least 1", 0)]))
    horizon: must be at least 1, got 0
    """

    prefix = ""
    """What its paths begin with when it is not a plan that is wrong but a model on its own."""


class PlanFileError(PlanError):
    """A plan file is missing, unreadable or not TOML.

    Examples
    --------
    >>> issubclass(PlanFileError, PlanError)
    True
    """


class HistoryError(_ProblemsError, ValueError):
    """A history, as exported, cannot be read or fitted; the message lists what is wrong.

    Parameters
    ----------
    problems : iterable of Problem
        Paths name the file, the row as a spreadsheet counts it, and the column.

    Examples
    --------
    >>> print(HistoryError([Problem("ads.csv, row 7, Cost", "must be a number", "n/a")]))
    ads.csv, row 7, Cost: must be a number, got 'n/a'
    """


class InfeasibleError(_ProblemsError, ValueError):
    """Constraints that nothing can meet, or not together; each is named with what it lacks.

    Parameters
    ----------
    problems : iterable of Problem
        One for each constraint in conflict.

    Examples
    --------
    >>> print(InfeasibleError([Problem("Bounds('PR')", "must fit in the budget", 3, "raise it")]))
    Bounds('PR'): must fit in the budget, got 3 (raise it)
    """


class _OneProblemError(GtmsimError):
    def __init__(self, path: str, rule: str, value: Any, fix: str | None = None) -> None:
        self.problem = Problem(path, rule, value, fix)
        super().__init__(str(self.problem))

    @property
    def problems(self) -> tuple[Problem, ...]:
        """The broken rule, as a tuple of one."""
        return (self.problem,)

    def __reduce__(self) -> tuple[type, tuple[Any, ...]]:
        problem = self.problem
        return type(self), (problem.path, problem.rule, problem.value, problem.fix)


class ArgumentError(_OneProblemError, ValueError):
    """An argument's value breaks its rule.

    Examples
    --------
    >>> print(ArgumentError("scenarios", "must be at least 1", 0))
    scenarios: must be at least 1, got 0
    """


class ArgumentTypeError(_OneProblemError, TypeError):
    """An argument is of the wrong type.

    Examples
    --------
    >>> print(ArgumentTypeError("plan", "must be a Plan", "plan.toml"))
    plan: must be a Plan, got 'plan.toml'
    """


class MetricError(_OneProblemError, ValueError):
    """A metric that does not exist for this plan or result.

    Examples
    --------
    >>> print(MetricError("metric", "must be one of 'value', 'net'", "profit"))
    metric: must be one of 'value', 'net', got 'profit'
    """


class ExactError(_OneProblemError, ValueError):
    """An exact answer that cannot be promised for this plan; nothing is guessed instead.

    Examples
    --------
    >>> print(ExactError("plan", "must have programs only", "reps", "use prob_exceeds"))
    plan: must have programs only, got 'reps' (use prob_exceeds)
    """


class PrecisionError(_OneProblemError, ValueError):
    """A precision that no number of scenarios reaches, or none that was allowed.

    Examples
    --------
    >>> print(PrecisionError("metric", "must converge", "mean"))
    metric: must converge, got 'mean'
    """


class ExecutorError(_OneProblemError, ValueError):
    """An executor that loses the tasks that it is given.

    Examples
    --------
    >>> print(ExecutorError("executor", "must finish tasks", "KilledWorker", "give it memory"))
    executor: must finish tasks, got 'KilledWorker' (give it memory)
    """


class StorageError(_OneProblemError, ValueError):
    """A file of results that is damaged, of another format, or of another run.

    Examples
    --------
    >>> print(StorageError("run/summary.npz", "must be whole", "a wrong checksum"))
    run/summary.npz: must be whole, got 'a wrong checksum'
    """


class GtmsimWarning(UserWarning):
    """Base of every warning that gtmsim gives; none of them means that a number is wrong.

    Examples
    --------
    >>> issubclass(LostWorkersWarning, GtmsimWarning)
    True
    """


class LostWorkersWarning(GtmsimWarning):
    """An executor lost its workers for good, and the run went on in threads of its own process.

    Examples
    --------
    >>> import warnings
    >>> warnings.simplefilter("ignore", LostWorkersWarning)
    """


def check_number(
    name: str,
    value: object,
    *,
    low: float | None = None,
    high: float | None = None,
    low_open: bool = False,
    high_open: bool = False,
    fix: str | None = None,
) -> float:
    """Return a finite number within bounds as a float; numpy scalars are accepted, bool is not.

    Parameters
    ----------
    name : str
        The argument's, for the message.
    value : object
    low, high : float, optional
    low_open, high_open : bool, default False
        Whether the bound itself is refused.
    fix : str, optional
        What to do instead.

    Returns
    -------
    float

    Raises
    ------
    ArgumentTypeError
        If it is not a number.
    ArgumentError
        If it is not finite or outside its bounds.

    Examples
    --------
    >>> check_number("hit_rate", 1, low=0.0, high=1.0)
    1.0
    """
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        raise ArgumentTypeError(name, "must be a number", value, fix)
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise ArgumentError(name, "must be finite", value, fix)
    below = low is not None and (number <= low if low_open else number < low)
    above = high is not None and (number >= high if high_open else number > high)
    if below or above:
        raise ArgumentError(name, _bounds(low, high, low_open, high_open), value, fix)
    return number


def check_count(name: str, value: object, *, low: int = 1, high: int | None = None) -> int:
    """Return a whole number within bounds as an int; numpy integers are accepted, bool is not.

    Parameters
    ----------
    name : str
        The argument's, for the message.
    value : object
    low : int, default 1
    high : int, optional

    Returns
    -------
    int

    Raises
    ------
    ArgumentTypeError
        If it is not a whole number.
    ArgumentError
        If it is outside its bounds.

    Examples
    --------
    >>> check_count("scenarios", 100)
    100
    """
    whole = isinstance(value, numbers.Integral) or (
        isinstance(value, numbers.Real) and float(value).is_integer()
    )
    if isinstance(value, bool) or not whole:
        raise ArgumentTypeError(name, "must be a whole number", value)
    count = int(value)  # type: ignore[call-overload]
    if count < low or (high is not None and count > high):
        raise ArgumentError(name, _bounds(low, high, False, False), value)
    return int(count)


def check_levels(values: object, name: str = "q") -> npt.NDArray[np.float64]:
    """Return probabilities (level,) as an array; each must be a number in [0, 1].

    Parameters
    ----------
    values : object
    name : str, default "q"
        The argument's, for the message.

    Returns
    -------
    array (level,)

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If it is not a sequence of such numbers.

    Examples
    --------
    >>> check_levels((0.1, 0.9)).tolist()
    [0.1, 0.9]
    """
    if isinstance(values, str) or not isinstance(values, Iterable):
        fix = "write (0.5,) for one level"
        raise ArgumentTypeError(name, "must be a sequence of numbers", values, fix)
    return np.array([check_number(name, value, low=0.0, high=1.0) for value in values])


def _bounds(low: float | None, high: float | None, low_open: bool, high_open: bool) -> str:
    ends = (low, "above" if low_open else "at least"), (high, "below" if high_open else "at most")
    return "must be " + " and ".join(f"{word} {end:g}" for end, word in ends if end is not None)
