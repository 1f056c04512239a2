"""What a plan hangs on: tornado, Sobol indices, break-evens and named what-ifs."""

from gtmsim.decide.sensitivity.analysis import Sensitivity, sensitivity
from gtmsim.decide.sensitivity.break_even import BreakEven, break_even
from gtmsim.decide.sensitivity.fields import get_field, set_fields
from gtmsim.decide.sensitivity.scenarios import ScenarioTable, scenario_table

__all__ = [
    "BreakEven",
    "ScenarioTable",
    "Sensitivity",
    "break_even",
    "get_field",
    "scenario_table",
    "sensitivity",
    "set_fields",
]
