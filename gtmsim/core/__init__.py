"""Arithmetic on arrays and scalars, compiled by numba; validates nothing."""
