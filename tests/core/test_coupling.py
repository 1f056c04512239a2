"""What reps close of their pipeline against a loop over seats, months and lanes."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pytest

from gtmsim.core._types import Floats
from gtmsim.core.coupling import FLOWS, close_pipeline
from gtmsim.core.streams import LANES
from tests.laws import rejects

SEATS, MONTHS = 3, 5


class Case(NamedTuple):
    """The arguments of `close_pipeline` that it reads, and output (seat, month * lane)."""

    own: float
    fed: Floats
    discount: Floats
    market: Floats
    ready: Floats
    factor: Floats
    output: Floats


def case(own: float = 2.0, feeds: float = 1.0) -> Case:
    """Reps of all ramps, some not there, in good and bad months and markets."""
    rng = np.random.default_rng(3)
    shape = (SEATS, MONTHS * LANES)
    ready = rng.choice([0.0, 0.3, 1.0], shape)
    return Case(
        own=own,
        fed=feeds * rng.pareto(1.2, (MONTHS, LANES)),
        discount=0.9 ** np.arange(MONTHS),
        market=rng.lognormal(0.0, 0.5, LANES),
        ready=ready,
        factor=rng.uniform(0.5, 2.0, MONTHS * LANES),
        output=ready * rng.lognormal(0.0, 0.6, shape),
    )


def run(given: Case) -> tuple[Floats, Floats]:
    output, flow = given.output.copy(), np.full((len(FLOWS), LANES), np.nan)
    close_pipeline(*given[:-1], output, flow)
    return output, flow


def expect_shared(given: Case, output: Floats, flow: Floats) -> None:
    """Expect every rep to close what it can of its part, and the flows to be those sums."""
    expected = np.zeros_like(flow)
    for lane in range(LANES):
        for t in range(MONTHS):
            at = t * LANES + lane
            shock = given.market[lane]
            leads = given.own * shock + given.fed[t, lane]
            able = [shock * given.factor[at] * made for made in given.output[:, at].tolist()]
            ramps = given.ready[:, at].tolist()
            closed = 0.0
            for seat, (can, ramp) in enumerate(zip(able, ramps, strict=True)):
                gets = leads * ramp / sum(ramps) if ramp else 0.0
                closes = min(can, gets)
                closed += closes
                found = output[seat, at] * shock * given.factor[at]
                assert found == pytest.approx(closes, rel=1e-12, abs=1e-300)
            for row, amount in enumerate((sum(able), leads, closed)):
                expected[row, lane] += given.discount[t] * amount
            expected[3, lane] += sum(able) > leads
    np.testing.assert_allclose(flow, expected, rtol=1e-12)


@pytest.mark.parametrize(("own", "feeds"), [(2.0, 1.0), (0.0, 0.3), (0.5, 0.0), (0.0, 0.0)])
def test_reps_share_what_there_is(own: float, feeds: float) -> None:
    given = case(own, feeds)
    output, flow = run(given)
    expect_shared(given, output, flow)
    rejects(expect_shared, given._replace(own=given.own + 0.01), output, flow)
    twice = given.ready.copy()
    twice[0] *= 2.0
    if own or feeds:
        rejects(expect_shared, given._replace(ready=twice), output, flow)
        assert 0.0 < flow[3].mean() < MONTHS


def test_enough_pipeline_changes_no_bit() -> None:
    given = case(own=1e15)
    output, flow = run(given)
    np.testing.assert_array_equal(output, given.output)
    np.testing.assert_array_equal(flow[3], 0.0)
    np.testing.assert_allclose(flow[0], flow[2], rtol=1e-14)
    less, _ = run(case(own=1.0))
    assert np.any(less != given.output)


def test_what_is_closed_once_is_not_cut_again() -> None:
    given = case(0.7)
    output, _ = run(given)
    again, flow = run(given._replace(output=output))
    np.testing.assert_allclose(again, output, rtol=1e-12)
    np.testing.assert_allclose(flow[0], flow[2], rtol=1e-12)


def test_capacity_that_just_meets_pipeline_is_not_short() -> None:
    given = case()
    ones = np.ones_like(given.output)
    equal = given._replace(
        own=float(SEATS),
        fed=0.0 * given.fed,
        market=0.0 * given.market + 1.0,
        factor=0.0 * given.factor + 1.0,
        ready=ones,
        output=ones * (1.0 + 1e-13),
    )
    _, flow = run(equal)
    np.testing.assert_array_equal(flow[3], 0.0)
    _, flow = run(equal._replace(output=ones * 1.0001))
    np.testing.assert_array_equal(flow[3], MONTHS)


def test_nobody_and_no_market_are_nothing() -> None:
    """No share of pipeline where nobody is ramped, and none of a market that is gone."""
    given = case()
    nobody = given._replace(ready=0.0 * given.ready, output=0.0 * given.output)
    output, flow = run(nobody)
    np.testing.assert_array_equal(output, 0.0)
    np.testing.assert_array_equal(flow[[0, 2, 3]], 0.0)
    assert np.all(flow[1] > 0.0)
    for feeds in (0.0, 1.0):
        gone = case(feeds=feeds)._replace(market=np.zeros(LANES))
        output, flow = run(gone)
        assert np.all(np.isfinite(output))
        assert np.all(np.isfinite(flow))
        np.testing.assert_array_equal(flow[[0, 2, 3]], 0.0)
