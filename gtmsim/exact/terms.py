"""A program's value as a sum of independent terms times shocks that all of them share."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gtmsim.core._types import Floats, Ints
from gtmsim.distributions import AnyMultiple
from gtmsim.errors import ExactError
from gtmsim.plan import CampaignProgram, Plan


@dataclass(frozen=True)
class ProgramTerms:
    """The value that a program realises by the horizon, in present value.

    It is exp(m Z - m**2 / 2) exp(l Y - l**2 / 2) times the sum of w B min(X, cap) over campaigns:
    B is 1 with the hit rate and 0 otherwise, X is a multiple, Z is the market's standard normal
    and Y the program's own.

    Attributes
    ----------
    name : str
    multiple : Multiple
    cap : float or None
    hit_rate : float
    sizes : array (group,) of int
        Campaigns that are worth the same; those that realise nothing are left out.
    worth : array (group,)
        w, the value per unit of multiple of one campaign (currency).
    market_sigma, luck_sigma : float
        m and l.
    """

    name: str
    multiple: AnyMultiple
    cap: float | None
    hit_rate: float
    sizes: Ints
    worth: Floats
    market_sigma: float
    luck_sigma: float


def program_terms(plan: Plan, program: CampaignProgram) -> ProgramTerms:
    """Return a program of a plan as a sum of terms; none if it feeds a team, which has its value.

    Raises
    ------
    ExactError
        If the program is staged: what one campaign is given depends on its signal and on others.

    Examples
    --------
    >>> from gtmsim.presets import example_plan
    >>> plan = example_plan()
    >>> int(program_terms(plan, plan["PR"]).sizes.sum())
    12
    """
    if program.staging is not None:
        rule = "must not be staged: its campaigns are no sum of independent terms of one law"
        raise ExactError("staging", rule, program.name, "simulate it, or leave out its staging")
    worth, _ = campaign_worth(program, plan.horizon, plan.discount_rate)
    # Campaigns whose worth differs by rounding only are one group.
    groups, sizes = np.unique(_rounded(worth), return_counts=True)
    valued = (groups > 0.0) & (program.feeds is None)
    return ProgramTerms(
        name=program.name,
        multiple=program.multiple,
        cap=program.cap,
        hit_rate=program.hit_rate,
        sizes=sizes[valued],
        worth=groups[valued],
        market_sigma=plan.market_volatility * program.market_loading,
        luck_sigma=program.shared_luck,
    )


def campaign_worth(
    program: CampaignProgram, horizon: int, discount_rate: float
) -> tuple[Floats, Floats]:
    """Return what one unit of multiple is worth inside the horizon and after it, (campaign,).

    Present value in currency; the shocks, whose means are 1, are left out.

    Notes
    -----
    With half-life H, the share 1 - 2**(-k / H) of a campaign's value has come k months after it
    arrived; what a month adds is the difference.

    Examples
    --------
    >>> from gtmsim import Pareto
    >>> law = Pareto(tail_index=1.5)
    >>> program = CampaignProgram(name="ads", campaigns=2, spend=10.0, launch=(0, 3), multiple=law,
    ...                           half_life=1.0)
    >>> [part.tolist() for part in campaign_worth(program, horizon=4, discount_rate=0.0)]
    [[9.375, 5.0], [0.625, 5.0]]
    """
    monthly = (1.0 + discount_rate) ** (-1.0 / 12.0)
    parts = [(program.fast_share, program.half_life)]
    if program.slow_half_life is not None:
        parts.append((1.0 - program.fast_share, program.slow_half_life))
    ages = np.arange(horizon + 1)
    came, total = np.zeros(horizon + 1), 0.0
    for share, half_life in parts:
        if half_life == 0.0:
            came[1:] += share
            total += share
        else:
            # A tiny half-life makes minus infinity, of which all has come.
            with np.errstate(over="ignore"):
                came -= share * np.expm1(-ages * np.log(2.0) / half_life)
            kept = 2.0 ** (-1.0 / half_life)
            total += share * (1.0 - kept) / (1.0 - kept * monthly)
    # Value that comes in the first k months after arrival, discounted to the arrival.
    paid = np.concatenate(([0.0], np.cumsum(np.diff(came) * monthly ** ages[:-1])))
    arrival = np.arange(horizon) + program.lag
    inside = paid[np.maximum(horizon - arrival, 0)]
    after = np.maximum(total - inside, 0.0)
    launch, spend = program.launch_months(horizon), program.spends()
    gain = spend * program.incrementality * monthly ** arrival[launch]
    if program.reference_spend is not None:
        gain = gain * (spend / program.reference_spend) ** (program.spend_elasticity - 1.0)
    return gain * inside[launch], gain * after[launch]


def _rounded(values: Floats) -> Floats:
    """Round to 40 significant bits."""
    mantissa, exponent = np.frexp(values)
    rounded: Floats = np.ldexp(np.round(mantissa * 2.0**40), exponent - 40)
    return rounded
