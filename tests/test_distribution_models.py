"""Multiples as models: what they refuse, how they are written, and scipy's distributions."""

from __future__ import annotations

import math
import pickle
from typing import Any

import numpy as np
import pytest
from pydantic import TypeAdapter
from scipy import stats

from gtmsim.distributions import (
    AnyMultiple,
    Empirical,
    LogNormal,
    Lomax,
    Pareto,
    ScipyDistribution,
    Spliced,
)
from gtmsim.errors import ArgumentError, ArgumentTypeError, MetricError, PlanError

MODELS = (
    Pareto(tail_index=1.5, minimum=0.1),
    Lomax(tail_index=1.2, scale=3.37),
    LogNormal(median=1.44, sigma=1.0),
    Spliced(median=1.3, sigma=0.9, threshold=8.1, tail_index=1.4),
    Empirical(values=(0.0, 1.0, 1.0 / 3.0)),
    ScipyDistribution(name="burr12", args=(2.0, 1.1), kwds={"scale": 3.0}),
)
ANY: TypeAdapter[Any] = TypeAdapter(AnyMultiple)


def refused(line: str, call: Any) -> None:
    with pytest.raises(PlanError) as caught:
        call()
    assert str(caught.value) == line


@pytest.mark.parametrize("law", MODELS, ids=lambda law: law.family)
def test_plain_data_and_back(law: Any) -> None:
    assert ANY.validate_python(law.model_dump()) == law
    assert ANY.validate_json(law.model_dump_json()) == law
    assert ANY.validate_python(law) == law
    assert pickle.loads(pickle.dumps(law)) == law
    assert hash(ANY.validate_python(law.model_dump())) == hash(law)


def test_numpy_scalars_and_arrays_are_numbers() -> None:
    assert Pareto(tail_index=np.float64(1.5), minimum=np.int64(2)).minimum == 2.0
    assert Lomax(tail_index=np.float32(1.5), scale=np.uint8(2)).tail_index == 1.5
    law = Empirical(values=np.array([1, 2]))  # type: ignore[arg-type]
    assert law.values == (1.0, 2.0)
    assert all(type(value) is float for value in law.values)


def test_tail_indices() -> None:
    assert [law.tail_index for law in MODELS] == [1.5, 1.2, math.inf, 1.4, math.inf, 2.2]


def test_broken_rules_are_named() -> None:
    cannot: Any = Pareto
    refused(
        "Pareto.tail_index: must be at least 0.1, got 0.0"
        " (below it the rarest 64-bit uniform gives more than a double can hold)",
        lambda: Pareto(tail_index=0),
    )
    refused("Pareto.tail_index: must be finite, got nan", lambda: Pareto(tail_index=math.nan))
    refused("Pareto.tail_index: must be a number, got True", lambda: Pareto(tail_index=True))
    refused("Pareto.tail_index: must be a number, got '1.5'", lambda: cannot(tail_index="1.5"))
    refused(
        "Pareto.minimum: must be above 0, got -1",
        lambda: Pareto(tail_index=1.5, minimum=-1),
    )
    refused("Lomax.scale: must be finite, got inf", lambda: Lomax(tail_index=1.5, scale=math.inf))
    refused("LogNormal.sigma: must be at most 10, got 11", lambda: LogNormal(median=1, sigma=11))
    refused("Empirical.values[1]: must be at least 0, got -1", lambda: Empirical(values=(1, -1)))
    with pytest.raises(PlanError, match=r"^Empirical\.values: must have at least 1"):
        Empirical(values=())


def test_all_broken_rules_come_together() -> None:
    build: Any = Lomax
    with pytest.raises(PlanError) as caught:
        build(tail_index=-1, scale=0, minimum=1)
    paths = [problem.path for problem in caught.value.problems]
    assert sorted(paths) == ["Lomax.minimum", "Lomax.scale", "Lomax.tail_index"]


@pytest.mark.parametrize(
    "frozen",
    [
        stats.gamma(2.0, scale=1.5),
        stats.weibull_min(0.5),
        stats.lognorm(1.2),
        stats.invgauss(0.5),
        stats.expon(loc=1.0),
        stats.uniform(0.0, 2.0),
        stats.burr12(3.0, 1.1),
    ],
    ids=lambda frozen: frozen.dist.name,
)
def test_scipy_moments(frozen: Any) -> None:
    law = ScipyDistribution.from_frozen(frozen)
    assert law.mean() == pytest.approx(frozen.mean(), rel=1e-9)
    assert law.variance() == pytest.approx(frozen.var(), rel=1e-8)
    # The best half and the rest make up the whole.
    half = float(frozen.isf(0.5))
    lower = frozen.expect(lambda x: x, ub=half)
    assert law.upper_moment(0.5) + lower == pytest.approx(frozen.mean(), rel=1e-7)
    assert law.frozen().sf(1.3) == law.sf(1.3) == frozen.sf(1.3)


@pytest.mark.parametrize(
    ("frozen", "alpha"),
    [
        (stats.alpha(3.0), 1.0),
        (stats.betaprime(2.0, 1.3), 1.3),
        (stats.burr(1.7, 2.0), 1.7),
        (stats.burr12(2.0, 0.9), 1.8),
        (stats.f(4.0, 3.0), 1.5),
        (stats.fisk(1.4), 1.4),
        (stats.foldcauchy(2.0), 1.0),
        (stats.genextreme(-0.8, loc=2.0), 1.25),
        (stats.genpareto(0.8), 1.25),
        (stats.halfcauchy(), 1.0),
        (stats.invgamma(1.6), 1.6),
        (stats.invweibull(0.6), 0.6),
        (stats.kappa3(0.9), 0.9),
        (stats.levy(), 0.5),
        (stats.loglaplace(1.9), 1.9),
        (stats.lomax(1.1), 1.1),
        (stats.mielke(2.0, 1.5), 1.5),
        (stats.pareto(0.7), 0.7),
    ],
    ids=lambda x: getattr(getattr(x, "dist", None), "name", ""),
)
def test_scipy_power_laws(frozen: Any, alpha: float) -> None:
    law = ScipyDistribution.from_frozen(frozen)
    assert law.tail_index == pytest.approx(alpha)
    # The slope of the tail in logarithms, as scipy has it.
    x = float(frozen.isf(1e-5)) * np.array([1.0, 10.0])
    slope = -math.log(frozen.sf(x[1]) / frozen.sf(x[0])) / math.log(10.0)
    assert slope == pytest.approx(alpha, rel=0.01)
    assert (law.mean() == math.inf) == (alpha <= 1.0)
    assert law.variance() == math.inf
    assert 0.0 < law.mean(cap=50.0) < 50.0


def test_light_tails_have_no_index() -> None:
    for frozen in (stats.gamma(2.0), stats.genpareto(-0.2), stats.genpareto(0.0)):
        assert ScipyDistribution.from_frozen(frozen).tail_index == math.inf


def test_a_moment_that_cannot_be_integrated_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gtmsim.distributions.scipy_law.QUADRATURE_TOLERANCE", 0.0)
    with pytest.raises(MetricError, match=r"^multiple: must have a moment that can be integrated"):
        ScipyDistribution(name="gamma", args=(2.0,)).mean(cap=3.0)


class Cubic(stats.rv_continuous):
    """A law of our own that borrows a name of scipy."""

    def _cdf(self, x: Any) -> Any:
        return x**3


def test_what_scipy_is_refused() -> None:
    law: Any = ScipyDistribution
    rule = "ScipyDistribution.name: must be a continuous distribution of scipy.stats"
    refused(
        f"{rule}, got 'poisson' (use Empirical for a discrete law)",
        lambda: law.from_frozen(stats.poisson(3.0)),
    )
    refused(f"{rule}, got 'gama' (did you mean 'gamma'?)", lambda: law(name="gama"))
    refused(
        f"{rule}, got 'describe' (use Empirical for any other law)", lambda: law(name="describe")
    )
    with pytest.raises(
        PlanError, match=r"must be a continuous distribution of scipy\.stats, got 'Cubic'"
    ):
        law.from_frozen(Cubic(a=0.0, b=1.0, name="expon")())
    refused(
        "ScipyDistribution.name: must not reach below 0, got 'norm from -inf'"
        " (shift it with loc, or take another law)",
        lambda: law.from_frozen(stats.norm()),
    )
    refused(
        "ScipyDistribution.args: must hold the shape parameters of gamma: a missing, got ()",
        lambda: law(name="gamma"),
    )
    refused(
        "ScipyDistribution.args: must have at most 3 of them (a, loc, scale),"
        " got (1.0, 2.0, 3.0, 4.0)",
        lambda: law(name="gamma", args=(1, 2, 3, 4)),
    )
    refused(
        "ScipyDistribution.args: must be legal for gamma, got {'a': -1.0}",
        lambda: law(name="gamma", args=(-1,)),
    )
    refused(
        "ScipyDistribution.kwds.b: must be a parameter of gamma (loc, scale), got 2.0",
        lambda: law(name="gamma", args=(1,), kwds={"b": 2}),
    )
    refused(
        "ScipyDistribution.kwds.a: must be a parameter of gamma (loc, scale), got 2.0"
        " (it is in args already)",
        lambda: law(name="gamma", args=(1,), kwds={"a": 2}),
    )


def test_a_frozen_distribution_is_a_multiple() -> None:
    law = ANY.validate_python(stats.gamma(2.0, scale=1.5))
    assert law == ScipyDistribution(name="gamma", args=(2.0,), kwds={"scale": 1.5})


@pytest.mark.parametrize("law", [Pareto(tail_index=2), Lomax(tail_index=2, scale=1)])
def test_scale_is_checked(law: Any) -> None:
    with pytest.raises(ArgumentTypeError, match="factor: must be a number, got 'a'"):
        law.scaled("a")
    with pytest.raises(ArgumentError, match="factor: must be above 0, got 0"):
        law.scaled(0)
