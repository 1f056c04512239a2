"""One metric of many plans with the same luck."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from gtmsim.core.streams import MAX_SCENARIOS
from gtmsim.decide.draws import Draws
from gtmsim.decide.paired import Figure
from gtmsim.decide.sensitivity.fields import MEAN, get_field, resolve, set_fields
from gtmsim.decide.sensitivity.metric import Metric
from gtmsim.errors import ArgumentTypeError, check_count
from gtmsim.execute import Crew, ExecutorLike, run_tasks
from gtmsim.plan import Channel, Plan
from gtmsim.seeds import RNGLike
from gtmsim.statistics.intervals import check_level

T = TypeVar("T")
R = TypeVar("R")

FEWEST_SCENARIOS = 500
"""With fewer, the worst 5 % of them are too few for an interval."""


class Study:
    """A plan whose fields are changed, and one metric of it on common random numbers.

    Parameters
    ----------
    plan : Plan
    metric : str
    scenarios : int
        At least 500.
    rng : None, int, SeedSequence or Generator
    level : float
        Of intervals.
    workers : int, optional
        Threads, one per core by default: each evaluates plans of its own.
    executor : concurrent.futures.Executor or dask Client, optional
        Where to run, to the same bits; see :func:`gtmsim.simulate_portfolio`.

    Raises
    ------
    ArgumentError, ArgumentTypeError, MetricError
        If an argument breaks its rule.

    Examples
    --------
    >>> from gtmsim.presets import example_plan
    >>> study = Study(example_plan(), "p50", 500, 7, 0.95)
    >>> study.figure({"PR.hit_rate": 0.3}).interval.estimate > study.base.interval.estimate
    True
    """

    def __init__(
        self,
        plan: Plan,
        metric: str,
        scenarios: int,
        rng: RNGLike,
        level: float,
        workers: int | None = None,
        executor: ExecutorLike | None = None,
    ) -> None:
        if not isinstance(plan, Plan):
            fix = "read a file with Plan.from_toml(path)"
            raise ArgumentTypeError("plan", "must be a Plan", plan, fix)
        self.plan, self.metric = plan, Metric.named(metric)
        self.scenarios = check_count(
            "scenarios", scenarios, low=FEWEST_SCENARIOS, high=MAX_SCENARIOS
        )
        self.level = check_level(level)
        # Plans run side by side in threads, so each is simulated as one task.
        self.threads = Crew(Crew.of(workers, executor).size)
        self.draws = Draws(self.scenarios, rng, 1, executor)
        self.base = self.figure({})

    def figure(self, changes: Mapping[str, Any]) -> Figure:
        """Return the metric of the plan with some fields changed."""
        return self._of(set_fields(self.plan, changes))

    def _of(self, plan: Plan) -> Figure:
        return self.metric.of_plan(self.draws.totals(plan), plan, self.level)

    def jointly(self, changes: Mapping[str, Any]) -> Figure:
        """Return the metric with fields changed together, each as if it were alone.

        A mean multiple is moved by as much as it would be alone, so that it does not undo what hit
        rate, cap and tail do to it. A channel's name stands for the channel.
        """
        whole = {p: v for p, v in changes.items() if isinstance(v, Channel)}
        means = {p: v for p, v in changes.items() if p not in whole and _is_mean(self.plan, p)}
        channels = [whole.get(channel.name, channel) for channel in self.plan.channels]
        plan = set_fields(
            self.plan.replace(channels=channels),
            {p: v for p, v in changes.items() if p not in whole and p not in means},
        )
        moved = {
            path: value * get_field(plan, path) / get_field(self.plan, path)
            for path, value in means.items()
        }
        return self._of(set_fields(plan, moved))

    def each(self, function: Callable[[T], R], items: Iterable[T]) -> list[R]:
        """Return function(item) of each, in their order, side by side."""
        numbered = list(enumerate(items))

        def task(pair: tuple[int, T]) -> tuple[int, R]:
            return pair[0], function(pair[1])

        found = dict(run_tasks(task, numbered, self.threads))
        return [found[place] for place, _ in numbered]


def _is_mean(plan: Plan, path: str) -> bool:
    return resolve(plan, path)[1] == (MEAN,)
