"""The benchmark suite: ``python -m benchmarks`` from the root of the repository.

Importing it holds every library to one thread: they read their number of threads once, when they
are first imported, so it is set here, before any of them can be.
"""

import os

for _library in ("OMP", "OPENBLAS", "MKL", "BLIS", "VECLIB_MAXIMUM"):
    os.environ[f"{_library}_NUM_THREADS"] = "1"
os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
