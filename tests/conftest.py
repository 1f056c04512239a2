"""Settings of the whole suite: no window is opened, and every run draws the same examples."""

import os

os.environ["MPLBACKEND"] = "Agg"  # before anything imports matplotlib

from hypothesis import settings

# No deadline: the first example of a kernel pays for its compilation.
settings.register_profile("repeatable", derandomize=True, deadline=None, database=None)
settings.load_profile("repeatable")
