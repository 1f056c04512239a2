"""Exact answers: closed forms and distributions of sums, from the plan alone.

Everything here is derived from the plan's own fields. It shares no code with the compiled plan and
the kernels, so that it can check them.
"""

from gtmsim.exact.fft import TotalDistribution, total_distribution
from gtmsim.exact.moments import exact_moments, largest_cdf

__all__ = ["TotalDistribution", "exact_moments", "largest_cdf", "total_distribution"]
