"""What is drawn again: words, digests and choices as integers, and plans as values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np

import gtmsim as gtm
from gtmsim.alternatives.versions import version_of_block
from gtmsim.claim.probability import sample_totals
from gtmsim.core import streams
from gtmsim.core.streams import LANES, MAX_GROUPS, MAX_SCENARIOS, words_at
from gtmsim.execute import Crew
from gtmsim.plan import CampaignProgram, Plan, Ramp, SalesTeam, Staging
from gtmsim.sampling import stream_of
from gtmsim.seeds import resolve_seed, seed_key

Integers = dict[str, Any]
Values = dict[str, dict[str, list[float]]]

SEEDS: Final = (0, 1, 2, 7, 2**32, 2**63 - 1, 10**30)
NAMES: Final = ("PR", "PS", "paid social", "Paid social", "enterprise", "Zürich", "営業", "claim")

_PURPOSES: Final = (
    "MARKET",
    "SHARED_LUCK",
    "HIT_COUNT",
    "MULTIPLE",
    "REP",
    "QUARTER_LUCK",
    "OCTAVE_COUNT",
    "OCTAVE_MULTIPLE",
    "CUT",
    "RESAMPLE",
    "PILOT",
)

_BLOCKS: Final = (0, 1, 2, 3, 1_000, 2**33)
_SCENARIOS: Final = 2 * LANES + 1
_KEPT: Final = [0, 1, LANES - 1, LANES, 2 * LANES]
"""Scenarios that are kept: the ends of blocks among them."""

_METRICS: Final = ("value", "spend", "beyond_horizon", "hits", "largest", "top_share")


# -- Integers -----------------------------------------------------------------------------------


def integers() -> Integers:
    """Draw what must be equal on every machine."""
    return {
        "layout": {
            "lanes": LANES,
            "scenarios": MAX_SCENARIOS,
            "groups": MAX_GROUPS,
            "purposes": {name: getattr(streams, name) for name in _PURPOSES},
        },
        "seeds": {
            "SeedSequence(5)": resolve_seed(np.random.SeedSequence(5)),
            "default_rng(5)": resolve_seed(np.random.default_rng(5)),
        },
        "keys": {str(seed): [int(word) for word in seed_key(seed)] for seed in SEEDS},
        "names": {name: int(stream_of(name)) for name in NAMES},
        "words": {name: _words(*address) for name, address in _addresses().items()},
        "versions": {
            f"seed {seed}, {name}": [version_of_block(seed, name, block, 5) for block in _BLOCKS]
            for seed in (0, 7)
            for name in ("PR", "enterprise")
        },
    }


def _words(seed: int, name: str | None, *address: int) -> list[int]:
    channel = np.uint64(0) if name is None else stream_of(name)
    return [int(word) for word in words_at(*seed_key(seed), channel, *map(np.uint64, address))]


def _addresses() -> dict[str, tuple[Any, ...]]:
    """Seed, name (the plan itself without one), purpose, group, scenario and index."""
    here = [
        (0, None, streams.MARKET, 0, 0, 0),
        (0, None, streams.MARKET, 0, 1, 0),
        (0, "PR", streams.SHARED_LUCK, 0, 0, 0),
        (0, "PR", streams.HIT_COUNT, 3, 127, 0),
        (7, "PR", streams.MULTIPLE, 3, 128, 5),
        (7, "PS", streams.MULTIPLE, 3, 128, 5),
        (7, "PR", streams.MULTIPLE, 3, 128, 6),
        (7, "enterprise", streams.REP, 2, 2**32 - 1, 1),
        (7, "enterprise", streams.QUARTER_LUCK, 2, 2**32, 1),
        (8, "営業", streams.OCTAVE_COUNT, 1, 9, 3 << 24),
        (8, "営業", streams.OCTAVE_MULTIPLE, 1, 9, (3 << 24) + 1),
        (10**30, "claim", streams.CUT, 0, 77, 2),
        (2**63 - 1, "PR", streams.PILOT, 0, 2**39, 4),
        (1, None, streams.RESAMPLE, 1, 5, 2**20),
        (1, "PR", streams.PILOT, MAX_GROUPS - 1, MAX_SCENARIOS - 1, 2**32 - 1),
    ]
    return {" ".join(map(str, address)): address for address in here}


# -- Values -------------------------------------------------------------------------------------


def _program(name: str, campaigns: int = 6, **fields: Any) -> CampaignProgram:
    return CampaignProgram(name=name, campaigns=campaigns, spend=1_000.0, **fields)


def _laws() -> list[gtm.CampaignProgram]:
    """Every family of multiples, few hits at a time, with and without a cap."""
    laws = {
        "pareto": gtm.Pareto(tail_index=1.1),
        "lomax": gtm.Lomax(tail_index=0.7, scale=2.0),
        "lognormal": gtm.LogNormal(median=0.8, sigma=1.5),
        "spliced": gtm.Spliced(median=0.8, sigma=1.0, threshold=2.0, tail_index=1.3),
        "empirical": gtm.Empirical(values=[0.1, 0.5, 2.0, 30.0]),
        "scipy": gtm.ScipyDistribution(name="gamma", args=(0.7,), kwds={"scale": 2.0}),
    }
    return [
        _program(name + (" capped" if cap else ""), multiple=law, hit_rate=0.6, cap=cap)
        for name, law in laws.items()
        for cap in (None, 4.0)
    ]


def _cohorts() -> list[gtm.CampaignProgram]:
    """So many hits that they are drawn octave by octave, or one by one where no polynomials do."""
    laws = {
        "pareto": gtm.Pareto(tail_index=1.1),
        "lomax": gtm.Lomax(tail_index=1.5, scale=2.0),
        "lognormal": gtm.LogNormal(median=0.8, sigma=1.5),
        "spliced": gtm.Spliced(median=0.8, sigma=1.0, threshold=2.0, tail_index=1.3),
        "scipy": gtm.ScipyDistribution(name="gamma", args=(0.7,), kwds={"scale": 2.0}),
        "very heavy": gtm.Pareto(tail_index=0.4),
        "empirical": gtm.Empirical(values=[0.1, 0.5, 2.0, 30.0]),
    }
    return [
        _program(f"many {name}", 400, multiple=law, hit_rate=0.4, launch=1, cap=1e4)
        for name, law in laws.items()
    ]


def _staged() -> list[gtm.CampaignProgram]:
    """Each rule that kills."""
    rules = {
        "threshold": {"threshold": 1.5},
        "kill share": {"kill_share": 0.5},
        "max cost": {"max_cost": 0.6},
    }
    return [
        _program(
            f"staged {name}",
            8,
            multiple=gtm.Pareto(tail_index=1.4),
            hit_rate=0.7,
            half_life=2.0,
            staging=Staging(pilot_spend=200.0, period=3, signal_noise=0.7, recycle=0.5, **rule),
        )
        for name, rule in rules.items()
    ]


_TEAM = SalesTeam(name="team", hires=3, quota=600_000.0, loaded_cost=180_000.0)


def _teams() -> list[SalesTeam]:
    """Plain, then each thing that a team can do."""
    spread = _TEAM.replace(attainment=0.8, skill_cv=0.5, luck_cv=0.3)
    leaving = spread.replace(attrition=0.4, hiring_cost=20_000.0)
    return [
        spread.replace(name="bookings"),
        spread.replace(name="recurring", recognition="recurring", annual_churn=0.15, margin=0.8),
        spread.replace(name="linear", hires=(-3, 0, 5), ramp=Ramp(months=6, start=0.1)),
        spread.replace(name="logistic", ramp=Ramp(months=6, shape="logistic")),
        spread.replace(name="gompertz", ramp=Ramp(months=6, shape="gompertz")),
        spread.replace(name="curve", ramp=Ramp(curve=[0.1, 0.4, 1.0])),
        leaving.replace(name="leaving"),
        leaving.replace(name="backfilled", backfill_months=2, ramp=Ramp(months=4)),
        spread.replace(name="scale", returns_to_scale=0.8, market_loading=0.5),
    ]


def _coupled() -> list[SalesTeam | CampaignProgram]:
    leads = _program("leads", 12, multiple=gtm.LogNormal(median=4.0, sigma=1.2), hit_rate=0.5)
    team = _TEAM.replace(name="fed", attrition=0.3, skill_cv=0.4, luck_cv=0.2, pipeline=20_000.0)
    return [team, leads.replace(feeds="fed", spend=8_000.0, half_life=1.0)]


def _responses() -> list[CampaignProgram]:
    """Spends, launches, lags, carryover, shared luck and overhead."""
    law = gtm.Pareto(tail_index=1.6)
    return [
        _program("carried", multiple=law, lag=1, half_life=2.0, slow_half_life=9.0, fast_share=0.6),
        _program("lucky", multiple=law, shared_luck=0.5, incrementality=0.7, overhead=50.0),
        CampaignProgram(
            name="uneven",
            campaigns=4,
            spend=(100.0, 900.0, 900.0, 2_500.0),
            launch=(0, 3, 3, 9),
            hit_rate=0.8,
            multiple=law,
            reference_spend=500.0,
            spend_elasticity=0.7,
            market_loading=-1.0,
        ),
    ]


def plans() -> dict[str, Plan]:
    """Return small plans which together run every kernel of the simulation."""
    channels = {
        "laws": _laws(),
        "cohorts": _cohorts(),
        "staged": _staged(),
        "teams": _teams(),
        "coupled": _coupled(),
        "responses": _responses(),
    }
    rest: Mapping[str, Any] = {"horizon": 14, "discount_rate": 0.1}
    return {
        name: Plan(name=name, channels=own, market_volatility=0.2 * (name != "laws"), **rest)
        for name, own in channels.items()
    }


def values() -> Values:
    """Draw what must agree to rounding: plans, a plan with alternatives, sets and histories."""
    drawn = {name: values_of(plan) for name, plan in plans().items()}
    plan = plans()["responses"]
    rates = [plan["lucky"].replace(hit_rate=rate) for rate in (0.2, 0.5, 0.9)]
    drawn["alternatives"] = values_of(plan, alternatives={"lucky": rates})
    return drawn | {
        "summaries": _summaries(plans()["responses"]),
        "cash": _cash(plans()["coupled"]),
        "claim": _claims(),
        "tails": _tails(),
    }


def values_of(plan: Plan, **options: Any) -> dict[str, list[float]]:
    """Return figures of some scenarios of each channel and of the portfolio."""
    result = gtm.simulate_portfolio(plan, scenarios=_SCENARIOS, rng=7, workers=1, **options)
    names = [*(channel.name for channel in plan.channels), "portfolio"]
    return {
        f"{name}: {metric}": result.values(metric, name)[_KEPT].tolist()
        for name in names
        for metric in _METRICS
    }


def _summaries(plan: Plan) -> dict[str, list[float]]:
    """Quantiles from histograms, of totals."""
    result = gtm.simulate_portfolio(plan, scenarios=2_000, rng=7, workers=1, keep="summary")
    levels = [0.0, 0.1, 0.5, 0.99, 1.0]
    return {
        f"{name}: {metric}": result.quantiles(levels, metric, name).tolist()
        for name in ("uneven", "portfolio")
        for metric in ("value", "net", "multiple", "top_share")
    }


def _cash(plan: Plan) -> dict[str, list[float]]:
    """Months and money of the balance."""
    flow = gtm.cash(plan, scenarios=_SCENARIOS, rng=7, workers=1, opening=2e5)
    figures = ("payback", "peak_funding", "drawdown", "runway", "npv")
    return {metric: flow.values(metric)[_KEPT].tolist() for metric in figures}


def _claims() -> dict[str, list[float]]:
    """Totals and tops of sets, with a top of no, of some and of many hits."""
    drawn = {}
    for law, campaigns, share in (
        (gtm.Pareto(tail_index=0.6), 50, 0.01),
        (gtm.Pareto(tail_index=1.1), 500, 0.1),
        (gtm.LogNormal(median=1.0, sigma=2.0), 300, 0.015),
    ):
        total, top = sample_totals(law, campaigns, 0.3, share, 1e6, _SCENARIOS, 7, Crew(1))
        name = f"{law.family}, {campaigns} campaigns"
        drawn[f"{name}: total"], drawn[f"{name}: top"] = total[_KEPT].tolist(), top[_KEPT].tolist()
    return drawn


def _tails() -> dict[str, list[float]]:
    """Refitted histories: values, counts, and a given minimum."""
    rank = np.arange(60)
    history = 60.0 / (rank + 0.5) * (1.0 + (rank % 7) / 7.0)
    counted = np.floor(3.0 * history)
    drawn = {}
    for name, sample, minimum in (
        ("values", history, None),
        ("counts", counted, None),
        ("minimum given", history, 1.5),
    ):
        fit = gtm.fit_tail(sample, minimum=minimum, repetitions=100, rng=7, workers=1)
        drawn[name] = [
            fit.interval.estimate,
            fit.interval.low,
            fit.interval.high,
            fit.standard_error,
            fit.goodness.estimate,
        ]
    return drawn
