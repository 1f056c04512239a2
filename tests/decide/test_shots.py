"""How many campaigns it takes, against closed forms, binomials and plain numpy."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from gtmsim import CampaignProgram, Empirical, Pareto, presets
from gtmsim.decide.shots import campaigns_needed
from gtmsim.decide.shots.chance import campaign_chance
from gtmsim.decide.shots.needed import Fitted
from gtmsim.errors import ArgumentError, ArgumentTypeError
from gtmsim.fit import FittedProgram
from gtmsim.plan import Staging
from gtmsim.seeds import RNGLike, resolve_seed
from tests.decide.bets import COINS, bets
from tests.laws import (
    expect_proportion,
    rejects,
)


@pytest.mark.parametrize(
    ("preset", "nearest", "fewest"),
    [
        (presets.content_seo, 41, 41),
        (presets.venture_reference, 41, 41),
        (presets.pr_viral, 55, 56),
        (presets.paid_social, 110, 111),
    ],
)
def test_presets_need_as_many_as_the_field_says(preset: type, nearest: int, fewest: int) -> None:
    program = preset()
    alone = campaigns_needed(program).table.loc["independent"]
    assert (alone["nearest"], alone["campaigns"]) == (nearest, fewest)
    # The nearest number makes it 80 % to the whole percent, the fewest at least 80 %.
    p = program.hit_rate * program.multiple.sf(10.0, program.cap)
    assert alone["chance_nearest"] == pytest.approx(1.0 - (1.0 - p) ** nearest)
    assert round(100.0 * alone["chance_nearest"]) == 80
    assert 1.0 - (1.0 - p) ** (fewest - 1) < 0.8 <= alone["chance"]
    without = campaigns_needed(program.replace(shared_luck=0.0))
    assert int(without) == fewest
    assert without.exact == pytest.approx(math.log(0.2) / math.log1p(-p))


def test_shared_luck_takes_more_campaigns() -> None:
    for preset, needed in ((presets.content_seo, 57), (presets.pr_viral, 72)):
        found = campaigns_needed(preset())
        assert found.campaigns == needed
        assert found.independent < 0.8 * found.exact
        assert f"{math.ceil(found.independent)} if campaigns did not share" in found.verdict


@pytest.mark.parametrize("count", [1, 3])
def test_shared_luck_is_as_plain_sampling_has_it(count: int) -> None:
    program = bets(shared_luck=0.8, cap=20.0, incrementality=0.9)
    found = campaigns_needed(program, multiple=10.0, probability=0.6, count=count)
    rng, n, size = np.random.default_rng(3), found.campaigns, 40_000
    luck = np.exp(0.8 * rng.normal(size=size) - 0.32)
    p = 0.4 * program.multiple.sf(10.0 / (0.9 * luck), 20.0)
    reached = rng.binomial(n, p) >= count
    expect_proportion(int(reached.sum()), size, found.probability_of(n))
    assert found.probability_of(n - 1) < 0.6 <= found.probability_of(n)
    # The control: as if luck were not shared.
    alone = campaign_chance(program, 10.0, luck=False)
    rejects(expect_proportion, int(reached.sum()), size, alone.at_least(count, n))


def test_more_than_one_big_campaign_is_binomial() -> None:
    program = bets(cap=100.0)
    found = campaigns_needed(program, multiple=5.0, probability=0.9, count=4)
    p = 0.4 * program.multiple.sf(5.0)
    assert stats.binom(found.campaigns, p).sf(3) >= 0.9 > stats.binom(found.campaigns - 1, p).sf(3)
    assert found.probability_of(3) == 0.0


def test_mass_at_the_cap_counts_as_reaching_it() -> None:
    program = bets(multiple=Pareto(tail_index=1.0), hit_rate=1.0, cap=10.0)
    assert campaign_chance(program, 10.0).one == pytest.approx(0.1)
    assert campaign_chance(program, 10.1).one == 0.0
    assert campaign_chance(program.replace(multiple=Empirical(values=[10.0])), 10.0).one == 1.0


def test_incrementality_and_spend_change_the_chance() -> None:
    law = Pareto(tail_index=1.0)
    half = bets(multiple=law, hit_rate=1.0, incrementality=0.5)
    assert campaign_chance(half, 10.0).one == pytest.approx(0.05)
    large = bets(multiple=law, hit_rate=1.0, spend=4.0, reference_spend=1.0, spend_elasticity=0.5)
    assert campaign_chance(large, 10.0).one == pytest.approx(0.05)  # 4**-0.5
    mixed = large.replace(campaigns=2, spend=(1.0, 4.0))
    with pytest.raises(ArgumentError, match=r"channel\.spend: must be one amount"):
        campaigns_needed(mixed)
    assert campaign_chance(half.replace(incrementality=0.0), 10.0).one == 0.0


def test_versions_are_averaged_and_give_an_interval() -> None:
    rates = np.linspace(0.2, 0.6, 41)
    versions = [bets(hit_rate=float(rate)) for rate in rates]
    found = campaigns_needed(versions)
    q = rates * versions[0].multiple.sf(10.0)
    n = found.campaigns
    assert np.mean(1.0 - (1.0 - q) ** n) >= 0.8 > np.mean(1.0 - (1.0 - q) ** (n - 1))
    own = np.log(0.2) / np.log1p(-q)
    assert found.parameters is not None
    assert found.parameters.low == pytest.approx(np.sort(own)[1])
    assert found.parameters.high == pytest.approx(np.sort(own)[-2])
    assert "what is not known of its parameters makes it" in found.verdict
    assert campaigns_needed(versions[:1]).parameters is None


def test_a_fitted_program_gives_its_own_versions() -> None:
    assert issubclass(FittedProgram, Fitted)

    class Half:
        """A fit that leaves the hit rate open, from 0.3 to 0.5."""

        def alternatives(self, count: int, rng: RNGLike = None) -> tuple[CampaignProgram, ...]:
            rates = np.random.default_rng(resolve_seed(rng)).uniform(0.3, 0.5, count)
            return tuple(bets(hit_rate=float(rate)) for rate in rates)

    found, again, other = (campaigns_needed(Half(), rng=seed) for seed in (7, 7, 8))
    assert found.exact == again.exact != other.exact
    low, high = (
        math.log(0.2) / math.log1p(-rate * bets().multiple.sf(10.0)) for rate in (0.495, 0.305)
    )
    assert found.parameters is not None
    assert found.parameters.low == pytest.approx(low, rel=0.02)
    assert found.parameters.high == pytest.approx(high, rel=0.02)


def test_what_no_number_reaches_is_refused() -> None:
    rule = "multiple: must be within reach of bets: hits are capped at 5, got 10"
    with pytest.raises(ArgumentError, match=rule):
        campaigns_needed(bets(cap=5.0))
    with pytest.raises(ArgumentError, match="before incrementality and spend elasticity"):
        campaigns_needed(bets(cap=12.0, incrementality=0.5))
    with pytest.raises(ArgumentError, match="multiple: must be within reach of coins: no hit is"):
        campaigns_needed(COINS)
    # With shared luck the cap moves: only a luck of 2 and more is enough.
    limit = float(stats.norm.sf(math.log(2.0) + 0.5))
    rule = f"probability: must be below {limit:.4g}, which no number of campaigns exceeds"
    with pytest.raises(ArgumentError, match=rule):
        campaigns_needed(bets(cap=5.0, shared_luck=1.0))
    found = campaigns_needed(bets(cap=5.0, shared_luck=1.0), probability=limit - 0.01)
    assert found.independent == math.inf
    assert "more than any number if campaigns did not share their luck" in found.verdict
    assert found.table.loc["independent", "campaigns"] == math.inf


def test_bad_questions_are_named() -> None:
    with pytest.raises(ArgumentTypeError, match="channel: must be a CampaignProgram, a sequence"):
        campaigns_needed(1.5)  # type: ignore[arg-type]
    with pytest.raises(ArgumentError, match="channel: must have at least one version"):
        campaigns_needed([])
    with pytest.raises(ArgumentTypeError, match=r"channel\[1\]: must be a CampaignProgram"):
        campaigns_needed([COINS, "ads"])  # type: ignore[list-item]
    with pytest.raises(ArgumentError, match="probability: must be above 0 and below 1, got 80"):
        campaigns_needed(bets(), probability=80)
    with pytest.raises(ArgumentError, match="count: must be at least 1"):
        campaigns_needed(bets(), count=0)
    with pytest.raises(ArgumentError, match="multiple: must be above 0"):
        campaigns_needed(bets(), multiple=0)
    staged = bets(staging=Staging(pilot_spend=0.5, threshold=1.0))
    with pytest.raises(ArgumentError, match=r"channel\.staging: must not be staged"):
        campaigns_needed(staged)
