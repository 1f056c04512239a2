"""A lognormal body with a power law beyond a threshold: its law, its draws, and plans with it."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from random import Random
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.special import ndtr

from gtmsim import (
    CampaignProgram,
    Plan,
    Spliced,
    exact_moments,
    prob_exceeds,
    simulate_portfolio,
    total_distribution,
)
from gtmsim.core._types import Floats
from gtmsim.core.samplers import sample
from gtmsim.distributions import LogNormal, Pareto
from gtmsim.errors import ArgumentError, ArgumentTypeError, PlanError
from gtmsim.exact import largest_cdf
from gtmsim.result.validation import Validation
from gtmsim.sampling import compile_multiple, octave_polynomials
from gtmsim.tails import tail_contract
from tests.core.twins import EXTREME_WORDS, random_words
from tests.laws import (
    expect_distribution,
    expect_mean,
    expect_proportion,
    expect_variance,
    rejects,
)
from tests.reference import multiples
from tests.strategies import spliced

LAW = Spliced(median=1.0, sigma=0.8, threshold=2.0, tail_index=1.5)
LAWS = (
    LAW,
    Spliced(median=1.0, sigma=1.0, threshold=4.0, tail_index=0.5),
    Spliced(median=2.0, sigma=0.3, threshold=1.5, tail_index=1.0),
    Spliced(median=0.1, sigma=3.0, threshold=60.0, tail_index=2.0),
    Spliced(median=3.0, sigma=0.5, threshold=9.0, tail_index=3.5),
)
WRONG = {"median": 1.06, "sigma": 0.86, "threshold": 2.25, "tail_index": 1.7}
"""Parameters of LAW, each a little off."""

N = 100_000
NODES, WEIGHTS = np.polynomial.legendre.leggauss(40)


def textbook_sf(law: Spliced) -> Callable[[Any], Any]:
    """P(X > x), written out."""

    def body(x: Any) -> Any:
        return ndtr((math.log(law.median) - np.log(x)) / law.sigma)

    def sf(x: Any) -> Any:
        beyond = np.maximum(x, law.threshold) / law.threshold
        return np.where(x < law.threshold, body(x), body(law.threshold) * beyond**-law.tail_index)

    return sf


def integral(law: Spliced, order: int, low: float, high: float) -> float:
    """Of order x**(order - 1) sf(x), by Gauss and Legendre on pieces that end at the threshold."""
    edges = {low, high, *(max(low, 1e-9) * np.geomspace(1.0, high / max(low, 1e-9), 300))}
    edges |= {law.threshold} if low < law.threshold < high else set()
    total = 0.0
    for a, b in pairwise(sorted(edge for edge in edges if low <= edge <= high)):
        x = a + 0.5 * (b - a) * (NODES + 1.0)
        total += 0.5 * (b - a) * float(WEIGHTS @ (order * x ** (order - 1) * textbook_sf(law)(x)))
    return total


# -- The law --------------------------------------------------------------------------------------


@pytest.mark.parametrize("law", LAWS, ids=str)
def test_the_survival_function_is_the_textbooks(law: Spliced) -> None:
    x = np.concatenate((np.geomspace(1e-3, 1e6, 500), [law.threshold]))
    np.testing.assert_allclose(law.sf(x), textbook_sf(law)(x), rtol=1e-12)
    assert law.sf(law.threshold) == pytest.approx(law.tail_share, rel=1e-14)
    just_below = float(np.nextafter(law.threshold, 0.0))
    assert law.sf(just_below) == pytest.approx(law.tail_share, rel=1e-12), "it is continuous"
    wrong = law.replace(tail_index=1.001 * law.tail_index)
    assert not np.allclose(law.sf(x), textbook_sf(wrong)(x), rtol=1e-4)


@pytest.mark.parametrize("law", LAWS, ids=str)
def test_quantiles_cross_the_threshold(law: Spliced) -> None:
    share = law.tail_share
    assert law.isf(share) == pytest.approx(law.threshold, rel=1e-14)
    near = share * (1.0 + np.linspace(-1e-6, 1e-6, 2001))
    assert np.all(np.diff(law.isf(near)) <= 0.0)
    q = np.array([1e-18, 1e-3 * share, 0.999 * share, 1.001 * share, 0.5 * (1.0 + share)])
    np.testing.assert_allclose(textbook_sf(law)(law.isf(q)), q, rtol=1e-11)
    p = np.array([1e-18, 1e-3, 0.3, 0.9 * (1.0 - share), 1.0 - 0.1 * share])
    np.testing.assert_allclose(law._ppf(p)[1:], law.isf(1.0 - p[1:]), rtol=1e-12)
    assert law._ppf(p)[0] == pytest.approx(LogNormal(median=law.median, sigma=law.sigma)._ppf(p)[0])


@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize("law", LAWS, ids=str)
def test_moments_exist_below_the_tail_index(law: Spliced, order: int) -> None:
    found = law.upper_moment(1.0, order)
    if law.tail_index <= order:
        assert found == law.upper_moment(1e-9, order) == math.inf
        assert math.isfinite(law.upper_moment(1.0, order, cap=1e6))
        return
    beyond = law.tail_share * Pareto(tail_index=law.tail_index, minimum=law.threshold).upper_moment(
        law.sf(1e3) / law.tail_share, order
    )
    expected = integral(law, order, 0.0, 1e3) - law.sf(1e3) * 1e3**order + beyond
    assert found == pytest.approx(expected, rel=1e-9)
    assert found != pytest.approx(law.upper_moment(1.0, order, cap=100.0), rel=1e-9)


@pytest.mark.parametrize("law", LAWS, ids=str)
@pytest.mark.parametrize("cap", [0.9, 5.0, 1e5])
def test_stop_loss_is_an_integral(law: Spliced, cap: float) -> None:
    points = np.array([0.0, 0.5, 0.89, 1.49, 1.51, 3.9, 4.1, 59.0, 61.0, 9e4])
    points = points[points < cap]
    truth = [integral(law, 1, x, cap) for x in points.tolist()]
    np.testing.assert_allclose(law.stop_loss(points, cap), truth, rtol=1e-9)
    assert law.stop_loss(0.0, cap) == pytest.approx(law.mean(cap), rel=1e-12)
    if law.tail_index > 1.0:
        assert law.stop_loss(0.0) == pytest.approx(law.mean(), rel=1e-12)
    else:
        assert law.stop_loss(0.0) == math.inf


@given(
    st.floats(1e-3, 1e3),
    st.floats(0.01, 10.0),
    st.floats(-4.0, 6.0),
    st.floats(0.1, 50.0),
    st.floats(1e-3, 1e6),
)
def test_below_the_threshold_a_cap_leaves_the_body_and_above_the_tail_is_a_pareto(
    median: float, sigma: float, place: float, tail_index: float, cap: float
) -> None:
    law = spliced(median, sigma, place, tail_index)
    body = LogNormal(median=median, sigma=sigma)
    for order in (1, 2):
        low = min(cap, law.threshold)
        assert law.upper_moment(1.0, order, low) == pytest.approx(
            body.upper_moment(1.0, order, low), rel=1e-12
        )
    tail = Pareto(tail_index=tail_index, minimum=law.threshold)
    x = law.threshold * np.array([1.001, 3.0, 1e3])
    np.testing.assert_allclose(law.sf(x) / law.tail_share, tail.sf(x), rtol=1e-9)
    assert law.upper_moment(0.3 * law.tail_share, 1, cap) == pytest.approx(
        law.tail_share * tail.upper_moment(0.3, 1, cap), rel=1e-9
    )


def test_the_share_of_the_best() -> None:
    share = LAW.tail_share
    assert LAW.top_share(share) == pytest.approx(3.0 * 2.0 * share / LAW.mean(), rel=1e-12)
    inside = 2.0 * integral(LAW, 1, 0.0, LAW.threshold)
    assert LAW.top_share(share) != pytest.approx(inside / LAW.mean(), rel=1e-3)
    assert LAW.top_share(0.3, hit_rate=0.3) == 1.0


@pytest.mark.parametrize("cap", [None, 20.0])
def test_from_mean_keeps_the_share_of_the_tail(cap: float | None) -> None:
    law = Spliced.from_mean(0.6, sigma=0.9, tail_share=0.08, tail_index=1.4, hit_rate=0.3, cap=cap)
    assert 0.3 * law.mean(cap) == pytest.approx(0.6, rel=1e-12)
    assert law.tail_share == pytest.approx(0.08, rel=1e-12)
    assert (law.sigma, law.tail_index) == (0.9, 1.4)
    assert 0.3 * law.scaled(1.01).mean(cap) != pytest.approx(0.6, rel=1e-3)


def test_what_is_refused() -> None:
    fields = {"median": 1.0, "sigma": 1.0, "threshold": 5.0, "tail_index": 1.5}
    for name, value, rule in (
        ("median", 0, r"must be above 0, got 0$"),
        ("sigma", 0, r"must be above 0, got 0$"),
        ("sigma", 11, r"must be at most 10, got 11$"),
        ("threshold", 0, r"must be above 0, got 0$"),
        ("threshold", -2, r"must be above 0, got -2$"),
        ("threshold", math.inf, r"must be finite, got inf$"),
        ("tail_index", 0.05, r"must be at least 0\.1, got 0\.05"),
        (
            "threshold",
            1e4,
            r"must be exceeded by the body at least once in 1e18 hits, got 10000\.0"
            r" \(take less than 6\.36e\+03, or LogNormal: no hit is drawn from such a tail\)$",
        ),
    ):
        with pytest.raises(PlanError, match=rf"^Spliced\.{name}: {rule}"):
            Spliced(**(fields | {name: value}))
    with pytest.raises(PlanError, match=r"^Spliced\.threshold: must be given"):
        Spliced(median=1.0, sigma=1.0, tail_index=1.5)  # type: ignore[call-arg]
    with pytest.raises(PlanError, match=r"must be exceeded by the body .* \(take less than 1, or"):
        Spliced(**(fields | {"sigma": 1e-300}))
    program = {"name": "ads", "campaigns": 1, "spend": 1.0}
    with pytest.raises(PlanError, match=r"^CampaignProgram\.multiple\.threshold: must be exceeded"):
        CampaignProgram(**program, multiple={"family": "spliced", **fields, "threshold": 1e9})


def test_arguments_of_from_mean_are_checked() -> None:
    shape: dict[str, Any] = {"sigma": 1.0, "tail_share": 0.1, "tail_index": 1.5}
    for share in (0.0, 1.0):
        with pytest.raises(ArgumentError, match="tail_share: must be above 0 and below 1, got"):
            Spliced.from_mean(1.0, **(shape | {"tail_share": share}))
    with pytest.raises(ArgumentTypeError, match="tail_share: must be a number, got 'few'"):
        Spliced.from_mean(1.0, **(shape | {"tail_share": "few"}))
    with pytest.raises(ArgumentError, match="cap: must be given where the mean is infinite"):
        Spliced.from_mean(1.0, **(shape | {"tail_index": 1.0}))
    with pytest.raises(ArgumentError, match="mean: must be below 5, which is returned when every"):
        Spliced.from_mean(5.0, **shape, cap=5.0)
    with pytest.raises(PlanError, match=r"^Spliced\.threshold: must be exceeded"):
        Spliced.from_mean(1.0, **(shape | {"tail_share": 1e-20}))


# -- Its draws ------------------------------------------------------------------------------------


@pytest.mark.parametrize("cap", [None, 3.0])
@pytest.mark.parametrize("law", LAWS, ids=str)
def test_each_word_is_drawn_as_its_quantile(law: Spliced, cap: float | None) -> None:
    words = np.concatenate((EXTREME_WORDS, random_words(31, 20_000)))
    x = np.empty(words.size)
    sample(compile_multiple(law, cap), words, words.size, x)
    above, below = ((w.astype(np.float64) + 0.5) * 2.0**-64 for w in (words, ~words))
    limit = math.inf if cap is None else cap
    with np.errstate(divide="ignore"):
        exact = np.minimum(np.where(above < 0.5, law._isf(above), law._ppf(below)), limit)
    np.testing.assert_allclose(x, exact, rtol=1e-12)
    sample(compile_multiple(law.scaled(1.0 + 1e-11), cap), words, words.size, x)
    with pytest.raises(AssertionError, match="Not equal to tolerance"):
        np.testing.assert_allclose(x, exact, rtol=1e-12)


def test_no_polynomial_hides_the_corner() -> None:
    """Just beside an octave's end it would lie between the points at which a fit is judged."""
    for place in (2.0**-4, 1.0005 * 2.0**-4):
        threshold = LogNormal(median=1.0, sigma=1.0).isf(place)
        law = Spliced(median=1.0, sigma=1.0, threshold=threshold, tail_index=1.5)
        assert [side.shape[0] for side in octave_polynomials(law, None)] == [0, 0]


def single(multiple: Spliced) -> Floats:
    """Multiples as the simulator draws them."""
    program = CampaignProgram(name="ads", campaigns=1, spend=1.0, multiple=multiple)
    plan = Plan(horizon=1, channels=[program])
    return simulate_portfolio(plan, scenarios=N, rng=5, workers=1).values("value")


def test_simulated_multiples_follow_the_law() -> None:
    draws = single(LAW)
    expect_distribution(draws, lambda x: 1.0 - textbook_sf(LAW)(x))
    for name, value in WRONG.items():
        wrong = LAW.replace(**{name: 1.3 * value})
        rejects(expect_distribution, draws, lambda x, law=wrong: 1.0 - textbook_sf(law)(x))


def test_the_oracle_follows_the_law() -> None:
    draws = np.array(list(itertools.islice(multiples(LAW, Random(3)), 50_000)))
    expect_distribution(draws, lambda x: 1.0 - textbook_sf(LAW)(x))
    for name, value in WRONG.items():
        wrong = LAW.replace(**{name: 1.3 * value})
        rejects(expect_distribution, draws, lambda x, law=wrong: 1.0 - textbook_sf(law)(x))


# -- Plans ----------------------------------------------------------------------------------------

ADS = CampaignProgram(
    name="ads",
    campaigns=60,
    spend=100.0,
    hit_rate=0.4,
    multiple=LAW,
    half_life=2.0,
    shared_luck=0.3,
)
PLAN = Plan(horizon=12, channels=[ADS])


def as_if(plan: Plan, simulated: Plan) -> Validation:
    """Validate draws of another plan as if they were the plan's."""
    result = simulate_portfolio(simulated, scenarios=60_000, rng=11, workers=1, keep="summary")
    return replace(result, plan=plan).validate()


@pytest.mark.parametrize("cap", [None, 40.0, 1.5])
def test_a_plan_is_validated(cap: float | None) -> None:
    plan = PLAN.replace(channels=[ADS.replace(cap=cap)])
    verdict = as_if(plan, plan)
    assert verdict.passed, str(verdict)
    assert len(verdict.table) >= 9


@pytest.mark.parametrize("name", WRONG)
def test_a_slightly_wrong_law_is_not_validated(name: str) -> None:
    wrong = PLAN.replace(channels=[ADS.replace(multiple=LAW.replace(**{name: WRONG[name]}))])
    assert not as_if(PLAN, wrong).passed


def test_many_campaigns_have_their_exact_moments() -> None:
    """More than are drawn one by one where a law has polynomials."""
    program = ADS.replace(campaigns=2_000, launch=0, half_life=0.0, shared_luck=0.0, cap=30.0)
    plan = Plan(horizon=1, channels=[program])
    result = simulate_portfolio(plan, scenarios=4_000, rng=7, workers=1)
    moments = exact_moments(plan).loc["ads"]
    expect_mean(result.values("value"), moments["value_mean"])
    expect_variance(result.values("value"), moments["value_sd"] ** 2)
    rejects(expect_mean, result.values("value"), 1.01 * moments["value_mean"])
    rejects(expect_variance, result.values("value"), 1.3 * moments["value_sd"] ** 2)


def test_the_tail_contract_is_a_power_law_unless_it_is_capped() -> None:
    row = tail_contract(PLAN).loc["ads"]
    assert (row["tail"], row["tail_index"]) == ("power law", 1.5)
    assert row["mean_exists"]
    assert not row["variance_exists"]
    capped = tail_contract(PLAN.replace(channels=[ADS.replace(cap=9.0, shared_luck=0.0)]))
    assert capped.loc["ads", "tail"] == "bounded"
    moments = exact_moments(PLAN).loc["ads"]
    assert math.isfinite(moments["value_mean"])
    assert moments["value_sd"] == math.inf


def test_one_campaign_has_the_law_of_its_multiple() -> None:
    plan = Plan(horizon=1, channels=[ADS.replace(campaigns=1, shared_luck=0.0, half_life=0.0)])
    total = total_distribution(plan, "ads", reach=3_000.0)
    for x in (20.0, 100.0, 199.9, 200.1, 500.0, 2_000.0):
        chance = 0.4 * float(textbook_sf(LAW)(x / 100.0))
        low, high = total.bounds(x)
        assert low <= 1.0 - chance <= high
        assert total.sf(x) == pytest.approx(chance, abs=1e-4)
        assert prob_exceeds(plan, x, rng=1).probability == pytest.approx(chance, rel=1e-9)
    wrong = LAW.replace(tail_index=1.6)
    assert not low <= 1.0 - 0.4 * float(textbook_sf(wrong)(20.0)) <= high


def test_the_chance_of_a_rare_total() -> None:
    plan = Plan(horizon=1, channels=[ADS.replace(launch=0, half_life=0.0, shared_luck=0.0)])
    x = 60_000.0
    found = prob_exceeds(plan, x, rng=2)
    low, high = total_distribution(plan, "ads", reach=1.1 * x, points=2**16).bounds(x)
    assert found.interval[0] <= 1.0 - low
    assert found.interval[1] >= 1.0 - high
    # One big jump: of 60 campaigns' hits, each beyond what the others leave.
    rest = x / 100.0 - 60 * 0.4 * LAW.mean()
    assert found.probability == pytest.approx(60 * 0.4 * LAW.sf(rest), rel=0.1)


def test_the_largest_campaign_under_a_shock_has_its_corner() -> None:
    """The chance bends where the threshold is met, and quadrature without an edge there is off."""
    law = Spliced(median=1.0, sigma=0.5, threshold=2.25, tail_index=0.5)
    program = ADS.replace(campaigns=5, multiple=law, hit_rate=0.9, launch=0, half_life=0.0)
    plan = Plan(horizon=1, channels=[program])
    for x in (100.0, 300.0, 2_000.0):

        def chance(z: float, x: float = x) -> float:
            factor = math.exp(0.3 * z - 0.5 * 0.3**2)
            none = 1.0 - 0.9 * float(textbook_sf(law)(x / 100.0 / factor))
            return none**5 * math.exp(-0.5 * z * z) / math.sqrt(2.0 * math.pi)

        corner = (math.log(x / 100.0 / law.threshold) + 0.5 * 0.3**2) / 0.3
        edges = sorted({-9.0, min(max(corner, -9.0), 9.0), 9.0})
        pieces = (quad(chance, a, b, epsabs=1e-14, epsrel=1e-12)[0] for a, b in pairwise(edges))
        assert largest_cdf(plan, x, "ads") == pytest.approx(math.fsum(pieces), rel=1e-11)


def test_a_plan_file_keeps_it() -> None:
    text = PLAN.to_toml()
    assert 'family = "spliced"' in text
    assert Plan.from_toml_text(text) == PLAN
    assert Plan.from_json_text(PLAN.to_json()) == PLAN
    schema = str(Plan.json_schema())
    assert "Spliced" in schema
    assert "multiple beyond which the tail is a power law" in schema


def test_hits_beyond_the_threshold_are_as_many_as_the_bodys() -> None:
    beyond = int(np.count_nonzero(single(LAW) > LAW.threshold))
    expect_proportion(beyond, N, float(ndtr(-math.log(2.0) / 0.8)))
    rejects(expect_proportion, beyond, N, float(ndtr(-math.log(2.0) / 0.84)))
