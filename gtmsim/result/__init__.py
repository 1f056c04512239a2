"""What a simulation found: pandas at the edge."""

from gtmsim.result.manifest import make_manifest
from gtmsim.result.portfolio import PortfolioResult

__all__ = ["PortfolioResult", "make_manifest"]
