"""What it means for errors that scenarios of a block share their parameters."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from gtmsim.core._types import Floats, Ints
from gtmsim.core.streams import LANES
from gtmsim.errors import MetricError
from gtmsim.statistics.clusters import cluster_draws, effective_number

if TYPE_CHECKING:
    from gtmsim.result.portfolio import PortfolioResult


def check_blocks(result: PortfolioResult) -> None:
    """Refuse an interval where scenarios share parameters and single ones were not kept.

    Raises
    ------
    MetricError
    """
    if result.alternatives and result.kept is None:
        rule = "must be 'scenarios' for an interval of a run with alternatives"
        fix = "simulate again with keep='scenarios'"
        raise MetricError("keep", rule, "summary", fix)


def block_values(result: PortfolioResult, metric: str, channel: str) -> tuple[Floats, Ints]:
    """Return a metric's values (scenario,) where it exists, and the number of each one's block."""
    values = result.values(metric, channel)
    defined = np.flatnonzero(~np.isnan(values))
    return values[defined], defined // LANES


def independent_scenarios(result: PortfolioResult, metric: str, channel: str, x: float) -> float:
    """Return how many independent scenarios would show P(metric <= x) as precisely.

    All of them without alternatives. With them, if single scenarios were not kept, one for each
    block: there cannot be fewer.
    """
    if not result.alternatives:
        return result.scenarios
    blocks = math.ceil(result.scenarios / LANES)
    if result.kept is None or blocks == 1:
        return blocks
    values, block = block_values(result, metric, channel)
    return effective_number(values <= x, block) if values.size else blocks


def mean_error(result: PortfolioResult, metric: str, channel: str) -> float:
    """Return the standard error of a bounded metric's mean, from its bins or from blocks."""
    blocks = math.ceil(result.scenarios / LANES)
    if result.alternatives and result.kept is not None and blocks > 1:
        draws = cluster_draws(*block_values(result, metric, channel), level=0.95)
        # From the first, so that equal draws have no spread from rounding.
        return float(np.std(draws - draws[0])) / math.sqrt(blocks)
    row = result.distributions.metric(metric, channel)
    means = row.sums / row.counts
    variance = float((row.counts * (means - row.sum / row.n) ** 2).sum()) / row.n
    return math.sqrt(variance / (blocks if result.alternatives else row.n))
