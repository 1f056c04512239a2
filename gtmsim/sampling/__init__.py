"""From beliefs to arrays: the tables that kernels draw multiples and hit counts from."""

from gtmsim.sampling.candidates import (
    candidate_bars,
    kept_octaves,
    octave_rows,
    segment_rows,
)
from gtmsim.sampling.hits import compile_hits, stream_of
from gtmsim.sampling.laws import (
    TABLE_TOLERANCE,
    compile_multiple,
    octave_counts,
    octave_polynomials,
)
from gtmsim.sampling.staged import compile_staged, pilot_gain, signal_bar

__all__ = [
    "TABLE_TOLERANCE",
    "candidate_bars",
    "compile_hits",
    "compile_multiple",
    "compile_staged",
    "kept_octaves",
    "octave_counts",
    "octave_polynomials",
    "octave_rows",
    "pilot_gain",
    "segment_rows",
    "signal_bar",
    "stream_of",
]
