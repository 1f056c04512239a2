"""The scan of all thresholds against plain Python, the zeta function, and the values drawn."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize, special, stats

from gtmsim.core._types import Floats
from gtmsim.core.tail_bootstrap import History, _append_tail, _count_again, _Room, refit
from gtmsim.core.tail_scan import (
    fit_given,
    log_variance,
    scan_thresholds,
    zeta_at,
    zeta_survival,
)
from gtmsim.seeds import seed_key
from tests.laws import expect_distribution, expect_proportion, rejects

KEY = seed_key(11)


STEPS = np.arange(2_000.0)


def plain_zeta(s: float, q: float) -> float:
    """q**s zeta(s, q): many terms, and the integral of the others."""
    rest = q / (s - 1.0) * (1.0 + (STEPS.size - 0.5) / q) ** (1.0 - s)
    return float(np.exp(-s * np.log1p(STEPS / q)).sum()) + rest


def plain_survival(alpha: float, x: float, minimum: float, discrete: bool) -> float:
    if not discrete:
        return float((x / minimum) ** -alpha)
    s = 1.0 + alpha
    return float((x / minimum) ** -s) * plain_zeta(s, x) / plain_zeta(s, minimum)


def plain_index(tail: Sequence[float], minimum: float, discrete: bool) -> float:
    logs = math.fsum(math.log(x / minimum) for x in tail)
    if not discrete:
        return len(tail) / logs

    def loss(alpha: float) -> float:
        return (1.0 + alpha) * logs + len(tail) * math.log(plain_zeta(1.0 + alpha, minimum))

    start = len(tail) / logs
    found = optimize.minimize_scalar(
        loss, bounds=(start / 20.0, 2.0 * start), method="bounded", options={"xatol": 1e-9}
    )
    return float(found.x)


def plain_distance(tail: Sequence[float], minimum: float, alpha: float, discrete: bool) -> float:
    return max(
        abs(sum(y >= x for y in tail) / len(tail) - plain_survival(alpha, x, minimum, discrete))
        for x in set(tail)
    )


def plain_scan(values: Sequence[float], discrete: bool) -> list[tuple[float, float, float]]:
    """(distance, minimum, alpha) of every threshold."""
    found = []
    for minimum in sorted(set(values))[:-2]:
        tail = [x for x in values if x >= minimum]
        alpha = plain_index(tail, minimum, discrete)
        found.append((plain_distance(tail, minimum, alpha, discrete), minimum, alpha))
    return found


def as_points(values: Sequence[float]) -> tuple[Floats, Floats, Floats]:
    counts = Counter(values)
    value = np.array(sorted(counts), dtype=np.float64)
    count = np.array([counts[x] for x in value.tolist()], dtype=np.float64)
    return np.log(value), value, np.cumsum(count[::-1])[::-1].copy()


def expect_plain_scan(values: Sequence[float], discrete: bool) -> None:
    log, value, upper = as_points(values)
    place, alpha, distance = scan_thresholds(log, value, upper, discrete)
    scan = plain_scan(values, discrete)
    # A search by values alone finds the exponent to the root of the machine's precision.
    near = 1e-5 if discrete else 1e-9
    least = min(scan)[0]
    assert distance == pytest.approx(least, rel=near)
    # Equal distances, up to rounding, are equally good.
    assert value[place] in [minimum for d, minimum, _ in scan if d <= least * (1.0 + near)]
    assert alpha == pytest.approx({m: a for _, m, a in scan}[value[place]], rel=near)


FAMILIES: dict[str, Callable[[np.random.Generator, int], Floats]] = {
    "pareto": lambda rng, n: rng.pareto(1.5, n) + 1.0,
    "lomax": lambda rng, n: rng.pareto(0.7, n),
    "lognormal": lambda rng, n: rng.lognormal(0.0, 2.0, n),
    "exponential": lambda rng, n: rng.exponential(1.0, n),
    "ties": lambda rng, n: np.round(rng.pareto(1.2, n), 1) + 0.1,
    "repeated": lambda rng, n: np.repeat(rng.pareto(1.2, n // 4) + 1.0, 4),
}


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("n", [12, 61, 180])
def test_the_scan_is_the_plain_one(family: str, n: int) -> None:
    values = FAMILIES[family](np.random.default_rng(n), n).tolist()
    expect_plain_scan(values, discrete=False)
    expect_plain_scan(np.ceil(10.0 * np.array(values)).tolist(), discrete=True)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.integers(1, 60), min_size=5, max_size=60).filter(lambda x: len(set(x)) >= 4),
    st.booleans(),
)
def test_the_scan_of_many_ties_is_the_plain_one(values: list[int], discrete: bool) -> None:
    expect_plain_scan([float(x) for x in values], discrete)


def test_the_scan_is_the_one_of_all_thresholds() -> None:
    # Vectorised and quadratic, so that sizes that are searched in many steps are checked.
    rng = np.random.default_rng(4)
    for n in (1_000, 3_000):
        for draw in FAMILIES.values():
            log, value, upper = as_points(draw(rng, n).tolist())
            place, _, distance = scan_thresholds(log, value, upper, False)
            count = -np.diff(upper, append=0.0)
            distances = []
            for i in range(value.size - 2):
                y = log[i:] - log[i]
                index = upper[i] / (count[i:] @ y)
                distances.append(np.abs(upper[i:] / upper[i] - np.exp(-index * y)).max())
            assert place == int(np.argmin(distances))
            assert distance == pytest.approx(min(distances), rel=1e-12)


def test_a_neighbour_of_the_best_threshold_would_be_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    values = FAMILIES["lomax"](np.random.default_rng(1), 61).tolist()
    expect_plain_scan(values, discrete=False)
    true = scan_thresholds

    def neighbour(*points: object) -> tuple[int, float, float]:
        place, alpha, distance = true(*points)
        return place + 1, alpha, distance

    monkeypatch.setitem(globals(), "scan_thresholds", neighbour)
    rejects(expect_plain_scan, values, discrete=False)


def test_a_given_minimum_need_not_be_a_value() -> None:
    values = FAMILIES["pareto"](np.random.default_rng(2), 80).tolist()
    for discrete, minimum in ((False, 0.9), (True, 2.0)):
        x = np.ceil(3.0 * np.array(values)).tolist() if discrete else values
        alpha, distance = fit_given(*as_points(x), discrete, math.log(minimum), minimum)
        assert alpha == pytest.approx(plain_index(x, minimum, discrete), rel=1e-6)
        assert distance == pytest.approx(plain_distance(x, minimum, alpha, discrete), rel=1e-9)


# -- Zeta -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("s", [1.001, 1.5, 2.0, 3.7, 12.0, 60.0])
@pytest.mark.parametrize("q", [1.0, 2.0, 7.0, 40.0, 1e3, 1e5])
def test_zeta_is_that_of_scipy(s: float, q: float) -> None:
    known = float(special.zeta(s, q))
    if known > 1e-290:
        assert zeta_at(s, q) == pytest.approx(known * q**s, rel=1e-12)


def test_zeta_neither_underflows_nor_overflows() -> None:
    # Far out a sum is its integral from half a unit below.
    assert zeta_at(300.0, 1e9) == pytest.approx(1e9 / 299.0 + 0.5, rel=1e-9)
    assert zeta_at(5_000.0, 1.0) == 1.0


@pytest.mark.parametrize(("alpha", "minimum"), [(0.4, 1.0), (1.5, 1.0), (2.5, 6.0), (30.0, 4.0)])
def test_the_variance_of_logarithms_is_that_of_the_likelihood(alpha: float, minimum: float) -> None:
    def log_zeta(s: float) -> float:
        return math.log(special.zeta(s, minimum)) + s * math.log(minimum)

    h, s = 1e-3 * (1.0 + alpha), 1.0 + alpha
    second = (log_zeta(s + h) - 2.0 * log_zeta(s) + log_zeta(s - h)) / h**2
    assert log_variance(alpha, minimum) == pytest.approx(second, rel=1e-3)


def test_the_discrete_exponent_has_the_mean_logarithm_of_the_data() -> None:
    rng = np.random.default_rng(8)
    for minimum, alpha in ((1.0, 0.3), (1.0, 2.0), (3.0, 1.0), (20.0, 6.0), (1e6, 1.0)):
        x = np.floor((minimum - 0.5) * rng.random(50) ** (-1.0 / alpha) + 0.5).clip(max=2.0**52)
        log, value, upper = as_points([*x.tolist(), minimum, minimum + 1.0])
        found, _ = fit_given(log, value, upper, True, math.log(minimum), minimum)
        h = 1e-4 * found

        def log_zeta(s: float, q: float = minimum) -> float:
            return math.log(zeta_at(s, q))

        mean = (log_zeta(1.0 + found - h) - log_zeta(1.0 + found + h)) / (2.0 * h)
        data = float((-np.diff(upper, append=0.0)) @ (log - math.log(minimum))) / upper[0]
        assert mean == pytest.approx(data, rel=1e-6)


def test_survival_is_the_ratio_of_zetas() -> None:
    x = np.array([3.0, 4.0, 50.0, 1e9])
    found = np.empty(4)
    zeta_survival(1.3, 3.0, x, found)
    assert found == pytest.approx(special.zeta(2.3, x) / special.zeta(2.3, 3.0), rel=1e-11)
    assert found[0] == 1.0


# -- Histories drawn again ------------------------------------------------------------------------


def history(values: Floats, minimum: float, alpha: float, discrete: bool) -> History:
    value, count = np.unique(values, return_counts=True)
    return History(
        np.log(value),
        value,
        np.repeat(np.arange(value.size), count),
        int((values < minimum).sum()),
        math.log(minimum),
        minimum,
        alpha,
        discrete,
        False,
    )


def room(points: int, n: int) -> _Room:
    return _Room(np.empty(points), np.empty(n), np.empty(n), np.empty(n), np.empty(n))


def drawn(n: int, minimum: float, alpha: float, discrete: bool) -> Floats:
    """Values of one replicate's tail."""
    seen = history(np.arange(1.0, 20.0), minimum, alpha, discrete)
    space = room(19, n)
    m = _append_tail(*KEY, np.uint64(5), seen, n, 0, space)
    value = space.value[:m] if discrete else np.exp(space.log[:m])
    return np.repeat(value, space.upper[:m].astype(np.int64))


def test_amounts_are_drawn_from_the_power_law() -> None:
    x = drawn(20_000, 2.0, 1.3, discrete=False)
    assert (np.diff(x) > 0.0).all()
    expect_distribution(x, stats.pareto(1.3, scale=2.0).cdf)
    rejects(expect_distribution, x, stats.pareto(1.4, scale=2.0).cdf)


@pytest.mark.parametrize(("minimum", "alpha"), [(1.0, 0.2), (1.0, 1.3), (4.0, 2.0), (9.0, 7.0)])
def test_whole_numbers_are_drawn_from_the_zeta_law(minimum: float, alpha: float) -> None:
    n = 20_000
    x = drawn(n, minimum, alpha, discrete=True)
    assert (np.diff(x) >= 0.0).all()
    assert (x == np.floor(x)).all()
    assert x[0] >= minimum
    for place in (minimum, minimum + 1.0, minimum + 5.0, 100.0, 1e4, 1e9, 1e12):
        chance = plain_survival(alpha, place + 1.0, minimum, discrete=True)
        if chance > 1e-9:
            expect_proportion(int((x > place).sum()), n, chance)
    rejects(
        expect_proportion,
        int((x > minimum).sum()),
        n,
        plain_survival(1.1 * alpha, minimum + 1.0, minimum, True),
    )


def test_values_below_are_drawn_from_those_seen() -> None:
    values = np.repeat(np.arange(1.0, 11.0), 1_000)
    seen = history(values, 9.0, 1.0, discrete=False)
    space = room(10, values.size)
    beyond = _count_again(*KEY, 0, np.uint64(3), seen, space)
    assert space.counts[:8].sum() + beyond == values.size
    assert (space.counts[8:] == 0.0).all()
    for count in space.counts[:8]:
        expect_proportion(int(count), values.size, 0.1)
    expect_proportion(beyond, values.size, 0.2)
    assert _count_again(*KEY, 2, np.uint64(3), seen, space) == 0
    assert space.counts.sum() == values.size
    rejects(expect_proportion, int(space.counts[0]), values.size, 0.15)


def test_a_replicate_depends_on_its_number_alone() -> None:
    values = np.random.default_rng(0).pareto(1.5, 200) + 1.0
    seen = history(values, 1.2, 1.5, discrete=False)
    together, apart = np.empty((3, 4)), np.empty((3, 4))
    refit(*KEY, seen, 0, *together)
    for r in range(4):
        refit(*KEY, seen, r, *apart[:, r : r + 1])
    assert np.array_equal(together, apart)
    assert np.unique(together).size == 12
