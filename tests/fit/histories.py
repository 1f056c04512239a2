"""Histories of which the truth is known."""

from __future__ import annotations

import numpy as np
import pandas as pd

from gtmsim.distributions import Multiple


def values(
    rng: np.random.Generator, law: Multiple, hit_rate: float, size: int, spend: float = 100.0
) -> pd.DataFrame:
    """Make campaigns whose value is their multiple."""
    multiple = np.asarray(law.isf(1.0 - rng.random(size))) * (rng.random(size) < hit_rate)
    return pd.DataFrame({"spend": np.full(size, spend), "value": spend * multiple})


def counts(
    rng: np.random.Generator,
    law: Multiple,
    hit_rate: float,
    spend: np.ndarray,
    unit: float,
    baseline: float = 0.0,
) -> pd.DataFrame:
    """Make campaigns whose conversions, worth ``unit`` each, are Poisson about their multiple."""
    size = spend.size
    multiple = np.asarray(law.isf(1.0 - rng.random(size))) * (rng.random(size) < hit_rate)
    conversions = rng.poisson(baseline + spend * multiple / unit).astype(float)
    return pd.DataFrame({"spend": spend, "conversions": conversions, "value": unit * conversions})
