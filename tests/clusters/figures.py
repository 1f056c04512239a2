"""Everything that an answer holds."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np
import pandas as pd


def figures(found: Any) -> Any:
    """Everything a result holds, as text that tells any two of them apart."""
    if is_dataclass(found) and not isinstance(found, type):
        return [(f.name, figures(getattr(found, f.name))) for f in fields(found)]
    if isinstance(found, dict):
        return [(key, figures(value)) for key, value in found.items()]
    if isinstance(found, list | tuple):
        return [figures(value) for value in found]
    if isinstance(found, pd.DataFrame):
        return [(str(name), figures(column.tolist())) for name, column in found.items()]
    if isinstance(found, np.ndarray):
        return found.shape, found.tobytes()
    return repr(found)
