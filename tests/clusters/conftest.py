"""One pool of processes and one cluster for all tests of this folder, for they start slowly."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from typing import Any

import pytest

import gtmsim as gtm
from gtmsim.presets import midmarket_ae, paid_social

# Where the system has it, a server that has imported what processes need starts them faster.
QUICK = multiprocessing.get_context(
    "forkserver" if "forkserver" in multiprocessing.get_all_start_methods() else "spawn"
)
QUICK.set_forkserver_preload(["gtmsim.simulate", "gtmsim.decide", "gtmsim.fit"])


@pytest.fixture(scope="package")
def plan() -> gtm.Plan:
    return gtm.Plan(horizon=9, channels=[midmarket_ae(hires=3), paid_social(campaigns=10)])


@pytest.fixture(scope="package")
def pool() -> Iterator[ProcessPoolExecutor]:
    with ProcessPoolExecutor(2, mp_context=QUICK) as executor:
        yield executor


@pytest.fixture(scope="package")
def client() -> Iterator[Any]:
    distributed = pytest.importorskip("distributed")
    with (
        distributed.LocalCluster(
            n_workers=3,
            threads_per_worker=1,
            processes=True,
            host="127.0.0.1",
            dashboard_address="127.0.0.1:0",
            silence_logs="CRITICAL",
        ) as cluster,
        distributed.Client(cluster) as one,
    ):
        yield one
