"""What to do: compare plans, place a budget, size bets, stop funding, and see what it hangs on.

Every function simulates with common random numbers, and every answer comes with an interval; what
was optimised on a sample is judged on fresh random numbers.
"""

from gtmsim.decide.allocation import (
    Allocation,
    Barbell,
    Bounds,
    CashFloor,
    Fixed,
    Kelly,
    MeanLessCVaR,
    Median,
    MinimumCampaign,
    ProbAtLeast,
    Quantile,
    SmallestBudget,
    allocate,
    smallest_budget,
)
from gtmsim.decide.cash import Cash, cash
from gtmsim.decide.compare import compare
from gtmsim.decide.comparison import Comparison
from gtmsim.decide.coupling import LeadsBind, where_leads_bind
from gtmsim.decide.frontier import Frontier, frontier
from gtmsim.decide.horizon import HorizonMap, mix_by_horizon
from gtmsim.decide.sensitivity import (
    BreakEven,
    ScenarioTable,
    Sensitivity,
    break_even,
    get_field,
    scenario_table,
    sensitivity,
    set_fields,
)
from gtmsim.decide.shots import (
    BigOrSmall,
    CampaignsNeeded,
    OneMore,
    big_or_small,
    campaigns_needed,
    value_of_one_more,
)
from gtmsim.decide.staged import (
    ExploreShare,
    Reallocation,
    StagingByTail,
    StagingValue,
    explore_share,
    reallocate,
    staging_by_tail,
    value_of_staging,
)

__all__ = [
    "Allocation",
    "Barbell",
    "BigOrSmall",
    "Bounds",
    "BreakEven",
    "CampaignsNeeded",
    "Cash",
    "CashFloor",
    "Comparison",
    "ExploreShare",
    "Fixed",
    "Frontier",
    "HorizonMap",
    "Kelly",
    "LeadsBind",
    "MeanLessCVaR",
    "Median",
    "MinimumCampaign",
    "OneMore",
    "ProbAtLeast",
    "Quantile",
    "Reallocation",
    "ScenarioTable",
    "Sensitivity",
    "SmallestBudget",
    "StagingByTail",
    "StagingValue",
    "allocate",
    "big_or_small",
    "break_even",
    "campaigns_needed",
    "cash",
    "compare",
    "explore_share",
    "frontier",
    "get_field",
    "mix_by_horizon",
    "reallocate",
    "scenario_table",
    "sensitivity",
    "set_fields",
    "smallest_budget",
    "staging_by_tail",
    "value_of_one_more",
    "value_of_staging",
    "where_leads_bind",
]


def __dir__() -> list[str]:
    return __all__
