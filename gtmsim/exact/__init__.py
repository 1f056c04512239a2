"""Exact answers: closed forms, distributions of sums and rare events, from the plan alone.

Everything here is derived from the plan's own fields. It shares no code with the compiled plan and
the kernels, so that it can check them.
"""
