"""Whatever is asked, the answer does not depend on where it is found."""

from __future__ import annotations

import inspect
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor, wait
from functools import cache
from typing import Any

import numpy as np
import pytest

import gtmsim as gtm
from gtmsim import decide
from gtmsim.plan import Staging
from gtmsim.presets import midmarket_ae, paid_social
from tests.clusters.figures import figures

PLAN = gtm.Plan(horizon=9, channels=[midmarket_ae(hires=3), paid_social(campaigns=10)])
TEAM, PROGRAM = PLAN.channels
BETS = gtm.CampaignProgram(
    name="bets",
    campaigns=20,
    spend=10.0,
    launch=0,
    multiple=gtm.Lomax(tail_index=1.3, scale=0.4),
    staging=Staging(pilot_spend=1.0, kill_share=0.8, recycle=1.0),
)
STAGED = gtm.Plan(horizon=9, channels=[BETS])
REPS = gtm.SalesTeam(name="reps", hires=4, quota=600.0, loaded_cost=250.0, pipeline=1_500.0)
LOSSES = np.random.default_rng(1).pareto(1.5, 300) + 1.0
N = 9_000
"""Scenarios: several tasks of most questions."""

QUESTIONS: dict[str, Callable[..., Any]] = {
    "allocate": lambda **options: gtm.allocate(
        400_000, PLAN.replace(channels=[PROGRAM]), decide.Quantile(0.5), scenarios=2_000, **options
    ),
    "big_or_small": lambda **options: gtm.big_or_small(
        2e5, [20_000, 200_000], PROGRAM, scenarios=N, **options
    ),
    "break_even": lambda **options: gtm.break_even(
        PLAN, f"{TEAM.name}.attainment", within=(0.3, 1.2), scenarios=N, **options
    ),
    "cash": lambda **options: gtm.cash(PLAN, scenarios=N, **options),
    "claim_probability": lambda **options: gtm.claim_probability(
        1.1, 1_000, 0.5, scenarios=4 * N, **options
    ),
    "compare": lambda **options: gtm.compare(
        {"whole": PLAN, "team": PLAN.replace(channels=[TEAM])}, scenarios=N, **options
    ),
    "explore_share": lambda **options: gtm.explore_share(
        STAGED, shares=[0.1, 0.3], scenarios=N, **options
    ),
    "fit_tail": lambda **options: gtm.fit_tail(LOSSES, repetitions=100, **options),
    "frontier": lambda **options: gtm.frontier(
        PLAN, shares=[0.2, 0.5], sizes=[1.0], scenarios=N, **options
    ),
    "mix_by_horizon": lambda **options: decide.mix_by_horizon(
        PLAN, [0.2, 0.5], [4, 9], scenarios=N, **options
    ),
    "replay": lambda rng, **options: gtm.replay(
        gtm.simulate_portfolio(PLAN, scenarios=N, rng=rng).manifest, **options
    ).to_dataframe(),
    "scenario_table": lambda **options: gtm.scenario_table(
        PLAN, {"lucky": {f"{PROGRAM.name}.hit_rate": 0.3}}, scenarios=N, **options
    ),
    "sensitivity": lambda **options: (
        gtm.sensitivity(PLAN, scenarios=N, only=[f"{PROGRAM.name}.hit_rate"], **options).table
    ),
    "simulate_portfolio": lambda **options: gtm.simulate_portfolio(
        STAGED, scenarios=N, **options
    ).to_dataframe(),
    "smallest_budget": lambda **options: gtm.smallest_budget(
        10_000, 0.5, PLAN.replace(channels=[PROGRAM]), scenarios=N, **options
    ),
    "staging_by_tail": lambda **options: decide.staging_by_tail(
        STAGED, None, (1.3, 3.0), scenarios=N, **options
    ),
    "value_of_one_more": lambda **options: gtm.value_of_one_more(
        PLAN, TEAM.name, scenarios=N, **options
    ),
    "value_of_staging": lambda **options: gtm.value_of_staging(STAGED, scenarios=N, **options),
    "where_leads_bind": lambda **options: gtm.where_leads_bind(
        gtm.Plan(horizon=9, channels=[REPS]), "reps", range(1, 4), scenarios=N, **options
    ),
}


@cache
def here(question: str, seed: int = 3) -> Any:
    return figures(QUESTIONS[question](rng=seed))


class Watched(Executor):
    """Hands tasks on, keeps what is to come of them, and does something after some of them."""

    def __init__(
        self, own: Executor, after: int = 0, act: Callable[[], None] = lambda: None
    ) -> None:
        self.own, self.after, self.act = own, after, act
        self.futures: list[Future[Any]] = []

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        self.futures.append(self.own.submit(fn, *args, **kwargs))
        if len(self.futures) == self.after:
            self.act()
        return self.futures[-1]


def test_every_question_is_asked() -> None:
    offered = {
        name
        for module in (gtm, decide)
        for name in module.__all__
        if inspect.isfunction(one := getattr(module, name))
        and "executor" in inspect.signature(one).parameters
    }
    assert offered == set(QUESTIONS)


@pytest.mark.parametrize("question", QUESTIONS)
def test_answers_of_processes(pool: ProcessPoolExecutor, question: str) -> None:
    watched = Watched(pool)
    assert figures(QUESTIONS[question](rng=3, executor=watched)) == here(question)
    assert here(question) != here(question, seed=4)
    assert len(watched.futures) > 1


@pytest.mark.parametrize("question", QUESTIONS)
def test_answers_of_a_cluster(client: Any, question: str) -> None:
    assert figures(QUESTIONS[question](rng=3, executor=client)) == here(question)


@pytest.mark.parametrize("question", ["compare", "cash"])
def test_answers_of_a_cluster_that_loses_a_worker(client: Any, question: str) -> None:
    processes = list(client.run(os.getpid).values())
    own = client.get_executor(pure=False)
    killing = Watched(own, 4, lambda: os.kill(processes[0], signal.SIGKILL))
    assert figures(QUESTIONS[question](rng=3, executor=killing, workers=3)) == here(question)
    assert len(killing.futures) >= 4
    client.wait_for_workers(3, timeout=120)
    assert processes[0] not in client.run(os.getpid).values()


# -- Ctrl-C ---------------------------------------------------------------------------------------


@pytest.fixture
def _heard() -> Iterator[None]:
    """Where the suite runs in the background, the shell has Ctrl-C ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def interrupted(executor: Executor) -> list[Future[Any]]:
    """Ask, press Ctrl-C while tasks are waited for, and return what was to come of them."""
    main = threading.get_ident()
    key = threading.Timer(0.3, lambda: signal.pthread_kill(main, signal.SIGINT))
    watched = Watched(executor, 4, key.start)
    with pytest.raises(KeyboardInterrupt):
        gtm.compare({"whole": PLAN}, scenarios=50_000_000, executor=watched, workers=2)
    key.join()
    return watched.futures


@pytest.mark.usefixtures("_heard")
def test_ctrl_c_leaves_processes_at_once_and_as_they_were(pool: ProcessPoolExecutor) -> None:
    futures = interrupted(pool)
    # It did not wait for what the pool had taken on; the pool ends that by itself.
    assert any(not future.done() for future in futures)
    wait(futures)
    assert not pool._pending_work_items
    assert figures(QUESTIONS["cash"](rng=3, executor=pool)) == here("cash")


@pytest.mark.usefixtures("_heard")
def test_ctrl_c_leaves_a_cluster_at_once_and_idle(client: Any) -> None:
    futures = interrupted(client.get_executor(pure=False))
    assert any(future.cancelled() for future in futures)
    assert all(future.done() for future in futures)
    # What is held of the results would be held on the cluster too.
    futures.clear()
    for _ in range(1_000):
        if not client.run_on_scheduler(lambda dask_scheduler: len(dask_scheduler.tasks)):
            break
        time.sleep(0.02)
    else:
        pytest.fail("the cluster still has tasks of a run that was left")
    assert figures(QUESTIONS["cash"](rng=3, executor=client)) == here("cash")
